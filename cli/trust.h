/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that a person says they trust, and whether one of them made a signature.
 *
 * For looking at others' messages: any key type that libcrypto reads and any signature algorithm of COSE that it can
 * check, more than a device accepts.
 * Memory: trust_done() frees. Limits: TRUST_KEYS_MAX_COUNT keys.
 * Threads: one. Demand: F5.2.
 */
#ifndef CLI_TRUST_H
#define CLI_TRUST_H

#include <securable/key.h>

#include <openssl/types.h>

#define TRUST_KEYS_MAX_COUNT 32u

enum trust_verdict {
    TRUST_NONE,      /* there is no signature */
    TRUST_UNCHECKED, /* no key given, or an algorithm that we do not check */
    TRUST_INVALID,   /* none of the keys made it */
    TRUST_VALID,     /* one of the keys made it */
};

struct trust {
    EVP_PKEY *keys[TRUST_KEYS_MAX_COUNT];
    size_t count;
};

/** "none", "unchecked", "invalid", "valid". */
const char *trust_word(enum trust_verdict verdict);

/** Adds the public key of a PEM file. NOT_FOUND, IO_FAILED, MALFORMED, TABLE_FULL. */
sec_status trust_add_file(struct trust *trust, const char *path);
/** Adds the key of a COSE_Key, whatever else it holds. UNSUPPORTED, BAD_KEY, TABLE_FULL, what the grammar refuses. */
sec_status trust_add_cose_key(struct trust *trust, struct sec_bytes cose_key);
void trust_done(struct trust *trust);

/** The registered name of a COSE algorithm; null when we have none. */
const char *trust_alg_name(int64_t alg);

/** Whether any of the keys signed `tbs`; keys that do not fit the algorithm did not. */
enum trust_verdict trust_verify(const struct trust *trust, int64_t alg, struct sec_bytes tbs, struct sec_bytes signature);

/** The RFC 9679 thumbprint of the `index`th key, when it is one of our types. */
bool trust_key_id(const struct trust *trust, size_t index, struct sec_key_id *ret_id);

#endif
