/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes by value: slices to read, rooms to write, and cursors over both.
 *
 * Memory: a slice borrows; whoever makes it keeps the memory alive. A cursor
 * (`sec_rd`, `sec_wr`) has a sticky flag: after the first failure every further
 * call does nothing, so that a sequence needs one check at its end. Pointer sums
 * are made in base/ alone.
 * Limits: lengths are size_t; every sum is checked before it is made.
 */
#ifndef SECURABLE_BYTES_H
#define SECURABLE_BYTES_H

#include <securable/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Data to read. An empty slice may have a null `data`. */
struct sec_bytes {
    const uint8_t *data;
    size_t len;
};

/** Space to write to. */
struct sec_room {
    uint8_t *data;
    size_t len;
};

/** A SHA-256 digest. */
struct sec_digest {
    uint8_t b[32];
};

/** A UUID as bytes, most significant first (RFC 9562). */
struct sec_uuid {
    uint8_t b[16];
};

/** A slice of a string literal, without its NUL. */
#define SEC_LIT(s) ((struct sec_bytes){(const uint8_t *)(s), sizeof(s) - 1})

/** A slice, or a room, of a whole array or struct member `a`. */
#define SEC_BYTES(a) ((struct sec_bytes){(const uint8_t *)(a), sizeof(a)})
#define SEC_ROOM(a) ((struct sec_room){(uint8_t *)(a), sizeof(a)})

static inline struct sec_bytes sec_bytes(const void *data, size_t len)
{
    return (struct sec_bytes){(const uint8_t *)data, len};
}

static inline struct sec_room sec_room(void *data, size_t len)
{
    return (struct sec_room){(uint8_t *)data, len};
}

/** A slice of a NUL-terminated string, without its NUL. */
struct sec_bytes sec_bytes_of_str(const char *str);

/** True when both have the same length and content. Not for secrets. */
bool sec_bytes_equal(struct sec_bytes a, struct sec_bytes b);

/** As sec_bytes_equal(), in a time that depends on the lengths alone. */
bool sec_bytes_equal_secret(struct sec_bytes a, struct sec_bytes b);

/** Shorter first, then bytewise: -1, 0, 1. The order of COSE/CBOR "length first" is not this; see cbor.h. */
int sec_bytes_order(struct sec_bytes a, struct sec_bytes b);

/** The part from `from`, at most `len` long; clipped to what is there. */
struct sec_bytes sec_bytes_part(struct sec_bytes bytes, size_t from, size_t len);

/** Copies `from` to the start of `to`; false, and nothing copied, when it does not fit. */
bool sec_bytes_copy(struct sec_room to, struct sec_bytes from);

/** Overwrites with zeros in a way that a compiler does not remove. */
void sec_wipe(void *data, size_t len);

/** Copies `n` bytes between objects that do not overlap (the one place for it). */
void sec_copy(void *to, const void *from, size_t n);

/** Sets `n` bytes to zero; for objects without secrets. */
void sec_zero(void *to, size_t n);

static inline struct sec_bytes sec_digest_bytes(const struct sec_digest *digest)
{
    return (struct sec_bytes){digest->b, sizeof digest->b};
}

bool sec_digest_equal(const struct sec_digest *a, const struct sec_digest *b);

/* --- reading ------------------------------------------------------------- */

/** A reader of fixed-width fields, big-endian. `bad` is sticky. */
struct sec_rd {
    struct sec_bytes in;
    size_t at;
    bool bad;
};

static inline struct sec_rd sec_rd(struct sec_bytes in)
{
    return (struct sec_rd){in, 0, false};
}

/** How many bytes are left; 0 after a failure. */
size_t sec_rd_left(const struct sec_rd *rd);
/** The next `len` bytes, borrowed from the input; empty, and `bad` set, when they are not there. */
struct sec_bytes sec_rd_bytes(struct sec_rd *rd, size_t len);
/** Copies exactly `to.len` bytes; the room is zeroed on failure. */
void sec_rd_into(struct sec_rd *rd, struct sec_room to);
uint8_t sec_rd_u8(struct sec_rd *rd);
uint16_t sec_rd_u16(struct sec_rd *rd);
uint32_t sec_rd_u32(struct sec_rd *rd);
uint64_t sec_rd_u64(struct sec_rd *rd);
/** OK when all was read and nothing is left; TRUNCATED or LEFTOVER otherwise. */
sec_status sec_rd_end(const struct sec_rd *rd);

/* --- writing ------------------------------------------------------------- */

/** A writer into a room. `bad` is sticky: set by the first write that does not fit. */
struct sec_wr {
    struct sec_room room;
    size_t len;
    bool bad;
};

static inline struct sec_wr sec_wr(struct sec_room room)
{
    return (struct sec_wr){room, 0, false};
}

void sec_wr_bytes(struct sec_wr *wr, struct sec_bytes bytes);
void sec_wr_u8(struct sec_wr *wr, uint8_t value);
void sec_wr_u16(struct sec_wr *wr, uint16_t value);
void sec_wr_u32(struct sec_wr *wr, uint32_t value);
void sec_wr_u64(struct sec_wr *wr, uint64_t value);
/** The room behind what is written, to be filled by somebody else, then declared by sec_wr_advance(). */
struct sec_room sec_wr_rest(const struct sec_wr *wr);
/** Declares `len` bytes of the rest as written. */
void sec_wr_advance(struct sec_wr *wr, size_t len);
/** What was written so far, borrowed from the room. */
struct sec_bytes sec_wr_done(const struct sec_wr *wr);
/** OK, or ROOM_FULL when a write did not fit. */
sec_status sec_wr_end(const struct sec_wr *wr, struct sec_bytes *ret_bytes);

/* --- text ---------------------------------------------------------------- */

/** Writes lower-case hex digits, two a byte, no NUL. */
void sec_wr_hex(struct sec_wr *wr, struct sec_bytes bytes);
/** Reads hex digits of either case into exactly `to`; BAD_VALUE when a digit is wrong, TRUNCATED/LEFTOVER when the length is. */
sec_status sec_hex_parse(struct sec_bytes text, struct sec_room to, size_t *ret_len);
/** OK or NOT_UTF8 (RFC 3629: no surrogates, no overlong forms). */
sec_status sec_utf8_check(struct sec_bytes text);

#endif
