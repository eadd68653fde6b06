/* SPDX-License-Identifier: Apache-2.0 */
/* Thresholds of a roster, both directions: how many keys an action needs. */
#include "form.h"

void sec_thresholds_encode(const struct sec_threshold *thresholds, size_t thresholds_count, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, thresholds_count);
    for (size_t i = 0; i < thresholds_count; i++) {
        sec_cbor_put_uint(wr, (uint64_t)thresholds[i].action);
        sec_cbor_put_array(wr, 2);
        sec_cbor_put_uint(wr, thresholds[i].by_ids);
        sec_cbor_put_uint(wr, thresholds[i].by_match);
    }
}

static uint64_t read_needed(struct sec_cbor *rd)
{
    uint64_t needed = sec_form_positive(rd);
    if (needed > SEC_THRESHOLD_MAX)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return needed;
}

static void read_one(struct sec_cbor *rd, int64_t action, struct sec_threshold *threshold)
{
    if (action <= 0 || !sec_action_row((uint64_t)action)) {
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        return;
    }
    if (action == SEC_ACTION_LIFECYCLE_RECOVER)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    sec_cbor_array_of(rd, 2);
    threshold->action = (enum sec_action)action;
    threshold->by_ids = read_needed(rd);
    threshold->by_match = read_needed(rd);
}

struct sec_bytes sec_form_thresholds_read(struct sec_cbor *rd)
{
    struct sec_bytes item = sec_cbor_item(rd);
    struct sec_cbor in = sec_cbor(item);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&in);
    struct sec_threshold threshold;
    size_t count = 0;
    int64_t action;
    while (sec_cbor_map_next(&walk, &action)) {
        read_one(&in, action, &threshold);
        count++;
    }
    if (count == 0)
        sec_cbor_fail(&in, SEC_BAD_VALUE);
    sec_form_join(rd, sec_cbor_end(&in));
    return item;
}

bool sec_threshold_at(struct sec_bytes thresholds, size_t n, struct sec_threshold *ret_threshold)
{
    struct sec_cbor rd = sec_cbor(thresholds);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    struct sec_threshold threshold = {.action = SEC_ACTION_UNKNOWN};
    int64_t action;
    for (size_t i = 0; sec_cbor_map_next(&walk, &action); i++) {
        read_one(&rd, action, &threshold);
        if (i != n || !sec_ok(rd.status))
            continue;
        *ret_threshold = threshold;
        return true;
    }
    return false;
}
