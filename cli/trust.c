/* SPDX-License-Identifier: Apache-2.0 */
#include "trust.h"

#include "openssl_crypto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

enum scheme {
    SCHEME_NAME_ONLY, /* known by name, not checked */
    SCHEME_ECDSA,
    SCHEME_EDDSA,
    SCHEME_PSS,
};

struct algorithm {
    int64_t alg;
    const char *name;
    enum scheme scheme;
    const char *hash;
    const char *key; /* curve or key type that the algorithm fixes; null: the key's own */
};

/* The COSE Algorithms registry, as far as signed messages meet it. */
static const struct algorithm algorithms[] = {
    {-7, "ES256", SCHEME_ECDSA, "SHA256", NULL},
    {-8, "EdDSA", SCHEME_EDDSA, NULL, NULL},
    {-9, "ESP256", SCHEME_ECDSA, "SHA256", "prime256v1"},
    {-19, "Ed25519", SCHEME_EDDSA, NULL, "ED25519"},
    {-35, "ES384", SCHEME_ECDSA, "SHA384", NULL},
    {-36, "ES512", SCHEME_ECDSA, "SHA512", NULL},
    {-37, "PS256", SCHEME_PSS, "SHA256", NULL},
    {-38, "PS384", SCHEME_PSS, "SHA384", NULL},
    {-39, "PS512", SCHEME_PSS, "SHA512", NULL},
    {-47, "ES256K", SCHEME_ECDSA, "SHA256", "secp256k1"},
    {-51, "ESP384", SCHEME_ECDSA, "SHA384", "secp384r1"},
    {-52, "ESP512", SCHEME_ECDSA, "SHA512", "secp521r1"},
    {-53, "Ed448", SCHEME_EDDSA, NULL, "ED448"},
    {4, "HMAC 256/64", SCHEME_NAME_ONLY, NULL, NULL},
    {5, "HMAC 256/256", SCHEME_NAME_ONLY, NULL, NULL},
    {6, "HMAC 384/384", SCHEME_NAME_ONLY, NULL, NULL},
    {7, "HMAC 512/512", SCHEME_NAME_ONLY, NULL, NULL},
    {-46, "HSS-LMS", SCHEME_NAME_ONLY, NULL, NULL},
    {-48, "ML-DSA-44", SCHEME_NAME_ONLY, NULL, NULL},
    {-49, "ML-DSA-65", SCHEME_NAME_ONLY, NULL, NULL},
    {-50, "ML-DSA-87", SCHEME_NAME_ONLY, NULL, NULL},
    {-257, "RS256", SCHEME_NAME_ONLY, NULL, NULL},
    {-258, "RS384", SCHEME_NAME_ONLY, NULL, NULL},
    {-259, "RS512", SCHEME_NAME_ONLY, NULL, NULL},
};

static const struct algorithm *find_algorithm(int64_t alg)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
        if (algorithms[i].alg == alg)
            return &algorithms[i];
    return NULL;
}

const char *trust_alg_name(int64_t alg)
{
    const struct algorithm *found = find_algorithm(alg);
    return found ? found->name : NULL;
}

const char *trust_word(enum trust_verdict verdict)
{
    switch (verdict) {
    case TRUST_VALID:
        return "valid";
    case TRUST_INVALID:
        return "invalid";
    case TRUST_UNCHECKED:
        return "unchecked";
    case TRUST_NONE:
        break;
    }
    return "none";
}

static sec_status trust_add(struct trust *trust, EVP_PKEY *key)
{
    if (trust->count == TRUST_KEYS_MAX_COUNT) {
        EVP_PKEY_free(key);
        return sec_st(SEC_TABLE_FULL);
    }
    trust->keys[trust->count++] = key;
    return sec_st(SEC_OK);
}

sec_status trust_add_file(struct trust *trust, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return sec_st(errno == ENOENT ? SEC_NOT_FOUND : SEC_IO_FAILED);
    EVP_PKEY *key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
    fclose(file);
    ERR_clear_error();
    return key ? trust_add(trust, key) : sec_st(SEC_MALFORMED);
}

/* COSE_Key of kty, crv, x and y; its other members (kid, alg, key_ops) do not change the key. */
static sec_status read_cose_key(struct sec_bytes cose_key, struct sec_public_key *ret_key)
{
    struct sec_cbor rd = sec_cbor(cose_key);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    struct sec_public_key key = {0};
    int64_t kty = 0, crv = 0;
    for (int64_t label; sec_cbor_map_next(&walk, &label);) {
        if (label == 1)
            kty = sec_cbor_int(&rd);
        else if (label == -1)
            crv = sec_cbor_int(&rd);
        else if (label == -2)
            sec_cbor_bstr_into(&rd, SEC_ROOM(key.x));
        else if (label == -3 && sec_cbor_peek(&rd) == SEC_CBOR_BSTR)
            sec_cbor_bstr_into(&rd, SEC_ROOM(key.y));
        else
            (void)sec_cbor_item(&rd);
    }
    SEC_TRY(sec_cbor_end(&rd));
    bool p256 = kty == 2 && crv == 1;
    bool ed25519 = kty == 1 && crv == 6;
    if (!p256 && !ed25519)
        return sec_st(SEC_UNSUPPORTED);
    key.type = p256 ? SEC_KEY_P256 : SEC_KEY_ED25519;
    *ret_key = key;
    return sec_st(SEC_OK);
}

