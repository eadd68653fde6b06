/* SPDX-License-Identifier: Apache-2.0 */
#include "log_device.h"

#include "crc32c.h"
#include "segment.h"

#define BLOCK 512u
#define TAILS_AT 4096u
#define STREAM_AT (TAILS_AT + 2u * BLOCK)

static struct frozen copy, second;

static void make(void)
{
    device_make(FAKE_STORAGE_PREALLOC, BLOCK, 64 * BLOCK, 1);
    device_begin();
}

static struct sec_verify_result verify_copy(void)
{
    return verify_storage(&copy.storage, NULL);
}

/* --- the log alone ------------------------------------------------------------- */

static void an_untouched_log_is_intact(void)
{
    make();
    for (int i = 0; i < 80; i++)
        CHECK_OK(device_decide(1, "a decision", NULL));
    struct sec_verify_result result = verify_device(NULL);
    CHECK_VERDICT(result, SEC_VERDICT_INTACT);
    CHECK_INT(result.intact_until, sec_journal_committed(&device.journal));
    CHECK_INT(result.records, sec_journal_committed(&device.journal));
    CHECK_INT(result.boots, 1);
    CHECK(result.has_head);
    CHECK(device.journal.end.segment > 1);
    SHOWS("F6.4");
}

static void no_log_is_missing(void)
{
    device_make(FAKE_STORAGE_PREALLOC, BLOCK, 64 * BLOCK, 1);
    CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_MISSING);
}

static void wrong_device_key_is_tampered(void)
{
    struct fake_key other;
    struct sec_verify_result result;
    make();
    fake_key_init(&other, SEC_KEY_P256, 8);
    CHECK_OK(sec_log_verify(&device.storage, &other.key, &device.crypto, NULL, SEC_ROOM(verify_work), NULL, &result));
    CHECK_VERDICT(result, SEC_VERDICT_TAMPERED);
    CHECK(strstr(result.why, "another key") != NULL);
    CHECK(result.has_log_id);
}

/* After any flip within the last write the device starts, and what it kept verifies. */
static void start_after_each_flip(uint32_t segment, size_t from, size_t to)
{
    uint8_t *bytes = frozen_segment(&copy, segment);
    for (size_t at = from; at < to; at++) {
        bytes[at] ^= 0x10;
        memcpy(device.fake_storage.memory.content, copy.content, device.fake_storage.memory.content_bytes);
        CHECK_OK(device_restart(1));
        CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_INTACT);
        bytes[at] ^= 0x10;
    }
}

/* Flips each bit from `from` to `to` of a segment and wants `want` of each. */
static void flip_all(uint32_t segment, size_t from, size_t to, enum sec_verdict want, enum sec_verdict or_want)
{
    uint8_t *bytes = frozen_segment(&copy, segment);
    for (size_t at = from; at < to; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1u << bit);
            struct sec_verify_result result = verify_copy();
            if (result.verdict != or_want)
                CHECK_VERDICT(result, want);
            bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
}

static void each_bit_of_the_last_two_commits_is_torn_tail(void)
{
    make();
    for (int i = 0; i < 4; i++)
        CHECK_OK(device_decide(1, "short", NULL));
    freeze(&copy);
    uint32_t segment = device.journal.end.segment;
    CHECK_VERDICT(verify_copy(), SEC_VERDICT_INTACT);
    flip_all(segment, TAILS_AT, TAILS_AT + 2 * BLOCK, SEC_VERDICT_TORN_TAIL, SEC_VERDICT_TORN_TAIL);
    thaw(&copy);
}

