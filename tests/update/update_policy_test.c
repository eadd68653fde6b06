/* SPDX-License-Identifier: Apache-2.0 */
/* Which release comes onto the device, by whose consent, and what becomes of a trial. */
#include "update_life.h"

#define EMPTY_MAP ((struct sec_bytes){(const uint8_t *)"\xa0", 1})

/* --- a release is offered ----------------------------------------------------------------- */

static void a_newer_release_becomes_available(void)
{
    SHOWS("F5.2");
    struct life life;
    life_begin(&life);
    life_offer(&life, 11, "1.1");
    CHECK_INT(life.update.phase, SEC_UPDATE_AVAILABLE);
    CHECK_INT(life.update.candidate.sequence, 11);
    CHECK_INT(life.update.candidate.index, 1);
    CHECK_INT(life.update.installed.sequence, 10);
    CHECK_INT(life.update.floor, 10);
    CHECK_INT(sec_update_slot(&life.update), SEC_SLOT_A);
    CHECK(!sec_update_in_trial(&life.update));
}

static void the_offer_tells_version_size_and_what_changes(void)
{
    SHOWS("F5.6");
    struct life life;
    life_begin(&life);
    life_offer(&life, 11, "1.1");
    CHECK_BYTES(detail_text(&life, 1), SEC_LIT("1.1"));
    CHECK_INT(detail_uint(&life, 2), 11);
    CHECK_INT(detail_uint(&life, 3), 4011);
    CHECK_BYTES(detail_item(&life, 6), SEC_LIT("\xf5")); /* another product record: settings may alter (S93) */
    CHECK_BYTES(detail_text(&life, 7), SEC_LIT("1.0"));
    CHECK_INT(detail_uint(&life, 8), SEC_UPDATE_NOTIFY_ALL);
    CHECK_BYTES(detail_text(&life, 9), SEC_LIT("clock drift repaired"));
}

static void the_owner_chooses_who_hears_of_a_release(void)
{
    SHOWS("F5.6");
    static const struct {
        const char *word;
        enum sec_update_notify notify;
    } words[] = {{"", SEC_UPDATE_NOTIFY_OFF},
                 {"off", SEC_UPDATE_NOTIFY_OFF},
                 {"applications", SEC_UPDATE_NOTIFY_APPLICATIONS},
                 {"owner", SEC_UPDATE_NOTIFY_OWNER},
                 {"all", SEC_UPDATE_NOTIFY_ALL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct life life;
        life_begin(&life);
        CHECK_OK(sec_update_notify_parse(sec_bytes_of_str(words[i].word), &life.facts.notify));
        CHECK_INT(life.facts.notify, words[i].notify);
        life_offer(&life, 11, "1.1");
        CHECK_INT(detail_uint(&life, 8), words[i].notify);
    }
    enum sec_update_notify untouched = SEC_UPDATE_NOTIFY_OWNER;
    CHECK_STATUS(sec_update_notify_parse(SEC_LIT("nobody"), &untouched), SEC_BAD_VALUE);
    CHECK_INT(untouched, SEC_UPDATE_NOTIFY_OWNER);
}

static void a_release_without_words_or_with_the_same_product_says_so(void)
{
    struct life life;
    life_begin(&life);
    struct sec_update_release release = release_of(11, "1.1");
    release.description = (struct sec_bytes){NULL, 0};
    release.product = life.update.installed.product;
    CHECK_OK(life_judge(&life, &release));
    life_apply(&life);
    CHECK_BYTES(detail_item(&life, 6), SEC_LIT("\xf4"));
    CHECK_INT(detail_item(&life, 9).len, 0);
}

static void another_product_s_release_is_refused(void)
{
    SHOWS("F5.2");
    struct life life;
    life_begin(&life);
    struct sec_update_release release = release_of(11, "1.1");
    release.vendor_id.b[15] = 1;
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_WRONG_PRODUCT, "vendor");
    release = release_of(11, "1.1");
    release.class_id.b[0] ^= 0x80;
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_WRONG_PRODUCT, "class");
}

