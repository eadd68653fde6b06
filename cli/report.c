/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "hub_send.h"
#include "json_cbor.h"
#include "target.h"

#include <securable/access_forms.h>
#include <securable/eventlog.h>

#include <string.h>

/** How long a device may take to answer through its hub: it may be asleep between two polls. */
#define HUB_REPORT_WAIT_S 75u

/* --- what a report says ---------------------------------------------------------------------------------------- */

static void add_generations(cJSON *facts, const struct sec_report *report)
{
    cJSON *list = cJSON_AddObjectToObject(facts, "generations");
    for (size_t i = 0; i < report->generations_count; i++)
        cli_add_number(list, sec_topic_word(report->generations[i].topic), report->generations[i].generation);
}

static void add_interfaces(struct cli *cli, cJSON *facts, const struct sec_report *report)
{
    cJSON *list = cJSON_AddObjectToObject(facts, "interfaces");
    for (size_t i = 0; i < report->interfaces_count; i++)
        cJSON_AddBoolToObject(list, cli_text(cli, report->interfaces[i].name), report->interfaces[i].enabled);
}

static void add_subjects(cJSON *facts, const struct sec_report *report)
{
    cJSON *list = cJSON_AddArrayToObject(facts, "roster");
    for (size_t i = 0; i < report->subjects_count; i++) {
        const struct sec_report_subject *subject = &report->subjects[i];
        cJSON *one = cJSON_CreateObject();
        cli_add_text(one, "name", subject->name);
        cJSON_AddStringToObject(one, "role", sec_role_word(subject->role));
        if (subject->has_key)
            cli_add_hex(one, "key", SEC_BYTES(subject->kid.b));
        else
            cli_add_number(one, "uid", subject->uid);
        cJSON_AddItemToArray(list, one);
    }
}

static void add_head(struct cli *cli, cJSON *facts, const struct material_report *report)
{
    struct sec_head head;
    if (report->report.head.len == 0 || !sec_ok(sec_head_check(report->report.head, &report->key, &cli->crypto, &head)))
        return;
    cJSON *json = cJSON_AddObjectToObject(facts, "log");
    cli_add_number(json, "records", head.size);
    cli_add_hex(json, "root", sec_digest_bytes(&head.root));
    cli_add_hex(json, "state_root", sec_digest_bytes(&head.state_root));
    cli_add_number(json, "boot", head.boot);
}

static void add_release(cJSON *facts, const struct sec_report_release *release)
{
    cJSON *json = cJSON_AddObjectToObject(facts, "release");
    cli_add_text(json, "version", release->version);
    cli_add_number(json, "sequence", release->sequence);
    cli_add_text(json, "slot", release->slot);
    cli_add_hex(json, "image", sec_digest_bytes(&release->image));
}

static cJSON *report_json(struct cli *cli, const struct material_report *verified)
{
    const struct sec_report *report = &verified->report;
    const struct sec_product_facts *product = &verified->product->product.facts;
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddStringToObject(facts, "signature", "valid");
    cJSON_AddStringToObject(facts, "certificate", verified->certified ? "valid" : "unchecked");
    cli_add_hex(facts, "nonce", report->nonce);
    cli_add_hex(facts, "device", SEC_BYTES(report->device_id.b));
    cli_add_text(facts, "product", product->name);
    cli_add_text(facts, "model", product->model);
    cli_add_time(cli, facts, "time", report->time_s);
    cJSON_AddStringToObject(facts, "clock", sec_clock_quality_word(report->clock));
    cJSON_AddStringToObject(facts, "rollback_counter", sec_counter_quality_word(report->counter));
    cJSON_AddBoolToObject(facts, "owned", report->owned);
    cli_add_number(facts, "epoch", report->epoch);
    add_generations(facts, report);
    add_release(facts, &report->release);
    cJSON_AddItemToObject(facts, "settings", json_cbor(report->settings));
    add_interfaces(cli, facts, report);
    add_subjects(facts, report);
    add_head(cli, facts, verified);
    cli_add_text(facts, "confinement", report->confinement);
    cli_add_hex(facts, "configuration_digest", sec_digest_bytes(&report->configuration));
    cli_add_hex(facts, "product_digest", sec_digest_bytes(&report->product));
    return facts;
}

/* --- asking ---------------------------------------------------------------------------------------------------- */

static int take_nonce(struct cli *cli, struct sec_bytes *ret_nonce)
{
    const char *text = cli_get(cli, "nonce");
    *ret_nonce = sec_bytes(NULL, 0);
    if (!text)
        return CLI_DONE;
    size_t len = strlen(text) / 2, got = 0;
    struct sec_room room = cli_room(cli, len);
    bool good = strlen(text) % 2 == 0 && len >= SEC_REPORT_NONCE_MIN_BYTES && len <= SEC_REPORT_NONCE_MAX_BYTES &&
                sec_ok(sec_hex_parse(sec_bytes_of_str(text), room, &got));
    if (!good)
        return cli_usage(text, "nonce", "16 to 128 hex digits are wanted");
    *ret_nonce = sec_bytes(room.data, room.len);
    return CLI_DONE;
}

/* Through a hub the nonce is ours as well: an answer that is old, or another device's, is no answer. */
static int report_by_hub(struct cli *cli, struct sec_bytes nonce, const char *ca, struct material_report **ret_report)
{
    struct hub_client *client;
    uint64_t wait_s = HUB_REPORT_WAIT_S;
    CLI_TRY(cli_get_number(cli, "wait", 0, 86400, &wait_s));
    if (nonce.len == 0) {
        struct sec_room room = cli_room(cli, 32);
        CLI_TRY(cli_failed("random", "nonce", cli->crypto.random(cli->crypto.ctx, room)));
        nonce = sec_bytes(room.data, room.len);
    }
    CLI_TRY(hub_open(cli, &client));
    int code = hub_client_report(client, cli->operands[0], nonce, ca, (unsigned)wait_s, ret_report);
    hub_client_close(client);
    return code;
}

static int report_by_door(struct cli *cli, struct sec_bytes nonce, const char *ca, struct material_report **ret_report)
{
    struct target *target;
    CLI_TRY(target_open(cli, cli->operands[0], TARGET_TIMEOUT_S, &target));
    int code = target_report(cli, target, nonce, ca, ret_report);
    target_close(target);
    return code;
}

int cmd_report(struct cli *cli)
{
    struct sec_bytes nonce;
    struct material_report *report;
    const char *ca = cli_get(cli, "ca"), *out = cli_get(cli, "out");
    CLI_TRY(take_nonce(cli, &nonce));
    CLI_TRY(cli_get(cli, "hub") ? report_by_hub(cli, nonce, ca, &report) : report_by_door(cli, nonce, ca, &report));
    if (!ca)
        material_report_warn(cli->operands[0], report);
    if (out)
        CLI_TRY(files_write(out, 0644, report->bytes));
    return cli_show(cli, report_json(cli, report), CLI_DONE);
}
