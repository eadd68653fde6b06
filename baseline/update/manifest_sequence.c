/* SPDX-License-Identifier: Apache-2.0 */
/* Command sequences: walks, and the grammar of arguments and parameters. */
#include "manifest_inside.h"

#define TAG_PEN 112u
#define UUID_BYTES 16u

struct walker {
    size_t components_count;
    const struct suit_visitor *visitor;
};

struct sec_suit_walk sec_suit_sequence_begin(struct sec_bytes sequence)
{
    struct sec_suit_walk walk = {sec_cbor(sequence), 0};
    size_t items = sec_cbor_array(&walk.rd);
    if (items % 2 != 0)
        sec_cbor_fail(&walk.rd, SEC_MALFORMED);
    walk.left = items / 2;
    return walk;
}

bool sec_suit_sequence_next(struct sec_suit_walk *walk, struct sec_suit_command *ret_command)
{
    if (walk->left == 0 || !sec_ok(walk->rd.status))
        return false;
    walk->left--;
    struct sec_suit_command command;
    command.code = sec_cbor_int(&walk->rd);
    command.arg = sec_cbor_item(&walk->rd);
    if (!sec_ok(walk->rd.status))
        return false;
    *ret_command = command;
    return true;
}

sec_status sec_suit_sequence_end(const struct sec_suit_walk *walk)
{
    return sec_cbor_end(&walk->rd);
}

static void read_vendor(struct sec_cbor *rd)
{
    if (sec_cbor_peek(rd) == SEC_CBOR_TAG) {
        if (sec_cbor_tag(rd) != TAG_PEN)
            sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
        (void)sec_cbor_bstr(rd);
    } else if (sec_cbor_bstr(rd).len != UUID_BYTES) {
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    }
}

static void read_uuid(struct sec_cbor *rd)
{
    if (sec_cbor_bstr(rd).len != UUID_BYTES)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void read_wrapped_item(struct sec_cbor *rd, bool is_digest)
{
    struct sec_bytes content = sec_cbor_bstr(rd);
    if (!sec_ok(rd->status))
        return;
    sec_status status = sec_cbor_check(content, SEC_CBOR_FOREIGN);
    if (sec_ok(status) && is_digest) {
        struct sec_cbor inside = sec_cbor(content);
        struct sec_suit_digest digest;
        sec_suit_digest_read(&inside, &digest);
        status = sec_cbor_end(&inside);
    }
    if (!sec_ok(status))
        sec_cbor_fail(rd, (enum sec_status_code)status.code);
}

static sec_status check_value(int64_t parameter, struct sec_bytes value)
{
    struct sec_cbor rd = sec_cbor(value);
    switch (suit_value_of(parameter)) {
    case SUIT_VALUE_ANY:
        return sec_st(SEC_OK);
    case SUIT_VALUE_UUID:
        read_uuid(&rd);
        break;
    case SUIT_VALUE_VENDOR:
        read_vendor(&rd);
        break;
    case SUIT_VALUE_DIGEST:
        read_wrapped_item(&rd, true);
        break;
    case SUIT_VALUE_UINT:
        (void)sec_cbor_uint(&rd);
        break;
    case SUIT_VALUE_INT:
        (void)sec_cbor_int(&rd);
        break;
    case SUIT_VALUE_BOOL:
        (void)sec_cbor_bool(&rd);
        break;
    case SUIT_VALUE_TEXT:
        (void)sec_cbor_tstr(&rd);
        break;
    case SUIT_VALUE_BYTES:
        (void)sec_cbor_bstr(&rd);
        break;
    case SUIT_VALUE_CBOR:
        read_wrapped_item(&rd, false);
        break;
    }
    return sec_cbor_end(&rd);
}

static sec_status visit(const struct walker *walker, const struct suit_setting *setting)
{
    return walker->visitor && walker->visitor->visit ? walker->visitor->visit(walker->visitor->ctx, setting)
                                                     : sec_st(SEC_OK);
}

static sec_status walk_parameters(const struct walker *walker, struct sec_cbor *rd, uint64_t components)
{
    size_t count = suit_map(rd);
    for (size_t i = 0; i < count; i++) {
        struct suit_setting setting = {.components = components};
        setting.parameter = sec_cbor_int(rd);
        setting.value = sec_cbor_item(rd);
        SEC_TRY(rd->status);
        SEC_TRY(check_value(setting.parameter, setting.value));
        SEC_TRY(visit(walker, &setting));
    }
    return rd->status;
}

/* A component's index as a set of one; empty, and the reader failed, when there is no such component. */
static uint64_t read_index(const struct walker *walker, struct sec_cbor *rd)
{
    uint64_t index = sec_cbor_uint(rd);
    if (sec_ok(rd->status) && index >= walker->components_count)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return sec_ok(rd->status) ? (uint64_t)1 << index : 0;
}

static uint64_t all_components(const struct walker *walker)
{
    return walker->components_count >= 64 ? UINT64_MAX : ((uint64_t)1 << walker->components_count) - 1;
}

static uint64_t read_index_arg(const struct walker *walker, struct sec_cbor *rd)
{
    uint64_t set = 0;
    size_t count;
    switch (sec_cbor_peek(rd)) {
    case SEC_CBOR_UINT:
        return read_index(walker, rd);
    case SEC_CBOR_ARRAY:
        count = sec_cbor_array(rd);
        for (size_t i = 0; i < count && sec_ok(rd->status); i++)
            set |= read_index(walker, rd);
        return set;
    default:
        if (!sec_cbor_bool(rd))
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        return all_components(walker);
    }
}

/* {index: parameters}; the last index stays the current one. */
static sec_status walk_multiple(const struct walker *walker, struct sec_cbor *rd, uint64_t *components)
{
    size_t count = suit_map(rd);
    for (size_t i = 0; i < count; i++) {
        uint64_t set = read_index(walker, rd);
        SEC_TRY(rd->status);
        SEC_TRY(walk_parameters(walker, rd, set));
        *components = set;
    }
    return rd->status;
}

/* {source index: [parameter]} */
static sec_status walk_copies(const struct walker *walker, struct sec_cbor *rd, uint64_t components)
{
    size_t count = suit_map(rd);
    for (size_t i = 0; i < count; i++) {
        struct suit_setting setting = {.components = components, .copied = true};
        setting.source = read_index(walker, rd);
        size_t copied_count = sec_cbor_array(rd);
        for (size_t k = 0; k < copied_count && sec_ok(rd->status); k++) {
            setting.parameter = sec_cbor_int(rd);
            SEC_TRY(rd->status);
            SEC_TRY(visit(walker, &setting));
        }
    }
    return rd->status;
}

static sec_status walk_sequence(const struct walker *walker, struct sec_bytes sequence, uint64_t components,
                                unsigned depth);

static sec_status walk_try_each(const struct walker *walker, struct sec_cbor *rd, uint64_t components, unsigned depth)
{
    size_t count = sec_cbor_array(rd);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count && sec_cbor_is_null(rd)) {
            sec_cbor_null(rd);
            break;
        }
        struct sec_bytes branch = sec_cbor_bstr(rd);
        SEC_TRY(rd->status);
        SEC_TRY(walk_sequence(walker, branch, components, depth + 1));
    }
    return rd->status;
}

