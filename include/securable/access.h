/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access: who owns the device, who may do what, in which order; decided by pure functions of facts.
 *
 * The state folds from the journal: ownership, roster, generations, recent decisions.
 * Judges take the state and facts and give OK or the named refusal; nothing here verifies a signature or brings about
 * an effect. Default is deny, unknown means no.
 * Judges write to `change` what the journal records and sec_access_apply() folds, and to `detail` a map for the
 * receipt and for people, {1: object text, 2: clause text / value}; both only where stated. On a refusal `change`
 * stays empty.
 *
 * Memory: struct sec_access is the caller's, about 28 KiB, no pointers, movable; parsing uses as much stack. Subjects
 * lend slices of the state.
 * Limits: limits.h, SEC_ROSTER_MAX_BYTES.
 * Threads: one a state.
 * Status: each function names its own.
 * Serves S38, S68, F2.2, F4.2, F4.3, F5.3.
 */
#ifndef SECURABLE_ACCESS_H
#define SECURABLE_ACCESS_H

#include <securable/access_forms.h>

/** Release keys of the owner's own. */
#define SEC_ADMITTED_MAX_COUNT 8u
/** A generation may exceed the last by this much: room for many signers, none for burning the number space. */
#define SEC_GENERATION_LEAP_MAX (1u << 20)
/** The encoded state is never longer. */
#define SEC_ACCESS_ENCODED_MAX_BYTES 40960u

struct sec_access_key {
    struct sec_public_key key;
    struct sec_key_id kid;
};

struct sec_access_admitted {
    struct sec_access_key key;
    uint8_t purpose[SEC_NAME_MAX_BYTES];
    uint8_t purpose_len;
};

struct sec_access_topic {
    uint64_t head;            /* newest generation decided; 0: none */
    uint64_t owner_head;      /* newest one that an owner signed */
    struct sec_digest winner; /* the statement that took `head` */
};

/** A remembered decision. */
struct sec_access_decided {
    struct sec_digest digest; /* of the statement */
    uint64_t index;           /* record that has the last word on it */
    uint16_t code;
};

struct sec_access {
    uint64_t epoch; /* from 1 */
    bool owned;
    uint64_t owners_required;
    size_t owners_count;
    struct sec_access_key owners[SEC_OWNERS_MAX_COUNT];
    bool has_recovery;
    struct sec_access_key recovery;
    size_t admitted_count;
    struct sec_access_admitted admitted[SEC_ADMITTED_MAX_COUNT];
    struct sec_access_topic topics[SEC_TOPICS_COUNT]; /* topics[n - 1] for topic n */
    size_t roster_len;
    uint8_t roster[SEC_ROSTER_MAX_BYTES]; /* as signed; roster_len 0: there was none yet */
    size_t subjects_count;
    struct sec_key_id kids[SEC_SUBJECTS_MAX_COUNT]; /* key id of each subject; zero for one without key */
    size_t decided_count;
    struct sec_access_decided decided[SEC_DECIDED_MAX_COUNT]; /* oldest first */
};

/* --- state -------------------------------------------------------------------------------------------- */

/** A device without owner, in epoch 1. */
void sec_access_init(struct sec_access *state);
void sec_access_encode(const struct sec_access *state, struct sec_wr *wr);
/** What sec_cbor_check() says, the grammar's statuses, UNKNOWN_FORMAT. */
sec_status sec_access_parse(struct sec_bytes in, struct sec_access *ret_state);
/** Folds one change, which stood in journal record `index`. Hostile bytes: the parser's status, and the state as it
 * was. */
sec_status sec_access_apply(struct sec_access *state, struct sec_bytes change, uint64_t index);
/** What a wipe leaves: no owner, the next epoch, and nothing else. */
void sec_access_survive(struct sec_access *state);

/* --- who ---------------------------------------------------------------------------------------------- */

enum sec_subject_source {
    SEC_SUBJECT_OWNER = 1,
    SEC_SUBJECT_RECOVERY = 2,
    SEC_SUBJECT_ROSTER = 3,
};

/** Somebody who may act here; slices borrow from the state. */
struct sec_access_subject {
    enum sec_subject_source source;
    struct sec_bytes name; /* "owner", "recovery", or the roster's */
    enum sec_role role;
    bool has_key;
    struct sec_access_key key;
    uint32_t uid; /* of an application */
    struct sec_bytes scope;
    unsigned rights;
    bool has_end;
    int64_t ends_at_s;
};

