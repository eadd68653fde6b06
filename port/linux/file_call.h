/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls on files, retried and told as a status; inside port/linux only.
 *
 * Memory: none. errno stays as the failing call set it. Statuses: STORAGE_FULL (no space, no quota), EXISTS, NOT_FOUND,
 * TRUNCATED (reading: the file ends before the room does), IO_FAILED. Threads: any.
 */
#ifndef SECURABLE_PORT_LINUX_FILE_CALL_H
#define SECURABLE_PORT_LINUX_FILE_CALL_H

#include <securable/bytes.h>

/** What errno says. */
sec_status sec_file_call_status(void);
/** Reads exactly `to.len` bytes at `offset`. */
sec_status sec_file_call_read(int fd, uint64_t offset, struct sec_room to);
/** Writes all bytes at `offset`. */
sec_status sec_file_call_write(int fd, uint64_t offset, struct sec_bytes bytes);
/** Syncs a file or directory with its metadata. */
sec_status sec_file_call_sync(int fd);
/** Closes, keeping errno. */
void sec_file_call_close(int fd);
/** Removes what `take` says yes to, of the directory's entries; a pass that a cut made necessary. */
sec_status sec_file_call_sweep(int dir_fd, bool (*take)(const char *name));
/**
 * Gives the least number > `after` of all entries that `number_of` knows a number for (it says false for others).
 * NOT_FOUND when there is none.
 */
sec_status sec_file_call_next(int dir_fd, bool (*number_of)(const char *name, uint64_t *ret_number), uint64_t after,
                              uint64_t *ret_number);
/** Reads `name` as `prefix`, decimal digits without needless zeros beyond `digits_min` places, `suffix`. False when it
 * is not that. */
bool sec_file_call_number(const char *name, const char *prefix, unsigned digits_min, const char *suffix,
                          uint64_t *ret_number);

#endif
