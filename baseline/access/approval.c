/* SPDX-License-Identifier: Apache-2.0 */
/* Approval of a statement by its digest, both directions. */
#include "form.h"

void sec_approval_encode(const struct sec_approval *approval, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&approval->statement));
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_uint(wr, approval->epoch);
}

sec_status sec_approval_parse(struct sec_bytes body, struct sec_approval *ret_approval)
{
    SEC_TRY(sec_cbor_check(body, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(body);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    struct sec_approval approval;
    sec_zero(&approval, sizeof approval);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            sec_cbor_bstr_into(&rd, SEC_ROOM(approval.statement.b));
        else if (key == 2)
            approval.epoch = sec_form_positive(&rd);
        else
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1) | sec_form_bit(2));
    SEC_TRY(sec_cbor_end(&rd));
    *ret_approval = approval;
    return sec_st(SEC_OK);
}
