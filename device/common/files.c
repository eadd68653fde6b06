/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static sec_status status_of(int error)
{
    if (error == ENOENT)
        return sec_st(SEC_NOT_FOUND);
    return error == ENOSPC || error == EDQUOT ? sec_st(SEC_STORAGE_FULL) : sec_st(SEC_IO_FAILED);
}

static bool write_all(int fd, struct sec_bytes content)
{
    for (size_t at = 0; at < content.len;) {
        ssize_t n = write(fd, &content.data[at], content.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

sec_status files_replace(int dir_fd, const char *name, struct sec_bytes content, unsigned mode)
{
    char temporary[128];
    int n = snprintf(temporary, sizeof temporary, ".%s.new", name);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return sec_st(SEC_BAD_ARGUMENT);
    if (unlinkat(dir_fd, temporary, 0) != 0 && errno != ENOENT) /* what a cut left, or what somebody put in the way */
        return status_of(errno);
    int fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return status_of(errno);
    bool done = write_all(fd, content) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    sec_status status = done ? sec_st(SEC_OK) : status_of(errno);
    close(fd);
    if (sec_ok(status) && (renameat(dir_fd, temporary, dir_fd, name) != 0 || fsync(dir_fd) != 0))
        status = status_of(errno);
    if (!sec_ok(status))
        (void)unlinkat(dir_fd, temporary, 0);
    return status;
}

static sec_status read_fd(int fd, struct sec_room room, size_t *ret_len)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return sec_st(SEC_IO_FAILED);
    if (st.st_size < 0 || (uint64_t)st.st_size > room.len)
        return sec_st(SEC_TOO_LARGE);
    size_t at = 0;
    while (at < room.len) {
        ssize_t n = read(fd, &room.data[at], room.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sec_st(SEC_IO_FAILED);
        if (n == 0)
            break;
        at += (size_t)n;
    }
    *ret_len = at;
    return sec_st(SEC_OK);
}

sec_status files_read(int dir_fd, const char *name, struct sec_room room, size_t *ret_len)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return status_of(errno);
    sec_status status = read_fd(fd, room, ret_len);
    close(fd);
    return status;
}

sec_status files_remove(int dir_fd, const char *name)
{
    if (unlinkat(dir_fd, name, 0) != 0)
        return errno == ENOENT ? sec_st(SEC_OK) : status_of(errno);
    return fsync(dir_fd) == 0 ? sec_st(SEC_OK) : status_of(errno);
}

int files_open_dir(int dir_fd, const char *name, unsigned mode)
{
    if (mkdirat(dir_fd, name, mode) != 0 && errno != EEXIST)
        return -1;
    return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}
