/* SPDX-License-Identifier: Apache-2.0 */
/* How many keys a command needs, who has approved it, and the approvals that wait. */
#include "state.h"

/* --- how many ---------------------------------------------------------------------------------------- */

static uint64_t threshold_of(const struct sec_access *state, const struct sec_command *command)
{
    struct sec_bytes thresholds = sec_access_roster_member(state, 2);
    struct sec_threshold threshold;
    for (size_t n = 0; sec_threshold_at(thresholds, n, &threshold); n++)
        if ((uint64_t)threshold.action == command->action)
            return command->audience.by_match ? threshold.by_match : threshold.by_ids;
    return 1;
}

uint64_t sec_access_needed(const struct sec_access *state, const struct sec_command *command)
{
    const struct sec_action_row *row = sec_action_row(command->action);
    if (!row || row->least_role == SEC_ROLE_RECOVERY)
        return 1;
    uint64_t needed = threshold_of(state, command);
    if (row->least_role != SEC_ROLE_OWNER)
        return needed;
    if (needed < state->owners_required)
        needed = state->owners_required;
    /* A recovery may leave fewer owners than the roster was written for: they must not be shut out by it. */
    return needed < state->owners_count ? needed : state->owners_count;
}

static bool counts(const struct sec_access *state, const struct sec_access_facts *facts, const struct sec_key_id *kid,
                   const struct sec_action_row *row)
{
    struct sec_access_subject subject;
    return sec_ok(sec_access_find(state, kid, &subject)) && sec_access_role_suffices(subject.role, row->least_role) &&
           sec_access_in_scope(&subject, facts) && !sec_access_ended(&subject, &facts->time) &&
           !sec_access_lease_ended(state, &subject, facts->uptime_s);
}

sec_status sec_access_judge_quorum(const struct sec_access *state, const struct sec_access_facts *facts,
                                   const struct sec_access_subject *signer, const struct sec_command *command,
                                   const struct sec_digest *digest, struct sec_wr *detail)
{
    const struct sec_action_row *row = sec_action_row(command->action);
    uint64_t needed = sec_access_needed(state, command), have = 1;
    for (size_t i = 0; i < state->approvals_count; i++) {
        /* One key approves a statement once, so different entries are different keys. */
        const struct sec_access_approval *approval = &state->approvals[i];
        if (sec_digest_equal(&approval->statement, digest) && !sec_key_id_equal(&approval->kid, &signer->key.kid) &&
            counts(state, facts, &approval->kid, row))
            have++;
    }
    if (have >= needed)
        return sec_st(SEC_OK);
    sec_access_say_numbers(needed, have, detail);
    return sec_st(SEC_APPROVALS_MISSING);
}

/* --- an approval ------------------------------------------------------------------------------------- */

static size_t waiting_for(const struct sec_access *state, const struct sec_digest *statement)
{
    size_t count = 0;
    for (size_t i = 0; i < state->approvals_count; i++)
        count += sec_digest_equal(&state->approvals[i].statement, statement);
    return count;
}

static size_t waiting_of(const struct sec_access *state, const struct sec_key_id *kid)
{
    size_t count = 0;
    for (size_t i = 0; i < state->approvals_count; i++)
        count += sec_key_id_equal(&state->approvals[i].kid, kid);
    return count;
}

static sec_status fits(const struct sec_access *state, const struct sec_access_approval *approval)
{
    for (size_t i = 0; i < state->approvals_count; i++)
        if (sec_digest_equal(&state->approvals[i].statement, &approval->statement) &&
            sec_key_id_equal(&state->approvals[i].kid, &approval->kid))
            return sec_st(SEC_EXISTS);
    bool makes_room = waiting_of(state, &approval->kid) >= SEC_APPROVALS_OF_KEY_MAX_COUNT;
    return sec_st(makes_room || state->approvals_count < SEC_APPROVALS_MAX_COUNT ? SEC_OK : SEC_TABLE_FULL);
}

static sec_status judge_approver(const struct sec_access *state, const struct sec_access_facts *facts,
                                 const struct sec_access_subject *subject, struct sec_wr *detail)
{
    if (subject->role < SEC_ROLE_OWNER || subject->role > SEC_ROLE_OPERATOR)
        sec_access_say(SEC_LIT("role"), detail);
    else if (!sec_access_in_scope(subject, facts))
        sec_access_say(SEC_LIT("scope"), detail);
    else if (sec_access_ended(subject, &facts->time))
        sec_access_say(SEC_LIT("ends-at"), detail);
    else
        return sec_access_judge_lease(state, facts, subject, detail);
    return sec_st(SEC_ROLE_INSUFFICIENT);
}

sec_status sec_access_judge_approval(const struct sec_access *state, const struct sec_access_facts *facts,
                                     const struct sec_access_subject *subject, struct sec_bytes body,
                                     struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_approval form;
    uint64_t index;
    sec_status code;
    SEC_TRY(sec_approval_parse(body, &form));
    if (form.epoch != state->epoch)
        return sec_st(SEC_WRONG_EPOCH);
    SEC_TRY(judge_approver(state, facts, subject, detail));
    if (sec_access_decided(state, &form.statement, &index, &code))
        return sec_st(SEC_ALREADY_DECIDED);
    struct sec_access_approval approval = {form.statement, subject->key.kid};
    SEC_TRY(fits(state, &approval));
    sec_cbor_put_map(change, 3);
    sec_cbor_put_uint(change, 1);
    sec_cbor_put_uint(change, SEC_ACCESS_APPROVED);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_bstr(change, sec_digest_bytes(&approval.statement));
    sec_cbor_put_uint(change, 3);
    sec_cbor_put_bstr(change, SEC_BYTES(approval.kid.b));
    sec_access_say_digest(sec_digest_bytes(&form.statement), waiting_for(state, &form.statement) + 1, detail);
    return sec_access_written(change);
}

/* --- the table --------------------------------------------------------------------------------------- */

static void drop_at(struct sec_access *state, size_t at)
{
    for (size_t i = at + 1; i < state->approvals_count; i++)
        state->approvals[i - 1] = state->approvals[i];
    state->approvals_count--;
}

sec_status sec_access_apply_approved(struct sec_access *state, struct sec_cbor *rd)
{
    struct sec_access_approval approval;
    sec_access_expect(rd, 2);
    sec_cbor_bstr_into(rd, SEC_ROOM(approval.statement.b));
    sec_access_expect(rd, 3);
    sec_cbor_bstr_into(rd, SEC_ROOM(approval.kid.b));
    SEC_TRY(sec_cbor_end(rd));
    if (!state->owned)
        return sec_st(SEC_NO_OWNER);
    SEC_TRY(fits(state, &approval));
    if (waiting_of(state, &approval.kid) >= SEC_APPROVALS_OF_KEY_MAX_COUNT) {
        size_t oldest = 0;
        while (!sec_key_id_equal(&state->approvals[oldest].kid, &approval.kid))
            oldest++;
        drop_at(state, oldest);
    }
    state->approvals[state->approvals_count++] = approval;
    return sec_st(SEC_OK);
}

void sec_access_approvals_drop(struct sec_access *state, const struct sec_digest *statement)
{
    for (size_t i = state->approvals_count; i > 0; i--)
        if (sec_digest_equal(&state->approvals[i - 1].statement, statement))
            drop_at(state, i - 1);
}

void sec_access_approvals_prune(struct sec_access *state)
{
    struct sec_access_subject subject;
    for (size_t i = state->approvals_count; i > 0; i--)
        if (!sec_ok(sec_access_find(state, &state->approvals[i - 1].kid, &subject)))
            drop_at(state, i - 1);
}
