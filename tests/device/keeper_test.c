/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper end to end on a fake device: ownership and configuration, each decision with its receipt, each log verified at the end. */
#include "device_kit.h"

/* --- first start, claim, roster ----------------------------------------------------------------------------------- */

static void a_first_start_accepts_a_voucher_and_nothing_else(void)
{
    kit_begin();
    CHECK_STATUS(kit_command(FAKE_OWNER, SEC_ACTION_CONFIGURATION_RESET, sec_bytes(NULL, 0)), SEC_NO_OWNER);
    CHECK_INT(kit.receipt_len, 0);
    fake_make_release(&kit, FAKE_RELEASE, 2, "1.1", 1, &kit_statement);
    CHECK_STATUS(kit_submit(), SEC_NO_OWNER);
    CHECK_OK(kit_claim(1));
    CHECK(kit.receipt_len > 0);
    CHECK(kit.keeper.rooms.access.owned);
    CHECK_STATUS(kit_claim(1), SEC_ALREADY_DECIDED);
    CHECK(kit.receipt_len > 0);
    kit_end();
}

static void a_roster_says_who_may_what(void)
{
    SHOWS("F2.1");
    SHOWS("F2.2");
    kit_begin();
    CHECK_OK(kit_claim(1));
    CHECK_STATUS(kit_set("speed", 1200, 0), SEC_UNKNOWN_KEY);
    CHECK_OK(kit_roster(true));
    CHECK_OK(kit_set("speed", 1200, 0));
    CHECK(kit_file_holds("\"speed\": 1200"));
    CHECK_STATUS(kit_command(FAKE_OPERATOR, SEC_ACTION_CONFIGURATION_RESET, sec_bytes(NULL, 0)), SEC_ROLE_INSUFFICIENT);
    CHECK_STATUS(kit_command(FAKE_AUDITOR, SEC_ACTION_CONFIGURATION_RESET, sec_bytes(NULL, 0)), SEC_ROLE_INSUFFICIENT);
    CHECK_STATUS(kit_command(FAKE_STRANGER, SEC_ACTION_CONFIGURATION_RESET, sec_bytes(NULL, 0)), SEC_UNKNOWN_KEY);
    kit_end();
}

static void who_is_left_out_of_the_next_roster_is_unknown_from_then_on(void)
{
    kit_begin_owned();
    struct fake_command command = {.signer = FAKE_REVOKED, .action = SEC_ACTION_CONFIGURATION_SET,
                                   .args = fake_setting_args("speed", 900, SEC_ROOM(kit_args))};
    fake_make_command(&kit, &command, &kit_statement);
    CHECK_OK(kit_submit());
    CHECK_OK(kit_roster(false));
    command.args = fake_setting_args("speed", 950, SEC_ROOM(kit_args));
    fake_make_command(&kit, &command, &kit_statement);
    CHECK_STATUS(kit_submit(), SEC_UNKNOWN_KEY);
    CHECK(kit_file_holds("\"speed\": 900"));
    kit_end();
}

/* --- configuration ---------------------------------------------------------------------------------------------------- */

static void a_refused_change_is_recorded_with_its_reason_and_changes_nothing(void)
{
    kit_begin_owned();
    CHECK_OK(kit_set("speed", 1500, 0));
    CHECK_STATUS(kit_set("speed", 3001, 0), SEC_OUT_OF_RANGE);
    CHECK(kit.receipt_len > 0);
    CHECK_INT(kit_decided.code, SEC_OUT_OF_RANGE);
    CHECK(kit_decided.detail.len > 0);
    CHECK_STATUS(kit_set("spead", 1, 0), SEC_UNKNOWN_SETTING);
    CHECK_STATUS(kit_set_text("speed", "fast"), SEC_BAD_VALUE);
    CHECK(kit_file_holds("\"speed\": 1500"));
    kit_end();
}

static void a_change_made_for_another_state_is_stale(void)
{
    kit_begin_owned();
    struct sec_digest base;
    static uint8_t scratch[SEC_CONFIGURATION_MAP_MAX_BYTES];
    CHECK_OK(sec_configuration_digest(&kit.keeper.rooms.configuration, &kit.keeper.product, &kit.crypto_port.hasher, SEC_ROOM(scratch), &base));
    struct fake_command command = {.signer = FAKE_OPERATOR, .action = SEC_ACTION_CONFIGURATION_SET, .base = &base,
                                   .args = fake_setting_args("speed", 1100, SEC_ROOM(kit_args))};
    fake_make_command(&kit, &command, &kit_statement);
    CHECK_OK(kit_submit());
    command.args = fake_setting_args("speed", 1300, SEC_ROOM(kit_args));
    fake_make_command(&kit, &command, &kit_statement);
    CHECK_STATUS(kit_submit(), SEC_STALE_BASE);
    CHECK(kit_file_holds("\"speed\": 1100"));
    kit_end();
}

static sec_status confirm_last(enum sec_action action)
{
    struct sec_digest digest = fake_statement_digest(&kit, fake_statement_bytes(&kit_statement));
    return kit_command(FAKE_OPERATOR, action, fake_digest_args(&digest, SEC_ROOM(kit_args)));
}

