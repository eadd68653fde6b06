/* SPDX-License-Identifier: Apache-2.0 */
/* The hub's body, both directions. */
#include "sync_form.h"

static void head_put(const struct sec_sync_answer *answer, struct sec_wr *wr)
{
    if (!answer->has_head) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_uint(wr, answer->size);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&answer->root));
}

void sec_sync_answer_encode(const struct sec_sync_answer *answer, struct sec_wr *wr)
{
    bool deliveries = answer->deliveries.count > 0, nonces = answer->nonces.count > 0;
    sec_cbor_put_map(wr, (size_t)3 + deliveries + nonces + answer->again);
    sec_cbor_put_uint(wr, 0);
    sec_cbor_put_uint(wr, SEC_SYNC_FORMAT);
    sec_cbor_put_uint(wr, 1);
    head_put(answer, wr);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_uint(wr, answer->away_s);
    if (deliveries) {
        sec_cbor_put_uint(wr, 3);
        sync_list_put(&answer->deliveries, SEC_SYNC_DELIVERIES_MAX_COUNT, wr);
    }
    if (nonces) {
        sec_cbor_put_uint(wr, 4);
        sync_list_put(&answer->nonces, SEC_SYNC_NONCES_MAX_COUNT, wr);
    }
    if (answer->again) {
        sec_cbor_put_uint(wr, 5);
        sec_cbor_put_bool(wr, true);
    }
}

static void head_read(struct sec_cbor *rd, struct sec_sync_answer *answer)
{
    if (sec_cbor_is_null(rd)) {
        sec_cbor_null(rd);
        return;
    }
    sec_cbor_array_of(rd, 2);
    answer->size = sec_cbor_uint(rd);
    sec_cbor_bstr_into(rd, SEC_ROOM(answer->root.b));
    answer->has_head = true;
}

static void again_read(struct sec_cbor *rd, struct sec_sync_answer *answer)
{
    answer->again = sec_cbor_bool(rd);
    if (!answer->again)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void read_member(struct sec_cbor *rd, int64_t key, struct sec_sync_answer *answer)
{
    switch (key) {
    case 0:
        sync_format_read(rd);
        break;
    case 1:
        head_read(rd, answer);
        break;
    case 2:
        answer->away_s = sync_uint(rd, SEC_SYNC_AWAY_MAX_S);
        break;
    case 3:
        sync_list_read(rd, SEC_SYNC_DELIVERIES_MAX_COUNT, sync_delivery_check, &answer->deliveries);
        break;
    case 4:
        sync_list_read(rd, SEC_SYNC_NONCES_MAX_COUNT, sync_nonce_check, &answer->nonces);
        break;
    case 5:
        again_read(rd, answer);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

sec_status sec_sync_answer_parse(struct sec_bytes in, struct sec_sync_answer *ret_answer)
{
    SEC_TRY(sync_body_check(in));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_sync_answer answer;
    sec_zero(&answer, sizeof answer);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_member(&rd, key, &answer);
        seen |= key >= 0 && key < 6 ? 1u << key : 0;
    }
    sync_need(&rd, seen);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_answer = answer;
    return sec_st(SEC_OK);
}
