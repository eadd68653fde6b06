/* SPDX-License-Identifier: Apache-2.0 */
#include "shell.h"
#include "shell_peer.h"

#include "../common/lean.h"
#include "../common/say.h"

#include <unistd.h>

/* Whole pages, so that they can be given back. */
static alignas(SHELL_PAGE_BYTES) uint8_t content_b[DOOR_CONTENT_MAX_BYTES];
static alignas(SHELL_PAGE_BYTES) uint8_t room_b[IPC_MAX_BYTES];

void shell_door_close(struct shell *shell)
{
    ipc_close(&shell->door);
    for (size_t i = 0; i < SHELL_CONNECTIONS_MAX_COUNT; i++)
        shell->connections[i].used = false;
    if (!shell->submission.of_link)
        shell->submission.connection = 0; /* numbers start anew with the next door: nobody is answered */
}

static void end_door(struct shell *shell, const char *why)
{
    say("door, message: %s; channel closed", why);
    shell_door_close(shell);
}

static void send_door(struct shell *shell, const struct ipc_message *message)
{
    sec_status status = ipc_send(&shell->door, message, -1);
    if (!sec_ok(status) && !sec_is(status, SEC_NOT_OPEN))
        end_door(shell, sec_status_text(status));
}

void shell_door_answer(struct shell *shell, uint32_t id, sec_status status, struct sec_bytes content)
{
    const struct ipc_message message = {.kind = IPC_ANSWER, .id = id, .code = status.code, .a = content};
    if (id != 0)
        send_door(shell, &message);
    shell_look_at(shell, status);
}

/* --- connections ------------------------------------------------------------------------------------- */

static struct shell_connection *find(struct shell *shell, uint32_t id)
{
    for (size_t i = 0; i < SHELL_CONNECTIONS_MAX_COUNT; i++) {
        if (shell->connections[i].used && shell->connections[i].id == id)
            return &shell->connections[i];
    }
    return NULL;
}

static const char *take_connected(struct shell *shell, uint32_t id, int fd)
{
    struct sec_peer peer;
    if (find(shell, id))
        return "a connection twice";
    if (!shell_peer_read(fd, &peer))
        return "a connection that is none";
    for (size_t i = 0; i < SHELL_CONNECTIONS_MAX_COUNT; i++) {
        if (!shell->connections[i].used) {
            shell->connections[i] = (struct shell_connection){true, false, id, peer};
            return NULL;
        }
    }
    return "more connections than there may be";
}

/* --- the other requests ------------------------------------------------------------------------------ */

static sec_status write_status(const struct shell *shell, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 5);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, DOOR_API_VERSION);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_tstr(wr, sec_bytes_of_str(SEC_PROJECT_VERSION));
    sec_cbor_put_uint(wr, 3);
    sec_cbor_put_bstr(wr, sec_device_id_bytes(&shell->config.device_id));
    sec_cbor_put_uint(wr, 4);
    sec_cbor_put_tstr(wr, shell->config.confinement);
    sec_cbor_put_uint(wr, 5);
    sec_cbor_put_tstr(wr, shell->tampered ? SEC_LIT("tampered") : SEC_LIT("ready"));
    return wr->bad ? sec_st(SEC_ROOM_FULL) : sec_st(SEC_OK);
}

static sec_status subscribe(struct shell *shell, struct shell_connection *connection)
{
    SEC_TRY(sec_keeper_subscribe(&shell->keeper, &connection->peer));
    connection->subscribed = true;
    return sec_st(SEC_OK);
}

static sec_status carry_out(struct shell *shell, struct shell_connection *connection, const struct ipc_message *message, struct sec_wr *wr)
{
    struct sec_keeper *keeper = &shell->keeper;
    const struct sec_peer *peer = &connection->peer;
    switch (message->code) {
    case DOOR_REPORT:
        return sec_keeper_report(keeper, message->a, wr);
    case DOOR_EVENT:
        return sec_keeper_event(keeper, peer, message->a);
    case DOOR_SECRET_PUT:
        return sec_keeper_secret_put(keeper, peer, message->a, message->b);
    case DOOR_SECRET_GET:
        return sec_keeper_secret_get(keeper, peer, message->a, wr);
    case DOOR_SECRET_DELETE:
        return sec_keeper_secret_delete(keeper, peer, message->a);
    case DOOR_SETTINGS:
        return sec_keeper_settings(keeper, peer, wr);
    case DOOR_LOG_READ:
        return sec_keeper_log_read(keeper, peer, message->size, wr);
    case DOOR_STATUS:
        return write_status(shell, wr);
    case DOOR_SUBSCRIBE:
        return subscribe(shell, connection);
    default:
        return sec_st(SEC_WRONG_KIND);
    }
}

static const char *take_request(struct shell *shell, const struct ipc_message *message, int fd)
{
    struct shell_connection *connection = find(shell, message->id);
    if (!connection)
        return "a request without a connection";
    if (fd >= 0 && message->code != DOOR_SUBMIT)
        return "a payload for a request that takes none";
    if (message->code == DOOR_SUBMIT) {
        shell_submit(shell, false, message->id, message, fd);
    } else {
        struct sec_wr wr = sec_wr(SEC_ROOM(content_b));
        sec_status status = carry_out(shell, connection, message, &wr);
        shell_door_answer(shell, message->id, status, sec_ok(status) ? sec_wr_done(&wr) : sec_bytes(NULL, 0));
        sec_wipe(content_b, wr.len);
    }
    return NULL;
}

void shell_take_door(struct shell *shell)
{
    struct ipc_message message = {0};
    struct shell_connection *connection;
    int fd = -1;
    const char *fault = NULL;
    sec_status status = ipc_receive(&shell->door, SEC_ROOM(room_b), &message, &fd);
    if (sec_is(status, SEC_NOT_OPEN)) {
        shell_door_close(shell);
        return;
    }
    if (!sec_ok(status)) {
        fault = sec_status_text(status);
    } else if (message.kind == IPC_CONNECTED) {
        fault = take_connected(shell, message.id, fd);
    } else if (message.kind == IPC_REQUEST) {
        fault = take_request(shell, &message, fd);
    } else if (message.kind == IPC_GONE) {
        connection = find(shell, message.id);
        if (connection)
            connection->used = false;
    } else {
        fault = "a kind that the door may not send";
    }
    if (fd >= 0)
        close(fd);
    sec_wipe(room_b, IPC_HEADER_BYTES + 64 + message.a.len + message.b.len);
    if (fault)
        end_door(shell, fault);
}

static void tell_topic(struct shell *shell, struct sec_bytes topic)
{
    for (size_t i = 0; i < SHELL_CONNECTIONS_MAX_COUNT; i++) {
        const struct shell_connection *connection = &shell->connections[i];
        const struct ipc_message message = {.kind = IPC_TELL, .id = connection->id, .a = topic};
        /* Asked anew each time: the roster may have changed since. */
        if (connection->used && connection->subscribed && sec_ok(sec_keeper_subscribe(&shell->keeper, &connection->peer)))
            send_door(shell, &message);
    }
}

void shell_door_go_on(struct shell *shell)
{
    for (size_t i = 0; i < shell->topics_count; i++)
        tell_topic(shell, sec_bytes(shell->topics[i].b, shell->topics[i].len));
    shell->topics_count = 0;
}

void shell_door_rest(void)
{
    lean_drop(SEC_ROOM(content_b));
    lean_drop(SEC_ROOM(room_b));
}
