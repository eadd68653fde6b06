/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protection: secrets that applications keep, the slot keys that seal them, rotation and wiping.
 *
 * The room knows names, owners and places of secrets, never a value: a value lies in a journal record of its own,
 * sealed under the secrets' slot key. A secret belongs to the local user id that put it; names of different users do
 * not meet. Slot key numbers (of epochs and of secrets) are drawn here, ascending, never reused. Rotation and wipe are
 * steps of one table (see sec_protection_next()), so that a power cut at any point leaves a step to go on from.
 *
 * Memory: struct sec_protection is the caller's, about 6 KiB, no pointers, movable. Slices given out borrow from the
 * state.
 * Limits: SEC_SECRETS_MAX_COUNT secrets, SEC_SECRET_MAX_BYTES each, names up to SEC_NAME_MAX_BYTES.
 * Threads: one a state.
 * Status: each function names its own.
 * Serves S69, F3.1, F3.3.
 */
#ifndef SECURABLE_PROTECTION_H
#define SECURABLE_PROTECTION_H

#include <securable/bytes.h>
#include <securable/cbor.h>
#include <securable/limits.h>
#include <securable/port/keystore.h>

/** The encoded state is never longer. */
#define SEC_PROTECTION_ENCODED_MAX_BYTES 8192u
/** Keys that a wipe dooms: the epoch's, the secrets', one new and one retired of an unfinished rotation. */
#define SEC_DOOMED_MAX_COUNT 4u

/* clang-format off */
/** X(NAME, number, "word"): where rotation or wipe stands. */
#define SEC_PROTECTION_PHASE_TABLE(X)           \
    X(IDLE,       0, "idle")                    \
    X(RESEALING,  1, "resealing")  /* a new slot key is named; the living are being sealed under it */      \
    X(RETIRING,   2, "retiring")   /* all living are under the new key; the old one is to be destroyed */   \
    X(WIPE,       3, "wipe")       /* the intent to wipe is recorded; what survives is to be written next */ \
    X(DESTROYING, 4, "destroying") /* the new epoch has begun; the doomed keys and data are to be destroyed */
/* clang-format on */
enum sec_protection_phase {
#define SEC_PROTECTION_PHASE_ENUM(name, number, word) SEC_PROTECTION_##name = number,
    SEC_PROTECTION_PHASE_TABLE(SEC_PROTECTION_PHASE_ENUM)
#undef SEC_PROTECTION_PHASE_ENUM
};
const char *sec_protection_phase_word(enum sec_protection_phase phase);

struct sec_protection_secret {
    uint8_t name[SEC_NAME_MAX_BYTES];
    uint8_t name_len;
    uint32_t uid;
    uint64_t seal;   /* slot key that seals it */
    uint64_t index;  /* journal record that holds it */
    uint32_t length; /* of the value, bytes */
};

struct sec_protection {
    enum sec_protection_phase phase;
    uint64_t epoch_key;  /* 0: none, the device has no owner */
    uint64_t secret_key; /* 0: none */
    uint64_t other_key;  /* RESEALING: the new key; RETIRING: the old one */
    uint64_t next_key;   /* number that the next key gets, from 1 */
    size_t doomed_count;
    uint64_t doomed[SEC_DOOMED_MAX_COUNT];
    size_t secrets_count;
    struct sec_protection_secret secrets[SEC_SECRETS_MAX_COUNT]; /* sorted by uid, then name */
};

/* --- state -------------------------------------------------------------------------------------------- */

void sec_protection_init(struct sec_protection *state);
void sec_protection_encode(const struct sec_protection *state, struct sec_wr *wr);
/** What sec_cbor_check() says, the grammar's statuses, UNKNOWN_FORMAT. */
sec_status sec_protection_parse(struct sec_bytes in, struct sec_protection *ret_state);
/** Folds one change. Hostile bytes, or a step that the table does not have: a status, and the state as it was. */
sec_status sec_protection_apply(struct sec_protection *state, struct sec_bytes change, uint64_t index);
/**
 * What a wipe leaves: no secrets, no keys in force, all former keys doomed; phase DESTROYING (IDLE when there was no
 * key). The numbers go on. This is written, clear, as the new epoch's first record before the first key is destroyed.
 */
