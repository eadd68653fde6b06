/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Update: which release may come onto the device, when, and what becomes of it.
 *
 * Two keys open the door: the manufacturer's, by whose release statement a release becomes *available*, and the
 * owner's, by whose command or standing setting it is *intended* for the inactive slot. It is then on trial: it is confirmed,
 * or the device falls back to what was installed before. The floor rises with every confirmation and never falls.
 *
 *     IDLE --available--> AVAILABLE --intended--> INTENDED --waiting--> WAITING
 *       ^                     ^                     |   |                |   |
 *       |                     +------ reverted -----+---|----------------+   |
 *       +--------------------------- confirmed ---------+--------------------+
 *
 * How a program goes through a trial: after `intended` is journaled it asks sec_update_judge_attempt(), journals, performs
 * install, activate and health check, and asks sec_update_judge_tried(). At every start it asks sec_update_judge_start()
 * before any input. After each `confirmed` and `reverted`, and at start, it activates sec_update_slot(), which is idempotent.
 * A reverted release stays available for another command, but is *held*: no standing setting takes it again. So what the
 * program keeps of the available release (its product record) goes when it is confirmed, when another takes its place,
 * and with a wipe; not when it is reverted.
 *
 * Judges are pure: facts in, verdict out. A judge that answers OK has written `change`, to be journaled and then
 * applied with sec_update_apply(), and `detail`, for the receipt; on any other answer `change` is empty, and `detail` may hold
 * {1: clause, ? 2: fact}. Both rooms have SEC_UPDATE_CHANGE_MAX_BYTES or SEC_UPDATE_DETAIL_MAX_BYTES; ROOM_FULL otherwise.
 * All bytes are in docs/formats/update.cddl.
 * Memory: the caller's; `struct sec_update` has a fixed size, no pointers, and may be moved by assignment.
 * Limits: below. Threads: no state but the struct.
 * Serves S71, S77, S93, S94, F5.1 to F5.6.
 */
#ifndef SECURABLE_UPDATE_H
#define SECURABLE_UPDATE_H

#include <securable/cbor.h>
#include <securable/limits.h>
#include <securable/port/effects.h>

/** The version of a release, text for people: "1.1.0-rc2+build" fits. */
#define SEC_UPDATE_VERSION_MAX_BYTES 64u
/** What a release says about its changes; goes into the receipt. */
#define SEC_UPDATE_DESCRIPTION_MAX_BYTES 2048u
/** How often a trial is begun, power cuts and passing failures included, before the device gives it up. */
#define SEC_UPDATE_ATTEMPTS_MAX_COUNT 3u
/** How long a trial waits for its operator when neither command nor product says: one hour. */
#define SEC_UPDATE_CONFIRM_WITHIN_DEFAULT_S 3600u
/** The longest such wait: 30 days. */
#define SEC_UPDATE_CONFIRM_WITHIN_MAX_S 2592000u
/** The longest change. */
#define SEC_UPDATE_CHANGE_MAX_BYTES 320u
/** The longest detail: two versions, a description, three digests. */
#define SEC_UPDATE_DETAIL_MAX_BYTES 2560u
/** The longest encoded state: three releases, a trial, a result. */
#define SEC_UPDATE_STATE_MAX_BYTES 1024u

/* --- facts ---------------------------------------------------------------------------- */

/** The setting `securable.update.mode` (F5.4, F5.5). */
enum sec_update_mode {
    SEC_UPDATE_MODE_DISABLED = 0,  /* "disabled": no release is judged or installed */
    SEC_UPDATE_MODE_MANUAL = 1,    /* "manual": each release waits for a command */
    SEC_UPDATE_MODE_AUTOMATIC = 2, /* "automatic": the owner consents in advance, within the window */
};

/** The setting `securable.update.notify` (F5.6): who is told that a release is available. A set of bits. */
enum sec_update_notify {
    SEC_UPDATE_NOTIFY_OFF = 0,          /* "off", or an empty text */
    SEC_UPDATE_NOTIFY_APPLICATIONS = 1, /* "applications": those at the device's door */
    SEC_UPDATE_NOTIFY_OWNER = 2,        /* "owner": by report and log */
    SEC_UPDATE_NOTIFY_ALL = 3,          /* "all" */
};

