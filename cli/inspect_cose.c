/* SPDX-License-Identifier: Apache-2.0 */
/* COSE messages, statements of ours among them. */
#include "inspect_kinds.h"

#include "json_cbor.h"

#include <securable/statement.h>

#include <stdlib.h>

#define TAG_MAC0 17u
#define TAG_MAC 97u
#define TAG_SIGN 98u

/* What every kind begins with: protected, unprotected, payload. */
struct opening {
    struct sec_bytes protected_item;
    struct sec_bytes unprotected_item;
    struct sec_bytes payload;
    bool detached;
};

static uint64_t tag_of(struct sec_bytes message)
{
    struct sec_cbor rd = sec_cbor(message);
    return sec_cbor_peek(&rd) == SEC_CBOR_TAG ? sec_cbor_tag(&rd) : 0;
}

cJSON *inspect_alg(int64_t alg)
{
    const char *name = trust_alg_name(alg);
    if (name)
        return cJSON_CreateString(name);
    return alg == SEC_ALG_NONE ? cJSON_CreateNull() : json_int(alg);
}

/* A key that did not sign says more than an algorithm that nobody checked. */
enum trust_verdict inspect_better(enum trust_verdict a, enum trust_verdict b)
{
    return a > b ? a : b;
}

static void read_opening(struct sec_cbor *rd, struct opening *opening)
{
    opening->protected_item = sec_cbor_item(rd);
    opening->unprotected_item = sec_cbor_item(rd);
    opening->detached = sec_cbor_is_null(rd);
    if (opening->detached)
        sec_cbor_null(rd);
    else
        opening->payload = sec_cbor_bstr(rd);
}

/* Headers follow one grammar in all kinds; a Sign1 around them lends its parser. */
static sec_status parse_headers(struct sec_bytes protected_item, struct sec_bytes unprotected_item,
                                struct sec_bytes signature_item, struct sec_cose_sign1 *ret_msg, uint8_t **ret_data)
{
    size_t size = protected_item.len + unprotected_item.len + signature_item.len + 2;
    uint8_t *data = malloc(size);
    if (!data)
        return sec_st(SEC_IO_FAILED);
    struct sec_wr wr = sec_wr(sec_room(data, size));
    sec_cbor_put_array(&wr, 4);
    sec_wr_bytes(&wr, protected_item);
    sec_wr_bytes(&wr, unprotected_item);
    sec_cbor_put_null(&wr);
    sec_wr_bytes(&wr, signature_item);
    *ret_data = data;
    return sec_cose_sign1_parse_foreign(sec_wr_done(&wr), ret_msg);
}

/* RFC 9052, 4.4: a protected header without members is signed as an empty string, however it is written. */
static struct sec_bytes as_signed(struct sec_bytes protected_header)
{
    bool empty_map = protected_header.len == 1 && protected_header.data[0] == 0xa0;
    return empty_map ? (struct sec_bytes){NULL, 0} : protected_header;
}

/* ["Signature1", body, aad, payload], or with a signer ["Signature", body, signer, aad, payload]. */
static enum trust_verdict verify(const struct trust *trust, int64_t alg, struct sec_bytes body,
                                 const struct sec_bytes *signer, struct sec_bytes aad, struct sec_bytes payload,
                                 struct sec_bytes signature)
{
    size_t size = body.len + (signer ? signer->len : 0) + aad.len + payload.len + 64;
    uint8_t *data = malloc(size);
    if (!data)
        return TRUST_UNCHECKED;
    struct sec_wr wr = sec_wr(sec_room(data, size));
    sec_cbor_put_array(&wr, signer ? 5 : 4);
    sec_cbor_put_tstr(&wr, signer ? SEC_LIT("Signature") : SEC_LIT("Signature1"));
    sec_cbor_put_bstr(&wr, as_signed(body));
    if (signer)
        sec_cbor_put_bstr(&wr, as_signed(*signer));
    sec_cbor_put_bstr(&wr, aad);
    sec_cbor_put_bstr(&wr, payload);
    enum trust_verdict verdict = trust_verify(trust, alg, sec_wr_done(&wr), signature);
    free(data);
    return verdict;
}

