/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sync: the bodies that a device's link and a hub exchange, both directions of their wire form.
 *
 * Grammar and meaning: docs/formats/sync.cddl. What is carried is opaque here: who reads a statement, head, report or
 * receipt verifies it by its own signature.
 * Memory: none; what is parsed borrows from the input. Lists stay encoded and are walked by their `_next` functions.
 * Limits: below, each with its reason. Threads: pure functions.
 * Status, of the parsers: what sec_cbor_check() says; UNKNOWN_FIELD, MISSING_FIELD, UNEXPECTED_TYPE, BAD_VALUE (outside the
 * grammar's range), TOO_LARGE (a length or count beyond its limit), UNKNOWN_FORMAT. A parsed body is checked whole: walking
 * it cannot fail.
 * Serves S29, S36, S39, S80.
 */
#ifndef SECURABLE_SYNC_H
#define SECURABLE_SYNC_H

#include <securable/cbor.h>
#include <securable/limits.h>

#define SEC_SYNC_FORMAT 1u
/** A whole request or answer: two statements with company, or a page of entries with a report. */
#define SEC_SYNC_MAX_BYTES 262144u
#define SEC_SYNC_WAIT_MAX_S 600u
#define SEC_SYNC_AWAY_MAX_S 3600u
#define SEC_SYNC_BESIDE_MAX_BYTES 8192u
/** Entries of one request: bounds what a hub hashes before it answers. */
#define SEC_SYNC_ENTRIES_MAX_COUNT 1024u
#define SEC_SYNC_VERDICTS_MAX_COUNT 32u
#define SEC_SYNC_DELIVERIES_MAX_COUNT 16u
#define SEC_SYNC_NONCES_MAX_COUNT 8u
#define SEC_SYNC_NONCE_MIN_BYTES 8u
#define SEC_SYNC_NONCE_MAX_BYTES 64u

struct sec_sync_entry {
    struct sec_bytes header;
    struct sec_digest body;
    bool disclosed; /* the two below */
    struct sec_bytes salt; /* 32 bytes */
    struct sec_bytes content;
};

struct sec_sync_verdict {
    struct sec_digest statement;
    uint16_t code;
    struct sec_bytes receipt; /* empty: the decision is not in the journal */
};

struct sec_sync_delivery {
    struct sec_bytes statement;
    struct sec_bytes beside; /* empty: none */
    bool has_payload;
    struct sec_digest payload;
    uint64_t payload_bytes;
};

/** A list inside a body: `count` elements, encoded one behind the other. */
struct sec_sync_list {
    size_t count;
    struct sec_bytes items;
};

struct sec_sync_request {
    uint64_t wait_s;
    bool has_known;
    struct sec_digest known;
    struct sec_bytes head; /* empty: absent */
    uint64_t entries_first;
    struct sec_sync_list entries;  /* count 0: absent */
    struct sec_sync_list verdicts; /* count 0: absent */
    struct sec_sync_list reports;  /* count 0: absent */
};

struct sec_sync_answer {
    bool has_head;
    uint64_t size;
    struct sec_digest root;
    uint64_t away_s;
    struct sec_sync_list deliveries;
    struct sec_sync_list nonces;
    bool again;
};

/** Elements are written with these, one behind the other, into a room of the caller's, which then is the list's `items`. */
void sec_sync_entry_encode(const struct sec_sync_entry *entry, struct sec_wr *wr);
void sec_sync_verdict_encode(const struct sec_sync_verdict *verdict, struct sec_wr *wr);
void sec_sync_delivery_encode(const struct sec_sync_delivery *delivery, struct sec_wr *wr);
/** Reports and nonces: one byte string. */
void sec_sync_bytes_encode(struct sec_bytes bytes, struct sec_wr *wr);

/** Writes the body; the writer is bad when a count exceeds its limit. */
void sec_sync_request_encode(const struct sec_sync_request *request, struct sec_wr *wr);
sec_status sec_sync_request_parse(struct sec_bytes in, struct sec_sync_request *ret_request);
void sec_sync_answer_encode(const struct sec_sync_answer *answer, struct sec_wr *wr);
sec_status sec_sync_answer_parse(struct sec_bytes in, struct sec_sync_answer *ret_answer);

/** Take the first element off a parsed list. False when it is empty. */
bool sec_sync_entry_next(struct sec_sync_list *list, struct sec_sync_entry *ret_entry);
bool sec_sync_verdict_next(struct sec_sync_list *list, struct sec_sync_verdict *ret_verdict);
bool sec_sync_delivery_next(struct sec_sync_list *list, struct sec_sync_delivery *ret_delivery);
bool sec_sync_bytes_next(struct sec_sync_list *list, struct sec_bytes *ret_bytes);

#endif
