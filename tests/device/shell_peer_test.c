/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include <shell_peer.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sec_peer peer;
static struct sockaddr_un address;

static int listen_at_name(int type)
{
    address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/securable-peer-%d", (int)getpid());
    (void)unlink(address.sun_path);
    int fd = socket(AF_UNIX, type, 0);
    CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
    return fd;
}

static void an_accepted_connection_tells_its_peer(void)
{
    int listener = listen_at_name(SOCK_STREAM), client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(connect(client, (const struct sockaddr *)&address, sizeof address) == 0);
    int accepted = accept(listener, NULL, NULL);
    CHECK(shell_peer_read(accepted, &peer));
    CHECK_INT(peer.uid, getuid());
    CHECK_INT(peer.pid, getpid());
    /* The client's end has no name: whoever listens could else be taken for whoever asks. */
    CHECK(!shell_peer_read(client, &peer));
    CHECK(!shell_peer_read(listener, &peer));
    close(accepted);
    close(client);
    close(listener);
    (void)unlink(address.sun_path);
}

static void a_channel_of_our_own_is_no_connection(void)
{
    int stream[2], packets[2], pipe_fds[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets) == 0);
    CHECK(pipe(pipe_fds) == 0);
    const int fds[] = {stream[0], stream[1], packets[0], packets[1], pipe_fds[0], pipe_fds[1]};
    for (size_t i = 0; i < 6; i++) {
        CHECK(!shell_peer_read(fds[i], &peer));
        close(fds[i]);
    }
    CHECK(!shell_peer_read(-1, &peer));
}

static void a_connection_of_another_family_is_refused(void)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof local;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (const struct sockaddr *)&local, sizeof local) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&local, &len) != 0 ||
        connect(client, (const struct sockaddr *)&local, sizeof local) != 0) {
        close(listener);
        close(client);
        SKIP("no loopback here");
    }
    int accepted = accept(listener, NULL, NULL);
    CHECK(!shell_peer_read(accepted, &peer));
    close(accepted);
    close(client);
    close(listener);
}

static const struct test tests[] = {
    TEST(an_accepted_connection_tells_its_peer),
    TEST(a_channel_of_our_own_is_no_connection),
    TEST(a_connection_of_another_family_is_refused),
};

TEST_MAIN(tests)
