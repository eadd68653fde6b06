/* SPDX-License-Identifier: Apache-2.0 */
/* What applications may ask: events, secrets, settings, the log. Each by the roster's word on their local user id. */
#include "keeper_inside.h"

static sec_status permit(const struct sec_keeper *k, const struct sec_peer *peer, enum sec_right right)
{
    struct sec_access_facts facts;
    if (k->tampered || k->dead)
        return sec_st(k->tampered ? SEC_TAMPERED : SEC_BROKEN);
    keeper_access_facts(k, &facts);
    return sec_access_permits(&k->rooms.access, &facts, peer->uid, peer->pid, right);
}

/** Counts an application's refused request as any other refusal. */
static sec_status permitted(struct sec_keeper *k, const struct sec_peer *peer, enum sec_right right)
{
    sec_status status = permit(k, peer, right);
    if (sec_is(status, SEC_NOT_PERMITTED))
        sec_refusals_add(&k->refusals, status, k->config.clock->steady_ms(k->config.clock->ctx), keeper_time_shown(k));
    return status;
}

/** The roster's name of an application; empty when there is none. */
static struct sec_bytes application_name(const struct sec_keeper *k, uint32_t uid)
{
    struct sec_access_subject subject;
    for (size_t n = 0; sec_access_subject_at(&k->rooms.access, n, &subject); n++) {
        if (subject.role == SEC_ROLE_APPLICATION && subject.uid == uid)
            return subject.name;
    }
    return sec_bytes(NULL, 0);
}

sec_status sec_keeper_subscribe(const struct sec_keeper *keeper, const struct sec_peer *peer)
{
    return permit(keeper, peer, SEC_RIGHT_NOTIFY);
}

