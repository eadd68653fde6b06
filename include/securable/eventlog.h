/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event log: the journal, an append-only, sealed, signed record of everything that was decided and seen.
 *
 * There is one store: the event log is the journal read aloud, the managed state is the journal folded. Its bytes are
 * specified in docs/formats/journal.md. Whoever has the device's public key can prove order and integrity; whoever also has
 * a slot key reads content. The same code keeps a hub's journal: log id, signer and vocabulary are parameters.
 *
 * Memory: none allocated; the caller gives one work room (`SEC_JOURNAL_WORK_BYTES` at least) and keeps it for the
 * journal's life. The journal borrows the ports and the work room.
 * Durability: sec_journal_commit() returns OK when the frame is durable. After any failure of the storage the journal is
 * BROKEN until opened anew; nothing acknowledged is lost by that.
 * Threads: one.
 * Serves S39, S72, F6.1, F6.2, F6.4.
 */
#ifndef SECURABLE_EVENTLOG_H
#define SECURABLE_EVENTLOG_H

#include <securable/limits.h>
#include <securable/merkle.h>
#include <securable/port/keystore.h>
#include <securable/port/storage.h>
#include <securable/statement.h>

/* --- records ----------------------------------------------------------------------------------------- */

/* clang-format off */
/** X(NAME, number, "word"): what a record is about, for retention and for reading rights. Append only. */
#define SEC_CLASS_TABLE(X)                 \
    X(DECISION,      1, "decision")        \
    X(ACCESS,        2, "access")          \
    X(CONFIGURATION, 3, "configuration")   \
    X(UPDATE,        4, "update")          \
    X(PROTECTION,    5, "protection")      \
    X(APPLICATION,   6, "application")     \
    X(SYSTEM,        7, "system")          \
    X(REFUSAL,       8, "refusal")         \
    X(KEY,           9, "key")             \
    X(SNAPSHOT,     10, "snapshot")        \
    X(TRIM,         11, "trim")
/* clang-format on */

enum sec_record_class {
#define SEC_CLASS_ENUM(name, number, word) SEC_RECORD_##name = number,
    SEC_CLASS_TABLE(SEC_CLASS_ENUM)
#undef SEC_CLASS_ENUM
};

/** "decision" ...; "unknown" for a foreign number. NUL-terminated constant. */
const char *sec_record_class_word(enum sec_record_class record_class);

/** Seal 0: the body is clear. */
#define SEC_SEAL_CLEAR 0u

/** A record's clear header. */
struct sec_record_header {
    uint64_t index;
    uint32_t boot;
    uint64_t epoch;
    enum sec_record_class record_class;
    uint64_t seal; /* number of the slot key, 0 for a clear body */
    bool committed;
    struct sec_digest commitment;
};

void sec_record_header_encode(const struct sec_record_header *header, struct sec_wr *wr);
/**
 * Splits a record into header and body; slices borrow. What sec_cbor_check_first() says, BAD_VALUE, UNEXPECTED_TYPE, LEFTOVER.
 * A class that this version does not know is no failure: sec_record_class_word() says "unknown".
 */
sec_status sec_record_parse(struct sec_bytes record, struct sec_record_header *ret_header, struct sec_bytes *ret_header_bytes,
                            struct sec_bytes *ret_body);
/** The record's leaf: SHA-256(0x00 || header || SHA-256(body)), so that a receipt shows a header without its body. */
sec_status sec_record_leaf(const struct sec_hasher *hasher, struct sec_bytes header_bytes, const struct sec_digest *body_digest,
                           struct sec_digest *ret_leaf);

/* --- heads and receipts ------------------------------------------------------------------------------ */

struct sec_head {
    struct sec_digest log_id;
    uint64_t size;
    struct sec_digest root;
    struct sec_digest state_root;
    uint32_t boot;
    uint64_t epoch;
    bool has_counter;
    uint64_t counter;
    int64_t time_s;
};

void sec_head_encode(const struct sec_head *head, struct sec_wr *wr);
sec_status sec_head_parse(struct sec_bytes body, struct sec_head *ret_head);
/** Parses and verifies a head statement. What sec_statement_verify() says, WRONG_KIND, or the parser's status. */
sec_status sec_head_check(struct sec_bytes statement, const struct sec_public_key *key, const struct sec_crypto *crypto,
                          struct sec_head *ret_head);

