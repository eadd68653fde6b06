/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeper: composes the rooms into a device that decides, records, brings about and answers.
 *
 * One way in: sec_keeper_submit() takes a statement, judges it by the rooms, records the decision, brings about its
 * effects and writes the receipt. One trace out: everything is in the journal. The keeper is free of OS calls; its surroundings are the ports,
 * so that the power cut search runs the very code that devices run.
 *
 * Memory: the caller's; about SEC_KEEPER_WORK_BYTES of work room besides the struct. Borrowed for the keeper's life:
 * ports, work room, and the bytes in the config.
 * Limits: limits.h. Threads: one.
 * Serves promises 1 to 5 of the house plan, S36, S38, S40, S67-S72.
 */
#ifndef SECURABLE_DEVICE_KEEPER_H
#define SECURABLE_DEVICE_KEEPER_H

#include <securable/access.h>
#include <securable/configuration.h>
#include <securable/eventlog.h>
#include <securable/identity.h>
#include <securable/port/clock.h>
#include <securable/port/counter.h>
#include <securable/port/effects.h>
#include <securable/product.h>
#include <securable/protection.h>
#include <securable/suit.h>
#include <securable/update.h>

#define SEC_KEEPER_WORK_BYTES (SEC_JOURNAL_WORK_BYTES + 8u * SEC_RECORD_MAX_BYTES)

struct sec_keeper_config {
    const struct sec_storage *storage;
    const struct sec_keystore *keystore;
    const struct sec_crypto *crypto;
    const struct sec_clock *clock;
    const struct sec_counter *counter;
    const struct sec_effects *effects;
    struct sec_device_id device_id;
    struct sec_bytes idevid;  /* DER */
    struct sec_bytes roots;   /* roots statement of the manufacturer */
    struct sec_bytes product; /* signed product record of the factory's release */
    struct sec_bytes release; /* the factory's release envelope; empty: sequence 0, version of the product record */
    uint64_t segment_bytes;
    int64_t build_time_s;
    struct sec_bytes confinement; /* text for reports: what is in force */
    bool presence; /* somebody asked at the device, by the product's act of physical presence, that it be wiped and freed of its owner at this start */
    uint64_t former_run_s; /* how long the run before lasted, rounded up, when who starts this one knows; 0: not known */
};

struct sec_keeper; /* complete in keeper_state.h; treat as opaque */

#define SEC_KEEPER_SPARE_COUNT (SEC_JOURNAL_SPARE_COUNT + 1u)

/** Who asks at the door: the kernel's word, read by the keeper itself. */
struct sec_peer {
    uint32_t uid;
    uint32_t pid; /* 0: unknown, has no role */
};

/**
 * Opens the journal, folds it, finishes what was intended, records the start. TAMPERED when the journal contradicts itself: nothing is
 * written then, and every call answers TAMPERED. A keeper that did not start may be started again.
 */
sec_status sec_keeper_start(struct sec_keeper *keeper, const struct sec_keeper_config *config, struct sec_room work);
/** Heads an idle tail and closes. */
sec_status sec_keeper_stop(struct sec_keeper *keeper);

/**
 * Judges one statement of any kind, of at most SEC_STATEMENT_MAX_BYTES. `beside` is what travels with it (a COSE_Encrypt), or empty.
 * `ret_verdict` is the decision's code: OK, ALREADY_DECIDED, or the refusal. A receipt is written to `receipt` whenever the decision is in the journal
 * (`ret_len` 0: it is not, because no known key vouched for the statement or it was not for this device).
 * The call's own status is other than OK only when the device is in trouble (IO_FAILED, STORAGE_FULL, TAMPERED ...).
 */
sec_status sec_keeper_submit(struct sec_keeper *keeper, struct sec_bytes statement, struct sec_bytes beside,
                             struct sec_room receipt, size_t *ret_len, sec_status *ret_verdict);

/**
 * Whether a known key vouches for a statement of a kind that its holder may speak: what sec_keeper_submit() asks first. Changes and counts
 * nothing; for deciding whether a payload that comes along is worth taking in.
 */
