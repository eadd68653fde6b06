/* SPDX-License-Identifier: Apache-2.0 */
#include "file_call.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

sec_status sec_file_call_status(void)
{
    switch (errno) {
    case ENOENT:
        return sec_st(SEC_NOT_FOUND);
    case EEXIST:
        return sec_st(SEC_EXISTS);
    case ENOSPC:
    case EDQUOT:
        return sec_st(SEC_STORAGE_FULL);
    default:
        return sec_st(SEC_IO_FAILED);
    }
}

sec_status sec_file_call_read(int fd, uint64_t offset, struct sec_room to)
{
    for (size_t done = 0; done < to.len;) {
        ssize_t n = pread(fd, &to.data[done], to.len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sec_st(SEC_IO_FAILED);
        if (n == 0)
            return sec_st(SEC_TRUNCATED);
        done += (size_t)n;
    }
    return sec_st(SEC_OK);
}

sec_status sec_file_call_write(int fd, uint64_t offset, struct sec_bytes bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = pwrite(fd, &bytes.data[done], bytes.len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sec_file_call_status();
        done += (size_t)n;
    }
    return sec_st(SEC_OK);
}

sec_status sec_file_call_sync(int fd)
{
    return fsync(fd) == 0 ? sec_st(SEC_OK) : sec_file_call_status();
}

void sec_file_call_close(int fd)
{
    int kept = errno;
    if (fd >= 0)
        (void)close(fd);
    errno = kept;
}

/* A walk of its own over the directory: a shared offset would make two walks disturb each other. */
static DIR *walk_open(int dir_fd)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        sec_file_call_close(fd);
    return dir;
}

sec_status sec_file_call_sweep(int dir_fd, bool (*take)(const char *name))
{
    DIR *dir = walk_open(dir_fd);
    if (!dir)
        return sec_st(SEC_IO_FAILED);
    sec_status status = sec_st(SEC_OK);
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL)
        if (take(entry->d_name) && unlinkat(dir_fd, entry->d_name, 0) != 0)
            status = sec_st(SEC_IO_FAILED);
    (void)closedir(dir);
    return status;
}

sec_status sec_file_call_next(int dir_fd, bool (*number_of)(const char *name, uint64_t *ret_number), uint64_t after,
                              uint64_t *ret_number)
{
    DIR *dir = walk_open(dir_fd);
    uint64_t best = 0, number = 0;
    bool found = false;
    if (!dir)
        return sec_st(SEC_IO_FAILED);
    const struct dirent *entry;
    errno = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (number_of(entry->d_name, &number) && number > after && (!found || number < best)) {
            best = number;
            found = true;
        }
    }
    bool read_whole = errno == 0;
    (void)closedir(dir);
    if (!read_whole)
        return sec_st(SEC_IO_FAILED);
    if (!found)
        return sec_st(SEC_NOT_FOUND);
    *ret_number = best;
    return sec_st(SEC_OK);
}

bool sec_file_call_number(const char *name, const char *prefix, unsigned digits_min, const char *suffix,
                          uint64_t *ret_number)
{
    char want[NAME_MAX + 1];
    size_t at = strlen(prefix);
    uint64_t number = 0;
    if (strncmp(name, prefix, at) != 0)
        return false;
    for (; name[at] >= '0' && name[at] <= '9'; at++) {
        unsigned digit = (unsigned)(name[at] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    /* One number, one name: written again it must be the same. */
    (void)snprintf(want, sizeof want, "%s%0*" PRIu64 "%s", prefix, (int)digits_min, number, suffix);
    if (strcmp(name, want) != 0)
        return false;
    *ret_number = number;
    return true;
}
