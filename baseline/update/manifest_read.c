/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest's members and its common part. */
#include "manifest_inside.h"

#define MANIFEST_FORMAT 1u

enum {
    MEMBER_FORMAT = 1,
    MEMBER_SEQUENCE_NUMBER = 2,
    MEMBER_COMMON = 3,
    MEMBER_REFERENCE_URI = 4,
    MEMBER_COMPONENT_ID = 5,
    MEMBER_SET_VERSION = 6,
};

enum {
    COMMON_DEPENDENCIES = 1,
    COMMON_COMPONENTS = 2,
    COMMON_SHARED_SEQUENCE = 4,
};

#define DEPENDENCY_PREFIX 1

static const struct {
    int64_t member;
    bool severable;
    bool sequence;
} parts[SEC_SUIT_PARTS_COUNT] = {
    {SEC_SUIT_VALIDATE, false, true},
    {SEC_SUIT_LOAD, false, true},
    {SEC_SUIT_INVOKE, false, true},
    {SEC_SUIT_COSWID, true, false},
    {SEC_SUIT_DEPENDENCY_RESOLUTION, true, true},
    {SEC_SUIT_PAYLOAD_FETCH, true, true},
    {SEC_SUIT_CANDIDATE_VERIFICATION, true, true},
    {SEC_SUIT_INSTALL, true, true},
    {SEC_SUIT_TEXT, true, false},
    {SEC_SUIT_UNINSTALL, false, true},
};

int64_t sec_suit_part_member(size_t index)
{
    return index < SEC_SUIT_PARTS_COUNT ? parts[index].member : 0;
}

static size_t part_index(int64_t member)
{
    size_t i = 0;
    while (i < SEC_SUIT_PARTS_COUNT && parts[i].member != member)
        i++;
    return i;
}

const struct sec_suit_part *sec_suit_part_of(const struct sec_suit_manifest *manifest, int64_t member)
{
    size_t index = part_index(member);
    return index < SEC_SUIT_PARTS_COUNT ? &manifest->parts[index] : NULL;
}

bool sec_suit_is_sequence(int64_t member)
{
    size_t index = part_index(member);
    return index < SEC_SUIT_PARTS_COUNT && parts[index].sequence;
}

/* [* bstr], whole. */
static struct sec_bytes read_component_id(struct sec_cbor *rd)
{
    size_t from = rd->at;
    size_t count = sec_cbor_array(rd);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++)
        (void)sec_cbor_bstr(rd);
    return sec_ok(rd->status) ? sec_bytes_part(rd->in, from, rd->at - from) : (struct sec_bytes){NULL, 0};
}

static void read_components(struct sec_cbor *rd, struct sec_suit_manifest *manifest)
{
    size_t from = rd->at;
    manifest->components_count = sec_cbor_array(rd);
    if (sec_ok(rd->status) && manifest->components_count > SEC_SUIT_COMPONENTS_MAX_COUNT)
        sec_cbor_fail(rd, SEC_TOO_LARGE);
    for (size_t i = 0; i < manifest->components_count && sec_ok(rd->status); i++)
        (void)read_component_id(rd);
    if (sec_ok(rd->status))
        manifest->components = sec_bytes_part(rd->in, from, rd->at - from);
}

static void read_dependency_metadata(struct sec_cbor *rd)
{
    size_t count = suit_map(rd);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        if (sec_cbor_int(rd) != DEPENDENCY_PREFIX)
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        (void)read_component_id(rd);
    }
}

static void read_dependencies(struct sec_cbor *rd, struct sec_suit_manifest *manifest)
{
    size_t from = rd->at;
    size_t count = suit_map(rd);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++) {
        uint64_t index = sec_cbor_uint(rd);
        if (sec_ok(rd->status) && index >= SEC_SUIT_COMPONENTS_MAX_COUNT)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        else
            manifest->dependencies_set |= (uint64_t)1 << index;
        read_dependency_metadata(rd);
    }
    if (sec_ok(rd->status))
        manifest->dependencies = sec_bytes_part(rd->in, from, rd->at - from);
}

