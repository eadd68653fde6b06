/* SPDX-License-Identifier: Apache-2.0 */
/* Retention on a fake device: the oldest segments go, living secrets and the state stay, and no cut on the way hurts. */
#include "device_kit.h"

#include <keeper_inside.h>

#define SMALL_SEGMENT_BYTES (64u * 1024u) /* 24 fit the storage; 1 MiB is 16 of them */
#define MIB_BYTES (1024u * 1024u)
#define SECRETS_COUNT 6u
#define SECRET_BYTES 900u
#define EVENT_BYTES 1500u

static uint8_t event_room[SEC_EVENT_MAX_BYTES], secret_room[SEC_SECRET_MAX_BYTES], got_room[SEC_RECORD_MAX_BYTES];
static struct fake_device saved;
static uint64_t events_count;

/* --- short words ---------------------------------------------------------------------------------------------------- */

static void begin(size_t segment_bytes)
{
    fake_device_init(&kit, 11, FAKE_STORAGE_PREALLOC, NULL);
    kit.clock.wall_s = 1765000000;
    if (segment_bytes != FAKE_DEVICE_SEGMENT_BYTES)
        fake_device_use_segments(&kit, segment_bytes);
    CHECK_OK(fake_device_start(&kit));
    CHECK_OK(kit_claim(1));
    CHECK_OK(kit_roster(true));
    events_count = 0;
}

static sec_status keep(int64_t mib, uint64_t confirm_within_s)
{
    return kit_command_within(FAKE_OWNER, SEC_ACTION_CONFIGURATION_SET,
                              fake_setting_args("securable.log.keep_mib", mib, SEC_ROOM(kit_args)), confirm_within_s);
}

static struct sec_bytes secret_name(uint8_t i)
{
    static uint8_t name[2];
    name[0] = 's';
    name[1] = (uint8_t)('0' + i);
    return SEC_BYTES(name);
}

static void put_secrets(void)
{
    for (uint8_t i = 0; i < SECRETS_COUNT; i++) {
        memset(secret_room, 'a' + i, SECRET_BYTES);
        CHECK_OK(sec_keeper_secret_put(&kit.keeper, &kit_application, secret_name(i), sec_bytes(secret_room, SECRET_BYTES)));
    }
}

static void check_secrets(void)
{
    for (uint8_t i = 0; i < SECRETS_COUNT; i++) {
        struct sec_wr wr = sec_wr(SEC_ROOM(got_room));
        memset(secret_room, 'a' + i, SECRET_BYTES);
        CHECK_OK(sec_keeper_secret_get(&kit.keeper, &kit_application, secret_name(i), &wr));
        CHECK_BYTES(sec_wr_done(&wr), sec_bytes(secret_room, SECRET_BYTES));
    }
}

/** Events are numbered: a hole in the log shows. */
static sec_status give_event(void)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(event_room));
    sec_cbor_put_map(&wr, 2);
    sec_cbor_put_tstr(&wr, SEC_LIT("n"));
    sec_cbor_put_uint(&wr, events_count);
    sec_cbor_put_tstr(&wr, SEC_LIT("fill"));
    sec_cbor_put_bstr(&wr, sec_bytes(secret_room, EVENT_BYTES));
    sec_status status = sec_keeper_event(&kit.keeper, &kit_application, sec_wr_done(&wr));
    events_count += sec_ok(status) ? 1u : 0u;
    return status;
}

static void tick_when_due(void)
{
    fake_clock_pass(&kit.clock, 100);
    for (unsigned i = 0; i < 8 && sec_keeper_due_ms(&kit.keeper) <= kit.clock.steady_ms; i++)
        CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK(sec_keeper_due_ms(&kit.keeper) > kit.clock.steady_ms); /* ticks come to an end */
}

struct extent {
    size_t count;
    uint64_t bytes;
    uint64_t first;
    uint32_t oldest;
};

