/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on claim, secrets, rotation and wipe: facts in, verdict and change out. */
#include "state.h"

void sec_protection_change_begin(enum sec_protection_change kind, size_t members_count, struct sec_wr *change)
{
    sec_cbor_put_map(change, members_count);
    sec_cbor_put_uint(change, 1);
    sec_cbor_put_uint(change, (uint64_t)kind);
}

/* rotate and wipe take {} and nothing else. */
static sec_status args_check(struct sec_bytes args)
{
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    if (sec_cbor_map(&rd) != 0)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
    return sec_cbor_end(&rd);
}

static void say_count(struct sec_wr *detail, uint64_t count)
{
    sec_cbor_put_map(detail, 1);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_uint(detail, count);
}

sec_status sec_protection_judge_claim(const struct sec_protection *state, struct sec_protection_keys *ret_keys,
                                      struct sec_wr *change)
{
    if (state->epoch_key != 0)
        return sec_st(SEC_EXISTS);
    if (state->phase != SEC_PROTECTION_IDLE)
        return sec_st(SEC_BUSY);
    if (state->next_key > UINT64_MAX - 2)
        return sec_st(SEC_TABLE_FULL);
    *ret_keys = (struct sec_protection_keys){state->next_key, state->next_key + 1};
    sec_protection_change_begin(SEC_PROTECTION_CLAIMED, 3, change);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_uint(change, ret_keys->epoch_key);
    sec_cbor_put_uint(change, 3);
    sec_cbor_put_uint(change, ret_keys->secret_key);
    return sec_st(SEC_OK);
}

sec_status sec_protection_judge_put(const struct sec_protection *state, uint32_t uid, struct sec_bytes name,
                                    size_t length, uint64_t *ret_seal)
{
    size_t at;
    SEC_TRY(sec_protection_name_check(name));
    if (length > SEC_SECRET_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    if (state->secret_key == 0)
        return sec_st(SEC_NO_OWNER);
    if (state->phase != SEC_PROTECTION_IDLE)
        return sec_st(SEC_BUSY);
    if (!sec_protection_locate(state, uid, name, &at) && state->secrets_count == SEC_SECRETS_MAX_COUNT)
        return sec_st(SEC_TABLE_FULL);
    *ret_seal = state->secret_key;
    return sec_st(SEC_OK);
}

void sec_protection_change_put(uint32_t uid, struct sec_bytes name, size_t length, uint64_t seal, uint64_t index,
                               struct sec_wr *change)
{
    sec_protection_change_begin(SEC_PROTECTION_PUT, 6, change);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_uint(change, uid);
    sec_cbor_put_uint(change, 3);
    sec_cbor_put_tstr(change, name);
    sec_cbor_put_uint(change, 4);
    sec_cbor_put_uint(change, length);
    sec_cbor_put_uint(change, 5);
    sec_cbor_put_uint(change, seal);
    sec_cbor_put_uint(change, 6);
    sec_cbor_put_uint(change, index);
}

sec_status sec_protection_find(const struct sec_protection *state, uint32_t uid, struct sec_bytes name,
                               const struct sec_protection_secret **ret_secret)
{
    size_t at;
    if (!sec_protection_locate(state, uid, name, &at))
        return sec_st(SEC_UNKNOWN_SECRET);
    *ret_secret = &state->secrets[at];
    return sec_st(SEC_OK);
}

sec_status sec_protection_judge_delete(const struct sec_protection *state, uint32_t uid, struct sec_bytes name,
                                       struct sec_wr *change, struct sec_wr *detail)
{
    size_t at;
    if (!sec_protection_locate(state, uid, name, &at))
        return sec_st(SEC_UNKNOWN_SECRET);
    if (state->phase != SEC_PROTECTION_IDLE)
        return sec_st(SEC_BUSY);
    sec_protection_change_begin(SEC_PROTECTION_DELETED, 3, change);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_uint(change, uid);
    sec_cbor_put_uint(change, 3);
    sec_cbor_put_tstr(change, name);
    sec_cbor_put_map(detail, 2);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_tstr(detail, name);
    sec_cbor_put_uint(detail, 2);
    sec_cbor_put_tstr(detail, SEC_LIT("hidden"));
    return sec_st(SEC_OK);
}

sec_status sec_protection_judge_rotate(const struct sec_protection *state, struct sec_bytes args, uint64_t *ret_key,
                                       struct sec_wr *change, struct sec_wr *detail)
{
    enum sec_protection_phase to;
    SEC_TRY(args_check(args));
    if (state->secret_key == 0)
        return sec_st(SEC_NO_OWNER);
    SEC_TRY(sec_protection_next(state->phase, SEC_PROTECTION_ON_ROTATE, &to));
    if (state->next_key > UINT64_MAX - 1)
        return sec_st(SEC_TABLE_FULL);
    *ret_key = state->next_key;
    sec_protection_change_begin(SEC_PROTECTION_ROTATE, 2, change);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_uint(change, state->next_key);
    say_count(detail, state->secrets_count);
    return sec_st(SEC_OK);
}

void sec_protection_change_moved(const struct sec_protection_secret *secret, uint64_t index, struct sec_wr *change)
{
    sec_protection_change_begin(SEC_PROTECTION_MOVED, 4, change);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_uint(change, secret->uid);
    sec_cbor_put_uint(change, 3);
    sec_cbor_put_tstr(change, sec_protection_name(secret));
    sec_cbor_put_uint(change, 4);
    sec_cbor_put_uint(change, index);
}

void sec_protection_change_resealed(struct sec_wr *change)
{
    sec_protection_change_begin(SEC_PROTECTION_RESEALED, 1, change);
}

void sec_protection_change_retired(struct sec_wr *change)
{
    sec_protection_change_begin(SEC_PROTECTION_RETIRED, 1, change);
}

sec_status sec_protection_judge_wipe(const struct sec_protection *state, struct sec_bytes args, struct sec_wr *change,
                                     struct sec_wr *detail)
{
    enum sec_protection_phase to;
    SEC_TRY(args_check(args));
    if (state->epoch_key == 0)
        return sec_st(SEC_NO_OWNER);
    SEC_TRY(sec_protection_next(state->phase, SEC_PROTECTION_ON_WIPE, &to));
    sec_protection_change_begin(SEC_PROTECTION_WIPING, 1, change);
    say_count(detail, state->secrets_count);
    return sec_st(SEC_OK);
}

void sec_protection_change_wiped(struct sec_wr *change)
{
    sec_protection_change_begin(SEC_PROTECTION_WIPED, 1, change);
}
