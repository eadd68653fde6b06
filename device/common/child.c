/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include "say.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_LOOKED_FOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_LOOKED_FOR 1
#endif
#endif
#ifdef LEAKS_ARE_LOOKED_FOR
/* At exit the sanitizer would trace this process from another, which a confined process denies. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}
#endif

sec_status child_begin(enum ipc_role me, struct child_start *ret_start)
{
    static uint8_t room_b[IPC_HEADER_BYTES + 1024];
    struct child_start start = {.parent = {CHILD_FD_CHANNEL, me, IPC_PARENT}};
    struct ipc_message message;
    int fd = -1;
    (void)signal(SIGPIPE, SIG_IGN);
    SEC_TRY(ipc_receive(&start.parent, SEC_ROOM(room_b), &message, &fd));
    if (message.kind != IPC_START)
        return sec_st(SEC_WRONG_KIND);
    if (message.a.len >= sizeof start.text)
        return sec_st(SEC_TOO_LARGE);
    sec_copy(start.text, message.a.data, message.a.len);
    start.text_len = message.a.len;
    start.former_run_s = message.id;
    start.flag = message.flag;
    start.size = message.size;
    start.plan.empty_fd = CHILD_FD_EMPTY;
    start.plan.change_user = message.user != 0;
    start.plan.user = message.user;
    start.plan.group = message.group;
    *ret_start = start;
    return sec_st(SEC_OK);
}

sec_status child_confine(enum confinement_profile profile, const struct child_start *start, struct confinement *ret_confinement)
{
    sec_status status = confinement_enter(profile, &start->plan, ret_confinement);
    if (!sec_ok(status))
        say("confinement, %s: %s", ret_confinement->failed, strerror(errno));
    return status;
}

sec_status child_ready(const struct child_start *start, const struct confinement *confinement)
{
    const struct ipc_message message = {.kind = IPC_READY, .a = sec_bytes(confinement->text, confinement->text_len)};
    /* What loading, confinement and a long journal took from the heap is not needed to serve. */
    (void)malloc_trim(0);
    return ipc_send(&start->parent, &message, -1);
}