static void each_bit_of_a_last_commit_over_many_blocks_is_torn_tail(void)
{
    static uint8_t content[1500];
    make();
    CHECK_OK(device_decide(1, "before", NULL));
    uint32_t from = device.journal.end.place.number;
    CHECK_OK(sec_journal_stage(&device.journal, SEC_RECORD_DECISION, 1, true, SEC_BYTES(content), NULL));
    CHECK_OK(device_commit(true));
    uint32_t to = device.journal.end.place.number;
    CHECK(to - from >= 3);
    freeze(&copy);
    flip_all(1, STREAM_AT + from * BLOCK, STREAM_AT + to * BLOCK, SEC_VERDICT_TORN_TAIL, SEC_VERDICT_TORN_TAIL);
    flip_all(1, TAILS_AT, TAILS_AT + 2 * BLOCK, SEC_VERDICT_TORN_TAIL, SEC_VERDICT_TORN_TAIL);
    start_after_each_flip(1, STREAM_AT + from * BLOCK, STREAM_AT + to * BLOCK);
    start_after_each_flip(1, TAILS_AT, TAILS_AT + 2 * BLOCK);
    thaw(&copy);
}

static void each_bit_of_a_block_before_is_tampered(void)
{
    make();
    while (device.journal.end.place.number < 6)
        CHECK_OK(device_decide(1, "a decision that takes some space in its block", NULL));
    CHECK_OK(device_decide(1, "one more", NULL));
    uint32_t number = device.journal.end.place.number;
    freeze(&copy);
    flip_all(1, STREAM_AT + (number - 2) * BLOCK, STREAM_AT + (number - 1) * BLOCK, SEC_VERDICT_TAMPERED,
             SEC_VERDICT_TAMPERED);
    flip_all(1, 0, 300, SEC_VERDICT_TAMPERED, SEC_VERDICT_TAMPERED);
    flip_all(1, 4000, TAILS_AT, SEC_VERDICT_TAMPERED, SEC_VERDICT_TAMPERED);
    thaw(&copy);
}

static void damage_in_an_older_segment_is_tampered(void)
{
    make();
    while (device.journal.end.segment < 3)
        CHECK_OK(device_decide(1, "a decision that takes some space in its block", NULL));
    freeze(&copy);
    uint8_t *bytes = frozen_segment(&copy, 2);
    for (uint32_t number = 0; number < 50; number += 7) {
        bytes[STREAM_AT + number * BLOCK + 100] ^= 1;
        CHECK_VERDICT(verify_copy(), SEC_VERDICT_TAMPERED);
        bytes[STREAM_AT + number * BLOCK + 100] ^= 1;
    }
    CHECK_VERDICT(verify_copy(), SEC_VERDICT_INTACT);
    thaw(&copy);
}

static void both_tails_torn_is_tampered_and_not_opened(void)
{
    make();
    for (int i = 0; i < 4; i++)
        CHECK_OK(device_decide(1, "short", NULL));
    CHECK_OK(fake_storage_flip(&device.fake_storage, 1, TAILS_AT + 40, 1));
    CHECK_OK(fake_storage_flip(&device.fake_storage, 1, TAILS_AT + BLOCK + 40, 1));
    CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_TAMPERED);
    uint64_t before = fake_storage_digest(&device.fake_storage);
    CHECK_STATUS(device_restart(1), SEC_TAMPERED);
    CHECK(before == fake_storage_digest(&device.fake_storage));
}

static void records_behind_the_last_head_are_torn_tail(void)
{
    make();
    CHECK_OK(device_event(1, "an event"));
    struct sec_verify_result result = verify_device(NULL);
    CHECK_VERDICT(result, SEC_VERDICT_TORN_TAIL);
    CHECK_INT(result.intact_until, 1);
    CHECK_INT(result.records, 3);
    CHECK_OK(device_commit(true));
    CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_INTACT);
}

static void non_zero_unused_space_is_torn_tail_and_zeroed(void)
{
    make();
    CHECK_OK(device_decide(1, "short", NULL));
    CHECK_OK(fake_storage_flip(&device.fake_storage, 1, STREAM_AT + 40 * BLOCK + 9, 0x10));
    CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_TORN_TAIL);
    CHECK_OK(device_restart(1));
    CHECK_INT(device.found.cut_bytes, BLOCK);
    CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_INTACT);
}

static void whole_records_gone_behind_the_last_head_are_torn_tail(void)
{
    make();
    CHECK_OK(device_decide(1, "short", NULL));
    CHECK_OK(device_event(1, "one"));
    CHECK_OK(device_event(1, "two"));
    freeze(&copy);
    memset(&frozen_segment(&copy, 1)[TAILS_AT + device.journal.end.tail_slot * BLOCK], 0, BLOCK);
    struct sec_verify_result result = verify_copy();
    CHECK_VERDICT(result, SEC_VERDICT_TORN_TAIL);
    CHECK_INT(result.records, sec_journal_committed(&device.journal) - 1);
    thaw(&copy);
}

