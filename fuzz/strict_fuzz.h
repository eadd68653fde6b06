/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fuzz targets of strict forms share: an input that parses must be written again as it was.
 */
#ifndef SECURABLE_STRICT_FUZZ_H
#define SECURABLE_STRICT_FUZZ_H

#include <securable/bytes.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define FUZZ_ROOM_BYTES 131072u

__attribute__((unused)) static uint8_t fuzz_room[FUZZ_ROOM_BYTES];

static inline void fuzz_check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/** Parses `in` by parse() into `form`; if that succeeds, encode() must give `in` back. */
#define FUZZ_STRICT(in, form, parse, encode)                                                                           \
    do {                                                                                                               \
        if (sec_ok(parse(in, form))) {                                                                                 \
            struct sec_wr fuzz_wr = sec_wr(SEC_ROOM(fuzz_room));                                                       \
            encode(form, &fuzz_wr);                                                                                    \
            fuzz_check(!fuzz_wr.bad && sec_bytes_equal(sec_wr_done(&fuzz_wr), in));                                    \
        }                                                                                                              \
    } while (0)

#endif
