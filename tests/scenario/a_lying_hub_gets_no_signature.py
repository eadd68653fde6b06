#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hub in hostile hands lies to the signing console: false names, old values, keys, reports, statements, receipts, pages.

The liar has the hub's own TLS key and stands between the console and the real hub. Each lie ends in a refusal or in the device's own word; nothing is
signed that says something else than was shown.
"""
import http.client
import http.server
import json
import re
import shutil
import ssl
import sys
import threading
import urllib.parse

from scenario import Place, contains, must, play, until
from signing_console import Console, made_with_hub


class Liar:
    """A proxy with the hub's certificate. `twist(method, path, status, type, body)` gives another answer, or None for the true one."""

    def __init__(self, site):
        self.site, self.twist = site, lambda *_: None
        self.upstream = urllib.parse.urlsplit(site.hub.url)
        self.trust = ssl.create_default_context(cafile=str(site.hub.ca))
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                liar.pass_on(self, self.rfile.read(length) if length else None)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        stolen = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        stolen.load_cert_chain(site.hub.folder / "keys" / "tls.pem", site.hub.folder / "keys" / "tls-key.pem")
        self.server.socket = stolen.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pass_on(self, handler, body):
        link = http.client.HTTPSConnection(self.upstream.hostname, self.upstream.port, context=self.trust, timeout=60)
        fields = {name: value for name, value in handler.headers.items() if name.lower() in ("authorization", "accept", "content-type")}
        link.request(handler.command, handler.path, body, fields)
        true = link.getresponse()
        status, kind, text = true.status, true.getheader("Content-Type") or "", true.read()
        link.close()
        status, kind, text = self.twist(handler.command, handler.path, status, kind, text) or (status, kind, text)
        handler.send_response(status)
        if kind:
            handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(text)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(text)
        handler.close_connection = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def before(site, twist, *more):
    """A console that is let in before a liar; gives both."""
    liar = Liar(site)
    console = Console(site, liar.url, *more)
    console.enter()
    liar.twist = twist
    return liar, console


def ended(liar, console):
    console.__exit__()
    liar.__exit__()


def in_json(pattern, change):
    """Lies in the JSON of the paths that fit."""
    def twist(_, path, status, kind, body):
        if status != 200 or not re.search(pattern, path) or "json" not in kind:
            return None
        return status, kind, json.dumps(change(json.loads(body))).encode()
    return twist


def instead(pattern, make):
    """Other bytes in place of what the paths that fit would give."""
    def twist(_, path, status, kind, body):
        found = re.search(pattern, path)
        return (200, kind, make(found, body)) if found and status == 200 else None
    return twist


# --- cases ------------------------------------------------------------------------------------------------------------


def false_names_and_values_are_not_in_what_is_signed(site):
    def change(device):
        if "report" in device and device["report"]:
            device["name"] = "Pump in another hall"
            device["report"]["settings"].update({"pump.speed_max": 11, "securable.device.name": "Pump in another hall"})
            device["report"]["subjects"] = [{"name": "operator", "role": "owner", "kid": "00" * 32}]
        return device
    liar, console = before(site, in_json(r"/devices/[0-9a-f]{64}$", change))
    true = site.settings()["pump.speed_max"]
    must(console.get(f"/api/v1/devices/{site.device_id()}")["name"] == "Pump in another hall", "the lie did not arrive")
    facts = console.get(f"/console/devices/{site.device_id()}/facts")
    must(facts["settings"]["pump.speed_max"] == true and facts["name"] != "Pump in another hall" and facts["certified"], f"the facts are {facts['settings']}")
    shown = console.preview("configuration.set", args=["pump.speed_max=77"])["devices"][0]
    must(shown["changes"][0]["old"] == true and shown["changes"][0]["new"] == 77, f"shown was {shown['changes']}")
    must(shown["name"] != "Pump in another hall" and shown["signer"]["role"] == "operator", f"shown was {shown}")
    ended(liar, console)


