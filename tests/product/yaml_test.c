/* SPDX-License-Identifier: Apache-2.0 */
#include "product_yaml.h"
#include "test.h"

static uint8_t record_room[SEC_PRODUCT_MAX_BYTES];
static char said[8192];

static void keep_fault(void *ctx, const struct sec_product_fault *fault)
{
    char line[700];
    (void)ctx;
    sec_product_fault_text(fault, line, sizeof line);
    size_t at = strlen(said);
    snprintf(&said[at], sizeof said - at, "%s\n", line);
}

static sec_status compile_bytes(struct sec_bytes yaml, struct sec_bytes *ret_record)
{
    const struct sec_product_faults faults = {NULL, keep_fault};
    said[0] = '\0';
    return sec_product_yaml_compile(yaml, "p.yaml", &faults, SEC_ROOM(record_room), ret_record);
}

static sec_status compile(const char *yaml)
{
    struct sec_bytes record;
    return compile_bytes(sec_bytes_of_str(yaml), &record);
}

static void check_said(const char *want)
{
    if (strcmp(said, want) == 0)
        return;
    printf("got:\n%swant:\n%s", said, want);
    test_stop(TEST_FAILED);
}

#define HEAD                                                                                                                     \
    "format: 1\nname: n\nmodel: m\nhardware: h\nvendor: {domain: pumps.example, contact: c}\n"                                   \
    "components: {fw: {meaning: x, slots: [a, b]}}\nphysical_presence: {kind: none}\nupdate: {confirm: automatic, policy: manual}\n"

/* Line 9 is `line`; the rest of the file is good. */
#define CHECK_FAULT(line, want)                                                                                                  \
    do {                                                                                                                         \
        CHECK_STATUS(compile(HEAD line "\n"), SEC_BAD_VALUE);                                                                    \
        check_said(want "\n");                                                                                                   \
    } while (0)

static void the_example_compiles(void)
{
    static uint8_t yaml[65536];
    FILE *file = fopen(SEC_EXAMPLES_DIR "/product.yaml", "rb");
    CHECK(file != NULL);
    size_t len = fread(yaml, 1, sizeof yaml, file);
    fclose(file);
    struct sec_bytes record;
    struct sec_product product;
    CHECK_OK(compile_bytes(sec_bytes(yaml, len), &record));
    check_said("");
    CHECK_OK(sec_product_parse(record, &product));
    CHECK_INT(product.settings.count, 10);
    CHECK_INT(product.interfaces.count, 4);
    CHECK_INT(product.elements.count, 2);
    CHECK_BYTES(product.facts.update_health_hook, SEC_LIT("health"));
    struct sec_product_setting setting;
    CHECK_OK(sec_product_setting_find(&product, SEC_LIT("pump.speed_max"), &setting));
    CHECK_INT(setting.preset.integer, 80);
    CHECK_INT(setting.safe.integer, 60);
}

static void the_least_file_compiles(void)
{
    CHECK_OK(compile(HEAD));
    check_said("");
}

static void ids_are_computed_from_domain_and_model(void)
{
    static const uint8_t vendor[16] = {0xa3, 0x03, 0xe9, 0x5d, 0xc0, 0x7f, 0x5d, 0x48, 0xb2, 0xcc, 0x77, 0x81, 0x2b, 0x6a, 0x57, 0xe7};
    static const uint8_t class_id[16] = {0x24, 0x38, 0x73, 0x5f, 0x9f, 0xdf, 0x5b, 0x22, 0x89, 0x6c, 0x75, 0x22, 0x1e, 0xdd, 0x1d, 0x97};
    struct sec_uuid got_vendor, got_class;
    CHECK_OK(sec_product_ids(SEC_LIT("pumps.example"), SEC_LIT("CPC-200"), &got_vendor, &got_class));
    CHECK_BYTES(SEC_BYTES(got_vendor.b), SEC_BYTES(vendor));
    CHECK_BYTES(SEC_BYTES(got_class.b), SEC_BYTES(class_id));
}

