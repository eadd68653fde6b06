/* SPDX-License-Identifier: Apache-2.0 */
#include "golden.h"
#include "sample.h"

static uint8_t room[SEC_PRODUCT_MAX_BYTES + 64];
static uint8_t other_room[SEC_PRODUCT_MAX_BYTES + 64];

static struct sec_product good_product(void)
{
    struct sec_product product;
    CHECK_OK(sample_parse(sample_draft(), SEC_ROOM(room), &product));
    return product;
}

#define CHECK_TEXT(got, want) CHECK_BYTES(got, sec_bytes_of_str(want))

static void the_record_is_that_of_the_golden_file(void)
{
    golden_check("product_record", good_product().record);
}

static void every_section_is_carried(void)
{
    struct sec_product product = good_product();
    const struct sec_product_facts *facts = &product.facts;
    CHECK_TEXT(facts->name, "Pump");
    CHECK_TEXT(facts->vendor_name, "Example Pumps");
    CHECK_TEXT(facts->vendor_domain, "pumps.example");
    CHECK_TEXT(facts->vendor_contact, "security@pumps.example");
    CHECK_TEXT(facts->model, "CPC-200");
    CHECK_TEXT(facts->hardware, "rev C");
    CHECK_TEXT(facts->version, "1.0.0");
    CHECK_INT(facts->vendor_id.b[15], 16);
    CHECK_INT(facts->class_id.b[0], 17);
    CHECK(facts->restricted);
    CHECK_TEXT(facts->restricted_meaning, "pumping alone");
    CHECK_INT(facts->restricted_after_days, 90);
    CHECK_INT(facts->restricted_keep_count, 1);
    CHECK_TEXT(sec_product_text_at(facts->restricted_keep, 0), "panel");
    CHECK_INT(facts->presence, SEC_PRESENCE_BUTTON);
    CHECK(facts->presence_claims);
    CHECK_INT(facts->update_confirm, SEC_CONFIRM_OPERATOR);
    CHECK_INT(facts->update_confirm_within_s, 600);
    CHECK_TEXT(facts->update_health_hook, "health");
    CHECK_INT(facts->update_health_timeout_s, 60);
    CHECK_INT(facts->update_policy, SEC_POLICY_MANUAL);
    CHECK_TEXT(facts->support_until, "2033-12-31");
    CHECK_TEXT(facts->life_until, "2038-02-28");
    CHECK_TEXT(facts->support_meaning, "pumps on");
    CHECK_INT(product.components.count, 1);
    CHECK_INT(product.settings.count, SAMPLE_SETTINGS);
    CHECK_INT(product.interfaces.count, 3);
    CHECK_INT(product.roles.count, 1);
    CHECK_INT(product.elements.count, 2);
    CHECK_INT(product.functions.count, 1);
    CHECK_INT(product.contacts.count, 1);
}

static void lists_are_read_by_index_and_by_name(void)
{
    struct sec_product product = good_product();
    struct sec_product_component component;
    struct sec_product_interface interface;
    struct sec_product_role role;
    struct sec_product_element element;
    struct sec_product_function function;
    struct sec_product_contact contact;
    CHECK_OK(sec_product_component_at(&product, 0, &component));
    CHECK_INT(component.slots_count, 2);
    CHECK_TEXT(sec_product_text_at(component.slots, 1), "b");
    CHECK_INT(sec_product_text_at(component.slots, 2).len, 0);
    CHECK_OK(sec_product_interface_at(&product, 0, &interface));
    CHECK_TEXT(interface.name, "web");
    CHECK_INT(interface.port, 8080);
    CHECK_OK(sec_product_interface_find(&product, SEC_LIT("modbus"), &interface));
    CHECK(interface.enabled && !interface.safe);
    CHECK_INT(interface.direction, SEC_DIRECTION_OUT);
    CHECK_STATUS(sec_product_interface_find(&product, SEC_LIT("wlan"), &interface), SEC_NOT_FOUND);
    CHECK_OK(sec_product_role_at(&product, 0, &role));
    CHECK_INT(role.role, 2);
    CHECK_OK(sec_product_element_find(&product, SEC_LIT("notes"), &element));
    CHECK_TEXT(element.erase, "erase-notes");
    CHECK(element.personal);
    CHECK_OK(sec_product_element_at(&product, 1, &element));
    CHECK_INT(element.kept.len, 0);
    CHECK_OK(sec_product_function_at(&product, 0, &function));
    CHECK(function.after_support && !function.needs_network);
    CHECK_OK(sec_product_contact_at(&product, 0, &contact));
    CHECK_TEXT(contact.address, "security@pumps.example");
    CHECK_STATUS(sec_product_contact_at(&product, 1, &contact), SEC_NOT_FOUND);
    CHECK_TEXT(sec_product_name_at(&product, &product.elements, 1), "values");
    CHECK_INT(sec_product_name_at(&product, &product.elements, 2).len, 0);
}

