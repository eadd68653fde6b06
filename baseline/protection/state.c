/* SPDX-License-Identifier: Apache-2.0 */
/* The folded state, both directions of its stored form, and folding. */
#include "state.h"

enum { FORMAT = 1, MEMBERS_COUNT = 8 };

void sec_protection_init(struct sec_protection *state)
{
    sec_zero(state, sizeof *state);
    state->next_key = 1;
}

static void doom(struct sec_protection *state, uint64_t key)
{
    if (key != 0 && state->doomed_count < SEC_DOOMED_MAX_COUNT)
        state->doomed[state->doomed_count++] = key;
}

void sec_protection_survive(struct sec_protection *state)
{
    struct sec_protection left;
    sec_protection_init(&left);
    left.next_key = state->next_key;
    for (size_t i = 0; i < state->doomed_count; i++)
        doom(&left, state->doomed[i]);
    doom(&left, state->epoch_key);
    doom(&left, state->secret_key);
    doom(&left, state->other_key);
    left.phase = left.doomed_count != 0 ? SEC_PROTECTION_DESTROYING : SEC_PROTECTION_IDLE;
    *state = left;
}

bool sec_protection_names_key(const struct sec_protection *state, uint64_t number)
{
    for (size_t i = 0; i < state->doomed_count; i++)
        if (state->doomed[i] == number)
            return true;
    return number != 0 && (number == state->epoch_key || number == state->secret_key || number == state->other_key);
}

sec_status sec_protection_name_check(struct sec_bytes name)
{
    if (name.len == 0 || name.len > SEC_NAME_MAX_BYTES || !sec_ok(sec_utf8_check(name)))
        return sec_st(SEC_BAD_VALUE);
    return sec_st(SEC_OK);
}

static int order(uint32_t uid_a, struct sec_bytes name_a, uint32_t uid_b, struct sec_bytes name_b)
{
    if (uid_a != uid_b)
        return uid_a < uid_b ? -1 : 1;
    return sec_bytes_order(name_a, name_b);
}

bool sec_protection_locate(const struct sec_protection *state, uint32_t uid, struct sec_bytes name, size_t *ret_at)
{
    size_t at = 0;
    int how = 1;
    while (at < state->secrets_count) {
        how = order(uid, name, state->secrets[at].uid, sec_protection_name(&state->secrets[at]));
        if (how <= 0)
            break;
        at++;
    }
    *ret_at = at;
    return at < state->secrets_count && how == 0;
}

/* --- encode ------------------------------------------------------------------------------------------ */

static void put_secret(const struct sec_protection_secret *secret, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 5);
    sec_cbor_put_uint(wr, secret->uid);
    sec_cbor_put_tstr(wr, sec_protection_name(secret));
    sec_cbor_put_uint(wr, secret->length);
    sec_cbor_put_uint(wr, secret->seal);
    sec_cbor_put_uint(wr, secret->index);
}

void sec_protection_encode(const struct sec_protection *state, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, MEMBERS_COUNT);
    sec_cbor_put_uint(wr, FORMAT);
    sec_cbor_put_uint(wr, (uint64_t)state->phase);
    sec_cbor_put_uint(wr, state->epoch_key);
    sec_cbor_put_uint(wr, state->secret_key);
    sec_cbor_put_uint(wr, state->other_key);
    sec_cbor_put_uint(wr, state->next_key);
    sec_cbor_put_array(wr, state->doomed_count);
    for (size_t i = 0; i < state->doomed_count; i++)
        sec_cbor_put_uint(wr, state->doomed[i]);
    sec_cbor_put_array(wr, state->secrets_count);
    for (size_t i = 0; i < state->secrets_count; i++)
        put_secret(&state->secrets[i], wr);
}

/* --- parse ------------------------------------------------------------------------------------------- */

