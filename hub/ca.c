/* SPDX-License-Identifier: Apache-2.0 */
#include "ca.h"

#include "openssl_crypto.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define HOUR_S 3600
#define DAY_S 86400
#define SERIAL_BITS 127
#define EPOCH_TEXT "epoch "
#define EPOCH_TEXT_BYTES (sizeof EPOCH_TEXT + 20u)

/* --- requests ----------------------------------------------------------------------------------------------- */

static bool is_text(int type)
{
    return type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING || type == V_ASN1_IA5STRING || type == V_ASN1_T61STRING;
}

static sec_status read_challenge(const X509_REQ *req, struct hub_csr *csr)
{
    int at = X509_REQ_get_attr_by_NID(req, NID_pkcs9_challengePassword, -1);
    if (at < 0)
        return sec_st(SEC_OK);
    if (X509_REQ_get_attr_by_NID(req, NID_pkcs9_challengePassword, at) >= 0)
        return sec_st(SEC_DUPLICATE_KEY);
    X509_ATTRIBUTE *attribute = X509_REQ_get_attr(req, at);
    const ASN1_TYPE *value = X509_ATTRIBUTE_count(attribute) == 1 ? X509_ATTRIBUTE_get0_type(attribute, 0) : NULL;
    if (!value || !is_text(value->type))
        return sec_st(SEC_MALFORMED);
    const ASN1_STRING *text = value->value.asn1_string;
    struct sec_bytes bytes = sec_bytes(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
    if (!sec_bytes_copy(SEC_ROOM(csr->challenge), bytes))
        return sec_st(SEC_TOO_LARGE);
    csr->challenge_bytes = bytes.len;
    csr->has_challenge = true;
    return sec_st(SEC_OK);
}

static sec_status read_request(X509_REQ *req, struct hub_csr *csr)
{
    EVP_PKEY *pkey = X509_REQ_get0_pubkey(req);
    if (pkey && sec_ok(sec_openssl_key_read(pkey, &csr->key)))
        csr->proof_good = X509_REQ_get_signature_nid(req) == NID_ecdsa_with_SHA256 && X509_REQ_verify(req, pkey) == 1;
    return read_challenge(req, csr);
}

sec_status hub_csr_parse(struct sec_bytes der, struct hub_csr *ret_csr)
{
    struct hub_csr csr = {0};
    const unsigned char *at = der.data;
    if (der.len > HUB_CA_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    X509_REQ *req = der.len ? d2i_X509_REQ(NULL, &at, (long)der.len) : NULL;
    sec_status status = sec_st(req ? SEC_OK : SEC_MALFORMED);
    if (req && (size_t)(at - der.data) != der.len)
        status = sec_st(SEC_LEFTOVER);
    if (sec_ok(status))
        status = read_request(req, &csr);
    X509_REQ_free(req);
    ERR_clear_error();
    if (sec_ok(status))
        *ret_csr = csr;
    return status;
}

/* --- issuing ------------------------------------------------------------------------------------------------ */

static bool set_serial(X509 *cert)
{
    BIGNUM *number = BN_new();
    bool done = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return done;
}

static bool add_name(X509_NAME *name, int nid, struct sec_bytes text)
{
    return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_ASC, text.data, (int)text.len, -1, 0) == 1;
}

static bool set_names(X509 *cert, const struct hub_ca *ca, const struct sec_device_id *device, uint64_t epoch)
{
    char text[2 * sizeof device->b], unit[EPOCH_TEXT_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(text));
    sec_device_id_text(device, &wr);
    (void)snprintf(unit, sizeof unit, EPOCH_TEXT "%llu", (unsigned long long)epoch);
    return !wr.bad && X509_set_issuer_name(cert, X509_get_subject_name(ca->certificate)) == 1 &&
           add_name(X509_get_subject_name(cert), NID_organizationalUnitName, sec_bytes_of_str(unit)) &&
           add_name(X509_get_subject_name(cert), NID_commonName, sec_wr_done(&wr));
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool done = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

static bool add_extensions(X509 *cert, X509 *issuer)
{
    return add_extension(cert, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, issuer, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, issuer, NID_ext_key_usage, "clientAuth") &&
           add_extension(cert, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(cert, issuer, NID_authority_key_identifier, "keyid:always");
}

static bool fill(X509 *cert, const struct hub_ca *ca, const struct hub_transport_facts *facts, EVP_PKEY *pkey,
                 const struct hub_issued *issued)
{
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) && set_names(cert, ca, &facts->device, facts->epoch) &&
           ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)issued->not_before_s) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)issued->not_after_s) != NULL && X509_set_pubkey(cert, pkey) == 1 &&
           add_extensions(cert, ca->certificate) && X509_sign(cert, ca->key, EVP_sha256()) > 0;
}

