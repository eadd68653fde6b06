#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Slow clients, half requests, floods of handshakes, giant and malformed bodies: the hub's memory stays bounded and honest clients are served.

slowhttptest, where it is installed, plays its slow heads, bodies and reads beside our own hostile clients.
"""
import http.client
import os
import pathlib
import random
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

from scenario import ROOT, Place, Skip, must, play

FLEET = pathlib.Path(os.environ.get("SECURABLE_FLEET", ROOT / "build" / "meson" / "bench" / "fleet" / "fleet"))
# What a hub of this fleet may take at most, whatever comes.
MEMORY_MAX_KIB = 256 * 1024
# How long an honest request may take beside the floods, on a machine of two cores that also plays the attacker.
PATIENCE_S = 5
# Hostile clients come from 127.0.0.1: of one address only so many unproven connections are held.
HONEST = "127.0.0.3"


def made_with_hub(folder):
    site = Place(folder)
    site.make()
    site.make_hub(interval_s=5)
    site.path("fleet").mkdir()
    for verb, words in (("make", [site.path("maker"), site.path("owner"), "4"]), ("expect", [site.hub.folder]), ("enrol", [site.hub.folder]),
                        ("pem", [site.hub.folder]), ("idle-body", [site.hub.folder])):
        done = subprocess.run([str(FLEET), verb, str(site.path("fleet")), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)
        must(done.returncode == 0, f"fleet {verb}: {done.stdout}")
    return site


def port_of(url):
    return int(url.rsplit(":", 1)[1])


def context(site, with_certificate=True):
    tls = ssl.create_default_context(cafile=str(site.hub.ca))
    if with_certificate:
        tls.load_cert_chain(site.path("fleet", "cert.pem"), site.path("fleet", "key.pem"))
    return tls


def memory_kib(site):
    for line in pathlib.Path(f"/proc/{site.hub.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


class Honest(threading.Thread):
    """A device and a person who ask again and again; how long the slowest answer took, and what went wrong."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.over = site, threading.Event()
        self.slowest, self.served, self.faults, self.memory = 0.0, 0, [], 0

    def once(self):
        device = http.client.HTTPSConnection("127.0.0.1", port_of(self.site.hub.device_url), context=context(self.site), timeout=PATIENCE_S * 2,
                                             source_address=(HONEST, 0))
        device.request("POST", "/sync", self.site.path("fleet", "idle.body").read_bytes(), {"Content-Type": "application/cbor"})
        must(device.getresponse().status == 200, "the device was not served")
        device.close()
        person = http.client.HTTPSConnection("127.0.0.1", port_of(self.site.hub.url), context=context(self.site, False), timeout=PATIENCE_S * 2,
                                             source_address=(HONEST, 0))
        person.request("GET", "/api/v1/hub")
        must(person.getresponse().status == 200, "the person was not served")
        person.close()

    def run(self):
        while not self.over.is_set():
            begin = time.monotonic()
            try:
                self.once()
                self.served += 1
            except Exception as fault:  # told by the case
                self.faults.append(repr(fault))
            self.slowest = max(self.slowest, time.monotonic() - begin)
            self.memory = max(self.memory, memory_kib(self.site))
            time.sleep(0.1)


def beside_honest_clients(site, attack, what):
    honest = Honest(site)
    honest.start()
    try:
        attack()
        time.sleep(0.5)
    finally:
        honest.over.set()
        honest.join(timeout=30)
    print(f"note: {what}: {honest.served} honest rounds served, slowest {honest.slowest:.2f} s, hub at most {honest.memory // 1024} MiB")
    must(site.hub.process.poll() is None, "the hub ended")
    must(honest.served > 0 and not honest.faults, f"honest clients were not served: {honest.faults[:3]}")
    must(honest.slowest < PATIENCE_S, f"an honest client waited {honest.slowest:.1f} s")
    must(honest.memory < MEMORY_MAX_KIB, f"the hub took {honest.memory} KiB")


def raw(site, data, port=None, tls=True, certificate=False, wait=2):
    """Sends bytes on a connection of their own; gives what comes back until it is closed or `wait` is over."""
    line = socket.create_connection(("127.0.0.1", port or port_of(site.hub.url)), timeout=wait)
    answer = b""
    try:
        if tls:
            line = context(site, certificate).wrap_socket(line, server_hostname="127.0.0.1")
        line.sendall(data)
        while True:
            piece = line.recv(65536)
            if not piece:
                break
            answer += piece
    except (OSError, ssl.SSLError):
        pass
    finally:
        line.close()
    return answer


# --- cases ---------------------------------------------------------------------------------------------------------------


def slow_by(*options):
    def attack_by(site):
        if not shutil.which("slowhttptest"):
            raise Skip("slowhttptest is not installed")

        def attack():
            subprocess.run(["slowhttptest", "-c", "400", "-r", "200", "-l", "10", "-i", "3", "-u", f"{site.hub.url}/api/v1/hub", *options], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=60, check=False)
        beside_honest_clients(site, attack, "slowhttptest " + " ".join(options))
    return attack_by


