/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static struct sec_access state;
static struct sec_roster roster;
static uint8_t body_room[256], change_room[256], detail_room[256], thresholds_room[64];
static struct sec_bytes change, detail;
static const struct sec_digest statement = {{0x57}}, other_statement = {{0x58}};

/* Two owners of whom both must sign; configuration.set needs 2 keys by ids and 3 by match. */
static void make(void)
{
    struct sec_voucher voucher = people_voucher();
    struct sec_threshold threshold = {SEC_ACTION_CONFIGURATION_SET, 2, 3};
    struct sec_wr wr = sec_wr(SEC_ROOM(thresholds_room));
    voucher.owners.keys[1] = key_of(SECOND_OWNER);
    voucher.owners.count = 2;
    voucher.required = 2;
    people_claim(&state, &voucher);
    people_roster(&roster);
    sec_thresholds_encode(&threshold, 1, &wr);
    roster.thresholds = sec_wr_done(&wr);
    people_set(&state, &roster, 0);
}

static sec_status approve_with(const struct sec_access_facts *facts, enum person person,
                               const struct sec_digest *digest, uint64_t epoch)
{
    struct sec_access_subject subject;
    struct sec_key_id kid = kid_of(person);
    struct sec_approval form = {*digest, epoch};
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), to = sec_wr(SEC_ROOM(change_room)),
                  say = sec_wr(SEC_ROOM(detail_room));
    sec_approval_encode(&form, &body);
    CHECK_OK(sec_access_find(&state, &kid, &subject));
    sec_status status = sec_access_judge_approval(&state, facts, &subject, sec_wr_done(&body), &to, &say);
    change = sec_wr_done(&to);
    detail = sec_wr_done(&say);
    CHECK(sec_ok(status) == (change.len != 0));
    if (sec_ok(status)) {
        CHECK_OK(sec_access_apply(&state, change, 5));
        CHECK(people_comes_back(&state));
    }
    return status;
}

static sec_status approve(enum person person, const struct sec_digest *digest)
{
    struct sec_access_facts facts = people_facts();
    return approve_with(&facts, person, digest, 1);
}

static sec_status judge(enum person person, const struct sec_command *command)
{
    struct sec_access_facts facts = people_facts();
    struct sec_access_subject subject;
    struct sec_key_id kid = kid_of(person);
    struct sec_wr say = sec_wr(SEC_ROOM(detail_room));
    CHECK_OK(sec_access_find(&state, &kid, &subject));
    sec_status status = sec_access_judge_command(&state, &facts, &subject, command, &statement, &say);
    detail = sec_wr_done(&say);
    return status;
}

static void check_missing(uint64_t needed, uint64_t have)
{
    struct sec_cbor rd = sec_cbor(detail);
    CHECK_INT(sec_cbor_map(&rd), 2);
    CHECK_INT(sec_cbor_uint(&rd), 1);
    CHECK_INT(sec_cbor_uint(&rd), needed);
    CHECK_INT(sec_cbor_uint(&rd), 2);
    CHECK_INT(sec_cbor_uint(&rd), have);
    CHECK_OK(sec_cbor_end(&rd));
}

static void a_command_waits_until_enough_keys_have_approved_it(void)
{
    make();
    struct sec_command command = people_command(SEC_ACTION_CONFIGURATION_SET, 1, false);
    CHECK_STATUS(judge(OPERATOR, &command), SEC_APPROVALS_MISSING);
    check_missing(2, 1);
    CHECK_OK(approve(ADMINISTRATOR, &statement));
    golden_check("access-change-approved", change);
    CHECK_OK(judge(OPERATOR, &command));
    /* A match reaches further, and needs one more. */
    command = people_command(SEC_ACTION_CONFIGURATION_SET, 1, true);
    CHECK_STATUS(judge(OPERATOR, &command), SEC_APPROVALS_MISSING);
    check_missing(3, 2);
    CHECK_OK(approve(OWNER, &statement));
    CHECK_OK(judge(OPERATOR, &command));
    SHOWS("F2.2");
}

