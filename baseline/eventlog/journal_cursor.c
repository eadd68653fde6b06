/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_inside.h"

/* What was there when the journal was opened is gone or changed. */
static sec_status changed(sec_status status)
{
    enum sec_status_class status_class = sec_status_class(status);
    return status_class == SEC_CLASS_INPUT || status_class == SEC_CLASS_STATE ? sec_st(SEC_TAMPERED) : status;
}

void sec_cursor_done(struct sec_journal_cursor *cursor)
{
    sec_keyring_done(&cursor->keys);
}

static sec_status segment_bytes(const struct sec_journal *journal, uint32_t segment, uint64_t *ret_bytes)
{
    const struct sec_storage *storage = journal->config.storage;
    uint32_t found;
    SEC_TRY(storage->next_segment(storage->ctx, segment - 1, &found, ret_bytes));
    return sec_st(found == segment ? SEC_OK : SEC_NOT_FOUND);
}

sec_status sec_journal_find(struct sec_journal *journal, uint64_t index, uint32_t *ret_segment,
                            struct sec_merkle_frontier *ret_frontier)
{
    const struct sec_storage *storage = journal->config.storage;
    struct sec_segment_header header;
    struct sec_stream stream;
    uint64_t bytes;
    uint32_t segment = 0, best = 0;
    if (index >= journal->frontier.size)
        return sec_st(SEC_NOT_FOUND);
    while (segment < journal->end.segment && sec_ok(storage->next_segment(storage->ctx, segment, &segment, &bytes))) {
        SEC_TRY(changed(sec_stream_open(&stream, storage, segment, bytes, &journal->rooms, &header)));
        if (best != 0 && header.frontier.size > index)
            break;
        best = segment;
        *ret_frontier = header.frontier;
    }
    *ret_segment = best;
    return sec_st(best == 0 ? SEC_NOT_FOUND : SEC_OK);
}

static sec_status enter_segment(struct sec_journal_cursor *cursor, uint32_t segment, const struct sec_stream_place *place)
{
    struct sec_journal *journal = cursor->journal;
    struct sec_segment_header header;
    uint64_t bytes;
    SEC_TRY(changed(segment_bytes(journal, segment, &bytes)));
    SEC_TRY(changed(sec_stream_open(&cursor->stream, journal->config.storage, segment, bytes, &journal->rooms, &header)));
    if (place)
        sec_stream_seek(&cursor->stream, place);
    else if (header.frontier.size != cursor->next)
        return sec_st(SEC_TAMPERED);
    return sec_st(SEC_OK);
}

sec_status sec_cursor_open(struct sec_journal_cursor *cursor, struct sec_journal *journal, uint32_t segment,
                           const struct sec_stream_place *place, uint64_t index)
{
    cursor->journal = journal;
    cursor->next = index;
    cursor->in_frame = false;
    sec_keyring_init(&cursor->keys);
    return enter_segment(cursor, segment, place);
}

static bool at_end(const struct sec_journal_cursor *cursor)
{
    const struct sec_journal_end *end = &cursor->journal->end;
    struct sec_stream_place place = sec_stream_tell(&cursor->stream);
    return cursor->stream.segment == end->segment && place.number == end->place.number && place.offset == end->place.offset;
}

sec_status sec_cursor_frame(struct sec_journal_cursor *cursor)
{
    cursor->in_frame = false;
    while (!at_end(cursor)) {
        sec_status status = sec_stream_frame(&cursor->stream, cursor->journal->rooms.frame, &cursor->frame);
        cursor->in_frame = sec_ok(status);
        bool ended = sec_is(status, SEC_NOT_FOUND) || sec_is(status, SEC_TRUNCATED);
        if (!ended || cursor->stream.segment >= cursor->journal->end.segment)
            return changed(status);
        SEC_TRY(enter_segment(cursor, cursor->stream.segment + 1, NULL));
    }
    return sec_st(SEC_NOT_FOUND);
}

sec_status sec_cursor_record(struct sec_journal_cursor *cursor, struct sec_raw_record *ret_record)
{
    struct sec_raw_record raw;
    struct sec_bytes record;
    if (!cursor->in_frame || !sec_frame_next(&cursor->frame, &record))
        return sec_st(SEC_NOT_FOUND);
    SEC_TRY(changed(sec_record_parse(record, &raw.header, &raw.header_bytes, &raw.body)));
    if (raw.header.index != cursor->next)
        return sec_st(SEC_TAMPERED);
    cursor->next++;
    if (raw.header.record_class == SEC_RECORD_KEY && raw.header.seal == SEC_SEAL_CLEAR)
        SEC_TRY(changed(sec_keyring_take(&cursor->keys, raw.body)));
    *ret_record = raw;
    return sec_st(SEC_OK);
}

sec_status sec_cursor_next(struct sec_journal_cursor *cursor, struct sec_raw_record *ret_record)
{
    for (;;) {
        sec_status status = sec_cursor_record(cursor, ret_record);
        if (!sec_is(status, SEC_NOT_FOUND))
            return status;
        SEC_TRY(sec_cursor_frame(cursor));
    }
}

sec_status sec_raw_open(const struct sec_raw_record *raw, struct sec_keyring *keys, const struct sec_journal_config *config,
                        struct sec_room room, struct sec_journal_record *ret_record)
{
    struct sec_bytes plain;
    sec_status status = sec_keyring_open(keys, config, &raw->header, raw->header_bytes, raw->body, room, &plain);
    if (!sec_ok(status) && !sec_keyring_shut(status))
        return status;
    ret_record->header = raw->header;
    ret_record->opened = sec_ok(status);
    ret_record->content = (struct sec_bytes){NULL, 0};
    if (ret_record->opened)
        ret_record->content = sec_bytes_part(plain, raw->header.committed ? SEC_SALT_BYTES : 0, plain.len);
    return sec_st(SEC_OK);
}
