/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#define INTEGER(key) (scene_value(key).integer)
#define BOOLEAN(key) (scene_value(key).boolean)
#define TEXT(s) sec_value_text(SEC_LIT(s))
#define COMMAND 0xc1

static void a_setting_gets_the_value_that_is_set(void)
{
    scene_begin();
    CHECK_INT(INTEGER("level"), 40);
    CHECK_OK(scene_set("level", sec_value_integer(55)));
    CHECK_BYTES(sec_wr_done(&scene.detail), SEC_LIT("\xa1\x03\xa1\x65" "level\x82\x18\x28\x18\x37"));
    scene_fold(7);
    CHECK_INT(INTEGER("level"), 55);
    CHECK_INT(scene.conf.phase, SEC_CONFIGURATION_EFFECT);
    CHECK_INT(scene.conf.index, 7);
    CHECK_OK(scene_outcome(SEC_OK));
    scene_fold(8);
    CHECK_INT(INTEGER("level"), 55);
    CHECK_INT(scene.conf.phase, SEC_CONFIGURATION_SETTLED);
    SHOWS("F2.1");
}

static void a_value_that_equals_the_default_is_kept_as_set(void)
{
    scene_begin();
    scene_put("level", sec_value_integer(40));
    CHECK_INT(scene.conf.values.count, 1);
}

/* {"mode": "high", "level": 30, "a.flag": false} and variants. */
static void several_are_set_all_or_none(void)
{
    scene_begin();
    CHECK_OK(scene_set_raw(SEC_LIT("\xa3\x64" "mode\x64" "high\x65" "level\x18\x1e\x66" "a.flag\xf4")));
    scene_fold(1);
    CHECK_OK(scene_outcome(SEC_OK));
    scene_fold(2);
    CHECK_INT(INTEGER("level"), 30);
    CHECK(!BOOLEAN("a.flag"));
    CHECK_BYTES(scene_value("mode").text, SEC_LIT("high"));
    CHECK_STATUS(scene_set_raw(SEC_LIT("\xa3\x64" "mode\x63" "low\x65" "level\x18\x51\x66" "a.flag\xf5")), SEC_OUT_OF_RANGE);
    scene_check_refusal("level", "at most 80 percent");
    CHECK_INT(INTEGER("level"), 30);
    CHECK_BYTES(scene_value("mode").text, SEC_LIT("high"));
}

static void bad_values_are_refused_with_key_and_fact(void)
{
    scene_begin();
    CHECK_STATUS(scene_set("nothing", sec_value_bool(true)), SEC_UNKNOWN_SETTING);
    scene_check_refusal("nothing", "no such setting");
    CHECK_STATUS(scene_set("securable.nothing", sec_value_bool(true)), SEC_UNKNOWN_SETTING);
    CHECK_STATUS(scene_set("securable.interface.wlan.enabled", sec_value_bool(true)), SEC_UNKNOWN_SETTING);
    CHECK_STATUS(scene_set("securable.interface..enabled", sec_value_bool(true)), SEC_UNKNOWN_SETTING);
    CHECK_STATUS(scene_set("level", sec_value_bool(true)), SEC_BAD_VALUE);
    scene_check_refusal("level", "not of type integer");
    CHECK_STATUS(scene_set("level", sec_value_none()), SEC_BAD_VALUE);
    CHECK_STATUS(scene_set("level", sec_value_integer(-11)), SEC_OUT_OF_RANGE);
    scene_check_refusal("level", "at least -10 percent");
    CHECK_STATUS(scene_set("mode", TEXT("mid")), SEC_OUT_OF_RANGE);
    scene_check_refusal("mode", "one of low, high");
    CHECK_STATUS(scene_set("title", TEXT("a\nb")), SEC_BAD_VALUE);
    CHECK_STATUS(scene_set("token", TEXT("x")), SEC_UNSUPPORTED);
    scene_check_refusal("token", "this version has no settings of this type");
    CHECK_STATUS(scene_set("wait", TEXT("5m")), SEC_UNSUPPORTED);
    CHECK_STATUS(scene_set_raw(SEC_LIT("\xa1\x65" "level\x80")), SEC_BAD_VALUE);
    scene_check_refusal("level", "not of type integer");
    CHECK_STATUS(scene_set_raw(SEC_LIT("\xa1\x65" "level\x1b\xff\xff\xff\xff\xff\xff\xff\xff")), SEC_BAD_VALUE);
    SHOWS("F2.1");
}

