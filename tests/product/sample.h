/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small product with every section and every type of setting, for tests of this room and of rooms that read products.
 *
 * Memory: static; sample_draft() gives the same draft each time, which the caller may alter.
 */
#ifndef SECURABLE_PRODUCT_SAMPLE_H
#define SECURABLE_PRODUCT_SAMPLE_H

#include "test.h"

#include <securable/product.h>

#define SAMPLE_TEXT(s) {(const uint8_t *)(s), sizeof(s) - 1}
#define SAMPLE_NONE {(const uint8_t *)"", 0}

/* The order is the record's: shorter names first, then bytewise. */
enum { SAMPLE_MODE, SAMPLE_WAIT, SAMPLE_LEVEL, SAMPLE_TITLE, SAMPLE_TOKEN, SAMPLE_FLAG, SAMPLE_SETTINGS };

struct sample {
    struct sec_product_draft draft;
    struct sec_product_component components[1];
    struct sec_product_setting settings[SAMPLE_SETTINGS];
    struct sec_product_interface interfaces[3];
    struct sec_product_role roles[1];
    struct sec_product_element elements[2];
    struct sec_product_function functions[1];
    struct sec_product_contact contacts[1];
};

static const struct sec_product_setting sample_settings[SAMPLE_SETTINGS] = {
    [SAMPLE_MODE] = {.name = SAMPLE_TEXT("mode"), .type = SEC_SETTING_ENUM, .choices = SAMPLE_TEXT("\x63" "low" "\x64" "high"),
                     .choices_count = 2, .preset = {.type = SEC_VALUE_TEXT, .text = SAMPLE_TEXT("low")},
                     .safe = {.type = SEC_VALUE_TEXT, .text = SAMPLE_TEXT("low")}, .meaning = SAMPLE_TEXT("how it runs")},
    [SAMPLE_WAIT] = {.name = SAMPLE_TEXT("wait"), .type = SEC_SETTING_DURATION,
                     .preset = {.type = SEC_VALUE_TEXT, .text = SAMPLE_TEXT("5m")},
                     .safe = {.type = SEC_VALUE_TEXT, .text = SAMPLE_TEXT("5m")}, .meaning = SAMPLE_TEXT("how long it waits")},
    [SAMPLE_LEVEL] = {.name = SAMPLE_TEXT("level"), .type = SEC_SETTING_INTEGER, .unit = SAMPLE_TEXT("percent"), .min = -10, .max = 80,
                      .preset = {.type = SEC_VALUE_INTEGER, .integer = 40}, .safe = {.type = SEC_VALUE_INTEGER, .integer = 20},
                      .meaning = SAMPLE_TEXT("highest level"), .effect = SAMPLE_TEXT("warmer"), .hook = SAMPLE_TEXT("level.sh")},
    [SAMPLE_TITLE] = {.name = SAMPLE_TEXT("title"), .type = SEC_SETTING_TEXT, .min = 0, .max = 40,
                      .preset = {.type = SEC_VALUE_TEXT, .text = SAMPLE_NONE}, .safe = {.type = SEC_VALUE_TEXT, .text = SAMPLE_NONE},
                      .meaning = SAMPLE_TEXT("what the panel shows")},
    [SAMPLE_TOKEN] = {.name = SAMPLE_TEXT("token"), .type = SEC_SETTING_SECRET, .meaning = SAMPLE_TEXT("opens the server")},
    [SAMPLE_FLAG] = {.name = SAMPLE_TEXT("a.flag"), .type = SEC_SETTING_BOOL, .preset = {.type = SEC_VALUE_BOOL, .boolean = true},
                     .safe = {.type = SEC_VALUE_BOOL, .boolean = false}, .meaning = SAMPLE_TEXT("on or off")},
};

