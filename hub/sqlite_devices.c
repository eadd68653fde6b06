/* SPDX-License-Identifier: Apache-2.0 */
/* Makers, devices and their transport certificates. */
#include "sqlite_inside.h"

#include <securable/eventlog.h>

/** An ended certificate opens nothing; a day later nobody asks about it any more. */
#define CERTIFICATE_KEPT_S 86400

/* --- makers ------------------------------------------------------------------------------------------------- */

sec_status hub_maker_put(struct hub_store *store, const struct hub_maker *maker, uint64_t *ret_id)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO maker(name, roots, ca, since_s) VALUES(?, ?, ?, ?)"
                                        " ON CONFLICT(ca) DO UPDATE SET name = excluded.name, roots = excluded.roots RETURNING id");
    uint64_t id = 0;
    hub_sql_put_text(&sql, maker->name);
    hub_sql_put_bytes(&sql, maker->roots);
    hub_sql_put_bytes(&sql, maker->ca);
    hub_sql_put_s64(&sql, maker->since_s);
    if (hub_sql_row(&sql))
        id = hub_sql_u64(&sql);
    (void)hub_sql_row(&sql);
    SEC_TRY(hub_sql_end(&sql));
    *ret_id = id;
    return sec_st(SEC_OK);
}

sec_status hub_makers(struct hub_store *store, hub_maker_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, "SELECT id, name, roots, ca, since_s FROM maker ORDER BY id");
    while (hub_sql_row(&sql)) {
        struct hub_maker maker = {.id = hub_sql_u64(&sql)};
        maker.name = hub_sql_bytes(&sql);
        maker.roots = hub_sql_bytes(&sql);
        maker.ca = hub_sql_bytes(&sql);
        maker.since_s = hub_sql_s64(&sql);
        sql.status = each(ctx, &maker);
    }
    return hub_sql_end(&sql);
}

/* --- devices ------------------------------------------------------------------------------------------------ */

#define DEVICE_TEXT                                                                                                                              \
    "SELECT id, maker, epoch, expected, revoked, key, head, size, root, frontier, boot, report_s, first_seen_s, last_seen_s, alarm, alarm_text," \
    " alarm_s, certificate_until_s, coalesce(idevid, x''), coalesce(report, x'') FROM device LEFT JOIN device_paper ON device = id "

static void read_device(struct hub_sql *sql, struct hub_device *ret_device)
{
    struct hub_device *d = ret_device;
    *d = (struct hub_device){.maker = 0};
    hub_sql_into(sql, SEC_ROOM(d->id.b));
    d->maker = hub_sql_u64(sql);
    d->epoch = hub_sql_u64(sql);
    d->expected = hub_sql_bool(sql);
    d->revoked = hub_sql_bool(sql);
    d->has_key = hub_sql_key(sql, &d->key);
    d->head = hub_sql_bytes(sql);
    d->size = hub_sql_u64(sql);
    hub_sql_into(sql, SEC_ROOM(d->root.b));
    d->frontier = hub_sql_bytes(sql);
    d->boot = hub_sql_u64(sql);
    d->report_s = hub_sql_s64(sql);
    d->first_seen_s = hub_sql_s64(sql);
    d->last_seen_s = hub_sql_s64(sql);
    d->alarm = hub_sql_u64(sql);
    d->alarm_text = hub_sql_bytes(sql);
    d->alarm_s = hub_sql_s64(sql);
    d->certificate_until_s = hub_sql_s64(sql);
    d->idevid = hub_sql_bytes(sql);
    d->report = hub_sql_bytes(sql);
}

sec_status hub_device_get(struct hub_store *store, const struct sec_device_id *id, struct hub_device *ret_device)
{
    struct hub_sql sql = hub_sql_own(store, DEVICE_TEXT "WHERE id = ?");
    struct hub_device device;
    hub_sql_put_bytes(&sql, sec_device_id_bytes(id));
    bool found = hub_sql_row(&sql);
    if (found)
        read_device(&sql, &device);
    SEC_TRY(hub_sql_end(&sql));
    if (!found)
        return sec_st(SEC_NOT_FOUND);
    *ret_device = device;
    return sec_st(SEC_OK);
}

static void put_device(struct hub_sql *sql, const struct hub_device *d, struct sec_bytes key)
{
    hub_sql_put_bytes(sql, sec_device_id_bytes(&d->id));
    hub_sql_put_u64(sql, d->maker);
    hub_sql_put_u64(sql, d->epoch);
    hub_sql_put_u64(sql, d->expected);
    hub_sql_put_u64(sql, d->revoked);
    hub_sql_put_bytes(sql, key);
    hub_sql_put_bytes(sql, d->head);
    hub_sql_put_u64(sql, d->size);
    hub_sql_put_bytes(sql, sec_digest_bytes(&d->root));
    hub_sql_put_bytes(sql, d->frontier);
    hub_sql_put_u64(sql, d->boot);
    hub_sql_put_s64(sql, d->report_s);
    hub_sql_put_s64(sql, d->first_seen_s);
    hub_sql_put_s64(sql, d->last_seen_s);
    hub_sql_put_u64(sql, d->alarm);
    hub_sql_put_text(sql, d->alarm_text);
    hub_sql_put_s64(sql, d->alarm_s);
    hub_sql_put_s64(sql, d->certificate_until_s);
}

