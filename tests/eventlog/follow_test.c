/* SPDX-License-Identifier: Apache-2.0 */
/* A hub follows real journals on fake ports: honest ones, ones that were put back or forked, and ways that lie. */
#include "log_device.h"

#include <securable/eventlog_follow.h>

#define ENTRIES_MAX 256u

/** The device's entries as a way would carry them, with memory of their own. */
struct carried {
    size_t count;
    struct sec_follow_entry list[ENTRIES_MAX];
    uint8_t headers[ENTRIES_MAX][128];
    uint8_t salts[ENTRIES_MAX][32];
    uint8_t contents[ENTRIES_MAX][128];
};
static struct carried carried;
static struct sec_follow hub;
static uint8_t verify_work[SEC_JOURNAL_WORK_BYTES];
static uint8_t receipt_room[16384];

/** The verifier's visitor sees bodies as they are stored: what an entry's digest is over. */
static sec_status carry(void *ctx, const struct sec_journal_record *record)
{
    (void)ctx;
    CHECK(carried.count < ENTRIES_MAX);
    size_t at = carried.count++;
    struct sec_wr wr = sec_wr(SEC_ROOM(carried.headers[at]));
    sec_record_header_encode(&record->header, &wr);
    carried.list[at] = (struct sec_follow_entry){.header = sec_wr_done(&wr)};
    return device.crypto.hasher.digest(device.crypto.hasher.ctx, &record->content, 1, &carried.list[at].body);
}

static struct sec_bytes kept(uint8_t *room, struct sec_bytes bytes)
{
    sec_copy(room, bytes.data, bytes.len);
    return sec_bytes(room, bytes.len);
}

/** Discloses the decision at `at`, as its receipt does. */
static void disclose(size_t at)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(receipt_room));
    struct sec_receipt receipt;
    CHECK_OK(sec_journal_receipt(&device.journal, at, &wr));
    CHECK_OK(sec_receipt_parse(sec_wr_done(&wr), &receipt));
    CHECK(receipt.content.len <= sizeof carried.contents[at]);
    carried.list[at].disclosed = true;
    carried.list[at].salt = kept(carried.salts[at], receipt.salt);
    carried.list[at].content = kept(carried.contents[at], receipt.content);
}

/** All entries of the device's log, and its newest head, checked under its key. */
static struct sec_head carry_all(void)
{
    struct sec_journal_visitor visitor = {NULL, carry, NULL};
    struct sec_verify_result result;
    struct sec_head head;
    carried.count = 0;
    CHECK_OK(sec_log_verify(&device.storage, &device.key.key, &device.crypto, NULL, SEC_ROOM(verify_work), &visitor, &result));
    CHECK_INT(result.verdict, SEC_VERDICT_INTACT);
    CHECK_OK(sec_head_check(sec_journal_head(&device.journal), &device.key.key, &device.crypto, &head));
    CHECK_INT(head.size, carried.count);
    return head;
}

static void log_begin(void)
{
    device_make(FAKE_STORAGE_PREALLOC, 512, DEVICE_SEGMENT_BYTES, 1);
    device_begin();
    memset(&hub, 0, sizeof hub);
}

static void decide(size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK_OK(device_decide(1, "decided", NULL));
}

/** Hashes entries up to `until` onto what the hub has. */
static struct sec_merkle_frontier reach(uint64_t until)
{
    struct sec_merkle_frontier frontier = hub.frontier;
    while (frontier.size < until)
        CHECK_OK(sec_follow_entry(&frontier, &carried.list[frontier.size], &device.crypto.hasher));
    return frontier;
}

static sec_status judge(const struct sec_head *next, const struct sec_merkle_frontier *frontier, uint64_t least, bool again,
                        enum sec_follow_alarm want)
{
    enum sec_follow_alarm alarm = SEC_FOLLOW_FORKED;
    sec_status status = sec_follow_judge(&hub, next, frontier, least, again, &device.crypto.hasher, &alarm);
    CHECK_INT(alarm, want);
    return status;
}

static void follow(const struct sec_head *head)
{
    struct sec_merkle_frontier frontier = reach(head->size);
    CHECK_OK(judge(head, &frontier, 0, false, SEC_FOLLOW_NONE));
    hub = (struct sec_follow){true, *head, frontier};
}

static void a_log_is_followed_from_head_to_head(void)
{
    log_begin();
    for (size_t round = 0; round < 5; round++) {
        decide(1 + 7 * round);
        struct sec_head head = carry_all();
        follow(&head);
        CHECK_OK(judge(&head, &hub.frontier, 0, false, SEC_FOLLOW_NONE));
        CHECK_INT(hub.frontier.size, head.size);
    }
}

