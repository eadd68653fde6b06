/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"
#include "effective.h"

/* Members of a detail; configuration.h. */
enum detail_key {
    DETAIL_KEY = 1,
    DETAIL_FACT = 2,
    DETAIL_VALUES = 3,
    DETAIL_WITHIN = 4,
    DETAIL_COMMAND = 5,
    DETAIL_WHY = 6,
};

/* --- refusals -------------------------------------------------------------------------------------------- */

static sec_status refuse(struct sec_wr *detail, struct sec_bytes key, struct sec_bytes fact, enum sec_status_code code)
{
    sec_cbor_put_map(detail, key.len > 0 ? 2 : 1);
    if (key.len > 0) {
        sec_cbor_put_uint(detail, DETAIL_KEY);
        sec_cbor_put_tstr(detail, key);
    }
    sec_cbor_put_uint(detail, DETAIL_FACT);
    sec_cbor_put_tstr(detail, fact);
    return sec_st(code);
}

static sec_status refuse_whole(struct sec_wr *detail, struct sec_bytes fact, enum sec_status_code code)
{
    return refuse(detail, SEC_LIT(""), fact, code);
}

/* --- what is asked of every set and reset ------------------------------------------------------------------ */

static sec_status command_judge(const struct sec_configuration *conf, const struct sec_configuration_facts *facts, struct sec_wr *detail)
{
    if (conf->phase != SEC_CONFIGURATION_SETTLED)
        return refuse_whole(detail, SEC_LIT("an earlier change is under way"), SEC_CONFIRM_PENDING);
    if (facts->has_base && !sec_digest_equal(&facts->base, &facts->now))
        return refuse_whole(detail, SEC_LIT("the settings are not those that the command was made for"), SEC_STALE_BASE);
    if (facts->confirm_within_s > SEC_CONFIGURATION_CONFIRM_MAX_S)
        return refuse_whole(detail, SEC_LIT("confirm-within: at most 604800 s"), SEC_BAD_VALUE);
    return sec_st(SEC_OK);
}

/* One asked value. An item that is no value at all is of the wrong type for every setting. */
/*
 * Who may set a reserved setting; the first row that begins its key counts. Names decide whom commands reach, and update and log settings are the owner's
 * consent in advance: an operator may set neither, or could bring a device under commands that were not meant for it.
 */
static const struct {
    struct sec_bytes prefix;
    uint64_t least_role;
} guards[] = {
    {{(const uint8_t *)"securable.interface.", 20}, 3},
    {{(const uint8_t *)"securable.access.", 17}, 2},
    {{(const uint8_t *)"securable.crypto.", 17}, 2},
    {{(const uint8_t *)"securable.", 10}, 1},
};

static bool role_suffices(struct sec_bytes key, uint64_t role)
{
    for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++) {
        if (sec_bytes_equal(sec_bytes_part(key, 0, guards[i].prefix.len), guards[i].prefix))
            return role != 0 && role <= guards[i].least_role;
    }
    return true;
}

static sec_status value_judge(const struct sec_configuration_facts *facts, struct sec_bytes key, struct sec_bytes item, struct sec_wr *detail)
{
    uint8_t text[SEC_PRODUCT_TEXT_MAX_BYTES];
    struct sec_wr fact = sec_wr(SEC_ROOM(text));
    struct sec_product_setting setting;
    struct sec_cbor rd = sec_cbor(item);
    if (!sec_ok(sec_configuration_setting_find(facts->product, key, &setting)))
        return refuse(detail, key.len <= SEC_SETTING_KEY_MAX_BYTES ? key : SEC_LIT(""), SEC_LIT("no such setting"), SEC_UNKNOWN_SETTING);
    if (!role_suffices(key, facts->role))
        return refuse(detail, key, SEC_LIT("not for this role to set"), SEC_ROLE_INSUFFICIENT);
    struct sec_value value = sec_value_read(&rd);
    if (!sec_ok(rd.status))
        value = sec_value_none();
    sec_status status = sec_product_setting_check(&setting, &value, &fact);
    if (!sec_ok(status))
        return refuse(detail, key, sec_wr_done(&fact), (enum sec_status_code)status.code);
    if (!sec_ok(sec_configuration_reserved_form_check(key, &value)))
        return refuse(detail, key, SEC_LIT("two times of day in UTC, as 22:30-05:00"), SEC_BAD_VALUE);
    if (facts->trial && !sec_configuration_key_reserved(key))
        return refuse(detail, key, SEC_LIT("a trial release runs"), SEC_TRIAL_PENDING);
    return sec_st(SEC_OK);
}

