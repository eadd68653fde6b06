/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static struct sec_access state;
static uint8_t audience_room[256], detail_room[256];
static struct sec_bytes detail_said;
static const struct sec_digest statement = {{0x57}};

static struct sec_command some_command(enum sec_action action, uint64_t generation)
{
    static const uint8_t empty[] = {0xa0};
    const struct sec_action_row *row = sec_action_row((uint64_t)action);
    struct sec_bytes id = SEC_BYTES(device_id);
    struct sec_wr wr = sec_wr(SEC_ROOM(audience_room));
    sec_audience_encode_ids(&id, 1, &wr);
    return (struct sec_command){
        .audience = {.item = sec_wr_done(&wr), .count = 1},
        .topic = row ? row->topic : SEC_TOPIC_ACCESS,
        .epoch = 1,
        .generation = generation,
        .action = (uint64_t)action,
        .args = SEC_BYTES(empty),
    };
}

static sec_status judge(const struct sec_access_facts *facts, enum person person, const struct sec_command *command)
{
    struct sec_access_subject subject;
    struct sec_key_id kid = kid_of(person);
    struct sec_wr detail = sec_wr(SEC_ROOM(detail_room));
    CHECK_OK(sec_access_find(&state, &kid, &subject));
    sec_status status = sec_access_judge_command(&state, facts, &subject, command, &statement, &detail);
    detail_said = sec_wr_done(&detail);
    return status;
}

static bool permitted(enum person person, enum sec_action action)
{
    struct sec_access_facts facts = people_facts();
    struct sec_command command = some_command(action, 1);
    return !sec_is(judge(&facts, person, &command), SEC_ROLE_INSUFFICIENT);
}

/* Who may what, written out by hand: it must agree with the table in access_forms.h. */
static const struct {
    enum sec_action action;
    bool owner, recovery, administrator, operator, auditor;
} rights[] = {
    {SEC_ACTION_ACCESS_ROSTER, true, false, false, false, false},
    {SEC_ACTION_CONFIGURATION_SET, true, false, true, true, false},
    {SEC_ACTION_CONFIGURATION_RESET, true, false, true, false, false},
    {SEC_ACTION_CONFIGURATION_CONFIRM, true, false, true, true, false},
    {SEC_ACTION_CONFIGURATION_REVERT, true, false, true, true, false},
    {SEC_ACTION_UPDATE_INSTALL, true, false, true, true, false},
    {SEC_ACTION_UPDATE_CONFIRM, true, false, true, true, false},
    {SEC_ACTION_UPDATE_REVERT, true, false, true, true, false},
    {SEC_ACTION_PROTECTION_ROTATE, true, false, true, false, false},
    {SEC_ACTION_PROTECTION_WIPE, true, false, false, false, false},
    {SEC_ACTION_LIFECYCLE_SITE, true, false, false, false, false},
    {SEC_ACTION_LIFECYCLE_TRANSFER, true, false, false, false, false},
    {SEC_ACTION_BEACON_RENEW, true, false, false, false, false},
    {SEC_ACTION_PROTECTION_SECRET, true, false, true, false, false},
    {SEC_ACTION_ACCESS_ADMIT_KEY, true, false, false, false, false},
    {SEC_ACTION_LIFECYCLE_RECOVER, false, true, false, false, false},
    {SEC_ACTION_LIFECYCLE_VETO, true, false, false, false, false},
    {SEC_ACTION_EVENTLOG_RETAIN, true, false, false, false, false},
};

static void each_role_may_its_actions_and_no_other(void)
{
    people_state(&state);
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        CHECK_INT(permitted(OWNER, rights[i].action), rights[i].owner);
        CHECK_INT(permitted(RECOVERY, rights[i].action), rights[i].recovery);
        CHECK_INT(permitted(ADMINISTRATOR, rights[i].action), rights[i].administrator);
        CHECK_INT(permitted(OPERATOR, rights[i].action), rights[i].operator);
        CHECK_INT(permitted(AUDITOR, rights[i].action), rights[i].auditor);
    }
    SHOWS("F2.2");
    SHOWS("F5.3");
}

static void an_unknown_action_is_refused_for_everybody(void)
{
    struct sec_access_facts facts = people_facts();
    people_state(&state);
    struct sec_command command = some_command((enum sec_action)19, 1);
    CHECK_STATUS(judge(&facts, OWNER, &command), SEC_UNKNOWN_ACTION);
    command.action = 0;
    CHECK_STATUS(judge(&facts, OWNER, &command), SEC_UNKNOWN_ACTION);
}

