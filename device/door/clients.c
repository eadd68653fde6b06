/* SPDX-License-Identifier: Apache-2.0 */
#include "clients.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void clients_init(struct clients *clients)
{
    clients->keeper = (struct ipc_channel){-1, IPC_DOOR, IPC_KEEPER};
    for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++)
        clients->list[i].fd = clients->list[i].payload_fd = -1;
}

static struct client *free_place(struct clients *clients)
{
    for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++) {
        if (clients->list[i].state == CLIENT_FREE)
            return &clients->list[i];
    }
    return NULL;
}

bool clients_have_place(const struct clients *clients)
{
    for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++) {
        if (clients->list[i].state == CLIENT_FREE)
            return true;
    }
    return false;
}

static void drop_payload(struct client *client)
{
    if (client->payload_fd >= 0)
        close(client->payload_fd);
    client->payload_fd = -1;
}

/* Tells the keeper; when its channel is full, tick tries again. */
static void tell_gone(struct clients *clients, struct client *client)
{
    const struct ipc_message gone = {.kind = IPC_GONE, .id = client->id};
    client->state = sec_is(ipc_send(&clients->keeper, &gone, -1), SEC_BUSY) ? CLIENT_GONE : CLIENT_FREE;
}

static void end(struct clients *clients, struct client *client)
{
    drop_payload(client);
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    if (client->room)
        (void)munmap(client->room, sizeof *client->room);
    client->room = NULL;
    client->out_len = client->out_at = 0;
    tell_gone(clients, client);
}

/* --- a new one --------------------------------------------------------------------------------------- */

static unsigned count_of_user(const struct clients *clients, uint32_t user)
{
    unsigned count = 0;
    for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++)
        count += clients->list[i].state != CLIENT_FREE && clients->list[i].user == user;
    return count;
}

void clients_add(struct clients *clients, int fd, uint64_t now_ms)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    struct client *client = free_place(clients);
    /* For the fair share alone: what a user may do is the keeper's to find out. */
    bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0;
    if (!client || !known || count_of_user(clients, peer.uid) >= CLIENTS_OF_USER_MAX_COUNT) {
        close(fd);
        return;
    }
    clients->last_id += clients->last_id == UINT32_MAX ? 2 : 1; /* 0 is nobody's */
    const struct ipc_message connected = {.kind = IPC_CONNECTED, .id = clients->last_id};
    void *room = mmap(NULL, sizeof *client->room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED || !sec_ok(ipc_send(&clients->keeper, &connected, fd))) {
        if (room != MAP_FAILED)
            (void)munmap(room, sizeof *client->room);
        close(fd);
        return;
    }
    client->room = room;
    client->state = CLIENT_READING;
    client->fd = fd;
    client->id = clients->last_id;
    client->user = peer.uid;
    client->subscribed = false;
    client->in_len = client->body_len = client->out_len = client->out_at = 0;
    client->since_ms = now_ms;
}

/* --- reading ----------------------------------------------------------------------------------------- */

union control {
    struct cmsghdr align;
    uint8_t b[CMSG_SPACE(2 * sizeof(int))];
};

/* Takes the descriptor that came; false when there is more than one, or one already. */
static bool take_payload(struct client *client, struct msghdr *msg)
{
    bool good = !(msg->msg_flags & MSG_CTRUNC);
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
            continue;
        int fds[2];
        size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        count = count > 2 ? 2 : count; /* the control room holds no more */
        sec_copy(fds, CMSG_DATA(cmsg), count * sizeof(int));
        for (size_t i = 0; i < count; i++) {
            if (good && client->payload_fd < 0 && client->in_len == 0) {
                client->payload_fd = fds[i];
            } else {
                close(fds[i]);
                good = false;
            }
        }
    }
    return good;
}

