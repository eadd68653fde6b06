/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Target: the device that a subcommand speaks with, named by its state directory or its socket.
 *
 * Memory: the subcommand's. Threads: one. Demand: S40.
 */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include "material.h"

#include "door_client.h"

/** How long an answer may take: a release is copied, read back and tried before its receipt comes. */
#define TARGET_SUBMIT_TIMEOUT_S 1800u
#define TARGET_TIMEOUT_S 30u

struct target {
    const char *name; /* as it was given */
    const char *socket;
    const char *state; /* null when a socket was given */
    struct sec_door door;
};

int target_open(struct cli *cli, const char *name, unsigned timeout_s, struct target **ret_target);
/** True when somebody listens at its socket. */
bool target_runs(struct cli *cli, const char *name);
void target_close(struct target *target);
/** Tells a call's failure: the device's refusal (1), or that none answered (3). */
int target_failed(const struct target *target, const char *clause, sec_status status);
/** A copy of what the door answered, which outlives the next call. */
struct sec_bytes target_keep(struct cli *cli, struct sec_bytes bytes);

/** Asks for a report with a nonce (empty: a fresh one) and verifies it; `ca` may be null. */
int target_report(struct cli *cli, struct target *target, struct sec_bytes nonce, const char *ca,
                  struct material_report **ret_report);
/**
 * The device's public key: from the file `trust`, else from DIR/identity/idevid.der, else from the device's own report.
 * `ret_source` says which, for people.
 */
int target_key(struct cli *cli, struct target *target, const char *trust, struct sec_public_key *ret_key,
               const char **ret_source);

#endif
