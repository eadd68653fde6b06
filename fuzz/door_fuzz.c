/* SPDX-License-Identifier: Apache-2.0 */
/* Frames at the door, as clients send them and as the client library reads answers. */
#include <door_api.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t room_b[DOOR_HEADER_BYTES + DOOR_ANSWER_MAX_BYTES];

/* Deterministic encoding: what was accepted is written the same. */
static void try_request(unsigned kind, struct sec_bytes body)
{
    struct door_request request;
    struct sec_wr wr = sec_wr(SEC_ROOM(room_b));
    if (!sec_ok(door_request_parse(kind, body, &request)))
        return;
    if (!sec_ok(door_request_encode(&request, &wr)))
        abort();
    /* An empty `beside` may be said or left out. */
    if (request.kind != DOOR_SUBMIT && !sec_bytes_equal(sec_wr_done(&wr), body))
        abort();
}

static void try_answer(unsigned kind, struct sec_bytes body)
{
    struct door_answer answer;
    struct sec_wr wr = sec_wr(SEC_ROOM(room_b));
    if (!sec_ok(door_answer_parse(kind, body, &answer)) || answer.content.len > DOOR_CONTENT_MAX_BYTES)
        return;
    if (!sec_ok(door_answer_encode(&answer, &wr)))
        abort();
    if (!sec_bytes_equal(sec_bytes_part(sec_wr_done(&wr), DOOR_HEADER_BYTES, wr.len), body))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    unsigned kind;
    size_t body_len;
    struct sec_bytes in = sec_bytes(data, len);
    if (!sec_ok(door_header_parse(sec_bytes_part(in, 0, DOOR_HEADER_BYTES), DOOR_ANSWER_MAX_BYTES, &kind, &body_len)))
        return 0;
    struct sec_bytes body = sec_bytes_part(in, DOOR_HEADER_BYTES, body_len);
    try_request(kind, body);
    try_answer(kind, body);
    return 0;
}
