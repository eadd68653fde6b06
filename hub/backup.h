/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backup: a copy of a hub's directory that starts as that hub, made while it runs or not; and the check of one.
 *
 * A copy holds securable-hub.conf, keys/, journal/, hub.db and payloads/, all for their owner alone, synced, and appears under its name whole. The journal is
 * copied first and judged in the copy until it is intact, so that what the database knows beyond it is caught up when the copy starts; payloads come after the
 * database that names them. The keys in a copy are the hub's: it must be kept as the hub's directory is.
 * Memory: 64 KiB and the journal's work room, from the heap. Threads: one; the place was opened by hub_place_look().
 * Status: EXISTS (the target, or TARGET.partial, is there), NOT_FOUND (no hub was ever started here), STORAGE_FULL, IO_FAILED, TAMPERED (the database or the journal
 * is damaged), what the store, the key file and sec_log_verify() say. `text` tells the object and the fact. A copy that fails is removed. Serves S39, S40.
 */
#ifndef SECURABLE_HUB_BACKUP_H
#define SECURABLE_HUB_BACKUP_H

#include "place.h"

/** The journal of a hub that runs changes under the copy: so often it is copied again until the copy is intact. */
#define HUB_BACKUP_TRIES_COUNT 20
#define HUB_BACKUP_TRY_MS 250

sec_status hub_backup(struct hub_place *place, const char *target, char *text, size_t text_bytes);
/** Database and journal. TAMPERED with the first finding as text. */
sec_status hub_check(struct hub_place *place, char *text, size_t text_bytes);

#endif
