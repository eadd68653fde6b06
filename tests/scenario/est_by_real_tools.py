#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Enrolment at a hub (RFC 7030) by tools that know nothing of Securable: openssl for keys, requests, connections and their binding, curl for the rest.

What stands here of formats is a transport statement, built by hand: a device's own program makes the same one.
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from scenario import Place, Skip, contains, must, play

EST = "/.well-known/est/"
LABEL = "EXPORTER-Channel-Binding"


def tool(*words, stdin=None, want=0):
    done = subprocess.run([*map(str, words)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, check=False)
    must(want is None or done.returncode == want, f"{words[0]} {words[1]}: exit {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return done.stdout


# --- a transport statement -----------------------------------------------------------------------------------------


def head(major, value):
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < 1 << 8 * size:
            return bytes([major << 5 | code]) + value.to_bytes(size, "big")
    raise ValueError(value)


def bstr(data):
    return head(2, len(data)) + data


def tstr(text):
    return head(3, len(text)) + text.encode()


def cose_key(key):
    """{1: 2, -1: 1, -2: x, -3: y} of a PEM private key."""
    point = tool("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER")[-64:]
    return b"\xa4\x01\x02\x20\x01\x21" + bstr(point[:32]) + b"\x22" + bstr(point[32:])


def raw_signature(der):
    """r and s as 32 bytes each, of the sequence of two integers that openssl gives."""
    at = 4 + der[3]
    return b"".join(part.lstrip(b"\0").rjust(32, b"\0") for part in (der[4:at], der[at + 2:]))


def transport_statement(key, signer, epoch=1):
    kid = hashlib.sha256(cose_key(signer)).digest()
    protected = head(5, 3) + b"\x01\x28" + b"\x04" + bstr(kid) + b"\x10" + tstr("securable-transport+cose")
    body = head(5, 3) + b"\x01" + cose_key(key) + b"\x02" + head(0, epoch) + b"\x03" + head(0, int(time.time()))
    signed = head(4, 4) + tstr("Signature1") + bstr(protected) + bstr(b"") + bstr(body)
    signature = raw_signature(tool("openssl", "dgst", "-sha256", "-sign", signer, stdin=signed))
    return b"\xd2" + head(4, 4) + bstr(protected) + b"\xa0" + bstr(body) + bstr(signature)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- requests ------------------------------------------------------------------------------------------------------


class Answer:
    def __init__(self, status, head_text, body):
        self.status = status
        self.head = head_text
        self.body = body

    def problem(self):
        return json.loads(self.body)


def read_answer(data):
    head_bytes, _, body = data.partition(b"\r\n\r\n")
    text = head_bytes.decode(errors="replace")
    length = re.search(r"(?i)^content-length: *(\d+)", text, re.M)  # openssl s_client says something of its own behind the body
    return Answer(int(text.split()[1]), text, body[:int(length[1])] if length else body)


class Device:
    """What a device has: its folder of the factory, and a transport key."""

    def __init__(self, site, folder):
        self.site = site
        self.identity = pathlib.Path(folder) / "identity"
        self.id = (self.identity / "identity-id").read_text().strip()
        self.key = pathlib.Path(folder) / "transport-key.pem"
        self.certificate = pathlib.Path(folder) / "transport.pem"
        new_key(self.key)

    def fields(self, **other):
        statement = transport_statement(other.get("key", self.key), other.get("signer", self.identity / "identity-key.pem"))
        idevid = other.get("idevid", self.identity / "idevid.der").read_bytes()
        return [f"Securable-Transport: {base64url(statement)}", f"Securable-IDevID: {base64url(idevid)}"]


def new_key(path):
    tool("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)


def request_of(site, key, challenge=None, spoil=False):
    """A certificate request in base64, by openssl req."""
    config = site.path("request.cnf")
    config.write_text("[req]\nprompt=no\ndistinguished_name=dn\n" + ("attributes=at\n" if challenge else "") + "[dn]\nCN=device\n"
                      + (f"[at]\nchallengePassword={challenge}\n" if challenge else ""))
    der = bytearray(tool("openssl", "req", "-new", "-sha256", "-key", key, "-config", config, "-outform", "DER"))
    if spoil:
        der[-3] ^= 1
    return base64.encodebytes(bytes(der))


def address(site):
    return site.hub.device_url.removeprefix("https://").rstrip("/")


def curl(site, path, *words, body=None, fields=()):
    options = ["curl", "-sS", "-i", "--http1.1", "--max-time", "20", "--cacert", site.hub.ca, *words]
    for field in fields:
        options += ["-H", field]
    if body is not None:
        options += ["--data-binary", "@-"]
    return read_answer(tool(*options, site.hub.device_url.rstrip("/") + path, stdin=body))


def local(site, method, path, *words, body=None):
    options = ["curl", "-sS", "-i", "--max-time", "20", "--unix-socket", site.hub.folder / "run" / "hub.sock", "-X", method, *words]
    return read_answer(tool(*options, *(["--data-binary", "@-"] if body is not None else []), "http://hub" + path, stdin=body))


def est_post(site, operation, body, fields=(), words=()):
    return curl(site, EST + operation, *words, body=body, fields=["Content-Type: application/pkcs10", *fields])


class Connection:
    """One TLS connection by `openssl s_client`, which tells its exporter value."""

    def __init__(self, site):
        words = ["openssl", "s_client", "-connect", address(site), "-CAfile", str(site.hub.ca), "-verify_return_error", "-tls1_3", "-ign_eof",
                 "-keymatexport", LABEL, "-keymatexportlen", "32"]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        text = b""
        while not re.search(rb"Keying material: [0-9A-F]{64}", text):
            piece = os.read(self.process.stdout.fileno(), 65536)
            must(piece, "openssl s_client ended:\n" + text.decode(errors="replace"))
            text += piece
        self.value = bytes.fromhex(re.search(rb"Keying material: ([0-9A-F]{64})", text)[1].decode())
        self.rest = text

    def challenge(self):
        return base64.b64encode(self.value).decode()

    def post(self, path, body, fields):
        lines = [f"POST {path} HTTP/1.1", "Host: hub", "Connection: close", "Content-Type: application/pkcs10", f"Content-Length: {len(body)}", *fields]
        self.process.stdin.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        self.process.stdin.flush()
        out, _ = self.process.communicate(timeout=20)
        return read_answer(out[out.index(b"HTTP/1.1"):])

    def close(self):
        self.process.kill()
        self.process.communicate()


def enrol(site, device, key=None, fields=None, spoil=False):
    """A first enrolment, bound to its connection."""
    connection = Connection(site)
    body = request_of(site, key or device.key, connection.challenge(), spoil)
    return connection.post(EST + "simpleenroll", body, device.fields() if fields is None else fields)


def refused(answer, status, code):
    must(answer.status == status, f"{answer.head}\n{answer.body.decode(errors='replace')}")
    must(answer.problem().get("code") == code, f"expected {code}: {answer.body.decode(errors='replace')}")


def certificate_of(site, answer):
    """The one certificate of a certs-only answer, as PEM."""
    must(answer.status == 200, f"{answer.head}\n{answer.body.decode(errors='replace')}")
    contains(answer.head.lower(), "content-transfer-encoding: base64", "application/pkcs7-mime")
    body = re.search(rb"[A-Za-z0-9+/=\r\n]+", answer.body)[0]
    der = tool("openssl", "base64", "-d", stdin=body)
    pem = tool("openssl", "pkcs7", "-inform", "DER", "-print_certs", stdin=der)
    must(pem.count(b"BEGIN CERTIFICATE") == 1, "not one certificate")
    return pem


# --- cases ---------------------------------------------------------------------------------------------------------


def the_ca_is_fetched(site):
    pem = certificate_of(site, curl(site, EST + "cacerts", "--insecure"))
    der = tool("openssl", "x509", "-outform", "DER", stdin=pem)
    must(hashlib.sha256(der).hexdigest() == site.hub.facts["ca_digest"], "not the CA that the hub names")
    must(curl(site, EST + "cacerts").status == 200, "its certificate does not chain to that CA")


def what_a_request_should_have(site):
    answer = curl(site, EST + "csrattrs")
    must(answer.status == 200, answer.head)
    contains(answer.head.lower(), "application/csrattrs")
    der = tool("openssl", "base64", "-d", stdin=answer.body)
    contains(tool("openssl", "asn1parse", "-inform", "DER", stdin=der).decode(), "challengePassword", "prime256v1", "ecdsa-with-SHA256")


def nobody_enrols_without_credentials(site):
    refused(est_post(site, "simpleenroll", request_of(site, site.dev.key)), 401, "unsigned")
    refused(est_post(site, "simplereenroll", request_of(site, site.dev.key)), 401, "unsigned")


def a_form_is_a_form(site):
    answer = est_post(site, "simpleenroll", b"bm8gcmVxdWVzdA==\n", site.dev.fields())
    refused(answer, 400, "malformed")
    answer = est_post(site, "simpleenroll", b"%%%%", site.dev.fields())
    refused(answer, 400, "bad-value")
    answer = est_post(site, "simpleenroll", request_of(site, site.dev.key), site.dev.fields()[:1])
    refused(answer, 400, "missing-field")
    answer = curl(site, EST + "simpleenroll", body=request_of(site, site.dev.key), fields=["Content-Type: text/plain"])
    must(answer.status == 415, answer.head)
    must(est_post(site, "simpleenroll", b"A" * 9000).status == 413, "a giant body")


def a_device_that_nobody_expects(site):
    refused(enrol(site, site.dev), 403, "not-found")


def the_voucher_is_handed_in(site):
    voucher = site.path("voucher.cose")
    site.run("voucher", "make", "--device", site.device, "--epoch", 1, "--owner", site.path("owner", "owner.pub.pem"), "--recovery",
             site.path("owner", "recovery.pub.pem"), "--key", site.path("maker", "voucher.pem"), "--out", voucher)
    answer = local(site, "POST", "/api/v1/statements", "-H", "Content-Type: application/cose", body=voucher.read_bytes())
    must(answer.status == 201, f"{answer.head}\n{answer.body.decode(errors='replace')}")


def wrong_binding(site):
    body = request_of(site, site.dev.key)
    refused(est_post(site, "simpleenroll", body, site.dev.fields()), 403, "digest-mismatch")
    other = Connection(site)
    body = request_of(site, site.dev.key, other.challenge())
    refused(est_post(site, "simpleenroll", body, site.dev.fields()), 403, "digest-mismatch")
    other.close()


def wrong_key(site):
    other = site.path("other-key.pem")
    new_key(other)
    refused(enrol(site, site.dev, key=other), 403, "bad-key")
    refused(enrol(site, site.dev, fields=site.dev.fields(signer=other)), 403, "bad-signature")


def wrong_proof(site):
    refused(enrol(site, site.dev, spoil=True), 403, "bad-signature")


def a_maker_that_nobody_trusts(site):
    key, der = site.path("stranger-identity.pem"), site.path("stranger.der")
    new_key(key)
    tool("openssl", "req", "-x509", "-new", "-sha256", "-key", key, "-subj", "/serialNumber=1", "-days", "9", "-outform", "DER", "-out", der)
    refused(enrol(site, site.dev, fields=site.dev.fields(signer=key, idevid=der)), 403, "unknown-key")


def a_device_enrols(site):
    pem = certificate_of(site, enrol(site, site.dev))
    site.dev.certificate.write_bytes(pem)
    tool("openssl", "verify", "-CAfile", site.hub.ca, "-purpose", "sslclient", site.dev.certificate)
    tool("openssl", "verify", "-CAfile", site.hub.ca, "-purpose", "sslserver", site.dev.certificate, want=2)
    text = tool("openssl", "x509", "-in", site.dev.certificate, "-noout", "-text").decode()
    contains(text, site.dev.id, "TLS Web Client Authentication", "CA:FALSE", "prime256v1")


def by_certificate(device):
    return ["--cert", device.certificate, "--key", device.key]


def its_certificate_opens_sync(site):
    idle = b"\xa3\x00\x01\x01\x00\x02\xf6"
    fields = ["Content-Type: application/cbor"]
    answer = curl(site, "/sync", *by_certificate(site.dev), body=idle, fields=fields)
    must(answer.status == 200 and answer.body[:1] in (b"\xa3", b"\xa4", b"\xa5"), f"{answer.head}\n{answer.body}")
    contains(answer.head.lower(), "application/cbor")
    must(curl(site, "/sync", body=idle, fields=fields).status == 401, "sync without certificate")
    must(curl(site, "/sync", *by_certificate(site.dev), body=b"\xa0", fields=fields).status == 400, "a body without members")
    must(curl(site, "/payload/" + "0" * 64, *by_certificate(site.dev)).status == 404, "a payload that nobody sent")


def it_renews_by_its_certificate(site):
    old = site.dev.certificate.read_bytes()
    next_key = site.path("next-key.pem")
    new_key(next_key)
    pem = certificate_of(site, est_post(site, "simplereenroll", request_of(site, next_key), words=by_certificate(site.dev)))
    must(pem != old, "the same certificate again")
    contains(tool("openssl", "x509", "-noout", "-subject", stdin=pem).decode(), site.dev.id)
    answer = est_post(site, "simplereenroll", request_of(site, next_key, spoil=True), words=by_certificate(site.dev))
    refused(answer, 403, "bad-signature")
    answer = est_post(site, "simplereenroll", request_of(site, next_key, base64.b64encode(bytes(32)).decode()), words=by_certificate(site.dev))
    refused(answer, 403, "digest-mismatch")


def a_restart_forgets_nothing(site):
    site.hub.stop()
    site.hub.start()
    its_certificate_opens_sync(site)


def a_revoked_device_gets_in_no_more(site):
    answer = local(site, "POST", f"/api/v1/devices/{site.dev.id}/revoke")
    must(answer.status in (200, 202, 204), f"{answer.head}\n{answer.body.decode(errors='replace')}")
    refused(enrol(site, site.dev), 403, "not-permitted")
    words = ["curl", "-sS", "-i", "--http1.1", "--max-time", "20", "--cacert", site.hub.ca, *by_certificate(site.dev), "-H", "Content-Type: application/pkcs10",
             "--data-binary", "@-", site.hub.device_url.rstrip("/") + EST + "simplereenroll"]
    data = tool(*words, stdin=request_of(site, site.dev.key), want=None)
    must(not data.startswith(b"HTTP/1.1 200"), f"a revoked certificate renewed itself:\n{data.decode(errors='replace')}")


def made_with_hub(folder):
    """A device of the factory that was never started, and a hub that trusts its maker."""
    site = Place(folder)
    site.make()
    if not pathlib.Path(site.hub.program).exists():
        raise Skip("there is no securable-hub")
    site.hub.make()
    site.hub.start()
    site.dev = Device(site, site.device)
    makers = {"roots": base64.b64encode(site.path("maker", "roots.cose").read_bytes()).decode(),
              "ca": base64.b64encode(site.path("maker", "ca.der").read_bytes()).decode()}
    answer = local(site, "POST", "/api/v1/makers", "-H", "Content-Type: application/json", body=json.dumps(makers).encode())
    must(answer.status in (200, 201), f"{answer.head}\n{answer.body.decode(errors='replace')}")
    return site


CASES = [
    ("the hub's CA is fetched and its certificate chains to it", the_ca_is_fetched, []),
    ("the hub says what a request should have", what_a_request_should_have, []),
    ("without credentials nobody is enrolled", nobody_enrols_without_credentials, ["F4.2"]),
    ("a broken request is told apart from a refused one", a_form_is_a_form, []),
    ("a device that nobody expects is refused", a_device_that_nobody_expects, []),
    ("its voucher makes a device expected", the_voucher_is_handed_in, []),
    ("a binding that is missing or another connection's is refused", wrong_binding, []),
    ("a key that the statement does not name is refused", wrong_key, []),
    ("a proof that was not made by the key is refused", wrong_proof, []),
    ("a device of a maker that nobody trusts is refused", a_maker_that_nobody_trusts, []),
    ("a device enrols", a_device_enrols, []),
    ("its certificate opens sync and nothing of others", its_certificate_opens_sync, []),
    ("it renews by its certificate alone", it_renews_by_its_certificate, []),
    ("a hub that was restarted knows its certificates", a_restart_forgets_nothing, []),
    ("a revoked device gets in no more", a_revoked_device_gets_in_no_more, ["F4.2"]),
]

if __name__ == "__main__":
    sys.exit(play(CASES, made_with_hub))
