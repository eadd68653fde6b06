/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static struct sec_access state;
static uint8_t body_room[4096], change_room[4096], detail_room[256];
static struct sec_bytes change;
static const struct sec_digest statement = {{0x22, 0x33}}, other = {{0x44}};

static sec_status recover_to(enum person first, enum person second)
{
    struct sec_access_facts facts = people_facts();
    struct sec_recovery recovery = {.owners = {.count = 2}};
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), to = sec_wr(SEC_ROOM(change_room)),
                  say = sec_wr(SEC_ROOM(detail_room));
    recovery.owners.keys[0] = key_of(first);
    recovery.owners.keys[1] = key_of(second);
    sec_recovery_encode(&recovery, &body);
    sec_status status = sec_access_judge_recover(&state, &facts, &statement, sec_wr_done(&body), &to, &say);
    change = sec_wr_done(&to);
    CHECK(sec_ok(status) == (change.len != 0));
    return status;
}

static void fold(sec_status status)
{
    CHECK_OK(status);
    CHECK_OK(sec_access_apply(&state, change, 9));
    CHECK(people_comes_back(&state));
}

static void pass(uint64_t seconds)
{
    struct sec_wr to = sec_wr(SEC_ROOM(change_room));
    sec_access_change_uptime(seconds, &to);
    change = sec_wr_done(&to);
    fold(sec_st(SEC_OK));
}

static sec_status veto(const struct sec_digest *digest)
{
    struct sec_access_facts facts = people_facts();
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), to = sec_wr(SEC_ROOM(change_room)),
                  say = sec_wr(SEC_ROOM(detail_room));
    sec_args_digest_encode(digest, &body);
    sec_status status = sec_access_judge_veto(&state, &facts, sec_wr_done(&body), &to, &say);
    change = sec_wr_done(&to);
    CHECK(sec_ok(status) == (change.len != 0));
    return status;
}

static sec_status finish(uint64_t uptime_s)
{
    struct sec_wr to = sec_wr(SEC_ROOM(change_room)), say = sec_wr(SEC_ROOM(detail_room));
    sec_status status = sec_access_judge_recovered(&state, uptime_s, &to, &say);
    change = sec_wr_done(&to);
    CHECK(sec_ok(status) == (change.len != 0));
    return status;
}

static enum sec_role role_of(enum person person)
{
    struct sec_access_subject subject;
    struct sec_key_id kid = kid_of(person);
    return sec_ok(sec_access_find(&state, &kid, &subject)) ? subject.role : SEC_ROLE_APPLICATION;
}

static void new_owner_keys_take_over_after_the_delay(void)
{
    people_state(&state);
    state.topics[SEC_TOPIC_ACCESS - 1].head = 5;
    state.approvals_count = 1;
    state.approvals[0].kid = kid_of(OWNER);
    fold(recover_to(STRANGER, SECOND_OWNER));
    golden_check("access-change-recover", change);
    CHECK(state.recovering.pending);
    CHECK_INT(role_of(OWNER), SEC_ROLE_OWNER); /* nothing has changed yet */
    CHECK_INT(role_of(STRANGER), SEC_ROLE_APPLICATION);
    CHECK_STATUS(finish(0), SEC_NOT_YET);
    pass(SEC_RECOVERY_DELAY_S - 100);
    CHECK_INT(sec_access_recovery_left_s(&state, 40), 60);
    CHECK(!sec_access_recovery_due(&state, 99));
    CHECK_STATUS(finish(99), SEC_NOT_YET);
    CHECK(sec_access_recovery_due(&state, 100));
    fold(finish(100));
    CHECK_INT(role_of(OWNER), SEC_ROLE_APPLICATION);
    CHECK_INT(role_of(STRANGER), SEC_ROLE_OWNER);
    CHECK_INT(role_of(SECOND_OWNER), SEC_ROLE_OWNER);
    CHECK_INT(role_of(RECOVERY), SEC_ROLE_RECOVERY);
    CHECK_INT(role_of(OPERATOR), SEC_ROLE_OPERATOR);
    CHECK_INT(state.epoch, 1);
    CHECK_INT(state.owners_required, 1);
    CHECK_INT(state.topics[SEC_TOPIC_ACCESS - 1].head, 5);
    CHECK_INT(state.approvals_count, 0);
    CHECK(!state.recovering.pending && !sec_access_recovery_due(&state, UINT64_MAX));
    CHECK_STATUS(finish(UINT64_MAX), SEC_NOTHING_PENDING);
}

