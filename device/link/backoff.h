/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Back-off: how long to stay away after so many failures in a row: one second, doubled up to five minutes, spread by half to both sides,
 * so that a fleet that lost its hub does not come back at one moment.
 *
 * Memory: none. Threads: any; pure. Demand: S40, S80.
 */
#ifndef SECURABLE_DEVICE_LINK_BACKOFF_H
#define SECURABLE_DEVICE_LINK_BACKOFF_H

#include <stdint.h>

/** What a hub may make a device do: so many rounds, reports and statements at once, and one more after each of these times. */
#define PACE_AT_ONCE_COUNT UINT64_C(120)
#define PACE_EACH_MS UINT64_C(250)

#define BACKOFF_FIRST_MS UINT64_C(1000)
#define BACKOFF_MOST_MS UINT64_C(300000)

/** Milliseconds after the `failures`-th failure in a row (from 1); `random` is any number. 0 failures: 0. */
uint64_t backoff_ms(uint64_t failures, uint32_t random);

/** What was done so far, as the moment at which it is paid for. */
struct pace {
    uint64_t paid_ms;
};
/**
 * Counts work of which the hub decides how often it comes; gives the milliseconds to wait before more. A hub that answers at once without end, or asks for report after
 * report, costs the device a part of one processor and not its journal's time.
 */
uint64_t pace_ms(struct pace *pace, uint64_t now_ms, uint64_t count);

#endif
