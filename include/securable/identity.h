/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identity: which device this is, in each form that people and programs use, and the report in which it says so.
 *
 * A device has one id of 32 bytes, made at the factory and never changed. It is written as a UEID (RFC 9711: 0x01 and
 * the id), as 64 hex digits, and on the label as a short code that a person can read aloud. The label carries an
 * identity, never a right. The report is the body of a `report` statement: an EAT (RFC 9711) with the asker's nonce.
 *
 * Memory: none; slices of a parsed report borrow from the input, those of an encoded one are the caller's.
 * Limits: limits.h and the constants below.
 * Threads: pure functions.
 * Status: each function names its own; sec_report_parse() also gives what sec_cbor_check() gives.
 * Serves S67, F1.1, F1.2.
 */
#ifndef SECURABLE_IDENTITY_H
#define SECURABLE_IDENTITY_H

#include <securable/key.h>
#include <securable/limits.h>
#include <securable/port/counter.h>

struct sec_device_id {
    uint8_t b[32];
};

/** A UEID of type RAND: 0x01, then the device id. */
#define SEC_UEID_BYTES 33u
struct sec_ueid {
    uint8_t b[SEC_UEID_BYTES];
};

bool sec_device_id_equal(const struct sec_device_id *a, const struct sec_device_id *b);
static inline struct sec_bytes sec_device_id_bytes(const struct sec_device_id *id)
{
    return (struct sec_bytes){id->b, sizeof id->b};
}

/** The id of a device whose identity key is `key`: the key's thumbprint, so that no two units share it. The hasher's
 * failure. */
sec_status sec_device_id_of_key(const struct sec_public_key *key, const struct sec_hasher *hasher,
                                struct sec_device_id *ret_id);

void sec_ueid_of(const struct sec_device_id *id, struct sec_ueid *ret_ueid);
/** BAD_VALUE unless `ueid` is 0x01 and 32 bytes. */
sec_status sec_ueid_parse(struct sec_bytes ueid, struct sec_device_id *ret_id);

/** Writes 64 lower-case hex digits. */
void sec_device_id_text(const struct sec_device_id *id, struct sec_wr *wr);
/** Reads 64 hex digits of either case. BAD_VALUE, TRUNCATED, LEFTOVER. */
sec_status sec_device_id_parse(struct sec_bytes text, struct sec_device_id *ret_id);

/* --- label -------------------------------------------------------------------------------------------- */

/** "XXXX-XXXX-XXXX-XXXX-C": the id's first 80 bits in 16 symbols, a check symbol, hyphens. */
#define SEC_LABEL_CODE_BYTES 21u

/** Writes the label code of a device. Symbols: digits and capital letters without I, L, O and U. */
void sec_label_code_encode(const struct sec_device_id *id, struct sec_wr *wr);
/**
 * Reads a label code as a person types it: either case, hyphens and spaces ignored, I and L read as 1, O as 0. Gives
 * the 10 bytes. BAD_VALUE: a foreign symbol, or a check symbol that does not fit (any one wrong symbol and any two
 * exchanged are noticed). TRUNCATED, LEFTOVER: too few or too many symbols.
 */
sec_status sec_label_code_parse(struct sec_bytes text, uint8_t ret_start[10]);
/** True when `text` is a valid label code of this device. */
bool sec_label_code_matches(struct sec_bytes text, const struct sec_device_id *id);
/**
 * Writes what the label carries, as three lines of text: "model: ...", "id: <label code>", and for the machine-readable
 * symbol "tag:securable,2026:device:<64 hex digits>". No secret, no key, no default password.
 */
void sec_label_encode(struct sec_bytes model, const struct sec_device_id *id, struct sec_wr *wr);

/* --- report ------------------------------------------------------------------------------------------- */

#define SEC_REPORT_PROFILE "tag:securable,2026:report-1"
#define SEC_REPORT_NONCE_MIN_BYTES 8u
#define SEC_REPORT_NONCE_MAX_BYTES 64u
/** Topics are a closed list of six; room for some to come. */
#define SEC_REPORT_GENERATIONS_MAX_COUNT 16u
#define SEC_REPORT_INTERFACES_MAX_COUNT 64u
/** Owners, recovery key and roster. */
#define SEC_REPORT_SUBJECTS_MAX_COUNT (SEC_OWNERS_MAX_COUNT + 1u + SEC_SUBJECTS_MAX_COUNT)

