/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile arguments, changes and states of the configuration.
 *
 * The first byte chooses: 0 arguments of set, 1 a change, 2 a state, 3 a product record in force over a known state, 4 arguments of confirm;
 * the second gives the facts. What a judge accepts must fold; what folds must survive its wire form; what is refused must leave no trace.
 */
#include <securable/configuration.h>

#include <stdlib.h>

static uint8_t change_room[SEC_CONFIGURATION_CHANGE_MAX_BYTES], detail_room[SEC_CONFIGURATION_CHANGE_MAX_BYTES];
static uint8_t map_room[SEC_CONFIGURATION_MAP_MAX_BYTES], json_room[4 * SEC_CONFIGURATION_MAP_MAX_BYTES];
static uint8_t state_room[65536], again_room[65536], record_room[1024];

static void must(bool good)
{
    if (!good)
        abort();
}

/* A product with one setting of each implemented type and one interface. */
static void product_make(struct sec_product *product)
{
    static const struct sec_product_interface interface = {{(const uint8_t *)"web", 3}, SEC_INTERFACE_NETWORK, {(const uint8_t *)"p", 1},
                                                           SEC_DIRECTION_IN, {NULL, 0}, 0, false, false};
    const struct sec_product_component component = {SEC_LIT("f"), SEC_LIT("f"), SEC_LIT("\x61" "a"), 1};
    struct sec_product_setting settings[] = {
        {.name = SEC_LIT("b"), .type = SEC_SETTING_BOOL, .preset = sec_value_bool(true), .safe = sec_value_bool(false), .meaning = SEC_LIT("m")},
        {.name = SEC_LIT("e"), .type = SEC_SETTING_ENUM, .choices = SEC_LIT("\x61" "x\x61" "y"), .choices_count = 2,
         .preset = sec_value_text(SEC_LIT("x")), .safe = sec_value_text(SEC_LIT("x")), .meaning = SEC_LIT("m")},
        {.name = SEC_LIT("i"), .type = SEC_SETTING_INTEGER, .min = -300, .max = 70000, .preset = sec_value_integer(5),
         .safe = sec_value_integer(1), .meaning = SEC_LIT("m")},
        {.name = SEC_LIT("t"), .type = SEC_SETTING_TEXT, .min = 0, .max = 256, .preset = sec_value_text(SEC_LIT("")),
         .safe = sec_value_text(SEC_LIT("")), .meaning = SEC_LIT("m")},
    };
    const struct sec_product_draft draft = {
        .facts = {.name = SEC_LIT("n"), .vendor_domain = SEC_LIT("d"), .vendor_contact = SEC_LIT("c"), .model = SEC_LIT("m"),
                  .hardware = SEC_LIT("h"), .update_confirm = SEC_CONFIRM_AUTOMATIC, .update_policy = SEC_POLICY_MANUAL},
        .components = &component, .components_count = 1, .settings = settings, .settings_count = 4, .interfaces = &interface, .interfaces_count = 1};
    struct sec_wr wr = sec_wr(SEC_ROOM(record_room));
    sec_product_encode(&draft, &wr);
    must(!wr.bad && sec_ok(sec_product_parse(sec_wr_done(&wr), product)));
}

static struct sec_bytes encode(const struct sec_configuration *conf, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_configuration_encode(conf, &wr);
    must(!wr.bad);
    return sec_wr_done(&wr);
}

static void check_state(const struct sec_configuration *conf, const struct sec_product *product)
{
    static struct sec_configuration copy;
    struct sec_bytes first = encode(conf, SEC_ROOM(state_room));
    must(sec_ok(sec_configuration_parse(first, &copy)));
    must(sec_bytes_equal(encode(&copy, SEC_ROOM(again_room)), first));
    struct sec_wr map = sec_wr(SEC_ROOM(map_room)), json = sec_wr(SEC_ROOM(json_room));
    sec_configuration_values_encode(conf, product, &map);
    sec_configuration_json(conf, product, &json);
    must(!map.bad && !json.bad && sec_ok(sec_cbor_check(sec_wr_done(&map), SEC_CBOR_OURS)));
}

