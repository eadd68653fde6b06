/* SPDX-License-Identifier: Apache-2.0 */
#include "openssl_crypto.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

#define DERIVE_MAX_BYTES (255u * 32u)

/* libcrypto's errors say nothing that our status does not; a queue that grows would be misread by TLS code later. */
static sec_status answer(enum sec_status_code code)
{
    if (code != SEC_OK)
        ERR_clear_error();
    return sec_st(code);
}

/* A place to point to for empty input: several functions take null for "not given". */
static const uint8_t *never_null(const uint8_t *data)
{
    static const uint8_t nothing[1] = {0};
    return data ? data : nothing;
}

/* --- hashing ------------------------------------------------------------- */

static sec_status digest(void *ctx, const struct sec_bytes *parts, size_t parts_count, struct sec_digest *ret_digest)
{
    struct sec_openssl *openssl = ctx;
    bool done = EVP_DigestInit_ex2(openssl->md, openssl->sha256, NULL) == 1;
    for (size_t i = 0; done && i < parts_count; i++)
        done = parts[i].len == 0 || EVP_DigestUpdate(openssl->md, parts[i].data, parts[i].len) == 1;
    struct sec_digest made;
    if (!done || EVP_DigestFinal_ex(openssl->md, made.b, NULL) != 1)
        return answer(SEC_IO_FAILED);
    *ret_digest = made;
    return sec_st(SEC_OK);
}

/* --- public keys --------------------------------------------------------- */

static EVP_PKEY *key_of_point(const struct sec_public_key *key)
{
    char group[] = "prime256v1";
    uint8_t point[65] = {POINT_CONVERSION_UNCOMPRESSED};
    sec_copy(&point[1], key->x, sizeof key->x);
    sec_copy(&point[33], key->y, sizeof key->y);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (maker && EVP_PKEY_fromdata_init(maker) == 1)
        (void)EVP_PKEY_fromdata(maker, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    EVP_PKEY_CTX_free(maker);
    return pkey;
}

sec_status sec_openssl_key_make(const struct sec_public_key *key, EVP_PKEY **ret_pkey)
{
    EVP_PKEY *pkey = NULL;
    if (key->type == SEC_KEY_P256)
        pkey = key_of_point(key);
    else if (key->type == SEC_KEY_ED25519)
        pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, key->x, sizeof key->x);
    else
        return sec_st(SEC_UNSUPPORTED);
    if (!pkey)
        return answer(SEC_BAD_KEY);
    *ret_pkey = pkey;
    return sec_st(SEC_OK);
}

static bool coordinate(const EVP_PKEY *pkey, const char *name, uint8_t *to)
{
    BIGNUM *number = NULL;
    bool done = EVP_PKEY_get_bn_param(pkey, name, &number) == 1 && BN_bn2binpad(number, to, 32) == 32;
    BN_free(number);
    return done;
}

sec_status sec_openssl_key_read(const EVP_PKEY *pkey, struct sec_public_key *ret_key)
{
    struct sec_public_key key = {0};
    char group[32] = "";
    size_t len = sizeof key.x;
    bool done = false;
    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        key.type = SEC_KEY_ED25519;
        done = EVP_PKEY_get_raw_public_key(pkey, key.x, &len) == 1 && len == sizeof key.x;
    } else if (EVP_PKEY_is_a(pkey, "EC") && EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1 &&
               strcmp(group, "prime256v1") == 0) {
        key.type = SEC_KEY_P256;
        done = coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_X, key.x) && coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, key.y);
    }
    if (!done)
        return answer(SEC_UNSUPPORTED);
    *ret_key = key;
    return sec_st(SEC_OK);
}

static void key_forget(struct sec_openssl_key *entry)
{
    EVP_PKEY_CTX_free(entry->verify);
    EVP_PKEY_free(entry->pkey);
    *entry = (struct sec_openssl_key){0};
}

static sec_status key_prepare(struct sec_openssl_key *entry, const struct sec_public_key *key)
{
    SEC_TRY(sec_openssl_key_make(key, &entry->pkey));
    entry->key = *key;
    if (key->type == SEC_KEY_ED25519)
        return sec_st(SEC_OK);
    entry->verify = EVP_PKEY_CTX_new_from_pkey(NULL, entry->pkey, NULL);
    if (!entry->verify || EVP_PKEY_verify_init(entry->verify) != 1) {
        key_forget(entry);
        return answer(SEC_BAD_KEY);
    }
    return sec_st(SEC_OK);
}

