#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real site for the browser tests: maker, device, hub and console by the built programs. Prints one line of JSON when it is ready; ends when stdin does."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
from signing_console import Console, made_with_hub  # noqa: E402


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="securable-"))
    folder.chmod(0o755)
    site = None
    try:
        site = made_with_hub(folder)
        text = site.run("hub", "token", "--name", "wall", "--scope", "read", "--days", 1, "--json", *site.hub.local(), binary=True)
        with Console(site) as console:
            print(json.dumps({"console": console.address, "hub": site.hub.url, "token": json.loads(text)["token"], "device": site.device_id()}), flush=True)
            sys.stdin.read()
    finally:
        if site:
            site.stop()
            site.hub.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.SubprocessError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
