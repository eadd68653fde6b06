/* SPDX-License-Identifier: Apache-2.0 */
/* Contact: tells when a device was not heard of for too long. That it is back is told by sync. */
#include "device_routes.h"
#include "contact.h"

#include <securable/access_hub.h>

#include <stdlib.h>

struct silence {
    struct hub *hub;
    int64_t now_s;
};

struct told {
    struct hub *hub;
    struct sec_device_id device;
    const char *kind;
    int64_t seen_s;
};

static sec_status tell(struct hub_store *store, void *arg)
{
    struct told *told = arg;
    return hub_tell(told->hub, store, told->kind, &told->device, "{}");
}

static sec_status tell_seen(struct hub_store *store, void *arg)
{
    struct told *told = arg;
    sec_status status = hub_device_seen(store, &told->device, told->seen_s);
    return sec_ok(status) && told->kind ? tell(store, arg) : status;
}

static void let_go(struct hub_exchange *x, void *arg, sec_status status)
{
    (void)x;
    (void)status; /* what was not stored is stored a minute later */
    free(arg);
}

static void write_contact(struct hub *hub, const struct sec_device_id *device, const char *kind, int64_t seen_s)
{
    struct told *told = malloc(sizeof *told);
    if (!told)
        return;
    *told = (struct told){hub, *device, kind, seen_s};
    hub_write(NULL, hub, seen_s ? tell_seen : tell, let_go, told);
}

void hub_contact_seen(struct hub *hub, const struct hub_member *before, int64_t now_s)
{
    bool due = now_s - before->last_written_s >= HUB_CONTACT_WRITE_S;
    if (due || before->lost)
        write_contact(hub, &before->id, before->lost ? "back" : NULL, now_s);
}

static void look(void *ctx, const struct hub_member *member)
{
    const struct silence *silence = ctx;
    struct hub *hub = silence->hub;
    if (member->lost || member->revoked ||
        sec_contact_judge(member->last_seen_s, silence->now_s, hub->config.interval_s) != SEC_CONTACT_LOST)
        return;
    if (hub_fleet_lost(hub->fleet, &member->id, true))
        write_contact(hub, &member->id, "lost", 0);
}

void hub_contact_tick(struct hub *hub, struct hub_store *reader)
{
    struct silence silence = {hub, hub_now_s()};
    (void)reader;
    hub_fleet_each(hub->fleet, look, &silence);
}