/** Who confirms a release that passed its health check, as the product record says. */
enum sec_update_confirm {
    SEC_UPDATE_CONFIRM_AUTOMATIC = 0, /* the health check suffices */
    SEC_UPDATE_CONFIRM_OPERATOR = 1,  /* an operator's update.confirm */
};

/** What the judges need to know of the device besides their own state. */
struct sec_update_facts {
    struct sec_uuid vendor_id; /* of the product record in force */
    struct sec_uuid class_id;
    enum sec_update_mode mode;
    enum sec_update_notify notify;
    struct sec_bytes window;          /* setting `securable.update.window`; borrowed; empty: always */
    int64_t now_s;
    bool time_trusted;
    uint64_t slot_size_bytes;         /* what a slot holds; 0: not known, the installer will find out */
    enum sec_update_confirm confirm;
    uint32_t confirm_within_s;        /* of the product record; 0: not said */
};

/** A verified release, as the program takes it over from the manifest. Slices are borrowed for the call. */
struct sec_update_release {
    struct sec_digest statement;  /* the release statement's digest: what the owner consents to */
    struct sec_digest manifest;   /* SHA-256 of the manifest, as the envelope's authentication gives it */
    struct sec_uuid vendor_id;
    struct sec_uuid class_id;
    uint64_t sequence;
    struct sec_bytes version;     /* UTF-8, 1 to SEC_UPDATE_VERSION_MAX_BYTES */
    struct sec_digest image;      /* SHA-256 of the payload */
    uint64_t size_bytes;
    struct sec_digest product;    /* SHA-256 of the signed product record that the release carries */
    struct sec_bytes description; /* UTF-8, at most SEC_UPDATE_DESCRIPTION_MAX_BYTES; may be empty */
};

/* --- state ---------------------------------------------------------------------------- */

struct sec_update_version {
    uint8_t len;
    uint8_t b[SEC_UPDATE_VERSION_MAX_BYTES];
};

/** A release as the state keeps it. */
struct sec_update_image {
    uint64_t sequence;
    struct sec_update_version version;
    struct sec_digest image;
    uint64_t size_bytes;
    struct sec_digest product;
    struct sec_digest statement; /* zeros for the factory's */
    struct sec_digest manifest;  /* zeros for the factory's */
    uint64_t index;              /* the journal record in which it was judged; 0 for the factory's */
};

/** Numbers are part of the state's format. */
enum sec_update_phase {
    SEC_UPDATE_IDLE = 0,
    SEC_UPDATE_AVAILABLE = 1, /* judged and recorded, waits for the owner's consent */
    SEC_UPDATE_INTENDED = 2,  /* on trial: to be installed, activated, checked */
    SEC_UPDATE_WAITING = 3,   /* on trial: runs and passed its health check, waits for its confirmation */
};

/** Where a trial ended. */
enum sec_update_stage {
    SEC_UPDATE_STAGE_INSTALL = 1,
    SEC_UPDATE_STAGE_ACTIVATE = 2,
    SEC_UPDATE_STAGE_HEALTH = 3,
    SEC_UPDATE_STAGE_CONFIRM = 4,
};

struct sec_update_trial {
    enum sec_slot slot;
    struct sec_digest command; /* zeros: the standing setting consented */
    uint8_t attempts;
    uint32_t confirm_within_s; /* INTENDED: as the command asked, 0: it did not. WAITING: in force */
};

/** How the last trial ended. */
struct sec_update_result {
    bool there; /* false: there was none yet, and the rest is zero */
    struct sec_digest statement;
    struct sec_digest manifest;
    struct sec_digest command; /* the command that was carried out or undone; zeros: the standing setting's */
    uint64_t sequence;
    enum sec_update_stage stage;
    sec_status status; /* OK: confirmed; else why it was reverted */
    uint64_t index;    /* the journal record of the outcome */
};

struct sec_update_counts {
    uint32_t available;
    uint32_t attempted;
    uint32_t confirmed;
    uint32_t reverted;
};

struct sec_update {
    struct sec_update_image installed; /* the confirmed release: what the device falls back to */
    enum sec_slot slot;                /* where it is */
    bool has_previous;
    struct sec_update_image previous;  /* what the other slot still holds; gone as soon as a trial is intended */
    uint64_t floor;                    /* the highest sequence ever confirmed */
    enum sec_update_phase phase;
    struct sec_update_image candidate; /* the available release, or the one on trial; zeros in IDLE */
    bool held;                         /* the candidate was reverted before: the standing setting no longer takes it */
    struct sec_update_trial trial;     /* zeros outside INTENDED and WAITING */
    struct sec_update_result last;
    struct sec_update_counts counts;
};

