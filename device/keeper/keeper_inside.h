/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the keeper's files offer each other.
 */
#ifndef SECURABLE_DEVICE_KEEPER_INSIDE_H
#define SECURABLE_DEVICE_KEEPER_INSIDE_H

#include "keeper.h"

/** Room for the record of a decision of the device's own with one change of the protection room. */
#define KEEPER_CHANGE_RECORD_BYTES 1024u
/** What stays free in a segment, so that a full storage can still be trimmed, once more after a trim that did not help. */
#define KEEPER_TRIM_ROOM_BYTES (2u * SEC_JOURNAL_TRIM_BYTES)

/** Uptime is recorded at least so often: what a cut loses of it is charged whole at the next start. */
#define KEEPER_UPTIME_INTERVAL_S 3600u

/* --- keeper_commit.c: records and commits ------------------------------------------------------------------ */

/** Starts a record: no changes but the uptime to be recorded, no detail. */
void keeper_draft_begin(struct sec_keeper *k);
/** Where a judge writes its change, emptied. */
struct sec_wr *keeper_change(struct sec_keeper *k);
/** Takes what stands there over as a change of `room`; nothing when it is empty. */
void keeper_add(struct sec_keeper *k, enum keeper_room room);
/** Takes a change written by somebody else. */
void keeper_add_bytes(struct sec_keeper *k, enum keeper_room room, struct sec_bytes change);
/** Marks the record as an intent of `action` for `digest` (or the end of one). */
void keeper_add_intent(struct sec_keeper *k, uint64_t action, const struct sec_digest *digest);
void keeper_add_intent_end(struct sec_keeper *k);
/**
 * Stages the record with the draft's changes and detail, applies the changes, commits with a head. On a failure the state is as before. `ret_index`
 * may be null.
 */
sec_status keeper_commit(struct sec_keeper *k, struct keeper_record *record, uint64_t *ret_index);
/** As keeper_commit(), but the new epoch's clear snapshot of what a wipe leaves. */
sec_status keeper_commit_survivors(struct sec_keeper *k);
/** Sees to it that a record with so much content fits into the present segment: the index that staging gives is final then. */
sec_status keeper_reserve(struct sec_keeper *k, size_t content_len);
/** What became of a write to the journal: on a failure the state goes back to the last commit, and all but a full storage ends the run. */
sec_status keeper_settle(struct sec_keeper *k, sec_status status);
/** Commits what is staged with a head (events), when there is something. */
sec_status keeper_head(struct sec_keeper *k);
/** Stages an event-like record without commit; commits what is staged first when it does not fit. */
sec_status keeper_stage_event(struct sec_keeper *k, enum sec_record_class record_class, const struct keeper_record *record);
/** Parses rooms.product anew: after a start, an applied change or a step back. */
sec_status keeper_product_refresh(struct sec_keeper *k);
sec_status keeper_state_root(struct sec_keeper *k, struct keeper_rooms *rooms, struct sec_digest *ret_root);
void keeper_head_facts(struct sec_keeper *k, const struct sec_digest *root, struct sec_journal_head_facts *ret_facts);

/** Overwrites what the work rooms may still hold of former owners and secrets, but for the present intent's origin. */
void keeper_forget(struct sec_keeper *k);

/* --- keeper_facts.c: what the judges are told ---------------------------------------------------------------- */

/** Lower bound of the time, and the time that people are shown. */
int64_t keeper_time_lower(const struct sec_keeper *k);
int64_t keeper_time_shown(const struct sec_keeper *k);
void keeper_access_facts(const struct sec_keeper *k, struct sec_access_facts *ret_facts);
void keeper_update_facts(const struct sec_keeper *k, struct sec_update_facts *ret_facts);
/** False when the key that vouched for the release that is available was revoked since. */
bool keeper_release_vouched(const struct sec_keeper *k);
void keeper_lockout_policy(const struct sec_keeper *k, struct sec_lockout_policy *ret_policy);
/** Seconds of uptime that no record holds yet. */
uint64_t keeper_uptime_s(const struct sec_keeper *k);
/** The owner's word on the time, in a beacon, is a lower bound; it never falls, also when its owner goes. */
void keeper_raise_time(struct sec_keeper *k);
/** Whether an interface is to be on, restricted mode included. */
bool keeper_interface_on(const struct sec_keeper *k, struct sec_bytes name);
/** A setting's effective text; empty when there is none. */
struct sec_bytes keeper_setting_text(const struct sec_keeper *k, struct sec_bytes key);

