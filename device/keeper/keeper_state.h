/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's inside: complete, so that callers can place it; shared by keeper*.c alone.
 */
#ifndef SECURABLE_DEVICE_KEEPER_STATE_H
#define SECURABLE_DEVICE_KEEPER_STATE_H

#include "keeper_records.h"
#include "keeper_rooms.h"

/** A key of the manufacturer's roots, with its id. */
struct keeper_root_key {
    struct sec_public_key key;
    struct sec_key_id kid;
    enum sec_root_role role;
};
#define KEEPER_ROOT_KEYS_MAX_COUNT (SEC_ROOT_ROLES_COUNT * SEC_OWNERS_MAX_COUNT)

/** Parts of the work room, each for one use at a time. */
struct keeper_work {
    struct sec_room content; /* of the record under construction */
    struct sec_room changes; /* of the record under construction */
    struct sec_room change;  /* one room's change */
    struct sec_room detail;
    struct sec_room scratch; /* encoded rooms, maps, values */
    struct sec_room read;    /* records read back */
    struct sec_room json;
    struct sec_room origin; /* the detail of the decision whose intent is being finished */
};

/** A record under construction: its changes so far. */
struct keeper_draft {
    struct sec_wr changes; /* elements of the array; its head is written at the end */
    size_t count;
    struct sec_wr change;
    struct sec_wr detail;
    uint64_t seal; /* of the record: the epoch's key, or the one that a claim makes */
    uint64_t uptime_until_ms; /* up to when its first change counts the uptime */
};

/** Who asked for the intent that is being finished; its outcome repeats it. */
struct keeper_origin {
    bool there;
    struct sec_key_id kid;
    uint8_t signer[SEC_NAME_MAX_BYTES];
    size_t signer_len;
    bool has_role;
    uint64_t role;
    uint64_t topic;
    uint64_t generation;
    struct sec_bytes detail;
};

struct sec_keeper {
    struct sec_keeper_config config;
    struct keeper_work work;
    struct sec_journal journal;
    struct keeper_rooms rooms;
    struct keeper_rooms committed; /* as of the last commit: what a failure goes back to, and what a new segment starts with */
    struct sec_product product;    /* parsed from rooms.product */
    struct keeper_root_key roots[KEEPER_ROOT_KEYS_MAX_COUNT];
    size_t roots_count;
    struct keeper_draft draft;
    struct keeper_origin origin;
    uint64_t head_counter; /* of the last head found at start */
    struct sec_refusals refusals;
    int64_t time_lower_s;         /* at `time_steady_ms` */
    uint64_t time_steady_ms;
    uint64_t counter;
    uint64_t uptime_from_ms; /* up to when uptime is recorded */
    uint64_t uptime_carry_s; /* uptime of a former run that is still to be recorded */
    uint64_t uptime_due_ms;  /* when it is to be recorded if nothing else is */
    bool stopped;            /* while folding: the newest record is an orderly stop */
    uint64_t staged_since_ms; /* when the oldest uncommitted or headless event came; UINT64_MAX: none */
    uint64_t waiting_since_ms; /* when a change began to wait for its confirmation */
    uint64_t trial_since_ms;
    bool trial_timed;
    bool waiting_timed;
    uint32_t retained_segment; /* the present segment when retention was last looked after; 0: not yet */
    uint64_t retained_keep_mib;
    bool was_full; /* the storage was trimmed because it was full; retention goes on from there */
    bool recheck_update; /* the standing update setting is to be asked at the next tick */
    uint64_t recheck_at_ms; /* or then, when its window opens; UINT64_MAX: not */
    struct sec_key_id transport; /* the link's key that was stated last; zeros: none since the start */
    uint64_t transports_since_ms; /* begin of the hour in which new keys are counted */
    unsigned transports_count;
    bool open;
    bool tampered;
    bool dead; /* storage failed: everything is refused until a new start */
};

#endif
