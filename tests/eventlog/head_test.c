/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include "fake_crypto.h"

#include <securable/eventlog.h>

static uint8_t body_room[512], statement_room[1024];
static struct fake_crypto fake;
static struct fake_key key;
static struct sec_crypto crypto;

static struct sec_head sample(bool has_counter)
{
    struct sec_head head = {.size = 99, .boot = 4, .epoch = 2, .has_counter = has_counter, .time_s = -5};
    head.counter = has_counter ? 1234567 : 0;
    memset(&head.log_id, 1, sizeof head.log_id);
    memset(&head.root, 2, sizeof head.root);
    memset(&head.state_root, 3, sizeof head.state_root);
    return head;
}

static struct sec_bytes body_of(const struct sec_head *head)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(body_room));
    sec_head_encode(head, &wr);
    return sec_wr_done(&wr);
}

static struct sec_bytes signed_as(enum sec_statement_kind kind, struct sec_bytes body)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(statement_room));
    struct sec_signer signer = fake_key_signer(&key);
    CHECK_OK(sec_statement_sign(kind, &signer, &crypto.hasher, body, &wr));
    return sec_wr_done(&wr);
}

static void begin(void)
{
    fake_crypto_init(&fake, 1);
    fake_key_init(&key, SEC_KEY_P256, 3);
    crypto = fake_crypto_port(&fake);
}

static void a_head_comes_back_as_it_was_written(void)
{
    for (int i = 0; i < 2; i++) {
        struct sec_head head = sample(i == 1), back;
        CHECK_OK(sec_head_parse(body_of(&head), &back));
        CHECK_INT(back.size, 99);
        CHECK_INT(back.boot, 4);
        CHECK_INT(back.epoch, 2);
        CHECK_INT(back.has_counter, i);
        CHECK_INT(back.counter, head.counter);
        CHECK_INT(back.time_s, -5);
        CHECK(sec_digest_equal(&back.root, &head.root) && sec_digest_equal(&back.log_id, &head.log_id));
        CHECK(sec_digest_equal(&back.state_root, &head.state_root));
    }
}

static void a_head_with_a_field_cut_or_added_is_refused(void)
{
    struct sec_head head = sample(false), back;
    struct sec_bytes body = body_of(&head);
    for (size_t len = 0; len < body.len; len++)
        CHECK(!sec_ok(sec_head_parse(sec_bytes(body.data, len), &back)));
    CHECK_STATUS(sec_head_parse(SEC_LIT("\xa1\x02\x05"), &back), SEC_MISSING_FIELD);
    CHECK_STATUS(sec_head_parse(SEC_LIT("\xa1\x09\x05"), &back), SEC_UNKNOWN_FIELD);
}

static void only_a_head_of_the_device_passes(void)
{
    struct sec_head head = sample(true), back;
    struct fake_key other;
    begin();
    fake_key_init(&other, SEC_KEY_P256, 4);
    CHECK_OK(sec_head_check(signed_as(SEC_STATEMENT_HEAD, body_of(&head)), &key.key, &crypto, &back));
    CHECK_STATUS(sec_head_check(signed_as(SEC_STATEMENT_HEAD, body_of(&head)), &other.key, &crypto, &back),
                 SEC_BAD_SIGNATURE);
    CHECK_STATUS(sec_head_check(signed_as(SEC_STATEMENT_REPORT, body_of(&head)), &key.key, &crypto, &back),
                 SEC_WRONG_KIND);
    struct sec_bytes good = signed_as(SEC_STATEMENT_HEAD, body_of(&head));
    for (size_t i = 0; i < good.len; i++) {
        statement_room[i] ^= 1;
        CHECK(!sec_ok(sec_head_check(good, &key.key, &crypto, &back)));
        statement_room[i] ^= 1;
    }
}

static const struct test tests[] = {
    TEST(a_head_comes_back_as_it_was_written),
    TEST(a_head_with_a_field_cut_or_added_is_refused),
    TEST(only_a_head_of_the_device_passes),
};
TEST_MAIN(tests)
