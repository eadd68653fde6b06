/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_power.h"

/* SplitMix64's finalizer: each output bit depends on each input bit. */
static uint64_t scramble(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t fake_mix(uint64_t state, uint64_t value)
{
    return scramble((state ^ value) * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du);
}

void fake_power_init(struct fake_power *power, uint64_t seed)
{
    *power = (struct fake_power){0};
    fake_power_reseed(power, seed);
}

void fake_power_reseed(struct fake_power *power, uint64_t seed)
{
    power->stream = scramble(seed + 0x9e3779b97f4a7c15u);
}

void fake_power_arm(struct fake_power *power, uint64_t nth)
{
    power->cut_at = nth == 0 ? 0 : power->operations + nth;
}

void fake_power_cut(struct fake_power *power)
{
    power->off = true;
}

void fake_power_restore(struct fake_power *power)
{
    power->off = false;
    power->cut_at = 0;
}

enum fake_power_step fake_power_begin(struct fake_power *power)
{
    if (power->off)
        return FAKE_POWER_OFF;
    power->operations++;
    if (power->operations != power->cut_at)
        return FAKE_POWER_GOES;
    power->off = true;
    return FAKE_POWER_CUTS;
}

uint64_t fake_power_draw(struct fake_power *power, uint64_t below)
{
    power->stream += 0x9e3779b97f4a7c15u;
    return scramble(power->stream) % below;
}
