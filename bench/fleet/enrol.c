/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include "http.h"

#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static const char *base64(struct sec_bytes bytes, bool url, char *to, size_t room)
{
    struct sec_wr wr = sec_wr(sec_room((uint8_t *)to, room - 1));
    http_base64_encode(bytes, url, &wr);
    to[sec_wr_done(&wr).len] = '\0';
    return to;
}

static int make_request(struct member *m, unsigned char **ret_der)
{
    char name[65], binding[64];
    uint8_t exported[32];
    X509_REQ *request = X509_REQ_new();
    struct sec_wr wr = sec_wr(sec_room((uint8_t *)name, 64));
    sec_wr_hex(&wr, SEC_BYTES(m->id.b));
    name[64] = '\0';
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_ASC, (unsigned char *)name, -1, -1, 0);
    X509_REQ_set_pubkey(request, m->transport.pkey);
    SSL_export_keying_material(m->ssl, exported, sizeof exported, "EXPORTER-Channel-Binding", 24, NULL, 0, 0);
    base64(SEC_BYTES(exported), false, binding, sizeof binding);
    X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword, MBSTRING_ASC, (unsigned char *)binding, -1);
    X509_REQ_sign(request, m->transport.pkey, EVP_sha256());
    int len = i2d_X509_REQ(request, ret_der);
    X509_REQ_free(request);
    return len;
}

void enrol_request(struct member *m, const char *host)
{
    unsigned char *der = NULL;
    char body[4096], head[8192], statement_text[2048], idevid_text[2048];
    uint8_t statement[1024];
    int len = make_request(m, &der);
    struct sec_wr wr = sec_wr(SEC_ROOM(statement));
    if (len <= 0 || !sec_ok(member_transport_statement(m, &wr)))
        fleet_die("certificate request");
    base64(sec_bytes(der, (size_t)len), false, body, sizeof body);
    snprintf(head, sizeof head,
             "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: %s\r\nContent-Type: application/pkcs10\r\nContent-Transfer-Encoding: base64\r\n"
             "Securable-Transport: %s\r\nSecurable-IDevID: %s\r\nContent-Length: %zu\r\n\r\n",
             host, base64(sec_wr_done(&wr), true, statement_text, sizeof statement_text),
             base64(sec_bytes(m->idevid, m->idevid_len), true, idevid_text, sizeof idevid_text), strlen(body));
    OPENSSL_free(der);
    wire_send(m, head, sec_bytes_of_str(body));
}

void enrol_answer(struct member *m, struct sec_bytes body)
{
    static uint8_t room[16384];
    struct sec_bytes der;
    if (m->status != 200 || !sec_ok(http_base64_decode(body, false, SEC_ROOM(room), &der))) {
        m->fleet->counts.refused++;
        fprintf(stderr, "fleet: device %zu: enrolment: %u %.*s\n", m->number, m->status, (int)body.len, (const char *)body.data);
        return;
    }
    const unsigned char *at = der.data;
    PKCS7 *bag = d2i_PKCS7(NULL, &at, (long)der.len);
    STACK_OF(X509) *list = bag && PKCS7_type_is_signed(bag) ? bag->d.sign->cert : NULL;
    if (list && sk_X509_num(list) > 0) {
        X509_free(m->certificate);
        m->certificate = sk_X509_value(list, 0);
        X509_up_ref(m->certificate);
    }
    PKCS7_free(bag);
}
