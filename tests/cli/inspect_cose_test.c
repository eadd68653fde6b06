/* SPDX-License-Identifier: Apache-2.0 */
/* inspect on others' COSE_Sign1 and COSE_Sign: algorithms and keys beyond a device's, headers, external data. */
#include "inspect.h"
#include "test.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

enum { MESSAGE_MAX_BYTES = 2048 };

struct algorithm {
    int64_t alg;
    const char *name;
    const char *curve; /* EC group, "ED25519", "ED448" or "RSA" */
    const char *hash;
};

static const struct algorithm algorithms[] = {
    {-7, "ES256", "P-256", "SHA256"},    {-9, "ESP256", "P-256", "SHA256"},  {-35, "ES384", "P-384", "SHA384"},
    {-51, "ESP384", "P-384", "SHA384"},  {-36, "ES512", "P-521", "SHA512"},  {-52, "ESP512", "P-521", "SHA512"},
    {-36, "ES512", "P-256", "SHA512"},   {-8, "EdDSA", "ED25519", NULL},     {-19, "Ed25519", "ED25519", NULL},
    {-8, "EdDSA", "ED448", NULL},        {-53, "Ed448", "ED448", NULL},      {-37, "PS256", "RSA", "SHA256"},
};

static EVP_PKEY *make_key(const char *curve)
{
    EVP_PKEY *key;
    if (strcmp(curve, "RSA") == 0)
        key = EVP_RSA_gen(2048);
    else if (curve[0] == 'E')
        key = EVP_PKEY_Q_keygen(NULL, NULL, curve);
    else
        key = EVP_EC_gen(curve);
    CHECK(key);
    return key;
}

/* r and s side by side. */
static size_t raw_of_der(EVP_PKEY *key, const uint8_t *der, size_t der_len, uint8_t *raw)
{
    int half = (EVP_PKEY_get_bits(key) + 7) / 8;
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)der_len);
    CHECK(parts);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(parts), raw, half) == half);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(parts), &raw[half], half) == half);
    ECDSA_SIG_free(parts);
    return 2 * (size_t)half;
}

