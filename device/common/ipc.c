/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc.h"

static const struct ipc_rule rules[] = {
#define IPC_ROW(name, number, word, senders, receivers, fields) {IPC_##name, word, senders, receivers, fields},
    IPC_TABLE(IPC_ROW)
#undef IPC_ROW
};

const struct ipc_rule *ipc_rule_of(unsigned kind)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if ((unsigned)rules[i].kind == kind)
            return &rules[i];
    }
    return NULL;
}

static size_t fields_bytes(unsigned fields, const struct ipc_message *message)
{
    size_t bytes = 0;
    bytes += fields & IPC_USER ? 8u : 0u;
    bytes += fields & IPC_ID ? 4u : 0u;
    bytes += fields & IPC_CODE ? 2u : 0u;
    bytes += fields & IPC_FLAG ? 1u : 0u;
    bytes += fields & IPC_SIZE ? 8u : 0u;
    bytes += fields & IPC_DIGEST ? sizeof message->digest.b : 0u;
    bytes += fields & IPC_A ? 4u + message->a.len : 0u;
    bytes += fields & IPC_B ? 4u + message->b.len : 0u;
    return bytes;
}

static void put_part(struct sec_wr *wr, struct sec_bytes part)
{
    sec_wr_u32(wr, (uint32_t)part.len); /* bounded by the caller */
    sec_wr_bytes(wr, part);
}

sec_status ipc_encode(const struct ipc_message *message, struct sec_wr *wr)
{
    const struct ipc_rule *rule = ipc_rule_of((unsigned)message->kind);
    if (!rule)
        return sec_st(SEC_BAD_ARGUMENT);
    if (message->a.len > IPC_A_MAX_BYTES || message->b.len > IPC_B_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    sec_wr_u8(wr, IPC_VERSION);
    sec_wr_u8(wr, (uint8_t)message->kind);
    sec_wr_u16(wr, 0);
    sec_wr_u32(wr, (uint32_t)fields_bytes(rule->fields, message));
    if (rule->fields & IPC_USER) {
        sec_wr_u32(wr, message->user);
        sec_wr_u32(wr, message->group);
    }
    if (rule->fields & IPC_ID)
        sec_wr_u32(wr, message->id);
    if (rule->fields & IPC_CODE)
        sec_wr_u16(wr, message->code);
    if (rule->fields & IPC_FLAG)
        sec_wr_u8(wr, message->flag ? 1 : 0);
    if (rule->fields & IPC_SIZE)
        sec_wr_u64(wr, message->size);
    if (rule->fields & IPC_DIGEST)
        sec_wr_bytes(wr, sec_digest_bytes(&message->digest));
    if (rule->fields & IPC_A)
        put_part(wr, message->a);
    if (rule->fields & IPC_B)
        put_part(wr, message->b);
    return wr->bad ? sec_st(SEC_ROOM_FULL) : sec_st(SEC_OK);
}

static sec_status read_part(struct sec_rd *rd, size_t max, struct sec_bytes *ret_part)
{
    uint32_t len = sec_rd_u32(rd);
    if (len > max)
        return sec_st(SEC_TOO_LARGE);
    *ret_part = sec_rd_bytes(rd, len);
    return sec_st(SEC_OK);
}

static sec_status read_fields(struct sec_rd *rd, unsigned fields, struct ipc_message *message)
{
    if (fields & IPC_USER) {
        message->user = sec_rd_u32(rd);
        message->group = sec_rd_u32(rd);
    }
    if (fields & IPC_ID)
        message->id = sec_rd_u32(rd);
    if (fields & IPC_CODE)
        message->code = sec_rd_u16(rd);
    if (fields & IPC_FLAG) {
        uint8_t flag = sec_rd_u8(rd);
        if (flag > 1)
            return sec_st(SEC_BAD_VALUE);
        message->flag = flag == 1;
    }
    if (fields & IPC_SIZE)
        message->size = sec_rd_u64(rd);
    if (fields & IPC_DIGEST)
        sec_rd_into(rd, SEC_ROOM(message->digest.b));
    if (fields & IPC_A)
        SEC_TRY(read_part(rd, IPC_A_MAX_BYTES, &message->a));
    if (fields & IPC_B)
        SEC_TRY(read_part(rd, IPC_B_MAX_BYTES, &message->b));
    return sec_rd_end(rd);
}

sec_status ipc_parse(struct sec_bytes packet, enum ipc_role from, enum ipc_role to, struct ipc_message *ret_message)
{
    struct sec_rd rd = sec_rd(packet);
    uint8_t version = sec_rd_u8(&rd);
    uint8_t kind = sec_rd_u8(&rd);
    uint16_t reserved = sec_rd_u16(&rd);
    uint32_t length = sec_rd_u32(&rd);
    if (rd.bad)
        return sec_st(SEC_TRUNCATED);
    if (version != IPC_VERSION)
        return sec_st(SEC_UNKNOWN_FORMAT);
    const struct ipc_rule *rule = ipc_rule_of(kind);
    if (!rule || !(rule->senders & (unsigned)from) || !(rule->receivers & (unsigned)to))
        return sec_st(SEC_WRONG_KIND);
    if (reserved != 0 || length != sec_rd_left(&rd))
        return sec_st(SEC_BAD_VALUE);
    struct ipc_message message = {.kind = rule->kind};
    SEC_TRY(read_fields(&rd, rule->fields, &message));
    *ret_message = message;
    return sec_st(SEC_OK);
}
