#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pages from elsewhere, names that resolve to this machine, other programs' cookies, broken requests: none of them reaches the signing console.

Each case sends exactly what a browser would send for a hostile page, or what a hostile program could, and nothing is answered but a refusal.
"""
import json
import socket
import sys
import time

from scenario import must, play, until
from signing_console import Console, made_with_hub

READS = ("/api/v1/devices", "/console/sent")


def refused(console, wanted, method, path, fields, body=None, host=None):
    status, got, text = console.raw(method, path, fields, body, host)
    must(status in wanted, f"{method} {path} with {fields} was answered {status}: {text[:200]}")
    cross = [name for name in got if name.startswith("access-control-")]
    must(not cross, f"a refusal invites other origins: {cross}")
    return text


def an_address_lets_one_browser_in_once(site):
    with Console(site) as console:
        refused(console, [403], "GET", "/", {})
        refused(console, [403], "GET", "/?enter=" + "0" * 64, {})
        fields = console.enter()
        must("HttpOnly" in fields["set-cookie"] and "SameSite=Strict" in fields["set-cookie"], f"the cookie is {fields['set-cookie']}")
        refused(console, [403], "GET", console.address[console.address.index("/?"):], {})
        second = console.wait_address(2)
        must(second != console.address, "the same address was printed again")
        status, _, _ = console.raw("GET", second[second.index("/?"):], {})
        must(status == 303, "the next address does not let the next browser in")
        must(len(console.get("/api/v1/devices")["items"]) == 1, "the own page sees no device")


def names_that_resolve_here_are_not_ours(site):
    with Console(site) as console:
        console.enter()
        for host in ("evil.example", f"evil.example:{console.port}", "127.0.0.1", f"127.0.0.1:{console.port + 1}", f"127.0.0.1.evil.example:{console.port}",
                     f"[::1]:{console.port}", f"0.0.0.0:{console.port}", f"127.0.0.2:{console.port}", f"localhost.evil.example:{console.port}"):
            for path in ("/", "/page/app.js", "/console/config.json", *READS):
                refused(console, [421], "GET", path, console.own(), host=host)
            refused(console, [421], "POST", "/console/sign", console.own(Origin=f"http://{host}", **{"Content-Type": "application/json"}), b"{}", host=host)
        status, _, _ = console.raw("GET", "/", {"Cookie": console.cookie}, host=f"localhost:{console.port}")
        must(status == 200, "localhost itself is not answered")


def pages_from_elsewhere_are_refused(site):
    with Console(site) as console:
        console.enter()
        good = console.preview("configuration.set", args=["pump.speed_max=50"])
        body = json.dumps({"preview": good["id"]}).encode()
        own = {"Content-Type": "application/json"}
        for origin in ("https://evil.example", "http://evil.example", "null", "http://127.0.0.1", f"http://127.0.0.1:{console.port + 1}", f"https://127.0.0.1:{console.port}",
                       f"http://localhost:{console.port}", f"http://127.0.0.1:{console.port}.evil.example"):
            for path in ("/", "/console/config.json", *READS):
                refused(console, [403], "GET", path, console.own(Origin=origin))
            refused(console, [403], "POST", "/console/sign", console.own(Origin=origin, **own), body)
            refused(console, [403, 405], "OPTIONS", "/console/sign", {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-securable-page"})
        for kind in ("cross-site", "same-site", "none"):
            refused(console, [403], "POST", "/console/sign", console.own(**{**own, "Origin": f"http://{console.host}", "Sec-Fetch-Site": kind}), body)
        for kind in ("cross-site", "same-site"):
            for path in ("/", "/page/app.js", "/console/config.json", *READS):
                refused(console, [403], "GET", path, console.own(**{"Sec-Fetch-Site": kind}))
        must(console.signed() == 0, "something was signed")
        console.sign(good)
        must(console.signed() == 1, "the own page could not sign after all this")


def a_request_needs_the_cookie_the_page_and_the_origin(site):
    with Console(site) as console:
        console.enter()
        good = console.preview("configuration.set", args=["pump.speed_max=55"])
        body = json.dumps({"preview": good["id"]}).encode()
        whole = console.own(Origin=f"http://{console.host}", **{"Content-Type": "application/json"})
        for missing in ("Cookie", "X-Securable-Page", "Origin"):
            fields = {name: value for name, value in whole.items() if name != missing}
            refused(console, [403], "POST", "/console/sign", fields, body)
        for name, value in (("Cookie", console.cookie[:-1] + "x"), ("Cookie", "a=b; " + console.cookie.partition("=")[0] + "="), ("X-Securable-Page", "0" * 64), ("X-Securable-Page", "")):
            refused(console, [403], "POST", "/console/sign", {**whole, name: value}, body)
        # What a form of another page can send without being asked first.
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            refused(console, [403, 415], "POST", "/console/sign", {**whole, "Content-Type": kind}, body)
        for path in READS:
            refused(console, [403], "GET", path, {"Cookie": console.cookie})
            refused(console, [403], "GET", path, {"X-Securable-Page": console.page})
        must(console.signed() == 0, "something was signed")


def what_was_shown_is_signed_once(site):
    with Console(site) as console:
        console.enter()
        preview = console.preview("configuration.set", args=["pump.speed_max=61", "display.message=M7"])
        sent = console.sign(preview)["sent"]
        console.sign(preview, want=409)
        console.post("/console/sign", {"preview": "0" * 64}, want=409)
        console.post("/console/sign", {}, want=409)
        must(console.signed() == 1, "a preview was signed twice")
        until(lambda: console.get("/console/sent")["items"][0]["missing"] == 0, 20, "the receipt did not come")
        item = console.get("/console/sent")["items"][0]
        must(item["digest"] == sent[0]["digest"] and item["devices"][0]["word"] == "ok", f"sent: {item}")
        must(site.settings()["pump.speed_max"] == 61, "the device did not take the setting")


def a_wrong_wish_is_told_and_not_signed(site):
    with Console(site) as console:
        console.enter()
        for args in (["pump.speed_max=500"], ["no.such=1"], ["pump.speed_max"], []):
            answer = console.preview("configuration.set", want=409 if args and "=" in args[0] else 400, args=args)
            must(answer["detail"], "a refusal without a reason")
        console.preview("access.roster", want=400)
        console.preview("protection.wipe", want=400)
        console.post("/console/preview", {"devices": ["xyz"], "action": "configuration.reset"}, want=400)
        console.post("/console/preview", {"devices": [], "action": "configuration.reset"}, want=400)
        must(console.signed() == 0, "something was signed")


def it_listens_on_this_machine_alone_and_gives_its_own_files(site):
    with Console(site) as console:
        console.enter()
        rows = [line.split() for line in open("/proc/net/tcp", encoding="ascii")][1:]
        places = {row[1] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == console.port}
        must(places == {f"0100007F:{console.port:04X}"}, f"it listens at {places}")
        status, fields, _ = console.raw("GET", "/", {"Cookie": console.cookie})
        must(status == 200 and "default-src 'none'" in fields["content-security-policy"] and fields["x-content-type-options"] == "nosniff", f"the page comes with {fields}")
        for path in ("/page/page_files.h", "/page/../console.c", "/page/%2e%2e/x", "/page/", "/page/.git", "/etc/passwd"):
            refused(console, [400, 404], "GET", path, {"Cookie": console.cookie, "X-Securable-Page": console.page})
        for path in ("/api/v1/../v1/devices", "/api/v1/devices/%2e%2e", "/api/v1//devices", "/api/v1/devices?x=<y>"):
            refused(console, [400], "GET", path, console.own())
        for method in ("PUT", "DELETE", "PATCH", "HEAD"):
            refused(console, [400, 403, 404, 405], method, "/api/v1/devices", console.own(Origin=f"http://{console.host}"))


def broken_and_slow_requests_do_not_stop_it(site):
    with Console(site) as console:
        console.enter()
        for garbage in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"A" * 40000, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40000,
                        b"POST /console/sign HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", console.port), timeout=20) as link:
                try:
                    link.sendall(garbage)
                    link.shutdown(socket.SHUT_WR)
                    link.recv(4096)
                except OSError:
                    pass
        idle = [socket.create_connection(("127.0.0.1", console.port), timeout=20) for _ in range(60)]
        begin = time.monotonic()
        must(console.get("/api/v1/hub")["name"], "no answer")
        must(time.monotonic() - begin < 30, "idle connections kept the page out")
        for link in idle:
            link.close()


CASES = [
    ("an address lets one browser in, once", an_address_lets_one_browser_in_once, []),
    ("names that resolve here are not ours", names_that_resolve_here_are_not_ours, []),
    ("pages from elsewhere are refused", pages_from_elsewhere_are_refused, []),
    ("a request needs the cookie, the page's secret and the origin", a_request_needs_the_cookie_the_page_and_the_origin, []),
    ("what was shown is signed once", what_was_shown_is_signed_once, []),
    ("a wrong wish is told and not signed", a_wrong_wish_is_told_and_not_signed, []),
    ("it listens on this machine alone and gives its own files", it_listens_on_this_machine_alone_and_gives_its_own_files, []),
    ("broken and slow requests do not stop it", broken_and_slow_requests_do_not_stop_it, []),
]

if __name__ == "__main__":
    sys.exit(play(CASES, made_with_hub))
