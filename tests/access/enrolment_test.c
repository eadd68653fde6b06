/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

#include <securable/access_hub.h>

static uint8_t room[1024];

static struct sec_bytes encoded(const struct sec_transport *transport)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_transport_encode(transport, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_transport transport;
    SEC_TRY(sec_transport_parse(in, &transport));
    sec_transport_encode(&transport, wr);
    return sec_st(SEC_OK);
}

static void a_transport_statement_has_its_golden_bytes_and_is_strict(void)
{
    struct sec_transport transport = {key_of(OPERATOR), 2, 1800000000}, back;
    golden_check("transport", encoded(&transport));
    CHECK(strict_check(encoded(&transport), again) > 0);
    transport.epoch = 0;
    CHECK_STATUS(sec_transport_parse(encoded(&transport), &back), SEC_BAD_VALUE);
}

static struct sec_device_id id_of(uint8_t first)
{
    struct sec_device_id id = {{first}};
    return id;
}

/** A device that nobody knows by certificate yet, with all in order. */
static struct sec_enrolment_facts first_time(void)
{
    return (struct sec_enrolment_facts){.by_statement = true,
                                        .idevid_good = true,
                                        .statement_good = true,
                                        .statement_device = id_of(1),
                                        .statement_key = key_of(OPERATOR),
                                        .statement_epoch = 2,
                                        .proof_good = true,
                                        .request_key = key_of(OPERATOR),
                                        .has_binding = true,
                                        .binding_good = true,
                                        .known = true,
                                        .known_epoch = 2};
}

/** A device with a good certificate that asks for the next one. */
static struct sec_enrolment_facts renewing(void)
{
    return (struct sec_enrolment_facts){.renewal = true,
                                        .by_certificate = true,
                                        .certificate_device = id_of(1),
                                        .certificate_epoch = 2,
                                        .proof_good = true,
                                        .request_key = key_of(OPERATOR),
                                        .known = true,
                                        .known_epoch = 2};
}

static void what_is_in_order_is_enrolled(void)
{
    struct sec_enrolment_facts facts = first_time();
    struct sec_device_id id = id_of(9);
    CHECK_OK(sec_enrolment_judge(&facts, &id));
    CHECK_INT(id.b[0], 1);
    facts = renewing();
    id = id_of(9);
    CHECK_OK(sec_enrolment_judge(&facts, &id));
    CHECK_INT(id.b[0], 1);
    facts.has_binding = facts.binding_good = true;
    CHECK_OK(sec_enrolment_judge(&facts, &id));
}

static void a_lapsed_certificate_strands_nobody(void)
{
    struct sec_enrolment_facts facts = first_time();
    struct sec_device_id id;
    facts.renewal = true;
    CHECK_OK(sec_enrolment_judge(&facts, &id));
}

