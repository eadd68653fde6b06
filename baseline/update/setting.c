/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's settings of this room as texts: mode, notice, window. */
#include <securable/update.h>

struct word {
    struct sec_bytes text;
    unsigned value;
};

static sec_status word_value(const struct word *words, size_t count, struct sec_bytes text, unsigned *ret_value)
{
    for (size_t i = 0; i < count; i++) {
        if (sec_bytes_equal(words[i].text, text)) {
            *ret_value = words[i].value;
            return sec_st(SEC_OK);
        }
    }
    return sec_st(SEC_BAD_VALUE);
}

sec_status sec_update_mode_parse(struct sec_bytes text, enum sec_update_mode *ret_mode)
{
    const struct word words[] = {
        {SEC_LIT("disabled"), SEC_UPDATE_MODE_DISABLED},
        {SEC_LIT("manual"), SEC_UPDATE_MODE_MANUAL},
        {SEC_LIT("automatic"), SEC_UPDATE_MODE_AUTOMATIC},
    };
    unsigned value = 0;
    SEC_TRY(word_value(words, sizeof words / sizeof words[0], text, &value));
    *ret_mode = (enum sec_update_mode)value;
    return sec_st(SEC_OK);
}

sec_status sec_update_notify_parse(struct sec_bytes text, enum sec_update_notify *ret_notify)
{
    const struct word words[] = {
        {SEC_LIT(""), SEC_UPDATE_NOTIFY_OFF},
        {SEC_LIT("off"), SEC_UPDATE_NOTIFY_OFF},
        {SEC_LIT("applications"), SEC_UPDATE_NOTIFY_APPLICATIONS},
        {SEC_LIT("owner"), SEC_UPDATE_NOTIFY_OWNER},
        {SEC_LIT("all"), SEC_UPDATE_NOTIFY_ALL},
    };
    unsigned value = 0;
    SEC_TRY(word_value(words, sizeof words / sizeof words[0], text, &value));
    *ret_notify = (enum sec_update_notify)value;
    return sec_st(SEC_OK);
}

#define DAY_S 86400
#define WINDOW_LEN 11u /* HH:MM-HH:MM */

/* Two digits below `limit` at `at`; -1 otherwise. */
static int two_digits(struct sec_bytes text, size_t at, int limit)
{
    int tens = text.data[at] - '0', ones = text.data[at + 1] - '0';
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9 || tens * 10 + ones >= limit)
        return -1;
    return tens * 10 + ones;
}

/* Seconds of the day of HH:MM at `at`; -1 otherwise. The caller has checked the text's length. */
static int clock_s(struct sec_bytes text, size_t at)
{
    int hours = two_digits(text, at, 24), minutes = two_digits(text, at + 3, 60);
    if (hours < 0 || minutes < 0 || text.data[at + 2] != ':')
        return -1;
    return hours * 3600 + minutes * 60;
}

static bool window_parse(struct sec_bytes text, int *ret_from_s, int *ret_until_s)
{
    if (text.len != WINDOW_LEN || text.data[5] != '-')
        return false;
    *ret_from_s = clock_s(text, 0);
    *ret_until_s = clock_s(text, 6);
    return *ret_from_s >= 0 && *ret_until_s >= 0 && *ret_from_s != *ret_until_s;
}

sec_status sec_update_window_check(struct sec_bytes text)
{
    int from_s, until_s;
    return sec_st(text.len == 0 || window_parse(text, &from_s, &until_s) ? SEC_OK : SEC_BAD_VALUE);
}

uint64_t sec_update_window_wait_s(struct sec_bytes text, int64_t now_s, bool time_trusted)
{
    int from_s, until_s;
    if (text.len == 0)
        return 0;
    /* Without trusted time nobody knows whether the machine may be disturbed: it is not (S77). */
    if (!time_trusted || !window_parse(text, &from_s, &until_s))
        return UINT64_MAX;
    int day_s = (int)(now_s % DAY_S + DAY_S) % DAY_S;
    bool open = from_s < until_s ? from_s <= day_s && day_s < until_s : day_s >= from_s || day_s < until_s;
    return open ? 0 : (uint64_t)((from_s - day_s + DAY_S) % DAY_S);
}

bool sec_update_window_open(struct sec_bytes text, int64_t now_s, bool time_trusted)
{
    return sec_update_window_wait_s(text, now_s, time_trusted) == 0;
}
