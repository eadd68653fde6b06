#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hub's disk is full: it refuses and says so, keeps what it acknowledged, serves what needs no room, and goes on when there is room again."""
import json
import os
import subprocess
import sys

from scenario import AS_ROOT, Place, Skip, contains, must, play, until

DISK_MIB = 24


def made_on_a_small_disk(folder):
    site = Place(folder)
    site.small = folder / "small"
    site.small.mkdir()
    site.mounted = AS_ROOT and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=755", "tmpfs", str(site.small)], stderr=subprocess.DEVNULL,
                                              check=False).returncode == 0
    if site.mounted:
        site.hub.folder = site.small / "hub"
    site.make()
    site.make_hub(interval_s=2)
    site.start()
    site.settle()
    return site


def fill(site):
    """Leaves not a block free."""
    if not site.mounted:
        raise Skip("no small file system can be mounted here")
    filling = site.small / "filling"
    with open(filling, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                pass
    return filling


def it_refuses_and_says_so(site):
    report, _ = site.report()
    fill(site)
    refused = 0
    for number in range(12):
        command, _ = site.sign(site.operator_key(), report, "configuration.set", f"display.message=number {number}")
        code, text = site.call("send", command, *site.hub.local(), "--outbox", site.outbox, "--wait", "0")
        refused += "507" in text
    must(refused, "a hub without room took everything")
    contains(text, "507")
    big = site.path("images", "big")
    big.write_bytes(os.urandom(8 << 20))
    release = site.make_release(2, "1.1.0", big)
    code, text = site.call("send", release, "--payload", big, "--device", site.device_id(), *site.hub.local(), "--outbox", site.outbox, "--wait", "0")
    must(code != 0 and "507" in text, f"exit {code}\n{text}")
    must(not [path for path in (site.hub.folder / "payloads").iterdir() if path.stat().st_size > 1 << 20], "half a payload is left")


def it_serves_what_needs_no_room(site):
    if not site.mounted:
        raise Skip("no small file system can be mounted here")
    contains(site.run("hub", "show", *site.hub.local()), "ca_digest")
    facts = json.loads(site.run("hub", "device", site.device_id(), *site.hub.local(), "--json", binary=True))
    must(facts["owned"], f"{facts}")
    _, text = site.set("pump.speed_max=63")
    contains(text, "verdict: ok")


def it_goes_on(site):
    if not site.mounted:
        raise Skip("no small file system can be mounted here")
    (site.small / "filling").unlink()
    until(lambda: "without_receipt: 0" in site.call("outbox", "check", *site.hub.local(), "--outbox", site.outbox)[1], 90,
          "with room again the outbox does not empty: " + site.call("outbox", "list", "--outbox", site.outbox)[1][-1500:])
    facts = json.loads(site.run("hub", "device", site.device_id(), *site.hub.local(), "--json", binary=True))
    must(facts["contact"] == "now" and facts["alarm"] is None, f"{facts['contact']} {facts['alarm']}")


def nothing_acknowledged_is_gone(site):
    site.hub.stop()
    text = site.run("log", "verify", site.hub.folder / "journal", "--key", site.hub.folder / "keys" / "journal-key.pem")
    must(text.startswith(("intact", "torn-tail")), text)
    done = subprocess.run([site.hub.program, "-d", str(site.hub.folder), "check"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    must(done.returncode == 0, done.stdout.decode())


def leave(site):
    """No case: what was mounted goes."""
    site.stop()
    site.hub.stop()
    if site.mounted:
        subprocess.run(["umount", str(site.small)], check=False)


CASES = [
    ("a hub without room refuses and says so", it_refuses_and_says_so, []),
    ("it serves what needs no room, and the device goes on", it_serves_what_needs_no_room, []),
    ("with room again it goes on", it_goes_on, []),
    ("its database and journal are whole", nothing_acknowledged_is_gone, []),
    ("nothing is left mounted", leave, []),
]

if __name__ == "__main__":
    sys.exit(play(CASES, made_on_a_small_disk))