static size_t sign(EVP_PKEY *key, const char *hash, struct sec_bytes tbs, uint8_t *signature)
{
    static uint8_t made[1024];
    size_t len = sizeof made;
    EVP_PKEY_CTX *ctx = NULL;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    CHECK(EVP_DigestSignInit_ex(md, &ctx, hash, NULL, NULL, key, NULL) == 1);
    if (EVP_PKEY_is_a(key, "RSA")) {
        CHECK(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1);
        CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    CHECK(EVP_DigestSign(md, made, &len, tbs.data, tbs.len) == 1);
    EVP_MD_CTX_free(md);
    if (EVP_PKEY_is_a(key, "EC"))
        return raw_of_der(key, made, len, signature);
    CHECK(sec_bytes_copy(sec_room(signature, 1024), sec_bytes(made, len)));
    return len;
}

static struct sec_bytes header_of(int64_t alg, uint8_t room[16])
{
    struct sec_wr wr = sec_wr(sec_room(room, 16));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_int(&wr, 1);
    sec_cbor_put_int(&wr, alg);
    return sec_wr_done(&wr);
}

/* [context, body, (signer,) aad, payload] */
static struct sec_bytes tbs_of(const char *context, struct sec_bytes body, const struct sec_bytes *signer,
                               struct sec_bytes aad, struct sec_bytes payload, uint8_t *room)
{
    struct sec_wr wr = sec_wr(sec_room(room, MESSAGE_MAX_BYTES));
    sec_cbor_put_array(&wr, signer ? 5 : 4);
    sec_cbor_put_tstr(&wr, sec_bytes_of_str(context));
    sec_cbor_put_bstr(&wr, body);
    if (signer)
        sec_cbor_put_bstr(&wr, *signer);
    sec_cbor_put_bstr(&wr, aad);
    sec_cbor_put_bstr(&wr, payload);
    return sec_wr_done(&wr);
}

static struct sec_bytes make_sign1(const struct algorithm *algorithm, EVP_PKEY *key, struct sec_bytes aad, uint8_t *room)
{
    static uint8_t tbs[MESSAGE_MAX_BYTES], signature[1024], header[16];
    struct sec_bytes body = header_of(algorithm->alg, header);
    struct sec_bytes payload = SEC_LIT("content");
    size_t len = sign(key, algorithm->hash, tbs_of("Signature1", body, NULL, aad, payload, tbs), signature);
    struct sec_wr wr = sec_wr(sec_room(room, MESSAGE_MAX_BYTES));
    sec_cbor_put_tag(&wr, 18);
    sec_cbor_put_array(&wr, 4);
    sec_cbor_put_bstr(&wr, body);
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_int(&wr, 4);
    sec_cbor_put_bstr(&wr, SEC_LIT("11"));
    sec_cbor_put_bstr(&wr, payload);
    sec_cbor_put_bstr(&wr, sec_bytes(signature, len));
    return sec_wr_done(&wr);
}

/* A COSE_Sign whose one signer's key is `key`. */
static struct sec_bytes make_sign(const struct algorithm *algorithm, EVP_PKEY *key, struct sec_bytes aad, uint8_t *room)
{
    static uint8_t tbs[MESSAGE_MAX_BYTES], signature[1024], header[16];
    struct sec_bytes signer = header_of(algorithm->alg, header);
    struct sec_bytes body = {NULL, 0}, payload = SEC_LIT("content");
    size_t len = sign(key, algorithm->hash, tbs_of("Signature", body, &signer, aad, payload, tbs), signature);
    struct sec_wr wr = sec_wr(sec_room(room, MESSAGE_MAX_BYTES));
    sec_cbor_put_tag(&wr, 98);
    sec_cbor_put_array(&wr, 4);
    sec_cbor_put_bstr(&wr, body);
    sec_cbor_put_map(&wr, 0);
    sec_cbor_put_bstr(&wr, payload);
    sec_cbor_put_array(&wr, 1);
    sec_cbor_put_array(&wr, 3);
    sec_cbor_put_bstr(&wr, signer);
    sec_cbor_put_map(&wr, 0);
    sec_cbor_put_bstr(&wr, sec_bytes(signature, len));
    return sec_wr_done(&wr);
}

static char said_alg[32], said_kind[32], said_signature[16];

static bool look(EVP_PKEY *key, struct sec_bytes aad, struct sec_bytes message)
{
    struct trust trust = {.keys = {key}, .count = key ? 1 : 0};
    bool good = false;
    cJSON *json = inspect_bytes(&trust, aad, message, &good);
    const cJSON *alg = cJSON_GetObjectItemCaseSensitive(json, "alg");
    snprintf(said_alg, sizeof said_alg, "%s", cJSON_IsString(alg) ? alg->valuestring : "");
    snprintf(said_kind, sizeof said_kind, "%s", cJSON_GetObjectItemCaseSensitive(json, "kind")->valuestring);
    snprintf(said_signature, sizeof said_signature, "%s",
             cJSON_GetObjectItemCaseSensitive(json, "signature")->valuestring);
    cJSON_Delete(json);
    return good;
}

static void check_kind(const char *kind,
                       struct sec_bytes (*make)(const struct algorithm *, EVP_PKEY *, struct sec_bytes, uint8_t *))
{
    static uint8_t room[MESSAGE_MAX_BYTES];
    const struct sec_bytes none = {NULL, 0}, aad = SEC_LIT("aad");
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        EVP_PKEY *key = make_key(algorithms[i].curve), *other = make_key(algorithms[i].curve);
        struct sec_bytes message = make(&algorithms[i], key, aad, room);
        CHECK(look(key, aad, message));
        CHECK(strcmp(said_alg, algorithms[i].name) == 0);
        CHECK(strcmp(said_kind, kind) == 0);
        CHECK(strcmp(said_signature, "valid") == 0);
        CHECK(!look(key, none, message));
        CHECK(strcmp(said_signature, "invalid") == 0);
        CHECK(!look(other, aad, message));
        CHECK(strcmp(said_signature, "invalid") == 0);
        CHECK(look(NULL, aad, message));
        CHECK(strcmp(said_signature, "unchecked") == 0);
        room[message.len - 1] ^= 1;
        CHECK(!look(key, aad, message));
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
    }
}