static void an_owners_action_needs_as_many_owners_as_the_voucher_says(void)
{
    make();
    struct sec_command command = people_command(SEC_ACTION_ACCESS_ROSTER, 1, false);
    CHECK_STATUS(judge(OWNER, &command), SEC_APPROVALS_MISSING);
    CHECK_OK(approve(ADMINISTRATOR, &statement)); /* who may not do it does not count */
    CHECK_STATUS(judge(OWNER, &command), SEC_APPROVALS_MISSING);
    check_missing(2, 1);
    CHECK_OK(approve(SECOND_OWNER, &statement));
    CHECK_OK(judge(OWNER, &command));
    command = people_command(SEC_ACTION_CONFIGURATION_RESET, 1, false);
    CHECK_OK(judge(ADMINISTRATOR, &command));
}

static void the_recovery_key_acts_alone(void)
{
    make();
    struct sec_command command = people_command(SEC_ACTION_LIFECYCLE_RECOVER, 1, false);
    CHECK_INT(sec_access_needed(&state, &command), 1);
    CHECK_OK(judge(RECOVERY, &command));
}

static void the_signers_own_approval_and_those_of_other_statements_do_not_count(void)
{
    make();
    struct sec_command command = people_command(SEC_ACTION_CONFIGURATION_SET, 1, false);
    CHECK_OK(approve(OPERATOR, &statement));
    CHECK_OK(approve(ADMINISTRATOR, &other_statement));
    CHECK_STATUS(judge(OPERATOR, &command), SEC_APPROVALS_MISSING);
    check_missing(2, 1);
}

static void an_approval_counts_as_long_as_its_key_does(void)
{
    struct sec_access_facts facts = people_facts();
    struct sec_access_subject subject;
    struct sec_key_id kid = kid_of(ADMINISTRATOR);
    struct sec_wr say = sec_wr(SEC_ROOM(detail_room));
    make();
    struct sec_command command = people_command(SEC_ACTION_CONFIGURATION_SET, 1, false);
    CHECK_OK(approve(OPERATOR, &statement));
    CHECK_OK(sec_access_find(&state, &kid, &subject));
    CHECK_OK(sec_access_judge_command(&state, &facts, &subject, &command, &statement, &say));
    facts.device.group = SEC_LIT("hall-4"); /* outside the operator's scope */
    CHECK_STATUS(sec_access_judge_command(&state, &facts, &subject, &command, &statement, &say), SEC_APPROVALS_MISSING);
    facts = people_facts();
    facts.time.lower_s = 1800000000; /* the operator's time has ended */
    CHECK_STATUS(sec_access_judge_command(&state, &facts, &subject, &command, &statement, &say), SEC_APPROVALS_MISSING);
    roster.subjects[1] = roster.subjects[4]; /* no operator any more */
    roster.subjects_count = 2;
    people_set(&state, &roster, 0);
    CHECK_INT(state.approvals_count, 0);
    CHECK_STATUS(judge(ADMINISTRATOR, &command), SEC_APPROVALS_MISSING);
}

static void refusals_of_approvals_have_their_reasons(void)
{
    struct sec_access_facts facts = people_facts();
    make();
    CHECK_STATUS(approve_with(&facts, OPERATOR, &statement, 2), SEC_WRONG_EPOCH);
    CHECK_STATUS(approve(AUDITOR, &statement), SEC_ROLE_INSUFFICIENT);
    CHECK_STATUS(approve(RECOVERY, &statement), SEC_ROLE_INSUFFICIENT);
    facts.device.group = SEC_LIT("hall-4");
    CHECK_STATUS(approve_with(&facts, OPERATOR, &statement, 1), SEC_ROLE_INSUFFICIENT);
    facts = people_facts();
    facts.time.lower_s = 1800000000;
    CHECK_STATUS(approve_with(&facts, OPERATOR, &statement, 1), SEC_ROLE_INSUFFICIENT);
    CHECK_OK(approve(OPERATOR, &statement));
    CHECK_STATUS(approve(OPERATOR, &statement), SEC_EXISTS);
    roster.has_lease = true;
    roster.lease_days = 1;
    people_set(&state, &roster, 0);
    facts = people_facts();
    facts.uptime_s = 86400;
    CHECK_STATUS(approve_with(&facts, OPERATOR, &other_statement, 1), SEC_LEASE_ENDED);
    /* What was approved in time does not count any more either. */
    struct sec_access_subject subject;
    struct sec_key_id kid = kid_of(OWNER);
    struct sec_command command = people_command(SEC_ACTION_CONFIGURATION_SET, 1, false);
    struct sec_wr say = sec_wr(SEC_ROOM(detail_room));
    CHECK_OK(sec_access_find(&state, &kid, &subject));
    CHECK_STATUS(sec_access_judge_command(&state, &facts, &subject, &command, &statement, &say), SEC_APPROVALS_MISSING);
}

