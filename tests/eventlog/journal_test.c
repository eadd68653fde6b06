/* SPDX-License-Identifier: Apache-2.0 */
#include "log_device.h"

#include "segment.h"

static void make(void)
{
    device_make(FAKE_STORAGE_PREALLOC, 512, 64 * 512, 1);
    device_begin();
}

static struct sec_journal_record read_at(uint64_t index)
{
    static uint8_t room[SEC_RECORD_MAX_BYTES];
    struct sec_journal_record record = {0};
    CHECK_OK(sec_journal_read(&device.journal, index, SEC_ROOM(room), &record));
    return record;
}

static void a_fresh_journal_begins_with_a_snapshot_under_a_head(void)
{
    device_make(FAKE_STORAGE_PREALLOC, 512, 64 * 512, 1);
    CHECK_OK(device_open());
    CHECK(device.found.fresh);
    CHECK_INT(sec_journal_size(&device.journal), 0);
    CHECK_OK(device_stage(SEC_RECORD_SNAPSHOT, 0, "state", NULL));
    CHECK_STATUS(device_commit(false), SEC_BAD_ARGUMENT);
    CHECK_OK(device_commit(true));
    CHECK_INT(sec_journal_committed(&device.journal), 1);
    CHECK(!sec_journal_headless(&device.journal));
    CHECK_OK(device_restart(0));
    CHECK(!device.found.fresh);
    CHECK_INT(sec_journal_boot(&device.journal), 2);
    CHECK_INT(device.notes.count, 1);
    CHECK_INT(device.notes.heads, 1);
}

static void what_is_committed_is_there_after_a_restart(void)
{
    uint64_t index = 0;
    make();
    CHECK_OK(device_decide(1, "open the door", &index));
    CHECK_OK(device_event(1, "door opened"));
    CHECK(sec_journal_headless(&device.journal));
    CHECK_OK(device_restart(1));
    CHECK_INT(device.found.headless_count, 1);
    CHECK_INT(device.found.dropped_count, 0);
    CHECK_INT(device.found.cut_bytes, 0);
    CHECK_BYTES(read_at(index).content, SEC_LIT("open the door"));
    CHECK_INT(read_at(index).header.record_class, SEC_RECORD_DECISION);
    CHECK_BYTES(read_at(index + 1).content, SEC_LIT("door opened"));
    CHECK_INT(device.notes.count, 4); /* snapshot, key, decision, event */
}

static void many_commits_of_all_sizes_survive_rollovers(void)
{
    static uint8_t content[9000];
    static uint64_t indices[120];
    make();
    for (size_t i = 0; i < 120; i++) {
        size_t len = i * 67 % sizeof content;
        memset(content, (int)i, len);
        bool decision = i % 3 != 0;
        CHECK_OK(sec_journal_stage(&device.journal, decision ? SEC_RECORD_DECISION : SEC_RECORD_SYSTEM, 1, decision,
                                   sec_bytes(content, len), &indices[i]));
        CHECK_OK(device_commit(decision));
        indices[i] += sec_journal_shift(&device.journal);
        if (i % 25 == 24)
            CHECK_OK(device_restart(1));
    }
    CHECK(device.journal.end.segment > 3);
    for (size_t i = 0; i < 120; i++) {
        size_t len = i * 67 % sizeof content;
        memset(content, (int)i, len);
        CHECK_BYTES(read_at(indices[i]).content, sec_bytes(content, len));
    }
}

static void a_receipt_proves_a_decision_and_discloses_it(void)
{
    static uint8_t room[8192];
    uint64_t index = 0, late = 0;
    make();
    CHECK_OK(device_decide(1, "first", &index));
    for (int i = 0; i < 400; i++)
        CHECK_OK(device_decide(1, "another decision, of no interest", &late));
    CHECK(device.journal.end.segment > 1);
    for (int i = 0; i < 2; i++) {
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        struct sec_receipt receipt;
        CHECK_OK(sec_journal_receipt(&device.journal, i == 0 ? index : late, &wr));
        CHECK_OK(sec_receipt_parse(sec_wr_done(&wr), &receipt));
        CHECK_OK(sec_receipt_check(&receipt, &device.key.key, &device.crypto));
        CHECK_BYTES(receipt.content, sec_bytes_of_str(i == 0 ? "first" : "another decision, of no interest"));
    }
}

