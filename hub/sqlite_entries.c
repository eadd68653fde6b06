/* SPDX-License-Identifier: Apache-2.0 */
/* What devices gave in evidence: entries of their journals, contradicting heads, reports that were asked for. */
#include "sqlite_inside.h"

#include <securable/cbor.h>

#include <stdlib.h>

/** Heads of an entry's four strings. */
#define HUB_ENTRY_AROUND_BYTES 36u

/* --- entries ------------------------------------------------------------------------------------------------ */

/*
 * Entries lie in runs, one row each: what came together is written together, and new runs stand at the table's end instead of all over it. A run's key is its
 * last index, so that all runs that reach an index, or lie behind it, are one range. `leaves` is an array of header, body, salt and content of each entry in turn.
 */
struct run {
    uint64_t last;
    size_t count;
    struct sec_cbor rd; /* at the next leaf */
};

static void read_run(struct hub_sql *sql, struct run *ret_run)
{
    ret_run->last = hub_sql_u64(sql);
    ret_run->count = (size_t)hub_sql_u64(sql);
    struct sec_bytes leaves = hub_sql_bytes(sql);
    ret_run->rd = sec_cbor(leaves);
    if (ret_run->count == 0 || ret_run->count > ret_run->last + 1 || !sec_ok(sec_cbor_check(leaves, SEC_CBOR_OURS)) ||
        sec_cbor_array(&ret_run->rd) != 4 * ret_run->count)
        sql->status = sec_st(SEC_TAMPERED);
}

static uint64_t first_of(const struct run *run)
{
    return run->last - run->count + 1;
}

static void read_leaf(struct hub_sql *sql, struct run *run, uint64_t index, struct hub_entry *ret_entry)
{
    ret_entry->index = index;
    ret_entry->header = sec_cbor_bstr(&run->rd);
    sec_cbor_bstr_into(&run->rd, SEC_ROOM(ret_entry->body.b));
    ret_entry->salt = sec_cbor_bstr(&run->rd);
    ret_entry->content = sec_cbor_bstr(&run->rd);
    if (!sec_ok(run->rd.status))
        sql->status = sec_st(SEC_TAMPERED);
}

/** A run's bytes in memory of their own. */
struct leaves {
    uint8_t *room;
    struct sec_wr wr;
};

static sec_status leaves_begin(struct leaves *leaves, size_t count, size_t bytes)
{
    size_t size = bytes + count * HUB_ENTRY_AROUND_BYTES + 9;
    leaves->room = malloc(size);
    if (!leaves->room)
        return sec_st(SEC_IO_FAILED);
    leaves->wr = sec_wr(sec_room(leaves->room, size));
    sec_cbor_put_array(&leaves->wr, 4 * count);
    return sec_st(SEC_OK);
}

static size_t leaf_bytes(const struct hub_entry *entry)
{
    return entry->header.len + sizeof entry->body.b + entry->salt.len + entry->content.len;
}

static void put_leaf(struct leaves *leaves, const struct hub_entry *entry)
{
    sec_cbor_put_bstr(&leaves->wr, entry->header);
    sec_cbor_put_bstr(&leaves->wr, sec_digest_bytes(&entry->body));
    sec_cbor_put_bstr(&leaves->wr, entry->salt);
    sec_cbor_put_bstr(&leaves->wr, entry->content);
}

/** Where nothing of the device lies behind the first of them, as it is with all that comes in its order. EXISTS otherwise. */
static sec_status append_run(struct hub_store *store, const struct sec_device_id *device, const struct hub_entry *entries, size_t count)
{
    struct leaves leaves;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += leaf_bytes(&entries[i]);
    SEC_TRY(leaves_begin(&leaves, count, bytes));
    for (size_t i = 0; i < count; i++)
        put_leaf(&leaves, &entries[i]);
    struct hub_sql sql = hub_sql(store, "INSERT INTO entry(device, last, count, leaves) SELECT ?1, ?2, ?3, ?4"
                                        " WHERE NOT EXISTS (SELECT 1 FROM entry WHERE device = ?1 AND last >= ?5)");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_u64(&sql, entries[count - 1].index);
    hub_sql_put_u64(&sql, count);
    hub_sql_put_bytes(&sql, sec_wr_done(&leaves.wr));
    hub_sql_put_u64(&sql, entries[0].index);
    sec_status status = hub_sql_run_one(&sql, SEC_EXISTS);
    free(leaves.room);
    return status;
}

