/* SPDX-License-Identifier: Apache-2.0 */
/* What a device says of itself under its own key, asked for with a nonce of ours: the only facts that a preview is made of. */
#include "console_inside.h"

#include "json_cbor.h"
#include "settings.h"

#include <securable/access_forms.h>
#include <securable/configuration.h>

int console_report(struct console_request *r, const char *device, struct material_report **ret_report)
{
    struct hub_client *hub;
    struct sec_room nonce = cli_room(r->cli, 32);
    CLI_TRY(cli_failed("random", "nonce", r->cli->crypto.random(r->cli->crypto.ctx, nonce)));
    CLI_TRY(console_hub(r, &hub));
    return hub_client_report(hub, device, sec_bytes(nonce.data, nonce.len), r->console->ca, CONSOLE_REPORT_WAIT_S, ret_report);
}

/* --- settings and what they may be ---------------------------------------------------------------------------------- */

static void add_range(struct cli *cli, cJSON *json, const struct sec_product_setting *setting)
{
    (void)cli;
    if (setting->type == SEC_SETTING_INTEGER || setting->type == SEC_SETTING_TEXT) {
        cJSON_AddItemToObject(json, "min", json_int(setting->min));
        cJSON_AddItemToObject(json, "max", json_int(setting->max));
    }
    if (setting->type != SEC_SETTING_ENUM)
        return;
    cJSON *choices = cJSON_AddArrayToObject(json, "choices");
    for (size_t i = 0; i < setting->choices_count; i++)
        cJSON_AddItemToArray(choices, json_text(sec_product_text_at(setting->choices, i)));
}

static cJSON *setting_json(struct cli *cli, const struct sec_product *product, struct sec_bytes key, const struct sec_value *value)
{
    struct sec_product_setting setting;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToObject(json, "name", json_text(key));
    cJSON_AddItemToObject(json, "value", settings_value_json(value));
    if (!sec_ok(sec_configuration_setting_find(product, key, &setting)))
        return json;
    cJSON_AddStringToObject(json, "type", sec_setting_type_word(setting.type));
    cJSON_AddItemToObject(json, "unit", json_text(setting.unit));
    cJSON_AddItemToObject(json, "meaning", json_text(setting.meaning));
    cJSON_AddItemToObject(json, "effect", json_text(setting.effect));
    cJSON_AddItemToObject(json, "preset", settings_value_json(&setting.preset));
    add_range(cli, json, &setting);
    return json;
}

/* The product's settings in the record's order, with those that the device has besides: the baseline's own. */
static void add_settings(struct cli *cli, cJSON *json, const struct material_report *report)
{
    struct sec_cbor rd = sec_cbor(report->report.settings);
    size_t count = report->report.settings.len ? sec_cbor_map(&rd) : 0;
    cJSON *list = cJSON_AddArrayToObject(json, "schema");
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        struct sec_bytes key = sec_cbor_tstr(&rd);
        struct sec_value value = sec_value_read(&rd);
        if (sec_ok(rd.status))
            cJSON_AddItemToArray(list, setting_json(cli, &report->product->product, key, &value));
    }
    cJSON_AddItemToObject(json, "settings", json_cbor(report->report.settings));
}

