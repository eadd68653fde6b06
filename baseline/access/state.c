/* SPDX-License-Identifier: Apache-2.0 */
/* The folded state, both directions of its stored form. */
#include "state.h"

enum { FORMAT_1 = 1, FORMAT_2 = 2, MEMBERS_OF_1_COUNT = 11, MEMBERS_OF_2_COUNT = 12 };

void sec_access_init(struct sec_access *state)
{
    sec_zero(state, sizeof *state);
    state->epoch = 1;
}

void sec_access_survive(struct sec_access *state)
{
    uint64_t epoch = state->epoch;
    struct sec_access_owners next = state->next;
    sec_access_init(state);
    state->epoch = epoch + 1;
    if (next.count != 0)
        sec_access_own(state, &next);
}

void sec_access_own(struct sec_access *state, const struct sec_access_owners *owners)
{
    state->owned = true;
    state->owners_required = owners->required;
    state->owners_count = owners->count;
    sec_copy(state->owners, owners->keys, sizeof state->owners);
    state->has_recovery = owners->has_recovery;
    state->recovery = owners->recovery;
}

/* --- shared pieces ----------------------------------------------------------------------------------- */

void sec_access_pair_put(const struct sec_access_key *key, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 2);
    sec_key_encode(&key->key, wr);
    sec_cbor_put_bstr(wr, SEC_BYTES(key->kid.b));
}

void sec_access_pair_read(struct sec_cbor *rd, struct sec_access_key *ret_key)
{
    sec_cbor_array_of(rd, 2);
    sec_key_read(rd, &ret_key->key);
    sec_cbor_bstr_into(rd, SEC_ROOM(ret_key->kid.b));
}

void sec_access_pairs_put(const struct sec_access_key *keys, size_t count, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, count);
    for (size_t i = 0; i < count; i++)
        sec_access_pair_put(&keys[i], wr);
}

void sec_access_pairs_read(struct sec_cbor *rd, struct sec_access_key *keys, size_t *ret_count)
{
    size_t count = sec_cbor_array(rd);
    if (count > SEC_OWNERS_MAX_COUNT) {
        sec_cbor_fail(rd, SEC_TOO_LARGE);
        return;
    }
    for (size_t i = 0; i < count; i++)
        sec_access_pair_read(rd, &keys[i]);
    *ret_count = count;
}

static bool kid_is_zero(const struct sec_key_id *kid)
{
    static const struct sec_key_id zero;
    return sec_key_id_equal(kid, &zero);
}

void sec_access_kids_put(const struct sec_key_id *kids, size_t count, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, count);
    for (size_t i = 0; i < count; i++) {
        if (kid_is_zero(&kids[i]))
            sec_cbor_put_null(wr);
        else
            sec_cbor_put_bstr(wr, SEC_BYTES(kids[i].b));
    }
}

void sec_access_kids_read(struct sec_cbor *rd, struct sec_access_kids *ret_kids)
{
    sec_zero(ret_kids, sizeof *ret_kids);
    size_t count = sec_cbor_array(rd);
    if (count > SEC_SUBJECTS_MAX_COUNT) {
        sec_cbor_fail(rd, SEC_TOO_LARGE);
        return;
    }
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        if (sec_cbor_is_null(rd)) {
            sec_cbor_null(rd);
            continue;
        }
        sec_cbor_bstr_into(rd, SEC_ROOM(ret_kids->kids[i].b));
        if (kid_is_zero(&ret_kids->kids[i]))
            sec_cbor_fail(rd, SEC_BAD_VALUE);
    }
    ret_kids->count = count;
}

sec_status sec_access_roster_fits(struct sec_bytes bytes, const struct sec_access_kids *kids)
{
    struct sec_roster roster;
    SEC_TRY(sec_roster_parse(bytes, &roster));
    SEC_TRY(sec_roster_check(&roster));
    if (roster.subjects_count != kids->count)
        return sec_st(SEC_BAD_VALUE);
    for (size_t i = 0; i < kids->count; i++)
        if (roster.subjects[i].has_key == kid_is_zero(&kids->kids[i]))
            return sec_st(SEC_BAD_VALUE);
    return sec_st(SEC_OK);
}

/* --- encode ------------------------------------------------------------------------------------------ */

static void put_admitted(const struct sec_access *state, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, state->admitted_count);
    for (size_t i = 0; i < state->admitted_count; i++) {
        sec_cbor_put_array(wr, 2);
        sec_access_pair_put(&state->admitted[i].key, wr);
        sec_cbor_put_tstr(wr, sec_bytes(state->admitted[i].purpose, state->admitted[i].purpose_len));
    }
}

static void put_topics(const struct sec_access *state, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, SEC_TOPICS_COUNT);
    for (size_t i = 0; i < SEC_TOPICS_COUNT; i++) {
        sec_cbor_put_array(wr, 3);
        sec_cbor_put_uint(wr, state->topics[i].head);
        sec_cbor_put_uint(wr, state->topics[i].owner_head);
        sec_cbor_put_bstr(wr, sec_digest_bytes(&state->topics[i].winner));
    }
}

static void put_decided(const struct sec_access *state, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, state->decided_count);
    for (size_t i = 0; i < state->decided_count; i++) {
        sec_cbor_put_array(wr, 3);
        sec_cbor_put_bstr(wr, sec_digest_bytes(&state->decided[i].digest));
        sec_cbor_put_uint(wr, state->decided[i].index);
        sec_cbor_put_uint(wr, state->decided[i].code);
    }
}

