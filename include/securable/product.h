/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Product: what a manufacturer declares about a product once, as every device of it carries it.
 *
 * The manufacturer writes product.yaml (product.yaml(5)); `securable product compile` makes the record, deterministic CBOR
 * (docs/formats/product.cddl), which the release key signs as a statement of kind PRODUCT. Here is the record, both directions.
 * Memory: none allocated. A parsed `struct sec_product`, and every declaration taken from it, borrows from the record's bytes.
 * Limits: below; lists are sorted by name, shorter first, then bytewise (sec_bytes_order()), each name once.
 * Units: lengths in bytes, times as their names say. Threads: readers may share a parsed product.
 * Serves S24, S28, S57, S59-S65, S68, S73-S77, S82-S98.
 */
#ifndef SECURABLE_PRODUCT_H
#define SECURABLE_PRODUCT_H

#include <securable/cbor.h>
#include <securable/limits.h>

/** A record: with its envelope it stays within a statement, and every offset fits 16 bits. */
#define SEC_PRODUCT_MAX_BYTES 60000u
/** A signed record on a device: two of them, in force and of the available release, and all other state fit one snapshot record. */
#define SEC_PRODUCT_STATEMENT_MAX_BYTES 16384u
/** Settings of a product: with the reserved ones (13 and one an interface) they stay within SEC_SETTINGS_MAX_COUNT. */
#define SEC_PRODUCT_SETTINGS_MAX_COUNT 96u
/** Interfaces: sockets and radios of one device. */
#define SEC_PRODUCT_INTERFACES_MAX_COUNT 16u
/** Entries of every other list. */
#define SEC_PRODUCT_LIST_MAX_COUNT 32u
/** Slots of one component, and update has two. */
#define SEC_PRODUCT_SLOTS_MAX_COUNT 8u
/** Choices of one setting. */
#define SEC_PRODUCT_CHOICES_MAX_COUNT 32u
/** A text for people: a short paragraph. */
#define SEC_PRODUCT_TEXT_MAX_BYTES 512u
/** Integers within it survive every JSON reader. */
#define SEC_PRODUCT_INTEGER_MAX INT64_C(9007199254740991)
/** What begins a reserved setting's key: a product may not declare it. */
#define SEC_PRODUCT_RESERVED_PREFIX "securable."

/* --- values ------------------------------------------------------------------------------------------ */

/* clang-format off */
/** X(NAME, number, "word"): types of settings; only the first four are implemented. Append only. */
#define SEC_SETTING_TYPE_TABLE(X)    \
    X(BOOL,       1, "bool")         \
    X(INTEGER,    2, "integer")      \
    X(TEXT,       3, "text")         \
    X(ENUM,       4, "enum")         \
    X(SECRET,     5, "secret")       \
    X(LIST,       6, "list")         \
    X(MAP,        7, "map")          \
    X(IP_ADDRESS, 8, "ip-address")   \
    X(DURATION,   9, "duration")
/* clang-format on */

enum sec_setting_type {
#define SEC_SETTING_TYPE_ENUM(name, number, word) SEC_SETTING_##name = number,
    SEC_SETTING_TYPE_TABLE(SEC_SETTING_TYPE_ENUM)
#undef SEC_SETTING_TYPE_ENUM
};

/** A value as it travels: false/true, an integer, a text (also of an enum). NONE: no value; null on the wire. */
enum sec_value_type {
    SEC_VALUE_NONE = 0,
    SEC_VALUE_BOOL = 1,
    SEC_VALUE_INTEGER = 2,
    SEC_VALUE_TEXT = 3,
};

struct sec_value {
    enum sec_value_type type;
    bool boolean;
    int64_t integer;
    struct sec_bytes text; /* borrowed */
};

static inline struct sec_value sec_value_none(void)
{
    return (struct sec_value){SEC_VALUE_NONE, false, 0, {NULL, 0}};
}
static inline struct sec_value sec_value_bool(bool value)
{
    return (struct sec_value){SEC_VALUE_BOOL, value, 0, {NULL, 0}};
}
static inline struct sec_value sec_value_integer(int64_t value)
{
    return (struct sec_value){SEC_VALUE_INTEGER, false, value, {NULL, 0}};
}
static inline struct sec_value sec_value_text(struct sec_bytes text)
{
    return (struct sec_value){SEC_VALUE_TEXT, false, 0, text};
}
bool sec_value_equal(const struct sec_value *a, const struct sec_value *b);
/** Reads null, a bool, an int or a tstr; the reader fails with UNEXPECTED_TYPE at anything else. */
struct sec_value sec_value_read(struct sec_cbor *rd);
void sec_value_put(struct sec_wr *wr, const struct sec_value *value);

/* --- declarations ------------------------------------------------------------------------------------ */

