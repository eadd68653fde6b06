#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where secrets and an owner's words may not be found: arguments, environments, files, cores, and anywhere after a wipe."""
import os
import signal
import subprocess
import sys
import time

from scenario import BIN, all_pids, alive, contains, descendants_of, files_with, must, play, proc_text, until

SECRET = "a-password-that-nobody-guesses"
MESSAGE = "message-of-the-first-owner"
NAME = "pump-of-the-first-owner"


def not_in_arguments(site):
    program = subprocess.Popen([str(BIN / "securable"), "app", "secret", "put", str(site.device), "server-password"], stdin=subprocess.PIPE)
    seen = 0
    deadline = time.monotonic() + 20
    for turn in range(8):
        if turn == 2:
            program.stdin.write(SECRET.encode())
            program.stdin.flush()
        if turn == 4:
            program.stdin.close()
        for pid in all_pids():
            if pid == os.getpid():
                continue
            for file in ("cmdline", "environ", "comm"):
                text = proc_text(pid, file)
                seen += bool(text)
                must(SECRET not in text, f"/proc/{pid}/{file} holds the secret")
    must(seen > 10, "there was nothing to look at")
    must(program.wait(timeout=max(1, deadline - time.monotonic())) == 0, "the secret was not taken")
    must(site.run("app", "secret", "get", site.device, "server-password", binary=True) == SECRET.encode(), "another secret came back")
    code, text = site.call("app", "secret", "put", site.device, "other", SECRET)
    must(code == 2, f"a secret as an argument: exit {code}\n{text}")


def not_in_files(site):
    must(not files_with(site.device, [SECRET]), f"in clear: {files_with(site.device, [SECRET])}")
    must(SECRET not in site.log_text(), "the daemon's output holds it")
    must(SECRET not in site.log_pages() + site.run("log", "show", site.device), "the log shows it")


def not_in_cores(site):
    for pid in [site.daemon.pid, *descendants_of(site.daemon.pid)]:
        name = proc_text(pid, "comm").strip()
        limit = next(line for line in proc_text(pid, "limits").splitlines() if line.startswith("Max core file size"))
        must(limit.split()[4:6] == ["0", "0"], f"{name}: {limit}")
        owner = os.stat(f"/proc/{pid}/status").st_uid
        user = int(next(line for line in proc_text(pid, "status").splitlines() if line.startswith("Uid:")).split()[1])
        must(owner == 0 and (user != 0 or name == "securabled"), f"{name} of user {user} is dumpable: its files in /proc are of {owner}")
    keeper = site.pid_of("securable-keeper")
    os.kill(keeper, signal.SIGABRT)
    until(lambda: not alive(keeper) and site.call("status", site.device)[0] == 0, 20, "the keeper did not come back")
    cores = [path for path in site.folder.rglob("core*") if path.is_file()]
    must(not cores, f"there is a core: {cores}")
    must(site.run("app", "secret", "get", site.device, "server-password", binary=True) == SECRET.encode(), "the secret is gone")


def gone_after_the_wipe(site):
    site.set(f"display.message={MESSAGE}")
    site.set(f"securable.device.name={NAME}", key=site.owner_key())
    (site.device / "data" / "notes").mkdir(parents=True)
    (site.device / "data" / "notes" / "monday").write_text(MESSAGE)
    site.run("app", "event", site.device, f"note={MESSAGE}")
    contains(site.log_pages(), MESSAGE, "operator")
    must(any("settings.json" in path for path in files_with(site.device, [MESSAGE])), "a setting stands where applications read it")
    must(not files_with(site.device / "journal", [MESSAGE, NAME]), "the journal is in clear")
    command, _ = site.command(site.owner_key(), "protection.wipe")
    _, text = site.send(command)
    contains(text, "keys.epoch", "verdict: ok")
    found = files_with(site.device, [MESSAGE, NAME, SECRET])
    must(not found, f"in clear after the wipe: {found}")
    must(site.settings()["display.message"] == "", "the old owner's message is still in force")
    code, text = site.call("app", "secret", "get", site.device, "server-password")
    must(code == 1, f"a secret of the old owner: exit {code}\n{text}")


def old_epoch_stays_shut(site):
    site.claim(epoch=2)
    site.set_up_people()
    site.stop()
    text = site.run("log", "show", site.device)
    must(MESSAGE not in text and NAME not in text, "log show opened the old owner's records")
    contains(text, "sealed", "protection.wipe", "voucher")
    contains(site.run("log", "verify", "--key", site.device_key(), site.device), "intact")
    found = files_with(site.device, [MESSAGE, NAME, SECRET])
    must(not found, f"in clear after the next claim: {found}")


CASES = [
    ("a secret is in no argument and no environment", not_in_arguments, []),
    ("a secret is in no file in clear", not_in_files, ["F3.1"]),
    ("no process leaves a core", not_in_cores, []),
    ("after the wipe the old owner's words are in no file", gone_after_the_wipe, ["F3.3"]),
    ("the old owner's log stays shut for root too, and stays provable", old_epoch_stays_shut, ["F3.3"]),
]

sys.exit(play(CASES))