static sec_status view_sign1(const struct trust *trust, struct sec_bytes message, struct sec_bytes aad,
                             struct sec_bytes detached, struct cose_view *view)
{
    struct sec_cose_sign1 msg;
    SEC_TRY(sec_cose_sign1_parse_foreign(message, &msg));
    view->kind = "cose-sign1";
    view->alg = msg.alg;
    view->alg_protected = msg.alg_protected;
    view->typ = msg.typ;
    view->detached = msg.detached;
    view->payload = msg.detached ? detached : msg.payload;
    view->protected_header = msg.protected_header;
    struct sec_cbor rd = sec_cbor(message);
    if (sec_cbor_peek(&rd) == SEC_CBOR_TAG)
        (void)sec_cbor_tag(&rd);
    (void)sec_cbor_array(&rd);
    (void)sec_cbor_item(&rd);
    view->unprotected = sec_cbor_item(&rd);
    if (msg.crit_unknown)
        return sec_st(SEC_UNSUPPORTED);
    if (msg.signature.len == 0)
        view->verdict = TRUST_NONE;
    else if (msg.detached && !detached.data)
        view->verdict = TRUST_UNCHECKED;
    else
        view->verdict = verify(trust, msg.alg, msg.protected_header, NULL, aad, view->payload, msg.signature);
    return sec_st(SEC_OK);
}

static sec_status view_signer(const struct trust *trust, struct sec_bytes signer_item, struct sec_bytes body,
                              struct sec_bytes aad, struct cose_view *view)
{
    struct sec_cbor rd = sec_cbor(signer_item);
    struct sec_cose_sign1 signer;
    uint8_t *data = NULL;
    sec_cbor_array_of(&rd, 3);
    struct sec_bytes protected_item = sec_cbor_item(&rd);
    struct sec_bytes unprotected_item = sec_cbor_item(&rd);
    struct sec_bytes signature_item = sec_cbor_item(&rd);
    SEC_TRY(sec_cbor_end(&rd));
    sec_status status = parse_headers(protected_item, unprotected_item, signature_item, &signer, &data);
    if (sec_ok(status) && signer.crit_unknown)
        status = sec_st(SEC_UNSUPPORTED);
    if (sec_ok(status)) {
        bool known = !view->detached || view->payload.data;
        enum trust_verdict verdict = known ? verify(trust, signer.alg, body, &signer.protected_header, aad,
                                                    view->payload, signer.signature)
                                           : TRUST_UNCHECKED;
        if (view->alg == SEC_ALG_NONE || verdict > view->verdict) {
            view->alg = signer.alg;
            view->alg_protected = signer.alg_protected;
        }
        view->verdict = inspect_better(view->verdict, verdict);
    }
    free(data);
    return status;
}

static sec_status view_signers(const struct trust *trust, struct sec_cbor *rd, struct sec_bytes body,
                               struct sec_bytes aad, struct cose_view *view)
{
    size_t count = sec_cbor_array(rd);
    if (sec_ok(rd->status) && count == 0)
        return sec_st(SEC_MALFORMED);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        struct sec_bytes signer_item = sec_cbor_item(rd);
        SEC_TRY(rd->status);
        SEC_TRY(view_signer(trust, signer_item, body, aad, view));
    }
    return sec_cbor_end(rd);
}

/* COSE_Sign: one signer whose key is trusted is enough. */
static sec_status view_rest(const struct trust *trust, uint64_t tag, struct sec_cbor *rd, struct sec_bytes body,
                            struct sec_bytes aad, struct cose_view *view)
{
    if (tag == TAG_SIGN)
        return view_signers(trust, rd, body, aad, view);
    view->verdict = TRUST_UNCHECKED;
    if (sec_cbor_bstr(rd).len == 0)
        view->verdict = TRUST_NONE;
    if (tag == TAG_MAC)
        (void)sec_cbor_array(rd);
    if (tag == TAG_MAC && sec_ok(rd->status))
        return sec_st(SEC_OK);
    return sec_cbor_end(rd);
}

