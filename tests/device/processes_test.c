/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's real processes over real files: start, requests by the door, effects, restarts, drift, stop.
 * Arguments: the program securabled, the folder of the others, and optionally one test's name.
 */
#include "../test.h"
#include "real_device.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct real_device d;
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

static bool file_holds(const char *name, const char *part)
{
    return holds(real_read(&d, name), part);
}

static void pause_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static bool file_comes_to_hold(const char *name, const char *part)
{
    for (int i = 0; i < 100; i++) {
        if (file_holds(name, part))
            return true;
        pause_ms(50);
    }
    return false;
}

static sec_status submit_with(int payload_fd)
{
    struct sec_bytes receipt;
    return sec_door_submit(&d.door, real_statement_bytes(&statement), sec_bytes(NULL, 0), payload_fd, &receipt);
}

static sec_status submit(void)
{
    return submit_with(-1);
}

static void begin(void)
{
    real_device_make(&d, securabled_path, libexec_path);
    real_start(&d);
}

static void begin_owned(void)
{
    begin();
    real_make_voucher(&d, &statement);
    CHECK_OK(submit());
    real_make_roster(&d, (uint32_t)getuid(), &statement);
    CHECK_OK(submit());
}

static void end(void)
{
    CHECK_INT(real_stop(&d), 0);
    CHECK(file_holds("stderr", "stopped"));
    real_device_remove(&d);
}

static sec_status set_speed(int64_t value)
{
    real_make_setting(&d, "speed", value, &statement);
    return submit();
}

/* The one child process of securabled with this name. */
static pid_t child_pid(const char *name)
{
    DIR *dir = opendir("/proc");
    pid_t found = 0;
    for (const struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        char path[64], line[256], comm[32];
        int parent = 0;
        snprintf(path, sizeof path, "/proc/%.20s/stat", entry->d_name);
        FILE *file = fopen(path, "re");
        if (file && fgets(line, sizeof line, file) && sscanf(line, "%*d (%31[^)]) %*c %d", comm, &parent) == 2 && parent == d.pid &&
            strcmp(comm, name) == 0)
            found = (pid_t)strtol(entry->d_name, NULL, 10);
        if (file)
            fclose(file);
    }
    if (dir)
        closedir(dir);
    return found;
}

/* --- start and stop ------------------------------------------------------------------------------------ */

static void a_device_starts_says_its_rights_and_stops_in_order(void)
{
    struct sec_bytes status;
    begin();
    CHECK_OK(sec_door_device_status(&d.door, &status));
    CHECK(holds(status, "no network") && holds(status, "Landlock") && holds(status, "parent: "));
    CHECK(file_holds("stderr", geteuid() == 0 ? "started as root" : "started as user"));
    char pid[24];
    snprintf(pid, sizeof pid, "%d\n", (int)d.pid);
    CHECK(file_holds("run/securabled.pid", pid));
    CHECK_INT(real_stop(&d), 0);
    CHECK_INT((int)real_read(&d, "run/securabled.pid").len, 0);
    CHECK(access(d.socket, F_OK) != 0);
    real_device_remove(&d);
}

static void a_second_start_exits_3_and_names_the_process(void)
{
    char held[48];
    begin();
    CHECK_INT(real_wait(real_spawn(&d, NULL, NULL)), 3);
    snprintf(held, sizeof held, "held by process %d", (int)d.pid);
    CHECK(file_holds("stderr", held));
    end();
}

static void a_configuration_is_checked_and_its_errors_have_lines(void)
{
    real_device_make(&d, securabled_path, libexec_path);
    CHECK_INT(real_wait(real_spawn(&d, "-n", NULL)), 0);
    real_write(&d, "securabled.conf", SEC_LIT("door-user 64001\nkeeper-user 64002\nsocket-mod 0600\ninstaller-user 64003\nsocket-mode 9\n"), 0644);
    CHECK_INT(real_wait(real_spawn(&d, "-n", NULL)), 1);
    CHECK(file_holds("stderr", "securabled.conf:3: socket-mod, unknown key: "));
    CHECK(file_holds("stderr", "securabled.conf:5: socket-mode, bad value: "));
    CHECK_INT(real_wait(real_spawn(&d, "--nonsense", NULL)), 2);
    real_device_remove(&d);
}

