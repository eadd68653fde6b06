/* SPDX-License-Identifier: Apache-2.0 */
/* Each single bit of each SUIT vector, turned over, is noticed under the trust anchor. argv[1] or SECURABLE_SHARED: the shared folder. */
#include "inspect.h"
#include "test.h"

#include <dirent.h>

enum { FILE_MAX_BYTES = 65536 };

static const char *shared_folder;

static size_t read_whole(const char *path, uint8_t *data)
{
    FILE *file = fopen(path, "rb");
    CHECK(file);
    size_t len = fread(data, 1, FILE_MAX_BYTES, file);
    fclose(file);
    return len;
}

static bool is_good(const struct trust *trust, struct sec_bytes file)
{
    bool good = false;
    cJSON *json = inspect_bytes(trust, (struct sec_bytes){NULL, 0}, file, &good);
    cJSON_Delete(json);
    return good;
}

/* Gives the number of bits whose change goes unnoticed. */
static size_t flip_all(const struct trust *trust, uint8_t *data, size_t len)
{
    size_t unnoticed = 0;
    CHECK(is_good(trust, sec_bytes(data, len)));
    for (size_t bit = 0; bit < len * 8; bit++) {
        data[bit / 8] = (uint8_t)(data[bit / 8] ^ 1u << bit % 8);
        if (is_good(trust, sec_bytes(data, len))) {
            printf("unnoticed: byte %zu bit %zu\n", bit / 8, bit % 8);
            unnoticed++;
        }
        data[bit / 8] = (uint8_t)(data[bit / 8] ^ 1u << bit % 8);
    }
    return unnoticed;
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(&name[len - end_len], end) == 0;
}

static void every_single_bit_of_every_envelope_counts(void)
{
    char folder[3000], path[4096];
    static uint8_t data[FILE_MAX_BYTES];
    struct trust trust = {.count = 0};
    size_t files = 0, bits = 0;
    snprintf(folder, sizeof folder, "%s/vectors/suit", shared_folder);
    DIR *dir = opendir(folder);
    if (!dir)
        SKIP("the shared folder has no vectors/suit");
    snprintf(path, sizeof path, "%s/trust-anchor-pub.pem", folder);
    CHECK_OK(trust_add_file(&trust, path));
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!ends_with(entry->d_name, ".suit"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        size_t len = read_whole(path, data);
        CHECK_INT(flip_all(&trust, data, len), 0);
        files++;
        bits += len * 8;
    }
    closedir(dir);
    trust_done(&trust);
    printf("%zu bits of %zu envelopes turned over\n", bits, files);
    CHECK(files > 0);
}

static const struct test tests[] = {
    TEST(every_single_bit_of_every_envelope_counts),
};

int main(int argc, char **argv)
{
    shared_folder = getenv("SECURABLE_SHARED");
    if (!shared_folder || !*shared_folder)
        shared_folder = argc > 1 ? argv[1] : "../shared";
    return test_run_all(tests, sizeof tests / sizeof tests[0], NULL);
}
