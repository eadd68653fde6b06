/* SPDX-License-Identifier: Apache-2.0 */
/* Transport statement, both directions: which key a device opens its connections with. */
#include "form.h"

#include <securable/access_hub.h>

void sec_transport_encode(const struct sec_transport *transport, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 3);
    sec_cbor_put_uint(wr, 1);
    sec_key_encode(&transport->key, wr);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_uint(wr, transport->epoch);
    sec_cbor_put_uint(wr, 3);
    sec_cbor_put_int(wr, transport->time_s);
}

sec_status sec_transport_parse(struct sec_bytes body, struct sec_transport *ret_transport)
{
    SEC_TRY(sec_cbor_check(body, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(body);
    struct sec_transport transport;
    sec_zero(&transport, sizeof transport);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            sec_key_read(&rd, &transport.key);
        else if (key == 2)
            transport.epoch = sec_form_positive(&rd);
        else if (key == 3)
            transport.time_s = sec_cbor_int(&rd);
        else
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1) | sec_form_bit(2) | sec_form_bit(3));
    SEC_TRY(sec_cbor_end(&rd));
    *ret_transport = transport;
    return sec_st(SEC_OK);
}