/** The subject that holds this key: owners, then recovery key, then roster. UNKNOWN_KEY; who was revoked is no longer
 * there, hence unknown. */
sec_status sec_access_find(const struct sec_access *state, const struct sec_key_id *kid,
                           struct sec_access_subject *ret_subject);
/** The n-th of owners, recovery key and roster, in this order. False behind the last. */
bool sec_access_subject_at(const struct sec_access *state, size_t n, struct sec_access_subject *ret_subject);
/** A release key that the owner admitted. UNKNOWN_KEY. */
sec_status sec_access_release_key(const struct sec_access *state, const struct sec_key_id *kid,
                                  struct sec_public_key *ret_key);
/** True when the statement is remembered as decided; gives the record and the code. */
bool sec_access_decided(const struct sec_access *state, const struct sec_digest *digest, uint64_t *ret_index,
                        sec_status *ret_code);

/* --- may they ------------------------------------------------------------------------------------------ */

struct sec_access_time {
    int64_t lower_s; /* never falls */
    bool trusted;
    int64_t now_s; /* counts only when trusted */
};

struct sec_access_facts {
    struct sec_audience_facts device;
    struct sec_access_time time;
    const struct sec_hasher *hasher; /* for key ids */
};

/* clang-format off */
/**
 * Judges who a command's signer is, whether it is meant for this device, and whether it comes in order.
 *
 * Checks, in this order:
 * - NO_OWNER: the device has no owner.
 * - WRONG_AUDIENCE: the device is not in the audience.
 * - WRONG_EPOCH: another ownership epoch.
 * - UNKNOWN_ACTION: not in SEC_ACTION_TABLE.
 * - BAD_VALUE: the topic is not the action's.
 * - ROLE_INSUFFICIENT: the action's least role is above the signer's; the device is outside the signer's scope; the
 *   signer's time has ended (trusted time). `detail` {1: "role", "scope" or "ends-at"}.
 * - GENERATION_USED: not above the topic's head. `detail` {1: head, 2: digest of the statement that took it}.
 * - GENERATION_TOO_FAR: more than SEC_GENERATION_LEAP_MAX above the larger of head and newest owner-signed generation.
 * - NOT_YET: not-before is not surely over. EXPIRED: the expiry surely is. Sure is the lower bound of time, or the clock
 *   when it is trusted; a clock that is only believed neither lets a command in early nor expires it.
 * - UNSUPPORTED: the action, or a member that it does not honour, is not carried out here. `detail` {1: which}.
 *
 * OK means: the generation is consumed by whatever is decided next; the keeper writes that with
 * sec_access_change_decided(). A refusal consumes nothing.
 */
/* clang-format on */
sec_status sec_access_judge_command(const struct sec_access *state, const struct sec_access_facts *facts,
                                    const struct sec_access_subject *subject, const struct sec_command *command,
                                    struct sec_wr *detail);

/** A decision to remember. `topic` NONE: a statement without generation (voucher, release). */
struct sec_access_decision {
    struct sec_digest digest;
    sec_status code;
    enum sec_topic topic;
    uint64_t generation;
    bool by_owner;
};
/**
 * Writes the change that consumes the generation and remembers the decision under the record that carries the change. A
 * digest that is remembered already gets the new code and record (an outcome after its intent; give topic NONE then, or
 * the same again).
 */
void sec_access_change_decided(const struct sec_access_decision *decision, struct sec_wr *change);

/**
 * Judges a voucher's body, its signature being good: WRONG_AUDIENCE (another device), WRONG_EPOCH, ALREADY_OWNED,
 * UNSUPPORTED (more than one required signature), the parser's statuses. The change makes the keys owners. `detail`:
 * {1: number of owner keys, 2: epoch}.
 */
sec_status sec_access_judge_voucher(const struct sec_access *state, const struct sec_access_facts *facts,
                                    struct sec_bytes body, struct sec_wr *change, struct sec_wr *detail);
/**
 * Judges the arguments of access.roster: the parser's statuses, UNSUPPORTED (thresholds, lease, reader key), BAD_VALUE
 * (a subject holds an owner's, the recovery or an admitted release key: owners cannot be replaced by roster, and who
 * signs releases does not command). The change holds the whole
 * roster. `detail`: {1: subjects before, 2: subjects after}.
 */
