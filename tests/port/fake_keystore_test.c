/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_clock.h"
#include "fake_counter.h"
#include "fake_keystore.h"
#include "keystore_suite.h"

static struct fake_power power;
static struct fake_crypto fake_crypto;
static struct sec_crypto crypto;
static struct fake_key identity;
static struct fake_keystore fake;
static struct sec_keystore keystore;

static void start(uint64_t seed)
{
    fake_power_init(&power, seed);
    fake_crypto_init(&fake_crypto, seed);
    crypto = fake_crypto_port(&fake_crypto);
    fake_key_init(&identity, SEC_KEY_P256, seed);
    fake_keystore_init(&fake, &power, &crypto, fake_key_signer(&identity));
    keystore = fake_keystore_port(&fake);
}

static void it_does_what_a_keystore_must(void)
{
    start(1);
    suite_keystore(&keystore);
    CHECK(sec_key_equal(&keystore.identity.key, &identity.key));
}

static void a_full_table_is_a_status(void)
{
    start(1);
    for (uint64_t i = 1; i <= FAKE_KEYSTORE_SLOTS_MAX; i++)
        CHECK_OK(keystore.make(keystore.ctx, i));
    CHECK_STATUS(keystore.make(keystore.ctx, 100), SEC_TABLE_FULL);
}

static void a_cut_leaves_a_key_made_or_not(void)
{
    unsigned made = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        uint64_t number = 0;
        start(seed);
        fake_power_arm(&power, 1);
        CHECK_STATUS(keystore.make(keystore.ctx, 5), SEC_POWER_CUT);
        CHECK_STATUS(keystore.next(keystore.ctx, 0, &number), SEC_POWER_CUT);
        fake_power_restore(&power);
        made += sec_ok(keystore.next(keystore.ctx, 0, &number));
    }
    CHECK(made > 20 && made < 80);
}

static void a_cut_leaves_a_key_under_destruction_whole_spoiled_or_gone(void)
{
    bool whole = false, spoiled = false, gone = false;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct sec_aead_key key = {{9}}, got;
        struct sec_wrapped_key wrapped;
        enum sec_destroy_grade grade;
        start(seed);
        CHECK_OK(keystore.make(keystore.ctx, 5));
        uint64_t before = fake_keystore_digest(&fake);
        CHECK_OK(keystore.wrap(keystore.ctx, 5, SEC_LIT(""), &key, &wrapped));
        fake_power_arm(&power, 1);
        CHECK_STATUS(keystore.destroy(keystore.ctx, 5, &grade), SEC_POWER_CUT);
        CHECK_STATUS(keystore.unwrap(keystore.ctx, 5, SEC_LIT(""), &wrapped, &got), SEC_POWER_CUT);
        fake_power_restore(&power);
        sec_status status = keystore.unwrap(keystore.ctx, 5, SEC_LIT(""), &wrapped, &got);
        CHECK((fake_keystore_digest(&fake) == before) == sec_ok(status));
        whole = whole || sec_ok(status);
        spoiled = spoiled || sec_is(status, SEC_AEAD_FAILED);
        gone = gone || sec_is(status, SEC_NOT_FOUND);
        CHECK_OK(keystore.destroy(keystore.ctx, 5, &grade));
        CHECK(fake_keystore_digest(&fake) == 0);
    }
    CHECK(whole && spoiled && gone);
}

static void the_counter_rises_or_not_under_a_cut(void)
{
    unsigned risen = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct fake_counter counter;
        uint64_t value = 0;
        start(seed);
        fake_counter_init(&counter, &power);
        struct sec_counter port = fake_counter_port(&counter);
        CHECK_OK(port.raise(port.ctx, &value));
        CHECK_INT(value, 1);
        fake_power_arm(&power, 1);
        CHECK_STATUS(port.raise(port.ctx, &value), SEC_POWER_CUT);
        CHECK_STATUS(port.read(port.ctx, &value), SEC_POWER_CUT);
        fake_power_restore(&power);
        CHECK_OK(port.read(port.ctx, &value));
        CHECK(value == 1 || value == 2);
        risen += value == 2;
    }
    CHECK(risen > 20 && risen < 80);
}

static void the_clock_shows_what_was_set(void)
{
    struct fake_clock clock;
    fake_clock_init(&clock);
    struct sec_clock port = fake_clock_port(&clock);
    fake_clock_pass(&clock, 2500);
    CHECK_INT(port.steady_ms(port.ctx), 2500);
    CHECK_INT(port.wall_s(port.ctx), 0);
    CHECK(!port.wall_trusted(port.ctx));
    clock.wall_s = 1000;
    clock.trusted = true;
    for (int i = 0; i < 10; i++)
        fake_clock_pass(&clock, 300);
    CHECK_INT(port.wall_s(port.ctx), 1003);
    CHECK(port.wall_trusted(port.ctx));
}

static const struct test tests[] = {
    TEST(it_does_what_a_keystore_must),         TEST(a_full_table_is_a_status),
    TEST(a_cut_leaves_a_key_made_or_not),       TEST(a_cut_leaves_a_key_under_destruction_whole_spoiled_or_gone),
    TEST(the_counter_rises_or_not_under_a_cut), TEST(the_clock_shows_what_was_set),
};
TEST_MAIN(tests)
