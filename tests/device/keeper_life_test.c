/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper end to end on a fake device: secrets, releases, events, the log, the report, and storage that fails. */
#include "device_kit.h"

#define SECRET_TEXT "the pump's own password, 12345"

static const struct sec_peer other_application = {FAKE_OTHER_UID, 4343};
static const struct sec_peer nobody = {1003, 4444};
static uint8_t got_room[SEC_RECORD_MAX_BYTES];

static struct sec_bytes got_secret(const struct sec_peer *peer, struct sec_bytes name)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(got_room));
    CHECK_OK(sec_keeper_secret_get(&kit.keeper, peer, name, &wr));
    return sec_wr_done(&wr);
}

static sec_status try_secret(const struct sec_peer *peer, struct sec_bytes name)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(got_room));
    return sec_keeper_secret_get(&kit.keeper, peer, name, &wr);
}

/** True when the storage holds `part` in the clear. */
static bool storage_holds(struct sec_bytes part)
{
    struct sec_bytes all = sec_bytes(kit.memory.content, sizeof kit.memory.content);
    for (size_t i = 0; i + part.len <= all.len; i++) {
        if (all.data[i] == part.data[0] && sec_bytes_equal(sec_bytes_part(all, i, part.len), part))
            return true;
    }
    return false;
}

/* --- secrets ---------------------------------------------------------------------------------------------------------------- */

static void a_secret_is_its_users_alone_and_never_in_the_clear(void)
{
    SHOWS("F3.1");
    kit_begin_owned();
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT(SECRET_TEXT)));
    CHECK_BYTES(got_secret(&kit_application, SEC_LIT("db")), SEC_LIT(SECRET_TEXT));
    CHECK_STATUS(try_secret(&other_application, SEC_LIT("db")), SEC_UNKNOWN_SECRET);
    CHECK_STATUS(try_secret(&nobody, SEC_LIT("db")), SEC_NOT_PERMITTED);
    const struct sec_peer no_pid = {FAKE_APPLICATION_UID, 0};
    CHECK_STATUS(try_secret(&no_pid, SEC_LIT("db")), SEC_NOT_PERMITTED);
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &other_application, SEC_LIT("db"), SEC_LIT("another one")));
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT("replaced")));
    CHECK_BYTES(got_secret(&other_application, SEC_LIT("db")), SEC_LIT("another one"));
    CHECK_BYTES(got_secret(&kit_application, SEC_LIT("db")), SEC_LIT("replaced"));
    kit_restart();
    CHECK_BYTES(got_secret(&kit_application, SEC_LIT("db")), SEC_LIT("replaced"));
    CHECK_OK(sec_keeper_secret_delete(&kit.keeper, &kit_application, SEC_LIT("db")));
    CHECK_STATUS(try_secret(&kit_application, SEC_LIT("db")), SEC_UNKNOWN_SECRET);
    CHECK(!storage_holds(SEC_LIT(SECRET_TEXT)));
    CHECK(!storage_holds(SEC_LIT("another one")));
    kit_end();
}

static void who_may_chooses_the_algorithm_and_renews_the_keys(void)
{
    kit_begin_owned();
    CHECK_OK(kit_set_text("securable.crypto.algorithm", "ESP256"));
    CHECK_STATUS(kit_set_text("securable.crypto.algorithm", "ESP384"), SEC_OUT_OF_RANGE);
    CHECK_STATUS(kit_command(FAKE_OPERATOR, SEC_ACTION_PROTECTION_ROTATE, sec_bytes(NULL, 0)), SEC_ROLE_INSUFFICIENT);
    CHECK_OK(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_PROTECTION_ROTATE, sec_bytes(NULL, 0)));
    kit_end();
}

