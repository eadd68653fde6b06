/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fake counter: one number that only rises; raising it is a durable operation that a cut leaves done or not done.
 *
 * Memory: the caller's. Threads: one. Demand: none of its own.
 */
#ifndef FAKE_COUNTER_H
#define FAKE_COUNTER_H

#include "fake_power.h"

#include <securable/port/counter.h>

struct fake_counter {
    struct fake_power *power;
    uint64_t value;
    enum sec_counter_quality quality; /* HARDWARE after init */
};

void fake_counter_init(struct fake_counter *counter, struct fake_power *power);
/** The port's functions; borrows `counter`. */
struct sec_counter fake_counter_port(struct fake_counter *counter);

#endif
