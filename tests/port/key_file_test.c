/* SPDX-License-Identifier: Apache-2.0 */
#include "key_file.h"
#include "temp_dir.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

static struct sec_openssl openssl;

static void start(void)
{
    if (!openssl.sha256)
        CHECK_OK(sec_openssl_init(&openssl));
}

static void a_saved_key_loads_and_signs(void)
{
    start();
    struct temp_dir dir = temp_dir_make();
    struct sec_crypto crypto = sec_openssl_crypto(&openssl);
    struct sec_bytes message = SEC_LIT("kept");
    umask(0);
    for (enum sec_key_type type = SEC_KEY_P256; type <= SEC_KEY_ED25519; type++) {
        struct sec_private_key made, loaded, unused;
        struct sec_public_key public_key;
        struct sec_signature sig;
        CHECK_OK(sec_private_key_generate(&made, &openssl, type));
        CHECK_INT(made.key.type, type);
        CHECK_OK(sec_private_key_save(&made, dir.fd, "key.pem"));
        CHECK_INT(temp_dir_mode(&dir, "key.pem"), 0600);
        CHECK_STATUS(sec_private_key_save(&made, dir.fd, "key.pem"), SEC_EXISTS);
        CHECK_OK(sec_private_key_load(&loaded, &openssl, dir.fd, "key.pem"));
        CHECK(sec_key_equal(&made.key, &loaded.key));
        struct sec_signer signer = sec_private_key_signer(&loaded);
        CHECK_OK(signer.sign(signer.ctx, &message, 1, &sig));
        CHECK_OK(crypto.verifier.verify(crypto.ctx, &made.key, sec_key_alg(type), &message, 1, SEC_BYTES(sig.b)));

        CHECK_OK(sec_public_key_save(&made.key, dir.fd, "key.pub"));
        CHECK_INT(temp_dir_mode(&dir, "key.pub"), 0644);
        CHECK_OK(sec_public_key_load(dir.fd, "key.pub", &public_key));
        CHECK(sec_key_equal(&made.key, &public_key));
        /* Neither stands for the other. */
        CHECK_STATUS(sec_public_key_load(dir.fd, "key.pem", &public_key), SEC_MALFORMED);
        CHECK_STATUS(sec_private_key_load(&unused, &openssl, dir.fd, "key.pub"), SEC_MALFORMED);
        sec_private_key_done(&unused);
        sec_private_key_done(&loaded);
        sec_private_key_done(&made);
        CHECK_INT(temp_dir_walk(&dir, true), 2);
    }
    CHECK_INT(ERR_peek_error(), 0);
    temp_dir_remove(&dir);
}

static void a_path_works_as_a_name(void)
{
    start();
    struct temp_dir dir = temp_dir_make();
    struct sec_private_key key;
    char path[96];
    CHECK_OK(sec_private_key_generate(&key, &openssl, SEC_KEY_P256));
    snprintf(path, sizeof path, "%s/key.pem", dir.path);
    CHECK_OK(sec_private_key_save(&key, AT_FDCWD, path));
    sec_private_key_done(&key);
    CHECK_OK(sec_private_key_load(&key, &openssl, AT_FDCWD, path));
    CHECK_STATUS(sec_private_key_save(&key, dir.fd, "no/such/dir.pem"), SEC_NOT_FOUND);
    sec_private_key_done(&key);
    temp_dir_remove(&dir);
}

static void what_is_no_key_is_refused(void)
{
    start();
    struct temp_dir dir = temp_dir_make();
    struct sec_private_key key;
    struct sec_public_key public_key;
    static char large[20000];
    CHECK_STATUS(sec_private_key_load(&key, &openssl, dir.fd, "absent"), SEC_NOT_FOUND);
    temp_dir_put(&dir, "empty", "");
    CHECK_STATUS(sec_private_key_load(&key, &openssl, dir.fd, "empty"), SEC_MALFORMED);
    CHECK_STATUS(sec_public_key_load(dir.fd, "empty", &public_key), SEC_MALFORMED);
    temp_dir_put(&dir, "text", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    CHECK_STATUS(sec_private_key_load(&key, &openssl, dir.fd, "text"), SEC_MALFORMED);
    memset(large, 'x', sizeof large - 1);
    temp_dir_put(&dir, "large", large);
    CHECK_STATUS(sec_private_key_load(&key, &openssl, dir.fd, "large"), SEC_TOO_LARGE);
    CHECK_STATUS(sec_private_key_load(&key, &openssl, dir.fd, "."), SEC_IO_FAILED);
    CHECK_INT(ERR_peek_error(), 0);
    temp_dir_remove(&dir);
}

static void write_foreign(const struct temp_dir *dir, const char *name, EVP_PKEY *pkey, const EVP_CIPHER *cipher)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir->path, name);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    CHECK_INT(PEM_write_PKCS8PrivateKey(file, pkey, cipher, cipher ? "secret" : NULL, cipher ? 6 : 0, NULL, NULL), 1);
    fclose(file);
}

static void foreign_and_encrypted_keys_are_refused(void)
{
    start();
    struct temp_dir dir = temp_dir_make();
    struct sec_private_key key;
    EVP_PKEY *p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), *p256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    CHECK(p384 && p256);
    write_foreign(&dir, "p384", p384, NULL);
    write_foreign(&dir, "encrypted", p256, EVP_aes_256_cbc());
    CHECK_STATUS(sec_private_key_load(&key, &openssl, dir.fd, "p384"), SEC_UNSUPPORTED);
    CHECK_STATUS(sec_private_key_load(&key, &openssl, dir.fd, "encrypted"), SEC_UNSUPPORTED);
    sec_private_key_done(&key);
    EVP_PKEY_free(p384);
    EVP_PKEY_free(p256);
    CHECK_INT(ERR_peek_error(), 0);
    temp_dir_remove(&dir);
}

static void the_published_trust_anchor_loads(void)
{
    start();
    struct sec_public_key key;
    const char *root = getenv("SEC_SHARED") ? getenv("SEC_SHARED") : "../shared";
    char path[512];
    snprintf(path, sizeof path, "%s/vectors/suit/trust-anchor-pub.pem", root);
    if (access(path, R_OK) != 0)
        SKIP("the shared vectors are not here");
    CHECK_OK(sec_public_key_load(AT_FDCWD, path, &key));
    CHECK_INT(key.type, SEC_KEY_P256);
}

static const struct test tests[] = {
    TEST(a_saved_key_loads_and_signs),      TEST(a_path_works_as_a_name),
    TEST(what_is_no_key_is_refused),        TEST(foreign_and_encrypted_keys_are_refused),
    TEST(the_published_trust_anchor_loads),
};
TEST_MAIN(tests)
