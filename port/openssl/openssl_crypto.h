/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crypto by OpenSSL 3.0's libcrypto.
 *
 * Algorithms are fetched once, at init, from the process's default library context, which is brought up without reading
 * any configuration file. The default context, because a second one would load the providers and seed the generators
 * twice (memory that keeper and link pay) and TLS, PEM and X.509 use the default one anyway; without configuration, so
 * that a file in /etc cannot change what a device trusts. For that the first sec_openssl_init() must come before any
 * other use of libcrypto in the process.
 * The last 16 public keys stay prepared, more when sec_openssl_keys_keep() asks for it: preparing one costs a third of verifying with it.
 * Memory: the struct is the caller's and must not move while ports made from it are in use; libcrypto uses its heap.
 * Secrets are wiped from its contexts after each call. Its error queue is empty after each call.
 * Limits: Ed25519 needs its message in one piece: at most SEC_STATEMENT_MAX_BYTES + 1 KiB, TOO_LARGE beyond. derive()
 * gives at most 8160 bytes; seal() and open() take at most 2^31-1; BAD_ARGUMENT beyond.
 * Threads: one at a time a struct; several structs are independent. Demand: F3.1 (S69).
 */
#ifndef SECURABLE_PORT_OPENSSL_CRYPTO_H
#define SECURABLE_PORT_OPENSSL_CRYPTO_H

#include <securable/limits.h>
#include <securable/port/crypto.h>

#include <openssl/types.h>

#define SEC_OPENSSL_KEYS_COUNT 16u
/** What Ed25519 takes in one piece. */
#define SEC_OPENSSL_MESSAGE_MAX_BYTES (SEC_STATEMENT_MAX_BYTES + 1024u)

/** A prepared public key. */
struct sec_openssl_key {
    struct sec_public_key key;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *verify; /* P-256 only */
    uint64_t used;        /* the tick of its last use; 0: the place is free */
};

struct sec_openssl {
    EVP_MD *sha256;
    EVP_MD_CTX *md;
    EVP_MD_CTX *ed25519;
    EVP_CIPHER *gcm;
    EVP_CIPHER_CTX *cipher;
    EVP_KDF_CTX *hkdf;
    struct sec_openssl_key first[SEC_OPENSSL_KEYS_COUNT];
    struct sec_openssl_key *more; /* null, or `sets_count` times as many places */
    size_t sets_count;            /* a key has its places in one set */
    uint64_t tick;
};

/** Before all else in a process that never shows the texts of libcrypto's errors: they are not loaded then. */
void sec_openssl_untold(void);
/** Fetches what is needed. IO_FAILED, and nothing kept, when libcrypto cannot give it. */
sec_status sec_openssl_init(struct sec_openssl *openssl);
/**
 * From now on keeps up to `sets_count` times SEC_OPENSSL_KEYS_COUNT keys prepared, for a process that verifies for many devices: about 100 bytes a place,
 * and 3 KiB for each that is taken. At most once, before the first verification. IO_FAILED: no memory; all stays as it was.
 */
sec_status sec_openssl_keys_keep(struct sec_openssl *openssl, size_t sets_count);
/** Frees and wipes; may follow a failed init. */
void sec_openssl_done(struct sec_openssl *openssl);
/** The port's functions; borrows `openssl`. */
struct sec_crypto sec_openssl_crypto(struct sec_openssl *openssl);

/**
 * Makes libcrypto's form of a public key, checked to be on its curve; the caller frees it. BAD_KEY, UNSUPPORTED.
 * For files of this room and for TLS programs.
 */
sec_status sec_openssl_key_make(const struct sec_public_key *key, EVP_PKEY **ret_pkey);
/** Takes the public half out of libcrypto's form. UNSUPPORTED when it is neither P-256 nor Ed25519. */
sec_status sec_openssl_key_read(const EVP_PKEY *pkey, struct sec_public_key *ret_key);
/**
 * Joins parts into one piece, since Ed25519 reads its message twice; the caller frees it with
 * OPENSSL_clear_free(data, len + 1). TOO_LARGE, IO_FAILED. For files of this room.
 */
sec_status sec_openssl_join(const struct sec_bytes *parts, size_t parts_count, uint8_t **ret_data, size_t *ret_len);

#endif
