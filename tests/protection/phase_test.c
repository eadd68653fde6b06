/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

/* Rows: phases; columns: rotate, resealed, retired, wipe, survive, wiped, moved. -1: no such step. */
static const int table[5][7] = {
    {SEC_PROTECTION_RESEALING, -1, -1, SEC_PROTECTION_WIPE, SEC_PROTECTION_DESTROYING, -1, SEC_PROTECTION_IDLE},
    {-1, SEC_PROTECTION_RETIRING, -1, SEC_PROTECTION_WIPE, SEC_PROTECTION_DESTROYING, -1, SEC_PROTECTION_RESEALING},
    {-1, -1, SEC_PROTECTION_IDLE, SEC_PROTECTION_WIPE, SEC_PROTECTION_DESTROYING, -1, -1},
    {-1, -1, -1, -1, SEC_PROTECTION_DESTROYING, -1, -1},
    {-1, -1, -1, -1, SEC_PROTECTION_DESTROYING, SEC_PROTECTION_IDLE, -1},
};

static void the_table_has_these_steps_and_no_other(void)
{
    for (int from = 0; from < 5; from++) {
        for (int event = 0; event < 7; event++) {
            enum sec_protection_phase to;
            sec_status status =
                sec_protection_next((enum sec_protection_phase)from, (enum sec_protection_event)(event + 1), &to);
            CHECK_STATUS(status, table[from][event] < 0 ? SEC_BUSY : SEC_OK);
            if (sec_ok(status))
                CHECK_INT(to, table[from][event]);
        }
    }
}

static void phases_have_words(void)
{
    CHECK(strcmp(sec_protection_phase_word(SEC_PROTECTION_IDLE), "idle") == 0);
    CHECK(strcmp(sec_protection_phase_word(SEC_PROTECTION_DESTROYING), "destroying") == 0);
    CHECK(strcmp(sec_protection_phase_word((enum sec_protection_phase)5), "unknown") == 0);
}

static void a_rotation_goes_through_its_steps(void)
{
    life_begin();
    CHECK_INT(state.secret_key, 2);
    CHECK_OK(life_rotate());
    CHECK_INT(state.phase, SEC_PROTECTION_RESEALING);
    CHECK_INT(state.other_key, 3);
    CHECK(sec_protection_names_key(&state, 2) && sec_protection_names_key(&state, 3));
    CHECK_STATUS(life_rotate(), SEC_BUSY);
    CHECK_STATUS(life_step(sec_protection_change_resealed), SEC_BAD_VALUE);
    for (size_t i = 0; i < 3; i++)
        life_move(i, 100 + i);
    life_move(0, 201); /* once more after a cut */
    CHECK_OK(life_step(sec_protection_change_resealed));
    CHECK_INT(state.phase, SEC_PROTECTION_RETIRING);
    CHECK_INT(state.secret_key, 3);
    CHECK_INT(state.other_key, 2);
    CHECK(sec_protection_names_key(&state, 2));
    CHECK_OK(life_step(sec_protection_change_retired));
    CHECK_INT(state.phase, SEC_PROTECTION_IDLE);
    CHECK(!sec_protection_names_key(&state, 2));
    const struct sec_protection_secret *secret;
    CHECK_OK(sec_protection_find(&state, 1001, SEC_LIT("token"), &secret));
    CHECK_INT(secret->seal, 3);
    CHECK_INT(secret->index, 201);
    SHOWS("F3.1");
}

static sec_status try_move(uint64_t index)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change));
    const struct sec_protection_secret *secret;
    CHECK_OK(sec_protection_find(&state, 1002, SEC_LIT("token"), &secret));
    sec_protection_change_moved(secret, index, &wr);
    return sec_protection_apply(&state, sec_wr_done(&wr), index + 1);
}

static void a_secret_may_move_under_its_key(void)
{
    const struct sec_protection_secret *secret;
    life_begin();
    CHECK_STATUS(try_move(20), SEC_BAD_VALUE); /* where it is */
    CHECK_STATUS(try_move(19), SEC_BAD_VALUE); /* back to what is to be trimmed */
    CHECK_OK(try_move(30));
    CHECK_OK(sec_protection_find(&state, 1002, SEC_LIT("token"), &secret));
    CHECK_INT(secret->index, 30);
    CHECK_INT(secret->seal, 2);
    CHECK_INT(state.phase, SEC_PROTECTION_IDLE);
    CHECK_OK(life_rotate());
    for (size_t i = 0; i < 3; i++)
        life_move(i, 100 + i);
    CHECK_OK(life_step(sec_protection_change_resealed));
    CHECK_STATUS(try_move(200), SEC_BUSY);
    CHECK_OK(life_step(sec_protection_change_retired));
    CHECK_OK(try_move(200));
    CHECK_OK(life_wipe());
    CHECK_STATUS(try_move(300), SEC_BUSY);
}

static void a_wipe_goes_through_its_steps(void)
{
    life_begin();
    CHECK_OK(life_wipe());
    CHECK_INT(state.phase, SEC_PROTECTION_WIPE);
    CHECK_STATUS(life_wipe(), SEC_BUSY);
    CHECK(sec_protection_names_key(&state, 1) && sec_protection_names_key(&state, 2));
    sec_protection_survive(&state);
    CHECK_INT(state.phase, SEC_PROTECTION_DESTROYING);
    CHECK_INT(state.doomed_count, 2);
    CHECK_INT(state.secrets_count, 0);
    CHECK_INT(state.epoch_key, 0);
    CHECK(sec_protection_names_key(&state, 1));
    struct sec_protection_keys keys;
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change));
    CHECK_STATUS(sec_protection_judge_claim(&state, &keys, &wr), SEC_BUSY);
    CHECK_OK(life_step(sec_protection_change_wiped));
    CHECK_INT(state.phase, SEC_PROTECTION_IDLE);
    CHECK_INT(state.doomed_count, 0);
    life_claim();
    CHECK_INT(state.epoch_key, 3); /* numbers go on */
    SHOWS("F3.3");
}

static void a_wipe_in_the_middle_of_a_rotation_dooms_both_keys(void)
{
    life_begin();
    CHECK_OK(life_rotate());
    life_move(0, 100);
    CHECK_OK(life_wipe());
    sec_protection_survive(&state);
    CHECK_INT(state.doomed_count, 3);
    CHECK_INT(state.doomed[2], 3);
    struct sec_protection once = state;
    sec_protection_survive(&state);
    CHECK_INT(state.doomed_count, once.doomed_count);
    CHECK_INT(state.phase, once.phase);
}

static void a_device_without_keys_survives_idle(void)
{
    sec_protection_init(&state);
    CHECK_STATUS(life_wipe(), SEC_NO_OWNER);
    CHECK_STATUS(life_rotate(), SEC_NO_OWNER);
    sec_protection_survive(&state);
    CHECK_INT(state.phase, SEC_PROTECTION_IDLE);
}

static const struct test tests[] = {
    TEST(the_table_has_these_steps_and_no_other),
    TEST(phases_have_words),
    TEST(a_rotation_goes_through_its_steps),
    TEST(a_secret_may_move_under_its_key),
    TEST(a_wipe_goes_through_its_steps),
    TEST(a_wipe_in_the_middle_of_a_rotation_dooms_both_keys),
    TEST(a_device_without_keys_survives_idle),
};
TEST_MAIN(tests)
