/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own releases: one shape of SUIT envelope, each piece written and read side by side.
 *
 * Reading is writing with expectations: what the writer puts without choice, the reader demands, so that a
 * manifest with one command more, or in another order, is not ours.
 */
#include "manifest_inside.h"

#include <securable/limits.h>

#define FORMAT 1u
#define POLICY_ALL 15u /* records and system information on success and on failure */
#define COMPONENT_IMAGE 0u
#define COMPONENT_PRODUCT 1u
#define TEXT_LANGUAGE "en"
#define TEXT_UPDATE_DESCRIPTION 2
#define TEXT_COMPONENT_VERSION 6
#define URI_MAX_BYTES 255u

enum { COMMON_COMPONENTS = 2, COMMON_SHARED_SEQUENCE = 4 };

/* A release and the digests that its manifest holds. */
struct contents {
    struct sec_suit_release release;
    struct sec_digest product;
    uint64_t product_size_bytes;
    struct sec_digest text;
    bool coswid_named;
    struct sec_digest coswid;
};

/* --- expectations --------------------------------------------------------- */

static void expect_int(struct sec_cbor *rd, int64_t wanted)
{
    if (sec_cbor_int(rd) != wanted)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void expect_map(struct sec_cbor *rd, size_t pairs)
{
    if (sec_cbor_map(rd) != pairs)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void expect_text(struct sec_cbor *rd, struct sec_bytes wanted)
{
    if (!sec_bytes_equal(sec_cbor_tstr(rd), wanted))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void expect_bytes(struct sec_cbor *rd, struct sec_bytes wanted)
{
    if (!sec_bytes_equal(sec_cbor_bstr(rd), wanted))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

/* A reader into a byte string, whose content must be deterministic CBOR. */
static struct sec_cbor enter(struct sec_cbor *rd)
{
    struct sec_cbor inside = sec_cbor(sec_cbor_bstr(rd));
    if (sec_ok(rd->status))
        inside.status = sec_cbor_check(inside.in, SEC_CBOR_OURS);
    else
        inside.status = rd->status;
    return inside;
}

/* Leaves it: its failure, or bytes left in it, are the outer reader's. */
static void leave(struct sec_cbor *rd, const struct sec_cbor *inside)
{
    sec_status status = sec_cbor_end(inside);
    if (!sec_ok(status))
        sec_cbor_fail(rd, (enum sec_status_code)status.code);
}

/* --- pieces: put beside read ------------------------------------------------ */

static void put_digest(struct sec_wr *wr, const struct sec_digest *digest)
{
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_int(wr, SEC_SUIT_SHA256);
    sec_cbor_put_bstr(wr, sec_digest_bytes(digest));
}

static void read_digest(struct sec_cbor *rd, struct sec_digest *digest)
{
    sec_cbor_array_of(rd, 2);
    expect_int(rd, SEC_SUIT_SHA256);
    sec_cbor_bstr_into(rd, SEC_ROOM(digest->b));
}

static void put_step(struct sec_wr *wr, int64_t code, uint64_t arg)
{
    sec_cbor_put_int(wr, code);
    sec_cbor_put_uint(wr, arg);
}

static void read_step(struct sec_cbor *rd, int64_t code, uint64_t arg)
{
    expect_int(rd, code);
    if (sec_cbor_uint(rd) != arg)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void put_image_parameters(struct sec_wr *wr, const struct sec_digest *digest, uint64_t size_bytes)
{
    sec_cbor_put_int(wr, SEC_SUIT_IMAGE_DIGEST);
    size_t mark = sec_cbor_put_bstr_begin(wr);
    put_digest(wr, digest);
    sec_cbor_put_bstr_end(wr, mark);
    sec_cbor_put_int(wr, SEC_SUIT_IMAGE_SIZE);
    sec_cbor_put_uint(wr, size_bytes);
}

static void read_image_parameters(struct sec_cbor *rd, struct sec_digest *digest, uint64_t *size_bytes)
{
    expect_int(rd, SEC_SUIT_IMAGE_DIGEST);
    struct sec_cbor inside = enter(rd);
    read_digest(&inside, digest);
    leave(rd, &inside);
    expect_int(rd, SEC_SUIT_IMAGE_SIZE);
    *size_bytes = sec_cbor_uint(rd);
}

/* Which devices, which image, which product record. */
static void put_shared(struct sec_wr *wr, const struct contents *contents)
{
    const struct sec_suit_release *release = &contents->release;
    sec_cbor_put_array(wr, 12);
    put_step(wr, SEC_SUIT_SET_COMPONENT_INDEX, COMPONENT_IMAGE);
    sec_cbor_put_int(wr, SEC_SUIT_OVERRIDE_PARAMETERS);
    sec_cbor_put_map(wr, 4);
    sec_cbor_put_int(wr, SEC_SUIT_VENDOR_ID);
    sec_cbor_put_bstr(wr, SEC_BYTES(release->vendor_id.b));
    sec_cbor_put_int(wr, SEC_SUIT_CLASS_ID);
    sec_cbor_put_bstr(wr, SEC_BYTES(release->class_id.b));
    put_image_parameters(wr, &release->image_digest, release->image_size_bytes);
    put_step(wr, SEC_SUIT_CONDITION_VENDOR, POLICY_ALL);
    put_step(wr, SEC_SUIT_CONDITION_CLASS, POLICY_ALL);
    put_step(wr, SEC_SUIT_SET_COMPONENT_INDEX, COMPONENT_PRODUCT);
    sec_cbor_put_int(wr, SEC_SUIT_OVERRIDE_PARAMETERS);
    sec_cbor_put_map(wr, 2);
    put_image_parameters(wr, &contents->product, contents->product_size_bytes);
}

static void read_shared(struct sec_cbor *rd, struct contents *contents)
{
    struct sec_suit_release *release = &contents->release;
    sec_cbor_array_of(rd, 12);
    read_step(rd, SEC_SUIT_SET_COMPONENT_INDEX, COMPONENT_IMAGE);
    expect_int(rd, SEC_SUIT_OVERRIDE_PARAMETERS);
    expect_map(rd, 4);
    expect_int(rd, SEC_SUIT_VENDOR_ID);
    sec_cbor_bstr_into(rd, SEC_ROOM(release->vendor_id.b));
    expect_int(rd, SEC_SUIT_CLASS_ID);
    sec_cbor_bstr_into(rd, SEC_ROOM(release->class_id.b));
    read_image_parameters(rd, &release->image_digest, &release->image_size_bytes);
    read_step(rd, SEC_SUIT_CONDITION_VENDOR, POLICY_ALL);
    read_step(rd, SEC_SUIT_CONDITION_CLASS, POLICY_ALL);
    read_step(rd, SEC_SUIT_SET_COMPONENT_INDEX, COMPONENT_PRODUCT);
    expect_int(rd, SEC_SUIT_OVERRIDE_PARAMETERS);
    expect_map(rd, 2);
    read_image_parameters(rd, &contents->product, &contents->product_size_bytes);
}

static void put_common(struct sec_wr *wr, const struct contents *contents)
{
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_int(wr, COMMON_COMPONENTS);
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_array(wr, 1);
    sec_cbor_put_bstr(wr, contents->release.component);
    sec_cbor_put_array(wr, 1);
    sec_cbor_put_bstr(wr, SEC_LIT(SEC_SUIT_PRODUCT_COMPONENT));
    sec_cbor_put_int(wr, COMMON_SHARED_SEQUENCE);
    size_t mark = sec_cbor_put_bstr_begin(wr);
    put_shared(wr, contents);
    sec_cbor_put_bstr_end(wr, mark);
}

static void read_common(struct sec_cbor *rd, struct contents *contents)
{
    expect_map(rd, 2);
    expect_int(rd, COMMON_COMPONENTS);
    sec_cbor_array_of(rd, 2);
    sec_cbor_array_of(rd, 1);
    contents->release.component = sec_cbor_bstr(rd);
    sec_cbor_array_of(rd, 1);
    expect_bytes(rd, SEC_LIT(SEC_SUIT_PRODUCT_COMPONENT));
    expect_int(rd, COMMON_SHARED_SEQUENCE);
    struct sec_cbor inside = enter(rd);
    read_shared(&inside, contents);
    leave(rd, &inside);
}

static void put_validate(struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 8);
    put_step(wr, SEC_SUIT_SET_COMPONENT_INDEX, COMPONENT_IMAGE);
    put_step(wr, SEC_SUIT_CONDITION_IMAGE_MATCH, POLICY_ALL);
    put_step(wr, SEC_SUIT_SET_COMPONENT_INDEX, COMPONENT_PRODUCT);
    put_step(wr, SEC_SUIT_CONDITION_IMAGE_MATCH, POLICY_ALL);
}

static void read_validate(struct sec_cbor *rd)
{
    sec_cbor_array_of(rd, 8);
    read_step(rd, SEC_SUIT_SET_COMPONENT_INDEX, COMPONENT_IMAGE);
    read_step(rd, SEC_SUIT_CONDITION_IMAGE_MATCH, POLICY_ALL);
    read_step(rd, SEC_SUIT_SET_COMPONENT_INDEX, COMPONENT_PRODUCT);
    read_step(rd, SEC_SUIT_CONDITION_IMAGE_MATCH, POLICY_ALL);
}

static void put_fetch(struct sec_wr *wr, uint64_t component, struct sec_bytes uri)
{
    put_step(wr, SEC_SUIT_SET_COMPONENT_INDEX, component);
    sec_cbor_put_int(wr, SEC_SUIT_OVERRIDE_PARAMETERS);
    sec_cbor_put_map(wr, 1);
    sec_cbor_put_int(wr, SEC_SUIT_URI);
    sec_cbor_put_tstr(wr, uri);
    put_step(wr, SEC_SUIT_FETCH, POLICY_ALL);
    put_step(wr, SEC_SUIT_CONDITION_IMAGE_MATCH, POLICY_ALL);
}

static struct sec_bytes read_fetch(struct sec_cbor *rd, uint64_t component)
{
    read_step(rd, SEC_SUIT_SET_COMPONENT_INDEX, component);
    expect_int(rd, SEC_SUIT_OVERRIDE_PARAMETERS);
    expect_map(rd, 1);
    expect_int(rd, SEC_SUIT_URI);
    struct sec_bytes uri = sec_cbor_tstr(rd);
    read_step(rd, SEC_SUIT_FETCH, POLICY_ALL);
    read_step(rd, SEC_SUIT_CONDITION_IMAGE_MATCH, POLICY_ALL);
    return uri;
}

static void put_install(struct sec_wr *wr, const struct contents *contents)
{
    sec_cbor_put_array(wr, 16);
    put_fetch(wr, COMPONENT_IMAGE, contents->release.uri);
    put_fetch(wr, COMPONENT_PRODUCT, SEC_LIT(SEC_SUIT_PRODUCT_URI));
}

static void read_install(struct sec_cbor *rd, struct contents *contents)
{
    sec_cbor_array_of(rd, 16);
    contents->release.uri = read_fetch(rd, COMPONENT_IMAGE);
    if (!sec_bytes_equal(read_fetch(rd, COMPONENT_PRODUCT), SEC_LIT(SEC_SUIT_PRODUCT_URI)))
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void put_text(struct sec_wr *wr, const struct sec_suit_release *release)
{
    bool described = release->description.len > 0;
    sec_cbor_put_map(wr, 1);
    sec_cbor_put_tstr(wr, SEC_LIT(TEXT_LANGUAGE));
    sec_cbor_put_map(wr, described ? 2 : 1);
    if (described) {
        sec_cbor_put_int(wr, TEXT_UPDATE_DESCRIPTION);
        sec_cbor_put_tstr(wr, release->description);
    }
    sec_cbor_put_array(wr, 1);
    sec_cbor_put_bstr(wr, release->component);
    sec_cbor_put_map(wr, 1);
    sec_cbor_put_int(wr, TEXT_COMPONENT_VERSION);
    sec_cbor_put_tstr(wr, release->version);
}

static void read_text(struct sec_cbor *rd, struct sec_suit_release *release)
{
    expect_map(rd, 1);
    expect_text(rd, SEC_LIT(TEXT_LANGUAGE));
    size_t pairs = sec_cbor_map(rd);
    if (pairs == 2) {
        expect_int(rd, TEXT_UPDATE_DESCRIPTION);
        release->description = sec_cbor_tstr(rd);
        if (release->description.len == 0)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
    } else if (pairs != 1) {
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    }
    sec_cbor_array_of(rd, 1);
    expect_bytes(rd, release->component);
    expect_map(rd, 1);
    expect_int(rd, TEXT_COMPONENT_VERSION);
    release->version = sec_cbor_tstr(rd);
}

static void put_manifest(struct sec_wr *wr, const struct contents *contents)
{
    sec_cbor_put_map(wr, contents->coswid_named ? 7 : 6);
    put_step(wr, 1, FORMAT);
    put_step(wr, 2, contents->release.sequence_number);
    sec_cbor_put_int(wr, 3);
    size_t mark = sec_cbor_put_bstr_begin(wr);
    put_common(wr, contents);
    sec_cbor_put_bstr_end(wr, mark);
    sec_cbor_put_int(wr, SEC_SUIT_VALIDATE);
    mark = sec_cbor_put_bstr_begin(wr);
    put_validate(wr);
    sec_cbor_put_bstr_end(wr, mark);
    if (contents->coswid_named) {
        sec_cbor_put_int(wr, SEC_SUIT_COSWID);
        put_digest(wr, &contents->coswid);
    }
    sec_cbor_put_int(wr, SEC_SUIT_INSTALL);
    mark = sec_cbor_put_bstr_begin(wr);
    put_install(wr, contents);
    sec_cbor_put_bstr_end(wr, mark);
    sec_cbor_put_int(wr, SEC_SUIT_TEXT);
    put_digest(wr, &contents->text);
}

static void read_manifest(struct sec_cbor *rd, struct contents *contents)
{
    size_t pairs = sec_cbor_map(rd);
    if (pairs != 6 && pairs != 7)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    contents->coswid_named = pairs == 7;
    read_step(rd, 1, FORMAT);
    expect_int(rd, 2);
    contents->release.sequence_number = sec_cbor_uint(rd);
    expect_int(rd, 3);
    struct sec_cbor inside = enter(rd);
    read_common(&inside, contents);
    leave(rd, &inside);
    expect_int(rd, SEC_SUIT_VALIDATE);
    inside = enter(rd);
    read_validate(&inside);
    leave(rd, &inside);
    if (contents->coswid_named) {
        expect_int(rd, SEC_SUIT_COSWID);
        read_digest(rd, &contents->coswid);
    }
    expect_int(rd, SEC_SUIT_INSTALL);
    inside = enter(rd);
    read_install(&inside, contents);
    leave(rd, &inside);
    expect_int(rd, SEC_SUIT_TEXT);
    read_digest(rd, &contents->text);
}

/* --- what both directions demand --------------------------------------------- */

/* A file beside the envelope: neither a path nor a part of the envelope. */
static bool uri_is_file_name(struct sec_bytes uri)
{
    if (uri.len == 0 || uri.len > URI_MAX_BYTES || uri.data[0] == '#' || uri.data[0] == '.')
        return false;
    for (size_t i = 0; i < uri.len; i++)
        if (uri.data[i] == '/' || uri.data[i] == '\\' || uri.data[i] < 0x20 || uri.data[i] == 0x7f)
            return false;
    return true;
}

static sec_status check_release(const struct sec_suit_release *release)
{
    bool component_good = release->component.len > 0 && release->component.len <= SEC_NAME_MAX_BYTES &&
                          !sec_bytes_equal(release->component, SEC_LIT(SEC_SUIT_PRODUCT_COMPONENT));
    bool version_good = release->version.len > 0 && release->version.len <= SEC_NAME_MAX_BYTES;
    bool description_good = release->description.len <= SEC_SUIT_DESCRIPTION_MAX_BYTES;
    if (!component_good || !version_good || !description_good || !uri_is_file_name(release->uri) ||
        release->product_record.len == 0)
        return sec_st(SEC_BAD_VALUE);
    SEC_TRY(sec_utf8_check(release->uri));
    SEC_TRY(sec_utf8_check(release->version));
    SEC_TRY(sec_utf8_check(release->description));
    return release->coswid.len > 0 ? sec_cbor_check(release->coswid, SEC_CBOR_FOREIGN) : sec_st(SEC_OK);
}

static sec_status hash_of(const struct sec_hasher *hasher, struct sec_bytes bytes, struct sec_digest *ret_digest)
{
    return hasher->digest(hasher->ctx, &bytes, 1, ret_digest);
}

/* SUIT hashes a severed member, and the manifest, with the head of its byte string. */
static sec_status hash_wrapped(const struct sec_hasher *hasher, struct sec_bytes content, struct sec_digest *ret_digest)
{
    uint8_t head[16];
    struct sec_wr wr = sec_wr(SEC_ROOM(head));
    sec_cbor_put_bstr_head(&wr, content.len);
    const struct sec_bytes parts[] = {sec_wr_done(&wr), content};
    return hasher->digest(hasher->ctx, parts, 2, ret_digest);
}

/* --- encode ------------------------------------------------------------------- */

/*
 * The digests come before what they cover, so text and manifest are first made in the room that the envelope will
 * take, hashed there, and made again at their places. No other room is needed.
 */
static sec_status fill_digests(struct contents *contents, const struct sec_hasher *hasher, struct sec_room room,
                               struct sec_digest *ret_manifest)
{
    struct sec_wr text = sec_wr(room);
    put_text(&text, &contents->release);
    struct sec_bytes made;
    SEC_TRY(sec_wr_end(&text, &made));
    SEC_TRY(hash_wrapped(hasher, made, &contents->text));
    SEC_TRY(hash_of(hasher, contents->release.product_record, &contents->product));
    contents->product_size_bytes = contents->release.product_record.len;
    contents->coswid_named = contents->release.coswid.len > 0;
    if (contents->coswid_named)
        SEC_TRY(hash_wrapped(hasher, contents->release.coswid, &contents->coswid));

    struct sec_wr manifest = sec_wr(room);
    put_manifest(&manifest, contents);
    SEC_TRY(sec_wr_end(&manifest, &made));
    return hash_wrapped(hasher, made, ret_manifest);
}

static sec_status put_authentication(struct sec_wr *wr, const struct sec_digest *manifest, const struct sec_signer *signer,
                                     const struct sec_hasher *hasher)
{
    uint8_t room[64];
    struct sec_key_id kid;
    SEC_TRY(sec_key_id_of(&signer->key, hasher, &kid));
    struct sec_wr digest = sec_wr(SEC_ROOM(room));
    put_digest(&digest, manifest);
    size_t wrapper = sec_cbor_put_bstr_begin(wr);
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_bstr(wr, sec_wr_done(&digest));
    size_t block = sec_cbor_put_bstr_begin(wr);
    SEC_TRY(sec_cose_sign1_encode(sec_statement_typ(SEC_STATEMENT_RELEASE), &kid, signer, sec_wr_done(&digest), true, wr));
    sec_cbor_put_bstr_end(wr, block);
    sec_cbor_put_bstr_end(wr, wrapper);
    return sec_st(SEC_OK);
}

static void put_rest(struct sec_wr *wr, const struct contents *contents)
{
    sec_cbor_put_int(wr, SEC_SUIT_MANIFEST);
    size_t mark = sec_cbor_put_bstr_begin(wr);
    put_manifest(wr, contents);
    sec_cbor_put_bstr_end(wr, mark);
    if (contents->coswid_named) {
        sec_cbor_put_int(wr, SEC_SUIT_COSWID);
        sec_cbor_put_bstr(wr, contents->release.coswid);
    }
    sec_cbor_put_int(wr, SEC_SUIT_TEXT);
    mark = sec_cbor_put_bstr_begin(wr);
    put_text(wr, &contents->release);
    sec_cbor_put_bstr_end(wr, mark);
    sec_cbor_put_tstr(wr, SEC_LIT(SEC_SUIT_PRODUCT_URI));
    sec_cbor_put_bstr(wr, contents->release.product_record);
}

sec_status sec_suit_release_encode(const struct sec_suit_release *release, const struct sec_signer *signer,
                                   const struct sec_hasher *hasher, struct sec_wr *wr)
{
    struct contents contents = {.release = *release};
    struct sec_digest manifest;
    SEC_TRY(check_release(release));
    if (wr->bad)
        return sec_st(SEC_ROOM_FULL);
    SEC_TRY(fill_digests(&contents, hasher, sec_wr_rest(wr), &manifest));
    size_t start = wr->len;
    sec_cbor_put_tag(wr, SEC_SUIT_TAG_ENVELOPE);
    sec_cbor_put_map(wr, contents.coswid_named ? 5 : 4);
    sec_cbor_put_int(wr, SEC_SUIT_AUTHENTICATION);
    SEC_TRY(put_authentication(wr, &manifest, signer, hasher));
    put_rest(wr, &contents);
    if (wr->bad)
        return sec_st(SEC_ROOM_FULL);
    return wr->len - start > SEC_STATEMENT_MAX_BYTES ? sec_st(SEC_TOO_LARGE) : sec_st(SEC_OK);
}

/* --- parse -------------------------------------------------------------------- */

static sec_status open_statement(struct sec_suit_release_envelope *envelope)
{
    struct sec_bytes block;
    const struct sec_suit_authentication *authentication = &envelope->authentication;
    if (authentication->blocks_count == 0)
        return sec_st(SEC_UNSIGNED);
    if (authentication->blocks_count != 1)
        return sec_st(SEC_BAD_VALUE);
    SEC_TRY(sec_suit_authentication_block(authentication, 0, &block));
    SEC_TRY(sec_statement_parse(block, &envelope->statement));
    if (envelope->statement.kind != SEC_STATEMENT_RELEASE)
        return sec_st(SEC_WRONG_KIND);
    return envelope->statement.msg.detached ? sec_st(SEC_OK) : sec_st(SEC_BAD_VALUE);
}

sec_status sec_suit_release_open(struct sec_bytes in, struct sec_suit_release_envelope *ret_envelope)
{
    struct sec_suit_release_envelope envelope;
    if (in.len > SEC_STATEMENT_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    SEC_TRY(sec_suit_envelope_parse(in, &envelope.envelope));
    if (!envelope.envelope.tagged)
        return sec_st(SEC_UNEXPECTED_TYPE);
    SEC_TRY(sec_cbor_check(envelope.envelope.authentication, SEC_CBOR_OURS));
    SEC_TRY(sec_suit_authentication_parse(envelope.envelope.authentication, &envelope.authentication));
    SEC_TRY(sec_cbor_check(envelope.authentication.signed_bytes, SEC_CBOR_OURS));
    SEC_TRY(open_statement(&envelope));
    *ret_envelope = envelope;
    return sec_st(SEC_OK);
}

static sec_status verify(const struct sec_suit_release_envelope *envelope, const struct sec_public_key *key,
                         const struct sec_verifier *verifier, const struct sec_hasher *hasher)
{
    const struct sec_suit_authentication *authentication = &envelope->authentication;
    struct sec_suit_hasher suit_hasher = sec_suit_hasher_of(hasher);
    SEC_TRY(sec_statement_verify(&envelope->statement, authentication->signed_bytes, key, verifier));
    return sec_suit_digest_check(&authentication->digest, envelope->envelope.manifest_wrapped, &suit_hasher);
}

static sec_status parse_manifest(struct sec_bytes manifest, struct contents *contents)
{
    SEC_TRY(sec_cbor_check(manifest, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(manifest);
    read_manifest(&rd, contents);
    return sec_cbor_end(&rd);
}

static sec_status parse_text(const struct sec_suit_envelope *envelope, const struct sec_hasher *hasher,
                             struct contents *contents)
{
    struct sec_bytes text, wrapped;
    struct sec_digest digest;
    if (!sec_suit_envelope_member(envelope, SEC_SUIT_TEXT, &text, &wrapped))
        return sec_st(SEC_MISSING_FIELD);
    SEC_TRY(hash_of(hasher, wrapped, &digest));
    if (!sec_digest_equal(&digest, &contents->text))
        return sec_st(SEC_DIGEST_MISMATCH);
    SEC_TRY(sec_cbor_check(text, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(text);
    read_text(&rd, &contents->release);
    return sec_cbor_end(&rd);
}

static sec_status parse_coswid(const struct sec_suit_envelope *envelope, const struct sec_hasher *hasher,
                               struct contents *contents)
{
    struct sec_bytes wrapped;
    struct sec_digest digest;
    struct sec_suit_release *release = &contents->release;
    bool carried = sec_suit_envelope_member(envelope, SEC_SUIT_COSWID, &release->coswid, &wrapped);
    release->coswid_severed = contents->coswid_named && !carried;
    if (!carried)
        return sec_st(SEC_OK);
    if (!contents->coswid_named)
        return sec_st(SEC_UNREFERENCED);
    SEC_TRY(hash_of(hasher, wrapped, &digest));
    return sec_digest_equal(&digest, &contents->coswid) ? sec_st(SEC_OK) : sec_st(SEC_DIGEST_MISMATCH);
}

static sec_status parse_product(const struct sec_suit_envelope *envelope, const struct sec_hasher *hasher,
                                struct contents *contents)
{
    struct sec_suit_payload_walk walk = sec_suit_payload_begin(envelope);
    struct sec_suit_payload payload;
    struct sec_digest digest;
    if (!sec_suit_payload_next(&walk, &payload))
        return sec_st(SEC_MISSING_FIELD);
    if (!sec_bytes_equal(payload.name, SEC_LIT(SEC_SUIT_PRODUCT_URI)))
        return sec_st(SEC_UNREFERENCED);
    SEC_TRY(hash_of(hasher, payload.content, &digest));
    if (!sec_digest_equal(&digest, &contents->product) || payload.content.len != contents->product_size_bytes)
        return sec_st(SEC_DIGEST_MISMATCH);
    contents->release.product_record = payload.content;
    return sec_st(SEC_OK);
}

static sec_status name_digests(const struct sec_suit_release_envelope *envelope, const struct sec_hasher *hasher,
                               struct contents *contents)
{
    const struct sec_suit_authentication *authentication = &envelope->authentication;
    struct sec_suit_release *release = &contents->release;
    release->product_digest = contents->product;
    if (!sec_bytes_copy(SEC_ROOM(release->manifest_digest.b), authentication->digest.bytes))
        return sec_st(SEC_INTERNAL);
    return sec_statement_digest(&envelope->statement, authentication->signed_bytes, hasher, &release->statement_digest);
}

sec_status sec_suit_release_parse(const struct sec_suit_release_envelope *envelope, const struct sec_public_key *key,
                                  const struct sec_verifier *verifier, const struct sec_hasher *hasher,
                                  struct sec_suit_release *ret_release)
{
    struct contents contents = {.coswid_named = false};
    const struct sec_suit_envelope *frame = &envelope->envelope;
    SEC_TRY(verify(envelope, key, verifier, hasher));
    SEC_TRY(parse_manifest(frame->manifest, &contents));
    SEC_TRY(parse_text(frame, hasher, &contents));
    SEC_TRY(parse_coswid(frame, hasher, &contents));
    SEC_TRY(parse_product(frame, hasher, &contents));
    /* Authentication, manifest, text, product record, perhaps a CoSWID: whatever else is carried, nothing refers to. */
    if (frame->pairs_count != (contents.release.coswid.len > 0 ? 5u : 4u))
        return sec_st(SEC_UNREFERENCED);
    SEC_TRY(check_release(&contents.release));
    SEC_TRY(name_digests(envelope, hasher, &contents));
    *ret_release = contents.release;
    return sec_st(SEC_OK);
}
