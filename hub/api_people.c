/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

/* A COSE_Key of ours is shorter. */
#define COSE_KEY_MAX_BYTES 128u

static cJSON *person_json(const struct hub_person *person)
{
    uint8_t room[COSE_KEY_MAX_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    cJSON *json = cJSON_CreateObject();
    sec_key_encode(&person->key, &wr);
    hub_json_add_hex(json, "kid", SEC_BYTES(person->kid.b));
    hub_json_add_text(json, "name", person->name);
    cJSON_AddStringToObject(json, "role", sec_role_word(person->role));
    hub_json_add_text(json, "source", person->source);
    hub_json_add_time(json, "since", person->since_s);
    hub_json_add_hex(json, "key", sec_wr_done(&wr));
    return json;
}

static sec_status take_person(void *ctx, const struct hub_person *person)
{
    cJSON_AddItemToArray(ctx, person_json(person));
    return sec_st(SEC_OK);
}

void hub_api_people(struct hub_exchange *x)
{
    static const char *const names[] = {NULL};
    if (!hub_api_query(x, names))
        return;
    cJSON *items = cJSON_CreateArray();
    sec_status status = hub_people(hub_reader(x), take_person, items);
    if (sec_ok(status)) {
        hub_api_json(x, 200, hub_api_list(items, 0));
        return;
    }
    cJSON_Delete(items);
    hub_api_refuse(x, "people", "store", status);
}

/* --- one more ------------------------------------------------------------------------------------------------------------------ */

struct admitting {
    struct hub *hub;
    struct hub_person row;
    char name[SEC_NAME_MAX_BYTES + 1];
    char by[SEC_NAME_MAX_BYTES + 1];
};

static sec_status put_person(struct hub_store *store, void *arg)
{
    const struct admitting *admitting = arg;
    SEC_TRY(hub_person_put(store, &admitting->row));
    cJSON *json = cJSON_CreateObject();
    hub_json_add_hex(json, "kid", SEC_BYTES(admitting->row.kid.b));
    cJSON_AddStringToObject(json, "name", admitting->name);
    cJSON_AddStringToObject(json, "role", sec_role_word(admitting->row.role));
    cJSON_AddStringToObject(json, "by", admitting->by);
    return hub_api_tell(admitting->hub, store, "person", NULL, json);
}

static void admitted(struct hub_exchange *x, void *arg, sec_status status)
{
    const struct admitting *admitting = arg;
    if (sec_ok(status))
        hub_api_json(x, 201, person_json(&admitting->row));
    else
        hub_api_refuse(x, "person", "store", status);
}

static void read_key(const cJSON *json, struct admitting *admitting, struct hub_json_fault *fault)
{
    uint8_t room[COSE_KEY_MAX_BYTES];
    struct sec_bytes bytes = hub_json_bytes(json, "key", SEC_ROOM(room), fault);
    struct sec_cbor rd = sec_cbor(bytes);
    if (bytes.len == 0)
        return;
    sec_key_read(&rd, &admitting->row.key);
    bool good = sec_ok(sec_cbor_check(bytes, SEC_CBOR_OURS)) && sec_ok(sec_cbor_end(&rd)) &&
                sec_ok(sec_key_id_of(&admitting->row.key, &hub_crypto()->hasher, &admitting->row.kid));
    if (!good)
        hub_json_fail(fault, SEC_BAD_KEY, "key", "a COSE_Key of P-256 or Ed25519, its required members alone, is wanted");
}

static void read_role(const cJSON *json, struct admitting *admitting, struct hub_json_fault *fault)
{
    enum sec_role role;
    struct sec_bytes word = hub_json_text(json, "role", 32, fault);
    if (word.len == 0)
        return;
    if (sec_ok(sec_role_of_word(word, &role)))
        admitting->row.role = role;
    else
        hub_json_fail(fault, SEC_BAD_VALUE, "role", "owner, administrator, operator or auditor is wanted");
}

static bool read_request(struct hub_exchange *x, struct admitting *admitting)
{
    static const char *const members[] = {"key", "role", "name", NULL};
    struct hub_json_fault fault;
    cJSON *json = hub_json_read(x->body, members, &fault);
    if (json) {
        read_key(json, admitting, &fault);
        read_role(json, admitting, &fault);
        sec_bytes_copy(sec_room(admitting->name, SEC_NAME_MAX_BYTES), hub_json_text(json, "name", SEC_NAME_MAX_BYTES, &fault));
        cJSON_Delete(json);
    }
    if (!sec_ok(fault.status))
        hub_api_fault(x, &fault);
    return sec_ok(fault.status);
}

void hub_api_people_post(struct hub_exchange *x)
{
    struct admitting *admitting = hub_alloc(x, sizeof *admitting);
    if (!admitting) {
        hub_problem(x, 503, "person", "memory", "there is no memory for it now", "table-full");
        return;
    }
    if (!read_request(x, admitting))
        return;
    admitting->hub = x->hub;
    admitting->row.name = sec_bytes_of_str(admitting->name);
    admitting->row.source = SEC_LIT("local");
    admitting->row.since_s = hub_now_s();
    sec_copy(admitting->by, x->who.name, sizeof admitting->by);
    hub_write(x, x->hub, put_person, admitted, admitting);
}

/* --- one less ------------------------------------------------------------------------------------------------------------------ */

static sec_status remove_person(struct hub_store *store, void *arg)
{
    const struct sec_key_id *kid = arg;
    struct hub_person person;
    SEC_TRY(hub_person_get(store, kid, &person));
    return hub_person_remove(store, kid);
}

static void removed(struct hub_exchange *x, void *arg, sec_status status)
{
    (void)arg;
    if (sec_ok(status))
        hub_answer(x, 204, NULL, sec_bytes(NULL, 0));
    else
        hub_api_refuse(x, "person", "path", status);
}

void hub_api_people_delete(struct hub_exchange *x)
{
    struct sec_digest digest;
    struct sec_key_id *kid = hub_alloc(x, sizeof *kid);
    if (!kid) {
        hub_problem(x, 503, "person", "memory", "there is no memory for it now", "table-full");
        return;
    }
    if (!hub_api_digest(x, 3, "person", &digest))
        return;
    sec_copy(kid->b, digest.b, sizeof kid->b);
    hub_write(x, x->hub, remove_person, removed, kid);
}
