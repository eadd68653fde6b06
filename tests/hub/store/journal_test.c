/* SPDX-License-Identifier: Apache-2.0 */
/* The hub's own journal and the copy of a whole hub, over real files in a temporary folder. */
#include "backup.h"
#include "journal.h"
#include "journal_record.h"
#include "route.h"
#include "tick.h"
#include "writer.h"

#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* It answers nobody. */
const struct hub_route hub_routes[] = {{0}};
const size_t hub_routes_count = 0;
bool (*const hub_route_principal)(struct hub_exchange *x) = NULL;
const struct hub_tick hub_ticks[] = {{0}};
const size_t hub_ticks_count = 0;
const struct hub_room hub_rooms[] = {{NULL, NULL}};
const size_t hub_rooms_count = 0;

static struct hub hub;
static struct sec_crypto crypto;
static char folder[] = "/tmp/hub-journal-test-XXXXXX";
static char home[64], copy_path[64];

/* --- a hub without loops -------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_all(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void start_at(const char *path)
{
    char db[96];
    hub = (struct hub){0};
    snprintf(hub.config.name, sizeof hub.config.name, "test");
    CHECK_OK(hub_place_open(path, &hub.config, &hub.place));
    crypto = sec_openssl_crypto(&hub.place.openssl);
    hub_crypto_use(&crypto);
    snprintf(db, sizeof db, "%s/hub.db", path);
    CHECK_OK(hub_store_open(db, false, &hub.first));
    CHECK_OK(hub_journal_start(&hub));
    CHECK_OK(hub_writer_start(&hub));
}

static void stop(void)
{
    hub_writer_stop(&hub);
    hub_journal_stop(&hub);
    hub_store_close(hub.first);
    hub_place_close(&hub.place);
}

static void begin(void)
{
    remove_all(home);
    remove_all(copy_path);
    start_at(home);
}

static sec_status tell_work(struct hub_store *store, void *arg)
{
    return hub_tell(&hub, store, "statement", NULL, arg);
}

static void free_text(struct hub_exchange *x, void *arg, sec_status status)
{
    (void)x;
    (void)status;
    free(arg);
}

static void tell(const char *json)
{
    hub_write(NULL, &hub, tell_work, free_text, strdup(json));
}

static void tell_many(unsigned count)
{
    char json[64];
    for (unsigned i = 0; i < count; i++) {
        snprintf(json, sizeof json, "{\"n\":%u}", i);
        tell(json);
    }
}

/* --- looking at it ----------------------------------------------------------------------------------------------------- */

struct seen {
    unsigned events, others;
    uint64_t last;
    bool in_order;
    struct sec_bytes find;
    bool found;
};

static sec_status see(void *ctx, const struct sec_journal_record *record)
{
    struct seen *seen = ctx;
    uint64_t number = 0;
    if (record->header.record_class != SEC_RECORD_SYSTEM) {
        seen->others++;
        return sec_st(SEC_OK);
    }
    SEC_TRY(hub_journal_record_number(record->content, &number));
    for (size_t i = 0; seen->find.len && i + seen->find.len <= record->content.len; i++)
        seen->found = seen->found || sec_bytes_equal(sec_bytes_part(record->content, i, seen->find.len), seen->find);
    if (number == seen->last) { /* "started" */
        seen->others++;
        return sec_st(SEC_OK);
    }
    seen->in_order = seen->in_order && number == seen->last + 1;
    seen->last = number;
    seen->events++;
    return sec_st(SEC_OK);
}

static struct seen look(void)
{
    struct seen seen = {.in_order = true};
    CHECK_OK(hub_journal_entries(&hub, 0, 1000000, see, &seen));
    return seen;
}

/* A head comes within a second of the telling; twenty are for slow machines. */
static struct seen wait_for(unsigned events)
{
    const struct timespec pause = {0, 50000000};
    struct seen seen = look();
    for (int i = 0; seen.events < events && i < 400; i++) {
        nanosleep(&pause, NULL);
        seen = look();
    }
    return seen;
}