static uint32_t read_u32(struct sec_cbor *rd, uint64_t max)
{
    uint64_t number = sec_cbor_uint(rd);
    if (number <= max)
        return (uint32_t)number;
    sec_cbor_fail(rd, SEC_BAD_VALUE);
    return 0;
}

static struct sec_bytes read_name(struct sec_cbor *rd)
{
    struct sec_bytes name = sec_cbor_tstr(rd);
    if (!sec_ok(sec_protection_name_check(name)))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return name;
}

static void set_name(struct sec_protection_secret *secret, struct sec_bytes name)
{
    if (sec_bytes_copy(SEC_ROOM(secret->name), name))
        secret->name_len = (uint8_t)name.len;
}

static void read_secret(struct sec_cbor *rd, struct sec_protection_secret *secret)
{
    sec_cbor_array_of(rd, 5);
    secret->uid = read_u32(rd, UINT32_MAX);
    set_name(secret, read_name(rd));
    secret->length = read_u32(rd, SEC_SECRET_MAX_BYTES);
    secret->seal = sec_cbor_uint(rd);
    secret->index = sec_cbor_uint(rd);
}

static void read_secrets(struct sec_cbor *rd, struct sec_protection *state)
{
    size_t count = sec_cbor_array(rd);
    if (count > SEC_SECRETS_MAX_COUNT) {
        sec_cbor_fail(rd, SEC_TOO_LARGE);
        return;
    }
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        struct sec_protection_secret *secret = &state->secrets[i];
        read_secret(rd, secret);
        const struct sec_protection_secret *last = &state->secrets[i > 0 ? i - 1 : 0];
        if (i > 0 && order(last->uid, sec_protection_name(last), secret->uid, sec_protection_name(secret)) >= 0)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        if (secret->seal == 0 || (secret->seal != state->secret_key && secret->seal != state->other_key))
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        state->secrets_count = i + 1;
    }
}

static void read_doomed(struct sec_cbor *rd, struct sec_protection *state)
{
    size_t count = sec_cbor_array(rd);
    if (count > SEC_DOOMED_MAX_COUNT) {
        sec_cbor_fail(rd, SEC_TOO_LARGE);
        return;
    }
    for (size_t i = 0; i < count; i++)
        state->doomed[i] = sec_cbor_uint(rd);
    state->doomed_count = count;
}

/* What every reachable state keeps: numbers below the next one, keys in pairs, a second key only in a rotation. */
static bool sound(const struct sec_protection *state)
{
    bool rotating = state->phase == SEC_PROTECTION_RESEALING || state->phase == SEC_PROTECTION_RETIRING;
    if (state->next_key == 0 || state->epoch_key >= state->next_key || state->secret_key >= state->next_key ||
        state->other_key >= state->next_key)
        return false;
    for (size_t i = 0; i < state->doomed_count; i++)
        if (state->doomed[i] == 0 || state->doomed[i] >= state->next_key)
            return false;
    if ((state->epoch_key == 0) != (state->secret_key == 0))
        return false;
    if (state->phase != SEC_PROTECTION_WIPE && rotating != (state->other_key != 0))
        return false;
    if ((rotating || state->phase == SEC_PROTECTION_WIPE) && state->epoch_key == 0)
        return false;
    return (state->phase == SEC_PROTECTION_DESTROYING) == (state->doomed_count != 0) &&
           (state->phase != SEC_PROTECTION_DESTROYING || state->epoch_key == 0);
}

sec_status sec_protection_parse(struct sec_bytes in, struct sec_protection *ret_state)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_protection state;
    sec_zero(&state, sizeof state);
    sec_cbor_array_of(&rd, MEMBERS_COUNT);
    if (sec_cbor_uint(&rd) != FORMAT)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FORMAT);
    state.phase = (enum sec_protection_phase)read_u32(&rd, SEC_PROTECTION_DESTROYING);
    state.epoch_key = sec_cbor_uint(&rd);
    state.secret_key = sec_cbor_uint(&rd);
    state.other_key = sec_cbor_uint(&rd);
    state.next_key = sec_cbor_uint(&rd);
    read_doomed(&rd, &state);
    read_secrets(&rd, &state);
    if (!sound(&state))
        sec_cbor_fail(&rd, SEC_BAD_VALUE);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_state = state;
    return sec_st(SEC_OK);
}