static sec_status parse_common(struct sec_bytes in, struct sec_suit_manifest *manifest)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_FOREIGN));
    struct sec_cbor rd = sec_cbor(in);
    size_t count = suit_map(&rd);
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        switch (sec_cbor_int(&rd)) {
        case COMMON_DEPENDENCIES:
            read_dependencies(&rd, manifest);
            break;
        case COMMON_COMPONENTS:
            read_components(&rd, manifest);
            break;
        case COMMON_SHARED_SEQUENCE:
            manifest->shared_sequence = sec_cbor_bstr(&rd);
            manifest->shared_present = true;
            break;
        default:
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        }
    }
    SEC_TRY(sec_cbor_end(&rd));
    bool beyond = manifest->components_count < SEC_SUIT_COMPONENTS_MAX_COUNT &&
                  manifest->dependencies_set >> manifest->components_count != 0;
    return beyond ? sec_st(SEC_BAD_VALUE) : sec_st(SEC_OK);
}

static void read_part(struct sec_cbor *rd, size_t index, struct sec_suit_part *part)
{
    part->present = true;
    if (parts[index].severable && sec_cbor_peek(rd) == SEC_CBOR_ARRAY) {
        part->by_digest = true;
        sec_suit_digest_read(rd, &part->digest);
    } else {
        part->content = sec_cbor_bstr(rd);
    }
}

static void read_format(struct sec_cbor *rd)
{
    if (sec_cbor_uint(rd) != MANIFEST_FORMAT && sec_ok(rd->status))
        sec_cbor_fail(rd, SEC_UNKNOWN_FORMAT);
}

/* Reads one member; gives its bit among 1 to 6, or 0. */
static unsigned read_manifest_member(struct sec_cbor *rd, struct sec_suit_manifest *manifest, struct sec_bytes *common)
{
    int64_t member = sec_cbor_int(rd);
    size_t index = part_index(member);
    if (index < SEC_SUIT_PARTS_COUNT) {
        read_part(rd, index, &manifest->parts[index]);
        return 0;
    }
    switch (member) {
    case MEMBER_FORMAT:
        read_format(rd);
        break;
    case MEMBER_SEQUENCE_NUMBER:
        manifest->sequence_number = sec_cbor_uint(rd);
        break;
    case MEMBER_COMMON:
        *common = sec_cbor_bstr(rd);
        break;
    case MEMBER_REFERENCE_URI:
        manifest->reference_uri = sec_cbor_tstr(rd);
        break;
    case MEMBER_COMPONENT_ID:
        manifest->component_id = read_component_id(rd);
        break;
    case MEMBER_SET_VERSION:
        manifest->set_version = sec_cbor_bstr(rd);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        return 0;
    }
    return 1u << member;
}

static sec_status check_contents(const struct sec_suit_manifest *manifest)
{
    if (manifest->shared_present)
        SEC_TRY(sec_suit_sequence_check(manifest->shared_sequence, manifest->components_count));
    if (manifest->set_version.len > 0)
        SEC_TRY(sec_cbor_check(manifest->set_version, SEC_CBOR_FOREIGN));
    for (size_t i = 0; i < SEC_SUIT_PARTS_COUNT; i++) {
        const struct sec_suit_part *part = &manifest->parts[i];
        if (!part->present || part->by_digest)
            continue;
        if (parts[i].sequence)
            SEC_TRY(sec_suit_sequence_check(part->content, manifest->components_count));
        else
            SEC_TRY(sec_cbor_check(part->content, SEC_CBOR_FOREIGN));
    }
    return sec_st(SEC_OK);
}

sec_status sec_suit_manifest_parse(struct sec_bytes in, struct sec_suit_manifest *ret_manifest)
{
    const unsigned required = 1u << MEMBER_FORMAT | 1u << MEMBER_SEQUENCE_NUMBER | 1u << MEMBER_COMMON;
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_FOREIGN));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_suit_manifest manifest = {0};
    struct sec_bytes common = {NULL, 0};
    unsigned seen = 0;
    size_t count = suit_map(&rd);
    for (size_t i = 0; i < count && sec_ok(rd.status); i++)
        seen |= read_manifest_member(&rd, &manifest, &common);
    SEC_TRY(sec_cbor_end(&rd));
    if ((seen & required) != required)
        return sec_st(SEC_MISSING_FIELD);
    SEC_TRY(parse_common(common, &manifest));
    SEC_TRY(check_contents(&manifest));
    *ret_manifest = manifest;
    return sec_st(SEC_OK);
}
