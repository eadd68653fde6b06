/* SPDX-License-Identifier: Apache-2.0 */
/* Any SUIT envelope: parsing, walks, all digests. The hasher gives zeros, as seeds do, so that a changed byte is read further. */
#include <securable/suit.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static sec_status zeros(const void *ctx, int64_t alg, const struct sec_bytes *parts, size_t parts_count, struct sec_room to,
                        size_t *ret_len)
{
    (void)ctx;
    (void)parts;
    (void)parts_count;
    if (alg != SEC_SUIT_SHA256)
        return sec_st(SEC_UNSUPPORTED);
    memset(to.data, 0, 32);
    *ret_len = 32;
    return sec_st(SEC_OK);
}

static void walk_blocks(const struct sec_suit_envelope *envelope)
{
    struct sec_suit_authentication authentication;
    struct sec_bytes block;
    if (!sec_ok(sec_suit_authentication_parse(envelope->authentication, &authentication)))
        return;
    for (size_t i = 0; sec_ok(sec_suit_authentication_block(&authentication, i, &block)); i++)
        ;
}

static void walk_parts(const struct sec_suit_envelope *envelope, const struct sec_suit_manifest *manifest)
{
    for (size_t i = 0; i < SEC_SUIT_PARTS_COUNT; i++) {
        struct sec_bytes content;
        struct sec_suit_command command;
        if (!sec_suit_part_content(envelope, manifest, sec_suit_part_member(i), &content))
            continue;
        struct sec_suit_walk walk = sec_suit_sequence_begin(content);
        while (sec_suit_sequence_next(&walk, &command))
            (void)sec_suit_command_name(command.code);
        (void)sec_suit_sequence_end(&walk);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct sec_suit_hasher hasher = {NULL, zeros};
    struct sec_suit_envelope envelope;
    struct sec_suit_manifest manifest;
    if (!sec_ok(sec_suit_envelope_parse(sec_bytes(data, len), &envelope)))
        return 0;
    walk_blocks(&envelope);
    if (!sec_ok(sec_suit_manifest_parse(envelope.manifest, &manifest)))
        return 0;
    walk_parts(&envelope, &manifest);
    (void)sec_suit_check(&envelope, &manifest, &hasher);
    return 0;
}
