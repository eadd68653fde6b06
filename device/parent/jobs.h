/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs: effects that need a program. A job starts, its process ends or its time is over, and the keeper gets its answer.
 *
 * Memory: the parent's struct. Threads: one. Demand: S40, S67.
 */
#ifndef SECURABLE_DEVICE_JOBS_H
#define SECURABLE_DEVICE_JOBS_H

#include "parent.h"

/** The payload that is being copied; its final name is its digest. */
#define JOBS_SPOOL_NEW ".new"

/** Answers a request of the keeper. */
void jobs_answer(struct parent *parent, uint32_t id, sec_status status);
void jobs_spooled(struct parent *parent, uint32_t id, sec_status status, const struct sec_digest *digest, uint64_t size, bool existed);

/** Starts one hook and answers when it ends; a hook that cannot start is answered at once. */
void jobs_hook(struct parent *parent, uint32_t id, const char *name, char *const *args, uint64_t timeout_s, enum sec_status_code failure);
/** Starts the first apply hook of the keys in parent->keys_b; answers when the last has ended, or the first failed. */
void jobs_settings(struct parent *parent, uint32_t id);
/** Starts the installer with a source and a target; `size` is exact, or the most (spool). */
sec_status jobs_installer(struct parent *parent, struct job *job, enum job_kind kind, const char *mode, uint64_t size, int source,
                          int target);
/** Starts the verification of a product record under the manufacturer's roots; then it is in force. */
sec_status jobs_product(struct parent *parent, uint32_t id, struct sec_bytes statement);

/** How many payloads lie in the spool. */
unsigned jobs_spool_count(const struct parent *parent);
/** Removes every payload but those of the joined digests. */
sec_status jobs_spool_keep(const struct parent *parent, struct sec_bytes digests);

#endif