static void settings_are_found_by_name(void)
{
    struct sec_product product = good_product();
    struct sec_product_setting setting;
    for (size_t i = 0; i < SAMPLE_SETTINGS; i++) {
        CHECK_OK(sec_product_setting_find(&product, sample_settings[i].name, &setting));
        CHECK_INT(setting.type, sample_settings[i].type);
        CHECK(sec_value_equal(&setting.preset, &sample_settings[i].preset));
        CHECK(sec_value_equal(&setting.safe, &sample_settings[i].safe));
        CHECK_INT(setting.min, sample_settings[i].min);
        CHECK_INT(setting.max, sample_settings[i].max);
    }
    CHECK_STATUS(sec_product_setting_find(&product, SEC_LIT("leve"), &setting), SEC_NOT_FOUND);
    CHECK_STATUS(sec_product_setting_find(&product, SEC_LIT("zzzzzzzzzzzz"), &setting), SEC_NOT_FOUND);
    CHECK_STATUS(sec_product_setting_find(&product, SEC_LIT(""), &setting), SEC_NOT_FOUND);
}

static void encoding_what_was_parsed_gives_the_same_bytes(void)
{
    struct sec_product product = good_product();
    struct sec_product_draft draft = *sample_draft();
    static struct sec_product_setting settings[SAMPLE_SETTINGS];
    struct sec_wr wr = sec_wr(SEC_ROOM(other_room));
    draft.facts = product.facts;
    for (size_t i = 0; i < SAMPLE_SETTINGS; i++)
        CHECK_OK(sec_product_setting_at(&product, i, &settings[i]));
    draft.settings = settings;
    sec_product_encode(&draft, &wr);
    CHECK_BYTES(sec_wr_done(&wr), product.record);
}

static void a_product_without_optional_sections_is_good(void)
{
    struct sec_product_draft draft = *sample_draft();
    struct sec_product product;
    const struct sec_bytes none = {NULL, 0};
    draft.facts.version = none;
    draft.facts.vendor_name = none;
    draft.facts.restricted = false;
    draft.facts.presence = SEC_PRESENCE_NONE;
    draft.facts.presence_claims = false;
    draft.facts.presence_meaning = none;
    draft.facts.update_health_hook = none;
    draft.facts.update_meaning = none;
    draft.facts.support_until = draft.facts.life_until = draft.facts.support_meaning = none;
    draft.settings_count = draft.interfaces_count = draft.roles_count = 0;
    draft.elements_count = draft.functions_count = draft.contacts_count = 0;
    CHECK_OK(sample_parse(&draft, SEC_ROOM(room), &product));
    CHECK(!product.facts.restricted);
    CHECK_INT(product.facts.version.len, 0);
    CHECK_INT(product.facts.update_health_timeout_s, 0);
    draft.components_count = 0;
    CHECK_STATUS(sample_parse(&draft, SEC_ROOM(room), &product), SEC_BAD_VALUE);
}

