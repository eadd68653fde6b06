/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite inside: what the files sqlite*.c share. Nobody else includes it.
 *
 * A statement is used like a reader and a writer of base: begun by its text, values put in the order of its '?', columns taken in their order, the status
 * sticky, ended once. Texts are constants of the program, never built from data; each is prepared once a store and kept, found again by its address.
 * Memory: from the heap until hub_store_close(). Threads: one a store.
 */
#ifndef SECURABLE_HUB_SQLITE_INSIDE_H
#define SECURABLE_HUB_SQLITE_INSIDE_H

#include "store.h"

#include <sqlite3.h>

/** Places for kept statements, a power of two; about 70 are used. */
#define HUB_SQL_KEPT_COUNT 256u
/** Slices of one row: a device has most. */
#define HUB_SQL_SLICES_COUNT 8u

struct hub_sql_kept {
    const char *text; /* null: free */
    sqlite3_stmt *statement;
};
struct hub_sql_slice {
    void *data;
    size_t bytes;
};
struct hub_store {
    sqlite3 *db;
    bool begun;       /* between begin and commit or rollback */
    sec_status undone; /* OK, or why the database gave up the transaction by itself */
    struct hub_sql_kept kept[HUB_SQL_KEPT_COUNT];
    struct hub_sql_slice row[HUB_SQL_SLICES_COUNT]; /* of the last get */
    size_t row_count;
};

struct hub_sql {
    struct hub_store *store;
    sqlite3_stmt *statement;
    int at;          /* of the next value or column */
    bool extra;      /* the kept one was in use: this is another, freed at the end */
    bool own;        /* slices are copied into the store's row */
    sec_status status;
};

struct hub_sql hub_sql(struct hub_store *store, const char *text);
/** For one row that outlives the statement. */
struct hub_sql hub_sql_own(struct hub_store *store, const char *text);

void hub_sql_put_u64(struct hub_sql *sql, uint64_t value);
void hub_sql_put_s64(struct hub_sql *sql, int64_t value);
void hub_sql_put_bytes(struct hub_sql *sql, struct sec_bytes bytes);
void hub_sql_put_text(struct hub_sql *sql, struct sec_bytes text);
void hub_sql_put_null(struct hub_sql *sql);
/** A bound or count: beyond 2^63 - 1 it is that, so that it stays greater than every stored number. */
void hub_sql_put_bound(struct hub_sql *sql, uint64_t value);

/** Steps. True: there is a row, its columns are read from the first on. */
bool hub_sql_row(struct hub_sql *sql);
uint64_t hub_sql_u64(struct hub_sql *sql);
int64_t hub_sql_s64(struct hub_sql *sql);
bool hub_sql_bool(struct hub_sql *sql);
struct sec_bytes hub_sql_bytes(struct hub_sql *sql);
/** Exactly so many bytes; TAMPERED otherwise. */
void hub_sql_into(struct hub_sql *sql, struct sec_room to);
/** A key as hub_sql_key_bytes() gave it. False: there is none. */
bool hub_sql_key(struct hub_sql *sql, struct sec_public_key *ret_key);

/** A statement without rows. */
sec_status hub_sql_run(struct hub_sql *sql);
/** The same; `code` when no row was changed. */
sec_status hub_sql_run_one(struct hub_sql *sql, enum sec_status_code code);
sec_status hub_sql_end(struct hub_sql *sql);
/** A key's bytes for hub_sql_put_bytes(); `room` outlives the run. */
#define HUB_SQL_KEY_BYTES 96u
struct sec_bytes hub_sql_key_bytes(const struct sec_public_key *key, struct sec_room room);

/** The status of SQLite's last failure on this connection. */
sec_status hub_sqlite_status(sqlite3 *db, int code);
/** Leads a database from its format, which is none that a later version wrote, to HUB_STORE_FORMAT. */
sec_status hub_sqlite_migrate(sqlite3 *db);
/** The format of an open database; UNKNOWN_FORMAT when it is not a hub's. */
sec_status hub_sqlite_format(sqlite3 *db, int64_t *ret_format);

#endif
