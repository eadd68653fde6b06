/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests' protected device: a state, a room for changes, and the steps of its life.
 */
#ifndef PROTECTION_LIFE_H
#define PROTECTION_LIFE_H

#include <securable/protection.h>

#include "strict.h"

static struct sec_protection state;
static uint8_t life_change[512], life_detail[256], life_room[SEC_PROTECTION_ENCODED_MAX_BYTES];
static const uint8_t empty_args[] = {0xa0};

__attribute__((unused)) static struct sec_bytes life_encoded(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(life_room));
    sec_protection_encode(&state, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

__attribute__((unused)) static void life_claim(void)
{
    struct sec_protection_keys keys;
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change));
    CHECK_OK(sec_protection_judge_claim(&state, &keys, &wr));
    CHECK_OK(sec_protection_apply(&state, sec_wr_done(&wr), 1));
}

__attribute__((unused)) static void life_put(uint32_t uid, const char *name, size_t length, uint64_t index)
{
    uint64_t seal;
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change));
    CHECK_OK(sec_protection_judge_put(&state, uid, sec_bytes_of_str(name), length, &seal));
    sec_protection_change_put(uid, sec_bytes_of_str(name), length, seal, index, &wr);
    CHECK_OK(sec_protection_apply(&state, sec_wr_done(&wr), index + 1));
}

__attribute__((unused)) static sec_status life_rotate(void)
{
    uint64_t key;
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change)), detail = sec_wr(SEC_ROOM(life_detail));
    SEC_TRY(sec_protection_judge_rotate(&state, SEC_BYTES(empty_args), &key, &wr, &detail));
    return sec_protection_apply(&state, sec_wr_done(&wr), 50);
}

__attribute__((unused)) static void life_move(size_t i, uint64_t index)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change));
    sec_protection_change_moved(&state.secrets[i], index, &wr);
    CHECK_OK(sec_protection_apply(&state, sec_wr_done(&wr), index + 1));
}

__attribute__((unused)) static sec_status life_step(void (*write)(struct sec_wr *change))
{
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change));
    write(&wr);
    return sec_protection_apply(&state, sec_wr_done(&wr), 60);
}

__attribute__((unused)) static sec_status life_wipe(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(life_change)), detail = sec_wr(SEC_ROOM(life_detail));
    SEC_TRY(sec_protection_judge_wipe(&state, SEC_BYTES(empty_args), &wr, &detail));
    return sec_protection_apply(&state, sec_wr_done(&wr), 70);
}

/** A claimed device with three secrets of two users. */
__attribute__((unused)) static void life_begin(void)
{
    sec_protection_init(&state);
    life_claim();
    life_put(1002, "token", 16, 20);
    life_put(1001, "tls-key", 1700, 22);
    life_put(1001, "token", 32, 24);
}

#endif
