/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every subcommand is given: its options and operands, crypto, memory, and one way to say what went wrong.
 *
 * Subcommands and their options stand in one table (table.c), from which parsing, --help and the manual page are made.
 * A subcommand's function gives the program's exit code; helpers that can fail give 0, or an exit code after they have
 * said why. Memory: from the process's heap, freed when the subcommand is over; keys are wiped. Limits: below. Threads:
 * one. Demand: S28, S38, S67.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "key_file.h"

#include <cjson/cJSON.h>

#include <stdio.h>

/** Operands and options of one call: a roster with all its subjects. */
#define CLI_OPERANDS_MAX_COUNT 128u
#define CLI_VALUES_MAX_COUNT 160u
#define CLI_OPTIONS_MAX_COUNT 16u
#define CLI_KEYS_MAX_COUNT 8u
#define CLI_PATH_MAX_BYTES 1024u

enum cli_exit {
    CLI_DONE = 0,
    CLI_REFUSED = 1,
    CLI_USAGE = 2,
    CLI_ENVIRONMENT = 3,
};

enum cli_option_use {
    CLI_MAY = 0,  /* at most once */
    CLI_MANY = 1, /* any number of times */
    CLI_MUST = 2, /* exactly once */
    CLI_SOME = 3, /* at least once */
};

struct cli_option {
    const char *name;  /* without the hyphens */
    const char *value; /* what follows, for people; null: nothing */
    enum cli_option_use use;
    const char *help;
};

struct cli;

/** One subcommand. */
struct cli_command {
    const char *noun;
    const char *verb;     /* further words; "" when the noun is all */
    const char *operands; /* for people; "" when there are none */
    unsigned operands_min;
    unsigned operands_max;
    const char *help; /* one line */
    int (*run)(struct cli *cli);
    struct cli_option options[CLI_OPTIONS_MAX_COUNT];
    const char *more; /* further sentences for help and manual, or null */
};

/** The table: table.c. */
extern const struct cli_command cli_commands[];
extern const size_t cli_commands_count;

struct cli_block;
struct cli_value {
    const struct cli_option *option;
    const char *text;
};

struct cli {
    const struct cli_command *command;
    const char *operands[CLI_OPERANDS_MAX_COUNT];
    size_t operands_count;
    struct cli_value values[CLI_VALUES_MAX_COUNT];
    size_t values_count;
    struct sec_openssl openssl;
    struct sec_crypto crypto;
    struct sec_private_key keys[CLI_KEYS_MAX_COUNT];
    size_t keys_count;
    struct cli_block *blocks; /* newest first */
};

/** Leaves the calling function with the exit code of `expr` when it is not 0. */
#define CLI_TRY(expr)                                                                                                  \
    do {                                                                                                               \
        int cli_try_code = (expr);                                                                                     \
        if (cli_try_code != 0)                                                                                         \
            return cli_try_code;                                                                                       \
    } while (0)

/** Finds the subcommand of these words (argv[0] is the noun), parses, runs, frees. Gives the exit code. */
int cli_run(int argc, char **argv);
/** True when the table has this noun. */
bool cli_has_noun(const char *noun);

/** The value of an option; null when it was not given. For options without a value: non-null when given. */
const char *cli_get(const struct cli *cli, const char *name);
/** The value of an option's occurrence `at`; null behind the last. */
const char *cli_get_at(const struct cli *cli, const char *name, size_t at);
size_t cli_count(const struct cli *cli, const char *name);
/** Reads an option's decimal number into `ret_value`, which keeps its value when the option was not given. */
int cli_get_number(const struct cli *cli, const char *name, uint64_t min, uint64_t max, uint64_t *ret_value);
/** Reads decimal digits, nothing else. */
bool cli_number(const char *text, uint64_t *ret_value);

/** Memory until the end of the subcommand, zeroed. */
struct sec_room cli_room(struct cli *cli, size_t len);
/** A NUL-terminated copy. */
const char *cli_text(struct cli *cli, struct sec_bytes text);
/** A formatted text that lives as long. */
const char *cli_format(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Errors, to stderr as "object: clause: fact". */
int cli_refused(const char *object, const char *clause, const char *format, ...) __attribute__((format(printf, 3, 4)));
int cli_usage(const char *object, const char *clause, const char *format, ...) __attribute__((format(printf, 3, 4)));
int cli_environment(const char *object, const char *clause, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** Says a status; environment for the class IO and a full storage, refused for the rest; 0 for OK. */
int cli_failed(const char *object, const char *clause, sec_status status);

/** The help of the whole program, of a noun, of a subcommand; and the manual page in mdoc. */
void cli_print_help(FILE *to);
void cli_print_noun_help(FILE *to, const char *noun);
void cli_print_command_help(FILE *to, const struct cli_command *command);
void cli_print_manual(FILE *to);

/* --- what is reported: show.c --- */

/** Prints facts as JSON (--json) or as lines "name: value", and deletes them. Gives `exit_code`, or 3 when printing
 * fails. */
int cli_show(const struct cli *cli, cJSON *facts, int exit_code);
/** Prints a text of others: what would move a terminal's cursor is shown as a question mark. */
void cli_put_text(FILE *to, const char *text);
/** "2026-11-22T03:00:23Z"; the number itself when it is no time of the calendar. */
const char *cli_time(struct cli *cli, int64_t time_s);
/** Reads "2027-01-31T00:00:00Z", or seconds since 1970. */
bool cli_time_parse(const char *text, int64_t *ret_time_s);
void cli_add_text(cJSON *object, const char *name, struct sec_bytes text);
void cli_add_hex(cJSON *object, const char *name, struct sec_bytes bytes);
void cli_add_number(cJSON *object, const char *name, uint64_t value);
void cli_add_time(struct cli *cli, cJSON *object, const char *name, int64_t time_s);

#endif
