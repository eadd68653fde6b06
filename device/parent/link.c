/* SPDX-License-Identifier: Apache-2.0 */
#include "../common/files.h"
#include "jobs.h"
#include "parent.h"
#include "process.h"

#include "../common/say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LEAVE_WITHIN_MS UINT64_C(3000)

static sec_status erase_all(const struct parent *parent)
{
    int fd = openat(parent->link_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    sec_status status = dir ? sec_st(SEC_OK) : sec_st(SEC_IO_FAILED);
    for (const struct dirent *entry; sec_ok(status) && (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlinkat(parent->link_fd, entry->d_name, 0) != 0)
            status = sec_st(SEC_IO_FAILED);
    }
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
    return sec_ok(status) && fsync(parent->link_fd) != 0 ? sec_st(SEC_IO_FAILED) : status;
}

void link_tick(struct parent *parent)
{
    if (!parent->link_erase || parent->link.pid != 0)
        return;
    parent->link_erase = false; /* once: link itself looks whose key it finds */
    if (parent->link_fd >= 0 && !sec_ok(erase_all(parent)))
        say("link, erase: %s", strerror(errno));
}

static void go_to(struct parent *parent, const struct hub_place *place)
{
    const struct ipc_message stop = {.kind = IPC_STOP};
    parent->hub = *place;
    /* At a start this is only what was in force before; whose key it finds, link sees itself. */
    parent->link_erase = parent->keeper.ever_ready;
    say("hub: %s", place->address[0] ? place->address : "none");
    if (parent->link.pid == 0)
        return;
    /* In order: the hub that is left may still hear what became of this. */
    parent->link.state = CHILD_STOPPING;
    parent->link.due_ms = parent_now_ms() + LEAVE_WITHIN_MS;
    if (!sec_ok(ipc_send(&parent->link.channel, &stop, -1)))
        process_kill(parent->link.pid);
}

void link_site(struct parent *parent, const struct ipc_message *message)
{
    struct hub_place place;
    sec_status status = hub_place_make(message->a, &message->digest, &place);
    if (sec_ok(status) && place.address[0] == '\0')
        place = parent->config.hub;
    if (sec_ok(status) && place.address[0] != '\0' && parent->link_fd < 0) {
        say("site, link-user: no such user %s; link is not started", parent->config.link_user);
        status = sec_st(SEC_REFUSED_BY_PORT);
    }
    if (sec_ok(status) && !hub_place_equal(&place, &parent->hub))
        go_to(parent, &place);
    else if (sec_ok(status) && place.address[0] == '\0')
        parent->link_erase = true; /* what a cut may have left */
    jobs_answer(parent, message->id, status);
}
