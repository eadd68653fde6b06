/* SPDX-License-Identifier: Apache-2.0 */
#include "powercut_life.h"

#include <string.h>

#define SEGMENT_BYTES (80u * FAKE_DEVICE_BLOCK_BYTES) /* small: many a step begins a segment */
#define SEGMENTS_COUNT 5u                             /* and few of them: the oldest go while the life is under way */
#define EVENTS_COUNT 24u
#define RESTRICTED_AFTER_DAYS 30u
#define UNHEALTHY_IMAGE 3
#define FAILING_TEXT "\"pressure\": 66"

struct fake_statement life_statement;
static uint8_t args[SEC_ROSTER_MAX_BYTES + 64];

/* --- preparing --------------------------------------------------------------------------------------------------------- */

static void command(struct fake_device *d, const struct life_step *step, struct sec_bytes arguments)
{
    struct fake_command wanted = {.signer = step->signer, .action = step->action, .args = arguments, .confirm_within_s = step->within_s};
    fake_make_command(d, &wanted, &life_statement);
}

static void plain(struct fake_device *d, const struct life_step *step)
{
    command(d, step, sec_bytes(NULL, 0));
}

static void voucher(struct fake_device *d, const struct life_step *step)
{
    fake_make_voucher(d, FAKE_VOUCHER, (uint64_t)step->number, &d->id, &life_statement);
}

static void roster(struct fake_device *d, const struct life_step *step)
{
    command(d, step, fake_roster_args(d, step->number != 0, SEC_ROOM(args)));
}

static void set_number(struct fake_device *d, const struct life_step *step)
{
    command(d, step, fake_setting_args(step->text, step->number, SEC_ROOM(args)));
}

/** "key value" in one text. */
static void set_text(struct fake_device *d, const struct life_step *step)
{
    char key[96] = {0};
    const char *space = strchr(step->text, ' ');
    size_t len = (size_t)(space - step->text);
    for (size_t i = 0; i < len; i++)
        key[i] = step->text[i];
    command(d, step, fake_setting_text_args(key, &step->text[len + 1], SEC_ROOM(args)));
}

static void set_bool(struct fake_device *d, const struct life_step *step)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(args));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, sec_bytes_of_str(step->text));
    sec_cbor_put_bool(&wr, step->number != 0);
    command(d, step, sec_wr_done(&wr));
}

/** About the statement that the step before sent. */
static void about_last(struct fake_device *d, const struct life_step *step)
{
    struct sec_digest digest = fake_statement_digest(d, fake_statement_bytes(&life_statement));
    command(d, step, fake_digest_args(&digest, SEC_ROOM(args)));
}

static void offer_of(struct fake_device *d, const struct life_step *step, enum sec_product_confirm confirm)
{
    struct sec_digest image = fake_image_digest(d, (uint8_t)step->number);
    fake_effects_spool(&d->effects, &image);
    d->confirm = confirm;
    fake_make_release(d, FAKE_RELEASE, (uint64_t)step->number, step->text, (uint8_t)step->number, &life_statement);
}

static void offer(struct fake_device *d, const struct life_step *step)
{
    offer_of(d, step, SEC_CONFIRM_AUTOMATIC);
}

static void offer_for_operators(struct fake_device *d, const struct life_step *step)
{
    offer_of(d, step, SEC_CONFIRM_OPERATOR);
}

static void install(struct fake_device *d, const struct life_step *step)
{
    const struct sec_update_image *candidate = &d->keeper.rooms.update.candidate;
    fake_effects_spool(&d->effects, &candidate->image);
    command(d, step, fake_digest_args(&candidate->statement, SEC_ROOM(args)));
}

static void admit(struct fake_device *d, const struct life_step *step)
{
    struct sec_admission admission = {fake_device_signer(d, FAKE_OTHER_DEVICE).key, SEC_LIT("our own integrator")};
    struct sec_wr wr = sec_wr(SEC_ROOM(args));
    sec_admission_encode(&admission, &wr);
    command(d, step, sec_wr_done(&wr));
}

static void site(struct fake_device *d, const struct life_step *step)
{
    command(d, step, fake_site_args(step->text, SEC_ROOM(args)));
}

