/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"

#include "journal.h"
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COPY_BYTES 65536u
#define CONFIG_NAME "securable-hub.conf"
#define SIGNER_NAME "journal-key.pem"
#define MODE_DIRECTORY 0700
#define MODE_FILE 0600

struct backup {
    struct hub_place *place;
    int fd; /* of the copy */
    char path[PATH_MAX]; /* of the copy, until it has its name */
    struct sec_room room;
    char *text;
    size_t text_bytes;
};

/* --- telling ------------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void tell(struct backup *b, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(b->text, b->text_bytes, format, values);
    va_end(values);
}

static sec_status of_errno(void)
{
    return sec_st(errno == ENOSPC || errno == EDQUOT ? SEC_STORAGE_FULL : errno == ENOENT ? SEC_NOT_FOUND : errno == EEXIST ? SEC_EXISTS : SEC_IO_FAILED);
}

static sec_status failed(struct backup *b, const char *object, const char *clause)
{
    sec_status status = of_errno();
    tell(b, "%s: %s: %s", object, clause, strerror(errno));
    return status;
}

/* --- files ----------------------------------------------------------------------------------------------------------- */

static sec_status write_all(int fd, struct sec_bytes bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        ssize_t put = write(fd, &bytes.data[at], bytes.len - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return of_errno();
        at += (size_t)put;
    }
    return sec_st(SEC_OK);
}

