/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wire forms of a segment: header, block, frame. Both directions; docs/formats/journal.md is their grammar.
 *
 * Memory: none; slices borrow. Parsers expect hostile bytes. Threads: any.
 */
#ifndef SECURABLE_EVENTLOG_SEGMENT_H
#define SECURABLE_EVENTLOG_SEGMENT_H

#include <securable/eventlog.h>

/** The header area is this long, or one block when that is longer: a frontier of 64 nodes fits. */
#define SEC_SEGMENT_HEADER_BYTES 4096u
#define SEC_BLOCK_HEADER_BYTES 22u
#define SEC_FRAME_HEADER_BYTES 8u
#define SEC_SEGMENT_MAX_BYTES 0x80000000u
#define SEC_SEGMENT_MIN_BLOCKS 64u

struct sec_segment_header {
    struct sec_digest log_id;
    uint32_t number;
    struct sec_segment_shape shape;
    struct sec_merkle_frontier frontier; /* of the records before the segment */
    bool has_previous;
    struct sec_digest previous; /* SHA-256 of the last head statement before the segment */
    uint32_t crc;
};

/** Divides a work room; ROOM_FULL when it is smaller than SEC_JOURNAL_WORK_BYTES. */
sec_status sec_journal_rooms_divide(struct sec_room work, struct sec_journal_rooms *ret_rooms);
struct sec_room sec_room_part(struct sec_room room, size_t from, size_t len);
struct sec_bytes sec_room_bytes(struct sec_room room);
bool sec_bytes_zero(struct sec_bytes bytes);

/** BAD_VALUE outside the limits. */
sec_status sec_segment_shape_of(uint64_t block_bytes, uint64_t bytes, struct sec_segment_shape *ret_shape);
/** Payload of a block. */
size_t sec_segment_payload_bytes(const struct sec_segment_shape *shape);
/** What the stream of a segment takes in all, and what is left behind a place. */
uint64_t sec_segment_capacity(const struct sec_segment_shape *shape);
uint64_t sec_segment_left(const struct sec_segment_shape *shape, const struct sec_stream_place *place);
uint64_t sec_segment_tail_at(const struct sec_segment_shape *shape, unsigned slot);
uint64_t sec_segment_block_at(const struct sec_segment_shape *shape, uint32_t number);

/** Fills `area` (the whole header area); gives its CRC. */
sec_status sec_segment_header_encode(const struct sec_segment_header *header, struct sec_room area, uint32_t *ret_crc);
/** MALFORMED when it is no whole header; UNKNOWN_FORMAT when it is one of another version. */
sec_status sec_segment_header_parse(struct sec_bytes area, struct sec_segment_header *ret_header);
/** The header area's length as the first SEC_SEGMENT_HEADER_BYTES of it say; not yet checked. MALFORMED. */
sec_status sec_segment_header_area(struct sec_bytes start, size_t *ret_area_bytes);

struct sec_block_header {
    uint32_t crc;
    uint32_t number;
    uint64_t sequence;
    uint32_t chain;
    uint16_t used;
};

/** Writes the header in front of the payload that lies there, zeros behind it; gives the CRC. */
uint32_t sec_block_seal(struct sec_room block, const struct sec_block_header *header);
/** False when the CRC does not fit or `used` goes beyond the block. */
bool sec_block_parse(struct sec_bytes block, struct sec_block_header *ret_header);

/** A parsed frame; records are taken out by sec_frame_next(). */
struct sec_frame {
    uint64_t sequence;
    size_t records_left;
    struct sec_cbor rd;
    bool has_head;
    struct sec_bytes head;
};

/** A frame's content, its checksum already found right. MALFORMED, UNKNOWN_FORMAT. */
sec_status sec_frame_parse(struct sec_bytes content, struct sec_frame *ret_frame);
bool sec_frame_next(struct sec_frame *frame, struct sec_bytes *ret_record);

/** A key record's content: {1: seal, 2: wrapped data key}. */
void sec_key_record_encode(uint64_t seal, const struct sec_wrapped_key *wrapped, struct sec_wr *wr);
sec_status sec_key_record_parse(struct sec_bytes content, uint64_t *ret_seal, struct sec_wrapped_key *ret_wrapped);
/** A trim record's content: {1: first kept record, 2: root of the tree of all before it}. */
void sec_trim_record_encode(uint64_t first_kept, const struct sec_digest *root, struct sec_wr *wr);
sec_status sec_trim_record_parse(struct sec_bytes content, uint64_t *ret_first_kept, struct sec_digest *ret_root);

#endif
