/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_crypto.h"
#include "golden.h"
#include "scene.h"

#define TEXT(s) sec_value_text(SEC_LIT(s))

static uint8_t out_room[SEC_CONFIGURATION_MAP_MAX_BYTES];

static void the_walk_goes_through_all_settings_in_the_order_of_a_map(void)
{
    struct sec_configuration_item item, before = {.key_len = 0};
    size_t count = 0;
    scene_begin();
    struct sec_configuration_walk walk = sec_configuration_walk_begin(&scene.conf, &scene.product);
    while (sec_configuration_walk_next(&walk, &item)) {
        CHECK(sec_bytes_order(sec_configuration_item_key(&before), sec_configuration_item_key(&item)) < 0);
        struct sec_product_setting setting;
        CHECK_OK(sec_configuration_setting_find(&scene.product, sec_configuration_item_key(&item), &setting));
        CHECK(sec_value_equal(&setting.preset, &item.value));
        CHECK_OK(sec_product_setting_check(&setting, &setting.safe, NULL));
        CHECK(!item.is_set);
        before = item;
        count++;
    }
    /* 6 of the product without the 2 that are carried only, 12 reserved, 3 interfaces */
    CHECK_INT(count, 4 + 12 + 3);
}

static void the_walk_knows_what_is_set(void)
{
    struct sec_configuration_item item;
    unsigned set = 0;
    scene_begin();
    scene_put("level", sec_value_integer(50));
    scene_put("securable.interface.web.enabled", sec_value_bool(true));
    scene_put("securable.access.lockout.seconds", sec_value_integer(9));
    struct sec_configuration_walk walk = sec_configuration_walk_begin(&scene.conf, &scene.product);
    while (sec_configuration_walk_next(&walk, &item)) {
        struct sec_value value;
        CHECK_OK(sec_configuration_value(&scene.conf, &scene.product, sec_configuration_item_key(&item), &value));
        CHECK(sec_value_equal(&value, &item.value));
        set += item.is_set ? 1u : 0u;
    }
    CHECK_INT(set, 3);
}

static void the_report_holds_the_effective_values(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(out_room));
    scene_begin();
    scene_put("title", TEXT("a \"pump\""));
    sec_configuration_values_encode(&scene.conf, &scene.product, &wr);
    CHECK_OK(sec_cbor_check(sec_wr_done(&wr), SEC_CBOR_OURS));
    golden_check("configuration_values", sec_wr_done(&wr));
}

static void applications_get_json(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(out_room));
    scene_begin();
    scene_put("title", TEXT("a \"pump\" \\ \xc3\xa4"));
    scene_put("level", sec_value_integer(-10));
    sec_configuration_json(&scene.conf, &scene.product, &wr);
    CHECK_BYTES(sec_wr_done(&wr), SEC_LIT("{\n"
                                          "  \"securable_format\": 1,\n"
                                          "  \"settings\": {\n"
                                          "    \"mode\": \"low\",\n"
                                          "    \"level\": -10,\n"
                                          "    \"title\": \"a \\\"pump\\\" \\\\ \xc3\xa4\",\n"
                                          "    \"a.flag\": true,\n"
                                          "    \"securable.device.name\": \"\",\n"
                                          "    \"securable.device.site\": \"\",\n"
                                          "    \"securable.device.tags\": \"\",\n"
                                          "    \"securable.update.mode\": \"manual\",\n"
                                          "    \"securable.device.group\": \"\",\n"
                                          "    \"securable.log.keep_mib\": 64,\n"
                                          "    \"securable.update.notify\": \"all\",\n"
                                          "    \"securable.update.window\": \"\",\n"
                                          "    \"securable.crypto.algorithm\": \"ESP256\",\n"
                                          "    \"securable.access.lockout.limit\": 5,\n"
                                          "    \"securable.interface.web.enabled\": false,\n"
                                          "    \"securable.access.lockout.enabled\": true,\n"
                                          "    \"securable.access.lockout.seconds\": 300,\n"
                                          "    \"securable.interface.panel.enabled\": true,\n"
                                          "    \"securable.interface.modbus.enabled\": true\n"
                                          "  }\n"
                                          "}\n"));
}

