/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"
#include "sse.h"

/* --- as JSON ------------------------------------------------------------------------------------------------------------------------ */

cJSON *hub_api_event_json(const struct hub_event *event)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *facts = cJSON_ParseWithLength((const char *)event->json.data, event->json.len);
    hub_json_add_number(json, "number", event->number);
    hub_json_add_time(json, "at", event->at_s);
    hub_json_add_text(json, "kind", event->kind);
    if (event->has_device)
        hub_json_add_hex(json, "device", sec_device_id_bytes(&event->device));
    else
        cJSON_AddNullToObject(json, "device");
    if (!cJSON_AddItemToObject(json, "facts", facts))
        cJSON_AddObjectToObject(json, "facts");
    return json;
}

/* --- a page of them -------------------------------------------------------------------------------------------------------------------- */

struct page {
    cJSON *items;
    uint64_t limit;
    uint64_t taken;
    uint64_t last;
    bool more;
};

static sec_status take_event(void *ctx, const struct hub_event *event)
{
    struct page *page = ctx;
    page->more = page->taken == page->limit;
    if (page->more)
        return sec_st(SEC_OK);
    cJSON_AddItemToArray(page->items, hub_api_event_json(event));
    page->last = event->number;
    page->taken++;
    return sec_st(SEC_OK);
}

static void answer_page(struct hub_exchange *x, uint64_t after, uint64_t limit, const struct sec_device_id *device)
{
    struct page page = {.limit = limit, .items = cJSON_CreateArray()};
    sec_status status = hub_events(hub_reader(x), after, device, (size_t)limit + 1, take_event, &page);
    if (sec_ok(status)) {
        hub_api_json(x, 200, hub_api_list(page.items, page.more ? page.last : 0));
        return;
    }
    cJSON_Delete(page.items);
    hub_api_refuse(x, "events", "store", status);
}

/* --- the handler ------------------------------------------------------------------------------------------------------------------------ */

static bool holds(struct sec_bytes text, struct sec_bytes part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (sec_bytes_equal(sec_bytes_part(text, i, part.len), part))
            return true;
    return false;
}

/* Streams are what this resource is for; pages are for those who say so. */
static bool wants_page(const struct hub_exchange *x)
{
    struct sec_bytes accept = http_field_of(x->head, "Accept");
    return holds(accept, SEC_LIT("application/json")) && !holds(accept, SEC_LIT("text/event-stream"));
}

/* ?device=ID; `ret_has` false: of all. False: answered. */
static bool read_device(struct hub_exchange *x, struct sec_device_id *ret_id, bool *ret_has)
{
    uint8_t room[80];
    struct sec_bytes text;
    sec_status status = http_query(x->head->query, "device", SEC_ROOM(room), &text);
    *ret_has = sec_ok(status);
    if (sec_is(status, SEC_NOT_FOUND) || (sec_ok(status) && sec_ok(sec_device_id_parse(text, ret_id))))
        return true;
    hub_problem(x, 400, "request", "device", "64 hex digits are wanted", "bad-value");
    return false;
}

/* Where a client that comes back was: Last-Event-ID, else ?after=, else the newest. */
static sec_status start_of(struct hub_exchange *x, uint64_t after, uint64_t *ret_after)
{
    struct sec_bytes id = http_field_of(x->head, "Last-Event-ID"), given;
    uint8_t room[24];
    uint64_t number = 0;
    if (id.len == 0 && sec_ok(http_query(x->head->query, "after", SEC_ROOM(room), &given))) {
        *ret_after = after;
        return sec_st(SEC_OK);
    }
    if (id.len == 0)
        return hub_events_last(hub_reader(x), ret_after);
    for (size_t i = 0; i < id.len; i++) {
        if (id.data[i] < '0' || id.data[i] > '9' || i >= 18)
            return sec_st(SEC_BAD_VALUE);
        number = number * 10 + (uint64_t)(id.data[i] - '0');
    }
    *ret_after = number;
    return sec_st(SEC_OK);
}

void hub_api_events(struct hub_exchange *x)
{
    static const char *const names[] = {"limit", "after", "device", NULL};
    uint64_t limit, after;
    struct sec_device_id device;
    bool has_device;
    if (!hub_api_query(x, names) || !hub_api_page(x, &limit, &after) || !read_device(x, &device, &has_device))
        return;
    if (wants_page(x)) {
        answer_page(x, after, limit, has_device ? &device : NULL);
        return;
    }
    sec_status status = start_of(x, after, &after);
    if (sec_ok(status))
        hub_sse_begin(x, has_device ? &device : NULL, after);
    else
        hub_api_refuse(x, "events", "last-event-id", status);
}
