/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT: others' envelopes read, our releases written and read, reports. */
#include "fake_crypto.h"
#include "test.h"

#include <securable/limits.h>
#include <securable/suit.h>

enum { ROOM_BYTES = 8192 };

static struct fake_crypto fake;
static struct sec_crypto crypto;
static struct fake_key release_key, other_key;

static void start(void)
{
    fake_crypto_init(&fake, 1);
    crypto = fake_crypto_port(&fake);
    fake_key_init(&release_key, SEC_KEY_P256, 11);
    fake_key_init(&other_key, SEC_KEY_P256, 12);
}

/* --- our releases ---------------------------------------------------------------------- */

static struct sec_suit_release example(void)
{
    struct sec_suit_release release = {
        .sequence_number = 41,
        .vendor_id = {{1, 2, 3}},
        .class_id = {{4, 5, 6}},
        .image_digest = {{7, 8, 9}},
        .image_size_bytes = 3145728,
        .component = SEC_LIT("system"),
        .uri = SEC_LIT("pump-1.1.squashfs"),
        .version = SEC_LIT("1.1"),
        .description = SEC_LIT("Closes the debug port."),
        .product_record = SEC_LIT("a signed product record"),
        .coswid = SEC_LIT("\xa1\x00\x63tag"),
    };
    return release;
}

static struct sec_bytes encode(const struct sec_suit_release *release, uint8_t *room)
{
    struct sec_wr wr = sec_wr(sec_room(room, ROOM_BYTES));
    struct sec_signer signer = fake_key_signer(&release_key);
    CHECK_OK(sec_suit_release_encode(release, &signer, &crypto.hasher, &wr));
    return sec_wr_done(&wr);
}

static sec_status parse(struct sec_bytes in, const struct fake_key *key, struct sec_suit_release *release)
{
    struct sec_suit_release_envelope envelope;
    SEC_TRY(sec_suit_release_open(in, &envelope));
    return sec_suit_release_parse(&envelope, &key->key, &crypto.verifier, &crypto.hasher, release);
}

static void a_release_says_what_was_put_in(void)
{
    static uint8_t room[ROOM_BYTES];
    struct sec_suit_release put, got;
    struct sec_suit_release_envelope envelope;
    struct sec_key_id kid;
    start();
    put = example();
    struct sec_bytes made = encode(&put, room);
    CHECK_OK(sec_suit_release_open(made, &envelope));
    CHECK_OK(sec_key_id_of(&release_key.key, &crypto.hasher, &kid));
    CHECK(sec_key_id_equal(&kid, &envelope.statement.kid));
    CHECK_OK(parse(made, &release_key, &got));
    CHECK_INT(got.sequence_number, put.sequence_number);
    CHECK_BYTES(SEC_BYTES(got.vendor_id.b), SEC_BYTES(put.vendor_id.b));
    CHECK_BYTES(SEC_BYTES(got.class_id.b), SEC_BYTES(put.class_id.b));
    CHECK_BYTES(SEC_BYTES(got.image_digest.b), SEC_BYTES(put.image_digest.b));
    CHECK_INT(got.image_size_bytes, put.image_size_bytes);
    CHECK_BYTES(got.component, put.component);
    CHECK_BYTES(got.uri, put.uri);
    CHECK_BYTES(got.version, put.version);
    CHECK_BYTES(got.description, put.description);
    CHECK_BYTES(got.product_record, put.product_record);
    CHECK_BYTES(got.coswid, put.coswid);
    CHECK(!got.coswid_severed);
    struct sec_digest product;
    CHECK_OK(crypto.hasher.digest(crypto.hasher.ctx, &put.product_record, 1, &product));
    CHECK(sec_digest_equal(&product, &got.product_digest));
    CHECK_BYTES(sec_digest_bytes(&got.manifest_digest), envelope.authentication.digest.bytes);
    SHOWS("F5.2");
}

static void a_release_needs_neither_coswid_nor_description(void)
{
    static uint8_t room[ROOM_BYTES];
    struct sec_suit_release put, got;
    start();
    put = example();
    put.coswid.len = 0;
    put.description.len = 0;
    CHECK_OK(parse(encode(&put, room), &release_key, &got));
    CHECK_INT(got.coswid.len, 0);
    CHECK_INT(got.description.len, 0);
    CHECK(!got.coswid_severed);
}

