/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one segment's stream: for each block the newest valid image that continues the chain, then frames out of it.
 *
 * Memory: the caller's struct; borrows storage and the rooms `image` and `io`. Reading only, hostile bytes expected.
 * Threads: one.
 */
#ifndef SECURABLE_EVENTLOG_STREAM_H
#define SECURABLE_EVENTLOG_STREAM_H

#include "segment.h"

/** What a tail block holds. */
struct sec_tail {
    bool zero;
    bool valid;
    struct sec_block_header header; /* when valid */
};

struct sec_stream {
    const struct sec_storage *storage;
    struct sec_room image;
    struct sec_room io;
    uint32_t segment;
    uint64_t present_bytes; /* less than the shape's when something shortened the segment */
    struct sec_segment_shape shape;
    uint32_t base; /* the chain's start */
    struct sec_tail tails[2];
    /* The block under the cursor. */
    struct sec_stream_place place;
    bool loaded;
    int from_slot; /* of the loaded image: a tail slot, or -1 for its own place */
    struct sec_block_header loaded_header;
    struct sec_bytes payload;
    /* Blocks cache_first .. + cache_count in `io`. */
    uint32_t cache_first;
    uint32_t cache_count;
};

/** Opens `segment`. MALFORMED when it has no valid header, UNKNOWN_FORMAT, or what the storage says. */
sec_status sec_stream_open(struct sec_stream *stream, const struct sec_storage *storage, uint32_t segment,
                           uint64_t present_bytes, const struct sec_journal_rooms *rooms,
                           struct sec_segment_header *ret_header);
/** True in `ret_zero` when no byte behind the header area is set: of a segment without a header. */
sec_status sec_stream_blank(const struct sec_storage *storage, uint32_t segment, uint64_t present_bytes,
                            const struct sec_journal_rooms *rooms, bool *ret_zero);
void sec_stream_seek(struct sec_stream *stream, const struct sec_stream_place *place);
/** The cursor, normalized: at a block's end it is the start of the next. */
struct sec_stream_place sec_stream_tell(const struct sec_stream *stream);
/** Loads the block under the cursor; NOT_FOUND when no image of it continues the chain. */
sec_status sec_stream_load(struct sec_stream *stream);
/**
 * Reads the next frame into `room`. NOT_FOUND at the clean end; TRUNCATED when it is cut short, has a wrong length or checksum;
 * MALFORMED, UNKNOWN_FORMAT when its checksum is right. After a failure the cursor is where it was.
 */
sec_status sec_stream_frame(struct sec_stream *stream, struct sec_room room, struct sec_frame *ret_frame);

/** What lies behind the last good frame. */
struct sec_stream_rest {
    uint64_t complete;     /* newest write that is known to have been complete */
    uint64_t newest;       /* greatest sequence of any whole block */
    uint32_t dirty_blocks; /* stream blocks behind the end that are not zero */
    uint32_t dirty_last;   /* the last of them */
    uint64_t dirty_at;     /* byte offset of the first dirty block in the segment, 0: none */
    bool tail_dirty[2];    /* garbage, or an image that does not belong to what is kept */
    bool torn;             /* something is dirty, as a cut during the write after `complete` explains */
    bool beyond_cut;       /* something is dirty that no cut explains */
};

/**
 * Judges the rest: `end` is the place behind the last frame to keep, `whole` that behind the last whole frame and `sequence` that
 * frame's. Leaves the cursor at `end`.
 */
sec_status sec_stream_judge(struct sec_stream *stream, const struct sec_stream_place *end,
                            const struct sec_stream_place *whole, uint64_t sequence, struct sec_stream_rest *ret_rest);
/** True when tail `slot` is whole, and exactly the block under `end` up to there (not comparing its payload). */
bool sec_stream_tail_is(const struct sec_stream *stream, unsigned slot, const struct sec_stream_place *end);

#endif
