/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs.h"

#include "../common/files.h"
#include "process.h"

#include "../common/say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The record that the installer is verifying. */
static uint8_t product_b[SEC_STATEMENT_MAX_BYTES];
static size_t product_len;

static void job_init(struct job *job)
{
    *job = (struct job){.kind = JOB_NONE, .channel = {-1, IPC_PARENT, IPC_INSTALLER}};
}

static void job_end(struct job *job)
{
    ipc_close(&job->channel);
    job_init(job);
}

/* --- answers --------------------------------------------------------------------------------------------- */

static void send_answer(struct parent *parent, const struct ipc_message *message)
{
    sec_status status = ipc_send(&parent->keeper.channel, message, -1);
    if (!sec_ok(status) && !sec_is(status, SEC_NOT_OPEN))
        children_kill(&parent->keeper, "does not take its answers");
}

void jobs_answer(struct parent *parent, uint32_t id, sec_status status)
{
    const struct ipc_message message = {.kind = IPC_DONE, .id = id, .code = status.code};
    send_answer(parent, &message);
}

void jobs_spooled(struct parent *parent, uint32_t id, sec_status status, const struct sec_digest *digest, uint64_t size, bool existed)
{
    struct ipc_message message = {.kind = IPC_SPOOLED, .id = id, .code = status.code, .flag = existed, .size = size};
    if (digest)
        message.digest = *digest;
    send_answer(parent, &message);
}

/* --- hooks ----------------------------------------------------------------------------------------------- */

static sec_status start_hook(struct parent *parent, const char *name, char *const *args, uint64_t timeout_s)
{
    sec_status status = hook_start(parent, name, args, &parent->effect.pid);
    if (!sec_ok(status)) {
        say("hook %s, start: %s", name, sec_status_text(status));
        return status;
    }
    parent->effect.due_ms = parent_now_ms() + timeout_s * 1000;
    return status;
}

void jobs_hook(struct parent *parent, uint32_t id, const char *name, char *const *args, uint64_t timeout_s, enum sec_status_code failure)
{
    job_init(&parent->effect);
    if (!sec_ok(start_hook(parent, name, args, timeout_s))) {
        jobs_answer(parent, id, sec_st(failure));
        return;
    }
    parent->effect.kind = JOB_HOOK;
    parent->effect.id = id;
    parent->effect.failure = failure;
}

/* The key at `index` of the changed ones, and its hook; false at the end. */
static bool key_at(const struct parent *parent, size_t index, struct sec_bytes *ret_key, struct rules_hook *ret_hook)
{
    struct sec_cbor rd = sec_cbor(sec_bytes(parent->keys_b, parent->keys_len));
    size_t count = sec_cbor_array(&rd);
    if (index >= count)
        return false;
    for (size_t i = 0; i <= index; i++)
        *ret_key = sec_cbor_tstr(&rd);
    if (!sec_ok(rd.status) || !sec_ok(rules_setting_hook(&parent->rules, *ret_key, ret_hook)))
        ret_hook->name[0] = '\0'; /* checked when the request came */
    return true;
}

static bool hook_was_run(const struct parent *parent, size_t before, const struct rules_hook *hook)
{
    struct sec_bytes key;
    struct rules_hook earlier;
    for (size_t i = 0; i < before && key_at(parent, i, &key, &earlier); i++) {
        if (strcmp(earlier.name, hook->name) == 0)
            return true;
    }
    return false;
}

/* "apply" and every changed key that has this hook, from `first` on. */
static sec_status start_apply_hook(struct parent *parent, size_t first, const struct rules_hook *hook)
{
    static char keys[SEC_SETTINGS_MAX_COUNT][SEC_SETTING_KEY_MAX_BYTES + 1];
    char apply[] = "apply";
    char *args[SEC_SETTINGS_MAX_COUNT + 2] = {apply};
    size_t count = 0;
    struct sec_bytes key;
    struct rules_hook other;
    for (size_t i = first; count < SEC_SETTINGS_MAX_COUNT && key_at(parent, i, &key, &other); i++) {
        if (strcmp(other.name, hook->name) != 0 || key.len >= sizeof keys[0])
            continue;
        sec_copy(keys[count], key.data, key.len);
        keys[count][key.len] = '\0';
        args[1 + count] = keys[count];
        count++;
    }
    return start_hook(parent, hook->name, args, parent->config.hook_timeout_s);
}

