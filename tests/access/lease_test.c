/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

#define DAY_S 86400u

static struct sec_access state;
static struct sec_roster roster;
static uint8_t body_room[4096], change_room[4096], detail_room[256];
static struct sec_bytes change;

/* People with a lease of three days. */
static void make(void)
{
    people_state(&state);
    people_roster(&roster);
    roster.has_lease = true;
    roster.lease_days = 3;
    people_set(&state, &roster, 0);
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

static sec_status renew(const struct sec_beacon *beacon)
{
    struct sec_access_facts facts = people_facts();
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), to = sec_wr(SEC_ROOM(change_room)),
                  say = sec_wr(SEC_ROOM(detail_room));
    sec_beacon_encode(beacon, &body);
    CHECK(!body.bad);
    sec_status status = sec_access_judge_beacon(&state, &facts, sec_wr_done(&body), &to, &say);
    change = sec_wr_done(&to);
    CHECK(sec_ok(status) == (change.len != 0));
    return status;
}

static sec_status judge(enum person person, enum sec_action action, uint64_t uptime_s)
{
    struct sec_access_facts facts = people_facts();
    struct sec_access_subject subject;
    struct sec_key_id kid = kid_of(person);
    struct sec_digest digest = {{1}};
    struct sec_command command = people_command(action, 1, false);
    struct sec_wr say = sec_wr(SEC_ROOM(detail_room));
    facts.uptime_s = uptime_s;
    CHECK_OK(sec_access_find(&state, &kid, &subject));
    return sec_access_judge_command(&state, &facts, &subject, &command, &digest, &say);
}

static void a_lease_ends_for_people_of_the_roster_and_nobody_else(void)
{
    struct sec_access_facts facts = people_facts();
    make();
    CHECK_INT(sec_access_lease_days(&state), 3);
    pass(2 * DAY_S);
    CHECK_OK(judge(OPERATOR, SEC_ACTION_CONFIGURATION_SET, DAY_S - 1));
    CHECK_STATUS(judge(OPERATOR, SEC_ACTION_CONFIGURATION_SET, DAY_S), SEC_LEASE_ENDED);
    CHECK_STATUS(judge(ADMINISTRATOR, SEC_ACTION_CONFIGURATION_SET, DAY_S), SEC_LEASE_ENDED);
    CHECK_STATUS(judge(AUDITOR, SEC_ACTION_CONFIGURATION_SET, DAY_S), SEC_ROLE_INSUFFICIENT);
    CHECK_OK(judge(OWNER, SEC_ACTION_CONFIGURATION_SET, UINT64_MAX));
    CHECK_OK(judge(RECOVERY, SEC_ACTION_LIFECYCLE_RECOVER, UINT64_MAX));
    /* The machine's own function goes on. */
    facts.uptime_s = UINT64_MAX;
    CHECK_OK(sec_access_permits(&state, &facts, 1001, 10, SEC_RIGHT_EVENT));
    SHOWS("F2.2");
}

static void without_a_lease_nobodys_ends(void)
{
    people_state(&state);
    CHECK_INT(sec_access_lease_days(&state), 0);
    CHECK_OK(judge(OPERATOR, SEC_ACTION_CONFIGURATION_SET, UINT64_MAX));
}

static void a_beacon_renews_the_lease_and_tells_what_is_withheld(void)
{
    struct sec_beacon beacon = {.heads = {0, 9, 4}, .time_s = 1790000000};
    make();
    pass(3 * DAY_S);
    CHECK_STATUS(judge(OPERATOR, SEC_ACTION_CONFIGURATION_SET, 0), SEC_LEASE_ENDED);
    state.topics[SEC_TOPIC_UPDATE - 1].head = 4;
    CHECK(!sec_access_behind(&state, SEC_TOPIC_CONFIGURATION));
    fold(renew(&beacon));
    golden_check("access-change-beacon", change);
    CHECK_INT(state.lease.quiet_s, 0);
    CHECK_OK(judge(OPERATOR, SEC_ACTION_CONFIGURATION_SET, 0));
    CHECK(sec_access_behind(&state, SEC_TOPIC_CONFIGURATION));
    CHECK(!sec_access_behind(&state, SEC_TOPIC_UPDATE));
    CHECK(!sec_access_behind(&state, SEC_TOPIC_NONE));
    CHECK_INT(state.lease.time_s, 1790000000);
    /* Neither generations nor time fall. */
    beacon = (struct sec_beacon){.heads = {0, 5, 6}, .time_s = 1780000000};
    fold(renew(&beacon));
    CHECK_INT(state.lease.heads[SEC_TOPIC_CONFIGURATION - 1], 9);
    CHECK_INT(state.lease.heads[SEC_TOPIC_UPDATE - 1], 6);
    CHECK_INT(state.lease.time_s, 1790000000);
}

