/* SPDX-License-Identifier: Apache-2.0 */
/* What a request of EST says, what the hub's CA issues, and the forms that it answers in. */
#include "test.h"

#include "certificate.h"
#include "est_request.h"
#include "http.h"

#include <openssl/bn.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define NOW_S 1800000000

static struct sec_openssl openssl;
static struct sec_private_key ca_key, device_key, other_key;
static uint8_t ca_room[SEC_CERTIFICATE_MAX_BYTES], der_room[4096], text_room[8192], statement_room[2048];
static struct est_request request;
static const uint8_t binding[32] = {1, 2, 3, 4, 5, 6, 7};

static struct sec_bytes ca_der(void)
{
    static size_t len;
    if (!openssl.sha256) {
        CHECK_OK(sec_openssl_init(&openssl));
        CHECK_OK(sec_private_key_generate(&ca_key, &openssl, SEC_KEY_P256));
        CHECK_OK(sec_private_key_generate(&device_key, &openssl, SEC_KEY_P256));
        CHECK_OK(sec_private_key_generate(&other_key, &openssl, SEC_KEY_ED25519));
        CHECK_OK(sec_certificate_make_ca(&ca_key, SEC_LIT("hub CA"), NOW_S, SEC_ROOM(ca_room), &len));
    }
    return sec_bytes(ca_room, len);
}

