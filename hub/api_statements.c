/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include <securable/product.h>
#include <securable/suit.h>

/* --- as JSON --------------------------------------------------------------------------------------------------------------- */

static const char *state_word(enum hub_delivery_state state)
{
    switch (state) {
    case HUB_DELIVERY_WAITING:
        return "waiting";
    case HUB_DELIVERY_ANSWERED:
        return "answered";
    case HUB_DELIVERY_HELD:
        return "held";
    }
    return "unknown";
}

cJSON *hub_api_delivery_json(const struct hub_delivery *delivery, bool of_device)
{
    cJSON *json = cJSON_CreateObject();
    if (of_device) {
        hub_json_add_hex(json, "digest", sec_digest_bytes(&delivery->statement));
        hub_json_add_number(json, "number", delivery->number);
    } else {
        hub_json_add_hex(json, "device", sec_device_id_bytes(&delivery->device));
    }
    cJSON_AddStringToObject(json, "state", state_word(delivery->state));
    bool answered = delivery->state != HUB_DELIVERY_WAITING || delivery->answered_s != 0;
    if (answered) {
        hub_json_add_number(json, "code", delivery->code);
        cJSON_AddStringToObject(json, "word", sec_status_word((sec_status){delivery->code}));
    } else {
        cJSON_AddNullToObject(json, "code");
        cJSON_AddNullToObject(json, "word");
    }
    cJSON_AddBoolToObject(json, "receipt", delivery->receipt.len != 0);
    cJSON_AddBoolToObject(json, "receipt_good", delivery->receipt_good);
    hub_json_add_time_or_null(json, "answered", delivery->answered_s);
    return json;
}

/* A statement's own members; also beside a delivery. */
static void add_statement(cJSON *json, const struct hub_statement *statement)
{
    cJSON_AddStringToObject(json, "kind", sec_statement_word((enum sec_statement_kind)statement->kind));
    if (statement->topic) {
        cJSON_AddStringToObject(json, "action", sec_action_word(statement->action));
        cJSON_AddStringToObject(json, "topic", sec_topic_word(statement->topic));
        hub_json_add_number(json, "generation", statement->generation);
    } else {
        cJSON_AddNullToObject(json, "action");
        cJSON_AddNullToObject(json, "topic");
        cJSON_AddNullToObject(json, "generation");
    }
    if (statement->kind == SEC_STATEMENT_APPROVAL)
        hub_json_add_hex(json, "about", sec_digest_bytes(&statement->about));
    hub_json_add_hex(json, "signer", SEC_BYTES(statement->signer.b));
    hub_json_add_time(json, "received", statement->received_s);
    hub_json_add_text(json, "by", statement->by);
}

cJSON *hub_api_statement_json(struct hub_exchange *x, const struct hub_statement *statement)
{
    cJSON *json = cJSON_CreateObject();
    hub_json_add_hex(json, "digest", sec_digest_bytes(&statement->digest));
    hub_json_add_number(json, "number", statement->number);
    add_statement(json, statement);
    if (!statement->has_payload) {
        cJSON_AddNullToObject(json, "payload");
        return json;
    }
    cJSON *payload = cJSON_AddObjectToObject(json, "payload");
    hub_json_add_hex(payload, "digest", sec_digest_bytes(&statement->payload));
    hub_json_add_number(payload, "size", statement->payload_bytes);
    cJSON_AddBoolToObject(payload, "missing", !hub_api_has_payload(x, &statement->payload));
    return json;
}

/* --- lists ------------------------------------------------------------------------------------------------------------------ */

struct list {
    struct hub_exchange *x;
    cJSON *items;
    uint64_t limit;
    uint64_t taken;
    uint64_t last;
    bool more;
};

static sec_status take_statement(void *ctx, const struct hub_statement *statement)
{
    struct list *list = ctx;
    list->more = list->taken == list->limit;
    if (list->more)
        return sec_st(SEC_OK);
    cJSON_AddItemToArray(list->items, hub_api_statement_json(list->x, statement));
    list->last = statement->number;
    list->taken++;
    return sec_st(SEC_OK);
}

