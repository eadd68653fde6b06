/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's safety net on a fake device: one story each, of owners lost and stolen, a manufacturer gone, a device sold, and four eyes. */
#include "device_kit.h"

#define HOUR_MS 3600000u
#define SITE "https://hub.example:8443"

static uint8_t room[SEC_RECORD_MAX_BYTES];

/* --- what the stories share ------------------------------------------------------------------------------------------- */

/** So many days of uptime, with the ticks that a device makes in them. */
static void pass_days(unsigned days)
{
    for (unsigned hour = 0; hour < days * 24u; hour++) {
        fake_clock_pass(&kit.clock, HOUR_MS);
        CHECK_OK(sec_keeper_tick(&kit.keeper));
    }
}

static void cut_and_start(void)
{
    fake_power_cut(&kit.power);
    fake_device_power_on(&kit);
    kit.clock.steady_ms = 0;
    CHECK_OK(fake_device_start(&kit));
}

static void wide_roster(const struct fake_roster *wanted)
{
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_ACCESS_ROSTER, fake_wide_roster_args(&kit, wanted, SEC_ROOM(kit_args))));
}

static sec_status beacon(const struct sec_key_id *revoked)
{
    int64_t now_s = kit.clock.wall_s;
    return kit_command(FAKE_OWNER, SEC_ACTION_BEACON_RENEW, fake_beacon_args(now_s, revoked, SEC_ROOM(kit_args)));
}

static sec_status recover(void)
{
    return kit_command(FAKE_RECOVERY, SEC_ACTION_LIFECYCLE_RECOVER, fake_recovery_args(&kit, FAKE_NEXT_OWNER, SEC_ROOM(kit_args)));
}

static sec_status roster_by(enum fake_person who)
{
    return kit_command(who, SEC_ACTION_ACCESS_ROSTER, fake_roster_args(&kit, false, SEC_ROOM(kit_args)));
}

static sec_status set_by(enum fake_person who, int64_t speed)
{
    return kit_command(who, SEC_ACTION_CONFIGURATION_SET, fake_setting_args("speed", speed, SEC_ROOM(kit_args)));
}

static sec_status event(void)
{
    return sec_keeper_event(&kit.keeper, &kit_application, SEC_LIT("\xa1\x61" "n\x01"));
}

static bool interface_on(const char *name)
{
    for (size_t i = 0; i < kit.effects.interfaces_count; i++) {
        const struct fake_interface *interface = &kit.effects.interfaces[i];
        if (sec_bytes_equal(sec_bytes(interface->name, interface->name_len), sec_bytes_of_str(name)))
            return interface->enabled;
    }
    return false;
}

static const struct sec_report *report(void)
{
    static struct sec_report told;
    struct sec_statement statement;
    struct sec_public_key key = kit_identity();
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(sec_keeper_report(&kit.keeper, SEC_LIT("a nonce of the test"), &wr));
    CHECK_OK(sec_statement_parse(sec_wr_done(&wr), &statement));
    CHECK_OK(sec_statement_verify(&statement, statement.msg.payload, &key, &kit.crypto_port.verifier));
    CHECK_OK(sec_report_parse(statement.msg.payload, &told));
    return &told;
}

/** The newest of the device's own decisions for this reason is disclosed to whoever follows the log. */
struct found {
    uint64_t reason;
    size_t count;
};
static sec_status find_reason(void *ctx, const struct sec_journal_entry *entry)
{
    struct found *found = ctx;
    struct keeper_record record;
    if (entry->disclosed && sec_ok(keeper_record_parse(entry->content, &record)) && record.sort == KEEPER_INTERNAL)
        found->count += record.reason == found->reason;
    return sec_st(SEC_OK);
}

static size_t recorded(enum keeper_reason reason)
{
    struct found found = {reason, 0};
    const struct sec_journal_follower follower = {&found, find_reason};
    CHECK_OK(sec_journal_follow(&kit.keeper.journal, 0, &follower));
    return found.count;
}

/* --- an owner is lost ---------------------------------------------------------------------------------------------------- */

