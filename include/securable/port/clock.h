/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port: clocks. The wall clock is a hint with a quality; the steady clock counts from some start and never
 * falls within one boot.
 */
#ifndef SECURABLE_PORT_CLOCK_H
#define SECURABLE_PORT_CLOCK_H

#include <securable/status.h>

struct sec_clock {
    void *ctx;
    /** Milliseconds since some moment of this boot. */
    uint64_t (*steady_ms)(void *ctx);
    /** Seconds since 1970 UTC as the surroundings believe it; 0 when they do not know. */
    int64_t (*wall_s)(void *ctx);
    /** True when the wall clock comes from a source that kept power or was authenticated. */
    bool (*wall_trusted)(void *ctx);
};

#endif
