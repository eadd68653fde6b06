/* SPDX-License-Identifier: Apache-2.0 */
/* Changes, both directions: written by judges, folded by apply. Each is checked whole before it touches the state. */
#include "state.h"

/* --- write ------------------------------------------------------------------------------------------- */

static void put_kind(enum sec_access_change kind, size_t members_count, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, members_count);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, (uint64_t)kind);
}

void sec_access_change_decided(const struct sec_access_decision *decision, struct sec_wr *change)
{
    bool ordered = decision->topic != SEC_TOPIC_NONE;
    put_kind(SEC_ACCESS_DECIDED, ordered ? 6 : 3, change);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_bstr(change, sec_digest_bytes(&decision->digest));
    sec_cbor_put_uint(change, 3);
    sec_cbor_put_uint(change, decision->code.code);
    if (!ordered)
        return;
    sec_cbor_put_uint(change, 4);
    sec_cbor_put_uint(change, (uint64_t)decision->topic);
    sec_cbor_put_uint(change, 5);
    sec_cbor_put_uint(change, decision->generation);
    sec_cbor_put_uint(change, 6);
    sec_cbor_put_bool(change, decision->by_owner);
}

void sec_access_owners_put(const struct sec_access_owners *owners, bool keyed, struct sec_wr *wr)
{
    if (keyed)
        sec_cbor_put_uint(wr, 2);
    sec_access_pairs_put(owners->keys, owners->count, wr);
    if (keyed)
        sec_cbor_put_uint(wr, 3);
    sec_cbor_put_uint(wr, owners->required);
    if (keyed)
        sec_cbor_put_uint(wr, 4);
    if (owners->has_recovery)
        sec_access_pair_put(&owners->recovery, wr);
    else
        sec_cbor_put_null(wr);
}

void sec_access_change_claimed(const struct sec_access_owners *owners, struct sec_wr *change)
{
    put_kind(SEC_ACCESS_CLAIMED, 4, change);
    sec_access_owners_put(owners, true, change);
}

void sec_access_change_next(const struct sec_access_owners *owners, struct sec_wr *change)
{
    put_kind(SEC_ACCESS_NEXT, 4, change);
    sec_access_owners_put(owners, true, change);
}

void sec_access_change_transfer_dropped(struct sec_wr *change)
{
    put_kind(SEC_ACCESS_NEXT, 1, change);
}

void sec_access_change_roster(struct sec_bytes roster, const struct sec_access_kids *kids, bool stays_revoked,
                              struct sec_wr *change)
{
    put_kind(SEC_ACCESS_ROSTER_SET, stays_revoked ? 4 : 3, change);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_bstr(change, roster);
    sec_cbor_put_uint(change, 3);
    sec_access_kids_put(kids->kids, kids->count, change);
    if (!stays_revoked)
        return;
    sec_cbor_put_uint(change, 4);
    sec_cbor_put_bool(change, true);
}

void sec_access_change_admitted(const struct sec_access_key *key, struct sec_bytes purpose, struct sec_wr *change)
{
    put_kind(SEC_ACCESS_ADMITTED, 3, change);
    sec_cbor_put_uint(change, 2);
    sec_access_pair_put(key, change);
    sec_cbor_put_uint(change, 3);
    sec_cbor_put_tstr(change, purpose);
}

/* --- fold -------------------------------------------------------------------------------------------- */

void sec_access_expect(struct sec_cbor *rd, uint64_t key)
{
    if (sec_cbor_uint(rd) != key)
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
}

static void remember(struct sec_access *state, const struct sec_access_decided *decided)
{
    for (size_t i = 0; i < state->decided_count; i++) {
        if (sec_digest_equal(&state->decided[i].digest, &decided->digest)) {
            state->decided[i] = *decided;
            return;
        }
    }
    if (state->decided_count == SEC_DECIDED_MAX_COUNT) {
        for (size_t i = 1; i < SEC_DECIDED_MAX_COUNT; i++)
            state->decided[i - 1] = state->decided[i];
        state->decided_count--;
    }
    state->decided[state->decided_count++] = *decided;
}

static void take_generation(struct sec_access_topic *topic, const struct sec_access_decision *decision)
{
    if (decision->generation > topic->head) {
        topic->head = decision->generation;
        topic->winner = decision->digest;
    }
    if (decision->by_owner && decision->generation > topic->owner_head)
        topic->owner_head = decision->generation;
}

static sec_status apply_decided(struct sec_access *state, struct sec_cbor *rd, size_t members_count, uint64_t index)
{
    struct sec_access_decision decision = {.topic = SEC_TOPIC_NONE};
    sec_access_expect(rd, 2);
    sec_cbor_bstr_into(rd, SEC_ROOM(decision.digest.b));
    sec_access_expect(rd, 3);
    uint64_t code = sec_cbor_uint(rd);
    if (code > UINT16_MAX || (members_count != 3 && members_count != 6))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    uint64_t topic = 0;
    if (members_count == 6) {
        sec_access_expect(rd, 4);
        topic = sec_form_positive(rd);
        sec_access_expect(rd, 5);
        decision.generation = sec_form_positive(rd);
        sec_access_expect(rd, 6);
        decision.by_owner = sec_cbor_bool(rd);
    }
    if (topic > SEC_TOPICS_COUNT)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    SEC_TRY(sec_cbor_end(rd));
    if (topic != 0)
        take_generation(&state->topics[topic - 1], &decision);
    sec_access_approvals_drop(state, &decision.digest);
    remember(state, &(struct sec_access_decided){decision.digest, index, (uint16_t)code});
    return sec_st(SEC_OK);
}

