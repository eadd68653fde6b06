/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store: everything that the hub remembers, behind functions, so that SQLite (sqlite*.c) can be joined by another database later.
 *
 * One process has one writing store and a reading store for each thread (hub_store_open(read_only)). Writing functions are called inside the writer's
 * transaction alone (hub_write()). Every stored form of the standard's kind (statements, heads, receipts, entries) is kept byte for byte as it came.
 * Memory: rows of hub_..._get() point into memory of the store that lives until its next hub_..._get(), so that a row may be changed and put again;
 * rows of lists live during the callback, which may call the store too. A callback's failure ends its list and is returned.
 * Units: times are seconds since 1970 UTC by the caller's clock. Threads: one a store.
 * Status: NOT_FOUND (also: the device or statement that a row belongs to is not there), EXISTS, STORAGE_FULL, IO_FAILED, BUSY (another process
 * writes), UNKNOWN_FORMAT (a database of a later version; opened for reading, also of an earlier one), TAMPERED (damaged pages, or a row that no hub wrote).
 * Serves S29, S36, S38, S39.
 */
#ifndef SECURABLE_HUB_STORE_H
#define SECURABLE_HUB_STORE_H

#include <securable/identity.h>
#include <securable/access_forms.h>
#include <securable/statement.h>

struct hub_store;

/** Format of the database; migrations lead from every earlier one to this, each in one transaction. */
#define HUB_STORE_FORMAT 1u

/** Makes the database (0600) when it is missing, unless `read_only`: NOT_FOUND then. */
sec_status hub_store_open(const char *path, bool read_only, struct hub_store **ret_store);
void hub_store_close(struct hub_store *store);
sec_status hub_store_begin(struct hub_store *store);
/**
 * Durable on return. A failure rolls back. When the disk was full the database may have given up the transaction before: then every writing call
 * until the next hub_store_begin(), this one too, says what the first one said.
 */
sec_status hub_store_commit(struct hub_store *store);
void hub_store_rollback(struct hub_store *store);
/** A savepoint inside the transaction, for one work; end with keep true or false. */
sec_status hub_store_save(struct hub_store *store);
sec_status hub_store_save_end(struct hub_store *store, bool keep);
/** A consistent copy while others read and write; `path` must not exist. */
sec_status hub_store_backup(struct hub_store *store, const char *path);
/** Checks the whole database. TAMPERED (damaged pages) with the first finding as text. */
sec_status hub_store_check(struct hub_store *store, char *text, size_t text_bytes);

/* --- makers: manufacturers whose devices may come ------------------------------------------------------- */

struct hub_maker {
    uint64_t id;
    struct sec_bytes name; /* the CA's common name */
    struct sec_bytes roots; /* roots statement */
    struct sec_bytes ca;    /* DER of the device CA */
    int64_t since_s;
};
sec_status hub_maker_put(struct hub_store *store, const struct hub_maker *maker, uint64_t *ret_id); /* the same CA again: replaced */
typedef sec_status (*hub_maker_each)(void *ctx, const struct hub_maker *maker);
sec_status hub_makers(struct hub_store *store, hub_maker_each each, void *ctx);

/* --- devices -------------------------------------------------------------------------------------------- */

