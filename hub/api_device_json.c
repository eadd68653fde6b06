/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include "../cli/json_cbor.h"

#include <securable/access_hub.h>
#include <securable/eventlog_follow.h>
#include <securable/product.h>

/* --- what a report says ------------------------------------------------------------------------------------------- */

bool hub_api_report(const struct hub_device *device, struct sec_report *ret_report)
{
    struct sec_statement statement;
    return device->report.len && sec_ok(sec_statement_parse(device->report, &statement)) && sec_ok(sec_report_parse(statement.msg.payload, ret_report));
}

/* A setting that is a text; empty when there is none. The map was checked by the report's parser. */
static struct sec_bytes setting_text(struct sec_bytes settings, struct sec_bytes name)
{
    struct sec_cbor rd = sec_cbor(settings);
    size_t count = settings.len ? sec_cbor_map(&rd) : 0;
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        bool wanted = sec_bytes_equal(sec_cbor_tstr(&rd), name);
        if (wanted && sec_cbor_peek(&rd) == SEC_CBOR_TSTR)
            return sec_cbor_tstr(&rd);
        (void)sec_cbor_item(&rd);
    }
    return sec_bytes(NULL, 0);
}

static void product_facts(struct sec_bytes bytes, struct sec_bytes *ret_product, struct sec_bytes *ret_model)
{
    struct sec_statement statement;
    struct sec_product product;
    *ret_product = *ret_model = sec_bytes(NULL, 0);
    if (!sec_ok(sec_statement_parse(bytes, &statement)) || !sec_ok(sec_product_parse(statement.msg.payload, &product)))
        return;
    *ret_product = product.facts.name;
    *ret_model = product.facts.model;
}

bool hub_api_audience_facts(const struct hub_device *device, struct sec_audience_facts *ret_facts)
{
    struct sec_report report;
    *ret_facts = (struct sec_audience_facts){.device_id = sec_device_id_bytes(&device->id)};
    if (!hub_api_report(device, &report))
        return false;
    product_facts(report.product_statement, &ret_facts->product, &ret_facts->model);
    ret_facts->name = setting_text(report.settings, SEC_LIT("securable.device.name"));
    ret_facts->site = setting_text(report.settings, SEC_LIT("securable.device.site"));
    ret_facts->group = setting_text(report.settings, SEC_LIT("securable.device.group"));
    ret_facts->tags = setting_text(report.settings, SEC_LIT("securable.device.tags"));
    return true;
}

static void add_release(cJSON *json, const struct sec_report *report)
{
    if (!report || report->release.version.len == 0) {
        cJSON_AddNullToObject(json, "release");
        return;
    }
    cJSON *release = cJSON_AddObjectToObject(json, "release");
    hub_json_add_number(release, "sequence", report->release.sequence);
    hub_json_add_text(release, "version", report->release.version);
}

static void add_lists(cJSON *json, const struct sec_report *report)
{
    char name[SEC_SETTING_TEXT_MAX_BYTES + 1];
    cJSON *generations = cJSON_AddObjectToObject(json, "generations");
    for (size_t i = 0; i < report->generations_count; i++)
        hub_json_add_number(generations, sec_topic_word(report->generations[i].topic), report->generations[i].generation);
    cJSON *interfaces = cJSON_AddObjectToObject(json, "interfaces");
    for (size_t i = 0; i < report->interfaces_count; i++) {
        sec_zero(name, sizeof name);
        if (sec_bytes_copy(sec_room(name, sizeof name - 1), report->interfaces[i].name))
            cJSON_AddBoolToObject(interfaces, name, report->interfaces[i].enabled);
    }
    cJSON *subjects = cJSON_AddArrayToObject(json, "subjects");
    for (size_t i = 0; i < report->subjects_count; i++) {
        const struct sec_report_subject *subject = &report->subjects[i];
        cJSON *one = cJSON_CreateObject();
        hub_json_add_text(one, "name", subject->name);
        cJSON_AddStringToObject(one, "role", sec_role_word(subject->role));
        if (subject->has_key)
            hub_json_add_hex(one, "kid", SEC_BYTES(subject->kid.b));
        else
            hub_json_add_number(one, "uid", subject->uid);
        cJSON_AddItemToArray(subjects, one);
    }
}

static void add_lease(cJSON *json, const struct sec_report *report)
{
    cJSON *lease = cJSON_AddObjectToObject(json, "lease");
    hub_json_add_number(lease, "days", report->lease.days);
    hub_json_add_number(lease, "quiet_s", report->lease.quiet_s);
    hub_json_add_time_or_null(lease, "beacon_time", report->lease.beacon_time_s);
    cJSON *behind = cJSON_AddArrayToObject(lease, "behind");
    for (size_t i = 0; i < report->lease.behind_count; i++)
        cJSON_AddItemToArray(behind, cJSON_CreateString(sec_topic_word(report->lease.behind[i])));
    cJSON_AddBoolToObject(json, "restricted", report->restricted);
    if (!report->recovery.pending) {
        cJSON_AddNullToObject(json, "recovery");
        return;
    }
    cJSON *recovery = cJSON_AddObjectToObject(json, "recovery");
    hub_json_add_hex(recovery, "statement", sec_digest_bytes(&report->recovery.statement));
    hub_json_add_number(recovery, "left_s", report->recovery.left_s);
}

