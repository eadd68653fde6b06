/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT envelopes: who signed, what is bound by digest, and the manifest in words (inspect_suit_json.c). */
#include "inspect_suit.h"

#include "inspect_kinds.h"
#include "json_cbor.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#define TAG_CWT 61u
#define CLAIM_CNF 8
#define CNF_COSE_KEY 1

struct hash_name {
    int64_t alg;
    const char *name;
    size_t len; /* what RFC 9054 says for SHAKE */
};

static const struct hash_name hash_names[] = {
    {SEC_SUIT_SHA256, "SHA256", 32}, {SEC_SUIT_SHAKE128, "SHAKE128", 32}, {SEC_SUIT_SHA384, "SHA384", 48},
    {SEC_SUIT_SHA512, "SHA512", 64}, {SEC_SUIT_SHAKE256, "SHAKE256", 64},
};

static bool hash_parts(const struct hash_name *hash, const struct sec_bytes *parts, size_t parts_count, uint8_t *out)
{
    EVP_MD *md = EVP_MD_fetch(NULL, hash->name, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = md && ctx && EVP_DigestInit_ex2(ctx, md, NULL) == 1;
    for (size_t i = 0; good && i < parts_count; i++)
        good = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
    if (good && EVP_MD_get_flags(md) & EVP_MD_FLAG_XOF)
        good = EVP_DigestFinalXOF(ctx, out, hash->len) == 1;
    else
        good = good && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
    ERR_clear_error();
    return good;
}

static sec_status hash_any(const void *ctx, int64_t alg, const struct sec_bytes *parts, size_t parts_count,
                           struct sec_room to, size_t *ret_len)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof hash_names / sizeof hash_names[0]; i++) {
        if (hash_names[i].alg != alg)
            continue;
        if (to.len < hash_names[i].len)
            return sec_st(SEC_ROOM_FULL);
        if (!hash_parts(&hash_names[i], parts, parts_count, to.data))
            return sec_st(SEC_IO_FAILED);
        *ret_len = hash_names[i].len;
        return sec_st(SEC_OK);
    }
    return sec_st(SEC_UNSUPPORTED);
}

static const struct sec_suit_hasher hasher = {NULL, hash_any};

bool inspect_is_suit(struct sec_bytes file)
{
    struct sec_cbor rd = sec_cbor(file);
    if (sec_cbor_peek(&rd) == SEC_CBOR_TAG)
        return sec_cbor_tag(&rd) == SEC_SUIT_TAG_ENVELOPE;
    bool authentication = false, manifest = false;
    size_t count = sec_cbor_peek(&rd) == SEC_CBOR_MAP ? sec_cbor_map(&rd) : 0;
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        struct sec_cbor key = sec_cbor(sec_cbor_item(&rd));
        bool wrapped = sec_cbor_peek(&rd) == SEC_CBOR_BSTR;
        int64_t member = sec_cbor_int(&key);
        (void)sec_cbor_item(&rd);
        authentication |= wrapped && member == SEC_SUIT_AUTHENTICATION && sec_ok(key.status);
        manifest |= wrapped && member == SEC_SUIT_MANIFEST && sec_ok(key.status);
    }
    return authentication && manifest;
}

/* --- delegation: chains of CWTs, each naming the key that signs the next ------------ */

static sec_status find_item(struct sec_bytes map, int64_t wanted, struct sec_bytes *ret_item)
{
    SEC_TRY(sec_cbor_check(map, SEC_CBOR_FOREIGN));
    struct sec_cbor rd = sec_cbor(map);
    size_t count = sec_cbor_map(&rd);
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        struct sec_cbor key = sec_cbor(sec_cbor_item(&rd));
        struct sec_bytes value = sec_cbor_item(&rd);
        if (sec_cbor_int(&key) == wanted && sec_ok(key.status) && sec_ok(rd.status)) {
            *ret_item = value;
            return sec_st(SEC_OK);
        }
    }
    return sec_ok(rd.status) ? sec_st(SEC_MISSING_FIELD) : rd.status;
}

