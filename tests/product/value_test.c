/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

static uint8_t fact_room[256];

/* Judges `value` for a setting of the sample; the fact is in fact_room. */
static sec_status judge(size_t index, struct sec_value value, struct sec_bytes *ret_fact)
{
    struct sec_wr fact = sec_wr(SEC_ROOM(fact_room));
    sec_status status = sec_product_setting_check(&sample_settings[index], &value, &fact);
    *ret_fact = sec_wr_done(&fact);
    return status;
}

#define CHECK_JUDGED(index, value, want, words)                                                                                  \
    do {                                                                                                                         \
        struct sec_bytes fact;                                                                                                   \
        CHECK_STATUS(judge(index, value, &fact), want);                                                                          \
        CHECK_BYTES(fact, sec_bytes_of_str(words));                                                                              \
    } while (0)

static void integers_are_held_to_their_range(void)
{
    CHECK_JUDGED(SAMPLE_LEVEL, sec_value_integer(-10), SEC_OK, "");
    CHECK_JUDGED(SAMPLE_LEVEL, sec_value_integer(80), SEC_OK, "");
    CHECK_JUDGED(SAMPLE_LEVEL, sec_value_integer(81), SEC_OUT_OF_RANGE, "at most 80 percent");
    CHECK_JUDGED(SAMPLE_LEVEL, sec_value_integer(-11), SEC_OUT_OF_RANGE, "at least -10 percent");
    CHECK_JUDGED(SAMPLE_LEVEL, sec_value_integer(INT64_MIN), SEC_OUT_OF_RANGE, "at least -10 percent");
    CHECK_JUDGED(SAMPLE_LEVEL, sec_value_integer(INT64_MAX), SEC_OUT_OF_RANGE, "at most 80 percent");
}

static void texts_are_held_to_their_length(void)
{
    uint8_t text[41];
    memset(text, 'x', sizeof text);
    CHECK_JUDGED(SAMPLE_TITLE, sec_value_text(sec_bytes(text, 40)), SEC_OK, "");
    CHECK_JUDGED(SAMPLE_TITLE, sec_value_text(SEC_BYTES(text)), SEC_OUT_OF_RANGE, "at most 40 bytes");
    CHECK_JUDGED(SAMPLE_TITLE, sec_value_text(SEC_LIT("")), SEC_OK, "");
    CHECK_JUDGED(SAMPLE_TITLE, sec_value_text(SEC_LIT("a\x1b[2J")), SEC_BAD_VALUE, "a text without control characters");
    CHECK_JUDGED(SAMPLE_TITLE, sec_value_text(SEC_LIT("a\xc2\x9b")), SEC_BAD_VALUE, "a text without control characters");
    CHECK_JUDGED(SAMPLE_TITLE, sec_value_text(SEC_LIT("\xc3\xa4")), SEC_OK, "");
    CHECK_JUDGED(SAMPLE_TITLE, sec_value_text(SEC_LIT("\xff")), SEC_BAD_VALUE, "a text without control characters");
}

static void enums_are_held_to_their_choices(void)
{
    CHECK_JUDGED(SAMPLE_MODE, sec_value_text(SEC_LIT("high")), SEC_OK, "");
    CHECK_JUDGED(SAMPLE_MODE, sec_value_text(SEC_LIT("hig")), SEC_OUT_OF_RANGE, "one of low, high");
    CHECK_JUDGED(SAMPLE_MODE, sec_value_text(SEC_LIT("")), SEC_OUT_OF_RANGE, "one of low, high");
}

static void a_value_of_another_type_is_bad(void)
{
    CHECK_JUDGED(SAMPLE_FLAG, sec_value_bool(false), SEC_OK, "");
    CHECK_JUDGED(SAMPLE_FLAG, sec_value_integer(0), SEC_BAD_VALUE, "not of type bool");
    CHECK_JUDGED(SAMPLE_FLAG, sec_value_none(), SEC_BAD_VALUE, "not of type bool");
    CHECK_JUDGED(SAMPLE_LEVEL, sec_value_text(SEC_LIT("40")), SEC_BAD_VALUE, "not of type integer");
    CHECK_JUDGED(SAMPLE_MODE, sec_value_integer(1), SEC_BAD_VALUE, "not of type enum");
    CHECK_JUDGED(SAMPLE_TITLE, sec_value_bool(true), SEC_BAD_VALUE, "not of type text");
}

