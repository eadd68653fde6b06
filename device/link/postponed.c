/* SPDX-License-Identifier: Apache-2.0 */
#include "postponed.h"

#include "backoff.h"

/** `count` when it is not there. */
static size_t find(const struct postponed *postponed, const struct sec_digest *digest)
{
    size_t at = 0;
    while (at < postponed->count && !sec_digest_equal(&postponed->payloads[at].digest, digest))
        at++;
    return at;
}

bool postponed_holds(const struct postponed *postponed, const struct sec_digest *digest, uint64_t now_ms, bool missing_too)
{
    size_t at = find(postponed, digest);
    if (at == postponed->count || (missing_too && postponed->payloads[at].why == SEC_NOT_FOUND))
        return false;
    return now_ms < postponed->payloads[at].due_ms;
}

static size_t latest(const struct postponed *postponed)
{
    size_t at = 0;
    for (size_t i = 1; i < postponed->count; i++)
        if (postponed->payloads[i].due_ms > postponed->payloads[at].due_ms)
            at = i;
    return at;
}

static struct postponed_payload *enter(struct postponed *postponed, const struct sec_digest *digest)
{
    size_t at = find(postponed, digest);
    if (at < postponed->count)
        return &postponed->payloads[at];
    at = postponed->count < POSTPONED_MAX_COUNT ? postponed->count++ : latest(postponed);
    postponed->payloads[at] = (struct postponed_payload){.digest = *digest};
    return &postponed->payloads[at];
}

bool postponed_failed(struct postponed *postponed, const struct sec_digest *digest, sec_status why, bool gained, uint64_t now_ms, uint32_t random, bool *ret_news)
{
    struct postponed_payload *payload = enter(postponed, digest);
    bool broke = !sec_is(why, SEC_NOT_FOUND) && !sec_is(why, SEC_STORAGE_FULL);
    *ret_news = payload->failures == 0 || payload->why != why.code;
    payload->why = why.code;
    payload->failures = broke && gained ? 1 : payload->failures + 1;
    bool put_off = !broke || (!gained && payload->failures >= POSTPONED_BREAKS_COUNT);
    payload->due_ms = put_off ? now_ms + backoff_ms(payload->failures, random) : 0;
    return put_off;
}

void postponed_forget(struct postponed *postponed, const struct sec_digest *digest)
{
    size_t at = find(postponed, digest);
    if (at < postponed->count)
        postponed->payloads[at] = postponed->payloads[--postponed->count];
}
