/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_inside.h"

static sec_status readable(const struct sec_journal *journal)
{
    return sec_st(journal->state == SEC_JOURNAL_CLOSED ? SEC_NOT_OPEN : SEC_OK);
}

/* The raw record `index`; its slices lie in the frame room, its keys in the cursor. */
static sec_status seek_record(struct sec_journal *journal, uint64_t index, struct sec_journal_cursor *cursor,
                              struct sec_raw_record *ret_raw)
{
    struct sec_merkle_frontier frontier;
    uint32_t segment = 0;
    SEC_TRY(sec_journal_find(journal, index, &segment, &frontier));
    if (index < frontier.size)
        return sec_st(SEC_NOT_FOUND);
    SEC_TRY(sec_cursor_open(cursor, journal, segment, NULL, frontier.size));
    do
        SEC_TRY(sec_cursor_next(cursor, ret_raw));
    while (ret_raw->header.index < index);
    return sec_st(SEC_OK);
}

sec_status sec_journal_read(struct sec_journal *journal, uint64_t index, struct sec_room room,
                            struct sec_journal_record *ret_record)
{
    struct sec_journal_cursor cursor = {0};
    struct sec_raw_record raw;
    struct sec_journal_record record;
    SEC_TRY(readable(journal));
    sec_status status = seek_record(journal, index, &cursor, &raw);
    if (sec_ok(status))
        status = sec_raw_open(&raw, &cursor.keys, &journal->config, room, &record);
    sec_cursor_done(&cursor);
    if (sec_ok(status) && raw.header.seal == SEC_SEAL_CLEAR) {
        /* A clear body still lies in the frame room. */
        if (!sec_bytes_copy(room, record.content))
            return sec_st(SEC_ROOM_FULL);
        record.content = sec_bytes(room.data, record.content.len);
    }
    if (sec_ok(status))
        *ret_record = record;
    return status;
}

/* One frame for a walk. */
static sec_status visit_frame(struct sec_journal_cursor *cursor, uint64_t from, const struct sec_journal_visitor *visitor)
{
    struct sec_journal *journal = cursor->journal;
    struct sec_journal_record record;
    struct sec_raw_record raw;
    struct sec_statement statement;
    struct sec_head head;
    sec_status status;
    while (sec_ok(status = sec_cursor_record(cursor, &raw))) {
        if (raw.header.index < from)
            continue;
        SEC_TRY(sec_raw_open(&raw, &cursor->keys, &journal->config, journal->rooms.content, &record));
        SEC_TRY(visitor->record(visitor->ctx, &record));
    }
    if (!sec_is(status, SEC_NOT_FOUND))
        return status;
    if (!cursor->frame.has_head || !visitor->head || cursor->next < from)
        return sec_st(SEC_OK);
    if (!sec_ok(sec_statement_parse(cursor->frame.head, &statement)) || !sec_ok(sec_head_parse(statement.msg.payload, &head)))
        return sec_st(SEC_TAMPERED);
    return visitor->head(visitor->ctx, &head);
}

sec_status sec_journal_walk(struct sec_journal *journal, uint64_t from, const struct sec_journal_visitor *visitor)
{
    struct sec_journal_cursor cursor = {0};
    struct sec_merkle_frontier frontier;
    uint32_t segment = 0;
    SEC_TRY(readable(journal));
    if (from >= journal->frontier.size)
        return sec_st(SEC_OK);
    SEC_TRY(sec_journal_find(journal, from, &segment, &frontier));
    sec_status status = sec_cursor_open(&cursor, journal, segment, NULL, frontier.size);
    bool more = true;
    while (sec_ok(status) && more) {
        status = sec_cursor_frame(&cursor);
        more = !sec_is(status, SEC_NOT_FOUND);
        if (sec_ok(status))
            status = visit_frame(&cursor, from, visitor);
    }
    sec_cursor_done(&cursor);
    if (!more)
        status = sec_st(cursor.next == journal->frontier.size ? SEC_OK : SEC_TAMPERED);
    return status;
}

/* --- receipts ------------------------------------------------------------------ */

/* Gives leaf hashes by walking; a step back starts the walk anew. */
struct leaf_walk {
    struct sec_journal *journal;
    struct sec_journal_cursor cursor;
    uint32_t segment;
    const struct sec_stream_place *place; /* null: the segment's start */
    uint64_t first;
    bool walking;
};