/** An empty state: sequence 0 in slot A, no version, floor 0. */
void sec_update_init(struct sec_update *update);

/**
 * Sets what the factory installed; for a device without journal, before its first snapshot. The floor rises to its
 * sequence. Of `release` vendor, class and description are not looked at. BAD_VALUE for a version that is empty, too long
 * or no UTF-8, another slot, or a state that has a past.
 */
sec_status sec_update_factory(struct sec_update *update, const struct sec_update_release *release, enum sec_slot slot);

/** Writes the whole state, deterministic; SEC_UPDATE_STATE_MAX_BYTES suffice. */
void sec_update_encode(const struct sec_update *update, struct sec_wr *wr);

/** The inverse. UNKNOWN_FORMAT for another format, BAD_VALUE for a state that no changes lead to, what the grammar refuses. */
sec_status sec_update_parse(struct sec_bytes in, struct sec_update *ret_update);

/**
 * Folds a change that stood in journal record `index`.
 * STALE_BASE when the phase does not know this change, BAD_VALUE, and what the grammar refuses; the state is then as it was.
 */
sec_status sec_update_apply(struct sec_update *update, struct sec_bytes change, uint64_t index);

/**
 * What survives a wipe: installed release, its slot, previous release, floor. The available release, the last result and
 * the counts go. A wipe during a trial is to be refused with TRIAL_PENDING (sec_update_in_trial()); if it comes all the same
 * the trial is dropped.
 */
void sec_update_survive(struct sec_update *update);

/** True while a trial is neither confirmed nor reverted: product settings are then refused with TRIAL_PENDING. */
bool sec_update_in_trial(const struct sec_update *update);

/** The slot that is to run: the trial's while it waits for its confirmation, else the installed one. */
enum sec_slot sec_update_slot(const struct sec_update *update);

/** The state's version as text, borrowed. */
struct sec_bytes sec_update_version_bytes(const struct sec_update_version *version);

/** "idle", "available", "intended", "waiting"; a NUL-terminated constant. */
const char *sec_update_phase_word(enum sec_update_phase phase);

/* --- settings ------------------------------------------------------------------------- */

/** Of the settings' texts; BAD_VALUE for any other word. */
sec_status sec_update_mode_parse(struct sec_bytes text, enum sec_update_mode *ret_mode);
sec_status sec_update_notify_parse(struct sec_bytes text, enum sec_update_notify *ret_notify);

/** OK for "" and for "HH:MM-HH:MM" in UTC, which may go over midnight; BAD_VALUE for anything else, or an empty span. */
sec_status sec_update_window_check(struct sec_bytes text);

/** True when the time is in the window. Without trusted time only the empty window is open; a text that is no window is closed. */
bool sec_update_window_open(struct sec_bytes text, int64_t now_s, bool time_trusted);

/** Seconds until the window opens: 0 when it is open, UINT64_MAX when no passing of time opens it (no trusted time, no window). */
uint64_t sec_update_window_wait_s(struct sec_bytes text, int64_t now_s, bool time_trusted);

/* --- judges: what is asked of the device ---------------------------------------------- */

/**
 * May this release be offered to the owner? Its signature was verified before.
 * OK: it becomes available, in place of an older one or one that was reverted; `detail` says version, size, what changes, whether
 * the product record (and so settings) may alter, and who is to be notified. Refusals, in this order:
 * ALREADY_DECIDED  this very statement is installed, available or on trial;
 * WRONG_PRODUCT    vendor or class is not this device's;
 * BAD_VALUE, NOT_UTF8, TOO_LARGE  version or description;
 * DOWNGRADE        the sequence is below the floor, or not above the installed one (an equal sequence with other content included), or
 *                  the same against an available release that was not reverted;
 * UPDATE_DISABLED  by the owner's setting; TRIAL_PENDING  while another release is on trial: both pass, the same
 *                  statement may come again;
 * TOO_LARGE        for the slot.
 */
