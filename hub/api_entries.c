/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include "../cli/record_detail.h"

#include <securable/eventlog.h>

/* --- what a disclosed record says ------------------------------------------------------------------------------------------- */

static void add_decided(cJSON *json, const struct keeper_record *record)
{
    hub_json_add_number(json, "code", record->code);
    cJSON_AddStringToObject(json, "word", sec_status_word((sec_status){(uint16_t)record->code}));
    if (record->signer.len) {
        hub_json_add_text(json, "signer", record->signer);
        hub_json_add_hex(json, "kid", SEC_BYTES(record->kid.b));
    }
    if (record->has_role)
        cJSON_AddStringToObject(json, "role", sec_role_word(record->role));
    const char *kind = sec_statement_word((enum sec_statement_kind)record->kind);
    cJSON_AddStringToObject(json, "action", record->action ? sec_action_word(record->action) : kind);
    if (record->generation)
        hub_json_add_number(json, "generation", record->generation);
    hub_json_add_hex(json, "statement", sec_digest_bytes(&record->digest));
}

cJSON *hub_api_decision_json(struct sec_bytes content)
{
    struct keeper_record record;
    if (!sec_ok(sec_cbor_check(content, SEC_CBOR_OURS)) || !sec_ok(keeper_record_parse(content, &record)))
        return NULL;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "sort", keeper_sort_word(record.sort));
    hub_json_add_time(json, "time", record.time_s);
    if (record.sort == KEEPER_DECISION || record.sort == KEEPER_OUTCOME)
        add_decided(json, &record);
    if (record.sort == KEEPER_DECISION)
        cJSON_AddBoolToObject(json, "outcome_follows", record.intended);
    if (record.sort == KEEPER_OUTCOME)
        hub_json_add_number(json, "outcome_of", record.index);
    if (record.sort == KEEPER_INTERNAL) {
        hub_json_add_number(json, "code", record.code);
        cJSON_AddStringToObject(json, "word", sec_status_word((sec_status){(uint16_t)record.code}));
        cJSON_AddStringToObject(json, "action", keeper_reason_word(record.reason));
    }
    if (record.detail.len)
        cJSON_AddItemToObject(json, "detail", record_detail_json(&record));
    return json;
}

/* --- entries ---------------------------------------------------------------------------------------------------------------- */

struct page {
    cJSON *items;
    uint64_t limit;
    uint64_t taken;
    uint64_t proven; /* entries behind the head that was followed are not proven yet */
    uint64_t next; /* index behind the page; 0: this was the end */
};

static void add_header(cJSON *json, struct sec_bytes header_bytes)
{
    struct sec_record_header header;
    struct sec_bytes head, body;
    if (!sec_ok(sec_record_parse(header_bytes, &header, &head, &body)))
        return;
    cJSON_AddStringToObject(json, "class", sec_record_class_word(header.record_class));
    hub_json_add_number(json, "boot", header.boot);
    hub_json_add_number(json, "epoch", header.epoch);
    cJSON_AddBoolToObject(json, "sealed", header.seal != SEC_SEAL_CLEAR);
}

static sec_status take_entry(void *ctx, const struct hub_entry *entry)
{
    struct page *page = ctx;
    if (entry->index >= page->proven)
        return sec_st(SEC_OK);
    if (page->taken == page->limit) {
        page->next = entry->index;
        return sec_st(SEC_OK);
    }
    cJSON *json = cJSON_CreateObject();
    hub_json_add_number(json, "index", entry->index);
    add_header(json, entry->header);
    hub_json_add_hex(json, "header", entry->header);
    hub_json_add_hex(json, "body", sec_digest_bytes(&entry->body));
    if (entry->salt.len) {
        hub_json_add_hex(json, "salt", entry->salt);
        hub_json_add_hex(json, "content", entry->content);
        cJSON *decision = hub_api_decision_json(entry->content);
        if (decision)
            cJSON_AddItemToObject(json, "decision", decision);
    }
    cJSON_AddItemToArray(page->items, json);
    page->taken++;
    return sec_st(SEC_OK);
}

void hub_api_device_entries(struct hub_exchange *x)
{
    static const char *const names[] = {"limit", "after", "from", NULL};
    struct page page = {0};
    struct sec_device_id id;
    struct hub_device device;
    uint64_t from, after;
    if (!hub_api_query(x, names) || !hub_api_page(x, &page.limit, &after) || !hub_api_device(x, &device))
        return;
    id = device.id;
    page.proven = device.size;
    if (!sec_ok(http_query_number(x->head->query, "from", 0, &from)) || from > INT64_MAX) {
        hub_problem(x, 400, "request", "from", "the index of an entry is wanted", "bad-value");
        return;
    }
    from = from > after ? from : after; /* a next page */
    page.items = cJSON_CreateArray();
    sec_status status = hub_entries(hub_reader(x), &id, from, (size_t)page.limit + 1, take_entry, &page);
    if (sec_ok(status)) {
        hub_api_json(x, 200, hub_api_list(page.items, page.next));
        return;
    }
    cJSON_Delete(page.items);
    hub_api_refuse(x, "entries", "store", status);
}
