#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls `securable` as people do, without a device that runs: factory, owner, releases, commands; and the mistakes that people make.

Environment: SECURABLE_BIN is the directory with `securable`. Last line: N passed, N failed, N skipped.
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(os.environ.get("SECURABLE_BIN", ROOT / "build" / "bin")) / "securable"
PRODUCT = ROOT / "docs" / "examples" / "product.yaml"
ID = re.compile(r"^[0-9a-f]{64}$")
DONE, REFUSED, USAGE, ENVIRONMENT = 0, 1, 2, 3


class Answer:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


class Bench:
    """A directory with everything that the factory and an owner have."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.made = set()

    def call(self, *words, want=DONE, stdin=b""):
        done = subprocess.run([str(PROGRAM), *map(str, words)], cwd=self.folder, input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        answer = Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
        shown = " ".join(map(str, words))
        assert done.returncode == want, f"securable {shown}: exit {done.returncode}, wanted {want}\n{answer.out}{answer.err}"
        assert want == DONE or answer.err, f"securable {shown}: exit {want} without a word"
        return answer

    def path(self, name):
        return self.folder / name

    def listing(self):
        return {str(p.relative_to(self.folder)) for p in self.folder.rglob("*")}

    def once(self, name, make):
        if name not in self.made:
            make()
            self.made.add(name)
        return name

    def maker(self):
        return self.once("maker", lambda: self.call("maker", "new", "maker"))

    def owner(self):
        return self.once("owner", lambda: self.call("owner", "new", "owner"))

    def product(self, version="1.0"):
        self.maker()
        name = f"product-{version}.cose"
        return self.once(name, lambda: self.call("product", "compile", PRODUCT, "--key", "maker/release.pem", "--version", version,
                                                 "--out", name))

    def image(self, version="1.0"):
        name = f"image-{version}"
        return self.once(name, lambda: self.path(name).write_bytes(hashlib.sha256(version.encode()).digest() * 4000))

    def release(self, version="1.0", sequence=1):
        name = f"release-{version}.suit"
        return self.once(name, lambda: self.call("release", "make", "--product", self.product(version), "--image", self.image(version),
                                                 "--sequence", sequence, "--version", version, "--description", "what changes",
                                                 "--key", "maker/release.pem", "--out", name))

    def device(self):
        return self.once("device", lambda: self.call("device", "make", "device", "--maker", self.maker(), "--product", self.product(),
                                                     "--release", self.release(), "--image", self.image()))

    def key(self, name, *more):
        return self.once(name + ".pem", lambda: self.call("key", "new", "--out", name + ".pem", *more))

    def command(self, *words, want=DONE, out="command.cose"):
        return self.call("command", *words, "--key", self.owner() + "/owner.pem", "--device", self.device(), "--epoch", 1,
                         "--generation", 7, "--out", out, want=want)


# --- keys ------------------------------------------------------------------------------------------------------


def a_new_key_is_private_and_has_a_public_half(b):
    b.key("anna")
    assert stat.S_IMODE(b.path("anna.pem").stat().st_mode) == 0o600
    private, public = b.call("key", "show", "anna.pem", "--json").json, b.call("key", "show", "anna.pub.pem", "--json").json
    assert ID.match(private["id"]) and private["id"] == public["id"]
    assert (private["half"], public["half"], public["type"]) == ("private", "public", "p256")
    assert "PRIVATE" not in b.path("anna.pub.pem").read_text()
    b.key("eda", "--type", "ed25519")
    assert b.call("key", "show", "eda.pub.pem", "--json").json["type"] == "ed25519"


def a_key_is_never_overwritten(b):
    b.key("anna")
    before = b.path("anna.pem").read_bytes()
    answer = b.call("key", "new", "--out", "anna.pem", want=REFUSED)
    assert "anna.p" in answer.err and "there already" in answer.err
    assert b.path("anna.pem").read_bytes() == before
    b.path("bert.pub.pem").write_text("something")
    b.call("key", "new", "--out", "bert.pem", want=REFUSED)
    assert not b.path("bert.pem").exists(), "half a key pair was left"


def bad_key_files_are_told_apart(b):
    b.key("anna")
    b.path("rubbish.pem").write_text("no key\n")
    b.path("empty.pem").write_text("")
    assert "no such file" in b.call("key", "show", "nowhere.pem", want=ENVIRONMENT).err.lower()
    b.call("key", "show", "rubbish.pem", want=REFUSED)
    b.call("key", "show", "empty.pem", want=REFUSED)
    b.call("key", "new", "--type", "rsa", "--out", "rsa.pem", want=USAGE)
    assert not b.path("rsa.pem").exists()


# --- the manufacturer ------------------------------------------------------------------------------------------


def a_maker_has_four_keys_a_certificate_and_signed_roots(b):
    b.maker()
    ids = {b.call("key", "show", f"maker/{name}.pem", "--json").json["id"] for name in ("root", "release", "voucher", "device-ca")}
    assert len(ids) == 4
    for name in ("root", "release", "voucher", "device-ca"):
        assert stat.S_IMODE(b.path(f"maker/{name}.pem").stat().st_mode) == 0o600
    roots = b.call("inspect", "--trust", "maker/root.pub.pem", "maker/roots.cose").json
    assert (roots["kind"], roots["signature"]) == ("roots", "valid")
    assert b.call("key", "show", "maker/ca.pem", "--json").json["id"] == b.call("key", "show", "maker/ca.der", "--json").json["id"]
    b.call("maker", "new", "maker", want=REFUSED)
    b.call("maker", "new", "nowhere/maker", want=ENVIRONMENT)
    assert not [name for name in b.listing() if ".new" in name], "a half-made directory was left"


def a_product_is_checked_and_compiled(b):
    assert "10 settings" in b.call("product", "check", PRODUCT).out
    shown = b.call("product", "show", b.product("1.5"), "--key", "maker/release.pub.pem", "--json").json
    assert shown["signature"] == "valid" and shown["version"] == "1.5" and shown["settings"]["pump.speed_max"]["max"] == 100
    b.call("product", "show", b.product("1.5"), "--key", "maker/root.pub.pem", want=REFUSED)
    b.call("inspect", "--trust", "maker/release.pub.pem", b.product("1.5"))


def product_faults_have_file_line_and_key(b):
    text = PRODUCT.read_text().replace("    default: 80\n", "    default: 180\n", 1).replace("model:", "modell:", 1)
    b.path("bad.yaml").write_text(text)
    answer = b.call("product", "check", "bad.yaml", want=REFUSED)
    lines = answer.err.strip().splitlines()
    assert len(lines) >= 2, "not all faults were told"
    assert all(re.match(r"^bad\.yaml:\d+: ", line) for line in lines), answer.err
    assert any("modell" in line for line in lines)
    b.maker()
    b.call("product", "compile", "bad.yaml", "--key", "maker/release.pem", "--out", "bad.cose", want=REFUSED)
    assert not b.path("bad.cose").exists()
    b.call("product", "check", "nowhere.yaml", want=ENVIRONMENT)
    b.call("product", "show", PRODUCT, want=REFUSED)


def a_release_says_what_it_is(b):
    shown = b.call("release", "show", b.release("1.1", 2), "--key", "maker/release.pub.pem", "--json").json
    assert (shown["signature"], shown["version"], shown["sequence"], shown["coswid"]) == ("valid", "1.1", 2, "present")
    assert shown["image_digest"] == hashlib.sha256(b.path("image-1.1").read_bytes()).hexdigest()
    assert b.call("release", "show", b.release("1.1", 2), "--json").json["signature"] == "unchecked"
    inspected = b.call("inspect", "--trust", "maker/release.pub.pem", b.release("1.1", 2)).json
    assert inspected["kind"] == "suit-envelope" and inspected["manifest"]["sequence_number"] == 2
    assert inspected["severed"]["coswid"] == "present"
    b.call("release", "show", b.release("1.1", 2), "--key", "maker/voucher.pub.pem", want=REFUSED)


def any_byte_of_a_release_matters(b):
    data = b.path(b.release()).read_bytes()
    for at in range(0, len(data), max(1, len(data) // 40)):
        b.path("flipped.suit").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        b.call("release", "show", "flipped.suit", "--key", "maker/release.pub.pem", want=REFUSED)
    b.path("cut.suit").write_bytes(data[:-10])
    b.call("release", "show", "cut.suit", want=REFUSED)


def release_mistakes(b):
    words = ["release", "make", "--product", b.product(), "--image", b.image(), "--version", "1", "--key", "maker/release.pem", "--out",
             "no.suit"]
    b.call(*words, want=USAGE)
    b.call(*words, "--sequence", "two", want=USAGE)
    b.call(*words, "--sequence", "-1", want=USAGE)
    b.call(*words, "--sequence", "2", "--component", "gearbox", want=REFUSED)
    b.path("nothing").write_bytes(b"")
    b.call(*[w if w != b.image() else "nothing" for w in words], "--sequence", "2", want=REFUSED)
    b.call(*[w if w != b.image() else "nowhere" for w in words], "--sequence", "2", want=ENVIRONMENT)
    assert not b.path("no.suit").exists()
    other = b.call("release", "make", "--product", b.product(), "--image", b.image(), "--sequence", 2, "--version", "2", "--key",
                   "maker/voucher.pem", "--out", "other.suit")
    assert "devices will refuse" in other.err


# --- the factory step --------------------------------------------------------------------------------------------


def a_device_leaves_the_factory_complete(b):
    b.device()
    have = b.listing()
    for name in ("identity/identity-key.pem", "identity/identity-id", "identity/idevid.der", "identity/ca.der", "identity/roots.cose",
                 "identity/product.cose", "identity/release.suit", "identity/label.txt", "slots/a", "slots/b", "slots/active", "journal",
                 "keys", "spool", "run", "securabled.conf"):
        assert f"device/{name}" in have, f"{name} is missing"
    assert stat.S_IMODE(b.path("device/identity/identity-key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(b.path("device/keys").stat().st_mode) == 0o700
    assert b.path("device/slots/active").read_text() == "a\n"
    assert b.path("device/slots/a").read_bytes() == b.path("image-1.0").read_bytes()
    name = b.path("device/identity/identity-id").read_text().strip()
    shown = b.call("device", "show", "device", "--json").json
    assert ID.match(name) and shown["device"] == name and shown["certificate"].startswith("valid")
    assert shown["device"] == b.call("key", "show", "device/identity/identity-key.pem", "--json").json["id"]
    assert shown["device"] == b.call("key", "show", "device/identity/idevid.der", "--json").json["id"]
    b.call("device", "key", "device", "--out", "device.pub.pem")
    assert b.call("key", "show", "device.pub.pem", "--json").json["id"] == name


def the_label_tells_an_identity_and_no_secret(b):
    label = b.call("device", "label", b.device()).out
    name = b.path("device/identity/identity-id").read_text().strip()
    assert label == b.path("device/identity/label.txt").read_text()
    assert b.call("device", "show", "device", "--json").json["label"] in label and name in label
    assert "CPC-200" in label and len(label.splitlines()) == 3


def two_devices_are_not_one(b):
    b.device()
    b.call("device", "make", "second", "--maker", "maker", "--product", b.product())
    assert b.path("second/identity/identity-id").read_text() != b.path("device/identity/identity-id").read_text()


def factory_mistakes(b):
    b.device()
    words = ["device", "make", "third", "--maker", "maker", "--product"]
    b.call("device", "make", "device", "--maker", "maker", "--product", b.product(), want=REFUSED)
    b.call(*words, "nowhere.cose", want=ENVIRONMENT)
    b.call(*words, "maker/roots.cose", want=REFUSED)
    b.call(*words, b.product(), "--release", b.release(), want=USAGE)
    b.path("wrong-image").write_bytes(b"wrong")
    b.call(*words, b.product(), "--release", b.release(), "--image", "wrong-image", want=REFUSED)
    b.call(*words, b.product("1.1"), "--release", b.release(), "--image", b.image(), want=REFUSED)
    b.call("maker", "new", "stranger")
    b.call("device", "make", "third", "--maker", "stranger", "--product", b.product(), want=REFUSED)
    b.call("device", "make", "third", "--maker", "nowhere", "--product", b.product(), want=ENVIRONMENT)
    b.path("mute").mkdir()
    for name in ("roots.cose", "ca.der"):
        b.path("mute/" + name).write_bytes(b.path("maker/" + name).read_bytes())
    b.call("device", "make", "third", "--maker", "mute", "--product", b.product(), want=ENVIRONMENT)
    assert not [name for name in b.listing() if name.startswith("third")], "a half-made device was left"
    b.call("device", "show", "third", want=ENVIRONMENT)


# --- owners ------------------------------------------------------------------------------------------------------


def a_voucher_names_device_epoch_and_owner(b):
    b.owner()
    b.call("voucher", "make", "--device", b.device(), "--epoch", 1, "--owner", "owner/owner.pub.pem", "--recovery",
           "owner/recovery.pub.pem", "--key", "maker/voucher.pem", "--out", "claim.cose")
    seen = b.call("inspect", "--trust", "maker/voucher.pub.pem", "claim.cose").json
    name = b.path("device/identity/identity-id").read_text().strip()
    assert (seen["kind"], seen["signature"]) == ("voucher", "valid")
    assert seen["body"]["1"] == f"h'{name}'" and seen["body"]["2"] == 1 and seen["body"]["4"] == 1
    b.call("voucher", "make", "--device", name, "--epoch", 2, "--owner", "owner/owner.pub.pem", "--key", "maker/voucher.pem", "--out",
           "second.cose")
    assert b.call("inspect", "second.cose").json["body"]["2"] == 2


def voucher_mistakes(b):
    b.owner()
    end = ["--key", "maker/voucher.pem", "--out", "no.cose"]
    owner = ["--owner", "owner/owner.pub.pem"]
    b.call("voucher", "make", "--device", b.device(), "--epoch", 0, *owner, *end, want=USAGE)
    b.call("voucher", "make", "--device", b.device(), "--epoch", 1, *end, want=USAGE)
    b.call("voucher", "make", "--device", "1234", "--epoch", 1, *owner, *end, want=USAGE)
    b.call("voucher", "make", "--device", b.device(), "--epoch", 1, *owner, *owner, *end, want=REFUSED)
    b.call("voucher", "make", "--device", b.device(), "--epoch", 1, *owner, "--required", 2, *end, want=USAGE)
    b.call("voucher", "make", "--device", b.device(), "--epoch", 1, "--owner", "owner/owner.pem", *end, want=REFUSED)
    b.call("voucher", "make", "--device", b.device(), "--epoch", 1, *owner, "--key", "maker/voucher.pub.pem", "--out", "no.cose",
           want=REFUSED)
    assert not b.path("no.cose").exists()


def a_roster_says_who_may_do_what(b):
    b.key("anna")
    b.call("roster", "make", "--subject", "name=anna role=operator key=anna.pub.pem ends=2030-01-01T00:00:00Z", "--application",
           "name=pump uid=1000 rights=event,secret,settings-read", "--out", "roster.cbor")
    anna, pump = b.call("roster", "show", "roster.cbor", "--json").json["subjects"]
    assert (anna["name"], anna["role"], anna["ends"]) == ("anna", "operator", "2030-01-01T00:00:00Z")
    assert anna["key"] == b.call("key", "show", "anna.pem", "--json").json["id"]
    assert (pump["uid"], pump["rights"]) == (1000, ["event", "settings-read", "secret"])
    b.call("roster", "make", "--subject", "name=anna role=auditor key=anna.pub.pem scope=group=hall", "--out", "hall.cbor")
    assert b.call("roster", "show", "hall.cbor", "--json").json["subjects"][0]["scope"] == {"5": "hall"}
    b.call("roster", "make", "--out", "nobody.cbor")
    assert b.call("roster", "show", "nobody.cbor", "--json").json["subjects"] == []


def roster_mistakes(b):
    b.key("anna")
    for words, want in [("name=a role=king key=anna.pub.pem", USAGE), ("name=a role=owner key=anna.pub.pem", USAGE),
                        ("name=a role=operator", USAGE), ("role=operator key=anna.pub.pem", USAGE),
                        ("name=a role=operator key=nowhere.pem", ENVIRONMENT), ("name=a role=operator key=anna.pem", REFUSED),
                        ("name=a role=operator key=anna.pub.pem uid=3", USAGE), ("name=a role", USAGE),
                        ("name=a role=operator key=anna.pub.pem ends=tomorrow", USAGE)]:
        b.call("roster", "make", "--subject", words, "--out", "no.cbor", want=want)
    for words in ("name=p uid=65534", "name=p uid=many", "name=p uid=4294967295", "name=p", "name=p uid=5 rights=everything"):
        b.call("roster", "make", "--application", words, "--out", "no.cbor", want=USAGE)
    twice = "name=a role=operator key=anna.pub.pem"
    b.call("roster", "make", "--subject", twice, "--subject", twice, "--out", "no.cbor", want=REFUSED)
    assert not b.path("no.cbor").exists()


# --- commands ----------------------------------------------------------------------------------------------------


def a_command_says_what_it_will_do(b):
    told = b.command("configuration.set", "pump.speed_max=70", "display.language=de", "pump.dry_run_stop=false", "--product", b.product(),
                     "--confirm-within", 300, "--expiry", "2030-01-01T00:00:00Z").out
    for part in ("configuration.set", "pump.speed_max", "70", "300", "2030-01-01", "generation: 7", "epoch: 1"):
        assert part in told, told
    seen = b.call("inspect", "--trust", "owner/owner.pub.pem", "command.cose").json
    assert seen["kind"] == "command" and seen["signature"] == "valid"
    body = seen["body"]
    assert (body["3"], body["4"], body["5"], body["12"]) == (1, 7, 2, 300)
    assert body["6"] == {"pump.speed_max": 70, "display.language": "de", "pump.dry_run_stop": False}


def reserved_settings_have_types_too(b):
    b.command("configuration.set", "securable.interface.web.enabled=true", "securable.update.mode=automatic",
              "securable.access.lockout.limit=3", "--product", b.product())
    b.command("configuration.set", "securable.interface.nowhere.enabled=true", "--product", b.product(), want=REFUSED)


def wrong_values_are_told_before_signing(b):
    b.device()
    for word, clue in [("pump.speed_max=170", "out-of-range"), ("pump.speed_max=fast", "bad-value"), ("pump.speed_max=7.5", "bad-value"),
                       ("pump.speed_max=", "bad-value"), ("pump.speed_max=99999999999999999999", "bad-value"),
                       ("pump.dry_run_stop=yes", "bad-value"), ("display.language=klingon", "out-of-range"),
                       ("display.message=" + "x" * 41, "out-of-range"), ("pump.sped=1", "unknown-setting")]:
        answer = b.command("configuration.set", word, "--product", b.product(), want=REFUSED, out="no.cose")
        assert clue in answer.err and answer.err.startswith(word.split("=")[0] + ": "), answer.err
    b.command("configuration.set", "pump.speed_max", "--product", b.product(), want=USAGE, out="no.cose")
    b.command("configuration.set", "pump.speed_max=1", "pump.speed_max=2", "--product", b.product(), want=REFUSED, out="no.cose")
    b.command("configuration.set", "pump.speed_max=50", "pump.speed_max=60", "--product", b.product(), want=USAGE, out="no.cose")
    b.command("configuration.set", "pump.speed_max=70", want=USAGE, out="no.cose")
    assert not b.path("no.cose").exists()


def each_action_can_be_commanded(b):
    b.key("anna")
    b.call("roster", "make", "--subject", "name=anna role=operator key=anna.pub.pem", "--out", "people.cbor")
    b.command("configuration.set", "pump.speed_max=70", "--product", b.product(), out="set.cose")
    for number, words in [(1, ["access.roster", "people.cbor"]), (3, ["configuration.reset"]), (4, ["configuration.confirm", "set.cose"]),
                          (5, ["configuration.revert", "set.cose"]), (6, ["update.install", b.release("1.1", 2)]), (7, ["update.confirm"]),
                          (8, ["update.revert"]), (9, ["protection.rotate"]), (10, ["protection.wipe"]),
                          (15, ["access.admit-key", "anna.pub.pem", "own releases"])]:
        told = b.command(*words, "--json").json
        assert told["action"] == words[0] and told["will"]
        body = b.call("inspect", "--trust", "owner/owner.pub.pem", "command.cose").json["body"]
        assert body["5"] == number
    told = b.command("configuration.confirm", "set.cose", "--json").json
    body = b.call("inspect", "command.cose").json["body"]
    assert body["6"]["1"] == f"h'{told['will']['confirm']['digest']}'"
    told = b.command("update.install", b.release("1.1", 2), "--trust", "maker/release.pub.pem", "--json").json
    assert told["will"]["install"]["manufacturers_signature"] == "valid"


def command_mistakes(b):
    b.device()
    b.owner()
    key = ["--key", "owner/owner.pem", "--out", "no.cose"]
    place = ["--device", "device", "--epoch", "1", "--generation", "1"]
    b.command("coffee.make", want=USAGE, out="no.cose")
    b.command("lifecycle.transfer", want=USAGE, out="no.cose")
    b.command("eventlog.retain", want=REFUSED, out="no.cose")
    b.command("update.confirm", "now", want=USAGE, out="no.cose")
    b.command("access.roster", want=USAGE, out="no.cose")
    b.command("access.roster", "nowhere.cbor", want=ENVIRONMENT, out="no.cose")
    b.command("access.roster", b.product(), want=REFUSED, out="no.cose")
    b.command("update.install", "maker/roots.cose", want=REFUSED, out="no.cose")
    b.command("protection.rotate", "--confirm-within", 60, want=USAGE, out="no.cose")
    b.command("configuration.confirm", "maker/roots.cose", want=REFUSED, out="no.cose")
    b.command("protection.rotate", "--base", want=USAGE, out="no.cose")
    b.command("protection.rotate", "--expiry", "soon", want=USAGE, out="no.cose")
    b.command("protection.rotate", "--report", "maker/roots.cose", want=REFUSED, out="no.cose")
    b.call("command", "protection.rotate", *key, want=USAGE)
    b.call("command", "protection.rotate", "--device", "device", *key, want=USAGE)
    b.call("command", "protection.rotate", *place, "--match", "group=hall", *key, want=USAGE)
    b.call("command", "protection.rotate", *place, "--key", "owner/owner.pub.pem", "--out", "no.cose", want=REFUSED)
    b.call("command", "protection.rotate", *place, "--key", "nowhere.pem", "--out", "no.cose", want=ENVIRONMENT)
    b.call("command", "protection.rotate", *place, "--key", "owner/owner.pem", "--out", "nowhere/no.cose", want=ENVIRONMENT)
    for tests in ("colour=red", "group=", "group", "", "group=a,group=b"):
        b.call("command", "protection.rotate", "--epoch", 1, "--generation", 1, "--match", tests, *key, want=USAGE)
    assert not b.path("no.cose").exists()


def a_revocation_names_the_newest_roster_that_was_handed_in(b):
    b.key("eve")
    b.call("roster", "make", "--subject", "name=eve role=operator key=eve.pub.pem", "--out", "with-eve.cbor")
    b.command("access.roster", "with-eve.cbor", out="held-back.cose")
    outbox = b.path("outbox")
    before = os.environ.get("SECURABLE_OUTBOX")
    os.environ["SECURABLE_OUTBOX"] = str(outbox)
    try:
        # Without it a roster that somebody holds back would bring the key back.
        b.command("beacon.renew", "configuration=3", "revoke=eve.pub.pem", want=USAGE, out="no.cose")
        (outbox / (64 * "a" + ".cose")).write_bytes(b.path("held-back.cose").read_bytes())
        (outbox / (64 * "a" + ".json")).write_text('{"format": 1, "handed_in": "2027-01-01T00:00:00Z", "devices": []}')
        told = b.command("beacon.renew", "configuration=3", "revoke=eve.pub.pem", "--json", out="revoke.cose").json
        assert told["will"]["newest_generations"] == {"access": 7, "configuration": 3}, told
        told = b.command("beacon.renew", "access=9", "revoke=eve.pub.pem", "--json", out="revoke.cose").json
        assert told["will"]["newest_generations"]["access"] == 9, told
        told = b.command("beacon.renew", "configuration=3", "--json", out="renew.cose").json
        assert told["will"]["newest_generations"] == {"configuration": 3}, told
    finally:
        os.environ.pop("SECURABLE_OUTBOX")
        if before is not None:
            os.environ["SECURABLE_OUTBOX"] = before
    assert not b.path("no.cose").exists()


def a_command_can_go_to_those_that_match(b):
    b.owner()
    b.call("command", "protection.rotate", "--match", "group=hall 3,model=CPC-200", "--epoch", 1, "--generation", 4, "--key",
           "owner/owner.pem", "--out", "many.cose")
    assert b.call("inspect", "many.cose").json["body"]["1"] == {"2": "CPC-200", "5": "hall 3"}


# --- without a device that runs ------------------------------------------------------------------------------------


def a_device_that_does_not_run_is_the_environments_fault(b):
    b.device()
    b.command("protection.rotate", out="rotate.cose")
    for words in (["send", "device", "rotate.cose"], ["report", "device", "--out", "no.cose"], ["status", "device"],
                  ["app", "event", "device", "a=1"], ["app", "secret", "get", "device", "x"], ["app", "settings", "device"],
                  ["status", "nowhere"], ["log", "show", "nowhere"], ["log", "head", "nowhere", "--out", "no.cose"]):
        b.call(*words, want=ENVIRONMENT)
    b.call("send", "device", "nowhere.cose", want=ENVIRONMENT)
    b.path("void.cose").write_bytes(b"")
    b.call("send", "device", "void.cose", want=REFUSED)
    b.path("huge.cose").write_bytes(b"x" * 70000)
    b.call("send", "device", "huge.cose", want=REFUSED)
    b.call("report", "device", "--nonce", "12", want=USAGE)
    assert not b.path("no.cose").exists()


def no_secret_is_taken_from_an_argument(b):
    b.device()
    b.call("app", "secret", "put", "device", "name", "value", want=USAGE)


def no_memory_is_left_in_a_core_file(b):
    """While it waits for a secret: no core file, and nothing for another process of the same user to read."""
    if b"__asan_init" in PROGRAM.read_bytes():
        return  # such a build looks for leaks, which needs what is taken away here
    # The folder of the build may be nobody's but root's: a copy that everybody reaches.
    shared = pathlib.Path(tempfile.mkdtemp(prefix="securable-"))
    shared.chmod(0o755)
    copy = pathlib.Path(shutil.copy(PROGRAM, shared / "securable"))
    words = [str(copy), "app", "secret", "put", "device", "name"]
    plain = {"user": 65534} if os.geteuid() == 0 else {}  # what belongs to root's processes is root's anyway
    with subprocess.Popen(words, cwd="/", stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, **plain) as waiting:
        process = pathlib.Path("/proc") / str(waiting.pid)
        until = time.monotonic() + 10
        private = False
        while not private and time.monotonic() < until:
            time.sleep(0.02)
            private = (process / "environ").stat().st_uid == 0 and "securable" in (process / "comm").read_text()
        limits = (process / "limits").read_text()
        waiting.kill()
    shutil.rmtree(shared)
    assert private, "whoever is of the same user can read its memory"
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), limits


def a_text_cannot_steer_the_readers_terminal(b):
    """Controls and marks of direction are shown as question marks, and escaped in JSON, whoever wrote them."""
    b.owner()
    told = b.call("command", "access.admit-key", "owner/owner.pub.pem", "re\u202egnol\u2066 \u009b31m\u061c\u2028", "--key", "owner/owner.pem",
                  "--device", 64 * "0", "--epoch", 1, "--generation", 2, "--out", "steer.cose").out
    assert "re?gnol? ?31m??" in told, told
    purpose = "re\u202egnol\u2066 \u009b31m\u061c\u2028\x7f"
    words = ["command", "access.admit-key", "owner/owner.pub.pem", purpose, "--key", "owner/owner.pem", "--device", 64 * "0", "--epoch", 1,
             "--generation", 2, "--out", "steer.cose"]
    for answer in (b.call(*words, "--json"), b.call("inspect", "steer.cose")):
        assert not set(purpose) & set(answer.out) & set("\u202e\u2066\u009b\u061c\u2028\x7f"), answer.out
        assert "\\u202e" in answer.out and "\u202e" in json.dumps(answer.json, ensure_ascii=False), answer.out


def a_log_needs_a_journal_and_a_key(b):
    b.device()
    b.call("log", "verify", "nowhere", want=ENVIRONMENT)
    b.path("bare").mkdir(exist_ok=True)
    assert "--key" in b.call("log", "verify", "bare", want=ENVIRONMENT).err
    b.call("log", "verify", "device", "--head", "maker/roots.cose", want=REFUSED)
    b.call("log", "verify", "device", "--receipt", "maker/roots.cose", want=REFUSED)
    b.call("log", "verify", "device", "--head", "nowhere.cose", want=ENVIRONMENT)
    b.call("receipt", "check", "maker/roots.cose", "--key", "device/identity/idevid.der", want=REFUSED)
    b.call("receipt", "check", "maker/roots.cose", want=USAGE)


def cut_and_flipped_statements_are_refused_whole(b):
    data = b.path(b.product()).read_bytes()
    for length in (0, 1, 10, len(data) // 2, len(data) - 1):
        b.path("cut.cose").write_bytes(data[:length])
        b.call("product", "show", "cut.cose", "--key", "maker/release.pub.pem", want=REFUSED)
    for at in range(0, len(data), len(data) // 30):
        b.path("cut.cose").write_bytes(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1:])
        b.call("product", "show", "cut.cose", "--key", "maker/release.pub.pem", want=REFUSED)


# --- the program itself ----------------------------------------------------------------------------------------------


def every_subcommand_has_help(b):
    whole = b.call("--help").out
    rows = re.findall(r"^  ([a-z]+(?: [a-z]+)*)  +\S", whole, re.M)
    assert len(rows) >= 30, rows
    for row in rows:
        told = b.call(*row.split(), "--help").out
        assert told.startswith("usage: securable " + row), told
    b.call(want=USAGE)
    b.call("coffee", want=USAGE)
    b.call("key", want=USAGE)
    b.call("key", "paint", want=USAGE)


def option_mistakes(b):
    b.call("key", "new", want=USAGE)
    b.call("key", "new", "--out", want=USAGE)
    b.call("key", "new", "--out", "a.pem", "--out", "b.pem", want=USAGE)
    b.call("key", "new", "--out", "a.pem", "--paint", "red", want=USAGE)
    b.call("key", "show", "a", "b", want=USAGE)
    b.call("key", "show", "--json=yes", "a", want=USAGE)
    assert not b.path("a.pem").exists() and not b.path("b.pem").exists()


def the_manual_is_made_from_the_table(b):
    made = b.call("help", "manual").out
    assert made == (ROOT / "docs" / "man" / "securable.1").read_text(), "docs/man/securable.1 is old: securable help manual >docs/man/securable.1"


SHOWS = {
    a_device_leaves_the_factory_complete: ["F1.1"],
    the_label_tells_an_identity_and_no_secret: ["F1.2"],
}
TESTS = [test for test in list(globals().values()) if callable(test) and getattr(test, "__module__", "") == "__main__"
         and not isinstance(test, type)]


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="securable-cli-") as folder:
        bench = Bench(folder)
        for test in TESTS:
            try:
                test(bench)
            except Exception:  # a test ends by whatever it meets; the others go on
                failed += 1
                traceback.print_exc(file=sys.stdout)
                print(f"FAILED {test.__name__}")
                continue
            passed += 1
            print(f"ok {test.__name__}")
            for element in SHOWS.get(test, []):
                print(f"shows {element} {test.__name__}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
