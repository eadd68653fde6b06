/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include "connection.h"
#include "gate.h"
#include "say.h"
#include "tick.h"
#include "tls.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/** How long a stop waits for answers under way. */
#define STOP_MS 3000u
#define IDLE_WAIT_MS 1000

static _Thread_local const struct sec_crypto *own_crypto;

const struct sec_crypto *hub_crypto(void)
{
    return own_crypto;
}

void hub_crypto_use(const struct sec_crypto *crypto)
{
    own_crypto = crypto;
}

int64_t hub_now_s(void)
{
    return (int64_t)time(NULL);
}

static uint64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- timers ------------------------------------------------------------------------------------------------- */

void loop_timer_forget(struct hub_connection *c)
{
    if (!c->in_wheel)
        return;
    if (c->wheel_prev)
        c->wheel_prev->wheel_next = c->wheel_next;
    else
        c->loop->slots[c->slot] = c->wheel_next;
    if (c->wheel_next)
        c->wheel_next->wheel_prev = c->wheel_prev;
    c->wheel_next = c->wheel_prev = NULL;
    c->in_wheel = false;
}

/** The absolute slot that is looked at when the deadline is over, at most one round ahead. */
static uint64_t slot_of(const struct hub_loop *loop, uint64_t deadline_ms)
{
    uint64_t slot = deadline_ms / LOOP_SLOT_MS + 1;
    if (slot <= loop->slot_at)
        return loop->slot_at + 1;
    return slot > loop->slot_at + LOOP_SLOTS_COUNT - 1 ? loop->slot_at + LOOP_SLOTS_COUNT - 1 : slot;
}

static void wheel_put(struct hub_connection *c)
{
    struct hub_loop *loop = c->loop;
    c->slot = (uint16_t)(slot_of(loop, c->deadline_ms) % LOOP_SLOTS_COUNT);
    c->wheel_prev = NULL;
    c->wheel_next = loop->slots[c->slot];
    if (c->wheel_next)
        c->wheel_next->wheel_prev = c;
    loop->slots[c->slot] = c;
    c->in_wheel = true;
}

/* A later deadline leaves a connection where it is: its slot looks again. So a busy connection costs one move a round, not one a request. */
void loop_timer(struct hub_connection *c, uint64_t deadline_ms)
{
    bool earlier = deadline_ms < c->deadline_ms;
    c->deadline_ms = deadline_ms;
    if (c->in_wheel && !earlier)
        return;
    loop_timer_forget(c);
    if (deadline_ms != UINT64_MAX)
        wheel_put(c);
}

static void wheel_turn(struct hub_loop *loop)
{
    uint64_t now_slot = loop->now_ms / LOOP_SLOT_MS;
    if (now_slot > loop->slot_at + LOOP_SLOTS_COUNT)
        loop->slot_at = now_slot - LOOP_SLOTS_COUNT; /* slept longer than a round: each slot once */
    while (loop->slot_at < now_slot) {
        loop->slot_at++;
        struct hub_connection *c = loop->slots[loop->slot_at % LOOP_SLOTS_COUNT];
        loop->slots[loop->slot_at % LOOP_SLOTS_COUNT] = NULL;
        while (c) {
            struct hub_connection *next = c->wheel_next;
            c->in_wheel = false;
            c->wheel_next = c->wheel_prev = NULL;
            if (next)
                next->wheel_prev = NULL;
            if (c->deadline_ms <= loop->now_ms) {
                loop_ready(c); /* connection_run() looks at the deadline */
            } else if (c->deadline_ms != UINT64_MAX) {
                wheel_put(c);
            }
            c = next;
        }
    }
}

/* --- what is ready, what is dead, what was posted -------------------------------------------------------------- */

void loop_ready(struct hub_connection *c)
{
    if (c->is_ready || c->in_turn)
        return;
    c->is_ready = true;
    c->ready_next = c->loop->ready;
    c->loop->ready = c;
}

static void run_ready(struct hub_loop *loop)
{
    struct hub_connection *c = loop->ready;
    loop->ready = NULL;
    while (c) {
        struct hub_connection *next = c->ready_next;
        c->is_ready = false;
        c->ready_next = NULL;
        connection_run(c);
        c = next;
    }
}

static void bury(struct hub_loop *loop)
{
    struct hub_connection **at = &loop->dead;
    while (*at) {
        struct hub_connection *c = *at;
        if (c->is_ready) {
            at = &c->dead_next;
            continue;
        }
        *at = c->dead_next;
        free(c);
    }
}

static void wake(struct hub_loop *loop)
{
    uint64_t one = 1;
    (void)!write(loop->wake_fd, &one, sizeof one); /* a full counter wakes as well */
}