static void a_downgrade_is_refused(void)
{
    SHOWS("F5.2");
    struct life life;
    life_begin(&life);
    struct sec_update_release release = release_of(9, "0.9");
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_DOWNGRADE, "floor");
    CHECK_BYTES(detail_item(&life, 2), SEC_LIT("\x82\x09\x0a"));
    release = release_of(10, "1.0");
    release.statement = digest_of(77);
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_DOWNGRADE, "installed"); /* same number, other content */
    life.update.floor = 20;
    release = release_of(19, "1.9");
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_DOWNGRADE, "floor");
    release = release_of(20, "2.0");
    CHECK_OK(life_judge(&life, &release));
}

static void a_statement_that_is_known_is_answered_as_decided(void)
{
    struct life life;
    life_begin(&life);
    struct sec_update_release release = release_of(10, "1.0");
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_ALREADY_DECIDED, "statement");
    life_offer(&life, 11, "1.1");
    release = release_of(11, "1.1");
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_ALREADY_DECIDED, "statement");
    CHECK_OK(life_consent(&life, 11, 0));
    life_apply(&life);
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_ALREADY_DECIDED, "statement");
}

static void an_available_release_gives_way_to_a_newer_one_alone(void)
{
    struct life life;
    life_begin(&life);
    life_offer(&life, 12, "1.2");
    struct sec_update_release older = release_of(11, "1.1"), twin = release_of(12, "1.2");
    CHECK_REFUSED(&life, life_judge(&life, &older), SEC_DOWNGRADE, "available");
    twin.statement = digest_of(78);
    CHECK_REFUSED(&life, life_judge(&life, &twin), SEC_DOWNGRADE, "available");
    life_offer(&life, 13, "1.3");
    CHECK_INT(life.update.candidate.sequence, 13);
}

static void a_release_that_failed_may_be_passed_over_by_an_older_one(void)
{
    struct life life;
    life_begin(&life);
    life_offer(&life, 12, "1.2");
    CHECK_OK(life_consent(&life, 12, 0));
    life_apply(&life);
    life_attempt(&life);
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_HEALTH_FAILED));
    life_apply(&life);
    life_offer(&life, 11, "1.1.9");
    CHECK_INT(life.update.candidate.sequence, 11);
    CHECK(!life.update.held);
}

static void updating_can_be_switched_off(void)
{
    SHOWS("F5.4");
    struct life life;
    life_begin(&life);
    CHECK_OK(sec_update_mode_parse(SEC_LIT("disabled"), &life.facts.mode));
    struct sec_update_release release = release_of(11, "1.1");
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_UPDATE_DISABLED, "securable.update.mode");
    CHECK_OK(sec_update_mode_parse(SEC_LIT("manual"), &life.facts.mode));
    life_offer(&life, 11, "1.1");
    life.facts.mode = SEC_UPDATE_MODE_DISABLED;
    CHECK_REFUSED(&life, life_consent(&life, 11, 0), SEC_UPDATE_DISABLED, "securable.update.mode");
    CHECK_REFUSED(&life, sec_update_judge_automatic(&life.update, &life.facts, CHANGE(&life), DETAIL(&life)),
                  SEC_UPDATE_DISABLED, "securable.update.mode");
    life.facts.mode = SEC_UPDATE_MODE_MANUAL;
    CHECK_OK(life_consent(&life, 11, 0));
    CHECK_STATUS(sec_update_mode_parse(SEC_LIT("Manual"), &life.facts.mode), SEC_BAD_VALUE);
}

static void a_release_that_the_slot_cannot_hold_is_refused(void)
{
    struct life life;
    life_begin(&life);
    struct sec_update_release release = release_of(11, "1.1");
    life.facts.slot_size_bytes = 4010;
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_TOO_LARGE, "slot");
    life.facts.slot_size_bytes = 4011;
    life_offer(&life, 11, "1.1");
    life.facts.slot_size_bytes = 4010;
    CHECK_REFUSED(&life, life_consent(&life, 11, 0), SEC_TOO_LARGE, "slot");
    life.facts.slot_size_bytes = 0;
    CHECK_OK(life_consent(&life, 11, 0));
}

