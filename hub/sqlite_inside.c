/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared statements as cursors: begin, put values, take columns, end. */
#include "sqlite_inside.h"

#include <stdlib.h>

/* --- beginning and ending ----------------------------------------------------------------------------------- */

static struct hub_sql_kept *place_of(struct hub_store *store, const char *text)
{
    size_t at = (size_t)((uintptr_t)text >> 3) * 2654435761u;
    for (size_t i = 0; i < HUB_SQL_KEPT_COUNT; i++) {
        struct hub_sql_kept *place = &store->kept[(at + i) & (HUB_SQL_KEPT_COUNT - 1)];
        if (!place->text || place->text == text)
            return place;
    }
    return NULL;
}

static void prepare(struct hub_sql *sql, const char *text, unsigned flags)
{
    int code = sqlite3_prepare_v3(sql->store->db, text, -1, flags, &sql->statement, NULL);
    sql->status = hub_sqlite_status(sql->store->db, code);
}

struct hub_sql hub_sql(struct hub_store *store, const char *text)
{
    struct hub_sql sql = {.store = store, .status = sec_st(SEC_OK)};
    /* A transaction that is gone takes nothing more: it would be stored outside of it, though its work is told that it failed. */
    if (store->begun && sqlite3_get_autocommit(store->db)) {
        sql.status = sec_ok(store->undone) ? sec_st(SEC_IO_FAILED) : store->undone;
        return sql;
    }
    struct hub_sql_kept *place = place_of(store, text);
    if (!place || (place->text && sqlite3_stmt_busy(place->statement))) {
        sql.extra = true;
        prepare(&sql, text, 0);
        return sql;
    }
    if (!place->text) {
        prepare(&sql, text, SQLITE_PREPARE_PERSISTENT);
        if (!sec_ok(sql.status))
            return sql;
        *place = (struct hub_sql_kept){text, sql.statement};
    }
    sql.statement = place->statement;
    return sql;
}

struct hub_sql hub_sql_own(struct hub_store *store, const char *text)
{
    struct hub_sql sql = hub_sql(store, text);
    store->row_count = 0;
    sql.own = true;
    return sql;
}

sec_status hub_sql_end(struct hub_sql *sql)
{
    if (sql->extra) {
        sqlite3_finalize(sql->statement);
    } else if (sql->statement) {
        sqlite3_reset(sql->statement);
        sqlite3_clear_bindings(sql->statement); /* they point into the caller's memory */
    }
    sql->statement = NULL;
    return sql->status;
}

/* --- values --------------------------------------------------------------------------------------------------- */

static bool may_put(struct hub_sql *sql)
{
    sql->at++;
    return sec_ok(sql->status);
}

static void put_result(struct hub_sql *sql, int code)
{
    if (code != SQLITE_OK)
        sql->status = hub_sqlite_status(sql->store->db, code);
}

void hub_sql_put_s64(struct hub_sql *sql, int64_t value)
{
    if (may_put(sql))
        put_result(sql, sqlite3_bind_int64(sql->statement, sql->at, value));
}

/** Two's complement there and back: greater ones than 2^63 - 1 are kept, though not in order. */
void hub_sql_put_u64(struct hub_sql *sql, uint64_t value)
{
    hub_sql_put_s64(sql, (int64_t)value);
}

