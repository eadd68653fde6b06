/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices ask of a hub: enrolment by EST (RFC 7030), sync, payloads. Handlers of exchanges, and their rows of the table in routes.c.
 *
 * Serves S29, S36, S39, S80.
 */
#ifndef SECURABLE_HUB_DEVICE_ROUTES_H
#define SECURABLE_HUB_DEVICE_ROUTES_H

#include "est_request.h"
#include "exchange.h"

#include <securable/sync.h>

void est_cacerts(struct hub_exchange *x);
void est_csrattrs(struct hub_exchange *x);
void est_simpleenroll(struct hub_exchange *x);
void est_simplereenroll(struct hub_exchange *x);
void hub_sync(struct hub_exchange *x);
void hub_payload_fetch(struct hub_exchange *x);

/** A payload came in: devices that wait for it are handed their statements again. */
void hub_sync_payload_came(struct hub *hub);
/** Tells which devices were not heard of for too long. A row of hub_ticks. */
struct hub_store;
void hub_contact_tick(struct hub *hub, struct hub_store *reader);
#define HUB_CONTACT_TICK_S 10u

/* clang-format off */
#define HUB_DEVICE_ROUTES \
    {"GET",  "/.well-known/est/cacerts",        HUB_ENTRANCE_DEVICE, 0, false, 0,                  est_cacerts,        NULL}, \
    {"GET",  "/.well-known/est/csrattrs",       HUB_ENTRANCE_DEVICE, 0, false, 0,                  est_csrattrs,       NULL}, \
    {"POST", "/.well-known/est/simpleenroll",   HUB_ENTRANCE_DEVICE, 0, false, EST_BODY_MAX_BYTES, est_simpleenroll,   NULL}, \
    {"POST", "/.well-known/est/simplereenroll", HUB_ENTRANCE_DEVICE, 0, false, EST_BODY_MAX_BYTES, est_simplereenroll, NULL}, \
    {"POST", "/sync",                           HUB_ENTRANCE_DEVICE, 0, true,  SEC_SYNC_MAX_BYTES, hub_sync,           NULL}, \
    {"GET",  "/payload/*",                      HUB_ENTRANCE_DEVICE, 0, true,  0,                  hub_payload_fetch,  NULL},
/* clang-format on */

#endif
