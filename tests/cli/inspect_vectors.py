#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs `securable inspect` over test vectors that nobody here wrote.

usage: inspect_vectors.py SECURABLE SHARED

SUIT: every envelope is accepted under its trust anchor and refused under another key; the manifest of every .diag,
encoded here independently, is the one inside the .suit; inspect tells what the .diag says.
COSE: inspect fails exactly where the vector says so.
Last line: N passed, N failed, N skipped.
"""
import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# --- CBOR: just what diagnostic notation needs ------------------------------------------------


def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes([major << 5 | info]) + value.to_bytes(size, "big")
    raise ValueError("integer too large")


class Tagged:
    def __init__(self, tag, value):
        self.tag, self.value = tag, value


class Pairs:
    """A map in the order of the notation; keys may be arrays."""

    def __init__(self, pairs):
        self.pairs = pairs

    def get(self, wanted):
        for key, value in self.pairs:
            if key == wanted:
                return value
        return None


class Wrapped(bytes):
    """A byte string made by << >>; keeps what was inside."""

    inside = None


def encode(value):
    if value is None:
        return b"\xf6"
    if value is True:
        return b"\xf5"
    if value is False:
        return b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return head(3, len(text)) + text
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, Pairs):
        return head(5, len(value.pairs)) + b"".join(encode(k) + encode(v) for k, v in value.pairs)
    if isinstance(value, Tagged):
        return head(6, value.tag) + encode(value.value)
    raise TypeError(type(value))


# --- diagnostic notation ----------------------------------------------------------------------

TOKEN = re.compile(
    r"""\s+ | /[^/]*/ | \#[^\n]*
    | (?P<open><<) | (?P<close>>>)
    | (?P<bytes>h'[0-9a-fA-F\s]*') | (?P<quoted>'(?:[^'\\]|\\.)*')
    | (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<number>-?(?:0x[0-9a-fA-F]+|[0-9]+)) | (?P<word>[a-z]+) | (?P<mark>[\[\]{}(),:])""",
    re.X,
)


def tokens(notation):
    at = 0
    while at < len(notation):
        match = TOKEN.match(notation, at)
        if not match:
            raise ValueError("diagnostic notation at %d: %r" % (at, notation[at:at + 20]))
        at = match.end()
        if match.lastgroup:
            yield match.lastgroup, match.group()


class Reader:
    def __init__(self, notation):
        self.tokens = list(tokens(notation))
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else (None, None)

    def take(self):
        token = self.peek()
        self.at += 1
        return token

    def expect(self, text):
        if self.take()[1] != text:
            raise ValueError("expected %s before token %d" % (text, self.at))

    def items(self, end):
        found = []
        while self.peek()[1] != end:
            found.append(self.value())
            if self.peek()[1] == ",":
                self.take()
        self.take()
        return found

    def map(self):
        pairs = []
        while self.peek()[1] != "}":
            key = self.value()
            self.expect(":")
            pairs.append((key, self.value()))
            if self.peek()[1] == ",":
                self.take()
        self.take()
        return Pairs(pairs)

    def number(self, text):
        value = int(text, 0)
        if self.peek()[1] != "(":
            return value
        self.take()
        inside = self.value()
        self.expect(")")
        return Tagged(value, inside)

    def value(self):
        group, text = self.take()
        if group == "open":
            inside = self.items(">>")
            wrapped = Wrapped(b"".join(encode(item) for item in inside))
            wrapped.inside = inside[0] if inside else None
            return wrapped
        if group == "bytes":
            return bytes.fromhex(re.sub(r"\s", "", text[2:-1]))
        if group == "quoted":
            return text[1:-1].encode()
        if group == "text":
            return json.loads(text)
        if group == "number":
            return self.number(text)
        if group == "word":
            return {"true": True, "false": False, "null": None, "nil": None}[text]
        if text == "[":
            return self.items("]")
        if text == "{":
            return self.map()
        raise ValueError("unexpected %r" % text)


# --- keys -------------------------------------------------------------------------------------


def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


EC_KEY = der(6, bytes.fromhex("2a8648ce3d0201"))
CURVES = {
    "P-256": (32, der(6, bytes.fromhex("2a8648ce3d030107"))),
    "P-384": (48, der(6, bytes.fromhex("2b81040022"))),
    "P-521": (66, der(6, bytes.fromhex("2b81040023"))),
}
EDWARDS = {"Ed25519": der(6, bytes.fromhex("2b6570")), "Ed448": der(6, bytes.fromhex("2b6571"))}


def coordinate(key, name):
    if name + "_hex" in key:
        return bytes.fromhex(key[name + "_hex"])
    text = key[name]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pem_of_jwk(key):
    if key["crv"] in EDWARDS:
        info = der(0x30, der(0x30, EDWARDS[key["crv"]]), der(3, b"\0", coordinate(key, "x")))
    else:
        size, curve = CURVES[key["crv"]]
        point = b"\4" + coordinate(key, "x").rjust(size, b"\0") + coordinate(key, "y").rjust(size, b"\0")
        info = der(0x30, der(0x30, EC_KEY, curve), der(3, b"\0", point))
    text = base64.b64encode(info).decode()
    return "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % text


# --- tests ------------------------------------------------------------------------------------

COUNT = {"passed": 0, "failed": 0, "skipped": 0}


def note(name, failure):
    COUNT["failed" if failure else "passed"] += 1
    print("%s %s%s" % ("FAILED" if failure else "ok", name, ": " + failure if failure else ""))


def inspect(program, *args):
    run = subprocess.run([program, "inspect", *args], capture_output=True, text=True, check=False)
    return run.returncode, json.loads(run.stdout)


def words(component):
    return [segment.hex() for segment in component]


def suit_says(file, notation, said):
    """What is wrong between an envelope, its notation and what inspect said; None when nothing is."""
    envelope = notation.value if isinstance(notation, Tagged) else notation
    manifest = envelope.get(3)
    if encode(manifest) not in file:
        return "the encoded manifest is not in the envelope"
    if said["manifest"]["sequence_number"] != manifest.inside.get(2):
        return "sequence number differs"
    common = manifest.inside.get(3).inside
    if said["manifest"]["components"] != [words(c) for c in common.get(2)]:
        return "components differ"
    names = {7: "validate", 8: "load", 9: "invoke", 15: "dependency-resolution", 16: "payload-fetch", 20: "install"}
    for member, name in names.items():
        part = manifest.inside.get(member)
        if isinstance(part, list):
            carried = envelope.get(member)
            # Where the envelope was severed after it was signed, one notation serves both files.
            if said["severed"].get(name) not in ("present", "digest-only"):
                return "severed.%s is wrong" % name
            part = carried if said["severed"][name] == "present" else None
        sequence = said["manifest"]["sequences"].get(name)
        if (part is None) != (sequence is None):
            return "sequence %s is %s" % (name, "made up" if part is None else "missing")
        if part is not None and [c["code"] for c in sequence] != part.inside[::2]:
            return "sequence %s has other commands" % name
    return None


def test_suit(program, folder, other_key):
    trust = str(folder / "trust-anchor-pub.pem")
    for path in sorted(folder.glob("*.suit")):
        code, said = inspect(program, "--trust", trust, str(path))
        accepted = code == 0 and said["kind"] == "suit-envelope" and said["signature"] == "valid"
        note("suit-accepted-" + path.stem, None if accepted else "exit %d, %s" % (code, said.get("error")))
        code, said = inspect(program, "--trust", other_key, str(path))
        refused = code == 1 and said["signature"] == "invalid"
        note("suit-other-key-refused-" + path.stem, None if refused else "exit %d" % code)
        code, said = inspect(program, str(path))
        unchecked = code == 0 and said["signature"] == "unchecked"
        note("suit-without-key-unchecked-" + path.stem, None if unchecked else "exit %d" % code)
        diag = path.with_suffix(".diag")
        if not diag.exists():
            COUNT["skipped"] += 1
            continue
        notation = Reader(diag.read_text()).value()
        note("suit-as-notation-" + path.stem, suit_says(path.read_bytes(), notation, said))


def test_untagged(program, folder, scratch):
    trust = str(folder / "trust-anchor-pub.pem")
    for path in sorted(folder.glob("*.suit")):
        data = path.read_bytes()
        if not data.startswith(b"\xd8\x6b"):
            continue
        bare = pathlib.Path(scratch, "bare.suit")
        bare.write_bytes(data[2:])
        code, said = inspect(program, "--trust", trust, str(bare))
        good = code == 0 and said["kind"] == "suit-envelope" and said["tagged"] is False
        note("suit-without-tag-" + path.stem, None if good else "exit %d" % code)


def cose_inputs(vector):
    """(key, external aad) of a vector with one signer; None for others."""
    given = vector["input"]
    part = given.get("sign0")
    if part is None and len(given.get("sign", {}).get("signers", [])) == 1:
        part = given["sign"]["signers"][0]
    return (part["key"], part.get("external", "")) if part else None


def test_cose(program, folder, scratch):
    for path in sorted(folder.glob("*.json")):
        vector = json.loads(path.read_text())
        inputs = cose_inputs(vector)
        if inputs is None or "cbor" not in vector.get("output", {}):
            COUNT["skipped"] += 1
            print("skip cose-%s" % path.stem)
            continue
        key, external = inputs
        key_file, message = pathlib.Path(scratch, "key.pem"), pathlib.Path(scratch, "message.cose")
        key_file.write_text(pem_of_jwk(key))
        message.write_bytes(bytes.fromhex(vector["output"]["cbor"]))
        args = ["--trust", str(key_file)] + (["--aad", external] if external else []) + [str(message)]
        code, said = inspect(program, *args)
        as_told = (code != 0) == bool(vector.get("fail")) and code in (0, 1)
        note("cose-" + path.stem, None if as_told else "exit %d, %s" % (code, said.get("error")))
        code, said = inspect(program, *args[:2], "--aad", external + "00", str(message))
        note("cose-other-aad-refused-" + path.stem, None if code == 1 else "exit %d" % code)


def test_usage(program, scratch):
    missing = os.path.join(scratch, "missing")
    for args, want in (([], 2), (["--aad", "xyz", missing], 2), (["--nothing", missing], 2), (["--help"], 0)):
        run = subprocess.run([program, "inspect", *args], capture_output=True, text=True, check=False)
        note("usage-" + " ".join(args[:1]), None if run.returncode == want else "exit %d" % run.returncode)
    code, said = inspect(program, missing)
    note("file-missing", None if code == 3 and said["error"] else "exit %d" % code)
    code, said = inspect(program, "--trust", missing, missing)
    note("key-missing", None if code == 3 and said["error"] else "exit %d" % code)
    rubbish = pathlib.Path(scratch, "rubbish")
    for data in (b"", b"\0", b"\xff", b"hello", b"\xa0", b"\x84\0\0\0\0", b"\xd9\x03\xe6\x80", bytes(range(256))):
        rubbish.write_bytes(data)
        code, said = inspect(program, str(rubbish))
        note("rubbish-%s" % data[:4].hex(), None if code == 1 and said["error"] else "exit %d" % code)


def main():
    program, shared = sys.argv[1], pathlib.Path(os.environ.get("SECURABLE_SHARED") or sys.argv[2])
    other = {"crv": "P-256", "x_hex": "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
             "y_hex": "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"}  # the base point
    with tempfile.TemporaryDirectory() as scratch:
        other_key = os.path.join(scratch, "other.pem")
        pathlib.Path(other_key).write_text(pem_of_jwk(other))
        test_usage(program, scratch)
        if (shared / "vectors/suit").is_dir():
            test_suit(program, shared / "vectors/suit", other_key)
            test_untagged(program, shared / "vectors/suit", scratch)
        else:
            COUNT["skipped"] += 1
            print("skip suit: no %s" % (shared / "vectors/suit"))
        if (shared / "vectors/cose").is_dir():
            test_cose(program, shared / "vectors/cose", scratch)
        else:
            COUNT["skipped"] += 1
            print("skip cose: no %s" % (shared / "vectors/cose"))
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % COUNT)
    return 1 if COUNT["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
