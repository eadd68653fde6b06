/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR (RFC 8949): a checker with two profiles, a reader, a writer.
 *
 * Way of use: check the whole item once with sec_cbor_check(), then read it with
 * a `struct sec_cbor`. The check is what makes an input trustworthy in form; the
 * reader checks bounds and types all the same.
 * Profile *ours*: deterministic (RFC 8949, 4.2.1: shortest heads, definite
 * lengths, map keys sorted bytewise), no duplicate keys, UTF-8, no floats, no simple
 * values but false, true and null, nesting within SEC_CBOR_MAX_DEPTH, nothing behind
 * the item. Profile *foreign*: well-formed (RFC 8949, appendix C) within the same
 * depth; for looking at what others made.
 * Memory: none; slices borrow from the input.
 */
#ifndef SECURABLE_CBOR_H
#define SECURABLE_CBOR_H

#include <securable/bytes.h>

enum sec_cbor_profile {
    SEC_CBOR_OURS,
    SEC_CBOR_FOREIGN,
};

enum sec_cbor_type {
    SEC_CBOR_UINT = 0,
    SEC_CBOR_NINT = 1,
    SEC_CBOR_BSTR = 2,
    SEC_CBOR_TSTR = 3,
    SEC_CBOR_ARRAY = 4,
    SEC_CBOR_MAP = 5,
    SEC_CBOR_TAG = 6,
    SEC_CBOR_SIMPLE = 7, /* false, true, null, undefined, floats */
    SEC_CBOR_NOTHING = 8 /* the end of the input, or a reader that has failed */
};

/**
 * Checks that `in` is exactly one item of the profile.
 * TRUNCATED, LEFTOVER, MALFORMED, TOO_DEEP; for *ours* also NOT_DETERMINISTIC, DUPLICATE_KEY, NOT_UTF8, UNSUPPORTED.
 */
sec_status sec_cbor_check(struct sec_bytes in, enum sec_cbor_profile profile);

/** As sec_cbor_check() for the first item of `in`, whose length it gives; bytes may follow. */
sec_status sec_cbor_check_first(struct sec_bytes in, enum sec_cbor_profile profile, size_t *ret_len);

/** A reader. `status` is sticky: after the first failure all reads give zero or empty. */
struct sec_cbor {
    struct sec_bytes in;
    size_t at;
    sec_status status;
};

static inline struct sec_cbor sec_cbor(struct sec_bytes in)
{
    return (struct sec_cbor){in, 0, {SEC_OK}};
}

/** The type of the next item, not consumed. */
enum sec_cbor_type sec_cbor_peek(const struct sec_cbor *rd);
/** True when the next item is `null`, not consumed. */
bool sec_cbor_is_null(const struct sec_cbor *rd);
uint64_t sec_cbor_uint(struct sec_cbor *rd);
/** A signed integer; BAD_VALUE when it is outside int64_t. */
int64_t sec_cbor_int(struct sec_cbor *rd);
struct sec_bytes sec_cbor_bstr(struct sec_cbor *rd);
struct sec_bytes sec_cbor_tstr(struct sec_cbor *rd);
/** Copies a byte string of exactly `to.len` bytes; BAD_VALUE when its length differs. */
void sec_cbor_bstr_into(struct sec_cbor *rd, struct sec_room to);
bool sec_cbor_bool(struct sec_cbor *rd);
void sec_cbor_null(struct sec_cbor *rd);
/** The number of elements that follow. Indefinite lengths are NOT_DETERMINISTIC. */
size_t sec_cbor_array(struct sec_cbor *rd);
/** The number of pairs that follow. */
size_t sec_cbor_map(struct sec_cbor *rd);
/** As sec_cbor_array(), and BAD_VALUE unless there are exactly `count`. */
void sec_cbor_array_of(struct sec_cbor *rd, size_t count);
uint64_t sec_cbor_tag(struct sec_cbor *rd);
/** The next item whole, as it is encoded, skipped over. */
struct sec_bytes sec_cbor_item(struct sec_cbor *rd);
/** Marks the reader as failed (the first failure stays). */
void sec_cbor_fail(struct sec_cbor *rd, enum sec_status_code code);
/** The first failure, or LEFTOVER when bytes are left, or OK. */
sec_status sec_cbor_end(const struct sec_cbor *rd);

/** A walk over a map whose keys are integers. */
struct sec_cbor_map_walk {
    struct sec_cbor *rd;
    size_t left;
};

/** Starts the walk at the map that is next. */
struct sec_cbor_map_walk sec_cbor_map_begin(struct sec_cbor *rd);
/**
 * Gives the next key; the caller then reads its value, or calls sec_cbor_fail() with UNKNOWN_FIELD.
 * False at the end and after a failure.
 */
bool sec_cbor_map_next(struct sec_cbor_map_walk *walk, int64_t *ret_key);

/* --- writing: shortest heads; the caller writes map keys in bytewise order ---- */

void sec_cbor_put_uint(struct sec_wr *wr, uint64_t value);
void sec_cbor_put_int(struct sec_wr *wr, int64_t value);
void sec_cbor_put_bstr(struct sec_wr *wr, struct sec_bytes bytes);
void sec_cbor_put_tstr(struct sec_wr *wr, struct sec_bytes text);
void sec_cbor_put_array(struct sec_wr *wr, size_t count);
void sec_cbor_put_map(struct sec_wr *wr, size_t pairs);
void sec_cbor_put_tag(struct sec_wr *wr, uint64_t tag);
void sec_cbor_put_bool(struct sec_wr *wr, bool value);
void sec_cbor_put_null(struct sec_wr *wr);
/** The head of a byte string whose `len` bytes the caller writes next. */
void sec_cbor_put_bstr_head(struct sec_wr *wr, size_t len);

/** Starts a byte string whose length is not known yet; end it with sec_cbor_put_bstr_end(). They nest. */
size_t sec_cbor_put_bstr_begin(struct sec_wr *wr);
void sec_cbor_put_bstr_end(struct sec_wr *wr, size_t mark);

#endif
