/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on what changes access itself: voucher, roster, admitted keys, transfer, physical presence. */
#include "state.h"

sec_status sec_access_key_of(const struct sec_public_key *key, const struct sec_hasher *hasher,
                             struct sec_access_key *ret_key)
{
    struct sec_access_key made = {.key = *key};
    SEC_TRY(sec_key_id_of(key, hasher, &made.kid));
    *ret_key = made;
    return sec_st(SEC_OK);
}

/* A voucher names its owners as a transfer does. */
static sec_status owners_of(const struct sec_transfer *named, const struct sec_hasher *hasher,
                            struct sec_access_owners *ret_owners)
{
    sec_zero(ret_owners, sizeof *ret_owners);
    for (size_t i = 0; i < named->owners.count; i++)
        SEC_TRY(sec_access_key_of(&named->owners.keys[i], hasher, &ret_owners->keys[i]));
    if (named->has_recovery)
        SEC_TRY(sec_access_key_of(&named->recovery, hasher, &ret_owners->recovery));
    ret_owners->count = named->owners.count;
    ret_owners->required = named->required;
    ret_owners->has_recovery = named->has_recovery;
    return sec_st(SEC_OK);
}

sec_status sec_access_judge_voucher(const struct sec_access *state, const struct sec_access_facts *facts,
                                    struct sec_bytes body, struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_voucher voucher;
    SEC_TRY(sec_voucher_parse(body, &voucher));
    if (!sec_bytes_equal(sec_digest_bytes(&voucher.device_id), facts->device.device_id))
        return sec_st(SEC_WRONG_AUDIENCE);
    if (voucher.epoch != state->epoch)
        return sec_st(SEC_WRONG_EPOCH);
    if (state->owned)
        return sec_st(SEC_ALREADY_OWNED);
    struct sec_transfer named = {voucher.owners, voucher.required, voucher.has_recovery, voucher.recovery};
    struct sec_access_owners owners;
    SEC_TRY(owners_of(&named, facts->hasher, &owners));
    sec_access_change_claimed(&owners, change);
    sec_access_say_numbers(owners.count, voucher.epoch, detail);
    return sec_access_written(change);
}

/* Owners stand in the voucher: a roster can neither add, replace nor shadow one, nor one who is announced to be. */
static bool is_owner_key(const struct sec_access *state, const struct sec_public_key *key)
{
    for (size_t i = 0; i < state->owners_count; i++)
        if (sec_key_equal(&state->owners[i].key, key))
            return true;
    for (size_t i = 0; i < state->recovering.count; i++)
        if (sec_key_equal(&state->recovering.keys[i].key, key))
            return true;
    return state->has_recovery && sec_key_equal(&state->recovery.key, key);
}

static sec_status kids_of(const struct sec_access *state, const struct sec_roster *roster,
                          const struct sec_hasher *hasher, struct sec_access_kids *ret_kids, struct sec_wr *detail)
{
    sec_zero(ret_kids, sizeof *ret_kids);
    ret_kids->count = roster->subjects_count;
    for (size_t i = 0; i < roster->subjects_count; i++) {
        const struct sec_subject *subject = &roster->subjects[i];
        if (!subject->has_key)
            continue;
        if (is_owner_key(state, &subject->key))
            return sec_access_refuse(subject->name, SEC_LIT("holds an owner's key"), detail);
        struct sec_public_key release;
        SEC_TRY(sec_key_id_of(&subject->key, hasher, &ret_kids->kids[i]));
        /* A key speaks for one house: on the roster, the releases that it was admitted for would be refused. */
        if (sec_ok(sec_access_release_key(state, &ret_kids->kids[i], &release)))
            return sec_access_refuse(subject->name, SEC_LIT("holds an admitted release key"), detail);
    }
    return sec_st(SEC_OK);
}

static uint64_t reachable(const struct sec_access *state, const struct sec_roster *roster,
                          const struct sec_action_row *row)
{
    uint64_t count = state->owners_count;
    for (size_t i = 0; i < roster->subjects_count; i++)
        count += roster->subjects[i].has_key && sec_access_role_suffices(roster->subjects[i].role, row->least_role);
    return count;
}