static void checks_come_in_the_stated_order(void)
{
    struct sec_access_facts facts = people_facts();
    people_state(&state);
    state.topics[SEC_TOPIC_ACCESS - 1].head = 10;
    facts.time = (struct sec_access_time){.trusted = true, .now_s = 2000};
    /* Everything is wrong; then one thing after the other is put right. */
    struct sec_command command = some_command(SEC_ACTION_ACCESS_ROSTER, 10);
    struct sec_bytes other = SEC_BYTES(other_id);
    static uint8_t wrong[64];
    struct sec_wr wr = sec_wr(SEC_ROOM(wrong));
    struct sec_audience right = command.audience;
    sec_audience_encode_ids(&other, 1, &wr);
    command.audience.item = sec_wr_done(&wr);
    command.epoch = 2;
    command.action = 99;
    command.topic = SEC_TOPIC_BEACON;
    command.members = SEC_WITH_NOT_BEFORE | SEC_WITH_EXPIRY | SEC_WITH_WINDOW;
    command.not_before_s = 3000;
    command.expiry_s = 1000;
    state.owned = false;
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_NO_OWNER);
    state.owned = true;
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_WRONG_AUDIENCE);
    command.audience = right;
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_WRONG_EPOCH);
    command.epoch = 1;
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_UNKNOWN_ACTION);
    command.action = SEC_ACTION_ACCESS_ROSTER;
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_BAD_VALUE);
    command.topic = SEC_TOPIC_ACCESS;
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_ROLE_INSUFFICIENT);
    state.owners_required = state.owners_count = 2; /* the second signs nothing here */
    CHECK_STATUS(judge(&facts, OWNER, &command), SEC_GENERATION_USED);
    command.generation = 10 + SEC_GENERATION_LEAP_MAX + 1;
    CHECK_STATUS(judge(&facts, OWNER, &command), SEC_GENERATION_TOO_FAR);
    command.generation = 10 + SEC_GENERATION_LEAP_MAX;
    CHECK_STATUS(judge(&facts, OWNER, &command), SEC_NOT_YET);
    command.not_before_s = 2000;
    CHECK_STATUS(judge(&facts, OWNER, &command), SEC_EXPIRED);
    command.expiry_s = 2001;
    CHECK_STATUS(judge(&facts, OWNER, &command), SEC_UNSUPPORTED);
    command.members &= ~(unsigned)SEC_WITH_WINDOW;
    CHECK_STATUS(judge(&facts, OWNER, &command), SEC_APPROVALS_MISSING);
    state.owners_required = 1;
    CHECK_OK(judge(&facts, OWNER, &command));
}

static void the_owners_word_in_a_beacon_lets_a_generation_leap(void)
{
    struct sec_access_facts facts = people_facts();
    people_state(&state);
    struct sec_command command = some_command(SEC_ACTION_UPDATE_INSTALL, 5u << 20);
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_GENERATION_TOO_FAR);
    state.lease.heads[SEC_TOPIC_UPDATE - 1] = 4u << 20;
    CHECK_OK(judge(&facts, OPERATOR, &command));
    command.generation++;
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_GENERATION_TOO_FAR);
}

static void a_used_generation_is_answered_with_its_winner(void)
{
    struct sec_access_facts facts = people_facts();
    people_state(&state);
    state.topics[SEC_TOPIC_UPDATE - 1] = (struct sec_access_topic){7, 0, {{0xab}}};
    struct sec_command command = some_command(SEC_ACTION_UPDATE_INSTALL, 7);
    CHECK_STATUS(judge(&facts, ADMINISTRATOR, &command), SEC_GENERATION_USED);
    struct sec_cbor rd = sec_cbor(detail_said);
    CHECK_INT(sec_cbor_map(&rd), 2);
    CHECK_INT(sec_cbor_uint(&rd), 1);
    CHECK_INT(sec_cbor_uint(&rd), 7);
    CHECK_INT(sec_cbor_uint(&rd), 2);
    CHECK_BYTES(sec_cbor_bstr(&rd), sec_digest_bytes(&state.topics[SEC_TOPIC_UPDATE - 1].winner));
    command.generation = 6;
    CHECK_STATUS(judge(&facts, ADMINISTRATOR, &command), SEC_GENERATION_USED);
    command.generation = 8;
    CHECK_OK(judge(&facts, ADMINISTRATOR, &command));
    CHECK_INT(detail_said.len, 0);
}

static void the_leap_counts_at_the_end_of_the_number_space_too(void)
{
    struct sec_access_facts facts = people_facts();
    people_state(&state);
    struct sec_command command = some_command(SEC_ACTION_UPDATE_INSTALL, UINT64_MAX);
    CHECK_STATUS(judge(&facts, OWNER, &command), SEC_GENERATION_TOO_FAR);
    state.topics[SEC_TOPIC_UPDATE - 1].head = UINT64_MAX - 1;
    CHECK_OK(judge(&facts, OWNER, &command));
    state.topics[SEC_TOPIC_UPDATE - 1].head = UINT64_MAX;
    CHECK_STATUS(judge(&facts, OWNER, &command), SEC_GENERATION_USED);
}

