/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <fake_crypto.h>
#include <securable/limits.h>
#include <securable/statement.h>

#define BODY SEC_LIT("\xa1\x01\x02")

static struct fake_crypto fake;
static struct sec_crypto crypto;
static struct fake_key key;
static struct sec_signer signer;
static uint8_t room[1024];

static void prepare(enum sec_key_type type)
{
    fake_crypto_init(&fake, 1);
    crypto = fake_crypto_port(&fake);
    fake_key_init(&key, type, 7);
    signer = fake_key_signer(&key);
}

static struct sec_bytes signed_as(enum sec_statement_kind kind)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(sec_statement_sign(kind, &signer, &crypto.hasher, BODY, &wr));
    return sec_wr_done(&wr);
}

static void every_kind_has_a_word_and_a_typ_of_its_own(void)
{
    for (int number = SEC_STATEMENT_COMMAND; number <= SEC_STATEMENT_TRANSPORT; number++) {
        enum sec_statement_kind kind = (enum sec_statement_kind)number;
        char typ[64];
        snprintf(typ, sizeof typ, "securable-%s+cose", sec_statement_word(kind));
        CHECK_BYTES(sec_statement_typ(kind), sec_bytes_of_str(typ));
        CHECK_INT(sec_statement_kind_of(sec_statement_typ(kind)), kind);
    }
    CHECK(strcmp(sec_statement_word(SEC_STATEMENT_UNKNOWN), "unknown") == 0);
    CHECK(strcmp(sec_statement_word((enum sec_statement_kind)99), "unknown") == 0);
    CHECK_INT(sec_statement_typ((enum sec_statement_kind)99).len, 0);
    CHECK_INT(sec_statement_typ(SEC_STATEMENT_UNKNOWN).len, 0);
    CHECK_INT(sec_statement_kind_of(SEC_LIT("securable-command+cos")), SEC_STATEMENT_UNKNOWN);
    CHECK_INT(sec_statement_kind_of(SEC_LIT("Securable-command+cose")), SEC_STATEMENT_UNKNOWN);
    CHECK_INT(sec_statement_kind_of(sec_bytes(NULL, 0)), SEC_STATEMENT_UNKNOWN);
}

static void what_is_signed_is_parsed_and_verifies(void)
{
    static const enum sec_key_type types[] = {SEC_KEY_P256, SEC_KEY_ED25519};
    for (size_t i = 0; i < 2; i++) {
        prepare(types[i]);
        for (int number = SEC_STATEMENT_COMMAND; number <= SEC_STATEMENT_TRANSPORT; number++) {
            struct sec_statement statement;
            struct sec_key_id id;
            CHECK_OK(sec_statement_parse(signed_as((enum sec_statement_kind)number), &statement));
            CHECK_INT(statement.kind, number);
            CHECK_BYTES(statement.msg.payload, BODY);
            CHECK_OK(sec_key_id_of(&key.key, &crypto.hasher, &id));
            CHECK(sec_key_id_equal(&statement.kid, &id));
            CHECK_OK(sec_statement_verify(&statement, statement.msg.payload, &key.key, &crypto.verifier));
        }
    }
}

