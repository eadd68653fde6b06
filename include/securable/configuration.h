/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: which values the settings have, who waits for a confirmation, and what a command may change.
 *
 * Settings are the product's own (product.h) and the reserved ones, `securable.*`, which carry the baseline's switches through
 * the same commands; their table is in baseline/configuration/reserved.c. The state holds values that were set; a setting
 * without one has its default. So a value that an owner chose stays when a release brings another default.
 *
 * A change goes through three phases, and each step is a change in the journal:
 *
 *     phase      what happened                              next
 *     SETTLED    nothing is under way                       set, reset -> EFFECT
 *     EFFECT     values hold, the effect is still to come   outcome ok -> WAITING (confirm-within was given) or SETTLED
 *                                                           outcome failed -> SETTLED, old values back
 *     WAITING    effect done, waits for its confirmation    confirm -> SETTLED
 *                                                           revert, deadline, boot -> SETTLED, old values back
 *
 * So whoever applies a set or reset brings about the effect and then asks sec_configuration_judge_outcome() for the change of
 * the outcome record. At a start in phase EFFECT the effect is brought about again (sec_configuration_pending_keys()), then the
 * outcome is judged; in phase WAITING sec_configuration_judge_end() with END_BOOT follows at once.
 *
 * Two classes: `securable.*` settings are monotonic; product settings are bound to the slot and refused during a trial.
 * Memory: none allocated; the state is SEC_CONFIGURATION_* bytes in the caller's memory, without pointers.
 * Limits: limits.h and below. Threads: one a state.
 * Serves S68, S77, S93, F2.1, F2.2, F2.3; the switches of F3.2, F4.1, F4.3, F5.4, F5.5, F5.6, F6.5.
 */
#ifndef SECURABLE_CONFIGURATION_H
#define SECURABLE_CONFIGURATION_H

#include <securable/key.h>
#include <securable/limits.h>
#include <securable/product.h>

/** Values that were set, keys included: 128 short ones, or some 60 of the longest. */
#define SEC_CONFIGURATION_VALUES_BYTES 16384u
/** Old values of one change under way. */
#define SEC_CONFIGURATION_OLD_BYTES 16384u
/** All effective values as a CBOR map: 128 of the longest. */
#define SEC_CONFIGURATION_MAP_MAX_BYTES 46080u
/** A change or a detail: no judge writes more, so rooms of this size are never full. */
#define SEC_CONFIGURATION_CHANGE_MAX_BYTES 98304u
/** The longest confirm-within: a week. */
#define SEC_CONFIGURATION_CONFIRM_MAX_S 604800u

/** Sorted pairs of a key (tstr) and a value, as they stand in a deterministic map, without its head. */
struct sec_configuration_values {
    uint16_t count;
    uint16_t len;
    uint8_t b[SEC_CONFIGURATION_VALUES_BYTES];
};
struct sec_configuration_old {
    uint16_t count;
    uint16_t len;
    uint8_t b[SEC_CONFIGURATION_OLD_BYTES];
};

enum sec_configuration_phase {
    SEC_CONFIGURATION_SETTLED = 0,
    SEC_CONFIGURATION_EFFECT = 1,
    SEC_CONFIGURATION_WAITING = 2,
};

/** The state. Read `phase`, `command`, `within_s` and `index` freely; the rest is the room's own. */
struct sec_configuration {
    struct sec_configuration_values values;
    enum sec_configuration_phase phase;
    struct sec_digest command; /* of the set or reset under way */
    uint32_t within_s;         /* 0: needs no confirmation */
    uint64_t index;            /* of the journal record that holds it */
    struct sec_configuration_old old; /* null: had no value of its own */
};

void sec_configuration_init(struct sec_configuration *conf);
/** The whole state: [1, {values}, null / [phase, command, within, index, {old values}]]. */
void sec_configuration_encode(const struct sec_configuration *conf, struct sec_wr *wr);
/** What sec_cbor_check() says of *ours*, UNKNOWN_FORMAT, UNEXPECTED_TYPE, BAD_VALUE, TABLE_FULL. */
sec_status sec_configuration_parse(struct sec_bytes in, struct sec_configuration *ret_conf);
/**
 * Folds one change that stood in record `index`; on a failure the state is as it was. As sec_configuration_parse(), and
 * NOTHING_PENDING, CONFIRM_PENDING when the change does not fit the phase.
 */
