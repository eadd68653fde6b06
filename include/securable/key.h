/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys, key ids, and the functions on keys and bytes that the core is handed.
 *
 * A key is P-256 (ECDSA) or Ed25519. Its id is the COSE Key Thumbprint (RFC 9679):
 * SHA-256 of the deterministic COSE_Key with its required parameters alone.
 * Hashing, verifying and signing are structs of functions, given by a port
 * (port/openssl on Linux, port/fake in tests). All take their message as a list of
 * parts, as if joined, so that nothing needs to be copied together.
 */
#ifndef SECURABLE_KEY_H
#define SECURABLE_KEY_H

#include <securable/cbor.h>

/** COSE algorithm numbers that Securable knows (RFC 9053, RFC 9864). */
enum sec_alg {
    SEC_ALG_NONE = 0,
    SEC_ALG_ES256 = -7,
    SEC_ALG_EDDSA = -8,
    SEC_ALG_ESP256 = -9,
    SEC_ALG_ED25519 = -19,
};

enum sec_key_type {
    SEC_KEY_P256 = 1,
    SEC_KEY_ED25519 = 2,
};

struct sec_key_id {
    uint8_t b[32];
};

/** A public key. For Ed25519 `x` is the key and `y` is zero. */
struct sec_public_key {
    enum sec_key_type type;
    uint8_t x[32];
    uint8_t y[32];
};

/** A signature: raw r and s (ECDSA, RFC 9053, 2.1), or R and S (Ed25519). */
struct sec_signature {
    uint8_t b[64];
};

struct sec_hasher {
    void *ctx;
    /** SHA-256 of the joined parts. IO_FAILED when the provider fails. */
    sec_status (*digest)(void *ctx, const struct sec_bytes *parts, size_t parts_count, struct sec_digest *ret_digest);
};

struct sec_verifier {
    void *ctx;
    /** OK, BAD_SIGNATURE, BAD_KEY (not a point of the curve), BAD_ALGORITHM (alg does not fit the key's type). */
    sec_status (*verify)(void *ctx, const struct sec_public_key *key, int64_t alg, const struct sec_bytes *parts,
                         size_t parts_count, struct sec_bytes signature);
};

/** A private key that may live in a file or never leave its chip. */
struct sec_signer {
    void *ctx;
    struct sec_public_key key;
    sec_status (*sign)(void *ctx, const struct sec_bytes *parts, size_t parts_count, struct sec_signature *ret_signature);
};

bool sec_key_equal(const struct sec_public_key *a, const struct sec_public_key *b);
bool sec_key_id_equal(const struct sec_key_id *a, const struct sec_key_id *b);
/** The algorithm that we emit for a key of this type: ESP256 or Ed25519. */
int64_t sec_key_alg(enum sec_key_type type);
/** True when `alg` is one that we accept for a key of this type: the key, never the header, fixes the curve. */
bool sec_key_accepts(enum sec_key_type type, int64_t alg);
/** Writes the COSE_Key: {1: kty, -1: crv, -2: x [, -3: y]}. */
void sec_key_encode(const struct sec_public_key *key, struct sec_wr *wr);
/** Reads a COSE_Key of exactly those members; UNSUPPORTED for another type or curve. */
void sec_key_read(struct sec_cbor *rd, struct sec_public_key *ret_key);
/** The key's id. */
sec_status sec_key_id_of(const struct sec_public_key *key, const struct sec_hasher *hasher, struct sec_key_id *ret_id);

#endif
