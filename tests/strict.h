/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every strict form must stand: it comes back as it was, no beginning of it is accepted, nothing may follow, and a
 * changed byte is refused or comes back as it was changed.
 */
#ifndef SECURABLE_STRICT_H
#define SECURABLE_STRICT_H

#include "golden.h"

/** Parses `in` and writes what was parsed; the parser's status. */
typedef sec_status strict_again(struct sec_bytes in, struct sec_wr *wr);

/** Checks all that; gives how many of the changed forms were accepted. */
__attribute__((unused)) static size_t strict_check(struct sec_bytes bytes, strict_again *again)
{
    static uint8_t copy[GOLDEN_MAX_BYTES + 1], room[2 * GOLDEN_MAX_BYTES];
    static const uint8_t masks[] = {0x01, 0x02, 0x20, 0x40, 0x80, 0xff};
    size_t accepted_count = 0;
    CHECK(bytes.len < sizeof copy);
    sec_copy(copy, bytes.data, bytes.len);
    copy[bytes.len] = 0;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(again(sec_bytes(copy, bytes.len), &wr));
    CHECK_BYTES(sec_wr_done(&wr), sec_bytes(copy, bytes.len));
    for (size_t len = 0; len < bytes.len; len++) {
        wr = sec_wr(SEC_ROOM(room));
        CHECK(!sec_ok(again(sec_bytes(copy, len), &wr)));
    }
    wr = sec_wr(SEC_ROOM(room));
    CHECK_STATUS(again(sec_bytes(copy, bytes.len + 1), &wr), SEC_LEFTOVER);
    for (size_t i = 0; i < bytes.len * sizeof masks; i++) {
        size_t at = i / sizeof masks;
        copy[at] ^= masks[i % sizeof masks];
        wr = sec_wr(SEC_ROOM(room));
        if (sec_ok(again(sec_bytes(copy, bytes.len), &wr))) {
            CHECK_BYTES(sec_wr_done(&wr), sec_bytes(copy, bytes.len));
            accepted_count++;
        }
        copy[at] ^= masks[i % sizeof masks];
    }
    return accepted_count;
}

#endif