void hub_post(struct hub_loop *loop, void (*call)(void *arg), void *arg)
{
    struct loop_post *post = malloc(sizeof *post);
    if (!post) {
        hub_say("memory: none left: stopped"); /* a lost post would leave a client waiting for ever, or a work half told */
        abort();
    }
    *post = (struct loop_post){NULL, call, arg};
    pthread_mutex_lock(&loop->lock);
    bool first = !loop->posts;
    if (first)
        loop->posts = post;
    else
        loop->posts_last->next = post;
    loop->posts_last = post;
    pthread_mutex_unlock(&loop->lock);
    if (first)
        wake(loop);
}

static void run_posts(struct hub_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct loop_post *post = loop->posts;
    loop->posts = NULL;
    pthread_mutex_unlock(&loop->lock);
    while (post) {
        struct loop_post *next = post->next;
        post->call(post->arg);
        free(post);
        post = next;
    }
}

size_t hub_loops(struct hub *hub, struct hub_loop *const **ret_loops)
{
    *ret_loops = hub->loops;
    return hub->loops_count;
}

struct hub_store *hub_reader(struct hub_exchange *x)
{
    return x->loop->reader;
}

const char *loop_date(struct hub_loop *loop)
{
    int64_t now_s = hub_now_s();
    if (loop->date_s != now_s) {
        struct tm tm;
        time_t now = (time_t)now_s;
        loop->date_s = now_s;
        (void)strftime(loop->date, sizeof loop->date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    }
    return loop->date;
}

void loop_close_device(struct hub_loop *loop, const struct sec_device_id *device, uint64_t epoch)
{
    for (struct hub_connection *c = loop->all, *next; c; c = next) {
        next = c->next;
        if (c->has_device && c->epoch < epoch && sec_device_id_equal(&c->device, device))
            connection_close(c);
    }
}

/* --- the turn -------------------------------------------------------------------------------------------------- */

static void accept_some(struct hub_loop *loop, struct loop_listener *listener)
{
    for (unsigned i = 0; i < LOOP_ACCEPT_COUNT; i++) {
        struct sockaddr_storage address;
        socklen_t len = sizeof address;
        int fd = accept4(listener->fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
                hub_say_of_strangers("connections: accept: errno %d", errno);
            return;
        }
        struct hub_peer *peer = NULL;
        bool remote = listener->entrance != HUB_ENTRANCE_LOCAL;
        if (remote && !(peer = hub_peers_enter(loop->hub->gate->peers, &address))) {
            hub_say_of_strangers("connections: too many from one address that no certificate has proven");
            close(fd);
        } else if (!gate_enter(loop)) {
            hub_say_of_strangers("connections: all %llu places are taken", (unsigned long long)loop->hub->config.connections_max);
            hub_peers_leave(loop->hub->gate->peers, peer);
            close(fd);
        } else {
            connection_accept(loop, fd, listener->entrance, peer);
        }
    }
}

static void tick(struct hub_loop *loop)
{
    if (loop->number != 0 || loop->now_ms < loop->tick_ms || loop->stopping)
        return;
    loop->tick_ms = loop->now_ms + 1000;
    loop->ticks++;
    for (size_t i = 0; i < hub_ticks_count; i++)
        if (hub_ticks[i].call && loop->ticks % hub_ticks[i].every_s == 0)
            hub_ticks[i].call(loop->hub, loop->reader);
    if (loop->ticks % TLS_CLEAR_S == 0)
        tls_tick(loop->hub);
    gate_trim(loop->hub->gate, loop->ticks);
}

static int wait_ms(const struct hub_loop *loop)
{
    if (loop->ready)
        return 0;
    return loop->all ? (int)LOOP_SLOT_MS : IDLE_WAIT_MS;
}

static void stop_gently(struct hub_loop *loop)
{
    struct hub_connection *c = loop->all;
    while (c) {
        struct hub_connection *next = c->next;
        if (c->state == CONNECTION_CLOSED || c->state == CONNECTION_LINGER) {
        } else if (c->state == CONNECTION_HANDSHAKE || connection_idle(c)) {
            connection_close(c);
        } else if (c->request) {
            c->request->close_after = true;
            if (c->request->streaming)
                connection_close(c);
            else if (c->request->parked)
                loop_timer(c, loop->now_ms); /* its handler says what it has */
        }
        c = next;
    }
}

static void begin_stop(void *arg)
{
    struct hub_loop *loop = arg;
    loop->stopping = true;
    loop->stop_ms = clock_ms() + STOP_MS;
    for (size_t i = 0; i < loop->listeners_count; i++)
        close(loop->listeners[i].fd);
    loop->listeners_count = 0;
}

static void *run(void *arg)
{
    struct hub_loop *loop = arg;
    struct epoll_event events[LOOP_EVENTS_COUNT];
    own_crypto = &loop->crypto;
    loop->now_ms = clock_ms();
    loop->slot_at = loop->now_ms / LOOP_SLOT_MS;
    while (!loop->stopping || (loop->all && loop->now_ms < loop->stop_ms)) {
        int count = epoll_wait(loop->epoll_fd, events, LOOP_EVENTS_COUNT, wait_ms(loop));
        loop->now_ms = clock_ms();
        for (int i = 0; i < count; i++) {
            enum loop_source *source = events[i].data.ptr;
            uint64_t woken = 0;
            if (*source == LOOP_CONNECTION)
                connection_event((struct hub_connection *)(void *)source, events[i].events);
            else if (*source == LOOP_LISTENER)
                accept_some(loop, (struct loop_listener *)(void *)source);
            else
                (void)!read(loop->wake_fd, &woken, sizeof woken); /* the count says nothing */
        }
        run_posts(loop);
        wheel_turn(loop);
        run_ready(loop);
        tick(loop);
        if (loop->stopping)
            stop_gently(loop);
        bury(loop);
    }
    for (struct hub_connection *c = loop->all, *next; c; c = next) {
        next = c->next;
        connection_close(c); /* one whose work the writer still has stays as it is: the work may use its memory */
    }
    run_ready(loop);
    bury(loop);
    return NULL;
}

/* --- beginning and end ------------------------------------------------------------------------------------------ */

static sec_status open_loop(struct hub *hub, size_t number, struct hub_loop **ret_loop)
{
    struct hub_loop *loop = calloc(1, sizeof *loop);
    char path[HUB_PATH_MAX_BYTES + 16];
    if (!loop)
        return sec_st(SEC_IO_FAILED);
    *ret_loop = loop;
    loop->hub = hub;
    loop->number = number;
    loop->wake = LOOP_WAKE;
    pthread_mutex_init(&loop->lock, NULL);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &loop->wake};
    if (loop->epoll_fd < 0 || loop->wake_fd < 0 || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) != 0)
        return sec_st(SEC_IO_FAILED);
    SEC_TRY(sec_openssl_init(&loop->openssl));
    SEC_TRY(sec_openssl_keys_keep(&loop->openssl, LOOP_KEY_SETS_COUNT));
    loop->crypto = sec_openssl_crypto(&loop->openssl);
    (void)snprintf(path, sizeof path, "%s/hub.db", hub->place.path);
    return hub_store_open(path, true, &loop->reader);
}