def a_report_that_was_changed_or_is_old_is_refused(site):
    old = {}

    def change(_, body):
        old.setdefault("report", body)
        return body[:-70] + bytes([body[-70] ^ 1]) + body[-69:]
    liar, console = before(site, instead(r"/reports/[0-9a-f]+$", change))
    contains(console.preview("configuration.set", want=409, args=["pump.speed_max=40"])["detail"], "signature")
    liar.twist = instead(r"/reports/[0-9a-f]+$", lambda *_: old["report"])
    contains(console.preview("configuration.set", want=409, args=["pump.speed_max=40"])["detail"], "nonce")
    console.raw("GET", f"/console/devices/{site.device_id()}/facts", console.own())
    must(console.signed() == 0, "something was signed")
    ended(liar, console)


def another_devices_report_is_refused(site):
    other = site.sibling("device-other")
    other.start()
    serial = iter(range(1000))

    def of_other(found, _):
        out = site.path("statements", f"of-other-{next(serial)}.cose")
        other.run("report", other.device, "--nonce", found.group(1), "--out", out)
        return out.read_bytes()
    liar, console = before(site, instead(r"/reports/([0-9a-f]+)$", of_other))
    contains(console.preview("configuration.set", want=409, args=["pump.speed_max=40"])["detail"], "another device")
    must(console.signed() == 0, "something was signed")
    ended(liar, console)
    other.stop()


