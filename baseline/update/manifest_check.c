/* SPDX-License-Identifier: Apache-2.0 */
/* Integrity without keys: digests, and nothing carried that nothing refers to. */
#include "manifest_inside.h"

/* One payload under judgement: which components it goes to, and which digests the manifest gives for them. */
struct judge {
    const struct sec_suit_payload *payload;
    const struct sec_suit_hasher *hasher;
    struct sec_bytes hashed;   /* what a digest covers: the payload, or a dependency's manifest */
    uint64_t users;            /* components whose `uri` names the payload */
    uint64_t encrypted;        /* components with encryption-info */
    uint64_t copies;           /* components copied from a user */
    uint64_t digest_sources;   /* components that a user's digest is copied from */
    uint64_t wanted;           /* components whose digests count */
    bool given;
    bool matched;
    bool unsupported;
};

static sec_status hash_sha256(const void *ctx, int64_t alg, const struct sec_bytes *parts, size_t parts_count,
                              struct sec_room to, size_t *ret_len)
{
    const struct sec_hasher *hasher = (const struct sec_hasher *)ctx;
    if (alg != SEC_SUIT_SHA256)
        return sec_st(SEC_UNSUPPORTED);
    struct sec_digest digest;
    SEC_TRY(hasher->digest(hasher->ctx, parts, parts_count, &digest));
    if (!sec_bytes_copy(to, sec_digest_bytes(&digest)))
        return sec_st(SEC_ROOM_FULL);
    *ret_len = sizeof digest.b;
    return sec_st(SEC_OK);
}

struct sec_suit_hasher sec_suit_hasher_of(const struct sec_hasher *hasher)
{
    return (struct sec_suit_hasher){hasher, hash_sha256};
}

sec_status sec_suit_digest_check(const struct sec_suit_digest *digest, struct sec_bytes bytes,
                                 const struct sec_suit_hasher *hasher)
{
    uint8_t made[SEC_SUIT_DIGEST_MAX_BYTES];
    size_t made_len = 0;
    SEC_TRY(hasher->digest(hasher->ctx, digest->alg, &bytes, 1, SEC_ROOM(made), &made_len));
    if (digest->bytes.len != made_len)
        return sec_st(SEC_BAD_VALUE);
    return sec_bytes_equal(digest->bytes, sec_bytes(made, made_len)) ? sec_st(SEC_OK) : sec_st(SEC_DIGEST_MISMATCH);
}

bool sec_suit_part_content(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                           int64_t member, struct sec_bytes *ret_content)
{
    const struct sec_suit_part *part = sec_suit_part_of(manifest, member);
    struct sec_bytes wrapped;
    if (!part || !part->present)
        return false;
    if (part->by_digest)
        return sec_suit_envelope_member(envelope, member, ret_content, &wrapped);
    *ret_content = part->content;
    return true;
}

static sec_status walk_all(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                           const struct suit_visitor *visitor)
{
    if (manifest->shared_present)
        SEC_TRY(suit_walk_settings(manifest->shared_sequence, manifest->components_count, visitor));
    for (size_t i = 0; i < SEC_SUIT_PARTS_COUNT; i++) {
        int64_t member = sec_suit_part_member(i);
        struct sec_bytes content;
        if (sec_suit_is_sequence(member) && sec_suit_part_content(envelope, manifest, member, &content))
            SEC_TRY(suit_walk_settings(content, manifest->components_count, visitor));
    }
    return sec_st(SEC_OK);
}

static sec_status note_users(void *ctx, const struct suit_setting *setting)
{
    struct judge *judge = (struct judge *)ctx;
    if (setting->parameter != SEC_SUIT_URI)
        return sec_st(SEC_OK);
    struct sec_cbor rd = sec_cbor(setting->value);
    bool named = setting->copied ? (setting->source & judge->users) != 0
                                 : sec_bytes_equal(sec_cbor_tstr(&rd), judge->payload->name);
    if (named)
        judge->users |= setting->components;
    return sec_st(SEC_OK);
}

static sec_status note_relations(void *ctx, const struct suit_setting *setting)
{
    struct judge *judge = (struct judge *)ctx;
    struct sec_cbor rd = sec_cbor(setting->value);
    if (setting->parameter == SEC_SUIT_ENCRYPTION_INFO) {
        judge->encrypted |= setting->components;
    } else if (setting->parameter == SEC_SUIT_IMAGE_DIGEST && setting->copied) {
        if (setting->components & judge->users)
            judge->digest_sources |= setting->source;
    } else if (setting->parameter == SEC_SUIT_SOURCE_COMPONENT && !setting->copied) {
        uint64_t source = sec_cbor_uint(&rd);
        if (source < SEC_SUIT_COMPONENTS_MAX_COUNT && (judge->users >> source & 1))
            judge->copies |= setting->components;
    }
    return sec_st(SEC_OK);
}

static sec_status note_digests(void *ctx, const struct suit_setting *setting)
{
    struct judge *judge = (struct judge *)ctx;
    if (setting->parameter != SEC_SUIT_IMAGE_DIGEST || setting->copied || !(setting->components & judge->wanted))
        return sec_st(SEC_OK);
    struct sec_cbor rd = sec_cbor(setting->value);
    struct sec_cbor inside = sec_cbor(sec_cbor_bstr(&rd));
    struct sec_suit_digest digest;
    sec_suit_digest_read(&inside, &digest);
    SEC_TRY(sec_cbor_end(&inside));
    judge->given = true;
    sec_status status = sec_suit_digest_check(&digest, judge->hashed, judge->hasher);
    judge->matched |= sec_ok(status);
    judge->unsupported |= sec_is(status, SEC_UNSUPPORTED);
    return status.code == SEC_OK || sec_is(status, SEC_DIGEST_MISMATCH) || sec_is(status, SEC_UNSUPPORTED) ? sec_st(SEC_OK)
                                                                                                        : status;
}