/* --- forging ---------------------------------------------------------------------- */

/* The newest tail, re-sealed after a change so that all checksums are right. */
struct forgery {
    uint8_t *block;
    struct sec_block_header header;
    size_t frame_at; /* of the last frame, in the block */
};

static struct sec_bytes block_bytes(const struct forgery *forgery)
{
    return sec_bytes(forgery->block, BLOCK);
}

static uint32_t frame_len(const struct forgery *forgery, size_t at)
{
    struct sec_rd rd = sec_rd(sec_bytes(&forgery->block[at], 4));
    return sec_rd_u32(&rd);
}

static void forgery_begin(struct forgery *forgery, uint32_t segment, size_t last_frame_at)
{
    forgery->block = &frozen_segment(&copy, segment)[TAILS_AT + device.journal.end.tail_slot * BLOCK];
    CHECK(sec_block_parse(block_bytes(forgery), &forgery->header));
    forgery->frame_at = SEC_BLOCK_HEADER_BYTES + last_frame_at;
}

static void forgery_seal(struct forgery *forgery)
{
    size_t at = forgery->frame_at;
    struct sec_bytes content = sec_bytes(&forgery->block[at + 8], frame_len(forgery, at));
    struct sec_wr wr = sec_wr(sec_room(&forgery->block[at + 4], 4));
    sec_wr_u32(&wr, sec_crc32c_add(0, content));
    sec_block_seal(sec_room(forgery->block, BLOCK), &forgery->header);
}

/* Leaves the last commit's frame whole in one tail block; gives its place there. */
static size_t small_last_frame(void)
{
    size_t offset = 0;
    make();
    CHECK_OK(device_decide(1, "x", NULL));
    CHECK_OK(sec_journal_stage(&device.journal, SEC_RECORD_SYSTEM, 1, false, SEC_LIT("an event"), NULL));
    CHECK_OK(device_commit(true));
    for (int i = 0; i < 20; i++) {
        uint32_t number = device.journal.end.place.number;
        offset = device.journal.end.place.offset;
        CHECK_OK(sec_journal_commit(&device.journal, &device.facts, NULL));
        if (device.journal.end.place.number == number)
            return offset;
    }
    printf("no frame fits\n");
    test_stop(TEST_FAILED);
}

static void right_checksum_and_wrong_signature_is_tampered(void)
{
    struct forgery forgery;
    size_t at = small_last_frame();
    freeze(&copy);
    forgery_begin(&forgery, 1, at);
    uint32_t len = frame_len(&forgery, forgery.frame_at);
    forgery_seal(&forgery);
    CHECK_VERDICT(verify_copy(), SEC_VERDICT_INTACT);
    /* From behind the format number, which would make it another version's frame. */
    for (size_t i = 2; i < len; i++) {
        forgery.block[forgery.frame_at + 8 + i] ^= 4;
        forgery_seal(&forgery);
        CHECK_VERDICT(verify_copy(), SEC_VERDICT_TAMPERED);
        forgery.block[forgery.frame_at + 8 + i] ^= 4;
    }
    thaw(&copy);
}

/* Appends a frame to the newest tail as somebody would who has the flash and not the key. */
static void append_forged(struct forgery *forgery, struct sec_bytes record, struct sec_bytes head)
{
    size_t at = SEC_BLOCK_HEADER_BYTES + (size_t)forgery->header.used;
    struct sec_wr wr = sec_wr(sec_room(&forgery->block[at], BLOCK - at));
    sec_wr_u64(&wr, 0);
    sec_cbor_put_array(&wr, 4);
    sec_cbor_put_uint(&wr, 1);
    sec_cbor_put_uint(&wr, ++forgery->header.sequence);
    sec_cbor_put_array(&wr, 1);
    sec_cbor_put_bstr(&wr, record);
    if (head.len > 0)
        sec_cbor_put_bstr(&wr, head);
    else
        sec_cbor_put_null(&wr);
    CHECK(!wr.bad);
    struct sec_wr len = sec_wr(sec_room(&forgery->block[at], 4));
    sec_wr_u32(&len, (uint32_t)(wr.len - 8));
    forgery->header.used = (uint16_t)(forgery->header.used + wr.len);
    forgery->frame_at = at;
    forgery_seal(forgery);
}