static void owner_lost_the_recovery_key_names_new_ones_and_after_the_announced_delay_they_hold(void)
{
    SHOWS("S38");
    kit_begin_owned();
    CHECK_OK(set_by(FAKE_OPERATOR, 1700));
    CHECK_STATUS(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_LIFECYCLE_RECOVER, fake_recovery_args(&kit, FAKE_NEXT_OWNER, SEC_ROOM(kit_args))),
                 SEC_ROLE_INSUFFICIENT);
    CHECK_OK(recover());
    CHECK(report()->recovery.pending);
    CHECK_INT(report()->recovery.left_s, SEC_RECOVERY_DELAY_S);
    CHECK_STATUS(roster_by(FAKE_NEXT_OWNER), SEC_UNKNOWN_KEY);
    pass_days(6);
    CHECK_STATUS(roster_by(FAKE_NEXT_OWNER), SEC_UNKNOWN_KEY);
    CHECK_STATUS(recover(), SEC_EXISTS);
    pass_days(1);
    CHECK(!report()->recovery.pending);
    CHECK_INT(recorded(KEEPER_RECOVERED), 1);
    CHECK_OK(roster_by(FAKE_NEXT_OWNER));
    CHECK_STATUS(roster_by(FAKE_OWNER), SEC_UNKNOWN_KEY);
    CHECK(kit_file_holds("\"speed\": 1700"));
    CHECK_INT(kit.keeper.rooms.access.epoch, 1);
    kit_end();
}

static void the_time_to_veto_is_not_shortened_by_cutting_the_power(void)
{
    kit_begin_owned();
    CHECK_OK(recover());
    for (int i = 0; i < 200; i++)
        cut_and_start();
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(kit.keeper.rooms.access.recovering.pending);
    CHECK_INT(report()->recovery.left_s, SEC_RECOVERY_DELAY_S);
    kit_end();
}

static void recovery_key_stolen_the_owner_sees_it_announced_and_vetoes(void)
{
    kit_begin_owned();
    CHECK_OK(recover());
    struct sec_digest theirs = report()->recovery.statement;
    pass_days(3);
    CHECK_STATUS(kit_command(FAKE_OPERATOR, SEC_ACTION_LIFECYCLE_VETO, fake_digest_args(&theirs, SEC_ROOM(kit_args))), SEC_ROLE_INSUFFICIENT);
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_LIFECYCLE_VETO, fake_digest_args(&theirs, SEC_ROOM(kit_args))));
    CHECK(!report()->recovery.pending);
    pass_days(8);
    CHECK_OK(roster_by(FAKE_OWNER));
    CHECK_STATUS(roster_by(FAKE_NEXT_OWNER), SEC_UNKNOWN_KEY);
    CHECK_STATUS(kit_command(FAKE_OWNER, SEC_ACTION_LIFECYCLE_VETO, fake_digest_args(&theirs, SEC_ROOM(kit_args))), SEC_NOTHING_PENDING);
    kit_end();
}

static void a_stolen_recovery_key_cannot_outrun_the_owners_veto(void)
{
    static const uint8_t nonsense[] = {0xa0};
    kit_begin_owned();
    const struct sec_access_topic *topic = &kit.keeper.rooms.access.topics[SEC_TOPIC_LIFECYCLE - 1];
    /* Each of the thief's refused commands would take the generation that the owner is about to sign. */
    uint64_t head = topic->head;
    CHECK_STATUS(kit_command(FAKE_RECOVERY, SEC_ACTION_LIFECYCLE_RECOVER, SEC_BYTES(nonsense)), SEC_MISSING_FIELD);
    CHECK_INT(topic->head, head);
    CHECK_OK(recover());
    head = topic->head;
    uint64_t records = sec_journal_committed(&kit.keeper.journal);
    for (int i = 0; i < 5; i++)
        CHECK_STATUS(recover(), SEC_EXISTS);
    CHECK_INT(topic->head, head);
    CHECK_INT(sec_journal_committed(&kit.keeper.journal), records);
    struct sec_digest theirs = report()->recovery.statement;
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_LIFECYCLE_VETO, fake_digest_args(&theirs, SEC_ROOM(kit_args))));
    kit_end();
}

