/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_storage.h"
#include "storage_suite.h"

enum { BLOCK = 512, BLOCKS = 8, SEGMENT = BLOCK * BLOCKS };

static FAKE_STORAGE_MEMORY(4 * SEGMENT, BLOCK, 16) memory;
static FAKE_STORAGE_MEMORY(4 * BLOCKS * 4096, 4096, 16) large;
static struct fake_power power;
static struct fake_storage fake;
static struct sec_storage storage;
static uint8_t content[SEGMENT];

static void start(enum fake_storage_mode mode, uint64_t seed)
{
    struct fake_storage_memory m = FAKE_STORAGE_MEMORY_OF(memory);
    fake_power_init(&power, seed);
    CHECK_OK(fake_storage_init(&fake, &power, &m, mode, BLOCK, SEGMENT));
    storage = fake_storage_port(&fake);
}

/* A segment of synced blocks, each full of `old`. */
static void start_with(enum fake_storage_mode mode, uint64_t seed, uint8_t old)
{
    start(mode, seed);
    memset(content, old, sizeof content);
    CHECK_OK(storage.create(storage.ctx, 1, SEGMENT));
    CHECK_OK(storage.write(storage.ctx, 1, 0, SEC_BYTES(content)));
    CHECK_OK(storage.sync(storage.ctx, 1));
}

static sec_status put(size_t block, uint8_t with)
{
    uint8_t bytes[BLOCK];
    memset(bytes, with, sizeof bytes);
    return storage.write(storage.ctx, 1, block * BLOCK, SEC_BYTES(bytes));
}

static void load(void)
{
    CHECK_OK(storage.read(storage.ctx, 1, 0, SEC_ROOM(content)));
}

/* The byte a block is full of, or -1 when it is mixed. */
static int whole(size_t block)
{
    for (size_t i = 1; i < BLOCK; i++)
        if (content[block * BLOCK + i] != content[block * BLOCK])
            return -1;
    return content[block * BLOCK];
}

static void it_does_what_a_storage_must(void)
{
    for (int mode = FAKE_STORAGE_PREALLOC; mode <= FAKE_STORAGE_APPEND; mode++) {
        start((enum fake_storage_mode)mode, 1);
        suite_storage(&storage);
        struct fake_storage_memory m = FAKE_STORAGE_MEMORY_OF(large);
        CHECK_OK(fake_storage_init(&fake, &power, &m, (enum fake_storage_mode)mode, 4096, BLOCKS * 4096));
        storage = fake_storage_port(&fake);
        CHECK_INT(storage.block_bytes, 4096);
        suite_storage(&storage);
    }
}

static void wrong_sizes_are_refused(void)
{
    struct fake_storage_memory m = FAKE_STORAGE_MEMORY_OF(memory);
    fake_power_init(&power, 1);
    CHECK_STATUS(fake_storage_init(&fake, &power, &m, FAKE_STORAGE_PREALLOC, 1024, SEGMENT), SEC_BAD_ARGUMENT);
    CHECK_STATUS(fake_storage_init(&fake, &power, &m, FAKE_STORAGE_PREALLOC, 500, SEGMENT), SEC_BAD_ARGUMENT);
    CHECK_STATUS(fake_storage_init(&fake, &power, &m, FAKE_STORAGE_PREALLOC, BLOCK, SEGMENT + 1), SEC_BAD_ARGUMENT);
    CHECK_STATUS(fake_storage_init(&fake, &power, &m, FAKE_STORAGE_PREALLOC, BLOCK, 5 * SEGMENT), SEC_BAD_ARGUMENT);
}

static void no_place_is_storage_full(void)
{
    start(FAKE_STORAGE_PREALLOC, 1);
    CHECK_STATUS(storage.create(storage.ctx, 1, SEGMENT + BLOCK), SEC_STORAGE_FULL);
    for (uint32_t i = 1; i <= 4; i++)
        CHECK_OK(storage.create(storage.ctx, i, SEGMENT));
    CHECK_STATUS(storage.create(storage.ctx, 5, SEGMENT), SEC_STORAGE_FULL);
}

static void what_is_synced_survives_every_cut(void)
{
    for (uint64_t seed = 0; seed < 500; seed++) {
        start_with(seed % 2 ? FAKE_STORAGE_APPEND : FAKE_STORAGE_PREALLOC, seed, 1);
        CHECK_OK(put(2, 2));
        CHECK_OK(storage.sync(storage.ctx, 1));
        CHECK_OK(put(3, 3));
        fake_power_arm(&power, 1);
        CHECK_STATUS(put(5, 3), SEC_POWER_CUT);
        CHECK_STATUS(storage.read(storage.ctx, 1, 0, SEC_ROOM(content)), SEC_POWER_CUT);
        CHECK_STATUS(put(6, 3), SEC_POWER_CUT);
        CHECK_STATUS(storage.sync(storage.ctx, 1), SEC_POWER_CUT);
        fake_storage_power_on(&fake);
        load();
        for (size_t i = 0; i < BLOCKS; i++)
            if (i != 3 && i != 5)
                CHECK_INT(whole(i), i == 2 ? 2 : 1);
    }
}

