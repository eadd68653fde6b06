/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_inside.h"

/** Events wait this long for company; then they and a head are written together. */
#define EVENTS_GATHER_MS 500u

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t after_s(uint64_t since_ms, uint64_t seconds)
{
    return seconds > (UINT64_MAX - since_ms) / 1000u ? UINT64_MAX : since_ms + seconds * 1000u;
}

uint64_t sec_keeper_due_ms(const struct sec_keeper *k)
{
    uint64_t due = UINT64_MAX;
    if (k->dead || k->tampered)
        return due;
    if (k->staged_since_ms != UINT64_MAX)
        due = k->staged_since_ms + EVENTS_GATHER_MS;
    if (k->waiting_timed)
        due = sooner(due, after_s(k->waiting_since_ms, k->rooms.configuration.within_s));
    if (k->trial_timed)
        due = sooner(due, after_s(k->trial_since_ms, k->rooms.update.trial.confirm_within_s));
    if (k->recheck_update || keeper_retain_due(k))
        due = 0;
    due = sooner(sooner(due, k->recheck_at_ms), keeper_owner_due_ms(k));
    return sooner(due, sec_refusals_due_ms(&k->refusals));
}

static sec_status tick_refusals(struct sec_keeper *k, uint64_t now_ms)
{
    struct sec_wr wr = sec_wr(k->work.change);
    if (!sec_refusals_take(&k->refusals, now_ms, &wr))
        return sec_st(SEC_OK);
    struct keeper_record record = {0};
    record.sort = KEEPER_REFUSALS;
    record.time_s = keeper_time_shown(k);
    /* The access room writes {1: [...]}: its array stands behind the map's head and the key. */
    struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
    sec_cbor_map(&rd);
    sec_cbor_int(&rd);
    record.refusals = sec_cbor_item(&rd);
    SEC_TRY(rd.status);
    return keeper_stage_event(k, SEC_RECORD_REFUSAL, &record);
}

static sec_status tick_waiting(struct sec_keeper *k, uint64_t now_ms)
{
    if (!k->waiting_timed || now_ms < after_s(k->waiting_since_ms, k->rooms.configuration.within_s))
        return sec_st(SEC_OK);
    k->waiting_timed = false;
    keeper_draft_begin(k);
    sec_status judged = sec_configuration_judge_end(&k->rooms.configuration, &k->product, SEC_CONFIGURATION_END_DEADLINE,
                                                    keeper_change(k), &k->draft.detail);
    if (!sec_ok(judged))
        return sec_st(SEC_OK);
    static const struct sec_digest own = {{0}};
    keeper_add(k, KEEPER_ROOM_CONFIGURATION);
    keeper_add_intent(k, SEC_ACTION_CONFIGURATION_REVERT, &own);
    return keeper_internal(k, KEEPER_CONFIRM_MISSED, sec_st(SEC_REVERTED), true);
}

static sec_status tick_trial(struct sec_keeper *k, uint64_t now_ms)
{
    sec_status outcome;
    if (!k->trial_timed)
        return sec_st(SEC_OK);
    keeper_draft_begin(k);
    sec_status judged = sec_update_judge_deadline(&k->rooms.update, (now_ms - k->trial_since_ms) / 1000u, keeper_change(k),
                                                  &k->draft.detail, &outcome);
    if (sec_is(judged, SEC_NOT_YET))
        return sec_st(SEC_OK);
    k->trial_timed = false;
    if (!sec_ok(judged))
        return sec_st(SEC_OK);
    static const struct sec_digest own = {{0}};
    keeper_add(k, KEEPER_ROOM_UPDATE);
    keeper_add_intent(k, SEC_ACTION_UPDATE_REVERT, &own);
    return keeper_internal(k, KEEPER_CONFIRM_MISSED, outcome, true);
}

/** The owner's standing setting may consent to the release that is available. */
static sec_status tick_update(struct sec_keeper *k, uint64_t now_ms)
{
    struct sec_update_facts facts;
    if (!k->recheck_update && now_ms < k->recheck_at_ms)
        return sec_st(SEC_OK);
    k->recheck_update = false;
    k->recheck_at_ms = UINT64_MAX;
    if (!k->rooms.access.owned || k->rooms.intent.there || !keeper_release_vouched(k))
        return sec_st(SEC_OK);
    keeper_update_facts(k, &facts);
    keeper_draft_begin(k);
    sec_status judged = sec_update_judge_automatic(&k->rooms.update, &facts, keeper_change(k), &k->draft.detail);
    if (sec_is(judged, SEC_NOT_YET)) {
        uint64_t wait_s = sec_update_window_wait_s(facts.window, facts.now_s, facts.time_trusted);
        k->recheck_at_ms = after_s(now_ms, wait_s);
    }
    if (!sec_ok(judged))
        return sec_st(SEC_OK);
    static const struct sec_digest own = {{0}};
    keeper_add(k, KEEPER_ROOM_UPDATE);
    keeper_add_intent(k, SEC_ACTION_UPDATE_INSTALL, &own);
    return keeper_internal(k, KEEPER_AUTOMATIC_UPDATE, sec_st(SEC_PENDING), true);
}

sec_status sec_keeper_tick(struct sec_keeper *k)
{
    if (k->dead || k->tampered)
        return sec_st(k->tampered ? SEC_TAMPERED : SEC_BROKEN);
    uint64_t now_ms = k->config.clock->steady_ms(k->config.clock->ctx);
    SEC_TRY(tick_refusals(k, now_ms));
    SEC_TRY(tick_waiting(k, now_ms));
    SEC_TRY(tick_trial(k, now_ms));
    SEC_TRY(tick_update(k, now_ms));
    SEC_TRY(keeper_record_uptime(k, false));
    SEC_TRY(keeper_tick_owner(k));
    if (k->staged_since_ms != UINT64_MAX && now_ms >= k->staged_since_ms + EVENTS_GATHER_MS)
        SEC_TRY(keeper_head(k));
    return keeper_retain(k);
}
