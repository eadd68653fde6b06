/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contact: when devices were last heard of, kept in the store at most once a minute, and events when that changes.
 *
 * Threads: all. Serves S36, S39: withholding shows.
 */
#ifndef SECURABLE_HUB_CONTACT_H
#define SECURABLE_HUB_CONTACT_H

#include "hub.h"

#define HUB_CONTACT_WRITE_S 60

/** A device was heard of just now; `before` is what hub_fleet_seen() gave. Nobody waits for what is written. */
void hub_contact_seen(struct hub *hub, const struct hub_member *before, int64_t now_s);

#endif
