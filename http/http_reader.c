/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <strings.h>

/* A head is gathered whole and passes the gate below before http-parser sees it: the library forgives bare LF, folded lines and more
 * that intermediaries read differently, and a difference in reading is how requests are smuggled. */

enum phase { PHASE_HEAD, PHASE_LENGTH, PHASE_CHUNKS, PHASE_EMPTY, PHASE_DONE };

static bool is_token(uint8_t c)
{
    static const char extra[] = "!#$%&'*+-.^_`|~";
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    for (size_t i = 0; i + 1 < sizeof extra; i++)
        if (c == (uint8_t)extra[i])
            return true;
    return false;
}

void http_reader_init(struct http_reader *reader, bool responses, struct sec_room room, uint64_t body_max)
{
    sec_zero(reader, sizeof *reader);
    http_parser_init(&reader->parser, responses ? HTTP_RESPONSE : HTTP_REQUEST);
    reader->parser.data = reader;
    reader->room = room.len > HTTP_HEAD_MAX_BYTES ? sec_room(room.data, HTTP_HEAD_MAX_BYTES) : room;
    reader->body_max = body_max;
    reader->failure = sec_st(SEC_OK);
}

void http_next(struct http_reader *reader)
{
    http_reader_init(reader, reader->parser.type == HTTP_RESPONSE, reader->room, reader->body_max);
}

void http_body_limit(struct http_reader *reader, uint64_t body_max)
{
    reader->body_max = body_max;
}

void http_reader_move(struct http_reader *reader, struct sec_room room)
{
    (void)sec_bytes_copy(room, sec_bytes(reader->room.data, reader->used));
    reader->room = room.len > HTTP_HEAD_MAX_BYTES ? sec_room(room.data, HTTP_HEAD_MAX_BYTES) : room;
}

/* --- the gate ------------------------------------------------------------------------------------------- */

/** A field line: a token, a colon at once, and a value of visible characters, blanks and bytes from 0x80 on. */
static bool is_field_line(struct sec_bytes line)
{
    size_t i = 0;
    while (i < line.len && is_token(line.data[i]))
        i++;
    if (i == 0 || i == line.len || line.data[i] != ':')
        return false;
    for (i++; i < line.len; i++)
        if ((line.data[i] < 0x20 && line.data[i] != '\t') || line.data[i] == 0x7f)
            return false;
    return true;
}

/** The first line: visible ASCII and single blanks. What the words say is for the parser. */
static bool is_start_line(struct sec_bytes line, bool response)
{
    bool blank = true;
    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.data[i];
        if (c < 0x20 || c > 0x7e || (!response && c == ' ' && blank))
            return false;
        blank = c == ' ';
    }
    return line.len > 0 && (response || !blank);
}

