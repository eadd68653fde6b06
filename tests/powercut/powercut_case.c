/* SPDX-License-Identifier: Apache-2.0 */
#include "powercut_case.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 3))) static bool fault(struct world *world, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(world->fault, sizeof world->fault, format, list);
    va_end(list);
    return false;
}

static void put_back(struct world *world)
{
    world->d = world->saved;
    life_statement = world->saved_statement;
    if (world->pairs)
        fake_pair_log_rewind(world->pairs, world->saved_pairs);
}

static void take_down(struct world *world)
{
    world->saved = world->d;
    world->saved_statement = life_statement;
    world->saved_pairs = world->pairs ? world->pairs->count : 0;
}

static const struct life_step *step_of(const struct world *world)
{
    return &life_steps[world->step];
}

/* --- the undisturbed life ------------------------------------------------------------------------------------------------- */

void world_begin(struct world *world)
{
    world->step = 0;
    world->events = 0;
    world->fault[0] = 0;
    life_init(&world->d);
}

/** Cuts with nothing under way, and starts again. */
static bool restart_and_look(struct world *world, struct outlook *ret_outlook)
{
    struct fake_device *d = &world->d;
    fake_power_cut(&d->power);
    fake_device_power_on(d);
    d->clock.steady_ms = 0;
    sec_status status = fake_device_start(d);
    if (sec_ok(status))
        status = judge_look(d, ret_outlook);
    if (!sec_ok(status))
        return fault(world, "undisturbed: restart: %s", sec_status_word(status));
    return judge_effects_agree(d) || fault(world, "undisturbed: restart: the effects are not what the state says");
}

static bool act_and_look(struct world *world)
{
    struct expectation *want = &world->want;
    const struct life_step *step = step_of(world);
    uint64_t operations = world->d.power.operations;
    sec_status status = life_act(&world->d, step);
    want->operations = world->d.power.operations - operations;
    want->verdict = world->d.verdict;
    if (sec_ok(status))
        status = judge_look(&world->d, &want->live);
    if (!sec_ok(status))
        return fault(world, "undisturbed: %s", sec_status_word(status));
    if (!sec_is(want->verdict, step->want))
        return fault(world, "undisturbed: verdict %s", sec_status_word(want->verdict));
    return true;
}

bool world_prepare(struct world *world)
{
    sec_zero(&world->seen, sizeof world->seen);
    life_statement = world->saved_statement; /* the step before may be what this one is about */
    life_prepare(&world->d, step_of(world));
    take_down(world);
    world->want.events_before = world->events;
    if (!restart_and_look(world, &world->want.before))
        return false;
    put_back(world);
    if (!act_and_look(world) || !restart_and_look(world, &world->want.after))
        return false;
    put_back(world);
    return true;
}

bool world_advance(struct world *world)
{
    put_back(world);
    sec_status status = life_act(&world->d, step_of(world));
    world->events += life_events(step_of(world));
    world->step++;
    return sec_ok(status) || fault(world, "undisturbed: %s", sec_status_word(status));
}

/* --- a cut and its recovery ------------------------------------------------------------------------------------------------- */

static bool check_log(struct world *world, bool recovered, const char *when)
{
    struct judge_log log;
    sec_status status = judge_log(&world->d, &log);
    if (!sec_ok(status))
        return fault(world, "%s: no verdict: %s", when, sec_status_word(status));
    bool unborn = world->step == 0 && log.verdict == SEC_VERDICT_MISSING;
    bool good = log.verdict == SEC_VERDICT_INTACT || (!recovered && (log.verdict == SEC_VERDICT_TORN_TAIL || unborn));
    if (!good)
        return fault(world, "%s: the log is %s: %s", when, sec_verdict_word(log.verdict), log.why);
    if (recovered && log.trimmed == 0 && log.events < world->want.events_before)
        return fault(world, "%s: %llu events in the log, at least %llu expected", when, (unsigned long long)log.events,
                     (unsigned long long)world->want.events_before);
    return true;
}

/** Adds a state; true when it was there. */
static bool seen_before(struct seen *seen, uint64_t state)
{
    size_t place = (size_t)(state % SEEN_MAX);
    bool known = seen->states[place] == state;
    seen->states[place] = state;
    return known;
}

/** All that a start finds: storage, keys, what the effects left. */
static uint64_t whole_state(const struct world *world, uint64_t survivors)
{
    const struct fake_effects *effects = &world->d.effects;
    uint64_t state = fake_mix(survivors, fake_effects_digest(effects));
    state = fake_mix(state, effects->active);
    state = fake_mix(state, effects->spool_count);
    state = fake_mix(state, world->acknowledged);
    for (size_t i = 0; i < 8; i++)
        state = fake_mix(state, (uint64_t)effects->slots[0].b[i] << 8 | effects->slots[1].b[i]);
    return state;
}

/** `last`: no further cut is ordered, so that a state which was judged before ends the case. */
static bool power_on(struct world *world, uint64_t seed, bool last, struct cut_result *result)
{
    struct fake_device *d = &world->d;
    fake_power_reseed(&d->power, seed);
    fake_device_power_on(d);
    d->clock.steady_ms = 0;
    result->survivors = judge_survivors(d);
    result->known = last && seen_before(&world->seen, whole_state(world, result->survivors));
    return result->known || check_log(world, false, "after the cut");
}

