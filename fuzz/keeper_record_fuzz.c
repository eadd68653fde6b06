/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of journal records: what is accepted is written back as the same bytes, and its changes can be tried on empty rooms. */
#include <keeper.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct keeper_rooms rooms;
static uint8_t written[1u << 20];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sec_bytes in = sec_bytes(data, len);
    struct keeper_record record;
    if (sec_ok(keeper_record_parse(in, &record))) {
        struct sec_wr wr = sec_wr(SEC_ROOM(written));
        keeper_record_encode(&record, &wr);
        if (!sec_bytes_equal(sec_wr_done(&wr), in))
            abort();
        if (record.changes.len && sec_ok(keeper_rooms_init(&rooms, sec_bytes(NULL, 0))))
            keeper_rooms_apply(&rooms, record.changes, 1);
    }
    if (sec_ok(keeper_rooms_init(&rooms, sec_bytes(NULL, 0))) && sec_ok(keeper_rooms_parse(in, &rooms))) {
        struct sec_wr wr = sec_wr(SEC_ROOM(written));
        keeper_rooms_encode(&rooms, &wr);
        if (!sec_bytes_equal(sec_wr_done(&wr), in))
            abort();
    }
    return 0;
}
