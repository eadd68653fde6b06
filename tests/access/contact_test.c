/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <securable/access_hub.h>

#define SEEN_S 1800000000

static void contact_is_judged_by_intervals(void)
{
    CHECK_INT(sec_contact_judge(0, SEEN_S, 60), SEC_CONTACT_NEVER);
    CHECK_INT(sec_contact_judge(SEEN_S, SEEN_S, 60), SEC_CONTACT_NOW);
    CHECK_INT(sec_contact_judge(SEEN_S, SEEN_S + 120, 60), SEC_CONTACT_NOW);
    CHECK_INT(sec_contact_judge(SEEN_S, SEEN_S + 121, 60), SEC_CONTACT_LATE);
    CHECK_INT(sec_contact_judge(SEEN_S, SEEN_S + 600, 60), SEC_CONTACT_LATE);
    CHECK_INT(sec_contact_judge(SEEN_S, SEEN_S + 601, 60), SEC_CONTACT_LOST);
    CHECK_INT(sec_contact_judge(SEEN_S, SEEN_S - 5000, 60), SEC_CONTACT_NOW);
    CHECK_INT(sec_contact_judge(SEEN_S, SEEN_S + 3, 0), SEC_CONTACT_LATE);
    CHECK_INT(sec_contact_judge(1, INT64_MAX, UINT64_MAX), SEC_CONTACT_NOW);
}

static void each_contact_has_a_word(void)
{
    CHECK(strcmp(sec_contact_word(SEC_CONTACT_NEVER), "never") == 0);
    CHECK(strcmp(sec_contact_word(SEC_CONTACT_NOW), "now") == 0);
    CHECK(strcmp(sec_contact_word(SEC_CONTACT_LATE), "late") == 0);
    CHECK(strcmp(sec_contact_word(SEC_CONTACT_LOST), "lost") == 0);
    CHECK(strcmp(sec_contact_word(4), "unknown") == 0);
}

static void what_was_of_the_moment_goes_there_again(void)
{
    CHECK_INT(sec_delivery_judge(SEC_OK, true), SEC_DELIVERY_ANSWERED);
    CHECK_INT(sec_delivery_judge(SEC_GENERATION_USED, true), SEC_DELIVERY_ANSWERED);
    CHECK_INT(sec_delivery_judge(SEC_UNKNOWN_KEY, false), SEC_DELIVERY_ANSWERED);
    CHECK_INT(sec_delivery_judge(SEC_APPROVALS_MISSING, false), SEC_DELIVERY_HELD);
    CHECK_INT(sec_delivery_judge(SEC_APPROVALS_MISSING, true), SEC_DELIVERY_HELD);
    CHECK_INT(sec_delivery_judge(SEC_LOCKED_OUT, false), SEC_DELIVERY_AGAIN);
    CHECK_INT(sec_delivery_judge(SEC_STORAGE_FULL, false), SEC_DELIVERY_AGAIN);
    CHECK_INT(sec_delivery_judge(SEC_STORAGE_FULL, true), SEC_DELIVERY_ANSWERED);
    CHECK_INT(sec_delivery_judge(SEC_IO_FAILED, false), SEC_DELIVERY_AGAIN);
}

static void what_is_proven_stands(void)
{
    CHECK(sec_delivery_settled(true, true, SEC_OK));
    CHECK(sec_delivery_settled(true, true, SEC_GENERATION_USED));
    CHECK(!sec_delivery_settled(true, true, SEC_PENDING));
    CHECK(!sec_delivery_settled(true, false, SEC_OK));
    CHECK(!sec_delivery_settled(false, true, SEC_OK));
}

static const struct test tests[] = {
    TEST(contact_is_judged_by_intervals),
    TEST(each_contact_has_a_word),
    TEST(what_was_of_the_moment_goes_there_again),
    TEST(what_is_proven_stands),
};
TEST_MAIN(tests)