static void signatures_of_one_signer_are_checked(void)
{
    check_kind("cose-sign1", make_sign1);
}

static void signatures_of_several_signers_are_checked(void)
{
    check_kind("cose-sign", make_sign);
}

static void a_fixed_curve_is_kept(void)
{
    static uint8_t room[MESSAGE_MAX_BYTES];
    const struct sec_bytes none = {NULL, 0};
    const struct algorithm lie = {-9, "ESP256", "P-384", "SHA256"};
    EVP_PKEY *key = make_key(lie.curve);
    CHECK(!look(key, none, make_sign1(&lie, key, none, room)));
    CHECK(strcmp(said_signature, "invalid") == 0);
    EVP_PKEY_free(key);
}

static void an_algorithm_unknown_to_us_is_unchecked(void)
{
    static uint8_t room[MESSAGE_MAX_BYTES];
    const struct sec_bytes none = {NULL, 0};
    const struct algorithm unknown = {-999, "", "P-256", "SHA256"};
    EVP_PKEY *key = make_key(unknown.curve);
    struct sec_bytes message = make_sign1(&unknown, key, none, room);
    CHECK(!look(key, none, message));
    CHECK(strcmp(said_signature, "unchecked") == 0);
    CHECK(look(NULL, none, message));
    EVP_PKEY_free(key);
}

/* Checks the error that inspect gives for a message in hex; "" for none. */
static void check_error(const char *hex, const char *want)
{
    static uint8_t room[256];
    const struct trust nobody = {.count = 0};
    size_t len;
    bool good = false;
    CHECK_OK(sec_hex_parse(sec_bytes_of_str(hex), sec_room(room, strlen(hex) / 2), &len));
    cJSON *json = inspect_bytes(&nobody, (struct sec_bytes){NULL, 0}, sec_bytes(room, len), &good);
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(json, "error");
    char got[64];
    snprintf(got, sizeof got, "%s", cJSON_IsString(error) ? error->valuestring : "");
    cJSON_Delete(json);
    if (strcmp(got, want) != 0)
        printf("error \"%s\", want \"%s\"\n", got, want);
    CHECK(strcmp(got, want) == 0 && good == (want[0] == 0));
}

static void a_critical_header_unknown_to_us_is_refused(void)
{
    /* {1: -7, 2: [65535], 65535: 0} */
    const char *critical = "a30126028119ffff19ffff00";
    char hex[256];
    check_error("d28443a10126a041614101", "");
    snprintf(hex, sizeof hex, "d2844c%sa041614101", critical);
    check_error(hex, "unsupported");
    check_error("d86284" "40a04161" "8183" "43a10126" "a0" "4101", "");
    snprintf(hex, sizeof hex, "d862844c%sa04161818343a10126a04101", critical);
    check_error(hex, "unsupported");
    snprintf(hex, sizeof hex, "d8628440a0416181834c%sa04101", critical);
    check_error(hex, "unsupported");
}

static void shapes_that_are_no_message_are_refused(void)
{
    check_error("d28443a10126a04161", "truncated");               /* three elements */
    check_error("d28443a10126a0f741aa", "unexpected-type");       /* payload undefined */
    check_error("d86284" "40a04161" "80", "malformed");           /* no signer */
    check_error("d18443a10105a041614101", "malformed");           /* a MAC as a file */
    check_error("d28444a1012601a041614101", "leftover");          /* bytes behind the protected map */
}

static const struct test tests[] = {
    TEST(signatures_of_one_signer_are_checked),
    TEST(signatures_of_several_signers_are_checked),
    TEST(a_fixed_curve_is_kept),
    TEST(an_algorithm_unknown_to_us_is_unchecked),
    TEST(a_critical_header_unknown_to_us_is_refused),
    TEST(shapes_that_are_no_message_are_refused),
};
TEST_MAIN(tests)
