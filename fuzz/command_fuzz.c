/* SPDX-License-Identifier: Apache-2.0 */
/* Command, audience and the arguments of access.admit-key; what parses is judged too. */
#include <securable/access.h>

#include "strict_fuzz.h"

static const uint8_t device_id[32] = {0xd0, 1, 2, 3};

static void judge(const struct sec_command *command)
{
    static struct sec_access state;
    uint8_t detail_room[256];
    struct sec_wr detail = sec_wr(SEC_ROOM(detail_room));
    struct sec_access_facts facts = {
        .device = {.device_id = SEC_BYTES(device_id), .group = SEC_LIT("hall-3"), .tags = SEC_LIT("a,b")},
        .time = {.trusted = true, .now_s = 1790000000}};
    struct sec_digest digest = {{0}};
    struct sec_access_subject subject = {.source = SEC_SUBJECT_ROSTER, .role = SEC_ROLE_OPERATOR};
    sec_access_init(&state);
    state.owned = true;
    sec_status status = sec_access_judge_command(&state, &facts, &subject, command, &digest, &detail);
    const struct sec_action_row *row = sec_action_row(command->action);
    if (sec_ok(status))
        fuzz_check(row && row->carried_out && row->least_role >= SEC_ROLE_OPERATOR && row->topic == command->topic);
    subject.role = SEC_ROLE_AUDITOR;
    fuzz_check(!sec_ok(sec_access_judge_command(&state, &facts, &subject, command, &digest, &detail)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sec_bytes in = sec_bytes(data, len);
    struct sec_command command;
    struct sec_admission admission;
    struct sec_audience audience;
    struct sec_digest digest;
    FUZZ_STRICT(in, &command, sec_command_parse, sec_command_encode);
    if (sec_ok(sec_command_parse(in, &command)))
        judge(&command);
    FUZZ_STRICT(in, &admission, sec_admission_parse, sec_admission_encode);
    FUZZ_STRICT(in, &digest, sec_args_digest_parse, sec_args_digest_encode);
    if (sec_ok(sec_audience_parse(in, &audience))) {
        fuzz_check(sec_bytes_equal(audience.item, in));
        fuzz_check(audience.by_match || sec_audience_id_at(&audience, audience.count - 1).len == 32);
        (void)sec_audience_text_of(&audience, SEC_MATCH_TAG);
    }
    return 0;
}