static struct extent log_extent(void)
{
    struct extent extent = {0};
    struct sec_journal_segment segment = {0};
    while (sec_ok(sec_journal_segment_next(&kit.keeper.journal, segment.number, &segment))) {
        if (extent.count == 0) {
            extent.first = segment.first;
            extent.oldest = segment.number;
        }
        extent.count++;
        extent.bytes += segment.bytes;
    }
    return extent;
}

static uint32_t newest(void)
{
    return sec_journal_segment_number(&kit.keeper.journal);
}

static void flood_until(uint32_t segment)
{
    for (unsigned i = 0; i < 20000 && newest() < segment; i++) {
        CHECK_OK(give_event());
        tick_when_due();
    }
    CHECK(newest() >= segment);
}

/** The kept events' numbers, one after the other up to the last one given. */
struct numbers {
    uint64_t count;
    uint64_t next;
    bool holes;
};

static sec_status look_at_event(void *ctx, const struct sec_journal_record *record)
{
    struct numbers *numbers = ctx;
    struct keeper_record event;
    if (record->header.record_class != SEC_RECORD_APPLICATION)
        return sec_st(SEC_OK);
    SEC_TRY(keeper_record_parse(record->content, &event));
    struct sec_cbor rd = sec_cbor(event.content);
    sec_cbor_map(&rd);
    sec_cbor_tstr(&rd);
    uint64_t n = sec_cbor_uint(&rd);
    numbers->holes = numbers->holes || (numbers->count > 0 && n != numbers->next);
    numbers->next = n + 1;
    numbers->count++;
    return sec_st(SEC_OK);
}

static void check_events_without_hole(void)
{
    struct numbers numbers = {0};
    struct sec_journal_visitor visitor = {&numbers, look_at_event, NULL};
    fake_clock_pass(&kit.clock, 1000);
    CHECK_OK(sec_keeper_tick(&kit.keeper));
    CHECK_OK(sec_journal_walk(&kit.keeper.journal, 0, &visitor));
    CHECK(numbers.count > 0);
    CHECK(!numbers.holes);
    CHECK_INT(numbers.next, events_count);
}

/** Intact, with a beginning that a trim record explains. */
static void check_trimmed(void)
{
    struct sec_verify_result result;
    struct sec_public_key key = kit_identity();
    struct extent extent = log_extent();
    CHECK_OK(sec_log_verify(&kit.storage_port, &key, &kit.crypto_port, NULL, SEC_ROOM(kit_verify_work), NULL, &result));
    CHECK_INT(result.verdict, SEC_VERDICT_INTACT);
    CHECK(result.trimmed > 0);
    CHECK_INT(result.trimmed, extent.first);
    CHECK_INT(result.trimmed + result.records, sec_journal_committed(&kit.keeper.journal));
}

static void check_restart_folds_the_same(void)
{
    struct sec_digest before, after;
    CHECK_OK(keeper_record_uptime(&kit.keeper, true)); /* as the stop would */
    before = fake_device_state_root(&kit);
    kit_restart();
    after = fake_device_state_root(&kit);
    CHECK(sec_digest_equal(&before, &after));
}

/* --- by the setting ---------------------------------------------------------------------------------------------------- */

static void the_log_is_kept_as_long_as_the_owner_says(void)
{
    static struct fake_statement old, kept;
    begin(SMALL_SEGMENT_BYTES);
    CHECK_STATUS(kit_command(FAKE_OPERATOR, SEC_ACTION_CONFIGURATION_SET,
                             fake_setting_args("securable.log.keep_mib", 1, SEC_ROOM(kit_args))), SEC_ROLE_INSUFFICIENT);
    CHECK_OK(keep(1, 0));
    old = kit_statement;
    put_secrets();
    flood_until(16);
    CHECK_INT(log_extent().oldest, 1);
    flood_until(40);
    struct extent extent = log_extent();
    CHECK(extent.oldest > 20);
    CHECK(extent.bytes >= MIB_BYTES);
    CHECK(extent.bytes <= MIB_BYTES + 2 * SMALL_SEGMENT_BYTES);
    check_secrets();
    CHECK_OK(kit_set("speed", 1234, 0));
    kept = kit_statement;
    flood_until(newest() + 4);
    check_trimmed();
    check_events_without_hole();
    /* Receipts: of what is kept, and of what is gone none, though it is still known as decided. */
    CHECK_STATUS(kit_submit_bytes(fake_statement_bytes(&kept)), SEC_ALREADY_DECIDED);
    CHECK(kit.receipt_len > 0);
    CHECK_STATUS(kit_submit_bytes(fake_statement_bytes(&old)), SEC_ALREADY_DECIDED);
    CHECK_INT(kit.receipt_len, 0);
    check_restart_folds_the_same();
    check_secrets();
    check_trimmed();
    flood_until(newest() + 20);
    check_restart_folds_the_same();
    check_secrets();
    check_trimmed();
    kit_end();
}

