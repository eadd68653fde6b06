/* SPDX-License-Identifier: Apache-2.0 */
/* Sync's two bodies: what parses is written again as it was, and walks through. */
#include <securable/sync.h>

#include "strict_fuzz.h"

static uint8_t room[SEC_SYNC_MAX_BYTES];

static void walk_request(struct sec_sync_request request)
{
    struct sec_sync_entry entry;
    struct sec_sync_verdict verdict;
    struct sec_bytes report;
    for (size_t left = request.entries.count; left > 0; left--)
        fuzz_check(sec_sync_entry_next(&request.entries, &entry));
    for (size_t left = request.verdicts.count; left > 0; left--)
        fuzz_check(sec_sync_verdict_next(&request.verdicts, &verdict));
    for (size_t left = request.reports.count; left > 0; left--)
        fuzz_check(sec_sync_bytes_next(&request.reports, &report));
    fuzz_check(!sec_sync_entry_next(&request.entries, &entry) && !sec_sync_verdict_next(&request.verdicts, &verdict));
}

static void walk_answer(struct sec_sync_answer answer)
{
    struct sec_sync_delivery delivery;
    struct sec_bytes nonce;
    for (size_t left = answer.deliveries.count; left > 0; left--)
        fuzz_check(sec_sync_delivery_next(&answer.deliveries, &delivery));
    for (size_t left = answer.nonces.count; left > 0; left--)
        fuzz_check(sec_sync_bytes_next(&answer.nonces, &nonce));
    fuzz_check(!sec_sync_delivery_next(&answer.deliveries, &delivery) && !sec_sync_bytes_next(&answer.nonces, &nonce));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sec_bytes in = sec_bytes(data, len);
    struct sec_sync_request request;
    struct sec_sync_answer answer;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    if (sec_ok(sec_sync_request_parse(in, &request))) {
        sec_sync_request_encode(&request, &wr);
        fuzz_check(!wr.bad && sec_bytes_equal(sec_wr_done(&wr), in));
        walk_request(request);
    }
    wr = sec_wr(SEC_ROOM(room));
    if (sec_ok(sec_sync_answer_parse(in, &answer))) {
        sec_sync_answer_encode(&answer, &wr);
        fuzz_check(!wr.bad && sec_bytes_equal(sec_wr_done(&wr), in));
        walk_answer(answer);
    }
    return 0;
}
