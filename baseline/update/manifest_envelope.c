/* SPDX-License-Identifier: Apache-2.0 */
/* The envelope and its authentication wrapper: framing, not judgement. */
#include "manifest_inside.h"

#define TAG_SIGN1 18u
#define TAG_MAC0 17u
#define TAG_SIGN 98u
#define TAG_MAC 97u

sec_status suit_keys_differ(struct sec_bytes pairs, size_t count)
{
    if (count > SEC_SUIT_PAIRS_MAX_COUNT)
        return sec_st(SEC_TOO_LARGE);
    struct sec_cbor outer = sec_cbor(pairs);
    for (size_t i = 0; i < count; i++) {
        struct sec_bytes key = sec_cbor_item(&outer);
        (void)sec_cbor_item(&outer);
        SEC_TRY(outer.status);
        /* Two encodings of one key would pass a comparison of bytes. */
        SEC_TRY(sec_cbor_check(key, SEC_CBOR_OURS));
        struct sec_cbor inner = outer;
        for (size_t k = i + 1; k < count; k++) {
            if (sec_bytes_equal(key, sec_cbor_item(&inner)))
                return sec_st(SEC_DUPLICATE_KEY);
            (void)sec_cbor_item(&inner);
        }
    }
    return outer.status;
}

size_t suit_map(struct sec_cbor *rd)
{
    size_t count = sec_cbor_map(rd);
    if (!sec_ok(rd->status))
        return 0;
    sec_status differ = suit_keys_differ(sec_bytes_part(rd->in, rd->at, rd->in.len), count);
    if (sec_ok(differ))
        return count;
    sec_cbor_fail(rd, (enum sec_status_code)differ.code);
    return 0;
}

static bool envelope_member_known(int64_t member)
{
    switch (member) {
    case SEC_SUIT_DELEGATION:
    case SEC_SUIT_AUTHENTICATION:
    case SEC_SUIT_MANIFEST:
    case SEC_SUIT_COSWID:
    case SEC_SUIT_DEPENDENCY_RESOLUTION:
    case SEC_SUIT_PAYLOAD_FETCH:
    case SEC_SUIT_CANDIDATE_VERIFICATION:
    case SEC_SUIT_INSTALL:
    case SEC_SUIT_TEXT:
        return true;
    default:
        return false;
    }
}

/* A byte string, with and without its head. */
static struct sec_bytes read_wrapped(struct sec_cbor *rd, struct sec_bytes *ret_wrapped)
{
    struct sec_cbor peek = *rd;
    *ret_wrapped = sec_cbor_item(&peek);
    return sec_cbor_bstr(rd);
}

static void read_member(struct sec_cbor *rd, struct sec_suit_envelope *envelope)
{
    int64_t member = sec_cbor_int(rd);
    struct sec_bytes wrapped;
    struct sec_bytes content = read_wrapped(rd, &wrapped);
    if (!sec_ok(rd->status))
        return;
    if (!envelope_member_known(member)) {
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    } else if (member == SEC_SUIT_DELEGATION) {
        envelope->delegated = true;
        envelope->delegation = content;
    } else if (member == SEC_SUIT_AUTHENTICATION) {
        envelope->authentication = content;
    } else if (member == SEC_SUIT_MANIFEST) {
        envelope->manifest = content;
        envelope->manifest_wrapped = wrapped;
    }
}

static sec_status read_members(struct sec_cbor *rd, struct sec_suit_envelope *envelope)
{
    envelope->pairs_count = suit_map(rd);
    envelope->pairs = sec_bytes_part(rd->in, rd->at, rd->in.len);
    size_t payloads = 0;
    for (size_t i = 0; i < envelope->pairs_count && sec_ok(rd->status); i++) {
        if (sec_cbor_peek(rd) == SEC_CBOR_TSTR) {
            (void)sec_cbor_tstr(rd);
            (void)sec_cbor_bstr(rd);
            payloads++;
        } else {
            read_member(rd, envelope);
        }
    }
    SEC_TRY(sec_cbor_end(rd));
    if (payloads > SEC_SUIT_PAYLOADS_MAX_COUNT)
        return sec_st(SEC_TOO_LARGE);
    if (envelope->authentication.len == 0 || envelope->manifest.len == 0)
        return sec_st(SEC_MISSING_FIELD);
    return sec_st(SEC_OK);
}

sec_status sec_suit_envelope_parse(struct sec_bytes in, struct sec_suit_envelope *ret_envelope)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_FOREIGN));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_suit_envelope envelope = {0};
    if (sec_cbor_peek(&rd) == SEC_CBOR_TAG) {
        if (sec_cbor_tag(&rd) != SEC_SUIT_TAG_ENVELOPE)
            return sec_st(SEC_UNEXPECTED_TYPE);
        envelope.tagged = true;
    }
    SEC_TRY(read_members(&rd, &envelope));
    *ret_envelope = envelope;
    return sec_st(SEC_OK);
}

