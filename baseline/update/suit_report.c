/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT_Report (draft-ietf-suit-report): what a manifest's processor did, for whoever holds the manifest. */
#include "manifest_inside.h"

enum {
    REPORT_NONCE = 2,
    REPORT_RECORDS = 3,
    REPORT_RESULT = 4,
    REPORT_RESULT_CODE = 5,
    REPORT_RESULT_RECORD = 6,
    REPORT_RESULT_REASON = 7,
    REPORT_REFERENCE = 99,
};

enum sec_suit_reason sec_suit_reason_of(sec_status status)
{
    if (sec_ok(status))
        return SEC_SUIT_REASON_OK;
    switch (status.code) {
    case SEC_BAD_ALGORITHM:
        return SEC_SUIT_REASON_ALG_UNSUPPORTED;
    case SEC_BAD_SIGNATURE:
    case SEC_BAD_KEY:
    case SEC_UNKNOWN_KEY:
    case SEC_UNSIGNED:
        return SEC_SUIT_REASON_UNAUTHORISED;
    case SEC_UNSUPPORTED:
        return SEC_SUIT_REASON_COMMAND_UNSUPPORTED;
    case SEC_WRONG_PRODUCT:
    case SEC_DOWNGRADE:
    case SEC_DIGEST_MISMATCH:
        return SEC_SUIT_REASON_CONDITION_FAILED;
    default:
        return sec_status_class(status) == SEC_CLASS_INPUT ? SEC_SUIT_REASON_CBOR_PARSE : SEC_SUIT_REASON_OPERATION_FAILED;
    }
}

static void put_record(struct sec_wr *wr, const struct sec_suit_record *record)
{
    sec_cbor_put_array(wr, 5);
    sec_cbor_put_array(wr, 0);
    sec_cbor_put_int(wr, record->section);
    sec_cbor_put_uint(wr, record->offset_bytes);
    sec_cbor_put_uint(wr, record->component_index);
    if (record->properties.len > 0)
        sec_wr_bytes(wr, record->properties);
    else
        sec_cbor_put_map(wr, 0);
}

static void read_record(struct sec_cbor *rd, struct sec_suit_record *record)
{
    if (sec_cbor_peek(rd) == SEC_CBOR_MAP)
        sec_cbor_fail(rd, SEC_UNSUPPORTED);
    sec_cbor_array_of(rd, 5);
    if (sec_cbor_array(rd) != 0)
        sec_cbor_fail(rd, SEC_UNSUPPORTED);
    record->section = sec_cbor_int(rd);
    record->offset_bytes = sec_cbor_uint(rd);
    record->component_index = sec_cbor_uint(rd);
    if (sec_ok(rd->status) && sec_cbor_peek(rd) != SEC_CBOR_MAP)
        sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
    record->properties = sec_cbor_item(rd);
    if (record->properties.len == 1) /* {}: the same as none */
        record->properties = (struct sec_bytes){NULL, 0};
}

static void put_result(struct sec_wr *wr, const struct sec_suit_report *report)
{
    sec_cbor_put_int(wr, REPORT_RESULT);
    if (report->success) {
        sec_cbor_put_bool(wr, true);
        return;
    }
    sec_cbor_put_map(wr, 3);
    sec_cbor_put_int(wr, REPORT_RESULT_CODE);
    sec_cbor_put_int(wr, report->code);
    sec_cbor_put_int(wr, REPORT_RESULT_RECORD);
    put_record(wr, &report->where);
    sec_cbor_put_int(wr, REPORT_RESULT_REASON);
    sec_cbor_put_int(wr, (int64_t)report->reason);
}

