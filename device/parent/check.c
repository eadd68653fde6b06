/* SPDX-License-Identifier: Apache-2.0 */
#include "../common/files.h"
#include "parent.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FILE_MAX_BYTES 65536u

struct told {
    const char *file;
    bool any;
};

static void tell(void *ctx, unsigned line, const char *object, const char *clause, const char *fact)
{
    struct told *told = ctx;
    told->any = true;
    fprintf(stderr, "%s:%u: %s, %s: %s\n", told->file, line, object, clause, fact);
}

/* The programs stand beside this one: PREFIX/libexec/securable, or libexec in a build. */
static void find_libexec(struct config *config)
{
    char self[CONFIG_PATH_MAX_BYTES], path[2 * CONFIG_PATH_MAX_BYTES];
    static const char *const places[] = {"../libexec/securable", "../libexec", "."};
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (config->libexec[0] != '\0' || n <= 0)
        return;
    self[n] = '\0';
    const char *dir = dirname(self);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int len = snprintf(path, sizeof path, "%s/%s/securable-keeper", dir, places[i]);
        if (len > 0 && access(path, X_OK) == 0 && (size_t)len < sizeof config->libexec) {
            snprintf(path, sizeof path, "%s/%s", dir, places[i]);
            sec_copy(config->libexec, path, strlen(path) + 1);
            return;
        }
    }
}

static void find_user(struct told *told, const char *key, const char *text, struct config_user *ret_user)
{
    sec_status status = config_user_find(text, ret_user);
    if (sec_is(status, SEC_NOT_FOUND))
        tell(told, 0, key, "no such user", text);
    else if (!sec_ok(status))
        tell(told, 0, key, "bad user", "root, the overflow user and numbers over 32 bits cannot be it");
}

static void find_users(struct parent *parent, struct told *told)
{
    if (!parent->as_root)
        return;
    find_user(told, "door-user", parent->config.door_user, &parent->door_user);
    find_user(told, "keeper-user", parent->config.keeper_user, &parent->keeper_user);
    find_user(told, "installer-user", parent->config.installer_user, &parent->installer_user);
    /* Without a hub a device needs no user for link; a site that its owner names later is refused then. */
    parent->has_link_user = sec_ok(config_user_find(parent->config.link_user, &parent->link_user));
    if (!parent->has_link_user && parent->config.hub.address[0] != '\0')
        find_user(told, "link-user", parent->config.link_user, &parent->link_user);
    if (parent->config.hook_user[0] != '\0')
        find_user(told, "hook-user", parent->config.hook_user, &parent->hook_user);
    uint32_t door = parent->door_user.user, keeper = parent->keeper_user.user, installer = parent->installer_user.user;
    if (!told->any && (door == keeper || door == installer || keeper == installer))
        tell(told, 0, "door-user, keeper-user, installer-user", "the same", "each needs a user of its own");
    uint32_t link = parent->has_link_user ? parent->link_user.user : 0;
    if (!told->any && (link == door || link == keeper || link == installer))
        tell(told, 0, "link-user", "the same as another", "each needs a user of its own");
}

bool check_config(struct parent *parent, const char *state, const char *file)
{
    static uint8_t text_b[FILE_MAX_BYTES];
    struct told told = {state, false};
    size_t len = 0;
    parent->as_root = geteuid() == 0;
    if (!sec_ok(config_init(&parent->config, state))) {
        tell(&told, 0, "state directory", "too long", "a path has at most 511 bytes");
        return false;
    }
    told.file = file ? file : parent->config.file;
    const struct config_errors errors = {&told, tell};
    sec_status status = files_read(AT_FDCWD, told.file, SEC_ROOM(text_b), &len);
    if (!sec_ok(status) && (file || !sec_is(status, SEC_NOT_FOUND))) {
        tell(&told, 0, "file", "read", sec_is(status, SEC_TOO_LARGE) ? "over 65536 bytes" : strerror(errno));
        return false;
    }
    (void)config_parse(&parent->config, sec_bytes(text_b, len), &errors); /* told.any says it */
    find_libexec(&parent->config);
    find_users(parent, &told);
    if (strlen(parent->config.socket) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        tell(&told, 0, "socket", "too long", "a socket's path has at most 107 bytes");
    return !told.any;
}

static void check_programs(const struct parent *parent, struct told *told)
{
    static const char *const names[] = {"securable-door", "securable-keeper", "securable-installer", "securable-link"};
    char path[CONFIG_PATH_MAX_BYTES + 32];
    if (parent->config.libexec[0] == '\0') {
        tell(told, 0, "libexec", "not found", "no programs beside this one; say where they are");
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", parent->config.libexec, names[i]);
        if (access(path, X_OK) != 0)
            tell(told, 0, path, "program", strerror(errno));
    }
}

static void check_product(struct parent *parent, struct told *told)
{
    static uint8_t statement_b[SEC_STATEMENT_MAX_BYTES];
    char path[CONFIG_PATH_MAX_BYTES + 32];
    size_t len = 0;
    snprintf(path, sizeof path, "%s/identity/product.cose", parent->config.state);
    sec_status status = files_read(AT_FDCWD, path, SEC_ROOM(statement_b), &len);
    if (sec_ok(status))
        status = rules_load(&parent->rules, sec_bytes(statement_b, len));
    if (!sec_ok(status))
        tell(told, 0, path, "product record", sec_status_text(status));
}

static bool told_before(const struct parent *parent, size_t index, const char *name)
{
    struct rules_hook earlier;
    for (size_t i = 0; i < index && rules_hook_at(&parent->rules, i, &earlier); i++) {
        if (strcmp(earlier.name, name) == 0)
            return true;
    }
    return false;
}

static void check_hooks(struct parent *parent, struct told *told)
{
    struct rules_hook hook;
    struct stat st;
    parent->hooks_fd = open(parent->config.hooks, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent->hooks_fd >= 0 && fstat(parent->hooks_fd, &st) == 0 &&
        ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0))
        tell(told, 0, parent->config.hooks, "hooks directory", "others than its administrator may write in it");
    for (size_t i = 0; rules_hook_at(&parent->rules, i, &hook); i++) {
        if (hook.name[0] == '\0' || told_before(parent, i, hook.name))
            continue;
        sec_status status = hook_check(parent, hook.name);
        if (sec_is(status, SEC_NOT_PERMITTED))
            tell(told, 0, hook.name, "hook", "not an executable file that only its administrator can write");
        else if (!sec_ok(status))
            tell(told, 0, hook.name, "hook of the product record", sec_status_text(status));
    }
}

bool check_surroundings(struct parent *parent)
{
    struct told told = {parent->config.file, false};
    check_programs(parent, &told);
    check_product(parent, &told);
    if (!told.any)
        check_hooks(parent, &told);
    if (access(parent->config.slots, W_OK | X_OK) != 0)
        tell(&told, 0, parent->config.slots, "slots directory", strerror(errno));
    return !told.any;
}