static void a_change_that_is_confirmed_in_time_stays(void)
{
    kit_begin_owned();
    CHECK_OK(kit_set("speed", 2000, 60));
    CHECK_OK(confirm_last(SEC_ACTION_CONFIGURATION_CONFIRM));
    fake_clock_pass(&kit.clock, 120000);
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(kit_file_holds("\"speed\": 2000"));
    kit_end();
}

static void a_change_that_nobody_confirms_reverts_by_itself(void)
{
    kit_begin_owned();
    CHECK_OK(kit_set("speed", 2000, 60));
    CHECK(kit_file_holds("\"speed\": 2000"));
    CHECK_STATUS(kit_set("speed", 2100, 0), SEC_CONFIRM_PENDING);
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK_INT(sec_keeper_due_ms(&kit.keeper), kit.clock.steady_ms + 60000);
    fake_clock_pass(&kit.clock, 60000);
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(kit_file_holds("\"speed\": 1000"));
    CHECK_STATUS(confirm_last(SEC_ACTION_CONFIGURATION_CONFIRM), SEC_NOTHING_PENDING);
    kit_end();
}

static void a_change_that_is_taken_back_by_command_is_undone(void)
{
    kit_begin_owned();
    CHECK_OK(kit_set("speed", 2000, 60));
    CHECK_OK(confirm_last(SEC_ACTION_CONFIGURATION_REVERT));
    CHECK(kit_file_holds("\"speed\": 1000"));
    kit_end();
}

static void an_unconfirmed_change_does_not_live_through_a_power_cut(void)
{
    kit_begin_owned();
    CHECK_OK(kit_set("speed", 2000, 60));
    fake_power_cut(&kit.power);
    fake_device_power_on(&kit);
    CHECK_OK(fake_device_start(&kit));
    CHECK(kit_file_holds("\"speed\": 1000"));
    CHECK_OK(kit_set("speed", 1700, 0));
    kit_end();
}

static void a_failing_apply_hook_reverts_the_change(void)
{
    kit_begin_owned();
    kit.effects.failing = SEC_LIT("\"pressure\": 66");
    CHECK_STATUS(kit_set("pressure", 66, 0), SEC_EFFECT_FAILED);
    CHECK_INT(kit_decided.sort, KEEPER_OUTCOME);
    CHECK(kit_file_holds("\"pressure\": 20"));
    CHECK_OK(kit_set("pressure", 65, 0));
    kit_end();
}

static void a_reset_goes_to_the_safe_values(void)
{
    SHOWS("F2.3");
    kit_begin_owned();
    CHECK_OK(kit_set("speed", 2000, 0));
    CHECK_OK(kit_set_text("securable.device.name", "pump in hall 3"));
    CHECK_OK(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_CONFIGURATION_RESET, sec_bytes(NULL, 0)));
    CHECK(kit_file_holds("\"speed\": 0"));
    CHECK(kit_file_holds("\"securable.device.name\": \"pump in hall 3\""));
    kit_end();
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

static void an_interface_is_switched_off_and_stays_off(void)
{
    SHOWS("F4.1");
    kit_begin_owned();
    CHECK(interface_on("modbus"));
    CHECK(!interface_on("web"));
    CHECK_OK(kit_set_bool("securable.interface.modbus.enabled", false));
    CHECK(!interface_on("modbus"));
    CHECK_OK(kit_set_bool("securable.interface.web.enabled", true));
    CHECK(interface_on("web"));
    kit.effects.interfaces_count = 0; /* the surroundings forget: a start tells them again */
    kit_restart();
    CHECK(!interface_on("modbus"));
    CHECK(interface_on("web"));
    kit_end();
}

static void an_interface_that_was_switched_on_trial_is_off_again_after_a_cut(void)
{
    kit_begin_owned();
    struct sec_wr wr = sec_wr(SEC_ROOM(kit_args));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, SEC_LIT("securable.interface.web.enabled"));
    sec_cbor_put_bool(&wr, true);
    CHECK_OK(kit_command_within(FAKE_OPERATOR, SEC_ACTION_CONFIGURATION_SET, sec_wr_done(&wr), 60));
    CHECK(interface_on("web"));
    fake_power_cut(&kit.power);
    fake_device_power_on(&kit);
    CHECK_OK(fake_device_start(&kit));
    CHECK(!interface_on("web"));
    kit_end();
}

/* --- lock-out ------------------------------------------------------------------------------------------------------------- */

static sec_status forged(void)
{
    struct fake_command command = {.signer = FAKE_STRANGER, .action = SEC_ACTION_CONFIGURATION_RESET};
    fake_make_command(&kit, &command, &kit_statement);
    return kit_submit();
}

