/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link, the real process beside the real keeper, against a hub in this test: enrolment, sync, statements, payloads, failures.
 * Arguments: the program securabled, the folder of the others, and optionally one test's name.
 */
#include "../test.h"
#include "fake_hub.h"
#include "real_device.h"

#include <backoff.h>
#include <postponed.h>

#include <dirent.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct real_device d;
static struct fake_hub hub, other;
static struct real_statement statement;
static const char *securabled_path;
static const char *libexec_path;

static bool holds(struct sec_bytes bytes, const char *part)
{
    struct sec_bytes want = sec_bytes_of_str(part);
    for (size_t i = 0; i + want.len <= bytes.len; i++) {
        if (sec_bytes_equal(sec_bytes_part(bytes, i, want.len), want))
            return true;
    }
    return false;
}

static bool said(const char *part)
{
    for (int i = 0; i < 100; i++) {
        if (holds(real_read(&d, "stderr"), part))
            return true;
        nanosleep(&(const struct timespec){0, 50000000}, NULL);
    }
    return false;
}

static bool exists(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", d.state, name);
    return access(path, F_OK) == 0;
}

static void write_hub_key(const struct fake_hub *to, bool pinned, bool right)
{
    char line[256], hex[65];
    struct sec_digest pin = to->ca_digest;
    struct sec_wr wr = sec_wr(sec_room(hex, 64));
    static char conf[4096];
    if (!right)
        pin.b[0] ^= 1;
    sec_wr_hex(&wr, sec_digest_bytes(&pin));
    hex[64] = '\0';
    snprintf(line, sizeof line, "hub https://127.0.0.1:%u%s%s\n", to->port, pinned ? " sha256:" : "", pinned ? hex : "");
    struct sec_bytes before = real_read(&d, "securabled.conf");
    int n = snprintf(conf, sizeof conf, "%.*s%s", (int)before.len, (const char *)before.data, line);
    real_write(&d, "securabled.conf", sec_bytes(conf, (size_t)n), 0644);
}

static void make_all(void)
{
    fake_hub_stop(&hub);
    fake_hub_stop(&other);
    real_device_make(&d, securabled_path, libexec_path);
    fake_hub_make(&hub);
    fake_hub_start(&hub);
}

static void begin(void)
{
    make_all();
    write_hub_key(&hub, true, true);
    real_start(&d);
}

static void end(void)
{
    CHECK_INT(real_stop(&d), 0);
    CHECK(!holds(real_read(&d, "stderr"), "ended by signal") && !holds(real_read(&d, "stderr"), "ended with code"));
    CHECK(!holds(real_read(&d, "stderr"), "Sanitizer") && !holds(real_read(&d, "stderr"), "runtime error"));
    real_device_remove(&d);
    fake_hub_stop(&hub);
    fake_hub_done(&hub);
}

/* --- what the hub comes to see ---------------------------------------------------------------------------- */

static size_t awaited;
static uint64_t awaited_size;

static bool is_answered(const struct fake_hub *h)
{
    return h->deliveries[awaited].answered;
}

static bool is_following(const struct fake_hub *h)
{
    return h->follow.has_head;
}

static bool has_grown(const struct fake_hub *h)
{
    return h->follow.head.size > awaited_size;
}

static bool has_report(const struct fake_hub *h)
{
    return h->report_len > 0;
}

static bool has_renewed(const struct fake_hub *h)
{
    return h->renewed > 0;
}

static bool has_enrolled_twice(const struct fake_hub *h)
{
    return h->enrolled >= 2;
}

static bool has_refused(const struct fake_hub *h)
{
    return h->refused > 0;
}

/* Delivers the statement and waits for its verdict. */
static uint16_t carry(const struct sec_bytes *payload)
{
    awaited = fake_hub_deliver(&hub, real_statement_bytes(&statement), payload);
    CHECK(fake_hub_wait(&hub, is_answered, 30));
    return hub.deliveries[awaited].code;
}

