/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts the power at every operation of a scripted journal, in several stories each, and a second time during recovery.
 */
#include "log_device.h"

#define TEXTS_MAX 1024u
#define PAIRS_MAX 8192u
#define STEPS_COUNT 46u
#define STORIES_EACH 4u

/* What the outside was told: texts acknowledged in order, and those of the commit under way. */
struct told {
    uint64_t digests[TEXTS_MAX];
    uint64_t indices[TEXTS_MAX];
    size_t count;
    size_t underway; /* staged behind `count`, not acknowledged */
};

static struct told told;
static struct fake_pair pairs[PAIRS_MAX];
static uint32_t pairs_index[2 * PAIRS_MAX];
static struct fake_pair_log pair_log;
static uint8_t text_room[6000];

static size_t text_len(unsigned step)
{
    static const size_t lens[] = {12, 90, 400, 1, 2100, 33, 700, 5200, 64, 250, 468, 490};
    return lens[step % 12];
}

static struct sec_bytes text_of(unsigned step, unsigned part)
{
    size_t len = text_len(step * 3 + part) + 8;
    for (size_t i = 0; i < len; i++)
        text_room[i] = (uint8_t)(i + step * 7 + part);
    struct sec_wr wr = sec_wr(sec_room(text_room, 8));
    sec_wr_u32(&wr, step);
    sec_wr_u32(&wr, part);
    return sec_bytes(text_room, len);
}

static sec_status say(unsigned step, unsigned part, enum sec_record_class record_class, uint64_t seal)
{
    struct sec_bytes text = text_of(step, part);
    uint64_t index = 0;
    SEC_TRY(sec_journal_stage(&device.journal, record_class, seal, record_class == SEC_RECORD_DECISION, text, &index));
    told.digests[told.count + told.underway] = digest64(text);
    told.indices[told.count + told.underway] = index;
    told.underway++;
    return sec_st(SEC_OK);
}

static sec_status acknowledge(bool head)
{
    SEC_TRY(device_commit(head));
    for (size_t i = 0; i < told.underway; i++)
        told.indices[told.count + i] += sec_journal_shift(&device.journal);
    told.count += told.underway;
    told.underway = 0;
    return sec_st(SEC_OK);
}

static sec_status first_step(void)
{
    SEC_TRY(device_start(0));
    SEC_TRY(device.keystore.make(device.keystore.ctx, 1));
    SEC_TRY(device.keystore.make(device.keystore.ctx, 2));
    if (!device.found.fresh)
        return sec_journal_set_epoch(&device.journal, 1, 1);
    SEC_TRY(device_stage(SEC_RECORD_SNAPSHOT, 0, "first", NULL));
    SEC_TRY(device_commit(true));
    return sec_journal_set_epoch(&device.journal, 1, 1);
}

static sec_status restart_step(void)
{
    sec_journal_close(&device.journal);
    fake_crypto_raise_boot(&device.fake_crypto);
    SEC_TRY(device_start(1));
    return sec_st(SEC_OK);
}

/* One step of the script: decisions, events alone and in groups, two seals, trims, restarts. */
static sec_status step_run(unsigned step)
{
    if (step == 0)
        return first_step();
    if (step % 15 == 14)
        return restart_step();
    if (step % 17 == 16)
        return sec_journal_trim(&device.journal, sec_journal_committed(&device.journal) / 2, &device.facts);
    if (step % 5 == 3) {
        SEC_TRY(say(step, 0, SEC_RECORD_SYSTEM, 1));
        return acknowledge(false);
    }
    if (step % 7 == 4) {
        for (unsigned part = 0; part < 3; part++)
            SEC_TRY(say(step, part, SEC_RECORD_APPLICATION, part == 1 ? 2 : 1));
        return acknowledge(false);
    }
    if (step % 11 == 9)
        return sec_journal_commit(&device.journal, &device.facts, &device_snapshot);
    SEC_TRY(say(step, 0, SEC_RECORD_DECISION, 1));
    SEC_TRY(say(step, 1, SEC_RECORD_PROTECTION, 2));
    return acknowledge(true);
}

static sec_status life_run(unsigned from, unsigned to, unsigned *ret_step)
{
    for (unsigned step = from; step < to; step++) {
        *ret_step = step;
        sec_status status = step_run(step);
        /* No room for the trim record: the next commit rolls over. */
        if (sec_is(status, SEC_ROOM_FULL) && step % 17 == 16)
            continue;
        SEC_TRY(status);
    }
    return sec_st(SEC_OK);
}

/* --- comparing ----------------------------------------------------------------------- */

/* Walks the journal along the told texts; key, snapshot and trim records are the journal's own. */
struct comparison {
    size_t at; /* next told text */
    bool started;
    bool wrong;
    size_t beyond; /* texts behind the acknowledged ones */
};

static sec_status compare_record(void *ctx, const struct sec_journal_record *record)
{
    struct comparison *comparison = ctx;
    enum sec_record_class c = record->header.record_class;
    if (c == SEC_RECORD_KEY || c == SEC_RECORD_SNAPSHOT || c == SEC_RECORD_TRIM)
        return sec_st(SEC_OK);
    uint64_t digest = digest64(record->content);
    if (!comparison->started) /* what was trimmed */
        while (comparison->at < told.count && told.digests[comparison->at] != digest)
            comparison->at++;
    comparison->started = true;
    size_t at = comparison->at++;
    bool acknowledged = at < told.count;
    bool known = at < told.count + told.underway && record->opened && told.digests[at] == digest;
    if (!known || (acknowledged && told.indices[at] != record->header.index))
        comparison->wrong = true;
    comparison->beyond += !acknowledged;
    return sec_st(SEC_OK);
}