static void any_changed_bit_is_refused(void)
{
    prepare(SEC_KEY_ED25519);
    struct sec_bytes whole = signed_as(SEC_STATEMENT_COMMAND);
    for (size_t bit = 0; bit < whole.len * 8; bit++) {
        struct sec_statement statement;
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        sec_status status = sec_statement_parse(whole, &statement);
        if (sec_ok(status))
            status = sec_statement_verify(&statement, statement.msg.payload, &key.key, &crypto.verifier);
        CHECK(!sec_ok(status));
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void another_key_or_algorithm_does_not_verify(void)
{
    prepare(SEC_KEY_P256);
    struct sec_statement statement;
    struct fake_key other;
    CHECK_OK(sec_statement_parse(signed_as(SEC_STATEMENT_VOUCHER), &statement));
    fake_key_init(&other, SEC_KEY_P256, 8);
    CHECK_STATUS(sec_statement_verify(&statement, BODY, &other.key, &crypto.verifier), SEC_BAD_SIGNATURE);
    fake_key_init(&other, SEC_KEY_ED25519, 7);
    CHECK_STATUS(sec_statement_verify(&statement, BODY, &other.key, &crypto.verifier), SEC_BAD_ALGORITHM);
    other.key = key.key;
    other.key.y[0] ^= 1;
    CHECK_STATUS(sec_statement_verify(&statement, BODY, &other.key, &crypto.verifier), SEC_BAD_KEY);
    statement.msg.alg = -35;
    CHECK_STATUS(sec_statement_verify(&statement, BODY, &key.key, &crypto.verifier), SEC_BAD_ALGORITHM);
}

static void an_attached_payload_is_judged_by_itself_alone(void)
{
    prepare(SEC_KEY_P256);
    struct sec_statement statement;
    struct sec_digest digest = {{7}};
    CHECK_OK(sec_statement_parse(signed_as(SEC_STATEMENT_COMMAND), &statement));
    CHECK_STATUS(sec_statement_verify(&statement, hex("a0"), &key.key, &crypto.verifier), SEC_BAD_ARGUMENT);
    CHECK_STATUS(sec_statement_digest(&statement, hex("a0"), &crypto.hasher, &digest), SEC_BAD_ARGUMENT);
    CHECK_INT(digest.b[0], 7);
}

static void the_digest_is_of_the_sig_structure(void)
{
    prepare(SEC_KEY_P256);
    struct sec_statement statement;
    struct sec_digest digest, want;
    CHECK_OK(sec_statement_parse(signed_as(SEC_STATEMENT_COMMAND), &statement));
    CHECK_OK(sec_statement_digest(&statement, statement.msg.payload, &crypto.hasher, &digest));
    uint8_t tbs[512];
    struct sec_wr wr = sec_wr(SEC_ROOM(tbs));
    sec_wr_bytes(&wr, hex("84 6a 5369676e617475726531"));
    sec_cbor_put_bstr(&wr, statement.msg.protected_header);
    sec_cbor_put_bstr(&wr, sec_bytes(NULL, 0));
    sec_cbor_put_bstr(&wr, BODY);
    struct sec_bytes part = sec_wr_done(&wr);
    CHECK_OK(crypto.hasher.digest(crypto.hasher.ctx, &part, 1, &want));
    CHECK(sec_digest_equal(&digest, &want));
}

static void the_malleable_twin_has_the_same_digest(void)
{
    prepare(SEC_KEY_P256);
    struct sec_statement statement, twin;
    struct sec_signature signature;
    struct sec_digest digest, twin_digest;
    struct sec_bytes whole = signed_as(SEC_STATEMENT_COMMAND);
    CHECK_OK(sec_statement_parse(whole, &statement));
    CHECK_OK(sec_statement_digest(&statement, BODY, &crypto.hasher, &digest));
    sec_bytes_copy(SEC_ROOM(signature.b), statement.msg.signature);
    fake_signature_twin(&signature);
    sec_copy(&room[whole.len - 64], signature.b, 64);
    CHECK_OK(sec_statement_parse(whole, &twin));
    CHECK_OK(sec_statement_verify(&twin, BODY, &key.key, &crypto.verifier));
    CHECK_OK(sec_statement_digest(&twin, BODY, &crypto.hasher, &twin_digest));
    CHECK(sec_digest_equal(&digest, &twin_digest));
}

static struct sec_bytes detached_as(struct sec_bytes typ)
{
    struct sec_key_id id;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(sec_key_id_of(&key.key, &crypto.hasher, &id));
    CHECK_OK(sec_cose_sign1_encode(typ, &id, &signer, BODY, true, &wr));
    return sec_wr_done(&wr);
}

static void a_release_alone_may_sign_what_stands_elsewhere(void)
{
    prepare(SEC_KEY_P256);
    struct sec_statement statement;
    CHECK_OK(sec_statement_parse(detached_as(sec_statement_typ(SEC_STATEMENT_RELEASE)), &statement));
    CHECK(statement.msg.detached);
    CHECK_OK(sec_statement_verify(&statement, BODY, &key.key, &crypto.verifier));
    CHECK_STATUS(sec_statement_verify(&statement, hex("a0"), &key.key, &crypto.verifier), SEC_BAD_SIGNATURE);
    CHECK_STATUS(sec_statement_parse(detached_as(sec_statement_typ(SEC_STATEMENT_COMMAND)), &statement), SEC_MISSING_FIELD);
    CHECK_STATUS(sec_statement_parse(detached_as(SEC_LIT("other")), &statement), SEC_MISSING_FIELD);
}

static void an_unknown_typ_is_parsed_as_unknown(void)
{
    prepare(SEC_KEY_P256);
    struct sec_statement statement;
    struct sec_key_id id = {{1}};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(sec_cose_sign1_encode(SEC_LIT("application/eat+cwt"), &id, &signer, BODY, false, &wr));
    CHECK_OK(sec_statement_parse(sec_wr_done(&wr), &statement));
    CHECK_INT(statement.kind, SEC_STATEMENT_UNKNOWN);
    CHECK(sec_key_id_equal(&statement.kid, &id));
}

static void the_body_is_not_looked_at(void)
{
    prepare(SEC_KEY_P256);
    struct sec_statement statement;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(sec_statement_sign(SEC_STATEMENT_COMMAND, &signer, &crypto.hasher, hex("ff1c"), &wr));
    CHECK_OK(sec_statement_parse(sec_wr_done(&wr), &statement));
    CHECK_BYTES(statement.msg.payload, hex("ff1c"));
}

static void an_unsigned_statement_is_named_so(void)
{
    prepare(SEC_KEY_P256);
    struct sec_statement statement = {.kind = SEC_STATEMENT_HEAD};
    struct sec_bytes whole = signed_as(SEC_STATEMENT_COMMAND);
    room[whole.len - 66] = 0x40;
    CHECK_STATUS(sec_statement_parse(sec_bytes_part(whole, 0, whole.len - 65), &statement), SEC_UNSIGNED);
    CHECK_INT(statement.kind, SEC_STATEMENT_HEAD);
}

static void signing_says_what_does_not_work(void)
{
    static uint8_t big[SEC_STATEMENT_MAX_BYTES];
    prepare(SEC_KEY_P256);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_STATUS(sec_statement_sign(SEC_STATEMENT_UNKNOWN, &signer, &crypto.hasher, BODY, &wr), SEC_BAD_ARGUMENT);
    CHECK_STATUS(sec_statement_sign((enum sec_statement_kind)99, &signer, &crypto.hasher, BODY, &wr), SEC_BAD_ARGUMENT);
    CHECK_STATUS(sec_statement_sign(SEC_STATEMENT_COMMAND, &signer, &crypto.hasher, SEC_BYTES(big), &wr), SEC_TOO_LARGE);
    CHECK_INT(wr.len, 0);
    CHECK(!wr.bad);
    wr = sec_wr(sec_room(room, 100));
    CHECK_STATUS(sec_statement_sign(SEC_STATEMENT_COMMAND, &signer, &crypto.hasher, BODY, &wr), SEC_ROOM_FULL);
}

static const struct test tests[] = {
    TEST(every_kind_has_a_word_and_a_typ_of_its_own),
    TEST(what_is_signed_is_parsed_and_verifies),
    TEST(any_changed_bit_is_refused),
    TEST(another_key_or_algorithm_does_not_verify),
    TEST(an_attached_payload_is_judged_by_itself_alone),
    TEST(the_digest_is_of_the_sig_structure),
    TEST(the_malleable_twin_has_the_same_digest),
    TEST(a_release_alone_may_sign_what_stands_elsewhere),
    TEST(an_unknown_typ_is_parsed_as_unknown),
    TEST(the_body_is_not_looked_at),
    TEST(an_unsigned_statement_is_named_so),
    TEST(signing_says_what_does_not_work),
};
TEST_MAIN(tests)