/** A receipt: head, inclusion proof and the disclosed record of a decision. Slices borrow from the input. */
struct sec_receipt {
    struct sec_bytes head_statement;
    struct sec_head head; /* as parsed; not yet verified by sec_receipt_parse() */
    uint64_t index;
    struct sec_merkle_proof proof;
    struct sec_bytes record_header;
    struct sec_digest body_digest; /* SHA-256 of the sealed body */
    struct sec_bytes salt;
    struct sec_bytes content;
};

sec_status sec_receipt_parse(struct sec_bytes in, struct sec_receipt *ret_receipt);
void sec_receipt_encode(const struct sec_receipt *receipt, struct sec_wr *wr);
/** Checks head signature, proof, commitment and that the header is of a decision: BAD_SIGNATURE, PROOF_FAILED, DIGEST_MISMATCH. */
sec_status sec_receipt_check(const struct sec_receipt *receipt, const struct sec_public_key *key, const struct sec_crypto *crypto);

/* --- the journal ------------------------------------------------------------------------------------- */

#define SEC_JOURNAL_WORK_BYTES (4u * SEC_RECORD_MAX_BYTES)

struct sec_journal_config {
    const struct sec_storage *storage;
    const struct sec_keystore *keystore;
    const struct sec_crypto *crypto;
    struct sec_digest log_id;
    uint64_t segment_bytes; /* of new segments; a multiple of the block, at least 64 blocks, at most 2^31 */
};

/** One record as the fold and readers see it. `content` is the opened body without salt; valid during the call. */
struct sec_journal_record {
    struct sec_record_header header;
    struct sec_bytes content;
    bool opened; /* false: the key of its seal is gone, content is empty */
};

/** Who folds: called in order for each record, at open for all from the newest usable snapshot on, and later by readers. */
struct sec_journal_visitor {
    void *ctx;
    sec_status (*record)(void *ctx, const struct sec_journal_record *record);
    /**
     * After the records that a head covers: the fold's state root must be this head's. May be null. Called by open for the last head
     * alone, whose signature and root were verified; by walk for each frame that ends in one, as parsed; by sec_log_verify() never.
     */
    sec_status (*head)(void *ctx, const struct sec_head *head);
};

/** What open found. */
struct sec_journal_found {
    bool fresh;                   /* there was no journal; the caller commits the first snapshot */
    uint64_t cut_bytes;           /* bytes behind the last good frame that were zeroed, whole blocks */
    struct sec_digest cut_digest; /* over those blocks in order: d = SHA-256(d || block), from zeros; zeros when nothing was cut */
    uint64_t headless_count;      /* intact records behind the last head, kept because they are events */
    uint64_t dropped_count;       /* intact records behind the last head, dropped because they would change state or do not open */
};

struct sec_journal; /* complete below; treat as opaque */

/**
 * Opens and recovers the journal, folds it through `visitor`, and readies it for appending in a new boot (boot number: one more than the
 * greatest under the last head). Changes nothing before its first commit except the removal of a torn tail; the fold comes before that.
 * TAMPERED when the evidence contradicts itself in a way that no power cut explains; the storage is untouched then. UNKNOWN_FORMAT for a
 * journal of a later version, UNSUPPORTED when its blocks are smaller than the storage's, ROOM_FULL when `work` is too small,
 * BAD_ARGUMENT for a block size outside 512 to 16384 or a bad segment size, what the visitor says, what the storage says.
 * The epoch is that of the last head and the seal 0 until sec_journal_set_epoch(). The caller's first commit should record the start and,
 * if `ret_found` says so, the repair. A fresh journal's first commit is a snapshot with a head. `journal` needs no preparation.
 */
sec_status sec_journal_open(struct sec_journal *journal, const struct sec_journal_config *config, struct sec_room work,
                            const struct sec_journal_visitor *visitor, struct sec_journal_found *ret_found);
void sec_journal_close(struct sec_journal *journal);

/** The boot number of this opening, the number of records staged and committed, and committed alone. */
uint32_t sec_journal_boot(const struct sec_journal *journal);
uint64_t sec_journal_size(const struct sec_journal *journal);
uint64_t sec_journal_committed(const struct sec_journal *journal);
/** True when records lie behind the last head. */
bool sec_journal_headless(const struct sec_journal *journal);
/** The last head as a statement (empty before the first); borrowed until the next commit. */
struct sec_bytes sec_journal_head(const struct sec_journal *journal);

/** The epoch and seal under which the next records are written (seal 0: clear). NOT_FOUND when the keystore has no such slot key. */
sec_status sec_journal_set_epoch(struct sec_journal *journal, uint64_t epoch, uint64_t seal);

