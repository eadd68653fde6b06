/* SPDX-License-Identifier: Apache-2.0 */
/* Statements, what became of them at each device, and the payloads that they name. */
#include "sqlite_inside.h"

/* --- statements --------------------------------------------------------------------------------------------- */

#define STATEMENT_COLUMNS                                                                                                                       \
    "s.digest, s.number, s.kind, s.bytes, s.beside, s.signer, s.topic, s.generation, s.action, s.about, s.payload IS NOT NULL,"                  \
    " coalesce(s.payload, zeroblob(32)), s.payload_bytes, s.received_s, s.by"

static void read_statement(struct hub_sql *sql, struct hub_statement *ret_statement)
{
    struct hub_statement *s = ret_statement;
    *s = (struct hub_statement){.number = 0};
    hub_sql_into(sql, SEC_ROOM(s->digest.b));
    s->number = hub_sql_u64(sql);
    s->kind = hub_sql_u64(sql);
    s->bytes = hub_sql_bytes(sql);
    s->beside = hub_sql_bytes(sql);
    hub_sql_into(sql, SEC_ROOM(s->signer.b));
    s->topic = hub_sql_u64(sql);
    s->generation = hub_sql_u64(sql);
    s->action = hub_sql_u64(sql);
    hub_sql_into(sql, SEC_ROOM(s->about.b));
    s->has_payload = hub_sql_bool(sql);
    hub_sql_into(sql, SEC_ROOM(s->payload.b));
    s->payload_bytes = hub_sql_u64(sql);
    s->received_s = hub_sql_s64(sql);
    s->by = hub_sql_bytes(sql);
}

sec_status hub_statement_put(struct hub_store *store, const struct hub_statement *s, uint64_t *ret_number)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO statement(digest, kind, bytes, beside, signer, topic, generation, action, about, payload, payload_bytes,"
                                        " received_s, by) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    hub_sql_put_bytes(&sql, sec_digest_bytes(&s->digest));
    hub_sql_put_u64(&sql, s->kind);
    hub_sql_put_bytes(&sql, s->bytes);
    hub_sql_put_bytes(&sql, s->beside);
    hub_sql_put_bytes(&sql, SEC_BYTES(s->signer.b));
    hub_sql_put_u64(&sql, s->topic);
    hub_sql_put_u64(&sql, s->generation);
    hub_sql_put_u64(&sql, s->action);
    hub_sql_put_bytes(&sql, sec_digest_bytes(&s->about));
    if (s->has_payload)
        hub_sql_put_bytes(&sql, sec_digest_bytes(&s->payload));
    else
        hub_sql_put_null(&sql);
    hub_sql_put_u64(&sql, s->payload_bytes);
    hub_sql_put_s64(&sql, s->received_s);
    hub_sql_put_text(&sql, s->by);
    SEC_TRY(hub_sql_run(&sql)); /* the digest is unique: EXISTS */
    *ret_number = (uint64_t)sqlite3_last_insert_rowid(store->db);
    return sec_st(SEC_OK);
}

sec_status hub_statement_get(struct hub_store *store, const struct sec_digest *digest, struct hub_statement *ret_statement)
{
    struct hub_sql sql = hub_sql_own(store, "SELECT " STATEMENT_COLUMNS " FROM statement s WHERE s.digest = ?");
    struct hub_statement statement;
    hub_sql_put_bytes(&sql, sec_digest_bytes(digest));
    bool found = hub_sql_row(&sql);
    if (found)
        read_statement(&sql, &statement);
    SEC_TRY(hub_sql_end(&sql));
    if (!found)
        return sec_st(SEC_NOT_FOUND);
    *ret_statement = statement;
    return sec_st(SEC_OK);
}

sec_status hub_statements(struct hub_store *store, uint64_t before, size_t limit, hub_statement_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, "SELECT " STATEMENT_COLUMNS " FROM statement s WHERE s.number < ? ORDER BY s.number DESC LIMIT ?");
    hub_sql_put_bound(&sql, before ? before : UINT64_MAX);
    hub_sql_put_bound(&sql, limit);
    while (hub_sql_row(&sql)) {
        struct hub_statement statement;
        read_statement(&sql, &statement);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &statement);
    }
    return hub_sql_end(&sql);
}

