/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <poll.h>

/* An update may copy and check for long before its verdict is there. */
#define ANSWER_WITHIN_MS UINT64_C(3600000)

static sec_status receive_answer(struct link *link, uint32_t id, struct sec_room room, struct ipc_message *ret_message)
{
    uint64_t until_ms = link_now_ms() + ANSWER_WITHIN_MS;
    for (;;) {
        /* link_wait() itself takes what comes from the keeper while nothing is asked: so here it watches the parent alone. */
        struct ipc_channel keeper = link->keeper;
        link->keeper.fd = -1;
        enum link_wait waited = link_wait(link, keeper.fd, POLLIN, until_ms, false, false, 0);
        if (link->keeper.fd >= 0) { /* a new keeper: who was asked is gone */
            ipc_close(&keeper);
            return sec_st(SEC_NOT_OPEN);
        }
        link->keeper = keeper;
        if (waited != LINK_READY) { /* its answer would come to the next question */
            link->broken = link->broken || waited == LINK_TIMEOUT;
            link->stopping = true;
            return sec_st(SEC_NOT_OPEN);
        }
        struct ipc_message message;
        int fd = -1;
        sec_status status = ipc_receive(&link->keeper, room, &message, &fd);
        if (sec_is(status, SEC_BUSY))
            continue;
        if (!sec_ok(status)) {
            ipc_close(&link->keeper);
            return sec_st(SEC_NOT_OPEN);
        }
        if (message.kind == IPC_NEWS) {
            link->records = message.size;
        } else if (message.id == id) { /* a TOLD: the keeper sends nothing else */
            *ret_message = message;
            return sec_st(SEC_OK);
        }
    }
}

sec_status link_ask(struct link *link, const struct ipc_message *question, int fd, struct sec_room room, struct link_told *ret_told)
{
    struct ipc_message message = *question;
    message.kind = IPC_ASK;
    message.id = ++link->last_ask ? link->last_ask : ++link->last_ask;
    sec_status status = ipc_send(&link->keeper, &message, fd);
    if (sec_ok(status))
        status = receive_answer(link, message.id, room, &message);
    if (!sec_ok(status))
        return sec_st(SEC_NOT_OPEN);
    *ret_told = (struct link_told){{message.code}, message.flag, message.a};
    return sec_st(SEC_OK);
}

static sec_status read_facts(struct link *link, struct sec_bytes content)
{
    struct sec_cbor rd = sec_cbor(content);
    SEC_TRY(sec_cbor_check(content, SEC_CBOR_OURS));
    sec_cbor_array_of(&rd, 5);
    sec_cbor_bstr_into(&rd, SEC_ROOM(link->device_id.b));
    link->epoch = sec_cbor_uint(&rd);
    link->owned = sec_cbor_bool(&rd);
    struct sec_bytes idevid = sec_cbor_bstr(&rd);
    link->records = sec_cbor_uint(&rd);
    SEC_TRY(sec_cbor_end(&rd));
    if (!sec_bytes_copy(SEC_ROOM(link->idevid_b), idevid))
        return sec_st(SEC_TOO_LARGE);
    link->idevid_len = idevid.len;
    return sec_st(SEC_OK);
}

sec_status link_ask_facts(struct link *link)
{
    const struct ipc_message question = {.code = IPC_ASK_FACTS};
    uint8_t room_b[LINK_IDEVID_MAX_BYTES + 256];
    struct link_told told;
    SEC_TRY(link_ask(link, &question, -1, SEC_ROOM(room_b), &told));
    SEC_TRY(told.status);
    return read_facts(link, told.content);
}
