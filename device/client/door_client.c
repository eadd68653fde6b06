/* SPDX-License-Identifier: Apache-2.0 */
#include "door_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static sec_status open_status(void)
{
    if (errno == ENOENT)
        return sec_st(SEC_NOT_FOUND);
    return sec_st(errno == ECONNREFUSED ? SEC_NOT_OPEN : SEC_IO_FAILED);
}

sec_status sec_door_open(struct sec_door *door, const char *path, unsigned timeout_s)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = (time_t)timeout_s};
    door->fd = -1;
    door->answered = false;
    door->notices_count = 0;
    struct sec_bytes name = sec_bytes_of_str(path);
    if (name.len >= sizeof address.sun_path)
        return sec_st(SEC_TOO_LARGE);
    sec_copy(address.sun_path, name.data, name.len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return sec_st(SEC_IO_FAILED);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        sec_status status = open_status();
        int error = errno;
        close(fd);
        errno = error;
        return status;
    }
    door->fd = fd;
    return sec_st(SEC_OK);
}

void sec_door_close(struct sec_door *door)
{
    if (door->fd >= 0)
        close(door->fd);
    door->fd = -1;
    sec_wipe(door->out_b, sizeof door->out_b);
    sec_wipe(door->in_b, sizeof door->in_b);
}

/* --- bytes ------------------------------------------------------------------------------------------- */

static sec_status trouble(void)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        errno = ETIMEDOUT;
    return sec_st(SEC_IO_FAILED);
}

static void put_fd(struct msghdr *msg, struct cmsghdr *room, size_t room_bytes, const int *fd)
{
    msg->msg_control = room;
    msg->msg_controllen = room_bytes;
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof *fd);
    sec_copy(CMSG_DATA(cmsg), fd, sizeof *fd);
}