static void secrets_live_on_through_trims_and_rotations(void)
{
    begin(SMALL_SEGMENT_BYTES);
    CHECK_OK(keep(1, 0));
    put_secrets();
    for (unsigned i = 0; i < 4; i++) {
        flood_until(newest() + 13);
        CHECK_OK(kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_PROTECTION_ROTATE, sec_bytes(NULL, 0)));
        check_secrets();
    }
    CHECK_OK(sec_keeper_secret_delete(&kit.keeper, &kit_application, secret_name(5)));
    flood_until(newest() + 20);
    struct extent extent = log_extent();
    for (size_t i = 0; i < kit.keeper.rooms.protection.secrets_count; i++)
        CHECK(kit.keeper.rooms.protection.secrets[i].index >= extent.first);
    CHECK_INT(kit.keeper.rooms.protection.secrets_count, SECRETS_COUNT - 1);
    check_trimmed();
    kit_end();
}

static void a_setting_that_waits_for_its_confirmation_removes_nothing(void)
{
    begin(SMALL_SEGMENT_BYTES);
    flood_until(20);
    CHECK_INT(log_extent().oldest, 1);
    CHECK_OK(keep(1, 600));
    tick_when_due();
    CHECK_INT(log_extent().oldest, 1);
    fake_clock_pass(&kit.clock, 601000);
    tick_when_due(); /* taken back */
    CHECK_INT(log_extent().oldest, 1);
    CHECK_OK(keep(1, 0));
    tick_when_due();
    CHECK(log_extent().oldest > 1);
    check_trimmed();
    kit_end();
}

static void readers_begin_with_what_is_kept(void)
{
    static uint8_t page[16384];
    begin(SMALL_SEGMENT_BYTES);
    CHECK_OK(keep(1, 0));
    flood_until(24);
    struct sec_wr wr = sec_wr(SEC_ROOM(page));
    CHECK_OK(sec_keeper_log_read(&kit.keeper, &kit_application, 0, &wr));
    struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
    CHECK(sec_cbor_array(&rd) > 0);
    sec_cbor_array_of(&rd, 5);
    CHECK_INT(sec_cbor_uint(&rd), log_extent().first);
    kit_end();
}

static void a_wiped_device_forgets_the_former_owners_log_in_time(void)
{
    begin(SMALL_SEGMENT_BYTES);
    CHECK_OK(keep(1, 0));
    put_secrets();
    flood_until(20);
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)));
    tick_when_due();
    CHECK_OK(kit_claim(2));
    CHECK_OK(kit_roster(true));
    CHECK_OK(keep(1, 0));
    put_secrets();
    flood_until(newest() + 30);
    check_secrets();
    check_trimmed();
    check_restart_folds_the_same();
    kit_end();
}

/* --- a full storage -------------------------------------------------------------------------------------------------------- */

static void a_full_storage_gives_up_its_oldest_segments(void)
{
    begin(FAKE_DEVICE_SEGMENT_BYTES);
    put_secrets();
    flood_until(FAKE_DEVICE_SEGMENTS + 7); /* the setting alone would keep 64 MiB */
    struct extent extent = log_extent();
    CHECK(extent.count >= FAKE_DEVICE_SEGMENTS - 1); /* no more goes than must */
    CHECK_OK(kit_set("speed", 1500, 0));
    CHECK_OK(kit_roster(true));
    check_secrets();
    check_trimmed();
    check_events_without_hole();
    check_restart_folds_the_same();
    check_secrets();
    kit_end();
}