static void a_refused_write_leaves_nothing_staged_and_breaks_on_io(void)
{
    make();
    CHECK_OK(device_decide(1, "before", NULL));
    uint64_t committed = sec_journal_committed(&device.journal);
    fake_storage_refuse(&device.fake_storage, FAKE_STORAGE_WRITE, 1, SEC_STORAGE_FULL);
    CHECK_STATUS(device_decide(1, "no space", NULL), SEC_STORAGE_FULL);
    CHECK_INT(sec_journal_size(&device.journal), committed);
    CHECK_OK(device_decide(1, "space again", NULL));
    fake_storage_refuse(&device.fake_storage, FAKE_STORAGE_WRITE, 1, SEC_IO_FAILED);
    CHECK_STATUS(device_decide(1, "bad flash", NULL), SEC_IO_FAILED);
    CHECK_STATUS(device_decide(1, "still", NULL), SEC_BROKEN);
    CHECK_OK(device_restart(1));
    fake_storage_refuse(&device.fake_storage, FAKE_STORAGE_SYNC, 1, SEC_IO_FAILED);
    CHECK_STATUS(device_decide(1, "not synced", NULL), SEC_IO_FAILED);
    CHECK_STATUS(device_commit(true), SEC_BROKEN);
    CHECK_OK(device_restart(1));
    CHECK_OK(device_decide(1, "well again", NULL));
}

static void a_full_storage_refuses_a_rollover_and_stays_usable(void)
{
    static uint8_t content[2000];
    make();
    sec_status status = sec_st(SEC_OK);
    uint64_t committed = 0;
    for (size_t i = 0; i < 2000 && sec_ok(status); i++) {
        committed = sec_journal_committed(&device.journal);
        CHECK_OK(sec_journal_stage(&device.journal, SEC_RECORD_DECISION, 1, true, SEC_BYTES(content), NULL));
        status = device_commit(true);
    }
    CHECK_STATUS(status, SEC_STORAGE_FULL);
    CHECK_INT(sec_journal_size(&device.journal), committed);
    CHECK_INT(device.journal.end.segment, DEVICE_SEGMENTS);
    CHECK_OK(device_event(1, "small"));
    uint64_t size = sec_journal_committed(&device.journal);
    CHECK_OK(sec_journal_trim(&device.journal, size / 2, &device.facts));
    CHECK_OK(sec_journal_stage(&device.journal, SEC_RECORD_DECISION, 1, true, SEC_BYTES(content), NULL));
    CHECK_OK(device_commit(true));
    CHECK_INT(device.journal.end.segment, DEVICE_SEGMENTS + 1);
}

static void each_failure_within_a_rollover_is_survived(void)
{
    static const enum fake_storage_call calls[] = {FAKE_STORAGE_CREATE, FAKE_STORAGE_WRITE, FAKE_STORAGE_SYNC};
    static const enum sec_status_code codes[] = {SEC_STORAGE_FULL, SEC_IO_FAILED};
    for (size_t i = 0; i < 3 * 2 * 4; i++) {
        static uint8_t content[2000];
        make();
        while (sec_segment_left(&device.journal.end.shape, &device.journal.end.place) > 3000)
            CHECK_OK(device_decide(1, "a decision that takes some space", NULL));
        uint64_t committed = sec_journal_committed(&device.journal);
        fake_storage_refuse(&device.fake_storage, calls[i % 3], 1 + i / 6, codes[i / 3 % 2]);
        CHECK_OK(sec_journal_stage(&device.journal, SEC_RECORD_DECISION, 1, true, SEC_BYTES(content), NULL));
        sec_status status = device_commit(true);
        if (device.journal.state != SEC_JOURNAL_OPEN)
            CHECK_OK(device_restart(1));
        CHECK(sec_journal_committed(&device.journal) >= committed);
        fake_storage_refuse(&device.fake_storage, FAKE_STORAGE_WRITE, 0, SEC_OK);
        if (!sec_ok(status)) {
            CHECK_OK(device_decide(1, "after all", NULL));
            CHECK(read_at(committed - 1).opened);
        }
        CHECK_OK(device_restart(1));
    }
}

