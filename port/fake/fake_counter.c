/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_counter.h"

static sec_status counter_read(void *ctx, uint64_t *ret_value)
{
    const struct fake_counter *counter = ctx;
    if (counter->power->off)
        return sec_st(SEC_POWER_CUT);
    *ret_value = counter->value;
    return sec_st(SEC_OK);
}

static sec_status counter_raise(void *ctx, uint64_t *ret_value)
{
    struct fake_counter *counter = ctx;
    enum fake_power_step step = fake_power_begin(counter->power);
    if (step == FAKE_POWER_GOES || (step == FAKE_POWER_CUTS && fake_power_draw(counter->power, 2) == 1))
        counter->value++;
    if (step != FAKE_POWER_GOES)
        return sec_st(SEC_POWER_CUT);
    *ret_value = counter->value;
    return sec_st(SEC_OK);
}

void fake_counter_init(struct fake_counter *counter, struct fake_power *power)
{
    *counter = (struct fake_counter){.power = power, .quality = SEC_COUNTER_HARDWARE};
}

struct sec_counter fake_counter_port(struct fake_counter *counter)
{
    return (struct sec_counter){counter, counter->quality, counter_read, counter_raise};
}
