/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receipts: checked with the device's public key, and told.
 *
 * Memory: the subcommand's. Threads: one. Demand: S39, F6.4.
 */
#ifndef CLI_RECEIPT_H
#define CLI_RECEIPT_H

#include "material.h"

#include <securable/eventlog.h>

/** Parses and checks a receipt of the device with `key`. */
int receipt_check(struct cli *cli, const char *path, struct sec_bytes bytes, const struct sec_public_key *key,
                  struct sec_receipt *ret_receipt);
/** What it says, as an object. */
cJSON *receipt_json(struct cli *cli, const struct sec_receipt *receipt);

#endif
