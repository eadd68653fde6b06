/* SPDX-License-Identifier: Apache-2.0 */
/*
 * securable inspect: says of any signed file what it is, who signed it and what it holds, as one JSON object.
 *
 * Recognised kinds stand in one table (inspect.c). "good" means: well-formed, every digest right, and, when keys are
 * given, signed by one of them.
 * Memory: results are cJSON's. Limits: files of INSPECT_FILE_MAX_BYTES. Threads: one. Demand: F5.2, S71, S94.
 */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include "trust.h"

#include <cjson/cJSON.h>

#define INSPECT_FILE_MAX_BYTES (64u << 20)

/** What is known of a file so far. */
struct inspection {
    const struct trust *trust;
    struct sec_bytes aad; /* external associated data of COSE */
    const char *kind;
    enum trust_verdict signature;
    int64_t alg; /* SEC_ALG_NONE when there is none, or one that is no integer */
    sec_status status;
    cJSON *details; /* further members of the object */
};

/** The subcommand. Gives its exit code: 0 good, 1 not, 2 usage, 3 environment. */
int cli_inspect(int argc, char **argv);

/** Inspects bytes; the caller deletes the object. */
cJSON *inspect_bytes(const struct trust *trust, struct sec_bytes aad, struct sec_bytes file, bool *ret_good);

#endif
