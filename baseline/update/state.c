/* SPDX-License-Identifier: Apache-2.0 */
/* The trial of a release as a state machine: one table of who follows whom, one action per change. */
#include "update_inside.h"

/* From phase, by change, to phase. What is not here does not happen. */
static const struct {
    enum sec_update_phase from;
    enum sec_update_change_kind change;
    enum sec_update_phase to;
} transitions[] = {
    /* clang-format off */
    {SEC_UPDATE_IDLE,      SEC_UPDATE_CHANGE_AVAILABLE, SEC_UPDATE_AVAILABLE},
    {SEC_UPDATE_AVAILABLE, SEC_UPDATE_CHANGE_AVAILABLE, SEC_UPDATE_AVAILABLE}, /* a newer one takes the place */
    {SEC_UPDATE_AVAILABLE, SEC_UPDATE_CHANGE_INTENDED,  SEC_UPDATE_INTENDED},
    {SEC_UPDATE_INTENDED,  SEC_UPDATE_CHANGE_ATTEMPT,   SEC_UPDATE_INTENDED},
    {SEC_UPDATE_INTENDED,  SEC_UPDATE_CHANGE_WAITING,   SEC_UPDATE_WAITING},
    {SEC_UPDATE_INTENDED,  SEC_UPDATE_CHANGE_CONFIRMED, SEC_UPDATE_IDLE},
    {SEC_UPDATE_INTENDED,  SEC_UPDATE_CHANGE_REVERTED,  SEC_UPDATE_AVAILABLE}, /* held: only by a command again */
    {SEC_UPDATE_WAITING,   SEC_UPDATE_CHANGE_CONFIRMED, SEC_UPDATE_IDLE},
    {SEC_UPDATE_WAITING,   SEC_UPDATE_CHANGE_REVERTED,  SEC_UPDATE_AVAILABLE},
    /* clang-format on */
};

static bool next_phase(enum sec_update_phase from, enum sec_update_change_kind change, enum sec_update_phase *ret_to)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        if (transitions[i].from == from && transitions[i].change == change) {
            *ret_to = transitions[i].to;
            return true;
        }
    }
    return false;
}

/* Counts are for people; one that is full stays full. */
static void count(uint32_t *counter)
{
    if (*counter < UINT32_MAX)
        (*counter)++;
}

static bool is_trial(enum sec_update_phase phase)
{
    return phase == SEC_UPDATE_INTENDED || phase == SEC_UPDATE_WAITING;
}

static void on_available(struct sec_update *update, const struct sec_update_change *change, uint64_t index)
{
    update->candidate = change->image;
    update->candidate.index = index;
    update->held = false;
    count(&update->counts.available);
}

static void on_intended(struct sec_update *update, const struct sec_update_change *change)
{
    update->trial = (struct sec_update_trial){
        .slot = change->slot, .command = change->command, .confirm_within_s = change->confirm_within_s};
    /* The slot that holds it is about to be overwritten. */
    update->has_previous = false;
    update->previous = (struct sec_update_image){0};
}

static void on_attempt(struct sec_update *update)
{
    update->trial.attempts++;
    count(&update->counts.attempted);
}

static void end_trial(struct sec_update *update, const struct sec_update_change *change, uint64_t index)
{
    update->last = (struct sec_update_result){
        .there = true,
        .statement = update->candidate.statement,
        .manifest = update->candidate.manifest,
        .command = update->trial.command,
        .sequence = update->candidate.sequence,
        .stage = change->stage,
        .status = change->status,
        .index = index,
    };
    update->trial = (struct sec_update_trial){0};
}

static void on_confirmed(struct sec_update *update, const struct sec_update_change *change, uint64_t index)
{
    update->slot = update->trial.slot;
    end_trial(update, change, index);
    /* A state without a first release has nothing to fall back to. */
    update->has_previous = update->installed.version.len > 0;
    update->previous = update->installed;
    if (!update->has_previous)
        update->previous = (struct sec_update_image){0};
    update->installed = update->candidate;
    update->candidate = (struct sec_update_image){0};
    update->held = false;
    if (update->floor < update->installed.sequence)
        update->floor = update->installed.sequence;
    count(&update->counts.confirmed);
}

static void on_reverted(struct sec_update *update, const struct sec_update_change *change, uint64_t index)
{
    end_trial(update, change, index);
    update->held = true;
    count(&update->counts.reverted);
}

