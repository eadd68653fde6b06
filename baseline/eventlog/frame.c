/* SPDX-License-Identifier: Apache-2.0 */
#include "segment.h"

#define FRAME_FORMAT 1u
#define FRAME_FIELDS 4u

/* The content was checked whole, so skipping the records costs no more than reading their heads. */
static sec_status frame_read(struct sec_bytes content, struct sec_frame *frame)
{
    SEC_TRY(sec_cbor_check(content, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(content);
    sec_cbor_array_of(&rd, FRAME_FIELDS);
    if (sec_cbor_uint(&rd) != FRAME_FORMAT)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FORMAT);
    frame->sequence = sec_cbor_uint(&rd);
    frame->records_left = sec_cbor_array(&rd);
    frame->rd = rd;
    for (size_t i = 0; i < frame->records_left && sec_ok(rd.status); i++)
        sec_cbor_bstr(&rd);
    frame->has_head = !sec_cbor_is_null(&rd);
    frame->head = (struct sec_bytes){NULL, 0};
    if (frame->has_head)
        frame->head = sec_cbor_bstr(&rd);
    else
        sec_cbor_null(&rd);
    if (frame->head.len > SEC_JOURNAL_HEAD_MAX_BYTES)
        sec_cbor_fail(&rd, SEC_TOO_LARGE);
    return sec_cbor_end(&rd);
}

sec_status sec_frame_parse(struct sec_bytes content, struct sec_frame *ret_frame)
{
    struct sec_frame frame;
    sec_status status = frame_read(content, &frame);
    if (!sec_ok(status))
        return sec_st(sec_is(status, SEC_UNKNOWN_FORMAT) ? SEC_UNKNOWN_FORMAT : SEC_MALFORMED);
    *ret_frame = frame;
    return sec_st(SEC_OK);
}

bool sec_frame_next(struct sec_frame *frame, struct sec_bytes *ret_record)
{
    if (frame->records_left == 0)
        return false;
    frame->records_left--;
    *ret_record = sec_cbor_bstr(&frame->rd);
    return sec_ok(frame->rd.status);
}

/* --- records that the journal itself reads ------------------------------------ */

void sec_key_record_encode(uint64_t seal, const struct sec_wrapped_key *wrapped, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, seal);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_bstr(wr, SEC_BYTES(wrapped->b));
}

/* Both kinds are {1: uint, 2: bstr of a fixed length}. */
static sec_status pair_read(struct sec_bytes content, uint64_t *ret_number, struct sec_room to)
{
    int64_t first = 0, second = 0;
    SEC_TRY(sec_cbor_check(content, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(content);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    if (walk.left != 2)
        sec_cbor_fail(&rd, SEC_MISSING_FIELD);
    sec_cbor_map_next(&walk, &first);
    uint64_t number = sec_cbor_uint(&rd);
    sec_cbor_map_next(&walk, &second);
    sec_cbor_bstr_into(&rd, to);
    if (first != 1 || second != 2)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_number = number;
    return sec_st(SEC_OK);
}

sec_status sec_key_record_parse(struct sec_bytes content, uint64_t *ret_seal, struct sec_wrapped_key *ret_wrapped)
{
    struct sec_wrapped_key wrapped;
    SEC_TRY(pair_read(content, ret_seal, SEC_ROOM(wrapped.b)));
    *ret_wrapped = wrapped;
    return sec_st(SEC_OK);
}

void sec_trim_record_encode(uint64_t first_kept, const struct sec_digest *root, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, first_kept);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_bstr(wr, sec_digest_bytes(root));
}

sec_status sec_trim_record_parse(struct sec_bytes content, uint64_t *ret_first_kept, struct sec_digest *ret_root)
{
    struct sec_digest root;
    SEC_TRY(pair_read(content, ret_first_kept, SEC_ROOM(root.b)));
    *ret_root = root;
    return sec_st(SEC_OK);
}
