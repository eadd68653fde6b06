/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* A short read means that the socket is empty: the next bytes come with a new event. This spares the read that would only say EAGAIN. */

static ssize_t read_plain(struct hub_connection *c, struct sec_room to)
{
    ssize_t got = recv(c->fd, to.data, to.len, 0);
    c->drained = got < (ssize_t)to.len;
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    return got;
}

static ssize_t read_tls(struct hub_connection *c, struct sec_room to)
{
    int got = SSL_read(c->ssl, to.data, (int)to.len);
    if (got > 0)
        return got;
    int why = SSL_get_error(c->ssl, got);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

ssize_t connection_read(struct hub_connection *c, struct sec_room to)
{
    ssize_t got = c->ssl ? read_tls(c, to) : read_plain(c, to);
    if (got < 0 || (c->drained && !c->ended && !(c->ssl && SSL_has_pending(c->ssl))))
        c->readable = false;
    return got;
}

/* Few connections ever block a write; the others are spared an event at their beginning. */
void connection_watch_out(struct hub_connection *c)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = &c->source};
    if (!c->watches_out && epoll_ctl(c->loop->epoll_fd, EPOLL_CTL_MOD, c->fd, &event) == 0)
        c->watches_out = true;
}

static ssize_t write_later(struct hub_connection *c)
{
    connection_watch_out(c);
    return -1;
}

ssize_t connection_write(struct hub_connection *c, struct sec_bytes bytes)
{
    if (!c->ssl) {
        ssize_t put = send(c->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (put >= 0)
            return put;
        return errno == EAGAIN || errno == EINTR ? write_later(c) : 0;
    }
    int put = SSL_write(c->ssl, bytes.data, bytes.len > LOOP_SCRATCH_BYTES ? (int)LOOP_SCRATCH_BYTES : (int)bytes.len);
    if (put > 0)
        return put;
    int why = SSL_get_error(c->ssl, put);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? write_later(c) : 0;
}
