/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static uint8_t room[4096];

static struct sec_roots some_roots(void)
{
    struct sec_roots roots = {.version = 1};
    for (size_t i = 0; i < SEC_ROOT_ROLES_COUNT; i++) {
        struct fake_key key;
        fake_key_init(&key, SEC_KEY_P256, 200 + i);
        roots.roles[i].keys.count = 1;
        roots.roles[i].keys.keys[0] = key.key;
        roots.roles[i].required = 1;
    }
    return roots;
}

static struct sec_bytes encoded(const struct sec_roots *roots)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_roots_encode(roots, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_roots roots;
    SEC_TRY(sec_roots_parse(in, &roots));
    sec_roots_encode(&roots, wr);
    return sec_st(SEC_OK);
}

static void roots_have_their_golden_bytes_and_are_strict(void)
{
    struct sec_roots roots = some_roots();
    golden_check("roots", encoded(&roots));
    CHECK(strict_check(encoded(&roots), again) > 0);
}

static void a_role_that_is_not_given_has_no_keys(void)
{
    struct sec_roots back, roots = some_roots();
    roots.roles[0].keys.count = 0;
    CHECK_OK(sec_roots_parse(encoded(&roots), &back));
    CHECK_INT(back.roles[0].keys.count, 0);
    CHECK_INT(back.roles[1].keys.count, 1);
}

static void a_key_is_found_in_its_own_role_alone(void)
{
    struct sec_roots roots = some_roots();
    struct sec_public_key key;
    struct sec_key_id kid;
    CHECK_OK(sec_key_id_of(&roots.roles[SEC_ROOT_VOUCHER - 1].keys.keys[0], people_hasher(), &kid));
    CHECK_OK(sec_roots_find(&roots, SEC_ROOT_VOUCHER, &kid, people_hasher(), &key));
    CHECK(sec_key_equal(&key, &roots.roles[SEC_ROOT_VOUCHER - 1].keys.keys[0]));
    CHECK_STATUS(sec_roots_find(&roots, SEC_ROOT_RELEASE, &kid, people_hasher(), &key), SEC_UNKNOWN_KEY);
    CHECK_STATUS(sec_roots_find(&roots, SEC_ROOT_ROOT, &kid, people_hasher(), &key), SEC_UNKNOWN_KEY);
    CHECK_STATUS(sec_roots_find(&roots, (enum sec_root_role)5, &kid, people_hasher(), &key), SEC_BAD_ARGUMENT);
    SHOWS("F5.3");
}

static void a_threshold_of_two_is_unsupported_and_not_ignored(void)
{
    struct sec_roots roots = some_roots();
    struct sec_public_key key;
    struct sec_key_id kid = kid_of(VENDOR);
    roots.roles[SEC_ROOT_RELEASE - 1].keys.keys[1] = key_of(VENDOR);
    roots.roles[SEC_ROOT_RELEASE - 1].keys.count = 2;
    roots.roles[SEC_ROOT_RELEASE - 1].required = 2;
    CHECK_STATUS(sec_roots_find(&roots, SEC_ROOT_RELEASE, &kid, people_hasher(), &key), SEC_UNSUPPORTED);
}

static void bad_values_are_refused(void)
{
    struct sec_roots back, roots = some_roots();
    roots.version = 0;
    CHECK_STATUS(sec_roots_parse(encoded(&roots), &back), SEC_BAD_VALUE);
    roots = some_roots();
    roots.roles[2].required = 2;
    CHECK_STATUS(sec_roots_parse(encoded(&roots), &back), SEC_BAD_VALUE);
    static const uint8_t no_role[] = {0xa2, 1, 1, 2, 0xa0};
    CHECK_STATUS(sec_roots_parse(SEC_BYTES(no_role), &back), SEC_BAD_VALUE);
    static const uint8_t role_5[] = {0xa2, 1, 1, 2, 0xa1, 5, 0xa0};
    CHECK_STATUS(sec_roots_parse(SEC_BYTES(role_5), &back), SEC_UNKNOWN_FIELD);
}

static const struct test tests[] = {
    TEST(roots_have_their_golden_bytes_and_are_strict),
    TEST(a_role_that_is_not_given_has_no_keys),
    TEST(a_key_is_found_in_its_own_role_alone),
    TEST(a_threshold_of_two_is_unsupported_and_not_ignored),
    TEST(bad_values_are_refused),
};
TEST_MAIN(tests)
