/* SPDX-License-Identifier: Apache-2.0 */
/* Another person's command, told from its own bytes and the devices' own facts, before it is approved. */
#include "console_inside.h"

#include "json_cbor.h"
#include "settings.h"

#include <securable/access_forms.h>
#include <securable/configuration.h>

#include <string.h>

/* --- who signed ------------------------------------------------------------------------------------------------------- */

/* The hub brings the key; the key's thumbprint is its id, so that a false one is seen. */
static bool find_key(struct console_request *r, const struct sec_key_id *kid, struct sec_public_key *ret_key)
{
    struct hub_client *hub;
    struct hub_answer answer;
    const cJSON *one;
    if (console_hub(r, &hub) != CLI_DONE ||
        hub_client_ask(hub, "GET", "/api/v1/people", NULL, NULL, sec_bytes(NULL, 0), &answer) != CLI_DONE)
        return false;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(answer.json, "items"))
    {
        uint8_t room[256];
        size_t len = 0;
        struct sec_key_id found;
        const char *hex = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "key"));
        if (!hex || strlen(hex) > 2 * sizeof room || !sec_ok(sec_hex_parse(sec_bytes_of_str(hex), sec_room(room, strlen(hex) / 2), &len)))
            continue;
        struct sec_cbor rd = sec_cbor(sec_bytes(room, len));
        sec_key_read(&rd, ret_key);
        if (sec_ok(sec_cbor_end(&rd)) && sec_ok(sec_key_id_of(ret_key, &r->cli->crypto.hasher, &found)) && sec_key_id_equal(&found, kid))
            return true;
    }
    return false;
}

static bool is_verified(struct console_request *r, const struct sec_statement *statement)
{
    struct sec_public_key key;
    bool found = find_key(r, &statement->kid, &key);
    (void)console_said(r);
    return found && sec_ok(sec_statement_verify(statement, statement->msg.payload, &key, &r->cli->crypto.verifier));
}

static void add_signer(cJSON *json, const struct sec_statement *statement, const struct sec_report *report, bool verified)
{
    cJSON *signer = cJSON_AddObjectToObject(json, "asked_by");
    cli_add_hex(signer, "key", SEC_BYTES(statement->kid.b));
    cJSON_AddBoolToObject(signer, "verified", verified);
    for (size_t i = 0; i < report->subjects_count; i++) {
        const struct sec_report_subject *subject = &report->subjects[i];
        if (!subject->has_key || !sec_key_id_equal(&subject->kid, &statement->kid))
            continue;
        cli_add_text(signer, "name", subject->name);
        cJSON_AddStringToObject(signer, "role", sec_role_word(subject->role));
        return;
    }
}

/* --- what it says -------------------------------------------------------------------------------------------------------- */

/* {"name": [old, new]}, old as this device says. */
static cJSON *changes_of(struct console_request *r, const struct sec_command *command, const struct material_report *report)
{
    cJSON *changes = cJSON_CreateObject();
    struct sec_cbor rd = sec_cbor(command->args);
    size_t count = sec_cbor_map(&rd);
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        struct sec_bytes key = sec_cbor_tstr(&rd);
        struct sec_value value = sec_value_read(&rd);
        if (!sec_ok(rd.status))
            break;
        struct sec_value old = settings_find(report->report.settings, key);
        cJSON *pair = cJSON_AddArrayToObject(changes, cli_text(r->cli, key));
        cJSON_AddItemToArray(pair, settings_value_json(&old));
        cJSON_AddItemToArray(pair, settings_value_json(&value));
    }
    return changes;
}

static void add_said(struct console_request *r, cJSON *json, const struct sec_command *command, const struct material_report *report)
{
    cJSON_AddStringToObject(json, "action", sec_action_word(command->action));
    cli_add_number(json, "epoch", command->epoch);
    cli_add_number(json, "generation", command->generation);
    if (command->members & SEC_WITH_CONFIRM)
        cli_add_number(json, "confirm_within_s", command->confirm_within_s);
    if (command->members & SEC_WITH_EXPIRY)
        cli_add_time(r->cli, json, "expiry", command->expiry_s);
    if (command->action == SEC_ACTION_CONFIGURATION_SET) {
        cJSON *changes = changes_of(r, command, report);
        cJSON_AddItemToObject(json, "changes", console_changes_json(r, report, changes));
        cJSON_Delete(changes);
    } else {
        cJSON_AddItemToObject(cJSON_AddObjectToObject(json, "will"), "arguments", json_cbor(command->args));
    }
    cJSON *warnings = cJSON_AddArrayToObject(json, "warnings");
    if (command->epoch != report->report.epoch)
        cJSON_AddItemToArray(warnings, cJSON_CreateString("it is of another ownership epoch; the device will refuse it"));
}

static int add_device(struct console_building *b, const struct sec_statement *statement, const struct sec_command *command, const char *device, bool verified)
{
    struct material_report *report;
    CLI_TRY(console_report(b->r, device, &report));
    cJSON *json = console_device_json(b->r, report);
    cJSON_AddItemToArray(b->devices, json);
    add_signer(json, statement, &report->report, verified);
    add_said(b->r, json, command, report);
    if (!verified)
        cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(json, "warnings"),
                             cJSON_CreateString("its signature could not be checked here: the signer's key is not at hand; the device checks it"));
    return CLI_DONE;
}

static int keep_approval(struct console_building *b, const struct sec_digest *digest, uint64_t epoch)
{
    const struct sec_approval approval = {*digest, epoch};
    struct sec_bytes body;
    struct sec_wr wr = sec_wr(cli_room(b->r->cli, 256));
    sec_approval_encode(&approval, &wr);
    CLI_TRY(cli_failed("approval", "encode", sec_wr_end(&wr, &body)));
    return console_keep(b, SEC_STATEMENT_APPROVAL, body);
}

int console_build_approval(struct console_building *b)
{
    struct cli *cli = b->r->cli;
    struct sec_bytes bytes;
    struct sec_statement statement;
    struct sec_command command;
    struct sec_digest digest;
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(b->asked, "statement"));
    CLI_TRY(console_statement(b->r, name ? name : "", &bytes));
    CLI_TRY(material_statement_of(cli, name, bytes, SEC_STATEMENT_COMMAND, &statement));
    CLI_TRY(cli_failed(name, "command", sec_command_parse(statement.msg.payload, &command)));
    CLI_TRY(cli_failed(name, "digest", sec_statement_digest(&statement, statement.msg.payload, &cli->crypto.hasher, &digest)));
    if (command.audience.by_match)
        return cli_refused(name, "audience", "is not by device ids: which devices it means, only the hub could say; approve it with `securable approve`");
    if (command.audience.count > CONSOLE_DEVICES_MAX_COUNT)
        return cli_refused(name, "audience", "is more than %u devices; approve it with `securable approve`", CONSOLE_DEVICES_MAX_COUNT);
    bool verified = is_verified(b->r, &statement);
    for (size_t i = 0; i < command.audience.count; i++)
        CLI_TRY(add_device(b, &statement, &command, material_hex(cli, sec_audience_id_at(&command.audience, i)), verified));
    return keep_approval(b, &digest, command.epoch);
}
