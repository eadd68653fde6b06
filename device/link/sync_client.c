/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "backoff.h"
#include "postponed.h"

#include "../common/say.h"

#include <securable/statement.h>
#include <securable/suit.h>

#include <malloc.h>
#include <unistd.h>

#define VERDICTS_BYTES (SEC_SYNC_MAX_BYTES / 2u - 16384u)
#define REPORTS_BYTES 32768u
/* Connections in a row that end without an answer: the hub may not take our certificate and have no words for it. */
#define MUTE_MAX_COUNT 3u
/* Failures that an earlier process of link has counted for each of its ends. */
#define UNREACHED_FAILURES 6u
/* A hub that hands out at once again what is put off is not asked more often. */
#define BREATH_MS UINT64_C(1000)

/** What is to be said to the hub, list items one behind the other. */
struct outbox {
    struct sec_room room; /* mapped while there is something in it */
    struct sec_wr items;
    size_t count;
};

struct sync {
    bool asked; /* the hub has said what it has */
    bool has_known;
    struct sec_digest known; /* root of the newest head that it has */
    uint64_t next;           /* the first record that it is still to get */
    bool head_sent;
    unsigned stalls; /* answers in a row that show no progress */
    unsigned mute;
    uint64_t failures;
    uint64_t away_s;
    struct pace pace;
    uint64_t handed; /* statements and nonces of the last answer */
    uint64_t facts_of; /* records when the facts were asked */
    bool facts_known;
    bool held; /* a delivery waits for better times */
    bool breath; /* all that was delivered is put off: no haste */
    struct postponed postponed;
    struct outbox verdicts;
    struct outbox reports;
};

static struct sync sync_state;

/* --- the outbox ----------------------------------------------------------------------------------------- */

static bool outbox_open(struct outbox *box, size_t bytes)
{
    if (!box->room.data) {
        box->room = scratch_take(bytes);
        box->items = sec_wr(box->room);
        box->count = 0;
    }
    return box->room.data != NULL;
}

static void outbox_empty(struct outbox *box)
{
    scratch_drop(&box->room);
    *box = (struct outbox){0};
}

/* What does not fit is asked for, or delivered, again. */
static bool put_verdict(struct sync *sync, const struct sec_digest *statement, sec_status code, struct sec_bytes receipt)
{
    const struct sec_sync_verdict verdict = {.statement = *statement, .code = code.code, .receipt = receipt};
    struct outbox *box = &sync->verdicts;
    if (!outbox_open(box, VERDICTS_BYTES) || box->count == SEC_SYNC_VERDICTS_MAX_COUNT)
        return false;
    struct sec_wr items = box->items;
    sec_sync_verdict_encode(&verdict, &items);
    if (items.bad)
        return false;
    box->items = items;
    box->count++;
    return true;
}

static bool put_report(struct sync *sync, struct sec_bytes report)
{
    struct outbox *box = &sync->reports;
    if (!outbox_open(box, REPORTS_BYTES) || box->count == SEC_SYNC_NONCES_MAX_COUNT)
        return false;
    struct sec_wr items = box->items;
    sec_sync_bytes_encode(report, &items);
    if (items.bad)
        return false;
    box->items = items;
    box->count++;
    return true;
}

/* --- deliveries ----------------------------------------------------------------------------------------- */

static sec_status digest_of(const struct link *link, struct sec_bytes bytes, struct sec_digest *ret_digest)
{
    struct sec_suit_release_envelope envelope;
    struct sec_statement statement;
    if (bytes.len >= 2 && bytes.data[0] == 0xd8 && bytes.data[1] == SEC_SUIT_TAG_ENVELOPE) {
        SEC_TRY(sec_suit_release_open(bytes, &envelope));
        return sec_statement_digest(&envelope.statement, envelope.authentication.signed_bytes, &link->crypto.hasher, ret_digest);
    }
    SEC_TRY(sec_statement_parse(bytes, &statement));
    return sec_statement_digest(&statement, statement.msg.payload, &link->crypto.hasher, ret_digest);
}

