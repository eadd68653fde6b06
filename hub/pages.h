/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages: what a hub remembers of a device between two of its requests, in memory alone.
 *
 * A log that is long comes in pages; until one reaches the head, the leaves so far are kept here. And what was handed out on which connection, so that a device which is
 * still busy with a statement is not handed it again and again. All of it may be forgotten at any time: the device then begins again, or is handed things twice.
 * Memory: from the heap, about 100 bytes a device that something is kept of, 2.2 KiB for one in the middle of its pages. Limits: below. Threads: all; each function is
 * atomic, answers are copies. Serves S36, S39.
 */
#ifndef SECURABLE_HUB_PAGES_H
#define SECURABLE_HUB_PAGES_H

#include <securable/eventlog_follow.h>
#include <securable/identity.h>

/** Devices that something is kept of: more than connections are allowed by default. */
#define HUB_PAGES_DEVICES_MAX_COUNT 65536u
/** Devices in the middle of their pages: 9 MiB. */
#define HUB_PAGES_RUNS_MAX_COUNT 4096u

struct hub_pages;

/** From the followed head on. */
struct hub_run {
    uint64_t base_size; /* the followed head that it began at */
    struct sec_digest base_root;
    struct sec_merkle_frontier frontier;
    bool again; /* an earlier run from the same head did not lead to the device's head */
};

/** What was handed out last. */
struct hub_handed {
    const void *connection;
    int64_t at_s;
    uint64_t waiting; /* deliveries at that time */
    uint64_t asks;
};

sec_status hub_pages_new(struct hub_pages **ret_pages);
void hub_pages_free(struct hub_pages *pages);

bool hub_run_get(struct hub_pages *pages, const struct sec_device_id *id, struct hub_run *ret_run);
/** Forgets nothing but what there is no room for. */
void hub_run_put(struct hub_pages *pages, const struct sec_device_id *id, const struct hub_run *run);
void hub_run_drop(struct hub_pages *pages, const struct sec_device_id *id);

bool hub_handed_get(struct hub_pages *pages, const struct sec_device_id *id, struct hub_handed *ret_handed);
void hub_handed_put(struct hub_pages *pages, const struct sec_device_id *id, const struct hub_handed *handed);
void hub_handed_drop(struct hub_pages *pages, const struct sec_device_id *id);

#endif
