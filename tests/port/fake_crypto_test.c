/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_suite.h"
#include "fake_crypto.h"
#include "fake_power.h"
#include "fake_sha256.h"
#include "openssl_crypto.h"

static void sha256_gives_the_known_digest(void)
{
    struct fake_crypto fake;
    fake_crypto_init(&fake, 1);
    struct sec_crypto crypto = fake_crypto_port(&fake);
    suite_sha256_of_abc(&crypto);
    suite_hkdf_of_rfc_5869(&crypto);
}

static void sha256_equals_openssl_on_any_length_and_split(void)
{
    static uint8_t message[3000];
    struct sec_openssl openssl;
    struct fake_power draws;
    CHECK_OK(sec_openssl_init(&openssl));
    struct sec_hasher real = sec_openssl_crypto(&openssl).hasher;
    fake_power_init(&draws, 5);
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)fake_power_draw(&draws, 256);
    for (size_t turn = 0; turn < 3000; turn++) {
        size_t len = turn < 300 ? turn : (size_t)fake_power_draw(&draws, sizeof message + 1);
        size_t at = (size_t)fake_power_draw(&draws, len + 1);
        struct sec_bytes whole = sec_bytes(message, len);
        struct sec_digest want, got;
        struct fake_sha256 state;
        CHECK_OK(real.digest(real.ctx, &whole, 1, &want));
        fake_sha256_init(&state);
        fake_sha256_add(&state, sec_bytes_part(whole, 0, at));
        fake_sha256_add(&state, sec_bytes_part(whole, at, len));
        fake_sha256_end(&state, &got);
        CHECK_BYTES(sec_digest_bytes(&got), sec_digest_bytes(&want));
    }
    sec_openssl_done(&openssl);
}

static void derive_equals_openssl(void)
{
    static uint8_t secret[200], salt[200];
    struct sec_openssl openssl;
    struct fake_crypto fake;
    CHECK_OK(sec_openssl_init(&openssl));
    fake_crypto_init(&fake, 3);
    struct sec_crypto a = fake_crypto_port(&fake), b = sec_openssl_crypto(&openssl);
    for (size_t len = 1; len < sizeof secret; len += 7) {
        uint8_t x[100], y[100];
        CHECK_OK(a.random(a.ctx, SEC_ROOM(secret)));
        struct sec_bytes s = sec_bytes(secret, len), t = sec_bytes(salt, sizeof salt - len);
        CHECK_OK(a.derive(a.ctx, s, t, s, SEC_ROOM(x)));
        CHECK_OK(b.derive(b.ctx, s, t, s, SEC_ROOM(y)));
        CHECK_BYTES(SEC_BYTES(x), SEC_BYTES(y));
    }
    sec_openssl_done(&openssl);
}

static void what_is_sealed_opens_and_a_change_shows(void)
{
    struct fake_crypto fake;
    fake_crypto_init(&fake, 1);
    struct sec_crypto crypto = fake_crypto_port(&fake);
    for (size_t len = 0; len <= 300; len += len < 20 ? 1 : 56)
        suite_seal_and_open(&crypto, len);
}

static void both_sorts_of_keys_sign_and_verify(void)
{
    struct fake_crypto fake;
    fake_crypto_init(&fake, 1);
    struct sec_crypto crypto = fake_crypto_port(&fake);
    for (enum sec_key_type type = SEC_KEY_P256; type <= SEC_KEY_ED25519; type++) {
        struct fake_key a, b;
        fake_key_init(&a, type, 10);
        fake_key_init(&b, type, 11);
        suite_sign_and_verify(&crypto.verifier, fake_key_signer(&a), fake_key_signer(&b));
    }
}

static void the_twin_verifies_for_p256_alone(void)
{
    struct fake_crypto fake;
    fake_crypto_init(&fake, 1);
    struct sec_verifier verifier = fake_crypto_port(&fake).verifier;
    struct sec_bytes message = SEC_LIT("twice");
    for (enum sec_key_type type = SEC_KEY_P256; type <= SEC_KEY_ED25519; type++) {
        struct fake_key key;
        struct sec_signature sig, twin;
        fake_key_init(&key, type, 10);
        struct sec_signer signer = fake_key_signer(&key);
        CHECK_OK(signer.sign(signer.ctx, &message, 1, &sig));
        twin = sig;
        fake_signature_twin(&twin);
        CHECK(!sec_bytes_equal(SEC_BYTES(sig.b), SEC_BYTES(twin.b)));
        CHECK_STATUS(verifier.verify(verifier.ctx, &key.key, sec_key_alg(type), &message, 1, SEC_BYTES(twin.b)),
                     type == SEC_KEY_P256 ? SEC_OK : SEC_BAD_SIGNATURE);
        twin.b[63] ^= 1;
        CHECK_STATUS(verifier.verify(verifier.ctx, &key.key, sec_key_alg(type), &message, 1, SEC_BYTES(twin.b)),
                     SEC_BAD_SIGNATURE);
    }
}

