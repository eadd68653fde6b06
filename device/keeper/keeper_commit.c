/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_inside.h"

/** The head of the array of changes: at most 23 of them, so one byte, kept free at the start of the room. */
#define CHANGES_HEAD_BYTES 1u
#define CHANGES_MAX_COUNT 23u

void keeper_draft_begin(struct sec_keeper *k)
{
    k->draft.changes = sec_wr(k->work.changes);
    sec_wr_u8(&k->draft.changes, 0);
    k->draft.count = 0;
    k->draft.change = sec_wr(k->work.change);
    k->draft.detail = sec_wr(k->work.detail);
    k->draft.seal = k->rooms.protection.epoch_key;
    /* First, so that what the record starts counts from here. Whole seconds: the rest stays with the next record. */
    uint64_t uptime_s = keeper_uptime_s(k);
    k->draft.uptime_until_ms = k->uptime_from_ms + (uptime_s - k->uptime_carry_s) * 1000u;
    if (uptime_s == 0 || !k->rooms.access.owned)
        return;
    sec_access_change_uptime(uptime_s, keeper_change(k));
    keeper_add(k, KEEPER_ROOM_ACCESS);
}

struct sec_wr *keeper_change(struct sec_keeper *k)
{
    k->draft.change = sec_wr(k->work.change);
    return &k->draft.change;
}

void keeper_add_bytes(struct sec_keeper *k, enum keeper_room room, struct sec_bytes change)
{
    if (change.len == 0)
        return;
    sec_cbor_put_array(&k->draft.changes, 2);
    sec_cbor_put_uint(&k->draft.changes, room);
    sec_cbor_put_bstr(&k->draft.changes, change);
    k->draft.count++;
}

void keeper_add(struct sec_keeper *k, enum keeper_room room)
{
    if (k->draft.change.bad)
        k->draft.changes.bad = true;
    keeper_add_bytes(k, room, sec_wr_done(&k->draft.change));
    k->draft.change = sec_wr(k->work.change);
}

void keeper_add_intent(struct sec_keeper *k, uint64_t action, const struct sec_digest *digest)
{
    keeper_intent_change_begin(action, digest, keeper_change(k));
    keeper_add(k, KEEPER_ROOM_KEEPER);
}

void keeper_add_intent_end(struct sec_keeper *k)
{
    keeper_intent_change_end(keeper_change(k));
    keeper_add(k, KEEPER_ROOM_KEEPER);
}

/** The draft's changes as one encoded array. */
static sec_status draft_changes(struct sec_keeper *k, struct sec_bytes *ret_changes)
{
    if (k->draft.changes.bad || k->draft.detail.bad || k->draft.count > CHANGES_MAX_COUNT)
        return sec_st(SEC_ROOM_FULL);
    struct sec_wr head = sec_wr(sec_room(k->work.changes.data, CHANGES_HEAD_BYTES));
    sec_cbor_put_array(&head, k->draft.count);
    return sec_wr_end(&k->draft.changes, ret_changes);
}

sec_status keeper_product_refresh(struct sec_keeper *k)
{
    struct sec_statement statement;
    SEC_TRY(sec_statement_parse(sec_bytes(k->rooms.product.b, k->rooms.product.len), &statement));
    if (statement.kind != SEC_STATEMENT_PRODUCT)
        return sec_st(SEC_WRONG_KIND);
    return sec_product_parse(statement.msg.payload, &k->product);
}

sec_status keeper_state_root(struct sec_keeper *k, struct keeper_rooms *rooms, struct sec_digest *ret_root)
{
    return keeper_rooms_root(rooms, &k->config.crypto->hasher, k->work.scratch, ret_root);
}

void keeper_head_facts(struct sec_keeper *k, const struct sec_digest *root, struct sec_journal_head_facts *ret_facts)
{
    ret_facts->state_root = *root;
    ret_facts->has_counter = k->config.counter && k->config.counter->quality != SEC_COUNTER_NONE;
    ret_facts->counter = k->counter;
    ret_facts->time_s = keeper_time_lower(k);
}

static sec_status snapshot_encode(void *ctx, struct sec_wr *wr)
{
    struct sec_keeper *k = ctx;
    keeper_rooms_encode(&k->committed, wr);
    return wr->bad ? sec_st(SEC_ROOM_FULL) : sec_st(SEC_OK);
}

static sec_status snapshot_facts(void *ctx, struct sec_journal_head_facts *ret_facts)
{
    struct sec_keeper *k = ctx;
    struct sec_digest root;
    SEC_TRY(keeper_state_root(k, &k->committed, &root));
    keeper_head_facts(k, &root, ret_facts);
    return sec_st(SEC_OK);
}

