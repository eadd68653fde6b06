/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/product.h>

static const char *const type_words[] = {
#define TYPE_WORD(name, number, word) [number] = word,
    SEC_SETTING_TYPE_TABLE(TYPE_WORD)
#undef TYPE_WORD
};

const char *sec_setting_type_word(enum sec_setting_type type)
{
    size_t number = (size_t)type;
    return number > 0 && number < sizeof type_words / sizeof type_words[0] ? type_words[number] : "unknown";
}

bool sec_product_setting_supported(enum sec_setting_type type)
{
    return type == SEC_SETTING_BOOL || type == SEC_SETTING_INTEGER || type == SEC_SETTING_TEXT || type == SEC_SETTING_ENUM;
}

/* --- values ------------------------------------------------------------------------------------------ */

bool sec_value_equal(const struct sec_value *a, const struct sec_value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case SEC_VALUE_BOOL:
        return a->boolean == b->boolean;
    case SEC_VALUE_INTEGER:
        return a->integer == b->integer;
    case SEC_VALUE_TEXT:
        return sec_bytes_equal(a->text, b->text);
    case SEC_VALUE_NONE:
        break;
    }
    return true;
}

struct sec_value sec_value_read(struct sec_cbor *rd)
{
    if (sec_cbor_is_null(rd)) {
        sec_cbor_null(rd);
        return sec_value_none();
    }
    switch (sec_cbor_peek(rd)) {
    case SEC_CBOR_UINT:
    case SEC_CBOR_NINT:
        return sec_value_integer(sec_cbor_int(rd));
    case SEC_CBOR_TSTR:
        return sec_value_text(sec_cbor_tstr(rd));
    case SEC_CBOR_SIMPLE:
        return sec_value_bool(sec_cbor_bool(rd));
    case SEC_CBOR_BSTR:
    case SEC_CBOR_ARRAY:
    case SEC_CBOR_MAP:
    case SEC_CBOR_TAG:
    case SEC_CBOR_NOTHING:
        break;
    }
    sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
    return sec_value_none();
}

void sec_value_put(struct sec_wr *wr, const struct sec_value *value)
{
    switch (value->type) {
    case SEC_VALUE_BOOL:
        sec_cbor_put_bool(wr, value->boolean);
        return;
    case SEC_VALUE_INTEGER:
        sec_cbor_put_int(wr, value->integer);
        return;
    case SEC_VALUE_TEXT:
        sec_cbor_put_tstr(wr, value->text);
        return;
    case SEC_VALUE_NONE:
        break;
    }
    sec_cbor_put_null(wr);
}

/* --- what names and texts may be made of ------------------------------------------------------------- */

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_byte(uint8_t c)
{
    return is_lower(c) || is_digit(c) || c == '_' || c == '-';
}

sec_status sec_product_name_check(struct sec_bytes name)
{
    if (name.len > SEC_NAME_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    if (name.len == 0 || !is_lower(name.data[0]))
        return sec_st(SEC_BAD_VALUE);
    for (size_t i = 1; i < name.len; i++)
        if (!is_name_byte(name.data[i]))
            return sec_st(SEC_BAD_VALUE);
    return sec_st(SEC_OK);
}

/* "securable" itself is kept too, so that no tool has to tell it from the reserved keys. */
static bool is_reserved(struct sec_bytes name)
{
    const struct sec_bytes word = SEC_LIT("securable");
    return sec_bytes_equal(sec_bytes_part(name, 0, word.len), word) && (name.len == word.len || name.data[word.len] == '.');
}

sec_status sec_product_setting_name_check(struct sec_bytes name)
{
    size_t start = 0;
    if (name.len > SEC_SETTING_KEY_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    if (is_reserved(name))
        return sec_st(SEC_BAD_VALUE);
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] != '.')
            continue;
        SEC_TRY(sec_product_name_check(sec_bytes_part(name, start, i - start)));
        start = i + 1;
    }
    return sec_product_name_check(sec_bytes_part(name, start, name.len - start));
}

sec_status sec_product_hook_check(struct sec_bytes hook)
{
    if (hook.len > SEC_NAME_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    if (hook.len == 0 || !(is_lower(hook.data[0]) || is_digit(hook.data[0])))
        return sec_st(SEC_BAD_VALUE);
    for (size_t i = 1; i < hook.len; i++)
        if (!is_name_byte(hook.data[i]) && hook.data[i] != '.')
            return sec_st(SEC_BAD_VALUE);
    return sec_st(SEC_OK);
}

/* C0, DEL, and C1 in its UTF-8 form (c2 80 .. c2 9f): what a terminal may obey. */
static bool has_control(struct sec_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c < 0x20 || c == 0x7f)
            return true;
        if (c == 0xc2 && i + 1 < text.len && text.data[i + 1] < 0xa0)
            return true;
    }
    return false;
}

sec_status sec_product_text_check(struct sec_bytes text, size_t max)
{
    if (text.len > max)
        return sec_st(SEC_TOO_LARGE);
    if (text.len == 0 || has_control(text))
        return sec_st(SEC_BAD_VALUE);
    return sec_utf8_check(text);
}