static sec_status values_judge(const struct sec_configuration_facts *facts, struct sec_bytes args, struct sec_wr *detail)
{
    struct sec_cbor rd = sec_cbor(args);
    size_t count = sec_cbor_map(&rd);
    SEC_TRY(rd.status);
    if (count == 0)
        return refuse_whole(detail, SEC_LIT("nothing is set"), SEC_BAD_VALUE);
    if (count > SEC_SETTINGS_MAX_COUNT)
        return refuse_whole(detail, SEC_LIT("more settings than a device has"), SEC_TOO_LARGE);
    for (size_t i = 0; i < count; i++) {
        struct sec_bytes key = sec_cbor_tstr(&rd);
        struct sec_bytes item = sec_cbor_item(&rd);
        SEC_TRY(rd.status);
        SEC_TRY(value_judge(facts, key, item, detail));
    }
    return sec_cbor_end(&rd);
}

/* --- writing changes and details ----------------------------------------------------------------------------- */

static void set_change_begin(size_t count, struct sec_wr *change)
{
    sec_configuration_change_head(change, SEC_CHANGE_SET, 3);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_map(change, count);
}

static void set_change_end(const struct sec_configuration_facts *facts, struct sec_wr *change)
{
    sec_cbor_put_uint(change, 3);
    sec_cbor_put_bstr(change, sec_digest_bytes(&facts->command));
    sec_cbor_put_uint(change, 4);
    sec_cbor_put_uint(change, facts->confirm_within_s);
}

static void detail_begin(struct sec_wr *detail, size_t count, size_t more)
{
    sec_cbor_put_map(detail, 1 + more);
    sec_cbor_put_uint(detail, DETAIL_VALUES);
    sec_cbor_put_map(detail, count);
}

static void detail_pair(struct sec_wr *detail, struct sec_bytes key, const struct sec_value *old, const struct sec_value *value)
{
    sec_cbor_put_tstr(detail, key);
    sec_cbor_put_array(detail, 2);
    sec_value_put(detail, old);
    sec_value_put(detail, value);
}

static void detail_within(struct sec_wr *detail, uint64_t within_s)
{
    if (within_s == 0)
        return;
    sec_cbor_put_uint(detail, DETAIL_WITHIN);
    sec_cbor_put_uint(detail, within_s);
}

static void detail_command(struct sec_wr *detail, const struct sec_digest *command)
{
    sec_cbor_put_uint(detail, DETAIL_COMMAND);
    sec_cbor_put_bstr(detail, sec_digest_bytes(command));
}

/* What was written must be what apply() takes; otherwise nothing was written. */
static sec_status change_end(const struct sec_configuration *conf, size_t mark, size_t detail_mark, struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_configuration_change got;
    sec_status status = sec_st(change->bad || detail->bad ? SEC_ROOM_FULL : SEC_OK);
    struct sec_bytes done = sec_wr_done(change);
    if (sec_ok(status))
        status = sec_configuration_change_parse(sec_bytes_part(done, mark, done.len - mark), &got);
    if (sec_ok(status))
        status = sec_configuration_change_check(conf, &got);
    if (sec_ok(status))
        return status;
    change->len = mark;
    if (sec_is(status, SEC_TABLE_FULL)) {
        detail->len = detail_mark;
        return refuse_whole(detail, SEC_LIT("the values take more room than the device has for them"), SEC_TABLE_FULL);
    }
    return status;
}

/* --- set ------------------------------------------------------------------------------------------------- */

static void set_write(const struct sec_configuration *conf, const struct sec_configuration_facts *facts, struct sec_bytes args,
                      struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_cbor rd = sec_cbor(args);
    size_t count = sec_cbor_map(&rd);
    set_change_begin(count, change);
    detail_begin(detail, count, facts->confirm_within_s > 0 ? 1 : 0);
    for (size_t i = 0; i < count; i++) {
        struct sec_bytes key = sec_cbor_tstr(&rd);
        struct sec_value value = sec_value_read(&rd);
        struct sec_value old = sec_value_none();
        (void)sec_configuration_value(conf, facts->product, key, &old);
        sec_cbor_put_tstr(change, key);
        sec_value_put(change, &value);
        detail_pair(detail, key, &old, &value);
    }
    set_change_end(facts, change);
    detail_within(detail, facts->confirm_within_s);
}

