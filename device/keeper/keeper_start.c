/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_inside.h"

#include <securable/version.h>

/* --- the work room -------------------------------------------------------------------------------------------- */

static struct sec_room carve(struct sec_room *rest, size_t len)
{
    struct sec_wr wr = sec_wr(*rest);
    struct sec_room part = sec_room(rest->data, len);
    sec_wr_advance(&wr, len);
    *rest = sec_wr_rest(&wr);
    return part;
}

static sec_status carve_all(struct sec_keeper *k, struct sec_room work, struct sec_room *ret_journal)
{
    if (work.len < SEC_KEEPER_WORK_BYTES)
        return sec_st(SEC_ROOM_FULL);
    *ret_journal = carve(&work, SEC_JOURNAL_WORK_BYTES);
    k->work.content = carve(&work, SEC_RECORD_MAX_BYTES);
    k->work.changes = carve(&work, SEC_RECORD_MAX_BYTES);
    k->work.change = carve(&work, SEC_RECORD_MAX_BYTES);
    k->work.detail = carve(&work, SEC_RECORD_MAX_BYTES);
    k->work.scratch = carve(&work, SEC_RECORD_MAX_BYTES);
    k->work.read = carve(&work, SEC_RECORD_MAX_BYTES);
    k->work.json = carve(&work, SEC_RECORD_MAX_BYTES);
    k->work.origin = carve(&work, SEC_RECORD_MAX_BYTES);
    return sec_st(SEC_OK);
}

/* --- the manufacturer's keys ------------------------------------------------------------------------------------ */

static sec_status add_roots(struct sec_keeper *k, const struct sec_key_list *keys, enum sec_root_role role)
{
    for (size_t i = 0; i < keys->count; i++) {
        struct keeper_root_key *root = &k->roots[k->roots_count++];
        root->key = keys->keys[i];
        root->role = role;
        SEC_TRY(sec_key_id_of(&root->key, &k->config.crypto->hasher, &root->kid));
    }
    return sec_st(SEC_OK);
}

/** The roots statement comes from the factory; it must at least be signed by one of its own root keys. */
static sec_status load_roots(struct sec_keeper *k)
{
    struct sec_statement statement;
    struct sec_roots roots;
    SEC_TRY(sec_statement_parse(k->config.roots, &statement));
    if (statement.kind != SEC_STATEMENT_ROOTS)
        return sec_st(SEC_WRONG_KIND);
    SEC_TRY(sec_roots_parse(statement.msg.payload, &roots));
    for (unsigned role = 1; role <= SEC_ROOT_ROLES_COUNT; role++) {
        /* One signature is judged; a manufacturer who demands more is not served by less. */
        if (roots.roles[role - 1].keys.count && roots.roles[role - 1].required > 1)
            return sec_st(SEC_UNSUPPORTED);
        SEC_TRY(add_roots(k, &roots.roles[role - 1].keys, (enum sec_root_role)role));
    }
    for (size_t i = 0; i < k->roots_count; i++) {
        if (k->roots[i].role == SEC_ROOT_ROOT && sec_key_id_equal(&k->roots[i].kid, &statement.kid))
            return sec_statement_verify(&statement, statement.msg.payload, &k->roots[i].key, &k->config.crypto->verifier);
    }
    return sec_st(SEC_UNKNOWN_KEY);
}

/** The factory's product record must be signed by a release key. */
static sec_status check_product(struct sec_keeper *k)
{
    struct sec_statement statement;
    SEC_TRY(sec_statement_parse(k->config.product, &statement));
    if (statement.kind != SEC_STATEMENT_PRODUCT)
        return sec_st(SEC_WRONG_KIND);
    for (size_t i = 0; i < k->roots_count; i++) {
        if (k->roots[i].role == SEC_ROOT_RELEASE && sec_key_id_equal(&k->roots[i].kid, &statement.kid))
            return sec_statement_verify(&statement, statement.msg.payload, &k->roots[i].key, &k->config.crypto->verifier);
    }
    return sec_st(SEC_UNKNOWN_KEY);
}

/* --- folding ------------------------------------------------------------------------------------------------------- */

/** An orderly stop is the last thing that a run records. */
static void note_stop(struct sec_keeper *k, const struct sec_journal_record *record)
{
    struct keeper_record parsed;
    k->stopped = record->header.record_class == SEC_RECORD_SYSTEM && record->opened &&
                 sec_ok(keeper_record_parse(record->content, &parsed)) && parsed.sort == KEEPER_STOP;
}