static void arguments_of_another_form_are_refused(void)
{
    scene_begin();
    CHECK_STATUS(scene_set_raw(SEC_LIT("\xa0")), SEC_BAD_VALUE);
    scene_check_refusal(NULL, "nothing is set");
    CHECK_STATUS(scene_set_raw(SEC_LIT("\x80")), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(scene_set_raw(SEC_LIT("\xa1\x01\x01")), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(scene_set_raw(SEC_LIT("\xa2\x65" "level\x01\x65" "level\x02")), SEC_DUPLICATE_KEY);
    CHECK_STATUS(scene_set_raw(SEC_LIT("\xa2\x65" "level\x01\x64" "mode\x63low")), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(scene_set_raw(SEC_LIT("")), SEC_TRUNCATED);
    CHECK_INT(scene.change.len, 0);
    scene_rooms();
    CHECK_STATUS(sec_configuration_judge_reset(&scene.conf, &scene.facts, SEC_LIT("\xa1\x01\x01"), &scene.change, &scene.detail),
                 SEC_BAD_VALUE);
    CHECK_STATUS(sec_configuration_judge_confirm(&scene.conf, &scene.facts, SEC_LIT("\xa0"), &scene.change, &scene.detail), SEC_BAD_VALUE);
    CHECK_STATUS(sec_configuration_judge_revert(&scene.conf, &scene.facts, SEC_LIT("\xa1\x01\x41\x00"), &scene.change, &scene.detail),
                 SEC_BAD_VALUE);
}

static void a_stale_base_is_refused(void)
{
    scene_begin();
    scene.facts.has_base = true;
    memset(scene.facts.base.b, 1, 32);
    memset(scene.facts.now.b, 2, 32);
    CHECK_STATUS(scene_set("level", sec_value_integer(1)), SEC_STALE_BASE);
    CHECK_STATUS(scene_reset(), SEC_STALE_BASE);
    scene.facts.now = scene.facts.base;
    CHECK_OK(scene_set("level", sec_value_integer(1)));
    CHECK_OK(scene_reset());
}

static void product_settings_wait_for_the_end_of_a_trial(void)
{
    scene_begin();
    scene.facts.trial = true;
    CHECK_STATUS(scene_set("level", sec_value_integer(1)), SEC_TRIAL_PENDING);
    scene_check_refusal("level", "a trial release runs");
    CHECK_OK(scene_set("securable.device.name", TEXT("pump 7")));
    CHECK_OK(scene_set("securable.interface.web.enabled", sec_value_bool(true)));
    CHECK_STATUS(scene_reset(), SEC_TRIAL_PENDING);
}

static void a_failed_effect_brings_the_old_values_back(void)
{
    scene_begin();
    scene_put("level", sec_value_integer(50));
    CHECK_OK(scene_set_raw(SEC_LIT("\xa2\x64" "mode\x64" "high\x65" "level\x18\x1e")));
    scene_fold(3);
    CHECK_OK(scene_outcome(SEC_EFFECT_FAILED));
    /* {3: {"mode": ["high", "low"], "level": [30, 50]}, 5: command, 6: effect} */
    CHECK_BYTES(sec_bytes_part(sec_wr_done(&scene.detail), 0, 31),
                SEC_LIT("\xa3\x03\xa2\x64" "mode\x82\x64" "high\x63" "low\x65" "level\x82\x18\x1e\x18\x32\x05\x58"));
    CHECK_INT(scene_detail_room[scene.detail.len - 1], SEC_CONFIGURATION_END_EFFECT);
    scene_fold(4);
    CHECK_INT(INTEGER("level"), 50);
    CHECK_BYTES(scene_value("mode").text, SEC_LIT("low"));
    CHECK_INT(scene.conf.values.count, 1);
    CHECK_INT(scene.conf.phase, SEC_CONFIGURATION_SETTLED);
    SHOWS("F2.1");
}

static void set_with_confirm_within(uint64_t within_s)
{
    scene_begin();
    scene_put("level", sec_value_integer(50));
    scene.facts.confirm_within_s = within_s;
    CHECK_OK(scene_set("level", sec_value_integer(60)));
    scene_fold(3);
    CHECK_INT(scene.conf.phase, SEC_CONFIGURATION_EFFECT);
    CHECK_STATUS(scene_confirm(COMMAND), SEC_NOTHING_PENDING);
    CHECK_OK(scene_outcome(SEC_OK));
    scene_fold(4);
    CHECK_INT(scene.conf.phase, SEC_CONFIGURATION_WAITING);
    CHECK_INT(scene.conf.within_s, within_s);
    CHECK_INT(INTEGER("level"), 60);
}

static void a_confirmed_change_stays(void)
{
    set_with_confirm_within(60);
    CHECK_STATUS(scene_confirm(0xdd), SEC_NOTHING_PENDING);
    scene_check_refusal(NULL, "another command waits for its confirmation");
    CHECK_OK(scene_confirm(COMMAND));
    scene_fold(5);
    CHECK_INT(INTEGER("level"), 60);
    CHECK_STATUS(scene_confirm(COMMAND), SEC_NOTHING_PENDING);
    CHECK_STATUS(scene_end(SEC_CONFIGURATION_END_DEADLINE), SEC_NOTHING_PENDING);
    SHOWS("F2.2");
}

static void an_unconfirmed_change_goes_back(void)
{
    const enum sec_configuration_end ends[] = {SEC_CONFIGURATION_END_DEADLINE, SEC_CONFIGURATION_END_BOOT};
    for (size_t i = 0; i < 2; i++) {
        set_with_confirm_within(SEC_CONFIGURATION_CONFIRM_MAX_S);
        CHECK_OK(scene_end(ends[i]));
        CHECK_INT(scene_detail_room[scene.detail.len - 1], ends[i]);
        scene_fold(5);
        CHECK_INT(INTEGER("level"), 50);
        CHECK_INT(scene.conf.phase, SEC_CONFIGURATION_SETTLED);
    }
    SHOWS("F2.2");
}

static void an_operator_takes_a_change_back(void)
{
    set_with_confirm_within(60);
    CHECK_STATUS(scene_revert(0xdd), SEC_NOTHING_PENDING);
    CHECK_OK(scene_revert(COMMAND));
    scene_fold(5);
    CHECK_INT(INTEGER("level"), 50);
    CHECK_STATUS(scene_revert(COMMAND), SEC_NOTHING_PENDING);
}

static void one_change_at_a_time(void)
{
    set_with_confirm_within(60);
    CHECK_STATUS(scene_set("mode", TEXT("high")), SEC_CONFIRM_PENDING);
    scene_check_refusal(NULL, "an earlier change is under way");
    CHECK_STATUS(scene_reset(), SEC_CONFIRM_PENDING);
    CHECK_STATUS(scene_outcome(SEC_OK), SEC_NOTHING_PENDING);
}

static void confirm_within_has_a_limit(void)
{
    scene_begin();
    scene.facts.confirm_within_s = SEC_CONFIGURATION_CONFIRM_MAX_S + 1;
    CHECK_STATUS(scene_set("level", sec_value_integer(60)), SEC_BAD_VALUE);
    scene.facts.confirm_within_s = UINT64_MAX;
    CHECK_STATUS(scene_reset(), SEC_BAD_VALUE);
}

static void reset_brings_safe_defaults_and_leaves_the_names(void)
{
    scene_begin();
    scene_put("level", sec_value_integer(50));
    scene_put("mode", TEXT("high"));
    scene_put("securable.device.name", TEXT("pump 7"));
    scene_put("securable.update.mode", TEXT("automatic"));
    scene_put("securable.log.keep_mib", sec_value_integer(8));
    scene_put("securable.interface.web.enabled", sec_value_bool(true));
    scene_put("securable.access.lockout.enabled", sec_value_bool(false));
    CHECK_OK(scene_reset());
    scene_fold(9);
    CHECK_OK(scene_outcome(SEC_OK));
    scene_fold(10);
    CHECK_INT(INTEGER("level"), 20);
    CHECK(!BOOLEAN("a.flag"));
    CHECK_BYTES(scene_value("mode").text, SEC_LIT("low"));
    CHECK_BYTES(scene_value("securable.device.name").text, SEC_LIT("pump 7"));
    CHECK_BYTES(scene_value("securable.update.mode").text, SEC_LIT("automatic"));
    CHECK_INT(INTEGER("securable.log.keep_mib"), 8);
    CHECK(!BOOLEAN("securable.interface.web.enabled"));
    CHECK(!BOOLEAN("securable.interface.modbus.enabled"));
    CHECK(BOOLEAN("securable.interface.panel.enabled"));
    CHECK(BOOLEAN("securable.access.lockout.enabled"));
    CHECK_OK(scene_reset()); /* nothing is left to do, and that is no failure */
    CHECK_BYTES(sec_bytes_part(sec_wr_done(&scene.detail), 0, 3), SEC_LIT("\xa1\x03\xa0"));
    SHOWS("F2.3");
}

static void a_reset_may_wait_for_its_confirmation_too(void)
{
    scene_begin();
    scene_put("level", sec_value_integer(50));
    scene.facts.confirm_within_s = 5;
    CHECK_OK(scene_reset());
    scene_fold(3);
    CHECK_OK(scene_outcome(SEC_OK));
    scene_fold(4);
    CHECK_INT(INTEGER("level"), 20);
    CHECK_OK(scene_end(SEC_CONFIGURATION_END_BOOT));
    scene_fold(5);
    CHECK_INT(INTEGER("level"), 50);
    CHECK(BOOLEAN("a.flag"));
}

static void small_rooms_are_said_to_be_full(void)
{
    uint8_t small[10];
    struct sec_wr tiny = sec_wr(SEC_ROOM(small)), other = sec_wr(SEC_ROOM(scene_detail_room));
    scene_begin();
    CHECK_STATUS(sec_configuration_judge_set(&scene.conf, &scene.facts, SEC_LIT("\xa1\x65" "level\x01"), &tiny, &other), SEC_ROOM_FULL);
    CHECK_INT(tiny.len, 0);
    tiny = sec_wr(SEC_ROOM(small));
    other = sec_wr(SEC_ROOM(scene_change_room));
    CHECK_STATUS(sec_configuration_judge_set(&scene.conf, &scene.facts, SEC_LIT("\xa1\x65" "level\x01"), &other, &tiny), SEC_ROOM_FULL);
    CHECK_INT(other.len, 0);
}

static void reserved_settings_ask_for_their_role(void)
{
    static const struct {
        const char *key;
        struct sec_value value;
        uint64_t least_role;
    } rows[] = {{"securable.device.group", {SEC_VALUE_TEXT, false, 0, {(const uint8_t *)"scrap", 5}}, 1},
                {"securable.update.mode", {SEC_VALUE_TEXT, false, 0, {(const uint8_t *)"disabled", 8}}, 1},
                {"securable.device.site", {SEC_VALUE_TEXT, false, 0, {(const uint8_t *)"elsewhere", 9}}, 1},
                {"securable.access.lockout.enabled", {SEC_VALUE_BOOL, false, 0, {NULL, 0}}, 2},
                {"securable.interface.web.enabled", {SEC_VALUE_BOOL, true, 0, {NULL, 0}}, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (uint64_t role = 0; role <= 5; role++) {
            scene_begin();
            scene.facts.role = role;
            bool may = role >= 1 && role <= rows[i].least_role;
            CHECK_STATUS(scene_set(rows[i].key, rows[i].value), may ? SEC_OK : SEC_ROLE_INSUFFICIENT);
        }
    }
    SHOWS("F2.2");
}

static const struct test tests[] = {
    TEST(reserved_settings_ask_for_their_role),
    TEST(a_setting_gets_the_value_that_is_set),
    TEST(a_value_that_equals_the_default_is_kept_as_set),
    TEST(several_are_set_all_or_none),
    TEST(bad_values_are_refused_with_key_and_fact),
    TEST(arguments_of_another_form_are_refused),
    TEST(a_stale_base_is_refused),
    TEST(product_settings_wait_for_the_end_of_a_trial),
    TEST(a_failed_effect_brings_the_old_values_back),
    TEST(a_confirmed_change_stays),
    TEST(an_unconfirmed_change_goes_back),
    TEST(an_operator_takes_a_change_back),
    TEST(one_change_at_a_time),
    TEST(confirm_within_has_a_limit),
    TEST(reset_brings_safe_defaults_and_leaves_the_names),
    TEST(a_reset_may_wait_for_its_confirmation_too),
    TEST(small_rooms_are_said_to_be_full),
};
TEST_MAIN(tests)