/* --- deliveries --------------------------------------------------------------------------------------------- */

#define DELIVERY_COLUMNS "d.device, s.digest, d.statement, d.state, d.code, d.receipt, d.receipt_good, d.answered_s"
#define DELIVERY_TEXT "SELECT " DELIVERY_COLUMNS " FROM delivery d JOIN statement s ON s.number = d.statement "

static void read_delivery(struct hub_sql *sql, struct hub_delivery *ret_delivery)
{
    struct hub_delivery *d = ret_delivery;
    *d = (struct hub_delivery){.number = 0};
    hub_sql_into(sql, SEC_ROOM(d->device.b));
    hub_sql_into(sql, SEC_ROOM(d->statement.b));
    d->number = hub_sql_u64(sql);
    d->state = (enum hub_delivery_state)hub_sql_u64(sql);
    d->code = (uint16_t)hub_sql_u64(sql);
    d->receipt = hub_sql_bytes(sql);
    d->receipt_good = hub_sql_bool(sql);
    d->answered_s = hub_sql_s64(sql);
}

static sec_status walk_deliveries(struct hub_sql *sql, hub_delivery_each each, void *ctx)
{
    while (hub_sql_row(sql)) {
        struct hub_delivery delivery;
        read_delivery(sql, &delivery);
        if (sec_ok(sql->status))
            sql->status = each(ctx, &delivery);
    }
    return hub_sql_end(sql);
}

sec_status hub_delivery_put(struct hub_store *store, const struct hub_delivery *d)
{
    /* The digest finds the statement's number: rows of a fleet are many, and a number is a quarter of a digest. */
    struct hub_sql sql = hub_sql(store, "INSERT INTO delivery(device, statement, state, code, receipt, receipt_good, answered_s)"
                                        " SELECT ?, number, ?, ?, ?, ?, ? FROM statement WHERE digest = ? ON CONFLICT(device, statement) DO UPDATE SET"
                                        " state = excluded.state, code = excluded.code, receipt = excluded.receipt, receipt_good = excluded.receipt_good,"
                                        " answered_s = excluded.answered_s");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(&d->device));
    hub_sql_put_u64(&sql, d->state);
    hub_sql_put_u64(&sql, d->code);
    hub_sql_put_bytes(&sql, d->receipt);
    hub_sql_put_u64(&sql, d->receipt_good);
    hub_sql_put_s64(&sql, d->answered_s);
    hub_sql_put_bytes(&sql, sec_digest_bytes(&d->statement));
    return hub_sql_run_one(&sql, SEC_NOT_FOUND);
}

sec_status hub_delivery_get(struct hub_store *store, const struct sec_device_id *device, const struct sec_digest *statement,
                            struct hub_delivery *ret_delivery)
{
    struct hub_sql sql = hub_sql_own(store, DELIVERY_TEXT "WHERE d.device = ? AND s.digest = ?");
    struct hub_delivery delivery;
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_bytes(&sql, sec_digest_bytes(statement));
    bool found = hub_sql_row(&sql);
    if (found)
        read_delivery(&sql, &delivery);
    SEC_TRY(hub_sql_end(&sql));
    if (!found)
        return sec_st(SEC_NOT_FOUND);
    *ret_delivery = delivery;
    return sec_st(SEC_OK);
}

sec_status hub_deliveries_of_statement(struct hub_store *store, const struct sec_digest *statement, hub_delivery_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, DELIVERY_TEXT "WHERE s.digest = ? ORDER BY d.device");
    hub_sql_put_bytes(&sql, sec_digest_bytes(statement));
    return walk_deliveries(&sql, each, ctx);
}

sec_status hub_deliveries_of_device(struct hub_store *store, const struct sec_device_id *device, uint64_t before, size_t limit, hub_delivery_each each,
                                    void *ctx)
{
    struct hub_sql sql = hub_sql(store, DELIVERY_TEXT "WHERE d.device = ? AND d.statement < ? ORDER BY d.statement DESC LIMIT ?");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_bound(&sql, before ? before : UINT64_MAX);
    hub_sql_put_bound(&sql, limit);
    return walk_deliveries(&sql, each, ctx);
}

