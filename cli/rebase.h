/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command whose generation somebody else took: made anew on the device's present state, shown, and signed again if a person says so.
 *
 * Memory: the subcommand's. Threads: one. Serves promise 1 (order of statements).
 */
#ifndef CLI_REBASE_H
#define CLI_REBASE_H

#include "material.h"

/**
 * Takes the command `bytes`, gives it the generation that follows the report's, the report's epoch and, where it named a base, the present one; tells what
 * it will do; asks at the terminal (not with --yes); signs with `key`. 1 when the person says no, when there is nobody to ask, or when the command is not
 * one for the report's device alone.
 */
int rebase_command(struct cli *cli, struct sec_bytes bytes, const struct material_report *report, const char *key, struct sec_bytes *ret_bytes);

#endif
