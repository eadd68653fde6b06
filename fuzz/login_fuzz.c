/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a login statement. */
#include <securable/access_hub.h>

#include "strict_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sec_login login;
    FUZZ_STRICT(sec_bytes(data, len), &login, sec_login_parse, sec_login_encode);
    return 0;
}
