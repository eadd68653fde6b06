/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSE: streams of events to people's programs (server-sent events).
 *
 * A stream is a place in the store's list of events: what a client missed and what happens now come by one way, in order, each once. After a commit every loop that has
 * streams looks for what is new; nothing is queued for a client but what its connection holds, and one that is too slow is closed by that and comes back with
 * Last-Event-ID. A comment every 15 s keeps the way open. A stream ends after an hour: who comes back shows a token that is still good.
 * Memory: of the exchanges. Limits: HUB_SSE_STREAMS_MAX_COUNT a thread: 503 beyond. Threads: hub_sse_begin() the exchange's loop, hub_sse_told() the writer. Serves S36.
 */
#ifndef SECURABLE_HUB_SSE_H
#define SECURABLE_HUB_SSE_H

#include "hub.h"

#define HUB_SSE_HEARTBEAT_MS 15000u
#define HUB_SSE_STREAMS_MAX_COUNT 256u
#define HUB_SSE_MAX_S 3600
/** What one turn writes to one stream at most, but one event more; the rest follows soon. Well within HUB_STREAM_MAX_BYTES, so that who reads is not taken for slow. */
#define HUB_SSE_TURN_BYTES 65536u
#define HUB_SSE_TURN_COUNT 500u

/** Makes the answer a stream of what is behind number `after`; `device` null: of all. */
void hub_sse_begin(struct hub_exchange *x, const struct sec_device_id *device, uint64_t after);
/** After a commit: every loop with streams looks. */
void hub_sse_told(struct hub *hub);

#endif
