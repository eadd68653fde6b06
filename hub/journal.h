/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal: the hub's own log of what it was told to do and what it saw, kept by the code that keeps a device's, so that `securable log verify` judges it.
 *
 * Each event of the store (hub_tell()) becomes a record within HUB_JOURNAL_WAIT_MS of its commit, under a head signed by keys/journal-key.pem; the log id is that
 * key's thumbprint. A thread of its own copies them, so that nobody waits for a second sync. What a cut left behind is caught up at the next start: the number of
 * the last event is in the journal. A record is a deterministic CBOR map {0: 32, 1: number, 2: kind, 3: device id or null, 4: JSON text, or SHA-256 of one longer
 * than HUB_JOURNAL_TEXT_MAX_BYTES, 5: time}; number 0 is of the journal itself ("started"). Bodies are clear (seal 0): what they say is in the database beside them,
 * and no slot key is needed.
 * Memory: about 1 MiB of the heap. Limits: HUB_JOURNAL_SEGMENTS_COUNT segments; then the oldest is removed, and its range and root recorded.
 * Status of starting: TAMPERED (the journal contradicts itself, or is of another key), UNKNOWN_FORMAT, TABLE_FULL (no memory), what the store, the storage
 * and the key file say. While it cannot be written (STORAGE_FULL, IO_FAILED) that is told on standard error, and it is opened anew every HUB_JOURNAL_AGAIN_S.
 * Threads: all. Serves S39, S72.
 */
#ifndef SECURABLE_HUB_JOURNAL_H
#define SECURABLE_HUB_JOURNAL_H

#include "hub.h"

#include <securable/eventlog.h>

#define HUB_JOURNAL_WAIT_MS 500
#define HUB_JOURNAL_AGAIN_S 10
#define HUB_JOURNAL_SEGMENT_BYTES (4u << 20)
#define HUB_JOURNAL_SEGMENTS_COUNT 64u
#define HUB_JOURNAL_TEXT_MAX_BYTES 16384u
/** Of a record about an event, and of the snapshot {0: 33, 1: last number}. */
#define HUB_JOURNAL_RECORD_EVENT 32u
#define HUB_JOURNAL_RECORD_LAST 33u

/** Before the writer starts: opens the journal, records the start and what a cut did, and starts its thread. */
sec_status hub_journal_start(struct hub *hub);
/** After the writer stopped: copies what is left, ends the thread, closes. Nothing happens when it did not start. */
void hub_journal_stop(struct hub *hub);

/** Records from index `from` on, or the first kept one, at most `limit`; `each`'s failure ends it and is returned. `each` may not call these functions. */
sec_status hub_journal_entries(struct hub *hub, uint64_t from, size_t limit,
                               sec_status (*each)(void *ctx, const struct sec_journal_record *record), void *ctx);
/** The newest head statement. ROOM_FULL: SEC_JOURNAL_HEAD_MAX_BYTES is enough. */
sec_status hub_journal_head(struct hub *hub, struct sec_room room, size_t *ret_len);

/**
 * For a check while no hub, or another, runs: reads the journal in `journal_fd` and judges it under `key`. `text` gets the verdict and, if it is not intact, why.
 * TAMPERED when the verdict is neither "intact" nor "torn-tail"; what sec_log_verify() says.
 */
sec_status hub_journal_check(int journal_fd, const struct sec_public_key *key, const struct sec_crypto *crypto, char *text, size_t text_bytes);

#endif
