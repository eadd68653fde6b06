/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the journal's own files share: building and writing frames, reading along, the end of the stream.
 */
#ifndef SECURABLE_EVENTLOG_JOURNAL_INSIDE_H
#define SECURABLE_EVENTLOG_JOURNAL_INSIDE_H

#include "keyring.h"
#include "stream.h"

/* --- the file of blocks: journal_write.c ---- */

/**
 * Writes and syncs a frame at journal->end and moves the end. STORAGE_FULL when the very first write was refused: nothing has changed
 * then. Any other failure leaves the journal broken.
 */
sec_status sec_journal_write(struct sec_journal *journal, struct sec_bytes frame, uint64_t sequence);
/** Makes the next segment and moves the end into it. A refused creation leaves everything as it was. */
sec_status sec_journal_write_segment(struct sec_journal *journal);
/** Loads the block that is not full yet into the tail room, from storage, and sets the end. */
sec_status sec_journal_resume(struct sec_journal *journal, struct sec_stream *stream, const struct sec_stream_place *place);

/* --- frames: journal_frame.c ---- */

struct sec_frame_builder {
    struct sec_journal *journal;
    struct sec_wr wr;
    struct sec_merkle_frontier frontier;
    uint64_t sequence;
    uint8_t head[SEC_JOURNAL_HEAD_MAX_BYTES];
    size_t head_len;
};

/** A record to be. `body` is salt || content when salted. */
struct sec_record_draft {
    enum sec_record_class record_class;
    uint64_t epoch;
    uint64_t seal;
    bool salted;
    struct sec_bytes body;
};

/** Upper bounds of what a record with this body, and a frame around records, take. */
size_t sec_frame_record_bytes(size_t body_len);
size_t sec_frame_wrapping_bytes(void);

void sec_frame_begin(struct sec_frame_builder *builder, struct sec_journal *journal, size_t records_count);
sec_status sec_frame_record(struct sec_frame_builder *builder, const struct sec_record_draft *draft);
/** The key record of a key that is in the ring. */
sec_status sec_frame_key(struct sec_frame_builder *builder, uint64_t seal);
sec_status sec_frame_end(struct sec_frame_builder *builder, const struct sec_journal_head_facts *facts,
                         struct sec_bytes *ret_frame);
/** After the frame is durable: the journal's frontier, head and mark become the builder's. `start` is where the frame began. */
void sec_frame_settle(const struct sec_frame_builder *builder, uint32_t segment, const struct sec_stream_place *start);

/** As sec_journal_stage(), for any class. journal_stage.c */
sec_status sec_journal_stage_draft(struct sec_journal *journal, const struct sec_record_draft *draft, uint64_t *ret_index);

/* --- reading along: journal_cursor.c ---- */

/** A walk over raw records in order, from a place in a segment to the journal's end. Uses the frame, image and io rooms. */
struct sec_journal_cursor {
    struct sec_journal *journal;
    struct sec_stream stream;
    struct sec_frame frame;
    struct sec_keyring keys;
    uint64_t next; /* index of the next record */
    bool in_frame;
};

struct sec_raw_record {
    struct sec_record_header header;
    struct sec_bytes header_bytes;
    struct sec_bytes body;
};

void sec_cursor_done(struct sec_journal_cursor *cursor);
/** Finds the segment that holds record `index` (or the first kept one, when `index` was trimmed); gives its frontier. NOT_FOUND. */
sec_status sec_journal_find(struct sec_journal *journal, uint64_t index, uint32_t *ret_segment,
                            struct sec_merkle_frontier *ret_frontier);
/** Starts at a segment's first frame, or at `place`, where record `index` comes first. */
sec_status sec_cursor_open(struct sec_journal_cursor *cursor, struct sec_journal *journal, uint32_t segment,
                           const struct sec_stream_place *place, uint64_t index);
/** Next frame; NOT_FOUND at the journal's end. */
sec_status sec_cursor_frame(struct sec_journal_cursor *cursor);
/** Next record of the frame; NOT_FOUND at its end. Key records are taken into the ring on the way. */
sec_status sec_cursor_record(struct sec_journal_cursor *cursor, struct sec_raw_record *ret_record);
/** Next record over frames; NOT_FOUND at the journal's end. */
sec_status sec_cursor_next(struct sec_journal_cursor *cursor, struct sec_raw_record *ret_record);
/** Opens a raw record for a visitor; one that does not open has opened = false. */
sec_status sec_raw_open(const struct sec_raw_record *raw, struct sec_keyring *keys, const struct sec_journal_config *config,
                        struct sec_room room, struct sec_journal_record *ret_record);

/* --- opening: journal_scan.c ---- */

/** What a segment holds up to what recovery keeps. */
struct sec_journal_scan {
    struct sec_stream stream;
    struct sec_segment_header header;
    struct sec_keyring keys;
    struct sec_merkle_frontier running;
    uint64_t sequence;      /* of the last whole frame */
    bool has_head;
    struct sec_head head;
    struct sec_stream_place whole; /* behind the last whole frame */
    struct sec_stream_place keep;  /* behind the last frame to keep */
    uint64_t keep_sequence;
    bool dropping;
    uint64_t headless_count;
    uint64_t dropped_count;
    uint32_t boot;          /* greatest of what is kept */
    bool has_snapshot;
    uint64_t snapshot;      /* index of the newest usable one that is kept */
    struct sec_stream_rest rest;
};

/**
 * Reads a segment. Fills the scan and, of the journal, frontier, head, mark. TAMPERED, UNKNOWN_FORMAT; MALFORMED when there is no
 * valid header.
 */
sec_status sec_journal_scan(struct sec_journal *journal, uint32_t segment, uint64_t bytes, struct sec_journal_scan *scan);
/** Removes what is behind the end to keep, so that the segment verifies intact again. */
sec_status sec_journal_repair(struct sec_journal *journal, struct sec_journal_scan *scan, struct sec_journal_found *found);

#endif