static void a_newer_roster_renews_the_lease_too(void)
{
    make();
    pass(3 * DAY_S);
    people_set(&state, &roster, 7);
    CHECK_OK(judge(OPERATOR, SEC_ACTION_CONFIGURATION_SET, 0));
}

static bool known(enum person person)
{
    struct sec_access_subject subject;
    struct sec_key_id kid = kid_of(person);
    return sec_ok(sec_access_find(&state, &kid, &subject));
}

static void whom_a_beacon_revokes_is_unknown_until_a_newer_roster(void)
{
    struct sec_access_subject subject;
    struct sec_beacon beacon = {.heads = {6}, .revoked_count = 1, .time_s = 1790000000};
    size_t count = 0;
    make();
    beacon.revoked[0] = kid_of(OPERATOR);
    CHECK(known(OPERATOR));
    fold(renew(&beacon));
    CHECK(!known(OPERATOR) && known(ADMINISTRATOR));
    while (sec_access_subject_at(&state, count, &subject))
        count++;
    CHECK_INT(count, 2 + 4);
    /* A further beacon that does not repeat it gives nothing back. */
    beacon.revoked_count = 0;
    fold(renew(&beacon));
    CHECK(!known(OPERATOR));
    /* Nor does a roster of a generation that the owner knew of, delivered late. */
    people_set(&state, &roster, 6);
    CHECK(!known(OPERATOR));
    CHECK(people_comes_back(&state));
    people_set(&state, &roster, 7);
    CHECK(known(OPERATOR));
    CHECK_INT(state.lease.revoked_count, 0);
}

static void a_beacon_revokes_no_owner_and_no_more_than_are_remembered(void)
{
    struct sec_beacon beacon = {.heads = {6}, .revoked_count = 1};
    make();
    beacon.revoked[0] = kid_of(OWNER);
    CHECK_STATUS(renew(&beacon), SEC_BAD_VALUE);
    beacon.revoked[0] = kid_of(RECOVERY);
    CHECK_STATUS(renew(&beacon), SEC_BAD_VALUE);
    beacon.revoked_count = SEC_REVOKED_MAX_COUNT;
    for (uint8_t i = 0; i < SEC_REVOKED_MAX_COUNT; i++)
        beacon.revoked[i] = (struct sec_key_id){{0xaa, i}};
    fold(renew(&beacon));
    fold(renew(&beacon)); /* the same again adds nothing */
    CHECK_INT(state.lease.revoked_count, SEC_REVOKED_MAX_COUNT);
    beacon.revoked[0] = kid_of(OPERATOR);
    CHECK_STATUS(renew(&beacon), SEC_TABLE_FULL);
    CHECK_STATUS(sec_access_judge_beacon(&state, NULL, sec_bytes(body_room, 2), NULL, NULL), SEC_TRUNCATED);
}

static void a_beacon_that_revokes_says_which_rosters_its_owner_knew(void)
{
    /* Without that, a roster that was signed before and held back on the way would bring the revoked key back. */
    struct sec_beacon beacon = {.heads = {0, 9}, .revoked_count = 1, .time_s = 1790000000};
    make();
    beacon.revoked[0] = kid_of(OPERATOR);
    CHECK_STATUS(renew(&beacon), SEC_BAD_VALUE);
    beacon.heads[SEC_TOPIC_ACCESS - 1] = 6;
    fold(renew(&beacon));
    people_set(&state, &roster, 6);
    CHECK(!known(OPERATOR));
}

static sec_status admit(enum person person, uint64_t generation)
{
    struct sec_access_facts facts = people_facts();
    struct sec_admission admission = {key_of(person), SEC_LIT("integrator")};
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), to = sec_wr(SEC_ROOM(change_room)),
                  say = sec_wr(SEC_ROOM(detail_room));
    facts.generation = generation;
    sec_admission_encode(&admission, &body);
    sec_status status = sec_access_judge_admit_key(&state, &facts, sec_wr_done(&body), &to, &say);
    change = sec_wr_done(&to);
    return status;
}