void sec_protection_survive(struct sec_protection *state);
/** True when slot key `number` is one that the state names; start destroys all that it does not. */
bool sec_protection_names_key(const struct sec_protection *state, uint64_t number);

/* --- claim ---------------------------------------------------------------------------------------------- */

struct sec_protection_keys {
    uint64_t epoch_key;
    uint64_t secret_key;
};
/**
 * Draws the two slot keys of a new ownership epoch. The keeper makes both before it commits the change. EXISTS (keys
 * are in force); BUSY (doomed keys are not yet destroyed).
 */
sec_status sec_protection_judge_claim(const struct sec_protection *state, struct sec_protection_keys *ret_keys,
                                      struct sec_wr *change);

/* --- secrets -------------------------------------------------------------------------------------------- */

/**
 * Whether `uid` may keep a secret: gives the seal for its record. BAD_VALUE (name empty, too long or not UTF-8),
 * TOO_LARGE, TABLE_FULL, NO_OWNER, BUSY (a rotation or wipe is under way). The value replaces an earlier one of this
 * name. Then the keeper stages the value's record and writes the change.
 */
sec_status sec_protection_judge_put(const struct sec_protection *state, uint32_t uid, struct sec_bytes name,
                                    size_t length, uint64_t *ret_seal);
void sec_protection_change_put(uint32_t uid, struct sec_bytes name, size_t length, uint64_t seal, uint64_t index,
                               struct sec_wr *change);
/** The secret of this user and name; another user's is as unknown as one that never was. UNKNOWN_SECRET. */
sec_status sec_protection_find(const struct sec_protection *state, uint32_t uid, struct sec_bytes name,
                               const struct sec_protection_secret **ret_secret);
/** Forgets a secret: hidden at once, unreadable after the next rotation. UNKNOWN_SECRET, BUSY. `detail`: {1: name, 2:
 * "hidden"}. */
sec_status sec_protection_judge_delete(const struct sec_protection *state, uint32_t uid, struct sec_bytes name,
                                       struct sec_wr *change, struct sec_wr *detail);

/** The content of a value's record, {1: name, 2: uid, 3: value}. */
struct sec_secret_value {
    struct sec_bytes name;
    uint32_t uid;
    struct sec_bytes value;
};
void sec_secret_value_encode(const struct sec_secret_value *value, struct sec_wr *wr);
/** The grammar's statuses. Slices borrow. */
sec_status sec_secret_value_parse(struct sec_bytes in, struct sec_secret_value *ret_value);

/* --- rotation ------------------------------------------------------------------------------------------- */

/**
 * protection.rotate, arguments {}: IDLE to RESEALING. Gives the new key's number. NO_OWNER, BUSY, the grammar's
 * statuses. Order of work: commit the change; make the key; per secret i, stage its value under the new key and write
 * sec_protection_change_moved(); commit them with sec_protection_change_resealed(); destroy the old key
 * (state.other_key); commit sec_protection_change_retired(). `detail`: {1: secrets}.
 */
sec_status sec_protection_judge_rotate(const struct sec_protection *state, struct sec_bytes args, uint64_t *ret_key,
                                       struct sec_wr *change, struct sec_wr *detail);
/** Secret i of the state lies in record `index` now. RESEALING: under the new key, and again after a cut. IDLE: under the
 * key that it had, so that the segments before can be trimmed; `index` is higher than before. BUSY in other phases. */
void sec_protection_change_moved(const struct sec_protection_secret *secret, uint64_t index, struct sec_wr *change);
/** RESEALING to RETIRING. Applying it is BAD_VALUE while a secret is still under the old key. */
void sec_protection_change_resealed(struct sec_wr *change);
/** RETIRING to IDLE. */
void sec_protection_change_retired(struct sec_wr *change);

