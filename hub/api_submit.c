/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include "../cli/json_cbor.h"

#include <securable/access_carry.h>
#include <securable/suit.h>

/* Devices that an event names; a page asks for the rest. */
#define TOLD_COUNT 64u

/* What is handed in, from its bytes to the answer. Lives in the exchange. */
struct submission {
    struct hub *hub;
    struct hub_statement row;
    struct sec_statement statement;
    struct hub_api_signer signer;
    struct sec_carry_facts facts;
    struct sec_command command;   /* of commands */
    struct sec_voucher voucher;   /* of vouchers */
    struct sec_approval approval; /* of approvals */
    char by[SEC_NAME_MAX_BYTES + 1];
    struct sec_device_id *targets;
    size_t targets_max;
    bool *waits; /* which of them have something new to take */
    bool opens;  /* vouchers: the owners may sign in from now on */
    bool named;  /* the devices stand in the query */
    bool existed;
};

/* --- what it is --------------------------------------------------------------------------------------------------------- */

/* A release verifies and parses in one step, since its payload is detached. */
static sec_status read_release(struct hub_exchange *x, struct submission *s)
{
    struct sec_suit_release_envelope envelope;
    struct sec_suit_release release;
    SEC_TRY(sec_suit_release_open(s->row.bytes, &envelope));
    s->statement = envelope.statement;
    SEC_TRY(hub_api_signer(x, SEC_STATEMENT_RELEASE, &s->statement.kid, &s->signer));
    if (!s->signer.known)
        return sec_st(SEC_OK);
    sec_status status = sec_suit_release_parse(&envelope, &s->signer.key, &hub_crypto()->verifier, &hub_crypto()->hasher, &release);
    s->facts.signature_good = sec_status_class(status) != SEC_CLASS_CRYPTO;
    s->facts.body_good = sec_ok(status);
    if (!sec_ok(status))
        return sec_st(SEC_OK);
    s->row.digest = release.statement_digest;
    s->row.has_payload = true;
    s->row.payload = release.image_digest;
    s->row.payload_bytes = release.image_size_bytes;
    return sec_st(SEC_OK);
}

static sec_status read_body(struct submission *s)
{
    struct sec_bytes body = s->statement.msg.payload;
    switch (s->statement.kind) {
    case SEC_STATEMENT_COMMAND:
        SEC_TRY(sec_command_parse(body, &s->command));
        s->row.topic = s->command.topic;
        s->row.generation = s->command.generation;
        s->row.action = s->command.action;
        return sec_st(SEC_OK);
    case SEC_STATEMENT_VOUCHER:
        return sec_voucher_parse(body, &s->voucher);
    case SEC_STATEMENT_APPROVAL:
        SEC_TRY(sec_approval_parse(body, &s->approval));
        s->row.about = s->approval.statement;
        return sec_st(SEC_OK);
    default:
        return sec_st(SEC_WRONG_KIND);
    }
}

static sec_status read_statement(struct hub_exchange *x, struct submission *s)
{
    SEC_TRY(sec_statement_parse(s->row.bytes, &s->statement));
    SEC_TRY(sec_statement_digest(&s->statement, s->statement.msg.payload, &hub_crypto()->hasher, &s->row.digest));
    SEC_TRY(hub_api_signer(x, s->statement.kind, &s->statement.kid, &s->signer));
    if (!s->signer.known)
        return sec_st(SEC_OK);
    s->facts.signature_good = sec_ok(sec_statement_verify(&s->statement, s->statement.msg.payload, &s->signer.key, &hub_crypto()->verifier));
    s->facts.body_good = s->facts.signature_good && sec_ok(read_body(s));
    return sec_st(SEC_OK);
}

/* --- whom it is for ------------------------------------------------------------------------------------------------------ */

static void add_target(struct submission *s, const struct sec_device_id *id)
{
    for (size_t i = 0; i < s->facts.devices_count; i++)
        if (sec_device_id_equal(&s->targets[i], id))
            return;
    if (s->facts.devices_count < s->targets_max)
        s->targets[s->facts.devices_count++] = *id;
}

static void add_known(struct hub_exchange *x, struct submission *s, struct sec_bytes id_bytes)
{
    struct sec_device_id id;
    struct hub_member member;
    if (id_bytes.len != sizeof id.b)
        return;
    sec_copy(id.b, id_bytes.data, sizeof id.b);
    if (hub_fleet_get(x->hub->fleet, &id, &member))
        add_target(s, &id);
}

