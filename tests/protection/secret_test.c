/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

static uint8_t room[SEC_SECRET_MAX_BYTES + 256];

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_secret_value value;
    SEC_TRY(sec_secret_value_parse(in, &value));
    sec_secret_value_encode(&value, wr);
    return sec_st(SEC_OK);
}

static void a_value_comes_back(void)
{
    struct sec_secret_value value = {SEC_LIT("token"), 1001, SEC_LIT("not a real one")};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_secret_value_encode(&value, &wr);
    golden_check("secret-value", sec_wr_done(&wr));
    CHECK(strict_check(sec_wr_done(&wr), again) > 0);
}

static void an_empty_value_is_a_value_and_a_long_one_is_too_large(void)
{
    static const uint8_t bytes[SEC_SECRET_MAX_BYTES + 1];
    struct sec_secret_value back, value = {SEC_LIT("a"), UINT32_MAX, sec_bytes(NULL, 0)};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_secret_value_encode(&value, &wr);
    CHECK_OK(sec_secret_value_parse(sec_wr_done(&wr), &back));
    CHECK_INT(back.value.len, 0);
    value.value = sec_bytes(bytes, SEC_SECRET_MAX_BYTES);
    wr = sec_wr(SEC_ROOM(room));
    sec_secret_value_encode(&value, &wr);
    CHECK_OK(sec_secret_value_parse(sec_wr_done(&wr), &back));
    value.value = SEC_BYTES(bytes);
    wr = sec_wr(SEC_ROOM(room));
    sec_secret_value_encode(&value, &wr);
    CHECK_STATUS(sec_secret_value_parse(sec_wr_done(&wr), &back), SEC_TOO_LARGE);
}

static const struct test tests[] = {
    TEST(a_value_comes_back),
    TEST(an_empty_value_is_a_value_and_a_long_one_is_too_large),
};
TEST_MAIN(tests)
