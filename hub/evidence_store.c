/* SPDX-License-Identifier: Apache-2.0 */
/* Stores what a request showed; runs inside the writer's transaction. */
#include "evidence.h"

#include <securable/access_hub.h>

#include <stdio.h>

/** [size, 64 nodes of 32 bytes] */
#define FRONTIER_MAX_BYTES 2304u
#define ASK_LIFE_S 3600
/** Entries that are stored as one. */
#define RUN_MAX_COUNT 64u

/* --- the log ------------------------------------------------------------------------------------------------ */

static sec_status put_entries(struct hub_store *store, const struct hub_evidence *e)
{
    struct sec_sync_list list = e->request.entries;
    struct sec_sync_entry entry;
    struct hub_entry run[RUN_MAX_COUNT];
    size_t count = 0;
    uint64_t index = e->request.entries_first;
    while (sec_sync_entry_next(&list, &entry)) {
        run[count++] = (struct hub_entry){index++, entry.header, entry.body, entry.salt, entry.content};
        if (count == RUN_MAX_COUNT) {
            SEC_TRY(hub_entries_put(store, &e->device, run, count));
            count = 0;
        }
    }
    return hub_entries_put(store, &e->device, run, count);
}

/** Entries that no head has proven may be there from a run that led nowhere: they make way for these. */
static sec_status store_entries(struct hub_store *store, const struct hub_evidence *e)
{
    sec_status status = put_entries(store, e);
    if (!sec_is(status, SEC_EXISTS) || e->request.entries_first != e->base_size)
        return status;
    SEC_TRY(hub_entries_cut(store, &e->device, e->base_size));
    return put_entries(store, e);
}

static sec_status follow(struct hub_store *store, const struct hub_evidence *e, const struct hub_followed *before)
{
    uint8_t room[FRONTIER_MAX_BYTES];
    struct sec_wr frontier = sec_wr(SEC_ROOM(room));
    struct hub_followed after = {.head = e->request.head, .size = e->head.size, .root = e->head.root, .boot = e->head.boot};
    sec_merkle_frontier_encode(&e->run.frontier, &frontier);
    SEC_TRY(sec_wr_end(&frontier, &after.frontier));
    after.epoch = e->head.epoch > before->epoch ? e->head.epoch : before->epoch;
    return hub_followed_put(store, &e->device, &after, e->now_s);
}

static sec_status append_row(void *ctx, const struct hub_entry *entry)
{
    const struct sec_follow_entry leaf = {.header = entry->header, .body = entry->body};
    return sec_follow_entry(ctx, &leaf, &hub_crypto()->hasher);
}

/**
 * True when the rows that are stored are the ones that lead to the head. Pages of two runs at once may have taken each other's places: each hashed right by itself, and
 * another's entries would stand under a head that does not prove them.
 */
static bool rows_lead_to(struct hub_store *store, const struct hub_evidence *e, const struct hub_followed *device)
{
    struct sec_merkle_frontier frontier;
    struct sec_digest root;
    struct sec_cbor rd = sec_cbor(device->frontier);
    sec_merkle_frontier_init(&frontier);
    if (e->has_base)
        sec_merkle_frontier_read(&rd, &frontier);
    return sec_ok(rd.status) && sec_ok(hub_entries(store, &e->device, e->base_size, (size_t)(e->head.size - e->base_size), append_row, &frontier)) &&
           frontier.size == e->head.size && sec_ok(sec_merkle_root(&frontier, &hub_crypto()->hasher, &root)) && sec_digest_equal(&root, &e->head.root);
}

/** Stores what came; false in `ret_kept`: it does not fit what came before, and is to be begun again. */
static sec_status keep_log(struct hub_store *store, const struct hub_evidence *e, const struct hub_followed *device, bool *ret_kept)
{
    sec_status status = store_entries(store, e);
    *ret_kept = sec_ok(status);
    if (!sec_ok(status))
        return sec_is(status, SEC_EXISTS) ? sec_st(SEC_OK) : status;
    if (e->log != HUB_LOG_FOLLOWED || e->request.entries_first == e->base_size || e->request.entries.count == 0 || rows_lead_to(store, e, device))
        return sec_st(SEC_OK);
    *ret_kept = false;
    return hub_entries_cut(store, &e->device, e->base_size);
}

