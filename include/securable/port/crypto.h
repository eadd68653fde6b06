/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port: what the core asks of cryptography besides hashing, verifying and signing (key.h).
 *
 * Algorithms are fixed: AES-256-GCM with a 12-byte nonce and a 16-byte tag behind the ciphertext (NIST SP 800-38D),
 * HKDF-SHA-256 (RFC 5869), random bytes fit for keys. Backends: port/openssl, port/fake.
 */
#ifndef SECURABLE_PORT_CRYPTO_H
#define SECURABLE_PORT_CRYPTO_H

#include <securable/key.h>

#define SEC_AEAD_KEY_BYTES 32u
#define SEC_AEAD_NONCE_BYTES 12u
#define SEC_AEAD_TAG_BYTES 16u

struct sec_aead_key {
    uint8_t b[SEC_AEAD_KEY_BYTES];
};
struct sec_aead_nonce {
    uint8_t b[SEC_AEAD_NONCE_BYTES];
};

struct sec_crypto {
    void *ctx;
    struct sec_hasher hasher;
    struct sec_verifier verifier;
    /** Writes ciphertext and tag (plain.len + 16 bytes) to `to`; ROOM_FULL when it is smaller. `to` must not overlap `plain`. */
    sec_status (*seal)(void *ctx, const struct sec_aead_key *key, const struct sec_aead_nonce *nonce, struct sec_bytes aad,
                       struct sec_bytes plain, struct sec_room to, size_t *ret_len);
    /** Opens ciphertext and tag; AEAD_FAILED, and the room wiped, when they do not belong together. */
    sec_status (*open)(void *ctx, const struct sec_aead_key *key, const struct sec_aead_nonce *nonce, struct sec_bytes aad,
                       struct sec_bytes sealed, struct sec_room to, size_t *ret_len);
    /** Fills all of `to` from `secret` by HKDF-SHA-256. */
    sec_status (*derive)(void *ctx, struct sec_bytes secret, struct sec_bytes salt, struct sec_bytes info, struct sec_room to);
    /** Fills all of `to` with bytes that nobody can foresee. The fake's are deterministic per (seed, boot). */
    sec_status (*random)(void *ctx, struct sec_room to);
};

#endif
