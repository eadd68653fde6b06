/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protection: the input as a stored state, a secret's record, a wipe's items, and as changes (u16 length, bytes) folded
 * one after another, with what survives a wipe in between (length 0). A change that is refused leaves the state as it
 * was; every state reached comes back.
 */
#include <securable/protection.h>

#include "strict_fuzz.h"

static uint8_t before_room[SEC_PROTECTION_ENCODED_MAX_BYTES], after_room[SEC_PROTECTION_ENCODED_MAX_BYTES];

static struct sec_bytes encoded(const struct sec_protection *state, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_protection_encode(state, &wr);
    fuzz_check(!wr.bad);
    return sec_wr_done(&wr);
}

static void fold(struct sec_bytes in)
{
    static struct sec_protection state, back;
    sec_protection_init(&state);
    struct sec_rd rd = sec_rd(in);
    struct sec_bytes before = encoded(&state, SEC_ROOM(before_room));
    while (sec_rd_left(&rd) > 0) {
        struct sec_bytes change = sec_rd_bytes(&rd, sec_rd_u16(&rd));
        if (rd.bad)
            return;
        sec_status status = {SEC_OK};
        if (change.len == 0)
            sec_protection_survive(&state);
        else
            status = sec_protection_apply(&state, change, 1);
        struct sec_bytes after = encoded(&state, SEC_ROOM(after_room));
        fuzz_check(sec_ok(status) || sec_bytes_equal(before, after));
        fuzz_check(sec_ok(sec_protection_parse(after, &back)));
        FUZZ_STRICT(after, &back, sec_protection_parse, sec_protection_encode);
        before = encoded(&state, SEC_ROOM(before_room));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct sec_protection state;
    struct sec_bytes in = sec_bytes(data, len);
    struct sec_secret_value value;
    struct sec_wipe_items items;
    FUZZ_STRICT(in, &state, sec_protection_parse, sec_protection_encode);
    FUZZ_STRICT(in, &value, sec_secret_value_parse, sec_secret_value_encode);
    FUZZ_STRICT(in, &items, sec_wipe_items_parse, sec_wipe_items_encode);
    fold(in);
    return 0;
}
