/* SPDX-License-Identifier: Apache-2.0 */
/* Sync: a device's poll. What it shows is verified and stored first; then it is answered, or waits. */
#include "contact.h"
#include "device_routes.h"
#include "evidence.h"
#include "hub.h"

#include <securable/access_hub.h>

/** Head, numbers and list heads of an answer. */
#define AROUND_BYTES 512u
#define LISTS_MAX_BYTES (SEC_SYNC_MAX_BYTES - 2048u)
#define ASK_LIFE_S 3600
/** What was handed out and is not answered is handed out again after so long, also on the same connection. */
#define HAND_AGAIN_S 20
/** A device whose entries went wrong twice, or that refused for the moment, comes again after so long. */
#define PUT_OFF_S 10u
#define AGAIN_S 30u

/** What a poll knows; it lives while it waits. */
struct poll {
    bool has_known;
    struct sec_digest known;
    uint64_t wait_s;
    bool again;
    uint64_t away_s;
};

/* --- what is handed out ------------------------------------------------------------------------------------- */

struct hand_out {
    struct sec_wr wr;
    size_t count;
    size_t max;
};

static _Thread_local uint8_t deliveries_room[LISTS_MAX_BYTES];
static _Thread_local uint8_t nonces_room[SEC_SYNC_NONCES_MAX_COUNT * (SEC_SYNC_NONCE_MAX_BYTES + 2u)];

static sec_status hand_delivery(void *ctx, const struct hub_delivery *delivery, const struct hub_statement *statement)
{
    struct hand_out *out = ctx;
    const struct sec_wr before = out->wr;
    const struct sec_sync_delivery element = {statement->bytes, statement->beside, statement->has_payload, statement->payload,
                                              statement->payload_bytes};
    (void)delivery;
    if (out->count == out->max)
        return sec_st(SEC_OK);
    sec_sync_delivery_encode(&element, &out->wr);
    if (out->wr.bad) {
        out->wr = before;
        out->max = out->count; /* the rest comes next time, in its order */
        return sec_st(SEC_OK);
    }
    out->count++;
    return sec_st(SEC_OK);
}

static sec_status hand_nonce(void *ctx, const struct hub_ask *ask)
{
    struct hand_out *out = ctx;
    if (out->count == out->max)
        return sec_st(SEC_OK);
    sec_sync_bytes_encode(ask->nonce, &out->wr);
    out->count++;
    return sec_st(SEC_OK);
}

static sec_status collect(struct hub_exchange *x, const struct hub_member *member, struct sec_sync_answer *answer)
{
    struct hand_out deliveries = {sec_wr(SEC_ROOM(deliveries_room)), 0, SEC_SYNC_DELIVERIES_MAX_COUNT};
    struct hand_out nonces = {sec_wr(SEC_ROOM(nonces_room)), 0, SEC_SYNC_NONCES_MAX_COUNT};
    const struct hub_handed handed = {x->connection, hub_now_s(), member->waiting, member->asks};
    if (member->waiting == 0 && member->asks == 0)
        return sec_st(SEC_OK);
    if (member->waiting)
        SEC_TRY(hub_waiting(hub_reader(x), &member->id, SEC_SYNC_DELIVERIES_MAX_COUNT, hand_delivery, &deliveries));
    if (member->asks)
        SEC_TRY(hub_asks_open(hub_reader(x), &member->id, handed.at_s - ASK_LIFE_S, hand_nonce, &nonces));
    answer->deliveries = (struct sec_sync_list){deliveries.count, sec_wr_done(&deliveries.wr)};
    answer->nonces = (struct sec_sync_list){nonces.count, sec_wr_done(&nonces.wr)};
    hub_handed_put(x->hub->pages, &member->id, &handed);
    return sec_st(SEC_OK);
}

/** True when there is something to hand out that this connection was not handed a moment ago. */
static bool has_news(const struct hub_exchange *x, const struct hub_member *member)
{
    struct hub_handed handed;
    if (member->waiting == 0 && member->asks == 0)
        return false;
    return !hub_handed_get(x->hub->pages, &member->id, &handed) || handed.connection != x->connection ||
           handed.waiting != member->waiting || handed.asks != member->asks ||
           hub_now_s() - handed.at_s >= HAND_AGAIN_S;
}

