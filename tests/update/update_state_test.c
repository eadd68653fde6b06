/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the update room: who follows whom, what survives a wipe, and that its bytes stay what they are. */
#include "update_inside.h"
#include "update_life.h"

#include <securable/suit.h>

#define EMPTY_MAP ((struct sec_bytes){(const uint8_t *)"\xa0", 1})

/* --- the machine ------------------------------------------------------------------------------ */

/* A device in each phase, by the road that leads there. */
static void life_in_phase(struct life *life, enum sec_update_phase phase)
{
    life_begin(life);
    if (phase == SEC_UPDATE_AVAILABLE)
        life_offer(life, 11, "1.1");
    if (phase == SEC_UPDATE_INTENDED || phase == SEC_UPDATE_WAITING)
        life_try(life, 600);
    if (phase == SEC_UPDATE_WAITING) {
        CHECK_OK(life_tried(life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
        life_apply(life);
    }
    CHECK_INT(life->update.phase, phase);
}

static struct sec_bytes change_of(struct life *life, enum sec_update_change_kind kind)
{
    struct sec_update_change change = {
        .kind = kind,
        .slot = SEC_SLOT_B,
        .confirm_within_s = 60,
        .stage = SEC_UPDATE_STAGE_CONFIRM,
        .status = sec_st(SEC_REVERTED),
        .image = {.sequence = 12, .version = {3, "1.2"}, .statement = digest_of(12)},
    };
    sec_update_change_encode(&change, CHANGE(life));
    CHECK(!life->change.bad);
    return sec_wr_done(&life->change);
}

static void only_the_transitions_of_the_table_happen(void)
{
    enum { NO = -1, I = SEC_UPDATE_IDLE, A = SEC_UPDATE_AVAILABLE, T = SEC_UPDATE_INTENDED, W = SEC_UPDATE_WAITING };
    static const int to[4][7] = {
        /* clang-format off */
        /*               -   available intended attempt waiting confirmed reverted */
        /* idle */      {NO, A,        NO,      NO,     NO,     NO,       NO},
        /* available */ {NO, A,        T,       NO,     NO,     NO,       NO},
        /* intended */  {NO, NO,       NO,      T,      W,      I,        A},
        /* waiting */   {NO, NO,       NO,      NO,     NO,     I,        A},
        /* clang-format on */
    };
    for (unsigned phase = 0; phase < 4; phase++) {
        for (unsigned kind = SEC_UPDATE_CHANGE_AVAILABLE; kind <= SEC_UPDATE_CHANGE_REVERTED; kind++) {
            struct life life;
            life_in_phase(&life, (enum sec_update_phase)phase);
            struct sec_bytes change = change_of(&life, (enum sec_update_change_kind)kind);
            sec_status status = sec_update_apply(&life.update, change, 99);
            CHECK_STATUS(status, to[phase][kind] == NO ? SEC_STALE_BASE : SEC_OK);
            CHECK_INT(life.update.phase, to[phase][kind] == NO ? (int)phase : to[phase][kind]);
        }
    }
}

static void a_refused_change_leaves_the_state_as_it_was(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum sec_status_code code;
    } cases[] = {
        {"", 0, SEC_TRUNCATED},
        {"\x80", 1, SEC_UNEXPECTED_TYPE},
        {"\xa0", 1, SEC_MISSING_FIELD},
        {"\xa1\x01\x00", 3, SEC_BAD_VALUE},
        {"\xa1\x01\x07", 3, SEC_BAD_VALUE},
        {"\xa1\x01\x01", 3, SEC_MISSING_FIELD},
        {"\xa1\x06\x01", 3, SEC_BAD_VALUE},
        {"\xa2\x01\x03\x05\x00", 5, SEC_UNKNOWN_FIELD},
        {"\xa2\x01\x03\x08\x00", 5, SEC_UNKNOWN_FIELD},
        {"\xa2\x01\x04\x05\x00", 5, SEC_BAD_VALUE},         /* waits for no time */
        {"\xa2\x01\x04\x05\x1a\x00\x27\x8d\x01", 9, SEC_BAD_VALUE}, /* longer than the limit */
        {"\xa2\x01\x05\x06\x00", 5, SEC_BAD_VALUE},         /* no such stage */
        {"\xa2\x01\x05\x06\x05", 5, SEC_BAD_VALUE},
        {"\xa3\x01\x06\x06\x01\x07\x00", 7, SEC_BAD_VALUE}, /* reverted because all is well */
        {"\xa1\x01\x03\x00", 4, SEC_LEFTOVER},
        {"\xa1\x01\x18\x03", 4, SEC_NOT_DETERMINISTIC},
    };
    uint8_t before[SEC_UPDATE_STATE_MAX_BYTES], after[SEC_UPDATE_STATE_MAX_BYTES];
    struct life life;
    life_in_phase(&life, SEC_UPDATE_INTENDED);
    struct sec_wr wr = sec_wr(SEC_ROOM(before));
    sec_update_encode(&life.update, &wr);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sec_wr now = sec_wr(SEC_ROOM(after));
        CHECK_STATUS(sec_update_apply(&life.update, sec_bytes(cases[i].bytes, cases[i].len), 9), cases[i].code);
        sec_update_encode(&life.update, &now);
        CHECK_BYTES(sec_wr_done(&now), sec_wr_done(&wr));
    }
}