sec_status sec_configuration_judge_set(const struct sec_configuration *conf, const struct sec_configuration_facts *facts,
                                       struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail)
{
    size_t mark = change->len, detail_mark = detail->len;
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    SEC_TRY(command_judge(conf, facts, detail));
    SEC_TRY(values_judge(facts, args, detail));
    set_write(conf, facts, args, change, detail);
    return change_end(conf, mark, detail_mark, change, detail);
}

/* --- reset ----------------------------------------------------------------------------------------------- */

/* True when reset has something to do for the setting; `ret_value` is what is kept of it, null for the default. */
static bool reset_needs(const struct sec_configuration_item *item, struct sec_value *ret_value)
{
    const struct sec_value *safe = &item->setting.safe;
    bool is_default = sec_value_equal(safe, &item->setting.preset);
    if (!sec_configuration_key_resets(sec_configuration_item_key(item)))
        return false;
    if (is_default ? !item->is_set : item->is_set && sec_value_equal(&item->value, safe))
        return false;
    *ret_value = is_default ? sec_value_none() : *safe;
    return true;
}

static size_t reset_count(const struct sec_configuration *conf, const struct sec_product *product)
{
    struct sec_configuration_walk walk = sec_configuration_walk_begin(conf, product);
    struct sec_configuration_item item;
    struct sec_value value;
    size_t count = 0;
    while (sec_configuration_walk_next(&walk, &item))
        count += reset_needs(&item, &value) ? 1u : 0u;
    return count;
}

static void reset_write(const struct sec_configuration *conf, const struct sec_configuration_facts *facts, struct sec_wr *change,
                        struct sec_wr *detail)
{
    struct sec_configuration_walk walk = sec_configuration_walk_begin(conf, facts->product);
    struct sec_configuration_item item;
    struct sec_value value;
    size_t count = reset_count(conf, facts->product);
    set_change_begin(count, change);
    detail_begin(detail, count, facts->confirm_within_s > 0 ? 1 : 0);
    while (sec_configuration_walk_next(&walk, &item)) {
        if (!reset_needs(&item, &value))
            continue;
        sec_cbor_put_tstr(change, sec_configuration_item_key(&item));
        sec_value_put(change, &value);
        detail_pair(detail, sec_configuration_item_key(&item), &item.value, &item.setting.safe);
    }
    set_change_end(facts, change);
    detail_within(detail, facts->confirm_within_s);
}

sec_status sec_configuration_judge_reset(const struct sec_configuration *conf, const struct sec_configuration_facts *facts,
                                         struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail)
{
    static const uint8_t empty_map[] = {0xa0};
    size_t mark = change->len, detail_mark = detail->len;
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    if (!sec_bytes_equal(args, SEC_BYTES(empty_map)))
        return refuse_whole(detail, SEC_LIT("reset takes no arguments"), SEC_BAD_VALUE);
    SEC_TRY(command_judge(conf, facts, detail));
    if (facts->trial)
        return refuse_whole(detail, SEC_LIT("a trial release runs"), SEC_TRIAL_PENDING);
    reset_write(conf, facts, change, detail);
    return change_end(conf, mark, detail_mark, change, detail);
}

/* --- confirm, revert, and the ends without a command --------------------------------------------------------- */

static void revert_write(const struct sec_configuration *conf, const struct sec_product *product, enum sec_configuration_end why,
                         struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_bytes raw = sec_configuration_old_raw(conf);
    struct sec_configuration_pair pair;
    size_t at = 0;
    sec_configuration_change_head(change, SEC_CHANGE_REVERT, 1);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_map(change, conf->old.count);
    sec_wr_bytes(change, raw);
    detail_begin(detail, conf->old.count, 2);
    while (sec_configuration_pair_next(raw, &at, &pair)) {
        struct sec_product_setting setting;
        struct sec_value now = sec_value_none(), then = pair.value;
        (void)sec_configuration_value(conf, product, pair.key, &now);
        if (then.type == SEC_VALUE_NONE && sec_ok(sec_configuration_setting_find(product, pair.key, &setting)))
            then = setting.preset;
        detail_pair(detail, pair.key, &now, &then);
    }
    detail_command(detail, &conf->command);
    sec_cbor_put_uint(detail, DETAIL_WHY);
    sec_cbor_put_uint(detail, (uint64_t)why);
}