/* --- answering ---------------------------------------------------------------------------------------------- */

static void send_answer(struct hub_exchange *x, const struct sec_sync_answer *answer)
{
    uint8_t small[AROUND_BYTES];
    struct sec_room room = SEC_ROOM(small);
    struct sec_bytes body;
    if (answer->deliveries.count || answer->nonces.count) {
        size_t bytes = AROUND_BYTES + answer->deliveries.items.len + answer->nonces.items.len;
        room = sec_room(hub_alloc(x, bytes), bytes);
    }
    struct sec_wr wr = sec_wr(room);
    if (room.data)
        sec_sync_answer_encode(answer, &wr);
    if (room.data && sec_ok(sec_wr_end(&wr, &body)))
        hub_answer(x, 200, "application/cbor", body);
    else
        hub_problem(x, 503, "sync", "answer", "there is no memory for it", NULL);
}

static void answer(struct hub_exchange *x, const struct hub_member *member, const struct poll *poll, struct sec_sync_answer *handed)
{
    handed->has_head = member->has_head;
    handed->size = member->size;
    handed->root = member->root;
    handed->away_s = poll->away_s;
    handed->again = poll->again;
    send_answer(x, handed);
}

static bool is_level(const struct hub_member *member, const struct poll *poll)
{
    return member->has_head && poll->has_known && sec_digest_equal(&member->root, &poll->known);
}

/* --- waiting ------------------------------------------------------------------------------------------------ */

/** Answers with all that there is to hand out. */
static void answer_now(struct hub_exchange *x, const struct hub_member *member, const struct poll *poll)
{
    struct sec_sync_answer handed = {0};
    sec_status status = collect(x, member, &handed);
    if (sec_ok(status))
        answer(x, member, poll, &handed);
    else
        hub_problem_status(x, "sync", "store", status);
}

static void end_wait(struct hub_exchange *x)
{
    struct hub_member member;
    hub_fleet_unpark(x->hub->fleet, &x->who.device, x);
    if (x->client_gone || !hub_fleet_get(x->hub->fleet, &x->who.device, &member))
        hub_answer(x, 204, NULL, (struct sec_bytes){NULL, 0});
    else
        answer_now(x, &member, x->own);
}

static uint64_t wait_ms(const struct hub_member *member, const struct poll *poll)
{
    bool handed = member->waiting > 0 || member->asks > 0;
    return (handed && poll->wait_s > HAND_AGAIN_S ? HAND_AGAIN_S : poll->wait_s) * 1000;
}

static void wait_for_news(struct hub_exchange *x, const struct hub_member *before, const struct poll *poll)
{
    struct poll *kept = hub_alloc(x, sizeof *kept);
    struct hub_member member;
    if (!kept) {
        hub_problem(x, 503, "sync", "wait", "there is no memory for it", NULL);
        return;
    }
    *kept = *poll;
    x->own = kept;
    x->timeout = end_wait;
    x->gone = end_wait;
    hub_park(x, wait_ms(before, poll));
    hub_fleet_park(x->hub->fleet, &x->who.device, x, end_wait);
    /* What came between the look and the parking woke nobody. */
    if (!hub_fleet_get(x->hub->fleet, &x->who.device, &member) || has_news(x, &member))
        end_wait(x);
}

static void answer_or_wait(struct hub_exchange *x, const struct poll *poll)
{
    struct hub_member member;
    struct sec_sync_answer handed = {0};
    if (!hub_fleet_get(x->hub->fleet, &x->who.device, &member)) {
        hub_problem(x, 401, "sync", "device", "is not known here; it may enrol by its statement", sec_status_word(sec_st(SEC_NOT_FOUND)));
        return;
    }
    bool may_wait = poll->wait_s > 0 && is_level(&member, poll);
    sec_status status = has_news(x, &member) ? collect(x, &member, &handed) : sec_st(SEC_OK);
    if (!sec_ok(status))
        hub_problem_status(x, "sync", "store", status);
    else if (may_wait && handed.deliveries.count + handed.nonces.count == 0)
        wait_for_news(x, &member, poll);
    else
        answer(x, &member, poll, &handed);
}

