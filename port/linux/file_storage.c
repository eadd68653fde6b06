/* SPDX-License-Identifier: Apache-2.0 */
#include "file_storage.h"

#include "file_call.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "journal-"
#define DIGITS 8

struct file_name {
    char text[32];
};

static struct file_name name_of(uint32_t segment, const char *suffix)
{
    struct file_name name;
    (void)snprintf(name.text, sizeof name.text, "%s%0*" PRIu32 "%s", PREFIX, DIGITS, segment, suffix);
    return name;
}

static bool number_of(const char *name, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!sec_file_call_number(name, PREFIX, DIGITS, ".seg", &number) || number == 0 || number > UINT32_MAX)
        return false;
    *ret_number = number;
    return true;
}

static bool is_temporary(const char *name)
{
    uint64_t number = 0;
    return sec_file_call_number(name, PREFIX, DIGITS, ".tmp", &number);
}

/* --- open files ---------------------------------------------------------- */

static void segment_close(struct sec_file_segment *segment)
{
    if (segment->number != 0)
        sec_file_call_close(segment->fd);
    *segment = (struct sec_file_segment){.fd = -1};
}

/* Keeps an open file in the place of the one opened longest ago. */
static struct sec_file_segment *segment_keep(struct sec_file_storage *storage, uint32_t number, int fd, uint64_t bytes)
{
    struct sec_file_segment *place = &storage->open[storage->oldest];
    storage->oldest = (storage->oldest + 1) % SEC_FILE_STORAGE_FDS_COUNT;
    segment_close(place);
    *place = (struct sec_file_segment){number, fd, bytes};
    return place;
}