/* The places that a key may have. A point's last bytes are as good as a hash. */
static struct sec_openssl_key *places_of(struct sec_openssl *openssl, const struct sec_public_key *key)
{
    if (!openssl->more)
        return openssl->first;
    size_t set = ((size_t)key->x[sizeof key->x - 2] << 8 | key->x[sizeof key->x - 1]) % openssl->sets_count;
    return &openssl->more[set * SEC_OPENSSL_KEYS_COUNT];
}

/* The key's prepared form; the one not used for longest makes room for a new one. */
static sec_status key_get(struct sec_openssl *openssl, const struct sec_public_key *key,
                          struct sec_openssl_key **ret_entry)
{
    struct sec_openssl_key *places = places_of(openssl, key), *oldest = places;
    for (size_t i = 0; i < SEC_OPENSSL_KEYS_COUNT; i++) {
        struct sec_openssl_key *entry = &places[i];
        if (entry->used != 0 && sec_key_equal(&entry->key, key)) {
            entry->used = ++openssl->tick;
            *ret_entry = entry;
            return sec_st(SEC_OK);
        }
        if (entry->used < oldest->used)
            oldest = entry;
    }
    key_forget(oldest);
    SEC_TRY(key_prepare(oldest, key));
    oldest->used = ++openssl->tick;
    *ret_entry = oldest;
    return sec_st(SEC_OK);
}

/* --- verifying ----------------------------------------------------------- */

/* DER of {r, s}: what libcrypto calls an ECDSA signature. At most 72 bytes. */
static void der_integer(struct sec_wr *wr, struct sec_bytes number)
{
    size_t skip = 0;
    while (skip + 1 < number.len && number.data[skip] == 0)
        skip++;
    struct sec_bytes bytes = sec_bytes_part(number, skip, number.len);
    bool padded = (bytes.data[0] & 0x80) != 0;
    sec_wr_u8(wr, 0x02);
    sec_wr_u8(wr, (uint8_t)(bytes.len + (padded ? 1 : 0)));
    if (padded)
        sec_wr_u8(wr, 0);
    sec_wr_bytes(wr, bytes);
}

static size_t der_of_signature(struct sec_bytes raw, struct sec_room to)
{
    struct sec_wr wr = sec_wr(to);
    sec_wr_u16(&wr, 0x3000);
    der_integer(&wr, sec_bytes_part(raw, 0, 32));
    der_integer(&wr, sec_bytes_part(raw, 32, 32));
    to.data[1] = (uint8_t)(wr.len - 2);
    return wr.len;
}

static sec_status verify_p256(struct sec_openssl *openssl, const struct sec_openssl_key *entry,
                              const struct sec_bytes *parts, size_t parts_count, struct sec_bytes signature)
{
    struct sec_digest hash;
    uint8_t der[72];
    SEC_TRY(digest(openssl, parts, parts_count, &hash));
    size_t len = der_of_signature(signature, SEC_ROOM(der));
    if (EVP_PKEY_verify(entry->verify, der, len, hash.b, sizeof hash.b) != 1)
        return answer(SEC_BAD_SIGNATURE);
    return sec_st(SEC_OK);
}

sec_status sec_openssl_join(const struct sec_bytes *parts, size_t parts_count, uint8_t **ret_data, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < parts_count; i++) {
        if (parts[i].len > SEC_OPENSSL_MESSAGE_MAX_BYTES - len)
            return sec_st(SEC_TOO_LARGE);
        len += parts[i].len;
    }
    uint8_t *data = OPENSSL_malloc(len + 1);
    if (!data)
        return answer(SEC_IO_FAILED);
    struct sec_wr wr = sec_wr(sec_room(data, len));
    for (size_t i = 0; i < parts_count; i++)
        sec_wr_bytes(&wr, parts[i]);
    *ret_data = data;
    *ret_len = len;
    return sec_st(SEC_OK);
}

static sec_status verify_ed25519(struct sec_openssl *openssl, const struct sec_openssl_key *entry,
                                 const struct sec_bytes *parts, size_t parts_count, struct sec_bytes signature)
{
    uint8_t *data = NULL;
    size_t len = 0;
    SEC_TRY(sec_openssl_join(parts, parts_count, &data, &len));
    bool valid = EVP_DigestVerifyInit_ex(openssl->ed25519, NULL, NULL, NULL, NULL, entry->pkey, NULL) == 1 &&
                 EVP_DigestVerify(openssl->ed25519, signature.data, signature.len, data, len) == 1;
    (void)EVP_MD_CTX_reset(openssl->ed25519);
    OPENSSL_clear_free(data, len + 1);
    return answer(valid ? SEC_OK : SEC_BAD_SIGNATURE);
}

