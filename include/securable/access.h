/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access: who owns the device, who may do what, in which order; decided by pure functions of facts.
 *
 * The state folds from the journal: ownership, roster, generations, approvals, leases, recent decisions.
 * Judges take the state and facts and give OK or the named refusal; nothing here verifies a signature or brings about
 * an effect. Default is deny, unknown means no.
 * Judges write to `change` what the journal records and sec_access_apply() folds, and to `detail` a map for the
 * receipt and for people, {1: object text, 2: clause text / value}; both only where stated. On a refusal `change`
 * stays empty.
 *
 * Memory: struct sec_access is the caller's, about 35 KiB, no pointers, movable; parsing uses as much stack. Subjects
 * lend slices of the state.
 * Limits: limits.h, SEC_ROSTER_MAX_BYTES.
 * Threads: one a state.
 * Status: each function names its own.
 * Serves S38, S68, S77, F2.2, F4.2, F4.3, F5.3.
 */
#ifndef SECURABLE_ACCESS_H
#define SECURABLE_ACCESS_H

#include <securable/access_forms.h>

/** Release keys of the owner's own. */
#define SEC_ADMITTED_MAX_COUNT 8u
/** A generation may exceed the last by this much: room for many signers, none for burning the number space. */
#define SEC_GENERATION_LEAP_MAX (1u << 20)
/** The encoded state is never longer. */
#define SEC_ACCESS_ENCODED_MAX_BYTES 49152u
/** Approvals of one key that may wait at a time; its oldest gives way to a further one. */
#define SEC_APPROVALS_OF_KEY_MAX_COUNT 4u
/** Device uptime between lifecycle.recover and new owner keys: seven days in which the old ones may veto. */
#define SEC_RECOVERY_DELAY_S (7u * 86400u)

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

/** Owner keys, how many of them must sign, and the recovery key. */
struct sec_access_owners {
    size_t count; /* 0: none */
    struct sec_access_key keys[SEC_OWNERS_MAX_COUNT];
    uint64_t required;
    bool has_recovery;
    struct sec_access_key recovery;
};

/** A key's yes to a statement that is not decided yet. */
struct sec_access_approval {
    struct sec_digest statement;
    struct sec_key_id kid;
};

/** What the owner said last in a beacon, and how long ago. */
struct sec_access_lease {
    uint64_t quiet_s;                 /* device uptime recorded since the last beacon, roster or claim */
    uint64_t heads[SEC_TOPICS_COUNT]; /* generations that the owner knows of: heads[n - 1] for topic n; never fall */
    int64_t time_s;                   /* owner's time: a lower bound of time; never falls; 0: none */
    size_t revoked_count;
    struct sec_key_id revoked[SEC_REVOKED_MAX_COUNT];
};

/** New owner keys that wait for their delay to pass. */
struct sec_access_recovering {
    bool pending;
    struct sec_digest statement;
    uint64_t elapsed_s; /* device uptime recorded since */
    size_t count;
    struct sec_access_key keys[SEC_OWNERS_MAX_COUNT];
};

/** Where the owner's hub is, as the owner signed it. */
struct sec_access_home {
    size_t address_len; /* 0: none given */
    uint8_t address[SEC_SETTING_TEXT_MAX_BYTES];
    struct sec_digest ca;
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
    size_t approvals_count;
    struct sec_access_approval approvals[SEC_APPROVALS_MAX_COUNT]; /* oldest first */
    struct sec_access_lease lease;
    bool restricted; /* the mode that the product declares for a device without beacon */
    struct sec_access_home home;
    struct sec_access_recovering recovering;
    struct sec_access_owners next; /* who owns the device after the wipe of a transfer; count 0: no transfer */
};

/* --- state -------------------------------------------------------------------------------------------- */

/** A device without owner, in epoch 1. */
void sec_access_init(struct sec_access *state);
void sec_access_encode(const struct sec_access *state, struct sec_wr *wr);
/**
 * What sec_cbor_check() says, the grammar's statuses, UNKNOWN_FORMAT. Formats 1 and 2 are read; a state is written in
 * format 1 as long as it holds nothing that came with format 2, so that what was signed over format 1 stays true.
 */
sec_status sec_access_parse(struct sec_bytes in, struct sec_access *ret_state);
/** Folds one change, which stood in journal record `index`. Hostile bytes: the parser's status, and the state as it
 * was. */
sec_status sec_access_apply(struct sec_access *state, struct sec_bytes change, uint64_t index);
/** What a wipe leaves: the next epoch, the next owners when a transfer was decided (else nobody), and nothing else. */
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

/** The subject that holds this key: owners, then recovery key, then roster. UNKNOWN_KEY; who was revoked, by a newer
 * roster or by a beacon, is no longer there, hence unknown. */
sec_status sec_access_find(const struct sec_access *state, const struct sec_key_id *kid,
                           struct sec_access_subject *ret_subject);
