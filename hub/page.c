/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include "hub.h"

#include "../console/page_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct page_file {
    const char *name;
    const char *type;
} page_files[] = {
#define PAGE_ROW(name, type) {name, type},
    PAGE_FILES(PAGE_ROW)
#undef PAGE_ROW
};

/* Beside the program, as it was installed, unless the configuration names a folder. */
static bool folder_of(const struct hub *hub, char *ret_path, size_t path_bytes)
{
    char self[HUB_PATH_MAX_BYTES];
    int len;
    if (hub->config.console_dir[0]) {
        len = snprintf(ret_path, path_bytes, "%s", hub->config.console_dir);
        return len > 0 && (size_t)len < path_bytes;
    }
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = '\0';
    char *name = strrchr(self, '/');
    if (!name)
        return false;
    *name = '\0';
    len = snprintf(ret_path, path_bytes, "%s/../share/securable/console", self);
    return len > 0 && (size_t)len < path_bytes;
}

static int open_file(const struct hub *hub, const char *name)
{
    char folder[HUB_PATH_MAX_BYTES + 64];
    if (!folder_of(hub, folder, sizeof folder))
        return -1;
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return -1;
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    close(dir);
    return fd;
}

/* The whole file in the exchange's memory; empty when it cannot be read. */
static struct sec_bytes read_file(struct hub_exchange *x, int fd)
{
    struct stat facts;
    size_t len = 0;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size <= 0 || facts.st_size > (off_t)PAGE_FILE_MAX_BYTES)
        return sec_bytes(NULL, 0);
    size_t size = (size_t)facts.st_size;
    uint8_t *data = hub_alloc(x, size);
    while (data && len < size) {
        ssize_t n = read(fd, &data[len], size - len);
        if (n <= 0 && errno != EINTR)
            return sec_bytes(NULL, 0);
        len += n > 0 ? (size_t)n : 0;
    }
    return sec_bytes(data, data ? len : 0);
}

static const char *etag_of(struct hub_exchange *x, struct sec_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    struct sec_digest digest;
    const struct sec_hasher *hasher = &hub_crypto()->hasher;
    char *text = hub_alloc(x, 35);
    if (!text || !sec_ok(hasher->digest(hasher->ctx, &bytes, 1, &digest)))
        return NULL;
    text[0] = text[33] = '"';
    for (size_t i = 0; i < 16; i++) {
        text[1 + 2 * i] = digits[digest.b[i] >> 4];
        text[2 + 2 * i] = digits[digest.b[i] & 15];
    }
    return text;
}

static void add_fields(struct hub_exchange *x)
{
#define PAGE_FIELD(name, value) hub_field(x, name, value);
    PAGE_FIELDS(PAGE_FIELD)
#undef PAGE_FIELD
}

static void answer(struct hub_exchange *x, const struct page_file *file)
{
    int fd = open_file(x->hub, file->name);
    struct sec_bytes bytes = fd >= 0 ? read_file(x, fd) : sec_bytes(NULL, 0);
    if (fd >= 0)
        close(fd);
    const char *etag = bytes.len ? etag_of(x, bytes) : NULL;
    if (!etag) {
        hub_problem(x, 404, "page", file->name, "the page's files are not installed beside this hub", "not-found");
        return;
    }
    struct sec_bytes known = http_field_of(x->head, "If-None-Match");
    bool same = sec_bytes_equal(known, sec_bytes_of_str(etag));
    add_fields(x);
    hub_field(x, "ETag", etag);
    hub_answer(x, same ? 304 : 200, file->type, same ? sec_bytes(NULL, 0) : bytes);
}

void hub_page_index(struct hub_exchange *x)
{
    answer(x, &page_files[0]);
}

void hub_page_file(struct hub_exchange *x)
{
    struct sec_bytes name = hub_segment(x, 1);
    for (size_t i = 0; i < sizeof page_files / sizeof page_files[0]; i++) {
        if (sec_bytes_equal(name, sec_bytes_of_str(page_files[i].name))) {
            answer(x, &page_files[i]);
            return;
        }
    }
    hub_problem(x, 404, "page", "path", "there is no such file", "not-found");
}

void hub_page_config(struct hub_exchange *x)
{
    add_fields(x);
    hub_answer(x, 200, "application/json", SEC_LIT("{\"mode\":\"hub\"}"));
}
