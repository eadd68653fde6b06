# SPDX-License-Identifier: Apache-2.0
"""What the tests of the interface share: its document with a small validator, clients of socket and TLS, and a login statement made by hand."""
import hashlib
import http.client
import json
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
DOCUMENT = json.loads((ROOT / "docs" / "api" / "openapi.json").read_text())

# --- the document -------------------------------------------------------------------------------------------------

KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def has_kind(value, kind):
    if kind in ("integer", "number"):
        return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, KINDS[kind])


def faults(value, schema, at="$"):
    """Where a value breaks a schema: the part of JSON Schema that the document uses, and an error for any other part."""
    known = {"$ref", "type", "description", "properties", "required", "additionalProperties", "items", "enum", "const", "pattern", "oneOf",
             "minimum", "maximum", "minLength", "maxLength", "format", "examples", "default", "contentEncoding"}
    for word in set(schema) - known:
        yield f"{at}: the validator does not know {word}"
    if "$ref" in schema:
        target = DOCUMENT
        for part in schema["$ref"].lstrip("#/").split("/"):
            target = target[part]
        yield from faults(value, target, at)
        return
    if "oneOf" in schema and sum(not list(faults(value, one, at)) for one in schema["oneOf"]) != 1:
        reasons = [fault for one in schema["oneOf"] for fault in faults(value, one, at)]
        yield f"{at}: not exactly one of its forms: {reasons[:3]}"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(has_kind(value, kind) for kind in kinds):
        yield f"{at}: {json.dumps(value)[:60]} is not of type {kinds}"
        return
    if value is None:
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{at}: {value!r} does not match {schema['pattern']}"
        if schema.get("format") == "date-time" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
            yield f"{at}: {value!r} is no time"
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1 << 30):
            yield f"{at}: length {len(value)}"
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: {value} is out of range"
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from faults(item, schema.get("items", {}), f"{at}[{n}]")
    if isinstance(value, dict):
        yield from member_faults(value, schema, at)


def member_faults(value, schema, at):
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{at}: {name} is missing"
    for name, item in value.items():
        rest = schema.get("additionalProperties", True)
        if name in properties:
            yield from faults(item, properties[name], f"{at}.{name}")
        elif rest is False:
            yield f"{at}: {name} is not in the document"
        elif isinstance(rest, dict):
            yield from faults(item, rest, f"{at}.{name}")


def operation_of(method, path):
    """The document's operation for a request."""
    plain = path.split("?")[0].split("/")
    for pattern, item in DOCUMENT["paths"].items():
        parts = pattern.split("/")
        if len(parts) == len(plain) and all(a == b or a.startswith("{") for a, b in zip(parts, plain)) and method.lower() in item:
            return item[method.lower()]
    raise AssertionError(f"{method} {path} is not in the document")


def check_answer(method, path, answer):
    """Status and content type are in the document, and JSON follows its schema."""
    responses = operation_of(method, path)["responses"]
    assert str(answer.status) in responses, f"{method} {path}: {answer.status} is not in the document: {answer.body[:300]}"
    response = responses[str(answer.status)]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].split("/")[-1]]
    content = response.get("content", {})
    if not content:
        assert not answer.body, f"{method} {path}: {answer.status} has a body"
        return
    kind = answer.kind.split(";")[0]
    assert kind in content, f"{method} {path}: {kind} is not in the document"
    if kind.endswith("json"):
        found = list(faults(json.loads(answer.body), content[kind]["schema"]))
        assert not found, f"{method} {path}: {found[:4]}\n{answer.body[:600]}"


# --- clients ------------------------------------------------------------------------------------------------------


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.kind = response.getheader("Content-Type", "")
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


class ByPath(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout=20):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """Requests whose answers are checked against the document."""

    def __init__(self, hub, token=None, local=True):
        self.hub, self.token, self.local = hub, token, local

    def connection(self):
        if self.local:
            return ByPath(self.hub.facts["socket"])
        context = ssl.create_default_context(cafile=str(self.hub.ca))
        host, port = self.hub.url.removeprefix("https://").rsplit(":", 1)
        return http.client.HTTPSConnection(host, int(port), timeout=20, context=context)

    def ask(self, method, path, body=None, kind="application/json", want=None, headers=None):
        fields = {"Accept": "application/json", **(headers or {})}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if body is not None:
            fields["Content-Type"] = kind
        if self.token:
            fields["Authorization"] = "Bearer " + self.token
        connection = self.connection()
        connection.request(method, "/api/v1/" + path, body, fields)
        answer = Answer(connection.getresponse())
        connection.close()
        check_answer(method, "/api/v1/" + path, answer)
        assert want is None or answer.status == want, f"{method} {path}: {answer.status}, expected {want}: {answer.body[:400]}"
        return answer

    def get(self, path, want=200, **more):
        return self.ask("GET", path, want=want, **more)

    def post(self, path, body=None, want=201, **more):
        return self.ask("POST", path, body, want=want, **more)


# --- statements by hand: another program than ours says the same ----------------------------------------------------


def head(major, number):
    for limit, extra, form in ((24, 0, None), (1 << 8, 24, ">B"), (1 << 16, 25, ">H"), (1 << 32, 26, ">I"), (1 << 64, 27, ">Q")):
        if number < limit:
            return bytes([major << 5 | (number if form is None else extra)]) + (struct.pack(form, number) if form else b"")
    raise ValueError(number)


def cbor(value):
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    pairs = sorted((cbor(key), cbor(item)) for key, item in value.items())
    return head(5, len(pairs)) + b"".join(key + item for key, item in pairs)


def openssl(*words, stdin=None):
    return subprocess.run(["openssl", *map(str, words)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def public_of(key):
    point = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-64:]
    cose = cbor({1: 2, -1: 1, -2: point[:32], -3: point[32:]})
    return cose, hashlib.sha256(cose).digest()


def raw_signature(der):
    parts, at = [], 2
    for _ in range(2):
        size = der[at + 1]
        parts.append(int.from_bytes(der[at + 2:at + 2 + size], "big").to_bytes(32, "big"))
        at += 2 + size
    return b"".join(parts)


def statement(kind, body, key):
    """A statement signed by OpenSSL alone."""
    protected = cbor({1: -9, 4: public_of(key)[1], 16: f"securable-{kind}+cose"})
    tbs = cbor(["Signature1", protected, b"", body])
    return b"\xd2" + cbor([protected, {}, body, raw_signature(openssl("dgst", "-sha256", "-sign", key, stdin=tbs))])


def login_statement(nonce, key, hub, at=None):
    return statement("login", cbor({1: hub, 2: int(time.time() if at is None else at), 3: bytes.fromhex(nonce)}), key)