/** A run of one, between others. */
static sec_status insert_one(struct hub_store *store, const struct sec_device_id *device, const struct hub_entry *entry)
{
    struct leaves leaves;
    SEC_TRY(leaves_begin(&leaves, 1, leaf_bytes(entry)));
    put_leaf(&leaves, entry);
    struct hub_sql sql = hub_sql(store, "INSERT INTO entry(device, last, count, leaves) VALUES(?, ?, 1, ?)");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_u64(&sql, entry->index);
    hub_sql_put_bytes(&sql, sec_wr_done(&leaves.wr));
    sec_status status = hub_sql_run(&sql);
    free(leaves.room);
    return status;
}

/** Writes the run anew up to `count`, with `entry` in its place when it is in there. */
static sec_status rewrite(struct hub_sql *sql, const struct sec_device_id *device, struct run run, size_t count, const struct hub_entry *entry)
{
    struct leaves leaves;
    uint64_t last = run.last, first = first_of(&run);
    SEC_TRY(leaves_begin(&leaves, count, run.rd.in.len + (entry ? leaf_bytes(entry) : 0)));
    for (size_t i = 0; i < count && sec_ok(sql->status); i++) {
        struct hub_entry leaf;
        read_leaf(sql, &run, first + i, &leaf);
        put_leaf(&leaves, entry && entry->index == first + i ? entry : &leaf);
    }
    struct hub_sql put = hub_sql(sql->store, "UPDATE entry SET last = ?, count = ?, leaves = ? WHERE device = ? AND last = ?");
    hub_sql_put_u64(&put, first + count - 1);
    hub_sql_put_u64(&put, count);
    hub_sql_put_bytes(&put, sec_wr_done(&leaves.wr));
    hub_sql_put_bytes(&put, sec_device_id_bytes(device));
    hub_sql_put_u64(&put, last);
    sec_status status = sec_ok(sql->status) ? hub_sql_run(&put) : (hub_sql_end(&put), sql->status);
    free(leaves.room);
    return status;
}

static struct hub_sql runs_from(struct hub_store *store, const struct sec_device_id *device, uint64_t from)
{
    struct hub_sql sql = hub_sql(store, "SELECT last, count, leaves FROM entry WHERE device = ? AND last >= ? ORDER BY last");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_bound(&sql, from);
    return sql;
}

/** The entry lies in this run already: EXISTS unless it is the same leaf. What is disclosed by now is added. */
static void put_again(struct hub_sql *sql, const struct sec_device_id *device, const struct run *run, const struct hub_entry *entry)
{
    struct run walk = *run;
    struct hub_entry leaf;
    for (uint64_t at = first_of(run); at <= entry->index && sec_ok(sql->status); at++)
        read_leaf(sql, &walk, at, &leaf);
    if (!sec_ok(sql->status))
        return;
    if (!sec_bytes_equal(leaf.header, entry->header) || !sec_digest_equal(&leaf.body, &entry->body))
        sql->status = sec_st(SEC_EXISTS);
    else if (leaf.salt.len == 0 && entry->salt.len > 0)
        sql->status = rewrite(sql, device, *run, run->count, entry);
}

sec_status hub_entry_put(struct hub_store *store, const struct sec_device_id *device, const struct hub_entry *entry)
{
    if (entry->index > INT64_MAX)
        return sec_st(SEC_BAD_ARGUMENT);
    struct hub_sql sql = runs_from(store, device, entry->index);
    struct run run;
    bool covered = false;
    if (hub_sql_row(&sql)) {
        read_run(&sql, &run);
        covered = sec_ok(sql.status) && first_of(&run) <= entry->index;
        if (covered)
            put_again(&sql, device, &run, entry);
    }
    SEC_TRY(hub_sql_end(&sql));
    return covered ? sec_st(SEC_OK) : insert_one(store, device, entry);
}

sec_status hub_entries_put(struct hub_store *store, const struct sec_device_id *device, const struct hub_entry *entries, size_t count)
{
    if (count == 0)
        return sec_st(SEC_OK);
    if (entries[count - 1].index > INT64_MAX || entries[count - 1].index - entries[0].index != count - 1)
        return sec_st(SEC_BAD_ARGUMENT);
    sec_status status = append_run(store, device, entries, count);
    if (!sec_is(status, SEC_EXISTS))
        return status;
    for (size_t i = 0; i < count; i++)
        SEC_TRY(hub_entry_put(store, device, &entries[i]));
    return sec_st(SEC_OK);
}

sec_status hub_entries(struct hub_store *store, const struct sec_device_id *device, uint64_t from, size_t limit, hub_entry_each each, void *ctx)
{
    struct hub_sql sql = runs_from(store, device, from);
    while (limit > 0 && hub_sql_row(&sql)) {
        struct run run;
        struct hub_entry entry;
        read_run(&sql, &run);
        for (size_t i = 0; i < run.count && limit > 0 && sec_ok(sql.status); i++) {
            read_leaf(&sql, &run, first_of(&run) + i, &entry);
            if (!sec_ok(sql.status) || entry.index < from)
                continue;
            limit--;
            sql.status = each(ctx, &entry);
        }
    }
    return hub_sql_end(&sql);
}

