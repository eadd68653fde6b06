/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include <config.h>

static struct config config;
static char told[2048];
static size_t told_len;

static void tell(void *ctx, unsigned line, const char *object, const char *clause, const char *fact)
{
    (void)ctx;
    int n = snprintf(&told[told_len], sizeof told - told_len, "%u: %s, %s: %s\n", line, object, clause, fact);
    told_len += (size_t)n;
}

static sec_status parse(const char *text)
{
    const struct config_errors errors = {NULL, tell};
    told_len = 0;
    told[0] = '\0';
    CHECK_OK(config_init(&config, "/dir"));
    return config_parse(&config, sec_bytes_of_str(text), &errors);
}

static void an_empty_file_gives_the_defaults(void)
{
    CHECK_OK(parse(""));
    CHECK(strcmp(config.socket, "/dir/run/door.sock") == 0);
    CHECK(strcmp(config.hooks, "/dir/hooks") == 0);
    CHECK(strcmp(config.keeper_user, "_securable-keeper") == 0);
    CHECK_INT(config.socket_mode, 0666);
}

static void keys_are_read(void)
{
    CHECK_OK(parse("# a comment\n\n  socket   /tmp/with space \nsocket-mode 0660\nhooks my/hooks\nsegment-bytes 1048576\ndoor-user 990"));
    CHECK(strcmp(config.socket, "/tmp/with space") == 0);
    CHECK(strcmp(config.hooks, "/dir/my/hooks") == 0);
    CHECK(strcmp(config.door_user, "990") == 0);
    CHECK_INT(config.socket_mode, 0660);
    CHECK_INT(config.segment_bytes, 1048576);
}

static void every_error_is_told_with_its_line(void)
{
    CHECK_STATUS(parse("socket-mod 1\nsocket\nsocket-mode 8\nhook-timeout-s 0\nhook-timeout-s 5\n\x01\nsegment-bytes 99999999999999999999999\n"),
                 SEC_BAD_VALUE);
    CHECK(strstr(told, "1: socket-mod, unknown key: "));
    CHECK(strstr(told, "2: socket, no value: "));
    CHECK(strstr(told, "3: socket-mode, bad value: must be octal digits"));
    CHECK(strstr(told, "4: hook-timeout-s, out of range: must be 1 to 3600"));
    CHECK(strstr(told, "5: hook-timeout-s, given twice: "));
    CHECK(strstr(told, "6: line, malformed: "));
    CHECK(strstr(told, "7: segment-bytes, bad value: "));
}

static void too_long_is_an_error_not_a_truncation(void)
{
    static char text[2000];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "socket /", 8);
    CHECK_STATUS(parse(text), SEC_BAD_VALUE);
    text[600] = '\n';
    text[601] = '\0';
    CHECK_STATUS(parse(text), SEC_BAD_VALUE);
    CHECK(strstr(told, "1: socket, too long: "));
    memcpy(text, "door-user ", 10);
    CHECK_STATUS(parse(text), SEC_BAD_VALUE);
}

static void users_are_found_by_number_and_name(void)
{
    struct config_user user;
    CHECK_OK(config_user_find("4711", &user));
    CHECK(user.user == 4711 && user.group == 4711);
    CHECK_STATUS(config_user_find("0", &user), SEC_BAD_VALUE);
    CHECK_STATUS(config_user_find("root", &user), SEC_BAD_VALUE);
    CHECK_STATUS(config_user_find("65534", &user), SEC_BAD_VALUE);
    CHECK_STATUS(config_user_find("4294967295", &user), SEC_BAD_VALUE);
    CHECK_STATUS(config_user_find("4294967296", &user), SEC_BAD_VALUE);
    CHECK_STATUS(config_user_find("no-such-account-here", &user), SEC_NOT_FOUND);
}

static const struct test tests[] = {
    TEST(an_empty_file_gives_the_defaults),
    TEST(keys_are_read),
    TEST(every_error_is_told_with_its_line),
    TEST(too_long_is_an_error_not_a_truncation),
    TEST(users_are_found_by_number_and_name),
};

TEST_MAIN(tests)