static struct sec_bytes base64(struct sec_bytes bytes, bool url, uint8_t *room, size_t room_bytes)
{
    struct sec_wr wr = sec_wr(sec_room(room, room_bytes));
    http_base64_encode(bytes, url, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

/** A request for `key`, signed by `signer`; `challenges` times the challenge. */
static struct sec_bytes request_der(const struct sec_private_key *key, const struct sec_private_key *signer, const EVP_MD *md,
                                    struct sec_bytes challenge, size_t challenges)
{
    X509_REQ *req = X509_REQ_new();
    unsigned char *at = der_room;
    CHECK(X509_REQ_set_pubkey(req, key->pkey) == 1);
    for (size_t i = 0; i < challenges; i++) {
        X509_ATTRIBUTE *attribute = X509_ATTRIBUTE_create_by_NID(NULL, NID_pkcs9_challengePassword, V_ASN1_UTF8STRING, challenge.data, (int)challenge.len);
        CHECK(attribute && X509_REQ_add1_attr(req, attribute) == 1);
        X509_ATTRIBUTE_free(attribute);
    }
    CHECK(X509_REQ_sign(req, signer->pkey, md) > 0);
    CHECK(i2d_X509_REQ(req, NULL) <= (int)sizeof der_room);
    int len = i2d_X509_REQ(req, &at);
    X509_REQ_free(req);
    return sec_bytes(der_room, (size_t)len);
}

static struct sec_bytes good_der(void)
{
    uint8_t challenge[64];
    (void)ca_der();
    return request_der(&device_key, &device_key, EVP_sha256(), base64(SEC_BYTES(binding), false, challenge, sizeof challenge), 1);
}

static struct sec_bytes body_of(struct sec_bytes der)
{
    return base64(der, false, text_room, sizeof text_room);
}

static sec_status read_only(struct sec_bytes body)
{
    return est_request_read(body, (struct sec_bytes){NULL, 0}, (struct sec_bytes){NULL, 0}, &request);
}

static void a_request_tells_key_proof_and_binding(void)
{
    CHECK_OK(read_only(body_of(good_der())));
    CHECK(sec_key_equal(&request.csr.key, &device_key.key));
    CHECK(request.csr.proof_good && request.csr.has_challenge && request.binding_readable && !request.by_statement);
    CHECK_BYTES(SEC_BYTES(request.binding), SEC_BYTES(binding));
}

static void line_ends_do_not_matter(void)
{
    struct sec_bytes body = body_of(good_der());
    static uint8_t lines[8192];
    struct sec_wr wr = sec_wr(SEC_ROOM(lines));
    for (size_t at = 0; at < body.len; at += 64) {
        sec_wr_bytes(&wr, sec_bytes_part(body, at, 64));
        sec_wr_bytes(&wr, SEC_LIT("\r\n"));
    }
    CHECK_OK(read_only(sec_wr_done(&wr)));
    CHECK(request.csr.proof_good);
}

static void a_proof_is_made_by_the_very_key(void)
{
    (void)ca_der();
    CHECK_OK(read_only(body_of(request_der(&device_key, &ca_key, EVP_sha256(), SEC_LIT(""), 0))));
    CHECK(!request.csr.proof_good && !request.csr.has_challenge && !request.binding_readable);
    CHECK_OK(read_only(body_of(request_der(&device_key, &device_key, EVP_sha384(), SEC_LIT(""), 0))));
    CHECK(!request.csr.proof_good);
    CHECK_OK(read_only(body_of(request_der(&other_key, &other_key, NULL, SEC_LIT(""), 0))));
    CHECK(!request.csr.proof_good && request.csr.key.type == SEC_KEY_ED25519);
}

static void a_binding_is_32_bytes_once(void)
{
    uint8_t challenge[64];
    (void)ca_der();
    CHECK_OK(read_only(body_of(request_der(&device_key, &device_key, EVP_sha256(), SEC_LIT("no base64!"), 1))));
    CHECK(request.csr.has_challenge && !request.binding_readable);
    struct sec_bytes shorter = base64(sec_bytes(binding, 31), false, challenge, sizeof challenge);
    CHECK_OK(read_only(body_of(request_der(&device_key, &device_key, EVP_sha256(), shorter, 1))));
    CHECK(!request.binding_readable);
    static const uint8_t long_text[HUB_CHALLENGE_MAX_BYTES + 1] = {'a'};
    CHECK_STATUS(read_only(body_of(request_der(&device_key, &device_key, EVP_sha256(), SEC_BYTES(long_text), 1))), SEC_TOO_LARGE);
}

static void what_is_no_request_is_refused(void)
{
    struct sec_bytes der = good_der();
    static uint8_t copy[4096];
    CHECK_STATUS(read_only(SEC_LIT("")), SEC_MALFORMED);
    CHECK_STATUS(read_only(SEC_LIT("%%%%")), SEC_BAD_VALUE);
    CHECK_STATUS(read_only(body_of(sec_bytes_part(der, 0, der.len - 1))), SEC_MALFORMED);
    sec_copy(copy, der.data, der.len);
    copy[der.len] = 0;
    CHECK_STATUS(read_only(body_of(sec_bytes(copy, der.len + 1))), SEC_LEFTOVER);
    CHECK_STATUS(read_only(body_of(ca_der())), SEC_MALFORMED);
    static const uint8_t zeros[HUB_CA_MAX_BYTES + 1];
    CHECK_STATUS(read_only(body_of(SEC_BYTES(zeros))), SEC_TOO_LARGE);
}

/** A signed statement of this kind, in base64url. */
static struct sec_bytes statement_text(enum sec_statement_kind kind)
{
    static uint8_t text[2048];
    struct sec_crypto crypto = sec_openssl_crypto(&openssl);
    struct sec_signer signer = sec_private_key_signer(&device_key);
    struct sec_wr wr = sec_wr(SEC_ROOM(statement_room));
    CHECK_OK(sec_statement_sign(kind, &signer, &crypto.hasher, SEC_LIT("\xa0"), &wr));
    return base64(sec_wr_done(&wr), true, text, sizeof text);
}

static void statement_and_idevid_come_together(void)
{
    struct sec_bytes none = {NULL, 0}, body = body_of(good_der());
    struct sec_bytes statement = statement_text(SEC_STATEMENT_TRANSPORT);
    CHECK_OK(est_request_read(body, statement, SEC_LIT("AQID"), &request));
    CHECK(request.by_statement);
    CHECK_BYTES(request.idevid, SEC_LIT("\x01\x02\x03"));
    CHECK_STATUS(est_request_read(body, statement, none, &request), SEC_MISSING_FIELD);
    CHECK_STATUS(est_request_read(body, none, SEC_LIT("AQID"), &request), SEC_MISSING_FIELD);
    CHECK_STATUS(est_request_read(body, SEC_LIT("AQID"), SEC_LIT("AQID"), &request), SEC_LEFTOVER);
    statement = statement_text(SEC_STATEMENT_REPORT);
    CHECK_STATUS(est_request_read(body, statement, SEC_LIT("AQID"), &request), SEC_WRONG_KIND);
}

static struct hub_issued issued;

static X509 *issue(uint64_t days)
{
    struct sec_bytes der = ca_der();
    const unsigned char *at = der.data;
    struct hub_ca ca = {d2i_X509(NULL, &at, (long)der.len), ca_key.pkey};
    struct hub_transport_facts facts = {{{0xab, 0xcd}}, 7, device_key.key, NOW_S, days};
    CHECK_OK(hub_ca_issue(&ca, &facts, &issued));
    X509_free(ca.certificate);
    at = issued.der;
    X509 *cert = d2i_X509(NULL, &at, (long)issued.len);
    CHECK(cert != NULL);
    return cert;
}

static void a_certificate_says_who_and_for_how_long(void)
{
    X509 *cert = issue(90);
    char name[80];
    CHECK(X509_verify(cert, ca_key.pkey) == 1);
    CHECK(X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof name) == 64);
    CHECK(strncmp(name, "abcd0000", 8) == 0);
    CHECK_INT(hub_ca_epoch(cert), 7);
    struct sec_bytes own = ca_der();
    const unsigned char *at = own.data;
    X509 *other = d2i_X509(NULL, &at, (long)own.len);
    CHECK_INT(hub_ca_epoch(other), 0);
    X509_free(other);
    CHECK_INT(issued.not_before_s, NOW_S - 3600);
    CHECK_INT(issued.not_after_s, NOW_S + 90 * 86400);
    time_t until = NOW_S + 90 * 86400;
    CHECK_INT(X509_cmp_time(X509_get0_notAfter(cert), &until), -1); /* -1: at or before */
    until--;
    CHECK_INT(X509_cmp_time(X509_get0_notAfter(cert), &until), 1);
    X509_free(cert);
}

static void a_certificate_opens_tls_as_a_client_alone(void)
{
    X509 *cert = issue(90);
    CHECK(X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0) == 1);
    CHECK(X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0) == 0);
    CHECK(X509_check_ca(cert) == 0);
    CHECK_INT(X509_get_extension_flags(cert) & EXFLAG_XKUSAGE, EXFLAG_XKUSAGE);
    CHECK_INT(X509_get_extended_key_usage(cert), XKU_SSL_CLIENT);
    BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    CHECK_INT(BN_num_bits(serial), 127);
    BN_free(serial);
    X509_free(cert);
}

