/* SPDX-License-Identifier: Apache-2.0 */
#include "strict.h"

#include <securable/sync.h>

static uint8_t room[2 * SEC_SYNC_MAX_BYTES], items[2 * SEC_SYNC_MAX_BYTES];
static const uint8_t zeros[SEC_SYNC_MAX_BYTES];
static const struct sec_digest some = {{1, 2, 3}};

static struct sec_bytes of(const struct sec_sync_request *request)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_sync_request_encode(request, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static struct sec_bytes of_answer(const struct sec_sync_answer *answer)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_sync_answer_encode(answer, &wr);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static sec_status parse_request(const struct sec_sync_request *request)
{
    struct sec_sync_request back;
    return sec_sync_request_parse(of(request), &back);
}

static sec_status parse_answer(const struct sec_sync_answer *answer)
{
    struct sec_sync_answer back;
    return sec_sync_answer_parse(of_answer(answer), &back);
}

static sec_status request_again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_sync_request request;
    SEC_TRY(sec_sync_request_parse(in, &request));
    sec_sync_request_encode(&request, wr);
    return sec_st(SEC_OK);
}

static sec_status answer_again(struct sec_bytes in, struct sec_wr *wr)
{
    struct sec_sync_answer answer;
    SEC_TRY(sec_sync_answer_parse(in, &answer));
    sec_sync_answer_encode(&answer, wr);
    return sec_st(SEC_OK);
}

/** `count` byte strings of `bytes` zeros. */
static struct sec_sync_list strings(size_t count, size_t bytes)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(items));
    for (size_t i = 0; i < count; i++)
        sec_sync_bytes_encode(sec_bytes(zeros, bytes), &wr);
    CHECK(!wr.bad);
    return (struct sec_sync_list){count, sec_wr_done(&wr)};
}

static struct sec_sync_list entries(size_t count, size_t header_bytes, size_t salt_bytes, bool disclosed)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(items));
    const struct sec_sync_entry entry = {sec_bytes(zeros, header_bytes), some, disclosed, sec_bytes(zeros, salt_bytes),
                                         SEC_LIT("content")};
    for (size_t i = 0; i < count; i++)
        sec_sync_entry_encode(&entry, &wr);
    CHECK(!wr.bad);
    return (struct sec_sync_list){count, sec_wr_done(&wr)};
}

static struct sec_sync_list verdicts(size_t count)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(items));
    const struct sec_sync_verdict verdict = {some, SEC_GENERATION_USED, SEC_LIT("receipt")};
    for (size_t i = 0; i < count; i++)
        sec_sync_verdict_encode(&verdict, &wr);
    CHECK(!wr.bad);
    return (struct sec_sync_list){count, sec_wr_done(&wr)};
}

static struct sec_sync_list deliveries(size_t count, size_t statement_bytes, size_t beside_bytes)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(items));
    const struct sec_sync_delivery delivery = {.statement = sec_bytes(zeros, statement_bytes),
                                               .beside = sec_bytes(zeros, beside_bytes),
                                               .has_payload = true,
                                               .payload = some,
                                               .payload_bytes = 70000};
    for (size_t i = 0; i < count; i++)
        sec_sync_delivery_encode(&delivery, &wr);
    CHECK(!wr.bad);
    return (struct sec_sync_list){count, sec_wr_done(&wr)};
}

