/* SPDX-License-Identifier: Apache-2.0 */
/* Who may sign in because a device said yes to the statement that names them. */
#include "evidence.h"

#include <securable/port/crypto.h>

/** Number of the newest statement whose roster the people were taken from. */
#define META_ROSTER "people-roster"

static sec_status put_person(struct hub_store *store, const struct sec_public_key *key, uint64_t role, struct sec_bytes name,
                             struct sec_bytes source, int64_t now_s)
{
    struct hub_person person = {.key = *key, .role = role, .name = name, .source = source, .since_s = now_s};
    SEC_TRY(sec_key_id_of(key, &hub_crypto()->hasher, &person.kid));
    return hub_person_put(store, &person);
}

static sec_status put_owners(struct hub_store *store, const struct sec_key_list *owners, const struct sec_public_key *recovery, int64_t now_s)
{
    for (size_t i = 0; i < owners->count; i++)
        SEC_TRY(put_person(store, &owners->keys[i], SEC_ROLE_OWNER, SEC_LIT("owner"), SEC_LIT("voucher"), now_s));
    return recovery ? put_person(store, recovery, SEC_ROLE_RECOVERY, SEC_LIT("recovery"), SEC_LIT("voucher"), now_s) : sec_st(SEC_OK);
}

static sec_status learn_owners(struct hub_store *store, struct sec_bytes body, int64_t now_s)
{
    struct sec_voucher voucher;
    SEC_TRY(sec_voucher_parse(body, &voucher));
    return put_owners(store, &voucher.owners, voucher.has_recovery ? &voucher.recovery : NULL, now_s);
}

/** The next owner; the former one may have other devices here and stays. */
static sec_status learn_next_owners(struct hub_store *store, struct sec_bytes args, int64_t now_s)
{
    struct sec_transfer transfer;
    SEC_TRY(sec_transfer_parse(args, &transfer));
    return put_owners(store, &transfer.owners, transfer.has_recovery ? &transfer.recovery : NULL, now_s);
}

/** False when a later roster was learned already: a device that was away does not bring old people back. */
static bool roster_is_newest(struct hub_store *store, uint64_t number)
{
    struct sec_bytes value;
    if (!sec_ok(hub_meta_get(store, META_ROSTER, &value)))
        return true;
    struct sec_rd rd = sec_rd(value);
    return sec_rd_u64(&rd) < number;
}

static sec_status learn_subjects(struct hub_store *store, const struct sec_roster *roster, uint64_t number, int64_t now_s)
{
    uint8_t value[8];
    struct sec_wr wr = sec_wr(SEC_ROOM(value));
    sec_wr_u64(&wr, number);
    SEC_TRY(hub_meta_put(store, META_ROSTER, sec_wr_done(&wr)));
    SEC_TRY(hub_people_forget_roster(store));
    for (size_t i = 0; i < roster->subjects_count; i++) {
        const struct sec_subject *subject = &roster->subjects[i];
        if (subject->has_key)
            SEC_TRY(put_person(store, &subject->key, (uint64_t)subject->role, subject->name, SEC_LIT("roster"), now_s));
    }
    return sec_st(SEC_OK);
}

sec_status hub_people_learn(struct hub_store *store, const struct hub_statement *row, int64_t now_s)
{
    static struct sec_roster roster; /* the writer's thread alone comes here */
    struct sec_statement statement;
    struct sec_command command;
    uint8_t bytes[SEC_STATEMENT_MAX_BYTES];
    struct sec_bytes copy = sec_bytes(bytes, row->bytes.len);
    uint64_t number = row->number;
    if (row->kind != SEC_STATEMENT_VOUCHER && row->action != SEC_ACTION_ACCESS_ROSTER && row->action != SEC_ACTION_LIFECYCLE_TRANSFER)
        return sec_st(SEC_OK);
    /* A row lives until the store's next call. */
    if (!sec_bytes_copy(SEC_ROOM(bytes), row->bytes))
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_statement_parse(copy, &statement));
    if (statement.kind == SEC_STATEMENT_VOUCHER)
        return learn_owners(store, statement.msg.payload, now_s);
    SEC_TRY(sec_command_parse(statement.msg.payload, &command));
    if (command.action == SEC_ACTION_LIFECYCLE_TRANSFER)
        return learn_next_owners(store, command.args, now_s);
    SEC_TRY(sec_roster_parse(command.args, &roster));
    return roster_is_newest(store, number) ? learn_subjects(store, &roster, number, now_s) : sec_st(SEC_OK);
}