static sec_status walk_leaf(void *ctx, uint64_t index, struct sec_digest *ret_digest)
{
    struct leaf_walk *walk = ctx;
    const struct sec_hasher *hasher = &walk->journal->config.crypto->hasher;
    struct sec_raw_record raw;
    struct sec_digest body_digest;
    if (!walk->walking || index < walk->cursor.next)
        SEC_TRY(sec_cursor_open(&walk->cursor, walk->journal, walk->segment, walk->place, walk->first));
    walk->walking = true;
    do
        SEC_TRY(sec_cursor_next(&walk->cursor, &raw));
    while (raw.header.index < index);
    SEC_TRY(hasher->digest(hasher->ctx, &raw.body, 1, &body_digest));
    return sec_record_leaf(hasher, raw.header_bytes, &body_digest, ret_digest);
}

static sec_status prove(struct sec_journal *journal, uint64_t index, struct sec_merkle_proof *ret_proof)
{
    struct leaf_walk walk = {.journal = journal};
    struct sec_merkle_frontier start;
    const struct sec_merkle_leaves leaves = {&walk, walk_leaf};
    SEC_TRY(sec_journal_find(journal, index, &walk.segment, &start));
    if (walk.segment == journal->mark_segment && index >= journal->mark.size) {
        start = journal->mark;
        walk.place = &journal->mark_place;
    }
    walk.first = start.size;
    sec_status status =
        sec_merkle_inclusion(&leaves, &journal->config.crypto->hasher, &start, index, journal->head_size, ret_proof);
    sec_cursor_done(&walk.cursor);
    return status;
}

/* What the receipt says of the record itself, kept where the proof's walk does not overwrite it. */
struct disclosure {
    uint8_t header[128];
    size_t header_len;
    struct sec_digest body_digest;
    struct sec_bytes plain; /* salt and content, in the content room */
};

static sec_status disclose(struct sec_journal *journal, const struct sec_raw_record *raw, struct sec_keyring *keys,
                           struct disclosure *disclosure)
{
    const struct sec_hasher *hasher = &journal->config.crypto->hasher;
    struct sec_bytes plain;
    if (!raw->header.committed)
        return sec_st(SEC_WRONG_KIND);
    sec_status status = sec_keyring_open(keys, &journal->config, &raw->header, raw->header_bytes, raw->body,
                                         journal->rooms.content, &plain);
    if (!sec_ok(status))
        return sec_keyring_shut(status) ? sec_st(SEC_AEAD_FAILED) : status;
    if (raw->header.seal == SEC_SEAL_CLEAR && !sec_bytes_copy(journal->rooms.content, plain))
        return sec_st(SEC_ROOM_FULL);
    disclosure->plain = sec_bytes(journal->rooms.content.data, plain.len);
    if (!sec_bytes_copy(SEC_ROOM(disclosure->header), raw->header_bytes))
        return sec_st(SEC_INTERNAL);
    disclosure->header_len = raw->header_bytes.len;
    return hasher->digest(hasher->ctx, &raw->body, 1, &disclosure->body_digest);
}

static sec_status find_disclosure(struct sec_journal *journal, uint64_t index, struct disclosure *disclosure)
{
    struct sec_journal_cursor cursor = {0};
    struct sec_raw_record raw;
    sec_status status = seek_record(journal, index, &cursor, &raw);
    if (sec_ok(status))
        status = disclose(journal, &raw, &cursor.keys, disclosure);
    sec_cursor_done(&cursor);
    return status;
}

sec_status sec_journal_receipt(struct sec_journal *journal, uint64_t index, struct sec_wr *wr)
{
    struct sec_receipt receipt = {.index = index};
    struct disclosure disclosure;
    SEC_TRY(readable(journal));
    if (index >= journal->head_size)
        return sec_st(SEC_NOT_FOUND);
    SEC_TRY(find_disclosure(journal, index, &disclosure));
    SEC_TRY(prove(journal, index, &receipt.proof));
    receipt.head_statement = sec_journal_head(journal);
    receipt.record_header = sec_bytes(disclosure.header, disclosure.header_len);
    receipt.body_digest = disclosure.body_digest;
    receipt.salt = sec_bytes_part(disclosure.plain, 0, SEC_SALT_BYTES);
    receipt.content = sec_bytes_part(disclosure.plain, SEC_SALT_BYTES, disclosure.plain.len);
    struct sec_wr rest = sec_wr(sec_wr_rest(wr)); /* nothing half-written on a full room */
    sec_receipt_encode(&receipt, &rest);
    if (wr->bad || rest.bad)
        return sec_st(SEC_ROOM_FULL);
    sec_wr_advance(wr, rest.len);
    return sec_st(SEC_OK);
}