static bool give(X509 *cert, struct hub_issued *issued)
{
    unsigned char *at = issued->der;
    int len = i2d_X509(cert, NULL);
    if (len <= 0 || (size_t)len > sizeof issued->der)
        return false;
    issued->len = (size_t)i2d_X509(cert, &at);
    return true;
}

sec_status hub_ca_issue(const struct hub_ca *ca, const struct hub_transport_facts *facts, struct hub_issued *ret_issued)
{
    EVP_PKEY *pkey = NULL;
    struct hub_issued issued = {.not_before_s = facts->now_s - HOUR_S,
                                .not_after_s = facts->now_s + (int64_t)facts->days * DAY_S};
    if (facts->key.type != SEC_KEY_P256)
        return sec_st(SEC_BAD_KEY);
    SEC_TRY(sec_openssl_key_make(&facts->key, &pkey));
    X509 *cert = X509_new();
    bool done = cert && fill(cert, ca, facts, pkey, &issued) && give(cert, &issued);
    X509_free(cert);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    if (!done)
        return sec_st(SEC_IO_FAILED);
    *ret_issued = issued;
    return sec_st(SEC_OK);
}

uint64_t hub_ca_epoch(const X509 *certificate)
{
    char text[EPOCH_TEXT_BYTES + 1];
    uint64_t epoch = 0;
    int count = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_organizationalUnitName, text, sizeof text);
    struct sec_bytes unit = sec_bytes(text, count > 0 ? (size_t)count : 0), begin = SEC_LIT(EPOCH_TEXT);
    if (unit.len <= begin.len || !sec_bytes_equal(sec_bytes_part(unit, 0, begin.len), begin))
        return 0;
    for (size_t i = begin.len; i < unit.len; i++) {
        if (text[i] < '0' || text[i] > '9' || epoch > (UINT64_MAX - 9) / 10)
            return 0;
        epoch = epoch * 10 + (uint64_t)(text[i] - '0');
    }
    return epoch;
}

/* --- forms of EST ------------------------------------------------------------------------------------------- */

/** A SignedData without signer and content, the "degenerate" one. */
static PKCS7 *bundle_new(void)
{
    PKCS7 *bundle = PKCS7_new();
    PKCS7_SIGNED *inside = PKCS7_SIGNED_new();
    if (!bundle || !inside || ASN1_INTEGER_set(inside->version, 1) != 1) {
        PKCS7_free(bundle);
        PKCS7_SIGNED_free(inside);
        return NULL;
    }
    inside->contents->type = OBJ_nid2obj(NID_pkcs7_data);
    bundle->type = OBJ_nid2obj(NID_pkcs7_signed);
    bundle->d.sign = inside;
    return bundle;
}

static sec_status bundle_add(PKCS7 *bundle, struct sec_bytes der)
{
    const unsigned char *at = der.data;
    X509 *cert = der.len <= INT_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    if (!cert)
        return sec_st(SEC_MALFORMED);
    bool done = PKCS7_add_certificate(bundle, cert) == 1;
    X509_free(cert);
    return sec_st(done ? SEC_OK : SEC_IO_FAILED);
}

static sec_status bundle_write(PKCS7 *bundle, struct sec_wr *wr)
{
    int len = i2d_PKCS7(bundle, NULL);
    struct sec_room rest = sec_wr_rest(wr);
    unsigned char *at = rest.data;
    if (len <= 0)
        return sec_st(SEC_IO_FAILED);
    if ((size_t)len > rest.len)
        return sec_st(SEC_ROOM_FULL);
    sec_wr_advance(wr, (size_t)i2d_PKCS7(bundle, &at));
    return sec_st(SEC_OK);
}

sec_status hub_ca_bundle(const struct sec_bytes *ders, size_t count, struct sec_wr *wr)
{
    PKCS7 *bundle = bundle_new();
    sec_status status = sec_st(bundle ? SEC_OK : SEC_IO_FAILED);
    for (size_t i = 0; i < count && sec_ok(status); i++)
        status = bundle_add(bundle, ders[i]);
    if (sec_ok(status))
        status = bundle_write(bundle, wr);
    PKCS7_free(bundle);
    ERR_clear_error();
    return status;
}

struct sec_bytes hub_ca_wishes(void)
{
    static const uint8_t wishes[] = {
        0x30, 0x2c,                                                                   /* a sequence of */
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07,             /* challengePassword */
        0x30, 0x15, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,             /* id-ecPublicKey, with */
        0x31, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,       /* prime256v1 */
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,                   /* ecdsa-with-SHA256 */
    };
    return SEC_BYTES(wishes);
}
