/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries, from inside each confined process, every right that the table in device/RIGHTS.md denies.
 *
 * A "no" in the table without an attempt here is a failure, and so is an attempt that the table does not name.
 * Argument: the table. One line a cell; the last line is "N passed, N failed, N skipped".
 */
#include <confinement.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ORDINARY_USER 64010u
#define CONFINED_USER 64011u

/* How an attempt ended; also the exit code of the process that made it. */
enum outcome {
    OUT_DENIED = 10,
    OUT_ALLOWED = 11,
    OUT_NOT_DENIABLE = 12,
    OUT_NOT_CONFINED = 13,
    OUT_PROGRAM_RAN = 77,
};

/* Where an attempt is made. */
struct place {
    char dir[64];
    int empty_fd;
    int tree_fd;
    int listen_fd;
    pid_t outside;
};
static struct place place;

/* --- attempts: true when the right was there ------------------------------------------------------------- */

static bool did(long result)
{
    return result >= 0;
}

static bool open_path(void)
{
    return did(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static bool make_file(void)
{
    return did(open("/tmp/securable-rights-made", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static bool climb(void)
{
    return did(openat(place.tree_fd, "../secret", O_RDONLY | O_CLOEXEC)) || did(openat(place.empty_fd, "../secret", O_RDONLY | O_CLOEXEC));
}

static bool make_in_tree(void)
{
    int fd = openat(place.tree_fd, "made", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 && write(fd, "x", 1) == 1 && renameat(place.tree_fd, "made", place.tree_fd, "named") == 0 &&
           unlinkat(place.tree_fd, "named", 0) == 0;
}

static bool network_socket(void)
{
    return did(socket(AF_INET, SOCK_STREAM, 0)) || did(socket(AF_INET6, SOCK_STREAM, 0));
}

static bool other_socket(void)
{
    return did(socket(AF_INET, SOCK_DGRAM, 0)) || did(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)) || did(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP)) ||
           did(socket(AF_NETLINK, SOCK_RAW, 0)) || did(socket(AF_PACKET, SOCK_RAW, 0));
}

static bool listen_at_port(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return did(fd) && (did(bind(fd, (const struct sockaddr *)&any, sizeof any)) || did(listen(fd, 1)));
}

static bool local_socket(void)
{
    int fds[2];
    return did(socket(AF_UNIX, SOCK_STREAM, 0)) || did(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

static bool accept_connection(void)
{
    /* Nobody connects: EAGAIN says that one might. */
    return did(accept4(place.listen_fd, NULL, NULL, SOCK_NONBLOCK)) || errno == EAGAIN;
}

static bool start_program(void)
{
    char shell[] = "/bin/sh", option[] = "-c", script[] = "exit 77";
    char *argv[] = {shell, option, script, NULL}, *envp[] = {NULL};
    execve(shell, argv, envp);
    return errno != EPERM && errno != EACCES && errno != ENOENT;
}

static bool start_process(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
    if (pid == 0)
        _exit(0);
    return pid > 0 || (syscall(SYS_clone3, NULL, 0) < 0 && errno != ENOSYS && errno != EPERM);
}

static bool trace(void)
{
    return did(ptrace(PTRACE_SEIZE, place.outside, NULL, NULL));
}

static bool read_memory(void)
{
    char byte;
    struct iovec local = {&byte, 1}, remote = {&place, 1};
    return process_vm_readv(place.outside, &local, 1, &remote, 1, 0) == 1;
}

static bool send_signal(void)
{
    return did(kill(place.outside, 0)) || did(syscall(SYS_tgkill, place.outside, place.outside, 0));
}

static bool mount_some(void)
{
    return did(mount("none", "/", "tmpfs", 0, NULL)) || did(syscall(SYS_open_tree, AT_FDCWD, "/", 1));
}

static bool become_root(void)
{
    return did(setresuid(0, 0, 0)) || did(setgid(0));
}

static bool change_root(void)
{
    return did(chroot("."));
}

static bool new_namespace(void)
{
    return did(unshare(CLONE_NEWUSER)) || did(unshare(CLONE_NEWNS));
}

static bool executable_memory(void)
{
    void *fresh = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *changed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return fresh != MAP_FAILED || (changed != MAP_FAILED && did(mprotect(changed, 4096, PROT_READ | PROT_EXEC)));
}

static bool load_module(void)
{
    return (did(syscall(SYS_init_module, NULL, 0, "")) || errno != EPERM) && errno != ENOSYS;
}

static bool load_kernel(void)
{
    return (did(syscall(SYS_kexec_load, 0, 0, NULL, 0)) || errno != EPERM) && errno != ENOSYS;
}

static bool load_bpf(void)
{
    uint64_t attr[16] = {1, 0, 0};
    return did(syscall(SYS_bpf, 5, attr, sizeof attr)) || (errno != EPERM && errno != ENOSYS && errno != EACCES);
}

static bool perf_events(void)
{
    uint32_t attr[32] = {1, sizeof attr, 1};
    return did(syscall(SYS_perf_event_open, attr, 0, -1, -1, 0)) || (errno != EPERM && errno != ENOSYS && errno != EACCES);
}

static bool io_uring(void)
{
    uint8_t params[120] = {0};
    return did(syscall(SYS_io_uring_setup, 1, params)) || (errno != EPERM && errno != ENOSYS);
}

static bool page_faults(void)
{
    return did(syscall(SYS_userfaultfd, 1)) || (errno != EPERM && errno != ENOSYS);
}

static bool keyrings(void)
{
    return did(syscall(SYS_add_key, "user", "securable-rights", "x", 1, -2)) || did(syscall(SYS_keyctl, 0, -2, 0));
}

static bool anonymous_file(void)
{
    return did(memfd_create("rights", 0));
}

static bool steer_device(void)
{
    int n;
    return did(ioctl(place.listen_fd, FIONREAD, &n)) || errno != EPERM;
}

static bool set_clock(void)
{
    struct timespec now = {0, 0};
    return did(clock_settime(CLOCK_REALTIME, &now)) || errno != EPERM;
}

static bool restart_machine(void)
{
    return syscall(SYS_reboot, 0, 0, 0, NULL) == 0 || errno != EPERM; /* wrong magic: EINVAL says that right magic would do */
}

static const struct attempt {
    const char *right;
    bool (*make)(void);
} attempts[] = {
    {"open a file by its path", open_path},
    {"make a file", make_file},
    {"climb out of a directory that it holds", climb},
    {"make and remove files in its directory", make_in_tree},
    {"open a TCP socket", network_socket},
    {"open another network socket", other_socket},
    {"listen at a port", listen_at_port},
    {"open a local socket", local_socket},
    {"accept a connection", accept_connection},
    {"start a program", start_program},
    {"start a process", start_process},
    {"trace a process", trace},
    {"read another process' memory", read_memory},
    {"signal another process", send_signal},
    {"mount a file system", mount_some},
    {"become root", become_root},
    {"change its root", change_root},
    {"enter a new namespace", new_namespace},
    {"make memory executable", executable_memory},
    {"load a kernel module", load_module},
    {"load another kernel", load_kernel},
    {"load a BPF program", load_bpf},
    {"watch by perf events", perf_events},
    {"use io_uring", io_uring},
    {"handle page faults", page_faults},
    {"use kernel keyrings", keyrings},
    {"make an anonymous file", anonymous_file},
    {"steer a device by ioctl", steer_device},
    {"set the clock", set_clock},
    {"restart the machine", restart_machine},
};
#define COLUMNS_COUNT 5u
#define ATTEMPTS_COUNT (sizeof attempts / sizeof attempts[0])

/* Rights that the row must have: a profile that denies its own work would pass otherwise. */
static bool is_needed(enum confinement_profile profile, const struct attempt *attempt)
{
    bool has_tree = profile == CONFINEMENT_KEEPER || profile == CONFINEMENT_LINK;
    return (has_tree && attempt->make == make_in_tree) || (profile == CONFINEMENT_LINK && attempt->make == network_socket) || (profile == CONFINEMENT_DOOR && attempt->make == accept_connection);
}

/* --- one attempt in one process -------------------------------------------------------------------------- */

static bool become_ordinary(void)
{
    return setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) == 0 && setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) == 0 &&
           prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0; /* as after exec */
}

__attribute__((noreturn)) static void attempt_confined(enum confinement_profile profile, bool as_root, const struct attempt *attempt)
{
    struct confinement confinement;
    struct confinement_plan plan = {.empty_fd = place.empty_fd, .change_user = as_root, .user = CONFINED_USER, .group = CONFINED_USER};
    if (profile == CONFINEMENT_KEEPER || profile == CONFINEMENT_LINK) {
        plan.tree_fds[0] = place.tree_fd;
        plan.tree_count = 1;
    }
    if ((!as_root && geteuid() == 0 && !become_ordinary()) || !sec_ok(confinement_enter(profile, &plan, &confinement)))
        _exit(OUT_NOT_CONFINED);
    if (!attempt->make())
        _exit(OUT_DENIED);
    /* Without one of the two the kernel, or a sanitizer, has taken away the means. */
    const unsigned means = CONFINEMENT_SECCOMP | (profile == CONFINEMENT_PARENT ? 0u : (unsigned)CONFINEMENT_LANDLOCK);
    _exit((confinement.parts & means) == means ? OUT_ALLOWED : OUT_NOT_DENIABLE);
}

static enum outcome run_attempt(enum confinement_profile profile, bool as_root, const struct attempt *attempt)
{
    int wait_status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        attempt_confined(profile, as_root, attempt);
    if (pid < 0 || waitpid(pid, &wait_status, 0) != pid)
        return OUT_NOT_CONFINED;
    return WIFEXITED(wait_status) ? (enum outcome)WEXITSTATUS(wait_status) : OUT_DENIED; /* killed for trying */
}

/* --- the table ------------------------------------------------------------------------------------------- */

static unsigned passed, failed, skipped;
static bool named[ATTEMPTS_COUNT];

static const char *verdict(enum outcome outcome, bool needed)
{
    if (outcome == OUT_NOT_CONFINED)
        return "FAIL: confinement did not work";
    if (needed)
        return outcome == OUT_DENIED ? "FAIL: it needs this right" : "has it, as it must";
    if (outcome == OUT_DENIED)
        return "denied";
    return outcome == OUT_NOT_DENIABLE ? "not deniable on this kernel" : "FAIL: allowed";
}

static void judge_cell(enum confinement_profile profile, const char *name, bool as_root, const struct attempt *attempt, bool needed)
{
    const char *word = verdict(run_attempt(profile, as_root, attempt), needed);
    printf("%-9s %-8s %-40s %s\n", name, as_root ? "root" : "ordinary", attempt->right, word);
    if (strncmp(word, "FAIL", 4) == 0)
        failed++;
    else if (strncmp(word, "not", 3) == 0)
        skipped++;
    else
        passed++;
}

static void judge(size_t column, const char *cell, const struct attempt *attempt)
{
    static const struct {
        enum confinement_profile profile;
        const char *name;
    } columns[] = {{CONFINEMENT_PARENT, "parent"}, {CONFINEMENT_DOOR, "door"}, {CONFINEMENT_KEEPER, "keeper"}, {CONFINEMENT_INSTALLER, "installer"},
                 {CONFINEMENT_LINK, "link"}};
    bool needed = is_needed(columns[column].profile, attempt);
    bool denied = strcmp(cell, "no") == 0;
    if (!denied && !needed)
        return;
    if (denied && needed)
        printf("table: %s, %s: denied, but needed\n", attempt->right, columns[column].name);
    failed += denied && needed;
    if (geteuid() == 0)
        judge_cell(columns[column].profile, columns[column].name, true, attempt, needed);
    judge_cell(columns[column].profile, columns[column].name, false, attempt, needed);
}

static void judge_row(const char *right, char *const cells[COLUMNS_COUNT])
{
    for (size_t i = 0; i < ATTEMPTS_COUNT; i++) {
        if (strcmp(attempts[i].right, right) != 0)
            continue;
        named[i] = true;
        for (size_t column = 0; column < COLUMNS_COUNT; column++)
            judge(column, cells[column], &attempts[i]);
        return;
    }
    printf("table: %s: FAIL: nobody tries it\n", right);
    failed++;
}

/* Splits "| a | b | c | d | e | f |"; false when the line is no row of so many cells. */
static bool split_row(char *line, char *cells[COLUMNS_COUNT + 1])
{
    size_t count = 0;
    char *rest = line;
    if (line[0] != '|')
        return false;
    for (char *part = strsep(&rest, "|"); part && count < COLUMNS_COUNT + 3; part = strsep(&rest, "|"), count++) {
        while (*part == ' ')
            part = &part[1];
        for (size_t len = strlen(part); len > 0 && (part[len - 1] == ' ' || part[len - 1] == '\n'); len--)
            part[len - 1] = '\0';
        if (count >= 1 && count <= COLUMNS_COUNT + 1)
            cells[count - 1] = part;
    }
    return count == COLUMNS_COUNT + 3;
}

static void judge_table(FILE *file)
{
    char line[1024];
    bool inside = false;
    while (fgets(line, sizeof line, file)) {
        char *cells[COLUMNS_COUNT + 1];
        if (!split_row(line, cells)) {
            inside = false;
        } else if (strcmp(cells[0], "right") == 0) {
            inside = true;
        } else if (inside && cells[0][0] != '-') {
            judge_row(cells[0], &cells[1]);
        }
    }
    for (size_t i = 0; i < ATTEMPTS_COUNT; i++) {
        if (!named[i]) {
            printf("table: %s: FAIL: not named\n", attempts[i].right);
            failed++;
        }
    }
}

/* --- the place ------------------------------------------------------------------------------------------- */

static int make_dir(const char *name, unsigned mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", place.dir, name);
    if (mkdir(path, 0755) != 0 || chmod(path, mode) != 0)
        return -1;
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool make_place(void)
{
    char path[128];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(place.dir, sizeof place.dir, "/tmp/securable-rights-XXXXXX");
    if (!mkdtemp(place.dir) || chmod(place.dir, 0755) != 0)
        return false;
    place.empty_fd = make_dir("empty", 0555);
    place.tree_fd = make_dir("tree", 0777); /* anybody may, by its mode: only Landlock says where else not */
    snprintf(path, sizeof path, "%s/secret", place.dir);
    int secret = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", place.dir);
    place.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    place.outside = getpid();
    return place.empty_fd >= 0 && place.tree_fd >= 0 && secret >= 0 && fchmod(secret, 0644) == 0 && close(secret) == 0 &&
           bind(place.listen_fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(place.listen_fd, 1) == 0;
}

static void remove_place(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s' /tmp/securable-rights-made", place.dir);
    if (system(command) != 0)
        printf("cannot remove %s\n", place.dir);
}

int main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "re") : NULL;
    if (!file || !make_place()) {
        printf("cannot: %s\n", strerror(errno));
        return 1;
    }
    judge_table(file);
    fclose(file);
    remove_place();
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed ? 1 : 0;
}
