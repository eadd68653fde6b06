/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <fake_crypto.h>
#include <securable/cose.h>
#include <securable/limits.h>

#define KID "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SIG32 "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define SIG "5840" SIG32 SIG32
/* {1: -9, 4: kid, 16: "ab"}: 42 bytes */
#define HEADER "a3 01 28 04 5820" KID "10 626162"
#define PROTECTED "582a" HEADER

#define DEVICE(digits) sec_cose_sign1_parse(hex(digits), false, &msg)
#define FOREIGN(digits) sec_cose_sign1_parse_foreign(hex(digits), &msg)

static struct sec_cose_sign1 msg;

static void a_message_of_the_device_profile_is_read(void)
{
    CHECK_OK(DEVICE("d2 84" PROTECTED "a0 43010203" SIG));
    CHECK_BYTES(msg.protected_header, hex(HEADER));
    CHECK_INT(msg.alg, SEC_ALG_ESP256);
    CHECK(msg.alg_protected && !msg.detached && !msg.crit_unknown);
    CHECK_BYTES(msg.kid, hex(KID));
    CHECK_BYTES(msg.typ, SEC_LIT("ab"));
    CHECK_BYTES(msg.payload, hex("010203"));
    CHECK_BYTES(msg.signature, hex(SIG32 SIG32));
    CHECK_OK(FOREIGN("d2 84" PROTECTED "a0 43010203" SIG));
}

static void a_detached_payload_is_taken_only_where_allowed(void)
{
    struct sec_bytes in = hex("d2 84" PROTECTED "a0 f6" SIG);
    CHECK_STATUS(sec_cose_sign1_parse(in, false, &msg), SEC_MISSING_FIELD);
    CHECK_OK(sec_cose_sign1_parse(in, true, &msg));
    CHECK(msg.detached);
    CHECK_INT(msg.payload.len, 0);
    CHECK_OK(sec_cose_sign1_parse(hex("d2 84" PROTECTED "a0 40" SIG), true, &msg));
    CHECK(!msg.detached);
}

static void the_device_profile_refuses_a_missing_or_wrong_signature(void)
{
    CHECK_STATUS(DEVICE("d2 84" PROTECTED "a0 43010203 40"), SEC_UNSIGNED);
    CHECK_STATUS(DEVICE("d2 84" PROTECTED "a0 43010203 4101"), SEC_BAD_VALUE);
    CHECK_STATUS(DEVICE("d2 84" PROTECTED "a0 43010203 5841 00" SIG32 SIG32), SEC_BAD_VALUE);
    CHECK_STATUS(DEVICE("d2 84" PROTECTED "a0 43010203 f6"), SEC_UNEXPECTED_TYPE);
}

/* A message whose protected header has this content. */
static sec_status with_header(const char *digits)
{
    uint8_t room[256];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_wr_bytes(&wr, hex("d2 84"));
    sec_cbor_put_bstr(&wr, hex(digits));
    sec_wr_bytes(&wr, hex("a0 40" SIG));
    return sec_cose_sign1_parse(sec_wr_done(&wr), false, &msg);
}