/** securable.log.keep_mib. */
uint64_t keeper_log_keep_mib(const struct sec_keeper *k);

/* --- keeper_retain.c: how much of the log is kept ---------------------------------------------------------------- */

/** True when the log has grown by a segment, or the setting changed, since keeper_retain() last looked, and nothing is under way. */
bool keeper_retain_due(const struct sec_keeper *k);
/**
 * Removes the oldest segments that go beyond the setting, after writing living secrets of theirs anew; the newest two always stay. Each step
 * is a commit: after a cut the next start finds the rest still due.
 */
sec_status keeper_retain(struct sec_keeper *k);
/**
 * What an intent of `action` asks for besides its own record, at most half a segment: what follows up to the outcome then lies in the same segment, and no
 * full storage comes between, when nothing may be removed. Uses the room `scratch`.
 */
size_t keeper_outcome_room(struct sec_keeper *k, uint64_t action);
/**
 * The storage is full: removes oldest segments without living secrets down to half of the setting, at least one. Does not touch draft or work rooms but
 * `scratch`. STORAGE_FULL: nothing could be removed.
 */
sec_status keeper_make_room(struct sec_keeper *k);

/* --- keeper_command.c: actions of commands --------------------------------------------------------------------- */

/** A command that access has let through: judges it by its room, fills the draft; `ret_intent` when an effect follows. */
sec_status keeper_judge_action(struct sec_keeper *k, const struct sec_command *command, const struct sec_digest *digest, enum sec_role role,
                               bool *ret_intent);

/* --- keeper_effect.c: intents and their outcomes --------------------------------------------------------------- */

/** Brings about the effect of the intent in rooms.intent and commits its outcome. `resumed`: after a restart. */
sec_status keeper_finish_intent(struct sec_keeper *k, bool resumed, sec_status *ret_code);
/** Writes the applications' settings file from the present values and switches the interfaces among `keys` (encoded array of tstr). */
sec_status keeper_settings_effect(struct sec_keeper *k, struct sec_bytes keys);
/** The same for all settings, without the apply hooks: at a start, when applications read the file anyway. */
sec_status keeper_settings_converge(struct sec_keeper *k);
/** Switches every declared interface as settings and restricted mode say. */
sec_status keeper_interfaces_effect(struct sec_keeper *k);
/** Tells the surroundings where the owner's hub is, or that there is none. Refusals are no failure. */
sec_status keeper_site_converge(struct sec_keeper *k);
/** Adds the changes that a confirmed release brings: product record in force, settings fitted to it. */
sec_status keeper_promote_product(struct sec_keeper *k);
/** Writes one secret's value anew under `seal`; the old record stays until its key is destroyed or its segment removed. */
sec_status keeper_reseal(struct sec_keeper *k, const struct sec_protection_secret *secret, uint64_t seal, enum keeper_reason reason);
/** Records a decision of the device itself and, when it is an intent, finishes it. */
sec_status keeper_internal(struct sec_keeper *k, enum keeper_reason reason, sec_status code, bool intent);

/* --- keeper_owner.c: what follows from the owner's silence and word, and ends it -------------------------------- */

/** Judges and begins a wipe that somebody asked for by presence at the device; what cannot be is counted as a refusal. */
sec_status keeper_presence(struct sec_keeper *k);
/** Records uptime when it is due; a storage too full for it is no failure. `now`: whether it is due or not. */
sec_status keeper_record_uptime(struct sec_keeper *k, bool now);
/** Ends a recovery whose delay is over; begins restricted mode when its time has come. */
sec_status keeper_tick_owner(struct sec_keeper *k);
/** When that has something to do. */
uint64_t keeper_owner_due_ms(const struct sec_keeper *k);

/* --- keeper_receipt.c ----------------------------------------------------------------------------------------------- */

/** Writes the receipt of record `index`; `ret_len` 0 when it is gone (trimmed, or its key destroyed). */
sec_status keeper_receipt(struct sec_keeper *k, uint64_t index, struct sec_room room, size_t *ret_len);

#endif
