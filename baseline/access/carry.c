/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/access_carry.h>

bool sec_carry_by_maker(enum sec_statement_kind kind)
{
    return kind == SEC_STATEMENT_VOUCHER || kind == SEC_STATEMENT_RELEASE;
}

static bool carried(enum sec_statement_kind kind)
{
    return kind == SEC_STATEMENT_COMMAND || kind == SEC_STATEMENT_APPROVAL || sec_carry_by_maker(kind);
}

sec_status sec_carry_judge(const struct sec_carry_facts *facts)
{
    if (!carried(facts->kind))
        return sec_st(SEC_WRONG_KIND);
    if (!facts->signer_known)
        return sec_st(SEC_UNKNOWN_KEY);
    if (!facts->signature_good)
        return sec_st(SEC_BAD_SIGNATURE);
    if (!facts->body_good)
        return sec_st(SEC_MALFORMED);
    if (facts->kind == SEC_STATEMENT_APPROVAL && !facts->subject_known)
        return sec_st(SEC_NOT_FOUND);
    return sec_st(facts->devices_count ? SEC_OK : SEC_NOT_FOUND);
}

bool sec_carry_admits(uint64_t role)
{
    return role == SEC_ROLE_OWNER;
}

/* The bits of enum hub_scope. */
enum { SCOPE_ALL = 7u, SCOPE_ADMIN = 4u };

bool sec_carry_opens(unsigned scope)
{
    return (scope & SCOPE_ADMIN) != 0;
}

unsigned sec_hub_scope_of_local(uint32_t uid, uint32_t hub_uid)
{
    return uid == 0 || uid == hub_uid ? SCOPE_ALL : 0u;
}

sec_status sec_maker_judge(const struct sec_maker_facts *facts)
{
    if (!facts->signer_is_root)
        return sec_st(SEC_UNKNOWN_KEY);
    if (!facts->signature_good)
        return sec_st(SEC_BAD_SIGNATURE);
    return sec_st(facts->ca_named ? SEC_OK : SEC_UNKNOWN_KEY);
}