static void texts_keep_to_their_limits(void)
{
    static uint8_t text[SEC_UPDATE_DESCRIPTION_MAX_BYTES + 1];
    struct life life;
    life_begin(&life);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = 'x';
    struct sec_update_release release = release_of(11, "");
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_BAD_VALUE, "version");
    release.version = sec_bytes(text, SEC_UPDATE_VERSION_MAX_BYTES + 1);
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_TOO_LARGE, "version");
    release.version = SEC_LIT("1.\xff");
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_NOT_UTF8, "version");
    release.version = sec_bytes(text, SEC_UPDATE_VERSION_MAX_BYTES);
    release.description = sec_bytes(text, sizeof text);
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_TOO_LARGE, "description");
    release.description = SEC_LIT("\xc0\x80");
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_NOT_UTF8, "description");
}

static void the_largest_release_fits_the_named_rooms(void)
{
    static uint8_t text[SEC_UPDATE_DESCRIPTION_MAX_BYTES];
    struct life life;
    life_begin(&life);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = 'x';
    struct sec_update_release release = release_of(1, "1");
    release.version = sec_bytes(text, SEC_UPDATE_VERSION_MAX_BYTES);
    release.description = sec_bytes(text, sizeof text);
    release.size_bytes = UINT64_MAX;
    life.facts.slot_size_bytes = 0;
    for (uint64_t sequence = UINT64_MAX - 3; sequence != 0; sequence++) {
        release.sequence = sequence;
        release.statement = digest_of((uint8_t)sequence);
        CHECK_OK(life_judge(&life, &release));
        life.index = UINT64_MAX - 20;
        life_apply(&life);
        CHECK_OK(life_consent(&life, (uint8_t)sequence, SEC_UPDATE_CONFIRM_WITHIN_MAX_S));
        life_apply(&life);
        life_attempt(&life);
        CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
        life_apply(&life);
        CHECK_OK(sec_update_judge_confirm(&life.update, EMPTY_MAP, CHANGE(&life), DETAIL(&life)));
        life_apply(&life);
    }
    struct sec_update_release more = release_of(1, "x");
    CHECK_REFUSED(&life, life_judge(&life, &more), SEC_DOWNGRADE, "floor");
}

static void a_room_that_is_too_small_leaves_no_half_change(void)
{
    struct life life;
    life_begin(&life);
    struct sec_update_release release = release_of(11, "1.1");
    uint8_t small[40];
    struct sec_wr change = sec_wr(SEC_ROOM(small));
    CHECK_STATUS(sec_update_judge_release(&life.update, &life.facts, &release, &change, DETAIL(&life)), SEC_ROOM_FULL);
    CHECK_INT(change.len, 0);
    struct sec_wr detail = sec_wr(SEC_ROOM(small));
    CHECK_STATUS(sec_update_judge_release(&life.update, &life.facts, &release, CHANGE(&life), &detail), SEC_ROOM_FULL);
    CHECK_INT(life.change.len, 0);
}

/* --- the owner consents --------------------------------------------------------------------- */

static void nothing_is_installed_without_the_owner_s_consent(void)
{
    SHOWS("F5.3");
    struct life life;
    life_begin(&life);
    CHECK_REFUSED(&life, life_consent(&life, 11, 0), SEC_NOT_FOUND, "available");
    life_offer(&life, 11, "1.1");
    CHECK_REFUSED(&life, sec_update_judge_automatic(&life.update, &life.facts, CHANGE(&life), DETAIL(&life)),
                  SEC_CONSENT_MISSING, "securable.update.mode");
    CHECK_REFUSED(&life, life_consent(&life, 12, 0), SEC_NOT_FOUND, "available"); /* consent names one release */
    CHECK_REFUSED(&life, life_consent(&life, 10, 0), SEC_EXISTS, "installed");
    CHECK_INT(life.update.phase, SEC_UPDATE_AVAILABLE);
}