static sec_status fold_record(void *ctx, const struct sec_journal_record *record)
{
    struct sec_keeper *k = ctx;
    note_stop(k, record);
    if (record->header.record_class == SEC_RECORD_SNAPSHOT)
        return record->opened ? keeper_rooms_parse(record->content, &k->rooms) : sec_st(SEC_OK);
    if (record->header.record_class != SEC_RECORD_DECISION)
        return sec_st(SEC_OK);
    if (!record->opened)
        return sec_st(SEC_TAMPERED);
    struct keeper_record parsed;
    SEC_TRY(keeper_record_parse(record->content, &parsed));
    return keeper_rooms_apply(&k->rooms, parsed.changes, record->header.index);
}

static sec_status fold_head(void *ctx, const struct sec_head *head)
{
    struct sec_keeper *k = ctx;
    struct sec_digest root;
    SEC_TRY(keeper_state_root(k, &k->rooms, &root));
    if (!sec_digest_equal(&root, &head->state_root))
        return sec_st(SEC_TAMPERED);
    if (head->time_s > k->time_lower_s)
        k->time_lower_s = head->time_s;
    k->head_counter = head->has_counter ? head->counter : 0;
    return sec_st(SEC_OK);
}

static struct sec_digest log_id(const struct sec_keeper *k)
{
    struct sec_digest id;
    sec_copy(id.b, k->config.device_id.b, sizeof id.b);
    return id;
}

static sec_status open_journal(struct sec_keeper *k, struct sec_room work, struct sec_journal_found *ret_found)
{
    struct sec_journal_config config = {0};
    struct sec_journal_visitor visitor = {k, fold_record, fold_head};
    config.storage = k->config.storage;
    config.keystore = k->config.keystore;
    config.crypto = k->config.crypto;
    config.log_id = log_id(k);
    config.segment_bytes = k->config.segment_bytes;
    sec_status status = sec_journal_open(&k->journal, &config, work, &visitor, ret_found);
    /* What the fold cannot read under a good head was not written by this device. */
    enum sec_status_class what = sec_status_class(status);
    if (what == SEC_CLASS_INPUT || what == SEC_CLASS_POLICY || sec_is(status, SEC_TAMPERED) || sec_is(status, SEC_AEAD_FAILED)) {
        k->tampered = true;
        return sec_st(SEC_TAMPERED);
    }
    return status;
}

/* --- the first start, and every start --------------------------------------------------------------------------------- */

static sec_status factory_release(struct sec_keeper *k)
{
    struct sec_update_release facts = {0};
    facts.version = k->product.facts.version;
    struct sec_bytes product = k->config.product;
    SEC_TRY(k->config.crypto->hasher.digest(k->config.crypto->hasher.ctx, &product, 1, &facts.product));
    if (k->config.release.len) {
        struct sec_suit_release_envelope envelope;
        struct sec_suit_release release;
        sec_status status = sec_st(SEC_UNKNOWN_KEY);
        SEC_TRY(sec_suit_release_open(k->config.release, &envelope));
        for (size_t i = 0; i < k->roots_count && !sec_ok(status); i++) {
            if (k->roots[i].role == SEC_ROOT_RELEASE && sec_key_id_equal(&k->roots[i].kid, &envelope.statement.kid))
                status = sec_suit_release_parse(&envelope, &k->roots[i].key, &k->config.crypto->verifier,
                                                &k->config.crypto->hasher, &release);
        }
        SEC_TRY(status);
        facts.version = release.version;
        facts.sequence = release.sequence_number;
        facts.image = release.image_digest;
        facts.size_bytes = release.image_size_bytes;
    }
    return sec_update_factory(&k->rooms.update, &facts, SEC_SLOT_A);
}

/**
 * Keys are made by a claim, and a claim is in a journal: keys without a journal mean that it was taken away, or that its
 * directory is not mounted. Nothing is destroyed then.
 */
static sec_status check_factory_fresh(struct sec_keeper *k)
{
    const struct sec_keystore *keys = k->config.keystore;
    uint64_t number;
    if (!sec_ok(keys->next(keys->ctx, 0, &number)))
        return sec_st(SEC_OK);
    k->tampered = true;
    return sec_st(SEC_TAMPERED);
}

static sec_status first_snapshot(struct sec_keeper *k)
{
    struct sec_bytes content;
    struct sec_digest root;
    struct sec_journal_head_facts facts;
    uint64_t index;
    SEC_TRY(factory_release(k));
    SEC_TRY(sec_journal_set_epoch(&k->journal, k->rooms.access.epoch, SEC_SEAL_CLEAR));
    struct sec_wr wr = sec_wr(k->work.content);
    keeper_rooms_encode(&k->rooms, &wr);
    SEC_TRY(sec_wr_end(&wr, &content));
    SEC_TRY(sec_journal_stage(&k->journal, SEC_RECORD_SNAPSHOT, SEC_SEAL_CLEAR, false, content, &index));
    SEC_TRY(keeper_state_root(k, &k->rooms, &root));
    keeper_head_facts(k, &root, &facts);
    return sec_journal_commit(&k->journal, &facts, NULL);
}