/* Users grow while `uri` is copied from one to another; each round adds one component at least, or ends. */
static sec_status find_users(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                             struct judge *judge)
{
    struct suit_visitor visitor = {judge, note_users};
    uint64_t before;
    do {
        before = judge->users;
        SEC_TRY(walk_all(envelope, manifest, &visitor));
    } while (judge->users != before);
    return judge->users == 0 ? sec_st(SEC_UNREFERENCED) : sec_st(SEC_OK);
}

/* Digests of the components it is fetched to; where there are none, of those it is copied to as it is. */
static sec_status find_digests(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                               struct judge *judge)
{
    struct suit_visitor visitor = {judge, note_digests};
    judge->wanted = judge->users | judge->digest_sources;
    SEC_TRY(walk_all(envelope, manifest, &visitor));
    if (judge->given || judge->users & judge->encrypted)
        return sec_st(SEC_OK);
    judge->wanted = judge->copies & ~judge->encrypted;
    return walk_all(envelope, manifest, &visitor);
}

static sec_status check_within(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                               const struct sec_suit_hasher *hasher, unsigned depth);

static sec_status open_dependency(struct judge *judge, unsigned depth)
{
    if (depth >= SEC_SUIT_DEPENDENCY_MAX_DEPTH)
        return sec_st(SEC_TOO_DEEP);
    struct sec_suit_envelope envelope;
    struct sec_suit_manifest manifest;
    SEC_TRY(sec_suit_envelope_parse(judge->payload->content, &envelope));
    SEC_TRY(sec_suit_manifest_parse(envelope.manifest, &manifest));
    judge->hashed = envelope.manifest_wrapped;
    return check_within(&envelope, &manifest, judge->hasher, depth + 1);
}

static sec_status check_payload(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                                const struct sec_suit_payload *payload, const struct sec_suit_hasher *hasher,
                                unsigned depth, enum sec_suit_payload_state *ret_state)
{
    struct judge judge = {.payload = payload, .hasher = hasher, .hashed = payload->content};
    struct suit_visitor relations = {&judge, note_relations};
    SEC_TRY(find_users(envelope, manifest, &judge));
    SEC_TRY(walk_all(envelope, manifest, &relations));
    bool encrypted = (judge.users & judge.encrypted) != 0;
    bool dependency = (judge.users & manifest->dependencies_set) != 0 && !encrypted;
    if (dependency)
        SEC_TRY(open_dependency(&judge, depth));
    SEC_TRY(find_digests(envelope, manifest, &judge));
    if (judge.matched) {
        *ret_state = dependency ? SEC_SUIT_PAYLOAD_DEPENDENCY : SEC_SUIT_PAYLOAD_MATCHES;
        return sec_st(SEC_OK);
    }
    if (judge.unsupported)
        return sec_st(SEC_UNSUPPORTED);
    if (judge.given && !encrypted)
        return sec_st(SEC_DIGEST_MISMATCH);
    *ret_state = SEC_SUIT_PAYLOAD_UNCHECKED;
    return sec_st(SEC_OK);
}

sec_status sec_suit_payload_check(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                                  const struct sec_suit_payload *payload, const struct sec_suit_hasher *hasher,
                                  enum sec_suit_payload_state *ret_state)
{
    return check_payload(envelope, manifest, payload, hasher, 0, ret_state);
}

static sec_status check_severed(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                                const struct sec_suit_hasher *hasher, int64_t member)
{
    struct sec_bytes content;
    struct sec_bytes wrapped;
    if (!sec_suit_envelope_member(envelope, member, &content, &wrapped))
        return sec_st(SEC_OK);
    const struct sec_suit_part *part = sec_suit_part_of(manifest, member);
    if (!part || !part->present || !part->by_digest)
        return sec_st(SEC_UNREFERENCED);
    SEC_TRY(sec_suit_digest_check(&part->digest, wrapped, hasher));
    if (sec_suit_is_sequence(member))
        return sec_suit_sequence_check(content, manifest->components_count);
    return sec_cbor_check(content, SEC_CBOR_FOREIGN);
}

static sec_status check_authentication(const struct sec_suit_envelope *envelope, const struct sec_suit_hasher *hasher)
{
    struct sec_suit_authentication authentication;
    SEC_TRY(sec_suit_authentication_parse(envelope->authentication, &authentication));
    for (size_t i = 0; i < authentication.blocks_count; i++) {
        struct sec_bytes block;
        SEC_TRY(sec_suit_authentication_block(&authentication, i, &block));
    }
    return sec_suit_digest_check(&authentication.digest, envelope->manifest_wrapped, hasher);
}

static sec_status check_within(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                               const struct sec_suit_hasher *hasher, unsigned depth)
{
    SEC_TRY(check_authentication(envelope, hasher));
    for (size_t i = 0; i < SEC_SUIT_PARTS_COUNT; i++)
        SEC_TRY(check_severed(envelope, manifest, hasher, sec_suit_part_member(i)));
    struct sec_suit_payload_walk walk = sec_suit_payload_begin(envelope);
    struct sec_suit_payload payload;
    while (sec_suit_payload_next(&walk, &payload)) {
        enum sec_suit_payload_state state;
        SEC_TRY(check_payload(envelope, manifest, &payload, hasher, depth, &state));
    }
    return walk.rd.status;
}

sec_status sec_suit_check(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest,
                          const struct sec_suit_hasher *hasher)
{
    return check_within(envelope, manifest, hasher, 0);
}