static void a_full_storage_is_trimmed_to_half_of_the_setting(void)
{
    begin(SMALL_SEGMENT_BYTES);
    put_secrets();
    CHECK_OK(keep(1, 0));
    flood_until(15);
    kit.storage.segments_max = 15; /* somebody else's data fill the rest */
    flood_until(16);
    CHECK(log_extent().bytes <= MIB_BYTES / 2 + SMALL_SEGMENT_BYTES);
    check_secrets();
    check_events_without_hole();
    check_trimmed();
    kit_end();
}

static void an_intent_has_room_for_all_that_follows(void)
{
    begin(SMALL_SEGMENT_BYTES);
    put_secrets();
    kit.storage.segments_max = 5;
    flood_until(7);
    /* Wherever in its segment the log stands: what is needed goes before the intent, because nothing may between it and its outcome. */
    for (unsigned i = 0; i < 120; i++) {
        CHECK_OK(give_event());
        tick_when_due();
        CHECK_OK(i % 2 ? kit_set("speed", 500 + i, 0) : kit_command(FAKE_ADMINISTRATOR, SEC_ACTION_PROTECTION_ROTATE, sec_bytes(NULL, 0)));
        CHECK_INT(kit_decided.sort, KEEPER_OUTCOME);
        tick_when_due();
    }
    CHECK(log_extent().oldest > 10);
    check_secrets();
    CHECK_OK(kit_command(FAKE_OWNER, SEC_ACTION_PROTECTION_WIPE, sec_bytes(NULL, 0)));
    kit_end();
}

static void two_segments_stay_whatever_happens(void)
{
    begin(SMALL_SEGMENT_BYTES);
    put_secrets();
    kit.storage.segments_max = 2;
    sec_status status = sec_st(SEC_OK);
    for (unsigned i = 0; i < 400 && sec_ok(status); i++) {
        status = give_event();
        if (sec_ok(status))
            tick_when_due();
    }
    CHECK_STATUS(status, SEC_STORAGE_FULL);
    CHECK_INT(log_extent().count, 2);
    CHECK_INT(log_extent().oldest, 1);
    kit_expect_verdict(SEC_VERDICT_INTACT);
    struct sec_digest root = fake_device_state_root(&kit), after;
    for (int i = 0; i < 3; i++) {
        struct fake_command command = {.signer = FAKE_OWNER, .action = SEC_ACTION_ACCESS_ROSTER,
                                       .args = fake_roster_args(&kit, true, SEC_ROOM(kit_args))};
        fake_make_command(&kit, &command, &kit_statement);
        CHECK_STATUS(fake_device_submit(&kit, fake_statement_bytes(&kit_statement)), SEC_STORAGE_FULL);
    }
    after = fake_device_state_root(&kit);
    CHECK(sec_digest_equal(&root, &after));
    check_secrets();
    kit.storage.segments_max = 3; /* room again: the device goes on */
    CHECK_OK(kit_roster(true));
    check_secrets();
    flood_until(8);
    check_secrets();
    check_trimmed();
    kit_end();
}

static void a_full_storage_does_not_keep_a_claim_out(void)
{
    fake_device_init(&kit, 12, FAKE_STORAGE_PREALLOC, NULL);
    fake_device_use_segments(&kit, SMALL_SEGMENT_BYTES);
    kit.storage.segments_max = 3;
    kit.clock.wall_s = 1765000000;
    CHECK_OK(fake_device_start(&kit));
    uint8_t seen[1900];
    struct sec_wr wr = sec_wr(SEC_ROOM(seen));
    sec_cbor_put_map(&wr, 2);
    sec_cbor_put_int(&wr, 1);
    sec_cbor_put_tstr(&wr, SEC_LIT("listener"));
    sec_cbor_put_int(&wr, 2);
    sec_cbor_put_bstr(&wr, sec_bytes(kit_args, 1800));
    for (unsigned i = 0; i < 2000 && newest() < 6; i++) {
        CHECK_OK(sec_keeper_observe(&kit.keeper, sec_wr_done(&wr)));
        tick_when_due();
    }
    while (sec_journal_fits(&kit.keeper.journal, 4096u + KEEPER_TRIM_ROOM_BYTES)) {
        CHECK_OK(sec_keeper_observe(&kit.keeper, sec_wr_done(&wr)));
        tick_when_due();
    }
    CHECK_OK(kit_claim(1));
    CHECK_OK(kit_roster(true));
    check_trimmed();
    kit_end();
}

