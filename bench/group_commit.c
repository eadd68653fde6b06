/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events from a local datagram socket, each durable before it counts: events per second.
 * Usage: group_commit serve DIR SOCKET COUNT    one thread receives COUNT events, another commits what has come meanwhile in one synced frame with a head
 *        group_commit send SOCKET COUNT BYTES   sends COUNT lines (RFC 3164 form, as any syslog takes them) to a socket
 *        group_commit raw DIR COUNT             the floor: batches of 512 records appended and synced, no log around them
 */
#include "bench_log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BATCH 512u
#define LINE_MAX_BYTES 1024u

static int unix_socket(struct sockaddr_un *address, const char *path)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
    return fd;
}

/** A record's content as a device writes one: {0: 4, 1: subject, 2: uid, 3: time, 4: steady, 5: {"m": line}}. */
static struct sec_bytes event_of(struct sec_bytes line, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_cbor_put_map(&wr, 6);
    sec_cbor_put_int(&wr, 0);
    sec_cbor_put_uint(&wr, 4);
    sec_cbor_put_int(&wr, 1);
    sec_cbor_put_tstr(&wr, SEC_LIT("pump-app"));
    sec_cbor_put_int(&wr, 2);
    sec_cbor_put_uint(&wr, 1000);
    sec_cbor_put_int(&wr, 3);
    sec_cbor_put_int(&wr, 1760000000);
    sec_cbor_put_int(&wr, 4);
    sec_cbor_put_uint(&wr, 123456789);
    sec_cbor_put_int(&wr, 5);
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, SEC_LIT("m"));
    sec_cbor_put_tstr(&wr, line);
    return sec_wr_done(&wr);
}

static void stage(struct bench_log *log, struct sec_bytes line)
{
    uint8_t room[LINE_MAX_BYTES + 128];
    uint64_t index;
    struct sec_bytes event = event_of(line, SEC_ROOM(room));
    sec_status status = sec_journal_stage(&log->journal, SEC_RECORD_APPLICATION, 1, false, event, &index);
    if (sec_is(status, SEC_ROOM_FULL)) {
        bench_log_commit(log);
        status = sec_journal_stage(&log->journal, SEC_RECORD_APPLICATION, 1, false, event, &index);
    }
    bench_must(status, "stage");
}

/* --- receiver and committer ------------------------------------------------------------------------------------ */

/** What was received and is not yet committed: as a device's door receives while its keeper writes. */
#define RING_LINES 8192u

struct ring {
    pthread_mutex_t lock;
    pthread_cond_t more, less;
    unsigned head, tail; /* received and taken, counted on */
    uint16_t lengths[RING_LINES];
    uint8_t lines[RING_LINES][LINE_MAX_BYTES];
    int fd;
    unsigned count;
};

static void put_lines(struct ring *ring, struct mmsghdr *messages, unsigned got, uint8_t lines[][LINE_MAX_BYTES])
{
    pthread_mutex_lock(&ring->lock);
    while (ring->head - ring->tail + got > RING_LINES)
        pthread_cond_wait(&ring->less, &ring->lock);
    for (unsigned i = 0; i < got; i++) {
        unsigned at = ring->head++ % RING_LINES;
        ring->lengths[at] = (uint16_t)messages[i].msg_len;
        memcpy(ring->lines[at], lines[i], messages[i].msg_len);
    }
    pthread_cond_signal(&ring->more);
    pthread_mutex_unlock(&ring->lock);
}

static void *receive(void *ctx)
{
    static uint8_t lines[BATCH][LINE_MAX_BYTES];
    static struct mmsghdr messages[BATCH];
    static struct iovec vectors[BATCH];
    struct ring *ring = ctx;
    for (unsigned i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){lines[i], LINE_MAX_BYTES};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (unsigned done = 0; done < ring->count;) {
        int got = recvmmsg(ring->fd, messages, BATCH, MSG_WAITFORONE, NULL);
        if (got <= 0)
            exit(3);
        put_lines(ring, messages, (unsigned)got, lines);
        done += (unsigned)got;
    }
    return NULL;
}

/** How many lines wait; at least one. */
static unsigned wait_for_lines(struct ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    while (ring->head == ring->tail)
        pthread_cond_wait(&ring->more, &ring->lock);
    unsigned waiting = ring->head - ring->tail;
    pthread_mutex_unlock(&ring->lock);
    return waiting;
}

static double serve(const char *dir, const char *path, unsigned count)
{
    static struct bench_log log;
    static struct ring ring = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER, .less = PTHREAD_COND_INITIALIZER};
    struct sockaddr_un address;
    pthread_t receiver;
    unlink(path);
    bench_log_open(&log, dir, 256u << 20);
    ring.fd = unix_socket(&address, path);
    ring.count = count;
    if (bind(ring.fd, (struct sockaddr *)&address, sizeof address) != 0 || pthread_create(&receiver, NULL, receive, &ring) != 0)
        exit(3);
    double begin = 0;
    for (unsigned done = 0; done < count;) {
        unsigned waiting = wait_for_lines(&ring);
        if (begin == 0)
            begin = bench_now_s();
        for (unsigned i = 0; i < waiting; i++) {
            unsigned at = (done + i) % RING_LINES;
            stage(&log, sec_bytes(ring.lines[at], ring.lengths[at]));
        }
        bench_log_commit(&log);
        done += waiting;
        pthread_mutex_lock(&ring.lock);
        ring.tail += waiting;
        pthread_cond_signal(&ring.less);
        pthread_mutex_unlock(&ring.lock);
    }
    double seconds = bench_now_s() - begin;
    pthread_join(receiver, NULL);
    unlink(path);
    return count / seconds;
}

static void send_lines(const char *path, unsigned count, unsigned bytes)
{
    struct sockaddr_un address;
    char line[LINE_MAX_BYTES];
    int fd = unix_socket(&address, path);
    while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        usleep(1000);
    memset(line, 'x', sizeof line);
    for (unsigned i = 0; i < count; i++) {
        int n = snprintf(line, sizeof line, "<134>Nov 22 02:00:00 pump pump-app[77]: %08u ", i);
        line[n] = 'x';
        if (send(fd, line, bytes, 0) < 0)
            exit(3);
    }
}

static double raw(const char *dir, unsigned count)
{
    static uint8_t batch[BATCH * 232u];
    char path[300];
    snprintf(path, sizeof path, "%s.raw", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    double begin = bench_now_s();
    for (unsigned done = 0; done < count; done += BATCH) {
        if (write(fd, batch, sizeof batch) != (ssize_t)sizeof batch || fdatasync(fd) != 0)
            exit(3);
    }
    double seconds = bench_now_s() - begin;
    unlink(path);
    return count / seconds;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "serve") == 0)
        printf("%.1f\n", serve(argv[2], argv[3], (unsigned)strtoul(argv[4], NULL, 10)));
    else if (argc == 5 && strcmp(argv[1], "send") == 0)
        send_lines(argv[2], (unsigned)strtoul(argv[3], NULL, 10), (unsigned)strtoul(argv[4], NULL, 10));
    else if (argc == 4 && strcmp(argv[1], "raw") == 0)
        printf("%.1f\n", raw(argv[2], (unsigned)strtoul(argv[3], NULL, 10)));
    else
        return 2;
    return 0;
}
