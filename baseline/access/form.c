/* SPDX-License-Identifier: Apache-2.0 */
/* What the wire forms of access share. */
#include "form.h"

void sec_form_need(struct sec_cbor *rd, uint32_t seen, uint32_t need)
{
    if ((seen & need) != need)
        sec_cbor_fail(rd, SEC_MISSING_FIELD);
}

void sec_form_join(struct sec_cbor *rd, sec_status status)
{
    if (!sec_ok(status))
        sec_cbor_fail(rd, (enum sec_status_code)status.code);
}

struct sec_bytes sec_form_name(struct sec_cbor *rd)
{
    struct sec_bytes name = sec_cbor_tstr(rd);
    if (name.len == 0 || name.len > SEC_NAME_MAX_BYTES)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return name;
}

uint64_t sec_form_positive(struct sec_cbor *rd)
{
    uint64_t number = sec_cbor_uint(rd);
    if (number == 0)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return number;
}

bool sec_form_keys_have(const struct sec_key_list *keys, const struct sec_public_key *key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (sec_key_equal(&keys->keys[i], key))
            return true;
    return false;
}

void sec_form_keys_read(struct sec_cbor *rd, struct sec_key_list *ret_keys)
{
    ret_keys->count = 0;
    size_t count = sec_cbor_array(rd);
    if (count == 0)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    if (count > SEC_OWNERS_MAX_COUNT) {
        sec_cbor_fail(rd, SEC_TOO_LARGE);
        return;
    }
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        struct sec_public_key key;
        sec_zero(&key, sizeof key);
        sec_key_read(rd, &key);
        if (sec_form_keys_have(ret_keys, &key))
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        ret_keys->keys[ret_keys->count++] = key;
    }
}

void sec_form_keys_put(const struct sec_key_list *keys, struct sec_wr *wr)
{
    if (keys->count > SEC_OWNERS_MAX_COUNT) {
        wr->bad = true;
        return;
    }
    sec_cbor_put_array(wr, keys->count);
    for (size_t i = 0; i < keys->count; i++)
        sec_key_encode(&keys->keys[i], wr);
}
