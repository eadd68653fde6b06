#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hub's interface by socket and by TLS: scopes, sign-in, what is refused and in which words; every answer follows the document."""
import base64
import hashlib
import os
import pathlib
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent.parent / "scenario"))
from contract import DOCUMENT, ByPath, Client, login_statement, openssl, public_of, statement  # noqa: E402
from scenario import Place, must, play  # noqa: E402

ZEROS = "00" * 32


def made(folder):
    """A device that is claimed by hand and a hub that knows its maker; nothing connects them."""
    site = Place(folder)
    site.make()
    site.start()
    site.claim()
    site.set_up_people()
    site.hub.make()
    site.start_hub()
    site.id = site.device_id()
    site.local = Client(site.hub)
    site.anchors = {"roots": base64.b64encode(site.path("maker", "roots.cose").read_bytes()).decode(),
                    "ca": base64.b64encode(openssl("x509", "-in", site.path("maker", "ca.pem"), "-outform", "DER")).decode()}
    maker = site.local.post("makers", site.anchors).json
    must([one["id"] for one in site.local.get("makers").json["items"]] == [maker["id"]], "the maker is not listed")
    site.voucher = site.path("statements", "voucher-1.cose").read_bytes()
    return site


def person(site, key, role, name):
    return site.local.post("people", {"key": public_of(key)[0].hex(), "role": role, "name": name}).json


def sign_in(site, key, want=201, hub=None, at=None, nonce=None):
    client = Client(site.hub, local=False)
    given = client.post("login/nonce").json
    must(given["hub"] == "sha256:" + site.hub.facts["ca_digest"], "the hub does not name its CA")
    body = login_statement(nonce or given["nonce"], key, hub or given["hub"], at)
    return client.post("login", body, want=want, kind="application/cose")


def problem(answer, code, clause=None):
    said = answer.json
    must(said["code"] == code, f"expected {code}: {said}")
    must(clause is None or said["clause"] == clause, f"expected clause {clause}: {said}")


# --- cases -----------------------------------------------------------------------------------------------------------


def the_hub_tells_its_facts_to_all(site):
    for client in (site.local, Client(site.hub, local=False)):
        facts = client.get("hub").json
        must(facts["name"] == "plant" and facts["ca_digest"] == site.hub.facts["ca_digest"], str(facts))
        must(client.get("openapi.json").json == DOCUMENT, "another document is served")


def a_voucher_makes_a_device_expected(site):
    taken = site.local.ask("POST", "statements", site.voucher, "application/cose", 201).json
    must(taken["kind"] == "voucher" and taken["devices"] == [site.id], str(taken))
    again = site.local.ask("POST", "statements", site.voucher, "application/cose", 200).json
    must(again == taken, "the second answer differs")
    device = site.local.get("devices/" + site.id).json
    must(device["expected"] and device["contact"] == "never" and device["waiting"] == 1 and device["report"] is None, str(device))
    must([one["id"] for one in site.local.get("devices").json["items"]] == [site.id], "the list lacks it")
    people = site.local.get("people").json["items"]
    owner = public_of(site.owner_key())[1].hex()
    must(any(one["kid"] == owner and one["role"] == "owner" for one in people), str(people))


def an_owner_signs_in_over_tls(site):
    session = sign_in(site, site.owner_key()).json
    must(session["role"] == "owner" and session["scope"] == ["read", "send", "admin"], str(session))
    site.owner = Client(site.hub, session["token"], local=False)
    site.owner.get("devices")
    site.owner.get("tokens")