static void consent_intends_a_trial_in_the_inactive_slot(void)
{
    SHOWS("F5.5");
    struct life life;
    life_begin(&life);
    life_offer(&life, 11, "1.1");
    CHECK_OK(life_consent(&life, 11, 0));
    CHECK_BYTES(detail_text(&life, 10), SEC_LIT("b"));
    life_apply(&life);
    CHECK_INT(life.update.phase, SEC_UPDATE_INTENDED);
    CHECK_INT(life.update.trial.slot, SEC_SLOT_B);
    CHECK(sec_update_in_trial(&life.update));
    CHECK_INT(sec_update_slot(&life.update), SEC_SLOT_A);
    CHECK_INT(life.update.floor, 10);
}

static void the_standing_setting_consents_within_its_window(void)
{
    SHOWS("F5.5");
    struct life life;
    life_begin(&life);
    CHECK_REFUSED(&life, sec_update_judge_automatic(&life.update, &life.facts, CHANGE(&life), DETAIL(&life)),
                  SEC_NOTHING_PENDING, "idle");
    life_offer(&life, 11, "1.1");
    CHECK_OK(sec_update_mode_parse(SEC_LIT("automatic"), &life.facts.mode));
    life.facts.window = SEC_LIT("02:00-04:00");
    life.facts.now_s = 20000 * 86400 + 5 * 3600;
    life.facts.time_trusted = true;
    CHECK_REFUSED(&life, sec_update_judge_automatic(&life.update, &life.facts, CHANGE(&life), DETAIL(&life)), SEC_NOT_YET,
                  "securable.update.window");
    life.facts.now_s = 20000 * 86400 + 3 * 3600;
    CHECK_OK(sec_update_judge_automatic(&life.update, &life.facts, CHANGE(&life), DETAIL(&life)));
    life_apply(&life);
    CHECK(sec_digest_equal(&life.update.trial.command, &no_command));
    CHECK_REFUSED(&life, sec_update_judge_automatic(&life.update, &life.facts, CHANGE(&life), DETAIL(&life)),
                  SEC_TRIAL_PENDING, "intended");
}

static void a_machine_is_not_disturbed_outside_its_window(void)
{
    const struct sec_bytes night = SEC_LIT("22:30-05:00");
    CHECK(sec_update_window_open(SEC_LIT(""), 0, false)); /* S77: no window, no demand on the clock */
    CHECK(!sec_update_window_open(night, 23 * 3600, false));
    CHECK(sec_update_window_open(night, 23 * 3600, true));
    CHECK(sec_update_window_open(night, 0, true));
    CHECK(sec_update_window_open(night, -1, true));
    CHECK(sec_update_window_open(night, 5 * 3600 - 1, true));
    CHECK(!sec_update_window_open(night, 5 * 3600, true));
    CHECK(sec_update_window_open(night, 22 * 3600 + 1800, true));
    CHECK(!sec_update_window_open(night, 22 * 3600 + 1799, true));
    CHECK(!sec_update_window_open(SEC_LIT("whenever"), 0, true));
    CHECK_INT(sec_update_window_wait_s(night, 5 * 3600, true), 17 * 3600 + 1800);
    CHECK_INT(sec_update_window_wait_s(SEC_LIT("02:00-04:00"), 5 * 3600, true), 21 * 3600);
    CHECK_INT(sec_update_window_wait_s(SEC_LIT("02:00-04:00"), INT64_MIN, true) < 86400, 1);
    CHECK(sec_update_window_wait_s(night, 23 * 3600, false) == UINT64_MAX);
    CHECK_OK(sec_update_window_check(night));
    CHECK_OK(sec_update_window_check(SEC_LIT("")));
    static const char *const bad[] = {"22:30",       "24:00-05:00", "22:60-05:00", "2:30-5:00",    "22.30-05:00",
                                      "22:30 05:00", "05:00-05:00", "a2:30-05:00", "22:30-05:000", "22:3/-05:00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_STATUS(sec_update_window_check(sec_bytes_of_str(bad[i])), SEC_BAD_VALUE);
}

static void a_reverted_release_is_not_taken_again_by_itself(void)
{
    struct life life;
    life_begin(&life);
    life.facts.mode = SEC_UPDATE_MODE_AUTOMATIC;
    life_try(&life, 0);
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_HEALTH_FAILED));
    life_apply(&life);
    CHECK_INT(life.update.phase, SEC_UPDATE_AVAILABLE);
    CHECK_REFUSED(&life, sec_update_judge_automatic(&life.update, &life.facts, CHANGE(&life), DETAIL(&life)),
                  SEC_CONSENT_MISSING, "reverted");
    CHECK_OK(life_consent(&life, 11, 0)); /* by a command it may be tried again */
    life_apply(&life);
    CHECK_INT(life.update.trial.attempts, 0);
}

