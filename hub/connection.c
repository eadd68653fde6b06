/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include "gate.h"
#include "say.h"
#include "tls.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- beginning and end ------------------------------------------------------------------------------------------ */

static void list_in(struct hub_connection *c)
{
    struct hub_loop *loop = c->loop;
    c->next = loop->all;
    if (c->next)
        c->next->prev = c;
    loop->all = c;
    loop->connections_count++;
    c->unproven_prev = loop->unproven_last;
    if (loop->unproven_last)
        loop->unproven_last->unproven_next = c;
    else
        loop->unproven = c;
    loop->unproven_last = c;
}

void connection_prove(struct hub_connection *c)
{
    struct hub_loop *loop = c->loop;
    if (c->proven)
        return;
    c->proven = true;
    hub_peers_leave(loop->hub->gate->peers, c->peer);
    c->peer = NULL;
    *(c->unproven_prev ? &c->unproven_prev->unproven_next : &loop->unproven) = c->unproven_next;
    *(c->unproven_next ? &c->unproven_next->unproven_prev : &loop->unproven_last) = c->unproven_prev;
    c->unproven_next = c->unproven_prev = NULL;
}

static void list_out(struct hub_connection *c)
{
    struct hub_loop *loop = c->loop;
    *(c->prev ? &c->prev->next : &loop->all) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    loop->connections_count--;
    loop_timer_forget(c);
    c->buried = true;
    c->dead_next = loop->dead;
    loop->dead = c;
}

static uint32_t uid_of(int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 ? peer.uid : UINT32_MAX;
}

void connection_accept(struct hub_loop *loop, int fd, enum hub_entrance entrance, struct hub_peer *peer)
{
    struct hub_connection *c = calloc(1, sizeof *c);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET};
    if (!c) {
        hub_peers_leave(loop->hub->gate->peers, peer);
        gate_leave(loop);
        close(fd);
        return;
    }
    c->source = LOOP_CONNECTION;
    c->entrance = (uint8_t)entrance;
    c->fd = fd;
    c->loop = loop;
    c->peer = peer;
    c->deadline_ms = UINT64_MAX;
    list_in(c);
    event.data.ptr = &c->source;
    bool fits = true;
    if (entrance == HUB_ENTRANCE_LOCAL) {
        c->uid = uid_of(fd);
        c->state = CONNECTION_OPEN;
        connection_prove(c); /* the kernel says who it is */
        loop_timer(c, loop->now_ms + CONNECTION_IDLE_MS);
    } else {
        c->state = CONNECTION_HANDSHAKE;
        fits = tls_accept(c);
        loop_timer(c, loop->now_ms + CONNECTION_HANDSHAKE_MS);
    }
    if (!fits || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        connection_close(c);
}

bool connection_idle(const struct hub_connection *c)
{
    return c->state == CONNECTION_OPEN && (!c->request || (c->request->state == REQUEST_HEAD && !c->asked));
}

/** Tells the handler that nobody waits any more. After `gone` the exchange is over. */
static void tell_gone(struct hub_connection *c)
{
    struct connection_request *r = c->request;
    if (r->writes > 0 || r->gone_told || r->state == REQUEST_ANSWERED)
        return;
    r->gone_told = true;
    if (r->x.gone) {
        c->in_turn = true;
        r->x.gone(&r->x);
        c->in_turn = false;
        if (r->writes == 0)
            r->state = REQUEST_ANSWERED;
    } else if (r->streaming || r->state < REQUEST_HANDLING) {
        r->state = REQUEST_ANSWERED;
    } else if (r->parked && r->x.timeout) {
        r->parked = false;
        c->in_turn = true;
        r->x.timeout(&r->x);
        c->in_turn = false;
    }
}

void connection_release(struct hub_connection *c)
{
    struct connection_request *r = c->request;
    if (!r)
        return;
    answer_intake_free(r);
    for (struct connection_arena *next; r->arena; r->arena = next) {
        next = r->arena->next;
        free(r->arena);
    }
    if (r->file_fd >= 0)
        close(r->file_fd);
    free(r->fields);
    free(r->out);
    free(r);
    c->request = NULL;
}