bool sec_suit_envelope_member(const struct sec_suit_envelope *envelope, int64_t member, struct sec_bytes *ret_content,
                              struct sec_bytes *ret_wrapped)
{
    struct sec_cbor rd = sec_cbor(envelope->pairs);
    for (size_t i = 0; i < envelope->pairs_count && sec_ok(rd.status); i++) {
        bool numbered = sec_cbor_peek(&rd) != SEC_CBOR_TSTR;
        struct sec_cbor key = sec_cbor(sec_cbor_item(&rd));
        bool found = numbered && sec_cbor_int(&key) == member;
        struct sec_bytes wrapped;
        struct sec_bytes content = read_wrapped(&rd, &wrapped);
        if (found && sec_ok(rd.status)) {
            *ret_content = content;
            *ret_wrapped = wrapped;
            return true;
        }
    }
    return false;
}

struct sec_suit_payload_walk sec_suit_payload_begin(const struct sec_suit_envelope *envelope)
{
    return (struct sec_suit_payload_walk){sec_cbor(envelope->pairs), envelope->pairs_count};
}

bool sec_suit_payload_next(struct sec_suit_payload_walk *walk, struct sec_suit_payload *ret_payload)
{
    while (walk->left > 0 && sec_ok(walk->rd.status)) {
        walk->left--;
        if (sec_cbor_peek(&walk->rd) != SEC_CBOR_TSTR) {
            (void)sec_cbor_item(&walk->rd);
            (void)sec_cbor_item(&walk->rd);
            continue;
        }
        struct sec_suit_payload payload;
        payload.name = sec_cbor_tstr(&walk->rd);
        payload.content = sec_cbor_bstr(&walk->rd);
        if (!sec_ok(walk->rd.status))
            return false;
        *ret_payload = payload;
        return true;
    }
    return false;
}

void sec_suit_digest_read(struct sec_cbor *rd, struct sec_suit_digest *ret_digest)
{
    size_t count = sec_cbor_array(rd);
    struct sec_suit_digest digest;
    digest.alg = sec_cbor_int(rd);
    digest.bytes = sec_cbor_bstr(rd);
    /* Further parameters would change what the digest means. */
    if (sec_ok(rd->status) && count != 2)
        sec_cbor_fail(rd, count > 2 ? SEC_UNSUPPORTED : SEC_MALFORMED);
    if (sec_ok(rd->status))
        *ret_digest = digest;
}

sec_status sec_suit_authentication_parse(struct sec_bytes in, struct sec_suit_authentication *ret_authentication)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_FOREIGN));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_suit_authentication authentication = {0};
    size_t count = sec_cbor_array(&rd);
    if (sec_ok(rd.status) && count == 0)
        return sec_st(SEC_MISSING_FIELD);
    authentication.signed_bytes = sec_cbor_bstr(&rd);
    SEC_TRY(rd.status);
    authentication.blocks = sec_bytes_part(in, rd.at, in.len);
    authentication.blocks_count = count - 1;
    for (size_t i = 1; i < count; i++)
        (void)sec_cbor_bstr(&rd);
    SEC_TRY(sec_cbor_end(&rd));

    SEC_TRY(sec_cbor_check(authentication.signed_bytes, SEC_CBOR_FOREIGN));
    struct sec_cbor digest = sec_cbor(authentication.signed_bytes);
    sec_suit_digest_read(&digest, &authentication.digest);
    SEC_TRY(sec_cbor_end(&digest));
    *ret_authentication = authentication;
    return sec_st(SEC_OK);
}

sec_status sec_suit_authentication_block(const struct sec_suit_authentication *authentication, size_t index,
                                         struct sec_bytes *ret_block)
{
    if (index >= authentication->blocks_count)
        return sec_st(SEC_NOT_FOUND);
    struct sec_cbor rd = sec_cbor(authentication->blocks);
    for (size_t i = 0; i < index; i++)
        (void)sec_cbor_bstr(&rd);
    struct sec_bytes block = sec_cbor_bstr(&rd);
    SEC_TRY(rd.status);
    SEC_TRY(sec_cbor_check(block, SEC_CBOR_FOREIGN));
    struct sec_cbor inside = sec_cbor(block);
    uint64_t tag = sec_cbor_tag(&inside);
    if (!sec_ok(inside.status) || (tag != TAG_SIGN1 && tag != TAG_MAC0 && tag != TAG_SIGN && tag != TAG_MAC))
        return sec_st(SEC_UNEXPECTED_TYPE);
    *ret_block = block;
    return sec_st(SEC_OK);
}
