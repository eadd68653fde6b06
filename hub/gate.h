/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate: the listening sockets, and who may come in while places are few.
 *
 * Inside the hub's core only. When all places are taken the oldest connection of the same loop that has not proven itself and has nothing under way makes room.
 * Memory: one struct. Threads: gate_enter() and gate_leave() all, the rest the main thread's or the first loop's.
 */
#ifndef SECURABLE_HUB_GATE_H
#define SECURABLE_HUB_GATE_H

#include "loop.h"
#include "peers.h"

#include <stdatomic.h>

struct hub_gate {
    struct hub_peers *peers;   /* addresses of the unproven */
    struct hub_peers *devices; /* devices of the proven */
    atomic_size_t connections;
    atomic_uint_fast64_t accepted;
    uint64_t trimmed_accepted;
};

struct hub_gate *gate_new(const struct hub_config *config);
void gate_free(struct hub_gate *gate);
/** Listens on every address of the configuration, once a loop, and on DIR/run/hub.sock. What cannot be is told. IO_FAILED. */
sec_status gate_listen(struct hub *hub);
/** Takes a place. */
bool gate_enter(struct hub_loop *loop);
void gate_leave(struct hub_loop *loop);
/** Gives memory back to the system some time after many came and settled. */
void gate_trim(struct hub_gate *gate, uint64_t seconds);

#endif
