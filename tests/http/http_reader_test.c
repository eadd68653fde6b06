/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"
#include "test.h"

static uint8_t room[HTTP_HEAD_MAX_BYTES];
static uint8_t seen_body[70000];
static size_t seen;

/** Feeds a whole message in pieces of `piece` bytes; OK when it came to its end, with how much was taken. */
static sec_status run(struct http_reader *reader, struct sec_bytes in, size_t piece, size_t *ret_used)
{
    size_t at = 0, end = 0;
    seen = 0;
    for (;;) {
        size_t used = 0;
        enum http_event event = HTTP_NEED_MORE;
        SEC_TRY(http_feed(reader, sec_bytes_part(in, at, end - at), &used, &event));
        CHECK(used <= end - at);
        at += used;
        if (event == HTTP_GOT_END) {
            *ret_used = at;
            return sec_st(SEC_OK);
        }
        if (event == HTTP_GOT_BODY) {
            CHECK(sec_bytes_copy(sec_room(seen_body + seen, sizeof seen_body - seen), reader->body));
            seen += reader->body.len;
        }
        if (event == HTTP_NEED_MORE) {
            CHECK_INT(at, end);
            if (end == in.len)
                return sec_st(SEC_TRUNCATED);
            end = end + piece < in.len ? end + piece : in.len;
        }
    }
}

static sec_status judge(const char *text, size_t len, bool responses)
{
    sec_status first = sec_st(SEC_OK);
    for (size_t piece = 1; piece <= len; piece += piece < 8 ? 1 : 37) {
        struct http_reader reader;
        size_t used = 0;
        http_reader_init(&reader, responses, SEC_ROOM(room), 65536);
        sec_status status = run(&reader, sec_bytes(text, len), piece, &used);
        if (piece == 1)
            first = status;
        CHECK_INT(status.code, first.code); /* however it is cut */
    }
    return first;
}
#define REQUEST(text) judge(text, sizeof(text) - 1, false)
#define RESPONSE(text) judge(text, sizeof(text) - 1, true)

