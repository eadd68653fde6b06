/* SPDX-License-Identifier: Apache-2.0 */
#include "golden.h"
#include "scene.h"

static uint8_t state_room[65536];

static struct sec_bytes encoded(const struct sec_configuration *conf)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(state_room));
    sec_configuration_encode(conf, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static void an_empty_state_is_three_items(void)
{
    scene_begin();
    CHECK_BYTES(encoded(&scene.conf), SEC_LIT("\x83\x01\xa0\xf6"));
}

static void states_and_changes_are_those_of_the_golden_files(void)
{
    scene_begin();
    scene_put("level", sec_value_integer(50));
    scene_put("securable.interface.web.enabled", sec_value_bool(true));
    scene.facts.confirm_within_s = 300;
    CHECK_OK(scene_set_raw(SEC_LIT("\xa3\x64" "mode\x64" "high\x65" "level\x29\x65" "title\x62" "ok")));
    golden_check("configuration_change_set", sec_wr_done(&scene.change));
    golden_check("configuration_detail_set", sec_wr_done(&scene.detail));
    scene_fold(300);
    golden_check("configuration_state_effect", encoded(&scene.conf));
    CHECK_OK(scene_outcome(SEC_OK));
    golden_check("configuration_change_effected", sec_wr_done(&scene.change));
    scene_fold(301);
    golden_check("configuration_state_waiting", encoded(&scene.conf));
    CHECK_OK(scene_confirm(0xc1));
    golden_check("configuration_change_confirm", sec_wr_done(&scene.change));
    CHECK_OK(scene_revert(0xc1));
    golden_check("configuration_change_revert", sec_wr_done(&scene.change));
    golden_check("configuration_detail_revert", sec_wr_done(&scene.detail));
    scene_fold(302);
    golden_check("configuration_state_settled", encoded(&scene.conf));
}

static void check_refused(struct sec_bytes in, enum sec_status_code want)
{
    static struct sec_configuration conf;
    sec_configuration_init(&conf);
    conf.index = 77;
    CHECK_STATUS(sec_configuration_parse(in, &conf), want);
    CHECK_INT(conf.index, 77);
}

#define ZEROS16 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define DIGEST "\x58\x20" ZEROS16 ZEROS16

static void bad_states_are_refused(void)
{
    static struct sec_configuration conf;
    check_refused(SEC_LIT(""), SEC_TRUNCATED);
    check_refused(SEC_LIT("\x83\x02\xa0\xf6"), SEC_UNKNOWN_FORMAT);
    check_refused(SEC_LIT("\x82\x01\xa0"), SEC_BAD_VALUE);
    check_refused(SEC_LIT("\x83\x01\x80\xf6"), SEC_UNEXPECTED_TYPE);
    check_refused(SEC_LIT("\x83\x01\xa1\x01\x01\xf6"), SEC_UNEXPECTED_TYPE);
    check_refused(SEC_LIT("\x83\x01\xa1\x60\x01\xf6"), SEC_BAD_VALUE);
    check_refused(SEC_LIT("\x83\x01\xa1\x61" "a\xf6\xf6"), SEC_BAD_VALUE); /* null is no value of a state */
    check_refused(SEC_LIT("\x83\x01\xa1\x61" "a\x80\xf6"), SEC_UNEXPECTED_TYPE);
    check_refused(SEC_LIT("\x83\x01\xa0\x85\x01" DIGEST "\x00\x00\xa0\x00"), SEC_LEFTOVER);
    CHECK_OK(sec_configuration_parse(SEC_LIT("\x83\x01\xa0\x85\x01" DIGEST "\x00\x00\xa0"), &conf));
    CHECK_OK(sec_configuration_parse(SEC_LIT("\x83\x01\xa0\x85\x02" DIGEST "\x01\x00\xa0"), &conf));
    check_refused(SEC_LIT("\x83\x01\xa0\x85\x02" DIGEST "\x00\x00\xa0"), SEC_BAD_VALUE); /* waits for nothing */
    check_refused(SEC_LIT("\x83\x01\xa0\x85\x00" DIGEST "\x00\x00\xa0"), SEC_BAD_VALUE);
    check_refused(SEC_LIT("\x83\x01\xa0\x85\x03" DIGEST "\x00\x00\xa0"), SEC_BAD_VALUE);
    check_refused(SEC_LIT("\x83\x01\xa0\x85\x01" DIGEST "\x1a\x00\x09\x3a\x81\x00\xa0"), SEC_BAD_VALUE);
    check_refused(SEC_LIT("\x83\x01\xa0\x84\x01" DIGEST "\x00\x00"), SEC_BAD_VALUE);
}

static void changes_that_do_not_fit_leave_the_state_alone(void)
{
    const struct {
        struct sec_bytes change;
        enum sec_status_code want;
    } cases[] = {
        {SEC_LIT(""), SEC_TRUNCATED},
        {SEC_LIT("\xa0"), SEC_MISSING_FIELD},
        {SEC_LIT("\xa1\x01\x00"), SEC_BAD_VALUE},
        {SEC_LIT("\xa1\x01\x06"), SEC_BAD_VALUE},
        {SEC_LIT("\xa1\x01\x1b\x00\x00\x00\x01\x00\x00\x00\x02"), SEC_BAD_VALUE},
        {SEC_LIT("\xa1\x01\x01"), SEC_MISSING_FIELD},
        {SEC_LIT("\xa1\x01\x02"), SEC_NOTHING_PENDING},
        {SEC_LIT("\xa1\x01\x03"), SEC_NOTHING_PENDING},
        {SEC_LIT("\xa2\x01\x04\x02\xa0"), SEC_NOTHING_PENDING},
        {SEC_LIT("\xa2\x01\x02\x02\xa0"), SEC_UNKNOWN_FIELD},
        {SEC_LIT("\xa2\x01\x02\x06\xa0"), SEC_UNKNOWN_FIELD},
        {SEC_LIT("\xa4\x01\x01\x02\xa0\x03" DIGEST "\x04\x1a\x00\x09\x3a\x81"), SEC_BAD_VALUE},
        {SEC_LIT("\xa3\x01\x05\x02\xa0\x05\xa0"), SEC_UNEXPECTED_TYPE},
    };
    scene_begin();
    scene_put("level", sec_value_integer(50));
    static uint8_t before[256];
    struct sec_bytes state = encoded(&scene.conf);
    CHECK(sec_bytes_copy(SEC_ROOM(before), state));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_STATUS(sec_configuration_apply(&scene.conf, cases[i].change, 1), cases[i].want);
        CHECK_BYTES(encoded(&scene.conf), sec_bytes(before, state.len));
    }
    CHECK_OK(scene_set("level", sec_value_integer(1)));
    scene_fold(3);
    CHECK_STATUS(sec_configuration_apply(&scene.conf, SEC_LIT("\xa4\x01\x01\x02\xa0\x03" DIGEST "\x04\x00"), 1), SEC_CONFIRM_PENDING);
    CHECK_STATUS(sec_configuration_apply(&scene.conf, SEC_LIT("\xa1\x01\x03"), 1), SEC_NOTHING_PENDING);
}

