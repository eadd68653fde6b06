/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include <ipc.h>
#include <ipc_channel.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t room_b[IPC_MAX_BYTES];
static uint8_t other_b[IPC_MAX_BYTES];

static struct ipc_message sample(enum ipc_kind kind)
{
    return (struct ipc_message){
        .kind = kind,
        .user = 7,
        .group = 8,
        .id = 0x01020304,
        .code = 0x0321,
        .flag = true,
        .size = UINT64_C(0x1122334455667788),
        .digest = {{9, 8, 7}},
        .a = SEC_LIT("some bytes"),
        .b = SEC_LIT("beside"),
    };
}

static enum ipc_role first_role(unsigned roles)
{
    return (enum ipc_role)(roles & (~roles + 1u));
}

#define KINDS_MAX_NUMBER 255u

static void every_kind_goes_round(void)
{
    unsigned count = 0;
    for (unsigned number = 0; number <= KINDS_MAX_NUMBER; number++) {
        const struct ipc_rule *rule = ipc_rule_of(number);
        if (!rule)
            continue;
        struct ipc_message message = sample(rule->kind), back;
        struct sec_wr wr = sec_wr(SEC_ROOM(room_b)), again = sec_wr(SEC_ROOM(other_b));
        CHECK_OK(ipc_encode(&message, &wr));
        CHECK_OK(ipc_parse(sec_wr_done(&wr), first_role(rule->senders), first_role(rule->receivers), &back));
        CHECK_OK(ipc_encode(&back, &again));
        CHECK_BYTES(sec_wr_done(&again), sec_wr_done(&wr));
        count++;
    }
    CHECK_INT(count, 27);
}

static void every_shorter_or_longer_packet_is_refused(void)
{
    for (unsigned number = 0; number <= KINDS_MAX_NUMBER; number++) {
        const struct ipc_rule *rule = ipc_rule_of(number);
        if (!rule)
            continue;
        struct ipc_message message = sample(rule->kind), back;
        enum ipc_role from = first_role(rule->senders), to = first_role(rule->receivers);
        struct sec_wr wr = sec_wr(SEC_ROOM(room_b));
        CHECK_OK(ipc_encode(&message, &wr));
        for (size_t len = 0; len < wr.len; len++)
            CHECK(!sec_ok(ipc_parse(sec_bytes(room_b, len), from, to, &back)));
        room_b[wr.len] = 0;
        CHECK(!sec_ok(ipc_parse(sec_bytes(room_b, wr.len + 1), from, to, &back)));
        /* also when the header agrees with the leftover byte */
        room_b[7] = (uint8_t)(room_b[7] + 1);
        CHECK(!sec_ok(ipc_parse(sec_bytes(room_b, wr.len + 1), from, to, &back)));
    }
}

static void a_kind_from_the_wrong_side_is_refused(void)
{
    static const enum ipc_role roles[] = {IPC_PARENT, IPC_DOOR, IPC_KEEPER, IPC_INSTALLER, IPC_LINK};
    for (unsigned number = 0; number <= KINDS_MAX_NUMBER; number++) {
        const struct ipc_rule *rule = ipc_rule_of(number);
        for (size_t i = 0; rule && i < 25; i++) {
            enum ipc_role from = roles[i % 5], to = roles[i / 5];
            struct ipc_message message = sample(rule->kind), back;
            struct sec_wr wr = sec_wr(SEC_ROOM(room_b));
            CHECK_OK(ipc_encode(&message, &wr));
            bool allowed = (rule->senders & (unsigned)from) && (rule->receivers & (unsigned)to);
            CHECK_STATUS(ipc_parse(sec_wr_done(&wr), from, to, &back), allowed ? SEC_OK : SEC_WRONG_KIND);
        }
    }
}

static sec_status parse_changed(size_t at, uint8_t value)
{
    struct ipc_message message = sample(IPC_INTERFACE), back;
    struct sec_wr wr = sec_wr(SEC_ROOM(room_b));
    CHECK_OK(ipc_encode(&message, &wr));
    room_b[at] = value;
    return ipc_parse(sec_wr_done(&wr), IPC_KEEPER, IPC_PARENT, &back);
}

static void what_breaks_the_form_has_its_code(void)
{
    CHECK_STATUS(parse_changed(0, 2), SEC_UNKNOWN_FORMAT);
    CHECK_STATUS(parse_changed(1, 99), SEC_WRONG_KIND);
    CHECK_STATUS(parse_changed(3, 1), SEC_BAD_VALUE);
    CHECK_STATUS(parse_changed(12, 2), SEC_BAD_VALUE); /* the flag */
    CHECK_STATUS(parse_changed(13, 0xff), SEC_TOO_LARGE);
    CHECK_STATUS(parse_changed(16, 11), SEC_TRUNCATED);
    CHECK_STATUS(parse_changed(16, 9), SEC_LEFTOVER);
    struct ipc_message message = sample(IPC_INTERFACE);
    struct sec_wr wr = sec_wr(SEC_ROOM(room_b));
    message.a = sec_bytes(other_b, IPC_A_MAX_BYTES + 1);
    CHECK_STATUS(ipc_encode(&message, &wr), SEC_TOO_LARGE);
}

/* --- the channel --------------------------------------------------------------------------------------- */

static struct ipc_channel keeper, door;