/** "GET /path HTTP/1.1": the target in origin form, without a fragment. */
static sec_status check_request_line(struct http_reader *reader, struct sec_bytes line)
{
    size_t first = 0, second = 0;
    while (first < line.len && line.data[first] != ' ')
        first++;
    for (second = first + 1; second < line.len && line.data[second] != ' ';)
        second++;
    if (second >= line.len)
        return sec_st(SEC_MALFORMED); /* two words: HTTP/0.9 */
    struct sec_bytes target = sec_bytes_part(line, first + 1, second - first - 1);
    struct sec_bytes version = sec_bytes_part(line, second + 1, line.len);
    if (!sec_bytes_equal(version, SEC_LIT("HTTP/1.1")))
        return sec_st(sec_bytes_equal(sec_bytes_part(version, 0, 5), SEC_LIT("HTTP/")) ? SEC_UNSUPPORTED : SEC_MALFORMED);
    if (target.len == 0 || target.data[0] != '/')
        return sec_st(SEC_MALFORMED);
    size_t path = 0;
    while (path < target.len && target.data[path] != '?' && target.data[path] != '#')
        path++;
    for (size_t i = path; i < target.len; i++)
        if (target.data[i] == '#')
            return sec_st(SEC_MALFORMED);
    if (path > HTTP_PATH_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    reader->head.path = sec_bytes_part(target, 0, path);
    reader->head.query = sec_bytes_part(target, path + 1, target.len);
    reader->head.method = sec_bytes_part(line, 0, first);
    return sec_st(SEC_OK);
}

/** All lines of the whole head; none is longer than the room, so each sum below stays inside it. */
static sec_status check_head(struct http_reader *reader)
{
    struct sec_bytes head = sec_bytes(reader->room.data, reader->used);
    bool response = reader->parser.type == HTTP_RESPONSE;
    for (size_t at = 0, number = 0; at + 2 < head.len; number++) {
        size_t end = at;
        while (head.data[end] != '\n')
            end++;
        struct sec_bytes line = sec_bytes_part(head, at, end - 1 - at);
        at = end + 1;
        if (number > 0 ? !is_field_line(line) : !is_start_line(line, response))
            return sec_st(SEC_MALFORMED);
        if (number > HTTP_FIELDS_MAX_COUNT)
            return sec_st(SEC_TOO_LARGE);
        if (number == 0 && !response)
            SEC_TRY(check_request_line(reader, line));
        else if (number == 0 && !sec_bytes_equal(sec_bytes_part(line, 0, 9), SEC_LIT("HTTP/1.1 ")))
            return sec_st(sec_bytes_equal(sec_bytes_part(line, 0, 5), SEC_LIT("HTTP/")) ? SEC_UNSUPPORTED : SEC_MALFORMED);
    }
    return sec_st(SEC_OK);
}

/* --- the parser's callbacks ----------------------------------------------------------------------------- */

static struct http_reader *of(http_parser *parser)
{
    return (struct http_reader *)parser->data;
}

static int on_field(http_parser *parser, const char *at, size_t length)
{
    struct http_reader *reader = of(parser);
    if (reader->phase != PHASE_HEAD)
        return 0; /* a trailer of chunks says nothing here */
    if (reader->head.fields_count == HTTP_FIELDS_MAX_COUNT)
        return 1;
    reader->head.fields[reader->head.fields_count].name = sec_bytes(at, length);
    reader->head.fields[reader->head.fields_count++].value = sec_bytes(NULL, 0);
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t length)
{
    struct http_reader *reader = of(parser);
    if (reader->phase != PHASE_HEAD || reader->head.fields_count == 0)
        return 0;
    while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
        length--;
    reader->head.fields[reader->head.fields_count - 1].value = sec_bytes(at, length);
    return 0;
}

/** 1 stops the parser from looking for a body: here bodies with a length are counted by the reader itself. */
static int on_head(http_parser *parser)
{
    struct http_reader *reader = of(parser);
    reader->head.status = parser->status_code;
    reader->head.keep_alive = http_should_keep_alive(parser) != 0;
    return (parser->flags & F_CHUNKED) ? 0 : 1;
}

static int on_body(http_parser *parser, const char *at, size_t length)
{
    of(parser)->body = sec_bytes(at, length);
    http_parser_pause(parser, 1);
    return 0;
}

static int on_message(http_parser *parser)
{
    if (of(parser)->phase == PHASE_CHUNKS) {
        of(parser)->phase = PHASE_DONE;
        http_parser_pause(parser, 1);
    }
    return 0;
}

static const http_parser_settings settings = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_message,
};

/* --- what the fields say about the body ----------------------------------------------------------------- */

static size_t count_of(const struct http_head *head, const char *name, struct sec_bytes *ret_value)
{
    size_t count = 0;
    struct sec_bytes want = sec_bytes_of_str(name);
    for (size_t i = 0; i < head->fields_count; i++)
        if (head->fields[i].name.len == want.len &&
            strncasecmp((const char *)head->fields[i].name.data, name, want.len) == 0 && count++ == 0)
            *ret_value = head->fields[i].value;
    return count;
}

static sec_status digits(struct sec_bytes text, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (text.len == 0 || text.len > 19)
        return sec_st(SEC_BAD_VALUE);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return sec_st(SEC_BAD_VALUE);
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    *ret_number = number;
    return sec_st(SEC_OK);
}

static bool has_no_body(unsigned status)
{
    return (status >= 100 && status < 200) || status == 204 || status == 304;
}

/** Decides the phase behind the head. */
static sec_status frame(struct http_reader *reader)
{
    struct http_head *head = &reader->head;
    struct sec_bytes length = {0}, coding = {0}, other = {0};
    bool response = reader->parser.type == HTTP_RESPONSE;
    size_t lengths = count_of(head, "content-length", &length), codings = count_of(head, "transfer-encoding", &coding);
    if (lengths > 1 || (lengths > 0 && codings > 0) || (!response && count_of(head, "host", &other) != 1))
        return sec_st(SEC_MALFORMED);
    if (count_of(head, "upgrade", &other) || reader->parser.upgrade || (!response && codings > 0) || codings > 1)
        return sec_st(SEC_UNSUPPORTED);
    if (lengths > 0) {
        if (!sec_ok(digits(length, &head->length)))
            return sec_st(SEC_MALFORMED);
        head->has_length = true;
    }
    if (response && has_no_body(head->status))
        reader->phase = PHASE_EMPTY;
    else if (codings > 0 && coding.len == 7 && strncasecmp((const char *)coding.data, "chunked", 7) == 0)
        reader->phase = PHASE_CHUNKS;
    else if (codings > 0 || (response && lengths == 0))
        return sec_st(SEC_UNSUPPORTED); /* a body that ends with the connection cannot be told from a cut one */
    else
        reader->phase = head->length > 0 ? PHASE_LENGTH : PHASE_EMPTY;
    return sec_st(SEC_OK);
}