static void every_bit_of_a_release_counts(void)
{
    static uint8_t room[ROOM_BYTES];
    struct sec_suit_release put, got;
    start();
    /* ECDSA has a second signature for each message, and so has the fake's P-256; not Ed25519. */
    fake_key_init(&release_key, SEC_KEY_ED25519, 11);
    put = example();
    struct sec_bytes made = encode(&put, room);
    for (size_t bit = 0; bit < made.len * 8; bit++) {
        room[bit / 8] = (uint8_t)(room[bit / 8] ^ 1u << bit % 8);
        if (sec_ok(parse(made, &release_key, &got)))
            printf("unnoticed: byte %zu bit %zu\n", bit / 8, bit % 8);
        CHECK(!sec_ok(parse(made, &release_key, &got)));
        room[bit / 8] = (uint8_t)(room[bit / 8] ^ 1u << bit % 8);
    }
    for (size_t len = 0; len < made.len; len++)
        CHECK(!sec_ok(parse(sec_bytes_part(made, 0, len), &release_key, &got)));
}

static void another_key_is_refused(void)
{
    static uint8_t room[ROOM_BYTES];
    struct sec_suit_release put, got;
    start();
    put = example();
    CHECK_STATUS(parse(encode(&put, room), &other_key, &got), SEC_BAD_SIGNATURE);
    SHOWS("F5.3");
}