/* A payload did not come. PENDING: it is put off, and what does not need it goes on; else the status. */
static sec_status put_off(struct link *link, struct sync *sync, const struct sec_digest *payload, sec_status why, bool gained)
{
    bool news = false;
    if (link->stopping)
        return why;
    if (sec_is(why, SEC_STORAGE_FULL))
        link_payload_clean(link, NULL);
    bool later = postponed_failed(&sync->postponed, payload, why, gained, link_now_ms(), link_random(link), &news);
    if (news || gained)
        say("payload, download: %s%s", sec_status_text(why), later ? "; it is tried again, and all else goes on" : "");
    return later ? sec_st(SEC_PENDING) : why;
}

/* The payload of a release that the keeper would take. OK with a verdict: there is nothing to submit. PENDING: not now. */
static sec_status bring_payload(struct link *link, struct sync *sync, const struct sec_sync_delivery *delivery, struct sec_room room, bool *ret_refused,
                                sec_status *ret_code, int *ret_fd)
{
    const struct ipc_message question = {.code = IPC_ASK_VET, .a = delivery->statement};
    struct link_told told;
    SEC_TRY(link_ask(link, &question, -1, room, &told));
    if (!told.decided)
        return sec_ok(told.status) ? sec_st(SEC_BUSY) : told.status;
    sec_status status = told.status;
    *ret_refused = !sec_ok(status);
    if (sec_ok(status)) {
        bool gained = false;
        status = link_payload_fetch(link, &delivery->payload, delivery->payload_bytes, &gained, ret_fd);
        *ret_refused = sec_is(status, SEC_TOO_LARGE);
        if (!sec_ok(status) && !*ret_refused)
            return put_off(link, sync, &delivery->payload, status, gained);
        if (*ret_refused)
            say("payload, download: %s", sec_status_text(status));
    }
    *ret_code = status;
    return sec_st(SEC_OK);
}

static sec_status submit(struct link *link, struct sync *sync, const struct sec_sync_delivery *delivery, const struct sec_digest *digest,
                         struct sec_room room, int fd)
{
    const struct ipc_message question = {.code = IPC_ASK_SUBMIT, .a = delivery->statement, .b = delivery->beside};
    struct link_told told;
    SEC_TRY(link_ask(link, &question, fd, room, &told));
    if (!told.decided) {
        say("keeper, statement: %s; it is kept for later", sec_status_text(told.status));
        return sec_ok(told.status) ? sec_st(SEC_BUSY) : told.status;
    }
    return put_verdict(sync, digest, told.status, told.content) ? sec_st(SEC_OK) : sec_st(SEC_ROOM_FULL);
}

static sec_status deliver(struct link *link, struct sync *sync, const struct sec_sync_delivery *delivery)
{
    struct sec_digest digest;
    struct sec_room room = scratch_take(LINK_TOLD_BYTES);
    bool refused = false;
    sec_status code = sec_st(SEC_OK), status = room.data ? digest_of(link, delivery->statement, &digest) : sec_st(SEC_STORAGE_FULL);
    int fd = -1;
    if (sec_ok(status) && delivery->has_payload)
        status = bring_payload(link, sync, delivery, room, &refused, &code, &fd);
    if (sec_ok(status) && refused)
        status = put_verdict(sync, &digest, code, sec_bytes(NULL, 0)) ? sec_st(SEC_OK) : sec_st(SEC_ROOM_FULL);
    else if (sec_ok(status))
        status = submit(link, sync, delivery, &digest, room, fd);
    if (fd >= 0)
        close(fd);
    if (delivery->has_payload && sec_is(status, SEC_STORAGE_FULL))
        status = put_off(link, sync, &delivery->payload, status, false); /* the keeper's room */
    if (sec_ok(status) && delivery->has_payload)
        postponed_forget(&sync->postponed, &delivery->payload);
    if (sec_ok(status) && delivery->has_payload)
        link_payload_clean(link, NULL);
    scratch_drop(&room);
    return status;
}

/* True when there is something to submit besides what is put off: it may build on a release that has come to the hub by now. */
static bool others_wait(const struct sync *sync, struct sec_sync_list list)
{
    struct sec_sync_delivery delivery;
    while (sec_sync_delivery_next(&list, &delivery)) {
        if (!delivery.has_payload || !postponed_holds(&sync->postponed, &delivery.payload, link_now_ms(), false))
            return true;
    }
    return false;
}

/*
 * In their order: behind one that must wait, nothing is submitted; but a release whose payload cannot be had is left out. A full outbox goes first; the
 * rest is delivered again.
 */