/* --- fold -------------------------------------------------------------------------------------------- */

static void expect(struct sec_cbor *rd, uint64_t key)
{
    if (sec_cbor_uint(rd) != key)
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
}

static sec_status step(struct sec_protection *state, enum sec_protection_event event, struct sec_cbor *rd)
{
    enum sec_protection_phase to;
    SEC_TRY(sec_cbor_end(rd));
    SEC_TRY(sec_protection_next(state->phase, event, &to));
    state->phase = to;
    return sec_st(SEC_OK);
}

static sec_status apply_claimed(struct sec_protection *state, struct sec_cbor *rd)
{
    expect(rd, 2);
    uint64_t epoch_key = sec_cbor_uint(rd);
    expect(rd, 3);
    uint64_t secret_key = sec_cbor_uint(rd);
    SEC_TRY(sec_cbor_end(rd));
    if (state->epoch_key != 0)
        return sec_st(SEC_EXISTS);
    if (state->phase != SEC_PROTECTION_IDLE)
        return sec_st(SEC_BUSY);
    if (epoch_key != state->next_key || secret_key != epoch_key + 1 || secret_key == UINT64_MAX)
        return sec_st(SEC_BAD_VALUE);
    state->epoch_key = epoch_key;
    state->secret_key = secret_key;
    state->next_key = secret_key + 1;
    return sec_st(SEC_OK);
}

static sec_status apply_put(struct sec_protection *state, struct sec_cbor *rd)
{
    struct sec_protection_secret secret;
    sec_zero(&secret, sizeof secret);
    expect(rd, 2);
    secret.uid = read_u32(rd, UINT32_MAX);
    expect(rd, 3);
    set_name(&secret, read_name(rd));
    expect(rd, 4);
    secret.length = read_u32(rd, SEC_SECRET_MAX_BYTES);
    expect(rd, 5);
    secret.seal = sec_cbor_uint(rd);
    expect(rd, 6);
    secret.index = sec_cbor_uint(rd);
    SEC_TRY(sec_cbor_end(rd));
    if (state->phase != SEC_PROTECTION_IDLE)
        return sec_st(SEC_BUSY);
    if (secret.seal == 0 || secret.seal != state->secret_key)
        return sec_st(SEC_BAD_VALUE);
    size_t at;
    if (!sec_protection_locate(state, secret.uid, sec_protection_name(&secret), &at)) {
        if (state->secrets_count == SEC_SECRETS_MAX_COUNT)
            return sec_st(SEC_TABLE_FULL);
        for (size_t i = state->secrets_count; i > at; i--)
            state->secrets[i] = state->secrets[i - 1];
        state->secrets_count++;
    }
    state->secrets[at] = secret;
    return sec_st(SEC_OK);
}

static sec_status apply_deleted(struct sec_protection *state, struct sec_cbor *rd)
{
    expect(rd, 2);
    uint32_t uid = read_u32(rd, UINT32_MAX);
    expect(rd, 3);
    struct sec_bytes name = read_name(rd);
    SEC_TRY(sec_cbor_end(rd));
    size_t at;
    if (state->phase != SEC_PROTECTION_IDLE)
        return sec_st(SEC_BUSY);
    if (!sec_protection_locate(state, uid, name, &at))
        return sec_st(SEC_UNKNOWN_SECRET);
    for (size_t i = at + 1; i < state->secrets_count; i++)
        state->secrets[i - 1] = state->secrets[i];
    state->secrets_count--;
    sec_zero(&state->secrets[state->secrets_count], sizeof state->secrets[0]);
    return sec_st(SEC_OK);
}