sec_status sec_product_domain_check(struct sec_bytes domain)
{
    bool label = false;
    if (domain.len > 253)
        return sec_st(SEC_TOO_LARGE);
    for (size_t i = 0; i < domain.len; i++) {
        uint8_t c = domain.data[i];
        if (!is_lower(c) && !is_digit(c) && !(label && (c == '-' || c == '.')))
            return sec_st(SEC_BAD_VALUE);
        label = c != '.';
    }
    return sec_st(label ? SEC_OK : SEC_BAD_VALUE);
}

static unsigned digits(struct sec_bytes text, size_t from, size_t count, bool *ret_bad)
{
    unsigned number = 0;
    for (size_t i = from; i < from + count; i++) {
        if (!is_digit(text.data[i])) {
            *ret_bad = true;
            return 0;
        }
        number = number * 10 + (unsigned)(text.data[i] - '0');
    }
    return number;
}

sec_status sec_product_date_check(struct sec_bytes date)
{
    static const uint8_t month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool bad = false;
    if (date.len != 10 || date.data[4] != '-' || date.data[7] != '-')
        return sec_st(SEC_BAD_VALUE);
    unsigned year = digits(date, 0, 4, &bad);
    unsigned month = digits(date, 5, 2, &bad);
    unsigned day = digits(date, 8, 2, &bad);
    if (bad || month < 1 || month > 12 || day < 1)
        return sec_st(SEC_BAD_VALUE);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    unsigned last = month == 2 && leap ? 29u : month_days[month - 1];
    return sec_st(day <= last ? SEC_OK : SEC_BAD_VALUE);
}

/* --- judging a value ---------------------------------------------------------------------------------- */

static void say(struct sec_wr *fact, struct sec_bytes words)
{
    if (fact)
        sec_wr_bytes(fact, words);
}

static void say_number(struct sec_wr *fact, int64_t number)
{
    uint8_t text[20];
    size_t at = sizeof text;
    uint64_t rest = number < 0 ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;
    do {
        text[--at] = (uint8_t)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        say(fact, SEC_LIT("-"));
    say(fact, sec_bytes_part(SEC_BYTES(text), at, sizeof text - at));
}

static sec_status refuse_bound(struct sec_wr *fact, struct sec_bytes words, int64_t bound, struct sec_bytes unit)
{
    say(fact, words);
    say_number(fact, bound);
    if (unit.len > 0)
        say(fact, SEC_LIT(" "));
    say(fact, unit);
    return sec_st(SEC_OUT_OF_RANGE);
}

static sec_status bounds_check(const struct sec_product_setting *setting, int64_t amount, struct sec_bytes unit, struct sec_wr *fact)
{
    if (amount < setting->min)
        return refuse_bound(fact, SEC_LIT("at least "), setting->min, unit);
    if (amount > setting->max)
        return refuse_bound(fact, SEC_LIT("at most "), setting->max, unit);
    return sec_st(SEC_OK);
}

static sec_status choice_check(const struct sec_product_setting *setting, struct sec_bytes text, struct sec_wr *fact)
{
    for (size_t i = 0; i < setting->choices_count; i++)
        if (sec_bytes_equal(sec_product_text_at(setting->choices, i), text))
            return sec_st(SEC_OK);
    say(fact, SEC_LIT("one of"));
    for (size_t i = 0; i < setting->choices_count; i++) {
        say(fact, i == 0 ? SEC_LIT(" ") : SEC_LIT(", "));
        say(fact, sec_product_text_at(setting->choices, i));
    }
    return sec_st(SEC_OUT_OF_RANGE);
}

static enum sec_value_type carrier(enum sec_setting_type type)
{
    if (type == SEC_SETTING_BOOL)
        return SEC_VALUE_BOOL;
    return type == SEC_SETTING_INTEGER ? SEC_VALUE_INTEGER : SEC_VALUE_TEXT;
}

sec_status sec_product_setting_check(const struct sec_product_setting *setting, const struct sec_value *value, struct sec_wr *fact)
{
    if (!sec_product_setting_supported(setting->type)) {
        say(fact, SEC_LIT("this version has no settings of this type"));
        return sec_st(SEC_UNSUPPORTED);
    }
    if (value->type != carrier(setting->type)) {
        say(fact, SEC_LIT("not of type "));
        say(fact, sec_bytes_of_str(sec_setting_type_word(setting->type)));
        return sec_st(SEC_BAD_VALUE);
    }
    if (value->type == SEC_VALUE_TEXT && (has_control(value->text) || !sec_ok(sec_utf8_check(value->text)))) {
        say(fact, SEC_LIT("a text without control characters"));
        return sec_st(SEC_BAD_VALUE);
    }
    if (setting->type == SEC_SETTING_INTEGER)
        return bounds_check(setting, value->integer, setting->unit, fact);
    if (setting->type == SEC_SETTING_TEXT)
        return bounds_check(setting, (int64_t)value->text.len, SEC_LIT("bytes"), fact);
    if (setting->type == SEC_SETTING_ENUM)
        return choice_check(setting, value->text, fact);
    return sec_st(SEC_OK);
}