static void arguments_that_are_not_the_grammar_are_refused(void)
{
    static const struct {
        struct sec_bytes args;
        enum sec_status_code code;
    } cases[] = {
        {{(const uint8_t *)"\xa0", 1}, SEC_MISSING_FIELD},
        {{(const uint8_t *)"\x80", 1}, SEC_UNEXPECTED_TYPE},
        {{(const uint8_t *)"\xa1\x01\x41\x00", 4}, SEC_BAD_VALUE},
        {{(const uint8_t *)"\xa1\x01\x00", 3}, SEC_UNEXPECTED_TYPE},
        {{(const uint8_t *)"\xa1\x02\x00", 3}, SEC_UNKNOWN_FIELD},
        {{(const uint8_t *)"\xa0\x00", 2}, SEC_LEFTOVER},
    };
    struct life life;
    life_begin(&life);
    life_offer(&life, 11, "1.1");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_STATUS(sec_update_judge_install(&life.update, &life.facts, cases[i].args, &no_command, 0, CHANGE(&life),
                                              DETAIL(&life)),
                     cases[i].code);
        CHECK_INT(life.change.len, 0);
    }
    CHECK_STATUS(sec_update_judge_confirm(&life.update, SEC_LIT("\xa1\x01\x01"), CHANGE(&life), DETAIL(&life)),
                 SEC_UNKNOWN_FIELD);
    CHECK_STATUS(sec_update_judge_revert(&life.update, SEC_LIT("\x80"), CHANGE(&life), DETAIL(&life)), SEC_UNEXPECTED_TYPE);
    CHECK_REFUSED(&life, life_consent(&life, 11, SEC_UPDATE_CONFIRM_WITHIN_MAX_S + 1ull), SEC_OUT_OF_RANGE,
                  "confirm-within");
}

/* --- what comes of it -------------------------------------------------------------------------- */

static void a_healthy_release_is_confirmed_and_raises_the_floor(void)
{
    SHOWS("F5.1");
    struct life life;
    life_begin(&life);
    life_try(&life, 0);
    CHECK_INT(life.outcome.code, SEC_PENDING);
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
    CHECK_INT(life.outcome.code, SEC_OK);
    life_apply(&life);
    CHECK_INT(life.update.phase, SEC_UPDATE_IDLE);
    CHECK_INT(life.update.installed.sequence, 11);
    CHECK_INT(life.update.slot, SEC_SLOT_B);
    CHECK_INT(life.update.floor, 11);
    CHECK(life.update.has_previous);
    CHECK_INT(life.update.previous.sequence, 10);
    CHECK_INT(life.update.last.status.code, SEC_OK);
    struct sec_update_release back = release_of(10, "1.0");
    CHECK_REFUSED(&life, life_judge(&life, &back), SEC_DOWNGRADE, "floor");
}

