/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

const char *sec_verdict_word(enum sec_verdict verdict)
{
    static const char *const words[] = {
        [SEC_VERDICT_INTACT] = "intact",           [SEC_VERDICT_TORN_TAIL] = "torn-tail",
        [SEC_VERDICT_TAMPERED] = "tampered",       [SEC_VERDICT_GAP] = "gap",
        [SEC_VERDICT_TRUNCATED] = "truncated",     [SEC_VERDICT_ROLLED_BACK] = "rolled-back",
        [SEC_VERDICT_MISSING] = "missing",         [SEC_VERDICT_FORKED] = "forked",
    };
    bool known = (unsigned)verdict < sizeof words / sizeof words[0];
    return known ? words[verdict] : "unknown";
}

/* A fork proves that the device's key signed two histories, which no loss explains; a loss says less the less it tells. */
static unsigned gravity(enum sec_verdict verdict)
{
    switch (verdict) {
    case SEC_VERDICT_FORKED:
        return 4;
    case SEC_VERDICT_MISSING:
        return 3;
    case SEC_VERDICT_ROLLED_BACK:
        return 2;
    case SEC_VERDICT_TRUNCATED:
        return 1;
    case SEC_VERDICT_INTACT:
    case SEC_VERDICT_TORN_TAIL:
    case SEC_VERDICT_TAMPERED:
    case SEC_VERDICT_GAP:
        break;
    }
    return 0;
}

struct sec_finding sec_finding_graver(struct sec_finding a, struct sec_finding b)
{
    return gravity(b.verdict) > gravity(a.verdict) ? b : a;
}

/* True when the device had gone on, by start, counter or owner, after the log's last head. */
static bool is_newer(const struct sec_head *head, const struct sec_head *last)
{
    bool counted = head->has_counter && last->has_counter && head->counter > last->counter;
    return head->boot > last->boot || head->epoch > last->epoch || counted;
}

static struct sec_finding shorter(const struct sec_verify_facts *facts, const struct sec_head *head)
{
    struct sec_finding finding = {SEC_VERDICT_TRUNCATED, "the log ends before the evidence", facts->proved};
    if (facts->has_head && !facts->damaged && facts->head.boot != head->boot) {
        finding.verdict = SEC_VERDICT_ROLLED_BACK;
        finding.why = facts->head.boot < head->boot ? "the log is whole as it was before a start that the evidence saw"
                                                    : "the log went on from before what the evidence saw";
    }
    return finding;
}

struct sec_finding sec_head_judge(const struct sec_verify_facts *facts, const struct sec_head *head)
{
    struct sec_finding agrees = {SEC_VERDICT_INTACT, "", 0};
    if (!facts->has_log_id || !sec_digest_equal(&facts->log_id, &head->log_id))
        return (struct sec_finding){SEC_VERDICT_MISSING, "the log that the evidence speaks of is not here", 0};
    if (head->size > facts->proved)
        return shorter(facts, head);
    if (facts->has_head && is_newer(head, &facts->head))
        return (struct sec_finding){SEC_VERDICT_ROLLED_BACK, "the evidence is newer than the log's last head", facts->proved};
    return agrees;
}

struct sec_finding sec_evidence_judge(const struct sec_verify_facts *facts, const struct sec_verify_evidence *evidence)
{
    struct sec_finding finding = {SEC_VERDICT_INTACT, "", 0};
    if (facts->differs && facts->differs_at <= facts->proved)
        finding = (struct sec_finding){SEC_VERDICT_FORKED, "two signed histories differ", facts->differs_at};
    for (size_t i = 0; evidence && i < evidence->heads_count; i++)
        finding = sec_finding_graver(finding, sec_head_judge(facts, &evidence->heads[i]));
    for (size_t i = 0; evidence && i < evidence->receipts_count; i++)
        finding = sec_finding_graver(finding, sec_head_judge(facts, &evidence->receipts[i].head));
    return finding;
}

void sec_verify_conclude(const struct sec_verify_facts *facts, const struct sec_finding *finding,
                         struct sec_verify_result *ret_result)
{
    struct sec_verify_result result = {
        .verdict = facts->verdict,
        .intact_until = facts->proved,
        .records = facts->records,
        .trimmed = facts->first,
        .boots = facts->boots,
        .segment = facts->segment,
        .offset = facts->offset,
        .index = facts->index,
        .why = facts->why,
        .last_head = facts->head,
        .has_head = facts->has_head,
        .log_id = facts->log_id,
        .has_log_id = facts->has_log_id,
    };
    bool own_fault = facts->verdict == SEC_VERDICT_TAMPERED || facts->verdict == SEC_VERDICT_GAP;
    /* Where a piece is physically gone, evidence that names what was there makes it a truncation. */
    bool cut_off = facts->verdict == SEC_VERDICT_TAMPERED && facts->shortened && gravity(finding->verdict) > 0;
    if (finding->verdict != SEC_VERDICT_INTACT && (!own_fault || cut_off)) {
        result.verdict = finding->verdict;
        result.why = finding->why;
        result.index = finding->index;
    }
    *ret_result = result;
}