def sign_ins_that_are_refused(site):
    stranger = site.path("people", "stranger.pem")
    site.run("key", "new", "--out", stranger)
    problem(sign_in(site, stranger, 401), "unknown-key")
    problem(sign_in(site, site.owner_key(), 401, hub="sha256:" + ZEROS), "wrong-audience")
    problem(sign_in(site, site.owner_key(), 401, hub="plant"), "wrong-audience")
    problem(sign_in(site, site.owner_key(), 401, at=time.time() - 3600), "expired")
    problem(sign_in(site, site.owner_key(), 401, at=time.time() + 3600), "expired")
    problem(sign_in(site, site.owner_key(), 401, nonce="00" * 40), "not-found")
    client = Client(site.hub, local=False)
    given = client.post("login/nonce").json
    body = login_statement(given["nonce"], site.owner_key(), given["hub"])
    client.post("login", body, kind="application/cose")
    problem(client.post("login", body, want=401, kind="application/cose"), "not-found")
    changed = bytearray(login_statement(client.post("login/nonce").json["nonce"], site.owner_key(), given["hub"]))
    changed[-1] ^= 1
    problem(client.post("login", bytes(changed), want=401, kind="application/cose"), "bad-signature")
    client.post("login", b"\x00\x01", want=400, kind="application/cose")
    client.post("login", b"{}", want=415)
    other = statement("transport", b"\xa0", site.owner_key())
    problem(client.post("login", other, want=401, kind="application/cose"), "wrong-kind")


def scopes_hold(site):
    nobody = Client(site.hub, local=False)
    for path in ("devices", "statements", "people", "tokens", "journal", "events", "devices/" + site.id):
        must(nobody.ask("GET", path, want=401).headers["WWW-Authenticate"].startswith("Bearer"), "no challenge")
    problem(Client(site.hub, "x" * 43, local=False).ask("GET", "devices", want=401), "unknown-key")
    made_token = site.local.post("tokens", {"name": "board", "scope": ["read"], "days": 1}).json
    reader = Client(site.hub, made_token["token"], local=False)
    reader.get("devices")
    reader.ask("POST", "statements", site.voucher, "application/cose", want=403)
    reader.ask("PUT", "payloads/" + ZEROS, b"x", "application/octet-stream", want=403)
    for path in ("tokens", "journal"):
        reader.get(path, want=403)
    reader.ask("POST", "people", {"key": "00", "role": "owner", "name": "me"}, want=403)
    reader.ask("POST", f"devices/{site.id}/revoke", want=403)
    listed = site.local.get("tokens").json["items"]
    must(made_token["token"] not in str(listed) and any(one["id"] == made_token["id"] for one in listed), str(listed))
    site.local.ask("DELETE", "tokens/" + made_token["id"], want=204)
    site.local.ask("DELETE", "tokens/" + made_token["id"], want=404)
    reader.ask("GET", "devices", want=401)


def a_person_who_goes_takes_the_sign_in_along(site):
    key = site.path("people", "auditor.pem")
    site.run("key", "new", "--out", key)
    kid = person(site, key, "auditor", "anna")["kid"]
    session = sign_in(site, key).json
    must(session["scope"] == ["read"], str(session))
    reader = Client(site.hub, session["token"], local=False)
    reader.get("statements")
    site.local.ask("DELETE", "people/" + kid, want=204)
    reader.ask("GET", "statements", want=401)
    problem(sign_in(site, key, 401), "unknown-key")


def commands_go_to_whom_they_name(site):
    person(site, site.operator_key(), "operator", "operator")
    command, _ = site.command(site.operator_key(), "configuration.set", "pump.speed_max=70")
    site.sent = command.read_bytes()
    taken = site.owner.ask("POST", "statements", site.sent, "application/cose", 201).json
    must(taken["devices"] == [site.id] and taken["action"] == "configuration.set", str(taken))
    whole = site.owner.get("statements/" + taken["digest"]).json
    must(whole["deliveries"][0]["state"] == "waiting" and whole["by"] == "owner", str(whole))
    bytes_back = site.owner.get(f"statements/{taken['digest']}/bytes")
    must(bytes_back.body == site.sent and bytes_back.kind == "application/cose", "other bytes came back")
    site.owner.ask("GET", f"statements/{taken['digest']}/receipts/{site.id}", want=404)
    listed = site.owner.get(f"devices/{site.id}/statements").json["items"]
    must([one["kind"] for one in listed] == ["command", "voucher"], str(listed))
    approval = site.path("statements", "approval.cose")
    approval.write_bytes(statement("approval", b"\xa2\x01\x58\x20" + bytes.fromhex(taken["digest"]) + b"\x02\x01", site.owner_key()))
    said = site.owner.ask("POST", "statements", approval.read_bytes(), "application/cose", 201).json
    must(said["kind"] == "approval" and said["devices"] == [site.id], str(said))


