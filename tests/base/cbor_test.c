/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <securable/cbor.h>
#include <securable/limits.h>

#define OURS(digits) sec_cbor_check(hex(digits), SEC_CBOR_OURS)
#define FOREIGN(digits) sec_cbor_check(hex(digits), SEC_CBOR_FOREIGN)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- the checker: ours --------------------------------------------------- */

static void ours_takes_deterministic_items(void)
{
    const char *good[] = {"00",
                          "17",
                          "1818",
                          "190100",
                          "1a00010000",
                          "1b0000000100000000",
                          "1bffffffffffffffff",
                          "20",
                          "3bffffffffffffffff",
                          "40",
                          "4401020304",
                          "60",
                          "62c3bc",
                          "80",
                          "83010203",
                          "a0",
                          "a201020304",
                          "a2 0a 01 20 02",
                          "a3 01 f6 20 f5 61 61 f4",
                          "a2 18 64 01 20 02",
                          "a2 62 61 61 01 81 01 02",
                          "c1 00",
                          "d28440a0f640",
                          "f4",
                          "f5",
                          "f6"};
    for (size_t i = 0; i < COUNT(good); i++) {
        CHECK_OK(OURS(good[i]));
        CHECK_OK(FOREIGN(good[i]));
    }
}

static void ours_refuses_longer_heads_than_needed(void)
{
    const char *wrong[] = {"1800", "1817", "190000", "1900ff", "1a00000000", "1a0000ffff", "1b0000000000000000", "1b00000000ffffffff",
                           "3817", "5801aa", "590001aa", "780161", "980100", "b8010000", "d80100", "a1180000"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        CHECK_STATUS(OURS(wrong[i]), SEC_NOT_DETERMINISTIC);
        CHECK_OK(FOREIGN(wrong[i]));
    }
}

static void ours_refuses_indefinite_lengths(void)
{
    const char *wrong[] = {"5fff", "7fff", "9fff", "bfff", "5f4101ff", "9f01ff", "bf0102ff", "819fff"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        CHECK_STATUS(OURS(wrong[i]), SEC_NOT_DETERMINISTIC);
        CHECK_OK(FOREIGN(wrong[i]));
    }
}