/* --- an owner's key is stolen ---------------------------------------------------------------------------------------------- */

static void begin_declared(uint32_t restricted_after_days, enum sec_product_presence presence)
{
    fake_device_init(&kit, 7, FAKE_STORAGE_PREALLOC, NULL);
    fake_device_declare(&kit, restricted_after_days, presence);
    kit.clock.wall_s = 1765000000;
    CHECK_OK(fake_device_start(&kit));
    CHECK_OK(kit_claim(1));
    CHECK_OK(kit_roster(true));
}

static void owner_stolen_the_thief_vetoes_the_recovery_but_not_a_person_at_the_device(void)
{
    begin_declared(0, SEC_PRESENCE_BUTTON);
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT("a password")));
    CHECK_OK(recover());
    struct sec_digest digest = fake_statement_digest(&kit, fake_statement_bytes(&kit_statement));
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_LIFECYCLE_VETO, fake_digest_args(&digest, SEC_ROOM(kit_args))));
    kit.present = true;
    kit_restart();
    CHECK(!kit.keeper.rooms.access.owned);
    CHECK_INT(kit.keeper.rooms.access.epoch, 2);
    CHECK_INT(recorded(KEEPER_PRESENCE), 0); /* it was sealed with the key that it destroyed */
    uint64_t number;
    CHECK_STATUS(kit.keystore_port.next(kit.keystore_port.ctx, 0, &number), SEC_NOT_FOUND);
    CHECK_STATUS(roster_by(FAKE_OWNER), SEC_NO_OWNER);
    kit_restart(); /* still pressed: a device without owner keeps its epoch, for which a voucher may be under way */
    CHECK_INT(kit.keeper.rooms.access.epoch, 2);
    kit.present = false;
    kit.signers[FAKE_OWNER] = kit.signers[FAKE_NEXT_OWNER];
    CHECK_OK(kit_claim(2));
    CHECK_OK(kit_roster(false));
    kit_end();
}

static void presence_that_the_product_does_not_declare_does_nothing(void)
{
    kit_begin_owned();
    kit.present = true;
    kit_restart();
    CHECK(kit.keeper.rooms.access.owned);
    CHECK_INT(kit.keeper.rooms.access.epoch, 1);
    kit_end();
}

/* --- an operator's key is stolen, and the hub withholds the revocation --------------------------------------------------------- */

static void who_hears_no_beacon_has_no_operators_after_the_lease_and_the_machine_runs_on(void)
{
    SHOWS("S77");
    const struct fake_roster wanted = {.with_revoked = true, .lease_days = 7};
    kit_begin_owned();
    wide_roster(&wanted);
    CHECK_OK(set_by(FAKE_OPERATOR, 1500));
    pass_days(6);
    CHECK_OK(set_by(FAKE_OPERATOR, 1600));
    CHECK_INT(report()->lease.days, 7);
    CHECK(report()->lease.quiet_s >= 6 * 86400 && report()->lease.quiet_s < 6 * 86400 + 60);
    pass_days(1);
    CHECK_STATUS(set_by(FAKE_OPERATOR, 1700), SEC_LEASE_ENDED);
    CHECK_STATUS(set_by(FAKE_REVOKED, 1700), SEC_LEASE_ENDED);
    CHECK_STATUS(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_CONFIGURATION_RESET, sec_bytes(NULL, 0)), SEC_LEASE_ENDED);
    CHECK_OK(event());
    CHECK(kit_file_holds("\"speed\": 1600"));
    kit_restart();
    CHECK_STATUS(set_by(FAKE_OPERATOR, 1700), SEC_LEASE_ENDED);
    CHECK_OK(set_by(FAKE_OWNER, 1750));
    struct sec_key_id stolen = fake_key_id(&kit, FAKE_REVOKED);
    CHECK_OK(beacon(&stolen));
    CHECK_OK(set_by(FAKE_OPERATOR, 1800));
    CHECK_STATUS(set_by(FAKE_REVOKED, 1), SEC_UNKNOWN_KEY);
    CHECK_INT(report()->lease.quiet_s, 0);
    kit_end();
}

