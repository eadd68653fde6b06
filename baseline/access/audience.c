/* SPDX-License-Identifier: Apache-2.0 */
/* Audience, both directions, and whether a device is in it. */
#include "form.h"

#define DEVICE_ID_BYTES 32u

void sec_audience_encode_ids(const struct sec_bytes *ids, size_t ids_count, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, ids_count);
    for (size_t i = 0; i < ids_count; i++)
        sec_cbor_put_bstr(wr, ids[i]);
}

void sec_audience_encode_match(const struct sec_bytes texts[SEC_MATCHES_COUNT], struct sec_wr *wr)
{
    size_t count = 0;
    for (size_t i = 0; i < SEC_MATCHES_COUNT; i++)
        count += texts[i].len != 0;
    sec_cbor_put_map(wr, count);
    for (size_t i = 0; i < SEC_MATCHES_COUNT; i++) {
        if (texts[i].len == 0)
            continue;
        sec_cbor_put_uint(wr, i + 1);
        sec_cbor_put_tstr(wr, texts[i]);
    }
}

static size_t read_ids(struct sec_cbor *rd)
{
    size_t count = sec_cbor_array(rd);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++)
        if (sec_cbor_bstr(rd).len != DEVICE_ID_BYTES)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
    return count;
}

static size_t read_match(struct sec_cbor *rd)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    size_t count = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key < SEC_MATCH_PRODUCT || key > SEC_MATCH_TAG)
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        (void)sec_form_name(rd);
        count++;
    }
    return count;
}

void sec_audience_read(struct sec_cbor *rd, struct sec_audience *ret_audience)
{
    struct sec_audience audience = {.item = sec_cbor_item(rd)};
    struct sec_cbor in = sec_cbor(audience.item);
    audience.by_match = sec_cbor_peek(&in) == SEC_CBOR_MAP;
    audience.count = audience.by_match ? read_match(&in) : read_ids(&in);
    if (audience.count == 0)
        sec_cbor_fail(&in, SEC_BAD_VALUE);
    sec_form_join(rd, sec_cbor_end(&in));
    if (sec_ok(rd->status))
        *ret_audience = audience;
}

sec_status sec_audience_parse(struct sec_bytes in, struct sec_audience *ret_audience)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    sec_audience_read(&rd, ret_audience);
    return sec_cbor_end(&rd);
}

struct sec_bytes sec_audience_id_at(const struct sec_audience *audience, size_t n)
{
    struct sec_cbor rd = sec_cbor(audience->item);
    if (audience->by_match || n >= sec_cbor_array(&rd))
        return sec_bytes(NULL, 0);
    for (size_t i = 0; i < n; i++)
        (void)sec_cbor_bstr(&rd);
    return sec_cbor_bstr(&rd);
}

struct sec_bytes sec_audience_text_of(const struct sec_audience *audience, enum sec_match match)
{
    struct sec_cbor rd = sec_cbor(audience->item);
    if (!audience->by_match)
        return sec_bytes(NULL, 0);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        struct sec_bytes text = sec_cbor_tstr(&rd);
        if (key == (int64_t)match)
            return text;
    }
    return sec_bytes(NULL, 0);
}

static bool lists_id(const struct sec_audience *audience, struct sec_bytes id)
{
    struct sec_cbor rd = sec_cbor(audience->item);
    size_t count = sec_cbor_array(&rd);
    for (size_t i = 0; i < count && sec_ok(rd.status); i++)
        if (sec_bytes_equal(sec_cbor_bstr(&rd), id))
            return id.len == DEVICE_ID_BYTES;
    return false;
}

static struct sec_bytes trimmed(struct sec_bytes text)
{
    while (text.len > 0 && text.data[0] == ' ')
        text = sec_bytes_part(text, 1, text.len - 1);
    while (text.len > 0 && text.data[text.len - 1] == ' ')
        text = sec_bytes_part(text, 0, text.len - 1);
    return text;
}

static bool has_tag(struct sec_bytes tags, struct sec_bytes tag)
{
    size_t start = 0;
    for (size_t i = 0; i <= tags.len; i++) {
        if (i < tags.len && tags.data[i] != ',')
            continue;
        if (sec_bytes_equal(trimmed(sec_bytes_part(tags, start, i - start)), tag))
            return true;
        start = i + 1;
    }
    return false;
}

static bool test_holds(int64_t match, struct sec_bytes text, const struct sec_audience_facts *facts)
{
    if (text.len == 0)
        return false;
    switch (match) {
    case SEC_MATCH_PRODUCT:
        return sec_bytes_equal(text, facts->product);
    case SEC_MATCH_MODEL:
        return sec_bytes_equal(text, facts->model);
    case SEC_MATCH_NAME:
        return sec_bytes_equal(text, facts->name);
    case SEC_MATCH_SITE:
        return sec_bytes_equal(text, facts->site);
    case SEC_MATCH_GROUP:
        return sec_bytes_equal(text, facts->group);
    case SEC_MATCH_TAG:
        return has_tag(facts->tags, text);
    default:
        return false;
    }
}

bool sec_audience_matches(const struct sec_audience *audience, const struct sec_audience_facts *facts)
{
    if (!audience->by_match)
        return lists_id(audience, facts->device_id);
    struct sec_cbor rd = sec_cbor(audience->item);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    size_t held_count = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (!test_holds(key, sec_cbor_tstr(&rd), facts))
            return false;
        held_count++;
    }
    return sec_ok(rd.status) && held_count > 0;
}
