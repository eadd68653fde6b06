/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate.h"

#include "file_io.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

/* id-on-hardwareModuleName (RFC 4108). */
#define HARDWARE_MODULE_NAME "1.3.6.1.5.5.7.8.4"
/* IEEE 802.1AR: an identity that does not end. */
#define NEVER "99991231235959Z"

static sec_status answer(enum sec_status_code code)
{
    ERR_clear_error();
    return sec_st(code);
}

static sec_status to_der(X509 *cert, struct sec_room to, size_t *ret_len)
{
    int len = i2d_X509(cert, NULL);
    if (len <= 0)
        return answer(SEC_IO_FAILED);
    if ((size_t)len > to.len)
        return answer(SEC_ROOM_FULL);
    uint8_t *at = to.data;
    *ret_len = (size_t)i2d_X509(cert, &at);
    return answer(SEC_OK);
}

static sec_status of_der(struct sec_bytes der, X509 **ret_cert)
{
    const uint8_t *at = der.data;
    if (der.len == 0 || der.len > SEC_PEM_MAX_BYTES)
        return sec_st(SEC_MALFORMED);
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    if (!cert)
        return answer(SEC_MALFORMED);
    if (at != &der.data[der.len]) {
        X509_free(cert);
        return answer(SEC_LEFTOVER);
    }
    *ret_cert = cert;
    return answer(SEC_OK);
}

/* --- making -------------------------------------------------------------- */

static bool set_serial(X509 *cert)
{
    uint8_t number[16];
    if (RAND_bytes(number, sizeof number) != 1)
        return false;
    number[0] = (uint8_t)((number[0] & 0x7f) | 0x40); /* positive, and of one length */
    BIGNUM *big = BN_bin2bn(number, sizeof number, NULL);
    bool done = big && BN_to_ASN1_INTEGER(big, X509_get_serialNumber(cert)) != NULL;
    BN_free(big);
    return done;
}

static bool set_times(X509 *cert, int64_t not_before_s)
{
    return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)not_before_s) != NULL &&
           ASN1_TIME_set_string(X509_getm_notAfter(cert), NEVER) == 1;
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

/* A certificate with version, serial number, times and subject. BAD_VALUE when the name is none of its sort. */
static sec_status start(int name_nid, struct sec_bytes name, int64_t not_before_s, X509 **ret_cert)
{
    if (name.len == 0 || name.len > SEC_NAME_MAX_BYTES || !sec_ok(sec_utf8_check(name)))
        return sec_st(SEC_BAD_VALUE);
    X509 *cert = X509_new();
    if (!cert || X509_set_version(cert, X509_VERSION_3) != 1 || !set_serial(cert)) {
        X509_free(cert);
        return answer(SEC_IO_FAILED);
    }
    if (!set_times(cert, not_before_s) ||
        X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), name_nid, MBSTRING_UTF8, name.data, (int)name.len, -1,
                                   0) != 1) {
        X509_free(cert);
        return answer(SEC_BAD_VALUE);
    }
    *ret_cert = cert;
    return sec_st(SEC_OK);
}

static sec_status sign_and_give(X509 *cert, const struct sec_private_key *ca, struct sec_room to, size_t *ret_len)
{
    if (X509_sign(cert, ca->pkey, ca->openssl->sha256) <= 0)
        return answer(SEC_IO_FAILED);
    return to_der(cert, to, ret_len);
}

sec_status sec_certificate_make_ca(const struct sec_private_key *ca, struct sec_bytes common_name, int64_t not_before_s,
                                   struct sec_room to, size_t *ret_len)
{
    X509 *cert = NULL;
    if (ca->key.type != SEC_KEY_P256)
        return sec_st(SEC_BAD_KEY);
    SEC_TRY(start(NID_commonName, common_name, not_before_s, &cert));
    bool done = X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 && X509_set_pubkey(cert, ca->pkey) == 1 &&
                add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                add_extension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                add_extension(cert, cert, NID_subject_key_identifier, "hash");
    sec_status status = done ? sign_and_give(cert, ca, to, ret_len) : answer(SEC_IO_FAILED);
    X509_free(cert);
    return status;
}