static void uptime_is_kept_over_restarts_and_a_cut_costs_the_hour(void)
{
    kit_begin_owned();
    CHECK_OK(beacon(NULL));
    fake_clock_pass(&kit.clock, 30u * 60u * 1000u + 400u);
    kit_restart();
    CHECK_INT(kit.keeper.rooms.access.lease.quiet_s, 1800);
    CHECK_INT(recorded(KEEPER_UPTIME), 1);
    fake_clock_pass(&kit.clock, 10u * 60u * 1000u);
    cut_and_start();
    CHECK_INT(kit.keeper.rooms.access.lease.quiet_s, 1800 + 3600);
    fake_clock_pass(&kit.clock, HOUR_MS);
    CHECK(sec_keeper_due_ms(&kit.keeper) <= kit.clock.steady_ms);
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK_INT(kit.keeper.rooms.access.lease.quiet_s, 1800 + 2 * 3600);
    CHECK(sec_keeper_due_ms(&kit.keeper) > kit.clock.steady_ms);
    kit.former_run_s = 7; /* a keeper that fails again and again is charged what it ran */
    for (int i = 0; i < 10; i++)
        cut_and_start();
    CHECK_INT(kit.keeper.rooms.access.lease.quiet_s, 1800 + 2 * 3600 + 70);
    kit_end();
}

static void the_owners_time_raises_the_lower_bound_also_after_the_owner_has_gone(void)
{
    kit_begin_owned();
    kit.clock.wall_s = 0;
    kit_restart();
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_BEACON_RENEW, fake_beacon_args(1900000000, NULL, SEC_ROOM(kit_args))));
    CHECK(kit_receipt.head.time_s >= 1900000000);
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)));
    CHECK(report()->time_s >= 1900000000);
    kit_restart();
    CHECK(report()->time_s >= 1900000000);
    kit_end();
}

static void an_impossible_time_of_the_owners_is_refused_and_the_device_starts_again(void)
{
    kit_begin_owned();
    CHECK_STATUS(kit_command(FAKE_OWNER, SEC_ACTION_BEACON_RENEW, fake_beacon_args(INT64_MAX, NULL, SEC_ROOM(kit_args))), SEC_BAD_VALUE);
    kit_restart();
    CHECK(report()->time_s < 4000000000);
    CHECK_OK(roster_by(FAKE_OWNER));
    kit_end();
}

static void without_beacon_the_restricted_mode_of_the_product_begins_and_never_stops_its_function(void)
{
    SHOWS("S77");
    begin_declared(30, SEC_PRESENCE_NONE);
    CHECK_OK(kit_set_bool("securable.interface.web.enabled", true));
    CHECK_OK(set_by(FAKE_OPERATOR, 1500));
    pass_days(29);
    CHECK(interface_on("web"));
    pass_days(1);
    CHECK(!interface_on("web"));
    CHECK(interface_on("modbus"));
    CHECK(report()->restricted);
    CHECK(!report()->interfaces[0].enabled && report()->interfaces[1].enabled);
    CHECK_INT(recorded(KEEPER_RESTRICTED), 1);
    CHECK(kit_file_holds("\"speed\": 1500"));
    CHECK_OK(event());
    CHECK_OK(set_by(FAKE_OPERATOR, 1550));
    struct sec_digest image = fake_image_digest(&kit, 1);
    fake_effects_spool(&kit.effects, &image);
    fake_make_release(&kit, FAKE_RELEASE, 2, "1.1", 1, &kit_statement);
    CHECK_OK(kit_submit());
    image = fake_statement_digest(&kit, fake_statement_bytes(&kit_statement));
    CHECK_OK(kit_command(FAKE_OPERATOR, SEC_ACTION_UPDATE_INSTALL, fake_digest_args(&image, SEC_ROOM(kit_args))));
    kit.effects.interfaces_count = 0;
    kit_restart();
    CHECK(!interface_on("web"));
    CHECK(interface_on("modbus"));
    CHECK_OK(beacon(NULL));
    CHECK(interface_on("web"));
    CHECK(!report()->restricted);
    pass_days(1);
    CHECK(interface_on("web"));
    kit_end();
}

