#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the log tells, to whom, and what becomes of whoever changes, cuts, copies or puts back what is stored."""
import os
import shutil
import subprocess
import sys
import time

from scenario import AS_ROOT, BIN, STRANGER, Skip, contains, digests, must, play, until, verdict


WRITER = """
import subprocess, sys
for i in range(60):
    subprocess.run([sys.argv[1], "app", "secret", "put", sys.argv[2], "big"], input=4000 * b"x", check=True)
"""


def names_who_what_which(site):
    site.set("pump.speed_max=70", "display.message=machine 7")
    site.set("pump.speed_max=65", key=site.path("people", "engineer.pem"))
    shown = site.log_pages().splitlines()
    last = [line for line in shown if "configuration.set" in line and "decision" in line][-2:]
    contains(last[0], "operator", "pump.speed_max 80 -> 70", "display.message", "machine 7")
    contains(last[1], "engineer", "pump.speed_max 70 -> 65")
    must(all("20" in line.split()[1] for line in last), f"no time in {last}")
    offline = site.run("log", "show", site.device)
    contains(offline, "pump.speed_max 70 -> 65")


def says_whose_values_are_shown(site):
    """A command for several devices shows the present values of the one whose report was given, and says so."""
    report, facts = site.report()
    words = ["command", "configuration.set", "pump.speed_max=66", "--key", site.operator_key(), "--report", report, "--device", facts["device"]]
    out = site.path("statements", "for-several.cose")
    must("alone" not in site.run(*words, "--out", out), "told for one device as well")
    contains(site.run(*words, "--device", 64 * "0", "--out", out), f"facts_of_device_alone: {facts['device']}")


def stranger_reads_nothing(site):
    if not AS_ROOT:
        raise Skip("needs root, to try as another user")
    program = site.path("securable-of-a-stranger")
    shutil.copy(BIN / "securable", program)
    program.chmod(0o755)

    def as_stranger(*args):
        done = subprocess.run([str(program), *map(str, args)], user=STRANGER, group=STRANGER, extra_groups=[], cwd="/",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode()

    code, text = as_stranger("log", "show", site.socket)
    must(code == 1 and "not-permitted" in text or "no such right" in text, f"exit {code}\n{text}")
    must("pump" not in text, f"a stranger was shown {text}")
    code, text = as_stranger("log", "show", site.device)
    must(code != 0 and "pump" not in text, f"exit {code}\n{text}")
    code, text = as_stranger("app", "secret", "get", site.device, "server-password")
    must(code == 1, f"exit {code}\n{text}")
    code, text = as_stranger("status", site.device)
    must(code == 0, f"a local user may ask for the status: exit {code}\n{text}")
    for path in [*(site.device / "journal").iterdir(), *(site.device / "keys").iterdir(), site.device / "identity" / "identity-key.pem"]:
        done = subprocess.run(["cat", str(path)], user=STRANGER, group=STRANGER, extra_groups=[], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        must(done.returncode != 0, f"a stranger can read {path}")


def a_log_that_is_written_is_not_accused(site):
    """Verified again and again while the device writes as fast as it can."""
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(BIN / "securable"), str(site.device)], stdout=subprocess.DEVNULL)
               for _ in range(2)]
    words = set()
    while any(writer.poll() is None for writer in writers):
        words.add(verdict(site.run("log", "verify", "--key", site.device_key(), site.device)))
    must(all(writer.returncode == 0 for writer in writers), "the writers met with a fault")
    must(words <= {"intact", "torn-tail"}, f"verdicts {words}")


def older_copy_put_back(site):
    """The whole state directory, as it was before."""
    site.stop()
    old = site.path("old-copy")
    shutil.copytree(site.device, old)
    copy_owners(site.device, old)
    site.start()
    site.set("pump.speed_max=61")
    site.run("app", "event", site.device, "door=opened")
    head = site.path("statements", "head-of-later")
    site.run("log", "head", "--out", head, site.device)
    site.stop()
    site.given_up = site.path("given-up")
    site.device.rename(site.given_up)
    shutil.copytree(old, site.device)
    copy_owners(old, site.device)
    text = site.run("log", "verify", "--key", site.device_key(), "--head", head, site.device, want=1)
    must(verdict(text) in ("truncated", "rolled-back"), f"before it ran: {text}")
    print(f"    the old copy, with a later head: {verdict(text)}")
    must(verdict(site.run("log", "verify", site.device)) == "intact", "without evidence from elsewhere nothing can be told")
    site.start()
    for speed in (51, 52, 53, 54):
        site.set(f"pump.speed_max={speed}")
    text = site.run("log", "verify", "--key", site.device_key(), "--head", head, site.device, want=1)
    must(verdict(text) in ("rolled-back", "forked"), f"after it ran on: {text}")
    print(f"    after it ran on: {verdict(text)}")
    site.stop()


def copy_owners(source, target):
    """What `cp -a` does and copytree does not."""
    for path in [source, *source.rglob("*")]:
        facts = path.lstat()
        os.chown(target / path.relative_to(source), facts.st_uid, facts.st_gid, follow_symlinks=False)


def two_lives(site):
    text = site.run("log", "verify", "--key", site.device_key(), "--other", site.given_up, site.device, want=1)
    must(verdict(text) == "forked", text)
    text = site.run("log", "verify", "--key", site.device_key(), "--other", site.path("old-copy"), site.device)
    must(verdict(text) == "intact", f"an older copy of the same life: {text}")


def edited_log(site):
    """Root changes one byte of an old record: the device says so, does nothing, and leaves the evidence as it is."""
    site.stop()
    segment = sorted((site.device / "journal").iterdir())[0]
    with open(segment, "r+b") as file:
        file.seek(4096 * 3 + 300)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    before, settings = digests(segment.parent), site.settings()
    text = site.run("log", "verify", "--key", site.device_key(), site.device, want=1)
    must(verdict(text) == "tampered", text)
    command = sorted(site.path("statements").glob("command-*.cose"))[-1]
    log = open(site.folder / "device.log", "ab")
    site.daemon = subprocess.Popen([str(BIN / "securabled"), "-d", str(site.device)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    log.close()
    until(lambda: site.call("status", site.device)[0] == 1, 20, "the device does not say that something is wrong")
    contains(site.call("status", site.device)[1], "tampered")
    for words in (("send", site.device, command), ("app", "event", site.device, "door=opened"), ("app", "settings", site.device)):
        code, text = site.call(*words)
        must(code != 0 and ("tampered" in text or "evidence" in text), f"{words[0]}: exit {code}\n{text}")
    time.sleep(1.5)  # the time in which an idle tail would be headed
    site.stop()
    must(digests(segment.parent) == before, "the evidence was changed")
    must(site.settings() == settings, "settings changed in safe mode")
    must(site.log_text().count("tampered") + site.log_text().count("contradicts") > 0, "the daemon did not say it")


CASES = [
    ("log show names who changed what from which to which value", names_who_what_which, ["F6.2"]),
    ("a command for several devices says whose values are shown", says_whose_values_are_shown, []),
    ("a stranger reads neither log nor secrets", stranger_reads_nothing, ["F6.3"]),
    ("a log is not accused while it is written", a_log_that_is_written_is_not_accused, []),
    ("an older copy put back is told by a later head", older_copy_put_back, []),
    ("two lives of one copied device are told as forked", two_lives, []),
    ("an edited log is told, and the device goes to its safe mode", edited_log, ["F6.4"]),
]

sys.exit(play(CASES))
