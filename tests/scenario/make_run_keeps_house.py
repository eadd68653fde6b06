#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make run`: says when it is ready, ends cleanly, is there once, and goes on where it was."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from scenario import ROOT, Place, alive, contains, descendants_of, end, must, play, until


class Run:
    """tools/run in a session of its own, as in a terminal."""

    def __init__(self, folder, *args):
        self.folder = pathlib.Path(folder)
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(ROOT / "tools" / "run"), *args], env={**os.environ, "SECURABLE_RUN_DIR": str(folder)},
                                        stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT, start_new_session=True)
        self.family = []

    def text(self):
        return os.pread(self.output.fileno(), 1 << 20, 0).decode(errors="replace")

    def wait_ready(self):
        until(lambda: "READY" in self.text() or self.process.poll() is not None, 60, f"not ready:\n{self.text()}")
        must(self.process.poll() is None, f"exit {self.process.returncode}\n{self.text()}")
        self.family = descendants_of(self.process.pid)
        must(len(self.family) >= 6, f"only {len(self.family)} processes")

    def wait_end(self, want):
        code = self.process.wait(timeout=40)
        must(code == want, f"exit {code}, expected {want}\n{self.text()}")
        left = [pid for pid in self.family if alive(pid)]
        must(not left, f"processes left: {left}")

    def clear(self):
        for pid in [self.process.pid, *self.family]:
            if alive(pid):
                end(pid)
        self.process.wait()
        self.output.close()


def run_of(site, *args):
    run = Run(site.path("run"), *args)
    site.runs.append(run)
    return run


def no_site(folder):
    site = Place(folder)
    site.runs = []
    return site


def first_start(site):
    run = run_of(site)
    run.wait_ready()
    last = run.text().splitlines()[-1]
    must(last.startswith("READY hub=https://") and " console=http://127.0.0.1:" in last, f"the last line is {last!r}")
    words = dict(word.split("=", 1) for word in last.split()[1:])
    socket, device = (ROOT / words["socket"]).resolve(), (ROOT / words["device"]).resolve()
    must(socket.exists() and (device / "identity" / "identity-id").exists(), f"{words} are not there")
    site.move_to(device)
    site.folder = device.parent
    contains(site.run("status", site.device), "ready")
    page = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()).open(words["console"], timeout=10)
    must(page.status == 200 and b"<html" in page.read(), "the console's page did not come")
    site.set("pump.speed_max=71")
    site.id = (device / "identity" / "identity-id").read_text()


def second_start(site):
    first = site.runs[0]
    second = Run(site.folder.parent)
    try:
        second.wait_end(3)
        contains(second.text(), str(first.process.pid))
    finally:
        second.clear()
    must(site.call("status", site.device)[0] == 0, "the first one no longer answers")


def ctrl_c(site):
    os.killpg(site.runs[0].process.pid, signal.SIGINT)
    site.runs[0].wait_end(0)
    must("Traceback" not in site.runs[0].text(), site.runs[0].text())
    must(site.call("status", site.device)[0] == 3, "somebody still answers")
    must(site.run("log", "verify", site.device).startswith("intact"), "the log is not intact")


def goes_on(site):
    begin = time.monotonic()
    run = Run(site.folder.parent)
    site.runs.append(run)
    run.wait_ready()
    must((site.device / "identity" / "identity-id").read_text() == site.id, "another device was made")
    must(site.settings()["pump.speed_max"] == 71, "settings were lost")
    site.serial = 500
    site.set("pump.speed_max=72")
    print(f"    ready again after {time.monotonic() - begin:.1f} s")
    os.kill(run.process.pid, signal.SIGTERM)
    run.wait_end(0)


def killed(site):
    """tools/run dies; its device stays for a moment. Who starts next either goes on or is told who is in the way."""
    first = Run(site.folder.parent)
    site.runs.append(first)
    first.wait_ready()
    end(first.process.pid)
    first.process.wait()
    second = Run(site.folder.parent)
    site.runs.append(second)
    until(lambda: "READY" in second.text() or second.process.poll() is not None, 60, f"neither ready nor ended:\n{second.text()}")
    if second.process.poll() is None:
        second.wait_ready()
        os.killpg(second.process.pid, signal.SIGINT)
        second.wait_end(0)
    else:
        must(second.process.returncode == 3, f"exit {second.process.returncode}\n{second.text()}")
        must(any(str(pid) in second.text() for pid in first.family), f"it does not name who is in the way:\n{second.text()}")


def last_of_all(site):
    for run in site.runs:
        run.clear()


CASES = [
    ("the first start makes a site and says READY", first_start, []),
    ("a second start is refused and names the first", second_start, []),
    ("Ctrl-C ends it with 0 and leaves no process", ctrl_c, []),
    ("the next start goes on where it was", goes_on, []),
    ("after a killed start the next one goes on or says who is in the way", killed, []),
    ("nothing is left over", last_of_all, []),
]

sys.exit(play(CASES, no_site))
