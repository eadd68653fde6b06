/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_inside.h"

sec_status keeper_receipt(struct sec_keeper *k, uint64_t index, struct sec_room room, size_t *ret_len)
{
    struct sec_wr wr = sec_wr(room);
    sec_status status = sec_journal_receipt(&k->journal, index, &wr);
    bool gone = sec_is(status, SEC_NOT_FOUND) || sec_is(status, SEC_AEAD_FAILED);
    if (!sec_ok(status) && !gone)
        return status;
    *ret_len = gone ? 0 : wr.len;
    return sec_st(SEC_OK);
}
