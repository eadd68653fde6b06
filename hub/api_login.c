/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include <securable/access_hub.h>

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

/*
 * Nonces cost the hub nothing until they are used: each carries when it was given and a code that only this process can make, so that a flood of requests for nonces pushes
 * nobody out. Used ones are remembered for as long as they would be good; only good signatures get that far.
 */
#define NONCE_CLEAR_BYTES 24u
#define NONCE_BYTES 40u
#define USED_MAX_COUNT 4096u

static struct {
    uint8_t key[32];
    pthread_mutex_t lock;
    struct {
        uint8_t nonce[NONCE_BYTES];
        int64_t until_s;
    } used[USED_MAX_COUNT];
} logins = {.lock = PTHREAD_MUTEX_INITIALIZER};

sec_status hub_api_login_start(void)
{
    return sec_st(getrandom(logins.key, sizeof logins.key, 0) == (ssize_t)sizeof logins.key ? SEC_OK : SEC_IO_FAILED);
}

/* All parts have fixed lengths, so that a plain hash over key and text cannot be lengthened. */
static sec_status nonce_code(const uint8_t *nonce, struct sec_digest *ret_code)
{
    const struct sec_bytes parts[3] = {SEC_LIT("securable login nonce 1"), SEC_BYTES(logins.key), sec_bytes(nonce, NONCE_CLEAR_BYTES)};
    return hub_crypto()->hasher.digest(hub_crypto()->hasher.ctx, parts, 3, ret_code);
}

static sec_status nonce_make(int64_t now_s, uint8_t ret_nonce[NONCE_BYTES])
{
    struct sec_digest code;
    struct sec_wr wr = sec_wr(sec_room(ret_nonce, NONCE_BYTES));
    sec_wr_u64(&wr, (uint64_t)now_s);
    SEC_TRY(hub_crypto()->random(hub_crypto()->ctx, sec_room(sec_wr_rest(&wr).data, 16)));
    sec_wr_advance(&wr, 16);
    SEC_TRY(nonce_code(ret_nonce, &code));
    sec_wr_bytes(&wr, sec_bytes(code.b, NONCE_BYTES - NONCE_CLEAR_BYTES));
    return sec_wr_end(&wr, &(struct sec_bytes){NULL, 0});
}

/* Given by this process, within its time. */
static bool nonce_given(struct sec_bytes nonce, int64_t now_s)
{
    struct sec_digest code;
    struct sec_rd rd = sec_rd(nonce);
    int64_t at_s = (int64_t)sec_rd_u64(&rd);
    if (nonce.len != NONCE_BYTES || !sec_ok(nonce_code(nonce.data, &code)))
        return false;
    struct sec_bytes given = sec_bytes_part(nonce, NONCE_CLEAR_BYTES, nonce.len);
    return sec_bytes_equal_secret(given, sec_bytes(code.b, given.len)) && at_s <= now_s && now_s - at_s <= HUB_API_NONCE_S;
}

/* False: it was used before, or too many were used in the last minutes. */
static bool nonce_use(struct sec_bytes nonce, int64_t now_s)
{
    size_t place = USED_MAX_COUNT;
    bool before = false;
    pthread_mutex_lock(&logins.lock);
    for (size_t i = 0; i < USED_MAX_COUNT; i++) {
        bool living = logins.used[i].until_s >= now_s;
        before = before || (living && sec_bytes_equal(SEC_BYTES(logins.used[i].nonce), nonce));
        if (!living)
            place = i;
    }
    if (!before && place < USED_MAX_COUNT) {
        sec_copy(logins.used[place].nonce, nonce.data, NONCE_BYTES);
        logins.used[place].until_s = now_s + HUB_API_NONCE_S;
    }
    pthread_mutex_unlock(&logins.lock);
    return !before && place < USED_MAX_COUNT;
}

/* The hub is named by its CA, which the client has pinned: another hub that claims its name gets a statement that is of no use there. */
static struct sec_bytes hub_text(const struct hub *hub, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_wr_bytes(&wr, SEC_LIT("sha256:"));
    sec_wr_hex(&wr, sec_digest_bytes(&hub->place.ca_digest));
    return sec_wr_done(&wr);
}

void hub_api_login_nonce(struct hub_exchange *x)
{
    uint8_t nonce[NONCE_BYTES], text[80];
    int64_t now_s = hub_now_s();
    sec_status status = nonce_make(now_s, nonce);
    if (!sec_ok(status)) {
        hub_api_refuse(x, "login", "nonce", status);
        return;
    }
    cJSON *json = cJSON_CreateObject();
    hub_json_add_hex(json, "nonce", SEC_BYTES(nonce));
    hub_json_add_text(json, "hub", hub_text(x->hub, SEC_ROOM(text)));
    cJSON_AddStringToObject(json, "name", x->hub->config.name);
    hub_json_add_time(json, "time", now_s);
    hub_field(x, "Cache-Control", "no-store");
    hub_api_json(x, 201, json);
}

/* --- signing in ----------------------------------------------------------------------------------------------------------------- */