static void what_is_dropped_leaves_no_trace(void)
{
    uint64_t first = 0, again = 0;
    make();
    CHECK_OK(device_stage(SEC_RECORD_DECISION, 1, "never mind", &first));
    sec_journal_drop(&device.journal);
    CHECK_INT(sec_journal_size(&device.journal), 1);
    CHECK_OK(device_decide(1, "mind", &again));
    CHECK_INT(first, again);
    CHECK_BYTES(read_at(again).content, SEC_LIT("mind"));
}

static void a_trim_removes_whole_segments_and_reading_says_so(void)
{
    make();
    while (device.journal.end.segment < 4)
        CHECK_OK(device_decide(1, "a decision that takes some space", NULL));
    uint64_t size = sec_journal_committed(&device.journal);
    uint8_t room[64];
    struct sec_journal_record record;
    CHECK_OK(sec_journal_trim(&device.journal, size - 3, &device.facts));
    CHECK_STATUS(sec_journal_read(&device.journal, 0, SEC_ROOM(room), &record), SEC_NOT_FOUND);
    CHECK_STATUS(sec_journal_read(&device.journal, size + 5, SEC_ROOM(room), &record), SEC_NOT_FOUND);
    CHECK_OK(device_restart(1));
    CHECK(device.notes.count > 0);
    CHECK_INT(device.notes.list[0].record_class, SEC_RECORD_SNAPSHOT);
}

static void segments_are_told_and_a_trim_fits_its_room(void)
{
    struct sec_journal_segment segment = {0}, next;
    make();
    while (device.journal.end.segment < 4)
        CHECK_OK(device_decide(1, "a decision that takes some space", NULL));
    CHECK_OK(sec_journal_segment_next(&device.journal, 0, &segment));
    CHECK_INT(segment.number, 1);
    CHECK_INT(segment.first, 0);
    while (sec_ok(sec_journal_segment_next(&device.journal, segment.number, &next))) {
        CHECK_INT(next.number, segment.number + 1);
        CHECK_INT(next.bytes, 64 * 512);
        CHECK(next.first > segment.first);
        CHECK_INT(read_at(next.first).header.record_class, SEC_RECORD_KEY);
        segment = next;
    }
    CHECK_INT(segment.number, sec_journal_segment_number(&device.journal));
    while (sec_journal_fits(&device.journal, SEC_JOURNAL_TRIM_BYTES))
        CHECK_OK(device_decide(1, "x", NULL));
    CHECK_INT(segment.number, sec_journal_segment_number(&device.journal));
    CHECK_OK(sec_journal_trim(&device.journal, segment.first, &device.facts));
    CHECK_OK(sec_journal_segment_next(&device.journal, 0, &next));
    CHECK_INT(next.number, segment.number);
    sec_journal_close(&device.journal);
    CHECK_STATUS(sec_journal_segment_next(&device.journal, 0, &next), SEC_NOT_OPEN);
}

static void a_destroyed_slot_key_leaves_order_and_takes_content(void)
{
    static uint8_t room[4096];
    enum sec_destroy_grade grade;
    uint64_t index = 0;
    make();
    CHECK_OK(device_decide(1, "a secret decision", &index));
    CHECK_OK(device.keystore.make(device.keystore.ctx, 2));
    CHECK_OK(sec_journal_set_epoch(&device.journal, 2, 2));
    CHECK_OK(device_stage(SEC_RECORD_SNAPSHOT, 0, "what survives", NULL));
    CHECK_OK(device_commit(true));
    CHECK_OK(device.keystore.destroy(device.keystore.ctx, 1, &grade));
    CHECK_OK(device_restart(2));
    CHECK_INT(device.notes.count, 1); /* folding starts at the new epoch's snapshot */
    struct sec_journal_record record = read_at(index);
    CHECK(!record.opened);
    CHECK_INT(record.content.len, 0);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_STATUS(sec_journal_receipt(&device.journal, index, &wr), SEC_AEAD_FAILED);
    CHECK_STATUS(sec_journal_set_epoch(&device.journal, 3, 77), SEC_NOT_FOUND);
    SHOWS("F6.3");
}

