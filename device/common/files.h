/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: replacing a small file atomically, and reading one whole.
 *
 * Memory: the caller's rooms. Statuses: NOT_FOUND, TOO_LARGE (reading), STORAGE_FULL, IO_FAILED; errno as it was left.
 * Threads: one.
 */
#ifndef SECURABLE_DEVICE_FILES_H
#define SECURABLE_DEVICE_FILES_H

#include <securable/bytes.h>

/** Writes `name` in `dir_fd` by a new file, fsync, rename, fsync of the directory: old or new, never between. */
sec_status files_replace(int dir_fd, const char *name, struct sec_bytes content, unsigned mode);
/** Reads a regular file whole. */
sec_status files_read(int dir_fd, const char *name, struct sec_room room, size_t *ret_len);
/** Removes a file, durable; OK when it is not there. */
sec_status files_remove(int dir_fd, const char *name);
/** Opens, and makes when missing, a directory. -1, errno as it was left. */
int files_open_dir(int dir_fd, const char *name, unsigned mode);

#endif
