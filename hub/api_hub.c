/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"
#include "openapi.h"
#include "sse.h"
#include "writer.h"

#include <securable/version.h>

sec_status hub_api_start(struct hub *hub)
{
    SEC_TRY(hub_api_login_start());
    SEC_TRY(hub_api_payloads_clean(hub->place.payloads_fd));
    return hub_writer_on_commit(hub, hub_sse_told);
}

void hub_api_hub(struct hub_exchange *x)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", x->hub->config.name);
    cJSON_AddStringToObject(json, "version", SEC_VERSION);
    hub_json_add_number(json, "api", 1);
    hub_json_add_hex(json, "ca_digest", sec_digest_bytes(&x->hub->place.ca_digest));
    hub_json_add_time(json, "time", hub_now_s());
    hub_json_add_number(json, "devices", hub_fleet_count(x->hub->fleet));
    hub_json_add_number(json, "interval_s", x->hub->config.interval_s);
    hub_api_json(x, 200, json);
}

void hub_api_openapi(struct hub_exchange *x)
{
    hub_api_bytes(x, "application/openapi+json", hub_openapi(), "openapi");
}
