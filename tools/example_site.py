# SPDX-License-Identifier: Apache-2.0
"""A site as people would make it: a manufacturer, a product, an owner, an operator, and one device, all by the installed programs.

Nothing here knows keys or formats: every step is a call of `securable` that could be typed by hand, and is printed when `verbose`.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from example_hub import Hub, HubFailed

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("SECURABLE_BIN", ROOT / "build" / "bin"))
LIBEXEC = pathlib.Path(os.environ.get("SECURABLE_LIBEXEC", ROOT / "build" / "libexec"))
EXAMPLE = ROOT / "docs" / "examples"
# Without accounts of their own the device's processes run under these numbers when the parent is root.
USERS = {"door-user": 64401, "keeper-user": 64402, "installer-user": 64403, "link-user": 64404}


class Failed(Exception):
    """A step that did not do what it should."""


class Site:
    def __init__(self, folder, verbose=False):
        self.folder = pathlib.Path(folder)
        self.verbose = verbose
        self.device = self.folder / "device"
        self.socket = self.device / "run" / "door.sock"
        self.daemon = None
        self.serial = 0
        self.hub = Hub(self.folder / "hub", BIN / "securable-hub")
        self.outbox = self.folder / "outbox"

    # --- calling the programs ------------------------------------------------------------------------------

    def run(self, *args, stdin=None, want=0, binary=False):
        """Calls `securable`; gives its output. `want`: the exit code that it must end with."""
        words = [str(BIN / "securable"), *map(str, args)]
        if self.verbose:
            print("  $ securable " + " ".join(self.short(a) for a in args), flush=True)
        done = subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        if done.returncode != want:
            raise Failed(f"securable {' '.join(map(str, args))}: exit {done.returncode}, expected {want}\n"
                         f"{done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}")
        return done.stdout if binary else done.stdout.decode() + done.stderr.decode()

    def call_out(self, *args):
        """Calls `securable`, however it ends; gives what it prints."""
        words = [str(BIN / "securable"), *map(str, args)]
        return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False).stdout.decode()

    def short(self, arg):
        text = str(arg)
        return text.replace(str(self.folder) + "/", "") if text.startswith(str(self.folder)) else text

    def path(self, *parts):
        return self.folder.joinpath(*parts)

    # --- making --------------------------------------------------------------------------------------------

    def exists(self):
        return (self.device / "identity" / "identity-id").exists()

    def make_image(self, version, health):
        """A real squashfs image with Debian's static busybox, a self-test, and what makes one version differ from another."""
        tree, image = self.path("images", "tree-" + version), self.path("images", f"firmware-{version}.squashfs")
        shutil.rmtree(tree, ignore_errors=True)
        for name in ("bin", "sbin", "etc"):
            (tree / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", tree / "bin" / "busybox")
        (tree / "etc" / "version").write_text(version + "\n")
        (tree / "etc" / "filling").write_bytes(os.urandom(1 << 20))
        (tree / "sbin" / "self-test").write_text(f"echo self-test of {version}\n" + ("exit 0\n" if health else "echo pump does not turn >&2\nexit 1\n"))
        image.unlink(missing_ok=True)
        subprocess.run(["mksquashfs", str(tree), str(image), "-quiet", "-no-progress", "-all-root", "-noappend"],
                       stdout=subprocess.DEVNULL, check=True)
        shutil.rmtree(tree)
        return image

    def make_release(self, sequence, version, image, key=None, name=None):
        product = self.path("releases", f"product-{version}.cose")
        if not product.exists():
            self.run("product", "compile", self.path("product.yaml"), "--version", version, "--key", self.path("maker", "release.pem"),
                     "--out", product)
        out = self.path("releases", f"release-{name or version}.suit")
        self.run("release", "make", "--product", product, "--image", image, "--sequence", sequence, "--version", version,
                 "--description", f"release {version}", "--key", key or self.path("maker", "release.pem"), "--out", out)
        return out

    def make(self):
        """Manufacturer, product, factory, owner and people."""
        for name in ("images", "releases", "statements", "receipts", "people"):
            self.path(name).mkdir(parents=True, exist_ok=True)
        shutil.copy(EXAMPLE / "product.yaml", self.path("product.yaml"))
        self.run("maker", "new", self.path("maker"))
        image = self.make_image("1.0.0", health=True)
        release = self.make_release(1, "1.0.0", image)
        self.run("device", "make", self.device, "--maker", self.path("maker"), "--product", self.path("releases", "product-1.0.0.cose"),
                 "--release", release, "--image", image)
        shutil.copytree(EXAMPLE / "hooks", self.device / "hooks", dirs_exist_ok=True)
        with open(self.device / "securabled.conf", "a", encoding="utf-8") as file:
            if os.geteuid() == 0:
                file.write("".join(f"{key} {number}\n" for key, number in USERS.items()))
        self.run("owner", "new", self.path("owner"))
        for person in ("operator", "engineer"):
            self.run("key", "new", "--out", self.path("people", person + ".pem"))

    # --- the device ----------------------------------------------------------------------------------------

    def start(self):
        """Starts the daemon; waits for its socket."""
        log = open(self.folder / "device.log", "ab")
        self.daemon = subprocess.Popen([str(BIN / "securabled"), "-d", str(self.device)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.daemon.poll() is not None:
                text = (self.folder / "device.log").read_text(errors="replace")
                raise Failed(f"securabled ended with exit {self.daemon.returncode}\n" + "\n".join(text.splitlines()[-10:]))
            ready = subprocess.run([str(BIN / "securable"), "status", str(self.device)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if ready.returncode == 0 and self.is_ours():
                return
            time.sleep(0.05)
        raise Failed("securabled did not answer within 30 s")

    def is_ours(self):
        """Whether the daemon that we started has the device, and not one that was left over."""
        pid = self.device / "run" / "securabled.pid"
        return pid.exists() and pid.read_text().strip() == str(self.daemon.pid)

    def stop(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
        self.daemon = None

    def cut(self):
        """All the device's processes are killed at once: what a power cut leaves of them."""
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.daemon.pid)], stdout=subprocess.PIPE, check=False)
        for pid in [self.daemon.pid, *map(int, children.stdout.split())]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.daemon.wait()
        self.daemon = None

    # --- the hub -------------------------------------------------------------------------------------------

    def make_hub(self, **settings):
        """An owner's hub that knows the manufacturer, and the factory's word in the device where it is."""
        self.hub.make(**settings)
        self.start_hub()
        self.run("hub", "trust-maker", self.path("maker"), *self.hub.local())
        digest = self.hub.facts["ca_digest"]
        with open(self.device / "securabled.conf", "a", encoding="utf-8") as file:
            file.write(f"hub {self.hub.device_url} sha256:{digest}\n")

    def start_hub(self):
        try:
            self.hub.start()
        except HubFailed as failed:
            raise Failed(str(failed)) from failed

    def by_owner(self, *words):
        """A command of the owner's, from a fresh report, by the hub; gives its file and what was said."""
        report, _ = self.report_by_hub(self.owner_key())
        command, _ = self.sign(self.owner_key(), report, *words)
        return command, self.hand_in(command, key=self.owner_key())

    def settle(self):
        """Claimed by the hub, which the owner pins, and with people."""
        self.hand_in(self.make_voucher())
        self.by_owner("lifecycle.site", self.hub.device_url, self.hub.ca)
        self.by_owner("access.roster", self.roster())

    def device_id(self):
        return (self.device / "identity" / "identity-id").read_text().strip()

    def hand_in(self, statement, *more, key=None, want=0, wait=30):
        """Sends a statement by the hub, as somebody who signs in with `key` (None: as who runs the hub); gives what is said."""
        place = self.hub.by_key(key) if key else self.hub.local()
        return self.run("send", statement, *place, "--outbox", self.outbox, "--wait", wait, *more, want=want)

    def receipt_of(self, text):
        """The file of the receipt that came back for a statement handed in, by what hand_in() gave."""
        digest = next(line.split()[-1] for line in text.splitlines() if line.startswith("digest"))
        return self.outbox / f"{digest}.{self.device_id()}.receipt"

    def report_by_hub(self, key=None, wait=75):
        self.serial += 1
        out = self.path("statements", f"report-{self.serial}.cose")
        place = self.hub.by_key(key) if key else self.hub.local()
        text = self.run("report", self.device_id(), *place, "--wait", wait, "--ca", self.path("maker", "ca.pem"), "--out", out, "--json",
                        binary=True)
        return out, json.loads(text)

    def sign(self, key, report, *words):
        """Signs a command from a report that is at hand."""
        self.serial += 1
        out = self.path("statements", f"command-{self.serial}.cose")
        text = self.run("command", *words, "--key", key, "--report", report, "--ca", self.path("maker", "ca.pem"), "--out", out)
        return out, text

    # --- statements ----------------------------------------------------------------------------------------

    def report(self):
        self.serial += 1
        out = self.path("statements", f"report-{self.serial}.cose")
        text = self.run("report", self.device, "--ca", self.path("maker", "ca.pem"), "--out", out, "--json", binary=True)
        return out, json.loads(text)

    def command(self, key, *words):
        """Signs a command from what the device itself reports."""
        report, _ = self.report()
        out = self.path("statements", f"command-{self.serial}.cose")
        text = self.run("command", *words, "--key", key, "--report", report, "--ca",
                        self.path("maker", "ca.pem"), "--out", out)
        return out, text

    def send(self, statement, *more, want=0):
        receipt = self.path("receipts", statement.name + f".{time.monotonic_ns()}.receipt")
        text = self.run("send", self.device, statement, "--out", receipt, *more, want=want)
        return receipt, text

    def owner_key(self):
        return self.path("owner", "owner.pem")

    def operator_key(self):
        return self.path("people", "operator.pem")

    def make_voucher(self, epoch=1):
        voucher = self.path("statements", f"voucher-{epoch}.cose")
        self.run("voucher", "make", "--device", self.device, "--epoch", epoch, "--owner", self.path("owner", "owner.pub.pem"),
                 "--recovery", self.path("owner", "recovery.pub.pem"), "--key", self.path("maker", "voucher.pem"), "--out", voucher)
        return voucher

    def claim(self, epoch=1):
        return self.send(self.make_voucher(epoch))

    def roster(self, operator=True, rules=()):
        out = self.path("statements", f"roster-{'with' if operator else 'without'}-operator.cbor")
        people = ["--subject", f"name=engineer role=administrator key={self.path('people', 'engineer.pub.pem')}"]
        if operator:
            people += ["--subject", f"name=operator role=operator key={self.path('people', 'operator.pub.pem')}"]
        out.unlink(missing_ok=True)
        self.run("roster", "make", *people, "--application",
                 f"name=pump-program uid={os.getuid()} rights=event,settings-read,secret,log-read,notify", *rules, "--out", out)
        return out

    def set_up_people(self):
        command, _ = self.command(self.owner_key(), "access.roster", self.roster())
        return self.send(command)

    def log_pages(self):
        return self.run("log", "show", self.socket)