static void no_change_goes_below_the_floor_or_into_the_running_slot(void)
{
    struct life life;
    life_in_phase(&life, SEC_UPDATE_IDLE);
    struct sec_update_change low = {.kind = SEC_UPDATE_CHANGE_AVAILABLE, .image = {.sequence = 10, .version = {1, "x"}}};
    sec_update_change_encode(&low, CHANGE(&life));
    CHECK_STATUS(sec_update_apply(&life.update, sec_wr_done(&life.change), 1), SEC_BAD_VALUE);
    life_in_phase(&life, SEC_UPDATE_AVAILABLE);
    struct sec_update_change running = {.kind = SEC_UPDATE_CHANGE_INTENDED, .slot = SEC_SLOT_A};
    sec_update_change_encode(&running, CHANGE(&life));
    CHECK_STATUS(sec_update_apply(&life.update, sec_wr_done(&life.change), 1), SEC_BAD_VALUE);
    CHECK_INT(life.update.phase, SEC_UPDATE_AVAILABLE);
}

static void nothing_is_confirmed_that_was_never_tried(void)
{
    struct life life;
    life_in_phase(&life, SEC_UPDATE_AVAILABLE);
    CHECK_OK(life_consent(&life, 11, 0));
    life_apply(&life);
    CHECK_STATUS(sec_update_apply(&life.update, change_of(&life, SEC_UPDATE_CHANGE_CONFIRMED), 1), SEC_STALE_BASE);
    CHECK_STATUS(sec_update_apply(&life.update, change_of(&life, SEC_UPDATE_CHANGE_WAITING), 1), SEC_BAD_VALUE);
    CHECK_STATUS(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK), SEC_NOTHING_PENDING);
}

static void two_releases_go_to_and_fro_between_the_slots(void)
{
    struct life life;
    life_begin(&life);
    for (uint8_t sequence = 11; sequence < 30; sequence++) {
        enum sec_slot before = sec_update_slot(&life.update);
        life_offer(&life, sequence, "1.x");
        CHECK_OK(life_consent(&life, sequence, 0));
        life_apply(&life);
        life_attempt(&life);
        bool good = sequence % 3 != 0;
        CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, good ? SEC_OK : SEC_HEALTH_FAILED));
        life_apply(&life);
        CHECK((sec_update_slot(&life.update) != before) == good);
        CHECK(life.update.floor >= life.update.installed.sequence);
        CHECK_INT(life.update.floor, good ? sequence : sequence - 1);
    }
    CHECK_INT(life.update.counts.available, 19);
    CHECK_INT(life.update.counts.confirmed, 13);
    CHECK_INT(life.update.counts.reverted, 6);
}

/* --- a wipe -------------------------------------------------------------------------------------- */

