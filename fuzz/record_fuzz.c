/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/eventlog.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What parses must come back byte for byte. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t again[256];
    struct sec_record_header header;
    struct sec_bytes header_bytes, body;
    if (!sec_ok(sec_record_parse(sec_bytes(data, len), &header, &header_bytes, &body)))
        return 0;
    struct sec_wr wr = sec_wr(SEC_ROOM(again));
    sec_record_header_encode(&header, &wr);
    if (!sec_bytes_equal(sec_wr_done(&wr), header_bytes) || header_bytes.len + body.len != len)
        abort();
    return 0;
}