static void a_release_that_fails_its_health_check_falls_back(void)
{
    struct life life;
    life_begin(&life);
    life_try(&life, 0);
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_HEALTH_FAILED));
    CHECK_INT(life.outcome.code, SEC_HEALTH_FAILED);
    CHECK_BYTES(detail_text(&life, 7), SEC_LIT("1.0"));
    CHECK_BYTES(detail_text(&life, 10), SEC_LIT("a"));
    CHECK_INT(detail_uint(&life, 13), SEC_HEALTH_FAILED);
    struct sec_cbor rd = sec_cbor(detail_item(&life, 11)); /* the command that is undone is named */
    struct sec_digest command = digest_of(0xcc);
    CHECK_BYTES(sec_cbor_bstr(&rd), sec_digest_bytes(&command));
    life_apply(&life);
    CHECK_INT(sec_update_slot(&life.update), SEC_SLOT_A);
    CHECK_INT(life.update.installed.sequence, 10);
    CHECK_INT(life.update.floor, 10);
    CHECK_INT(life.update.last.stage, SEC_UPDATE_STAGE_HEALTH);
    CHECK(!life.update.has_previous); /* slot B was overwritten */
}

static void every_failure_of_the_release_reverts_and_trouble_of_the_surroundings_does_not(void)
{
    static const struct {
        enum sec_update_stage stage;
        enum sec_status_code code;
        enum sec_status_code answer;
    } cases[] = {
        {SEC_UPDATE_STAGE_INSTALL, SEC_DIGEST_MISMATCH, SEC_OK},  {SEC_UPDATE_STAGE_INSTALL, SEC_NOT_FOUND, SEC_OK},
        {SEC_UPDATE_STAGE_INSTALL, SEC_STORAGE_FULL, SEC_OK},     {SEC_UPDATE_STAGE_ACTIVATE, SEC_EFFECT_FAILED, SEC_OK},
        {SEC_UPDATE_STAGE_ACTIVATE, SEC_REFUSED_BY_PORT, SEC_OK}, {SEC_UPDATE_STAGE_HEALTH, SEC_HEALTH_FAILED, SEC_OK},
        {SEC_UPDATE_STAGE_INSTALL, SEC_IO_FAILED, SEC_BUSY},      {SEC_UPDATE_STAGE_HEALTH, SEC_POWER_CUT, SEC_BUSY},
        {SEC_UPDATE_STAGE_INSTALL, SEC_OK, SEC_BAD_ARGUMENT},     {SEC_UPDATE_STAGE_ACTIVATE, SEC_OK, SEC_BAD_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct life life;
        life_begin(&life);
        life_try(&life, 0);
        CHECK_STATUS(life_tried(&life, cases[i].stage, cases[i].code), cases[i].answer);
        if (cases[i].answer != SEC_OK) {
            CHECK_INT(life.change.len, 0);
            continue;
        }
        CHECK_INT(life.outcome.code, cases[i].code);
        life_apply(&life);
        CHECK_INT(life.update.phase, SEC_UPDATE_AVAILABLE);
        CHECK_INT(life.update.last.stage, cases[i].stage);
    }
}

static void a_trial_is_given_up_after_three_attempts(void)
{
    struct life life;
    life_begin(&life);
    life_try(&life, 0);
    for (unsigned attempt = 2; attempt <= SEC_UPDATE_ATTEMPTS_MAX_COUNT; attempt++) {
        CHECK_OK(sec_update_judge_start(&life.update, CHANGE(&life), DETAIL(&life), &life.outcome)); /* a power cut came */
        CHECK_INT(life.outcome.code, SEC_PENDING);
        CHECK_INT(detail_uint(&life, 15), attempt);
        life_apply(&life);
    }
    CHECK_OK(sec_update_judge_start(&life.update, CHANGE(&life), DETAIL(&life), &life.outcome));
    CHECK_INT(life.outcome.code, SEC_EFFECT_FAILED);
    life_apply(&life);
    CHECK_INT(life.update.phase, SEC_UPDATE_AVAILABLE);
    CHECK_INT(life.update.counts.attempted, 3);
    CHECK_INT(life.update.counts.reverted, 1);
}

static void where_the_product_says_so_an_operator_confirms(void)
{
    SHOWS("F5.3");
    struct life life;
    life_begin(&life);
    life.facts.confirm = SEC_UPDATE_CONFIRM_OPERATOR;
    life_try(&life, 0);
    CHECK_REFUSED(&life, sec_update_judge_confirm(&life.update, EMPTY_MAP, CHANGE(&life), DETAIL(&life)), SEC_PENDING,
                  "intended");
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
    CHECK_INT(life.outcome.code, SEC_PENDING);
    CHECK_INT(detail_uint(&life, 14), SEC_UPDATE_CONFIRM_WITHIN_DEFAULT_S);
    life_apply(&life);
    CHECK_INT(life.update.phase, SEC_UPDATE_WAITING);
    CHECK_INT(sec_update_slot(&life.update), SEC_SLOT_B);
    CHECK(sec_update_in_trial(&life.update));
    CHECK_INT(life.update.floor, 10);
    CHECK_OK(sec_update_judge_confirm(&life.update, EMPTY_MAP, CHANGE(&life), DETAIL(&life)));
    life_apply(&life);
    CHECK_INT(life.update.floor, 11);
    CHECK_REFUSED(&life, sec_update_judge_confirm(&life.update, EMPTY_MAP, CHANGE(&life), DETAIL(&life)),
                  SEC_NOTHING_PENDING, "idle");
}

static void a_trial_that_nobody_confirms_in_time_is_reverted(void)
{
    struct life life;
    life_begin(&life);
    life_try(&life, 600);
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK)); /* the command asked for a confirmation, the product did not */
    life_apply(&life);
    CHECK_INT(life.update.trial.confirm_within_s, 600);
    CHECK_REFUSED(&life, sec_update_judge_deadline(&life.update, 599, CHANGE(&life), DETAIL(&life), &life.outcome),
                  SEC_NOT_YET, "confirm-within");
    CHECK_OK(sec_update_judge_deadline(&life.update, 600, CHANGE(&life), DETAIL(&life), &life.outcome));
    CHECK_INT(life.outcome.code, SEC_EXPIRED);
    life_apply(&life);
    CHECK_INT(sec_update_slot(&life.update), SEC_SLOT_A);
    CHECK_REFUSED(&life, sec_update_judge_deadline(&life.update, 600, CHANGE(&life), DETAIL(&life), &life.outcome),
                  SEC_NOTHING_PENDING, "available");
}