/* Each fact out of its bounds is refused. */
static void bad_facts_are_refused(void)
{
    static uint8_t long_text[SEC_PRODUCT_TEXT_MAX_BYTES + 1];
    struct sec_product product;
    memset(long_text, 'x', sizeof long_text);
#define REFUSED(member, value, want)                                                                                             \
    do {                                                                                                                         \
        struct sec_product_draft draft = *sample_draft();                                                                        \
        draft.facts.member = value;                                                                                              \
        CHECK_STATUS(sample_parse(&draft, SEC_ROOM(room), &product), want);                                                      \
    } while (0)
    REFUSED(name, SEC_LIT(""), SEC_BAD_VALUE);
    REFUSED(name, SEC_LIT("a\tb"), SEC_BAD_VALUE);
    REFUSED(name, SEC_LIT("a\xc2\x9b"), SEC_BAD_VALUE);
    REFUSED(name, sec_bytes(long_text, SEC_NAME_MAX_BYTES + 1), SEC_TOO_LARGE);
    REFUSED(name, SEC_LIT("a\xff"), SEC_NOT_UTF8);
    REFUSED(model, sec_bytes(long_text, SEC_NAME_MAX_BYTES + 1), SEC_TOO_LARGE);
    REFUSED(update_meaning, SEC_BYTES(long_text), SEC_TOO_LARGE);
    REFUSED(vendor_domain, SEC_LIT("Pumps.example"), SEC_BAD_VALUE);
    REFUSED(vendor_domain, SEC_LIT("pumps..example"), SEC_BAD_VALUE);
    REFUSED(vendor_domain, sec_bytes(long_text, 254), SEC_TOO_LARGE);
    REFUSED(restricted_after_days, 3651, SEC_BAD_VALUE);
    REFUSED(restricted_keep, SEC_LIT("\x64" "wlan"), SEC_BAD_VALUE);
    REFUSED(presence, (enum sec_product_presence)4, SEC_BAD_VALUE);
    REFUSED(presence, SEC_PRESENCE_NONE, SEC_BAD_VALUE); /* which cannot claim */
    REFUSED(update_confirm, (enum sec_product_confirm)0, SEC_BAD_VALUE);
    REFUSED(update_confirm, (enum sec_product_confirm)3, SEC_BAD_VALUE);
    REFUSED(update_confirm_within_s, 0, SEC_BAD_VALUE);
    REFUSED(update_confirm_within_s, 604801, SEC_BAD_VALUE);
    REFUSED(update_health_hook, SEC_LIT("../health"), SEC_BAD_VALUE);
    REFUSED(update_health_hook, SEC_LIT(".health"), SEC_BAD_VALUE);
    REFUSED(update_health_timeout_s, 0, SEC_BAD_VALUE);
    REFUSED(update_health_timeout_s, 3601, SEC_BAD_VALUE);
    REFUSED(update_policy, (enum sec_product_policy)4, SEC_BAD_VALUE);
    REFUSED(support_until, SEC_LIT("2033-02-29"), SEC_BAD_VALUE);
    REFUSED(life_until, SEC_LIT("soon"), SEC_BAD_VALUE);
#undef REFUSED
}