static struct sec_bytes forged_record(uint8_t room[128], enum sec_record_class record_class)
{
    struct sec_wr wr = sec_wr(sec_room(room, 128));
    struct sec_record_header header = {.index = sec_journal_committed(&device.journal), .boot = 1, .epoch = 1};
    header.record_class = record_class;
    sec_record_header_encode(&header, &wr);
    sec_wr_bytes(&wr, SEC_LIT("you have a new owner"));
    return sec_wr_done(&wr);
}

static void a_record_appended_without_the_key_is_torn_tail_and_dropped(void)
{
    static const enum sec_record_class classes[] = {SEC_RECORD_DECISION, SEC_RECORD_SYSTEM, SEC_RECORD_SNAPSHOT,
                                                    SEC_RECORD_TRIM};
    for (size_t i = 0; i < 4; i++) {
        uint8_t room[128];
        struct forgery forgery;
        make();
        while (device.journal.end.place.offset > 300)
            CHECK_OK(sec_journal_commit(&device.journal, &device.facts, NULL));
        uint64_t committed = sec_journal_committed(&device.journal);
        freeze(&copy);
        forgery_begin(&forgery, 1, 0);
        append_forged(&forgery, forged_record(room, classes[i]), SEC_LIT(""));
        CHECK_VERDICT(verify_copy(), SEC_VERDICT_TORN_TAIL);
        memcpy(device.fake_storage.memory.content, copy.content, device.fake_storage.memory.content_bytes);
        CHECK_OK(device_restart(1));
        CHECK_INT(device.found.dropped_count, 1);
        CHECK(device.found.cut_bytes > 0);
        CHECK_INT(sec_journal_committed(&device.journal), committed);
        CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_INTACT);
        CHECK_OK(device_decide(1, "life goes on", NULL));
        CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_INTACT);
        thaw(&copy);
    }
}

static void a_cut_while_a_forged_record_is_dropped_changes_nothing(void)
{
    uint8_t room[128];
    struct forgery forgery;
    make();
    while (device.journal.end.place.offset > 300 || device.journal.end.place.number == 0)
        CHECK_OK(sec_journal_commit(&device.journal, &device.facts, NULL));
    uint64_t committed = sec_journal_committed(&device.journal);
    freeze(&copy);
    forgery_begin(&forgery, 1, 0);
    append_forged(&forgery, forged_record(room, SEC_RECORD_DECISION), SEC_LIT(""));
    append_forged(&forgery, forged_record(room, SEC_RECORD_DECISION), SEC_LIT(""));
    for (uint64_t story = 0; story < 200; story++) {
        memcpy(device.fake_storage.memory.content, copy.content, device.fake_storage.memory.content_bytes);
        fake_power_reseed(&device.power, story);
        fake_power_arm(&device.power, 1 + story % 6);
        if (!sec_ok(device_restart(1)))
            fake_storage_power_on(&device.fake_storage);
        fake_power_arm(&device.power, 0);
        CHECK_VERDICT(verify_device(NULL), verify_device(NULL).verdict == SEC_VERDICT_INTACT ? SEC_VERDICT_INTACT
                                                                                            : SEC_VERDICT_TORN_TAIL);
        CHECK_OK(device_restart(1));
        CHECK_INT(sec_journal_committed(&device.journal), committed);
        CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_INTACT);
        CHECK_OK(device_decide(1, "life goes on", NULL));
        CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_INTACT);
    }
    thaw(&copy);
}

/* --- segments ----------------------------------------------------------------------- */

static void fill_segments(uint32_t count)
{
    make();
    while (device.journal.end.segment < count)
        CHECK_OK(device_decide(1, "a decision that takes some space in its block", NULL));
}

