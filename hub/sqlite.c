/* SPDX-License-Identifier: Apache-2.0 */
/* The database of one thread: opening, transactions, copies, checking. Every commit is synced before it is acknowledged (synchronous=FULL). */
#include "sqlite_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** How long another process (a backup, a check) may hold the lock before we give up. */
#define BUSY_MS 5000
/** Checkpoints cost syncs; one every 16 MiB of log. */
#define OPEN_TEXT                        \
    "PRAGMA journal_mode = WAL;"         \
    "PRAGMA synchronous = FULL;"         \
    "PRAGMA foreign_keys = ON;"          \
    "PRAGMA trusted_schema = OFF;"       \
    "PRAGMA cell_size_check = ON;"       \
    "PRAGMA temp_store = MEMORY;"        \
    "PRAGMA wal_autocheckpoint = 4096;"  \
    "PRAGMA journal_size_limit = 67108864;"
#define OPEN_READ_TEXT                   \
    "PRAGMA query_only = ON;"            \
    "PRAGMA trusted_schema = OFF;"       \
    "PRAGMA cell_size_check = ON;"       \
    "PRAGMA temp_store = MEMORY;"

sec_status hub_sqlite_status(sqlite3 *db, int code)
{
    int extended = db ? sqlite3_extended_errcode(db) : code;
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return sec_st(SEC_OK);
    case SQLITE_FULL:
        return sec_st(SEC_STORAGE_FULL);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return sec_st(SEC_BUSY);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return sec_st(SEC_TAMPERED);
    case SQLITE_CONSTRAINT:
        return sec_st(extended == SQLITE_CONSTRAINT_FOREIGNKEY ? SEC_NOT_FOUND : SEC_EXISTS);
    case SQLITE_IOERR:
        return sec_st(db && sqlite3_system_errno(db) == ENOSPC ? SEC_STORAGE_FULL : SEC_IO_FAILED);
    default:
        return sec_st(SEC_IO_FAILED);
    }
}

/* --- opening -------------------------------------------------------------------------------------------------- */

/** Without statistics the allocator needs no lock that all threads share. */
static void prepare_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/** SQLite would make the file by the process's umask; its -wal and -shm take their mode from it. */
static sec_status make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sec_st(errno == ENOSPC ? SEC_STORAGE_FULL : SEC_IO_FAILED);
    close(fd);
    return sec_st(SEC_OK);
}

static sec_status look_for(const char *path)
{
    if (access(path, F_OK) == 0)
        return sec_st(SEC_OK);
    return sec_st(errno == ENOENT ? SEC_NOT_FOUND : SEC_IO_FAILED);
}

/** A file of a later or a foreign format is left as it is: its format is looked at before anything is set. */
static sec_status configure(sqlite3 *db, bool read_only)
{
    int64_t format = 0;
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    SEC_TRY(hub_sqlite_format(db, &format));
    if (format > (int64_t)HUB_STORE_FORMAT)
        return sec_st(SEC_UNKNOWN_FORMAT);
    return hub_sqlite_status(db, sqlite3_exec(db, read_only ? OPEN_READ_TEXT : OPEN_TEXT, NULL, NULL, NULL));
}

static sec_status open_database(const char *path, bool read_only, sqlite3 **ret_db)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    sqlite3 *db = NULL;
    pthread_once(&once, prepare_library);
    int code = sqlite3_open_v2(path, &db, flags, NULL);
    sec_status status = hub_sqlite_status(db, code);
    if (sec_ok(status))
        status = configure(db, read_only);
    if (!sec_ok(status)) {
        sqlite3_close(db);
        return status;
    }
    *ret_db = db;
    return status;
}

static sec_status check_format(sqlite3 *db)
{
    int64_t format = 0;
    SEC_TRY(hub_sqlite_format(db, &format));
    return sec_st(format == HUB_STORE_FORMAT ? SEC_OK : SEC_UNKNOWN_FORMAT);
}

sec_status hub_store_open(const char *path, bool read_only, struct hub_store **ret_store)
{
    struct hub_store *store = calloc(1, sizeof *store);
    if (!store)
        return sec_st(SEC_IO_FAILED);
    sec_status status = read_only ? look_for(path) : make_file(path);
    if (sec_ok(status))
        status = open_database(path, read_only, &store->db);
    if (sec_ok(status))
        status = read_only ? check_format(store->db) : hub_sqlite_migrate(store->db);
    if (!sec_ok(status)) {
        hub_store_close(store);
        return status;
    }
    *ret_store = store;
    return status;
}

