/* SPDX-License-Identifier: Apache-2.0 */
/* The checker walks without recursion: one frame for each open array, map or tag. */
#include "cbor_head.h"

#include <securable/limits.h>

#include <string.h>

struct frame {
    uint64_t left; /* items to come when the length is definite; a map counts keys and values */
    bool indefinite;
    bool is_map;
    bool at_value;  /* of a map: the next item is a value */
    size_t item_at; /* where the current item starts */
    struct sec_bytes last_key;
};

struct walk {
    struct sec_bytes in;
    size_t at;
    bool ours;
    bool complete;
    size_t depth;
    struct frame frames[SEC_CBOR_MAX_DEPTH];
};

sec_status sec_cbor_head_read(struct sec_bytes in, size_t at, struct sec_cbor_head *ret_head)
{
    struct sec_rd rd = sec_rd(sec_bytes_part(in, at, in.len));
    uint8_t first = sec_rd_u8(&rd);
    if (rd.bad)
        return sec_st(SEC_TRUNCATED);
    struct sec_cbor_head head = {(enum sec_cbor_type)(first >> 5), first & 31, 0, 0};
    if (head.info < CBOR_INFO_ONE_BYTE)
        head.value = head.info;
    else if (head.info == CBOR_INFO_ONE_BYTE)
        head.value = sec_rd_u8(&rd);
    else if (head.info == 25)
        head.value = sec_rd_u16(&rd);
    else if (head.info == 26)
        head.value = sec_rd_u32(&rd);
    else if (head.info == 27)
        head.value = sec_rd_u64(&rd);
    else if (head.info != CBOR_INFO_INDEFINITE)
        return sec_st(SEC_MALFORMED);
    else if (head.type == SEC_CBOR_UINT || head.type == SEC_CBOR_NINT || head.type == SEC_CBOR_TAG)
        return sec_st(SEC_MALFORMED);
    if (rd.bad)
        return sec_st(SEC_TRUNCATED);
    if (head.type == SEC_CBOR_SIMPLE && head.info == CBOR_INFO_ONE_BYTE && head.value < 32)
        return sec_st(SEC_MALFORMED);
    head.len = rd.at;
    *ret_head = head;
    return sec_st(SEC_OK);
}

bool sec_cbor_head_is_shortest(const struct sec_cbor_head *head)
{
    switch (head->info) {
    case CBOR_INFO_ONE_BYTE:
        return head->value >= CBOR_INFO_ONE_BYTE;
    case 25:
        return head->value > UINT8_MAX;
    case 26:
        return head->value > UINT16_MAX;
    case 27:
        return head->value > UINT32_MAX;
    default:
        return true;
    }
}

int sec_cbor_key_order(struct sec_bytes a, struct sec_bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order == 0)
        return (a.len > b.len) - (a.len < b.len);
    return order < 0 ? -1 : 1;
}

/* What *ours* forbids and a head alone shows. */
static sec_status ours_check_head(const struct sec_cbor_head *head)
{
    if (head->type == SEC_CBOR_SIMPLE) {
        bool known = head->info >= CBOR_FALSE && head->info <= CBOR_NULL;
        return sec_st(known ? SEC_OK : SEC_UNSUPPORTED);
    }
    bool fits = head->info != CBOR_INFO_INDEFINITE && sec_cbor_head_is_shortest(head);
    return sec_st(fits ? SEC_OK : SEC_NOT_DETERMINISTIC);
}

static sec_status ours_check_key(const struct walk *walk, struct frame *top)
{
    struct sec_bytes key = sec_bytes_part(walk->in, top->item_at, walk->at - top->item_at);
    int order = top->last_key.len == 0 ? -1 : sec_cbor_key_order(top->last_key, key);
    if (order == 0)
        return sec_st(SEC_DUPLICATE_KEY);
    top->last_key = key;
    return sec_st(order < 0 ? SEC_OK : SEC_NOT_DETERMINISTIC);
}

/* The item that ends at `at` may end the arrays, maps and tags that it stands in. */
static sec_status walk_item_done(struct walk *walk)
{
    while (walk->depth > 0) {
        struct frame *top = &walk->frames[walk->depth - 1];
        if (walk->ours && top->is_map && !top->at_value)
            SEC_TRY(ours_check_key(walk, top));
        top->at_value = !top->at_value;
        if (top->indefinite || --top->left > 0)
            return sec_st(SEC_OK);
        walk->depth--;
    }
    walk->complete = true;
    return sec_st(SEC_OK);
}

