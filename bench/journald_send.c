/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends events in journald's native form to its socket, for the comparison of bytes per event.
 * Usage: journald_send SOCKET COUNT BYTES
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char text[2048], fill[1024];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (argc != 4)
        return 2;
    unsigned count = (unsigned)strtoul(argv[2], NULL, 10), bytes = (unsigned)strtoul(argv[3], NULL, 10);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bytes > sizeof fill - 1 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return 3;
    memset(fill, 'x', sizeof fill);
    fill[bytes] = 0;
    for (unsigned i = 0; i < count; i++) {
        int len = snprintf(text, sizeof text, "MESSAGE=%08u %s\nPRIORITY=6\nSYSLOG_IDENTIFIER=pump-app\n", i, fill);
        if (send(fd, text, (size_t)len, 0) < 0)
            return 3;
    }
    return 0;
}
