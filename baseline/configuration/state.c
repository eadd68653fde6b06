/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"

#define FORMAT 1

void sec_configuration_init(struct sec_configuration *conf)
{
    sec_zero(conf, sizeof *conf);
    conf->phase = SEC_CONFIGURATION_SETTLED;
}

void sec_configuration_survive(struct sec_configuration *conf)
{
    sec_configuration_init(conf);
}

/* --- the state, both directions ------------------------------------------------------------------------ */

void sec_configuration_encode(const struct sec_configuration *conf, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 3);
    sec_cbor_put_uint(wr, FORMAT);
    sec_cbor_put_map(wr, conf->values.count);
    sec_wr_bytes(wr, sec_configuration_values_raw(conf));
    if (conf->phase == SEC_CONFIGURATION_SETTLED) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, 5);
    sec_cbor_put_uint(wr, (uint64_t)conf->phase);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&conf->command));
    sec_cbor_put_uint(wr, conf->within_s);
    sec_cbor_put_uint(wr, conf->index);
    sec_cbor_put_map(wr, conf->old.count);
    sec_wr_bytes(wr, sec_configuration_old_raw(conf));
}

/* A state as it is read: slices, so that nothing is kept before all is good. */
struct state_form {
    struct sec_bytes values;
    size_t values_count;
    uint64_t phase;
    struct sec_digest command;
    uint64_t within_s;
    uint64_t index;
    struct sec_bytes old;
    size_t old_count;
};

static void pending_read(struct sec_cbor *rd, struct state_form *form)
{
    if (sec_cbor_is_null(rd)) {
        sec_cbor_null(rd);
        return;
    }
    sec_cbor_array_of(rd, 5);
    form->phase = sec_cbor_uint(rd);
    sec_cbor_bstr_into(rd, SEC_ROOM(form->command.b));
    form->within_s = sec_cbor_uint(rd);
    form->index = sec_cbor_uint(rd);
    form->old = sec_configuration_pairs_read(rd, true, &form->old_count);
    bool waiting = form->phase == SEC_CONFIGURATION_WAITING && form->within_s > 0;
    if ((form->phase != SEC_CONFIGURATION_EFFECT && !waiting) || form->within_s > SEC_CONFIGURATION_CONFIRM_MAX_S)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static sec_status state_read(struct sec_bytes in, struct state_form *ret_form)
{
    struct state_form form = {.phase = SEC_CONFIGURATION_SETTLED};
    struct sec_cbor rd = sec_cbor(in);
    sec_cbor_array_of(&rd, 3);
    if (sec_cbor_uint(&rd) != FORMAT)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FORMAT);
    form.values = sec_configuration_pairs_read(&rd, false, &form.values_count);
    pending_read(&rd, &form);
    SEC_TRY(sec_cbor_end(&rd));
    if (form.values.len > SEC_CONFIGURATION_VALUES_BYTES || form.old.len > SEC_CONFIGURATION_OLD_BYTES)
        return sec_st(SEC_TABLE_FULL);
    *ret_form = form;
    return sec_st(SEC_OK);
}

sec_status sec_configuration_parse(struct sec_bytes in, struct sec_configuration *ret_conf)
{
    struct state_form form;
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    SEC_TRY(state_read(in, &form));
    sec_configuration_init(ret_conf);
    (void)sec_bytes_copy(SEC_ROOM(ret_conf->values.b), form.values);
    ret_conf->values.len = (uint16_t)form.values.len;
    ret_conf->values.count = (uint16_t)form.values_count;
    (void)sec_bytes_copy(SEC_ROOM(ret_conf->old.b), form.old);
    ret_conf->old.len = (uint16_t)form.old.len;
    ret_conf->old.count = (uint16_t)form.old_count;
    ret_conf->phase = (enum sec_configuration_phase)form.phase;
    ret_conf->command = form.command;
    ret_conf->within_s = (uint32_t)form.within_s;
    ret_conf->index = form.index;
    return sec_st(SEC_OK);
}

/* --- changes: parsing --------------------------------------------------------------------------------- */

void sec_configuration_change_head(struct sec_wr *wr, enum sec_configuration_kind kind, size_t members)
{
    sec_cbor_put_map(wr, 1 + members);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, (uint64_t)kind);
}

static struct sec_bytes keys_read(struct sec_cbor *rd, size_t *ret_count)
{
    size_t count = sec_cbor_array(rd), start = rd->at;
    if (count > SEC_SETTINGS_MAX_COUNT)
        sec_cbor_fail(rd, SEC_TOO_LARGE);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++)
        (void)sec_cbor_tstr(rd);
    if (!sec_ok(rd->status))
        return (struct sec_bytes){NULL, 0};
    *ret_count = count;
    return sec_bytes_part(rd->in, start, rd->at - start);
}

