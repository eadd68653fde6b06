# SPDX-License-Identifier: Apache-2.0
"""The tour: everything a device does, once, each step with its evidence. A step that does not do what it should ends the tour."""
import json
import shutil
import sqlite3
import time

from example_site import Failed


def must(condition, what):
    if not condition:
        raise Failed(what)


def evidence(text, *words):
    """Shows the lines of an answer that matter, and insists on `words` being there."""
    for word in words:
        must(word in text, f"expected {word!r} in:\n{text}")
    for line in text.strip().splitlines()[:22]:
        print("    " + line)


def settings(site):
    return json.loads((site.device / "run" / "settings.json").read_text())["settings"]


def until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        must(time.monotonic() < end, what)
        time.sleep(0.1)


# --- the steps -----------------------------------------------------------------------------------------------


def make(site):
    site.make()
    evidence(site.run("device", "show", site.device))
    evidence(site.run("product", "show", site.path("releases", "product-1.0.0.cose")), "CPC-200")
    site.make_hub()
    evidence(site.run("hub", "show", *site.hub.local()), site.hub.facts["ca_digest"])
    site.start()
    evidence(site.run("status", site.device))


def refuse_before_claim(site):
    release = site.path("releases", "release-1.0.0.suit")
    _, text = site.send(release, "--payload", site.path("images", "firmware-1.0.0.squashfs"), want=1)
    evidence(text, "no-owner")


def contact(site):
    return json.loads(site.run("hub", "device", site.device_id(), *site.hub.local(), "--json", binary=True))


def enrol(site):
    text = site.hand_in(site.make_voucher())
    evidence(text, "word: ok")
    receipt = site.receipt_of(text)
    facts = contact(site)
    must(facts["contact"] == "now" and facts["certificate"], f"the hub says {facts}")
    print("    the device came by EST with its own transport key, took the voucher and sent its receipt")
    evidence(site.run("receipt", "check", receipt, "--report", site.report()[0]))
    _, again = site.send(site.path("statements", "voucher-1.cose"))
    evidence(again, "already-decided")


def settle(site):
    owner = site.owner_key()
    report, _ = site.report_by_hub(owner)
    command, shown = site.sign(owner, report, "lifecycle.site", site.hub.device_url, site.hub.ca)
    evidence(shown, site.hub.facts["ca_digest"])
    evidence(site.hand_in(command, key=owner), "word: ok")
    roster = site.roster(rules=["--threshold", "update.install=2", "--lease-days", "30"])
    report, _ = site.report_by_hub(owner)
    command, shown = site.sign(owner, report, "access.roster", roster)
    evidence(shown, "update.install")
    evidence(site.hand_in(command, key=owner), "word: ok")
    site.run("hub", "devices", *site.hub.by_key(site.operator_key()))
    print("    the operator, known to the hub by the roster's receipt, signs in")


def report_with_nonce(site):
    nonce = "00112233445566778899aabbccddeeff"
    text = site.run("report", site.device_id(), *site.hub.by_key(site.operator_key()), "--nonce", nonce, "--ca", site.path("maker", "ca.pem"),
                    "--out", site.path("statements", "report-nonce.cose"))
    evidence(text, nonce)


def configure(site):
    operator = site.operator_key()
    report, _ = site.report_by_hub(operator)
    command, shown = site.sign(operator, report, "configuration.set", "pump.speed_max=70", "display.message=machine 7")
    evidence(shown, "80", "70")
    text = site.hand_in(command, key=operator)
    evidence(text, "word: ok")
    must(settings(site)["pump.speed_max"] == 70, "the settings file does not have the new value")
    must("speed_max 70" in (site.device / "data" / "limits").read_text(), "the apply hook did not run")
    site.good_receipt = site.receipt_of(text)


def configure_badly(site):
    report, _ = site.report()
    out = site.path("statements", "bad.cose")
    text = site.run("command", "configuration.set", "pump.speed_max=700", "--key", site.operator_key(), "--report", report, "--ca",
                    site.path("maker", "ca.pem"), "--out", out, want=1)
    evidence(text, "pump.speed_max")
    command, _ = site.command(site.operator_key(), "configuration.set", "pump.pressure_max=6000", "pump.speed_max=100")
    _, text = site.send(command, want=1)
    evidence(text, "effect-failed")
    must(settings(site)["pump.speed_max"] == 70, "a failing hook did not take the change back")
    auditor_like = site.path("people", "stranger.pem")
    site.run("key", "new", "--out", auditor_like)
    command, _ = site.command(auditor_like, "configuration.set", "pump.speed_max=50")
    _, text = site.send(command, want=1)
    evidence(text, "unknown-key")


