/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS load: the same client work against any TLS 1.3 server, so that a hub and its peer are measured by one program.
 *
 * Usage: tls_load MODE HOST PORT CERT KEY CONCURRENCY SECONDS PATH [BODYFILE]
 *   full      handshake without session, one request, close; again
 *   resumed   handshake that resumes the last session, one request, close; again
 *   keep      one handshake, then requests one after the other
 *   hold      CONCURRENCY connections, one request each, then silence until standard input ends
 * A BODYFILE makes the request a POST of its bytes as application/cbor, else it is a GET. Prints "DONE operations resumed failed".
 * One thread, epoll, no allocation per operation beyond libssl's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX_BYTES 131072u
#define ANSWER_MAX_BYTES 65536u
#define EVENTS_COUNT 256

enum mode { FULL, RESUMED, KEEP, HOLD };
enum phase { CONNECTING, SHAKING, WRITING, READING, RESTING };

struct client {
    int fd;
    SSL *ssl;
    SSL_SESSION *session;
    enum phase phase;
    size_t written;
    size_t got;
    size_t want; /* of the whole answer; 0: its head is not there yet */
    char head[1024];
};

struct load {
    enum mode mode;
    SSL_CTX *ctx;
    struct sockaddr_storage address;
    socklen_t address_len;
    char request[REQUEST_MAX_BYTES];
    size_t request_len;
    int epoll;
    bool over;
    unsigned long done, resumed, failed;
};

static struct load load;
static char groups[] = "X25519"; /* the macro casts const away */

static void die(const char *what)
{
    fprintf(stderr, "tls_load: %s: %s\n", what, errno ? strerror(errno) : "failed");
    ERR_print_errors_fp(stderr);
    exit(1);
}

static int take_session(SSL *ssl, SSL_SESSION *session)
{
    struct client *client = SSL_get_app_data(ssl);
    SSL_SESSION_free(client->session);
    client->session = session;
    return 1;
}

static void watch(struct client *client, uint32_t events, int op)
{
    struct epoll_event event = {.events = events, .data = {.ptr = client}};
    if (epoll_ctl(load.epoll, op, client->fd, &event) != 0)
        die("epoll");
}

