/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void bench_must(sec_status status, const char *what)
{
    if (sec_ok(status))
        return;
    fprintf(stderr, "bench: %s: %s\n", what, sec_status_word(status));
    exit(3);
}

double bench_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int make_dir(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        perror(path);
        exit(3);
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        perror(path);
        exit(3);
    }
    return fd;
}

void bench_log_open(struct bench_log *log, const char *dir, uint64_t segment_bytes)
{
    char path[300];
    struct sec_journal_config config = {0};
    struct sec_journal_found found;
    snprintf(log->dir, sizeof log->dir, "%s", dir);
    close(make_dir(dir));
    bench_must(sec_openssl_init(&log->openssl), "openssl");
    log->crypto = sec_openssl_crypto(&log->openssl);
    bench_must(sec_private_key_generate(&log->identity, &log->openssl, SEC_KEY_P256), "identity key");
    snprintf(path, sizeof path, "%s/journal", dir);
    bench_must(sec_file_storage_open(&log->files, make_dir(path), false), "storage");
    log->storage = sec_file_storage_port(&log->files);
    snprintf(path, sizeof path, "%s/keys", dir);
    bench_must(sec_file_keystore_open(&log->key_files, make_dir(path), &log->crypto, sec_private_key_signer(&log->identity)), "keystore");
    log->keystore = sec_file_keystore_port(&log->key_files);
    bench_must(log->keystore.make(log->keystore.ctx, 1), "epoch key");
    log->work = sec_room(malloc(SEC_JOURNAL_WORK_BYTES), SEC_JOURNAL_WORK_BYTES);
    config.storage = &log->storage;
    config.keystore = &log->keystore;
    config.crypto = &log->crypto;
    config.segment_bytes = segment_bytes;
    struct sec_journal_visitor nobody = {0};
    bench_must(sec_journal_open(&log->journal, &config, log->work, &nobody, &found), "journal");
    bench_must(sec_journal_set_epoch(&log->journal, 1, SEC_SEAL_CLEAR), "epoch");
    uint64_t index;
    bench_must(sec_journal_stage(&log->journal, SEC_RECORD_SNAPSHOT, SEC_SEAL_CLEAR, false, SEC_LIT("\x80"), &index), "snapshot");
    bench_log_commit(log);
    bench_must(sec_journal_set_epoch(&log->journal, 1, 1), "epoch");
}

static sec_status snapshot_encode(void *ctx, struct sec_wr *wr)
{
    (void)ctx;
    sec_cbor_put_array(wr, 0);
    return sec_st(SEC_OK);
}

static sec_status snapshot_facts(void *ctx, struct sec_journal_head_facts *ret_facts)
{
    (void)ctx;
    memset(ret_facts, 0, sizeof *ret_facts);
    return sec_st(SEC_OK);
}

void bench_log_commit(struct bench_log *log)
{
    struct sec_journal_head_facts facts = {0};
    struct sec_journal_snapshot snapshot = {NULL, snapshot_encode, snapshot_facts};
    bench_must(sec_journal_commit(&log->journal, &facts, &snapshot), "commit");
}
