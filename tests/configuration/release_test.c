/* SPDX-License-Identifier: Apache-2.0 */
#include "golden.h"
#include "scene.h"

static uint8_t next_record[SEC_PRODUCT_MAX_BYTES];
static struct sec_product next_product;

static void next_of(const struct sec_product_draft *draft)
{
    CHECK_OK(sample_parse(draft, SEC_ROOM(next_record), &next_product));
}

/* Judges the change of product, folds it, and takes the new product as the one in force. */
static void take_next(void)
{
    scene_rooms();
    CHECK_OK(sec_configuration_judge_product(&scene.conf, &scene.product, &next_product, &scene.change, &scene.detail));
    if (scene.change.len > 0)
        scene_fold(20);
    scene.product = next_product;
}

static void the_same_product_changes_nothing(void)
{
    scene_begin();
    scene_put("level", sec_value_integer(50));
    next_of(sample_draft());
    take_next();
    CHECK_INT(scene.change.len, 0);
    CHECK_BYTES(sec_wr_done(&scene.detail), SEC_LIT("\xa0"));
    CHECK_INT(scene_value("level").integer, 50);
}

static void values_of_settings_that_are_gone_are_dropped(void)
{
    struct sec_product_draft draft;
    scene_begin();
    scene_put("level", sec_value_integer(50));
    scene_put("a.flag", sec_value_bool(false));
    scene_put("securable.interface.web.enabled", sec_value_bool(true));
    draft = *sample_draft();
    draft.settings_count = SAMPLE_FLAG; /* without a.flag */
    draft.interfaces = &draft.interfaces[1];
    draft.interfaces_count = 2; /* without web */
    next_of(&draft);
    take_next();
    CHECK_BYTES(sec_wr_done(&scene.detail), SEC_LIT("\xa1\x07\xa2\x66" "a.flag\xf4\x78\x1f" "securable.interface.web.enabled\xf5"));
    CHECK_INT(scene.conf.values.count, 1);
    CHECK_INT(scene_value("level").integer, 50);
}

static void values_that_no_longer_fit_fall_to_the_new_default(void)
{
    struct sec_product_draft draft;
    scene_begin();
    scene_put("level", sec_value_integer(80));
    scene_put("title", sec_value_text(SEC_LIT("four")));
    scene_put("mode", sec_value_text(SEC_LIT("high")));
    draft = *sample_draft();
    sample_setting(&draft, SAMPLE_LEVEL)->max = 79;
    sample_setting(&draft, SAMPLE_TITLE)->max = 3;
    sample_setting(&draft, SAMPLE_MODE)->choices = SEC_LIT("\x63" "low\x63" "mid");
    next_of(&draft);
    take_next();
    golden_check("configuration_change_product", sec_wr_done(&scene.change));
    golden_check("configuration_detail_product", sec_wr_done(&scene.detail));
    CHECK_INT(scene.conf.values.count, 0);
    CHECK_INT(scene_value("level").integer, 40);
}

static void a_setting_of_another_type_falls_to_its_default(void)
{
    struct sec_product_draft draft;
    struct sec_product_setting *mode;
    scene_begin();
    scene_put("mode", sec_value_text(SEC_LIT("high")));
    draft = *sample_draft();
    mode = sample_setting(&draft, SAMPLE_MODE);
    mode->type = SEC_SETTING_BOOL;
    mode->choices_count = 0;
    mode->preset = mode->safe = sec_value_bool(true);
    next_of(&draft);
    take_next();
    CHECK_BYTES(sec_wr_done(&scene.detail), SEC_LIT("\xa1\x08\xa1\x64" "mode\x82\x64" "high\xf5"));
    CHECK(scene_value("mode").boolean);
}

static void a_new_default_is_reported_and_spares_what_was_set(void)
{
    struct sec_product_draft draft;
    scene_begin();
    scene_put("level", sec_value_integer(40)); /* as the default, but the owner's own word */
    draft = *sample_draft();
    sample_setting(&draft, SAMPLE_LEVEL)->preset = sec_value_integer(45);
    sample_setting(&draft, SAMPLE_FLAG)->preset = sec_value_bool(false);
    draft.facts.update_policy = SEC_POLICY_AUTOMATIC;
    next_of(&draft);
    take_next();
    CHECK_INT(scene.change.len, 0);
    CHECK_BYTES(sec_wr_done(&scene.detail),
                SEC_LIT("\xa1\x09\xa2\x66" "a.flag\x82\xf5\xf4\x75" "securable.update.mode\x82\x66" "manual\x69" "automatic"));
    CHECK_INT(scene_value("level").integer, 40);
}

static void old_values_that_wait_are_judged_too(void)
{
    struct sec_product_draft draft;
    scene_begin();
    scene_put("level", sec_value_integer(80));
    scene.facts.confirm_within_s = 60;
    CHECK_OK(scene_set("level", sec_value_integer(10)));
    scene_fold(3);
    CHECK_OK(scene_outcome(SEC_OK));
    scene_fold(4);
    draft = *sample_draft();
    sample_setting(&draft, SAMPLE_LEVEL)->max = 79;
    next_of(&draft);
    take_next();
    CHECK(scene.change.len > 0);
    CHECK_INT(scene_value("level").integer, 10);
    CHECK_OK(scene_end(SEC_CONFIGURATION_END_DEADLINE));
    scene_fold(21);
    CHECK_INT(scene_value("level").integer, 40);
}

/* A product in force that does not know a value, as during a trial, does not give it to applications. */
static void a_value_that_the_product_in_force_does_not_allow_counts_as_not_set(void)
{
    struct sec_product_draft draft;
    struct sec_configuration_item item;
    scene_begin();
    scene_put("level", sec_value_integer(80));
    draft = *sample_draft();
    sample_setting(&draft, SAMPLE_LEVEL)->max = 79;
    next_of(&draft);
    scene.product = next_product;
    CHECK_INT(scene_value("level").integer, 40);
    struct sec_configuration_walk walk = sec_configuration_walk_begin(&scene.conf, &scene.product);
    while (sec_configuration_walk_next(&walk, &item))
        CHECK(!item.is_set);
}

static const struct test tests[] = {
    TEST(the_same_product_changes_nothing),
    TEST(values_of_settings_that_are_gone_are_dropped),
    TEST(values_that_no_longer_fit_fall_to_the_new_default),
    TEST(a_setting_of_another_type_falls_to_its_default),
    TEST(a_new_default_is_reported_and_spares_what_was_set),
    TEST(old_values_that_wait_are_judged_too),
    TEST(a_value_that_the_product_in_force_does_not_allow_counts_as_not_set),
};
TEST_MAIN(tests)