static sec_status deliver_all(struct link *link, struct sync *sync, struct sec_sync_list list)
{
    struct sec_sync_delivery delivery;
    bool others = others_wait(sync, list);
    sync->breath = true;
    while (!link->stopping && sec_sync_delivery_next(&list, &delivery)) {
        if (delivery.has_payload && postponed_holds(&sync->postponed, &delivery.payload, link_now_ms(), others))
            continue;
        sec_status status = deliver(link, sync, &delivery);
        if (sec_is(status, SEC_PENDING))
            continue;
        sync->breath = false;
        if (!sec_ok(status))
            return sec_is(status, SEC_ROOM_FULL) && sync->verdicts.count > 0 ? sec_st(SEC_OK) : status;
    }
    return sec_st(SEC_OK);
}

static sec_status report_all(struct link *link, struct sync *sync, struct sec_sync_list list)
{
    struct sec_bytes nonce;
    struct sec_room room = scratch_take(LINK_TOLD_BYTES);
    sec_status status = room.data ? sec_st(SEC_OK) : sec_st(SEC_STORAGE_FULL);
    while (sec_ok(status) && sec_sync_bytes_next(&list, &nonce)) {
        const struct ipc_message question = {.code = IPC_ASK_REPORT, .a = nonce};
        struct link_told told = {0};
        status = link_ask(link, &question, -1, room, &told);
        if (sec_ok(status))
            status = told.status;
        if (sec_ok(status) && !put_report(sync, told.content))
            break;
    }
    scratch_drop(&room);
    return status;
}

/* --- one request ---------------------------------------------------------------------------------------- */

/** A page of entries under the newest head. */
struct page {
    struct sec_room room;
    struct sec_bytes head;
    uint64_t first;
    struct sec_sync_list entries;
};

static sec_status ask_page(struct link *link, const struct sync *sync, struct page *page)
{
    const struct ipc_message question = {.code = IPC_ASK_ENTRIES, .size = sync->next};
    struct link_told told;
    SEC_TRY(link_ask(link, &question, -1, page->room, &told));
    SEC_TRY(told.status);
    struct sec_cbor rd = sec_cbor(told.content);
    sec_cbor_array_of(&rd, 4);
    page->head = sec_cbor_bstr(&rd);
    page->first = sec_cbor_uint(&rd);
    page->entries.count = (size_t)sec_cbor_uint(&rd);
    page->entries.items = sec_cbor_bstr(&rd);
    return sec_cbor_end(&rd);
}

static void fill(const struct sync *sync, const struct page *page, struct sec_sync_request *ret_request)
{
    *ret_request = (struct sec_sync_request){.has_known = sync->asked && sync->has_known, .known = sync->known};
    if (page->entries.count > 0 || (sync->asked && !sync->head_sent))
        ret_request->head = page->head;
    ret_request->entries_first = page->first;
    ret_request->entries = page->entries;
    ret_request->verdicts = (struct sec_sync_list){sync->verdicts.count, sec_wr_done(&sync->verdicts.items)};
    ret_request->reports = (struct sec_sync_list){sync->reports.count, sec_wr_done(&sync->reports.items)};
    bool idle = sync->asked && ret_request->head.len == 0 && sync->verdicts.count == 0 && sync->reports.count == 0;
    ret_request->wait_s = idle ? LINK_POLL_S : 0;
}

/* What the hub has now, and what it is to get next. */
static sec_status take_progress(struct sync *sync, const struct page *page, const struct sec_sync_request *request, const struct sec_sync_answer *answer)
{
    uint64_t size = answer->has_head ? answer->size : 0;
    uint64_t sent_end = page->first + page->entries.count;
    bool sent = request->entries.count > 0;
    sync->head_sent = sync->head_sent || request->head.len > 0;
    sync->has_known = answer->has_head;
    sync->known = answer->root;
    if (!sync->asked || answer->again || !sent) {
        /* It has less than we thought: perhaps it was put back from a backup. */
        bool back = sync->asked && size < sync->next;
        sync->stalls = back || answer->again ? sync->stalls + 1 : 0;
        sync->next = size;
    } else {
        sync->next = sent_end;
        sync->stalls = 0;
    }
    sync->asked = true;
    return sync->stalls > 1 ? sec_st(SEC_PROOF_FAILED) : sec_st(SEC_OK);
}

