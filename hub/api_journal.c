/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"
#include "journal.h"

#include "../cli/json_cbor.h"

/* The hub's own journal: what it did and saw, by the code that keeps a device's. */

struct page {
    cJSON *items;
    uint64_t limit;
    uint64_t taken;
    uint64_t next; /* index behind the page; 0: this was the end */
};

static void add_facts(cJSON *json, struct sec_bytes text)
{
    cJSON *facts = cJSON_ParseWithLength((const char *)text.data, text.len);
    if (facts)
        cJSON_AddItemToObject(json, "facts", facts);
}

/* A record about an event, as journal.h gives its form; what is not one is shown as it stands. */
static bool add_event(cJSON *json, struct sec_bytes content)
{
    struct sec_cbor rd = sec_cbor(content);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    int64_t key;
    if (!sec_cbor_map_next(&walk, &key) || key != 0 || sec_cbor_uint(&rd) != HUB_JOURNAL_RECORD_EVENT)
        return false;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            hub_json_add_number(json, "number", sec_cbor_uint(&rd));
        else if (key == 2)
            hub_json_add_text(json, "event", sec_cbor_tstr(&rd));
        else if (key == 3 && sec_cbor_peek(&rd) == SEC_CBOR_BSTR)
            hub_json_add_hex(json, "device", sec_cbor_bstr(&rd));
        else if (key == 4 && sec_cbor_peek(&rd) == SEC_CBOR_TSTR)
            add_facts(json, sec_cbor_tstr(&rd));
        else if (key == 4 && sec_cbor_peek(&rd) == SEC_CBOR_BSTR)
            hub_json_add_hex(json, "facts_digest", sec_cbor_bstr(&rd));
        else if (key == 5)
            hub_json_add_time(json, "time", sec_cbor_int(&rd));
        else
            (void)sec_cbor_item(&rd);
    }
    return sec_ok(sec_cbor_end(&rd));
}

static cJSON *record_json(const struct sec_journal_record *record)
{
    cJSON *json = cJSON_CreateObject();
    bool readable = record->opened && sec_ok(sec_cbor_check(record->content, SEC_CBOR_OURS));
    hub_json_add_number(json, "index", record->header.index);
    cJSON_AddStringToObject(json, "class", sec_record_class_word(record->header.record_class));
    hub_json_add_number(json, "boot", record->header.boot);
    if (readable && !add_event(json, record->content))
        cJSON_AddItemToObject(json, "content", json_cbor(record->content));
    return json;
}

static sec_status take_record(void *ctx, const struct sec_journal_record *record)
{
    struct page *page = ctx;
    if (page->taken == page->limit) {
        page->next = record->header.index;
        return sec_st(SEC_OK);
    }
    cJSON_AddItemToArray(page->items, record_json(record));
    page->taken++;
    return sec_st(SEC_OK);
}

void hub_api_journal(struct hub_exchange *x)
{
    static const char *const names[] = {"limit", "after", "from", NULL};
    struct page page = {0};
    uint64_t from, after;
    if (!hub_api_query(x, names) || !hub_api_page(x, &page.limit, &after))
        return;
    if (!sec_ok(http_query_number(x->head->query, "from", 0, &from)) || from > INT64_MAX) {
        hub_problem(x, 400, "request", "from", "the index of an entry is wanted", "bad-value");
        return;
    }
    from = from > after ? from : after; /* a next page */
    page.items = cJSON_CreateArray();
    sec_status status = hub_journal_entries(x->hub, from, (size_t)page.limit + 1, take_record, &page);
    if (sec_ok(status)) {
        hub_api_json(x, 200, hub_api_list(page.items, page.next));
        return;
    }
    cJSON_Delete(page.items);
    hub_api_refuse(x, "journal", "store", status);
}
