/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the access state, as they are journaled, and the pieces that state and change share. Used within this room
 * alone.
 *
 * Memory: slices borrow. Failures go to the reader's sticky status. Serves S38, S68.
 */
#ifndef SECURABLE_BASELINE_ACCESS_STATE_H
#define SECURABLE_BASELINE_ACCESS_STATE_H

#include "form.h"

#include <securable/access.h>

/** Kinds of change; numbers are part of the journal's format. */
enum sec_access_change {
    SEC_ACCESS_DECIDED = 1,    /* {1: 1, 2: digest, 3: code [, 4: topic, 5: generation, 6: by owner]} */
    SEC_ACCESS_CLAIMED = 2,    /* {1: 2, 2: [+ pair], 3: required, 4: pair / nil}; pair = [cose-key, kid] */
    SEC_ACCESS_ROSTER_SET = 3, /* {1: 3, 2: roster bstr, 3: [* kid / nil]} */
    SEC_ACCESS_ADMITTED = 4,   /* {1: 4, 2: pair, 3: purpose} */
};

struct sec_access_owners {
    size_t count;
    struct sec_access_key keys[SEC_OWNERS_MAX_COUNT];
    uint64_t required;
    bool has_recovery;
    struct sec_access_key recovery;
};

struct sec_access_kids {
    size_t count;
    struct sec_key_id kids[SEC_SUBJECTS_MAX_COUNT]; /* zero for a subject without key */
};

void sec_access_pair_put(const struct sec_access_key *key, struct sec_wr *wr);
void sec_access_pair_read(struct sec_cbor *rd, struct sec_access_key *ret_key);
void sec_access_pairs_put(const struct sec_access_key *keys, size_t count, struct sec_wr *wr);
/** At most SEC_OWNERS_MAX_COUNT. TOO_LARGE. */
void sec_access_pairs_read(struct sec_cbor *rd, struct sec_access_key *keys, size_t *ret_count);

/** Key ids of a roster, nil where `has_key` says so by a zero id. */
void sec_access_kids_put(const struct sec_key_id *kids, size_t count, struct sec_wr *wr);
void sec_access_kids_read(struct sec_cbor *rd, struct sec_access_kids *ret_kids);
/** BAD_VALUE unless there is one id for each subject, nil exactly where it has no key; the roster's own statuses. */
sec_status sec_access_roster_fits(struct sec_bytes roster, const struct sec_access_kids *kids);

void sec_access_change_claimed(const struct sec_access_owners *owners, struct sec_wr *change);
void sec_access_change_roster(struct sec_bytes roster, const struct sec_access_kids *kids, struct sec_wr *change);
void sec_access_change_admitted(const struct sec_access_key *key, struct sec_bytes purpose, struct sec_wr *change);

#endif
