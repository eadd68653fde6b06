/* SPDX-License-Identifier: Apache-2.0 */
/*
 * securable-door: the local socket for applications and tools. Hostile bytes, no keys, no files, no network.
 *
 * It accepts connections, hands each one's descriptor to the keeper, so that the keeper itself reads who is at the other end, and
 * passes frames both ways. When the keeper goes it ends, and is started again with a fresh channel.
 */
#include "clients.h"

#include "../common/child.h"
#include "../common/say.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FDS_FIXED_COUNT 3u

static struct clients clients;
static struct child_start start;

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* False when the door is to end. */
static bool take_parent(int *ret_exit)
{
    static uint8_t room_b[IPC_HEADER_BYTES + 64];
    struct ipc_message message;
    int fd = -1;
    sec_status status = ipc_receive(&start.parent, SEC_ROOM(room_b), &message, &fd);
    if (sec_ok(status) && message.kind == IPC_CHANNEL) {
        clients_end_all(&clients);
        ipc_close(&clients.keeper);
        clients.keeper.fd = fd;
        return true;
    }
    *ret_exit = sec_ok(status) && message.kind == IPC_STOP ? 0 : 1;
    return false;
}

/* Takes what is there, in bounds: clients have their turn too. */
static bool take_keeper(int *ret_exit)
{
    static uint8_t room_b[IPC_MAX_BYTES];
    for (unsigned i = 0; i < CLIENTS_MAX_COUNT; i++) {
        struct ipc_message message;
        int fd = -1;
        sec_status status = ipc_receive(&clients.keeper, SEC_ROOM(room_b), &message, &fd);
        if (sec_is(status, SEC_BUSY))
            return true;
        if (sec_ok(status))
            status = clients_take(&clients, &message, now_ms());
        sec_wipe(room_b, IPC_HEADER_BYTES + message.a.len);
        if (!sec_ok(status)) {
            if (!sec_is(status, SEC_NOT_OPEN))
                say("keeper, message: %s", sec_status_text(status));
            *ret_exit = 1;
            return false;
        }
    }
    return true;
}

static void accept_one(void)
{
    int fd = accept4(CHILD_FD_FIRST, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        clients_add(&clients, fd, now_ms());
}

/* One round; false when the door is to end. */
static bool serve(int *ret_exit)
{
    struct pollfd fds[FDS_FIXED_COUNT + CLIENTS_MAX_COUNT];
    bool open = clients.keeper.fd >= 0;
    fds[0] = (struct pollfd){start.parent.fd, POLLIN, 0};
    fds[1] = (struct pollfd){clients.keeper.fd, (short)(POLLIN | (clients_handing(&clients) ? POLLOUT : 0)), 0};
    fds[2] = (struct pollfd){open && clients_have_place(&clients) ? CHILD_FD_FIRST : -1, POLLIN, 0};
    for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++)
        fds[FDS_FIXED_COUNT + i] = (struct pollfd){clients.list[i].fd, clients_events(&clients.list[i]), 0};
    int n = poll(fds, FDS_FIXED_COUNT + CLIENTS_MAX_COUNT, clients_timeout_ms(&clients, now_ms()));
    if (n < 0 && errno != EINTR) {
        say("poll: %s", strerror(errno));
        *ret_exit = 1;
        return false;
    }
    if (n > 0) {
        if (fds[0].revents)
            return take_parent(ret_exit); /* it may end all clients: the next round sees who is left */
        if (fds[1].revents & ~POLLOUT && !take_keeper(ret_exit))
            return false;
        for (size_t i = 0; i < CLIENTS_MAX_COUNT; i++) {
            if (fds[FDS_FIXED_COUNT + i].revents)
                clients_serve(&clients, &clients.list[i], fds[FDS_FIXED_COUNT + i].revents, now_ms());
        }
        if (fds[2].revents)
            accept_one();
    }
    clients_tick(&clients, now_ms());
    return true;
}

int main(void)
{
    struct confinement confinement;
    int exit_code = 1;
    say_program("securable-door");
    clients_init(&clients);
    sec_status status = child_begin(IPC_DOOR, &start);
    if (sec_ok(status))
        status = child_confine(CONFINEMENT_DOOR, &start, &confinement);
    if (sec_ok(status))
        status = child_ready(&start, &confinement);
    if (!sec_ok(status)) {
        say("start: %s", sec_status_text(status));
        return 1;
    }
    while (serve(&exit_code))
        ;
    clients_end_all(&clients);
    return exit_code;
}