struct hub_device {
    struct sec_device_id id;
    uint64_t maker;               /* 0: not seen yet */
    uint64_t epoch;               /* newest that a voucher, transfer or report named */
    bool expected;                /* a voucher for it was handed in */
    bool revoked;                 /* its transport certificates no longer open anything */
    struct sec_bytes idevid;      /* DER; empty: not seen yet */
    bool has_key;
    struct sec_public_key key;    /* identity key, from the IDevID that chains to `maker` */
    struct sec_bytes head;        /* newest head statement that was followed; empty: none */
    uint64_t size;                /* of it */
    struct sec_digest root;
    struct sec_bytes frontier;    /* sec_merkle_frontier_encode() of `size` leaves */
    uint64_t boot;
    struct sec_bytes report;      /* newest report statement; empty: none */
    int64_t report_s;
    int64_t first_seen_s;
    int64_t last_seen_s;          /* written at most once a minute */
    uint64_t alarm;               /* enum sec_follow_alarm; 0: none */
    struct sec_bytes alarm_text;
    int64_t alarm_s;
    int64_t certificate_until_s;  /* 0: none */
};
sec_status hub_device_get(struct hub_store *store, const struct sec_device_id *id, struct hub_device *ret_device);
sec_status hub_device_put(struct hub_store *store, const struct hub_device *device); /* whole; new or replaced */
sec_status hub_device_seen(struct hub_store *store, const struct sec_device_id *id, int64_t at_s);
/** What every head needs of its device, and nothing else: the rest of the row is long. */
struct hub_followed {
    bool has_key;
    struct sec_public_key key;
    struct sec_bytes head; /* all as in struct hub_device */
    uint64_t size;
    struct sec_digest root;
    struct sec_bytes frontier;
    uint64_t boot;
    uint64_t epoch;
    int64_t report_s;
    uint64_t alarm;
};
sec_status hub_followed_get(struct hub_store *store, const struct sec_device_id *id, struct hub_followed *ret_followed);
/** A head was followed: writes it, size, root, frontier, boot and epoch, and that the device was seen. NOT_FOUND. */
sec_status hub_followed_put(struct hub_store *store, const struct sec_device_id *id, const struct hub_followed *followed, int64_t at_s);
typedef sec_status (*hub_device_each)(void *ctx, const struct hub_device *device);
/** In order of id, behind `after` (null: from the first), at most `limit`. */
sec_status hub_devices(struct hub_store *store, const struct sec_device_id *after, size_t limit, hub_device_each each, void *ctx);
/** Epoch of the newest head that was followed; 0: none. */
uint64_t hub_device_head_epoch(struct sec_bytes head);
sec_status hub_devices_count(struct hub_store *store, uint64_t *ret_count);

/** A device has one certificate, and two around its renewal; more than so many of one device are no use to anybody but to fill tables: the oldest make way. */
#define HUB_CERTIFICATES_OF_DEVICE_COUNT 8u
struct hub_certificate {
    struct sec_digest fingerprint; /* SHA-256 of the DER */
    struct sec_device_id device;
    uint64_t epoch; /* of the device's ownership, in which it was issued */
    int64_t not_before_s;
    int64_t not_after_s;
    bool revoked;
};
/** Forgets those of the device that ended a day or more before this one begins. */
sec_status hub_certificate_put(struct hub_store *store, const struct hub_certificate *certificate);
typedef sec_status (*hub_certificate_each)(void *ctx, const struct hub_certificate *certificate);
sec_status hub_certificates(struct hub_store *store, hub_certificate_each each, void *ctx);
/** All of one device. */
sec_status hub_certificates_revoke(struct hub_store *store, const struct sec_device_id *device);
/** Those of one device that were issued in epochs before `epoch`, as the device is in that one now. */
sec_status hub_certificates_end(struct hub_store *store, const struct sec_device_id *device, uint64_t epoch);
/** Devices of which the newest of the events "lost" and "back" is "lost": told already. */
typedef sec_status (*hub_device_id_each)(void *ctx, const struct sec_device_id *device);
sec_status hub_devices_lost(struct hub_store *store, hub_device_id_each each, void *ctx);

/* --- statements and what became of them ------------------------------------------------------------------ */

struct hub_statement {
    struct sec_digest digest;
    uint64_t number; /* order of arrival, from 1 */
    uint64_t kind;   /* enum sec_statement_kind */
    struct sec_bytes bytes;
    struct sec_bytes beside;
    struct sec_key_id signer;
    uint64_t topic;      /* commands; else 0 */
    uint64_t generation; /* commands */
    uint64_t action;     /* commands */
    struct sec_digest about; /* approvals: the statement approved; else zeros */
    bool has_payload;
    struct sec_digest payload;
    uint64_t payload_bytes;
    int64_t received_s;
    struct sec_bytes by; /* name of who handed it in */
};
/** EXISTS when the digest is there; nothing changes then. */
sec_status hub_statement_put(struct hub_store *store, const struct hub_statement *statement, uint64_t *ret_number);
sec_status hub_statement_get(struct hub_store *store, const struct sec_digest *digest, struct hub_statement *ret_statement);
typedef sec_status (*hub_statement_each)(void *ctx, const struct hub_statement *statement);
/** Newest first, below number `before` (0: from the newest). */
sec_status hub_statements(struct hub_store *store, uint64_t before, size_t limit, hub_statement_each each, void *ctx);

