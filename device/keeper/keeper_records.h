/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contents of a device's journal records: encode beside parse. Grammar: docs/formats/records.cddl.
 *
 * Memory: none; parsed slices borrow from the input. Threads: pure functions.
 * Serves F6.2: what happened, by whom, when, and what came of it.
 */
#ifndef SECURABLE_DEVICE_KEEPER_RECORDS_H
#define SECURABLE_DEVICE_KEEPER_RECORDS_H

#include <securable/access_forms.h>
#include <securable/cbor.h>

/** 7 is a secret's record in the grammar; it has no key 0 and is the protection room's own form (sec_secret_value_parse()). */
enum keeper_sort {
    KEEPER_START = 1,
    KEEPER_DECISION = 2,
    KEEPER_OUTCOME = 3,
    KEEPER_EVENT = 4,
    KEEPER_OBSERVATION = 5,
    KEEPER_REFUSALS = 6,
    KEEPER_INTERNAL = 8,
    KEEPER_STOP = 9,
};

/** Why the device decided by itself. */
enum keeper_reason {
    KEEPER_SECRET_PUT = 1,
    KEEPER_SECRET_DELETE = 2,
    KEEPER_CONFIRM_MISSED = 3,
    KEEPER_CONFIRM_MISSED_AT_START = 4,
    KEEPER_TRIAL_RESUMED = 5,
    KEEPER_AUTOMATIC_UPDATE = 6,
    KEEPER_EFFECT_RESUMED = 7,
    KEEPER_RESEALED = 8,
    KEEPER_SECRET_MOVED = 9,
    KEEPER_UPTIME = 10,
    KEEPER_RESTRICTED = 11,
    KEEPER_RECOVERED = 12,
    KEEPER_PRESENCE = 13,
};

/** "decision" ..., "secret-put" ...; "unknown" for a foreign number. NUL-terminated constants. */
const char *keeper_sort_word(uint64_t sort);
const char *keeper_reason_word(uint64_t reason);

/** One record of any sort; members that its sort does not have are zero or empty. */
struct keeper_record {
    uint64_t sort;
    int64_t time_s;
    /* start */
    struct sec_bytes version;
    struct sec_bytes confinement;
    bool repaired;
    uint64_t cut_bytes;
    struct sec_digest cut_digest;
    uint64_t kept_count;
    uint64_t dropped_count;
    struct sec_bytes destroyed; /* encoded array of slot key numbers; empty: none */
    /* decision, outcome, internal */
    struct sec_digest digest; /* of the statement */
    uint64_t kind;
    struct sec_key_id kid;
    struct sec_bytes signer;
    bool has_role; /* false: a key of the manufacturer's */
    uint64_t role;
    uint64_t code;
    struct sec_bytes changes; /* encoded array; empty: none */
    struct sec_bytes detail;  /* CBOR of the room that judged; empty: none */
    bool trusted;
    bool intended;
    uint64_t topic; /* commands; 0 otherwise */
    uint64_t generation;
    uint64_t action;
    uint64_t index;  /* outcome: of what it is the outcome */
    bool has_origin; /* outcome: kid, signer, role, topic, generation and `intended_detail` are those of its decision */
    struct sec_bytes intended_detail;
    uint64_t reason; /* internal */
    /* event, observation */
    struct sec_bytes name; /* subject */
    uint64_t uid;
    uint64_t steady_ms;
    struct sec_bytes content; /* encoded map */
    /* refusals */
    struct sec_bytes refusals; /* encoded array */
};

/** Writes a record of its sort. */
void keeper_record_encode(const struct keeper_record *record, struct sec_wr *wr);
/** UNSUPPORTED for a sort that this version does not know; the grammar's statuses. */
sec_status keeper_record_parse(struct sec_bytes in, struct keeper_record *ret_record);

#endif