static void a_cut_keeps_any_subset_and_tears_and_spoils(void)
{
    bool subsets[16] = {false}, torn = false, spoiled = false;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        start_with(FAKE_STORAGE_PREALLOC, seed, 1);
        for (size_t i = 0; i < 4; i++)
            CHECK_OK(put(i, 2));
        fake_power_arm(&power, 1);
        CHECK_STATUS(storage.sync(storage.ctx, 1), SEC_POWER_CUT);
        fake_storage_power_on(&fake);
        load();
        unsigned subset = 0;
        bool plain = true;
        for (size_t i = 0; i < 4; i++) {
            int with = whole(i);
            subset |= with == 2 ? 1u << i : 0;
            plain = plain && (with == 1 || with == 2);
            torn = torn || (with == -1 && content[i * BLOCK] == 2 && content[i * BLOCK + BLOCK - 1] == 1);
            spoiled = spoiled || (with != 1 && with != 2 && content[i * BLOCK + BLOCK - 1] != 1);
        }
        if (plain)
            subsets[subset] = true;
    }
    for (size_t i = 0; i < 16; i++)
        CHECK(subsets[i]);
    CHECK(torn);
    CHECK(spoiled);
}

static void a_copy_on_write_block_is_old_or_new(void)
{
    bool seen[4] = {false};
    for (uint64_t seed = 0; seed < 2000; seed++) {
        start_with(FAKE_STORAGE_APPEND, seed, 1);
        CHECK_OK(put(0, 2));
        CHECK_OK(put(0, 3));
        CHECK_OK(put(1, 2));
        fake_power_cut(&power);
        fake_storage_power_on(&fake);
        load();
        CHECK(whole(0) >= 1 && whole(0) <= 3);
        CHECK(whole(1) >= 1 && whole(1) <= 2);
        seen[whole(0)] = true;
    }
    CHECK(seen[1] && seen[2] && seen[3]);
}

static void create_and_remove_are_done_or_not(void)
{
    unsigned made = 0, kept = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        uint32_t number = 0;
        uint64_t bytes = 0;
        start(FAKE_STORAGE_PREALLOC, seed);
        fake_power_arm(&power, 1);
        CHECK_STATUS(storage.create(storage.ctx, 4, SEGMENT), SEC_POWER_CUT);
        CHECK_STATUS(storage.next_segment(storage.ctx, 0, &number, &bytes), SEC_POWER_CUT);
        fake_storage_power_on(&fake);
        made += sec_ok(storage.next_segment(storage.ctx, 0, &number, &bytes));
        start_with(FAKE_STORAGE_PREALLOC, seed, 1);
        CHECK_OK(put(1, 2));
        fake_power_arm(&power, 1);
        CHECK_STATUS(storage.remove(storage.ctx, 1), SEC_POWER_CUT);
        fake_storage_power_on(&fake);
        kept += sec_ok(storage.next_segment(storage.ctx, 0, &number, &bytes));
    }
    CHECK(made > 20 && made < 80);
    CHECK(kept > 20 && kept < 80);
}

static void the_nth_call_is_refused_once(void)
{
    start_with(FAKE_STORAGE_PREALLOC, 1, 1);
    fake_storage_refuse(&fake, FAKE_STORAGE_WRITE, 2, SEC_STORAGE_FULL);
    CHECK_OK(put(0, 2));
    CHECK_STATUS(put(1, 2), SEC_STORAGE_FULL);
    CHECK_OK(put(2, 2));
    CHECK_OK(storage.sync(storage.ctx, 1));
    load();
    CHECK_INT(whole(0), 2);
    CHECK_INT(whole(1), 1);
    CHECK_INT(whole(2), 2);
    fake_storage_refuse(&fake, FAKE_STORAGE_SYNC, 1, SEC_IO_FAILED);
    CHECK_STATUS(storage.sync(storage.ctx, 1), SEC_IO_FAILED);
    CHECK_OK(storage.sync(storage.ctx, 1));
    fake_storage_refuse(&fake, FAKE_STORAGE_CREATE, 1, SEC_STORAGE_FULL);
    CHECK_STATUS(storage.create(storage.ctx, 2, SEGMENT), SEC_STORAGE_FULL);
    CHECK_OK(storage.create(storage.ctx, 2, SEGMENT));
}

static void a_refused_sync_touches_waiting_blocks_alone(void)
{
    bool lost = false, written = false;
    for (uint64_t seed = 0; seed < 200; seed++) {
        start_with(FAKE_STORAGE_PREALLOC, seed, 1);
        CHECK_OK(put(0, 2));
        fake_storage_refuse(&fake, FAKE_STORAGE_SYNC, 1, SEC_IO_FAILED);
        CHECK_STATUS(storage.sync(storage.ctx, 1), SEC_IO_FAILED);
        load();
        lost = lost || whole(0) == 1;
        written = written || whole(0) == 2;
        for (size_t i = 1; i < BLOCKS; i++)
            CHECK_INT(whole(i), 1);
    }
    CHECK(lost && written);
}

