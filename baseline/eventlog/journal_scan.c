/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_inside.h"

/* --- reading a segment ---------------------------------------------------- */

static bool is_event(enum sec_record_class record_class)
{
    return record_class == SEC_RECORD_APPLICATION || record_class == SEC_RECORD_SYSTEM || record_class == SEC_RECORD_REFUSAL;
}

static sec_status opens(struct sec_journal *journal, struct sec_journal_scan *scan, const struct sec_raw_record *raw,
                        bool *ret_opens)
{
    struct sec_journal_record record;
    SEC_TRY(sec_raw_open(raw, &scan->keys, &journal->config, journal->rooms.content, &record));
    *ret_opens = record.opened;
    return sec_st(SEC_OK);
}

/*
 * Behind the last head nothing is signed. What only reports may stay when the device's own key vouches for it, and the key
 * records that come with it: who has no slot key cannot make either. A clear event anybody can write.
 */
static sec_status keepable(struct sec_journal *journal, struct sec_journal_scan *scan, const struct sec_raw_record *raw,
                           bool *ret_keepable)
{
    *ret_keepable = raw->header.record_class == SEC_RECORD_KEY;
    if (is_event(raw->header.record_class) && raw->header.seal != SEC_SEAL_CLEAR)
        return opens(journal, scan, raw, ret_keepable);
    return sec_st(SEC_OK);
}

static sec_status add_leaf(struct sec_journal *journal, struct sec_journal_scan *scan, const struct sec_raw_record *raw)
{
    const struct sec_hasher *hasher = &journal->config.crypto->hasher;
    struct sec_digest body_digest, leaf;
    SEC_TRY(hasher->digest(hasher->ctx, &raw->body, 1, &body_digest));
    SEC_TRY(sec_record_leaf(hasher, raw->header_bytes, &body_digest, &leaf));
    return sec_merkle_append(&scan->running, hasher, &leaf);
}

/* What one frame adds, until it is known whether the frame counts. */
struct frame_facts {
    uint64_t count;
    uint32_t boot;
    bool keep;
    bool has_snapshot;
    uint64_t snapshot;
};

/* MALFORMED: the record is not one that could stand here. */
static sec_status scan_record(struct sec_journal *journal, struct sec_journal_scan *scan, struct sec_bytes bytes,
                              struct frame_facts *facts)
{
    struct sec_raw_record raw;
    bool good = false;
    if (!sec_ok(sec_record_parse(bytes, &raw.header, &raw.header_bytes, &raw.body)))
        return sec_st(SEC_MALFORMED);
    if (raw.header.index != scan->running.size)
        return sec_st(SEC_MALFORMED);
    if (raw.header.record_class == SEC_RECORD_KEY && !sec_ok(sec_keyring_take(&scan->keys, raw.body)))
        return sec_st(SEC_MALFORMED);
    SEC_TRY(add_leaf(journal, scan, &raw));
    if (raw.header.record_class == SEC_RECORD_SNAPSHOT) {
        SEC_TRY(opens(journal, scan, &raw, &good));
        facts->snapshot = good ? raw.header.index : facts->snapshot;
        facts->has_snapshot = facts->has_snapshot || good;
    }
    if (facts->keep)
        SEC_TRY(keepable(journal, scan, &raw, &facts->keep));
    facts->boot = raw.header.boot > facts->boot ? raw.header.boot : facts->boot;
    facts->count++;
    return sec_st(SEC_OK);
}

static void keep_frame(struct sec_journal *journal, struct sec_journal_scan *scan, const struct frame_facts *facts,
                       uint64_t sequence)
{
    journal->frontier = scan->running;
    scan->keep = sec_stream_tell(&scan->stream);
    scan->keep_sequence = sequence;
    scan->boot = facts->boot > scan->boot ? facts->boot : scan->boot;
}

/* The signature of the last head is checked once, at the end: its root covers all before it. */
static sec_status scan_head(struct sec_journal *journal, struct sec_journal_scan *scan, struct sec_bytes statement_bytes)
{
    struct sec_statement statement;
    struct sec_digest root;
    struct sec_head head;
    if (!sec_ok(sec_statement_parse(statement_bytes, &statement)) || statement.kind != SEC_STATEMENT_HEAD ||
        !sec_ok(sec_head_parse(statement.msg.payload, &head)))
        return sec_st(SEC_TAMPERED);
    SEC_TRY(sec_merkle_root(&scan->running, &journal->config.crypto->hasher, &root));
    if (head.size != scan->running.size || !sec_digest_equal(&head.root, &root) ||
        !sec_digest_equal(&head.log_id, &journal->config.log_id))
        return sec_st(SEC_TAMPERED);
    sec_copy(journal->head, statement_bytes.data, statement_bytes.len);
    journal->head_len = statement_bytes.len;
    journal->head_size = head.size;
    scan->head = head;
    scan->has_head = true;
    return sec_st(SEC_OK);
}

