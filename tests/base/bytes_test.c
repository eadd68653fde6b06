/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

static void every_status_has_a_word_of_its_own(void)
{
    static const uint16_t codes[] = {
#define CODE(name, number, word, text) number,
        SEC_STATUS_TABLE(CODE)
#undef CODE
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        sec_status a = {codes[i]};
        CHECK(strcmp(sec_status_word(a), "unknown-status") != 0);
        CHECK(strlen(sec_status_text(a)) > 3);
        CHECK_INT(sec_status_class(a), codes[i] >> 8);
        CHECK(sec_status_class(a) <= SEC_CLASS_INTERNAL);
        for (size_t k = 0; k < i; k++)
            CHECK(codes[k] != codes[i] && strcmp(sec_status_word((sec_status){codes[k]}), sec_status_word(a)) != 0);
    }
    CHECK(strcmp(sec_status_word(sec_st(SEC_GENERATION_USED)), "generation-used") == 0);
}

static void a_foreign_status_number_is_named_unknown(void)
{
    sec_status foreign = {0x7fff};
    CHECK(strcmp(sec_status_word(foreign), "unknown-status") == 0);
    CHECK(strlen(sec_status_text(foreign)) > 3);
    CHECK(!sec_ok(foreign));
}

static void equality_looks_at_length_and_content(void)
{
    CHECK(sec_bytes_equal(SEC_LIT("abc"), sec_bytes_of_str("abc")));
    CHECK(!sec_bytes_equal(SEC_LIT("abc"), SEC_LIT("abd")));
    CHECK(!sec_bytes_equal(SEC_LIT("abc"), SEC_LIT("ab")));
    CHECK(sec_bytes_equal(SEC_LIT(""), sec_bytes(NULL, 0)));
    CHECK(sec_bytes_equal_secret(SEC_LIT("abc"), SEC_LIT("abc")));
    CHECK(!sec_bytes_equal_secret(SEC_LIT("abc"), SEC_LIT("xbc")));
    CHECK(!sec_bytes_equal_secret(SEC_LIT("abc"), SEC_LIT("abx")));
    CHECK(!sec_bytes_equal_secret(SEC_LIT("abc"), SEC_LIT("ab")));
    CHECK(sec_bytes_equal_secret(sec_bytes(NULL, 0), SEC_LIT("")));
}

static void order_is_shorter_first_then_bytewise(void)
{
    CHECK_INT(sec_bytes_order(SEC_LIT("b"), SEC_LIT("aa")), -1);
    CHECK_INT(sec_bytes_order(SEC_LIT("aa"), SEC_LIT("b")), 1);
    CHECK_INT(sec_bytes_order(SEC_LIT("ab"), SEC_LIT("ac")), -1);
    CHECK_INT(sec_bytes_order(hex("ff"), hex("01")), 1);
    CHECK_INT(sec_bytes_order(SEC_LIT("ab"), SEC_LIT("ab")), 0);
    CHECK_INT(sec_bytes_order(sec_bytes(NULL, 0), SEC_LIT("")), 0);
}

static void a_part_is_clipped_to_what_is_there(void)
{
    struct sec_bytes all = SEC_LIT("abcdef");
    CHECK_BYTES(sec_bytes_part(all, 2, 3), SEC_LIT("cde"));
    CHECK_BYTES(sec_bytes_part(all, 4, SIZE_MAX), SEC_LIT("ef"));
    CHECK_INT(sec_bytes_part(all, 6, 1).len, 0);
    CHECK_INT(sec_bytes_part(all, SIZE_MAX, SIZE_MAX).len, 0);
    CHECK_INT(sec_bytes_part(sec_bytes(NULL, 0), 0, 1).len, 0);
}

static void a_copy_that_does_not_fit_copies_nothing(void)
{
    uint8_t to[3] = {9, 9, 9};
    CHECK(!sec_bytes_copy(SEC_ROOM(to), SEC_LIT("abcd")));
    CHECK_BYTES(SEC_BYTES(to), hex("090909"));
    CHECK(sec_bytes_copy(SEC_ROOM(to), SEC_LIT("ab")));
    CHECK_BYTES(SEC_BYTES(to), hex("616209"));
    CHECK(sec_bytes_copy((struct sec_room){NULL, 0}, sec_bytes(NULL, 0)));
}

static void wiping_and_zeroing_leave_zeros_and_take_nothing(void)
{
    uint8_t data[4] = {1, 2, 3, 4};
    sec_wipe(data, 2);
    CHECK_BYTES(SEC_BYTES(data), hex("00000304"));
    sec_zero(data, 4);
    CHECK_BYTES(SEC_BYTES(data), hex("00000000"));
    sec_copy(data, "xy", 2);
    CHECK_BYTES(SEC_BYTES(data), hex("78790000"));
    sec_wipe(NULL, 0);
    sec_zero(NULL, 0);
    sec_copy(NULL, NULL, 0);
}