static void a_rotation_reseals_the_living_and_destroys_the_old_key(void)
{
    kit_begin_owned();
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("a"), SEC_LIT("first")));
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("b"), SEC_LIT("second")));
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("c"), SEC_LIT("third")));
    CHECK_OK(sec_keeper_secret_delete(&kit.keeper, &kit_application, SEC_LIT("b")));
    uint64_t old = kit.keeper.rooms.protection.secret_key, number = 0;
    CHECK_OK(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_PROTECTION_ROTATE, sec_bytes(NULL, 0)));
    CHECK_INT(kit_decided.sort, KEEPER_OUTCOME);
    CHECK(kit.keeper.rooms.protection.secret_key != old);
    while (sec_ok(kit.keystore_port.next(kit.keystore_port.ctx, number, &number)))
        CHECK(number != old);
    CHECK_BYTES(got_secret(&kit_application, SEC_LIT("a")), SEC_LIT("first"));
    CHECK_BYTES(got_secret(&kit_application, SEC_LIT("c")), SEC_LIT("third"));
    kit_restart();
    CHECK_BYTES(got_secret(&kit_application, SEC_LIT("c")), SEC_LIT("third"));
    kit_end();
}

struct unreadable {
    uint64_t old_epoch;
    size_t old_closed;
    size_t old_open;
};

static sec_status count_unreadable(void *ctx, const struct sec_journal_record *record)
{
    struct unreadable *counts = ctx;
    if (record->header.epoch != counts->old_epoch || record->header.seal == SEC_SEAL_CLEAR)
        return sec_st(SEC_OK);
    if (record->opened)
        counts->old_open++;
    else
        counts->old_closed++;
    return sec_st(SEC_OK);
}

static void a_wipe_makes_all_content_unreadable_and_lets_the_next_owner_in(void)
{
    SHOWS("F3.3");
    kit_begin_owned();
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT(SECRET_TEXT)));
    CHECK_OK(kit_set("speed", 1777, 0));
    CHECK_STATUS(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)), SEC_ROLE_INSUFFICIENT);
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)));
    struct sec_wipe_items items;
    CHECK_OK(sec_wipe_items_parse(kit_decided.detail, &items));
    CHECK_INT(items.count, 4);
    CHECK_INT(items.items[0].grade, SEC_WIPE_OVERWRITTEN);
    CHECK_INT(items.items[1].grade, SEC_WIPE_OVERWRITTEN);
    CHECK_BYTES(items.items[2].name, SEC_LIT("data.history"));
    CHECK_INT(items.items[2].grade, SEC_WIPE_BY_HOOK);
    CHECK_BYTES(items.items[3].name, SEC_LIT("settings"));
    CHECK_INT(items.items[3].grade, SEC_WIPE_BY_HOOK);
    uint64_t number;
    CHECK_STATUS(kit.keystore_port.next(kit.keystore_port.ctx, 0, &number), SEC_NOT_FOUND);
    struct unreadable counts = {1, 0, 0};
    struct sec_journal_visitor visitor = {&counts, count_unreadable, NULL};
    CHECK_OK(sec_journal_walk(&kit.keeper.journal, 0, &visitor));
    CHECK_INT(counts.old_open, 0);
    CHECK(counts.old_closed > 5);
    CHECK(kit_file_holds("\"speed\": 1000"));
    /* The wipe's own receipt is still owed, whoever asks; a payload is taken in from nobody. */
    CHECK_STATUS(kit_submit(), SEC_ALREADY_DECIDED);
    CHECK_STATUS(sec_keeper_vet(&kit.keeper, fake_statement_bytes(&kit_statement)), SEC_NO_OWNER);
    CHECK_STATUS(kit_set("speed", 1, 0), SEC_NO_OWNER);
    CHECK_STATUS(kit_claim(1), SEC_WRONG_EPOCH);
    CHECK_OK(kit_claim(2));
    CHECK_OK(kit_roster(false));
    CHECK_STATUS(try_secret(&kit_application, SEC_LIT("db")), SEC_UNKNOWN_SECRET);
    CHECK_OK(kit_set("speed", 1888, 0));
    kit_end();
}

/* --- releases --------------------------------------------------------------------------------------------------------------------- */

static sec_status offer(uint64_t sequence, const char *version, uint8_t image)
{
    struct sec_digest digest = fake_image_digest(&kit, image);
    fake_effects_spool(&kit.effects, &digest);
    fake_make_release(&kit, FAKE_RELEASE, sequence, version, image, &kit_statement);
    return kit_submit();
}

static sec_status install_within(uint64_t confirm_within_s)
{
    struct sec_digest digest = kit.keeper.rooms.update.candidate.statement;
    return kit_command_within(FAKE_OPERATOR, SEC_ACTION_UPDATE_INSTALL, fake_digest_args(&digest, SEC_ROOM(kit_args)), confirm_within_s);
}