def two_at_once(site):
    """Two people sign for the same generation; the second is shown what became of it and signs again."""
    report, _ = site.report_by_hub(site.operator_key())
    first, _ = site.sign(site.path("people", "engineer.pem"), report, "configuration.set", "display.message=by the engineer")
    second, _ = site.sign(site.operator_key(), report, "configuration.set", "pump.speed_max=71")
    evidence(site.hand_in(first, key=site.path("people", "engineer.pem")), "word: ok")
    evidence(site.hand_in(second, "--again", site.operator_key(), "--yes", "--ca", site.path("maker", "ca.pem"), key=site.operator_key()),
             "was taken by somebody else's command", "word: ok")
    now = settings(site)
    must(now["pump.speed_max"] == 71 and now["display.message"] == "by the engineer", f"the settings are {now}")
    report, _ = site.report_by_hub(site.operator_key())
    back, _ = site.sign(site.operator_key(), report, "configuration.set", "pump.speed_max=70")
    site.hand_in(back, key=site.operator_key())


def confirm_within(site):
    command, _ = site.command(site.operator_key(), "configuration.set", "pump.speed_max=55", "--confirm-within", "2")
    _, text = site.send(command)
    evidence(text)
    must(settings(site)["pump.speed_max"] == 55, "the change did not take effect")
    until(lambda: settings(site)["pump.speed_max"] == 70, 10, "the change was not taken back when nobody confirmed")
    print("    not confirmed: pump.speed_max is 70 again")


def power_cut(site):
    command, _ = site.command(site.operator_key(), "configuration.set", "pump.speed_max=65", "--confirm-within", "600")
    site.send(command)
    must(settings(site)["pump.speed_max"] == 65, "the change did not take effect")
    site.cut()
    print("    killed all processes of the device")
    evidence(site.run("log", "verify", site.device))
    site.start()
    must(settings(site)["pump.speed_max"] == 70, "the unconfirmed change outlived the cut")
    print("    after the start: pump.speed_max is 70 again")


def restart_hub(site):
    operator = site.operator_key()
    report, _ = site.report_by_hub(operator)
    site.hub.stop()
    command, _ = site.sign(operator, report, "configuration.set", "display.message=while the hub was away")
    evidence(site.hand_in(command, key=operator, want=3), "no answer")
    site.run("app", "event", site.device, "shift=night")
    print("    the device goes on without its hub")
    site.start_hub()
    until(lambda: contact(site)["contact"] == "now", 30, "the device did not come back")
    site.call_out("outbox", "check", *site.hub.by_key(operator), "--outbox", site.outbox)
    until(lambda: settings(site)["display.message"] == "while the hub was away", 60, "the command in the outbox did not arrive")
    until(lambda: "without_receipt: 0" in site.call_out("outbox", "check", *site.hub.by_key(operator), "--outbox", site.outbox), 30,
          "the receipt did not come back")
    print("    handed in again from the outbox: done, with its receipt")


def seal_a_secret(site):
    secret = b"a password of the plant's server"
    site.run("app", "secret", "put", site.device, "server-password", stdin=secret)
    got = site.run("app", "secret", "get", site.device, "server-password", binary=True)
    must(got == secret, "the secret came back different")
    found = [path for path in site.device.rglob("*") if path.is_file() and secret in path.read_bytes()]
    must(not found, f"the secret stands in clear in {found}")
    print("    put and got back; not in clear in any file of the device")
    command, _ = site.command(site.path("people", "engineer.pem"), "protection.rotate")
    _, text = site.send(command)
    evidence(text, "key-file-overwritten")
    must(site.run("app", "secret", "get", site.device, "server-password", binary=True) == secret, "the secret did not live through the rotation")
    site.run("app", "event", site.device, "door=opened", "where=cabinet 3")


def install(site):
    """By the hub, and by two people: the roster wants two keys for an installation."""
    operator, engineer = site.operator_key(), site.path("people", "engineer.pem")
    image = site.make_image("1.1.0", health=True)
    release = site.make_release(2, "1.1.0", image)
    evidence(site.run("release", "show", release), "1.1.0")
    evidence(site.hand_in(release, "--payload", image, "--device", site.device_id(), key=operator), "word: ok")
    report, _ = site.report_by_hub(operator)
    command, shown = site.sign(operator, report, "update.install", release)
    evidence(shown)
    evidence(site.hand_in(command, key=operator, want=1, wait=10), "approvals-missing")
    approval = site.path("statements", "approval.cose")
    evidence(site.run("approve", command, "--key", engineer, "--signed-by", operator.with_suffix(".pub.pem"), "--out", approval), "update.install")
    site.hand_in(approval, key=engineer)
    until(lambda: json.loads(site.run("report", site.device, "--json", binary=True))["release"]["version"] == "1.1.0", 60,
          "the approved installation did not take place")
    slot = (site.device / "slots" / "active").read_text().strip()
    must((site.device / "slots" / slot).read_bytes()[:image.stat().st_size] == image.read_bytes(), "the slot differs from the image")
    until(lambda: "without_receipt: 0" in site.call_out("outbox", "check", *site.hub.by_key(operator), "--outbox", site.outbox), 30,
          "the receipt of the installation did not come back")
    print(f"    approved by the engineer: runs 1.1.0 from slot {slot}, byte for byte the image")


