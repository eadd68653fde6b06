/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_inside.h"

uint32_t sec_journal_segment_number(const struct sec_journal *journal)
{
    return journal->end.segment;
}

sec_status sec_journal_segment_next(struct sec_journal *journal, uint32_t after, struct sec_journal_segment *ret_segment)
{
    const struct sec_storage *storage = journal->config.storage;
    struct sec_segment_header header;
    struct sec_stream stream;
    struct sec_journal_segment segment;
    if (journal->state == SEC_JOURNAL_CLOSED)
        return sec_st(SEC_NOT_OPEN);
    SEC_TRY(storage->next_segment(storage->ctx, after, &segment.number, &segment.bytes));
    sec_status status = sec_stream_open(&stream, storage, segment.number, segment.bytes, &journal->rooms, &header);
    if (!sec_ok(status))
        return sec_is(status, SEC_MALFORMED) ? sec_st(SEC_TAMPERED) : status;
    segment.first = header.frontier.size;
    *ret_segment = segment;
    return sec_st(SEC_OK);
}

/* The newest segment that begins at or before `first_kept`: it and all behind it stay. */
static sec_status find_kept(struct sec_journal *journal, uint64_t first_kept, uint32_t *ret_oldest, uint32_t *ret_kept,
                            struct sec_merkle_frontier *ret_frontier)
{
    const struct sec_storage *storage = journal->config.storage;
    uint64_t bytes;
    SEC_TRY(storage->next_segment(storage->ctx, 0, ret_oldest, &bytes));
    if (first_kept >= journal->frontier.size)
        first_kept = journal->frontier.size - 1;
    return sec_journal_find(journal, first_kept, ret_kept, ret_frontier);
}

static sec_status stage_trim(struct sec_journal *journal, const struct sec_merkle_frontier *kept)
{
    struct sec_record_draft draft = {.record_class = SEC_RECORD_TRIM, .epoch = journal->epoch};
    uint8_t content[64];
    struct sec_wr wr = sec_wr(SEC_ROOM(content));
    struct sec_digest root;
    SEC_TRY(sec_merkle_root(kept, &journal->config.crypto->hasher, &root));
    sec_trim_record_encode(kept->size, &root, &wr);
    SEC_TRY(sec_wr_end(&wr, &draft.body));
    return sec_journal_stage_draft(journal, &draft, NULL);
}

/* Oldest first: what a cut leaves is still one piece. */
static sec_status remove_before(struct sec_journal *journal, uint32_t kept)
{
    const struct sec_storage *storage = journal->config.storage;
    uint32_t segment;
    uint64_t bytes;
    for (;;) {
        SEC_TRY(storage->next_segment(storage->ctx, 0, &segment, &bytes));
        if (segment >= kept)
            return sec_st(SEC_OK);
        SEC_TRY(storage->remove(storage->ctx, segment));
    }
}

sec_status sec_journal_trim(struct sec_journal *journal, uint64_t first_kept, const struct sec_journal_head_facts *facts)
{
    struct sec_merkle_frontier frontier;
    uint32_t oldest, kept = 0;
    if (journal->state != SEC_JOURNAL_OPEN)
        return sec_st(journal->state == SEC_JOURNAL_BROKEN ? SEC_BROKEN : SEC_NOT_OPEN);
    if (!facts)
        return sec_st(SEC_BAD_ARGUMENT);
    if (journal->frontier.size == 0)
        return sec_st(SEC_OK);
    SEC_TRY(find_kept(journal, first_kept, &oldest, &kept, &frontier));
    if (kept == oldest)
        return sec_st(SEC_OK);
    const size_t len = journal->staged_len, frame_bytes = journal->staged_frame_bytes;
    const uint64_t count = journal->staged_count;
    SEC_TRY(stage_trim(journal, &frontier));
    sec_status status = sec_journal_commit(journal, facts, NULL);
    if (sec_is(status, SEC_ROOM_FULL) && journal->staged_count > count) {
        /* The trim did not happen; what the caller staged stays. */
        journal->staged_len = len;
        journal->staged_frame_bytes = frame_bytes;
        journal->staged_count = count;
    }
    SEC_TRY(status);
    status = remove_before(journal, kept);
    if (!sec_ok(status))
        journal->state = SEC_JOURNAL_BROKEN;
    return status;
}
