/* SPDX-License-Identifier: Apache-2.0 */
#include "key_file.h"

#include "file_io.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

static sec_status answer(enum sec_status_code code)
{
    if (code != SEC_OK)
        ERR_clear_error();
    return sec_st(code);
}

/* Says no to an encrypted file instead of asking at the terminal; remembers that it was asked. */
static int no_password(char *buf, int size, int writing, void *ctx)
{
    bool *asked = ctx;
    (void)writing;
    if (size > 0)
        buf[0] = '\0';
    *asked = true;
    return -1;
}

/* Takes `pkey` over, freeing it when it is of no use here. */
static sec_status adopt(struct sec_private_key *private_key, struct sec_openssl *openssl, EVP_PKEY *pkey)
{
    *private_key = (struct sec_private_key){.openssl = openssl, .pkey = pkey};
    sec_status status = sec_openssl_key_read(pkey, &private_key->key);
    if (sec_ok(status) && private_key->key.type == SEC_KEY_P256) {
        private_key->sign = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
        if (!private_key->sign || EVP_PKEY_sign_init(private_key->sign) != 1)
            status = answer(SEC_IO_FAILED);
    }
    if (!sec_ok(status))
        sec_private_key_done(private_key);
    return status;
}

sec_status sec_private_key_generate(struct sec_private_key *private_key, struct sec_openssl *openssl,
                                    enum sec_key_type type)
{
    EVP_PKEY *pkey = NULL;
    *private_key = (struct sec_private_key){0};
    if (type == SEC_KEY_P256)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    else if (type == SEC_KEY_ED25519)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else
        return sec_st(SEC_UNSUPPORTED);
    return pkey ? adopt(private_key, openssl, pkey) : answer(SEC_IO_FAILED);
}

/* --- files --------------------------------------------------------------- */

static sec_status pem_parse_private(struct sec_private_key *private_key, struct sec_openssl *openssl,
                                    struct sec_bytes pem)
{
    bool asked = false;
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey_ex(bio, NULL, no_password, &asked, NULL, NULL) : NULL;
    BIO_free(bio);
    if (!pkey)
        return answer(asked ? SEC_UNSUPPORTED : SEC_MALFORMED);
    ERR_clear_error();
    return adopt(private_key, openssl, pkey);
}

sec_status sec_private_key_load(struct sec_private_key *private_key, struct sec_openssl *openssl, int dir_fd,
                                const char *name)
{
    uint8_t pem[SEC_PEM_MAX_BYTES];
    size_t len = 0;
    *private_key = (struct sec_private_key){0};
    sec_status status = sec_file_io_read(dir_fd, name, SEC_ROOM(pem), &len);
    if (sec_ok(status))
        status = pem_parse_private(private_key, openssl, sec_bytes(pem, len));
    sec_wipe(pem, sizeof pem);
    return status;
}

static sec_status create_of_bio(BIO *bio, int dir_fd, const char *name, mode_t mode)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    if (!data || len <= 0)
        return answer(SEC_IO_FAILED);
    return sec_file_io_create(dir_fd, name, mode, sec_bytes(data, (size_t)len));
}

sec_status sec_private_key_save(const struct sec_private_key *private_key, int dir_fd, const char *name)
{
    BIO *bio = BIO_new(BIO_s_secmem()); /* wipes what it held */
    sec_status status = sec_st(SEC_IO_FAILED);
    if (bio && PEM_write_bio_PKCS8PrivateKey(bio, private_key->pkey, NULL, NULL, 0, NULL, NULL) == 1)
        status = create_of_bio(bio, dir_fd, name, 0600);
    BIO_free(bio);
    ERR_clear_error();
    return status;
}

void sec_private_key_done(struct sec_private_key *private_key)
{
    EVP_PKEY_CTX_free(private_key->sign);
    EVP_PKEY_free(private_key->pkey);
    *private_key = (struct sec_private_key){0};
}

