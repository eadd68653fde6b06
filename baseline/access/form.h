/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wire forms of access share: names, key lists, and asking whether all members were there. Used within this
 * room alone.
 *
 * Memory: slices borrow from the reader's input. Failures go to the reader's sticky status. Serves S38.
 */
#ifndef SECURABLE_BASELINE_ACCESS_FORM_H
#define SECURABLE_BASELINE_ACCESS_FORM_H

#include <securable/access.h>

/** The bit that marks member `key` as seen; 0 for keys that no form of ours has. */
static inline uint32_t sec_form_bit(int64_t key)
{
    return key >= 0 && key < 32 ? (uint32_t)1 << key : 0;
}

/** MISSING_FIELD unless all of `need` was seen. */
void sec_form_need(struct sec_cbor *rd, uint32_t seen, uint32_t need);
/** Gives the reader of a nested item its outer reader's failure, or the other way round. */
void sec_form_join(struct sec_cbor *rd, sec_status status);
/** A text of 1 to SEC_NAME_MAX_BYTES. BAD_VALUE. */
struct sec_bytes sec_form_name(struct sec_cbor *rd);
/** An unsigned number from 1. BAD_VALUE. */
uint64_t sec_form_positive(struct sec_cbor *rd);

/** 1 to SEC_OWNERS_MAX_COUNT distinct keys. BAD_VALUE, TOO_LARGE. */
void sec_form_keys_read(struct sec_cbor *rd, struct sec_key_list *ret_keys);
void sec_form_keys_put(const struct sec_key_list *keys, struct sec_wr *wr);
bool sec_form_keys_have(const struct sec_key_list *keys, const struct sec_public_key *key);

/** The next item as a roster's thresholds, encoded. BAD_VALUE, UNKNOWN_FIELD. */
struct sec_bytes sec_form_thresholds_read(struct sec_cbor *rd);

/** The next subject of a roster, by its own grammar; rules between subjects are sec_roster_parse()'s. */
void sec_form_subject_read(struct sec_cbor *rd, struct sec_subject *ret_subject);

#endif
