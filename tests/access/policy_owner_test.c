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
    CHECK_STATUS(claim(&voucher, &change), SEC_WRONG_AUDIENCE);
    voucher.device_id.b[0] = 0xd0;
    CHECK_STATUS(claim(&voucher, &change), SEC_WRONG_EPOCH);
    voucher.epoch = 1;
    CHECK_OK(claim(&voucher, &change));
}

static void a_voucher_may_ask_for_several_owners(void)
{
    struct sec_voucher voucher = people_voucher();
    struct sec_bytes change;
    sec_access_init(&state);
    voucher.owners.keys[1] = key_of(SECOND_OWNER);
    voucher.owners.count = 2;
    voucher.required = 2;
    CHECK_OK(claim(&voucher, &change));
    CHECK_OK(sec_access_apply(&state, change, 1));
    CHECK_INT(state.owners_required, 2);
    struct sec_command command = people_command(SEC_ACTION_ACCESS_ROSTER, 1, false);
    CHECK_INT(sec_access_needed(&state, &command), 2);
    command = people_command(SEC_ACTION_CONFIGURATION_SET, 1, false);
    CHECK_INT(sec_access_needed(&state, &command), 1);
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

static void a_roster_with_a_reader_key_is_unsupported(void)
{
    struct sec_bytes change;
    people_state(&state);
    people_roster(&roster);
    roster.has_reader = true;
    roster.reader = key_of(STRANGER);
    CHECK_STATUS(replace_roster(&change), SEC_UNSUPPORTED);
}

static sec_status with_threshold(enum sec_action action, uint64_t by_ids, uint64_t by_match)
{
    static uint8_t room[32];
    struct sec_threshold threshold = {action, by_ids, by_match};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    struct sec_bytes change;
    people_roster(&roster);
    sec_thresholds_encode(&threshold, 1, &wr);
    roster.thresholds = sec_wr_done(&wr);
    return replace_roster(&change);
}

static void a_threshold_that_nobody_can_reach_is_refused(void)
{
    people_state(&state); /* one owner, one administrator, one operator */
    CHECK_OK(with_threshold(SEC_ACTION_ACCESS_ROSTER, 1, 1));
    CHECK_STATUS(with_threshold(SEC_ACTION_ACCESS_ROSTER, 1, 2), SEC_BAD_VALUE);
    CHECK_OK(with_threshold(SEC_ACTION_CONFIGURATION_SET, 3, 3));
    CHECK_STATUS(with_threshold(SEC_ACTION_CONFIGURATION_SET, 4, 1), SEC_BAD_VALUE);
    CHECK_OK(with_threshold(SEC_ACTION_CONFIGURATION_RESET, 2, 1));
    CHECK_STATUS(with_threshold(SEC_ACTION_CONFIGURATION_RESET, 3, 1), SEC_BAD_VALUE);
    CHECK_STATUS(with_threshold(SEC_ACTION_LIFECYCLE_RECOVER, 1, 1), SEC_BAD_VALUE);
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

static sec_status transfer_to(const struct sec_transfer *transfer, struct sec_bytes *ret_change)
{
    struct sec_access_facts facts = people_facts();
    struct sec_wr body = sec_wr(SEC_ROOM(body_room)), change = sec_wr(SEC_ROOM(change_room)),
                  detail = sec_wr(SEC_ROOM(detail_room));
    sec_transfer_encode(transfer, &body);
    sec_status status = sec_access_judge_transfer(&state, &facts, sec_wr_done(&body), &change, &detail);
    *ret_change = sec_wr_done(&change);
    return status;
}

static void a_transfer_hands_the_device_to_the_next_owners(void)
{
    struct sec_access_subject subject;
    struct sec_bytes change;
    struct sec_transfer transfer = {
        .owners = {.count = 2}, .required = 2, .has_recovery = true, .recovery = key_of(VENDOR)};
    struct sec_key_id old = kid_of(SECOND_OWNER), present = kid_of(OWNER), next = kid_of(STRANGER),
                      bob = kid_of(OPERATOR);
    transfer.owners.keys[0] = key_of(STRANGER);
    transfer.owners.keys[1] = key_of(OWNER); /* may stay */
    people_state(&state);
    CHECK_OK(transfer_to(&transfer, &change));
    golden_check("access-change-next", change);
    CHECK_OK(sec_access_apply(&state, change, 5));
    CHECK(people_comes_back(&state));
    /* Until the wipe nothing has changed hands. */
    CHECK_STATUS(sec_access_find(&state, &next, &subject), SEC_UNKNOWN_KEY);
    CHECK_OK(sec_access_find(&state, &bob, &subject));
    sec_access_survive(&state);
    CHECK_INT(state.epoch, 2);
    CHECK(state.owned && state.roster_len == 0 && state.subjects_count == 0 && state.next.count == 0);
    CHECK_INT(state.owners_required, 2);
    CHECK_OK(sec_access_find(&state, &next, &subject));
    CHECK_INT(subject.role, SEC_ROLE_OWNER);
    CHECK_OK(sec_access_find(&state, &present, &subject));
    CHECK_STATUS(sec_access_find(&state, &old, &subject), SEC_UNKNOWN_KEY);
    CHECK_STATUS(sec_access_find(&state, &bob, &subject), SEC_UNKNOWN_KEY);
    CHECK(people_comes_back(&state));
    sec_access_survive(&state);
    CHECK_INT(state.epoch, 3);
    CHECK(!state.owned);
}

static void a_transfer_that_was_dropped_leaves_nobody_after_a_wipe(void)
{
    static uint8_t dropped[16];
    struct sec_bytes change;
    struct sec_transfer transfer = {.owners = {.count = 1}, .required = 1};
    struct sec_wr wr = sec_wr(SEC_ROOM(dropped));
    transfer.owners.keys[0] = key_of(STRANGER);
    people_state(&state);
    CHECK_OK(transfer_to(&transfer, &change));
    CHECK_OK(sec_access_apply(&state, change, 5));
    sec_access_change_transfer_dropped(&wr);
    CHECK_OK(sec_access_apply(&state, sec_wr_done(&wr), 6));
    sec_access_survive(&state);
    CHECK(!state.owned);
    /* A device that nobody owns has no next owner either. */
    CHECK_STATUS(sec_access_apply(&state, change, 7), SEC_NO_OWNER);
    transfer.required = 2;
    CHECK_STATUS(transfer_to(&transfer, &change), SEC_BAD_VALUE);
    CHECK_INT(change.len, 0);
}

static void presence_frees_an_owned_device_where_the_product_declares_it(void)
{
    struct sec_wr detail = sec_wr(SEC_ROOM(detail_room));
    people_state(&state);
    CHECK_STATUS(sec_access_judge_presence(&state, false, &detail), SEC_UNSUPPORTED);
    CHECK_OK(sec_access_judge_presence(&state, true, &detail));
    sec_access_survive(&state);
    CHECK_STATUS(sec_access_judge_presence(&state, true, &detail), SEC_NO_OWNER);
    CHECK_STATUS(sec_access_judge_presence(&state, false, &detail), SEC_UNSUPPORTED);
}

static const struct test tests[] = {
    TEST(a_voucher_makes_an_owner_once),
    TEST(a_voucher_for_another_device_or_epoch_is_refused),
    TEST(a_voucher_of_the_last_epoch_is_void_after_a_wipe),
    TEST(a_newer_roster_revokes),
    TEST(an_empty_roster_leaves_the_owner),
    TEST(a_roster_cannot_shadow_an_owner),
    TEST(a_voucher_may_ask_for_several_owners),
    TEST(a_roster_with_a_reader_key_is_unsupported),
    TEST(a_threshold_that_nobody_can_reach_is_refused),
    TEST(a_roster_change_has_its_golden_bytes),
    TEST(a_decided_change_has_its_golden_bytes),
    TEST(an_owner_admits_release_keys_of_their_own),
    TEST(a_key_signs_releases_or_commands_but_not_both),
    TEST(a_transfer_hands_the_device_to_the_next_owners),
    TEST(a_transfer_that_was_dropped_leaves_nobody_after_a_wipe),
    TEST(presence_frees_an_owned_device_where_the_product_declares_it),
};
TEST_MAIN(tests)