/* ?device=ID, as often as wanted. False: answered. */
static bool add_named(struct hub_exchange *x, struct submission *s)
{
    struct sec_bytes query = x->head->query;
    for (size_t start = 0; start < query.len;) {
        size_t end = start;
        while (end < query.len && query.data[end] != '&')
            end++;
        struct sec_bytes part = sec_bytes_part(query, start, end - start);
        struct sec_device_id id;
        struct hub_member member;
        start = end + 1;
        if (part.len == 0)
            continue;
        if (!sec_bytes_equal(sec_bytes_part(part, 0, 7), SEC_LIT("device=")) || !sec_ok(sec_device_id_parse(sec_bytes_part(part, 7, part.len), &id))) {
            hub_problem(x, 400, "request", "query", "device=ID, 64 hex digits, is wanted", "bad-value");
            return false;
        }
        if (!hub_fleet_get(x->hub->fleet, &id, &member)) {
            hub_problem(x, 404, "device", "query", "a device that is named is not known here", "not-found");
            return false;
        }
        add_target(s, &id);
        s->named = true;
    }
    return true;
}

struct match {
    struct submission *s;
    const struct sec_audience *audience;
};

static sec_status match_device(void *ctx, const struct hub_device *device)
{
    const struct match *match = ctx;
    struct sec_audience_facts facts;
    if (hub_api_audience_facts(device, &facts) && sec_audience_matches(match->audience, &facts))
        add_target(match->s, &device->id);
    return sec_st(SEC_OK);
}

static sec_status add_audience(struct hub_exchange *x, struct submission *s)
{
    const struct sec_audience *audience = &s->command.audience;
    struct match match = {s, audience};
    if (audience->by_match)
        return hub_devices(hub_reader(x), NULL, SIZE_MAX >> 1, match_device, &match);
    for (size_t i = 0; i < audience->count; i++)
        add_known(x, s, sec_audience_id_at(audience, i));
    return sec_st(SEC_OK);
}

static sec_status add_of_approved(void *ctx, const struct hub_delivery *delivery)
{
    add_target(ctx, &delivery->device);
    return sec_st(SEC_OK);
}

static sec_status find_targets(struct hub_exchange *x, struct submission *s)
{
    struct sec_device_id id;
    struct hub_statement about;
    s->facts.subject_known = s->named;
    if (s->statement.kind == SEC_STATEMENT_APPROVAL)
        s->facts.subject_known = s->named || sec_ok(hub_statement_get(hub_reader(x), &s->approval.statement, &about));
    /* A voucher is for the device that it names, whatever the query says: only that one becomes expected. */
    if (s->named && s->statement.kind != SEC_STATEMENT_VOUCHER)
        return sec_st(SEC_OK);
    switch (s->statement.kind) {
    case SEC_STATEMENT_COMMAND:
        return add_audience(x, s);
    case SEC_STATEMENT_VOUCHER:
        sec_copy(id.b, s->voucher.device_id.b, sizeof id.b);
        s->facts.devices_count = 0;
        add_target(s, &id);
        return sec_st(SEC_OK);
    case SEC_STATEMENT_APPROVAL:
        return hub_deliveries_of_statement(hub_reader(x), &s->approval.statement, add_of_approved, s);
    default:
        return sec_st(SEC_OK);
    }
}

/* --- writing it down: on the writer's thread ------------------------------------------------------------------------------- */

static sec_status put_person(struct hub_store *store, const struct sec_public_key *key, uint64_t role, struct sec_bytes name)
{
    struct hub_person there, person = {.key = *key, .role = role, .name = name, .source = SEC_LIT("voucher"), .since_s = hub_now_s()};
    SEC_TRY(sec_key_id_of(key, &hub_crypto()->hasher, &person.kid));
    sec_status status = hub_person_get(store, &person.kid, &there);
    return sec_is(status, SEC_NOT_FOUND) ? hub_person_put(store, &person) : status;
}

