/* SPDX-License-Identifier: Apache-2.0 */
/*
 * securabled: the parent of the device's processes. See securabled(8).
 */
#include "parent.h"

#include "../common/say.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATE_DEFAULT "/var/lib/securable"

static struct parent parent; /* zero at start */

struct options {
    const char *file;
    const char *state;
    bool check;
    bool present;
    bool help;
    bool version;
};

struct option_row {
    const char *name;
    const char *argument; /* null: takes none */
    const char *meaning;
};
static const struct option_row option_rows[] = {
    {"-n", NULL, "check the configuration, tell every error, and exit 0 or 1"},
    {"-c", "FILE", "configuration file (default: DIR/securabled.conf)"},
    {"-d", "DIR", "state directory (default: " STATE_DEFAULT ")"},
    {"-P", NULL, "somebody stands at the device: carry out what the product lets physical presence do"},
    {"--present", NULL, "the same"},
    {"--help", NULL, "show this help and exit"},
    {"--version", NULL, "show the version and exit"},
};

uint64_t parent_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void print_help(void)
{
    printf("usage: securabled [-nP] [-c FILE] [-d DIR]\nKeeps a device's statements, settings, secrets, updates and log; stays in the foreground.\n");
    for (size_t i = 0; i < sizeof option_rows / sizeof option_rows[0]; i++)
        printf("  %-9s %-5s %s\n", option_rows[i].name, option_rows[i].argument ? option_rows[i].argument : "",
               option_rows[i].meaning);
    printf("exit codes: 0 stopped in order, 1 refused (bad configuration), 2 usage, 3 environment (already running, ...)\n");
}

static void take_option(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "-n") == 0)
        options->check = true;
    else if (strcmp(name, "-c") == 0)
        options->file = value;
    else if (strcmp(name, "-d") == 0)
        options->state = value;
    else if (strcmp(name, "-P") == 0 || strcmp(name, "--present") == 0)
        options->present = true;
    else if (strcmp(name, "--help") == 0)
        options->help = true;
    else
        options->version = true;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    *options = (struct options){.state = STATE_DEFAULT};
    for (int i = 1; i < argc; i++) {
        const struct option_row *row = NULL;
        for (size_t k = 0; k < sizeof option_rows / sizeof option_rows[0]; k++)
            row = strcmp(argv[i], option_rows[k].name) == 0 ? &option_rows[k] : row;
        if (!row || (row->argument && i + 1 >= argc)) {
            say("%s, option: %s", argv[i], row ? "needs an argument" : "unknown; see --help");
            return false;
        }
        const char *name = argv[i];
        take_option(options, name, row->argument ? argv[++i] : NULL);
    }
    return true;
}

/* --- the loop ---------------------------------------------------------------------------------------- */

static bool take_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    parent.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return parent.signal_fd >= 0;
}

static void reap(void)
{
    int wait_status;
    for (pid_t pid; (pid = waitpid(-1, &wait_status, WNOHANG)) > 0;) {
        if (!children_ended(&parent, pid, wait_status))
            (void)effects_ended(&parent, pid, wait_status);
    }
}

static void receive_signals(void)
{
    struct signalfd_siginfo info;
    while (read(parent.signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            reap();
        } else if (!parent.stopping) {
            say("stopping: signal %u", info.ssi_signo);
            children_stop(&parent);
        }
    }
}

static int timeout_ms(uint64_t now_ms)
{
    uint64_t due_ms = children_due_ms(&parent);
    uint64_t effects_ms = effects_due_ms(&parent);
    due_ms = effects_ms < due_ms ? effects_ms : due_ms;
    if (parent.keeper.state == CHILD_READY)
        due_ms = parent.watch_due_ms < due_ms ? parent.watch_due_ms : due_ms;
    if (parent.observations_count > 0)
        due_ms = now_ms + 1000 < due_ms ? now_ms + 1000 : due_ms;
    if (due_ms == UINT64_MAX)
        return -1;
    uint64_t left_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    return left_ms > 60000 ? 60000 : (int)left_ms;
}

static void run_loop(void)
{
    while (!children_all_gone(&parent) || !effects_idle(&parent)) {
        uint64_t now_ms = parent_now_ms();
        children_tick(&parent, now_ms);
        effects_tick(&parent, now_ms);
        watch_tick(&parent, now_ms);
        struct pollfd fds[] = {
            {parent.signal_fd, POLLIN, 0}, {parent.door.channel.fd, POLLIN, 0}, {parent.keeper.channel.fd, POLLIN, 0}, {parent.link.channel.fd, POLLIN, 0}};
        if (poll(fds, 4, timeout_ms(parent_now_ms())) <= 0)
            continue;
        if (fds[1].revents)
            children_receive(&parent, &parent.door);
        if (fds[2].revents)
            children_receive(&parent, &parent.keeper);
        if (fds[3].revents)
            children_receive(&parent, &parent.link);
        if (fds[0].revents)
            receive_signals();
    }
}

static int run(void)
{
    if (!place_lock(&parent))
        return EXIT_ENVIRONMENT;
    if (!take_signals() || !place_prepare(&parent)) {
        place_leave(&parent);
        return EXIT_ENVIRONMENT;
    }
    if (parent.as_root)
        say("started as root: door %u, keeper %u, installer %u are users of their own", parent.door_user.user,
            parent.keeper_user.user, parent.installer_user.user);
    else
        say("started as user %u: all processes share it", (unsigned)getuid());
    const struct confinement_plan plan = {.empty_fd = -1};
    (void)confinement_enter(CONFINEMENT_PARENT, &plan, &parent.confinement);
    say("%s", parent.confinement.text);
    children_init(&parent);
    (void)malloc_trim(0); /* what configuration and confinement took */
    run_loop();
    place_leave(&parent);
    say("stopped");
    return parent.exit_code;
}

static bool absolute_state(const char *state, char ret_path[PATH_MAX])
{
    if (realpath(state, ret_path))
        return true;
    say("%s, state directory: %s", state, strerror(errno));
    return false;
}

int main(int argc, char **argv)
{
    struct options options;
    char state[PATH_MAX];
    say_program("securabled");
    if (!parse_options(argc, argv, &options))
        return EXIT_USAGE;
    if (options.help || options.version) {
        options.help ? print_help() : (void)printf("securabled %s\n", SEC_PROJECT_VERSION);
        return EXIT_DONE;
    }
    parent.hooks_fd = parent.pid_fd = parent.listen_fd = parent.slots_fd = parent.spool_fd = parent.link_fd = -1;
    parent.present = options.present;
    if (!absolute_state(options.state, state))
        return EXIT_ENVIRONMENT;
    if (!check_config(&parent, state, options.file))
        return EXIT_REFUSED;
    if (!check_surroundings(&parent))
        return options.check ? EXIT_REFUSED : EXIT_ENVIRONMENT;
    if (options.check) {
        printf("%s: good\n", options.file ? options.file : parent.config.file);
        return EXIT_DONE;
    }
    return run();
}
