/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of journal records and the snapshot: golden bytes, and both directions of every sort. */
#include "golden.h"

#include "fake_device.h"

static struct fake_device device;
static uint8_t room[SEC_RECORD_MAX_BYTES];
static uint8_t changes[] = {0x81, 0x82, 0x06, 0x43, 0xa1, 0x01, 0x02};   /* [[6, h'a10102']] */
static uint8_t fields[] = {0xa1, 0x61, 'a', 0x01};                       /* {"a": 1} */
static uint8_t refusals[] = {0x81, 0x84, 0x19, 0x03, 0x02, 0x02, 0x0a, 0x0b}; /* [[0x0302, 2, 10, 11]] */
static uint8_t destroyed[] = {0x81, 0x05};

static struct sec_digest digest_of(uint8_t fill)
{
    struct sec_digest digest;
    memset(digest.b, fill, sizeof digest.b);
    return digest;
}

/** A record with every member that its sort can have. */
static struct keeper_record full(enum keeper_sort sort)
{
    struct keeper_record r = {.sort = sort, .time_s = 1765000000};
    r.version = SEC_LIT("0.1.0");
    r.confinement = SEC_LIT("none");
    r.repaired = true;
    r.cut_bytes = 300;
    r.cut_digest = digest_of(1);
    r.kept_count = 2;
    r.dropped_count = 3;
    r.destroyed = SEC_BYTES(destroyed);
    r.digest = digest_of(2);
    r.kind = SEC_STATEMENT_COMMAND;
    memset(r.kid.b, 3, sizeof r.kid.b);
    r.signer = SEC_LIT("otto");
    r.has_role = true;
    r.role = SEC_ROLE_OPERATOR;
    r.code = SEC_EFFECT_FAILED;
    r.changes = SEC_BYTES(changes);
    r.detail = SEC_BYTES(fields);
    r.intended = true;
    r.topic = SEC_TOPIC_CONFIGURATION;
    r.generation = 7;
    r.action = SEC_ACTION_CONFIGURATION_SET;
    r.index = 41;
    r.has_origin = true;
    r.intended_detail = SEC_BYTES(fields);
    r.reason = KEEPER_CONFIRM_MISSED;
    r.name = SEC_LIT("pump-app");
    r.uid = 1001;
    r.steady_ms = 12345;
    r.content = SEC_BYTES(fields);
    r.refusals = SEC_BYTES(refusals);
    return r;
}

static struct sec_bytes encoded(const struct keeper_record *record)
{
    struct sec_bytes bytes;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    keeper_record_encode(record, &wr);
    CHECK_OK(sec_wr_end(&wr, &bytes));
    return bytes;
}

static void records_are_those_of_the_golden_files(void)
{
    static const enum keeper_sort sorts[] = {KEEPER_START,       KEEPER_DECISION, KEEPER_OUTCOME,  KEEPER_EVENT,
                                             KEEPER_OBSERVATION, KEEPER_REFUSALS, KEEPER_INTERNAL, KEEPER_STOP};
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        static uint8_t again[4096];
        char name[64];
        struct keeper_record record = full(sorts[i]), parsed;
        struct sec_bytes bytes = encoded(&record);
        snprintf(name, sizeof name, "record-%s", keeper_sort_word(sorts[i]));
        golden_check(name, bytes);
        CHECK_OK(keeper_record_parse(bytes, &parsed));
        struct sec_wr wr = sec_wr(SEC_ROOM(again));
        keeper_record_encode(&parsed, &wr);
        CHECK_BYTES(sec_wr_done(&wr), bytes);
        for (size_t cut = 0; cut < bytes.len; cut++)
            CHECK(!sec_ok(keeper_record_parse(sec_bytes_part(bytes, 0, cut), &parsed)));
    }
}

static void an_outcome_repeats_its_decision_whole_or_not_at_all(void)
{
    struct keeper_record record = full(KEEPER_OUTCOME), parsed;
    record.has_origin = false;
    CHECK_OK(keeper_record_parse(encoded(&record), &parsed));
    CHECK(!parsed.has_origin);
    record.has_origin = true;
    struct sec_bytes bytes = encoded(&record);
    /* Without the last member, and one pair less in the head. */
    room[0]--;
    CHECK_STATUS(keeper_record_parse(sec_bytes_part(bytes, 0, bytes.len - 1 - 1 - sizeof fields), &parsed), SEC_MISSING_FIELD);
}

static void foreign_records_are_refused(void)
{
    struct keeper_record parsed;
    CHECK_STATUS(keeper_record_parse(SEC_LIT("\xa1\x00\x18\x63"), &parsed), SEC_UNSUPPORTED);
    CHECK_STATUS(keeper_record_parse(SEC_LIT("\xa1\x00\x07"), &parsed), SEC_UNSUPPORTED);
    CHECK_STATUS(keeper_record_parse(SEC_LIT("\xa1\x00\x02"), &parsed), SEC_MISSING_FIELD);
    CHECK_STATUS(keeper_record_parse(SEC_LIT("\xa1\x01\x02"), &parsed), SEC_MISSING_FIELD);
    CHECK_STATUS(keeper_record_parse(SEC_LIT("\xa3\x00\x09\x01\x00\x02\x00"), &parsed), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(keeper_record_parse(SEC_LIT("\xa2\x00\x09\x01\x00\x00"), &parsed), SEC_LEFTOVER);
}

static void the_snapshot_is_that_of_the_golden_file(void)
{
    static struct keeper_rooms again;
    struct sec_bytes bytes;
    fake_device_init(&device, 7, FAKE_STORAGE_PREALLOC, NULL);
    CHECK_OK(fake_device_start(&device));
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    keeper_rooms_encode(&device.keeper.rooms, &wr);
    CHECK_OK(sec_wr_end(&wr, &bytes));
    golden_check("record-snapshot", bytes);
    static uint8_t other[SEC_RECORD_MAX_BYTES];
    CHECK_OK(keeper_rooms_parse(bytes, &again));
    struct sec_wr back = sec_wr(SEC_ROOM(other));
    keeper_rooms_encode(&again, &back);
    CHECK_BYTES(sec_wr_done(&back), bytes);
}

static const struct test tests[] = {
    TEST(records_are_those_of_the_golden_files),
    TEST(an_outcome_repeats_its_decision_whole_or_not_at_all),
    TEST(foreign_records_are_refused),
    TEST(the_snapshot_is_that_of_the_golden_file),
};

TEST_MAIN(tests)