static void ours_refuses_keys_out_of_order_and_twice(void)
{
    CHECK_STATUS(OURS("a2 02 00 01 00"), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(OURS("a2 20 00 0a 00"), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(OURS("a2 20 00 18 64 00"), SEC_NOT_DETERMINISTIC); /* length-first would have it so */
    CHECK_STATUS(OURS("a2 6162 00 6161 00"), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(OURS("a2 01 00 01 00"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(OURS("a2 6161 00 6161 01"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(OURS("a2 810102 00 8101"), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(OURS("a2 8101 00 8101 00"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(OURS("a2 a10102 00 a10102 00"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(OURS("a1 a2 01 00 01 00 00"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(OURS("a1 00 a2 01 00 01 00"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(OURS("81 a2 01 00 01 00"), SEC_DUPLICATE_KEY);
    CHECK_STATUS(OURS("c1 a2 40 00 40 00"), SEC_DUPLICATE_KEY);
    CHECK_OK(FOREIGN("a2 01 00 01 00"));
    CHECK_OK(FOREIGN("a2 02 00 01 00"));
}

static void ours_refuses_floats_and_other_simple_values(void)
{
    const char *wrong[] = {"f7", "e0", "f0", "f3", "f820", "f8ff", "f90000", "fa00000000", "fb0000000000000000", "81f7", "a1f700"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        CHECK_STATUS(OURS(wrong[i]), SEC_UNSUPPORTED);
        CHECK_OK(FOREIGN(wrong[i]));
    }
}

static void ours_refuses_text_that_is_not_utf8(void)
{
    CHECK_STATUS(OURS("61ff"), SEC_NOT_UTF8);
    CHECK_STATUS(OURS("62c328"), SEC_NOT_UTF8);
    CHECK_STATUS(OURS("a161c300"), SEC_NOT_UTF8);
    CHECK_OK(FOREIGN("61ff"));
}

/* --- the checker: both --------------------------------------------------- */

static void both(const char *digits, enum sec_status_code want)
{
    CHECK_STATUS(OURS(digits), want);
    CHECK_STATUS(FOREIGN(digits), want);
}

static void both_refuse_what_ends_too_early(void)
{
    const char *wrong[] = {"",         "18",       "19",     "1901",   "1a010203", "1b01020304050607", "41",
                           "4301",     "6261",     "81",     "8201",   "a1",       "a101",             "a2010203", "c1",
                           "9a000000", "d81e",     "5818aa", "820181", "a1018201"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        both(wrong[i], SEC_TRUNCATED);
    both("5bffffffffffffffff00", SEC_TRUNCATED);
    both("7bffffffffffffffff00", SEC_TRUNCATED);
    both("9bffffffffffffffff00", SEC_TRUNCATED);
    both("bbffffffffffffffff00", SEC_TRUNCATED);
    both("bb80000000000000010000", SEC_TRUNCATED);
    CHECK_STATUS(FOREIGN("9f"), SEC_TRUNCATED);
    CHECK_STATUS(FOREIGN("9f01"), SEC_TRUNCATED);
    CHECK_STATUS(FOREIGN("bf01"), SEC_TRUNCATED);
    CHECK_STATUS(FOREIGN("5f"), SEC_TRUNCATED);
    CHECK_STATUS(FOREIGN("5f4101"), SEC_TRUNCATED);
    CHECK_STATUS(FOREIGN("5f4201"), SEC_TRUNCATED);
}

static void both_refuse_what_is_not_well_formed(void)
{
    const char *wrong[] = {"1c", "1d", "1e", "1f", "3c", "3f", "5c", "7d", "9e", "bc", "dc", "df00", "fc", "fd", "fe",
                           "ff", "81ff", "a1ff00", "a100ff", "c1ff", "f800", "f818", "f81f"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        both(wrong[i], SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("bf00ff"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("5f00ff"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("5f6161ff"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("7f4161ff"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("5f5f4100ffff"), SEC_MALFORMED);
    CHECK_STATUS(FOREIGN("9f81ff"), SEC_MALFORMED);
}

static void both_refuse_bytes_behind_the_item(void)
{
    both("0000", SEC_LEFTOVER);
    both("8000", SEC_LEFTOVER);
    both("a000", SEC_LEFTOVER);
    both("6000", SEC_LEFTOVER);
    CHECK_STATUS(FOREIGN("9fffff"), SEC_LEFTOVER);
}

static void the_first_item_may_be_followed(void)
{
    size_t len = 99;
    CHECK_OK(sec_cbor_check_first(hex("820102 ff"), SEC_CBOR_OURS, &len));
    CHECK_INT(len, 3);
    len = 99;
    CHECK_STATUS(sec_cbor_check_first(hex("8201"), SEC_CBOR_OURS, &len), SEC_TRUNCATED);
    CHECK_INT(len, 99);
}

/* An item of `depth` nested heads around a 0; maps nest in their value. */
static struct sec_bytes nested(uint8_t head, size_t depth, uint8_t room[128])
{
    struct sec_wr wr = sec_wr(sec_room(room, 128));
    for (size_t i = 0; i < depth; i++) {
        sec_wr_u8(&wr, head);
        if (head == 0xa1)
            sec_wr_u8(&wr, 0x00);
    }
    sec_wr_u8(&wr, 0x00);
    return sec_wr_done(&wr);
}

static void nesting_is_bounded(void)
{
    static const uint8_t heads[] = {0x81, 0xa1, 0xc1};
    uint8_t room[128];
    for (size_t i = 0; i < COUNT(heads); i++) {
        for (int profile = SEC_CBOR_OURS; profile <= SEC_CBOR_FOREIGN; profile++) {
            enum sec_cbor_profile which = (enum sec_cbor_profile)profile;
            CHECK_OK(sec_cbor_check(nested(heads[i], SEC_CBOR_MAX_DEPTH, room), which));
            CHECK_STATUS(sec_cbor_check(nested(heads[i], SEC_CBOR_MAX_DEPTH + 1, room), which), SEC_TOO_DEEP);
        }
    }
    struct sec_bytes open = nested(0x9f, SEC_CBOR_MAX_DEPTH + 1, room);
    CHECK_STATUS(sec_cbor_check(open, SEC_CBOR_FOREIGN), SEC_TOO_DEEP);
}

/* --- the checker against another, plainer one ---------------------------- */

/* RFC 8949's notion of well-formedness, told by recursion; the length of the item at `at`, or 0. */
static size_t plain_item(struct sec_bytes in, size_t at);

static size_t plain_items(struct sec_bytes in, size_t at, uint64_t count)
{
    size_t from = at;
    for (uint64_t i = 0; i < count; i++) {
        size_t len = plain_item(in, at);
        if (len == 0)
            return SIZE_MAX;
        at += len;
    }
    return at - from;
}

static size_t plain_indefinite(struct sec_bytes in, size_t at, unsigned major)
{
    size_t from = at;
    for (size_t count = 0;; count++) {
        if (at >= in.len)
            return 0;
        if (in.data[at] == 0xff)
            return major == 5 && count % 2 != 0 ? 0 : at + 1 - from + 1;
        if (major < 4 && (in.data[at] >> 5 != major || (in.data[at] & 31) == 31))
            return 0;
        size_t len = plain_item(in, at);
        if (len == 0)
            return 0;
        at += len;
    }
}

static size_t plain_item(struct sec_bytes in, size_t at)
{
    if (at >= in.len)
        return 0;
    unsigned major = in.data[at] >> 5, info = in.data[at] & 31;
    size_t width = info < 24 ? 0 : info < 28 ? (size_t)1 << (info - 24) : 0;
    if (info == 31)
        return major >= 2 && major <= 5 ? plain_indefinite(in, at + 1, major) : 0;
    if (info > 27 || in.len - at - 1 < width)
        return 0;
    uint64_t value = info;
    for (size_t i = 0; i < width; i++)
        value = (i == 0 ? 0 : value << 8) | in.data[at + 1 + i];
    size_t head = 1 + width, left = in.len - at - head, body = 0;
    if (major == 7 && info == 24 && value < 32)
        return 0;
    if (major == 2 || major == 3)
        body = value > left ? SIZE_MAX : (size_t)value;
    else if (major == 4 || major == 5)
        body = value > left ? SIZE_MAX : plain_items(in, at + head, major == 5 ? 2 * value : value);
    else if (major == 6)
        body = plain_items(in, at + head, 1);
    return body == SIZE_MAX ? 0 : head + body;
}

static void agree(struct sec_bytes in)
{
    bool want = plain_item(in, 0) == in.len && in.len > 0;
    if (sec_ok(sec_cbor_check(in, SEC_CBOR_FOREIGN)) != want) {
        test_print_hex(want ? "refused" : "accepted", in);
        test_stop(TEST_FAILED);
    }
}

static void foreign_agrees_with_a_plain_checker_on_all_short_inputs(void)
{
    for (uint32_t value = 0; value < 1u << 24; value++) {
        uint8_t b[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
        agree(SEC_BYTES(b));
        if (b[2] == 0)
            agree(sec_bytes(b, 2));
        if (b[1] == 0 && b[2] == 0)
            agree(sec_bytes(b, 1));
    }
}

static void foreign_agrees_with_a_plain_checker_on_chance_inputs(void)
{
    static const uint8_t likely[] = {0x00, 0x01, 0x18, 0x20, 0x40, 0x41, 0x5f, 0x61, 0x7f, 0x80, 0x81, 0x82,
                                     0x9f, 0xa0, 0xa1, 0xa2, 0xbf, 0xc1, 0xd8, 0xf6, 0xf8, 0xf9, 0xff, 0x1c};
    uint64_t state = 1;
    for (size_t round = 0; round < 2000000; round++) {
        uint8_t b[10];
        size_t len = 4 + round % 7;
        for (size_t i = 0; i < len; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            b[i] = likely[(state >> 33) % sizeof likely];
        }
        agree(sec_bytes(b, len));
    }
}

/* --- appendix A ---------------------------------------------------------- */

static FILE *open_appendix_a(void)
{
    const char *shared = getenv("SECURABLE_SHARED"), *root = getenv("MESON_SOURCE_ROOT");
    char path[4096];
    if (shared)
        snprintf(path, sizeof path, "%s/vectors/cbor/appendix_a.json", shared);
    else
        snprintf(path, sizeof path, "%s/../shared/vectors/cbor/appendix_a.json", root ? root : ".");
    return fopen(path, "r");
}

/* The digits of a line `"hex": "..."`; null for any other line. */
static char *hex_member(char *line)
{
    char *digits = strstr(line, "\"hex\": \"");
    if (!digits)
        return NULL;
    digits = &digits[8];
    digits[strcspn(digits, "\"")] = 0;
    return digits;
}

static void every_item_of_appendix_a_is_well_formed(void)
{
    FILE *file = open_appendix_a();
    if (!file)
        SKIP("vectors/cbor/appendix_a.json is not there");
    char line[4096];
    size_t count = 0;
    while (fgets(line, sizeof line, file)) {
        char *digits = hex_member(line);
        if (!digits)
            continue;
        struct sec_bytes item = hex(digits);
        count++;
        if (strcmp(digits, "f818") == 0) { /* simple(24): RFC 7049 had it in its table, RFC 8949 forbids it */
            CHECK_STATUS(sec_cbor_check(item, SEC_CBOR_FOREIGN), SEC_MALFORMED);
            continue;
        }
        CHECK_OK(sec_cbor_check(item, SEC_CBOR_FOREIGN));
        CHECK_INT(plain_item(item, 0), item.len);
        for (size_t len = 0; len < item.len; len++)
            CHECK(!sec_ok(sec_cbor_check(sec_bytes_part(item, 0, len), SEC_CBOR_FOREIGN)));
    }
    fclose(file);
    CHECK(count > 70);
}

/* --- the reader ---------------------------------------------------------- */

static void the_reader_reads_each_type(void)
{
    struct sec_cbor rd = sec_cbor(hex("8a 1903e8 3903e7 4201ff 626869 f5 f4 f6 d818 64 61626364"));
    uint8_t one[1];
    CHECK_INT(sec_cbor_peek(&rd), SEC_CBOR_ARRAY);
    sec_cbor_array_of(&rd, 10);
    CHECK_INT(sec_cbor_peek(&rd), SEC_CBOR_UINT);
    CHECK_INT(sec_cbor_uint(&rd), 1000);
    CHECK_INT(sec_cbor_peek(&rd), SEC_CBOR_NINT);
    CHECK_INT(sec_cbor_int(&rd), -1000);
    CHECK_BYTES(sec_cbor_bstr(&rd), hex("01ff"));
    CHECK_BYTES(sec_cbor_tstr(&rd), SEC_LIT("hi"));
    CHECK(sec_cbor_bool(&rd));
    CHECK(!sec_cbor_bool(&rd));
    CHECK(sec_cbor_is_null(&rd));
    sec_cbor_null(&rd);
    CHECK(!sec_cbor_is_null(&rd));
    CHECK_INT(sec_cbor_tag(&rd), 24);
    CHECK_INT(sec_cbor_int(&rd), 0);
    CHECK_STATUS(rd.status, SEC_UNEXPECTED_TYPE);
    CHECK_INT(sec_cbor_peek(&rd), SEC_CBOR_NOTHING);
    rd = sec_cbor(hex("8105 a10102 4101"));
    CHECK_INT(sec_cbor_array(&rd), 1);
    CHECK_INT(sec_cbor_uint(&rd), 5);
    CHECK_INT(sec_cbor_map(&rd), 1);
    CHECK_INT(sec_cbor_int(&rd), 1);
    CHECK_INT(sec_cbor_int(&rd), 2);
    CHECK_STATUS(sec_cbor_end(&rd), SEC_LEFTOVER);
    sec_cbor_bstr_into(&rd, SEC_ROOM(one));
    CHECK_INT(one[0], 1);
    CHECK_OK(sec_cbor_end(&rd));
    CHECK_INT(sec_cbor_peek(&rd), SEC_CBOR_NOTHING);
    CHECK(!sec_cbor_is_null(&rd));
}

static void integers_are_read_to_their_ends(void)
{
    struct sec_cbor rd = sec_cbor(hex("1bffffffffffffffff 1b7fffffffffffffff 3b7fffffffffffffff 1b8000000000000000"));
    CHECK(sec_cbor_uint(&rd) == UINT64_MAX);
    CHECK(sec_cbor_int(&rd) == INT64_MAX);
    CHECK(sec_cbor_int(&rd) == INT64_MIN);
    CHECK(sec_cbor_int(&rd) == 0);
    CHECK_STATUS(rd.status, SEC_BAD_VALUE);
    rd = sec_cbor(hex("3b8000000000000000"));
    CHECK(sec_cbor_int(&rd) == 0);
    CHECK_STATUS(rd.status, SEC_BAD_VALUE);
    rd = sec_cbor(hex("20"));
    CHECK(sec_cbor_uint(&rd) == 0);
    CHECK_STATUS(rd.status, SEC_UNEXPECTED_TYPE);
}

static void the_reader_keeps_its_first_failure(void)
{
    struct sec_cbor rd = sec_cbor(hex("0102"));
    uint8_t two[2] = {9, 9};
    CHECK_INT(sec_cbor_bstr(&rd).len, 0);
    CHECK_STATUS(rd.status, SEC_UNEXPECTED_TYPE);
    sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
    CHECK_INT(sec_cbor_uint(&rd), 0);
    CHECK_INT(sec_cbor_array(&rd), 0);
    CHECK_INT(sec_cbor_map(&rd), 0);
    CHECK_INT(sec_cbor_tag(&rd), 0);
    CHECK_INT(sec_cbor_item(&rd).len, 0);
    CHECK(!sec_cbor_bool(&rd));
    sec_cbor_null(&rd);
    sec_cbor_bstr_into(&rd, SEC_ROOM(two));
    CHECK_BYTES(SEC_BYTES(two), hex("0909"));
    CHECK_STATUS(sec_cbor_end(&rd), SEC_UNEXPECTED_TYPE);
    rd = sec_cbor(hex("01"));
    sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
    CHECK_STATUS(sec_cbor_end(&rd), SEC_UNKNOWN_FIELD);
}

static sec_status read_as(const char *digits, int what)
{
    struct sec_cbor rd = sec_cbor(hex(digits));
    uint8_t two[2];
    if (what == 'b')
        sec_cbor_bstr(&rd);
    else if (what == 't')
        sec_cbor_tstr(&rd);
    else if (what == 'a')
        sec_cbor_array(&rd);
    else if (what == 'm')
        sec_cbor_map(&rd);
    else if (what == '2')
        sec_cbor_array_of(&rd, 2);
    else if (what == 'i')
        sec_cbor_bstr_into(&rd, SEC_ROOM(two));
    else if (what == 'n')
        sec_cbor_null(&rd);
    else if (what == 'o')
        sec_cbor_bool(&rd);
    else
        sec_cbor_item(&rd);
    return rd.status;
}

static void the_reader_checks_bounds_and_types(void)
{
    CHECK_STATUS(read_as("4201", 'b'), SEC_TRUNCATED);
    CHECK_STATUS(read_as("5bffffffffffffffff", 'b'), SEC_TRUNCATED);
    CHECK_STATUS(read_as("", 'b'), SEC_TRUNCATED);
    CHECK_STATUS(read_as("5f4101ff", 'b'), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(read_as("7f6161ff", 't'), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(read_as("4161", 't'), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_as("9f01ff", 'a'), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(read_as("bf0102ff", 'm'), SEC_NOT_DETERMINISTIC);
    CHECK_STATUS(read_as("8301", 'a'), SEC_TRUNCATED);
    CHECK_STATUS(read_as("a2010203", 'm'), SEC_TRUNCATED);
    CHECK_STATUS(read_as("83010203", '2'), SEC_BAD_VALUE);
    CHECK_STATUS(read_as("8101", '2'), SEC_BAD_VALUE);
    CHECK_STATUS(read_as("a10101", '2'), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_as("4101", 'i'), SEC_BAD_VALUE);
    CHECK_STATUS(read_as("43010203", 'i'), SEC_BAD_VALUE);
    CHECK_STATUS(read_as("f5", 'n'), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_as("f6", 'o'), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_as("f7", 'o'), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_as("00", 'o'), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_as("8201", '*'), SEC_TRUNCATED);
    CHECK_STATUS(read_as("1c", 'b'), SEC_MALFORMED);
}

static void an_item_is_given_whole_as_encoded(void)
{
    struct sec_cbor rd = sec_cbor(hex("82 a1 01 9f 02 ff 03"));
    sec_cbor_array_of(&rd, 2);
    CHECK_BYTES(sec_cbor_item(&rd), hex("a1019f02ff"));
    CHECK_BYTES(sec_cbor_item(&rd), hex("03"));
    CHECK_OK(sec_cbor_end(&rd));
}

static void a_map_is_walked_by_its_integer_keys(void)
{
    struct sec_cbor rd = sec_cbor(hex("a3 01 0a 02 0b 20 0c"));
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    int64_t key = 0, keys = 0, values = 0;
    while (sec_cbor_map_next(&walk, &key)) {
        keys = keys * 10 + key;
        values = values * 100 + sec_cbor_int(&rd);
    }
    CHECK_INT(keys, 119);
    CHECK_INT(values, 101112);
    CHECK(!sec_cbor_map_next(&walk, &key));
    CHECK_OK(sec_cbor_end(&rd));
}

static void a_walk_ends_at_a_failure(void)
{
    int64_t key = 42;
    struct sec_cbor rd = sec_cbor(hex("a2 6161 0a 02 0b"));
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    CHECK(!sec_cbor_map_next(&walk, &key));
    CHECK_INT(key, 42);
    CHECK_STATUS(sec_cbor_end(&rd), SEC_UNEXPECTED_TYPE);
    rd = sec_cbor(hex("a2 01 0a 02 0b"));
    walk = sec_cbor_map_begin(&rd);
    CHECK(sec_cbor_map_next(&walk, &key));
    sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
    CHECK(!sec_cbor_map_next(&walk, &key));
    rd = sec_cbor(hex("80"));
    walk = sec_cbor_map_begin(&rd);
    CHECK(!sec_cbor_map_next(&walk, &key));
    CHECK_STATUS(sec_cbor_end(&rd), SEC_UNEXPECTED_TYPE);
}

/* --- the writer ---------------------------------------------------------- */

static void heads_are_written_shortest(void)
{
    static const struct {
        int64_t value;
        const char *want;
    } rows[] = {{0, "00"},
                {23, "17"},
                {24, "1818"},
                {255, "18ff"},
                {256, "190100"},
                {65535, "19ffff"},
                {65536, "1a00010000"},
                {4294967295, "1affffffff"},
                {4294967296, "1b0000000100000000"},
                {INT64_MAX, "1b7fffffffffffffff"},
                {-1, "20"},
                {-24, "37"},
                {-25, "3818"},
                {-256, "38ff"},
                {-257, "390100"},
                {INT64_MIN, "3b7fffffffffffffff"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[9];
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        sec_cbor_put_int(&wr, rows[i].value);
        CHECK_BYTES(sec_wr_done(&wr), hex(rows[i].want));
        struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
        CHECK(sec_cbor_int(&rd) == rows[i].value);
    }
}

static void each_type_is_written(void)
{
    uint8_t room[64];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_cbor_put_tag(&wr, 18);
    sec_cbor_put_array(&wr, 8);
    sec_cbor_put_uint(&wr, UINT64_MAX);
    sec_cbor_put_bstr(&wr, hex("0102"));
    sec_cbor_put_tstr(&wr, SEC_LIT("hi"));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_int(&wr, -1);
    sec_cbor_put_bool(&wr, true);
    sec_cbor_put_bool(&wr, false);
    sec_cbor_put_null(&wr);
    sec_cbor_put_bstr_head(&wr, 3);
    sec_wr_bytes(&wr, SEC_LIT("abc"));
    sec_cbor_put_bstr(&wr, sec_bytes(NULL, 0));
    CHECK_BYTES(sec_wr_done(&wr), hex("d2 88 1bffffffffffffffff 420102 626869 a1 20 f5 f4 f6 43616263 40"));
    CHECK_OK(sec_cbor_check(sec_wr_done(&wr), SEC_CBOR_OURS));
}

static void a_string_of_unknown_length_gets_the_shortest_head(void)
{
    static const size_t lens[] = {0, 1, 23, 24, 255, 256, 65535, 65536};
    static uint8_t room[65600], content[65536];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < COUNT(lens); i++) {
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        sec_wr_u8(&wr, 0x81);
        size_t mark = sec_cbor_put_bstr_begin(&wr);
        sec_wr_bytes(&wr, sec_bytes(content, lens[i]));
        sec_cbor_put_bstr_end(&wr, mark);
        CHECK_OK(sec_cbor_check(sec_wr_done(&wr), SEC_CBOR_OURS));
        struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
        sec_cbor_array_of(&rd, 1);
        CHECK_BYTES(sec_cbor_bstr(&rd), sec_bytes(content, lens[i]));
        CHECK_OK(sec_cbor_end(&rd));
    }
}

static void strings_of_unknown_length_nest(void)
{
    uint8_t room[64];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    size_t outer = sec_cbor_put_bstr_begin(&wr);
    sec_cbor_put_uint(&wr, 1);
    size_t inner = sec_cbor_put_bstr_begin(&wr);
    for (size_t i = 0; i < 24; i++)
        sec_wr_u8(&wr, 0xaa);
    sec_cbor_put_bstr_end(&wr, inner);
    sec_cbor_put_uint(&wr, 2);
    sec_cbor_put_bstr_end(&wr, outer);
    CHECK_BYTES(sec_wr_done(&wr), hex("581c 01 5818 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 02"));
}

static void a_string_that_does_not_fit_with_its_head_is_refused(void)
{
    uint8_t room[25];
    for (size_t content = 23; content <= 25; content++) {
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        size_t mark = sec_cbor_put_bstr_begin(&wr);
        for (size_t i = 0; i < content; i++)
            sec_wr_u8(&wr, 0);
        sec_cbor_put_bstr_end(&wr, mark);
        CHECK_STATUS(sec_wr_end(&wr, NULL), content == 23 ? SEC_OK : SEC_ROOM_FULL);
    }
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_cbor_put_bstr_end(&wr, 1);
    CHECK(wr.bad);
}

static const struct test tests[] = {
    TEST(ours_takes_deterministic_items),
    TEST(ours_refuses_longer_heads_than_needed),
    TEST(ours_refuses_indefinite_lengths),
    TEST(ours_refuses_keys_out_of_order_and_twice),
    TEST(ours_refuses_floats_and_other_simple_values),
    TEST(ours_refuses_text_that_is_not_utf8),
    TEST(both_refuse_what_ends_too_early),
    TEST(both_refuse_what_is_not_well_formed),
    TEST(both_refuse_bytes_behind_the_item),
    TEST(the_first_item_may_be_followed),
    TEST(nesting_is_bounded),
    TEST(foreign_agrees_with_a_plain_checker_on_all_short_inputs),
    TEST(foreign_agrees_with_a_plain_checker_on_chance_inputs),
    TEST(every_item_of_appendix_a_is_well_formed),
    TEST(the_reader_reads_each_type),
    TEST(integers_are_read_to_their_ends),
    TEST(the_reader_keeps_its_first_failure),
    TEST(the_reader_checks_bounds_and_types),
    TEST(an_item_is_given_whole_as_encoded),
    TEST(a_map_is_walked_by_its_integer_keys),
    TEST(a_walk_ends_at_a_failure),
    TEST(heads_are_written_shortest),
    TEST(each_type_is_written),
    TEST(a_string_of_unknown_length_gets_the_shortest_head),
    TEST(strings_of_unknown_length_nest),
    TEST(a_string_that_does_not_fit_with_its_head_is_refused),
};
TEST_MAIN(tests)