static void claim_by_hub(void)
{
    real_make_voucher(&d, &statement);
    CHECK_INT(carry(NULL), SEC_OK);
    real_make_roster(&d, (uint32_t)getuid(), &statement);
    CHECK_INT(carry(NULL), SEC_OK);
}

/* --- tests -------------------------------------------------------------------------------------------------- */

static void the_back_off_doubles_and_is_spread(void)
{
    CHECK_INT(backoff_ms(0, 7), 0);
    CHECK_INT(backoff_ms(1, 0), 500);
    CHECK_INT(backoff_ms(1, 1000), 1500);
    CHECK_INT(backoff_ms(3, 0), 2000);
    CHECK_INT(backoff_ms(9, 0), 128000);
    for (uint32_t random = 0; random < 1000; random++) {
        uint64_t ms = backoff_ms(1000, random * 4294967);
        CHECK(ms >= 150000 && ms <= 450000);
    }
}

static void a_hub_sets_no_pace(void)
{
    struct pace pace = {0};
    uint64_t now_ms = 5000, rounds = 0;
    for (uint64_t i = 0; i < PACE_AT_ONCE_COUNT; i++)
        CHECK_INT(pace_ms(&pace, now_ms, 1), 0);
    CHECK_INT(pace_ms(&pace, now_ms, 1), PACE_EACH_MS);
    CHECK_INT(pace_ms(&pace, now_ms, 24), 25 * PACE_EACH_MS);
    for (uint64_t until_ms = now_ms + 60000; now_ms < until_ms; rounds++)
        now_ms += pace_ms(&pace, now_ms, 9); /* eight reports in each */
    CHECK(rounds <= 60000 / PACE_EACH_MS / 9 + 1);
    CHECK_INT(pace_ms(&pace, now_ms + 3600000, PACE_AT_ONCE_COUNT), 0);
}

static void what_does_not_come_is_put_off_and_the_rest_is_not(void)
{
    static struct postponed postponed;
    struct sec_digest one = {{1}}, two = {{2}};
    bool news = false;
    CHECK(!postponed_holds(&postponed, &one, 0, false));
    CHECK(postponed_failed(&postponed, &one, sec_st(SEC_NOT_FOUND), false, 1000, 0, &news) && news);
    CHECK(postponed_holds(&postponed, &one, 1499, false) && !postponed_holds(&postponed, &one, 1500, false) && !postponed_holds(&postponed, &one, 1000, true));
    CHECK(!postponed_holds(&postponed, &two, 1000, false));
    CHECK(postponed_failed(&postponed, &one, sec_st(SEC_NOT_FOUND), false, 1000, 0, &news) && !news);
    CHECK(postponed_holds(&postponed, &one, 1999, false) && !postponed_holds(&postponed, &one, 2000, false));
    CHECK(postponed_failed(&postponed, &one, sec_st(SEC_STORAGE_FULL), true, 1000, 0, &news) && news);
    CHECK(postponed_holds(&postponed, &one, 1000, true)); /* asking sooner makes no room */
    postponed_forget(&postponed, &one);
    CHECK(postponed.count == 0 && !postponed_holds(&postponed, &one, 1000, false));
    /* A way that breaks is tried with the next rounds, as long as something comes. */
    for (unsigned i = 0; i < 9; i++)
        CHECK(!postponed_failed(&postponed, &one, sec_st(SEC_NOT_OPEN), true, 1000, 0, &news));
    for (unsigned i = 2; i < POSTPONED_BREAKS_COUNT; i++)
        CHECK(!postponed_failed(&postponed, &one, sec_st(SEC_NOT_OPEN), false, 1000, 0, &news));
    CHECK(postponed_failed(&postponed, &one, sec_st(SEC_NOT_OPEN), false, 1000, 0, &news) && !news);
    for (uint8_t i = 0; i < 3 * POSTPONED_MAX_COUNT; i++)
        CHECK(postponed_failed(&postponed, &(struct sec_digest){{i, 9}}, sec_st(SEC_NOT_FOUND), false, 1000, i, &news));
    CHECK_INT(postponed.count, POSTPONED_MAX_COUNT);
}

