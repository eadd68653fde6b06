/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings as a person types them, "name=value", made into the arguments of configuration.set by the product's own
 * declarations.
 *
 * A wrong name, type or range is told before anything is signed.
 * Memory: the subcommand's. Threads: one. Demand: S68, F2.1.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "material.h"

/**
 * Writes {+ key: value} for `words`, and adds {"name": [old, new]} to `changes`. `settings` are the effective ones of a
 * report (encoded map; empty: not known, and old values are null).
 */
int settings_encode(struct cli *cli, const struct sec_product *product, struct sec_bytes settings,
                    const char *const *words, size_t words_count, struct sec_wr *wr, cJSON *changes);
/** The value of a key in an encoded map of settings; NONE when it is not there. */
struct sec_value settings_find(struct sec_bytes settings, struct sec_bytes key);
cJSON *settings_value_json(const struct sec_value *value);
/** Adds what a reset brings: every setting that differs from its safe default. */
void settings_add_reset(struct cli *cli, const struct sec_product *product, struct sec_bytes settings, cJSON *changes);

#endif
