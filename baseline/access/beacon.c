/* SPDX-License-Identifier: Apache-2.0 */
/* Beacon: the owner's word on generations, revoked keys and time, both directions. */
#include "form.h"

void sec_beacon_encode(const struct sec_beacon *beacon, struct sec_wr *wr)
{
    if (beacon->revoked_count > SEC_REVOKED_MAX_COUNT) {
        wr->bad = true;
        return;
    }
    size_t heads_count = 0;
    for (size_t i = 0; i < SEC_TOPICS_COUNT; i++)
        heads_count += beacon->heads[i] != 0;
    sec_cbor_put_map(wr, 3);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_map(wr, heads_count);
    for (size_t i = 0; i < SEC_TOPICS_COUNT; i++) {
        if (beacon->heads[i] == 0)
            continue;
        sec_cbor_put_uint(wr, i + 1);
        sec_cbor_put_uint(wr, beacon->heads[i]);
    }
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_array(wr, beacon->revoked_count);
    for (size_t i = 0; i < beacon->revoked_count; i++)
        sec_cbor_put_bstr(wr, SEC_BYTES(beacon->revoked[i].b));
    sec_cbor_put_uint(wr, 3);
    sec_cbor_put_int(wr, beacon->time_s);
}

static void read_heads(struct sec_cbor *rd, struct sec_beacon *beacon)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    size_t count = 0;
    int64_t topic;
    while (sec_cbor_map_next(&walk, &topic)) {
        if (topic < 1 || topic > (int64_t)SEC_TOPICS_COUNT) {
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
            return;
        }
        beacon->heads[topic - 1] = sec_form_positive(rd);
        count++;
    }
    if (count == 0)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void read_revoked(struct sec_cbor *rd, struct sec_beacon *beacon)
{
    size_t count = sec_cbor_array(rd);
    if (count > SEC_REVOKED_MAX_COUNT) {
        sec_cbor_fail(rd, SEC_TOO_LARGE);
        return;
    }
    for (size_t i = 0; i < count; i++)
        sec_cbor_bstr_into(rd, SEC_ROOM(beacon->revoked[i].b));
    beacon->revoked_count = count;
}

sec_status sec_beacon_parse(struct sec_bytes args, struct sec_beacon *ret_beacon)
{
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    struct sec_beacon beacon;
    sec_zero(&beacon, sizeof beacon);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            read_heads(&rd, &beacon);
        else if (key == 2)
            read_revoked(&rd, &beacon);
        else if (key == 3)
            beacon.time_s = sec_cbor_int(&rd);
        else
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1) | sec_form_bit(2) | sec_form_bit(3));
    if (beacon.time_s > SEC_TIME_MAX_S)
        sec_cbor_fail(&rd, SEC_BAD_VALUE); /* the lower bound of time goes on from it and never falls */
    if (beacon.revoked_count > 0 && beacon.heads[SEC_TOPIC_ACCESS - 1] == 0)
        sec_cbor_fail(&rd, SEC_BAD_VALUE);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_beacon = beacon;
    return sec_st(SEC_OK);
}
