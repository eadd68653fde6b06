/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/access_carry.h>

#include "test.h"

static struct sec_carry_facts good(enum sec_statement_kind kind)
{
    return (struct sec_carry_facts){
        .kind = kind, .signer_known = true, .signature_good = true, .body_good = true, .subject_known = true, .devices_count = 1};
}

static void what_a_known_key_signed_is_carried(void)
{
    static const enum sec_statement_kind kinds[] = {SEC_STATEMENT_COMMAND, SEC_STATEMENT_APPROVAL, SEC_STATEMENT_VOUCHER, SEC_STATEMENT_RELEASE};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct sec_carry_facts facts = good(kinds[i]);
        CHECK_OK(sec_carry_judge(&facts));
    }
}

static void kinds_that_devices_do_not_take_are_not_carried(void)
{
    static const enum sec_statement_kind kinds[] = {SEC_STATEMENT_UNKNOWN, SEC_STATEMENT_ROOTS,  SEC_STATEMENT_PRODUCT,   SEC_STATEMENT_DISCLOSURE,
                                                    SEC_STATEMENT_HEAD,    SEC_STATEMENT_REPORT, SEC_STATEMENT_LOGIN, SEC_STATEMENT_TRANSPORT};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct sec_carry_facts facts = good(kinds[i]);
        CHECK_STATUS(sec_carry_judge(&facts), SEC_WRONG_KIND);
    }
}

static void the_hub_is_no_drop_box_for_unknown_keys(void)
{
    struct sec_carry_facts facts = good(SEC_STATEMENT_COMMAND);
    facts.signer_known = false;
    facts.signature_good = facts.body_good = false;
    CHECK_STATUS(sec_carry_judge(&facts), SEC_UNKNOWN_KEY);
}

static void a_known_key_that_did_not_sign_does_not_help(void)
{
    struct sec_carry_facts facts = good(SEC_STATEMENT_COMMAND);
    facts.signature_good = facts.body_good = false;
    CHECK_STATUS(sec_carry_judge(&facts), SEC_BAD_SIGNATURE);
}

static void a_body_out_of_its_grammar_is_told_after_the_signature(void)
{
    struct sec_carry_facts facts = good(SEC_STATEMENT_VOUCHER);
    facts.body_good = false;
    CHECK_STATUS(sec_carry_judge(&facts), SEC_MALFORMED);
}

static void an_approval_of_what_is_not_here_and_a_statement_for_nobody_are_not_found(void)
{
    struct sec_carry_facts facts = good(SEC_STATEMENT_APPROVAL);
    facts.subject_known = false;
    CHECK_STATUS(sec_carry_judge(&facts), SEC_NOT_FOUND);
    facts = good(SEC_STATEMENT_RELEASE);
    facts.devices_count = 0;
    CHECK_STATUS(sec_carry_judge(&facts), SEC_NOT_FOUND);
}

static void release_keys_are_admitted_by_owners_alone(void)
{
    CHECK(sec_carry_admits(SEC_ROLE_OWNER));
    CHECK(!sec_carry_admits(SEC_ROLE_RECOVERY));
    CHECK(!sec_carry_admits(SEC_ROLE_ADMINISTRATOR));
    CHECK(!sec_carry_admits(SEC_ROLE_APPLICATION));
}

static void the_socket_is_for_the_hubs_user_and_root(void)
{
    CHECK(sec_hub_scope_of_local(0, 990) == 7);
    CHECK(sec_hub_scope_of_local(990, 990) == 7);
    CHECK(sec_hub_scope_of_local(1000, 990) == 0);
    CHECK(sec_hub_scope_of_local(UINT32_MAX, 990) == 0);
}

static void vouchers_open_the_hub_when_an_administrator_brings_them(void)
{
    CHECK(sec_carry_opens(7));
    CHECK(sec_carry_opens(4));
    CHECK(!sec_carry_opens(3));
    CHECK(!sec_carry_opens(0));
}

static void anchors_must_name_each_other(void)
{
    struct sec_maker_facts facts = {true, true, true};
    CHECK_OK(sec_maker_judge(&facts));
    facts.ca_named = false;
    CHECK_STATUS(sec_maker_judge(&facts), SEC_UNKNOWN_KEY);
    facts.signature_good = false;
    CHECK_STATUS(sec_maker_judge(&facts), SEC_BAD_SIGNATURE);
    facts.signer_is_root = false;
    CHECK_STATUS(sec_maker_judge(&facts), SEC_UNKNOWN_KEY);
}

static const struct test tests[] = {
    TEST(what_a_known_key_signed_is_carried),
    TEST(kinds_that_devices_do_not_take_are_not_carried),
    TEST(the_hub_is_no_drop_box_for_unknown_keys),
    TEST(a_known_key_that_did_not_sign_does_not_help),
    TEST(a_body_out_of_its_grammar_is_told_after_the_signature),
    TEST(an_approval_of_what_is_not_here_and_a_statement_for_nobody_are_not_found),
    TEST(release_keys_are_admitted_by_owners_alone),
    TEST(the_socket_is_for_the_hubs_user_and_root),
    TEST(vouchers_open_the_hub_when_an_administrator_brings_them),
    TEST(anchors_must_name_each_other),
};
TEST_MAIN(tests)
