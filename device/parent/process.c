/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include "../common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_FD 3
#define CALL_CLOSE_RANGE 436

/* First out of the way, then to their places, so that no move overwrites one that is still to come. */
static bool place_fds(const struct process_plan *plan)
{
    int high[PROCESS_FDS_MAX_COUNT];
    for (size_t i = 0; i < plan->fds_count; i++) {
        high[i] = fcntl(plan->fds[i], F_DUPFD_CLOEXEC, 64);
        if (high[i] < 0)
            return false;
    }
    for (size_t i = 0; i < plan->fds_count; i++) {
        if (dup2(high[i], FIRST_FD + (int)i) < 0)
            return false;
    }
    /* Everything of ours is close-on-exec; this is for what we may have inherited. Kernels before 5.9 lack it. */
    (void)syscall(CALL_CLOSE_RANGE, FIRST_FD + (unsigned)plan->fds_count, ~0u, 0u);
    return true;
}

static bool place_standard_fds(void)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
}

static void reset_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL); /* those that cannot be set have their default */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool become(const struct process_plan *plan)
{
    if (!plan->change_user)
        return true;
    return setgroups(0, NULL) == 0 && setresgid(plan->group, plan->group, plan->group) == 0 &&
           setresuid(plan->user, plan->user, plan->user) == 0;
}

__attribute__((noreturn)) static void run(const struct process_plan *plan)
{
    (void)setpgid(0, 0); /* so that a Ctrl-C reaches the parent alone, and a time limit the whole group */
    reset_signals();
    (void)umask(022);
    if (place_standard_fds() && place_fds(plan) && chdir("/") == 0 && become(plan))
        execve(plan->path, plan->argv, plan->envp);
    say("%s, start: %s", plan->path, strerror(errno));
    _exit(127);
}

sec_status process_start(const struct process_plan *plan, pid_t *ret_pid)
{
    pid_t pid = fork();
    if (pid < 0)
        return sec_st(SEC_IO_FAILED);
    if (pid == 0)
        run(plan);
    (void)setpgid(pid, pid); /* whichever of the two comes first */
    *ret_pid = pid;
    return sec_st(SEC_OK);
}

void process_kill(pid_t pid)
{
    if (pid <= 0)
        return;
    (void)kill(-pid, SIGKILL);
    (void)kill(pid, SIGKILL);
}
