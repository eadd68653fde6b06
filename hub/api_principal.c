/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include <securable/access_carry.h>
#include <securable/access_hub.h>

#include <strings.h>
#include <unistd.h>

/* A token is 43 letters; what is longer is none. */
#define TOKEN_MAX_BYTES 128u

static void local_user(struct hub_exchange *x)
{
    x->who.scope = sec_hub_scope_of_local(x->who.uid, (uint32_t)geteuid());
    sec_bytes_copy(sec_room(x->who.name, SEC_NAME_MAX_BYTES), sec_bytes_of_str(hub_format(x, "uid %u", x->who.uid)));
}

static bool refuse(struct hub_exchange *x, const char *fact, const char *code)
{
    hub_field(x, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
    hub_problem(x, 401, "request", "authorization", fact, code);
    return false;
}

/* A sign-in ends with the right to sign in, and sinks with the role. */
static bool still_known(struct hub_exchange *x, const struct sec_key_id *kid_in_row)
{
    const struct sec_key_id kid = *kid_in_row;
    struct hub_person person;
    sec_status status = hub_person_get(hub_reader(x), &kid, &person);
    if (sec_is(status, SEC_NOT_FOUND))
        return refuse(x, "the key that signed in may no longer", "unknown-key");
    if (!sec_ok(status)) {
        hub_api_refuse(x, "request", "authorization", status);
        return false;
    }
    x->who.scope &= sec_hub_scope_of_role(person.role);
    return true;
}

bool hub_api_principal(struct hub_exchange *x)
{
    struct sec_bytes field = http_field_of(x->head, "Authorization");
    struct hub_token token;
    struct sec_digest hash;
    if (x->who.who == HUB_LOCAL)
        local_user(x);
    if (x->who.who == HUB_LOCAL || field.len == 0)
        return true;
    if (field.len < 8 || field.len > TOKEN_MAX_BYTES || strncasecmp((const char *)field.data, "Bearer ", 7) != 0)
        return refuse(x, "a bearer token is wanted", "malformed");
    struct sec_bytes text = sec_bytes_part(field, 7, field.len);
    sec_status status = hub_crypto()->hasher.digest(hub_crypto()->hasher.ctx, &text, 1, &hash);
    if (sec_ok(status))
        status = hub_token_get(hub_reader(x), &hash, &token);
    if (sec_is(status, SEC_NOT_FOUND))
        return refuse(x, "the hub does not know this token", "unknown-key");
    if (!sec_ok(status)) {
        hub_api_refuse(x, "request", "authorization", status);
        return false;
    }
    if (token.ends_s <= hub_now_s())
        return refuse(x, "the token's time is over", "expired");
    x->who.who = HUB_PERSON;
    x->who.scope = token.scope;
    sec_zero(x->who.name, sizeof x->who.name);
    sec_bytes_copy(sec_room(x->who.name, SEC_NAME_MAX_BYTES), token.name);
    return !token.by_login || still_known(x, &token.kid);
}
