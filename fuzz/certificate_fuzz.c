/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and PEM keys from strangers. The input is a length (two bytes, big-endian), a certificate of that
 * length, and a CA's certificate. What checks has a public key and a serial number fit to be shown.
 */
#include "certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_facts(const struct sec_certificate_facts *facts)
{
    size_t len = 0;
    while (len < sizeof facts->serial_number && facts->serial_number[len] != '\0')
        len++;
    if (len == 0 || len == sizeof facts->serial_number)
        __builtin_trap();
    if (facts->key.type != SEC_KEY_P256 && facts->key.type != SEC_KEY_ED25519)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sec_rd rd = sec_rd(sec_bytes(data, len));
    struct sec_certificate_facts facts;
    struct sec_public_key key;
    struct sec_bytes der = sec_rd_bytes(&rd, sec_rd_u16(&rd));
    struct sec_bytes ca_der = sec_rd_bytes(&rd, sec_rd_left(&rd));
    if (sec_ok(sec_certificate_check(der, ca_der, &facts)))
        check_facts(&facts);
    (void)sec_certificate_key(der, &key);
    (void)sec_public_key_parse(sec_bytes(data, len), &key);
    return 0;
}