def statements_that_the_hub_does_not_carry(site):
    stranger = site.path("people", "stranger.pem")
    changed = bytearray(site.sent)
    changed[-1] ^= 1
    for body, status, code in ((statement("command", b"\xa0", stranger), 403, "unknown-key"), (bytes(changed), 403, "bad-signature"),
                               (statement("command", b"\xa0", site.owner_key()), 400, "malformed"),
                               (statement("voucher", b"\xa0", site.owner_key()), 403, "unknown-key"),
                               (statement("login", b"\xa0", site.owner_key()), 403, "wrong-kind"),
                               (statement("approval", b"\xa2\x01\x58\x20" + bytes(32) + b"\x02\x01", site.owner_key()), 404, "not-found")):
        problem(site.owner.ask("POST", "statements", body, "application/cose", status), code)
    site.owner.ask("POST", "statements", b"", "application/cose", 400)
    site.owner.ask("POST", "statements", b"\xd2\x84", "application/cose", 400)
    site.owner.ask("POST", "statements", site.sent, "text/plain", 415)
    site.owner.ask("POST", "statements?device=" + ZEROS, site.sent, "application/cose", 404)
    site.owner.ask("POST", "statements?device=xyz", site.sent, "application/cose", 400)
    site.owner.ask("POST", "statements", bytes(65537), "application/cose", 413)


def a_voucher_that_somebody_found_opens_nothing(site):
    stranger, found = site.path("people", "stranger.pub.pem"), site.path("statements", "found.cose")
    site.run("voucher", "make", "--device", site.device, "--epoch", 2, "--owner", stranger, "--key", site.path("maker", "voucher.pem"), "--out", found)
    sender = Client(site.hub, site.local.post("tokens", {"name": "gate", "scope": ["send"], "days": 1}).json["token"], local=False)
    sender.ask("POST", "statements", found.read_bytes(), "application/cose", 201)
    kid = public_of(site.path("people", "stranger.pem"))[1].hex()
    must(kid not in [one["kid"] for one in site.local.get("people").json["items"]], "a stranger may sign in")
    sender.get("devices", want=403)


def a_voucher_is_for_the_device_that_it_names(site):
    other, bent = "ab" * 32, site.path("statements", "bent.cose")
    site.run("voucher", "make", "--device", other, "--epoch", 9, "--owner", site.path("people", "stranger.pub.pem"), "--key", site.path("maker", "voucher.pem"), "--out", bent)
    taken = site.local.ask("POST", "statements?device=" + site.id, bent.read_bytes(), "application/cose", 201).json
    must(taken["devices"] == [other], str(taken))
    must(site.local.get("devices/" + site.id).json["epoch"] != 9, "another device's voucher changed this one's epoch")


def releases_and_their_payloads(site):
    image = site.path("images", "firmware-1.0.0.squashfs")
    release = site.path("releases", "release-1.0.0.suit").read_bytes()
    kind = "application/suit-envelope+cbor"
    site.owner.ask("POST", "statements", release, kind, 404)
    taken = site.owner.ask("POST", "statements?device=" + site.id, release, kind, 201).json
    must(taken["payload_missing"] is True, str(taken))
    data = image.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    problem(site.owner.ask("PUT", "payloads/" + ZEROS, data, "application/octet-stream", 400), "digest-mismatch")
    stored = site.owner.ask("PUT", "payloads/" + digest, data, "application/octet-stream", 201).json
    must(stored["size"] == len(data), str(stored))
    site.owner.ask("PUT", "payloads/" + digest, data, "application/octet-stream", 200)
    must([one["digest"] for one in site.owner.get("payloads").json["items"]] == [digest], "the list of payloads")
    found = site.owner.get("releases").json["items"]
    must(len(found) == 1 and found[0]["verified"] and found[0]["version"] == "1.0.0" and found[0]["payload"]["missing"] is False, str(found))
    left = [name for name in os.listdir(site.hub.folder / "payloads") if name != digest]
    must(not left, f"left over: {left}")


