/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rosters: files that hold the arguments of access.roster, made from words and shown.
 *
 * Memory: the subcommand's. Threads: one. Demand: F2.2, F4.2.
 */
#ifndef CLI_ROSTER_H
#define CLI_ROSTER_H

#include "material.h"

#include <securable/access_forms.h>

/** Reads and checks a roster file. */
int roster_load(struct cli *cli, const char *path, struct sec_bytes *ret_args, struct sec_roster **ret_roster);
/** Its subjects as a list. */
cJSON *roster_json(struct cli *cli, const struct sec_roster *roster);

/** Its lease and thresholds, added to `facts`. */
void roster_add_rules(const struct sec_roster *roster, cJSON *facts);

#endif
