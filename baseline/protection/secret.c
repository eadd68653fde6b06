/* SPDX-License-Identifier: Apache-2.0 */
/* The content of a secret's record, both directions. It is sealed under the secrets' slot key, and the room never keeps
 * it. */
#include "state.h"

void sec_secret_value_encode(const struct sec_secret_value *value, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 3);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_tstr(wr, value->name);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_uint(wr, value->uid);
    sec_cbor_put_uint(wr, 3);
    sec_cbor_put_bstr(wr, value->value);
}

static void read_uid(struct sec_cbor *rd, struct sec_secret_value *value)
{
    uint64_t uid = sec_cbor_uint(rd);
    if (uid > UINT32_MAX)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    value->uid = (uint32_t)uid;
}

static void read_member(struct sec_cbor *rd, int64_t key, struct sec_secret_value *value)
{
    switch (key) {
    case 1:
        value->name = sec_cbor_tstr(rd);
        if (!sec_ok(sec_protection_name_check(value->name)))
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        break;
    case 2:
        read_uid(rd, value);
        break;
    case 3:
        value->value = sec_cbor_bstr(rd);
        if (value->value.len > SEC_SECRET_MAX_BYTES)
            sec_cbor_fail(rd, SEC_TOO_LARGE);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

sec_status sec_secret_value_parse(struct sec_bytes in, struct sec_secret_value *ret_value)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_secret_value value = {.uid = 0};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    size_t members_count = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_member(&rd, key, &value);
        members_count++;
    }
    if (members_count != 3)
        sec_cbor_fail(&rd, SEC_MISSING_FIELD);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_value = value;
    return sec_st(SEC_OK);
}
