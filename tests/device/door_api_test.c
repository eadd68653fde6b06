/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include <door_api.h>

static uint8_t room_b[DOOR_HEADER_BYTES + DOOR_ANSWER_MAX_BYTES];
static uint8_t large_b[DOOR_CONTENT_MAX_BYTES + 1];

static sec_status round_trip(const struct door_request *request, struct door_request *ret_back)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room_b));
    CHECK_OK(door_request_encode(request, &wr));
    return door_request_parse((unsigned)request->kind, sec_wr_done(&wr), ret_back);
}

static void every_request_goes_round(void)
{
    static const uint8_t event[] = {0xa1, 0x01, 0x61, 'x'};
    const struct door_request requests[] = {
        {.kind = DOOR_SUBMIT, .a = SEC_LIT("statement"), .b = SEC_LIT("beside")},
        {.kind = DOOR_SUBMIT, .a = SEC_LIT("statement")},
        {.kind = DOOR_REPORT, .a = SEC_LIT("12345678")},
        {.kind = DOOR_EVENT, .a = SEC_BYTES(event)},
        {.kind = DOOR_SECRET_PUT, .a = SEC_LIT("name"), .b = SEC_LIT("value")},
        {.kind = DOOR_SECRET_PUT, .a = SEC_LIT("name")},
        {.kind = DOOR_SECRET_GET, .a = SEC_LIT("name")},
        {.kind = DOOR_SECRET_DELETE, .a = SEC_LIT("name")},
        {.kind = DOOR_SETTINGS},
        {.kind = DOOR_LOG_READ, .from = UINT64_MAX},
        {.kind = DOOR_STATUS},
        {.kind = DOOR_SUBSCRIBE},
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct door_request back;
        CHECK_OK(round_trip(&requests[i], &back));
        CHECK_BYTES(back.a, requests[i].a);
        CHECK_BYTES(back.b, requests[i].b);
        CHECK(back.from == requests[i].from && back.kind == requests[i].kind);
    }
}

static sec_status parse_lit(unsigned kind, struct sec_bytes body)
{
    struct door_request request;
    return door_request_parse(kind, body, &request);
}

