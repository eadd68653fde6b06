/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite behind the store must do with its file: formats, a full disk, a cut, damage, copies. */
#include "sqlite_inside.h"
#include "store_rows.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define GOLDEN "tests/hub/store/format-1.sql"
#define LONG_BYTES 4096u
static uint8_t long_bytes[LONG_BYTES];

/* --- formats ------------------------------------------------------------------------------------------------ */

/** A database file written by plain SQL, not by the store. */
static void write_file(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_close(db), SQLITE_OK);
}

static const char *golden_text(void)
{
    static char text[16384];
    FILE *file = fopen(GOLDEN, "r");
    CHECK(file != NULL);
    size_t len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    CHECK(len > 0 && len < sizeof text - 1);
    text[len] = '\0';
    return text;
}

static struct store_room room_without_store(void)
{
    struct store_room room = store_room_make();
    hub_store_close(room.store);
    room.store = NULL;
    CHECK(unlink(room.path) == 0);
    return room;
}

static sec_status take_entry(void *ctx, const struct hub_entry *entry)
{
    uint64_t *index = ctx;
    *index = entry->index;
    CHECK_BYTES(entry->content, sec_bytes((const uint8_t *)"\x0d", 1));
    return sec_st(SEC_OK);
}

static void a_database_of_format_1_is_carried_on(void)
{
    struct store_room room = room_without_store();
    struct hub_device device;
    struct hub_statement statement;
    struct hub_person person;
    struct sec_device_id id;
    struct sec_digest digest;
    struct sec_key_id kid;
    uint64_t index = 0;
    write_file(room.path, golden_text());
    CHECK_OK(hub_store_open(room.path, false, &room.store));
    memset(id.b, 0x11, sizeof id.b);
    memset(digest.b, 0x44, sizeof digest.b);
    memset(kid.b, 0x88, sizeof kid.b);
    CHECK_OK(hub_device_get(room.store, &id, &device));
    CHECK(device.size == 3 && device.boot == 4 && device.certificate_until_s == 900 && device.report.len == 1 && device.idevid.len == 1);
    CHECK_OK(hub_statement_get(room.store, &digest, &statement));
    CHECK(statement.number == 1 && statement.generation == 7 && !statement.has_payload);
    CHECK_OK(hub_person_get(room.store, &kid, &person));
    CHECK(person.key.type == SEC_KEY_P256 && person.key.y[0] == 2);
    CHECK_OK(hub_entries(room.store, &id, 0, 9, take_entry, &index));
    CHECK_INT(index, 2);
    store_room_remove(&room);
}

/** What defines a database, in one text. */
static void schema_of(const char *path, char *text, size_t text_bytes)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    size_t len = 0;
    CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        len += (size_t)snprintf(&text[len], text_bytes - len, "%s;", (const char *)sqlite3_column_text(statement, 0));
    CHECK(len > 100 && len < text_bytes);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static void a_fresh_database_is_the_golden_one(void)
{
    static char fresh[16384], golden[16384];
    struct store_room room = store_room_make();
    schema_of(room.path, fresh, sizeof fresh);
    store_room_remove(&room);
    room = room_without_store();
    write_file(room.path, golden_text());
    schema_of(room.path, golden, sizeof golden);
    CHECK(strcmp(fresh, golden) == 0);
    store_room_remove(&room);
}

static void a_later_or_foreign_database_is_refused(void)
{
    struct store_room room = room_without_store();
    CHECK_STATUS(hub_store_open(room.path, true, &room.store), SEC_NOT_FOUND);
    write_file(room.path, "PRAGMA application_id = 1397057634; PRAGMA user_version = 2; CREATE TABLE later(x)");
    CHECK_STATUS(hub_store_open(room.path, false, &room.store), SEC_UNKNOWN_FORMAT);
    CHECK_STATUS(hub_store_open(room.path, true, &room.store), SEC_UNKNOWN_FORMAT);
    write_file(room.path, "PRAGMA application_id = 77; PRAGMA user_version = 1");
    CHECK_STATUS(hub_store_open(room.path, false, &room.store), SEC_UNKNOWN_FORMAT);
    CHECK(unlink(room.path) == 0);
    /* A cut before the first migration leaves an empty file: that is no format yet, a hub makes it whole, a reader waits. */
    write_file(room.path, "PRAGMA user_version = 0; CREATE TABLE early(x); DROP TABLE early");
    CHECK_STATUS(hub_store_open(room.path, true, &room.store), SEC_UNKNOWN_FORMAT);
    CHECK_OK(hub_store_open(room.path, false, &room.store));
    store_room_remove(&room);
}

