#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody has the whole hub: its database, its CA, its TLS keys. They deliver what they like, and withhold what they like.

The thief's statements go into the hub's own database and come to the device by the hub's own programs. Nothing is accepted; what is withheld shows:
to the operator in the outbox and in the report's nonce, to the device by the lease that ends.
"""
import hashlib
import os
import pathlib
import shutil
import sqlite3
import sys
import time

from scenario import Place, Skip, contains, must, play, until
from example_site import LIBEXEC  # the folder of tools is on the path now

CODES = {0x0301: "unsigned", 0x0302: "unknown-key", 0x0303: "wrong-kind", 0x0304: "wrong-audience", 0x0305: "wrong-epoch", 0x0306: "generation-used",
         0x0308: "role-insufficient", 0x0310: "already-decided", 0x0312: "already-owned", 0x031f: "locked-out", 0x0401: "bad-signature"}


def made_with_hub(folder):
    site = Place(folder)
    site.make()
    site.make_hub(interval_s=2)
    site.start()
    site.settle()
    site.by_owner("configuration.set", "securable.access.lockout.enabled=false")
    return site


# --- the thief's tools -----------------------------------------------------------------------------------------


def head(major, number):
    """A CBOR head."""
    for limit, extra in ((24, 0), (1 << 8, 1), (1 << 16, 2), (1 << 32, 4)):
        if number < limit:
            return bytes([major << 5 | (number if extra == 0 else {1: 24, 2: 25, 4: 26}[extra])]) + (number.to_bytes(extra, "big") if extra else b"")
    raise ValueError(number)


def bstr(data):
    return head(2, len(data)) + data


def read_bstr(data, at):
    info = data[at] & 31
    size = {24: 1, 25: 2}.get(info, 0)
    length = int.from_bytes(data[at + 1:at + 1 + size], "big") if size else info
    begin = at + 1 + size
    return data[begin:begin + length], begin + length


def parts(statement):
    """(protected, payload, signature) of a COSE_Sign1 with tag 18 and an empty unprotected header."""
    must(statement[0] == 0xd2 and statement[1] == 0x84, "not a COSE_Sign1")
    protected, at = read_bstr(statement, 2)
    payload, at = read_bstr(statement, at + 1)
    signature, _ = read_bstr(statement, at)
    return protected, payload, signature


def joined(protected, payload, signature):
    return b"\xd2\x84" + bstr(protected) + b"\xa0" + bstr(payload) + bstr(signature)


def digest(statement):
    protected, payload, _ = parts(statement)
    return hashlib.sha256(b"\x84" + b"\x6aSignature1" + bstr(protected) + b"\x40" + bstr(payload)).digest()


def store(site):
    return sqlite3.connect(site.hub.folder / "hub.db", timeout=20)


def deliver(site, statements):
    """Puts the thief's statements, as waiting, into the database of the stopped hub."""
    device = bytes.fromhex(site.device_id())
    with store(site) as db:
        for statement in statements:
            db.execute("DELETE FROM delivery WHERE statement IN (SELECT number FROM statement WHERE digest = ?)", (digest(statement),))
            db.execute("DELETE FROM statement WHERE digest = ?", (digest(statement),))
            number = db.execute("INSERT INTO statement(digest, kind, bytes, beside, signer, topic, generation, action, about, payload, payload_bytes,"
                                " received_s, by) VALUES (?, 1, ?, x'', zeroblob(32), 0, 0, 0, zeroblob(32), NULL, 0, 0, 'thief')",
                                (digest(statement), statement)).lastrowid
            db.execute("INSERT INTO delivery VALUES (?, ?, 1, 0, x'', 0, 0)", (device, number))


def answers(site, statements):
    """What the device said to each; None: not yet."""
    with store(site) as db:
        rows = [db.execute("SELECT state, code FROM delivery JOIN statement ON delivery.statement = statement.number WHERE digest = ?",
                           (digest(statement),)).fetchone() for statement in statements]
    return [row[1] if row and row[0] != 1 else None for row in rows]


def state_of(site):
    _, facts = site.report()
    return {key: facts[key] for key in ("settings", "roster", "owned", "epoch", "release", "interfaces", "generations")}


# --- cases ---------------------------------------------------------------------------------------------------------


def flipped(data, at, bit):
    changed = bytearray(data)
    changed[at] ^= bit
    return bytes(changed)


