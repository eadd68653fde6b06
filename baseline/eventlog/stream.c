/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include "crc32c.h"

static sec_status read_at(const struct sec_stream *stream, uint64_t offset, struct sec_room to)
{
    return stream->storage->read(stream->storage->ctx, stream->segment, offset, to);
}

/* --- opening ------------------------------------------------------------- */

static sec_status read_header(struct sec_stream *stream, struct sec_segment_header *ret_header)
{
    size_t area = 0;
    if (stream->present_bytes < SEC_SEGMENT_HEADER_BYTES)
        return sec_st(SEC_MALFORMED);
    struct sec_room start = sec_room_part(stream->io, 0, SEC_SEGMENT_HEADER_BYTES);
    SEC_TRY(read_at(stream, 0, start));
    SEC_TRY(sec_segment_header_area(sec_room_bytes(start), &area));
    if (stream->present_bytes < area)
        return sec_st(SEC_MALFORMED);
    struct sec_room whole = sec_room_part(stream->io, 0, area);
    SEC_TRY(read_at(stream, 0, whole));
    return sec_segment_header_parse(sec_room_bytes(whole), ret_header);
}

static sec_status read_tail(struct sec_stream *stream, unsigned slot)
{
    uint64_t at = sec_segment_tail_at(&stream->shape, slot);
    struct sec_room image = sec_room_part(stream->image, 0, stream->shape.block_bytes);
    struct sec_tail *tail = &stream->tails[slot];
    *tail = (struct sec_tail){.zero = true};
    if (at + stream->shape.block_bytes > stream->present_bytes)
        return sec_st(SEC_OK);
    SEC_TRY(read_at(stream, at, image));
    tail->zero = sec_bytes_zero(sec_room_bytes(image));
    tail->valid = !tail->zero && sec_block_parse(sec_room_bytes(image), &tail->header);
    return sec_st(SEC_OK);
}

sec_status sec_stream_open(struct sec_stream *stream, const struct sec_storage *storage, uint32_t segment,
                           uint64_t present_bytes, const struct sec_journal_rooms *rooms,
                           struct sec_segment_header *ret_header)
{
    struct sec_segment_header header;
    sec_zero(stream, sizeof *stream);
    stream->storage = storage;
    stream->image = rooms->image;
    stream->io = rooms->io;
    stream->segment = segment;
    stream->present_bytes = present_bytes;
    SEC_TRY(read_header(stream, &header));
    if (header.number != segment)
        return sec_st(SEC_MALFORMED);
    stream->shape = header.shape;
    stream->base = header.crc;
    SEC_TRY(read_tail(stream, 0));
    SEC_TRY(read_tail(stream, 1));
    sec_stream_seek(stream, &(struct sec_stream_place){.number = 0, .chain = stream->base, .offset = 0});
    *ret_header = header;
    return sec_st(SEC_OK);
}

/* The header is synced before anything else is written: where it is not whole, a cut leaves zeros behind it. */
sec_status sec_stream_blank(const struct sec_storage *storage, uint32_t segment, uint64_t present_bytes,
                            const struct sec_journal_rooms *rooms, bool *ret_zero)
{
    uint64_t area = storage->block_bytes > SEC_SEGMENT_HEADER_BYTES ? storage->block_bytes : SEC_SEGMENT_HEADER_BYTES;
    for (uint64_t at = area; at < present_bytes;) {
        uint64_t left = present_bytes - at;
        struct sec_room part = sec_room_part(rooms->io, 0, left < rooms->io.len ? (size_t)left : rooms->io.len);
        SEC_TRY(storage->read(storage->ctx, segment, at, part));
        if (!sec_bytes_zero(sec_room_bytes(part))) {
            *ret_zero = false;
            return sec_st(SEC_OK);
        }
        at += part.len;
    }
    *ret_zero = true;
    return sec_st(SEC_OK);
}

/* --- blocks -------------------------------------------------------------- */

/* How many of the blocks from `number` on are physically there. */
static uint32_t blocks_present(const struct sec_stream *stream, uint32_t number)
{
    uint64_t at = sec_segment_block_at(&stream->shape, number);
    uint64_t end = stream->present_bytes < stream->shape.bytes ? stream->present_bytes : stream->shape.bytes;
    if (number >= stream->shape.stream_blocks || at >= end)
        return 0;
    return (uint32_t)((end - at) / stream->shape.block_bytes);
}

