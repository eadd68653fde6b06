# SPDX-License-Identifier: Apache-2.0
"""What the scenarios share: a made and claimed site in a temporary folder, cases that are counted, and looks at processes and files.

A file of scenarios lists CASES of (name, function, elements of docs/elements.tsv that it shows) and calls play().
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from example_site import BIN, USERS, Failed, Site  # noqa: E402
from tour import must, until  # noqa: E402

AS_ROOT = os.geteuid() == 0
# Neither root nor one of the device's processes.
STRANGER = 64499


class Skip(Exception):
    """The surroundings lack what a case needs."""


class Place(Site):
    """A site with a call that says how it ended, and room for more devices."""

    def call(self, *args, stdin=None, **more):
        """(exit code, all output) of `securable`, whatever it is."""
        done = subprocess.run([str(BIN / "securable"), *map(str, args)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=120, check=False, **more)
        return done.returncode, done.stdout.decode(errors="replace")

    def json(self, *args):
        return json.loads(self.run(*args, "--json", binary=True))

    def move_to(self, device):
        self.device = pathlib.Path(device)
        self.socket = self.device / "run" / "door.sock"

    def sibling(self, name):
        """Another device of the same manufacturer and owner, not yet started."""
        other = Place(self.folder)
        other.move_to(self.folder / name)
        other.serial = 1000 * (1 + len(list(self.folder.glob("device*"))))
        other.run("device", "make", other.device, "--maker", self.path("maker"), "--product", self.path("releases", "product-1.0.0.cose"))
        shutil.copytree(self.device / "hooks", other.device / "hooks", dirs_exist_ok=True)
        if AS_ROOT:
            with open(other.device / "securabled.conf", "a", encoding="utf-8") as file:
                file.write("".join(f"{key} {number}\n" for key, number in USERS.items()))
        return other

    def claim_with_people(self):
        voucher = self.path("statements", f"voucher-{self.device.name}.cose")
        self.run("voucher", "make", "--device", self.device, "--epoch", 1, "--owner", self.path("owner", "owner.pub.pem"), "--recovery",
                 self.path("owner", "recovery.pub.pem"), "--key", self.path("maker", "voucher.pem"), "--out", voucher)
        self.send(voucher)
        self.set_up_people()

    def device_key(self):
        out = self.path("statements", self.device.name + ".pub.pem")
        if not out.exists():
            self.run("device", "key", self.device, "--out", out)
        return out

    def set(self, *words, want=0, key=None):
        command, _ = self.command(key or self.operator_key(), "configuration.set", *words)
        return self.send(command, want=want)

    def settings(self):
        return json.loads((self.device / "run" / "settings.json").read_text())["settings"]

    def log_text(self):
        log = self.folder / "device.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def pid_of(self, name):
        """The process of this program under the daemon that runs; 0: none now."""
        for pid in children_of(self.daemon.pid):
            if name in name_of(pid):
                return pid
        return 0


# --- processes and files -----------------------------------------------------------------------------------------


def proc_text(pid, file):
    try:
        return pathlib.Path(f"/proc/{pid}/{file}").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def name_of(pid):
    return proc_text(pid, "cmdline").split("\0")[0]


def alive(pid):
    text = proc_text(pid, "stat")
    return bool(text) and text.rpartition(")")[2].split()[0] != "Z"


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children_of(parent):
    found = []
    for pid in all_pids():
        text = proc_text(pid, "stat")
        if text and int(text.rpartition(")")[2].split()[1]) == parent:
            found.append(pid)
    return found


def descendants_of(parent):
    found = []
    for pid in children_of(parent):
        found += [pid, *descendants_of(pid)]
    return found


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def files_with(folder, words):
    """Files below `folder` that hold one of the words in clear: {path: word}."""
    found = {}
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found.update({str(path): word for word in words if word.encode() in data or word.encode("utf-16-le") in data})
    return found


def digests(folder):
    return {path.name: path.read_bytes() for path in sorted(pathlib.Path(folder).iterdir()) if path.is_file()}


def verdict(text):
    """The first word that `log verify` says."""
    return text.split()[0] if text.split() else ""


def contains(text, *words):
    for word in words:
        must(word in text, f"expected {word!r} in:\n{text}")


# --- playing -----------------------------------------------------------------------------------------------------


def made(folder):
    """A site whose device is claimed, has people, and runs."""
    site = Place(folder)
    site.make()
    site.start()
    site.claim()
    site.set_up_people()
    return site


def play(cases, make=made):
    """Plays all cases on one site; prints one line each and the count; gives the exit code."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="securable-"))
    folder.chmod(0o755)  # local users pass to the door
    site = None
    try:
        site = make(folder)
        for name, function, elements in cases:
            counts[play_one(site, name, function, elements)] += 1
    except (Failed, OSError, subprocess.SubprocessError):
        print("FAILED making the site")
        traceback.print_exc(file=sys.stdout)
        counts["failed"] += 1
    finally:
        if site:
            site.stop()
            site.hub.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


def play_one(site, name, function, elements):
    begin = time.monotonic()
    try:
        function(site)
    except Skip as why:
        print(f"skipped: {name}: {why}", flush=True)
        return "skipped"
    except Exception:  # whatever it is, the other cases are played
        print(f"FAILED {name}")
        traceback.print_exc(file=sys.stdout)
        print("    the device said:\n        " + "\n        ".join(site.log_text().splitlines()[-12:]), flush=True)
        return "failed"
    for element in elements:
        print(f"shows {element} {name.replace(' ', '_')}")
    print(f"ok {name} ({time.monotonic() - begin:.1f} s)", flush=True)
    return "passed"
