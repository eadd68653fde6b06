/* SPDX-License-Identifier: Apache-2.0 */
#include "../common/files.h"
#include "jobs.h"
#include "parent.h"

#include "../common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Payloads that may lie in the spool: one in use, one to come, and room for a mistake. */
#define SPOOL_MAX_COUNT 4u

static const char *slot_name(bool flag)
{
    return flag ? "b" : "a";
}

/* --- settings and interfaces ----------------------------------------------------------------------------- */

static sec_status check_keys(const struct parent *parent, struct sec_bytes keys)
{
    struct sec_cbor rd = sec_cbor(keys);
    SEC_TRY(sec_cbor_check(keys, SEC_CBOR_OURS));
    size_t count = sec_cbor_array(&rd);
    if (count > SEC_SETTINGS_MAX_COUNT)
        return sec_st(SEC_TOO_LARGE);
    for (size_t i = 0; i < count; i++) {
        struct rules_hook hook;
        struct sec_bytes key = sec_cbor_tstr(&rd);
        if (sec_ok(rd.status))
            SEC_TRY(rules_setting_hook(&parent->rules, key, &hook));
    }
    return sec_cbor_end(&rd);
}

/* The file as somebody else may have left it: told before it is replaced. */
static void observe_settings_file(struct parent *parent, struct sec_bytes json, bool reasserted)
{
    static uint8_t present_b[IPC_A_MAX_BYTES];
    size_t len = 0;
    sec_status status = files_read(parent->run_fd, "settings.json", SEC_ROOM(present_b), &len);
    struct sec_bytes present = sec_bytes(present_b, len);
    struct sec_bytes known = sec_bytes(parent->settings_b, parent->settings_len);
    if (sec_is(status, SEC_NOT_FOUND) || (!parent->settings_known && !reasserted))
        return; /* a first start, or nothing to compare with */
    if (!sec_ok(status) || (!sec_bytes_equal(present, parent->settings_known ? known : json) && !sec_bytes_equal(present, json)))
        /* Before a first writing of this run the file may be as a cut left it; who made it differ is not known then. */
        watch_observe(parent, "settings-file", parent->settings_known ? "changed by another; replaced" : "not as the journal says at start; replaced");
}

static void do_settings(struct parent *parent, const struct ipc_message *message)
{
    sec_status status = check_keys(parent, message->b);
    if (!sec_ok(status)) {
        jobs_answer(parent, message->id, status);
        return;
    }
    struct sec_cbor rd = sec_cbor(message->b);
    observe_settings_file(parent, message->a, sec_cbor_array(&rd) == 0);
    status = files_replace(parent->run_fd, "settings.json", message->a, 0644);
    if (!sec_ok(status)) {
        say("settings.json, replace: %s", strerror(errno));
        jobs_answer(parent, message->id, status);
        return;
    }
    sec_copy(parent->settings_b, message->a.data, message->a.len); /* IPC_A_MAX_BYTES both */
    parent->settings_len = message->a.len;
    parent->settings_known = true;
    sec_copy(parent->keys_b, message->b.data, message->b.len);
    parent->keys_len = message->b.len;
    jobs_settings(parent, message->id);
}

sec_status effects_interfaces_write(struct parent *parent)
{
    uint8_t json_b[SEC_PRODUCT_INTERFACES_MAX_COUNT * (SEC_NAME_MAX_BYTES + 16u) + 64u];
    struct sec_wr wr = sec_wr(SEC_ROOM(json_b));
    struct sec_bytes json;
    rules_interfaces_json(&parent->rules, &wr);
    SEC_TRY(sec_wr_end(&wr, &json));
    return files_replace(parent->run_fd, "interfaces.json", json, 0644);
}

static void do_interface(struct parent *parent, const struct ipc_message *message)
{
    char name[SEC_NAME_MAX_BYTES + 1] = {0};
    sec_status status = rules_interface_set(&parent->rules, message->a, message->flag);
    if (sec_ok(status))
        status = effects_interfaces_write(parent);
    if (!sec_ok(status) || message->a.len >= sizeof name || sec_is(hook_check(parent, "interface"), SEC_NOT_FOUND)) {
        jobs_answer(parent, message->id, status); /* without the hook, the file is the effect */
        return;
    }
    sec_copy(name, message->a.data, message->a.len);
    char enable[] = "enable", disable[] = "disable";
    char *args[] = {message->flag ? enable : disable, name, NULL};
    jobs_hook(parent, message->id, "interface", args, parent->config.hook_timeout_s, SEC_EFFECT_FAILED);
}

