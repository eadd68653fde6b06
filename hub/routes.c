/* SPDX-License-Identifier: Apache-2.0 */
/* What a hub answers, what it does by the clock, and what starts with it: one row each. Of the requests' rows the first that fits counts. */
#include "api.h"
#include "device_routes.h"
#include "journal.h"
#include "page.h"
#include "prune.h"
#include "route.h"
#include "tick.h"

const struct hub_route hub_routes[] = {HUB_DEVICE_ROUTES HUB_API_ROUTES HUB_PAGE_ROUTES};
const size_t hub_routes_count = sizeof hub_routes / sizeof hub_routes[0];

bool (*const hub_route_principal)(struct hub_exchange *x) = hub_api_principal;

const struct hub_tick hub_ticks[] = {
    {HUB_CONTACT_TICK_S, hub_contact_tick},
    {HUB_PRUNE_TICK_S, hub_prune_tick},
};
const size_t hub_ticks_count = sizeof hub_ticks / sizeof hub_ticks[0];

const struct hub_room hub_rooms[] = {
    {hub_journal_start, hub_journal_stop},
    {hub_api_start, NULL},
};
const size_t hub_rooms_count = sizeof hub_rooms / sizeof hub_rooms[0];
