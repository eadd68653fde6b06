/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fleet: what the hub holds in memory of each device, so that an idle sync and a handshake touch no database.
 *
 * Filled from the store at start, kept up by those who write. Lookups by device id and by certificate fingerprint.
 * Memory: from the heap, about 300 bytes a device with one certificate. Threads: all; each function is atomic, answers are copies. The tables are in
 * stripes with a lock each, so that loops seldom wait for each other. Status: TABLE_FULL (no memory), those of store.h.
 * Serves S36, S39.
 */
#ifndef SECURABLE_HUB_FLEET_H
#define SECURABLE_HUB_FLEET_H

#include "exchange.h"
#include "store.h"

struct hub_fleet;

struct hub_member {
    struct sec_device_id id;
    bool revoked;
    bool has_head;
    uint64_t size;
    struct sec_digest root;
    uint64_t waiting;  /* deliveries */
    uint64_t asks;     /* reports asked for and not answered */
    int64_t last_seen_s;
    int64_t last_written_s; /* of last_seen_s in the store */
    uint64_t alarm;
    bool lost;         /* told already that contact is lost */
    uint64_t epoch;    /* newest that the device has shown to be in: certificates of earlier ones open nothing */
};

sec_status hub_fleet_new(struct hub_fleet **ret_fleet);
void hub_fleet_free(struct hub_fleet *fleet);
sec_status hub_fleet_load(struct hub_fleet *fleet, struct hub_store *store);

bool hub_fleet_get(struct hub_fleet *fleet, const struct sec_device_id *id, struct hub_member *ret_member);
/** Adds or replaces all but `waiting` and `asks`; `epoch` does not go back. TABLE_FULL: no memory. */
sec_status hub_fleet_put(struct hub_fleet *fleet, const struct hub_member *member);
void hub_fleet_add_waiting(struct hub_fleet *fleet, const struct sec_device_id *id, int64_t change);
void hub_fleet_add_asks(struct hub_fleet *fleet, const struct sec_device_id *id, int64_t change);
/** The device's journal was followed up to here. Nothing happens for an unknown device, here and below. */
void hub_fleet_followed(struct hub_fleet *fleet, const struct sec_device_id *id, uint64_t size, const struct sec_digest *root);
void hub_fleet_alarmed(struct hub_fleet *fleet, const struct sec_device_id *id, uint64_t alarm);
/** Remembers whether it was told that contact is lost; true when that was otherwise before. */
bool hub_fleet_lost(struct hub_fleet *fleet, const struct sec_device_id *id, bool lost);
/** How long a newer last_seen_s may be in memory alone. */
#define HUB_FLEET_WRITE_S 60
/**
 * Contact now: gives what was before, for `back` events and for deciding whether to write: when now_s - ret_before->last_written_s is HUB_FLEET_WRITE_S
 * or more, the caller writes; it is noted as written. False: unknown device.
 */
bool hub_fleet_seen(struct hub_fleet *fleet, const struct sec_device_id *id, int64_t now_s, struct hub_member *ret_before);

/** Whose certificate this is. False: unknown, revoked, of an epoch that is over, or not in its time. */
bool hub_fleet_certificate(struct hub_fleet *fleet, const struct sec_digest *fingerprint, int64_t now_s, struct hub_certificate *ret_certificate);
/** Adds its device when it is unknown; its epoch is the device's from now on when it is newer (hub_fleet_epoch). Those that ended a day before this one begins are forgotten by and by. */
sec_status hub_fleet_certificate_put(struct hub_fleet *fleet, const struct hub_certificate *certificate);
/** Revokes a device's certificates: open connections of it are closed by their loops (hub_fleet_on_revoke). */
void hub_fleet_revoke(struct hub_fleet *fleet, const struct sec_device_id *id);
/** The device has shown to be in this epoch. When that is news, its certificates of earlier ones end, and open connections by them are closed. */
void hub_fleet_epoch(struct hub_fleet *fleet, const struct sec_device_id *id, uint64_t epoch);
/** True when a certificate of this device and epoch opens nothing (any more): revoked, or the epoch is over. */
bool hub_fleet_ended(struct hub_fleet *fleet, const struct sec_device_id *id, uint64_t epoch);
/**
 * Who closes them: those by certificates of epochs before `epoch`; UINT64_MAX: all. Called on the thread that revokes, without a lock. One listener, named
 * before the threads start.
 */
void hub_fleet_on_revoke(struct hub_fleet *fleet, void (*call)(void *ctx, const struct sec_device_id *id, uint64_t epoch), void *ctx);

/**
 * One long poll a device: parks `x` until hub_fleet_wake() of its device, which calls `wake(x)` on its thread. A second poll of the same device wakes
 * the first. hub_fleet_unpark(), on the exchange's own thread, when it was answered otherwise or is gone: after it, no wake comes. Being woken ends the
 * parking. The wake of an unknown device's exchange, or of one for which there is no memory, never comes: its time-out stands for it.
 */
void hub_fleet_park(struct hub_fleet *fleet, const struct sec_device_id *id, struct hub_exchange *x, void (*wake)(struct hub_exchange *x));
void hub_fleet_unpark(struct hub_fleet *fleet, const struct sec_device_id *id, struct hub_exchange *x);
void hub_fleet_wake(struct hub_fleet *fleet, const struct sec_device_id *id);

/** Calls each(ctx, member) for all, over a copy. */
void hub_fleet_each(struct hub_fleet *fleet, void (*each)(void *ctx, const struct hub_member *member), void *ctx);
size_t hub_fleet_count(struct hub_fleet *fleet);

#endif
