/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP: framing of HTTP/1.1 messages by http-parser (docs/decisions/0007), for hub, console and link alike.
 *
 * Bytes go in as they come; a whole head, then body pieces, come out. Nothing is interpreted beyond RFC 9112's framing: no chunked
 * request is accepted where a body must be bounded beforehand, no header is folded, no upgrade, no pipelining (a second request that
 * comes before the first is answered stays unread in the connection).
 * Memory: the struct and its head room are the caller's; slices point into the head room and live until http_next(). Body bytes are
 * handed on as they come and never kept here.
 * Limits: below. Threads: one a parser. Serves S40, S80.
 * Status of http_feed(): MALFORMED (no HTTP/1.1 message; both Content-Length and Transfer-Encoding; two Content-Length; a request without exactly one
 * Host; a line that ends in a bare LF, is folded, or has a blank before its colon; a target that is not a path), TOO_LARGE (head, fields or body beyond
 * the limit), UNSUPPORTED (a transfer coding in a request, an upgrade, another version, a response whose body ends with the connection).
 */
#ifndef SECURABLE_HTTP_H
#define SECURABLE_HTTP_H

#include <securable/bytes.h>
#include <securable/status.h>

#include <http_parser.h>

/** Request line or status line and all fields: two base64 statements of enrolment fit. */
#define HTTP_HEAD_MAX_BYTES 16384u
#define HTTP_FIELDS_MAX_COUNT 32u
#define HTTP_PATH_MAX_BYTES 1024u

struct http_field {
    struct sec_bytes name;  /* as sent; compare with http_field_of() */
    struct sec_bytes value; /* without surrounding white space */
};

struct http_head {
    struct sec_bytes method; /* requests */
    struct sec_bytes path;   /* requests: without query; begins with '/' */
    struct sec_bytes query;  /* requests: behind '?'; empty: none */
    unsigned status;         /* responses */
    size_t fields_count;
    struct http_field fields[HTTP_FIELDS_MAX_COUNT];
    bool has_length;
    uint64_t length; /* of the body */
    bool keep_alive;
};

enum http_event {
    HTTP_NEED_MORE, /* all bytes are taken */
    HTTP_GOT_HEAD,      /* the head is whole; `head` is filled */
    HTTP_GOT_BODY,      /* `body` holds a piece */
    HTTP_GOT_END,       /* the message is whole; bytes behind it are not taken */
};

struct http_reader {
    http_parser parser;
    struct sec_room room; /* of the head; HTTP_HEAD_MAX_BYTES */
    uint64_t body_max;
    struct http_head head;
    struct sec_bytes body;
    /* inside */
    size_t used;
    uint64_t body_used;
    unsigned phase;
    sec_status failure; /* sticky */
};

/** Readies a reader for requests (or responses). */
void http_reader_init(struct http_reader *reader, bool responses, struct sec_room room, uint64_t body_max);
/** Moves a head that is not whole yet into a larger room; for who begins with a small one. */
void http_reader_move(struct http_reader *reader, struct sec_room room);
/** May be set after HTTP_GOT_HEAD and before the body is fed, when a route allows more or less. A declared length beyond it: TOO_LARGE at the next feed. */
void http_body_limit(struct http_reader *reader, uint64_t body_max);
/**
 * Feeds bytes until something happened; `ret_used` says how many were taken. Call again with the rest, also when the rest is empty: HTTP_GOT_END comes by a call
 * of its own. A failure stays until http_reader_init().
 */
sec_status http_feed(struct http_reader *reader, struct sec_bytes in, size_t *ret_used, enum http_event *ret_event);
/** After HTTP_GOT_END: forgets the message, ready for the next one. */
void http_next(struct http_reader *reader);

/** The value of a field by its name (any case); empty when it is absent. */
struct sec_bytes http_field_of(const struct http_head *head, const char *name);
/** One parameter of a query, percent-decoded into `room`. NOT_FOUND; BAD_VALUE (a broken escape); ROOM_FULL. */
sec_status http_query(struct sec_bytes query, const char *name, struct sec_room room, struct sec_bytes *ret_value);
/** An unsigned number of a query, or `otherwise` when it is absent. BAD_VALUE. */
sec_status http_query_number(struct sec_bytes query, const char *name, uint64_t otherwise, uint64_t *ret_number);
/** "bytes=5-", "bytes=5-9": one range of a body of `size` bytes. NOT_FOUND: no range asked (or of another unit); BAD_VALUE: not satisfiable or more than one. */
sec_status http_range(struct sec_bytes value, uint64_t size, uint64_t *ret_first, uint64_t *ret_count);
/** The reason phrase of a status code; "Status" for others. NUL-terminated constant. */
const char *http_reason(unsigned status);

/** Base64 (RFC 4648, 4) and base64url without padding (5), both directions; white space between is allowed when reading the former. BAD_VALUE, ROOM_FULL. */
sec_status http_base64_decode(struct sec_bytes text, bool url, struct sec_room room, struct sec_bytes *ret_bytes);
void http_base64_encode(struct sec_bytes bytes, bool url, struct sec_wr *wr);

#endif