def a_device_that_no_manufacturer_made_is_refused(site):
    site.run("maker", "new", site.path("false-maker"))
    fake = Place(site.folder)
    fake.move_to(site.folder / "device-fake")
    fake.run("product", "compile", site.path("product.yaml"), "--key", site.path("false-maker", "release.pem"), "--out", site.path("releases", "product-fake.cose"))
    fake.run("device", "make", fake.device, "--maker", site.path("false-maker"), "--product", site.path("releases", "product-fake.cose"))
    shutil.copytree(site.device / "hooks", fake.device / "hooks", dirs_exist_ok=True)
    if "door-user" in (site.device / "securabled.conf").read_text():
        lines = [line for line in (site.device / "securabled.conf").read_text().splitlines() if "-user" in line.split(" ")[0]]
        with open(fake.device / "securabled.conf", "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    fake.start()
    serial = iter(range(1000))

    def twist(method, path, status, kind, body):
        found = re.search(rf"/devices/{fake.device_id()}/reports(?:/([0-9a-f]+))?$", path)
        if found and method == "POST":
            return 202, "application/json", b"{}"
        if not found:
            return None
        out = site.path("statements", f"of-fake-{next(serial)}.cose")
        fake.run("report", fake.device, "--nonce", found.group(1), "--out", out)
        return 200, "application/cose", out.read_bytes()
    liar, console = before(site, twist)
    answer = console.post("/console/preview", {"devices": [fake.device_id()], "action": "configuration.reset"}, want=409)
    contains(answer["detail"], "device certificate")
    must(console.signed() == 0, "something was signed")
    ended(liar, console)
    fake.stop()


def another_statement_under_the_same_name_is_refused(site):
    with Console(site) as honest:
        honest.enter()
        first = honest.sign(honest.preview("configuration.set", args=["display.message=one"]))["sent"][0]["digest"]
        until(lambda: honest.get("/console/sent")["items"][0]["missing"] == 0, 20, "no receipt")
        second = honest.sign(honest.preview("configuration.set", args=["display.message=two"], confirm_within=600))["sent"][0]["digest"]
        until(lambda: honest.get("/console/sent")["items"][0]["missing"] == 0, 20, "no receipt")
        taken = honest.raw("GET", f"/api/v1/statements/{first}/bytes", honest.own(Accept="application/octet-stream"))[2]
    liar, console = before(site, instead(rf"/statements/{second}/bytes", lambda *_: taken))
    for action in ("configuration.confirm", "configuration.revert"):
        contains(console.preview(action, want=409, statement=second)["detail"], "another one")
    contains(console.post("/console/preview", {"action": "approve", "statement": second}, want=409)["detail"], "another one")
    must(console.signed() == 0, "something was signed")
    liar.twist = lambda *_: None
    shown = console.preview("configuration.confirm", statement=second)["devices"][0]
    must(shown["will"]["confirm"]["digest"] == second, f"shown was {shown['will']}")
    console.sign(console.preview("configuration.confirm", statement=second))
    until(lambda: console.get("/console/sent")["items"][0]["missing"] == 0, 20, "no receipt")
    ended(liar, console)


def a_false_key_is_marked(site):
    engineer = site.path("people", "engineer.pem")
    report, _ = site.report_by_hub(engineer)
    command, _ = site.sign(engineer, report, "configuration.set", "display.message=three")
    text = site.hand_in(command, key=engineer)
    digest = next(line.split()[-1] for line in text.splitlines() if line.startswith("digest"))

    def exchange(people):
        keys = [person["key"] for person in people["items"]]
        for person, key in zip(people["items"], keys[1:] + keys[:1]):
            person["key"] = key
            person["name"] = "operator"
        return people
    with Console(site) as honest:
        honest.enter()
        preview = honest.post("/console/preview", {"action": "approve", "statement": digest})
        asked = preview["devices"][0]["asked_by"]
        must(asked["verified"] and asked["name"] == "engineer", f"honestly shown was {asked}")
        must(preview["devices"][0]["changes"][0]["new"] == "three", f"honestly shown was {preview}")
        sent = honest.sign(preview)["sent"][0]
        must(sent["kind"] == "approval" and "problem" not in sent, f"sent was {sent}")

    def cut(people):
        exchange(people)
        people["items"] = people["items"][:-1]
        for person in people["items"]:
            person["key"] = person["key"][:-2] + ("00" if person["key"][-2:] != "00" else "01")
        return people
    liar, console = before(site, in_json(r"/people$", cut))
    shown = console.post("/console/preview", {"action": "approve", "statement": digest})["devices"][0]
    must(not shown["asked_by"]["verified"], "a false key verified")
    must(shown["asked_by"]["name"] == "engineer", f"the name came from the hub: {shown['asked_by']}")
    must(any("signature could not be checked" in text for text in shown["warnings"]), f"no mark: {shown['warnings']}")
    ended(liar, console)


def a_release_is_shown_by_its_own_bytes(site):
    good = site.make_release(2, "1.1.0", site.make_image("1.1.0", health=True))
    site.hand_in(good, "--device", site.device_id(), "--payload", site.path("images", "firmware-1.1.0.squashfs"), key=site.operator_key(), wait=60)
    site.run("key", "new", "--out", site.path("people", "thief.pem"))
    site.run("product", "compile", site.path("product.yaml"), "--version", "9.9.9", "--key", site.path("people", "thief.pem"), "--out", site.path("releases", "thief.cose"))
    bad = site.path("releases", "thief.suit")
    site.run("release", "make", "--product", site.path("releases", "thief.cose"), "--image", site.path("images", "firmware-1.1.0.squashfs"), "--sequence", 9, "--version", "9.9.9",
             "--description", "thief's", "--key", site.path("people", "thief.pem"), "--out", bad)
    with Console(site, None, "--trust", site.path("maker", "release.pub.pem")) as honest:
        honest.enter()
        items = honest.get("/api/v1/releases")["items"]
        digest = next(item["digest"] for item in items if item["version"] == "1.1.0")
        shown = honest.preview("update.install", release=digest)["devices"][0]["will"]["install"]
        must(shown["version"] == "1.1.0" and shown["manufacturers_signature"] == "valid", f"shown was {shown}")

    def change(releases):
        for item in releases["items"]:
            item["version"] = "1.0.1 small fix"
        return releases
    liar, console = before(site, in_json(r"/releases", change), "--trust", site.path("maker", "release.pub.pem"))
    must(console.preview("update.install", release=digest)["devices"][0]["will"]["install"]["version"] == "1.1.0", "the hub's version was shown")
    liar.twist = instead(rf"/statements/{digest}/bytes", lambda *_: bad.read_bytes())
    contains(console.preview("update.install", want=409, release=digest)["detail"], "another one")
    must(console.signed() == 0, "something was signed")
    ended(liar, console)
    liar, console = before(site, lambda *_: None)
    shown = console.preview("update.install", release=digest)["devices"][0]["will"]["install"]
    contains(shown["manufacturers_signature"], "unchecked")
    ended(liar, console)


def false_receipts_do_not_count(site):
    seen = []

    def keep(_, path, status, kind, body):
        if re.search(r"/receipts/", path) and status == 200:
            seen.append(body)
            return 200, kind, seen[0][:-1] + bytes([seen[0][-1] ^ 1])
        return None
    liar, console = before(site, keep)
    console.sign(console.preview("configuration.set", args=["display.message=four"]))
    until(lambda: console.get("/console/sent")["items"] and seen, 20, "no receipt was asked for")
    item = console.get("/console/sent")["items"][0]
    must(item["missing"] == 1 and item["problem"], f"a broken receipt counted: {item}")
    # The receipt of another statement, as good as it is.
    with Console(site) as honest:
        honest.enter()
        before_it = honest.get("/api/v1/devices/" + site.device_id() + "/statements")["items"]
        other = next(s["digest"] for s in before_it if s["receipt"] and s["digest"] != item["digest"])
        receipt = honest.raw("GET", f"/api/v1/statements/{other}/receipts/{site.device_id()}", honest.own(Accept="application/octet-stream"))[2]
    liar.twist = instead(r"/receipts/", lambda *_: receipt)
    item = console.get("/console/sent")["items"][0]
    must(item["missing"] == 1, f"another statement's receipt counted: {item}")
    liar.twist = lambda *_: None
    until(lambda: console.get("/console/sent")["items"][0]["missing"] == 0, 20, "the true receipt does not count")
    ended(liar, console)


def a_hub_that_forgets_is_handed_it_again(site):
    posts = []

    def forget(method, path, status, kind, body):
        if method == "POST" and path.startswith("/api/v1/statements"):
            posts.append(path)
            if len(posts) == 1:
                return 503, "application/problem+json", b'{"title":"not now","status":503}'
        return None
    liar, console = before(site, forget)
    sent = console.sign(console.preview("configuration.set", args=["display.message=five"]))["sent"][0]
    must(sent.get("problem") or len(posts) > 1, f"the refusal was not told: {sent}")
    must(console.signed() == 1, "what was signed is not kept")
    until(lambda: console.get("/console/sent")["items"][0]["missing"] == 0, 20, "it was not handed in again")
    ended(liar, console)


def hostile_pages_are_only_bytes(site):
    page = b"<html><script>fetch('/console/sign',{method:'POST'})</script></html>"

    def twist(_, path, status, kind, body):
        return (200, "text/html", page) if "/devices" in path and "reports" not in path else None
    liar, console = before(site, twist)
    for path in ("/api/v1/devices", f"/api/v1/devices/{site.device_id()}"):
        status, fields, body = console.raw("GET", path, console.own())
        must(body == page and fields["content-type"] == "application/octet-stream" and fields["x-content-type-options"] == "nosniff", f"passed on as {fields}")
    status, fields, body = console.raw("GET", "/", {"Cookie": console.cookie})
    must(page not in body and fields["content-type"].startswith("text/html"), "the hub's page was served")
    ended(liar, console)


CASES = [
    ("false names and values are not in what is signed", false_names_and_values_are_not_in_what_is_signed, []),
    ("a report that was changed or is old is refused", a_report_that_was_changed_or_is_old_is_refused, []),
    ("another device's report is refused", another_devices_report_is_refused, []),
    ("a device that no manufacturer made is refused", a_device_that_no_manufacturer_made_is_refused, []),
    ("another statement under the same name is refused", another_statement_under_the_same_name_is_refused, []),
    ("a false key is marked", a_false_key_is_marked, []),
    ("a release is shown by its own bytes", a_release_is_shown_by_its_own_bytes, []),
    ("false receipts do not count", false_receipts_do_not_count, []),
    ("a hub that forgets is handed it again", a_hub_that_forgets_is_handed_it_again, []),
    ("hostile pages are only bytes", hostile_pages_are_only_bytes, []),
]

if __name__ == "__main__":
    sys.exit(play(CASES, made_with_hub))