static void answer_list(struct hub_exchange *x, struct list *list, const char *object, sec_status status)
{
    if (sec_ok(status)) {
        hub_api_json(x, 200, hub_api_list(list->items, list->more ? list->last : 0));
        return;
    }
    cJSON_Delete(list->items);
    hub_api_refuse(x, object, "store", status);
}

void hub_api_statements(struct hub_exchange *x)
{
    static const char *const names[] = {"limit", "after", NULL};
    struct list list = {.x = x};
    uint64_t before;
    if (!hub_api_query(x, names) || !hub_api_page(x, &list.limit, &before))
        return;
    list.items = cJSON_CreateArray();
    answer_list(x, &list, "statements", hub_statements(hub_reader(x), before, (size_t)list.limit + 1, take_statement, &list));
}

/* --- one statement ------------------------------------------------------------------------------------------------------------ */

static bool get_statement(struct hub_exchange *x, struct hub_statement *ret_statement)
{
    struct sec_digest digest;
    if (!hub_api_digest(x, 3, "statement", &digest))
        return false;
    sec_status status = hub_statement_get(hub_reader(x), &digest, ret_statement);
    if (!sec_ok(status))
        hub_api_refuse(x, "statement", "path", status);
    return sec_ok(status);
}

static sec_status take_delivery(void *ctx, const struct hub_delivery *delivery)
{
    cJSON_AddItemToArray(ctx, hub_api_delivery_json(delivery, false));
    return sec_st(SEC_OK);
}

void hub_api_statement_get(struct hub_exchange *x)
{
    struct hub_statement statement;
    if (!get_statement(x, &statement))
        return;
    struct sec_digest digest = statement.digest;
    cJSON *json = hub_api_statement_json(x, &statement);
    sec_status status = hub_deliveries_of_statement(hub_reader(x), &digest, take_delivery, cJSON_AddArrayToObject(json, "deliveries"));
    if (sec_ok(status)) {
        hub_api_json(x, 200, json);
        return;
    }
    cJSON_Delete(json);
    hub_api_refuse(x, "statement", "store", status);
}

void hub_api_statement_bytes(struct hub_exchange *x)
{
    struct hub_statement statement;
    if (!get_statement(x, &statement))
        return;
    bool release = statement.kind == SEC_STATEMENT_RELEASE;
    hub_api_bytes(x, release ? "application/suit-envelope+cbor" : "application/cose", statement.bytes, "statement");
}

void hub_api_statement_receipt(struct hub_exchange *x)
{
    struct sec_digest digest, device;
    struct sec_device_id id;
    struct hub_delivery delivery;
    if (!hub_api_digest(x, 3, "statement", &digest) || !hub_api_digest(x, 5, "device", &device))
        return;
    sec_copy(id.b, device.b, sizeof id.b);
    sec_status status = hub_delivery_get(hub_reader(x), &id, &digest, &delivery);
    if (sec_ok(status))
        hub_api_bytes(x, "application/cbor", delivery.receipt, "receipt");
    else
        hub_api_refuse(x, "receipt", "path", status);
}

/* --- of a device ---------------------------------------------------------------------------------------------------------------- */

/* Rows live during their callback, and a store is asked one thing at a time: deliveries first, then their statements. */
struct deliveries {
    struct list list;
    struct sec_digest digests[HUB_API_LIMIT_MAX];
};

static sec_status take_of_device(void *ctx, const struct hub_delivery *delivery)
{
    struct deliveries *deliveries = ctx;
    struct list *list = &deliveries->list;
    list->more = list->taken == list->limit;
    if (list->more)
        return sec_st(SEC_OK);
    cJSON_AddItemToArray(list->items, hub_api_delivery_json(delivery, true));
    deliveries->digests[list->taken++] = delivery->statement;
    list->last = delivery->number;
    return sec_st(SEC_OK);
}

