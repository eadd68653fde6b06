#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the browser tests: packages by the lock file into a folder below the build folder, then node's own test runner; counts as `make test` wants it.

Usage: tests/browser/run.py BUILD_DIR
Exit: 0 passed, or skipped because node, npm, chromium or the network for npm is absent (said so, and counted); 1 failed.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# What npm says when nobody answers; anything else, a lock file that does not fit say, is a failure.
NO_NETWORK = r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT"
# Each file plays a browser of its own; one after the other, so that a small machine is not asked for two at once.
FILES = ("page.test.js", "site.test.js")


def skip(fact):
    print(f"skipped: browser: {fact}")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def packages(folder):
    """What the lock file names, by the user's own npm settings; again when the lock file is another."""
    lock = (HERE / "package-lock.json").read_bytes()
    done = folder / "node_modules" / ".lock-of-tests"
    if done.exists() and done.read_bytes() == lock:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    call = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, errors="replace")
    if call.returncode != 0:
        print(call.stdout)
        if re.search(NO_NETWORK, call.stdout):
            skip("npm ci reaches no packages from here")
        print("npm ci failed\n0 passed, 1 failed, 0 skipped")
        sys.exit(1)
    done.write_bytes(lock)


def main():
    folder = pathlib.Path(sys.argv[1]).resolve() / "browser"
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
    for program, found in (("node", shutil.which("node")), ("npm", shutil.which("npm")), ("chromium", chromium)):
        if not found:
            skip(f"{program} is not installed; tools/setup test installs it")
    packages(folder)
    env = {**os.environ, "CHROMIUM": chromium, "SECURABLE_BROWSER_MODULES": str(folder), "SECURABLE_BROWSER_SHOTS": str(folder / "screenshots")}
    counts = {"pass": 0, "fail": 0, "skipped": 0}
    for name in FILES:
        call = subprocess.run(["node", "--test", "--test-reporter=tap", str(HERE / name)], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, errors="replace")
        print(call.stdout)
        found = dict(re.findall(r"^# (pass|fail|cancelled|skipped) (\d+)$", call.stdout, re.M))
        counts["pass"] += int(found.get("pass", 0))
        counts["fail"] += int(found.get("fail", 0)) + int(found.get("cancelled", 0)) + (not found)
        counts["skipped"] += int(found.get("skipped", 0))
    print(f"screenshots: {folder / 'screenshots'}")
    print(f"{counts['pass']} passed, {counts['fail']} failed, {counts['skipped']} skipped")
    return 1 if counts["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
