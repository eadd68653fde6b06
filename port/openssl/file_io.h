/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files of this room, read and written whole; inside port/openssl only.
 *
 * Memory: the caller's. Statuses as key_file.h tells them. Threads: any.
 */
#ifndef SECURABLE_PORT_OPENSSL_FILE_IO_H
#define SECURABLE_PORT_OPENSSL_FILE_IO_H

#include <securable/bytes.h>

#include <sys/types.h>

/** A PEM file that we read: a key or a certificate with its comments. */
#define SEC_PEM_MAX_BYTES 16384u

/** Reads a whole file. NOT_FOUND, TOO_LARGE (more than `to`), IO_FAILED. */
sec_status sec_file_io_read(int dir_fd, const char *name, struct sec_room to, size_t *ret_len);
/** Writes a new file, durably: it is synced, then its directory. Removed again when that fails. EXISTS, STORAGE_FULL,
 * IO_FAILED. */
sec_status sec_file_io_create(int dir_fd, const char *name, mode_t mode, struct sec_bytes bytes);

#endif
