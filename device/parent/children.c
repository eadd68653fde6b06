/* SPDX-License-Identifier: Apache-2.0 */
#include "parent.h"
#include "process.h"

#include "../common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOOR_READY_WITHIN_MS UINT64_C(10000)
/* A long journal is folded, and effects that a power cut left are brought about, before the keeper is ready. */
#define KEEPER_READY_WITHIN_MS UINT64_C(900000)
/* Names are resolved before link is ready. */
#define LINK_READY_WITHIN_MS UINT64_C(90000)
#define DOOR_STOP_WITHIN_MS UINT64_C(3000)
#define KEEPER_STOP_WITHIN_MS UINT64_C(15000)
#define RESTART_FIRST_MS UINT64_C(200)
#define RESTART_MOST_MS UINT64_C(30000)
#define FAILURES_MAX_COUNT 10u
/* After so long a life a death does not count as one of a row. */
#define STEADY_MS UINT64_C(60000)
/* After so long a life link's next start begins its back-off anew. */
#define LINK_STEADY_MS UINT64_C(900000)
#define LINK_FAILURES_MAX_COUNT 16u

void children_init(struct parent *parent)
{
    parent->door = (struct child){.role = IPC_DOOR, .name = "door", .channel = {-1, IPC_PARENT, IPC_DOOR}};
    parent->keeper = (struct child){.role = IPC_KEEPER, .name = "keeper", .channel = {-1, IPC_PARENT, IPC_KEEPER}};
    parent->link = (struct child){.role = IPC_LINK, .name = "link", .channel = {-1, IPC_PARENT, IPC_LINK}};
    parent->effect.channel.fd = parent->spool.channel.fd = -1;
}

void children_kill(struct child *child, const char *why)
{
    say("%s, process %d: %s; killed", child->name, (int)child->pid, why);
    process_kill(child->pid);
    ipc_close(&child->channel);
}

/* --- start ------------------------------------------------------------------------------------------- */

/* The one descriptor that is its own. */
static int own_fd(const struct parent *parent, const struct child *child)
{
    return child->role == IPC_DOOR ? parent->listen_fd : child->role == IPC_LINK ? parent->link_fd : parent->state_fd;
}

static sec_status start_process(struct parent *parent, struct child *child, int theirs)
{
    char path[CONFIG_PATH_MAX_BYTES + 32], name[32];
    /* The C library's cache of freed pieces would keep pages that no piece in use lies in. */
    char lean[] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0";
    char *argv[] = {name, NULL}, *envp[] = {lean, NULL};
    snprintf(name, sizeof name, "securable-%s", child->name);
    snprintf(path, sizeof path, "%s/%s", parent->config.libexec, name);
    const struct process_plan plan = {
        .path = path,
        .argv = argv,
        .envp = envp,
        .fds = {theirs, parent->empty_fd, own_fd(parent, child)},
        .fds_count = 3,
    };
    return process_start(&plan, &child->pid);
}

/* The keeper's reports say what confines everyone; link is told where the hub is. */
static struct sec_bytes start_text(const struct parent *parent, const struct child *child, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    if (child->role == IPC_KEEPER) {
        sec_wr_bytes(&wr, sec_bytes_of_str(parent->confinement.text));
        sec_wr_bytes(&wr, SEC_LIT("; "));
        sec_wr_bytes(&wr, sec_bytes_of_str(parent->door.text));
    } else if (child->role == IPC_LINK) {
        hub_place_encode(&parent->hub, &wr);
    }
    return sec_wr_done(&wr);
}

static sec_status send_start(const struct parent *parent, const struct child *child)
{
    uint8_t text_b[2 * CONFINEMENT_TEXT_MAX_BYTES + 8];
    bool is_keeper = child->role == IPC_KEEPER, is_link = child->role == IPC_LINK;
    const struct config_user *user = is_keeper ? &parent->keeper_user : is_link ? &parent->link_user : &parent->door_user;
    const struct ipc_message start = {
        .kind = IPC_START,
        .user = parent->as_root ? user->user : 0,
        .group = parent->as_root ? user->group : 0,
        .id = is_keeper ? child->former_run_s : 0,
        /* Once at a boot: a keeper that died must not wipe for the next owner too. */
        .flag = is_keeper && parent->present && !child->ever_ready,
        .size = is_link ? parent->config.payload_max_bytes : parent->config.segment_bytes,
        .a = start_text(parent, child, SEC_ROOM(text_b)),
    };
    return ipc_send(&child->channel, &start, -1);
}

static void fell(struct parent *parent, struct child *child, uint64_t now_ms)
{
    child->failures = now_ms - child->started_ms > STEADY_MS ? 1 : child->failures + 1;
    uint64_t delay_ms = RESTART_FIRST_MS << (child->failures > 8 ? 8 : child->failures - 1);
    child->due_ms = now_ms + (delay_ms < RESTART_MOST_MS ? delay_ms : RESTART_MOST_MS);
    child->state = CHILD_DOWN;
    /* Without link the device does its work. */
    if (child->failures > FAILURES_MAX_COUNT && child->role != IPC_LINK) {
        say("%s, restart: died %u times in a row, given up", child->name, child->failures);
        parent->exit_code = EXIT_REFUSED;
        children_stop(parent);
    }
}