static void the_device_profile_refuses_other_headers(void)
{
    CHECK_STATUS(with_header(""), SEC_MISSING_FIELD);
    CHECK_STATUS(with_header("a0"), SEC_MISSING_FIELD);
    CHECK_STATUS(with_header("a1 01 28"), SEC_MISSING_FIELD);
    CHECK_STATUS(with_header("a2 04 5820" KID "10 626162"), SEC_MISSING_FIELD);
    CHECK_STATUS(with_header("a2 01 28 04 5820" KID), SEC_MISSING_FIELD);
    CHECK_STATUS(with_header("a2 01 28 10 626162"), SEC_MISSING_FIELD);
    CHECK_STATUS(with_header("a3 01 00 04 5820" KID "10 626162"), SEC_MISSING_FIELD);
    CHECK_STATUS(with_header("a3 01 28 04 5820" KID "10 60"), SEC_MISSING_FIELD);
    CHECK_STATUS(with_header("a3 01 28 04 4101 10 626162"), SEC_BAD_VALUE);
    CHECK_STATUS(with_header("a3 01 6128 04 4101 10 626162"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(with_header("a3 01 28 04 5820" KID "10 1818"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(with_header("80"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(with_header("a4 01 28 03 00 04 5820" KID "10 626162"), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(with_header("a4 01 28 02 8101 04 5820" KID "10 626162"), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(DEVICE("d2 84" PROTECTED "a1 01 28 40" SIG), SEC_UNKNOWN_FIELD);
    CHECK_OK(with_header(HEADER));
    CHECK_STATUS(DEVICE("d2 84 41a0 a3 01 28 04 5820" KID "10 626162 40" SIG), SEC_UNKNOWN_FIELD);
}

static void the_device_profile_refuses_a_protected_header_not_deterministic(void)
{
    CHECK_STATUS(with_header("a3 04 5820" KID "01 28 10 626162"), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(with_header("a3 01 3808 04 5820" KID "10 626162"), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(with_header("a4 01 28 01 28 04 5820" KID "10 626162"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(with_header(HEADER "00"), SEC_LEFTOVER);
    CHECK_STATUS(with_header("a3 01 28 04 5820" KID "10 6361c328"), SEC_NOT_UTF8);
}

static void the_device_profile_refuses_other_shapes(void)
{
    CHECK_STATUS(DEVICE("84" PROTECTED "a0 40" SIG), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(DEVICE("d8 62 84" PROTECTED "a0 40" SIG), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(DEVICE("d8 12 84" PROTECTED "a0 40" SIG), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(DEVICE("d2 83" PROTECTED "a0 40"), SEC_BAD_VALUE);
    CHECK_STATUS(DEVICE("d2 85" PROTECTED "a0 40" SIG "00"), SEC_BAD_VALUE);
    CHECK_STATUS(DEVICE("d2 9f" PROTECTED "a0 40" SIG "ff"), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(DEVICE("d2 84" PROTECTED "a0 40" SIG "00"), SEC_LEFTOVER);
    CHECK_STATUS(DEVICE("d2 84" PROTECTED "a0 80" SIG), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(DEVICE("d2 a0"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(DEVICE(""), SEC_TRUNCATED);
}

static void the_device_profile_refuses_what_is_too_large(void)
{
    static uint8_t big[SEC_STATEMENT_MAX_BYTES + 1];
    CHECK_STATUS(sec_cose_sign1_parse(SEC_BYTES(big), true, &msg), SEC_TOO_LARGE);
    struct sec_wr wr = sec_wr(SEC_ROOM(big)), header = sec_wr(sec_room(&big[1000], 1000));
    struct sec_key_id kid = {{0}};
    sec_cose_protected_encode(-9, &kid, sec_bytes(&big[3000], 250), &header);
    sec_cbor_put_tag(&wr, 18);
    sec_cbor_put_array(&wr, 4);
    sec_cbor_put_bstr(&wr, sec_wr_done(&header));
    sec_wr_bytes(&wr, hex("a0 40" SIG));
    CHECK_STATUS(sec_cose_sign1_parse(sec_wr_done(&wr), true, &msg), SEC_TOO_LARGE);
}

static void a_failure_leaves_the_result_alone(void)
{
    struct sec_bytes whole = hex("d2 84" PROTECTED "a0 43010203" SIG);
    for (size_t len = 0; len < whole.len; len++) {
        struct sec_cose_sign1 untouched = {.alg = 77};
        CHECK(!sec_ok(sec_cose_sign1_parse(sec_bytes_part(whole, 0, len), true, &untouched)));
        CHECK(!sec_ok(sec_cose_sign1_parse_foreign(sec_bytes_part(whole, 0, len), &untouched)));
        CHECK_INT(untouched.alg, 77);
    }
}

/* --- foreign ------------------------------------------------------------- */

static void foreign_takes_what_others_send(void)
{
    CHECK_OK(FOREIGN("84 40 a0 f6 40"));
    CHECK(msg.detached && !msg.alg_protected && msg.alg == SEC_ALG_NONE && msg.protected_header.len == 0);
    CHECK_OK(FOREIGN("84 41a0 a0 40 40"));
    CHECK_BYTES(msg.protected_header, hex("a0"));
    CHECK_OK(FOREIGN("d812 84 40 a0 40 40"));
    CHECK_OK(FOREIGN("d2 84 43a10126 a1 04 423131 4101 420102"));
    CHECK(msg.alg == SEC_ALG_ES256 && msg.alg_protected && !msg.detached);
    CHECK_BYTES(msg.kid, SEC_LIT("11"));
    CHECK_BYTES(msg.payload, hex("01"));
    CHECK_BYTES(msg.signature, hex("0102"));
    CHECK_OK(FOREIGN("84 40 a2 01 26 10 626162 f6 40"));
    CHECK(msg.alg == SEC_ALG_ES256 && !msg.alg_protected);
    CHECK_BYTES(msg.typ, SEC_LIT("ab"));
}

static void foreign_takes_algorithms_that_we_do_not_know(void)
{
    CHECK_OK(FOREIGN("84 46 a1 01 63616263 a0 f6 40"));
    CHECK(msg.alg == SEC_ALG_NONE && msg.alg_protected);
    CHECK_OK(FOREIGN("84 4b a1 01 3bffffffffffffffff a0 f6 40"));
    CHECK(msg.alg == SEC_ALG_NONE && msg.alg_protected);
    CHECK_OK(FOREIGN("84 45 a1 01 390100 a0 f6 40"));
    CHECK_INT(msg.alg, -257);
    CHECK_STATUS(FOREIGN("84 44 a1 01 4101 a0 f6 40"), SEC_UNEXPECTED_TYPE);
}

static void foreign_takes_any_other_header(void)
{
    CHECK_OK(FOREIGN("84 40 a5 03 00 20 f97e00 6161 9fff 186c a10000 10 18aa f6 40"));
    CHECK_INT(msg.typ.len, 0);
    CHECK_OK(FOREIGN("84 40 a1 1bffffffffffffffff 00 f6 40"));
    CHECK_STATUS(FOREIGN("84 40 a1 4101 00 f6 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 40 a1 80 00 f6 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 40 a1 04 6131 f6 40"), SEC_UNEXPECTED_TYPE);
}

static void foreign_takes_indefinite_arrays_and_maps(void)
{
    CHECK_OK(FOREIGN("d2 9f 44 bf0126ff bf 04 4131 6161 00 ff 4101 4102 ff"));
    CHECK(msg.alg == SEC_ALG_ES256 && msg.alg_protected);
    CHECK_BYTES(msg.kid, SEC_LIT("1"));
    CHECK_BYTES(msg.signature, hex("02"));
}

static void foreign_refuses_a_label_twice(void)
{
    CHECK_STATUS(FOREIGN("84 45 a2 0126 0126 a0 f6 40"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(FOREIGN("84 46 a2 0126 180126 a0 f6 40"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(FOREIGN("84 43 a10126 a1 01 26 f6 40"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(FOREIGN("84 43 a10126 a1 1801 26 f6 40"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(FOREIGN("84 40 a2 6161 00 6161 01 f6 40"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(FOREIGN("84 40 a2 20 00 20 01 f6 40"), SEC_DUPLICATE_KEY);
    CHECK_OK(FOREIGN("84 40 a3 20 00 00 01 60 02 f6 40"));
}

static void foreign_judges_crit(void)
{
    CHECK_OK(FOREIGN("84 46 a2 0126 02 8101 a0 f6 40"));
    CHECK(!msg.crit_unknown);
    CHECK_OK(FOREIGN("84 48 a3 0126 02 8103 03 00 a0 f6 40"));
    CHECK(msg.crit_unknown);
    CHECK_OK(FOREIGN("84 4a a3 0126 02 816161 6161 00 a0 f6 40"));
    CHECK(msg.crit_unknown);
    CHECK_OK(FOREIGN("84 49 a3 0126 02 9f03ff 03 00 a0 f6 40"));
    CHECK(msg.crit_unknown);
    CHECK_STATUS(FOREIGN("84 46 a2 0126 02 8103 a0 f6 40"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("84 46 a2 0126 02 8103 a1 03 00 f6 40"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("84 45 a2 0126 02 80 a0 f6 40"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("84 45 a2 0126 02 01 a0 f6 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 47 a2 0126 02 814101 a0 f6 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 43 a10126 a1 02 8101 f6 40"), SEC_MALFORMED);
}

static void foreign_refuses_other_shapes(void)
{
    CHECK_STATUS(FOREIGN("d903e6 84 43a10126 a0 f6 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("d862 84 40 a0 f6 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("d2 d2 84 40 a0 f6 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("83 40 a0 f6"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("85 40 a0 f6 40 40"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("9f 40 a0 f6 ff"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("9f 40 a0 f6 40 40 ff"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("80"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("a0"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("00"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 a0 a0 f6 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 4180 a0 f6 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 41a1 a0 f6 40"), SEC_TRUNCATED);
    CHECK_STATUS(FOREIGN("84 42a000 a0 f6 40"), SEC_LEFTOVER);
    CHECK_STATUS(FOREIGN("84 40 80 f6 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 40 a0 f5 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 40 a0 6161 40"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 40 a0 f6 f6"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(FOREIGN("84 40 a0 f6 40 00"), SEC_LEFTOVER);
    CHECK_STATUS(FOREIGN("84 40 a0 5f4101ff 40"), SEC_UNSUPPORTED);
    CHECK_STATUS(FOREIGN(""), SEC_TRUNCATED);
}

static void foreign_bounds_the_labels(void)
{
    uint8_t room[256];
    for (size_t count = 64; count <= 65; count++) {
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        sec_wr_bytes(&wr, hex("84 40"));
        sec_cbor_put_map(&wr, count);
        for (size_t i = 0; i < count; i++) {
            sec_cbor_put_uint(&wr, 100 + i);
            sec_cbor_put_null(&wr);
        }
        sec_wr_bytes(&wr, hex("f6 40"));
        CHECK_STATUS(sec_cose_sign1_parse_foreign(sec_wr_done(&wr), &msg), count == 64 ? SEC_OK : SEC_TOO_LARGE);
    }
}

/* --- what is signed ------------------------------------------------------ */

static struct sec_bytes join(const struct sec_cose_tbs *tbs, struct sec_room room)
{
    struct sec_bytes parts[SEC_COSE_TBS_PARTS];
    size_t count = sec_cose_tbs_parts(tbs, parts);
    CHECK(count <= SEC_COSE_TBS_PARTS);
    struct sec_wr wr = sec_wr(room);
    for (size_t i = 0; i < count; i++)
        sec_wr_bytes(&wr, parts[i]);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static void the_sig_structure_is_joined_of_its_parts(void)
{
    static uint8_t got[140000], want[140000], content[70000];
    static const size_t lens[] = {0, 1, 23, 24, 255, 256, 65535, 65536};
    for (size_t i = 0; i < 8 * 8; i++) {
        struct sec_bytes header = sec_bytes(content, lens[i / 8]), aad = sec_bytes(content, lens[i % 8] % 300);
        struct sec_bytes payload = sec_bytes(content, lens[i % 8]);
        struct sec_cose_tbs tbs;
        struct sec_wr wr = sec_wr(SEC_ROOM(want));
        sec_cbor_put_array(&wr, 4);
        sec_cbor_put_tstr(&wr, SEC_LIT("Signature1"));
        sec_cbor_put_bstr(&wr, header);
        sec_cbor_put_bstr(&wr, aad);
        sec_cbor_put_bstr(&wr, payload);
        sec_cose_tbs_init(&tbs, header, aad, payload);
        struct sec_cose_tbs moved = tbs;
        CHECK_BYTES(join(&moved, SEC_ROOM(got)), sec_wr_done(&wr));
    }
    struct sec_cose_tbs tbs;
    sec_cose_tbs_init(&tbs, hex("a10126"), sec_bytes(NULL, 0), SEC_LIT("hi"));
    CHECK_BYTES(join(&tbs, SEC_ROOM(got)), hex("84 6a 5369676e617475726531 43a10126 40 426869"));
}

static sec_status sign_fails(void *ctx, const struct sec_bytes *parts, size_t parts_count, struct sec_signature *ret_signature)
{
    (void)ctx, (void)parts, (void)parts_count, (void)ret_signature;
    return sec_st(SEC_REFUSED_BY_PORT);
}

static void what_is_signed_is_read_back_and_verifies(void)
{
    static const enum sec_key_type types[] = {SEC_KEY_P256, SEC_KEY_ED25519};
    struct fake_crypto fake;
    fake_crypto_init(&fake, 1);
    struct sec_crypto crypto = fake_crypto_port(&fake);
    for (size_t i = 0; i < 4; i++) {
        struct fake_key key;
        fake_key_init(&key, types[i % 2], 5);
        struct sec_signer signer = fake_key_signer(&key);
        struct sec_key_id kid = {{1, 2, 3}};
        bool detached = i >= 2;
        uint8_t room[512];
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        CHECK_OK(sec_cose_sign1_encode(SEC_LIT("a/b"), &kid, &signer, hex("0102"), detached, &wr));
        CHECK_OK(sec_cose_sign1_parse(sec_wr_done(&wr), detached, &msg));
        CHECK_INT(msg.alg, sec_key_alg(types[i % 2]));
        CHECK_BYTES(msg.kid, SEC_BYTES(kid.b));
        CHECK_BYTES(msg.typ, SEC_LIT("a/b"));
        CHECK_INT(msg.detached, detached);
        struct sec_cose_tbs tbs;
        struct sec_bytes parts[SEC_COSE_TBS_PARTS];
        sec_cose_tbs_init(&tbs, msg.protected_header, sec_bytes(NULL, 0), hex("0102"));
        size_t count = sec_cose_tbs_parts(&tbs, parts);
        CHECK_OK(crypto.verifier.verify(crypto.verifier.ctx, &key.key, msg.alg, parts, count, msg.signature));
    }
}

static void a_message_that_does_not_fit_is_refused(void)
{
    static uint8_t big[SEC_STATEMENT_MAX_BYTES], room[SEC_STATEMENT_MAX_BYTES];
    struct fake_key key;
    fake_key_init(&key, SEC_KEY_P256, 5);
    struct sec_signer signer = fake_key_signer(&key);
    struct sec_key_id kid = {{1}};
    struct sec_wr wr = sec_wr(sec_room(room, 100));
    CHECK_STATUS(sec_cose_sign1_encode(SEC_LIT("ab"), &kid, &signer, SEC_BYTES(kid.b), false, &wr), SEC_ROOM_FULL);
    CHECK_STATUS(sec_cose_sign1_encode(SEC_LIT("ab"), &kid, &signer, SEC_BYTES(kid.b), false, &wr), SEC_ROOM_FULL);
    /* tag, array, map: 3; header: 2 + 42; payload's head: 3; signature: 2 + 64 */
    size_t most = SEC_STATEMENT_MAX_BYTES - 3 - 44 - 66 - 3;
    wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(sec_cose_sign1_encode(SEC_LIT("ab"), &kid, &signer, sec_bytes(big, most), false, &wr));
    CHECK_INT(wr.len, SEC_STATEMENT_MAX_BYTES);
    CHECK_OK(sec_cose_sign1_parse(sec_wr_done(&wr), false, &msg));
    wr = sec_wr(SEC_ROOM(room));
    CHECK_STATUS(sec_cose_sign1_encode(SEC_LIT("ab"), &kid, &signer, sec_bytes(big, most + 1), false, &wr), SEC_TOO_LARGE);
    CHECK_STATUS(sec_cose_sign1_encode(SEC_LIT("ab"), &kid, &signer, sec_bytes(big, SIZE_MAX), false, &wr), SEC_TOO_LARGE);
    CHECK_STATUS(sec_cose_sign1_encode(sec_bytes(big, 300), &kid, &signer, hex("00"), false, &wr), SEC_TOO_LARGE);
    CHECK_OK(sec_cose_sign1_encode(SEC_LIT("ab"), &kid, &signer, SEC_BYTES(big), true, &wr));
}

static void a_signer_that_fails_leaves_nothing_written(void)
{
    uint8_t room[512];
    struct sec_key_id kid = {{1}};
    struct sec_signer signer = {NULL, {.type = SEC_KEY_P256}, sign_fails};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_STATUS(sec_cose_sign1_encode(SEC_LIT("ab"), &kid, &signer, hex("00"), false, &wr), SEC_REFUSED_BY_PORT);
    CHECK_INT(wr.len, 0);
    CHECK(!wr.bad);
}

static const struct test tests[] = {
    TEST(a_message_of_the_device_profile_is_read),
    TEST(a_detached_payload_is_taken_only_where_allowed),
    TEST(the_device_profile_refuses_a_missing_or_wrong_signature),
    TEST(the_device_profile_refuses_other_headers),
    TEST(the_device_profile_refuses_a_protected_header_not_deterministic),
    TEST(the_device_profile_refuses_other_shapes),
    TEST(the_device_profile_refuses_what_is_too_large),
    TEST(a_failure_leaves_the_result_alone),
    TEST(foreign_takes_what_others_send),
    TEST(foreign_takes_algorithms_that_we_do_not_know),
    TEST(foreign_takes_any_other_header),
    TEST(foreign_takes_indefinite_arrays_and_maps),
    TEST(foreign_refuses_a_label_twice),
    TEST(foreign_judges_crit),
    TEST(foreign_refuses_other_shapes),
    TEST(foreign_bounds_the_labels),
    TEST(the_sig_structure_is_joined_of_its_parts),
    TEST(what_is_signed_is_read_back_and_verifies),
    TEST(a_message_that_does_not_fit_is_refused),
    TEST(a_signer_that_fails_leaves_nothing_written),
};
TEST_MAIN(tests)
