/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database's formats, and the way from each to the next.
 *
 * What a device signed and what people signed lies there byte for byte. Devices' certificates and reports lie apart from what changes at every contact, so
 * that a small change does not write them again. A format's text is never changed once it was in use: the next one gets a step of its own.
 */
#include "sqlite_inside.h"

/** "SEhb": says whose database this is. */
#define APPLICATION_ID 1397057634

static const char format_1[] =
    "PRAGMA application_id = 1397057634;"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE maker(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, roots BLOB NOT NULL, ca BLOB NOT NULL UNIQUE, since_s INTEGER NOT NULL) STRICT;"
    "CREATE TABLE device(id BLOB PRIMARY KEY, maker INTEGER NOT NULL, epoch INTEGER NOT NULL, expected INTEGER NOT NULL, revoked INTEGER NOT NULL,"
    " key BLOB NOT NULL, head BLOB NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, frontier BLOB NOT NULL, boot INTEGER NOT NULL, report_s INTEGER NOT NULL,"
    " first_seen_s INTEGER NOT NULL, last_seen_s INTEGER NOT NULL, alarm INTEGER NOT NULL, alarm_text TEXT NOT NULL, alarm_s INTEGER NOT NULL,"
    " certificate_until_s INTEGER NOT NULL) STRICT;"
    "CREATE TABLE device_paper(device BLOB PRIMARY KEY REFERENCES device(id), idevid BLOB NOT NULL, report BLOB NOT NULL) STRICT;"
    "CREATE TABLE certificate(fingerprint BLOB PRIMARY KEY, device BLOB NOT NULL REFERENCES device(id), epoch INTEGER NOT NULL,"
    " not_before_s INTEGER NOT NULL, not_after_s INTEGER NOT NULL, revoked INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX certificate_device ON certificate(device);"
    "CREATE TABLE statement(number INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL, bytes BLOB NOT NULL, beside BLOB NOT NULL,"
    " signer BLOB NOT NULL, topic INTEGER NOT NULL, generation INTEGER NOT NULL, action INTEGER NOT NULL, about BLOB NOT NULL, payload BLOB,"
    " payload_bytes INTEGER NOT NULL, received_s INTEGER NOT NULL, by TEXT NOT NULL) STRICT;"
    "CREATE INDEX statement_payload ON statement(payload) WHERE payload IS NOT NULL;"
    "CREATE TABLE delivery(device BLOB NOT NULL REFERENCES device(id), statement INTEGER NOT NULL REFERENCES statement(number), state INTEGER NOT NULL,"
    " code INTEGER NOT NULL, receipt BLOB NOT NULL, receipt_good INTEGER NOT NULL, answered_s INTEGER NOT NULL, PRIMARY KEY(device, statement)) STRICT;"
    "CREATE INDEX delivery_statement ON delivery(statement);"
    "CREATE INDEX delivery_waiting ON delivery(device, statement) WHERE state = 1;"
    "CREATE TABLE entry(device BLOB NOT NULL REFERENCES device(id), last INTEGER NOT NULL, count INTEGER NOT NULL, leaves BLOB NOT NULL,"
    " PRIMARY KEY(device, last)) STRICT;"
    "CREATE TABLE evidence(number INTEGER PRIMARY KEY AUTOINCREMENT, device BLOB NOT NULL REFERENCES device(id), at_s INTEGER NOT NULL, head BLOB NOT NULL,"
    " text TEXT NOT NULL) STRICT;"
    "CREATE INDEX evidence_device ON evidence(device);"
    "CREATE TABLE ask(device BLOB NOT NULL REFERENCES device(id), nonce BLOB NOT NULL, asked_s INTEGER NOT NULL, report BLOB NOT NULL,"
    " answered_s INTEGER NOT NULL, size INTEGER NOT NULL, PRIMARY KEY(device, nonce)) STRICT;"
    "CREATE INDEX ask_open ON ask(device, asked_s) WHERE answered_s = 0;"
    "CREATE TABLE payload(digest BLOB PRIMARY KEY, size INTEGER NOT NULL, name TEXT NOT NULL, since_s INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE person(kid BLOB PRIMARY KEY, key BLOB NOT NULL, role INTEGER NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL,"
    " since_s INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE token(hash BLOB PRIMARY KEY, name TEXT NOT NULL, scope INTEGER NOT NULL, made_s INTEGER NOT NULL, ends_s INTEGER NOT NULL,"
    " by_login INTEGER NOT NULL, kid BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE event(number INTEGER PRIMARY KEY AUTOINCREMENT, at_s INTEGER NOT NULL, kind TEXT NOT NULL, device BLOB, json TEXT NOT NULL) STRICT;"
    "CREATE INDEX event_device ON event(device, number) WHERE device IS NOT NULL;"
    "PRAGMA user_version = 1;";

/** steps[n] leads from format n to n + 1. */
static const char *const steps[HUB_STORE_FORMAT] = {format_1};

static sec_status read_number(sqlite3 *db, const char *text, int64_t *ret_number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, text, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_number = sqlite3_column_int64(statement, 0);
    sec_status status = hub_sqlite_status(db, code);
    sqlite3_finalize(statement);
    return status;
}

sec_status hub_sqlite_format(sqlite3 *db, int64_t *ret_format)
{
    int64_t application = 0, format = 0;
    SEC_TRY(read_number(db, "PRAGMA application_id", &application));
    SEC_TRY(read_number(db, "PRAGMA user_version", &format));
    if (format < 0 || (format > 0 && application != APPLICATION_ID))
        return sec_st(SEC_UNKNOWN_FORMAT);
    *ret_format = format;
    return sec_st(SEC_OK);
}

/** A step and its new number are one transaction: a cut leaves one format or the other, nothing between. */
static sec_status step(sqlite3 *db, const char *text)
{
    int code = sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, text, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sec_status status = hub_sqlite_status(db, code);
    if (!sec_ok(status) && !sqlite3_get_autocommit(db))
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

sec_status hub_sqlite_migrate(sqlite3 *db)
{
    int64_t format = 0;
    SEC_TRY(hub_sqlite_format(db, &format));
    for (; format < (int64_t)HUB_STORE_FORMAT; format++)
        SEC_TRY(step(db, steps[format]));
    return sec_st(SEC_OK);
}
