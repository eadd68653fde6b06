/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_record.h"

#include "journal.h"

_Static_assert(HUB_JOURNAL_TEXT_MAX_BYTES + 512 <= HUB_JOURNAL_RECORD_BYTES, "the longest text fits into a record");
_Static_assert(HUB_JOURNAL_RECORD_BYTES <= SEC_RECORD_MAX_BYTES / 4, "several records fit into a frame");

enum { KEY_SORT = 0, KEY_NUMBER = 1, KEY_KIND = 2, KEY_DEVICE = 3, KEY_TEXT = 4, KEY_TIME = 5, KEYS_COUNT = 6 };

static sec_status put_text(struct sec_wr *wr, struct sec_bytes text, const struct sec_hasher *hasher)
{
    struct sec_digest digest;
    if (text.len <= HUB_JOURNAL_TEXT_MAX_BYTES) {
        sec_cbor_put_tstr(wr, text);
        return sec_st(SEC_OK);
    }
    SEC_TRY(hasher->digest(hasher->ctx, &text, 1, &digest));
    sec_cbor_put_bstr(wr, sec_digest_bytes(&digest));
    return sec_st(SEC_OK);
}

sec_status hub_journal_record_encode(const struct hub_event *event, const struct sec_hasher *hasher, struct sec_wr *wr)
{
    struct sec_bytes whole;
    sec_cbor_put_map(wr, KEYS_COUNT);
    sec_cbor_put_uint(wr, KEY_SORT);
    sec_cbor_put_uint(wr, HUB_JOURNAL_RECORD_EVENT);
    sec_cbor_put_uint(wr, KEY_NUMBER);
    sec_cbor_put_uint(wr, event->number);
    sec_cbor_put_uint(wr, KEY_KIND);
    sec_cbor_put_tstr(wr, event->kind);
    sec_cbor_put_uint(wr, KEY_DEVICE);
    if (event->has_device)
        sec_cbor_put_bstr(wr, sec_device_id_bytes(&event->device));
    else
        sec_cbor_put_null(wr);
    sec_cbor_put_uint(wr, KEY_TEXT);
    SEC_TRY(put_text(wr, event->json, hasher));
    sec_cbor_put_uint(wr, KEY_TIME);
    sec_cbor_put_int(wr, event->at_s);
    return sec_wr_end(wr, &whole);
}

void hub_journal_last_encode(uint64_t last, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_uint(wr, KEY_SORT);
    sec_cbor_put_uint(wr, HUB_JOURNAL_RECORD_LAST);
    sec_cbor_put_uint(wr, KEY_NUMBER);
    sec_cbor_put_uint(wr, last);
}

sec_status hub_journal_last_root(uint64_t last, const struct sec_hasher *hasher, struct sec_digest *ret_root)
{
    uint8_t bytes[32];
    struct sec_wr wr = sec_wr(SEC_ROOM(bytes));
    struct sec_bytes whole;
    hub_journal_last_encode(last, &wr);
    SEC_TRY(sec_wr_end(&wr, &whole));
    return hasher->digest(hasher->ctx, &whole, 1, ret_root);
}

sec_status hub_journal_record_number(struct sec_bytes content, uint64_t *ret_number)
{
    struct sec_cbor rd = sec_cbor(content);
    uint64_t sort = 0, number = 0;
    int64_t key;
    bool has_number = false;
    SEC_TRY(sec_cbor_check(content, SEC_CBOR_OURS));
    for (struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd); sec_cbor_map_next(&walk, &key);) {
        if (key == KEY_SORT) {
            sort = sec_cbor_uint(&rd);
        } else if (key == KEY_NUMBER) {
            number = sec_cbor_uint(&rd);
            has_number = true;
        } else {
            (void)sec_cbor_item(&rd);
        }
    }
    SEC_TRY(sec_cbor_end(&rd));
    if (!has_number || (sort != HUB_JOURNAL_RECORD_EVENT && sort != HUB_JOURNAL_RECORD_LAST))
        return sec_st(SEC_BAD_VALUE);
    *ret_number = number;
    return sec_st(SEC_OK);
}
