/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command under construction, from words to the body that is signed; command line and console make it by the same code.
 *
 * What it will do is told in `will`, from the report's facts. Errors are told and given as exit codes. Memory: the subcommand's; `will` is cJSON's and the
 * caller's. Threads: one. Serves promise 1.
 */
#ifndef CLI_COMMAND_INSIDE_H
#define CLI_COMMAND_INSIDE_H

#include "material.h"

#include <securable/access_forms.h>

/** What a person chose besides the action and its operands. */
struct command_options {
    const char *devices[CLI_VALUES_MAX_COUNT]; /* ids or state directories; none: the report's device */
    size_t devices_count;
    const char *match; /* null: by devices */
    uint64_t epoch;      /* 0: the report's */
    uint64_t generation; /* 0: the one that follows the report's */
    const char *not_before;
    const char *expiry;
    uint64_t confirm_within_s; /* 0: takes effect for good */
    bool base;
    const char *trust; /* the key that must have signed a release; null: not checked here */
};

struct making {
    struct cli *cli;
    const struct command_options *options;
    const struct sec_action_row *row;
    const char *const *operands; /* behind the action's word */
    size_t operands_count;
    struct sec_bytes attached; /* the statement or release that the first operand names; null: it is a file */
    const char *report_path;
    struct material_report *report;    /* null: facts were typed */
    const struct sec_product *product; /* null: not known */
    struct sec_private_key *key;
    struct sec_command command;
    struct sec_digest digest; /* of the statement */
    cJSON *will;              /* what it will do */
};

/** The action of this word. */
int command_find(const char *word, const struct sec_action_row **ret_row);
/** Takes audience, place, members and arguments and gives the body, encoded and parsed again. Wants row, options, operands, report or options, and `will`. */
int command_build(struct making *m, struct sec_bytes *ret_body);
int command_sign(struct cli *cli, struct sec_private_key *key, struct sec_bytes body, struct sec_bytes *ret_statement, struct sec_digest *ret_digest);
/** Adds "signer" as the report's roster knows the key; warns on stderr, as `name`, when the device will refuse it. */
void command_add_signer(struct making *m, const struct sec_public_key *key, const char *name, cJSON *facts);

/* command_owner.c: arguments of what only owners (and the recovery key) may say. Each writes what it will do to m->will. */
int command_args_site(struct making *m, struct sec_wr *args);
int command_args_transfer(struct making *m, struct sec_wr *args);
int command_args_beacon(struct making *m, struct sec_wr *args);
int command_args_recover(struct making *m, struct sec_wr *args);

#endif