def a_release_key_that_the_owner_admitted_counts(site):
    key = site.path("people", "repair.pem")
    site.run("key", "new", "--out", key)
    image = site.make_image("9.0.0", health=True)
    release = site.make_release(9, "9.0.0", image, key=key, name="repair").read_bytes()
    kind = "application/suit-envelope+cbor"
    problem(site.owner.ask("POST", "statements?device=" + site.id, release, kind, 403), "unknown-key")
    command, _ = site.command(site.owner_key(), "access.admit-key", site.path("people", "repair.pub.pem"), "repairs")
    site.owner.ask("POST", "statements", command.read_bytes(), "application/cose", 201)
    site.owner.ask("POST", "statements?device=" + site.id, release, kind, 201)


def reports_are_asked_for(site):
    said = site.owner.post(f"devices/{site.id}/reports", {"nonce": "00112233445566778899"}, want=202).json
    path = said["url"].removeprefix("/api/v1/")
    must(site.owner.get(path, want=202).json == {"waiting": True}, "it cannot be there")
    site.owner.get(f"devices/{site.id}/reports/aabb", want=404)
    site.owner.get(f"devices/{site.id}/report", want=404)
    site.owner.get(f"devices/{site.id}/head", want=404)
    must(site.owner.get(f"devices/{site.id}/entries").json["items"] == [], "it has none")


def requests_out_of_their_grammar_are_refused_with_reasons(site):
    for body, code in (('{"name":"x","scope":["read"]}', "missing-field"), ('{"name":"x","scope":["read"],"days":1,"more":1}', "unknown-field"),
                       ('{"name":"x","name":"y","scope":["read"],"days":1}', "duplicate-key"), ('{"name":1,"scope":["read"],"days":1}', "unexpected-type"),
                       ('{"name":"x","scope":["all"],"days":1}', "bad-value"), ('{"name":"x","scope":[],"days":1}', "bad-value"),
                       ('{"name":"x","scope":["read"],"days":0}', "bad-value"), ('{"name":"x","scope":["read"],"days":1.5}', "bad-value"),
                       ('{"name":"a\\u0000b","scope":["read"],"days":1}', "malformed"), ("[" * 3000, "too-deep"), ("", "truncated"),
                       ("{}x", "leftover"), ('"x"', "unexpected-type")):
        problem(site.local.ask("POST", "tokens", body, want=400), code)
    for path in ("devices?limit=0", "devices?limit=501", "devices?after=x", "devices?state=odd", "devices?odd=1", "statements?after=x",
                 "events?device=1", "people?x=1", f"devices/{site.id}/entries?from=-1"):
        site.local.get(path, want=400)
    for path in ("devices/xyz", "devices/" + ZEROS, "statements/" + ZEROS, f"statements/{ZEROS}/bytes"):
        site.local.get(path, want=404)
    site.local.ask("POST", "people", {"key": "a0", "role": "owner", "name": "x"}, want=400)
    site.local.ask("POST", "makers", {"roots": "AAAA", "ca": "AAAA"}, want=400)
    changed = bytearray(base64.b64decode(site.anchors["roots"]))
    changed[-1] ^= 1
    problem(site.local.ask("POST", "makers", {**site.anchors, "roots": base64.b64encode(changed).decode()}, want=403), "bad-signature", "roots")
    foreign = openssl("x509", "-in", site.hub.ca, "-outform", "DER")
    problem(site.local.ask("POST", "makers", {**site.anchors, "ca": base64.b64encode(foreign).decode()}, want=403), "unknown-key", "ca")


def equal_answers_are_not_sent_twice(site):
    first = site.owner.get("statements")
    site.owner.get("statements", want=304, headers={"If-None-Match": first.headers["ETag"]})
    site.owner.get("statements", want=304, headers={"If-None-Match": '"x", ' + first.headers["ETag"]})
    site.owner.get("statements", headers={"If-None-Match": '"x"'})


