/* SPDX-License-Identifier: Apache-2.0 */
/* Roster. */
#include <securable/access.h>

#include "strict_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct sec_roster roster;
    struct sec_bytes in = sec_bytes(data, len);
    FUZZ_STRICT(in, &roster, sec_roster_parse, sec_roster_encode);
    return 0;
}
