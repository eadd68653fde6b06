/* SPDX-License-Identifier: Apache-2.0 */
#include "file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sec_status status_of_errno(void)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return sec_st(SEC_NOT_FOUND);
    if (errno == EEXIST)
        return sec_st(SEC_EXISTS);
    if (errno == ENOSPC || errno == EDQUOT)
        return sec_st(SEC_STORAGE_FULL);
    return sec_st(SEC_IO_FAILED);
}

/* Closes without losing the errno that tells why. */
static void close_quietly(int fd)
{
    int kept = errno;
    (void)close(fd);
    errno = kept;
}

static sec_status read_all(int fd, struct sec_room to, size_t *ret_len)
{
    size_t len = 0;
    while (len < to.len) {
        ssize_t n = read(fd, &to.data[len], to.len - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sec_st(SEC_IO_FAILED);
        if (n == 0) {
            *ret_len = len;
            return sec_st(SEC_OK);
        }
        len += (size_t)n;
    }
    uint8_t more;
    ssize_t n = read(fd, &more, 1);
    if (n != 0)
        return sec_st(n < 0 ? SEC_IO_FAILED : SEC_TOO_LARGE);
    *ret_len = len;
    return sec_st(SEC_OK);
}

sec_status sec_file_io_read(int dir_fd, const char *name, struct sec_room to, size_t *ret_len)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return status_of_errno();
    sec_status status = read_all(fd, to, ret_len);
    close_quietly(fd);
    return status;
}

static sec_status write_all(int fd, struct sec_bytes bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(fd, &bytes.data[done], bytes.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return status_of_errno();
        done += (size_t)n;
    }
    return fsync(fd) == 0 ? sec_st(SEC_OK) : status_of_errno();
}

/* Syncs the directory that `name` stands in, so that the entry survives a power cut. */
static sec_status sync_parent(int dir_fd, const char *name)
{
    char parent[PATH_MAX] = ".";
    const char *slash = strrchr(name, '/');
    size_t len = 0;
    while (slash && &name[len] != slash)
        len++;
    if (slash && !sec_bytes_copy(SEC_ROOM(parent), sec_bytes(name, len == 0 ? 1 : len)))
        return sec_st(SEC_IO_FAILED);
    if (slash)
        parent[len == 0 ? 1 : len] = '\0';
    int fd = openat(dir_fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sec_st(SEC_IO_FAILED);
    sec_status status = fsync(fd) == 0 ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
    close_quietly(fd);
    return status;
}

sec_status sec_file_io_create(int dir_fd, const char *name, mode_t mode, struct sec_bytes bytes)
{
    if (strlen(name) >= PATH_MAX)
        return sec_st(SEC_IO_FAILED);
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return status_of_errno();
    sec_status status = write_all(fd, bytes);
    close_quietly(fd);
    if (sec_ok(status))
        status = sync_parent(dir_fd, name);
    if (!sec_ok(status)) {
        int kept = errno;
        (void)unlinkat(dir_fd, name, 0);
        errno = kept;
    }
    return status;
}