def lists_come_in_pages(site):
    whole = [one["digest"] for one in site.owner.get("statements").json["items"]]
    pages, after = [], ""
    while True:
        page = site.owner.get("statements?limit=2" + after).json
        must(len(page["items"]) <= 2, "the page is longer than asked")
        pages += [one["digest"] for one in page["items"]]
        if page["next"] is None:
            break
        after = "&after=" + page["next"]
    must(pages == whole and len(whole) >= 4, f"{len(pages)} of {len(whole)}")


def read_events(response, count, found):
    event = {}
    while len(found) < count:
        line = response.readline().decode().rstrip("\n")
        if not line and event:
            found.append(event)
            event = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value


def stream(site, path, last=None):
    connection = ByPath(site.hub.facts["socket"])
    connection.request("GET", "/api/v1/" + path, headers={"Accept": "text/event-stream", **({"Last-Event-ID": str(last)} if last is not None else {})})
    response = connection.getresponse()
    must(response.status == 200 and response.getheader("Content-Type").startswith("text/event-stream"), f"{response.status}")
    return connection, response


def events_are_streamed_and_replayed(site):
    page = site.local.get("events?limit=500").json["items"]
    kinds = [one["kind"] for one in page]
    must({"maker", "statement", "token", "payload"} <= set(kinds), str(kinds))
    must([one["number"] for one in page] == sorted(one["number"] for one in page), "out of order")
    connection, response = stream(site, "events", last=page[0]["number"])
    old = []
    read_events(response, len(page) - 1, old)
    must([int(one["id"]) for one in old] == [one["number"] for one in page[1:]], "the replay differs from the page")
    connection.close()
    connection, response = stream(site, "events")
    found = []
    reader = threading.Thread(target=read_events, args=(response, 1, found), daemon=True)
    reader.start()
    site.local.post("tokens", {"name": "told", "scope": ["read"], "days": 1})
    reader.join(10)
    must(found and found[0]["event"] == "token" and int(found[0]["id"]) > page[-1]["number"], str(found))
    connection.close()


def revoking_closes_the_door_to_the_hub(site):
    site.owner.ask("POST", f"devices/{site.id}/revoke", want=204)
    must(site.owner.get("devices/" + site.id).json["revoked"] is True, "it is not revoked")
    site.owner.ask("POST", f"devices/{ZEROS}/revoke", want=404)
    must("revoked" in [one["kind"] for one in site.local.get("events?limit=500").json["items"]], "nobody was told")


def the_hub_keeps_its_own_journal(site):
    page = site.local.get("journal?limit=500").json
    must(page["items"] and page["items"][0]["index"] == 0, str(page)[:300])


def what_was_acknowledged_is_there_after_a_kill(site):
    before = site.local.get("statements").body, site.local.get("people").body
    site.hub.kill()
    (site.hub.folder / "payloads" / "part-leftover").write_bytes(b"x")
    site.start_hub()
    must((site.local.get("statements").body, site.local.get("people").body) == before, "something is gone")
    site.owner.get("devices")
    must(not (site.hub.folder / "payloads" / "part-leftover").exists(), "an unfinished upload stays")


CASES = [(function.__name__.replace("_", " "), function, elements) for function, elements in (
    (the_hub_tells_its_facts_to_all, []),
    (a_voucher_makes_a_device_expected, []),
    (an_owner_signs_in_over_tls, []),
    (sign_ins_that_are_refused, []),
    (scopes_hold, []),
    (a_person_who_goes_takes_the_sign_in_along, []),
    (commands_go_to_whom_they_name, []),
    (statements_that_the_hub_does_not_carry, []),
    (a_voucher_that_somebody_found_opens_nothing, []),
    (releases_and_their_payloads, []),
    (a_release_key_that_the_owner_admitted_counts, []),
    (reports_are_asked_for, []),
    (requests_out_of_their_grammar_are_refused_with_reasons, []),
    (equal_answers_are_not_sent_twice, []),
    (lists_come_in_pages, []),
    (events_are_streamed_and_replayed, []),
    (what_was_acknowledged_is_there_after_a_kill, []),
    (the_hub_keeps_its_own_journal, []),
    (revoking_closes_the_door_to_the_hub, []),
    (a_voucher_is_for_the_device_that_it_names, []),
)]

if __name__ == "__main__":
    sys.exit(play(CASES, made))
