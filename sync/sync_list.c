/* SPDX-License-Identifier: Apache-2.0 */
/* Lists inside sync's bodies, and their elements in both directions. */
#include "sync_form.h"

sec_status sync_body_check(struct sec_bytes in)
{
    if (in.len > SEC_SYNC_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    return sec_cbor_check(in, SEC_CBOR_OURS);
}

void sync_format_read(struct sec_cbor *rd)
{
    if (sec_cbor_uint(rd) != SEC_SYNC_FORMAT)
        sec_cbor_fail(rd, SEC_UNKNOWN_FORMAT);
}

void sync_need(struct sec_cbor *rd, uint32_t seen)
{
    if ((seen & 7u) != 7u)
        sec_cbor_fail(rd, SEC_MISSING_FIELD);
}

struct sec_bytes sync_bstr(struct sec_cbor *rd, size_t min, size_t max)
{
    struct sec_bytes bytes = sec_cbor_bstr(rd);
    if (bytes.len > max)
        sec_cbor_fail(rd, SEC_TOO_LARGE);
    if (bytes.len < min)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return bytes;
}

uint64_t sync_uint(struct sec_cbor *rd, uint64_t max)
{
    uint64_t value = sec_cbor_uint(rd);
    if (value > max)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return value;
}

void sync_list_read(struct sec_cbor *rd, size_t max, sync_element_check *check, struct sec_sync_list *ret_list)
{
    size_t count = sec_cbor_array(rd), from = rd->at;
    if (count > max)
        sec_cbor_fail(rd, SEC_TOO_LARGE);
    if (count == 0)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++)
        check(rd);
    if (sec_ok(rd->status))
        *ret_list = (struct sec_sync_list){count, sec_bytes_part(rd->in, from, rd->at - from)};
}

void sync_list_put(const struct sec_sync_list *list, size_t max, struct sec_wr *wr)
{
    if (list->count > max)
        wr->bad = true;
    sec_cbor_put_array(wr, list->count);
    sec_wr_bytes(wr, list->items);
}

/** Shortens the list by the element that `rd` has read; false when there was none. */
static bool taken(struct sec_sync_list *list, const struct sec_cbor *rd)
{
    if (list->count == 0 || !sec_ok(rd->status)) {
        *list = (struct sec_sync_list){0, {NULL, 0}};
        return false;
    }
    list->count--;
    list->items = sec_bytes_part(list->items, rd->at, list->items.len - rd->at);
    return true;
}

/* --- entries ------------------------------------------------------------------------------------------ */

void sec_sync_entry_encode(const struct sec_sync_entry *entry, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, entry->disclosed ? 4 : 2);
    sec_cbor_put_bstr(wr, entry->header);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&entry->body));
    if (entry->disclosed) {
        sec_cbor_put_bstr(wr, entry->salt);
        sec_cbor_put_bstr(wr, entry->content);
    }
}

static void entry_read(struct sec_cbor *rd, struct sec_sync_entry *entry)
{
    size_t count = sec_cbor_array(rd);
    if (count != 2 && count != 4)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    entry->header = sync_bstr(rd, 1, SEC_RECORD_MAX_BYTES);
    sec_cbor_bstr_into(rd, SEC_ROOM(entry->body.b));
    entry->disclosed = count == 4;
    if (entry->disclosed) {
        entry->salt = sync_bstr(rd, 32, 32);
        entry->content = sync_bstr(rd, 0, SEC_RECORD_MAX_BYTES);
    }
}

void sync_entry_check(struct sec_cbor *rd)
{
    struct sec_sync_entry entry = {0};
    entry_read(rd, &entry);
}

bool sec_sync_entry_next(struct sec_sync_list *list, struct sec_sync_entry *ret_entry)
{
    struct sec_cbor rd = sec_cbor(list->items);
    struct sec_sync_entry entry = {0};
    entry_read(&rd, &entry);
    if (!taken(list, &rd))
        return false;
    *ret_entry = entry;
    return true;
}