void hub_store_close(struct hub_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < HUB_SQL_KEPT_COUNT; i++)
        sqlite3_finalize(store->kept[i].statement);
    for (size_t i = 0; i < HUB_SQL_SLICES_COUNT; i++)
        free(store->row[i].data);
    sqlite3_close(store->db);
    free(store);
}

/* --- transactions --------------------------------------------------------------------------------------------- */

sec_status hub_store_begin(struct hub_store *store)
{
    store->undone = sec_st(SEC_OK);
    store->begun = false;
    /* A transaction that the database gave up may have left its begin behind. */
    if (!sqlite3_get_autocommit(store->db))
        return sec_st(SEC_BUSY);
    struct hub_sql sql = hub_sql(store, "BEGIN IMMEDIATE");
    SEC_TRY(hub_sql_run(&sql));
    store->begun = true;
    return sec_st(SEC_OK);
}

sec_status hub_store_commit(struct hub_store *store)
{
    struct hub_sql sql = hub_sql(store, "COMMIT");
    sec_status status = hub_sql_run(&sql);
    if (!sec_ok(status))
        hub_store_rollback(store);
    store->begun = false;
    return status;
}

void hub_store_rollback(struct hub_store *store)
{
    store->begun = false;
    if (sqlite3_get_autocommit(store->db))
        return;
    struct hub_sql sql = hub_sql(store, "ROLLBACK");
    (void)hub_sql_run(&sql);
}

sec_status hub_store_save(struct hub_store *store)
{
    struct hub_sql sql = hub_sql(store, "SAVEPOINT work");
    return hub_sql_run(&sql);
}

sec_status hub_store_save_end(struct hub_store *store, bool keep)
{
    if (!keep) {
        struct hub_sql undo = hub_sql(store, "ROLLBACK TO work");
        SEC_TRY(hub_sql_run(&undo));
    }
    struct hub_sql release = hub_sql(store, "RELEASE work");
    return hub_sql_run(&release);
}

/* --- copies and checks ---------------------------------------------------------------------------------------- */

static sec_status copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup)
        return hub_sqlite_status(to, sqlite3_errcode(to));
    /* In one step, under one read transaction: writers go on in the log meanwhile, and the copy never has to begin again. */
    (void)sqlite3_backup_step(backup, -1);
    int code = sqlite3_backup_finish(backup);
    return hub_sqlite_status(code == SQLITE_OK ? NULL : to, code);
}

sec_status hub_store_backup(struct hub_store *store, const char *path)
{
    sqlite3 *to = NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sec_st(errno == EEXIST ? SEC_EXISTS : errno == ENOSPC ? SEC_STORAGE_FULL : SEC_IO_FAILED);
    int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    sec_status status = hub_sqlite_status(to, code);
    if (sec_ok(status))
        status = copy_pages(store->db, to);
    sqlite3_close(to);
    if (sec_ok(status) && fsync(fd) != 0)
        status = sec_st(SEC_IO_FAILED);
    close(fd);
    if (!sec_ok(status))
        (void)unlink(path);
    return status;
}

static void say_finding(struct hub_sql *sql, char *text, size_t text_bytes)
{
    struct sec_bytes finding = hub_sql_bytes(sql);
    snprintf(text, text_bytes, "%.*s", (int)finding.len, finding.data ? (const char *)finding.data : "");
}

sec_status hub_store_check(struct hub_store *store, char *text, size_t text_bytes)
{
    struct hub_sql sql = hub_sql(store, "PRAGMA integrity_check(1)");
    if (hub_sql_row(&sql))
        say_finding(&sql, text, text_bytes);
    sec_status status = hub_sql_end(&sql);
    if (!sec_ok(status)) {
        snprintf(text, text_bytes, "%s", sec_status_text(status));
        return status;
    }
    if (!sec_bytes_equal(sec_bytes_of_str(text), SEC_LIT("ok")))
        return sec_st(SEC_TAMPERED);
    struct hub_sql orphans = hub_sql(store, "SELECT \"table\" || ': a row without the one it belongs to' FROM pragma_foreign_key_check LIMIT 1");
    bool found = hub_sql_row(&orphans);
    if (found)
        say_finding(&orphans, text, text_bytes);
    SEC_TRY(hub_sql_end(&orphans));
    return sec_st(found ? SEC_TAMPERED : SEC_OK);
}
