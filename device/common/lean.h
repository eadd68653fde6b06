/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lean: gives memory that holds nothing back to the kernel, so that a process at rest keeps only what it needs.
 *
 * For static and mapped rooms, private to the process. Whole pages inside the room; what lies at its ends stays. Given back memory reads as
 * zeros and comes back when it is written to. Best effort: a kernel that refuses costs memory, nothing else. Threads: one. Demand: S80.
 */
#ifndef SECURABLE_DEVICE_LEAN_H
#define SECURABLE_DEVICE_LEAN_H

#include <securable/bytes.h>

/** Gives back all of the room: what was in its pages is gone. */
void lean_drop(struct sec_room room);
/** Gives back the pages that hold zeros only: nothing changes for who reads them. */
void lean_sweep(struct sec_room room);

#endif