/** Certificates and reports are long and change seldom: they are written only when they differ. */
static sec_status put_paper(struct hub_store *store, const struct hub_device *device)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO device_paper(device, idevid, report) VALUES(?, ?, ?) ON CONFLICT(device) DO UPDATE SET"
                                        " idevid = excluded.idevid, report = excluded.report WHERE idevid <> excluded.idevid OR report <> excluded.report");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(&device->id));
    hub_sql_put_bytes(&sql, device->idevid);
    hub_sql_put_bytes(&sql, device->report);
    return hub_sql_run(&sql);
}

sec_status hub_device_put(struct hub_store *store, const struct hub_device *device)
{
    struct hub_sql sql = hub_sql(
        store, "INSERT INTO device(id, maker, epoch, expected, revoked, key, head, size, root, frontier, boot, report_s, first_seen_s, last_seen_s, alarm,"
               " alarm_text, alarm_s, certificate_until_s) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET"
               " maker = excluded.maker, epoch = excluded.epoch, expected = excluded.expected, revoked = excluded.revoked, key = excluded.key,"
               " head = excluded.head, size = excluded.size, root = excluded.root, frontier = excluded.frontier, boot = excluded.boot,"
               " report_s = excluded.report_s, first_seen_s = excluded.first_seen_s, last_seen_s = excluded.last_seen_s, alarm = excluded.alarm,"
               " alarm_text = excluded.alarm_text, alarm_s = excluded.alarm_s, certificate_until_s = excluded.certificate_until_s");
    uint8_t room[HUB_SQL_KEY_BYTES];
    put_device(&sql, device, device->has_key ? hub_sql_key_bytes(&device->key, SEC_ROOM(room)) : sec_bytes(NULL, 0));
    SEC_TRY(hub_sql_run(&sql));
    return put_paper(store, device);
}

sec_status hub_device_seen(struct hub_store *store, const struct sec_device_id *id, int64_t at_s)
{
    struct hub_sql sql = hub_sql(store, "UPDATE device SET last_seen_s = ? WHERE id = ?");
    hub_sql_put_s64(&sql, at_s);
    hub_sql_put_bytes(&sql, sec_device_id_bytes(id));
    return hub_sql_run_one(&sql, SEC_NOT_FOUND);
}

sec_status hub_followed_get(struct hub_store *store, const struct sec_device_id *id, struct hub_followed *ret_followed)
{
    struct hub_sql sql = hub_sql_own(store, "SELECT key, head, size, root, frontier, boot, epoch, report_s, alarm FROM device WHERE id = ?");
    struct hub_followed followed = {.has_key = false};
    hub_sql_put_bytes(&sql, sec_device_id_bytes(id));
    bool found = hub_sql_row(&sql);
    if (found) {
        followed.has_key = hub_sql_key(&sql, &followed.key);
        followed.head = hub_sql_bytes(&sql);
        followed.size = hub_sql_u64(&sql);
        hub_sql_into(&sql, SEC_ROOM(followed.root.b));
        followed.frontier = hub_sql_bytes(&sql);
        followed.boot = hub_sql_u64(&sql);
        followed.epoch = hub_sql_u64(&sql);
        followed.report_s = hub_sql_s64(&sql);
        followed.alarm = hub_sql_u64(&sql);
    }
    SEC_TRY(hub_sql_end(&sql));
    if (!found)
        return sec_st(SEC_NOT_FOUND);
    *ret_followed = followed;
    return sec_st(SEC_OK);
}

sec_status hub_followed_put(struct hub_store *store, const struct sec_device_id *id, const struct hub_followed *followed, int64_t at_s)
{
    struct hub_sql sql = hub_sql(store, "UPDATE device SET head = ?, size = ?, root = ?, frontier = ?, boot = ?, epoch = ?, last_seen_s = ? WHERE id = ?");
    hub_sql_put_bytes(&sql, followed->head);
    hub_sql_put_u64(&sql, followed->size);
    hub_sql_put_bytes(&sql, sec_digest_bytes(&followed->root));
    hub_sql_put_bytes(&sql, followed->frontier);
    hub_sql_put_u64(&sql, followed->boot);
    hub_sql_put_u64(&sql, followed->epoch);
    hub_sql_put_s64(&sql, at_s);
    hub_sql_put_bytes(&sql, sec_device_id_bytes(id));
    return hub_sql_run_one(&sql, SEC_NOT_FOUND);
}

sec_status hub_devices(struct hub_store *store, const struct sec_device_id *after, size_t limit, hub_device_each each, void *ctx)
{
    /* No id is shorter than the empty one. */
    struct hub_sql sql = hub_sql(store, DEVICE_TEXT "WHERE id > ? ORDER BY id LIMIT ?");
    hub_sql_put_bytes(&sql, after ? sec_device_id_bytes(after) : sec_bytes(NULL, 0));
    hub_sql_put_bound(&sql, limit);
    while (hub_sql_row(&sql)) {
        struct hub_device device;
        read_device(&sql, &device);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &device);
    }
    return hub_sql_end(&sql);
}