static void a_full_list_pushes_the_oldest_out(void)
{
    start_with(FAKE_STORAGE_PREALLOC, 1, 1);
    for (uint8_t i = 0; i < 100; i++)
        CHECK_OK(put(i % 3, i));
    load();
    CHECK_INT(whole(0), 99);
    CHECK_INT(whole(1), 97);
    CHECK_INT(whole(2), 98);
    CHECK_OK(storage.sync(storage.ctx, 1));
    load();
    CHECK_INT(whole(0), 99);
    CHECK_INT(whole(1), 97);
}

static void one_seed_is_one_story(void)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        uint64_t digests[2];
        for (int turn = 0; turn < 2; turn++) {
            start_with(FAKE_STORAGE_PREALLOC, seed, 1);
            for (size_t i = 0; i < 5; i++)
                CHECK_OK(put(i, (uint8_t)(2 + i)));
            fake_power_cut(&power);
            fake_storage_power_on(&fake);
            digests[turn] = fake_storage_digest(&fake);
        }
        CHECK(digests[0] == digests[1]);
    }
}

static void the_digest_is_of_the_content_alone(void)
{
    start(FAKE_STORAGE_PREALLOC, 1);
    uint64_t empty = fake_storage_digest(&fake);
    CHECK_OK(storage.create(storage.ctx, 9, SEGMENT));
    CHECK_OK(storage.create(storage.ctx, 1, SEGMENT));
    CHECK(fake_storage_digest(&fake) != empty);
    CHECK_OK(storage.remove(storage.ctx, 9));
    CHECK_OK(put(3, 4));
    CHECK_OK(storage.sync(storage.ctx, 1));
    uint64_t second_place = fake_storage_digest(&fake);
    start(FAKE_STORAGE_PREALLOC, 2);
    CHECK_OK(storage.create(storage.ctx, 1, SEGMENT));
    CHECK_OK(put(3, 4));
    CHECK(fake_storage_digest(&fake) != second_place); /* waiting is not durable */
    CHECK_OK(storage.sync(storage.ctx, 1));
    CHECK(fake_storage_digest(&fake) == second_place);
    CHECK_OK(fake_storage_flip(&fake, 1, 3 * BLOCK + 100, 0x10));
    CHECK(fake_storage_digest(&fake) != second_place);
    load();
    CHECK_INT(content[3 * BLOCK + 100], 4 ^ 0x10);
    CHECK_OK(fake_storage_flip(&fake, 1, 3 * BLOCK + 100, 0x10));
    CHECK(fake_storage_digest(&fake) == second_place);
    CHECK_STATUS(fake_storage_flip(&fake, 1, SEGMENT, 1), SEC_TRUNCATED);
    CHECK_STATUS(fake_storage_flip(&fake, 2, 0, 1), SEC_NOT_FOUND);
    CHECK_OK(put(3, 0));
    CHECK_OK(storage.sync(storage.ctx, 1));
    uint64_t zeros = fake_storage_digest(&fake);
    start(FAKE_STORAGE_PREALLOC, 3);
    CHECK_OK(storage.create(storage.ctx, 1, SEGMENT));
    CHECK(fake_storage_digest(&fake) == zeros);
}

static void a_second_cut_can_follow(void)
{
    start_with(FAKE_STORAGE_PREALLOC, 7, 1);
    fake_power_arm(&power, 1);
    CHECK_STATUS(put(0, 2), SEC_POWER_CUT);
    fake_storage_power_on(&fake);
    fake_power_arm(&power, 2);
    CHECK_OK(put(1, 3));
    CHECK_STATUS(storage.sync(storage.ctx, 1), SEC_POWER_CUT);
    fake_storage_power_on(&fake);
    CHECK_OK(put(0, 5));
    CHECK_OK(put(1, 5));
    CHECK_OK(storage.sync(storage.ctx, 1));
    load();
    CHECK_INT(whole(0), 5);
    CHECK_INT(whole(1), 5);
}

static const struct test tests[] = {
    TEST(it_does_what_a_storage_must),
    TEST(wrong_sizes_are_refused),
    TEST(no_place_is_storage_full),
    TEST(what_is_synced_survives_every_cut),
    TEST(a_cut_keeps_any_subset_and_tears_and_spoils),
    TEST(a_copy_on_write_block_is_old_or_new),
    TEST(create_and_remove_are_done_or_not),
    TEST(the_nth_call_is_refused_once),
    TEST(a_refused_sync_touches_waiting_blocks_alone),
    TEST(a_full_list_pushes_the_oldest_out),
    TEST(one_seed_is_one_story),
    TEST(the_digest_is_of_the_content_alone),
    TEST(a_second_cut_can_follow),
};
TEST_MAIN(tests)
