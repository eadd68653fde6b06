/* SPDX-License-Identifier: Apache-2.0 */
/* Words for numbers and numbers for words, from the tables in access_forms.h. */
#include <securable/access.h>

struct pair {
    unsigned number;
    const char *word;
};

#define PAIR(name, number, word) {number, word},
static const struct pair topics[] = {SEC_TOPIC_TABLE(PAIR)};
static const struct pair roles[] = {SEC_ROLE_TABLE(PAIR)};
static const struct pair rights[] = {SEC_RIGHT_TABLE(PAIR)};
static const struct pair root_roles[] = {{SEC_ROOT_ROOT, "root"},
                                         {SEC_ROOT_RELEASE, "release"},
                                         {SEC_ROOT_VOUCHER, "voucher"},
                                         {SEC_ROOT_DEVICE_CA, "device-ca"}};

#define ROW(name, number, word, topic, role, members, done)                                                            \
    {SEC_ACTION_##name, word, SEC_TOPIC_##topic, SEC_ROLE_##role, members, done},
static const struct sec_action_row actions[] = {SEC_ACTION_TABLE(ROW)};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *word_of(const struct pair *pairs, size_t pairs_count, uint64_t number)
{
    for (size_t i = 0; i < pairs_count; i++)
        if (pairs[i].number == number)
            return pairs[i].word;
    return "unknown";
}

static sec_status number_of(const struct pair *pairs, size_t pairs_count, struct sec_bytes word, unsigned *ret_number)
{
    for (size_t i = 0; i < pairs_count; i++) {
        if (sec_bytes_equal(word, sec_bytes_of_str(pairs[i].word))) {
            *ret_number = pairs[i].number;
            return sec_st(SEC_OK);
        }
    }
    return sec_st(SEC_NOT_FOUND);
}

const char *sec_topic_word(uint64_t topic)
{
    return word_of(topics, COUNT(topics), topic);
}

const char *sec_role_word(uint64_t role)
{
    return word_of(roles, COUNT(roles), role);
}

const char *sec_right_word(uint64_t right)
{
    return word_of(rights, COUNT(rights), right);
}

const char *sec_root_role_word(uint64_t role)
{
    return word_of(root_roles, COUNT(root_roles), role);
}

sec_status sec_topic_of_word(struct sec_bytes word, enum sec_topic *ret_topic)
{
    unsigned number;
    SEC_TRY(number_of(topics, COUNT(topics), word, &number));
    *ret_topic = (enum sec_topic)number;
    return sec_st(SEC_OK);
}

sec_status sec_role_of_word(struct sec_bytes word, enum sec_role *ret_role)
{
    unsigned number;
    SEC_TRY(number_of(roles, COUNT(roles), word, &number));
    *ret_role = (enum sec_role)number;
    return sec_st(SEC_OK);
}

sec_status sec_right_of_word(struct sec_bytes word, enum sec_right *ret_right)
{
    unsigned number;
    SEC_TRY(number_of(rights, COUNT(rights), word, &number));
    *ret_right = (enum sec_right)number;
    return sec_st(SEC_OK);
}

sec_status sec_root_role_of_word(struct sec_bytes word, enum sec_root_role *ret_role)
{
    unsigned number;
    SEC_TRY(number_of(root_roles, COUNT(root_roles), word, &number));
    *ret_role = (enum sec_root_role)number;
    return sec_st(SEC_OK);
}

const struct sec_action_row *sec_action_row(uint64_t action)
{
    for (size_t i = 0; i < COUNT(actions); i++)
        if ((uint64_t)actions[i].action == action)
            return &actions[i];
    return NULL;
}

const char *sec_action_word(uint64_t action)
{
    const struct sec_action_row *row = sec_action_row(action);
    return row ? row->word : "unknown";
}

sec_status sec_action_of_word(struct sec_bytes word, enum sec_action *ret_action)
{
    for (size_t i = 0; i < COUNT(actions); i++) {
        if (sec_bytes_equal(word, sec_bytes_of_str(actions[i].word))) {
            *ret_action = actions[i].action;
            return sec_st(SEC_OK);
        }
    }
    return sec_st(SEC_NOT_FOUND);
}