static void how_long_a_trial_waits(void)
{
    static const struct {
        uint32_t command_s, product_s, want_s;
    } cases[] = {
        {0, 0, SEC_UPDATE_CONFIRM_WITHIN_DEFAULT_S}, {0, 120, 120},  {60, 120, 60}, {60, 0, 60},
        {0, UINT32_MAX, SEC_UPDATE_CONFIRM_WITHIN_MAX_S},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct life life;
        life_begin(&life);
        life.facts.confirm = SEC_UPDATE_CONFIRM_OPERATOR;
        life.facts.confirm_within_s = cases[i].product_s;
        life_try(&life, cases[i].command_s);
        CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
        life_apply(&life);
        CHECK_INT(life.update.trial.confirm_within_s, cases[i].want_s);
    }
}

static void a_start_while_waiting_reverts_at_once(void)
{
    struct life life;
    life_begin(&life);
    life_try(&life, 600);
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
    life_apply(&life);
    CHECK_OK(sec_update_judge_start(&life.update, CHANGE(&life), DETAIL(&life), &life.outcome));
    CHECK_INT(life.outcome.code, SEC_CONFIRM_PENDING);
    life_apply(&life);
    CHECK_INT(sec_update_slot(&life.update), SEC_SLOT_A);
    CHECK_REFUSED(&life, sec_update_judge_start(&life.update, CHANGE(&life), DETAIL(&life), &life.outcome),
                  SEC_NOTHING_PENDING, "available");
}