static void nobody_else_may_read_the_file(void)
{
    struct store_room room = store_room_make();
    struct stat facts;
    char path[128];
    put_device(room.store, 1);
    CHECK(stat(room.path, &facts) == 0);
    CHECK_INT(facts.st_mode & 0777, 0600);
    (void)snprintf(path, sizeof path, "%s-wal", room.path);
    CHECK(stat(path, &facts) == 0);
    CHECK_INT(facts.st_mode & 0777, 0600);
    store_room_remove(&room);
}

/* --- a full disk -------------------------------------------------------------------------------------------- */

static sec_status put_long(struct hub_store *store, unsigned n)
{
    struct hub_statement statement = {.digest = digest_of(n), .bytes = SEC_BYTES(long_bytes)};
    uint64_t number;
    return hub_statement_put(store, &statement, &number);
}

/** As the writer does it; how many are in the store for good. */
static sec_status batch(struct hub_store *store, unsigned first, unsigned count)
{
    SEC_TRY(hub_store_begin(store));
    for (unsigned n = first; n < first + count; n++) {
        SEC_TRY(hub_store_save(store));
        sec_status status = put_long(store, n);
        if (!sec_ok(status))
            return status;
        SEC_TRY(hub_store_save_end(store, true));
    }
    return hub_store_commit(store);
}

static void a_full_disk_is_said_and_survived(void)
{
    struct store_room room = store_room_make();
    struct hub_statement got;
    struct sec_digest first = digest_of(1), second = digest_of(100);
    CHECK_OK(batch(room.store, 1, 10));
    CHECK_INT(sqlite3_exec(room.store->db, "PRAGMA max_page_count = 80", NULL, NULL, NULL), SQLITE_OK);
    CHECK_STATUS(batch(room.store, 100, 200), SEC_STORAGE_FULL);
    /* Whether the database gave up the transaction or not: nothing of the batch may be stored behind its back. */
    CHECK_STATUS(put_long(room.store, 900), SEC_STORAGE_FULL);
    hub_store_rollback(room.store);
    CHECK_OK(hub_statement_get(room.store, &first, &got));
    CHECK_STATUS(hub_statement_get(room.store, &second, &got), SEC_NOT_FOUND);
    CHECK_INT(sqlite3_exec(room.store->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL), SQLITE_OK);
    CHECK_OK(batch(room.store, 100, 200));
    CHECK_OK(hub_statement_get(room.store, &second, &got));
    store_room_remove(&room);
}