static void check_intact(const char *path)
{
    char text[512] = "", journal[96];
    struct sec_private_key key;
    struct sec_openssl openssl;
    snprintf(journal, sizeof journal, "%s/keys/journal-key.pem", path);
    CHECK_OK(sec_openssl_init(&openssl));
    struct sec_crypto own = sec_openssl_crypto(&openssl);
    CHECK_OK(sec_private_key_load(&key, &openssl, AT_FDCWD, journal));
    snprintf(journal, sizeof journal, "%s/journal", path);
    int fd = open(journal, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_OK(hub_journal_check(fd, &key.key, &own, text, sizeof text));
    CHECK(strncmp(text, "journal: intact", 15) == 0);
    close(fd);
    sec_private_key_done(&key);
    sec_openssl_done(&openssl);
}

/* --- tests ---------------------------------------------------------------------------------------------------------------- */

static void what_was_told_is_in_the_journal_within_a_second_under_a_head(void)
{
    struct sec_head head;
    uint8_t room[SEC_JOURNAL_HEAD_MAX_BYTES];
    size_t len = 0;
    struct timespec from, to;
    begin();
    clock_gettime(CLOCK_MONOTONIC, &from);
    tell_many(300);
    struct seen seen = wait_for(300);
    clock_gettime(CLOCK_MONOTONIC, &to);
    CHECK_INT(seen.events, 300);
    CHECK(seen.in_order);
    CHECK_INT(seen.others, 2); /* the snapshot and "started" */
    printf("300 events were in the journal after %lld ms\n",
           (long long)(to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000);
    CHECK_OK(hub_journal_head(&hub, SEC_ROOM(room), &len));
    CHECK_OK(sec_head_check(sec_bytes(room, len), &hub.place.journal_key.key, &crypto, &head));
    CHECK_INT(head.size, 302);
    CHECK_STATUS(hub_journal_head(&hub, sec_room(room, 10), &len), SEC_ROOM_FULL);
    stop();
    check_intact(home);
}

static void stopping_copies_what_is_left(void)
{
    begin();
    tell_many(150);
    stop();
    check_intact(home);
    start_at(home);
    struct seen seen = look();
    CHECK_INT(seen.events, 150);
    CHECK_INT(seen.others, 3);
    stop();
}

static void what_a_cut_left_in_the_store_alone_is_caught_up(void)
{
    char db[96];
    struct hub_store *store = NULL;
    begin();
    tell_many(10);
    stop();
    /* As if the power had gone between the commit of the store and the journal's. */
    snprintf(db, sizeof db, "%s/hub.db", home);
    CHECK_OK(hub_store_open(db, false, &store));
    CHECK_OK(hub_store_begin(store));
    for (unsigned i = 0; i < 200; i++)
        CHECK_OK(hub_tell(&hub, store, "statement", NULL, "{}"));
    CHECK_OK(hub_store_commit(store));
    hub_store_close(store);
    start_at(home);
    struct seen seen = wait_for(210);
    CHECK_INT(seen.events, 210);
    CHECK(seen.in_order);
    stop();
    check_intact(home);
}

static void a_long_text_is_there_by_its_digest(void)
{
    char *text = malloc(HUB_JOURNAL_TEXT_MAX_BYTES + 2);
    struct sec_digest digest;
    begin();
    CHECK(text != NULL);
    memset(text, 'x', HUB_JOURNAL_TEXT_MAX_BYTES + 1);
    text[HUB_JOURNAL_TEXT_MAX_BYTES + 1] = '\0';
    struct sec_bytes bytes = sec_bytes_of_str(text);
    CHECK_OK(crypto.hasher.digest(crypto.hasher.ctx, &bytes, 1, &digest));
    tell(text);
    CHECK_INT(wait_for(1).events, 1);
    struct seen seen = {.in_order = true, .find = sec_digest_bytes(&digest)};
    CHECK_OK(hub_journal_entries(&hub, 0, 100, see, &seen));
    CHECK(seen.found);
    free(text);
    stop();
}

static void a_full_segment_is_followed_by_another(void)
{
    unsigned count = HUB_JOURNAL_SEGMENT_BYTES / 8000 * 5 / 2;
    struct stat info;
    char text[8001], path[96];
    begin();
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (unsigned i = 0; i < count; i++)
        tell(text);
    struct seen seen = wait_for(count);
    CHECK_INT(seen.events, count);
    CHECK(seen.in_order);
    stop();
    snprintf(path, sizeof path, "%s/journal/journal-00000003.seg", home);
    CHECK_INT(stat(path, &info), 0);
    check_intact(home);
    start_at(home); /* from the newest segment's snapshot */
    tell("{}");
    CHECK_INT(wait_for(count + 1).last, count + 1);
    stop();
    check_intact(home);
}

static sec_status count_one(void *ctx, const struct sec_journal_record *record)
{
    (void)record;
    (*(unsigned *)ctx)++;
    return sec_st(SEC_OK);
}

static sec_status refuse(void *ctx, const struct sec_journal_record *record)
{
    (void)ctx;
    (void)record;
    return sec_st(SEC_BAD_VALUE);
}

static void a_page_ends_at_its_limit_and_at_a_refusal(void)
{
    unsigned count = 0;
    begin();
    tell_many(20);
    CHECK_INT(wait_for(20).events, 20);
    CHECK_OK(hub_journal_entries(&hub, 5, 7, count_one, &count));
    CHECK_INT(count, 7);
    CHECK_STATUS(hub_journal_entries(&hub, 0, 7, refuse, NULL), SEC_BAD_VALUE);
    stop();
}

static void a_journal_of_another_key_does_not_start(void)
{
    char path[96], db[96];
    begin();
    stop();
    snprintf(path, sizeof path, "%s/keys/journal-key.pem", home);
    CHECK_INT(unlink(path), 0);
    hub = (struct hub){0};
    snprintf(hub.config.name, sizeof hub.config.name, "test");
    CHECK_OK(hub_place_open(home, &hub.config, &hub.place));
    snprintf(db, sizeof db, "%s/hub.db", home);
    CHECK_OK(hub_store_open(db, false, &hub.first));
    CHECK_STATUS(hub_journal_start(&hub), SEC_TAMPERED);
    stop();
}

static void change_first(const char *from, const char *to)
{
    char path[96];
    uint8_t bytes[65536];
    snprintf(path, sizeof path, "%s/journal/journal-00000001.seg", home);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && pread(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes);
    struct sec_bytes want = sec_bytes_of_str(from);
    size_t at = 0, changed = 0;
    /* The block that is not full lies in the tails, too: all of them. */
    for (; at + want.len <= sizeof bytes; at++) {
        if (!sec_bytes_equal(sec_bytes_part(SEC_BYTES(bytes), at, want.len), want))
            continue;
        CHECK_INT(pwrite(fd, to, want.len, (off_t)at), want.len);
        changed++;
    }
    CHECK(changed > 0);
    close(fd);
}

static void a_changed_byte_shows(void)
{
    char text[512] = "";
    struct hub_place place;
    begin();
    tell_many(300); /* more than a block: what follows lies elsewhere */
    CHECK_INT(wait_for(300).events, 300);
    tell_many(300);
    CHECK_INT(wait_for(600).events, 600);
    stop();
    CHECK_OK(hub_place_look(home, &place));
    CHECK_OK(hub_check(&place, text, sizeof text));
    CHECK(strstr(text, "journal: intact, 602 records") != NULL);
    change_first("{\"n\":20}", "{\"n\":21}");
    CHECK_STATUS(hub_check(&place, text, sizeof text), SEC_TAMPERED);
    printf("%s\n", text);
    hub_place_close(&place);
}

/* --- copies ------------------------------------------------------------------------------------------------------------------ */

static sec_status copy_now(char *text, size_t text_bytes)
{
    struct hub_place place;
    CHECK_OK(hub_place_look(home, &place));
    sec_status status = hub_backup(&place, copy_path, text, text_bytes);
    hub_place_close(&place);
    return status;
}

static void a_copy_of_a_running_hub_is_intact_and_starts(void)
{
    char text[512] = "", path[192], hex[65];
    struct stat info;
    begin();
    memset(hex, 'a', 64);
    hex[64] = '\0';
    CHECK_OK(hub_place_write(hub.place.payloads_fd, hex, SEC_LIT("payload")));
    CHECK_OK(hub_place_write(hub.place.payloads_fd, "upload.part", SEC_LIT("half")));
    tell_many(100);
    CHECK_INT(wait_for(100).events, 100);
    for (unsigned i = 0; i < 20; i++)
        tell_many(100); /* copied while these are on their way */
    CHECK_OK(copy_now(text, sizeof text));
    printf("%s\n", text);
    CHECK(strstr(text, "intact") != NULL);
    CHECK_STATUS(copy_now(text, sizeof text), SEC_EXISTS);
    tell_many(5);
    stop();
    check_intact(home);
    check_intact(copy_path);
    snprintf(path, sizeof path, "%s/keys/ca-key.pem", copy_path);
    CHECK_INT(stat(path, &info), 0);
    CHECK_INT(info.st_mode & 0777, 0600);
    snprintf(path, sizeof path, "%s/payloads/%s", copy_path, hex);
    CHECK_INT(stat(path, &info), 0);
    CHECK_INT(info.st_size, 7);
    snprintf(path, sizeof path, "%s/payloads/upload.part", copy_path);
    CHECK(stat(path, &info) != 0);

    start_at(copy_path);
    uint64_t last = 0;
    CHECK_OK(hub_events_last(hub.first, &last));
    struct seen seen = wait_for((unsigned)last);
    CHECK_INT(seen.events, last);
    CHECK(seen.in_order);
    stop();
    check_intact(copy_path);
}

static void a_failed_copy_leaves_nothing(void)
{
    char text[512] = "", path[128];
    begin();
    stop();
    snprintf(path, sizeof path, "%s/hub.db", home);
    CHECK_INT(unlink(path), 0);
    CHECK_STATUS(copy_now(text, sizeof text), SEC_NOT_FOUND);
    CHECK(strstr(text, "hub.db") != NULL);
    CHECK(access(copy_path, F_OK) != 0);
    snprintf(path, sizeof path, "%s.partial", copy_path);
    CHECK(access(path, F_OK) != 0);
}

static void a_restored_database_that_knows_less_is_said(void)
{
    char text[512] = "", from[128], to[128];
    begin();
    tell_many(3);
    CHECK_INT(wait_for(3).events, 3);
    CHECK_OK(copy_now(text, sizeof text));
    tell_many(4);
    stop();
    /* The older database alone is put back under the newer journal. */
    snprintf(to, sizeof to, "%s/hub.db-wal", home);
    (void)unlink(to);
    snprintf(to, sizeof to, "%s/hub.db-shm", home);
    (void)unlink(to);
    snprintf(from, sizeof from, "%s/hub.db", copy_path);
    snprintf(to, sizeof to, "%s/hub.db", home);
    CHECK_INT(rename(from, to), 0);
    start_at(home);
    struct seen seen = {.find = SEC_LIT("\"last\":3,\"journal_last\":7")};
    CHECK_OK(hub_journal_entries(&hub, 0, 100, see, &seen));
    CHECK(seen.found);
    tell_many(1);
    stop();
    start_at(home); /* the fold goes on from there */
    stop();
    check_intact(home);
}

static const struct test tests[] = {
    TEST(what_was_told_is_in_the_journal_within_a_second_under_a_head),
    TEST(stopping_copies_what_is_left),
    TEST(what_a_cut_left_in_the_store_alone_is_caught_up),
    TEST(a_long_text_is_there_by_its_digest),
    TEST(a_full_segment_is_followed_by_another),
    TEST(a_page_ends_at_its_limit_and_at_a_refusal),
    TEST(a_journal_of_another_key_does_not_start),
    TEST(a_changed_byte_shows),
    TEST(a_copy_of_a_running_hub_is_intact_and_starts),
    TEST(a_failed_copy_leaves_nothing),
    TEST(a_restored_database_that_knows_less_is_said),
};

int main(int argc, char **argv)
{
    if (!mkdtemp(folder))
        return 1;
    snprintf(home, sizeof home, "%s/hub", folder);
    snprintf(copy_path, sizeof copy_path, "%s/copy", folder);
    int failed = test_run_all(tests, sizeof tests / sizeof tests[0], argc > 1 ? argv[1] : NULL);
    remove_all(folder);
    return failed;
}
