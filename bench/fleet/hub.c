/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool write_all(int fd, const void *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = send(fd, (const char *)data + done, len - done, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

unsigned hub_call(const struct fleet *fleet, const char *method, const char *path, const char *type, struct sec_bytes body, char *answer, size_t answer_room)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {20, 0};
    char head[1024];
    size_t got = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, fleet->hub_socket, sizeof fleet->hub_socket);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int len = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n%s%s%sContent-Length: %zu\r\n\r\n", method, path,
                       type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "", body.len);
    bool sent = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && write_all(fd, head, (size_t)len) && write_all(fd, body.data, body.len);
    for (ssize_t n = 1; sent && n > 0 && got < answer_room - 1;) {
        n = recv(fd, &answer[got], answer_room - 1 - got, 0);
        got += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    answer[got] = '\0';
    unsigned status = got > 12 ? (unsigned)strtoul(&answer[9], NULL, 10) : 0;
    char *end = strstr(answer, "\r\n\r\n");
    if (end)
        memmove(answer, &end[4], strlen(&end[4]) + 1);
    return status;
}