sec_status sec_public_key_parse(struct sec_bytes pem, struct sec_public_key *ret_key)
{
    bool asked = false;
    if (pem.len == 0 || pem.len > SEC_PEM_MAX_BYTES)
        return sec_st(pem.len == 0 ? SEC_MALFORMED : SEC_TOO_LARGE);
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY_ex(bio, NULL, no_password, &asked, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (!pkey)
        return sec_st(SEC_MALFORMED);
    sec_status status = sec_openssl_key_read(pkey, ret_key);
    EVP_PKEY_free(pkey);
    return status;
}

sec_status sec_public_key_load(int dir_fd, const char *name, struct sec_public_key *ret_key)
{
    uint8_t pem[SEC_PEM_MAX_BYTES];
    size_t len = 0;
    SEC_TRY(sec_file_io_read(dir_fd, name, SEC_ROOM(pem), &len));
    return sec_public_key_parse(sec_bytes(pem, len), ret_key);
}

sec_status sec_public_key_save(const struct sec_public_key *key, int dir_fd, const char *name)
{
    EVP_PKEY *pkey = NULL;
    SEC_TRY(sec_openssl_key_make(key, &pkey));
    BIO *bio = BIO_new(BIO_s_mem());
    sec_status status = sec_st(SEC_IO_FAILED);
    if (bio && PEM_write_bio_PUBKEY(bio, pkey) == 1)
        status = create_of_bio(bio, dir_fd, name, 0644);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return status;
}

/* --- signing ------------------------------------------------------------- */

/* Raw r and s of libcrypto's DER. */
static sec_status raw_of_der(const uint8_t *der, size_t len, struct sec_signature *ret_signature)
{
    struct sec_signature raw;
    const uint8_t *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool done = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw.b, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), &raw.b[32], 32) == 32;
    ECDSA_SIG_free(sig);
    if (!done)
        return answer(SEC_IO_FAILED);
    *ret_signature = raw;
    return sec_st(SEC_OK);
}

static sec_status sign_p256(void *ctx, const struct sec_bytes *parts, size_t parts_count,
                            struct sec_signature *ret_signature)
{
    const struct sec_private_key *private_key = ctx;
    struct sec_hasher hasher = sec_openssl_crypto(private_key->openssl).hasher;
    struct sec_digest hash;
    uint8_t der[80];
    size_t len = sizeof der;
    SEC_TRY(hasher.digest(hasher.ctx, parts, parts_count, &hash));
    if (EVP_PKEY_sign(private_key->sign, der, &len, hash.b, sizeof hash.b) != 1)
        return answer(SEC_IO_FAILED);
    return raw_of_der(der, len, ret_signature);
}

static sec_status sign_ed25519(void *ctx, const struct sec_bytes *parts, size_t parts_count,
                               struct sec_signature *ret_signature)
{
    const struct sec_private_key *private_key = ctx;
    struct sec_signature signature;
    size_t len = 0, signature_len = sizeof signature.b;
    uint8_t *data = NULL;
    SEC_TRY(sec_openssl_join(parts, parts_count, &data, &len));
    EVP_MD_CTX *md = private_key->openssl->ed25519;
    bool done = EVP_DigestSignInit_ex(md, NULL, NULL, NULL, NULL, private_key->pkey, NULL) == 1 &&
                EVP_DigestSign(md, signature.b, &signature_len, data, len) == 1;
    (void)EVP_MD_CTX_reset(md);
    OPENSSL_clear_free(data, len + 1);
    if (!done)
        return answer(SEC_IO_FAILED);
    *ret_signature = signature;
    return sec_st(SEC_OK);
}

struct sec_signer sec_private_key_signer(struct sec_private_key *private_key)
{
    return (struct sec_signer){private_key, private_key->key,
                               private_key->key.type == SEC_KEY_P256 ? sign_p256 : sign_ed25519};
}