/**
 * Stages a record for the next commit, a copy of `content`. `seal` is SEC_SEAL_CLEAR, the epoch's, or another slot's; `salted` adds
 * commitment and salt (decisions). A key record is staged before it when the seal has no data key yet. Bodies are sealed by the commit.
 * `ret_index` (may be null) is the record's index unless the commit rolls over: then add sec_journal_shift().
 * ROOM_FULL when the frame would not fit: commit first. TOO_LARGE beyond SEC_RECORD_MAX_BYTES (salt included). NOT_FOUND: no such slot key.
 * BAD_ARGUMENT for the journal's own classes (key, trim).
 */
sec_status sec_journal_stage(struct sec_journal *journal, enum sec_record_class record_class, uint64_t seal, bool salted,
                             struct sec_bytes content, uint64_t *ret_index);

/** Facts for the head that ends a commit. */
struct sec_journal_head_facts {
    struct sec_digest state_root;
    bool has_counter;
    uint64_t counter;
    int64_t time_s;
};

/**
 * Writes what is staged as one frame, with a head when `facts` is not null, and syncs it. Nothing staged and no facts: OK, no write.
 * Rolls over to a new segment when the frame does not fit; `snapshot` then gives the new segment's first record. Without it (null) a
 * frame that does not fit is ROOM_FULL and stays staged. STORAGE_FULL leaves the journal usable and the staged records dropped (also when
 * a new segment is too small for the snapshot); any failure after a part was written breaks it. BAD_ARGUMENT: a fresh journal's first
 * commit without facts. Any other failure (signer, keystore, random, `snapshot`; TOO_LARGE: the snapshot goes beyond
 * SEC_RECORD_MAX_BYTES) drops what is staged.
 */
struct sec_journal_snapshot {
    void *ctx;
    /** Writes the encoded state as folded up to the last commit. */
    sec_status (*encode)(void *ctx, struct sec_wr *wr);
    sec_status (*facts)(void *ctx, struct sec_journal_head_facts *ret_facts);
};
sec_status sec_journal_commit(struct sec_journal *journal, const struct sec_journal_head_facts *facts,
                              const struct sec_journal_snapshot *snapshot);
/**
 * Rolls over now unless what is staged and a further record with `content_len` bytes of content surely fit into the present segment. A caller whose
 * records or state name indices asks for this first: then sec_journal_stage() says the final ones. What is staged moves with it. As
 * sec_journal_commit() otherwise.
 */
sec_status sec_journal_reserve(struct sec_journal *journal, size_t content_len, const struct sec_journal_snapshot *snapshot);
/** True when sec_journal_reserve() would not roll over. */
bool sec_journal_fits(const struct sec_journal *journal, size_t content_len);
/** By how much the last commit's records stand higher than sec_journal_stage() said: 0 unless it rolled over. */
uint64_t sec_journal_shift(const struct sec_journal *journal);
/** Drops what is staged; the indices are free again. No nonce was used: records are sealed by the commit. */
void sec_journal_drop(struct sec_journal *journal);

#define SEC_JOURNAL_SPARE_COUNT 5u
/** The parts of the work room whose content nothing needs until the next call, some of them empty. The caller may overwrite them. */
void sec_journal_spare(const struct sec_journal *journal, struct sec_room ret_rooms[SEC_JOURNAL_SPARE_COUNT]);

/**
 * Reads one committed record; its content lies in `room`. NOT_FOUND when it was trimmed or never written, ROOM_FULL, TAMPERED when the
 * storage no longer holds what was opened. No visitor may call the journal.
 */
sec_status sec_journal_read(struct sec_journal *journal, uint64_t index, struct sec_room room,
                            struct sec_journal_record *ret_record);
/** Visits records from index `from` on, in order; the visitor's failure ends the walk and is returned. */
sec_status sec_journal_walk(struct sec_journal *journal, uint64_t from, const struct sec_journal_visitor *visitor);
/**
 * Writes the receipt of decision `index` under the last head. Cheap for the last commit's records; else it reads all segments from the
 * record's on. NOT_FOUND (also: behind the last head), WRONG_KIND (no commitment), AEAD_FAILED (key destroyed), ROOM_FULL.
 */
