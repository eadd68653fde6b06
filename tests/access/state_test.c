/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static uint8_t room[SEC_ACCESS_ENCODED_MAX_BYTES], change_room[1024], other_room[SEC_ACCESS_ENCODED_MAX_BYTES];
static struct sec_access state, back;

static struct sec_bytes encoded(const struct sec_access *access)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_access_encode(access, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    SEC_TRY(sec_access_parse(in, &back));
    sec_access_encode(&back, wr);
    return sec_st(SEC_OK);
}

static void decide(uint8_t mark, enum sec_topic topic, uint64_t generation, bool by_owner, enum sec_status_code code,
                   uint64_t index)
{
    struct sec_access_decision decision = {
        {{mark, (uint8_t)(generation >> 8)}}, sec_st(code), topic, generation, by_owner};
    struct sec_wr wr = sec_wr(SEC_ROOM(change_room));
    sec_access_change_decided(&decision, &wr);
    CHECK(!wr.bad);
    CHECK_OK(sec_access_apply(&state, sec_wr_done(&wr), index));
}

static void a_fresh_state_comes_back(void)
{
    sec_access_init(&state);
    CHECK_INT(state.epoch, 1);
    CHECK(!state.owned);
    golden_check("access-fresh", encoded(&state));
    (void)strict_check(encoded(&state), again);
}

static void a_state_with_people_has_its_golden_bytes_and_is_strict(void)
{
    people_state(&state);
    decide(1, SEC_TOPIC_CONFIGURATION, 5, false, SEC_OK, 9);
    decide(2, SEC_TOPIC_NONE, 0, false, SEC_WRONG_EPOCH, 10);
    golden_check("access-state", encoded(&state));
    CHECK(strict_check(sec_bytes(room, encoded(&state).len), again) > 0);
}

static void a_state_with_all_of_format_2_has_its_golden_bytes_and_is_strict(void)
{
    people_state(&state);
    decide(1, SEC_TOPIC_CONFIGURATION, 5, false, SEC_OK, 9);
    state.approvals_count = 1;
    state.approvals[0] = (struct sec_access_approval){{{0x11}}, kid_of(OPERATOR)};
    state.lease = (struct sec_access_lease){
        .quiet_s = 90000, .heads = {1, 9, 0, 0, 2, 3}, .time_s = 1790000000, .revoked_count = 1};
    state.lease.revoked[0] = kid_of(AUDITOR);
    state.restricted = true;
    struct sec_bytes address = SEC_LIT("https://hub.example:8443");
    CHECK(sec_bytes_copy(SEC_ROOM(state.home.address), address));
    state.home.address_len = address.len;
    state.recovering = (struct sec_access_recovering){.pending = true, .statement = {{0x22}}, .elapsed_s = 7};
    state.recovering.count = 1;
    state.recovering.keys[0] = (struct sec_access_key){key_of(STRANGER), kid_of(STRANGER)};
    state.next = (struct sec_access_owners){.count = 1, .required = 1};
    state.next.keys[0] = (struct sec_access_key){key_of(VENDOR), kid_of(VENDOR)};
    golden_check("access-state-2", encoded(&state));
    CHECK(strict_check(sec_bytes(room, encoded(&state).len), again) > 0);
}

/* Heads signed over a state of format 1 stay true: it is written as it was as long as nothing new is in it. */
static void a_state_without_anything_new_stays_in_format_1(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(other_room));
    people_state(&state);
    CHECK_INT(encoded(&state).data[0], 0x8b);
    CHECK_INT(encoded(&state).data[1], 1);
    CHECK_OK(again(encoded(&state), &wr));
    state.lease.quiet_s = 1;
    CHECK_INT(encoded(&state).data[0], 0x8c);
    CHECK_INT(encoded(&state).data[1], 2);
    /* The same said in format 2 with nothing in it would be a second way of writing one state. */
    struct sec_bytes two = encoded(&state);
    for (size_t i = 0; i < two.len; i++)
        if (i + 3 < two.len && two.data[i] == 0x86 && two.data[i + 1] == 0x80 && two.data[i + 2] == 0x84)
            room[i + 3] = 0;
    CHECK_STATUS(again(two, &wr), SEC_BAD_VALUE);
}