/* A voucher by a maker that is trusted: the device may come. */
static sec_status put_expected(struct hub_store *store, struct submission *s)
{
    struct hub_device device = {.first_seen_s = 0};
    sec_status status = hub_device_get(store, &s->targets[0], &device);
    if (!sec_ok(status) && !sec_is(status, SEC_NOT_FOUND))
        return status;
    if (sec_is(status, SEC_NOT_FOUND))
        device = (struct hub_device){.maker = s->signer.maker};
    device.id = s->targets[0];
    device.expected = true;
    device.epoch = device.epoch > s->voucher.epoch ? device.epoch : s->voucher.epoch;
    SEC_TRY(hub_device_put(store, &device));
    if (!s->opens)
        return sec_st(SEC_OK);
    for (size_t i = 0; i < s->voucher.owners.count; i++)
        SEC_TRY(put_person(store, &s->voucher.owners.keys[i], SEC_ROLE_OWNER, SEC_LIT("owner")));
    return s->voucher.has_recovery ? put_person(store, &s->voucher.recovery, SEC_ROLE_RECOVERY, SEC_LIT("recovery")) : sec_st(SEC_OK);
}

/* Handing in again asks again where the answer left no record. */
static sec_status put_delivery(struct hub_store *store, const struct submission *s, uint64_t number, size_t n)
{
    struct hub_delivery there;
    const struct hub_delivery fresh = {.device = s->targets[n], .statement = s->row.digest, .number = number, .state = HUB_DELIVERY_WAITING};
    sec_status status = hub_delivery_get(store, &s->targets[n], &s->row.digest, &there);
    s->waits[n] = sec_is(status, SEC_NOT_FOUND) || (sec_ok(status) && there.state == HUB_DELIVERY_ANSWERED && there.receipt.len == 0);
    if (!s->waits[n])
        return status;
    return hub_delivery_put(store, &fresh);
}

static sec_status tell_statement(struct hub_store *store, struct submission *s)
{
    cJSON *json = cJSON_CreateObject();
    hub_json_add_hex(json, "digest", sec_digest_bytes(&s->row.digest));
    cJSON_AddStringToObject(json, "kind", sec_statement_word(s->statement.kind));
    if (s->row.action)
        cJSON_AddStringToObject(json, "action", sec_action_word(s->row.action));
    if (s->row.topic) {
        cJSON_AddStringToObject(json, "topic", sec_topic_word(s->row.topic));
        hub_json_add_number(json, "generation", s->row.generation);
    }
    cJSON_AddStringToObject(json, "by", s->by);
    cJSON *devices = cJSON_AddArrayToObject(json, "devices");
    for (size_t i = 0; i < s->facts.devices_count && i < TOLD_COUNT; i++)
        cJSON_AddItemToArray(devices, json_hex(sec_device_id_bytes(&s->targets[i])));
    hub_json_add_number(json, "devices_count", s->facts.devices_count);
    return hub_api_tell(s->hub, store, "statement", s->facts.devices_count == 1 ? &s->targets[0] : NULL, json);
}

static sec_status submit(struct hub_store *store, void *arg)
{
    struct submission *s = arg;
    struct hub_statement there;
    uint64_t number = 0;
    sec_status status = hub_statement_put(store, &s->row, &number);
    s->existed = sec_is(status, SEC_EXISTS);
    if (s->existed) {
        SEC_TRY(hub_statement_get(store, &s->row.digest, &there));
        number = there.number;
    } else {
        SEC_TRY(status);
    }
    if (s->statement.kind == SEC_STATEMENT_VOUCHER)
        SEC_TRY(put_expected(store, s));
    for (size_t i = 0; i < s->facts.devices_count; i++)
        SEC_TRY(put_delivery(store, s, number, i));
    return s->existed ? sec_st(SEC_OK) : tell_statement(store, s);
}

/* --- after the commit -------------------------------------------------------------------------------------------------------- */

/* Under a voucher a device is one of the fleet before it was ever seen. */
static void join_fleet(struct hub_exchange *x, const struct submission *s)
{
    struct hub_member member;
    if (s->statement.kind == SEC_STATEMENT_VOUCHER && !hub_fleet_get(x->hub->fleet, &s->targets[0], &member)) {
        member = (struct hub_member){.id = s->targets[0]};
        (void)hub_fleet_put(x->hub->fleet, &member);
    }
}