static sec_status count_headed(struct sec_journal *journal, struct sec_journal_scan *scan, const struct sec_frame *frame,
                               struct frame_facts *facts, const struct sec_merkle_frontier *before,
                               const struct sec_stream_place *start)
{
    SEC_TRY(scan_head(journal, scan, frame->head));
    if (facts->count > 0) {
        journal->mark = *before;
        journal->mark_place = *start;
        journal->mark_segment = scan->stream.segment;
    }
    facts->boot = scan->head.boot > facts->boot ? scan->head.boot : facts->boot;
    keep_frame(journal, scan, facts, frame->sequence);
    scan->dropping = false;
    scan->headless_count = 0;
    scan->dropped_count = 0;
    return sec_st(SEC_OK);
}

static void count_headless(struct sec_journal *journal, struct sec_journal_scan *scan, const struct sec_frame *frame,
                           const struct frame_facts *facts)
{
    if (facts->keep) {
        keep_frame(journal, scan, facts, frame->sequence);
        scan->headless_count += facts->count;
    } else {
        scan->dropping = true;
        scan->dropped_count += facts->count;
    }
}

/* NOT_FOUND ends the scan before this frame: it is not part of the journal, and no head says that it is. */
static sec_status scan_frame(struct sec_journal *journal, struct sec_journal_scan *scan, struct sec_frame frame,
                             const struct sec_stream_place *start)
{
    const struct sec_merkle_frontier before = scan->running;
    const struct sec_frame whole = frame;
    struct frame_facts facts = {.keep = !scan->dropping && !frame.has_head};
    struct sec_bytes record;
    sec_status status = sec_st(frame.sequence > scan->sequence ? SEC_OK : SEC_MALFORMED);
    while (sec_ok(status) && sec_frame_next(&frame, &record))
        status = scan_record(journal, scan, record, &facts);
    if (sec_is(status, SEC_MALFORMED)) {
        scan->running = before;
        sec_stream_seek(&scan->stream, start);
        return sec_st(whole.has_head ? SEC_TAMPERED : SEC_NOT_FOUND);
    }
    SEC_TRY(status);
    if (whole.has_head)
        SEC_TRY(count_headed(journal, scan, &whole, &facts, &before, start));
    else
        count_headless(journal, scan, &whole, &facts);
    if (facts.has_snapshot && whole.has_head) {
        scan->has_snapshot = true;
        scan->snapshot = facts.snapshot;
    }
    scan->sequence = whole.sequence;
    return sec_st(SEC_OK);
}

static sec_status scan_frames(struct sec_journal *journal, struct sec_journal_scan *scan)
{
    for (;;) {
        struct sec_frame frame;
        const struct sec_stream_place start = sec_stream_tell(&scan->stream);
        sec_status status = sec_stream_frame(&scan->stream, journal->rooms.frame, &frame);
        if (sec_is(status, SEC_NOT_FOUND) || sec_is(status, SEC_TRUNCATED))
            return sec_st(SEC_OK);
        if (sec_is(status, SEC_MALFORMED))
            return sec_st(SEC_TAMPERED);
        SEC_TRY(status);
        status = scan_frame(journal, scan, frame, &start);
        if (sec_is(status, SEC_NOT_FOUND))
            return sec_st(SEC_OK);
        SEC_TRY(status);
    }
}

static sec_status check_last_head(const struct sec_journal *journal)
{
    const struct sec_journal_config *config = &journal->config;
    struct sec_head head;
    sec_status status = sec_head_check(sec_bytes(journal->head, journal->head_len), &config->keystore->identity.key,
                                       config->crypto, &head);
    bool surroundings = sec_status_class(status) == SEC_CLASS_IO;
    return sec_ok(status) || surroundings ? status : sec_st(SEC_TAMPERED);
}

