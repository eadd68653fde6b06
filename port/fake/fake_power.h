/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated mains: counts durable operations and cuts at the nth.
 *
 * Storage, keystore and counter of one simulated device share one of these; a test's own effects may count by it too.
 * Every operation that changes something durable begins with fake_power_begin(). Reads do not count, but fail while
 * the power is off. What survives a cut is chosen by draws from a seeded stream, so one (seed, nth) is one story.
 * Memory: the caller's; may be copied and copied back (a snapshot of a life). Threads: one.
 * Demand: promise 4 and 5 are searched with it (no element of its own).
 */
#ifndef FAKE_POWER_H
#define FAKE_POWER_H

#include <securable/status.h>

#include <stdbool.h>
#include <stdint.h>

struct fake_power {
    uint64_t operations; /* begun since init; what is refused while off does not count */
    uint64_t cut_at;     /* the value of `operations` at which the power goes; 0: never */
    uint64_t stream;     /* state of the draws */
    bool off;
};

enum fake_power_step {
    FAKE_POWER_GOES, /* do the operation whole */
    FAKE_POWER_CUTS, /* this is the operation under which the power goes: do a drawn part, answer POWER_CUT */
    FAKE_POWER_OFF,  /* do nothing, answer POWER_CUT */
};

/** Power on, nothing counted, no cut ordered. */
void fake_power_init(struct fake_power *power, uint64_t seed);
/** Starts the draws anew from `seed`: the same cut can be told in several ways. */
void fake_power_reseed(struct fake_power *power, uint64_t seed);
/** Orders a cut under the `nth` operation from now (1: the next one); 0 takes the order back. */
void fake_power_arm(struct fake_power *power, uint64_t nth);
/** Cuts at once, between two operations. */
void fake_power_cut(struct fake_power *power);
/** On again, no cut ordered. fake_storage_power_on() calls it. */
void fake_power_restore(struct fake_power *power);
/** Counts one durable operation and says how far it may go. */
enum fake_power_step fake_power_begin(struct fake_power *power);
/** A drawn number below `below` (which is not 0). */
uint64_t fake_power_draw(struct fake_power *power, uint64_t below);
/** Stirs `value` into `state`, well enough to tell states apart; joins digests of several fakes into one. */
uint64_t fake_mix(uint64_t state, uint64_t value);

#endif