/* --- slots ----------------------------------------------------------------------------------------------- */

static void spool_name(const struct sec_digest *digest, char ret_name[65])
{
    struct sec_wr wr = sec_wr(sec_room(ret_name, 64));
    sec_wr_hex(&wr, sec_digest_bytes(digest));
    ret_name[64] = '\0';
}

/* A slot that runs is never written: it is read, and is right already or the request is wrong. */
static sec_status start_install(struct parent *parent, const struct ipc_message *message)
{
    char name[65];
    spool_name(&message->digest, name);
    bool active = watch_active_read(parent) == slot_name(message->flag)[0];
    int source = active ? -1 : openat(parent->spool_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool verify = source < 0;
    struct stat st;
    if (!verify && (fstat(source, &st) != 0 || (uint64_t)st.st_size != message->size)) {
        close(source);
        return sec_st(SEC_DIGEST_MISMATCH);
    }
    /* A slot may be a link to a block device: that is the administrator's to say. */
    int slot = openat(parent->slots_fd, slot_name(message->flag), verify ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    sec_status status = slot < 0 ? sec_st(verify ? SEC_NOT_FOUND : SEC_IO_FAILED) : sec_st(SEC_OK);
    if (sec_ok(status))
        status = jobs_installer(parent, &parent->effect, JOB_INSTALL, verify ? "verify" : "install", message->size, verify ? slot : source, slot);
    if (sec_ok(status)) {
        parent->effect.id = message->id;
        parent->effect.size = message->size;
        parent->effect.digest = message->digest;
        parent->effect.failure = active ? SEC_REFUSED_BY_PORT : verify ? SEC_NOT_FOUND : SEC_DIGEST_MISMATCH;
    }
    if (source >= 0)
        close(source);
    if (slot >= 0)
        close(slot);
    return status;
}

static void do_install(struct parent *parent, const struct ipc_message *message)
{
    sec_status status = message->size > parent->config.payload_max_bytes ? sec_st(SEC_TOO_LARGE) : start_install(parent, message);
    if (!sec_ok(status))
        jobs_answer(parent, message->id, status);
}

static void do_activate(struct parent *parent, const struct ipc_message *message)
{
    const char *name = slot_name(message->flag);
    char present = watch_active_read(parent);
    sec_status status = sec_st(SEC_OK);
    if (parent->active != 0 && present != parent->active)
        watch_observe(parent, "active-slot", "changed by another; replaced");
    if (present != name[0])
        status = files_replace(parent->slots_fd, "active", message->flag ? SEC_LIT("b\n") : SEC_LIT("a\n"), 0644);
    if (sec_ok(status))
        parent->active = name[0];
    if (!sec_ok(status) || present == name[0] || sec_is(hook_check(parent, "activate"), SEC_NOT_FOUND)) {
        jobs_answer(parent, message->id, status);
        return;
    }
    char slot[] = {name[0], '\0'};
    char *args[] = {slot, NULL};
    jobs_hook(parent, message->id, "activate", args, parent->config.hook_timeout_s, SEC_EFFECT_FAILED);
}

static void do_health(struct parent *parent, const struct ipc_message *message)
{
    struct rules_hook hook = rules_health_hook(&parent->rules);
    uint64_t timeout_s = parent->rules.product.facts.update_health_timeout_s;
    char health[] = "health", slot[] = {watch_active_read(parent), '\0'};
    char *args[] = {health, slot, NULL};
    if (hook.name[0] == '\0')
        jobs_answer(parent, message->id, sec_st(SEC_OK)); /* the product has no health check */
    else
        jobs_hook(parent, message->id, hook.name, args, timeout_s ? timeout_s : parent->config.hook_timeout_s, SEC_HEALTH_FAILED);
}

/* --- the spool ------------------------------------------------------------------------------------------- */

static sec_status start_spool(struct parent *parent, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) /* a pipe or a device could make the installer wait */
        return sec_st(SEC_BAD_VALUE);
    if (st.st_size < 0 || (uint64_t)st.st_size > parent->config.payload_max_bytes)
        return sec_st(SEC_TOO_LARGE);
    if (jobs_spool_count(parent) >= SPOOL_MAX_COUNT)
        return sec_st(SEC_STORAGE_FULL);
    SEC_TRY(files_remove(parent->spool_fd, JOBS_SPOOL_NEW));
    int target = openat(parent->spool_fd, JOBS_SPOOL_NEW, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0)
        return sec_st(SEC_IO_FAILED);
    sec_status status = jobs_installer(parent, &parent->spool, JOB_SPOOL, "spool", parent->config.payload_max_bytes, fd, target);
    close(target);
    return status;
}

static void do_spool(struct parent *parent, const struct ipc_message *message, int fd)
{
    sec_status status = parent->spool.kind != JOB_NONE ? sec_st(SEC_BUSY) : start_spool(parent, fd);
    if (sec_ok(status))
        parent->spool.id = message->id;
    else
        jobs_spooled(parent, message->id, status, NULL, 0, false);
}

static void do_discard(struct parent *parent, const struct ipc_message *message)
{
    char name[65];
    spool_name(&message->digest, name);
    jobs_answer(parent, message->id, files_remove(parent->spool_fd, name));
}

static void do_keep(struct parent *parent, const struct ipc_message *message)
{
    jobs_answer(parent, message->id, message->a.len % 32 ? sec_st(SEC_MALFORMED) : jobs_spool_keep(parent, message->a));
}

/* --- the others ------------------------------------------------------------------------------------------ */

static void do_erase(struct parent *parent, const struct ipc_message *message)
{
    struct rules_hook hook;
    char name[SEC_NAME_MAX_BYTES + 1] = {0}, erase[] = "erase";
    sec_status status = rules_erase_hook(&parent->rules, message->a, &hook);
    if (sec_ok(status) && (hook.name[0] == '\0' || message->a.len >= sizeof name))
        status = sec_st(SEC_EFFECT_FAILED);
    if (!sec_ok(status)) {
        jobs_answer(parent, message->id, status);
        return;
    }
    sec_copy(name, message->a.data, message->a.len);
    char *args[] = {erase, name, NULL};
    jobs_hook(parent, message->id, hook.name, args, parent->config.hook_timeout_s, SEC_EFFECT_FAILED);
}

static void do_product(struct parent *parent, const struct ipc_message *message)
{
    sec_status status = sec_st(SEC_OK);
    struct sec_bytes present = sec_bytes(parent->rules.statement_b, parent->rules.statement_len);
    if (!sec_bytes_equal(present, message->a))
        status = jobs_product(parent, message->id, message->a);
    if (!sec_ok(status) || parent->effect.kind == JOB_NONE)
        jobs_answer(parent, message->id, status);
}

void effects_request(struct parent *parent, const struct ipc_message *message, int fd)
{
    if (message->kind == IPC_SPOOL) {
        do_spool(parent, message, fd);
        close(fd);
        return;
    }
    if (parent->effect.kind != JOB_NONE) { /* the keeper waits for each answer */
        children_kill(&parent->keeper, "a request before the answer to the last");
        return;
    }
    static const struct {
        enum ipc_kind kind;
        void (*carry_out)(struct parent *, const struct ipc_message *);
    } effects[] = {
        {IPC_SETTINGS, do_settings}, {IPC_INTERFACE, do_interface}, {IPC_INSTALL, do_install},
        {IPC_ACTIVATE, do_activate}, {IPC_HEALTH, do_health},       {IPC_DISCARD, do_discard},
        {IPC_ERASE, do_erase},       {IPC_PRODUCT, do_product},     {IPC_KEEP, do_keep},
        {IPC_SITE, link_site},
    };
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
        if (effects[i].kind == message->kind) {
            effects[i].carry_out(parent, message);
            return;
        }
    }
    children_kill(&parent->keeper, "a message that is not for the parent");
}
