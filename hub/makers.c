/* SPDX-License-Identifier: Apache-2.0 */
#include "makers.h"

struct search {
    struct sec_bytes idevid;
    bool found;
    sec_status told; /* the most telling refusal so far */
    uint64_t maker;
    struct sec_certificate_facts facts;
};

static sec_status look(void *ctx, const struct hub_maker *maker)
{
    struct search *search = ctx;
    if (search->found)
        return sec_st(SEC_OK);
    sec_status status = sec_certificate_check(search->idevid, maker->ca, &search->facts);
    search->found = sec_ok(status);
    search->maker = maker->id;
    if (!search->found && !sec_is(status, SEC_UNKNOWN_KEY))
        search->told = status;
    return sec_st(SEC_OK);
}

sec_status hub_makers_check(struct hub_store *store, struct sec_bytes idevid, uint64_t *ret_maker, struct sec_certificate_facts *ret_facts)
{
    struct search search = {.idevid = idevid, .told = sec_st(SEC_UNKNOWN_KEY)};
    SEC_TRY(hub_makers(store, look, &search));
    if (!search.found)
        return search.told;
    *ret_maker = search.maker;
    *ret_facts = search.facts;
    return sec_st(SEC_OK);
}
