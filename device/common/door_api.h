/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Door's API: frames between a local client and the door, both directions of their wire form.
 *
 * A frame is {u8 version, u8 kind, u16 zero, u32 length} and a body of that length in deterministic CBOR
 * (docs/formats/door.cddl). A client sends requests, one at a time; the door sends an answer to each, and notices
 * to those who subscribed, between answers. A payload's descriptor travels with the first byte of its submit request.
 * Memory: none; what is parsed borrows from the body. Limits: below. Threads: any.
 * Demand: S40, S67, F3.1 (secrets), F6.1 (events).
 */
#ifndef SECURABLE_DEVICE_DOOR_API_H
#define SECURABLE_DEVICE_DOOR_API_H

#include <securable/cbor.h>
#include <securable/limits.h>

#define DOOR_API_VERSION 1u
#define DOOR_HEADER_BYTES 8u
/** What travels beside a statement: a sealed secret in its envelope. */
#define DOOR_BESIDE_MAX_BYTES 8192u
/** The name of a secret: as other names that people give. */
#define DOOR_NAME_MAX_BYTES SEC_NAME_MAX_BYTES
/** A request's body: a statement, what is beside it, and CBOR heads. */
#define DOOR_REQUEST_MAX_BYTES (SEC_STATEMENT_MAX_BYTES + DOOR_BESIDE_MAX_BYTES + 64u)
/** What an answer carries: a receipt, a report, the settings, a page of the log. */
#define DOOR_CONTENT_MAX_BYTES 98304u
#define DOOR_ANSWER_MAX_BYTES (DOOR_CONTENT_MAX_BYTES + 64u)

/* clang-format off */
/** X(NAME, number, "word"): what a client may ask. Numbers are never reused. */
#define DOOR_REQUEST_TABLE(X)              \
    X(SUBMIT,        1, "submit")          \
    X(REPORT,        2, "report")          \
    X(EVENT,         3, "event")           \
    X(SECRET_PUT,    4, "secret-put")      \
    X(SECRET_GET,    5, "secret-get")      \
    X(SECRET_DELETE, 6, "secret-delete")   \
    X(SETTINGS,      7, "settings")        \
    X(LOG_READ,      8, "log-read")        \
    X(STATUS,        9, "status")          \
    X(SUBSCRIBE,    10, "subscribe")
/* clang-format on */

enum door_kind {
#define DOOR_ENUM(name, number, word) DOOR_##name = number,
    DOOR_REQUEST_TABLE(DOOR_ENUM)
#undef DOOR_ENUM
    DOOR_ANSWER = 128, /* {1: status, 2: content} */
    DOOR_NOTICE = 129, /* {1: topic} */
};

/** What a client asks. */
struct door_request {
    enum door_kind kind;
    struct sec_bytes a; /* submit: statement; report: nonce; event: the map; secrets: name */
    struct sec_bytes b; /* submit: what is beside it; secret-put: value */
    uint64_t from;      /* log-read: index of the first record */
};

/** What it gets: the call's status and content, or (kind NOTICE) a topic. */
struct door_answer {
    enum door_kind kind;
    uint16_t code;            /* a sec_status' code; for submit also the verdict */
    struct sec_bytes content; /* receipt, report, value, JSON, log entries, status map; or the topic */
};

/** Writes a frame's header. */
void door_header_encode(unsigned kind, size_t body_bytes, struct sec_wr *wr);
/** Reads a header of a frame whose body may have `max` bytes. UNKNOWN_FORMAT (version), BAD_VALUE (reserved), TOO_LARGE, TRUNCATED. */
sec_status door_header_parse(struct sec_bytes header, size_t max, unsigned *ret_kind, size_t *ret_body_bytes);

/** Writes a request's body. BAD_ARGUMENT (kind), ROOM_FULL. */
sec_status door_request_encode(const struct door_request *request, struct sec_wr *wr);
/** Reads a request's body. WRONG_KIND, TOO_LARGE (a member beyond its limit), BAD_VALUE (nonce's length), and what cbor.h refuses. */
sec_status door_request_parse(unsigned kind, struct sec_bytes body, struct door_request *ret_request);

/** Writes a whole answer or notice, header and body. TOO_LARGE, ROOM_FULL. */
sec_status door_answer_encode(const struct door_answer *answer, struct sec_wr *wr);
sec_status door_answer_parse(unsigned kind, struct sec_bytes body, struct door_answer *ret_answer);

/** "submit" ...; "unknown" for another number. NUL-terminated constant. */
const char *door_kind_word(unsigned kind);

#endif