def hostile_statements(site):
    """(what it is, bytes) of all that a thief can make of keys and papers found at the hub."""
    keys = site.hub.folder / "keys"
    report, _ = site.report()
    made = []
    actions = [["configuration.set", "pump.speed_max=99"], ["configuration.reset"], ["update.confirm"], ["update.revert"], ["protection.rotate"],
               ["protection.wipe"], ["access.roster", site.roster(operator=False)], ["lifecycle.site", "https://thief.example:443", site.hub.ca],
               ["lifecycle.transfer", site.path("thief", "owner.pub.pem")], ["beacon.renew"],
               ["access.admit-key", site.path("thief", "owner.pub.pem"), "mine"]]
    site.run("owner", "new", site.path("thief"))
    for key in ("ca-key", "tls-key", "journal-key"):
        for words in actions:
            command, _ = site.sign(keys / f"{key}.pem", report, *words)
            made.append((f"{words[0]} by {key}", command.read_bytes()))
    approval = site.path("statements", "thief.approval")
    site.run("approve", command, "--key", keys / "ca-key.pem", "--out", approval)
    made.append(("an approval by ca-key", approval.read_bytes()))
    good, _ = site.sign(site.operator_key(), report, "configuration.set", "pump.speed_max=98")
    protected, payload, signature = parts(good.read_bytes())
    made += [(f"bit {bit} of byte {at} of an operator's command changed", joined(protected, flipped(payload, at, bit), signature))
             for at in range(0, len(payload), 5) for bit in (1, 128)]
    made.append(("an operator's command without signature", joined(protected, payload, bytes(64))))
    for typ in (b"securable-login+cose", b"securable-report+cose", b"securable-head+cose", b"securable-approval+cose", b"securable-transport+cose"):
        renamed = protected.replace(head(3, len(b"securable-command+cose")) + b"securable-command+cose", head(3, len(typ)) + typ)
        made.append((f"an operator's command as {typ.decode()}", joined(renamed, payload, signature)))
    made += [(f"the device's own {name} as a statement for it", path.read_bytes()) for name, path in (("report", report),)]
    return made


def replays(site):
    """Genuine papers that the hub holds, at the wrong time or place."""
    with store(site) as db:
        old = [row[0] for row in db.execute("SELECT bytes FROM statement WHERE by != 'thief' ORDER BY number")]
    second = site.sibling("device-2")
    second.start()
    second.claim_with_people()
    report, _ = second.report()
    command, _ = second.sign(site.operator_key(), report, "configuration.set", "pump.speed_max=97")
    second.stop()
    return [("a command for another device", command.read_bytes())], [(f"replay {n}", data) for n, data in enumerate(old) if data[0] == 0xd2]


def nothing_is_accepted(site):
    hostile = hostile_statements(site)
    other, again = replays(site)
    hostile += other
    before = state_of(site)
    refused = {}
    for rows, replay in ((hostile, False), (again, True)):
        for begin in range(0, len(rows), 40):
            batch = rows[begin:begin + 40]
            statements = [data for _, data in batch]
            site.hub.stop()
            deliver(site, statements)
            site.start_hub()
            until(lambda: None not in answers(site, statements), 90,
                  f"the device did not answer: {[what for (what, _), code in zip(batch, answers(site, statements)) if code is None]}")
            for (what, _), code in zip(batch, answers(site, statements)):
                word = CODES.get(code, f"code {code:#06x}")
                # What was decided long ago keeps its receipt, and with it its code; nothing is decided anew, as the state below shows.
                must(code in (0, 0x0310, 0x0306, 0x0312) if replay else code != 0, f"{what}: {word}")
                word = "decided before" if replay and code in (0, 0x0310) else word
                refused[word] = refused.get(word, 0) + 1
    must(state_of(site) == before, f"the device changed:\n{before}\n{state_of(site)}")
    contains(site.run("log", "verify", site.device), "intact")
    print(f"live cells: {sum(refused.values())} of a stolen hub, accepted 0: {refused}")


def an_owner_still_rules(site):
    _, text = site.by_owner("configuration.set", "pump.speed_max=61")
    contains(text, "word: ok")
    must(site.settings()["pump.speed_max"] == 61, "the owner's command did not take effect")


def withhold(site, on):
    """The thief's hand on the database: whatever is handed in for the device is taken away at once."""
    site.hub.stop()
    with store(site) as db:
        db.execute("DROP TRIGGER IF EXISTS withhold")
        if on:
            db.execute("CREATE TRIGGER withhold AFTER INSERT ON delivery BEGIN DELETE FROM delivery WHERE rowid = new.rowid; END")
    site.start_hub()