static struct sec_sync_request full_request(void)
{
    static uint8_t rooms[3][512];
    struct sec_wr wr = sec_wr(SEC_ROOM(rooms[0]));
    const struct sec_sync_entry plain = {SEC_LIT("header 7"), some, false, {NULL, 0}, {NULL, 0}};
    const struct sec_sync_entry told = {SEC_LIT("header 8"), some, true, sec_bytes(zeros, 32), SEC_LIT("content")};
    sec_sync_entry_encode(&plain, &wr);
    sec_sync_entry_encode(&told, &wr);
    struct sec_sync_request request = {.wait_s = 60, .has_known = true, .known = some, .head = SEC_LIT("head"), .entries_first = 7};
    request.entries = (struct sec_sync_list){2, sec_wr_done(&wr)};
    const struct sec_sync_verdict verdict = {some, SEC_OK, SEC_LIT("receipt")};
    const struct sec_sync_verdict refused = {some, SEC_UNKNOWN_KEY, {NULL, 0}};
    wr = sec_wr(SEC_ROOM(rooms[1]));
    sec_sync_verdict_encode(&verdict, &wr);
    sec_sync_verdict_encode(&refused, &wr);
    request.verdicts = (struct sec_sync_list){2, sec_wr_done(&wr)};
    wr = sec_wr(SEC_ROOM(rooms[2]));
    sec_sync_bytes_encode(SEC_LIT("report"), &wr);
    request.reports = (struct sec_sync_list){1, sec_wr_done(&wr)};
    return request;
}

static struct sec_sync_answer full_answer(void)
{
    static uint8_t rooms[2][512];
    struct sec_sync_answer answer = {.has_head = true, .size = 9, .root = some, .away_s = 5, .again = true};
    const struct sec_sync_delivery command = {.statement = SEC_LIT("command"), .beside = SEC_LIT("beside")};
    const struct sec_sync_delivery release = {
        .statement = SEC_LIT("release"), .has_payload = true, .payload = some, .payload_bytes = 70000};
    struct sec_wr wr = sec_wr(SEC_ROOM(rooms[0]));
    sec_sync_delivery_encode(&command, &wr);
    sec_sync_delivery_encode(&release, &wr);
    answer.deliveries = (struct sec_sync_list){2, sec_wr_done(&wr)};
    wr = sec_wr(SEC_ROOM(rooms[1]));
    sec_sync_bytes_encode(SEC_LIT("nonce-01"), &wr);
    answer.nonces = (struct sec_sync_list){1, sec_wr_done(&wr)};
    return answer;
}

static void a_request_has_its_golden_bytes_and_is_strict(void)
{
    static uint8_t kept[4096];
    struct sec_sync_request request = full_request(), idle = {.wait_s = 60};
    struct sec_bytes bytes = of(&request);
    sec_copy(kept, bytes.data, bytes.len);
    golden_check("sync-request", bytes);
    CHECK(strict_check(sec_bytes(kept, bytes.len), request_again) > 0);
    bytes = of(&idle);
    sec_copy(kept, bytes.data, bytes.len);
    golden_check("sync-request-idle", bytes);
    (void)strict_check(sec_bytes(kept, bytes.len), request_again);
}

static void an_answer_has_its_golden_bytes_and_is_strict(void)
{
    static uint8_t kept[4096];
    struct sec_sync_answer answer = full_answer(), idle = {0};
    struct sec_bytes bytes = of_answer(&answer);
    sec_copy(kept, bytes.data, bytes.len);
    golden_check("sync-answer", bytes);
    CHECK(strict_check(sec_bytes(kept, bytes.len), answer_again) > 0);
    bytes = of_answer(&idle);
    sec_copy(kept, bytes.data, bytes.len);
    golden_check("sync-answer-idle", bytes);
    (void)strict_check(sec_bytes(kept, bytes.len), answer_again);
}