static void beacon(struct fake_device *d, const struct life_step *step)
{
    struct sec_key_id revoked = fake_key_id(d, FAKE_REVOKED);
    command(d, step, fake_beacon_args(d->clock.wall_s, step->number ? &revoked : NULL, SEC_ROOM(args)));
}

static void recovery(struct fake_device *d, const struct life_step *step)
{
    command(d, step, fake_recovery_args(d, FAKE_OWNER, SEC_ROOM(args)));
}

static void transfer(struct fake_device *d, const struct life_step *step)
{
    command(d, step, fake_transfer_args(d, FAKE_NEXT_OWNER, SEC_ROOM(args)));
}

/** One where a reset of this device needs two. */
static void roster_of_two(struct fake_device *d, const struct life_step *step)
{
    static const struct sec_threshold thresholds[] = {{SEC_ACTION_CONFIGURATION_RESET, 2, 2}};
    const struct fake_roster wanted = {.with_revoked = true, .with_second = true, .lease_days = 90, .thresholds = thresholds,
                                       .thresholds_count = 1};
    command(d, step, fake_wide_roster_args(d, &wanted, SEC_ROOM(args)));
}

/** Of the reset that the step before sent and the step after sends again: the very same body. */
static void approval(struct fake_device *d, const struct life_step *step)
{
    struct fake_command wanted = {.signer = FAKE_ADMINISTRATOR, .action = SEC_ACTION_CONFIGURATION_RESET};
    fake_make_command(d, &wanted, &life_statement);
    struct sec_digest digest = fake_statement_digest(d, fake_statement_bytes(&life_statement));
    fake_make_approval(d, step->signer, &digest, d->keeper.rooms.access.epoch, &life_statement);
}

static void press(struct fake_device *d, const struct life_step *step)
{
    d->present = step->number != 0;
}

static void pass(struct fake_device *d, const struct life_step *step)
{
    fake_clock_pass(&d->clock, (uint64_t)step->number * 1000u);
}

/* --- the script ---------------------------------------------------------------------------------------------------------- */

#define START(text) {text, LIFE_START, NULL, FAKE_OWNER, SEC_ACTION_UNKNOWN, NULL, 0, 0, SEC_OK}
#define CLAIM(text, epoch) {text, LIFE_SUBMIT, voucher, FAKE_VOUCHER, SEC_ACTION_UNKNOWN, NULL, epoch, 0, SEC_OK}
#define ROSTER(text, with_revoked) {text, LIFE_SUBMIT, roster, FAKE_OWNER, SEC_ACTION_ACCESS_ROSTER, NULL, with_revoked, 0, SEC_OK}
#define SET(text, who, key, value, within, want) {text, LIFE_SUBMIT, set_number, FAKE_##who, SEC_ACTION_CONFIGURATION_SET, key, value, within, want}
#define SET_TEXT(text, both) {text, LIFE_SUBMIT, set_text, FAKE_OWNER, SEC_ACTION_CONFIGURATION_SET, both, 0, 0, SEC_OK}
#define SET_BOOL(text, key, value, within) {text, LIFE_SUBMIT, set_bool, FAKE_OPERATOR, SEC_ACTION_CONFIGURATION_SET, key, value, within, SEC_OK}
#define PLAIN(text, who, what, want) {text, LIFE_SUBMIT, plain, FAKE_##who, SEC_ACTION_##what, NULL, 0, 0, want}
#define ABOUT_LAST_BY(text, who, what) {text, LIFE_SUBMIT, about_last, FAKE_##who, SEC_ACTION_##what, NULL, 0, 0, SEC_OK}
#define ABOUT_LAST(text, what) ABOUT_LAST_BY(text, OPERATOR, what)
#define OFFER(text, version, sequence) {text, LIFE_SUBMIT, offer, FAKE_RELEASE, SEC_ACTION_UNKNOWN, version, sequence, 0, SEC_OK}
#define OFFER_OP(text, version, sequence) {text, LIFE_SUBMIT, offer_for_operators, FAKE_RELEASE, SEC_ACTION_UNKNOWN, version, sequence, 0, SEC_OK}
#define INSTALL(text, within, want) {text, LIFE_SUBMIT, install, FAKE_OPERATOR, SEC_ACTION_UPDATE_INSTALL, NULL, 0, within, want}
#define TICK(text, seconds) {text, LIFE_TICK, pass, FAKE_OWNER, SEC_ACTION_UNKNOWN, NULL, seconds, 0, SEC_OK}
#define DOOR(text, what, name, length) {text, LIFE_##what, NULL, FAKE_OWNER, SEC_ACTION_UNKNOWN, name, length, 0, SEC_OK}

