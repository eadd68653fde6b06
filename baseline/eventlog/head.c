/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/eventlog.h>

#define HEAD_FIELDS 8u

enum head_key {
    HEAD_LOG_ID = 1,
    HEAD_SIZE = 2,
    HEAD_ROOT = 3,
    HEAD_STATE_ROOT = 4,
    HEAD_BOOT = 5,
    HEAD_EPOCH = 6,
    HEAD_COUNTER = 7,
    HEAD_TIME = 8,
};

void sec_head_encode(const struct sec_head *head, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, HEAD_FIELDS);
    sec_cbor_put_uint(wr, HEAD_LOG_ID);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&head->log_id));
    sec_cbor_put_uint(wr, HEAD_SIZE);
    sec_cbor_put_uint(wr, head->size);
    sec_cbor_put_uint(wr, HEAD_ROOT);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&head->root));
    sec_cbor_put_uint(wr, HEAD_STATE_ROOT);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&head->state_root));
    sec_cbor_put_uint(wr, HEAD_BOOT);
    sec_cbor_put_uint(wr, head->boot);
    sec_cbor_put_uint(wr, HEAD_EPOCH);
    sec_cbor_put_uint(wr, head->epoch);
    sec_cbor_put_uint(wr, HEAD_COUNTER);
    if (head->has_counter)
        sec_cbor_put_uint(wr, head->counter);
    else
        sec_cbor_put_null(wr);
    sec_cbor_put_uint(wr, HEAD_TIME);
    sec_cbor_put_int(wr, head->time_s);
}

static void read_field(struct sec_cbor *rd, int64_t key, struct sec_head *head)
{
    uint64_t boot;
    switch (key) {
    case HEAD_LOG_ID:
        sec_cbor_bstr_into(rd, SEC_ROOM(head->log_id.b));
        break;
    case HEAD_SIZE:
        head->size = sec_cbor_uint(rd);
        break;
    case HEAD_ROOT:
        sec_cbor_bstr_into(rd, SEC_ROOM(head->root.b));
        break;
    case HEAD_STATE_ROOT:
        sec_cbor_bstr_into(rd, SEC_ROOM(head->state_root.b));
        break;
    case HEAD_BOOT:
        boot = sec_cbor_uint(rd);
        if (boot > UINT32_MAX)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        head->boot = (uint32_t)boot;
        break;
    case HEAD_EPOCH:
        head->epoch = sec_cbor_uint(rd);
        break;
    case HEAD_COUNTER:
        head->has_counter = !sec_cbor_is_null(rd);
        if (head->has_counter)
            head->counter = sec_cbor_uint(rd);
        else
            sec_cbor_null(rd);
        break;
    case HEAD_TIME:
        head->time_s = sec_cbor_int(rd);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

sec_status sec_head_parse(struct sec_bytes body, struct sec_head *ret_head)
{
    struct sec_head head = {0};
    SEC_TRY(sec_cbor_check(body, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(body);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    size_t fields = 0;
    for (int64_t key; sec_cbor_map_next(&walk, &key); fields++)
        read_field(&rd, key, &head);
    SEC_TRY(sec_cbor_end(&rd));
    if (fields != HEAD_FIELDS)
        return sec_st(SEC_MISSING_FIELD);
    *ret_head = head;
    return sec_st(SEC_OK);
}

sec_status sec_head_check(struct sec_bytes statement_bytes, const struct sec_public_key *key, const struct sec_crypto *crypto,
                          struct sec_head *ret_head)
{
    struct sec_statement statement;
    SEC_TRY(sec_statement_parse(statement_bytes, &statement));
    if (statement.kind != SEC_STATEMENT_HEAD)
        return sec_st(SEC_WRONG_KIND);
    SEC_TRY(sec_statement_verify(&statement, statement.msg.payload, key, &crypto->verifier));
    return sec_head_parse(statement.msg.payload, ret_head);
}
