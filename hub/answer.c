/* SPDX-License-Identifier: Apache-2.0 */
/* How handlers answer, and how their answers leave: exchange.h's first half. */
#include "connection.h"

#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_FIRST_BYTES 480u
#define FORMAT_MAX_BYTES 8192

/* --- memory of the exchange -------------------------------------------------------------------------------------- */

void *hub_alloc(struct hub_exchange *x, size_t bytes)
{
    struct connection_request *r = request_of(x);
    size_t need = (bytes + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    struct connection_arena *arena = r->arena;
    if (need < bytes || need > SIZE_MAX / 4)
        return NULL;
    if (!arena || arena->size - arena->used < need) {
        size_t size = arena ? arena->size * 2 : ARENA_FIRST_BYTES;
        size = size > 65536 ? 65536 : size;
        size = need > size ? need : size;
        arena = malloc(sizeof *arena + size);
        if (!arena)
            return NULL;
        *arena = (struct connection_arena){.next = r->arena, .size = size};
        r->arena = arena;
    }
    void *room = &arena->room[arena->used / sizeof(max_align_t)];
    arena->used += need;
    sec_zero(room, need);
    return room;
}

struct sec_bytes hub_copy(struct hub_exchange *x, struct sec_bytes bytes)
{
    uint8_t *room = hub_alloc(x, bytes.len);
    if (!room)
        return sec_bytes(NULL, 0);
    (void)sec_bytes_copy(sec_room(room, bytes.len), bytes);
    return sec_bytes(room, bytes.len);
}

char *hub_format(struct hub_exchange *x, const char *format, ...)
{
    char text[FORMAT_MAX_BYTES];
    va_list list;
    va_start(list, format);
    int len = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (len < 0 || len >= FORMAT_MAX_BYTES)
        return NULL;
    char *room = hub_alloc(x, (size_t)len + 1);
    if (room)
        sec_copy(room, text, (size_t)len);
    return room;
}

void answer_intake_free(struct connection_request *r)
{
    struct connection_intake *intake = r->intake;
    if (!intake)
        return;
    if (intake->head != intake->first)
        free(intake->head);
    free(intake->body);
    free(intake);
    r->intake = NULL;
    r->x.head = NULL;
    r->x.body = r->x.rest = sec_bytes(NULL, 0);
}

/** Makes room for `more` bytes behind `*len`. */
static bool grow(void *at_pointer, size_t len, size_t *size, size_t more)
{
    void **at = at_pointer;
    if (*size - len >= more)
        return true;
    size_t larger = len + more < 2 * *size ? 2 * *size : len + more;
    void *room = realloc(*at, larger);
    if (!room)
        return false;
    *at = room;
    *size = larger;
    return true;
}

/* --- sending ------------------------------------------------------------------------------------------------------- */

static bool put_out(struct connection_request *r, struct sec_bytes bytes)
{
    if (r->out_at == r->out_len)
        r->out_at = r->out_len = 0;
    if (!grow(&r->out, r->out_len, &r->out_size, bytes.len))
        return false;
    if (bytes.len > 0)
        sec_copy(&r->out[r->out_len], bytes.data, bytes.len);
    r->out_len += bytes.len;
    return true;
}

/** The next piece of the file; false: it is shorter than it was. */
static bool file_piece(struct connection_request *r)
{
    r->out_at = r->out_len = 0;
    if (!grow(&r->out, 0, &r->out_size, LOOP_SCRATCH_BYTES))
        return false;
    size_t want = r->file_left < LOOP_SCRATCH_BYTES ? (size_t)r->file_left : LOOP_SCRATCH_BYTES;
    ssize_t got = pread(r->file_fd, r->out, want, (off_t)r->file_at);
    if (got <= 0)
        return false;
    r->out_len = (size_t)got;
    r->file_at += (uint64_t)got;
    r->file_left -= (uint64_t)got;
    return true;
}

static void answer_deadline(struct hub_connection *c, struct connection_request *r)
{
    if (r->state == REQUEST_ANSWERED)
        loop_timer(c, connection_pace(r, r->sent));
}

bool answer_flush(struct hub_connection *c)
{
    struct connection_request *r = c->request;
    uint64_t turn = 0;
    for (;;) {
        while (r->out_at < r->out_len) {
            ssize_t put = connection_write(c, sec_bytes(&r->out[r->out_at], r->out_len - r->out_at));
            if (put <= 0) {
                c->broken |= put == 0;
                answer_deadline(c, r);
                return false;
            }
            r->out_at += (size_t)put;
            r->sent += (size_t)put;
            turn += (size_t)put;
        }
        if (r->file_left == 0)
            return true;
        if (turn >= CONNECTION_TURN_BYTES) {
            answer_deadline(c, r);
            c->again = true;
            return false;
        }
        if (!file_piece(r)) {
            hub_say("payload: read: it is shorter than it was, or cannot be read");
            c->broken = true;
            return false;
        }
    }
}

/* --- heads ----------------------------------------------------------------------------------------------------------- */

void hub_field(struct hub_exchange *x, const char *name, const char *value)
{
    struct connection_request *r = request_of(x);
    size_t need = strlen(name) + strlen(value) + 4;
    if (!grow(&r->fields, r->fields_len, &r->fields_size, need))
        return;
    const char *const parts[] = {name, ": ", value, "\r\n"};
    for (size_t i = 0; i < 4; i++)
        for (const char *at = parts[i]; *at; at++)
            if ((unsigned char)*at >= 0x20 || i == 3) /* a value cannot begin a new field */
                r->fields[r->fields_len++] = *at;
}

/** The head, with the body's length; UINT64_MAX: chunks follow. */
static bool put_head(struct connection_request *r, unsigned status, const char *content_type, uint64_t length)
{
    char text[512];
    bool bodiless = status == 204 || status == 304;
    int len = snprintf(text, sizeof text, "HTTP/1.1 %u %s\r\nDate: %s\r\nX-Content-Type-Options: nosniff\r\n", status, http_reason(status),
                       loop_date(r->x.loop));
    size_t at = (size_t)len;
    if (content_type && !bodiless)
        at += (size_t)snprintf(&text[at], sizeof text - at, "Content-Type: %.100s\r\n", content_type);
    if (length == UINT64_MAX)
        at += (size_t)snprintf(&text[at], sizeof text - at, "Transfer-Encoding: chunked\r\n");
    else if (!bodiless)
        at += (size_t)snprintf(&text[at], sizeof text - at, "Content-Length: %llu\r\n", (unsigned long long)length);
    if (r->close_after)
        at += (size_t)snprintf(&text[at], sizeof text - at, "Connection: close\r\n");
    uint64_t body = length == UINT64_MAX || r->file_left > 0 ? 0 : length;
    return grow(&r->out, r->out_len, &r->out_size, at + r->fields_len + 2 + (size_t)body) && put_out(r, sec_bytes(text, at)) &&
           put_out(r, sec_bytes(r->fields, r->fields_len)) && put_out(r, SEC_LIT("\r\n"));
}

/** The answer stands: from here on the loop sends it. */
static void answered(struct connection_request *r, bool whole)
{
    struct hub_connection *c = r->x.connection;
    r->state = REQUEST_ANSWERED;
    r->parked = false;
    r->since_ms = c->loop->now_ms;
    r->sent = r->paced = 0;
    c->broken |= !whole;
    if (c->state == CONNECTION_OPEN)
        answer_deadline(c, r);
    loop_ready(c);
}

static bool may_answer(const struct connection_request *r)
{
    if (r->state == REQUEST_ANSWERED && !r->x.client_gone)
        hub_say("hub: answer: a second one to the same request was left out");
    return r->state != REQUEST_ANSWERED && !r->streaming;
}

void hub_answer(struct hub_exchange *x, unsigned status, const char *content_type, struct sec_bytes body)
{
    struct connection_request *r = request_of(x);
    if (!may_answer(r))
        return;
    bool bodiless = status == 204 || status == 304;
    answered(r, x->client_gone || (put_head(r, status, content_type, bodiless ? 0 : body.len) && (bodiless || put_out(r, body))));
}

void hub_file(struct hub_exchange *x, int fd, uint64_t first, uint64_t count, bool partial, uint64_t size, const char *content_type)
{
    struct connection_request *r = request_of(x);
    char range[80];
    if (!may_answer(r)) {
        close(fd);
        return;
    }
    r->file_fd = fd;
    r->file_at = first;
    r->file_left = x->client_gone ? 0 : count;
    if (partial) {
        (void)snprintf(range, sizeof range, "bytes %llu-%llu/%llu", (unsigned long long)first, (unsigned long long)(first + count - 1), (unsigned long long)size);
        hub_field(x, "Content-Range", range);
    }
    answered(r, x->client_gone || put_head(r, partial ? 206 : 200, content_type, count));
}

/* --- streams and parking ------------------------------------------------------------------------------------------------ */

void hub_stream_begin(struct hub_exchange *x, const char *content_type)
{
    struct connection_request *r = request_of(x);
    struct hub_connection *c = x->connection;
    if (!may_answer(r))
        return;
    r->streaming = true;
    c->broken |= !put_head(r, 200, content_type, UINT64_MAX);
    answer_intake_free(r);
    loop_ready(c);
}

bool hub_stream_write(struct hub_exchange *x, struct sec_bytes piece)
{
    struct connection_request *r = request_of(x);
    struct hub_connection *c = x->connection;
    char head[24];
    if (x->client_gone || c->broken || c->state != CONNECTION_OPEN)
        return false;
    if (piece.len == 0)
        return true; /* an empty chunk would end the stream */
    int len = snprintf(head, sizeof head, "%zx\r\n", piece.len);
    bool fits = r->out_len - r->out_at + piece.len <= HUB_STREAM_MAX_BYTES && put_out(r, sec_bytes(head, (size_t)len)) &&
                put_out(r, piece) && put_out(r, SEC_LIT("\r\n"));
    c->broken |= !fits;
    loop_ready(c);
    return fits;
}

void hub_stream_end(struct hub_exchange *x)
{
    struct connection_request *r = request_of(x);
    if (!r->streaming || r->state == REQUEST_ANSWERED)
        return;
    answered(r, x->client_gone || put_out(r, SEC_LIT("0\r\n\r\n")));
}

void hub_park(struct hub_exchange *x, uint64_t ms)
{
    struct connection_request *r = request_of(x);
    struct hub_connection *c = x->connection;
    if (r->state == REQUEST_ANSWERED)
        return;
    r->parked = true;
    r->state = REQUEST_HANDLING;
    answer_intake_free(r);
    if (x->client_gone) {
        r->gone_told = false;
        loop_ready(c);
        return;
    }
    loop_timer(c, c->loop->now_ms + ms);
}

/* --- problems -------------------------------------------------------------------------------------------------------------- */

static void put_json_text(struct sec_wr *wr, const char *text)
{
    sec_wr_u8(wr, '"');
    for (; text && *text; text++) {
        uint8_t c = (uint8_t)*text;
        if (c == '"' || c == '\\')
            sec_wr_u8(wr, '\\');
        sec_wr_u8(wr, c < 0x20 ? ' ' : c);
    }
    sec_wr_u8(wr, '"');
}

void hub_problem(struct hub_exchange *x, unsigned status, const char *object, const char *clause, const char *fact, const char *code)
{
    uint8_t room[2048];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    char type[96], number[8];
    const struct {
        const char *name, *value;
    } members[] = {{"{\"type\":", type},          {",\"title\":", http_reason(status)}, {",\"detail\":", fact},
                   {",\"object\":", object},      {",\"clause\":", clause},            {",\"code\":", code}};
    (void)snprintf(type, sizeof type, "tag:securable,2026:problem:%.60s", code ? code : "http");
    (void)snprintf(number, sizeof number, "%u", status);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        sec_wr_bytes(&wr, sec_bytes_of_str(members[i].name));
        if (members[i].value)
            put_json_text(&wr, members[i].value);
        else
            sec_wr_bytes(&wr, SEC_LIT("null"));
    }
    sec_wr_bytes(&wr, SEC_LIT(",\"status\":"));
    sec_wr_bytes(&wr, sec_bytes_of_str(number));
    sec_wr_bytes(&wr, SEC_LIT("}\n"));
    hub_answer(x, status, "application/problem+json", wr.bad ? SEC_LIT("{}\n") : sec_wr_done(&wr));
}

void hub_problem_status(struct hub_exchange *x, const char *object, const char *clause, sec_status status)
{
    static const unsigned of_class[] = {500, 500, 400, 403, 401, 409, 507, 500, 500};
    enum sec_status_class class = sec_status_class(status);
    unsigned number = class < sizeof of_class / sizeof of_class[0] ? of_class[class] : 500;
    number = sec_is(status, SEC_NOT_FOUND) ? 404 : number;
    hub_problem(x, number, object, clause, sec_status_text(status), sec_status_word(status));
}
