/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_inside.h"

/*
 * One row an action: which judge it goes to, in which room its change is folded, and whether an effect follows.
 */
struct action_call {
    struct sec_keeper *k;
    const struct sec_command *command;
    const struct sec_digest *digest;
    enum sec_role role; /* the signer's */
    struct sec_wr *change;
    struct sec_wr *detail;
};

static sec_status configuration_facts(const struct action_call *call, struct sec_configuration_facts *ret_facts)
{
    struct sec_keeper *k = call->k;
    struct sec_configuration_facts facts = {0};
    facts.product = &k->product;
    facts.command = *call->digest;
    facts.has_base = call->command->members & SEC_WITH_BASE;
    facts.base = call->command->base;
    if (facts.has_base)
        SEC_TRY(sec_configuration_digest(&k->rooms.configuration, &k->product, &k->config.crypto->hasher, k->work.scratch,
                                         &facts.now));
    facts.confirm_within_s = call->command->members & SEC_WITH_CONFIRM ? call->command->confirm_within_s : 0;
    facts.role = (uint64_t)call->role;
    facts.trial = sec_update_in_trial(&k->rooms.update);
    *ret_facts = facts;
    return sec_st(SEC_OK);
}

static void access_facts(const struct action_call *call, struct sec_access_facts *ret_facts)
{
    keeper_access_facts(call->k, ret_facts);
    ret_facts->generation = call->command->generation;
}

static sec_status judge_roster(const struct action_call *call)
{
    struct sec_access_facts facts;
    access_facts(call, &facts);
    return sec_access_judge_roster(&call->k->rooms.access, &facts, call->command->args, call->change, call->detail);
}

static sec_status judge_admit_key(const struct action_call *call)
{
    struct sec_access_facts facts;
    access_facts(call, &facts);
    return sec_access_judge_admit_key(&call->k->rooms.access, &facts, call->command->args, call->change, call->detail);
}

static sec_status judge_set(const struct action_call *call)
{
    struct sec_configuration_facts facts;
    SEC_TRY(configuration_facts(call, &facts));
    return sec_configuration_judge_set(&call->k->rooms.configuration, &facts, call->command->args, call->change, call->detail);
}

static sec_status judge_reset(const struct action_call *call)
{
    struct sec_configuration_facts facts;
    SEC_TRY(configuration_facts(call, &facts));
    return sec_configuration_judge_reset(&call->k->rooms.configuration, &facts, call->command->args, call->change, call->detail);
}

static sec_status judge_confirm(const struct action_call *call)
{
    struct sec_configuration_facts facts;
    SEC_TRY(configuration_facts(call, &facts));
    return sec_configuration_judge_confirm(&call->k->rooms.configuration, &facts, call->command->args, call->change, call->detail);
}

static sec_status judge_revert(const struct action_call *call)
{
    struct sec_configuration_facts facts;
    SEC_TRY(configuration_facts(call, &facts));
    return sec_configuration_judge_revert(&call->k->rooms.configuration, &facts, call->command->args, call->change, call->detail);
}

static sec_status judge_install(const struct action_call *call)
{
    struct sec_update_facts facts;
    if (!keeper_release_vouched(call->k))
        return sec_st(SEC_UNKNOWN_KEY);
    keeper_update_facts(call->k, &facts);
    uint64_t within = call->command->members & SEC_WITH_CONFIRM ? call->command->confirm_within_s : 0;
    return sec_update_judge_install(&call->k->rooms.update, &facts, call->command->args, call->digest, within, call->change,
                                    call->detail);
}

static sec_status judge_update_confirm(const struct action_call *call)
{
    if (!keeper_release_vouched(call->k))
        return sec_st(SEC_UNKNOWN_KEY);
    SEC_TRY(sec_update_judge_confirm(&call->k->rooms.update, call->command->args, call->change, call->detail));
    keeper_add(call->k, KEEPER_ROOM_UPDATE);
    return keeper_promote_product(call->k);
}

static sec_status judge_update_revert(const struct action_call *call)
{
    SEC_TRY(sec_update_judge_revert(&call->k->rooms.update, call->command->args, call->change, call->detail));
    return sec_st(SEC_OK);
}

static sec_status judge_rotate(const struct action_call *call)
{
    uint64_t key;
    return sec_protection_judge_rotate(&call->k->rooms.protection, call->command->args, &key, call->change, call->detail);
}

static sec_status judge_wipe(const struct action_call *call)
{
    if (sec_update_in_trial(&call->k->rooms.update))
        return sec_st(SEC_TRIAL_PENDING);
    return sec_protection_judge_wipe(&call->k->rooms.protection, call->command->args, call->change, call->detail);
}

