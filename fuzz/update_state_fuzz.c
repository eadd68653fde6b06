/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State and changes of the update room. The input is a sequence of items: a state, then changes that are folded into it. What
 * parses encodes to the same bytes, a refused change changes nothing, the floor never falls. The same
 * bytes are given as command arguments, settings and a release's texts.
 */
#include <securable/update.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct sec_bytes encoded(const struct sec_update *update, struct sec_room room)
{
    struct sec_wr wr = sec_wr(room);
    sec_update_encode(update, &wr);
    if (wr.bad)
        __builtin_trap();
    return sec_wr_done(&wr);
}

/* What the state writes it reads, and writes again alike. */
static void check_round_trip(const struct sec_update *update)
{
    uint8_t room[SEC_UPDATE_STATE_MAX_BYTES], again[SEC_UPDATE_STATE_MAX_BYTES];
    struct sec_update parsed;
    struct sec_bytes bytes = encoded(update, SEC_ROOM(room));
    if (!sec_ok(sec_update_parse(bytes, &parsed)) || !sec_bytes_equal(encoded(&parsed, SEC_ROOM(again)), bytes))
        __builtin_trap();
}

static void check_apply(struct sec_update *update, struct sec_bytes change)
{
    uint8_t room[SEC_UPDATE_STATE_MAX_BYTES], again[SEC_UPDATE_STATE_MAX_BYTES];
    struct sec_bytes before = encoded(update, SEC_ROOM(room));
    uint64_t floor = update->floor;
    sec_status status = sec_update_apply(update, change, 7);
    if (update->floor < floor)
        __builtin_trap();
    if (!sec_ok(status) && !sec_bytes_equal(encoded(update, SEC_ROOM(again)), before))
        __builtin_trap();
    check_round_trip(update);
}

/* A judge that answers OK has written a change that applies; any other has written none. */
static void check_verdict(const struct sec_update *update, sec_status status, const struct sec_wr *change,
                          const struct sec_wr *detail)
{
    struct sec_update next = *update;
    if (!sec_ok(status)) {
        if (change->len != 0 || sec_is(status, SEC_ROOM_FULL))
            __builtin_trap();
        return;
    }
    if (!sec_ok(sec_update_apply(&next, sec_wr_done(change), 7)) ||
        !sec_ok(sec_cbor_check(sec_wr_done(detail), SEC_CBOR_OURS)))
        __builtin_trap();
}

#define JUDGE(update, call)                                                                        \
    do {                                                                                           \
        struct sec_wr change = sec_wr(SEC_ROOM(change_room)), detail = sec_wr(SEC_ROOM(detail_room)); \
        sec_status judged = call;                                                                  \
        check_verdict(update, judged, &change, &detail);                                           \
    } while (0)

static void check_judges(const struct sec_update *update, struct sec_bytes rest)
{
    static uint8_t change_room[SEC_UPDATE_CHANGE_MAX_BYTES], detail_room[SEC_UPDATE_DETAIL_MAX_BYTES];
    const struct sec_digest command = {{1}};
    sec_status outcome;
    struct sec_update_facts facts = {.mode = (enum sec_update_mode)(rest.len % 3), .window = rest, .time_trusted = true};
    facts.confirm = rest.len % 2 ? SEC_UPDATE_CONFIRM_OPERATOR : SEC_UPDATE_CONFIRM_AUTOMATIC;
    struct sec_update_release release = {
        .statement = {{2}}, .sequence = update->floor + 1, .version = sec_bytes_part(rest, 0, 8), .description = rest};
    JUDGE(update, sec_update_judge_release(update, &facts, &release, &change, &detail));
    JUDGE(update, sec_update_judge_install(update, &facts, rest, &command, rest.len, &change, &detail));
    JUDGE(update, sec_update_judge_automatic(update, &facts, &change, &detail));
    JUDGE(update, sec_update_judge_confirm(update, rest, &change, &detail));
    JUDGE(update, sec_update_judge_revert(update, rest, &change, &detail));
    JUDGE(update, sec_update_judge_start(update, &change, &detail, &outcome));
    JUDGE(update, sec_update_judge_deadline(update, rest.len, &change, &detail, &outcome));
    JUDGE(update, sec_update_judge_tried(update, &facts, SEC_UPDATE_STAGE_HEALTH, sec_st(SEC_OK), &change, &detail, &outcome));
    JUDGE(update, sec_update_judge_tried(update, &facts, SEC_UPDATE_STAGE_INSTALL, sec_st(SEC_NOT_FOUND), &change, &detail,
                                         &outcome));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t room[SEC_UPDATE_STATE_MAX_BYTES];
    struct sec_bytes rest = sec_bytes(data, len);
    struct sec_update update;
    size_t first;
    (void)sec_update_window_check(rest);
    sec_update_init(&update);
    if (sec_ok(sec_cbor_check_first(rest, SEC_CBOR_FOREIGN, &first))) {
        struct sec_bytes state = sec_bytes_part(rest, 0, first);
        if (sec_ok(sec_update_parse(state, &update))) {
            if (!sec_bytes_equal(encoded(&update, SEC_ROOM(room)), state))
                __builtin_trap();
            rest = sec_bytes_part(rest, first, rest.len);
        }
    }
    check_judges(&update, rest);
    while (sec_ok(sec_cbor_check_first(rest, SEC_CBOR_FOREIGN, &first)) && first > 0) {
        check_apply(&update, sec_bytes_part(rest, 0, first));
        rest = sec_bytes_part(rest, first, rest.len);
        check_judges(&update, rest);
    }
    return 0;
}
