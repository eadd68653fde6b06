#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hub is copied while it works, and lost. The copy starts elsewhere, is that hub to its device and its people, and its journal is proved."""
import json
import os
import pathlib
import subprocess
import sys
import time

from scenario import BIN, Failed, Place, contains, must, play, until


def made_with_hub(folder):
    site = Place(folder)
    site.make()
    site.make_hub(interval_s=2)
    site.start()
    site.hand_in(site.make_voucher())
    by_owner(site, "access.roster", site.roster())
    return site


def by_owner(site, *words):
    report, _ = site.report_by_hub(site.owner_key())
    command, _ = site.sign(site.owner_key(), report, *words)
    return site.hand_in(command, key=site.owner_key())


def set_message(site, text):
    report, _ = site.report_by_hub(site.operator_key())
    command, _ = site.sign(site.operator_key(), report, "configuration.set", f"display.message={text}")
    said = site.hand_in(command, key=site.operator_key())
    contains(said, "ok")
    return said


def hub_call(site, *words, folder=None):
    done = subprocess.run([str(BIN / "securable-hub"), "-d", str(folder or site.hub.folder), *map(str, words)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def journal_is_intact(site, folder):
    text = site.run("log", "verify", pathlib.Path(folder) / "journal", "--key", journal_key(site, folder))
    contains(text, "intact")


def journal_key(site, folder):
    out = site.path("statements", "journal.pub.pem")
    subprocess.run(["openssl", "pkey", "-in", str(pathlib.Path(folder) / "keys" / "journal-key.pem"), "-pubout", "-out", str(out)], check=True,
                   timeout=20)
    return out


def the_journal_tells_what_happened(site):
    set_message(site, "before the copy")
    kinds = []

    def told():
        kinds[:] = [record.get("event") for record in journal_records(site)]
        return {"started", "maker", "device-enrolled", "statement", "receipt"} <= set(kinds)
    until(told, 10, f"the hub's journal lacks events: {kinds}")
    journal_is_intact(site, site.hub.folder)


def journal_records(site):
    records, after = [], ""
    while after is not None:
        done = subprocess.run(["curl", "-sf", "--unix-socket", str(site.hub.folder / "run" / "hub.sock"),
                               f"http://hub/api/v1/journal?limit=100{'&after=' + after if after else ''}"], stdout=subprocess.PIPE, timeout=20, check=True)
        page = json.loads(done.stdout)
        records += page["items"]
        after = page["next"]
    return records


def a_copy_is_made_while_it_works(site):
    site.copy = site.folder / "copy"
    code, text = hub_call(site, "backup", site.copy)
    must(code == 0, f"backup: exit {code}\n{text}")
    contains(text, "intact")
    for path in [site.copy, *site.copy.rglob("*")]:
        must(os.stat(path).st_mode & 0o077 == 0, f"{path} is open to others")
    must(not (site.copy / "run").exists() and not (site.copy / "lock").exists(), "the copy holds what belongs to a process")
    code, text = hub_call(site, "backup", site.copy)
    must(code == 1, f"a second copy under the same name: exit {code}\n{text}")
    code, text = hub_call(site, "check", folder=site.copy)
    must(code == 0, f"check of the copy: exit {code}\n{text}")
    journal_is_intact(site, site.copy)
    set_message(site, "after the copy")


def the_copy_is_that_hub(site):
    site.hub.kill()
    digest = site.hub.facts["ca_digest"]
    site.hub.folder.rename(site.folder / "lost")
    site.hub.folder = site.folder / "elsewhere"
    site.copy.rename(site.hub.folder)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    site.start_hub()
    must(site.hub.facts["ca_digest"] == digest, "it is another hub")
    until(lambda: device_json(site)["last_seen"] >= since, 60, "the device did not come back")
    must(device_json(site)["alarm"] is None, f"an alarm: {device_json(site)['alarm']}")


def device_json(site):
    done = subprocess.run(["curl", "-sf", "--unix-socket", str(site.hub.folder / "run" / "hub.sock"),
                           f"http://hub/api/v1/devices/{site.device_id()}"], stdout=subprocess.PIPE, timeout=20, check=False)
    if done.returncode != 0:
        raise Failed(f"the hub does not tell of its device: curl's exit {done.returncode}")
    return json.loads(done.stdout)


def it_takes_the_devices_log_further(site):
    set_message(site, "by the copy")
    must(site.settings()["display.message"] == "by the copy", "the command did not arrive")
    must(device_json(site)["alarm"] is None, f"an alarm: {device_json(site)['alarm']}")


def its_journal_goes_on(site):
    starts = [record for record in journal_records(site) if record.get("event") == "started"]
    must(len(starts) == 2, f"it says {len(starts)} starts")
    site.hub.stop()
    journal_is_intact(site, site.hub.folder)
    code, text = hub_call(site, "check")
    must(code == 0, f"check: exit {code}\n{text}")
    contains(text, "intact", "good")


def damage_is_found(site):
    database = site.hub.folder / "hub.db"
    with open(database, "r+b") as file:
        for page in range(2, os.path.getsize(database) // 4096, 2):
            file.seek(page * 4096)
            file.write(os.urandom(64))
    code, text = hub_call(site, "check")
    must(code == 1, f"a damaged database: exit {code}\n{text}")


CASES = [
    ("the hub's journal tells what happened and is proved", the_journal_tells_what_happened, []),
    ("a copy is made while the hub works", a_copy_is_made_while_it_works, []),
    ("the copy starts elsewhere and is that hub", the_copy_is_that_hub, []),
    ("it takes its device's log further without an alarm", it_takes_the_devices_log_further, []),
    ("its journal goes on and is proved", its_journal_goes_on, []),
    ("damage is found", damage_is_found, []),
]

if __name__ == "__main__":
    sys.exit(play(CASES, made_with_hub))