static sec_status judge_site(const struct action_call *call)
{
    return sec_access_judge_site(&call->k->rooms.access, call->command->args, call->change, call->detail);
}

/** A transfer is the wipe that belongs to it, and who owns the device after. */
static sec_status judge_transfer(const struct action_call *call)
{
    struct sec_keeper *k = call->k;
    struct sec_access_facts facts;
    uint8_t told[32], empty[1];
    struct sec_wr lost = sec_wr(SEC_ROOM(told)), none = sec_wr(SEC_ROOM(empty));
    if (sec_update_in_trial(&k->rooms.update))
        return sec_st(SEC_TRIAL_PENDING);
    access_facts(call, &facts);
    SEC_TRY(sec_access_judge_transfer(&k->rooms.access, &facts, call->command->args, call->change, call->detail));
    keeper_add(k, KEEPER_ROOM_ACCESS);
    sec_args_empty_encode(&none);
    return sec_protection_judge_wipe(&k->rooms.protection, sec_wr_done(&none), call->change, &lost);
}

static sec_status judge_beacon(const struct action_call *call)
{
    struct sec_access_facts facts;
    access_facts(call, &facts);
    return sec_access_judge_beacon(&call->k->rooms.access, &facts, call->command->args, call->change, call->detail);
}

static sec_status judge_recover(const struct action_call *call)
{
    struct sec_access_facts facts;
    access_facts(call, &facts);
    return sec_access_judge_recover(&call->k->rooms.access, &facts, call->digest, call->command->args, call->change, call->detail);
}

static sec_status judge_veto(const struct action_call *call)
{
    struct sec_access_facts facts;
    access_facts(call, &facts);
    return sec_access_judge_veto(&call->k->rooms.access, &facts, call->command->args, call->change, call->detail);
}

static const struct action_row {
    enum sec_action action;
    enum keeper_room room;
    bool intent;
    sec_status (*judge)(const struct action_call *call);
} action_rows[] = {
    {SEC_ACTION_ACCESS_ROSTER, KEEPER_ROOM_ACCESS, false, judge_roster},
    {SEC_ACTION_ACCESS_ADMIT_KEY, KEEPER_ROOM_ACCESS, false, judge_admit_key},
    {SEC_ACTION_CONFIGURATION_SET, KEEPER_ROOM_CONFIGURATION, true, judge_set},
    {SEC_ACTION_CONFIGURATION_RESET, KEEPER_ROOM_CONFIGURATION, true, judge_reset},
    {SEC_ACTION_CONFIGURATION_CONFIRM, KEEPER_ROOM_CONFIGURATION, false, judge_confirm},
    {SEC_ACTION_CONFIGURATION_REVERT, KEEPER_ROOM_CONFIGURATION, true, judge_revert},
    {SEC_ACTION_UPDATE_INSTALL, KEEPER_ROOM_UPDATE, true, judge_install},
    {SEC_ACTION_UPDATE_CONFIRM, KEEPER_ROOM_UPDATE, true, judge_update_confirm},
    {SEC_ACTION_UPDATE_REVERT, KEEPER_ROOM_UPDATE, true, judge_update_revert},
    {SEC_ACTION_PROTECTION_ROTATE, KEEPER_ROOM_PROTECTION, true, judge_rotate},
    {SEC_ACTION_PROTECTION_WIPE, KEEPER_ROOM_PROTECTION, true, judge_wipe},
    {SEC_ACTION_LIFECYCLE_SITE, KEEPER_ROOM_ACCESS, true, judge_site},
    {SEC_ACTION_LIFECYCLE_TRANSFER, KEEPER_ROOM_PROTECTION, true, judge_transfer},
    {SEC_ACTION_BEACON_RENEW, KEEPER_ROOM_ACCESS, false, judge_beacon},
    {SEC_ACTION_LIFECYCLE_RECOVER, KEEPER_ROOM_ACCESS, false, judge_recover},
    {SEC_ACTION_LIFECYCLE_VETO, KEEPER_ROOM_ACCESS, false, judge_veto},
};

sec_status keeper_judge_action(struct sec_keeper *k, const struct sec_command *command, const struct sec_digest *digest, enum sec_role role,
                               bool *ret_intent)
{
    for (size_t i = 0; i < sizeof action_rows / sizeof action_rows[0]; i++) {
        const struct action_row *row = &action_rows[i];
        if (row->action != command->action)
            continue;
        struct action_call call = {k, command, digest, role, keeper_change(k), &k->draft.detail};
        sec_status status = row->judge(&call);
        if (!sec_ok(status))
            return status;
        keeper_add(k, row->room);
        if (row->intent)
            keeper_add_intent(k, row->action, digest);
        *ret_intent = row->intent;
        return status;
    }
    return sec_st(SEC_UNSUPPORTED);
}