static void decisions_are_disclosed_and_checked(void)
{
    log_begin();
    decide(3);
    struct sec_head head = carry_all();
    size_t last = carried.count - 1;
    disclose(last);
    struct sec_merkle_frontier before = reach(last), frontier = before;
    carried.contents[last][0] ^= 1;
    CHECK_STATUS(sec_follow_entry(&frontier, &carried.list[last], &device.crypto.hasher), SEC_DIGEST_MISMATCH);
    CHECK(memcmp(&frontier, &before, sizeof frontier) == 0);
    carried.contents[last][0] ^= 1;
    follow(&head);
}

static void an_entry_in_the_wrong_place_is_refused(void)
{
    log_begin();
    decide(3);
    (void)carry_all();
    struct sec_merkle_frontier frontier = reach(2);
    struct sec_follow_entry entry = carried.list[2];
    CHECK_STATUS(sec_follow_entry(&frontier, &carried.list[1], &device.crypto.hasher), SEC_BAD_VALUE);
    CHECK_STATUS(sec_follow_entry(&frontier, &carried.list[3], &device.crypto.hasher), SEC_BAD_VALUE);
    entry.header.len--;
    CHECK_STATUS(sec_follow_entry(&frontier, &entry, &device.crypto.hasher), SEC_BAD_VALUE);
    entry.header.len += 2;
    CHECK_STATUS(sec_follow_entry(&frontier, &entry, &device.crypto.hasher), SEC_BAD_VALUE);
    CHECK_INT(frontier.size, 2);
    /* A snapshot has no commitment: nothing can be disclosed of it. */
    sec_merkle_frontier_init(&frontier);
    carried.list[0].disclosed = true;
    CHECK_STATUS(sec_follow_entry(&frontier, &carried.list[0], &device.crypto.hasher), SEC_DIGEST_MISMATCH);
}

static void withheld_entries_are_waited_for(void)
{
    log_begin();
    decide(9);
    struct sec_head head = carry_all();
    struct sec_merkle_frontier frontier = reach(head.size - 1);
    CHECK_STATUS(judge(&head, &frontier, 0, false, SEC_FOLLOW_NONE), SEC_BUSY);
    CHECK_STATUS(judge(&head, &hub.frontier, 0, true, SEC_FOLLOW_NONE), SEC_BUSY);
}

static void an_old_head_alone_accuses_nobody(void)
{
    log_begin();
    decide(3);
    struct sec_head old = carry_all();
    follow(&old);
    decide(3);
    struct sec_head head = carry_all();
    follow(&head);
    CHECK_STATUS(judge(&old, &hub.frontier, 0, false, SEC_FOLLOW_NONE), SEC_NOT_YET);
    CHECK_STATUS(judge(&old, &hub.frontier, old.size, false, SEC_FOLLOW_NONE), SEC_NOT_YET);
}

static void a_log_that_was_put_back_is_told(void)
{
    log_begin();
    decide(3);
    struct sec_head old = carry_all();
    decide(3);
    struct sec_head head = carry_all();
    follow(&head);
    /* The nonce was made when `head` was known: a device whose log is whole cannot answer it under a shorter one. */
    CHECK_STATUS(judge(&old, &hub.frontier, head.size, false, SEC_FOLLOW_ROLLED_BACK), SEC_TAMPERED);
    CHECK_OK(judge(&head, &hub.frontier, head.size, false, SEC_FOLLOW_NONE));
    SHOWS("F6.4");
}

/** The same device's other history: as many records, another content, signed by the same key. */
static struct sec_head other_history(size_t decisions)
{
    log_begin();
    CHECK_OK(device_decide(1, "never happened", NULL));
    decide(decisions - 1);
    return carry_all();
}

static void two_heads_that_cannot_both_be_true_are_told(void)
{
    log_begin();
    decide(4);
    struct sec_head head = carry_all();
    follow(&head);
    struct sec_follow first = hub;
    struct sec_head other = other_history(4);
    hub = first;
    CHECK_INT(other.size, head.size);
    CHECK_STATUS(judge(&other, &hub.frontier, 0, false, SEC_FOLLOW_FORKED), SEC_TAMPERED);
}

static void a_fork_that_went_on_is_told_the_second_time(void)
{
    log_begin();
    decide(4);
    struct sec_head head = carry_all();
    follow(&head);
    struct sec_follow first = hub;
    struct sec_head other = other_history(9);
    hub = first;
    struct sec_merkle_frontier frontier = reach(other.size);
    CHECK_STATUS(judge(&other, &frontier, 0, false, SEC_FOLLOW_NONE), SEC_PROOF_FAILED);
    CHECK_STATUS(judge(&other, &frontier, 0, true, SEC_FOLLOW_UNPROVEN), SEC_TAMPERED);
}