def the_outbox_shows_it(site):
    report, _ = site.report()
    withhold(site, True)
    command, _ = site.sign(site.operator_key(), report, "configuration.set", "display.message=withheld")
    text = site.hand_in(command, want=3, wait=4)
    contains(text, "withheld")
    contains(site.run("outbox", "list", "--outbox", site.outbox, want=1), "without_receipt: 1")
    must(site.settings()["display.message"] != "withheld", "it was not withheld")
    withhold(site, False)
    until(lambda: "without_receipt: 0" in site.call("outbox", "check", *site.hub.local(), "--outbox", site.outbox)[1], 60,
          "the outbox did not get its receipt from the honest hub")
    must(site.settings()["display.message"] == "withheld", "handed in again, it did not arrive")


def the_nonce_shows_it(site):
    """An old report in place of a fresh one, and none at all."""
    site.report_by_hub()
    site.hub.stop()
    with store(site) as db:
        db.execute("DROP TRIGGER IF EXISTS old_report")
        db.execute("CREATE TRIGGER old_report AFTER INSERT ON ask BEGIN UPDATE ask SET answered_s = 1, report = (SELECT report FROM ask WHERE length(report) > 0"
                   " LIMIT 1) WHERE device = new.device AND nonce = new.nonce; END")
    site.start_hub()
    text = site.run("report", site.device_id(), *site.hub.local(), "--wait", 4, "--ca", site.path("maker", "ca.pem"), want=1)
    contains(text, "nonce")
    site.hub.stop()
    with store(site) as db:
        db.execute("DROP TRIGGER old_report")
        db.execute("CREATE TRIGGER no_report AFTER INSERT ON ask BEGIN DELETE FROM ask WHERE device = new.device AND nonce = new.nonce; END")
    site.start_hub()
    code, text = site.call("report", site.device_id(), *site.hub.local(), "--wait", "4")
    must(code != 0 and text.strip(), f"a withheld report went unnoticed: exit {code}\n{text}")
    site.hub.stop()
    with store(site) as db:
        db.execute("DROP TRIGGER no_report")
    site.start_hub()


def the_lease_ends(site):
    """No beacon gets through: after a day of uptime the operator commands nothing any more, the owner and the machine go on."""
    library = os.environ.get("SECURABLE_CLOCK_HURRIED")
    if not library or not pathlib.Path(library).exists():
        raise Skip("SECURABLE_CLOCK_HURRIED does not name the preloaded clock")
    roster = site.roster(rules=["--lease-days", "1"])
    site.by_owner("access.roster", roster)
    site.stop()
    wrapped = site.path("libexec")
    wrapped.mkdir()
    for program in LIBEXEC.iterdir():
        shutil.copy(program, wrapped / (program.name + ".real" if program.name == "securable-keeper" else program.name))
    script = wrapped / "securable-keeper"
    script.write_text(f"#!/bin/sh\nexec env LD_PRELOAD={library} {script}.real\n")
    script.chmod(0o755)
    with open(site.device / "securabled.conf", "a", encoding="utf-8") as file:
        file.write(f"libexec {wrapped}\n")
    site.start()
    deadline = time.monotonic() + 40
    while True:
        command, _ = site.command(site.operator_key(), "configuration.set", f"pump.speed_max={50 + int(time.monotonic()) % 30}")
        code, text = site.call("send", site.device, command)
        if "lease-ended" in text:
            break
        must(time.monotonic() < deadline, f"the lease did not end: exit {code}\n{text}")
        time.sleep(1)
    code, _ = site.call("app", "settings", site.device)
    must(code == 0, "the application lost its right with the operator's lease")
    command, _ = site.command(site.owner_key(), "beacon.renew")
    site.send(command)
    command, _ = site.command(site.operator_key(), "configuration.set", "pump.speed_max=62")
    _, text = site.send(command)
    contains(text, "verdict: ok")


CASES = [
    ("a stolen hub delivers hostile statements and none is accepted", nothing_is_accepted, []),
    ("the owner still rules by that hub", an_owner_still_rules, []),
    ("withholding shows in the outbox", the_outbox_shows_it, []),
    ("withholding shows by the nonce", the_nonce_shows_it, []),
    ("withholding shows to the device when a lease ends", the_lease_ends, []),
]

if __name__ == "__main__":
    sys.exit(play(CASES, made_with_hub))
