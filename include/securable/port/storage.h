/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port: storage for the journal, as numbered segments of bytes.
 *
 * A segment is created at a fixed size, reads as zeros where never written, and is removed whole. Writes are
 * not durable before sync() returns OK; until then a cut may keep any subset of the written blocks, and a
 * block that was being written may hold garbage. So a block whose present content is acknowledged must not be
 * rewritten: the journal's layout sees to that (docs/formats/journal.md).
 * Units: bytes; `block_bytes` is what may be lost together with a write (at least 512, a power of two).
 * Backends: port/linux (files), port/fake (memory: refuses, tears, reorders, cuts).
 */
#ifndef SECURABLE_PORT_STORAGE_H
#define SECURABLE_PORT_STORAGE_H

#include <securable/bytes.h>

struct sec_storage {
    void *ctx;
    size_t block_bytes;
    /** Lists the present segments in ascending order: gives the lowest number > `after` (use 0 first; numbers start at 1). NOT_FOUND at the end. */
    sec_status (*next_segment)(void *ctx, uint32_t after, uint32_t *ret_segment, uint64_t *ret_bytes);
    /** Makes a segment of `bytes` zeros, durable when it returns. EXISTS, STORAGE_FULL, IO_FAILED. */
    sec_status (*create)(void *ctx, uint32_t segment, uint64_t bytes);
    /** Removes a segment, durable when it returns. */
    sec_status (*remove)(void *ctx, uint32_t segment);
    /** Reads exactly `to.len` bytes. TRUNCATED beyond the end, IO_FAILED. */
    sec_status (*read)(void *ctx, uint32_t segment, uint64_t offset, struct sec_room to);
    /** Writes within the segment's size; `offset` and length are multiples of block_bytes. STORAGE_FULL, IO_FAILED. */
    sec_status (*write)(void *ctx, uint32_t segment, uint64_t offset, struct sec_bytes bytes);
    /** Makes all writes to the segment durable. After a failure the segment's unsynced content is unknown. */
    sec_status (*sync)(void *ctx, uint32_t segment);
};

#endif