enum sec_clock_quality {
    SEC_CLOCK_UNTRUSTED = 0,
    SEC_CLOCK_OWNER_TIME = 1,
    SEC_CLOCK_KEPT_POWER = 2,
    SEC_CLOCK_AUTHENTICATED = 3,
};
/** "untrusted" ..., "none" ...; "unknown" for a foreign number. NUL-terminated constants. */
const char *sec_clock_quality_word(uint64_t quality);
const char *sec_counter_quality_word(uint64_t quality);

struct sec_report_generation {
    uint64_t topic;
    uint64_t generation;
};
struct sec_report_interface {
    struct sec_bytes name;
    bool enabled;
};
/** Who may act here. `role` as in the roster; 0 for the recovery key. Applications have a local user id in place of a
 * key. */
struct sec_report_subject {
    struct sec_bytes name;
    uint64_t role;
    bool has_key;
    struct sec_key_id kid; /* when has_key */
    uint32_t uid;          /* otherwise */
};
struct sec_report_release {
    uint64_t sequence;
    struct sec_bytes version;
    struct sec_digest image;
    struct sec_bytes slot;
};

/** How long the owner has been silent, and what is known to be withheld. */
struct sec_report_lease {
    uint64_t quiet_s;      /* device uptime since the last beacon, roster or claim */
    uint64_t days;         /* the roster's lease; 0: none */
    int64_t beacon_time_s; /* owner's time in the newest beacon; 0: none */
    size_t behind_count;
    uint64_t
        behind[SEC_REPORT_GENERATIONS_MAX_COUNT]; /* topics of which the owner knows a newer generation, ascending */
};
/** New owner keys that wait; announced so that the old ones can veto. */
struct sec_report_recovery {
    bool pending;
    struct sec_digest statement;
    uint64_t left_s; /* device uptime until they take over */
};
/** The hub that the owner has named. */
struct sec_report_site {
    struct sec_bytes address; /* 1 to SEC_SETTING_TEXT_MAX_BYTES; empty: none was named */
    struct sec_digest ca;
};
/** An approval that waits for its statement. */
struct sec_report_approval {
    struct sec_digest statement;
    struct sec_key_id kid;
};

/** The body of a report. Generations ascend by topic; interfaces and settings are sorted by name as the encoding
 * demands. */
struct sec_report {
    struct sec_bytes nonce; /* 8 to 64 bytes */
    struct sec_device_id device_id;
    int64_t time_s; /* lower bound of the device's time */
    uint64_t epoch;
    bool owned;
    struct sec_digest product;       /* digest of the product statement */
    struct sec_digest configuration; /* digest of the effective settings */
    size_t generations_count;
    struct sec_report_generation generations[SEC_REPORT_GENERATIONS_MAX_COUNT];
    size_t interfaces_count;
    struct sec_report_interface interfaces[SEC_REPORT_INTERFACES_MAX_COUNT];
    enum sec_clock_quality clock;
    enum sec_counter_quality counter;
    struct sec_bytes head; /* head statement; empty when there is none yet */
    struct sec_report_release release;
    struct sec_bytes idevid;            /* DER */
    struct sec_bytes product_statement; /* signed product record */
    struct sec_bytes settings; /* encoded map text => bool, integer or text; empty is written as an empty map */
    size_t subjects_count;
    struct sec_report_subject subjects[SEC_REPORT_SUBJECTS_MAX_COUNT];
    struct sec_bytes confinement; /* text */
    struct sec_report_lease lease;
    bool restricted; /* the product's restricted mode is in force */
    struct sec_report_recovery recovery;
    struct sec_report_site site;
    size_t approvals_count;
    struct sec_report_approval approvals[SEC_APPROVALS_MAX_COUNT];
};

/**
 * Writes the body. Interfaces may be given in any order and are written sorted; all else is written as it stands, so a
 * body that breaks a rule of the grammar does not parse. The writer is bad when a count exceeds its table.
 */
void sec_report_encode(const struct sec_report *report, struct sec_wr *wr);
/**
 * Reads the body strictly: exactly the members of the grammar. UNKNOWN_FIELD, MISSING_FIELD, BAD_VALUE (nonce length,
 * UEID type, a name's length, an order), UNKNOWN_FORMAT (another profile), TOO_LARGE (a count), UNEXPECTED_TYPE.
 */
sec_status sec_report_parse(struct sec_bytes body, struct sec_report *ret_report);

#endif
