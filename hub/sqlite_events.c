/* SPDX-License-Identifier: Apache-2.0 */
/* What happened at the hub, and its own small settings. */
#include "sqlite_inside.h"

/* --- events ------------------------------------------------------------------------------------------------- */

#define EVENT_COLUMNS "SELECT number, at_s, kind, device IS NOT NULL, coalesce(device, zeroblob(32)), json FROM event "

sec_status hub_event_put(struct hub_store *store, struct hub_event *event)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO event(at_s, kind, device, json) VALUES(?, ?, ?, ?)");
    hub_sql_put_s64(&sql, event->at_s);
    hub_sql_put_text(&sql, event->kind);
    if (event->has_device)
        hub_sql_put_bytes(&sql, sec_device_id_bytes(&event->device));
    else
        hub_sql_put_null(&sql);
    hub_sql_put_text(&sql, event->json);
    SEC_TRY(hub_sql_run(&sql));
    event->number = (uint64_t)sqlite3_last_insert_rowid(store->db);
    return sec_st(SEC_OK);
}

sec_status hub_events(struct hub_store *store, uint64_t after, const struct sec_device_id *device, size_t limit, hub_event_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, device ? EVENT_COLUMNS "WHERE number > ? AND device = ? ORDER BY number LIMIT ?"
                                               : EVENT_COLUMNS "WHERE number > ? ORDER BY number LIMIT ?");
    hub_sql_put_bound(&sql, after);
    if (device)
        hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_bound(&sql, limit);
    while (hub_sql_row(&sql)) {
        struct hub_event event = {.number = hub_sql_u64(&sql)};
        event.at_s = hub_sql_s64(&sql);
        event.kind = hub_sql_bytes(&sql);
        event.has_device = hub_sql_bool(&sql);
        hub_sql_into(&sql, SEC_ROOM(event.device.b));
        event.json = hub_sql_bytes(&sql);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &event);
    }
    return hub_sql_end(&sql);
}

sec_status hub_events_forget(struct hub_store *store, uint64_t keep_count)
{
    struct hub_sql sql = hub_sql(store, "DELETE FROM event WHERE number <= (SELECT number FROM event ORDER BY number DESC LIMIT 1 OFFSET ?)");
    hub_sql_put_bound(&sql, keep_count);
    return hub_sql_run(&sql);
}

sec_status hub_events_last(struct hub_store *store, uint64_t *ret_number)
{
    struct hub_sql sql = hub_sql(store, "SELECT seq FROM sqlite_sequence WHERE name = 'event'");
    uint64_t number = hub_sql_row(&sql) ? hub_sql_u64(&sql) : 0;
    SEC_TRY(hub_sql_end(&sql));
    *ret_number = number;
    return sec_st(SEC_OK);
}

/* --- settings of the hub ------------------------------------------------------------------------------------ */

sec_status hub_meta_put(struct hub_store *store, const char *key, struct sec_bytes value)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO meta(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value");
    hub_sql_put_text(&sql, sec_bytes_of_str(key));
    hub_sql_put_bytes(&sql, value);
    return hub_sql_run(&sql);
}

sec_status hub_meta_get(struct hub_store *store, const char *key, struct sec_bytes *ret_value)
{
    struct hub_sql sql = hub_sql_own(store, "SELECT value FROM meta WHERE key = ?");
    struct sec_bytes value = {NULL, 0};
    hub_sql_put_text(&sql, sec_bytes_of_str(key));
    bool found = hub_sql_row(&sql);
    if (found)
        value = hub_sql_bytes(&sql);
    SEC_TRY(hub_sql_end(&sql));
    if (!found)
        return sec_st(SEC_NOT_FOUND);
    *ret_value = value;
    return sec_st(SEC_OK);
}
