/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the device: is this release fit to be offered, has the owner consented, does the trial end by command. */
#include "policy_inside.h"

/* --- writing verdicts --------------------------------------------------------------------- */

sec_status sec_update_refuse(struct sec_wr *detail, enum sec_status_code code, struct sec_bytes clause)
{
    sec_cbor_put_map(detail, 1);
    sec_cbor_put_uint(detail, SEC_UPDATE_DETAIL_CLAUSE);
    sec_cbor_put_tstr(detail, clause);
    return sec_st(code);
}

/* A refusal whose fact is what was offered and the bound that it breaks. */
static sec_status refuse_number(struct sec_wr *detail, enum sec_status_code code, struct sec_bytes clause, uint64_t offered,
                                uint64_t bound)
{
    sec_cbor_put_map(detail, 2);
    sec_cbor_put_uint(detail, SEC_UPDATE_DETAIL_CLAUSE);
    sec_cbor_put_tstr(detail, clause);
    sec_cbor_put_uint(detail, SEC_UPDATE_DETAIL_FACT);
    sec_cbor_put_array(detail, 2);
    sec_cbor_put_uint(detail, offered);
    sec_cbor_put_uint(detail, bound);
    return sec_st(code);
}

static sec_status refuse_phase(const struct sec_update *update, struct sec_wr *detail, enum sec_status_code code)
{
    return sec_update_refuse(detail, code, sec_bytes_of_str(sec_update_phase_word(update->phase)));
}

sec_status sec_update_conclude(const struct sec_update_change *verdict, struct sec_wr *change, const struct sec_wr *detail)
{
    struct sec_wr start = *change;
    sec_update_change_encode(verdict, change);
    if (!change->bad && !detail->bad)
        return sec_st(SEC_OK);
    *change = start;
    return sec_st(SEC_ROOM_FULL);
}

void sec_update_put_text(struct sec_wr *wr, unsigned key, struct sec_bytes text)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_tstr(wr, text);
}

void sec_update_put_digest(struct sec_wr *wr, unsigned key, const struct sec_digest *digest)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_bstr(wr, sec_digest_bytes(digest));
}

void sec_update_put_number(struct sec_wr *wr, unsigned key, uint64_t number)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_uint(wr, number);
}

void sec_update_put_slot(struct sec_wr *wr, enum sec_slot slot)
{
    sec_update_put_text(wr, SEC_UPDATE_DETAIL_SLOT, slot == SEC_SLOT_A ? SEC_LIT("a") : SEC_LIT("b"));
}

void sec_update_detail_begin(struct sec_wr *wr, size_t more, const struct sec_update *update,
                             const struct sec_update_image *image)
{
    sec_cbor_put_map(wr, SEC_UPDATE_DETAIL_COMMON_COUNT + more);
    sec_update_put_text(wr, SEC_UPDATE_DETAIL_VERSION, sec_update_version_bytes(&image->version));
    sec_update_put_number(wr, SEC_UPDATE_DETAIL_SEQUENCE, image->sequence);
    sec_update_put_number(wr, SEC_UPDATE_DETAIL_SIZE, image->size_bytes);
    sec_update_put_digest(wr, SEC_UPDATE_DETAIL_STATEMENT, &image->statement);
    sec_update_put_digest(wr, SEC_UPDATE_DETAIL_IMAGE, &image->image);
    sec_cbor_put_uint(wr, SEC_UPDATE_DETAIL_SETTINGS_MAY_ALTER);
    sec_cbor_put_bool(wr, !sec_digest_equal(&image->product, &update->installed.product));
    sec_update_put_text(wr, SEC_UPDATE_DETAIL_INSTALLED, sec_update_version_bytes(&update->installed.version));
}

/* --- a release is offered ------------------------------------------------------------------- */

static bool uuid_equal(const struct sec_uuid *a, const struct sec_uuid *b)
{
    return sec_bytes_equal(SEC_BYTES(a->b), SEC_BYTES(b->b));
}

static bool is_known(const struct sec_update *update, const struct sec_digest *statement)
{
    return sec_digest_equal(statement, &update->installed.statement) ||
           (update->phase != SEC_UPDATE_IDLE && sec_digest_equal(statement, &update->candidate.statement));
}

static sec_status check_texts(const struct sec_update_release *release, struct sec_wr *detail)
{
    if (release->version.len == 0)
        return sec_update_refuse(detail, SEC_BAD_VALUE, SEC_LIT("version"));
    if (release->version.len > SEC_UPDATE_VERSION_MAX_BYTES)
        return refuse_number(detail, SEC_TOO_LARGE, SEC_LIT("version"), release->version.len, SEC_UPDATE_VERSION_MAX_BYTES);
    if (release->description.len > SEC_UPDATE_DESCRIPTION_MAX_BYTES)
        return refuse_number(detail, SEC_TOO_LARGE, SEC_LIT("description"), release->description.len,
                             SEC_UPDATE_DESCRIPTION_MAX_BYTES);
    if (!sec_ok(sec_utf8_check(release->version)))
        return sec_update_refuse(detail, SEC_NOT_UTF8, SEC_LIT("version"));
    if (!sec_ok(sec_utf8_check(release->description)))
        return sec_update_refuse(detail, SEC_NOT_UTF8, SEC_LIT("description"));
    return sec_st(SEC_OK);
}

