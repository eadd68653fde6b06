/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outbox: what was handed to a hub, and which devices' receipts came back. A hub that withholds shows here.
 *
 * A folder on the operator's own machine: DIGEST.cose is the statement, DIGEST.json the note on it, DIGEST.DEVICE.receipt each verified receipt.
 * Files are replaced whole. Folder: --outbox, $SECURABLE_OUTBOX, $XDG_STATE_HOME/securable/outbox, or ~/.local/state/securable/outbox.
 * Memory: notes are cJSON's, the caller deletes them. Threads: one. Serves promise 1.
 *
 * A note: {"format": 1, "hub", "kind", "action", "generation", "handed_in", "payload", "devices": [{"id", "receipt": bool, "code", "word", "superseded": bool}]}
 * Superseded: the device's receipt shows that another statement of this topic took this generation or a later one, so this one is dead.
 */
#ifndef CLI_OUTBOX_H
#define CLI_OUTBOX_H

#include "files.h"

#include <securable/status.h>

/** The folder, made when it is not there. */
int outbox_open(struct cli *cli, const char **ret_dir);
/** Keeps a statement and its note, before it is handed in. An item that is there keeps its note. */
int outbox_put(struct cli *cli, const char *dir, const char *digest, struct sec_bytes statement, cJSON *note);
int outbox_write_note(struct cli *cli, const char *dir, const char *digest, const cJSON *note);
int outbox_write_receipt(struct cli *cli, const char *dir, const char *digest, const char *device, struct sec_bytes receipt);
int outbox_statement(struct cli *cli, const char *dir, const char *digest, struct sec_bytes *ret_statement);
/** The note of one item; the caller deletes it. */
int outbox_note(struct cli *cli, const char *dir, const char *digest, cJSON **ret_note);
/** The digests of all items, sorted by when they were handed in. */
int outbox_items(struct cli *cli, const char *dir, const char ***ret_digests, size_t *ret_count);
/** The entry of a device in a note, made when it is not there. */
cJSON *outbox_device(cJSON *note, const char *device);
/** Devices that have neither answered with a receipt nor shown what superseded the statement. */
unsigned outbox_missing(const cJSON *note);

#endif
