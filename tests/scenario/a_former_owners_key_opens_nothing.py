#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody copied the device's transport key, and renewed its certificate for a key of their own. Transfer and wipe begin a new epoch of ownership:
from then on both open nothing at the hub, connections that stand by them are closed, and the device itself goes on with a new key.
"""
import base64
import http.client
import json
import pathlib
import shutil
import socket
import sqlite3
import ssl
import sys

from scenario import Place, Skip, contains, must, play, until
from est_by_real_tools import tool
from example_site import LIBEXEC  # the folder of tools is on the path now

IDLE = b"\xa3\x00\x01\x01\x00\x02\xf6"
RENEW = "/.well-known/est/simplereenroll"


def made_with_hub(folder):
    site = Place(folder)
    site.make()
    if not pathlib.Path(site.hub.program).exists() or not (LIBEXEC / "securable-link").exists():
        raise Skip("there is no hub, or no link")
    site.make_hub(interval_s=2)
    site.start()
    site.settle()
    return site


# --- the thief ---------------------------------------------------------------------------------------------------


def open_tls(site, key, certificate):
    context = ssl.create_default_context(cafile=str(site.hub.ca))
    context.load_cert_chain(str(certificate), str(key))
    host, port = site.hub.device_url.removeprefix("https://").rstrip("/").rsplit(":", 1)
    return context.wrap_socket(socket.create_connection((host, int(port)), timeout=20), server_hostname=host)


def ask(connection, path, body, kind):
    """The answer's status and body; 0: the hub closed instead."""
    try:
        connection.sendall((f"POST {path} HTTP/1.1\r\nHost: hub\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""


def opens(site, key, certificate):
    try:
        with open_tls(site, key, certificate) as connection:
            return ask(connection, "/sync", IDLE, "application/cbor")[0] == 200
    except OSError:
        return False


def renew(site, key, certificate, next_key):
    """A certificate for `next_key` by an older one, as PEM; None: refused."""
    der = tool("openssl", "req", "-new", "-sha256", "-key", next_key, "-subj", "/CN=device", "-outform", "DER")
    try:
        with open_tls(site, key, certificate) as connection:
            status, body = ask(connection, RENEW, base64.encodebytes(der), "application/pkcs10")
    except OSError:
        return None
    return tool("openssl", "pkcs7", "-inform", "DER", "-print_certs", stdin=base64.b64decode(body)) if status == 200 else None


def steal(site, epoch):
    """Copies of key and certificate, and a certificate for a key of the thief's own; both open sync."""
    link = site.device / "link"
    site.stolen = [(site.path(f"stolen-{epoch}.pem"), site.path(f"stolen-{epoch}.crt")), (site.path(f"own-{epoch}.pem"), site.path(f"own-{epoch}.crt"))]
    (key, certificate), (own_key, own_certificate) = site.stolen
    shutil.copyfile(link / "transport-key.pem", key)
    shutil.copyfile(link / "transport.crt", certificate)
    contains(tool("openssl", "x509", "-in", certificate, "-noout", "-subject").decode(), f"epoch {epoch}")
    tool("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", own_key)
    own_certificate.write_bytes(renew(site, key, certificate, own_key))
    contains(tool("openssl", "x509", "-in", own_certificate, "-noout", "-subject").decode(), f"epoch {epoch}")
    must(all(opens(site, *pair) for pair in site.stolen), "what was stolen does not even open anything now")
    site.standing = [open_tls(site, *pair) for pair in site.stolen]
    must(all(ask(connection, "/sync", IDLE, "application/cbor")[0] == 200 for connection in site.standing), "no standing connection")


def open_epochs(site):
    with sqlite3.connect(site.hub.folder / "hub.db", timeout=20) as db:
        return {row[0] for row in db.execute("SELECT epoch FROM certificate WHERE revoked = 0")}


def is_closed(connection):
    connection.settimeout(20)
    try:
        return connection.recv(1) == b""
    except OSError as error:
        return not isinstance(error, TimeoutError)


def nothing_opens(site, epoch):
    until(lambda: open_epochs(site) == {epoch}, 30, f"certificates that stand are of the epochs {open_epochs(site)}")
    must(all(is_closed(connection) for connection in site.standing), "a connection of the thief's still stands")
    for key, certificate in site.stolen:
        must(not opens(site, key, certificate), f"{certificate.name} still opens sync")
        must(renew(site, key, certificate, site.stolen[1][0]) is None, f"{certificate.name} renewed itself")
    facts = json.loads(tool("curl", "-sS", "--max-time", "20", "--unix-socket", site.hub.folder / "run" / "hub.sock",
                            f"http://hub/api/v1/devices/{site.device_id()}"))
    must(facts["contact"] == "now" and facts["head"] and not facts["revoked"], f"the hub says {facts}")
    contains(tool("openssl", "x509", "-in", site.device / "link" / "transport.crt", "-noout", "-subject").decode(), f"epoch {epoch}")
    key = (site.device / "link" / "transport-key.pem").read_bytes()
    must(all(key != pair[0].read_bytes() for pair in site.stolen), "the device kept its transport key")


# --- cases -------------------------------------------------------------------------------------------------------


def transfer(site):
    steal(site, 1)
    site.run("owner", "new", site.path("next-owner"))
    _, text = site.by_owner("lifecycle.transfer", site.path("next-owner", "owner.pub.pem"), f"recovery={site.path('next-owner', 'recovery.pub.pem')}")
    contains(text, "ok")
    nothing_opens(site, 2)


def a_restart_brings_nothing_back(site):
    site.hub.stop()
    site.start_hub()
    nothing_opens(site, 2)


def wipe(site):
    steal(site, 2)
    command, _ = site.command(site.path("next-owner", "owner.pem"), "protection.wipe")
    contains(site.hand_in(command), "ok")
    nothing_opens(site, 3)


CASES = [
    ("after a transfer a stolen transport key opens nothing and renews nothing", transfer, []),
    ("nor after the hub's restart", a_restart_brings_nothing_back, []),
    ("after a wipe neither", wipe, []),
]

if __name__ == "__main__":
    sys.exit(play(CASES, made_with_hub))
