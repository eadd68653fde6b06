/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_crypto.h"
#include "file_keystore.h"
#include "keystore_suite.h"
#include "openssl_crypto.h"
#include "temp_dir.h"

static struct fake_crypto fake;
static struct sec_crypto crypto;
static struct sec_file_keystore files;
static struct sec_keystore keystore;

static void start(const struct temp_dir *dir)
{
    static struct fake_key identity;
    fake_crypto_init(&fake, 1);
    crypto = fake_crypto_port(&fake);
    fake_key_init(&identity, SEC_KEY_P256, 1);
    CHECK_OK(sec_file_keystore_open(&files, dir->fd, &crypto, fake_key_signer(&identity)));
    keystore = sec_file_keystore_port(&files);
}

static void it_does_what_a_keystore_must(void)
{
    struct temp_dir dir = temp_dir_make();
    start(&dir);
    suite_keystore(&keystore);
    CHECK_INT(temp_dir_walk(&dir, false), 0);
    temp_dir_remove(&dir);
}

static void it_does_so_with_real_crypto(void)
{
    struct temp_dir dir = temp_dir_make();
    struct sec_openssl openssl;
    start(&dir);
    CHECK_OK(sec_openssl_init(&openssl));
    crypto = sec_openssl_crypto(&openssl);
    suite_keystore(&keystore);
    sec_openssl_done(&openssl);
    temp_dir_remove(&dir);
}

static void keys_are_private_files_that_last(void)
{
    struct temp_dir dir = temp_dir_make();
    struct sec_aead_key key = {{5}}, got;
    struct sec_wrapped_key wrapped;
    umask(0);
    start(&dir);
    CHECK_OK(keystore.make(keystore.ctx, 12));
    CHECK_INT(temp_dir_mode(&dir, "key-12"), 0600);
    CHECK_OK(keystore.wrap(keystore.ctx, 12, SEC_LIT("a"), &key, &wrapped));
    temp_dir_put(&dir, "key-13.tmp", "half made");
    temp_dir_put(&dir, "key-012", "no proper name");
    start(&dir);
    CHECK_INT(temp_dir_walk(&dir, false), 2);
    CHECK_OK(keystore.unwrap(keystore.ctx, 12, SEC_LIT("a"), &wrapped, &got));
    CHECK_BYTES(SEC_BYTES(got.b), SEC_BYTES(key.b));
    uint64_t number = 0;
    CHECK_STATUS(keystore.next(keystore.ctx, 12, &number), SEC_NOT_FOUND);
    temp_dir_remove(&dir);
}

static void destroying_overwrites_the_file(void)
{
    struct temp_dir dir = temp_dir_make();
    uint8_t before[32], after[32];
    enum sec_destroy_grade grade;
    start(&dir);
    CHECK_OK(keystore.make(keystore.ctx, 3));
    int fd = openat(dir.fd, "key-3", O_RDONLY);
    CHECK(fd >= 0 && pread(fd, before, sizeof before, 0) == 32);
    CHECK_OK(keystore.destroy(keystore.ctx, 3, &grade));
    CHECK_INT(grade, SEC_DESTROY_OVERWRITTEN);
    CHECK(pread(fd, after, sizeof after, 0) == 32);
    CHECK(!sec_bytes_equal(SEC_BYTES(before), SEC_BYTES(after)));
    close(fd);
    CHECK_INT(temp_dir_mode(&dir, "key-3"), -1);
    temp_dir_remove(&dir);
}

static void a_file_of_another_length_is_no_key(void)
{
    struct temp_dir dir = temp_dir_make();
    struct sec_aead_key key = {{5}};
    struct sec_wrapped_key wrapped;
    start(&dir);
    temp_dir_put(&dir, "key-1", "short");
    CHECK_STATUS(keystore.wrap(keystore.ctx, 1, SEC_LIT(""), &key, &wrapped), SEC_BAD_KEY);
    temp_dir_remove(&dir);
}

static const struct test tests[] = {
    TEST(it_does_what_a_keystore_must),       TEST(it_does_so_with_real_crypto),
    TEST(keys_are_private_files_that_last),   TEST(destroying_overwrites_the_file),
    TEST(a_file_of_another_length_is_no_key),
};
TEST_MAIN(tests)
