/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fake keystore: slot keys in the caller's memory, destroyed and cut like key files.
 *
 * make() and destroy() are durable operations. Under a cut a key is made or not; a key under destruction is still
 * there, or there with another content (overwritten, not yet removed), or gone. Wrapping uses the crypto port's
 * seal and random. Memory: the caller's, FAKE_KEYSTORE_SLOTS_MAX keys; may be copied and copied back. Threads: one.
 * Demand: none of its own.
 */
#ifndef FAKE_KEYSTORE_H
#define FAKE_KEYSTORE_H

#include "fake_crypto.h"
#include "fake_power.h"

#include <securable/port/keystore.h>

#define FAKE_KEYSTORE_SLOTS_MAX 16u

struct fake_slot {
    uint64_t number;
    struct sec_aead_key key;
    bool used;
};

struct fake_keystore {
    struct fake_power *power;
    const struct sec_crypto *crypto;
    struct sec_signer identity;
    struct fake_slot slots[FAKE_KEYSTORE_SLOTS_MAX];
    enum sec_destroy_grade grade; /* what destroy() answers; OVERWRITTEN after init */
};

/** Empty; borrows all three. `identity` is any signer, fake_key_signer() say. */
void fake_keystore_init(struct fake_keystore *keystore, struct fake_power *power, const struct sec_crypto *crypto,
                        struct sec_signer identity);
/** The port's functions; borrows `keystore`. make() gives TABLE_FULL when no slot is free. */
struct sec_keystore fake_keystore_port(struct fake_keystore *keystore);
/** A digest of numbers and keys; join it to the storage's with fake_mix(). */
uint64_t fake_keystore_digest(const struct fake_keystore *keystore);

#endif