static void a_hook_that_others_can_write_is_refused(void)
{
    real_device_make(&d, securabled_path, libexec_path);
    real_write(&d, "hooks/apply", SEC_LIT("#!/bin/sh\n"), 0777);
    CHECK_INT(real_wait(real_spawn(&d, "-n", NULL)), 1);
    CHECK(file_holds("stderr", "apply, hook: "));
    real_device_remove(&d);
}

static void a_device_without_its_key_does_not_start(void)
{
    char path[512];
    real_device_make(&d, securabled_path, libexec_path);
    snprintf(path, sizeof path, "%s/identity/identity-key.pem", d.state);
    CHECK(unlink(path) == 0);
    CHECK_INT(real_wait(real_spawn(&d, NULL, NULL)), 3);
    CHECK(file_holds("stderr", "identity-key.pem"));
    real_device_remove(&d);
}

/* --- requests ------------------------------------------------------------------------------------------ */

static void a_claimed_device_serves_its_application(void)
{
    struct sec_bytes got;
    uint8_t event_b[32], nonce_b[16] = {1};
    begin_owned();
    struct sec_wr event = sec_wr(SEC_ROOM(event_b));
    sec_cbor_put_map(&event, 1);
    sec_cbor_put_uint(&event, 1);
    sec_cbor_put_tstr(&event, SEC_LIT("door opened"));
    CHECK_OK(sec_door_event(&d.door, sec_wr_done(&event)));
    CHECK_OK(sec_door_secret_put(&d.door, SEC_LIT("wifi"), SEC_LIT("correct horse")));
    CHECK_OK(sec_door_secret_get(&d.door, SEC_LIT("wifi"), &got));
    CHECK_BYTES(got, SEC_LIT("correct horse"));
    CHECK_OK(sec_door_secret_delete(&d.door, SEC_LIT("wifi")));
    CHECK_STATUS(sec_door_secret_get(&d.door, SEC_LIT("wifi"), &got), SEC_UNKNOWN_SECRET);
    CHECK_OK(sec_door_settings(&d.door, &got));
    CHECK(holds(got, "\"speed\""));
    CHECK_OK(sec_door_report(&d.door, SEC_BYTES(nonce_b), &got));
    CHECK(got.len > 200);
    CHECK_OK(sec_door_log_read(&d.door, 0, &got));
    CHECK(holds(got, "door opened"));
    CHECK(!holds(got, "correct horse"));
    SHOWS("F6.1");
    end();
}

static void who_is_not_on_the_roster_gets_nothing(void)
{
    struct sec_bytes got;
    begin();
    CHECK_STATUS(sec_door_settings(&d.door, &got), SEC_NOT_PERMITTED);
    CHECK_STATUS(sec_door_subscribe(&d.door), SEC_NOT_PERMITTED);
    CHECK_STATUS(sec_door_secret_put(&d.door, SEC_LIT("a"), SEC_LIT("b")), SEC_NOT_PERMITTED);
    end();
}

static void a_setting_runs_its_hook_and_tells_subscribers(void)
{
    static struct sec_door subscriber;
    struct sec_bytes topic;
    begin_owned();
    CHECK_OK(sec_door_open(&subscriber, d.socket, 10));
    CHECK_OK(sec_door_subscribe(&subscriber));
    CHECK_OK(set_speed(2000));
    CHECK(file_holds("run/settings.json", "\"speed\": 2000") || file_holds("run/settings.json", "\"speed\":2000"));
    CHECK(file_holds("run/applied", "apply speed"));
    CHECK(file_holds("run/environment", "SECURABLE_SETTINGS="));
    CHECK(!file_holds("run/environment", "HOME=") && !file_holds("run/environment", "LD_"));
    CHECK(!file_holds("run/fds", "4\n")); /* 3 is the listing's own */
    CHECK_OK(sec_door_notice_next(&subscriber, &topic));
    CHECK_BYTES(topic, SEC_LIT("settings"));
    sec_door_close(&subscriber);
    end();
}

static void a_failing_hook_reverts_the_change(void)
{
    begin_owned();
    real_make_setting(&d, "pressure", 7, &statement);
    CHECK_STATUS(submit(), SEC_EFFECT_FAILED);
    CHECK(!file_holds("run/settings.json", "\"pressure\": 7") && !file_holds("run/settings.json", "\"pressure\":7"));
    real_write(&d, "hooks/apply", SEC_LIT("#!/bin/sh\nsleep 60\n"), 0755);
    CHECK_STATUS(set_speed(5), SEC_EFFECT_FAILED); /* its time limit is 2 s */
    end();
}

