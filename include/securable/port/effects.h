/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port: what decisions bring about outside the journal.
 *
 * Every effect is idempotent: bringing it about twice is the same as once, and after a power cut the keeper asks again for
 * what its journal intends. A backend checks each request against its own configuration (slot names, hook names,
 * interface names of the signed product record) and answers REFUSED_BY_PORT to what it does not know.
 * EFFECT_FAILED means tried and not succeeded; IO_FAILED that the backend itself is in trouble.
 * Calls return when the effect is durable. Backends: device (the parent process), port/fake.
 */
#ifndef SECURABLE_PORT_EFFECTS_H
#define SECURABLE_PORT_EFFECTS_H

#include <securable/bytes.h>

#include <stdint.h>

/** The two slots of a component. */
enum sec_slot {
    SEC_SLOT_A = 0,
    SEC_SLOT_B = 1,
};

struct sec_effects {
    void *ctx;
    /** Replaces the applications' settings file by `json` atomically, then runs the apply hooks of the changed keys (CBOR array of tstr). */
    sec_status (*settings)(void *ctx, struct sec_bytes json, struct sec_bytes changed_keys);
    /** Switches a declared interface on or off. */
    sec_status (*interface)(void *ctx, struct sec_bytes name, bool enabled);
    /** Copies the spooled payload with this digest and size to the slot, re-reads the slot and compares. DIGEST_MISMATCH, NOT_FOUND (not spooled), STORAGE_FULL. */
    sec_status (*install)(void *ctx, enum sec_slot slot, const struct sec_digest *digest, uint64_t size_bytes);
    /** Makes the slot the one that runs. */
    sec_status (*activate)(void *ctx, enum sec_slot slot);
    /** Runs the product's health check. OK, HEALTH_FAILED. */
    sec_status (*health)(void *ctx);
    /** Forgets a spooled payload. OK when it is not there. */
    sec_status (*discard)(void *ctx, const struct sec_digest *digest);
    /** Erases a declared data element by its hook. OK, EFFECT_FAILED. */
    sec_status (*erase)(void *ctx, struct sec_bytes element);
    /** Tells subscribed applications that something of `topic` changed. Never fails the caller's work. */
    void (*notify)(void *ctx, struct sec_bytes topic);
    /**
     * Tells the link where its hub is and by which CA (SHA-256 of its DER; zeros: any) it is known. An empty address: the link stops and forgets its
     * key and certificate. Asked for at each start too.
     */
    sec_status (*site)(void *ctx, struct sec_bytes address, const struct sec_digest *ca);
};

#endif
