/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every struct sec_crypto must do, real or fake; run on both.
 */
#ifndef CRYPTO_SUITE_H
#define CRYPTO_SUITE_H

#include "test.h"

#include <securable/port/crypto.h>

static inline struct sec_bytes suite_hex(const char *text, struct sec_room room)
{
    size_t len = 0;
    CHECK_OK(sec_hex_parse(sec_bytes_of_str(text), room, &len));
    return sec_bytes(room.data, len);
}

static inline void suite_sha256_of_abc(const struct sec_crypto *crypto)
{
    uint8_t room[32];
    struct sec_bytes parts[] = {SEC_LIT("a"), {NULL, 0}, SEC_LIT("bc")};
    struct sec_digest digest;
    struct sec_room to = SEC_ROOM(room);
    CHECK_OK(crypto->hasher.digest(crypto->hasher.ctx, parts, 3, &digest));
    CHECK_BYTES(sec_digest_bytes(&digest),
                suite_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", to));
    CHECK_OK(crypto->hasher.digest(crypto->hasher.ctx, NULL, 0, &digest));
    CHECK_BYTES(sec_digest_bytes(&digest),
                suite_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", to));
}

static inline void suite_hkdf_of_rfc_5869(const struct sec_crypto *crypto)
{
    uint8_t ikm[22], salt[13], info[10], got[42], want[42];
    for (size_t i = 0; i < sizeof ikm; i++)
        ikm[i] = 0x0b;
    for (uint8_t i = 0; i < sizeof salt; i++)
        salt[i] = i;
    for (uint8_t i = 0; i < sizeof info; i++)
        info[i] = (uint8_t)(0xf0 + i);
    CHECK_OK(crypto->derive(crypto->ctx, SEC_BYTES(ikm), SEC_BYTES(salt), SEC_BYTES(info), SEC_ROOM(got)));
    CHECK_BYTES(SEC_BYTES(got),
                suite_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
                          SEC_ROOM(want)));
    /* Test case 3: neither salt nor info. */
    struct sec_bytes none = {NULL, 0};
    CHECK_OK(crypto->derive(crypto->ctx, SEC_BYTES(ikm), none, none, SEC_ROOM(got)));
    CHECK_BYTES(SEC_BYTES(got),
                suite_hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
                          SEC_ROOM(want)));
    static uint8_t much[8161];
    CHECK_OK(crypto->derive(crypto->ctx, SEC_BYTES(ikm), none, none, sec_room(much, 8160)));
    CHECK_BYTES(sec_bytes(much, 42), SEC_BYTES(want));
    CHECK_STATUS(crypto->derive(crypto->ctx, SEC_BYTES(ikm), none, none, SEC_ROOM(much)), SEC_BAD_ARGUMENT);
    CHECK_OK(crypto->derive(crypto->ctx, SEC_BYTES(ikm), none, none, sec_room(NULL, 0)));
}