static void an_operator_may_end_a_trial_at_any_point(void)
{
    struct life life;
    life_begin(&life);
    CHECK_REFUSED(&life, sec_update_judge_revert(&life.update, EMPTY_MAP, CHANGE(&life), DETAIL(&life)),
                  SEC_NOTHING_PENDING, "idle");
    life_try(&life, 600);
    CHECK_OK(sec_update_judge_revert(&life.update, EMPTY_MAP, CHANGE(&life), DETAIL(&life)));
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
    life_apply(&life);
    CHECK_OK(sec_update_judge_revert(&life.update, EMPTY_MAP, CHANGE(&life), DETAIL(&life)));
    life_apply(&life);
    CHECK_INT(life.update.last.status.code, SEC_REVERTED);
    CHECK_INT(life.update.last.stage, SEC_UPDATE_STAGE_CONFIRM);
}

static void during_a_trial_no_other_release_is_judged(void)
{
    struct life life;
    life_begin(&life);
    life_try(&life, 600);
    struct sec_update_release release = release_of(12, "1.2");
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_TRIAL_PENDING, "intended");
    CHECK_REFUSED(&life, life_consent(&life, 11, 0), SEC_TRIAL_PENDING, "intended");
    CHECK_OK(life_tried(&life, SEC_UPDATE_STAGE_HEALTH, SEC_OK));
    life_apply(&life);
    CHECK_REFUSED(&life, life_judge(&life, &release), SEC_TRIAL_PENDING, "waiting");
    CHECK_OK(sec_update_judge_revert(&life.update, EMPTY_MAP, CHANGE(&life), DETAIL(&life)));
    life_apply(&life);
    CHECK_OK(life_judge(&life, &release));
}

static const struct test tests[] = {
    TEST(a_newer_release_becomes_available),
    TEST(the_offer_tells_version_size_and_what_changes),
    TEST(the_owner_chooses_who_hears_of_a_release),
    TEST(a_release_without_words_or_with_the_same_product_says_so),
    TEST(another_product_s_release_is_refused),
    TEST(a_downgrade_is_refused),
    TEST(a_statement_that_is_known_is_answered_as_decided),
    TEST(an_available_release_gives_way_to_a_newer_one_alone),
    TEST(a_release_that_failed_may_be_passed_over_by_an_older_one),
    TEST(updating_can_be_switched_off),
    TEST(a_release_that_the_slot_cannot_hold_is_refused),
    TEST(texts_keep_to_their_limits),
    TEST(the_largest_release_fits_the_named_rooms),
    TEST(a_room_that_is_too_small_leaves_no_half_change),
    TEST(nothing_is_installed_without_the_owner_s_consent),
    TEST(consent_intends_a_trial_in_the_inactive_slot),
    TEST(the_standing_setting_consents_within_its_window),
    TEST(a_machine_is_not_disturbed_outside_its_window),
    TEST(a_reverted_release_is_not_taken_again_by_itself),
    TEST(arguments_that_are_not_the_grammar_are_refused),
    TEST(a_healthy_release_is_confirmed_and_raises_the_floor),
    TEST(a_release_that_fails_its_health_check_falls_back),
    TEST(every_failure_of_the_release_reverts_and_trouble_of_the_surroundings_does_not),
    TEST(a_trial_is_given_up_after_three_attempts),
    TEST(where_the_product_says_so_an_operator_confirms),
    TEST(a_trial_that_nobody_confirms_in_time_is_reverted),
    TEST(how_long_a_trial_waits),
    TEST(a_start_while_waiting_reverts_at_once),
    TEST(an_operator_may_end_a_trial_at_any_point),
    TEST(during_a_trial_no_other_release_is_judged),
};
TEST_MAIN(tests)
