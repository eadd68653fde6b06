/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include <lean.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES_COUNT 8u

static size_t page_bytes;
static uint8_t *area;

static void begin(uint8_t content)
{
    page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    area = mmap(NULL, PAGES_COUNT * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(area != MAP_FAILED);
    memset(area, content, PAGES_COUNT * page_bytes);
}

static void end(void)
{
    CHECK(munmap(area, PAGES_COUNT * page_bytes) == 0);
}

static bool is_all(const uint8_t *data, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != value)
            return false;
    }
    return true;
}

/* In memory now, as the kernel has it: a page that was given back is not. */
static size_t resident_count(void)
{
    uint64_t entries[PAGES_COUNT];
    size_t count = 0;
    FILE *file = fopen("/proc/self/pagemap", "rb");
    CHECK(file && fseek(file, (long)((uintptr_t)area / page_bytes * sizeof entries[0]), SEEK_SET) == 0);
    CHECK(fread(entries, sizeof entries[0], PAGES_COUNT, file) == PAGES_COUNT);
    fclose(file);
    for (size_t i = 0; i < PAGES_COUNT; i++)
        count += entries[i] >> 62 != 0; /* present or swapped */
    return count;
}

static void what_is_dropped_reads_as_zeros_and_its_ends_stay(void)
{
    begin(7);
    CHECK_INT(resident_count(), PAGES_COUNT);
    lean_drop(sec_room(&area[100], 5 * page_bytes));
    CHECK_INT(resident_count(), PAGES_COUNT - 4);
    CHECK(is_all(area, page_bytes, 7));
    CHECK(is_all(&area[page_bytes], 4 * page_bytes, 0));
    CHECK(is_all(&area[5 * page_bytes], 3 * page_bytes, 7));
    end();
}

static void a_sweep_changes_nothing_and_gives_zeros_back(void)
{
    begin(0);
    area[2 * page_bytes] = 1;
    area[5 * page_bytes + page_bytes - 1] = 2;
    lean_sweep(sec_room(area, PAGES_COUNT * page_bytes));
    CHECK_INT(resident_count(), 2);
    CHECK_INT(area[2 * page_bytes], 1);
    CHECK_INT(area[6 * page_bytes - 1], 2);
    area[2 * page_bytes] = area[6 * page_bytes - 1] = 0;
    CHECK(is_all(area, PAGES_COUNT * page_bytes, 0));
    end();
}

static void small_and_empty_rooms_are_left_alone(void)
{
    begin(7);
    lean_drop(sec_room(NULL, 0));
    lean_sweep(sec_room(NULL, 0));
    lean_drop(sec_room(&area[1], page_bytes));
    lean_drop(sec_room(&area[1], 2 * page_bytes - 2));
    CHECK(is_all(area, PAGES_COUNT * page_bytes, 7));
    end();
}

static const struct test tests[] = {
    TEST(what_is_dropped_reads_as_zeros_and_its_ends_stay),
    TEST(a_sweep_changes_nothing_and_gives_zeros_back),
    TEST(small_and_empty_rooms_are_left_alone),
};

TEST_MAIN(tests)
