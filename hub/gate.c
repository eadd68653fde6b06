/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include "connection.h"
#include "say.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096
/** What the kernel may hold of an answer before it is on its way: a client that does not read shows early. */
#define UNSENT_BYTES 131072
#define TRIM_EVERY_S 15u
/** Handshakes leave holes of freed rooms between what stays; below this many it is not worth looking. */
#define TRIM_ACCEPTED 256u

struct hub_gate *gate_new(const struct hub_config *config)
{
    struct hub_gate *gate = calloc(1, sizeof *gate);
    if (!gate)
        return NULL;
    gate->peers = hub_peers_new((size_t)config->unproven_max);
    gate->devices = hub_peers_new((size_t)config->device_connections_max);
    if (gate->peers && gate->devices)
        return gate;
    gate_free(gate);
    return NULL;
}

void gate_free(struct hub_gate *gate)
{
    if (!gate)
        return;
    hub_peers_free(gate->peers);
    hub_peers_free(gate->devices);
    free(gate);
}

bool gate_enter(struct hub_loop *loop)
{
    struct hub_gate *gate = loop->hub->gate;
    size_t max = (size_t)loop->hub->config.connections_max;
    atomic_fetch_add(&gate->accepted, 1);
    if (atomic_fetch_add(&gate->connections, 1) < max)
        return true;
    for (struct hub_connection *c = loop->unproven; c; c = c->unproven_next)
        if (connection_idle(c) || c->state == CONNECTION_HANDSHAKE) {
            connection_close(c);
            return true;
        }
    atomic_fetch_sub(&gate->connections, 1);
    return false;
}

void gate_leave(struct hub_loop *loop)
{
    atomic_fetch_sub(&loop->hub->gate->connections, 1);
}

void gate_trim(struct hub_gate *gate, uint64_t seconds)
{
    uint64_t accepted = atomic_load(&gate->accepted);
    if (seconds % TRIM_EVERY_S != 0 || accepted - gate->trimmed_accepted < TRIM_ACCEPTED)
        return;
    gate->trimmed_accepted = accepted;
    (void)malloc_trim(0);
}

/* --- listening -------------------------------------------------------------------------------------------------- */

static socklen_t address_of(const struct hub_listen *listen_at, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)ret_address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)ret_address;
    sec_zero(ret_address, sizeof *ret_address);
    if (inet_pton(AF_INET, listen_at->address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(listen_at->port);
        return sizeof *four;
    }
    if (inet_pton(AF_INET6, listen_at->address, &six->sin6_addr) != 1)
        return 0;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(listen_at->port);
    return sizeof *six;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&address)->sin_port
                                              : ((struct sockaddr_in6 *)(void *)&address)->sin6_port);
}

static bool add(struct hub_loop *loop, int fd, enum hub_entrance entrance)
{
    if (fd < 0 || loop->listeners_count == LOOP_LISTENERS_COUNT)
        return false;
    loop->listeners[loop->listeners_count++] = (struct loop_listener){LOOP_LISTENER, entrance, fd};
    return true;
}

static int listen_tcp(const struct hub_listen *listen_at)
{
    struct sockaddr_storage address;
    int one = 1, unsent = UNSENT_BYTES;
    socklen_t len = address_of(listen_at, &address);
    int fd = len ? socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* connections inherit it, as the next */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    if (address.ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    close(fd);
    return -1;
}

static sec_status listen_all(struct hub *hub, struct hub_listen *listens, size_t count, enum hub_entrance entrance)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < hub->loops_count; k++) {
            int fd = listen_tcp(&listens[i]);
            if (!add(hub->loops[k], fd, entrance)) {
                hub_say("%s port %u: listen: %s", listens[i].address, listens[i].port, strerror(errno));
                return sec_st(SEC_IO_FAILED);
            }
            listens[i].port = port_of(fd);
        }
    return sec_st(SEC_OK);
}

/* By way of /proc, since a socket's address is short and the directory's path may be long. */
static sec_status listen_local(struct hub *hub)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/hub.sock", hub->place.run_fd);
    (void)unlinkat(hub->place.run_fd, "hub.sock", 0);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, BACKLOG) == 0 &&
        add(hub->loops[0], fd, HUB_ENTRANCE_LOCAL))
        return sec_st(SEC_OK);
    hub_say("%s/run/hub.sock: listen: %s", hub->place.path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return sec_st(SEC_IO_FAILED);
}

sec_status gate_listen(struct hub *hub)
{
    SEC_TRY(listen_all(hub, hub->config.device, hub->config.device_count, HUB_ENTRANCE_DEVICE));
    SEC_TRY(listen_all(hub, hub->config.api, hub->config.api_count, HUB_ENTRANCE_API));
    return listen_local(hub);
}
