/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_suite.h"
#include "key_file.h"
#include "signature_twin.h"

#include <openssl/err.h>

static struct sec_openssl openssl;
static struct sec_crypto crypto;

static void start(void)
{
    sec_openssl_done(&openssl);
    CHECK_OK(sec_openssl_init(&openssl));
    crypto = sec_openssl_crypto(&openssl);
}

static void no_error_is_left(void)
{
    CHECK_INT(ERR_peek_error(), 0);
}

static void sha256_gives_the_known_digest(void)
{
    start();
    suite_sha256_of_abc(&crypto);
    no_error_is_left();
}

static void hkdf_gives_the_known_key(void)
{
    start();
    suite_hkdf_of_rfc_5869(&crypto);
    no_error_is_left();
}

static void gcm_gives_the_known_ciphertext(void)
{
    start();
    struct sec_aead_key key;
    struct sec_aead_nonce nonce;
    uint8_t aad_room[20], plain_room[60], want_room[76], got[76];
    size_t len = 0;
    suite_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", SEC_ROOM(key.b));
    suite_hex("cafebabefacedbaddecaf888", SEC_ROOM(nonce.b));
    struct sec_bytes aad = suite_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", SEC_ROOM(aad_room));
    struct sec_bytes plain =
        suite_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449"
                  "a6b525b16aedf5aa0de657ba637b39",
                  SEC_ROOM(plain_room));
    struct sec_bytes want =
        suite_hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056"
                  "828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
                  SEC_ROOM(want_room));
    CHECK_OK(crypto.seal(crypto.ctx, &key, &nonce, aad, plain, SEC_ROOM(got), &len));
    CHECK_BYTES(sec_bytes(got, len), want);
    no_error_is_left();
}

static void what_is_sealed_opens_and_a_change_shows(void)
{
    start();
    for (size_t len = 0; len <= 300; len += len < 20 ? 1 : 56)
        suite_seal_and_open(&crypto, len);
    no_error_is_left();
}

static void ed25519_verifies_the_known_signature(void)
{
    start();
    struct sec_public_key key = {.type = SEC_KEY_ED25519};
    struct sec_signature sig;
    struct sec_bytes message = SEC_LIT("\x72");
    suite_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", SEC_ROOM(key.x));
    suite_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eae"
              "b4302aeeb0"
              "0d291612bb0c00",
              SEC_ROOM(sig.b));
    CHECK_OK(crypto.verifier.verify(crypto.ctx, &key, SEC_ALG_EDDSA, &message, 1, SEC_BYTES(sig.b)));
    CHECK_OK(crypto.verifier.verify(crypto.ctx, &key, SEC_ALG_ED25519, &message, 1, SEC_BYTES(sig.b)));
    static uint8_t large[SEC_OPENSSL_MESSAGE_MAX_BYTES + 1];
    struct sec_bytes parts[] = {{large, sizeof large - 1}, {large, 1}};
    CHECK_STATUS(crypto.verifier.verify(crypto.ctx, &key, SEC_ALG_EDDSA, parts, 2, SEC_BYTES(sig.b)), SEC_TOO_LARGE);
    CHECK_STATUS(crypto.verifier.verify(crypto.ctx, &key, SEC_ALG_EDDSA, parts, 1, SEC_BYTES(sig.b)),
                 SEC_BAD_SIGNATURE);
    no_error_is_left();
}

/* RFC 6979, A.2.5, message "sample". */
static void known_p256(struct sec_public_key *key, struct sec_signature *sig)
{
    *key = (struct sec_public_key){.type = SEC_KEY_P256};
    suite_hex("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6", SEC_ROOM(key->x));
    suite_hex("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299", SEC_ROOM(key->y));
    suite_hex("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DB"
              "B9AFF4064D"
              "C4AB2F843ACDA8",
              SEC_ROOM(sig->b));
}

static void ecdsa_verifies_the_known_signature(void)
{
    start();
    struct sec_public_key key;
    struct sec_signature sig;
    struct sec_bytes message = SEC_LIT("sample");
    known_p256(&key, &sig);
    CHECK_OK(crypto.verifier.verify(crypto.ctx, &key, SEC_ALG_ES256, &message, 1, SEC_BYTES(sig.b)));
    CHECK_OK(crypto.verifier.verify(crypto.ctx, &key, SEC_ALG_ESP256, &message, 1, SEC_BYTES(sig.b)));
    CHECK_STATUS(crypto.verifier.verify(crypto.ctx, &key, SEC_ALG_EDDSA, &message, 1, SEC_BYTES(sig.b)),
                 SEC_BAD_ALGORITHM);
    no_error_is_left();
}

