/* SPDX-License-Identifier: Apache-2.0 */
/* The device's body, both directions. */
#include "sync_form.h"

static void entries_put(const struct sec_sync_request *request, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_uint(wr, request->entries_first);
    sync_list_put(&request->entries, SEC_SYNC_ENTRIES_MAX_COUNT, wr);
}

void sec_sync_request_encode(const struct sec_sync_request *request, struct sec_wr *wr)
{
    bool entries = request->entries.count > 0, verdicts = request->verdicts.count > 0;
    bool reports = request->reports.count > 0, head = request->head.len > 0;
    sec_cbor_put_map(wr, (size_t)3 + head + entries + verdicts + reports);
    sec_cbor_put_uint(wr, 0);
    sec_cbor_put_uint(wr, SEC_SYNC_FORMAT);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, request->wait_s);
    sec_cbor_put_uint(wr, 2);
    if (request->has_known)
        sec_cbor_put_bstr(wr, sec_digest_bytes(&request->known));
    else
        sec_cbor_put_null(wr);
    if (head) {
        sec_cbor_put_uint(wr, 3);
        sec_cbor_put_bstr(wr, request->head);
    }
    if (entries) {
        sec_cbor_put_uint(wr, 4);
        entries_put(request, wr);
    }
    if (verdicts) {
        sec_cbor_put_uint(wr, 5);
        sync_list_put(&request->verdicts, SEC_SYNC_VERDICTS_MAX_COUNT, wr);
    }
    if (reports) {
        sec_cbor_put_uint(wr, 6);
        sync_list_put(&request->reports, SEC_SYNC_NONCES_MAX_COUNT, wr);
    }
}

static void known_read(struct sec_cbor *rd, struct sec_sync_request *request)
{
    request->has_known = !sec_cbor_is_null(rd);
    if (request->has_known)
        sec_cbor_bstr_into(rd, SEC_ROOM(request->known.b));
    else
        sec_cbor_null(rd);
}

static void read_member(struct sec_cbor *rd, int64_t key, struct sec_sync_request *request)
{
    switch (key) {
    case 0:
        sync_format_read(rd);
        break;
    case 1:
        request->wait_s = sync_uint(rd, SEC_SYNC_WAIT_MAX_S);
        break;
    case 2:
        known_read(rd, request);
        break;
    case 3:
        request->head = sync_bstr(rd, 1, SEC_STATEMENT_MAX_BYTES);
        break;
    case 4:
        sec_cbor_array_of(rd, 2);
        request->entries_first = sec_cbor_uint(rd);
        sync_list_read(rd, SEC_SYNC_ENTRIES_MAX_COUNT, sync_entry_check, &request->entries);
        break;
    case 5:
        sync_list_read(rd, SEC_SYNC_VERDICTS_MAX_COUNT, sync_verdict_check, &request->verdicts);
        break;
    case 6:
        sync_list_read(rd, SEC_SYNC_NONCES_MAX_COUNT, sync_report_check, &request->reports);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

sec_status sec_sync_request_parse(struct sec_bytes in, struct sec_sync_request *ret_request)
{
    SEC_TRY(sync_body_check(in));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_sync_request request;
    sec_zero(&request, sizeof request);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_member(&rd, key, &request);
        seen |= key >= 0 && key < 7 ? 1u << key : 0;
    }
    sync_need(&rd, seen);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_request = request;
    return sec_st(SEC_OK);
}
