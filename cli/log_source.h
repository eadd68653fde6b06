/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a log is read from: a state directory or a bare journal directory, never changed.
 *
 * Memory: the subcommand's. Threads: one. Demand: S72, F6.3, F6.4.
 */
#ifndef CLI_LOG_SOURCE_H
#define CLI_LOG_SOURCE_H

#include "material.h"
#include "overlay.h"

#include "file_keystore.h"
#include "file_storage.h"

#include <securable/eventlog.h>

struct log_source {
    const char *name;
    const char *journal; /* directory of the segments */
    const char *keys;    /* directory of the slot keys */
    const char *idevid;  /* the certificate that lies beside */
    bool there;          /* the journal directory could be opened */
    struct sec_file_storage files;
    struct sec_storage storage; /* read only */
    struct overlay overlay;
    struct sec_storage looking; /* the same, taking changes to itself */
    struct sec_file_keystore file_keys;
    struct sec_keystore keystore;
    struct sec_journal journal_state;
    struct sec_journal_found found;
};

/** Finds the directories and opens the segments; a journal that is not there is empty (`there` false) when `may_miss`.
 */
int log_source_open(struct cli *cli, const char *dir, bool may_miss, struct log_source **ret_source);
/** The device's public key: from the file `key`, or from the certificate beside the log. `ret_path` says which. */
int log_source_key(struct cli *cli, const struct log_source *source, const char *key, struct sec_public_key *ret_key,
                   const char **ret_path);
/** Opens the journal for reading its contents, with whatever slot keys may be read. */
int log_source_journal(struct cli *cli, struct log_source *source, const struct sec_public_key *key);

#endif
