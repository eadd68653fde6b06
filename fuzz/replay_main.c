/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over stored files, so that every seed and every past crash is a regression test.
 * Arguments: files or folders (read one level deep).
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned run_count;

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    uint8_t *data = malloc(1u << 20);
    size_t len = data ? fread(data, 1, 1u << 20, file) : 0;
    fclose(file);
    /* An exact-size copy lets a sanitizer see a read beyond the end. */
    uint8_t *exact = malloc(len ? len : 1);
    for (size_t i = 0; exact && i < len; i++)
        exact[i] = data[i];
    free(data);
    if (exact)
        LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    run_count++;
    return 0;
}

static int run_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        perror(path);
        return 1;
    }
    if (!S_ISDIR(st.st_mode))
        return run_file(path);
    DIR *dir = opendir(path);
    if (!dir)
        return 1;
    int failures = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char name[4096];
        int n = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && n > 0 && (size_t)n < sizeof name)
            failures += run_file(name);
    }
    closedir(dir);
    return failures;
}

int main(int argc, char **argv)
{
    int failures = 0;
    for (int i = 1; i < argc; i++)
        failures += run_path(argv[i]);
    if (run_count == 0)
        failures = 1;
    printf("%u seeds replayed\n", run_count);
    printf("%u passed, %d failed, 0 skipped\n", failures ? 0u : 1u, failures ? 1 : 0);
    return failures ? 1 : 0;
}