uint64_t hub_device_head_epoch(struct sec_bytes bytes)
{
    struct sec_statement statement;
    struct sec_head head;
    bool read = bytes.len && sec_ok(sec_statement_parse(bytes, &statement)) && sec_ok(sec_head_parse(statement.msg.payload, &head));
    return read ? head.epoch : 0;
}

sec_status hub_devices_count(struct hub_store *store, uint64_t *ret_count)
{
    struct hub_sql sql = hub_sql(store, "SELECT count(*) FROM device");
    uint64_t count = 0;
    if (hub_sql_row(&sql))
        count = hub_sql_u64(&sql);
    SEC_TRY(hub_sql_end(&sql));
    *ret_count = count;
    return sec_st(SEC_OK);
}

sec_status hub_devices_lost(struct hub_store *store, hub_device_id_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, "SELECT id FROM device WHERE (SELECT kind FROM event WHERE event.device = device.id AND kind IN ('lost', 'back')"
                                        " ORDER BY number DESC LIMIT 1) = 'lost'");
    while (hub_sql_row(&sql)) {
        struct sec_device_id id;
        hub_sql_into(&sql, SEC_ROOM(id.b));
        if (sec_ok(sql.status))
            sql.status = each(ctx, &id);
    }
    return hub_sql_end(&sql);
}

/* --- certificates ------------------------------------------------------------------------------------------- */

static sec_status forget_ended(struct hub_store *store, const struct hub_certificate *certificate)
{
    struct hub_sql sql = hub_sql(store, "DELETE FROM certificate WHERE device = ? AND not_after_s < ?");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(&certificate->device));
    hub_sql_put_s64(&sql, certificate->not_before_s - CERTIFICATE_KEPT_S);
    return hub_sql_run(&sql);
}

static sec_status forget_surplus(struct hub_store *store, const struct hub_certificate *certificate)
{
    struct hub_sql sql = hub_sql(store, "DELETE FROM certificate WHERE device = ?1 AND fingerprint <> ?2 AND fingerprint NOT IN"
                                        " (SELECT fingerprint FROM certificate WHERE device = ?1 AND fingerprint <> ?2 ORDER BY not_before_s DESC LIMIT ?3)");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(&certificate->device));
    hub_sql_put_bytes(&sql, sec_digest_bytes(&certificate->fingerprint));
    hub_sql_put_bound(&sql, HUB_CERTIFICATES_OF_DEVICE_COUNT - 1);
    return hub_sql_run(&sql);
}

sec_status hub_certificate_put(struct hub_store *store, const struct hub_certificate *certificate)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO certificate(fingerprint, device, epoch, not_before_s, not_after_s, revoked) VALUES(?, ?, ?, ?, ?, ?)"
                                        " ON CONFLICT(fingerprint) DO UPDATE SET device = excluded.device, epoch = excluded.epoch, not_before_s = excluded.not_before_s,"
                                        " not_after_s = excluded.not_after_s, revoked = excluded.revoked");
    hub_sql_put_bytes(&sql, sec_digest_bytes(&certificate->fingerprint));
    hub_sql_put_bytes(&sql, sec_device_id_bytes(&certificate->device));
    hub_sql_put_u64(&sql, certificate->epoch);
    hub_sql_put_s64(&sql, certificate->not_before_s);
    hub_sql_put_s64(&sql, certificate->not_after_s);
    hub_sql_put_u64(&sql, certificate->revoked);
    SEC_TRY(hub_sql_run(&sql));
    SEC_TRY(forget_ended(store, certificate));
    return forget_surplus(store, certificate);
}

sec_status hub_certificates(struct hub_store *store, hub_certificate_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, "SELECT fingerprint, device, epoch, not_before_s, not_after_s, revoked FROM certificate");
    while (hub_sql_row(&sql)) {
        struct hub_certificate certificate;
        hub_sql_into(&sql, SEC_ROOM(certificate.fingerprint.b));
        hub_sql_into(&sql, SEC_ROOM(certificate.device.b));
        certificate.epoch = hub_sql_u64(&sql);
        certificate.not_before_s = hub_sql_s64(&sql);
        certificate.not_after_s = hub_sql_s64(&sql);
        certificate.revoked = hub_sql_bool(&sql);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &certificate);
    }
    return hub_sql_end(&sql);
}

sec_status hub_certificates_revoke(struct hub_store *store, const struct sec_device_id *device)
{
    struct hub_sql sql = hub_sql(store, "UPDATE certificate SET revoked = 1 WHERE device = ?");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    return hub_sql_run(&sql);
}

sec_status hub_certificates_end(struct hub_store *store, const struct sec_device_id *device, uint64_t epoch)
{
    struct hub_sql sql = hub_sql(store, "UPDATE certificate SET revoked = 1 WHERE device = ? AND epoch < ? AND revoked = 0");
    hub_sql_put_bytes(&sql, sec_device_id_bytes(device));
    hub_sql_put_u64(&sql, epoch);
    return hub_sql_run(&sql);
}