/* Above what is installed, never below the floor (promise 3). */
static sec_status check_sequence(const struct sec_update *update, uint64_t sequence, struct sec_wr *detail)
{
    if (sequence < update->floor)
        return refuse_number(detail, SEC_DOWNGRADE, SEC_LIT("floor"), sequence, update->floor);
    if (sequence <= update->installed.sequence)
        return refuse_number(detail, SEC_DOWNGRADE, SEC_LIT("installed"), sequence, update->installed.sequence);
    return sec_st(SEC_OK);
}

/* A carrier that holds back the newer release cannot put an older one in its place; one that failed may be passed over. */
static sec_status check_offer(const struct sec_update *update, uint64_t sequence, struct sec_wr *detail)
{
    SEC_TRY(check_sequence(update, sequence, detail));
    if (update->phase == SEC_UPDATE_AVAILABLE && !update->held && sequence <= update->candidate.sequence)
        return refuse_number(detail, SEC_DOWNGRADE, SEC_LIT("available"), sequence, update->candidate.sequence);
    return sec_st(SEC_OK);
}

static sec_status check_door(const struct sec_update *update, const struct sec_update_facts *facts, struct sec_wr *detail)
{
    if (facts->mode == SEC_UPDATE_MODE_DISABLED)
        return sec_update_refuse(detail, SEC_UPDATE_DISABLED, SEC_LIT("securable.update.mode"));
    if (sec_update_in_trial(update))
        return refuse_phase(update, detail, SEC_TRIAL_PENDING);
    return sec_st(SEC_OK);
}

static sec_status check_size(const struct sec_update_facts *facts, uint64_t size_bytes, struct sec_wr *detail)
{
    if (facts->slot_size_bytes != 0 && size_bytes > facts->slot_size_bytes)
        return refuse_number(detail, SEC_TOO_LARGE, SEC_LIT("slot"), size_bytes, facts->slot_size_bytes);
    return sec_st(SEC_OK);
}

static sec_status check_release(const struct sec_update *update, const struct sec_update_facts *facts,
                                const struct sec_update_release *release, struct sec_wr *detail)
{
    if (is_known(update, &release->statement))
        return sec_update_refuse(detail, SEC_ALREADY_DECIDED, SEC_LIT("statement"));
    if (!uuid_equal(&release->vendor_id, &facts->vendor_id))
        return sec_update_refuse(detail, SEC_WRONG_PRODUCT, SEC_LIT("vendor"));
    if (!uuid_equal(&release->class_id, &facts->class_id))
        return sec_update_refuse(detail, SEC_WRONG_PRODUCT, SEC_LIT("class"));
    SEC_TRY(check_texts(release, detail));
    SEC_TRY(check_offer(update, release->sequence, detail));
    SEC_TRY(check_door(update, facts, detail));
    return check_size(facts, release->size_bytes, detail);
}

static struct sec_update_image image_of(const struct sec_update_release *release)
{
    struct sec_update_image image = {
        .sequence = release->sequence,
        .image = release->image,
        .size_bytes = release->size_bytes,
        .product = release->product,
        .statement = release->statement,
        .manifest = release->manifest,
    };
    image.version.len = (uint8_t)release->version.len;
    sec_bytes_copy(SEC_ROOM(image.version.b), release->version);
    return image;
}

sec_status sec_update_judge_release(const struct sec_update *update, const struct sec_update_facts *facts,
                                    const struct sec_update_release *release, struct sec_wr *change,
                                    struct sec_wr *detail)
{
    SEC_TRY(check_release(update, facts, release, detail));
    struct sec_update_change verdict = {.kind = SEC_UPDATE_CHANGE_AVAILABLE, .image = image_of(release)};
    bool described = release->description.len > 0;
    sec_update_detail_begin(detail, described ? 2 : 1, update, &verdict.image);
    sec_update_put_number(detail, SEC_UPDATE_DETAIL_NOTIFY, facts->notify);
    if (described)
        sec_update_put_text(detail, SEC_UPDATE_DETAIL_DESCRIPTION, release->description);
    return sec_update_conclude(&verdict, change, detail);
}

/* --- the owner consents ----------------------------------------------------------------------- */

static sec_status intend(const struct sec_update *update, const struct sec_digest *command, uint32_t confirm_within_s,
                         struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_update_change verdict = {
        .kind = SEC_UPDATE_CHANGE_INTENDED,
        .slot = sec_update_other_slot(update->slot),
        .command = *command,
        .confirm_within_s = confirm_within_s,
    };
    sec_update_detail_begin(detail, 1, update, &update->candidate);
    sec_update_put_slot(detail, verdict.slot);
    return sec_update_conclude(&verdict, change, detail);
}