static sec_status parse_head(struct http_reader *reader)
{
    SEC_TRY(check_head(reader));
    size_t taken = http_parser_execute(&reader->parser, &settings, (const char *)reader->room.data, reader->used);
    enum http_errno failure = HTTP_PARSER_ERRNO(&reader->parser);
    if (failure == HPE_CB_header_field)
        return sec_st(SEC_TOO_LARGE);
    if (failure != HPE_OK || taken != reader->used)
        return sec_st(reader->parser.upgrade ? SEC_UNSUPPORTED : SEC_MALFORMED);
    return frame(reader);
}

/** Takes bytes up to the empty line. A line that does not end in CR LF is refused as soon as it is seen. */
static sec_status feed_head(struct http_reader *reader, struct sec_bytes in, size_t *ret_used, enum http_event *ret_event)
{
    uint8_t *to = reader->room.data;
    for (size_t i = 0; i < in.len; i++) {
        if (reader->used == reader->room.len)
            return sec_st(SEC_TOO_LARGE);
        uint8_t c = in.data[i];
        size_t used = reader->used;
        to[reader->used++] = c;
        bool behind_cr = used > 0 && to[used - 1] == '\r';
        if (c == 0 || (c == '\n') != behind_cr || (used == 0 && c == '\r'))
            return sec_st(SEC_MALFORMED);
        if (c == '\n' && used >= 3 && to[used - 2] == '\n') {
            *ret_used = i + 1;
            *ret_event = HTTP_GOT_HEAD;
            return parse_head(reader);
        }
    }
    *ret_used = in.len;
    *ret_event = HTTP_NEED_MORE;
    return sec_st(SEC_OK);
}

static sec_status feed_length(struct http_reader *reader, struct sec_bytes in, size_t *ret_used, enum http_event *ret_event)
{
    uint64_t left = reader->head.length - reader->body_used;
    if (reader->head.length > reader->body_max)
        return sec_st(SEC_TOO_LARGE);
    reader->body = sec_bytes_part(in, 0, left < in.len ? (size_t)left : in.len);
    reader->body_used += reader->body.len;
    *ret_used = reader->body.len;
    *ret_event = in.len > 0 ? HTTP_GOT_BODY : HTTP_NEED_MORE;
    if (reader->body_used == reader->head.length)
        reader->phase = PHASE_EMPTY;
    return sec_st(SEC_OK);
}

static sec_status feed_chunks(struct http_reader *reader, struct sec_bytes in, size_t *ret_used, enum http_event *ret_event)
{
    if (in.len == 0) {
        *ret_used = 0;
        *ret_event = HTTP_NEED_MORE;
        return sec_st(SEC_OK);
    }
    reader->body = sec_bytes(NULL, 0);
    http_parser_pause(&reader->parser, 0);
    size_t taken = http_parser_execute(&reader->parser, &settings, (const char *)in.data, in.len);
    enum http_errno failure = HTTP_PARSER_ERRNO(&reader->parser);
    if ((failure != HPE_OK && failure != HPE_PAUSED) || (taken == 0 && reader->body.len == 0))
        return sec_st(SEC_MALFORMED);
    reader->head.length += reader->body.len;
    if (reader->head.length > reader->body_max)
        return sec_st(SEC_TOO_LARGE);
    *ret_used = taken;
    *ret_event = reader->body.len > 0 ? HTTP_GOT_BODY : reader->phase == PHASE_DONE ? HTTP_GOT_END : HTTP_NEED_MORE;
    return sec_st(SEC_OK);
}

sec_status http_feed(struct http_reader *reader, struct sec_bytes in, size_t *ret_used, enum http_event *ret_event)
{
    size_t used = 0;
    enum http_event event = HTTP_GOT_END;
    sec_status status = reader->failure;
    if (sec_ok(status) && reader->phase == PHASE_HEAD)
        status = feed_head(reader, in, &used, &event);
    else if (sec_ok(status) && reader->phase == PHASE_LENGTH)
        status = feed_length(reader, in, &used, &event);
    else if (sec_ok(status) && reader->phase == PHASE_CHUNKS)
        status = feed_chunks(reader, in, &used, &event);
    else if (sec_ok(status))
        reader->phase = PHASE_DONE;
    reader->failure = status;
    if (!sec_ok(status))
        return status;
    *ret_used = used;
    *ret_event = event;
    return status;
}

struct sec_bytes http_field_of(const struct http_head *head, const char *name)
{
    struct sec_bytes value = {0};
    count_of(head, name, &value);
    return value;
}