static void a_missing_segment_is_a_gap(void)
{
    for (uint32_t gone = 1; gone <= 3; gone++) {
        fill_segments(4);
        CHECK_OK(device.storage.remove(device.storage.ctx, gone));
        struct sec_verify_result result = verify_device(NULL);
        CHECK_VERDICT(result, SEC_VERDICT_GAP);
    }
}

static void a_trim_record_explains_a_missing_beginning(void)
{
    fill_segments(4);
    uint64_t kept = sec_journal_committed(&device.journal) - 1;
    CHECK_OK(sec_journal_trim(&device.journal, kept, &device.facts));
    struct sec_verify_result result = verify_device(NULL);
    CHECK_VERDICT(result, SEC_VERDICT_INTACT);
    CHECK(result.trimmed > 0);
    CHECK_INT(result.trimmed + result.records, sec_journal_committed(&device.journal));
}

/* --- evidence from elsewhere ------------------------------------------------------------ */

static struct sec_verify_evidence head_evidence(const struct sec_head *head)
{
    return (struct sec_verify_evidence){.heads = head, .heads_count = 1};
}

static void a_log_that_ends_before_the_head_is_truncated(void)
{
    make();
    CHECK_OK(device_decide(1, "short", NULL));
    struct sec_head old = last_head();
    freeze(&copy);
    CHECK_OK(device_decide(1, "shorter", NULL));
    struct sec_head head = last_head();
    struct sec_verify_evidence evidence = head_evidence(&head);
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_INTACT);
    CHECK_VERDICT(verify_storage(&copy.storage, &evidence), SEC_VERDICT_TRUNCATED);
    evidence = head_evidence(&old);
    CHECK_VERDICT(verify_storage(&copy.storage, &evidence), SEC_VERDICT_INTACT);
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_INTACT);
    thaw(&copy);
}

static void a_segment_of_another_length_is_tampered_and_not_opened(void)
{
    make();
    CHECK_OK(device_decide(1, "short", NULL));
    struct sec_head before = last_head();
    CHECK_OK(device_decide(1, "shorter", NULL));
    struct sec_head last = last_head();
    uint32_t blocks = device.fake_storage.segments[0].blocks_count;
    const uint32_t lengths[] = {blocks - 1, 20, 5, 0, blocks + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        device.fake_storage.segments[0].blocks_count = lengths[i];
        CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_TAMPERED);
        CHECK_STATUS(device_restart(1), SEC_TAMPERED);
    }
    /* What is gone held nothing: evidence that agrees does not make it whole. */
    device.fake_storage.segments[0].blocks_count = blocks - 1;
    struct sec_verify_evidence evidence = head_evidence(&before);
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_TAMPERED);
    /* Evidence of what was there says what became of it. */
    device.fake_storage.segments[0].blocks_count = 8;
    evidence = head_evidence(&last);
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_TRUNCATED);
    device.fake_storage.segments[0].blocks_count = blocks;
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_INTACT);
    CHECK_OK(device_restart(1));
}

/* Wherever a segment is cut off, also within a commit of many blocks: evidence tells a truncation from a change. */
static void a_segment_cut_off_anywhere_is_truncated_with_a_head(void)
{
    static uint8_t content[1500];
    make();
    for (int i = 0; i < 4; i++) {
        CHECK_OK(sec_journal_stage(&device.journal, SEC_RECORD_DECISION, 1, true, SEC_BYTES(content), NULL));
        CHECK_OK(device_commit(true));
    }
    struct sec_head head = last_head();
    struct sec_verify_evidence evidence = head_evidence(&head);
    uint32_t end = STREAM_AT / BLOCK + device.journal.end.place.number;
    for (uint32_t blocks = TAILS_AT / BLOCK; blocks < end; blocks++) {
        device.fake_storage.segments[0].blocks_count = blocks;
        CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_TAMPERED);
        CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_TRUNCATED);
    }
    device.fake_storage.segments[0].blocks_count = end;
    CHECK_OK(fake_storage_flip(&device.fake_storage, 1, STREAM_AT + BLOCK + 40, 1));
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_TAMPERED);
}

