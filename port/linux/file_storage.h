/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storage in files: each segment is a file `journal-00000001.seg` in one directory, written full of zeros when made.
 *
 * The zeros are written for real, so that the extents are there and a later fdatasync() flushes data alone, no
 * metadata. A segment appears by rename, whole; what a cut leaves of a making (`journal-*.tmp`) is removed at open. One
 * process uses a directory at a time; the program sees to that. block_bytes is 4096. Memory: the struct is the caller's
 * and must not move while a port made from it is in use; no heap except readdir's. Limits: keeps the last
 * SEC_FILE_STORAGE_FDS_COUNT segments open. Segments are multiples of 4096 bytes. Statuses beyond the port's: NOT_FOUND
 * (no such segment), BAD_ARGUMENT (not at a block's border), STORAGE_FULL also for a write beyond the segment's end.
 * Threads: one. Demand: promise 4, F6.1.
 */
#ifndef SECURABLE_PORT_LINUX_FILE_STORAGE_H
#define SECURABLE_PORT_LINUX_FILE_STORAGE_H

#include <securable/port/storage.h>

#define SEC_FILE_STORAGE_BLOCK_BYTES 4096u
#define SEC_FILE_STORAGE_FDS_COUNT 4u

struct sec_file_segment {
    uint32_t number; /* 0: the place is free */
    int fd;
    uint64_t bytes;
};

struct sec_file_storage {
    int dir_fd;
    bool read_only;
    struct sec_file_segment open[SEC_FILE_STORAGE_FDS_COUNT];
    size_t oldest;
};

/** Takes a directory; borrows `dir_fd`. Read only: for verifiers, changes nothing, answers REFUSED_BY_PORT to changes.
 * IO_FAILED. */
sec_status sec_file_storage_open(struct sec_file_storage *storage, int dir_fd, bool read_only);
/** Closes the segments' files, not `dir_fd`. */
void sec_file_storage_close(struct sec_file_storage *storage);
/** The port's functions; borrows `storage`. */
struct sec_storage sec_file_storage_port(struct sec_file_storage *storage);

#endif
