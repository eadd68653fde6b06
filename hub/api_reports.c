/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

struct asking {
    struct hub *hub;
    struct hub_ask ask;
    uint8_t nonce[SEC_REPORT_NONCE_MAX_BYTES];
    bool fresh; /* not asked for before */
};

/* --- asking ------------------------------------------------------------------------------------------------------------------ */

static sec_status put_ask(struct hub_store *store, void *arg)
{
    struct asking *asking = arg;
    struct hub_ask there;
    sec_status status = hub_ask_get(store, &asking->ask.device, asking->ask.nonce, &there);
    asking->fresh = sec_is(status, SEC_NOT_FOUND);
    return asking->fresh ? hub_ask_put(store, &asking->ask) : status;
}

static void asked(struct hub_exchange *x, void *arg, sec_status status)
{
    const struct asking *asking = arg;
    if (!sec_ok(status)) {
        hub_api_refuse(x, "report", "store", status);
        return;
    }
    if (asking->fresh) {
        hub_fleet_add_asks(x->hub->fleet, &asking->ask.device, 1);
        hub_fleet_wake(x->hub->fleet, &asking->ask.device);
    }
    char url[320] = "";
    struct sec_wr wr = sec_wr(sec_room(url, sizeof url - 1));
    sec_wr_bytes(&wr, SEC_LIT("/api/v1/devices/"));
    sec_wr_hex(&wr, sec_device_id_bytes(&asking->ask.device));
    sec_wr_bytes(&wr, SEC_LIT("/reports/"));
    sec_wr_hex(&wr, asking->ask.nonce);
    cJSON *json = cJSON_CreateObject();
    hub_json_add_hex(json, "nonce", asking->ask.nonce);
    cJSON_AddStringToObject(json, "url", url);
    hub_field(x, "Location", url);
    hub_api_json(x, 202, json);
}

static bool read_nonce(struct hub_exchange *x, struct asking *asking)
{
    static const char *const members[] = {"nonce", NULL};
    struct hub_json_fault fault;
    cJSON *json = hub_json_read(x->body, members, &fault);
    if (json) {
        asking->ask.nonce = hub_json_bytes(json, "nonce", SEC_ROOM(asking->nonce), &fault);
        if (sec_ok(fault.status) && asking->ask.nonce.len < SEC_REPORT_NONCE_MIN_BYTES)
            hub_json_fail(&fault, SEC_BAD_VALUE, "nonce", "16 to 128 hex digits are wanted");
        cJSON_Delete(json);
    }
    if (!sec_ok(fault.status))
        hub_api_fault(x, &fault);
    return sec_ok(fault.status);
}

void hub_api_reports_ask(struct hub_exchange *x)
{
    struct asking *asking = hub_alloc(x, sizeof *asking);
    struct hub_device device;
    if (!asking) {
        hub_problem(x, 503, "report", "memory", "there is no memory for it now", "table-full");
        return;
    }
    if (!read_nonce(x, asking) || !hub_api_device(x, &device))
        return;
    asking->hub = x->hub;
    asking->ask.device = device.id;
    asking->ask.asked_s = hub_now_s();
    hub_write(x, x->hub, put_ask, asked, asking);
}

/* --- the answer ---------------------------------------------------------------------------------------------------------------- */

void hub_api_reports_get(struct hub_exchange *x)
{
    uint8_t nonce[SEC_REPORT_NONCE_MAX_BYTES];
    struct sec_device_id id;
    struct hub_ask ask;
    struct sec_bytes text = hub_segment(x, 5);
    size_t len = text.len / 2 < sizeof nonce ? text.len / 2 : sizeof nonce;
    if (!hub_api_device_id(x, &id))
        return;
    if (!sec_ok(sec_hex_parse(text, sec_room(nonce, len), NULL))) {
        hub_problem(x, 404, "report", "path", "nobody asked for one with this nonce", "not-found");
        return;
    }
    sec_status status = hub_ask_get(hub_reader(x), &id, sec_bytes(nonce, len), &ask);
    if (!sec_ok(status)) {
        hub_api_refuse(x, "report", "path", status);
    } else if (ask.report.len) {
        hub_api_bytes(x, "application/cose", ask.report, "report");
    } else {
        cJSON *json = cJSON_CreateObject();
        cJSON_AddBoolToObject(json, "waiting", true);
        hub_api_json(x, 202, json);
    }
}
