/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "../common/say.h"

#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES 16384u
/* For what may still lie in a connection that broke. */
#define LINK_LAST_WORD_MS UINT64_C(500)
/* Interim answers before the one that counts. */
#define INTERIM_MAX_COUNT 8u
/* Request line and fields; enrolment's two statements are the longest. */
#define HEAD_BYTES 12288u

/* What an answer needs while it comes: mapped, so that an idle connection holds none of it. */
struct reading {
    struct http_reader http;
    const struct link_request *request;
    struct link_response response;
    size_t body_len;
    unsigned interim;
    bool ended;
    uint8_t head_b[HTTP_HEAD_MAX_BYTES];
    uint8_t chunk_b[CHUNK_BYTES];
};

static sec_status write_request(struct link *link, const struct link_request *request)
{
    struct sec_room room = scratch_take(HEAD_BYTES);
    if (!room.data)
        return sec_st(SEC_STORAGE_FULL);
    int n = snprintf((char *)room.data, room.len, "%s %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nContent-Length: %zu\r\n%s\r\n", request->method, request->path,
                     link->host.literal && strchr(link->host.name, ':') ? "[" : "", link->host.name,
                     link->host.literal && strchr(link->host.name, ':') ? "]" : "", (unsigned)link->host.port, request->body.len, request->fields);
    sec_status status = n > 0 && (size_t)n < room.len ? link_tls_write(link, sec_bytes(room.data, (size_t)n)) : sec_st(SEC_TOO_LARGE);
    scratch_drop(&room);
    return sec_ok(status) && request->body.len ? link_tls_write(link, request->body) : status;
}

static sec_status take_piece(struct reading *reading, struct sec_bytes piece)
{
    const struct link_request *request = reading->request;
    if (request->piece)
        return request->piece(request->ctx, &reading->http.head, piece);
    if (piece.len > request->room.len - reading->body_len)
        return sec_st(SEC_TOO_LARGE);
    sec_copy(&request->room.data[reading->body_len], piece.data, piece.len);
    reading->body_len += piece.len;
    return sec_st(SEC_OK);
}

static sec_status take_event(struct reading *reading, enum http_event event)
{
    switch (event) {
    case HTTP_GOT_HEAD:
        /* Interim answers (1xx) come before the one that counts. */
        reading->response.answered = true;
        reading->response.status = reading->http.head.status;
        return sec_st(SEC_OK);
    case HTTP_GOT_BODY:
        return take_piece(reading, reading->http.body);
    case HTTP_GOT_END:
        reading->ended = reading->response.status >= 200;
        return sec_st(SEC_OK);
    case HTTP_NEED_MORE:
        break;
    }
    return sec_st(SEC_OK);
}

/* All that came at once, to its end. */
static sec_status feed(struct reading *reading, struct sec_bytes bytes)
{
    enum http_event event = HTTP_GOT_BODY;
    while (!reading->ended && event != HTTP_NEED_MORE) {
        size_t used = 0;
        SEC_TRY(http_feed(&reading->http, bytes, &used, &event));
        bytes = sec_bytes_part(bytes, used, bytes.len);
        SEC_TRY(take_event(reading, event));
        if (event != HTTP_GOT_END || reading->ended)
            continue;
        if (++reading->interim > INTERIM_MAX_COUNT)
            return sec_st(SEC_MALFORMED); /* else nothing would bound what a hub may say */
        http_next(&reading->http);
    }
    return sec_st(SEC_OK);
}

static sec_status read_answer(struct link *link, struct reading *reading, uint64_t due_ms)
{
    const struct link_request *request = reading->request;
    bool for_news = request->for_news;
    while (!reading->ended) {
        size_t len = 0;
        SEC_TRY(link_tls_read(link, SEC_ROOM(reading->chunk_b), due_ms, for_news, request->records_known, &len));
        for_news = false; /* what has begun to come, comes whole */
        due_ms = link_now_ms() + LINK_SILENCE_MS;
        SEC_TRY(feed(reading, sec_bytes(reading->chunk_b, len)));
    }
    return sec_st(SEC_OK);
}

sec_status link_exchange(struct link *link, const struct link_request *request, struct link_response *ret_response)
{
    struct sec_room room = scratch_take(sizeof(struct reading));
    struct reading *reading = (struct reading *)(void *)room.data;
    if (!reading)
        return sec_st(SEC_STORAGE_FULL);
    reading->request = request;
    http_reader_init(&reading->http, true, SEC_ROOM(reading->head_b), request->body_max);
    /* When writing failed, the hub may have said why. */
    sec_status written = write_request(link, request);
    uint64_t patience_ms = sec_ok(written) ? request->wait_ms + LINK_SILENCE_MS : LINK_LAST_WORD_MS;
    sec_status status = read_answer(link, reading, link_now_ms() + patience_ms);
    if (!sec_ok(written) && !sec_is(status, SEC_NOT_PERMITTED))
        status = written;
    reading->response.body = sec_bytes(request->room.data, reading->body_len);
    *ret_response = reading->response;
    link->tls.used = link->tls.used || reading->response.answered;
    if (!sec_ok(status) || !reading->http.head.keep_alive)
        link_tls_close(link);
    scratch_drop(&room);
    return status;
}