/* The release again, with members left out or added: 14 and 23 may be dropped, "#more" added. */
static struct sec_bytes remake(struct sec_bytes made, int64_t drop, bool add, uint8_t *room)
{
    struct sec_suit_envelope envelope;
    struct sec_wr wr = sec_wr(sec_room(room, ROOM_BYTES));
    CHECK_OK(sec_suit_envelope_parse(made, &envelope));
    sec_cbor_put_tag(&wr, SEC_SUIT_TAG_ENVELOPE);
    sec_cbor_put_map(&wr, envelope.pairs_count - (drop != 0) + add);
    struct sec_cbor rd = sec_cbor(envelope.pairs);
    for (size_t i = 0; i < envelope.pairs_count; i++) {
        struct sec_bytes key = sec_cbor_item(&rd);
        struct sec_bytes value = sec_cbor_item(&rd);
        struct sec_cbor number = sec_cbor(key);
        bool text = sec_cbor_peek(&number) == SEC_CBOR_TSTR;
        if (text && add) {
            sec_cbor_put_tstr(&wr, SEC_LIT("#more"));
            sec_cbor_put_bstr(&wr, SEC_LIT("stowaway"));
        }
        if (!text && sec_cbor_int(&number) == drop)
            continue;
        sec_wr_bytes(&wr, key);
        sec_wr_bytes(&wr, value);
    }
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static void a_coswid_may_be_severed_a_text_may_not(void)
{
    static uint8_t room[ROOM_BYTES], again[ROOM_BYTES];
    struct sec_suit_release put, got;
    start();
    put = example();
    struct sec_bytes made = encode(&put, room);
    CHECK_OK(parse(remake(made, SEC_SUIT_COSWID, false, again), &release_key, &got));
    CHECK(got.coswid_severed);
    CHECK_INT(got.coswid.len, 0);
    CHECK_STATUS(parse(remake(made, SEC_SUIT_TEXT, false, again), &release_key, &got), SEC_MISSING_FIELD);
    CHECK_STATUS(parse(remake(made, SEC_SUIT_AUTHENTICATION, false, again), &release_key, &got), SEC_MISSING_FIELD);
}

static void a_second_payload_is_refused(void)
{
    static uint8_t room[ROOM_BYTES], again[ROOM_BYTES];
    struct sec_suit_release put, got;
    struct sec_suit_envelope envelope;
    struct sec_suit_manifest manifest;
    start();
    put = example();
    struct sec_bytes made = remake(encode(&put, room), 0, true, again);
    CHECK_STATUS(parse(made, &release_key, &got), SEC_UNREFERENCED);
    struct sec_suit_hasher hasher = sec_suit_hasher_of(&crypto.hasher);
    CHECK_OK(sec_suit_envelope_parse(made, &envelope));
    CHECK_OK(sec_suit_manifest_parse(envelope.manifest, &manifest));
    CHECK_STATUS(sec_suit_check(&envelope, &manifest, &hasher), SEC_UNREFERENCED);
}

/* An envelope around our manifest whose only block is `block` (none when empty). */
static struct sec_bytes reauthenticate(struct sec_bytes made, struct sec_bytes block, uint8_t *room)
{
    struct sec_suit_envelope envelope;
    struct sec_suit_authentication authentication;
    struct sec_wr wr = sec_wr(sec_room(room, ROOM_BYTES));
    CHECK_OK(sec_suit_envelope_parse(made, &envelope));
    CHECK_OK(sec_suit_authentication_parse(envelope.authentication, &authentication));
    sec_cbor_put_tag(&wr, SEC_SUIT_TAG_ENVELOPE);
    sec_cbor_put_map(&wr, envelope.pairs_count);
    sec_cbor_put_int(&wr, SEC_SUIT_AUTHENTICATION);
    size_t mark = sec_cbor_put_bstr_begin(&wr);
    sec_cbor_put_array(&wr, block.len > 0 ? 2 : 1);
    sec_cbor_put_bstr(&wr, authentication.signed_bytes);
    if (block.len > 0)
        sec_cbor_put_bstr(&wr, block);
    sec_cbor_put_bstr_end(&wr, mark);
    struct sec_cbor rd = sec_cbor(envelope.pairs);
    (void)sec_cbor_item(&rd);
    (void)sec_cbor_item(&rd);
    sec_wr_bytes(&wr, sec_bytes_part(envelope.pairs, rd.at, envelope.pairs.len));
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static void another_kind_of_statement_is_no_release(void)
{
    static uint8_t room[ROOM_BYTES], again[ROOM_BYTES], block[512];
    struct sec_suit_release put, got;
    struct sec_suit_release_envelope opened;
    struct sec_key_id kid;
    start();
    put = example();
    struct sec_bytes made = encode(&put, room);
    CHECK_OK(sec_suit_release_open(made, &opened));
    CHECK_OK(sec_key_id_of(&release_key.key, &crypto.hasher, &kid));
    struct sec_signer signer = fake_key_signer(&release_key);
    struct sec_wr wr = sec_wr(SEC_ROOM(block));
    CHECK_OK(sec_cose_sign1_encode(sec_statement_typ(SEC_STATEMENT_VOUCHER), &kid, &signer, opened.authentication.signed_bytes,
                                   false, &wr));
    CHECK_STATUS(parse(reauthenticate(made, sec_wr_done(&wr), again), &release_key, &got), SEC_WRONG_KIND);
    CHECK_STATUS(parse(reauthenticate(made, SEC_LIT(""), again), &release_key, &got), SEC_UNSIGNED);
}

static void a_release_that_cannot_be_is_not_written(void)
{
    static uint8_t room[ROOM_BYTES], long_text[SEC_SUIT_DESCRIPTION_MAX_BYTES + 1];
    struct sec_suit_release put;
    struct sec_signer signer;
    start();
    signer = fake_key_signer(&release_key);
    memset(long_text, 'x', sizeof long_text);
    const char *bad_uris[] = {"", "#payload", "../x", "a/b", ".hidden", "a\nb"};
    for (size_t i = 0; i < sizeof bad_uris / sizeof bad_uris[0]; i++) {
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        put = example();
        put.uri = sec_bytes_of_str(bad_uris[i]);
        CHECK_STATUS(sec_suit_release_encode(&put, &signer, &crypto.hasher, &wr), SEC_BAD_VALUE);
    }
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    put = example();
    put.component = SEC_LIT("product");
    CHECK_STATUS(sec_suit_release_encode(&put, &signer, &crypto.hasher, &wr), SEC_BAD_VALUE);
    put = example();
    put.description = SEC_BYTES(long_text);
    CHECK_STATUS(sec_suit_release_encode(&put, &signer, &crypto.hasher, &wr), SEC_BAD_VALUE);
    put = example();
    put.version = SEC_LIT("\xff");
    CHECK_STATUS(sec_suit_release_encode(&put, &signer, &crypto.hasher, &wr), SEC_NOT_UTF8);
}

static void a_room_too_small_is_told_wherever_it_ends(void)
{
    static uint8_t room[ROOM_BYTES], small[ROOM_BYTES];
    struct sec_suit_release put;
    start();
    put = example();
    size_t needed = encode(&put, room).len;
    struct sec_signer signer = fake_key_signer(&release_key);
    for (size_t len = 0; len < needed; len++) {
        struct sec_wr wr = sec_wr(sec_room(small, len));
        CHECK_STATUS(sec_suit_release_encode(&put, &signer, &crypto.hasher, &wr), SEC_ROOM_FULL);
    }
}

/* Stored and sent forms stay as they are: compares with a file of hex, and prints what it should be. */
static void check_golden(const char *name, struct sec_bytes made)
{
    static char want[4 * ROOM_BYTES];
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", GOLDEN_DIR, name);
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(want, 1, sizeof want, file) : 0;
    if (file)
        fclose(file);
    static uint8_t hex[4 * ROOM_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(hex));
    sec_wr_hex(&wr, made);
    sec_wr_u8(&wr, '\n');
    if (!sec_bytes_equal(sec_wr_done(&wr), sec_bytes(want, len)))
        printf("%s should be:\n%.*s", path, (int)wr.len, (const char *)hex);
    CHECK(sec_bytes_equal(sec_wr_done(&wr), sec_bytes(want, len)));
}

static void a_release_looks_as_it_always_did(void)
{
    static uint8_t room[ROOM_BYTES];
    struct sec_suit_release put;
    start();
    put = example();
    check_golden("suit_release.hex", encode(&put, room));
}

/* --- others' envelopes ----------------------------------------------------------------- */

static void our_release_is_a_suit_envelope_like_others(void)
{
    static uint8_t room[ROOM_BYTES];
    struct sec_suit_release put;
    struct sec_suit_envelope envelope;
    struct sec_suit_manifest manifest;
    start();
    put = example();
    struct sec_bytes made = encode(&put, room);
    CHECK_OK(sec_suit_envelope_parse(made, &envelope));
    CHECK(envelope.tagged);
    CHECK_OK(sec_suit_manifest_parse(envelope.manifest, &manifest));
    CHECK_INT(manifest.sequence_number, 41);
    CHECK_INT(manifest.components_count, 2);
    CHECK(sec_suit_part_of(&manifest, SEC_SUIT_COSWID)->by_digest);
    CHECK(!sec_suit_part_of(&manifest, SEC_SUIT_INSTALL)->by_digest);
    CHECK(!sec_suit_part_of(&manifest, SEC_SUIT_UNINSTALL)->present);
    struct sec_suit_hasher hasher = sec_suit_hasher_of(&crypto.hasher);
    CHECK_OK(sec_suit_check(&envelope, &manifest, &hasher));
    CHECK_OK(sec_suit_envelope_parse(sec_bytes_part(made, 2, made.len), &envelope));
    CHECK(!envelope.tagged);
}

static sec_status check_hex_sequence(const char *hex, size_t components)
{
    static uint8_t room[512];
    size_t len = strlen(hex) / 2, got;
    CHECK_OK(sec_hex_parse(sec_bytes_of_str(hex), sec_room(room, len), &got));
    return sec_suit_sequence_check(sec_bytes(room, len), components);
}

static void sequences_follow_the_drafts_grammar(void)
{
    CHECK_OK(check_hex_sequence("80", 0));
    CHECK_OK(check_hex_sequence("82030f", 1));                   /* [image-match, 15] */
    CHECK_OK(check_hex_sequence("820cf5", 3));                   /* [set-index, true] */
    CHECK_OK(check_hex_sequence("820c820002", 3));               /* [set-index, [0, 2]] */
    CHECK_OK(check_hex_sequence("820f824382030ff6", 1));         /* [try-each, [<<[3, 15]>>, null]] */
    CHECK_OK(check_hex_sequence("8218204382030f", 1));           /* [run-sequence, <<[3, 15]>>] */
    CHECK_OK(check_hex_sequence("821822a200a10e0101a10e02", 2)); /* [override-multiple, {0: {14: 1}, 1: {14: 2}}] */
    CHECK_OK(check_hex_sequence("821823a100820e15", 2));         /* [copy-params, {0: [14, 21]}] */
    CHECK_OK(check_hex_sequence("82390100f6", 1));               /* [custom -257, null] */
    CHECK_OK(check_hex_sequence("8214a101d870420102", 1));       /* [override, {vendor: 112(h'0102')}] */

    CHECK_STATUS(check_hex_sequence("8103", 1), SEC_MALFORMED);
    CHECK_STATUS(check_hex_sequence("820c01", 1), SEC_BAD_VALUE);
    CHECK_STATUS(check_hex_sequence("820cf4", 1), SEC_BAD_VALUE);
    CHECK_STATUS(check_hex_sequence("820300", 0), SEC_OK);
    CHECK_STATUS(check_hex_sequence("82036131", 1), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(check_hex_sequence("8214a20e010e02", 1), SEC_DUPLICATE_KEY);
    CHECK_STATUS(check_hex_sequence("8214a20e01180e02", 1), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(check_hex_sequence("8214a1014101", 1), SEC_BAD_VALUE);
    CHECK_STATUS(check_hex_sequence("8214a1154101", 1), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(check_hex_sequence("8214a1034101", 1), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(check_hex_sequence("820f824382030f4382030ff6", 1), SEC_LEFTOVER);
    CHECK_STATUS(check_hex_sequence("820f83f64382030ff6", 1), SEC_UNEXPECTED_TYPE);
}

static void sequences_within_sequences_end(void)
{
    static uint8_t rooms[2][512];
    struct sec_bytes inner = SEC_LIT("\x80");
    for (unsigned depth = 1; depth <= SEC_SUIT_NESTING_MAX + 1; depth++) {
        struct sec_wr wr = sec_wr(SEC_ROOM(rooms[depth % 2]));
        sec_cbor_put_array(&wr, 2);
        sec_cbor_put_int(&wr, SEC_SUIT_RUN_SEQUENCE);
        sec_cbor_put_bstr(&wr, inner);
        inner = sec_wr_done(&wr);
        CHECK_STATUS(sec_suit_sequence_check(inner, 1), depth > SEC_SUIT_NESTING_MAX ? SEC_TOO_DEEP : SEC_OK);
    }
}

static sec_status parse_hex_manifest(const char *hex)
{
    static uint8_t room[512];
    struct sec_suit_manifest manifest;
    size_t len = strlen(hex) / 2, got;
    CHECK_OK(sec_hex_parse(sec_bytes_of_str(hex), sec_room(room, len), &got));
    return sec_suit_manifest_parse(sec_bytes(room, len), &manifest);
}

static void manifests_follow_the_drafts_grammar(void)
{
    CHECK_OK(parse_hex_manifest("a3010102000341a0"));
    CHECK_OK(parse_hex_manifest("a3010102000346a10281814100"));               /* one component */
    CHECK_OK(parse_hex_manifest("a301010200034aa201a100a00281814100"));       /* a dependency */
    CHECK_OK(parse_hex_manifest("a4010102000341a00581414d"));                 /* its own component id */
    CHECK_OK(parse_hex_manifest("a4010102000341a0064382010f"));               /* set-version */
    CHECK_STATUS(parse_hex_manifest("a3010202000341a0"), SEC_UNKNOWN_FORMAT);
    CHECK_STATUS(parse_hex_manifest("a201010341a0"), SEC_MISSING_FIELD);
    CHECK_STATUS(parse_hex_manifest("a4010102000341a00a00"), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(parse_hex_manifest("a40101020002000341a0"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(parse_hex_manifest("a4010102000341a007822f40"), SEC_UNEXPECTED_TYPE); /* validate may not be severed */
    CHECK_STATUS(parse_hex_manifest("a301010200034aa201a101a00281814100"), SEC_BAD_VALUE); /* no such component */
    CHECK_STATUS(parse_hex_manifest("a301010200034aa201a100a00281814100ff"), SEC_LEFTOVER);
    CHECK_STATUS(parse_hex_manifest("a4010102000341a014832f4000"), SEC_UNSUPPORTED); /* a digest with parameters */
}

static void a_digest_that_we_cannot_make_fails_closed(void)
{
    start();
    struct sec_suit_hasher hasher = sec_suit_hasher_of(&crypto.hasher);
    struct sec_suit_digest digest = {SEC_SUIT_SHA512, SEC_LIT("whatever")};
    CHECK_STATUS(sec_suit_digest_check(&digest, SEC_LIT("bytes"), &hasher), SEC_UNSUPPORTED);
    digest.alg = SEC_SUIT_SHA256;
    CHECK_STATUS(sec_suit_digest_check(&digest, SEC_LIT("bytes"), &hasher), SEC_BAD_VALUE);
    struct sec_digest other = {{0}};
    digest.bytes = sec_digest_bytes(&other);
    CHECK_STATUS(sec_suit_digest_check(&digest, SEC_LIT("bytes"), &hasher), SEC_DIGEST_MISMATCH);
}

static void numbers_have_the_drafts_names(void)
{
    CHECK(strcmp(sec_suit_command_name(21), "directive-fetch") == 0);
    CHECK(strcmp(sec_suit_command_name(28), "condition-version") == 0);
    CHECK(strcmp(sec_suit_parameter_name(3), "image-digest") == 0);
    CHECK(strcmp(sec_suit_member_name(SEC_SUIT_PAYLOAD_FETCH), "payload-fetch") == 0);
    CHECK(strcmp(sec_suit_hash_name(-44), "SHA-512") == 0);
    CHECK(!sec_suit_command_name(0));
    CHECK(!sec_suit_parameter_name(-300));
    for (size_t i = 0; i < SEC_SUIT_PARTS_COUNT; i++)
        CHECK(sec_suit_member_name(sec_suit_part_member(i)));
}

/* --- reports --------------------------------------------------------------------------- */

static struct sec_suit_report failed_report(void)
{
    struct sec_suit_report report = {
        .nonce = SEC_LIT("nonce"),
        .manifest_digest = {{1, 2, 3}},
        .records = {{SEC_SUIT_INSTALL, 17, 0, SEC_LIT("\xa1\x0e\x18\x2a")}},
        .records_count = 1,
        .code = SEC_DIGEST_MISMATCH,
        .reason = SEC_SUIT_REASON_CONDITION_FAILED,
        .where = {SEC_SUIT_VALIDATE, 3, 1, {NULL, 0}},
    };
    return report;
}

static struct sec_bytes encode_report(const struct sec_suit_report *report, uint8_t *room)
{
    struct sec_wr wr = sec_wr(sec_room(room, ROOM_BYTES));
    CHECK_OK(sec_suit_report_encode(report, &wr));
    return sec_wr_done(&wr);
}

static void a_report_says_what_was_put_in(void)
{
    static uint8_t room[ROOM_BYTES];
    struct sec_suit_report put = failed_report(), got;
    CHECK_OK(sec_suit_report_parse(encode_report(&put, room), &got));
    CHECK(!got.success);
    CHECK_INT(got.code, put.code);
    CHECK_INT(got.reason, put.reason);
    CHECK_INT(got.where.section, SEC_SUIT_VALIDATE);
    CHECK_INT(got.where.offset_bytes, 3);
    CHECK_INT(got.where.component_index, 1);
    CHECK_INT(got.where.properties.len, 0);
    CHECK_INT(got.records_count, 1);
    CHECK_BYTES(got.records[0].properties, put.records[0].properties);
    CHECK_BYTES(got.nonce, put.nonce);
    CHECK(sec_digest_equal(&got.manifest_digest, &put.manifest_digest));

    put = (struct sec_suit_report){.success = true, .manifest_uri = SEC_LIT("https://example.com/m")};
    CHECK_OK(sec_suit_report_parse(encode_report(&put, room), &got));
    CHECK(got.success);
    CHECK_INT(got.records_count, 0);
    CHECK_BYTES(got.manifest_uri, put.manifest_uri);
}

static void a_report_looks_as_it_always_did(void)
{
    static uint8_t room[ROOM_BYTES];
    struct sec_suit_report put = failed_report();
    check_golden("suit_report.hex", encode_report(&put, room));
}

static void a_report_that_cannot_be_is_not_written(void)
{
    static uint8_t room[ROOM_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    struct sec_suit_report put = failed_report();
    put.reason = SEC_SUIT_REASON_OK;
    CHECK_STATUS(sec_suit_report_encode(&put, &wr), SEC_BAD_VALUE);
    put = failed_report();
    put.records[0].properties = SEC_LIT("\x01");
    CHECK_STATUS(sec_suit_report_encode(&put, &wr), SEC_BAD_VALUE);
    put = failed_report();
    put.records_count = SEC_SUIT_REPORT_RECORDS_MAX_COUNT + 1;
    CHECK_STATUS(sec_suit_report_encode(&put, &wr), SEC_BAD_VALUE);
    wr = sec_wr(sec_room(room, 20));
    put = failed_report();
    CHECK_STATUS(sec_suit_report_encode(&put, &wr), SEC_ROOM_FULL);
}

static sec_status parse_hex_report(const char *hex)
{
    static uint8_t room[512];
    struct sec_suit_report report;
    size_t len = strlen(hex) / 2, got;
    CHECK_OK(sec_hex_parse(sec_bytes_of_str(hex), sec_room(room, len), &got));
    return sec_suit_report_parse(sec_bytes(room, len), &report);
}

#define REFERENCE "18638260822f58200000000000000000000000000000000000000000000000000000000000000000"

static void reports_follow_the_drafts_grammar(void)
{
    CHECK_OK(parse_hex_report("a3038004f5" REFERENCE));
    CHECK_STATUS(parse_hex_report("a3038004f4" REFERENCE), SEC_BAD_VALUE);
    CHECK_STATUS(parse_hex_report("a203801863826082"), SEC_TRUNCATED);
    CHECK_STATUS(parse_hex_report("a204f5" REFERENCE), SEC_MISSING_FIELD);
    CHECK_STATUS(parse_hex_report("a4038004f508a0" REFERENCE), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(parse_hex_report("a30381a1008004f5" REFERENCE), SEC_UNSUPPORTED);       /* property claims */
    CHECK_OK(parse_hex_report("a3038185800700" "00a004f5" REFERENCE));
    CHECK_STATUS(parse_hex_report("a303818581010700" "00a004f5" REFERENCE), SEC_UNSUPPORTED); /* in a dependency */
}

static void statuses_have_reasons_for_others(void)
{
    CHECK_INT(sec_suit_reason_of(sec_st(SEC_OK)), SEC_SUIT_REASON_OK);
    CHECK_INT(sec_suit_reason_of(sec_st(SEC_BAD_SIGNATURE)), SEC_SUIT_REASON_UNAUTHORISED);
    CHECK_INT(sec_suit_reason_of(sec_st(SEC_TRUNCATED)), SEC_SUIT_REASON_CBOR_PARSE);
    CHECK_INT(sec_suit_reason_of(sec_st(SEC_WRONG_PRODUCT)), SEC_SUIT_REASON_CONDITION_FAILED);
    CHECK_INT(sec_suit_reason_of(sec_st(SEC_EFFECT_FAILED)), SEC_SUIT_REASON_OPERATION_FAILED);
    CHECK(strcmp(sec_suit_reason_name(SEC_SUIT_REASON_INVOKE_PENDING), "invoke-pending") == 0);
}

static const struct test tests[] = {
    TEST(a_release_says_what_was_put_in),
    TEST(a_release_needs_neither_coswid_nor_description),
    TEST(every_bit_of_a_release_counts),
    TEST(another_key_is_refused),
    TEST(a_coswid_may_be_severed_a_text_may_not),
    TEST(a_second_payload_is_refused),
    TEST(another_kind_of_statement_is_no_release),
    TEST(a_release_that_cannot_be_is_not_written),
    TEST(a_room_too_small_is_told_wherever_it_ends),
    TEST(a_release_looks_as_it_always_did),
    TEST(our_release_is_a_suit_envelope_like_others),
    TEST(sequences_follow_the_drafts_grammar),
    TEST(sequences_within_sequences_end),
    TEST(manifests_follow_the_drafts_grammar),
    TEST(a_digest_that_we_cannot_make_fails_closed),
    TEST(numbers_have_the_drafts_names),
    TEST(a_report_says_what_was_put_in),
    TEST(a_report_looks_as_it_always_did),
    TEST(a_report_that_cannot_be_is_not_written),
    TEST(reports_follow_the_drafts_grammar),
    TEST(statuses_have_reasons_for_others),
};
TEST_MAIN(tests)
