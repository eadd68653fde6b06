/* SPDX-License-Identifier: Apache-2.0 */
/* What people send to a hub: JSON bodies, login statements, query strings. */
#include "../hub/json.h"

#include <securable/access_hub.h>
#include <securable/statement.h>

#include <http.h>

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_members(const cJSON *json)
{
    uint8_t room[64];
    struct hub_json_fault fault = {.status = {SEC_OK}};
    (void)hub_json_text(json, "name", 64, &fault);
    fault.status = sec_st(SEC_OK);
    (void)hub_json_number(json, "days", 366, &fault);
    fault.status = sec_st(SEC_OK);
    (void)hub_json_bytes(json, "nonce", SEC_ROOM(room), &fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const members[] = {"name", "days", "nonce", "scope", "key", "role", NULL};
    const struct sec_bytes in = sec_bytes(data, size);
    struct hub_json_fault fault;
    struct sec_statement statement;
    struct sec_login login;
    uint8_t room[64];
    struct sec_bytes value;
    uint64_t number;
    cJSON *json = hub_json_read(in, members, &fault);
    if (json)
        read_members(json);
    cJSON_Delete(json);
    if (sec_ok(sec_statement_parse(in, &statement)))
        (void)sec_login_parse(statement.msg.payload, &login);
    (void)sec_login_parse(in, &login);
    (void)http_query(in, "device", SEC_ROOM(room), &value);
    (void)http_query_number(in, "limit", 100, &number);
    uint8_t text[256];
    if (size <= sizeof text)
        (void)http_base64_decode(in, false, SEC_ROOM(text), &value);
    return 0;
}
