/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include "certificate.h"

#include <securable/access_carry.h>

#include <openssl/x509.h>

#define NAME_MAX_BYTES 256u

static cJSON *maker_json(const struct hub_maker *maker)
{
    cJSON *json = cJSON_CreateObject();
    hub_json_add_number(json, "id", maker->id);
    hub_json_add_text(json, "name", maker->name);
    struct sec_digest digest;
    if (sec_ok(hub_crypto()->hasher.digest(hub_crypto()->hasher.ctx, &maker->ca, 1, &digest)))
        hub_json_add_hex(json, "ca_digest", sec_digest_bytes(&digest));
    hub_json_add_time(json, "since", maker->since_s);
    return json;
}

static sec_status take_maker(void *ctx, const struct hub_maker *maker)
{
    cJSON_AddItemToArray(ctx, maker_json(maker));
    return sec_st(SEC_OK);
}

void hub_api_makers(struct hub_exchange *x)
{
    static const char *const names[] = {NULL};
    if (!hub_api_query(x, names))
        return;
    cJSON *items = cJSON_CreateArray();
    sec_status status = hub_makers(hub_reader(x), take_maker, items);
    if (sec_ok(status)) {
        hub_api_json(x, 200, hub_api_list(items, 0));
        return;
    }
    cJSON_Delete(items);
    hub_api_refuse(x, "makers", "store", status);
}

/* --- one more -------------------------------------------------------------------------------------------------------------------- */

struct trusting {
    struct hub *hub;
    struct hub_maker row;
    char name[NAME_MAX_BYTES];
    char by[SEC_NAME_MAX_BYTES + 1];
};

static sec_status put_maker(struct hub_store *store, void *arg)
{
    struct trusting *trusting = arg;
    SEC_TRY(hub_maker_put(store, &trusting->row, &trusting->row.id));
    cJSON *json = maker_json(&trusting->row);
    cJSON_AddStringToObject(json, "by", trusting->by);
    return hub_api_tell(trusting->hub, store, "maker", NULL, json);
}

static void trusted(struct hub_exchange *x, void *arg, sec_status status)
{
    const struct trusting *trusting = arg;
    if (sec_ok(status))
        hub_api_json(x, 201, maker_json(&trusting->row));
    else
        hub_api_refuse(x, "maker", "store", status);
}

static struct sec_bytes read_base64(struct hub_exchange *x, const cJSON *json, const char *name, struct hub_json_fault *fault)
{
    const struct sec_bytes none = {NULL, 0};
    struct sec_bytes text = hub_json_text(json, name, HUB_JSON_MAX_BYTES, fault), bytes;
    uint8_t *room = text.len ? hub_alloc(x, text.len) : NULL;
    if (!room)
        return none;
    if (sec_ok(http_base64_decode(text, false, sec_room(room, text.len), &bytes)) && bytes.len)
        return bytes;
    hub_json_fail(fault, SEC_BAD_VALUE, name, "base64 is wanted");
    return none;
}

/* The common name of the CA, for people. */
static void read_name(struct sec_bytes der, char ret_name[NAME_MAX_BYTES])
{
    const unsigned char *at = der.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    if (certificate)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, ret_name, (int)NAME_MAX_BYTES);
    X509_free(certificate);
}

/* The statement's signer must be a root key of its own, and the CA one that it names. */
static void read_facts(const struct hub_maker *row, struct sec_maker_facts *facts, struct hub_json_fault *fault)
{
    struct sec_statement statement;
    struct sec_roots roots;
    struct sec_public_key root, ca, named;
    struct sec_key_id ca_id;
    const struct sec_hasher *hasher = &hub_crypto()->hasher;
    *facts = (struct sec_maker_facts){0};
    sec_status status = sec_statement_parse(row->roots, &statement);
    if (sec_ok(status))
        status = statement.kind == SEC_STATEMENT_ROOTS ? sec_roots_parse(statement.msg.payload, &roots) : sec_st(SEC_WRONG_KIND);
    if (!sec_ok(status)) {
        hub_json_fail(fault, (enum sec_status_code)status.code, "roots", "%s", sec_status_text(status));
        return;
    }
    facts->signer_is_root = sec_ok(sec_roots_find(&roots, SEC_ROOT_ROOT, &statement.kid, hasher, &root));
    facts->signature_good = facts->signer_is_root && sec_ok(sec_statement_verify(&statement, statement.msg.payload, &root, &hub_crypto()->verifier));
    status = sec_certificate_key(row->ca, &ca);
    if (!sec_ok(status) || !sec_ok(sec_key_id_of(&ca, hasher, &ca_id))) {
        hub_json_fail(fault, SEC_BAD_VALUE, "ca", "the DER of a certificate is wanted");
        return;
    }
    facts->ca_named = sec_ok(sec_roots_find(&roots, SEC_ROOT_DEVICE_CA, &ca_id, hasher, &named));
}

static bool read_request(struct hub_exchange *x, struct trusting *trusting)
{
    static const char *const members[] = {"roots", "ca", NULL};
    struct hub_json_fault fault;
    struct sec_maker_facts facts;
    cJSON *json = hub_json_read(x->body, members, &fault);
    if (json) {
        trusting->row.roots = read_base64(x, json, "roots", &fault);
        trusting->row.ca = read_base64(x, json, "ca", &fault);
        cJSON_Delete(json);
    }
    if (sec_ok(fault.status) && (trusting->row.roots.len == 0 || trusting->row.ca.len == 0))
        hub_json_fail(&fault, SEC_TABLE_FULL, "memory", "there is no memory for it now");
    if (sec_ok(fault.status))
        read_facts(&trusting->row, &facts, &fault);
    if (!sec_ok(fault.status)) {
        hub_api_fault(x, &fault);
        return false;
    }
    sec_status status = sec_maker_judge(&facts);
    if (!sec_ok(status))
        hub_problem(x, 403, "maker", facts.signature_good ? "ca" : "roots", sec_status_text(status), sec_status_word(status));
    return sec_ok(status);
}

void hub_api_makers_post(struct hub_exchange *x)
{
    struct trusting *trusting = hub_alloc(x, sizeof *trusting);
    if (!trusting) {
        hub_problem(x, 503, "maker", "memory", "there is no memory for it now", "table-full");
        return;
    }
    if (!read_request(x, trusting))
        return;
    read_name(trusting->row.ca, trusting->name);
    trusting->hub = x->hub;
    trusting->row.name = sec_bytes_of_str(trusting->name);
    trusting->row.since_s = hub_now_s();
    sec_copy(trusting->by, x->who.name, sizeof trusting->by);
    hub_write(x, x->hub, put_maker, trusted, trusting);
}
