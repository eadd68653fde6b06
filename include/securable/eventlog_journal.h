/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event log: the journal's own state, complete so that a caller can give it memory; use eventlog.h's functions alone.
 *
 * Memory: about 12 kB, the caller's, movable between calls. Holds data keys: sec_journal_close() wipes them.
 * Units: offsets and lengths in bytes, `number` counts stream blocks of a segment from 0.
 * Threads: one. Serves S72, F6.4.
 */
#ifndef SECURABLE_EVENTLOG_JOURNAL_H
#define SECURABLE_EVENTLOG_JOURNAL_H

#include <securable/eventlog.h>

/** Data keys in use at once: the epoch's seal and those of the secrets' slots, old and new during a rotation. */
#define SEC_JOURNAL_KEYS_MAX 16u
/** A head statement: protected header, body with two digests and counters, signature. */
#define SEC_JOURNAL_HEAD_MAX_BYTES 512u
/** Blocks of flash and disks; two tail images and an I/O room of them fit into the work room. */
#define SEC_JOURNAL_BLOCK_MIN_BYTES 512u
#define SEC_JOURNAL_BLOCK_MAX_BYTES 16384u
/** One commit's frame whole. */
#define SEC_JOURNAL_FRAME_MAX_BYTES 180224u
/** Contents staged for one commit. */
#define SEC_JOURNAL_STAGED_MAX_BYTES 147456u

/** The work room, divided. */
struct sec_journal_rooms {
    struct sec_room frame;   /* a frame being built or read */
    struct sec_room staged;  /* records of the next commit, not yet sealed */
    struct sec_room content; /* an opened body, a snapshot */
    struct sec_room tail;    /* the block that is not full yet */
    struct sec_room image;   /* a tail block being read */
    struct sec_room io;      /* consecutive blocks, written or read at once */
};

/** How a segment is laid out. */
struct sec_segment_shape {
    size_t block_bytes;
    uint64_t bytes;
    uint64_t tails_at;  /* of the first tail block, behind the header area */
    uint64_t stream_at; /* of stream block 0 */
    uint32_t stream_blocks;
};

/** A place between two bytes of a segment's stream; offset < payload of a block. */
struct sec_stream_place {
    uint32_t number; /* block */
    uint32_t chain;  /* CRC of the block before it, or of the segment header */
    size_t offset;   /* in the block's payload */
};

/** One data key: wrapped as its key record says, opened when first used; with the class key last derived from it. */
struct sec_journal_key {
    uint64_t seal;
    struct sec_wrapped_key wrapped;
    struct sec_aead_key data;
    struct sec_aead_key class_key;
    unsigned record_class; /* of class_key; 0: none derived */
    bool opened;
};

struct sec_keyring {
    struct sec_journal_key keys[SEC_JOURNAL_KEYS_MAX];
    size_t count;
    size_t oldest; /* what a reader's full ring gives up first */
};

/** Where the journal writes. */
struct sec_journal_end {
    uint32_t segment; /* 0: no segment yet */
    struct sec_segment_shape shape;
    struct sec_stream_place place;
    uint64_t sequence; /* of the last write */
    unsigned tail_slot; /* 0 or 1: which holds the newest tail */
};

enum sec_journal_state {
    SEC_JOURNAL_CLOSED = 0,
    SEC_JOURNAL_OPEN = 1,
    SEC_JOURNAL_BROKEN = 2,
};

struct sec_journal {
    enum sec_journal_state state;
    struct sec_journal_config config;
    struct sec_journal_rooms rooms;
    uint32_t boot;
    uint64_t epoch;
    uint64_t seal;
    struct sec_journal_end end;
    struct sec_merkle_frontier frontier; /* of all that is committed */
    /* Where the last frame with records and a head begins: receipts of its records start there. */
    struct sec_merkle_frontier mark;
    struct sec_stream_place mark_place;
    uint32_t mark_segment;
    /* Where the frame begins at which sec_journal_follow() ended last. */
    uint64_t followed;
    struct sec_stream_place followed_place;
    uint32_t followed_segment; /* 0: nowhere yet */
    uint8_t head[SEC_JOURNAL_HEAD_MAX_BYTES];
    size_t head_len;
    uint64_t head_size; /* records under the last head */
    struct sec_keyring keys;
    size_t keys_committed; /* the first so many keys have their record in this segment */
    size_t staged_len;
    uint64_t staged_count;
    size_t staged_frame_bytes; /* upper bound of what they take in a frame */
    uint64_t shift;
};

#endif
