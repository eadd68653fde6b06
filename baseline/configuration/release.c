/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"
#include "effective.h"

/* Members of the detail of a product change; configuration.h. */
enum release_key {
    RELEASE_DROPPED = 7,
    RELEASE_FALLEN = 8,
    RELEASE_ALTERED = 9,
};

/* What becomes of a value that was set. */
enum fate {
    FATE_KEPT,
    FATE_DROPPED,
    FATE_FALLEN,
};

struct move {
    const struct sec_configuration *conf;
    const struct sec_product *from;
    const struct sec_product *to;
};

static enum fate fate_of(const struct move *move, const struct sec_configuration_pair *pair, struct sec_value *ret_new)
{
    struct sec_product_setting setting;
    if (!sec_ok(sec_configuration_setting_find(move->to, pair->key, &setting)))
        return FATE_DROPPED;
    if (sec_ok(sec_product_setting_check(&setting, &pair->value, NULL)))
        return FATE_KEPT;
    *ret_new = setting.preset;
    return FATE_FALLEN;
}

/* Each of these counts what it would write, and writes when there is a writer: maps want their size first. */

static size_t fated_write(const struct move *move, enum fate fate, struct sec_wr *wr)
{
    struct sec_configuration_pair pair;
    size_t at = 0, count = 0;
    while (sec_configuration_pair_next(sec_configuration_values_raw(move->conf), &at, &pair)) {
        struct sec_value value = sec_value_none();
        if (fate_of(move, &pair, &value) != fate)
            continue;
        count++;
        if (!wr)
            continue;
        sec_cbor_put_tstr(wr, pair.key);
        if (fate == FATE_FALLEN)
            sec_cbor_put_array(wr, 2);
        sec_value_put(wr, &pair.value);
        if (fate == FATE_FALLEN)
            sec_value_put(wr, &value);
    }
    return count;
}

static bool is_altered(const struct move *move, const struct sec_configuration_item *item, struct sec_value *ret_old)
{
    struct sec_configuration_pair pair;
    struct sec_product_setting before;
    struct sec_bytes key = sec_configuration_item_key(item);
    if (sec_configuration_pair_find(sec_configuration_values_raw(move->conf), key, &pair))
        return false;
    if (!sec_ok(sec_configuration_setting_find(move->from, key, &before)) || sec_value_equal(&before.preset, &item->setting.preset))
        return false;
    *ret_old = before.preset;
    return true;
}

static size_t altered_write(const struct move *move, struct sec_wr *wr)
{
    struct sec_configuration_walk walk = sec_configuration_walk_begin(move->conf, move->to);
    struct sec_configuration_item item;
    struct sec_value old;
    size_t count = 0;
    while (sec_configuration_walk_next(&walk, &item)) {
        if (!is_altered(move, &item, &old))
            continue;
        count++;
        if (!wr)
            continue;
        sec_cbor_put_tstr(wr, sec_configuration_item_key(&item));
        sec_cbor_put_array(wr, 2);
        sec_value_put(wr, &old);
        sec_value_put(wr, &item.value);
    }
    return count;
}

static void detail_write(const struct move *move, struct sec_wr *detail)
{
    size_t dropped = fated_write(move, FATE_DROPPED, NULL);
    size_t fallen = fated_write(move, FATE_FALLEN, NULL);
    size_t altered = altered_write(move, NULL);
    sec_cbor_put_map(detail, (dropped ? 1u : 0u) + (fallen ? 1u : 0u) + (altered ? 1u : 0u));
    if (dropped) {
        sec_cbor_put_uint(detail, RELEASE_DROPPED);
        sec_cbor_put_map(detail, dropped);
        (void)fated_write(move, FATE_DROPPED, detail);
    }
    if (fallen) {
        sec_cbor_put_uint(detail, RELEASE_FALLEN);
        sec_cbor_put_map(detail, fallen);
        (void)fated_write(move, FATE_FALLEN, detail);
    }
    if (altered) {
        sec_cbor_put_uint(detail, RELEASE_ALTERED);
        sec_cbor_put_map(detail, altered);
        (void)altered_write(move, detail);
    }
}

static size_t gone_write(const struct move *move, struct sec_wr *wr)
{
    struct sec_configuration_pair pair;
    struct sec_value none = sec_value_none(), value;
    size_t at = 0, count = 0;
    while (sec_configuration_pair_next(sec_configuration_values_raw(move->conf), &at, &pair)) {
        if (fate_of(move, &pair, &value) == FATE_KEPT)
            continue;
        count++;
        if (!wr)
            continue;
        sec_cbor_put_tstr(wr, pair.key);
        sec_value_put(wr, &none);
    }
    return count;
}

static size_t old_gone_write(const struct move *move, struct sec_wr *wr)
{
    struct sec_configuration_pair pair;
    struct sec_value value;
    size_t at = 0, count = 0;
    while (sec_configuration_pair_next(sec_configuration_old_raw(move->conf), &at, &pair)) {
        if (pair.value.type == SEC_VALUE_NONE || fate_of(move, &pair, &value) == FATE_KEPT)
            continue;
        count++;
        if (wr)
            sec_cbor_put_tstr(wr, pair.key);
    }
    return count;
}

sec_status sec_configuration_judge_product(const struct sec_configuration *conf, const struct sec_product *from,
                                           const struct sec_product *to, struct sec_wr *change, struct sec_wr *detail)
{
    const struct move move = {conf, from, to};
    size_t mark = change->len;
    size_t gone = gone_write(&move, NULL), old_gone = old_gone_write(&move, NULL);
    detail_write(&move, detail);
    if (gone + old_gone > 0) {
        sec_configuration_change_head(change, SEC_CHANGE_PRODUCT, 2);
        sec_cbor_put_uint(change, 2);
        sec_cbor_put_map(change, gone);
        (void)gone_write(&move, change);
        sec_cbor_put_uint(change, 5);
        sec_cbor_put_array(change, old_gone);
        (void)old_gone_write(&move, change);
    }
    if (!change->bad && !detail->bad)
        return sec_st(SEC_OK);
    change->len = mark;
    return sec_st(SEC_ROOM_FULL);
}
