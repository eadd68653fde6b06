#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that is claimed and led through the hub: contact, report, journal, deliveries, receipts and events, all as the document says."""
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent.parent / "scenario"))
from contract import Client, public_of  # noqa: E402
from scenario import Place, must, play  # noqa: E402


def made(folder):
    """A device that nobody has claimed yet, and a hub that it was told of at the factory."""
    site = Place(folder)
    site.make()
    site.make_hub()
    site.id = site.device_id()
    site.local = Client(site.hub)
    site.local.ask("POST", "statements", site.make_voucher().read_bytes(), "application/cose", 201)
    site.start()
    return site


def wait_for(what, check, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = check()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


def answered(site, digest):
    def check():
        one = site.local.get("statements/" + digest).json["deliveries"][0]
        return one if one["state"] == "answered" else None
    return wait_for(f"the answer to {digest}", check)


def asked_report(site):
    nonce = os.urandom(16).hex()
    site.local.post(f"devices/{site.id}/reports", {"nonce": nonce}, want=202)
    answer = wait_for("the report", lambda: (lambda a: a if a.status == 200 else None)(site.local.get(f"devices/{site.id}/reports/{nonce}", want=None)))
    site.serial += 1
    out = site.path("statements", f"report-{site.serial}.cose")
    out.write_bytes(answer.body)
    return out


def hand_in(site, command):
    digest = site.local.ask("POST", "statements", command.read_bytes(), "application/cose", 201).json["digest"]
    return digest, answered(site, digest)


# --- cases -----------------------------------------------------------------------------------------------------------


def the_device_comes_and_is_claimed(site):
    listed = site.local.get("statements").json["items"]
    one = answered(site, listed[0]["digest"])
    must(one["word"] == "ok" and one["receipt"] and one["receipt_good"], str(one))
    device = wait_for("contact", lambda: (lambda d: d if d["contact"] == "now" and d["waiting"] == 0 and d["head"] else None)(site.local.get("devices/" + site.id).json))
    must(device["certificate"] and device["alarm"] is None and device["epoch"] == 1, str(device))
    site.local.get(f"devices/{site.id}/idevid")
    must([d["id"] for d in site.local.get("devices?state=connected").json["items"]] == [site.id], "it is not listed as connected")
    must(site.local.get("devices?state=lost").json["items"] == [] and site.local.get("devices?alarm=1").json["items"] == [], "listed wrongly")


def reports_answer_the_nonce(site):
    site.newest = asked_report(site)
    device = site.local.get("devices/" + site.id).json
    report = device["report"]
    must(device["owned"] and report["settings"] and report["subjects"] and device["product"] and device["release"]["version"] == "1.0.0", str(device))
    must(site.local.get(f"devices/{site.id}/report").body == site.newest.read_bytes(), "the newest report is another one")


def people_of_the_roster_may_sign_in_once_it_is_taken_over(site):
    command, _ = site.sign(site.owner_key(), site.newest, "access.roster", site.roster())
    _, one = hand_in(site, command)
    must(one["word"] == "ok", str(one))
    people = wait_for("the roster", lambda: [p for p in site.local.get("people").json["items"] if p["source"] == "roster"])
    must({p["name"] for p in people} >= {"operator", "engineer"}, str(people))


def decisions_are_readable_and_proven(site):
    command, _ = site.sign(site.operator_key(), asked_report(site), "configuration.set", "pump.speed_max=71")
    digest, one = hand_in(site, command)
    must(one["word"] == "ok", str(one))
    receipt = site.path("receipts", "by-api.receipt")
    receipt.write_bytes(site.local.get(f"statements/{digest}/receipts/{site.id}").body)
    site.run("receipt", "check", receipt, "--key", site.device_key())
    page = wait_for("the entry", lambda: [e for e in site.local.get(f"devices/{site.id}/entries?limit=500").json["items"]
                                          if e.get("decision", {}).get("statement") == digest])
    decision = page[0]["decision"]
    must(decision["word"] == "ok" and decision["signer"] == "operator" and decision["action"] == "configuration.set", str(decision))
    must("71" in str(decision["detail"]) and decision["generation"] == 1, str(decision))


def entries_come_in_pages(site):
    device = site.local.get("devices/" + site.id).json
    whole = [e["index"] for e in site.local.get(f"devices/{site.id}/entries?limit=500").json["items"]]
    must(whole == list(range(len(whole))) and len(whole) >= 3, str(whole))
    must(len(whole) <= site.local.get("devices/" + site.id).json["head"]["size"] and device["head"]["boot"] >= 1, str(device["head"]))
    found, after = [], ""
    while after is not None:
        page = site.local.get(f"devices/{site.id}/entries?from=1&limit=2{after}").json
        found += [e["index"] for e in page["items"]]
        after = page["next"] and "&after=" + page["next"]
    must(found[:len(whole) - 1] == whole[1:], f"{found} {whole}")


def refusals_come_back_too(site):
    command, _ = site.sign(site.operator_key(), site.newest, "configuration.set", "pump.speed_max=72")
    _, one = hand_in(site, command)
    must(one["word"] in ("generation-used", "wrong-epoch", "unknown-key") and one["code"] > 0, str(one))


def the_next_owner_is_known_once_the_device_is_handed_over(site):
    site.run("owner", "new", site.path("next-owner"))
    command, _ = site.sign(site.owner_key(), asked_report(site), "lifecycle.transfer", site.path("next-owner", "owner.pub.pem"),
                           "recovery=" + str(site.path("next-owner", "recovery.pub.pem")))
    kids = lambda: {p["kid"]: p["role"] for p in site.local.get("people").json["items"]}  # noqa: E731
    owner, recovery = (public_of(site.path("next-owner", name))[1].hex() for name in ("owner.pem", "recovery.pem"))
    must(owner not in kids(), "the next owner is here too early")
    _, one = hand_in(site, command)
    must(one["word"] == "ok", str(one))
    people = wait_for("the next owner", lambda: (lambda k: k if owner in k else None)(kids()))
    # Known, so that what they sign is carried; but a buyer does not look into the seller's hub.
    must(people[owner] == "recovery" and people.get(recovery) == "recovery", str(people))


def what_happened_was_told(site):
    kinds = {e["kind"] for e in site.local.get("events?limit=500").json["items"]}
    must({"device-enrolled", "statement", "receipt", "report"} <= kinds, str(kinds))
    of_device = site.local.get("events?limit=500&device=" + site.id).json["items"]
    must(of_device and all(e["device"] == site.id for e in of_device), "another device's events")


CASES = [(function.__name__.replace("_", " "), function, elements) for function, elements in (
    (the_device_comes_and_is_claimed, []),
    (reports_answer_the_nonce, []),
    (people_of_the_roster_may_sign_in_once_it_is_taken_over, []),
    (decisions_are_readable_and_proven, []),
    (entries_come_in_pages, []),
    (refusals_come_back_too, []),
    (the_next_owner_is_known_once_the_device_is_handed_over, []),
    (what_happened_was_told, []),
)]

if __name__ == "__main__":
    sys.exit(play(CASES, made))
