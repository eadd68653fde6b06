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
#define DOOR_STOP_WITHIN_MS UINT64_C(3000)
#define KEEPER_STOP_WITHIN_MS UINT64_C(15000)
#define RESTART_FIRST_MS UINT64_C(200)
#define RESTART_MOST_MS UINT64_C(30000)
#define FAILURES_MAX_COUNT 10u
/* After so long a life a death does not count as one of a row. */
#define STEADY_MS UINT64_C(60000)

void children_init(struct parent *parent)
{
    parent->door = (struct child){.role = IPC_DOOR, .name = "door", .channel = {-1, IPC_PARENT, IPC_DOOR}};
    parent->keeper = (struct child){.role = IPC_KEEPER, .name = "keeper", .channel = {-1, IPC_PARENT, IPC_KEEPER}};
    parent->effect.channel.fd = parent->spool.channel.fd = -1;
}

void children_kill(struct child *child, const char *why)
{
    say("%s, process %d: %s; killed", child->name, (int)child->pid, why);
    process_kill(child->pid);
    ipc_close(&child->channel);
}

/* --- start ------------------------------------------------------------------------------------------- */

static sec_status start_process(struct parent *parent, struct child *child, int theirs)
{
    char path[CONFIG_PATH_MAX_BYTES + 32], name[32];
    char *argv[] = {name, NULL}, *envp[] = {NULL};
    bool is_door = child->role == IPC_DOOR;
    snprintf(name, sizeof name, "securable-%s", child->name);
    snprintf(path, sizeof path, "%s/%s", parent->config.libexec, name);
    const struct process_plan plan = {
        .path = path,
        .argv = argv,
        .envp = envp,
        .fds = {theirs, parent->empty_fd, is_door ? parent->listen_fd : parent->state_fd},
        .fds_count = 3,
    };
    return process_start(&plan, &child->pid);
}

/* The keeper's reports say what confines everyone. */
static sec_status send_start(const struct parent *parent, const struct child *child)
{
    bool is_door = child->role == IPC_DOOR;
    char text[2 * CONFINEMENT_TEXT_MAX_BYTES + 8];
    snprintf(text, sizeof text, "%s; %s", parent->confinement.text, parent->door.text);
    const struct config_user *user = is_door ? &parent->door_user : &parent->keeper_user;
    const struct ipc_message start = {
        .kind = IPC_START,
        .user = parent->as_root ? user->user : 0,
        .group = parent->as_root ? user->group : 0,
        .size = parent->config.segment_bytes,
        .a = is_door ? sec_bytes(NULL, 0) : sec_bytes_of_str(text),
    };
    return ipc_send(&child->channel, &start, -1);
}

static void fell(struct parent *parent, struct child *child, uint64_t now_ms)
{
    child->failures = now_ms - child->started_ms > STEADY_MS ? 1 : child->failures + 1;
    uint64_t delay_ms = RESTART_FIRST_MS << (child->failures > 8 ? 8 : child->failures - 1);
    child->due_ms = now_ms + (delay_ms < RESTART_MOST_MS ? delay_ms : RESTART_MOST_MS);
    child->state = CHILD_DOWN;
    if (child->failures > FAILURES_MAX_COUNT) {
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
    child->due_ms = now_ms + (child->role == IPC_DOOR ? DOOR_READY_WITHIN_MS : KEEPER_READY_WITHIN_MS);
}

static bool may_start(const struct parent *parent, const struct child *child)
{
    if (child->state != CHILD_DOWN || child->pid != 0 || parent->stopping)
        return false;
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
}

static uint64_t due_ms(const struct parent *parent, const struct child *child)
{
    bool waits = may_start(parent, child) || ((child->state == CHILD_STARTING || child->state == CHILD_STOPPING) && child->pid != 0);
    return waits ? child->due_ms : UINT64_MAX;
}

uint64_t children_due_ms(const struct parent *parent)
{
    uint64_t a = due_ms(parent, &parent->door), b = due_ms(parent, &parent->keeper);
    return a < b ? a : b;
}

/* --- messages ---------------------------------------------------------------------------------------- */

/* Door and keeper get the ends of a fresh pair, whoever of them is new. */
static void connect_both(struct parent *parent)
{
    int pair[2];
    const struct ipc_message channel = {.kind = IPC_CHANNEL};
    const struct timeval keeper_patience = {5, 0};
    if (parent->door.state != CHILD_READY || parent->keeper.state != CHILD_READY || !sec_ok(ipc_pair(pair)))
        return;
    /* The door never waits for the keeper; the keeper waits a little for the door. Confined, neither can set this itself. */
    (void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDTIMEO, &keeper_patience, sizeof keeper_patience);
    if (!sec_ok(ipc_send(&parent->door.channel, &channel, pair[0])))
        children_kill(&parent->door, "does not take its messages");
    if (!sec_ok(ipc_send(&parent->keeper.channel, &channel, pair[1])))
        children_kill(&parent->keeper, "does not take its messages");
    close(pair[0]);
    close(pair[1]);
    if (!parent->announced)
        say("ready, socket %s", parent->config.socket);
    parent->announced = true;
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
    else
        watch_observe(parent, "process-restarted", child->name);
    child->state = CHILD_READY;
    child->ever_ready = true;
    connect_both(parent);
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

static void ended(struct parent *parent, struct child *child, int wait_status)
{
    bool hopeless = !child->ever_ready && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EXIT_ENVIRONMENT;
    tell_end(child, wait_status);
    child->pid = 0;
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
    } else {
        fell(parent, child, parent_now_ms());
    }
}

bool children_ended(struct parent *parent, pid_t pid, int wait_status)
{
    struct child *child = pid == parent->door.pid ? &parent->door : pid == parent->keeper.pid ? &parent->keeper : NULL;
    if (!child)
        return false;
    ended(parent, child, wait_status);
    return true;
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
    if (stop(&parent->door, DOOR_STOP_WITHIN_MS))
        (void)stop(&parent->keeper, KEEPER_STOP_WITHIN_MS + parent->config.hook_timeout_s * 1000);
}

bool children_all_gone(const struct parent *parent)
{
    return parent->door.state == CHILD_GONE && parent->keeper.state == CHILD_GONE;
}