sec_status sec_keeper_event(struct sec_keeper *keeper, const struct sec_peer *peer, struct sec_bytes event)
{
    struct keeper_record record = {0};
    SEC_TRY(permitted(keeper, peer, SEC_RIGHT_EVENT));
    if (event.len > SEC_EVENT_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_cbor_check(event, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(event);
    if (sec_cbor_peek(&rd) != SEC_CBOR_MAP)
        return sec_st(SEC_UNEXPECTED_TYPE);
    record.sort = KEEPER_EVENT;
    record.name = application_name(keeper, peer->uid);
    record.uid = peer->uid;
    record.time_s = keeper_time_shown(keeper);
    record.steady_ms = keeper->config.clock->steady_ms(keeper->config.clock->ctx);
    record.content = event;
    return keeper_stage_event(keeper, SEC_RECORD_APPLICATION, &record);
}

sec_status sec_keeper_observe(struct sec_keeper *keeper, struct sec_bytes observation)
{
    struct keeper_record record = {0};
    if (keeper->tampered || keeper->dead)
        return sec_st(keeper->tampered ? SEC_TAMPERED : SEC_BROKEN);
    if (observation.len > SEC_EVENT_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_cbor_check(observation, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(observation);
    if (sec_cbor_peek(&rd) != SEC_CBOR_MAP)
        return sec_st(SEC_UNEXPECTED_TYPE);
    record.sort = KEEPER_OBSERVATION;
    record.time_s = keeper_time_shown(keeper);
    record.content = observation;
    return keeper_stage_event(keeper, SEC_RECORD_SYSTEM, &record);
}

/* --- secrets ---------------------------------------------------------------------------------------------------- */

static sec_status put_staged(struct sec_keeper *k, uint32_t uid, struct sec_bytes name, struct sec_bytes value, uint64_t seal)
{
    struct sec_bytes content;
    uint64_t index;
    struct sec_secret_value record = {name, uid, value};
    struct sec_wr wr = sec_wr(k->work.read);
    sec_secret_value_encode(&record, &wr);
    SEC_TRY(sec_wr_end(&wr, &content));
    /* What is pending goes first, so that value and change surely share one frame. */
    SEC_TRY(keeper_head(k));
    SEC_TRY(keeper_reserve(k, content.len + KEEPER_CHANGE_RECORD_BYTES));
    SEC_TRY(sec_journal_stage(&k->journal, SEC_RECORD_PROTECTION, seal, false, content, &index));
    keeper_draft_begin(k);
    sec_protection_change_put(uid, name, value.len, seal, index, keeper_change(k));
    keeper_add(k, KEEPER_ROOM_PROTECTION);
    return keeper_internal(k, KEEPER_SECRET_PUT, sec_st(SEC_OK), false);
}

sec_status sec_keeper_secret_put(struct sec_keeper *keeper, const struct sec_peer *peer, struct sec_bytes name, struct sec_bytes value)
{
    uint64_t seal;
    SEC_TRY(permitted(keeper, peer, SEC_RIGHT_SECRET));
    SEC_TRY(sec_protection_judge_put(&keeper->rooms.protection, peer->uid, name, value.len, &seal));
    sec_status status = put_staged(keeper, peer->uid, name, value, seal);
    sec_wipe(keeper->work.read.data, keeper->work.read.len);
    return status;
}

static sec_status get_opened(struct sec_keeper *k, uint64_t index, struct sec_wr *value)
{
    struct sec_journal_record record;
    struct sec_secret_value secret;
    SEC_TRY(sec_journal_read(&k->journal, index, k->work.read, &record));
    if (!record.opened)
        return sec_st(SEC_AEAD_FAILED);
    SEC_TRY(sec_secret_value_parse(record.content, &secret));
    sec_wr_bytes(value, secret.value);
    return value->bad ? sec_st(SEC_ROOM_FULL) : sec_st(SEC_OK);
}

sec_status sec_keeper_secret_get(struct sec_keeper *keeper, const struct sec_peer *peer, struct sec_bytes name, struct sec_wr *value)
{
    const struct sec_protection_secret *secret;
    SEC_TRY(permitted(keeper, peer, SEC_RIGHT_SECRET));
    SEC_TRY(sec_protection_find(&keeper->rooms.protection, peer->uid, name, &secret));
    sec_status status = get_opened(keeper, secret->index, value);
    sec_wipe(keeper->work.read.data, keeper->work.read.len);
    return status;
}

sec_status sec_keeper_secret_delete(struct sec_keeper *keeper, const struct sec_peer *peer, struct sec_bytes name)
{
    SEC_TRY(permitted(keeper, peer, SEC_RIGHT_SECRET));
    keeper_draft_begin(keeper);
    SEC_TRY(sec_protection_judge_delete(&keeper->rooms.protection, peer->uid, name, keeper_change(keeper), &keeper->draft.detail));
    keeper_add(keeper, KEEPER_ROOM_PROTECTION);
    return keeper_internal(keeper, KEEPER_SECRET_DELETE, sec_st(SEC_OK), false);
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

sec_status sec_keeper_settings(struct sec_keeper *keeper, const struct sec_peer *peer, struct sec_wr *json)
{
    SEC_TRY(permitted(keeper, peer, SEC_RIGHT_SETTINGS_READ));
    sec_configuration_json(&keeper->rooms.configuration, &keeper->product, json);
    return json->bad ? sec_st(SEC_ROOM_FULL) : sec_st(SEC_OK);
}

/** The head of an answer's array, at most. */
#define ENTRIES_HEAD_BYTES 9u

/** One entry of a log answer. Values of secrets are not for log readers. */
static void put_entry(const struct sec_journal_record *record, bool whole, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 5);
    sec_cbor_put_uint(wr, record->header.index);
    sec_cbor_put_uint(wr, record->header.boot);
    sec_cbor_put_uint(wr, record->header.epoch);
    sec_cbor_put_uint(wr, record->header.record_class);
    if (whole && record->opened && record->header.record_class != SEC_RECORD_PROTECTION && record->header.record_class != SEC_RECORD_KEY)
        sec_cbor_put_bstr(wr, record->content);
    else
        sec_cbor_put_null(wr);
}

/** A page of entries under construction. */
struct page {
    struct sec_wr body;
    size_t room; /* bytes that entries may take */
    size_t count;
};

/** As many entries as fit. TABLE_FULL ends the walk. */
static sec_status page_add(void *ctx, const struct sec_journal_record *record)
{
    struct page *page = ctx;
    const struct sec_wr before = page->body;
    put_entry(record, true, &page->body);
    bool fits = !page->body.bad && page->body.len <= page->room;
    if (!fits)
        page->body = before;
    if (!fits && page->count > 0)
        return sec_st(SEC_TABLE_FULL);
    /* One that fits no page at all is told without its content, or a reader would never get past it. */
    if (!fits)
        put_entry(record, false, &page->body);
    page->count++;
    return sec_st(SEC_OK);
}

sec_status sec_keeper_log_read(struct sec_keeper *keeper, const struct sec_peer *peer, uint64_t from, struct sec_wr *entries)
{
    SEC_TRY(permitted(keeper, peer, SEC_RIGHT_LOG_READ));
    size_t room = sec_wr_rest(entries).len;
    struct page page = {sec_wr(keeper->work.json), room < ENTRIES_HEAD_BYTES ? 0 : room - ENTRIES_HEAD_BYTES, 0};
    const struct sec_journal_visitor visitor = {&page, page_add, NULL};
    sec_status status = sec_journal_walk(&keeper->journal, from, &visitor);
    if (!sec_ok(status) && !sec_is(status, SEC_TABLE_FULL))
        return status;
    sec_cbor_put_array(entries, page.count);
    sec_wr_bytes(entries, sec_wr_done(&page.body));
    return entries->bad ? sec_st(SEC_ROOM_FULL) : sec_st(SEC_OK);
}