static void floor_and_installed_release_survive_a_wipe(void)
{
    for (unsigned phase = 0; phase < 4; phase++) {
        struct life life;
        life_in_phase(&life, (enum sec_update_phase)phase);
        CHECK(sec_update_in_trial(&life.update) == (phase >= SEC_UPDATE_INTENDED)); /* the wipe is refused then */
        sec_update_survive(&life.update);
        CHECK_INT(life.update.phase, SEC_UPDATE_IDLE);
        CHECK_INT(life.update.installed.sequence, 10);
        CHECK_INT(life.update.floor, 10);
        CHECK_INT(sec_update_slot(&life.update), SEC_SLOT_A);
        CHECK(!life.update.last.there);
        CHECK_INT(life.update.counts.available, 0);
        life_offer(&life, 11, "1.1");
    }
}

static void a_wipe_is_no_way_to_a_downgrade(void)
{
    SHOWS("F5.2");
    struct life life;
    life_begin(&life);
    life_try(&life, 0);
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
    life_apply(&life);
    sec_update_survive(&life.update);
    CHECK(life.update.has_previous);
    struct sec_update_release old = release_of(10, "1.0");
    CHECK_REFUSED(&life, life_judge(&life, &old), SEC_DOWNGRADE, "floor");
}

/* --- the first release ----------------------------------------------------------------------------- */

static void a_state_without_a_release_takes_a_first_one(void)
{
    struct life life;
    life_begin(&life);
    sec_update_init(&life.update);
    CHECK_INT(sec_update_slot(&life.update), SEC_SLOT_A);
    life_try(&life, 0);
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
    life_apply(&life);
    CHECK(!life.update.has_previous);
    CHECK_BYTES(sec_update_version_bytes(&life.update.installed.version), SEC_LIT("1.1"));
}

static void the_factory_speaks_once_and_within_limits(void)
{
    struct sec_update update;
    struct sec_update_release release = release_of(3, "0.3");
    sec_update_init(&update);
    CHECK_STATUS(sec_update_factory(&update, &release, (enum sec_slot)2), SEC_BAD_VALUE);
    release.version = (struct sec_bytes){NULL, 0};
    CHECK_STATUS(sec_update_factory(&update, &release, SEC_SLOT_B), SEC_BAD_VALUE);
    release.version = SEC_LIT("\xff");
    CHECK_STATUS(sec_update_factory(&update, &release, SEC_SLOT_B), SEC_BAD_VALUE);
    release.version = SEC_LIT("0.3");
    CHECK_OK(sec_update_factory(&update, &release, SEC_SLOT_B));
    CHECK_INT(update.floor, 3);
    CHECK_INT(sec_update_slot(&update), SEC_SLOT_B);
    CHECK_STATUS(sec_update_factory(&update, &release, SEC_SLOT_B), SEC_BAD_VALUE);
}

static void the_phases_have_words(void)
{
    static const char *const words[] = {"idle", "available", "intended", "waiting", "unknown-phase"};
    for (unsigned phase = 0; phase < 5; phase++)
        CHECK_BYTES(sec_bytes_of_str(sec_update_phase_word((enum sec_update_phase)phase)), sec_bytes_of_str(words[phase]));
}

/* --- the last result ---------------------------------------------------------------------------------- */

static void the_last_trial_is_told_as_a_suit_report(void)
{
    uint8_t room[512];
    struct sec_suit_report report;
    struct sec_digest manifest = digest_of(61);
    struct life life;
    life_begin(&life);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    CHECK_STATUS(sec_update_report_encode(&life.update, SEC_LIT("12345678"), &wr), SEC_NOTHING_PENDING);
    CHECK_INT(wr.len, 0);
    life_try(&life, 0);
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_HEALTH_FAILED));
    life_apply(&life);
    CHECK_OK(sec_update_report_encode(&life.update, SEC_LIT("12345678"), &wr));
    CHECK_OK(sec_suit_report_parse(sec_wr_done(&wr), &report));
    CHECK(!report.success);
    CHECK_INT(report.code, SEC_HEALTH_FAILED);
    CHECK_BYTES(report.nonce, SEC_LIT("12345678"));
    CHECK_BYTES(sec_digest_bytes(&report.manifest_digest), sec_digest_bytes(&manifest));
    CHECK_OK(life_consent(&life, 11, 0));
    life_apply(&life);
    life_attempt(&life);
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
    life_apply(&life);
    wr = sec_wr(SEC_ROOM(room));
    CHECK_OK(sec_update_report_encode(&life.update, (struct sec_bytes){NULL, 0}, &wr));
    CHECK_OK(sec_suit_report_parse(sec_wr_done(&wr), &report));
    CHECK(report.success);
}