#define OWNERS(text, prepare, who, what, argument, number) {text, LIFE_SUBMIT, prepare, FAKE_##who, SEC_ACTION_##what, argument, number, 0, SEC_OK}
#define PRESS(text, pressed) {text, LIFE_START, press, FAKE_OWNER, SEC_ACTION_UNKNOWN, NULL, pressed, 0, SEC_OK}
#define DAY_S 86400

const struct life_step life_steps[] = {
    START("first start"),
    CLAIM("claim", 1),
    ROSTER("first roster", 1),
    SET("a setting", OPERATOR, "speed", 1200, 0, SEC_OK),
    SET("a value out of range", OPERATOR, "speed", 9999, 0, SEC_OUT_OF_RANGE),
    SET("a stranger's command", STRANGER, "speed", 1300, 0, SEC_UNKNOWN_KEY),
    SET_TEXT("a name", "securable.device.name pump 7"),
    SET("a change to be confirmed", OPERATOR, "pressure", 40, 60, SEC_OK),
    ABOUT_LAST("its confirmation", CONFIGURATION_CONFIRM),
    SET("a change that nobody confirms", OPERATOR, "speed", 2000, 60, SEC_OK),
    TICK("its deadline", 61),
    SET("a change that a restart takes back", OPERATOR, "speed", 2500, 60, SEC_OK),
    START("the restart"),
    SET("a change whose hook fails", OPERATOR, "pressure", 66, 0, SEC_EFFECT_FAILED),
    DOOR("events", EVENTS, "events", 0),
    DOOR("a secret", PUT, "first", 40),
    DOOR("another secret", PUT, "second", 1200),
    DOOR("the first secret anew", PUT, "first", 700),
    DOOR("the second secret deleted", DELETE, "second", 0),
    DOOR("a third secret", PUT, "third", 64),
    PLAIN("rotate", ADMINISTRATOR, PROTECTION_ROTATE, SEC_OK),
    SET_BOOL("an interface off", "securable.interface.modbus.enabled", 0, 0),
    SET_BOOL("an interface on, on trial", "securable.interface.web.enabled", 1, 60),
    ABOUT_LAST("taken back", CONFIGURATION_REVERT),
    OFFER("release 1.1", "1.1", 2),
    INSTALL("installed", 0, SEC_OK),
    SET("a setting under 1.1", OPERATOR, "speed", 1400, 0, SEC_OK),
    OFFER("release 1.2, unhealthy", "1.2", UNHEALTHY_IMAGE),
    INSTALL("falls back", 0, SEC_HEALTH_FAILED),
    DOOR("refusals recorded", REFUSED, "refusals", 0),
    SET_TEXT("updating by itself", "securable.update.mode automatic"),
    OFFER("release 1.3", "1.3", 4),
    TICK("installed by itself", 1),
    SET_TEXT("updating by hand", "securable.update.mode manual"),
    OFFER_OP("release 1.4", "1.4", 5),
    INSTALL("on trial", 300, SEC_PENDING),
    PLAIN("confirmed by the operator", OPERATOR, UPDATE_CONFIRM, SEC_OK),
    OFFER_OP("release 1.5", "1.5", 6),
    INSTALL("on trial, as 1.4 demands", 0, SEC_PENDING),
    PLAIN("taken back by the operator", OPERATOR, UPDATE_REVERT, SEC_OK),
    INSTALL("on trial once more", 120, SEC_PENDING),
    TICK("nobody confirms", 121),
    INSTALL("and once more", 120, SEC_PENDING),
    START("a restart takes it back"),
    ROSTER("second roster", 0),
    SET("a revoked operator's command", REVOKED, "speed", 10, 0, SEC_UNKNOWN_KEY),
    {"a release key of the owner's", LIFE_SUBMIT, admit, FAKE_OWNER, SEC_ACTION_ACCESS_ADMIT_KEY, NULL, 0, 0, SEC_OK},
    PLAIN("reset", ADMINISTRATOR, CONFIGURATION_RESET, SEC_OK),
    OWNERS("where the hub is", site, OWNER, LIFECYCLE_SITE, "https://hub.example:8443", 0),
    OWNERS("a roster that asks for two", roster_of_two, OWNER, ACCESS_ROSTER, NULL, 0),
    PLAIN("a reset by one alone", ADMINISTRATOR, CONFIGURATION_RESET, SEC_APPROVALS_MISSING),
    OWNERS("its approval", approval, SECOND_ADMINISTRATOR, UNKNOWN, NULL, 0),
    PLAIN("the reset by two", ADMINISTRATOR, CONFIGURATION_RESET, SEC_OK),
    OWNERS("the recovery key is used", recovery, RECOVERY, LIFECYCLE_RECOVER, NULL, 0),
    ABOUT_LAST_BY("and vetoed", OWNER, LIFECYCLE_VETO),
    OWNERS("the recovery key is used again", recovery, RECOVERY, LIFECYCLE_RECOVER, NULL, 0),
    TICK("an hour of it", 3601),
    TICK("its delay is over", 7 * DAY_S),
    OWNERS("a beacon that revokes", beacon, OWNER, BEACON_RENEW, NULL, 1),
    SET_BOOL("an interface on", "securable.interface.web.enabled", 1, 0),
    TICK("a long silence", 31 * DAY_S),
    SET("a setting in restricted mode", OPERATOR, "speed", 1450, 0, SEC_OK),
    START("a restart in restricted mode"),
    OWNERS("a beacon ends it", beacon, OWNER, BEACON_RENEW, NULL, 0),
    DOOR("events left to a restart", LEAVE, "events", 0),
    DOOR("a fourth secret", PUT, "fourth", 3000),
    DOOR("more events", EVENTS, "events", 0),
    DOOR("a fifth secret, of the longest", PUT, "fifth", SEC_SECRET_MAX_BYTES),
    PLAIN("rotate again", ADMINISTRATOR, PROTECTION_ROTATE, SEC_OK),
    PLAIN("wipe", OWNER, PROTECTION_WIPE, SEC_OK),
    CLAIM("the second owner", 2),
    ROSTER("the second owner's roster", 1),
    SET("the second owner's setting", OWNER, "speed", 800, 0, SEC_OK),
    DOOR("the second owner's secret", PUT, "first", 100),
    PLAIN("rotate in the second epoch", OWNER, PROTECTION_ROTATE, SEC_OK),
    DOOR("events of the second epoch", EVENTS, "events", 0),
    START("a restart in the second epoch"),
    PLAIN("the second wipe", OWNER, PROTECTION_WIPE, SEC_OK),
    START("a restart without an owner"),
    CLAIM("the third owner", 3),
    SET("the third owner's setting", OWNER, "speed", 900, 0, SEC_OK),
    ROSTER("the third owner's roster", 0),
    OWNERS("the third owner's hub", site, OWNER, LIFECYCLE_SITE, "https://third.example", 0),
    DOOR("the third owner's secret", PUT, "third", 300),
    OWNERS("the device is sold", transfer, OWNER, LIFECYCLE_TRANSFER, NULL, 0),
    SET("the old owner's command", OWNER, "speed", 1, 0, SEC_UNKNOWN_KEY),
    {"the fourth owner's roster", LIFE_SUBMIT, roster, FAKE_NEXT_OWNER, SEC_ACTION_ACCESS_ROSTER, NULL, 0, 0, SEC_OK},
    DOOR("the fourth owner's secret", PUT, "first", 100),
    START("a restart under the fourth owner"),
    PRESS("somebody is at the device", 1),
    PRESS("and gone", 0),
    CLAIM("the fifth owner", 5),
    SET("the fifth owner's setting", OWNER, "speed", 950, 0, SEC_OK),
};
const size_t life_steps_count = sizeof life_steps / sizeof life_steps[0];

