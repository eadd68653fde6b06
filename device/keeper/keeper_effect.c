/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_inside.h"

#define ORIGIN_DETAIL_MAX_BYTES 16384u

/** Trouble of the surroundings, not a verdict on the effect: the intent stays, and is finished after a new start. */
static bool is_trouble(sec_status status)
{
    return sec_status_class(status) == SEC_CLASS_IO && !sec_is(status, SEC_REFUSED_BY_PORT);
}

static void interfaces_effect(struct sec_keeper *k, struct sec_bytes keys, sec_status *status)
{
    const struct sec_effects *effects = k->config.effects;
    struct sec_cbor rd = sec_cbor(keys);
    size_t count = sec_cbor_array(&rd);
    for (size_t i = 0; i < count && sec_ok(rd.status) && sec_ok(*status); i++) {
        struct sec_bytes name;
        struct sec_bytes key = sec_cbor_tstr(&rd);
        if (sec_configuration_key_interface(key, &name))
            *status = effects->interface(effects->ctx, name, keeper_interface_on(k, name));
    }
}

sec_status keeper_settings_effect(struct sec_keeper *k, struct sec_bytes keys)
{
    const struct sec_effects *effects = k->config.effects;
    struct sec_bytes json;
    struct sec_wr wr = sec_wr(k->work.json);
    sec_configuration_json(&k->rooms.configuration, &k->product, &wr);
    SEC_TRY(sec_wr_end(&wr, &json));
    sec_status status = effects->settings(effects->ctx, json, keys);
    interfaces_effect(k, keys, &status);
    effects->notify(effects->ctx, SEC_LIT("settings"));
    return status;
}

/** The keys of all settings, for effects that may touch any; they live in the room `read`. */
static sec_status all_keys(struct sec_keeper *k, struct sec_bytes *ret_keys)
{
    struct sec_configuration_item item;
    struct sec_configuration_walk walk = sec_configuration_walk_begin(&k->rooms.configuration, &k->product);
    size_t count = 0;
    while (sec_configuration_walk_next(&walk, &item))
        count++;
    struct sec_wr wr = sec_wr(k->work.read);
    sec_cbor_put_array(&wr, count);
    walk = sec_configuration_walk_begin(&k->rooms.configuration, &k->product);
    while (sec_configuration_walk_next(&walk, &item))
        sec_cbor_put_tstr(&wr, sec_configuration_item_key(&item));
    return sec_wr_end(&wr, ret_keys);
}

static sec_status all_settings_effect(struct sec_keeper *k)
{
    struct sec_bytes keys;
    SEC_TRY(all_keys(k, &keys));
    return keeper_settings_effect(k, keys);
}

sec_status keeper_interfaces_effect(struct sec_keeper *k)
{
    struct sec_bytes keys;
    sec_status status = sec_st(SEC_OK);
    SEC_TRY(all_keys(k, &keys));
    interfaces_effect(k, keys, &status);
    return is_trouble(status) ? status : sec_st(SEC_OK);
}

static sec_status site_effect(struct sec_keeper *k)
{
    const struct sec_effects *effects = k->config.effects;
    struct sec_site site = {0};
    sec_access_site(&k->rooms.access, &site);
    return effects->site(effects->ctx, site.address, &site.ca);
}

sec_status keeper_site_converge(struct sec_keeper *k)
{
    sec_status status = site_effect(k);
    return is_trouble(status) ? status : sec_st(SEC_OK);
}

sec_status keeper_settings_converge(struct sec_keeper *k)
{
    static const uint8_t no_keys[] = {0x80};
    struct sec_bytes keys;
    sec_status status = keeper_settings_effect(k, SEC_BYTES(no_keys));
    SEC_TRY(all_keys(k, &keys));
    interfaces_effect(k, keys, &status);
    return is_trouble(status) ? status : sec_st(SEC_OK);
}

