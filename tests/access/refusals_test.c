/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/access.h>

#include "strict.h"

static uint8_t room[2048];
static struct sec_refusals refusals;

static bool take(uint64_t steady_ms, struct sec_bytes *ret_record)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    bool taken = sec_refusals_take(&refusals, steady_ms, &wr);
    *ret_record = sec_wr_done(&wr);
    return taken;
}

static void refusals_are_gathered_into_one_record(void)
{
    struct sec_bytes record;
    sec_refusals_init(&refusals);
    CHECK(sec_refusals_due_ms(&refusals) == UINT64_MAX);
    for (int i = 0; i < 500; i++)
        sec_refusals_add(&refusals, sec_st(SEC_UNKNOWN_KEY), 5000, 1790000000 + i);
    sec_refusals_add(&refusals, sec_st(SEC_BAD_SIGNATURE), 5100, 1790000600);
    CHECK_INT(sec_refusals_due_ms(&refusals), 5000 + SEC_REFUSALS_GATHER_MS);
    CHECK(!take(5999, &record));
    CHECK(take(6000, &record));
    golden_check("refusals", record);
    CHECK(!take(6000, &record));
    CHECK(sec_refusals_due_ms(&refusals) == UINT64_MAX);
}

static void a_flood_makes_a_burst_of_records_and_then_one_an_interval(void)
{
    struct sec_bytes record;
    unsigned records_count = 0;
    sec_refusals_init(&refusals);
    /* Ten refusals a second for ten minutes. */
    for (uint64_t ms = 0; ms < 600000; ms += 100) {
        sec_refusals_add(&refusals, sec_st(SEC_UNSIGNED), ms, 0);
        records_count += take(ms, &record);
    }
    CHECK_INT(records_count, SEC_REFUSALS_BURST + 9);
}

static void tokens_come_back_while_it_is_quiet(void)
{
    struct sec_bytes record;
    sec_refusals_init(&refusals);
    for (uint64_t i = 0; i < SEC_REFUSALS_BURST; i++) {
        sec_refusals_add(&refusals, sec_st(SEC_UNSIGNED), i * 1000, 0);
        CHECK(take(i * 1000 + 1000, &record));
    }
    sec_refusals_add(&refusals, sec_st(SEC_UNSIGNED), 5000, 0);
    CHECK(!take(6000, &record));
    CHECK(take(1000 + SEC_REFUSALS_INTERVAL_MS, &record));
    uint64_t later = 10u * SEC_REFUSALS_INTERVAL_MS;
    for (uint64_t i = 0; i < SEC_REFUSALS_BURST; i++) {
        sec_refusals_add(&refusals, sec_st(SEC_UNSIGNED), later + i * 1000, 0);
        CHECK(take(later + i * 1000 + 1000, &record));
    }
}

static void more_codes_than_places_are_counted_together(void)
{
    struct sec_bytes record;
    uint64_t total = 0;
    sec_refusals_init(&refusals);
    for (uint16_t i = 0; i < 2 * SEC_REFUSALS_MAX_COUNT; i++)
        sec_refusals_add(&refusals, (sec_status){(uint16_t)(0x0300 + i)}, 0, 0);
    CHECK_INT(refusals.count, SEC_REFUSALS_MAX_COUNT);
    CHECK_INT(refusals.entries[SEC_REFUSALS_MAX_COUNT - 1].code, 0);
    for (size_t i = 0; i < refusals.count; i++)
        total += refusals.entries[i].count;
    CHECK_INT(total, 2 * SEC_REFUSALS_MAX_COUNT);
    CHECK(take(SEC_REFUSALS_GATHER_MS, &record));
}

static void a_record_that_does_not_fit_is_not_lost(void)
{
    uint8_t small[4];
    struct sec_bytes record;
    struct sec_wr wr = sec_wr(SEC_ROOM(small));
    sec_refusals_init(&refusals);
    sec_refusals_add(&refusals, sec_st(SEC_UNSIGNED), 0, 0);
    CHECK(!sec_refusals_take(&refusals, 1000, &wr));
    CHECK_INT(wr.len, 0);
    CHECK(take(1000, &record));
}

static const struct sec_lockout_policy three = {.enabled = true, .limit = 3, .seconds = 30};

