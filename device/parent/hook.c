/* SPDX-License-Identifier: Apache-2.0 */
#include "parent.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* "NAME=" and a path. */
#define VARIABLE_MAX_BYTES (CONFIG_PATH_MAX_BYTES + 64u)

sec_status hook_check(const struct parent *parent, const char *name)
{
    struct stat st;
    if (!sec_ok(sec_product_hook_check(sec_bytes_of_str(name))))
        return sec_st(SEC_REFUSED_BY_PORT);
    if (parent->hooks_fd < 0 || fstatat(parent->hooks_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return sec_st(SEC_NOT_FOUND);
    bool own = st.st_uid == 0 || st.st_uid == geteuid();
    bool closed = (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && (st.st_mode & S_IXUSR) != 0;
    return S_ISREG(st.st_mode) && own && closed ? sec_st(SEC_OK) : sec_st(SEC_NOT_PERMITTED);
}

sec_status hook_start(const struct parent *parent, const char *name, char *const *args, pid_t *ret_pid)
{
    SEC_TRY(hook_check(parent, name));
    char path[CONFIG_PATH_MAX_BYTES + SEC_NAME_MAX_BYTES + 2];
    char state[VARIABLE_MAX_BYTES], settings[VARIABLE_MAX_BYTES], slots[VARIABLE_MAX_BYTES];
    char search[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    snprintf(path, sizeof path, "%s/%s", parent->config.hooks, name);
    snprintf(state, sizeof state, "SECURABLE_STATE=%s", parent->config.state);
    snprintf(settings, sizeof settings, "SECURABLE_SETTINGS=%s/run/settings.json", parent->config.state);
    snprintf(slots, sizeof slots, "SECURABLE_SLOTS=%s", parent->config.slots);
    char *envp[] = {search, state, settings, slots, NULL};
    char *argv[SEC_SETTINGS_MAX_COUNT + 3] = {path};
    for (size_t i = 0; args[i] && i < SEC_SETTINGS_MAX_COUNT + 1; i++)
        argv[i + 1] = args[i];
    struct process_plan plan = {
        .path = path,
        .argv = argv,
        .envp = envp,
        .change_user = parent->as_root && parent->config.hook_user[0] != '\0',
        .user = parent->hook_user.user,
        .group = parent->hook_user.group,
    };
    return process_start(&plan, ret_pid);
}
