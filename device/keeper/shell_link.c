/* SPDX-License-Identifier: Apache-2.0 */
#include "shell.h"

#include "../common/lean.h"
#include "../common/say.h"

#include <unistd.h>

/* Whole pages, so that they can be given back. */
static alignas(SHELL_PAGE_BYTES) uint8_t content_b[IPC_A_MAX_BYTES];
static alignas(SHELL_PAGE_BYTES) uint8_t room_b[IPC_MAX_BYTES];

void shell_link_close(struct shell *shell)
{
    ipc_close(&shell->link);
    shell->news_told = false;
    if (shell->submission.of_link)
        shell->submission.connection = 0; /* nobody is answered */
}

static void end_link(struct shell *shell, const char *why)
{
    say("link, message: %s; channel closed", why);
    shell_link_close(shell);
}

static void send_link(struct shell *shell, const struct ipc_message *message)
{
    sec_status status = ipc_send(&shell->link, message, -1);
    if (!sec_ok(status) && !sec_is(status, SEC_NOT_OPEN))
        end_link(shell, sec_status_text(status));
}

void shell_link_answer(struct shell *shell, uint32_t id, sec_status status, bool decided, struct sec_bytes content)
{
    const struct ipc_message message = {.kind = IPC_TOLD, .id = id, .code = status.code, .flag = decided, .a = content};
    if (id != 0)
        send_link(shell, &message);
    shell_look_at(shell, status);
}

/* --- questions --------------------------------------------------------------------------------------- */

static sec_status write_facts(const struct shell *shell, struct sec_wr *wr)
{
    const struct sec_access *access = &shell->keeper.rooms.access;
    sec_cbor_put_array(wr, 5);
    sec_cbor_put_bstr(wr, sec_device_id_bytes(&shell->config.device_id));
    sec_cbor_put_uint(wr, access->epoch);
    sec_cbor_put_bool(wr, access->owned);
    sec_cbor_put_bstr(wr, shell->config.idevid);
    sec_cbor_put_uint(wr, shell->tampered ? 0 : sec_journal_committed(&shell->keeper.journal));
    return wr->bad ? sec_st(SEC_ROOM_FULL) : sec_st(SEC_OK);
}

static sec_status write_transport(struct shell *shell, struct sec_bytes cose_key, struct sec_wr *wr)
{
    struct sec_cbor rd = sec_cbor(cose_key);
    struct sec_public_key key;
    SEC_TRY(sec_cbor_check(cose_key, SEC_CBOR_OURS));
    sec_key_read(&rd, &key);
    SEC_TRY(sec_cbor_end(&rd));
    return sec_keeper_transport(&shell->keeper, &key, wr);
}

static sec_status carry_out(struct shell *shell, const struct ipc_message *message, struct sec_wr *wr)
{
    struct sec_keeper *keeper = &shell->keeper;
    switch (message->code) {
    case IPC_ASK_REPORT:
        return sec_keeper_report(keeper, message->a, wr);
    case IPC_ASK_ENTRIES:
        return sec_keeper_entries(keeper, message->size, SHELL_ENTRIES_MAX_COUNT, wr);
    case IPC_ASK_TRANSPORT:
        return write_transport(shell, message->a, wr);
    case IPC_ASK_VET:
        return sec_keeper_vet(keeper, message->a);
    case IPC_ASK_FACTS:
        return write_facts(shell, wr);
    default:
        return sec_st(SEC_WRONG_KIND);
    }
}

static const char *take_ask(struct shell *shell, const struct ipc_message *message, int fd)
{
    if (shell->submission.there && shell->submission.of_link && shell->submission.connection != 0)
        return "a question before the answer to the last";
    if (message->id == 0)
        return "a question without a number";
    if (fd >= 0 && message->code != IPC_ASK_SUBMIT)
        return "a payload for a question that takes none";
    shell->news_told = false;
    if (message->code == IPC_ASK_SUBMIT) {
        shell_submit(shell, true, message->id, message, fd);
        return NULL;
    }
    struct sec_wr wr = sec_wr(SEC_ROOM(content_b));
    sec_status status = carry_out(shell, message, &wr);
    bool decided = message->code == IPC_ASK_VET && !sec_is(status, SEC_BROKEN);
    shell_link_answer(shell, message->id, status, decided, sec_ok(status) ? sec_wr_done(&wr) : sec_bytes(NULL, 0));
    sec_wipe(content_b, wr.len);
    return NULL;
}

void shell_take_link(struct shell *shell)
{
    struct ipc_message message = {0};
    int fd = -1;
    sec_status status = ipc_receive(&shell->link, SEC_ROOM(room_b), &message, &fd);
    if (sec_is(status, SEC_NOT_OPEN)) {
        shell_link_close(shell);
        return;
    }
    const char *fault = sec_ok(status) ? take_ask(shell, &message, fd) : sec_status_text(status);
    if (fd >= 0)
        close(fd);
    sec_wipe(room_b, IPC_HEADER_BYTES + 64 + message.a.len + message.b.len);
    if (fault)
        end_link(shell, fault);
}

/* One until the next question, so that a link that does not listen cannot fill its channel. */
void shell_link_go_on(struct shell *shell)
{
    if (shell->link.fd < 0 || shell->news_told || shell->tampered)
        return;
    const struct ipc_message message = {.kind = IPC_NEWS, .size = sec_journal_committed(&shell->keeper.journal)};
    if (message.size == shell->news_size)
        return;
    shell->news_told = true;
    shell->news_size = message.size;
    send_link(shell, &message);
}

void shell_link_rest(void)
{
    lean_drop(SEC_ROOM(content_b));
    lean_drop(SEC_ROOM(room_b));
}
