/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child: how a process of the device begins: its fixed descriptors, the parent's start message, its confinement.
 *
 * Memory: the struct is the caller's. Threads: one. Demand: S40.
 */
#ifndef SECURABLE_DEVICE_CHILD_H
#define SECURABLE_DEVICE_CHILD_H

#include "confinement.h"
#include "ipc_channel.h"

/** Where the parent puts descriptors. */
enum {
    CHILD_FD_CHANNEL = 3,
    CHILD_FD_EMPTY = 4,
    CHILD_FD_FIRST = 5,  /* door: listening socket; keeper: state directory; installer: source; link: its directory */
    CHILD_FD_SECOND = 6, /* installer: target */
};

struct child_start {
    struct ipc_channel parent;
    struct confinement_plan plan; /* user and empty root are set */
    uint32_t former_run_s; /* keeper: how long the one before it ran; 0: not known */
    bool flag;             /* keeper: presence was shown */
    uint64_t size;
    size_t text_len;
    char text[640]; /* door: nothing; keeper: confinement of the others; installer: its mode; link: the hub's place */
};

/** Takes the start message. WRONG_KIND when something else comes; the channel's statuses; TOO_LARGE. */
sec_status child_begin(enum ipc_role me, struct child_start *ret_start);
/** Gives up the rights of the profile; says and answers what failed. */
sec_status child_confine(enum confinement_profile profile, const struct child_start *start, struct confinement *ret_confinement);
/** Tells the parent that this process is ready, with the text of its confinement. */
sec_status child_ready(const struct child_start *start, const struct confinement *confinement);

#endif
