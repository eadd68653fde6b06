/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other ECDSA signature that verifies for the same message: s becomes n - s. For tests of malleability.
 */
#ifndef SIGNATURE_TWIN_H
#define SIGNATURE_TWIN_H

#include <securable/key.h>

/* The order n of P-256's group (FIPS 186-4, D.1.2.3). */
static const uint8_t signature_twin_order[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

static inline void signature_twin(struct sec_signature *signature)
{
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int value = signature_twin_order[i] - signature->b[32 + i] - borrow;
        borrow = value < 0;
        signature->b[32 + i] = (uint8_t)(value & 0xff);
    }
}

#endif
