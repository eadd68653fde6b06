/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static struct sec_access state;
static struct sec_roster roster;
static uint8_t body_room[16384], change_room[32768], detail_room[256];

static sec_status claim(const struct sec_voucher *voucher, struct sec_bytes *ret_change)
{
    struct sec_access_facts facts = people_facts();
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), change = sec_wr(SEC_ROOM(change_room)),
                  detail = sec_wr(SEC_ROOM(detail_room));
    sec_voucher_encode(voucher, &body);
    sec_status status = sec_access_judge_voucher(&state, &facts, sec_wr_done(&body), &change, &detail);
    CHECK(sec_ok(status) || change.len == 0);
    *ret_change = sec_wr_done(&change);
    return status;
}

static sec_status replace_roster(struct sec_bytes *ret_change)
{
    struct sec_access_facts facts = people_facts();
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), change = sec_wr(SEC_ROOM(change_room)),
                  detail = sec_wr(SEC_ROOM(detail_room));
    sec_roster_encode(&roster, &body);
    sec_status status = sec_access_judge_roster(&state, &facts, sec_wr_done(&body), &change, &detail);
    CHECK(sec_ok(status) || change.len == 0);
    *ret_change = sec_wr_done(&change);
    return status;
}

static void a_voucher_makes_an_owner_once(void)
{
    struct sec_voucher voucher = people_voucher();
    struct sec_bytes change;
    struct sec_access_subject subject;
    struct sec_key_id kid = kid_of(OWNER);
    sec_access_init(&state);
    CHECK_OK(claim(&voucher, &change));
    golden_check("access-change-claimed", change);
    CHECK_OK(sec_access_apply(&state, change, 1));
    CHECK(state.owned);
    CHECK_OK(sec_access_find(&state, &kid, &subject));
    CHECK_INT(subject.role, SEC_ROLE_OWNER);
    CHECK_STATUS(sec_access_apply(&state, change, 2), SEC_ALREADY_OWNED);
    CHECK_STATUS(claim(&voucher, &change), SEC_ALREADY_OWNED);
}

static void a_voucher_for_another_device_or_epoch_is_refused(void)
{
    struct sec_voucher voucher = people_voucher();
    struct sec_bytes change;
    sec_access_init(&state);
    voucher.device_id.b[0] = 0xd1;
    voucher.epoch = 2;
    voucher.owners.keys[1] = key_of(SECOND_OWNER);
    voucher.owners.count = 2;
    voucher.required = 2;
    CHECK_STATUS(claim(&voucher, &change), SEC_WRONG_AUDIENCE);
    voucher.device_id.b[0] = 0xd0;
    CHECK_STATUS(claim(&voucher, &change), SEC_WRONG_EPOCH);
    voucher.epoch = 1;
    CHECK_STATUS(claim(&voucher, &change), SEC_UNSUPPORTED);
    voucher.required = 1;
    CHECK_OK(claim(&voucher, &change));
}

static void a_voucher_of_the_last_epoch_is_void_after_a_wipe(void)
{
    struct sec_voucher voucher = people_voucher();
    struct sec_bytes change;
    people_state(&state);
    sec_access_survive(&state);
    CHECK_STATUS(claim(&voucher, &change), SEC_WRONG_EPOCH);
    voucher.epoch = 2;
    CHECK_OK(claim(&voucher, &change));
}

static void a_newer_roster_revokes(void)
{
    struct sec_access_subject subject;
    struct sec_bytes change;
    struct sec_key_id gone = kid_of(OPERATOR), stays = kid_of(ADMINISTRATOR);
    people_state(&state);
    people_roster(&roster);
    roster.subjects[1] = roster.subjects[4];
    roster.subjects_count = 2;
    CHECK_OK(sec_access_find(&state, &gone, &subject));
    CHECK_OK(replace_roster(&change));
    CHECK_OK(sec_access_apply(&state, change, 3));
    CHECK_STATUS(sec_access_find(&state, &gone, &subject), SEC_UNKNOWN_KEY);
    CHECK_OK(sec_access_find(&state, &stays, &subject));
    struct sec_access_facts facts = people_facts();
    CHECK_STATUS(sec_access_permits(&state, &facts, 1001, 10, SEC_RIGHT_EVENT), SEC_NOT_PERMITTED);
    SHOWS("F2.2");
}

static void an_empty_roster_leaves_the_owner(void)
{
    struct sec_access_subject subject;
    struct sec_bytes change;
    struct sec_key_id kid = kid_of(OWNER);
    people_state(&state);
    sec_zero(&roster, sizeof roster);
    CHECK_OK(replace_roster(&change));
    CHECK_OK(sec_access_apply(&state, change, 3));
    CHECK_INT(state.subjects_count, 0);
    CHECK_OK(sec_access_find(&state, &kid, &subject));
}

static void a_roster_cannot_shadow_an_owner(void)
{
    struct sec_bytes change;
    people_state(&state);
    people_roster(&roster);
    roster.subjects[2].key = key_of(OWNER);
    CHECK_STATUS(replace_roster(&change), SEC_BAD_VALUE);
    roster.subjects[2].key = key_of(RECOVERY);
    CHECK_STATUS(replace_roster(&change), SEC_BAD_VALUE);
}

