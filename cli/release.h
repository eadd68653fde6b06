/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Releases as tools see them: a file, opened and checked.
 *
 * Memory: the subcommand's. Threads: one.
 */
#ifndef CLI_RELEASE_H
#define CLI_RELEASE_H

#include "material.h"

#include <securable/suit.h>

struct release {
    struct sec_bytes bytes;
    struct sec_suit_release_envelope envelope;
    struct sec_suit_release release;
    struct sec_digest digest; /* of the statement: what a command consents to */
    struct material_product *product;
};

/** Reads a release; verifies its signature and its product record's with `key`, or, with null, checks digests and shape
 * alone. */
int release_load(struct cli *cli, const char *path, const struct sec_public_key *key, struct release **ret_release);
/** The same from bytes; `path` is a name for errors. */
int release_of(struct cli *cli, const char *path, struct sec_bytes bytes, const struct sec_public_key *key, struct release **ret_release);

#endif
