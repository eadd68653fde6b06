/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_head.h"

#include <string.h>

static void put_head(struct sec_wr *wr, enum sec_cbor_type type, uint64_t value)
{
    uint8_t high = (uint8_t)((unsigned)type << 5);
    if (value < CBOR_INFO_ONE_BYTE) {
        sec_wr_u8(wr, (uint8_t)(high | value));
    } else if (value <= UINT8_MAX) {
        sec_wr_u8(wr, high | 24);
        sec_wr_u8(wr, (uint8_t)value);
    } else if (value <= UINT16_MAX) {
        sec_wr_u8(wr, high | 25);
        sec_wr_u16(wr, (uint16_t)value);
    } else if (value <= UINT32_MAX) {
        sec_wr_u8(wr, high | 26);
        sec_wr_u32(wr, (uint32_t)value);
    } else {
        sec_wr_u8(wr, high | 27);
        sec_wr_u64(wr, value);
    }
}

void sec_cbor_put_uint(struct sec_wr *wr, uint64_t value)
{
    put_head(wr, SEC_CBOR_UINT, value);
}

void sec_cbor_put_int(struct sec_wr *wr, int64_t value)
{
    if (value >= 0)
        put_head(wr, SEC_CBOR_UINT, (uint64_t)value);
    else
        put_head(wr, SEC_CBOR_NINT, (uint64_t)(-1 - value));
}

void sec_cbor_put_bstr(struct sec_wr *wr, struct sec_bytes bytes)
{
    put_head(wr, SEC_CBOR_BSTR, bytes.len);
    sec_wr_bytes(wr, bytes);
}

void sec_cbor_put_tstr(struct sec_wr *wr, struct sec_bytes text)
{
    put_head(wr, SEC_CBOR_TSTR, text.len);
    sec_wr_bytes(wr, text);
}

void sec_cbor_put_array(struct sec_wr *wr, size_t count)
{
    put_head(wr, SEC_CBOR_ARRAY, count);
}

void sec_cbor_put_map(struct sec_wr *wr, size_t pairs)
{
    put_head(wr, SEC_CBOR_MAP, pairs);
}

void sec_cbor_put_tag(struct sec_wr *wr, uint64_t tag)
{
    put_head(wr, SEC_CBOR_TAG, tag);
}

void sec_cbor_put_bool(struct sec_wr *wr, bool value)
{
    put_head(wr, SEC_CBOR_SIMPLE, value ? CBOR_TRUE : CBOR_FALSE);
}

void sec_cbor_put_null(struct sec_wr *wr)
{
    put_head(wr, SEC_CBOR_SIMPLE, CBOR_NULL);
}

void sec_cbor_put_bstr_head(struct sec_wr *wr, size_t len)
{
    put_head(wr, SEC_CBOR_BSTR, len);
}

size_t sec_cbor_put_bstr_begin(struct sec_wr *wr)
{
    return wr->len;
}

void sec_cbor_put_bstr_end(struct sec_wr *wr, size_t mark)
{
    if (wr->bad)
        return;
    if (mark > wr->len) {
        wr->bad = true;
        return;
    }
    /* The head goes behind the content first, which proves that both fit; then the two change places. */
    uint8_t head[9];
    size_t content_len = wr->len - mark;
    struct sec_wr head_wr = sec_wr(SEC_ROOM(head));
    put_head(&head_wr, SEC_CBOR_BSTR, content_len);
    sec_wr_bytes(wr, sec_wr_done(&head_wr));
    if (wr->bad)
        return;
    uint8_t *start = wr->room.data + mark; /* mark <= len <= room.len */
    memmove(start + head_wr.len, start, content_len); /* mark + head + content == len <= room.len */
    memcpy(start, head, head_wr.len);
}
