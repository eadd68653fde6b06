/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals: counted, recorded seldom, and the lock-out of who cannot show a good signature. */
#include <securable/access.h>

void sec_refusals_init(struct sec_refusals *refusals)
{
    sec_zero(refusals, sizeof *refusals);
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* The counter of this code: its own, a free one, or the last one, which then counts all further codes under 0. */
static struct sec_refusal *entry_of(struct sec_refusals *refusals, uint16_t code)
{
    for (size_t i = 0; i < refusals->count; i++)
        if (refusals->entries[i].code == code && refusals->entries[i].count != 0)
            return &refusals->entries[i];
    if (refusals->count < SEC_REFUSALS_MAX_COUNT - 1) {
        refusals->entries[refusals->count].code = code;
        return &refusals->entries[refusals->count++];
    }
    refusals->count = SEC_REFUSALS_MAX_COUNT;
    return &refusals->entries[SEC_REFUSALS_MAX_COUNT - 1];
}

void sec_refusals_add(struct sec_refusals *refusals, sec_status code, uint64_t steady_ms, int64_t wall_s)
{
    if (refusals->count == 0)
        refusals->first_ms = steady_ms;
    struct sec_refusal *entry = entry_of(refusals, code.code);
    if (entry->count == 0)
        entry->first_s = wall_s;
    entry->last_s = wall_s;
    entry->count = plus(entry->count, 1);
}

uint64_t sec_refusals_due_ms(const struct sec_refusals *refusals)
{
    if (refusals->count == 0)
        return UINT64_MAX;
    uint64_t gathered = plus(refusals->first_ms, SEC_REFUSALS_GATHER_MS);
    if (refusals->spent < SEC_REFUSALS_BURST)
        return gathered;
    uint64_t refilled = plus(refusals->spent_ms, SEC_REFUSALS_INTERVAL_MS);
    return refilled > gathered ? refilled : gathered;
}

static void spend(struct sec_refusals *refusals, uint64_t steady_ms)
{
    uint64_t refills = (steady_ms - refusals->spent_ms) / SEC_REFUSALS_INTERVAL_MS;
    if (refills >= refusals->spent) {
        refusals->spent = 0;
        refusals->spent_ms = steady_ms;
    } else {
        refusals->spent -= refills;
        refusals->spent_ms += refills * SEC_REFUSALS_INTERVAL_MS;
    }
    refusals->spent++;
}

static void put_entry(const struct sec_refusal *entry, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 4);
    sec_cbor_put_uint(wr, entry->code);
    sec_cbor_put_uint(wr, entry->count);
    sec_cbor_put_int(wr, entry->first_s);
    sec_cbor_put_int(wr, entry->last_s);
}

bool sec_refusals_take(struct sec_refusals *refusals, uint64_t steady_ms, struct sec_wr *wr)
{
    if (refusals->count == 0 || steady_ms < sec_refusals_due_ms(refusals))
        return false;
    struct sec_wr attempt = *wr;
    sec_cbor_put_map(&attempt, 1);
    sec_cbor_put_uint(&attempt, 1);
    sec_cbor_put_array(&attempt, refusals->count);
    for (size_t i = 0; i < refusals->count; i++)
        put_entry(&refusals->entries[i], &attempt);
    if (attempt.bad)
        return false;
    *wr = attempt;
    spend(refusals, steady_ms);
    sec_zero(refusals->entries, sizeof refusals->entries);
    refusals->count = 0;
    return true;
}

/* --- lock-out ---------------------------------------------------------------------------------------- */

static bool is_failed_attempt(sec_status refusal)
{
    return sec_is(refusal, SEC_UNSIGNED) || sec_is(refusal, SEC_UNKNOWN_KEY) || sec_is(refusal, SEC_BAD_SIGNATURE) ||
           sec_is(refusal, SEC_BAD_ALGORITHM) || sec_is(refusal, SEC_BAD_KEY);
}

bool sec_lockout_active(const struct sec_refusals *refusals, const struct sec_lockout_policy *policy,
                        uint64_t steady_ms)
{
    return policy->enabled && refusals->locked && steady_ms < refusals->locked_until_ms;
}

static void count_failure(struct sec_refusals *refusals, const struct sec_lockout_policy *policy, uint64_t steady_ms)
{
    if (refusals->failures == 0 || steady_ms - refusals->failures_ms >= SEC_LOCKOUT_INTERVAL_MS) {
        refusals->failures = 0;
        refusals->failures_ms = steady_ms;
    }
    refusals->failures++;
    if (refusals->failures < policy->limit)
        return;
    refusals->failures = 0;
    refusals->locked = true;
    uint64_t lasts_ms = policy->seconds > UINT64_MAX / 1000 ? UINT64_MAX : policy->seconds * 1000;
    refusals->locked_until_ms = plus(steady_ms, lasts_ms);
}

sec_status sec_lockout_answer(struct sec_refusals *refusals, const struct sec_lockout_policy *policy,
                              sec_status refusal, uint64_t steady_ms)
{
    if (!policy->enabled || !is_failed_attempt(refusal))
        return refusal;
    if (sec_lockout_active(refusals, policy, steady_ms))
        return sec_st(SEC_LOCKED_OUT);
    refusals->locked = false;
    count_failure(refusals, policy, steady_ms);
    return refusal;
}