static void a_request_is_read_as_it_was_written(void)
{
    struct sec_sync_request request = full_request(), back;
    struct sec_sync_entry entry;
    struct sec_sync_verdict verdict;
    struct sec_bytes report;
    CHECK_OK(sec_sync_request_parse(of(&request), &back));
    CHECK_INT(back.wait_s, 60);
    CHECK(back.has_known && sec_digest_equal(&back.known, &some));
    CHECK_BYTES(back.head, SEC_LIT("head"));
    CHECK_INT(back.entries_first, 7);
    CHECK(sec_sync_entry_next(&back.entries, &entry) && !entry.disclosed);
    CHECK_BYTES(entry.header, SEC_LIT("header 7"));
    CHECK(sec_sync_entry_next(&back.entries, &entry) && entry.disclosed);
    CHECK_BYTES(entry.content, SEC_LIT("content"));
    CHECK(!sec_sync_entry_next(&back.entries, &entry));
    CHECK(sec_sync_verdict_next(&back.verdicts, &verdict) && verdict.code == SEC_OK);
    CHECK_BYTES(verdict.receipt, SEC_LIT("receipt"));
    CHECK(sec_sync_verdict_next(&back.verdicts, &verdict) && verdict.code == SEC_UNKNOWN_KEY && verdict.receipt.len == 0);
    CHECK(!sec_sync_verdict_next(&back.verdicts, &verdict));
    CHECK(sec_sync_bytes_next(&back.reports, &report));
    CHECK_BYTES(report, SEC_LIT("report"));
    CHECK(!sec_sync_bytes_next(&back.reports, &report));
}

static void an_answer_is_read_as_it_was_written(void)
{
    struct sec_sync_answer answer = full_answer(), back;
    struct sec_sync_delivery delivery;
    struct sec_bytes nonce;
    CHECK_OK(sec_sync_answer_parse(of_answer(&answer), &back));
    CHECK(back.has_head && back.size == 9 && back.away_s == 5 && back.again);
    CHECK(sec_sync_delivery_next(&back.deliveries, &delivery) && !delivery.has_payload);
    CHECK_BYTES(delivery.beside, SEC_LIT("beside"));
    CHECK(sec_sync_delivery_next(&back.deliveries, &delivery) && delivery.has_payload && delivery.beside.len == 0);
    CHECK_INT(delivery.payload_bytes, 70000);
    CHECK(!sec_sync_delivery_next(&back.deliveries, &delivery));
    CHECK(sec_sync_bytes_next(&back.nonces, &nonce));
    CHECK_BYTES(nonce, SEC_LIT("nonce-01"));
}

static void times_have_their_bounds(void)
{
    struct sec_sync_request request = {.wait_s = SEC_SYNC_WAIT_MAX_S};
    struct sec_sync_answer answer = {.away_s = SEC_SYNC_AWAY_MAX_S};
    CHECK_OK(parse_request(&request));
    request.wait_s++;
    CHECK_STATUS(parse_request(&request), SEC_BAD_VALUE);
    CHECK_OK(parse_answer(&answer));
    answer.away_s++;
    CHECK_STATUS(parse_answer(&answer), SEC_BAD_VALUE);
}

static void heads_reports_and_nonces_have_their_lengths(void)
{
    struct sec_sync_request request = {.head = sec_bytes(zeros, SEC_STATEMENT_MAX_BYTES)};
    struct sec_sync_answer answer = {0};
    CHECK_OK(parse_request(&request));
    request.head.len++;
    CHECK_STATUS(parse_request(&request), SEC_TOO_LARGE);
    request = (struct sec_sync_request){.reports = strings(1, SEC_STATEMENT_MAX_BYTES)};
    CHECK_OK(parse_request(&request));
    request.reports = strings(1, SEC_STATEMENT_MAX_BYTES + 1);
    CHECK_STATUS(parse_request(&request), SEC_TOO_LARGE);
    request.reports = strings(1, 0);
    CHECK_STATUS(parse_request(&request), SEC_BAD_VALUE);
    answer.nonces = strings(1, SEC_SYNC_NONCE_MAX_BYTES);
    CHECK_OK(parse_answer(&answer));
    answer.nonces = strings(1, SEC_SYNC_NONCE_MAX_BYTES + 1);
    CHECK_STATUS(parse_answer(&answer), SEC_TOO_LARGE);
    answer.nonces = strings(1, SEC_SYNC_NONCE_MIN_BYTES);
    CHECK_OK(parse_answer(&answer));
    answer.nonces = strings(1, SEC_SYNC_NONCE_MIN_BYTES - 1);
    CHECK_STATUS(parse_answer(&answer), SEC_BAD_VALUE);
}

