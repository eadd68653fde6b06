/* SPDX-License-Identifier: Apache-2.0 */
#include "values.h"

struct sec_configuration_pairs sec_configuration_values_pairs(struct sec_configuration *conf)
{
    return (struct sec_configuration_pairs){SEC_ROOM(conf->values.b), &conf->values.count, &conf->values.len};
}

struct sec_configuration_pairs sec_configuration_old_pairs(struct sec_configuration *conf)
{
    return (struct sec_configuration_pairs){SEC_ROOM(conf->old.b), &conf->old.count, &conf->old.len};
}

struct sec_bytes sec_configuration_values_raw(const struct sec_configuration *conf)
{
    return sec_bytes(conf->values.b, conf->values.len);
}

struct sec_bytes sec_configuration_old_raw(const struct sec_configuration *conf)
{
    return sec_bytes(conf->old.b, conf->old.len);
}

bool sec_configuration_pair_next(struct sec_bytes raw, size_t *at, struct sec_configuration_pair *ret_pair)
{
    struct sec_cbor rd = sec_cbor(raw);
    rd.at = *at;
    if (*at >= raw.len)
        return false;
    struct sec_configuration_pair pair = {.at = *at};
    pair.key = sec_cbor_tstr(&rd);
    pair.value = sec_value_read(&rd);
    pair.len = rd.at - *at;
    if (!sec_ok(rd.status))
        return false;
    *at = rd.at;
    *ret_pair = pair;
    return true;
}

bool sec_configuration_pair_find(struct sec_bytes raw, struct sec_bytes key, struct sec_configuration_pair *ret_pair)
{
    struct sec_configuration_pair pair;
    size_t at = 0;
    while (sec_configuration_pair_next(raw, &at, &pair)) {
        int order = sec_bytes_order(pair.key, key);
        if (order == 0)
            *ret_pair = pair;
        if (order >= 0)
            return order == 0;
    }
    return false;
}

static size_t head_bytes(uint64_t number)
{
    if (number < 24)
        return 1;
    if (number <= UINT8_MAX)
        return 2;
    if (number <= UINT16_MAX)
        return 3;
    return number <= UINT32_MAX ? 5 : 9;
}

size_t sec_configuration_pair_bytes(struct sec_bytes key, const struct sec_value *value)
{
    size_t bytes = head_bytes(key.len) + key.len;
    if (value->type == SEC_VALUE_TEXT)
        return bytes + head_bytes(value->text.len) + value->text.len;
    if (value->type == SEC_VALUE_INTEGER)
        return bytes + head_bytes(value->integer < 0 ? (uint64_t)(-1 - value->integer) : (uint64_t)value->integer);
    return bytes + 1;
}

/* Moves what stands behind `from` so that it begins at `to`; byte by byte, since both lie in one room. */
static void tail_move(struct sec_configuration_pairs pairs, size_t from, size_t to)
{
    size_t tail = *pairs.len - from;
    if (to < from)
        for (size_t i = 0; i < tail; i++)
            pairs.room.data[to + i] = pairs.room.data[from + i];
    else
        for (size_t i = tail; i > 0; i--)
            pairs.room.data[to + i - 1] = pairs.room.data[from + i - 1];
    *pairs.len = (uint16_t)(to + tail);
}

void sec_configuration_pair_remove(struct sec_configuration_pairs pairs, struct sec_bytes key)
{
    struct sec_configuration_pair pair;
    if (!sec_configuration_pair_find(sec_bytes(pairs.room.data, *pairs.len), key, &pair))
        return;
    tail_move(pairs, pair.at + pair.len, pair.at);
    *pairs.count = (uint16_t)(*pairs.count - 1);
}

void sec_configuration_pair_put(struct sec_configuration_pairs pairs, struct sec_bytes key, const struct sec_value *value)
{
    struct sec_configuration_pair pair;
    size_t at = 0, place = 0, len = sec_configuration_pair_bytes(key, value);
    sec_configuration_pair_remove(pairs, key);
    if (len > pairs.room.len - *pairs.len)
        return;
    while (sec_configuration_pair_next(sec_bytes(pairs.room.data, *pairs.len), &at, &pair) && sec_bytes_order(pair.key, key) < 0)
        place = at;
    tail_move(pairs, place, place + len);
    struct sec_wr wr = sec_wr(pairs.room);
    sec_wr_advance(&wr, place);
    sec_cbor_put_tstr(&wr, key);
    sec_value_put(&wr, value);
    *pairs.count = (uint16_t)(*pairs.count + 1);
}

static void pair_check(struct sec_cbor *rd, struct sec_bytes key, const struct sec_value *value, bool nulls)
{
    if (key.len > SEC_SETTING_KEY_MAX_BYTES || (value->type == SEC_VALUE_TEXT && value->text.len > SEC_SETTING_TEXT_MAX_BYTES))
        sec_cbor_fail(rd, SEC_TOO_LARGE);
    if (key.len == 0 || (value->type == SEC_VALUE_NONE && !nulls))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

struct sec_bytes sec_configuration_pairs_read(struct sec_cbor *rd, bool nulls, size_t *ret_count)
{
    size_t count = sec_cbor_map(rd);
    size_t start = rd->at;
    if (count > SEC_SETTINGS_MAX_COUNT)
        sec_cbor_fail(rd, SEC_TOO_LARGE);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        struct sec_bytes key = sec_cbor_tstr(rd);
        struct sec_value value = sec_value_read(rd);
        pair_check(rd, key, &value, nulls);
    }
    if (!sec_ok(rd->status))
        return (struct sec_bytes){NULL, 0};
    *ret_count = count;
    return sec_bytes_part(rd->in, start, rd->at - start);
}