static sec_status pour(const struct backup *b, int from, int to)
{
    for (;;) {
        ssize_t got = read(from, b->room.data, b->room.len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return of_errno();
        if (got == 0)
            return fsync(to) == 0 ? sec_st(SEC_OK) : of_errno();
        SEC_TRY(write_all(to, sec_bytes(b->room.data, (size_t)got)));
    }
}

/** An existing copy of the file is replaced: journals are copied more than once. */
static sec_status copy_file(struct backup *b, int from_dir, int to_dir, const char *name)
{
    int from = openat(from_dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int to = from < 0 ? -1 : openat(to_dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE_FILE);
    sec_status status = to < 0 ? of_errno() : pour(b, from, to);
    if (!sec_ok(status))
        tell(b, "%s: copy: %s", name, strerror(errno));
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return status;
}

typedef sec_status (*name_each)(struct backup *b, int from_dir, int to_dir, const char *name);

/** Calls for every regular file of a directory whose name fits. */
static sec_status each_file(struct backup *b, int from_dir, int to_dir, bool (*fits)(const char *name), name_each each)
{
    struct stat info;
    int fd = openat(from_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        sec_status status = failed(b, "directory", "read");
        if (fd >= 0)
            close(fd);
        return status;
    }
    sec_status status = sec_st(SEC_OK);
    for (struct dirent *entry; sec_ok(status) && (entry = readdir(dir)) != NULL;)
        if (fits(entry->d_name) && fstatat(from_dir, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode))
            status = each(b, from_dir, to_dir, entry->d_name);
    closedir(dir);
    return status;
}

static bool ends_in(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len > end_len && strcmp(&name[len - end_len], end) == 0;
}

static bool is_pem(const char *name)
{
    return ends_in(name, ".pem");
}

static bool is_segment(const char *name)
{
    return ends_in(name, ".seg");
}

/** Whole payloads have the name of their digest; what is on its way has another. */
static bool is_payload(const char *name)
{
    return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

static bool is_any(const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* --- folders ---------------------------------------------------------------------------------------------------------- */

static sec_status open_pair(struct backup *b, const char *name, int *ret_from, int *ret_to)
{
    int to = -1, from = openat(b->place->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (from >= 0 && (mkdirat(b->fd, name, MODE_DIRECTORY) == 0 || errno == EEXIST))
        to = openat(b->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (to < 0) {
        sec_status status = failed(b, name, "open");
        if (from >= 0)
            close(from);
        return status;
    }
    *ret_from = from;
    *ret_to = to;
    return sec_st(SEC_OK);
}

static sec_status copy_folder(struct backup *b, const char *name, bool (*fits)(const char *name))
{
    int from = -1, to = -1;
    SEC_TRY(open_pair(b, name, &from, &to));
    sec_status status = each_file(b, from, to, fits, copy_file);
    if (sec_ok(status) && fsync(to) != 0)
        status = failed(b, name, "sync");
    close(from);
    close(to);
    return status;
}

static sec_status remove_file(struct backup *b, int from_dir, int to_dir, const char *name)
{
    (void)b;
    (void)to_dir;
    (void)unlinkat(from_dir, name, 0);
    return sec_st(SEC_OK);
}

static void empty_folder(struct backup *b, const char *name)
{
    int fd = openat(b->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    (void)each_file(b, fd, -1, is_any, remove_file);
    close(fd);
}

/* --- the journal --------------------------------------------------------------------------------------------------------- */

/** Judges the journal below a directory under the public half of the key below it. */
static sec_status judge(struct hub_place *place, int dir_fd, char *text, size_t text_bytes)
{
    struct sec_private_key key = {0};
    struct sec_crypto crypto = sec_openssl_crypto(&place->openssl);
    int keys = openat(dir_fd, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC), journal = openat(dir_fd, "journal", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sec_status status = keys < 0 || journal < 0 ? of_errno() : sec_private_key_load(&key, &place->openssl, keys, SIGNER_NAME);
    if (sec_ok(status))
        status = hub_journal_check(journal, &key.key, &crypto, text, text_bytes);
    else
        (void)snprintf(text, text_bytes, "keys/%s: load: %s", SIGNER_NAME, sec_status_text(status));
    sec_private_key_done(&key);
    if (keys >= 0)
        close(keys);
    if (journal >= 0)
        close(journal);
    return status;
}

static void wait_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    while (nanosleep(&time, &time) != 0 && errno == EINTR)
        continue;
}

/** A segment that was trimmed away between two tries must not stay in the copy. */
static sec_status copy_journal_once(struct backup *b)
{
    empty_folder(b, "journal");
    SEC_TRY(copy_folder(b, "journal", is_segment));
    return judge(b->place, b->fd, b->text, b->text_bytes);
}

static sec_status copy_journal(struct backup *b)
{
    sec_status status = copy_journal_once(b);
    for (int i = 1; i < HUB_BACKUP_TRIES_COUNT && !(sec_ok(status) && strncmp(b->text, "journal: intact", 15) == 0); i++) {
        if (sec_is(status, SEC_STORAGE_FULL))
            return status;
        wait_ms(HUB_BACKUP_TRY_MS);
        status = copy_journal_once(b);
    }
    return status;
}

/* --- the database ---------------------------------------------------------------------------------------------------------- */

static sec_status open_store(struct hub_place *place, char *text, size_t text_bytes, struct hub_store **ret_store)
{
    char path[HUB_PATH_MAX_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/hub.db", place->path);
    sec_status status = hub_store_open(path, true, ret_store);
    if (!sec_ok(status))
        (void)snprintf(text, text_bytes, "hub.db: open: %s", sec_status_text(status));
    return status;
}

static sec_status copy_store(struct backup *b)
{
    char path[PATH_MAX + 16];
    struct hub_store *store = NULL;
    SEC_TRY(open_store(b->place, b->text, b->text_bytes, &store));
    (void)snprintf(path, sizeof path, "%s/hub.db", b->path);
    sec_status status = hub_store_backup(store, path);
    if (!sec_ok(status))
        tell(b, "hub.db: copy: %s", sec_status_text(status));
    hub_store_close(store);
    return status;
}

/* --- the whole ---------------------------------------------------------------------------------------------------------------- */

static sec_status copy_config(struct backup *b)
{
    if (faccessat(b->place->dir_fd, CONFIG_NAME, F_OK, 0) != 0 && errno == ENOENT)
        return sec_st(SEC_OK); /* a hub may do without */
    return copy_file(b, b->place->dir_fd, b->fd, CONFIG_NAME);
}

static sec_status copy_all(struct backup *b)
{
    char journal[256];
    SEC_TRY(copy_config(b));
    SEC_TRY(copy_folder(b, "keys", is_pem));
    SEC_TRY(copy_journal(b));
    (void)snprintf(journal, sizeof journal, "%.*s", (int)sizeof journal - 1, b->text);
    SEC_TRY(copy_store(b));
    SEC_TRY(copy_folder(b, "payloads", is_payload));
    if (fsync(b->fd) != 0)
        return failed(b, b->path, "sync");
    tell(b, "copied; %s", journal);
    return sec_st(SEC_OK);
}

static void remove_copy(struct backup *b)
{
    static const char *const folders[] = {"keys", "journal", "payloads"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        empty_folder(b, folders[i]);
        (void)unlinkat(b->fd, folders[i], AT_REMOVEDIR);
    }
    (void)unlinkat(b->fd, CONFIG_NAME, 0);
    (void)unlinkat(b->fd, "hub.db", 0);
    (void)rmdir(b->path);
}

/** Syncs the directory that holds the copy. */
static sec_status sync_around(struct backup *b)
{
    int fd = openat(b->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    sec_status status = good ? sec_st(SEC_OK) : failed(b, "directory", "sync");
    if (fd >= 0)
        close(fd);
    return status;
}

static sec_status name_it(struct backup *b, const char *target)
{
    if (renameat2(AT_FDCWD, b->path, AT_FDCWD, target, RENAME_NOREPLACE) != 0)
        return failed(b, target, "name");
    return sync_around(b);
}

static sec_status make(struct backup *b, const char *target)
{
    struct stat info;
    if (lstat(target, &info) == 0) {
        tell(b, "%s: make: is there already", target);
        return sec_st(SEC_EXISTS);
    }
    size_t len = strlen(target);
    while (len > 1 && target[len - 1] == '/')
        len--;
    if (snprintf(b->path, sizeof b->path, "%.*s.partial", (int)len, target) >= (int)sizeof b->path) {
        tell(b, "target: path: is too long");
        return sec_st(SEC_TOO_LARGE);
    }
    if (mkdir(b->path, MODE_DIRECTORY) != 0)
        return failed(b, b->path, "make");
    b->fd = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return b->fd >= 0 ? sec_st(SEC_OK) : failed(b, b->path, "open");
}

sec_status hub_backup(struct hub_place *place, const char *target, char *text, size_t text_bytes)
{
    struct backup b = {.place = place, .fd = -1, .room = sec_room(malloc(COPY_BYTES), COPY_BYTES), .text = text, .text_bytes = text_bytes};
    sec_status status = b.room.data ? make(&b, target) : sec_st(SEC_TABLE_FULL);
    bool made = b.fd >= 0;
    if (sec_ok(status))
        status = copy_all(&b);
    if (sec_ok(status))
        status = name_it(&b, target);
    if (!sec_ok(status) && made)
        remove_copy(&b);
    if (made)
        close(b.fd);
    free(b.room.data);
    return status;
}

/* --- checking ---------------------------------------------------------------------------------------------------------------------- */

sec_status hub_check(struct hub_place *place, char *text, size_t text_bytes)
{
    char of_store[256] = "";
    struct hub_store *store = NULL;
    SEC_TRY(open_store(place, text, text_bytes, &store));
    sec_status status = hub_store_check(store, of_store, sizeof of_store);
    hub_store_close(store);
    if (!sec_ok(status)) {
        (void)snprintf(text, text_bytes, "hub.db: check: %s", of_store);
        return status;
    }
    status = judge(place, place->dir_fd, text, text_bytes);
    for (int i = 1; i < HUB_BACKUP_TRIES_COUNT && sec_is(status, SEC_TAMPERED); i++) {
        wait_ms(HUB_BACKUP_TRY_MS); /* a hub may have been writing */
        status = judge(place, place->dir_fd, text, text_bytes);
    }
    if (!sec_ok(status))
        return status;
    size_t len = strlen(text);
    (void)snprintf(&text[len], text_bytes - len, "; database: good");
    return status;
}