def a_flood_of_handshakes(site):
    """Connections that never speak, that speak no TLS, and that stop in the middle of the handshake."""
    hello = bytes.fromhex("160301020001000001fc0303") + os.urandom(64)

    def attack():
        lines = []
        for number in range(600):
            for port in (port_of(site.hub.url), port_of(site.hub.device_url)):
                try:
                    line = socket.create_connection(("127.0.0.1", port), timeout=1)
                    if number % 3:
                        line.send(hello if number % 3 == 1 else b"GET / HTTP/1.1\r\n\r\n")
                    lines.append(line)
                except OSError:
                    pass
        time.sleep(3)
        for line in lines:
            line.close()
    beside_honest_clients(site, attack, "1,200 half handshakes")


def giants(site):
    """Heads and bodies beyond every limit, declared and undeclared."""
    def attack():
        head = b"GET /api/v1/hub HTTP/1.1\r\nHost: hub\r\n"
        rows = [head + b"X-Big: " + b"a" * (1 << 20) + b"\r\n\r\n", head + b"".join(b"X-%d: 1\r\n" % n for n in range(20000)) + b"\r\n",
                b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: hub\r\n\r\n",
                b"POST /api/v1/login HTTP/1.1\r\nHost: hub\r\nContent-Length: 99999999999\r\n\r\n" + b"a" * (1 << 20),
                b"POST /api/v1/login HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n" + b"a" * 100000]
        for row in rows:
            answer = raw(site, row)
            must(not answer.startswith(b"HTTP/1.1 2"), f"taken: {row[:60]}...: {answer[:60]}")
        for size in (1 << 20, 1 << 26):
            body = b"POST /sync HTTP/1.1\r\nHost: hub\r\nContent-Type: application/cbor\r\nContent-Length: %d\r\n\r\n" % size + b"\xff" * (1 << 20)
            answer = raw(site, body, port_of(site.hub.device_url), certificate=True)
            must(not answer.startswith(b"HTTP/1.1 2"), f"a sync of {size} bytes: {answer[:60]}")
    beside_honest_clients(site, attack, "giant heads and bodies")


def malformed(site):
    """CBOR and JSON of every broken kind, by clients that are known."""
    random.seed(7)
    good = site.path("fleet", "idle.body").read_bytes()

    def sync(body):
        return raw(site, b"POST /sync HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Type: application/cbor\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
                   port_of(site.hub.device_url), certificate=True, wait=1)

    def attack():
        bodies = [b"", b"\xff", b"\x9f" * 10000, b"\x81" * 5000 + b"\x00", b"\xa1" + b"\x00" * 50, b"\xbf\xff", good + b"\x00", good[:-1], b"\x5b" + b"\xff" * 8]
        for _ in range(60):
            changed = bytearray(good)
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
            bodies.append(bytes(changed))
        for body in bodies:
            answer = sync(body)
            # A body that is still one, and says that it would wait, waits.
            waits = answer == b"" and body[3:4] == b"\x01" and body[4:5] != b"\x00"
            must(waits or answer[9:12] in (b"400", b"413", b"415", b"200", b"403"), f"sync of {body[:20].hex()}: {answer[:80]}")
            must(not answer.startswith(b"HTTP/1.1 5"), f"sync of {body[:20].hex()}: {answer[:80]}")
        for text in (b"{", b"[" * 20000, b"{\"nonce\":" * 2000, b"\xff\xfe", b"{\"nonce\":\"00\",\"nonce\":\"11\"}", b"null", b"\"" + b"a" * 60000, b"1e999999", b"{}" * 100):
            for path in (b"/api/v1/login", b"/api/v1/tokens", b"/api/v1/people", b"/api/v1/makers", b"/api/v1/statements"):
                answer = raw(site, b"POST " + path + b" HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(text) + text,
                             wait=1)
                must(answer.startswith(b"HTTP/1.1 4"), f"{path.decode()} with {text[:20]}: {answer[:80]}")
    beside_honest_clients(site, attack, "malformed bodies")


def half_requests(site):
    """Requests that stop in the middle, hundreds at a time, some after a whole one."""
    def attack():
        lines = []
        whole = b"GET /api/v1/hub HTTP/1.1\r\nHost: hub\r\n\r\n"
        for number in range(200):
            try:
                line = context(site, False).wrap_socket(socket.create_connection(("127.0.0.1", port_of(site.hub.url)), timeout=2), server_hostname="127.0.0.1")
                line.sendall((whole if number % 2 else b"") + b"POST /api/v1/login HTTP/1.1\r\nHost: hub\r\nContent-Length: 5000\r\n\r\n" + b"x" * (number * 20))
                lines.append(line)
            except (OSError, ssl.SSLError):
                pass
        must(len(lines) > 10, "no attack took place")
        time.sleep(2)
        for line in lines:
            line.close()
    beside_honest_clients(site, attack, "half requests")


CASES = [
    ("slow heads", slow_by("-H"), []),
    ("slow bodies", slow_by("-B", "-s", "8192"), []),
    ("slow readers", slow_by("-X", "-w", "10", "-y", "20", "-z", "5", "-k", "3"), []),
    ("a flood of half handshakes", a_flood_of_handshakes, []),
    ("giant heads and bodies", giants, []),
    ("malformed CBOR and JSON", malformed, []),
    ("half requests", half_requests, []),
]

if __name__ == "__main__":
    sys.exit(play(CASES, made_with_hub))
