/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fleet: what the hub holds in memory of each device, so that an idle sync and a handshake touch no database.
 *
 * Filled from the store at start, kept up by those who write. Lookups by device id and by certificate fingerprint.
 * Memory: from the heap, about 300 bytes a device. Threads: all; each function is atomic, answers are copies.
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
};

sec_status hub_fleet_new(struct hub_fleet **ret_fleet);
void hub_fleet_free(struct hub_fleet *fleet);
sec_status hub_fleet_load(struct hub_fleet *fleet, struct hub_store *store);

bool hub_fleet_get(struct hub_fleet *fleet, const struct sec_device_id *id, struct hub_member *ret_member);
/** Adds or replaces all but `waiting` and `asks`. TABLE_FULL: no memory. */
sec_status hub_fleet_put(struct hub_fleet *fleet, const struct hub_member *member);
void hub_fleet_add_waiting(struct hub_fleet *fleet, const struct sec_device_id *id, int64_t change);
void hub_fleet_add_asks(struct hub_fleet *fleet, const struct sec_device_id *id, int64_t change);
/** Contact now: gives what was before, for `back` events and for deciding whether to write. */
bool hub_fleet_seen(struct hub_fleet *fleet, const struct sec_device_id *id, int64_t now_s, struct hub_member *ret_before);

/** Whose certificate this is. False: unknown, revoked, or not in its time. */
bool hub_fleet_certificate(struct hub_fleet *fleet, const struct sec_digest *fingerprint, int64_t now_s, struct sec_device_id *ret_id);
sec_status hub_fleet_certificate_put(struct hub_fleet *fleet, const struct hub_certificate *certificate);
/** Revokes a device's certificates: open connections of it are closed by their loops (hub_fleet_on_revoke). */
void hub_fleet_revoke(struct hub_fleet *fleet, const struct sec_device_id *id);

/**
 * One long poll a device: parks `x` until hub_fleet_wake() of its device, which calls `wake(x)` on its thread. A second poll of the same device wakes
 * the first. hub_fleet_unpark() when it was answered otherwise or is gone.
 */
void hub_fleet_park(struct hub_fleet *fleet, const struct sec_device_id *id, struct hub_exchange *x, void (*wake)(struct hub_exchange *x));
void hub_fleet_unpark(struct hub_fleet *fleet, const struct sec_device_id *id, struct hub_exchange *x);
void hub_fleet_wake(struct hub_fleet *fleet, const struct sec_device_id *id);

/** Calls each(ctx, member) for all, over a copy. */
void hub_fleet_each(struct hub_fleet *fleet, void (*each)(void *ctx, const struct hub_member *member), void *ctx);
size_t hub_fleet_count(struct hub_fleet *fleet);

#endif