/* --- the manufacturer is gone -------------------------------------------------------------------------------------------------- */

static void manufacturer_gone_a_release_key_that_the_owner_admits_installs(void)
{
    struct sec_admission admission = {fake_device_signer(&kit, FAKE_STRANGER).key, SEC_LIT("our integrator")};
    kit_begin_owned();
    admission.key = fake_device_signer(&kit, FAKE_STRANGER).key;
    struct sec_digest image = fake_image_digest(&kit, 1);
    fake_effects_spool(&kit.effects, &image);
    fake_make_release(&kit, FAKE_STRANGER, 2, "1.1", 1, &kit_statement);
    CHECK_STATUS(kit_submit(), SEC_UNKNOWN_KEY);
    struct sec_wr wr = sec_wr(SEC_ROOM(kit_args));
    sec_admission_encode(&admission, &wr);
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_ACCESS_ADMIT_KEY, sec_wr_done(&wr)));
    fake_make_release(&kit, FAKE_STRANGER, 2, "1.1", 1, &kit_statement);
    CHECK_OK(kit_submit());
    struct sec_digest release = fake_statement_digest(&kit, fake_statement_bytes(&kit_statement));
    CHECK_OK(kit_command(FAKE_OPERATOR, SEC_ACTION_UPDATE_INSTALL, fake_digest_args(&release, SEC_ROOM(kit_args))));
    CHECK(sec_digest_equal(&kit.effects.slots[kit.effects.active], &image));
    kit_end();
}

static void what_a_revoked_release_key_signed_is_installed_no_more(void)
{
    struct sec_admission admission;
    struct sec_key_id kid;
    kit_begin_owned();
    kid = fake_key_id(&kit, FAKE_STRANGER);
    admission = (struct sec_admission){fake_device_signer(&kit, FAKE_STRANGER).key, SEC_LIT("our integrator")};
    struct sec_wr wr = sec_wr(SEC_ROOM(kit_args));
    sec_admission_encode(&admission, &wr);
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_ACCESS_ADMIT_KEY, sec_wr_done(&wr)));
    struct sec_digest image = fake_image_digest(&kit, 1);
    fake_effects_spool(&kit.effects, &image);
    fake_make_release(&kit, FAKE_STRANGER, 2, "1.1", 1, &kit_statement);
    CHECK_OK(kit_submit());
    struct sec_digest release = fake_statement_digest(&kit, fake_statement_bytes(&kit_statement));
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_BEACON_RENEW, fake_beacon_args(0, &kid, SEC_ROOM(kit_args))));
    /* Neither by hand, nor by the consent that was given in advance, nor a further one. */
    CHECK_STATUS(kit_command(FAKE_OPERATOR, SEC_ACTION_UPDATE_INSTALL, fake_digest_args(&release, SEC_ROOM(kit_args))), SEC_UNKNOWN_KEY);
    CHECK_OK(kit_set_text("securable.update.mode", "automatic"));
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(!sec_digest_equal(&kit.effects.slots[kit.effects.active], &image));
    kit_restart();
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(!sec_digest_equal(&kit.effects.slots[kit.effects.active], &image));
    fake_make_release(&kit, FAKE_STRANGER, 3, "1.2", 1, &kit_statement);
    CHECK_STATUS(kit_submit(), SEC_UNKNOWN_KEY);
    kit_end();
}

/* --- the device is sold ----------------------------------------------------------------------------------------------------------- */