/* HardwareModuleName: SEQUENCE { hwType OID, hwSerialNum OCTET STRING }, all lengths below 128. */
static sec_status hardware_der(const struct sec_idevid *idevid, struct sec_wr *wr)
{
    uint8_t oid[SEC_NAME_MAX_BYTES];
    ASN1_OBJECT *object = OBJ_txt2obj(idevid->hardware_type, 1);
    int oid_len = object ? i2d_ASN1_OBJECT(object, NULL) : 0;
    uint8_t *at = oid;
    bool fits = oid_len > 0 && oid_len <= 48 && idevid->hardware_serial.len > 0 && idevid->hardware_serial.len <= 64;
    if (fits)
        (void)i2d_ASN1_OBJECT(object, &at);
    ASN1_OBJECT_free(object);
    if (!fits)
        return answer(SEC_BAD_VALUE);
    sec_wr_u8(wr, 0x30);
    sec_wr_u8(wr, (uint8_t)((size_t)oid_len + 2 + idevid->hardware_serial.len));
    sec_wr_bytes(wr, sec_bytes(oid, (size_t)oid_len));
    sec_wr_u8(wr, 0x04);
    sec_wr_u8(wr, (uint8_t)idevid->hardware_serial.len);
    sec_wr_bytes(wr, idevid->hardware_serial);
    return sec_st(wr->bad ? SEC_BAD_VALUE : SEC_OK);
}

/* A list of one general name that holds `der` as otherName; null when memory ends. */
static GENERAL_NAMES *other_name(struct sec_bytes der)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_TYPE *value = ASN1_TYPE_new();
    ASN1_STRING *sequence = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
    ASN1_OBJECT *type = OBJ_txt2obj(HARDWARE_MODULE_NAME, 1);
    bool done = names && name && value && sequence && type && ASN1_STRING_set(sequence, der.data, (int)der.len) == 1;
    if (done) {
        ASN1_TYPE_set(value, V_ASN1_SEQUENCE, sequence); /* from here each owns the one before it */
        sequence = NULL;
        done = GENERAL_NAME_set0_othername(name, type, value) == 1;
    }
    if (done) {
        type = NULL;
        value = NULL;
        done = sk_GENERAL_NAME_push(names, name) > 0;
    }
    if (done)
        return names;
    ASN1_OBJECT_free(type);
    ASN1_STRING_free(sequence);
    ASN1_TYPE_free(value);
    GENERAL_NAME_free(name);
    GENERAL_NAMES_free(names);
    return NULL;
}

static sec_status add_hardware(X509 *cert, const struct sec_idevid *idevid)
{
    uint8_t room[128];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    if (!idevid->hardware_type)
        return sec_st(SEC_OK);
    SEC_TRY(hardware_der(idevid, &wr));
    GENERAL_NAMES *names = other_name(sec_wr_done(&wr));
    bool done = names && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(names);
    return answer(done ? SEC_OK : SEC_IO_FAILED);
}

static sec_status fill_idevid(X509 *cert, X509 *ca_cert, const struct sec_idevid *idevid)
{
    EVP_PKEY *device = NULL;
    if (idevid->device.type != SEC_KEY_P256)
        return sec_st(SEC_BAD_KEY);
    SEC_TRY(sec_openssl_key_make(&idevid->device, &device));
    bool done = X509_set_issuer_name(cert, X509_get_subject_name(ca_cert)) == 1 && X509_set_pubkey(cert, device) == 1 &&
                add_extension(cert, ca_cert, NID_authority_key_identifier, "keyid:always") &&
                add_extension(cert, ca_cert, NID_subject_key_identifier, "hash") &&
                add_extension(cert, ca_cert, NID_key_usage, "critical,digitalSignature");
    EVP_PKEY_free(device);
    return done ? add_hardware(cert, idevid) : answer(SEC_IO_FAILED);
}

sec_status sec_certificate_issue(const struct sec_private_key *ca, struct sec_bytes ca_der,
                                 const struct sec_idevid *idevid, struct sec_room to, size_t *ret_len)
{
    X509 *ca_cert = NULL, *cert = NULL;
    SEC_TRY(of_der(ca_der, &ca_cert));
    sec_status status = sec_st(SEC_BAD_KEY);
    if (X509_check_private_key(ca_cert, ca->pkey) == 1)
        status = start(NID_serialNumber, idevid->serial_number, idevid->not_before_s, &cert);
    if (sec_ok(status))
        status = fill_idevid(cert, ca_cert, idevid);
    if (sec_ok(status))
        status = sign_and_give(cert, ca, to, ret_len);
    X509_free(cert);
    X509_free(ca_cert);
    ERR_clear_error();
    return status;
}

/* --- checking ------------------------------------------------------------ */

static sec_status status_of_verify(int error)
{
    switch (error) {
    case X509_V_OK:
        return sec_st(SEC_OK);
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return sec_st(SEC_BAD_SIGNATURE);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SUBJECT_ISSUER_MISMATCH:
    case X509_V_ERR_AKID_SKID_MISMATCH:
    case X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH:
        return sec_st(SEC_UNKNOWN_KEY);
    default:
        return sec_st(SEC_BAD_VALUE);
    }
}