/* All that was acknowledged is there, and what was under way wholly or not at all. */
static void compare(void)
{
    struct comparison comparison = {0};
    const struct sec_journal_visitor visitor = {&comparison, compare_record, NULL};
    CHECK_OK(sec_journal_walk(&device.journal, 0, &visitor));
    CHECK(!comparison.wrong);
    CHECK(comparison.at >= told.count);
    CHECK(comparison.beyond == 0 || comparison.beyond == told.underway);
    if (comparison.beyond > 0)
        told.count += told.underway;
    told.underway = 0;
}

static void check_verdict(bool settled)
{
    struct sec_verify_result result = verify_device(NULL);
    bool harmless = result.verdict == SEC_VERDICT_INTACT || result.verdict == SEC_VERDICT_TORN_TAIL ||
                    (result.verdict == SEC_VERDICT_MISSING && result.records == 0 && told.count == 0);
    if (!harmless)
        printf("verdict %s: %s, segment %u offset %llu\n", sec_verdict_word(result.verdict), result.why,
               (unsigned)result.segment, (unsigned long long)result.offset);
    CHECK(harmless);
    if (settled)
        CHECK(result.verdict == SEC_VERDICT_INTACT);
}

/* Told indices of what was under way count from the stage; a rollover's shift is not known after a cut. */
static void learn_indices(void)
{
    for (size_t i = told.count - (told.count > 8 ? 8 : told.count); i < told.count; i++)
        for (size_t k = 0; k < device.notes.count; k++)
            if (device.notes.list[k].digest == told.digests[i])
                told.indices[i] = device.notes.list[k].index;
}

/* --- one story -------------------------------------------------------------------------- */

static void power_back(uint64_t seed)
{
    fake_power_reseed(&device.power, seed);
    fake_storage_power_on(&device.fake_storage);
    fake_crypto_raise_boot(&device.fake_crypto);
}

static void recover(uint64_t seed)
{
    check_verdict(false);
    /* The power goes again under one of recovery's first operations. */
    fake_power_arm(&device.power, 1 + seed % 5);
    sec_status status = device_start(0);
    if (!sec_ok(status)) {
        CHECK_STATUS(status, SEC_POWER_CUT);
        power_back(seed * 31 + 7);
        check_verdict(false);
        status = device_start(0);
    }
    CHECK_OK(status);
    fake_power_arm(&device.power, 0);
}

static void go_on(unsigned step)
{
    unsigned last = 0;
    bool began = !device.found.fresh;
    if (began) {
        CHECK_OK(device.keystore.make(device.keystore.ctx, 1));
        CHECK_OK(device.keystore.make(device.keystore.ctx, 2));
        CHECK_OK(sec_journal_set_epoch(&device.journal, 1, 1));
        CHECK_OK(sec_journal_commit(&device.journal, &device.facts, &device_snapshot));
        check_verdict(true);
    } else {
        CHECK_INT(told.count, 0);
        sec_journal_close(&device.journal);
    }
    CHECK_OK(life_run(began ? step + 1 : 0, step + 6, &last));
    compare();
    check_verdict(false);
    CHECK_OK(restart_step());
    compare();
}

static bool story(enum fake_storage_mode mode, size_t block_bytes, uint64_t nth, uint64_t seed)
{
    unsigned step = 0;
    uint64_t segment_bytes = 64 * block_bytes;
    device_make(mode, block_bytes, segment_bytes, 99);
    memset(&told, 0, sizeof told);
    CHECK_OK(fake_pair_log_init(&pair_log, pairs, PAIRS_MAX, pairs_index, 2 * PAIRS_MAX));
    device.fake_crypto.pairs = &pair_log;
    fake_power_reseed(&device.power, seed);
    fake_power_arm(&device.power, nth);
    sec_status status = life_run(0, STEPS_COUNT, &step);
    if (sec_ok(status))
        return false;
    CHECK_STATUS(status, SEC_POWER_CUT);
    power_back(seed);
    recover(seed);
    compare();
    learn_indices();
    go_on(step);
    CHECK_INT(pair_log.repeated, 0);
    CHECK_INT(pair_log.lost, 0);
    return true;
}

/* The story under way, printed at the end: of a failure it is the one to repeat. */
static uint64_t now_nth, now_seed, stories_count;

static void print_last(void)
{
    printf("%llu stories; the last cut operation %llu with seed %llu\n", (unsigned long long)stories_count,
           (unsigned long long)now_nth, (unsigned long long)now_seed);
}

static void search(enum fake_storage_mode mode, size_t block_bytes)
{
    bool cut = true;
    if (stories_count == 0)
        CHECK_INT(atexit(print_last), 0);
    for (now_nth = 1; cut; now_nth++) {
        for (now_seed = 1; now_seed <= STORIES_EACH && cut; now_seed++) {
            cut = story(mode, block_bytes, now_nth, now_seed * 1000003 + now_nth);
            stories_count += cut;
        }
    }
    CHECK(now_nth > 60);
}

static void no_cut_harms_preallocated_small_blocks(void)
{
    search(FAKE_STORAGE_PREALLOC, 512);
}

static void no_cut_harms_preallocated_pages(void)
{
    search(FAKE_STORAGE_PREALLOC, 4096);
}

static void no_cut_harms_copy_on_write_small_blocks(void)
{
    search(FAKE_STORAGE_APPEND, 512);
}

static void no_cut_harms_copy_on_write_pages(void)
{
    search(FAKE_STORAGE_APPEND, 4096);
}

static const struct test tests[] = {
    TEST(no_cut_harms_preallocated_small_blocks),
    TEST(no_cut_harms_preallocated_pages),
    TEST(no_cut_harms_copy_on_write_small_blocks),
    TEST(no_cut_harms_copy_on_write_pages),
};
TEST_MAIN(tests)
