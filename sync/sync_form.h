/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both bodies of sync share: lists whose elements are checked once and stay encoded.
 */
#ifndef SECURABLE_SYNC_FORM_H
#define SECURABLE_SYNC_FORM_H

#include <securable/sync.h>

/** Reads one element off a reader and checks it. */
typedef void sync_element_check(struct sec_cbor *rd);
sync_element_check sync_entry_check, sync_verdict_check, sync_delivery_check, sync_report_check, sync_nonce_check;

/** Reads an array of 1 to `max` elements. */
void sync_list_read(struct sec_cbor *rd, size_t max, sync_element_check *check, struct sec_sync_list *ret_list);
/** Writes it; the writer is bad when it has more than `max` elements. */
void sync_list_put(const struct sec_sync_list *list, size_t max, struct sec_wr *wr);
/** A byte string of `min` to `max` bytes: BAD_VALUE, TOO_LARGE. */
struct sec_bytes sync_bstr(struct sec_cbor *rd, size_t min, size_t max);
/** A number up to `max`: BAD_VALUE. */
uint64_t sync_uint(struct sec_cbor *rd, uint64_t max);
/** Member 0 of both bodies: UNKNOWN_FORMAT unless it is this version's. */
void sync_format_read(struct sec_cbor *rd);
/** MISSING_FIELD unless the members 0, 1 and 2, which both bodies demand, are among `seen`. */
void sync_need(struct sec_cbor *rd, uint32_t seen);
/** What holds for a body before its members are read. */
sec_status sync_body_check(struct sec_bytes in);

#endif