static void a_way_that_lies_once_accuses_nobody(void)
{
    log_begin();
    decide(4);
    struct sec_head head = carry_all();
    follow(&head);
    decide(4);
    struct sec_head next = carry_all();
    struct sec_digest *body = &carried.list[head.size + 1].body;
    body->b[0] ^= 1;
    struct sec_merkle_frontier frontier = reach(next.size);
    CHECK_STATUS(judge(&next, &frontier, 0, false, SEC_FOLLOW_NONE), SEC_PROOF_FAILED);
    body->b[0] ^= 1;
    frontier = reach(next.size);
    CHECK_OK(judge(&next, &frontier, 0, true, SEC_FOLLOW_NONE));
}

static void a_way_that_lies_again_is_told_but_not_as_two_heads_of_the_devices(void)
{
    log_begin();
    decide(4);
    struct sec_head head = carry_all();
    follow(&head);
    decide(4);
    struct sec_head next = carry_all();
    carried.list[head.size + 1].body.b[0] ^= 1;
    struct sec_merkle_frontier frontier = reach(next.size);
    CHECK_STATUS(judge(&next, &frontier, 0, true, SEC_FOLLOW_UNPROVEN), SEC_TAMPERED);
    /* The device signed nothing that contradicts itself, so what it gives by an honest way is followed. */
    carried.list[head.size + 1].body.b[0] ^= 1;
    frontier = reach(next.size);
    CHECK_OK(judge(&next, &frontier, 0, true, SEC_FOLLOW_NONE));
}

static void entries_beyond_the_head_are_refused(void)
{
    log_begin();
    decide(2);
    struct sec_head head = carry_all();
    decide(2);
    (void)carry_all();
    struct sec_merkle_frontier frontier = reach(head.size + 1);
    CHECK_STATUS(judge(&head, &frontier, 0, false, SEC_FOLLOW_NONE), SEC_BAD_VALUE);
}

static void without_a_followed_head_nothing_is_forked(void)
{
    log_begin();
    decide(2);
    struct sec_head head = carry_all();
    struct sec_merkle_frontier frontier = reach(head.size);
    head.root.b[0] ^= 1;
    CHECK_STATUS(judge(&head, &frontier, 0, true, SEC_FOLLOW_NONE), SEC_PROOF_FAILED);
}

static void each_alarm_has_a_word(void)
{
    CHECK(strcmp(sec_follow_alarm_word(SEC_FOLLOW_NONE), "none") == 0);
    CHECK(sec_follow_alarm_outranks(SEC_FOLLOW_UNPROVEN, SEC_FOLLOW_NONE) && sec_follow_alarm_outranks(SEC_FOLLOW_FORKED, SEC_FOLLOW_UNPROVEN));
    CHECK(!sec_follow_alarm_outranks(SEC_FOLLOW_UNPROVEN, SEC_FOLLOW_FORKED) && !sec_follow_alarm_outranks(SEC_FOLLOW_FORKED, SEC_FOLLOW_FORKED));
    CHECK(!sec_follow_alarm_outranks(SEC_FOLLOW_NONE, SEC_FOLLOW_NONE) && !sec_follow_alarm_outranks(99, SEC_FOLLOW_NONE));
    CHECK(strcmp(sec_follow_alarm_word(SEC_FOLLOW_ROLLED_BACK), "rolled-back") == 0);
    CHECK(strcmp(sec_follow_alarm_word(SEC_FOLLOW_FORKED), "forked") == 0);
    CHECK(strcmp(sec_follow_alarm_word(SEC_FOLLOW_UNPROVEN), "unproven") == 0);
    CHECK(strcmp(sec_follow_alarm_word(4), "unknown") == 0);
}

static const struct test tests[] = {
    TEST(a_log_is_followed_from_head_to_head),
    TEST(decisions_are_disclosed_and_checked),
    TEST(an_entry_in_the_wrong_place_is_refused),
    TEST(withheld_entries_are_waited_for),
    TEST(an_old_head_alone_accuses_nobody),
    TEST(a_log_that_was_put_back_is_told),
    TEST(two_heads_that_cannot_both_be_true_are_told),
    TEST(a_fork_that_went_on_is_told_the_second_time),
    TEST(a_way_that_lies_once_accuses_nobody),
    TEST(a_way_that_lies_again_is_told_but_not_as_two_heads_of_the_devices),
    TEST(entries_beyond_the_head_are_refused),
    TEST(without_a_followed_head_nothing_is_forked),
    TEST(each_alarm_has_a_word),
};
TEST_MAIN(tests)
