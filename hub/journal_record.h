/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal records: what a record of the hub's journal says, written and read.
 *
 * Memory: none. Limits: HUB_JOURNAL_RECORD_BYTES a record. Status of reading: what cbor.h says, BAD_VALUE (not a record of a hub). Threads: all. Serves S39.
 */
#ifndef SECURABLE_HUB_JOURNAL_RECORD_H
#define SECURABLE_HUB_JOURNAL_RECORD_H

#include "store.h"

#include <securable/key.h>

/** The text, a kind, a device id and numbers around them. */
#define HUB_JOURNAL_RECORD_BYTES (16384u + 512u)

/** {0: 32, 1: number, 2: kind, 3: device id or null, 4: text, or the digest of a long one, 5: time}. ROOM_FULL, what the hasher says. */
sec_status hub_journal_record_encode(const struct hub_event *event, const struct sec_hasher *hasher, struct sec_wr *wr);
/** {0: 33, 1: last number}: the state that the records fold to. */
void hub_journal_last_encode(uint64_t last, struct sec_wr *wr);
/** Digest of the latter: the state root of heads. */
sec_status hub_journal_last_root(uint64_t last, const struct sec_hasher *hasher, struct sec_digest *ret_root);
/** The number that a record of either sort carries: of the last event that is in the journal with it. */
sec_status hub_journal_record_number(struct sec_bytes content, uint64_t *ret_number);

#endif