static sec_status segment_get(struct sec_file_storage *storage, uint32_t number, struct sec_file_segment **ret_segment)
{
    for (size_t i = 0; number != 0 && i < SEC_FILE_STORAGE_FDS_COUNT; i++) {
        if (storage->open[i].number == number) {
            *ret_segment = &storage->open[i];
            return sec_st(SEC_OK);
        }
    }
    struct stat st;
    struct file_name name = name_of(number, ".seg");
    int fd = openat(storage->dir_fd, name.text,
                    (storage->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return sec_file_call_status();
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        sec_file_call_close(fd);
        return sec_st(SEC_IO_FAILED);
    }
    *ret_segment = segment_keep(storage, number, fd, (uint64_t)st.st_size);
    return sec_st(SEC_OK);
}

/* --- the port ------------------------------------------------------------ */

static sec_status next_segment(void *ctx, uint32_t after, uint32_t *ret_segment, uint64_t *ret_bytes)
{
    const struct sec_file_storage *storage = ctx;
    uint64_t number = 0;
    struct stat st;
    SEC_TRY(sec_file_call_next(storage->dir_fd, number_of, after, &number));
    struct file_name name = name_of((uint32_t)number, ".seg");
    if (fstatat(storage->dir_fd, name.text, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return sec_st(SEC_IO_FAILED);
    *ret_segment = (uint32_t)number;
    *ret_bytes = (uint64_t)st.st_size;
    return sec_st(SEC_OK);
}

static sec_status write_zeros(int fd, uint64_t bytes)
{
    static const uint8_t zeros[16 * SEC_FILE_STORAGE_BLOCK_BYTES] = {0};
    int failed = posix_fallocate(fd, 0, (off_t)bytes);
    if (failed != 0) {
        errno = failed;
        return sec_file_call_status();
    }
    for (uint64_t at = 0; at < bytes;) {
        size_t n = bytes - at < sizeof zeros ? (size_t)(bytes - at) : sizeof zeros;
        SEC_TRY(sec_file_call_write(fd, at, sec_bytes(zeros, n)));
        at += n;
    }
    return sec_file_call_sync(fd);
}

/* Fills the temporary file and gives it its name. */
static sec_status publish(const struct sec_file_storage *storage, int fd, const char *temporary, const char *name,
                          uint64_t bytes)
{
    SEC_TRY(write_zeros(fd, bytes));
    if (renameat(storage->dir_fd, temporary, storage->dir_fd, name) != 0)
        return sec_file_call_status();
    return sec_file_call_sync(storage->dir_fd);
}

static sec_status create(void *ctx, uint32_t segment, uint64_t bytes)
{
    struct sec_file_storage *storage = ctx;
    struct file_name name = name_of(segment, ".seg"), temporary = name_of(segment, ".tmp");
    if (storage->read_only)
        return sec_st(SEC_REFUSED_BY_PORT);
    if (segment == 0 || bytes == 0 || bytes > INT64_MAX || bytes % SEC_FILE_STORAGE_BLOCK_BYTES != 0)
        return sec_st(SEC_BAD_ARGUMENT);
    if (faccessat(storage->dir_fd, name.text, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return sec_st(SEC_EXISTS);
    if (unlinkat(storage->dir_fd, temporary.text, 0) != 0 && errno != ENOENT)
        return sec_st(SEC_IO_FAILED);
    int fd = openat(storage->dir_fd, temporary.text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return sec_file_call_status();
    sec_status status = publish(storage, fd, temporary.text, name.text, bytes);
    if (!sec_ok(status)) {
        sec_file_call_close(fd);
        int kept = errno;
        (void)unlinkat(storage->dir_fd, temporary.text, 0);
        errno = kept;
        return status;
    }
    (void)segment_keep(storage, segment, fd, bytes);
    return sec_st(SEC_OK);
}

static sec_status remove_segment(void *ctx, uint32_t segment)
{
    struct sec_file_storage *storage = ctx;
    struct file_name name = name_of(segment, ".seg");
    if (storage->read_only)
        return sec_st(SEC_REFUSED_BY_PORT);
    for (size_t i = 0; segment != 0 && i < SEC_FILE_STORAGE_FDS_COUNT; i++)
        if (storage->open[i].number == segment)
            segment_close(&storage->open[i]);
    if (unlinkat(storage->dir_fd, name.text, 0) != 0)
        return sec_file_call_status();
    return sec_file_call_sync(storage->dir_fd);
}

static sec_status read_bytes(void *ctx, uint32_t segment, uint64_t offset, struct sec_room to)
{
    struct sec_file_segment *file = NULL;
    SEC_TRY(segment_get(ctx, segment, &file));
    if (offset > file->bytes || to.len > file->bytes - offset)
        return sec_st(SEC_TRUNCATED);
    return sec_file_call_read(file->fd, offset, to);
}

static sec_status write_bytes(void *ctx, uint32_t segment, uint64_t offset, struct sec_bytes bytes)
{
    struct sec_file_storage *storage = ctx;
    struct sec_file_segment *file = NULL;
    if (storage->read_only)
        return sec_st(SEC_REFUSED_BY_PORT);
    SEC_TRY(segment_get(storage, segment, &file));
    if (offset % SEC_FILE_STORAGE_BLOCK_BYTES != 0 || bytes.len % SEC_FILE_STORAGE_BLOCK_BYTES != 0)
        return sec_st(SEC_BAD_ARGUMENT);
    if (offset > file->bytes || bytes.len > file->bytes - offset)
        return sec_st(SEC_STORAGE_FULL);
    return sec_file_call_write(file->fd, offset, bytes);
}

static sec_status sync_segment(void *ctx, uint32_t segment)
{
    struct sec_file_storage *storage = ctx;
    struct sec_file_segment *file = NULL;
    if (storage->read_only)
        return sec_st(SEC_REFUSED_BY_PORT);
    SEC_TRY(segment_get(storage, segment, &file));
    return fdatasync(file->fd) == 0 ? sec_st(SEC_OK) : sec_file_call_status();
}

sec_status sec_file_storage_open(struct sec_file_storage *storage, int dir_fd, bool read_only)
{
    *storage = (struct sec_file_storage){.dir_fd = dir_fd, .read_only = read_only};
    for (size_t i = 0; i < SEC_FILE_STORAGE_FDS_COUNT; i++)
        storage->open[i].fd = -1;
    return read_only ? sec_st(SEC_OK) : sec_file_call_sweep(dir_fd, is_temporary);
}

void sec_file_storage_close(struct sec_file_storage *storage)
{
    for (size_t i = 0; i < SEC_FILE_STORAGE_FDS_COUNT; i++)
        segment_close(&storage->open[i]);
}

struct sec_storage sec_file_storage_port(struct sec_file_storage *storage)
{
    return (struct sec_storage){
        .ctx = storage,
        .block_bytes = SEC_FILE_STORAGE_BLOCK_BYTES,
        .next_segment = next_segment,
        .create = create,
        .remove = remove_segment,
        .read = read_bytes,
        .write = write_bytes,
        .sync = sync_segment,
    };
}
