/* SPDX-License-Identifier: Apache-2.0 */
/* What the link asks: a statement over its transport key, and what a hub follows. */
#include "keeper_inside.h"

#include <securable/access_hub.h>
#include <securable/sync.h>

/* --- the transport key ------------------------------------------------------------------------------------------ */

/** {1: "transport-key", 2: key id} */
static sec_status observe_key(struct sec_keeper *k, const struct sec_key_id *kid)
{
    uint8_t content[64];
    struct sec_wr wr = sec_wr(SEC_ROOM(content));
    sec_cbor_put_map(&wr, 2);
    sec_cbor_put_int(&wr, 1);
    sec_cbor_put_tstr(&wr, SEC_LIT("transport-key"));
    sec_cbor_put_int(&wr, 2);
    sec_cbor_put_bstr(&wr, SEC_BYTES(kid->b));
    return sec_keeper_observe(k, sec_wr_done(&wr));
}

/** New keys that are stated and recorded in an hour: an honest link needs one, and one that was taken over must not push history out of the log. */
#define NEW_KEYS_MAX_COUNT 8u
#define NEW_KEYS_INTERVAL_MS UINT64_C(3600000)

static sec_status count_new_key(struct sec_keeper *k)
{
    uint64_t now_ms = k->config.clock->steady_ms(k->config.clock->ctx);
    if (k->transports_count == 0 || now_ms - k->transports_since_ms >= NEW_KEYS_INTERVAL_MS) {
        k->transports_since_ms = now_ms;
        k->transports_count = 0;
    }
    if (k->transports_count == NEW_KEYS_MAX_COUNT)
        return sec_st(SEC_BUSY);
    k->transports_count++;
    return sec_st(SEC_OK);
}

sec_status sec_keeper_transport(struct sec_keeper *keeper, const struct sec_public_key *key, struct sec_wr *statement)
{
    const struct sec_transport transport = {*key, keeper->rooms.access.epoch, keeper_time_lower(keeper)};
    const struct sec_hasher *hasher = &keeper->config.crypto->hasher;
    struct sec_key_id kid;
    struct sec_bytes body;
    if (keeper->tampered || keeper->dead)
        return sec_st(keeper->tampered ? SEC_TAMPERED : SEC_BROKEN);
    SEC_TRY(sec_key_id_of(key, hasher, &kid));
    const bool is_new = !sec_key_id_equal(&kid, &keeper->transport);
    if (is_new)
        SEC_TRY(count_new_key(keeper));
    struct sec_wr wr = sec_wr(keeper->work.content);
    sec_transport_encode(&transport, &wr);
    SEC_TRY(sec_wr_end(&wr, &body));
    SEC_TRY(sec_statement_sign(SEC_STATEMENT_TRANSPORT, &keeper->config.keystore->identity, hasher, body, statement));
    if (statement->bad)
        return sec_st(SEC_ROOM_FULL);
    if (is_new)
        SEC_TRY(observe_key(keeper, &kid));
    keeper->transport = kid;
    return sec_st(SEC_OK);
}

/* --- what a hub follows -------------------------------------------------------------------------------------------- */

/** Array head, head statement with its own head, two integers, the head of the entries. */
#define AROUND_ENTRIES_BYTES (1u + 3u + SEC_JOURNAL_HEAD_MAX_BYTES + 9u + 9u + 9u)

struct shown {
    struct sec_wr wr;
    size_t room; /* bytes that entries may take */
    size_t most;
    uint64_t first;
    size_t count;
};

/** TABLE_FULL ends the walk. */
static sec_status show_entry(void *ctx, const struct sec_journal_entry *entry)
{
    struct shown *shown = ctx;
    const struct sec_wr before = shown->wr;
    struct sec_sync_entry told = {entry->header_bytes, entry->body, entry->disclosed, entry->salt, entry->content};
    if (shown->count == shown->most)
        return sec_st(SEC_TABLE_FULL);
    sec_sync_entry_encode(&told, &shown->wr);
    if ((shown->wr.bad || shown->wr.len > shown->room) && shown->count == 0) {
        /* One that fits no page at all is told by its digest, or a hub would never get past it. */
        shown->wr = before;
        told.disclosed = false;
        sec_sync_entry_encode(&told, &shown->wr);
    }
    if (shown->wr.bad || shown->wr.len > shown->room) {
        shown->wr = before;
        return sec_st(SEC_TABLE_FULL);
    }
    if (shown->count == 0)
        shown->first = entry->header.index;
    shown->count++;
    return sec_st(SEC_OK);
}

sec_status sec_keeper_entries(struct sec_keeper *keeper, uint64_t from, size_t max_count, struct sec_wr *content)
{
    if (keeper->tampered || keeper->dead)
        return sec_st(keeper->tampered ? SEC_TAMPERED : SEC_BROKEN);
    SEC_TRY(keeper_head(keeper));
    size_t room = sec_wr_rest(content).len;
    uint64_t size = sec_journal_committed(&keeper->journal);
    struct shown shown = {.wr = sec_wr(keeper->work.json), .most = max_count, .first = from < size ? from : size};
    const struct sec_journal_follower follower = {&shown, show_entry};
    shown.room = room < AROUND_ENTRIES_BYTES ? 0 : room - AROUND_ENTRIES_BYTES;
    sec_status status = sec_journal_follow(&keeper->journal, from, &follower);
    if (sec_is(status, SEC_TABLE_FULL))
        status = sec_st(shown.count == 0 && max_count > 0 ? SEC_ROOM_FULL : SEC_OK);
    SEC_TRY(status);
    sec_cbor_put_array(content, 4);
    sec_cbor_put_bstr(content, sec_journal_head(&keeper->journal));
    sec_cbor_put_uint(content, shown.first);
    sec_cbor_put_uint(content, shown.count);
    sec_cbor_put_bstr(content, sec_wr_done(&shown.wr));
    return content->bad ? sec_st(SEC_ROOM_FULL) : sec_st(SEC_OK);
}
