/* SPDX-License-Identifier: Apache-2.0 */
#include "shell.h"

#include <unistd.h>

/* --- the parent's messages --------------------------------------------------------------------------- */

static void note_observation(struct shell *shell, struct sec_bytes observation)
{
    if (shell->observations_count == SHELL_OBSERVATIONS_MAX_COUNT)
        return; /* the parent's watch comes again */
    struct shell_note *note = &shell->observations[shell->observations_count];
    if (!sec_bytes_copy(SEC_ROOM(note->b), observation))
        return;
    note->len = observation.len;
    shell->observations_count++;
}

static void note_spooled(struct shell *shell, const struct ipc_message *message)
{
    struct shell_submission *submission = &shell->submission;
    if (!submission->there || submission->request != message->id)
        return;
    submission->spooled = true;
    submission->code = message->code;
    submission->digest = message->digest;
}

/* Taken up when the present message is done with. */
static sec_status note_channel(struct shell *shell, uint16_t role, int fd)
{
    int *next = role == IPC_DOOR ? &shell->next_door_fd : role == IPC_LINK ? &shell->next_link_fd : NULL;
    int before = next ? *next : fd;
    if (before >= 0)
        close(before);
    if (!next)
        return sec_st(SEC_WRONG_KIND);
    *next = fd;
    return sec_st(SEC_OK);
}

sec_status shell_take_parent(struct shell *shell, uint32_t request, bool *ret_answered, sec_status *ret_answer)
{
    static uint8_t room_b[IPC_HEADER_BYTES + 1024];
    struct ipc_message message;
    int fd = -1;
    SEC_TRY(ipc_receive(&shell->start.parent, SEC_ROOM(room_b), &message, &fd));
    switch (message.kind) {
    case IPC_STOP:
        shell->stop = true;
        break;
    case IPC_CHANNEL:
        return note_channel(shell, message.code, fd);
    case IPC_OBSERVED:
        note_observation(shell, message.a);
        break;
    case IPC_SPOOLED:
        note_spooled(shell, &message);
        break;
    case IPC_DONE:
        if (request == 0 || message.id != request)
            return sec_st(SEC_WRONG_KIND);
        *ret_answer = (sec_status){message.code};
        *ret_answered = true;
        break;
    default:
        return sec_st(SEC_WRONG_KIND);
    }
    return sec_st(SEC_OK);
}

/* --- asking ------------------------------------------------------------------------------------------ */

static sec_status ask_once(struct shell *shell, struct ipc_message *message)
{
    bool answered = false;
    sec_status answer = sec_st(SEC_IO_FAILED);
    message->id = ++shell->last_request ? shell->last_request : ++shell->last_request;
    sec_status status = ipc_send(&shell->start.parent, message, -1);
    while (sec_ok(status) && !answered)
        status = shell_take_parent(shell, message->id, &answered, &answer);
    if (sec_is(status, SEC_TOO_LARGE))
        return status;
    if (!sec_ok(status)) {
        shell->trouble = true;
        return sec_st(SEC_IO_FAILED);
    }
    return answer;
}

/* The parent checks requests against the product record; when a release has brought another one, it is told first. */
static void tell_product(struct shell *shell)
{
    const struct keeper_statement *product = &shell->keeper.rooms.product;
    struct sec_bytes statement = sec_bytes(product->b, product->len);
    struct sec_digest digest;
    if (!sec_ok(shell->crypto.hasher.digest(shell->crypto.hasher.ctx, &statement, 1, &digest)))
        return;
    if (shell->told_any_product && sec_digest_equal(&digest, &shell->told_product))
        return;
    struct ipc_message message = {.kind = IPC_PRODUCT, .a = statement};
    if (statement.len > 0)
        (void)ask_once(shell, &message); /* when the parent refuses it, it goes by the record that it has */
    shell->told_product = digest;
    shell->told_any_product = true;
}

static sec_status ask(struct shell *shell, struct ipc_message message)
{
    tell_product(shell);
    return ask_once(shell, &message);
}

/* --- the port ---------------------------------------------------------------------------------------- */

static sec_status do_settings(void *ctx, struct sec_bytes json, struct sec_bytes changed_keys)
{
    return ask(ctx, (struct ipc_message){.kind = IPC_SETTINGS, .a = json, .b = changed_keys});
}

static sec_status do_interface(void *ctx, struct sec_bytes name, bool enabled)
{
    return ask(ctx, (struct ipc_message){.kind = IPC_INTERFACE, .a = name, .flag = enabled});
}

static sec_status do_install(void *ctx, enum sec_slot slot, const struct sec_digest *digest, uint64_t size_bytes)
{
    return ask(ctx, (struct ipc_message){.kind = IPC_INSTALL, .flag = slot == SEC_SLOT_B, .digest = *digest, .size = size_bytes});
}

static sec_status do_activate(void *ctx, enum sec_slot slot)
{
    return ask(ctx, (struct ipc_message){.kind = IPC_ACTIVATE, .flag = slot == SEC_SLOT_B});
}

static sec_status do_health(void *ctx)
{
    return ask(ctx, (struct ipc_message){.kind = IPC_HEALTH});
}

static sec_status do_discard(void *ctx, const struct sec_digest *digest)
{
    return ask(ctx, (struct ipc_message){.kind = IPC_DISCARD, .digest = *digest});
}

static sec_status do_erase(void *ctx, struct sec_bytes element)
{
    return ask(ctx, (struct ipc_message){.kind = IPC_ERASE, .a = element});
}

static sec_status do_site(void *ctx, struct sec_bytes address, const struct sec_digest *ca)
{
    return ask(ctx, (struct ipc_message){.kind = IPC_SITE, .a = address, .digest = *ca});
}

/* Noted; told when the keeper is done with what it is doing. */
static void do_notify(void *ctx, struct sec_bytes topic)
{
    struct shell *shell = ctx;
    for (size_t i = 0; i < shell->topics_count; i++) {
        if (sec_bytes_equal(sec_bytes(shell->topics[i].b, shell->topics[i].len), topic))
            return;
    }
    if (topic.len > SHELL_TOPIC_MAX_BYTES || shell->topics_count == SHELL_TOPICS_MAX_COUNT)
        return;
    struct shell_note *note = &shell->topics[shell->topics_count++];
    sec_copy(note->b, topic.data, topic.len);
    note->len = topic.len;
}

struct sec_effects shell_effects(struct shell *shell)
{
    return (struct sec_effects){shell, do_settings, do_interface, do_install, do_activate, do_health, do_discard, do_erase, do_notify, do_site};
}

/* --- the spool --------------------------------------------------------------------------------------- */

sec_status shell_keep_spool(struct shell *shell)
{
    const struct sec_update *update = &shell->keeper.rooms.update;
    bool waits = update->phase != SEC_UPDATE_IDLE;
    return ask(shell, (struct ipc_message){.kind = IPC_KEEP, .a = waits ? sec_digest_bytes(&update->candidate.image) : sec_bytes(NULL, 0)});
}

sec_status shell_spool(struct shell *shell, int fd, uint32_t *ret_request)
{
    const struct ipc_message message = {.kind = IPC_SPOOL, .id = ++shell->last_request};
    SEC_TRY(ipc_send(&shell->start.parent, &message, fd));
    *ret_request = message.id;
    return sec_st(SEC_OK);
}