static void digests_are_compared_whole(void)
{
    struct sec_digest a = {{1}}, b = {{1}};
    CHECK(sec_digest_equal(&a, &b));
    b.b[31] = 1;
    CHECK(!sec_digest_equal(&a, &b));
    CHECK_INT(sec_digest_bytes(&a).len, 32);
}

static void a_reader_gives_big_endian_fields(void)
{
    struct sec_rd rd = sec_rd(hex("01 0203 04050607 08090a0b0c0d0e0f aabbcc dd"));
    uint8_t three[3];
    CHECK_INT(sec_rd_u8(&rd), 1);
    CHECK_INT(sec_rd_u16(&rd), 0x0203);
    CHECK_INT(sec_rd_u32(&rd), 0x04050607);
    CHECK(sec_rd_u64(&rd) == 0x08090a0b0c0d0e0full);
    CHECK_INT(sec_rd_left(&rd), 4);
    sec_rd_into(&rd, SEC_ROOM(three));
    CHECK_BYTES(SEC_BYTES(three), hex("aabbcc"));
    CHECK_STATUS(sec_rd_end(&rd), SEC_LEFTOVER);
    CHECK_BYTES(sec_rd_bytes(&rd, 1), hex("dd"));
    CHECK_OK(sec_rd_end(&rd));
}

static void a_reader_that_failed_stays_failed(void)
{
    struct sec_rd rd = sec_rd(hex("010203"));
    uint8_t two[2] = {9, 9};
    CHECK_INT(sec_rd_u32(&rd), 0);
    CHECK(rd.bad);
    CHECK_INT(sec_rd_u8(&rd), 0);
    CHECK_INT(sec_rd_left(&rd), 0);
    CHECK_INT(sec_rd_bytes(&rd, 0).len, 0);
    sec_rd_into(&rd, SEC_ROOM(two));
    CHECK_BYTES(SEC_BYTES(two), hex("0000"));
    CHECK_STATUS(sec_rd_end(&rd), SEC_TRUNCATED);
    rd = sec_rd(hex("01"));
    CHECK_INT(sec_rd_bytes(&rd, SIZE_MAX).len, 0);
    CHECK(rd.bad);
}

static void a_writer_writes_big_endian_fields(void)
{
    uint8_t room[18];
    struct sec_bytes done;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_wr_u8(&wr, 1);
    sec_wr_u16(&wr, 0x0203);
    sec_wr_u32(&wr, 0x04050607);
    sec_wr_u64(&wr, 0x08090a0b0c0d0e0full);
    sec_wr_bytes(&wr, sec_bytes(NULL, 0));
    sec_wr_bytes(&wr, hex("aabb"));
    CHECK_INT(sec_wr_rest(&wr).len, 1);
    CHECK_OK(sec_wr_end(&wr, &done));
    CHECK_BYTES(done, hex("0102030405060708090a0b0c0d0e0faabb"));
    CHECK_OK(sec_wr_end(&wr, NULL));
}

static void a_writer_that_failed_stays_failed(void)
{
    uint8_t room[3] = {0};
    struct sec_bytes done = SEC_LIT("untouched");
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_wr_u16(&wr, 0x0102);
    sec_wr_u16(&wr, 0x0304);
    sec_wr_u8(&wr, 5);
    CHECK(wr.bad);
    CHECK_BYTES(sec_wr_done(&wr), hex("0102"));
    CHECK_INT(sec_wr_rest(&wr).len, 0);
    CHECK_STATUS(sec_wr_end(&wr, &done), SEC_ROOM_FULL);
    CHECK_BYTES(done, SEC_LIT("untouched"));
    CHECK_INT(room[2], 0);
}

static void the_rest_of_a_writer_can_be_filled_and_declared(void)
{
    uint8_t room[4];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_wr_u8(&wr, 1);
    struct sec_room rest = sec_wr_rest(&wr);
    CHECK_INT(rest.len, 3);
    rest.data[0] = 2;
    rest.data[1] = 3;
    sec_wr_advance(&wr, 2);
    CHECK_BYTES(sec_wr_done(&wr), hex("010203"));
    sec_wr_advance(&wr, 2);
    CHECK(wr.bad);
}

static void hex_goes_out_in_lower_case_and_comes_back(void)
{
    uint8_t room[8], back[4];
    size_t len = 0;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_wr_hex(&wr, hex("00af19ff"));
    CHECK_BYTES(sec_wr_done(&wr), SEC_LIT("00af19ff"));
    CHECK_OK(sec_hex_parse(SEC_LIT("00aF19Ff"), SEC_ROOM(back), &len));
    CHECK_INT(len, 4);
    CHECK_BYTES(SEC_BYTES(back), hex("00af19ff"));
    sec_wr_hex(&wr, hex("00"));
    CHECK(wr.bad);
    CHECK_OK(sec_hex_parse(sec_bytes(NULL, 0), (struct sec_room){NULL, 0}, NULL));
}