struct signing {
    struct hub *hub;
    struct hub_token row;
    char name[SEC_NAME_MAX_BYTES + 1];
    uint64_t role;
    char token[HUB_API_TOKEN_BYTES];
};

sec_status hub_api_token_make(char ret_token[HUB_API_TOKEN_BYTES], struct sec_digest *ret_hash)
{
    SEC_TRY(hub_api_random_text(ret_token, HUB_API_TOKEN_BYTES));
    const struct sec_bytes text = sec_bytes_of_str(ret_token);
    return hub_crypto()->hasher.digest(hub_crypto()->hasher.ctx, &text, 1, ret_hash);
}

static sec_status put_token(struct hub_store *store, void *arg)
{
    const struct signing *signing = arg;
    SEC_TRY(hub_tokens_forget(store, hub_now_s()));
    SEC_TRY(hub_token_put(store, &signing->row));
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", signing->name);
    cJSON_AddItemToObject(json, "scope", hub_api_scope_json(signing->row.scope));
    cJSON_AddBoolToObject(json, "by_login", true);
    return hub_api_tell(signing->hub, store, "token", NULL, json);
}

static void signed_in(struct hub_exchange *x, void *arg, sec_status status)
{
    struct signing *signing = arg;
    if (!sec_ok(status)) {
        hub_api_refuse(x, "login", "store", status);
        return;
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "token", signing->token);
    cJSON_AddItemToObject(json, "scope", hub_api_scope_json(signing->row.scope));
    hub_json_add_time(json, "ends_at", signing->row.ends_s);
    cJSON_AddStringToObject(json, "name", signing->name);
    cJSON_AddStringToObject(json, "role", sec_role_word(signing->role));
    hub_field(x, "Cache-Control", "no-store");
    hub_api_json(x, 201, json);
    sec_wipe(signing->token, sizeof signing->token);
}

/* Who signed, and whether this login is for here and now; the nonce is used up last. */
static sec_status judge(struct hub_exchange *x, struct signing *signing, const char **ret_clause)
{
    struct sec_statement statement;
    struct sec_login login;
    struct hub_person person;
    uint8_t text[80];
    int64_t now_s = hub_now_s();
    *ret_clause = "statement";
    SEC_TRY(sec_statement_parse(x->body, &statement));
    if (statement.kind != SEC_STATEMENT_LOGIN)
        return sec_st(SEC_WRONG_KIND);
    *ret_clause = "key";
    sec_status status = hub_person_get(hub_reader(x), &statement.kid, &person);
    if (!sec_ok(status))
        return sec_is(status, SEC_NOT_FOUND) ? sec_st(SEC_UNKNOWN_KEY) : status;
    SEC_TRY(sec_statement_verify(&statement, statement.msg.payload, &person.key, &hub_crypto()->verifier));
    *ret_clause = "body";
    SEC_TRY(sec_login_parse(statement.msg.payload, &login));
    SEC_TRY(sec_login_judge(&login, hub_text(x->hub, SEC_ROOM(text)), now_s, nonce_given(login.nonce, now_s)));
    signing->role = person.role;
    signing->row.kid = statement.kid;
    signing->row.scope = sec_hub_scope_of_role(person.role);
    sec_bytes_copy(sec_room(signing->name, SEC_NAME_MAX_BYTES), person.name);
    *ret_clause = "role";
    if (signing->row.scope == 0)
        return sec_st(SEC_ROLE_INSUFFICIENT);
    *ret_clause = "nonce";
    return sec_st(nonce_use(login.nonce, now_s) ? SEC_OK : SEC_NOT_FOUND);
}

/* Whoever is not let in learns that in one way: 401, except for a body that is no statement. */
static void refuse(struct hub_exchange *x, const char *clause, sec_status status)
{
    enum sec_status_class class = sec_status_class(status);
    if (class == SEC_CLASS_POLICY || class == SEC_CLASS_CRYPTO || sec_is(status, SEC_NOT_FOUND))
        hub_problem(x, 401, "login", clause, sec_status_text(status), sec_status_word(status));
    else
        hub_api_refuse(x, "login", clause, status);
}

void hub_api_login(struct hub_exchange *x)
{
    struct signing *signing = hub_alloc(x, sizeof *signing);
    const char *clause = "";
    if (!hub_api_content_is(x, "application/cose")) {
        hub_problem(x, 415, "request", "content-type", "application/cose is wanted", "unsupported");
        return;
    }
    if (!signing) {
        hub_problem(x, 503, "login", "memory", "there is no memory for it now", "table-full");
        return;
    }
    sec_status status = judge(x, signing, &clause);
    if (sec_ok(status))
        status = hub_api_token_make(signing->token, &signing->row.hash);
    if (!sec_ok(status)) {
        refuse(x, clause, status);
        return;
    }
    signing->hub = x->hub;
    signing->row.name = sec_bytes_of_str(signing->name);
    signing->row.by_login = true;
    signing->row.made_s = hub_now_s();
    signing->row.ends_s = signing->row.made_s + HUB_API_LOGIN_S;
    hub_write(x, x->hub, put_token, signed_in, signing);
}
