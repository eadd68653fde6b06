/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tick: what a hub does by the clock. The table stands in routes.c; each row runs on the first loop's thread every so many seconds, so it must be short.
 */
#ifndef SECURABLE_HUB_TICK_H
#define SECURABLE_HUB_TICK_H

#include "hub.h"

struct hub_tick {
    unsigned every_s;
    /** `reader` sees what is committed; writing goes by hub_write(NULL, hub, ...). */
    void (*call)(struct hub *hub, struct hub_store *reader);
};
extern const struct hub_tick hub_ticks[];
extern const size_t hub_ticks_count;

#endif
