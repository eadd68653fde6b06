/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment: gathers the facts of a request, has them judged, issues, and answers when it is stored. */
#include "device_routes.h"
#include "hub.h"
#include "makers.h"

#include <securable/access_hub.h>
#include <securable/port/crypto.h>

#include <stdio.h>

#define BASE64_LINE 64u

struct enrolment {
    struct hub *hub;
    struct est_request request;
    struct sec_enrolment_facts facts;
    struct sec_device_id device;
    uint64_t maker; /* of the IDevID; 0: none came along */
    int64_t now_s;
    struct hub_issued issued;
    struct hub_certificate row;
};

/* --- answers ------------------------------------------------------------------------------------------------ */

/** Base64 in lines, as tools for mail read it. */
static bool wrap(struct sec_bytes bytes, struct sec_wr *wr)
{
    for (size_t at = 0; at < bytes.len; at += BASE64_LINE / 4 * 3) {
        http_base64_encode(sec_bytes_part(bytes, at, BASE64_LINE / 4 * 3), false, wr);
        sec_wr_u8(wr, '\n');
    }
    return !wr->bad;
}

static void answer_base64(struct hub_exchange *x, const char *type, struct sec_bytes bytes)
{
    size_t room_bytes = bytes.len / 3 * 4 + bytes.len / 32 + 16;
    struct sec_wr wr = sec_wr(sec_room(hub_alloc(x, room_bytes), room_bytes));
    if (!wr.room.data || !wrap(bytes, &wr)) {
        hub_problem(x, 503, "enrolment", "answer", "there is no memory for it", NULL);
        return;
    }
    hub_field(x, "Content-Transfer-Encoding", "base64");
    hub_answer(x, 200, type, sec_wr_done(&wr));
}

