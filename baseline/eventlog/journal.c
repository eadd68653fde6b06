/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_inside.h"

/* --- folding ---------------------------------------------------------------- */

/* Gives the visitor all records from `from` on, and the last head when those under it were seen. */
static sec_status fold_from(struct sec_journal *journal, uint32_t segment, uint64_t first, uint64_t from,
                            const struct sec_journal_visitor *visitor, const struct sec_head *head)
{
    struct sec_journal_cursor cursor;
    struct sec_raw_record raw;
    struct sec_journal_record record;
    bool headed = false;
    sec_status status = sec_cursor_open(&cursor, journal, segment, NULL, first);
    while (sec_ok(status)) {
        if (!headed && cursor.next >= head->size && visitor->head) {
            headed = true;
            status = visitor->head(visitor->ctx, head);
            continue;
        }
        status = sec_cursor_next(&cursor, &raw);
        if (!sec_ok(status) || raw.header.index < from)
            continue;
        status = sec_raw_open(&raw, &cursor.keys, &journal->config, journal->rooms.content, &record);
        if (sec_ok(status))
            status = visitor->record(visitor->ctx, &record);
    }
    sec_cursor_done(&cursor);
    return sec_is(status, SEC_NOT_FOUND) && cursor.next == journal->frontier.size ? sec_st(SEC_OK) : status;
}

/* Seldom: the newest segment has no snapshot that opens. All kept segments are searched for the last one that does. */
static sec_status find_snapshot(struct sec_journal *journal, uint32_t segment, uint64_t first, uint64_t *ret_from)
{
    struct sec_journal_cursor cursor;
    struct sec_raw_record raw;
    struct sec_journal_record record;
    uint64_t from = first;
    sec_status status = sec_cursor_open(&cursor, journal, segment, NULL, first);
    while (sec_ok(status)) {
        status = sec_cursor_next(&cursor, &raw);
        if (!sec_ok(status) || raw.header.record_class != SEC_RECORD_SNAPSHOT)
            continue;
        status = sec_raw_open(&raw, &cursor.keys, &journal->config, journal->rooms.content, &record);
        if (sec_ok(status) && record.opened)
            from = raw.header.index;
    }
    sec_cursor_done(&cursor);
    *ret_from = from;
    return sec_is(status, SEC_NOT_FOUND) ? sec_st(SEC_OK) : status;
}

static sec_status fold(struct sec_journal *journal, const struct sec_journal_scan *scan, const struct sec_journal_visitor *visitor)
{
    struct sec_merkle_frontier frontier;
    uint32_t segment = 0;
    uint64_t from = scan->snapshot;
    if (!visitor)
        return sec_st(SEC_OK);
    if (scan->has_snapshot)
        return fold_from(journal, scan->stream.segment, scan->header.frontier.size, from, visitor, &scan->head);
    SEC_TRY(sec_journal_find(journal, 0, &segment, &frontier));
    SEC_TRY(find_snapshot(journal, segment, frontier.size, &from));
    return fold_from(journal, segment, frontier.size, from, visitor, &scan->head);
}

/* --- opening ---------------------------------------------------------------- */

struct segment_name {
    uint32_t number; /* 0: none */
    uint64_t bytes;
};

static sec_status newest_segments(const struct sec_storage *storage, struct segment_name *ret_newest,
                                  struct segment_name *ret_before)
{
    struct segment_name newest = {0, 0}, before = {0, 0}, next = {0, 0};
    sec_status status;
    while (sec_ok(status = storage->next_segment(storage->ctx, newest.number, &next.number, &next.bytes))) {
        before = newest;
        newest = next;
    }
    *ret_newest = newest;
    *ret_before = before;
    return sec_is(status, SEC_NOT_FOUND) ? sec_st(SEC_OK) : status;
}

/* A segment of which nothing counts: its making was cut off before the first frame was whole. NOT_FOUND says so. */
static sec_status scan_newest(struct sec_journal *journal, const struct segment_name *name, struct sec_journal_scan *scan)
{
    struct sec_segment_shape shape;
    bool zero = false;
    sec_status status = sec_journal_scan(journal, name->number, name->bytes, scan);
    if (sec_ok(status))
        return sec_st(scan->has_head ? SEC_OK : SEC_NOT_FOUND);
    if (!sec_is(status, SEC_MALFORMED))
        return status;
    /* A segment is made at its full length before it gets its name: no cut leaves a shorter one. */
    if (!sec_ok(sec_segment_shape_of(journal->config.storage->block_bytes, name->bytes, &shape)))
        return sec_st(SEC_TAMPERED);
    scan->rest.dirty_blocks = 0;
    SEC_TRY(sec_stream_blank(journal->config.storage, name->number, name->bytes, &journal->rooms, &zero));
    return sec_st(zero ? SEC_NOT_FOUND : SEC_TAMPERED);
}

static sec_status scan_before(struct sec_journal *journal, const struct segment_name *name, struct sec_journal_scan *scan)
{
    sec_status status = sec_journal_scan(journal, name->number, name->bytes, scan);
    if (sec_is(status, SEC_MALFORMED) || (sec_ok(status) && !scan->has_head))
        return sec_st(SEC_TAMPERED);
    return status;
}