static void a_decision_takes_its_generation_and_is_remembered(void)
{
    uint64_t index;
    sec_status code;
    struct sec_digest digest = {{1}};
    people_state(&state);
    decide(1, SEC_TOPIC_UPDATE, 40, true, SEC_PENDING, 7);
    CHECK_INT(state.topics[SEC_TOPIC_UPDATE - 1].head, 40);
    CHECK_INT(state.topics[SEC_TOPIC_UPDATE - 1].owner_head, 40);
    CHECK_INT(state.topics[SEC_TOPIC_CONFIGURATION - 1].head, 0);
    decide(2, SEC_TOPIC_UPDATE, 41, false, SEC_OK, 8);
    CHECK_INT(state.topics[SEC_TOPIC_UPDATE - 1].head, 41);
    CHECK_INT(state.topics[SEC_TOPIC_UPDATE - 1].owner_head, 40);
    CHECK(sec_access_decided(&state, &digest, &index, &code));
    CHECK_INT(index, 7);
    CHECK_STATUS(code, SEC_PENDING);
    /* The outcome after the intent has the last word. */
    decide(1, SEC_TOPIC_NONE, 0, false, SEC_OK, 12);
    CHECK(sec_access_decided(&state, &digest, &index, &code));
    CHECK_INT(index, 12);
    CHECK_STATUS(code, SEC_OK);
    CHECK_INT(state.decided_count, 2);
    digest.b[0] = 3;
    CHECK(!sec_access_decided(&state, &digest, &index, &code));
}

static void the_oldest_decision_is_forgotten_first(void)
{
    uint64_t index;
    sec_status code;
    struct sec_digest first = {{0}}, second = {{0, 1}};
    people_state(&state);
    for (uint64_t i = 0; i <= SEC_DECIDED_MAX_COUNT; i++)
        decide(0, SEC_TOPIC_ACCESS, (i << 8) | 1, true, SEC_OK, i);
    CHECK_INT(state.decided_count, SEC_DECIDED_MAX_COUNT);
    CHECK(!sec_access_decided(&state, &first, &index, &code));
    CHECK(sec_access_decided(&state, &second, &index, &code));
    CHECK_INT(index, 1);
    struct sec_wr wr = sec_wr(SEC_ROOM(other_room));
    CHECK_OK(again(encoded(&state), &wr));
    CHECK_BYTES(sec_wr_done(&wr), encoded(&state));
}

static void a_wipe_leaves_the_next_epoch_and_nothing_else(void)
{
    struct sec_access_subject subject;
    struct sec_access fresh;
    struct sec_key_id kid = kid_of(OWNER);
    people_state(&state);
    decide(1, SEC_TOPIC_UPDATE, 40, true, SEC_OK, 7);
    sec_access_survive(&state);
    CHECK_INT(state.epoch, 2);
    CHECK(!state.owned);
    CHECK_STATUS(sec_access_find(&state, &kid, &subject), SEC_UNKNOWN_KEY);
    sec_access_init(&fresh);
    fresh.epoch = 2;
    struct sec_wr wr = sec_wr(SEC_ROOM(other_room));
    sec_access_encode(&fresh, &wr);
    CHECK_BYTES(sec_wr_done(&wr), encoded(&state));
    SHOWS("F3.3");
}

static void keys_are_found_with_their_roles(void)
{
    struct sec_access_subject subject;
    static const struct {
        enum person person;
        enum sec_role role;
        enum sec_subject_source source;
    } cases[] = {
        {OWNER, SEC_ROLE_OWNER, SEC_SUBJECT_OWNER},
        {RECOVERY, SEC_ROLE_RECOVERY, SEC_SUBJECT_RECOVERY},
        {ADMINISTRATOR, SEC_ROLE_ADMINISTRATOR, SEC_SUBJECT_ROSTER},
        {OPERATOR, SEC_ROLE_OPERATOR, SEC_SUBJECT_ROSTER},
        {AUDITOR, SEC_ROLE_AUDITOR, SEC_SUBJECT_ROSTER},
    };
    people_state(&state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sec_key_id kid = kid_of(cases[i].person);
        struct sec_public_key key = key_of(cases[i].person);
        CHECK_OK(sec_access_find(&state, &kid, &subject));
        CHECK_INT(subject.role, cases[i].role);
        CHECK_INT(subject.source, cases[i].source);
        CHECK(sec_key_equal(&subject.key.key, &key));
        CHECK(sec_key_id_equal(&subject.key.kid, &kid));
    }
    struct sec_key_id kid = kid_of(STRANGER), zero = {{0}};
    CHECK_STATUS(sec_access_find(&state, &kid, &subject), SEC_UNKNOWN_KEY);
    CHECK_STATUS(sec_access_find(&state, &zero, &subject), SEC_UNKNOWN_KEY);
}

