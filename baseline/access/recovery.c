/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery: new owner keys by the recovery key, after a delay in which the present owners may veto. */
#include "state.h"

/* --- form -------------------------------------------------------------------------------------------- */

void sec_recovery_encode(const struct sec_recovery *recovery, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 1);
    sec_cbor_put_uint(wr, 1);
    sec_form_keys_put(&recovery->owners, wr);
}

sec_status sec_recovery_parse(struct sec_bytes args, struct sec_recovery *ret_recovery)
{
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    struct sec_recovery recovery;
    sec_zero(&recovery, sizeof recovery);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            sec_form_keys_read(&rd, &recovery.owners);
        else
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1));
    SEC_TRY(sec_cbor_end(&rd));
    *ret_recovery = recovery;
    return sec_st(SEC_OK);
}

/* --- changes ----------------------------------------------------------------------------------------- */

static void put_kind(enum sec_access_change kind, size_t members_count, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, members_count);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, (uint64_t)kind);
}

sec_status sec_access_apply_recover(struct sec_access *state, struct sec_cbor *rd)
{
    struct sec_access_recovering recovering;
    sec_zero(&recovering, sizeof recovering);
    recovering.pending = true;
    sec_access_expect(rd, 2);
    sec_cbor_bstr_into(rd, SEC_ROOM(recovering.statement.b));
    sec_access_expect(rd, 3);
    sec_access_pairs_read(rd, recovering.keys, &recovering.count);
    SEC_TRY(sec_cbor_end(rd));
    if (recovering.count == 0)
        return sec_st(SEC_BAD_VALUE);
    if (!state->owned || !state->has_recovery)
        return sec_st(SEC_NO_OWNER);
    if (state->recovering.pending)
        return sec_st(SEC_EXISTS);
    state->recovering = recovering;
    return sec_st(SEC_OK);
}

void sec_access_recovery_end(struct sec_access *state)
{
    sec_zero(&state->recovering, sizeof state->recovering);
}

sec_status sec_access_apply_vetoed(struct sec_access *state, struct sec_cbor *rd)
{
    SEC_TRY(sec_cbor_end(rd));
    if (!state->recovering.pending)
        return sec_st(SEC_NOTHING_PENDING);
    sec_access_recovery_end(state);
    return sec_st(SEC_OK);
}

sec_status sec_access_apply_recovered(struct sec_access *state, struct sec_cbor *rd)
{
    SEC_TRY(sec_cbor_end(rd));
    if (!state->recovering.pending)
        return sec_st(SEC_NOTHING_PENDING);
    state->owners_required = 1;
    state->owners_count = state->recovering.count;
    sec_copy(state->owners, state->recovering.keys, sizeof state->owners);
    state->approvals_count = 0;
    sec_zero(&state->next, sizeof state->next);
    sec_access_recovery_end(state);
    return sec_st(SEC_OK);
}

/* --- verdicts ---------------------------------------------------------------------------------------- */

static sec_status judge_key(const struct sec_access *state, const struct sec_access_key *key, struct sec_wr *detail)
{
    struct sec_access_subject subject;
    struct sec_public_key release;
    if (sec_ok(sec_access_release_key(state, &key->kid, &release)))
        return sec_access_refuse(SEC_LIT("key"), SEC_LIT("is an admitted release key"), detail);
    if (sec_ok(sec_access_find(state, &key->kid, &subject)) && subject.source != SEC_SUBJECT_OWNER)
        return sec_access_refuse(subject.name, SEC_LIT("holds this key in another role"), detail);
    return sec_st(SEC_OK);
}

sec_status sec_access_judge_recover(const struct sec_access *state, const struct sec_access_facts *facts,
                                    const struct sec_digest *digest, struct sec_bytes args, struct sec_wr *change,
                                    struct sec_wr *detail)
{
    struct sec_recovery recovery;
    struct sec_access_key keys[SEC_OWNERS_MAX_COUNT];
    SEC_TRY(sec_recovery_parse(args, &recovery));
    if (state->recovering.pending)
        return sec_st(SEC_EXISTS);
    for (size_t i = 0; i < recovery.owners.count; i++) {
        SEC_TRY(sec_access_key_of(&recovery.owners.keys[i], facts->hasher, &keys[i]));
        SEC_TRY(judge_key(state, &keys[i], detail));
    }
    put_kind(SEC_ACCESS_RECOVER, 3, change);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_bstr(change, sec_digest_bytes(digest));
    sec_cbor_put_uint(change, 3);
    sec_access_pairs_put(keys, recovery.owners.count, change);
    sec_access_say_numbers(recovery.owners.count, SEC_RECOVERY_DELAY_S, detail);
    return sec_access_written(change);
}

bool sec_access_refusal_consumes(const struct sec_access_subject *subject)
{
    return subject->source != SEC_SUBJECT_RECOVERY;
}

uint64_t sec_access_recovery_left_s(const struct sec_access *state, uint64_t uptime_s)
{
    const struct sec_access_recovering *recovering = &state->recovering;
    if (!recovering->pending || recovering->elapsed_s >= SEC_RECOVERY_DELAY_S)
        return 0;
    uint64_t left_s = SEC_RECOVERY_DELAY_S - recovering->elapsed_s;
    return uptime_s < left_s ? left_s - uptime_s : 0;
}

bool sec_access_recovery_due(const struct sec_access *state, uint64_t uptime_s)
{
    return state->recovering.pending && sec_access_recovery_left_s(state, uptime_s) == 0;
}

sec_status sec_access_judge_veto(const struct sec_access *state, const struct sec_access_facts *facts,
                                 struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_digest digest;
    const struct sec_access_recovering *recovering = &state->recovering;
    SEC_TRY(sec_args_digest_parse(args, &digest));
    if (!recovering->pending || !sec_digest_equal(&recovering->statement, &digest))
        return sec_st(SEC_NOTHING_PENDING);
    put_kind(SEC_ACCESS_VETOED, 1, change);
    sec_access_say_digest(sec_digest_bytes(&digest), sec_access_recovery_left_s(state, facts->uptime_s), detail);
    return sec_access_written(change);
}

sec_status sec_access_judge_recovered(const struct sec_access *state, uint64_t uptime_s, struct sec_wr *change,
                                      struct sec_wr *detail)
{
    if (!state->recovering.pending)
        return sec_st(SEC_NOTHING_PENDING);
    if (!sec_access_recovery_due(state, uptime_s))
        return sec_st(SEC_NOT_YET);
    put_kind(SEC_ACCESS_RECOVERED, 1, change);
    sec_access_say_digest(sec_digest_bytes(&state->recovering.statement), state->recovering.count, detail);
    return sec_access_written(change);
}