static cJSON *answer_json(struct hub_exchange *x, const struct submission *s)
{
    cJSON *json = cJSON_CreateObject();
    hub_json_add_hex(json, "digest", sec_digest_bytes(&s->row.digest));
    cJSON_AddStringToObject(json, "kind", sec_statement_word(s->statement.kind));
    if (s->row.topic) {
        cJSON_AddStringToObject(json, "action", sec_action_word(s->row.action));
        cJSON_AddStringToObject(json, "topic", sec_topic_word(s->row.topic));
        hub_json_add_number(json, "generation", s->row.generation);
    }
    if (s->row.has_payload)
        cJSON_AddBoolToObject(json, "payload_missing", !hub_api_has_payload(x, &s->row.payload));
    cJSON *devices = cJSON_AddArrayToObject(json, "devices");
    for (size_t i = 0; i < s->facts.devices_count; i++)
        cJSON_AddItemToArray(devices, json_hex(sec_device_id_bytes(&s->targets[i])));
    return json;
}

static void submitted(struct hub_exchange *x, void *arg, sec_status status)
{
    const struct submission *s = arg;
    if (!sec_ok(status)) {
        hub_api_refuse(x, "statement", "store", status);
        return;
    }
    join_fleet(x, s);
    for (size_t i = 0; i < s->facts.devices_count; i++) {
        if (!s->waits[i])
            continue;
        hub_fleet_add_waiting(x->hub->fleet, &s->targets[i], 1);
        hub_fleet_wake(x->hub->fleet, &s->targets[i]);
    }
    hub_api_json(x, s->existed ? 200 : 201, answer_json(x, s));
}

/* --- the handler ------------------------------------------------------------------------------------------------------------ */

static struct submission *new_submission(struct hub_exchange *x)
{
    struct submission *s = hub_alloc(x, sizeof *s);
    size_t devices = hub_fleet_count(x->hub->fleet) + 1;
    if (!s)
        return NULL;
    s->targets_max = devices;
    s->targets = hub_alloc(x, devices * sizeof *s->targets);
    s->waits = hub_alloc(x, devices * sizeof *s->waits);
    s->hub = x->hub;
    s->row.bytes = hub_copy(x, x->body);
    s->row.received_s = hub_now_s();
    sec_copy(s->by, x->who.name, sizeof s->by);
    s->row.by = sec_bytes_of_str(s->by);
    return s->targets && s->waits && s->row.bytes.len ? s : NULL;
}

static const char *clause_of(sec_status status, const struct submission *s)
{
    if (sec_is(status, SEC_UNKNOWN_KEY) || sec_is(status, SEC_BAD_SIGNATURE))
        return "signer";
    if (sec_is(status, SEC_NOT_FOUND))
        return s->statement.kind == SEC_STATEMENT_APPROVAL && !s->facts.subject_known ? "about" : "devices";
    return sec_is(status, SEC_WRONG_KIND) ? "kind" : "body";
}

/* What a hub may not carry is forbidden here, whatever class its status has elsewhere. */
static void refuse(struct hub_exchange *x, const struct submission *s, sec_status status)
{
    unsigned http = sec_is(status, SEC_NOT_FOUND) ? 404 : sec_is(status, SEC_MALFORMED) ? 400 : 403;
    hub_problem(x, http, "statement", clause_of(status, s), sec_status_text(status), sec_status_word(status));
}

void hub_api_statements_post(struct hub_exchange *x)
{
    bool release = hub_api_content_is(x, "application/suit-envelope+cbor");
    if (!release && !hub_api_content_is(x, "application/cose")) {
        hub_problem(x, 415, "request", "content-type", "application/cose or application/suit-envelope+cbor is wanted", "unsupported");
        return;
    }
    if (x->body.len == 0) {
        hub_problem(x, 400, "statement", "body", "is empty", "truncated");
        return;
    }
    struct submission *s = new_submission(x);
    if (!s) {
        hub_problem(x, 503, "statement", "memory", "there is no memory for it now", "table-full");
        return;
    }
    sec_status status = release ? read_release(x, s) : read_statement(x, s);
    if (!sec_ok(status)) {
        hub_api_refuse(x, "statement", "envelope", status);
        return;
    }
    if (!add_named(x, s))
        return;
    s->row.kind = s->facts.kind = s->statement.kind;
    s->row.signer = s->statement.kid;
    s->opens = sec_carry_opens(x->who.scope);
    s->facts.signer_known = s->signer.known;
    status = s->facts.body_good ? find_targets(x, s) : sec_st(SEC_OK);
    if (!sec_ok(status)) {
        hub_api_refuse(x, "statement", "devices", status);
        return;
    }
    status = sec_carry_judge(&s->facts);
    if (sec_ok(status))
        hub_write(x, x->hub, submit, submitted, s);
    else
        refuse(x, s, status);
}
