/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cut in one life: the device is put back to just before a step, the power goes at the given operation of it, what survives is drawn
 * from a seed, the device starts again (with a second cut, if asked), and everything that must hold is checked.
 *
 * Memory: the caller's, large: static. Threads: one process each.
 */
#ifndef POWERCUT_CASE_H
#define POWERCUT_CASE_H

#include "powercut_judge.h"
#include "powercut_life.h"

/** What an undisturbed device says of the present step. */
struct expectation {
    uint64_t operations;
    sec_status verdict;
    struct outlook before; /* after a restart in place of the step */
    struct outlook live;   /* after the step */
    struct outlook after;  /* after the step and a restart */
    uint64_t events_before;
};

/** States after a cut, as digests; emptied with each step. A full table forgets: then some are judged twice. */
#define SEEN_MAX 16384u
struct seen {
    uint64_t states[SEEN_MAX];
};

/** A life under search, at one of its steps. */
struct world {
    const char *name;
    struct fake_device d;
    struct fake_device saved;
    struct fake_statement saved_statement;
    struct fake_pair_log *pairs; /* null: real cryptography, no log */
    size_t saved_pairs;
    size_t step;
    uint64_t events;
    struct expectation want;
    bool acknowledged; /* the step that was cut had answered before */
    struct seen seen; /* by this step: a state that was judged already need not be judged again */
    char fault[256]; /* what does not hold; empty: all does */
};

/** Binds the device, before its first start. */
void world_begin(struct world *world);
/** Prepares the present step and finds out what to expect. False, with a fault: the undisturbed life itself is wrong. */
bool world_prepare(struct world *world);
/** Lives through the present step undisturbed. */
bool world_advance(struct world *world);

struct cut {
    uint64_t operation; /* of the step, from 1 */
    uint64_t second;    /* operation of the recovery under which the power goes again; 0: it does not */
    uint64_t seed;      /* of what survives */
    unsigned further;   /* steps to live on afterwards */
    bool verbose;
};
struct cut_result {
    uint64_t survivors;           /* digest of what survived the (last) cut */
    uint64_t recovery_operations; /* of the last start */
    size_t waiting;               /* blocks written and not synced at the cut: what the draws are about */
    bool second_came;
    bool known; /* the survivors are those of an earlier case of this step: nothing more was done */
};
/** Runs one case; false, with a fault, when something does not hold. The world's device is left anywhere. */
bool world_cut(struct world *world, const struct cut *cut, struct cut_result *ret_result);

#endif