static void random_is_told_by_seed_and_boot_and_never_rewinds(void)
{
    struct fake_crypto a, b;
    uint8_t x[40], y[40], first[40];
    fake_crypto_init(&a, 1);
    fake_crypto_init(&b, 1);
    struct sec_crypto pa = fake_crypto_port(&a), pb = fake_crypto_port(&b);
    CHECK_OK(pa.random(pa.ctx, SEC_ROOM(first)));
    CHECK_OK(pb.random(pb.ctx, SEC_ROOM(y)));
    CHECK_BYTES(SEC_BYTES(first), SEC_BYTES(y));
    CHECK_OK(pa.random(pa.ctx, SEC_ROOM(x)));
    CHECK(!sec_bytes_equal(SEC_BYTES(x), SEC_BYTES(first)));
    fake_crypto_raise_boot(&b);
    CHECK_OK(pb.random(pb.ctx, SEC_ROOM(y)));
    CHECK(!sec_bytes_equal(SEC_BYTES(y), SEC_BYTES(first)));
    CHECK(!sec_bytes_equal(SEC_BYTES(y), SEC_BYTES(x)));
    fake_crypto_init(&b, 2);
    CHECK_OK(pb.random(pb.ctx, SEC_ROOM(y)));
    CHECK(!sec_bytes_equal(SEC_BYTES(y), SEC_BYTES(first)));
}

static struct fake_pair pairs[64];
static uint32_t pair_index[128];

static void seal_number(const struct sec_crypto *crypto, uint8_t number, const char *text)
{
    struct sec_aead_key key = {{7}};
    struct sec_aead_nonce nonce = {{number}};
    uint8_t room[64];
    size_t len = 0;
    CHECK_OK(crypto->seal(crypto->ctx, &key, &nonce, SEC_LIT("aad"), sec_bytes_of_str(text), SEC_ROOM(room), &len));
}

static void a_pair_used_twice_is_noticed(void)
{
    struct fake_crypto fake;
    struct fake_pair_log log;
    fake_crypto_init(&fake, 1);
    CHECK_STATUS(fake_pair_log_init(&log, pairs, 64, pair_index, 127), SEC_BAD_ARGUMENT);
    CHECK_STATUS(fake_pair_log_init(&log, pairs, 65, pair_index, 128), SEC_BAD_ARGUMENT);
    CHECK_OK(fake_pair_log_init(&log, pairs, 64, pair_index, 128));
    fake.pairs = &log;
    struct sec_crypto crypto = fake_crypto_port(&fake);
    for (uint8_t i = 0; i < 40; i++)
        seal_number(&crypto, i, "text");
    CHECK_INT(log.count, 40);
    CHECK_INT(log.repeated + log.again + log.lost, 0);
    seal_number(&crypto, 3, "text");
    CHECK_INT(log.again, 1);
    CHECK_INT(log.repeated, 0);
    seal_number(&crypto, 3, "texT");
    CHECK_INT(log.repeated, 1);
    for (uint8_t i = 40; i < 70; i++)
        seal_number(&crypto, i, "text");
    CHECK_INT(log.count, 64);
    CHECK_INT(log.lost, 6);
}

static void a_rewound_log_forgets_what_came_later(void)
{
    struct fake_crypto fake;
    struct fake_pair_log log;
    fake_crypto_init(&fake, 1);
    CHECK_OK(fake_pair_log_init(&log, pairs, 64, pair_index, 128));
    fake.pairs = &log;
    struct sec_crypto crypto = fake_crypto_port(&fake);
    for (uint8_t i = 0; i < 20; i++)
        seal_number(&crypto, i, "before");
    for (int turn = 0; turn < 50; turn++) {
        for (uint8_t i = 20; i < 64; i++)
            seal_number(&crypto, i, turn % 2 ? "one life" : "another");
        CHECK_INT(log.count, 64);
        fake_pair_log_rewind(&log, 20);
        CHECK_INT(log.count, 20);
    }
    CHECK_INT(log.repeated + log.again + log.lost, 0);
    for (uint8_t i = 0; i < 20; i++)
        seal_number(&crypto, i, "after");
    CHECK_INT(log.repeated, 20);
}

static const struct test tests[] = {
    TEST(sha256_gives_the_known_digest),
    TEST(sha256_equals_openssl_on_any_length_and_split),
    TEST(derive_equals_openssl),
    TEST(what_is_sealed_opens_and_a_change_shows),
    TEST(both_sorts_of_keys_sign_and_verify),
    TEST(the_twin_verifies_for_p256_alone),
    TEST(random_is_told_by_seed_and_boot_and_never_rewinds),
    TEST(a_pair_used_twice_is_noticed),
    TEST(a_rewound_log_forgets_what_came_later),
};
TEST_MAIN(tests)