static sec_status store_log(struct hub_store *store, struct hub_evidence *e, const struct hub_followed *device)
{
    bool same = e->has_base == (device->head.len > 0) &&
                (!e->has_base || (e->base_size == device->size && sec_digest_equal(&e->base_root, &device->root)));
    e->overtaken = !same && e->log != HUB_LOG_NOTHING;
    if (e->overtaken || (e->log != HUB_LOG_FOLLOWED && e->log != HUB_LOG_PAGE))
        return sec_st(SEC_OK);
    bool kept = false;
    SEC_TRY(keep_log(store, e, device, &kept));
    if (!kept) {
        e->log = HUB_LOG_AGAIN;
        return sec_st(SEC_OK);
    }
    return e->log == HUB_LOG_FOLLOWED ? follow(store, e, device) : sec_st(SEC_OK);
}

static const char *alarm_text(enum sec_follow_alarm alarm)
{
    if (alarm == SEC_FOLLOW_UNPROVEN)
        return "the entries that came do not lead to a head that the device signed, though they came twice: its log is forked, or its link lies";
    return alarm == SEC_FOLLOW_ROLLED_BACK ? "a report that was asked for shows fewer records than the device had signed before"
                                           : "the device signed two heads of its log that cannot both be true";
}

/** What is seldom: a report, or an alarm. */
static sec_status store_seldom(struct hub_store *store, const struct hub_evidence *e)
{
    struct hub_device device;
    SEC_TRY(hub_device_get(store, &e->device, &device));
    if (e->reports_count > 0) {
        device.report = e->reports[e->reports_count - 1].statement;
        device.report_s = e->now_s;
    }
    if (e->alarmed) {
        device.alarm = (uint64_t)e->alarm;
        device.alarm_text = sec_bytes_of_str(alarm_text(e->alarm));
        device.alarm_s = e->now_s;
    }
    device.last_seen_s = e->now_s;
    return hub_device_put(store, &device);
}

static sec_status tell_alarm(struct hub_store *store, const struct hub_evidence *e)
{
    const char *text = alarm_text(e->alarm);
    char json[256];
    SEC_TRY(hub_evidence_put(store, &e->device, e->now_s, e->alarm_head, sec_bytes_of_str(text)));
    snprintf(json, sizeof json, "{\"kind\":\"%s\",\"text\":\"%s\"}", sec_follow_alarm_word((uint64_t)e->alarm), text);
    return hub_tell(e->hub, store, "alarm", &e->device, json);
}

/* --- reports ------------------------------------------------------------------------------------------------ */

static sec_status tell_report(struct hub_store *store, const struct hub_evidence *e, struct sec_bytes nonce)
{
    char json[2 * SEC_SYNC_NONCE_MAX_BYTES + 32] = "";
    struct sec_wr wr = sec_wr(sec_room(json, sizeof json - 1));
    sec_wr_bytes(&wr, SEC_LIT("{\"nonce\":\""));
    sec_wr_hex(&wr, nonce);
    sec_wr_bytes(&wr, SEC_LIT("\"}"));
    return hub_tell(e->hub, store, "report", &e->device, json);
}

static sec_status store_reports(struct hub_store *store, struct hub_evidence *e)
{
    for (size_t i = 0; i < e->reports_count; i++) {
        const struct hub_shown_report *shown = &e->reports[i];
        struct hub_ask ask;
        sec_status status = hub_ask_get(store, &e->device, shown->nonce, &ask);
        if (sec_is(status, SEC_NOT_FOUND) || (sec_ok(status) && ask.report.len))
            continue;
        SEC_TRY(status);
        ask.nonce = shown->nonce;
        ask.report = shown->statement;
        ask.answered_s = e->now_s;
        SEC_TRY(hub_ask_put(store, &ask));
        e->asks_change--;
        SEC_TRY(tell_report(store, e, shown->nonce));
    }
    return sec_st(SEC_OK);
}