static void a_device_without_a_hub_starts_no_link(void)
{
    real_device_make(&d, securabled_path, libexec_path);
    real_start(&d);
    CHECK_INT(real_stop(&d), 0);
    CHECK(!holds(real_read(&d, "stderr"), "link"));
    CHECK(!exists("link/transport-key.pem"));
    real_device_remove(&d);
}

static void a_device_enrols_and_its_log_is_followed(void)
{
    SHOWS("F6.5");
    begin();
    CHECK(fake_hub_wait(&hub, is_following, 20));
    CHECK_INT(hub.enrolled, 1);
    CHECK_INT(hub.unbound, 0);
    CHECK_INT(hub.agains, 0);
    CHECK(said("network by TCP alone"));
    struct stat st;
    char path[512];
    snprintf(path, sizeof path, "%s/link/transport-key.pem", d.state);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    /* A second start has its certificate still. */
    CHECK_INT(real_stop(&d), 0);
    awaited_size = hub.follow.head.size;
    real_start(&d);
    CHECK(fake_hub_wait(&hub, has_grown, 20));
    CHECK_INT(hub.enrolled, 1);
    end();
}

static void statements_go_down_and_receipts_come_up(void)
{
    begin();
    claim_by_hub();
    real_make_setting(&d, "speed", 1234, &statement);
    CHECK_INT(carry(NULL), SEC_OK);
    CHECK(hub.deliveries[awaited].receipt_len > 100);
    CHECK(holds(real_read(&d, "run/settings.json"), "1234"));
    real_make_setting(&d, "speed", 999999, &statement);
    CHECK_INT(carry(NULL), SEC_OUT_OF_RANGE);
    CHECK(hub.deliveries[awaited].receipt_len > 100);
    statement.b[statement.len - 1] ^= 1;
    CHECK_INT(carry(NULL), SEC_BAD_SIGNATURE); /* the digest is of what was signed: the verdict is told for both, and the receipt stays */
    end();
}

static void news_of_the_device_does_not_wait_for_the_polls_end(void)
{
    struct sec_bytes receipt;
    begin();
    claim_by_hub();
    CHECK(fake_hub_wait(&hub, is_following, 10));
    nanosleep(&(const struct timespec){2, 0}, NULL);
    awaited_size = hub.follow.head.size;
    real_make_setting(&d, "speed", 5, &statement);
    CHECK_OK(sec_door_submit(&d.door, real_statement_bytes(&statement), sec_bytes(NULL, 0), -1, &receipt));
    CHECK(fake_hub_wait(&hub, has_grown, 5));
    CHECK(hub.resumed > 0); /* the interrupted poll's successor resumes its session */
    end();
}

static void a_report_answers_the_hubs_nonce(void)
{
    begin();
    CHECK(fake_hub_wait(&hub, is_following, 20));
    hub.nonce[0] = 7;
    hub.nonce_asked = true;
    CHECK(fake_hub_wait(&hub, has_report, 10));
    CHECK(hub.report_len > 200);
    end();
}

static uint8_t image[3000000];

static void a_payload_that_was_cut_goes_on_where_it_was(void)
{
    struct sec_digest digest;
    struct sec_bytes payload = SEC_BYTES(image);
    begin();
    claim_by_hub();
    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)(i * 11 + i / 256);
    hub.payload_cut = 1000000;
    real_make_release(&d, 2, "1.1", payload, &statement, &digest);
    CHECK_INT(carry(&payload), SEC_OK);
    CHECK(hub.ranges >= 2 && hub.last_range > 1900000); /* three pieces; a whole download would not end */
    CHECK(said("going on at byte"));
    uint8_t args_b[64];
    struct sec_wr wr = sec_wr(SEC_ROOM(args_b));
    sec_args_digest_encode(&digest, &wr);
    real_make_command(&d, REAL_OPERATOR, SEC_ACTION_UPDATE_INSTALL, sec_wr_done(&wr), &statement);
    CHECK_INT(carry(NULL), SEC_OK);
    CHECK_BYTES(sec_bytes_part(real_read(&d, "slots/b"), 0, 4096), sec_bytes(image, 4096));
    end();
}

