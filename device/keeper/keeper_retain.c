/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the log is kept: oldest segments go by the owner's setting, or because the storage is full. */
#include "keeper_inside.h"

/** The newest segment and the one before hold what a start folds and what a power cut may fall back to. */
#define SEGMENTS_KEPT_COUNT 2u
#define KEEP_MIB_BYTES (UINT64_C(1) << 20)

/** Which segments go, and up to where secrets are moved beforehand. */
struct plan {
    size_t present_count;
    uint64_t present_bytes;
    size_t gone_count;
    uint64_t first_kept; /* index of the first record that stays */
    uint64_t move_below; /* secrets in records before this one move to the end of the log */
};

/** Trimming waits while an effect or a change of keys is under way: its records are still needed. */
static bool may_trim(const struct sec_keeper *k)
{
    return !k->rooms.intent.there && !k->committed.intent.there && k->rooms.protection.phase == SEC_PROTECTION_IDLE &&
           k->committed.protection.phase == SEC_PROTECTION_IDLE;
}

/** A setting that cannot be read, or that still waits for its confirmation, lets nothing go. */
static uint64_t keep_bytes(const struct sec_keeper *k)
{
    uint64_t mib = k->rooms.configuration.phase == SEC_CONFIGURATION_SETTLED ? keeper_log_keep_mib(k) : 0;
    return mib ? mib * KEEP_MIB_BYTES : UINT64_MAX;
}

static bool holds_secret(const struct sec_keeper *k, uint64_t first, uint64_t end)
{
    const struct sec_protection *state = &k->committed.protection;
    for (size_t i = 0; i < state->secrets_count; i++) {
        if (state->secrets[i].index >= first && state->secrets[i].index < end)
            return true;
    }
    return false;
}

static sec_status measure(const struct sec_keeper *k, struct plan *plan)
{
    const struct sec_storage *storage = k->config.storage;
    uint32_t number = 0;
    uint64_t bytes;
    sec_status status;
    while (sec_ok(status = storage->next_segment(storage->ctx, number, &number, &bytes))) {
        plan->present_count++;
        plan->present_bytes += bytes;
    }
    return sec_is(status, SEC_NOT_FOUND) ? sec_st(SEC_OK) : status;
}

/** Why segments go. */
enum occasion {
    BY_SETTING,   /* while what is left is more than the setting and one segment */
    WHILE_FULL,   /* at least one, down to half of the setting; none with a living secret, because there is no room to move it to */
    HAVING_ROOM,  /* the storage was full and has room again: down to half of the setting */
};

static bool goes(const struct sec_keeper *k, enum occasion occasion, const struct plan *plan, uint64_t left,
                 const struct sec_journal_segment *oldest, uint64_t end)
{
    const uint64_t keep = keep_bytes(k);
    if (occasion == BY_SETTING)
        return left > keep && left - keep > oldest->bytes;
    if (occasion == WHILE_FULL && holds_secret(k, oldest->first, end))
        return false;
    return left > keep / 2 || (occasion == WHILE_FULL && plan->gone_count == 0);
}

/** Oldest first. */
static sec_status make_plan(struct sec_keeper *k, enum occasion occasion, struct plan *ret_plan)
{
    struct plan plan = {0};
    struct sec_journal_segment oldest, next;
    SEC_TRY(measure(k, &plan));
    if (plan.present_count <= SEGMENTS_KEPT_COUNT) {
        *ret_plan = plan;
        return sec_st(SEC_OK);
    }
    SEC_TRY(sec_journal_segment_next(&k->journal, 0, &oldest));
    SEC_TRY(sec_journal_segment_next(&k->journal, oldest.number, &next));
    uint64_t left = plan.present_bytes;
    while (plan.present_count - plan.gone_count > SEGMENTS_KEPT_COUNT) {
        if (!goes(k, occasion, &plan, left, &oldest, next.first))
            break;
        left -= oldest.bytes;
        plan.gone_count++;
        oldest = next;
        SEC_TRY(sec_journal_segment_next(&k->journal, oldest.number, &next));
    }
    plan.first_kept = oldest.first;
    /* The oldest segment that stays is emptied of secrets as well, so that it can go when the storage is full. */
    plan.move_below = plan.present_count - plan.gone_count > SEGMENTS_KEPT_COUNT ? next.first : oldest.first;
    *ret_plan = plan;
    return sec_st(SEC_OK);
}