sec_status hub_loops_open(struct hub *hub)
{
    hub->loops = calloc((size_t)hub->config.threads, sizeof(struct hub_loop *));
    if (!hub->loops)
        return sec_st(SEC_IO_FAILED);
    for (size_t i = 0; i < hub->config.threads; i++) {
        hub->loops_count++;
        sec_status status = open_loop(hub, i, &hub->loops[i]);
        if (!sec_ok(status)) {
            hub_say("loop: open: %s", sec_status_text(status));
            return status;
        }
    }
    return gate_listen(hub);
}

sec_status hub_loops_start(struct hub *hub)
{
    for (size_t i = 0; i < hub->loops_count; i++) {
        struct hub_loop *loop = hub->loops[i];
        for (size_t k = 0; k < loop->listeners_count; k++) {
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = &loop->listeners[k]};
            if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->listeners[k].fd, &event) != 0)
                return sec_st(SEC_IO_FAILED);
        }
        if (pthread_create(&loop->thread, NULL, run, loop) != 0)
            return sec_st(SEC_IO_FAILED);
        loop->started = true;
    }
    return sec_st(SEC_OK);
}

void hub_loops_stop(struct hub *hub)
{
    for (size_t i = 0; i < hub->loops_count; i++)
        if (hub->loops[i] && hub->loops[i]->started)
            hub_post(hub->loops[i], begin_stop, hub->loops[i]);
    for (size_t i = 0; i < hub->loops_count; i++)
        if (hub->loops[i] && hub->loops[i]->started) {
            pthread_join(hub->loops[i]->thread, NULL);
            hub->loops[i]->started = false;
        }
}

void hub_loops_close(struct hub *hub)
{
    for (size_t i = 0; i < hub->loops_count; i++) {
        struct hub_loop *loop = hub->loops[i];
        if (!loop)
            continue;
        for (size_t k = 0; k < loop->listeners_count; k++)
            close(loop->listeners[k].fd);
        for (struct loop_post *post = loop->posts, *next; post; post = next) {
            next = post->next;
            free(post);
        }
        hub_store_close(loop->reader);
        sec_openssl_done(&loop->openssl);
        close(loop->epoll_fd);
        close(loop->wake_fd);
        free(loop);
    }
    free(hub->loops);
    hub->loops = NULL;
    hub->loops_count = 0;
}