/** Reads who asked and for what, while its record can still be read: a wipe destroys the key. */
static void load_origin(struct sec_keeper *k)
{
    struct keeper_origin *origin = &k->origin;
    struct sec_journal_record read;
    struct keeper_record decision;
    sec_zero(origin, sizeof *origin);
    if (!sec_ok(sec_journal_read(&k->journal, k->rooms.intent.index, k->work.read, &read)) || !read.opened)
        return;
    if (!sec_ok(keeper_record_parse(read.content, &decision)) || decision.sort != KEEPER_DECISION)
        return;
    /* A long detail stays with its decision: the outcome must surely fit a record. */
    struct sec_bytes detail = decision.detail.len <= ORIGIN_DETAIL_MAX_BYTES ? decision.detail : sec_bytes(NULL, 0);
    if (decision.signer.len > sizeof origin->signer || !sec_bytes_copy(k->work.origin, detail))
        return;
    origin->there = true;
    origin->kid = decision.kid;
    origin->signer_len = decision.signer.len;
    sec_copy(origin->signer, decision.signer.data, decision.signer.len);
    origin->has_role = decision.has_role;
    origin->role = decision.role;
    origin->topic = decision.topic;
    origin->generation = decision.generation;
    origin->detail = sec_bytes(k->work.origin.data, detail.len);
}

static void repeat_origin(const struct sec_keeper *k, struct keeper_record *record)
{
    const struct keeper_origin *origin = &k->origin;
    record->has_origin = origin->there;
    if (!origin->there)
        return;
    record->kid = origin->kid;
    record->signer = sec_bytes(origin->signer, origin->signer_len);
    record->has_role = origin->has_role;
    record->role = origin->role;
    record->topic = origin->topic;
    record->generation = origin->generation;
    record->intended_detail = origin->detail;
}

/** Commits the outcome of the present intent with the draft's changes. */
static sec_status commit_outcome(struct sec_keeper *k, sec_status code)
{
    static const struct sec_digest none = {{0}};
    const struct keeper_intent intent = k->rooms.intent;
    struct keeper_record record = {0};
    record.sort = KEEPER_OUTCOME;
    record.index = intent.index;
    record.code = code.code;
    record.digest = intent.digest;
    record.action = intent.action;
    repeat_origin(k, &record);
    if (!sec_digest_equal(&intent.digest, &none)) {
        struct sec_access_decision decision = {intent.digest, code, SEC_TOPIC_NONE, 0, false};
        sec_access_change_decided(&decision, keeper_change(k));
        keeper_add(k, KEEPER_ROOM_ACCESS);
    }
    keeper_add_intent_end(k);
    return keeper_commit(k, &record, NULL);
}

/** An effect without a say: done, or failed as it is. */
static sec_status plain_outcome(struct sec_keeper *k, sec_status effect, sec_status *ret_code)
{
    if (is_trouble(effect))
        return effect;
    keeper_draft_begin(k);
    *ret_code = sec_ok(effect) ? effect : sec_st(SEC_EFFECT_FAILED);
    return commit_outcome(k, *ret_code);
}

/* --- configuration -------------------------------------------------------------------------------------------- */

static void start_waiting(struct sec_keeper *k)
{
    k->waiting_timed = k->rooms.configuration.phase == SEC_CONFIGURATION_WAITING;
    k->waiting_since_ms = k->config.clock->steady_ms(k->config.clock->ctx);
}

static sec_status finish_set(struct sec_keeper *k, bool resumed, sec_status *ret_code)
{
    (void)resumed;
    struct sec_bytes keys;
    struct sec_wr wr = sec_wr(k->work.read);
    sec_configuration_pending_keys(&k->rooms.configuration, &wr);
    SEC_TRY(sec_wr_end(&wr, &keys));
    sec_status effect = keeper_settings_effect(k, keys);
    if (is_trouble(effect))
        return effect;
    keeper_draft_begin(k);
    SEC_TRY(sec_configuration_judge_outcome(&k->rooms.configuration, &k->product, effect, keeper_change(k), &k->draft.detail));
    keeper_add(k, KEEPER_ROOM_CONFIGURATION);
    *ret_code = sec_ok(effect) ? effect : sec_st(SEC_EFFECT_FAILED);
    SEC_TRY(commit_outcome(k, *ret_code));
    start_waiting(k);
    if (sec_ok(effect))
        return effect;
    sec_status restored = keeper_settings_effect(k, keys);
    return is_trouble(restored) ? restored : sec_st(SEC_OK);
}

