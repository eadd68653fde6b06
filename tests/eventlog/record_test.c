/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include "fake_crypto.h"

#include <securable/eventlog.h>

static uint8_t room[512];

static struct sec_record_header sample(void)
{
    struct sec_record_header header = {
        .index = 70000, .boot = 3, .epoch = 2, .record_class = SEC_RECORD_DECISION, .seal = 5, .committed = true};
    memset(header.commitment.b, 0xab, sizeof header.commitment.b);
    return header;
}

static struct sec_bytes encoded(const struct sec_record_header *header, struct sec_bytes body)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_record_header_encode(header, &wr);
    sec_wr_bytes(&wr, body);
    return sec_wr_done(&wr);
}

static void a_record_comes_back_as_it_was_written(void)
{
    struct sec_record_header header = sample(), back;
    struct sec_bytes header_bytes, body;
    for (int i = 0; i < 2; i++) {
        header.committed = i == 0;
        if (i == 1)
            memset(&header.commitment, 0, sizeof header.commitment);
        CHECK_OK(sec_record_parse(encoded(&header, SEC_LIT("body")), &back, &header_bytes, &body));
        CHECK_INT(back.index, header.index);
        CHECK_INT(back.boot, header.boot);
        CHECK_INT(back.epoch, header.epoch);
        CHECK_INT(back.record_class, header.record_class);
        CHECK_INT(back.seal, header.seal);
        CHECK_INT(back.committed, header.committed);
        CHECK(sec_digest_equal(&back.commitment, &header.commitment));
        CHECK_BYTES(body, SEC_LIT("body"));
    }
}

static void every_cut_of_a_header_is_refused(void)
{
    struct sec_record_header header = sample(), back;
    struct sec_bytes header_bytes, body, all = encoded(&header, SEC_LIT(""));
    for (size_t len = 0; len < all.len; len++)
        CHECK(!sec_ok(sec_record_parse(sec_bytes(all.data, len), &back, &header_bytes, &body)));
}

static void values_outside_their_range_are_refused(void)
{
    struct sec_record_header header = sample(), back;
    struct sec_bytes header_bytes, body;
    header.record_class = (enum sec_record_class)0;
    CHECK_STATUS(sec_record_parse(encoded(&header, SEC_LIT("")), &back, &header_bytes, &body), SEC_BAD_VALUE);
    header.record_class = (enum sec_record_class)256;
    CHECK_STATUS(sec_record_parse(encoded(&header, SEC_LIT("")), &back, &header_bytes, &body), SEC_BAD_VALUE);
    /* A class of a later version is carried. */
    header.record_class = (enum sec_record_class)200;
    CHECK_OK(sec_record_parse(encoded(&header, SEC_LIT("")), &back, &header_bytes, &body));
    header = sample();
    header.index = UINT64_MAX;
    CHECK_STATUS(sec_record_parse(encoded(&header, SEC_LIT("")), &back, &header_bytes, &body), SEC_BAD_VALUE);
    CHECK_STATUS(sec_record_parse(SEC_LIT("\x86\x01\x01\x01\x01\x01\x41\x00"), &back, &header_bytes, &body), SEC_BAD_VALUE);
    CHECK_STATUS(sec_record_parse(SEC_LIT("\x85\x01\x01\x01\x01\x01"), &back, &header_bytes, &body), SEC_BAD_VALUE);
}

static void the_leaf_binds_header_and_body(void)
{
    struct fake_crypto fake;
    struct sec_digest body, leaf, again;
    fake_crypto_init(&fake, 1);
    struct sec_crypto crypto = fake_crypto_port(&fake);
    memset(&body, 1, sizeof body);
    CHECK_OK(sec_record_leaf(&crypto.hasher, SEC_LIT("head"), &body, &leaf));
    CHECK_OK(sec_record_leaf(&crypto.hasher, SEC_LIT("heae"), &body, &again));
    CHECK(!sec_digest_equal(&leaf, &again));
    body.b[31] ^= 1;
    CHECK_OK(sec_record_leaf(&crypto.hasher, SEC_LIT("head"), &body, &again));
    CHECK(!sec_digest_equal(&leaf, &again));
}

static void every_class_has_its_word(void)
{
    CHECK(strcmp(sec_record_class_word(SEC_RECORD_DECISION), "decision") == 0);
    CHECK(strcmp(sec_record_class_word(SEC_RECORD_TRIM), "trim") == 0);
    CHECK(strcmp(sec_record_class_word((enum sec_record_class)77), "unknown") == 0);
}

static const struct test tests[] = {
    TEST(a_record_comes_back_as_it_was_written), TEST(every_cut_of_a_header_is_refused),
    TEST(values_outside_their_range_are_refused), TEST(the_leaf_binds_header_and_body),
    TEST(every_class_has_its_word),
};
TEST_MAIN(tests)