/** A closed connection: its request is let go when its handler has done so. */
static void run_closed(struct hub_connection *c)
{
    struct connection_request *r = c->request;
    if (c->buried)
        return;
    if (r && r->parked && r->gone_told && c->deadline_ms <= c->loop->now_ms && r->x.timeout) {
        c->deadline_ms = UINT64_MAX;
        r->parked = false;
        c->in_turn = true;
        r->x.timeout(&r->x);
        c->in_turn = false;
    }
    if (r)
        tell_gone(c);
    if (r && (r->state != REQUEST_ANSWERED || r->writes > 0))
        return;
    connection_release(c);
    list_out(c);
}

void connection_close(struct hub_connection *c)
{
    if (c->state == CONNECTION_CLOSED)
        return;
    connection_prove(c);
    hub_peers_leave(c->loop->hub->gate->devices, c->of_device);
    c->of_device = NULL;
    gate_leave(c->loop);
    c->state = CONNECTION_CLOSED;
    c->deadline_ms = UINT64_MAX;
    loop_timer_forget(c);
    tls_close(c);
    close(c->fd);
    c->fd = -1;
    free(c->rest);
    c->rest = NULL;
    if (c->request) {
        c->request->x.client_gone = true;
        if (c->request->state < REQUEST_HANDLING && !c->request->dispatched)
            c->request->state = REQUEST_ANSWERED; /* no handler knows of it */
    }
    loop_ready(c);
}

/* --- requests ---------------------------------------------------------------------------------------------------- */

static bool begin_request(struct hub_connection *c)
{
    struct connection_request *r = calloc(1, sizeof *r);
    struct connection_intake *intake = malloc(sizeof *intake);
    if (!r || !intake) {
        free(r);
        free(intake);
        return false;
    }
    intake->head = intake->first;
    intake->body = NULL;
    intake->body_len = intake->body_size = 0;
    http_reader_init(&intake->reader, false, SEC_ROOM(intake->first), 0);
    r->intake = intake;
    r->file_fd = -1;
    r->since_ms = c->loop->now_ms;
    r->x.hub = c->loop->hub;
    r->x.loop = c->loop;
    r->x.connection = c;
    r->x.head = &intake->reader.head;
    if (c->entrance == HUB_ENTRANCE_LOCAL) {
        r->x.who.who = HUB_LOCAL;
        r->x.who.uid = c->uid;
    } else if (c->has_device) {
        r->x.who.who = HUB_DEVICE;
        r->x.who.device = c->device;
        r->x.who.epoch = c->epoch;
    }
    c->request = r;
    loop_timer(c, c->loop->now_ms + CONNECTION_HEAD_MS);
    return true;
}

/** The head outgrows its room: all that it may have, at once. False: no memory. */
static bool grow_head(struct connection_request *r, size_t more)
{
    struct connection_intake *intake = r->intake;
    if (r->state != REQUEST_HEAD || intake->head != intake->first || intake->reader.used + more <= sizeof intake->first)
        return true;
    uint8_t *head = malloc(HTTP_HEAD_MAX_BYTES);
    if (!head)
        return false;
    http_reader_move(&intake->reader, sec_room(head, HTTP_HEAD_MAX_BYTES));
    intake->head = head;
    return true;
}

/** Keeps a piece of a gathered body. The room grows with what came, not with what was announced. */
static bool keep_body(struct connection_intake *intake, struct sec_bytes piece)
{
    size_t need = intake->body_len + piece.len;
    if (need > intake->body_size) {
        uint64_t announced = intake->reader.head.length;
        size_t size = announced <= LOOP_SCRATCH_BYTES ? (size_t)announced : need * 2;
        uint8_t *body = realloc(intake->body, size < need ? need : size);
        if (!body)
            return false;
        intake->body = body;
        intake->body_size = size < need ? need : size;
    }
    sec_copy(&intake->body[intake->body_len], piece.data, piece.len);
    intake->body_len = need;
    return true;
}

static void refuse(struct connection_request *r, sec_status status)
{
    struct hub_exchange *x = &r->x;
    bool in_head = r->state == REQUEST_HEAD;
    r->close_after = true;
    if (sec_is(status, SEC_TOO_LARGE))
        hub_problem(x, in_head ? 431 : 413, "request", in_head ? "head" : "body", "larger than it may be here", "too-large");
    else if (sec_is(status, SEC_UNSUPPORTED))
        hub_problem(x, 501, "request", "framing", "HTTP/1.1 without upgrade or transfer coding is spoken here", "unsupported");
    else
        hub_problem(x, 400, "request", "framing", "not an HTTP/1.1 message", "malformed");
}