/* --- acting ---------------------------------------------------------------------------------------------------------------- */

static const struct sec_peer application = {FAKE_APPLICATION_UID, 77};

void life_init(struct fake_device *d)
{
    fake_device_use_segments(d, SEGMENT_BYTES);
    fake_device_declare(d, RESTRICTED_AFTER_DAYS, SEC_PRESENCE_BUTTON);
    d->storage.segments_max = SEGMENTS_COUNT;
    d->clock.wall_s = 1765000000;
    d->effects.failing = SEC_LIT(FAILING_TEXT);
    d->effects.unhealthy[0] = fake_image_digest(d, UNHEALTHY_IMAGE);
    d->effects.unhealthy_count = 1;
}

void life_prepare(struct fake_device *d, const struct life_step *step)
{
    fake_clock_pass(&d->clock, 1000);
    if (step->prepare)
        step->prepare(d, step);
}

static sec_status give_events(struct fake_device *d)
{
    static const uint8_t reading[90] = {0};
    uint8_t event[128];
    for (unsigned i = 0; i < EVENTS_COUNT; i++) {
        struct sec_wr wr = sec_wr(SEC_ROOM(event));
        sec_cbor_put_map(&wr, 2);
        sec_cbor_put_tstr(&wr, SEC_LIT("pumped"));
        sec_cbor_put_uint(&wr, i);
        sec_cbor_put_tstr(&wr, SEC_LIT("reading"));
        sec_cbor_put_bstr(&wr, SEC_BYTES(reading));
        SEC_TRY(sec_keeper_event(&d->keeper, &application, sec_wr_done(&wr)));
        fake_clock_pass(&d->clock, 10);
    }
    return sec_st(SEC_OK);
}