void hub_api_device_statements(struct hub_exchange *x)
{
    static const char *const names[] = {"limit", "after", NULL};
    struct deliveries *deliveries = hub_alloc(x, sizeof *deliveries);
    struct hub_device device;
    struct hub_statement statement;
    uint64_t before;
    if (!deliveries) {
        hub_problem(x, 503, "statements", "memory", "there is no memory for it now", "table-full");
        return;
    }
    struct list *list = &deliveries->list;
    if (!hub_api_query(x, names) || !hub_api_page(x, &list->limit, &before) || !hub_api_device(x, &device))
        return;
    struct sec_device_id id = device.id;
    list->items = cJSON_CreateArray();
    sec_status status = hub_deliveries_of_device(hub_reader(x), &id, before, (size_t)list->limit + 1, take_of_device, deliveries);
    cJSON *item = list->items ? list->items->child : NULL;
    for (size_t i = 0; i < list->taken && sec_ok(status) && item; i++, item = item->next) {
        status = hub_statement_get(hub_reader(x), &deliveries->digests[i], &statement);
        if (sec_ok(status))
            add_statement(item, &statement);
    }
    answer_list(x, list, "statements", status);
}

/* --- releases ---------------------------------------------------------------------------------------------------------------------- */

struct releases {
    size_t count;
    struct sec_digest digests[HUB_API_LIMIT_MAX];
};

static sec_status gather_release(void *ctx, const struct hub_statement *statement)
{
    struct releases *releases = ctx;
    if (statement->kind != SEC_STATEMENT_RELEASE)
        return sec_st(SEC_OK);
    if (releases->count < HUB_API_LIMIT_MAX)
        releases->digests[releases->count++] = statement->digest;
    return sec_st(SEC_OK);
}

static void add_product(cJSON *json, struct sec_bytes record)
{
    struct sec_statement statement;
    struct sec_product product;
    bool good = sec_ok(sec_statement_parse(record, &statement)) && sec_ok(sec_product_parse(statement.msg.payload, &product));
    hub_json_add_text_or_null(json, "product", good ? product.facts.name : sec_bytes(NULL, 0));
    hub_json_add_text_or_null(json, "model", good ? product.facts.model : sec_bytes(NULL, 0));
}

/* Verified anew, under a key that is trusted now. */
static void add_release(struct hub_exchange *x, cJSON *json, struct sec_bytes bytes)
{
    struct sec_suit_release_envelope envelope;
    struct sec_suit_release release = {0};
    struct hub_api_signer signer = {0};
    bool good = sec_ok(sec_suit_release_open(bytes, &envelope)) &&
                sec_ok(hub_api_signer(x, SEC_STATEMENT_RELEASE, &envelope.statement.kid, &signer)) && signer.known &&
                sec_ok(sec_suit_release_parse(&envelope, &signer.key, &hub_crypto()->verifier, &hub_crypto()->hasher, &release));
    cJSON_AddBoolToObject(json, "verified", good);
    if (!good)
        return;
    hub_json_add_number(json, "sequence", release.sequence_number);
    hub_json_add_text(json, "version", release.version);
    hub_json_add_text_or_null(json, "description", release.description);
    hub_json_add_text(json, "component", release.component);
    add_product(json, release.product_record);
}

static cJSON *release_json(struct hub_exchange *x, const struct sec_digest *digest)
{
    struct hub_statement statement;
    if (!sec_ok(hub_statement_get(hub_reader(x), digest, &statement)))
        return NULL;
    cJSON *json = hub_api_statement_json(x, &statement);
    add_release(x, json, hub_copy(x, statement.bytes));
    return json;
}

void hub_api_releases(struct hub_exchange *x)
{
    static const char *const names[] = {NULL};
    struct releases *releases = hub_alloc(x, sizeof *releases);
    if (!hub_api_query(x, names))
        return;
    if (!releases) {
        hub_problem(x, 503, "releases", "memory", "there is no memory for it now", "table-full");
        return;
    }
    sec_status status = hub_statements(hub_reader(x), 0, SIZE_MAX >> 1, gather_release, releases);
    if (!sec_ok(status)) {
        hub_api_refuse(x, "releases", "store", status);
        return;
    }
    cJSON *items = cJSON_CreateArray();
    for (size_t i = 0; i < releases->count; i++) {
        cJSON *json = release_json(x, &releases->digests[i]);
        if (json)
            cJSON_AddItemToArray(items, json);
    }
    hub_api_json(x, 200, hub_api_list(items, 0));
}
