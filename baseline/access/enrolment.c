/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets a transport certificate: the rules, from facts that were gathered elsewhere. */
#include <securable/access_hub.h>

static sec_status judge_statement(const struct sec_enrolment_facts *facts)
{
    if (!facts->idevid_good)
        return sec_st(SEC_UNKNOWN_KEY);
    if (!facts->statement_good)
        return sec_st(SEC_BAD_SIGNATURE);
    return sec_st(sec_key_equal(&facts->request_key, &facts->statement_key) ? SEC_OK : SEC_BAD_KEY);
}

/** The request itself: its key, the proof that the asker has it, and the connection that it came on. */
static sec_status judge_request(const struct sec_enrolment_facts *facts)
{
    if (facts->request_key.type != SEC_KEY_P256)
        return sec_st(SEC_BAD_KEY);
    if (!facts->proof_good)
        return sec_st(SEC_BAD_SIGNATURE);
    /* Without it somebody between could show a device's statement as his own connection's. */
    if (facts->has_binding ? !facts->binding_good : !facts->by_certificate)
        return sec_st(SEC_DIGEST_MISMATCH);
    return sec_st(SEC_OK);
}

static sec_status judge_device(const struct sec_enrolment_facts *facts)
{
    if (facts->by_certificate && facts->by_statement &&
        !sec_bytes_equal(sec_device_id_bytes(&facts->certificate_device), sec_device_id_bytes(&facts->statement_device)))
        return sec_st(SEC_NOT_PERMITTED);
    if (!facts->known)
        return sec_st(SEC_NOT_FOUND);
    if (facts->revoked)
        return sec_st(SEC_NOT_PERMITTED);
    /* A key that was stolen, or kept by an earlier owner, must not renew itself for ever: the device's own word is newer than any certificate. */
    uint64_t epoch = facts->by_statement ? facts->statement_epoch : facts->certificate_epoch;
    return sec_st(epoch < facts->known_epoch ? SEC_WRONG_EPOCH : SEC_OK);
}

sec_status sec_enrolment_judge(const struct sec_enrolment_facts *facts, struct sec_device_id *ret_device)
{
    if (!facts->by_certificate && !facts->by_statement)
        return sec_st(SEC_UNSIGNED);
    if (facts->by_statement)
        SEC_TRY(judge_statement(facts));
    SEC_TRY(judge_request(facts));
    SEC_TRY(judge_device(facts));
    *ret_device = facts->by_statement ? facts->statement_device : facts->certificate_device;
    return sec_st(SEC_OK);
}

sec_status sec_payload_judge(bool revoked, bool named)
{
    if (revoked)
        return sec_st(SEC_NOT_PERMITTED);
    return sec_st(named ? SEC_OK : SEC_NOT_FOUND);
}