sec_status sec_configuration_apply(struct sec_configuration *conf, struct sec_bytes change, uint64_t index);
/** A new ownership epoch: nothing of the configuration survives. */
void sec_configuration_survive(struct sec_configuration *conf);

/* --- judging ----------------------------------------------------------------------------------------- */

/** What a command says besides its arguments, and what the surroundings know. All borrowed for the call. */
struct sec_configuration_facts {
    const struct sec_product *product; /* in force */
    struct sec_digest command;         /* the command statement's digest */
    bool has_base;
    struct sec_digest base;       /* member 11 of the command */
    struct sec_digest now;        /* sec_configuration_digest(); needed when has_base */
    uint64_t confirm_within_s;    /* member 12; 0: none */
    bool trial;                   /* a trial release runs */
    uint64_t role;                /* of the signer, as on the roster: 1 owner, 2 administrator, 3 operator; 0 is none */
};

/*
 * The judges. `change` and `detail` get deterministic CBOR; `change` stays empty on a refusal.
 * detail when done:    {3: {key: [old, new]}, ? 4: confirm-within seconds, ? 5: the command that is confirmed or taken back, ? 6: why}
 * detail when refused: {? 1: key, 2: fact}                      (old and new are effective values; null: the setting has none)
 * Every judge may say ROOM_FULL when a room is smaller than SEC_CONFIGURATION_CHANGE_MAX_BYTES.
 */

/**
 * configuration.set. `args` is {+ key: value}: exactly these are set, all or none.
 * CONFIRM_PENDING (an earlier change is under way), STALE_BASE, UNKNOWN_SETTING, UNSUPPORTED (type), BAD_VALUE (type or form of the value, confirm-within),
 * OUT_OF_RANGE, ROLE_INSUFFICIENT (a reserved setting that is the owner's or an administrator's), TRIAL_PENDING (a product setting during a trial), TABLE_FULL (the values do not fit the state), or the parser's status.
 */
