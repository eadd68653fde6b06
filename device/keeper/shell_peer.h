/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell's peer: who is at the other end of a connection that the door has handed over, by the kernel's word.
 *
 * A door in wrong hands could hand over its own channel, or the listening socket, whose other end is root to the kernel. So it
 * must be a local stream that was accepted at a socket with a name, which the door cannot make itself.
 * Memory: none. Threads: any. Demand: S38, S40.
 */
#ifndef SECURABLE_DEVICE_SHELL_PEER_H
#define SECURABLE_DEVICE_SHELL_PEER_H

#include "keeper.h"

/** False when `fd` is not such a connection. */
bool shell_peer_read(int fd, struct sec_peer *ret_peer);

#endif
