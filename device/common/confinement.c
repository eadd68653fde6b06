/* SPDX-License-Identifier: Apache-2.0 */
#include "confinement.h"

#include "landlock.h"
#include "seccomp_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

struct profile {
    const char *name;
    bool network;        /* keeps the network that it was started in */
    bool user_namespace; /* as an ordinary user: takes one for its empty root. Peer credentials are not read in it. */
    rlim_t files_count;
    rlim_t address_bytes;
};

static const struct profile profiles[] = {
    [CONFINEMENT_DOOR] = {"door", false, true, 128, 256u << 20},
    [CONFINEMENT_KEEPER] = {"keeper", false, false, 96, 512u << 20},
    [CONFINEMENT_INSTALLER] = {"installer", false, true, 16, 256u << 20},
    [CONFINEMENT_LINK] = {"link", true, true, 24, 256u << 20},
    [CONFINEMENT_PARENT] = {"parent", true, false, 0, 0},
};

bool confinement_sanitized(void)
{
    return SANITIZED;
}

__attribute__((format(printf, 2, 3))) static void tell(struct confinement *to, const char *format, ...)
{
    size_t left = sizeof to->text - to->text_len;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(&to->text[to->text_len], left, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < left)
        to->text_len += (size_t)n;
}

static bool write_file(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = write(fd, text, len) == (ssize_t)len;
    close(fd);
    return ok;
}

/* Maps this user alone, to itself, so that files look as before. */
static bool map_ids(uid_t user, gid_t group)
{
    char uid_map[48], gid_map[48];
    int uid_len = snprintf(uid_map, sizeof uid_map, "%u %u 1", (unsigned)user, (unsigned)user);
    int gid_len = snprintf(gid_map, sizeof gid_map, "%u %u 1", (unsigned)group, (unsigned)group);
    return write_file("/proc/self/setgroups", "deny", 4) && write_file("/proc/self/uid_map", uid_map, (size_t)uid_len) &&
           write_file("/proc/self/gid_map", gid_map, (size_t)gid_len);
}

/* Own, empty namespaces; true when the process may change its root afterwards. */
static bool leave_namespaces(const struct profile *profile, struct confinement *to)
{
    const int own = CLONE_NEWIPC | CLONE_NEWUTS | (profile->network ? 0 : CLONE_NEWNET);
    const unsigned part = profile->network ? 0u : (unsigned)CONFINEMENT_NETWORK;
    if (geteuid() == 0) {
        if (unshare(own) == 0)
            to->parts |= part;
        return true;
    }
    uid_t user = getuid();
    gid_t group = getgid();
    if (!profile->user_namespace || unshare(CLONE_NEWUSER | own) != 0)
        return false;
    to->parts |= part;
    return map_ids(user, group);
}

static sec_status step(struct confinement *to, const char *name, bool done)
{
    if (done)
        return sec_st(SEC_OK);
    to->failed = name;
    return sec_st(SEC_IO_FAILED);
}

static sec_status enter_root(const struct confinement_plan *plan, bool may, struct confinement *to)
{
    if (!may || plan->empty_fd < 0) {
        tell(to, "no empty root");
        return sec_st(SEC_OK);
    }
    SEC_TRY(step(to, "chroot", fchdir(plan->empty_fd) == 0 && chroot(".") == 0 && chdir("/") == 0));
    to->parts |= CONFINEMENT_ROOT;
    tell(to, "empty root");
    return sec_st(SEC_OK);
}

static void drop_bounding_set(void)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* no_new_privs would do alone */
}

static sec_status enter_user(const struct confinement_plan *plan, struct confinement *to)
{
    if (!plan->change_user) {
        tell(to, ", user %u as started", (unsigned)getuid());
        return sec_st(SEC_OK);
    }
    drop_bounding_set();
    bool done = plan->user != 0 && plan->group != 0 && setgroups(0, NULL) == 0 &&
                setresgid(plan->group, plan->group, plan->group) == 0 &&
                setresuid(plan->user, plan->user, plan->user) == 0;
    SEC_TRY(step(to, "setresuid", done));
    to->parts |= CONFINEMENT_USER;
    tell(to, ", own user %u", (unsigned)plan->user);
    return sec_st(SEC_OK);
}

