/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_head.h"

void sec_cbor_fail(struct sec_cbor *rd, enum sec_status_code code)
{
    if (sec_ok(rd->status))
        rd->status = sec_st(code);
}

/* The next head, consumed when it is of `type`; false, and the reader failed, otherwise. */
static bool take_head(struct sec_cbor *rd, enum sec_cbor_type type, struct sec_cbor_head *ret_head)
{
    struct sec_cbor_head head;
    if (!sec_ok(rd->status))
        return false;
    rd->status = sec_cbor_head_read(rd->in, rd->at, &head);
    if (!sec_ok(rd->status))
        return false;
    if (head.type != type)
        sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
    else if (head.info == CBOR_INFO_INDEFINITE)
        sec_cbor_fail(rd, SEC_NOT_DETERMINISTIC);
    else
        rd->at += head.len;
    *ret_head = head;
    return sec_ok(rd->status);
}

static struct sec_bytes take_string(struct sec_cbor *rd, enum sec_cbor_type type)
{
    struct sec_cbor_head head;
    if (!take_head(rd, type, &head))
        return (struct sec_bytes){NULL, 0};
    if (head.value > rd->in.len - rd->at) {
        sec_cbor_fail(rd, SEC_TRUNCATED);
        return (struct sec_bytes){NULL, 0};
    }
    struct sec_bytes bytes = sec_bytes_part(rd->in, rd->at, (size_t)head.value);
    rd->at += bytes.len;
    return bytes;
}

/* A count that the bytes left could not hold is refused here, so that a loop over it is bounded by the input. */
static size_t take_count(struct sec_cbor *rd, enum sec_cbor_type type, size_t least_bytes_each)
{
    struct sec_cbor_head head;
    if (!take_head(rd, type, &head))
        return 0;
    if (head.value > (rd->in.len - rd->at) / least_bytes_each) {
        sec_cbor_fail(rd, SEC_TRUNCATED);
        return 0;
    }
    return (size_t)head.value;
}

enum sec_cbor_type sec_cbor_peek(const struct sec_cbor *rd)
{
    if (!sec_ok(rd->status) || rd->at >= rd->in.len)
        return SEC_CBOR_NOTHING;
    return (enum sec_cbor_type)(rd->in.data[rd->at] >> 5);
}

bool sec_cbor_is_null(const struct sec_cbor *rd)
{
    return sec_cbor_peek(rd) == SEC_CBOR_SIMPLE && (rd->in.data[rd->at] & 31) == CBOR_NULL;
}

uint64_t sec_cbor_uint(struct sec_cbor *rd)
{
    struct sec_cbor_head head;
    return take_head(rd, SEC_CBOR_UINT, &head) ? head.value : 0;
}

int64_t sec_cbor_int(struct sec_cbor *rd)
{
    struct sec_cbor_head head;
    enum sec_cbor_type type = sec_cbor_peek(rd) == SEC_CBOR_NINT ? SEC_CBOR_NINT : SEC_CBOR_UINT;
    if (!take_head(rd, type, &head))
        return 0;
    if (head.value > INT64_MAX) {
        sec_cbor_fail(rd, SEC_BAD_VALUE);
        return 0;
    }
    return type == SEC_CBOR_NINT ? -1 - (int64_t)head.value : (int64_t)head.value;
}

struct sec_bytes sec_cbor_bstr(struct sec_cbor *rd)
{
    return take_string(rd, SEC_CBOR_BSTR);
}

struct sec_bytes sec_cbor_tstr(struct sec_cbor *rd)
{
    return take_string(rd, SEC_CBOR_TSTR);
}

void sec_cbor_bstr_into(struct sec_cbor *rd, struct sec_room to)
{
    struct sec_bytes bytes = take_string(rd, SEC_CBOR_BSTR);
    if (!sec_ok(rd->status))
        return;
    if (bytes.len != to.len)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    else
        sec_copy(to.data, bytes.data, bytes.len);
}

bool sec_cbor_bool(struct sec_cbor *rd)
{
    struct sec_cbor_head head;
    if (!take_head(rd, SEC_CBOR_SIMPLE, &head))
        return false;
    if (head.info != CBOR_FALSE && head.info != CBOR_TRUE)
        sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
    return head.info == CBOR_TRUE;
}

void sec_cbor_null(struct sec_cbor *rd)
{
    struct sec_cbor_head head;
    if (take_head(rd, SEC_CBOR_SIMPLE, &head) && head.info != CBOR_NULL)
        sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
}

size_t sec_cbor_array(struct sec_cbor *rd)
{
    return take_count(rd, SEC_CBOR_ARRAY, 1);
}

size_t sec_cbor_map(struct sec_cbor *rd)
{
    return take_count(rd, SEC_CBOR_MAP, 2);
}

void sec_cbor_array_of(struct sec_cbor *rd, size_t count)
{
    if (sec_cbor_array(rd) != count)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

uint64_t sec_cbor_tag(struct sec_cbor *rd)
{
    struct sec_cbor_head head;
    return take_head(rd, SEC_CBOR_TAG, &head) ? head.value : 0;
}

struct sec_bytes sec_cbor_item(struct sec_cbor *rd)
{
    size_t len;
    if (!sec_ok(rd->status))
        return (struct sec_bytes){NULL, 0};
    rd->status = sec_cbor_check_first(sec_bytes_part(rd->in, rd->at, rd->in.len), SEC_CBOR_FOREIGN, &len);
    if (!sec_ok(rd->status))
        return (struct sec_bytes){NULL, 0};
    struct sec_bytes item = sec_bytes_part(rd->in, rd->at, len);
    rd->at += len;
    return item;
}

sec_status sec_cbor_end(const struct sec_cbor *rd)
{
    if (!sec_ok(rd->status))
        return rd->status;
    return sec_st(rd->at < rd->in.len ? SEC_LEFTOVER : SEC_OK);
}

struct sec_cbor_map_walk sec_cbor_map_begin(struct sec_cbor *rd)
{
    struct sec_cbor_map_walk walk = {rd, 0};
    walk.left = sec_cbor_map(rd);
    return walk;
}

bool sec_cbor_map_next(struct sec_cbor_map_walk *walk, int64_t *ret_key)
{
    if (walk->left == 0 || !sec_ok(walk->rd->status))
        return false;
    walk->left--;
    int64_t key = sec_cbor_int(walk->rd);
    if (!sec_ok(walk->rd->status))
        return false;
    *ret_key = key;
    return true;
}
