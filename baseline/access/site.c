/* SPDX-License-Identifier: Apache-2.0 */
/* Site: the hub's address and its CA's digest, both directions. */
#include "form.h"

void sec_site_encode(const struct sec_site *site, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_tstr(wr, site->address);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&site->ca));
}

static struct sec_bytes read_address(struct sec_cbor *rd)
{
    struct sec_bytes address = sec_cbor_tstr(rd);
    if (address.len == 0 || address.len > SEC_SETTING_TEXT_MAX_BYTES)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return address;
}

sec_status sec_site_parse(struct sec_bytes args, struct sec_site *ret_site)
{
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    struct sec_site site;
    sec_zero(&site, sizeof site);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            site.address = read_address(&rd);
        else if (key == 2)
            sec_cbor_bstr_into(&rd, SEC_ROOM(site.ca.b));
        else
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1) | sec_form_bit(2));
    SEC_TRY(sec_cbor_end(&rd));
    *ret_site = site;
    return sec_st(SEC_OK);
}
