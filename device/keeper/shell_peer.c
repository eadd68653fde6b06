/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_peer.h"

#include <sys/socket.h>
#include <sys/un.h>

static bool get_option(int fd, int option, int *ret_value)
{
    socklen_t len = sizeof *ret_value;
    return getsockopt(fd, SOL_SOCKET, option, ret_value, &len) == 0;
}

bool shell_peer_read(int fd, struct sec_peer *ret_peer)
{
    struct sockaddr_un name = {0};
    struct ucred peer;
    socklen_t name_len = sizeof name, peer_len = sizeof peer;
    int type = 0, listening = 1;
    if (!get_option(fd, SO_TYPE, &type) || type != SOCK_STREAM || !get_option(fd, SO_ACCEPTCONN, &listening) || listening)
        return false;
    if (getsockname(fd, (struct sockaddr *)&name, &name_len) != 0 || name.sun_family != AF_UNIX ||
        name_len <= sizeof name.sun_family || name.sun_path[0] == '\0')
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) != 0)
        return false;
    ret_peer->uid = peer.uid;
    ret_peer->pid = peer.pid > 0 ? (uint32_t)peer.pid : 0; /* 0: a process that our namespace does not show */
    return true;
}