static void bad_settings_are_refused(void)
{
    struct sec_product product;
#define REFUSED(index, member, value, want)                                                                                      \
    do {                                                                                                                         \
        struct sec_product_draft draft = *sample_draft();                                                                        \
        sample_setting(&draft, index)->member = value;                                                                           \
        CHECK_STATUS(sample_parse(&draft, SEC_ROOM(room), &product), want);                                                      \
    } while (0)
    REFUSED(SAMPLE_LEVEL, name, SEC_LIT("Level"), SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, name, SEC_LIT("le..l"), SEC_BAD_VALUE);
    REFUSED(SAMPLE_FLAG, name, SEC_LIT("securable.flag"), SEC_BAD_VALUE);
    REFUSED(SAMPLE_FLAG, name, SEC_LIT("securable"), SEC_BAD_VALUE);
    REFUSED(SAMPLE_FLAG, name, SEC_LIT("securables"), SEC_OK);
    REFUSED(SAMPLE_FLAG, name, SEC_LIT("mode"), SEC_BAD_VALUE); /* the name of another, and out of order */
    REFUSED(SAMPLE_WAIT, name, SEC_LIT("mode"), SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, type, (enum sec_setting_type)0, SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, type, (enum sec_setting_type)10, SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, type, SEC_SETTING_BOOL, SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, min, 81, SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, min, 41, SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, min, 21, SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, min, 20, SEC_OK);
    REFUSED(SAMPLE_LEVEL, max, 39, SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, max, SEC_PRODUCT_INTEGER_MAX, SEC_OK);
    REFUSED(SAMPLE_LEVEL, max, SEC_PRODUCT_INTEGER_MAX + 1, SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, preset, sec_value_none(), SEC_MISSING_FIELD);
    REFUSED(SAMPLE_LEVEL, preset, sec_value_bool(true), SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, safe, sec_value_none(), SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, meaning, SEC_LIT(""), SEC_BAD_VALUE);
    REFUSED(SAMPLE_LEVEL, hook, SEC_LIT("a/b"), SEC_BAD_VALUE);
    REFUSED(SAMPLE_TITLE, min, -1, SEC_BAD_VALUE);
    REFUSED(SAMPLE_TITLE, min, 1, SEC_BAD_VALUE);
    REFUSED(SAMPLE_TITLE, max, 256, SEC_OK);
    REFUSED(SAMPLE_TITLE, max, 257, SEC_BAD_VALUE);
    REFUSED(SAMPLE_MODE, choices_count, 0, SEC_MISSING_FIELD);
    REFUSED(SAMPLE_MODE, choices, SEC_LIT("\x63" "low" "\x63" "low"), SEC_BAD_VALUE);
    REFUSED(SAMPLE_MODE, preset, sec_value_text(SEC_LIT("mid")), SEC_BAD_VALUE);
    REFUSED(SAMPLE_TOKEN, preset, sec_value_text(SEC_LIT("x")), SEC_BAD_VALUE);
    REFUSED(SAMPLE_WAIT, preset, sec_value_integer(5), SEC_BAD_VALUE);
    REFUSED(SAMPLE_WAIT, preset, sec_value_none(), SEC_BAD_VALUE); /* a safe default alone */
#undef REFUSED
}

/* The bytes of a record with one byte string put in place of another. */
static sec_status parse_replaced(struct sec_bytes from, struct sec_bytes to)
{
    struct sec_bytes record = good_product().record;
    struct sec_wr wr = sec_wr(SEC_ROOM(other_room));
    struct sec_product product;
    for (size_t i = 0; i + from.len <= record.len; i++)
        if (sec_bytes_equal(sec_bytes_part(record, i, from.len), from)) {
            sec_wr_bytes(&wr, sec_bytes_part(record, 0, i));
            sec_wr_bytes(&wr, to);
            sec_wr_bytes(&wr, sec_bytes_part(record, i + from.len, record.len));
            return sec_product_parse(sec_wr_done(&wr), &product);
        }
    printf("the bytes to replace are not in the record\n");
    test_stop(TEST_FAILED);
}