static void after_the_limit_the_door_is_shut_for_a_while(void)
{
    sec_refusals_init(&refusals);
    for (uint64_t i = 0; i < 3; i++)
        CHECK_STATUS(sec_lockout_answer(&refusals, &three, sec_st(SEC_UNKNOWN_KEY), i), SEC_UNKNOWN_KEY);
    CHECK(sec_lockout_active(&refusals, &three, 3));
    CHECK_STATUS(sec_lockout_answer(&refusals, &three, sec_st(SEC_BAD_SIGNATURE), 3), SEC_LOCKED_OUT);
    CHECK_STATUS(sec_lockout_answer(&refusals, &three, sec_st(SEC_UNSIGNED), 30001), SEC_LOCKED_OUT);
    CHECK(!sec_lockout_active(&refusals, &three, 30002));
    CHECK_STATUS(sec_lockout_answer(&refusals, &three, sec_st(SEC_UNSIGNED), 30002), SEC_UNSIGNED);
    SHOWS("F4.3");
}

static void refusals_of_a_verified_statement_neither_count_nor_are_locked(void)
{
    sec_refusals_init(&refusals);
    for (int i = 0; i < 10; i++)
        CHECK_STATUS(sec_lockout_answer(&refusals, &three, sec_st(SEC_ROLE_INSUFFICIENT), 0), SEC_ROLE_INSUFFICIENT);
    CHECK(!sec_lockout_active(&refusals, &three, 0));
    for (int i = 0; i < 3; i++)
        (void)sec_lockout_answer(&refusals, &three, sec_st(SEC_BAD_SIGNATURE), 0);
    CHECK(sec_lockout_active(&refusals, &three, 0));
    CHECK_STATUS(sec_lockout_answer(&refusals, &three, sec_st(SEC_GENERATION_USED), 0), SEC_GENERATION_USED);
    SHOWS("F4.3");
}

static void slow_failures_do_not_lock(void)
{
    sec_refusals_init(&refusals);
    for (uint64_t i = 0; i < 100; i++)
        CHECK_STATUS(sec_lockout_answer(&refusals, &three, sec_st(SEC_UNSIGNED), i * SEC_LOCKOUT_INTERVAL_MS / 2),
                     SEC_UNSIGNED);
}

static void the_lock_can_be_switched_off_and_tuned(void)
{
    struct sec_lockout_policy policy = {.enabled = false, .limit = 1, .seconds = 30};
    sec_refusals_init(&refusals);
    for (int i = 0; i < 10; i++)
        CHECK_STATUS(sec_lockout_answer(&refusals, &policy, sec_st(SEC_UNSIGNED), 0), SEC_UNSIGNED);
    policy.enabled = true;
    policy.limit = 0;
    CHECK_STATUS(sec_lockout_answer(&refusals, &policy, sec_st(SEC_UNSIGNED), 0), SEC_UNSIGNED);
    CHECK_STATUS(sec_lockout_answer(&refusals, &policy, sec_st(SEC_UNSIGNED), 0), SEC_LOCKED_OUT);
    policy.enabled = false;
    CHECK(!sec_lockout_active(&refusals, &policy, 0));
    policy = (struct sec_lockout_policy){.enabled = true, .limit = 1, .seconds = UINT64_MAX};
    sec_refusals_init(&refusals);
    (void)sec_lockout_answer(&refusals, &policy, sec_st(SEC_UNSIGNED), 5);
    CHECK(sec_lockout_active(&refusals, &policy, UINT64_MAX - 1));
    SHOWS("F4.3");
}

static const struct test tests[] = {
    TEST(refusals_are_gathered_into_one_record),
    TEST(a_flood_makes_a_burst_of_records_and_then_one_an_interval),
    TEST(tokens_come_back_while_it_is_quiet),
    TEST(more_codes_than_places_are_counted_together),
    TEST(a_record_that_does_not_fit_is_not_lost),
    TEST(after_the_limit_the_door_is_shut_for_a_while),
    TEST(refusals_of_a_verified_statement_neither_count_nor_are_locked),
    TEST(slow_failures_do_not_lock),
    TEST(the_lock_can_be_switched_off_and_tuned),
};
TEST_MAIN(tests)