static void what_breaks_the_grammar_has_its_code(void)
{
    CHECK_STATUS(parse_lit(0, SEC_LIT("\xa0")), SEC_WRONG_KIND);
    CHECK_STATUS(parse_lit(DOOR_ANSWER, SEC_LIT("\xa0")), SEC_WRONG_KIND);
    CHECK_STATUS(parse_lit(DOOR_STATUS, SEC_LIT("")), SEC_TRUNCATED);
    CHECK_STATUS(parse_lit(DOOR_STATUS, SEC_LIT("\xa0\xa0")), SEC_LEFTOVER);
    CHECK_STATUS(parse_lit(DOOR_STATUS, SEC_LIT("\xa1\x01\x01")), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(parse_lit(DOOR_SUBMIT, SEC_LIT("\xa0")), SEC_MISSING_FIELD);
    CHECK_STATUS(parse_lit(DOOR_SUBMIT, SEC_LIT("\xa1\x01\x40")), SEC_BAD_VALUE);
    CHECK_STATUS(parse_lit(DOOR_SUBMIT, SEC_LIT("\xa1\x01\x61x")), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(parse_lit(DOOR_SUBMIT, SEC_LIT("\xa2\x01\x41x\x03\x41x")), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(parse_lit(DOOR_SUBMIT, SEC_LIT("\xa2\x01\x41x\x01\x41x")), SEC_DUPLICATE_KEY);
    CHECK_STATUS(parse_lit(DOOR_REPORT, SEC_LIT("\xa1\x01\x47" "1234567")), SEC_BAD_VALUE);
    CHECK_STATUS(parse_lit(DOOR_EVENT, SEC_LIT("\xa1\x01\x41x")), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(parse_lit(DOOR_SECRET_PUT, SEC_LIT("\xa1\x01\x61x")), SEC_MISSING_FIELD);
    CHECK_STATUS(parse_lit(DOOR_LOG_READ, SEC_LIT("\xa1\x01\x20")), SEC_UNEXPECTED_TYPE);
}

static void members_beyond_their_limits_are_refused(void)
{
    struct door_request back;
    const struct door_request name = {.kind = DOOR_SECRET_GET, .a = sec_bytes(large_b, DOOR_NAME_MAX_BYTES + 1)};
    const struct door_request value = {.kind = DOOR_SECRET_PUT, .a = SEC_LIT("n"), .b = sec_bytes(large_b, SEC_SECRET_MAX_BYTES + 1)};
    const struct door_request beside = {.kind = DOOR_SUBMIT, .a = SEC_LIT("s"), .b = sec_bytes(large_b, DOOR_BESIDE_MAX_BYTES + 1)};
    const struct door_request largest = {
        .kind = DOOR_SUBMIT, .a = sec_bytes(large_b, SEC_STATEMENT_MAX_BYTES), .b = sec_bytes(large_b, DOOR_BESIDE_MAX_BYTES)};
    CHECK_STATUS(round_trip(&name, &back), SEC_TOO_LARGE);
    CHECK_STATUS(round_trip(&value, &back), SEC_TOO_LARGE);
    CHECK_STATUS(round_trip(&beside, &back), SEC_TOO_LARGE);
    struct sec_wr wr = sec_wr(sec_room(room_b, DOOR_REQUEST_MAX_BYTES));
    CHECK_OK(door_request_encode(&largest, &wr));
}

static void answers_and_notices_go_round(void)
{
    unsigned kind = 0;
    size_t len = 0;
    struct door_answer back;
    const struct door_answer answers[] = {{DOOR_ANSWER, 0x0306, SEC_LIT("receipt")},
                                          {DOOR_ANSWER, 0, sec_bytes(large_b, DOOR_CONTENT_MAX_BYTES)},
                                          {DOOR_NOTICE, 0, SEC_LIT("settings")}};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct sec_wr wr = sec_wr(SEC_ROOM(room_b));
        CHECK_OK(door_answer_encode(&answers[i], &wr));
        CHECK_OK(door_header_parse(sec_bytes(room_b, DOOR_HEADER_BYTES), DOOR_ANSWER_MAX_BYTES, &kind, &len));
        CHECK_INT(len, wr.len - DOOR_HEADER_BYTES);
        CHECK_OK(door_answer_parse(kind, sec_bytes(&room_b[DOOR_HEADER_BYTES], len), &back));
        CHECK_BYTES(back.content, answers[i].content);
        CHECK(back.code == answers[i].code && back.kind == answers[i].kind);
    }
    const struct door_answer large = {DOOR_ANSWER, 0, SEC_BYTES(large_b)};
    struct sec_wr wr = sec_wr(SEC_ROOM(room_b));
    CHECK_STATUS(door_answer_encode(&large, &wr), SEC_TOO_LARGE);
}

static void headers_are_checked(void)
{
    unsigned kind;
    size_t len;
    CHECK_STATUS(door_header_parse(SEC_LIT("\x02\x01\0\0\0\0\0\x01"), 10, &kind, &len), SEC_UNKNOWN_FORMAT);
    CHECK_STATUS(door_header_parse(SEC_LIT("\x01\x01\0\x01\0\0\0\x01"), 10, &kind, &len), SEC_BAD_VALUE);
    CHECK_STATUS(door_header_parse(SEC_LIT("\x01\x01\0\0\0\0\0\x0b"), 10, &kind, &len), SEC_TOO_LARGE);
    CHECK_STATUS(door_header_parse(SEC_LIT("\x01\x01\0\0\0\0\0"), 10, &kind, &len), SEC_TRUNCATED);
    CHECK_OK(door_header_parse(SEC_LIT("\x01\x01\0\0\0\0\0\x0a"), 10, &kind, &len));
}

static const struct test tests[] = {
    TEST(every_request_goes_round),
    TEST(what_breaks_the_grammar_has_its_code),
    TEST(members_beyond_their_limits_are_refused),
    TEST(answers_and_notices_go_round),
    TEST(headers_are_checked),
};

TEST_MAIN(tests)