static void forget(struct sec_journal *journal)
{
    sec_merkle_frontier_init(&journal->frontier);
    journal->end = (struct sec_journal_end){0};
    journal->head_len = 0;
    journal->head_size = 0;
}

static sec_status remove_unborn(const struct sec_journal *journal, const struct segment_name *name)
{
    const struct sec_storage *storage = journal->config.storage;
    return storage->remove(storage->ctx, name->number);
}

static void count_unborn(const struct sec_journal_scan *unborn, struct sec_journal_found *found)
{
    found->cut_bytes = (uint64_t)unborn->rest.dirty_blocks * unborn->stream.shape.block_bytes;
    found->dropped_count = unborn->dropped_count + unborn->headless_count;
}

static void adopt(struct sec_journal *journal, const struct sec_journal_scan *scan, struct sec_journal_found *found)
{
    journal->boot = scan->boot + 1;
    journal->epoch = scan->head.epoch;
    journal->end.segment = scan->stream.segment;
    journal->end.shape = scan->stream.shape;
    journal->end.place = scan->keep;
    found->headless_count = scan->headless_count;
    found->dropped_count += scan->dropped_count;
}

/* Judges and folds first, and changes the storage only when all of it is explained. */
static sec_status recover(struct sec_journal *journal, const struct sec_journal_visitor *visitor,
                          struct sec_journal_found *found)
{
    struct segment_name newest, before;
    struct sec_journal_scan scan;
    SEC_TRY(newest_segments(journal->config.storage, &newest, &before));
    found->fresh = newest.number == 0;
    if (found->fresh)
        return sec_st(SEC_OK);
    sec_status status = scan_newest(journal, &newest, &scan);
    if (sec_is(status, SEC_NOT_FOUND)) {
        count_unborn(&scan, found);
        forget(journal);
        found->fresh = before.number == 0;
        if (found->fresh)
            return remove_unborn(journal, &newest);
        status = scan_before(journal, &before, &scan);
    } else {
        newest.number = 0;
    }
    SEC_TRY(status);
    adopt(journal, &scan, found);
    SEC_TRY(fold(journal, &scan, visitor));
    if (newest.number != 0)
        SEC_TRY(remove_unborn(journal, &newest));
    status = sec_journal_repair(journal, &scan, found);
    sec_keyring_done(&scan.keys);
    return status;
}

sec_status sec_journal_open(struct sec_journal *journal, const struct sec_journal_config *config, struct sec_room work,
                            const struct sec_journal_visitor *visitor, struct sec_journal_found *ret_found)
{
    struct sec_segment_shape shape;
    struct sec_journal_found found = {0};
    sec_zero(journal, sizeof *journal);
    if (!sec_ok(sec_segment_shape_of(config->storage->block_bytes, config->segment_bytes, &shape)))
        return sec_st(SEC_BAD_ARGUMENT);
    SEC_TRY(sec_journal_rooms_divide(work, &journal->rooms));
    journal->config = *config;
    journal->boot = 1;
    SEC_TRY(recover(journal, visitor, &found));
    if (found.fresh)
        forget(journal);
    journal->state = SEC_JOURNAL_OPEN;
    *ret_found = found;
    return sec_st(SEC_OK);
}

void sec_journal_close(struct sec_journal *journal)
{
    sec_keyring_done(&journal->keys);
    if (journal->rooms.staged.len > 0) {
        sec_wipe(journal->rooms.staged.data, journal->rooms.staged.len);
        sec_wipe(journal->rooms.content.data, journal->rooms.content.len);
    }
    journal->rooms = (struct sec_journal_rooms){0};
    journal->state = SEC_JOURNAL_CLOSED;
}

void sec_journal_spare(const struct sec_journal *journal, struct sec_room ret_rooms[SEC_JOURNAL_SPARE_COUNT])
{
    const struct sec_journal_rooms *rooms = &journal->rooms;
    /* The tail is not here: the next block begins with it. */
    ret_rooms[0] = rooms->frame;
    ret_rooms[1] = journal->staged_len == 0 ? rooms->staged : sec_room(NULL, 0);
    ret_rooms[2] = rooms->content;
    ret_rooms[3] = rooms->image;
    ret_rooms[4] = rooms->io;
}

/* --- asking ----------------------------------------------------------------- */

uint32_t sec_journal_boot(const struct sec_journal *journal)
{
    return journal->boot;
}

uint64_t sec_journal_size(const struct sec_journal *journal)
{
    return journal->frontier.size + journal->staged_count;
}

uint64_t sec_journal_committed(const struct sec_journal *journal)
{
    return journal->frontier.size;
}

bool sec_journal_headless(const struct sec_journal *journal)
{
    return journal->frontier.size > journal->head_size;
}

struct sec_bytes sec_journal_head(const struct sec_journal *journal)
{
    return sec_bytes(journal->head, journal->head_len);
}

uint64_t sec_journal_shift(const struct sec_journal *journal)
{
    return journal->shift;
}