static void open_client(struct client *client)
{
    client->fd = socket(load.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        die("socket");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    /* Thousands of closings a second would use up the ports: the reset leaves none waiting. */
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    if (connect(client->fd, (struct sockaddr *)&load.address, load.address_len) != 0 && errno != EINPROGRESS)
        die("connect");
    client->ssl = SSL_new(load.ctx);
    SSL_set_fd(client->ssl, client->fd);
    SSL_set_app_data(client->ssl, client);
    SSL_set_connect_state(client->ssl);
    if (load.mode == RESUMED && client->session)
        SSL_set_session(client->ssl, client->session);
    client->phase = CONNECTING;
    client->written = client->got = client->want = 0;
    watch(client, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}

static void close_client(struct client *client)
{
    /* A clean shutdown keeps the session good for the next time. */
    SSL_set_shutdown(client->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(client->ssl);
    close(client->fd);
    client->ssl = NULL;
}

static void again(struct client *client)
{
    close_client(client);
    if (!load.over)
        open_client(client);
}

static bool blocked(struct client *client, int result)
{
    int error = SSL_get_error(client->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        watch(client, error == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        return true;
    }
    load.failed++;
    if (load.failed < 4) {
        fprintf(stderr, "tls_load: phase %d: ", (int)client->phase);
        ERR_print_errors_fp(stderr);
        fputc('\n', stderr);
    }
    ERR_clear_error();
    again(client);
    return true;
}

static void finished(struct client *client)
{
    load.done++;
    client->got = client->want = client->written = 0;
    if (load.mode == FULL || load.mode == RESUMED) {
        load.resumed += SSL_session_reused(client->ssl) == 1;
        again(client);
        return;
    }
    client->phase = load.mode == HOLD ? RESTING : WRITING;
}

/* How long the answer is: its head and Content-Length. */
static void measure(struct client *client)
{
    size_t len = client->got < sizeof client->head - 1 ? client->got : sizeof client->head - 1;
    client->head[len] = '\0';
    char *end = strstr(client->head, "\r\n\r\n");
    if (!end)
        return;
    char *length = strcasestr(client->head, "\r\ncontent-length:");
    size_t body = length && length < end ? (size_t)strtoul(&length[17], NULL, 10) : 0;
    client->want = (size_t)(end - client->head) + 4 + body;
}

static void step(struct client *client)
{
    static char buffer[ANSWER_MAX_BYTES];
    for (;;) {
        ERR_clear_error();
        if (client->phase == CONNECTING || client->phase == SHAKING) {
            int result = SSL_do_handshake(client->ssl);
            if (result != 1) {
                client->phase = SHAKING;
                (void)blocked(client, result);
                return;
            }
            client->phase = WRITING;
        } else if (client->phase == WRITING) {
            int result = SSL_write(client->ssl, &load.request[client->written], (int)(load.request_len - client->written));
            if (result <= 0) {
                (void)blocked(client, result);
                return;
            }
            client->written += (size_t)result;
            if (client->written == load.request_len)
                client->phase = READING;
        } else {
            int result = SSL_read(client->ssl, buffer, sizeof buffer);
            if (result <= 0) {
                (void)blocked(client, result);
                return;
            }
            size_t room = client->got < sizeof client->head - 1 ? sizeof client->head - 1 - client->got : 0;
            size_t take = (size_t)result < room ? (size_t)result : room;
            memcpy(&client->head[client->got < sizeof client->head ? client->got : 0], buffer, take);
            client->got += (size_t)result;
            if (client->want == 0)
                measure(client);
            if (client->want && client->got >= client->want) {
                bool closes = load.mode == FULL || load.mode == RESUMED;
                finished(client);
                if (closes)
                    return;
            }
        }
    }
}

static void make_request(const char *host, const char *port, const char *path, const char *body_file)
{
    char body[65536];
    size_t body_len = 0;
    if (body_file) {
        FILE *file = fopen(body_file, "rb");
        if (!file)
            die(body_file);
        body_len = fread(body, 1, sizeof body, file);
        fclose(file);
    }
    int len = body_file ? snprintf(load.request, sizeof load.request,
                                   "POST %s HTTP/1.1\r\nHost: %s:%s\r\nContent-Type: application/cbor\r\nContent-Length: %zu\r\n\r\n", path, host, port, body_len)
                        : snprintf(load.request, sizeof load.request, "GET %s HTTP/1.1\r\nHost: %s:%s\r\n\r\n", path, host, port);
    memcpy(&load.request[len], body, body_len);
    load.request_len = (size_t)len + body_len;
}

static void prepare(char **argv)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(argv[2], argv[3], &hints, &found) != 0)
        die("address");
    memcpy(&load.address, found->ai_addr, found->ai_addrlen);
    load.address_len = found->ai_addrlen;
    freeaddrinfo(found);
    load.ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(load.ctx, TLS1_3_VERSION);
    SSL_CTX_set1_groups_list(load.ctx, groups);
    SSL_CTX_set_session_cache_mode(load.ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(load.ctx, take_session);
    SSL_CTX_set_mode(load.ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(load.ctx, argv[4]) != 1 || SSL_CTX_use_PrivateKey_file(load.ctx, argv[5], SSL_FILETYPE_PEM) != 1)
        die("certificate");
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* In hold mode the caller measures between the line HOLDING and closing our input. */
static bool goes_on(double until, unsigned long count, bool *told)
{
    if (load.mode != HOLD)
        return now_s() < until;
    if (load.done + load.failed >= count && !*told) {
        printf("HOLDING %lu %lu\n", load.done, load.failed);
        fflush(stdout);
        *told = true;
    }
    struct pollfd input = {0, POLLIN, 0};
    char c;
    return !(*told && poll(&input, 1, 0) > 0 && read(0, &c, 1) <= 0);
}

int main(int argc, char **argv)
{
    static const char *const modes[] = {"full", "resumed", "keep", "hold"};
    if (argc < 9)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < 4; i++)
        load.mode = strcmp(argv[1], modes[i]) == 0 ? (enum mode)i : load.mode;
    unsigned long count = strtoul(argv[6], NULL, 10);
    double until = now_s() + strtod(argv[7], NULL);
    prepare(argv);
    make_request(argv[2], argv[3], argv[8], argc > 9 ? argv[9] : NULL);
    struct client *clients = calloc(count, sizeof *clients);
    unsigned long opened = 0;
    bool told = false;
    while (goes_on(until, count, &told)) {
        struct epoll_event events[EVENTS_COUNT];
        /* A few at a time: a listen queue is no measure of a server. */
        for (unsigned i = 0; i < 64 && opened < count && opened < load.done + load.failed + 128; i++)
            open_client(&clients[opened++]);
        int n = epoll_wait(load.epoll, events, EVENTS_COUNT, 50);
        for (int i = 0; i < n; i++)
            step(events[i].data.ptr);
    }
    printf("DONE %lu %lu %lu\n", load.done, load.resumed, load.failed);
    return 0;
}
