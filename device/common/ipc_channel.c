/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc_channel.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* As many as fit the control room: more make the kernel set MSG_CTRUNC, and we refuse. */
#define FDS_MAX_COUNT 4

union control {
    struct cmsghdr align;
    uint8_t b[CMSG_SPACE(FDS_MAX_COUNT * sizeof(int))];
};

sec_status ipc_pair(int ret_fds[2])
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return sec_st(SEC_IO_FAILED);
    int bytes = (int)(4 * IPC_MAX_BYTES);
    for (int i = 0; i < 2; i++) /* best effort: the default takes one packet of the largest size */
        (void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    ret_fds[0] = fds[0];
    ret_fds[1] = fds[1];
    return sec_st(SEC_OK);
}

void ipc_close(struct ipc_channel *channel)
{
    if (channel->fd >= 0)
        close(channel->fd);
    channel->fd = -1;
}

static sec_status send_status(int error)
{
    if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS)
        return sec_st(SEC_BUSY);
    if (error == EPIPE || error == ECONNRESET || error == ENOTCONN)
        return sec_st(SEC_NOT_OPEN);
    return sec_st(SEC_IO_FAILED);
}

/* What most packets need. A larger one is mapped for its moment: a process that once sent much does not stay large for it. */
#define SMALL_BYTES 4096u

static uint8_t small_b[SMALL_BYTES]; /* one packet at a time: programs have one thread */

static struct sec_room packet_take(const struct ipc_message *message)
{
    size_t bytes = IPC_HEADER_BYTES + 64u + 8u + message->a.len + message->b.len; /* both are within their limits */
    if (bytes <= sizeof small_b)
        return SEC_ROOM(small_b);
    void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return data == MAP_FAILED ? sec_room(NULL, 0) : sec_room(data, bytes);
}

/* Secrets pass. */
static void packet_drop(struct sec_room room, size_t used)
{
    sec_wipe(room.data, used);
    if (room.data != small_b)
        (void)munmap(room.data, room.len);
}

static void control_put(struct msghdr *msg, union control *control, const int *fd)
{
    msg->msg_control = control->b;
    msg->msg_controllen = CMSG_SPACE(sizeof(int));
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    sec_copy(CMSG_DATA(cmsg), fd, sizeof *fd);
}

static sec_status send_packet(int to, struct sec_bytes packet, int fd)
{
    union {
        const uint8_t *given;
        void *asked; /* a packet that is only read, in a struct that has no word for it */
    } data = {packet.data};
    struct iovec iov = {data.asked, packet.len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    union control control = {0};
    if (fd >= 0)
        control_put(&msg, &control, &fd);
    ssize_t sent;
    do
        sent = sendmsg(to, &msg, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? send_status(errno) : sec_st(SEC_OK);
}

sec_status ipc_send(const struct ipc_channel *channel, const struct ipc_message *message, int fd)
{
    if (channel->fd < 0)
        return sec_st(SEC_NOT_OPEN);
    if (message->a.len > IPC_A_MAX_BYTES || message->b.len > IPC_B_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    struct sec_room room = packet_take(message);
    if (!room.data)
        return sec_st(SEC_IO_FAILED);
    struct sec_wr wr = sec_wr(room);
    sec_status status = ipc_encode(message, &wr);
    if (sec_ok(status))
        status = send_packet(channel->fd, sec_wr_done(&wr), fd);
    packet_drop(room, wr.len);
    return status;
}

/* Takes the descriptors out of a packet; keeps the first, closes what is more. */
static size_t take_fds(struct msghdr *msg, int *ret_fd)
{
    size_t count = 0;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
            continue;
        int fds[FDS_MAX_COUNT];
        size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        n = n > FDS_MAX_COUNT ? FDS_MAX_COUNT : n; /* the control room holds no more */
        sec_copy(fds, CMSG_DATA(cmsg), n * sizeof(int));
        for (size_t i = 0; i < n; i++) {
            if (count++ == 0)
                *ret_fd = fds[i];
            else
                close(fds[i]);
        }
    }
    return count;
}

static bool fds_allowed(const struct ipc_message *message, size_t count)
{
    const struct ipc_rule *rule = ipc_rule_of((unsigned)message->kind);
    if (rule->fields & IPC_FD)
        return count == 1;
    return count == 0 || (count == 1 && (rule->fields & IPC_FD_MAY));
}

sec_status ipc_receive(const struct ipc_channel *channel, struct sec_room room, struct ipc_message *ret_message, int *ret_fd)
{
    if (channel->fd < 0)
        return sec_st(SEC_NOT_OPEN);
    struct iovec iov = {room.data, room.len};
    union control control = {0};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.b, .msg_controllen = sizeof control.b};
    ssize_t got;
    do
        got = recvmsg(channel->fd, &msg, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return send_status(errno);
    int fd = -1;
    size_t count = take_fds(&msg, &fd);
    if (got == 0 && count == 0)
        return sec_st(SEC_NOT_OPEN);
    struct ipc_message message;
    sec_status status = sec_st(SEC_TOO_LARGE);
    if (!(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        status = ipc_parse(sec_bytes(room.data, (size_t)got), channel->peer, channel->me, &message);
    if (sec_ok(status) && !fds_allowed(&message, count))
        status = sec_st(SEC_UNKNOWN_FIELD);
    if (!sec_ok(status)) {
        if (fd >= 0)
            close(fd);
        return status;
    }
    *ret_message = message;
    *ret_fd = fd;
    return sec_st(SEC_OK);
}