enum hub_delivery_state {
    HUB_DELIVERY_WAITING = 1,  /* to be taken to the device; taken again until it answers */
    HUB_DELIVERY_ANSWERED = 2, /* code, and a receipt when the decision is in its journal */
    HUB_DELIVERY_HELD = 3,     /* answered approvals-missing: waits for an approval, then WAITING again */
};
struct hub_delivery {
    struct sec_device_id device;
    struct sec_digest statement;
    uint64_t number; /* the statement's */
    enum hub_delivery_state state;
    uint16_t code;
    struct sec_bytes receipt; /* empty: none */
    bool receipt_good;        /* verified under the device's key */
    int64_t answered_s;
};
sec_status hub_delivery_put(struct hub_store *store, const struct hub_delivery *delivery); /* new or replaced */
sec_status hub_delivery_get(struct hub_store *store, const struct sec_device_id *device, const struct sec_digest *statement, struct hub_delivery *ret_delivery);
typedef sec_status (*hub_delivery_each)(void *ctx, const struct hub_delivery *delivery);
sec_status hub_deliveries_of_statement(struct hub_store *store, const struct sec_digest *statement, hub_delivery_each each, void *ctx);
/** Newest first, below statement number `before` (0: from the newest). */
sec_status hub_deliveries_of_device(struct hub_store *store, const struct sec_device_id *device, uint64_t before, size_t limit, hub_delivery_each each, void *ctx);
/** State WAITING, in order of arrival, with the statements: what sync hands out. Approvals come before the statements that they are about. */
typedef sec_status (*hub_waiting_each)(void *ctx, const struct hub_delivery *delivery, const struct hub_statement *statement);
sec_status hub_waiting(struct hub_store *store, const struct sec_device_id *device, size_t limit, hub_waiting_each each, void *ctx);
/** Number of WAITING deliveries of each device that has some: for the fleet table at start. */
typedef sec_status (*hub_waiting_count_each)(void *ctx, const struct sec_device_id *device, uint64_t count);
sec_status hub_waiting_counts(struct hub_store *store, hub_waiting_count_each each, void *ctx);

/* --- journal entries of devices --------------------------------------------------------------------------- */

struct hub_entry {
    uint64_t index;
    struct sec_bytes header;
    struct sec_digest body;
    struct sec_bytes salt;    /* empty: not disclosed */
    struct sec_bytes content;
};
/** The same index again is replaced only by the same leaf: EXISTS otherwise. What was disclosed stays. */
sec_status hub_entry_put(struct hub_store *store, const struct sec_device_id *device, const struct hub_entry *entry);
/** As hub_entry_put() of each; their indexes follow each other. Those that come in their order and at the end are written at once. */
sec_status hub_entries_put(struct hub_store *store, const struct sec_device_id *device, const struct hub_entry *entries, size_t count);
typedef sec_status (*hub_entry_each)(void *ctx, const struct hub_entry *entry);
sec_status hub_entries(struct hub_store *store, const struct sec_device_id *device, uint64_t from, size_t limit, hub_entry_each each, void *ctx);
/** Removes those with index `from` and higher: pages whose head was never reached. */
sec_status hub_entries_cut(struct hub_store *store, const struct sec_device_id *device, uint64_t from);
/** Contradicting evidence, kept beside: heads that could not both be true. */
sec_status hub_evidence_put(struct hub_store *store, const struct sec_device_id *device, int64_t at_s, struct sec_bytes head, struct sec_bytes text);

/* --- reports that were asked for --------------------------------------------------------------------------- */

struct hub_ask {
    struct sec_device_id device;
    struct sec_bytes nonce;
    int64_t asked_s;
    struct sec_bytes report; /* empty: not answered yet */
    int64_t answered_s;
    uint64_t size; /* set by the store: records under the device's followed head when the report was first asked for */
};
sec_status hub_ask_put(struct hub_store *store, const struct hub_ask *ask); /* new or answered */
sec_status hub_ask_get(struct hub_store *store, const struct sec_device_id *device, struct sec_bytes nonce, struct hub_ask *ret_ask);
typedef sec_status (*hub_ask_each)(void *ctx, const struct hub_ask *ask);
/** Not answered and younger than `since_s`. `device` null: of all devices. */
sec_status hub_asks_open(struct hub_store *store, const struct sec_device_id *device, int64_t since_s, hub_ask_each each, void *ctx);
sec_status hub_asks_forget(struct hub_store *store, int64_t before_s);

