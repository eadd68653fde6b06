/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "../common/say.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

/* A busy device does not make the hub's poll end more often than this. */
#define NEWS_PAUSE_MS UINT64_C(1000)

uint64_t link_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t link_random(struct link *link)
{
    uint32_t number = 0;
    (void)link->crypto.random(link->crypto.ctx, sec_room(&number, sizeof number)); /* 0 at worst: no spread */
    return number;
}

static void stop(struct link *link)
{
    if (!link->stopping)
        link->stop_ms = link_now_ms() + LINK_STOP_WITHIN_MS;
    link->stopping = true;
}

static void broke(struct link *link, const char *peer, const char *why)
{
    say("%s, message: %s", peer, why);
    link->broken = true;
    stop(link);
}

static void take_parent(struct link *link)
{
    uint8_t room_b[IPC_HEADER_BYTES + 64];
    struct ipc_message message;
    int fd = -1;
    sec_status status = ipc_receive(&link->start.parent, SEC_ROOM(room_b), &message, &fd);
    if (sec_ok(status) && message.kind == IPC_CHANNEL) {
        ipc_close(&link->keeper);
        link->keeper.fd = fd;
    } else if (sec_ok(status) && message.kind == IPC_STOP) {
        stop(link);
    } else if (sec_is(status, SEC_NOT_OPEN)) {
        ipc_close(&link->start.parent);
        link->broken = true;
        stop(link);
    } else if (!sec_is(status, SEC_BUSY)) {
        broke(link, "parent", sec_ok(status) ? "not for link" : sec_status_text(status));
    }
}

/* Nothing was asked: the keeper may tell news, or be gone. */
static void take_keeper(struct link *link)
{
    uint8_t room_b[IPC_HEADER_BYTES + 64];
    struct ipc_message message;
    int fd = -1;
    sec_status status = ipc_receive(&link->keeper, SEC_ROOM(room_b), &message, &fd);
    if (sec_ok(status) && message.kind == IPC_NEWS)
        link->records = message.size;
    else if (sec_is(status, SEC_NOT_OPEN))
        ipc_close(&link->keeper); /* the next one's channel comes from the parent */
    else if (!sec_is(status, SEC_BUSY))
        broke(link, "keeper", sec_ok(status) ? "an answer that nobody asked for" : sec_status_text(status));
}

static bool has_news(struct link *link, uint64_t records_known, uint64_t now_ms)
{
    if (link->records <= records_known || now_ms - link->interrupted_ms < NEWS_PAUSE_MS)
        return false;
    link->interrupted_ms = now_ms;
    return true;
}

static int timeout_ms(const struct link *link, uint64_t now_ms, uint64_t due_ms, bool for_news, uint64_t records_known)
{
    if (link->stopping && link->stop_ms < due_ms)
        due_ms = link->stop_ms;
    if (for_news && link->records > records_known && link->interrupted_ms + NEWS_PAUSE_MS < due_ms)
        due_ms = link->interrupted_ms + NEWS_PAUSE_MS;
    uint64_t left_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    return left_ms > 3600000 ? 3600000 : (int)left_ms;
}

enum link_wait link_wait(struct link *link, int fd, short events, uint64_t due_ms, bool idle, bool for_news, uint64_t records_known)
{
    for (;;) {
        uint64_t now_ms = link_now_ms();
        if (link->stopping && (idle || now_ms >= link->stop_ms))
            return LINK_STOP;
        if (for_news && has_news(link, records_known, now_ms))
            return LINK_NEWS;
        struct pollfd fds[] = {{fd, events, 0}, {link->start.parent.fd, POLLIN, 0}, {link->keeper.fd, POLLIN, 0}};
        int n = poll(fds, 3, timeout_ms(link, now_ms, due_ms, for_news, records_known));
        if (n < 0 && errno != EINTR)
            broke(link, "poll", "failed");
        if (n > 0 && fds[1].revents)
            take_parent(link);
        else if (n > 0 && fds[2].revents) /* in the next round when the parent has just given another channel */
            take_keeper(link);
        if (n > 0 && fds[0].revents)
            return LINK_READY;
        if (link_now_ms() >= due_ms)
            return LINK_TIMEOUT;
    }
}
