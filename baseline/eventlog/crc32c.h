/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32C (Castagnoli): tells a torn block or frame from a whole one. It is no protection against people.
 *
 * Memory: none. Threads: any.
 */
#ifndef SECURABLE_EVENTLOG_CRC32C_H
#define SECURABLE_EVENTLOG_CRC32C_H

#include <securable/bytes.h>

/** Continues `crc` (0 at the start) over `bytes`. */
uint32_t sec_crc32c_add(uint32_t crc, struct sec_bytes bytes);

#endif