/* --- verdicts ----------------------------------------------------------------------------------------- */

void sec_sync_verdict_encode(const struct sec_sync_verdict *verdict, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 3);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&verdict->statement));
    sec_cbor_put_uint(wr, verdict->code);
    sec_cbor_put_bstr(wr, verdict->receipt);
}

static void verdict_read(struct sec_cbor *rd, struct sec_sync_verdict *verdict)
{
    sec_cbor_array_of(rd, 3);
    sec_cbor_bstr_into(rd, SEC_ROOM(verdict->statement.b));
    verdict->code = (uint16_t)sync_uint(rd, UINT16_MAX);
    verdict->receipt = sec_cbor_bstr(rd);
}

void sync_verdict_check(struct sec_cbor *rd)
{
    struct sec_sync_verdict verdict = {0};
    verdict_read(rd, &verdict);
}

bool sec_sync_verdict_next(struct sec_sync_list *list, struct sec_sync_verdict *ret_verdict)
{
    struct sec_cbor rd = sec_cbor(list->items);
    struct sec_sync_verdict verdict = {0};
    verdict_read(&rd, &verdict);
    if (!taken(list, &rd))
        return false;
    *ret_verdict = verdict;
    return true;
}

/* --- deliveries --------------------------------------------------------------------------------------- */

void sec_sync_delivery_encode(const struct sec_sync_delivery *delivery, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 3);
    sec_cbor_put_bstr(wr, delivery->statement);
    sec_cbor_put_bstr(wr, delivery->beside);
    if (!delivery->has_payload) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&delivery->payload));
    sec_cbor_put_uint(wr, delivery->payload_bytes);
}

static void delivery_read(struct sec_cbor *rd, struct sec_sync_delivery *delivery)
{
    sec_cbor_array_of(rd, 3);
    delivery->statement = sync_bstr(rd, 1, SEC_STATEMENT_MAX_BYTES);
    delivery->beside = sync_bstr(rd, 0, SEC_SYNC_BESIDE_MAX_BYTES);
    if (sec_cbor_is_null(rd)) {
        sec_cbor_null(rd);
        return;
    }
    sec_cbor_array_of(rd, 2);
    sec_cbor_bstr_into(rd, SEC_ROOM(delivery->payload.b));
    delivery->payload_bytes = sec_cbor_uint(rd);
    delivery->has_payload = true;
}

void sync_delivery_check(struct sec_cbor *rd)
{
    struct sec_sync_delivery delivery = {0};
    delivery_read(rd, &delivery);
}

bool sec_sync_delivery_next(struct sec_sync_list *list, struct sec_sync_delivery *ret_delivery)
{
    struct sec_cbor rd = sec_cbor(list->items);
    struct sec_sync_delivery delivery = {0};
    delivery_read(&rd, &delivery);
    if (!taken(list, &rd))
        return false;
    *ret_delivery = delivery;
    return true;
}

/* --- reports and nonces --------------------------------------------------------------------------------- */

void sec_sync_bytes_encode(struct sec_bytes bytes, struct sec_wr *wr)
{
    sec_cbor_put_bstr(wr, bytes);
}

void sync_report_check(struct sec_cbor *rd)
{
    (void)sync_bstr(rd, 1, SEC_STATEMENT_MAX_BYTES);
}

void sync_nonce_check(struct sec_cbor *rd)
{
    (void)sync_bstr(rd, SEC_SYNC_NONCE_MIN_BYTES, SEC_SYNC_NONCE_MAX_BYTES);
}

bool sec_sync_bytes_next(struct sec_sync_list *list, struct sec_bytes *ret_bytes)
{
    struct sec_cbor rd = sec_cbor(list->items);
    struct sec_bytes bytes = sec_cbor_bstr(&rd);
    if (!taken(list, &rd))
        return false;
    *ret_bytes = bytes;
    return true;
}
