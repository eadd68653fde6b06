/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our releases. Signatures always verify and digests are zeros, as in the seeds, so that changed bytes reach the grammar;
 * what is accepted then must come out of the writer byte for byte.
 */
#include <securable/limits.h>
#include <securable/suit.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static sec_status zeros(void *ctx, const struct sec_bytes *parts, size_t parts_count, struct sec_digest *ret_digest)
{
    (void)ctx;
    (void)parts;
    (void)parts_count;
    *ret_digest = (struct sec_digest){{0}};
    return sec_st(SEC_OK);
}

static sec_status verify_any(void *ctx, const struct sec_public_key *key, int64_t alg, const struct sec_bytes *parts,
                             size_t parts_count, struct sec_bytes signature)
{
    (void)ctx;
    (void)key;
    (void)alg;
    (void)parts;
    (void)parts_count;
    (void)signature;
    return sec_st(SEC_OK);
}

static sec_status sign_zeros(void *ctx, const struct sec_bytes *parts, size_t parts_count, struct sec_signature *ret_signature)
{
    (void)ctx;
    (void)parts;
    (void)parts_count;
    *ret_signature = (struct sec_signature){{0}};
    return sec_st(SEC_OK);
}

/* The manifest written again; signature and key id are the fuzzer's, so they are not compared. */
static void compare(const struct sec_suit_release_envelope *envelope, const struct sec_suit_release *release,
                    const struct sec_hasher *hasher)
{
    static uint8_t room[SEC_STATEMENT_MAX_BYTES + 4096];
    struct sec_suit_envelope again;
    struct sec_signer signer = {.key = {.type = SEC_KEY_P256}, .sign = sign_zeros};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    if (release->coswid_severed || !sec_ok(sec_suit_release_encode(release, &signer, hasher, &wr)))
        return;
    if (!sec_ok(sec_suit_envelope_parse(sec_wr_done(&wr), &again)) ||
        !sec_bytes_equal(again.manifest, envelope->envelope.manifest))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct sec_hasher hasher = {NULL, zeros};
    const struct sec_verifier verifier = {NULL, verify_any};
    const struct sec_public_key key = {.type = SEC_KEY_P256};
    struct sec_suit_release_envelope envelope;
    struct sec_suit_release release;
    if (sec_ok(sec_suit_release_open(sec_bytes(data, len), &envelope)) &&
        sec_ok(sec_suit_release_parse(&envelope, &key, &verifier, &hasher, &release)))
        compare(&envelope, &release, &hasher);
    return 0;
}