static void the_present_owner_may_veto(void)
{
    people_state(&state);
    CHECK_STATUS(veto(&statement), SEC_NOTHING_PENDING);
    fold(recover_to(STRANGER, SECOND_OWNER));
    CHECK_STATUS(veto(&other), SEC_NOTHING_PENDING);
    CHECK_STATUS(recover_to(STRANGER, SECOND_OWNER), SEC_EXISTS);
    pass(1000);
    fold(veto(&statement));
    CHECK(!state.recovering.pending);
    pass(SEC_RECOVERY_DELAY_S);
    CHECK_STATUS(finish(0), SEC_NOTHING_PENDING);
    CHECK_INT(role_of(OWNER), SEC_ROLE_OWNER);
    /* The next one waits for its whole delay. */
    fold(recover_to(STRANGER, SECOND_OWNER));
    CHECK_INT(sec_access_recovery_left_s(&state, 0), SEC_RECOVERY_DELAY_S);
}

static void a_key_of_another_role_cannot_become_an_owners(void)
{
    people_state(&state);
    CHECK_STATUS(recover_to(STRANGER, RECOVERY), SEC_BAD_VALUE);
    CHECK_STATUS(recover_to(STRANGER, OPERATOR), SEC_BAD_VALUE);
    state.admitted_count = 1;
    state.admitted[0].key = (struct sec_access_key){key_of(VENDOR), kid_of(VENDOR)};
    CHECK_STATUS(recover_to(STRANGER, VENDOR), SEC_BAD_VALUE);
    state.admitted_count = 0;
    CHECK_OK(recover_to(STRANGER, OWNER)); /* one of several may stay */
}

static void a_key_of_an_announced_owner_is_taken(void)
{
    static struct sec_roster roster;
    static uint8_t roster_room[4096];
    struct sec_access_facts facts = people_facts();
    struct sec_admission admission = {key_of(STRANGER), SEC_LIT("own builds")};
    struct sec_wr body = sec_wr(SEC_ROOM(roster_room)), to = sec_wr(SEC_ROOM(change_room)),
                  say = sec_wr(SEC_ROOM(detail_room));
    people_state(&state);
    fold(recover_to(STRANGER, SECOND_OWNER));
    people_roster(&roster);
    roster.subjects[2].key = key_of(STRANGER);
    sec_roster_encode(&roster, &body);
    CHECK_STATUS(sec_access_judge_roster(&state, &facts, sec_wr_done(&body), &to, &say), SEC_BAD_VALUE);
    body = sec_wr(SEC_ROOM(body_room));
    sec_admission_encode(&admission, &body);
    CHECK_STATUS(sec_access_judge_admit_key(&state, &facts, sec_wr_done(&body), &to, &say), SEC_BAD_VALUE);
}

static void a_transfer_ends_a_recovery(void)
{
    struct sec_access_facts facts = people_facts();
    struct sec_transfer transfer = {.owners = {.count = 1}, .required = 1};
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), to = sec_wr(SEC_ROOM(change_room)),
                  say = sec_wr(SEC_ROOM(detail_room));
    people_state(&state);
    fold(recover_to(STRANGER, SECOND_OWNER));
    transfer.owners.keys[0] = key_of(VENDOR);
    sec_transfer_encode(&transfer, &body);
    to = sec_wr(SEC_ROOM(change_room));
    CHECK_OK(sec_access_judge_transfer(&state, &facts, sec_wr_done(&body), &to, &say));
    change = sec_wr_done(&to);
    fold(sec_st(SEC_OK));
    CHECK(!state.recovering.pending);
}

static void a_wipe_ends_a_recovery(void)
{
    people_state(&state);
    fold(recover_to(STRANGER, SECOND_OWNER));
    sec_access_survive(&state);
    CHECK(!state.recovering.pending && !state.owned);
    CHECK_STATUS(sec_access_apply(&state, change, 10), SEC_NO_OWNER);
}

static const struct test tests[] = {
    TEST(new_owner_keys_take_over_after_the_delay),
    TEST(the_present_owner_may_veto),
    TEST(a_key_of_another_role_cannot_become_an_owners),
    TEST(a_key_of_an_announced_owner_is_taken),
    TEST(a_transfer_ends_a_recovery),
    TEST(a_wipe_ends_a_recovery),
};
TEST_MAIN(tests)