static sec_status finish_revert(struct sec_keeper *k, bool resumed, sec_status *ret_code)
{
    (void)resumed;
    k->waiting_timed = false;
    return plain_outcome(k, all_settings_effect(k), ret_code);
}

/* --- update ---------------------------------------------------------------------------------------------------- */

sec_status keeper_promote_product(struct sec_keeper *k)
{
    struct sec_statement statement;
    struct sec_product next;
    if (k->rooms.pending.len == 0)
        return sec_st(SEC_INTERNAL);
    SEC_TRY(sec_statement_parse(sec_bytes(k->rooms.pending.b, k->rooms.pending.len), &statement));
    SEC_TRY(sec_product_parse(statement.msg.payload, &next));
    /* What becomes of single settings is told by the settings' own digest and the log; the detail here is the release's. */
    struct sec_wr told = sec_wr(k->work.scratch);
    SEC_TRY(sec_configuration_judge_product(&k->rooms.configuration, &k->product, &next, keeper_change(k), &told));
    keeper_add(k, KEEPER_ROOM_CONFIGURATION);
    keeper_product_change_promote(keeper_change(k));
    keeper_add(k, KEEPER_ROOM_PRODUCT);
    return sec_st(SEC_OK);
}

/** Tries the candidate once: says where it ended and how. */
static sec_status try_release(struct sec_keeper *k, enum sec_update_stage *ret_stage)
{
    const struct sec_effects *effects = k->config.effects;
    const struct sec_update *update = &k->rooms.update;
    *ret_stage = SEC_UPDATE_STAGE_INSTALL;
    SEC_TRY(effects->install(effects->ctx, update->trial.slot, &update->candidate.image, update->candidate.size_bytes));
    *ret_stage = SEC_UPDATE_STAGE_ACTIVATE;
    SEC_TRY(effects->activate(effects->ctx, update->trial.slot));
    *ret_stage = SEC_UPDATE_STAGE_HEALTH;
    return effects->health(effects->ctx);
}

/** Commits how a trial went on, and brings about what follows from it. The draft holds the update room's change. */
static sec_status end_attempt(struct sec_keeper *k, sec_status outcome)
{
    const struct sec_effects *effects = k->config.effects;
    struct sec_digest image = k->rooms.update.candidate.image;
    keeper_add(k, KEEPER_ROOM_UPDATE);
    /* A reverted release keeps its product record: a command may try it again. */
    if (sec_ok(outcome))
        SEC_TRY(keeper_promote_product(k));
    SEC_TRY(commit_outcome(k, outcome));
    k->trial_timed = sec_is(outcome, SEC_PENDING);
    k->trial_since_ms = k->config.clock->steady_ms(k->config.clock->ctx);
    effects->notify(effects->ctx, SEC_LIT("update"));
    if (sec_is(outcome, SEC_PENDING))
        return sec_st(SEC_OK);
    SEC_TRY(effects->activate(effects->ctx, sec_update_slot(&k->rooms.update)));
    SEC_TRY(effects->discard(effects->ctx, &image));
    sec_status settings = sec_ok(outcome) ? all_settings_effect(k) : sec_st(SEC_OK);
    return is_trouble(settings) ? settings : sec_st(SEC_OK);
}

