/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every struct sec_keystore must do, files or fake; run on both, empty.
 */
#ifndef KEYSTORE_SUITE_H
#define KEYSTORE_SUITE_H

#include "test.h"

#include <securable/port/keystore.h>

static inline void suite_keystore(const struct sec_keystore *k)
{
    struct sec_aead_key key = {{1, 2, 3}}, got;
    struct sec_wrapped_key wrapped, again;
    struct sec_bytes aad = SEC_LIT("epoch 1"), other = SEC_LIT("epoch 2");
    enum sec_destroy_grade grade = SEC_DESTROY_HARDWARE;
    uint64_t number = 0;
    CHECK_STATUS(k->next(k->ctx, 0, &number), SEC_NOT_FOUND);
    CHECK_STATUS(k->wrap(k->ctx, 1, aad, &key, &wrapped), SEC_NOT_FOUND);
    CHECK_OK(k->destroy(k->ctx, 1, &grade));
    CHECK_INT(grade, SEC_DESTROY_NOT_COVERED);

    CHECK_OK(k->make(k->ctx, UINT64_MAX));
    CHECK_OK(k->make(k->ctx, 1));
    CHECK_OK(k->next(k->ctx, 0, &number));
    CHECK_INT(number, 1);
    CHECK_OK(k->next(k->ctx, 1, &number));
    CHECK(number == UINT64_MAX);
    CHECK_STATUS(k->next(k->ctx, UINT64_MAX, &number), SEC_NOT_FOUND);

    CHECK_OK(k->wrap(k->ctx, 1, aad, &key, &wrapped));
    CHECK_OK(k->wrap(k->ctx, 1, aad, &key, &again));
    CHECK(!sec_bytes_equal(SEC_BYTES(wrapped.b), SEC_BYTES(again.b)));
    CHECK_OK(k->make(k->ctx, 1)); /* again: the key stays */
    CHECK_OK(k->unwrap(k->ctx, 1, aad, &wrapped, &got));
    CHECK_BYTES(SEC_BYTES(got.b), SEC_BYTES(key.b));
    CHECK_STATUS(k->unwrap(k->ctx, 1, other, &wrapped, &got), SEC_AEAD_FAILED);
    CHECK_STATUS(k->unwrap(k->ctx, UINT64_MAX, aad, &wrapped, &got), SEC_AEAD_FAILED);
    for (size_t i = 0; i < sizeof wrapped.b; i++) {
        wrapped.b[i] ^= 1;
        CHECK_STATUS(k->unwrap(k->ctx, 1, aad, &wrapped, &got), SEC_AEAD_FAILED);
        wrapped.b[i] ^= 1;
    }

    CHECK_OK(k->destroy(k->ctx, 1, &grade));
    CHECK_INT(grade, SEC_DESTROY_OVERWRITTEN);
    CHECK_STATUS(k->unwrap(k->ctx, 1, aad, &wrapped, &got), SEC_NOT_FOUND);
    CHECK_OK(k->destroy(k->ctx, 1, &grade));
    CHECK_INT(grade, SEC_DESTROY_NOT_COVERED);
    CHECK_OK(k->make(k->ctx, 1)); /* a new key under the old number opens nothing old */
    CHECK_STATUS(k->unwrap(k->ctx, 1, aad, &wrapped, &got), SEC_AEAD_FAILED);
    CHECK_OK(k->destroy(k->ctx, 1, &grade));
    CHECK_OK(k->destroy(k->ctx, UINT64_MAX, &grade));
    CHECK_STATUS(k->next(k->ctx, 0, &number), SEC_NOT_FOUND);
}

#endif
