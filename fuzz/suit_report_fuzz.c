/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT_Reports: what is accepted comes out of the writer byte for byte. */
#include <securable/suit.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t room[1u << 20];
    struct sec_suit_report report;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    if (len > sizeof room || !sec_ok(sec_suit_report_parse(sec_bytes(data, len), &report)))
        return 0;
    if (!sec_ok(sec_suit_report_encode(&report, &wr)) || !sec_bytes_equal(sec_wr_done(&wr), sec_bytes(data, len)))
        __builtin_trap();
    return 0;
}