void hub_sql_put_bound(struct hub_sql *sql, uint64_t value)
{
    hub_sql_put_s64(sql, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

void hub_sql_put_bytes(struct hub_sql *sql, struct sec_bytes bytes)
{
    if (may_put(sql))
        put_result(sql, sqlite3_bind_blob64(sql->statement, sql->at, bytes.data ? (const void *)bytes.data : "", bytes.len, SQLITE_STATIC));
}

void hub_sql_put_text(struct hub_sql *sql, struct sec_bytes text)
{
    if (may_put(sql))
        put_result(sql, sqlite3_bind_text64(sql->statement, sql->at, text.data ? (const char *)text.data : "", text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void hub_sql_put_null(struct hub_sql *sql)
{
    if (may_put(sql))
        put_result(sql, sqlite3_bind_null(sql->statement, sql->at));
}

struct sec_bytes hub_sql_key_bytes(const struct sec_public_key *key, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_key_encode(key, &wr);
    return sec_wr_done(&wr);
}

/* --- steps and columns ---------------------------------------------------------------------------------------- */

bool hub_sql_row(struct hub_sql *sql)
{
    if (!sec_ok(sql->status))
        return false;
    int code = sqlite3_step(sql->statement);
    sql->at = 0;
    if (code == SQLITE_ROW)
        return true;
    sql->status = hub_sqlite_status(sql->store->db, code);
    if (!sec_ok(sql->status) && sql->store->begun && sqlite3_get_autocommit(sql->store->db) && sec_ok(sql->store->undone))
        sql->store->undone = sql->status;
    return false;
}

int64_t hub_sql_s64(struct hub_sql *sql)
{
    return sqlite3_column_int64(sql->statement, sql->at++);
}

uint64_t hub_sql_u64(struct hub_sql *sql)
{
    return (uint64_t)hub_sql_s64(sql);
}

bool hub_sql_bool(struct hub_sql *sql)
{
    return hub_sql_s64(sql) != 0;
}

/** Copies into the next slice of the store's row; each keeps its memory for the next row. */
static struct sec_bytes keep_slice(struct hub_sql *sql, struct sec_bytes bytes)
{
    struct hub_store *store = sql->store;
    if (store->row_count == HUB_SQL_SLICES_COUNT) {
        sql->status = sec_st(SEC_INTERNAL);
        return sec_bytes(NULL, 0);
    }
    struct hub_sql_slice *slice = &store->row[store->row_count++];
    if (slice->bytes < bytes.len) {
        void *more = realloc(slice->data, bytes.len);
        if (!more) {
            sql->status = sec_st(SEC_IO_FAILED);
            return sec_bytes(NULL, 0);
        }
        *slice = (struct hub_sql_slice){more, bytes.len};
    }
    if (bytes.len)
        sec_copy(slice->data, bytes.data, bytes.len);
    return sec_bytes(slice->data, bytes.len);
}

static struct sec_bytes column(struct hub_sql *sql)
{
    const void *data = sqlite3_column_blob(sql->statement, sql->at);
    int len = sqlite3_column_bytes(sql->statement, sql->at);
    sql->at++;
    return sec_bytes(data, data ? (size_t)len : 0);
}

struct sec_bytes hub_sql_bytes(struct hub_sql *sql)
{
    struct sec_bytes bytes = column(sql);
    return sql->own ? keep_slice(sql, bytes) : bytes;
}

void hub_sql_into(struct hub_sql *sql, struct sec_room to)
{
    struct sec_bytes bytes = column(sql);
    if (bytes.len == to.len)
        (void)sec_bytes_copy(to, bytes);
    else
        sql->status = sec_st(SEC_TAMPERED);
}

bool hub_sql_key(struct hub_sql *sql, struct sec_public_key *ret_key)
{
    struct sec_bytes bytes = column(sql);
    struct sec_cbor rd = sec_cbor(bytes);
    if (bytes.len == 0)
        return false;
    sec_key_read(&rd, ret_key);
    if (!sec_ok(sec_cbor_end(&rd)))
        sql->status = sec_st(SEC_TAMPERED);
    return sec_ok(sql->status);
}

/* --- running -------------------------------------------------------------------------------------------------- */

sec_status hub_sql_run(struct hub_sql *sql)
{
    while (hub_sql_row(sql))
        continue;
    return hub_sql_end(sql);
}

sec_status hub_sql_run_one(struct hub_sql *sql, enum sec_status_code code)
{
    SEC_TRY(hub_sql_run(sql));
    return sec_st(sqlite3_changes(sql->store->db) > 0 ? SEC_OK : code);
}
