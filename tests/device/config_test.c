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

static void a_hub_is_read_in_its_forms(void)
{
    struct hub_host host;
    CHECK_OK(parse("hub https://hub.example:8443"));
    CHECK(strcmp(config.hub.address, "https://hub.example:8443") == 0 && !config.hub.pinned);
    CHECK_OK(parse("hub https://[::1]  sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"));
    CHECK(config.hub.pinned && config.hub.ca.b[31] == 0x1f);
    CHECK_OK(hub_host_read(sec_bytes_of_str(config.hub.address), &host));
    CHECK(strcmp(host.name, "::1") == 0 && host.literal && host.port == 443);
    CHECK_OK(hub_host_read(SEC_LIT("https://192.0.2.7:1"), &host));
    CHECK(host.literal && host.port == 1);
    CHECK_OK(hub_host_read(SEC_LIT("https://a-b.c:65535"), &host));
    CHECK(!host.literal && host.port == 65535);
}

static void a_hub_of_another_form_is_refused(void)
{
    static const char *const bad[] = {
        "http://a", "https://", "https://:1", "https://a:", "https://a:0", "https://a:65536", "https://a:080", "https://a/", "https://a?b", "https://u@a",
        "https://-a", "https://a-", "https://a b", "https://[::1", "https://[]", "https://[a.b]", "https://a:1 sha256:00", "https://a:1 sha1:00",
        "https://a:1 sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00"};
    char line[256];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(line, sizeof line, "hub %s", bad[i]);
        CHECK_STATUS(parse(line), SEC_BAD_VALUE);
        CHECK(strstr(told, "1: hub, bad value: "));
    }
    CHECK_STATUS(parse("hub https://a\nhub https://b"), SEC_BAD_VALUE);
}

static void a_place_goes_round_and_the_owners_zeros_mean_any(void)
{
    static const struct sec_digest zeros = {{0}}, ca = {{7}};
    struct hub_place place, back;
    uint8_t b[512];
    CHECK_OK(hub_place_make(SEC_LIT("https://hub.example"), &ca, &place));
    place.failures = 3;
    struct sec_wr wr = sec_wr(SEC_ROOM(b));
    hub_place_encode(&place, &wr);
    CHECK_OK(hub_place_parse(sec_wr_done(&wr), &back));
    CHECK(hub_place_equal(&place, &back) && back.failures == 3);
    CHECK_OK(hub_place_make(SEC_LIT("https://hub.example"), &zeros, &back));
    CHECK(!back.pinned && !hub_place_equal(&place, &back));
    CHECK_OK(hub_place_make(SEC_LIT(""), &zeros, &back));
    CHECK(back.address[0] == '\0');
    for (size_t len = 0; len < wr.len; len++)
        CHECK(!sec_ok(hub_place_parse(sec_bytes(b, len), &back)));
}

static const struct test tests[] = {
    TEST(an_empty_file_gives_the_defaults),
    TEST(keys_are_read),
    TEST(every_error_is_told_with_its_line),
    TEST(too_long_is_an_error_not_a_truncation),
    TEST(users_are_found_by_number_and_name),
    TEST(a_hub_is_read_in_its_forms),
    TEST(a_hub_of_another_form_is_refused),
    TEST(a_place_goes_round_and_the_owners_zeros_mean_any),
};

TEST_MAIN(tests)