static void start(struct parent *parent, struct child *child, uint64_t now_ms)
{
    int pair[2];
    child->started_ms = now_ms;
    sec_status status = ipc_pair(pair);
    if (sec_ok(status)) {
        ipc_close(&child->channel);
        child->channel.fd = pair[0];
        (void)fcntl(pair[0], F_SETFL, O_NONBLOCK); /* a child that does not read must not stop us */
        status = start_process(parent, child, pair[1]);
        close(pair[1]);
    }
    if (sec_ok(status))
        status = send_start(parent, child);
    if (!sec_ok(status)) {
        say("%s, start: %s", child->name, strerror(errno));
        process_kill(child->pid);
        fell(parent, child, now_ms);
        return;
    }
    child->state = CHILD_STARTING;
    child->due_ms = now_ms + (child->role == IPC_DOOR ? DOOR_READY_WITHIN_MS : child->role == IPC_LINK ? LINK_READY_WITHIN_MS : KEEPER_READY_WITHIN_MS);
}

static bool may_start(const struct parent *parent, const struct child *child)
{
    if (child->state != CHILD_DOWN || child->pid != 0 || parent->stopping)
        return false;
    if (child->role == IPC_LINK)
        return parent->hub.address[0] != '\0' && parent->link_fd >= 0 && !parent->link_erase && parent->keeper.state == CHILD_READY;
    /* The keeper's report names the door's confinement, and jobs of a keeper that died must have ended. */
    return child->role == IPC_DOOR || (parent->door.ever_ready && effects_idle(parent));
}

static void tick(struct parent *parent, struct child *child, uint64_t now_ms)
{
    if (now_ms < child->due_ms)
        return;
    if (may_start(parent, child)) {
        start(parent, child, now_ms);
    } else if ((child->state == CHILD_STARTING || child->state == CHILD_STOPPING) && child->pid != 0) {
        children_kill(child, child->state == CHILD_STARTING ? "not ready in time" : "not stopped in time");
        child->due_ms = UINT64_MAX;
    }
}

void children_tick(struct parent *parent, uint64_t now_ms)
{
    tick(parent, &parent->door, now_ms);
    tick(parent, &parent->keeper, now_ms);
    link_tick(parent);
    tick(parent, &parent->link, now_ms);
}

static uint64_t due_ms(const struct parent *parent, const struct child *child)
{
    bool waits = may_start(parent, child) || ((child->state == CHILD_STARTING || child->state == CHILD_STOPPING) && child->pid != 0);
    return waits ? child->due_ms : UINT64_MAX;
}

uint64_t children_due_ms(const struct parent *parent)
{
    uint64_t a = due_ms(parent, &parent->door), b = due_ms(parent, &parent->keeper), c = due_ms(parent, &parent->link);
    a = a < b ? a : b;
    return a < c ? a : c;
}

/* --- messages ---------------------------------------------------------------------------------------- */

static void send_channel(struct child *child, enum ipc_role other, int fd)
{
    const struct ipc_message channel = {.kind = IPC_CHANNEL, .code = (uint16_t)other};
    if (!sec_ok(ipc_send(&child->channel, &channel, fd)))
        children_kill(child, "does not take its messages");
}

/* The keeper and another get the ends of a fresh pair, whoever of them is new. */
static void connect_with_keeper(struct parent *parent, struct child *child)
{
    int pair[2];
    const struct timeval keeper_patience = {5, 0};
    if (child->state != CHILD_READY || parent->keeper.state != CHILD_READY || !sec_ok(ipc_pair(pair)))
        return;
    /* The others never wait for the keeper; the keeper waits a little for them. Confined, none can set this itself. */
    (void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDTIMEO, &keeper_patience, sizeof keeper_patience);
    send_channel(child, IPC_KEEPER, pair[0]);
    send_channel(&parent->keeper, child->role, pair[1]);
    close(pair[0]);
    close(pair[1]);
    if (!parent->announced && child->role == IPC_DOOR) {
        say("ready, socket %s", parent->config.socket);
        parent->announced = true;
    }
}

static void ready(struct parent *parent, struct child *child, struct sec_bytes text)
{
    if (child->state != CHILD_STARTING)
        return;
    size_t len = text.len < sizeof child->text ? text.len : sizeof child->text - 1;
    sec_copy(child->text, text.data, len);
    child->text[len] = '\0';
    if (!child->ever_ready)
        say("%s", child->text);
    else if (child->died)
        watch_observe(parent, "process-restarted", child->name);
    child->state = CHILD_READY;
    child->ever_ready = true;
    if (child->role != IPC_LINK)
        connect_with_keeper(parent, &parent->door);
    if (child->role != IPC_DOOR)
        connect_with_keeper(parent, &parent->link);
}