static void subjects_can_be_counted_off(void)
{
    static const char *const names[] = {"owner", "recovery", "ann", "bob", "cem", "logger", "idle"};
    struct sec_access_subject subject;
    people_state(&state);
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        CHECK(sec_access_subject_at(&state, n, &subject));
        CHECK_BYTES(subject.name, sec_bytes_of_str(names[n]));
    }
    CHECK(!sec_access_subject_at(&state, 7, &subject));
    sec_access_init(&state);
    CHECK(!sec_access_subject_at(&state, 0, &subject));
}

static void hostile_changes_leave_the_state_as_it_was(void)
{
    static const struct {
        uint8_t bytes[16];
        size_t len;
    } cases[] = {
        {{0xa0}, 1},                                /* {} */
        {{0x01}, 1},                                /* 1 */
        {{0xa1, 1, 9}, 3},                          /* a foreign kind */
        {{0xa1, 1, 1}, 3},                          /* decided, and nothing more */
        {{0xa2, 1, 3, 2, 0x40}, 5},                 /* a roster without ids */
        {{0xa3, 1, 3, 2, 0x40, 3, 0x80}, 7},        /* an empty roster is not a roster */
        {{0xa4, 1, 2, 2, 0x80, 3, 1, 4, 0xf6}, 9},  /* a claim by nobody */
        {{0xa3, 1, 4, 2, 0x80, 3, 0x61, 'a'}, 8},   /* a key that is none */
        {{0xa1, 1, 0x18, 1}, 4},                    /* not deterministic */
        {{0xa3, 1, 5, 2, 0x40, 3, 0x40}, 7},        /* an approval of nothing */
        {{0xa2, 1, 6, 2, 0x20}, 5},                 /* time that runs backwards */
        {{0xa2, 1, 7, 2, 0x41, 0xa0}, 6},           /* an empty beacon */
        {{0xa2, 1, 8, 2, 1}, 5},                    /* a mode that is neither */
        {{0xa2, 1, 9, 2, 0x41, 0xa0}, 6},           /* an empty site */
        {{0xa4, 1, 10, 2, 0x80, 3, 1, 4, 0xf6}, 9}, /* nobody next */
        {{0xa3, 1, 11, 2, 0x40, 3, 0x80}, 7},       /* a recovery by nobody */
        {{0xa1, 1, 12}, 3},                         /* a veto of nothing */
        {{0xa1, 1, 13}, 3},                         /* the end of no recovery */
        {{0xa1, 1, 14}, 3},                         /* the next kind */
    };
    static uint8_t before[SEC_ACCESS_ENCODED_MAX_BYTES];
    people_state(&state);
    struct sec_wr wr = sec_wr(SEC_ROOM(before));
    sec_access_encode(&state, &wr);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(!sec_ok(sec_access_apply(&state, sec_bytes(cases[i].bytes, cases[i].len), 1)));
        CHECK_BYTES(encoded(&state), sec_wr_done(&wr));
    }
}