static void act(struct sec_update *update, const struct sec_update_change *change, uint64_t index)
{
    switch (change->kind) {
    case SEC_UPDATE_CHANGE_AVAILABLE:
        on_available(update, change, index);
        break;
    case SEC_UPDATE_CHANGE_INTENDED:
        on_intended(update, change);
        break;
    case SEC_UPDATE_CHANGE_ATTEMPT:
        on_attempt(update);
        break;
    case SEC_UPDATE_CHANGE_WAITING:
        update->trial.confirm_within_s = change->confirm_within_s;
        break;
    case SEC_UPDATE_CHANGE_CONFIRMED:
        on_confirmed(update, change, index);
        break;
    case SEC_UPDATE_CHANGE_REVERTED:
        on_reverted(update, change, index);
        break;
    }
}

sec_status sec_update_apply(struct sec_update *update, struct sec_bytes change_bytes, uint64_t index)
{
    struct sec_update_change change;
    SEC_TRY(sec_update_change_parse(change_bytes, &change));
    struct sec_update next = *update;
    /* Nothing is confirmed that was never tried. */
    if (change.kind == SEC_UPDATE_CHANGE_CONFIRMED && update->trial.attempts == 0)
        return sec_st(SEC_STALE_BASE);
    if (!next_phase(update->phase, change.kind, &next.phase))
        return sec_st(SEC_STALE_BASE);
    act(&next, &change, index);
    if (!sec_update_is_sound(&next))
        return sec_st(SEC_BAD_VALUE);
    *update = next;
    return sec_st(SEC_OK);
}

static bool is_above(const struct sec_update *update, const struct sec_update_image *candidate)
{
    return candidate->sequence > update->installed.sequence && candidate->sequence >= update->floor;
}

static bool candidate_is_sound(const struct sec_update *update)
{
    if (update->phase == SEC_UPDATE_IDLE)
        return !update->held;
    return update->candidate.version.len > 0 && is_above(update, &update->candidate);
}

static bool trial_is_sound(const struct sec_update *update)
{
    const struct sec_update_trial *trial = &update->trial;
    if (!is_trial(update->phase))
        return true;
    if (trial->slot == update->slot || update->has_previous)
        return false;
    if (trial->attempts > SEC_UPDATE_ATTEMPTS_MAX_COUNT || trial->confirm_within_s > SEC_UPDATE_CONFIRM_WITHIN_MAX_S)
        return false;
    return update->phase == SEC_UPDATE_INTENDED || (trial->attempts > 0 && trial->confirm_within_s > 0);
}

bool sec_update_is_sound(const struct sec_update *update)
{
    if (update->floor < update->installed.sequence)
        return false;
    if (update->has_previous && (update->previous.version.len == 0 || update->installed.version.len == 0 ||
                                 update->previous.sequence >= update->installed.sequence))
        return false;
    return candidate_is_sound(update) && trial_is_sound(update);
}

void sec_update_init(struct sec_update *update)
{
    *update = (struct sec_update){0};
}

sec_status sec_update_factory(struct sec_update *update, const struct sec_update_release *release, enum sec_slot slot)
{
    struct sec_update next = {.slot = slot, .floor = release->sequence};
    if (update->phase != SEC_UPDATE_IDLE || update->installed.version.len > 0 || update->last.there)
        return sec_st(SEC_BAD_VALUE);
    if (release->version.len == 0 || release->version.len > SEC_UPDATE_VERSION_MAX_BYTES ||
        !sec_ok(sec_utf8_check(release->version)) || (slot != SEC_SLOT_A && slot != SEC_SLOT_B))
        return sec_st(SEC_BAD_VALUE);
    next.installed = (struct sec_update_image){
        .sequence = release->sequence,
        .image = release->image,
        .size_bytes = release->size_bytes,
        .product = release->product,
        .statement = release->statement,
        .manifest = release->manifest,
    };
    next.installed.version.len = (uint8_t)release->version.len;
    sec_bytes_copy(SEC_ROOM(next.installed.version.b), release->version);
    *update = next;
    return sec_st(SEC_OK);
}

void sec_update_survive(struct sec_update *update)
{
    *update = (struct sec_update){
        .installed = update->installed,
        .slot = update->slot,
        .has_previous = update->has_previous,
        .previous = update->previous,
        .floor = update->floor,
    };
}

bool sec_update_in_trial(const struct sec_update *update)
{
    return is_trial(update->phase);
}

enum sec_slot sec_update_slot(const struct sec_update *update)
{
    return update->phase == SEC_UPDATE_WAITING ? update->trial.slot : update->slot;
}

struct sec_bytes sec_update_version_bytes(const struct sec_update_version *version)
{
    return sec_bytes_part(SEC_BYTES(version->b), 0, version->len);
}

const char *sec_update_phase_word(enum sec_update_phase phase)
{
    switch (phase) {
    case SEC_UPDATE_IDLE:
        return "idle";
    case SEC_UPDATE_AVAILABLE:
        return "available";
    case SEC_UPDATE_INTENDED:
        return "intended";
    case SEC_UPDATE_WAITING:
        return "waiting";
    }
    return "unknown-phase";
}
