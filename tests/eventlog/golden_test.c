/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads tests/golden/journal-1.bin, a segment as format 1 was first written: what stands on devices must stay readable.
 *
 * The file lacks the segment's trailing zeros. `golden_test --write FILE` makes it anew, for a new format only.
 */
#include "log_device.h"

static struct frozen golden;

static void load(void)
{
    device_make(FAKE_STORAGE_PREALLOC, 512, 64 * 512, 77);
    CHECK_OK(device.storage.create(device.storage.ctx, 1, 64 * 512));
    freeze(&golden);
    FILE *file = fopen(GOLDEN_DIR "/journal-1.bin", "rb");
    CHECK(file != NULL);
    CHECK(fread(frozen_segment(&golden, 1), 1, 64 * 512, file) > 4096);
    fclose(file);
}

static void format_1_still_verifies(void)
{
    load();
    struct sec_verify_result result = verify_storage(&golden.storage, NULL);
    CHECK_VERDICT(result, SEC_VERDICT_INTACT);
    CHECK_INT(result.records, 6);
    CHECK_INT(result.boots, 2);
    CHECK_INT(result.last_head.boot, 2);
    CHECK_INT(result.last_head.time_s, 1700000000);
    thaw(&golden);
}

static void format_1_still_opens(void)
{
    load();
    device.config.storage = &golden.storage;
    CHECK_OK(device_open());
    CHECK_INT(device.notes.count, 6);
    CHECK_INT(device.notes.list[0].digest, digest64(SEC_LIT("first snapshot")));
    CHECK_INT(device.notes.list[2].record_class, SEC_RECORD_DECISION);
    CHECK_INT(sec_journal_boot(&device.journal), 3);
    thaw(&golden);
}

static int write_golden(const char *path)
{
    device_make(FAKE_STORAGE_PREALLOC, 512, 64 * 512, 77);
    device_begin();
    if (!sec_ok(device_decide(1, "a decision", NULL)) || !sec_ok(device_event(1, "an event")) || !sec_ok(device_restart(1)) ||
        !sec_ok(device_decide(0, "a clear decision", NULL)) || !sec_ok(device_decide(0, "another", NULL)))
        return 1;
    freeze(&golden);
    const uint8_t *bytes = frozen_segment(&golden, 1);
    size_t len = 64 * 512;
    while (len > 0 && bytes[len - 1] == 0)
        len--;
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(bytes, 1, len, file) == len;
    if (file)
        fclose(file);
    thaw(&golden);
    return written ? 0 : 1;
}

static const struct test tests[] = {TEST(format_1_still_verifies), TEST(format_1_still_opens)};

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_golden(argv[2]);
    return test_run_all(tests, sizeof tests / sizeof tests[0], argc > 1 ? argv[1] : NULL);
}
