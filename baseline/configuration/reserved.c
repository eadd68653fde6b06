/* SPDX-License-Identifier: Apache-2.0 */
#include "reserved.h"

#define TEXT(s) {(const uint8_t *)(s), sizeof(s) - 1}
#define NO_TEXT {(const uint8_t *)"", 0}
#define IS_BOOL(value) {SEC_VALUE_BOOL, value, 0, NO_TEXT}
#define IS_INTEGER(value) {SEC_VALUE_INTEGER, false, value, NO_TEXT}
#define IS_TEXT(value) {SEC_VALUE_TEXT, false, 0, TEXT(value)}

/* Rows: key, type, default (also the safe one) ... and what reset does. */
#define ROW_TEXT(key, most, about, resets_too)                                                                                   \
    {{TEXT(key), SEC_SETTING_TEXT, NO_TEXT, 0, most, NO_TEXT, 0, IS_TEXT(""), IS_TEXT(""), TEXT(about), NO_TEXT, NO_TEXT},       \
     resets_too}
#define ROW_ENUM(key, words, count, preset, about, resets_too)                                                                   \
    {{TEXT(key), SEC_SETTING_ENUM, NO_TEXT, 0, 0, TEXT(words), count, IS_TEXT(preset), IS_TEXT(preset), TEXT(about), NO_TEXT,    \
      NO_TEXT},                                                                                                                  \
     resets_too}
#define ROW_BOOL(key, preset, about, resets_too)                                                                                 \
    {{TEXT(key), SEC_SETTING_BOOL, NO_TEXT, 0, 0, NO_TEXT, 0, IS_BOOL(preset), IS_BOOL(preset), TEXT(about), NO_TEXT, NO_TEXT},  \
     resets_too}
#define ROW_INTEGER(key, unit, least, most, preset, about, resets_too)                                                           \
    {{TEXT(key), SEC_SETTING_INTEGER, TEXT(unit), least, most, NO_TEXT, 0, IS_INTEGER(preset), IS_INTEGER(preset), TEXT(about),  \
      NO_TEXT, NO_TEXT},                                                                                                         \
     resets_too}

/* Choices are CBOR text strings one behind the other: a byte 0x60 + length, then the text. */
#define MODES "\x68" "disabled" "\x66" "manual" "\x69" "automatic"
#define NOTICES "\x63" "off" "\x6c" "applications" "\x65" "owner" "\x63" "all"
#define ALGORITHMS "\x66" "ESP256"

/* clang-format off */
const struct sec_configuration_reserved sec_configuration_reserved[] = {
    ROW_TEXT("securable.device.name", SEC_NAME_MAX_BYTES, "the owner's name for this device", false),
    ROW_TEXT("securable.device.site", SEC_NAME_MAX_BYTES, "the site where it stands", false),
    ROW_TEXT("securable.device.tags", SEC_SETTING_TEXT_MAX_BYTES, "words that commands may address, separated by commas", false),
    ROW_ENUM(SEC_CONFIGURATION_UPDATE_MODE, MODES, 3, "manual", "whether releases are refused, installed on command, or by themselves", false),
    ROW_TEXT("securable.device.group", SEC_NAME_MAX_BYTES, "the group that it belongs to", false),
    ROW_INTEGER("securable.log.keep_mib", "MiB", 1, 1048576, 64, "how much of the log is kept at least; older segments are removed, oldest first", false),
    ROW_ENUM("securable.update.notify", NOTICES, 4, "all", "who is told of available releases", false),
    ROW_TEXT(SEC_CONFIGURATION_UPDATE_WINDOW, SEC_NAME_MAX_BYTES, "when releases may be installed by themselves, as 22:30-05:00 in UTC; empty: at any time", false),
    ROW_ENUM("securable.crypto.algorithm", ALGORITHMS, 1, "ESP256", "the algorithm that the device signs with", true),
    ROW_INTEGER("securable.access.lockout.limit", "refusals", 1, 1000, 5, "refusals in a row after which the door locks", true),
    ROW_BOOL("securable.access.lockout.enabled", true, "whether too many refusals lock the door for a while", true),
    ROW_INTEGER("securable.access.lockout.seconds", "s", 1, 86400, 300, "how long the door stays locked", true),
};
/* clang-format on */
const size_t sec_configuration_reserved_count = sizeof sec_configuration_reserved / sizeof sec_configuration_reserved[0];

static bool is_number_below(struct sec_bytes text, size_t at, int limit)
{
    int tens = text.data[at] - '0', ones = text.data[at + 1] - '0';
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 && tens * 10 + ones < limit;
}

static bool is_time_of_day(struct sec_bytes text, size_t at)
{
    return is_number_below(text, at, 24) && text.data[at + 2] == ':' && is_number_below(text, at + 3, 60);
}

/* A window that nobody can read would never open, and its owner would not know why. */
static bool is_window(struct sec_bytes text)
{
    if (text.len == 0)
        return true;
    return text.len == 11 && is_time_of_day(text, 0) && text.data[5] == '-' && is_time_of_day(text, 6) &&
           !sec_bytes_equal(sec_bytes_part(text, 0, 5), sec_bytes_part(text, 6, 5));
}

sec_status sec_configuration_reserved_form_check(struct sec_bytes key, const struct sec_value *value)
{
    bool good = !sec_bytes_equal(key, SEC_LIT(SEC_CONFIGURATION_UPDATE_WINDOW)) || is_window(value->text);
    return sec_st(good ? SEC_OK : SEC_BAD_VALUE);
}