static sec_status walk_inner(const struct walker *walker, struct sec_cbor *rd, uint64_t components, unsigned depth)
{
    struct sec_bytes inner = sec_cbor_bstr(rd);
    SEC_TRY(rd->status);
    return walk_sequence(walker, inner, components, depth + 1);
}

static sec_status walk_command(const struct walker *walker, const struct sec_suit_command *command,
                               uint64_t *components, unsigned depth)
{
    struct sec_cbor rd = sec_cbor(command->arg);
    switch (suit_arg_of(command->code)) {
    case SUIT_ARG_ANY:
        return sec_st(SEC_OK);
    case SUIT_ARG_POLICY:
        (void)sec_cbor_uint(&rd);
        break;
    case SUIT_ARG_INDEX:
        *components = read_index_arg(walker, &rd);
        break;
    case SUIT_ARG_SEQUENCE:
        SEC_TRY(walk_inner(walker, &rd, *components, depth));
        break;
    case SUIT_ARG_TRY_EACH:
        SEC_TRY(walk_try_each(walker, &rd, *components, depth));
        break;
    case SUIT_ARG_PARAMETERS:
        SEC_TRY(walk_parameters(walker, &rd, *components));
        break;
    case SUIT_ARG_MULTIPLE:
        SEC_TRY(walk_multiple(walker, &rd, components));
        break;
    case SUIT_ARG_COPY:
        SEC_TRY(walk_copies(walker, &rd, *components));
        break;
    }
    return sec_cbor_end(&rd);
}

static sec_status walk_sequence(const struct walker *walker, struct sec_bytes sequence, uint64_t components,
                                unsigned depth)
{
    if (depth > SEC_SUIT_NESTING_MAX)
        return sec_st(SEC_TOO_DEEP);
    SEC_TRY(sec_cbor_check(sequence, SEC_CBOR_FOREIGN));
    struct sec_suit_walk walk = sec_suit_sequence_begin(sequence);
    struct sec_suit_command command;
    while (sec_suit_sequence_next(&walk, &command))
        SEC_TRY(walk_command(walker, &command, &components, depth));
    return sec_suit_sequence_end(&walk);
}

sec_status suit_walk_settings(struct sec_bytes sequence, size_t components_count, const struct suit_visitor *visitor)
{
    struct walker walker = {components_count, visitor};
    return walk_sequence(&walker, sequence, components_count > 0 ? 1 : 0, 0);
}

sec_status sec_suit_sequence_check(struct sec_bytes sequence, size_t components_count)
{
    return suit_walk_settings(sequence, components_count, NULL);
}
