/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_COUNT 512
#define READ_BYTES 65536u
#define ANSWER_MAX_BYTES (1u << 20)
/** Connections begun at once: a device's own kernel retries, a listen queue of one machine overflows. */
#define CONNECTING_MAX_COUNT 256u

static size_t connecting;
static char groups[] = "X25519"; /* the macro casts const away */

static int take_session(SSL *ssl, SSL_SESSION *session)
{
    struct member *m = SSL_get_app_data(ssl);
    if (!m->fleet->resume)
        return 0;
    SSL_SESSION_free(m->session);
    m->session = session;
    return 1;
}

void wire_prepare(struct fleet *fleet)
{
    fleet->epoll = epoll_create1(EPOLL_CLOEXEC);
    fleet->ctx = SSL_CTX_new(TLS_client_method());
    if (fleet->epoll < 0 || !fleet->ctx)
        fleet_die("prepare");
    SSL_CTX_set_min_proto_version(fleet->ctx, TLS1_3_VERSION);
    SSL_CTX_set1_groups_list(fleet->ctx, groups);
    SSL_CTX_set_session_cache_mode(fleet->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(fleet->ctx, take_session);
    SSL_CTX_set_mode(fleet->ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static void watch(struct member *m, uint32_t events, int op)
{
    struct epoll_event event = {.events = events, .data = {.ptr = m}};
    if (epoll_ctl(m->fleet->epoll, op, m->fd, &event) != 0)
        fleet_die("epoll");
}

void wire_open(struct member *m)
{
    if (connecting >= CONNECTING_MAX_COUNT) {
        m->wake_ms = fleet_now_ms() + 5;
        return;
    }
    m->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (m->fd < 0)
        fleet_die("socket");
    setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(m->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    if (connect(m->fd, (struct sockaddr *)&m->fleet->address, sizeof m->fleet->address) != 0 && errno != EINPROGRESS) {
        close(m->fd);
        m->fd = -1;
        play_broken(m);
        return;
    }
    m->ssl = SSL_new(m->fleet->ctx);
    SSL_set_fd(m->ssl, m->fd);
    SSL_set_app_data(m->ssl, m);
    SSL_set_connect_state(m->ssl);
    if (m->certificate) {
        SSL_use_certificate(m->ssl, m->certificate);
        SSL_use_PrivateKey(m->ssl, m->transport.pkey);
    }
    if (m->session)
        SSL_set_session(m->ssl, m->session);
    m->phase = CONNECTING;
    connecting++;
    watch(m, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}

static void drop(struct member *m)
{
    connecting -= m->phase == CONNECTING;
    if (m->ssl) {
        SSL_set_shutdown(m->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(m->ssl);
        close(m->fd);
    }
    m->ssl = NULL;
    m->fd = -1;
    free(m->out);
    free(m->in);
    m->out = m->in = NULL;
    m->in_room = m->in_len = m->in_want = 0;
    m->told = false;
}

void wire_close(struct member *m, uint64_t wake_ms)
{
    drop(m);
    m->phase = AWAY;
    m->wake_ms = wake_ms;
}

static void broken(struct member *m)
{
    if (m->fleet->log_failures) {
        fprintf(stderr, "fleet: device %zu: phase %d: ", m->number, (int)m->phase);
        ERR_print_errors_fp(stderr);
        fputc('\n', stderr);
    }
    ERR_clear_error();
    drop(m);
    m->phase = AWAY;
    play_broken(m);
}

/* True when the line is still good and only has to be waited for. */
static bool waits(struct member *m, int result)
{
    int error = SSL_get_error(m->ssl, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        broken(m);
        return false;
    }
    watch(m, error == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    return true;
}

void wire_send(struct member *m, const char *head, struct sec_bytes body)
{
    size_t head_len = strlen(head);
    free(m->out);
    m->out = malloc(head_len + body.len);
    memcpy(m->out, head, head_len);
    if (body.len)
        memcpy(&m->out[head_len], body.data, body.len);
    m->out_len = head_len + body.len;
    m->out_done = 0;
    m->in_len = m->in_want = 0;
    m->phase = WRITING;
}

/* The head once it is whole: status and length. */
static void measure(struct member *m)
{
    if (m->in_want || m->in_len < 16)
        return;
    m->in[m->in_len] = '\0';
    char *text = (char *)m->in, *end = strstr(text, "\r\n\r\n");
    if (!end)
        return;
    char *length = strcasestr(text, "\r\ncontent-length:");
    m->in_body = (size_t)(end - text) + 4;
    m->in_want = m->in_body + (length && length < end ? (size_t)strtoul(&length[17], NULL, 10) : 0);
    m->status = (unsigned)strtoul(&text[9], NULL, 10);
}

static bool read_some(struct member *m)
{
    if (m->in_len + READ_BYTES + 1 > m->in_room) {
        m->in_room = m->in_len + READ_BYTES + 1;
        m->in = realloc(m->in, m->in_room);
    }
    int got = m->in_room > ANSWER_MAX_BYTES ? -1 : SSL_read(m->ssl, &m->in[m->in_len], (int)READ_BYTES);
    if (got <= 0) {
        (void)waits(m, got);
        return false;
    }
    m->in_len += (size_t)got;
    measure(m);
    return true;
}

static void whole(struct member *m)
{
    struct sec_bytes body = {&m->in[m->in_body], m->in_want - m->in_body};
    uint8_t *held = m->in;
    m->in = NULL;
    m->in_room = 0;
    m->phase = RESTING;
    free(m->out);
    m->out = NULL;
    play_answered(m, body);
    free(held);
}

static void step(struct member *m)
{
    while (m->ssl) {
        ERR_clear_error();
        if (m->phase == CONNECTING) {
            int result = SSL_do_handshake(m->ssl);
            if (result != 1) {
                (void)waits(m, result);
                return;
            }
            connecting--;
            m->phase = RESTING;
            m->fleet->counts.connects++;
            m->fleet->counts.resumed += SSL_session_reused(m->ssl) == 1;
            play_connected(m);
        } else if (m->phase == WRITING) {
            int result = SSL_write(m->ssl, &m->out[m->out_done], (int)(m->out_len - m->out_done));
            if (result <= 0) {
                (void)waits(m, result);
                return;
            }
            m->out_done += (size_t)result;
            if (m->out_done == m->out_len)
                m->phase = READING;
        } else {
            if (!read_some(m))
                return;
            if (m->phase == READING && m->in_want && m->in_len >= m->in_want)
                whole(m);
        }
    }
}

static void wake(struct fleet *fleet, uint64_t now_ms)
{
    for (size_t i = 0; i < fleet->count; i++) {
        struct member *m = &fleet->members[i];
        if (m->wake_ms > now_ms || (m->phase != AWAY && m->phase != RESTING))
            continue;
        m->wake_ms = UINT64_MAX;
        if (m->phase == AWAY) {
            wire_open(m);
        } else {
            play_rested(m);
            step(m);
        }
    }
}

void wire_run(struct fleet *fleet, uint64_t until_ms)
{
    struct epoll_event events[EVENTS_COUNT];
    for (uint64_t now = fleet_now_ms(), waked = 0; now < until_ms && !fleet->over; now = fleet_now_ms()) {
        if (now >= waked + 5) {
            wake(fleet, now);
            waked = now;
        }
        int n = epoll_wait(fleet->epoll, events, EVENTS_COUNT, 5);
        for (int i = 0; i < n; i++) {
            struct member *m = events[i].data.ptr;
            if (m->ssl)
                step(m);
        }
    }
}
