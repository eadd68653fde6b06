/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests' few tools: a visible table of tests, checks that say what they saw, elements shown.
 *
 *     static void a_map_with_a_key_twice_is_refused(void) { CHECK_STATUS(f(), SEC_DUPLICATE_KEY); }
 *     static const struct test tests[] = {TEST(a_map_with_a_key_twice_is_refused)};
 *     TEST_MAIN(tests)
 *
 * A failed check ends its test. `SHOWS("F5.2")` declares an element of docs/elements.tsv, and prints
 * it only when the test passes. `SKIP("why")` ends a test as skipped. The program's last line is
 * "N passed, N failed, N skipped".
 */
#ifndef SECURABLE_TEST_H
#define SECURABLE_TEST_H

#include <securable/bytes.h>

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
    const char *name;
    void (*run)(void);
};
#define TEST(name) {#name, name}

static jmp_buf test_end;
static char test_shows[32][8];
static size_t test_shows_count;

enum { TEST_FAILED = 1, TEST_SKIPPED = 2 };

__attribute__((noreturn)) static inline void test_stop(int how)
{
    fflush(stdout);
    longjmp(test_end, how);
}

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            printf("%s:%d: check failed: %s\n", __FILE__, __LINE__, #cond);                        \
            test_stop(TEST_FAILED);                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_STATUS(expr, want)                                                                   \
    do {                                                                                           \
        sec_status check_got = (expr);                                                             \
        if (!sec_is(check_got, want)) {                                                            \
            printf("%s:%d: %s: got %s, want %s\n", __FILE__, __LINE__, #expr,                      \
                   sec_status_word(check_got), sec_status_word(sec_st(want)));                     \
            test_stop(TEST_FAILED);                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_OK(expr) CHECK_STATUS(expr, SEC_OK)

#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        long long check_a = (long long)(got), check_b = (long long)(want);                         \
        if (check_a != check_b) {                                                                  \
            printf("%s:%d: %s: got %lld, want %lld\n", __FILE__, __LINE__, #got, check_a, check_b);\
            test_stop(TEST_FAILED);                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_BYTES(got, want)                                                                     \
    do {                                                                                           \
        struct sec_bytes check_a = (got), check_b = (want);                                        \
        if (!sec_bytes_equal(check_a, check_b)) {                                                  \
            printf("%s:%d: %s: bytes differ\n", __FILE__, __LINE__, #got);                         \
            test_print_hex("  got ", check_a);                                                     \
            test_print_hex("  want", check_b);                                                     \
            test_stop(TEST_FAILED);                                                                \
        }                                                                                          \
    } while (0)

#define SKIP(why)                                                                                  \
    do {                                                                                           \
        printf("skipped: %s\n", why);                                                              \
        test_stop(TEST_SKIPPED);                                                                   \
    } while (0)

#define SHOWS(element)                                                                             \
    do {                                                                                           \
        if (test_shows_count < 32)                                                                 \
            snprintf(test_shows[test_shows_count++], sizeof test_shows[0], "%s", element);         \
    } while (0)

__attribute__((unused)) static void test_print_hex(const char *label, struct sec_bytes bytes)
{
    printf("%s (%zu bytes) ", label, bytes.len);
    for (size_t i = 0; i < bytes.len && i < 256; i++)
        printf("%02x", bytes.data[i]);
    printf("%s\n", bytes.len > 256 ? "..." : "");
}

static int test_run_all(const struct test *tests, size_t count, const char *only)
{
    volatile unsigned passed = 0, failed = 0, skipped = 0;
    for (volatile size_t i = 0; i < count; i++) {
        if (only && strcmp(only, tests[i].name) != 0)
            continue;
        test_shows_count = 0;
        int how = setjmp(test_end);
        if (how == 0) {
            tests[i].run();
            passed++;
            printf("ok %s\n", tests[i].name);
            for (size_t k = 0; k < test_shows_count; k++)
                printf("shows %s %s\n", test_shows[k], tests[i].name);
        } else if (how == TEST_SKIPPED) {
            skipped++;
            printf("skip %s\n", tests[i].name);
        } else {
            failed++;
            printf("FAILED %s\n", tests[i].name);
        }
        fflush(stdout);
    }
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed ? 1 : 0;
}

#define TEST_MAIN(table)                                                                           \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return test_run_all(table, sizeof(table) / sizeof((table)[0]), argc > 1 ? argv[1] : NULL); \
    }

#endif