static sec_status count_ask(void *ctx, const struct hub_ask *ask)
{
    size_t *count = ctx;
    (void)ask;
    (*count)++;
    return sec_st(SEC_OK);
}

/** The hub's own question, so that what it shows of a device is what the device says now: one at a time. */
static sec_status ask_anew(struct hub_store *store, struct hub_evidence *e)
{
    const struct hub_ask ask = {.device = e->device, .nonce = SEC_BYTES(e->nonce), .asked_s = e->now_s};
    size_t open = 0;
    SEC_TRY(hub_asks_open(store, &e->device, e->now_s - ASK_LIFE_S, count_ask, &open));
    if (open > 0)
        return sec_st(SEC_OK);
    SEC_TRY(hub_crypto()->random(hub_crypto()->ctx, SEC_ROOM(e->nonce)));
    SEC_TRY(hub_ask_put(store, &ask));
    e->asks_change++;
    return sec_st(SEC_OK);
}

/* --- verdicts ----------------------------------------------------------------------------------------------- */

static sec_status tell_receipt(struct hub_store *store, const struct hub_evidence *e, const struct hub_shown_verdict *shown)
{
    char digest[65] = "", json[256];
    struct sec_wr wr = sec_wr(sec_room(digest, sizeof digest - 1));
    sec_wr_hex(&wr, sec_digest_bytes(&shown->told.statement));
    snprintf(json, sizeof json, "{\"statement\":\"%s\",\"code\":%u,\"word\":\"%s\",\"receipt\":%s}", digest, (unsigned)shown->code,
             sec_status_word((sec_status){shown->code}), shown->proven ? "true" : "false");
    return hub_tell(e->hub, store, "receipt", &e->device, json);
}

static enum hub_delivery_state state_after(enum sec_delivery_next next)
{
    switch (next) {
    case SEC_DELIVERY_HELD:
        return HUB_DELIVERY_HELD;
    case SEC_DELIVERY_AGAIN:
        return HUB_DELIVERY_WAITING;
    case SEC_DELIVERY_ANSWERED:
        break;
    }
    return HUB_DELIVERY_ANSWERED;
}

/** An approval was taken over: what it is about need not be held any longer. */
static sec_status release_held(struct hub_store *store, struct hub_evidence *e, const struct sec_digest *about)
{
    struct hub_delivery held;
    sec_status status = hub_delivery_get(store, &e->device, about, &held);
    if (sec_is(status, SEC_NOT_FOUND) || (sec_ok(status) && held.state != HUB_DELIVERY_HELD))
        return sec_st(SEC_OK);
    SEC_TRY(status);
    held.state = HUB_DELIVERY_WAITING;
    e->waiting_change++;
    return hub_delivery_put(store, &held);
}

/** What else a device's yes means. */
static sec_status take_over(struct hub_store *store, struct hub_evidence *e, const struct sec_digest *digest)
{
    struct hub_statement statement;
    sec_status status = hub_statement_get(store, digest, &statement);
    if (sec_is(status, SEC_NOT_FOUND))
        return sec_st(SEC_OK);
    SEC_TRY(status);
    if (statement.kind == SEC_STATEMENT_APPROVAL) {
        struct sec_digest about = statement.about;
        return release_held(store, e, &about);
    }
    return hub_people_learn(store, &statement, e->now_s);
}

/** Nothing is written, nor told, of a verdict that is repeated. */
static bool says_the_same(const struct hub_delivery *delivery, const struct hub_shown_verdict *shown, enum sec_delivery_next next)
{
    return delivery->answered_s != 0 && delivery->state == state_after(next) && delivery->code == shown->code && delivery->receipt_good == shown->proven &&
           sec_bytes_equal(delivery->receipt, shown->told.receipt);
}

