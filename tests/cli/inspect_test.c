/* SPDX-License-Identifier: Apache-2.0 */
/* inspect on envelopes and statements made here: shapes of the drafts that the vectors at hand do not show. */
#include "suit_maker.h"

#include <securable/statement.h>

static struct sec_private_key maker, other;
static struct trust trust;
static const struct sec_bytes no_aad = {NULL, 0};

static void start(void)
{
    static bool started;
    if (started)
        return;
    maker_key(&maker, SEC_KEY_P256);
    maker_key(&other, SEC_KEY_ED25519);
    maker_trust(&trust, &maker);
    started = true;
}

static char said_error[64], said_kind[64], said_signature[16], said_digest[32];

static void copy_word(const cJSON *json, const char *name, char *to, size_t size)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    snprintf(to, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

static bool look(const struct trust *keys, struct sec_bytes file)
{
    bool good = false;
    cJSON *json = inspect_bytes(keys, no_aad, file, &good);
    copy_word(json, "error", said_error, sizeof said_error);
    copy_word(json, "kind", said_kind, sizeof said_kind);
    copy_word(json, "signature", said_signature, sizeof said_signature);
    const cJSON *payloads = cJSON_GetObjectItemCaseSensitive(json, "payloads");
    copy_word(cJSON_GetArrayItem(payloads, 0), "digest", said_digest, sizeof said_digest);
    cJSON_Delete(json);
    return good;
}

static void check_good(const struct made *made)
{
    bool good = look(&trust, made_bytes(made));
    if (!good)
        printf("refused: %s\n", said_error);
    CHECK(good);
    CHECK(strcmp(said_signature, "valid") == 0);
}

static void check_refused(const struct made *made, const char *error)
{
    CHECK(!look(&trust, made_bytes(made)));
    if (strcmp(said_error, error) != 0)
        printf("error %s, want %s\n", said_error, error);
    CHECK(strcmp(said_error, error) == 0);
}

/* Bits outside [from, from + len) that can be turned over without notice. */
static size_t count_unnoticed(const struct made *made, size_t from, size_t len)
{
    static struct made copy;
    size_t unnoticed = 0;
    copy = *made;
    for (size_t bit = 0; bit < made->wr.len * 8; bit++) {
        if (bit / 8 >= from && bit / 8 < from + len)
            continue;
        copy.data[bit / 8] = (uint8_t)(copy.data[bit / 8] ^ 1u << bit % 8);
        if (look(&trust, sec_bytes(copy.data, made->wr.len))) {
            printf("unnoticed: byte %zu bit %zu\n", bit / 8, bit % 8);
            unnoticed++;
        }
        copy.data[bit / 8] = made->data[bit / 8];
    }
    return unnoticed;
}

/* --- manifests ------------------------------------------------------------------------ */

/* What an install sequence of one or two components says. */
struct plan {
    struct sec_bytes payload; /* what the digest is of */
    const char *uri;
    bool no_digest;
    bool encrypted;   /* encryption-info at the component that fetches */
    bool copied;      /* fetched to 0, copied to 1, whose digest is given */
    bool dependency;  /* component 0 is a dependency; the digest is over its manifest */
    bool in_branches; /* digest and uri stand in branches of a try-each */
};

static void put_common(struct sec_wr *wr, const struct plan *plan)
{
    static const uint8_t zero[] = {0}, one[] = {1};
    sec_cbor_put_map(wr, plan->dependency ? 2 : 1);
    if (plan->dependency) {
        sec_cbor_put_int(wr, 1);
        sec_cbor_put_map(wr, 1);
        sec_cbor_put_uint(wr, 0);
        sec_cbor_put_map(wr, 0);
    }
    sec_cbor_put_int(wr, 2);
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_array(wr, 1);
    sec_cbor_put_bstr(wr, SEC_BYTES(zero));
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_bstr(wr, SEC_BYTES(one));
    sec_cbor_put_bstr(wr, SEC_LIT("app"));
}

static void put_index(struct sec_wr *wr, uint64_t index)
{
    sec_cbor_put_int(wr, SEC_SUIT_SET_COMPONENT_INDEX);
    sec_cbor_put_uint(wr, index);
}

static void put_digest_parameter(struct sec_wr *wr, struct sec_bytes payload)
{
    sec_cbor_put_int(wr, SEC_SUIT_IMAGE_DIGEST);
    size_t mark = sec_cbor_put_bstr_begin(wr);
    put_digest(wr, payload);
    sec_cbor_put_bstr_end(wr, mark);
}

static void put_digest_setting(struct sec_wr *wr, struct sec_bytes payload)
{
    sec_cbor_put_int(wr, SEC_SUIT_OVERRIDE_PARAMETERS);
    sec_cbor_put_map(wr, 1);
    put_digest_parameter(wr, payload);
}

static void put_uri_setting(struct sec_wr *wr, const struct plan *plan)
{
    sec_cbor_put_int(wr, SEC_SUIT_OVERRIDE_PARAMETERS);
    sec_cbor_put_map(wr, plan->encrypted ? 2 : 1);
    if (plan->encrypted) {
        sec_cbor_put_int(wr, SEC_SUIT_ENCRYPTION_INFO);
        size_t mark = sec_cbor_put_bstr_begin(wr);
        sec_cbor_put_tag(wr, 96);
        sec_cbor_put_array(wr, 0);
        sec_cbor_put_bstr_end(wr, mark);
    }
    sec_cbor_put_int(wr, SEC_SUIT_URI);
    sec_cbor_put_tstr(wr, sec_bytes_of_str(plan->uri));
}

/* Two branches, the first of which is about something else. */
static void put_branches(struct sec_wr *wr, const struct plan *plan, bool digest)
{
    struct plan elsewhere = {.uri = "https://example.com/other"};
    sec_cbor_put_int(wr, SEC_SUIT_TRY_EACH);
    sec_cbor_put_array(wr, 3);
    for (int i = 0; i < 2; i++) {
        size_t mark = sec_cbor_put_bstr_begin(wr);
        sec_cbor_put_array(wr, 2);
        if (digest)
            put_digest_setting(wr, i == 0 ? SEC_LIT("something else") : plan->payload);
        else
            put_uri_setting(wr, i == 0 ? &elsewhere : plan);
        sec_cbor_put_bstr_end(wr, mark);
    }
    sec_cbor_put_null(wr);
}

static void put_install(struct sec_wr *wr, const struct plan *plan)
{
    size_t digest = plan->no_digest ? 0 : 2;
    sec_cbor_put_array(wr, 2 + digest + 4 + (plan->copied ? 8 : 0));
    put_index(wr, 0);
    if (plan->in_branches)
        put_branches(wr, plan, true);
    else if (digest && !plan->copied)
        put_digest_setting(wr, plan->payload);
    if (plan->in_branches)
        put_branches(wr, plan, false);
    else
        put_uri_setting(wr, plan);
    sec_cbor_put_int(wr, SEC_SUIT_FETCH);
    sec_cbor_put_uint(wr, 15);
    if (!plan->copied)
        return;
    put_index(wr, 1);
    put_digest_setting(wr, plan->payload);
    sec_cbor_put_int(wr, SEC_SUIT_OVERRIDE_PARAMETERS);
    sec_cbor_put_map(wr, 1);
    sec_cbor_put_int(wr, SEC_SUIT_SOURCE_COMPONENT);
    sec_cbor_put_uint(wr, 0);
    sec_cbor_put_int(wr, 22);
    sec_cbor_put_uint(wr, 15);
}

static void put_manifest(struct sec_wr *wr, const struct plan *plan)
{
    uint8_t common[64];
    struct sec_wr common_wr = sec_wr(SEC_ROOM(common));
    put_common(&common_wr, plan);
    put_manifest_head(wr, sec_wr_done(&common_wr), 1);
    sec_cbor_put_int(wr, SEC_SUIT_INSTALL);
    size_t mark = sec_cbor_put_bstr_begin(wr);
    put_install(wr, plan);
    sec_cbor_put_bstr_end(wr, mark);
}

static const struct maker_auth by_maker = {.key = &maker};

static void make_with_payload(struct made *made, const struct plan *plan, const char *name, struct sec_bytes payload)
{
    static struct made manifest;
    made_begin(&manifest);
    put_manifest(&manifest.wr, plan);
    made_begin(made);
    put_envelope(&made->wr, &by_maker, made_bytes(&manifest), 1);
    sec_cbor_put_tstr(&made->wr, sec_bytes_of_str(name));
    sec_cbor_put_bstr(&made->wr, payload);
}

/* --- integrated payloads --------------------------------------------------------------- */

static const struct sec_bytes payload = {(const uint8_t *)"a payload of some bytes", 23};

static void an_integrated_payload_is_bound_by_its_components_digest(void)
{
    static struct made made;
    start();
    make_with_payload(&made, &(struct plan){.payload = payload, .uri = "#app"}, "#app", payload);
    check_good(&made);
    CHECK(strcmp(said_digest, "matches") == 0);
    CHECK_INT(count_unnoticed(&made, 0, 0), 0);
}

static void digests_in_branches_bind_too(void)
{
    static struct made made;
    start();
    make_with_payload(&made, &(struct plan){.payload = payload, .uri = "app.bin", .in_branches = true}, "app.bin", payload);
    check_good(&made);
    CHECK_INT(count_unnoticed(&made, 0, 0), 0);
}

static void a_digest_of_the_component_copied_to_binds(void)
{
    static struct made made;
    start();
    struct plan plan = {.payload = payload, .uri = "#app", .no_digest = true, .copied = true};
    make_with_payload(&made, &plan, "#app", payload);
    check_good(&made);
    CHECK_INT(count_unnoticed(&made, 0, 0), 0);
}

static void another_payload_is_refused(void)
{
    static struct made made;
    start();
    make_with_payload(&made, &(struct plan){.payload = payload, .uri = "#app"}, "#app", SEC_LIT("another payload"));
    check_refused(&made, "digest-mismatch");
}

static void a_payload_that_nothing_names_is_refused(void)
{
    static struct made made;
    start();
    make_with_payload(&made, &(struct plan){.payload = payload, .uri = "#app"}, "#ap", payload);
    check_refused(&made, "unreferenced");
}

static void an_encrypted_payload_is_unchecked_and_said_so(void)
{
    static struct made made;
    start();
    make_with_payload(&made, &(struct plan){.payload = payload, .uri = "#app", .encrypted = true}, "#app",
                      SEC_LIT("ciphertext"));
    check_good(&made);
    CHECK(strcmp(said_digest, "unchecked") == 0);
    make_with_payload(&made, &(struct plan){.uri = "#app", .no_digest = true}, "#app", payload);
    check_good(&made);
    CHECK(strcmp(said_digest, "unchecked") == 0);
}

/* --- dependencies ---------------------------------------------------------------------- */

static struct sec_bytes make_dependency(struct made *made, struct made *manifest, const struct maker_auth *auth)
{
    static uint8_t wrapped[MAKER_MAX_BYTES];
    made_begin(manifest);
    put_manifest(&manifest->wr, &(struct plan){.payload = payload, .uri = "https://example.com/app"});
    made_begin(made);
    put_envelope(&made->wr, auth, made_bytes(manifest), 0);
    struct sec_wr wr = sec_wr(SEC_ROOM(wrapped));
    sec_cbor_put_bstr(&wr, made_bytes(manifest));
    return sec_wr_done(&wr);
}

static void an_integrated_dependency_counts_to_its_last_bit(void)
{
    static struct made dependency, manifest, made;
    start();
    struct sec_bytes wrapped = make_dependency(&dependency, &manifest, &by_maker);
    struct plan plan = {.payload = wrapped, .uri = "#dependency", .dependency = true};
    make_with_payload(&made, &plan, "#dependency", made_bytes(&dependency));
    check_good(&made);
    CHECK(strcmp(said_digest, "dependency") == 0);
    CHECK_INT(count_unnoticed(&made, 0, 0), 0);
}

static void a_dependency_signed_by_a_stranger_is_refused(void)
{
    static struct made dependency, manifest, made;
    start();
    struct maker_auth stranger = {.key = &other};
    struct sec_bytes wrapped = make_dependency(&dependency, &manifest, &stranger);
    struct plan plan = {.payload = wrapped, .uri = "#dependency", .dependency = true};
    make_with_payload(&made, &plan, "#dependency", made_bytes(&dependency));
    check_refused(&made, "bad-signature");
}

static void a_dependency_whose_mac_nobody_checks_is_refused(void)
{
    static struct made dependency, manifest, made;
    start();
    struct maker_auth mac = {.mac = true};
    struct sec_bytes wrapped = make_dependency(&dependency, &manifest, &mac);
    struct plan plan = {.payload = wrapped, .uri = "#dependency", .dependency = true};
    make_with_payload(&made, &plan, "#dependency", made_bytes(&dependency));
    check_refused(&made, "bad-algorithm");
}

/* --- severed members ------------------------------------------------------------------- */

/* Install and text severed; bits: 1 carries install, 2 text, 4 an install that nothing names by digest. */
static void make_severed(struct made *made, struct made *manifest, unsigned carried)
{
    static struct made install;
    uint8_t common[64];
    struct sec_bytes text = SEC_LIT("\xa1\x62"
                                    "en\xa1\x02\x63new");
    struct plan plan = {.payload = payload, .uri = "https://example.com/app"};
    struct sec_wr common_wr = sec_wr(SEC_ROOM(common));
    put_common(&common_wr, &plan);
    made_begin(&install);
    put_install(&install.wr, &plan);
    made_begin(manifest);
    put_manifest_head(&manifest->wr, sec_wr_done(&common_wr), carried & 4 ? 1 : 2);
    if (!(carried & 4)) {
        sec_cbor_put_int(&manifest->wr, SEC_SUIT_INSTALL);
        put_digest_wrapped(&manifest->wr, made_bytes(&install));
    }
    sec_cbor_put_int(&manifest->wr, SEC_SUIT_TEXT);
    put_digest_wrapped(&manifest->wr, text);
    made_begin(made);
    put_envelope(&made->wr, &by_maker, made_bytes(manifest), (size_t)((carried & 5) != 0) + ((carried & 2) != 0));
    if (carried & 5) {
        sec_cbor_put_int(&made->wr, SEC_SUIT_INSTALL);
        sec_cbor_put_bstr(&made->wr, made_bytes(&install));
    }
    if (carried & 2) {
        sec_cbor_put_int(&made->wr, SEC_SUIT_TEXT);
        sec_cbor_put_bstr(&made->wr, text);
    }
}

static void severed_members_may_go_and_may_not_change(void)
{
    static struct made made, manifest;
    start();
    for (unsigned carried = 0; carried < 4; carried++) {
        make_severed(&made, &manifest, carried);
        check_good(&made);
        CHECK_INT(count_unnoticed(&made, 0, 0), 0);
    }
    make_severed(&made, &manifest, 4);
    check_refused(&made, "unreferenced");
}

/* --- authentication -------------------------------------------------------------------- */

static void make_plain(struct made *made, const struct maker_auth *auth)
{
    static struct made manifest;
    made_begin(&manifest);
    put_manifest(&manifest.wr, &(struct plan){.payload = payload, .uri = "https://example.com/app"});
    made_begin(made);
    put_envelope(&made->wr, auth, made_bytes(&manifest), 0);
}

static void a_mac_alone_is_unchecked(void)
{
    static struct made made;
    const struct trust nobody = {.count = 0};
    start();
    make_plain(&made, &(struct maker_auth){.mac = true});
    CHECK(look(&nobody, made_bytes(&made)));
    CHECK(strcmp(said_signature, "unchecked") == 0);
    CHECK(!look(&trust, made_bytes(&made)));
    CHECK(strcmp(said_signature, "unchecked") == 0);
}

static void no_block_at_all_is_none(void)
{
    static struct made made;
    const struct trust nobody = {.count = 0};
    start();
    make_plain(&made, &(struct maker_auth){.key = NULL});
    CHECK(look(&nobody, made_bytes(&made)));
    CHECK(strcmp(said_signature, "none") == 0);
    check_refused(&made, "unsigned");
}

static void one_good_block_of_several_is_enough(void)
{
    static struct made made;
    start();
    make_plain(&made, &(struct maker_auth){.key = &other, .second = &maker, .mac = true});
    check_good(&made);
    make_plain(&made, &(struct maker_auth){.key = &other});
    check_refused(&made, "bad-signature");
}

static void an_unprotected_header_must_be_accounted_for(void)
{
    static struct made made;
    uint8_t header[64];
    struct sec_key_id kid;
    start();
    struct sec_wr wr = sec_wr(SEC_ROOM(header));
    CHECK_OK(sec_key_id_of(&maker.key, &maker_crypto.hasher, &kid));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_int(&wr, SEC_COSE_HEADER_KID);
    sec_cbor_put_bstr(&wr, SEC_BYTES(kid.b));
    make_plain(&made, &(struct maker_auth){.key = &maker, .unprotected = sec_wr_done(&wr)});
    check_good(&made);
    CHECK_INT(count_unnoticed(&made, 0, 0), 0);
    make_plain(&made, &(struct maker_auth){.key = &maker, .unprotected = SEC_LIT("\xa1\x04\x42\x31\x31")});
    check_refused(&made, "unknown-field");
}

/* --- delegation ------------------------------------------------------------------------ */

/* [[CWT that confirms `to`, signed by `from`]] */
static void put_delegation(struct sec_wr *wr, struct sec_private_key *from, const struct sec_private_key *to)
{
    uint8_t claims[160];
    struct sec_wr claims_wr = sec_wr(SEC_ROOM(claims));
    sec_cbor_put_map(&claims_wr, 1);
    sec_cbor_put_int(&claims_wr, 8);
    sec_cbor_put_map(&claims_wr, 1);
    sec_cbor_put_int(&claims_wr, 1);
    sec_key_encode(&to->key, &claims_wr);
    sec_cbor_put_int(wr, SEC_SUIT_DELEGATION);
    size_t mark = sec_cbor_put_bstr_begin(wr);
    sec_cbor_put_array(wr, 1);
    sec_cbor_put_array(wr, 1);
    size_t token = sec_cbor_put_bstr_begin(wr);
    put_sign1(wr, from, SEC_LIT("\xa0"), sec_wr_done(&claims_wr), (struct sec_bytes){NULL, 0});
    sec_cbor_put_bstr_end(wr, token);
    sec_cbor_put_bstr_end(wr, mark);
}

static void make_delegated(struct made *made, struct sec_private_key *from)
{
    static struct made manifest;
    made_begin(&manifest);
    put_manifest(&manifest.wr, &(struct plan){.payload = payload, .uri = "https://example.com/app"});
    made_begin(made);
    sec_cbor_put_tag(&made->wr, SEC_SUIT_TAG_ENVELOPE);
    sec_cbor_put_map(&made->wr, 3);
    put_delegation(&made->wr, from, &other);
    sec_cbor_put_int(&made->wr, SEC_SUIT_AUTHENTICATION);
    put_authentication(&made->wr, &(struct maker_auth){.key = &other}, made_bytes(&manifest));
    sec_cbor_put_int(&made->wr, SEC_SUIT_MANIFEST);
    sec_cbor_put_bstr(&made->wr, made_bytes(&manifest));
}

static void a_key_may_hand_its_trust_on(void)
{
    static struct made made;
    start();
    make_delegated(&made, &maker);
    check_good(&made);
    CHECK_INT(count_unnoticed(&made, 0, 0), 0);
    make_delegated(&made, &other);
    check_refused(&made, "bad-signature");
}

/* --- statements ------------------------------------------------------------------------ */

static void a_statement_of_ours_is_named_and_shown(void)
{
    static struct made made;
    bool good = false;
    start();
    struct sec_signer signer = sec_private_key_signer(&maker);
    made_begin(&made);
    CHECK_OK(sec_statement_sign(SEC_STATEMENT_COMMAND, &signer, &maker_crypto.hasher, SEC_LIT("\xa1\x01\x63"
                                                                                              "abc"),
                                &made.wr));
    check_good(&made);
    CHECK(strcmp(said_kind, "command") == 0);
    CHECK_INT(count_unnoticed(&made, 0, 0), 0);
    cJSON *json = inspect_bytes(&trust, no_aad, made_bytes(&made), &good);
    const cJSON *body = cJSON_GetObjectItemCaseSensitive(json, "body");
    CHECK(strcmp(cJSON_GetObjectItemCaseSensitive(body, "1")->valuestring, "abc") == 0);
    cJSON_Delete(json);
}

static void a_statement_with_anything_unprotected_is_refused(void)
{
    static struct made made;
    uint8_t header[80];
    struct sec_key_id kid = {{7}};
    start();
    struct sec_wr wr = sec_wr(SEC_ROOM(header));
    sec_cose_protected_encode(SEC_ALG_ESP256, &kid, sec_statement_typ(SEC_STATEMENT_COMMAND), &wr);
    made_begin(&made);
    sec_cbor_put_tag(&made.wr, SEC_COSE_TAG_SIGN1);
    sec_cbor_put_array(&made.wr, 4);
    sec_cbor_put_bstr(&made.wr, sec_wr_done(&wr));
    sec_wr_bytes(&made.wr, SEC_LIT("\xa1\x05\x41\x01"));
    sec_cbor_put_bstr(&made.wr, SEC_LIT("\xa0"));
    sec_cbor_put_bstr(&made.wr, SEC_LIT("0123456789012345678901234567890123456789012345678901234567890123"));
    check_refused(&made, "unknown-field");
}

static void the_device_profile_refuses_alg_outside_the_protected_header(void)
{
    /* The same message inspect accepts as somebody's COSE_Sign1: protected {}, unprotected {1: -9}. */
    static struct made made;
    struct sec_cose_sign1 msg;
    const struct trust nobody = {.count = 0};
    start();
    made_begin(&made);
    sec_cbor_put_tag(&made.wr, SEC_COSE_TAG_SIGN1);
    sec_cbor_put_array(&made.wr, 4);
    sec_cbor_put_bstr(&made.wr, SEC_LIT("\xa0"));
    sec_wr_bytes(&made.wr, SEC_LIT("\xa1\x01\x28"));
    sec_cbor_put_bstr(&made.wr, SEC_LIT("\xa0"));
    sec_cbor_put_bstr(&made.wr, SEC_LIT("0123456789012345678901234567890123456789012345678901234567890123"));
    CHECK(look(&nobody, made_bytes(&made)));
    CHECK(!sec_ok(sec_cose_sign1_parse(made_bytes(&made), false, &msg)));
}

static const struct test tests[] = {
    TEST(an_integrated_payload_is_bound_by_its_components_digest),
    TEST(digests_in_branches_bind_too),
    TEST(a_digest_of_the_component_copied_to_binds),
    TEST(another_payload_is_refused),
    TEST(a_payload_that_nothing_names_is_refused),
    TEST(an_encrypted_payload_is_unchecked_and_said_so),
    TEST(an_integrated_dependency_counts_to_its_last_bit),
    TEST(a_dependency_signed_by_a_stranger_is_refused),
    TEST(a_dependency_whose_mac_nobody_checks_is_refused),
    TEST(severed_members_may_go_and_may_not_change),
    TEST(a_mac_alone_is_unchecked),
    TEST(no_block_at_all_is_none),
    TEST(one_good_block_of_several_is_enough),
    TEST(an_unprotected_header_must_be_accounted_for),
    TEST(a_key_may_hand_its_trust_on),
    TEST(a_statement_of_ours_is_named_and_shown),
    TEST(a_statement_with_anything_unprotected_is_refused),
    TEST(the_device_profile_refuses_alg_outside_the_protected_header),
};
TEST_MAIN(tests)