/* --- cuts ------------------------------------------------------------------------------------------------------------------ */

/** Cuts under each operation of `act` on the saved device, in several ways; the device must start each time and be what it was. */
static unsigned cut_everywhere(void (*act)(void))
{
    unsigned cuts = 0;
    for (uint64_t nth = 1;; nth++) {
        bool cut = false;
        for (uint64_t seed = 1; seed <= 6; seed++) {
            kit = saved;
            fake_power_arm(&kit.power, nth);
            fake_power_reseed(&kit.power, nth * 100 + seed);
            act();
            cut = kit.power.off;
            if (!cut)
                break;
            cuts++;
            fake_device_power_on(&kit);
            kit.clock.steady_ms = 0;
            CHECK_OK(fake_device_start(&kit));
            kit_expect_verdict(SEC_VERDICT_INTACT);
            check_secrets();
            tick_when_due();
            check_secrets();
            check_trimmed();
            CHECK(kit.keeper.rooms.access.owned);
            CHECK_OK(kit_set("speed", 900, 0));
            check_restart_folds_the_same();
        }
        if (!cut)
            return cuts;
    }
}

static void one_tick(void)
{
    (void)sec_keeper_tick(&kit.keeper);
}

static void one_event(void)
{
    (void)give_event();
}

static void a_cut_within_retention_loses_nothing(void)
{
    begin(SMALL_SEGMENT_BYTES);
    CHECK_OK(keep(1, 0));
    flood_until(2);
    put_secrets(); /* in the second segment: they move when the first one goes */
    for (;;) {
        CHECK_OK(give_event());
        fake_clock_pass(&kit.clock, 100);
        bool moves = log_extent().oldest == 1 && log_extent().count > 17 && keeper_retain_due(&kit.keeper);
        if (moves) {
            saved = kit;
            break;
        }
        tick_when_due();
    }
    CHECK(cut_everywhere(one_tick) > 6 * (SECRETS_COUNT + 2));
    kit = saved;
    one_tick();
    CHECK(log_extent().oldest > 1);
    check_secrets();
    kit_end();
}

static void a_cut_while_a_full_storage_is_trimmed_loses_nothing(void)
{
    begin(SMALL_SEGMENT_BYTES);
    put_secrets();
    kit.storage.segments_max = 5;
    flood_until(7);
    uint32_t now = newest();
    do {
        saved = kit;
        CHECK_OK(give_event());
        if (newest() == now)
            tick_when_due();
    } while (newest() == now);
    CHECK(cut_everywhere(one_event) > 12);
    kit = saved;
    one_event();
    CHECK_INT(newest(), now + 1);
    kit_end();
}

static const struct test tests[] = {
    TEST(the_log_is_kept_as_long_as_the_owner_says),
    TEST(secrets_live_on_through_trims_and_rotations),
    TEST(a_setting_that_waits_for_its_confirmation_removes_nothing),
    TEST(readers_begin_with_what_is_kept),
    TEST(a_wiped_device_forgets_the_former_owners_log_in_time),
    TEST(a_full_storage_gives_up_its_oldest_segments),
    TEST(a_full_storage_is_trimmed_to_half_of_the_setting),
    TEST(an_intent_has_room_for_all_that_follows),
    TEST(two_segments_stay_whatever_happens),
    TEST(a_full_storage_does_not_keep_a_claim_out),
    TEST(a_cut_within_retention_loses_nothing),
    TEST(a_cut_while_a_full_storage_is_trimmed_loses_nothing),
};
TEST_MAIN(tests)
