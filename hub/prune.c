/* SPDX-License-Identifier: Apache-2.0 */
/* Prune: what is over is forgotten: old events beyond a number, tokens that have ended, questions that nobody will read the answer of. */
#include "prune.h"

#include "hub.h"

/** A year of a busy site; the hub's own journal has taken them long before. */
#define EVENTS_KEEP_COUNT 1000000u
/** An answered report is in the device's row; its nonce is of use to who asked alone. */
#define ASKS_KEEP_S (7 * 86400)

static sec_status forget(struct hub_store *store, void *arg)
{
    (void)arg;
    int64_t now_s = hub_now_s();
    SEC_TRY(hub_events_forget(store, EVENTS_KEEP_COUNT));
    SEC_TRY(hub_tokens_forget(store, now_s));
    return hub_asks_forget(store, now_s - ASKS_KEEP_S);
}

static void done(struct hub_exchange *x, void *arg, sec_status status)
{
    (void)x;
    (void)arg;
    (void)status; /* what stays is forgotten the next time */
}

void hub_prune_tick(struct hub *hub, struct hub_store *reader)
{
    (void)reader;
    hub_write(NULL, hub, forget, done, NULL);
}