sec_status sec_keeper_vet(struct sec_keeper *keeper, struct sec_bytes statement);

/**
 * Signs a transport statement over link's public key: the hub lets its bearer enrol as this device (sec_transport_parse()). Records it as an
 * observation when the key is another than the last one stated since the start; the statement is the same in kind however often it is asked for.
 * BUSY: too many other keys within the hour.
 */
sec_status sec_keeper_transport(struct sec_keeper *keeper, const struct sec_public_key *key, struct sec_wr *statement);

/**
 * What a hub follows: [head bstr, first uint, count uint, entries bstr], where the entries are sync's (docs/formats/sync.cddl), one behind the
 * other, from record `from`, or the first kept one, up to the head; at most `max_count` and as many as fit. Decisions are disclosed with salt and
 * content while their key is there, all else by header and digest. Heads a headless tail first. Beyond the head: count 0, first = the head's size.
 * ROOM_FULL when not even one entry fits.
 */
sec_status sec_keeper_entries(struct sec_keeper *keeper, uint64_t from, size_t max_count, struct sec_wr *content);

/** Writes the EAT report that answers `nonce` (8 to 64 bytes). */
sec_status sec_keeper_report(struct sec_keeper *keeper, struct sec_bytes nonce, struct sec_wr *report);

/** Records an application's event (deterministic CBOR map, at most SEC_EVENT_MAX_BYTES). Durable by the next tick or decision. NOT_PERMITTED. */
sec_status sec_keeper_event(struct sec_keeper *keeper, const struct sec_peer *peer, struct sec_bytes event);
/** Applications' secrets: sealed in the journal. NOT_PERMITTED, UNKNOWN_SECRET, TOO_LARGE, TABLE_FULL. */
sec_status sec_keeper_secret_put(struct sec_keeper *keeper, const struct sec_peer *peer, struct sec_bytes name, struct sec_bytes value);
sec_status sec_keeper_secret_get(struct sec_keeper *keeper, const struct sec_peer *peer, struct sec_bytes name, struct sec_wr *value);
sec_status sec_keeper_secret_delete(struct sec_keeper *keeper, const struct sec_peer *peer, struct sec_bytes name);
/** Whether a peer may be told of changes, now. NOT_PERMITTED. Records nothing. */
sec_status sec_keeper_subscribe(const struct sec_keeper *keeper, const struct sec_peer *peer);
/** The effective settings as JSON, as in the applications' file. NOT_PERMITTED. */
sec_status sec_keeper_settings(struct sec_keeper *keeper, const struct sec_peer *peer, struct sec_wr *json);
/**
 * Reads log entries from record `from` on for a peer with the right log-read: a CBOR array of
 * [index, boot, epoch, class, content bstr / null], as many as fit. NOT_PERMITTED.
 */
sec_status sec_keeper_log_read(struct sec_keeper *keeper, const struct sec_peer *peer, uint64_t from, struct sec_wr *entries);

/** Records something that the surroundings saw (a listener that nobody declared, a process that restarted): {1: name tstr, 2: detail any}. */
sec_status sec_keeper_observe(struct sec_keeper *keeper, struct sec_bytes observation);

/**
 * Does what is due: commits and heads pending events, reverts unconfirmed changes, records uptime, ends a recovery's delay, begins the product's
 * restricted mode. Call when the time of sec_keeper_due_ms() has come. */
sec_status sec_keeper_tick(struct sec_keeper *keeper);
/** Milliseconds (steady clock) at which tick has something to do; UINT64_MAX when nothing is due. */
uint64_t sec_keeper_due_ms(const struct sec_keeper *keeper);
/** The parts of the work room whose content nothing needs until the next call, some of them empty. The caller may overwrite them. */
void sec_keeper_spare(const struct sec_keeper *keeper, struct sec_room ret_rooms[SEC_KEEPER_SPARE_COUNT]);

#include "keeper_state.h"

#endif