static sec_status revert(const struct sec_configuration *conf, const struct sec_product *product, enum sec_configuration_end why,
                         struct sec_wr *change, struct sec_wr *detail)
{
    size_t mark = change->len, detail_mark = detail->len;
    revert_write(conf, product, why, change, detail);
    return change_end(conf, mark, detail_mark, change, detail);
}

/* The command that confirm and revert name must be the one that waits. */
static sec_status waiting_judge(const struct sec_configuration *conf, struct sec_bytes args, struct sec_wr *detail)
{
    struct sec_digest command = {{0}};
    struct sec_cbor rd = sec_cbor(args);
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    if (sec_cbor_map(&rd) != 1 || sec_cbor_uint(&rd) != 1)
        return refuse_whole(detail, SEC_LIT("takes the digest of the command"), SEC_BAD_VALUE);
    sec_cbor_bstr_into(&rd, SEC_ROOM(command.b));
    if (!sec_ok(sec_cbor_end(&rd)))
        return refuse_whole(detail, SEC_LIT("takes the digest of the command"), SEC_BAD_VALUE);
    if (conf->phase != SEC_CONFIGURATION_WAITING)
        return refuse_whole(detail, SEC_LIT("no change waits for a confirmation"), SEC_NOTHING_PENDING);
    if (!sec_digest_equal(&command, &conf->command))
        return refuse_whole(detail, SEC_LIT("another command waits for its confirmation"), SEC_NOTHING_PENDING);
    return sec_st(SEC_OK);
}

/* A change that only moves the phase. */
static sec_status phase_move(const struct sec_configuration *conf, enum sec_configuration_kind kind, struct sec_wr *change, struct sec_wr *detail)
{
    size_t mark = change->len, detail_mark = detail->len;
    uint32_t within_s = kind == SEC_CHANGE_EFFECTED ? conf->within_s : 0;
    sec_configuration_change_head(change, kind, 0);
    sec_cbor_put_map(detail, within_s > 0 ? 2 : 1);
    detail_within(detail, within_s);
    detail_command(detail, &conf->command);
    return change_end(conf, mark, detail_mark, change, detail);
}

sec_status sec_configuration_judge_confirm(const struct sec_configuration *conf, const struct sec_configuration_facts *facts,
                                           struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail)
{
    (void)facts;
    SEC_TRY(waiting_judge(conf, args, detail));
    return phase_move(conf, SEC_CHANGE_CONFIRM, change, detail);
}

sec_status sec_configuration_judge_revert(const struct sec_configuration *conf, const struct sec_configuration_facts *facts,
                                          struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail)
{
    SEC_TRY(waiting_judge(conf, args, detail));
    return revert(conf, facts->product, SEC_CONFIGURATION_END_COMMAND, change, detail);
}

sec_status sec_configuration_judge_outcome(const struct sec_configuration *conf, const struct sec_product *product, sec_status effect,
                                           struct sec_wr *change, struct sec_wr *detail)
{
    if (conf->phase != SEC_CONFIGURATION_EFFECT)
        return refuse_whole(detail, SEC_LIT("no effect is outstanding"), SEC_NOTHING_PENDING);
    if (!sec_ok(effect))
        return revert(conf, product, SEC_CONFIGURATION_END_EFFECT, change, detail);
    return phase_move(conf, SEC_CHANGE_EFFECTED, change, detail);
}

sec_status sec_configuration_judge_end(const struct sec_configuration *conf, const struct sec_product *product,
                                       enum sec_configuration_end why, struct sec_wr *change, struct sec_wr *detail)
{
    if (conf->phase != SEC_CONFIGURATION_WAITING)
        return refuse_whole(detail, SEC_LIT("no change waits for a confirmation"), SEC_NOTHING_PENDING);
    return revert(conf, product, why, change, detail);
}
