/* SPDX-License-Identifier: Apache-2.0 */
#include "declaration.h"

#define BIT(key) (1u << (unsigned)(key))

/* --- fields ------------------------------------------------------------------------------------------ */

static void fail_with(struct sec_cbor *rd, sec_status status)
{
    if (!sec_ok(status))
        sec_cbor_fail(rd, (enum sec_status_code)status.code);
}

struct sec_bytes sec_product_read_text(struct sec_cbor *rd, size_t max)
{
    struct sec_bytes text = sec_cbor_tstr(rd);
    fail_with(rd, sec_product_text_check(text, max));
    return text;
}

struct sec_bytes sec_product_read_checked(struct sec_cbor *rd, sec_status (*check)(struct sec_bytes))
{
    struct sec_bytes text = sec_cbor_tstr(rd);
    fail_with(rd, check(text));
    return text;
}

int64_t sec_product_read_integer(struct sec_cbor *rd, int64_t min, int64_t max)
{
    int64_t value = sec_cbor_int(rd);
    sec_product_read_must(rd, value >= min && value <= max);
    return value;
}

static bool occurs(struct sec_bytes texts, size_t count, struct sec_bytes text)
{
    for (size_t i = 0; i < count; i++)
        if (sec_bytes_equal(sec_product_text_at(texts, i), text))
            return true;
    return false;
}

struct sec_bytes sec_product_read_texts(struct sec_cbor *rd, size_t min, size_t max, sec_status (*check)(struct sec_bytes),
                                        size_t *ret_count)
{
    size_t count = sec_cbor_array(rd);
    size_t start = rd->at;
    if (count > max)
        sec_cbor_fail(rd, SEC_TOO_LARGE);
    sec_product_read_must(rd, count >= min);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        struct sec_bytes before = sec_bytes_part(rd->in, start, rd->at - start);
        struct sec_bytes text = sec_product_read_checked(rd, check);
        sec_product_read_must(rd, !occurs(before, i, text));
    }
    if (!sec_ok(rd->status))
        return (struct sec_bytes){NULL, 0};
    *ret_count = count;
    return sec_bytes_part(rd->in, start, rd->at - start);
}

void sec_product_read_need(struct sec_cbor *rd, uint32_t seen, uint32_t need)
{
    if ((seen & need) != need)
        sec_cbor_fail(rd, SEC_MISSING_FIELD);
}

void sec_product_read_must(struct sec_cbor *rd, bool good)
{
    if (!good)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

void sec_product_put_text(struct sec_wr *wr, uint64_t key, struct sec_bytes text)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_tstr(wr, text);
}

void sec_product_put_optional(struct sec_wr *wr, uint64_t key, struct sec_bytes text)
{
    if (text.len > 0)
        sec_product_put_text(wr, key, text);
}

void sec_product_put_integer(struct sec_wr *wr, uint64_t key, int64_t value)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_int(wr, value);
}

void sec_product_put_flag(struct sec_wr *wr, uint64_t key, bool value)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_bool(wr, value);
}

void sec_product_put_texts(struct sec_wr *wr, uint64_t key, struct sec_bytes texts, size_t count)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_array(wr, count);
    sec_wr_bytes(wr, texts);
}

size_t sec_product_one_if(struct sec_bytes text)
{
    return text.len > 0 ? 1u : 0u;
}

struct sec_bytes sec_product_text_at(struct sec_bytes texts, size_t index)
{
    struct sec_cbor rd = sec_cbor(texts);
    struct sec_bytes text = {NULL, 0};
    for (size_t i = 0; i <= index; i++)
        text = sec_cbor_tstr(&rd);
    return sec_ok(rd.status) ? text : (struct sec_bytes){NULL, 0};
}

/* --- component: {1: name, 2: meaning, 3: [+ slot]} ------------------------------------------------------ */

void sec_product_component_put(struct sec_wr *wr, const struct sec_product_component *component)
{
    sec_cbor_put_map(wr, 3);
    sec_product_put_text(wr, 1, component->name);
    sec_product_put_text(wr, 2, component->meaning);
    sec_product_put_texts(wr, 3, component->slots, component->slots_count);
}