sec_status hub_entries_cut(struct hub_store *store, const struct sec_device_id *device, uint64_t from)
{
    struct hub_sql sql = runs_from(store, device, from);
    struct run run;
    if (hub_sql_row(&sql)) {
        read_run(&sql, &run);
        if (sec_ok(sql.status) && first_of(&run) < from)
            sql.status = rewrite(&sql, device, run, (size_t)(from - first_of(&run)), NULL);
    }
    SEC_TRY(hub_sql_end(&sql));
    struct hub_sql cut = hub_sql(store, "DELETE FROM entry WHERE device = ? AND last >= ?");
    hub_sql_put_bytes(&cut, sec_device_id_bytes(device));
    hub_sql_put_bound(&cut, from);
    return hub_sql_run(&cut);
}

sec_status hub_evidence_put(struct hub_store *store, const struct sec_device_id *device, int64_t at_s, struct sec_bytes head, struct sec_bytes text)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO evidence(device, at_s, head, text) VALUES(?, ?, ?, ?)");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_s64(&sql, at_s);
    hub_sql_put_bytes(&sql, head);
    hub_sql_put_text(&sql, text);
    return hub_sql_run(&sql);
}

/* --- asks --------------------------------------------------------------------------------------------------- */

#define ASK_TEXT "SELECT device, nonce, asked_s, report, answered_s, size FROM ask "

static void read_ask(struct hub_sql *sql, struct hub_ask *ret_ask)
{
    hub_sql_into(sql, SEC_ROOM(ret_ask->device.b));
    ret_ask->nonce = hub_sql_bytes(sql);
    ret_ask->asked_s = hub_sql_s64(sql);
    ret_ask->report = hub_sql_bytes(sql);
    ret_ask->answered_s = hub_sql_s64(sql);
    ret_ask->size = hub_sql_u64(sql);
}

sec_status hub_ask_put(struct hub_store *store, const struct hub_ask *ask)
{
    /* The size is of the moment of asking: a report with this nonce was signed later, so that a smaller journal in it has been rolled back. */
    struct hub_sql sql = hub_sql(store, "INSERT INTO ask(device, nonce, asked_s, report, answered_s, size) SELECT id, ?, ?, ?, ?, size FROM device"
                                        " WHERE id = ? ON CONFLICT(device, nonce) DO UPDATE SET report = excluded.report, answered_s = excluded.answered_s");
    hub_sql_put_bytes(&sql, ask->nonce);
    hub_sql_put_s64(&sql, ask->asked_s);
    hub_sql_put_bytes(&sql, ask->report);
    hub_sql_put_s64(&sql, ask->answered_s);
    hub_sql_put_bytes(&sql, sec_device_id_bytes(&ask->device));
    return hub_sql_run_one(&sql, SEC_NOT_FOUND);
}

sec_status hub_ask_get(struct hub_store *store, const struct sec_device_id *device, struct sec_bytes nonce, struct hub_ask *ret_ask)
{
    struct hub_sql sql = hub_sql_own(store, ASK_TEXT "WHERE device = ? AND nonce = ?");
    struct hub_ask ask;
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_bytes(&sql, nonce);
    bool found = hub_sql_row(&sql);
    if (found)
        read_ask(&sql, &ask);
    SEC_TRY(hub_sql_end(&sql));
    if (!found)
        return sec_st(SEC_NOT_FOUND);
    *ret_ask = ask;
    return sec_st(SEC_OK);
}

sec_status hub_asks_open(struct hub_store *store, const struct sec_device_id *device, int64_t since_s, hub_ask_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, device ? ASK_TEXT "WHERE answered_s = 0 AND asked_s > ? AND device = ? ORDER BY asked_s"
                                               : ASK_TEXT "WHERE answered_s = 0 AND asked_s > ? ORDER BY device, asked_s");
    hub_sql_put_s64(&sql, since_s);
    if (device)
        hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    while (hub_sql_row(&sql)) {
        struct hub_ask ask;
        read_ask(&sql, &ask);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &ask);
    }
    return hub_sql_end(&sql);
}

sec_status hub_asks_forget(struct hub_store *store, int64_t before_s)
{
    struct hub_sql sql = hub_sql(store, "DELETE FROM ask WHERE asked_s < ?");
    hub_sql_put_s64(&sql, before_s);
    return hub_sql_run(&sql);
}
