/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fake crypto: real sizes, real SHA-256 and HKDF, and toy secrecy, for tests and simulations.
 *
 * Everything is deterministic. The AEAD has AES-256-GCM's sizes and notices every change, but hides nothing from who
 * knows the scheme. Signatures depend on public key and message alone, so any context verifies any key, and who knows
 * a public key could sign with it: a wrong key, a changed message and a changed signature are noticed, a forger is not.
 * The context survives simulated restarts: keep it, raise the boot. Random bytes depend on (seed, boot, counter), and
 * the counter never falls, so random never rewinds.
 * Memory: the caller's; no heap. May be copied and copied back; ports made from it borrow it.
 * Threads: one. Demand: none of its own; promises 4 and 5 are tested with it.
 */
#ifndef FAKE_CRYPTO_H
#define FAKE_CRYPTO_H

#include <securable/port/crypto.h>

/** One use of seal(): what identifies (key, nonce), and what identifies (associated data, plaintext) under it. */
struct fake_pair {
    uint64_t id[2];
    uint64_t tag[2];
};

/**
 * A log of all key+nonce pairs that seal() used, to see that none serves two different plaintexts.
 * Tables are the caller's: `pairs_max` pairs and `index_count` places (a power of two, at least twice pairs_max;
 * zeroed). Ids are 128 bits of a SHA-256: two pairs are never taken for one.
 */
struct fake_pair_log {
    struct fake_pair *pairs;
    uint32_t *index;
    size_t pairs_max;
    size_t index_count;
    size_t count;
    uint64_t repeated; /* a pair came again with another plaintext or associated data: what must never be */
    uint64_t again;    /* a pair came again with the very same: harmless */
    uint64_t lost;     /* uses not logged for want of places: the verdict is void when not 0 */
};

struct fake_crypto {
    uint64_t seed;
    uint64_t boot;
    uint64_t counter;
    struct fake_pair_log *pairs; /* may be null */
};

/** Starts at boot 1, without pair log. */
void fake_crypto_init(struct fake_crypto *crypto, uint64_t seed);
/** After a simulated restart: the next boot's random. */
void fake_crypto_raise_boot(struct fake_crypto *crypto);
/** The port's functions; borrows `crypto`. */
struct sec_crypto fake_crypto_port(struct fake_crypto *crypto);

/** Binds the tables, emptied. BAD_ARGUMENT when the index is too small or no power of two. */
sec_status fake_pair_log_init(struct fake_pair_log *log, struct fake_pair *pairs, size_t pairs_max, uint32_t *index,
                              size_t index_count);
/** Forgets the pairs logged after the log held `count` of them (to go back to a snapshot); verdicts stay. */
void fake_pair_log_rewind(struct fake_pair_log *log, size_t count);

/** A private key of the fake; made from any 32 bytes. */
struct fake_key {
    struct sec_public_key key;
};
void fake_key_init(struct fake_key *key, enum sec_key_type type, uint64_t seed);
/** A signer; borrows `key`. */
struct sec_signer fake_key_signer(struct fake_key *key);
/** The other signature that verifies for the same message, as ECDSA has one (P-256 keys only; its own inverse). */
void fake_signature_twin(struct sec_signature *signature);

#endif