static void bad_forms_are_refused(void)
{
    const struct sec_bytes start = SEC_LIT("\xb3\x00\x01\x01\x64" "Pump");
    CHECK_OK(parse_replaced(start, start));
    CHECK_STATUS(parse_replaced(start, SEC_LIT("\xb3\x00\x02\x01\x64" "Pump")), SEC_UNKNOWN_FORMAT);
    CHECK_STATUS(parse_replaced(start, SEC_LIT("\xb3\x00\x01\x01\x44" "Pump")), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(parse_replaced(start, SEC_LIT("\xb2\x00\x01")), SEC_MISSING_FIELD);
    CHECK_STATUS(parse_replaced(start, SEC_LIT("\xb4\x00\x01\x01\x64" "Pump\x01\x61x")), SEC_DUPLICATE_KEY);
    CHECK_STATUS(parse_replaced(SEC_LIT("\x68" "security\x02"), SEC_LIT("\x68" "security\x03")), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(parse_replaced(SEC_LIT("\x06\x50\x01"), SEC_LIT("\x06\x4f")), SEC_BAD_VALUE);
}

static void every_cut_record_is_refused(void)
{
    struct sec_product product = good_product(), untouched = {.record = {NULL, 77}};
    for (size_t len = 0; len < product.record.len; len++) {
        CHECK(!sec_ok(sec_product_parse(sec_bytes_part(product.record, 0, len), &untouched)));
        CHECK_INT(untouched.record.len, 77);
    }
    room[product.record.len] = 0;
    CHECK_STATUS(sec_product_parse(sec_bytes(room, product.record.len + 1), &untouched), SEC_LEFTOVER);
    CHECK_STATUS(sec_product_parse(sec_bytes(room, SEC_PRODUCT_MAX_BYTES + 1), &untouched), SEC_TOO_LARGE);
}

/* Whatever one changed byte makes of a record, reading all of it stays within the record. */
static void a_record_with_one_byte_changed_is_refused_or_read(void)
{
    struct sec_bytes record = good_product().record;
    for (size_t i = 0; i < record.len; i++)
        for (unsigned k = 0; k < 8; k++) {
            struct sec_product product;
            struct sec_product_setting setting;
            room[i] ^= (uint8_t)(1u << k);
            if (sec_ok(sec_product_parse(record, &product)))
                for (size_t n = 0; n < product.settings.count; n++)
                    CHECK_OK(sec_product_setting_at(&product, n, &setting));
            room[i] ^= (uint8_t)(1u << k);
        }
}

static struct sec_bytes number_name(size_t i)
{
    static char names[SEC_PRODUCT_SETTINGS_MAX_COUNT + 1][8];
    snprintf(names[i], sizeof names[i], "s%03zu", i);
    return sec_bytes_of_str(names[i]);
}

static void lists_hold_their_limit_and_no_more(void)
{
    static struct sec_product_setting settings[SEC_PRODUCT_SETTINGS_MAX_COUNT + 1];
    static struct sec_product_interface interfaces[SEC_PRODUCT_INTERFACES_MAX_COUNT + 1];
    struct sec_product_draft draft = *sample_draft();
    struct sec_product product;
    for (size_t i = 0; i < SEC_PRODUCT_SETTINGS_MAX_COUNT + 1; i++) {
        settings[i] = sample_settings[SAMPLE_FLAG];
        settings[i].name = number_name(i);
    }
    for (size_t i = 0; i < SEC_PRODUCT_INTERFACES_MAX_COUNT + 1; i++) {
        interfaces[i] = draft.interfaces[0];
        interfaces[i].name = number_name(i);
    }
    draft.facts.restricted = false;
    draft.settings = settings;
    draft.interfaces = interfaces;
    draft.settings_count = SEC_PRODUCT_SETTINGS_MAX_COUNT;
    draft.interfaces_count = SEC_PRODUCT_INTERFACES_MAX_COUNT;
    CHECK_OK(sample_parse(&draft, SEC_ROOM(room), &product));
    CHECK_INT(product.settings.count, SEC_PRODUCT_SETTINGS_MAX_COUNT);
    draft.settings_count++;
    CHECK_STATUS(sample_parse(&draft, SEC_ROOM(room), &product), SEC_TOO_LARGE);
    draft.settings_count--;
    draft.interfaces_count++;
    CHECK_STATUS(sample_parse(&draft, SEC_ROOM(room), &product), SEC_TOO_LARGE);
}

static void a_room_too_small_shows_in_the_writer(void)
{
    uint8_t small[64];
    struct sec_wr wr = sec_wr(SEC_ROOM(small));
    sec_product_encode(sample_draft(), &wr);
    CHECK(wr.bad);
}

static const struct test tests[] = {
    TEST(the_record_is_that_of_the_golden_file),
    TEST(every_section_is_carried),
    TEST(lists_are_read_by_index_and_by_name),
    TEST(settings_are_found_by_name),
    TEST(encoding_what_was_parsed_gives_the_same_bytes),
    TEST(a_product_without_optional_sections_is_good),
    TEST(bad_facts_are_refused),
    TEST(bad_settings_are_refused),
    TEST(bad_forms_are_refused),
    TEST(every_cut_record_is_refused),
    TEST(a_record_with_one_byte_changed_is_refused_or_read),
    TEST(lists_hold_their_limit_and_no_more),
    TEST(a_room_too_small_shows_in_the_writer),
};
TEST_MAIN(tests)
