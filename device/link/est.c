/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "../common/say.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define BINDING_BYTES 32u
#define REQUEST_MAX_BYTES 4096u
#define ANSWER_MAX_BYTES 32768u
#define FIELDS_MAX_BYTES 8192u
#define TRANSPORT_MAX_BYTES 2048u

/* --- the certificate request ---------------------------------------------------------------------------- */

static bool name_device(const struct link *link, X509_REQ *request)
{
    char id[65];
    struct sec_wr wr = sec_wr(sec_room(id, 64));
    sec_wr_hex(&wr, sec_device_id_bytes(&link->device_id));
    id[64] = '\0';
    return X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_ASC, (const unsigned char *)id, -1, -1, 0) == 1;
}

/* Base64 of the connection's binding, as RFC 7030 has it. */
static bool bind_to_connection(struct link *link, X509_REQ *request)
{
    uint8_t binding_b[BINDING_BYTES], text_b[64];
    struct sec_wr wr = sec_wr(SEC_ROOM(text_b));
    if (!sec_ok(link_tls_binding(link, SEC_ROOM(binding_b))))
        return false;
    http_base64_encode(SEC_BYTES(binding_b), false, &wr);
    return X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword, MBSTRING_ASC, text_b, (int)wr.len) == 1;
}

static sec_status make_request(struct link *link, struct sec_wr *wr)
{
    X509_REQ *request = X509_REQ_new();
    uint8_t *der = NULL;
    EVP_PKEY *key = link->identity.key.pkey;
    bool made = request && X509_REQ_set_version(request, 0) == 1 && name_device(link, request) && X509_REQ_set_pubkey(request, key) == 1 &&
                bind_to_connection(link, request) && X509_REQ_sign(request, key, EVP_sha256()) > 0;
    int len = made ? i2d_X509_REQ(request, &der) : 0;
    if (len > 0)
        http_base64_encode(sec_bytes(der, (size_t)len), false, wr);
    OPENSSL_free(der);
    X509_REQ_free(request);
    ERR_clear_error();
    return len > 0 && !wr->bad ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
}

/* --- who we are ----------------------------------------------------------------------------------------- */

static sec_status ask_statement(struct link *link, struct sec_room room, struct sec_bytes *ret_statement)
{
    uint8_t key_b[128];
    struct sec_wr wr = sec_wr(SEC_ROOM(key_b));
    struct link_told told;
    sec_key_encode(&link->identity.key.key, &wr);
    const struct ipc_message question = {.code = IPC_ASK_TRANSPORT, .a = sec_wr_done(&wr)};
    SEC_TRY(link_ask(link, &question, -1, room, &told));
    SEC_TRY(told.status);
    *ret_statement = told.content;
    return sec_st(SEC_OK);
}

/* The header lines; NUL-terminated. */
static sec_status write_fields(struct link *link, bool renew, struct sec_room room)
{
    uint8_t told_b[TRANSPORT_MAX_BYTES];
    struct sec_wr wr = sec_wr(room);
    struct sec_bytes statement;
    sec_wr_bytes(&wr, SEC_LIT("Content-Type: application/pkcs10\r\nContent-Transfer-Encoding: base64\r\n"));
    if (!renew) {
        SEC_TRY(ask_statement(link, SEC_ROOM(told_b), &statement));
        sec_wr_bytes(&wr, SEC_LIT("Securable-Transport: "));
        http_base64_encode(statement, true, &wr);
        sec_wr_bytes(&wr, SEC_LIT("\r\nSecurable-IDevID: "));
        http_base64_encode(sec_bytes(link->idevid_b, link->idevid_len), true, &wr);
        sec_wr_bytes(&wr, SEC_LIT("\r\n"));
    }
    sec_wr_u8(&wr, 0);
    return wr.bad ? sec_st(SEC_TOO_LARGE) : sec_st(SEC_OK);
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static X509 *find_certificate(const struct link *link, const PKCS7 *bag)
{
    STACK_OF(X509) *list = bag && PKCS7_type_is_signed(bag) && bag->d.sign ? bag->d.sign->cert : NULL;
    for (int i = 0; list && i < sk_X509_num(list); i++) {
        X509 *one = sk_X509_value(list, i);
        if (X509_check_private_key(one, link->identity.key.pkey) == 1 && X509_up_ref(one) == 1)
            return one;
    }
    return NULL;
}

static sec_status take_answer(struct link *link, struct sec_bytes text)
{
    struct sec_room room = scratch_take(ANSWER_MAX_BYTES);
    struct sec_bytes der;
    if (!room.data)
        return sec_st(SEC_STORAGE_FULL);
    sec_status status = http_base64_decode(text, false, room, &der);
    const uint8_t *at = sec_ok(status) ? der.data : NULL;
    PKCS7 *bag = at ? d2i_PKCS7(NULL, &at, (long)der.len) : NULL;
    X509 *certificate = find_certificate(link, bag);
    if (sec_ok(status))
        status = certificate ? link_identity_take(link, certificate) : sec_st(SEC_MALFORMED);
    PKCS7_free(bag);
    ERR_clear_error();
    scratch_drop(&room);
    return status;
}

static sec_status judge_answer(struct link *link, const struct link_response *response)
{
    if (response->status == 200)
        return take_answer(link, response->body);
    say("hub %s, enrolment: answered %u", link->host.name, response->status);
    return sec_st(response->status == 401 || response->status == 403 ? SEC_NOT_PERMITTED : SEC_IO_FAILED);
}

static sec_status ask_hub(struct link *link, bool renew, const char *fields)
{
    uint8_t request_b[REQUEST_MAX_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(request_b));
    struct sec_room room = scratch_take(ANSWER_MAX_BYTES);
    struct link_response response;
    sec_status status = room.data ? make_request(link, &wr) : sec_st(SEC_STORAGE_FULL);
    const struct link_request request = {
        .method = "POST",
        .path = renew ? "/.well-known/est/simplereenroll" : "/.well-known/est/simpleenroll",
        .fields = fields,
        .body = sec_wr_done(&wr),
        .body_max = ANSWER_MAX_BYTES,
        .room = room,
    };
    if (sec_ok(status))
        status = link_exchange(link, &request, &response);
    if (sec_ok(status))
        status = judge_answer(link, &response);
    scratch_drop(&room);
    return status;
}

sec_status link_enrol(struct link *link, bool renew)
{
    struct sec_room fields = scratch_take(FIELDS_MAX_BYTES);
    sec_status status = fields.data ? write_fields(link, renew, fields) : sec_st(SEC_STORAGE_FULL);
    link->identity.renewed_ms = link_now_ms();
    if (sec_ok(status) && (!link->tls.ssl || link->tls.with_certificate != renew))
        status = link_tls_open(link, renew);
    if (sec_ok(status))
        status = ask_hub(link, renew, (const char *)fields.data);
    link_tls_close(link); /* the next connection shows the new certificate */
    scratch_drop(&fields);
    if (sec_ok(status))
        say("hub %s, enrolment: certificate taken, %s", link->host.name, renew ? "by the one before" : "by the device's statement");
    return status;
}