static void ecdsa_takes_the_twin_and_no_number_beyond_the_order(void)
{
    start();
    struct sec_public_key key;
    struct sec_signature sig;
    struct sec_bytes message = SEC_LIT("sample");
    known_p256(&key, &sig);
    signature_twin(&sig);
    CHECK_OK(crypto.verifier.verify(crypto.ctx, &key, SEC_ALG_ES256, &message, 1, SEC_BYTES(sig.b)));
    sec_copy(&sig.b[32], signature_twin_order, sizeof signature_twin_order);
    CHECK_STATUS(crypto.verifier.verify(crypto.ctx, &key, SEC_ALG_ES256, &message, 1, SEC_BYTES(sig.b)),
                 SEC_BAD_SIGNATURE);
    for (size_t i = 0; i < sizeof sig.b; i++)
        sig.b[i] = 0xff;
    CHECK_STATUS(crypto.verifier.verify(crypto.ctx, &key, SEC_ALG_ES256, &message, 1, SEC_BYTES(sig.b)),
                 SEC_BAD_SIGNATURE);
    no_error_is_left();
}

static void both_sorts_of_keys_sign_and_verify(void)
{
    start();
    for (enum sec_key_type type = SEC_KEY_P256; type <= SEC_KEY_ED25519; type++) {
        struct sec_private_key a, b;
        CHECK_OK(sec_private_key_generate(&a, &openssl, type));
        CHECK_OK(sec_private_key_generate(&b, &openssl, type));
        suite_sign_and_verify(&crypto.verifier, sec_private_key_signer(&a), sec_private_key_signer(&b));
        sec_private_key_done(&a);
        sec_private_key_done(&b);
    }
    no_error_is_left();
}

static void more_keys_than_places_verify_in_turns(void)
{
    start();
    enum { COUNT = 3 * SEC_OPENSSL_KEYS_COUNT };
    static struct sec_private_key keys[COUNT];
    static struct sec_signature sigs[COUNT];
    struct sec_bytes message = SEC_LIT("turn");
    for (size_t i = 0; i < COUNT; i++) {
        CHECK_OK(sec_private_key_generate(&keys[i], &openssl, i % 3 == 0 ? SEC_KEY_ED25519 : SEC_KEY_P256));
        struct sec_signer signer = sec_private_key_signer(&keys[i]);
        CHECK_OK(signer.sign(signer.ctx, &message, 1, &sigs[i]));
    }
    for (size_t i = 0; i < 4 * COUNT; i++) {
        size_t k = i * 7 % COUNT;
        int64_t alg = sec_key_alg(keys[k].key.type);
        CHECK_OK(crypto.verifier.verify(crypto.ctx, &keys[k].key, alg, &message, 1, SEC_BYTES(sigs[k].b)));
        struct sec_public_key off = keys[k].key;
        off.y[31] ^= 1;
        if (off.type == SEC_KEY_P256)
            CHECK_STATUS(crypto.verifier.verify(crypto.ctx, &off, alg, &message, 1, SEC_BYTES(sigs[k].b)), SEC_BAD_KEY);
    }
    for (size_t i = 0; i < COUNT; i++)
        sec_private_key_done(&keys[i]);
    no_error_is_left();
}

static void random_differs(void)
{
    start();
    uint8_t a[32], b[32];
    CHECK_OK(crypto.random(crypto.ctx, SEC_ROOM(a)));
    CHECK_OK(crypto.random(crypto.ctx, SEC_ROOM(b)));
    CHECK(!sec_bytes_equal(SEC_BYTES(a), SEC_BYTES(b)));
    CHECK_OK(crypto.random(crypto.ctx, sec_room(NULL, 0)));
}

static void done_twice_is_harmless(void)
{
    start();
    sec_openssl_done(&openssl);
    sec_openssl_done(&openssl);
}

static const struct test tests[] = {
    TEST(sha256_gives_the_known_digest),
    TEST(hkdf_gives_the_known_key),
    TEST(gcm_gives_the_known_ciphertext),
    TEST(what_is_sealed_opens_and_a_change_shows),
    TEST(ed25519_verifies_the_known_signature),
    TEST(ecdsa_verifies_the_known_signature),
    TEST(ecdsa_takes_the_twin_and_no_number_beyond_the_order),
    TEST(both_sorts_of_keys_sign_and_verify),
    TEST(more_keys_than_places_verify_in_turns),
    TEST(random_differs),
    TEST(done_twice_is_harmless),
};
TEST_MAIN(tests)
