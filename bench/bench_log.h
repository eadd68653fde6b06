/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real journal on real files with real cryptography, for benchmarks.
 * Memory: heap, freed by the end of the process. Any failure ends the process with a message: a benchmark has no other way on.
 */
#ifndef BENCH_LOG_H
#define BENCH_LOG_H

#include "file_keystore.h"
#include "file_storage.h"
#include "key_file.h"

#include <securable/eventlog.h>

struct bench_log {
    struct sec_openssl openssl;
    struct sec_crypto crypto;
    struct sec_private_key identity;
    struct sec_file_storage files;
    struct sec_storage storage;
    struct sec_file_keystore key_files;
    struct sec_keystore keystore;
    struct sec_journal journal;
    struct sec_room work;
    char dir[256];
};

/** Ends the process unless the status is OK. */
void bench_must(sec_status status, const char *what);
/** Makes `dir` anew and opens a journal in it, with an epoch key. */
void bench_log_open(struct bench_log *log, const char *dir, uint64_t segment_bytes);
/** Commits what is staged with a signed head. */
void bench_log_commit(struct bench_log *log);
/** Seconds by the steady clock, and processor seconds of this process. */
double bench_now_s(void);
double bench_cpu_s(void);

#endif