static sec_status finish_install(struct sec_keeper *k, bool resumed, sec_status *ret_code)
{
    (void)resumed;
    for (unsigned attempt = 0; attempt <= SEC_UPDATE_ATTEMPTS_MAX_COUNT; attempt++) {
        struct sec_update_facts facts;
        enum sec_update_stage stage;
        keeper_draft_begin(k);
        SEC_TRY(sec_update_judge_attempt(&k->rooms.update, keeper_change(k), &k->draft.detail, ret_code));
        if (!sec_is(*ret_code, SEC_PENDING))
            return end_attempt(k, *ret_code);
        keeper_add(k, KEEPER_ROOM_UPDATE);
        SEC_TRY(keeper_internal(k, KEEPER_TRIAL_RESUMED, *ret_code, false));
        sec_status tried = try_release(k, &stage);
        if (sec_is(tried, SEC_POWER_CUT))
            return tried;
        keeper_draft_begin(k);
        keeper_update_facts(k, &facts);
        sec_status judged = sec_update_judge_tried(&k->rooms.update, &facts, stage, tried, keeper_change(k), &k->draft.detail, ret_code);
        if (sec_ok(judged))
            return end_attempt(k, *ret_code);
        if (!sec_is(judged, SEC_BUSY))
            return judged;
    }
    return sec_st(SEC_INTERNAL);
}

static sec_status finish_update_confirm(struct sec_keeper *k, bool resumed, sec_status *ret_code)
{
    (void)resumed;
    const struct sec_effects *effects = k->config.effects;
    k->trial_timed = false;
    sec_status effect = effects->discard(effects->ctx, &k->rooms.update.installed.image);
    if (sec_ok(effect))
        effect = all_settings_effect(k);
    return plain_outcome(k, effect, ret_code);
}

static sec_status finish_update_revert(struct sec_keeper *k, bool resumed, sec_status *ret_code)
{
    (void)resumed;
    const struct sec_effects *effects = k->config.effects;
    k->trial_timed = false;
    return plain_outcome(k, effects->activate(effects->ctx, sec_update_slot(&k->rooms.update)), ret_code);
}

/* --- protection -------------------------------------------------------------------------------------------------- */

sec_status keeper_reseal(struct sec_keeper *k, const struct sec_protection_secret *secret, uint64_t seal, enum keeper_reason reason)
{
    struct sec_journal_record record;
    uint64_t index;
    SEC_TRY(sec_journal_read(&k->journal, secret->index, k->work.read, &record));
    if (!record.opened)
        return sec_st(SEC_AEAD_FAILED);
    SEC_TRY(keeper_reserve(k, record.content.len + KEEPER_CHANGE_RECORD_BYTES));
    SEC_TRY(sec_journal_stage(&k->journal, SEC_RECORD_PROTECTION, seal, false, record.content, &index));
    sec_wipe(k->work.read.data, k->work.read.len);
    keeper_draft_begin(k);
    sec_protection_change_moved(secret, index, keeper_change(k));
    keeper_add(k, KEEPER_ROOM_PROTECTION);
    return keeper_internal(k, reason, sec_st(SEC_OK), false);
}

static sec_status reseal_all(struct sec_keeper *k)
{
    const struct sec_protection *state = &k->rooms.protection;
    const struct sec_keystore *keys = k->config.keystore;
    SEC_TRY(keys->make(keys->ctx, state->other_key));
    for (size_t i = 0; i < state->secrets_count; i++) {
        struct sec_protection_secret secret = state->secrets[i];
        if (secret.seal != state->other_key)
            SEC_TRY(keeper_reseal(k, &secret, state->other_key, KEEPER_RESEALED));
    }
    keeper_draft_begin(k);
    sec_protection_change_resealed(keeper_change(k));
    keeper_add(k, KEEPER_ROOM_PROTECTION);
    return keeper_internal(k, KEEPER_RESEALED, sec_st(SEC_OK), false);
}

static void add_item(struct sec_wipe_items *items, struct sec_bytes name, enum sec_wipe_grade grade)
{
    if (items->count < SEC_WIPE_ITEMS_MAX_COUNT)
        items->items[items->count++] = (struct sec_wipe_item){name, grade};
}

static sec_status destroy_key(struct sec_keeper *k, uint64_t number, bool resumed, struct sec_bytes name, struct sec_wipe_items *items)
{
    const struct sec_keystore *keys = k->config.keystore;
    enum sec_destroy_grade grade;
    SEC_TRY(keys->destroy(keys->ctx, number, &grade));
    add_item(items, name, sec_wipe_grade_of_key(grade, resumed));
    return sec_st(SEC_OK);
}

