/* SPDX-License-Identifier: Apache-2.0 */
/* Following a log from outside: from the last head to the next one, and what a contradiction says. */
#include <securable/eventlog_follow.h>

const char *sec_follow_alarm_word(uint64_t alarm)
{
    static const char *const words[] = {"none", "rolled-back", "forked", "unproven"};
    return alarm < sizeof words / sizeof words[0] ? words[alarm] : "unknown";
}

static unsigned weight_of(uint64_t alarm)
{
    static const unsigned weights[] = {[SEC_FOLLOW_NONE] = 0, [SEC_FOLLOW_UNPROVEN] = 1, [SEC_FOLLOW_ROLLED_BACK] = 2, [SEC_FOLLOW_FORKED] = 3};
    return alarm < sizeof weights / sizeof weights[0] ? weights[alarm] : 0;
}

bool sec_follow_alarm_outranks(uint64_t next, uint64_t raised)
{
    return weight_of(next) > weight_of(raised);
}

/** What is disclosed of a decision is what its header commits to. */
static sec_status check_disclosed(const struct sec_follow_entry *entry, const struct sec_record_header *header,
                                  const struct sec_hasher *hasher)
{
    const struct sec_bytes disclosed[2] = {entry->salt, entry->content};
    struct sec_digest commitment;
    if (!header->committed)
        return sec_st(SEC_DIGEST_MISMATCH);
    SEC_TRY(hasher->digest(hasher->ctx, disclosed, 2, &commitment));
    return sec_st(sec_digest_equal(&commitment, &header->commitment) ? SEC_OK : SEC_DIGEST_MISMATCH);
}

sec_status sec_follow_entry(struct sec_merkle_frontier *frontier, const struct sec_follow_entry *entry, const struct sec_hasher *hasher)
{
    struct sec_record_header header;
    struct sec_bytes header_bytes, behind;
    struct sec_digest leaf;
    if (!sec_ok(sec_record_parse(entry->header, &header, &header_bytes, &behind)) || behind.len != 0 ||
        header.index != frontier->size)
        return sec_st(SEC_BAD_VALUE);
    if (entry->disclosed)
        SEC_TRY(check_disclosed(entry, &header, hasher));
    SEC_TRY(sec_record_leaf(hasher, entry->header, &entry->body, &leaf));
    return sec_merkle_append(frontier, hasher, &leaf);
}

static sec_status alarmed(enum sec_follow_alarm alarm, enum sec_follow_alarm *ret_alarm)
{
    *ret_alarm = alarm;
    return sec_st(SEC_TAMPERED);
}

/** The way from the followed head to a longer one. */
static sec_status judge_longer(const struct sec_head *next, const struct sec_merkle_frontier *frontier, bool again,
                               const struct sec_hasher *hasher, enum sec_follow_alarm *ret_alarm)
{
    struct sec_digest root;
    if (frontier->size < next->size)
        return sec_st(SEC_BUSY);
    if (frontier->size > next->size)
        return sec_st(SEC_BAD_VALUE);
    SEC_TRY(sec_merkle_root(frontier, hasher, &root));
    if (sec_digest_equal(&root, &next->root))
        return sec_st(SEC_OK);
    return again ? alarmed(SEC_FOLLOW_UNPROVEN, ret_alarm) : sec_st(SEC_PROOF_FAILED);
}

sec_status sec_follow_judge(const struct sec_follow *follow, const struct sec_head *next, const struct sec_merkle_frontier *frontier, uint64_t least, bool again,
                            const struct sec_hasher *hasher, enum sec_follow_alarm *ret_alarm)
{
    *ret_alarm = SEC_FOLLOW_NONE;
    if (next->size < least)
        return alarmed(SEC_FOLLOW_ROLLED_BACK, ret_alarm);
    if (!follow->has_head || next->size > follow->head.size)
        return judge_longer(next, frontier, again && follow->has_head, hasher, ret_alarm);
    if (next->size < follow->head.size)
        return sec_st(SEC_NOT_YET);
    if (!sec_digest_equal(&next->root, &follow->head.root))
        return alarmed(SEC_FOLLOW_FORKED, ret_alarm);
    return sec_st(SEC_OK);
}
