/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fake clock: shows what the test sets.
 *
 * Memory: the caller's; set the fields at will. A restart sets steady_ms back, the test does it. Threads: one.
 * Demand: none of its own.
 */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include <securable/port/clock.h>

struct fake_clock {
    uint64_t steady_ms;
    int64_t wall_s; /* 0: not known */
    bool trusted;
};

/** All at 0, untrusted. */
void fake_clock_init(struct fake_clock *clock);
/** Lets time pass on both clocks; an unknown wall clock stays unknown. */
void fake_clock_pass(struct fake_clock *clock, uint64_t ms);
/** The port's functions; borrows `clock`. */
struct sec_clock fake_clock_port(struct fake_clock *clock);

#endif
