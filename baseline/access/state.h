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
    SEC_ACCESS_DECIDED = 1, /* {1: 1, 2: digest, 3: code [, 4: topic, 5: generation, 6: by owner]} */
    SEC_ACCESS_CLAIMED = 2, /* {1: 2, 2: [+ pair], 3: required, 4: pair / nil}; pair = [cose-key, kid] */
    SEC_ACCESS_ROSTER_SET =
        3, /* {1: 3, 2: roster bstr, 3: [* kid / nil] [, 4: true]}; 4: what beacons revoked stays so */
    SEC_ACCESS_ADMITTED = 4,   /* {1: 4, 2: pair, 3: purpose} */
    SEC_ACCESS_APPROVED = 5,   /* {1: 5, 2: digest of the statement, 3: kid} */
    SEC_ACCESS_UPTIME = 6,     /* {1: 6, 2: seconds} */
    SEC_ACCESS_BEACON = 7,     /* {1: 7, 2: beacon bstr} */
    SEC_ACCESS_RESTRICTED = 8, /* {1: 8, 2: bool} */
    SEC_ACCESS_SITE = 9,       /* {1: 9, 2: site bstr} */
    SEC_ACCESS_NEXT = 10,      /* {1: 10, 2: [+ pair], 3: required, 4: pair / nil}, or {1: 10}: no longer */
    SEC_ACCESS_RECOVER = 11,   /* {1: 11, 2: digest of the statement, 3: [+ pair]} */
    SEC_ACCESS_VETOED = 12,    /* {1: 12} */
    SEC_ACCESS_RECOVERED = 13, /* {1: 13} */
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

/** Owners as change and state write them, without the head of their map or array: `keyed` puts 2, 3, 4 before each. */
void sec_access_owners_put(const struct sec_access_owners *owners, bool keyed, struct sec_wr *wr);
/** BAD_VALUE: nobody, or more required than there are. */
void sec_access_owners_read(struct sec_cbor *rd, bool keyed, struct sec_access_owners *ret_owners);
/** Makes these the owners. */
void sec_access_own(struct sec_access *state, const struct sec_access_owners *owners);

/** The members that came with format 2 of the state, as one array; whether any of them says something. */
bool sec_access_later_used(const struct sec_access *state);
void sec_access_later_put(const struct sec_access *state, struct sec_wr *wr);
void sec_access_later_read(struct sec_cbor *rd, struct sec_access *state);

/** Members of a change come in ascending order, all of them: a deterministic map read as a sequence. UNKNOWN_FIELD. */
void sec_access_expect(struct sec_cbor *rd, uint64_t key);

void sec_access_change_claimed(const struct sec_access_owners *owners, struct sec_wr *change);
void sec_access_change_next(const struct sec_access_owners *owners, struct sec_wr *change);
void sec_access_change_roster(struct sec_bytes roster, const struct sec_access_kids *kids, bool stays_revoked,
                              struct sec_wr *change);
void sec_access_change_admitted(const struct sec_access_key *key, struct sec_bytes purpose, struct sec_wr *change);

/* Folding of one change each, the reader standing behind its kind. What does not fit leaves the state as it was. */
sec_status sec_access_apply_approved(struct sec_access *state, struct sec_cbor *rd);
sec_status sec_access_apply_uptime(struct sec_access *state, struct sec_cbor *rd);
sec_status sec_access_apply_beacon(struct sec_access *state, struct sec_cbor *rd);
sec_status sec_access_apply_restricted(struct sec_access *state, struct sec_cbor *rd);
sec_status sec_access_apply_site(struct sec_access *state, struct sec_cbor *rd);
sec_status sec_access_apply_recover(struct sec_access *state, struct sec_cbor *rd);
sec_status sec_access_apply_vetoed(struct sec_access *state, struct sec_cbor *rd);
sec_status sec_access_apply_recovered(struct sec_access *state, struct sec_cbor *rd);

/** Forgets the approvals of a statement; of keys that are no longer here. */
void sec_access_approvals_drop(struct sec_access *state, const struct sec_digest *statement);
void sec_access_approvals_prune(struct sec_access *state);
/** The owner has spoken: leases start anew, restricted mode ends. */
void sec_access_lease_renew(struct sec_access *state);
void sec_access_recovery_end(struct sec_access *state);
/** BAD_VALUE: see sec_site_check(). */
sec_status sec_access_home_set(struct sec_access *state, const struct sec_site *site);

/** True when a beacon has revoked this key. */
bool sec_access_revoked(const struct sec_access *state, const struct sec_key_id *kid);
/** A member of the stored roster, encoded; empty when it is absent. */
struct sec_bytes sec_access_roster_member(const struct sec_access *state, int64_t member);
sec_status sec_access_key_of(const struct sec_public_key *key, const struct sec_hasher *hasher,
                             struct sec_access_key *ret_key);

/* Pieces of verdicts on who signs. */
bool sec_access_role_suffices(enum sec_role role, enum sec_role least);
bool sec_access_in_scope(const struct sec_access_subject *subject, const struct sec_access_facts *facts);
bool sec_access_ended(const struct sec_access_subject *subject, const struct sec_access_time *time);
/** OK, LEASE_ENDED with its detail. */
sec_status sec_access_judge_lease(const struct sec_access *state, const struct sec_access_facts *facts,
                                  const struct sec_access_subject *subject, struct sec_wr *detail);
/** OK, APPROVALS_MISSING with its detail. */
sec_status sec_access_judge_quorum(const struct sec_access *state, const struct sec_access_facts *facts,
                                   const struct sec_access_subject *signer, const struct sec_command *command,
                                   const struct sec_digest *digest, struct sec_wr *detail);

/* Details: {1: what}, {1: first, 2: second}, {1: digest, 2: number}. */
void sec_access_say(struct sec_bytes what, struct sec_wr *detail);
void sec_access_say_numbers(uint64_t first, uint64_t second, struct sec_wr *detail);
void sec_access_say_digest(struct sec_bytes digest, uint64_t number, struct sec_wr *detail);
/** Writes {1: object, 2: clause} and gives BAD_VALUE. */
sec_status sec_access_refuse(struct sec_bytes object, struct sec_bytes clause, struct sec_wr *detail);
/** OK, or ROOM_FULL when the change did not fit. */
sec_status sec_access_written(const struct sec_wr *change);

#endif