/* The descriptor goes with the first byte. */
static sec_status send_all(struct sec_door *door, size_t len, int payload_fd)
{
    union {
        struct cmsghdr align;
        uint8_t b[CMSG_SPACE(sizeof(int))];
    } control = {0};
    for (size_t at = 0; at < len;) {
        struct iovec iov = {&door->out_b[at], len - at};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
        if (at == 0 && payload_fd >= 0)
            put_fd(&msg, &control.align, sizeof control.b, &payload_fd);
        ssize_t n = sendmsg(door->fd, &msg, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return trouble();
        at += (size_t)n;
    }
    return sec_st(SEC_OK);
}

static sec_status receive_all(struct sec_door *door, struct sec_room room)
{
    for (size_t at = 0; at < room.len;) {
        ssize_t n = recv(door->fd, &room.data[at], room.len - at, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ECONNRESET;
        if (n <= 0)
            return trouble();
        at += (size_t)n;
    }
    return sec_st(SEC_OK);
}

static sec_status receive_frame(struct sec_door *door, struct door_answer *ret_answer)
{
    uint8_t header_b[DOOR_HEADER_BYTES];
    unsigned kind = 0;
    size_t len = 0;
    SEC_TRY(receive_all(door, SEC_ROOM(header_b)));
    SEC_TRY(door_header_parse(SEC_BYTES(header_b), sizeof door->in_b, &kind, &len));
    SEC_TRY(receive_all(door, sec_room(door->in_b, len)));
    return door_answer_parse(kind, sec_bytes(door->in_b, len), ret_answer);
}

static void keep_notice(struct sec_door *door, struct sec_bytes topic)
{
    if (door->notices_count == SEC_DOOR_NOTICES_MAX_COUNT || topic.len > SEC_DOOR_TOPIC_MAX_BYTES)
        return;
    struct sec_door_notice *notice = &door->notices[door->notices_count++];
    sec_copy(notice->b, topic.data, topic.len);
    notice->len = topic.len;
}

/* --- requests ---------------------------------------------------------------------------------------- */

static sec_status send_request(struct sec_door *door, const struct door_request *request, int payload_fd)
{
    struct sec_wr body = sec_wr(sec_room(&door->out_b[DOOR_HEADER_BYTES], sizeof door->out_b - DOOR_HEADER_BYTES));
    struct sec_wr header = sec_wr(sec_room(door->out_b, DOOR_HEADER_BYTES));
    if (door->fd < 0)
        return sec_st(SEC_NOT_OPEN);
    SEC_TRY(door_request_encode(request, &body));
    door_header_encode((unsigned)request->kind, body.len, &header);
    sec_status status = send_all(door, DOOR_HEADER_BYTES + body.len, payload_fd);
    sec_wipe(door->out_b, DOOR_HEADER_BYTES + body.len);
    return status;
}

static sec_status call(struct sec_door *door, const struct door_request *request, int payload_fd, struct sec_bytes *ret_content)
{
    struct door_answer answer;
    door->answered = false;
    SEC_TRY(send_request(door, request, payload_fd));
    for (;;) {
        SEC_TRY(receive_frame(door, &answer));
        if (answer.kind == DOOR_ANSWER)
            break;
        keep_notice(door, answer.content);
    }
    door->answered = true;
    if (ret_content)
        *ret_content = answer.content; /* also beside a refusal: its receipt */
    return (sec_status){answer.code};
}

sec_status sec_door_submit(struct sec_door *door, struct sec_bytes statement, struct sec_bytes beside, int payload_fd,
                           struct sec_bytes *ret_receipt)
{
    const struct door_request request = {.kind = DOOR_SUBMIT, .a = statement, .b = beside};
    return call(door, &request, payload_fd, ret_receipt);
}

sec_status sec_door_report(struct sec_door *door, struct sec_bytes nonce, struct sec_bytes *ret_report)
{
    const struct door_request request = {.kind = DOOR_REPORT, .a = nonce};
    return call(door, &request, -1, ret_report);
}

sec_status sec_door_event(struct sec_door *door, struct sec_bytes event)
{
    const struct door_request request = {.kind = DOOR_EVENT, .a = event};
    return call(door, &request, -1, NULL);
}

sec_status sec_door_secret_put(struct sec_door *door, struct sec_bytes name, struct sec_bytes value)
{
    const struct door_request request = {.kind = DOOR_SECRET_PUT, .a = name, .b = value};
    return call(door, &request, -1, NULL);
}

sec_status sec_door_secret_get(struct sec_door *door, struct sec_bytes name, struct sec_bytes *ret_value)
{
    const struct door_request request = {.kind = DOOR_SECRET_GET, .a = name};
    return call(door, &request, -1, ret_value);
}

sec_status sec_door_secret_delete(struct sec_door *door, struct sec_bytes name)
{
    const struct door_request request = {.kind = DOOR_SECRET_DELETE, .a = name};
    return call(door, &request, -1, NULL);
}

sec_status sec_door_settings(struct sec_door *door, struct sec_bytes *ret_json)
{
    const struct door_request request = {.kind = DOOR_SETTINGS};
    return call(door, &request, -1, ret_json);
}

sec_status sec_door_log_read(struct sec_door *door, uint64_t from, struct sec_bytes *ret_entries)
{
    const struct door_request request = {.kind = DOOR_LOG_READ, .from = from};
    return call(door, &request, -1, ret_entries);
}

sec_status sec_door_device_status(struct sec_door *door, struct sec_bytes *ret_status)
{
    const struct door_request request = {.kind = DOOR_STATUS};
    return call(door, &request, -1, ret_status);
}

sec_status sec_door_subscribe(struct sec_door *door)
{
    const struct door_request request = {.kind = DOOR_SUBSCRIBE};
    return call(door, &request, -1, NULL);
}

sec_status sec_door_notice_next(struct sec_door *door, struct sec_bytes *ret_topic)
{
    struct door_answer answer;
    if (door->notices_count > 0) {
        const struct sec_door_notice *notice = &door->notices[0];
        sec_copy(door->in_b, notice->b, notice->len);
        *ret_topic = sec_bytes(door->in_b, notice->len);
        door->notices_count--;
        for (size_t i = 0; i < door->notices_count; i++)
            door->notices[i] = door->notices[i + 1];
        return sec_st(SEC_OK);
    }
    door->answered = false;
    if (door->fd < 0)
        return sec_st(SEC_NOT_OPEN);
    SEC_TRY(receive_frame(door, &answer));
    if (answer.kind != DOOR_NOTICE)
        return sec_st(SEC_WRONG_KIND);
    *ret_topic = answer.content;
    return sec_st(SEC_OK);
}