static void unknown_keys_are_faults_everywhere(void)
{
    CHECK_FAULT("colour: red", "p.yaml:9: colour: unknown key");
    CHECK_FAULT("settings: {a: {type: bool, default: true, meaning: m, colour: red}}", "p.yaml:9: settings.a, colour: unknown key");
    CHECK_FAULT("settings: {a: {type: integer, range: {max: 3, step: 1}, default: 3, meaning: m}}",
                "p.yaml:9: settings.a.range, step: unknown key");
    CHECK_FAULT("interfaces: {a: {kind: local, purpose: p, direction: in, default: true, speed: 1}}",
                "p.yaml:9: interfaces.a, speed: unknown key");
    CHECK_FAULT("roles: {a: {as: operator, meaning: m, x: y}}", "p.yaml:9: roles.a, x: unknown key");
    CHECK_FAULT("data: {a: {meaning: m, personal: true, erase: e, x: y}}", "p.yaml:9: data.a, x: unknown key");
    CHECK_FAULT("functions: {a: {meaning: m, needs_network: true, after_support: true, x: y}}", "p.yaml:9: functions.a, x: unknown key");
    CHECK_FAULT("support: {x: y}", "p.yaml:9: support, x: unknown key");
    CHECK_FAULT("restricted_mode: {meaning: m, after_days: 1, x: y}", "p.yaml:9: restricted_mode, x: unknown key");
}

static void wrong_fields_say_what_they_should_be(void)
{
    CHECK_FAULT("settings: {a: {type: bool, default: yes, meaning: m}}", "p.yaml:9: settings.a, default: not of type bool");
    CHECK_FAULT("settings: {a: {type: integer, range: {max: 80}, default: 81, meaning: m}}", "p.yaml:9: settings.a, default: at most 80");
    CHECK_FAULT("settings: {a: {type: integer, default: \"3\", meaning: m}}", "p.yaml:9: settings.a, default: not of type integer");
    CHECK_FAULT("settings: {a: {type: integer, default: 9223372036854775808, meaning: m}}",
                "p.yaml:9: settings.a, default: not of type integer");
    CHECK_FAULT("settings: {a: {type: integer, range: {min: 3, max: 1}, default: 3, meaning: m}}",
                "p.yaml:9: settings.a, range: min is above max");
    CHECK_FAULT("settings: {a: {type: text, length: {max: 257}, default: x, meaning: m}}",
                "p.yaml:9: settings.a.length, max: must be an integer from 0 to 256");
    CHECK_FAULT("settings: {a: {type: enum, choices: [x, y], default: z, meaning: m}}", "p.yaml:9: settings.a, default: one of x, y");
    CHECK_FAULT("settings: {a: {type: enum, choices: [x, x], default: x, meaning: m}}", "p.yaml:9: settings.a, choices: the same twice");
    CHECK_FAULT("settings: {a: {type: enum, choices: [], default: x, meaning: m}}", "p.yaml:9: settings.a, choices: must be a list");
    CHECK_FAULT("settings: {a: {type: bool, choices: [x], default: true, meaning: m}}",
                "p.yaml:9: settings.a, choices: has no meaning for type bool");
    CHECK_FAULT("settings: {a: {type: secret, default: x, meaning: m}}", "p.yaml:9: settings.a, default: has no meaning for type secret");
    CHECK_FAULT("settings: {a: {type: bool, default: true, meaning: m, apply: ../x}}",
                "p.yaml:9: settings.a, apply: must be a plain file name: lower-case letters, digits, '_', '-' and '.', at most 64");
    CHECK_FAULT("settings: {securable.a: {type: bool, default: true, meaning: m}}",
                "p.yaml:9: settings, securable.a: must be names joined by dots, not beginning with 'securable', at most 96 bytes");
    CHECK_FAULT("settings: {a: {type: duration, safe_default: 5m, meaning: m}}", "p.yaml:9: settings.a, default: missing");
    CHECK_FAULT("settings: {a: {type: bool, meaning: m}}", "p.yaml:9: settings.a, default: missing");
    CHECK_FAULT("settings: {a: true}", "p.yaml:9: settings.a: must be a map");
    CHECK_FAULT("interfaces: {a: {kind: wlan, purpose: p, direction: in, default: true}}",
                "p.yaml:9: interfaces.a, kind: must be one of local, network");
    CHECK_FAULT("interfaces: {a: {kind: local, purpose: p, direction: in, default: true, port: 65536}}",
                "p.yaml:9: interfaces.a, port: must be an integer from 1 to 65535");
    CHECK_FAULT("roles: {a: {as: king, meaning: m}}",
                "p.yaml:9: roles.a, as: must be one of owner, administrator, operator, auditor, application");
    CHECK_FAULT("data: {a: {meaning: m, personal: true}}", "p.yaml:9: data.a, erase: missing");
    CHECK_FAULT("support: {until: 2033-02-29}", "p.yaml:9: support, until: must be a date like 2032-12-31");
    CHECK_FAULT("support: {meaning: }", "p.yaml:9: support, meaning: empty");
    CHECK_FAULT("support: {meaning: [a]}", "p.yaml:9: support, meaning: must be one value");
    CHECK_FAULT("version: \"1\\e[2J\"", "p.yaml:9: version: control character or line break");
    CHECK_FAULT("restricted_mode: {meaning: m, after_days: 1, keep: [wlan]}", "p.yaml:9: restricted_mode, keep: no interface is named wlan");
    CHECK_FAULT("contacts: {a: {b: c}}", "p.yaml:9: contacts, a: must be one value");
}