uint64_t connection_pace(struct connection_request *r, uint64_t total)
{
    if (total - r->paced >= CONNECTION_PACE_BYTES) {
        r->paced = total;
        r->since_ms = r->x.loop->now_ms;
    }
    return r->since_ms + CONNECTION_GRACE_MS + (total - r->paced) * 1000 / CONNECTION_BYTES_PER_S;
}

static void head_came(struct hub_connection *c, struct connection_request *r)
{
    struct connection_intake *intake = r->intake;
    if (c->loop->stopping || !intake->reader.head.keep_alive)
        r->close_after = true;
    r->state = REQUEST_BODY;
    r->since_ms = c->loop->now_ms;
    bool close_after = r->close_after;
    r->close_after |= intake->reader.head.length > 0; /* a refusal leaves the body unread */
    if (!route_begin(r))
        return;
    r->close_after = close_after;
    if (intake->reader.head.length > r->x.route->body_max) {
        refuse(r, sec_st(SEC_TOO_LARGE));
        return;
    }
    http_body_limit(&intake->reader, r->x.route->body_max);
    r->streams_body = r->x.route->body_piece != NULL;
    struct sec_bytes expect = http_field_of(&intake->reader.head, "expect");
    if (expect.len > 0 && intake->reader.head.length > 0)
        c->broken |= connection_write(c, SEC_LIT("HTTP/1.1 100 Continue\r\n\r\n")) != 25;
    loop_timer(c, connection_pace(r, r->seen));
}

static void body_came(struct hub_connection *c, struct connection_request *r)
{
    struct sec_bytes piece = r->intake->reader.body;
    r->seen += piece.len;
    loop_timer(c, connection_pace(r, r->seen));
    if (r->streams_body) {
        bool close_after = r->close_after;
        r->dispatched = true;
        r->x.body = piece;
        r->close_after = true; /* an answer before the end leaves the body unread */
        r->x.route->body_piece(&r->x);
        if (r->state != REQUEST_ANSWERED)
            r->close_after = close_after;
    } else if (!keep_body(r->intake, piece)) {
        r->close_after = true;
        hub_problem(&r->x, 503, "request", "body", "no memory for it now", "storage-full");
    }
}

static void message_came(struct hub_connection *c, struct connection_request *r)
{
    r->x.body = r->streams_body ? sec_bytes(NULL, 0) : sec_bytes(r->intake->body, r->intake->body_len);
    r->state = REQUEST_HANDLING;
    r->dispatched = true;
    loop_timer(c, UINT64_MAX);
    route_call(r);
}

/** Feeds bytes to the request under way; says how many were taken. Stops when a handler has it or an answer is there. */
static size_t feed(struct hub_connection *c, struct sec_bytes in)
{
    size_t at = 0;
    for (;;) {
        struct connection_request *r = c->request;
        if (!r && at == in.len)
            return at;
        if ((!r && !begin_request(c)) || !grow_head(c->request, in.len - at)) {
            c->broken = true;
            return at;
        }
        r = c->request;
        size_t used = 0;
        enum http_event event = HTTP_NEED_MORE;
        sec_status status = http_feed(&r->intake->reader, sec_bytes_part(in, at, in.len - at), &used, &event);
        at += used;
        if (!sec_ok(status))
            refuse(r, status);
        else if (event == HTTP_GOT_HEAD)
            head_came(c, r);
        else if (event == HTTP_GOT_BODY)
            body_came(c, r);
        else if (event == HTTP_GOT_END)
            message_came(c, r);
        else
            return at;
        if (r->state >= REQUEST_HANDLING)
            return at;
    }
}

/** Bytes behind the request under way wait in the connection, at most one read of them. */
static void keep_rest(struct hub_connection *c, struct sec_bytes rest)
{
    uint8_t *kept = rest.len > 0 ? malloc(rest.len) : NULL;
    if (rest.len > 0 && !kept)
        c->broken = true;
    else if (rest.len > 0)
        sec_copy(kept, rest.data, rest.len);
    free(c->rest);
    c->rest = kept;
    c->rest_len = kept ? rest.len : 0;
}

/* --- the turn ---------------------------------------------------------------------------------------------------- */

