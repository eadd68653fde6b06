/* SPDX-License-Identifier: Apache-2.0 */
#include "segment.h"

#include "crc32c.h"

#define HEADER_FORMAT 1u
#define HEADER_FIELDS 7u
/* magic, CRC, length */
#define HEADER_PREFIX_BYTES 14u
#define CONTENT_ROOM_BYTES (SEC_RECORD_MAX_BYTES + 1024u)

static const uint8_t magic[8] = {'S', 'E', 'C', 'J', 'R', 'N', 'L', '1'};

/* --- rooms --------------------------------------------------------------- */

struct sec_room sec_room_part(struct sec_room room, size_t from, size_t len)
{
    if (from > room.len || len > room.len - from)
        return (struct sec_room){NULL, 0};
    return sec_room(&room.data[from], len);
}

struct sec_bytes sec_room_bytes(struct sec_room room)
{
    return sec_bytes(room.data, room.len);
}

bool sec_bytes_zero(struct sec_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i] != 0)
            return false;
    return true;
}

static struct sec_room take(struct sec_room work, size_t *at, size_t len)
{
    struct sec_room part = sec_room_part(work, *at, len);
    *at += len;
    return part;
}

sec_status sec_journal_rooms_divide(struct sec_room work, struct sec_journal_rooms *ret_rooms)
{
    if (work.len < SEC_JOURNAL_WORK_BYTES)
        return sec_st(SEC_ROOM_FULL);
    size_t at = 0;
    ret_rooms->frame = take(work, &at, SEC_JOURNAL_FRAME_MAX_BYTES);
    ret_rooms->staged = take(work, &at, SEC_JOURNAL_STAGED_MAX_BYTES);
    ret_rooms->content = take(work, &at, CONTENT_ROOM_BYTES);
    ret_rooms->tail = take(work, &at, SEC_JOURNAL_BLOCK_MAX_BYTES);
    ret_rooms->image = take(work, &at, SEC_JOURNAL_BLOCK_MAX_BYTES);
    ret_rooms->io = take(work, &at, SEC_JOURNAL_WORK_BYTES - at);
    return sec_st(SEC_OK);
}

/* --- shape --------------------------------------------------------------- */

sec_status sec_segment_shape_of(uint64_t block_bytes, uint64_t bytes, struct sec_segment_shape *ret_shape)
{
    if (block_bytes < SEC_JOURNAL_BLOCK_MIN_BYTES || block_bytes > SEC_JOURNAL_BLOCK_MAX_BYTES ||
        (block_bytes & (block_bytes - 1)) != 0)
        return sec_st(SEC_BAD_VALUE);
    if (bytes % block_bytes != 0 || bytes > SEC_SEGMENT_MAX_BYTES || bytes / block_bytes < SEC_SEGMENT_MIN_BLOCKS)
        return sec_st(SEC_BAD_VALUE);
    uint64_t area = block_bytes > SEC_SEGMENT_HEADER_BYTES ? block_bytes : SEC_SEGMENT_HEADER_BYTES;
    ret_shape->block_bytes = (size_t)block_bytes;
    ret_shape->bytes = bytes;
    ret_shape->tails_at = area;
    ret_shape->stream_at = area + 2 * block_bytes;
    ret_shape->stream_blocks = (uint32_t)((bytes - ret_shape->stream_at) / block_bytes);
    return sec_st(SEC_OK);
}

size_t sec_segment_payload_bytes(const struct sec_segment_shape *shape)
{
    return shape->block_bytes - SEC_BLOCK_HEADER_BYTES;
}

uint64_t sec_segment_capacity(const struct sec_segment_shape *shape)
{
    return (uint64_t)shape->stream_blocks * sec_segment_payload_bytes(shape);
}

uint64_t sec_segment_left(const struct sec_segment_shape *shape, const struct sec_stream_place *place)
{
    return sec_segment_capacity(shape) - ((uint64_t)place->number * sec_segment_payload_bytes(shape) + place->offset);
}

uint64_t sec_segment_tail_at(const struct sec_segment_shape *shape, unsigned slot)
{
    return shape->tails_at + (uint64_t)slot * shape->block_bytes;
}

uint64_t sec_segment_block_at(const struct sec_segment_shape *shape, uint32_t number)
{
    return shape->stream_at + (uint64_t)number * shape->block_bytes;
}

/* --- header -------------------------------------------------------------- */

static void header_content(const struct sec_segment_header *header, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, HEADER_FIELDS);
    sec_cbor_put_uint(wr, HEADER_FORMAT);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&header->log_id));
    sec_cbor_put_uint(wr, header->number);
    sec_cbor_put_uint(wr, header->shape.block_bytes);
    sec_cbor_put_uint(wr, header->shape.bytes);
    sec_merkle_frontier_encode(&header->frontier, wr);
    if (header->has_previous)
        sec_cbor_put_bstr(wr, sec_digest_bytes(&header->previous));
    else
        sec_cbor_put_null(wr);
}

static uint32_t header_crc(struct sec_bytes area)
{
    return sec_crc32c_add(0, sec_bytes_part(area, sizeof magic + 4, area.len));
}

