/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fake effects: a device's surroundings in memory, cut and refused like the rest.
 *
 * Keeps what each effect left: the settings file, slots, the active slot, interfaces, the hub's site, erased data. Every effect is a durable
 * operation of the shared power: under a cut a replacement is done or not done, a slot under installation holds garbage. A test says which
 * image is unhealthy and which settings text makes the apply hook fail.
 * Memory: the caller's; may be copied and copied back. Threads: one. Demand: none of its own.
 */
#ifndef FAKE_EFFECTS_H
#define FAKE_EFFECTS_H

#include "fake_power.h"

#include <securable/port/effects.h>

#define FAKE_EFFECTS_JSON_MAX 8192u
#define FAKE_EFFECTS_SPOOL_MAX 4u
#define FAKE_EFFECTS_INTERFACES_MAX 8u
#define FAKE_EFFECTS_BAD_MAX 4u
#define FAKE_EFFECTS_SITE_MAX 512u

struct fake_interface {
    uint8_t name[32];
    size_t name_len;
    bool enabled;
};

struct fake_effects {
    struct fake_power *power;
    uint8_t json[FAKE_EFFECTS_JSON_MAX];
    size_t json_len;
    struct sec_digest slots[2]; /* zeros: garbage */
    enum sec_slot active;
    struct sec_digest spool[FAKE_EFFECTS_SPOOL_MAX];
    size_t spool_count;
    struct fake_interface interfaces[FAKE_EFFECTS_INTERFACES_MAX];
    size_t interfaces_count;
    uint8_t site[FAKE_EFFECTS_SITE_MAX]; /* of the hub */
    size_t site_len;
    struct sec_digest site_ca;
    unsigned erased;
    unsigned notified;
    struct sec_digest unhealthy[FAKE_EFFECTS_BAD_MAX];
    size_t unhealthy_count;
    struct sec_bytes failing; /* the apply hook fails while the settings hold this text; empty: never. Borrowed */
};

/** Slot A runs and holds `image`; everything else is empty. */
void fake_effects_init(struct fake_effects *effects, struct fake_power *power, const struct sec_digest *image);
/** The port's functions; borrows `effects`. */
struct sec_effects fake_effects_port(struct fake_effects *effects);
/** Puts a payload into the spool, or out of it when it is full the oldest. */
void fake_effects_spool(struct fake_effects *effects, const struct sec_digest *image);
/** A digest of settings file, running image, site and interfaces: what people outside would see. */
uint64_t fake_effects_digest(const struct fake_effects *effects);

#endif
