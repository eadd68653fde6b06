/* SPDX-License-Identifier: Apache-2.0 */
/* The small maps that judges write for the receipt and for people. */
#include "state.h"

void sec_access_say(struct sec_bytes what, struct sec_wr *detail)
{
    sec_cbor_put_map(detail, 1);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_tstr(detail, what);
}

void sec_access_say_numbers(uint64_t first, uint64_t second, struct sec_wr *detail)
{
    sec_cbor_put_map(detail, 2);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_uint(detail, first);
    sec_cbor_put_uint(detail, 2);
    sec_cbor_put_uint(detail, second);
}

void sec_access_say_digest(struct sec_bytes digest, uint64_t number, struct sec_wr *detail)
{
    sec_cbor_put_map(detail, 2);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_bstr(detail, digest);
    sec_cbor_put_uint(detail, 2);
    sec_cbor_put_uint(detail, number);
}

sec_status sec_access_refuse(struct sec_bytes object, struct sec_bytes clause, struct sec_wr *detail)
{
    sec_cbor_put_map(detail, 2);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_tstr(detail, object);
    sec_cbor_put_uint(detail, 2);
    sec_cbor_put_tstr(detail, clause);
    return sec_st(SEC_BAD_VALUE);
}

sec_status sec_access_written(const struct sec_wr *change)
{
    return sec_st(change->bad ? SEC_ROOM_FULL : SEC_OK);
}