static void a_transaction_that_is_gone_takes_nothing_more(void)
{
    struct store_room room = store_room_make();
    struct sec_bytes value;
    CHECK_OK(hub_store_begin(room.store));
    CHECK_INT(sqlite3_exec(room.store->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK); /* as SQLite does it by itself after some failures */
    CHECK_STATUS(hub_meta_put(room.store, "key", SEC_LIT("1")), SEC_IO_FAILED);
    CHECK_STATUS(hub_store_save(room.store), SEC_IO_FAILED);
    CHECK_STATUS(hub_store_commit(room.store), SEC_IO_FAILED);
    CHECK_STATUS(hub_meta_get(room.store, "key", &value), SEC_NOT_FOUND);
    CHECK_OK(hub_store_begin(room.store));
    CHECK_OK(hub_meta_put(room.store, "key", SEC_LIT("1")));
    CHECK_OK(hub_store_commit(room.store));
    store_room_remove(&room);
}

/* --- a cut -------------------------------------------------------------------------------------------------- */

/** Commits for ever and tells each commit when it was acknowledged. */
__attribute__((noreturn)) static void write_until_killed(const char *path, int told)
{
    struct hub_store *store = NULL;
    if (!sec_ok(hub_store_open(path, false, &store)))
        _exit(1);
    for (unsigned n = 1;; n += 4) {
        if (!sec_ok(batch(store, n, 4)) || write(told, &n, sizeof n) != (ssize_t)sizeof n)
            _exit(2);
    }
}

static unsigned last_told(int fd)
{
    unsigned n = 0, last = 0;
    while (read(fd, &n, sizeof n) == (ssize_t)sizeof n)
        last = n;
    return last;
}

static unsigned write_and_kill(const char *path, unsigned after_ms)
{
    int told[2];
    CHECK(pipe2(told, O_CLOEXEC) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        write_until_killed(path, told[1]);
    close(told[1]);
    usleep(after_ms * 1000u);
    CHECK(kill(child, SIGKILL) == 0);
    int how = 0;
    CHECK(waitpid(child, &how, 0) == child && WIFSIGNALED(how));
    unsigned last = last_told(told[0]);
    close(told[0]);
    return last;
}

static void what_was_acknowledged_is_there_after_a_kill(void)
{
    for (unsigned round = 0; round < 8; round++) {
        struct store_room room = room_without_store();
        struct hub_statement got;
        char text[256] = "";
        unsigned last = write_and_kill(room.path, 60 + 23 * round);
        CHECK_OK(hub_store_open(room.path, false, &room.store));
        CHECK_OK(hub_store_check(room.store, text, sizeof text));
        for (unsigned n = 1; last && n < last + 4; n++) {
            struct sec_digest digest = digest_of(n);
            CHECK_OK(hub_statement_get(room.store, &digest, &got));
        }
        store_room_remove(&room);
    }
}

/* --- copies and damage --------------------------------------------------------------------------------------- */

struct writing {
    struct hub_store *store;
    unsigned count;
    sec_status status;
};

static void *write_on(void *arg)
{
    struct writing *writing = arg;
    for (unsigned n = 0; n < writing->count && sec_ok(writing->status); n++)
        writing->status = batch(writing->store, 1000 + 4 * n, 4);
    return NULL;
}

static void a_copy_is_whole_while_others_write(void)
{
    struct store_room room = store_room_make();
    struct hub_store *reader = NULL, *copy = NULL;
    struct writing writing = {room.store, 50, sec_st(SEC_OK)};
    struct sec_digest first = digest_of(1);
    struct hub_statement got;
    struct stat facts;
    pthread_t thread;
    char path[128], text[256] = "";
    (void)snprintf(path, sizeof path, "%s.copy", room.path);
    CHECK_OK(batch(room.store, 1, 200));
    CHECK_OK(hub_store_open(room.path, true, &reader));
    CHECK_INT(pthread_create(&thread, NULL, write_on, &writing), 0);
    sec_status status = hub_store_backup(reader, path);
    CHECK_INT(pthread_join(thread, NULL), 0);
    CHECK_OK(status);
    CHECK_OK(writing.status);
    CHECK_STATUS(hub_store_backup(reader, path), SEC_EXISTS);
    CHECK(stat(path, &facts) == 0);
    CHECK_INT(facts.st_mode & 0777, 0600);
    CHECK_OK(hub_store_open(path, false, &copy));
    CHECK_OK(hub_store_check(copy, text, sizeof text));
    CHECK_OK(hub_statement_get(copy, &first, &got));
    hub_store_close(copy);
    hub_store_close(reader);
    store_room_remove(&room);
}

static void damage_is_found(void)
{
    struct store_room room = store_room_make();
    char text[256] = "";
    uint8_t junk[512];
    struct stat facts;
    memset(junk, 0xa5, sizeof junk);
    CHECK_OK(batch(room.store, 1, 400));
    CHECK_OK(hub_store_check(room.store, text, sizeof text));
    hub_store_close(room.store); /* the log goes into the file */
    room.store = NULL;
    int fd = open(room.path, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &facts) == 0);
    for (off_t at = 16384; at < facts.st_size; at += 16384)
        CHECK(pwrite(fd, junk, sizeof junk, at) == (ssize_t)sizeof junk);
    close(fd);
    sec_status status = hub_store_open(room.path, true, &room.store);
    if (sec_ok(status))
        status = hub_store_check(room.store, text, sizeof text);
    CHECK_STATUS(status, SEC_TAMPERED);
    store_room_remove(&room);
}

static const struct test tests[] = {
    TEST(a_database_of_format_1_is_carried_on),
    TEST(a_fresh_database_is_the_golden_one),
    TEST(a_later_or_foreign_database_is_refused),
    TEST(nobody_else_may_read_the_file),
    TEST(a_full_disk_is_said_and_survived),
    TEST(a_transaction_that_is_gone_takes_nothing_more),
    TEST(what_was_acknowledged_is_there_after_a_kill),
    TEST(a_copy_is_whole_while_others_write),
    TEST(damage_is_found),
};
TEST_MAIN(tests)
