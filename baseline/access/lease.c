/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: how long the owner has been silent, what a beacon renews, and restricted mode. */
#include "state.h"

#define DAY_S 86400u

static uint64_t sum(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

static bool quiet_for(const struct sec_access *state, uint64_t uptime_s, uint64_t days)
{
    if (days == 0)
        return false;
    uint64_t quiet_s = sum(state->lease.quiet_s, uptime_s);
    return quiet_s / DAY_S >= days;
}

/* --- leases ------------------------------------------------------------------------------------------ */

uint64_t sec_access_lease_days(const struct sec_access *state)
{
    struct sec_bytes item = sec_access_roster_member(state, 3);
    struct sec_cbor rd = sec_cbor(item);
    return item.len == 0 ? 0 : sec_cbor_uint(&rd);
}

bool sec_access_lease_ended(const struct sec_access *state, const struct sec_access_subject *subject, uint64_t uptime_s)
{
    return subject->source == SEC_SUBJECT_ROSTER && subject->has_key &&
           quiet_for(state, uptime_s, sec_access_lease_days(state));
}

sec_status sec_access_judge_lease(const struct sec_access *state, const struct sec_access_facts *facts,
                                  const struct sec_access_subject *subject, struct sec_wr *detail)
{
    if (!sec_access_lease_ended(state, subject, facts->uptime_s))
        return sec_st(SEC_OK);
    sec_cbor_put_map(detail, 1);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_uint(detail, sec_access_lease_days(state));
    return sec_st(SEC_LEASE_ENDED);
}

void sec_access_lease_renew(struct sec_access *state)
{
    state->lease.quiet_s = 0;
    state->restricted = false;
}

/* --- uptime ------------------------------------------------------------------------------------------ */

void sec_access_change_uptime(uint64_t seconds, struct sec_wr *change)
{
    sec_cbor_put_map(change, 2);
    sec_cbor_put_uint(change, 1);
    sec_cbor_put_uint(change, SEC_ACCESS_UPTIME);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_uint(change, seconds);
}

sec_status sec_access_apply_uptime(struct sec_access *state, struct sec_cbor *rd)
{
    sec_access_expect(rd, 2);
    uint64_t seconds = sec_cbor_uint(rd);
    SEC_TRY(sec_cbor_end(rd));
    if (!state->owned)
        return sec_st(SEC_OK); /* nobody whose silence could be measured */
    state->lease.quiet_s = sum(state->lease.quiet_s, seconds);
    if (state->recovering.pending)
        state->recovering.elapsed_s = sum(state->recovering.elapsed_s, seconds);
    return sec_st(SEC_OK);
}

/* --- beacon ------------------------------------------------------------------------------------------ */

bool sec_access_revoked(const struct sec_access *state, const struct sec_key_id *kid)
{
    for (size_t i = 0; i < state->lease.revoked_count; i++)
        if (sec_key_id_equal(&state->lease.revoked[i], kid))
            return true;
    return false;
}

/* The lease as it is after the beacon. TABLE_FULL. */
static sec_status renewed(const struct sec_access *state, const struct sec_beacon *beacon,
                          struct sec_access_lease *ret_lease)
{
    struct sec_access_lease lease = state->lease;
    lease.quiet_s = 0;
    for (size_t i = 0; i < SEC_TOPICS_COUNT; i++)
        if (beacon->heads[i] > lease.heads[i])
            lease.heads[i] = beacon->heads[i];
    if (beacon->time_s > lease.time_s)
        lease.time_s = beacon->time_s;
    for (size_t i = 0; i < beacon->revoked_count; i++) {
        if (sec_access_revoked(state, &beacon->revoked[i]))
            continue;
        if (lease.revoked_count == SEC_REVOKED_MAX_COUNT)
            return sec_st(SEC_TABLE_FULL);
        lease.revoked[lease.revoked_count++] = beacon->revoked[i];
    }
    *ret_lease = lease;
    return sec_st(SEC_OK);
}

static bool is_owners(const struct sec_access *state, const struct sec_key_id *kid)
{
    for (size_t i = 0; i < state->owners_count; i++)
        if (sec_key_id_equal(&state->owners[i].kid, kid))
            return true;
    return state->has_recovery && sec_key_id_equal(&state->recovery.kid, kid);
}

static sec_status judge_revoked(const struct sec_access *state, const struct sec_beacon *beacon, struct sec_wr *detail)
{
    for (size_t i = 0; i < beacon->revoked_count; i++) {
        if (!is_owners(state, &beacon->revoked[i]))
            continue;
        sec_cbor_put_map(detail, 2);
        sec_cbor_put_uint(detail, 1);
        sec_cbor_put_bstr(detail, SEC_BYTES(beacon->revoked[i].b));
        sec_cbor_put_uint(detail, 2);
        sec_cbor_put_tstr(detail, SEC_LIT("is an owner's or the recovery key"));
        return sec_st(SEC_BAD_VALUE);
    }
    return sec_st(SEC_OK);
}

sec_status sec_access_judge_beacon(const struct sec_access *state, const struct sec_access_facts *facts,
                                   struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_beacon beacon;
    struct sec_access_lease lease;
    SEC_TRY(sec_beacon_parse(args, &beacon));
    SEC_TRY(judge_revoked(state, &beacon, detail));
    SEC_TRY(renewed(state, &beacon, &lease));
    sec_cbor_put_map(change, 2);
    sec_cbor_put_uint(change, 1);
    sec_cbor_put_uint(change, SEC_ACCESS_BEACON);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_bstr(change, args);
    sec_access_say_numbers(sum(state->lease.quiet_s, facts->uptime_s), lease.revoked_count, detail);
    return sec_access_written(change);
}

static bool names(const struct sec_beacon *beacon, const struct sec_key_id *kid)
{
    for (size_t i = 0; i < beacon->revoked_count; i++)
        if (sec_key_id_equal(&beacon->revoked[i], kid))
            return true;
    return false;
}

/* Releases of a revoked key are taken no more, also when a newer roster has ended the revocation of people's keys. */
static void drop_admitted(struct sec_access *state, const struct sec_beacon *beacon)
{
    size_t kept_count = 0;
    for (size_t i = 0; i < state->admitted_count; i++)
        if (!names(beacon, &state->admitted[i].key.kid))
            state->admitted[kept_count++] = state->admitted[i];
    for (size_t i = kept_count; i < state->admitted_count; i++)
        sec_zero(&state->admitted[i], sizeof state->admitted[i]);
    state->admitted_count = kept_count;
}

sec_status sec_access_apply_beacon(struct sec_access *state, struct sec_cbor *rd)
{
    struct sec_beacon beacon;
    struct sec_access_lease lease;
    sec_access_expect(rd, 2);
    struct sec_bytes args = sec_cbor_bstr(rd);
    SEC_TRY(sec_cbor_end(rd));
    SEC_TRY(sec_beacon_parse(args, &beacon));
    if (!state->owned)
        return sec_st(SEC_NO_OWNER);
    SEC_TRY(renewed(state, &beacon, &lease));
    state->lease = lease;
    drop_admitted(state, &beacon);
    sec_access_lease_renew(state);
    sec_access_approvals_prune(state);
    return sec_st(SEC_OK);
}

bool sec_access_behind(const struct sec_access *state, enum sec_topic topic)
{
    if (topic < SEC_TOPIC_ACCESS || topic > SEC_TOPIC_BEACON)
        return false;
    return state->topics[topic - 1].head < state->lease.heads[topic - 1];
}

/* --- restricted mode --------------------------------------------------------------------------------- */

bool sec_access_restriction(const struct sec_access *state, uint64_t uptime_s, uint64_t after_days)
{
    return state->owned && !state->restricted && quiet_for(state, uptime_s, after_days);
}

void sec_access_change_restricted(bool restricted, struct sec_wr *change)
{
    sec_cbor_put_map(change, 2);
    sec_cbor_put_uint(change, 1);
    sec_cbor_put_uint(change, SEC_ACCESS_RESTRICTED);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_bool(change, restricted);
}

sec_status sec_access_apply_restricted(struct sec_access *state, struct sec_cbor *rd)
{
    sec_access_expect(rd, 2);
    bool restricted = sec_cbor_bool(rd);
    SEC_TRY(sec_cbor_end(rd));
    if (!state->owned)
        return sec_st(SEC_NO_OWNER);
    state->restricted = restricted;
    return sec_st(SEC_OK);
}