static bool runs_image(uint8_t image)
{
    struct sec_digest digest = fake_image_digest(&kit, image);
    return sec_digest_equal(&kit.effects.slots[kit.effects.active], &digest);
}

static void a_release_is_offered_consented_to_installed_and_confirmed(void)
{
    SHOWS("F5.1");
    SHOWS("F5.3");
    kit_begin_owned();
    CHECK_OK(offer(2, "1.1", 1));
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(runs_image(0));
    CHECK_OK(install_within(0));
    CHECK_INT(kit_decided.sort, KEEPER_OUTCOME);
    CHECK(runs_image(1));
    CHECK_INT(kit.effects.active, SEC_SLOT_B);
    CHECK_INT(kit.keeper.rooms.update.installed.sequence, 2);
    CHECK_BYTES(kit.keeper.product.facts.version, SEC_LIT("1.1"));
    kit_restart();
    CHECK(runs_image(1));
    CHECK_OK(offer(3, "1.2", 2));
    CHECK_OK(install_within(0));
    CHECK(runs_image(2));
    CHECK_INT(kit.effects.active, SEC_SLOT_A);
    kit_end();
}

static void a_forged_foreign_or_older_release_is_refused(void)
{
    SHOWS("F5.2");
    kit_begin_owned();
    CHECK_OK(offer(5, "1.5", 5));
    CHECK_OK(install_within(0));
    CHECK_STATUS(offer(4, "1.4", 4), SEC_DOWNGRADE);
    CHECK(kit.receipt_len > 0);
    kit.release_class = 3;
    CHECK_STATUS(offer(6, "1.6", 6), SEC_WRONG_PRODUCT);
    kit.release_class = 2;
    fake_make_release(&kit, FAKE_VOUCHER, 6, "1.6", 6, &kit_statement);
    CHECK_STATUS(kit_submit(), SEC_ROLE_INSUFFICIENT);
    fake_make_release(&kit, FAKE_STRANGER, 6, "1.6", 6, &kit_statement);
    CHECK_STATUS(kit_submit(), SEC_UNKNOWN_KEY);
    CHECK(runs_image(5));
    kit_end();
}

static void an_unhealthy_release_falls_back_and_may_be_tried_again_by_command(void)
{
    kit_begin_owned();
    kit.effects.unhealthy[kit.effects.unhealthy_count++] = fake_image_digest(&kit, 1);
    CHECK_OK(offer(2, "1.1", 1));
    CHECK_STATUS(install_within(0), SEC_HEALTH_FAILED);
    CHECK(runs_image(0));
    CHECK_BYTES(kit.keeper.product.facts.version, SEC_LIT("1.0"));
    kit.effects.unhealthy_count = 0;
    struct sec_digest digest = fake_image_digest(&kit, 1);
    fake_effects_spool(&kit.effects, &digest);
    CHECK_OK(install_within(0));
    CHECK(runs_image(1));
    CHECK_BYTES(kit.keeper.product.facts.version, SEC_LIT("1.1"));
    kit_end();
}

static void a_release_without_its_payload_is_not_installed(void)
{
    kit_begin_owned();
    fake_make_release(&kit, FAKE_RELEASE, 2, "1.1", 1, &kit_statement);
    CHECK_OK(kit_submit());
    CHECK_STATUS(install_within(0), SEC_NOT_FOUND);
    CHECK(runs_image(0));
    kit_end();
}

static void the_owners_setting_consents_in_advance_or_forbids(void)
{
    SHOWS("F5.4");
    SHOWS("F5.5");
    kit_begin_owned();
    CHECK_OK(kit_set_text("securable.update.mode", "disabled"));
    CHECK_STATUS(offer(2, "1.1", 1), SEC_UPDATE_DISABLED);
    CHECK_OK(kit_set_text("securable.update.mode", "automatic"));
    CHECK_OK(offer(2, "1.1", 1));
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(runs_image(1));
    kit.effects.unhealthy[kit.effects.unhealthy_count++] = fake_image_digest(&kit, 2);
    CHECK_OK(offer(3, "1.2", 2));
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(runs_image(1));
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    kit_restart();
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(runs_image(1));
    kit_end();
}

