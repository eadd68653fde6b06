/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection: one client, its bytes, and the one request that it has under way.
 *
 * Inside the hub's core only. An idle connection is this struct, its TLS state and nothing else: rooms for head, body and answer come with the first byte of a request and go
 * with the last of its answer. A connection whose client is gone stays until its exchange has been let go.
 * Deadlines: the constants below. Limits: a head of HTTP_HEAD_MAX_BYTES, a body as its route says. Threads: the loop's. Serves S36, S40.
 */
#ifndef SECURABLE_HUB_CONNECTION_H
#define SECURABLE_HUB_CONNECTION_H

#include "loop.h"
#include "peers.h"

#include <openssl/types.h>

#define CONNECTION_HANDSHAKE_MS 10000u
#define CONNECTION_HEAD_MS 10000u
/** A connection that has not proven itself and has never asked anything. */
#define CONNECTION_FIRST_MS 10000u
#define CONNECTION_IDLE_MS 75000u
/** A body, or an answer, may be this late, and then this slow; judged anew every CONNECTION_PACE_BYTES, so that nobody saves up time. */
#define CONNECTION_GRACE_MS 10000u
#define CONNECTION_BYTES_PER_S 1024u
#define CONNECTION_PACE_BYTES 10240u
#define CONNECTION_LINGER_MS 2000u
/** Bytes that are read and forgotten so that an early answer reaches a client that is still sending. */
#define CONNECTION_LINGER_BYTES 262144u
/** What a first head room has; most heads fit. */
#define CONNECTION_HEAD_FIRST_BYTES 1024u
/** Bytes of a file that one turn may send before others have theirs. */
#define CONNECTION_TURN_BYTES 262144u
/** Reads, or requests, that one turn may serve. */
#define CONNECTION_TURN_STEPS 64u

enum connection_state { CONNECTION_HANDSHAKE, CONNECTION_OPEN, CONNECTION_LINGER, CONNECTION_CLOSED };

struct hub_connection {
    enum loop_source source;
    uint8_t state;
    uint8_t entrance;
    bool has_device; /* `device` holds by a good certificate */
    bool proven;     /* no longer counted with its address */
    bool asked;      /* at least one request was answered */
    bool readable, drained, ended; /* the socket; drained: the last read was short; ended: the client sends no more */
    bool watches_out; /* a write would have blocked once: from then on its events are asked for */
    bool in_turn, is_ready, in_wheel, broken;
    bool again;  /* more could be sent at once, but others have their turn first */
    bool buried; /* will be freed at the end of the turn */
    uint16_t slot;
    int fd;
    uint32_t uid; /* Unix socket */
    uint32_t lingered;
    SSL *ssl;
    struct hub_loop *loop;
    struct hub_connection *next, *prev;                   /* all */
    struct hub_connection *unproven_next, *unproven_prev;
    struct hub_connection *wheel_next, *wheel_prev;
    struct hub_connection *ready_next, *dead_next;
    uint64_t deadline_ms;
    struct sec_device_id device;
    uint64_t epoch; /* its certificate's */
    struct hub_peer *peer;     /* its address, as long as it is not proven */
    struct hub_peer *of_device; /* its device, from then on */
    struct connection_request *request;
    uint8_t *rest; /* came behind the request that is under way */
    size_t rest_len;
};

enum request_state {
    REQUEST_HEAD,
    REQUEST_BODY,
    REQUEST_HANDLING,  /* the handler has it */
    REQUEST_ANSWERED,  /* the answer is being sent */
};

struct connection_arena {
    struct connection_arena *next;
    size_t used, size;
    max_align_t room[];
};

/** What is given back when a request is parked. */
struct connection_intake {
    struct http_reader reader;
    uint8_t *head; /* `first`, or of the heap when a head is larger */
    uint8_t *body;
    size_t body_len, body_size;
    uint8_t first[CONNECTION_HEAD_FIRST_BYTES];
};

struct connection_request {
    struct hub_exchange x; /* first: an exchange is its request */
    struct connection_intake *intake;
    struct connection_arena *arena;
    uint8_t state;
    bool streaming, parked, close_after, gone_told, dispatched, streams_body;
    unsigned writes; /* works of hub_write() under way */
    int file_fd;
    uint64_t since_ms; /* when its head, body or answer began, or when the pace was judged last ... */
    uint64_t paced;    /* ... at this many bytes */
    uint64_t seen;     /* of its body */
    char *fields;
    size_t fields_len, fields_size;
    uint8_t *out;
    size_t out_at, out_len, out_size;
    uint64_t sent;
    uint64_t file_at, file_left;
};

static inline struct connection_request *request_of(struct hub_exchange *x)
{
    return (struct connection_request *)(void *)x;
}

/* connection.c */
void connection_accept(struct hub_loop *loop, int fd, enum hub_entrance entrance, struct hub_peer *peer);
void connection_event(struct hub_connection *c, uint32_t events);
void connection_run(struct hub_connection *c);
void connection_close(struct hub_connection *c);
/** The exchange is let go: its request's memory goes back. */
void connection_release(struct hub_connection *c);
/** Proven: leaves its address's count and the queue of those that are closed first. */
void connection_prove(struct hub_connection *c);
/** Until when more must have come, or gone, of a body or answer of which there are `total` bytes so far. */
uint64_t connection_pace(struct connection_request *r, uint64_t total);
/** True when nothing is under way on it. */
bool connection_idle(const struct hub_connection *c);

/* connection_io.c: bytes of a socket or of TLS. -1: would block; 0: the end, or broken. */
ssize_t connection_read(struct hub_connection *c, struct sec_room to);
ssize_t connection_write(struct hub_connection *c, struct sec_bytes bytes);
void connection_watch_out(struct hub_connection *c);

/* answer.c */
/** Sends what waits. True: all is sent. */
bool answer_flush(struct hub_connection *c);
void answer_intake_free(struct connection_request *r);

/* route.c */
/** Finds the route and judges who asks. True: go on with the body; false: it has been answered. */
bool route_begin(struct connection_request *r);
void route_call(struct connection_request *r);

#endif
