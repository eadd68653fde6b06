/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/access.h>

#include "test.h"

static void every_action_has_a_row_and_a_word_that_leads_back(void)
{
    enum sec_action action;
    for (uint64_t number = 1; number <= 18; number++) {
        const struct sec_action_row *row = sec_action_row(number);
        CHECK(row != NULL);
        CHECK_OK(sec_action_of_word(sec_bytes_of_str(sec_action_word(number)), &action));
        CHECK_INT(action, number);
        CHECK(row->topic >= SEC_TOPIC_ACCESS && row->topic <= SEC_TOPIC_BEACON);
    }
    CHECK(sec_action_row(0) == NULL);
    CHECK(sec_action_row(19) == NULL);
    CHECK(sec_action_row(UINT64_MAX) == NULL);
    CHECK(strcmp(sec_action_word(19), "unknown") == 0);
    CHECK_STATUS(sec_action_of_word(SEC_LIT("access.all"), &action), SEC_NOT_FOUND);
}

static void topics_roles_and_rights_have_words(void)
{
    enum sec_topic topic;
    enum sec_role role;
    enum sec_right right;
    enum sec_root_role root_role;
    for (uint64_t i = 1; i <= SEC_TOPICS_COUNT; i++) {
        CHECK_OK(sec_topic_of_word(sec_bytes_of_str(sec_topic_word(i)), &topic));
        CHECK_INT(topic, i);
    }
    for (uint64_t i = 0; i <= SEC_ROLE_APPLICATION; i++) {
        CHECK_OK(sec_role_of_word(sec_bytes_of_str(sec_role_word(i)), &role));
        CHECK_INT(role, i);
    }
    for (uint64_t i = 1; i <= SEC_RIGHT_NOTIFY; i++) {
        CHECK_OK(sec_right_of_word(sec_bytes_of_str(sec_right_word(i)), &right));
        CHECK_INT(right, i);
    }
    for (uint64_t i = 1; i <= SEC_ROOT_ROLES_COUNT; i++) {
        CHECK_OK(sec_root_role_of_word(sec_bytes_of_str(sec_root_role_word(i)), &root_role));
        CHECK_INT(root_role, i);
    }
    CHECK_STATUS(sec_role_of_word(SEC_LIT("root"), &role), SEC_NOT_FOUND);
    CHECK(strcmp(sec_topic_word(0), "unknown") == 0);
}

static const struct test tests[] = {
    TEST(every_action_has_a_row_and_a_word_that_leads_back),
    TEST(topics_roles_and_rights_have_words),
};
TEST_MAIN(tests)