static void notice_of_a_release_goes_where_the_owner_said(void)
{
    SHOWS("F5.6");
    kit_begin_owned();
    CHECK_OK(kit_set_text("securable.update.notify", "off"));
    unsigned before = kit.effects.notified;
    CHECK_OK(offer(2, "1.1", 1));
    CHECK_INT(kit.effects.notified, before);
    CHECK_OK(kit_set_text("securable.update.notify", "applications"));
    before = kit.effects.notified;
    CHECK_OK(offer(3, "1.2", 2));
    CHECK_INT(kit.effects.notified, before + 1);
    kit_end();
}

static void a_trial_waits_for_its_operator(void)
{
    kit_begin_owned();
    CHECK_OK(offer(2, "1.1", 1));
    CHECK_STATUS(install_within(300), SEC_PENDING);
    CHECK(runs_image(1));
    CHECK_STATUS(kit_set("speed", 1001, 0), SEC_TRIAL_PENDING);
    CHECK_STATUS(kit_command(FAKE_OWNER, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)), SEC_TRIAL_PENDING);
    CHECK_OK(kit_command(FAKE_OPERATOR, SEC_ACTION_UPDATE_CONFIRM, sec_bytes(NULL, 0)));
    CHECK_BYTES(kit.keeper.product.facts.version, SEC_LIT("1.1"));
    CHECK_OK(offer(3, "1.2", 2));
    CHECK_STATUS(install_within(300), SEC_PENDING);
    CHECK_OK(kit_command(FAKE_OPERATOR, SEC_ACTION_UPDATE_REVERT, sec_bytes(NULL, 0)));
    CHECK(runs_image(1));
    CHECK_STATUS(kit_command(FAKE_OPERATOR, SEC_ACTION_UPDATE_REVERT, sec_bytes(NULL, 0)), SEC_NOTHING_PENDING);
    kit_end();
}

static void a_trial_that_nobody_confirms_falls_back(void)
{
    kit_begin_owned();
    CHECK_OK(offer(2, "1.1", 1));
    CHECK_STATUS(install_within(300), SEC_PENDING);
    fake_clock_pass(&kit.clock, 300000);
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(runs_image(0));
    CHECK_OK(offer(3, "1.2", 2));
    CHECK_STATUS(install_within(300), SEC_PENDING);
    CHECK(runs_image(2));
    fake_power_cut(&kit.power);
    fake_device_power_on(&kit);
    CHECK_OK(fake_device_start(&kit));
    CHECK(runs_image(0));
    kit_end();
}

/* --- events, log, report ---------------------------------------------------------------------------------------------------------- */

static struct sec_bytes event_of(int64_t value, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, SEC_LIT("value"));
    sec_cbor_put_int(&wr, value);
    return sec_wr_done(&wr);
}

static void events_are_written_together_and_read_by_who_may(void)
{
    SHOWS("F6.1");
    SHOWS("F6.2");
    SHOWS("F6.3");
    kit_begin_owned();
    uint8_t event[32];
    uint64_t first = sec_journal_committed(&kit.keeper.journal), operations = kit.power.operations;
    for (int i = 0; i < 20; i++)
        CHECK_OK(sec_keeper_event(&kit.keeper, &kit_application, event_of(i, SEC_ROOM(event))));
    CHECK_INT(kit.power.operations, operations);
    CHECK_STATUS(sec_keeper_event(&kit.keeper, &other_application, event_of(1, SEC_ROOM(event))), SEC_NOT_PERMITTED);
    CHECK_STATUS(sec_keeper_event(&kit.keeper, &kit_application, SEC_LIT("\x01")), SEC_UNEXPECTED_TYPE);
    fake_clock_pass(&kit.clock, 1000);
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(!sec_journal_headless(&kit.keeper.journal));
    struct sec_wr wr = sec_wr(SEC_ROOM(got_room));
    CHECK_STATUS(sec_keeper_log_read(&kit.keeper, &other_application, first, &wr), SEC_NOT_PERMITTED);
    CHECK_OK(sec_keeper_log_read(&kit.keeper, &kit_application, first, &wr));
    struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
    size_t count = sec_cbor_array(&rd), events = 0;
    for (size_t i = 0; i < count; i++) {
        struct keeper_record record;
        sec_cbor_array_of(&rd, 5);
        CHECK_INT(sec_cbor_uint(&rd), first + i);
        sec_cbor_uint(&rd);
        sec_cbor_uint(&rd);
        sec_cbor_uint(&rd);
        struct sec_bytes content = sec_cbor_is_null(&rd) ? sec_bytes(NULL, 0) : sec_cbor_bstr(&rd);
        CHECK(content.len > 0);
        CHECK_OK(keeper_record_parse(content, &record));
        if (record.sort == KEEPER_EVENT) {
            CHECK_BYTES(record.name, SEC_LIT("pump-app"));
            CHECK_BYTES(record.content, event_of((int64_t)events, SEC_ROOM(event)));
            events++;
        }
    }
    CHECK_OK(sec_cbor_end(&rd));
    CHECK_INT(events, 20);
    kit_end();
}

