/* SPDX-License-Identifier: Apache-2.0 */
#include "../../../hub/json.h"

#include "test.h"

static const char *const members[] = {"name", "days", "key", "more", NULL};

static sec_status read_status(const char *text)
{
    struct hub_json_fault fault;
    cJSON *json = hub_json_read(sec_bytes_of_str(text), members, &fault);
    CHECK((json != NULL) == sec_ok(fault.status));
    CHECK(sec_ok(fault.status) || (fault.clause[0] && fault.fact[0]));
    cJSON_Delete(json);
    return fault.status;
}

static void an_object_of_known_members_is_read(void)
{
    CHECK_OK(read_status("{}"));
    CHECK_OK(read_status(" {\"name\": \"x\", \"days\": 3}\r\n"));
}

static void what_is_no_object_is_refused(void)
{
    CHECK_STATUS(read_status(""), SEC_TRUNCATED);
    CHECK_STATUS(read_status("[]"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_status("3"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_status("{\"name\":"), SEC_MALFORMED);
    CHECK_STATUS(read_status("{} {}"), SEC_LEFTOVER);
    CHECK_STATUS(read_status("{\"name\":\"\xff\"}"), SEC_NOT_UTF8);
}

static void a_member_twice_or_unknown_is_refused(void)
{
    CHECK_STATUS(read_status("{\"name\":1,\"name\":2}"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(read_status("{\"name\":1,\"n\\u0061me\":2}"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(read_status("{\"more\":{\"a\":1,\"a\":2}}"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(read_status("{\"nmae\":1}"), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(read_status("{\"Name\":1}"), SEC_UNKNOWN_FIELD);
}

static void a_text_with_a_nul_is_refused(void)
{
    CHECK_STATUS(read_status("{\"name\":\"a\\u0000b\"}"), SEC_MALFORMED);
    CHECK_OK(read_status("{\"name\":\"a\\\\u0000b\"}"));
    struct hub_json_fault fault;
    CHECK(!hub_json_read(SEC_LIT("{\"name\":\"a\0b\"}"), members, &fault));
    CHECK_STATUS(fault.status, SEC_MALFORMED);
}

static void depth_count_and_size_are_judged_before_memory_is_taken(void)
{
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"more\":");
    for (unsigned i = 0; i < 1000; i++)
        text[used++] = '[';
    text[used] = '\0';
    CHECK_STATUS(read_status(text), SEC_TOO_DEEP);
    used = (size_t)snprintf(text, sizeof text, "{\"more\":[1");
    for (unsigned i = 0; i < 1500; i++)
        used += (size_t)snprintf(&text[used], sizeof text - used, ",1");
    snprintf(&text[used], sizeof text - used, "]}");
    CHECK_STATUS(read_status(text), SEC_TOO_LARGE);
    static uint8_t big[HUB_JSON_MAX_BYTES + 1];
    struct hub_json_fault fault;
    CHECK(!hub_json_read(SEC_BYTES(big), members, &fault));
    CHECK_STATUS(fault.status, SEC_TOO_LARGE);
    CHECK_OK(read_status("{\"name\":\"[[[[[[[[[[[[[[[[[[[[\\\"[[[\"}"));
}

static void members_have_their_types(void)
{
    struct hub_json_fault fault;
    uint8_t room[4];
    cJSON *json = hub_json_read(SEC_LIT("{\"name\":7,\"days\":1.5,\"key\":\"0xzz\",\"more\":\"\"}"), members, &fault);
    CHECK(json);
    CHECK(hub_json_text(json, "name", 10, &fault).len == 0);
    CHECK_STATUS(fault.status, SEC_UNEXPECTED_TYPE);
    fault.status = sec_st(SEC_OK);
    hub_json_number(json, "days", 366, &fault);
    CHECK_STATUS(fault.status, SEC_BAD_VALUE);
    fault.status = sec_st(SEC_OK);
    hub_json_bytes(json, "key", SEC_ROOM(room), &fault);
    CHECK_STATUS(fault.status, SEC_BAD_VALUE);
    fault.status = sec_st(SEC_OK);
    hub_json_text(json, "more", 10, &fault);
    CHECK_STATUS(fault.status, SEC_BAD_VALUE);
    fault.status = sec_st(SEC_OK);
    hub_json_text(json, "absent", 10, &fault);
    CHECK_STATUS(fault.status, SEC_MISSING_FIELD);
    cJSON_Delete(json);
}

static void the_first_fault_stays(void)
{
    struct hub_json_fault fault = {.status = {SEC_OK}};
    hub_json_fail(&fault, SEC_BAD_VALUE, "one", "first %d", 1);
    hub_json_fail(&fault, SEC_TOO_LARGE, "two", "second");
    CHECK_STATUS(fault.status, SEC_BAD_VALUE);
    CHECK(strcmp(fault.fact, "first 1") == 0);
}

static void numbers_and_bytes_come_whole(void)
{
    struct hub_json_fault fault;
    uint8_t room[4];
    cJSON *json = hub_json_read(SEC_LIT("{\"days\":366,\"key\":\"00fF\",\"more\":9007199254740993}"), members, &fault);
    CHECK(json);
    CHECK(hub_json_number(json, "days", 366, &fault) == 366);
    CHECK(sec_bytes_equal(hub_json_bytes(json, "key", SEC_ROOM(room), &fault), SEC_LIT("\x00\xff")));
    CHECK_OK(fault.status);
    CHECK(hub_json_number(json, "days", 365, &fault) == 0);
    CHECK_STATUS(fault.status, SEC_BAD_VALUE);
    cJSON_Delete(json);
}

static void times_are_utc(void)
{
    char text[HUB_JSON_TIME_BYTES];
    CHECK(strcmp(hub_json_time_text(1700000000, text), "2023-11-14T22:13:20Z") == 0);
    CHECK(strcmp(hub_json_time_text(-5, text), "1970-01-01T00:00:00Z") == 0);
    CHECK(strcmp(hub_json_time_text(INT64_MAX, text), "9999-12-31T23:59:59Z") == 0);
    cJSON *json = cJSON_CreateObject();
    hub_json_add_number(json, "n", UINT64_MAX);
    hub_json_add_time_or_null(json, "t", 0);
    hub_json_add_text(json, "x", SEC_LIT("\xff"));
    char *printed = cJSON_PrintUnformatted(json);
    CHECK(strcmp(printed, "{\"n\":18446744073709551615,\"t\":null,\"x\":\"h'ff'\"}") == 0);
    cJSON_free(printed);
    cJSON_Delete(json);
}

static const struct test tests[] = {
    TEST(an_object_of_known_members_is_read),
    TEST(what_is_no_object_is_refused),
    TEST(a_member_twice_or_unknown_is_refused),
    TEST(a_text_with_a_nul_is_refused),
    TEST(depth_count_and_size_are_judged_before_memory_is_taken),
    TEST(members_have_their_types),
    TEST(the_first_fault_stays),
    TEST(numbers_and_bytes_come_whole),
    TEST(times_are_utc),
};
TEST_MAIN(tests)
