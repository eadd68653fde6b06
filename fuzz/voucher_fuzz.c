/* SPDX-License-Identifier: Apache-2.0 */
/* Voucher, transfer, approval, recovery, beacon and site. */
#include <securable/access.h>

#include "strict_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sec_bytes in = sec_bytes(data, len);
    struct sec_voucher voucher;
    struct sec_transfer transfer;
    struct sec_approval approval;
    struct sec_recovery recovery;
    struct sec_beacon beacon;
    struct sec_site site;
    FUZZ_STRICT(in, &voucher, sec_voucher_parse, sec_voucher_encode);
    FUZZ_STRICT(in, &transfer, sec_transfer_parse, sec_transfer_encode);
    FUZZ_STRICT(in, &approval, sec_approval_parse, sec_approval_encode);
    FUZZ_STRICT(in, &recovery, sec_recovery_parse, sec_recovery_encode);
    FUZZ_STRICT(in, &beacon, sec_beacon_parse, sec_beacon_encode);
    FUZZ_STRICT(in, &site, sec_site_parse, sec_site_encode);
    if (sec_ok(sec_site_parse(in, &site)))
        (void)sec_site_check(&site);
    return 0;
}
