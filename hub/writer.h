/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writer: the one thread that writes to the store. hub_write() in exchange.h is its entrance.
 *
 * It takes all works that wait, at most HUB_WRITER_BATCH_COUNT, into one transaction, each in a savepoint of its own, and answers after the commit: what came while
 * the disk was busy with the last commit shares the next one.
 * Memory: about 64 bytes a waiting work. Threads: hub_write() all; the rest the main thread. Serves S36, S40.
 */
#ifndef SECURABLE_HUB_WRITER_H
#define SECURABLE_HUB_WRITER_H

#include "hub.h"

#define HUB_WRITER_BATCH_COUNT 512u
/** After a batch of so many works the next one is waited for so long: then more works share a sync. A lone work never waits. */
#define HUB_WRITER_MANY_COUNT 4u
#define HUB_WRITER_GATHER_NS 2000000
#define HUB_WRITER_HOOKS_COUNT 4u

/** Starts the thread over hub->first. */
sec_status hub_writer_start(struct hub *hub);
/** Does what waits, then ends the thread. */
void hub_writer_stop(struct hub *hub);
/** Before hub_writer_start(): `call` runs on the writer's thread after each commit that held, before the works' answers leave. TABLE_FULL. */
sec_status hub_writer_on_commit(struct hub *hub, void (*call)(struct hub *hub));

#endif
