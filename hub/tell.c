/* SPDX-License-Identifier: Apache-2.0 */
/* Telling is one row: who listens, and the hub's journal, read the events from the store after the commit. */
#include "hub.h"

sec_status hub_tell(struct hub *hub, struct hub_store *store, const char *kind, const struct sec_device_id *device, const char *json)
{
    (void)hub; /* of those who tell, each has one; who listens is woken by the writer */
    struct hub_event event = {.at_s = hub_now_s(), .kind = sec_bytes_of_str(kind), .json = sec_bytes_of_str(json)};
    if (device) {
        event.has_device = true;
        event.device = *device;
    }
    return hub_event_put(store, &event);
}
