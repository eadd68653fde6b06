/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on what changes access itself: voucher, roster, admitted keys, transfer. */
#include "state.h"

static sec_status key_of(const struct sec_public_key *key, const struct sec_hasher *hasher,
                         struct sec_access_key *ret_key)
{
    struct sec_access_key made = {.key = *key};
    SEC_TRY(sec_key_id_of(key, hasher, &made.kid));
    *ret_key = made;
    return sec_st(SEC_OK);
}

static sec_status owners_of(const struct sec_voucher *voucher, const struct sec_hasher *hasher,
                            struct sec_access_owners *ret_owners)
{
    sec_zero(ret_owners, sizeof *ret_owners);
    for (size_t i = 0; i < voucher->owners.count; i++)
        SEC_TRY(key_of(&voucher->owners.keys[i], hasher, &ret_owners->keys[i]));
    if (voucher->has_recovery)
        SEC_TRY(key_of(&voucher->recovery, hasher, &ret_owners->recovery));
    ret_owners->count = voucher->owners.count;
    ret_owners->required = voucher->required;
    ret_owners->has_recovery = voucher->has_recovery;
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
    if (voucher.required > 1)
        return sec_st(SEC_UNSUPPORTED);
    struct sec_access_owners owners;
    SEC_TRY(owners_of(&voucher, facts->hasher, &owners));
    sec_access_change_claimed(&owners, change);
    sec_cbor_put_map(detail, 2);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_uint(detail, owners.count);
    sec_cbor_put_uint(detail, 2);
    sec_cbor_put_uint(detail, voucher.epoch);
    return sec_st(change->bad ? SEC_ROOM_FULL : SEC_OK);
}

/* Owners stand in the voucher: a roster can neither add, replace nor shadow one. */
static bool is_owner_key(const struct sec_access *state, const struct sec_public_key *key)
{
    for (size_t i = 0; i < state->owners_count; i++)
        if (sec_key_equal(&state->owners[i].key, key))
            return true;
    return state->has_recovery && sec_key_equal(&state->recovery.key, key);
}

static sec_status refuse_key(struct sec_bytes whose, struct sec_bytes why, struct sec_wr *detail)
{
    sec_cbor_put_map(detail, 2);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_tstr(detail, whose);
    sec_cbor_put_uint(detail, 2);
    sec_cbor_put_tstr(detail, why);
    return sec_st(SEC_BAD_VALUE);
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
            return refuse_key(subject->name, SEC_LIT("holds an owner's key"), detail);
        struct sec_public_key release;
        SEC_TRY(sec_key_id_of(&subject->key, hasher, &ret_kids->kids[i]));
        /* A key speaks for one house: on the roster, the releases that it was admitted for would be refused. */
        if (sec_ok(sec_access_release_key(state, &ret_kids->kids[i], &release)))
            return refuse_key(subject->name, SEC_LIT("holds an admitted release key"), detail);
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
    sec_access_change_roster(args, &kids, change);
    sec_cbor_put_map(detail, 2);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_uint(detail, state->subjects_count);
    sec_cbor_put_uint(detail, 2);
    sec_cbor_put_uint(detail, kids.count);
    return sec_st(change->bad ? SEC_ROOM_FULL : SEC_OK);
}

sec_status sec_access_judge_admit_key(const struct sec_access *state, const struct sec_access_facts *facts,
                                      struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_admission admission;
    struct sec_access_key key;
    struct sec_public_key present;
    struct sec_access_subject subject;
    SEC_TRY(sec_admission_parse(args, &admission));
    SEC_TRY(key_of(&admission.key, facts->hasher, &key));
    if (sec_ok(sec_access_find(state, &key.kid, &subject)))
        return refuse_key(subject.name, SEC_LIT("holds this key and commands with it"), detail);
    if (sec_ok(sec_access_release_key(state, &key.kid, &present)))
        return sec_st(SEC_EXISTS);
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
    (void)state, (void)facts, (void)change, (void)detail;
    struct sec_transfer transfer;
    SEC_TRY(sec_transfer_parse(args, &transfer));
    return sec_st(SEC_UNSUPPORTED);
}
