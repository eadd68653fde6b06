/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"
#include "verdict.h"

/* One reading of one copy, from its first kept record to its end. */
struct reading {
    const struct sec_storage *storage;
    const struct sec_public_key *key;
    const struct sec_crypto *crypto;
    struct sec_journal_rooms rooms;
    const struct sec_verify_evidence *evidence; /* may be null */
    const struct sec_head *probe;               /* one more head to compare with, or null */
    const struct sec_journal_visitor *visitor;  /* null: judge; else only show the records below `show_until` */
    uint64_t show_until;
    struct sec_verify_facts facts;
    struct sec_merkle_frontier running;
    struct sec_stream stream;
    uint64_t sequence;         /* of the segment's last good frame */
    bool has_last;             /* digest of the last head's statement */
    struct sec_digest last;
    bool has_trim;             /* newest trim record under a good head */
    uint64_t trim_until;
    struct sec_digest trim_root;
    struct sec_digest first_root; /* of the tree before the first kept record */
    bool has_boot;
    uint32_t boot;
};

/* --- findings ---------------------------------------------------------------- */

/* The first grave finding stays; a torn tail gives way to a graver one. */
static void find(struct reading *reading, enum sec_verdict verdict, const char *why, uint64_t offset)
{
    struct sec_verify_facts *facts = &reading->facts;
    bool graver = facts->verdict == SEC_VERDICT_INTACT ||
                  (facts->verdict == SEC_VERDICT_TORN_TAIL && verdict != SEC_VERDICT_TORN_TAIL);
    if (!graver)
        return;
    facts->verdict = verdict;
    facts->why = why;
    facts->segment = reading->stream.segment;
    facts->offset = offset;
    facts->index = reading->running.size;
}

static uint64_t offset_of(const struct sec_stream *stream, const struct sec_stream_place *place)
{
    uint64_t block = sec_segment_block_at(&stream->shape, place->number);
    if (stream->loaded && stream->from_slot >= 0 && place->number == stream->loaded_header.number)
        block = sec_segment_tail_at(&stream->shape, (unsigned)stream->from_slot);
    return block + SEC_BLOCK_HEADER_BYTES + place->offset;
}

/* NOT_FOUND ends the reading of a segment; what was found says why. */
static sec_status tampered(struct reading *reading, const char *why, const struct sec_stream_place *place)
{
    find(reading, SEC_VERDICT_TAMPERED, why, offset_of(&reading->stream, place));
    return sec_st(SEC_NOT_FOUND);
}

/* --- evidence along the way --------------------------------------------------- */

static void differs(struct reading *reading, uint64_t size)
{
    struct sec_verify_facts *facts = &reading->facts;
    if (!facts->differs || size < facts->differs_at)
        facts->differs_at = size;
    facts->differs = true;
}

static sec_status compare_head(struct reading *reading, const struct sec_head *head)
{
    struct sec_digest root;
    if (!head || head->size != reading->running.size || !sec_digest_equal(&head->log_id, &reading->facts.log_id))
        return sec_st(SEC_OK);
    SEC_TRY(sec_merkle_root(&reading->running, &reading->crypto->hasher, &root));
    if (!sec_digest_equal(&root, &head->root))
        differs(reading, head->size);
    return sec_st(SEC_OK);
}

/* All evidence that names the tree of the present size. */
static sec_status compare_size(struct reading *reading)
{
    const struct sec_verify_evidence *evidence = reading->evidence;
    SEC_TRY(compare_head(reading, reading->probe));
    for (size_t i = 0; evidence && i < evidence->heads_count; i++)
        SEC_TRY(compare_head(reading, &evidence->heads[i]));
    for (size_t i = 0; evidence && i < evidence->receipts_count; i++)
        SEC_TRY(compare_head(reading, &evidence->receipts[i].head));
    return sec_st(SEC_OK);
}

