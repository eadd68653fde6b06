/* SPDX-License-Identifier: Apache-2.0 */
#include "place_certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define NAMES_MAX_COUNT (3u + HUB_SANS_MAX_COUNT + 2u * HUB_LISTENS_MAX_COUNT)

static bool is_address(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_any(const char *text)
{
    return strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0;
}

/** A display name may hold blanks and umlauts; it is a host name only when it looks like one. */
static bool is_host(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")] == '\0';
}

static void add_once(const char *names[NAMES_MAX_COUNT], size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            return;
    names[(*count)++] = name;
}

static size_t names_of(const struct hub_config *config, const char *names[NAMES_MAX_COUNT])
{
    size_t count = 0;
    add_once(names, &count, "localhost");
    add_once(names, &count, "127.0.0.1");
    if (is_host(config->name))
        add_once(names, &count, config->name);
    for (size_t i = 0; i < config->san_count; i++)
        add_once(names, &count, config->san[i]);
    for (size_t i = 0; i < config->device_count; i++)
        if (!is_any(config->device[i].address))
            add_once(names, &count, config->device[i].address);
    for (size_t i = 0; i < config->api_count; i++)
        if (!is_any(config->api[i].address))
            add_once(names, &count, config->api[i].address);
    return count;
}

bool place_certificate_names(X509 *certificate, const struct hub_config *config)
{
    const char *names[NAMES_MAX_COUNT];
    size_t count = names_of(config, names);
    for (size_t i = 0; i < count; i++)
        if ((is_address(names[i]) ? X509_check_ip_asc(certificate, names[i], 0) : X509_check_host(certificate, names[i], 0, 0, NULL)) != 1)
            return false;
    return true;
}

static bool add_name(GENERAL_NAMES *all, const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    if (!name)
        return false;
    if (is_address(text)) {
        ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
        if (address)
            GENERAL_NAME_set0_value(name, GEN_IPADD, address);
        if (address && sk_GENERAL_NAME_push(all, name) > 0)
            return true;
    } else {
        ASN1_IA5STRING *host = ASN1_IA5STRING_new();
        if (host && ASN1_STRING_set(host, text, -1) == 1) {
            GENERAL_NAME_set0_value(name, GEN_DNS, host);
            if (sk_GENERAL_NAME_push(all, name) > 0)
                return true;
        }
    }
    GENERAL_NAME_free(name);
    return false;
}

static bool add_names(X509 *certificate, const struct hub_config *config)
{
    const char *names[NAMES_MAX_COUNT];
    size_t count = names_of(config, names);
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    bool done = all != NULL;
    for (size_t i = 0; done && i < count; i++)
        done = add_name(all, names[i]);
    done = done && X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(all);
    return done;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool done = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

static bool set_serial(X509 *certificate)
{
    uint8_t number[16];
    if (RAND_bytes(number, sizeof number) != 1)
        return false;
    number[0] = (uint8_t)((number[0] & 0x7f) | 0x40);
    BIGNUM *big = BN_bin2bn(number, sizeof number, NULL);
    bool done = big && BN_to_ASN1_INTEGER(big, X509_get_serialNumber(certificate)) != NULL;
    BN_free(big);
    return done;
}

static bool fill(X509 *certificate, struct hub_place *place, const struct hub_config *config)
{
    time_t now = time(NULL);
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           ASN1_TIME_adj(X509_getm_notBefore(certificate), now, 0, -3600) && ASN1_TIME_adj(X509_getm_notAfter(certificate), now, PLACE_CERTIFICATE_DAYS, 0) &&
           X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8, (const unsigned char *)config->name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(place->ca)) == 1 && X509_set_pubkey(certificate, place->tls_key.pkey) == 1 &&
           add_extension(certificate, place->ca, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, place->ca, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, place->ca, NID_ext_key_usage, "serverAuth") &&
           add_extension(certificate, place->ca, NID_subject_key_identifier, "hash") &&
           add_extension(certificate, place->ca, NID_authority_key_identifier, "keyid:always") && add_names(certificate, config);
}

sec_status place_certificate_make(struct hub_place *place, const struct hub_config *config, struct sec_room to, size_t *ret_len)
{
    X509 *certificate = X509_new();
    sec_status status = sec_st(SEC_IO_FAILED);
    if (certificate && fill(certificate, place, config) && X509_sign(certificate, place->ca_key.pkey, place->openssl.sha256) > 0) {
        int len = i2d_X509(certificate, NULL);
        uint8_t *at = to.data;
        status = sec_st(len <= 0 ? SEC_IO_FAILED : (size_t)len > to.len ? SEC_ROOM_FULL : SEC_OK);
        if (sec_ok(status))
            *ret_len = (size_t)i2d_X509(certificate, &at);
    }
    X509_free(certificate);
    ERR_clear_error();
    return status;
}