void sec_access_encode(const struct sec_access *state, struct sec_wr *wr)
{
    bool later = sec_access_later_used(state);
    sec_cbor_put_array(wr, later ? MEMBERS_OF_2_COUNT : MEMBERS_OF_1_COUNT);
    sec_cbor_put_uint(wr, later ? FORMAT_2 : FORMAT_1);
    sec_cbor_put_uint(wr, state->epoch);
    sec_cbor_put_bool(wr, state->owned);
    sec_cbor_put_uint(wr, state->owners_required);
    sec_access_pairs_put(state->owners, state->owners_count, wr);
    if (state->has_recovery)
        sec_access_pair_put(&state->recovery, wr);
    else
        sec_cbor_put_null(wr);
    put_admitted(state, wr);
    put_topics(state, wr);
    sec_cbor_put_bstr(wr, sec_bytes(state->roster, state->roster_len));
    sec_access_kids_put(state->kids, state->subjects_count, wr);
    put_decided(state, wr);
    if (later)
        sec_access_later_put(state, wr);
}

/* --- parse ------------------------------------------------------------------------------------------- */

static void read_owners(struct sec_cbor *rd, struct sec_access *state)
{
    state->owned = sec_cbor_bool(rd);
    state->owners_required = sec_cbor_uint(rd);
    sec_access_pairs_read(rd, state->owners, &state->owners_count);
    state->has_recovery = !sec_cbor_is_null(rd);
    if (state->has_recovery)
        sec_access_pair_read(rd, &state->recovery);
    else
        sec_cbor_null(rd);
    if (state->owned != (state->owners_count > 0) || state->owned != (state->owners_required > 0) ||
        state->owners_required > state->owners_count || (state->has_recovery && !state->owned))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void read_admitted(struct sec_cbor *rd, struct sec_access *state)
{
    size_t count = sec_cbor_array(rd);
    if (count > SEC_ADMITTED_MAX_COUNT) {
        sec_cbor_fail(rd, SEC_TOO_LARGE);
        return;
    }
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        struct sec_access_admitted *admitted = &state->admitted[i];
        sec_cbor_array_of(rd, 2);
        sec_access_pair_read(rd, &admitted->key);
        struct sec_bytes purpose = sec_form_name(rd);
        if (sec_ok(rd->status) && sec_bytes_copy(SEC_ROOM(admitted->purpose), purpose))
            admitted->purpose_len = (uint8_t)purpose.len;
    }
    state->admitted_count = count;
}

static void read_topics(struct sec_cbor *rd, struct sec_access *state)
{
    sec_cbor_array_of(rd, SEC_TOPICS_COUNT);
    for (size_t i = 0; i < SEC_TOPICS_COUNT; i++) {
        sec_cbor_array_of(rd, 3);
        state->topics[i].head = sec_cbor_uint(rd);
        state->topics[i].owner_head = sec_cbor_uint(rd);
        sec_cbor_bstr_into(rd, SEC_ROOM(state->topics[i].winner.b));
        if (state->topics[i].owner_head > state->topics[i].head)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
    }
}

static void read_roster(struct sec_cbor *rd, struct sec_access *state)
{
    struct sec_access_kids kids;
    struct sec_bytes roster = sec_cbor_bstr(rd);
    sec_access_kids_read(rd, &kids);
    if (!sec_ok(rd->status))
        return;
    if (roster.len == 0) {
        if (kids.count != 0)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        return;
    }
    sec_form_join(rd, sec_access_roster_fits(roster, &kids));
    if (sec_ok(rd->status) && sec_bytes_copy(SEC_ROOM(state->roster), roster)) {
        state->roster_len = roster.len;
        state->subjects_count = kids.count;
        sec_copy(state->kids, kids.kids, sizeof state->kids);
    }
}

static void read_decided(struct sec_cbor *rd, struct sec_access *state)
{
    size_t count = sec_cbor_array(rd);
    if (count > SEC_DECIDED_MAX_COUNT) {
        sec_cbor_fail(rd, SEC_TOO_LARGE);
        return;
    }
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        sec_cbor_array_of(rd, 3);
        sec_cbor_bstr_into(rd, SEC_ROOM(state->decided[i].digest.b));
        state->decided[i].index = sec_cbor_uint(rd);
        uint64_t code = sec_cbor_uint(rd);
        if (code > UINT16_MAX)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        state->decided[i].code = (uint16_t)code;
    }
    state->decided_count = count;
}

sec_status sec_access_parse(struct sec_bytes in, struct sec_access *ret_state)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_access state;
    sec_zero(&state, sizeof state);
    size_t members_count = sec_cbor_array(&rd);
    uint64_t format = sec_cbor_uint(&rd);
    if (format != FORMAT_1 && format != FORMAT_2)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FORMAT);
    if (members_count != (format == FORMAT_1 ? MEMBERS_OF_1_COUNT : MEMBERS_OF_2_COUNT))
        sec_cbor_fail(&rd, SEC_BAD_VALUE);
    state.epoch = sec_form_positive(&rd);
    read_owners(&rd, &state);
    read_admitted(&rd, &state);
    read_topics(&rd, &state);
    read_roster(&rd, &state);
    read_decided(&rd, &state);
    if (format == FORMAT_2)
        sec_access_later_read(&rd, &state);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_state = state;
    return sec_st(SEC_OK);
}
