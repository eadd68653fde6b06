# SPDX-License-Identifier: Apache-2.0
"""An owner's hub for the example site: its configuration, its process, and calls of `securable` that go through it."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class HubFailed(Exception):
    """The hub did not do what it should."""


class Hub:
    def __init__(self, folder, program):
        self.folder = pathlib.Path(folder)
        self.program = str(program)
        self.process = None
        self.log = self.folder.parent / (self.folder.name + ".log")
        self.facts = {}

    def make(self, **settings):
        """The folder with its configuration; the first start makes keys, CA and database."""
        self.folder.mkdir(mode=0o700, parents=True)
        lines = {"name": "plant", "device-listen": f"127.0.0.1:{free_port()}", "api-listen": f"127.0.0.1:{free_port()}", **settings}
        (self.folder / "securable-hub.conf").write_text("".join(f"{key.replace('_', '-')} {value}\n" for key, value in lines.items()))

    def start(self):
        """Starts it and waits for the line in which it says where it is."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "-d", str(self.folder)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            text = self.log.read_bytes()[begin:].decode(errors="replace")
            if any(line.startswith("READY") for line in text.splitlines()):
                self.facts = json.loads((self.folder / "run" / "hub.json").read_text())
                return
            if self.process.poll() is not None:
                raise HubFailed(f"securable-hub ended with exit {self.process.returncode}\n{text}")
            time.sleep(0.02)
        raise HubFailed("securable-hub did not get ready within 30 s")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    # --- where it is ---------------------------------------------------------------------------------------

    @property
    def url(self):
        return self.facts["api"][0]

    @property
    def device_url(self):
        return self.facts["device"][0]

    @property
    def ca(self):
        return self.folder / "keys" / "ca.pem"

    def by_key(self, key):
        """Options for a person who signs in over TLS."""
        return ["--hub", self.url, "--hub-ca", self.ca, "--login", key]

    def local(self):
        """Options for who runs the hub, on its machine."""
        return ["--hub", self.folder]
