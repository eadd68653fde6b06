/* SPDX-License-Identifier: Apache-2.0 */
/* The device id and its forms for programs: UEID, hex text. */
#include <securable/identity.h>

/* UEID type RAND (RFC 9711, 4.2.1.1): a number that is random or a hash of what is unique. */
#define UEID_RAND 0x01u

bool sec_device_id_equal(const struct sec_device_id *a, const struct sec_device_id *b)
{
    return sec_bytes_equal(SEC_BYTES(a->b), SEC_BYTES(b->b));
}

sec_status sec_device_id_of_key(const struct sec_public_key *key, const struct sec_hasher *hasher,
                                struct sec_device_id *ret_id)
{
    struct sec_key_id kid;
    SEC_TRY(sec_key_id_of(key, hasher, &kid));
    sec_copy(ret_id->b, kid.b, sizeof ret_id->b);
    return sec_st(SEC_OK);
}

void sec_ueid_of(const struct sec_device_id *id, struct sec_ueid *ret_ueid)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(ret_ueid->b));
    sec_wr_u8(&wr, UEID_RAND);
    sec_wr_bytes(&wr, sec_device_id_bytes(id));
}

sec_status sec_ueid_parse(struct sec_bytes ueid, struct sec_device_id *ret_id)
{
    struct sec_rd rd = sec_rd(ueid);
    struct sec_device_id id;
    uint8_t type = sec_rd_u8(&rd);
    sec_rd_into(&rd, SEC_ROOM(id.b));
    if (!sec_ok(sec_rd_end(&rd)) || type != UEID_RAND)
        return sec_st(SEC_BAD_VALUE);
    *ret_id = id;
    return sec_st(SEC_OK);
}

void sec_device_id_text(const struct sec_device_id *id, struct sec_wr *wr)
{
    sec_wr_hex(wr, sec_device_id_bytes(id));
}

sec_status sec_device_id_parse(struct sec_bytes text, struct sec_device_id *ret_id)
{
    struct sec_device_id id;
    size_t len = 0;
    SEC_TRY(sec_hex_parse(text, SEC_ROOM(id.b), &len));
    if (len != sizeof id.b)
        return sec_st(SEC_TRUNCATED);
    *ret_id = id;
    return sec_st(SEC_OK);
}
