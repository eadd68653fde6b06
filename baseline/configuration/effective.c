/* SPDX-License-Identifier: Apache-2.0 */
#include "effective.h"

static const struct sec_bytes interface_prefix = {(const uint8_t *)"securable.interface.", 20};
static const struct sec_bytes interface_suffix = {(const uint8_t *)".enabled", 8};

bool sec_configuration_key_reserved(struct sec_bytes key)
{
    const struct sec_bytes prefix = SEC_LIT(SEC_PRODUCT_RESERVED_PREFIX);
    return sec_bytes_equal(sec_bytes_part(key, 0, prefix.len), prefix);
}

bool sec_configuration_key_interface(struct sec_bytes key, struct sec_bytes *ret_name)
{
    const size_t around = interface_prefix.len + interface_suffix.len;
    if (key.len <= around || !sec_bytes_equal(sec_bytes_part(key, 0, interface_prefix.len), interface_prefix))
        return false;
    struct sec_bytes name = sec_bytes_part(key, interface_prefix.len, key.len - around);
    if (!sec_bytes_equal(sec_bytes_part(key, interface_prefix.len + name.len, interface_suffix.len), interface_suffix))
        return false;
    *ret_name = name;
    return true;
}

/* --- declarations ---------------------------------------------------------------------------------------- */

static struct sec_product_setting interface_setting(const struct sec_product_interface *interface, struct sec_bytes key)
{
    return (struct sec_product_setting){
        .name = key,
        .type = SEC_SETTING_BOOL,
        .preset = sec_value_bool(interface->enabled),
        .safe = sec_value_bool(interface->safe),
        .meaning = interface->purpose,
    };
}

/* The one default that the product gives to a reserved setting. */
static struct sec_value update_mode(enum sec_product_policy policy)
{
    switch (policy) {
    case SEC_POLICY_DISABLED:
        return sec_value_text(SEC_LIT("disabled"));
    case SEC_POLICY_AUTOMATIC:
        return sec_value_text(SEC_LIT("automatic"));
    case SEC_POLICY_MANUAL:
        break;
    }
    return sec_value_text(SEC_LIT("manual"));
}

static struct sec_product_setting reserved_setting(const struct sec_product *product, const struct sec_configuration_reserved *reserved)
{
    struct sec_product_setting setting = reserved->setting;
    if (sec_bytes_equal(setting.name, SEC_LIT(SEC_CONFIGURATION_UPDATE_MODE))) {
        setting.preset = update_mode(product->facts.update_policy);
        setting.safe = setting.preset;
    }
    return setting;
}

static sec_status reserved_find(const struct sec_product *product, struct sec_bytes key, struct sec_product_setting *ret_setting)
{
    struct sec_product_interface interface;
    struct sec_bytes name;
    if (sec_configuration_key_interface(key, &name)) {
        if (!sec_ok(sec_product_interface_find(product, name, &interface)))
            return sec_st(SEC_UNKNOWN_SETTING);
        *ret_setting = interface_setting(&interface, key);
        return sec_st(SEC_OK);
    }
    for (size_t i = 0; i < sec_configuration_reserved_count; i++)
        if (sec_bytes_equal(sec_configuration_reserved[i].setting.name, key)) {
            *ret_setting = reserved_setting(product, &sec_configuration_reserved[i]);
            return sec_st(SEC_OK);
        }
    return sec_st(SEC_UNKNOWN_SETTING);
}

sec_status sec_configuration_setting_find(const struct sec_product *product, struct sec_bytes key, struct sec_product_setting *ret_setting)
{
    if (sec_configuration_key_reserved(key))
        return reserved_find(product, key, ret_setting);
    return sec_st(sec_ok(sec_product_setting_find(product, key, ret_setting)) ? SEC_OK : SEC_UNKNOWN_SETTING);
}

bool sec_configuration_key_resets(struct sec_bytes key)
{
    struct sec_bytes name;
    if (!sec_configuration_key_reserved(key) || sec_configuration_key_interface(key, &name))
        return true;
    for (size_t i = 0; i < sec_configuration_reserved_count; i++)
        if (sec_bytes_equal(sec_configuration_reserved[i].setting.name, key))
            return sec_configuration_reserved[i].resets;
    return false;
}

/* --- one value ------------------------------------------------------------------------------------------- */

struct sec_value sec_configuration_value_of(const struct sec_configuration *conf, struct sec_bytes key,
                                            const struct sec_product_setting *setting)
{
    struct sec_configuration_pair pair;
    if (sec_configuration_pair_find(sec_configuration_values_raw(conf), key, &pair) &&
        sec_ok(sec_product_setting_check(setting, &pair.value, NULL)))
        return pair.value;
    return setting->preset;
}