/** A setting. Integer: min and max bound the value; text: its length in bytes. */
struct sec_product_setting {
    struct sec_bytes name;
    enum sec_setting_type type;
    struct sec_bytes unit; /* empty: none */
    int64_t min;
    int64_t max;
    struct sec_bytes choices; /* of an enum: `choices_count` CBOR text strings, one behind the other */
    size_t choices_count;
    struct sec_value preset; /* the default; of types that are not implemented a text, carried and not used, or NONE */
    struct sec_value safe;   /* the safe default, for reset; the default when the manufacturer gave none */
    struct sec_bytes meaning;
    struct sec_bytes effect; /* what changing it does; empty: nothing beyond its meaning */
    struct sec_bytes hook;   /* the apply hook; empty: none */
};

enum sec_product_interface_kind {
    SEC_INTERFACE_LOCAL = 1,
    SEC_INTERFACE_NETWORK = 2,
};
enum sec_product_direction {
    SEC_DIRECTION_IN = 1,
    SEC_DIRECTION_OUT = 2,
    SEC_DIRECTION_BOTH = 3,
};
struct sec_product_interface {
    struct sec_bytes name;
    enum sec_product_interface_kind kind;
    struct sec_bytes purpose;
    enum sec_product_direction direction;
    struct sec_bytes protocol; /* "tcp", "udp", "rs485" ... */
    uint16_t port;             /* 0: none */
    bool enabled;              /* the default */
    bool safe;                 /* the safe default, for reset */
};

/** A part that is updated by itself. */
struct sec_product_component {
    struct sec_bytes name;
    struct sec_bytes meaning;
    struct sec_bytes slots; /* `slots_count` CBOR text strings, one behind the other */
    size_t slots_count;
};

/** A role of people or programs at the product, and the baseline role (statements.cddl) that it is. */
struct sec_product_role {
    struct sec_bytes name;
    uint8_t role; /* owner 1, administrator 2, operator 3, auditor 4, application 5 */
    struct sec_bytes meaning;
};

/** Data that the product creates, keeps or uses. */
struct sec_product_element {
    struct sec_bytes name;
    struct sec_bytes meaning;
    bool personal;
    struct sec_bytes kept;  /* where and how long; empty: not said */
    struct sec_bytes erase; /* its erase hook */
};

struct sec_product_function {
    struct sec_bytes name;
    struct sec_bytes meaning;
    bool needs_network;
    bool after_support; /* still there after support has ended */
};

struct sec_product_contact {
    struct sec_bytes name; /* what for: "security", "support" ... */
    struct sec_bytes address;
};

enum sec_product_presence {
    SEC_PRESENCE_NONE = 0,
    SEC_PRESENCE_BUTTON = 1,
    SEC_PRESENCE_JUMPER = 2,
    SEC_PRESENCE_CONSOLE = 3,
};
enum sec_product_confirm {
    SEC_CONFIRM_AUTOMATIC = 1, /* a trial release is confirmed by its health check */
    SEC_CONFIRM_OPERATOR = 2,  /* and by an operator's command besides */
};
enum sec_product_policy {
    SEC_POLICY_DISABLED = 1,
    SEC_POLICY_MANUAL = 2,
    SEC_POLICY_AUTOMATIC = 3,
};

/** What is there once. Empty texts were not given. */
struct sec_product_facts {
    struct sec_bytes name;
    struct sec_bytes vendor_name;
    struct sec_bytes vendor_domain;
    struct sec_bytes vendor_contact;
    struct sec_bytes model;
    struct sec_bytes hardware;
    struct sec_bytes version;
    struct sec_uuid vendor_id; /* UUIDv5(DNS, vendor domain) */
    struct sec_uuid class_id;  /* UUIDv5(vendor id, model) */

    bool restricted; /* the product has a restricted mode: the members below */
    struct sec_bytes restricted_meaning;
    uint32_t restricted_after_days;   /* without a beacon; 0: never by itself */
    struct sec_bytes restricted_keep; /* interfaces that stay on: CBOR text strings, one behind the other */
    size_t restricted_keep_count;

    enum sec_product_presence presence;
    struct sec_bytes presence_meaning;
    bool presence_claims; /* presence alone, without a voucher, lets a new owner in */

    enum sec_product_confirm update_confirm;
    uint32_t update_confirm_within_s;
    struct sec_bytes update_health_hook; /* empty: no health check */
    uint32_t update_health_timeout_s;
    enum sec_product_policy update_policy; /* the default of securable.update.mode */
    struct sec_bytes update_meaning;       /* by whom, when and why updates come */

    struct sec_bytes support_until; /* "2032-12-31"; empty: not said */
    struct sec_bytes life_until;
    struct sec_bytes support_meaning; /* what is left of the product after each, how it is put out of use */
};

/* --- the record -------------------------------------------------------------------------------------- */

/** Where the declarations of one list stand in the record. */
struct sec_product_list {
    uint16_t count;
    uint16_t at[SEC_PRODUCT_SETTINGS_MAX_COUNT];
};