static void expect_key(struct sec_cbor *rd, int64_t key)
{
    if (sec_cbor_int(rd) != key)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void read_failure(struct sec_cbor *rd, struct sec_suit_report *report)
{
    if (sec_cbor_map(rd) != 3)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    expect_key(rd, REPORT_RESULT_CODE);
    report->code = sec_cbor_int(rd);
    expect_key(rd, REPORT_RESULT_RECORD);
    read_record(rd, &report->where);
    expect_key(rd, REPORT_RESULT_REASON);
    int64_t reason = sec_cbor_int(rd);
    if (reason == SEC_SUIT_REASON_OK || !sec_suit_reason_name(reason))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    else
        report->reason = (enum sec_suit_reason)reason;
}

static void read_result(struct sec_cbor *rd, struct sec_suit_report *report)
{
    if (sec_cbor_peek(rd) == SEC_CBOR_MAP) {
        read_failure(rd, report);
        return;
    }
    report->success = sec_cbor_bool(rd);
    if (!report->success)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void put_records(struct sec_wr *wr, const struct sec_suit_report *report)
{
    sec_cbor_put_int(wr, REPORT_RECORDS);
    sec_cbor_put_array(wr, report->records_count);
    for (size_t i = 0; i < report->records_count; i++)
        put_record(wr, &report->records[i]);
}

static void read_records(struct sec_cbor *rd, struct sec_suit_report *report)
{
    report->records_count = sec_cbor_array(rd);
    if (sec_ok(rd->status) && report->records_count > SEC_SUIT_REPORT_RECORDS_MAX_COUNT)
        sec_cbor_fail(rd, SEC_TOO_LARGE);
    for (size_t i = 0; i < report->records_count && sec_ok(rd->status); i++)
        read_record(rd, &report->records[i]);
}

static void put_reference(struct sec_wr *wr, const struct sec_suit_report *report)
{
    sec_cbor_put_int(wr, REPORT_REFERENCE);
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_tstr(wr, report->manifest_uri);
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_int(wr, SEC_SUIT_SHA256);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&report->manifest_digest));
}

static void read_reference(struct sec_cbor *rd, struct sec_suit_report *report)
{
    sec_cbor_array_of(rd, 2);
    report->manifest_uri = sec_cbor_tstr(rd);
    sec_cbor_array_of(rd, 2);
    if (sec_cbor_int(rd) != SEC_SUIT_SHA256)
        sec_cbor_fail(rd, SEC_UNSUPPORTED);
    sec_cbor_bstr_into(rd, SEC_ROOM(report->manifest_digest.b));
}

/* An empty one would be the same as none, and yet another encoding. */
static void read_nonce(struct sec_cbor *rd, struct sec_suit_report *report)
{
    report->nonce = sec_cbor_bstr(rd);
    if (report->nonce.len == 0)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static bool properties_are_good(const struct sec_suit_record *record)
{
    struct sec_cbor rd = sec_cbor(record->properties);
    return record->properties.len == 0 ||
           (sec_cbor_peek(&rd) == SEC_CBOR_MAP && sec_ok(sec_cbor_check(record->properties, SEC_CBOR_OURS)));
}

static sec_status check_report(const struct sec_suit_report *report)
{
    if (report->records_count > SEC_SUIT_REPORT_RECORDS_MAX_COUNT)
        return sec_st(SEC_BAD_VALUE);
    for (size_t i = 0; i < report->records_count; i++)
        if (!properties_are_good(&report->records[i]))
            return sec_st(SEC_BAD_VALUE);
    if (report->success)
        return sec_st(SEC_OK);
    bool reason_good = report->reason != SEC_SUIT_REASON_OK && sec_suit_reason_name((int64_t)report->reason);
    return reason_good && properties_are_good(&report->where) ? sec_st(SEC_OK) : sec_st(SEC_BAD_VALUE);
}

sec_status sec_suit_report_encode(const struct sec_suit_report *report, struct sec_wr *wr)
{
    SEC_TRY(check_report(report));
    sec_cbor_put_map(wr, report->nonce.len > 0 ? 4 : 3);
    if (report->nonce.len > 0) {
        sec_cbor_put_int(wr, REPORT_NONCE);
        sec_cbor_put_bstr(wr, report->nonce);
    }
    put_records(wr, report);
    put_result(wr, report);
    put_reference(wr, report);
    return wr->bad ? sec_st(SEC_ROOM_FULL) : sec_st(SEC_OK);
}

sec_status sec_suit_report_parse(struct sec_bytes in, struct sec_suit_report *ret_report)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_suit_report report = {.records_count = 0};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    unsigned seen = 0;
    for (int64_t key; sec_cbor_map_next(&walk, &key);) {
        if (key == REPORT_NONCE)
            read_nonce(&rd, &report);
        else if (key == REPORT_RECORDS)
            read_records(&rd, &report);
        else if (key == REPORT_RESULT)
            read_result(&rd, &report);
        else if (key == REPORT_REFERENCE)
            read_reference(&rd, &report);
        else
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        seen += key != REPORT_NONCE;
    }
    SEC_TRY(sec_cbor_end(&rd));
    if (seen != 3)
        return sec_st(SEC_MISSING_FIELD);
    *ret_report = report;
    return sec_st(SEC_OK);
}
