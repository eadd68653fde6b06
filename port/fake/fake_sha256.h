/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4) for the fakes, so that a test links no crypto library.
 *
 * Memory: the caller's state, 112 bytes, movable. Limits: messages below 2^61 bytes. Never fails. Threads: one a state.
 */
#ifndef FAKE_SHA256_H
#define FAKE_SHA256_H

#include <securable/bytes.h>

struct fake_sha256 {
    uint32_t h[8];
    uint64_t len;
    uint8_t block[64];
};

void fake_sha256_init(struct fake_sha256 *state);
void fake_sha256_add(struct fake_sha256 *state, struct sec_bytes bytes);
void fake_sha256_end(struct fake_sha256 *state, struct sec_digest *ret_digest);
/** HMAC-SHA-256 (RFC 2104) of the joined parts. */
void fake_hmac(struct sec_bytes key, const struct sec_bytes *parts, size_t parts_count, struct sec_digest *ret_mac);

#endif
