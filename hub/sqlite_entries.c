/* SPDX-License-Identifier: Apache-2.0 */
/* What devices gave in evidence: entries of their journals, contradicting heads, reports that were asked for. */
#include "sqlite_inside.h"

/* --- entries ------------------------------------------------------------------------------------------------ */

sec_status hub_entry_put(struct hub_store *store, const struct sec_device_id *device, const struct hub_entry *entry)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO entry(device, number, header, body, salt, content) VALUES(?, ?, ?, ?, ?, ?)"
                                        " ON CONFLICT(device, number) DO UPDATE SET salt = iif(salt = x'', excluded.salt, salt),"
                                        " content = iif(salt = x'', excluded.content, content) WHERE header = excluded.header AND body = excluded.body");
    if (entry->index > INT64_MAX)
        return sec_st(SEC_BAD_ARGUMENT);
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_u64(&sql, entry->index);
    hub_sql_put_bytes(&sql, entry->header);
    hub_sql_put_bytes(&sql, sec_digest_bytes(&entry->body));
    hub_sql_put_bytes(&sql, entry->salt);
    hub_sql_put_bytes(&sql, entry->content);
    return hub_sql_run_one(&sql, SEC_EXISTS);
}

sec_status hub_entries(struct hub_store *store, const struct sec_device_id *device, uint64_t from, size_t limit, hub_entry_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, "SELECT number, header, body, salt, content FROM entry WHERE device = ? AND number >= ? ORDER BY number LIMIT ?");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_bound(&sql, from);
    hub_sql_put_bound(&sql, limit);
    while (hub_sql_row(&sql)) {
        struct hub_entry entry = {.index = hub_sql_u64(&sql)};
        entry.header = hub_sql_bytes(&sql);
        hub_sql_into(&sql, SEC_ROOM(entry.body.b));
        entry.salt = hub_sql_bytes(&sql);
        entry.content = hub_sql_bytes(&sql);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &entry);
    }
    return hub_sql_end(&sql);
}

sec_status hub_entries_cut(struct hub_store *store, const struct sec_device_id *device, uint64_t from)
{
    struct hub_sql sql = hub_sql(store, "DELETE FROM entry WHERE device = ? AND number >= ?");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_bound(&sql, from);
    return hub_sql_run(&sql);
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