/* A threshold that nobody can reach would switch its action off, for the owner too. */
static sec_status judge_thresholds(const struct sec_access *state, const struct sec_roster *roster,
                                   struct sec_wr *detail)
{
    struct sec_threshold threshold;
    for (size_t n = 0; sec_threshold_at(roster->thresholds, n, &threshold); n++) {
        const struct sec_action_row *row = sec_action_row((uint64_t)threshold.action);
        uint64_t needed = threshold.by_ids > threshold.by_match ? threshold.by_ids : threshold.by_match;
        if (!row || needed > reachable(state, roster, row))
            return sec_access_refuse(sec_bytes_of_str(sec_action_word((uint64_t)threshold.action)),
                                     SEC_LIT("needs more keys than may do it"), detail);
    }
    return sec_st(SEC_OK);
}

sec_status sec_access_judge_roster(const struct sec_access *state, const struct sec_access_facts *facts,
                                   struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_roster roster;
    struct sec_access_kids kids;
    SEC_TRY(sec_roster_parse(args, &roster));
    SEC_TRY(sec_roster_check(&roster));
    SEC_TRY(kids_of(state, &roster, facts->hasher, &kids, detail));
    SEC_TRY(judge_thresholds(state, &roster, detail));
    /* A roster that the owner had signed before the beacon's word may still hold whom the beacon revoked. */
    bool newer = facts->generation > state->lease.heads[SEC_TOPIC_ACCESS - 1];
    sec_access_change_roster(args, &kids, state->lease.revoked_count > 0 && !newer, change);
    sec_access_say_numbers(state->subjects_count, kids.count, detail);
    return sec_access_written(change);
}

sec_status sec_access_judge_admit_key(const struct sec_access *state, const struct sec_access_facts *facts,
                                      struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_admission admission;
    struct sec_access_key key;
    struct sec_public_key present;
    struct sec_access_subject subject;
    SEC_TRY(sec_admission_parse(args, &admission));
    SEC_TRY(sec_access_key_of(&admission.key, facts->hasher, &key));
    if (is_owner_key(state, &admission.key))
        return sec_access_refuse(SEC_LIT("owner"), SEC_LIT("holds this key and commands with it"), detail);
    if (sec_ok(sec_access_find(state, &key.kid, &subject)))
        return sec_access_refuse(subject.name, SEC_LIT("holds this key and commands with it"), detail);
    if (sec_ok(sec_access_release_key(state, &key.kid, &present)))
        return sec_st(SEC_EXISTS);
    /* An admission that the owner had signed before the beacon's word. */
    if (sec_access_revoked(state, &key.kid) && facts->generation <= state->lease.heads[SEC_TOPIC_ACCESS - 1])
        return sec_access_refuse(admission.purpose, SEC_LIT("is a key that a beacon revoked"), detail);
    if (state->admitted_count >= SEC_ADMITTED_MAX_COUNT)
        return sec_st(SEC_TABLE_FULL);
    sec_access_change_admitted(&key, admission.purpose, change);
    sec_cbor_put_map(detail, 2);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_tstr(detail, admission.purpose);
    sec_cbor_put_uint(detail, 2);
    sec_cbor_put_bstr(detail, SEC_BYTES(key.kid.b));
    return sec_st(change->bad ? SEC_ROOM_FULL : SEC_OK);
}

sec_status sec_access_judge_transfer(const struct sec_access *state, const struct sec_access_facts *facts,
                                     struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_transfer transfer;
    struct sec_access_owners owners;
    SEC_TRY(sec_transfer_parse(args, &transfer));
    SEC_TRY(owners_of(&transfer, facts->hasher, &owners));
    sec_access_change_next(&owners, change);
    sec_access_say_numbers(owners.count, state->epoch + 1, detail);
    return sec_access_written(change);
}

sec_status sec_access_judge_presence(const struct sec_access *state, bool declared, struct sec_wr *detail)
{
    if (!declared) {
        sec_access_say(SEC_LIT("presence"), detail);
        return sec_st(SEC_UNSUPPORTED);
    }
    if (!state->owned)
        return sec_st(SEC_NO_OWNER);
    sec_cbor_put_map(detail, 1);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_uint(detail, state->epoch + 1);
    return sec_st(SEC_OK);
}