static sec_status find_confirmed_key(struct sec_bytes claims, struct sec_bytes *ret_cose_key)
{
    struct sec_bytes cnf;
    SEC_TRY(find_item(claims, CLAIM_CNF, &cnf));
    return find_item(cnf, CNF_COSE_KEY, ret_cose_key);
}

static sec_status view_token(const struct trust *trust, struct sec_bytes token, struct cose_view *view,
                             struct sec_bytes *ret_cose_key)
{
    SEC_TRY(sec_cbor_check(token, SEC_CBOR_FOREIGN));
    struct sec_cbor rd = sec_cbor(token);
    struct sec_cbor inside = rd;
    if (sec_cbor_peek(&rd) == SEC_CBOR_TAG && sec_cbor_tag(&inside) == TAG_CWT)
        rd = inside;
    SEC_TRY(cose_view(trust, sec_cbor_item(&rd), (struct sec_bytes){NULL, 0}, (struct sec_bytes){NULL, 0}, view));
    return find_confirmed_key(view->payload, ret_cose_key);
}

/* One chain. `delegated` gains the key at its end when every link is signed by the one before. */
static sec_status view_chain(const struct trust *trust, struct sec_cbor *rd, struct trust *delegated,
                             enum trust_verdict *ret_verdict)
{
    struct trust current = {.count = 0};
    const struct trust *signers = trust;
    enum trust_verdict verdict = TRUST_VALID;
    struct sec_bytes cose_key = {NULL, 0};
    sec_status status = sec_st(SEC_OK);
    size_t count = sec_cbor_array(rd);
    if (sec_ok(rd->status) && count == 0)
        sec_cbor_fail(rd, SEC_MALFORMED);
    for (size_t i = 0; i < count && sec_ok(rd->status) && sec_ok(status); i++) {
        struct cose_view view;
        status = view_token(signers, sec_cbor_bstr(rd), &view, &cose_key);
        if (sec_ok(status) && view.verdict < verdict)
            verdict = view.verdict;
        trust_done(&current);
        if (sec_ok(status) && verdict == TRUST_VALID)
            status = trust_add_cose_key(&current, cose_key);
        signers = &current;
    }
    trust_done(&current);
    SEC_TRY(rd->status);
    SEC_TRY(status);
    if (verdict == TRUST_VALID)
        SEC_TRY(trust_add_cose_key(delegated, cose_key));
    *ret_verdict = verdict;
    return sec_st(SEC_OK);
}

/* Where one chain begins with a key of ours, a broken one beside it is damage; where none does, they are others' matter. */
static sec_status view_delegation(const struct sec_suit_envelope *envelope, const struct trust *trust,
                                  struct trust *delegated, cJSON *json)
{
    SEC_TRY(sec_cbor_check(envelope->delegation, SEC_CBOR_FOREIGN));
    struct sec_cbor rd = sec_cbor(envelope->delegation);
    cJSON *chains = cJSON_AddArrayToObject(json, "delegation");
    size_t count = sec_cbor_array(&rd), good = 0;
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        enum trust_verdict verdict;
        SEC_TRY(view_chain(trust, &rd, delegated, &verdict));
        good += verdict == TRUST_VALID;
        cJSON_AddItemToArray(chains, cJSON_CreateString(trust_word(verdict)));
    }
    SEC_TRY(sec_cbor_end(&rd));
    return good > 0 && good < count ? sec_st(SEC_BAD_SIGNATURE) : sec_st(SEC_OK);
}

/* --- authentication ------------------------------------------------------------------ */

/* No signature covers the unprotected header: it is empty, or holds the id of a key at hand. */
static bool unprotected_is_accounted(const struct trust *trust, struct sec_bytes unprotected)
{
    struct sec_cbor rd = sec_cbor(unprotected);
    size_t count = sec_cbor_map(&rd);
    if (sec_ok(rd.status) && count == 0)
        return true;
    bool is_kid = sec_cbor_int(&rd) == SEC_COSE_HEADER_KID;
    struct sec_bytes kid = sec_cbor_bstr(&rd);
    if (count != 1 || !is_kid || !sec_ok(sec_cbor_end(&rd)))
        return false;
    for (size_t i = 0; i < trust->count; i++) {
        struct sec_key_id id;
        if (trust_key_id(trust, i, &id) && sec_bytes_equal(kid, SEC_BYTES(id.b)))
            return true;
    }
    return false;
}

