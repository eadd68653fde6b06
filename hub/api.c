/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- answers ---------------------------------------------------------------------------------------------------- */

/* True when a list of entity tags names this one, or any. */
static bool names_etag(struct sec_bytes list, struct sec_bytes etag)
{
    if (sec_bytes_equal(list, SEC_LIT("*")))
        return true;
    for (size_t i = 0; i + etag.len <= list.len; i++)
        if (sec_bytes_equal(sec_bytes_part(list, i, etag.len), etag))
            return true;
    return false;
}

/* A strong tag is the digest of what is answered: equal tags mean equal bytes. True: answered with 304. */
static bool answered_by_etag(struct hub_exchange *x, struct sec_bytes body)
{
    struct sec_digest digest;
    char text[40] = "";
    struct sec_wr wr = sec_wr(sec_room(text, sizeof text - 1));
    if (!x->head || !sec_bytes_equal(x->head->method, SEC_LIT("GET")))
        return false;
    if (!sec_ok(hub_crypto()->hasher.digest(hub_crypto()->hasher.ctx, &body, 1, &digest)))
        return false;
    sec_wr_bytes(&wr, SEC_LIT("\""));
    sec_wr_hex(&wr, sec_bytes(digest.b, 16));
    sec_wr_bytes(&wr, SEC_LIT("\""));
    hub_field(x, "ETag", text);
    if (!names_etag(http_field_of(x->head, "If-None-Match"), sec_wr_done(&wr)))
        return false;
    hub_answer(x, 304, NULL, sec_bytes(NULL, 0));
    return true;
}

void hub_api_json(struct hub_exchange *x, unsigned status, cJSON *json)
{
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    struct sec_bytes body = text ? hub_copy(x, sec_bytes_of_str(text)) : sec_bytes(NULL, 0);
    cJSON_free(text);
    if (body.len == 0) {
        hub_problem(x, 503, "answer", "memory", "there is no memory for it now", "table-full");
        return;
    }
    if (status == 200 && answered_by_etag(x, body))
        return;
    hub_answer(x, status, "application/json", body);
}

void hub_api_bytes(struct hub_exchange *x, const char *content_type, struct sec_bytes bytes, const char *object)
{
    if (bytes.len == 0) {
        hub_problem(x, 404, object, "", "the hub does not have it", "not-found");
        return;
    }
    struct sec_bytes body = hub_copy(x, bytes);
    if (body.len == 0)
        hub_problem(x, 503, "answer", "memory", "there is no memory for it now", "table-full");
    else if (!answered_by_etag(x, body))
        hub_answer(x, 200, content_type, body);
}

void hub_api_fault(struct hub_exchange *x, const struct hub_json_fault *fault)
{
    unsigned status = sec_is(fault->status, SEC_TOO_LARGE) ? 413 : 400;
    hub_problem(x, status, "request", fault->clause, hub_format(x, "%s", fault->fact), sec_status_word(fault->status));
}

void hub_api_refuse(struct hub_exchange *x, const char *object, const char *clause, sec_status status)
{
    hub_problem_status(x, object, clause, status);
}

/* --- requests --------------------------------------------------------------------------------------------------- */

bool hub_api_digest(struct hub_exchange *x, size_t segment, const char *object, struct sec_digest *ret_digest)
{
    if (sec_ok(sec_hex_parse(hub_segment(x, segment), SEC_ROOM(ret_digest->b), NULL)))
        return true;
    hub_problem(x, 404, object, "path", "64 hex digits name one", "not-found");
    return false;
}

bool hub_api_device_id(struct hub_exchange *x, struct sec_device_id *ret_id)
{
    struct sec_digest digest;
    if (!hub_api_digest(x, 3, "device", &digest))
        return false;
    sec_copy(ret_id->b, digest.b, sizeof ret_id->b);
    return true;
}

bool hub_api_device(struct hub_exchange *x, struct hub_device *ret_device)
{
    struct sec_device_id id;
    if (!hub_api_device_id(x, &id))
        return false;
    sec_status status = hub_device_get(hub_reader(x), &id, ret_device);
    if (!sec_ok(status))
        hub_api_refuse(x, "device", "path", status);
    return sec_ok(status);
}