static size_t times_said(const char *part)
{
    struct sec_bytes all = real_read(&d, "stderr"), want = sec_bytes_of_str(part);
    size_t times = 0;
    for (size_t i = 0; i + want.len <= all.len; i++)
        times += sec_bytes_equal(sec_bytes_part(all, i, want.len), want);
    return times;
}

static void rest_goes_on_without_payload(unsigned fault)
{
    struct sec_digest digest;
    struct sec_bytes payload = SEC_BYTES(image);
    begin();
    claim_by_hub();
    hub.payload_fault = fault;
    real_make_release(&d, 2, "1.1", payload, &statement, &digest);
    size_t release = fake_hub_deliver(&hub, real_statement_bytes(&statement), &payload);
    for (int64_t speed = 70; speed < 74; speed++) { /* in their order, or the later would be refused for the earlier's number */
        real_make_setting(&d, "speed", speed, &statement);
        awaited = fake_hub_deliver(&hub, real_statement_bytes(&statement), NULL);
    }
    CHECK(fake_hub_wait(&hub, is_answered, 30));
    for (size_t i = release + 1; i <= awaited; i++)
        CHECK(hub.deliveries[i].answered && hub.deliveries[i].code == SEC_OK);
    CHECK(!hub.deliveries[release].answered);
    CHECK(holds(real_read(&d, "run/settings.json"), "73"));
    nanosleep(&(const struct timespec){3, 0}, NULL);
    real_make_setting(&d, "speed", 80, &statement);
    CHECK_INT(carry(NULL), SEC_OK);
    CHECK(hub.payloads >= 1 && hub.payloads <= 12);
    CHECK(times_said("payload, download: ") <= 2);
    hub.payload_fault = 0;
    awaited = release;
    CHECK(fake_hub_wait(&hub, is_answered, 60));
    CHECK_INT(hub.deliveries[release].code, SEC_OK);
    end();
}

static void a_payload_that_the_hub_has_not_holds_nothing_else(void)
{
    rest_goes_on_without_payload(1);
}

static void a_payload_whose_way_breaks_holds_nothing_else(void)
{
    rest_goes_on_without_payload(2);
}

static void what_no_key_vouches_for_is_not_downloaded(void)
{
    struct sec_digest digest;
    struct sec_bytes payload = SEC_LIT("firmware of a stranger");
    begin();
    claim_by_hub();
    real_make_release(&d, 2, "1.1", payload, &statement, &digest);
    statement.b[statement.len / 2] ^= 1; /* in the manifest, which the signature covers by its digest */
    awaited = fake_hub_deliver(&hub, real_statement_bytes(&statement), &payload);
    CHECK(fake_hub_wait(&hub, is_answered, 30));
    CHECK(hub.deliveries[awaited].code != SEC_OK && hub.deliveries[awaited].receipt_len == 0);
    CHECK_INT(hub.payloads, 0);
    end();
}

static void a_hub_with_another_ca_is_not_talked_to(void)
{
    SHOWS("F4.2");
    make_all();
    write_hub_key(&hub, true, false);
    real_start(&d);
    CHECK(said("does not come with the pinned CA"));
    CHECK_INT(hub.enrolled + hub.syncs, 0);
    end();
}

static void without_a_pin_any_certificate_is_taken_and_that_is_said(void)
{
    make_all();
    write_hub_key(&hub, false, true);
    real_start(&d);
    CHECK(fake_hub_wait(&hub, is_following, 20));
    CHECK(said("any is taken"));
    end();
}

static void a_certificate_is_renewed_before_it_ends(void)
{
    make_all();
    hub.certificate_life_s = 9;
    hub.wait_most_s = 1;
    write_hub_key(&hub, true, true);
    real_start(&d);
    CHECK(fake_hub_wait(&hub, has_renewed, 20));
    CHECK_INT(hub.enrolled, 1);
    CHECK_INT(hub.unbound, 0);
    end();
}

