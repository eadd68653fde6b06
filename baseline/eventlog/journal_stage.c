/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_inside.h"

/* class, epoch, seal, salted, length */
#define ITEM_HEADER_BYTES (1u + 8u + 8u + 1u + 4u)

static sec_status usable(const struct sec_journal *journal)
{
    if (journal->state == SEC_JOURNAL_OPEN)
        return sec_st(SEC_OK);
    return sec_st(journal->state == SEC_JOURNAL_BROKEN ? SEC_BROKEN : SEC_NOT_OPEN);
}

static sec_status check_slot(const struct sec_journal *journal, uint64_t seal)
{
    const struct sec_keystore *keystore = journal->config.keystore;
    uint64_t found;
    if (seal == SEC_SEAL_CLEAR)
        return sec_st(SEC_OK);
    SEC_TRY(keystore->next(keystore->ctx, seal - 1, &found));
    return sec_st(found == seal ? SEC_OK : SEC_NOT_FOUND);
}

sec_status sec_journal_set_epoch(struct sec_journal *journal, uint64_t epoch, uint64_t seal)
{
    SEC_TRY(usable(journal));
    SEC_TRY(check_slot(journal, seal));
    journal->epoch = epoch;
    journal->seal = seal;
    return sec_st(SEC_OK);
}

/* --- what waits for the commit ------------------------------------------------ */

static void put_item(struct sec_wr *wr, const struct sec_record_draft *draft, size_t body_len)
{
    sec_wr_u8(wr, (uint8_t)draft->record_class);
    sec_wr_u64(wr, draft->epoch);
    sec_wr_u64(wr, draft->seal);
    sec_wr_u8(wr, draft->salted ? 1 : 0);
    sec_wr_u32(wr, (uint32_t)body_len);
}

/* A key item is a key record to be: `seal` names its slot and the body is made by the commit. */
static bool next_item(struct sec_rd *rd, struct sec_record_draft *ret_draft)
{
    if (sec_rd_left(rd) == 0)
        return false;
    ret_draft->record_class = (enum sec_record_class)sec_rd_u8(rd);
    ret_draft->epoch = sec_rd_u64(rd);
    ret_draft->seal = sec_rd_u64(rd);
    ret_draft->salted = sec_rd_u8(rd) != 0;
    uint32_t len = sec_rd_u32(rd);
    ret_draft->body = sec_rd_bytes(rd, len);
    return !rd->bad;
}

static struct sec_rd staged_items(const struct sec_journal *journal)
{
    return sec_rd(sec_bytes_part(sec_room_bytes(journal->rooms.staged), 0, journal->staged_len));
}

static bool is_key(const struct sec_record_draft *draft)
{
    return draft->record_class == SEC_RECORD_KEY;
}

/* A ring full of keys starts anew with an empty frame: fresh keys are always right. */
static sec_status stage_key(struct sec_journal *journal, uint64_t seal, struct sec_wr *wr)
{
    const struct sec_record_draft draft = {.record_class = SEC_RECORD_KEY, .epoch = journal->epoch, .seal = seal};
    if (journal->keys.count == SEC_JOURNAL_KEYS_MAX) {
        if (journal->staged_count > 0)
            return sec_st(SEC_ROOM_FULL);
        sec_keyring_cut(&journal->keys, 0);
        journal->keys_committed = 0;
    }
    SEC_TRY(sec_keyring_make(&journal->keys, &journal->config, seal));
    put_item(wr, &draft, 0);
    return sec_st(SEC_OK);
}

static sec_status stage_body(struct sec_journal *journal, bool salted, struct sec_bytes content, struct sec_wr *wr)
{
    const struct sec_crypto *crypto = journal->config.crypto;
    uint8_t salt[SEC_SALT_BYTES];
    if (salted) {
        SEC_TRY(crypto->random(crypto->ctx, SEC_ROOM(salt)));
        sec_wr_bytes(wr, SEC_BYTES(salt));
    }
    sec_wr_bytes(wr, content);
    return sec_st(SEC_OK);
}

