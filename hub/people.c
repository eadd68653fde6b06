/* SPDX-License-Identifier: Apache-2.0 */
/* Who may sign in because a device said yes to the statement that names them. */
#include "evidence.h"

#include <securable/access_carry.h>
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

/**
 * A key that signs what the hub carries and opens nothing here: the recovery key, and owners that a voucher, a transfer or a recovery names. The buyer of a device is
 * not let into the seller's hub, a recovery may still be vetoed, and whoever may send and owns any device of a trusted maker would else open the hub with its voucher;
 * an administrator who hands in the voucher has let its owners in by that. Whoever is known already stays what he is.
 */
static sec_status put_signer(struct hub_store *store, const struct sec_public_key *key, struct sec_bytes name, int64_t now_s)
{
    struct hub_person there;
    struct sec_key_id kid;
    SEC_TRY(sec_key_id_of(key, &hub_crypto()->hasher, &kid));
    sec_status status = hub_person_get(store, &kid, &there);
    return sec_is(status, SEC_NOT_FOUND) ? put_person(store, key, SEC_ROLE_RECOVERY, name, SEC_LIT("voucher"), now_s) : status;
}

static sec_status learn_owners(struct hub_store *store, struct sec_bytes body, int64_t now_s)
{
    struct sec_voucher voucher;
    SEC_TRY(sec_voucher_parse(body, &voucher));
    for (size_t i = 0; i < voucher.owners.count; i++)
        SEC_TRY(put_signer(store, &voucher.owners.keys[i], SEC_LIT("owner"), now_s));
    return voucher.has_recovery ? put_signer(store, &voucher.recovery, SEC_LIT("recovery"), now_s) : sec_st(SEC_OK);
}

static sec_status learn_next_owners(struct hub_store *store, struct sec_bytes args, int64_t now_s)
{
    struct sec_transfer transfer;
    SEC_TRY(sec_transfer_parse(args, &transfer));
    for (size_t i = 0; i < transfer.owners.count; i++)
        SEC_TRY(put_signer(store, &transfer.owners.keys[i], SEC_LIT("next owner"), now_s));
    return transfer.has_recovery ? put_signer(store, &transfer.recovery, SEC_LIT("recovery"), now_s) : sec_st(SEC_OK);
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

/** A device's yes is not enough: one that is in foreign hands says yes to anything, also to a roster that an operator signed for himself. */
static bool signed_by_owner(struct hub_store *store, const struct sec_key_id *kid)
{
    struct hub_person person;
    return sec_ok(hub_person_get(store, kid, &person)) && sec_carry_admits(person.role);
}

static sec_status learn_by_command(struct hub_store *store, const struct sec_key_id *signer, struct sec_bytes body, uint64_t number, int64_t now_s)
{
    static struct sec_roster roster; /* the writer's thread alone comes here */
    struct sec_command command;
    SEC_TRY(sec_command_parse(body, &command));
    if (command.action != SEC_ACTION_ACCESS_ROSTER)
        return learn_next_owners(store, command.args, now_s);
    SEC_TRY(sec_roster_parse(command.args, &roster));
    if (!signed_by_owner(store, signer))
        return sec_st(SEC_OK);
    return roster_is_newest(store, number) ? learn_subjects(store, &roster, number, now_s) : sec_st(SEC_OK);
}

static bool names_people(const struct hub_statement *row)
{
    return row->kind == SEC_STATEMENT_VOUCHER ||
           (row->kind == SEC_STATEMENT_COMMAND && (row->action == SEC_ACTION_ACCESS_ROSTER || row->action == SEC_ACTION_LIFECYCLE_TRANSFER ||
                                                   row->action == SEC_ACTION_LIFECYCLE_RECOVER));
}

sec_status hub_people_learn(struct hub_store *store, const struct hub_statement *row, int64_t now_s)
{
    struct sec_statement statement;
    uint8_t bytes[SEC_STATEMENT_MAX_BYTES];
    struct sec_bytes copy = sec_bytes(bytes, row->bytes.len);
    uint64_t number = row->number;
    if (!names_people(row))
        return sec_st(SEC_OK);
    /* A row lives until the store's next one is got. */
    if (!sec_bytes_copy(SEC_ROOM(bytes), row->bytes))
        return sec_st(SEC_TOO_LARGE);
    SEC_TRY(sec_statement_parse(copy, &statement));
    return statement.kind == SEC_STATEMENT_VOUCHER ? learn_owners(store, statement.msg.payload, now_s)
                                                   : learn_by_command(store, &statement.kid, statement.msg.payload, number, now_s);
}
