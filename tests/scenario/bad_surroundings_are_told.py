#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk, a read-only system, a clock that was never set, a second daemon, a bad configuration."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

from scenario import AS_ROOT, BIN, Failed, Place, Skip, contains, made, must, play, until, verdict

LIBEXEC = pathlib.Path(os.environ.get("SECURABLE_LIBEXEC", BIN.parent / "libexec"))


def daemon(*args):
    done = subprocess.run([str(BIN / "securabled"), *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def started_as(site, *words):
    """Starts the daemon by these words, and waits until it answers."""
    log = open(site.folder / "device.log", "ab")
    site.daemon = subprocess.Popen([*map(str, words)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    log.close()
    until(lambda: site.daemon.poll() is not None or site.call("status", site.device)[0] == 0, 20, "the device does not answer")
    must(site.daemon.poll() is None, f"ended with exit {site.daemon.returncode}")


def second_daemon(site):
    code, text = daemon("-d", site.device)
    must(code == 3, f"exit {code}\n{text}")
    contains(text, f"process {site.daemon.pid}")
    must(site.call("status", site.device)[0] == 0, "the first one no longer answers")
    site.set("pump.speed_max=61")


def bad_configuration(site):
    good = site.device / "securabled.conf"
    bad = site.path("bad.conf")
    bad.write_text(good.read_text() + "socket-mod 0660\nhook-timeout-s never\nhook-timeout-s 5\nsegment-bytes 5\n")
    first = len(good.read_text().splitlines()) + 1
    code, text = daemon("-n", "-c", bad, "-d", site.device)
    must(code == 1, f"exit {code}\n{text}")
    lines = [line for line in text.splitlines() if line.startswith(f"{bad}:")]
    must(len(lines) >= 3, f"not every error was told:\n{text}")
    contains(text, f"{bad}:{first}: socket-mod", f"{bad}:{first + 1}: hook-timeout-s", f"{bad}:{first + 3}: segment-bytes")
    code, text = daemon("-c", bad, "-d", site.path("nowhere"))
    must(code == 3, f"no state directory: exit {code}\n{text}")
    code, text = daemon("-n", "-d", site.device)
    must(code == 0, f"the good one: exit {code}\n{text}")
    code, text = daemon("--no-such-option")
    must(code == 2, f"exit {code}\n{text}")
    empty = site.path("empty")
    empty.mkdir()
    code, text = daemon("-c", good, "-d", empty)
    must(code == 3 and "identity" in text, f"an empty directory: exit {code}\n{text}")


@contextlib.contextmanager
def small_disk(site, size):
    """The device moved to a file system of its own."""
    mount, home = site.path("disk"), site.device
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(mount)], stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise Skip("cannot mount a tmpfs: " + done.stderr.decode().strip())
    try:
        subprocess.run(["cp", "-a", str(home), str(mount / "device")], check=True)
        site.move_to(mount / "device")
        yield mount
    finally:
        site.stop()
        site.move_to(home)
        subprocess.run(["umount", str(mount)], check=True)


def events_until_refused(site, most):
    for count in range(most):
        code, text = site.call("app", "event", site.device, "filling=" + "x" * 1500)
        if code != 0:
            return count, code, text
    raise Failed(f"{most} events found room on a full disk")


def full_disk(site):
    if not AS_ROOT:
        raise Skip("needs root, to mount a small file system")
    site.stop()
    with open(site.device / "securabled.conf", "a", encoding="utf-8") as file:
        file.write("segment-bytes 262144\n")
    with small_disk(site, "12m") as mount:
        site.start()
        receipts = [site.set("pump.speed_max=62")[0]]
        filler = mount / "filler"
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"f" * 4096)
        count, code, text = events_until_refused(site, 2000)
        must(code in (1, 3), f"exit {code}\n{text}")
        contains(text, "storage-full")
        print(f"    {count} events found room in the segment; then: {text.strip()}")
        must(site.call("status", site.device)[0] == 0, "the device ended")
        command, _ = site.command(site.operator_key(), "configuration.set", "pump.speed_max=63")
        code, text = site.call("send", site.device, command)
        must(code != 0, f"exit {code}\n{text}")
        print(f"    a command: {text.splitlines()[0]}")
        until(lambda: site.call("status", site.device)[0] == 0, 20, "the device does not answer on a full disk")
        must(site.settings()["pump.speed_max"] == 62, "a refused command took effect")
        filler.unlink()
        until(lambda: site.call("app", "event", site.device, "room=again")[0] == 0, 20, "no event is taken after space was freed")
        receipt, text = site.send(command)
        receipts.append(receipt)
        must(site.settings()["pump.speed_max"] == 63, "the command did not take effect after space was freed")
        given = [word for receipt in receipts for word in ("--receipt", receipt)]
        must(verdict(site.run("log", "verify", "--key", site.device_key(), *given, site.device)) == "intact", "verdict")
        must(site.log_pages().count("filling") == count, "acknowledged events are missing")
        site.stop()
        site.start()
        must(site.settings()["pump.speed_max"] == 63, "after a new start the setting is another")


READ_ONLY = """set -e
mount --make-rprivate /
mount --bind "$1" "$1"
while read -r _ _ _ _ point _; do
    case $point in "$1"|/proc|/proc/*) continue;; esac
    mount -o remount,bind,ro "$point" 2>/dev/null || :
done </proc/self/mountinfo
if touch /securable-was-here 2>/dev/null; then exit 90; fi
touch "$1/run/writable" || exit 91
rm "$1/run/writable"
cd /
exec "$2" -d "$1"
"""


def read_only_system(site):
    if not AS_ROOT:
        raise Skip("needs root, for a name space with a read-only root")
    if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        raise Skip("this system gives no mount name space")
    site.stop()
    try:
        started_as(site, "unshare", "-m", "sh", "-c", READ_ONLY, "sh", site.device, BIN / "securabled")
    except Failed:
        if site.daemon.poll() in (90, 91):
            raise Skip("the root file system cannot be made read-only here") from None
        raise
    site.set("pump.speed_max=64")
    must("speed_max 64" in (site.device / "data" / "limits").read_text(), "the hook did not run")
    site.run("app", "secret", "put", site.device, "server-password", stdin=b"read-only")
    image = site.make_image("1.1.0", health=True)
    release = site.make_release(2, "1.1.0", image)
    site.send(release, "--payload", image)
    command, _ = site.command(site.operator_key(), "update.install", release)
    site.send(command)
    must(site.report()[1]["release"]["version"] == "1.1.0", "the release was not installed")
    site.stop()
    must(site.log_text().count("Read-only file system") == 0, "something wanted to write elsewhere")
    site.start()


def never_set_clock(site):
    """The keeper is started by a script that preloads the clock: whose environment the parent clears, it can set."""
    library = os.environ.get("SECURABLE_CLOCK_1970")
    if not library or not pathlib.Path(library).exists():
        raise Skip("SECURABLE_CLOCK_1970 does not name the preloaded clock")
    site.stop()
    wrapped = site.path("libexec")
    wrapped.mkdir()
    for name in (program.name for program in LIBEXEC.iterdir()):
        shutil.copy(LIBEXEC / name, wrapped / (name + ".real" if name == "securable-keeper" else name))
    script = wrapped / "securable-keeper"
    script.write_text(f"#!/bin/sh\nexec env LD_PRELOAD={library} {script}.real\n")
    script.chmod(0o755)
    configuration = site.path("clock.conf")
    configuration.write_text((site.device / "securabled.conf").read_text() + f"libexec {wrapped}\n")
    started_as(site, BIN / "securabled", "-c", configuration, "-d", site.device)
    _, facts = site.report()
    must(facts["clock"] == "untrusted" and facts["time"] >= "2026", f"clock {facts['clock']}, time {facts['time']}")
    command, _ = site.command(site.operator_key(), "configuration.set", "pump.speed_max=66", "--expiry", "2026-01-02T00:00:00Z")
    _, text = site.send(command)
    must(site.settings()["pump.speed_max"] == 66, f"expiry was judged by a clock that nobody trusts:\n{text}")
    receipt, _ = site.set("pump.speed_max=67")
    decision = site.json("receipt", "check", receipt, "--key", site.device_key())["decision"]
    must(not decision["time"].startswith("1970"), f"the receipt claims {decision['time']}")
    lines = [line.split()[1] for line in site.log_pages().splitlines()]
    must(not [word for word in lines if word.startswith("1970")], "the log holds times of 1970")
    print(f"    the receipt says {decision['time']}, the report {facts['time']}")
    _, text = site.set("pump.speed_max=68", "--confirm-within", "2")
    until(lambda: site.settings()["pump.speed_max"] == 67, 10, "confirm-within did not run out")
    site.stop()
    site.start()
    must(site.settings()["pump.speed_max"] == 67, "after the clock was set the settings are others")
    site.set("pump.speed_max=69")
    must(verdict(site.run("log", "verify", "--key", site.device_key(), site.device)) == "intact", "verdict")


def silent_and_endless_clients(site):
    """Who connects and says nothing, or never reads, keeps nobody else out."""
    import socket
    held = []
    for _ in range(40):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(site.socket))
        held.append(client)
    for client in held[::2]:
        with contextlib.suppress(OSError):
            client.sendall(b"\x01\x09")
    if AS_ROOT:
        done = subprocess.run([str(site.path("securable")), "status", str(site.device)], user=64499, group=64499, extra_groups=[],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, cwd="/")
        must(done.returncode == 0, f"another user is kept out: {done.stdout.decode()}")
    for client in held:
        client.close()
    until(lambda: site.call("status", site.device)[0] == 0, 15, "the door stays shut after the clients left")


def with_a_program_for_all(folder):
    site = made(folder)
    shutil.copy(BIN / "securable", site.path("securable"))
    site.path("securable").chmod(0o755)
    return site


CASES = [
    ("a second daemon is refused and names the first", second_daemon, []),
    ("a bad configuration is told line by line", bad_configuration, []),
    ("a full disk refuses, says so, and loses nothing acknowledged", full_disk, []),
    ("a read-only system is enough", read_only_system, []),
    ("a clock that was never set is not believed", never_set_clock, []),
    ("silent clients keep nobody else out", silent_and_endless_clients, []),
]

sys.exit(play(CASES, with_a_program_for_all))
