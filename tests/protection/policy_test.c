/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

static void a_secret_belongs_to_who_put_it(void)
{
    const struct sec_protection_secret *secret;
    life_begin();
    CHECK_OK(sec_protection_find(&state, 1001, SEC_LIT("token"), &secret));
    CHECK_INT(secret->index, 24);
    CHECK_INT(secret->length, 32);
    CHECK_OK(sec_protection_find(&state, 1002, SEC_LIT("token"), &secret));
    CHECK_INT(secret->index, 20);
    CHECK_STATUS(sec_protection_find(&state, 1002, SEC_LIT("tls-key"), &secret), SEC_UNKNOWN_SECRET);
    CHECK_STATUS(sec_protection_find(&state, 0, SEC_LIT("tls-key"), &secret), SEC_UNKNOWN_SECRET);
    SHOWS("F3.1");
}

static void a_later_put_replaces(void)
{
    const struct sec_protection_secret *secret;
    life_begin();
    life_put(1001, "token", 8, 30);
    CHECK_INT(state.secrets_count, 3);
    CHECK_OK(sec_protection_find(&state, 1001, SEC_LIT("token"), &secret));
    CHECK_INT(secret->index, 30);
    CHECK_INT(secret->length, 8);
}

static sec_status delete (uint32_t uid, const char *name)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change)), detail = sec_wr(SEC_ROOM(life_detail));
    SEC_TRY(sec_protection_judge_delete(&state, uid, sec_bytes_of_str(name), &wr, &detail));
    return sec_protection_apply(&state, sec_wr_done(&wr), 40);
}

static void delete_hides_ones_own_secret(void)
{
    const struct sec_protection_secret *secret;
    life_begin();
    CHECK_STATUS(delete (1002, "tls-key"), SEC_UNKNOWN_SECRET);
    CHECK_OK(delete (1001, "tls-key"));
    CHECK_STATUS(delete (1001, "tls-key"), SEC_UNKNOWN_SECRET);
    CHECK_STATUS(sec_protection_find(&state, 1001, SEC_LIT("tls-key"), &secret), SEC_UNKNOWN_SECRET);
    CHECK_OK(sec_protection_find(&state, 1001, SEC_LIT("token"), &secret));
    CHECK_OK(sec_protection_find(&state, 1002, SEC_LIT("token"), &secret));
}

static void limits_are_statuses(void)
{
    static const uint8_t long_name[SEC_NAME_MAX_BYTES + 1] = {'a'};
    static const uint8_t not_text[] = {0xff};
    uint64_t seal;
    char name[16];
    sec_protection_init(&state);
    CHECK_STATUS(sec_protection_judge_put(&state, 1, SEC_LIT("a"), 1, &seal), SEC_NO_OWNER);
    life_claim();
    CHECK_STATUS(sec_protection_judge_put(&state, 1, SEC_LIT(""), 1, &seal), SEC_BAD_VALUE);
    CHECK_STATUS(sec_protection_judge_put(&state, 1, SEC_BYTES(long_name), 1, &seal), SEC_BAD_VALUE);
    CHECK_STATUS(sec_protection_judge_put(&state, 1, SEC_BYTES(not_text), 1, &seal), SEC_BAD_VALUE);
    CHECK_STATUS(sec_protection_judge_put(&state, 1, SEC_LIT("a"), SEC_SECRET_MAX_BYTES + 1, &seal), SEC_TOO_LARGE);
    for (unsigned i = 0; i < SEC_SECRETS_MAX_COUNT; i++) {
        snprintf(name, sizeof name, "s%u", i * 37 % SEC_SECRETS_MAX_COUNT);
        life_put(i % 3, name, SEC_SECRET_MAX_BYTES, i);
    }
    CHECK_STATUS(sec_protection_judge_put(&state, 7, SEC_LIT("more"), 1, &seal), SEC_TABLE_FULL);
    life_put(0, "s0", 1, 900); /* replacing needs no place */
    CHECK_INT(state.secrets_count, SEC_SECRETS_MAX_COUNT);
}

static void secrets_wait_while_a_rotation_is_unfinished(void)
{
    uint64_t seal;
    life_begin();
    CHECK_OK(life_rotate());
    CHECK_STATUS(sec_protection_judge_put(&state, 1001, SEC_LIT("a"), 1, &seal), SEC_BUSY);
    CHECK_STATUS(delete (1001, "token"), SEC_BUSY);
    const struct sec_protection_secret *secret;
    CHECK_OK(sec_protection_find(&state, 1001, SEC_LIT("token"), &secret));
}

static void a_claim_draws_two_keys_once(void)
{
    struct sec_protection_keys keys;
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change));
    sec_protection_init(&state);
    CHECK_OK(sec_protection_judge_claim(&state, &keys, &wr));
    CHECK_INT(keys.epoch_key, 1);
    CHECK_INT(keys.secret_key, 2);
    CHECK_OK(sec_protection_apply(&state, sec_wr_done(&wr), 1));
    CHECK_STATUS(sec_protection_apply(&state, sec_wr_done(&wr), 1), SEC_EXISTS);
    CHECK_STATUS(sec_protection_judge_claim(&state, &keys, &wr), SEC_EXISTS);
    CHECK(!sec_protection_names_key(&state, 0) && !sec_protection_names_key(&state, 3));
}

static void rotate_and_wipe_take_no_arguments(void)
{
    static const uint8_t args[] = {0xa1, 1, 1};
    uint64_t key;
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change)), detail = sec_wr(SEC_ROOM(life_detail));
    life_begin();
    wr = sec_wr(SEC_ROOM(life_change));
    CHECK_STATUS(sec_protection_judge_rotate(&state, SEC_BYTES(args), &key, &wr, &detail), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(sec_protection_judge_wipe(&state, SEC_BYTES(args), &wr, &detail), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(sec_protection_judge_wipe(&state, sec_bytes(NULL, 0), &wr, &detail), SEC_TRUNCATED);
    CHECK_INT(wr.len, 0);
}

static const struct test tests[] = {
    TEST(a_secret_belongs_to_who_put_it),
    TEST(a_later_put_replaces),
    TEST(delete_hides_ones_own_secret),
    TEST(limits_are_statuses),
    TEST(secrets_wait_while_a_rotation_is_unfinished),
    TEST(a_claim_draws_two_keys_once),
    TEST(rotate_and_wipe_take_no_arguments),
};
TEST_MAIN(tests)
