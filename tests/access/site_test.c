/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static struct sec_access state;
static uint8_t body_room[512], change_room[512], detail_room[1024];
static struct sec_bytes change;

static sec_status move_to(struct sec_bytes address)
{
    struct sec_site site = {address, {{7, 7}}};
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), to = sec_wr(SEC_ROOM(change_room)),
                  say = sec_wr(SEC_ROOM(detail_room));
    sec_site_encode(&site, &body);
    sec_status status = sec_access_judge_site(&state, sec_wr_done(&body), &to, &say);
    change = sec_wr_done(&to);
    CHECK(sec_ok(status) == (change.len != 0));
    return status;
}

static void an_owner_names_the_hub_and_a_wipe_forgets_it(void)
{
    struct sec_site site;
    people_state(&state);
    CHECK(!sec_access_site(&state, &site));
    CHECK_OK(move_to(SEC_LIT("https://hub.example:8443")));
    golden_check("access-change-site", change);
    CHECK_OK(sec_access_apply(&state, change, 4));
    CHECK(people_comes_back(&state));
    CHECK(sec_access_site(&state, &site));
    CHECK_BYTES(site.address, SEC_LIT("https://hub.example:8443"));
    CHECK_INT(site.ca.b[1], 7);
    CHECK_OK(move_to(SEC_LIT("https://h")));
    CHECK_OK(sec_access_apply(&state, change, 5));
    CHECK(sec_access_site(&state, &site));
    CHECK_BYTES(site.address, SEC_LIT("https://h"));
    CHECK(people_comes_back(&state));
    sec_access_survive(&state);
    CHECK(!sec_access_site(&state, &site));
    CHECK_STATUS(sec_access_apply(&state, change, 6), SEC_NO_OWNER);
}

static void an_address_is_a_host_and_perhaps_a_port(void)
{
    static const struct {
        const char *address;
        enum sec_status_code want;
    } cases[] = {
        {"https://hub.example", SEC_OK},
        {"https://hub-2.example:1", SEC_OK},
        {"https://10.0.0.1:65535", SEC_OK},
        {"https://[::1]", SEC_OK},
        {"https://[fe80::1]:8443", SEC_OK},
        {"http://hub.example", SEC_BAD_VALUE},
        {"HTTPS://hub.example", SEC_BAD_VALUE},
        {"https://", SEC_BAD_VALUE},
        {"https://:8443", SEC_BAD_VALUE},
        {"https://hub.example:", SEC_BAD_VALUE},
        {"https://hub.example:0", SEC_BAD_VALUE},
        {"https://hub.example:08443", SEC_BAD_VALUE},
        {"https://hub.example:65536", SEC_BAD_VALUE},
        {"https://hub.example:8443/", SEC_BAD_VALUE},
        {"https://hub.example/path", SEC_BAD_VALUE},
        {"https://user@hub.example", SEC_BAD_VALUE},
        {"https://hub.example ", SEC_BAD_VALUE},
        {"https://hub..example", SEC_BAD_VALUE},
        {"https://-hub", SEC_BAD_VALUE},
        {"https://hub.", SEC_BAD_VALUE},
        {"https://h\xc3\xbc.example", SEC_BAD_VALUE},
        {"https://[::1", SEC_BAD_VALUE},
        {"https://[]", SEC_BAD_VALUE},
        {"https://[::1]8443", SEC_BAD_VALUE},
        {"https://[fe80::1%eth0]", SEC_BAD_VALUE},
    };
    people_state(&state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_STATUS(move_to(sec_bytes_of_str(cases[i].address)), cases[i].want);
}

static const struct test tests[] = {
    TEST(an_owner_names_the_hub_and_a_wipe_forgets_it),
    TEST(an_address_is_a_host_and_perhaps_a_port),
};
TEST_MAIN(tests)
