/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence: what a device's request shows (head, entries, verdicts with receipts, reports), verified on the thread that it came to, then stored by the writer.
 *
 * Verifying needs the device's identity key and what was followed so far; storing makes sure that both are still so. What follows from heads is judged by
 * sec_follow_judge(), what becomes of statements by sec_delivery_judge().
 * Memory: the exchange's. Threads: hub_evidence_check() the loop's, hub_evidence_store() the writer's. Serves S29, S36, S39, promise 1.
 */
#ifndef SECURABLE_HUB_EVIDENCE_H
#define SECURABLE_HUB_EVIDENCE_H

#include "hub.h"
#include "pages.h"

#include <securable/eventlog_follow.h>
#include <securable/sync.h>

/** A verdict, and what its receipt proves. */
struct hub_shown_verdict {
    struct sec_sync_verdict told;
    bool proven;   /* the receipt is the device's, of this statement */
    uint16_t code; /* of the receipt when it is proven */
};

/** A report that was asked for, under the device's key. */
struct hub_shown_report {
    struct sec_bytes statement;
    struct sec_bytes nonce;
    uint64_t epoch;
};

/** What the head and its entries come to. */
enum hub_shown_log {
    HUB_LOG_NOTHING = 0,  /* nothing new */
    HUB_LOG_FOLLOWED = 1, /* `head` is the new last one */
    HUB_LOG_PAGE = 2,     /* a part of the way */
    HUB_LOG_AGAIN = 3,    /* to be begun again */
};

struct hub_evidence {
    struct hub *hub;
    struct sec_device_id device;
    int64_t now_s;
    struct sec_sync_request request;
    bool asked; /* a report was asked for a moment ago */
    uint64_t known_epoch; /* newest that the device had shown; the fleet's */
    /* what it was judged against */
    struct sec_public_key key;
    bool has_base;
    uint64_t base_size;
    struct sec_digest base_root;
    uint64_t boot;
    /* what it shows */
    enum hub_shown_log log;
    struct sec_head head; /* FOLLOWED */
    struct hub_run run;   /* `frontier`: of base and entries so far */
    bool failed;          /* AGAIN: the entries were whole and did not lead to the head */
    enum sec_follow_alarm alarm;
    struct sec_bytes alarm_head;
    size_t verdicts_count;
    struct hub_shown_verdict verdicts[SEC_SYNC_VERDICTS_MAX_COUNT];
    size_t reports_count;
    struct hub_shown_report reports[SEC_SYNC_NONCES_MAX_COUNT];
    uint8_t nonce[16]; /* for a report that the hub asks for itself */
    /* what storing came to, counted for the fleet */
    bool overtaken;    /* another request of the device was stored meanwhile */
    uint64_t epoch;    /* newer than any that the device had shown; 0: nothing new */
    bool alarmed;      /* the alarm is new */
    bool put_off;      /* a statement was refused for the moment */
    int64_t waiting_change;
    int64_t asks_change;
};

/** True when a request has something to verify. */
static inline bool hub_evidence_there(const struct sec_sync_request *request)
{
    return request->head.len || request->entries.count || request->verdicts.count || request->reports.count;
}
/**
 * Verifies. NOT_FOUND: the device or its identity key is not known here; BAD_SIGNATURE and its kin: the head is not the device's; BAD_VALUE: it is of another log;
 * MISSING_FIELD: entries without a head. Receipts and reports that do not verify are no failure: they prove nothing.
 */
sec_status hub_evidence_check(struct hub_store *store, struct hub_evidence *evidence);
/** Work of the writer. */
sec_status hub_evidence_store(struct hub_store *store, void *evidence);

/** After the commit: keeps or forgets the pages so far. */
void hub_evidence_remember(const struct hub_evidence *evidence);

/** Keys that count because the device took over the statement that names them: subjects of an owner's roster sign in, owners of a voucher are carried for. people.c */
sec_status hub_people_learn(struct hub_store *store, const struct hub_statement *statement, int64_t now_s);

#endif
