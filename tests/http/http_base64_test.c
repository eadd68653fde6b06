/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"
#include "test.h"

static void both_directions_agree(void)
{
    for (size_t len = 0; len < 40; len++)
        for (int url = 0; url < 2; url++) {
            uint8_t in[40], text[80], back[40];
            struct sec_bytes got = {0};
            for (size_t i = 0; i < len; i++)
                in[i] = (uint8_t)(i * 67 + len * 13);
            struct sec_wr wr = sec_wr(SEC_ROOM(text));
            http_base64_encode(sec_bytes(in, len), url, &wr);
            CHECK_OK(http_base64_decode(sec_wr_done(&wr), url, SEC_ROOM(back), &got));
            CHECK_BYTES(got, sec_bytes(in, len));
        }
}

static void known_texts_are_read(void)
{
    uint8_t room[8];
    struct sec_bytes got = {0};
    CHECK_OK(http_base64_decode(SEC_LIT("Zm9v\r\nYg=="), false, SEC_ROOM(room), &got));
    CHECK_BYTES(got, SEC_LIT("foob"));
    CHECK_OK(http_base64_decode(SEC_LIT("-_8"), true, SEC_ROOM(room), &got));
    CHECK_BYTES(got, SEC_LIT("\xfb\xff"));
    CHECK_OK(http_base64_decode(SEC_LIT("+/8="), false, SEC_ROOM(room), &got));
}

static void other_spellings_are_refused(void)
{
    uint8_t room[8];
    struct sec_bytes got = {0};
    static const char *const plain[] = {"Zg", "Zg=", "Zh==", "Z", "=Zg=", "Zg==Zg==", "Zm9v====", "Zm-v", "Zm9v=", "===="};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        CHECK_STATUS(http_base64_decode(sec_bytes_of_str(plain[i]), false, SEC_ROOM(room), &got), SEC_BAD_VALUE);
    static const char *const url[] = {"Zg==", "Zh", "Z", "Zm 9v", "Zm+v"};
    for (size_t i = 0; i < sizeof url / sizeof url[0]; i++)
        CHECK_STATUS(http_base64_decode(sec_bytes_of_str(url[i]), true, SEC_ROOM(room), &got), SEC_BAD_VALUE);
    CHECK_STATUS(http_base64_decode(SEC_LIT("Zm9vZm9vZm9v"), false, SEC_ROOM(room), &got), SEC_ROOM_FULL);
}

static const struct test tests[] = {
    TEST(both_directions_agree),
    TEST(known_texts_are_read),
    TEST(other_spellings_are_refused),
};
TEST_MAIN(tests)