/* --- bytes ------------------------------------------------------------------------------------------ */

/* A state with all its parts: after a fall-back, a confirmation and a second trial that waits. */
static void full_life(struct life *life)
{
    life_begin(life);
    life_try(life, 0);
    CHECK_OK(life_tried(life, SEC_UPDATE_STAGE_HEALTH, SEC_HEALTH_FAILED));
    life_apply(life);
    life_offer(life, 12, "1.2");
    CHECK_OK(life_consent(life, 12, 600));
    life_apply(life);
    life_attempt(life);
    CHECK_OK(life_tried(life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
    life_apply(life);
}

static void every_cut_and_every_flipped_bit_of_a_state_is_refused_or_read_alike(void)
{
    uint8_t room[SEC_UPDATE_STATE_MAX_BYTES], again[SEC_UPDATE_STATE_MAX_BYTES];
    struct life life;
    full_life(&life);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_update_encode(&life.update, &wr);
    for (size_t len = 0; len < wr.len; len++) {
        struct sec_update parsed;
        CHECK(!sec_ok(sec_update_parse(sec_bytes(room, len), &parsed)));
    }
    for (size_t bit = 0; bit < wr.len * 8; bit++) {
        struct sec_update parsed;
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (sec_ok(sec_update_parse(sec_wr_done(&wr), &parsed))) {
            struct sec_wr wr2 = sec_wr(SEC_ROOM(again));
            sec_update_encode(&parsed, &wr2);
            CHECK_BYTES(sec_wr_done(&wr2), sec_wr_done(&wr));
        }
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static sec_status reparse(const struct sec_update *update)
{
    uint8_t room[SEC_UPDATE_STATE_MAX_BYTES];
    struct sec_update parsed;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_update_encode(update, &wr);
    return sec_update_parse(sec_wr_done(&wr), &parsed);
}

static void a_state_that_no_changes_lead_to_is_refused(void)
{
    struct life life;
    full_life(&life);
    const struct sec_update good = life.update;
    struct sec_update bad;
    CHECK_OK(reparse(&good));
    CHECK_STATUS((bad = good, bad.floor = 9, reparse(&bad)), SEC_BAD_VALUE);
    CHECK_STATUS((bad = good, bad.floor = 13, reparse(&bad)), SEC_BAD_VALUE);
    CHECK_STATUS((bad = good, bad.candidate.sequence = 10, reparse(&bad)), SEC_BAD_VALUE);
    CHECK_STATUS((bad = good, bad.candidate.version.len = 0, reparse(&bad)), SEC_BAD_VALUE);
    CHECK_STATUS((bad = good, bad.trial.slot = bad.slot, reparse(&bad)), SEC_BAD_VALUE);
    CHECK_STATUS((bad = good, bad.trial.attempts = 0, reparse(&bad)), SEC_BAD_VALUE);
    CHECK_STATUS((bad = good, bad.trial.attempts = 4, reparse(&bad)), SEC_BAD_VALUE);
    CHECK_STATUS((bad = good, bad.trial.confirm_within_s = 0, reparse(&bad)), SEC_BAD_VALUE);
    CHECK_STATUS((bad = good, bad.has_previous = true, bad.previous = bad.installed, reparse(&bad)), SEC_BAD_VALUE);
    CHECK_STATUS((bad = good, bad.phase = SEC_UPDATE_IDLE, bad.held = true, reparse(&bad)), SEC_BAD_VALUE);
    CHECK_STATUS((bad = good, bad.last.stage = (enum sec_update_stage)5, reparse(&bad)), SEC_BAD_VALUE);
}

static void a_later_format_is_named_as_such(void)
{
    struct sec_update parsed;
    CHECK_STATUS(sec_update_parse(SEC_LIT("\x82\x02\xa0"), &parsed), SEC_UNKNOWN_FORMAT);
    CHECK_STATUS(sec_update_parse(SEC_LIT("\x81\x01"), &parsed), SEC_BAD_VALUE);
}

/* One line of tests/update/golden/update.txt: a name, a blank, hex digits. */
static bool golden_line(const char *name, struct sec_room to, size_t *ret_len)
{
    static char line[4096];
    bool found = false;
    FILE *file = fopen(GOLDEN_FILE, "r");
    CHECK(file != NULL);
    while (!found && fgets(line, sizeof line, file)) {
        size_t len = strlen(name);
        if (strncmp(line, name, len) != 0 || line[len] != ' ')
            continue;
        line[strcspn(line, "\n")] = '\0';
        struct sec_bytes hex = sec_bytes_of_str(&line[len + 1]);
        CHECK(hex.len / 2 <= to.len);
        found = sec_ok(sec_hex_parse(hex, sec_room(to.data, hex.len / 2), ret_len));
    }
    fclose(file);
    return found;
}

/* Each step of a life as a change of the stored form; the last line is the state that they fold to. */
static const char *const golden_changes[] = {"available", "intended", "attempt", "waiting", "confirmed", "reverted"};

static struct sec_wr golden_change(struct life *life, size_t i)
{
    life_in_phase(life, i < 4 ? (enum sec_update_phase)(i == 3 ? 2 : i) : SEC_UPDATE_WAITING);
    if (i == 0) {
        struct sec_update_release release = release_of(11, "1.1");
        CHECK_OK(life_judge(life, &release));
    } else if (i == 1) {
        CHECK_OK(life_consent(life, 11, 600));
    } else if (i == 2) {
        CHECK_OK(sec_update_judge_attempt(&life->update, CHANGE(life), DETAIL(life), &life->outcome));
    } else if (i == 3) {
        CHECK_OK(life_tried(life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
    } else if (i == 4) {
        CHECK_OK(sec_update_judge_confirm(&life->update, EMPTY_MAP, CHANGE(life), DETAIL(life)));
    } else {
        CHECK_OK(sec_update_judge_revert(&life->update, EMPTY_MAP, CHANGE(life), DETAIL(life)));
    }
    return life->change;
}

static void the_stored_bytes_are_those_of_the_golden_file(void)
{
    static uint8_t want[SEC_UPDATE_DETAIL_MAX_BYTES];
    uint8_t room[SEC_UPDATE_STATE_MAX_BYTES];
    struct life life;
    char name[32];
    size_t len;
    for (size_t i = 0; i < sizeof golden_changes / sizeof golden_changes[0]; i++) {
        struct sec_wr change = golden_change(&life, i);
        CHECK(golden_line(golden_changes[i], SEC_ROOM(want), &len));
        CHECK_BYTES(sec_wr_done(&change), sec_bytes(want, len));
        snprintf(name, sizeof name, "%s-detail", golden_changes[i]);
        CHECK(golden_line(name, SEC_ROOM(want), &len));
        CHECK_BYTES(sec_wr_done(&life.detail), sec_bytes(want, len));
    }
    full_life(&life);
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_update_encode(&life.update, &wr);
    CHECK(golden_line("state", SEC_ROOM(want), &len));
    CHECK_BYTES(sec_wr_done(&wr), sec_bytes(want, len));
}

static const struct test tests[] = {
    TEST(only_the_transitions_of_the_table_happen),
    TEST(a_refused_change_leaves_the_state_as_it_was),
    TEST(no_change_goes_below_the_floor_or_into_the_running_slot),
    TEST(nothing_is_confirmed_that_was_never_tried),
    TEST(two_releases_go_to_and_fro_between_the_slots),
    TEST(floor_and_installed_release_survive_a_wipe),
    TEST(a_wipe_is_no_way_to_a_downgrade),
    TEST(a_state_without_a_release_takes_a_first_one),
    TEST(the_factory_speaks_once_and_within_limits),
    TEST(the_phases_have_words),
    TEST(the_last_trial_is_told_as_a_suit_report),
    TEST(every_cut_and_every_flipped_bit_of_a_state_is_refused_or_read_alike),
    TEST(a_state_that_no_changes_lead_to_is_refused),
    TEST(a_later_format_is_named_as_such),
    TEST(the_stored_bytes_are_those_of_the_golden_file),
};
TEST_MAIN(tests)
