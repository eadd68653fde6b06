/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPC channel: messages and their descriptors over a socket pair of packets.
 *
 * A peer that breaks the form is ended by whoever receives: ipc_receive() answers the status, the caller closes. A descriptor that
 * came with a packet is the caller's to close; descriptors that the table does not allow are closed here.
 * Memory: received packets lie in the caller's room of IPC_MAX_BYTES; sending uses one packet of its own, wiped after
 * each use. Threads: one.
 */
#ifndef SECURABLE_DEVICE_IPC_CHANNEL_H
#define SECURABLE_DEVICE_IPC_CHANNEL_H

#include "ipc.h"

/** One end of a pair. */
struct ipc_channel {
    int fd; /* -1: closed */
    enum ipc_role me;
    enum ipc_role peer;
};

/** Makes a connected pair, close-on-exec, with buffers for the largest packet. IO_FAILED. */
sec_status ipc_pair(int ret_fds[2]);
/** Closes; may be repeated. */
void ipc_close(struct ipc_channel *channel);
/**
 * Sends a message, with descriptor `fd` unless it is -1. BUSY when the peer's buffer is full and the socket does not block, or
 * when its time limit passed; NOT_OPEN when the peer is gone; TOO_LARGE, IO_FAILED.
 */
sec_status ipc_send(const struct ipc_channel *channel, const struct ipc_message *message, int fd);
/**
 * Receives one message into `room`. BUSY: nothing there (a socket that does not block). NOT_OPEN: the peer closed.
 * Anything else than OK and BUSY ends the peer. `ret_fd` is -1 when no descriptor came.
 */
sec_status ipc_receive(const struct ipc_channel *channel, struct sec_room room, struct ipc_message *ret_message, int *ret_fd);

#endif
