/* SPDX-License-Identifier: Apache-2.0 */
#include "door_api.h"

#define NONCE_MIN_BYTES 8u
#define NONCE_MAX_BYTES 64u

/* How the members 1 and 2 of a request look. */
enum shape {
    SHAPE_NONE,
    SHAPE_BSTR,
    SHAPE_TSTR,
    SHAPE_MAP,
    SHAPE_UINT,
};

struct request_rule {
    enum door_kind kind;
    enum shape a;
    size_t a_min;
    size_t a_max;
    enum shape b;
    size_t b_max;
    bool b_may_miss;
};

static const struct request_rule request_rules[] = {
    {DOOR_SUBMIT, SHAPE_BSTR, 1, SEC_STATEMENT_MAX_BYTES, SHAPE_BSTR, DOOR_BESIDE_MAX_BYTES, true},
    {DOOR_REPORT, SHAPE_BSTR, NONCE_MIN_BYTES, NONCE_MAX_BYTES, SHAPE_NONE, 0, false},
    {DOOR_EVENT, SHAPE_MAP, 1, SEC_EVENT_MAX_BYTES, SHAPE_NONE, 0, false},
    {DOOR_SECRET_PUT, SHAPE_TSTR, 1, DOOR_NAME_MAX_BYTES, SHAPE_BSTR, SEC_SECRET_MAX_BYTES, false},
    {DOOR_SECRET_GET, SHAPE_TSTR, 1, DOOR_NAME_MAX_BYTES, SHAPE_NONE, 0, false},
    {DOOR_SECRET_DELETE, SHAPE_TSTR, 1, DOOR_NAME_MAX_BYTES, SHAPE_NONE, 0, false},
    {DOOR_SETTINGS, SHAPE_NONE, 0, 0, SHAPE_NONE, 0, false},
    {DOOR_LOG_READ, SHAPE_UINT, 0, 0, SHAPE_NONE, 0, false},
    {DOOR_STATUS, SHAPE_NONE, 0, 0, SHAPE_NONE, 0, false},
    {DOOR_SUBSCRIBE, SHAPE_NONE, 0, 0, SHAPE_NONE, 0, false},
};

static const struct request_rule *request_rule_of(unsigned kind)
{
    for (size_t i = 0; i < sizeof request_rules / sizeof request_rules[0]; i++) {
        if ((unsigned)request_rules[i].kind == kind)
            return &request_rules[i];
    }
    return NULL;
}

const char *door_kind_word(unsigned kind)
{
    switch (kind) {
#define DOOR_WORD(name, number, word)                                                                                  \
    case number:                                                                                                       \
        return word;
        DOOR_REQUEST_TABLE(DOOR_WORD)
#undef DOOR_WORD
    case DOOR_ANSWER:
        return "answer";
    case DOOR_NOTICE:
        return "notice";
    default:
        return "unknown";
    }
}

void door_header_encode(unsigned kind, size_t body_bytes, struct sec_wr *wr)
{
    sec_wr_u8(wr, DOOR_API_VERSION);
    sec_wr_u8(wr, (uint8_t)kind);
    sec_wr_u16(wr, 0);
    sec_wr_u32(wr, (uint32_t)body_bytes);
}

sec_status door_header_parse(struct sec_bytes header, size_t max, unsigned *ret_kind, size_t *ret_body_bytes)
{
    struct sec_rd rd = sec_rd(header);
    uint8_t version = sec_rd_u8(&rd);
    uint8_t kind = sec_rd_u8(&rd);
    uint16_t reserved = sec_rd_u16(&rd);
    uint32_t length = sec_rd_u32(&rd);
    SEC_TRY(sec_rd_end(&rd));
    if (version != DOOR_API_VERSION)
        return sec_st(SEC_UNKNOWN_FORMAT);
    if (reserved != 0)
        return sec_st(SEC_BAD_VALUE);
    if (length > max)
        return sec_st(SEC_TOO_LARGE);
    *ret_kind = kind;
    *ret_body_bytes = length;
    return sec_st(SEC_OK);
}

static void put_member(struct sec_wr *wr, unsigned key, enum shape shape, struct sec_bytes bytes, uint64_t from)
{
    if (shape == SHAPE_NONE)
        return;
    sec_cbor_put_uint(wr, key);
    if (shape == SHAPE_BSTR)
        sec_cbor_put_bstr(wr, bytes);
    else if (shape == SHAPE_TSTR)
        sec_cbor_put_tstr(wr, bytes);
    else if (shape == SHAPE_MAP)
        sec_wr_bytes(wr, bytes);
    else
        sec_cbor_put_uint(wr, from);
}