/** Back to the last commit. */
static void step_back(struct sec_keeper *k)
{
    sec_journal_drop(&k->journal);
    k->rooms = k->committed;
    keeper_product_refresh(k);
    sec_journal_set_epoch(&k->journal, k->rooms.access.epoch, k->rooms.protection.epoch_key);
}

/** After a failure: storage that is full can go on, anything else needs a new start. */
static sec_status failed(struct sec_keeper *k, sec_status status)
{
    step_back(k);
    if (!sec_is(status, SEC_STORAGE_FULL) && !sec_is(status, SEC_ROOM_FULL))
        k->dead = true;
    return status;
}

sec_status keeper_settle(struct sec_keeper *k, sec_status status)
{
    return sec_ok(status) ? status : failed(k, status);
}

/** Events that wait go out into the segment that they surely fit, so that a storage too full for the next one does not cost them. */
static sec_status commit_waiting(struct sec_keeper *k)
{
    struct sec_journal_snapshot snapshot = {k, snapshot_encode, snapshot_facts};
    struct sec_journal_head_facts facts;
    if (sec_journal_size(&k->journal) == sec_journal_committed(&k->journal))
        return sec_st(SEC_OK);
    SEC_TRY(snapshot_facts(k, &facts));
    SEC_TRY(sec_journal_commit(&k->journal, &facts, &snapshot));
    k->staged_since_ms = UINT64_MAX;
    return sec_st(SEC_OK);
}

/**
 * Makes sure that a record with so much content fits into the present segment, so that the index it is given is final: changes, outcomes and the
 * state itself name indices. A full storage is trimmed once.
 */
static sec_status reserve(struct sec_keeper *k, size_t content_len)
{
    struct sec_journal_snapshot snapshot = {k, snapshot_encode, snapshot_facts};
    const size_t wanted = content_len + KEEPER_TRIM_ROOM_BYTES;
    if (sec_journal_fits(&k->journal, wanted))
        return sec_st(SEC_OK);
    SEC_TRY(commit_waiting(k));
    sec_status status = sec_journal_reserve(&k->journal, wanted, &snapshot);
    if (!sec_is(status, SEC_STORAGE_FULL))
        return status;
    SEC_TRY(keeper_make_room(k));
    return sec_journal_reserve(&k->journal, wanted, &snapshot);
}

sec_status keeper_reserve(struct sec_keeper *k, size_t content_len)
{
    if (k->dead)
        return sec_st(SEC_BROKEN);
    sec_status status = reserve(k, content_len);
    return sec_ok(status) ? status : failed(k, status);
}

/** Counts the decision in hardware, where there is a counter, before the head that names the count. */
static sec_status raise_counter(struct sec_keeper *k)
{
    const struct sec_counter *counter = k->config.counter;
    if (!counter || counter->quality == SEC_COUNTER_NONE)
        return sec_st(SEC_OK);
    return counter->raise(counter->ctx, &k->counter);
}

static sec_status commit_staged(struct sec_keeper *k)
{
    struct sec_digest root;
    struct sec_journal_head_facts facts;
    struct sec_journal_snapshot snapshot = {k, snapshot_encode, snapshot_facts};
    SEC_TRY(keeper_state_root(k, &k->rooms, &root));
    keeper_head_facts(k, &root, &facts);
    SEC_TRY(sec_journal_commit(&k->journal, &facts, &snapshot));
    k->committed = k->rooms;
    k->staged_since_ms = UINT64_MAX;
    return sec_st(SEC_OK);
}

static uint64_t epoch_seal(const struct sec_keeper *k)
{
    return k->rooms.protection.epoch_key;
}

/** Stages content; what was staged before goes out first when the frame is too full for both. */
static sec_status stage(struct sec_keeper *k, enum sec_record_class record_class, uint64_t seal, bool salted,
                        struct sec_bytes content, uint64_t *ret_index)
{
    sec_status status = sec_journal_stage(&k->journal, record_class, seal, salted, content, ret_index);
    if (!sec_is(status, SEC_ROOM_FULL))
        return status;
    struct sec_journal_snapshot snapshot = {k, snapshot_encode, snapshot_facts};
    SEC_TRY(sec_journal_commit(&k->journal, NULL, &snapshot));
    return sec_journal_stage(&k->journal, record_class, seal, salted, content, ret_index);
}