static bool start(struct world *world, const struct cut *cut, struct cut_result *result)
{
    struct fake_device *d = &world->d;
    uint64_t operations = d->power.operations;
    fake_power_arm(&d->power, cut->second);
    sec_status status = fake_device_start(d);
    if (cut->second && d->power.off) {
        result->second_came = true;
        if (sec_ok(status))
            return fault(world, "the start says ok although the power went");
        if (!power_on(world, fake_mix(cut->seed, cut->second), !cut->verbose, result))
            return false;
        if (result->known)
            return true;
        operations = d->power.operations;
        status = fake_device_start(d);
    }
    fake_power_arm(&d->power, 0);
    result->recovery_operations = d->power.operations - operations;
    return sec_ok(status) || fault(world, "the start fails: %s", sec_status_word(status));
}

/** All that was acknowledged, or that and exactly this step more. */
static bool check_state(struct world *world, bool acknowledged)
{
    const struct expectation *want = &world->want;
    struct outlook got;
    sec_status status = judge_look(&world->d, &got);
    if (!sec_ok(status))
        return fault(world, "after the recovery: a secret: %s", sec_status_word(status));
    if (!judge_effects_agree(&world->d))
        return fault(world, "after the recovery: the effects are not what the state says");
    bool done = judge_same(&got, &want->after) || judge_same(&got, &want->live);
    if (done || (!acknowledged && judge_same(&got, &want->before)))
        return true;
    const char *state = got.state == want->before.state ? "before" : got.state == want->after.state ? "after"
                        : got.state == want->live.state ? "live" : "neither";
    const char *effects = got.effects == want->before.effects ? "before" : got.effects == want->after.effects ? "after"
                          : got.effects == want->live.effects ? "live" : "neither";
    return fault(world, "%s: state %s, effects %s", acknowledged ? "acknowledged" : "in flight", state, effects);
}

static bool check_pairs(struct world *world)
{
    if (!world->pairs || (world->pairs->repeated == 0 && world->pairs->lost == 0))
        return true;
    world->pairs->repeated = 0;
    world->pairs->lost = 0;
    return fault(world, "a key and nonce pair came again");
}

/** The very same statement again: decided already, or carried out now. */
static bool send_again(struct world *world)
{
    const struct life_step *step = step_of(world);
    sec_status status = life_act(&world->d, step), verdict = world->d.verdict;
    if (step->act == LIFE_DELETE && sec_is(status, SEC_UNKNOWN_SECRET))
        status = sec_st(SEC_OK);
    if (!sec_ok(status))
        return fault(world, "sent again: %s", sec_status_word(status));
    bool known = sec_is(verdict, SEC_ALREADY_DECIDED);
    /* What a restart took back can no longer be confirmed or taken back: that is recorded as decided, too. */
    bool late = sec_is(verdict, SEC_NOTHING_PENDING);
    if (!known && !late && !sec_is(verdict, (enum sec_status_code)world->want.verdict.code))
        return fault(world, "sent again: verdict %s", sec_status_word(verdict));
    return true;
}

static bool live_on(struct world *world, unsigned steps)
{
    size_t first = world->step + 1;
    for (size_t i = first; i < first + steps && i < life_steps_count; i++) {
        life_prepare(&world->d, &life_steps[i]);
        sec_status status = life_act(&world->d, &life_steps[i]);
        if (life_steps[i].act == LIFE_DELETE && sec_is(status, SEC_UNKNOWN_SECRET))
            status = sec_st(SEC_OK);
        if (!sec_ok(status))
            return fault(world, "living on: %s: %s", life_steps[i].name, sec_status_word(status));
    }
    return true;
}

bool world_cut(struct world *world, const struct cut *cut, struct cut_result *ret_result)
{
    *ret_result = (struct cut_result){0};
    world->fault[0] = 0;
    put_back(world);
    fake_power_arm(&world->d.power, cut->operation);
    sec_status status = life_act(&world->d, step_of(world));
    if (!world->d.power.off)
        return fault(world, "the step has no such operation: %s", sec_status_word(status));
    if (cut->verbose)
        printf("step %zu \"%s\": cut at operation %llu of %llu: %s\n", world->step, step_of(world)->name,
               (unsigned long long)cut->operation, (unsigned long long)world->want.operations, sec_status_word(status));
    world->acknowledged = sec_ok(status);
    ret_result->waiting = world->d.storage.pending_count;
    /* What is whole at the end was whole after the recovery: the log is looked at in between for a sample alone. */
    bool good = power_on(world, cut->seed, !cut->second && !cut->verbose, ret_result);
    if (good && !ret_result->known)
        good = start(world, cut, ret_result);
    if (!good || ret_result->known)
        return good && check_pairs(world);
    good = check_state(world, world->acknowledged) &&
           (cut->further == 1 || check_log(world, true, "after the recovery")) && check_pairs(world) && send_again(world) &&
           live_on(world, cut->further) && check_log(world, true, "at the end") && check_pairs(world);
    if (cut->verbose)
        printf("recovery: %llu operations%s; %s\n", (unsigned long long)ret_result->recovery_operations,
               ret_result->second_came ? " after a second cut" : "", good ? "all holds" : world->fault);
    return good;
}