static void the_digest_follows_the_effective_values(void)
{
    struct fake_crypto fake;
    struct sec_digest first, second, third;
    scene_begin();
    fake_crypto_init(&fake, 1);
    struct sec_crypto crypto = fake_crypto_port(&fake);
    struct sec_room scratch = SEC_ROOM(out_room);
    CHECK_OK(sec_configuration_digest(&scene.conf, &scene.product, &crypto.hasher, scratch, &first));
    scene_put("level", sec_value_integer(41));
    CHECK_OK(sec_configuration_digest(&scene.conf, &scene.product, &crypto.hasher, scratch, &second));
    scene_put("level", sec_value_integer(40));
    CHECK_OK(sec_configuration_digest(&scene.conf, &scene.product, &crypto.hasher, scratch, &third));
    CHECK(!sec_digest_equal(&first, &second));
    CHECK(sec_digest_equal(&first, &third));
    CHECK_STATUS(sec_configuration_digest(&scene.conf, &scene.product, &crypto.hasher, sec_room(out_room, 10), &third), SEC_ROOM_FULL);
}

static void the_baselines_switches_are_settings(void)
{
    scene_begin();
    scene_put("securable.crypto.algorithm", TEXT("ESP256"));
    CHECK_STATUS(scene_set("securable.crypto.algorithm", TEXT("RSA")), SEC_OUT_OF_RANGE);
    scene_put("securable.access.lockout.enabled", sec_value_bool(false));
    scene_put("securable.access.lockout.limit", sec_value_integer(1));
    CHECK_STATUS(scene_set("securable.access.lockout.limit", sec_value_integer(0)), SEC_OUT_OF_RANGE);
    scene_put("securable.access.lockout.seconds", sec_value_integer(86400));
    CHECK_STATUS(scene_set("securable.access.lockout.seconds", sec_value_integer(86401)), SEC_OUT_OF_RANGE);
    SHOWS("F4.3");
    scene_put("securable.update.mode", TEXT("disabled"));
    CHECK_STATUS(scene_set("securable.update.mode", TEXT("never")), SEC_OUT_OF_RANGE);
    scene_put("securable.update.notify", TEXT("owner"));
    scene_put("securable.update.notify", TEXT("off"));
    CHECK_STATUS(scene_set("securable.update.notify", TEXT("nobody")), SEC_OUT_OF_RANGE);
    scene_put("securable.update.window", TEXT("02:00-04:00"));
    scene_put("securable.update.window", TEXT("22:30-05:00"));
    scene_put("securable.update.window", TEXT(""));
    const char *const no_windows[] = {"2:00-4:00", "24:00-04:00", "02:00-04:60", "02:00-02:00", "02-00-04:00", "02:00 04:00", "02:00-04:00 "};
    for (size_t i = 0; i < sizeof no_windows / sizeof no_windows[0]; i++) {
        CHECK_STATUS(scene_set("securable.update.window", sec_value_text(sec_bytes_of_str(no_windows[i]))), SEC_BAD_VALUE);
        scene_check_refusal("securable.update.window", "two times of day in UTC, as 22:30-05:00");
    }
    CHECK_STATUS(scene_set("securable.log.forward", TEXT("tcp://log.plant.example:6514")), SEC_UNKNOWN_SETTING);
    CHECK_STATUS(scene_set("securable.log.level", TEXT("debug")), SEC_UNKNOWN_SETTING);
    scene_put("securable.log.keep_mib", sec_value_integer(1));
    scene_put("securable.log.keep_mib", sec_value_integer(1048576));
    CHECK_STATUS(scene_set("securable.log.keep_mib", sec_value_integer(0)), SEC_OUT_OF_RANGE);
    CHECK_STATUS(scene_set("securable.log.keep_mib", sec_value_integer(1048577)), SEC_OUT_OF_RANGE);
    scene_put("securable.device.name", TEXT("pump 7"));
    scene_put("securable.device.site", TEXT("hall 2"));
    scene_put("securable.device.group", TEXT("lathes"));
    scene_put("securable.device.tags", TEXT("wet,critical"));
    CHECK_BYTES(scene_value("securable.device.tags").text, SEC_LIT("wet,critical"));
}