/* --- wipe ------------------------------------------------------------------------------------------------ */

/**
 * protection.wipe, arguments {}: IDLE, RESEALING or RETIRING to WIPE. Order of work: commit the change (intent); write
 * the surviving state of all rooms, clear, as the new epoch's snapshot (sec_protection_survive()); destroy the doomed
 * keys, erase the product's data elements; commit sec_protection_change_wiped() with the graded items. After a cut:
 * WIPE, go on with the snapshot; DESTROYING, destroy again. NO_OWNER, BUSY (a wipe is under way), the grammar's
 * statuses.
 */
sec_status sec_protection_judge_wipe(const struct sec_protection *state, struct sec_bytes args, struct sec_wr *change,
                                     struct sec_wr *detail);
/** DESTROYING to IDLE: nothing is doomed any more. */
void sec_protection_change_wiped(struct sec_wr *change);

/* clang-format off */
/** X(NAME, number, "word"): how well an item is gone. */
#define SEC_WIPE_GRADE_TABLE(X)                                                                               \
    X(NOT_COVERED,  0, "not-covered")            /* nothing could be done, or the hook failed */              \
    X(OVERWRITTEN,  1, "key-file-overwritten")   /* flash may retain a copy */                                \
    X(HARDWARE,     2, "destroyed-in-hardware")                                                               \
    X(BY_HOOK,      3, "erased-by-hook")         /* the product's own word for it */                          \
    X(FOUND_GONE,   4, "found-gone")             /* absent when the wipe went on after a restart */
/* clang-format on */
enum sec_wipe_grade {
#define SEC_WIPE_GRADE_ENUM(name, number, word) SEC_WIPE_##name = number,
    SEC_WIPE_GRADE_TABLE(SEC_WIPE_GRADE_ENUM)
#undef SEC_WIPE_GRADE_ENUM
};
const char *sec_wipe_grade_word(uint64_t grade);
/** The grade of a destroyed key. `resumed`: the wipe goes on after a restart, so an absent key was destroyed by an
 * earlier try. */
enum sec_wipe_grade sec_wipe_grade_of_key(enum sec_destroy_grade grade, bool resumed);
/** The grade of a data element by what its hook said. */
enum sec_wipe_grade sec_wipe_grade_of_hook(sec_status hook);

/** Items of one wipe receipt: keys and data elements of one product. */
#define SEC_WIPE_ITEMS_MAX_COUNT 64u
struct sec_wipe_item {
    struct sec_bytes name; /* "keys.epoch", "keys.secrets", "data.<element>" */
    enum sec_wipe_grade grade;
};
struct sec_wipe_items {
    size_t count;
    struct sec_wipe_item items[SEC_WIPE_ITEMS_MAX_COUNT];
};
/** [* [name, grade]], for the outcome's detail. */
void sec_wipe_items_encode(const struct sec_wipe_items *items, struct sec_wr *wr);
/** Slices borrow. TOO_LARGE, BAD_VALUE, UNEXPECTED_TYPE. */
sec_status sec_wipe_items_parse(struct sec_bytes in, struct sec_wipe_items *ret_items);

/** One row of the table: in `from`, the event leads to `to`. */
enum sec_protection_event {
    SEC_PROTECTION_ON_ROTATE = 1,
    SEC_PROTECTION_ON_RESEALED = 2,
    SEC_PROTECTION_ON_RETIRED = 3,
    SEC_PROTECTION_ON_WIPE = 4,
    SEC_PROTECTION_ON_SURVIVE = 5,
    SEC_PROTECTION_ON_WIPED = 6,
    SEC_PROTECTION_ON_MOVED = 7, /* one secret lies elsewhere; the phase stays */
};
/** The next phase by the table. BUSY: the table has no such step. */
sec_status sec_protection_next(enum sec_protection_phase from, enum sec_protection_event event,
                               enum sec_protection_phase *ret_to);

#endif
