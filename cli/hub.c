/* SPDX-License-Identifier: Apache-2.0 */
/* A hub, asked and told: manufacturers to trust, devices, people, tokens. */
#include "commands.h"
#include "hub_send.h"
#include "json_cbor.h"
#include "material.h"

#include "http.h"

#include <securable/access_forms.h>

#include <stdlib.h>
#include <string.h>

#define PAGE_MAX_COUNT 1000u

/* --- asking -------------------------------------------------------------------------------------------------- */

static int show_answer(struct cli *cli, struct hub_client *client, const char *method, const char *path, const char *body)
{
    struct hub_answer answer;
    int code = hub_client_ask(client, method, path, NULL, body ? "application/json" : NULL, sec_bytes_of_str(body ? body : ""), &answer);
    cJSON *facts = code == CLI_DONE && answer.json ? cJSON_Duplicate(answer.json, true) : NULL;
    hub_client_close(client);
    CLI_TRY(code);
    return facts ? cli_show(cli, facts, CLI_DONE) : CLI_DONE;
}

/* Follows a list to its end. */
static int gather_list(struct cli *cli, struct hub_client *client, const char *path, cJSON *items)
{
    const char *next = "";
    for (unsigned page = 0; next && page < PAGE_MAX_COUNT; page++) {
        struct hub_answer answer;
        const char *url = *next ? cli_format(cli, "%s%cafter=%s", path, strchr(path, '?') ? '&' : '?', next) : path;
        CLI_TRY(hub_client_ask(client, "GET", url, NULL, NULL, sec_bytes(NULL, 0), &answer));
        cJSON *list = cJSON_GetObjectItemCaseSensitive(answer.json, "items");
        while (cJSON_GetArraySize(list))
            cJSON_AddItemToArray(items, cJSON_DetachItemFromArray(list, 0));
        next = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer.json, "next"));
        next = next ? cli_text(cli, sec_bytes_of_str(next)) : NULL;
    }
    return CLI_DONE;
}

static int show_list(struct cli *cli, const char *name, const char *path)
{
    struct hub_client *client;
    CLI_TRY(hub_open(cli, &client));
    cJSON *facts = cJSON_CreateObject();
    int code = gather_list(cli, client, path, cJSON_AddArrayToObject(facts, name));
    hub_client_close(client);
    if (code != CLI_DONE) {
        cJSON_Delete(facts);
        return code;
    }
    return cli_show(cli, facts, CLI_DONE);
}

int cmd_hub_show(struct cli *cli)
{
    struct hub_client *client;
    CLI_TRY(hub_open(cli, &client));
    return show_answer(cli, client, "GET", "/api/v1/hub", NULL);
}

int cmd_hub_devices(struct cli *cli)
{
    return show_list(cli, "devices", cli_get(cli, "alarm") ? "/api/v1/devices?alarm=1" : "/api/v1/devices");
}

static int device_path(struct cli *cli, const char *more, const char **ret_path)
{
    struct sec_device_id id;
    CLI_TRY(material_device_id(cli, cli->operands[0], &id));
    *ret_path = cli_format(cli, "/api/v1/devices/%s%s", material_hex(cli, SEC_BYTES(id.b)), more);
    return CLI_DONE;
}

int cmd_hub_device(struct cli *cli)
{
    struct hub_client *client;
    const char *path;
    CLI_TRY(device_path(cli, "", &path));
    CLI_TRY(hub_open(cli, &client));
    return show_answer(cli, client, "GET", path, NULL);
}

int cmd_hub_revoke(struct cli *cli)
{
    struct hub_client *client;
    const char *path;
    CLI_TRY(device_path(cli, "/revoke", &path));
    CLI_TRY(hub_open(cli, &client));
    return show_answer(cli, client, "POST", path, "{}");
}

int cmd_hub_statements(struct cli *cli)
{
    return show_list(cli, "statements", "/api/v1/statements");
}

int cmd_hub_people(struct cli *cli)
{
    return show_list(cli, "people", "/api/v1/people");
}

int cmd_hub_tokens(struct cli *cli)
{
    return show_list(cli, "tokens", "/api/v1/tokens");
}

/* --- telling --------------------------------------------------------------------------------------------------- */

static const char *base64(struct cli *cli, struct sec_bytes bytes)
{
    struct sec_room room = cli_room(cli, bytes.len * 4 / 3 + 8);
    struct sec_wr wr = sec_wr(room);
    http_base64_encode(bytes, false, &wr);
    return (const char *)room.data;
}

int cmd_hub_trust_maker(struct cli *cli)
{
    struct hub_client *client;
    struct sec_bytes roots, ca;
    struct sec_statement statement;
    bool folder = cli->operands_count == 1;
    const char *first = cli->operands[0];
    if (folder && !files_is_dir(first))
        return cli_usage("securable", "hub trust-maker", "wanted: MAKERDIR, or ROOTS.cose CA.pem");
    const char *roots_path = folder ? files_join(cli, first, "roots.cose") : first;
    CLI_TRY(material_statement(cli, roots_path, SEC_STATEMENT_ROOTS, &roots, &statement));
    CLI_TRY(material_certificate(cli, folder ? files_join(cli, first, "ca.pem") : cli->operands[1], &ca));
    CLI_TRY(hub_open(cli, &client));
    return show_answer(cli, client, "POST", "/api/v1/makers",
                       cli_format(cli, "{\"roots\":\"%s\",\"ca\":\"%s\"}", base64(cli, roots), base64(cli, ca)));
}

static const char *object_text(struct cli *cli, cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    const char *kept = cli_text(cli, sec_bytes_of_str(text ? text : "{}"));
    free(text);
    cJSON_Delete(object);
    return kept;
}

int cmd_hub_token(struct cli *cli)
{
    struct hub_client *client;
    uint64_t days = 30;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "name", cli_get(cli, "name"));
    cJSON *scope = cJSON_AddArrayToObject(body, "scope");
    for (size_t i = 0; i < cli_count(cli, "scope"); i++)
        cJSON_AddItemToArray(scope, cJSON_CreateString(cli_get_at(cli, "scope", i)));
    int code = cli_get_number(cli, "days", 1, 3650, &days);
    cli_add_number(body, "days", days);
    const char *text = object_text(cli, body);
    CLI_TRY(code);
    CLI_TRY(hub_open(cli, &client));
    return show_answer(cli, client, "POST", "/api/v1/tokens", text);
}

int cmd_hub_admit(struct cli *cli)
{
    struct hub_client *client;
    struct sec_public_key key;
    struct sec_bytes cose;
    CLI_TRY(material_public_key(cli, cli->operands[0], &key));
    struct sec_wr wr = sec_wr(cli_room(cli, 256));
    sec_key_encode(&key, &wr);
    CLI_TRY(cli_failed(cli->operands[0], "key", sec_wr_end(&wr, &cose)));
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "key", material_hex(cli, cose));
    cJSON_AddStringToObject(body, "role", cli_get(cli, "role"));
    cJSON_AddStringToObject(body, "name", cli_get(cli, "name"));
    const char *text = object_text(cli, body);
    CLI_TRY(hub_open(cli, &client));
    return show_answer(cli, client, "POST", "/api/v1/people", text);
}