/** A parsed record; borrows from its bytes. */
struct sec_product {
    struct sec_bytes record;
    struct sec_product_facts facts;
    struct sec_product_list components;
    struct sec_product_list settings;
    struct sec_product_list interfaces;
    struct sec_product_list roles;
    struct sec_product_list elements;
    struct sec_product_list functions;
    struct sec_product_list contacts;
};

/** What a record is made of; the arrays are the caller's, sorted by name. */
struct sec_product_draft {
    struct sec_product_facts facts;
    const struct sec_product_component *components;
    size_t components_count;
    const struct sec_product_setting *settings;
    size_t settings_count;
    const struct sec_product_interface *interfaces;
    size_t interfaces_count;
    const struct sec_product_role *roles;
    size_t roles_count;
    const struct sec_product_element *elements;
    size_t elements_count;
    const struct sec_product_function *functions;
    size_t functions_count;
    const struct sec_product_contact *contacts;
    size_t contacts_count;
};

/** Writes the record. The writer's sticky flag tells when it does not fit; sec_product_parse() tells whether it is good. */
void sec_product_encode(const struct sec_product_draft *draft, struct sec_wr *wr);

/**
 * Parses a record and checks every declaration in it.
 * TOO_LARGE (SEC_PRODUCT_MAX_BYTES, a list, a text); what sec_cbor_check() says of *ours*; UNKNOWN_FORMAT; UNKNOWN_FIELD; MISSING_FIELD;
 * UNEXPECTED_TYPE; BAD_VALUE (a name's characters, an order, a default outside its own range ...).
 */
sec_status sec_product_parse(struct sec_bytes record, struct sec_product *ret_product);

/** The declaration at `index` of its list (below its count); NOT_FOUND otherwise. */
sec_status sec_product_component_at(const struct sec_product *product, size_t index, struct sec_product_component *ret_component);
sec_status sec_product_setting_at(const struct sec_product *product, size_t index, struct sec_product_setting *ret_setting);
sec_status sec_product_interface_at(const struct sec_product *product, size_t index, struct sec_product_interface *ret_interface);
sec_status sec_product_role_at(const struct sec_product *product, size_t index, struct sec_product_role *ret_role);
sec_status sec_product_element_at(const struct sec_product *product, size_t index, struct sec_product_element *ret_element);
sec_status sec_product_function_at(const struct sec_product *product, size_t index, struct sec_product_function *ret_function);
sec_status sec_product_contact_at(const struct sec_product *product, size_t index, struct sec_product_contact *ret_contact);

/** The declaration with this name; NOT_FOUND. */
sec_status sec_product_setting_find(const struct sec_product *product, struct sec_bytes name, struct sec_product_setting *ret_setting);
sec_status sec_product_interface_find(const struct sec_product *product, struct sec_bytes name,
                                      struct sec_product_interface *ret_interface);
sec_status sec_product_element_find(const struct sec_product *product, struct sec_bytes name, struct sec_product_element *ret_element);

/** The name of a list's entry at `index`, without reading the rest of it; empty when there is none. */
struct sec_bytes sec_product_name_at(const struct sec_product *product, const struct sec_product_list *list, size_t index);

/** The text at `index` of a sequence of CBOR text strings (choices, slots); empty when there is none. */
struct sec_bytes sec_product_text_at(struct sec_bytes texts, size_t index);

/**
 * Judges a value for a setting: OK, UNSUPPORTED (the type is not implemented), BAD_VALUE (another type than declared, a text with
 * control characters or not UTF-8), OUT_OF_RANGE. On a refusal `fact` gets one phrase for people ("at most 80"); a null `fact` is allowed.
 */
sec_status sec_product_setting_check(const struct sec_product_setting *setting, const struct sec_value *value, struct sec_wr *fact);

/** True when the type is implemented. */
bool sec_product_setting_supported(enum sec_setting_type type);
/** "bool", "integer" ...; "unknown" for another number. NUL-terminated constant. */
const char *sec_setting_type_word(enum sec_setting_type type);

/* What names may be made of: OK, BAD_VALUE (a character, or empty), TOO_LARGE. */

/** Lower-case letters, digits, '_' and '-', a letter first; at most SEC_NAME_MAX_BYTES. */
sec_status sec_product_name_check(struct sec_bytes name);
/** Names joined by dots, not beginning with "securable"; at most SEC_SETTING_KEY_MAX_BYTES. */
sec_status sec_product_setting_name_check(struct sec_bytes name);
/** A plain file name: lower-case letters, digits, '_', '-' and '.', a letter or digit first; at most SEC_NAME_MAX_BYTES. */
sec_status sec_product_hook_check(struct sec_bytes hook);
/** UTF-8 without control characters, not empty, at most `max` bytes. NOT_UTF8 besides. */
sec_status sec_product_text_check(struct sec_bytes text, size_t max);
/** A domain name in lower case, at most 253 bytes. */
sec_status sec_product_domain_check(struct sec_bytes domain);
/** A date "2032-12-31" of the calendar. */
sec_status sec_product_date_check(struct sec_bytes date);

#endif
