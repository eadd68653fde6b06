#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hub, link, keeper, door and parent are killed at random moments while a fleet is played and an operator works: nothing acknowledged is lost.

SECURABLE_KILLS says how many kills (12 when it is not set; `make kills` does 200).
"""
import os
import pathlib
import random
import subprocess
import sys
import time

from scenario import ROOT, Place, contains, end, must, play, until, verdict

KILLS = int(os.environ.get("SECURABLE_KILLS", "12"))
MEMBERS = int(os.environ.get("SECURABLE_MEMBERS", "24"))
# Devices whose heads do not follow from their entries: the hub must see through these and accuse nobody else.
LIARS = 2
PAUSE_S = (0.2, 1.2)
FLEET = pathlib.Path(os.environ.get("SECURABLE_FLEET", ROOT / "build" / "meson" / "bench" / "fleet" / "fleet"))


def made_with_fleet(folder):
    site = Place(folder)
    site.make()
    site.make_hub(interval_s=5)
    site.start()
    site.settle()
    fleet(site, "make", site.path("maker"), site.path("owner"), str(MEMBERS))
    fleet(site, "expect", site.hub.folder)
    fleet(site, "enrol", site.hub.folder)
    return site


def fleet(site, verb, *words):
    site.path("fleet").mkdir(exist_ok=True)
    done = subprocess.run([str(FLEET), verb, str(site.path("fleet")), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=300, check=False, text=True)
    must(done.returncode == 0, f"fleet {verb}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def kill_hub(site):
    site.hub.kill()
    time.sleep(random.uniform(0, 0.5))
    site.start_hub()


def kill_parent(site):
    site.cut()
    time.sleep(random.uniform(0, 0.3))
    site.start()


def kill_child(name):
    def kill(site):
        pid = site.pid_of(name)
        if pid:
            end(pid)
    return kill


VICTIMS = [("hub", kill_hub), ("parent", kill_parent), ("link", kill_child("securable-link")), ("keeper", kill_child("securable-keeper")),
           ("door", kill_child("securable-door"))]


def change(site, number):
    """An operator's change by the hub, as far as hub and device are there just now; True when the hub acknowledged it."""
    code, _ = site.call("report", site.device_id(), *site.hub.local(), "--wait", "2", "--out", site.path("statements", f"r{number}.cose"))
    if code != 0:
        return False
    command = site.path("statements", f"c{number}.cose")
    code, _ = site.call("command", "configuration.set", f"pump.speed_max={50 + number % 40}", "--key", site.operator_key(), "--report",
                        site.path("statements", f"r{number}.cose"), "--out", command)
    must(code == 0, "the command could not be made")
    code, text = site.call("send", command, *site.hub.local(), "--outbox", site.outbox, "--wait", "0")
    return "digest" in text


def kills_under_load(site):
    random.seed(20261122)
    played = subprocess.Popen([str(FLEET), "play", str(site.path("fleet")), str(site.hub.folder), str(site.owner_key()), "0", "0.5", str(LIARS)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    counts, acknowledged, begin = {}, 0, time.monotonic()
    for number in range(KILLS):
        name, kill = VICTIMS[number] if number < len(VICTIMS) else random.choice(VICTIMS)
        counts[name] = counts.get(name, 0) + 1
        time.sleep(random.uniform(*PAUSE_S))
        kill(site)
        acknowledged += change(site, number)
    print(f"note: {KILLS} kills in {time.monotonic() - begin:.0f} s: {counts}; {acknowledged} changes of the operator acknowledged meanwhile")
    site.kills_output, _ = played.communicate(timeout=240)  # its input ends now
    print("note: " + " / ".join(site.kills_output.strip().splitlines()[-3:]))
    must(played.returncode == 0, f"fleet play: exit {played.returncode}\n{site.kills_output[-3000:]}")
    contains(site.kills_output, "LOST heads 0 statements 0 behind 0", f"ALARMS of {LIARS} liars {LIARS}, of honest devices 0")
    must(acknowledged > 0, "no change of the operator was acknowledged between the kills")


def the_operators_outbox_empties(site):
    def empty():
        code, text = site.call("outbox", "check", *site.hub.local(), "--outbox", site.outbox)
        return code == 0 and "without_receipt: 0" in text
    until(empty, 90, "receipts of the operator's changes are missing: " + site.call("outbox", "list", "--outbox", site.outbox)[1])


def logs_are_intact_or_torn(site):
    site.stop()
    text = site.run("log", "verify", site.device)
    must(verdict(text) in ("intact", "torn-tail"), text)
    site.hub.stop()
    text = site.run("log", "verify", site.hub.folder / "journal", "--key", site.hub.folder / "keys" / "journal-key.pem")
    must(verdict(text) in ("intact", "torn-tail"), text)


CASES = [
    ("kills of hub, link, keeper, door and parent under load", kills_under_load, []),
    ("the operator's outbox empties", the_operators_outbox_empties, []),
    ("the logs of device and hub are intact or torn-tail", logs_are_intact_or_torn, []),
]

if __name__ == "__main__":
    sys.exit(play(CASES, made_with_fleet))