bool hub_api_page(struct hub_exchange *x, uint64_t *ret_limit, uint64_t *ret_after)
{
    struct sec_bytes query = x->head->query;
    if (!sec_ok(http_query_number(query, "limit", HUB_API_LIMIT_DEFAULT, ret_limit)) || *ret_limit < 1 || *ret_limit > HUB_API_LIMIT_MAX) {
        hub_problem(x, 400, "request", "limit", "a number from 1 to 500 is wanted", "bad-value");
        return false;
    }
    if (!sec_ok(http_query_number(query, "after", 0, ret_after)) || *ret_after > INT64_MAX) {
        hub_problem(x, 400, "request", "after", "no cursor of this list", "bad-value");
        return false;
    }
    return true;
}

cJSON *hub_api_list(cJSON *items, uint64_t next)
{
    cJSON *json = cJSON_CreateObject();
    if (!cJSON_AddItemToObject(json, "items", items))
        cJSON_Delete(items);
    if (next == 0) {
        cJSON_AddNullToObject(json, "next");
        return json;
    }
    char text[24];
    struct sec_wr wr = sec_wr(sec_room(text, sizeof text - 1));
    for (uint64_t unit = 10000000000000000000u; unit; unit /= 10)
        if (next >= unit)
            sec_wr_u8(&wr, (uint8_t)('0' + next / unit % 10));
    text[wr.len] = '\0';
    cJSON_AddStringToObject(json, "next", text);
    return json;
}

static bool is_known(struct sec_bytes name, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        if (sec_bytes_equal(name, sec_bytes_of_str(names[i])))
            return true;
    return false;
}

bool hub_api_query(struct hub_exchange *x, const char *const *names)
{
    struct sec_bytes query = x->head->query;
    size_t start = 0, equals = SIZE_MAX;
    for (size_t i = 0; i <= query.len; i++) {
        if (i < query.len && query.data[i] == '=' && equals == SIZE_MAX)
            equals = i;
        if (i < query.len && query.data[i] != '&')
            continue;
        struct sec_bytes name = sec_bytes_part(query, start, (equals == SIZE_MAX ? i : equals) - start);
        if (name.len && !is_known(name, names)) {
            hub_problem(x, 400, "request", "query", hub_format(x, "\"%.*s\" is not known here", (int)(name.len < 64 ? name.len : 64), (const char *)name.data),
                        "unknown-field");
            return false;
        }
        start = i + 1;
        equals = SIZE_MAX;
    }
    return true;
}

bool hub_api_content_is(const struct hub_exchange *x, const char *type)
{
    struct sec_bytes value = http_field_of(x->head, "Content-Type");
    size_t len = strlen(type);
    if (value.len < len || strncasecmp((const char *)value.data, type, len) != 0)
        return false;
    return value.len == len || value.data[len] == ';' || value.data[len] == ' ';
}

/* --- words ------------------------------------------------------------------------------------------------------ */

cJSON *hub_api_scope_json(unsigned scope)
{
    cJSON *list = cJSON_CreateArray();
    if (scope & HUB_SCOPE_READ)
        cJSON_AddItemToArray(list, cJSON_CreateString("read"));
    if (scope & HUB_SCOPE_SEND)
        cJSON_AddItemToArray(list, cJSON_CreateString("send"));
    if (scope & HUB_SCOPE_ADMIN)
        cJSON_AddItemToArray(list, cJSON_CreateString("admin"));
    return list;
}

sec_status hub_api_random_text(char *ret_text, size_t text_bytes)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t bytes[64];
    if (text_bytes < 2 || text_bytes > sizeof bytes + 1)
        return sec_st(SEC_BAD_ARGUMENT);
    SEC_TRY(hub_crypto()->random(hub_crypto()->ctx, SEC_ROOM(bytes)));
    for (size_t i = 0; i + 1 < text_bytes; i++)
        ret_text[i] = letters[bytes[i] & 63u];
    ret_text[text_bytes - 1] = '\0';
    sec_wipe(bytes, sizeof bytes);
    return sec_st(SEC_OK);
}

sec_status hub_api_tell(struct hub *hub, struct hub_store *store, const char *kind, const struct sec_device_id *device, cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    sec_status status = text ? hub_tell(hub, store, kind, device, text) : sec_st(SEC_TABLE_FULL);
    cJSON_free(text);
    return status;
}
