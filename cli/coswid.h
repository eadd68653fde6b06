/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A software identification tag for a release: a minimal CoSWID (RFC 9393), deterministic.
 *
 * It names the software, its version, who made it, and the payload's file with size and SHA-256.
 * Memory: the writer's. Threads: pure function. Demand: S94, F5.2.
 */
#ifndef CLI_COSWID_H
#define CLI_COSWID_H

#include <securable/bytes.h>

struct coswid {
    uint8_t tag_id[16]; /* a UUID; equal for equal releases */
    struct sec_bytes software_name;
    struct sec_bytes software_version;
    struct sec_bytes entity_name;   /* who made it */
    struct sec_bytes entity_domain; /* its registration id */
    struct sec_bytes file_name;
    uint64_t file_size_bytes;
    struct sec_digest file_digest;
};

void coswid_encode(const struct coswid *tag, struct sec_wr *wr);

#endif