void sec_product_component_read(struct sec_cbor *rd, struct sec_product_component *ret_component)
{
    struct sec_product_component got = {0};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            got.name = sec_product_read_checked(rd, sec_product_name_check);
        else if (key == 2)
            got.meaning = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        else if (key == 3)
            got.slots = sec_product_read_texts(rd, 1, SEC_PRODUCT_SLOTS_MAX_COUNT, sec_product_name_check, &got.slots_count);
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        seen |= key >= 1 && key <= 3 ? BIT(key) : 0u;
    }
    sec_product_read_need(rd, seen, BIT(1) | BIT(2) | BIT(3));
    *ret_component = got;
}

/* --- setting: {1: name, 2: type, ? 3: unit, ? 4: min, ? 5: max, ? 6: [+ choice], ? 7: default, ? 8: safe default, 9: meaning,
       ? 10: effect, ? 11: hook} ------------------------------------------------------------------------ */

static bool has_bounds(enum sec_setting_type type)
{
    return type == SEC_SETTING_INTEGER || type == SEC_SETTING_TEXT;
}

void sec_product_setting_put(struct sec_wr *wr, const struct sec_product_setting *setting)
{
    bool bounds = has_bounds(setting->type);
    bool choices = setting->choices_count > 0;
    bool preset = setting->preset.type != SEC_VALUE_NONE;
    bool safe = !sec_value_equal(&setting->safe, &setting->preset);
    sec_cbor_put_map(wr, 3u + (bounds ? 2u : 0u) + (choices ? 1u : 0u) + (preset ? 1u : 0u) + (safe ? 1u : 0u) +
                             sec_product_one_if(setting->unit) + sec_product_one_if(setting->effect) + sec_product_one_if(setting->hook));
    sec_product_put_text(wr, 1, setting->name);
    sec_product_put_integer(wr, 2, (int64_t)setting->type);
    sec_product_put_optional(wr, 3, setting->unit);
    if (bounds) {
        sec_product_put_integer(wr, 4, setting->min);
        sec_product_put_integer(wr, 5, setting->max);
    }
    if (choices)
        sec_product_put_texts(wr, 6, setting->choices, setting->choices_count);
    if (preset) {
        sec_cbor_put_uint(wr, 7);
        sec_value_put(wr, &setting->preset);
    }
    if (safe) {
        sec_cbor_put_uint(wr, 8);
        sec_value_put(wr, &setting->safe);
    }
    sec_product_put_text(wr, 9, setting->meaning);
    sec_product_put_optional(wr, 10, setting->effect);
    sec_product_put_optional(wr, 11, setting->hook);
}

static sec_status choice_text_check(struct sec_bytes text)
{
    return sec_product_text_check(text, SEC_SETTING_TEXT_MAX_BYTES);
}