/* The block as it lies in its place; empty when it is not there. */
static sec_status block_in_place(struct sec_stream *stream, uint32_t number, struct sec_bytes *ret_block)
{
    size_t block_bytes = stream->shape.block_bytes;
    bool cached = number >= stream->cache_first && number - stream->cache_first < stream->cache_count;
    if (!cached) {
        uint32_t count = blocks_present(stream, number);
        uint32_t fits = (uint32_t)(stream->io.len / block_bytes);
        stream->cache_count = 0;
        if (count > fits)
            count = fits;
        struct sec_room to = sec_room_part(stream->io, 0, count * block_bytes);
        if (count > 0)
            SEC_TRY(read_at(stream, sec_segment_block_at(&stream->shape, number), to));
        stream->cache_first = number;
        stream->cache_count = count;
    }
    *ret_block = (struct sec_bytes){NULL, 0};
    if (stream->cache_count > 0)
        *ret_block = sec_room_bytes(sec_room_part(stream->io, (number - stream->cache_first) * block_bytes, block_bytes));
    return sec_st(SEC_OK);
}

static bool continues(const struct sec_stream_place *place, const struct sec_block_header *header)
{
    return header->number == place->number && header->chain == place->chain;
}

static void take_image(struct sec_stream *stream, int slot, const struct sec_block_header *header, struct sec_bytes block)
{
    stream->loaded = true;
    stream->from_slot = slot;
    stream->loaded_header = *header;
    stream->payload = sec_bytes_part(block, SEC_BLOCK_HEADER_BYTES, header->used);
}

static sec_status take_tail(struct sec_stream *stream, unsigned slot)
{
    struct sec_block_header header;
    struct sec_room image = sec_room_part(stream->image, 0, stream->shape.block_bytes);
    SEC_TRY(read_at(stream, sec_segment_tail_at(&stream->shape, slot), image));
    if (!sec_block_parse(sec_room_bytes(image), &header) || !continues(&stream->place, &header))
        return sec_st(SEC_IO_FAILED); /* it was whole a moment ago */
    take_image(stream, (int)slot, &header, sec_room_bytes(image));
    return sec_st(SEC_OK);
}

/* The newest valid image counts: a block whose completion was cut off is older in the tail, one that recovery cut back is newer there. */
sec_status sec_stream_load(struct sec_stream *stream)
{
    const struct sec_stream_place *place = &stream->place;
    size_t full = sec_segment_payload_bytes(&stream->shape);
    struct sec_block_header header;
    struct sec_bytes block;
    uint64_t newest = 0;
    int slot = -1;
    stream->loaded = false;
    if (place->number >= stream->shape.stream_blocks)
        return sec_st(SEC_NOT_FOUND);
    SEC_TRY(block_in_place(stream, place->number, &block));
    if (block.len > 0 && sec_block_parse(block, &header) && continues(place, &header) && header.used == full) {
        take_image(stream, -1, &header, block);
        newest = header.sequence;
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct sec_tail *tail = &stream->tails[i];
        if (!tail->valid || !continues(place, &tail->header) || tail->header.used >= full)
            continue;
        if ((stream->loaded || slot >= 0) && tail->header.sequence <= newest)
            continue;
        slot = (int)i;
        newest = tail->header.sequence;
    }
    if (slot >= 0)
        return take_tail(stream, (unsigned)slot);
    return sec_st(stream->loaded ? SEC_OK : SEC_NOT_FOUND);
}

void sec_stream_seek(struct sec_stream *stream, const struct sec_stream_place *place)
{
    stream->place = *place;
    stream->loaded = false;
}

struct sec_stream_place sec_stream_tell(const struct sec_stream *stream)
{
    struct sec_stream_place place = stream->place;
    if (stream->loaded && place.offset == sec_segment_payload_bytes(&stream->shape)) {
        place.number++;
        place.offset = 0;
        place.chain = stream->loaded_header.crc;
    }
    return place;
}

/* --- bytes and frames ---------------------------------------------------- */

/* NOT_FOUND when not one byte is left, TRUNCATED when fewer than asked are. */
static sec_status stream_bytes(struct sec_stream *stream, struct sec_room to)
{
    for (size_t done = 0; done < to.len;) {
        if (!stream->loaded) {
            sec_status status = sec_stream_load(stream);
            if (sec_is(status, SEC_NOT_FOUND))
                return sec_st(done == 0 ? SEC_NOT_FOUND : SEC_TRUNCATED);
            SEC_TRY(status);
        }
        struct sec_bytes part = sec_bytes_part(stream->payload, stream->place.offset, to.len - done);
        if (part.len == 0) {
            bool full = stream->payload.len == sec_segment_payload_bytes(&stream->shape);
            if (!full)
                return sec_st(done == 0 ? SEC_NOT_FOUND : SEC_TRUNCATED);
            stream->place = sec_stream_tell(stream);
            stream->loaded = false;
            continue;
        }
        sec_copy(&to.data[done], part.data, part.len);
        stream->place.offset += part.len;
        done += part.len;
    }
    return sec_st(SEC_OK);
}