/* A set change of `count` texts of 256 bytes with keys "<prefix>000" ... */
static struct sec_bytes big_change(char prefix, unsigned count)
{
    static uint8_t change[65536];
    struct sec_wr wr = sec_wr(SEC_ROOM(change));
    uint8_t text[SEC_SETTING_TEXT_MAX_BYTES];
    const struct sec_digest command = {{0}};
    memset(text, 'x', sizeof text);
    sec_wr_bytes(&wr, SEC_LIT("\xa4\x01\x01\x02"));
    sec_cbor_put_map(&wr, count);
    for (unsigned i = 0; i < count; i++) {
        char key[16];
        snprintf(key, sizeof key, "%c%03u", prefix, i);
        sec_cbor_put_tstr(&wr, sec_bytes_of_str(key));
        sec_cbor_put_tstr(&wr, SEC_BYTES(text));
    }
    sec_wr_bytes(&wr, SEC_LIT("\x03"));
    sec_cbor_put_bstr(&wr, sec_digest_bytes(&command));
    sec_wr_bytes(&wr, SEC_LIT("\x04\x00"));
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static void the_state_holds_its_bytes_and_no_more(void)
{
    const unsigned fits = SEC_CONFIGURATION_VALUES_BYTES / 264, old_fits = SEC_CONFIGURATION_OLD_BYTES / 264;
    scene_begin();
    CHECK_STATUS(sec_configuration_apply(&scene.conf, big_change('a', fits + 1), 1), SEC_TABLE_FULL);
    CHECK_INT(scene.conf.values.count, 0);
    CHECK_OK(sec_configuration_apply(&scene.conf, big_change('a', fits), 1));
    CHECK_INT(scene.conf.values.count, fits);
    CHECK_OK(sec_configuration_apply(&scene.conf, SEC_LIT("\xa1\x01\x02"), 2));
    CHECK_STATUS(sec_configuration_apply(&scene.conf, big_change('a', old_fits + 1), 3), SEC_TABLE_FULL);
    CHECK_OK(sec_configuration_apply(&scene.conf, big_change('a', old_fits), 3));
    CHECK_INT(scene.conf.old.count, old_fits);
    static struct sec_configuration copy;
    CHECK_OK(sec_configuration_parse(encoded(&scene.conf), &copy));
    CHECK_STATUS(sec_configuration_apply(&scene.conf, big_change('a', 129), 3), SEC_TOO_LARGE);
}

static void a_set_that_does_not_fit_is_refused_by_its_judge(void)
{
    scene_begin();
    CHECK_OK(sec_configuration_apply(&scene.conf, big_change('a', SEC_CONFIGURATION_VALUES_BYTES / 264 - 1), 1));
    CHECK_OK(sec_configuration_apply(&scene.conf, SEC_LIT("\xa1\x01\x02"), 2));
    CHECK_OK(scene_set("level", sec_value_integer(1)));
    scene_fold(3);
    CHECK_OK(scene_outcome(SEC_OK));
    scene_fold(4);
    static uint8_t longest[SEC_SETTING_TEXT_MAX_BYTES];
    memset(longest, 'x', sizeof longest);
    CHECK_OK(scene_set("title", sec_value_text(SEC_LIT("0123456789"))));
    CHECK_STATUS(scene_set("securable.device.tags", sec_value_text(SEC_BYTES(longest))), SEC_TABLE_FULL);
    scene_check_refusal(NULL, "the values take more room than the device has for them");
}

static void keys_of_changes_are_given_to_the_effects(void)
{
    uint8_t room[256];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    scene_begin();
    CHECK_OK(scene_set_raw(SEC_LIT("\xa2\x64" "mode\x64" "high\x65" "level\x01")));
    CHECK_OK(sec_configuration_change_keys(sec_wr_done(&scene.change), &wr));
    CHECK_BYTES(sec_wr_done(&wr), SEC_LIT("\x82\x64" "mode\x65" "level"));
    scene_fold(1);
    wr = sec_wr(SEC_ROOM(room));
    sec_configuration_pending_keys(&scene.conf, &wr);
    CHECK_BYTES(sec_wr_done(&wr), SEC_LIT("\x82\x64" "mode\x65" "level"));
    CHECK_OK(scene_outcome(SEC_IO_FAILED));
    wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(sec_configuration_change_keys(sec_wr_done(&scene.change), &wr));
    CHECK_BYTES(sec_wr_done(&wr), SEC_LIT("\x82\x64" "mode\x65" "level"));
    scene_fold(2);
    wr = sec_wr(SEC_ROOM(room));
    sec_configuration_pending_keys(&scene.conf, &wr);
    CHECK_OK(sec_configuration_change_keys(SEC_LIT("\xa1\x01\x02"), &wr));
    CHECK_BYTES(sec_wr_done(&wr), SEC_LIT("\x80\x80"));
}

static void nothing_survives_a_new_epoch(void)
{
    scene_begin();
    scene_put("securable.device.name", sec_value_text(SEC_LIT("pump 7")));
    sec_configuration_survive(&scene.conf);
    CHECK_BYTES(encoded(&scene.conf), SEC_LIT("\x83\x01\xa0\xf6"));
}

static void the_state_stays_below_64_kib(void)
{
    CHECK(sizeof(struct sec_configuration) < 65536);
}

static const struct test tests[] = {
    TEST(an_empty_state_is_three_items),
    TEST(states_and_changes_are_those_of_the_golden_files),
    TEST(bad_states_are_refused),
    TEST(changes_that_do_not_fit_leave_the_state_alone),
    TEST(the_state_holds_its_bytes_and_no_more),
    TEST(a_set_that_does_not_fit_is_refused_by_its_judge),
    TEST(keys_of_changes_are_given_to_the_effects),
    TEST(nothing_survives_a_new_epoch),
    TEST(the_state_stays_below_64_kib),
};
TEST_MAIN(tests)