static void a_roster_with_a_lease_is_unsupported(void)
{
    struct sec_bytes change;
    people_state(&state);
    people_roster(&roster);
    roster.has_lease = true;
    roster.lease_days = 7;
    CHECK_STATUS(replace_roster(&change), SEC_UNSUPPORTED);
}

static void a_roster_change_has_its_golden_bytes(void)
{
    struct sec_bytes change;
    people_state(&state);
    people_roster(&roster);
    CHECK_OK(replace_roster(&change));
    golden_check("access-change-roster", change);
}

static void a_decided_change_has_its_golden_bytes(void)
{
    struct sec_access_decision decision = {{{1, 2}}, sec_st(SEC_OUT_OF_RANGE), SEC_TOPIC_CONFIGURATION, 300, true};
    struct sec_wr change = sec_wr(SEC_ROOM(change_room));
    sec_access_change_decided(&decision, &change);
    golden_check("access-change-decided", sec_wr_done(&change));
}

static sec_status admit(enum person person, struct sec_bytes *ret_change)
{
    struct sec_access_facts facts = people_facts();
    struct sec_admission admission = {key_of(person), SEC_LIT("own builds")};
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), change = sec_wr(SEC_ROOM(change_room)),
                  detail = sec_wr(SEC_ROOM(detail_room));
    sec_admission_encode(&admission, &body);
    sec_status status = sec_access_judge_admit_key(&state, &facts, sec_wr_done(&body), &change, &detail);
    *ret_change = sec_wr_done(&change);
    return status;
}

static void an_owner_admits_release_keys_of_their_own(void)
{
    struct sec_bytes change;
    struct sec_public_key key, vendor = key_of(VENDOR);
    struct sec_key_id kid = kid_of(VENDOR);
    struct sec_access_subject subject;
    people_state(&state);
    CHECK_STATUS(sec_access_release_key(&state, &kid, &key), SEC_UNKNOWN_KEY);
    CHECK_OK(admit(VENDOR, &change));
    golden_check("access-change-admitted", change);
    CHECK_OK(sec_access_apply(&state, change, 4));
    CHECK_OK(sec_access_release_key(&state, &kid, &key));
    CHECK(sec_key_equal(&key, &vendor));
    /* A key that may sign releases may not command. */
    CHECK_STATUS(sec_access_find(&state, &kid, &subject), SEC_UNKNOWN_KEY);
    CHECK_STATUS(admit(VENDOR, &change), SEC_EXISTS);
    for (unsigned i = 1; i < SEC_ADMITTED_MAX_COUNT; i++) {
        CHECK_OK(admit((enum person)(50 + i), &change));
        CHECK_OK(sec_access_apply(&state, change, 4 + i));
    }
    CHECK_STATUS(admit(STRANGER, &change), SEC_TABLE_FULL);
    SHOWS("F5.3");
}

static void a_key_signs_releases_or_commands_but_not_both(void)
{
    struct sec_bytes change;
    people_state(&state);
    CHECK_STATUS(admit(OWNER, &change), SEC_BAD_VALUE);
    CHECK_INT(change.len, 0);
    CHECK_STATUS(admit(OPERATOR, &change), SEC_BAD_VALUE);
    CHECK_INT(change.len, 0);
    CHECK_OK(admit(STRANGER, &change));
    CHECK_OK(sec_access_apply(&state, change, 4));
    people_roster(&roster);
    roster.subjects[2].key = key_of(STRANGER);
    CHECK_STATUS(replace_roster(&change), SEC_BAD_VALUE);
}

static void a_transfer_is_parsed_and_unsupported(void)
{
    struct sec_access_facts facts = people_facts();
    struct sec_transfer transfer = {.owners = {.count = 1}, .required = 1};
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), change = sec_wr(SEC_ROOM(change_room)),
                  detail = sec_wr(SEC_ROOM(detail_room));
    transfer.owners.keys[0] = key_of(STRANGER);
    sec_transfer_encode(&transfer, &body);
    people_state(&state);
    CHECK_STATUS(sec_access_judge_transfer(&state, &facts, sec_wr_done(&body), &change, &detail), SEC_UNSUPPORTED);
    CHECK_STATUS(sec_access_judge_transfer(&state, &facts, sec_bytes(body_room, 3), &change, &detail), SEC_TRUNCATED);
    CHECK_INT(change.len, 0);
}

static const struct test tests[] = {
    TEST(a_voucher_makes_an_owner_once),
    TEST(a_voucher_for_another_device_or_epoch_is_refused),
    TEST(a_voucher_of_the_last_epoch_is_void_after_a_wipe),
    TEST(a_newer_roster_revokes),
    TEST(an_empty_roster_leaves_the_owner),
    TEST(a_roster_cannot_shadow_an_owner),
    TEST(a_roster_with_a_lease_is_unsupported),
    TEST(a_roster_change_has_its_golden_bytes),
    TEST(a_decided_change_has_its_golden_bytes),
    TEST(an_owner_admits_release_keys_of_their_own),
    TEST(a_key_signs_releases_or_commands_but_not_both),
    TEST(a_transfer_is_parsed_and_unsupported),
};
TEST_MAIN(tests)