static void an_operator_acts_within_scope_and_time(void)
{
    struct sec_access_facts facts = people_facts();
    people_state(&state);
    struct sec_command command = some_command(SEC_ACTION_CONFIGURATION_SET, 1);
    CHECK_OK(judge(&facts, OPERATOR, &command));
    facts.device.group = SEC_LIT("hall-4");
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_ROLE_INSUFFICIENT);
    facts.device.group = SEC_LIT("hall-3");
    facts.time = (struct sec_access_time){.trusted = true, .now_s = 1800000000};
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_ROLE_INSUFFICIENT);
    facts.time.now_s--;
    CHECK_OK(judge(&facts, OPERATOR, &command));
    SHOWS("F2.2");
}

static void without_trusted_time_the_lower_bound_decides(void)
{
    struct sec_access_facts facts = people_facts();
    people_state(&state);
    facts.time = (struct sec_access_time){.trusted = false, .now_s = 1900000000, .lower_s = 5};
    struct sec_command command = some_command(SEC_ACTION_CONFIGURATION_SET, 1);
    command.members = SEC_WITH_EXPIRY | SEC_WITH_NOT_BEFORE;
    command.expiry_s = 1899999999;
    command.not_before_s = 5;
    CHECK_OK(judge(&facts, OPERATOR, &command)); /* the clock says that it is over, and nobody need believe it */
    command.not_before_s = 6;
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_NOT_YET);
    command.not_before_s = 1;
    command.expiry_s = 5;
    CHECK_STATUS(judge(&facts, OPERATOR, &command), SEC_EXPIRED);
}

static void members_that_an_action_does_not_honour_are_unsupported(void)
{
    struct sec_access_facts facts = people_facts();
    static const unsigned members[] = {SEC_WITH_WINDOW, SEC_WITH_SPREAD, SEC_WITH_BASE, SEC_WITH_CONFIRM,
                                       SEC_WITH_BESIDE};
    people_state(&state);
    for (uint64_t action = 1; action <= 18; action++) {
        const struct sec_action_row *row = sec_action_row(action);
        enum person person = action == SEC_ACTION_LIFECYCLE_RECOVER ? RECOVERY : OWNER;
        struct sec_command command = some_command((enum sec_action)action, 1);
        CHECK_STATUS(judge(&facts, person, &command), row->carried_out ? SEC_OK : SEC_UNSUPPORTED);
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
            command.members = members[i];
            bool honoured = row->carried_out && (row->members & members[i]) != 0;
            CHECK_STATUS(judge(&facts, person, &command), honoured ? SEC_OK : SEC_UNSUPPORTED);
        }
    }
    struct sec_command command = some_command(SEC_ACTION_CONFIGURATION_SET, 1);
    command.members = SEC_WITH_BASE | SEC_WITH_CONFIRM | SEC_WITH_NOT_BEFORE | SEC_WITH_EXPIRY;
    command.expiry_s = INT64_MAX;
    CHECK_OK(judge(&facts, OPERATOR, &command));
}

static void applications_have_the_rights_of_their_roster_entry_alone(void)
{
    struct sec_access_facts facts = people_facts();
    static const struct {
        uint32_t uid, pid;
        enum sec_right right;
        enum sec_status_code want;
    } cases[] = {
        {1001, 10, SEC_RIGHT_EVENT, SEC_OK},
        {1001, 10, SEC_RIGHT_SECRET, SEC_OK},
        {1001, 10, SEC_RIGHT_LOG_READ, SEC_NOT_PERMITTED},
        {1001, 0, SEC_RIGHT_EVENT, SEC_NOT_PERMITTED},
        {1002, 10, SEC_RIGHT_EVENT, SEC_NOT_PERMITTED},
        {1003, 10, SEC_RIGHT_EVENT, SEC_NOT_PERMITTED},
        {0, 10, SEC_RIGHT_EVENT, SEC_NOT_PERMITTED},
        {65534, 10, SEC_RIGHT_EVENT, SEC_NOT_PERMITTED},
        {65535, 10, SEC_RIGHT_EVENT, SEC_NOT_PERMITTED},
        {UINT32_MAX, 10, SEC_RIGHT_EVENT, SEC_NOT_PERMITTED},
    };
    people_state(&state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_STATUS(sec_access_permits(&state, &facts, cases[i].uid, cases[i].pid, cases[i].right), cases[i].want);
    sec_access_init(&state);
    CHECK_STATUS(sec_access_permits(&state, &facts, 1001, 10, SEC_RIGHT_EVENT), SEC_NOT_PERMITTED);
    SHOWS("F6.3");
}

static const struct test tests[] = {
    TEST(each_role_may_its_actions_and_no_other),
    TEST(an_unknown_action_is_refused_for_everybody),
    TEST(checks_come_in_the_stated_order),
    TEST(the_owners_word_in_a_beacon_lets_a_generation_leap),
    TEST(a_used_generation_is_answered_with_its_winner),
    TEST(the_leap_counts_at_the_end_of_the_number_space_too),
    TEST(an_operator_acts_within_scope_and_time),
    TEST(without_trusted_time_the_lower_bound_decides),
    TEST(members_that_an_action_does_not_honour_are_unsupported),
    TEST(applications_have_the_rights_of_their_roster_entry_alone),
};
TEST_MAIN(tests)
