/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data keys in use, and the sealing and opening of bodies with them.
 *
 * Memory: struct sec_keyring is the caller's; wipe it with sec_keyring_done(). Threads: one. Serves F6.3, S69.
 */
#ifndef SECURABLE_EVENTLOG_KEYRING_H
#define SECURABLE_EVENTLOG_KEYRING_H

#include "segment.h"

void sec_keyring_init(struct sec_keyring *ring);
void sec_keyring_done(struct sec_keyring *ring);
/** The key of `seal`, or null. */
struct sec_journal_key *sec_keyring_find(struct sec_keyring *ring, uint64_t seal);
/** Makes a fresh data key for `seal` at the ring's end, or in the place of the seal's present one. TABLE_FULL; what the ports say. */
sec_status sec_keyring_make(struct sec_keyring *ring, const struct sec_journal_config *config, uint64_t seal);
/** Forgets all keys but the first `count`. */
void sec_keyring_cut(struct sec_keyring *ring, size_t count);
/** A reader's way: takes a key record's content; a full ring gives up its oldest key. */
sec_status sec_keyring_take(struct sec_keyring *ring, struct sec_bytes key_record_content);

/** Seals `body` for the record of `header`; writes ciphertext and tag to `wr`. NOT_FOUND when the seal has no key. */
sec_status sec_keyring_seal(struct sec_keyring *ring, const struct sec_journal_config *config,
                            const struct sec_record_header *header, struct sec_bytes header_bytes, struct sec_bytes body,
                            struct sec_wr *wr);
/**
 * Opens a body into `room`; a clear one is given as it is. NOT_FOUND, AEAD_FAILED when the key is gone or is not this body's; TRUNCATED
 * when a committed body is shorter than its salt; ROOM_FULL; what the keystore says.
 */
sec_status sec_keyring_open(struct sec_keyring *ring, const struct sec_journal_config *config,
                            const struct sec_record_header *header, struct sec_bytes header_bytes, struct sec_bytes body,
                            struct sec_room room, struct sec_bytes *ret_plain);
/** True for the statuses that say "this body does not open", false for failures of the surroundings. */
bool sec_keyring_shut(sec_status status);

#define SEC_SALT_BYTES 32u

#endif
