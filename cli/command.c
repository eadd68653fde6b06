/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommand `command`: makes a command from words and files, tells what it will do, signs it. */
#include "command_inside.h"
#include "commands.h"
#include "json_cbor.h"

static void add_audience(struct making *m, cJSON *facts)
{
    const struct sec_audience *audience = &m->command.audience;
    if (audience->by_match) {
        cJSON_AddStringToObject(facts, "devices_that_match", cli_get(m->cli, "match"));
        return;
    }
    cJSON *list = cJSON_AddArrayToObject(facts, "devices");
    for (size_t i = 0; i < audience->count; i++)
        cJSON_AddItemToArray(list, json_hex(sec_audience_id_at(audience, i)));
}

static cJSON *facts_of(struct making *m)
{
    const struct sec_command *command = &m->command;
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddStringToObject(facts, "action", m->row->word);
    cJSON_AddItemToObject(facts, "will", m->will);
    command_add_signer(m, &m->key->key, cli_get(m->cli, "key"), facts);
    add_audience(m, facts);
    cli_add_number(facts, "epoch", command->epoch);
    cli_add_number(facts, "generation", command->generation);
    if (command->members & SEC_WITH_CONFIRM)
        cli_add_number(facts, "reverts_unless_confirmed_within_s", command->confirm_within_s);
    if (command->members & SEC_WITH_NOT_BEFORE)
        cli_add_time(m->cli, facts, "not_before", command->not_before_s);
    if (command->members & SEC_WITH_EXPIRY)
        cli_add_time(m->cli, facts, "expiry", command->expiry_s);
    if (m->report) {
        cJSON_AddStringToObject(facts, "facts_from",
                                m->report->certified ? "device-signed report, certificate valid"
                                                     : "device-signed report, certificate not checked");
        cli_add_time(m->cli, facts, "facts_of", m->report->report.time_s);
        /* One device's present values, shown before a command that goes to others too. */
        if (command->audience.by_match || command->audience.count > 1)
            cli_add_hex(facts, "facts_of_device_alone", sec_device_id_bytes(&m->report->report.device_id));
    } else {
        cJSON_AddStringToObject(facts, "facts_from", "the call alone");
    }
    cli_add_hex(facts, "digest", sec_digest_bytes(&m->digest));
    cJSON_AddStringToObject(facts, "file", cli_get(m->cli, "out"));
    return facts;
}

static int load_facts(struct making *m)
{
    struct material_product *product;
    const char *path = cli_get(m->cli, "product");
    m->report_path = cli_get(m->cli, "report");
    if (m->report_path) {
        CLI_TRY(material_report(m->cli, m->report_path, cli_get(m->cli, "ca"), &m->report));
        material_report_warn(m->report_path, m->report);
        m->product = &m->report->product->product;
    } else if (path) {
        CLI_TRY(material_product(m->cli, path, &product));
        m->product = &product->product;
    }
    return CLI_DONE;
}

static int take_options(struct cli *cli, struct command_options *options)
{
    options->devices_count = cli_count(cli, "device");
    for (size_t i = 0; i < options->devices_count; i++)
        options->devices[i] = cli_get_at(cli, "device", i);
    options->match = cli_get(cli, "match");
    options->not_before = cli_get(cli, "not-before");
    options->expiry = cli_get(cli, "expiry");
    options->trust = cli_get(cli, "trust");
    options->base = cli_get(cli, "base");
    CLI_TRY(cli_get_number(cli, "epoch", 1, INT64_MAX, &options->epoch));
    CLI_TRY(cli_get_number(cli, "generation", 1, INT64_MAX, &options->generation));
    return cli_get_number(cli, "confirm-within", 1, 30u * 86400u, &options->confirm_within_s);
}

static int make(struct making *m)
{
    struct sec_bytes body, statement;
    const char *out = cli_get(m->cli, "out");
    CLI_TRY(command_build(m, &body));
    CLI_TRY(material_private_key(m->cli, cli_get(m->cli, "key"), 0, &m->key));
    CLI_TRY(command_sign(m->cli, m->key, body, &statement, &m->digest));
    return files_write(out, 0644, statement);
}

int cmd_command(struct cli *cli)
{
    struct command_options options = {0};
    struct making m = {.cli = cli, .options = &options, .operands = &cli->operands[1], .operands_count = cli->operands_count - 1};
    CLI_TRY(take_options(cli, &options));
    CLI_TRY(command_find(cli->operands[0], &m.row));
    CLI_TRY(load_facts(&m));
    m.will = cJSON_CreateObject();
    int code = make(&m);
    if (code != CLI_DONE) {
        cJSON_Delete(m.will);
        return code;
    }
    return cli_show(cli, facts_of(&m), CLI_DONE);
}