static void strangers_are_locked_out_as_the_settings_say_and_the_owner_never(void)
{
    SHOWS("F4.3");
    kit_begin_owned();
    CHECK_OK(kit_set("securable.access.lockout.limit", 3, 0));
    CHECK_OK(kit_set("securable.access.lockout.seconds", 30, 0));
    for (int i = 0; i < 3; i++)
        CHECK_STATUS(forged(), SEC_UNKNOWN_KEY);
    CHECK_STATUS(forged(), SEC_LOCKED_OUT);
    CHECK_OK(kit_roster(true));
    CHECK_OK(kit_set("speed", 1001, 0));
    CHECK_STATUS(forged(), SEC_LOCKED_OUT);
    fake_clock_pass(&kit.clock, 120000);
    CHECK_STATUS(forged(), SEC_UNKNOWN_KEY);
    CHECK_OK(kit_set_bool("securable.access.lockout.enabled", false));
    for (int i = 0; i < 10; i++)
        CHECK_STATUS(forged(), SEC_UNKNOWN_KEY);
    kit_end();
}

static void many_refusals_make_few_records(void)
{
    kit_begin_owned();
    for (int i = 0; i < 500; i++)
        forged();
    uint64_t before = sec_journal_size(&kit.keeper.journal);
    fake_clock_pass(&kit.clock, 2000);
    CHECK(sec_keeper_due_ms(&kit.keeper) <= kit.clock.steady_ms);
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    fake_clock_pass(&kit.clock, 1000);
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK_INT(sec_journal_committed(&kit.keeper.journal), before + 1);
    kit_end();
}

/* --- who is meant ------------------------------------------------------------------------------------------------------------ */

static void two_devices_with_one_name_are_told_apart_by_their_ids(void)
{
    SHOWS("F1.1");
    kit_begin_owned();
    CHECK_OK(kit_set_text("securable.device.name", "pump"));
    uint8_t audience[64];
    struct sec_bytes texts[SEC_MATCHES_COUNT] = {{NULL, 0}};
    texts[SEC_MATCH_NAME - 1] = SEC_LIT("pump");
    struct sec_wr wr = sec_wr(SEC_ROOM(audience));
    sec_audience_encode_match(texts, &wr);
    struct fake_command command = {.signer = FAKE_OPERATOR, .action = SEC_ACTION_CONFIGURATION_SET, .audience = sec_wr_done(&wr),
                                   .args = fake_setting_args("speed", 1234, SEC_ROOM(kit_args))};
    fake_make_command(&kit, &command, &kit_statement);
    CHECK_OK(kit_submit());
    struct sec_device_id other = kit.id;
    other.b[0] ^= 1;
    command.audience = sec_bytes(NULL, 0);
    command.other_device = &other;
    fake_make_command(&kit, &command, &kit_statement);
    CHECK_STATUS(kit_submit(), SEC_WRONG_AUDIENCE);
    kit_end();
}

static void a_clock_of_1970_stops_nothing_and_believes_nothing(void)
{
    kit_begin_owned();
    kit.clock.wall_s = 0;
    kit_restart();
    struct fake_command command = {.signer = FAKE_OPERATOR, .action = SEC_ACTION_CONFIGURATION_SET, .expiry_s = 1700000000,
                                   .args = fake_setting_args("speed", 1002, SEC_ROOM(kit_args))};
    fake_make_command(&kit, &command, &kit_statement);
    CHECK_STATUS(kit_submit(), SEC_EXPIRED); /* surely: the device knows a later time */
    command.expiry_s = 1790000000;
    fake_make_command(&kit, &command, &kit_statement);
    CHECK_OK(kit_submit());
    kit.clock.trusted = true; /* a clock that claims to be right and stands before the last head's time */
    command.expiry_s = 1700000000;
    command.args = fake_setting_args("speed", 1003, SEC_ROOM(kit_args));
    fake_make_command(&kit, &command, &kit_statement);
    CHECK_STATUS(kit_submit(), SEC_EXPIRED);
    CHECK(kit_receipt.head.time_s >= 1760000000);
    kit.clock.trusted = false;
    kit_end();
}

static const struct test tests[] = {
    TEST(a_first_start_accepts_a_voucher_and_nothing_else),
    TEST(a_roster_says_who_may_what),
    TEST(who_is_left_out_of_the_next_roster_is_unknown_from_then_on),
    TEST(a_refused_change_is_recorded_with_its_reason_and_changes_nothing),
    TEST(a_change_made_for_another_state_is_stale),
    TEST(a_change_that_is_confirmed_in_time_stays),
    TEST(a_change_that_nobody_confirms_reverts_by_itself),
    TEST(a_change_that_is_taken_back_by_command_is_undone),
    TEST(an_unconfirmed_change_does_not_live_through_a_power_cut),
    TEST(a_failing_apply_hook_reverts_the_change),
    TEST(a_reset_goes_to_the_safe_values),
    TEST(an_interface_is_switched_off_and_stays_off),
    TEST(an_interface_that_was_switched_on_trial_is_off_again_after_a_cut),
    TEST(strangers_are_locked_out_as_the_settings_say_and_the_owner_never),
    TEST(many_refusals_make_few_records),
    TEST(two_devices_with_one_name_are_told_apart_by_their_ids),
    TEST(a_clock_of_1970_stops_nothing_and_believes_nothing),
};
TEST_MAIN(tests)
