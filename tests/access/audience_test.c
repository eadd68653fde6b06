/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static uint8_t room[4096];

static struct sec_audience parsed(const struct sec_wr *wr)
{
    struct sec_audience audience;
    CHECK(!wr->bad);
    CHECK_OK(sec_audience_parse(sec_wr_done(wr), &audience));
    return audience;
}

static struct sec_audience tests_of(enum sec_match a, struct sec_bytes a_text, enum sec_match b,
                                    struct sec_bytes b_text)
{
    struct sec_bytes texts[SEC_MATCHES_COUNT] = {{NULL, 0}};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    texts[a - 1] = a_text;
    texts[b - 1] = b_text;
    sec_audience_encode_match(texts, &wr);
    return parsed(&wr);
}

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_audience audience;
    SEC_TRY(sec_audience_parse(in, &audience));
    sec_wr_bytes(wr, audience.item);
    return sec_st(SEC_OK);
}

static void a_listed_device_is_in_and_another_is_not(void)
{
    struct sec_access_facts facts = people_facts();
    struct sec_bytes ids[2] = {SEC_BYTES(other_id), SEC_BYTES(device_id)};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_audience_encode_ids(ids, 2, &wr);
    struct sec_audience audience = parsed(&wr);
    CHECK_INT(audience.count, 2);
    CHECK(sec_audience_matches(&audience, &facts.device));
    CHECK_BYTES(sec_audience_id_at(&audience, 1), SEC_BYTES(device_id));
    CHECK_INT(sec_audience_id_at(&audience, 2).len, 0);
    golden_check("audience-ids", audience.item);
    (void)strict_check(audience.item, again);
    wr = sec_wr(SEC_ROOM(room));
    sec_audience_encode_ids(ids, 1, &wr);
    audience = parsed(&wr);
    CHECK(!sec_audience_matches(&audience, &facts.device));
    facts.device.device_id = sec_bytes(NULL, 0);
    CHECK(!sec_audience_matches(&audience, &facts.device));
}

static void all_tests_must_hold(void)
{
    struct sec_access_facts facts = people_facts();
    struct sec_audience audience = tests_of(SEC_MATCH_PRODUCT, SEC_LIT("pump"), SEC_MATCH_GROUP, SEC_LIT("hall-3"));
    CHECK(sec_audience_matches(&audience, &facts.device));
    golden_check("audience-match", audience.item);
    (void)strict_check(audience.item, again);
    CHECK_BYTES(sec_audience_text_of(&audience, SEC_MATCH_GROUP), SEC_LIT("hall-3"));
    CHECK_INT(sec_audience_text_of(&audience, SEC_MATCH_SITE).len, 0);
    audience = tests_of(SEC_MATCH_PRODUCT, SEC_LIT("pump"), SEC_MATCH_GROUP, SEC_LIT("hall-4"));
    CHECK(!sec_audience_matches(&audience, &facts.device));
}

static void what_the_device_does_not_hold_equals_nothing(void)
{
    struct sec_access_facts facts = people_facts();
    struct sec_audience audience = tests_of(SEC_MATCH_SITE, SEC_LIT("plant"), SEC_MATCH_SITE, SEC_LIT("plant"));
    CHECK(!sec_audience_matches(&audience, &facts.device));
}

static void one_of_several_tags_suffices(void)
{
    struct sec_access_facts facts = people_facts();
    static const struct {
        const char *tag;
        bool in;
    } cases[] = {{"wet", true},         {"north", true},   {"nort", false},
                 {"wet, north", false}, {" north", false}, {",", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sec_bytes tag = sec_bytes_of_str(cases[i].tag);
        struct sec_audience audience = tests_of(SEC_MATCH_TAG, tag, SEC_MATCH_TAG, tag);
        CHECK_INT(sec_audience_matches(&audience, &facts.device), cases[i].in);
    }
}

static void an_empty_or_foreign_audience_is_refused(void)
{
    struct sec_audience audience;
    static const struct {
        uint8_t bytes[8];
        size_t len;
        enum sec_status_code want;
    } cases[] = {
        {{0x80}, 1, SEC_BAD_VALUE},                        /* [] */
        {{0xa0}, 1, SEC_BAD_VALUE},                        /* {} */
        {{0x81, 0x41, 0x00}, 3, SEC_BAD_VALUE},            /* a short id */
        {{0x81, 0x01}, 2, SEC_UNEXPECTED_TYPE},            /* [1] */
        {{0xa1, 0x07, 0x61, 'a'}, 4, SEC_UNKNOWN_FIELD},   /* {7: "a"} */
        {{0xa1, 0x00, 0x61, 'a'}, 4, SEC_UNKNOWN_FIELD},   /* {0: "a"} */
        {{0xa1, 0x01, 0x60}, 3, SEC_BAD_VALUE},            /* {1: ""} */
        {{0xa1, 0x01, 0x41, 'a'}, 4, SEC_UNEXPECTED_TYPE}, /* {1: h'61'} */
        {{0x01}, 1, SEC_UNEXPECTED_TYPE},                  /* 1 */
        {{0xa2, 1, 0x61, 'a', 1, 0x61, 'b'}, 7, SEC_DUPLICATE_KEY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_STATUS(sec_audience_parse(sec_bytes(cases[i].bytes, cases[i].len), &audience), cases[i].want);
}

static const struct test tests[] = {
    TEST(a_listed_device_is_in_and_another_is_not),     TEST(all_tests_must_hold),
    TEST(what_the_device_does_not_hold_equals_nothing), TEST(one_of_several_tags_suffices),
    TEST(an_empty_or_foreign_audience_is_refused),
};
TEST_MAIN(tests)
