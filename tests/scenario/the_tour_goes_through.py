#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everything that a device does, once, by the programs as people call them; then what its log says of it."""
import sys

from scenario import Place, contains, must, play
import tour


def keep_the_log(site):
    """Before transfer and wipe make it unreadable."""
    site.kept_log = site.log_pages()


def walk_through(site):
    at = [step for _, step in tour.STEPS].index(tour.transfer)
    tour.STEPS.insert(at, ("look: the log before the transfer", keep_the_log))
    must(tour.walk(site) == 0, "the tour did not go through")


def every_part_left_its_trace(site):
    """Programs, firmware, people, applications, keys: security events of all are in the one log."""
    contains(site.kept_log, "start  version", "voucher", "access.roster", "confirm-missed", "configuration.set", "effect-failed",
             "refusals", "protection.rotate", "release", "downgrade", "update.install", "health-failed", "cabinet 3")
    site.start()
    site.set_up_people()
    contains(site.log_pages(), "protection.wipe")
    must(site.run("log", "verify", site.device).startswith("intact"), "the log is not intact")


CASES = [
    ("the tour goes through", walk_through, ["F2.1", "F2.2", "F3.3", "F5.1", "F5.2", "F5.3"]),
    ("every part left its trace in the log", every_part_left_its_trace, ["F6.1"]),
]

sys.exit(play(CASES, Place))