static void a_certificate_that_lapsed_strands_nobody(void)
{
    make_all();
    hub.certificate_life_s = 4;
    hub.no_renewal = true;
    write_hub_key(&hub, true, true);
    real_start(&d);
    CHECK(fake_hub_wait(&hub, is_following, 20));
    fake_hub_stop(&hub);
    nanosleep(&(const struct timespec){5, 0}, NULL);
    SSL_CTX_set_session_cache_mode(hub.ctx, SSL_SESS_CACHE_OFF); /* a restarted hub knows no sessions */
    SSL_CTX_flush_sessions(hub.ctx, LONG_MAX);
    fake_hub_start(&hub);
    CHECK(fake_hub_wait(&hub, has_enrolled_twice, 60));
    CHECK(fake_hub_wait(&hub, has_refused, 1));
    end();
}

static void a_hub_that_was_gone_is_found_again(void)
{
    begin();
    CHECK(fake_hub_wait(&hub, is_following, 20));
    fake_hub_stop(&hub);
    CHECK(said("connect: "));
    awaited_size = hub.follow.head.size;
    real_make_voucher(&d, &statement);
    struct sec_bytes receipt;
    CHECK_OK(sec_door_submit(&d.door, real_statement_bytes(&statement), sec_bytes(NULL, 0), -1, &receipt));
    nanosleep(&(const struct timespec){4, 0}, NULL);
    fake_hub_start(&hub);
    CHECK(fake_hub_wait(&hub, has_grown, 30));
    CHECK_INT(hub.enrolled, 1);
    end();
}

static void the_owners_site_replaces_the_hub(void)
{
    uint8_t args_b[512];
    char address[64];
    begin();
    claim_by_hub();
    fake_hub_make(&other);
    fake_hub_start(&other);
    snprintf(address, sizeof address, "https://127.0.0.1:%u", other.port);
    const struct sec_site site = {.address = sec_bytes_of_str(address), .ca = other.ca_digest};
    struct sec_wr wr = sec_wr(SEC_ROOM(args_b));
    sec_site_encode(&site, &wr);
    real_make_command(&d, REAL_OWNER, SEC_ACTION_LIFECYCLE_SITE, sec_wr_done(&wr), &statement);
    CHECK_INT(carry(NULL), SEC_OK); /* the hub that is left hears of it still */
    CHECK(fake_hub_wait(&other, is_following, 20));
    CHECK_INT(other.enrolled, 1);
    /* It is in force after a start too. */
    CHECK_INT(real_stop(&d), 0);
    awaited_size = other.follow.head.size;
    real_start(&d);
    CHECK(fake_hub_wait(&other, has_grown, 20));
    CHECK_INT(other.enrolled, 1);
    end();
    fake_hub_stop(&other);
    fake_hub_done(&other);
}

static void a_hub_that_talks_nonsense_is_visited_less_and_less(void)
{
    make_all();
    hub.nonsense = 1;
    write_hub_key(&hub, true, true);
    real_start(&d);
    CHECK(said("answer: "));
    for (hub.nonsense = 2; hub.nonsense <= 5; hub.nonsense++)
        nanosleep(&(const struct timespec){2, 0}, NULL);
    CHECK(hub.syncs >= 2 && hub.syncs <= 12); /* 1, 2, 4 s, give or take half */
    CHECK_INT(hub.enrolled, 1);
    hub.nonsense = 0;
    CHECK(fake_hub_wait(&hub, is_following, 40));
    end();
}