static sec_status walk_break(struct walk *walk)
{
    struct frame *top = walk->depth > 0 ? &walk->frames[walk->depth - 1] : NULL;
    if (!top || !top->indefinite || (top->is_map && top->at_value))
        return sec_st(SEC_MALFORMED);
    walk->at++;
    walk->depth--;
    return walk_item_done(walk);
}

static sec_status walk_skip(struct walk *walk, uint64_t len)
{
    if (len > walk->in.len - walk->at)
        return sec_st(SEC_TRUNCATED);
    walk->at += (size_t)len;
    return sec_st(SEC_OK);
}

/* The chunks of a string of indefinite length: definite strings of the same type up to a break. */
static sec_status walk_chunks(struct walk *walk, enum sec_cbor_type type)
{
    for (;;) {
        struct sec_cbor_head chunk;
        SEC_TRY(sec_cbor_head_read(walk->in, walk->at, &chunk));
        walk->at += chunk.len;
        if (chunk.type == SEC_CBOR_SIMPLE && chunk.info == CBOR_INFO_INDEFINITE)
            return sec_st(SEC_OK);
        if (chunk.type != type || chunk.info == CBOR_INFO_INDEFINITE)
            return sec_st(SEC_MALFORMED);
        SEC_TRY(walk_skip(walk, chunk.value));
    }
}

static sec_status walk_string(struct walk *walk, const struct sec_cbor_head *head)
{
    if (head->info == CBOR_INFO_INDEFINITE)
        return walk_chunks(walk, head->type);
    size_t from = walk->at;
    SEC_TRY(walk_skip(walk, head->value));
    if (walk->ours && head->type == SEC_CBOR_TSTR)
        return sec_utf8_check(sec_bytes_part(walk->in, from, (size_t)head->value));
    return sec_st(SEC_OK);
}

/* Opens an array, map or tag. Every item takes a byte at least, so no count may be beyond the bytes left. */
static sec_status walk_open(struct walk *walk, const struct sec_cbor_head *head)
{
    bool is_map = head->type == SEC_CBOR_MAP;
    uint64_t bytes_left = walk->in.len - walk->at;
    uint64_t count = head->type == SEC_CBOR_TAG ? 1 : head->value;
    if (count > (is_map ? bytes_left / 2 : bytes_left))
        return sec_st(SEC_TRUNCATED);
    bool indefinite = head->info == CBOR_INFO_INDEFINITE;
    if (walk->depth == SEC_CBOR_MAX_DEPTH)
        return sec_st(SEC_TOO_DEEP);
    if (count == 0 && !indefinite)
        return walk_item_done(walk);
    walk->frames[walk->depth++] =
        (struct frame){.left = is_map ? 2 * count : count, .indefinite = indefinite, .is_map = is_map};
    return sec_st(SEC_OK);
}

static sec_status walk_step(struct walk *walk)
{
    struct sec_cbor_head head;
    SEC_TRY(sec_cbor_head_read(walk->in, walk->at, &head));
    if (head.type == SEC_CBOR_SIMPLE && head.info == CBOR_INFO_INDEFINITE)
        return walk_break(walk);
    if (walk->ours)
        SEC_TRY(ours_check_head(&head));
    if (walk->depth > 0)
        walk->frames[walk->depth - 1].item_at = walk->at;
    walk->at += head.len;
    if (head.type == SEC_CBOR_ARRAY || head.type == SEC_CBOR_MAP || head.type == SEC_CBOR_TAG)
        return walk_open(walk, &head);
    if (head.type == SEC_CBOR_BSTR || head.type == SEC_CBOR_TSTR)
        SEC_TRY(walk_string(walk, &head));
    return walk_item_done(walk);
}

sec_status sec_cbor_check_first(struct sec_bytes in, enum sec_cbor_profile profile, size_t *ret_len)
{
    struct walk walk;
    walk.in = in;
    walk.at = 0;
    walk.ours = profile == SEC_CBOR_OURS;
    walk.complete = false;
    walk.depth = 0; /* frames are set when they are opened */
    while (!walk.complete)
        SEC_TRY(walk_step(&walk));
    *ret_len = walk.at;
    return sec_st(SEC_OK);
}

sec_status sec_cbor_check(struct sec_bytes in, enum sec_cbor_profile profile)
{
    size_t len;
    SEC_TRY(sec_cbor_check_first(in, profile, &len));
    return sec_st(len < in.len ? SEC_LEFTOVER : SEC_OK);
}
