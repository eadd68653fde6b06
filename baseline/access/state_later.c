/* SPDX-License-Identifier: Apache-2.0 */
/* What came with format 2 of the stored state, both directions: approvals, lease, mode, site, recovery, transfer. */
#include "state.h"

enum { LATER_COUNT = 6 };

static bool lease_used(const struct sec_access_lease *lease)
{
    bool used = lease->quiet_s != 0 || lease->time_s != 0 || lease->revoked_count != 0;
    for (size_t i = 0; i < SEC_TOPICS_COUNT; i++)
        used = used || lease->heads[i] != 0;
    return used;
}

bool sec_access_later_used(const struct sec_access *state)
{
    return state->approvals_count != 0 || lease_used(&state->lease) || state->restricted ||
           state->home.address_len != 0 || state->recovering.pending || state->next.count != 0;
}

/* --- encode ------------------------------------------------------------------------------------------ */

static void put_approvals(const struct sec_access *state, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, state->approvals_count);
    for (size_t i = 0; i < state->approvals_count; i++) {
        sec_cbor_put_array(wr, 2);
        sec_cbor_put_bstr(wr, sec_digest_bytes(&state->approvals[i].statement));
        sec_cbor_put_bstr(wr, SEC_BYTES(state->approvals[i].kid.b));
    }
}

static void put_lease(const struct sec_access_lease *lease, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 4);
    sec_cbor_put_uint(wr, lease->quiet_s);
    sec_cbor_put_array(wr, SEC_TOPICS_COUNT);
    for (size_t i = 0; i < SEC_TOPICS_COUNT; i++)
        sec_cbor_put_uint(wr, lease->heads[i]);
    sec_cbor_put_int(wr, lease->time_s);
    sec_cbor_put_array(wr, lease->revoked_count);
    for (size_t i = 0; i < lease->revoked_count; i++)
        sec_cbor_put_bstr(wr, SEC_BYTES(lease->revoked[i].b));
}

static void put_home(const struct sec_access_home *home, struct sec_wr *wr)
{
    if (home->address_len == 0) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_tstr(wr, sec_bytes(home->address, home->address_len));
    sec_cbor_put_bstr(wr, sec_digest_bytes(&home->ca));
}

static void put_recovering(const struct sec_access_recovering *recovering, struct sec_wr *wr)
{
    if (!recovering->pending) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, 3);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&recovering->statement));
    sec_cbor_put_uint(wr, recovering->elapsed_s);
    sec_access_pairs_put(recovering->keys, recovering->count, wr);
}

void sec_access_later_put(const struct sec_access *state, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, LATER_COUNT);
    put_approvals(state, wr);
    put_lease(&state->lease, wr);
    sec_cbor_put_bool(wr, state->restricted);
    put_home(&state->home, wr);
    put_recovering(&state->recovering, wr);
    if (state->next.count == 0) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, 3);
    sec_access_owners_put(&state->next, false, wr);
}

/* --- parse ------------------------------------------------------------------------------------------- */

/* The length of the next array, which a table of `max` places holds; 0 after failing the reader. */
static size_t bounded(struct sec_cbor *rd, size_t max)
{
    size_t count = sec_cbor_array(rd);
    if (count <= max)
        return count;
    sec_cbor_fail(rd, SEC_TOO_LARGE);
    return 0;
}

static bool absent(struct sec_cbor *rd)
{
    if (!sec_cbor_is_null(rd))
        return false;
    sec_cbor_null(rd);
    return true;
}

static bool same(const struct sec_access_approval *a, const struct sec_access_approval *b)
{
    return sec_digest_equal(&a->statement, &b->statement) && sec_key_id_equal(&a->kid, &b->kid);
}

static void read_approvals(struct sec_cbor *rd, struct sec_access *state)
{
    size_t count = bounded(rd, SEC_APPROVALS_MAX_COUNT);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        sec_cbor_array_of(rd, 2);
        sec_cbor_bstr_into(rd, SEC_ROOM(state->approvals[i].statement.b));
        sec_cbor_bstr_into(rd, SEC_ROOM(state->approvals[i].kid.b));
        for (size_t k = 0; k < i; k++)
            if (same(&state->approvals[k], &state->approvals[i]))
                sec_cbor_fail(rd, SEC_BAD_VALUE); /* one key counts once */
    }
    state->approvals_count = count;
}

static void read_lease(struct sec_cbor *rd, struct sec_access_lease *lease)
{
    sec_cbor_array_of(rd, 4);
    lease->quiet_s = sec_cbor_uint(rd);
    sec_cbor_array_of(rd, SEC_TOPICS_COUNT);
    for (size_t i = 0; i < SEC_TOPICS_COUNT; i++)
        lease->heads[i] = sec_cbor_uint(rd);
    lease->time_s = sec_cbor_int(rd);
    if (lease->time_s < 0 || lease->time_s > SEC_TIME_MAX_S)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    size_t count = bounded(rd, SEC_REVOKED_MAX_COUNT);
    for (size_t i = 0; i < count; i++)
        sec_cbor_bstr_into(rd, SEC_ROOM(lease->revoked[i].b));
    lease->revoked_count = count;
}

static void read_home(struct sec_cbor *rd, struct sec_access *state)
{
    struct sec_site site;
    if (absent(rd))
        return;
    sec_zero(&site, sizeof site);
    sec_cbor_array_of(rd, 2);
    site.address = sec_cbor_tstr(rd);
    sec_cbor_bstr_into(rd, SEC_ROOM(site.ca.b));
    sec_form_join(rd, sec_access_home_set(state, &site));
}

static void read_recovering(struct sec_cbor *rd, struct sec_access *state)
{
    struct sec_access_recovering *recovering = &state->recovering;
    if (absent(rd))
        return;
    sec_cbor_array_of(rd, 3);
    sec_cbor_bstr_into(rd, SEC_ROOM(recovering->statement.b));
    recovering->elapsed_s = sec_cbor_uint(rd);
    sec_access_pairs_read(rd, recovering->keys, &recovering->count);
    recovering->pending = true;
    if (recovering->count == 0 || !state->has_recovery)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

void sec_access_later_read(struct sec_cbor *rd, struct sec_access *state)
{
    sec_cbor_array_of(rd, LATER_COUNT);
    read_approvals(rd, state);
    read_lease(rd, &state->lease);
    state->restricted = sec_cbor_bool(rd);
    read_home(rd, state);
    read_recovering(rd, state);
    if (!absent(rd)) {
        sec_cbor_array_of(rd, 3);
        sec_access_owners_read(rd, false, &state->next);
    }
    /* All of this is an owner's, and a state without any of it is written in format 1. */
    if (!state->owned || !sec_access_later_used(state))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}