cJSON *console_changes_json(struct console_request *r, const struct material_report *report, const cJSON *changes)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *one;
    cJSON_ArrayForEach(one, changes)
    {
        struct sec_value old = settings_find(report->report.settings, sec_bytes_of_str(one->string));
        cJSON *json = setting_json(r->cli, &report->product->product, sec_bytes_of_str(one->string), &old);
        cJSON_AddItemToObject(json, "old", cJSON_Duplicate(cJSON_GetArrayItem(one, 0), true));
        cJSON_AddItemToObject(json, "new", cJSON_Duplicate(cJSON_GetArrayItem(one, 1), true));
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

/* --- the rest of a report ----------------------------------------------------------------------------------------- */

static void add_subjects(cJSON *json, const struct sec_report *report)
{
    cJSON *list = cJSON_AddArrayToObject(json, "subjects");
    for (size_t i = 0; i < report->subjects_count; i++) {
        const struct sec_report_subject *subject = &report->subjects[i];
        cJSON *one = cJSON_CreateObject();
        cli_add_text(one, "name", subject->name);
        cJSON_AddStringToObject(one, "role", sec_role_word(subject->role));
        if (subject->has_key)
            cli_add_hex(one, "kid", SEC_BYTES(subject->kid.b));
        else
            cli_add_number(one, "uid", subject->uid);
        cJSON_AddItemToArray(list, one);
    }
}

static void add_lists(struct cli *cli, cJSON *json, const struct sec_report *report)
{
    cJSON *generations = cJSON_AddObjectToObject(json, "generations"), *interfaces = cJSON_AddObjectToObject(json, "interfaces");
    for (size_t i = 0; i < report->generations_count; i++)
        cli_add_number(generations, sec_topic_word(report->generations[i].topic), report->generations[i].generation);
    for (size_t i = 0; i < report->interfaces_count; i++)
        cJSON_AddBoolToObject(interfaces, cli_text(cli, report->interfaces[i].name), report->interfaces[i].enabled);
    add_subjects(json, report);
}

static void add_owner(struct cli *cli, cJSON *json, const struct sec_report *report)
{
    cJSON *lease = cJSON_AddObjectToObject(json, "lease");
    cli_add_number(lease, "days", report->lease.days);
    cli_add_number(lease, "quiet_s", report->lease.quiet_s);
    if (report->lease.beacon_time_s)
        cli_add_time(cli, lease, "beacon_time", report->lease.beacon_time_s);
    cJSON *behind = cJSON_AddArrayToObject(lease, "behind");
    for (size_t i = 0; i < report->lease.behind_count; i++)
        cJSON_AddItemToArray(behind, cJSON_CreateString(sec_topic_word(report->lease.behind[i])));
    cJSON_AddBoolToObject(json, "restricted", report->restricted);
    if (report->recovery.pending)
        cli_add_number(cJSON_AddObjectToObject(json, "recovery"), "left_s", report->recovery.left_s);
    if (report->site.address.len)
        cli_add_text(cJSON_AddObjectToObject(json, "site"), "address", report->site.address);
}

static void add_text_or_null(cJSON *json, const char *name, struct sec_bytes text)
{
    if (text.len)
        cli_add_text(json, name, text);
    else
        cJSON_AddNullToObject(json, name);
}

cJSON *console_device_json(struct console_request *r, const struct material_report *report)
{
    const struct sec_product_facts *product = &report->product->product.facts;
    struct sec_value name = settings_find(report->report.settings, SEC_LIT("securable.device.name"));
    cJSON *json = cJSON_CreateObject();
    struct sec_wr label = sec_wr(cli_room(r->cli, SEC_LABEL_CODE_BYTES));
    sec_label_code_encode(&report->report.device_id, &label);
    cli_add_text(json, "label", sec_wr_done(&label));
    cli_add_hex(json, "id", SEC_BYTES(report->report.device_id.b));
    add_text_or_null(json, "name", name.type == SEC_VALUE_TEXT ? name.text : sec_bytes(NULL, 0));
    cli_add_text(json, "product", product->name);
    cli_add_text(json, "model", product->model);
    cJSON_AddBoolToObject(json, "certified", report->certified);
    cli_add_time(r->cli, json, "device_time", report->report.time_s);
    return json;
}

cJSON *console_facts_json(struct console_request *r, const struct material_report *report)
{
    const struct sec_report *facts = &report->report;
    cJSON *json = console_device_json(r, report);
    cJSON_AddBoolToObject(json, "owned", facts->owned);
    cli_add_number(json, "epoch", facts->epoch);
    add_lists(r->cli, json, facts);
    cJSON *release = cJSON_AddObjectToObject(json, "release");
    cli_add_text(release, "version", facts->release.version);
    cli_add_number(release, "sequence", facts->release.sequence);
    add_settings(r->cli, json, report);
    cJSON_AddStringToObject(json, "clock", sec_clock_quality_word(facts->clock));
    cJSON_AddStringToObject(json, "counter", sec_counter_quality_word(facts->counter));
    cli_add_text(json, "confinement", facts->confinement);
    cli_add_hex(json, "nonce", facts->nonce);
    add_owner(r->cli, json, facts);
    return json;
}

void console_facts(struct console_request *r, const char *device)
{
    struct material_report *report;
    int code = console_report(r, device, &report);
    if (code == CLI_DONE)
        console_json(r, 200, console_facts_json(r, report));
    else
        console_failed(r, code);
}
