/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchange: one request and its answer, as handlers see it.
 *
 * A handler runs on the thread of its connection's loop and ends in exactly one way: hub_answer*() at once, hub_problem(), hub_file(), hub_stream_begin(),
 * or hub_write() / hub_park() and one of the former later, on the same thread. If the client goes away meanwhile, `gone` is called (when set; while a
 * work of hub_write() is under way, not before its `done`) and later answers go nowhere; the exchange itself lives until its handler has let it go by answering.
 * Memory: an arena per exchange (hub_alloc()), freed whole after the answer. Request slices live as long.
 * Limits: named at the route. Threads: one an exchange; hub_post() is for the others. Serves S29, S36, S38.
 */
#ifndef SECURABLE_HUB_EXCHANGE_H
#define SECURABLE_HUB_EXCHANGE_H

#include "http.h"

#include <securable/identity.h>
#include <securable/access_forms.h>

struct hub;
struct hub_connection;
struct hub_loop;
struct hub_store;

/** Who asks. */
enum hub_who {
    HUB_NOBODY = 0,  /* no credentials */
    HUB_DEVICE = 1,  /* a good transport certificate: `device` */
    HUB_LOCAL = 2,   /* the Unix socket: `uid`, by the kernel */
    HUB_PERSON = 3,  /* a token: `scope`, `name` */
};
/** What a token, or a local user, may. A bit each. */
enum hub_scope {
    HUB_SCOPE_READ = 1,  /* see */
    HUB_SCOPE_SEND = 2,  /* hand in statements, payloads, report requests: nothing that the signatures do not allow anyway */
    HUB_SCOPE_ADMIN = 4, /* makers, tokens, revoking transport certificates */
};
struct hub_principal {
    enum hub_who who;
    struct sec_device_id device;
    uint64_t epoch; /* in which its certificate was issued */
    uint32_t uid;
    unsigned scope;
    char name[SEC_NAME_MAX_BYTES + 1];
};

/** Where a connection came in. A bit each, so that a route can name several. */
enum hub_entrance {
    HUB_ENTRANCE_DEVICE = 1, /* TLS, devices and enrolment */
    HUB_ENTRANCE_API = 2,    /* TLS, people and their programs */
    HUB_ENTRANCE_LOCAL = 4,  /* Unix socket */
};

struct hub_exchange {
    struct hub *hub;
    struct hub_loop *loop;
    struct hub_connection *connection;
    const struct http_head *head;
    struct sec_bytes body; /* whole, unless the route streams */
    struct hub_principal who;
    struct sec_bytes rest; /* what the route's path ends in behind its pattern's '*' */
    const struct hub_route *route;
    void *own;                               /* the handler's */
    void (*gone)(struct hub_exchange *);     /* the client went away; null: nobody needs to know */
    void (*timeout)(struct hub_exchange *);  /* a parked exchange's time is over */
    bool client_gone;
};

typedef void (*hub_handler)(struct hub_exchange *x);

/** One row of the table in routes.c. A path segment "*" matches one segment; a final "**" the rest. The first row that fits counts. */
struct hub_route {
    const char *method;
    const char *pattern;
    unsigned entrances;
    unsigned scope;       /* what a person or local user needs; 0: nothing */
    bool device_only;     /* wants HUB_DEVICE */
    uint64_t body_max;
    hub_handler handler;
    hub_handler body_piece; /* not null: the body is not gathered; called with each piece in x->body, `handler` at its end with an empty one */
};
extern const struct hub_route hub_routes[];
extern const size_t hub_routes_count;

/** Segment n (from 0) of the request's path; empty when there is none. */
struct sec_bytes hub_segment(const struct hub_exchange *x, size_t n);
/** Memory of the exchange, zeroed. Null when there is none: answer 503. */
void *hub_alloc(struct hub_exchange *x, size_t bytes);
struct sec_bytes hub_copy(struct hub_exchange *x, struct sec_bytes bytes);
char *hub_format(struct hub_exchange *x, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Adds a response field before the answer; the texts are copied. */
void hub_field(struct hub_exchange *x, const char *name, const char *value);
void hub_answer(struct hub_exchange *x, unsigned status, const char *content_type, struct sec_bytes body);
/** RFC 9457 application/problem+json: {"type","title","status","detail","object","clause","code"}. `code` is a status word of status.h, or null. */
void hub_problem(struct hub_exchange *x, unsigned status, const char *object, const char *clause, const char *fact, const char *code);
/** The problem that fits a status: 400 (INPUT), 403 (POLICY), 401 (CRYPTO), 404 (NOT_FOUND), 409 (STATE), 507 (SPACE), 500. */
void hub_problem_status(struct hub_exchange *x, const char *object, const char *clause, sec_status status);
/** Answers with `count` bytes of a file from `first` on and closes the descriptor; 200 or 206 by `partial` (Content-Range of `size`). */
void hub_file(struct hub_exchange *x, int fd, uint64_t first, uint64_t count, bool partial, uint64_t size, const char *content_type);
/**
 * An answer without known end (server-sent events): head now, pieces later. False from _write(): the client is gone or too slow (more than HUB_STREAM_MAX_BYTES wait
 * for it); the connection is being closed and `gone` comes from the loop, never from within the call. After `gone` the exchange is freed.
 */
#define HUB_STREAM_MAX_BYTES 262144u
void hub_stream_begin(struct hub_exchange *x, const char *content_type);
bool hub_stream_write(struct hub_exchange *x, struct sec_bytes piece);
void hub_stream_end(struct hub_exchange *x);

/**
 * Keeps the exchange for at most `ms`; then `x->timeout` is called, which answers or parks again. Answering ends it. Parking, as hub_stream_begin(), gives the
 * request's room back: x->head is null and x->body, x->rest are empty from then on, so that a waiting device costs little; what is needed later is hub_copy()'d before.
 * When the client goes away `gone` is called, which answers (into the void); without `gone`, `timeout` is called at once with client_gone set.
 */
void hub_park(struct hub_exchange *x, uint64_t ms);

/** TLS: exporter value of this connection (RFC 9266), 32 bytes. UNSUPPORTED on the Unix socket. */
sec_status hub_exporter(const struct hub_exchange *x, uint8_t ret_value[32]);

/* --- between threads ------------------------------------------------------------------------------------ */

/** Runs `call(arg)` on a loop's thread soon, in the order of posting. */
void hub_post(struct hub_loop *loop, void (*call)(void *arg), void *arg);
/** All loops, for broadcasts. */
size_t hub_loops(struct hub *hub, struct hub_loop *const **ret_loops);

/**
 * The one writer. `work(store, arg)` runs on the writer's thread inside the transaction that is open, each in its own savepoint: a failure undoes it alone.
 * After the commit, `done(x, arg, status)` runs on the thread of `x`. `x` null: nobody waits, `done` runs on the writer's thread. Order of submission
 * is order of work. When the disk is full every waiting work is answered STORAGE_FULL and the writer goes on.
 */
typedef sec_status (*hub_work)(struct hub_store *store, void *arg);
typedef void (*hub_done)(struct hub_exchange *x, void *arg, sec_status status);
void hub_write(struct hub_exchange *x, struct hub *hub, hub_work work, hub_done done, void *arg);
/** The calling loop's read connection: sees what is committed. */
struct hub_store *hub_reader(struct hub_exchange *x);

#endif
