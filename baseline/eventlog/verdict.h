/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict's rules: what one copy of a log proves, held against evidence from elsewhere. Facts in, verdict out.
 *
 * Memory: none. Threads: any. Serves S39, F6.4.
 */
#ifndef SECURABLE_EVENTLOG_VERDICT_H
#define SECURABLE_EVENTLOG_VERDICT_H

#include <securable/eventlog.h>

/** What reading a copy showed. */
struct sec_verify_facts {
    enum sec_verdict verdict; /* of the copy alone: INTACT, TORN_TAIL, TAMPERED, GAP, MISSING */
    const char *why;
    uint32_t segment; /* where, when the verdict is not INTACT */
    uint64_t offset;
    uint64_t index;
    bool has_log_id;
    struct sec_digest log_id;
    uint64_t first;    /* first kept record */
    uint64_t records;  /* kept records that were read */
    uint64_t proved;   /* records under the last good head, trimmed ones included */
    uint64_t boots;
    bool has_head;
    struct sec_head head;
    bool damaged;      /* bytes behind the end are damaged or left over: something was cut there */
    bool shortened;    /* what is missing is physically not there any more */
    bool differs;      /* a piece of evidence differs from the log ... */
    uint64_t differs_at; /* ... at this size; the smallest */
};

/** A finding of the comparison; INTACT when the evidence agrees. */
struct sec_finding {
    enum sec_verdict verdict;
    const char *why;
    uint64_t index;
};

/** The graver of both, by the order of the README. */
struct sec_finding sec_finding_graver(struct sec_finding a, struct sec_finding b);
/** What a verified head from elsewhere says about this copy. */
struct sec_finding sec_head_judge(const struct sec_verify_facts *facts, const struct sec_head *head);
/** All heads and receipts, and the differences that reading found. */
struct sec_finding sec_evidence_judge(const struct sec_verify_facts *facts, const struct sec_verify_evidence *evidence);
/** The copy's own verdict and the finding, joined. */
void sec_verify_conclude(const struct sec_verify_facts *facts, const struct sec_finding *finding,
                         struct sec_verify_result *ret_result);

#endif