static void only_p256_gets_a_certificate(void)
{
    struct sec_bytes der = ca_der();
    const unsigned char *at = der.data;
    struct hub_ca ca = {d2i_X509(NULL, &at, (long)der.len), ca_key.pkey};
    struct hub_transport_facts facts = {{{1}}, 1, other_key.key, NOW_S, 90};
    CHECK_STATUS(hub_ca_issue(&ca, &facts, &issued), SEC_BAD_KEY);
    facts.key = device_key.key;
    facts.key.y[5] ^= 1;
    CHECK_STATUS(hub_ca_issue(&ca, &facts, &issued), SEC_BAD_KEY);
    X509_free(ca.certificate);
}

static void a_bundle_holds_certificates_alone(void)
{
    struct sec_bytes der = ca_der();
    struct sec_wr wr = sec_wr(SEC_ROOM(der_room));
    CHECK_OK(hub_ca_bundle(&der, 1, &wr));
    const unsigned char *at = der_room;
    PKCS7 *bundle = d2i_PKCS7(NULL, &at, (long)wr.len);
    CHECK(bundle && PKCS7_type_is_signed(bundle));
    CHECK_INT(sk_X509_num(bundle->d.sign->cert), 1);
    CHECK(sk_PKCS7_SIGNER_INFO_num(bundle->d.sign->signer_info) <= 0);
    PKCS7_free(bundle);
    wr = sec_wr(sec_room(der_room, 20));
    CHECK_STATUS(hub_ca_bundle(&der, 1, &wr), SEC_ROOM_FULL);
    der.len--;
    wr = sec_wr(SEC_ROOM(der_room));
    CHECK_STATUS(hub_ca_bundle(&der, 1, &wr), SEC_MALFORMED);
}

static void the_wishes_are_der(void)
{
    struct sec_bytes wishes = hub_ca_wishes();
    const unsigned char *at = wishes.data;
    STACK_OF(ASN1_TYPE) *list = d2i_ASN1_SEQUENCE_ANY(NULL, &at, (long)wishes.len);
    CHECK(list && at == wishes.data + wishes.len);
    CHECK_INT(sk_ASN1_TYPE_num(list), 3);
    CHECK_INT(OBJ_obj2nid(sk_ASN1_TYPE_value(list, 0)->value.object), NID_pkcs9_challengePassword);
    CHECK_INT(OBJ_obj2nid(sk_ASN1_TYPE_value(list, 2)->value.object), NID_ecdsa_with_SHA256);
    sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
}

static const struct test tests[] = {
    TEST(a_request_tells_key_proof_and_binding),
    TEST(line_ends_do_not_matter),
    TEST(a_proof_is_made_by_the_very_key),
    TEST(a_binding_is_32_bytes_once),
    TEST(what_is_no_request_is_refused),
    TEST(statement_and_idevid_come_together),
    TEST(a_certificate_says_who_and_for_how_long),
    TEST(a_certificate_opens_tls_as_a_client_alone),
    TEST(only_p256_gets_a_certificate),
    TEST(a_bundle_holds_certificates_alone),
    TEST(the_wishes_are_der),
};
TEST_MAIN(tests)