/* Reads into `room`, whatever is there. BUSY: nothing; NOT_OPEN: the client has closed. */
static sec_status receive(struct client *client, struct sec_room room, size_t *ret_len)
{
    struct iovec iov = {room.data, room.len};
    union control control = {0};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.b, .msg_controllen = sizeof control.b};
    ssize_t n = recvmsg(client->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0)
        return sec_st(errno == EAGAIN || errno == EINTR ? SEC_BUSY : SEC_NOT_OPEN);
    if (!take_payload(client, &msg))
        return sec_st(SEC_UNKNOWN_FIELD);
    if (n == 0)
        return sec_st(SEC_NOT_OPEN);
    *ret_len = (size_t)n;
    return sec_st(SEC_OK);
}

static sec_status read_header(struct client *client)
{
    size_t len = 0;
    struct sec_room rest = sec_room(&client->header_b[client->in_len], DOOR_HEADER_BYTES - client->in_len);
    SEC_TRY(receive(client, rest, &len));
    client->in_len += len;
    if (client->in_len < DOOR_HEADER_BYTES)
        return sec_st(SEC_BUSY);
    SEC_TRY(door_header_parse(SEC_BYTES(client->header_b), DOOR_REQUEST_MAX_BYTES, &client->kind, &client->body_len));
    /* Only a submit may bring a payload. */
    return client->payload_fd >= 0 && client->kind != DOOR_SUBMIT ? sec_st(SEC_UNKNOWN_FIELD) : sec_st(SEC_OK);
}

static sec_status read_body(struct client *client)
{
    size_t have = client->in_len - DOOR_HEADER_BYTES, len = 0;
    if (have == client->body_len)
        return sec_st(SEC_OK);
    SEC_TRY(receive(client, sec_room(&client->room->body_b[have], client->body_len - have), &len));
    client->in_len += len;
    return have + len == client->body_len ? sec_st(SEC_OK) : sec_st(SEC_BUSY);
}

/* --- handing on -------------------------------------------------------------------------------------- */

static void put_answer(struct client *client, const struct door_answer *answer, uint64_t now_ms)
{
    struct sec_wr wr = sec_wr(sec_room(&client->room->out_b[client->out_len], sizeof client->room->out_b - client->out_len));
    if (!sec_ok(door_answer_encode(answer, &wr)))
        return;
    if (client->out_len == client->out_at)
        client->since_ms = now_ms;
    client->out_len += wr.len;
}

static void next_request(struct client *client)
{
    drop_payload(client);
    sec_wipe(client->room->body_b, client->body_len);
    client->in_len = client->body_len = 0;
    client->state = CLIENT_READING;
}

static void hand_on(struct clients *clients, struct client *client, uint64_t now_ms)
{
    struct door_request request;
    sec_status status = door_request_parse(client->kind, sec_bytes(client->room->body_b, client->body_len), &request);
    if (!sec_ok(status)) { /* the frame was whole: an answer helps whoever wrote the client */
        const struct door_answer answer = {.kind = DOOR_ANSWER, .code = status.code};
        next_request(client);
        put_answer(client, &answer, now_ms);
        return;
    }
    const struct ipc_message message = {.kind = IPC_REQUEST, .id = client->id, .code = (uint16_t)request.kind, .size = request.from, .a = request.a, .b = request.b};
    status = ipc_send(&clients->keeper, &message, client->payload_fd);
    client->state = sec_is(status, SEC_BUSY) ? CLIENT_HANDING : CLIENT_WAITING;
    if (client->state == CLIENT_WAITING) {
        drop_payload(client);
        sec_wipe(client->room->body_b, client->body_len);
    }
}

static void serve_input(struct clients *clients, struct client *client, uint64_t now_ms)
{
    if (client->in_len == 0)
        client->since_ms = now_ms;
    sec_status status = sec_st(SEC_OK);
    if (client->in_len < DOOR_HEADER_BYTES)
        status = read_header(client);
    if (sec_ok(status))
        status = read_body(client);
    if (sec_ok(status))
        hand_on(clients, client, now_ms);
    else if (!sec_is(status, SEC_BUSY))
        end(clients, client);
}

static void serve_output(struct clients *clients, struct client *client, uint64_t now_ms)
{
    struct iovec iov = {&client->room->out_b[client->out_at], client->out_len - client->out_at};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n = sendmsg(client->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        end(clients, client);
        return;
    }
    client->out_at += n > 0 ? (size_t)n : 0;
    if (client->out_at == client->out_len) {
        sec_wipe(client->room->out_b, client->out_len);
        client->out_len = client->out_at = 0;
        client->since_ms = now_ms;
    }
}

