/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a trial: tried, waited for, begun again, confirmed or undone. */
#include "policy_inside.h"

sec_status sec_update_confirm(const struct sec_update *update, enum sec_update_stage stage, struct sec_wr *change,
                              struct sec_wr *detail)
{
    struct sec_update_change verdict = {.kind = SEC_UPDATE_CHANGE_CONFIRMED, .stage = stage};
    sec_update_detail_begin(detail, 3, update, &update->candidate);
    sec_update_put_slot(detail, update->trial.slot);
    sec_update_put_digest(detail, SEC_UPDATE_DETAIL_COMMAND, &update->trial.command);
    sec_update_put_number(detail, SEC_UPDATE_DETAIL_STAGE, stage);
    return sec_update_conclude(&verdict, change, detail);
}

sec_status sec_update_revert(const struct sec_update *update, enum sec_update_stage stage, sec_status why,
                             struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_update_change verdict = {.kind = SEC_UPDATE_CHANGE_REVERTED, .stage = stage, .status = why};
    sec_update_detail_begin(detail, 4, update, &update->candidate);
    sec_update_put_slot(detail, update->slot);
    sec_update_put_digest(detail, SEC_UPDATE_DETAIL_COMMAND, &update->trial.command);
    sec_update_put_number(detail, SEC_UPDATE_DETAIL_STAGE, stage);
    sec_update_put_number(detail, SEC_UPDATE_DETAIL_STATUS, why.code);
    return sec_update_conclude(&verdict, change, detail);
}

static sec_status revert(const struct sec_update *update, enum sec_update_stage stage, sec_status why,
                         struct sec_wr *change, struct sec_wr *detail, sec_status *ret_outcome)
{
    SEC_TRY(sec_update_revert(update, stage, why, change, detail));
    *ret_outcome = why;
    return sec_st(SEC_OK);
}

static sec_status nothing_pending(const struct sec_update *update, struct sec_wr *detail)
{
    return sec_update_refuse(detail, SEC_NOTHING_PENDING, sec_bytes_of_str(sec_update_phase_word(update->phase)));
}

sec_status sec_update_judge_attempt(const struct sec_update *update, struct sec_wr *change, struct sec_wr *detail,
                                    sec_status *ret_outcome)
{
    if (update->phase != SEC_UPDATE_INTENDED)
        return nothing_pending(update, detail);
    if (update->trial.attempts >= SEC_UPDATE_ATTEMPTS_MAX_COUNT)
        return revert(update, SEC_UPDATE_STAGE_INSTALL, sec_st(SEC_EFFECT_FAILED), change, detail, ret_outcome);
    struct sec_update_change verdict = {.kind = SEC_UPDATE_CHANGE_ATTEMPT};
    sec_update_detail_begin(detail, 2, update, &update->candidate);
    sec_update_put_slot(detail, update->trial.slot);
    sec_update_put_number(detail, SEC_UPDATE_DETAIL_ATTEMPT, update->trial.attempts + 1u);
    SEC_TRY(sec_update_conclude(&verdict, change, detail));
    *ret_outcome = sec_st(SEC_PENDING);
    return sec_st(SEC_OK);
}

static sec_status await(const struct sec_update *update, uint32_t confirm_within_s, struct sec_wr *change,
                        struct sec_wr *detail, sec_status *ret_outcome)
{
    struct sec_update_change verdict = {.kind = SEC_UPDATE_CHANGE_WAITING, .confirm_within_s = confirm_within_s};
    sec_update_detail_begin(detail, 2, update, &update->candidate);
    sec_update_put_slot(detail, update->trial.slot);
    sec_update_put_number(detail, SEC_UPDATE_DETAIL_CONFIRM_WITHIN, confirm_within_s);
    SEC_TRY(sec_update_conclude(&verdict, change, detail));
    *ret_outcome = sec_st(SEC_PENDING);
    return sec_st(SEC_OK);
}

/* The command's wish goes before the product's; a product's wish beyond the limit is cut to it, an absent one is an hour. */
static uint32_t wait_s(const struct sec_update *update, const struct sec_update_facts *facts)
{
    if (update->trial.confirm_within_s != 0)
        return update->trial.confirm_within_s;
    if (facts->confirm_within_s == 0)
        return SEC_UPDATE_CONFIRM_WITHIN_DEFAULT_S;
    if (facts->confirm_within_s > SEC_UPDATE_CONFIRM_WITHIN_MAX_S)
        return SEC_UPDATE_CONFIRM_WITHIN_MAX_S;
    return facts->confirm_within_s;
}

/* Trouble of the surroundings is no fault of the release. */
static bool may_pass(sec_status status)
{
    return sec_status_class(status) == SEC_CLASS_IO && !sec_is(status, SEC_REFUSED_BY_PORT);
}

sec_status sec_update_judge_tried(const struct sec_update *update, const struct sec_update_facts *facts,
                                  enum sec_update_stage stage, sec_status status, struct sec_wr *change,
                                  struct sec_wr *detail, sec_status *ret_outcome)
{
    if (update->phase != SEC_UPDATE_INTENDED || update->trial.attempts == 0)
        return nothing_pending(update, detail);
    if (may_pass(status))
        return sec_update_refuse(detail, SEC_BUSY, SEC_LIT("surroundings"));
    if (!sec_ok(status))
        return revert(update, stage, status, change, detail, ret_outcome);
    if (stage != SEC_UPDATE_STAGE_HEALTH)
        return sec_st(SEC_BAD_ARGUMENT);
    if (facts->confirm == SEC_UPDATE_CONFIRM_OPERATOR || update->trial.confirm_within_s != 0)
        return await(update, wait_s(update, facts), change, detail, ret_outcome);
    SEC_TRY(sec_update_confirm(update, stage, change, detail));
    *ret_outcome = sec_st(SEC_OK);
    return sec_st(SEC_OK);
}

sec_status sec_update_judge_deadline(const struct sec_update *update, uint64_t waited_s, struct sec_wr *change,
                                     struct sec_wr *detail, sec_status *ret_outcome)
{
    if (update->phase != SEC_UPDATE_WAITING)
        return nothing_pending(update, detail);
    if (waited_s < update->trial.confirm_within_s)
        return sec_update_refuse(detail, SEC_NOT_YET, SEC_LIT("confirm-within"));
    return revert(update, SEC_UPDATE_STAGE_CONFIRM, sec_st(SEC_EXPIRED), change, detail, ret_outcome);
}

sec_status sec_update_judge_start(const struct sec_update *update, struct sec_wr *change, struct sec_wr *detail,
                                  sec_status *ret_outcome)
{
    if (update->phase == SEC_UPDATE_WAITING)
        return revert(update, SEC_UPDATE_STAGE_CONFIRM, sec_st(SEC_CONFIRM_PENDING), change, detail, ret_outcome);
    return sec_update_judge_attempt(update, change, detail, ret_outcome);
}
