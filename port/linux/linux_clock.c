/* SPDX-License-Identifier: Apache-2.0 */
#include "linux_clock.h"

#include <stddef.h>
#include <time.h>

/* 2020-01-01T00:00:00Z: a clock before it was never set. */
#define WALL_MIN_S 1577836800

static uint64_t steady_ms(void *ctx)
{
    (void)ctx;
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_BOOTTIME, &now); /* fails for an unknown clock alone */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int64_t wall_s(void *ctx)
{
    (void)ctx;
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec < WALL_MIN_S ? 0 : (int64_t)now.tv_sec;
}

static bool wall_trusted(void *ctx)
{
    (void)ctx;
    return false;
}

struct sec_clock sec_linux_clock(void)
{
    return (struct sec_clock){NULL, steady_ms, wall_s, wall_trusted};
}
