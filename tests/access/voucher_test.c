/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static uint8_t room[4096];

static struct sec_bytes encoded(const struct sec_voucher *voucher)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_voucher_encode(voucher, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_voucher voucher;
    SEC_TRY(sec_voucher_parse(in, &voucher));
    sec_voucher_encode(&voucher, wr);
    return sec_st(SEC_OK);
}

static void a_voucher_has_its_golden_bytes_and_is_strict(void)
{
    struct sec_voucher voucher = people_voucher(), back;
    golden_check("voucher", encoded(&voucher));
    CHECK(strict_check(encoded(&voucher), again) > 0);
    CHECK_OK(sec_voucher_parse(encoded(&voucher), &back));
    CHECK(sec_key_equal(&back.owners.keys[0], &voucher.owners.keys[0]));
    CHECK(back.has_recovery && back.has_made_at);
    CHECK_INT(back.made_at_s, 1790000000);
}

static void optional_members_may_be_absent(void)
{
    struct sec_voucher voucher = people_voucher(), back;
    voucher.has_recovery = voucher.has_made_at = false;
    CHECK_OK(sec_voucher_parse(encoded(&voucher), &back));
    CHECK(!back.has_recovery && !back.has_made_at);
}

static void key_rules_are_kept(void)
{
    struct sec_voucher back, voucher = people_voucher();
    voucher.owners.count = 2;
    voucher.owners.keys[1] = key_of(OWNER);
    CHECK_STATUS(sec_voucher_parse(encoded(&voucher), &back), SEC_BAD_VALUE);
    voucher.owners.keys[1] = key_of(RECOVERY);
    CHECK_STATUS(sec_voucher_parse(encoded(&voucher), &back), SEC_BAD_VALUE);
    voucher.owners.keys[1] = key_of(SECOND_OWNER);
    voucher.required = 2;
    CHECK_OK(sec_voucher_parse(encoded(&voucher), &back));
    voucher.required = 3;
    CHECK_STATUS(sec_voucher_parse(encoded(&voucher), &back), SEC_BAD_VALUE);
    voucher.required = 0;
    CHECK_STATUS(sec_voucher_parse(encoded(&voucher), &back), SEC_BAD_VALUE);
    voucher = people_voucher();
    voucher.owners.count = 0;
    CHECK_STATUS(sec_voucher_parse(encoded(&voucher), &back), SEC_BAD_VALUE);
    voucher = people_voucher();
    voucher.epoch = 0;
    CHECK_STATUS(sec_voucher_parse(encoded(&voucher), &back), SEC_BAD_VALUE);
}

static void a_ninth_owner_is_too_many(void)
{
    struct sec_voucher voucher = people_voucher(), back;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    voucher.owners.count = SEC_OWNERS_MAX_COUNT + 1;
    sec_voucher_encode(&voucher, &wr);
    CHECK(wr.bad);
    wr = sec_wr(SEC_ROOM(room));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_uint(&wr, 3);
    sec_cbor_put_array(&wr, SEC_OWNERS_MAX_COUNT + 1);
    for (unsigned i = 0; i <= SEC_OWNERS_MAX_COUNT; i++) {
        struct fake_key key;
        fake_key_init(&key, SEC_KEY_P256, 100 + i);
        sec_key_encode(&key.key, &wr);
    }
    CHECK_STATUS(sec_voucher_parse(sec_wr_done(&wr), &back), SEC_TOO_LARGE);
}

static const struct test tests[] = {
    TEST(a_voucher_has_its_golden_bytes_and_is_strict),
    TEST(optional_members_may_be_absent),
    TEST(key_rules_are_kept),
    TEST(a_ninth_owner_is_too_many),
};
TEST_MAIN(tests)