static void where_the_hub_is_the_owner_says_and_a_start_says_it_again(void)
{
    kit_begin_owned();
    CHECK_STATUS(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_LIFECYCLE_SITE, fake_site_args(SITE, SEC_ROOM(kit_args))), SEC_ROLE_INSUFFICIENT);
    CHECK_STATUS(kit_command(FAKE_OWNER, SEC_ACTION_LIFECYCLE_SITE, fake_site_args("http://hub.example", SEC_ROOM(kit_args))), SEC_BAD_VALUE);
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_LIFECYCLE_SITE, fake_site_args(SITE, SEC_ROOM(kit_args))));
    CHECK_BYTES(sec_bytes(kit.effects.site, kit.effects.site_len), SEC_LIT(SITE));
    CHECK_INT(kit.effects.site_ca.b[0], 7);
    CHECK_BYTES(report()->site.address, SEC_LIT(SITE));
    kit.effects.site_len = 0;
    kit_restart();
    CHECK_BYTES(sec_bytes(kit.effects.site, kit.effects.site_len), SEC_LIT(SITE));
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)));
    CHECK_INT(kit.effects.site_len, 0);
    kit_end();
}

static sec_status count_open(void *ctx, const struct sec_journal_record *record)
{
    size_t *open = ctx;
    *open += record->header.epoch == 1 && record->header.seal != SEC_SEAL_CLEAR && record->opened;
    return sec_st(SEC_OK);
}

static void sold_device_has_its_next_owner_and_nothing_of_the_last_one(void)
{
    kit_begin_owned();
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_LIFECYCLE_SITE, fake_site_args(SITE, SEC_ROOM(kit_args))));
    CHECK_OK(set_by(FAKE_OPERATOR, 1700));
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT("a password")));
    CHECK_STATUS(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_LIFECYCLE_TRANSFER, fake_transfer_args(&kit, FAKE_NEXT_OWNER, SEC_ROOM(kit_args))),
                 SEC_ROLE_INSUFFICIENT);
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_LIFECYCLE_TRANSFER, fake_transfer_args(&kit, FAKE_NEXT_OWNER, SEC_ROOM(kit_args))));
    struct fake_statement sale = kit_statement;
    struct sec_wipe_items items;
    CHECK_INT(kit_decided.sort, KEEPER_OUTCOME);
    CHECK_BYTES(kit_decided.signer, SEC_LIT("owner"));
    CHECK_OK(sec_wipe_items_parse(kit_decided.detail, &items));
    CHECK_INT(items.count, 4);
    CHECK_INT(items.items[0].grade, SEC_WIPE_OVERWRITTEN);
    CHECK_INT(items.items[2].grade, SEC_WIPE_BY_HOOK);
    CHECK(kit.keeper.rooms.access.owned);
    CHECK_INT(kit.keeper.rooms.access.epoch, 2);
    CHECK_INT(kit.effects.site_len, 0);
    CHECK_INT(kit.effects.erased, 1);
    CHECK(kit_file_holds("\"speed\": 1000"));
    size_t open = 0;
    struct sec_journal_visitor visitor = {&open, count_open, NULL};
    CHECK_OK(sec_journal_walk(&kit.keeper.journal, 0, &visitor));
    CHECK_INT(open, 0);
    /* The old owner is out, the roster is out, the applications are; the receipt is still owed. */
    CHECK_STATUS(roster_by(FAKE_OWNER), SEC_UNKNOWN_KEY);
    CHECK_STATUS(set_by(FAKE_OPERATOR, 1), SEC_UNKNOWN_KEY);
    CHECK_STATUS(event(), SEC_NOT_PERMITTED);
    CHECK_STATUS(kit_submit_bytes(fake_statement_bytes(&sale)), SEC_ALREADY_DECIDED);
    CHECK(kit.receipt_len > 0);
    CHECK_STATUS(sec_keeper_vet(&kit.keeper, fake_statement_bytes(&sale)), SEC_UNKNOWN_KEY);
    CHECK_STATUS(kit_claim(2), SEC_ALREADY_OWNED);
    kit_restart();
    CHECK_OK(roster_by(FAKE_NEXT_OWNER));
    CHECK_OK(set_by(FAKE_OPERATOR, 1800));
    CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, SEC_LIT("db"), SEC_LIT("another one")));
    CHECK_OK(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_PROTECTION_ROTATE, sec_bytes(NULL, 0)));
    CHECK_OK(kit_command(FAKE_NEXT_OWNER, SEC_ACTION_LIFECYCLE_TRANSFER, fake_transfer_args(&kit, FAKE_OWNER, SEC_ROOM(kit_args))));
    CHECK_INT(kit.keeper.rooms.access.epoch, 3);
    CHECK_OK(roster_by(FAKE_OWNER));
    kit_end();
}

