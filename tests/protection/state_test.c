/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

static uint8_t other_room[SEC_PROTECTION_ENCODED_MAX_BYTES];

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    static struct sec_protection back;
    SEC_TRY(sec_protection_parse(in, &back));
    sec_protection_encode(&back, wr);
    return sec_st(SEC_OK);
}

static void comes_back(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(other_room));
    CHECK_OK(again(life_encoded(), &wr));
    CHECK_BYTES(sec_wr_done(&wr), life_encoded());
}

static void a_state_has_its_golden_bytes_and_is_strict(void)
{
    life_begin();
    golden_check("protection-state", life_encoded());
    CHECK(strict_check(life_encoded(), again) > 0);
    sec_protection_init(&state);
    golden_check("protection-fresh", life_encoded());
    (void)strict_check(life_encoded(), again);
}

static void every_phase_comes_back(void)
{
    life_begin();
    CHECK_OK(life_rotate());
    comes_back();
    life_move(0, 100);
    comes_back();
    life_move(1, 101);
    life_move(2, 102);
    CHECK_OK(life_step(sec_protection_change_resealed));
    comes_back();
    CHECK_OK(life_wipe());
    comes_back();
    sec_protection_survive(&state);
    comes_back();
    golden_check("protection-destroying", life_encoded());
    CHECK_OK(life_step(sec_protection_change_wiped));
    comes_back();
}

static void changes_have_their_golden_bytes(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(other_room)), detail = sec_wr(SEC_ROOM(life_detail));
    struct sec_protection_keys keys;
    uint64_t key;
    sec_protection_init(&state);
    CHECK_OK(sec_protection_judge_claim(&state, &keys, &wr));
    life_begin();
    sec_protection_change_put(1001, SEC_LIT("token"), 32, 2, 24, &wr);
    CHECK_OK(sec_protection_judge_delete(&state, 1001, SEC_LIT("token"), &wr, &detail));
    CHECK_OK(sec_protection_judge_rotate(&state, SEC_BYTES(empty_args), &key, &wr, &detail));
    sec_protection_change_moved(&state.secrets[0], 300, &wr);
    sec_protection_change_resealed(&wr);
    sec_protection_change_retired(&wr);
    CHECK_OK(sec_protection_judge_wipe(&state, SEC_BYTES(empty_args), &wr, &detail));
    sec_protection_change_wiped(&wr);
    golden_check("protection-changes", sec_wr_done(&wr));
}

static void hostile_changes_leave_the_state_as_it_was(void)
{
    static const struct {
        uint8_t bytes[20];
        size_t len;
    } cases[] = {
        {{0xa0}, 1},
        {{0x80}, 1},
        {{0xa1, 1, 10}, 3},                                       /* a foreign kind */
        {{0xa3, 1, 1, 2, 3, 3, 4}, 7},                            /* a second claim */
        {{0xa1, 1, 6}, 3},                                        /* resealed without rotation */
        {{0xa1, 1, 7}, 3},                                        /* retired without rotation */
        {{0xa1, 1, 9}, 3},                                        /* wiped without wipe */
        {{0xa2, 1, 4, 2, 2}, 5},                                  /* a key number that was given */
        {{0xa2, 1, 8, 2, 2}, 5},                                  /* leftovers */
        {{0xa3, 1, 3, 2, 1, 3, 0x61, 'a'}, 8},                    /* no such secret */
        {{0xa4, 1, 5, 2, 1, 3, 0x61, 'a', 4, 1}, 10},             /* moved without rotation */
        {{0xa6, 1, 2, 2, 1, 3, 0x61, 'a', 4, 1, 5, 1, 6, 1}, 14}, /* under the epoch's key */
        {{0xa6, 1, 2, 2, 1, 3, 0x60, 4, 1, 5, 2, 6, 1}, 13},      /* no name */
    };
    life_begin();
    struct sec_wr wr = sec_wr(SEC_ROOM(other_room));
    sec_protection_encode(&state, &wr);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(!sec_ok(sec_protection_apply(&state, sec_bytes(cases[i].bytes, cases[i].len), 1)));
        CHECK_BYTES(life_encoded(), sec_wr_done(&wr));
    }
}

static void the_largest_state_fits_its_stated_room(void)
{
    sec_protection_init(&state);
    state.next_key = UINT64_MAX - 5;
    life_claim();
    for (uint32_t i = 0; i < SEC_SECRETS_MAX_COUNT; i++) {
        char name[SEC_NAME_MAX_BYTES + 1];
        snprintf(name, sizeof name, "%064u", i);
        life_put(UINT32_MAX, name, SEC_SECRET_MAX_BYTES, UINT64_MAX - i - 1);
    }
    comes_back();
}

static const struct test tests[] = {
    TEST(a_state_has_its_golden_bytes_and_is_strict),
    TEST(every_phase_comes_back),
    TEST(changes_have_their_golden_bytes),
    TEST(hostile_changes_leave_the_state_as_it_was),
    TEST(the_largest_state_fits_its_stated_room),
};
TEST_MAIN(tests)