/* --- payloads (bytes lie in DIR/payloads/<hex>) -------------------------------------------------------------- */

struct hub_payload {
    struct sec_digest digest;
    uint64_t size;
    struct sec_bytes name;
    int64_t since_s;
};
sec_status hub_payload_put(struct hub_store *store, const struct hub_payload *payload);
sec_status hub_payload_get(struct hub_store *store, const struct sec_digest *digest, struct hub_payload *ret_payload);
typedef sec_status (*hub_payload_each)(void *ctx, const struct hub_payload *payload);
sec_status hub_payloads(struct hub_store *store, hub_payload_each each, void *ctx);
/** OK when a delivery of this device, in whatever state, has a statement with that payload; NOT_FOUND. */
sec_status hub_payload_named(struct hub_store *store, const struct sec_device_id *device, const struct sec_digest *payload);

/* --- people and tokens ---------------------------------------------------------------------------------------- */

/** A key that may sign in: an owner's by a voucher that an administrator handed in, a subject's by a roster that a device took over, or admitted by hand. */
struct hub_person {
    struct sec_key_id kid;
    struct sec_public_key key;
    uint64_t role; /* enum sec_role */
    struct sec_bytes name;
    struct sec_bytes source; /* "voucher", "roster", "local" */
    int64_t since_s;
};
sec_status hub_person_put(struct hub_store *store, const struct hub_person *person);
sec_status hub_person_get(struct hub_store *store, const struct sec_key_id *kid, struct hub_person *ret_person);
sec_status hub_person_remove(struct hub_store *store, const struct sec_key_id *kid);
typedef sec_status (*hub_person_each)(void *ctx, const struct hub_person *person);
sec_status hub_people(struct hub_store *store, hub_person_each each, void *ctx);
/** Forgets all whose source is "roster": before those of a newer one are put. */
sec_status hub_people_forget_roster(struct hub_store *store);

struct hub_token {
    struct sec_digest hash; /* SHA-256 of the token: the token itself is never kept */
    struct sec_bytes name;
    unsigned scope;
    int64_t made_s;
    int64_t ends_s;
    bool by_login;
    struct sec_key_id kid; /* by_login */
};
sec_status hub_token_put(struct hub_store *store, const struct hub_token *token);
sec_status hub_token_get(struct hub_store *store, const struct sec_digest *hash, struct hub_token *ret_token);
sec_status hub_token_remove(struct hub_store *store, const struct sec_digest *hash);
typedef sec_status (*hub_token_each)(void *ctx, const struct hub_token *token);
sec_status hub_tokens(struct hub_store *store, hub_token_each each, void *ctx);
sec_status hub_tokens_forget(struct hub_store *store, int64_t before_s);

/* --- events: what happened at the hub, for server-sent events and the hub's journal ------------------------------ */

struct hub_event {
    uint64_t number;
    int64_t at_s;
    struct sec_bytes kind;   /* "device-enrolled", "receipt", "alarm", "lost", "back", "statement", "report", ... */
    bool has_device;
    struct sec_device_id device;
    struct sec_bytes json;   /* one object */
};
sec_status hub_event_put(struct hub_store *store, struct hub_event *event); /* sets number */
typedef sec_status (*hub_event_each)(void *ctx, const struct hub_event *event);
/** Behind number `after`, oldest first. `device` null: of all. */
sec_status hub_events(struct hub_store *store, uint64_t after, const struct sec_device_id *device, size_t limit, hub_event_each each, void *ctx);
/** Keeps the newest; numbers are never given again. */
sec_status hub_events_forget(struct hub_store *store, uint64_t keep_count);
sec_status hub_events_last(struct hub_store *store, uint64_t *ret_number);

/** Small settings of the hub itself. */
sec_status hub_meta_put(struct hub_store *store, const char *key, struct sec_bytes value);
sec_status hub_meta_get(struct hub_store *store, const char *key, struct sec_bytes *ret_value);

#endif
