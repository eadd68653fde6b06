/* SPDX-License-Identifier: Apache-2.0 */
/* Who may act: owners, recovery key, roster; and what is remembered of decisions. */
#include "state.h"

static void of_owner(const struct sec_access_key *key, enum sec_subject_source source,
                     struct sec_access_subject *ret_subject)
{
    bool owner = source == SEC_SUBJECT_OWNER;
    *ret_subject = (struct sec_access_subject){
        .source = source,
        .name = owner ? SEC_LIT("owner") : SEC_LIT("recovery"),
        .role = owner ? SEC_ROLE_OWNER : SEC_ROLE_RECOVERY,
        .has_key = true,
        .key = *key,
    };
}

/* The roster is kept as it was signed and read anew: one truth, and at most SEC_SUBJECTS_MAX_COUNT subjects to pass
 * over. */
static bool of_roster(const struct sec_access *state, size_t n, struct sec_access_subject *ret_subject)
{
    struct sec_cbor rd = sec_cbor(sec_bytes(state->roster, state->roster_len));
    (void)sec_cbor_map(&rd);
    (void)sec_cbor_uint(&rd); /* member 1, the subjects, comes first */
    if (n >= state->subjects_count || n >= sec_cbor_array(&rd))
        return false;
    for (size_t i = 0; i < n; i++)
        (void)sec_cbor_item(&rd);
    struct sec_subject subject;
    sec_form_subject_read(&rd, &subject);
    if (!sec_ok(rd.status))
        return false;
    *ret_subject = (struct sec_access_subject){
        .source = SEC_SUBJECT_ROSTER,
        .name = subject.name,
        .role = subject.role,
        .has_key = subject.has_key,
        .key = {subject.key, state->kids[n]},
        .uid = subject.uid,
        .scope = subject.scope,
        .rights = subject.rights,
        .has_end = subject.has_end,
        .ends_at_s = subject.ends_at_s,
    };
    return true;
}

struct sec_bytes sec_access_roster_member(const struct sec_access *state, int64_t member)
{
    struct sec_cbor rd = sec_cbor(sec_bytes(state->roster, state->roster_len));
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        struct sec_bytes item = sec_cbor_item(&rd);
        if (key == member)
            return item;
    }
    return sec_bytes(NULL, 0);
}

/* The n-th of the roster among those whom no beacon revoked. */
static bool of_roster_present(const struct sec_access *state, size_t n, struct sec_access_subject *ret_subject)
{
    for (size_t i = 0; i < state->subjects_count; i++) {
        if (sec_access_revoked(state, &state->kids[i]))
            continue;
        if (n == 0)
            return of_roster(state, i, ret_subject);
        n--;
    }
    return false;
}

bool sec_access_subject_at(const struct sec_access *state, size_t n, struct sec_access_subject *ret_subject)
{
    if (n < state->owners_count) {
        of_owner(&state->owners[n], SEC_SUBJECT_OWNER, ret_subject);
        return true;
    }
    n -= state->owners_count;
    if (state->has_recovery && n == 0) {
        of_owner(&state->recovery, SEC_SUBJECT_RECOVERY, ret_subject);
        return true;
    }
    return of_roster_present(state, state->has_recovery ? n - 1 : n, ret_subject);
}

sec_status sec_access_find(const struct sec_access *state, const struct sec_key_id *kid,
                           struct sec_access_subject *ret_subject)
{
    struct sec_access_subject subject;
    for (size_t i = 0; i < state->owners_count; i++) {
        if (sec_key_id_equal(&state->owners[i].kid, kid)) {
            of_owner(&state->owners[i], SEC_SUBJECT_OWNER, ret_subject);
            return sec_st(SEC_OK);
        }
    }
    if (state->has_recovery && sec_key_id_equal(&state->recovery.kid, kid)) {
        of_owner(&state->recovery, SEC_SUBJECT_RECOVERY, ret_subject);
        return sec_st(SEC_OK);
    }
    if (sec_access_revoked(state, kid))
        return sec_st(SEC_UNKNOWN_KEY);
    for (size_t i = 0; i < state->subjects_count; i++) {
        /* A zero id stands for "no key", so it is not enough that ids are equal. */
        if (!sec_key_id_equal(&state->kids[i], kid) || !of_roster(state, i, &subject) || !subject.has_key)
            continue;
        *ret_subject = subject;
        return sec_st(SEC_OK);
    }
    return sec_st(SEC_UNKNOWN_KEY);
}

sec_status sec_access_release_key(const struct sec_access *state, const struct sec_key_id *kid,
                                  struct sec_public_key *ret_key)
{
    for (size_t i = 0; i < state->admitted_count; i++) {
        if (sec_key_id_equal(&state->admitted[i].key.kid, kid)) {
            *ret_key = state->admitted[i].key.key;
            return sec_st(SEC_OK);
        }
    }
    return sec_st(SEC_UNKNOWN_KEY);
}

bool sec_access_decided(const struct sec_access *state, const struct sec_digest *digest, uint64_t *ret_index,
                        sec_status *ret_code)
{
    for (size_t i = 0; i < state->decided_count; i++) {
        if (sec_digest_equal(&state->decided[i].digest, digest)) {
            *ret_index = state->decided[i].index;
            *ret_code = (sec_status){state->decided[i].code};
            return true;
        }
    }
    return false;
}
