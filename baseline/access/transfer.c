/* SPDX-License-Identifier: Apache-2.0 */
/* Transfer to the next owner, both directions. */
#include "form.h"

void sec_transfer_encode(const struct sec_transfer *transfer, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 2u + transfer->has_recovery);
    sec_cbor_put_uint(wr, 1);
    sec_form_keys_put(&transfer->owners, wr);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_uint(wr, transfer->required);
    if (transfer->has_recovery) {
        sec_cbor_put_uint(wr, 3);
        sec_key_encode(&transfer->recovery, wr);
    }
}

static void read_member(struct sec_cbor *rd, int64_t key, struct sec_transfer *transfer)
{
    switch (key) {
    case 1:
        sec_form_keys_read(rd, &transfer->owners);
        break;
    case 2:
        transfer->required = sec_form_positive(rd);
        break;
    case 3:
        sec_key_read(rd, &transfer->recovery);
        transfer->has_recovery = true;
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

sec_status sec_transfer_parse(struct sec_bytes args, struct sec_transfer *ret_transfer)
{
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    struct sec_transfer transfer;
    sec_zero(&transfer, sizeof transfer);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_member(&rd, key, &transfer);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1) | sec_form_bit(2));
    if (transfer.required > transfer.owners.count)
        sec_cbor_fail(&rd, SEC_BAD_VALUE);
    if (transfer.has_recovery && sec_form_keys_have(&transfer.owners, &transfer.recovery))
        sec_cbor_fail(&rd, SEC_BAD_VALUE);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_transfer = transfer;
    return sec_st(SEC_OK);
}