/* Starts the next apply hook; false when there is none left or it could not start. */
static bool next_apply_hook(struct parent *parent, sec_status *ret_status)
{
    struct sec_bytes key;
    struct rules_hook hook;
    *ret_status = sec_st(SEC_OK);
    while (key_at(parent, parent->effect.next_key, &key, &hook)) {
        size_t at = parent->effect.next_key++;
        if (hook.name[0] == '\0' || hook_was_run(parent, at, &hook))
            continue;
        if (sec_ok(start_apply_hook(parent, at, &hook)))
            return true;
        *ret_status = sec_st(SEC_EFFECT_FAILED);
        return false;
    }
    return false;
}

static void go_on_with_settings(struct parent *parent)
{
    sec_status status;
    uint32_t id = parent->effect.id;
    if (next_apply_hook(parent, &status))
        return;
    bool orphan = parent->effect.orphan;
    job_end(&parent->effect);
    if (!orphan)
        jobs_answer(parent, id, status);
}

void jobs_settings(struct parent *parent, uint32_t id)
{
    job_init(&parent->effect);
    parent->effect.kind = JOB_SETTINGS;
    parent->effect.id = id;
    parent->effect.failure = SEC_EFFECT_FAILED;
    go_on_with_settings(parent);
}

/* --- the installer --------------------------------------------------------------------------------------- */

static sec_status start_installer(struct parent *parent, struct job *job, int theirs, int source, int target)
{
    char path[CONFIG_PATH_MAX_BYTES + 32];
    char name[] = "securable-installer";
    char *argv[] = {name, NULL}, *envp[] = {NULL};
    snprintf(path, sizeof path, "%s/securable-installer", parent->config.libexec);
    const struct process_plan plan = {
        .path = path, .argv = argv, .envp = envp, .fds = {theirs, parent->empty_fd, source, target}, .fds_count = 4};
    return process_start(&plan, &job->pid);
}

sec_status jobs_installer(struct parent *parent, struct job *job, enum job_kind kind, const char *mode, uint64_t size, int source, int target)
{
    int pair[2];
    SEC_TRY(ipc_pair(pair));
    job_init(job);
    job->channel.fd = pair[0];
    sec_status status = start_installer(parent, job, pair[1], source, target);
    close(pair[1]);
    const struct ipc_message start = {
        .kind = IPC_START,
        .user = parent->as_root ? parent->installer_user.user : 0,
        .group = parent->as_root ? parent->installer_user.group : 0,
        .size = size,
        .a = sec_bytes_of_str(mode),
    };
    if (sec_ok(status))
        status = ipc_send(&job->channel, &start, -1);
    if (!sec_ok(status)) {
        say("securable-installer, start: %s", strerror(errno));
        process_kill(job->pid);
        job_end(job); /* the process, if there is one, is reaped as nobody's */
        return status;
    }
    job->kind = kind;
    job->due_ms = parent_now_ms() + parent->config.install_timeout_s * 1000;
    return sec_st(SEC_OK);
}

