/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fake storage: segments in the caller's memory that refuse, tear, reorder and lose what was not synced.
 *
 * Writes wait in a list, block by block, until sync(). When the power goes, each waiting block is, by seeded draws and
 * independently of the order: written, lost, written up to a byte within it, or (mode PREALLOC) garbage; of several
 * writes to one block any one may be the last. Mode APPEND is a copy-on-write file system: a block holds its old
 * content or a new one, never anything else. A full list pushes its oldest write out, as a page cache would. create()
 * and remove() are done or not done when the power goes under them. After a cut everything answers POWER_CUT until
 * fake_storage_power_on(). Between a cut and power_on the draws are not yet made.
 *
 *     static FAKE_STORAGE_MEMORY(8 * 65536, 512, 256) memory;
 *     struct fake_storage_memory m = FAKE_STORAGE_MEMORY_OF(memory);
 *     fake_storage_init(&fake, &power, &m, FAKE_STORAGE_PREALLOC, 512, 65536);
 *     struct sec_storage storage = fake_storage_port(&fake);
 *
 * Memory: the caller's; a snapshot is a copy of struct fake_storage, the memory and struct fake_power, valid when
 * copied back to the same places. Threads: one. Demand: none of its own.
 */
#ifndef FAKE_STORAGE_H
#define FAKE_STORAGE_H

#include "fake_power.h"

#include <securable/port/storage.h>

#define FAKE_STORAGE_SEGMENTS_MAX 64u

enum fake_storage_mode {
    FAKE_STORAGE_PREALLOC,
    FAKE_STORAGE_APPEND,
};

/** What can be refused. */
enum fake_storage_call {
    FAKE_STORAGE_WRITE,
    FAKE_STORAGE_SYNC,
    FAKE_STORAGE_CREATE,
};

struct fake_block {
    uint64_t digest;
    uint32_t newest; /* 1 + slot of the newest waiting write; 0: none */
    uint32_t changed;
};

struct fake_pending {
    uint32_t block;
    uint32_t slot;
};

/** The tables, sized alike for one block size. */
struct fake_storage_memory {
    uint8_t *content;
    size_t content_bytes;
    struct fake_block *blocks;
    size_t blocks_count;
    struct fake_pending *pending;
    uint8_t *pending_content;
    size_t pending_max;
};

#define FAKE_STORAGE_MEMORY(bytes, block_bytes, pending_count)                                                         \
    struct {                                                                                                           \
        uint8_t content[bytes];                                                                                        \
        struct fake_block blocks[(bytes) / (block_bytes)];                                                             \
        struct fake_pending pending[pending_count];                                                                    \
        uint8_t pending_content[(pending_count) * (block_bytes)];                                                      \
    }
#define FAKE_STORAGE_MEMORY_OF(m)                                                                                      \
    {                                                                                                                  \
        (m).content, sizeof(m).content, (m).blocks, sizeof(m).blocks / sizeof(m).blocks[0], (m).pending,               \
            (m).pending_content, sizeof(m).pending / sizeof(m).pending[0]                                              \
    }

struct fake_segment {
    uint32_t number; /* 0: the place is free */
    uint32_t blocks_count;
};

struct fake_storage {
    struct fake_power *power;
    struct fake_storage_memory memory;
    struct fake_segment segments[FAKE_STORAGE_SEGMENTS_MAX];
    size_t block_bytes;
    size_t segment_blocks; /* places a segment has */
    size_t segments_max;
    size_t pending_count;
    uint64_t reads; /* calls so far */
    enum fake_storage_mode mode;
    enum fake_storage_call refuse_call;
    uint64_t refuse_in; /* counts down; 0: nothing is refused */
    sec_status refuse_status;
};

/**
 * Empty storage with as many places for segments, of at most `segment_bytes` each, as the memory gives.
 * BAD_ARGUMENT: block_bytes no power of two of 512 to 65536, or the memory's tables do not fit to it.
 */
sec_status fake_storage_init(struct fake_storage *storage, struct fake_power *power,
                             const struct fake_storage_memory *memory, enum fake_storage_mode mode, size_t block_bytes,
                             size_t segment_bytes);
/** The port's functions; borrows `storage`. */
struct sec_storage fake_storage_port(struct fake_storage *storage);
/** Draws what became of the waiting writes, makes the survivors current and switches the power on. */
void fake_storage_power_on(struct fake_storage *storage);
/** Refuses the nth call of this sort from now, once, with `code` (IO_FAILED, STORAGE_FULL); 0 refuses none. A refused
 * write leaves nothing; a refused sync leaves each waiting block of the segment as after a cut. */
void fake_storage_refuse(struct fake_storage *storage, enum fake_storage_call call, uint64_t nth,
                         enum sec_status_code code);
/** Damages durable bytes: flips the bits of `mask` at `offset`. NOT_FOUND, TRUNCATED. */
sec_status fake_storage_flip(struct fake_storage *storage, uint32_t segment, uint64_t offset, uint8_t mask);
/** A digest of all durable content: numbers, sizes and bytes of the segments; waiting writes are not in it. Only
 * blocks changed since the last call are read. */
uint64_t fake_storage_digest(struct fake_storage *storage);

#endif