static sec_status compare_leaf(struct reading *reading, uint64_t index, const struct sec_digest *leaf)
{
    const struct sec_verify_evidence *evidence = reading->evidence;
    for (size_t i = 0; evidence && i < evidence->receipts_count; i++) {
        const struct sec_receipt *receipt = &evidence->receipts[i];
        struct sec_digest theirs;
        if (receipt->index != index || !sec_digest_equal(&receipt->head.log_id, &reading->facts.log_id))
            continue;
        SEC_TRY(sec_record_leaf(&reading->crypto->hasher, receipt->record_header, &receipt->body_digest, &theirs));
        if (!sec_digest_equal(&theirs, leaf))
            differs(reading, index + 1);
    }
    return sec_st(SEC_OK);
}

/* --- records and heads ----------------------------------------------------------- */

struct record {
    struct sec_record_header header;
    struct sec_bytes header_bytes;
    struct sec_bytes body;
};

static sec_status show(struct reading *reading, const struct record *record)
{
    struct sec_journal_record shown = {.header = record->header, .content = record->body};
    if (record->header.index >= reading->show_until)
        return sec_st(SEC_OK);
    shown.opened = record->header.seal == SEC_SEAL_CLEAR;
    if (shown.opened && record->header.committed)
        shown.content = sec_bytes_part(record->body, 32, record->body.len);
    return reading->visitor->record(reading->visitor->ctx, &shown);
}

static sec_status count_record(struct reading *reading, const struct record *record)
{
    const struct sec_hasher *hasher = &reading->crypto->hasher;
    struct sec_digest body_digest, leaf;
    SEC_TRY(hasher->digest(hasher->ctx, &record->body, 1, &body_digest));
    SEC_TRY(sec_record_leaf(hasher, record->header_bytes, &body_digest, &leaf));
    SEC_TRY(sec_merkle_append(&reading->running, hasher, &leaf));
    SEC_TRY(compare_leaf(reading, record->header.index, &leaf));
    return compare_size(reading);
}

/* What a frame says, until its head shows that it counts. */
struct frame_facts {
    uint64_t boots;
    uint32_t boot;
    bool has_boot;
    bool has_trim;
    uint64_t trim_until;
    struct sec_digest trim_root;
};

static void note_record(const struct record *record, struct frame_facts *facts)
{
    if (!facts->has_boot || record->header.boot != facts->boot)
        facts->boots++;
    facts->has_boot = true;
    facts->boot = record->header.boot;
    if (record->header.record_class == SEC_RECORD_TRIM && record->header.seal == SEC_SEAL_CLEAR &&
        sec_ok(sec_trim_record_parse(record->body, &facts->trim_until, &facts->trim_root)))
        facts->has_trim = true;
}

/* MALFORMED: no such record can stand here. */
static sec_status read_record(struct reading *reading, struct sec_bytes bytes, struct frame_facts *facts)
{
    struct record record;
    if (!sec_ok(sec_record_parse(bytes, &record.header, &record.header_bytes, &record.body)))
        return sec_st(SEC_MALFORMED);
    if (record.header.index != reading->running.size)
        return sec_st(SEC_MALFORMED);
    if (reading->visitor) {
        reading->running.size++;
        return show(reading, &record);
    }
    note_record(&record, facts);
    return count_record(reading, &record);
}

/* The statement names its key: one of another device is told from a forged one. */
static const char *head_fault(const struct reading *reading, struct sec_bytes bytes)
{
    struct sec_statement statement;
    struct sec_key_id id;
    bool other = sec_ok(sec_statement_parse(bytes, &statement)) &&
                 sec_ok(sec_key_id_of(reading->key, &reading->crypto->hasher, &id)) && !sec_key_id_equal(&id, &statement.kid);
    return other ? "a head names another key than the one given" : "a head's signature is wrong";
}

