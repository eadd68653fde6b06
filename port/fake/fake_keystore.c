/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_keystore.h"

static struct fake_slot *slot_of(struct fake_keystore *keystore, uint64_t number)
{
    for (size_t i = 0; i < FAKE_KEYSTORE_SLOTS_MAX; i++)
        if (keystore->slots[i].used && keystore->slots[i].number == number)
            return &keystore->slots[i];
    return NULL;
}

static struct fake_slot *slot_free(struct fake_keystore *keystore)
{
    for (size_t i = 0; i < FAKE_KEYSTORE_SLOTS_MAX; i++)
        if (!keystore->slots[i].used)
            return &keystore->slots[i];
    return NULL;
}

static sec_status make(void *ctx, uint64_t number)
{
    struct fake_keystore *keystore = ctx;
    if (keystore->power->off)
        return sec_st(SEC_POWER_CUT);
    if (slot_of(keystore, number))
        return sec_st(SEC_OK);
    struct fake_slot *slot = slot_free(keystore);
    if (!slot)
        return sec_st(SEC_TABLE_FULL);
    struct fake_slot made = {.number = number, .used = true};
    SEC_TRY(keystore->crypto->random(keystore->crypto->ctx, SEC_ROOM(made.key.b)));
    enum fake_power_step step = fake_power_begin(keystore->power);
    if (step == FAKE_POWER_GOES || fake_power_draw(keystore->power, 2) == 1)
        *slot = made;
    return sec_st(step == FAKE_POWER_GOES ? SEC_OK : SEC_POWER_CUT);
}

static sec_status next(void *ctx, uint64_t after, uint64_t *ret_number)
{
    struct fake_keystore *keystore = ctx;
    const struct fake_slot *best = NULL;
    if (keystore->power->off)
        return sec_st(SEC_POWER_CUT);
    for (size_t i = 0; i < FAKE_KEYSTORE_SLOTS_MAX; i++) {
        const struct fake_slot *slot = &keystore->slots[i];
        if (slot->used && slot->number > after && (!best || slot->number < best->number))
            best = slot;
    }
    if (!best)
        return sec_st(SEC_NOT_FOUND);
    *ret_number = best->number;
    return sec_st(SEC_OK);
}

/* Under a cut the key is untouched, overwritten but still listed, or gone. */
static void destroy_in_part(struct fake_keystore *keystore, struct fake_slot *slot)
{
    uint64_t how = fake_power_draw(keystore->power, 3);
    if (how == 1)
        for (size_t i = 0; i < sizeof slot->key.b; i++)
            slot->key.b[i] = (uint8_t)fake_power_draw(keystore->power, 256);
    else if (how == 2)
        *slot = (struct fake_slot){0};
}

static sec_status destroy(void *ctx, uint64_t number, enum sec_destroy_grade *ret_grade)
{
    struct fake_keystore *keystore = ctx;
    if (keystore->power->off)
        return sec_st(SEC_POWER_CUT);
    struct fake_slot *slot = slot_of(keystore, number);
    if (!slot) {
        *ret_grade = SEC_DESTROY_NOT_COVERED;
        return sec_st(SEC_OK);
    }
    if (fake_power_begin(keystore->power) != FAKE_POWER_GOES) {
        destroy_in_part(keystore, slot);
        return sec_st(SEC_POWER_CUT);
    }
    *slot = (struct fake_slot){0};
    *ret_grade = keystore->grade;
    return sec_st(SEC_OK);
}

static sec_status wrap(void *ctx, uint64_t number, struct sec_bytes aad, const struct sec_aead_key *key,
                       struct sec_wrapped_key *ret_wrapped)
{
    struct fake_keystore *keystore = ctx;
    const struct sec_crypto *crypto = keystore->crypto;
    struct sec_aead_nonce nonce;
    struct sec_wrapped_key wrapped;
    size_t len = 0;
    if (keystore->power->off)
        return sec_st(SEC_POWER_CUT);
    const struct fake_slot *slot = slot_of(keystore, number);
    if (!slot)
        return sec_st(SEC_NOT_FOUND);
    SEC_TRY(crypto->random(crypto->ctx, SEC_ROOM(nonce.b)));
    sec_copy(wrapped.b, nonce.b, sizeof nonce.b);
    SEC_TRY(crypto->seal(crypto->ctx, &slot->key, &nonce, aad, SEC_BYTES(key->b),
                         sec_room(&wrapped.b[sizeof nonce.b], sizeof wrapped.b - sizeof nonce.b), &len));
    *ret_wrapped = wrapped;
    return sec_st(SEC_OK);
}

static sec_status unwrap(void *ctx, uint64_t number, struct sec_bytes aad, const struct sec_wrapped_key *wrapped,
                         struct sec_aead_key *ret_key)
{
    struct fake_keystore *keystore = ctx;
    const struct sec_crypto *crypto = keystore->crypto;
    struct sec_aead_nonce nonce;
    struct sec_aead_key key;
    size_t len = 0;
    if (keystore->power->off)
        return sec_st(SEC_POWER_CUT);
    const struct fake_slot *slot = slot_of(keystore, number);
    if (!slot)
        return sec_st(SEC_NOT_FOUND);
    sec_copy(nonce.b, wrapped->b, sizeof nonce.b);
    SEC_TRY(crypto->open(crypto->ctx, &slot->key, &nonce, aad,
                         sec_bytes_part(SEC_BYTES(wrapped->b), sizeof nonce.b, sizeof wrapped->b), SEC_ROOM(key.b),
                         &len));
    *ret_key = key;
    return sec_st(SEC_OK);
}

void fake_keystore_init(struct fake_keystore *keystore, struct fake_power *power, const struct sec_crypto *crypto,
                        struct sec_signer identity)
{
    *keystore = (struct fake_keystore){
        .power = power, .crypto = crypto, .identity = identity, .grade = SEC_DESTROY_OVERWRITTEN};
}

struct sec_keystore fake_keystore_port(struct fake_keystore *keystore)
{
    return (struct sec_keystore){
        .ctx = keystore,
        .identity = keystore->identity,
        .make = make,
        .next = next,
        .destroy = destroy,
        .wrap = wrap,
        .unwrap = unwrap,
    };
}

uint64_t fake_keystore_digest(const struct fake_keystore *keystore)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < FAKE_KEYSTORE_SLOTS_MAX; i++) {
        const struct fake_slot *slot = &keystore->slots[i];
        if (!slot->used)
            continue;
        uint64_t digest = fake_mix(1, slot->number);
        for (size_t k = 0; k < sizeof slot->key.b; k++)
            digest = fake_mix(digest, slot->key.b[k]);
        sum += digest; /* a sum: which slot holds a key is no difference */
    }
    return sum;
}