static sec_status verify(void *ctx, const struct sec_public_key *key, int64_t alg, const struct sec_bytes *parts,
                         size_t parts_count, struct sec_bytes signature)
{
    struct sec_openssl *openssl = ctx;
    struct sec_openssl_key *entry = NULL;
    if (!sec_key_accepts(key->type, alg))
        return sec_st(SEC_BAD_ALGORITHM);
    if (signature.len != 64)
        return sec_st(SEC_BAD_SIGNATURE);
    SEC_TRY(key_get(openssl, key, &entry));
    if (key->type == SEC_KEY_P256)
        return verify_p256(openssl, entry, parts, parts_count, signature);
    return verify_ed25519(openssl, entry, parts, parts_count, signature);
}

/* --- sealing ------------------------------------------------------------- */

static bool fits_int(size_t len)
{
    return len <= INT_MAX;
}

static bool gcm_seal(EVP_CIPHER_CTX *cipher, struct sec_bytes aad, struct sec_bytes plain, uint8_t *to)
{
    int n = 0;
    uint8_t none[SEC_AEAD_TAG_BYTES];
    if (aad.len > 0 && EVP_EncryptUpdate(cipher, NULL, &n, aad.data, (int)aad.len) != 1)
        return false;
    if (plain.len > 0 && EVP_EncryptUpdate(cipher, to, &n, plain.data, (int)plain.len) != 1)
        return false;
    return EVP_EncryptFinal_ex(cipher, none, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, SEC_AEAD_TAG_BYTES, &to[plain.len]) == 1;
}

static bool gcm_open(EVP_CIPHER_CTX *cipher, struct sec_bytes aad, struct sec_bytes encrypted, uint8_t *tag,
                     uint8_t *to)
{
    int n = 0;
    uint8_t none[SEC_AEAD_TAG_BYTES];
    if (aad.len > 0 && EVP_DecryptUpdate(cipher, NULL, &n, aad.data, (int)aad.len) != 1)
        return false;
    if (encrypted.len > 0 && EVP_DecryptUpdate(cipher, to, &n, encrypted.data, (int)encrypted.len) != 1)
        return false;
    return EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, SEC_AEAD_TAG_BYTES, tag) == 1 &&
           EVP_DecryptFinal_ex(cipher, none, &n) == 1;
}

static sec_status seal(void *ctx, const struct sec_aead_key *key, const struct sec_aead_nonce *nonce,
                       struct sec_bytes aad, struct sec_bytes plain, struct sec_room to, size_t *ret_len)
{
    struct sec_openssl *openssl = ctx;
    if (!fits_int(plain.len) || !fits_int(aad.len))
        return sec_st(SEC_BAD_ARGUMENT);
    if (to.len < SEC_AEAD_TAG_BYTES || to.len - SEC_AEAD_TAG_BYTES < plain.len)
        return sec_st(SEC_ROOM_FULL);
    bool done = EVP_EncryptInit_ex2(openssl->cipher, openssl->gcm, key->b, nonce->b, NULL) == 1 &&
                gcm_seal(openssl->cipher, aad, plain, to.data);
    (void)EVP_CIPHER_CTX_reset(openssl->cipher);
    if (!done) {
        sec_wipe(to.data, to.len);
        return answer(SEC_IO_FAILED);
    }
    *ret_len = plain.len + SEC_AEAD_TAG_BYTES;
    return sec_st(SEC_OK);
}

static sec_status open_sealed(void *ctx, const struct sec_aead_key *key, const struct sec_aead_nonce *nonce,
                              struct sec_bytes aad, struct sec_bytes sealed, struct sec_room to, size_t *ret_len)
{
    struct sec_openssl *openssl = ctx;
    uint8_t tag[SEC_AEAD_TAG_BYTES];
    if (!fits_int(sealed.len) || !fits_int(aad.len))
        return sec_st(SEC_BAD_ARGUMENT);
    if (sealed.len < sizeof tag) {
        sec_wipe(to.data, to.len);
        return sec_st(SEC_AEAD_FAILED);
    }
    struct sec_bytes encrypted = sec_bytes_part(sealed, 0, sealed.len - sizeof tag);
    if (to.len < encrypted.len)
        return sec_st(SEC_ROOM_FULL);
    sec_copy(tag, sec_bytes_part(sealed, encrypted.len, sizeof tag).data, sizeof tag);
    bool done = EVP_DecryptInit_ex2(openssl->cipher, openssl->gcm, key->b, nonce->b, NULL) == 1 &&
                gcm_open(openssl->cipher, aad, encrypted, tag, to.data);
    (void)EVP_CIPHER_CTX_reset(openssl->cipher);
    if (!done) {
        sec_wipe(to.data, to.len);
        return answer(SEC_AEAD_FAILED);
    }
    *ret_len = encrypted.len;
    return sec_st(SEC_OK);
}