static void a_last_segment_of_no_length_is_not_one_cut_off_while_it_was_made(void)
{
    fill_segments(3);
    struct sec_head head = last_head();
    struct sec_verify_evidence evidence = head_evidence(&head);
    for (size_t i = 0; i < device.fake_storage.segments_max; i++)
        if (device.fake_storage.segments[i].number == 3)
            device.fake_storage.segments[i].blocks_count = 0;
    CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_TAMPERED);
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_TRUNCATED);
    CHECK_STATUS(device_restart(1), SEC_TAMPERED);
}

static void a_missing_last_segment_is_truncated_with_a_head(void)
{
    fill_segments(3);
    struct sec_head head = last_head();
    struct sec_verify_evidence evidence = head_evidence(&head);
    CHECK_OK(device.storage.remove(device.storage.ctx, 3));
    CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_INTACT);
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_TRUNCATED);
}

static void an_older_state_is_rolled_back(void)
{
    make();
    CHECK_OK(device_decide(1, "short", NULL));
    freeze(&copy);
    CHECK_OK(device_restart(1));
    CHECK_OK(device_decide(1, "after a restart", NULL));
    struct sec_head head = last_head();
    struct sec_verify_evidence evidence = head_evidence(&head);
    CHECK_VERDICT(verify_storage(&copy.storage, &evidence), SEC_VERDICT_ROLLED_BACK);
    thaw(&copy);
}

static void a_newer_head_of_the_same_size_is_rolled_back(void)
{
    make();
    CHECK_OK(device_decide(1, "short", NULL));
    freeze(&copy);
    device.facts.has_counter = true;
    device.facts.counter = 5;
    CHECK_OK(sec_journal_commit(&device.journal, &device.facts, NULL));
    CHECK_OK(device_restart(1));
    CHECK_OK(sec_journal_commit(&device.journal, &device.facts, NULL));
    struct sec_head head = last_head();
    struct sec_verify_evidence evidence = head_evidence(&head);
    CHECK_VERDICT(verify_storage(&copy.storage, &evidence), SEC_VERDICT_ROLLED_BACK);
    thaw(&copy);
}

static void an_absent_log_is_missing(void)
{
    make();
    struct sec_head head = last_head();
    struct sec_verify_evidence evidence = head_evidence(&head);
    head.log_id.b[0] ^= 1;
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_MISSING);
    head.log_id.b[0] ^= 1;
    CHECK_OK(device.storage.remove(device.storage.ctx, 1));
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_MISSING);
}

static void a_receipt_of_what_is_not_there_tells(void)
{
    static uint8_t room[4096];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    struct sec_receipt receipt;
    uint64_t index = 0;
    make();
    freeze(&copy);
    CHECK_OK(device_decide(1, "granted", &index));
    CHECK_OK(sec_journal_receipt(&device.journal, index, &wr));
    CHECK_OK(sec_receipt_parse(sec_wr_done(&wr), &receipt));
    CHECK_OK(sec_receipt_check(&receipt, &device.key.key, &device.crypto));
    struct sec_verify_evidence evidence = {.receipts = &receipt, .receipts_count = 1};
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_INTACT);
    CHECK_VERDICT(verify_storage(&copy.storage, &evidence), SEC_VERDICT_TRUNCATED);
    /* The device goes on from the older state with another decision at the same place. */
    memcpy(device.fake_storage.memory.content, copy.content, device.fake_storage.memory.content_bytes);
    CHECK_OK(device_restart(1));
    CHECK_OK(device_decide(1, "refused!", NULL));
    CHECK_OK(device_decide(1, "and so on", NULL));
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_FORKED);
    thaw(&copy);
}

