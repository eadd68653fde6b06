#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Processes die at random moments while commands and events flow. What was acknowledged stays, and the device comes back."""
import ctypes
import os
import random
import signal
import sys
import threading
import time

from scenario import alive, contains, end, must, play, until, verdict

KILLS = 20
# A child that died ten times in a row is given up, which is another story.
CHILD_KILLS_A_LIFE = 4
PR_SET_CHILD_SUBREAPER = 36


class Commands(threading.Thread):
    """Signs and sends one command after another; sends again what got no answer, as a person would."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.over = site, threading.Event()
        self.receipts, self.resent, self.fault, self.speed = [], 0, None, None

    def run(self):
        speed = 20
        try:
            while not self.over.is_set():
                speed = 20 + (speed - 19) % 60
                self.one(speed)
        except Exception as fault:  # told by the case
            self.fault = fault

    def one(self, speed):
        site, out = self.site, self.site.path("statements", f"flow-{len(self.receipts)}-{self.resent}-{speed}.cose")
        if not self.until_answered("report", site.device, "--out", site.path("statements", "flow-report"), accept=(0,)):
            return
        code, text = site.call("command", "configuration.set", f"pump.speed_max={speed}", "--key", site.operator_key(), "--report",
                               site.path("statements", "flow-report"), "--out", out)
        must(code == 0, text)
        receipt = site.path("receipts", out.name + ".receipt")
        text = self.until_answered("send", site.device, out, "--out", receipt, accept=(0, 1))
        if text:
            must("verdict: ok" in text or "verdict: already-decided" in text or "verdict: pending" in text, f"{out.name}:\n{text}")
            self.receipts.append(receipt)
            self.speed = speed

    def until_answered(self, *words, accept):
        """The answer; None when the case is over before there is one."""
        patience = time.monotonic() + 40
        while True:
            code, text = self.site.call(*words)
            if code in accept:
                return text
            must(code == 3 or "busy" in text, f"{words[0]}: exit {code}\n{text}")
            must(time.monotonic() < patience, f"no answer for 40 s; the last was:\n{text}")
            self.resent += 1
            time.sleep(0.05)


class Events(threading.Thread):
    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.over, self.taken = site, threading.Event(), 0

    def run(self):
        number = 0
        while not self.over.is_set():
            number += 1
            self.taken += self.site.call("app", "event", self.site.device, f"number={number}")[0] == 0
            time.sleep(0.01)


def kill_one(site, chance, name):
    pid = site.daemon.pid
    if name != "securabled":
        until(lambda: site.pid_of(name), 20, f"{name} was not started again")
        pid = site.pid_of(name)
    os.kill(pid, signal.SIGKILL)
    if name == "securabled":
        site.daemon.wait()
        site.start()  # at once: its children may still be there
    else:
        until(lambda: not alive(pid), 5, f"{name} {pid} did not die")
        if chance.random() < 0.5:
            until(lambda: site.call("status", site.device)[0] == 0, 20, f"the device did not come back after {name} was killed")


def twenty_kills(site):
    chance = random.Random(int(os.environ.get("SECURABLE_SEED", "8259")))
    commands, events = Commands(site), Events(site)
    commands.start()
    events.start()
    killed, in_this_life = 0, 0
    counts = {"securable-keeper": 0, "securable-door": 0, "securabled": 0}
    while killed < KILLS and commands.is_alive():
        time.sleep(chance.uniform(0.05, 0.6))
        name = chance.choice(list(counts)) if in_this_life < CHILD_KILLS_A_LIFE else "securabled"
        kill_one(site, chance, name)
        killed += 1
        counts[name] += 1
        in_this_life = 0 if name == "securabled" else in_this_life + 1
    until(lambda: site.call("status", site.device)[0] == 0, 30, "the device did not come back")
    settled = len(commands.receipts) + 2
    until(lambda: len(commands.receipts) >= settled or not commands.is_alive(), 30, "no command gets through after the kills")
    for thread in (commands, events):
        thread.over.set()
        thread.join(60)
    if commands.fault:
        raise commands.fault
    must(killed == KILLS and not commands.is_alive(), f"{killed} kills")
    must(len(commands.receipts) > 5 and events.taken > 5, f"{len(commands.receipts)} receipts, {events.taken} events: too few to say anything")
    must(site.settings()["pump.speed_max"] == commands.speed, "the last acknowledged command is not in force")
    given = [word for receipt in commands.receipts for word in ("--receipt", receipt)]
    text = site.run("log", "verify", "--key", site.device_key(), *given, site.device)
    must(verdict(text) in ("intact", "torn-tail"), text)
    for receipt in commands.receipts:
        contains(site.run("receipt", "check", receipt, "--key", site.device_key()), "receipt: valid")
    site.kept_receipts = commands.receipts
    print("    " + ", ".join(f"{name} {count}" for name, count in counts.items()) +
          f" times killed; {len(commands.receipts)} receipts good, {commands.resent} tries without answer, {events.taken} events; {verdict(text)}")


def orphan(site):
    """A keeper that outlives its parent: the next one must wait for it, or both write one journal."""
    must(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "cannot adopt the keeper")  # else it is hung up when it stops
    keeper = site.pid_of("securable-keeper")
    site.run("app", "event", site.device, "last=before")
    os.kill(keeper, signal.SIGSTOP)
    os.kill(site.daemon.pid, signal.SIGKILL)
    site.daemon.wait()
    waker = threading.Timer(1.5, os.kill, (keeper, signal.SIGCONT))
    waker.start()
    try:
        site.start()
        waker.join()
        receipts = [site.set(f"pump.speed_max={speed}")[0] for speed in (81, 82, 83)]
        until(lambda: not alive(keeper), 10, "the old keeper did not end")
        given = [word for receipt in receipts for word in ("--receipt", receipt)]
        text = site.run("log", "verify", "--key", site.device_key(), *given, site.device)
        must(verdict(text) in ("intact", "torn-tail"), text)
        contains(site.log_text(), "waiting for the processes of an earlier run")
    finally:
        waker.cancel()
        end(keeper)


def cuts(site):
    """All processes at once, right after an acknowledgement."""
    receipts = []
    for speed in (91, 92, 93, 94):
        receipts.append(site.set(f"pump.speed_max={speed}")[0])
        site.cut()
        given = [word for receipt in receipts for word in ("--receipt", receipt)]
        must(verdict(site.run("log", "verify", "--key", site.device_key(), *given, site.device)) in ("intact", "torn-tail"), "verdict")
        site.start()
        must(site.settings()["pump.speed_max"] == speed, f"pump.speed_max is not {speed} after the cut")
    given = [word for receipt in site.kept_receipts + receipts for word in ("--receipt", receipt)]
    must(verdict(site.run("log", "verify", "--key", site.device_key(), *given, site.device)) == "intact", "verdict")


CASES = [
    (f"{KILLS} kills at random moments lose nothing acknowledged", twenty_kills, []),
    ("a keeper that outlives its parent harms nothing", orphan, []),
    ("all processes killed right after an acknowledgement", cuts, []),
]

sys.exit(play(CASES))
