/* SPDX-License-Identifier: Apache-2.0 */
/* How devices stand to their hub: when they were last heard of, and what becomes of what was sent to them. */
#include <securable/access_hub.h>

#define NOW_INTERVALS 2u
#define LATE_INTERVALS 10u

enum sec_contact sec_contact_judge(int64_t last_seen_s, int64_t now_s, uint64_t interval_s)
{
    if (last_seen_s <= 0)
        return SEC_CONTACT_NEVER;
    if (now_s <= last_seen_s)
        return SEC_CONTACT_NOW;
    uint64_t silent_intervals = ((uint64_t)now_s - (uint64_t)last_seen_s - 1) / (interval_s == 0 ? 1 : interval_s);
    if (silent_intervals < NOW_INTERVALS)
        return SEC_CONTACT_NOW;
    return silent_intervals < LATE_INTERVALS ? SEC_CONTACT_LATE : SEC_CONTACT_LOST;
}

const char *sec_contact_word(uint64_t contact)
{
    static const char *const words[] = {"never", "now", "late", "lost"};
    return contact < sizeof words / sizeof words[0] ? words[contact] : "unknown";
}

enum sec_delivery_next sec_delivery_judge(uint16_t code, bool decided)
{
    sec_status status = {code};
    if (sec_is(status, SEC_APPROVALS_MISSING))
        return SEC_DELIVERY_HELD;
    if (decided)
        return SEC_DELIVERY_ANSWERED;
    if (sec_is(status, SEC_LOCKED_OUT) || sec_is(status, SEC_BUSY))
        return SEC_DELIVERY_AGAIN;
    enum sec_status_class class = sec_status_class(status);
    return class == SEC_CLASS_SPACE || class == SEC_CLASS_IO ? SEC_DELIVERY_AGAIN : SEC_DELIVERY_ANSWERED;
}

bool sec_delivery_settled(bool answered, bool decided, uint16_t code)
{
    return answered && decided && code != SEC_PENDING;
}