static void answer_certificate(struct hub_exchange *x, const char *type, struct sec_bytes der)
{
    uint8_t room[2 * HUB_CA_MAX_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_status status = hub_ca_bundle(&der, 1, &wr);
    if (sec_ok(status))
        answer_base64(x, type, sec_wr_done(&wr));
    else
        hub_problem_status(x, "enrolment", "certificate", status);
}

static void refuse(struct hub_exchange *x, sec_status status)
{
    const char *word = sec_status_word(status), *text = sec_status_text(status);
    if (sec_is(status, SEC_UNSIGNED)) {
        hub_field(x, "WWW-Authenticate", "Securable-Transport");
        hub_problem(x, 401, "enrolment", "credentials", "neither a client certificate nor a transport statement with an IDevID came along", word);
    } else if (sec_status_class(status) == SEC_CLASS_INPUT) {
        hub_problem(x, 400, "enrolment", "request", text, word);
    } else if (sec_status_class(status) == SEC_CLASS_SPACE || sec_status_class(status) == SEC_CLASS_IO) {
        hub_problem_status(x, "enrolment", "store", status);
    } else {
        hub_problem(x, 403, "enrolment", "credentials", text, word);
    }
}

/* --- facts -------------------------------------------------------------------------------------------------- */

static sec_status gather_statement(struct hub_exchange *x, struct enrolment *e)
{
    struct sec_enrolment_facts *facts = &e->facts;
    const struct sec_statement *statement = &e->request.statement;
    struct sec_certificate_facts idevid;
    struct sec_transport transport;
    facts->by_statement = true;
    sec_status status = hub_makers_check(hub_reader(x), e->request.idevid, &e->maker, &idevid);
    facts->idevid_good = sec_ok(status);
    if (!facts->idevid_good)
        return sec_status_class(status) == SEC_CLASS_IO ? status : sec_st(SEC_OK);
    SEC_TRY(sec_device_id_of_key(&idevid.key, &hub_crypto()->hasher, &facts->statement_device));
    facts->statement_good = sec_ok(sec_statement_verify(statement, statement->msg.payload, &idevid.key, &hub_crypto()->verifier));
    if (!facts->statement_good)
        return sec_st(SEC_OK);
    SEC_TRY(sec_transport_parse(statement->msg.payload, &transport));
    facts->statement_key = transport.key;
    facts->statement_epoch = transport.epoch;
    return sec_st(SEC_OK);
}

static sec_status gather_binding(struct hub_exchange *x, struct enrolment *e)
{
    uint8_t own[EST_BINDING_BYTES];
    SEC_TRY(hub_exporter(x, own));
    e->facts.has_binding = e->request.csr.has_challenge;
    e->facts.binding_good = e->request.binding_readable && sec_bytes_equal_secret(SEC_BYTES(own), SEC_BYTES(e->request.binding));
    return sec_st(SEC_OK);
}

/** Newest that the device itself has named: by a head, a report, or an enrolment. */
static uint64_t epoch_of(struct hub *hub, const struct hub_device *device)
{
    struct hub_member member;
    uint64_t followed = hub_device_head_epoch(device->head);
    return hub_fleet_get(hub->fleet, &device->id, &member) && member.epoch > followed ? member.epoch : followed;
}

/** What the hub knows of the device that this request is for. */
static sec_status gather_device(struct hub *hub, struct hub_store *store, struct sec_enrolment_facts *facts)
{
    struct hub_device device;
    sec_status status = hub_device_get(store, facts->by_statement ? &facts->statement_device : &facts->certificate_device, &device);
    if (sec_is(status, SEC_NOT_FOUND))
        return sec_st(SEC_OK);
    SEC_TRY(status);
    facts->known = device.expected || device.idevid.len > 0;
    facts->known_epoch = epoch_of(hub, &device);
    facts->revoked = device.revoked;
    return sec_st(SEC_OK);
}

static sec_status gather(struct hub_exchange *x, struct enrolment *e)
{
    const struct http_head *head = x->head;
    struct sec_enrolment_facts *facts = &e->facts;
    SEC_TRY(est_request_read(x->body, http_field_of(head, "Securable-Transport"), http_field_of(head, "Securable-IDevID"), &e->request));
    facts->by_certificate = x->who.who == HUB_DEVICE;
    facts->certificate_device = x->who.device;
    facts->certificate_epoch = x->who.epoch;
    facts->request_key = e->request.csr.key;
    facts->proof_good = e->request.csr.proof_good;
    if (e->request.by_statement)
        SEC_TRY(gather_statement(x, e));
    SEC_TRY(gather_binding(x, e));
    return gather_device(x->hub, hub_reader(x), facts);
}

/* --- storing and answering ---------------------------------------------------------------------------------- */

static sec_status identify(const struct enrolment *e, struct hub_device *device)
{
    device->maker = e->maker;
    device->idevid = e->request.idevid;
    device->has_key = true;
    return sec_certificate_key(e->request.idevid, &device->key);
}

static sec_status store_device(struct hub_store *store, struct enrolment *e)
{
    struct hub_device device;
    SEC_TRY(hub_device_get(store, &e->device, &device));
    /* Judged a moment ago on another connection's view; somebody may have revoked it since, or it has shown a newer epoch. */
    e->facts.revoked = device.revoked;
    e->facts.known_epoch = epoch_of(e->hub, &device);
    SEC_TRY(sec_enrolment_judge(&e->facts, &e->device));
    if (e->facts.by_statement)
        SEC_TRY(identify(e, &device));
    if (device.first_seen_s == 0)
        device.first_seen_s = e->now_s;
    device.certificate_until_s = e->issued.not_after_s;
    SEC_TRY(hub_device_put(store, &device));
    SEC_TRY(hub_certificates_end(store, &e->device, e->row.epoch));
    return hub_certificate_put(store, &e->row);
}

static sec_status store_enrolment(struct hub_store *store, void *arg)
{
    struct enrolment *e = arg;
    char json[64];
    SEC_TRY(store_device(store, e));
    snprintf(json, sizeof json, "{\"renewal\":%s,\"until\":%lld}", e->facts.renewal ? "true" : "false", (long long)e->issued.not_after_s);
    return hub_tell(e->hub, store, "device-enrolled", &e->device, json);
}

static void stored(struct hub_exchange *x, void *arg, sec_status status)
{
    struct enrolment *e = arg;
    struct hub_member member;
    if (sec_ok(status))
        status = hub_fleet_certificate_put(e->hub->fleet, &e->row);
    if (sec_ok(status) && !hub_fleet_get(e->hub->fleet, &e->device, &member)) {
        member = (struct hub_member){.id = e->device};
        status = hub_fleet_put(e->hub->fleet, &member);
    }
    if (sec_ok(status))
        answer_certificate(x, "application/pkcs7-mime; smime-type=certs-only", sec_bytes(e->issued.der, e->issued.len));
    else
        refuse(x, status);
}

static sec_status issue(struct enrolment *e)
{
    const struct hub_ca ca = {e->hub->place.ca, e->hub->place.ca_key.pkey};
    uint64_t epoch = e->facts.by_statement ? e->facts.statement_epoch : e->facts.certificate_epoch;
    const struct hub_transport_facts facts = {e->device, epoch, e->facts.request_key, e->now_s, e->hub->config.certificate_days};
    SEC_TRY(hub_ca_issue(&ca, &facts, &e->issued));
    struct sec_bytes der = sec_bytes(e->issued.der, e->issued.len);
    e->row = (struct hub_certificate){.device = e->device, .epoch = epoch, .not_before_s = e->issued.not_before_s, .not_after_s = e->issued.not_after_s};
    return hub_crypto()->hasher.digest(hub_crypto()->hasher.ctx, &der, 1, &e->row.fingerprint);
}

static bool is_pkcs10(const struct hub_exchange *x)
{
    struct sec_bytes type = http_field_of(x->head, "Content-Type"), want = SEC_LIT("application/pkcs10");
    return sec_bytes_equal(sec_bytes_part(type, 0, want.len), want) && (type.len == want.len || type.data[want.len] == ';');
}

static void enrol(struct hub_exchange *x, bool renewal)
{
    struct enrolment *e = hub_alloc(x, sizeof *e);
    if (!e) {
        hub_problem(x, 503, "enrolment", "request", "there is no memory for it", NULL);
        return;
    }
    if (!is_pkcs10(x)) {
        hub_problem(x, 415, "enrolment", "Content-Type", "is not application/pkcs10", NULL);
        return;
    }
    e->hub = x->hub;
    e->now_s = hub_now_s();
    e->facts.renewal = renewal;
    sec_status status = gather(x, e);
    if (sec_ok(status))
        status = sec_enrolment_judge(&e->facts, &e->device);
    if (sec_ok(status))
        status = issue(e);
    if (sec_ok(status))
        hub_write(x, x->hub, store_enrolment, stored, e);
    else
        refuse(x, status);
}

/* --- handlers ----------------------------------------------------------------------------------------------- */

void est_cacerts(struct hub_exchange *x)
{
    answer_certificate(x, "application/pkcs7-mime", x->hub->place.ca_der);
}

void est_csrattrs(struct hub_exchange *x)
{
    answer_base64(x, "application/csrattrs", hub_ca_wishes());
}

void est_simpleenroll(struct hub_exchange *x)
{
    enrol(x, false);
}

void est_simplereenroll(struct hub_exchange *x)
{
    enrol(x, true);
}
