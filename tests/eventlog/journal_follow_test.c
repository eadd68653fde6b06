/* SPDX-License-Identifier: Apache-2.0 */
/* What follows a log from outside: every record once, in order, decisions disclosed, and cheaply where one left off. */
#include "log_device.h"

struct seen {
    uint64_t first;
    uint64_t next;
    size_t count;
    size_t most;
    size_t disclosed;
    size_t committed;
    struct sec_merkle_frontier frontier; /* from record 0 on */
};

static sec_status see(void *ctx, const struct sec_journal_entry *entry)
{
    struct seen *seen = ctx;
    struct sec_digest leaf, commitment;
    const struct sec_bytes parts[2] = {entry->salt, entry->content};
    if (seen->count == seen->most)
        return sec_st(SEC_TABLE_FULL);
    if (seen->count == 0)
        seen->first = entry->header.index;
    else
        CHECK_INT(entry->header.index, seen->next);
    seen->next = entry->header.index + 1;
    seen->count++;
    seen->committed += entry->header.committed;
    seen->disclosed += entry->disclosed;
    CHECK(!entry->disclosed || entry->header.committed);
    if (entry->disclosed) {
        CHECK_OK(device.crypto.hasher.digest(device.crypto.hasher.ctx, parts, 2, &commitment));
        CHECK(sec_digest_equal(&commitment, &entry->header.commitment));
    }
    CHECK_OK(sec_record_leaf(&device.crypto.hasher, entry->header_bytes, &entry->body, &leaf));
    CHECK_OK(sec_merkle_append(&seen->frontier, &device.crypto.hasher, &leaf));
    return sec_st(SEC_OK);
}

static struct seen follow(uint64_t from, size_t most)
{
    struct seen seen = {.most = most};
    const struct sec_journal_follower follower = {&seen, see};
    sec_status status = sec_journal_follow(&device.journal, from, &follower);
    CHECK(sec_ok(status) || sec_is(status, SEC_TABLE_FULL));
    return seen;
}

static void make(void)
{
    device_make(FAKE_STORAGE_PREALLOC, 512, 64 * 512, 1);
    device_begin();
}

static void what_is_shown_leads_to_the_head(void)
{
    make();
    for (int i = 0; i < 300; i++) {
        CHECK_OK(device_event(1, "an event"));
        CHECK_OK(device_decide(1, "a decision", NULL));
    }
    CHECK(device.journal.end.segment > 2);
    struct seen seen = follow(0, SIZE_MAX);
    struct sec_digest root;
    struct sec_head head;
    CHECK_OK(sec_head_check(sec_journal_head(&device.journal), &device.key.key, &device.crypto, &head));
    CHECK_INT(seen.next, head.size);
    CHECK_INT(seen.disclosed, 300);
    CHECK_OK(sec_merkle_root(&seen.frontier, &device.crypto.hasher, &root));
    CHECK(sec_digest_equal(&root, &head.root));
}

static void what_lies_behind_the_head_is_not_shown(void)
{
    make();
    CHECK_OK(device_decide(1, "a decision", NULL));
    uint64_t size = sec_journal_committed(&device.journal);
    CHECK_OK(device_event(1, "without head"));
    CHECK_INT(follow(0, SIZE_MAX).next, size);
    CHECK_INT(follow(size, SIZE_MAX).count, 0);
    CHECK_INT(follow(size + 100, SIZE_MAX).count, 0);
    CHECK_OK(device_commit(true));
    CHECK_INT(follow(size, SIZE_MAX).next, sec_journal_committed(&device.journal));
}

static void page_by_page_is_the_same_as_at_once_also_over_restarts(void)
{
    make();
    struct seen pages = {0};
    uint64_t next = 0;
    for (int i = 0; i < 400; i++) {
        CHECK_OK(device_event(1, "an event"));
        CHECK_OK(device_decide(1, "a decision of some length, so that segments fill", NULL));
        if (i % 90 == 89)
            CHECK_OK(device_restart(1));
        if (i % 3)
            continue;
        struct seen page = follow(next, i % 2 ? 5 : SIZE_MAX);
        if (page.count > 0)
            CHECK_INT(page.first, next);
        pages.disclosed += page.disclosed;
        pages.committed += page.committed;
        next += page.count;
    }
    struct seen rest = follow(next, SIZE_MAX);
    CHECK_INT(next + rest.count, sec_journal_committed(&device.journal));
    CHECK_INT(pages.disclosed + rest.disclosed, 400);
    CHECK_INT(pages.disclosed + rest.disclosed, pages.committed + rest.committed);
}

static void a_decision_whose_key_is_destroyed_stays_closed(void)
{
    enum sec_destroy_grade grade;
    make();
    for (int i = 0; i < 5; i++)
        CHECK_OK(device_decide(1, "of the old owner", NULL));
    CHECK_INT(follow(0, SIZE_MAX).disclosed, 5);
    CHECK_OK(device.keystore.make(device.keystore.ctx, 2));
    CHECK_OK(sec_journal_set_epoch(&device.journal, 2, 2));
    CHECK_OK(device.keystore.destroy(device.keystore.ctx, 1, &grade));
    CHECK_OK(device_decide(2, "of the new one", NULL));
    CHECK_INT(follow(0, SIZE_MAX).disclosed, 1);
    CHECK_INT(follow(3, SIZE_MAX).disclosed, 1);
    CHECK_INT(follow(sec_journal_committed(&device.journal) - 1, SIZE_MAX).disclosed, 1);
    CHECK_OK(device_restart(2));
    CHECK_INT(follow(0, SIZE_MAX).disclosed, 1);
}

static void what_was_trimmed_is_passed_over(void)
{
    make();
    for (int i = 0; i < 400; i++)
        CHECK_OK(device_decide(1, "a decision of some length, so that segments fill", NULL));
    uint64_t size = sec_journal_committed(&device.journal);
    CHECK_OK(sec_journal_trim(&device.journal, size / 2, &device.facts));
    struct sec_journal_segment segment;
    CHECK_OK(sec_journal_segment_next(&device.journal, 0, &segment));
    struct seen seen = follow(0, SIZE_MAX);
    CHECK_INT(seen.first, segment.first);
    CHECK_INT(seen.next, sec_journal_committed(&device.journal));
}

static uint64_t reads(void)
{
    return device.fake_storage.reads;
}

static void the_newest_records_are_cheap(void)
{
    device_make(FAKE_STORAGE_PREALLOC, 512, 400 * 512, 1);
    device_begin();
    for (int i = 0; i < 400; i++)
        CHECK_OK(device_decide(1, "a decision", NULL));
    uint64_t next = follow(0, SIZE_MAX).next;
    for (int i = 0; i < 20; i++) {
        CHECK_OK(device_event(1, "an event"));
        CHECK_OK(device_decide(1, "another", NULL));
        CHECK_OK(device_decide(1, "and another", NULL));
        uint64_t before = reads();
        struct seen seen = follow(next, SIZE_MAX);
        CHECK_INT(seen.count, 3);
        CHECK_INT(seen.disclosed, 2);
        CHECK(reads() - before <= 12);
        next = seen.next;
    }
}

static const struct test tests[] = {
    TEST(what_is_shown_leads_to_the_head),
    TEST(what_lies_behind_the_head_is_not_shown),
    TEST(page_by_page_is_the_same_as_at_once_also_over_restarts),
    TEST(a_decision_whose_key_is_destroyed_stays_closed),
    TEST(what_was_trimmed_is_passed_over),
    TEST(the_newest_records_are_cheap),
};
TEST_MAIN(tests)
