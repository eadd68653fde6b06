/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

static uint8_t room[8192];

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_wipe_items items;
    SEC_TRY(sec_wipe_items_parse(in, &items));
    sec_wipe_items_encode(&items, wr);
    return sec_st(SEC_OK);
}

static void graded_items_come_back(void)
{
    struct sec_wipe_items items = {.count = 4,
                                   .items = {{SEC_LIT("keys.epoch"), SEC_WIPE_OVERWRITTEN},
                                             {SEC_LIT("keys.secrets"), SEC_WIPE_HARDWARE},
                                             {SEC_LIT("data.recordings"), SEC_WIPE_BY_HOOK},
                                             {SEC_LIT("data.cache"), SEC_WIPE_NOT_COVERED}}};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_wipe_items_encode(&items, &wr);
    golden_check("wipe-items", sec_wr_done(&wr));
    CHECK(strict_check(sec_wr_done(&wr), again) > 0);
    SHOWS("F3.3");
}

static void grades_say_no_more_than_is_known(void)
{
    CHECK_INT(sec_wipe_grade_of_key(SEC_DESTROY_OVERWRITTEN, false), SEC_WIPE_OVERWRITTEN);
    CHECK_INT(sec_wipe_grade_of_key(SEC_DESTROY_HARDWARE, true), SEC_WIPE_HARDWARE);
    CHECK_INT(sec_wipe_grade_of_key(SEC_DESTROY_NOT_COVERED, false), SEC_WIPE_NOT_COVERED);
    CHECK_INT(sec_wipe_grade_of_key(SEC_DESTROY_NOT_COVERED, true), SEC_WIPE_FOUND_GONE);
    CHECK_INT(sec_wipe_grade_of_hook(sec_st(SEC_OK)), SEC_WIPE_BY_HOOK);
    CHECK_INT(sec_wipe_grade_of_hook(sec_st(SEC_EFFECT_FAILED)), SEC_WIPE_NOT_COVERED);
    CHECK(strcmp(sec_wipe_grade_word(SEC_WIPE_OVERWRITTEN), "key-file-overwritten") == 0);
    CHECK(strcmp(sec_wipe_grade_word(SEC_WIPE_HARDWARE), "destroyed-in-hardware") == 0);
    CHECK(strcmp(sec_wipe_grade_word(SEC_WIPE_BY_HOOK), "erased-by-hook") == 0);
    CHECK(strcmp(sec_wipe_grade_word(SEC_WIPE_NOT_COVERED), "not-covered") == 0);
    CHECK(strcmp(sec_wipe_grade_word(5), "unknown") == 0);
}

static void foreign_grades_and_too_many_items_are_refused(void)
{
    static const uint8_t foreign[] = {0x81, 0x82, 0x61, 'a', 5};
    static const uint8_t nameless[] = {0x81, 0x82, 0x60, 1};
    struct sec_wipe_items items;
    CHECK_STATUS(sec_wipe_items_parse(SEC_BYTES(foreign), &items), SEC_BAD_VALUE);
    CHECK_STATUS(sec_wipe_items_parse(SEC_BYTES(nameless), &items), SEC_BAD_VALUE);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_cbor_put_array(&wr, SEC_WIPE_ITEMS_MAX_COUNT + 1);
    for (unsigned i = 0; i <= SEC_WIPE_ITEMS_MAX_COUNT; i++)
        sec_cbor_put_uint(&wr, 1);
    CHECK_STATUS(sec_wipe_items_parse(sec_wr_done(&wr), &items), SEC_TOO_LARGE);
    items.count = SEC_WIPE_ITEMS_MAX_COUNT + 1;
    sec_wipe_items_encode(&items, &wr);
    CHECK(wr.bad);
}

static const struct test tests[] = {
    TEST(graded_items_come_back),
    TEST(grades_say_no_more_than_is_known),
    TEST(foreign_grades_and_too_many_items_are_refused),
};
TEST_MAIN(tests)
