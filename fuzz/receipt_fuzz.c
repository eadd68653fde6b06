/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_crypto.h"

#include <securable/eventlog.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t again[1u << 20];

/* What parses must come back byte for byte; checking must hold on whatever parses. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fake_crypto fake;
    struct fake_key key;
    struct sec_receipt receipt;
    if (!sec_ok(sec_receipt_parse(sec_bytes(data, len), &receipt)))
        return 0;
    fake_crypto_init(&fake, 1);
    fake_key_init(&key, SEC_KEY_P256, 7);
    struct sec_crypto crypto = fake_crypto_port(&fake);
    struct sec_wr wr = sec_wr(SEC_ROOM(again));
    sec_receipt_encode(&receipt, &wr);
    if (!sec_bytes_equal(sec_wr_done(&wr), sec_bytes(data, len)))
        abort();
    (void)sec_receipt_check(&receipt, &key.key, &crypto);
    return 0;
}
