/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Back-off: how long to stay away after so many failures in a row: one second, doubled up to five minutes, spread by half to both sides,
 * so that a fleet that lost its hub does not come back at one moment.
 *
 * Memory: none. Threads: any; pure. Demand: S80.
 */
#ifndef SECURABLE_DEVICE_LINK_BACKOFF_H
#define SECURABLE_DEVICE_LINK_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_MS UINT64_C(1000)
#define BACKOFF_MOST_MS UINT64_C(300000)

/** Milliseconds after the `failures`-th failure in a row (from 1); `random` is any number. 0 failures: 0. */
uint64_t backoff_ms(uint64_t failures, uint32_t random);

#endif
