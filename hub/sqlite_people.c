/* SPDX-License-Identifier: Apache-2.0 */
/* People who may sign in, and tokens. */
#include "sqlite_inside.h"

/* --- people ------------------------------------------------------------------------------------------------- */

#define PERSON_TEXT "SELECT kid, key, role, name, source, since_s FROM person "

static void read_person(struct hub_sql *sql, struct hub_person *ret_person)
{
    hub_sql_into(sql, SEC_ROOM(ret_person->kid.b));
    if (!hub_sql_key(sql, &ret_person->key))
        sql->status = sec_st(SEC_TAMPERED);
    ret_person->role = hub_sql_u64(sql);
    ret_person->name = hub_sql_bytes(sql);
    ret_person->source = hub_sql_bytes(sql);
    ret_person->since_s = hub_sql_s64(sql);
}

sec_status hub_person_put(struct hub_store *store, const struct hub_person *person)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO person(kid, key, role, name, source, since_s) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(kid) DO UPDATE SET"
                                        " key = excluded.key, role = excluded.role, name = excluded.name, source = excluded.source, since_s = excluded.since_s");
    uint8_t room[HUB_SQL_KEY_BYTES];
    hub_sql_put_bytes(&sql, SEC_BYTES(person->kid.b));
    hub_sql_put_bytes(&sql, hub_sql_key_bytes(&person->key, SEC_ROOM(room)));
    hub_sql_put_u64(&sql, person->role);
    hub_sql_put_text(&sql, person->name);
    hub_sql_put_text(&sql, person->source);
    hub_sql_put_s64(&sql, person->since_s);
    return hub_sql_run(&sql);
}

sec_status hub_person_get(struct hub_store *store, const struct sec_key_id *kid, struct hub_person *ret_person)
{
    struct hub_sql sql = hub_sql_own(store, PERSON_TEXT "WHERE kid = ?");
    struct hub_person person;
    hub_sql_put_bytes(&sql, SEC_BYTES(kid->b));
    bool found = hub_sql_row(&sql);
    if (found)
        read_person(&sql, &person);
    SEC_TRY(hub_sql_end(&sql));
    if (!found)
        return sec_st(SEC_NOT_FOUND);
    *ret_person = person;
    return sec_st(SEC_OK);
}

sec_status hub_person_remove(struct hub_store *store, const struct sec_key_id *kid)
{
    struct hub_sql sql = hub_sql(store, "DELETE FROM person WHERE kid = ?");
    hub_sql_put_bytes(&sql, SEC_BYTES(kid->b));
    return hub_sql_run_one(&sql, SEC_NOT_FOUND);
}

sec_status hub_people(struct hub_store *store, hub_person_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, PERSON_TEXT "ORDER BY name, kid");
    while (hub_sql_row(&sql)) {
        struct hub_person person;
        read_person(&sql, &person);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &person);
    }
    return hub_sql_end(&sql);
}

sec_status hub_people_forget_roster(struct hub_store *store)
{
    struct hub_sql sql = hub_sql(store, "DELETE FROM person WHERE source = 'roster'");
    return hub_sql_run(&sql);
}

/* --- tokens ------------------------------------------------------------------------------------------------- */

#define TOKEN_TEXT "SELECT hash, name, scope, made_s, ends_s, by_login, kid FROM token "

static void read_token(struct hub_sql *sql, struct hub_token *ret_token)
{
    hub_sql_into(sql, SEC_ROOM(ret_token->hash.b));
    ret_token->name = hub_sql_bytes(sql);
    ret_token->scope = (unsigned)hub_sql_u64(sql);
    ret_token->made_s = hub_sql_s64(sql);
    ret_token->ends_s = hub_sql_s64(sql);
    ret_token->by_login = hub_sql_bool(sql);
    hub_sql_into(sql, SEC_ROOM(ret_token->kid.b));
}

sec_status hub_token_put(struct hub_store *store, const struct hub_token *token)
{
    struct hub_sql sql = hub_sql(store, "INSERT INTO token(hash, name, scope, made_s, ends_s, by_login, kid) VALUES(?, ?, ?, ?, ?, ?, ?)");
    hub_sql_put_bytes(&sql, sec_digest_bytes(&token->hash));
    hub_sql_put_text(&sql, token->name);
    hub_sql_put_u64(&sql, token->scope);
    hub_sql_put_s64(&sql, token->made_s);
    hub_sql_put_s64(&sql, token->ends_s);
    hub_sql_put_u64(&sql, token->by_login);
    hub_sql_put_bytes(&sql, SEC_BYTES(token->kid.b));
    return hub_sql_run(&sql);
}

sec_status hub_token_get(struct hub_store *store, const struct sec_digest *hash, struct hub_token *ret_token)
{
    struct hub_sql sql = hub_sql_own(store, TOKEN_TEXT "WHERE hash = ?");
    struct hub_token token;
    hub_sql_put_bytes(&sql, sec_digest_bytes(hash));
    bool found = hub_sql_row(&sql);
    if (found)
        read_token(&sql, &token);
    SEC_TRY(hub_sql_end(&sql));
    if (!found)
        return sec_st(SEC_NOT_FOUND);
    *ret_token = token;
    return sec_st(SEC_OK);
}

sec_status hub_token_remove(struct hub_store *store, const struct sec_digest *hash)
{
    struct hub_sql sql = hub_sql(store, "DELETE FROM token WHERE hash = ?");
    hub_sql_put_bytes(&sql, sec_digest_bytes(hash));
    return hub_sql_run_one(&sql, SEC_NOT_FOUND);
}

sec_status hub_tokens(struct hub_store *store, hub_token_each each, void *ctx)
{
    struct hub_sql sql = hub_sql(store, TOKEN_TEXT "ORDER BY made_s, hash");
    while (hub_sql_row(&sql)) {
        struct hub_token token;
        read_token(&sql, &token);
        if (sec_ok(sql.status))
            sql.status = each(ctx, &token);
    }
    return hub_sql_end(&sql);
}

sec_status hub_tokens_forget(struct hub_store *store, int64_t before_s)
{
    struct hub_sql sql = hub_sql(store, "DELETE FROM token WHERE ends_s < ?");
    hub_sql_put_s64(&sql, before_s);
    return hub_sql_run(&sql);
}
