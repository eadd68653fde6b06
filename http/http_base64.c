/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

static const char plain_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int value_of(uint8_t c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    return c == (url ? '_' : '/') ? 63 : -1;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

sec_status http_base64_decode(struct sec_bytes text, bool url, struct sec_room room, struct sec_bytes *ret_bytes)
{
    struct sec_wr wr = sec_wr(room);
    uint32_t bits = 0;
    unsigned held = 0, padding = 0;
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (!url && is_blank(c))
            continue;
        if (!url && c == '=') {
            padding++;
            continue;
        }
        int value = value_of(c, url);
        if (value < 0 || padding > 0)
            return sec_st(SEC_BAD_VALUE);
        bits = (bits << 6) | (uint32_t)value;
        held += 6;
        count++;
        if (held >= 8) {
            held -= 8;
            sec_wr_u8(&wr, (uint8_t)(bits >> held));
            bits &= (1u << held) - 1u;
        }
    }
    /* One spelling a value: no bits left over, and exactly the padding that fills the last group of four. */
    if (bits != 0 || held == 6 || (url ? padding != 0 : (count + padding) % 4 != 0) || padding > 2)
        return sec_st(SEC_BAD_VALUE);
    return sec_wr_end(&wr, ret_bytes);
}

void http_base64_encode(struct sec_bytes bytes, bool url, struct sec_wr *wr)
{
    const char *digits = url ? url_digits : plain_digits;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = (uint32_t)bytes.data[i] << 16;
        bits |= have > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        bits |= have > 2 ? (uint32_t)bytes.data[i + 2] : 0;
        for (size_t k = 0; k < 4; k++) {
            if (k <= have)
                sec_wr_u8(wr, (uint8_t)digits[(bits >> (18 - 6 * k)) & 63u]);
            else if (!url)
                sec_wr_u8(wr, '=');
        }
    }
}