static sec_status commit_record(struct sec_keeper *k, struct keeper_record *record, uint64_t *ret_index)
{
    struct sec_bytes changes, content;
    uint64_t index = 0;
    SEC_TRY(draft_changes(k, &changes));
    record->changes = changes;
    record->detail = sec_wr_done(&k->draft.detail);
    record->time_s = keeper_time_shown(k);
    struct sec_wr wr = sec_wr(k->work.content);
    keeper_record_encode(record, &wr);
    SEC_TRY(sec_wr_end(&wr, &content));
    SEC_TRY(reserve(k, content.len + (record->intended ? keeper_outcome_room(k, record->action) : 0)));
    SEC_TRY(raise_counter(k));
    SEC_TRY(stage(k, SEC_RECORD_DECISION, k->draft.seal, true, content, &index));
    SEC_TRY(keeper_rooms_apply(&k->rooms, changes, index));
    SEC_TRY(keeper_product_refresh(k));
    keeper_raise_time(k);
    SEC_TRY(commit_staged(k));
    k->uptime_from_ms = k->draft.uptime_until_ms;
    k->uptime_carry_s = 0;
    k->uptime_due_ms = k->uptime_from_ms + KEEPER_UPTIME_INTERVAL_S * 1000u;
    if (ret_index)
        *ret_index = index;
    return sec_st(SEC_OK);
}

sec_status keeper_commit(struct sec_keeper *k, struct keeper_record *record, uint64_t *ret_index)
{
    if (k->dead)
        return sec_st(SEC_BROKEN);
    sec_status status = commit_record(k, record, ret_index);
    return sec_ok(status) ? status : failed(k, status);
}

static sec_status commit_survivors(struct sec_keeper *k)
{
    struct sec_bytes content;
    uint64_t index;
    keeper_rooms_survive(&k->rooms);
    struct sec_wr wr = sec_wr(k->work.content);
    keeper_rooms_encode(&k->rooms, &wr);
    SEC_TRY(sec_wr_end(&wr, &content));
    /* Before the epoch: a segment that is begun for want of space is still the old epoch's. */
    SEC_TRY(reserve(k, content.len));
    SEC_TRY(raise_counter(k));
    SEC_TRY(sec_journal_set_epoch(&k->journal, k->rooms.access.epoch, SEC_SEAL_CLEAR));
    SEC_TRY(stage(k, SEC_RECORD_SNAPSHOT, SEC_SEAL_CLEAR, false, content, &index));
    SEC_TRY(commit_staged(k));
    k->uptime_from_ms = k->config.clock->steady_ms(k->config.clock->ctx); /* of the epoch that begins */
    k->uptime_carry_s = 0;
    return sec_st(SEC_OK);
}

sec_status keeper_commit_survivors(struct sec_keeper *k)
{
    if (k->dead)
        return sec_st(SEC_BROKEN);
    SEC_TRY(keeper_head(k));
    sec_status status = commit_survivors(k);
    return sec_ok(status) ? status : failed(k, status);
}

sec_status keeper_head(struct sec_keeper *k)
{
    if (k->dead)
        return sec_st(SEC_BROKEN);
    if (sec_journal_size(&k->journal) == sec_journal_committed(&k->journal) && !sec_journal_headless(&k->journal))
        return sec_st(SEC_OK);
    sec_status status = commit_staged(k);
    return sec_ok(status) ? status : failed(k, status);
}

sec_status keeper_stage_event(struct sec_keeper *k, enum sec_record_class record_class, const struct keeper_record *record)
{
    if (k->dead)
        return sec_st(SEC_BROKEN);
    struct sec_bytes content;
    uint64_t index;
    struct sec_wr wr = sec_wr(k->work.content);
    keeper_record_encode(record, &wr);
    SEC_TRY(sec_wr_end(&wr, &content));
    /* What came from outside must still be readable one level deeper. */
    SEC_TRY(sec_cbor_check(content, SEC_CBOR_OURS));
    sec_status status = reserve(k, content.len);
    if (sec_ok(status))
        status = stage(k, record_class, epoch_seal(k), false, content, &index);
    if (!sec_ok(status))
        return failed(k, status);
    if (k->staged_since_ms == UINT64_MAX)
        k->staged_since_ms = k->config.clock->steady_ms(k->config.clock->ctx);
    return sec_st(SEC_OK);
}

void keeper_forget(struct sec_keeper *k)
{
    struct sec_room rooms[] = {k->work.content, k->work.changes, k->work.change, k->work.detail, k->work.scratch, k->work.read, k->work.json};
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++)
        sec_wipe(rooms[i].data, rooms[i].len);
}
