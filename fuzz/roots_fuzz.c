/* SPDX-License-Identifier: Apache-2.0 */
/* Roots. */
#include <securable/access.h>

#include "strict_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sec_roots roots;
    struct sec_bytes in = sec_bytes(data, len);
    FUZZ_STRICT(in, &roots, sec_roots_parse, sec_roots_encode);
    return 0;
}
