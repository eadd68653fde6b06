/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every struct sec_storage must do, files or fake; run on both, empty, with room for two segments of eight blocks.
 */
#ifndef STORAGE_SUITE_H
#define STORAGE_SUITE_H

#include "test.h"

#include <securable/port/storage.h>

#define SUITE_BLOCK_MAX 4096u

static inline void suite_fill(uint8_t *block, size_t len, uint8_t with)
{
    for (size_t i = 0; i < len; i++)
        block[i] = (uint8_t)(with + i % 251);
}

static inline void suite_storage(const struct sec_storage *s)
{
    static uint8_t one[2 * SUITE_BLOCK_MAX], got[2 * SUITE_BLOCK_MAX];
    size_t block = s->block_bytes;
    uint32_t number = 0;
    uint64_t bytes = 0;
    CHECK(block >= 512 && block <= SUITE_BLOCK_MAX && (block & (block - 1)) == 0);

    CHECK_STATUS(s->next_segment(s->ctx, 0, &number, &bytes), SEC_NOT_FOUND);
    CHECK_STATUS(s->read(s->ctx, 1, 0, sec_room(got, 1)), SEC_NOT_FOUND);
    CHECK_STATUS(s->write(s->ctx, 1, 0, sec_bytes(one, block)), SEC_NOT_FOUND);
    CHECK_STATUS(s->sync(s->ctx, 1), SEC_NOT_FOUND);
    CHECK_STATUS(s->remove(s->ctx, 1), SEC_NOT_FOUND);
    CHECK_STATUS(s->create(s->ctx, 0, 8 * block), SEC_BAD_ARGUMENT);
    CHECK_STATUS(s->create(s->ctx, 1, 8 * block - 1), SEC_BAD_ARGUMENT);
    CHECK_STATUS(s->create(s->ctx, 1, 0), SEC_BAD_ARGUMENT);

    CHECK_OK(s->create(s->ctx, 7, 8 * block));
    CHECK_OK(s->create(s->ctx, 2, 4 * block));
    CHECK_STATUS(s->create(s->ctx, 7, 8 * block), SEC_EXISTS);
    CHECK_OK(s->next_segment(s->ctx, 0, &number, &bytes));
    CHECK_INT(number, 2);
    CHECK_INT(bytes, 4 * block);
    CHECK_OK(s->next_segment(s->ctx, 2, &number, &bytes));
    CHECK_INT(number, 7);
    CHECK_INT(bytes, 8 * block);
    CHECK_STATUS(s->next_segment(s->ctx, 7, &number, &bytes), SEC_NOT_FOUND);

    CHECK_OK(s->read(s->ctx, 7, 6 * block, sec_room(got, 2 * block)));
    for (size_t i = 0; i < 2 * block; i++)
        CHECK_INT(got[i], 0);
    suite_fill(one, sizeof one, 9);
    CHECK_OK(s->write(s->ctx, 7, 3 * block, sec_bytes(one, 2 * block)));
    CHECK_OK(s->read(s->ctx, 7, 3 * block, sec_room(got, 2 * block)));
    CHECK_BYTES(sec_bytes(got, 2 * block), sec_bytes(one, 2 * block));
    CHECK_OK(s->sync(s->ctx, 7));
    CHECK_OK(s->read(s->ctx, 7, 3 * block + 5, sec_room(got, 2 * block - 10)));
    CHECK_BYTES(sec_bytes(got, 2 * block - 10), sec_bytes(&one[5], 2 * block - 10));
    CHECK_OK(s->read(s->ctx, 7, 3 * block - 1, sec_room(got, 2)));
    CHECK_INT(got[0], 0);
    CHECK_INT(got[1], one[0]);

    CHECK_OK(s->read(s->ctx, 2, 4 * block, sec_room(got, 0)));
    CHECK_STATUS(s->read(s->ctx, 2, 4 * block, sec_room(got, 1)), SEC_TRUNCATED);
    CHECK_STATUS(s->read(s->ctx, 2, UINT64_MAX, sec_room(got, 2)), SEC_TRUNCATED);
    CHECK_STATUS(s->write(s->ctx, 2, 1, sec_bytes(one, block)), SEC_BAD_ARGUMENT);
    CHECK_STATUS(s->write(s->ctx, 2, 0, sec_bytes(one, block - 1)), SEC_BAD_ARGUMENT);
    CHECK_STATUS(s->write(s->ctx, 2, 3 * block, sec_bytes(one, 2 * block)), SEC_STORAGE_FULL);

    CHECK_OK(s->write(s->ctx, 2, 0, sec_bytes(one, block)));
    CHECK_OK(s->remove(s->ctx, 2));
    CHECK_STATUS(s->read(s->ctx, 2, 0, sec_room(got, 1)), SEC_NOT_FOUND);
    CHECK_OK(s->create(s->ctx, 2, 4 * block));
    CHECK_OK(s->read(s->ctx, 2, 0, sec_room(got, block)));
    for (size_t i = 0; i < block; i++)
        CHECK_INT(got[i], 0);
    CHECK_OK(s->remove(s->ctx, 2));
    CHECK_OK(s->remove(s->ctx, 7));
    CHECK_STATUS(s->next_segment(s->ctx, 0, &number, &bytes), SEC_NOT_FOUND);
}

#endif
