/* SPDX-License-Identifier: Apache-2.0 */
/* Verifies what a request shows. */
#include "evidence.h"

#include "../device/keeper/keeper_records.h"

#include <securable/port/crypto.h>

/* --- head and entries --------------------------------------------------------------------------------------- */

static sec_status load(struct hub_store *store, struct hub_evidence *e, struct sec_follow *ret_follow)
{
    struct hub_followed device;
    SEC_TRY(hub_followed_get(store, &e->device, &device));
    if (!device.has_key)
        return sec_st(SEC_NOT_FOUND);
    e->key = device.key;
    e->boot = device.boot;
    e->has_base = device.head.len > 0;
    sec_zero(ret_follow, sizeof *ret_follow);
    if (!e->has_base)
        return sec_st(SEC_OK);
    struct sec_cbor rd = sec_cbor(device.frontier);
    sec_merkle_frontier_read(&rd, &ret_follow->frontier);
    SEC_TRY(sec_cbor_end(&rd));
    e->base_size = device.size;
    e->base_root = device.root;
    ret_follow->has_head = true;
    ret_follow->head.size = device.size;
    ret_follow->head.root = device.root;
    return sec_st(SEC_OK);
}

static sec_status check_head(const struct hub_evidence *e, struct sec_bytes statement, struct sec_head *ret_head)
{
    struct sec_head head;
    SEC_TRY(sec_head_check(statement, &e->key, hub_crypto(), &head));
    if (!sec_bytes_equal(sec_digest_bytes(&head.log_id), sec_device_id_bytes(&e->device)))
        return sec_st(SEC_BAD_VALUE);
    *ret_head = head;
    return sec_st(SEC_OK);
}

/** Readies the frontier that this request's entries go on from: the followed head's, or that of the page before. */
static bool run_begin(struct hub_evidence *e, const struct sec_follow *follow)
{
    bool there = hub_run_get(e->hub->pages, &e->device, &e->run) && e->run.base_size == e->base_size &&
                 sec_digest_equal(&e->run.base_root, &e->base_root);
    bool again = there && e->run.again;
    if (e->request.entries.count == 0 || e->request.entries_first == e->base_size) {
        e->run = (struct hub_run){e->base_size, e->base_root, follow->frontier, again};
        return true;
    }
    /* Never from before the followed head: that way would pass a fork by. */
    if (there && e->run.frontier.size > e->base_size && e->request.entries_first == e->run.frontier.size)
        return true;
    e->run = (struct hub_run){e->base_size, e->base_root, follow->frontier, again};
    return false;
}

static bool run_on(struct hub_evidence *e)
{
    struct sec_sync_list list = e->request.entries;
    struct sec_sync_entry entry;
    while (sec_sync_entry_next(&list, &entry)) {
        const struct sec_follow_entry leaf = {entry.header, entry.body, entry.disclosed, entry.salt, entry.content};
        if (!sec_ok(sec_follow_entry(&e->run.frontier, &leaf, &hub_crypto()->hasher)))
            return false;
    }
    return true;
}

static enum hub_shown_log log_of(struct hub_evidence *e, sec_status judged)
{
    if (sec_ok(judged))
        return !e->has_base || e->head.size > e->base_size ? HUB_LOG_FOLLOWED : HUB_LOG_NOTHING;
    if (sec_is(judged, SEC_BUSY))
        return e->request.entries.count ? HUB_LOG_PAGE : HUB_LOG_NOTHING;
    e->failed = sec_is(judged, SEC_PROOF_FAILED);
    return e->failed || sec_is(judged, SEC_BAD_VALUE) ? HUB_LOG_AGAIN : HUB_LOG_NOTHING;
}

static sec_status check_log(struct hub_evidence *e, const struct sec_follow *follow)
{
    if (e->request.head.len == 0)
        return sec_st(e->request.entries.count ? SEC_MISSING_FIELD : SEC_OK);
    SEC_TRY(check_head(e, e->request.head, &e->head));
    e->log = HUB_LOG_AGAIN;
    if (!run_begin(e, follow) || !run_on(e))
        return sec_st(SEC_OK);
    sec_status judged = sec_follow_judge(follow, &e->head, &e->run.frontier, 0, e->run.again, &hub_crypto()->hasher, &e->alarm);
    if (e->alarm)
        e->alarm_head = e->request.head;
    e->log = log_of(e, judged);
    return sec_status_class(judged) == SEC_CLASS_IO ? judged : sec_st(SEC_OK);
}

/* --- verdicts ----------------------------------------------------------------------------------------------- */

