/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/bytes.h>

#include <string.h>

/* A call through a volatile pointer may not be removed, whatever the compiler knows about memset. */
static void *(*const volatile wipe_call)(void *, int, size_t) = memset;

struct sec_bytes sec_bytes_of_str(const char *str)
{
    return sec_bytes(str, strlen(str));
}

bool sec_bytes_equal(struct sec_bytes a, struct sec_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool sec_bytes_equal_secret(struct sec_bytes a, struct sec_bytes b)
{
    if (a.len != b.len)
        return false;
    volatile uint8_t difference = 0;
    for (size_t i = 0; i < a.len; i++)
        difference = (uint8_t)(difference | (a.data[i] ^ b.data[i]));
    return difference == 0;
}

int sec_bytes_order(struct sec_bytes a, struct sec_bytes b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    int order = a.len == 0 ? 0 : memcmp(a.data, b.data, a.len);
    return (order > 0) - (order < 0);
}

struct sec_bytes sec_bytes_part(struct sec_bytes bytes, size_t from, size_t len)
{
    if (from >= bytes.len)
        return (struct sec_bytes){NULL, 0};
    size_t left = bytes.len - from;
    return sec_bytes(bytes.data + from, len < left ? len : left); /* from < bytes.len */
}

bool sec_bytes_copy(struct sec_room to, struct sec_bytes from)
{
    if (from.len > to.len)
        return false;
    sec_copy(to.data, from.data, from.len);
    return true;
}

void sec_wipe(void *data, size_t len)
{
    if (len > 0)
        wipe_call(data, 0, len);
}

void sec_copy(void *to, const void *from, size_t n)
{
    if (n > 0)
        memcpy(to, from, n);
}

void sec_zero(void *to, size_t n)
{
    if (n > 0)
        memset(to, 0, n);
}

bool sec_digest_equal(const struct sec_digest *a, const struct sec_digest *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* --- reading ------------------------------------------------------------- */

size_t sec_rd_left(const struct sec_rd *rd)
{
    return rd->bad ? 0 : rd->in.len - rd->at; /* at <= in.len always */
}

struct sec_bytes sec_rd_bytes(struct sec_rd *rd, size_t len)
{
    if (len > sec_rd_left(rd))
        rd->bad = true;
    if (rd->bad || len == 0)
        return (struct sec_bytes){NULL, 0};
    struct sec_bytes part = sec_bytes(rd->in.data + rd->at, len); /* len <= what is left */
    rd->at += len;
    return part;
}

void sec_rd_into(struct sec_rd *rd, struct sec_room to)
{
    struct sec_bytes part = sec_rd_bytes(rd, to.len);
    if (rd->bad)
        sec_zero(to.data, to.len);
    else
        sec_copy(to.data, part.data, part.len);
}

static uint64_t rd_big_endian(struct sec_rd *rd, size_t width)
{
    struct sec_bytes part = sec_rd_bytes(rd, width);
    uint64_t value = 0;
    for (size_t i = 0; i < part.len; i++)
        value = value << 8 | part.data[i];
    return value;
}

uint8_t sec_rd_u8(struct sec_rd *rd)
{
    return (uint8_t)rd_big_endian(rd, 1);
}

uint16_t sec_rd_u16(struct sec_rd *rd)
{
    return (uint16_t)rd_big_endian(rd, 2);
}

uint32_t sec_rd_u32(struct sec_rd *rd)
{
    return (uint32_t)rd_big_endian(rd, 4);
}

uint64_t sec_rd_u64(struct sec_rd *rd)
{
    return rd_big_endian(rd, 8);
}

sec_status sec_rd_end(const struct sec_rd *rd)
{
    if (rd->bad)
        return sec_st(SEC_TRUNCATED);
    return sec_st(sec_rd_left(rd) > 0 ? SEC_LEFTOVER : SEC_OK);
}

/* --- writing ------------------------------------------------------------- */

struct sec_room sec_wr_rest(const struct sec_wr *wr)
{
    if (wr->bad || wr->len >= wr->room.len)
        return (struct sec_room){NULL, 0};
    return sec_room(wr->room.data + wr->len, wr->room.len - wr->len); /* len < room.len */
}

void sec_wr_advance(struct sec_wr *wr, size_t len)
{
    if (len > sec_wr_rest(wr).len)
        wr->bad = true;
    else
        wr->len += len;
}

void sec_wr_bytes(struct sec_wr *wr, struct sec_bytes bytes)
{
    if (!sec_bytes_copy(sec_wr_rest(wr), bytes))
        wr->bad = true;
    else
        wr->len += bytes.len;
}

static void wr_big_endian(struct sec_wr *wr, uint64_t value, size_t width)
{
    uint8_t b[8];
    for (size_t i = 0; i < width; i++)
        b[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    sec_wr_bytes(wr, sec_bytes(b, width));
}

void sec_wr_u8(struct sec_wr *wr, uint8_t value)
{
    wr_big_endian(wr, value, 1);
}

void sec_wr_u16(struct sec_wr *wr, uint16_t value)
{
    wr_big_endian(wr, value, 2);
}

void sec_wr_u32(struct sec_wr *wr, uint32_t value)
{
    wr_big_endian(wr, value, 4);
}

void sec_wr_u64(struct sec_wr *wr, uint64_t value)
{
    wr_big_endian(wr, value, 8);
}

struct sec_bytes sec_wr_done(const struct sec_wr *wr)
{
    return sec_bytes(wr->room.data, wr->len);
}

sec_status sec_wr_end(const struct sec_wr *wr, struct sec_bytes *ret_bytes)
{
    if (wr->bad)
        return sec_st(SEC_ROOM_FULL);
    if (ret_bytes)
        *ret_bytes = sec_wr_done(wr);
    return sec_st(SEC_OK);
}

/* --- text ---------------------------------------------------------------- */

void sec_wr_hex(struct sec_wr *wr, struct sec_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len && !wr->bad; i++) {
        sec_wr_u8(wr, (uint8_t)digits[bytes.data[i] >> 4]);
        sec_wr_u8(wr, (uint8_t)digits[bytes.data[i] & 15]);
    }
}

/* The digit's value, or 16 for any other byte. */
static unsigned hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - (unsigned)'0';
    if (digit >= 'a' && digit <= 'f')
        return digit - (unsigned)'a' + 10u;
    if (digit >= 'A' && digit <= 'F')
        return digit - (unsigned)'A' + 10u;
    return 16;
}

sec_status sec_hex_parse(struct sec_bytes text, struct sec_room to, size_t *ret_len)
{
    if (text.len / 2 < to.len)
        return sec_st(SEC_TRUNCATED);
    if (text.len / 2 > to.len || text.len % 2 != 0)
        return sec_st(SEC_LEFTOVER);
    for (size_t i = 0; i < text.len; i++)
        if (hex_value(text.data[i]) > 15)
            return sec_st(SEC_BAD_VALUE);
    for (size_t i = 0; i < to.len; i++)
        to.data[i] = (uint8_t)(hex_value(text.data[2 * i]) << 4 | hex_value(text.data[2 * i + 1]));
    if (ret_len)
        *ret_len = to.len;
    return sec_st(SEC_OK);
}

/* The length of the character that `first` begins; 0 when it can begin none. */
static size_t utf8_len(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4) /* c0 and c1 begin overlong forms, f5 and up lie beyond U+10FFFF */
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The second byte's range excludes overlong forms (e0, f0), surrogates (ed) and what is beyond U+10FFFF (f4). */
static bool utf8_second_fits(uint8_t first, uint8_t second)
{
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

sec_status sec_utf8_check(struct sec_bytes text)
{
    for (size_t at = 0; at < text.len;) {
        uint8_t first = text.data[at];
        size_t len = utf8_len(first);
        if (len == 0 || len > text.len - at)
            return sec_st(SEC_NOT_UTF8);
        if (len > 1 && !utf8_second_fits(first, text.data[at + 1]))
            return sec_st(SEC_NOT_UTF8);
        for (size_t i = 2; i < len; i++)
            if ((text.data[at + i] & 0xc0) != 0x80)
                return sec_st(SEC_NOT_UTF8);
        at += len;
    }
    return sec_st(SEC_OK);
}