sec_status sec_journal_receipt(struct sec_journal *journal, uint64_t index, struct sec_wr *wr);
/** A record as it is shown to whoever follows the log without its keys: the slices are valid during the call. */
struct sec_journal_entry {
    struct sec_record_header header;
    struct sec_bytes header_bytes;
    struct sec_digest body; /* SHA-256 of the sealed body: with the header it makes the leaf */
    bool disclosed;         /* salt and content of a decision whose key is there */
    struct sec_bytes salt;
    struct sec_bytes content;
};
struct sec_journal_follower {
    void *ctx;
    sec_status (*entry)(void *ctx, const struct sec_journal_entry *entry);
};
/**
 * Shows the records from index `from` on, or the first kept one, up to the last head, in order; the follower's failure ends it and is returned. A
 * body without commitment, and one whose key is destroyed, is never opened. Cheap where the last call ended and for the last commit's records; else
 * it reads the record's segment from the start. No follower may call the journal.
 */
sec_status sec_journal_follow(struct sec_journal *journal, uint64_t from, const struct sec_journal_follower *follower);
/** A frame with a trim record, its head included, takes no more content than this: who keeps so much free can always trim. */
#define SEC_JOURNAL_TRIM_BYTES 1024u

struct sec_journal_segment {
    uint32_t number;
    uint64_t first; /* index of its first record */
    uint64_t bytes; /* on the storage */
};
/** The kept segments, oldest first: the first one behind number `after` (0 first). NOT_FOUND at the end; TAMPERED. */
sec_status sec_journal_segment_next(struct sec_journal *journal, uint32_t after, struct sec_journal_segment *ret_segment);
/** The number of the present segment; 0 before the first commit. */
uint32_t sec_journal_segment_number(const struct sec_journal *journal);
/**
 * Removes all segments that end at or before `first_kept` after recording the trim (range and root) with what is staged; never the
 * present segment. OK when there is nothing to remove. Removes nothing when the record cannot be committed: ROOM_FULL when it does not
 * fit into the segment (any commit with a snapshot helps). What sec_journal_commit() says.
 */
sec_status sec_journal_trim(struct sec_journal *journal, uint64_t first_kept, const struct sec_journal_head_facts *facts);

/* --- verifying: needs no secret, shares no code with writing and opening beyond the reading of wire forms - */

enum sec_verdict {
    SEC_VERDICT_INTACT = 0,
    SEC_VERDICT_TORN_TAIL,
    SEC_VERDICT_TAMPERED,
    SEC_VERDICT_GAP,
    SEC_VERDICT_TRUNCATED,
    SEC_VERDICT_ROLLED_BACK,
    SEC_VERDICT_MISSING,
    SEC_VERDICT_FORKED,
};

/** "intact", "torn-tail" ... NUL-terminated constant. */
const char *sec_verdict_word(enum sec_verdict verdict);

/** Evidence from elsewhere: heads and receipts whose signature the caller has verified (sec_head_check(), sec_receipt_check()). */
struct sec_verify_evidence {
    const struct sec_head *heads;
    size_t heads_count;
    const struct sec_receipt *receipts;
    size_t receipts_count;
    const struct sec_storage *other; /* another copy of the log, or null */
};

struct sec_verify_result {
    enum sec_verdict verdict;
    uint64_t intact_until; /* records proved by the last good head */
    uint64_t records;      /* records read */
    uint64_t trimmed;      /* records before the first kept one, explained by a trim record */
    uint64_t boots;        /* distinct boot numbers seen */
    uint32_t segment;      /* where it went wrong */
    uint64_t offset;       /* byte offset in that segment */
    uint64_t index;        /* record index there */
    const char *why;       /* one clause, NUL-terminated constant */
    struct sec_head last_head;
    bool has_head;
    struct sec_digest log_id; /* as the first segment says; only a head proves it */
    bool has_log_id;
};

/**
 * Judges a log; baseline/eventlog/README.md has the rules. `work` as for open. Returns OK when a verdict was reached, whatever it is;
 * another status means that no verdict could be computed: IO_FAILED, ROOM_FULL, UNKNOWN_FORMAT, BAD_VALUE (the other copy is of another
 * log), what the visitor says. `visitor` (may be null) sees each proved record, as stored: `opened` is true for a clear body, else
 * `content` is the sealed one. `evidence` may be null.
 */
sec_status sec_log_verify(const struct sec_storage *storage, const struct sec_public_key *key, const struct sec_crypto *crypto,
                          const struct sec_verify_evidence *evidence, struct sec_room work,
                          const struct sec_journal_visitor *visitor, struct sec_verify_result *ret_result);

#include <securable/eventlog_journal.h>

#endif
