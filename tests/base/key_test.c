/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <fake_crypto.h>
#include <securable/key.h>

#define X "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define Y "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

static struct sec_public_key key_of(enum sec_key_type type)
{
    struct sec_public_key key = {.type = type};
    sec_bytes_copy(SEC_ROOM(key.x), hex(X));
    if (type == SEC_KEY_P256)
        sec_bytes_copy(SEC_ROOM(key.y), hex(Y));
    return key;
}

static void keys_are_equal_by_type_and_coordinates(void)
{
    struct sec_public_key a = key_of(SEC_KEY_P256), b = a;
    CHECK(sec_key_equal(&a, &b));
    b.y[31] ^= 1;
    CHECK(!sec_key_equal(&a, &b));
    b = a;
    b.x[0] ^= 1;
    CHECK(!sec_key_equal(&a, &b));
    b = a;
    b.type = SEC_KEY_ED25519;
    CHECK(!sec_key_equal(&a, &b));
    a = b = key_of(SEC_KEY_ED25519);
    CHECK(sec_key_equal(&a, &b));
}

static void ids_are_equal_whole(void)
{
    struct sec_key_id a = {{0}}, b = {{0}};
    CHECK(sec_key_id_equal(&a, &b));
    b.b[31] = 1;
    CHECK(!sec_key_id_equal(&a, &b));
}

static void the_key_fixes_the_algorithms(void)
{
    CHECK_INT(sec_key_alg(SEC_KEY_P256), SEC_ALG_ESP256);
    CHECK_INT(sec_key_alg(SEC_KEY_ED25519), SEC_ALG_ED25519);
    CHECK_INT(sec_key_alg((enum sec_key_type)0), SEC_ALG_NONE);
    static const int64_t algs[] = {0, -7, -8, -9, -19, -35, 5, INT64_MIN};
    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
        CHECK_INT(sec_key_accepts(SEC_KEY_P256, algs[i]), algs[i] == -7 || algs[i] == -9);
        CHECK_INT(sec_key_accepts(SEC_KEY_ED25519, algs[i]), algs[i] == -8 || algs[i] == -19);
        CHECK(!sec_key_accepts((enum sec_key_type)0, algs[i]));
    }
}

static void a_key_is_written_deterministically_and_read_back(void)
{
    static const enum sec_key_type types[] = {SEC_KEY_P256, SEC_KEY_ED25519};
    static const char *want[] = {"a4 01 02 20 01 21 5820" X "22 5820" Y, "a3 01 01 20 06 21 5820" X};
    for (size_t i = 0; i < 2; i++) {
        uint8_t room[80];
        struct sec_public_key key = key_of(types[i]), back = {.type = (enum sec_key_type)9};
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        sec_key_encode(&key, &wr);
        CHECK_BYTES(sec_wr_done(&wr), hex(want[i]));
        CHECK_OK(sec_cbor_check(sec_wr_done(&wr), SEC_CBOR_OURS));
        struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
        sec_key_read(&rd, &back);
        CHECK_OK(sec_cbor_end(&rd));
        CHECK(sec_key_equal(&key, &back));
    }
}

static void a_key_of_no_type_is_not_written(void)
{
    uint8_t room[80];
    struct sec_public_key key = {.type = (enum sec_key_type)3};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_key_encode(&key, &wr);
    CHECK_STATUS(sec_wr_end(&wr, NULL), SEC_ROOM_FULL);
}

static sec_status read_key(const char *digits)
{
    struct sec_public_key key = {.type = (enum sec_key_type)9};
    struct sec_cbor rd = sec_cbor(hex(digits));
    sec_key_read(&rd, &key);
    CHECK(sec_ok(rd.status) == (key.type != (enum sec_key_type)9));
    return sec_cbor_end(&rd);
}