static void keys_given_twice_are_faults(void)
{
    CHECK_FAULT("model: x", "p.yaml:9: model: given twice, first in line 3");
    CHECK_FAULT("contacts: {a: x, a: y}", "p.yaml:9: contacts, a: given twice, first in line 9");
}

static void all_faults_are_said_in_the_order_of_lines(void)
{
    CHECK_STATUS(compile("zz: 1\nformat: 2\nmodel: m\nname: n\nhardware: h\nvendor: {domain: UP, contact: c}\n"), SEC_BAD_VALUE);
    check_said("p.yaml:1: zz: unknown key\n"
               "p.yaml:1: physical_presence: missing\n"
               "p.yaml:1: update: missing\n"
               "p.yaml:1: components: missing\n"
               "p.yaml:2: format: must be one of 1\n"
               "p.yaml:6: vendor, domain: must be a domain name in lower case\n");
}

static void an_update_that_an_operator_confirms_has_its_time(void)
{
    CHECK_STATUS(compile("format: 1\nname: n\nmodel: m\nhardware: h\nvendor: {domain: pumps.example, contact: c}\n"
                         "components: {fw: {meaning: x, slots: [a]}}\nphysical_presence: {kind: none, claims: true}\n"
                         "update: {confirm: operator, policy: manual, health_check: {hook: h}}\n"),
                 SEC_BAD_VALUE);
    check_said("p.yaml:7: physical_presence, claims: there is no presence that could claim\n"
               "p.yaml:8: update, confirm_within_s: missing\n"
               "p.yaml:8: update.health_check, timeout_s: missing\n");
}

static void what_is_no_plain_yaml_is_refused(void)
{
    CHECK_STATUS(compile("a: [\n"), SEC_MALFORMED);
    CHECK(strncmp(said, "p.yaml:2: ", 10) == 0);
    CHECK_STATUS(compile("a: &x 1\n"), SEC_MALFORMED);
    check_said("p.yaml:1: anchors are not accepted here\n");
    CHECK_STATUS(compile("a: *x\n"), SEC_MALFORMED);
    check_said("p.yaml:1: aliases are not accepted here\n");
    CHECK_STATUS(compile("a: !!str x\n"), SEC_MALFORMED);
    check_said("p.yaml:1: tags are not accepted here\n");
    CHECK_STATUS(compile("? [a]\n: 1\n"), SEC_MALFORMED);
    check_said("p.yaml:1: a key that is no word\n");
    CHECK_STATUS(compile(HEAD "---\na: 1\n"), SEC_MALFORMED);
    check_said("p.yaml:9: a second document\n");
    CHECK_STATUS(compile(""), SEC_BAD_VALUE);
    check_said("p.yaml:1: nothing is declared\n");
    CHECK_STATUS(compile("[a]\n"), SEC_BAD_VALUE);
    check_said("p.yaml:1: must be a map\n");
    CHECK_STATUS(compile("a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n"), SEC_TOO_LARGE);
    check_said("p.yaml:1: nested too deep\n");
    CHECK_STATUS(compile("a: \xff\n"), SEC_MALFORMED);
}