sec_status sec_segment_header_encode(const struct sec_segment_header *header, struct sec_room area, uint32_t *ret_crc)
{
    if (area.len < HEADER_PREFIX_BYTES)
        return sec_st(SEC_ROOM_FULL);
    sec_zero(area.data, area.len);
    struct sec_wr content = sec_wr(sec_room_part(area, HEADER_PREFIX_BYTES, area.len - HEADER_PREFIX_BYTES));
    struct sec_bytes written;
    header_content(header, &content);
    SEC_TRY(sec_wr_end(&content, &written));
    struct sec_wr prefix = sec_wr(sec_room_part(area, sizeof magic + 4, 2));
    sec_wr_u16(&prefix, (uint16_t)written.len);
    uint32_t crc = header_crc(sec_room_bytes(area));
    prefix = sec_wr(area);
    sec_wr_bytes(&prefix, SEC_BYTES(magic));
    sec_wr_u32(&prefix, crc);
    *ret_crc = crc;
    return sec_st(SEC_OK);
}

/* Bytes whose checksum is right are no accident any more; their grammar is checked all the same. */
static sec_status header_read(struct sec_bytes content, struct sec_segment_header *header)
{
    SEC_TRY(sec_cbor_check(content, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(content);
    sec_cbor_array_of(&rd, HEADER_FIELDS);
    if (sec_cbor_uint(&rd) != HEADER_FORMAT)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FORMAT);
    sec_cbor_bstr_into(&rd, SEC_ROOM(header->log_id.b));
    uint64_t number = sec_cbor_uint(&rd);
    uint64_t block_bytes = sec_cbor_uint(&rd);
    uint64_t bytes = sec_cbor_uint(&rd);
    sec_merkle_frontier_read(&rd, &header->frontier);
    header->has_previous = !sec_cbor_is_null(&rd);
    if (header->has_previous)
        sec_cbor_bstr_into(&rd, SEC_ROOM(header->previous.b));
    else
        sec_cbor_null(&rd);
    if (number > UINT32_MAX)
        sec_cbor_fail(&rd, SEC_BAD_VALUE);
    SEC_TRY(sec_cbor_end(&rd));
    header->number = (uint32_t)number;
    return sec_segment_shape_of(block_bytes, bytes, &header->shape);
}

static sec_status header_prefix(struct sec_bytes area, uint32_t *ret_crc, struct sec_bytes *ret_content)
{
    struct sec_rd rd = sec_rd(area);
    if (!sec_bytes_equal(sec_rd_bytes(&rd, sizeof magic), SEC_BYTES(magic)))
        return sec_st(SEC_MALFORMED);
    *ret_crc = sec_rd_u32(&rd);
    size_t len = sec_rd_u16(&rd);
    *ret_content = sec_rd_bytes(&rd, len);
    return sec_st(rd.bad ? SEC_MALFORMED : SEC_OK);
}

/* A later version is told from damage by its checksum, which stands at the same place over at least this much. */
sec_status sec_segment_header_area(struct sec_bytes start, size_t *ret_area_bytes)
{
    struct sec_segment_header header;
    struct sec_bytes content;
    uint32_t crc;
    SEC_TRY(header_prefix(start, &crc, &content));
    sec_status status = header_read(content, &header);
    if (sec_is(status, SEC_UNKNOWN_FORMAT) && header_crc(start) == crc)
        return status;
    if (!sec_ok(status))
        return sec_st(SEC_MALFORMED);
    *ret_area_bytes = (size_t)header.shape.tails_at;
    return sec_st(SEC_OK);
}

sec_status sec_segment_header_parse(struct sec_bytes area, struct sec_segment_header *ret_header)
{
    struct sec_segment_header header;
    struct sec_bytes content;
    SEC_TRY(header_prefix(area, &header.crc, &content));
    if (header_crc(area) != header.crc)
        return sec_st(SEC_MALFORMED);
    sec_status status = header_read(content, &header);
    if (sec_is(status, SEC_UNKNOWN_FORMAT))
        return status;
    if (!sec_ok(status) || header.shape.tails_at != area.len)
        return sec_st(SEC_MALFORMED);
    *ret_header = header;
    return sec_st(SEC_OK);
}

/* --- block --------------------------------------------------------------- */

uint32_t sec_block_seal(struct sec_room block, const struct sec_block_header *header)
{
    size_t end = SEC_BLOCK_HEADER_BYTES + (size_t)header->used;
    sec_zero(&block.data[end], block.len - end);
    struct sec_wr wr = sec_wr(block);
    sec_wr_u32(&wr, 0);
    sec_wr_u32(&wr, header->number);
    sec_wr_u64(&wr, header->sequence);
    sec_wr_u32(&wr, header->chain);
    sec_wr_u16(&wr, header->used);
    uint32_t crc = sec_crc32c_add(0, sec_bytes_part(sec_room_bytes(block), 4, block.len));
    wr = sec_wr(block);
    sec_wr_u32(&wr, crc);
    return crc;
}

bool sec_block_parse(struct sec_bytes block, struct sec_block_header *ret_header)
{
    struct sec_rd rd = sec_rd(block);
    struct sec_block_header header;
    header.crc = sec_rd_u32(&rd);
    header.number = sec_rd_u32(&rd);
    header.sequence = sec_rd_u64(&rd);
    header.chain = sec_rd_u32(&rd);
    header.used = sec_rd_u16(&rd);
    if (rd.bad || header.used > sec_rd_left(&rd))
        return false;
    if (sec_crc32c_add(0, sec_bytes_part(block, 4, block.len)) != header.crc)
        return false;
    /* Zeros behind `used`: nothing hides there. */
    size_t end = SEC_BLOCK_HEADER_BYTES + (size_t)header.used;
    if (header.used == 0 || !sec_bytes_zero(sec_bytes_part(block, end, block.len)))
        return false;
    *ret_header = header;
    return true;
}