void sec_access_owners_read(struct sec_cbor *rd, bool keyed, struct sec_access_owners *ret_owners)
{
    struct sec_access_owners owners;
    sec_zero(&owners, sizeof owners);
    if (keyed)
        sec_access_expect(rd, 2);
    sec_access_pairs_read(rd, owners.keys, &owners.count);
    if (keyed)
        sec_access_expect(rd, 3);
    owners.required = sec_form_positive(rd);
    if (keyed)
        sec_access_expect(rd, 4);
    owners.has_recovery = !sec_cbor_is_null(rd);
    if (owners.has_recovery)
        sec_access_pair_read(rd, &owners.recovery);
    else
        sec_cbor_null(rd);
    if (owners.required > owners.count)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    *ret_owners = owners;
}

static sec_status apply_claimed(struct sec_access *state, struct sec_cbor *rd)
{
    struct sec_access_owners owners;
    sec_access_owners_read(rd, true, &owners);
    SEC_TRY(sec_cbor_end(rd));
    if (state->owned)
        return sec_st(SEC_ALREADY_OWNED);
    sec_access_own(state, &owners);
    return sec_st(SEC_OK);
}

static sec_status apply_next(struct sec_access *state, struct sec_cbor *rd, size_t members_count)
{
    struct sec_access_owners owners;
    sec_zero(&owners, sizeof owners);
    if (members_count != 1)
        sec_access_owners_read(rd, true, &owners);
    SEC_TRY(sec_cbor_end(rd));
    if (!state->owned)
        return sec_st(SEC_NO_OWNER);
    state->next = owners;
    if (owners.count != 0)
        sec_access_recovery_end(state);
    return sec_st(SEC_OK);
}

static sec_status apply_roster(struct sec_access *state, struct sec_cbor *rd, size_t members_count)
{
    struct sec_access_kids kids;
    bool stays_revoked = members_count == 4;
    sec_access_expect(rd, 2);
    struct sec_bytes roster = sec_cbor_bstr(rd);
    sec_access_expect(rd, 3);
    sec_access_kids_read(rd, &kids);
    if (stays_revoked) {
        sec_access_expect(rd, 4);
        if (!sec_cbor_bool(rd))
            sec_cbor_fail(rd, SEC_BAD_VALUE);
    }
    SEC_TRY(sec_cbor_end(rd));
    SEC_TRY(sec_access_roster_fits(roster, &kids));
    sec_zero(state->roster, sizeof state->roster);
    if (!sec_bytes_copy(SEC_ROOM(state->roster), roster))
        return sec_st(SEC_INTERNAL); /* the parser bounds the length */
    state->roster_len = roster.len;
    state->subjects_count = kids.count;
    sec_copy(state->kids, kids.kids, sizeof state->kids);
    if (!stays_revoked)
        state->lease.revoked_count = 0;
    sec_access_lease_renew(state);
    sec_access_approvals_prune(state);
    return sec_st(SEC_OK);
}

static sec_status apply_admitted(struct sec_access *state, struct sec_cbor *rd)
{
    struct sec_access_admitted admitted;
    sec_zero(&admitted, sizeof admitted);
    sec_access_expect(rd, 2);
    sec_access_pair_read(rd, &admitted.key);
    sec_access_expect(rd, 3);
    struct sec_bytes purpose = sec_form_name(rd);
    SEC_TRY(sec_cbor_end(rd));
    if (state->admitted_count >= SEC_ADMITTED_MAX_COUNT)
        return sec_st(SEC_TABLE_FULL);
    if (!sec_bytes_copy(SEC_ROOM(admitted.purpose), purpose))
        return sec_st(SEC_INTERNAL); /* sec_form_name() bounds the length */
    admitted.purpose_len = (uint8_t)purpose.len;
    state->admitted[state->admitted_count++] = admitted;
    return sec_st(SEC_OK);
}

static sec_status apply_kind(struct sec_access *state, struct sec_cbor *rd, uint64_t kind, size_t members_count,
                             uint64_t index)
{
    switch (kind) {
    case SEC_ACCESS_DECIDED:
        return apply_decided(state, rd, members_count, index);
    case SEC_ACCESS_CLAIMED:
        return apply_claimed(state, rd);
    case SEC_ACCESS_ROSTER_SET:
        return apply_roster(state, rd, members_count);
    case SEC_ACCESS_ADMITTED:
        return apply_admitted(state, rd);
    case SEC_ACCESS_APPROVED:
        return sec_access_apply_approved(state, rd);
    case SEC_ACCESS_UPTIME:
        return sec_access_apply_uptime(state, rd);
    case SEC_ACCESS_BEACON:
        return sec_access_apply_beacon(state, rd);
    case SEC_ACCESS_RESTRICTED:
        return sec_access_apply_restricted(state, rd);
    case SEC_ACCESS_SITE:
        return sec_access_apply_site(state, rd);
    case SEC_ACCESS_NEXT:
        return apply_next(state, rd, members_count);
    case SEC_ACCESS_RECOVER:
        return sec_access_apply_recover(state, rd);
    case SEC_ACCESS_VETOED:
        return sec_access_apply_vetoed(state, rd);
    case SEC_ACCESS_RECOVERED:
        return sec_access_apply_recovered(state, rd);
    default:
        return sec_st(SEC_UNSUPPORTED);
    }
}

sec_status sec_access_apply(struct sec_access *state, struct sec_bytes change, uint64_t index)
{
    SEC_TRY(sec_cbor_check(change, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(change);
    size_t members_count = sec_cbor_map(&rd);
    sec_access_expect(&rd, 1);
    uint64_t kind = sec_cbor_uint(&rd);
    if (!sec_ok(rd.status))
        return rd.status;
    return apply_kind(state, &rd, kind, members_count, index);
}