/** Keys that no record names belong to a claim or rotation that never came to be. Gives their numbers, encoded. */
static sec_status destroy_unnamed(struct sec_keeper *k, struct sec_bytes *ret_destroyed)
{
    const struct sec_keystore *keys = k->config.keystore;
    uint64_t numbers[16], number = 0;
    size_t count = 0;
    while (count < 16 && sec_ok(keys->next(keys->ctx, number, &number))) {
        if (!sec_protection_names_key(&k->rooms.protection, number))
            numbers[count++] = number;
    }
    struct sec_wr wr = sec_wr(k->work.detail);
    sec_cbor_put_array(&wr, count);
    for (size_t i = 0; i < count; i++) {
        enum sec_destroy_grade grade;
        SEC_TRY(keys->destroy(keys->ctx, numbers[i], &grade));
        sec_cbor_put_uint(&wr, numbers[i]);
    }
    *ret_destroyed = count ? sec_wr_done(&wr) : sec_bytes(NULL, 0);
    return sec_st(SEC_OK);
}

static sec_status record_start(struct sec_keeper *k, const struct sec_journal_found *found)
{
    struct keeper_record record = {0};
    record.sort = KEEPER_START;
    record.version = SEC_LIT(SEC_VERSION);
    record.confinement = k->config.confinement;
    record.time_s = keeper_time_shown(k);
    record.repaired = found->cut_bytes || found->headless_count || found->dropped_count;
    record.cut_bytes = found->cut_bytes;
    record.cut_digest = found->cut_digest;
    record.kept_count = found->headless_count;
    record.dropped_count = found->dropped_count;
    SEC_TRY(destroy_unnamed(k, &record.destroyed));
    sec_status status = keeper_stage_event(k, SEC_RECORD_SYSTEM, &record);
    if (sec_ok(status))
        status = keeper_head(k);
    /* A full log stops decisions, not the device: what was decided before still holds and can be read. */
    return sec_is(status, SEC_STORAGE_FULL) || sec_is(status, SEC_ROOM_FULL) ? sec_st(SEC_OK) : status;
}

/**
 * Each commit raises the counter by one before its head names it. A cut between the two leaves it ahead, once a start; a rollback of the
 * storage leaves it ahead as well. Which it was, others can tell by heads that they keep: it is recorded.
 */
static sec_status record_counter(struct sec_keeper *k)
{
    const struct sec_counter *counter = k->config.counter;
    uint8_t content[64];
    if (!counter || counter->quality == SEC_COUNTER_NONE)
        return sec_st(SEC_OK);
    uint64_t found;
    SEC_TRY(counter->read(counter->ctx, &found));
    SEC_TRY(counter->raise(counter->ctx, &k->counter));
    if (found <= k->head_counter)
        return sec_st(SEC_OK);
    struct keeper_record record = {0};
    struct sec_wr wr = sec_wr(SEC_ROOM(content));
    sec_cbor_put_map(&wr, 2);
    sec_cbor_put_int(&wr, 1);
    sec_cbor_put_tstr(&wr, SEC_LIT("counter-ahead"));
    sec_cbor_put_int(&wr, 2);
    sec_cbor_put_uint(&wr, found - k->head_counter);
    record.sort = KEEPER_OBSERVATION;
    record.time_s = keeper_time_shown(k);
    record.content = sec_wr_done(&wr);
    return keeper_stage_event(k, SEC_RECORD_SYSTEM, &record);
}

/** A change or a trial that waited for its confirmation when the device went down is taken back at once. */
static sec_status end_waiting(struct sec_keeper *k)
{
    sec_status outcome;
    if (k->rooms.configuration.phase == SEC_CONFIGURATION_WAITING) {
        keeper_draft_begin(k);
        SEC_TRY(sec_configuration_judge_end(&k->rooms.configuration, &k->product, SEC_CONFIGURATION_END_BOOT, keeper_change(k),
                                            &k->draft.detail));
        keeper_add(k, KEEPER_ROOM_CONFIGURATION);
        SEC_TRY(keeper_internal(k, KEEPER_CONFIRM_MISSED_AT_START, sec_st(SEC_REVERTED), false));
    }
    if (k->rooms.update.phase == SEC_UPDATE_WAITING) {
        keeper_draft_begin(k);
        SEC_TRY(sec_update_judge_start(&k->rooms.update, keeper_change(k), &k->draft.detail, &outcome));
        keeper_add(k, KEEPER_ROOM_UPDATE);
        SEC_TRY(keeper_internal(k, KEEPER_CONFIRM_MISSED_AT_START, outcome, false));
    }
    return sec_st(SEC_OK);
}

