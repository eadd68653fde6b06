/* SPDX-License-Identifier: Apache-2.0 */
/* Report, label code, device id. */
#include <securable/identity.h>

#include "strict_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct sec_report report;
    struct sec_bytes in = sec_bytes(data, len);
    struct sec_device_id id = {{0}};
    FUZZ_STRICT(in, &report, sec_report_parse, sec_report_encode);
    if (sec_ok(sec_label_code_parse(in, id.b)))
        fuzz_check(sec_label_code_matches(in, &id));
    (void)sec_device_id_parse(in, &id);
    (void)sec_ueid_parse(in, &id);
    return 0;
}