sec_status sec_update_judge_release(const struct sec_update *update, const struct sec_update_facts *facts,
                                    const struct sec_update_release *release, struct sec_wr *change,
                                    struct sec_wr *detail);

/**
 * The command update.install: `args` {1: digest of the release statement}; `command` is the command's own digest,
 * `confirm_within_s` its member 12 or 0. OK: a trial in the inactive slot is intended. Refusals, in this order: what the
 * grammar of `args` refuses, UPDATE_DISABLED, TRIAL_PENDING, EXISTS (installed already), NOT_FOUND (not the available release), DOWNGRADE, TOO_LARGE (for the slot),
 * OUT_OF_RANGE (confirm-within beyond its limit).
 */
sec_status sec_update_judge_install(const struct sec_update *update, const struct sec_update_facts *facts,
                                    struct sec_bytes args, const struct sec_digest *command, uint64_t confirm_within_s,
                                    struct sec_wr *change, struct sec_wr *detail);

/**
 * The standing setting: does the owner's consent in advance cover the available release now? To be asked when a release becomes
 * available, when settings change, and when the window opens (sec_update_window_wait_s()). OK as for
 * sec_update_judge_install(). Refusals, in this order: NOTHING_PENDING (no release is available), UPDATE_DISABLED,
 * TRIAL_PENDING, CONSENT_MISSING (mode is manual, or the release was reverted before), NOT_YET (outside the window),
 * DOWNGRADE, TOO_LARGE.
 */
sec_status sec_update_judge_automatic(const struct sec_update *update, const struct sec_update_facts *facts,
                                      struct sec_wr *change, struct sec_wr *detail);

/** The command update.confirm, `args` {}. PENDING while the trial is not yet tried; NOTHING_PENDING. */
sec_status sec_update_judge_confirm(const struct sec_update *update, struct sec_bytes args, struct sec_wr *change,
                                    struct sec_wr *detail);

/** The command update.revert, `args` {}: ends the trial. NOTHING_PENDING. */
sec_status sec_update_judge_revert(const struct sec_update *update, struct sec_bytes args, struct sec_wr *change,
                                   struct sec_wr *detail);

/* --- judges: what comes of it ---------------------------------------------------------- */
/*
 * `ret_outcome` is what the outcome record says: OK confirmed, PENDING still on trial, anything else why it was reverted. A
 * revert's `detail` names the command that is undone. NOTHING_PENDING when there is no such trial.
 */

/** Before each attempt: counts it (PENDING), or gives up (EFFECT_FAILED) when there were SEC_UPDATE_ATTEMPTS_MAX_COUNT. */
sec_status sec_update_judge_attempt(const struct sec_update *update, struct sec_wr *change, struct sec_wr *detail,
                                    sec_status *ret_outcome);

/**
 * After an attempt: `status` is the first failure and `stage` where, or OK at SEC_UPDATE_STAGE_HEALTH.
 * Confirmed, waiting (when product or command ask for an operator's confirmation), or reverted.
 * BUSY without a change: the surroundings were in trouble (class IO but for REFUSED_BY_PORT); ask for another attempt.
 * BAD_ARGUMENT for OK at another stage.
 */
sec_status sec_update_judge_tried(const struct sec_update *update, const struct sec_update_facts *facts,
                                  enum sec_update_stage stage, sec_status status, struct sec_wr *change,
                                  struct sec_wr *detail, sec_status *ret_outcome);

/** While a trial waits, after `waited_s` by the steady clock: reverted (EXPIRED) when its time is over; NOT_YET before. */
sec_status sec_update_judge_deadline(const struct sec_update *update, uint64_t waited_s, struct sec_wr *change,
                                     struct sec_wr *detail, sec_status *ret_outcome);

/**
 * At start, before any input: a trial that waits for its confirmation is reverted at once (CONFIRM_PENDING); one that is
 * intended is attempted again, as sec_update_judge_attempt() says.
 */
sec_status sec_update_judge_start(const struct sec_update *update, struct sec_wr *change, struct sec_wr *detail,
                                  sec_status *ret_outcome);

/* --- the last result as a SUIT_Report --------------------------------------------------- */

/** Writes the SUIT_Report of the last trial; `nonce` may be empty. NOTHING_PENDING when there was none; ROOM_FULL. */
sec_status sec_update_report_encode(const struct sec_update *update, struct sec_bytes nonce, struct sec_wr *wr);

#endif
