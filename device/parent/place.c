/* SPDX-License-Identifier: Apache-2.0 */
#include "../common/files.h"
#include "parent.h"

#include "../common/say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 64
/* How long processes of an earlier parent, which was killed, may take to end; the keeper's last commit is the longest. */
#define ORPHANS_END_WITHIN_MS UINT64_C(20000)
#define ORPHANS_LOOK_NS 20000000

static bool fault(const struct parent *parent, const char *object, const char *clause)
{
    say("%s/%s, %s: %s", parent->config.state, object, clause, strerror(errno));
    return false;
}

bool place_lock(struct parent *parent)
{
    char text[24] = {0};
    parent->state_fd = open(parent->config.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent->state_fd < 0)
        return fault(parent, "", "open");
    parent->run_fd = files_open_dir(parent->state_fd, "run", 0755);
    if (parent->run_fd < 0)
        return fault(parent, "run", "open");
    parent->pid_fd = openat(parent->run_fd, "securabled.pid", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (parent->pid_fd < 0)
        return fault(parent, "run/securabled.pid", "open");
    if (flock(parent->pid_fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = pread(parent->pid_fd, text, sizeof text - 1, 0);
        say("%s/run/securabled.pid, lock: held by process %ld", parent->config.state, n > 0 ? strtol(text, NULL, 10) : 0L);
        return false;
    }
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(parent->pid_fd, 0) != 0 || pwrite(parent->pid_fd, text, (size_t)n, 0) != n)
        return fault(parent, "run/securabled.pid", "write");
    return true;
}

/* The keeper gets its two directories with what is in them, and link its own; nobody else enters. */
static bool give_dir(const struct parent *parent, const char *name, const struct config_user *to)
{
    uid_t user = to->user;
    gid_t group = to->group;
    int fd = files_open_dir(parent->state_fd, name, 0700);
    if (fd < 0)
        return fault(parent, name, "open");
    if (!parent->as_root) {
        close(fd);
        return true;
    }
    bool done = fchown(fd, user, group) == 0 && fchmod(fd, 0700) == 0;
    DIR *dir = fdopendir(fd);
    for (const struct dirent *entry; done && dir && (entry = readdir(dir)) != NULL;) {
        struct stat st;
        done = fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0;
        if (done && S_ISREG(st.st_mode) && st.st_nlink == 1) /* another name could be a file of root's */
            done = fchownat(fd, entry->d_name, user, group, AT_SYMLINK_NOFOLLOW) == 0;
    }
    if (dir)
        closedir(dir);
    return (done && dir) || fault(parent, name, "give to its process");
}

/* Every child inherits this descriptor, and with it the lock, until it ends: a keeper that outlives its parent by a moment must not
 * meet the next keeper at the same journal. */
static bool outlive_orphans(const struct parent *parent)
{
    const struct timespec pause = {0, ORPHANS_LOOK_NS};
    const uint64_t until_ms = parent_now_ms() + ORPHANS_END_WITHIN_MS;
    bool told = false;
    while (flock(parent->empty_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || parent_now_ms() >= until_ms)
            return fault(parent, "run/empty", "lock of an earlier run's processes");
        if (!told)
            say("%s/run/empty, lock: waiting for the processes of an earlier run to end", parent->config.state);
        told = true;
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

static bool open_dirs(struct parent *parent)
{
    parent->empty_fd = files_open_dir(parent->run_fd, "empty", 0555);
    if (parent->empty_fd < 0)
        return fault(parent, "run/empty", "open");
    if (!outlive_orphans(parent))
        return false;
    parent->spool_fd = files_open_dir(parent->state_fd, "spool", 0700);
    if (parent->spool_fd < 0)
        return fault(parent, "spool", "open");
    parent->slots_fd = open(parent->config.slots, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent->slots_fd < 0) {
        say("%s, open: %s", parent->config.slots, strerror(errno));
        return false;
    }
    return true;
}

static bool listen_at(struct parent *parent)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    const char *path = parent->config.socket;
    sec_copy(address.sun_path, path, strlen(path)); /* its length was checked with the configuration */
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)unlink(path); /* of an earlier run: the lock is ours */
    parent->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177);
    bool done = parent->listen_fd >= 0 && bind(parent->listen_fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                chmod(path, parent->config.socket_mode) == 0 && listen(parent->listen_fd, BACKLOG) == 0;
    int error = errno;
    (void)umask(before);
    if (!done)
        say("%s, listen: %s", path, strerror(error));
    return done;
}

static void restore_interfaces(struct parent *parent)
{
    static uint8_t json_b[8192];
    size_t len = 0;
    if (sec_ok(files_read(parent->run_fd, "interfaces.json", SEC_ROOM(json_b), &len)))
        rules_interfaces_restore(&parent->rules, sec_bytes(json_b, len));
}

static bool prepare_link(struct parent *parent)
{
    parent->hub = parent->config.hub;
    if (parent->as_root && !parent->has_link_user)
        return true;
    if (!give_dir(parent, "link", &parent->link_user))
        return false;
    parent->link_fd = files_open_dir(parent->state_fd, "link", 0700);
    return parent->link_fd >= 0 || fault(parent, "link", "open");
}

bool place_prepare(struct parent *parent)
{
    if (!open_dirs(parent) || !give_dir(parent, "journal", &parent->keeper_user) || !give_dir(parent, "keys", &parent->keeper_user) ||
        !prepare_link(parent))
        return false;
    if (!sec_ok(files_remove(parent->spool_fd, ".new"))) /* what a cut left */
        return fault(parent, "spool", "clean");
    restore_interfaces(parent);
    if (!sec_ok(effects_interfaces_write(parent)))
        return fault(parent, "run/interfaces.json", "write");
    parent->active = watch_active_read(parent);
    return listen_at(parent);
}

void place_leave(struct parent *parent)
{
    if (parent->listen_fd >= 0)
        (void)unlink(parent->config.socket);
    if (parent->pid_fd >= 0 && ftruncate(parent->pid_fd, 0) != 0)
        (void)fault(parent, "run/securabled.pid", "empty");
}
