/* SPDX-License-Identifier: Apache-2.0 */
#include "sse.h"

#include "api.h"

#include <stdatomic.h>
#include <string.h>

/* A turn that was full goes on after this. */
#define GO_ON_MS 10u

struct stream {
    struct stream *next;
    struct hub_exchange *x;
    bool has_device;
    struct sec_device_id device;
    int64_t until_s;
    uint64_t after;
    size_t taken;   /* in this turn, in number and in bytes */
    size_t bytes;
    bool more;      /* the turn ended before the events did */
    bool broken;    /* the client was too slow; its end comes from the loop */
};

/* Streams of this thread. */
static _Thread_local struct stream *streams;
static _Thread_local size_t streams_count;

/* Whether anybody listens at all, and for each loop whether it was asked to look already. */
static atomic_size_t listeners;
static struct loop_ask {
    atomic_bool asked;
} asks[HUB_THREADS_MAX_COUNT];

/* --- writing to one ---------------------------------------------------------------------------------------------------------------------- */

static sec_status write_event(void *ctx, const struct hub_event *event)
{
    struct stream *stream = ctx;
    cJSON *json = hub_api_event_json(event);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    uint8_t head[96];
    struct sec_wr wr = sec_wr(SEC_ROOM(head));
    bool numbered = false;
    sec_wr_bytes(&wr, SEC_LIT("id: "));
    for (uint64_t unit = 10000000000000000000u; unit; unit /= 10) {
        numbered = numbered || event->number >= unit || unit == 1;
        if (numbered)
            sec_wr_u8(&wr, (uint8_t)('0' + event->number / unit % 10));
    }
    sec_wr_bytes(&wr, SEC_LIT("\nevent: "));
    sec_wr_bytes(&wr, sec_bytes_part(event->kind, 0, 32));
    sec_wr_bytes(&wr, SEC_LIT("\ndata: "));
    stream->broken = stream->broken || !text || !hub_stream_write(stream->x, sec_wr_done(&wr)) ||
                     !hub_stream_write(stream->x, sec_bytes_of_str(text)) || !hub_stream_write(stream->x, SEC_LIT("\n\n"));
    stream->bytes += text ? strlen(text) : 0;
    cJSON_free(text);
    stream->after = event->number;
    stream->taken++;
    return sec_st(stream->broken ? SEC_IO_FAILED : stream->bytes >= HUB_SSE_TURN_BYTES ? SEC_BUSY : SEC_OK);
}

/* What is new, then the time of the next look. */
static void look(struct stream *stream)
{
    if (stream->broken)
        return;
    stream->taken = stream->bytes = 0;
    sec_status status = hub_events(hub_reader(stream->x), stream->after, stream->has_device ? &stream->device : NULL, HUB_SSE_TURN_COUNT, write_event, stream);
    if (stream->broken)
        return;
    stream->more = sec_is(status, SEC_BUSY) || (sec_ok(status) && stream->taken == HUB_SSE_TURN_COUNT);
    hub_park(stream->x, stream->more ? GO_ON_MS : HUB_SSE_HEARTBEAT_MS);
}

/* Out of this thread's list. */
static void forget(const struct stream *stream)
{
    struct stream **at = &streams;
    while (*at && *at != stream)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = stream->next;
    streams_count--;
    atomic_fetch_sub(&listeners, 1);
}

static void gone(struct hub_exchange *x)
{
    forget(x->own);
}

static void heartbeat(struct hub_exchange *x)
{
    struct stream *stream = x->own;
    if (stream->broken)
        return;
    if (hub_now_s() >= stream->until_s) {
        forget(stream);
        hub_stream_end(x);
        return;
    }
    if (!stream->more && !hub_stream_write(x, SEC_LIT(": still here\n\n"))) {
        stream->broken = true;
        return;
    }
    look(stream);
}

/* --- all of a thread ------------------------------------------------------------------------------------------------------------------------ */

static void look_at_all(void *arg)
{
    struct loop_ask *ask = arg;
    atomic_store(&ask->asked, false);
    for (struct stream *stream = streams, *next; stream; stream = next) {
        next = stream->next;
        look(stream);
    }
}

void hub_sse_told(struct hub *hub)
{
    struct hub_loop *const *loops;
    if (atomic_load(&listeners) == 0)
        return;
    size_t count = hub_loops(hub, &loops);
    for (size_t i = 0; i < count && i < HUB_THREADS_MAX_COUNT; i++)
        if (!atomic_exchange(&asks[i].asked, true))
            hub_post(loops[i], look_at_all, &asks[i]);
}

void hub_sse_begin(struct hub_exchange *x, const struct sec_device_id *device, uint64_t after)
{
    struct stream *stream = streams_count < HUB_SSE_STREAMS_MAX_COUNT ? hub_alloc(x, sizeof *stream) : NULL;
    if (!stream) {
        hub_problem(x, 503, "events", "streams", "too many are open; come back later", "table-full");
        return;
    }
    *stream = (struct stream){.next = streams, .x = x, .has_device = device != NULL, .until_s = hub_now_s() + HUB_SSE_MAX_S, .after = after};
    if (device)
        stream->device = *device;
    streams = stream;
    streams_count++;
    atomic_fetch_add(&listeners, 1);
    x->own = stream;
    x->gone = gone;
    x->timeout = heartbeat;
    hub_field(x, "Cache-Control", "no-store");
    hub_field(x, "X-Accel-Buffering", "no");
    hub_stream_begin(x, "text/event-stream");
    look(stream);
}
