/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration file of securabled: lines of `key value`, see securabled.conf(5).
 *
 * Every error is told as "file:line: object, clause: fact", all of them in one run. An unknown key, a key twice,
 * a value beyond its range: the file is bad. Relative paths are relative to the state directory.
 * Memory: fixed, in the caller's struct. Limits: a line has at most 1023 bytes, a path CONFIG_PATH_MAX_BYTES. Threads: one.
 * Demand: F4.1 (local interface's mode), S40.
 */
#ifndef SECURABLE_DEVICE_CONFIG_H
#define SECURABLE_DEVICE_CONFIG_H

#include "hub_place.h"

#define CONFIG_PATH_MAX_BYTES 512u
#define CONFIG_NAME_MAX_BYTES 64u

struct config {
    char state[CONFIG_PATH_MAX_BYTES]; /* the state directory, absolute; not from the file */
    char file[CONFIG_PATH_MAX_BYTES];
    char libexec[CONFIG_PATH_MAX_BYTES]; /* empty: beside the program itself */
    char hooks[CONFIG_PATH_MAX_BYTES];
    char slots[CONFIG_PATH_MAX_BYTES];
    char socket[CONFIG_PATH_MAX_BYTES];
    uint32_t socket_mode;
    char door_user[CONFIG_NAME_MAX_BYTES]; /* an account's name or a number */
    char keeper_user[CONFIG_NAME_MAX_BYTES];
    char installer_user[CONFIG_NAME_MAX_BYTES];
    char link_user[CONFIG_NAME_MAX_BYTES];
    char hook_user[CONFIG_NAME_MAX_BYTES]; /* empty: as the parent */
    struct hub_place hub; /* address empty: none given */
    uint64_t segment_bytes;
    uint64_t payload_max_bytes;
    uint64_t hook_timeout_s;
    uint64_t install_timeout_s;
    uint64_t watch_interval_s;
    uint32_t seen; /* a bit per key of the table that the file gave */
};

/** Hears of one error: its line (0: the file itself), object, clause and fact. */
struct config_errors {
    void *ctx;
    void (*tell)(void *ctx, unsigned line, const char *object, const char *clause, const char *fact);
};

/** Sets the defaults for a state directory (absolute). TOO_LARGE when a path does not fit. */
sec_status config_init(struct config *config, const char *state);
/** Reads the text of a file over the defaults. BAD_VALUE when it had an error; all were told. */
sec_status config_parse(struct config *config, struct sec_bytes text, const struct config_errors *errors);

/** An account: from a name or a number. */
struct config_user {
    uint32_t user;
    uint32_t group;
};
/** Looks a user up; a number needs no account, and its group is then the same number. NOT_FOUND; BAD_VALUE: 0 or an overflow id. */
sec_status config_user_find(const char *text, struct config_user *ret_user);

#endif
