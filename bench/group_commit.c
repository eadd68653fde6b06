/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events from a local datagram socket, each durable before it counts: events per second.
 * Usage: group_commit serve DIR SOCKET COUNT    receives COUNT events, commits what one drain of the socket brought in one synced frame with a head
 *        group_commit send SOCKET COUNT BYTES   sends COUNT lines (RFC 3164 form, as any syslog takes them) to a socket
 *        group_commit raw DIR COUNT             the floor: batches of 512 records appended and synced, no log around them
 */
#include "bench_log.h"

#include <fcntl.h>
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

static double serve(const char *dir, const char *path, unsigned count)
{
    static struct bench_log log;
    static uint8_t lines[BATCH][LINE_MAX_BYTES];
    static struct mmsghdr messages[BATCH];
    static struct iovec vectors[BATCH];
    struct sockaddr_un address;
    int fd = unix_socket(&address, path);
    unlink(path);
    bench_log_open(&log, dir, 256u << 20);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        exit(3);
    for (unsigned i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){lines[i], LINE_MAX_BYTES};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    double begin = 0;
    for (unsigned done = 0; done < count;) {
        int got = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
        if (got <= 0)
            exit(3);
        if (begin == 0)
            begin = bench_now_s();
        for (int i = 0; i < got; i++)
            stage(&log, sec_bytes(lines[i], messages[i].msg_len));
        bench_log_commit(&log);
        done += (unsigned)got;
    }
    double seconds = bench_now_s() - begin;
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
