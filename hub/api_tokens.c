/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

/* A year: whoever needs longer makes a new one. */
#define DAYS_MAX 366u

static cJSON *token_json(const struct hub_token *token)
{
    cJSON *json = cJSON_CreateObject();
    hub_json_add_hex(json, "id", sec_digest_bytes(&token->hash));
    hub_json_add_text(json, "name", token->name);
    cJSON_AddItemToObject(json, "scope", hub_api_scope_json(token->scope));
    hub_json_add_time(json, "made_at", token->made_s);
    hub_json_add_time(json, "ends_at", token->ends_s);
    cJSON_AddBoolToObject(json, "by_login", token->by_login);
    if (token->by_login)
        hub_json_add_hex(json, "kid", SEC_BYTES(token->kid.b));
    return json;
}

static sec_status take_token(void *ctx, const struct hub_token *token)
{
    if (token->ends_s > hub_now_s())
        cJSON_AddItemToArray(ctx, token_json(token));
    return sec_st(SEC_OK);
}

void hub_api_tokens(struct hub_exchange *x)
{
    static const char *const names[] = {NULL};
    if (!hub_api_query(x, names))
        return;
    cJSON *items = cJSON_CreateArray();
    sec_status status = hub_tokens(hub_reader(x), take_token, items);
    if (sec_ok(status)) {
        hub_api_json(x, 200, hub_api_list(items, 0));
        return;
    }
    cJSON_Delete(items);
    hub_api_refuse(x, "tokens", "store", status);
}

/* --- a new one ----------------------------------------------------------------------------------------------------------------- */

struct making {
    struct hub *hub;
    struct hub_token row;
    char name[SEC_NAME_MAX_BYTES + 1];
    char token[HUB_API_TOKEN_BYTES];
    char by[SEC_NAME_MAX_BYTES + 1];
};

static sec_status put_token(struct hub_store *store, void *arg)
{
    const struct making *making = arg;
    SEC_TRY(hub_token_put(store, &making->row));
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", making->name);
    cJSON_AddItemToObject(json, "scope", hub_api_scope_json(making->row.scope));
    cJSON_AddBoolToObject(json, "by_login", false);
    cJSON_AddStringToObject(json, "by", making->by);
    return hub_api_tell(making->hub, store, "token", NULL, json);
}

static void made(struct hub_exchange *x, void *arg, sec_status status)
{
    struct making *making = arg;
    if (!sec_ok(status)) {
        hub_api_refuse(x, "token", "store", status);
        return;
    }
    cJSON *json = token_json(&making->row);
    cJSON_AddStringToObject(json, "token", making->token);
    hub_field(x, "Cache-Control", "no-store");
    hub_api_json(x, 201, json);
    sec_wipe(making->token, sizeof making->token);
}

static unsigned read_scope(const cJSON *object, struct hub_json_fault *fault)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "scope"), *item;
    unsigned scope = 0;
    if (!cJSON_IsArray(list))
        hub_json_fail(fault, list ? SEC_UNEXPECTED_TYPE : SEC_MISSING_FIELD, "scope", "a list of read, send, admin is wanted");
    cJSON_ArrayForEach(item, list)
    {
        struct sec_bytes word = cJSON_IsString(item) ? sec_bytes_of_str(item->valuestring) : sec_bytes(NULL, 0);
        unsigned bit = sec_bytes_equal(word, SEC_LIT("read"))    ? HUB_SCOPE_READ
                       : sec_bytes_equal(word, SEC_LIT("send"))  ? HUB_SCOPE_SEND
                       : sec_bytes_equal(word, SEC_LIT("admin")) ? HUB_SCOPE_ADMIN
                                                                 : 0;
        if (bit == 0)
            hub_json_fail(fault, SEC_BAD_VALUE, "scope", "read, send or admin is wanted");
        scope |= bit;
    }
    if (scope == 0)
        hub_json_fail(fault, SEC_BAD_VALUE, "scope", "is empty");
    return scope;
}

static bool read_request(struct hub_exchange *x, struct making *making)
{
    static const char *const members[] = {"name", "scope", "days", NULL};
    struct hub_json_fault fault;
    cJSON *json = hub_json_read(x->body, members, &fault);
    if (json) {
        sec_bytes_copy(sec_room(making->name, SEC_NAME_MAX_BYTES), hub_json_text(json, "name", SEC_NAME_MAX_BYTES, &fault));
        making->row.scope = read_scope(json, &fault);
        uint64_t days = hub_json_number(json, "days", DAYS_MAX, &fault);
        if (days == 0)
            hub_json_fail(&fault, SEC_BAD_VALUE, "days", "at least 1 is wanted");
        making->row.made_s = hub_now_s();
        making->row.ends_s = making->row.made_s + (int64_t)days * 86400;
        cJSON_Delete(json);
    }
    if (!sec_ok(fault.status))
        hub_api_fault(x, &fault);
    return sec_ok(fault.status);
}

void hub_api_tokens_post(struct hub_exchange *x)
{
    struct making *making = hub_alloc(x, sizeof *making);
    if (!making) {
        hub_problem(x, 503, "token", "memory", "there is no memory for it now", "table-full");
        return;
    }
    if (!read_request(x, making))
        return;
    sec_status status = hub_api_token_make(making->token, &making->row.hash);
    if (!sec_ok(status)) {
        hub_api_refuse(x, "token", "random", status);
        return;
    }
    making->hub = x->hub;
    making->row.name = sec_bytes_of_str(making->name);
    sec_copy(making->by, x->who.name, sizeof making->by);
    hub_write(x, x->hub, put_token, made, making);
}

/* --- away with one ---------------------------------------------------------------------------------------------------------------- */

static sec_status remove_token(struct hub_store *store, void *arg)
{
    const struct sec_digest *hash = arg;
    struct hub_token token;
    SEC_TRY(hub_token_get(store, hash, &token));
    return hub_token_remove(store, hash);
}

static void removed(struct hub_exchange *x, void *arg, sec_status status)
{
    (void)arg;
    if (sec_ok(status))
        hub_answer(x, 204, NULL, sec_bytes(NULL, 0));
    else
        hub_api_refuse(x, "token", "path", status);
}

void hub_api_tokens_delete(struct hub_exchange *x)
{
    struct sec_digest *hash = hub_alloc(x, sizeof *hash);
    if (!hash)
        hub_problem(x, 503, "token", "memory", "there is no memory for it now", "table-full");
    else if (hub_api_digest(x, 3, "token", hash))
        hub_write(x, x->hub, remove_token, removed, hash);
}