/* The path from `cert` to `ca_cert`, by libcrypto: signature, constraints, critical extensions. */
static sec_status check_path(X509 *cert, X509 *ca_cert)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *walk = X509_STORE_CTX_new();
    sec_status status = sec_st(SEC_IO_FAILED);
    if (store && walk && X509_STORE_add_cert(store, ca_cert) == 1 &&
        X509_STORE_CTX_init(walk, store, cert, NULL) == 1) {
        X509_STORE_CTX_set_flags(walk, X509_V_FLAG_NO_CHECK_TIME);
        bool valid = X509_verify_cert(walk) == 1;
        status = status_of_verify(X509_STORE_CTX_get_error(walk));
        if (!valid && sec_ok(status))
            status = sec_st(SEC_IO_FAILED);
    }
    X509_STORE_CTX_free(walk);
    X509_STORE_free(store);
    ERR_clear_error();
    return status;
}

static sec_status read_serial_number(X509 *cert, struct sec_certificate_facts *facts)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_serialNumber, at) >= 0)
        return sec_st(SEC_BAD_VALUE);
    uint8_t *text = NULL;
    int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    bool usable = len > 0 && len <= (int)SEC_NAME_MAX_BYTES;
    for (int i = 0; usable && i < len; i++)
        usable = text[i] >= 0x20 && text[i] != 0x7f; /* it is going to be shown */
    if (usable) {
        sec_copy(facts->serial_number, text, (size_t)len);
        facts->serial_number[len] = '\0';
    }
    if (len >= 0)
        OPENSSL_free(text);
    return answer(usable ? SEC_OK : SEC_BAD_VALUE);
}

static sec_status check_device(X509 *cert, X509 *ca_cert)
{
    if (X509_get_signature_nid(cert) != NID_ecdsa_with_SHA256)
        return sec_st(SEC_BAD_ALGORITHM);
    if (X509_check_ca(ca_cert) != 1)
        return sec_st(SEC_BAD_VALUE);
    SEC_TRY(status_of_verify(X509_check_issued(ca_cert, cert)));
    if (X509_check_ca(cert) != 0 || (X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0)
        return sec_st(SEC_BAD_VALUE);
    return check_path(cert, ca_cert);
}

static sec_status read_facts(X509 *cert, struct sec_certificate_facts *facts)
{
    EVP_PKEY *pkey = X509_get0_pubkey(cert);
    if (!pkey)
        return answer(SEC_UNSUPPORTED);
    SEC_TRY(sec_openssl_key_read(pkey, &facts->key));
    return read_serial_number(cert, facts);
}

sec_status sec_certificate_check(struct sec_bytes der, struct sec_bytes ca_der, struct sec_certificate_facts *ret_facts)
{
    X509 *cert = NULL, *ca_cert = NULL;
    struct sec_certificate_facts facts = {0};
    sec_status status = of_der(der, &cert);
    if (sec_ok(status))
        status = of_der(ca_der, &ca_cert);
    if (sec_ok(status))
        status = check_device(cert, ca_cert);
    if (sec_ok(status))
        status = read_facts(cert, &facts);
    if (sec_ok(status))
        *ret_facts = facts;
    X509_free(ca_cert);
    X509_free(cert);
    ERR_clear_error();
    return status;
}

sec_status sec_certificate_key(struct sec_bytes der, struct sec_public_key *ret_key)
{
    X509 *cert = NULL;
    SEC_TRY(of_der(der, &cert));
    EVP_PKEY *pkey = X509_get0_pubkey(cert);
    sec_status status = pkey ? sec_openssl_key_read(pkey, ret_key) : sec_st(SEC_UNSUPPORTED);
    X509_free(cert);
    ERR_clear_error();
    return status;
}

/* --- files --------------------------------------------------------------- */

sec_status sec_certificate_load(int dir_fd, const char *name, struct sec_room to, size_t *ret_len)
{
    uint8_t pem[SEC_PEM_MAX_BYTES];
    size_t len = 0;
    SEC_TRY(sec_file_io_read(dir_fd, name, SEC_ROOM(pem), &len));
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    sec_status status = cert ? to_der(cert, to, ret_len) : answer(SEC_MALFORMED);
    X509_free(cert);
    return status;
}

sec_status sec_certificate_save(struct sec_bytes der, int dir_fd, const char *name)
{
    X509 *cert = NULL;
    char *data = NULL;
    SEC_TRY(of_der(der, &cert));
    BIO *bio = BIO_new(BIO_s_mem());
    sec_status status = sec_st(SEC_IO_FAILED);
    if (bio && PEM_write_bio_X509(bio, cert) == 1) {
        long len = BIO_get_mem_data(bio, &data);
        status = sec_file_io_create(dir_fd, name, 0644, sec_bytes(data, (size_t)len));
    }
    BIO_free(bio);
    X509_free(cert);
    ERR_clear_error();
    return status;
}
