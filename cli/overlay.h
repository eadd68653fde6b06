/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storage for looking: reads another storage, keeps what is written to itself, and never changes the other.
 *
 * So a journal can be opened with all its recovery from files that must stay as they are. With no storage below it is
 * empty. Memory: changes are kept by the subcommand. Limits: changes of a torn tail, at most OVERLAY_CHANGES_MAX_COUNT.
 * Threads: one.
 */
#ifndef CLI_OVERLAY_H
#define CLI_OVERLAY_H

#include "cli.h"

#include <securable/port/storage.h>

#define OVERLAY_CHANGES_MAX_COUNT 65536u

struct overlay_change;

struct overlay {
    struct cli *cli;
    const struct sec_storage *below; /* null: nothing is there */
    struct overlay_change *changes;  /* oldest first */
    struct overlay_change *newest;
    size_t changes_count;
};

/** Borrows all; the port's block size is that of the storage below, or 4096. */
struct sec_storage overlay_port(struct overlay *overlay);

#endif