static sec_status finish_rotate(struct sec_keeper *k, bool resumed, sec_status *ret_code)
{
    struct sec_wipe_items items = {0};
    if (k->rooms.protection.phase == SEC_PROTECTION_RESEALING)
        SEC_TRY(reseal_all(k));
    SEC_TRY(destroy_key(k, k->rooms.protection.other_key, resumed, SEC_LIT("keys.secrets"), &items));
    keeper_draft_begin(k);
    sec_protection_change_retired(keeper_change(k));
    keeper_add(k, KEEPER_ROOM_PROTECTION);
    sec_wipe_items_encode(&items, &k->draft.detail);
    *ret_code = sec_st(SEC_OK);
    return commit_outcome(k, *ret_code);
}

/** Names of items are made in the room `scratch`, which nobody else uses before the outcome's commit. */
static sec_status erase_elements(struct sec_keeper *k, struct sec_wipe_items *items)
{
    const struct sec_effects *effects = k->config.effects;
    struct sec_wr names = sec_wr(k->work.scratch);
    for (size_t i = 0; i < k->product.elements.count; i++) {
        struct sec_product_element element;
        SEC_TRY(sec_product_element_at(&k->product, i, &element));
        sec_status erased = element.erase.len ? effects->erase(effects->ctx, element.name) : sec_st(SEC_NOT_FOUND);
        if (is_trouble(erased))
            return erased;
        size_t begin = names.len;
        sec_wr_bytes(&names, SEC_LIT("data."));
        sec_wr_bytes(&names, element.name);
        add_item(items, sec_bytes_part(sec_wr_done(&names), begin, names.len - begin), sec_wipe_grade_of_hook(erased));
    }
    return sec_st(SEC_OK);
}

/** Writes what survives, then destroys keys and content of the epoch that ends. */
static sec_status end_epoch(struct sec_keeper *k, bool resumed, struct sec_wipe_items *items)
{
    static const struct sec_bytes names[] = {{(const uint8_t *)"keys.epoch", 10}, {(const uint8_t *)"keys.secrets", 12},
                                             {(const uint8_t *)"keys.other", 10}, {(const uint8_t *)"keys.other", 10}};
    if (k->rooms.protection.phase == SEC_PROTECTION_WIPE)
        SEC_TRY(keeper_commit_survivors(k));
    keeper_forget(k);
    sec_zero(&k->transport, sizeof k->transport);
    for (size_t i = 0; i < k->rooms.protection.doomed_count; i++)
        SEC_TRY(destroy_key(k, k->rooms.protection.doomed[i], resumed, names[i], items));
    SEC_TRY(erase_elements(k, items));
    k->waiting_timed = false;
    sec_status settings = all_settings_effect(k);
    if (is_trouble(settings))
        return settings;
    add_item(items, SEC_LIT("settings"), sec_wipe_grade_of_hook(settings));
    return keeper_site_converge(k);
}

static sec_status finish_wipe(struct sec_keeper *k, bool resumed, sec_status *ret_code)
{
    struct sec_wipe_items items = {0};
    SEC_TRY(end_epoch(k, resumed, &items));
    keeper_draft_begin(k);
    sec_protection_change_wiped(keeper_change(k));
    keeper_add(k, KEEPER_ROOM_PROTECTION);
    sec_wipe_items_encode(&items, &k->draft.detail);
    *ret_code = sec_st(SEC_OK);
    return commit_outcome(k, *ret_code);
}

/* --- lifecycle ----------------------------------------------------------------------------------------------------- */

static sec_status finish_site(struct sec_keeper *k, bool resumed, sec_status *ret_code)
{
    (void)resumed;
    return plain_outcome(k, site_effect(k), ret_code);
}

/** Room for the outcome of a transfer besides the detail that it repeats: items of a wipe, changes, the words around them. */
#define TRANSFER_RECORD_BYTES 8192u