/** The answer is sent: forget the request, or say good-bye. */
static void end_request(struct hub_connection *c)
{
    bool close_after = c->request->close_after;
    connection_release(c);
    c->asked = true;
    if (!close_after) {
        loop_timer(c, c->loop->now_ms + CONNECTION_IDLE_MS);
        return;
    }
    tls_bye(c);
    (void)shutdown(c->fd, SHUT_WR);
    c->state = CONNECTION_LINGER;
    loop_timer(c, c->loop->now_ms + CONNECTION_LINGER_MS);
}

/** Reads and forgets, so that the answer is not lost by a reset while the client still sends. */
static void linger(struct hub_connection *c)
{
    while (c->readable) {
        ssize_t got = recv(c->fd, c->loop->scratch, sizeof c->loop->scratch, 0);
        if (got < 0) {
            c->readable = false;
            return;
        }
        c->lingered += (uint32_t)got;
        if (got == 0 || c->lingered > CONNECTION_LINGER_BYTES) {
            connection_close(c);
            return;
        }
    }
}

/** One step of an open connection; false: nothing more can be done now. */
static bool step(struct hub_connection *c)
{
    struct connection_request *r = c->request;
    if (c->broken) {
        connection_close(c);
        return false;
    }
    if (r && (r->out_len > r->out_at || r->file_left > 0) && !answer_flush(c))
        return c->broken;
    if (r && r->state == REQUEST_ANSWERED) {
        end_request(c);
        return c->state == CONNECTION_OPEN;
    }
    if (r && r->state == REQUEST_HANDLING) {
        if (!c->ended)
            return false;
        connection_close(c); /* nobody waits for the answer */
        return false;
    }
    if (c->rest_len > 0) {
        uint8_t *rest = c->rest;
        size_t len = c->rest_len;
        c->rest = NULL;
        c->rest_len = 0;
        size_t used = feed(c, sec_bytes(rest, len));
        keep_rest(c, sec_bytes_part(sec_bytes(rest, len), used, len - used));
        free(rest);
        return true;
    }
    if (!c->readable)
        return false;
    ssize_t got = connection_read(c, SEC_ROOM(c->loop->scratch));
    if (got == 0)
        connection_close(c);
    if (got <= 0)
        return false;
    struct sec_bytes in = sec_bytes(c->loop->scratch, (size_t)got);
    size_t used = feed(c, in);
    if (used < in.len)
        keep_rest(c, sec_bytes_part(in, used, in.len - used));
    return true;
}

static void handshake(struct hub_connection *c)
{
    if (!tls_handshake(c)) {
        connection_close(c);
        return;
    }
    if (c->state == CONNECTION_OPEN)
        loop_timer(c, c->loop->now_ms + (c->proven ? CONNECTION_IDLE_MS : CONNECTION_FIRST_MS));
}

/** Its time is over. */
static void timeout(struct hub_connection *c)
{
    struct connection_request *r = c->request;
    c->deadline_ms = UINT64_MAX;
    if (c->state != CONNECTION_OPEN || !r) {
        connection_close(c);
    } else if (r->state < REQUEST_HANDLING && !r->dispatched) {
        hub_say_of_strangers("connections: a request came too slowly");
        r->close_after = true;
        hub_problem(&r->x, 408, "request", "time", "it came too slowly", NULL);
    } else if (r->parked && r->x.timeout) {
        r->parked = false;
        r->x.timeout(&r->x);
    } else {
        connection_close(c); /* a client that does not take its answer, or sends its file too slowly */
    }
}

void connection_run(struct hub_connection *c)
{
    if (c->state == CONNECTION_CLOSED) {
        run_closed(c);
        return;
    }
    c->in_turn = true;
    if (c->deadline_ms <= c->loop->now_ms)
        timeout(c);
    if (c->state == CONNECTION_HANDSHAKE && c->readable)
        handshake(c);
    else if (c->state == CONNECTION_LINGER)
        linger(c);
    c->again = false;
    for (unsigned steps = 0; c->state == CONNECTION_OPEN && step(c);)
        if (++steps == CONNECTION_TURN_STEPS) {
            c->again = true;
            break;
        }
    c->in_turn = false;
    if (c->state == CONNECTION_CLOSED || c->again)
        loop_ready(c);
}

void connection_event(struct hub_connection *c, uint32_t events)
{
    if (c->state == CONNECTION_CLOSED)
        return;
    c->readable |= c->state == CONNECTION_HANDSHAKE || (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    c->ended |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    connection_run(c);
}
