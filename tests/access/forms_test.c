/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static uint8_t room[8192];

static sec_status transfer_again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_transfer form;
    SEC_TRY(sec_transfer_parse(in, &form));
    sec_transfer_encode(&form, wr);
    return sec_st(SEC_OK);
}

static void a_transfer_comes_back_and_keeps_its_rules(void)
{
    struct sec_transfer transfer = {
        .owners = {.count = 2}, .required = 2, .has_recovery = true, .recovery = key_of(RECOVERY)};
    transfer.owners.keys[0] = key_of(OWNER);
    transfer.owners.keys[1] = key_of(SECOND_OWNER);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_transfer_encode(&transfer, &wr);
    golden_check("transfer", sec_wr_done(&wr));
    CHECK(strict_check(sec_wr_done(&wr), transfer_again) > 0);
    transfer.recovery = key_of(OWNER);
    wr = sec_wr(SEC_ROOM(room));
    sec_transfer_encode(&transfer, &wr);
    CHECK_STATUS(sec_transfer_parse(sec_wr_done(&wr), &transfer), SEC_BAD_VALUE);
}

static sec_status recovery_again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_recovery form;
    SEC_TRY(sec_recovery_parse(in, &form));
    sec_recovery_encode(&form, wr);
    return sec_st(SEC_OK);
}

static void a_recovery_comes_back_and_names_each_key_once(void)
{
    struct sec_recovery recovery = {.owners = {.count = 2}};
    recovery.owners.keys[0] = key_of(STRANGER);
    recovery.owners.keys[1] = key_of(AUDITOR);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_recovery_encode(&recovery, &wr);
    golden_check("recovery", sec_wr_done(&wr));
    CHECK(strict_check(sec_wr_done(&wr), recovery_again) > 0);
    recovery.owners.keys[1] = key_of(STRANGER);
    wr = sec_wr(SEC_ROOM(room));
    sec_recovery_encode(&recovery, &wr);
    CHECK_STATUS(sec_recovery_parse(sec_wr_done(&wr), &recovery), SEC_BAD_VALUE);
}

static sec_status approval_again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_approval form;
    SEC_TRY(sec_approval_parse(in, &form));
    sec_approval_encode(&form, wr);
    return sec_st(SEC_OK);
}

static void an_approval_comes_back(void)
{
    struct sec_approval approval = {{{1, 2, 3}}, 4};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_approval_encode(&approval, &wr);
    golden_check("approval", sec_wr_done(&wr));
    CHECK(strict_check(sec_wr_done(&wr), approval_again) > 0);
}

static sec_status site_again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_site form;
    SEC_TRY(sec_site_parse(in, &form));
    sec_site_encode(&form, wr);
    return sec_st(SEC_OK);
}

static void a_site_comes_back(void)
{
    struct sec_site site = {SEC_LIT("https://hub.example:8443"), {{7, 7}}};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_site_encode(&site, &wr);
    golden_check("site", sec_wr_done(&wr));
    CHECK(strict_check(sec_wr_done(&wr), site_again) > 0);
    site.address = SEC_LIT("");
    wr = sec_wr(SEC_ROOM(room));
    sec_site_encode(&site, &wr);
    CHECK_STATUS(sec_site_parse(sec_wr_done(&wr), &site), SEC_BAD_VALUE);
}

static sec_status beacon_again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_beacon form;
    SEC_TRY(sec_beacon_parse(in, &form));
    sec_beacon_encode(&form, wr);
    return sec_st(SEC_OK);
}

static void a_beacon_comes_back(void)
{
    struct sec_beacon beacon = {.heads = {3, 0, 9}, .revoked_count = 1, .time_s = 1790000000};
    beacon.revoked[0] = kid_of(STRANGER);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_beacon_encode(&beacon, &wr);
    golden_check("beacon", sec_wr_done(&wr));
    CHECK(strict_check(sec_wr_done(&wr), beacon_again) > 0);
    static const uint8_t topic_7[] = {0xa3, 1, 0xa1, 7, 1, 2, 0x80, 3, 0};
    CHECK_STATUS(sec_beacon_parse(SEC_BYTES(topic_7), &beacon), SEC_UNKNOWN_FIELD);
}

static const struct test tests[] = {
    TEST(a_transfer_comes_back_and_keeps_its_rules),
    TEST(a_recovery_comes_back_and_names_each_key_once),
    TEST(an_approval_comes_back),
    TEST(a_site_comes_back),
    TEST(a_beacon_comes_back),
};
TEST_MAIN(tests)