static void a_key_of_another_shape_is_refused(void)
{
    CHECK_STATUS(read_key("a4 01 03 20 01 21 5820" X "22 5820" Y), SEC_UNSUPPORTED);
    CHECK_STATUS(read_key("a4 01 02 20 02 21 5820" X "22 5820" Y), SEC_UNSUPPORTED);
    CHECK_STATUS(read_key("a4 01 02 20 06 21 5820" X "22 5820" Y), SEC_UNSUPPORTED);
    CHECK_STATUS(read_key("a3 01 01 20 01 21 5820" X), SEC_UNSUPPORTED);
    CHECK_STATUS(read_key("a3 01 01 20 04 21 5820" X), SEC_UNSUPPORTED);
    CHECK_STATUS(read_key("a3 01 02 20 01 21 5820" X), SEC_MISSING_FIELD);
    CHECK_STATUS(read_key("a2 20 06 21 5820" X), SEC_MISSING_FIELD);
    CHECK_STATUS(read_key("a2 01 01 21 5820" X), SEC_MISSING_FIELD);
    CHECK_STATUS(read_key("a2 01 01 20 06"), SEC_MISSING_FIELD);
    CHECK_STATUS(read_key("a0"), SEC_MISSING_FIELD);
    CHECK_STATUS(read_key("a4 01 01 20 06 21 5820" X "22 5820" Y), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(read_key("a4 01 01 03 27 20 06 21 5820" X), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(read_key("a3 01 01 20 06 21 4101"), SEC_BAD_VALUE);
    CHECK_STATUS(read_key("a3 01 01 20 06 21 5821 00" X), SEC_BAD_VALUE);
    CHECK_STATUS(read_key("a4 01 02 20 01 21 5820" X "22 f5"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_key("a3 01 61 61 20 06 21 5820" X), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_key("a4 01 01 01 01 20 06 21 5820" X), SEC_DUPLICATE_KEY);
    CHECK_STATUS(read_key("a4 01 01 20 06 21 5820" X "21 5820" X), SEC_DUPLICATE_KEY);
    CHECK_STATUS(read_key("80"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_key("a3 01 01 20 06 21 5820 00"), SEC_TRUNCATED);
}

static void the_id_is_the_thumbprint(void)
{
    struct fake_crypto fake;
    fake_crypto_init(&fake, 1);
    struct sec_crypto crypto = fake_crypto_port(&fake);
    struct sec_public_key key = key_of(SEC_KEY_P256);
    struct sec_key_id id;
    CHECK_OK(sec_key_id_of(&key, &crypto.hasher, &id));
    CHECK_BYTES(SEC_BYTES(id.b), hex("3ad84e11d50c0abb53b6420f276a855105ead0137f03a4e5ce37b2aebcf669e0"));
    key = key_of(SEC_KEY_ED25519);
    CHECK_OK(sec_key_id_of(&key, &crypto.hasher, &id));
    CHECK_BYTES(SEC_BYTES(id.b), hex("0aed54eb08c840d61d9669d0ec9085ea2fa6e0760a5f79f6d0ccbafb3d55b211"));
    /* The key of RFC 9679, section 6. */
    key.type = SEC_KEY_P256;
    sec_bytes_copy(SEC_ROOM(key.x), hex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"));
    sec_bytes_copy(SEC_ROOM(key.y), hex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"));
    CHECK_OK(sec_key_id_of(&key, &crypto.hasher, &id));
    CHECK_BYTES(SEC_BYTES(id.b), hex("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"));
}

static sec_status digest_fails(void *ctx, const struct sec_bytes *parts, size_t parts_count, struct sec_digest *ret_digest)
{
    (void)ctx, (void)parts, (void)parts_count, (void)ret_digest;
    return sec_st(SEC_IO_FAILED);
}

static void an_id_that_cannot_be_made_is_left_alone(void)
{
    struct sec_hasher hasher = {NULL, digest_fails};
    struct sec_public_key key = key_of(SEC_KEY_P256);
    struct sec_key_id id = {{7}}, same = id;
    CHECK_STATUS(sec_key_id_of(&key, &hasher, &id), SEC_IO_FAILED);
    key.type = (enum sec_key_type)0;
    CHECK_STATUS(sec_key_id_of(&key, &hasher, &id), SEC_BAD_ARGUMENT);
    CHECK(sec_key_id_equal(&id, &same));
}

static const struct test tests[] = {
    TEST(keys_are_equal_by_type_and_coordinates),
    TEST(ids_are_equal_whole),
    TEST(the_key_fixes_the_algorithms),
    TEST(a_key_is_written_deterministically_and_read_back),
    TEST(a_key_of_no_type_is_not_written),
    TEST(a_key_of_another_shape_is_refused),
    TEST(the_id_is_the_thumbprint),
    TEST(an_id_that_cannot_be_made_is_left_alone),
};
TEST_MAIN(tests)