static void within_read(struct sec_cbor *rd, struct sec_configuration_change *got)
{
    uint64_t within_s = sec_cbor_uint(rd);
    if (within_s > SEC_CONFIGURATION_CONFIRM_MAX_S)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    got->within_s = (uint32_t)within_s;
}

static void kind_read(struct sec_cbor *rd, struct sec_configuration_change *got)
{
    uint64_t kind = sec_cbor_uint(rd);
    if (kind < SEC_CHANGE_SET || kind > SEC_CHANGE_PRODUCT)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    else
        got->kind = (enum sec_configuration_kind)kind;
}

static void change_field_read(struct sec_cbor *rd, int64_t key, struct sec_configuration_change *got)
{
    switch (key) {
    case 1:
        kind_read(rd, got);
        return;
    case 2:
        got->values = sec_configuration_pairs_read(rd, true, &got->values_count);
        return;
    case 3:
        sec_cbor_bstr_into(rd, SEC_ROOM(got->command.b));
        return;
    case 4:
        within_read(rd, got);
        return;
    case 5:
        got->keys = keys_read(rd, &got->keys_count);
        return;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

/* The members that each kind has, as bits; 0 when no kind was read. */
static uint32_t members_of(enum sec_configuration_kind kind)
{
    static const uint32_t members[] = {
        [SEC_CHANGE_SET] = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4,
        [SEC_CHANGE_EFFECTED] = 1u << 1,
        [SEC_CHANGE_CONFIRM] = 1u << 1,
        [SEC_CHANGE_REVERT] = 1u << 1 | 1u << 2,
        [SEC_CHANGE_PRODUCT] = 1u << 1 | 1u << 2 | 1u << 5,
    };
    size_t number = (size_t)kind;
    return number < sizeof members / sizeof members[0] ? members[number] : 0;
}

sec_status sec_configuration_change_parse(struct sec_bytes in, struct sec_configuration_change *ret_change)
{
    struct sec_configuration_change got = {0};
    struct sec_cbor rd = sec_cbor(in);
    uint32_t seen = 0;
    int64_t key;
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    while (sec_cbor_map_next(&walk, &key)) {
        change_field_read(&rd, key, &got);
        seen |= key >= 1 && key <= 5 ? 1u << (unsigned)key : 0u;
    }
    SEC_TRY(sec_cbor_end(&rd));
    uint32_t members = members_of(got.kind);
    if (members == 0)
        return sec_st(SEC_MISSING_FIELD);
    if ((seen & members) != members)
        return sec_st(SEC_MISSING_FIELD);
    if (seen != members)
        return sec_st(SEC_UNKNOWN_FIELD);
    *ret_change = got;
    return sec_st(SEC_OK);
}

sec_status sec_configuration_change_keys(struct sec_bytes change, struct sec_wr *wr)
{
    struct sec_configuration_change got;
    struct sec_configuration_pair pair;
    size_t at = 0;
    SEC_TRY(sec_configuration_change_parse(change, &got));
    sec_cbor_put_array(wr, got.values_count);
    while (sec_configuration_pair_next(got.values, &at, &pair))
        sec_cbor_put_tstr(wr, pair.key);
    return sec_st(SEC_OK);
}

void sec_configuration_pending_keys(const struct sec_configuration *conf, struct sec_wr *wr)
{
    struct sec_configuration_pair pair;
    size_t at = 0;
    sec_cbor_put_array(wr, conf->old.count);
    while (sec_configuration_pair_next(sec_configuration_old_raw(conf), &at, &pair))
        sec_cbor_put_tstr(wr, pair.key);
}

/* --- changes: does it fit ------------------------------------------------------------------------------ */

/* The table of the phases, read aloud in configuration.h. */
static sec_status phase_check(enum sec_configuration_phase phase, enum sec_configuration_kind kind)
{
    switch (kind) {
    case SEC_CHANGE_SET:
        return sec_st(phase == SEC_CONFIGURATION_SETTLED ? SEC_OK : SEC_CONFIRM_PENDING);
    case SEC_CHANGE_EFFECTED:
        return sec_st(phase == SEC_CONFIGURATION_EFFECT ? SEC_OK : SEC_NOTHING_PENDING);
    case SEC_CHANGE_CONFIRM:
        return sec_st(phase == SEC_CONFIGURATION_WAITING ? SEC_OK : SEC_NOTHING_PENDING);
    case SEC_CHANGE_REVERT:
        return sec_st(phase != SEC_CONFIGURATION_SETTLED ? SEC_OK : SEC_NOTHING_PENDING);
    case SEC_CHANGE_PRODUCT:
        break;
    }
    return sec_st(SEC_OK);
}

/* Whether the state holds all values after the change, and the old ones of a set. */
static sec_status room_check(const struct sec_configuration *conf, const struct sec_configuration_change *change)
{
    struct sec_bytes raw = sec_configuration_values_raw(conf);
    size_t len = raw.len, count = conf->values.count, old_len = 0, at = 0;
    struct sec_configuration_pair pair, stored;
    while (sec_configuration_pair_next(change->values, &at, &pair)) {
        struct sec_value old = sec_value_none();
        if (sec_configuration_pair_find(raw, pair.key, &stored)) {
            old = stored.value;
            len -= stored.len;
            count--;
        }
        old_len += sec_configuration_pair_bytes(pair.key, &old);
        len += pair.value.type == SEC_VALUE_NONE ? 0 : pair.len;
        count += pair.value.type == SEC_VALUE_NONE ? 0 : 1;
    }
    if (len > SEC_CONFIGURATION_VALUES_BYTES || count > SEC_SETTINGS_MAX_COUNT)
        return sec_st(SEC_TABLE_FULL);
    if (change->kind == SEC_CHANGE_SET && old_len > SEC_CONFIGURATION_OLD_BYTES)
        return sec_st(SEC_TABLE_FULL);
    return sec_st(SEC_OK);
}

/* Old values only ever become null here, which takes no more room than any value. */
sec_status sec_configuration_change_check(const struct sec_configuration *conf, const struct sec_configuration_change *change)
{
    SEC_TRY(phase_check(conf->phase, change->kind));
    return room_check(conf, change);
}

/* --- changes: folding ---------------------------------------------------------------------------------- */

static void old_keep(struct sec_configuration *conf, const struct sec_configuration_change *change)
{
    struct sec_configuration_pair pair, stored;
    size_t at = 0;
    while (sec_configuration_pair_next(change->values, &at, &pair)) {
        struct sec_value old = sec_value_none();
        if (sec_configuration_pair_find(sec_configuration_values_raw(conf), pair.key, &stored))
            old = stored.value;
        sec_configuration_pair_put(sec_configuration_old_pairs(conf), pair.key, &old);
    }
}

/* Values that go, go first: between two steps the room then never needs more than before or after. */
static void values_fold(struct sec_configuration *conf, struct sec_bytes values)
{
    struct sec_configuration_pairs to = sec_configuration_values_pairs(conf);
    struct sec_configuration_pair pair;
    for (size_t at = 0; sec_configuration_pair_next(values, &at, &pair);)
        sec_configuration_pair_remove(to, pair.key);
    for (size_t at = 0; sec_configuration_pair_next(values, &at, &pair);)
        if (pair.value.type != SEC_VALUE_NONE)
            sec_configuration_pair_put(to, pair.key, &pair.value);
}

static void settle(struct sec_configuration *conf)
{
    conf->phase = SEC_CONFIGURATION_SETTLED;
    sec_zero(&conf->command, sizeof conf->command);
    conf->within_s = 0;
    conf->index = 0;
    sec_zero(&conf->old, sizeof conf->old);
}

static void old_forget(struct sec_configuration *conf, const struct sec_configuration_change *change)
{
    struct sec_configuration_pair pair;
    for (size_t i = 0; i < change->keys_count; i++) {
        struct sec_bytes key = sec_product_text_at(change->keys, i);
        struct sec_value none = sec_value_none();
        if (sec_configuration_pair_find(sec_configuration_old_raw(conf), key, &pair))
            sec_configuration_pair_put(sec_configuration_old_pairs(conf), key, &none);
    }
}

static void change_fold(struct sec_configuration *conf, const struct sec_configuration_change *change, uint64_t index)
{
    switch (change->kind) {
    case SEC_CHANGE_SET:
        old_keep(conf, change);
        values_fold(conf, change->values);
        conf->phase = SEC_CONFIGURATION_EFFECT;
        conf->command = change->command;
        conf->within_s = change->within_s;
        conf->index = index;
        return;
    case SEC_CHANGE_EFFECTED:
        if (conf->within_s > 0)
            conf->phase = SEC_CONFIGURATION_WAITING;
        else
            settle(conf);
        return;
    case SEC_CHANGE_CONFIRM:
        settle(conf);
        return;
    case SEC_CHANGE_REVERT:
        values_fold(conf, change->values);
        settle(conf);
        return;
    case SEC_CHANGE_PRODUCT:
        values_fold(conf, change->values);
        old_forget(conf, change);
        return;
    }
}

sec_status sec_configuration_apply(struct sec_configuration *conf, struct sec_bytes change, uint64_t index)
{
    struct sec_configuration_change got;
    SEC_TRY(sec_configuration_change_parse(change, &got));
    SEC_TRY(sec_configuration_change_check(conf, &got));
    change_fold(conf, &got, index);
    return sec_st(SEC_OK);
}
