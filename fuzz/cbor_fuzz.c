/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the CBOR checker, reader and writer, and of the small items that base/ reads: keys, frontiers, proofs.
 * Holds: what *ours* accepts, *foreign* accepts, and reading and writing it again gives the same bytes.
 */
#include <securable/cbor.h>
#include <securable/limits.h>
#include <securable/merkle.h>

#include <stdlib.h>

#define ROOM_BYTES (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t room[ROOM_BYTES];

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void copy_item(struct sec_cbor *rd, struct sec_wr *wr);

static void copy_items(struct sec_cbor *rd, struct sec_wr *wr, size_t count)
{
    for (size_t i = 0; i < count; i++)
        copy_item(rd, wr);
}

static void copy_nint(struct sec_cbor *rd, struct sec_wr *wr)
{
    struct sec_cbor before = *rd;
    int64_t value = sec_cbor_int(rd);
    if (!sec_is(rd->status, SEC_BAD_VALUE)) {
        sec_cbor_put_int(wr, value);
        return;
    }
    *rd = before; /* below INT64_MIN: nothing but the bytes can tell it */
    sec_wr_bytes(wr, sec_cbor_item(rd));
}

static void copy_simple(struct sec_cbor *rd, struct sec_wr *wr)
{
    if (sec_cbor_is_null(rd)) {
        sec_cbor_null(rd);
        sec_cbor_put_null(wr);
    } else {
        sec_cbor_put_bool(wr, sec_cbor_bool(rd));
    }
}

static void copy_item(struct sec_cbor *rd, struct sec_wr *wr)
{
    size_t count;
    switch (sec_cbor_peek(rd)) {
    case SEC_CBOR_UINT:
        sec_cbor_put_uint(wr, sec_cbor_uint(rd));
        break;
    case SEC_CBOR_NINT:
        copy_nint(rd, wr);
        break;
    case SEC_CBOR_BSTR: {
        size_t mark = sec_cbor_put_bstr_begin(wr);
        sec_wr_bytes(wr, sec_cbor_bstr(rd));
        sec_cbor_put_bstr_end(wr, mark);
        break;
    }
    case SEC_CBOR_TSTR:
        sec_cbor_put_tstr(wr, sec_cbor_tstr(rd));
        break;
    case SEC_CBOR_ARRAY:
        count = sec_cbor_array(rd);
        sec_cbor_put_array(wr, count);
        copy_items(rd, wr, count);
        break;
    case SEC_CBOR_MAP:
        count = sec_cbor_map(rd);
        sec_cbor_put_map(wr, count);
        copy_items(rd, wr, 2 * count);
        break;
    case SEC_CBOR_TAG:
        sec_cbor_put_tag(wr, sec_cbor_tag(rd));
        copy_item(rd, wr);
        break;
    case SEC_CBOR_SIMPLE:
        copy_simple(rd, wr);
        break;
    case SEC_CBOR_NOTHING:
        must(false);
    }
}

static void try_check(struct sec_bytes in)
{
    bool ours = sec_ok(sec_cbor_check(in, SEC_CBOR_OURS));
    bool foreign = sec_ok(sec_cbor_check(in, SEC_CBOR_FOREIGN));
    must(foreign || !ours);
    size_t first = 0;
    if (sec_ok(sec_cbor_check_first(in, SEC_CBOR_FOREIGN, &first))) {
        must(first > 0 && first <= in.len && foreign == (first == in.len));
        must(sec_ok(sec_cbor_check(sec_bytes_part(in, 0, first), SEC_CBOR_FOREIGN)));
        must(sec_is(sec_cbor_check(sec_bytes_part(in, 0, first - 1), SEC_CBOR_FOREIGN), SEC_TRUNCATED));
    }
    if (!ours)
        return;
    struct sec_cbor rd = sec_cbor(in);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    copy_item(&rd, &wr);
    must(sec_ok(sec_cbor_end(&rd)) && !wr.bad && sec_bytes_equal(sec_wr_done(&wr), in));
}

/* Each byte of the input also says which call comes next: a reader stays within bounds on bytes that nobody has checked. */
static void try_calls(struct sec_bytes in)
{
    struct sec_cbor rd = sec_cbor(in);
    uint8_t four[4];
    int64_t key;
    for (size_t i = 0; i < in.len && sec_ok(rd.status); i++) {
        struct sec_cbor before = rd;
        struct sec_cbor_map_walk walk;
        switch (in.data[i] % 10) {
        case 0:
            sec_cbor_bstr_into(&rd, SEC_ROOM(four));
            break;
        case 1:
            sec_cbor_tag(&rd);
            break;
        case 2:
            sec_cbor_array(&rd);
            break;
        case 3:
            walk = sec_cbor_map_begin(&rd);
            while (sec_cbor_map_next(&walk, &key))
                sec_cbor_item(&rd);
            break;
        case 4:
            sec_cbor_bstr(&rd);
            break;
        case 5:
            sec_cbor_tstr(&rd);
            break;
        case 6:
            sec_cbor_bool(&rd);
            break;
        case 7:
            sec_cbor_null(&rd);
            break;
        case 8:
            sec_cbor_int(&rd);
            break;
        default:
            sec_cbor_item(&rd);
        }
        must(rd.at <= in.len && rd.at >= before.at);
        if (!sec_ok(rd.status) && in.data[i] < 128)
            rd = before;
    }
}

/* What was read as one of base's small items is written as the same bytes, when they are deterministic. */
static void try_items(struct sec_bytes in)
{
    if (!sec_ok(sec_cbor_check(in, SEC_CBOR_OURS)))
        return;
    struct sec_public_key key;
    struct sec_merkle_frontier frontier;
    struct sec_merkle_proof proof;
    struct sec_cbor rd[3] = {sec_cbor(in), sec_cbor(in), sec_cbor(in)};
    struct sec_wr wr[3] = {sec_wr(sec_room(room, 4096)), sec_wr(sec_room(&room[4096], 4096)), sec_wr(sec_room(&room[8192], 4096))};
    sec_key_read(&rd[0], &key);
    if (sec_ok(rd[0].status))
        sec_key_encode(&key, &wr[0]);
    sec_merkle_frontier_read(&rd[1], &frontier);
    if (sec_ok(rd[1].status))
        sec_merkle_frontier_encode(&frontier, &wr[1]);
    sec_merkle_proof_read(&rd[2], &proof);
    if (sec_ok(rd[2].status))
        sec_merkle_proof_encode(&proof, &wr[2]);
    for (size_t i = 0; i < 3; i++)
        must(!sec_ok(rd[i].status) || sec_bytes_equal(sec_wr_done(&wr[i]), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sec_bytes in = sec_bytes(data, len);
    if (len > ROOM_BYTES)
        return 0;
    try_check(in);
    try_calls(in);
    try_items(in);
    return 0;
}