/* --- four eyes ------------------------------------------------------------------------------------------------------------------------ */

/** A change of `speed` for all pumps of this product, by a match. */
static void make_wide_set(enum fake_person signer, int64_t speed)
{
    static uint8_t audience[64];
    struct sec_bytes texts[SEC_MATCHES_COUNT] = {{NULL, 0}};
    struct sec_wr wr = sec_wr(SEC_ROOM(audience));
    texts[SEC_MATCH_PRODUCT - 1] = SEC_LIT("pump");
    sec_audience_encode_match(texts, &wr);
    struct fake_command command = {.signer = signer, .action = SEC_ACTION_CONFIGURATION_SET, .audience = sec_wr_done(&wr),
                                   .args = fake_setting_args("speed", speed, SEC_ROOM(kit_args))};
    fake_make_command(&kit, &command, &kit_statement);
}

static struct fake_statement approval;

static sec_status approve(enum fake_person who)
{
    struct sec_digest digest = fake_statement_digest(&kit, fake_statement_bytes(&kit_statement));
    fake_make_approval(&kit, who, &digest, kit.keeper.rooms.access.epoch, &approval);
    return kit_submit_bytes(fake_statement_bytes(&approval));
}

static void begin_with_four_eyes(void)
{
    static const struct sec_threshold thresholds[] = {{SEC_ACTION_CONFIGURATION_SET, 1, 2}};
    const struct fake_roster wanted = {.with_revoked = true, .with_second = true, .thresholds = thresholds, .thresholds_count = 1};
    kit_begin_owned();
    wide_roster(&wanted);
}

static void a_change_for_a_described_set_needs_a_second_person_and_one_for_named_devices_does_not(void)
{
    begin_with_four_eyes();
    CHECK_OK(set_by(FAKE_OPERATOR, 1100));
    make_wide_set(FAKE_OPERATOR, 1200);
    CHECK_STATUS(kit_submit(), SEC_APPROVALS_MISSING);
    CHECK_INT(kit.receipt_len, 0);
    CHECK(kit_file_holds("\"speed\": 1100"));
    CHECK_OK(approve(FAKE_ADMINISTRATOR)); /* afterwards, and the very statement again */
    CHECK_INT(report()->approvals_count, 1);
    CHECK_OK(kit_submit());
    CHECK(kit_file_holds("\"speed\": 1200"));
    CHECK_INT(report()->approvals_count, 0);
    make_wide_set(FAKE_OPERATOR, 1300);
    CHECK_OK(approve(FAKE_SECOND_ADMINISTRATOR)); /* or before */
    CHECK_OK(kit_submit());
    CHECK(kit_file_holds("\"speed\": 1300"));
    kit_end();
}

static void nobody_approves_who_may_not_and_nobody_counts_twice(void)
{
    begin_with_four_eyes();
    make_wide_set(FAKE_OPERATOR, 1200);
    CHECK_STATUS(approve(FAKE_AUDITOR), SEC_ROLE_INSUFFICIENT);
    CHECK_STATUS(approve(FAKE_RECOVERY), SEC_ROLE_INSUFFICIENT);
    CHECK_STATUS(approve(FAKE_STRANGER), SEC_UNKNOWN_KEY);
    CHECK_STATUS(approve(FAKE_RELEASE), SEC_ROLE_INSUFFICIENT);
    CHECK_OK(approve(FAKE_OPERATOR)); /* the signer's own does not count a second time */
    CHECK_STATUS(kit_submit(), SEC_APPROVALS_MISSING);
    struct sec_digest digest = fake_statement_digest(&kit, fake_statement_bytes(&kit_statement));
    fake_make_approval(&kit, FAKE_ADMINISTRATOR, &digest, 9, &approval);
    CHECK_STATUS(kit_submit_bytes(fake_statement_bytes(&approval)), SEC_WRONG_EPOCH);
    CHECK_STATUS(kit_submit(), SEC_APPROVALS_MISSING);
    CHECK_OK(approve(FAKE_ADMINISTRATOR));
    CHECK(kit.receipt_len > 0);
    CHECK_STATUS(kit_submit_bytes(fake_statement_bytes(&approval)), SEC_ALREADY_DECIDED);
    CHECK_OK(kit_submit());
    CHECK_STATUS(kit_submit(), SEC_ALREADY_DECIDED);
    kit_end();
}