/* Takes what a judge said. */
static bool judged(struct sec_configuration *conf, const struct sec_product *product, sec_status status, const struct sec_wr *change,
                   const struct sec_wr *detail)
{
    if (!sec_ok(status)) {
        must(change->len == 0);
        return false;
    }
    must(sec_ok(sec_cbor_check(sec_wr_done(detail), SEC_CBOR_OURS)));
    must(sec_ok(sec_configuration_apply(conf, sec_wr_done(change), 1)));
    check_state(conf, product);
    return true;
}

#define ROOMS struct sec_wr change = sec_wr(SEC_ROOM(change_room)), detail = sec_wr(SEC_ROOM(detail_room))

static void go_to_the_end(struct sec_configuration *conf, const struct sec_product *product, uint8_t fact)
{
    {
        ROOMS;
        sec_status effect = sec_st(fact & 2 ? SEC_OK : SEC_EFFECT_FAILED);
        (void)judged(conf, product, sec_configuration_judge_outcome(conf, product, effect, &change, &detail), &change, &detail);
    }
    ROOMS;
    (void)judged(conf, product, sec_configuration_judge_end(conf, product, SEC_CONFIGURATION_END_BOOT, &change, &detail), &change, &detail);
    must(conf->phase == SEC_CONFIGURATION_SETTLED);
}

static void try_set(struct sec_configuration *conf, const struct sec_configuration_facts *facts, struct sec_bytes args, uint8_t fact)
{
    ROOMS;
    if (judged(conf, facts->product, sec_configuration_judge_set(conf, facts, args, &change, &detail), &change, &detail))
        go_to_the_end(conf, facts->product, fact);
    change = sec_wr(SEC_ROOM(change_room));
    detail = sec_wr(SEC_ROOM(detail_room));
    if (judged(conf, facts->product, sec_configuration_judge_reset(conf, facts, SEC_LIT("\xa0"), &change, &detail), &change, &detail))
        go_to_the_end(conf, facts->product, fact);
}

static void try_change(struct sec_configuration *conf, const struct sec_product *product, struct sec_bytes in)
{
    static uint8_t before[64];
    struct sec_bytes state = encode(conf, SEC_ROOM(before));
    if (sec_ok(sec_configuration_apply(conf, in, 1)))
        check_state(conf, product);
    else
        must(sec_bytes_equal(encode(conf, SEC_ROOM(again_room)), state));
}

static void try_product(struct sec_configuration *conf, const struct sec_product *product, struct sec_bytes record)
{
    struct sec_product next;
    ROOMS;
    if (!sec_ok(sec_product_parse(record, &next)))
        return;
    must(sec_ok(sec_configuration_judge_product(conf, product, &next, &change, &detail)));
    if (change.len > 0)
        must(judged(conf, &next, sec_st(SEC_OK), &change, &detail));
    check_state(conf, &next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct sec_configuration conf;
    struct sec_product product;
    if (len < 2)
        return 0;
    struct sec_bytes in = sec_bytes_part(sec_bytes(data, len), 2, len);
    const uint8_t fact = data[1];
    struct sec_configuration_facts facts = {.product = &product, .trial = fact & 1, .confirm_within_s = fact & 4 ? 60 : 0};
    product_make(&product);
    sec_configuration_init(&conf);
    if (data[0] == 0)
        try_set(&conf, &facts, in, fact);
    if (data[0] == 1)
        try_change(&conf, &product, in);
    if (data[0] == 2 && sec_ok(sec_configuration_parse(in, &conf))) {
        check_state(&conf, &product);
        go_to_the_end(&conf, &product, fact);
    }
    if (data[0] == 3) {
        must(sec_ok(sec_configuration_parse(SEC_LIT("\x83\x01\xa3\x61" "b\xf4\x61" "i\x09\x61" "t\x61" "x\xf6"), &conf)));
        try_product(&conf, &product, in);
    }
    if (data[0] == 4) {
        ROOMS;
        (void)judged(&conf, &product, sec_configuration_judge_confirm(&conf, &facts, in, &change, &detail), &change, &detail);
    }
    return 0;
}