static void an_interface_is_switched_in_its_file(void)
{
    uint8_t args_b[64];
    begin_owned();
    CHECK(file_holds("run/interfaces.json", "\"web\": false"));
    struct sec_wr wr = sec_wr(SEC_ROOM(args_b));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, SEC_LIT("securable.interface.web.enabled"));
    sec_cbor_put_bool(&wr, true);
    real_make_command(&d, REAL_OPERATOR, SEC_ACTION_CONFIGURATION_SET, sec_wr_done(&wr), &statement);
    sec_status status = submit();
    if (sec_is(status, SEC_ROLE_INSUFFICIENT)) { /* reserved settings may need more than an operator */
        real_make_command(&d, REAL_OWNER, SEC_ACTION_CONFIGURATION_SET, sec_wr_done(&wr), &statement);
        status = submit();
    }
    CHECK_OK(status);
    CHECK(file_holds("run/interfaces.json", "\"web\": true"));
    SHOWS("F4.1");
    end();
}

/* --- update -------------------------------------------------------------------------------------------- */

static unsigned spool_count(void)
{
    char path[512];
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/spool", d.state);
    DIR *dir = opendir(path);
    for (const struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.' || strcmp(entry->d_name, ".new") == 0;
    if (dir)
        closedir(dir);
    return count;
}

static sec_status install_release(uint64_t sequence, const char *version, struct sec_bytes payload, struct sec_bytes sent)
{
    uint8_t args_b[64];
    struct sec_digest digest;
    real_make_release(&d, sequence, version, payload, &statement, &digest);
    int fd = real_payload_fd(sent);
    sec_status status = submit_with(fd);
    close(fd);
    if (!sec_ok(status))
        return status;
    struct sec_wr wr = sec_wr(SEC_ROOM(args_b));
    sec_args_digest_encode(&digest, &wr);
    real_make_command(&d, REAL_OPERATOR, SEC_ACTION_UPDATE_INSTALL, sec_wr_done(&wr), &statement);
    return submit();
}

static uint8_t payload_b[300000];

static void a_release_goes_from_a_client_to_the_other_slot(void)
{
    begin_owned();
    for (size_t i = 0; i < sizeof payload_b; i++)
        payload_b[i] = (uint8_t)(i * 7 + i / 256);
    CHECK_OK(install_release(2, "1.1", SEC_BYTES(payload_b), SEC_BYTES(payload_b)));
    CHECK_BYTES(real_read(&d, "slots/active"), SEC_LIT("b\n"));
    CHECK_BYTES(real_read(&d, "slots/b"), SEC_BYTES(payload_b));
    CHECK_BYTES(real_read(&d, "slots/a"), SEC_LIT("the factory's"));
    CHECK_INT(spool_count(), 0);
    /* The parent goes by the record that the release brought, once the installer has verified it. */
    CHECK(file_holds("stderr", "product record, version 1.1: verified"));
    CHECK_OK(set_speed(77));
    SHOWS("F5.1");
    end();
}

static void a_release_that_is_not_well_falls_back(void)
{
    begin_owned();
    real_write(&d, "unwell", SEC_LIT(""), 0644);
    CHECK_STATUS(install_release(2, "1.1", SEC_LIT("new"), SEC_LIT("new")), SEC_HEALTH_FAILED);
    CHECK_BYTES(real_read(&d, "slots/active"), SEC_LIT("a\n"));
    end();
}

static void a_payload_that_is_another_is_not_installed(void)
{
    begin_owned();
    sec_status status = install_release(2, "1.1", SEC_LIT("right"), SEC_LIT("wrong"));
    CHECK(!sec_ok(status) && sec_door_answered(&d.door));
    CHECK_BYTES(real_read(&d, "slots/active"), SEC_LIT("a\n"));
    CHECK(!file_holds("slots/b", "wrong"));
    CHECK_INT(spool_count(), 0);
    /* A pipe could make the installer wait for ever. */
    int fds[2];
    struct sec_digest digest;
    CHECK(pipe(fds) == 0);
    real_make_release(&d, 3, "1.2", SEC_LIT("x"), &statement, &digest);
    CHECK_STATUS(submit_with(fds[0]), SEC_BAD_VALUE);
    close(fds[0]);
    close(fds[1]);
    end();
}

/* --- restarts and drift -------------------------------------------------------------------------------- */

static void a_child_that_dies_is_started_again(void)
{
    struct sec_bytes log;
    begin_owned();
    static const char *const names[] = {"securable-door", "securable-keepe"}; /* the kernel keeps 15 letters */
    for (size_t i = 0; i < 2; i++) {
        pid_t before = child_pid(names[i]);
        CHECK(before > 0);
        CHECK(kill(before, SIGKILL) == 0);
        pause_ms(100);
        sec_door_close(&d.door);
        real_connect(&d);
        CHECK(child_pid(names[i]) != before);
        CHECK_OK(set_speed(100 + (int64_t)i)); /* the state has survived: the owner's roster still counts */
    }
    pause_ms(1500);
    CHECK_OK(sec_door_log_read(&d.door, 0, &log));
    CHECK(holds(log, "process-restarted"));
    end();
}

static void what_root_changes_behind_our_back_is_seen(void)
{
    struct sec_bytes log;
    begin_owned();
    CHECK_OK(set_speed(1234));
    real_write(&d, "run/settings.json", SEC_LIT("{}"), 0644);
    CHECK(file_comes_to_hold("run/settings.json", "1234"));
    real_write(&d, "slots/active", SEC_LIT("b\n"), 0644);
    pause_ms(2500);
    CHECK_OK(sec_door_log_read(&d.door, 0, &log));
    CHECK(holds(log, "settings-file"));
    CHECK(holds(log, "active-slot"));
    end();
}

static void what_changed_while_it_was_down_is_seen_at_start(void)
{
    struct sec_bytes log;
    begin_owned();
    CHECK_OK(set_speed(1234));
    CHECK_INT(real_stop(&d), 0);
    real_write(&d, "run/settings.json", SEC_LIT("{}"), 0644);
    real_start(&d);
    CHECK(file_holds("run/settings.json", "1234"));
    pause_ms(1500);
    CHECK_OK(sec_door_log_read(&d.door, 0, &log));
    CHECK(holds(log, "settings-file"));
    end();
}

static void a_journal_that_was_changed_is_told_and_nothing_is_decided(void)
{
    struct sec_bytes status;
    char path[512];
    begin_owned();
    CHECK_OK(set_speed(1234));
    CHECK_INT(real_stop(&d), 0);
    /* A byte of an early commit: no power cut explains it. */
    struct sec_bytes segment = real_read(&d, "journal/journal-00000001.seg");
    size_t used = segment.len;
    while (used > 0 && segment.data[used - 1] == 0)
        used--;
    size_t at = used * 3 / 4; /* behind the blocks that hold tails in turn */
    while (at < used && segment.data[at] == 0)
        at++;
    snprintf(path, sizeof path, "%s/journal/journal-00000001.seg", d.state);
    FILE *file = fopen(path, "r+e");
    CHECK(file && fseek(file, (long)at, SEEK_SET) == 0 && fputc(segment.data[at] ^ 1, file) >= 0 && fclose(file) == 0);
    real_start(&d);
    CHECK_OK(sec_door_device_status(&d.door, &status));
    CHECK(holds(status, "tampered"));
    CHECK_STATUS(set_speed(5), SEC_TAMPERED);
    SHOWS("F6.4");
    end();
}

static void presence_frees_a_device_once(void)
{
    const struct timespec pause = {0, 300000000};
    begin_owned();
    CHECK_OK(set_speed(1234));
    CHECK_INT(real_stop(&d), 0);
    d.pid = real_spawn(&d, "-P", NULL);
    real_connect(&d);
    CHECK_STATUS(set_speed(5), SEC_NO_OWNER);
    /* A keeper that dies later does not wipe for the next owner too. */
    d.epoch = 2;
    real_make_voucher(&d, &statement);
    CHECK_OK(submit());
    pid_t keeper = child_pid("securable-keepe");
    CHECK(keeper > 0 && kill(keeper, SIGKILL) == 0);
    nanosleep(&pause, NULL);
    sec_door_close(&d.door);
    real_connect(&d);
    real_make_roster(&d, (uint32_t)getuid(), &statement);
    CHECK_OK(submit());
    end();
}

/* --- hostile bytes ------------------------------------------------------------------------------------- */

static int raw_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", d.socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

/* True when the door closes the connection within some seconds. */
static bool is_closed(int fd)
{
    uint8_t byte;
    struct pollfd poll_fd = {fd, POLLIN, 0};
    return poll(&poll_fd, 1, 5000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void hostile_clients_end_alone(void)
{
    struct sec_bytes status;
    static const uint8_t bad[][8] = {
        {2, 1, 0, 0, 0, 0, 0, 0},          /* version */
        {1, 1, 0, 1, 0, 0, 0, 0},          /* reserved bytes */
        {1, 1, 0, 0, 0xff, 0xff, 0xff, 0}, /* length */
    };
    begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int fd = raw_connect();
        CHECK(send(fd, bad[i], sizeof bad[i], MSG_NOSIGNAL) == sizeof bad[i]);
        CHECK(is_closed(fd));
        close(fd);
    }
    /* A whole frame with a body that breaks the grammar is answered. */
    static const uint8_t body[] = {1, DOOR_REPORT, 0, 0, 0, 0, 0, 1, 0xff};
    uint8_t answer[64];
    int fd = raw_connect();
    CHECK(send(fd, body, sizeof body, MSG_NOSIGNAL) == sizeof body);
    CHECK(recv(fd, answer, sizeof answer, 0) > 8 && answer[1] == DOOR_ANSWER);
    close(fd);
    CHECK_OK(sec_door_device_status(&d.door, &status));
    end();
}

static void one_user_cannot_take_every_place(void)
{
    int fds[40];
    static struct sec_door other;
    begin();
    for (size_t i = 0; i < 40; i++)
        fds[i] = raw_connect();
    CHECK(is_closed(fds[39]));
    for (size_t i = 0; i < 40; i++)
        close(fds[i]);
    pause_ms(200);
    struct sec_bytes status;
    CHECK_OK(sec_door_open(&other, d.socket, 10));
    CHECK_OK(sec_door_device_status(&other, &status));
    sec_door_close(&other);
    end();
}

static void a_slow_client_is_ended(void)
{
    begin();
    int fd = raw_connect();
    CHECK(send(fd, "\x01\x01", 2, MSG_NOSIGNAL) == 2);
    struct pollfd poll_fd = {fd, POLLIN, 0};
    CHECK(poll(&poll_fd, 1, 15000) == 1);
    CHECK(is_closed(fd));
    close(fd);
    end();
}

static const struct test tests[] = {
    TEST(a_device_starts_says_its_rights_and_stops_in_order),
    TEST(a_second_start_exits_3_and_names_the_process),
    TEST(a_configuration_is_checked_and_its_errors_have_lines),
    TEST(a_hook_that_others_can_write_is_refused),
    TEST(a_device_without_its_key_does_not_start),
    TEST(a_claimed_device_serves_its_application),
    TEST(who_is_not_on_the_roster_gets_nothing),
    TEST(a_setting_runs_its_hook_and_tells_subscribers),
    TEST(a_failing_hook_reverts_the_change),
    TEST(an_interface_is_switched_in_its_file),
    TEST(a_release_goes_from_a_client_to_the_other_slot),
    TEST(a_release_that_is_not_well_falls_back),
    TEST(a_payload_that_is_another_is_not_installed),
    TEST(a_child_that_dies_is_started_again),
    TEST(what_root_changes_behind_our_back_is_seen),
    TEST(what_changed_while_it_was_down_is_seen_at_start),
    TEST(a_journal_that_was_changed_is_told_and_nothing_is_decided),
    TEST(presence_frees_a_device_once),
    TEST(hostile_clients_end_alone),
    TEST(one_user_cannot_take_every_place),
    TEST(a_slow_client_is_ended),
};

int main(int argc, char **argv)
{
    if (argc < 3) {
        printf("usage: processes_test SECURABLED LIBEXEC [TEST]\n");
        return 2;
    }
    securabled_path = argv[1];
    libexec_path = argv[2];
    int code = test_run_all(tests, sizeof tests / sizeof tests[0], argc > 3 ? argv[3] : NULL);
    real_device_abandon(&d);
    return code;
}
