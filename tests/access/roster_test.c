/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static uint8_t room[2 * SEC_ROSTER_MAX_BYTES];
static struct sec_roster roster, back;

static struct sec_bytes encoded(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_roster_encode(&roster, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    static struct sec_roster one;
    SEC_TRY(sec_roster_parse(in, &one));
    sec_roster_encode(&one, wr);
    return sec_st(SEC_OK);
}

static void a_roster_has_its_golden_bytes_and_is_strict(void)
{
    people_roster(&roster);
    golden_check("roster", encoded());
    CHECK(strict_check(encoded(), again) > 0);
    CHECK_OK(sec_roster_parse(encoded(), &back));
    CHECK_OK(sec_roster_check(&back));
    CHECK_INT(back.subjects_count, 5);
    CHECK_BYTES(back.subjects[1].name, SEC_LIT("bob"));
    CHECK_BYTES(back.subjects[1].scope, roster.subjects[1].scope);
    CHECK_INT(back.subjects[3].rights, roster.subjects[3].rights);
    CHECK_INT(back.subjects[3].uid, 1001);
}

static void an_empty_roster_revokes_all(void)
{
    sec_zero(&roster, sizeof roster);
    CHECK_OK(sec_roster_parse(encoded(), &back));
    CHECK_INT(back.subjects_count, 0);
}

static void a_subject_refused(void (*spoil)(void))
{
    people_roster(&roster);
    spoil();
    CHECK_STATUS(sec_roster_parse(encoded(), &back), SEC_BAD_VALUE);
}

static void name_twice(void)
{
    roster.subjects[2].name = SEC_LIT("ann");
}
static void key_twice(void)
{
    roster.subjects[1].key = key_of(ADMINISTRATOR);
}
static void uid_twice(void)
{
    roster.subjects[4].uid = 1001;
}
static void role_owner(void)
{
    roster.subjects[0].role = SEC_ROLE_OWNER;
}
static void role_recovery(void)
{
    roster.subjects[0].role = SEC_ROLE_RECOVERY;
}
static void role_foreign(void)
{
    roster.subjects[0].role = (enum sec_role)6;
}
static void application_with_key(void)
{
    roster.subjects[0].role = SEC_ROLE_APPLICATION;
}
static void person_with_uid(void)
{
    roster.subjects[3].role = SEC_ROLE_AUDITOR;
    roster.subjects[3].rights = 0;
}
static void person_with_rights(void)
{
    roster.subjects[0].rights = 1u << SEC_RIGHT_EVENT;
}
static void uid_of_nobody(void)
{
    roster.subjects[3].uid = 65534;
}
static void uid_of_no_namespace(void)
{
    roster.subjects[3].uid = UINT32_MAX;
}
static void no_name(void)
{
    roster.subjects[0].name = SEC_LIT("");
}

static void rules_of_subjects_are_kept(void)
{
    a_subject_refused(name_twice);
    a_subject_refused(key_twice);
    a_subject_refused(uid_twice);
    a_subject_refused(role_owner);
    a_subject_refused(role_recovery);
    a_subject_refused(role_foreign);
    a_subject_refused(application_with_key);
    a_subject_refused(person_with_uid);
    a_subject_refused(person_with_rights);
    a_subject_refused(uid_of_nobody);
    a_subject_refused(uid_of_no_namespace);
    a_subject_refused(no_name);
}

static void rights_must_ascend_and_be_known(void)
{
    static const struct {
        uint8_t bytes[16];
        size_t len;
        enum sec_status_code want;
    } cases[] = {
        /* {1: [{1: "a", 2: 5, 4: 7, 6: rights}]} */
        {{0xa1, 1, 0x81, 0xa4, 1, 0x61, 'a', 2, 5, 4, 7, 6, 0x81, 1}, 14, SEC_OK},
        {{0xa1, 1, 0x81, 0xa4, 1, 0x61, 'a', 2, 5, 4, 7, 6, 0x82, 1, 5}, 15, SEC_OK},
        {{0xa1, 1, 0x81, 0xa4, 1, 0x61, 'a', 2, 5, 4, 7, 6, 0x80}, 13, SEC_BAD_VALUE},
        {{0xa1, 1, 0x81, 0xa4, 1, 0x61, 'a', 2, 5, 4, 7, 6, 0x82, 2, 1}, 15, SEC_BAD_VALUE},
        {{0xa1, 1, 0x81, 0xa4, 1, 0x61, 'a', 2, 5, 4, 7, 6, 0x82, 2, 2}, 15, SEC_BAD_VALUE},
        {{0xa1, 1, 0x81, 0xa4, 1, 0x61, 'a', 2, 5, 4, 7, 6, 0x81, 6}, 14, SEC_BAD_VALUE},
        {{0xa1, 1, 0x81, 0xa4, 1, 0x61, 'a', 2, 5, 4, 7, 6, 0x81, 0}, 14, SEC_BAD_VALUE},
        {{0xa1, 1, 0x81, 0xa4, 1, 0x61, 'a', 2, 5, 4, 7, 8, 0x81, 1}, 14, SEC_UNKNOWN_FIELD},
        {{0xa1, 1, 0x81, 0xa2, 1, 0x61, 'a', 2, 5}, 9, SEC_BAD_VALUE}, /* neither key nor uid */
        {{0xa1, 1, 0x81, 0xa1, 1, 0x61, 'a'}, 7, SEC_MISSING_FIELD},
        {{0xa0}, 1, SEC_MISSING_FIELD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_STATUS(sec_roster_parse(sec_bytes(cases[i].bytes, cases[i].len), &back), cases[i].want);
}

static void parts_that_this_version_lacks_are_unsupported_and_not_ignored(void)
{
    static const uint8_t classes[] = {0x81, 1};
    people_roster(&roster);
    roster.has_reader = true;
    roster.reader = key_of(STRANGER);
    CHECK_OK(sec_roster_parse(encoded(), &back));
    CHECK_STATUS(sec_roster_check(&back), SEC_UNSUPPORTED);
    roster.reader_classes = SEC_BYTES(classes);
    CHECK_OK(sec_roster_parse(encoded(), &back));
    CHECK_STATUS(sec_roster_check(&back), SEC_UNSUPPORTED);
    golden_check("roster-with-reader", encoded());
    CHECK(strict_check(encoded(), again) > 0);
}

static void thresholds_and_lease_come_back_within_their_bounds(void)
{
    static uint8_t some[64];
    static const struct {
        uint8_t bytes[8];
        size_t len;
        enum sec_status_code want;
    } cases[] = {
        {{0xa1, 1, 0x82, 1, 8}, 5, SEC_OK},
        {{0xa1, 1, 0x82, 0, 1}, 5, SEC_BAD_VALUE},
        {{0xa1, 1, 0x82, 1, 9}, 5, SEC_BAD_VALUE},
        {{0xa1, 1, 0x81, 1}, 4, SEC_BAD_VALUE},
        {{0xa1, 1, 2}, 3, SEC_UNEXPECTED_TYPE},
        {{0xa1, 0x10, 0x82, 1, 1}, 5, SEC_BAD_VALUE},     /* the recovery key acts alone */
        {{0xa1, 0x13, 0x82, 1, 1}, 5, SEC_UNKNOWN_FIELD}, /* no such action */
        {{0xa0}, 1, SEC_BAD_VALUE},
    };
    struct sec_threshold threshold, two[] = {{SEC_ACTION_ACCESS_ROSTER, 1, 2}, {SEC_ACTION_CONFIGURATION_SET, 2, 3}};
    struct sec_wr wr = sec_wr(SEC_ROOM(some));
    people_roster(&roster);
    sec_thresholds_encode(two, 2, &wr);
    roster.thresholds = sec_wr_done(&wr);
    roster.has_lease = true;
    roster.lease_days = SEC_LEASE_MAX_DAYS;
    CHECK_OK(sec_roster_parse(encoded(), &back));
    CHECK_OK(sec_roster_check(&back));
    golden_check("roster-with-thresholds", encoded());
    CHECK(strict_check(encoded(), again) > 0);
    CHECK(sec_threshold_at(back.thresholds, 1, &threshold));
    CHECK_INT(threshold.action, SEC_ACTION_CONFIGURATION_SET);
    CHECK_INT(threshold.by_ids, 2);
    CHECK_INT(threshold.by_match, 3);
    CHECK(!sec_threshold_at(back.thresholds, 2, &threshold));
    roster.lease_days++;
    CHECK_STATUS(sec_roster_parse(encoded(), &back), SEC_BAD_VALUE);
    roster.lease_days = 1;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        roster.thresholds = sec_bytes(cases[i].bytes, cases[i].len);
        CHECK_STATUS(sec_roster_parse(encoded(), &back), cases[i].want);
    }
}

static void make_full(size_t count)
{
    static uint8_t names[SEC_SUBJECTS_MAX_COUNT + 1][SEC_NAME_MAX_BYTES];
    sec_zero(&roster, sizeof roster);
    for (size_t i = 0; i < count; i++) {
        struct fake_key key;
        fake_key_init(&key, SEC_KEY_P256, 1000 + i);
        for (size_t k = 0; k < SEC_NAME_MAX_BYTES; k++)
            names[i][k] = (uint8_t)('a' + (k == 0 ? i % 26 : k == 1 ? i / 26 : k % 26));
        roster.subjects[i] = (struct sec_subject){.name = SEC_BYTES(names[i]),
                                                  .role = SEC_ROLE_OPERATOR,
                                                  .has_key = true,
                                                  .key = key.key,
                                                  .has_end = true,
                                                  .ends_at_s = INT64_MAX};
    }
    roster.subjects_count = count;
}

static void a_full_roster_fits_and_one_more_is_too_large(void)
{
    make_full(SEC_SUBJECTS_MAX_COUNT);
    CHECK(encoded().len <= SEC_ROSTER_MAX_BYTES);
    CHECK_OK(sec_roster_parse(encoded(), &back));
    CHECK_INT(back.subjects_count, SEC_SUBJECTS_MAX_COUNT);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_uint(&wr, 1);
    sec_cbor_put_array(&wr, SEC_SUBJECTS_MAX_COUNT + 1);
    for (size_t i = 0; i <= SEC_SUBJECTS_MAX_COUNT; i++)
        sec_cbor_put_map(&wr, 0);
    CHECK_STATUS(sec_roster_parse(sec_wr_done(&wr), &back), SEC_TOO_LARGE);
    CHECK_STATUS(sec_roster_parse(sec_bytes(room, SEC_ROSTER_MAX_BYTES + 1), &back), SEC_TOO_LARGE);
}

static const struct test tests[] = {
    TEST(a_roster_has_its_golden_bytes_and_is_strict),
    TEST(an_empty_roster_revokes_all),
    TEST(rules_of_subjects_are_kept),
    TEST(rights_must_ascend_and_be_known),
    TEST(parts_that_this_version_lacks_are_unsupported_and_not_ignored),
    TEST(thresholds_and_lease_come_back_within_their_bounds),
    TEST(a_full_roster_fits_and_one_more_is_too_large),
};
TEST_MAIN(tests)