static void a_beacon_revokes_an_admitted_release_key_for_good(void)
{
    struct sec_beacon beacon = {.heads = {6}, .revoked_count = 1, .time_s = 1790000000};
    struct sec_key_id kid = kid_of(VENDOR);
    struct sec_public_key key;
    make();
    fold(admit(STRANGER, 1));
    fold(admit(VENDOR, 2));
    beacon.revoked[0] = kid;
    fold(renew(&beacon));
    CHECK_STATUS(sec_access_release_key(&state, &kid, &key), SEC_UNKNOWN_KEY);
    kid = kid_of(STRANGER);
    CHECK_OK(sec_access_release_key(&state, &kid, &key));
    CHECK_INT(state.admitted_count, 1);
    /* An admission that the owner had signed before does not bring it back; a later one does. */
    CHECK_STATUS(admit(VENDOR, 6), SEC_BAD_VALUE);
    CHECK_INT(change.len, 0);
    kid = kid_of(VENDOR);
    fold(admit(VENDOR, 7));
    beacon.revoked_count = 0;
    fold(renew(&beacon));
    CHECK_OK(sec_access_release_key(&state, &kid, &key));
    beacon.heads[SEC_TOPIC_ACCESS - 1] = 7;
    beacon.revoked_count = 1;
    fold(renew(&beacon));
    people_set(&state, &roster, 8);
    CHECK_STATUS(sec_access_release_key(&state, &kid, &key), SEC_UNKNOWN_KEY);
}

static void the_owners_time_is_within_what_can_be_reckoned_with(void)
{
    struct sec_beacon beacon = {.heads = {6}, .time_s = INT64_MAX};
    make();
    CHECK_STATUS(renew(&beacon), SEC_BAD_VALUE);
    beacon.time_s = SEC_TIME_MAX_S + 1;
    CHECK_STATUS(renew(&beacon), SEC_BAD_VALUE);
    beacon.time_s = SEC_TIME_MAX_S;
    fold(renew(&beacon));
}

static void restricted_mode_begins_after_its_days_and_ends_by_a_beacon(void)
{
    struct sec_beacon beacon = {.heads = {1}};
    struct sec_wr to = sec_wr(SEC_ROOM(change_room));
    make();
    pass(9 * DAY_S);
    CHECK(!sec_access_restriction(&state, UINT64_MAX, 0));
    CHECK(!sec_access_restriction(&state, DAY_S - 1, 10));
    CHECK(sec_access_restriction(&state, DAY_S, 10));
    sec_access_change_restricted(true, &to);
    change = sec_wr_done(&to);
    fold(sec_st(SEC_OK));
    CHECK(state.restricted);
    CHECK(!sec_access_restriction(&state, DAY_S, 10));
    fold(renew(&beacon));
    CHECK(!state.restricted);
    pass(UINT64_MAX);
    pass(UINT64_MAX); /* does not wrap */
    CHECK_INT(state.lease.quiet_s, UINT64_MAX);
    CHECK(sec_access_restriction(&state, UINT64_MAX, SEC_LEASE_MAX_DAYS));
}

static void without_owner_nobodys_silence_counts(void)
{
    struct sec_wr to = sec_wr(SEC_ROOM(change_room));
    sec_access_init(&state);
    pass(9 * DAY_S);
    CHECK_INT(state.lease.quiet_s, 0);
    CHECK(!sec_access_restriction(&state, UINT64_MAX, 1));
    sec_access_change_restricted(true, &to);
    CHECK_STATUS(sec_access_apply(&state, sec_wr_done(&to), 1), SEC_NO_OWNER);
    make();
    pass(DAY_S);
    state.restricted = true;
    sec_access_survive(&state);
    CHECK(!state.restricted && state.lease.quiet_s == 0);
}

static const struct test tests[] = {
    TEST(a_lease_ends_for_people_of_the_roster_and_nobody_else),
    TEST(without_a_lease_nobodys_ends),
    TEST(a_beacon_renews_the_lease_and_tells_what_is_withheld),
    TEST(a_newer_roster_renews_the_lease_too),
    TEST(whom_a_beacon_revokes_is_unknown_until_a_newer_roster),
    TEST(a_beacon_revokes_no_owner_and_no_more_than_are_remembered),
    TEST(a_beacon_that_revokes_says_which_rosters_its_owner_knew),
    TEST(a_beacon_revokes_an_admitted_release_key_for_good),
    TEST(the_owners_time_is_within_what_can_be_reckoned_with),
    TEST(restricted_mode_begins_after_its_days_and_ends_by_a_beacon),
    TEST(without_owner_nobodys_silence_counts),
};
TEST_MAIN(tests)