/** Commits with a head what is staged and the trim, then removes. Events alone may be staged: the state is that of the last commit. */
static sec_status trim(struct sec_keeper *k, const struct plan *plan)
{
    struct sec_journal_head_facts facts;
    struct sec_digest root;
    SEC_TRY(keeper_state_root(k, &k->committed, &root));
    keeper_head_facts(k, &root, &facts);
    return sec_journal_trim(&k->journal, plan->first_kept, &facts);
}

sec_status keeper_make_room(struct sec_keeper *k)
{
    struct plan plan;
    /* Also while an intent waits for its outcome: the fold starts at a later snapshot, and a device that cannot end an intent
     * cannot start. What the intent's record said of its signer may be lost by that, the decision's code and digest are not. */
    SEC_TRY(make_plan(k, WHILE_FULL, &plan));
    if (plan.gone_count == 0)
        return sec_st(SEC_STORAGE_FULL);
    k->was_full = true;
    sec_status status = trim(k, &plan);
    return sec_is(status, SEC_ROOM_FULL) ? sec_st(SEC_STORAGE_FULL) : status;
}

/** A usual outcome; longer ones are those of many settings at once. */
#define OUTCOME_ROOM_BYTES 4096u

size_t keeper_outcome_room(struct sec_keeper *k, uint64_t action)
{
    const struct sec_protection *state = &k->rooms.protection;
    size_t room = OUTCOME_ROOM_BYTES;
    for (size_t i = 0; action == SEC_ACTION_PROTECTION_ROTATE && i < state->secrets_count; i++)
        room += state->secrets[i].length + KEEPER_CHANGE_RECORD_BYTES;
    if (action == SEC_ACTION_PROTECTION_WIPE || action == SEC_ACTION_LIFECYCLE_TRANSFER) {
        struct sec_wr wr = sec_wr(k->work.scratch);
        keeper_rooms_encode(&k->rooms, &wr);
        room += wr.len;
    }
    const size_t most = (size_t)(k->config.segment_bytes / 2);
    return room < most ? room : most;
}

/** Each move is a commit of its own: value and change in one frame, the old record stays until its segment goes. */
static sec_status move_secrets(struct sec_keeper *k, uint64_t below)
{
    for (size_t i = 0; i < k->rooms.protection.secrets_count; i++) {
        struct sec_protection_secret secret = k->rooms.protection.secrets[i];
        if (secret.index < below)
            SEC_TRY(keeper_reseal(k, &secret, secret.seal, KEEPER_SECRET_MOVED));
    }
    return sec_st(SEC_OK);
}

bool keeper_retain_due(const struct sec_keeper *k)
{
    if (!k->open || k->dead || k->tampered || !may_trim(k) || k->rooms.configuration.phase != SEC_CONFIGURATION_SETTLED)
        return false;
    return k->retained_segment != sec_journal_segment_number(&k->journal) || k->retained_keep_mib != keeper_log_keep_mib(k);
}

sec_status keeper_retain(struct sec_keeper *k)
{
    struct plan plan;
    if (!keeper_retain_due(k))
        return sec_st(SEC_OK);
    /* Once a segment, whatever comes of it: nothing changes before the next one. */
    k->retained_segment = sec_journal_segment_number(&k->journal);
    k->retained_keep_mib = keeper_log_keep_mib(k);
    SEC_TRY(make_plan(k, k->was_full ? HAVING_ROOM : BY_SETTING, &plan));
    k->was_full = false;
    SEC_TRY(keeper_head(k));
    SEC_TRY(move_secrets(k, plan.move_below));
    if (plan.gone_count == 0)
        return sec_st(SEC_OK);
    SEC_TRY(keeper_reserve(k, 0));
    return keeper_settle(k, trim(k, &plan));
}