static void a_file_beyond_the_limits_is_refused(void)
{
    static char yaml[SEC_PRODUCT_SETTINGS_MAX_COUNT * 700];
    struct sec_bytes record;
    size_t at = (size_t)snprintf(yaml, sizeof yaml, "%ssettings:\n", HEAD);
    for (unsigned i = 0; i <= SEC_PRODUCT_SETTINGS_MAX_COUNT; i++)
        at += (size_t)snprintf(&yaml[at], sizeof yaml - at, "  s%u: {type: bool, default: true, meaning: m}\n", i);
    CHECK_STATUS(compile_bytes(sec_bytes(yaml, at), &record), SEC_BAD_VALUE);
    check_said("p.yaml:9: settings: at most 96 entries\n");
    at = (size_t)snprintf(yaml, sizeof yaml, "%ssettings:\n", HEAD);
    for (unsigned i = 0; i < SEC_PRODUCT_SETTINGS_MAX_COUNT; i++)
        at += (size_t)snprintf(&yaml[at], sizeof yaml - at, "  s%u: {type: bool, default: true, meaning: m%0500d, effect: e}\n", i, 0);
    CHECK_OK(compile_bytes(sec_bytes(yaml, at), &record));
    struct sec_product product;
    CHECK_OK(sec_product_parse(record, &product));
    const struct sec_product_faults faults = {NULL, keep_fault};
    CHECK_STATUS(sec_product_yaml_compile(sec_bytes(yaml, at), "p.yaml", &faults, sec_room(record_room, 1000), &record), SEC_ROOM_FULL);
}

static void types_that_are_not_implemented_are_carried(void)
{
    struct sec_bytes record;
    struct sec_product product;
    struct sec_product_setting setting;
    CHECK_OK(compile_bytes(SEC_LIT(HEAD "settings:\n  a: {type: ip-address, default: 192.0.2.1, meaning: m}\n"
                                        "  b: {type: duration, meaning: m}\n  c: {type: secret, meaning: m}\n"
                                        "  d: {type: list, meaning: m}\n  e: {type: map, meaning: m}\n"),
                           &record));
    CHECK_OK(sec_product_parse(record, &product));
    CHECK_INT(product.settings.count, 5);
    CHECK_OK(sec_product_setting_at(&product, 0, &setting));
    CHECK_BYTES(setting.preset.text, SEC_LIT("192.0.2.1"));
    CHECK_OK(sec_product_setting_at(&product, 2, &setting));
    CHECK_INT(setting.type, SEC_SETTING_SECRET);
    CHECK_INT(setting.preset.type, SEC_VALUE_NONE);
}

static void the_order_of_the_file_does_not_matter(void)
{
    static uint8_t first[4096];
    struct sec_bytes record;
    CHECK_OK(compile_bytes(SEC_LIT(HEAD "roles: {bb: {as: owner, meaning: m}, a: {meaning: m, as: auditor}}\n"), &record));
    size_t len = record.len;
    CHECK(sec_bytes_copy(SEC_ROOM(first), record));
    CHECK_OK(compile_bytes(SEC_LIT("roles: {a: {as: auditor, meaning: m}, bb: {as: owner, meaning: m}}\n" HEAD), &record));
    CHECK_BYTES(record, sec_bytes(first, len));
}

static const struct test tests[] = {
    TEST(the_example_compiles),
    TEST(the_least_file_compiles),
    TEST(ids_are_computed_from_domain_and_model),
    TEST(unknown_keys_are_faults_everywhere),
    TEST(wrong_fields_say_what_they_should_be),
    TEST(keys_given_twice_are_faults),
    TEST(all_faults_are_said_in_the_order_of_lines),
    TEST(an_update_that_an_operator_confirms_has_its_time),
    TEST(what_is_no_plain_yaml_is_refused),
    TEST(a_file_beyond_the_limits_is_refused),
    TEST(types_that_are_not_implemented_are_carried),
    TEST(the_order_of_the_file_does_not_matter),
};
TEST_MAIN(tests)
