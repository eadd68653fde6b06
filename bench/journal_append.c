/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable decisions one by one: microseconds each.
 * Usage: journal_append ours|sqlite|raw DIR COUNT
 * ours: a decision record with its signed head in one synced frame. sqlite: a row with the same bytes in a WAL database, synchronous=FULL.
 * raw: one block written in place of zeros, fdatasync.
 */
#include "bench_log.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** What a decision takes with its content and head: the peers write as much. */
#define CONTENT_BYTES 400u
#define ROW_BYTES 750u
#define BLOCK_BYTES 4096u

static uint8_t content[ROW_BYTES];

static double run_ours(const char *dir, unsigned count)
{
    static struct bench_log log;
    uint64_t index;
    bench_log_open(&log, dir, 64u << 20);
    double begin = bench_now_s();
    for (unsigned i = 0; i < count; i++) {
        content[0] = (uint8_t)i;
        bench_must(sec_journal_stage(&log.journal, SEC_RECORD_DECISION, 1, true, sec_bytes(content, CONTENT_BYTES), &index), "stage");
        bench_log_commit(&log);
    }
    return bench_now_s() - begin;
}

static void sql(sqlite3 *db, const char *text)
{
    char *error = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK) {
        fprintf(stderr, "bench: sqlite: %s\n", error);
        exit(3);
    }
}

static double run_sqlite(const char *dir, unsigned count)
{
    char path[300];
    sqlite3 *db;
    sqlite3_stmt *insert;
    snprintf(path, sizeof path, "%s.db", dir);
    unlink(path);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        exit(3);
    sql(db, "PRAGMA journal_mode=WAL");
    sql(db, "PRAGMA synchronous=FULL");
    sql(db, "CREATE TABLE log(id INTEGER PRIMARY KEY, body BLOB)");
    sqlite3_prepare_v2(db, "INSERT INTO log(body) VALUES(?)", -1, &insert, NULL);
    double begin = bench_now_s();
    for (unsigned i = 0; i < count; i++) {
        content[0] = (uint8_t)i;
        sqlite3_bind_blob(insert, 1, content, ROW_BYTES, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE)
            exit(3);
        sqlite3_reset(insert);
    }
    double seconds = bench_now_s() - begin;
    sqlite3_finalize(insert);
    sqlite3_close(db);
    unlink(path);
    return seconds;
}

static double run_raw(const char *dir, unsigned count)
{
    static uint8_t block[BLOCK_BYTES];
    char path[300];
    snprintf(path, sizeof path, "%s.raw", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        exit(3);
    for (unsigned i = 0; i < count; i++)
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
            exit(3);
    fsync(fd);
    memset(block, 1, sizeof block);
    double begin = bench_now_s();
    for (unsigned i = 0; i < count; i++) {
        if (pwrite(fd, block, sizeof block, (off_t)i * BLOCK_BYTES) != (ssize_t)sizeof block || fdatasync(fd) != 0)
            exit(3);
    }
    double seconds = bench_now_s() - begin;
    close(fd);
    unlink(path);
    return seconds;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: journal_append ours|sqlite|raw DIR COUNT\n");
        return 2;
    }
    unsigned count = (unsigned)strtoul(argv[3], NULL, 10);
    double seconds = strcmp(argv[1], "ours") == 0 ? run_ours(argv[2], count)
                     : strcmp(argv[1], "sqlite") == 0 ? run_sqlite(argv[2], count) : run_raw(argv[2], count);
    printf("%.3f\n", 1e6 * seconds / count);
    return 0;
}