static int statement_file(struct sec_bytes statement)
{
    int fd = memfd_create("product", MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    if (write(fd, statement.data, statement.len) != (ssize_t)statement.len || lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

sec_status jobs_product(struct parent *parent, uint32_t id, struct sec_bytes statement)
{
    if (statement.len > sizeof product_b)
        return sec_st(SEC_TOO_LARGE);
    int roots = openat(parent->state_fd, "identity/roots.cose", O_RDONLY | O_CLOEXEC);
    int source = statement_file(statement);
    sec_status status = roots < 0 || source < 0 ? sec_st(SEC_IO_FAILED) : sec_st(SEC_OK);
    if (sec_ok(status))
        status = jobs_installer(parent, &parent->effect, JOB_PRODUCT, "product", statement.len, source, roots);
    if (sec_ok(status)) {
        parent->effect.id = id;
        sec_copy(product_b, statement.data, statement.len);
        product_len = statement.len;
    }
    if (roots >= 0)
        close(roots);
    if (source >= 0)
        close(source);
    return status;
}

/* What the installer said before it ended. */
static sec_status read_copied(struct job *job, int wait_status, struct ipc_message *ret_message)
{
    static uint8_t room_b[IPC_HEADER_BYTES + 64];
    int fd;
    if (job->timed_out || !WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
        return sec_st(SEC_IO_FAILED);
    SEC_TRY(ipc_receive(&job->channel, SEC_ROOM(room_b), ret_message, &fd));
    return (sec_status){ret_message->code};
}

/* --- the spool ------------------------------------------------------------------------------------------- */

/* Calls `visit` for each file of the spool; its count is bounded. */
static sec_status spool_walk(const struct parent *parent, sec_status (*visit)(void *ctx, const char *name), void *ctx)
{
    int fd = openat(parent->spool_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    sec_status status = dir ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
    for (const struct dirent *entry; sec_ok(status) && (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = visit(ctx, entry->d_name);
    }
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
    return status;
}

static sec_status count_one(void *ctx, const char *name)
{
    unsigned *count = ctx;
    *count += name[0] != '.';
    return sec_st(SEC_OK);
}

unsigned jobs_spool_count(const struct parent *parent)
{
    unsigned count = 0;
    return sec_ok(spool_walk(parent, count_one, &count)) ? count : ~0u;
}

struct keep {
    const struct parent *parent;
    struct sec_bytes digests;
};

static sec_status keep_or_remove(void *ctx, const char *name)
{
    const struct keep *keep = ctx;
    struct sec_digest digest;
    size_t len = 0;
    bool ours = sec_ok(sec_hex_parse(sec_bytes_of_str(name), SEC_ROOM(digest.b), &len)) && len == sizeof digest.b;
    for (size_t at = 0; ours && at < keep->digests.len; at += sizeof digest.b) {
        if (sec_bytes_equal(sec_bytes_part(keep->digests, at, sizeof digest.b), sec_digest_bytes(&digest)))
            return sec_st(SEC_OK);
    }
    if (keep->parent->spool.kind != JOB_NONE && strcmp(name, JOBS_SPOOL_NEW) == 0)
        return sec_st(SEC_OK);
    return files_remove(keep->parent->spool_fd, name);
}

sec_status jobs_spool_keep(const struct parent *parent, struct sec_bytes digests)
{
    struct keep keep = {parent, digests};
    return spool_walk(parent, keep_or_remove, &keep);
}

/* The copy gets its digest as its name. */
static sec_status spool_take(const struct parent *parent, const struct sec_digest *digest, bool *ret_existed)
{
    char name[65];
    struct sec_wr wr = sec_wr(sec_room(name, 64));
    sec_wr_hex(&wr, sec_digest_bytes(digest));
    name[64] = '\0';
    *ret_existed = faccessat(parent->spool_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    if (renameat(parent->spool_fd, JOBS_SPOOL_NEW, parent->spool_fd, name) != 0 || fsync(parent->spool_fd) != 0)
        return sec_st(SEC_IO_FAILED);
    return sec_st(SEC_OK);
}

/* --- ends ------------------------------------------------------------------------------------------------ */

static void spool_ended(struct parent *parent, int wait_status)
{
    struct ipc_message copied = {.kind = IPC_COPIED};
    struct job job = parent->spool;
    bool existed = false;
    sec_status status = read_copied(&parent->spool, wait_status, &copied);
    if (sec_ok(status) && !job.orphan)
        status = spool_take(parent, &copied.digest, &existed);
    if (!sec_ok(status) || job.orphan)
        (void)files_remove(parent->spool_fd, JOBS_SPOOL_NEW);
    job_end(&parent->spool);
    if (!job.orphan)
        jobs_spooled(parent, job.id, status, &copied.digest, copied.size, existed);
}

static sec_status installed(const struct job *job, sec_status status, const struct ipc_message *copied)
{
    if (!sec_ok(status))
        return status;
    bool same = copied->size == job->size && sec_digest_equal(&copied->digest, &job->digest);
    return same ? sec_st(SEC_OK) : sec_st(job->failure);
}

static sec_status hook_result(const struct job *job, int wait_status)
{
    bool good = !job->timed_out && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
    return good ? sec_st(SEC_OK) : sec_st(job->failure);
}

static sec_status product_taken(struct parent *parent, sec_status status)
{
    if (sec_ok(status))
        status = rules_load(&parent->rules, sec_bytes(product_b, product_len));
    if (!sec_ok(status)) {
        say("product record of the keeper, check: %s; the one before stays", sec_status_text(status));
        return status;
    }
    struct sec_bytes version = parent->rules.product.facts.version;
    say("product record, version %.*s: verified, in force", (int)version.len, (const char *)version.data);
    return effects_interfaces_write(parent);
}

static void effect_ended(struct parent *parent, int wait_status)
{
    struct job *job = &parent->effect;
    sec_status status = sec_st(SEC_OK);
    struct ipc_message copied = {.kind = IPC_COPIED};
    job->pid = 0;
    if (job->kind == JOB_HOOK || job->kind == JOB_SETTINGS)
        status = hook_result(job, wait_status);
    else if (job->kind == JOB_INSTALL)
        status = installed(job, read_copied(job, wait_status, &copied), &copied);
    else
        status = product_taken(parent, read_copied(job, wait_status, &copied));
    if (job->kind == JOB_SETTINGS && sec_ok(status) && !job->orphan) {
        go_on_with_settings(parent);
        return;
    }
    uint32_t id = job->id;
    bool orphan = job->orphan;
    job_end(job);
    if (!orphan)
        jobs_answer(parent, id, status);
}

bool effects_ended(struct parent *parent, pid_t pid, int wait_status)
{
    if (parent->effect.kind != JOB_NONE && parent->effect.pid == pid)
        effect_ended(parent, wait_status);
    else if (parent->spool.kind != JOB_NONE && parent->spool.pid == pid)
        spool_ended(parent, wait_status);
    else
        return false;
    return true;
}

static void tick(struct job *job, const char *what, uint64_t now_ms)
{
    if (job->kind == JOB_NONE || job->timed_out || now_ms < job->due_ms)
        return;
    say("%s, process %d: time limit over, killed", what, (int)job->pid);
    job->timed_out = true;
    process_kill(job->pid);
}

void effects_tick(struct parent *parent, uint64_t now_ms)
{
    tick(&parent->effect, "effect", now_ms);
    tick(&parent->spool, "spool", now_ms);
}

static uint64_t job_due_ms(const struct job *job)
{
    return job->kind == JOB_NONE || job->timed_out ? UINT64_MAX : job->due_ms;
}

uint64_t effects_due_ms(const struct parent *parent)
{
    uint64_t a = job_due_ms(&parent->effect), b = job_due_ms(&parent->spool);
    return a < b ? a : b;
}

static void abandon(struct job *job)
{
    if (job->kind == JOB_NONE)
        return;
    job->orphan = true;
    process_kill(job->pid);
}

void effects_abandon(struct parent *parent)
{
    abandon(&parent->effect);
    abandon(&parent->spool);
}

bool effects_idle(const struct parent *parent)
{
    return parent->effect.kind == JOB_NONE && parent->spool.kind == JOB_NONE;
}
