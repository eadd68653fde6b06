/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden files: the bytes of a stored or sent format, as hex in tests/golden/<name>.hex, lines of 64 digits.
 *
 * With SEC_GOLDEN_WRITE in the environment the file is written anew, to be looked at before it is kept: a change there is a change of format.
 * The build gives SEC_GOLDEN_DIR.
 */
#ifndef SECURABLE_GOLDEN_H
#define SECURABLE_GOLDEN_H

#include "test.h"

#define GOLDEN_MAX_BYTES 65536u

__attribute__((unused)) static void golden_write(const char *path, struct sec_bytes got)
{
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    for (size_t i = 0; i < got.len; i++)
        fprintf(file, "%02x%s", got.data[i], i % 32 == 31 || i + 1 == got.len ? "\n" : "");
    CHECK(fclose(file) == 0);
}

__attribute__((unused)) static void golden_check(const char *name, struct sec_bytes got)
{
    static uint8_t want[GOLDEN_MAX_BYTES];
    char path[512];
    size_t len = 0;
    unsigned byte;
    snprintf(path, sizeof path, "%s/%s.hex", SEC_GOLDEN_DIR, name);
    if (getenv("SEC_GOLDEN_WRITE"))
        golden_write(path, got);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while (len < sizeof want && fscanf(file, "%2x", &byte) == 1)
        want[len++] = (uint8_t)byte;
    fclose(file);
    CHECK_BYTES(got, sec_bytes(want, len));
}

#endif