/** The n-th of owners, recovery key and roster, in this order, without those whom a beacon revoked. False behind the
 * last. */
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
    uint64_t uptime_s;               /* device uptime not yet recorded by sec_access_change_uptime() */
    uint64_t generation;             /* of the command whose arguments are judged; 0 otherwise */
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
 * - LEASE_ENDED: the signer is on the roster and its lease is over. `detail` {1: days of the lease}.
 * - GENERATION_USED: not above the topic's head. `detail` {1: head, 2: digest of the statement that took it}.
 * - GENERATION_TOO_FAR: more than SEC_GENERATION_LEAP_MAX above the largest of head, newest owner-signed generation and
 *   the beacon's.
 * - NOT_YET: not-before is not surely over. EXPIRED: the expiry surely is. Sure is the lower bound of time, or the clock
 *   when it is trusted; a clock that is only believed neither lets a command in early nor expires it.
 * - UNSUPPORTED: the action, or a member that it does not honour, is not carried out here. `detail` {1: which}.
 * - APPROVALS_MISSING: fewer keys than sec_access_needed() says. Counted are the signer and every other key that has
 *   approved `digest`, is still here, may do this action on this device, and has not ended. `detail` {1: needed,
 *   2: have}. The same statement is judged anew when it is submitted again.
 *
 * OK means: the generation is consumed by whatever is decided next; the keeper writes that with
 * sec_access_change_decided(). A refusal consumes nothing.
 */
/* clang-format on */
sec_status sec_access_judge_command(const struct sec_access *state, const struct sec_access_facts *facts,
                                    const struct sec_access_subject *subject, const struct sec_command *command,
                                    const struct sec_digest *digest, struct sec_wr *detail);
/**
 * How many keys a command needs: the roster's threshold for its action and kind of audience; where the action is an
 * owner's, at least as many as the voucher demands and never more than there are owners; otherwise 1. The recovery key
 * acts alone.
 */
uint64_t sec_access_needed(const struct sec_access *state, const struct sec_command *command);

/**
 * Judges an approval's body, its signature being good: the parser's statuses, WRONG_EPOCH, ROLE_INSUFFICIENT (an
 * auditor, application or the recovery key; this device is outside the scope; the time has ended; `detail` as above),
 * LEASE_ENDED, ALREADY_DECIDED (the statement is), EXISTS (this key has approved it), TABLE_FULL (others' approvals
 * fill the table). Of one key at most SEC_APPROVALS_OF_KEY_MAX_COUNT wait: its oldest gives way. A decision like any
 * other, but it consumes no generation: sec_access_change_decided() with topic NONE. `detail` {1: digest of the
 * statement, 2: approvals that wait for it, this one included}. Deciding the statement drops them.
 */
sec_status sec_access_judge_approval(const struct sec_access *state, const struct sec_access_facts *facts,
                                     const struct sec_access_subject *subject, struct sec_bytes body,
                                     struct sec_wr *change, struct sec_wr *detail);

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
 * the parser's statuses. The change makes the keys owners. `detail`: {1: number of owner keys, 2: epoch}.
 */
sec_status sec_access_judge_voucher(const struct sec_access *state, const struct sec_access_facts *facts,
                                    struct sec_bytes body, struct sec_wr *change, struct sec_wr *detail);
/**
 * Judges the arguments of access.roster: the parser's statuses, UNSUPPORTED (reader key), BAD_VALUE (a subject holds an
 * owner's, the recovery or an admitted release key: owners cannot be replaced by roster, and who signs releases does
 * not command; or a threshold that those who may do the action could not reach). The change holds the whole roster; it
 * starts the leases anew, ends restricted mode, and forgets what beacons revoked when facts->generation is above the
 * beacon's generation of this topic. `detail`: {1: subjects before, 2: subjects after}; BAD_VALUE {1: name or action,
 * 2: why}.
 */
