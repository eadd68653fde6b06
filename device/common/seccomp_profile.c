/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* What any of our processes does once it runs: its channel, its clock, its memory, its end. */
static const int common_calls[] = {
    SCMP_SYS(read),        SCMP_SYS(write),       SCMP_SYS(close),          SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),     SCMP_SYS(poll),        SCMP_SYS(ppoll),          SCMP_SYS(clock_gettime),
    SCMP_SYS(brk),         SCMP_SYS(munmap),      SCMP_SYS(mremap),         SCMP_SYS(madvise),
    SCMP_SYS(futex),       SCMP_SYS(getpid),      SCMP_SYS(getrandom),      SCMP_SYS(rt_sigaction),
    SCMP_SYS(exit),        SCMP_SYS(exit_group),  SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield), SCMP_SYS(fstat),       SCMP_SYS(restart_syscall),
};

static const int door_calls[] = {
    SCMP_SYS(accept4),
    SCMP_SYS(getsockopt),
};

/* openat and its like reach the journal's and the keys' directory alone: empty root, own user, Landlock. */
static const int keeper_calls[] = {
    SCMP_SYS(getsockopt), SCMP_SYS(getsockname), SCMP_SYS(openat),    SCMP_SYS(pread64),   SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),      SCMP_SYS(fsync),       SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate),
    SCMP_SYS(renameat),   SCMP_SYS(renameat2),   SCMP_SYS(unlinkat),  SCMP_SYS(getdents64), SCMP_SYS(fcntl),
    SCMP_SYS(readv),      SCMP_SYS(writev),      SCMP_SYS(newfstatat), SCMP_SYS(statx),
};

static const int installer_calls[] = {
    SCMP_SYS(pread64), SCMP_SYS(pwrite64),  SCMP_SYS(lseek),     SCMP_SYS(fsync),
    SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fadvise64),
};

/* Its own directory, and connections that it opens; which sockets, add_sockets() says. */
static const int link_calls[] = {
    SCMP_SYS(connect),   SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(shutdown),  SCMP_SYS(openat),
    SCMP_SYS(pread64),   SCMP_SYS(pwrite64),   SCMP_SYS(lseek),      SCMP_SYS(fsync),     SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate), SCMP_SYS(renameat),   SCMP_SYS(renameat2),  SCMP_SYS(unlinkat),  SCMP_SYS(getdents64),
    SCMP_SYS(fcntl),     SCMP_SYS(readv),      SCMP_SYS(writev),     SCMP_SYS(newfstatat), SCMP_SYS(statx),
    SCMP_SYS(fchmod),    SCMP_SYS(fstatfs),
};

/* Neither the parent nor a hook needs these: reading and steering other processes, replacing the kernel, rarely trodden ground. */
static const int parent_denied[] = {
    SCMP_SYS(ptrace),          SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(perf_event_open),  SCMP_SYS(userfaultfd),       SCMP_SYS(io_uring_setup),
};

struct call_list {
    const int *calls;
    size_t count;
};
#define LIST(a) {a, sizeof(a) / sizeof((a)[0])}

static const struct call_list lists[] = {
    [CONFINEMENT_DOOR] = LIST(door_calls),
    [CONFINEMENT_KEEPER] = LIST(keeper_calls),
    [CONFINEMENT_INSTALLER] = LIST(installer_calls),
    [CONFINEMENT_LINK] = LIST(link_calls),
    [CONFINEMENT_PARENT] = LIST(parent_denied),
};
static const struct call_list common = LIST(common_calls);

static int add_list(scmp_filter_ctx ctx, uint32_t action, const struct call_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        int rc = seccomp_rule_add(ctx, action, list->calls[i], 0);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int add_guarded(scmp_filter_ctx ctx)
{
    const struct scmp_arg_cmp not_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    /* glibc's fstat() is newfstatat(fd, "", AT_EMPTY_PATH). */
    const struct scmp_arg_cmp by_fd = SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH);
    int rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &not_exec);
    rc = rc ? rc : seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &not_exec);
    rc = rc ? rc : seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1, &by_fd);
    return rc ? rc : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* TCP over IPv4 and IPv6. */
static int add_sockets(scmp_filter_ctx ctx)
{
    static const scmp_datum_t families[] = {AF_INET, AF_INET6};
    const scmp_datum_t kind = ~(scmp_datum_t)(SOCK_NONBLOCK | SOCK_CLOEXEC) & UINT32_MAX;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof families / sizeof families[0]; i++) {
        const struct scmp_arg_cmp args[] = {
            SCMP_A0(SCMP_CMP_EQ, families[i], 0), SCMP_A1(SCMP_CMP_MASKED_EQ, kind, SOCK_STREAM), SCMP_A2(SCMP_CMP_EQ, 0, 0)};
        rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3, args);
    }
    return rc;
}

static int fill(scmp_filter_ctx ctx, enum confinement_profile profile)
{
    if (profile == CONFINEMENT_PARENT) {
        /* Hooks may be set-user-id programs: no_new_privs is for children alone. */
        int rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
        return rc ? rc : add_list(ctx, SCMP_ACT_ERRNO(EPERM), &lists[profile]);
    }
    int rc = add_list(ctx, SCMP_ACT_ALLOW, &common);
    rc = rc ? rc : add_list(ctx, SCMP_ACT_ALLOW, &lists[profile]);
    if (profile == CONFINEMENT_LINK)
        rc = rc ? rc : add_sockets(ctx);
    return rc ? rc : add_guarded(ctx);
}

sec_status seccomp_profile_enter(enum confinement_profile profile)
{
    uint32_t otherwise = profile == CONFINEMENT_PARENT ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM);
    scmp_filter_ctx ctx = seccomp_init(otherwise);
    if (!ctx) {
        errno = ENOMEM;
        return sec_st(SEC_IO_FAILED);
    }
    int rc = fill(ctx, profile);
    rc = rc ? rc : seccomp_load(ctx);
    seccomp_release(ctx);
    errno = -rc;
    return rc == 0 ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
}