void children_receive(struct parent *parent, struct child *child)
{
    static uint8_t room_b[IPC_MAX_BYTES];
    struct ipc_message message;
    int fd = -1;
    sec_status status = ipc_receive(&child->channel, SEC_ROOM(room_b), &message, &fd);
    if (sec_is(status, SEC_BUSY))
        return;
    if (sec_is(status, SEC_NOT_OPEN)) { /* it is about to end; SIGCHLD says how */
        ipc_close(&child->channel);
        if (child->state != CHILD_STOPPING)
            child->due_ms = parent_now_ms() + DOOR_STOP_WITHIN_MS;
        child->state = CHILD_STOPPING;
        return;
    }
    if (!sec_ok(status)) {
        children_kill(child, sec_status_text(status));
        return;
    }
    if (message.kind == IPC_READY)
        ready(parent, child, message.a);
    else if (child->role == IPC_KEEPER)
        effects_request(parent, &message, fd);
    sec_wipe(room_b, message.a.len);
}

/* --- ends -------------------------------------------------------------------------------------------- */

static void tell_end(const struct child *child, int wait_status)
{
    if (WIFSIGNALED(wait_status))
        say("%s, process %d: ended by signal %d", child->name, (int)child->pid, WTERMSIG(wait_status));
    else if (WEXITSTATUS(wait_status) != 0)
        say("%s, process %d: ended with code %d", child->name, (int)child->pid, WEXITSTATUS(wait_status));
}

/* Link ends by itself when it does not reach the hub, so that its name is resolved anew; its back-off goes on. */
static void link_ended(struct parent *parent, uint64_t now_ms)
{
    struct child *link = &parent->link;
    if (link->died) {
        parent->hub.failures = 0;
        fell(parent, link, now_ms);
        return;
    }
    bool steady = now_ms - link->started_ms > LINK_STEADY_MS;
    parent->hub.failures = steady ? 1 : parent->hub.failures < LINK_FAILURES_MAX_COUNT ? parent->hub.failures + 1 : LINK_FAILURES_MAX_COUNT;
    /* One that could not resolve the name had nobody to wait with. */
    if (parent->link_erase) /* another hub: nothing is known of it */
        parent->hub.failures = 0;
    unsigned doublings = link->state == CHILD_STARTING ? (unsigned)parent->hub.failures : 0;
    link->failures = 0;
    link->state = CHILD_DOWN;
    link->due_ms = now_ms + (RESTART_FIRST_MS << (doublings < 8 ? doublings : 8));
}

static void ended(struct parent *parent, struct child *child, int wait_status)
{
    bool hopeless = child->role != IPC_LINK && !child->ever_ready && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EXIT_ENVIRONMENT;
    tell_end(child, wait_status);
    uint64_t ran_s = (parent_now_ms() - child->started_ms) / 1000 + 1;
    child->former_run_s = ran_s < UINT32_MAX ? (uint32_t)ran_s : UINT32_MAX;
    child->pid = 0;
    bool in_order = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
    child->died = child->role != IPC_LINK || !(in_order || parent->link_erase);
    ipc_close(&child->channel);
    if (child->role == IPC_KEEPER)
        effects_abandon(parent);
    if (parent->stopping) {
        child->state = CHILD_GONE;
        children_stop(parent);
    } else if (hopeless) { /* its surroundings are wrong: trying again cannot help */
        child->state = CHILD_GONE;
        parent->exit_code = EXIT_ENVIRONMENT;
        children_stop(parent);
    } else if (child->role == IPC_LINK) {
        link_ended(parent, parent_now_ms());
    } else {
        fell(parent, child, parent_now_ms());
    }
}

bool children_ended(struct parent *parent, pid_t pid, int wait_status)
{
    struct child *const children[] = {&parent->door, &parent->keeper, &parent->link};
    for (size_t i = 0; i < sizeof children / sizeof children[0]; i++) {
        if (children[i]->pid == pid) {
            ended(parent, children[i], wait_status);
            return true;
        }
    }
    return false;
}

/* True when the child has stopped; else it was told to, once. */
static bool stop(struct child *child, uint64_t within_ms)
{
    const struct ipc_message message = {.kind = IPC_STOP};
    if (child->pid == 0) {
        child->state = CHILD_GONE;
        return true;
    }
    if (child->state == CHILD_STOPPING)
        return false;
    child->state = CHILD_STOPPING;
    child->due_ms = parent_now_ms() + within_ms;
    if (!sec_ok(ipc_send(&child->channel, &message, -1)))
        process_kill(child->pid);
    return false;
}

void children_stop(struct parent *parent)
{
    parent->stopping = true;
    bool door = stop(&parent->door, DOOR_STOP_WITHIN_MS), link = stop(&parent->link, DOOR_STOP_WITHIN_MS);
    if (door && link)
        (void)stop(&parent->keeper, KEEPER_STOP_WITHIN_MS + parent->config.hook_timeout_s * 1000);
}

bool children_all_gone(const struct parent *parent)
{
    return parent->door.state == CHILD_GONE && parent->keeper.state == CHILD_GONE && parent->link.state == CHILD_GONE;
}