static sec_status view_block(const struct sec_suit_authentication *authentication, size_t index,
                             const struct trust *trust, struct suit_look *look, cJSON *blocks)
{
    struct sec_bytes block;
    struct cose_view view;
    SEC_TRY(sec_suit_authentication_block(authentication, index, &block));
    SEC_TRY(cose_view(trust, block, (struct sec_bytes){NULL, 0}, authentication->signed_bytes, &view));
    /* An attached payload would be a second thing that is signed. */
    if (!view.detached)
        return sec_st(SEC_MALFORMED);
    if (view.verdict == TRUST_VALID && !unprotected_is_accounted(trust, view.unprotected))
        return sec_st(SEC_UNKNOWN_FIELD);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "kind", view.kind);
    cJSON_AddItemToObject(json, "alg", inspect_alg(view.alg));
    cJSON_AddStringToObject(json, "signature", trust_word(view.verdict));
    if (view.typ.len > 0)
        cJSON_AddItemToObject(json, "typ", json_text(view.typ));
    cJSON_AddItemToArray(blocks, json);
    if (look->alg == SEC_ALG_NONE || view.verdict > look->signature)
        look->alg = view.alg;
    look->signature = inspect_better(look->signature, view.verdict);
    return sec_st(SEC_OK);
}

static sec_status view_authentication(const struct sec_suit_envelope *envelope, const struct trust *trust,
                                      struct suit_look *look, cJSON *json)
{
    struct sec_suit_authentication authentication;
    SEC_TRY(sec_suit_authentication_parse(envelope->authentication, &authentication));
    cJSON *object = cJSON_AddObjectToObject(json, "authentication");
    cJSON_AddItemToObject(object, "digest", suit_json_digest(&authentication.digest));
    cJSON *blocks = cJSON_AddArrayToObject(object, "blocks");
    for (size_t i = 0; i < authentication.blocks_count; i++)
        SEC_TRY(view_block(&authentication, i, trust, look, blocks));
    /* A signature over a digest of other bytes says nothing about these. */
    sec_status digest = sec_suit_digest_check(&authentication.digest, envelope->manifest_wrapped, &hasher);
    if (!sec_ok(digest) && look->signature == TRUST_VALID)
        look->signature = TRUST_INVALID;
    return digest;
}

static sec_status view_signers(const struct sec_suit_envelope *envelope, const struct trust *trust,
                               struct suit_look *look, cJSON *json)
{
    struct trust delegated = {.count = 0};
    sec_status status = sec_st(SEC_OK);
    if (envelope->delegated)
        status = view_delegation(envelope, trust, &delegated, json);
    /* The union borrows all keys; only `delegated` is ours to free. */
    struct trust all = *trust;
    for (size_t i = 0; i < delegated.count && all.count < TRUST_KEYS_MAX_COUNT; i++)
        all.keys[all.count++] = delegated.keys[i];
    if (sec_ok(status))
        status = view_authentication(envelope, &all, look, json);
    trust_done(&delegated);
    return status;
}

/* --- the whole ----------------------------------------------------------------------- */

static sec_status view_envelope(struct sec_bytes file, const struct trust *trust, unsigned depth, struct suit_look *look,
                                cJSON *json);

/*
 * A dependency's signature counts too (trust-domains, 4.1). Without any block its manifest is still bound by its
 * dependent's digest; a block that we cannot check might be a damaged one of those that we can.
 */
