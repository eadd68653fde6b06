/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access state: the input as a stored state, and as changes (u16 length, bytes) folded one after another. A change that
 * is refused leaves the state as it was; every state reached comes back from its stored form.
 */
#include <securable/access.h>

#include "strict_fuzz.h"

static uint8_t before_room[SEC_ACCESS_ENCODED_MAX_BYTES], after_room[SEC_ACCESS_ENCODED_MAX_BYTES];

static struct sec_bytes encoded(const struct sec_access *state, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_access_encode(state, &wr);
    fuzz_check(!wr.bad);
    return sec_wr_done(&wr);
}

static void look_around(const struct sec_access *state)
{
    struct sec_access_subject subject, found;
    struct sec_access_facts facts = {.time = {.trusted = true}};
    size_t count = 0;
    for (; sec_access_subject_at(state, count, &subject); count++)
        if (subject.has_key)
            fuzz_check(sec_ok(sec_access_find(state, &subject.key.kid, &found)));
    fuzz_check(count + state->lease.revoked_count >= state->owners_count + state->has_recovery);
    fuzz_check(count <= state->owners_count + state->has_recovery + state->subjects_count);
    (void)sec_access_lease_days(state);
    (void)sec_access_recovery_due(state, UINT64_MAX);
    (void)sec_access_permits(state, &facts, 1001, 1, SEC_RIGHT_EVENT);
}

static void fold(struct sec_bytes in)
{
    static struct sec_access state, back;
    sec_access_init(&state);
    struct sec_rd rd = sec_rd(in);
    struct sec_bytes before = encoded(&state, SEC_ROOM(before_room));
    for (uint64_t index = 1; sec_rd_left(&rd) > 0; index++) {
        struct sec_bytes change = sec_rd_bytes(&rd, sec_rd_u16(&rd));
        if (rd.bad)
            return;
        sec_status status = sec_access_apply(&state, change, index);
        struct sec_bytes after = encoded(&state, SEC_ROOM(after_room));
        fuzz_check(sec_ok(status) || sec_bytes_equal(before, after));
        FUZZ_STRICT(after, &back, sec_access_parse, sec_access_encode);
        fuzz_check(sec_ok(sec_access_parse(after, &back)));
        before = encoded(&state, SEC_ROOM(before_room));
    }
    look_around(&state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct sec_access state;
    struct sec_bytes in = sec_bytes(data, len);
    FUZZ_STRICT(in, &state, sec_access_parse, sec_access_encode);
    if (sec_ok(sec_access_parse(in, &state)))
        look_around(&state);
    fold(in);
    return 0;
}