static void entries_have_their_limits(void)
{
    struct sec_sync_request request = {.entries = entries(SEC_SYNC_ENTRIES_MAX_COUNT, 8, 0, false)};
    CHECK_OK(parse_request(&request));
    request.entries = entries(1, 0, 0, false);
    CHECK_STATUS(parse_request(&request), SEC_BAD_VALUE);
    request.entries = entries(1, SEC_RECORD_MAX_BYTES + 1, 0, false);
    CHECK_STATUS(parse_request(&request), SEC_TOO_LARGE);
    request.entries = entries(1, 8, 32, true);
    CHECK_OK(parse_request(&request));
    request.entries = entries(1, 8, 31, true);
    CHECK_STATUS(parse_request(&request), SEC_BAD_VALUE);
    request.entries = entries(1, 8, 33, true);
    CHECK_STATUS(parse_request(&request), SEC_TOO_LARGE);
}

static void deliveries_have_their_limits(void)
{
    struct sec_sync_answer answer = {.deliveries = deliveries(SEC_SYNC_DELIVERIES_MAX_COUNT, 9, 9)};
    CHECK_OK(parse_answer(&answer));
    answer.deliveries = deliveries(1, SEC_STATEMENT_MAX_BYTES, SEC_SYNC_BESIDE_MAX_BYTES);
    CHECK_OK(parse_answer(&answer));
    answer.deliveries = deliveries(1, SEC_STATEMENT_MAX_BYTES + 1, 0);
    CHECK_STATUS(parse_answer(&answer), SEC_TOO_LARGE);
    answer.deliveries = deliveries(1, 9, SEC_SYNC_BESIDE_MAX_BYTES + 1);
    CHECK_STATUS(parse_answer(&answer), SEC_TOO_LARGE);
    answer.deliveries = deliveries(1, 0, 9);
    CHECK_STATUS(parse_answer(&answer), SEC_BAD_VALUE);
}

/** A body with one list of `count` elements, written past the encoder's own check. */
static struct sec_bytes listed(unsigned member, size_t count, struct sec_bytes elements)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_cbor_put_map(&wr, 4);
    sec_cbor_put_uint(&wr, 0);
    sec_cbor_put_uint(&wr, SEC_SYNC_FORMAT);
    sec_cbor_put_uint(&wr, 1);
    if (member == 0)
        sec_cbor_put_null(&wr);
    else
        sec_cbor_put_uint(&wr, 0);
    sec_cbor_put_uint(&wr, 2);
    if (member == 0)
        sec_cbor_put_uint(&wr, 0);
    else
        sec_cbor_put_null(&wr);
    sec_cbor_put_uint(&wr, member == 0 ? 3 : member);
    if (member == 4) {
        sec_cbor_put_array(&wr, 2);
        sec_cbor_put_uint(&wr, 0);
    }
    sec_cbor_put_array(&wr, count);
    sec_wr_bytes(&wr, elements);
    CHECK(!wr.bad);
    return sec_wr_done(&wr);
}

