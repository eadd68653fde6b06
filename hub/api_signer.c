/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include <securable/access_carry.h>

/* Commands that are looked through for an admission of a release key: owners admit few, and recently. */
#define ADMISSIONS_LOOK_COUNT 2000u

struct search {
    struct hub_exchange *x;
    const struct sec_key_id *kid;
    enum sec_root_role role;
    struct hub_api_signer found;
};

/* A person's key, and a signature under it. */
static bool signed_by_person(struct hub_exchange *x, const struct sec_statement *statement, uint64_t *ret_role)
{
    struct hub_person person;
    if (!sec_ok(hub_person_get(hub_reader(x), &statement->kid, &person)))
        return false;
    *ret_role = person.role;
    return sec_ok(sec_statement_verify(statement, statement->msg.payload, &person.key, &hub_crypto()->verifier));
}

static sec_status look_at_maker(void *ctx, const struct hub_maker *maker)
{
    struct search *search = ctx;
    struct sec_statement statement;
    struct sec_roots roots;
    if (search->found.known || !sec_ok(sec_statement_parse(maker->roots, &statement)))
        return sec_st(SEC_OK);
    if (!sec_ok(sec_roots_parse(statement.msg.payload, &roots)))
        return sec_st(SEC_OK);
    if (sec_ok(sec_roots_find(&roots, search->role, search->kid, &hub_crypto()->hasher, &search->found.key))) {
        search->found.known = true;
        search->found.maker = maker->id;
    }
    return sec_st(SEC_OK);
}

/* What was admitted is told by the owners' commands that were handed in; rows live during the callback, so the digests are gathered first. */
struct admissions {
    size_t count;
    struct sec_digest digests[64];
};

static sec_status gather_admission(void *ctx, const struct hub_statement *statement)
{
    struct admissions *admissions = ctx;
    if (statement->kind == SEC_STATEMENT_COMMAND && statement->action == SEC_ACTION_ACCESS_ADMIT_KEY &&
        admissions->count < sizeof admissions->digests / sizeof admissions->digests[0])
        admissions->digests[admissions->count++] = statement->digest;
    return sec_st(SEC_OK);
}

static bool admits(struct hub_exchange *x, const struct sec_digest *digest, const struct sec_key_id *kid, struct sec_public_key *ret_key)
{
    struct hub_statement row;
    struct sec_statement statement;
    struct sec_command command;
    struct sec_admission admission;
    struct sec_key_id id;
    uint64_t role;
    if (!sec_ok(hub_statement_get(hub_reader(x), digest, &row)))
        return false;
    struct sec_bytes bytes = hub_copy(x, row.bytes);
    if (!sec_ok(sec_statement_parse(bytes, &statement)) || !sec_ok(sec_command_parse(statement.msg.payload, &command)) ||
        !sec_ok(sec_admission_parse(command.args, &admission)) || !sec_ok(sec_key_id_of(&admission.key, &hub_crypto()->hasher, &id)))
        return false;
    if (!sec_key_id_equal(&id, kid) || !signed_by_person(x, &statement, &role) || !sec_carry_admits(role))
        return false;
    *ret_key = admission.key;
    return true;
}

static sec_status look_for_admission(struct search *search)
{
    struct admissions admissions = {0};
    SEC_TRY(hub_statements(hub_reader(search->x), 0, ADMISSIONS_LOOK_COUNT, gather_admission, &admissions));
    for (size_t i = 0; i < admissions.count && !search->found.known; i++)
        search->found.known = admits(search->x, &admissions.digests[i], search->kid, &search->found.key);
    return sec_st(SEC_OK);
}

static sec_status look_for_person(struct search *search)
{
    struct hub_person person;
    sec_status status = hub_person_get(hub_reader(search->x), search->kid, &person);
    if (sec_is(status, SEC_NOT_FOUND))
        return sec_st(SEC_OK);
    SEC_TRY(status);
    search->found = (struct hub_api_signer){.known = true, .key = person.key, .role = person.role};
    return sec_st(SEC_OK);
}

sec_status hub_api_signer(struct hub_exchange *x, enum sec_statement_kind kind, const struct sec_key_id *kid, struct hub_api_signer *ret_signer)
{
    struct search search = {.x = x, .kid = kid, .role = kind == SEC_STATEMENT_RELEASE ? SEC_ROOT_RELEASE : SEC_ROOT_VOUCHER};
    if (!sec_carry_by_maker(kind))
        SEC_TRY(look_for_person(&search));
    else
        SEC_TRY(hub_makers(hub_reader(x), look_at_maker, &search));
    if (kind == SEC_STATEMENT_RELEASE && !search.found.known)
        SEC_TRY(look_for_admission(&search));
    *ret_signer = search.found;
    return sec_st(SEC_OK);
}