static sec_status install_args(struct sec_bytes args, struct sec_digest *ret_statement)
{
    struct sec_digest statement = {{0}};
    bool there = false;
    int64_t key;
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    while (sec_cbor_map_next(&walk, &key)) {
        if (key != 1)
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        sec_cbor_bstr_into(&rd, SEC_ROOM(statement.b));
        there = true;
    }
    SEC_TRY(sec_cbor_end(&rd));
    if (!there)
        return sec_st(SEC_MISSING_FIELD);
    *ret_statement = statement;
    return sec_st(SEC_OK);
}

static sec_status check_wanted(const struct sec_update *update, const struct sec_digest *statement, struct sec_wr *detail)
{
    if (sec_digest_equal(statement, &update->installed.statement))
        return sec_update_refuse(detail, SEC_EXISTS, SEC_LIT("installed"));
    if (update->phase != SEC_UPDATE_AVAILABLE || !sec_digest_equal(statement, &update->candidate.statement))
        return sec_update_refuse(detail, SEC_NOT_FOUND, SEC_LIT("available"));
    return sec_st(SEC_OK);
}

sec_status sec_update_judge_install(const struct sec_update *update, const struct sec_update_facts *facts,
                                    struct sec_bytes args, const struct sec_digest *command, uint64_t confirm_within_s,
                                    struct sec_wr *change, struct sec_wr *detail)
{
    struct sec_digest statement;
    SEC_TRY(install_args(args, &statement));
    SEC_TRY(check_door(update, facts, detail));
    SEC_TRY(check_wanted(update, &statement, detail));
    SEC_TRY(check_sequence(update, update->candidate.sequence, detail));
    SEC_TRY(check_size(facts, update->candidate.size_bytes, detail));
    if (confirm_within_s > SEC_UPDATE_CONFIRM_WITHIN_MAX_S)
        return refuse_number(detail, SEC_OUT_OF_RANGE, SEC_LIT("confirm-within"), confirm_within_s,
                             SEC_UPDATE_CONFIRM_WITHIN_MAX_S);
    return intend(update, command, (uint32_t)confirm_within_s, change, detail);
}

/* The owner's consent in advance: mode automatic, within the window, and not for a release that failed before. */
static sec_status check_standing(const struct sec_update *update, const struct sec_update_facts *facts, struct sec_wr *detail)
{
    if (facts->mode != SEC_UPDATE_MODE_AUTOMATIC)
        return sec_update_refuse(detail, SEC_CONSENT_MISSING, SEC_LIT("securable.update.mode"));
    if (update->held)
        return sec_update_refuse(detail, SEC_CONSENT_MISSING, SEC_LIT("reverted"));
    if (!sec_update_window_open(facts->window, facts->now_s, facts->time_trusted))
        return sec_update_refuse(detail, SEC_NOT_YET, SEC_LIT("securable.update.window"));
    return sec_st(SEC_OK);
}

sec_status sec_update_judge_automatic(const struct sec_update *update, const struct sec_update_facts *facts,
                                      struct sec_wr *change, struct sec_wr *detail)
{
    const struct sec_digest no_command = {{0}};
    if (update->phase == SEC_UPDATE_IDLE)
        return refuse_phase(update, detail, SEC_NOTHING_PENDING);
    SEC_TRY(check_door(update, facts, detail));
    SEC_TRY(check_standing(update, facts, detail));
    SEC_TRY(check_sequence(update, update->candidate.sequence, detail));
    SEC_TRY(check_size(facts, update->candidate.size_bytes, detail));
    return intend(update, &no_command, 0, change, detail);
}

/* --- the operator ends the trial ---------------------------------------------------------------- */

static sec_status empty_args(struct sec_bytes args)
{
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    if (sec_cbor_map(&rd) != 0)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
    return sec_cbor_end(&rd);
}

sec_status sec_update_judge_confirm(const struct sec_update *update, struct sec_bytes args, struct sec_wr *change,
                                    struct sec_wr *detail)
{
    SEC_TRY(empty_args(args));
    if (!sec_update_in_trial(update))
        return refuse_phase(update, detail, SEC_NOTHING_PENDING);
    if (update->phase == SEC_UPDATE_INTENDED)
        return refuse_phase(update, detail, SEC_PENDING);
    return sec_update_confirm(update, SEC_UPDATE_STAGE_CONFIRM, change, detail);
}

sec_status sec_update_judge_revert(const struct sec_update *update, struct sec_bytes args, struct sec_wr *change,
                                   struct sec_wr *detail)
{
    SEC_TRY(empty_args(args));
    if (!sec_update_in_trial(update))
        return refuse_phase(update, detail, SEC_NOTHING_PENDING);
    return sec_update_revert(update, SEC_UPDATE_STAGE_CONFIRM, sec_st(SEC_REVERTED), change, detail);
}
