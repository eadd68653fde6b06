/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port: keys that live outside the journal.
 *
 * Two sorts. The identity signer, made at the factory, which may never leave its chip; and numbered symmetric
 * slot keys (each opens one seal: an ownership epoch's log, or the secrets), which wrap data keys and can be
 * destroyed. A slot key is used through wrap/unwrap alone, so that a chip can hold it.
 * Numbers are u64, chosen by the caller, never reused.
 */
#ifndef SECURABLE_PORT_KEYSTORE_H
#define SECURABLE_PORT_KEYSTORE_H

#include <securable/port/crypto.h>

/** A wrapped data key: nonce, ciphertext, tag. */
#define SEC_WRAPPED_KEY_BYTES (SEC_AEAD_NONCE_BYTES + SEC_AEAD_KEY_BYTES + SEC_AEAD_TAG_BYTES)
struct sec_wrapped_key {
    uint8_t b[SEC_WRAPPED_KEY_BYTES];
};

/** How well a destroyed key is gone; the wipe receipt says it. */
enum sec_destroy_grade {
    SEC_DESTROY_NOT_COVERED = 0, /* nothing was there, or nothing could be done */
    SEC_DESTROY_OVERWRITTEN = 1, /* a key file was overwritten and removed; flash may retain a copy */
    SEC_DESTROY_HARDWARE = 2,    /* a chip forgot it */
};

struct sec_keystore {
    void *ctx;
    /** The identity key. */
    struct sec_signer identity;
    /** Makes slot key `number`, durable when it returns; OK when it is there already. */
    sec_status (*make)(void *ctx, uint64_t number);
    /** Lists slot keys ascending: the lowest number > `after`; NOT_FOUND at the end. */
    sec_status (*next)(void *ctx, uint64_t after, uint64_t *ret_number);
    /** Destroys a slot key, durable when it returns; OK, grade NOT_COVERED, when it is not there. Idempotent. */
    sec_status (*destroy)(void *ctx, uint64_t number, enum sec_destroy_grade *ret_grade);
    /** Wraps a fresh data key under a slot key, bound to `aad`. NOT_FOUND. */
    sec_status (*wrap)(void *ctx, uint64_t number, struct sec_bytes aad, const struct sec_aead_key *key,
                       struct sec_wrapped_key *ret_wrapped);
    /** Unwraps; AEAD_FAILED, NOT_FOUND. */
    sec_status (*unwrap)(void *ctx, uint64_t number, struct sec_bytes aad, const struct sec_wrapped_key *wrapped,
                         struct sec_aead_key *ret_key);
};

#endif
