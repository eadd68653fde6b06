/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loop: a thread that serves its connections: epoll, its own listening sockets (SO_REUSEPORT), its own reading store and crypto, timers, and what others post.
 *
 * Inside the hub's core only. Memory: the loop's; a connection that is closed is freed at the end of the turn, since its events may still be in hand.
 * Limits: a turn takes at most LOOP_EVENTS_COUNT events and accepts LOOP_ACCEPT_COUNT connections a listener. Threads: hub_post() all, the rest the loop's own.
 */
#ifndef SECURABLE_HUB_LOOP_H
#define SECURABLE_HUB_LOOP_H

#include "hub.h"

#include <pthread.h>

/** Sets of 16 devices' keys that stay prepared in a loop: 1024 keys, 3 MiB when all are taken. */
#define LOOP_KEY_SETS_COUNT 64u
#define LOOP_EVENTS_COUNT 256
#define LOOP_ACCEPT_COUNT 64
#define LOOP_SCRATCH_BYTES 16384u
#define LOOP_LISTENERS_COUNT (2u * HUB_LISTENS_MAX_COUNT + 1u)
/** Timers: slots of 128 ms; a timer that lies further ahead than the wheel is long is looked at once a round. */
#define LOOP_SLOTS_COUNT 512u
#define LOOP_SLOT_MS 128u

/** What an epoll event points at: the first member of each. */
enum loop_source { LOOP_WAKE, LOOP_LISTENER, LOOP_CONNECTION };

struct loop_listener {
    enum loop_source source;
    enum hub_entrance entrance;
    int fd;
};

struct loop_post {
    struct loop_post *next;
    void (*call)(void *arg);
    void *arg;
};

struct hub_loop {
    struct hub *hub;
    size_t number;
    pthread_t thread;
    bool started;
    int epoll_fd;
    int wake_fd;
    enum loop_source wake; /* LOOP_WAKE */
    uint64_t now_ms;
    struct hub_store *reader;
    struct sec_openssl openssl;
    struct sec_crypto crypto;
    struct loop_listener listeners[LOOP_LISTENERS_COUNT];
    size_t listeners_count;

    pthread_mutex_t lock; /* of the posts */
    struct loop_post *posts, *posts_last;

    struct hub_connection *slots[LOOP_SLOTS_COUNT];
    uint64_t slot_at; /* the slot number that was looked at last, counted from the clock's zero */
    struct hub_connection *all;
    struct hub_connection *unproven, *unproven_last; /* in order of arrival */
    struct hub_connection *ready, *dead;
    size_t connections_count;
    uint64_t tick_ms;
    uint64_t ticks;
    bool stopping;
    uint64_t stop_ms;
    char date[32]; /* "Sun, 06 Nov 1994 08:49:37 GMT" */
    int64_t date_s;
    uint8_t scratch[LOOP_SCRATCH_BYTES];
};

/** Makes loops and listening sockets as the configuration says; `hub->config` gets the real ports. IO_FAILED (told). */
sec_status hub_loops_open(struct hub *hub);
/** Starts the threads. */
sec_status hub_loops_start(struct hub *hub);
/** Answers what waits, closes, and joins the threads. */
void hub_loops_stop(struct hub *hub);
void hub_loops_close(struct hub *hub);

/** Closes the connections of a device by certificates of epochs before `epoch`, as those were revoked. */
void loop_close_device(struct hub_loop *loop, const struct sec_device_id *device, uint64_t epoch);

/** Sets when the connection's time is over; UINT64_MAX: never. */
void loop_timer(struct hub_connection *c, uint64_t deadline_ms);
void loop_timer_forget(struct hub_connection *c);
/** Runs the connection again before the loop sleeps. */
void loop_ready(struct hub_connection *c);
const char *loop_date(struct hub_loop *loop);

#endif
