/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "material.h"

#include <string.h>

int cmd_key_new(struct cli *cli)
{
    struct sec_private_key *key;
    const char *type = cli_get(cli, "type");
    const char *out = cli_get(cli, "out");
    bool ed25519 = type && strcmp(type, "ed25519") == 0;
    if (type && !ed25519 && strcmp(type, "p256") != 0)
        return cli_usage(type, "type", "p256 or ed25519");
    CLI_TRY(material_new_key(cli, out, ed25519 ? SEC_KEY_ED25519 : SEC_KEY_P256, &key));
    printf("%s: %s key, id %s; public half: %s\n", out, material_key_type_word(key->key.type),
           material_key_id_text(cli, &key->key), material_public_path(cli, out));
    return CLI_DONE;
}

int cmd_key_show(struct cli *cli)
{
    struct sec_public_key key;
    bool is_private;
    CLI_TRY(material_any_key(cli, cli->operands[0], &key, &is_private));
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddStringToObject(facts, "id", material_key_id_text(cli, &key));
    cJSON_AddStringToObject(facts, "type", material_key_type_word(key.type));
    cJSON_AddStringToObject(facts, "half", is_private ? "private" : "public");
    return cli_show(cli, facts, CLI_DONE);
}
