/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: denies the file system but for given trees, TCP but for connecting to one port, and signals and abstract sockets to the outside, as far as the kernel's version goes.
 *
 * By raw system calls, with the kernel's numbers: libc has no functions for them. Threads: one. Demand: S40.
 */
#ifndef SECURABLE_DEVICE_LANDLOCK_H
#define SECURABLE_DEVICE_LANDLOCK_H

#include <securable/bytes.h>

/** The kernel's Landlock version; 0 when it has none or it is switched off. */
unsigned landlock_abi(void);
/** Restricts this process for good; no_new_privs must be set. `connect_port` 0: no TCP. IO_FAILED, errno as it was left. */
sec_status landlock_enter(unsigned abi, const int *tree_fds, size_t tree_count, uint16_t connect_port);

#endif
