/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Route: what routes.c adds to the table of exchange.h: who asks, and what starts and stops with the hub. One place names the rooms above the core.
 */
#ifndef SECURABLE_HUB_ROUTE_H
#define SECURABLE_HUB_ROUTE_H

#include "hub.h"

/** Fills scope and name of who asks on the entrances API and LOCAL. False: it has answered. Null: nobody has a scope. */
extern bool (*const hub_route_principal)(struct hub_exchange *x);

struct hub_room {
    sec_status (*start)(struct hub *hub); /* when store, fleet and loops stand, before writer and loops run */
    void (*stop)(struct hub *hub);        /* after them; null: nothing to do */
};
/** In order of start; stopped in reverse. */
extern const struct hub_room hub_rooms[];
extern const size_t hub_rooms_count;

#endif
