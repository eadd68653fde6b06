/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/identity.h>

#include "strict.h"

static uint8_t room[32768];
static struct sec_report report;

static void fill(uint8_t *to, size_t len, uint8_t start)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)(start + i);
}

static void make(void)
{
    static const uint8_t settings[] = {0xa2, 0x61, 'a', 0x05, 0x61, 'b', 0xf5};
    report = (struct sec_report){
        .nonce = SEC_LIT("nonce-of-the-asker"),
        .time_s = 1790000000,
        .epoch = 2,
        .owned = true,
        .generations_count = 2,
        .generations = {{1, 5}, {2, 900}},
        .interfaces_count = 3,
        .interfaces = {{SEC_LIT("web"), false}, {SEC_LIT("ssh"), true}, {SEC_LIT("modbus"), true}},
        .clock = SEC_CLOCK_KEPT_POWER,
        .counter = SEC_COUNTER_HARDWARE,
        .head = SEC_LIT("head statement"),
        .release = {.sequence = 7, .version = SEC_LIT("1.1"), .slot = SEC_LIT("b")},
        .idevid = SEC_LIT("certificate"),
        .product_statement = SEC_LIT("product statement"),
        .settings = SEC_BYTES(settings),
        .subjects_count = 2,
        .subjects = {{.name = SEC_LIT("owner"), .role = 1, .has_key = true},
                     {.name = SEC_LIT("logger"), .role = 5, .uid = 1001}},
        .confinement = SEC_LIT("seccomp landlock"),
        .lease = {.quiet_s = 86400, .days = 30, .beacon_time_s = 1789000000, .behind_count = 2, .behind = {1, 3}},
        .restricted = true,
        .recovery = {.pending = true, .left_s = 600000},
        .site = {.address = SEC_LIT("https://hub.example:8443")},
        .approvals_count = 1,
    };
    fill(report.recovery.statement.b, 32, 0x60);
    fill(report.site.ca.b, 32, 0x70);
    fill(report.approvals[0].statement.b, 32, 0x80);
    fill(report.approvals[0].kid.b, 32, 0x90);
    fill(report.device_id.b, 32, 0x10);
    fill(report.product.b, 32, 0x20);
    fill(report.configuration.b, 32, 0x30);
    fill(report.release.image.b, 32, 0x40);
    fill(report.subjects[0].kid.b, 32, 0x50);
}

