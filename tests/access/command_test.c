/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

static uint8_t room[8192], audience_room[256], args_room[64];

static struct sec_command some_command(unsigned members)
{
    struct sec_command command = {
        .topic = SEC_TOPIC_CONFIGURATION,
        .epoch = 3,
        .generation = 77,
        .action = SEC_ACTION_CONFIGURATION_SET,
        .members = members,
        .not_before_s = -1,
        .expiry_s = 1800000000,
        .window_from_s = 5,
        .window_until_s = 5,
        .spread_s = 0,
        .base = {{1, 2, 3}},
        .confirm_within_s = 300,
        .beside = {{4, 5, 6}},
    };
    struct sec_bytes id = SEC_BYTES(device_id);
    struct sec_wr wr = sec_wr(SEC_ROOM(audience_room));
    sec_audience_encode_ids(&id, 1, &wr);
    command.audience = (struct sec_audience){.item = sec_wr_done(&wr), .count = 1};
    wr = sec_wr(SEC_ROOM(args_room));
    sec_cbor_put_map(&wr, 1);
    sec_cbor_put_tstr(&wr, SEC_LIT("limit"));
    sec_cbor_put_int(&wr, -4);
    command.args = sec_wr_done(&wr);
    return command;
}

static struct sec_bytes encoded(const struct sec_command *command)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_command_encode(command, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static sec_status again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_command command;
    SEC_TRY(sec_command_parse(in, &command));
    sec_command_encode(&command, wr);
    return sec_st(SEC_OK);
}

static void a_command_with_all_members_comes_back(void)
{
    struct sec_command command = some_command(0x7f), back;
    CHECK_OK(sec_command_parse(encoded(&command), &back));
    CHECK_INT(back.members, 0x7f);
    CHECK_INT(back.not_before_s, -1);
    CHECK_INT(back.generation, 77);
    CHECK_INT(back.confirm_within_s, 300);
    CHECK(sec_digest_equal(&back.base, &command.base));
    CHECK(sec_digest_equal(&back.beside, &command.beside));
    CHECK_BYTES(back.args, command.args);
    CHECK_BYTES(back.audience.item, command.audience.item);
    golden_check("command-full", encoded(&command));
    CHECK(strict_check(encoded(&command), again) > 0);
}

static void every_set_of_members_comes_back(void)
{
    for (unsigned members = 0; members < 0x80; members++) {
        struct sec_command command = some_command(members), back;
        CHECK_OK(sec_command_parse(encoded(&command), &back));
        CHECK_INT(back.members, members);
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        sec_command_encode(&back, &wr);
        CHECK_BYTES(sec_wr_done(&wr), encoded(&command));
    }
    struct sec_command command = some_command(0);
    golden_check("command", encoded(&command));
}

static void values_outside_the_grammar_are_refused(void)
{
    struct sec_command back, command = some_command(0);
    command.epoch = 0;
    CHECK_STATUS(sec_command_parse(encoded(&command), &back), SEC_BAD_VALUE);
    command = some_command(0);
    command.generation = 0;
    CHECK_STATUS(sec_command_parse(encoded(&command), &back), SEC_BAD_VALUE);
    command = some_command(0);
    command.topic = (enum sec_topic)7;
    CHECK_STATUS(sec_command_parse(encoded(&command), &back), SEC_BAD_VALUE);
    command = some_command(SEC_WITH_WINDOW);
    command.window_until_s = 4;
    CHECK_STATUS(sec_command_parse(encoded(&command), &back), SEC_BAD_VALUE);
    command = some_command(SEC_WITH_CONFIRM);
    command.confirm_within_s = 0;
    CHECK_STATUS(sec_command_parse(encoded(&command), &back), SEC_BAD_VALUE);
}

static void a_foreign_action_parses_and_a_foreign_member_does_not(void)
{
    struct sec_command back, command = some_command(0);
    command.action = 4711;
    CHECK_OK(sec_command_parse(encoded(&command), &back));
    CHECK_INT(back.action, 4711);
    struct sec_bytes bytes = encoded(&command);
    room[0]++;
    room[bytes.len] = 14;
    room[bytes.len + 1] = 0;
    CHECK_STATUS(sec_command_parse(sec_bytes(room, bytes.len + 2), &back), SEC_UNKNOWN_FIELD);
}

static void a_missing_member_is_named_so(void)
{
    struct sec_command back;
    static const uint8_t none[] = {0xa0};
    CHECK_STATUS(sec_command_parse(SEC_BYTES(none), &back), SEC_MISSING_FIELD);
    static const uint8_t list[] = {0x80};
    CHECK_STATUS(sec_command_parse(SEC_BYTES(list), &back), SEC_UNEXPECTED_TYPE);
}

static void shared_arguments_come_back(void)
{
    struct sec_digest digest = {{9, 8, 7}}, back;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_args_digest_encode(&digest, &wr);
    CHECK_OK(sec_args_digest_parse(sec_wr_done(&wr), &back));
    CHECK(sec_digest_equal(&digest, &back));
    CHECK_STATUS(sec_args_empty_parse(sec_wr_done(&wr)), SEC_UNKNOWN_FIELD);
    wr = sec_wr(SEC_ROOM(room));
    sec_args_empty_encode(&wr);
    CHECK_OK(sec_args_empty_parse(sec_wr_done(&wr)));
    CHECK_STATUS(sec_args_digest_parse(sec_wr_done(&wr), &back), SEC_MISSING_FIELD);
}

static sec_status admission_again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_admission admission;
    SEC_TRY(sec_admission_parse(in, &admission));
    sec_admission_encode(&admission, wr);
    return sec_st(SEC_OK);
}

static void an_admission_comes_back(void)
{
    struct sec_admission admission = {key_of(VENDOR), SEC_LIT("own builds")};
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_admission_encode(&admission, &wr);
    golden_check("admission", sec_wr_done(&wr));
    CHECK(strict_check(sec_wr_done(&wr), admission_again) > 0);
}

static const struct test tests[] = {
    TEST(a_command_with_all_members_comes_back),
    TEST(every_set_of_members_comes_back),
    TEST(values_outside_the_grammar_are_refused),
    TEST(a_foreign_action_parses_and_a_foreign_member_does_not),
    TEST(a_missing_member_is_named_so),
    TEST(shared_arguments_come_back),
    TEST(an_admission_comes_back),
};
TEST_MAIN(tests)
