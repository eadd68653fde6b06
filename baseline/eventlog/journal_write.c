/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_inside.h"

static sec_status broken(struct sec_journal *journal, sec_status status)
{
    journal->state = SEC_JOURNAL_BROKEN;
    return status;
}

static sec_status write_at(struct sec_journal *journal, uint64_t at, struct sec_bytes bytes)
{
    const struct sec_storage *storage = journal->config.storage;
    return storage->write(storage->ctx, journal->end.segment, at, bytes);
}

/* One frame on its way into blocks. `wrote` parts a refused write from a half-done one. */
struct pour {
    struct sec_journal *journal;
    struct sec_stream_place place;
    struct sec_bytes left;
    uint64_t sequence;
    uint32_t io_first; /* stream block at the start of the io room */
    size_t io_len;
    bool wrote;
};

static sec_status pour_write(struct pour *pour, uint64_t at, struct sec_bytes bytes)
{
    sec_status status = write_at(pour->journal, at, bytes);
    if (!sec_ok(status) && (pour->wrote || !sec_is(status, SEC_STORAGE_FULL)))
        pour->journal->state = SEC_JOURNAL_BROKEN;
    pour->wrote = true;
    return status;
}

static sec_status pour_flush(struct pour *pour)
{
    const struct sec_journal *journal = pour->journal;
    struct sec_bytes blocks = sec_bytes_part(sec_room_bytes(journal->rooms.io), 0, pour->io_len);
    pour->io_len = 0;
    if (blocks.len == 0)
        return sec_st(SEC_OK);
    return pour_write(pour, sec_segment_block_at(&journal->end.shape, pour->io_first), blocks);
}

/* Completes the block under the cursor in the io room. Only the frame's first block has older bytes, and they stay in the tail room. */
static sec_status pour_full(struct pour *pour)
{
    struct sec_journal *journal = pour->journal;
    size_t payload = sec_segment_payload_bytes(&journal->end.shape), block_bytes = journal->end.shape.block_bytes;
    if (pour->io_len + block_bytes > journal->rooms.io.len)
        SEC_TRY(pour_flush(pour));
    if (pour->io_len == 0)
        pour->io_first = pour->place.number;
    struct sec_room block = sec_room_part(journal->rooms.io, pour->io_len, block_bytes);
    size_t old = pour->place.offset, fresh = payload - old;
    if (old > 0)
        sec_copy(&block.data[SEC_BLOCK_HEADER_BYTES], &journal->rooms.tail.data[SEC_BLOCK_HEADER_BYTES], old);
    sec_copy(&block.data[SEC_BLOCK_HEADER_BYTES + old], pour->left.data, fresh);
    const struct sec_block_header header = {0, pour->place.number, pour->sequence, pour->place.chain, (uint16_t)payload};
    pour->place.chain = sec_block_seal(block, &header);
    pour->place.number++;
    pour->place.offset = 0;
    pour->left = sec_bytes_part(pour->left, fresh, pour->left.len);
    pour->io_len += block_bytes;
    return sec_st(SEC_OK);
}

/* The rest goes to the tail block that does not hold the newest tail. */
static sec_status pour_tail(struct pour *pour)
{
    struct sec_journal *journal = pour->journal;
    unsigned slot = 1 - journal->end.tail_slot;
    struct sec_room block = sec_room_part(journal->rooms.tail, 0, journal->end.shape.block_bytes);
    sec_copy(&block.data[SEC_BLOCK_HEADER_BYTES + pour->place.offset], pour->left.data, pour->left.len);
    pour->place.offset += pour->left.len;
    const struct sec_block_header header = {0, pour->place.number, pour->sequence, pour->place.chain,
                                            (uint16_t)pour->place.offset};
    sec_block_seal(block, &header);
    SEC_TRY(pour_write(pour, sec_segment_tail_at(&journal->end.shape, slot), sec_room_bytes(block)));
    journal->end.tail_slot = slot;
    return sec_st(SEC_OK);
}

sec_status sec_journal_write(struct sec_journal *journal, struct sec_bytes frame, uint64_t sequence)
{
    const struct sec_storage *storage = journal->config.storage;
    size_t payload = sec_segment_payload_bytes(&journal->end.shape);
    struct pour pour = {.journal = journal, .place = journal->end.place, .left = frame, .sequence = sequence};
    while (pour.place.offset + pour.left.len >= payload)
        SEC_TRY(pour_full(&pour));
    SEC_TRY(pour_flush(&pour));
    if (pour.left.len > 0)
        SEC_TRY(pour_tail(&pour));
    sec_status status = storage->sync(storage->ctx, journal->end.segment);
    if (!sec_ok(status))
        return broken(journal, status);
    journal->end.place = pour.place;
    journal->end.sequence = sequence;
    return sec_st(SEC_OK);
}

/* --- segments ------------------------------------------------------------ */

static sec_status describe_segment(const struct sec_journal *journal, struct sec_segment_header *header)
{
    const struct sec_hasher *hasher = &journal->config.crypto->hasher;
    const struct sec_bytes head = sec_bytes(journal->head, journal->head_len);
    header->log_id = journal->config.log_id;
    header->number = journal->end.segment + 1;
    header->frontier = journal->frontier;
    header->has_previous = journal->head_len > 0;
    if (header->has_previous)
        SEC_TRY(hasher->digest(hasher->ctx, &head, 1, &header->previous));
    return sec_segment_shape_of(journal->config.storage->block_bytes, journal->config.segment_bytes, &header->shape);
}

static sec_status put_header(struct sec_journal *journal, uint32_t segment, struct sec_bytes area)
{
    const struct sec_storage *storage = journal->config.storage;
    SEC_TRY(storage->write(storage->ctx, segment, 0, area));
    return storage->sync(storage->ctx, segment);
}

sec_status sec_journal_write_segment(struct sec_journal *journal)
{
    const struct sec_storage *storage = journal->config.storage;
    struct sec_segment_header header = {0};
    uint32_t crc;
    if (journal->end.segment == UINT32_MAX)
        return sec_st(SEC_STORAGE_FULL);
    SEC_TRY(describe_segment(journal, &header));
    struct sec_room area = sec_room_part(journal->rooms.io, 0, (size_t)header.shape.tails_at);
    SEC_TRY(sec_segment_header_encode(&header, area, &crc));
    sec_status status = storage->create(storage->ctx, header.number, header.shape.bytes);
    if (!sec_ok(status))
        return sec_is(status, SEC_STORAGE_FULL) ? status : broken(journal, status);
    status = put_header(journal, header.number, sec_room_bytes(area));
    if (sec_is(status, SEC_STORAGE_FULL) && sec_ok(storage->remove(storage->ctx, header.number)))
        return status;
    if (!sec_ok(status))
        return broken(journal, status);
    journal->end = (struct sec_journal_end){
        .segment = header.number,
        .shape = header.shape,
        .place = {.chain = crc},
        .tail_slot = 1,
    };
    return sec_st(SEC_OK);
}

sec_status sec_journal_resume(struct sec_journal *journal, struct sec_stream *stream, const struct sec_stream_place *place)
{
    sec_stream_seek(stream, place);
    if (place->offset > 0) {
        SEC_TRY(sec_stream_load(stream));
        if (stream->payload.len < place->offset)
            return sec_st(SEC_TAMPERED);
        sec_copy(&journal->rooms.tail.data[SEC_BLOCK_HEADER_BYTES], stream->payload.data, place->offset);
    }
    journal->end.segment = stream->segment;
    journal->end.shape = stream->shape;
    journal->end.place = *place;
    return sec_st(SEC_OK);
}