static void hex_of_wrong_length_or_digit_is_refused(void)
{
    uint8_t back[2] = {9, 9};
    size_t len = 77;
    CHECK_STATUS(sec_hex_parse(SEC_LIT("0a0"), SEC_ROOM(back), &len), SEC_TRUNCATED);
    CHECK_STATUS(sec_hex_parse(SEC_LIT("0a"), SEC_ROOM(back), &len), SEC_TRUNCATED);
    CHECK_STATUS(sec_hex_parse(SEC_LIT("0a0b0"), SEC_ROOM(back), &len), SEC_LEFTOVER);
    CHECK_STATUS(sec_hex_parse(SEC_LIT("0a0b0c"), SEC_ROOM(back), &len), SEC_LEFTOVER);
    const char *wrong[] = {"0a0g", "0a/0", ":a00", "0a0@", "0G00", "0a `", "`a00"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK_STATUS(sec_hex_parse(sec_bytes_of_str(wrong[i]), SEC_ROOM(back), &len), SEC_BAD_VALUE);
    CHECK_INT(len, 77);
    CHECK_BYTES(SEC_BYTES(back), hex("0909"));
}

/* A code point's encoding by the definition; 0 for surrogates. */
static size_t encode_point(uint32_t point, uint8_t b[4])
{
    if (point >= 0xd800 && point <= 0xdfff)
        return 0;
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const uint8_t firsts[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    for (size_t i = len; i-- > 1; point >>= 6)
        b[i] = (uint8_t)(0x80 | (point & 0x3f));
    b[0] = (uint8_t)(firsts[len] | point);
    return len;
}

static void every_code_point_is_utf8(void)
{
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        uint8_t b[4];
        size_t len = encode_point(point, b);
        if (len > 0)
            CHECK_OK(sec_utf8_check(sec_bytes(b, len)));
        if (len > 1)
            CHECK_STATUS(sec_utf8_check(sec_bytes(b, len - 1)), SEC_NOT_UTF8);
    }
}

static void as_many_short_sequences_are_utf8_as_there_are_code_points(void)
{
    uint32_t good[4] = {0};
    for (uint32_t value = 0; value < 1u << 24; value++) {
        uint8_t b[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
        if (b[0] >= 0xe0 && sec_ok(sec_utf8_check(SEC_BYTES(b))))
            good[3]++;
        if (b[0] >= 0x80 && b[0] < 0xe0 && b[2] == 0 && sec_ok(sec_utf8_check(sec_bytes(b, 2))))
            good[2]++;
    }
    CHECK_INT(good[2], 0x800 - 0x80);
    CHECK_INT(good[3], 0x10000 - 0x800 - 0x800);
}

static void overlong_surrogate_and_broken_text_is_not_utf8(void)
{
    const char *wrong[] = {"80",       "c080",     "c1bf",     "e08080",   "e09fbf", "eda080", "edbfbf",   "f0808080", "f08fbfbf",
                           "f4908080", "f5808080", "ff",       "c3",       "e282",   "f09f92", "c328",     "e28228",   "f0288cbc",
                           "61c3",     "f09f9228", "f8888080", "fe",       "e2c2ac"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK_STATUS(sec_utf8_check(hex(wrong[i])), SEC_NOT_UTF8);
    CHECK_OK(sec_utf8_check(sec_bytes(NULL, 0)));
    CHECK_OK(sec_utf8_check(SEC_LIT("Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x92\xa1")));
}

static const struct test tests[] = {
    TEST(every_status_has_a_word_of_its_own),
    TEST(a_foreign_status_number_is_named_unknown),
    TEST(equality_looks_at_length_and_content),
    TEST(order_is_shorter_first_then_bytewise),
    TEST(a_part_is_clipped_to_what_is_there),
    TEST(a_copy_that_does_not_fit_copies_nothing),
    TEST(wiping_and_zeroing_leave_zeros_and_take_nothing),
    TEST(digests_are_compared_whole),
    TEST(a_reader_gives_big_endian_fields),
    TEST(a_reader_that_failed_stays_failed),
    TEST(a_writer_writes_big_endian_fields),
    TEST(a_writer_that_failed_stays_failed),
    TEST(the_rest_of_a_writer_can_be_filled_and_declared),
    TEST(hex_goes_out_in_lower_case_and_comes_back),
    TEST(hex_of_wrong_length_or_digit_is_refused),
    TEST(every_code_point_is_utf8),
    TEST(as_many_short_sequences_are_utf8_as_there_are_code_points),
    TEST(overlong_surrogate_and_broken_text_is_not_utf8),
};
TEST_MAIN(tests)
