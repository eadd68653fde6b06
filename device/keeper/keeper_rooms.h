/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folded state of all rooms, as one thing: encode, parse, apply, and the state root that heads sign.
 *
 * Besides the four feature rooms it holds the product records (in force, and pending with an available release) and the
 * keeper's own note of an intent whose outcome is still to come. Grammar: docs/formats/records.cddl.
 * Memory: the caller's, no pointers, copied by assignment. Threads: one.
 */
#ifndef SECURABLE_DEVICE_KEEPER_ROOMS_H
#define SECURABLE_DEVICE_KEEPER_ROOMS_H

#include <securable/access.h>
#include <securable/configuration.h>
#include <securable/protection.h>
#include <securable/update.h>

enum keeper_room {
    KEEPER_ROOM_ACCESS = 1,
    KEEPER_ROOM_CONFIGURATION = 2,
    KEEPER_ROOM_PROTECTION = 3,
    KEEPER_ROOM_UPDATE = 4,
    KEEPER_ROOM_PRODUCT = 5,
    KEEPER_ROOM_KEEPER = 6,
};
#define KEEPER_ROOMS_COUNT 6u

struct keeper_statement {
    uint32_t len;
    uint8_t b[SEC_PRODUCT_STATEMENT_MAX_BYTES];
};

/** An effect that is intended: the record, the action, the statement (zeros: the device's own decision). */
struct keeper_intent {
    bool there;
    uint64_t index;
    uint64_t action;
    struct sec_digest digest;
};

struct keeper_rooms {
    struct sec_access access;
    struct sec_configuration configuration;
    struct sec_protection protection;
    struct sec_update update;
    struct keeper_statement product;
    struct keeper_statement pending; /* len 0: none */
    struct keeper_intent intent;
    struct sec_digest digests[KEEPER_ROOMS_COUNT]; /* of the encoded rooms; valid where not stale */
    bool stale[KEEPER_ROOMS_COUNT];
};

/** Empty rooms; `product` is the factory's statement. TOO_LARGE. */
sec_status keeper_rooms_init(struct keeper_rooms *rooms, struct sec_bytes product);
/** The snapshot's content. */
void keeper_rooms_encode(const struct keeper_rooms *rooms, struct sec_wr *wr);
/** On a failure the rooms are undefined: start over from elsewhere. */
sec_status keeper_rooms_parse(struct sec_bytes in, struct keeper_rooms *ret_rooms);
/** Folds a record's changes, [* [room, bstr]]. On a failure some may have been applied: the caller keeps a copy. */
sec_status keeper_rooms_apply(struct keeper_rooms *rooms, struct sec_bytes changes, uint64_t index);
/** What a wipe leaves, as the new epoch's state. */
void keeper_rooms_survive(struct keeper_rooms *rooms);
/** SHA-256 over the digests of all rooms. `scratch` holds the largest encoded room. */
sec_status keeper_rooms_root(struct keeper_rooms *rooms, const struct sec_hasher *hasher, struct sec_room scratch,
                             struct sec_digest *ret_root);

/* Changes of the rooms product and keeper. */
void keeper_product_change_pending(struct sec_bytes statement, struct sec_wr *wr);
void keeper_product_change_promote(struct sec_wr *wr);
void keeper_intent_change_begin(uint64_t action, const struct sec_digest *digest, struct sec_wr *wr);
void keeper_intent_change_end(struct sec_wr *wr);

#endif
