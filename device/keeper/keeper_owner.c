/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from the owner's silence and word by itself: uptime, recovery, restricted mode; and presence at the device. */
#include "keeper_inside.h"

static uint64_t now_ms(const struct sec_keeper *k)
{
    return k->config.clock->steady_ms(k->config.clock->ctx);
}

/* --- uptime ------------------------------------------------------------------------------------------------------- */

sec_status keeper_record_uptime(struct sec_keeper *k, bool now)
{
    if (!k->rooms.access.owned || keeper_uptime_s(k) == 0 || (!now && now_ms(k) < k->uptime_due_ms))
        return sec_st(SEC_OK);
    k->uptime_due_ms = now_ms(k) + KEEPER_UPTIME_INTERVAL_S * 1000u;
    keeper_draft_begin(k);
    sec_status status = keeper_internal(k, KEEPER_UPTIME, sec_st(SEC_OK), false);
    /* What is not recorded goes on counting in memory. */
    return sec_status_class(status) == SEC_CLASS_SPACE ? sec_st(SEC_OK) : status;
}

/* --- recovery and restricted mode ------------------------------------------------------------------------------------ */

static sec_status tick_recovery(struct sec_keeper *k)
{
    if (k->rooms.intent.there || !sec_access_recovery_due(&k->rooms.access, keeper_uptime_s(k)))
        return sec_st(SEC_OK);
    keeper_draft_begin(k);
    SEC_TRY(sec_access_judge_recovered(&k->rooms.access, keeper_uptime_s(k), keeper_change(k), &k->draft.detail));
    keeper_add(k, KEEPER_ROOM_ACCESS);
    return keeper_internal(k, KEEPER_RECOVERED, sec_st(SEC_OK), false);
}

static uint64_t restricted_after_days(const struct sec_keeper *k)
{
    return k->product.facts.restricted ? k->product.facts.restricted_after_days : 0;
}

/** Never touches settings or function: declared interfaces go off but for those that the product keeps. A start brings that about as well. */
static sec_status tick_restriction(struct sec_keeper *k)
{
    const uint64_t uptime_s = keeper_uptime_s(k);
    if (!sec_access_restriction(&k->rooms.access, uptime_s, restricted_after_days(k)))
        return sec_st(SEC_OK);
    keeper_draft_begin(k);
    sec_access_change_restricted(true, keeper_change(k));
    keeper_add(k, KEEPER_ROOM_ACCESS);
    sec_cbor_put_map(&k->draft.detail, 1);
    sec_cbor_put_int(&k->draft.detail, 1);
    sec_cbor_put_uint(&k->draft.detail, k->rooms.access.lease.quiet_s + uptime_s);
    SEC_TRY(keeper_internal(k, KEEPER_RESTRICTED, sec_st(SEC_OK), false));
    sec_status status = keeper_interfaces_effect(k);
    k->dead = k->dead || !sec_ok(status);
    return status;
}

sec_status keeper_tick_owner(struct sec_keeper *k)
{
    SEC_TRY(tick_recovery(k));
    return tick_restriction(k);
}

uint64_t keeper_owner_due_ms(const struct sec_keeper *k)
{
    if (!k->rooms.access.owned)
        return UINT64_MAX;
    const struct sec_access *access = &k->rooms.access;
    uint64_t due = k->uptime_due_ms;
    uint64_t left_ms = sec_access_recovery_left_s(access, keeper_uptime_s(k)) * 1000u;
    if (access->recovering.pending && now_ms(k) + left_ms < due)
        due = now_ms(k) + left_ms;
    return due;
}

/* --- presence --------------------------------------------------------------------------------------------------------- */

sec_status keeper_presence(struct sec_keeper *k)
{
    static const struct sec_digest own = {{0}};
    uint8_t told[32], empty[1];
    struct sec_wr lost = sec_wr(SEC_ROOM(told)), none = sec_wr(SEC_ROOM(empty));
    keeper_draft_begin(k);
    sec_status judged = sec_access_judge_presence(&k->rooms.access, k->product.facts.presence != SEC_PRESENCE_NONE, &k->draft.detail);
    sec_args_empty_encode(&none);
    if (sec_ok(judged))
        judged = sec_protection_judge_wipe(&k->rooms.protection, sec_wr_done(&none), keeper_change(k), &lost);
    if (!sec_ok(judged)) {
        sec_refusals_add(&k->refusals, judged, now_ms(k), keeper_time_shown(k));
        return sec_st(SEC_OK);
    }
    keeper_add(k, KEEPER_ROOM_PROTECTION);
    keeper_add_intent(k, SEC_ACTION_PROTECTION_WIPE, &own);
    sec_status status = keeper_internal(k, KEEPER_PRESENCE, sec_st(SEC_OK), true);
    /* Too full to record the intent: nothing has happened, and the device goes on as it was. */
    return sec_status_class(status) == SEC_CLASS_SPACE && !k->dead ? sec_st(SEC_OK) : status;
}
