/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process: starts a program with a cleared environment, exactly the descriptors that it is to have, and its own process group.
 *
 * Standard input is /dev/null, standard output goes where standard error goes. The program finds `fds` at 3, 4, ...
 * Memory: what the caller gives is used during the call. Threads: one. Demand: S40.
 */
#ifndef SECURABLE_DEVICE_PROCESS_H
#define SECURABLE_DEVICE_PROCESS_H

#include <securable/bytes.h>

#include <sys/types.h>

#define PROCESS_FDS_MAX_COUNT 4u

struct process_plan {
    const char *path;
    char *const *argv; /* argv[0] included, ends with a null */
    char *const *envp; /* the whole environment */
    int fds[PROCESS_FDS_MAX_COUNT];
    size_t fds_count;
    bool change_user;
    uint32_t user;
    uint32_t group;
};

/** Starts it. IO_FAILED, errno as it was left. A program that cannot be executed exits 127 after saying so. */
sec_status process_start(const struct process_plan *plan, pid_t *ret_pid);
/** Ends a process and its group at once. */
void process_kill(pid_t pid);

#endif
