/* SPDX-License-Identifier: Apache-2.0 */
#include "file_storage.h"
#include "linux_clock.h"
#include "storage_suite.h"
#include "temp_dir.h"

enum { BLOCK = SEC_FILE_STORAGE_BLOCK_BYTES };

static void it_does_what_a_storage_must(void)
{
    struct temp_dir dir = temp_dir_make();
    struct sec_file_storage files;
    CHECK_OK(sec_file_storage_open(&files, dir.fd, false));
    struct sec_storage storage = sec_file_storage_port(&files);
    suite_storage(&storage);
    CHECK_INT(temp_dir_walk(&dir, false), 0);
    sec_file_storage_close(&files);
    temp_dir_remove(&dir);
}

static void segments_are_files_that_outlive_the_process(void)
{
    struct temp_dir dir = temp_dir_make();
    struct sec_file_storage files;
    static uint8_t block[BLOCK], got[BLOCK];
    struct stat st;
    suite_fill(block, sizeof block, 3);
    CHECK_OK(sec_file_storage_open(&files, dir.fd, false));
    struct sec_storage storage = sec_file_storage_port(&files);
    /* More segments than are kept open. */
    for (uint32_t i = 1; i <= 3 * SEC_FILE_STORAGE_FDS_COUNT; i++) {
        CHECK_OK(storage.create(storage.ctx, i, 17 * BLOCK));
        CHECK_OK(storage.write(storage.ctx, i, 16 * BLOCK, SEC_BYTES(block)));
        CHECK_OK(storage.sync(storage.ctx, i));
    }
    CHECK_INT(fstatat(dir.fd, "journal-00000012.seg", &st, 0), 0);
    CHECK_INT(st.st_size, 17 * BLOCK);
    CHECK(st.st_blocks * 512 >= 17 * BLOCK);
    sec_file_storage_close(&files);
    CHECK_OK(sec_file_storage_open(&files, dir.fd, true));
    storage = sec_file_storage_port(&files);
    for (uint32_t i = 1; i <= 3 * SEC_FILE_STORAGE_FDS_COUNT; i++) {
        CHECK_OK(storage.read(storage.ctx, i, 16 * BLOCK, SEC_ROOM(got)));
        CHECK_BYTES(SEC_BYTES(got), SEC_BYTES(block));
    }
    CHECK_STATUS(storage.create(storage.ctx, 99, BLOCK), SEC_REFUSED_BY_PORT);
    CHECK_STATUS(storage.write(storage.ctx, 1, 0, SEC_BYTES(block)), SEC_REFUSED_BY_PORT);
    CHECK_STATUS(storage.sync(storage.ctx, 1), SEC_REFUSED_BY_PORT);
    CHECK_STATUS(storage.remove(storage.ctx, 1), SEC_REFUSED_BY_PORT);
    sec_file_storage_close(&files);
    temp_dir_remove(&dir);
}

static void only_proper_names_count_and_leftovers_go(void)
{
    struct temp_dir dir = temp_dir_make();
    struct sec_file_storage files;
    uint32_t number = 0;
    uint64_t bytes = 0;
    temp_dir_put(&dir, "journal-00000003.tmp", "half made");
    temp_dir_put(&dir, "journal-00000000.seg", "");
    temp_dir_put(&dir, "journal-000000001.seg", "");
    temp_dir_put(&dir, "journal-1.seg", "");
    temp_dir_put(&dir, "journal-9999999999.seg", "");
    temp_dir_put(&dir, "journal-00000001.segs", "");
    temp_dir_put(&dir, "other", "");
    CHECK_OK(sec_file_storage_open(&files, dir.fd, false));
    struct sec_storage storage = sec_file_storage_port(&files);
    CHECK_STATUS(storage.next_segment(storage.ctx, 0, &number, &bytes), SEC_NOT_FOUND);
    CHECK_INT(temp_dir_walk(&dir, false), 6);
    CHECK_OK(storage.create(storage.ctx, 4000000000u, BLOCK));
    CHECK_OK(storage.next_segment(storage.ctx, 0, &number, &bytes));
    CHECK(number == 4000000000u);
    CHECK(symlinkat("journal-00000001.segs", dir.fd, "journal-00000005.seg") == 0);
    uint8_t byte;
    CHECK_STATUS(storage.read(storage.ctx, 5, 0, sec_room(&byte, 1)), SEC_IO_FAILED);
    sec_file_storage_close(&files);
    temp_dir_remove(&dir);
}

static void the_clock_goes_on(void)
{
    struct sec_clock clock = sec_linux_clock();
    uint64_t before = clock.steady_ms(clock.ctx);
    usleep(3000);
    CHECK(clock.steady_ms(clock.ctx) >= before + 3);
    CHECK(clock.wall_s(clock.ctx) == 0 || clock.wall_s(clock.ctx) >= 1577836800);
    CHECK(!clock.wall_trusted(clock.ctx));
}

static const struct test tests[] = {
    TEST(it_does_what_a_storage_must),
    TEST(segments_are_files_that_outlive_the_process),
    TEST(only_proper_names_count_and_leftovers_go),
    TEST(the_clock_goes_on),
};
TEST_MAIN(tests)
