/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence at full speed, and its floor: one verification and the same entries, a row each, committed by SQLite alone. */
#include "fleet.h"

#include <openssl/pem.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ENTRIES 10u
#define FLOOR_HEADS 2000u

int evidence_pem(struct fleet *fleet)
{
    char path[1024];
    const struct member *m = &fleet->members[0];
    snprintf(path, sizeof path, "%s/cert.pem", fleet->dir);
    FILE *cert = fopen(path, "w");
    snprintf(path, sizeof path, "%s/key.pem", fleet->dir);
    FILE *key = fopen(path, "w");
    if (!cert || !key || PEM_write_X509(cert, m->certificate) != 1 || PEM_write_PrivateKey(key, m->transport.pkey, NULL, NULL, 0, NULL, NULL) != 1)
        fleet_die("pem");
    fclose(cert);
    fclose(key);
    return 0;
}

/* The first member gets level; then its next sync has nothing new, and waits for nothing. */
int evidence_idle_body(struct fleet *fleet)
{
    char path[1024];
    uint8_t body[1024];
    struct member *m = &fleet->members[0];
    fleet->once = true;
    m->wake_ms = 0;
    for (uint64_t end = fleet_now_ms() + 20000; fleet->rested == 0 && fleet_now_ms() < end;)
        wire_run(fleet, fleet_now_ms() + 20);
    struct sec_wr wr = sec_wr(SEC_ROOM(body));
    fleet->wait_s = 0;
    if (fleet->rested == 0 || member_sync_body(m, &wr))
        fleet_die("the device did not get level");
    snprintf(path, sizeof path, "%s/idle.body", fleet->dir);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(body, 1, sec_wr_done(&wr).len, file) != sec_wr_done(&wr).len)
        fleet_die(path);
    fclose(file);
    return 0;
}

int evidence_push(struct fleet *fleet, double seconds)
{
    char line[16];
    fleet->once = true;
    for (size_t i = 0; i < fleet->count; i++)
        fleet->members[i].wake_ms = 0;
    for (uint64_t end = fleet_now_ms() + 30000; fleet->rested < fleet->count && fleet_now_ms() < end;)
        wire_run(fleet, fleet_now_ms() + 20);
    if (fleet->rested < fleet->count)
        fleet_die("not all devices got level");
    printf("LEVEL %zu\n", fleet->rested);
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        return 1;
    fleet->once = false;
    fleet->always = true;
    uint64_t before = fleet->counts.syncs;
    for (size_t i = 0; i < fleet->count; i++)
        fleet->members[i].wake_ms = 0;
    wire_run(fleet, fleet_now_ms() + (uint64_t)(seconds * 1000.0));
    uint64_t pushed = fleet->counts.syncs - before;
    printf("HEADS %llu\n", (unsigned long long)pushed);
    fflush(stdout);
    fleet->always = false;
    fleet->once = true;
    fleet->rested = 0;
    for (uint64_t end = fleet_now_ms() + 30000; fleet->rested < fleet->count && fleet_now_ms() < end;)
        wire_run(fleet, fleet_now_ms() + 20);
    fleet_save(fleet);
    return fleet->counts.lost ? 1 : 0;
}

/* --- floor ---------------------------------------------------------------------------------------------------------- */

static void sql(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "fleet: floor: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
}

static void insert(sqlite3_stmt *row, const struct member *m, uint64_t first)
{
    for (uint64_t i = first; i < first + ENTRIES; i++) {
        const struct record *record = &m->records[i];
        sqlite3_bind_blob(row, 1, m->id.b, sizeof m->id.b, SQLITE_STATIC);
        sqlite3_bind_int64(row, 2, (sqlite3_int64)(m->base + i));
        sqlite3_bind_blob(row, 3, record->header, record->header_len, SQLITE_STATIC);
        sqlite3_bind_blob(row, 4, record->body.b, sizeof record->body.b, SQLITE_STATIC);
        if (sqlite3_step(row) != SQLITE_DONE)
            exit(1);
        sqlite3_reset(row);
    }
}

static double cpu_us(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

int evidence_floor(struct fleet *fleet, const char *path)
{
    sqlite3 *db;
    sqlite3_stmt *row, *head;
    unlink(path);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        fleet_die(path);
    sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE entry(device BLOB, idx INTEGER, header BLOB, body BLOB, PRIMARY KEY(device, idx)) WITHOUT ROWID;"
            "CREATE TABLE device(id BLOB PRIMARY KEY, head BLOB, size INTEGER) WITHOUT ROWID;");
    sqlite3_prepare_v2(db, "INSERT INTO entry VALUES(?,?,?,?)", -1, &row, NULL);
    sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO device VALUES(?,?,?)", -1, &head, NULL);
    double spent = 0;
    for (size_t done = 0; done < FLOOR_HEADS; done += fleet->count) {
        for (size_t i = 0; i < fleet->count; i++) {
            for (unsigned n = 0; n < ENTRIES; n++)
                (void)member_record(&fleet->members[i], SEC_RECORD_APPLICATION, sec_bytes(NULL, 0));
            member_head(&fleet->members[i]);
        }
        double before = cpu_us();
        sql(db, "BEGIN IMMEDIATE");
        for (size_t i = 0; i < fleet->count; i++) {
            struct member *m = &fleet->members[i];
            struct sec_head parsed;
            if (!sec_ok(sec_head_check(sec_bytes(m->head, m->head_len), &m->identity.key, &fleet->crypto, &parsed)))
                exit(1);
            insert(row, m, m->head_size - ENTRIES - m->base);
            sqlite3_bind_blob(head, 1, m->id.b, sizeof m->id.b, SQLITE_STATIC);
            sqlite3_bind_blob(head, 2, m->head, (int)m->head_len, SQLITE_STATIC);
            sqlite3_bind_int64(head, 3, (sqlite3_int64)m->head_size);
            if (sqlite3_step(head) != SQLITE_DONE)
                exit(1);
            sqlite3_reset(head);
        }
        sql(db, "COMMIT");
        spent += cpu_us() - before;
    }
    sqlite3_finalize(row);
    sqlite3_finalize(head);
    sqlite3_close(db);
    size_t heads = (FLOOR_HEADS + fleet->count - 1) / fleet->count * fleet->count;
    printf("FLOOR %.1f\n", spent / (double)heads);
    return 0;
}
