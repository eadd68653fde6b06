/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hub: the parts of one running hub, and what they tell each other.
 *
 * Made by run.c in this order: configuration, place (directory, keys), store, fleet, TLS, listening sockets, rooms (journal, API), writer, loops. Nothing here decides about a demand: such
 * an `if` stands in baseline/<feature>.
 */
#ifndef SECURABLE_HUB_H
#define SECURABLE_HUB_H

#include "config.h"
#include "exchange.h"
#include "fleet.h"
#include "place.h"
#include "store.h"

struct hub_gate;
struct hub_pages;
struct hub_tls;
struct hub_writer;
struct hub_journal;

struct hub {
    struct hub_config config;
    struct hub_place place; /* directory, keys, CA, TLS certificate, payload folder */
    struct hub_fleet *fleet;
    struct hub_pages *pages; /* what is remembered of devices between two requests (pages.h) */
    struct hub_writer *writer;
    struct hub_journal *journal;
    struct hub_tls *tls;
    struct hub_gate *gate;
    struct hub_loop **loops;
    size_t loops_count;
    struct hub_store *first; /* the writer's */
};

/** Seconds since 1970 by the hub's clock. */
int64_t hub_now_s(void);

/**
 * Something happened: stored as an event, told to who listens, and written to the hub's own journal. Call inside a work of the writer; listeners are told after its
 * commit. `json` is one object.
 */
sec_status hub_tell(struct hub *hub, struct hub_store *store, const char *kind, const struct sec_device_id *device, const char *json);

/** Crypto of the calling thread (each thread has its own: loops, writer, main). */
const struct sec_crypto *hub_crypto(void);
/** Gives the calling thread its crypto; borrowed. */
void hub_crypto_use(const struct sec_crypto *crypto);

#endif