sec_status trust_add_cose_key(struct trust *trust, struct sec_bytes cose_key)
{
    struct sec_public_key key;
    EVP_PKEY *pkey;
    SEC_TRY(read_cose_key(cose_key, &key));
    SEC_TRY(sec_openssl_key_make(&key, &pkey));
    return trust_add(trust, pkey);
}

void trust_done(struct trust *trust)
{
    for (size_t i = 0; i < trust->count; i++)
        EVP_PKEY_free(trust->keys[i]);
    trust->count = 0;
}

static bool key_fits(const struct algorithm *algorithm, EVP_PKEY *key)
{
    char curve[64] = "";
    switch (algorithm->scheme) {
    case SCHEME_ECDSA:
        if (!EVP_PKEY_is_a(key, "EC") || !EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL))
            return false;
        return !algorithm->key || strcmp(curve, algorithm->key) == 0;
    case SCHEME_EDDSA:
        if (algorithm->key)
            return EVP_PKEY_is_a(key, algorithm->key);
        return EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");
    case SCHEME_PSS:
        return EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS");
    case SCHEME_NAME_ONLY:
        break;
    }
    return false;
}

/* COSE gives r and s side by side, libcrypto wants DER. Gives the length, and bytes to free; 0 when the length is wrong. */
static int der_of_raw(EVP_PKEY *key, struct sec_bytes raw, unsigned char **ret_der)
{
    size_t half = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
    if (raw.len != 2 * half)
        return 0;
    ECDSA_SIG *parts = ECDSA_SIG_new();
    struct sec_bytes s_bytes = sec_bytes_part(raw, half, half);
    BIGNUM *r = BN_bin2bn(raw.data, (int)half, NULL);
    BIGNUM *s = BN_bin2bn(s_bytes.data, (int)half, NULL);
    if (!parts || !r || !s || !ECDSA_SIG_set0(parts, r, s)) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(parts);
        return 0;
    }
    *ret_der = NULL;
    int len = i2d_ECDSA_SIG(parts, ret_der);
    ECDSA_SIG_free(parts);
    return len > 0 ? len : 0;
}

static bool verify_raw(const struct algorithm *algorithm, EVP_PKEY *key, struct sec_bytes tbs, const uint8_t *signature,
                       size_t signature_len)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx = NULL;
    bool good = md && EVP_DigestVerifyInit_ex(md, &ctx, algorithm->hash, NULL, NULL, key, NULL) == 1;
    if (good && algorithm->scheme == SCHEME_PSS)
        good = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good && EVP_DigestVerify(md, signature, signature_len, tbs.data, tbs.len) == 1;
    EVP_MD_CTX_free(md);
    ERR_clear_error();
    return good;
}

static bool verify_one(const struct algorithm *algorithm, EVP_PKEY *key, struct sec_bytes tbs, struct sec_bytes signature)
{
    if (algorithm->scheme != SCHEME_ECDSA)
        return verify_raw(algorithm, key, tbs, signature.data, signature.len);
    unsigned char *der = NULL;
    int der_len = der_of_raw(key, signature, &der);
    bool good = der_len > 0 && verify_raw(algorithm, key, tbs, der, (size_t)der_len);
    OPENSSL_free(der);
    return good;
}

enum trust_verdict trust_verify(const struct trust *trust, int64_t alg, struct sec_bytes tbs, struct sec_bytes signature)
{
    const struct algorithm *algorithm = find_algorithm(alg);
    if (trust->count == 0 || !algorithm || algorithm->scheme == SCHEME_NAME_ONLY)
        return TRUST_UNCHECKED;
    for (size_t i = 0; i < trust->count; i++)
        if (key_fits(algorithm, trust->keys[i]) && verify_one(algorithm, trust->keys[i], tbs, signature))
            return TRUST_VALID;
    return TRUST_INVALID;
}

static sec_status hash_parts(void *ctx, const struct sec_bytes *parts, size_t parts_count, struct sec_digest *ret_digest)
{
    (void)ctx;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool good = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; good && i < parts_count; i++)
        good = EVP_DigestUpdate(md, parts[i].data, parts[i].len) == 1;
    good = good && EVP_DigestFinal_ex(md, ret_digest->b, NULL) == 1;
    EVP_MD_CTX_free(md);
    return sec_st(good ? SEC_OK : SEC_IO_FAILED);
}

bool trust_key_id(const struct trust *trust, size_t index, struct sec_key_id *ret_id)
{
    const struct sec_hasher hasher = {NULL, hash_parts};
    struct sec_public_key key;
    return index < trust->count && sec_ok(sec_openssl_key_read(trust->keys[index], &key)) &&
           sec_ok(sec_key_id_of(&key, &hasher, ret_id));
}