sec_status sec_configuration_judge_set(const struct sec_configuration *conf, const struct sec_configuration_facts *facts,
                                       struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/**
 * configuration.reset. `args` is {}. Product settings and interfaces go to their safe defaults, and so do the reserved settings that the
 * table marks; names, update and log settings stay. CONFIRM_PENDING, STALE_BASE, TRIAL_PENDING, BAD_VALUE, TABLE_FULL.
 */
sec_status sec_configuration_judge_reset(const struct sec_configuration *conf, const struct sec_configuration_facts *facts,
                                         struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/** configuration.confirm. `args` is {1: digest of the command}. NOTHING_PENDING (also when another command waits). */
sec_status sec_configuration_judge_confirm(const struct sec_configuration *conf, const struct sec_configuration_facts *facts,
                                           struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/** configuration.revert. As confirm; old values come back. */
sec_status sec_configuration_judge_revert(const struct sec_configuration *conf, const struct sec_configuration_facts *facts,
                                          struct sec_bytes args, struct sec_wr *change, struct sec_wr *detail);
/**
 * The effect of a set or reset was tried: `effect` OK settles it or lets it wait, anything else takes it back.
 * NOTHING_PENDING when the phase is not EFFECT.
 */
sec_status sec_configuration_judge_outcome(const struct sec_configuration *conf, const struct sec_product *product, sec_status effect,
                                           struct sec_wr *change, struct sec_wr *detail);

/** Why a change is taken back without a command. */
enum sec_configuration_end {
    SEC_CONFIGURATION_END_COMMAND = 0,
    SEC_CONFIGURATION_END_EFFECT = 1,   /* an apply hook or the settings file failed */
    SEC_CONFIGURATION_END_DEADLINE = 2, /* confirm-within is over */
    SEC_CONFIGURATION_END_BOOT = 3,     /* a restart came first */
};
/** Nobody confirmed: old values come back. NOTHING_PENDING when the phase is not WAITING. */
sec_status sec_configuration_judge_end(const struct sec_configuration *conf, const struct sec_product *product,
                                       enum sec_configuration_end why, struct sec_wr *change, struct sec_wr *detail);
/**
 * A confirmed release brings the product record `to` in place of `from`. Values of settings that are gone are dropped, values that no longer fit fall
 * back to the new default, also among the old values of a change that waits. `change` stays empty when nothing is to be folded.
 * detail {? 7: {key: old} dropped, ? 8: {key: [old, new]} fallen back, ? 9: {key: [old, new]} altered by a new default}: S93.
 */
sec_status sec_configuration_judge_product(const struct sec_configuration *conf, const struct sec_product *from,
                                           const struct sec_product *to, struct sec_wr *change, struct sec_wr *detail);

/* --- reading ----------------------------------------------------------------------------------------- */

/** The declaration of a setting, the product's or a reserved one. Borrows from product and `key`. UNKNOWN_SETTING. */
sec_status sec_configuration_setting_find(const struct sec_product *product, struct sec_bytes key, struct sec_product_setting *ret_setting);
/** True for `securable.*`. */
bool sec_configuration_key_reserved(struct sec_bytes key);
/** True, and the interface's name borrowed from `key`, for `securable.interface.<name>.enabled`. */
bool sec_configuration_key_interface(struct sec_bytes key, struct sec_bytes *ret_name);

/** The effective value; borrows from state and product. A value that the product in force does not allow counts as not set. UNKNOWN_SETTING, UNSUPPORTED. */
sec_status sec_configuration_value(const struct sec_configuration *conf, const struct sec_product *product, struct sec_bytes key,
                                   struct sec_value *ret_value);
/**
 * True when the product declares the interface and its switch is on; `restricted`: and the product keeps it in its restricted mode. A product without
 * such a mode keeps all.
 */
bool sec_configuration_interface_enabled(const struct sec_configuration *conf, const struct sec_product *product, struct sec_bytes name,
                                         bool restricted);

/** One effective setting of a walk. */
struct sec_configuration_item {
    uint8_t key_b[SEC_SETTING_KEY_MAX_BYTES];
    size_t key_len;
    struct sec_product_setting setting; /* its name is empty: the key stands above */
    struct sec_value value;
    bool is_set; /* false: the default */
};
static inline struct sec_bytes sec_configuration_item_key(const struct sec_configuration_item *item)
{
    return sec_bytes(item->key_b, item->key_len);
}
/** A walk over all settings of implemented types, in the order of a deterministic map's keys. Borrows state and product. */
struct sec_configuration_walk {
    const struct sec_configuration *conf;
    const struct sec_product *product;
    size_t product_at;
    size_t interface_at;
    size_t reserved_at;
    size_t values_at; /* in the state's values, which have the same order */
};
struct sec_configuration_walk sec_configuration_walk_begin(const struct sec_configuration *conf, const struct sec_product *product);
bool sec_configuration_walk_next(struct sec_configuration_walk *walk, struct sec_configuration_item *ret_item);

/** The effective values as a CBOR map {* key: value}: member 12 of a report. At most SEC_CONFIGURATION_MAP_MAX_BYTES. */
void sec_configuration_values_encode(const struct sec_configuration *conf, const struct sec_product *product, struct sec_wr *wr);
/** SHA-256 of that map: the base of commands. `scratch` holds SEC_CONFIGURATION_MAP_MAX_BYTES. ROOM_FULL, or the hasher's failure. */
sec_status sec_configuration_digest(const struct sec_configuration *conf, const struct sec_product *product, const struct sec_hasher *hasher,
                                    struct sec_room scratch, struct sec_digest *ret_digest);
/** The applications' file: {"securable_format": 1, "settings": {key: value}}, keys in the order of the walk, UTF-8, a newline at its end. */
void sec_configuration_json(const struct sec_configuration *conf, const struct sec_product *product, struct sec_wr *wr);

/** The keys whose values a change touches, as a CBOR array of tstr, for the effects port. The parser's status. */
sec_status sec_configuration_change_keys(struct sec_bytes change, struct sec_wr *wr);
/** The keys of the change under way; an empty array when there is none. */
void sec_configuration_pending_keys(const struct sec_configuration *conf, struct sec_wr *wr);

#endif