static sec_status check_head(struct reading *reading, struct sec_bytes statement, const struct sec_stream_place *start)
{
    const struct sec_hasher *hasher = &reading->crypto->hasher;
    struct sec_digest root;
    struct sec_head head;
    sec_status status = sec_head_check(statement, reading->key, reading->crypto, &head);
    if (sec_status_class(status) == SEC_CLASS_IO)
        return status;
    if (!sec_ok(status))
        return tampered(reading, head_fault(reading, statement), start);
    SEC_TRY(sec_merkle_root(&reading->running, hasher, &root));
    if (head.size != reading->running.size || !sec_digest_equal(&head.root, &root))
        return tampered(reading, "a head's root is not that of the records", start);
    if (!sec_digest_equal(&head.log_id, &reading->facts.log_id))
        return tampered(reading, "a head is of another log", start);
    reading->facts.head = head;
    reading->facts.has_head = true;
    reading->facts.proved = head.size;
    reading->has_last = true;
    return hasher->digest(hasher->ctx, &statement, 1, &reading->last);
}

static void adopt(struct reading *reading, const struct frame_facts *facts)
{
    reading->facts.boots = facts->boots;
    reading->has_boot = facts->has_boot;
    reading->boot = facts->boot;
    if (facts->has_trim) {
        reading->has_trim = true;
        reading->trim_until = facts->trim_until;
        reading->trim_root = facts->trim_root;
    }
}

/* --- frames ------------------------------------------------------------------------ */

/* NOT_FOUND ends the segment before this frame. */
static sec_status read_frame(struct reading *reading, struct sec_frame frame, const struct sec_stream_place *start)
{
    const struct sec_merkle_frontier before = reading->running;
    const struct sec_frame whole = frame;
    struct frame_facts facts = {.boots = reading->facts.boots, .boot = reading->boot, .has_boot = reading->has_boot};
    struct sec_bytes bytes;
    sec_status status = sec_st(frame.sequence > reading->sequence ? SEC_OK : SEC_MALFORMED);
    while (sec_ok(status) && sec_frame_next(&frame, &bytes))
        status = read_record(reading, bytes, &facts);
    if (sec_ok(status) && whole.has_head && !reading->visitor)
        status = check_head(reading, whole.head, start);
    bool foreign = sec_is(status, SEC_MALFORMED);
    if (foreign && whole.has_head)
        status = tampered(reading, "a frame under a head holds what cannot stand there", start);
    else if (foreign)
        status = sec_st(SEC_NOT_FOUND);
    if (sec_is(status, SEC_NOT_FOUND)) {
        reading->running = before;
        sec_stream_seek(&reading->stream, start);
    }
    SEC_TRY(status);
    adopt(reading, &facts);
    reading->sequence = whole.sequence;
    return status;
}

static sec_status read_frames(struct reading *reading)
{
    for (;;) {
        struct sec_frame frame;
        const struct sec_stream_place start = sec_stream_tell(&reading->stream);
        sec_status status = sec_stream_frame(&reading->stream, reading->rooms.frame, &frame);
        if (sec_is(status, SEC_MALFORMED))
            status = tampered(reading, "a frame's checksum is right and its content is none", &start);
        if (sec_is(status, SEC_TRUNCATED))
            return sec_st(SEC_OK);
        if (sec_ok(status))
            status = read_frame(reading, frame, &start);
        if (sec_is(status, SEC_NOT_FOUND))
            return sec_st(SEC_OK);
        SEC_TRY(status);
    }
}

/* --- segments ------------------------------------------------------------------------ */

/* No cut changes the length of a segment: it is made whole, zeros and all, before it gets its name. */
static void judge_length(struct reading *reading, bool last)
{
    const struct sec_stream *stream = &reading->stream;
    if (stream->present_bytes < stream->shape.bytes) {
        reading->facts.shortened = last;
        find(reading, SEC_VERDICT_TAMPERED, "the segment is shorter than it was made", stream->present_bytes);
    } else if (stream->present_bytes > stream->shape.bytes) {
        find(reading, SEC_VERDICT_TAMPERED, "the segment is longer than it was made", stream->shape.bytes);
    }
}