static sec_status apply_rotate(struct sec_protection *state, struct sec_cbor *rd)
{
    expect(rd, 2);
    uint64_t key = sec_cbor_uint(rd);
    SEC_TRY(sec_cbor_end(rd));
    if (state->secret_key == 0)
        return sec_st(SEC_NO_OWNER);
    if (key != state->next_key || key == UINT64_MAX)
        return sec_st(SEC_BAD_VALUE);
    SEC_TRY(step(state, SEC_PROTECTION_ON_ROTATE, rd));
    state->other_key = key;
    state->next_key = key + 1;
    return sec_st(SEC_OK);
}

static sec_status apply_moved(struct sec_protection *state, struct sec_cbor *rd)
{
    expect(rd, 2);
    uint32_t uid = read_u32(rd, UINT32_MAX);
    expect(rd, 3);
    struct sec_bytes name = read_name(rd);
    expect(rd, 4);
    uint64_t index = sec_cbor_uint(rd);
    SEC_TRY(step(state, SEC_PROTECTION_ON_MOVED, rd));
    size_t at;
    if (!sec_protection_locate(state, uid, name, &at))
        return sec_st(SEC_UNKNOWN_SECRET);
    if (state->phase == SEC_PROTECTION_RESEALING)
        state->secrets[at].seal = state->other_key;
    else if (index <= state->secrets[at].index)
        return sec_st(SEC_BAD_VALUE);
    state->secrets[at].index = index;
    return sec_st(SEC_OK);
}

static sec_status apply_resealed(struct sec_protection *state, struct sec_cbor *rd)
{
    for (size_t i = 0; i < state->secrets_count; i++)
        if (state->secrets[i].seal != state->other_key)
            return sec_st(SEC_BAD_VALUE);
    SEC_TRY(step(state, SEC_PROTECTION_ON_RESEALED, rd));
    uint64_t old = state->secret_key;
    state->secret_key = state->other_key;
    state->other_key = old;
    return sec_st(SEC_OK);
}

static sec_status apply_wiping(struct sec_protection *state, struct sec_cbor *rd)
{
    if (state->epoch_key == 0)
        return sec_st(SEC_NO_OWNER);
    return step(state, SEC_PROTECTION_ON_WIPE, rd);
}

sec_status sec_protection_apply(struct sec_protection *state, struct sec_bytes change, uint64_t index)
{
    (void)index; /* values lie in records of their own, which the changes name */
    SEC_TRY(sec_cbor_check(change, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(change);
    (void)sec_cbor_map(&rd);
    expect(&rd, 1);
    uint64_t kind = sec_cbor_uint(&rd);
    if (!sec_ok(rd.status))
        return rd.status;
    switch (kind) {
    case SEC_PROTECTION_CLAIMED:
        return apply_claimed(state, &rd);
    case SEC_PROTECTION_PUT:
        return apply_put(state, &rd);
    case SEC_PROTECTION_DELETED:
        return apply_deleted(state, &rd);
    case SEC_PROTECTION_ROTATE:
        return apply_rotate(state, &rd);
    case SEC_PROTECTION_MOVED:
        return apply_moved(state, &rd);
    case SEC_PROTECTION_RESEALED:
        return apply_resealed(state, &rd);
    case SEC_PROTECTION_RETIRED:
        SEC_TRY(step(state, SEC_PROTECTION_ON_RETIRED, &rd));
        state->other_key = 0;
        return sec_st(SEC_OK);
    case SEC_PROTECTION_WIPING:
        return apply_wiping(state, &rd);
    case SEC_PROTECTION_WIPED:
        SEC_TRY(step(state, SEC_PROTECTION_ON_WIPED, &rd));
        sec_zero(state->doomed, sizeof state->doomed);
        state->doomed_count = 0;
        return sec_st(SEC_OK);
    default:
        return sec_st(SEC_UNSUPPORTED);
    }
}
