/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include <securable/access_hub.h>
#include <securable/eventlog.h>

#include <string.h>

/* Rows that one step of a filtered walk reads. */
#define STEP_COUNT 500u

/* --- the list --------------------------------------------------------------------------------------------------------- */

struct walk {
    struct hub_exchange *x;
    cJSON *items;
    uint64_t limit;
    uint64_t taken;
    uint64_t seen; /* in this step */
    bool any_state;
    struct sec_bytes state;
    bool alarms_only;
    bool full;                /* one more than the limit was there */
    struct sec_device_id last; /* the newest row that was read, or taken when full */
};

static bool wanted(const struct walk *walk, const struct hub_device *device)
{
    struct hub_member member;
    int64_t seen = device->last_seen_s;
    if (walk->alarms_only && device->alarm == 0)
        return false;
    if (walk->any_state)
        return true;
    if (hub_fleet_get(walk->x->hub->fleet, &device->id, &member) && member.last_seen_s > seen)
        seen = member.last_seen_s;
    const char *word = sec_contact_word(sec_contact_judge(seen, hub_now_s(), walk->x->hub->config.interval_s));
    return sec_bytes_equal(walk->state, sec_bytes_of_str(word)) || (strcmp(word, "now") == 0 && sec_bytes_equal(walk->state, SEC_LIT("connected")));
}

static sec_status take_device(void *ctx, const struct hub_device *device)
{
    struct walk *walk = ctx;
    walk->seen++;
    if (walk->full)
        return sec_st(SEC_OK);
    if (wanted(walk, device)) {
        walk->full = walk->taken == walk->limit;
        if (walk->full)
            return sec_st(SEC_OK);
        cJSON_AddItemToArray(walk->items, hub_api_device_json(walk->x, device, false));
        walk->taken++;
    }
    walk->last = device->id;
    return sec_st(SEC_OK);
}

/* The list's cursor is the last id. */
static bool read_after(struct hub_exchange *x, bool *ret_has, struct sec_device_id *ret_after)
{
    uint8_t room[65];
    struct sec_bytes text;
    sec_status status = http_query(x->head->query, "after", SEC_ROOM(room), &text);
    *ret_has = sec_ok(status);
    if (sec_is(status, SEC_NOT_FOUND))
        return true;
    if (sec_ok(status) && sec_ok(sec_device_id_parse(text, ret_after)))
        return true;
    hub_problem(x, 400, "request", "after", "no cursor of this list", "bad-value");
    return false;
}

static bool read_state(struct hub_exchange *x, struct walk *walk)
{
    static const char *const words[] = {"connected", "now", "late", "lost", "never"};
    uint8_t room[16];
    struct sec_bytes text;
    uint64_t alarm;
    sec_status status = http_query(x->head->query, "state", SEC_ROOM(room), &text);
    walk->any_state = sec_is(status, SEC_NOT_FOUND);
    bool good = walk->any_state;
    for (size_t i = 0; i < sizeof words / sizeof words[0] && sec_ok(status); i++)
        good = good || sec_bytes_equal(text, sec_bytes_of_str(words[i]));
    if (!good) {
        hub_problem(x, 400, "request", "state", "connected, late, lost or never is wanted", "bad-value");
        return false;
    }
    if (!walk->any_state)
        walk->state = hub_copy(x, text);
    if (!sec_ok(http_query_number(x->head->query, "alarm", 0, &alarm)) || alarm > 1) {
        hub_problem(x, 400, "request", "alarm", "0 or 1 is wanted", "bad-value");
        return false;
    }
    walk->alarms_only = alarm == 1;
    return true;
}

static bool read_limit(struct hub_exchange *x, uint64_t *ret_limit)
{
    if (sec_ok(http_query_number(x->head->query, "limit", HUB_API_LIMIT_DEFAULT, ret_limit)) && *ret_limit >= 1 && *ret_limit <= HUB_API_LIMIT_MAX)
        return true;
    hub_problem(x, 400, "request", "limit", "a number from 1 to 500 is wanted", "bad-value");
    return false;
}

void hub_api_devices(struct hub_exchange *x)
{
    static const char *const names[] = {"limit", "after", "state", "alarm", NULL};
    struct walk walk = {.x = x};
    bool has_after;
    if (!hub_api_query(x, names) || !read_limit(x, &walk.limit) || !read_after(x, &has_after, &walk.last) || !read_state(x, &walk))
        return;
    walk.items = cJSON_CreateArray();
    sec_status status;
    do {
        struct sec_device_id after = walk.last;
        walk.seen = 0;
        status = hub_devices(hub_reader(x), has_after ? &after : NULL, STEP_COUNT, take_device, &walk);
        has_after = true;
    } while (sec_ok(status) && !walk.full && walk.seen == STEP_COUNT);
    if (!sec_ok(status)) {
        cJSON_Delete(walk.items);
        hub_api_refuse(x, "devices", "store", status);
        return;
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToObject(json, "items", walk.items);
    if (walk.full)
        hub_json_add_hex(json, "next", sec_device_id_bytes(&walk.last));
    else
        cJSON_AddNullToObject(json, "next");
    hub_api_json(x, 200, json);
}

/* --- one device --------------------------------------------------------------------------------------------------------- */

void hub_api_device_get(struct hub_exchange *x)
{
    struct hub_device device;
    if (hub_api_device(x, &device))
        hub_api_json(x, 200, hub_api_device_json(x, &device, true));
}

void hub_api_device_report(struct hub_exchange *x)
{
    struct hub_device device;
    if (hub_api_device(x, &device))
        hub_api_bytes(x, "application/cose", device.report, "report");
}

void hub_api_device_head(struct hub_exchange *x)
{
    struct hub_device device;
    if (hub_api_device(x, &device))
        hub_api_bytes(x, "application/cose", device.head, "head");
}

void hub_api_device_idevid(struct hub_exchange *x)
{
    struct hub_device device;
    if (hub_api_device(x, &device))
        hub_api_bytes(x, "application/pkix-cert", device.idevid, "idevid");
}

/* --- revoking its transport certificates ----------------------------------------------------------------------------------- */

struct revocation {
    struct hub *hub;
    struct sec_device_id id;
    char by[SEC_NAME_MAX_BYTES + 1];
};

static sec_status revoke(struct hub_store *store, void *arg)
{
    const struct revocation *revocation = arg;
    struct hub_device device;
    SEC_TRY(hub_device_get(store, &revocation->id, &device));
    device.revoked = true;
    SEC_TRY(hub_device_put(store, &device));
    SEC_TRY(hub_certificates_revoke(store, &revocation->id));
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "by", revocation->by);
    return hub_api_tell(revocation->hub, store, "revoked", &revocation->id, json);
}

static void revoked(struct hub_exchange *x, void *arg, sec_status status)
{
    const struct revocation *revocation = arg;
    if (!sec_ok(status)) {
        hub_api_refuse(x, "device", "revoke", status);
        return;
    }
    hub_fleet_revoke(x->hub->fleet, &revocation->id);
    hub_answer(x, 204, NULL, sec_bytes(NULL, 0));
}

void hub_api_device_revoke(struct hub_exchange *x)
{
    struct revocation *revocation = hub_alloc(x, sizeof *revocation);
    if (!revocation) {
        hub_problem(x, 503, "device", "memory", "there is no memory for it now", "table-full");
        return;
    }
    if (!hub_api_device_id(x, &revocation->id))
        return;
    revocation->hub = x->hub;
    sec_copy(revocation->by, x->who.name, sizeof revocation->by);
    hub_write(x, x->hub, revoke, revoked, revocation);
}