static void limits_are_statuses(void)
{
    static uint8_t large[SEC_RECORD_MAX_BYTES + 1];
    uint8_t small_work[1024];
    make();
    struct sec_journal *journal = &device.journal;
    CHECK_STATUS(sec_journal_stage(journal, SEC_RECORD_SYSTEM, 1, false, SEC_BYTES(large), NULL), SEC_TOO_LARGE);
    CHECK_STATUS(sec_journal_stage(journal, SEC_RECORD_KEY, 0, false, SEC_LIT("x"), NULL), SEC_BAD_ARGUMENT);
    CHECK_STATUS(sec_journal_stage(journal, SEC_RECORD_TRIM, 0, false, SEC_LIT("x"), NULL), SEC_BAD_ARGUMENT);
    CHECK_STATUS(sec_journal_stage(journal, SEC_RECORD_SYSTEM, 9, false, SEC_LIT("x"), NULL), SEC_NOT_FOUND);
    struct sec_bytes most = sec_bytes(large, SEC_RECORD_MAX_BYTES);
    CHECK_OK(sec_journal_stage(journal, SEC_RECORD_SYSTEM, 1, false, most, NULL));
    CHECK_STATUS(sec_journal_stage(journal, SEC_RECORD_SYSTEM, 1, false, most, NULL), SEC_ROOM_FULL);
    /* A segment of this test is smaller than that. */
    CHECK_STATUS(device_commit(true), SEC_STORAGE_FULL);
    CHECK_OK(device_decide(1, "usable", NULL));
    struct sec_journal other;
    CHECK_STATUS(sec_journal_open(&other, &device.config, SEC_ROOM(small_work), NULL, &device.found), SEC_ROOM_FULL);
    device.config.segment_bytes = 1000;
    CHECK_STATUS(device_restart(1), SEC_BAD_ARGUMENT);
}

static void many_seals_in_turn_find_their_keys(void)
{
    static uint64_t indices[40];
    make();
    for (uint64_t seal = 2; seal <= 14; seal++)
        CHECK_OK(device.keystore.make(device.keystore.ctx, seal));
    for (size_t i = 0; i < 40; i++) {
        CHECK_OK(device_stage(SEC_RECORD_PROTECTION, 1 + i % 14, "sealed", &indices[i]));
        CHECK_OK(device_commit(true));
        indices[i] += sec_journal_shift(&device.journal);
    }
    for (size_t i = 0; i < 40; i++)
        CHECK_BYTES(read_at(indices[i]).content, SEC_LIT("sealed"));
}

static const struct test tests[] = {
    TEST(a_fresh_journal_begins_with_a_snapshot_under_a_head),
    TEST(what_is_committed_is_there_after_a_restart),
    TEST(many_commits_of_all_sizes_survive_rollovers),
    TEST(a_receipt_proves_a_decision_and_discloses_it),
    TEST(a_refused_write_leaves_nothing_staged_and_breaks_on_io),
    TEST(a_full_storage_refuses_a_rollover_and_stays_usable),
    TEST(each_failure_within_a_rollover_is_survived),
    TEST(what_is_dropped_leaves_no_trace),
    TEST(a_trim_removes_whole_segments_and_reading_says_so),
    TEST(segments_are_told_and_a_trim_fits_its_room),
    TEST(a_destroyed_slot_key_leaves_order_and_takes_content),
    TEST(limits_are_statuses),
    TEST(many_seals_in_turn_find_their_keys),
};
TEST_MAIN(tests)