short clients_events(const struct client *client)
{
    if (client->out_at < client->out_len)
        return POLLOUT;
    return client->state == CLIENT_READING ? POLLIN : 0;
}

void clients_serve(struct clients *clients, struct client *client, short revents, uint64_t now_ms)
{
    if (client->fd < 0)
        return;
    if (revents & POLLOUT)
        serve_output(clients, client, now_ms);
    else if (revents & POLLIN)
        serve_input(clients, client, now_ms);
    else if (revents & (POLLHUP | POLLERR | POLLNVAL))
        end(clients, client);
}

/* --- the keeper's messages --------------------------------------------------------------------------- */

static struct client *find(struct clients *clients, uint32_t id)
{
    for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++) {
        struct client *client = &clients->list[i];
        if (client->fd >= 0 && client->id == id && client->state != CLIENT_FREE)
            return client;
    }
    return NULL;
}

static void take_answer(struct client *client, const struct ipc_message *message, uint64_t now_ms)
{
    const struct door_answer answer = {.kind = DOOR_ANSWER, .code = message->code, .content = message->a};
    if (client->state != CLIENT_WAITING)
        return;
    if (client->kind == DOOR_SUBSCRIBE && message->code == SEC_OK)
        client->subscribed = true;
    next_request(client);
    put_answer(client, &answer, now_ms);
}

static void take_notice(struct clients *clients, struct client *client, const struct ipc_message *message, uint64_t now_ms)
{
    const struct door_answer notice = {.kind = DOOR_NOTICE, .content = message->a};
    size_t before = client->out_len;
    put_answer(client, &notice, now_ms);
    if (client->out_len == before) /* no room: it has not read for long, and would miss a change */
        end(clients, client);
}

sec_status clients_take(struct clients *clients, const struct ipc_message *message, uint64_t now_ms)
{
    struct client *client = find(clients, message->id);
    if (message->kind == IPC_ANSWER && client)
        take_answer(client, message, now_ms);
    else if (message->kind == IPC_TELL && client)
        take_notice(clients, client, message, now_ms);
    return message->kind == IPC_ANSWER || message->kind == IPC_TELL ? sec_st(SEC_OK) : sec_st(SEC_WRONG_KIND);
}

/* --- time -------------------------------------------------------------------------------------------- */

static uint64_t due_ms(const struct client *client)
{
    if (client->state == CLIENT_FREE || client->state == CLIENT_GONE)
        return UINT64_MAX;
    if (client->out_at < client->out_len || (client->state == CLIENT_READING && client->in_len > 0))
        return client->since_ms + CLIENT_SLOW_MS;
    if (client->state == CLIENT_READING && !client->subscribed)
        return client->since_ms + CLIENT_IDLE_MS;
    return UINT64_MAX;
}

void clients_tick(struct clients *clients, uint64_t now_ms)
{
    for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++) {
        struct client *client = &clients->list[i];
        if (client->state == CLIENT_HANDING)
            hand_on(clients, client, now_ms);
        else if (client->state == CLIENT_GONE)
            tell_gone(clients, client);
        else if (due_ms(client) <= now_ms)
            end(clients, client);
    }
}

int clients_timeout_ms(const struct clients *clients, uint64_t now_ms)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++)
        due = due_ms(&clients->list[i]) < due ? due_ms(&clients->list[i]) : due;
    if (due == UINT64_MAX)
        return -1;
    return due <= now_ms ? 0 : (int)(due - now_ms); /* within CLIENT_IDLE_MS */
}

bool clients_handing(const struct clients *clients)
{
    for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++) {
        if (clients->list[i].state == CLIENT_HANDING || clients->list[i].state == CLIENT_GONE)
            return true;
    }
    return false;
}

void clients_end_all(struct clients *clients)
{
    for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++) {
        if (clients->list[i].fd >= 0)
            end(clients, &clients->list[i]);
        clients->list[i].state = CLIENT_FREE;
    }
}
