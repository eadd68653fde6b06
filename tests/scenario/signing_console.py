# SPDX-License-Identifier: Apache-2.0
"""The signing console as scenarios use it: its process, its printed address, and requests exactly as they are wanted."""
import http.client
import json
import re
import subprocess
import time

from scenario import BIN, Failed, Place, must


def made_with_hub(folder):
    """A site whose device came to its owner through a hub, and whose operator may act."""
    site = Place(folder)
    site.make()
    site.make_hub(interval_s=2)
    site.start()
    site.settle()
    return site


class Console:
    """`securable console` before a hub, or before what pretends to be one."""

    def __init__(self, site, url=None, *more):
        self.site = site
        self.outbox = site.folder / f"outbox-{time.monotonic_ns()}"
        self.log = open(self.outbox.with_suffix(".log"), "w+b")
        self.process = subprocess.Popen(
            [str(BIN / "securable"), "console", "--hub", url or site.hub.url, "--hub-ca", str(site.hub.ca), "--key", str(site.operator_key()), "--ca",
             str(site.path("maker", "ca.pem")), "--outbox", str(self.outbox), *map(str, more)], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.address = self.wait_address(1)
        self.port = int(re.search(r":(\d+)/", self.address).group(1))
        self.host = f"127.0.0.1:{self.port}"
        self.cookie = self.page = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()

    def wait_address(self, count):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            self.log.seek(0)
            found = re.findall(r"http://127\.0\.0\.1:\d+/\?enter=[0-9a-f]+", self.log.read().decode(errors="replace"))
            if len(found) >= count:
                return found[-1]
            time.sleep(0.05)
        self.log.seek(0)
        raise Failed("the console did not print an address: " + self.log.read().decode(errors="replace"))

    def raw(self, method, path, fields, body=None, host=None):
        """(status, fields, body) of a request with these fields and no other but Host and Content-Length."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        link.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": host or self.host, **fields}.items():
            link.putheader(name, value)
        if body is not None:
            link.putheader("Content-Length", str(len(body)))
        link.endheaders(body)
        answer = link.getresponse()
        got = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        link.close()
        return got

    def enter(self):
        status, fields, _ = self.raw("GET", self.address[self.address.index("/?"):], {})
        must(status == 303, f"the printed address was answered {status}")
        self.cookie = fields["set-cookie"].split(";")[0]
        self.page = fields["location"].partition("#page=")[2]
        return fields

    def own(self, **more):
        """What the console's own page sends."""
        return {"Cookie": self.cookie, "X-Securable-Page": self.page, "Sec-Fetch-Site": "same-origin", **more}

    def get(self, path, want=200):
        status, _, body = self.raw("GET", path, self.own())
        must(status == want, f"GET {path}: {status}, expected {want}: {body[:400]}")
        return json.loads(body)

    def post(self, path, asked, want=200):
        fields = self.own(**{"Origin": f"http://{self.host}", "Content-Type": "application/json"})
        status, _, body = self.raw("POST", path, fields, json.dumps(asked).encode())
        must(status == want, f"POST {path}: {status}, expected {want}: {body[:400]}")
        return json.loads(body)

    def preview(self, action, want=200, **more):
        return self.post("/console/preview", {"devices": [self.site.device_id()], "action": action, **more}, want)

    def sign(self, preview, want=200):
        return self.post("/console/sign", {"preview": preview["id"]}, want)

    def signed(self):
        """How many statements this console ever signed."""
        return len(list(self.outbox.glob("*.cose")))
