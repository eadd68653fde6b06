/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/identity.h>

#include "fake_crypto.h"
#include "test.h"

static struct sec_device_id some_id(uint8_t start)
{
    struct sec_device_id id;
    for (size_t i = 0; i < sizeof id.b; i++)
        id.b[i] = (uint8_t)(start + i);
    return id;
}

static void an_id_is_its_keys_thumbprint_and_two_keys_have_two(void)
{
    struct fake_crypto fake;
    struct fake_key one, other;
    struct sec_device_id a, again, b;
    struct sec_key_id kid;
    fake_crypto_init(&fake, 1);
    struct sec_crypto crypto = fake_crypto_port(&fake);
    fake_key_init(&one, SEC_KEY_P256, 1);
    fake_key_init(&other, SEC_KEY_P256, 2);
    CHECK_OK(sec_device_id_of_key(&one.key, &crypto.hasher, &a));
    CHECK_OK(sec_device_id_of_key(&one.key, &crypto.hasher, &again));
    CHECK_OK(sec_device_id_of_key(&other.key, &crypto.hasher, &b));
    CHECK_OK(sec_key_id_of(&one.key, &crypto.hasher, &kid));
    CHECK(sec_device_id_equal(&a, &again));
    CHECK(!sec_device_id_equal(&a, &b));
    CHECK_BYTES(sec_device_id_bytes(&a), SEC_BYTES(kid.b));
    SHOWS("F1.1");
}

static void a_ueid_is_a_type_byte_and_the_id(void)
{
    struct sec_device_id id = some_id(7), back;
    struct sec_ueid ueid;
    sec_ueid_of(&id, &ueid);
    CHECK_INT(ueid.b[0], 1);
    CHECK_OK(sec_ueid_parse(SEC_BYTES(ueid.b), &back));
    CHECK(sec_device_id_equal(&id, &back));
    SHOWS("F1.1");
}

static void a_ueid_of_another_type_or_length_is_refused(void)
{
    struct sec_device_id id = some_id(7), back = id;
    struct sec_ueid ueid;
    sec_ueid_of(&id, &ueid);
    CHECK_STATUS(sec_ueid_parse(sec_bytes(ueid.b, 32), &back), SEC_BAD_VALUE);
    CHECK_STATUS(sec_ueid_parse(sec_bytes(NULL, 0), &back), SEC_BAD_VALUE);
    ueid.b[0] = 2;
    CHECK_STATUS(sec_ueid_parse(SEC_BYTES(ueid.b), &back), SEC_BAD_VALUE);
    CHECK(sec_device_id_equal(&id, &back));
}

static void text_is_64_hex_digits_of_either_case(void)
{
    struct sec_device_id id = some_id(0xa0), back;
    uint8_t text[64];
    struct sec_wr wr = sec_wr(SEC_ROOM(text));
    sec_device_id_text(&id, &wr);
    CHECK_INT(sec_wr_done(&wr).len, 64);
    CHECK_OK(sec_device_id_parse(SEC_BYTES(text), &back));
    CHECK(sec_device_id_equal(&id, &back));
    text[0] = 'A';
    CHECK_OK(sec_device_id_parse(SEC_BYTES(text), &back));
    CHECK(sec_device_id_equal(&id, &back));
    CHECK(!sec_ok(sec_device_id_parse(sec_bytes(text, 62), &back)));
    CHECK(!sec_ok(sec_device_id_parse(sec_bytes(text, 63), &back)));
    text[5] = 'g';
    CHECK_STATUS(sec_device_id_parse(SEC_BYTES(text), &back), SEC_BAD_VALUE);
}

static const struct test tests[] = {
    TEST(an_id_is_its_keys_thumbprint_and_two_keys_have_two),
    TEST(a_ueid_is_a_type_byte_and_the_id),
    TEST(a_ueid_of_another_type_or_length_is_refused),
    TEST(text_is_64_hex_digits_of_either_case),
};
TEST_MAIN(tests)
