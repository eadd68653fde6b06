/* SPDX-License-Identifier: Apache-2.0 */
/* Command, both directions, and the arguments that several actions share. */
#include "form.h"

/* Members 1 to 6 of the grammar. */
#define REQUIRED 0x7eu

static size_t bits_count(unsigned bits)
{
    size_t count = 0;
    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

static void put_times(const struct sec_command *command, struct sec_wr *wr)
{
    if (command->members & SEC_WITH_NOT_BEFORE) {
        sec_cbor_put_uint(wr, 7);
        sec_cbor_put_int(wr, command->not_before_s);
    }
    if (command->members & SEC_WITH_EXPIRY) {
        sec_cbor_put_uint(wr, 8);
        sec_cbor_put_int(wr, command->expiry_s);
    }
    if (command->members & SEC_WITH_WINDOW) {
        sec_cbor_put_uint(wr, 9);
        sec_cbor_put_array(wr, 2);
        sec_cbor_put_int(wr, command->window_from_s);
        sec_cbor_put_int(wr, command->window_until_s);
    }
    if (command->members & SEC_WITH_SPREAD) {
        sec_cbor_put_uint(wr, 10);
        sec_cbor_put_uint(wr, command->spread_s);
    }
}

static void put_rest(const struct sec_command *command, struct sec_wr *wr)
{
    if (command->members & SEC_WITH_BASE) {
        sec_cbor_put_uint(wr, 11);
        sec_cbor_put_bstr(wr, sec_digest_bytes(&command->base));
    }
    if (command->members & SEC_WITH_CONFIRM) {
        sec_cbor_put_uint(wr, 12);
        sec_cbor_put_uint(wr, command->confirm_within_s);
    }
    if (command->members & SEC_WITH_BESIDE) {
        sec_cbor_put_uint(wr, 13);
        sec_cbor_put_bstr(wr, sec_digest_bytes(&command->beside));
    }
}

void sec_command_encode(const struct sec_command *command, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 6 + bits_count(command->members));
    sec_cbor_put_uint(wr, 1);
    sec_wr_bytes(wr, command->audience.item);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_uint(wr, (uint64_t)command->topic);
    sec_cbor_put_uint(wr, 3);
    sec_cbor_put_uint(wr, command->epoch);
    sec_cbor_put_uint(wr, 4);
    sec_cbor_put_uint(wr, command->generation);
    sec_cbor_put_uint(wr, 5);
    sec_cbor_put_uint(wr, command->action);
    sec_cbor_put_uint(wr, 6);
    sec_wr_bytes(wr, command->args);
    put_times(command, wr);
    put_rest(command, wr);
}

static void read_topic(struct sec_cbor *rd, struct sec_command *command)
{
    uint64_t topic = sec_form_positive(rd);
    if (topic > SEC_TOPICS_COUNT)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    else
        command->topic = (enum sec_topic)topic;
}

static void read_window(struct sec_cbor *rd, struct sec_command *command)
{
    sec_cbor_array_of(rd, 2);
    command->window_from_s = sec_cbor_int(rd);
    command->window_until_s = sec_cbor_int(rd);
    if (command->window_until_s < command->window_from_s)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void read_optional(struct sec_cbor *rd, int64_t key, struct sec_command *command)
{
    static const unsigned members[] = {SEC_WITH_NOT_BEFORE, SEC_WITH_EXPIRY,  SEC_WITH_WINDOW, SEC_WITH_SPREAD,
                                       SEC_WITH_BASE,       SEC_WITH_CONFIRM, SEC_WITH_BESIDE};
    switch (key) {
    case 7:
        command->not_before_s = sec_cbor_int(rd);
        break;
    case 8:
        command->expiry_s = sec_cbor_int(rd);
        break;
    case 9:
        read_window(rd, command);
        break;
    case 10:
        command->spread_s = sec_cbor_uint(rd);
        break;
    case 11:
        sec_cbor_bstr_into(rd, SEC_ROOM(command->base.b));
        break;
    case 12:
        command->confirm_within_s = sec_form_positive(rd);
        break;
    case 13:
        sec_cbor_bstr_into(rd, SEC_ROOM(command->beside.b));
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        return;
    }
    command->members |= members[key - 7];
}

static void read_member(struct sec_cbor *rd, int64_t key, struct sec_command *command)
{
    switch (key) {
    case 1:
        sec_audience_read(rd, &command->audience);
        break;
    case 2:
        read_topic(rd, command);
        break;
    case 3:
        command->epoch = sec_form_positive(rd);
        break;
    case 4:
        command->generation = sec_form_positive(rd);
        break;
    case 5:
        command->action = sec_cbor_uint(rd);
        break;
    case 6:
        command->args = sec_cbor_item(rd);
        break;
    default:
        read_optional(rd, key, command);
    }
}

sec_status sec_command_parse(struct sec_bytes body, struct sec_command *ret_command)
{
    SEC_TRY(sec_cbor_check(body, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(body);
    struct sec_command command;
    sec_zero(&command, sizeof command);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_member(&rd, key, &command);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, REQUIRED);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_command = command;
    return sec_st(SEC_OK);
}

void sec_args_empty_encode(struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 0);
}

sec_status sec_args_empty_parse(struct sec_bytes args)
{
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    if (sec_cbor_map(&rd) != 0)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
    return sec_cbor_end(&rd);
}

void sec_args_digest_encode(const struct sec_digest *digest, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 1);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_bstr(wr, sec_digest_bytes(digest));
}

sec_status sec_args_digest_parse(struct sec_bytes args, struct sec_digest *ret_digest)
{
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    struct sec_digest digest;
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key != 1)
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        sec_cbor_bstr_into(&rd, SEC_ROOM(digest.b));
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1));
    SEC_TRY(sec_cbor_end(&rd));
    *ret_digest = digest;
    return sec_st(SEC_OK);
}

void sec_admission_encode(const struct sec_admission *admission, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_uint(wr, 1);
    sec_key_encode(&admission->key, wr);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_tstr(wr, admission->purpose);
}

sec_status sec_admission_parse(struct sec_bytes args, struct sec_admission *ret_admission)
{
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    struct sec_admission admission;
    sec_zero(&admission, sizeof admission);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            sec_key_read(&rd, &admission.key);
        else if (key == 2)
            admission.purpose = sec_form_name(&rd);
        else
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1) | sec_form_bit(2));
    SEC_TRY(sec_cbor_end(&rd));
    *ret_admission = admission;
    return sec_st(SEC_OK);
}
