/* SPDX-License-Identifier: Apache-2.0 */
/* Voucher, both directions: what RFC 8366 says, as deterministic CBOR. */
#include "form.h"

#define REQUIRED 0x1eu

void sec_voucher_encode(const struct sec_voucher *voucher, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 4u + voucher->has_recovery + voucher->has_made_at);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&voucher->device_id));
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_uint(wr, voucher->epoch);
    sec_cbor_put_uint(wr, 3);
    sec_form_keys_put(&voucher->owners, wr);
    sec_cbor_put_uint(wr, 4);
    sec_cbor_put_uint(wr, voucher->required);
    if (voucher->has_recovery) {
        sec_cbor_put_uint(wr, 5);
        sec_key_encode(&voucher->recovery, wr);
    }
    if (voucher->has_made_at) {
        sec_cbor_put_uint(wr, 6);
        sec_cbor_put_int(wr, voucher->made_at_s);
    }
}

static void read_member(struct sec_cbor *rd, int64_t key, struct sec_voucher *voucher)
{
    switch (key) {
    case 1:
        sec_cbor_bstr_into(rd, SEC_ROOM(voucher->device_id.b));
        break;
    case 2:
        voucher->epoch = sec_form_positive(rd);
        break;
    case 3:
        sec_form_keys_read(rd, &voucher->owners);
        break;
    case 4:
        voucher->required = sec_form_positive(rd);
        break;
    case 5:
        sec_key_read(rd, &voucher->recovery);
        voucher->has_recovery = true;
        break;
    case 6:
        voucher->made_at_s = sec_cbor_int(rd);
        voucher->has_made_at = true;
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

sec_status sec_voucher_parse(struct sec_bytes body, struct sec_voucher *ret_voucher)
{
    SEC_TRY(sec_cbor_check(body, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(body);
    struct sec_voucher voucher;
    sec_zero(&voucher, sizeof voucher);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_member(&rd, key, &voucher);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, REQUIRED);
    if (voucher.required > voucher.owners.count)
        sec_cbor_fail(&rd, SEC_BAD_VALUE);
    if (voucher.has_recovery && sec_form_keys_have(&voucher.owners, &voucher.recovery))
        sec_cbor_fail(&rd, SEC_BAD_VALUE);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_voucher = voucher;
    return sec_st(SEC_OK);
}