static const struct sec_product_facts sample_facts = {
    .name = SAMPLE_TEXT("Pump"),
    .vendor_name = SAMPLE_TEXT("Example Pumps"),
    .vendor_domain = SAMPLE_TEXT("pumps.example"),
    .vendor_contact = SAMPLE_TEXT("security@pumps.example"),
    .model = SAMPLE_TEXT("CPC-200"),
    .hardware = SAMPLE_TEXT("rev C"),
    .version = SAMPLE_TEXT("1.0.0"),
    .vendor_id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
    .class_id = {{17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32}},
    .restricted = true,
    .restricted_meaning = SAMPLE_TEXT("pumping alone"),
    .restricted_after_days = 90,
    .restricted_keep = SAMPLE_TEXT("\x65" "panel"),
    .restricted_keep_count = 1,
    .presence = SEC_PRESENCE_BUTTON,
    .presence_meaning = SAMPLE_TEXT("hold it"),
    .presence_claims = true,
    .update_confirm = SEC_CONFIRM_OPERATOR,
    .update_confirm_within_s = 600,
    .update_health_hook = SAMPLE_TEXT("health"),
    .update_health_timeout_s = 60,
    .update_policy = SEC_POLICY_MANUAL,
    .update_meaning = SAMPLE_TEXT("twice a year"),
    .support_until = SAMPLE_TEXT("2033-12-31"),
    .life_until = SAMPLE_TEXT("2038-02-28"),
    .support_meaning = SAMPLE_TEXT("pumps on"),
};

__attribute__((unused)) static struct sec_product_draft *sample_draft(void)
{
    static struct sample sample;
    sample = (struct sample){
        .components = {{SAMPLE_TEXT("firmware"), SAMPLE_TEXT("all of it"), SAMPLE_TEXT("\x61" "a" "\x61" "b"), 2}},
        .interfaces = {{SAMPLE_TEXT("web"), SEC_INTERFACE_NETWORK, SAMPLE_TEXT("status"), SEC_DIRECTION_IN, SAMPLE_TEXT("tcp"), 8080, false, false},
                       {SAMPLE_TEXT("panel"), SEC_INTERFACE_LOCAL, SAMPLE_TEXT("keys"), SEC_DIRECTION_BOTH, SAMPLE_NONE, 0, true, true},
                       {SAMPLE_TEXT("modbus"), SEC_INTERFACE_NETWORK, SAMPLE_TEXT("machine"), SEC_DIRECTION_OUT, SAMPLE_TEXT("tcp"), 502, true, false}},
        .roles = {{SAMPLE_TEXT("engineer"), 2, SAMPLE_TEXT("sets it up")}},
        .elements = {{SAMPLE_TEXT("notes"), SAMPLE_TEXT("typed"), true, SAMPLE_TEXT("until erased"), SAMPLE_TEXT("erase-notes")},
                     {SAMPLE_TEXT("values"), SAMPLE_TEXT("measured"), false, SAMPLE_NONE, SAMPLE_TEXT("erase-values")}},
        .functions = {{SAMPLE_TEXT("pumping"), SAMPLE_TEXT("moves coolant"), false, true}},
        .contacts = {{SAMPLE_TEXT("security"), SAMPLE_TEXT("security@pumps.example")}},
    };
    for (size_t i = 0; i < SAMPLE_SETTINGS; i++)
        sample.settings[i] = sample_settings[i];
    sample.draft = (struct sec_product_draft){sample_facts, sample.components, 1, sample.settings, SAMPLE_SETTINGS, sample.interfaces, 3,
                                              sample.roles, 1, sample.elements, 2, sample.functions, 1, sample.contacts, 1};
    return &sample.draft;
}

/* The settings of the draft, to be altered. */
__attribute__((unused)) static struct sec_product_setting *sample_setting(struct sec_product_draft *draft, size_t index)
{
    static struct sec_product_setting settings[SAMPLE_SETTINGS];
    if (draft->settings != settings)
        for (size_t i = 0; i < SAMPLE_SETTINGS; i++)
            settings[i] = draft->settings[i];
    draft->settings = settings;
    return &settings[index];
}

/* Encodes the draft into `room` and parses it. */
__attribute__((unused)) static sec_status sample_parse(const struct sec_product_draft *draft, struct sec_room room, struct sec_product *ret_product)
{
    struct sec_wr wr = sec_wr(room);
    sec_product_encode(draft, &wr);
    CHECK(!wr.bad);
    return sec_product_parse(sec_wr_done(&wr), ret_product);
}

#endif
