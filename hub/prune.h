/* SPDX-License-Identifier: Apache-2.0 */
/* Prune: keeps the hub's database from growing by what nobody needs any more. Memory: none. Threads: the first loop's. */
#ifndef SECURABLE_HUB_PRUNE_H
#define SECURABLE_HUB_PRUNE_H

struct hub;
struct hub_store;

#define HUB_PRUNE_TICK_S 3600u
void hub_prune_tick(struct hub *hub, struct hub_store *reader);

#endif