/** An approval takes the place of what it is about, before it, when that came earlier: judged without it, the command would only be held again. */
#define WAITING_ORDER                                                                                                                     \
    " ORDER BY min(s.number, coalesce((SELECT a.number FROM statement a WHERE s.kind = 2 AND a.digest = s.about), s.number)), s.kind <> 2," \
    " s.number LIMIT ?"
_Static_assert(SEC_STATEMENT_APPROVAL == 2, "the order above names approvals by their number");
_Static_assert(HUB_DELIVERY_WAITING == 1, "the texts and an index name this state by its number");

sec_status hub_waiting(struct hub_store *store, const struct sec_device_id *device, size_t limit, hub_waiting_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, "SELECT " DELIVERY_COLUMNS ", " STATEMENT_COLUMNS
                                        " FROM delivery d JOIN statement s ON s.number = d.statement WHERE d.device = ? AND d.state = 1" WAITING_ORDER);
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_bound(&sql, limit);
    while (hub_sql_row(&sql)) {
        struct hub_delivery delivery;
        struct hub_statement statement;
        read_delivery(&sql, &delivery);
        read_statement(&sql, &statement);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &delivery, &statement);
    }
    return hub_sql_end(&sql);
}

sec_status hub_waiting_counts(struct hub_store *store, hub_waiting_count_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, "SELECT device, count(*) FROM delivery WHERE state = 1 GROUP BY device");
    while (hub_sql_row(&sql)) {
        struct sec_device_id device;
        hub_sql_into(&sql, SEC_ROOM(device.b));
        uint64_t count = hub_sql_u64(&sql);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &device, count);
    }
    return hub_sql_end(&sql);
}

/* --- payloads ----------------------------------------------------------------------------------------------- */

static void read_payload(struct hub_sql *sql, struct hub_payload *ret_payload)
{
    hub_sql_into(sql, SEC_ROOM(ret_payload->digest.b));
    ret_payload->size = hub_sql_u64(sql);
    ret_payload->name = hub_sql_bytes(sql);
    ret_payload->since_s = hub_sql_s64(sql);
}

sec_status hub_payload_put(struct hub_store *store, const struct hub_payload *payload)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO payload(digest, size, name, since_s) VALUES(?, ?, ?, ?) ON CONFLICT(digest) DO UPDATE SET"
                                        " size = excluded.size, name = excluded.name");
    hub_sql_put_bytes(&sql, sec_digest_bytes(&payload->digest));
    hub_sql_put_u64(&sql, payload->size);
    hub_sql_put_text(&sql, payload->name);
    hub_sql_put_s64(&sql, payload->since_s);
    return hub_sql_run(&sql);
}

sec_status hub_payload_get(struct hub_store *store, const struct sec_digest *digest, struct hub_payload *ret_payload)
{
    struct hub_sql sql = hub_sql_own(store, "SELECT digest, size, name, since_s FROM payload WHERE digest = ?");
    struct hub_payload payload;
    hub_sql_put_bytes(&sql, sec_digest_bytes(digest));
    bool found = hub_sql_row(&sql);
    if (found)
        read_payload(&sql, &payload);
    SEC_TRY(hub_sql_end(&sql));
    if (!found)
        return sec_st(SEC_NOT_FOUND);
    *ret_payload = payload;
    return sec_st(SEC_OK);
}

sec_status hub_payloads(struct hub_store *store, hub_payload_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, "SELECT digest, size, name, since_s FROM payload ORDER BY since_s, digest");
    while (hub_sql_row(&sql)) {
        struct hub_payload payload;
        read_payload(&sql, &payload);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &payload);
    }
    return hub_sql_end(&sql);
}

sec_status hub_payload_named(struct hub_store *store, const struct sec_device_id *device, const struct sec_digest *payload)
{
    struct hub_sql sql = hub_sql(store, "SELECT 1 FROM statement s JOIN delivery d ON d.statement = s.number WHERE s.payload = ? AND d.device = ? LIMIT 1");
    hub_sql_put_bytes(&sql, sec_digest_bytes(payload));
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    bool found = hub_sql_row(&sql);
    SEC_TRY(hub_sql_end(&sql));
    return sec_st(found ? SEC_OK : SEC_NOT_FOUND);
}