/** Brings the surroundings to what the journal says, whatever a cut left of them. */
static sec_status converge(struct sec_keeper *k)
{
    const struct sec_effects *effects = k->config.effects;
    sec_status code;
    SEC_TRY(end_waiting(k));
    SEC_TRY(keeper_finish_intent(k, true, &code));
    if (k->config.presence)
        SEC_TRY(keeper_presence(k));
    SEC_TRY(effects->activate(effects->ctx, sec_update_slot(&k->rooms.update)));
    SEC_TRY(keeper_settings_converge(k));
    SEC_TRY(keeper_site_converge(k));
    return keeper_record_uptime(k, k->uptime_carry_s > 0);
}

/**
 * Uptime that a former run could not record any more is charged whole, so that cutting the power stops no lease; less when that run is known to have
 * been shorter, so that a keeper that fails again and again ends none either. Not while a recovery is pending: an
 * hour too many would take it from those who may veto.
 */
static void begin_uptime(struct sec_keeper *k)
{
    k->uptime_from_ms = k->config.clock->steady_ms(k->config.clock->ctx);
    k->uptime_due_ms = k->uptime_from_ms + KEEPER_UPTIME_INTERVAL_S * 1000u;
    const uint64_t former_s = k->config.former_run_s;
    const uint64_t lost_s = former_s > 0 && former_s < KEEPER_UPTIME_INTERVAL_S ? former_s : KEEPER_UPTIME_INTERVAL_S;
    k->uptime_carry_s = k->stopped || !k->rooms.access.owned || k->rooms.access.recovering.pending ? 0 : lost_s;
}

static sec_status start(struct sec_keeper *k, struct sec_room work)
{
    struct sec_room journal_work;
    struct sec_journal_found found = {0};
    SEC_TRY(carve_all(k, work, &journal_work));
    k->time_lower_s = k->config.build_time_s;
    k->time_steady_ms = k->config.clock->steady_ms(k->config.clock->ctx);
    k->staged_since_ms = UINT64_MAX;
    k->recheck_at_ms = UINT64_MAX;
    sec_refusals_init(&k->refusals);
    SEC_TRY(load_roots(k));
    SEC_TRY(check_product(k));
    SEC_TRY(keeper_rooms_init(&k->rooms, k->config.product));
    SEC_TRY(open_journal(k, journal_work, &found));
    k->open = true;
    SEC_TRY(keeper_product_refresh(k));
    if (found.fresh) {
        SEC_TRY(check_factory_fresh(k));
        SEC_TRY(first_snapshot(k));
    }
    k->committed = k->rooms;
    keeper_raise_time(k);
    begin_uptime(k);
    SEC_TRY(sec_journal_set_epoch(&k->journal, k->rooms.access.epoch, k->rooms.protection.epoch_key));
    SEC_TRY(record_counter(k));
    SEC_TRY(record_start(k, &found));
    k->recheck_update = true;
    return converge(k);
}

sec_status sec_keeper_start(struct sec_keeper *keeper, const struct sec_keeper_config *config, struct sec_room work)
{
    sec_zero(keeper, sizeof *keeper);
    keeper->config = *config;
    sec_status status = start(keeper, work);
    if (!sec_ok(status))
        keeper->dead = true;
    return status;
}

void sec_keeper_spare(const struct sec_keeper *keeper, struct sec_room ret_rooms[SEC_KEEPER_SPARE_COUNT])
{
    sec_journal_spare(&keeper->journal, ret_rooms);
    /* All parts of the work: content is the first of them. */
    ret_rooms[SEC_JOURNAL_SPARE_COUNT] =
        sec_room(keeper->work.content.data, keeper->work.content.data ? SEC_KEEPER_WORK_BYTES - SEC_JOURNAL_WORK_BYTES : 0);
}

sec_status sec_keeper_stop(struct sec_keeper *keeper)
{
    sec_status status = sec_st(SEC_OK);
    if (keeper->open && !keeper->dead) {
        struct keeper_record record = {0};
        record.sort = KEEPER_STOP;
        record.time_s = keeper_time_shown(keeper);
        status = keeper_record_uptime(keeper, true);
        if (sec_ok(status))
            status = keeper_stage_event(keeper, SEC_RECORD_SYSTEM, &record);
        if (sec_ok(status))
            status = keeper_head(keeper);
    }
    if (keeper->open)
        sec_journal_close(&keeper->journal);
    keeper_forget(keeper);
    keeper->open = false;
    return status;
}