static sec_status frame_bytes(struct sec_stream *stream, struct sec_room room, struct sec_bytes *ret_content)
{
    uint8_t prefix[SEC_FRAME_HEADER_BYTES];
    SEC_TRY(stream_bytes(stream, SEC_ROOM(prefix)));
    struct sec_rd rd = sec_rd(SEC_BYTES(prefix));
    size_t len = sec_rd_u32(&rd);
    uint32_t crc = sec_rd_u32(&rd);
    if (len == 0 || len > room.len)
        return sec_st(SEC_TRUNCATED);
    struct sec_room content = sec_room_part(room, 0, len);
    sec_status status = stream_bytes(stream, content);
    if (sec_is(status, SEC_NOT_FOUND) || (sec_ok(status) && sec_crc32c_add(0, sec_room_bytes(content)) != crc))
        return sec_st(SEC_TRUNCATED);
    *ret_content = sec_room_bytes(content);
    return status;
}

sec_status sec_stream_frame(struct sec_stream *stream, struct sec_room room, struct sec_frame *ret_frame)
{
    struct sec_stream_place before = sec_stream_tell(stream);
    struct sec_bytes content;
    sec_status status = frame_bytes(stream, room, &content);
    if (sec_ok(status))
        status = sec_frame_parse(content, ret_frame);
    /* The block that a frame ends in was written with it or later. */
    if (sec_ok(status) && ret_frame->sequence > stream->loaded_header.sequence)
        status = sec_st(SEC_MALFORMED);
    if (!sec_ok(status))
        sec_stream_seek(stream, &before);
    return status;
}

/* --- what lies behind ---------------------------------------------------- */

bool sec_stream_tail_is(const struct sec_stream *stream, unsigned slot, const struct sec_stream_place *end)
{
    const struct sec_tail *tail = &stream->tails[slot];
    return tail->valid && end->offset > 0 && continues(end, &tail->header) && tail->header.used == end->offset;
}

static void note_dirty(struct sec_stream_rest *rest, uint64_t at)
{
    rest->torn = true;
    if (rest->dirty_at == 0 || at < rest->dirty_at)
        rest->dirty_at = at;
}

/* A whole block two or more writes newer than what is complete proves that a finished write is gone. */
static void note_sequence(struct sec_stream_rest *rest, uint64_t sequence)
{
    if (sequence > rest->newest)
        rest->newest = sequence;
    if (sequence > rest->complete && sequence - rest->complete > 1)
        rest->beyond_cut = true;
}

/* An older tail is a beginning of what is kept, or of a block before. */
static bool tail_is_older(const struct sec_tail *tail, const struct sec_stream_place *end, uint64_t complete)
{
    if (!tail->valid || tail->header.sequence > complete || tail->header.number > end->number)
        return false;
    return tail->header.number < end->number || (continues(end, &tail->header) && tail->header.used <= end->offset);
}

static void judge_tails(struct sec_stream *stream, const struct sec_stream_place *end, struct sec_stream_rest *rest)
{
    unsigned garbage = 0;
    for (unsigned i = 0; i < 2; i++) {
        const struct sec_tail *tail = &stream->tails[i];
        if (tail->zero)
            continue;
        garbage += !tail->valid;
        rest->tail_dirty[i] = !tail_is_older(tail, end, rest->complete);
        if (tail->valid)
            note_sequence(rest, tail->header.sequence);
        if (rest->tail_dirty[i])
            note_dirty(rest, sec_segment_tail_at(&stream->shape, i));
    }
    /* A cut tears the one tail block that is being written. */
    if (garbage == 2)
        rest->beyond_cut = true;
}

static sec_status judge_blocks(struct sec_stream *stream, const struct sec_stream_place *end, struct sec_stream_rest *rest)
{
    for (uint32_t number = end->number; number < stream->shape.stream_blocks; number++) {
        struct sec_bytes block;
        struct sec_block_header header;
        SEC_TRY(block_in_place(stream, number, &block));
        if (block.len == 0)
            break;
        if (sec_bytes_zero(block))
            continue;
        rest->dirty_blocks++;
        rest->dirty_last = number;
        note_dirty(rest, sec_segment_block_at(&stream->shape, number));
        if (sec_block_parse(block, &header))
            note_sequence(rest, header.sequence);
    }
    return sec_st(SEC_OK);
}

sec_status sec_stream_judge(struct sec_stream *stream, const struct sec_stream_place *end,
                            const struct sec_stream_place *whole, uint64_t sequence, struct sec_stream_rest *ret_rest)
{
    struct sec_stream_rest rest = {.complete = sequence, .newest = sequence};
    for (unsigned i = 0; i < 2; i++)
        if (sec_stream_tail_is(stream, i, whole) && stream->tails[i].header.sequence > rest.complete)
            rest.complete = stream->tails[i].header.sequence;
    judge_tails(stream, end, &rest);
    SEC_TRY(judge_blocks(stream, end, &rest));
    sec_stream_seek(stream, end);
    *ret_rest = rest;
    return sec_st(SEC_OK);
}