static void a_long_log_is_read_page_by_page(void)
{
    kit_begin_owned();
    uint8_t event[32];
    for (int i = 0; i < 1500; i++) {
        CHECK_OK(sec_keeper_event(&kit.keeper, &kit_application, event_of(i, SEC_ROOM(event))));
        fake_clock_pass(&kit.clock, 20);
        CHECK_OK(sec_keeper_tick(&kit.keeper));
    }
    uint64_t next = 0;
    unsigned pages = 0;
    while (next < sec_journal_committed(&kit.keeper.journal)) {
        struct sec_wr wr = sec_wr(sec_room(got_room, 20000));
        CHECK_OK(sec_keeper_log_read(&kit.keeper, &kit_application, next, &wr));
        struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
        size_t count = sec_cbor_array(&rd);
        CHECK(count > 0);
        for (size_t i = 0; i < count; i++, next++) {
            struct sec_bytes item = sec_cbor_item(&rd);
            struct sec_cbor entry = sec_cbor(item);
            sec_cbor_array_of(&entry, 5);
            CHECK_INT(sec_cbor_uint(&entry), next);
        }
        CHECK_OK(sec_cbor_end(&rd));
        pages++;
    }
    CHECK(pages > 3 && pages < 30);
    kit_end();
}

static void a_secret_is_not_in_what_log_readers_get(void)
{
    kit_begin_owned();
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT(SECRET_TEXT)));
    struct sec_wr wr = sec_wr(SEC_ROOM(got_room));
    CHECK_OK(sec_keeper_log_read(&kit.keeper, &kit_application, 0, &wr));
    struct sec_bytes all = sec_wr_done(&wr);
    for (size_t i = 0; i + 30 <= all.len; i++)
        CHECK(!sec_bytes_equal(sec_bytes_part(all, i, 30), SEC_LIT(SECRET_TEXT)));
    kit_end();
}

static void a_changed_byte_of_the_log_shows_and_stops_the_device(void)
{
    SHOWS("F6.4");
    kit_begin_owned();
    for (int i = 0; i < 8; i++)
        CHECK_OK(kit_set("speed", 1000 + i, 0));
    CHECK_OK(sec_keeper_stop(&kit.keeper));
    CHECK_OK(fake_storage_flip(&kit.storage, 1, 5u * FAKE_DEVICE_BLOCK_BYTES + 100u, 0x10));
    kit_expect_verdict(SEC_VERDICT_TAMPERED);
    CHECK_STATUS(fake_device_start(&kit), SEC_TAMPERED);
    fake_make_voucher(&kit, FAKE_VOUCHER, 1, &kit.id, &kit_statement);
    CHECK_STATUS(fake_device_submit(&kit, fake_statement_bytes(&kit_statement)), SEC_TAMPERED);
    CHECK_STATUS(sec_keeper_tick(&kit.keeper), SEC_TAMPERED);
    struct sec_wr wr = sec_wr(SEC_ROOM(got_room));
    CHECK_STATUS(sec_keeper_report(&kit.keeper, SEC_LIT("12345678"), &wr), SEC_TAMPERED);
    kit_expect_verdict(SEC_VERDICT_TAMPERED);
}

