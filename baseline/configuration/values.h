/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values: a bounded, sorted sequence of pairs (key tstr, value) as they stand in a deterministic CBOR map, without its head.
 *
 * Keys are ordered shorter first, then bytewise, which is the order of deterministic maps with text keys.
 * Memory: the caller's. Limits: keys of 1 to SEC_SETTING_KEY_MAX_BYTES, texts of SEC_SETTING_TEXT_MAX_BYTES. The room's own header.
 */
#ifndef SECURABLE_CONFIGURATION_VALUES_H
#define SECURABLE_CONFIGURATION_VALUES_H

#include <securable/configuration.h>

struct sec_configuration_pair {
    struct sec_bytes key;
    struct sec_value value; /* NONE: null */
    size_t at;              /* where it stands, and how long it is */
    size_t len;
};

/** Pairs that may be written. */
struct sec_configuration_pairs {
    struct sec_room room;
    uint16_t *count;
    uint16_t *len;
};

struct sec_configuration_pairs sec_configuration_values_pairs(struct sec_configuration *conf);
struct sec_configuration_pairs sec_configuration_old_pairs(struct sec_configuration *conf);
struct sec_bytes sec_configuration_values_raw(const struct sec_configuration *conf);
struct sec_bytes sec_configuration_old_raw(const struct sec_configuration *conf);

/** The pair at `*at`, which then moves on; false at the end. */
bool sec_configuration_pair_next(struct sec_bytes raw, size_t *at, struct sec_configuration_pair *ret_pair);
bool sec_configuration_pair_find(struct sec_bytes raw, struct sec_bytes key, struct sec_configuration_pair *ret_pair);
/** How many bytes a pair takes. */
size_t sec_configuration_pair_bytes(struct sec_bytes key, const struct sec_value *value);
/** Puts a pair in its place, in place of one with the same key; the caller has checked that it fits. */
void sec_configuration_pair_put(struct sec_configuration_pairs pairs, struct sec_bytes key, const struct sec_value *value);
void sec_configuration_pair_remove(struct sec_configuration_pairs pairs, struct sec_bytes key);

/**
 * Reads a map of settings, keys and values checked, and gives its pairs. `nulls`: values may be null.
 * The reader fails with TOO_LARGE, BAD_VALUE, UNEXPECTED_TYPE.
 */
struct sec_bytes sec_configuration_pairs_read(struct sec_cbor *rd, bool nulls, size_t *ret_count);

#endif
