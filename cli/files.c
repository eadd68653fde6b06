/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 65536u

static int failed(const char *path, const char *clause)
{
    int error = errno;
    if (error == EEXIST || error == ENOTEMPTY)
        return cli_refused(path, clause, "it is there already");
    return cli_environment(path, clause, "%s", strerror(error));
}

/* Reads until the end of the file; the room has one byte more than a file may have. */
static int read_all(int fd, const char *path, struct sec_room room, size_t *ret_len)
{
    size_t len = 0;
    while (len < room.len) {
        ssize_t n = read(fd, &room.data[len], room.len - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(path, "read");
        if (n == 0) {
            *ret_len = len;
            return CLI_DONE;
        }
        len += (size_t)n;
    }
    return cli_refused(path, "length", "over %zu bytes", room.len - 1);
}

int files_read(struct cli *cli, const char *path, size_t max, struct sec_bytes *ret_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return failed(path, "open");
    if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        close(fd);
        return cli_environment(path, "open", "is a directory");
    }
    size_t want = S_ISREG(st.st_mode) && (uint64_t)st.st_size < max ? (size_t)st.st_size : max;
    struct sec_room room = cli_room(cli, want + 1);
    size_t len = 0;
    int code = read_all(fd, path, room, &len);
    close(fd);
    *ret_bytes = sec_bytes(room.data, len);
    return code;
}

int files_read_stdin(struct cli *cli, size_t max, struct sec_bytes *ret_bytes)
{
    struct sec_room room = cli_room(cli, max + 1);
    size_t len = 0;
    int code = read_all(STDIN_FILENO, "standard input", room, &len);
    *ret_bytes = sec_bytes(room.data, len);
    return code;
}

static bool write_all(int fd, struct sec_bytes bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        ssize_t n = write(fd, &bytes.data[at], bytes.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool sync_dir_of(const char *path)
{
    char copy[CLI_PATH_MAX_BYTES];
    if (strlen(path) >= sizeof copy)
        return false;
    sec_copy(copy, path, strlen(path) + 1);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

int files_write(const char *path, mode_t mode, struct sec_bytes bytes)
{
    char temporary[CLI_PATH_MAX_BYTES];
    int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return cli_usage(path, "path", "over %u bytes", CLI_PATH_MAX_BYTES - 8);
    if (files_is_dir(path))
        return cli_refused(path, "write", "is a directory");
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return failed(path, "write");
    bool done = fchmod(fd, mode) == 0 && write_all(fd, bytes) && fsync(fd) == 0;
    done = close(fd) == 0 && done && rename(temporary, path) == 0;
    if (!done) {
        int error = errno;
        (void)unlink(temporary);
        errno = error;
        return failed(path, "write");
    }
    return sync_dir_of(path) ? CLI_DONE : failed(path, "sync");
}

int files_make_dir(const char *path, mode_t mode)
{
    /* Who shares a device's directories is not a matter of the caller's umask. */
    if (mkdir(path, mode) != 0 || chmod(path, mode) != 0)
        return failed(path, "make directory");
    return CLI_DONE;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    (void)remove(path);
    return 0;
}

void files_remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int files_rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) != 0)
        return failed(to, "make");
    return sync_dir_of(to) ? CLI_DONE : failed(to, "sync");
}

int files_digest(struct cli *cli, const char *path, struct sec_digest *ret_digest, uint64_t *ret_bytes)
{
    struct sec_room room = cli_room(cli, PIECE_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed(path, "open");
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool good = md && EVP_DigestInit_ex(md, cli->openssl.sha256, NULL) == 1;
    uint64_t total = 0;
    ssize_t n = 0;
    while (good && ((n = read(fd, room.data, room.len)) > 0 || (n < 0 && errno == EINTR))) {
        good = n < 0 || EVP_DigestUpdate(md, room.data, (size_t)n) == 1;
        total += n > 0 ? (uint64_t)n : 0;
    }
    int error = errno;
    good = good && EVP_DigestFinal_ex(md, ret_digest->b, NULL) == 1;
    EVP_MD_CTX_free(md);
    close(fd);
    errno = error;
    if (n < 0)
        return failed(path, "read");
    *ret_bytes = total;
    return good ? CLI_DONE : cli_environment(path, "digest", "libcrypto failed");
}

int files_copy(const char *from, const char *to, mode_t mode)
{
    static uint8_t piece[PIECE_BYTES];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return failed(from, "open");
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    ssize_t n = -1;
    bool good = out >= 0;
    while (good && ((n = read(in, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR)))
        good = n < 0 || write_all(out, sec_bytes(piece, (size_t)n));
    good = good && n == 0 && fsync(out) == 0;
    int code = good ? CLI_DONE : failed(to, "copy");
    close(in);
    if (out >= 0)
        close(out);
    return code;
}

bool files_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool files_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

const char *files_join(struct cli *cli, const char *dir, const char *name)
{
    return cli_format(cli, "%s/%s", dir, name);
}