static sec_status store_verdict(struct hub_store *store, struct hub_evidence *e, const struct hub_shown_verdict *shown)
{
    struct hub_delivery delivery;
    sec_status status = hub_delivery_get(store, &e->device, &shown->told.statement, &delivery);
    if (sec_is(status, SEC_NOT_FOUND))
        return sec_st(SEC_OK);
    SEC_TRY(status);
    if (sec_delivery_settled(delivery.state == HUB_DELIVERY_ANSWERED, delivery.receipt_good, delivery.code))
        return sec_st(SEC_OK);
    enum sec_delivery_next next = sec_delivery_judge(shown->code, shown->proven);
    e->put_off = e->put_off || next == SEC_DELIVERY_AGAIN;
    if (says_the_same(&delivery, shown, next))
        return sec_st(SEC_OK);
    bool waited = delivery.state == HUB_DELIVERY_WAITING;
    delivery.state = state_after(next);
    delivery.code = shown->code;
    delivery.receipt = shown->told.receipt;
    delivery.receipt_good = shown->proven;
    delivery.answered_s = e->now_s;
    e->waiting_change += (delivery.state == HUB_DELIVERY_WAITING) - waited;
    SEC_TRY(hub_delivery_put(store, &delivery));
    SEC_TRY(tell_receipt(store, e, shown));
    return shown->proven && shown->code == SEC_OK ? take_over(store, e, &shown->told.statement) : sec_st(SEC_OK);
}

static sec_status store_verdicts(struct hub_store *store, struct hub_evidence *e)
{
    for (size_t i = 0; i < e->verdicts_count; i++)
        SEC_TRY(store_verdict(store, e, &e->verdicts[i]));
    return sec_st(SEC_OK);
}

/* --- all of it ---------------------------------------------------------------------------------------------- */

static bool tells_change(const struct hub_evidence *e, const struct hub_followed *before)
{
    bool proven = false;
    for (size_t i = 0; i < e->verdicts_count; i++)
        proven = proven || e->verdicts[i].proven;
    return proven || (e->log == HUB_LOG_FOLLOWED && (before->report_s == 0 || e->head.boot != e->boot));
}

/** A device that is in a newer epoch has another owner, or none: what was issued before opens nothing any more. */
static sec_status end_epochs(struct hub_store *store, struct hub_evidence *e)
{
    uint64_t epoch = e->log == HUB_LOG_FOLLOWED && !e->overtaken ? e->head.epoch : 0;
    for (size_t i = 0; i < e->reports_count; i++)
        epoch = e->reports[i].epoch > epoch ? e->reports[i].epoch : epoch;
    e->epoch = epoch > e->known_epoch ? epoch : 0;
    return e->epoch ? hub_certificates_end(store, &e->device, e->epoch) : sec_st(SEC_OK);
}

sec_status hub_evidence_store(struct hub_store *store, void *evidence)
{
    struct hub_evidence *e = evidence;
    struct hub_followed before;
    SEC_TRY(store_reports(store, e));
    SEC_TRY(store_verdicts(store, e));
    SEC_TRY(hub_followed_get(store, &e->device, &before));
    bool ask = !e->asked && tells_change(e, &before);
    SEC_TRY(store_log(store, e, &before));
    SEC_TRY(end_epochs(store, e));
    e->alarmed = sec_follow_alarm_outranks((uint64_t)e->alarm, before.alarm);
    if (e->reports_count > 0 || e->alarmed)
        SEC_TRY(store_seldom(store, e));
    else if (e->log != HUB_LOG_FOLLOWED || e->overtaken)
        SEC_TRY(hub_device_seen(store, &e->device, e->now_s));
    if (e->alarmed)
        SEC_TRY(tell_alarm(store, e));
    return ask ? ask_anew(store, e) : sec_st(SEC_OK);
}