static void a_report_answers_the_nonce_and_tells_the_state(void)
{
    kit_begin_owned();
    CHECK_OK(kit_set_bool("securable.interface.modbus.enabled", false));
    CHECK_OK(offer(2, "1.1", 1));
    CHECK_OK(install_within(0));
    struct sec_wr wr = sec_wr(SEC_ROOM(got_room));
    CHECK_STATUS(sec_keeper_report(&kit.keeper, SEC_LIT("short"), &wr), SEC_BAD_VALUE);
    CHECK_OK(sec_keeper_report(&kit.keeper, SEC_LIT("a nonce of the test"), &wr));
    struct sec_statement statement;
    static struct sec_report report;
    struct sec_public_key key = kit_identity();
    CHECK_OK(sec_statement_parse(sec_wr_done(&wr), &statement));
    CHECK_INT(statement.kind, SEC_STATEMENT_REPORT);
    CHECK_OK(sec_statement_verify(&statement, statement.msg.payload, &key, &kit.crypto_port.verifier));
    CHECK_OK(sec_report_parse(statement.msg.payload, &report));
    CHECK_BYTES(report.nonce, SEC_LIT("a nonce of the test"));
    CHECK(sec_device_id_equal(&report.device_id, &kit.id));
    CHECK(report.owned);
    CHECK_INT(report.epoch, 1);
    CHECK_INT(report.release.sequence, 2);
    CHECK_BYTES(report.release.version, SEC_LIT("1.1"));
    CHECK_INT(report.interfaces_count, 2);
    CHECK(!report.interfaces[0].enabled && !report.interfaces[1].enabled);
    CHECK_INT(report.subjects_count, 8);
    struct sec_head head;
    CHECK_OK(sec_head_check(report.head, &key, &kit.crypto_port, &head));
    struct sec_digest root = fake_device_state_root(&kit);
    CHECK(sec_digest_equal(&head.state_root, &root));
    kit_end();
}

/* --- storage that fails ------------------------------------------------------------------------------------------------------------- */

static void a_failed_write_stops_the_device_until_its_next_start(void)
{
    static const enum fake_storage_call calls[] = {FAKE_STORAGE_WRITE, FAKE_STORAGE_SYNC};
    for (size_t i = 0; i < 2; i++) {
        kit_begin_owned();
        fake_storage_refuse(&kit.storage, calls[i], 1, SEC_IO_FAILED);
        struct fake_command command = {.signer = FAKE_OPERATOR, .action = SEC_ACTION_CONFIGURATION_SET,
                                       .args = fake_setting_args("speed", 1400, SEC_ROOM(kit_args))};
        fake_make_command(&kit, &command, &kit_statement);
        CHECK_STATUS(fake_device_submit(&kit, fake_statement_bytes(&kit_statement)), SEC_IO_FAILED);
        CHECK_STATUS(fake_device_submit(&kit, fake_statement_bytes(&kit_statement)), SEC_BROKEN);
        CHECK(!kit_file_holds("\"speed\": 1400"));
        kit_restart();
        sec_status again = kit_submit();
        CHECK(sec_ok(again) || sec_is(again, SEC_ALREADY_DECIDED));
        CHECK(kit_file_holds("\"speed\": 1400"));
        kit_end();
    }
}

/** Events of some size, one a tick, until something fails or `most` are written. */
static sec_status fill(unsigned most)
{
    static uint8_t event[SEC_EVENT_MAX_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(event));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, SEC_LIT("fill"));
    sec_cbor_put_bstr(&wr, sec_bytes(kit_args, 1800));
    sec_status status = sec_st(SEC_OK);
    for (unsigned i = 0; sec_ok(status) && i < most; i++) {
        status = sec_keeper_event(&kit.keeper, &kit_application, sec_wr_done(&wr));
        fake_clock_pass(&kit.clock, 600);
        if (sec_ok(status))
            status = sec_keeper_tick(&kit.keeper);
    }
    return status;
}

static void the_oldest_entries_make_room_and_secrets_stay(void)
{
    kit_begin_owned();
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT(SECRET_TEXT)));
    CHECK_OK(fill(2500));
    CHECK(kit.keeper.journal.end.segment > 2 * FAKE_DEVICE_SEGMENTS);
    CHECK_BYTES(got_secret(&kit_application, SEC_LIT("db")), SEC_LIT(SECRET_TEXT));
    CHECK_OK(kit_set("speed", 1009, 0));
    kit_end();
}