sec_status sec_journal_scan(struct sec_journal *journal, uint32_t segment, uint64_t bytes, struct sec_journal_scan *scan)
{
    const struct sec_storage *storage = journal->config.storage;
    sec_zero(scan, sizeof *scan);
    SEC_TRY(storage->sync(storage->ctx, segment)); /* a process that died may have left what only the cache holds */
    SEC_TRY(sec_stream_open(&scan->stream, storage, segment, bytes, &journal->rooms, &scan->header));
    if (!sec_digest_equal(&scan->header.log_id, &journal->config.log_id) || bytes != scan->header.shape.bytes)
        return sec_st(SEC_TAMPERED);
    if (scan->header.shape.block_bytes < storage->block_bytes)
        return sec_st(SEC_UNSUPPORTED);
    scan->running = scan->header.frontier;
    scan->keep = sec_stream_tell(&scan->stream);
    journal->frontier = scan->header.frontier;
    SEC_TRY(scan_frames(journal, scan));
    scan->whole = sec_stream_tell(&scan->stream);
    if (scan->has_head)
        SEC_TRY(check_last_head(journal));
    SEC_TRY(sec_stream_judge(&scan->stream, &scan->keep, &scan->whole, scan->sequence, &scan->rest));
    bool worn = scan->rest.newest >= UINT64_MAX - 1 || scan->boot == UINT32_MAX;
    return sec_st(scan->rest.beyond_cut || worn ? SEC_TAMPERED : SEC_OK);
}

/* --- repairing ------------------------------------------------------------ */

static struct sec_room image_room(const struct sec_journal *journal, const struct sec_journal_scan *scan)
{
    return sec_room_part(journal->rooms.image, 0, scan->stream.shape.block_bytes);
}

static sec_status read_block(struct sec_journal *journal, const struct sec_journal_scan *scan, uint64_t at)
{
    const struct sec_storage *storage = journal->config.storage;
    return storage->read(storage->ctx, scan->stream.segment, at, image_room(journal, scan));
}

static sec_status note_cut(struct sec_journal *journal, const struct sec_journal_scan *scan, uint64_t at,
                           struct sec_journal_found *found)
{
    const struct sec_hasher *hasher = &journal->config.crypto->hasher;
    SEC_TRY(read_block(journal, scan, at));
    struct sec_bytes block = sec_room_bytes(image_room(journal, scan));
    if (sec_bytes_zero(block))
        return sec_st(SEC_OK);
    const struct sec_bytes parts[2] = {sec_digest_bytes(&found->cut_digest), block};
    struct sec_digest next;
    SEC_TRY(hasher->digest(hasher->ctx, parts, 2, &next));
    found->cut_digest = next;
    found->cut_bytes += block.len;
    return sec_st(SEC_OK);
}

/* What is cut is described before it goes. */
static sec_status note_all(struct sec_journal *journal, const struct sec_journal_scan *scan, struct sec_journal_found *found)
{
    const struct sec_segment_shape *shape = &scan->stream.shape;
    for (unsigned slot = 0; slot < 2; slot++)
        if (scan->rest.tail_dirty[slot])
            SEC_TRY(note_cut(journal, scan, sec_segment_tail_at(shape, slot), found));
    for (uint32_t number = scan->keep.number; scan->rest.dirty_blocks > 0 && number <= scan->rest.dirty_last; number++)
        SEC_TRY(note_cut(journal, scan, sec_segment_block_at(shape, number), found));
    return sec_st(SEC_OK);
}

static sec_status put_block(struct sec_journal *journal, const struct sec_journal_scan *scan, uint64_t at, struct sec_bytes block)
{
    const struct sec_storage *storage = journal->config.storage;
    return storage->write(storage->ctx, scan->stream.segment, at, block);
}

static sec_status put_sync(struct sec_journal *journal, const struct sec_journal_scan *scan)
{
    return journal->config.storage->sync(journal->config.storage->ctx, scan->stream.segment);
}

static sec_status put_zeros(struct sec_journal *journal, const struct sec_journal_scan *scan, uint64_t at)
{
    struct sec_room zeros = image_room(journal, scan);
    sec_zero(zeros.data, zeros.len);
    return put_block(journal, scan, at, sec_room_bytes(zeros));
}

