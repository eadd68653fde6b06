/* SPDX-License-Identifier: Apache-2.0 */
/* What the manifest's files share among themselves: argument forms, the walk over parameter settings. */
#ifndef UPDATE_MANIFEST_INSIDE_H
#define UPDATE_MANIFEST_INSIDE_H

#include <securable/suit.h>

/** What follows a command code. */
enum suit_arg {
    SUIT_ARG_ANY, /* a command that the drafts do not name */
    SUIT_ARG_POLICY,
    SUIT_ARG_INDEX,
    SUIT_ARG_SEQUENCE,
    SUIT_ARG_TRY_EACH,
    SUIT_ARG_PARAMETERS,
    SUIT_ARG_MULTIPLE,
    SUIT_ARG_COPY,
};

/** What a parameter's value is. */
enum suit_value {
    SUIT_VALUE_ANY, /* a parameter that the drafts do not name */
    SUIT_VALUE_UUID,
    SUIT_VALUE_VENDOR, /* a UUID, or a private enterprise number under tag 112 */
    SUIT_VALUE_DIGEST,
    SUIT_VALUE_UINT,
    SUIT_VALUE_INT,
    SUIT_VALUE_BOOL,
    SUIT_VALUE_TEXT,
    SUIT_VALUE_BYTES,
    SUIT_VALUE_CBOR, /* one item in a byte string */
};

enum suit_arg suit_arg_of(int64_t code);
enum suit_value suit_value_of(int64_t parameter);

/** One parameter being set for a set of components, or copied to them from another. */
struct suit_setting {
    uint64_t components;
    int64_t parameter;
    struct sec_bytes value; /* encoded; empty when copied */
    bool copied;
    uint64_t source; /* when copied: a set of one */
};

struct suit_visitor {
    void *ctx;
    sec_status (*visit)(void *ctx, const struct suit_setting *setting); /* may be null: the walk only checks */
};

/** Walks a sequence and those within it in the order of their bytes, every branch, and checks its grammar. */
sec_status suit_walk_settings(struct sec_bytes sequence, size_t components_count, const struct suit_visitor *visitor);

/** The keys of `count` pairs in `pairs` differ from each other. DUPLICATE_KEY, NOT_DETERMINISTIC (a key), TOO_LARGE. */
sec_status suit_keys_differ(struct sec_bytes pairs, size_t count);

/** Begins a map, any keys; refuses duplicates. Gives the number of pairs. */
size_t suit_map(struct sec_cbor *rd);

#endif