static void a_request_gives_its_parts(void)
{
    struct http_reader reader;
    size_t used = 0;
    struct sec_bytes in = SEC_LIT("POST /a/b?x=1&y=%20 HTTP/1.1\r\nHost: h\r\nX-One:  two \t\r\nContent-Length: 3\r\n\r\nabcGET");
    http_reader_init(&reader, false, SEC_ROOM(room), 10);
    CHECK_OK(run(&reader, in, 5, &used));
    CHECK_INT(used, in.len - 3);
    CHECK_BYTES(reader.head.method, SEC_LIT("POST"));
    CHECK_BYTES(reader.head.path, SEC_LIT("/a/b"));
    CHECK_BYTES(reader.head.query, SEC_LIT("x=1&y=%20"));
    CHECK_BYTES(http_field_of(&reader.head, "x-ONE"), SEC_LIT("two"));
    CHECK_INT(http_field_of(&reader.head, "absent").len, 0);
    CHECK(reader.head.keep_alive && reader.head.has_length && reader.head.length == 3);
    CHECK_BYTES(sec_bytes(seen_body, seen), SEC_LIT("abc"));
    http_next(&reader);
    CHECK_OK(run(&reader, SEC_LIT("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), 100, &used));
    CHECK(!reader.head.keep_alive && !reader.head.has_length);
}

static void what_others_might_read_differently_is_refused(void)
{
    CHECK_STATUS(REQUEST("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\nabc"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\nabc"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), SEC_UNSUPPORTED);
    CHECK_STATUS(REQUEST("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.1\r\nHost : h\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.1\nHost: h\n\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.1\r\nHost: h\r\nA: b\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.1\r\nHost: h\rA: b\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.1\r\nHost: h\0i\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.1\r\nA: b\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), SEC_MALFORMED);
}

static void other_request_lines_are_refused(void)
{
    CHECK_STATUS(REQUEST("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET /#f HTTP/1.1\r\nHost: h\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET /?a#f HTTP/1.1\r\nHost: h\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET /\r\nHost: h\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("WHAT / HTTP/1.1\r\nHost: h\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.0\r\nHost: h\r\n\r\n"), SEC_UNSUPPORTED);
    CHECK_STATUS(REQUEST("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), SEC_UNSUPPORTED);
    CHECK_STATUS(REQUEST("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), SEC_UNSUPPORTED);
    CHECK_STATUS(REQUEST("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"), SEC_UNSUPPORTED);
    CHECK_STATUS(REQUEST("\x16\x03\x01\x02\x00\x01\x00"), SEC_MALFORMED);
}

static void limits_hold(void)
{
    static char text[HTTP_HEAD_MAX_BYTES + 200];
    struct http_reader reader;
    size_t used = 0;
    int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: h\r\nA: ");
    memset(text + len, 'a', sizeof text - (size_t)len);
    http_reader_init(&reader, false, SEC_ROOM(room), 0);
    CHECK_STATUS(run(&reader, SEC_BYTES(text), 4000, &used), SEC_TOO_LARGE);
    CHECK_STATUS(run(&reader, SEC_LIT("GET"), 1, &used), SEC_TOO_LARGE); /* sticky */

    len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 31; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "A%d: b\r\n", i);
    int more = snprintf(text + len, sizeof text - (size_t)len, "\r\n");
    CHECK_OK(judge(text, (size_t)(len + more), false));
    more = snprintf(text + len, sizeof text - (size_t)len, "B: c\r\n\r\n");
    CHECK_STATUS(judge(text, (size_t)(len + more), false), SEC_TOO_LARGE);

    len = snprintf(text, sizeof text, "GET /");
    memset(text + len, 'p', HTTP_PATH_MAX_BYTES);
    more = snprintf(text + len + HTTP_PATH_MAX_BYTES, 100, " HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_STATUS(judge(text, (size_t)len + HTTP_PATH_MAX_BYTES + (size_t)more, false), SEC_TOO_LARGE);
}

static void a_body_beyond_its_limit_is_refused_before_it_comes(void)
{
    struct http_reader reader;
    size_t used = 0;
    enum http_event event = HTTP_NEED_MORE;
    struct sec_bytes in = SEC_LIT("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n");
    http_reader_init(&reader, false, SEC_ROOM(room), 50);
    CHECK_OK(http_feed(&reader, in, &used, &event));
    CHECK_INT(event, HTTP_GOT_HEAD);
    CHECK_STATUS(http_feed(&reader, sec_bytes(NULL, 0), &used, &event), SEC_TOO_LARGE);

    http_reader_init(&reader, false, SEC_ROOM(room), 50);
    CHECK_OK(http_feed(&reader, in, &used, &event));
    http_body_limit(&reader, 100);
    CHECK_OK(http_feed(&reader, sec_bytes(NULL, 0), &used, &event));
    CHECK_INT(event, HTTP_NEED_MORE);
}

static void responses_end_where_they_say(void)
{
    CHECK_OK(RESPONSE("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"));
    CHECK_OK(RESPONSE("HTTP/1.1 204 No Content\r\n\r\n"));
    CHECK_OK(RESPONSE("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"));
    CHECK_OK(RESPONSE("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nT: u\r\n\r\n"));
    CHECK_BYTES(sec_bytes(seen_body, seen), SEC_LIT("abcde"));
    CHECK_STATUS(RESPONSE("HTTP/1.1 200 OK\r\n\r\nuntil the end"), SEC_UNSUPPORTED);
    CHECK_STATUS(RESPONSE("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab"), SEC_UNSUPPORTED);
    CHECK_STATUS(RESPONSE("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), SEC_UNSUPPORTED);
    CHECK_STATUS(RESPONSE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"), SEC_TRUNCATED);
    CHECK_STATUS(RESPONSE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), SEC_MALFORMED);
    CHECK_STATUS(RESPONSE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n"), SEC_MALFORMED);
    CHECK_STATUS(RESPONSE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\nabcd"), SEC_TRUNCATED);
}

static void chunks_count_against_the_limit(void)
{
    struct http_reader reader;
    size_t used = 0;
    http_reader_init(&reader, true, SEC_ROOM(room), 4);
    CHECK_STATUS(run(&reader, SEC_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), 1, &used), SEC_TOO_LARGE);
}

static const struct test tests[] = {
    TEST(a_request_gives_its_parts),
    TEST(what_others_might_read_differently_is_refused),
    TEST(other_request_lines_are_refused),
    TEST(limits_hold),
    TEST(a_body_beyond_its_limit_is_refused_before_it_comes),
    TEST(responses_end_where_they_say),
    TEST(chunks_count_against_the_limit),
};
TEST_MAIN(tests)
