/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private and public keys of programs: generate, keep in PEM files, sign.
 *
 * Private keys are written as unencrypted PKCS#8 with mode 0600 to a file that must not exist; file and directory are
 * synced before the call returns, and a file that could not be finished is removed. Encrypted files are refused
 * (UNSUPPORTED), never asked about at a terminal.
 * Paths: `name` is relative to `dir_fd`; AT_FDCWD and absolute paths work as in openat(2).
 * Memory: the struct is the caller's; it must not move while a signer made from it is in use; done() wipes.
 * Limits: a file of at most 16 KiB; TOO_LARGE beyond.
 * Statuses of loading: NOT_FOUND (no such file), IO_FAILED, TOO_LARGE, MALFORMED (no such PEM in it), UNSUPPORTED
 * (other type, other curve, encrypted). Of saving: EXISTS, STORAGE_FULL, IO_FAILED. errno is left as the system call
 * set it. Threads: one a struct. Demand: F1.1 (S67).
 */
#ifndef SECURABLE_PORT_OPENSSL_KEY_FILE_H
#define SECURABLE_PORT_OPENSSL_KEY_FILE_H

#include "openssl_crypto.h"

struct sec_private_key {
    struct sec_openssl *openssl;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *sign; /* P-256 only */
    struct sec_public_key key;
};

/** Makes a new key; borrows `openssl`. UNSUPPORTED type, IO_FAILED. */
sec_status sec_private_key_generate(struct sec_private_key *private_key, struct sec_openssl *openssl,
                                    enum sec_key_type type);
/** Reads a PEM file (PKCS#8; SEC1 is accepted); borrows `openssl`. */
sec_status sec_private_key_load(struct sec_private_key *private_key, struct sec_openssl *openssl, int dir_fd,
                                const char *name);
sec_status sec_private_key_save(const struct sec_private_key *private_key, int dir_fd, const char *name);
/** Frees and wipes; may follow a failed generate or load. */
void sec_private_key_done(struct sec_private_key *private_key);
/** A signer: ESP256 with raw r and s, or Ed25519; borrows `private_key`. */
struct sec_signer sec_private_key_signer(struct sec_private_key *private_key);

/** Reads a public key as PEM "PUBLIC KEY" (SubjectPublicKeyInfo) from bytes, say of a file. */
sec_status sec_public_key_parse(struct sec_bytes pem, struct sec_public_key *ret_key);
/** The same from a file. */
sec_status sec_public_key_load(int dir_fd, const char *name, struct sec_public_key *ret_key);
/** Writes it, mode 0644, to a file that must not exist. */
sec_status sec_public_key_save(const struct sec_public_key *key, int dir_fd, const char *name);

#endif
