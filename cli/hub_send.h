/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements by way of a hub: handed in, kept in the outbox, receipts fetched and verified.
 *
 * A receipt counts when it verifies under the device's identity key, whose thumbprint is the device's id: no word of the hub's is taken.
 * Memory: the subcommand's. Threads: one. Serves promise 1.
 */
#ifndef CLI_HUB_SEND_H
#define CLI_HUB_SEND_H

#include "hub_client.h"
#include "outbox.h"

#include <securable/eventlog.h>

/** Opens the hub that --hub, --hub-ca, --login say. */
int hub_open(struct cli *cli, struct hub_client **ret_client);
/** The digest by which a device knows the statement or release; false when the bytes are neither. */
bool hub_statement_digest(struct cli *cli, struct sec_bytes bytes, struct sec_digest *ret_digest);
/** The identity key of a device: brought by the hub, proved by the device's id. */
int hub_device_key(struct cli *cli, struct hub_client *client, const char *device, struct sec_public_key *ret_key);
/**
 * Puts a statement into the outbox, before any hub is asked. `devices` (ids, may be empty) names receivers where the statement does not. `ret_note` is the
 * outbox's note; the caller deletes it.
 */
int hub_keep(struct cli *cli, const char *dir, struct sec_bytes bytes, const char *const *devices, size_t devices_count, const char *payload,
             const char **ret_digest, cJSON **ret_note);
/** Hands an item of the outbox in, with the payload of a release first. */
int hub_hand_in(struct cli *cli, struct hub_client *client, const char *dir, struct sec_bytes bytes, const char *const *devices,
                size_t devices_count, const char *payload, const char *digest, cJSON *note);
/** Asks for what became of an item, verifies new receipts and notes them. */
int hub_collect(struct cli *cli, struct hub_client *client, const char *dir, const char *digest, cJSON *note);
/** The subcommand `send --hub`. */
int hub_send(struct cli *cli);

#endif