sec_status sec_access_judge_roster(const struct sec_access *state, const struct sec_access_facts *facts,
                                   struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/** Judges the arguments of access.admit-key: the parser's statuses, BAD_VALUE (a key of an owner's, the recovery key or
 * somebody's on the roster: its releases would never be taken), EXISTS, TABLE_FULL. `detail`: {1: purpose, 2: key id}. */
sec_status sec_access_judge_admit_key(const struct sec_access *state, const struct sec_access_facts *facts,
                                      struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/** Judges the arguments of lifecycle.transfer: the parser's statuses, then UNSUPPORTED in this version. */
sec_status sec_access_judge_transfer(const struct sec_access *state, const struct sec_access_facts *facts,
                                     struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);

/**
 * Whether a local process may use the door so: OK, or NOT_PERMITTED when the device has no owner, pid is 0 (unknown),
 * uid means nobody, no application of the roster has this uid, its scope does not hold this device, its time has ended
 * (trusted time), or it lacks the right.
 */
sec_status sec_access_permits(const struct sec_access *state, const struct sec_access_facts *facts, uint32_t uid,
                              uint32_t pid, enum sec_right right);

/* --- refusals and lock-out ------------------------------------------------------------------------------ */

/** Codes counted apart; further codes are counted together under code 0. */
#define SEC_REFUSALS_MAX_COUNT 32u
/** Records of refusals: at once up to the burst, after a short gathering; then one an interval. */
#define SEC_REFUSALS_BURST 4u
#define SEC_REFUSALS_INTERVAL_MS 60000u
#define SEC_REFUSALS_GATHER_MS 1000u
/** Failed attempts are counted over this time. */
#define SEC_LOCKOUT_INTERVAL_MS 60000u

/** Refusals of one code since the last record. Times are wall clock, as believed. */
struct sec_refusal {
    uint16_t code;
    uint64_t count;
    int64_t first_s;
    int64_t last_s;
};

/** Counters in memory, all zero at start: a restart forgets them and ends a lock-out. */
struct sec_refusals {
    size_t count;
    struct sec_refusal entries[SEC_REFUSALS_MAX_COUNT];
    uint64_t first_ms; /* steady time of the oldest one not recorded */
    uint64_t spent;    /* tokens spent and not yet refilled */
    uint64_t spent_ms; /* steady time up to which refills are reckoned */
    uint64_t failures; /* failed attempts in the running interval */
    uint64_t failures_ms;
    bool locked;
    uint64_t locked_until_ms;
};

/** From settings `securable.access.lockout.*`. */
struct sec_lockout_policy {
    bool enabled;
    uint64_t limit;   /* failed attempts within SEC_LOCKOUT_INTERVAL_MS; 0 is taken as 1 */
    uint64_t seconds; /* how long the lock-out lasts */
};

void sec_refusals_init(struct sec_refusals *refusals);
/** Counts one refusal. `steady_ms` never falls within a boot. */
void sec_refusals_add(struct sec_refusals *refusals, sec_status code, uint64_t steady_ms, int64_t wall_s);
/** Steady time at which a record is due; UINT64_MAX when nothing is counted. */
uint64_t sec_refusals_due_ms(const struct sec_refusals *refusals);
/**
 * When due: writes the record's content, {1: [[code, count, first, last] ...]}, spends a token, forgets the counts;
 * true. Otherwise false, and nothing is written. One record, however many refusals.
 */
bool sec_refusals_take(struct sec_refusals *refusals, uint64_t steady_ms, struct sec_wr *wr);

/**
 * What to answer to a submission that failed with `refusal`, and the lock-out's progress. Only failures to show a good
 * signature count and are answered LOCKED_OUT: a statement whose key is known and whose signature verifies never passes
 * here, so nobody can lock out the owner by failing. Any other refusal is returned as it is.
 */
sec_status sec_lockout_answer(struct sec_refusals *refusals, const struct sec_lockout_policy *policy,
                              sec_status refusal, uint64_t steady_ms);
/** True while a lock-out is under way. */
bool sec_lockout_active(const struct sec_refusals *refusals, const struct sec_lockout_policy *policy,
                        uint64_t steady_ms);

#endif