static inline void suite_seal_and_open(const struct sec_crypto *crypto, size_t len)
{
    struct sec_aead_key key, other;
    struct sec_aead_nonce nonce;
    uint8_t plain[300], sealed[316], opened[300];
    size_t sealed_len = 0, opened_len = 0;
    struct sec_bytes aad = SEC_LIT("header"), none = {NULL, 0};
    CHECK(len <= sizeof plain);
    CHECK_OK(crypto->random(crypto->ctx, SEC_ROOM(key.b)));
    CHECK_OK(crypto->random(crypto->ctx, SEC_ROOM(other.b)));
    CHECK_OK(crypto->random(crypto->ctx, SEC_ROOM(nonce.b)));
    CHECK_OK(crypto->random(crypto->ctx, SEC_ROOM(plain)));
    struct sec_bytes in = sec_bytes(len == 0 ? NULL : plain, len);

    CHECK_STATUS(crypto->seal(crypto->ctx, &key, &nonce, aad, in, sec_room(sealed, len + 15), &sealed_len),
                 SEC_ROOM_FULL);
    CHECK_INT(sealed_len, 0);
    CHECK_OK(crypto->seal(crypto->ctx, &key, &nonce, aad, in, sec_room(sealed, len + 16), &sealed_len));
    CHECK_INT(sealed_len, len + 16);
    CHECK_OK(crypto->open(crypto->ctx, &key, &nonce, aad, sec_bytes(sealed, sealed_len), sec_room(opened, len),
                          &opened_len));
    CHECK_BYTES(sec_bytes(opened, opened_len), in);
    if (len > 0)
        CHECK_STATUS(crypto->open(crypto->ctx, &key, &nonce, aad, sec_bytes(sealed, sealed_len),
                                  sec_room(opened, len - 1), &opened_len),
                     SEC_ROOM_FULL);

    for (size_t bit = 0; bit < sealed_len * 8; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        CHECK_STATUS(
            crypto->open(crypto->ctx, &key, &nonce, aad, sec_bytes(sealed, sealed_len), SEC_ROOM(opened), &opened_len),
            SEC_AEAD_FAILED);
        sealed[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t i = 0; i < sizeof opened; i++)
        CHECK_INT(opened[i], 0);
    CHECK_STATUS(
        crypto->open(crypto->ctx, &other, &nonce, aad, sec_bytes(sealed, sealed_len), SEC_ROOM(opened), &opened_len),
        SEC_AEAD_FAILED);
    CHECK_STATUS(
        crypto->open(crypto->ctx, &key, &nonce, none, sec_bytes(sealed, sealed_len), SEC_ROOM(opened), &opened_len),
        SEC_AEAD_FAILED);
    CHECK_STATUS(
        crypto->open(crypto->ctx, &key, &nonce, aad, sec_bytes(sealed, sealed_len - 1), SEC_ROOM(opened), &opened_len),
        SEC_AEAD_FAILED);
    CHECK_STATUS(crypto->open(crypto->ctx, &key, &nonce, aad, sec_bytes(sealed, 15), SEC_ROOM(opened), &opened_len),
                 SEC_AEAD_FAILED);
    nonce.b[11] ^= 1;
    CHECK_STATUS(
        crypto->open(crypto->ctx, &key, &nonce, aad, sec_bytes(sealed, sealed_len), SEC_ROOM(opened), &opened_len),
        SEC_AEAD_FAILED);
}

/* `a` and `b` are signers of different keys of one type. */
static inline void suite_sign_and_verify(const struct sec_verifier *verifier, struct sec_signer a, struct sec_signer b)
{
    struct sec_bytes parts[] = {SEC_LIT("one "), {NULL, 0}, SEC_LIT("message")}, joined = SEC_LIT("one message");
    struct sec_bytes changed = SEC_LIT("one massage");
    struct sec_signature sig;
    int64_t alg = sec_key_alg(a.key.type),
            wrong = sec_key_alg(a.key.type == SEC_KEY_P256 ? SEC_KEY_ED25519 : SEC_KEY_P256);
    for (int turn = 0; turn < 3; turn++) { /* again, for prepared keys */
        CHECK_OK(a.sign(a.ctx, parts, 3, &sig));
        CHECK_OK(verifier->verify(verifier->ctx, &a.key, alg, &joined, 1, SEC_BYTES(sig.b)));
        CHECK_OK(verifier->verify(verifier->ctx, &a.key, alg, parts, 3, SEC_BYTES(sig.b)));
        CHECK_STATUS(verifier->verify(verifier->ctx, &b.key, alg, parts, 3, SEC_BYTES(sig.b)), SEC_BAD_SIGNATURE);
        CHECK_STATUS(verifier->verify(verifier->ctx, &a.key, alg, &changed, 1, SEC_BYTES(sig.b)), SEC_BAD_SIGNATURE);
        CHECK_STATUS(verifier->verify(verifier->ctx, &a.key, alg, NULL, 0, SEC_BYTES(sig.b)), SEC_BAD_SIGNATURE);
        CHECK_STATUS(verifier->verify(verifier->ctx, &a.key, wrong, parts, 3, SEC_BYTES(sig.b)), SEC_BAD_ALGORITHM);
        CHECK_STATUS(verifier->verify(verifier->ctx, &a.key, SEC_ALG_NONE, parts, 3, SEC_BYTES(sig.b)),
                     SEC_BAD_ALGORITHM);
        CHECK_STATUS(verifier->verify(verifier->ctx, &a.key, alg, parts, 3, sec_bytes(sig.b, 63)), SEC_BAD_SIGNATURE);
        CHECK_STATUS(verifier->verify(verifier->ctx, &a.key, alg, parts, 3, sec_bytes(NULL, 0)), SEC_BAD_SIGNATURE);
    }
    for (size_t bit = 0; bit < 504; bit++) { /* the last byte is left to the test of twins */
        sig.b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        CHECK_STATUS(verifier->verify(verifier->ctx, &a.key, alg, parts, 3, SEC_BYTES(sig.b)), SEC_BAD_SIGNATURE);
        sig.b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    static const uint8_t zeros[64] = {0};
    CHECK_STATUS(verifier->verify(verifier->ctx, &a.key, alg, parts, 3, SEC_BYTES(zeros)), SEC_BAD_SIGNATURE);
    struct sec_public_key off = a.key;
    off.y[5] ^= 1;
    if (a.key.type == SEC_KEY_P256)
        CHECK_STATUS(verifier->verify(verifier->ctx, &off, alg, parts, 3, SEC_BYTES(sig.b)), SEC_BAD_KEY);
}

#endif