static void add_site(cJSON *json, const struct sec_report *report)
{
    cJSON *approvals = cJSON_AddArrayToObject(json, "approvals");
    for (size_t i = 0; i < report->approvals_count; i++) {
        cJSON *one = cJSON_CreateObject();
        hub_json_add_hex(one, "statement", sec_digest_bytes(&report->approvals[i].statement));
        hub_json_add_hex(one, "kid", SEC_BYTES(report->approvals[i].kid.b));
        cJSON_AddItemToArray(approvals, one);
    }
    if (report->site.address.len == 0) {
        cJSON_AddNullToObject(json, "site");
        return;
    }
    cJSON *site = cJSON_AddObjectToObject(json, "site");
    hub_json_add_text(site, "address", report->site.address);
    hub_json_add_hex(site, "ca", sec_digest_bytes(&report->site.ca));
}

static void add_report(cJSON *json, const struct hub_device *device, const struct sec_report *report)
{
    if (!report) {
        cJSON_AddNullToObject(json, "report");
        return;
    }
    cJSON *facts = cJSON_AddObjectToObject(json, "report");
    hub_json_add_time(facts, "at", device->report_s);
    hub_json_add_time(facts, "device_time", report->time_s);
    cJSON_AddItemToObject(facts, "settings", json_cbor(report->settings));
    add_lists(facts, report);
    add_release(facts, report);
    cJSON_AddStringToObject(facts, "clock", sec_clock_quality_word(report->clock));
    cJSON_AddStringToObject(facts, "counter", sec_counter_quality_word(report->counter));
    hub_json_add_text(facts, "confinement", report->confinement);
    add_lease(facts, report);
    add_site(facts, report);
}

/* --- a device ------------------------------------------------------------------------------------------------------- */

static void add_names(cJSON *json, const struct hub_device *device, const struct sec_report *report)
{
    char label[SEC_LABEL_CODE_BYTES + 1] = "";
    struct sec_wr wr = sec_wr(sec_room(label, SEC_LABEL_CODE_BYTES));
    struct sec_bytes name = {NULL, 0}, product = {NULL, 0}, model = {NULL, 0};
    sec_label_code_encode(&device->id, &wr);
    if (report) {
        name = setting_text(report->settings, SEC_LIT("securable.device.name"));
        product_facts(report->product_statement, &product, &model);
    }
    hub_json_add_hex(json, "id", sec_device_id_bytes(&device->id));
    cJSON_AddStringToObject(json, "label", label);
    hub_json_add_text_or_null(json, "name", name);
    hub_json_add_text_or_null(json, "product", product);
    hub_json_add_text_or_null(json, "model", model);
}

static void add_alarm(cJSON *json, const struct hub_device *device)
{
    if (device->alarm == SEC_FOLLOW_NONE) {
        cJSON_AddNullToObject(json, "alarm");
        return;
    }
    cJSON *alarm = cJSON_AddObjectToObject(json, "alarm");
    cJSON_AddStringToObject(alarm, "kind", sec_follow_alarm_word(device->alarm));
    hub_json_add_text(alarm, "text", device->alarm_text);
    hub_json_add_time(alarm, "at", device->alarm_s);
}

static void add_head(cJSON *json, const struct hub_device *device)
{
    struct sec_statement statement;
    struct sec_head head;
    if (device->head.len == 0 || !sec_ok(sec_statement_parse(device->head, &statement)) || !sec_ok(sec_head_parse(statement.msg.payload, &head))) {
        cJSON_AddNullToObject(json, "head");
        return;
    }
    cJSON *one = cJSON_AddObjectToObject(json, "head");
    hub_json_add_number(one, "size", head.size);
    hub_json_add_hex(one, "root", sec_digest_bytes(&head.root));
    hub_json_add_number(one, "boot", head.boot);
    hub_json_add_time(one, "time", head.time_s);
}

static void add_contact(struct hub_exchange *x, cJSON *json, const struct hub_device *device)
{
    struct hub_member member = {0};
    bool there = hub_fleet_get(x->hub->fleet, &device->id, &member);
    int64_t seen = there && member.last_seen_s > device->last_seen_s ? member.last_seen_s : device->last_seen_s;
    cJSON_AddStringToObject(json, "contact", sec_contact_word(sec_contact_judge(seen, hub_now_s(), x->hub->config.interval_s)));
    hub_json_add_time_or_null(json, "first_seen", device->first_seen_s);
    hub_json_add_time_or_null(json, "last_seen", seen);
    hub_json_add_number(json, "waiting", there ? member.waiting : 0);
}

cJSON *hub_api_device_json(struct hub_exchange *x, const struct hub_device *device, bool whole)
{
    struct sec_report parsed;
    const struct sec_report *report = hub_api_report(device, &parsed) ? &parsed : NULL;
    cJSON *json = cJSON_CreateObject();
    add_names(json, device, report);
    add_contact(x, json, device);
    hub_json_add_number(json, "epoch", device->epoch);
    cJSON_AddBoolToObject(json, "owned", report && report->owned);
    cJSON_AddBoolToObject(json, "expected", device->expected);
    cJSON_AddBoolToObject(json, "revoked", device->revoked);
    add_alarm(json, device);
    add_head(json, device);
    if (device->certificate_until_s)
        hub_json_add_time(cJSON_AddObjectToObject(json, "certificate"), "until", device->certificate_until_s);
    else
        cJSON_AddNullToObject(json, "certificate");
    add_release(json, report);
    if (whole)
        add_report(json, device, report);
    return json;
}