static void copies_that_share_a_beginning_and_differ_are_forked(void)
{
    make();
    CHECK_OK(device_decide(1, "shared", NULL));
    freeze(&copy);
    CHECK_OK(device_decide(1, "left", NULL));
    CHECK_OK(device_decide(1, "left again", NULL));
    freeze(&second);
    struct sec_verify_evidence evidence = {.other = &second.storage};
    CHECK_VERDICT(verify_storage(&copy.storage, &evidence), SEC_VERDICT_TRUNCATED);
    evidence.other = &copy.storage;
    CHECK_VERDICT(verify_storage(&second.storage, &evidence), SEC_VERDICT_INTACT);
    memcpy(device.fake_storage.memory.content, copy.content, device.fake_storage.memory.content_bytes);
    CHECK_OK(device_restart(1));
    CHECK_OK(device_decide(1, "right", NULL));
    CHECK_VERDICT(verify_device(NULL), SEC_VERDICT_INTACT);
    evidence.other = &second.storage;
    CHECK_VERDICT(verify_device(&evidence), SEC_VERDICT_FORKED);
    struct sec_storage device_storage = device.storage;
    evidence.other = &device_storage;
    CHECK_VERDICT(verify_storage(&second.storage, &evidence), SEC_VERDICT_FORKED);
    thaw(&copy);
    thaw(&second);
}

static sec_status count_shown(void *ctx, const struct sec_journal_record *record)
{
    uint64_t *count = ctx;
    CHECK_INT(record->header.index, *count);
    (*count)++;
    return sec_st(SEC_OK);
}

static void proved_records_are_shown_in_order(void)
{
    uint64_t count = 0;
    const struct sec_journal_visitor visitor = {&count, count_shown, NULL};
    struct sec_verify_result result;
    fill_segments(3);
    uint64_t proved = sec_journal_committed(&device.journal);
    CHECK_OK(device_event(1, "not proved"));
    CHECK_OK(sec_log_verify(&device.storage, &device.key.key, &device.crypto, NULL, SEC_ROOM(verify_work), &visitor, &result));
    CHECK_INT(count, proved);
    CHECK_INT(result.intact_until, proved);
}

static void every_verdict_has_its_word(void)
{
    CHECK(strcmp(sec_verdict_word(SEC_VERDICT_INTACT), "intact") == 0);
    CHECK(strcmp(sec_verdict_word(SEC_VERDICT_TORN_TAIL), "torn-tail") == 0);
    CHECK(strcmp(sec_verdict_word(SEC_VERDICT_FORKED), "forked") == 0);
    CHECK(strcmp(sec_verdict_word((enum sec_verdict)99), "unknown") == 0);
}

static const struct test tests[] = {
    TEST(an_untouched_log_is_intact),
    TEST(no_log_is_missing),
    TEST(wrong_device_key_is_tampered),
    TEST(each_bit_of_the_last_two_commits_is_torn_tail),
    TEST(each_bit_of_a_last_commit_over_many_blocks_is_torn_tail),
    TEST(each_bit_of_a_block_before_is_tampered),
    TEST(damage_in_an_older_segment_is_tampered),
    TEST(both_tails_torn_is_tampered_and_not_opened),
    TEST(records_behind_the_last_head_are_torn_tail),
    TEST(non_zero_unused_space_is_torn_tail_and_zeroed),
    TEST(whole_records_gone_behind_the_last_head_are_torn_tail),
    TEST(right_checksum_and_wrong_signature_is_tampered),
    TEST(a_record_appended_without_the_key_is_torn_tail_and_dropped),
    TEST(a_cut_while_a_forged_record_is_dropped_changes_nothing),
    TEST(a_missing_segment_is_a_gap),
    TEST(a_trim_record_explains_a_missing_beginning),
    TEST(a_log_that_ends_before_the_head_is_truncated),
    TEST(a_segment_of_another_length_is_tampered_and_not_opened),
    TEST(a_segment_cut_off_anywhere_is_truncated_with_a_head),
    TEST(a_last_segment_of_no_length_is_not_one_cut_off_while_it_was_made),
    TEST(a_missing_last_segment_is_truncated_with_a_head),
    TEST(an_older_state_is_rolled_back),
    TEST(a_newer_head_of_the_same_size_is_rolled_back),
    TEST(an_absent_log_is_missing),
    TEST(a_receipt_of_what_is_not_there_tells),
    TEST(copies_that_share_a_beginning_and_differ_are_forked),
    TEST(proved_records_are_shown_in_order),
    TEST(every_verdict_has_its_word),
};
TEST_MAIN(tests)