static void begin_channel(void)
{
    int fds[2];
    CHECK_OK(ipc_pair(fds));
    keeper = (struct ipc_channel){fds[0], IPC_KEEPER, IPC_DOOR};
    door = (struct ipc_channel){fds[1], IPC_DOOR, IPC_KEEPER};
}

static void end_channel(void)
{
    ipc_close(&keeper);
    ipc_close(&door);
}

static void the_largest_message_passes_with_its_descriptor(void)
{
    struct ipc_message message = sample(IPC_REQUEST), back;
    int fd = -1;
    begin_channel();
    message.a = sec_bytes(other_b, IPC_A_MAX_BYTES);
    message.b = sec_bytes(other_b, IPC_B_MAX_BYTES);
    CHECK_OK(ipc_send(&door, &message, STDOUT_FILENO));
    CHECK_OK(ipc_receive(&keeper, SEC_ROOM(room_b), &back, &fd));
    CHECK_INT(back.a.len, IPC_A_MAX_BYTES);
    CHECK(fd > STDERR_FILENO && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
    close(fd);
    end_channel();
}

static void descriptors_that_are_not_allowed_or_miss_are_refused(void)
{
    struct ipc_message gone = sample(IPC_GONE), connected = sample(IPC_CONNECTED), back;
    int fd = -1;
    begin_channel();
    CHECK_OK(ipc_send(&door, &gone, STDOUT_FILENO));
    CHECK_STATUS(ipc_receive(&keeper, SEC_ROOM(room_b), &back, &fd), SEC_UNKNOWN_FIELD);
    CHECK_OK(ipc_send(&door, &connected, -1));
    CHECK_STATUS(ipc_receive(&keeper, SEC_ROOM(room_b), &back, &fd), SEC_UNKNOWN_FIELD);
    CHECK_INT(fd, -1);
    end_channel();
}

/* Sends a packet with `count` descriptors, as a peer in wrong hands would. */
static void send_with_fds(int to, struct sec_bytes packet, size_t count)
{
    union {
        struct cmsghdr align;
        uint8_t b[CMSG_SPACE(16 * sizeof(int))];
    } control = {0};
    uint8_t copy_b[64];
    CHECK(sec_bytes_copy(SEC_ROOM(copy_b), packet));
    struct iovec iov = {copy_b, packet.len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.b, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    int fds[16];
    for (size_t i = 0; i < 16; i++)
        fds[i] = STDOUT_FILENO;
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(cmsg), fds, count * sizeof(int));
    CHECK(sendmsg(to, &msg, 0) == (ssize_t)packet.len);
}

static int open_count(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void too_many_descriptors_are_refused_and_none_leaks(void)
{
    struct ipc_message connected = sample(IPC_CONNECTED), back;
    int fd = -1;
    begin_channel();
    int before = open_count();
    struct sec_wr wr = sec_wr(SEC_ROOM(other_b));
    CHECK_OK(ipc_encode(&connected, &wr));
    for (size_t count = 2; count <= 16; count++) {
        send_with_fds(door.fd, sec_wr_done(&wr), count);
        CHECK(!sec_ok(ipc_receive(&keeper, SEC_ROOM(room_b), &back, &fd)));
        CHECK_INT(fd, -1);
    }
    CHECK_INT(open_count(), before);
    end_channel();
}

static void a_packet_beyond_the_room_is_refused(void)
{
    struct ipc_message message = sample(IPC_REQUEST), back;
    int fd = -1;
    begin_channel();
    CHECK_OK(ipc_send(&door, &message, -1));
    CHECK_STATUS(ipc_receive(&keeper, sec_room(room_b, 16), &back, &fd), SEC_TOO_LARGE);
    end_channel();
}

static void a_full_or_closed_channel_says_so(void)
{
    struct ipc_message message = sample(IPC_REQUEST), back;
    int fd = -1, sent = 0;
    begin_channel();
    CHECK(fcntl(door.fd, F_SETFL, O_NONBLOCK) == 0);
    CHECK(fcntl(keeper.fd, F_SETFL, O_NONBLOCK) == 0);
    CHECK_STATUS(ipc_receive(&keeper, SEC_ROOM(room_b), &back, &fd), SEC_BUSY);
    sec_status status;
    while (sec_ok(status = ipc_send(&door, &message, -1)) && sent < 1000000)
        sent++;
    CHECK_STATUS(status, SEC_BUSY);
    ipc_close(&keeper);
    CHECK_STATUS(ipc_send(&door, &message, -1), SEC_NOT_OPEN);
    CHECK_STATUS(ipc_receive(&keeper, SEC_ROOM(room_b), &back, &fd), SEC_NOT_OPEN);
    end_channel();
}

static const struct test tests[] = {
    TEST(every_kind_goes_round),
    TEST(every_shorter_or_longer_packet_is_refused),
    TEST(a_kind_from_the_wrong_side_is_refused),
    TEST(what_breaks_the_form_has_its_code),
    TEST(the_largest_message_passes_with_its_descriptor),
    TEST(descriptors_that_are_not_allowed_or_miss_are_refused),
    TEST(too_many_descriptors_are_refused_and_none_leaks),
    TEST(a_packet_beyond_the_room_is_refused),
    TEST(a_full_or_closed_channel_says_so),
};

TEST_MAIN(tests)
