/* SPDX-License-Identifier: Apache-2.0 */
/* A second person's yes to a statement, after they were shown what it says. */
#include "commands.h"
#include "json_cbor.h"
#include "material.h"

#include <securable/access_forms.h>

/* What is approved is told from its own bytes, never from what somebody says of it. */
static void add_command(struct cli *cli, const struct sec_command *command, cJSON *facts)
{
    cJSON *said = cJSON_AddObjectToObject(facts, "approved_command");
    cJSON_AddStringToObject(said, "action", sec_action_word(command->action));
    cJSON_AddItemToObject(said, "arguments", json_cbor(command->args));
    cJSON_AddItemToObject(said, command->audience.by_match ? "devices_that_match" : "devices", json_cbor(command->audience.item));
    cJSON_AddStringToObject(said, "topic", sec_topic_word(command->topic));
    cli_add_number(said, "generation", command->generation);
    if (command->members & SEC_WITH_CONFIRM)
        cli_add_number(said, "reverts_unless_confirmed_within_s", command->confirm_within_s);
    if (command->members & SEC_WITH_EXPIRY)
        cli_add_time(cli, said, "expiry", command->expiry_s);
}

static int sign_approval(struct cli *cli, const struct sec_digest *digest, uint64_t epoch)
{
    struct sec_private_key *key;
    struct sec_bytes body;
    const struct sec_approval approval = {*digest, epoch};
    struct sec_wr wr = sec_wr(cli_room(cli, 256));
    sec_approval_encode(&approval, &wr);
    CLI_TRY(cli_failed("approval", "encode", sec_wr_end(&wr, &body)));
    CLI_TRY(material_private_key(cli, cli_get(cli, "key"), 0, &key));
    return material_sign(cli, SEC_STATEMENT_APPROVAL, key, body, cli_get(cli, "out"));
}

int cmd_approve(struct cli *cli)
{
    struct sec_bytes bytes;
    struct sec_statement statement;
    struct sec_command command;
    struct sec_digest digest;
    const char *path = cli->operands[0], *by = cli_get(cli, "signed-by");
    CLI_TRY(material_statement(cli, path, SEC_STATEMENT_COMMAND, &bytes, &statement));
    CLI_TRY(cli_failed(path, "command", sec_command_parse(statement.msg.payload, &command)));
    if (by) {
        struct sec_public_key key;
        CLI_TRY(material_public_key(cli, by, &key));
        CLI_TRY(material_verify(cli, path, &statement, &key));
    }
    CLI_TRY(cli_failed(path, "digest", sec_statement_digest(&statement, statement.msg.payload, &cli->crypto.hasher, &digest)));
    CLI_TRY(sign_approval(cli, &digest, command.epoch));
    cJSON *facts = cJSON_CreateObject();
    add_command(cli, &command, facts);
    cli_add_hex(facts, "signed_by", SEC_BYTES(statement.kid.b));
    cJSON_AddStringToObject(facts, "signature", by ? "valid" : "unchecked here; the device checks it");
    cli_add_hex(facts, "digest", sec_digest_bytes(&digest));
    cli_add_number(facts, "epoch", command.epoch);
    cJSON_AddStringToObject(facts, "file", cli_get(cli, "out"));
    return cli_show(cli, facts, CLI_DONE);
}