/* True when what is whole goes on up to where the segment physically ends: what is missing was cut away, not changed. */
static sec_status ends_physically(struct sec_stream *stream, struct sec_stream_place place, bool *ret_ends)
{
    const size_t full = sec_segment_payload_bytes(&stream->shape);
    sec_status status;
    for (;;) {
        sec_stream_seek(stream, &place);
        status = sec_stream_load(stream);
        if (!sec_ok(status) || stream->payload.len < full)
            break;
        place = (struct sec_stream_place){.number = place.number + 1, .chain = stream->loaded_header.crc};
    }
    if (!sec_ok(status) && !sec_is(status, SEC_NOT_FOUND))
        return status;
    *ret_ends = sec_segment_block_at(&stream->shape, place.number) + stream->shape.block_bytes > stream->present_bytes;
    return sec_st(SEC_OK);
}

static sec_status judge_rest(struct reading *reading, bool last)
{
    struct sec_stream *stream = &reading->stream;
    const struct sec_stream_place end = sec_stream_tell(stream);
    struct sec_stream_rest rest;
    SEC_TRY(sec_stream_judge(stream, &end, &end, reading->sequence, &rest));
    bool is_short = stream->present_bytes < stream->shape.bytes;
    reading->facts.damaged = rest.torn || is_short;
    if (rest.beyond_cut) {
        if (last && is_short)
            SEC_TRY(ends_physically(stream, end, &reading->facts.shortened));
        find(reading, SEC_VERDICT_TAMPERED, "damage before the last commit", sec_segment_block_at(&stream->shape, end.number));
        return sec_st(SEC_OK);
    }
    if (rest.torn)
        find(reading, SEC_VERDICT_TORN_TAIL, "the last write is torn, or unused space is not empty", rest.dirty_at);
    judge_length(reading, last);
    return sec_st(SEC_OK);
}

static bool frontier_equal(const struct sec_merkle_frontier *a, const struct sec_merkle_frontier *b)
{
    bool equal = a->size == b->size;
    for (size_t level = 0; equal && level < 64; level++)
        if (a->size >> level & 1)
            equal = sec_digest_equal(&a->nodes[level], &b->nodes[level]);
    return equal;
}

/* The first kept segment gives the start; each later one must continue the one before. */
static sec_status join_segment(struct reading *reading, const struct sec_segment_header *header, bool first)
{
    struct sec_verify_facts *facts = &reading->facts;
    if (first) {
        facts->log_id = header->log_id;
        facts->has_log_id = true;
        facts->first = header->frontier.size;
        reading->running = header->frontier;
        SEC_TRY(sec_merkle_root(&reading->running, &reading->crypto->hasher, &reading->first_root));
        return compare_size(reading);
    }
    if (reading->visitor)
        return sec_st(SEC_OK);
    bool follows = frontier_equal(&reading->running, &header->frontier) && header->has_previous == reading->has_last &&
                   (!reading->has_last || sec_digest_equal(&reading->last, &header->previous));
    if (!sec_digest_equal(&header->log_id, &facts->log_id))
        find(reading, SEC_VERDICT_TAMPERED, "a segment is of another log", 0);
    else if (!follows)
        find(reading, SEC_VERDICT_TAMPERED, "a segment does not continue the one before", 0);
    return sec_st(facts->verdict == SEC_VERDICT_TAMPERED ? SEC_NOT_FOUND : SEC_OK);
}

struct segment_name {
    uint32_t number;
    uint64_t bytes;
    bool last;
};