static sec_status drop_capabilities(struct confinement *to)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return step(to, "capset", syscall(SYS_capset, &header, none) == 0);
}

/* A macro, since the type of `what` differs between libcs. */
#define LIMIT(what, value) (setrlimit(what, &(const struct rlimit){value, value}) == 0)

static sec_status enter_limits(const struct profile *profile, struct confinement *to)
{
    bool done = LIMIT(RLIMIT_NOFILE, profile->files_count) && LIMIT(RLIMIT_NPROC, 0) && LIMIT(RLIMIT_MEMLOCK, 0) &&
                LIMIT(RLIMIT_MSGQUEUE, 0);
    if (!SANITIZED)
        done = done && LIMIT(RLIMIT_AS, profile->address_bytes);
    return step(to, "setrlimit", done);
}

static sec_status enter_landlock(const struct confinement_plan *plan, struct confinement *to)
{
    to->landlock_abi = landlock_abi();
    if (to->landlock_abi == 0) {
        tell(to, ", no Landlock");
        return sec_st(SEC_OK);
    }
    SEC_TRY(step(to, "landlock", sec_ok(landlock_enter(to->landlock_abi, plan->tree_fds, plan->tree_count, plan->connect_port))));
    to->parts |= CONFINEMENT_LANDLOCK;
    tell(to, ", Landlock %u", to->landlock_abi);
    return sec_st(SEC_OK);
}

static sec_status enter_seccomp(enum confinement_profile profile, struct confinement *to)
{
    if (SANITIZED) {
        tell(to, ", no seccomp (sanitizer build)");
        return sec_st(SEC_OK);
    }
    to->parts |= CONFINEMENT_SECCOMP;
    tell(to, ", seccomp");
    return step(to, "seccomp", sec_ok(seccomp_profile_enter(profile)));
}

/* No core file and no debugger of the same user may see keys. */
static sec_status enter_undumpable(struct confinement *to)
{
    return step(to, "prctl", LIMIT(RLIMIT_CORE, 0) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
}

static sec_status enter_parent(struct confinement *to)
{
    SEC_TRY(enter_undumpable(to));
    tell(to, "parent: %s", geteuid() == 0 ? "root" : "ordinary user");
    /* Without no_new_privs the kernel loads a filter for a capable process only. */
    if (SANITIZED || geteuid() != 0 || !sec_ok(seccomp_profile_enter(CONFINEMENT_PARENT))) {
        tell(to, ", no seccomp");
        return sec_st(SEC_OK);
    }
    to->parts |= CONFINEMENT_SECCOMP;
    tell(to, ", seccomp");
    return sec_st(SEC_OK);
}

static sec_status enter_child(enum confinement_profile number, const struct confinement_plan *plan, struct confinement *to)
{
    const struct profile *profile = &profiles[number];
    tell(to, "%s: ", profile->name);
    bool may = leave_namespaces(profile, to);
    SEC_TRY(enter_root(plan, may, to));
    SEC_TRY(enter_user(plan, to));
    if (profile->network)
        tell(to, ", network by TCP alone");
    else
        tell(to, to->parts & CONFINEMENT_NETWORK ? ", no network" : ", network by seccomp alone");
    SEC_TRY(step(to, "no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0));
    to->parts |= CONFINEMENT_NO_NEW_PRIVS;
    SEC_TRY(drop_capabilities(to));
    SEC_TRY(enter_limits(profile, to));
    SEC_TRY(enter_landlock(plan, to));
    SEC_TRY(enter_undumpable(to));
    return enter_seccomp(number, to);
}

sec_status confinement_enter(enum confinement_profile profile, const struct confinement_plan *plan, struct confinement *ret_confinement)
{
    struct confinement to = {0};
    sec_status status = profile == CONFINEMENT_PARENT ? enter_parent(&to) : enter_child(profile, plan, &to);
    *ret_confinement = to; /* also on failure: it names the step */
    return status;
}