/** Each fact alone that is not in order, and what is said of it. */
static void one_fact_amiss_is_refused(void)
{
    static const struct {
        size_t offset;
        bool value;
        enum sec_status_code code;
    } cases[] = {
        {offsetof(struct sec_enrolment_facts, by_statement), false, SEC_UNSIGNED},
        {offsetof(struct sec_enrolment_facts, idevid_good), false, SEC_UNKNOWN_KEY},
        {offsetof(struct sec_enrolment_facts, statement_good), false, SEC_BAD_SIGNATURE},
        {offsetof(struct sec_enrolment_facts, proof_good), false, SEC_BAD_SIGNATURE},
        {offsetof(struct sec_enrolment_facts, has_binding), false, SEC_DIGEST_MISMATCH},
        {offsetof(struct sec_enrolment_facts, binding_good), false, SEC_DIGEST_MISMATCH},
        {offsetof(struct sec_enrolment_facts, known), false, SEC_NOT_FOUND},
        {offsetof(struct sec_enrolment_facts, revoked), true, SEC_NOT_PERMITTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sec_enrolment_facts facts = first_time();
        struct sec_device_id id = id_of(9);
        sec_copy(&((uint8_t *)&facts)[cases[i].offset], &cases[i].value, sizeof(bool));
        CHECK_STATUS(sec_enrolment_judge(&facts, &id), cases[i].code);
        CHECK_INT(id.b[0], 9);
    }
}

static void the_key_is_the_stated_one_and_p256(void)
{
    struct sec_enrolment_facts facts = first_time();
    struct sec_device_id id;
    facts.request_key = key_of(STRANGER);
    CHECK_STATUS(sec_enrolment_judge(&facts, &id), SEC_BAD_KEY);
    facts.request_key = facts.statement_key = key_of(AUDITOR); /* Ed25519 */
    CHECK_STATUS(sec_enrolment_judge(&facts, &id), SEC_BAD_KEY);
}

static void an_earlier_epochs_statement_is_refused(void)
{
    struct sec_enrolment_facts facts = first_time();
    struct sec_device_id id;
    facts.statement_epoch = 1;
    CHECK_STATUS(sec_enrolment_judge(&facts, &id), SEC_WRONG_EPOCH);
    facts.statement_epoch = 3;
    CHECK_OK(sec_enrolment_judge(&facts, &id));
}

static void a_certificate_renews_its_own_device_alone(void)
{
    struct sec_enrolment_facts facts = first_time();
    struct sec_device_id id;
    facts.by_certificate = true;
    facts.certificate_device = id_of(2);
    CHECK_STATUS(sec_enrolment_judge(&facts, &id), SEC_NOT_PERMITTED);
    facts.certificate_device = id_of(1);
    CHECK_OK(sec_enrolment_judge(&facts, &id));
    facts = renewing();
    facts.has_binding = true;
    CHECK_STATUS(sec_enrolment_judge(&facts, &id), SEC_DIGEST_MISMATCH);
    facts = renewing();
    facts.revoked = true;
    CHECK_STATUS(sec_enrolment_judge(&facts, &id), SEC_NOT_PERMITTED);
    facts = renewing();
    facts.proof_good = false;
    CHECK_STATUS(sec_enrolment_judge(&facts, &id), SEC_BAD_SIGNATURE);
}

static void an_earlier_epochs_certificate_renews_nothing(void)
{
    struct sec_enrolment_facts facts = renewing();
    struct sec_device_id id;
    facts.certificate_epoch = 1;
    CHECK_STATUS(sec_enrolment_judge(&facts, &id), SEC_WRONG_EPOCH);
    facts.certificate_epoch = 0;
    CHECK_STATUS(sec_enrolment_judge(&facts, &id), SEC_WRONG_EPOCH);
    facts.certificate_epoch = 3;
    CHECK_OK(sec_enrolment_judge(&facts, &id));
    /* The device's statement of now counts, whatever connection it comes on. */
    facts = first_time();
    facts.by_certificate = true;
    facts.certificate_device = id_of(1);
    facts.certificate_epoch = 1;
    CHECK_OK(sec_enrolment_judge(&facts, &id));
    facts.statement_epoch = 1;
    facts.certificate_epoch = 2;
    CHECK_STATUS(sec_enrolment_judge(&facts, &id), SEC_WRONG_EPOCH);
}

static void a_payload_goes_to_whom_it_was_sent(void)
{
    CHECK_OK(sec_payload_judge(false, true));
    CHECK_STATUS(sec_payload_judge(false, false), SEC_NOT_FOUND);
    CHECK_STATUS(sec_payload_judge(true, true), SEC_NOT_PERMITTED);
}

static const struct test tests[] = {
    TEST(a_transport_statement_has_its_golden_bytes_and_is_strict),
    TEST(what_is_in_order_is_enrolled),
    TEST(a_lapsed_certificate_strands_nobody),
    TEST(one_fact_amiss_is_refused),
    TEST(the_key_is_the_stated_one_and_p256),
    TEST(an_earlier_epochs_statement_is_refused),
    TEST(a_certificate_renews_its_own_device_alone),
    TEST(an_earlier_epochs_certificate_renews_nothing),
    TEST(a_payload_goes_to_whom_it_was_sent),
};
TEST_MAIN(tests)