static sec_status tick_later(struct fake_device *d)
{
    fake_clock_pass(&d->clock, 1100);
    return sec_keeper_tick(&d->keeper);
}

static sec_status refused(struct fake_device *d)
{
    static struct fake_statement forged;
    for (unsigned i = 0; i < 3; i++) {
        struct fake_command wanted = {.signer = FAKE_STRANGER, .action = SEC_ACTION_CONFIGURATION_RESET};
        fake_make_command(d, &wanted, &forged);
        SEC_TRY(fake_device_submit(d, fake_statement_bytes(&forged)));
    }
    d->verdict = sec_st(SEC_OK);
    SEC_TRY(tick_later(d));
    return tick_later(d);
}

static sec_status restart(struct fake_device *d)
{
    if (d->keeper.open)
        SEC_TRY(sec_keeper_stop(&d->keeper));
    d->clock.steady_ms = 0;
    return fake_device_start(d);
}

static uint8_t secret_byte(struct sec_bytes name, size_t len, size_t i)
{
    return (uint8_t)(name.data[0] + 7u * len + 13u * i);
}

static sec_status put(struct fake_device *d, const struct life_step *step)
{
    uint8_t value[SEC_SECRET_MAX_BYTES];
    struct sec_bytes name = sec_bytes_of_str(step->text);
    size_t len = (size_t)step->number;
    for (size_t i = 0; i < len; i++)
        value[i] = secret_byte(name, len, i);
    return sec_keeper_secret_put(&d->keeper, &application, name, sec_bytes(value, len));
}

bool life_secret_is(struct sec_bytes name, struct sec_bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] != secret_byte(name, value.len, i))
            return false;
    }
    return true;
}

unsigned life_events(const struct life_step *step)
{
    return step->act == LIFE_EVENTS || step->act == LIFE_LEAVE ? EVENTS_COUNT : 0;
}

sec_status life_act(struct fake_device *d, const struct life_step *step)
{
    d->verdict = sec_st(SEC_OK);
    switch (step->act) {
    case LIFE_START:
        return restart(d);
    case LIFE_SUBMIT:
        return fake_device_submit(d, fake_statement_bytes(&life_statement));
    case LIFE_EVENTS:
        SEC_TRY(give_events(d));
        return tick_later(d);
    case LIFE_LEAVE:
        SEC_TRY(give_events(d));
        return restart(d);
    case LIFE_REFUSED:
        return refused(d);
    case LIFE_TICK:
        return sec_keeper_tick(&d->keeper);
    case LIFE_PUT:
        return put(d, step);
    case LIFE_DELETE:
        return sec_keeper_secret_delete(&d->keeper, &application, sec_bytes_of_str(step->text));
    }
    return sec_st(SEC_INTERNAL);
}
