/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

#include <securable/access_hub.h>

#define NOW_S 1800000000

static uint8_t room[1024];
static const uint8_t nonce[64] = {7, 7, 7};

static struct sec_login a_login(void)
{
    return (struct sec_login){SEC_LIT("sha256:00"), NOW_S, sec_bytes(nonce, 32)};
}

static struct sec_bytes encoded(const struct sec_login *login)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_login_encode(login, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_login login;
    SEC_TRY(sec_login_parse(in, &login));
    sec_login_encode(&login, wr);
    return sec_st(SEC_OK);
}

static void a_login_has_its_golden_bytes_and_is_strict(void)
{
    struct sec_login login = a_login();
    golden_check("login", encoded(&login));
    CHECK(strict_check(encoded(&login), again) > 0);
}

static void hub_and_nonce_have_their_lengths(void)
{
    static const uint8_t letters[SEC_SETTING_TEXT_MAX_BYTES + 1];
    struct sec_login login = a_login(), back;
    login.hub = sec_bytes(letters, SEC_SETTING_TEXT_MAX_BYTES);
    login.nonce = sec_bytes(nonce, 64);
    CHECK_OK(sec_login_parse(encoded(&login), &back));
    login.nonce = sec_bytes(nonce, 16);
    CHECK_OK(sec_login_parse(encoded(&login), &back));
    login.nonce = sec_bytes(nonce, 15);
    CHECK_STATUS(sec_login_parse(encoded(&login), &back), SEC_BAD_VALUE);
    login = a_login();
    login.hub = sec_bytes(letters, SEC_SETTING_TEXT_MAX_BYTES + 1);
    CHECK_STATUS(sec_login_parse(encoded(&login), &back), SEC_BAD_VALUE);
    login.hub.len = 0;
    CHECK_STATUS(sec_login_parse(encoded(&login), &back), SEC_BAD_VALUE);
}

static void a_login_is_for_this_hub_now_and_once(void)
{
    struct sec_login login = a_login();
    CHECK_OK(sec_login_judge(&login, SEC_LIT("sha256:00"), NOW_S, true));
    CHECK_STATUS(sec_login_judge(&login, SEC_LIT("sha256:01"), NOW_S, true), SEC_WRONG_AUDIENCE);
    CHECK_OK(sec_login_judge(&login, SEC_LIT("sha256:00"), NOW_S + 300, true));
    CHECK_OK(sec_login_judge(&login, SEC_LIT("sha256:00"), NOW_S - 300, true));
    CHECK_STATUS(sec_login_judge(&login, SEC_LIT("sha256:00"), NOW_S + 301, true), SEC_EXPIRED);
    CHECK_STATUS(sec_login_judge(&login, SEC_LIT("sha256:00"), NOW_S - 301, true), SEC_EXPIRED);
    CHECK_STATUS(sec_login_judge(&login, SEC_LIT("sha256:00"), NOW_S, false), SEC_NOT_FOUND);
    login.time_s = INT64_MIN;
    CHECK_STATUS(sec_login_judge(&login, SEC_LIT("sha256:00"), NOW_S, true), SEC_EXPIRED);
    login.time_s = INT64_MAX;
    CHECK_STATUS(sec_login_judge(&login, SEC_LIT("sha256:00"), NOW_S, true), SEC_EXPIRED);
}

static void a_role_sees_what_it_may(void)
{
    CHECK_INT(sec_hub_scope_of_role(SEC_ROLE_OWNER), 7);
    CHECK_INT(sec_hub_scope_of_role(SEC_ROLE_ADMINISTRATOR), 7);
    CHECK_INT(sec_hub_scope_of_role(SEC_ROLE_OPERATOR), 3);
    CHECK_INT(sec_hub_scope_of_role(SEC_ROLE_AUDITOR), 1);
    CHECK_INT(sec_hub_scope_of_role(SEC_ROLE_APPLICATION), 0);
    CHECK_INT(sec_hub_scope_of_role(SEC_ROLE_RECOVERY), 0);
    CHECK_INT(sec_hub_scope_of_role(99), 0);
}

static const struct test tests[] = {
    TEST(a_login_has_its_golden_bytes_and_is_strict),
    TEST(hub_and_nonce_have_their_lengths),
    TEST(a_login_is_for_this_hub_now_and_once),
    TEST(a_role_sees_what_it_may),
};
TEST_MAIN(tests)