static sec_status view_dependency(const struct sec_suit_payload *payload, const struct trust *trust, unsigned depth,
                                  cJSON *json)
{
    struct suit_look look = {.alg = SEC_ALG_NONE, .signature = TRUST_NONE};
    sec_status status = view_envelope(payload->content, trust, depth + 1, &look, json);
    cJSON_AddStringToObject(json, "signature", trust_word(look.signature));
    cJSON_AddItemToObject(json, "alg", inspect_alg(look.alg));
    SEC_TRY(status);
    if (trust->count == 0 || look.signature == TRUST_VALID || look.signature == TRUST_NONE)
        return sec_st(SEC_OK);
    return sec_st(look.signature == TRUST_INVALID ? SEC_BAD_SIGNATURE : SEC_BAD_ALGORITHM);
}

static const char *state_word(enum sec_suit_payload_state state)
{
    switch (state) {
    case SEC_SUIT_PAYLOAD_MATCHES:
        return "matches";
    case SEC_SUIT_PAYLOAD_DEPENDENCY:
        return "dependency";
    case SEC_SUIT_PAYLOAD_UNCHECKED:
        break;
    }
    return "unchecked";
}

static sec_status view_payload(const struct suit_files *files, const struct sec_suit_payload *payload,
                               const struct trust *trust, unsigned depth, cJSON *json)
{
    enum sec_suit_payload_state state;
    cJSON_AddItemToObject(json, "name", json_text(payload->name));
    cJSON_AddItemToObject(json, "size", json_uint(payload->content.len));
    sec_status status = sec_suit_payload_check(files->envelope, files->manifest, payload, &hasher, &state);
    if (!sec_ok(status)) {
        cJSON_AddStringToObject(json, "digest", sec_status_word(status));
        return status;
    }
    cJSON_AddStringToObject(json, "digest", state_word(state));
    if (state != SEC_SUIT_PAYLOAD_DEPENDENCY)
        return sec_st(SEC_OK);
    return view_dependency(payload, trust, depth, cJSON_AddObjectToObject(json, "envelope"));
}

static sec_status view_payloads(const struct suit_files *files, const struct trust *trust, unsigned depth, cJSON *json)
{
    struct sec_suit_payload_walk walk = sec_suit_payload_begin(files->envelope);
    struct sec_suit_payload payload;
    sec_status first = sec_st(SEC_OK);
    cJSON *payloads = NULL;
    while (sec_suit_payload_next(&walk, &payload)) {
        cJSON *object = cJSON_CreateObject();
        if (!payloads)
            payloads = cJSON_AddArrayToObject(json, "payloads");
        cJSON_AddItemToArray(payloads, object);
        sec_status status = view_payload(files, &payload, trust, depth, object);
        if (sec_ok(first))
            first = status;
    }
    return sec_ok(first) ? walk.rd.status : first;
}

static sec_status view_envelope(struct sec_bytes file, const struct trust *trust, unsigned depth, struct suit_look *look,
                                cJSON *json)
{
    struct sec_suit_envelope envelope;
    struct sec_suit_manifest manifest;
    struct suit_files files = {&envelope, &manifest};
    if (depth > SEC_SUIT_DEPENDENCY_MAX_DEPTH)
        return sec_st(SEC_TOO_DEEP);
    SEC_TRY(sec_suit_envelope_parse(file, &envelope));
    cJSON_AddBoolToObject(json, "tagged", envelope.tagged);
    sec_status signers = view_signers(&envelope, trust, look, json);
    SEC_TRY(sec_suit_manifest_parse(envelope.manifest, &manifest));
    sec_status integrity = sec_suit_check(&envelope, &manifest, &hasher);
    suit_json_manifest(&files, json);
    sec_status payloads = view_payloads(&files, trust, depth, json);
    SEC_TRY(integrity);
    SEC_TRY(signers);
    return payloads;
}

void inspect_suit(struct sec_bytes file, struct inspection *in)
{
    struct suit_look look = {.alg = SEC_ALG_NONE, .signature = TRUST_NONE};
    in->kind = "suit-envelope";
    in->status = view_envelope(file, in->trust, 0, &look, in->details);
    in->alg = look.alg;
    in->signature = look.signature;
}
