/* SPDX-License-Identifier: Apache-2.0 */
#include "shell.h"

#include "../common/lean.h"

static alignas(SHELL_PAGE_BYTES) uint8_t receipt_b[DOOR_CONTENT_MAX_BYTES];

void shell_look_at(struct shell *shell, sec_status status)
{
    if (sec_is(status, SEC_BROKEN) || sec_is(status, SEC_IO_FAILED))
        shell->trouble = true;
}

static void answer(struct shell *shell, bool of_link, uint32_t id, sec_status status, bool decided, struct sec_bytes receipt)
{
    if (of_link)
        shell_link_answer(shell, id, status, decided, receipt);
    else
        shell_door_answer(shell, id, status, receipt);
    sec_wipe(receipt_b, receipt.len);
}

static void refuse(struct shell *shell, bool of_link, uint32_t id, sec_status status)
{
    answer(shell, of_link, id, status, false, sec_bytes(NULL, 0));
}

static void submit(struct shell *shell, bool of_link, uint32_t id, struct sec_bytes statement, struct sec_bytes beside)
{
    size_t len = 0;
    sec_status verdict = sec_st(SEC_OK);
    sec_status status = sec_keeper_submit(&shell->keeper, statement, beside, SEC_ROOM(receipt_b), &len, &verdict);
    /* A journal that contradicts itself will not be another tomorrow: that too is a last word. */
    bool decided = sec_ok(status) || sec_is(status, SEC_TAMPERED);
    answer(shell, of_link, id, sec_ok(status) ? verdict : status, decided, sec_bytes(receipt_b, sec_ok(status) ? len : 0));
}

/* A release waits until its payload is in the spool; who brought it waits with it, others do not. */
static void submit_with_payload(struct shell *shell, bool of_link, uint32_t id, const struct ipc_message *message, int fd)
{
    struct shell_submission *submission = &shell->submission;
    if (submission->there) {
        refuse(shell, of_link, id, sec_st(SEC_BUSY));
        return;
    }
    /* Nobody fills the spool with a statement that no known key vouches for: it is refused as it would be without a payload. */
    if (!sec_ok(sec_keeper_vet(&shell->keeper, message->a))) {
        submit(shell, of_link, id, message->a, message->b);
        return;
    }
    if (!sec_bytes_copy(SEC_ROOM(submission->statement_b), message->a) || !sec_bytes_copy(SEC_ROOM(submission->beside_b), message->b)) {
        refuse(shell, of_link, id, sec_st(SEC_TOO_LARGE));
        return;
    }
    if (!sec_ok(shell_spool(shell, fd, &submission->request))) {
        refuse(shell, of_link, id, sec_st(SEC_IO_FAILED));
        return;
    }
    submission->statement_len = message->a.len;
    submission->beside_len = message->b.len;
    submission->of_link = of_link;
    submission->connection = id;
    submission->spooled = false;
    submission->there = true;
}

void shell_submit(struct shell *shell, bool of_link, uint32_t id, const struct ipc_message *message, int fd)
{
    if (fd >= 0)
        submit_with_payload(shell, of_link, id, message, fd);
    else
        submit(shell, of_link, id, message->a, message->b);
}

void shell_submit_go_on(struct shell *shell)
{
    struct shell_submission *submission = &shell->submission;
    if (!submission->there || !submission->spooled)
        return;
    sec_status spooled = {submission->code};
    submission->there = false;
    /* Who brought it may be gone by now; the release is judged all the same, as if it had come by another way. */
    if (sec_ok(spooled))
        submit(shell, submission->of_link, submission->connection, sec_bytes(submission->statement_b, submission->statement_len),
               sec_bytes(submission->beside_b, submission->beside_len));
    else
        refuse(shell, submission->of_link, submission->connection, sec_is(spooled, SEC_IO_FAILED) ? sec_st(SEC_EFFECT_FAILED) : spooled);
    sec_wipe(submission->beside_b, submission->beside_len);
    /* A payload that no accepted release waits for is not kept. */
    if (!shell->trouble)
        (void)shell_keep_spool(shell);
}

void shell_submit_rest(void)
{
    lean_drop(SEC_ROOM(receipt_b));
}