static void a_full_disk_is_told_and_the_payload_comes_when_there_is_room(void)
{
    struct sec_digest digest;
    struct sec_bytes payload = SEC_BYTES(image);
    char path[512];
    make_all();
    write_hub_key(&hub, true, true);
    snprintf(path, sizeof path, "%s/link", d.state);
    CHECK(mkdir(path, 0700) == 0);
    if (mount("none", path, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0700") != 0) {
        real_device_remove(&d);
        SKIP("no file system can be mounted here");
    }
    real_start(&d);
    claim_by_hub();
    real_make_release(&d, 2, "1.1", payload, &statement, &digest);
    awaited = fake_hub_deliver(&hub, real_statement_bytes(&statement), &payload);
    bool told = said("payload, download: the storage has no space left");
    size_t release = awaited;
    real_make_setting(&d, "speed", 40, &statement);
    bool went_on = carry(NULL) == SEC_OK && !hub.deliveries[release].answered && times_said("payload, download: ") == 1;
    awaited = release;
    real_make_setting(&d, "speed", 50, &statement);
    struct sec_bytes receipt;
    sec_status served = sec_door_submit(&d.door, real_statement_bytes(&statement), sec_bytes(NULL, 0), -1, &receipt);
    bool grown = mount("none", path, "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, "size=8m,mode=0700") == 0;
    bool answered = fake_hub_wait(&hub, is_answered, 40);
    int code = real_stop(&d);
    CHECK(umount2(path, MNT_DETACH) == 0);
    CHECK(told && went_on && grown && answered && code == 0);
    CHECK_OK(served);
    CHECK_INT(hub.deliveries[awaited].code, SEC_OK);
    real_device_remove(&d);
    fake_hub_stop(&hub);
    fake_hub_done(&hub);
}

/* Kills link, by its name among securabled's children. */
static void kill_link(void)
{
    char command[128];
    snprintf(command, sizeof command, "kill -9 $(ps -o pid=,comm= --ppid %d | awk '$2 == \"securable-link\" {print $1}')", (int)d.pid);
    CHECK(system(command) == 0);
}

static void a_killed_link_is_started_again(void)
{
    begin();
    CHECK(fake_hub_wait(&hub, is_following, 20));
    awaited_size = hub.follow.head.size;
    kill_link();
    CHECK(fake_hub_wait(&hub, has_grown, 20)); /* process-restarted, among others */
    CHECK_INT(hub.enrolled, 1);
    CHECK_INT(real_stop(&d), 0);
    real_device_remove(&d);
    fake_hub_stop(&hub);
    fake_hub_done(&hub);
}

static const struct test tests[] = {
    TEST(the_back_off_doubles_and_is_spread),
    TEST(a_hub_sets_no_pace),
    TEST(what_does_not_come_is_put_off_and_the_rest_is_not),
    TEST(a_device_without_a_hub_starts_no_link),
    TEST(a_device_enrols_and_its_log_is_followed),
    TEST(statements_go_down_and_receipts_come_up),
    TEST(news_of_the_device_does_not_wait_for_the_polls_end),
    TEST(a_report_answers_the_hubs_nonce),
    TEST(a_payload_that_was_cut_goes_on_where_it_was),
    TEST(a_payload_that_the_hub_has_not_holds_nothing_else),
    TEST(a_payload_whose_way_breaks_holds_nothing_else),
    TEST(what_no_key_vouches_for_is_not_downloaded),
    TEST(a_hub_with_another_ca_is_not_talked_to),
    TEST(without_a_pin_any_certificate_is_taken_and_that_is_said),
    TEST(a_certificate_is_renewed_before_it_ends),
    TEST(a_certificate_that_lapsed_strands_nobody),
    TEST(a_hub_that_was_gone_is_found_again),
    TEST(the_owners_site_replaces_the_hub),
    TEST(a_hub_that_talks_nonsense_is_visited_less_and_less),
    TEST(a_full_disk_is_told_and_the_payload_comes_when_there_is_room),
    TEST(a_killed_link_is_started_again),
};

int main(int argc, char **argv)
{
    if (argc < 3) {
        printf("usage: link_test SECURABLED LIBEXEC [TEST]\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    hub.listen_fd = other.listen_fd = -1;
    securabled_path = argv[1];
    libexec_path = argv[2];
    int code = test_run_all(tests, sizeof tests / sizeof tests[0], argc > 3 ? argv[3] : NULL);
    real_device_abandon(&d);
    return code;
}