static void setting_field_read(struct sec_cbor *rd, int64_t key, struct sec_product_setting *got)
{
    const int64_t max = SEC_PRODUCT_INTEGER_MAX;
    switch (key) {
    case 1:
        got->name = sec_product_read_checked(rd, sec_product_setting_name_check);
        return;
    case 2:
        got->type = (enum sec_setting_type)sec_product_read_integer(rd, SEC_SETTING_BOOL, SEC_SETTING_DURATION);
        return;
    case 3:
        got->unit = sec_product_read_text(rd, SEC_NAME_MAX_BYTES);
        return;
    case 4:
        got->min = sec_product_read_integer(rd, -max, max);
        return;
    case 5:
        got->max = sec_product_read_integer(rd, -max, max);
        return;
    case 6:
        got->choices = sec_product_read_texts(rd, 1, SEC_PRODUCT_CHOICES_MAX_COUNT, choice_text_check, &got->choices_count);
        return;
    case 7:
        got->preset = sec_value_read(rd);
        return;
    case 8:
        got->safe = sec_value_read(rd);
        return;
    case 9:
        got->meaning = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        return;
    case 10:
        got->effect = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        return;
    case 11:
        got->hook = sec_product_read_checked(rd, sec_product_hook_check);
        return;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

/* A value of a type that is carried only: a text for those that are one text, nothing for the others. */
static bool carried_fits(enum sec_setting_type type, const struct sec_value *value)
{
    if (value->type == SEC_VALUE_NONE)
        return true;
    return (type == SEC_SETTING_IP_ADDRESS || type == SEC_SETTING_DURATION) && value->type == SEC_VALUE_TEXT &&
           sec_ok(sec_product_text_check(value->text, SEC_SETTING_TEXT_MAX_BYTES));
}

static bool value_fits(const struct sec_product_setting *setting, const struct sec_value *value)
{
    if (!sec_product_setting_supported(setting->type))
        return carried_fits(setting->type, value);
    return sec_ok(sec_product_setting_check(setting, value, NULL));
}

/* What must be there, and what must not, so that each declaration has one form. */
static void setting_form_check(struct sec_cbor *rd, uint32_t seen, struct sec_product_setting *got)
{
    bool bounds = has_bounds(got->type);
    sec_product_read_need(rd, seen, BIT(1) | BIT(2) | BIT(9));
    sec_product_read_need(rd, seen, bounds ? BIT(4) | BIT(5) : 0u);
    sec_product_read_need(rd, seen, got->type == SEC_SETTING_ENUM ? BIT(6) : 0u);
    sec_product_read_need(rd, seen, sec_product_setting_supported(got->type) ? BIT(7) : 0u);
    sec_product_read_must(rd, bounds || !(seen & (BIT(4) | BIT(5))));
    sec_product_read_must(rd, got->type == SEC_SETTING_ENUM || !(seen & BIT(6)));
    sec_product_read_must(rd, got->min <= got->max);
    if (got->type == SEC_SETTING_TEXT)
        sec_product_read_must(rd, got->min >= 0 && got->max <= (int64_t)SEC_SETTING_TEXT_MAX_BYTES);
    sec_product_read_must(rd, !(seen & BIT(7)) || got->preset.type != SEC_VALUE_NONE);
    sec_product_read_must(rd, !(seen & BIT(8)) || (seen & BIT(7)));
    sec_product_read_must(rd, !(seen & BIT(8)) || (got->safe.type != SEC_VALUE_NONE && !sec_value_equal(&got->safe, &got->preset)));
    if (!(seen & BIT(8)))
        got->safe = got->preset;
    if (sec_ok(rd->status))
        sec_product_read_must(rd, value_fits(got, &got->preset) && value_fits(got, &got->safe));
}

void sec_product_setting_read(struct sec_cbor *rd, struct sec_product_setting *ret_setting)
{
    struct sec_product_setting got = {0};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        setting_field_read(rd, key, &got);
        seen |= key >= 1 && key <= 11 ? BIT(key) : 0u;
    }
    setting_form_check(rd, seen, &got);
    *ret_setting = got;
}

/* --- interface: {1: name, 2: kind, 3: purpose, 4: direction, ? 5: protocol, ? 6: port, 7: default, 8: safe default} ---- */

void sec_product_interface_put(struct sec_wr *wr, const struct sec_product_interface *interface)
{
    sec_cbor_put_map(wr, 6u + sec_product_one_if(interface->protocol) + (interface->port ? 1u : 0u));
    sec_product_put_text(wr, 1, interface->name);
    sec_product_put_integer(wr, 2, (int64_t)interface->kind);
    sec_product_put_text(wr, 3, interface->purpose);
    sec_product_put_integer(wr, 4, (int64_t)interface->direction);
    sec_product_put_optional(wr, 5, interface->protocol);
    if (interface->port)
        sec_product_put_integer(wr, 6, interface->port);
    sec_product_put_flag(wr, 7, interface->enabled);
    sec_product_put_flag(wr, 8, interface->safe);
}

static void interface_field_read(struct sec_cbor *rd, int64_t key, struct sec_product_interface *got)
{
    switch (key) {
    case 1:
        got->name = sec_product_read_checked(rd, sec_product_name_check);
        return;
    case 2:
        got->kind = (enum sec_product_interface_kind)sec_product_read_integer(rd, SEC_INTERFACE_LOCAL, SEC_INTERFACE_NETWORK);
        return;
    case 3:
        got->purpose = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        return;
    case 4:
        got->direction = (enum sec_product_direction)sec_product_read_integer(rd, SEC_DIRECTION_IN, SEC_DIRECTION_BOTH);
        return;
    case 5:
        got->protocol = sec_product_read_text(rd, SEC_NAME_MAX_BYTES);
        return;
    case 6:
        got->port = (uint16_t)sec_product_read_integer(rd, 1, UINT16_MAX);
        return;
    case 7:
        got->enabled = sec_cbor_bool(rd);
        return;
    case 8:
        got->safe = sec_cbor_bool(rd);
        return;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

void sec_product_interface_read(struct sec_cbor *rd, struct sec_product_interface *ret_interface)
{
    struct sec_product_interface got = {0};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        interface_field_read(rd, key, &got);
        seen |= key >= 1 && key <= 8 ? BIT(key) : 0u;
    }
    sec_product_read_need(rd, seen, BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(7) | BIT(8));
    *ret_interface = got;
}

/* --- role: {1: name, 2: baseline role, 3: meaning} ------------------------------------------------------ */

void sec_product_role_put(struct sec_wr *wr, const struct sec_product_role *role)
{
    sec_cbor_put_map(wr, 3);
    sec_product_put_text(wr, 1, role->name);
    sec_product_put_integer(wr, 2, role->role);
    sec_product_put_text(wr, 3, role->meaning);
}

void sec_product_role_read(struct sec_cbor *rd, struct sec_product_role *ret_role)
{
    struct sec_product_role got = {0};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            got.name = sec_product_read_checked(rd, sec_product_name_check);
        else if (key == 2)
            got.role = (uint8_t)sec_product_read_integer(rd, 1, 5);
        else if (key == 3)
            got.meaning = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        seen |= key >= 1 && key <= 3 ? BIT(key) : 0u;
    }
    sec_product_read_need(rd, seen, BIT(1) | BIT(2) | BIT(3));
    *ret_role = got;
}

/* --- data element: {1: name, 2: meaning, 3: personal, ? 4: kept, 5: erase hook} -------------------------- */

void sec_product_element_put(struct sec_wr *wr, const struct sec_product_element *element)
{
    sec_cbor_put_map(wr, 4u + sec_product_one_if(element->kept));
    sec_product_put_text(wr, 1, element->name);
    sec_product_put_text(wr, 2, element->meaning);
    sec_product_put_flag(wr, 3, element->personal);
    sec_product_put_optional(wr, 4, element->kept);
    sec_product_put_text(wr, 5, element->erase);
}

void sec_product_element_read(struct sec_cbor *rd, struct sec_product_element *ret_element)
{
    struct sec_product_element got = {0};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            got.name = sec_product_read_checked(rd, sec_product_name_check);
        else if (key == 2)
            got.meaning = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        else if (key == 3)
            got.personal = sec_cbor_bool(rd);
        else if (key == 4)
            got.kept = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        else if (key == 5)
            got.erase = sec_product_read_checked(rd, sec_product_hook_check);
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        seen |= key >= 1 && key <= 5 ? BIT(key) : 0u;
    }
    sec_product_read_need(rd, seen, BIT(1) | BIT(2) | BIT(3) | BIT(5));
    *ret_element = got;
}