sec_status sec_access_judge_roster(const struct sec_access *state, const struct sec_access_facts *facts,
                                   struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/** Judges the arguments of access.admit-key: the parser's statuses, BAD_VALUE (a key of an owner's, the recovery key or
 * somebody's on the roster: its releases would never be taken; or one that a beacon revoked, when facts->generation is
 * not above the beacon's of this topic), EXISTS, TABLE_FULL. `detail`: {1: purpose, 2: key id}. */
sec_status sec_access_judge_admit_key(const struct sec_access *state, const struct sec_access_facts *facts,
                                      struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/**
 * Judges the arguments of lifecycle.transfer: the parser's statuses. The change names the next owners, of whom any may
 * be a present one, and ends a pending recovery; they own the device once sec_access_survive() has been called for the
 * wipe that belongs to every transfer. `detail`: {1: number of next owner keys, 2: next epoch}.
 */
sec_status sec_access_judge_transfer(const struct sec_access *state, const struct sec_access_facts *facts,
                                     struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/** Writes the change that takes a decided transfer back, for when its wipe could not be carried out. */
void sec_access_change_transfer_dropped(struct sec_wr *change);

/**
 * Judges the arguments of lifecycle.site: the parser's statuses, those of sec_site_check(). `detail`: {1: address
 * before, empty when there was none, 2: address after}.
 */
sec_status sec_access_judge_site(const struct sec_access *state, struct sec_bytes args, struct sec_wr *change,
                                 struct sec_wr *detail);
/** The hub's address and the digest of its CA's certificate; false when the owner has given none. Borrows. */
bool sec_access_site(const struct sec_access *state, struct sec_site *ret_site);

/**
 * Judges a wipe that a person at the device asks for by the product's act of physical presence: UNSUPPORTED (the
 * product declares none; `detail` {1: "presence"}), NO_OWNER (nobody to be freed of: the epoch stays, for which a
 * voucher may be under way). OK: the wipe of protection.wipe, after which sec_access_survive() leaves no owner.
 * `detail`: {1: next epoch}.
 */
sec_status sec_access_judge_presence(const struct sec_access *state, bool declared, struct sec_wr *detail);

/* --- leases, beacon, restricted mode --------------------------------------------------------------------- */

/**
 * Writes the change that adds device uptime: to the time since the last beacon, and to a pending recovery's delay. The
 * keeper records it now and then (hourly is often enough), at an orderly stop, and as the first change of every
 * decision, so that what the decision starts counts from there; afterwards facts->uptime_s begins at 0 again.
 */
void sec_access_change_uptime(uint64_t seconds, struct sec_wr *change);
/** Days of the roster's lease; 0: it has none. */
uint64_t sec_access_lease_days(const struct sec_access *state);
/** True when this subject's lease is over: somebody of the roster with a key, after so many days of device uptime
 * without beacon. Owners, the recovery key and applications (the machine's function) have no lease. */
bool sec_access_lease_ended(const struct sec_access *state, const struct sec_access_subject *subject,
                            uint64_t uptime_s);
/**
 * Judges the arguments of beacon.renew: the parser's statuses, BAD_VALUE (an owner's or the recovery key cannot be
 * revoked so; `detail` {1: key id, 2: why}), TABLE_FULL (more revoked keys than are remembered until a newer roster).
 * The change raises the owner's generations and time (neither falls), adds the revoked keys, takes back admitted
 * release keys among them, starts the leases anew and ends restricted mode. `detail`: {1: seconds without beacon until
 * now, 2: keys revoked now}.
 */
sec_status sec_access_judge_beacon(const struct sec_access *state, const struct sec_access_facts *facts,
                                   struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/** True when the owner knows of a newer generation of this topic than the device has: something is withheld. */
bool sec_access_behind(const struct sec_access *state, enum sec_topic topic);
/** True when restricted mode is to begin now: the device has an owner, is not in it, and has heard no beacon for
 * `after_days` days of uptime. 0 days: the product declares none. */
bool sec_access_restriction(const struct sec_access *state, uint64_t uptime_s, uint64_t after_days);
/** Writes the change that begins or ends restricted mode. Applied without owner: NO_OWNER. */
void sec_access_change_restricted(bool restricted, struct sec_wr *change);

/* --- recovery ------------------------------------------------------------------------------------------- */

/**
 * Judges the arguments of lifecycle.recover (`digest`: of the statement): the parser's statuses, EXISTS (one is
 * pending), BAD_VALUE (a new owner key is the recovery key, an admitted release key or somebody's on the roster;
 * `detail` {1: whose, 2: why}). The change announces the new keys; nothing else changes until
 * sec_access_judge_recovered(). `detail`: {1: number of new keys, 2: delay in seconds}.
 */
sec_status sec_access_judge_recover(const struct sec_access *state, const struct sec_access_facts *facts,
                                    const struct sec_digest *digest, struct sec_bytes args, struct sec_wr *change,
                                    struct sec_wr *detail);
/** Judges the arguments of lifecycle.veto: the parser's statuses, NOTHING_PENDING (none, or another). The change ends
 * the recovery. `detail`: {1: digest of the recovery, 2: seconds that were left}. */
sec_status sec_access_judge_veto(const struct sec_access *state, const struct sec_access_facts *facts,
                                 struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/** Whether a command of this subject that access let through and its judge refused uses up its generation. Not the
 * recovery key's: who has stolen it could use up generations faster than the owners sign their veto. */
bool sec_access_refusal_consumes(const struct sec_access_subject *subject);
/** Seconds of uptime until the pending recovery takes place; 0 when it is due or none is pending. */
uint64_t sec_access_recovery_left_s(const struct sec_access *state, uint64_t uptime_s);
/** True when a recovery is pending and its delay is over. */
bool sec_access_recovery_due(const struct sec_access *state, uint64_t uptime_s);
/**
 * Judges the end of a recovery, which the device brings about by itself: NOTHING_PENDING, NOT_YET. The change puts the
 * new keys in the place of the owners' (one signature needed); recovery key, roster, generations and epoch stay, what
 * was approved is dropped. `detail`: {1: digest of the recovery, 2: number of keys}.
 */
sec_status sec_access_judge_recovered(const struct sec_access *state, uint64_t uptime_s, struct sec_wr *change,
                                      struct sec_wr *detail);

/* --- the door ------------------------------------------------------------------------------------------- */

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
