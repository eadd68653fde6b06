/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"
#include "test.h"

static void parameters_are_found_and_decoded(void)
{
    uint8_t room[16];
    struct sec_bytes value = {0}, query = SEC_LIT("a=1&name=x%20%C3%a4+y&a=2&flag&e=");
    CHECK_OK(http_query(query, "name", SEC_ROOM(room), &value));
    CHECK_BYTES(value, SEC_LIT("x \xc3\xa4 y"));
    CHECK_OK(http_query(query, "a", SEC_ROOM(room), &value));
    CHECK_BYTES(value, SEC_LIT("1"));
    CHECK_OK(http_query(query, "flag", SEC_ROOM(room), &value));
    CHECK_INT(value.len, 0);
    CHECK_STATUS(http_query(query, "b", SEC_ROOM(room), &value), SEC_NOT_FOUND);
    CHECK_STATUS(http_query(SEC_LIT("a=%2"), "a", SEC_ROOM(room), &value), SEC_BAD_VALUE);
    CHECK_STATUS(http_query(SEC_LIT("a=%zz"), "a", SEC_ROOM(room), &value), SEC_BAD_VALUE);
    CHECK_STATUS(http_query(SEC_LIT("a=12345"), "a", sec_room(room, 4), &value), SEC_ROOM_FULL);
}

static void numbers_have_digits_alone(void)
{
    uint64_t number = 0;
    CHECK_OK(http_query_number(SEC_LIT("limit=25"), "limit", 100, &number));
    CHECK_INT(number, 25);
    CHECK_OK(http_query_number(SEC_LIT(""), "limit", 100, &number));
    CHECK_INT(number, 100);
    CHECK_STATUS(http_query_number(SEC_LIT("limit=-1"), "limit", 100, &number), SEC_BAD_VALUE);
    CHECK_STATUS(http_query_number(SEC_LIT("limit="), "limit", 100, &number), SEC_BAD_VALUE);
    CHECK_STATUS(http_query_number(SEC_LIT("limit=99999999999999999999"), "limit", 100, &number), SEC_BAD_VALUE);
}

static void a_range_is_one_and_satisfiable(void)
{
    static const struct {
        const char *text;
        uint64_t size;
        enum sec_status_code code;
        uint64_t first, count;
    } rows[] = {
        {"bytes=0-", 10, SEC_OK, 0, 10},       {"bytes=5-", 10, SEC_OK, 5, 5},         {"bytes=5-5", 10, SEC_OK, 5, 1},
        {"bytes=5-99", 10, SEC_OK, 5, 5},      {"bytes=-3", 10, SEC_OK, 7, 3},         {"bytes=-30", 10, SEC_OK, 0, 10},
        {"", 10, SEC_NOT_FOUND, 0, 0},         {"lines=1-2", 10, SEC_NOT_FOUND, 0, 0}, {"bytes=10-", 10, SEC_BAD_VALUE, 0, 0},
        {"bytes=3-2", 10, SEC_BAD_VALUE, 0, 0}, {"bytes=1-2,4-5", 10, SEC_BAD_VALUE, 0, 0}, {"bytes=-0", 10, SEC_BAD_VALUE, 0, 0},
        {"bytes=0-", 0, SEC_BAD_VALUE, 0, 0},  {"bytes=-", 10, SEC_BAD_VALUE, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t first = 0, count = 0;
        CHECK_STATUS(http_range(sec_bytes_of_str(rows[i].text), rows[i].size, &first, &count), rows[i].code);
        CHECK_INT(first, rows[i].first);
        CHECK_INT(count, rows[i].count);
    }
}

static const struct test tests[] = {
    TEST(parameters_are_found_and_decoded),
    TEST(numbers_have_digits_alone),
    TEST(a_range_is_one_and_satisfiable),
};
TEST_MAIN(tests)
