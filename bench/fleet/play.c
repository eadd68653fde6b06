/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <stdlib.h>
#include <string.h>

#define BACKOFF_MS 200u
#define BACKOFF_MAX_MS 5000u
#define EVENTS_OF_STEP 10u

static void ask_sync(struct member *m)
{
    static uint8_t room[SEC_SYNC_MAX_BYTES];
    char head[256];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    (void)member_sync_body(m, &wr);
    snprintf(head, sizeof head, "POST /sync HTTP/1.1\r\nHost: hub\r\nContent-Type: application/cbor\r\nContent-Length: %zu\r\n\r\n", sec_wr_done(&wr).len);
    m->asking = ASK_SYNC;
    wire_send(m, head, sec_wr_done(&wr));
}

void play_connected(struct member *m)
{
    if (m->certificate) {
        ask_sync(m);
        return;
    }
    m->asking = ASK_ENROL;
    enrol_request(m, "hub");
}

void play_broken(struct member *m)
{
    m->failures++;
    m->fleet->counts.failures++;
    uint64_t wait = (uint64_t)BACKOFF_MS << (m->failures < 5 ? m->failures : 5);
    wait = wait > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait;
    m->phase = AWAY;
    m->wake_ms = fleet_now_ms() + (uint64_t)((0.5 + fleet_chance()) * (double)wait);
    /* A session that is not taken is not tried for ever. */
    if (m->failures > 2) {
        SSL_SESSION_free(m->session);
        m->session = NULL;
    }
}

static bool level(const struct member *m)
{
    return m->told && m->verdicts_count == 0 && (m->head_len == 0 || (m->hub_has_head && m->hub_size >= m->head_size));
}

static void go_on(struct member *m)
{
    struct fleet *fleet = m->fleet;
    if (fleet->once && level(m)) {
        fleet->rested++;
        m->wake_ms = UINT64_MAX;
        return;
    }
    if (m->away_ms) {
        m->wake_ms = fleet_now_ms() + m->away_ms;
        return;
    }
    if (fleet_chance() < fleet->vanish) {
        wire_close(m, fleet_now_ms() + (uint64_t)(2000.0 * fleet_chance()));
        return;
    }
    if (fleet_chance() < fleet->lag) {
        m->wake_ms = fleet_now_ms() + (uint64_t)(3000.0 * fleet_chance());
        return;
    }
    if (level(m) && fleet->always) {
        play_rested(m);
        return;
    }
    if (level(m) && fleet->events_per_s > 0) {
        m->wake_ms = fleet_now_ms() + (uint64_t)(2000.0 * fleet_chance() / fleet->events_per_s);
        return;
    }
    ask_sync(m);
}

void play_answered(struct member *m, struct sec_bytes body)
{
    m->failures = 0;
    if (m->asking == ASK_ENROL) {
        enrol_answer(m, body);
        m->fleet->rested++;
        wire_close(m, UINT64_MAX);
        return;
    }
    if (m->status == 200) {
        member_sync_answer(m, body);
        go_on(m);
        return;
    }
    m->fleet->counts.refused++;
    if (m->fleet->log_failures)
        fprintf(stderr, "fleet: device %zu: sync: %u %.*s\n", m->number, m->status, (int)body.len, (const char *)body.data);
    wire_close(m, fleet_now_ms() + BACKOFF_MAX_MS);
}

void play_rested(struct member *m)
{
    struct fleet *fleet = m->fleet;
    if (level(m) && (fleet->always || fleet->events_per_s > 0)) {
        for (unsigned i = 0; i < EVENTS_OF_STEP; i++)
            (void)member_record(m, SEC_RECORD_APPLICATION, sec_bytes(NULL, 0));
        member_head(m);
    }
    ask_sync(m);
}
