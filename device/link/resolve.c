/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "../common/say.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* AI_ADDRCONFIG is not asked for: a device without an address yet may have one in a moment. */
static int look_up(const struct hub_host *host, struct link_address *to, size_t *ret_count)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICSERV | (host->literal ? AI_NUMERICHOST : 0), .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char port[8];
    size_t count = 0;
    snprintf(port, sizeof port, "%u", (unsigned)host->port);
    int rc = getaddrinfo(host->name, port, &hints, &list);
    for (const struct addrinfo *one = rc == 0 ? list : NULL; one && count < LINK_ADDRESSES_MAX_COUNT; one = one->ai_next) {
        if (one->ai_addrlen > sizeof to[count].at)
            continue;
        to[count].len = one->ai_addrlen;
        sec_copy(&to[count].at, one->ai_addr, one->ai_addrlen);
        count++;
    }
    if (rc == 0)
        freeaddrinfo(list);
    *ret_count = count;
    return rc;
}

/* The answer is small: one write, one read. */
__attribute__((noreturn)) static void look_up_and_tell(struct link *link, int to)
{
    size_t count = 0;
    int rc = look_up(&link->host, link->addresses, &count);
    if (rc != 0)
        say("hub %s, resolve: %s", link->host.name, gai_strerror(rc));
    ssize_t bytes = (ssize_t)(count * sizeof link->addresses[0]);
    _exit(rc == 0 && write(to, link->addresses, (size_t)bytes) == bytes ? 0 : 1);
}

static bool read_all(struct link *link, int from)
{
    uint8_t *to = (uint8_t *)link->addresses;
    size_t len = 0;
    ssize_t n = 1;
    while (n > 0 && len < sizeof link->addresses) {
        n = read(from, &to[len], sizeof link->addresses - len);
        len += n > 0 ? (size_t)n : 0;
    }
    link->addresses_count = len / sizeof link->addresses[0];
    return link->addresses_count > 0 && len % sizeof link->addresses[0] == 0;
}

bool link_resolve(struct link *link)
{
    int fds[2], wait_status;
    if (link->host.literal)
        return look_up(&link->host, link->addresses, &link->addresses_count) == 0 && link->addresses_count > 0;
    if (pipe(fds) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        look_up_and_tell(link, fds[1]);
    close(fds[1]);
    bool found = pid > 0 && read_all(link, fds[0]);
    close(fds[0]);
    while (pid > 0 && waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
        ;
    return found;
}
