#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""People's mistakes: the wrong key, half a file, another device's command, two who want the same at once."""
import sys

from scenario import contains, must, play


def unchanged(site, before):
    must(site.settings() == before, "a refused statement changed the settings")
    must(site.run("log", "verify", site.device).startswith("intact"), "the log is not intact")


def wrong_key(site):
    before = site.settings()
    stranger = site.path("people", "stranger.pem")
    site.run("key", "new", "--out", stranger)
    _, text = site.set("pump.speed_max=31", key=stranger, want=1)
    contains(text, "unknown-key")
    _, text = site.set("pump.speed_max=31", key=site.path("maker", "release.pem"), want=1)
    contains(text, "verdict: ")
    must("verdict: ok" not in text, "a release key commanded a setting")
    command, _ = site.command(site.operator_key(), "access.roster", site.roster(operator=True))
    _, text = site.send(command, want=1)
    contains(text, "role-insufficient")
    unchanged(site, before)


def cut_file(site):
    before = site.settings()
    command, _ = site.command(site.operator_key(), "configuration.set", "pump.speed_max=32")
    whole = command.read_bytes()
    cut = site.path("statements", "cut.cose")
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:length])
        code, text = site.call("send", site.device, cut)
        must(code == 1, f"{length} of {len(whole)} bytes: exit {code}\n{text}")
        must(text.strip(), "a refusal without a word")
    for at in range(0, len(whole), max(1, len(whole) // 12)):
        changed = bytearray(whole)
        changed[at] ^= 0x01
        cut.write_bytes(changed)
        code, text = site.call("send", site.device, cut)
        must(code == 1, f"byte {at} changed: exit {code}\n{text}")
    cut.write_bytes(whole + b"\0")
    must(site.call("send", site.device, cut)[0] == 1, "a byte too many was taken")
    unchanged(site, before)
    _, text = site.send(command)
    contains(text, "verdict: ok")


def wrong_file(site):
    for path in (site.path("product.yaml"), site.path("owner", "owner.pub.pem"), site.path("images", "firmware-1.0.0.squashfs"),
                 site.path("releases", "product-1.0.0.cose"), site.report()[0]):
        code, text = site.call("send", site.device, path)
        must(code == 1 and text.strip(), f"{path.name}: exit {code}\n{text}")
    code, text = site.call("send", site.device, site.path("there-is-no-such-file"))
    must(code in (1, 3) and "there-is-no-such-file" in text, f"exit {code}\n{text}")
    code, text = site.call("send", site.folder, site.report()[0])
    must(code == 3 and str(site.folder) in text, f"no device there: exit {code}\n{text}")


def other_device(site):
    """Two devices that the owner gave one name."""
    site.second = second = site.sibling("device-2")
    second.start()
    second.claim_with_people()
    for device in (site, second):
        device.set("securable.device.name=pump by the door", key=site.owner_key())
    before = second.settings()
    command, _ = site.command(site.operator_key(), "configuration.set", "pump.speed_max=33")
    _, text = second.send(command, want=1)
    contains(text, "wrong-audience")
    must(second.settings() == before, "a command for another device was followed")
    must(site.settings()["pump.speed_max"] != 33, "nobody sent it here yet")
    site.send(command)
    must(site.settings()["pump.speed_max"] == 33, "the device that was meant did not follow")
    must(second.settings() == before, "the other followed")


def one_name(site):
    second = site.second
    out = site.path("statements", "for-both.cose")
    highest = max(device.report()[1]["generations"]["configuration"] for device in (site, second))
    site.run("command", "configuration.set", "pump.speed_max=34", "--key", site.operator_key(), "--match", "name=pump by the door",
             "--product", site.path("releases", "product-1.0.0.cose"), "--epoch", 1, "--generation", highest + 1, "--out", out)
    for device in (site, second):
        device.send(out)
        must(device.settings()["pump.speed_max"] == 34, f"{device.device.name} did not follow")
    nobody = site.path("statements", "for-nobody.cose")
    site.run("command", "configuration.set", "pump.speed_max=35", "--key", site.operator_key(), "--match", "name=pump by the window",
             "--product", site.path("releases", "product-1.0.0.cose"), "--epoch", 1, "--generation", highest + 2, "--out", nobody)
    for device in (site, second):
        contains(device.send(nobody, want=1)[1], "wrong-audience")
    second.stop()


def two_at_once(site):
    """Both sign what the same report says; the second learns who was first, and signs again."""
    first, _ = site.command(site.operator_key(), "configuration.set", "pump.speed_max=41")
    site.serial -= 1
    report = site.path("statements", f"report-{site.serial + 1}.cose")
    late = site.path("statements", "late.cose")
    engineer = site.path("people", "engineer.pem")
    site.run("command", "configuration.set", "pump.speed_max=42", "--key", engineer, "--report", report, "--ca",
             site.path("maker", "ca.pem"), "--out", late)
    site.serial += 1
    winners, _ = site.send(first)
    receipt, text = site.send(late, want=1)
    contains(text, "generation-used", "another statement")
    won = site.json("receipt", "check", winners, "--key", site.device_key())["decision"]
    told = site.json("receipt", "check", receipt, "--key", site.device_key())["decision"]
    must(told["statement"] == won["statement"], f"the late one got another receipt than the winner's: {told}")
    must(site.settings()["pump.speed_max"] == 41, "the loser's value is in force")
    again, shown = site.command(engineer, "configuration.set", "pump.speed_max=42")
    contains(shown, "41 -> 42")
    site.send(again)
    must(site.settings()["pump.speed_max"] == 42, "the command on the new base did not take effect")


def stale_base(site):
    """--base: nobody changes what they did not see."""
    report, _ = site.report()
    site.set("pump.pressure_max=3000")
    out = site.path("statements", "stale.cose")
    generation = site.report()[1]["generations"]["configuration"] + 1
    site.run("command", "configuration.set", "pump.speed_max=43", "--base", "--key", site.operator_key(), "--report", report, "--ca",
             site.path("maker", "ca.pem"), "--generation", generation, "--out", out)
    contains(site.send(out, want=1)[1], "stale-base")


CASES = [
    ("the wrong key is refused", wrong_key, ["F2.2"]),
    ("a cut or changed file is refused, the whole one is not", cut_file, ["F2.2"]),
    ("a file of another kind is refused", wrong_file, []),
    ("a command for another device is refused", other_device, ["F1.1"]),
    ("a command by name reaches all of that name and nobody else", one_name, []),
    ("of two at once the second learns of the first and signs again", two_at_once, []),
    ("a change on a base that is no longer so is refused", stale_base, []),
]

sys.exit(play(CASES))
