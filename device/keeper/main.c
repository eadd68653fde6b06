/* SPDX-License-Identifier: Apache-2.0 */
/*
 * securable-keeper: keys, journal, decisions. No network; of the file system only the journal's and the keys' directory.
 */
#include "shell.h"

#include "../common/lean.h"
#include "../common/say.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    EXIT_TROUBLE = 1,
    EXIT_SURROUNDINGS = 3,
};

/* When a tick fails, the next one waits. */
#define TICK_PAUSE_MS UINT64_C(1000)
/* After so long without work, memory is given back. */
#define REST_AFTER_MS 200

static struct shell shell;
static alignas(SHELL_PAGE_BYTES) uint8_t work_b[SEC_KEEPER_WORK_BYTES];

/* The class tells what is wrong: the storage, or what the factory put there. */
static int start_keeper(void)
{
    sec_status status = sec_keeper_start(&shell.keeper, &shell.config, SEC_ROOM(work_b));
    if (sec_is(status, SEC_TAMPERED)) {
        say("journal, open: %s; every request is answered so", sec_status_text(status));
        shell.tampered = true;
        return 0;
    }
    if (sec_ok(status))
        return 0;
    say("keeper, start: %s", sec_status_text(status));
    enum sec_status_class what = sec_status_class(status);
    return what == SEC_CLASS_IO || what == SEC_CLASS_STATE || what == SEC_CLASS_SPACE ? EXIT_TROUBLE : EXIT_SURROUNDINGS;
}

static void take_new_door(void)
{
    if (shell.next_door_fd < 0)
        return;
    shell_door_close(&shell);
    shell.door.fd = shell.next_door_fd;
    shell.next_door_fd = -1;
}

static void take_new_link(void)
{
    if (shell.next_link_fd < 0)
        return;
    shell_link_close(&shell);
    shell.link.fd = shell.next_link_fd;
    shell.next_link_fd = -1;
}

static void record_observations(void)
{
    for (size_t i = 0; i < shell.observations_count; i++) {
        sec_status status = sec_keeper_observe(&shell.keeper, sec_bytes(shell.observations[i].b, shell.observations[i].len));
        if (!sec_ok(status) && !shell.tampered)
            say("observation, record: %s", sec_status_text(status));
    }
    shell.observations_count = 0;
}

/* The time to wait, after doing what is due. */
static int tick(uint64_t *pause_until_ms)
{
    uint64_t now_ms = shell.clock.steady_ms(shell.clock.ctx);
    uint64_t due_ms = sec_keeper_due_ms(&shell.keeper);
    if (due_ms < *pause_until_ms)
        due_ms = *pause_until_ms;
    if (due_ms <= now_ms) {
        sec_status status = sec_keeper_tick(&shell.keeper);
        if (sec_is(status, SEC_BROKEN) || sec_is(status, SEC_IO_FAILED))
            shell.trouble = true;
        *pause_until_ms = sec_ok(status) ? 0 : now_ms + TICK_PAUSE_MS;
        return 0; /* effects may have left notes: look at them first */
    }
    uint64_t left_ms = due_ms - now_ms;
    return left_ms > 3600000 ? 3600000 : (int)left_ms;
}

/* Gives back what was needed for the work that is done. */
static void rest(void)
{
    struct sec_room rooms[SEC_KEEPER_SPARE_COUNT];
    sec_keeper_spare(&shell.keeper, rooms);
    for (size_t i = 0; i < SEC_KEEPER_SPARE_COUNT; i++)
        lean_drop(rooms[i]);
    lean_sweep(sec_room(&shell, sizeof shell));
    shell_door_rest();
    shell_link_rest();
    shell_submit_rest();
}

static bool take_parent(void)
{
    bool answered = false;
    sec_status answer;
    sec_status status = shell_take_parent(&shell, 0, &answered, &answer);
    if (!sec_ok(status))
        say("parent, message: %s", sec_status_text(status));
    return sec_ok(status);
}

/* Until told to stop (true), or in trouble. */
static bool serve(void)
{
    uint64_t pause_until_ms = 0;
    bool rested = false;
    while (!shell.trouble) {
        if (shell.stop)
            return true;
        take_new_door();
        take_new_link();
        record_observations();
        shell_submit_go_on(&shell);
        shell_door_go_on(&shell);
        shell_link_go_on(&shell);
        int timeout_ms = tick(&pause_until_ms);
        struct pollfd fds[] = {{shell.start.parent.fd, POLLIN, 0}, {shell.door.fd, POLLIN, 0}, {shell.link.fd, POLLIN, 0}};
        const bool quiet = timeout_ms > REST_AFTER_MS;
        int n = shell.trouble ? 0 : poll(fds, 3, quiet && !rested ? REST_AFTER_MS : timeout_ms);
        if (n == 0 && quiet && !rested)
            rest();
        rested = n == 0 && quiet;
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0 && fds[0].revents && !take_parent())
            return false;
        if (n > 0 && fds[1].revents && !shell.stop && shell.next_door_fd < 0)
            shell_take_door(&shell);
        if (n > 0 && fds[2].revents && !shell.stop && !shell.trouble && shell.next_link_fd < 0)
            shell_take_link(&shell);
    }
    return false;
}

static void stop_keeper(void)
{
    sec_status status = shell.tampered ? sec_st(SEC_OK) : sec_keeper_stop(&shell.keeper);
    if (!sec_ok(status))
        say("keeper, stop: %s", sec_status_text(status));
    shell_door_close(&shell);
    shell_link_close(&shell);
    sec_file_storage_close(&shell.files);
    sec_private_key_done(&shell.identity);
    sec_openssl_done(&shell.openssl);
    sec_wipe(work_b, sizeof work_b);
}

int main(void)
{
    say_program("securable-keeper");
    shell.next_door_fd = shell.next_link_fd = -1;
    shell.link = (struct ipc_channel){-1, IPC_KEEPER, IPC_LINK};
    shell.door = (struct ipc_channel){-1, IPC_KEEPER, IPC_DOOR};
    sec_status status = child_begin(IPC_KEEPER, &shell.start);
    if (!sec_ok(status)) {
        say("start: %s", sec_status_text(status));
        return EXIT_TROUBLE;
    }
    if (!shell_load(&shell))
        return EXIT_SURROUNDINGS;
    close(CHILD_FD_FIRST); /* the state directory: the rest of it is not ours */
    if (!sec_ok(child_confine(CONFINEMENT_KEEPER, &shell.start, &shell.confinement)) || !shell_ports(&shell))
        return EXIT_TROUBLE;
    int code = start_keeper();
    if (code != 0)
        return code;
    if (!shell.tampered && !sec_ok(shell_keep_spool(&shell)))
        say("spool, clean: the parent refused");
    if (!sec_ok(child_ready(&shell.start, &shell.confinement)))
        return EXIT_TROUBLE;
    bool stopped = serve();
    /* Also when the parent is gone: an idle tail is headed. */
    stop_keeper();
    return stopped ? 0 : EXIT_TROUBLE;
}
