/* SPDX-License-Identifier: Apache-2.0 */
#include "rebase.h"

#include "json_cbor.h"

#include <securable/access_forms.h>

#include <stdlib.h>
#include <string.h>

static uint64_t reported_generation(const struct sec_report *report, enum sec_topic topic)
{
    for (size_t i = 0; i < report->generations_count; i++) {
        if (report->generations[i].topic == topic)
            return report->generations[i].generation;
    }
    return 0;
}

static void put_item(const char *name, cJSON *item)
{
    char *text = cJSON_PrintUnformatted(item);
    fprintf(stderr, "  %s: ", name);
    cli_put_text(stderr, text ? text : "");
    fputc('\n', stderr);
    free(text);
    cJSON_Delete(item);
}

/* What is about to be signed, from the command's own bytes; the present values are the device's word. */
static void tell(struct cli *cli, const struct sec_command *command, uint64_t used, const struct material_report *report)
{
    fprintf(stderr, "generation %llu was taken by somebody else's command. Made anew:\n", (unsigned long long)used);
    fprintf(stderr, "  action: %s\n", sec_action_word(command->action));
    put_item("arguments", json_cbor(command->args));
    fprintf(stderr, "  device: %s\n", material_hex(cli, sec_device_id_bytes(&report->report.device_id)));
    fprintf(stderr, "  generation: %llu\n", (unsigned long long)command->generation);
    put_item("settings now (device-signed)", json_cbor(report->report.settings));
}

static bool says_yes(void)
{
    char line[16] = "";
    FILE *terminal = fopen("/dev/tty", "re+");
    if (!terminal)
        return false;
    fputs("Sign it again? [y/N] ", terminal);
    fflush(terminal);
    bool yes = fgets(line, sizeof line, terminal) && (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0);
    fclose(terminal);
    return yes;
}

static int sign_again(struct cli *cli, const struct sec_command *command, const char *key_path, struct sec_bytes *ret_bytes)
{
    struct sec_private_key *key;
    struct sec_bytes body;
    struct sec_wr wr = sec_wr(cli_room(cli, SEC_STATEMENT_MAX_BYTES)), out = sec_wr(cli_room(cli, SEC_STATEMENT_MAX_BYTES));
    sec_command_encode(command, &wr);
    CLI_TRY(cli_failed("command", "encode", sec_wr_end(&wr, &body)));
    CLI_TRY(material_private_key(cli, key_path, 0, &key));
    struct sec_signer signer = sec_private_key_signer(key);
    CLI_TRY(cli_failed(key_path, "sign", sec_statement_sign(SEC_STATEMENT_COMMAND, &signer, &cli->crypto.hasher, body, &out)));
    *ret_bytes = sec_wr_done(&out);
    return CLI_DONE;
}

int rebase_command(struct cli *cli, struct sec_bytes bytes, const struct material_report *report, const char *key, struct sec_bytes *ret_bytes)
{
    struct sec_statement statement;
    struct sec_command command;
    CLI_TRY(cli_failed("command", "statement", sec_statement_parse(bytes, &statement)));
    if (statement.kind != SEC_STATEMENT_COMMAND)
        return cli_refused("command", "kind", "only a command has a generation");
    CLI_TRY(cli_failed("command", "body", sec_command_parse(statement.msg.payload, &command)));
    bool mine = !command.audience.by_match && command.audience.count == 1 &&
                sec_bytes_equal(sec_audience_id_at(&command.audience, 0), sec_device_id_bytes(&report->report.device_id));
    if (!mine)
        return cli_refused("command", "audience", "is for more than one device: make it anew by hand, so that each one's state is looked at");
    uint64_t used = command.generation;
    command.generation = reported_generation(&report->report, command.topic) + 1;
    command.epoch = report->report.epoch;
    if (command.members & SEC_WITH_BASE)
        command.base = report->report.configuration;
    tell(cli, &command, used, report);
    if (!cli_get(cli, "yes") && !says_yes())
        return cli_refused("command", "again", "not signed again");
    return sign_again(cli, &command, key, ret_bytes);
}