/* --- derive and random --------------------------------------------------- */

static OSSL_PARAM octets(const char *name, struct sec_bytes bytes)
{
    union {
        const uint8_t *given;
        void *asked; /* a parameter that is only read, in a struct that has no word for it */
    } data = {never_null(bytes.data)};
    return OSSL_PARAM_construct_octet_string(name, data.asked, bytes.len);
}

static sec_status derive(void *ctx, struct sec_bytes secret, struct sec_bytes salt, struct sec_bytes info,
                         struct sec_room to)
{
    struct sec_openssl *openssl = ctx;
    char hash[] = "SHA256";
    if (to.len > DERIVE_MAX_BYTES)
        return sec_st(SEC_BAD_ARGUMENT);
    if (to.len == 0)
        return sec_st(SEC_OK);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
        octets(OSSL_KDF_PARAM_KEY, secret),
        octets(OSSL_KDF_PARAM_SALT, salt),
        octets(OSSL_KDF_PARAM_INFO, info),
        OSSL_PARAM_construct_end(),
    };
    bool done = EVP_KDF_derive(openssl->hkdf, to.data, to.len, params) == 1;
    EVP_KDF_CTX_reset(openssl->hkdf);
    return answer(done ? SEC_OK : SEC_IO_FAILED);
}

static sec_status random_fill(void *ctx, struct sec_room to)
{
    (void)ctx;
    if (!fits_int(to.len))
        return sec_st(SEC_BAD_ARGUMENT);
    /* Keys and nonces alike from the generator for private values: one rule, no harm. */
    bool done = to.len == 0 || RAND_priv_bytes(to.data, (int)to.len) == 1;
    return answer(done ? SEC_OK : SEC_IO_FAILED);
}

/* --- the port ------------------------------------------------------------ */

static bool fetch_all(struct sec_openssl *openssl)
{
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    openssl->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    openssl->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    openssl->md = EVP_MD_CTX_new();
    openssl->ed25519 = EVP_MD_CTX_new();
    openssl->cipher = EVP_CIPHER_CTX_new();
    openssl->hkdf = hkdf ? EVP_KDF_CTX_new(hkdf) : NULL;
    EVP_KDF_free(hkdf);
    return openssl->sha256 && openssl->gcm && openssl->md && openssl->ed25519 && openssl->cipher && openssl->hkdf;
}

void sec_openssl_untold(void)
{
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, NULL);
}

sec_status sec_openssl_init(struct sec_openssl *openssl)
{
    *openssl = (struct sec_openssl){0};
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 || !fetch_all(openssl)) {
        sec_openssl_done(openssl);
        return answer(SEC_IO_FAILED);
    }
    return answer(SEC_OK);
}

sec_status sec_openssl_keys_keep(struct sec_openssl *openssl, size_t sets_count)
{
    struct sec_openssl_key *more = OPENSSL_zalloc(sets_count * SEC_OPENSSL_KEYS_COUNT * sizeof *more);
    if (!more)
        return answer(SEC_IO_FAILED);
    openssl->more = more;
    openssl->sets_count = sets_count;
    return sec_st(SEC_OK);
}

void sec_openssl_done(struct sec_openssl *openssl)
{
    for (size_t i = 0; i < SEC_OPENSSL_KEYS_COUNT; i++)
        key_forget(&openssl->first[i]);
    for (size_t i = 0; i < openssl->sets_count * SEC_OPENSSL_KEYS_COUNT; i++)
        key_forget(&openssl->more[i]);
    OPENSSL_free(openssl->more);
    EVP_KDF_CTX_free(openssl->hkdf);
    EVP_CIPHER_CTX_free(openssl->cipher);
    EVP_CIPHER_free(openssl->gcm);
    EVP_MD_CTX_free(openssl->ed25519);
    EVP_MD_CTX_free(openssl->md);
    EVP_MD_free(openssl->sha256);
    *openssl = (struct sec_openssl){0};
}

struct sec_crypto sec_openssl_crypto(struct sec_openssl *openssl)
{
    return (struct sec_crypto){
        .ctx = openssl,
        .hasher = {openssl, digest},
        .verifier = {openssl, verify},
        .seal = seal,
        .open = open_sealed,
        .derive = derive,
        .random = random_fill,
    };
}