static void the_largest_state_fits_its_stated_room(void)
{
    static struct sec_roster roster;
    static uint8_t args[SEC_ROSTER_MAX_BYTES], big_change[2 * SEC_ROSTER_MAX_BYTES], detail[256];
    struct sec_access_facts facts = people_facts();
    struct sec_voucher voucher = people_voucher();
    struct sec_wr wr = sec_wr(SEC_ROOM(args)), change = sec_wr(SEC_ROOM(big_change)), say = sec_wr(SEC_ROOM(detail));
    struct fake_key key;
    for (size_t i = 0; i < SEC_OWNERS_MAX_COUNT; i++) {
        fake_key_init(&key, SEC_KEY_P256, 5000 + i);
        voucher.owners.keys[i] = key.key;
    }
    voucher.owners.count = SEC_OWNERS_MAX_COUNT;
    sec_voucher_encode(&voucher, &wr);
    sec_access_init(&state);
    CHECK_OK(sec_access_judge_voucher(&state, &facts, sec_wr_done(&wr), &change, &say));
    CHECK_OK(sec_access_apply(&state, sec_wr_done(&change), 1));
    static uint8_t names[SEC_SUBJECTS_MAX_COUNT][8];
    /* A scope that fills the roster to its limit. */
    static uint8_t scope[4096], ids[96][32];
    struct sec_bytes id_list[96];
    for (size_t i = 0; i < 96; i++)
        id_list[i] = SEC_BYTES(ids[i]);
    wr = sec_wr(SEC_ROOM(scope));
    sec_audience_encode_ids(id_list, 96, &wr);
    sec_zero(&roster, sizeof roster);
    roster.subjects_count = SEC_SUBJECTS_MAX_COUNT;
    for (size_t i = 0; i < SEC_SUBJECTS_MAX_COUNT; i++) {
        fake_key_init(&key, SEC_KEY_P256, 6000 + i);
        snprintf((char *)names[i], sizeof names[i], "%07zu", i);
        roster.subjects[i] = (struct sec_subject){.name = sec_bytes(names[i], 7),
                                                  .role = SEC_ROLE_OPERATOR,
                                                  .has_key = true,
                                                  .key = key.key,
                                                  .scope = i < 2 ? sec_wr_done(&wr) : sec_bytes(NULL, 0)};
    }
    wr = sec_wr(SEC_ROOM(args));
    sec_roster_encode(&roster, &wr);
    CHECK(!wr.bad);
    change = sec_wr(SEC_ROOM(big_change));
    CHECK_OK(sec_access_judge_roster(&state, &facts, sec_wr_done(&wr), &change, &say));
    CHECK_OK(sec_access_apply(&state, sec_wr_done(&change), 2));
    for (uint64_t i = 0; i < SEC_DECIDED_MAX_COUNT; i++)
        decide((uint8_t)i, SEC_TOPIC_ACCESS, i + 1, true, SEC_BAD_SIGNATURE, UINT64_MAX - i);
    state.approvals_count = SEC_APPROVALS_MAX_COUNT;
    for (size_t i = 0; i < SEC_APPROVALS_MAX_COUNT; i++)
        state.approvals[i].statement.b[0] = (uint8_t)i;
    state.lease =
        (struct sec_access_lease){.quiet_s = UINT64_MAX, .time_s = SEC_TIME_MAX_S,
                                  .revoked_count = SEC_REVOKED_MAX_COUNT};
    for (size_t i = 0; i < SEC_TOPICS_COUNT; i++)
        state.lease.heads[i] = UINT64_MAX;
    struct sec_wr address = sec_wr(SEC_ROOM(state.home.address));
    sec_wr_bytes(&address, SEC_LIT("https://"));
    while (address.len < SEC_SETTING_TEXT_MAX_BYTES)
        sec_wr_u8(&address, 'a');
    state.home.address_len = SEC_SETTING_TEXT_MAX_BYTES;
    state.recovering =
        (struct sec_access_recovering){.pending = true, .elapsed_s = UINT64_MAX, .count = SEC_OWNERS_MAX_COUNT};
    sec_copy(state.recovering.keys, state.owners, sizeof state.owners);
    state.next = (struct sec_access_owners){
        .count = SEC_OWNERS_MAX_COUNT, .required = 1, .has_recovery = true, .recovery = state.recovery};
    sec_copy(state.next.keys, state.owners, sizeof state.owners);
    size_t len = encoded(&state).len;
    /* What is left up to the limit holds a roster at its own limit, admitted keys with purposes, and full numbers. */
    CHECK(len + (SEC_ROSTER_MAX_BYTES - wr.len) + SEC_ADMITTED_MAX_COUNT * 192 + SEC_TOPICS_COUNT * 18 + 16 <=
          SEC_ACCESS_ENCODED_MAX_BYTES);
    struct sec_wr twice = sec_wr(SEC_ROOM(other_room));
    CHECK_OK(again(encoded(&state), &twice));
    CHECK_BYTES(sec_wr_done(&twice), encoded(&state));
}

static const struct test tests[] = {
    TEST(a_fresh_state_comes_back),
    TEST(a_state_with_people_has_its_golden_bytes_and_is_strict),
    TEST(a_state_with_all_of_format_2_has_its_golden_bytes_and_is_strict),
    TEST(a_state_without_anything_new_stays_in_format_1),
    TEST(a_decision_takes_its_generation_and_is_remembered),
    TEST(the_oldest_decision_is_forgotten_first),
    TEST(a_wipe_leaves_the_next_epoch_and_nothing_else),
    TEST(keys_are_found_with_their_roles),
    TEST(subjects_can_be_counted_off),
    TEST(hostile_changes_leave_the_state_as_it_was),
    TEST(the_largest_state_fits_its_stated_room),
};
TEST_MAIN(tests)