static sec_status take_answer(struct link *link, struct sync *sync, const struct page *page, const struct sec_sync_request *request,
                              struct sec_bytes body, bool last)
{
    struct sec_sync_answer answer;
    sec_status status = sec_sync_answer_parse(body, &answer);
    if (!sec_ok(status)) {
        say("hub %s, answer: %s", link->host.name, sec_status_text(status));
        return status;
    }
    outbox_empty(&sync->verdicts);
    outbox_empty(&sync->reports);
    sync->away_s = answer.away_s;
    sync->handed = answer.nonces.count + answer.deliveries.count;
    status = take_progress(sync, page, request, &answer);
    if (!last && answer.nonces.count > 0) {
        sec_status reported = report_all(link, sync, answer.nonces);
        status = sec_ok(status) ? reported : status;
    }
    if (!last && answer.deliveries.count > 0) {
        sec_status delivered = deliver_all(link, sync, answer.deliveries);
        sync->held = !sec_ok(delivered);
        status = sec_ok(status) ? delivered : status;
    }
    return status;
}

static sec_status judge_status(struct link *link, unsigned status)
{
    if (status == 200)
        return sec_st(SEC_OK);
    say("hub %s, sync: answered %u", link->host.name, status);
    if (status != 401 && status != 403)
        return sec_st(SEC_IO_FAILED);
    link_identity_drop(link);
    return sec_st(SEC_NOT_PERMITTED);
}

/* The exchange itself failed. */
static sec_status judge_failure(struct link *link, struct sync *sync, sec_status status, bool used, bool answered)
{
    if (sec_is(status, SEC_PENDING)) /* news: the next request carries it */
        return sec_st(SEC_OK);
    if (sec_is(status, SEC_NOT_PERMITTED) || (!answered && !used && ++sync->mute >= MUTE_MAX_COUNT)) {
        say("hub %s, certificate: not taken; enrolling anew", link->host.name);
        sync->mute = 0;
        link_identity_drop(link);
        return sec_st(SEC_NOT_PERMITTED);
    }
    /* A connection that stood idle may be gone: the next one is not. */
    return used && !answered ? sec_st(SEC_OK) : status;
}

static sec_status post(struct link *link, struct sync *sync, const struct page *page, const struct sec_sync_request *request, bool last)
{
    struct sec_room body = scratch_take(SEC_SYNC_MAX_BYTES), answer = scratch_take(SEC_SYNC_MAX_BYTES);
    struct sec_wr wr = sec_wr(body);
    struct link_response response = {0};
    bool used = link->tls.used;
    if (body.data && answer.data)
        sec_sync_request_encode(request, &wr);
    sec_status status = body.data && answer.data && !wr.bad ? sec_st(SEC_OK) : sec_st(SEC_STORAGE_FULL);
    const struct link_request http = {
        .method = "POST",
        .path = "/sync",
        .fields = "Content-Type: application/cbor\r\n",
        .body = sec_wr_done(&wr),
        .wait_ms = request->wait_s * 1000,
        .for_news = request->wait_s > 0,
        .records_known = sync->next,
        .body_max = SEC_SYNC_MAX_BYTES,
        .room = answer,
    };
    if (sec_ok(status)) {
        status = link_exchange(link, &http, &response);
        if (sec_ok(status))
            status = judge_status(link, response.status);
        else
            status = judge_failure(link, sync, status, used, response.answered);
        sync->mute = response.answered ? 0 : sync->mute;
    }
    scratch_drop(&body);
    if (sec_ok(status) && response.status == 200)
        status = take_answer(link, sync, page, request, response.body, last);
    scratch_drop(&answer);
    return status;
}

/* `last`: what is still to be said is said, and nothing new begun. */
static sec_status exchange(struct link *link, struct sync *sync, bool last)
{
    struct page page = {.room = {NULL, 0}, .first = sync->next};
    struct sec_sync_request request;
    sec_status status = sec_st(SEC_OK);
    if (sync->asked) {
        page.room = scratch_take(LINK_TOLD_BYTES);
        status = page.room.data ? ask_page(link, sync, &page) : sec_st(SEC_STORAGE_FULL);
    }
    if (sec_ok(status)) {
        fill(sync, &page, &request);
        if (request.wait_s > 0) { /* long and quiet: hold nothing that is not needed */
            link->records = sync->next;
            scratch_drop(&page.room);
            (void)malloc_trim(0);
        }
        status = post(link, sync, &page, &request, last);
    }
    scratch_drop(&page.room);
    return status;
}

/* --- rounds --------------------------------------------------------------------------------------------- */