static struct sec_bytes encoded(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_report_encode(&report, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    static struct sec_report parsed;
    SEC_TRY(sec_report_parse(in, &parsed));
    sec_report_encode(&parsed, wr);
    return sec_wr_end(wr, &(struct sec_bytes){NULL, 0});
}

static void a_report_has_its_golden_bytes_and_is_strict(void)
{
    make();
    golden_check("report", encoded());
    CHECK(strict_check(encoded(), again) > 0);
    SHOWS("F1.1");
}

static void a_parsed_report_says_what_was_written(void)
{
    static struct sec_report parsed;
    make();
    CHECK_OK(sec_report_parse(encoded(), &parsed));
    CHECK_BYTES(parsed.nonce, report.nonce);
    CHECK(sec_device_id_equal(&parsed.device_id, &report.device_id));
    CHECK_INT(parsed.epoch, 2);
    CHECK_INT(parsed.generations[1].generation, 900);
    CHECK_BYTES(parsed.interfaces[0].name, SEC_LIT("ssh"));
    CHECK_BYTES(parsed.interfaces[2].name, SEC_LIT("modbus"));
    CHECK(parsed.interfaces[2].enabled && !parsed.interfaces[1].enabled);
    CHECK_INT(parsed.clock, SEC_CLOCK_KEPT_POWER);
    CHECK_BYTES(parsed.release.version, SEC_LIT("1.1"));
    CHECK_BYTES(parsed.settings, report.settings);
    CHECK(parsed.subjects[0].has_key && !parsed.subjects[1].has_key);
    CHECK_INT(parsed.subjects[1].uid, 1001);
    CHECK_BYTES(parsed.confinement, SEC_LIT("seccomp landlock"));
    CHECK_INT(parsed.lease.quiet_s, 86400);
    CHECK_INT(parsed.lease.days, 30);
    CHECK_INT(parsed.lease.behind[1], 3);
    CHECK(parsed.restricted && parsed.recovery.pending);
    CHECK_INT(parsed.recovery.left_s, 600000);
    CHECK_BYTES(parsed.site.address, report.site.address);
    CHECK(sec_key_id_equal(&parsed.approvals[0].kid, &report.approvals[0].kid));
    SHOWS("F1.1");
}

static void a_nonce_that_is_too_short_or_long_is_refused(void)
{
    static uint8_t nonce[65];
    make();
    static const struct {
        size_t len;
        enum sec_status_code want;
    } cases[] = {{0, SEC_BAD_VALUE}, {7, SEC_BAD_VALUE}, {8, SEC_OK}, {64, SEC_OK}, {65, SEC_BAD_VALUE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        report.nonce = sec_bytes(nonce, cases[i].len);
        static struct sec_report parsed;
        CHECK_STATUS(sec_report_parse(encoded(), &parsed), cases[i].want);
    }
}

static void an_interface_twice_is_not_written(void)
{
    make();
    report.interfaces[2].name = SEC_LIT("ssh");
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_report_encode(&report, &wr);
    CHECK(wr.bad);
}

static void generations_out_of_order_do_not_parse(void)
{
    make();
    report.generations[0].topic = 3;
    CHECK_STATUS(again(encoded(), &(struct sec_wr){.bad = false}), SEC_NOT_DETERMINISTIC);
}

static void a_count_beyond_its_table_is_too_large(void)
{
    make();
    report.subjects_count = SEC_REPORT_SUBJECTS_MAX_COUNT + 1;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_report_encode(&report, &wr);
    CHECK(wr.bad);
    make();
    report.approvals_count = SEC_APPROVALS_MAX_COUNT + 1;
    wr = sec_wr(SEC_ROOM(room));
    sec_report_encode(&report, &wr);
    CHECK(wr.bad);
}

static void a_device_without_site_recovery_or_approval_says_so(void)
{
    static struct sec_report parsed;
    make();
    report.site.address = SEC_LIT("");
    report.recovery.pending = false;
    report.approvals_count = 0;
    CHECK_OK(sec_report_parse(encoded(), &parsed));
    CHECK(parsed.site.address.len == 0 && !parsed.recovery.pending && parsed.approvals_count == 0);
    CHECK(strict_check(encoded(), again) > 0);
}

static void topics_behind_must_ascend(void)
{
    static struct sec_report parsed;
    make();
    report.lease.behind[1] = 1;
    CHECK_STATUS(sec_report_parse(encoded(), &parsed), SEC_BAD_VALUE);
}

static void another_profile_is_an_unknown_format(void)
{
    make();
    static struct sec_report parsed;
    struct sec_bytes body = encoded();
    for (size_t i = 0; i + 8 < body.len; i++)
        if (sec_bytes_equal(sec_bytes_part(body, i, 8), SEC_LIT("report-1")))
            room[i + 7] = '2';
    CHECK_STATUS(sec_report_parse(body, &parsed), SEC_UNKNOWN_FORMAT);
}

static void qualities_have_words(void)
{
    CHECK(strcmp(sec_clock_quality_word(SEC_CLOCK_OWNER_TIME), "owner-time") == 0);
    CHECK(strcmp(sec_counter_quality_word(SEC_COUNTER_NONE), "none") == 0);
    CHECK(strcmp(sec_clock_quality_word(9), "unknown") == 0);
    CHECK(strcmp(sec_counter_quality_word(9), "unknown") == 0);
}

static const struct test tests[] = {
    TEST(a_report_has_its_golden_bytes_and_is_strict),
    TEST(a_parsed_report_says_what_was_written),
    TEST(a_nonce_that_is_too_short_or_long_is_refused),
    TEST(an_interface_twice_is_not_written),
    TEST(generations_out_of_order_do_not_parse),
    TEST(a_count_beyond_its_table_is_too_large),
    TEST(another_profile_is_an_unknown_format),
    TEST(qualities_have_words),
    TEST(a_device_without_site_recovery_or_approval_says_so),
    TEST(topics_behind_must_ascend),
};
TEST_MAIN(tests)