sec_status door_request_encode(const struct door_request *request, struct sec_wr *wr)
{
    const struct request_rule *rule = request_rule_of((unsigned)request->kind);
    if (!rule)
        return sec_st(SEC_BAD_ARGUMENT);
    enum shape b = rule->b_may_miss && request->b.len == 0 ? SHAPE_NONE : rule->b;
    sec_cbor_put_map(wr, (rule->a != SHAPE_NONE ? 1u : 0u) + (b != SHAPE_NONE ? 1u : 0u));
    put_member(wr, 1, rule->a, request->a, request->from);
    put_member(wr, 2, b, request->b, 0);
    return wr->bad ? sec_st(SEC_ROOM_FULL) : sec_st(SEC_OK);
}

static struct sec_bytes read_member(struct sec_cbor *rd, enum shape shape, uint64_t *ret_from)
{
    switch (shape) {
    case SHAPE_BSTR:
        return sec_cbor_bstr(rd);
    case SHAPE_TSTR:
        return sec_cbor_tstr(rd);
    case SHAPE_MAP:
        if (sec_cbor_peek(rd) != SEC_CBOR_MAP)
            sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
        return sec_cbor_item(rd);
    case SHAPE_UINT:
        *ret_from = sec_cbor_uint(rd);
        break;
    case SHAPE_NONE:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        break;
    }
    return sec_bytes(NULL, 0);
}

static sec_status check_members(const struct request_rule *rule, const struct door_request *request, bool has_a, bool has_b)
{
    if ((rule->a != SHAPE_NONE && !has_a) || (rule->b != SHAPE_NONE && !has_b && !rule->b_may_miss))
        return sec_st(SEC_MISSING_FIELD);
    if (request->a.len > rule->a_max || request->b.len > rule->b_max)
        return sec_st(SEC_TOO_LARGE);
    return request->a.len < rule->a_min ? sec_st(SEC_BAD_VALUE) : sec_st(SEC_OK);
}

sec_status door_request_parse(unsigned kind, struct sec_bytes body, struct door_request *ret_request)
{
    const struct request_rule *rule = request_rule_of(kind);
    if (!rule)
        return sec_st(SEC_WRONG_KIND);
    SEC_TRY(sec_cbor_check(body, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(body);
    struct door_request request = {.kind = rule->kind};
    bool has_a = false, has_b = false;
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    for (int64_t key; sec_cbor_map_next(&walk, &key);) {
        if (key == 1) {
            request.a = read_member(&rd, rule->a, &request.from);
            has_a = true;
        } else if (key == 2) {
            request.b = read_member(&rd, rule->b, &request.from);
            has_b = true;
        } else {
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        }
    }
    SEC_TRY(sec_cbor_end(&rd));
    SEC_TRY(check_members(rule, &request, has_a, has_b));
    *ret_request = request;
    return sec_st(SEC_OK);
}

static void answer_body(const struct door_answer *answer, struct sec_wr *wr)
{
    if (answer->kind == DOOR_NOTICE) {
        sec_cbor_put_map(wr, 1);
        sec_cbor_put_uint(wr, 1);
        sec_cbor_put_tstr(wr, answer->content);
        return;
    }
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, answer->code);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_bstr(wr, answer->content);
}

sec_status door_answer_encode(const struct door_answer *answer, struct sec_wr *wr)
{
    if (answer->content.len > DOOR_CONTENT_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    size_t start = wr->len;
    door_header_encode((unsigned)answer->kind, 0, wr);
    answer_body(answer, wr);
    if (wr->bad)
        return sec_st(SEC_ROOM_FULL);
    struct sec_wr header = sec_wr(sec_room(&wr->room.data[start], DOOR_HEADER_BYTES));
    door_header_encode((unsigned)answer->kind, wr->len - start - DOOR_HEADER_BYTES, &header);
    return sec_st(SEC_OK);
}

sec_status door_answer_parse(unsigned kind, struct sec_bytes body, struct door_answer *ret_answer)
{
    if (kind != DOOR_ANSWER && kind != DOOR_NOTICE)
        return sec_st(SEC_WRONG_KIND);
    SEC_TRY(sec_cbor_check(body, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(body);
    struct door_answer answer = {.kind = (enum door_kind)kind};
    size_t members = sec_cbor_map(&rd);
    if (members != (kind == DOOR_ANSWER ? 2u : 1u) || sec_cbor_uint(&rd) != 1)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
    if (kind == DOOR_NOTICE) {
        answer.content = sec_cbor_tstr(&rd);
    } else {
        uint64_t code = sec_cbor_uint(&rd);
        if (code > UINT16_MAX)
            sec_cbor_fail(&rd, SEC_BAD_VALUE);
        answer.code = (uint16_t)code;
        if (sec_cbor_uint(&rd) != 2)
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        answer.content = sec_cbor_bstr(&rd);
    }
    SEC_TRY(sec_cbor_end(&rd));
    *ret_answer = answer;
    return sec_st(SEC_OK);
}