static void one_element_too_many_is_refused_by_both_sides(void)
{
    struct sec_sync_request request = {0}, back;
    struct sec_sync_answer answer = {0}, answered;
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    request.entries = entries(SEC_SYNC_ENTRIES_MAX_COUNT + 1, 8, 0, false);
    sec_sync_request_encode(&request, &wr);
    CHECK(wr.bad);
    CHECK_STATUS(sec_sync_request_parse(listed(4, request.entries.count, request.entries.items), &back), SEC_TOO_LARGE);
    request.verdicts = verdicts(SEC_SYNC_VERDICTS_MAX_COUNT + 1);
    CHECK_STATUS(sec_sync_request_parse(listed(5, request.verdicts.count, request.verdicts.items), &back), SEC_TOO_LARGE);
    request.reports = strings(SEC_SYNC_NONCES_MAX_COUNT + 1, 8);
    CHECK_STATUS(sec_sync_request_parse(listed(6, request.reports.count, request.reports.items), &back), SEC_TOO_LARGE);
    answer.deliveries = deliveries(SEC_SYNC_DELIVERIES_MAX_COUNT + 1, 9, 9);
    CHECK_STATUS(sec_sync_answer_parse(listed(0, answer.deliveries.count, answer.deliveries.items), &answered), SEC_TOO_LARGE);
    wr = sec_wr(SEC_ROOM(room));
    sec_sync_answer_encode(&answer, &wr);
    CHECK(wr.bad);
}

static void an_empty_list_is_left_out(void)
{
    struct sec_sync_request back;
    for (unsigned member = 4; member <= 6; member++)
        CHECK_STATUS(sec_sync_request_parse(listed(member, 0, (struct sec_bytes){NULL, 0}), &back), SEC_BAD_VALUE);
}

static void a_body_has_its_length(void)
{
    struct sec_sync_request request = {.reports = strings(4, SEC_STATEMENT_MAX_BYTES - 64)}, back;
    struct sec_bytes bytes = of(&request);
    CHECK(bytes.len <= SEC_SYNC_MAX_BYTES);
    CHECK_OK(sec_sync_request_parse(bytes, &back));
    request.reports = strings(4, SEC_STATEMENT_MAX_BYTES);
    bytes = of(&request);
    CHECK(bytes.len > SEC_SYNC_MAX_BYTES);
    CHECK_STATUS(sec_sync_request_parse(bytes, &back), SEC_TOO_LARGE);
}

static void members_are_known_and_there(void)
{
    struct sec_sync_request back;
    struct sec_sync_answer answer;
    static const uint8_t no_known[] = {0xa2, 0x00, 0x01, 0x01, 0x00};
    static const uint8_t other_format[] = {0xa3, 0x00, 0x02, 0x01, 0x00, 0x02, 0xf6};
    static const uint8_t foreign[] = {0xa4, 0x00, 0x01, 0x01, 0x00, 0x02, 0xf6, 0x07, 0x00};
    static const uint8_t not_again[] = {0xa4, 0x00, 0x01, 0x01, 0xf6, 0x02, 0x00, 0x05, 0xf4};
    static const uint8_t text[] = {0xa3, 0x00, 0x01, 0x01, 0x61, 0x30, 0x02, 0xf6};
    CHECK_STATUS(sec_sync_request_parse(SEC_BYTES(no_known), &back), SEC_MISSING_FIELD);
    CHECK_STATUS(sec_sync_request_parse(SEC_BYTES(other_format), &back), SEC_UNKNOWN_FORMAT);
    CHECK_STATUS(sec_sync_request_parse(SEC_BYTES(foreign), &back), SEC_UNKNOWN_FIELD);
    CHECK_STATUS(sec_sync_request_parse(SEC_BYTES(text), &back), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(sec_sync_answer_parse(SEC_BYTES(not_again), &answer), SEC_BAD_VALUE);
}

static const struct test tests[] = {
    TEST(a_request_has_its_golden_bytes_and_is_strict),
    TEST(an_answer_has_its_golden_bytes_and_is_strict),
    TEST(a_request_is_read_as_it_was_written),
    TEST(an_answer_is_read_as_it_was_written),
    TEST(times_have_their_bounds),
    TEST(heads_reports_and_nonces_have_their_lengths),
    TEST(entries_have_their_limits),
    TEST(deliveries_have_their_limits),
    TEST(one_element_too_many_is_refused_by_both_sides),
    TEST(an_empty_list_is_left_out),
    TEST(a_body_has_its_length),
    TEST(members_are_known_and_there),
};
TEST_MAIN(tests)