/* A segment without a valid header: cut off while it was made, when it is the last and nothing follows in it. */
static sec_status judge_headless_segment(struct reading *reading, const struct segment_name *name)
{
    struct sec_segment_shape shape;
    bool zero = false, whole = sec_ok(sec_segment_shape_of(reading->storage->block_bytes, name->bytes, &shape));
    SEC_TRY(sec_stream_blank(reading->storage, name->number, name->bytes, &reading->rooms, &zero));
    reading->stream.segment = name->number;
    reading->facts.damaged = true;
    reading->facts.shortened = name->last && !whole;
    if (name->last && zero && whole)
        find(reading, SEC_VERDICT_TORN_TAIL, "the making of a segment was cut off", 0);
    else
        find(reading, SEC_VERDICT_TAMPERED, "a segment's header is damaged", 0);
    return sec_st(SEC_NOT_FOUND);
}

static sec_status read_segment(struct reading *reading, const struct segment_name *name, bool first)
{
    struct sec_segment_header header;
    sec_status status =
        sec_stream_open(&reading->stream, reading->storage, name->number, name->bytes, &reading->rooms, &header);
    if (sec_is(status, SEC_MALFORMED))
        return judge_headless_segment(reading, name);
    SEC_TRY(status);
    SEC_TRY(join_segment(reading, &header, first));
    reading->sequence = 0;
    SEC_TRY(read_frames(reading));
    if (reading->visitor)
        return sec_st(SEC_OK);
    if (reading->facts.verdict != SEC_VERDICT_TAMPERED)
        SEC_TRY(judge_rest(reading, name->last));
    if (name->last && reading->sequence == 0 && !first)
        find(reading, SEC_VERDICT_TORN_TAIL, "a segment was made and nothing written", 0);
    return sec_st(reading->facts.verdict == SEC_VERDICT_TAMPERED ? SEC_NOT_FOUND : SEC_OK);
}

static sec_status read_segments(struct reading *reading)
{
    const struct sec_storage *storage = reading->storage;
    struct segment_name name = {0}, next = {0};
    bool first = true;
    sec_status status = storage->next_segment(storage->ctx, 0, &next.number, &next.bytes);
    while (sec_ok(status)) {
        bool gap = !first && next.number != name.number + 1;
        name = next;
        status = storage->next_segment(storage->ctx, name.number, &next.number, &next.bytes);
        name.last = sec_is(status, SEC_NOT_FOUND);
        if (gap) {
            reading->stream.segment = name.number - 1;
            find(reading, SEC_VERDICT_GAP, "a segment is missing", 0);
            return sec_st(SEC_OK);
        }
        sec_status read = read_segment(reading, &name, first);
        if (!sec_ok(read))
            return sec_is(read, SEC_NOT_FOUND) ? sec_st(SEC_OK) : read;
        first = false;
    }
    return sec_is(status, SEC_NOT_FOUND) ? sec_st(SEC_OK) : status;
}

/* --- one copy ------------------------------------------------------------------------- */

/* Records before the first kept one are explained by a trim record under a head, with the same root. */
static void judge_start(struct reading *reading)
{
    const struct sec_verify_facts *facts = &reading->facts;
    if (facts->first == 0)
        return;
    bool covered = reading->has_trim && reading->trim_until >= facts->first;
    if (covered && reading->trim_until == facts->first)
        covered = sec_digest_equal(&reading->trim_root, &reading->first_root);
    if (covered)
        return;
    reading->stream.segment = 0;
    reading->running.size = 0;
    find(reading, SEC_VERDICT_GAP, "the first segments are missing and no trim explains it", 0);
}

static sec_status read_copy(struct reading *reading)
{
    reading->facts = (struct sec_verify_facts){.verdict = SEC_VERDICT_INTACT, .why = "all records are proved"};
    SEC_TRY(read_segments(reading));
    struct sec_verify_facts *facts = &reading->facts;
    facts->records = facts->has_log_id ? reading->running.size - facts->first : 0;
    if (!facts->has_log_id && facts->verdict == SEC_VERDICT_INTACT)
        find(reading, SEC_VERDICT_MISSING, "there is no log", 0);
    if (!facts->has_head)
        facts->proved = facts->first;
    if (facts->has_log_id && reading->running.size > facts->proved)
        find(reading, SEC_VERDICT_TORN_TAIL, "records behind the last head", 0);
    if (facts->has_log_id && !facts->has_head && facts->first == 0)
        find(reading, SEC_VERDICT_TORN_TAIL, "no head was ever completed", 0);
    judge_start(reading);
    return sec_st(SEC_OK);
}