static sec_status view_others(const struct trust *trust, uint64_t tag, struct sec_bytes message, struct sec_bytes aad,
                              struct sec_bytes detached, struct cose_view *view)
{
    const uint8_t no_signature[] = {0x40};
    struct sec_cbor rd = sec_cbor(message);
    struct opening opening = {.detached = false};
    struct sec_cose_sign1 headers;
    uint8_t *data = NULL;
    (void)sec_cbor_tag(&rd);
    sec_cbor_array_of(&rd, tag == TAG_MAC ? 5 : 4);
    read_opening(&rd, &opening);
    SEC_TRY(rd.status);
    sec_status status = parse_headers(opening.protected_item, opening.unprotected_item, SEC_BYTES(no_signature),
                                      &headers, &data);
    if (sec_ok(status) && headers.crit_unknown)
        status = sec_st(SEC_UNSUPPORTED);
    if (sec_ok(status)) {
        struct sec_cbor item = sec_cbor(opening.protected_item);
        view->kind = tag == TAG_SIGN ? "cose-sign" : tag == TAG_MAC ? "cose-mac" : "cose-mac0";
        view->alg = headers.alg;
        view->alg_protected = headers.alg_protected;
        view->detached = opening.detached;
        view->payload = opening.detached ? detached : opening.payload;
        view->protected_header = sec_cbor_bstr(&item);
        view->unprotected = opening.unprotected_item;
        status = view_rest(trust, tag, &rd, headers.protected_header, aad, view);
    }
    free(data);
    return status;
}

sec_status cose_view(const struct trust *trust, struct sec_bytes message, struct sec_bytes aad, struct sec_bytes detached,
                     struct cose_view *ret_view)
{
    struct cose_view view = {.kind = "cose-sign1", .alg = SEC_ALG_NONE, .verdict = TRUST_NONE};
    uint64_t tag = tag_of(message);
    if (tag == TAG_SIGN || tag == TAG_MAC || tag == TAG_MAC0)
        SEC_TRY(view_others(trust, tag, message, aad, detached, &view));
    else
        SEC_TRY(view_sign1(trust, message, aad, detached, &view));
    *ret_view = view;
    return sec_st(SEC_OK);
}

bool inspect_is_cose(struct sec_bytes file)
{
    struct sec_cbor rd = sec_cbor(file);
    uint64_t tag = tag_of(file);
    if (tag == 0)
        return sec_cbor_peek(&rd) == SEC_CBOR_ARRAY;
    return tag == SEC_COSE_TAG_SIGN1 || tag == TAG_SIGN;
}

static void add_header(cJSON *json, const char *name, struct sec_bytes item)
{
    if (item.len > 0)
        cJSON_AddItemToObject(json, name, json_cbor(item));
}

static void add_payload(cJSON *json, const struct cose_view *view, bool ours)
{
    cJSON_AddBoolToObject(json, "detached", view->detached);
    if (ours && !view->detached && sec_ok(sec_cbor_check(view->payload, SEC_CBOR_FOREIGN)))
        cJSON_AddItemToObject(json, "body", json_cbor(view->payload));
    else if (!view->detached)
        cJSON_AddItemToObject(json, "payload", json_hex(view->payload));
}

void inspect_cose(struct sec_bytes file, struct inspection *in)
{
    struct cose_view view;
    in->kind = tag_of(file) == TAG_SIGN ? "cose-sign" : "cose-sign1";
    in->status = cose_view(in->trust, file, in->aad, (struct sec_bytes){NULL, 0}, &view);
    if (!sec_ok(in->status))
        return;
    enum sec_statement_kind statement_kind = sec_statement_kind_of(view.typ);
    bool ours = statement_kind != SEC_STATEMENT_UNKNOWN;
    in->kind = ours ? sec_statement_word(statement_kind) : view.kind;
    in->alg = view.alg;
    in->signature = view.verdict;
    if (ours) {
        /* What a device would refuse by its form is no statement, whoever signed it. */
        struct sec_statement statement;
        in->status = sec_statement_parse(file, &statement);
        if (sec_ok(in->status))
            cJSON_AddItemToObject(in->details, "kid", json_hex(SEC_BYTES(statement.kid.b)));
    }
    cJSON_AddBoolToObject(in->details, "alg_protected", view.alg_protected);
    add_header(in->details, "protected", view.protected_header);
    add_header(in->details, "unprotected", view.unprotected);
    add_payload(in->details, &view, ours);
}
