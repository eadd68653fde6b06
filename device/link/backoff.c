/* SPDX-License-Identifier: Apache-2.0 */
#include "backoff.h"

uint64_t backoff_ms(uint64_t failures, uint32_t random)
{
    uint64_t middle_ms = BACKOFF_FIRST_MS;
    if (failures == 0)
        return 0;
    for (uint64_t i = 1; i < failures && middle_ms < BACKOFF_MOST_MS; i++)
        middle_ms *= 2;
    middle_ms = middle_ms < BACKOFF_MOST_MS ? middle_ms : BACKOFF_MOST_MS;
    return middle_ms / 2 + random % (middle_ms + 1);
}

uint64_t pace_ms(struct pace *pace, uint64_t now_ms, uint64_t count)
{
    const uint64_t ahead_ms = PACE_AT_ONCE_COUNT * PACE_EACH_MS;
    if (pace->paid_ms < now_ms)
        pace->paid_ms = now_ms;
    pace->paid_ms += count * PACE_EACH_MS;
    return pace->paid_ms - now_ms > ahead_ms ? pace->paid_ms - now_ms - ahead_ms : 0;
}