/** Draws the next owners' keys, as a claim would, on the state as it will be when nothing is doomed any more. */
static sec_status draw_keys(struct sec_keeper *k, struct sec_protection_keys *ret_keys)
{
    const struct sec_keystore *keys = k->config.keystore;
    struct sec_protection wiped = k->rooms.protection;
    struct sec_wr *change = keeper_change(k);
    sec_protection_change_wiped(change);
    SEC_TRY(sec_protection_apply(&wiped, sec_wr_done(change), 0));
    keeper_add(k, KEEPER_ROOM_PROTECTION);
    SEC_TRY(sec_protection_judge_claim(&wiped, ret_keys, keeper_change(k)));
    keeper_add(k, KEEPER_ROOM_PROTECTION);
    SEC_TRY(keys->make(keys->ctx, ret_keys->epoch_key));
    return keys->make(keys->ctx, ret_keys->secret_key);
}

/**
 * As a wipe, but the snapshot that begins the next epoch names its owners already. Their keys are durable before the one commit that names them; keys
 * that a cut leaves without it are destroyed at the next start, and made again.
 */
static sec_status finish_transfer(struct sec_keeper *k, bool resumed, sec_status *ret_code)
{
    struct sec_wipe_items items = {0};
    struct sec_protection_keys drawn;
    SEC_TRY(end_epoch(k, resumed, &items));
    keeper_draft_begin(k);
    sec_wipe_items_encode(&items, &k->draft.detail);
    SEC_TRY(draw_keys(k, &drawn));
    SEC_TRY(keeper_head(k));
    /* A segment that is begun for want of space is still sealed as before. */
    SEC_TRY(keeper_reserve(k, TRANSFER_RECORD_BYTES + k->origin.detail.len));
    SEC_TRY(sec_journal_set_epoch(&k->journal, k->rooms.access.epoch, drawn.epoch_key));
    k->draft.seal = drawn.epoch_key;
    *ret_code = sec_st(SEC_OK);
    return commit_outcome(k, *ret_code);
}

/* --- which action is finished by what ------------------------------------------------------------------------------ */

static const struct finish_row {
    enum sec_action action;
    sec_status (*finish)(struct sec_keeper *k, bool resumed, sec_status *ret_code);
} finish_rows[] = {
    {SEC_ACTION_CONFIGURATION_SET, finish_set},
    {SEC_ACTION_CONFIGURATION_RESET, finish_set},
    {SEC_ACTION_CONFIGURATION_REVERT, finish_revert},
    {SEC_ACTION_UPDATE_INSTALL, finish_install},
    {SEC_ACTION_UPDATE_CONFIRM, finish_update_confirm},
    {SEC_ACTION_UPDATE_REVERT, finish_update_revert},
    {SEC_ACTION_PROTECTION_ROTATE, finish_rotate},
    {SEC_ACTION_PROTECTION_WIPE, finish_wipe},
    {SEC_ACTION_LIFECYCLE_SITE, finish_site},
    {SEC_ACTION_LIFECYCLE_TRANSFER, finish_transfer},
};

sec_status keeper_finish_intent(struct sec_keeper *k, bool resumed, sec_status *ret_code)
{
    if (!k->rooms.intent.there)
        return sec_st(SEC_OK);
    load_origin(k);
    for (size_t i = 0; i < sizeof finish_rows / sizeof finish_rows[0]; i++) {
        if (finish_rows[i].action == k->rooms.intent.action) {
            sec_status status = finish_rows[i].finish(k, resumed, ret_code);
            if (!sec_ok(status))
                k->dead = true;
            return status;
        }
    }
    return sec_st(SEC_UNSUPPORTED);
}

sec_status keeper_internal(struct sec_keeper *k, enum keeper_reason reason, sec_status code, bool intent)
{
    struct keeper_record record = {0};
    record.sort = KEEPER_INTERNAL;
    record.reason = reason;
    record.code = code.code;
    record.intended = intent;
    SEC_TRY(keeper_commit(k, &record, NULL));
    sec_status finished;
    return intent ? keeper_finish_intent(k, false, &finished) : sec_st(SEC_OK);
}