/*
 * A wipe or a claim begins another epoch, and everything anew. Without a certificate the keeper is asked in any case: what is enrolled next must be
 * this epoch's key, also when the hub ended the certificate before the keeper's news came.
 */
static sec_status look_at_facts(struct link *link, struct sync *sync)
{
    if (sync->facts_known && sync->facts_of == link->records && link->identity.certificate)
        return sec_st(SEC_OK);
    SEC_TRY(link_ask_facts(link));
    sync->facts_of = link->records;
    if (sync->facts_known && link->identity.epoch == link->epoch)
        return sec_st(SEC_OK);
    link_tls_close(link);
    if (!link_identity_load(link))
        return sec_st(SEC_IO_FAILED);
    sync->facts_known = true;
    sync->asked = sync->head_sent = false;
    sync->next = 0;
    return sec_st(SEC_OK);
}

static sec_status see_to_certificate(struct link *link, struct sync *sync)
{
    if (link->identity.certificate && link_identity_due(link)) {
        sec_status status = link_enrol(link, true);
        if (sec_is(status, SEC_NOT_PERMITTED)) {
            link_identity_drop(link);
            SEC_TRY(look_at_facts(link, sync));
        } else if (!sec_ok(status)) /* the old one may serve for a while */
            say("hub %s, renewal: %s", link->host.name, sec_status_text(status));
    }
    return link->identity.certificate ? sec_st(SEC_OK) : link_enrol(link, false);
}

static sec_status see_to_connection(struct link *link)
{
    if (link->tls.ssl)
        return sec_st(SEC_OK);
    sec_status status = link_tls_open(link, true);
    if (sec_is(status, SEC_NOT_PERMITTED))
        link_identity_drop(link);
    return status;
}

static sec_status go_round(struct link *link, struct sync *sync)
{
    SEC_TRY(look_at_facts(link, sync));
    SEC_TRY(see_to_certificate(link, sync));
    SEC_TRY(see_to_connection(link));
    return exchange(link, sync, false);
}

/* What was decided already is told, though the next statement must wait, or the process ends. */
static void say_the_rest(struct link *link, struct sync *sync)
{
    if (sync->verdicts.count > 0 && link->identity.certificate && sec_ok(see_to_connection(link)))
        (void)exchange(link, sync, true);
}

static void stay_away(struct link *link, uint64_t ms)
{
    link_tls_close(link);
    (void)malloc_trim(0);
    (void)link_wait(link, -1, 0, link_now_ms() + ms, true, false, 0);
}

/* False when the process is to end, so that the hub's name is resolved anew. */
static bool failed(struct link *link, struct sync *sync)
{
    sync->failures++;
    if (sync->held)
        say_the_rest(link, sync);
    sync->held = false;
    if (link->unreached >= LINK_UNREACHED_MAX_COUNT && !link->host.literal) {
        say("hub %s: not reached %u times in a row; its name is resolved anew", link->host.name, link->unreached);
        return false;
    }
    stay_away(link, backoff_ms(sync->failures, link_random(link)));
    return true;
}

int link_run(struct link *link)
{
    struct sync *sync = &sync_state;
    sync->failures = link->place.failures * UNREACHED_FAILURES;
    if (sync->failures > 0)
        stay_away(link, backoff_ms(sync->failures, link_random(link)));
    while (!link->stopping) {
        if (link->keeper.fd < 0) { /* it comes from the parent */
            (void)link_wait(link, -1, 0, link_now_ms() + 1000, true, false, 0);
            continue;
        }
        sync->handed = 0;
        sync->breath = false;
        sec_status status = go_round(link, sync);
        if (link->stopping)
            break;
        uint64_t pause_ms = pace_ms(&sync->pace, link_now_ms(), 1 + sync->handed);
        pause_ms = sync->breath && pause_ms < BREATH_MS ? BREATH_MS : pause_ms;
        if (pause_ms > 0)
            (void)link_wait(link, -1, 0, link_now_ms() + pause_ms, true, false, 0);
        if (sec_ok(status)) {
            sync->failures = 0;
            if (sync->away_s > 0)
                stay_away(link, sync->away_s * 1000);
            sync->away_s = 0;
        } else if (!failed(link, sync)) {
            break;
        }
    }
    say_the_rest(link, sync);
    link_tls_close(link);
    return link->broken ? 1 : 0;
}