/* --- function: {1: name, 2: meaning, 3: needs network, 4: after support} --------------------------------- */

void sec_product_function_put(struct sec_wr *wr, const struct sec_product_function *function)
{
    sec_cbor_put_map(wr, 4);
    sec_product_put_text(wr, 1, function->name);
    sec_product_put_text(wr, 2, function->meaning);
    sec_product_put_flag(wr, 3, function->needs_network);
    sec_product_put_flag(wr, 4, function->after_support);
}

void sec_product_function_read(struct sec_cbor *rd, struct sec_product_function *ret_function)
{
    struct sec_product_function got = {0};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            got.name = sec_product_read_checked(rd, sec_product_name_check);
        else if (key == 2)
            got.meaning = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        else if (key == 3)
            got.needs_network = sec_cbor_bool(rd);
        else if (key == 4)
            got.after_support = sec_cbor_bool(rd);
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        seen |= key >= 1 && key <= 4 ? BIT(key) : 0u;
    }
    sec_product_read_need(rd, seen, BIT(1) | BIT(2) | BIT(3) | BIT(4));
    *ret_function = got;
}

/* --- contact: {1: what for, 2: address} ------------------------------------------------------------------ */

void sec_product_contact_put(struct sec_wr *wr, const struct sec_product_contact *contact)
{
    sec_cbor_put_map(wr, 2);
    sec_product_put_text(wr, 1, contact->name);
    sec_product_put_text(wr, 2, contact->address);
}

void sec_product_contact_read(struct sec_cbor *rd, struct sec_product_contact *ret_contact)
{
    struct sec_product_contact got = {0};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            got.name = sec_product_read_checked(rd, sec_product_name_check);
        else if (key == 2)
            got.address = sec_product_read_text(rd, SEC_PRODUCT_TEXT_MAX_BYTES);
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        seen |= key >= 1 && key <= 2 ? BIT(key) : 0u;
    }
    sec_product_read_need(rd, seen, BIT(1) | BIT(2));
    *ret_contact = got;
}
