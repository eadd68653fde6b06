/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a transport statement. */
#include <securable/access_hub.h>

#include "strict_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sec_transport transport;
    FUZZ_STRICT(sec_bytes(data, len), &transport, sec_transport_parse, sec_transport_encode);
    return 0;
}