static bool fits(const struct sec_journal *journal, size_t staged_bytes, size_t frame_bytes)
{
    size_t frame_room = journal->rooms.frame.len - sec_frame_wrapping_bytes();
    return staged_bytes <= journal->rooms.staged.len - journal->staged_len &&
           frame_bytes <= frame_room - journal->staged_frame_bytes;
}

sec_status sec_journal_stage_draft(struct sec_journal *journal, const struct sec_record_draft *draft, uint64_t *ret_index)
{
    size_t body_len = draft->body.len + (draft->salted ? SEC_SALT_BYTES : 0);
    if (draft->body.len > SEC_RECORD_MAX_BYTES || body_len > SEC_RECORD_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    bool fresh = draft->seal != SEC_SEAL_CLEAR && !sec_keyring_find(&journal->keys, draft->seal);
    size_t key_bytes = fresh ? sec_frame_record_bytes(SEC_WRAPPED_KEY_BYTES + 16) : 0;
    size_t frame_bytes = key_bytes + sec_frame_record_bytes(body_len);
    if (!fits(journal, 2 * ITEM_HEADER_BYTES + body_len, frame_bytes))
        return sec_st(SEC_ROOM_FULL);
    struct sec_wr wr =
        sec_wr(sec_room_part(journal->rooms.staged, journal->staged_len, journal->rooms.staged.len - journal->staged_len));
    if (fresh)
        SEC_TRY(stage_key(journal, draft->seal, &wr));
    put_item(&wr, draft, body_len);
    sec_status status = stage_body(journal, draft->salted, draft->body, &wr);
    if (!sec_ok(status)) {
        if (fresh)
            sec_keyring_cut(&journal->keys, journal->keys.count - 1);
        return status;
    }
    journal->staged_len += wr.len;
    journal->staged_frame_bytes += frame_bytes;
    journal->staged_count += fresh ? 2 : 1;
    if (ret_index)
        *ret_index = sec_journal_size(journal) - 1;
    return sec_st(SEC_OK);
}

sec_status sec_journal_stage(struct sec_journal *journal, enum sec_record_class record_class, uint64_t seal, bool salted,
                             struct sec_bytes content, uint64_t *ret_index)
{
    const struct sec_record_draft draft = {record_class, journal->epoch, seal, salted, content};
    SEC_TRY(usable(journal));
    bool own = record_class == SEC_RECORD_KEY || record_class == SEC_RECORD_TRIM;
    if (own || record_class < SEC_RECORD_DECISION || record_class > SEC_RECORD_TRIM)
        return sec_st(SEC_BAD_ARGUMENT);
    return sec_journal_stage_draft(journal, &draft, ret_index);
}

static void clear_staged(struct sec_journal *journal)
{
    sec_wipe(journal->rooms.staged.data, journal->staged_len);
    journal->staged_len = 0;
    journal->staged_count = 0;
    journal->staged_frame_bytes = 0;
}

void sec_journal_drop(struct sec_journal *journal)
{
    if (journal->state == SEC_JOURNAL_CLOSED)
        return;
    clear_staged(journal);
    sec_keyring_cut(&journal->keys, journal->keys_committed);
}

/* After a failed commit bodies may have been sealed with nonces that come again: the keys go. */
static sec_status give_up(struct sec_journal *journal, sec_status status)
{
    clear_staged(journal);
    sec_keyring_cut(&journal->keys, 0);
    journal->keys_committed = 0;
    return status;
}

/* --- committing ----------------------------------------------------------------- */

static sec_status write_frame(struct sec_frame_builder *builder, const struct sec_journal_head_facts *facts)
{
    struct sec_journal *journal = builder->journal;
    const struct sec_stream_place start = journal->end.place;
    struct sec_bytes frame;
    SEC_TRY(sec_frame_end(builder, facts, &frame));
    SEC_TRY(sec_journal_write(journal, frame, builder->sequence));
    sec_frame_settle(builder, journal->end.segment, &start);
    journal->keys_committed = journal->keys.count;
    return sec_st(SEC_OK);
}

/* `remake`: the frame goes into another segment than it was staged for, so its key records take new keys. */
static sec_status write_staged(struct sec_journal *journal, const struct sec_journal_head_facts *facts, bool remake)
{
    struct sec_frame_builder builder;
    struct sec_record_draft draft;
    struct sec_rd items = staged_items(journal);
    sec_frame_begin(&builder, journal, (size_t)journal->staged_count);
    while (next_item(&items, &draft)) {
        if (is_key(&draft) && (remake || !sec_keyring_find(&journal->keys, draft.seal)))
            SEC_TRY(sec_keyring_make(&journal->keys, &journal->config, draft.seal));
        SEC_TRY(is_key(&draft) ? sec_frame_key(&builder, draft.seal) : sec_frame_record(&builder, &draft));
    }
    return write_frame(&builder, facts);
}

/* True when a key item for `seal` is staged. */
static bool key_staged(const struct sec_journal *journal, uint64_t seal)
{
    struct sec_rd items = staged_items(journal);
    for (struct sec_record_draft draft; next_item(&items, &draft);)
        if (is_key(&draft) && draft.seal == seal)
            return true;
    return false;
}

/* The new segment's first frame brings the keys that the staged frame counts on having. */
static sec_status make_segment_keys(struct sec_journal *journal)
{
    struct sec_rd items = staged_items(journal);
    sec_keyring_cut(&journal->keys, 0);
    journal->keys_committed = 0;
    if (journal->seal != SEC_SEAL_CLEAR)
        SEC_TRY(sec_keyring_make(&journal->keys, &journal->config, journal->seal));
    for (struct sec_record_draft draft; next_item(&items, &draft);) {
        bool has = is_key(&draft) || draft.seal == SEC_SEAL_CLEAR || sec_keyring_find(&journal->keys, draft.seal);
        if (!has && !key_staged(journal, draft.seal))
            SEC_TRY(sec_keyring_make(&journal->keys, &journal->config, draft.seal));
    }
    return sec_st(SEC_OK);
}

static sec_status write_snapshot(struct sec_journal *journal, struct sec_bytes content, const struct sec_journal_head_facts *facts)
{
    struct sec_frame_builder builder;
    const struct sec_record_draft draft = {SEC_RECORD_SNAPSHOT, journal->epoch, journal->seal, false, content};
    SEC_TRY(make_segment_keys(journal));
    sec_frame_begin(&builder, journal, journal->keys.count + 1);
    for (size_t i = 0; i < journal->keys.count; i++)
        SEC_TRY(sec_frame_key(&builder, journal->keys.keys[i].seal));
    SEC_TRY(sec_frame_record(&builder, &draft));
    return write_frame(&builder, facts);
}

static size_t staged_bytes(const struct sec_journal *journal)
{
    return journal->staged_frame_bytes + sec_frame_wrapping_bytes();
}

static bool staged_fit(const struct sec_journal *journal)
{
    return staged_bytes(journal) <= sec_segment_left(&journal->end.shape, &journal->end.place);
}

/* Space in a new segment for the snapshot, all keys and what is staged. */
static bool segment_suffices(const struct sec_journal *journal, size_t snapshot_len)
{
    struct sec_segment_shape shape;
    size_t keys = SEC_JOURNAL_KEYS_MAX * sec_frame_record_bytes(SEC_WRAPPED_KEY_BYTES + 16);
    size_t first = sec_frame_wrapping_bytes() + sec_frame_record_bytes(snapshot_len) + keys;
    if (!sec_ok(sec_segment_shape_of(journal->config.storage->block_bytes, journal->config.segment_bytes, &shape)))
        return false;
    return first <= journal->rooms.frame.len && first + staged_bytes(journal) <= sec_segment_capacity(&shape);
}

/* Back into the segment before, as it was: nothing was written into the new one. */
static sec_status retreat(struct sec_journal *journal, const struct sec_journal_end *old)
{
    const struct sec_storage *storage = journal->config.storage;
    struct sec_segment_header header;
    struct sec_stream stream;
    sec_status status = storage->remove(storage->ctx, journal->end.segment);
    if (sec_ok(status))
        status = sec_stream_open(&stream, storage, old->segment, old->shape.bytes, &journal->rooms, &header);
    if (sec_ok(status))
        status = sec_journal_resume(journal, &stream, &old->place);
    journal->end = *old;
    if (!sec_ok(status))
        journal->state = SEC_JOURNAL_BROKEN;
    return status;
}

static sec_status roll_over(struct sec_journal *journal, const struct sec_journal_snapshot *snapshot)
{
    const struct sec_journal_end old = journal->end;
    const uint64_t size = journal->frontier.size;
    struct sec_journal_head_facts facts = {0};
    struct sec_wr wr = sec_wr(sec_room_part(journal->rooms.content, 0, SEC_RECORD_MAX_BYTES));
    struct sec_bytes content;
    SEC_TRY(snapshot->encode(snapshot->ctx, &wr));
    if (!sec_ok(sec_wr_end(&wr, &content)))
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(snapshot->facts(snapshot->ctx, &facts));
    if (!segment_suffices(journal, content.len))
        return sec_st(SEC_STORAGE_FULL);
    SEC_TRY(sec_journal_write_segment(journal));
    sec_status status = write_snapshot(journal, content, &facts);
    if (!sec_ok(status) && journal->state == SEC_JOURNAL_OPEN)
        SEC_TRY(retreat(journal, &old));
    if (sec_ok(status))
        journal->shift = journal->frontier.size - size;
    return status;
}

bool sec_journal_fits(const struct sec_journal *journal, size_t content_len)
{
    /* Three records of overhead: two keys and the record itself, its salt and two seals included. */
    size_t wanted = staged_bytes(journal) + content_len + 3 * sec_frame_record_bytes(SEC_WRAPPED_KEY_BYTES + SEC_SALT_BYTES);
    return journal->frontier.size == 0 || wanted <= sec_segment_left(&journal->end.shape, &journal->end.place);
}

sec_status sec_journal_reserve(struct sec_journal *journal, size_t content_len, const struct sec_journal_snapshot *snapshot)
{
    SEC_TRY(usable(journal));
    if (sec_journal_fits(journal, content_len))
        return sec_st(SEC_OK);
    sec_status status = roll_over(journal, snapshot);
    return sec_ok(status) ? status : give_up(journal, status);
}

static sec_status commit(struct sec_journal *journal, const struct sec_journal_head_facts *facts,
                         const struct sec_journal_snapshot *snapshot)
{
    bool first = journal->frontier.size == 0;
    bool roll = !first && !staged_fit(journal);
    if (first && !segment_suffices(journal, 0))
        return sec_st(SEC_STORAGE_FULL);
    if (journal->end.segment == 0)
        SEC_TRY(sec_journal_write_segment(journal));
    if (roll)
        SEC_TRY(roll_over(journal, snapshot));
    return write_staged(journal, facts, roll);
}

sec_status sec_journal_commit(struct sec_journal *journal, const struct sec_journal_head_facts *facts,
                              const struct sec_journal_snapshot *snapshot)
{
    SEC_TRY(usable(journal));
    if (journal->staged_count == 0 && !facts)
        return sec_st(SEC_OK);
    bool first = journal->frontier.size == 0;
    if (first && (!facts || journal->staged_count == 0))
        return sec_st(SEC_BAD_ARGUMENT);
    if (!first && !snapshot && !staged_fit(journal))
        return sec_st(SEC_ROOM_FULL);
    journal->shift = 0;
    sec_status status = commit(journal, facts, snapshot);
    if (!sec_ok(status))
        return give_up(journal, status);
    clear_staged(journal);
    return status;
}