/* The tail that holds just what is kept of the last block, or -1. The tail room has what is kept. */
static sec_status find_exact_tail(struct sec_journal *journal, const struct sec_journal_scan *scan, int *ret_slot)
{
    struct sec_bytes kept = sec_bytes_part(sec_room_bytes(journal->rooms.tail), SEC_BLOCK_HEADER_BYTES, scan->keep.offset);
    int found = -1;
    for (unsigned slot = 0; slot < 2; slot++) {
        if (!sec_stream_tail_is(&scan->stream, slot, &scan->keep))
            continue;
        SEC_TRY(read_block(journal, scan, sec_segment_tail_at(&scan->stream.shape, slot)));
        struct sec_bytes there =
            sec_bytes_part(sec_room_bytes(image_room(journal, scan)), SEC_BLOCK_HEADER_BYTES, scan->keep.offset);
        const struct sec_tail *tails = scan->stream.tails;
        bool newer = found < 0 || tails[slot].header.sequence > tails[found].header.sequence;
        if (newer && sec_bytes_equal(kept, there))
            found = (int)slot;
    }
    *ret_slot = found;
    return sec_st(SEC_OK);
}

/*
 * The slot whose loss costs nothing: not the one that what is kept was read from, nor the one that shows which write was complete;
 * then garbage first.
 */
static unsigned free_slot(const struct sec_journal_scan *scan, int source_slot)
{
    const struct sec_tail *tails = scan->stream.tails;
    if (source_slot >= 0)
        return 1u - (unsigned)source_slot;
    for (unsigned slot = 0; slot < 2; slot++)
        if (sec_stream_tail_is(&scan->stream, slot, &scan->whole))
            return 1u - slot;
    if (!tails[0].valid || !tails[1].valid)
        return tails[0].valid ? 1u : 0u;
    return tails[0].header.sequence < tails[1].header.sequence ? 0u : 1u;
}

static sec_status rewrite_tail(struct sec_journal *journal, const struct sec_journal_scan *scan, unsigned slot, uint64_t sequence)
{
    struct sec_room block = sec_room_part(journal->rooms.tail, 0, scan->stream.shape.block_bytes);
    const struct sec_block_header header = {0, scan->keep.number, sequence, scan->keep.chain, (uint16_t)scan->keep.offset};
    sec_block_seal(block, &header);
    SEC_TRY(put_block(journal, scan, sec_segment_tail_at(&scan->stream.shape, slot), sec_room_bytes(block)));
    return put_sync(journal, scan);
}

/* One tail block at a time: two torn ones are what no cut explains. */
static sec_status clear_rest(struct sec_journal *journal, const struct sec_journal_scan *scan, int kept_slot)
{
    const struct sec_segment_shape *shape = &scan->stream.shape;
    for (uint32_t number = scan->keep.number; scan->rest.dirty_blocks > 0 && number <= scan->rest.dirty_last; number++)
        SEC_TRY(put_zeros(journal, scan, sec_segment_block_at(shape, number)));
    for (unsigned slot = 0; slot < 2; slot++) {
        if (!scan->rest.tail_dirty[slot] || (int)slot == kept_slot)
            continue;
        SEC_TRY(put_zeros(journal, scan, sec_segment_tail_at(shape, slot)));
        SEC_TRY(put_sync(journal, scan));
    }
    return put_sync(journal, scan);
}

sec_status sec_journal_repair(struct sec_journal *journal, struct sec_journal_scan *scan, struct sec_journal_found *found)
{
    int exact = -1;
    SEC_TRY(sec_journal_resume(journal, &scan->stream, &scan->keep));
    int source_slot = scan->keep.offset > 0 ? scan->stream.from_slot : -1;
    if (scan->keep.offset > 0)
        SEC_TRY(find_exact_tail(journal, scan, &exact));
    journal->end.sequence = scan->keep_sequence;
    if (exact >= 0 && scan->stream.tails[exact].header.sequence > journal->end.sequence)
        journal->end.sequence = scan->stream.tails[exact].header.sequence;
    SEC_TRY(note_all(journal, scan, found));
    if (scan->keep.offset > 0 && exact < 0) {
        exact = (int)free_slot(scan, source_slot);
        journal->end.sequence = scan->rest.newest + 1;
        SEC_TRY(rewrite_tail(journal, scan, (unsigned)exact, journal->end.sequence));
    }
    journal->end.tail_slot = exact >= 0 ? (unsigned)exact : 1u;
    if (scan->rest.torn)
        SEC_TRY(clear_rest(journal, scan, exact));
    return sec_st(SEC_OK);
}