sec_status sec_configuration_value(const struct sec_configuration *conf, const struct sec_product *product, struct sec_bytes key,
                                   struct sec_value *ret_value)
{
    struct sec_product_setting setting;
    SEC_TRY(sec_configuration_setting_find(product, key, &setting));
    if (!sec_product_setting_supported(setting.type))
        return sec_st(SEC_UNSUPPORTED);
    *ret_value = sec_configuration_value_of(conf, key, &setting);
    return sec_st(SEC_OK);
}

/* In restricted mode what the product names stays on, and nothing else does. */
static bool restriction_keeps(const struct sec_product *product, struct sec_bytes name)
{
    struct sec_cbor rd = sec_cbor(product->facts.restricted_keep);
    for (size_t i = 0; i < product->facts.restricted_keep_count; i++)
        if (sec_bytes_equal(sec_cbor_tstr(&rd), name))
            return true;
    return !product->facts.restricted;
}

bool sec_configuration_interface_enabled(const struct sec_configuration *conf, const struct sec_product *product, struct sec_bytes name,
                                         bool restricted)
{
    if (restricted && !restriction_keeps(product, name))
        return false;
    uint8_t key[SEC_SETTING_KEY_MAX_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(key));
    struct sec_value value;
    sec_wr_bytes(&wr, interface_prefix);
    sec_wr_bytes(&wr, name);
    sec_wr_bytes(&wr, interface_suffix);
    return !wr.bad && sec_ok(sec_configuration_value(conf, product, sec_wr_done(&wr), &value)) && value.boolean;
}

/* --- all values ------------------------------------------------------------------------------------------ */

struct sec_configuration_walk sec_configuration_walk_begin(const struct sec_configuration *conf, const struct sec_product *product)
{
    return (struct sec_configuration_walk){conf, product, 0, 0, 0, 0};
}

static void key_put(struct sec_configuration_item *item, struct sec_bytes a, struct sec_bytes b, struct sec_bytes c)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(item->key_b));
    sec_wr_bytes(&wr, a);
    sec_wr_bytes(&wr, b);
    sec_wr_bytes(&wr, c);
    item->key_len = wr.len;
}

/* The next of three sorted sequences: interfaces keep their order between the same beginning and the same end. */
static bool next_interface(struct sec_configuration_walk *walk, struct sec_configuration_item *item)
{
    struct sec_bytes name = sec_product_name_at(walk->product, &walk->product->interfaces, walk->interface_at);
    if (name.len == 0)
        return false;
    key_put(item, interface_prefix, name, interface_suffix);
    return true;
}

static bool next_product(struct sec_configuration_walk *walk, struct sec_configuration_item *item)
{
    struct sec_bytes name = sec_product_name_at(walk->product, &walk->product->settings, walk->product_at);
    if (name.len == 0)
        return false;
    key_put(item, name, SEC_LIT(""), SEC_LIT(""));
    return true;
}

static bool next_reserved(struct sec_configuration_walk *walk, struct sec_configuration_item *item)
{
    if (walk->reserved_at >= sec_configuration_reserved_count)
        return false;
    key_put(item, sec_configuration_reserved[walk->reserved_at].setting.name, SEC_LIT(""), SEC_LIT(""));
    return true;
}

static bool is_before(const struct sec_configuration_item *a, const struct sec_configuration_item *b)
{
    return sec_bytes_order(sec_configuration_item_key(a), sec_configuration_item_key(b)) < 0;
}

/* Takes the least of the three next keys. */
static bool declaration_next(struct sec_configuration_walk *walk, struct sec_configuration_item *item)
{
    struct sec_configuration_item candidate;
    size_t *at = NULL;
    if (next_product(walk, item))
        at = &walk->product_at;
    if (next_interface(walk, &candidate) && (!at || is_before(&candidate, item))) {
        *item = candidate;
        at = &walk->interface_at;
    }
    if (next_reserved(walk, &candidate) && (!at || is_before(&candidate, item))) {
        *item = candidate;
        at = &walk->reserved_at;
    }
    if (!at)
        return false;
    ++*at;
    return sec_ok(sec_configuration_setting_find(walk->product, sec_configuration_item_key(item), &item->setting));
}

