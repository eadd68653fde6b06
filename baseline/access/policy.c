/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on commands and on applications at the door: facts in, verdict out. */
#include "state.h"

static bool in_audience(struct sec_bytes item, const struct sec_audience_facts *device)
{
    struct sec_audience audience;
    return sec_ok(sec_audience_parse(item, &audience)) && sec_audience_matches(&audience, device);
}

bool sec_access_role_suffices(enum sec_role role, enum sec_role least)
{
    /* The recovery key does one thing, and nobody else does that one. */
    if (role == SEC_ROLE_RECOVERY || least == SEC_ROLE_RECOVERY)
        return role == least;
    return role <= least;
}

bool sec_access_in_scope(const struct sec_access_subject *subject, const struct sec_access_facts *facts)
{
    return subject->scope.len == 0 || in_audience(subject->scope, &facts->device);
}

/** The latest moment that is surely over: the lower bound, or the present where the clock is trusted. */
static int64_t surely(const struct sec_access_time *time)
{
    return time->trusted && time->now_s > time->lower_s ? time->now_s : time->lower_s;
}

bool sec_access_ended(const struct sec_access_subject *subject, const struct sec_access_time *time)
{
    return subject->has_end && surely(time) >= subject->ends_at_s;
}

static sec_status judge_subject(const struct sec_access_facts *facts, const struct sec_access_subject *subject,
                                const struct sec_action_row *row, struct sec_wr *detail)
{
    struct sec_bytes why;
    if (!sec_access_role_suffices(subject->role, row->least_role))
        why = SEC_LIT("role");
    else if (!sec_access_in_scope(subject, facts))
        why = SEC_LIT("scope");
    else if (sec_access_ended(subject, &facts->time))
        why = SEC_LIT("ends-at");
    else
        return sec_st(SEC_OK);
    sec_access_say(why, detail);
    return sec_st(SEC_ROLE_INSUFFICIENT);
}

static sec_status judge_generation(const struct sec_access *state, enum sec_topic number, uint64_t generation,
                                   struct sec_wr *detail)
{
    const struct sec_access_topic *topic = &state->topics[number - 1];
    uint64_t owners_word = state->lease.heads[number - 1];
    if (generation <= topic->head) {
        sec_cbor_put_map(detail, 2);
        sec_cbor_put_uint(detail, 1);
        sec_cbor_put_uint(detail, topic->head);
        sec_cbor_put_uint(detail, 2);
        sec_cbor_put_bstr(detail, sec_digest_bytes(&topic->winner));
        return sec_st(SEC_GENERATION_USED);
    }
    uint64_t from = topic->owner_head > topic->head ? topic->owner_head : topic->head;
    from = owners_word > from ? owners_word : from;
    if (generation > from && generation - from > SEC_GENERATION_LEAP_MAX)
        return sec_st(SEC_GENERATION_TOO_FAR);
    return sec_st(SEC_OK);
}

static sec_status judge_time(const struct sec_access_time *time, const struct sec_command *command)
{
    /* What may not happen yet waits until the time is surely there; what has surely expired is refused on any clock. */
    if ((command->members & SEC_WITH_NOT_BEFORE) && surely(time) < command->not_before_s)
        return sec_st(SEC_NOT_YET);
    if ((command->members & SEC_WITH_EXPIRY) && surely(time) >= command->expiry_s)
        return sec_st(SEC_EXPIRED);
    return sec_st(SEC_OK);
}

static sec_status judge_support(const struct sec_action_row *row, unsigned members, struct sec_wr *detail)
{
    static const struct {
        unsigned member;
        const char *word;
    } words[] = {{SEC_WITH_WINDOW, "window"},
                 {SEC_WITH_SPREAD, "spread"},
                 {SEC_WITH_BASE, "base"},
                 {SEC_WITH_CONFIRM, "confirm-within"},
                 {SEC_WITH_BESIDE, "beside"}};
    if (!row->carried_out) {
        sec_access_say(sec_bytes_of_str(row->word), detail);
        return sec_st(SEC_UNSUPPORTED);
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((members & words[i].member & ~row->members) != 0) {
            sec_access_say(sec_bytes_of_str(words[i].word), detail);
            return sec_st(SEC_UNSUPPORTED);
        }
    }
    return sec_st(SEC_OK);
}

sec_status sec_access_judge_command(const struct sec_access *state, const struct sec_access_facts *facts,
                                    const struct sec_access_subject *subject, const struct sec_command *command,
                                    const struct sec_digest *digest, struct sec_wr *detail)
{
    if (!state->owned)
        return sec_st(SEC_NO_OWNER);
    if (!sec_audience_matches(&command->audience, &facts->device))
        return sec_st(SEC_WRONG_AUDIENCE);
    if (command->epoch != state->epoch)
        return sec_st(SEC_WRONG_EPOCH);
    const struct sec_action_row *row = sec_action_row(command->action);
    if (!row)
        return sec_st(SEC_UNKNOWN_ACTION);
    if (command->topic != row->topic) {
        sec_access_say(SEC_LIT("topic"), detail);
        return sec_st(SEC_BAD_VALUE);
    }
    SEC_TRY(judge_subject(facts, subject, row, detail));
    SEC_TRY(sec_access_judge_lease(state, facts, subject, detail));
    SEC_TRY(judge_generation(state, row->topic, command->generation, detail));
    SEC_TRY(judge_time(&facts->time, command));
    SEC_TRY(judge_support(row, command->members, detail));
    return sec_access_judge_quorum(state, facts, subject, command, digest, detail);
}

static bool application_of(const struct sec_access *state, uint32_t uid, struct sec_access_subject *ret_subject)
{
    struct sec_access_subject subject;
    for (size_t n = 0; sec_access_subject_at(state, n, &subject); n++) {
        if (subject.role == SEC_ROLE_APPLICATION && !subject.has_key && subject.uid == uid) {
            *ret_subject = subject;
            return true;
        }
    }
    return false;
}

sec_status sec_access_permits(const struct sec_access *state, const struct sec_access_facts *facts, uint32_t uid,
                              uint32_t pid, enum sec_right right)
{
    struct sec_access_subject subject;
    bool somebody = pid != 0 && !sec_uid_is_nobody(uid);
    if (!state->owned || !somebody || !application_of(state, uid, &subject))
        return sec_st(SEC_NOT_PERMITTED);
    if (((subject.rights >> (unsigned)right) & 1u) == 0 || !sec_access_in_scope(&subject, facts) ||
        sec_access_ended(&subject, &facts->time))
        return sec_st(SEC_NOT_PERMITTED);
    return sec_st(SEC_OK);
}
