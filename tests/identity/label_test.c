/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/identity.h>

#include "test.h"

#include <string.h>

static struct sec_device_id some_id(uint8_t factor)
{
    struct sec_device_id id;
    for (size_t i = 0; i < sizeof id.b; i++)
        id.b[i] = (uint8_t)(factor * (i + 3));
    return id;
}

static struct sec_bytes code_of(const struct sec_device_id *id, uint8_t room[SEC_LABEL_CODE_BYTES])
{
    struct sec_wr wr = sec_wr(sec_room(room, SEC_LABEL_CODE_BYTES));
    sec_label_code_encode(id, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static void the_code_has_its_stated_shape_and_names_its_device(void)
{
    uint8_t room[SEC_LABEL_CODE_BYTES];
    struct sec_device_id id = some_id(37), other = some_id(41);
    struct sec_bytes code = code_of(&id, room);
    CHECK_INT(code.len, SEC_LABEL_CODE_BYTES);
    for (size_t i = 4; i < code.len; i += 5)
        CHECK_INT(code.data[i], '-');
    CHECK(sec_label_code_matches(code, &id));
    CHECK(!sec_label_code_matches(code, &other));
    SHOWS("F1.2");
}

static void a_known_id_has_a_known_code(void)
{
    uint8_t room[SEC_LABEL_CODE_BYTES];
    struct sec_device_id zero = {{0}};
    CHECK_BYTES(code_of(&zero, room), SEC_LIT("0000-0000-0000-0000-0"));
    struct sec_device_id one = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    /* The last symbol has weight x, so 1 gives x = 2. */
    CHECK_BYTES(code_of(&one, room), SEC_LIT("0000-0000-0000-0001-2"));
}

static void case_blanks_and_lookalikes_do_not_matter(void)
{
    struct sec_device_id one = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    CHECK(sec_label_code_matches(SEC_LIT("0000 0000 0000 000l 2"), &one));
    CHECK(sec_label_code_matches(SEC_LIT("OoOO00000000000I2"), &one));
}

static void any_one_wrong_symbol_is_noticed(void)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t room[SEC_LABEL_CODE_BYTES], start[10];
    struct sec_device_id id = some_id(37);
    struct sec_bytes code = code_of(&id, room);
    for (size_t i = 0; i < code.len; i++) {
        uint8_t good = room[i];
        for (size_t k = 0; good != '-' && k < 32; k++) {
            room[i] = (uint8_t)alphabet[k];
            if (room[i] != good)
                CHECK_STATUS(sec_label_code_parse(code, start), SEC_BAD_VALUE);
        }
        room[i] = good;
    }
    SHOWS("F1.2");
}

static void any_two_exchanged_symbols_are_noticed(void)
{
    uint8_t room[SEC_LABEL_CODE_BYTES], start[10];
    struct sec_device_id id = some_id(37);
    struct sec_bytes code = code_of(&id, room);
    for (size_t i = 0; i < code.len; i++) {
        for (size_t k = 0; k < i; k++) {
            if (room[i] == '-' || room[k] == '-' || room[i] == room[k])
                continue;
            uint8_t kept = room[i];
            room[i] = room[k];
            room[k] = kept;
            CHECK_STATUS(sec_label_code_parse(code, start), SEC_BAD_VALUE);
            room[k] = room[i];
            room[i] = kept;
        }
    }
}

static void too_few_too_many_and_foreign_symbols_are_refused(void)
{
    uint8_t start[10];
    CHECK_STATUS(sec_label_code_parse(SEC_LIT("0000-0000-0000-0000"), start), SEC_TRUNCATED);
    CHECK_STATUS(sec_label_code_parse(SEC_LIT("0000-0000-0000-0000-00"), start), SEC_LEFTOVER);
    CHECK_STATUS(sec_label_code_parse(SEC_LIT("0000-0000-0000-000U-0"), start), SEC_BAD_VALUE);
    CHECK_STATUS(sec_label_code_parse(sec_bytes(NULL, 0), start), SEC_TRUNCATED);
}

static void the_label_carries_model_code_and_id_and_nothing_else(void)
{
    uint8_t room[256];
    struct sec_device_id one = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_label_encode(SEC_LIT("Pump 3"), &one, &wr);
    CHECK_BYTES(
        sec_wr_done(&wr),
        SEC_LIT("model: Pump 3\nid: 0000-0000-0000-0001-2\n"
                "tag:securable,2026:device:0000000000000000000100000000000000000000000000000000000000000000\n"));
    SHOWS("F1.2");
}

static const struct test tests[] = {
    TEST(the_code_has_its_stated_shape_and_names_its_device),
    TEST(a_known_id_has_a_known_code),
    TEST(case_blanks_and_lookalikes_do_not_matter),
    TEST(any_one_wrong_symbol_is_noticed),
    TEST(any_two_exchanged_symbols_are_noticed),
    TEST(too_few_too_many_and_foreign_symbols_are_refused),
    TEST(the_label_carries_model_code_and_id_and_nothing_else),
};
TEST_MAIN(tests)