static void value_find(struct sec_configuration_walk *walk, struct sec_configuration_item *item)
{
    struct sec_bytes raw = sec_configuration_values_raw(walk->conf);
    struct sec_configuration_pair pair;
    size_t at = walk->values_at;
    item->value = item->setting.preset;
    item->is_set = false;
    while (sec_configuration_pair_next(raw, &at, &pair)) {
        int order = sec_bytes_order(pair.key, sec_configuration_item_key(item));
        if (order > 0)
            return;
        walk->values_at = at;
        if (order == 0 && sec_ok(sec_product_setting_check(&item->setting, &pair.value, NULL))) {
            item->value = pair.value;
            item->is_set = true;
        }
    }
}

bool sec_configuration_walk_next(struct sec_configuration_walk *walk, struct sec_configuration_item *ret_item)
{
    struct sec_configuration_item item = {.key_len = 0};
    do {
        if (!declaration_next(walk, &item))
            return false;
    } while (!sec_product_setting_supported(item.setting.type));
    value_find(walk, &item);
    item.setting.name = (struct sec_bytes){NULL, 0};
    *ret_item = item;
    return true;
}

/* --- written out ----------------------------------------------------------------------------------------- */

static size_t walk_count(const struct sec_configuration *conf, const struct sec_product *product)
{
    struct sec_configuration_walk walk = sec_configuration_walk_begin(conf, product);
    struct sec_configuration_item item;
    size_t count = 0;
    while (sec_configuration_walk_next(&walk, &item))
        count++;
    return count;
}

void sec_configuration_values_encode(const struct sec_configuration *conf, const struct sec_product *product, struct sec_wr *wr)
{
    struct sec_configuration_walk walk = sec_configuration_walk_begin(conf, product);
    struct sec_configuration_item item;
    sec_cbor_put_map(wr, walk_count(conf, product));
    while (sec_configuration_walk_next(&walk, &item)) {
        sec_cbor_put_tstr(wr, sec_configuration_item_key(&item));
        sec_value_put(wr, &item.value);
    }
}

sec_status sec_configuration_digest(const struct sec_configuration *conf, const struct sec_product *product, const struct sec_hasher *hasher,
                                    struct sec_room scratch, struct sec_digest *ret_digest)
{
    struct sec_wr wr = sec_wr(scratch);
    struct sec_bytes values;
    sec_configuration_values_encode(conf, product, &wr);
    SEC_TRY(sec_wr_end(&wr, &values));
    return hasher->digest(hasher->ctx, &values, 1, ret_digest);
}

static void json_text(struct sec_wr *wr, struct sec_bytes text)
{
    sec_wr_u8(wr, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '"' || c == '\\') {
            sec_wr_u8(wr, '\\');
            sec_wr_u8(wr, c);
        } else if (c < 0x20) {
            sec_wr_bytes(wr, SEC_LIT("\\u00"));
            sec_wr_hex(wr, sec_bytes(&c, 1));
        } else {
            sec_wr_u8(wr, c);
        }
    }
    sec_wr_u8(wr, '"');
}

static void json_integer(struct sec_wr *wr, int64_t number)
{
    uint8_t text[20];
    size_t at = sizeof text;
    uint64_t rest = number < 0 ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;
    do {
        text[--at] = (uint8_t)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        sec_wr_u8(wr, '-');
    sec_wr_bytes(wr, sec_bytes_part(SEC_BYTES(text), at, sizeof text - at));
}

static void json_value(struct sec_wr *wr, const struct sec_value *value)
{
    if (value->type == SEC_VALUE_BOOL)
        sec_wr_bytes(wr, value->boolean ? SEC_LIT("true") : SEC_LIT("false"));
    else if (value->type == SEC_VALUE_INTEGER)
        json_integer(wr, value->integer);
    else
        json_text(wr, value->text);
}

void sec_configuration_json(const struct sec_configuration *conf, const struct sec_product *product, struct sec_wr *wr)
{
    struct sec_configuration_walk walk = sec_configuration_walk_begin(conf, product);
    struct sec_configuration_item item;
    struct sec_bytes before = SEC_LIT("\n");
    sec_wr_bytes(wr, SEC_LIT("{\n  \"securable_format\": 1,\n  \"settings\": {"));
    while (sec_configuration_walk_next(&walk, &item)) {
        sec_wr_bytes(wr, before);
        sec_wr_bytes(wr, SEC_LIT("    "));
        json_text(wr, sec_configuration_item_key(&item));
        sec_wr_bytes(wr, SEC_LIT(": "));
        json_value(wr, &item.value);
        before = SEC_LIT(",\n");
    }
    sec_wr_bytes(wr, SEC_LIT("\n  }\n}\n"));
}