static void an_approver_who_is_revoked_meanwhile_does_not_count(void)
{
    static const struct sec_threshold thresholds[] = {{SEC_ACTION_CONFIGURATION_SET, 1, 2}};
    const struct fake_roster without = {.with_second = true, .thresholds = thresholds, .thresholds_count = 1};
    begin_with_four_eyes();
    make_wide_set(FAKE_OPERATOR, 1200);
    struct fake_statement wanted = kit_statement;
    CHECK_OK(approve(FAKE_REVOKED));
    wide_roster(&without);
    CHECK_STATUS(kit_submit_bytes(fake_statement_bytes(&wanted)), SEC_APPROVALS_MISSING);
    kit_restart();
    CHECK_STATUS(kit_submit_bytes(fake_statement_bytes(&wanted)), SEC_APPROVALS_MISSING);
    kit_statement = wanted;
    CHECK_OK(approve(FAKE_ADMINISTRATOR));
    CHECK_OK(kit_submit());
    kit_end();
}

static void two_owners_act_together_where_the_voucher_says_so(void)
{
    kit_begin();
    fake_make_voucher_for_two(&kit, 1, &kit_statement);
    CHECK_OK(kit_submit());
    CHECK_STATUS(roster_by(FAKE_OWNER), SEC_APPROVALS_MISSING);
    CHECK_OK(approve(FAKE_NEXT_OWNER));
    CHECK_OK(kit_submit());
    CHECK_OK(set_by(FAKE_OPERATOR, 1200));
    CHECK_STATUS(kit_command(FAKE_NEXT_OWNER, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)), SEC_APPROVALS_MISSING);
    CHECK(kit.keeper.rooms.access.owned);
    CHECK_OK(approve(FAKE_OWNER));
    CHECK_OK(kit_submit());
    CHECK(!kit.keeper.rooms.access.owned);
    kit_end();
}

static const struct test tests[] = {
    TEST(owner_lost_the_recovery_key_names_new_ones_and_after_the_announced_delay_they_hold),
    TEST(the_time_to_veto_is_not_shortened_by_cutting_the_power),
    TEST(recovery_key_stolen_the_owner_sees_it_announced_and_vetoes),
    TEST(a_stolen_recovery_key_cannot_outrun_the_owners_veto),
    TEST(owner_stolen_the_thief_vetoes_the_recovery_but_not_a_person_at_the_device),
    TEST(presence_that_the_product_does_not_declare_does_nothing),
    TEST(who_hears_no_beacon_has_no_operators_after_the_lease_and_the_machine_runs_on),
    TEST(uptime_is_kept_over_restarts_and_a_cut_costs_the_hour),
    TEST(the_owners_time_raises_the_lower_bound_also_after_the_owner_has_gone),
    TEST(an_impossible_time_of_the_owners_is_refused_and_the_device_starts_again),
    TEST(without_beacon_the_restricted_mode_of_the_product_begins_and_never_stops_its_function),
    TEST(manufacturer_gone_a_release_key_that_the_owner_admits_installs),
    TEST(what_a_revoked_release_key_signed_is_installed_no_more),
    TEST(where_the_hub_is_the_owner_says_and_a_start_says_it_again),
    TEST(sold_device_has_its_next_owner_and_nothing_of_the_last_one),
    TEST(a_change_for_a_described_set_needs_a_second_person_and_one_for_named_devices_does_not),
    TEST(nobody_approves_who_may_not_and_nobody_counts_twice),
    TEST(an_approver_who_is_revoked_meanwhile_does_not_count),
    TEST(two_owners_act_together_where_the_voucher_says_so),
};
TEST_MAIN(tests)
