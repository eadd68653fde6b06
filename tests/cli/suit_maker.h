/* SPDX-License-Identifier: Apache-2.0 */
/* Makes SUIT envelopes of others' shapes, really signed, for inspect's tests. */
#ifndef SUIT_MAKER_H
#define SUIT_MAKER_H

#include "inspect.h"
#include "key_file.h"
#include "test.h"

#include <securable/suit.h>

enum { MAKER_MAX_BYTES = 16384 };

struct made {
    uint8_t data[MAKER_MAX_BYTES];
    struct sec_wr wr;
};

static struct sec_openssl maker_openssl;
static struct sec_crypto maker_crypto;

static void made_begin(struct made *made)
{
    made->wr = sec_wr(SEC_ROOM(made->data));
}

static struct sec_bytes made_bytes(const struct made *made)
{
    CHECK(!made->wr.bad);
    return sec_wr_done(&made->wr);
}

static void maker_start(void)
{
    static bool started;
    if (started)
        return;
    CHECK_OK(sec_openssl_init(&maker_openssl));
    maker_crypto = sec_openssl_crypto(&maker_openssl);
    started = true;
}

static void maker_key(struct sec_private_key *key, enum sec_key_type type)
{
    maker_start();
    CHECK_OK(sec_private_key_generate(key, &maker_openssl, type));
}

static void maker_trust(struct trust *trust, const struct sec_private_key *key)
{
    uint8_t data[128];
    struct sec_wr wr = sec_wr(SEC_ROOM(data));
    sec_key_encode(&key->key, &wr);
    CHECK_OK(trust_add_cose_key(trust, sec_wr_done(&wr)));
}

/* [-16, SHA-256(bytes)] */
static void put_digest(struct sec_wr *wr, struct sec_bytes bytes)
{
    struct sec_digest digest;
    CHECK_OK(maker_crypto.hasher.digest(maker_crypto.hasher.ctx, &bytes, 1, &digest));
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_int(wr, SEC_SUIT_SHA256);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&digest));
}

/* A digest over content with the head of its byte string. */
static void put_digest_wrapped(struct sec_wr *wr, struct sec_bytes content)
{
    static uint8_t room[MAKER_MAX_BYTES];
    struct sec_wr wrapped = sec_wr(SEC_ROOM(room));
    sec_cbor_put_bstr(&wrapped, content);
    CHECK(!wrapped.bad);
    put_digest(wr, sec_wr_done(&wrapped));
}

/* A COSE_Sign1 with the given headers. `payload` null data: detached, signing `detached`. */
static void put_sign1(struct sec_wr *wr, struct sec_private_key *key, struct sec_bytes unprotected,
                      struct sec_bytes payload, struct sec_bytes detached)
{
    uint8_t protected_room[16];
    struct sec_wr header = sec_wr(SEC_ROOM(protected_room));
    sec_cbor_put_map(&header, 1);
    sec_cbor_put_int(&header, SEC_COSE_HEADER_ALG);
    sec_cbor_put_int(&header, sec_key_alg(key->key.type));

    struct sec_cose_tbs tbs;
    struct sec_bytes parts[SEC_COSE_TBS_PARTS];
    struct sec_signature signature;
    struct sec_signer signer = sec_private_key_signer(key);
    sec_cose_tbs_init(&tbs, sec_wr_done(&header), (struct sec_bytes){NULL, 0}, payload.data ? payload : detached);
    CHECK_OK(signer.sign(signer.ctx, parts, sec_cose_tbs_parts(&tbs, parts), &signature));

    sec_cbor_put_tag(wr, SEC_COSE_TAG_SIGN1);
    sec_cbor_put_array(wr, 4);
    sec_cbor_put_bstr(wr, sec_wr_done(&header));
    sec_wr_bytes(wr, unprotected);
    if (payload.data)
        sec_cbor_put_bstr(wr, payload);
    else
        sec_cbor_put_null(wr);
    sec_cbor_put_bstr(wr, SEC_BYTES(signature.b));
}

/* What comes before the manifest in an envelope's map: the wrapper with one block, or two. */
struct maker_auth {
    struct sec_private_key *key; /* null: no such block */
    struct sec_private_key *second;
    struct sec_bytes unprotected; /* empty: {} */
    bool mac;                     /* a COSE_Mac0 block that nobody here can check */
};

static void put_mac0(struct sec_wr *wr)
{
    static const uint8_t header[] = {0xa1, 0x01, 0x05};
    static const uint8_t tag[32] = {1};
    sec_cbor_put_tag(wr, 17);
    sec_cbor_put_array(wr, 4);
    sec_cbor_put_bstr(wr, SEC_BYTES(header));
    sec_cbor_put_map(wr, 0);
    sec_cbor_put_null(wr);
    sec_cbor_put_bstr(wr, SEC_BYTES(tag));
}

static void put_block(struct sec_wr *wr, struct sec_private_key *key, struct sec_bytes unprotected,
                      struct sec_bytes signed_bytes)
{
    static const uint8_t empty[] = {0xa0};
    size_t mark = sec_cbor_put_bstr_begin(wr);
    put_sign1(wr, key, unprotected.data ? unprotected : SEC_BYTES(empty), (struct sec_bytes){NULL, 0}, signed_bytes);
    sec_cbor_put_bstr_end(wr, mark);
}

static void put_authentication(struct sec_wr *wr, const struct maker_auth *auth, struct sec_bytes manifest)
{
    uint8_t room[64];
    struct sec_wr digest = sec_wr(SEC_ROOM(room));
    put_digest_wrapped(&digest, manifest);
    struct sec_bytes signed_bytes = sec_wr_done(&digest);
    size_t wrapper = sec_cbor_put_bstr_begin(wr);
    sec_cbor_put_array(wr, (size_t)1 + (auth->key != NULL) + (auth->second != NULL) + auth->mac);
    sec_cbor_put_bstr(wr, signed_bytes);
    if (auth->key)
        put_block(wr, auth->key, auth->unprotected, signed_bytes);
    if (auth->second)
        put_block(wr, auth->second, (struct sec_bytes){NULL, 0}, signed_bytes);
    if (auth->mac) {
        size_t mark = sec_cbor_put_bstr_begin(wr);
        put_mac0(wr);
        sec_cbor_put_bstr_end(wr, mark);
    }
    sec_cbor_put_bstr_end(wr, wrapper);
}

/* An envelope's head, authentication and manifest; `more` pairs follow. */
static void put_envelope(struct sec_wr *wr, const struct maker_auth *auth, struct sec_bytes manifest, size_t more)
{
    sec_cbor_put_tag(wr, SEC_SUIT_TAG_ENVELOPE);
    sec_cbor_put_map(wr, 2 + more);
    sec_cbor_put_int(wr, SEC_SUIT_AUTHENTICATION);
    put_authentication(wr, auth, manifest);
    sec_cbor_put_int(wr, SEC_SUIT_MANIFEST);
    sec_cbor_put_bstr(wr, manifest);
}

/* A manifest's first three members; `more` members follow. `common` holds its pairs' bytes. */
static void put_manifest_head(struct sec_wr *wr, struct sec_bytes common, size_t more)
{
    sec_cbor_put_map(wr, 3 + more);
    sec_cbor_put_int(wr, 1);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_int(wr, 2);
    sec_cbor_put_uint(wr, 7);
    sec_cbor_put_int(wr, 3);
    sec_cbor_put_bstr(wr, common);
}

#endif