/** A receipt proves a verdict when it is this device's and its record decides about this statement, or tells what came of it. */
static bool proves(const struct hub_evidence *e, const struct sec_sync_verdict *told, uint16_t *ret_code)
{
    struct sec_receipt receipt;
    struct keeper_record record;
    if (told->receipt.len == 0 || !sec_ok(sec_receipt_parse(told->receipt, &receipt)) ||
        !sec_ok(sec_receipt_check(&receipt, &e->key, hub_crypto())) ||
        !sec_bytes_equal(sec_digest_bytes(&receipt.head.log_id), sec_device_id_bytes(&e->device)))
        return false;
    if (!sec_ok(sec_cbor_check(receipt.content, SEC_CBOR_OURS)) || !sec_ok(keeper_record_parse(receipt.content, &record)) ||
        (record.sort != KEEPER_DECISION && record.sort != KEEPER_OUTCOME) || !sec_digest_equal(&record.digest, &told->statement))
        return false;
    *ret_code = (uint16_t)record.code;
    return true;
}

static void check_verdicts(struct hub_evidence *e)
{
    struct sec_sync_list list = e->request.verdicts;
    struct sec_sync_verdict told;
    while (sec_sync_verdict_next(&list, &told)) {
        struct hub_shown_verdict *shown = &e->verdicts[e->verdicts_count++];
        *shown = (struct hub_shown_verdict){.told = told, .code = told.code};
        shown->proven = proves(e, &told, &shown->code);
    }
}

/* --- reports ------------------------------------------------------------------------------------------------ */

/** A report's head was signed after the nonce was made: the log cannot be shorter than what was followed then. */
static void check_report_head(struct hub_evidence *e, const struct sec_follow *follow, struct sec_bytes statement, uint64_t least)
{
    struct sec_head head;
    enum sec_follow_alarm alarm;
    if (e->alarm || !sec_ok(check_head(e, statement, &head)))
        return;
    (void)sec_follow_judge(follow, &head, &follow->frontier, least, false, &hub_crypto()->hasher, &alarm);
    e->alarm = alarm;
    if (alarm)
        e->alarm_head = statement;
}

static void check_report(struct hub_store *store, struct hub_evidence *e, const struct sec_follow *follow, struct sec_bytes bytes)
{
    static _Thread_local struct sec_report report;
    struct sec_statement statement;
    struct hub_ask ask;
    if (!sec_ok(sec_statement_parse(bytes, &statement)) || statement.kind != SEC_STATEMENT_REPORT ||
        !sec_ok(sec_statement_verify(&statement, statement.msg.payload, &e->key, &hub_crypto()->verifier)) ||
        !sec_ok(sec_report_parse(statement.msg.payload, &report)) || !sec_device_id_equal(&report.device_id, &e->device))
        return;
    if (!sec_ok(hub_ask_get(store, &e->device, report.nonce, &ask)) || ask.report.len)
        return;
    e->reports[e->reports_count++] = (struct hub_shown_report){bytes, report.nonce, report.epoch};
    if (report.head.len)
        check_report_head(e, follow, report.head, ask.size);
}

static void check_reports(struct hub_store *store, struct hub_evidence *e, const struct sec_follow *follow)
{
    struct sec_sync_list list = e->request.reports;
    struct sec_bytes bytes;
    while (sec_sync_bytes_next(&list, &bytes))
        check_report(store, e, follow, bytes);
}

sec_status hub_evidence_check(struct hub_store *store, struct hub_evidence *evidence)
{
    static _Thread_local struct sec_follow follow;
    SEC_TRY(load(store, evidence, &follow));
    SEC_TRY(check_log(evidence, &follow));
    check_verdicts(evidence);
    check_reports(store, evidence, &follow);
    return sec_st(SEC_OK);
}

void hub_evidence_remember(const struct hub_evidence *evidence)
{
    struct hub_pages *pages = evidence->hub->pages;
    struct hub_run run = evidence->run;
    bool again = evidence->log == HUB_LOG_AGAIN && (evidence->failed || run.again);
    if (evidence->request.head.len == 0)
        return;
    if (evidence->overtaken || (evidence->log != HUB_LOG_PAGE && !again)) {
        hub_run_drop(pages, &evidence->device);
        return;
    }
    if (again) {
        /* Nothing is kept of such a run but that it failed; an empty frontier fits no page. */
        sec_merkle_frontier_init(&run.frontier);
        run.again = true;
    }
    hub_run_put(pages, &evidence->device, &run);
}