static void deciding_a_statement_drops_its_approvals(void)
{
    struct sec_access_decision decision = {statement, sec_st(SEC_OK), SEC_TOPIC_CONFIGURATION, 1, false};
    make();
    CHECK_OK(approve(OPERATOR, &statement));
    CHECK_OK(approve(OPERATOR, &other_statement));
    CHECK_OK(approve(ADMINISTRATOR, &statement));
    struct sec_wr to = sec_wr(SEC_ROOM(change_room));
    sec_access_change_decided(&decision, &to);
    CHECK_OK(sec_access_apply(&state, sec_wr_done(&to), 6));
    CHECK_INT(state.approvals_count, 1);
    CHECK(sec_digest_equal(&state.approvals[0].statement, &other_statement));
    CHECK_STATUS(approve(OWNER, &statement), SEC_ALREADY_DECIDED);
}

static void of_one_key_four_wait_and_its_oldest_gives_way(void)
{
    make();
    CHECK_OK(approve(ADMINISTRATOR, &statement));
    for (uint8_t i = 1; i <= SEC_APPROVALS_OF_KEY_MAX_COUNT; i++)
        CHECK_OK(approve(OPERATOR, &(struct sec_digest){{i}}));
    CHECK_INT(state.approvals_count, 1 + SEC_APPROVALS_OF_KEY_MAX_COUNT);
    CHECK_OK(approve(OPERATOR, &(struct sec_digest){{9}}));
    CHECK_INT(state.approvals_count, 1 + SEC_APPROVALS_OF_KEY_MAX_COUNT);
    CHECK(sec_digest_equal(&state.approvals[0].statement, &statement));
    CHECK_INT(state.approvals[1].statement.b[0], 2);
    CHECK_INT(state.approvals[4].statement.b[0], 9);
}

static void a_full_table_takes_no_further_key(void)
{
    make();
    for (uint8_t i = 0; i < SEC_APPROVALS_MAX_COUNT; i++)
        state.approvals[i] = (struct sec_access_approval){{{i}}, {{0xee, i}}};
    state.approvals_count = SEC_APPROVALS_MAX_COUNT;
    CHECK_STATUS(approve(OPERATOR, &statement), SEC_TABLE_FULL);
    for (uint8_t i = 0; i < SEC_APPROVALS_OF_KEY_MAX_COUNT; i++)
        state.approvals[i].kid = kid_of(OPERATOR);
    CHECK_OK(approve(OPERATOR, &statement));
}

/* A recovery leaves one owner where the roster was written for two. */
static void a_threshold_never_needs_more_owners_than_there_are(void)
{
    struct sec_threshold threshold = {SEC_ACTION_ACCESS_ROSTER, 2, 2};
    struct sec_wr wr = sec_wr(SEC_ROOM(thresholds_room));
    make();
    sec_thresholds_encode(&threshold, 1, &wr);
    roster.thresholds = sec_wr_done(&wr);
    people_set(&state, &roster, 0);
    struct sec_command command = people_command(SEC_ACTION_ACCESS_ROSTER, 1, false);
    CHECK_INT(sec_access_needed(&state, &command), 2);
    state.owners_count = 1;
    state.owners_required = 1;
    CHECK_INT(sec_access_needed(&state, &command), 1);
    CHECK_OK(judge(OWNER, &command));
}

static const struct test tests[] = {
    TEST(a_command_waits_until_enough_keys_have_approved_it),
    TEST(an_owners_action_needs_as_many_owners_as_the_voucher_says),
    TEST(the_recovery_key_acts_alone),
    TEST(the_signers_own_approval_and_those_of_other_statements_do_not_count),
    TEST(an_approval_counts_as_long_as_its_key_does),
    TEST(refusals_of_approvals_have_their_reasons),
    TEST(deciding_a_statement_drops_its_approvals),
    TEST(of_one_key_four_wait_and_its_oldest_gives_way),
    TEST(a_full_table_takes_no_further_key),
    TEST(a_threshold_never_needs_more_owners_than_there_are),
};
TEST_MAIN(tests)