static void wake_waiting(void *ctx, const struct hub_member *member)
{
    struct hub *hub = ctx;
    if (member->waiting > 0)
        hub_fleet_wake(hub->fleet, &member->id);
}

void hub_sync_payload_came(struct hub *hub)
{
    hub_fleet_each(hub->fleet, wake_waiting, hub);
}

/* --- evidence ----------------------------------------------------------------------------------------------- */

static void update_fleet(const struct hub_evidence *e)
{
    struct hub_fleet *fleet = e->hub->fleet;
    hub_fleet_add_waiting(fleet, &e->device, e->waiting_change);
    hub_fleet_add_asks(fleet, &e->device, e->asks_change);
    if (e->log == HUB_LOG_FOLLOWED && !e->overtaken)
        hub_fleet_followed(fleet, &e->device, e->head.size, &e->head.root);
    if (e->epoch)
        hub_fleet_epoch(fleet, &e->device, e->epoch);
    if (e->alarmed)
        hub_fleet_alarmed(fleet, &e->device, (uint64_t)e->alarm);
    if (e->verdicts_count)
        hub_handed_drop(e->hub->pages, &e->device);
}

static void evidence_stored(struct hub_exchange *x, void *arg, sec_status status)
{
    const struct hub_evidence *e = arg;
    if (!sec_ok(status)) {
        hub_problem_status(x, "sync", "store", status);
        return;
    }
    hub_evidence_remember(e);
    update_fleet(e);
    struct poll poll = {.again = !e->overtaken && (e->log == HUB_LOG_AGAIN || e->alarm == SEC_FOLLOW_UNPROVEN)};
    if (e->alarm)
        poll.away_s = AGAIN_S; /* nothing is followed until it gives something else */
    if (e->put_off)
        poll.away_s = PUT_OFF_S;
    if (e->log == HUB_LOG_AGAIN && !e->overtaken)
        poll.away_s = e->run.again || (!e->failed && e->request.entries_first > e->base_size) ? AGAIN_S : 0;
    answer_or_wait(x, &poll);
}

static void take_evidence(struct hub_exchange *x, const struct sec_sync_request *request)
{
    struct hub_evidence *e = hub_alloc(x, sizeof *e);
    struct hub_handed handed;
    struct hub_member member;
    if (!e) {
        hub_problem(x, 503, "sync", "request", "there is no memory for it", NULL);
        return;
    }
    e->hub = x->hub;
    e->device = x->who.device;
    e->now_s = hub_now_s();
    e->request = *request;
    e->known_epoch = hub_fleet_get(x->hub->fleet, &e->device, &member) ? member.epoch : 0;
    e->asked = hub_handed_get(x->hub->pages, &e->device, &handed) && handed.asks > 0 && e->now_s - handed.at_s < HAND_AGAIN_S;
    sec_status status = hub_evidence_check(hub_reader(x), e);
    if (sec_ok(status))
        hub_write(x, x->hub, hub_evidence_store, evidence_stored, e);
    else if (sec_is(status, SEC_NOT_FOUND))
        hub_problem(x, 401, "sync", "device", "is not known here; it may enrol by its statement", sec_status_word(status));
    else if (sec_status_class(status) == SEC_CLASS_CRYPTO)
        hub_problem(x, 403, "sync", "head", sec_status_text(status), sec_status_word(status));
    else
        hub_problem_status(x, "sync", "request", status);
}

void hub_sync(struct hub_exchange *x)
{
    struct sec_sync_request request;
    struct hub_member before;
    int64_t now_s = hub_now_s();
    sec_status status = sec_sync_request_parse(x->body, &request);
    if (!sec_ok(status)) {
        hub_problem_status(x, "sync", "request", status);
        return;
    }
    if (hub_fleet_seen(x->hub->fleet, &x->who.device, now_s, &before))
        hub_contact_seen(x->hub, &before, now_s);
    if (hub_evidence_there(&request)) {
        take_evidence(x, &request);
        return;
    }
    uint64_t wait_s = request.wait_s < x->hub->config.interval_s ? request.wait_s : x->hub->config.interval_s;
    const struct poll poll = {.has_known = request.has_known, .known = request.known, .wait_s = wait_s};
    answer_or_wait(x, &poll);
}
