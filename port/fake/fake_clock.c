/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_clock.h"

static uint64_t steady_ms(void *ctx)
{
    return ((const struct fake_clock *)ctx)->steady_ms;
}

static int64_t wall_s(void *ctx)
{
    return ((const struct fake_clock *)ctx)->wall_s;
}

static bool wall_trusted(void *ctx)
{
    return ((const struct fake_clock *)ctx)->trusted;
}

void fake_clock_init(struct fake_clock *clock)
{
    *clock = (struct fake_clock){0};
}

void fake_clock_pass(struct fake_clock *clock, uint64_t ms)
{
    /* Whole seconds by the steady clock's own borders, so that many small steps sum up. */
    uint64_t seconds = (clock->steady_ms + ms) / 1000 - clock->steady_ms / 1000;
    clock->steady_ms += ms;
    if (clock->wall_s != 0)
        clock->wall_s += (int64_t)seconds;
}

struct sec_clock fake_clock_port(struct fake_clock *clock)
{
    return (struct sec_clock){clock, steady_ms, wall_s, wall_trusted};
}
