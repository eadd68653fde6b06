/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access, wire forms: the bodies of commands, vouchers, rosters, roots and their kin, and the words for their numbers.
 *
 * Grammar: docs/formats/statements.cddl. Each form has encode and parse in one file of baseline/access. Encoders write
 * what they are given and make the writer bad when a count exceeds its table; parsers are strict: deterministic CBOR,
 * exactly the members of the grammar.
 * Memory: none; slices of parsed forms borrow from the input.
 * Limits: limits.h.
 * Threads: pure functions.
 * Status, of every parser: what sec_cbor_check() says; UNKNOWN_FIELD, MISSING_FIELD, UNEXPECTED_TYPE; BAD_VALUE
 * (outside the grammar's range, or a rule named at the form); TOO_LARGE (a count or length beyond its limit);
 * UNSUPPORTED (a key's type).
 * Serves S38, S68, F2.2, F4.2, F5.3.
 */
#ifndef SECURABLE_ACCESS_FORMS_H
#define SECURABLE_ACCESS_FORMS_H

#include <securable/key.h>
#include <securable/limits.h>

/* --- words -------------------------------------------------------------------------------------------- */

/* clang-format off */
/** X(NAME, number, "word") */
#define SEC_TOPIC_TABLE(X) \
    X(ACCESS,        1, "access") \
    X(CONFIGURATION, 2, "configuration") \
    X(UPDATE,        3, "update") \
    X(PROTECTION,    4, "protection") \
    X(LIFECYCLE,     5, "lifecycle") \
    X(BEACON,        6, "beacon")
#define SEC_TOPICS_COUNT 6u

/** Roles: a smaller number may more. RECOVERY is the recovery key's own, never on a roster. */
#define SEC_ROLE_TABLE(X) \
    X(RECOVERY,      0, "recovery") \
    X(OWNER,         1, "owner") \
    X(ADMINISTRATOR, 2, "administrator") \
    X(OPERATOR,      3, "operator") \
    X(AUDITOR,       4, "auditor") \
    X(APPLICATION,   5, "application")

/** What an application may do at the door. */
#define SEC_RIGHT_TABLE(X) \
    X(EVENT,         1, "event") \
    X(SETTINGS_READ, 2, "settings-read") \
    X(SECRET,        3, "secret") \
    X(LOG_READ,      4, "log-read") \
    X(NOTIFY,        5, "notify")

/**
 * X(NAME, number, "word", topic, least role, honoured members, carried out): who may command what.
 * Not in this table: no.
 * The least role and every role above it may; auditors and applications command nothing. Members are those of
 * `enum sec_command_member` that the action honours besides not-before and expiry; any other is UNSUPPORTED. "Carried
 * out" is false where this version knows the grammar alone and answers UNSUPPORTED.
 */
#define SEC_ACTION_TABLE(X) \
    X(ACCESS_ROSTER,          1, "access.roster",         ACCESS,        OWNER,         0, true) \
    X(CONFIGURATION_SET,      2, "configuration.set",     CONFIGURATION, OPERATOR,      SEC_WITH_BASE | SEC_WITH_CONFIRM, true) \
    X(CONFIGURATION_RESET,    3, "configuration.reset",   CONFIGURATION, ADMINISTRATOR, SEC_WITH_BASE | SEC_WITH_CONFIRM, true) \
    X(CONFIGURATION_CONFIRM,  4, "configuration.confirm", CONFIGURATION, OPERATOR,      0, true) \
    X(CONFIGURATION_REVERT,   5, "configuration.revert",  CONFIGURATION, OPERATOR,      0, true) \
    X(UPDATE_INSTALL,         6, "update.install",        UPDATE,        OPERATOR,      SEC_WITH_CONFIRM, true) \
    X(UPDATE_CONFIRM,         7, "update.confirm",        UPDATE,        OPERATOR,      0, true) \
    X(UPDATE_REVERT,          8, "update.revert",         UPDATE,        OPERATOR,      0, true) \
    X(PROTECTION_ROTATE,      9, "protection.rotate",     PROTECTION,    ADMINISTRATOR, 0, true) \
    X(PROTECTION_WIPE,       10, "protection.wipe",       LIFECYCLE,     OWNER,         0, true) \
    X(LIFECYCLE_SITE,        11, "lifecycle.site",        LIFECYCLE,     OWNER,         0, true) \
    X(LIFECYCLE_TRANSFER,    12, "lifecycle.transfer",    LIFECYCLE,     OWNER,         0, true) \
    X(BEACON_RENEW,          13, "beacon.renew",          BEACON,        OWNER,         0, true) \
    X(PROTECTION_SECRET,     14, "protection.secret",     PROTECTION,    ADMINISTRATOR, SEC_WITH_BESIDE, false) \
    X(ACCESS_ADMIT_KEY,      15, "access.admit-key",      ACCESS,        OWNER,         0, true) \
    X(LIFECYCLE_RECOVER,     16, "lifecycle.recover",     LIFECYCLE,     RECOVERY,      0, true) \
    X(LIFECYCLE_VETO,        17, "lifecycle.veto",        LIFECYCLE,     OWNER,         0, true) \
    X(EVENTLOG_RETAIN,       18, "eventlog.retain",       CONFIGURATION, OWNER,         0, false)
/* clang-format on */

enum sec_topic {
    SEC_TOPIC_NONE = 0,
#define SEC_TOPIC_ENUM(name, number, word) SEC_TOPIC_##name = number,
    SEC_TOPIC_TABLE(SEC_TOPIC_ENUM)
#undef SEC_TOPIC_ENUM
};
enum sec_role {
#define SEC_ROLE_ENUM(name, number, word) SEC_ROLE_##name = number,
    SEC_ROLE_TABLE(SEC_ROLE_ENUM)
#undef SEC_ROLE_ENUM
};
enum sec_right {
#define SEC_RIGHT_ENUM(name, number, word) SEC_RIGHT_##name = number,
    SEC_RIGHT_TABLE(SEC_RIGHT_ENUM)
#undef SEC_RIGHT_ENUM
};
enum sec_action {
    SEC_ACTION_UNKNOWN = 0,
#define SEC_ACTION_ENUM(name, number, word, topic, role, members, done) SEC_ACTION_##name = number,
    SEC_ACTION_TABLE(SEC_ACTION_ENUM)
#undef SEC_ACTION_ENUM
};

/** The word of a number, NUL-terminated constant; "unknown" for a foreign number. */
const char *sec_topic_word(uint64_t topic);
const char *sec_role_word(uint64_t role);
const char *sec_right_word(uint64_t right);
const char *sec_action_word(uint64_t action);
/** The number of a word. NOT_FOUND. */
sec_status sec_topic_of_word(struct sec_bytes word, enum sec_topic *ret_topic);
sec_status sec_role_of_word(struct sec_bytes word, enum sec_role *ret_role);
sec_status sec_right_of_word(struct sec_bytes word, enum sec_right *ret_right);
sec_status sec_action_of_word(struct sec_bytes word, enum sec_action *ret_action);

/** Optional members of a command, as bits. */
enum sec_command_member {
    SEC_WITH_NOT_BEFORE = 1u << 0,
    SEC_WITH_EXPIRY = 1u << 1,
    SEC_WITH_WINDOW = 1u << 2,
    SEC_WITH_SPREAD = 1u << 3,
    SEC_WITH_BASE = 1u << 4,
    SEC_WITH_CONFIRM = 1u << 5,
    SEC_WITH_BESIDE = 1u << 6,
};

/** One row of the table above. */
struct sec_action_row {
    enum sec_action action;
    const char *word;
    enum sec_topic topic;
    enum sec_role least_role;
    unsigned members;
    bool carried_out;
};
/** The row of an action; null for a foreign number. */
const struct sec_action_row *sec_action_row(uint64_t action);

/* --- audience ----------------------------------------------------------------------------------------- */

/** What an equality test may ask about. */
enum sec_match {
    SEC_MATCH_PRODUCT = 1,
    SEC_MATCH_MODEL = 2,
    SEC_MATCH_NAME = 3,
    SEC_MATCH_SITE = 4,
    SEC_MATCH_GROUP = 5,
    SEC_MATCH_TAG = 6,
};
#define SEC_MATCHES_COUNT 6u

/** An audience in its encoded form: a list of device ids, or a conjunction of equality tests. */
struct sec_audience {
    struct sec_bytes item; /* the encoded item */
    bool by_match;
    size_t count; /* ids, or tests; at least 1 */
};

/** What the device holds by signed statement. An empty text equals nothing. */
struct sec_audience_facts {
    struct sec_bytes device_id; /* 32 bytes */
    struct sec_bytes product;
    struct sec_bytes model;
    struct sec_bytes name;
    struct sec_bytes site;
    struct sec_bytes group;
    struct sec_bytes tags; /* comma-separated; spaces around a tag do not count */
};

/** Writes a list of device ids (32 bytes each). */
void sec_audience_encode_ids(const struct sec_bytes *ids, size_t ids_count, struct sec_wr *wr);
/** Writes the tests whose text is not empty: texts[n - 1] for match n. At least one. */
void sec_audience_encode_match(const struct sec_bytes texts[SEC_MATCHES_COUNT], struct sec_wr *wr);
/** Reads the next item of `rd` as an audience. */
void sec_audience_read(struct sec_cbor *rd, struct sec_audience *ret_audience);
sec_status sec_audience_parse(struct sec_bytes in, struct sec_audience *ret_audience);
/** True when the device is in the audience. */
bool sec_audience_matches(const struct sec_audience *audience, const struct sec_audience_facts *facts);
/** The n-th id of a list; empty when there is none. */
struct sec_bytes sec_audience_id_at(const struct sec_audience *audience, size_t n);
/** The text of one test; empty when it is not tested. */
struct sec_bytes sec_audience_text_of(const struct sec_audience *audience, enum sec_match match);

/* --- command ------------------------------------------------------------------------------------------ */

/** The body of a command. `members` tells which of the optional ones are there. */
struct sec_command {
    struct sec_audience audience;
    enum sec_topic topic;
    uint64_t epoch;
    uint64_t generation;
    uint64_t action;       /* may be a foreign number: judged UNKNOWN_ACTION */
    struct sec_bytes args; /* the encoded item */
    unsigned members;
    int64_t not_before_s;
    int64_t expiry_s;
    int64_t window_from_s;
    int64_t window_until_s;
    uint64_t spread_s;
    struct sec_digest base;
    uint64_t confirm_within_s;
    struct sec_digest beside;
};

void sec_command_encode(const struct sec_command *command, struct sec_wr *wr);
/** BAD_VALUE: a foreign topic, epoch or generation 0, a window that ends before it starts, confirm-within 0. */
sec_status sec_command_parse(struct sec_bytes body, struct sec_command *ret_command);

/** The arguments {} and {1: digest}, which several actions share. */
void sec_args_empty_encode(struct sec_wr *wr);
sec_status sec_args_empty_parse(struct sec_bytes args);
void sec_args_digest_encode(const struct sec_digest *digest, struct sec_wr *wr);
sec_status sec_args_digest_parse(struct sec_bytes args, struct sec_digest *ret_digest);

/** The arguments of access.admit-key. */
struct sec_admission {
    struct sec_public_key key;
    struct sec_bytes purpose; /* for people; 1 to SEC_NAME_MAX_BYTES */
};
void sec_admission_encode(const struct sec_admission *admission, struct sec_wr *wr);
sec_status sec_admission_parse(struct sec_bytes args, struct sec_admission *ret_admission);

/* --- keys and vouchers -------------------------------------------------------------------------------- */

struct sec_key_list {
    size_t count;
    struct sec_public_key keys[SEC_OWNERS_MAX_COUNT];
};

struct sec_voucher {
    struct sec_digest device_id; /* the 32 bytes of a device id */
    uint64_t epoch;
    struct sec_key_list owners;
    uint64_t required;
    bool has_recovery;
    struct sec_public_key recovery;
    bool has_made_at;
    int64_t made_at_s;
};

void sec_voucher_encode(const struct sec_voucher *voucher, struct sec_wr *wr);
/** BAD_VALUE: a key twice (the recovery key included), required count 0 or beyond the number of keys, epoch 0. */
sec_status sec_voucher_parse(struct sec_bytes body, struct sec_voucher *ret_voucher);

struct sec_transfer {
    struct sec_key_list owners;
    uint64_t required;
    bool has_recovery;
    struct sec_public_key recovery;
};
void sec_transfer_encode(const struct sec_transfer *transfer, struct sec_wr *wr);
/** Rules as for a voucher. */
sec_status sec_transfer_parse(struct sec_bytes args, struct sec_transfer *ret_transfer);

/** The arguments of lifecycle.recover: the owner keys that are to hold after the announced delay. */
struct sec_recovery {
    struct sec_key_list owners;
};
void sec_recovery_encode(const struct sec_recovery *recovery, struct sec_wr *wr);
/** BAD_VALUE: a key twice, no key. */
sec_status sec_recovery_parse(struct sec_bytes args, struct sec_recovery *ret_recovery);

struct sec_approval {
    struct sec_digest statement;
    uint64_t epoch;
};
void sec_approval_encode(const struct sec_approval *approval, struct sec_wr *wr);
sec_status sec_approval_parse(struct sec_bytes body, struct sec_approval *ret_approval);

/* --- roots: the manufacturer's anchors ------------------------------------------------------------------ */

enum sec_root_role {
    SEC_ROOT_ROOT = 1,
    SEC_ROOT_RELEASE = 2,
    SEC_ROOT_VOUCHER = 3,
    SEC_ROOT_DEVICE_CA = 4,
};
#define SEC_ROOT_ROLES_COUNT 4u

struct sec_roots {
    uint64_t version;
    struct {
        struct sec_key_list keys; /* count 0: the role is not given */
        uint64_t required;
    } roles[SEC_ROOT_ROLES_COUNT]; /* roles[n - 1] for role n */
};
void sec_roots_encode(const struct sec_roots *roots, struct sec_wr *wr);
/** BAD_VALUE: version 0, no role, a key twice in a role, required count 0 or beyond the number of keys. */
sec_status sec_roots_parse(struct sec_bytes body, struct sec_roots *ret_roots);
/** The key of a role by its id. UNKNOWN_KEY; UNSUPPORTED when the role demands more than one signature. */
sec_status sec_roots_find(const struct sec_roots *roots, enum sec_root_role role, const struct sec_key_id *kid,
                          const struct sec_hasher *hasher, struct sec_public_key *ret_key);
const char *sec_root_role_word(uint64_t role);
sec_status sec_root_role_of_word(struct sec_bytes word, enum sec_root_role *ret_role);

/* --- roster ------------------------------------------------------------------------------------------- */

/** The whole roster, encoded: SEC_SUBJECTS_MAX_COUNT subjects with keys, names and short scopes. */
#define SEC_ROSTER_MAX_BYTES 16384u
/** Keys that one statement may be made to need: as many as there can be owners. */
#define SEC_THRESHOLD_MAX SEC_OWNERS_MAX_COUNT
/** The longest lease, ten years: beyond that it protects nobody. */
#define SEC_LEASE_MAX_DAYS 3650u
/** One row an action of the table. */
#define SEC_THRESHOLDS_MAX_COUNT 18u

/** How many keys must have signed or approved an action. */
struct sec_threshold {
    enum sec_action action;
    uint64_t by_ids;   /* when the audience is a list of ids; 1 to SEC_THRESHOLD_MAX */
    uint64_t by_match; /* when the audience is a match */
};
/** Writes thresholds as they stand in a roster; they ascend by action. */
void sec_thresholds_encode(const struct sec_threshold *thresholds, size_t thresholds_count, struct sec_wr *wr);
/** The n-th threshold of a roster's encoded ones; false behind the last. */
bool sec_threshold_at(struct sec_bytes thresholds, size_t n, struct sec_threshold *ret_threshold);

struct sec_subject {
    struct sec_bytes name;
    enum sec_role role;
    bool has_key; /* otherwise it is an application with a uid */
    struct sec_public_key key;
    uint32_t uid;
    struct sec_bytes scope; /* encoded audience; empty: everywhere */
    unsigned rights;        /* bit 1 << right */
    bool has_end;
    int64_t ends_at_s;
};

struct sec_roster {
    size_t subjects_count;
    struct sec_subject subjects[SEC_SUBJECTS_MAX_COUNT];
    struct sec_bytes thresholds; /* encoded map, see sec_thresholds_encode(); empty: absent */
    bool has_lease;
    uint64_t lease_days; /* 1 to SEC_LEASE_MAX_DAYS */
    bool has_reader;
    struct sec_public_key reader;
    struct sec_bytes reader_classes; /* encoded array; empty: absent */
};

void sec_roster_encode(const struct sec_roster *roster, struct sec_wr *wr);
/**
 * BAD_VALUE: a name, key or uid twice; a role other than administrator to application; a key and a uid, or neither; an
 * application without uid or with a uid that means nobody (65534, 65535, 2^32-1); rights of another role, or not
 * ascending; a threshold outside 1 to SEC_THRESHOLD_MAX, or one for lifecycle.recover, which has one key alone; a lease
 * outside 1 to SEC_LEASE_MAX_DAYS. UNKNOWN_FIELD: a threshold for an action that is not in the table. TOO_LARGE: more
 * than SEC_SUBJECTS_MAX_COUNT subjects or SEC_ROSTER_MAX_BYTES.
 */
sec_status sec_roster_parse(struct sec_bytes args, struct sec_roster *ret_roster);
/** UNSUPPORTED when the roster uses a part that this version does not carry out: the reader key and its classes. */
sec_status sec_roster_check(const struct sec_roster *roster);
/** True for user ids that stand for nobody: 65534, 65535 and 2^32-1. */
bool sec_uid_is_nobody(uint32_t uid);

/* --- site and beacon ------------------------------------------------------------------------------------ */

struct sec_site {
    struct sec_bytes address;
    struct sec_digest ca;
};
void sec_site_encode(const struct sec_site *site, struct sec_wr *wr);
sec_status sec_site_parse(struct sec_bytes args, struct sec_site *ret_site);
/**
 * BAD_VALUE unless the address is https://HOST or https://HOST:PORT and nothing more: HOST of letters, digits, dots and
 * hyphens, beginning and ending with a letter or digit, or an IPv6 address in brackets; PORT 1 to 65535 without leading
 * zeros.
 */
sec_status sec_site_check(const struct sec_site *site);

/** 9999-12-31T23:59:59Z: the latest time that an owner may state; far enough from the type's end to reckon with. */
#define SEC_TIME_MAX_S INT64_C(253402300799)
/** Key ids that one beacon revokes. */
#define SEC_REVOKED_MAX_COUNT SEC_SUBJECTS_MAX_COUNT
struct sec_beacon {
    uint64_t heads[SEC_TOPICS_COUNT]; /* heads[n - 1] for topic n; 0: not given */
    size_t revoked_count;
    struct sec_key_id revoked[SEC_REVOKED_MAX_COUNT];
    int64_t time_s;
};
void sec_beacon_encode(const struct sec_beacon *beacon, struct sec_wr *wr);
/** BAD_VALUE: no generation at all, a time beyond SEC_TIME_MAX_S, keys revoked without a generation of topic access: it
 * tells which rosters the owner knew, and without it one that was held back would bring a revoked key back. */
sec_status sec_beacon_parse(struct sec_bytes args, struct sec_beacon *ret_beacon);

#endif
