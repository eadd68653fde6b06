/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run: the order in which the parts of a hub start, and its reverse.
 *
 * Memory: the hub's. Threads: the main one. What fails is told with its object. Serves S40.
 */
#ifndef SECURABLE_HUB_RUN_H
#define SECURABLE_HUB_RUN_H

#include "hub.h"

/** hub->config is read. Statuses of the parts. */
sec_status run_start(struct hub *hub, const char *directory);
/** Says READY on standard output and writes run/hub.json. */
void run_ready(struct hub *hub);
/** Returns at SIGTERM, SIGINT or SIGHUP. */
void run_until_signal(void);
/** Stops what was started, in reverse; also after a start that failed midway. */
void run_stop(struct hub *hub);
/** The console beside the program: <exe>/../share/securable/console. False: it has no path that fits. */
bool run_console_dir(struct hub_config *config);

#endif