static void types_that_are_carried_only_are_unsupported(void)
{
    CHECK_JUDGED(SAMPLE_TOKEN, sec_value_text(SEC_LIT("x")), SEC_UNSUPPORTED, "this version has no settings of this type");
    CHECK_JUDGED(SAMPLE_WAIT, sec_value_text(SEC_LIT("5m")), SEC_UNSUPPORTED, "this version has no settings of this type");
    CHECK(!sec_product_setting_supported(SEC_SETTING_LIST));
    CHECK(!sec_product_setting_supported(SEC_SETTING_MAP));
    CHECK(!sec_product_setting_supported(SEC_SETTING_IP_ADDRESS));
}

static void values_survive_the_wire(void)
{
    const struct sec_value values[] = {sec_value_none(), sec_value_bool(false), sec_value_bool(true), sec_value_integer(-1),
                                       sec_value_integer(INT64_MAX), sec_value_text(SEC_LIT("")), sec_value_text(SEC_LIT("x"))};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint8_t bytes[32];
        struct sec_wr wr = sec_wr(SEC_ROOM(bytes));
        sec_value_put(&wr, &values[i]);
        struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
        struct sec_value got = sec_value_read(&rd);
        CHECK_OK(sec_cbor_end(&rd));
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
            CHECK(sec_value_equal(&got, &values[k]) == (i == k));
    }
    const uint8_t list[] = {0x80};
    struct sec_cbor rd = sec_cbor(SEC_BYTES(list));
    (void)sec_value_read(&rd);
    CHECK_STATUS(rd.status, SEC_UNEXPECTED_TYPE);
}

static void names_are_plain(void)
{
    uint8_t text[SEC_SETTING_KEY_MAX_BYTES + 1];
    memset(text, 'a', sizeof text);
    CHECK_OK(sec_product_name_check(SEC_LIT("a-1_b")));
    CHECK_OK(sec_product_name_check(sec_bytes(text, SEC_NAME_MAX_BYTES)));
    CHECK_STATUS(sec_product_name_check(sec_bytes(text, SEC_NAME_MAX_BYTES + 1)), SEC_TOO_LARGE);
    CHECK_STATUS(sec_product_name_check(SEC_LIT("")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_name_check(SEC_LIT("1a")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_name_check(SEC_LIT("a.b")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_name_check(SEC_LIT("a\0b")), SEC_BAD_VALUE);
    CHECK_OK(sec_product_setting_name_check(SEC_LIT("pump.speed_max")));
    CHECK_STATUS(sec_product_setting_name_check(SEC_LIT(".a")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_setting_name_check(SEC_LIT("a.")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_setting_name_check(SEC_LIT("a.1")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_setting_name_check(SEC_BYTES(text)), SEC_TOO_LARGE);
    text[48] = '.';
    CHECK_OK(sec_product_setting_name_check(sec_bytes(text, SEC_SETTING_KEY_MAX_BYTES)));
    CHECK_OK(sec_product_hook_check(SEC_LIT("0erase.sh")));
    CHECK_STATUS(sec_product_hook_check(SEC_LIT("..")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_hook_check(SEC_LIT("-rf")), SEC_BAD_VALUE);
}

static void dates_are_of_the_calendar(void)
{
    CHECK_OK(sec_product_date_check(SEC_LIT("2032-02-29")));
    CHECK_OK(sec_product_date_check(SEC_LIT("2000-02-29")));
    CHECK_STATUS(sec_product_date_check(SEC_LIT("2100-02-29")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_date_check(SEC_LIT("2032-04-31")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_date_check(SEC_LIT("2032-13-01")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_date_check(SEC_LIT("2032-00-01")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_date_check(SEC_LIT("2032-01-00")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_date_check(SEC_LIT("2032-1-001")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_date_check(SEC_LIT("2032-01-0a")), SEC_BAD_VALUE);
    CHECK_STATUS(sec_product_date_check(SEC_LIT("")), SEC_BAD_VALUE);
}

static void types_have_words(void)
{
    CHECK(strcmp(sec_setting_type_word(SEC_SETTING_IP_ADDRESS), "ip-address") == 0);
    CHECK(strcmp(sec_setting_type_word((enum sec_setting_type)0), "unknown") == 0);
    CHECK(strcmp(sec_setting_type_word((enum sec_setting_type)99), "unknown") == 0);
}

static const struct test tests[] = {
    TEST(integers_are_held_to_their_range), TEST(texts_are_held_to_their_length), TEST(enums_are_held_to_their_choices),
    TEST(a_value_of_another_type_is_bad),   TEST(types_that_are_carried_only_are_unsupported),
    TEST(values_survive_the_wire),          TEST(names_are_plain),
    TEST(dates_are_of_the_calendar),        TEST(types_have_words),
};
TEST_MAIN(tests)
