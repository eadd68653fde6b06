# SPDX-License-Identifier: Apache-2.0
"""The tour: everything a device does, once, each step with its evidence. A step that does not do what it should ends the tour."""
import json
import shutil
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
    site.start()
    evidence(site.run("status", site.device))


def refuse_before_claim(site):
    release = site.path("releases", "release-1.0.0.suit")
    _, text = site.send(release, "--payload", site.path("images", "firmware-1.0.0.squashfs"), want=1)
    evidence(text, "no-owner")


def claim(site):
    receipt, text = site.claim()
    evidence(text)
    evidence(site.run("receipt", "check", receipt, "--report", site.report()[0]))
    _, again = site.send(site.path("statements", "voucher-1.cose"))
    evidence(again, "already-decided")
    _, text = site.set_up_people()
    evidence(text)


def report_with_nonce(site):
    nonce = "00112233445566778899aabbccddeeff"
    text = site.run("report", site.device, "--nonce", nonce, "--ca", site.path("maker", "ca.pem"), "--out",
                    site.path("statements", "report-nonce.cose"))
    evidence(text, nonce)


def configure(site):
    command, shown = site.command(site.operator_key(), "configuration.set", "pump.speed_max=70", "display.message=machine 7")
    evidence(shown, "80", "70")
    receipt, text = site.send(command)
    evidence(text)
    must(settings(site)["pump.speed_max"] == 70, "the settings file does not have the new value")
    must("speed_max 70" in (site.device / "data" / "limits").read_text(), "the apply hook did not run")
    site.good_receipt = receipt


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
    image = site.make_image("1.1.0", health=True)
    release = site.make_release(2, "1.1.0", image)
    evidence(site.run("release", "show", release), "1.1.0")
    _, text = site.send(release, "--payload", image)
    evidence(text)
    command, shown = site.command(site.operator_key(), "update.install", release)
    evidence(shown)
    _, text = site.send(command)
    evidence(text)
    _, facts = site.report()
    must(facts["release"]["version"] == "1.1.0", f"the device reports {facts['release']}")
    slot = (site.device / "slots" / "active").read_text().strip()
    must((site.device / "slots" / slot).read_bytes()[:image.stat().st_size] == image.read_bytes(), "the slot differs from the image")
    print(f"    runs 1.1.0 from slot {slot}, byte for byte the image")


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


def fall_back(site):
    image = site.make_image("1.2.0", health=False)
    release = site.make_release(3, "1.2.0", image)
    site.send(release, "--payload", image)
    command, _ = site.command(site.operator_key(), "update.install", release)
    _, text = site.send(command, want=1)
    evidence(text, "health-failed")
    _, facts = site.report()
    must(facts["release"]["version"] == "1.1.0", f"the device reports {facts['release']}")
    print("    runs 1.1.0 again")


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


def wipe(site):
    command, _ = site.command(site.owner_key(), "protection.wipe")
    receipt, text = site.send(command)
    evidence(text, "keys.epoch", "key-file-overwritten")
    _, facts = site.report()
    must(not facts["owned"] and facts["epoch"] == 2, f"the device reports {facts['owned']}, epoch {facts['epoch']}")
    site.run("app", "secret", "get", site.device, "server-password", want=1)
    evidence(site.run("log", "verify", "--receipt", receipt, site.device), "intact")
    _, text = site.claim(epoch=2)
    evidence(text)


STEPS = [
    ("make: manufacturer, product, factory, owner, people; start the device", make),
    ("refuse: a device without owner accepts a voucher and nothing else", refuse_before_claim),
    ("claim: voucher, roster; the same voucher again", claim),
    ("report: the device answers a nonce", report_with_nonce),
    ("configure: a good change", configure),
    ("configure: bad changes and a stranger", configure_badly),
    ("configure: confirm-within reverts", confirm_within),
    ("power cut: an unconfirmed change does not outlive it", power_cut),
    ("seal: a secret of an application, rotated", seal_a_secret),
    ("update: install release 1.1.0", install),
    ("update: refuse a forged release, a downgrade, a changed one", refuse_releases),
    ("update: fall back from a release whose health check fails", fall_back),
    ("revoke: the operator", revoke),
    ("verify: the log with every kind of evidence", verify),
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