def refuse_releases(site):
    image = site.make_image("6.6.6", health=True)
    forged = site.make_release(9, "6.6.6", image, key=site.path("maker", "voucher.pem"), name="forged")
    _, text = site.send(forged, "--payload", image, want=1)
    evidence(text, "role-insufficient")
    old = site.make_release(1, "0.9.0", image, name="old")
    _, text = site.send(old, "--payload", image, want=1)
    evidence(text, "downgrade")
    broken = site.path("releases", "broken.suit")
    data = bytearray(old.read_bytes())
    data[len(data) // 2] ^= 1
    broken.write_bytes(data)
    _, text = site.send(broken, "--payload", image, want=1)
    evidence(text, "digest-mismatch")


def approved(site, command):
    """The engineer's yes, by the door: approvals come before what they are about."""
    out = site.path("statements", command.name + ".approval")
    site.run("approve", command, "--key", site.path("people", "engineer.pem"), "--out", out)
    site.send(out)


def fall_back(site):
    image = site.make_image("1.2.0", health=False)
    release = site.make_release(3, "1.2.0", image)
    site.send(release, "--payload", image)
    command, _ = site.command(site.operator_key(), "update.install", release)
    approved(site, command)
    _, text = site.send(command, want=1)
    evidence(text, "health-failed")
    _, facts = site.report()
    must(facts["release"]["version"] == "1.1.0", f"the device reports {facts['release']}")
    print("    runs 1.1.0 again")


def renew(site):
    owner = site.owner_key()
    report, _ = site.report_by_hub(owner)
    command, shown = site.sign(owner, report, "beacon.renew")
    evidence(shown)
    evidence(site.hand_in(command, key=owner), "word: ok")


def withhold(site, on):
    """The thief's hand on the hub's database: whatever is handed in for a device is taken away at once."""
    site.hub.stop()
    with sqlite3.connect(site.hub.folder / "hub.db", timeout=20) as store:
        store.execute("DROP TRIGGER IF EXISTS withhold")
        if on:
            store.execute("CREATE TRIGGER withhold AFTER INSERT ON delivery BEGIN DELETE FROM delivery WHERE rowid = new.rowid; END")
    site.start_hub()


def stolen_hub(site):
    """Somebody has the hub: its database, its TLS and CA keys. They sign with all that they have, and they withhold."""
    report, before = site.report()
    operator = site.operator_key()
    for name in ("ca-key", "tls-key", "journal-key"):
        command, _ = site.sign(site.hub.folder / "keys" / f"{name}.pem", report, "configuration.set", "pump.speed_max=99")
        _, text = site.send(command, want=1)
        evidence(text, "unknown-key")
    print("    no key of the hub's is one that the device knows")
    command, _ = site.sign(operator, report, "configuration.set", "display.message=withheld")
    withhold(site, True)
    evidence(site.hand_in(command, key=operator, want=3, wait=4), "withheld")
    evidence(site.run("outbox", "list", "--outbox", site.outbox, want=1), "without_receipt: 1")
    _, after = site.report()
    must(after["settings"] == before["settings"], "the device changed under a stolen hub")
    print("    the device is as it was, and the outbox shows what was withheld")
    withhold(site, False)
    until(lambda: "without_receipt: 0" in site.call_out("outbox", "check", *site.hub.by_key(operator), "--outbox", site.outbox), 60,
          "the command did not arrive by the hub that its owner has again")
    print("    the owner has the hub again: handed in anew from the outbox, done")


def revoke(site):
    command, _ = site.command(site.owner_key(), "access.roster", site.roster(operator=False))
    _, text = site.send(command)
    evidence(text)
    command, _ = site.command(site.operator_key(), "configuration.set", "pump.speed_max=40")
    _, text = site.send(command, want=1)
    evidence(text, "unknown-key")
    site.head = site.report()[0]
    evidence(site.log_pages())


def verify(site):
    journal = site.device
    evidence(site.run("log", "verify", journal), "intact")
    evidence(site.run("log", "verify", "--head", site.head, "--receipt", site.good_receipt, journal), "intact")
    copy = site.path("copy")
    shutil.copytree(site.device / "journal", copy)
    report = site.path("statements", "report-after-copy.cose")
    site.run("app", "event", site.device, "after=the copy")
    time.sleep(1.2)
    site.run("report", site.device, "--out", report)
    print("    an older copy of the log, judged with a head that came later:")
    evidence(site.run("log", "verify", "--key", site.path("statements", "device.pem"), "--head", report, copy, want=1), "truncated")
    segment = sorted(copy.iterdir())[0]
    data = bytearray(segment.read_bytes())
    data[4096 * 3 + 300] ^= 1
    segment.write_bytes(data)
    print("    one bit changed in the middle of that copy:")
    evidence(site.run("log", "verify", "--key", site.path("statements", "device.pem"), copy, want=1), "tampered")
    shutil.rmtree(copy)
    print("    no log at all, but a receipt:")
    copy.mkdir()
    evidence(site.run("log", "verify", "--key", site.path("statements", "device.pem"), "--receipt", site.good_receipt, copy, want=1),
             "missing")


def transfer(site):
    """Sold: the next owner's keys come in, everything of the former owner's ends."""
    site.run("owner", "new", site.path("next-owner"))
    next_key = site.path("next-owner", "owner.pem")
    command, shown = site.command(site.owner_key(), "lifecycle.transfer", site.path("next-owner", "owner.pub.pem"),
                                  f"recovery={site.path('next-owner', 'recovery.pub.pem')}")
    evidence(shown, "next_owners")
    _, text = site.send(command)
    evidence(text, "key-file-overwritten")
    _, facts = site.report()
    must(facts["owned"] and facts["epoch"] == 2, f"the device reports {facts['owned']}, epoch {facts['epoch']}")
    site.run("app", "secret", "get", site.device, "server-password", want=1)
    command, _ = site.command(site.owner_key(), "configuration.set", "pump.speed_max=40")
    _, text = site.send(command, want=1)
    evidence(text, "unknown-key")
    command, _ = site.command(next_key, "configuration.set", "pump.speed_max=60")
    _, text = site.send(command)
    evidence(text, "verdict: ok")
    site.next_key = next_key


def wipe(site):
    command, _ = site.command(site.next_key, "protection.wipe")
    receipt, text = site.send(command)
    evidence(text, "keys.epoch", "key-file-overwritten")
    _, facts = site.report()
    must(not facts["owned"] and facts["epoch"] == 3, f"the device reports {facts['owned']}, epoch {facts['epoch']}")
    evidence(site.run("log", "verify", "--receipt", receipt, site.device), "intact")
    _, text = site.claim(epoch=3)
    evidence(text)


STEPS = [
    ("make: manufacturer, product, factory, owner, people; start hub and device", make),
    ("refuse: a device without owner accepts a voucher and nothing else", refuse_before_claim),
    ("enrol: the device comes to its owner's hub, and is claimed through it", enrol),
    ("settle: the owner pins the hub, and says who may do what, with leases and two keys for installations", settle),
    ("report: the device answers a nonce through the hub", report_with_nonce),
    ("configure: a good change through the hub", configure),
    ("configure: bad changes and a stranger", configure_badly),
    ("configure: two people at once", two_at_once),
    ("configure: confirm-within reverts", confirm_within),
    ("power cut: an unconfirmed change does not outlive it", power_cut),
    ("hub restart: the outbox remembers, the device goes on", restart_hub),
    ("seal: a secret of an application, rotated", seal_a_secret),
    ("update: release 1.1.0 through the hub, approved by a second person", install),
    ("update: refuse a forged release, a downgrade, a changed one", refuse_releases),
    ("update: fall back from a release whose health check fails", fall_back),
    ("beacon: the owner renews the leases", renew),
    ("stolen hub: it can withhold, which shows, and nothing else", stolen_hub),
    ("revoke: the operator", revoke),
    ("verify: the log with every kind of evidence", verify),
    ("transfer: sold to the next owner", transfer),
    ("wipe: graded receipt, new epoch, claimed again", wipe),
]


def walk(site):
    begin = time.monotonic()
    for number, (title, step) in enumerate(STEPS, 1):
        print(f"== {number}/{len(STEPS)} {title}", flush=True)
        try:
            step(site)
            if step is make:
                site.run("device", "key", site.device, "--out", site.path("statements", "device.pem"))
        except Failed as failed:
            print(f"FAILED at step {number}: {failed}")
            return 1
    site.stop()
    print(f"tour: {len(STEPS)} steps done in {time.monotonic() - begin:.0f} s")
    return 0