static sec_status show_copy(const struct reading *judged, const struct sec_journal_visitor *visitor)
{
    struct reading reading = *judged;
    reading.visitor = visitor;
    reading.evidence = NULL;
    reading.probe = NULL;
    reading.show_until = judged->facts.proved;
    return read_copy(&reading);
}

/* --- another copy ------------------------------------------------------------------------ */

static struct reading reading_of(const struct sec_storage *storage, const struct sec_public_key *key,
                                 const struct sec_crypto *crypto, const struct sec_journal_rooms *rooms)
{
    return (struct reading){.storage = storage, .key = key, .crypto = crypto, .rooms = *rooms};
}

/* The other copy's last head is evidence; when it is the longer one, ours is evidence against its records as well. */
static sec_status compare_copies(struct reading *ours, const struct sec_storage *storage, const struct sec_head *theirs,
                                 struct sec_finding *finding)
{
    *finding = sec_finding_graver(*finding, sec_head_judge(&ours->facts, theirs));
    if (theirs->size <= ours->facts.proved || !ours->facts.has_head)
        return sec_st(SEC_OK);
    struct reading reading = reading_of(storage, ours->key, ours->crypto, &ours->rooms);
    reading.probe = &ours->facts.head;
    SEC_TRY(read_copy(&reading));
    if (reading.facts.differs)
        *finding = (struct sec_finding){SEC_VERDICT_FORKED, "two copies of the log differ under valid heads",
                                        reading.facts.differs_at};
    return sec_st(SEC_OK);
}

/* The last good head of the other copy. NOT_FOUND when it has none. */
static sec_status other_head(const struct reading *ours, const struct sec_storage *storage, struct sec_head *ret_head)
{
    struct reading reading = reading_of(storage, ours->key, ours->crypto, &ours->rooms);
    SEC_TRY(read_copy(&reading));
    if (!reading.facts.has_head)
        return sec_st(SEC_NOT_FOUND);
    *ret_head = reading.facts.head;
    return sec_st(SEC_OK);
}

sec_status sec_log_verify(const struct sec_storage *storage, const struct sec_public_key *key, const struct sec_crypto *crypto,
                          const struct sec_verify_evidence *evidence, struct sec_room work,
                          const struct sec_journal_visitor *visitor, struct sec_verify_result *ret_result)
{
    struct sec_journal_rooms rooms;
    struct sec_head theirs;
    bool has_theirs = false;
    SEC_TRY(sec_journal_rooms_divide(work, &rooms));
    struct reading ours = reading_of(storage, key, crypto, &rooms);
    ours.evidence = evidence;
    if (evidence && evidence->other) {
        sec_status status = other_head(&ours, evidence->other, &theirs);
        has_theirs = sec_ok(status);
        if (!has_theirs && !sec_is(status, SEC_NOT_FOUND))
            return status;
        ours.probe = has_theirs ? &theirs : NULL;
    }
    SEC_TRY(read_copy(&ours));
    if (has_theirs && ours.facts.has_log_id && !sec_digest_equal(&theirs.log_id, &ours.facts.log_id))
        return sec_st(SEC_BAD_VALUE);
    struct sec_finding finding = sec_evidence_judge(&ours.facts, evidence);
    if (has_theirs)
        SEC_TRY(compare_copies(&ours, evidence->other, &theirs, &finding));
    sec_verify_conclude(&ours.facts, &finding, ret_result);
    if (visitor)
        SEC_TRY(show_copy(&ours, visitor));
    return sec_st(SEC_OK);
}