static void interfaces_are_switched(void)
{
    scene_begin();
    CHECK(!sec_configuration_interface_enabled(&scene.conf, &scene.product, SEC_LIT("web"), false));
    CHECK(sec_configuration_interface_enabled(&scene.conf, &scene.product, SEC_LIT("modbus"), false));
    CHECK(!sec_configuration_interface_enabled(&scene.conf, &scene.product, SEC_LIT("wlan"), false));
    scene_put("securable.interface.web.enabled", sec_value_bool(true));
    scene_put("securable.interface.modbus.enabled", sec_value_bool(false));
    CHECK(sec_configuration_interface_enabled(&scene.conf, &scene.product, SEC_LIT("web"), false));
    CHECK(!sec_configuration_interface_enabled(&scene.conf, &scene.product, SEC_LIT("modbus"), false));
    SHOWS("F4.1");
}

static void restricted_mode_leaves_on_what_the_product_keeps(void)
{
    scene_begin();
    scene.product.facts.restricted = false; /* a product without such a mode keeps all */
    CHECK(sec_configuration_interface_enabled(&scene.conf, &scene.product, SEC_LIT("modbus"), true));
    scene.product.facts.restricted = true;
    scene.product.facts.restricted_keep = SEC_LIT("\x63" "web" "\x65" "panel");
    scene.product.facts.restricted_keep_count = 2;
    CHECK(!sec_configuration_interface_enabled(&scene.conf, &scene.product, SEC_LIT("modbus"), true));
    CHECK(sec_configuration_interface_enabled(&scene.conf, &scene.product, SEC_LIT("modbus"), false));
    CHECK(sec_configuration_interface_enabled(&scene.conf, &scene.product, SEC_LIT("panel"), true));
    CHECK(!sec_configuration_interface_enabled(&scene.conf, &scene.product, SEC_LIT("web"), true)); /* kept, but switched off */
    SHOWS("S77");
}

static void interface_keys_are_told_apart(void)
{
    struct sec_bytes name = {NULL, 7};
    CHECK(sec_configuration_key_interface(SEC_LIT("securable.interface.web.enabled"), &name));
    CHECK_BYTES(name, SEC_LIT("web"));
    CHECK(!sec_configuration_key_interface(SEC_LIT("securable.interface.enabled"), &name));
    CHECK(!sec_configuration_key_interface(SEC_LIT("securable.interface..enabled"), &name));
    CHECK(!sec_configuration_key_interface(SEC_LIT("securable.interfaces.web.enabled"), &name));
    CHECK(!sec_configuration_key_interface(SEC_LIT("securable.interface.web.disabled"), &name));
    CHECK(sec_configuration_key_reserved(SEC_LIT("securable.x")));
    CHECK(!sec_configuration_key_reserved(SEC_LIT("securable")));
    CHECK(!sec_configuration_key_reserved(SEC_LIT("securables.x")));
}

static void the_product_gives_the_default_of_the_update_mode(void)
{
    const char *const words[] = {"disabled", "manual", "automatic"};
    for (unsigned policy = SEC_POLICY_DISABLED; policy <= SEC_POLICY_AUTOMATIC; policy++) {
        struct sec_product_draft draft = *sample_draft();
        scene_begin();
        draft.facts.update_policy = (enum sec_product_policy)policy;
        CHECK_OK(sample_parse(&draft, SEC_ROOM(scene_record), &scene.product));
        CHECK_BYTES(scene_value("securable.update.mode").text, sec_bytes_of_str(words[policy - 1]));
    }
}

static void unknown_and_carried_settings_have_no_value(void)
{
    struct sec_value value;
    scene_begin();
    CHECK_STATUS(sec_configuration_value(&scene.conf, &scene.product, SEC_LIT("x"), &value), SEC_UNKNOWN_SETTING);
    CHECK_STATUS(sec_configuration_value(&scene.conf, &scene.product, SEC_LIT("token"), &value), SEC_UNSUPPORTED);
}

static const struct test tests[] = {
    TEST(the_walk_goes_through_all_settings_in_the_order_of_a_map),
    TEST(the_walk_knows_what_is_set),
    TEST(the_report_holds_the_effective_values),
    TEST(applications_get_json),
    TEST(the_digest_follows_the_effective_values),
    TEST(the_baselines_switches_are_settings),
    TEST(interfaces_are_switched),
    TEST(restricted_mode_leaves_on_what_the_product_keeps),
    TEST(interface_keys_are_told_apart),
    TEST(the_product_gives_the_default_of_the_update_mode),
    TEST(unknown_and_carried_settings_have_no_value),
};
TEST_MAIN(tests)