static void full_storage_refuses_decisions_and_keeps_what_there_is(void)
{
    fake_device_init(&kit, 7, FAKE_STORAGE_PREALLOC, NULL);
    fake_device_use_segments(&kit, sizeof kit.memory.content / 2); /* both hold what a start folds: nothing may go */
    CHECK_OK(fake_device_start(&kit));
    CHECK_OK(kit_claim(1));
    CHECK_OK(kit_roster(true));
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT(SECRET_TEXT)));
    CHECK_STATUS(fill(4000), SEC_STORAGE_FULL);
    kit_expect_verdict(SEC_VERDICT_INTACT);
    struct fake_command command = {.signer = FAKE_OWNER, .action = SEC_ACTION_ACCESS_ROSTER,
                                   .args = fake_roster_args(&kit, true, SEC_ROOM(kit_args))};
    sec_status status = sec_st(SEC_OK);
    for (int i = 0; i < 200 && sec_ok(status); i++) {
        fake_make_command(&kit, &command, &kit_statement);
        status = fake_device_submit(&kit, fake_statement_bytes(&kit_statement));
    }
    CHECK_STATUS(status, SEC_STORAGE_FULL);
    struct sec_digest root = fake_device_state_root(&kit), after;
    CHECK_BYTES(got_secret(&kit_application, SEC_LIT("db")), SEC_LIT(SECRET_TEXT));
    kit.clock.steady_ms = 0;
    sec_keeper_stop(&kit.keeper);
    CHECK_OK(fake_device_start(&kit));
    after = fake_device_state_root(&kit);
    CHECK(sec_digest_equal(&root, &after));
    CHECK_BYTES(got_secret(&kit_application, SEC_LIT("db")), SEC_LIT(SECRET_TEXT));
    kit_expect_verdict(SEC_VERDICT_INTACT);
}

static void a_long_life_goes_through_segments_and_keeps_its_state(void)
{
    kit_begin_owned();
    uint8_t name[2] = "s0";
    for (unsigned round = 0; round < 60; round++) {
        name[1] = (uint8_t)('0' + round % 10);
        CHECK_OK(kit_set("speed", 1000 + round, 0));
        CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_BYTES(name), sec_bytes(got_room, 4000)));
        CHECK_OK(kit_roster(round % 2 == 0));
        if (round % 7 == 6)
            CHECK_OK(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_PROTECTION_ROTATE, sec_bytes(NULL, 0)));
        if (round % 3 == 2) {
            struct sec_digest root = fake_device_state_root(&kit), after;
            kit_restart();
            after = fake_device_state_root(&kit);
            CHECK(sec_digest_equal(&root, &after));
        }
    }
    CHECK(kit.keeper.journal.end.segment > 2);
    for (uint8_t i = 0; i < 10; i++) {
        name[1] = (uint8_t)('0' + i);
        CHECK_INT(got_secret(&kit_application, SEC_BYTES(name)).len, 4000);
    }
    kit_end();
}

static const struct test tests[] = {
    TEST(a_secret_is_its_users_alone_and_never_in_the_clear),
    TEST(who_may_chooses_the_algorithm_and_renews_the_keys),
    TEST(a_rotation_reseals_the_living_and_destroys_the_old_key),
    TEST(a_wipe_makes_all_content_unreadable_and_lets_the_next_owner_in),
    TEST(a_release_is_offered_consented_to_installed_and_confirmed),
    TEST(a_forged_foreign_or_older_release_is_refused),
    TEST(an_unhealthy_release_falls_back_and_may_be_tried_again_by_command),
    TEST(a_release_without_its_payload_is_not_installed),
    TEST(the_owners_setting_consents_in_advance_or_forbids),
    TEST(notice_of_a_release_goes_where_the_owner_said),
    TEST(a_trial_waits_for_its_operator),
    TEST(a_trial_that_nobody_confirms_falls_back),
    TEST(events_are_written_together_and_read_by_who_may),
    TEST(a_long_log_is_read_page_by_page),
    TEST(a_secret_is_not_in_what_log_readers_get),
    TEST(a_changed_byte_of_the_log_shows_and_stops_the_device),
    TEST(a_report_answers_the_nonce_and_tells_the_state),
    TEST(a_failed_write_stops_the_device_until_its_next_start),
    TEST(the_oldest_entries_make_room_and_secrets_stay),
    TEST(full_storage_refuses_decisions_and_keeps_what_there_is),
    TEST(a_long_life_goes_through_segments_and_keeps_its_state),
};
TEST_MAIN(tests)
