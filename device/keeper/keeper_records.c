/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_records.h"

const char *keeper_sort_word(uint64_t sort)
{
    static const char *const words[] = {"unknown",  "start",  "decision", "outcome", "event", "observation",
                                        "refusals", "unknown", "internal", "stop"};
    return words[sort < sizeof words / sizeof words[0] ? sort : 0];
}

const char *keeper_reason_word(uint64_t reason)
{
    static const char *const words[] = {"unknown",       "secret-put",      "secret-delete",
                                        "confirm-missed", "confirm-missed-at-start", "trial-resumed",
                                        "automatic-update", "effect-resumed", "resealed", "secret-moved",
                                        "uptime", "restricted", "recovered", "presence"};
    return words[reason < sizeof words / sizeof words[0] ? reason : 0];
}

/* --- writing ---------------------------------------------------------------------------------------------- */

static void put_head(struct sec_wr *wr, size_t pairs, uint64_t sort)
{
    sec_cbor_put_map(wr, pairs);
    sec_cbor_put_int(wr, 0);
    sec_cbor_put_uint(wr, sort);
}

static void put_uint(struct sec_wr *wr, int64_t key, uint64_t value)
{
    sec_cbor_put_int(wr, key);
    sec_cbor_put_uint(wr, value);
}

static void put_time(struct sec_wr *wr, int64_t key, int64_t time_s)
{
    sec_cbor_put_int(wr, key);
    sec_cbor_put_int(wr, time_s);
}

static void put_text(struct sec_wr *wr, int64_t key, struct sec_bytes text)
{
    sec_cbor_put_int(wr, key);
    sec_cbor_put_tstr(wr, text);
}

static void put_bstr(struct sec_wr *wr, int64_t key, struct sec_bytes bytes)
{
    sec_cbor_put_int(wr, key);
    sec_cbor_put_bstr(wr, bytes);
}

/** An encoded item as it stands; an empty array when there is none. */
static void put_item(struct sec_wr *wr, int64_t key, struct sec_bytes item)
{
    sec_cbor_put_int(wr, key);
    if (item.len)
        sec_wr_bytes(wr, item);
    else
        sec_cbor_put_array(wr, 0);
}

static void put_start(const struct keeper_record *r, struct sec_wr *wr)
{
    put_head(wr, 4u + (r->repaired ? 1u : 0u) + (r->destroyed.len ? 1u : 0u), KEEPER_START);
    put_text(wr, 1, r->version);
    put_time(wr, 2, r->time_s);
    put_text(wr, 3, r->confinement);
    if (r->repaired) {
        sec_cbor_put_int(wr, 4);
        sec_cbor_put_array(wr, 4);
        sec_cbor_put_uint(wr, r->cut_bytes);
        sec_cbor_put_bstr(wr, sec_digest_bytes(&r->cut_digest));
        sec_cbor_put_uint(wr, r->kept_count);
        sec_cbor_put_uint(wr, r->dropped_count);
    }
    if (r->destroyed.len)
        put_item(wr, 5, r->destroyed);
}

static void put_role(struct sec_wr *wr, int64_t key, const struct keeper_record *r)
{
    sec_cbor_put_int(wr, key);
    if (r->has_role)
        sec_cbor_put_uint(wr, r->role);
    else
        sec_cbor_put_null(wr);
}

static void put_decision(const struct keeper_record *r, struct sec_wr *wr)
{
    put_head(wr, 11u + (r->detail.len ? 1u : 0u) + (r->topic ? 1u : 0u), KEEPER_DECISION);
    put_bstr(wr, 1, sec_digest_bytes(&r->digest));
    put_uint(wr, 2, r->kind);
    put_bstr(wr, 3, SEC_BYTES(r->kid.b));
    put_text(wr, 4, r->signer);
    put_role(wr, 5, r);
    put_uint(wr, 6, r->code);
    put_item(wr, 7, r->changes);
    if (r->detail.len)
        put_bstr(wr, 8, r->detail);
    put_time(wr, 9, r->time_s);
    sec_cbor_put_int(wr, 10);
    sec_cbor_put_bool(wr, r->trusted);
    sec_cbor_put_int(wr, 11);
    sec_cbor_put_bool(wr, r->intended);
    if (r->topic) {
        sec_cbor_put_int(wr, 12);
        sec_cbor_put_array(wr, 3);
        sec_cbor_put_uint(wr, r->topic);
        sec_cbor_put_uint(wr, r->generation);
        sec_cbor_put_uint(wr, r->action);
    }
}

static void put_outcome(const struct keeper_record *r, struct sec_wr *wr)
{
    put_head(wr, 7u + (r->detail.len ? 1u : 0u) + (r->has_origin ? 5u : 0u), KEEPER_OUTCOME);
    put_uint(wr, 1, r->index);
    put_uint(wr, 2, r->code);
    put_item(wr, 3, r->changes);
    if (r->detail.len)
        put_bstr(wr, 4, r->detail);
    put_time(wr, 5, r->time_s);
    put_bstr(wr, 6, sec_digest_bytes(&r->digest));
    put_uint(wr, 7, r->action);
    if (!r->has_origin)
        return;
    put_bstr(wr, 8, SEC_BYTES(r->kid.b));
    put_text(wr, 9, r->signer);
    put_role(wr, 10, r);
    sec_cbor_put_int(wr, 11);
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_uint(wr, r->topic);
    sec_cbor_put_uint(wr, r->generation);
    put_bstr(wr, 12, r->intended_detail);
}

static void put_event(const struct keeper_record *r, struct sec_wr *wr)
{
    put_head(wr, 6, KEEPER_EVENT);
    put_text(wr, 1, r->name);
    put_uint(wr, 2, r->uid);
    put_time(wr, 3, r->time_s);
    put_uint(wr, 4, r->steady_ms);
    put_item(wr, 5, r->content);
}

static void put_internal(const struct keeper_record *r, struct sec_wr *wr)
{
    put_head(wr, 5u + (r->detail.len ? 1u : 0u), KEEPER_INTERNAL);
    put_uint(wr, 1, r->reason);
    put_item(wr, 2, r->changes);
    if (r->detail.len)
        put_bstr(wr, 3, r->detail);
    put_time(wr, 4, r->time_s);
    put_uint(wr, 5, r->code);
}

void keeper_record_encode(const struct keeper_record *r, struct sec_wr *wr)
{
    switch (r->sort) {
    case KEEPER_START:
        put_start(r, wr);
        break;
    case KEEPER_DECISION:
        put_decision(r, wr);
        break;
    case KEEPER_OUTCOME:
        put_outcome(r, wr);
        break;
    case KEEPER_EVENT:
        put_event(r, wr);
        break;
    case KEEPER_OBSERVATION:
        put_head(wr, 3, KEEPER_OBSERVATION);
        put_time(wr, 1, r->time_s);
        put_item(wr, 2, r->content);
        break;
    case KEEPER_REFUSALS:
        put_head(wr, 3, KEEPER_REFUSALS);
        put_item(wr, 1, r->refusals);
        put_time(wr, 2, r->time_s);
        break;
    case KEEPER_INTERNAL:
        put_internal(r, wr);
        break;
    case KEEPER_STOP:
        put_head(wr, 2, KEEPER_STOP);
        put_time(wr, 1, r->time_s);
        break;
    default:
        wr->bad = true;
    }
}

/* --- reading ---------------------------------------------------------------------------------------------- */

/** An item that must be of one type; it is looked at by whoever needs it. */
static struct sec_bytes read_item(struct sec_cbor *rd, enum sec_cbor_type type)
{
    if (sec_cbor_peek(rd) != type)
        sec_cbor_fail(rd, SEC_UNEXPECTED_TYPE);
    return sec_cbor_item(rd);
}

/** A detail is left out rather than empty. */
static struct sec_bytes read_detail(struct sec_cbor *rd)
{
    struct sec_bytes detail = sec_cbor_bstr(rd);
    if (detail.len == 0)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return detail;
}

static void read_repair(struct sec_cbor *rd, struct keeper_record *r)
{
    sec_cbor_array_of(rd, 4);
    r->repaired = true;
    r->cut_bytes = sec_cbor_uint(rd);
    sec_cbor_bstr_into(rd, SEC_ROOM(r->cut_digest.b));
    r->kept_count = sec_cbor_uint(rd);
    r->dropped_count = sec_cbor_uint(rd);
}

static void read_start(struct sec_cbor *rd, int64_t key, struct keeper_record *r)
{
    switch (key) {
    case 1:
        r->version = sec_cbor_tstr(rd);
        break;
    case 2:
        r->time_s = sec_cbor_int(rd);
        break;
    case 3:
        r->confinement = sec_cbor_tstr(rd);
        break;
    case 4:
        read_repair(rd, r);
        break;
    case 5:
        r->destroyed = read_item(rd, SEC_CBOR_ARRAY);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

static void read_role(struct sec_cbor *rd, struct keeper_record *r)
{
    r->has_role = !sec_cbor_is_null(rd);
    if (r->has_role)
        r->role = sec_cbor_uint(rd);
    else
        sec_cbor_null(rd);
}

/** The members of an outcome that repeat its decision. */
static void read_origin(struct sec_cbor *rd, int64_t key, struct keeper_record *r)
{
    switch (key) {
    case 8:
        r->has_origin = true;
        sec_cbor_bstr_into(rd, SEC_ROOM(r->kid.b));
        break;
    case 9:
        r->signer = sec_cbor_tstr(rd);
        break;
    case 10:
        read_role(rd, r);
        break;
    case 11:
        sec_cbor_array_of(rd, 2);
        r->topic = sec_cbor_uint(rd);
        r->generation = sec_cbor_uint(rd);
        break;
    case 12:
        r->intended_detail = sec_cbor_bstr(rd);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

static void read_command(struct sec_cbor *rd, struct keeper_record *r)
{
    sec_cbor_array_of(rd, 3);
    r->topic = sec_cbor_uint(rd);
    r->generation = sec_cbor_uint(rd);
    r->action = sec_cbor_uint(rd);
    if (r->topic == 0)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void read_decision(struct sec_cbor *rd, int64_t key, struct keeper_record *r)
{
    switch (key) {
    case 1:
        sec_cbor_bstr_into(rd, SEC_ROOM(r->digest.b));
        break;
    case 2:
        r->kind = sec_cbor_uint(rd);
        break;
    case 3:
        sec_cbor_bstr_into(rd, SEC_ROOM(r->kid.b));
        break;
    case 4:
        r->signer = sec_cbor_tstr(rd);
        break;
    case 5:
        read_role(rd, r);
        break;
    case 6:
        r->code = sec_cbor_uint(rd);
        break;
    case 7:
        r->changes = read_item(rd, SEC_CBOR_ARRAY);
        break;
    case 8:
        r->detail = read_detail(rd);
        break;
    case 9:
        r->time_s = sec_cbor_int(rd);
        break;
    case 10:
        r->trusted = sec_cbor_bool(rd);
        break;
    case 11:
        r->intended = sec_cbor_bool(rd);
        break;
    case 12:
        read_command(rd, r);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

static void read_outcome(struct sec_cbor *rd, int64_t key, struct keeper_record *r)
{
    switch (key) {
    case 1:
        r->index = sec_cbor_uint(rd);
        break;
    case 2:
        r->code = sec_cbor_uint(rd);
        break;
    case 3:
        r->changes = read_item(rd, SEC_CBOR_ARRAY);
        break;
    case 4:
        r->detail = read_detail(rd);
        break;
    case 5:
        r->time_s = sec_cbor_int(rd);
        break;
    case 6:
        sec_cbor_bstr_into(rd, SEC_ROOM(r->digest.b));
        break;
    case 7:
        r->action = sec_cbor_uint(rd);
        break;
    default:
        read_origin(rd, key, r);
    }
}

static void read_event(struct sec_cbor *rd, int64_t key, struct keeper_record *r)
{
    switch (key) {
    case 1:
        r->name = sec_cbor_tstr(rd);
        break;
    case 2:
        r->uid = sec_cbor_uint(rd);
        break;
    case 3:
        r->time_s = sec_cbor_int(rd);
        break;
    case 4:
        r->steady_ms = sec_cbor_uint(rd);
        break;
    case 5:
        r->content = read_item(rd, SEC_CBOR_MAP);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

static void read_internal(struct sec_cbor *rd, int64_t key, struct keeper_record *r)
{
    switch (key) {
    case 1:
        r->reason = sec_cbor_uint(rd);
        break;
    case 2:
        r->changes = read_item(rd, SEC_CBOR_ARRAY);
        break;
    case 3:
        r->detail = read_detail(rd);
        break;
    case 4:
        r->time_s = sec_cbor_int(rd);
        break;
    case 5:
        r->code = sec_cbor_uint(rd);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

/** The sorts with few members: observation, refusals, stop. */
static void read_small(struct sec_cbor *rd, int64_t key, struct keeper_record *r)
{
    uint64_t sort = r->sort;
    if ((sort == KEEPER_OBSERVATION || sort == KEEPER_STOP) && key == 1)
        r->time_s = sec_cbor_int(rd);
    else if (sort == KEEPER_OBSERVATION && key == 2)
        r->content = read_item(rd, SEC_CBOR_MAP);
    else if (sort == KEEPER_REFUSALS && key == 1)
        r->refusals = read_item(rd, SEC_CBOR_ARRAY);
    else if (sort == KEEPER_REFUSALS && key == 2)
        r->time_s = sec_cbor_int(rd);
    else
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
}

static void read_member(struct sec_cbor *rd, int64_t key, struct keeper_record *r)
{
    switch (r->sort) {
    case KEEPER_START:
        read_start(rd, key, r);
        break;
    case KEEPER_DECISION:
        read_decision(rd, key, r);
        break;
    case KEEPER_OUTCOME:
        read_outcome(rd, key, r);
        break;
    case KEEPER_EVENT:
        read_event(rd, key, r);
        break;
    case KEEPER_INTERNAL:
        read_internal(rd, key, r);
        break;
    default:
        read_small(rd, key, r);
    }
}

/** Which members (bit n: key n) a sort must have. */
static unsigned required_members(uint64_t sort)
{
    static const unsigned members[] = {0, 0x0e, 0xefe, 0xee, 0x3e, 0x06, 0x06, 0, 0x36, 0x02};
    return members[sort];
}

sec_status keeper_record_parse(struct sec_bytes in, struct keeper_record *ret_record)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct keeper_record record = {0};
    struct sec_cbor rd = sec_cbor(in);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    int64_t key = -1;
    if (!sec_cbor_map_next(&walk, &key) || key != 0)
        sec_cbor_fail(&rd, SEC_MISSING_FIELD);
    record.sort = sec_cbor_uint(&rd);
    SEC_TRY(rd.status);
    if (record.sort < KEEPER_START || record.sort > KEEPER_STOP || record.sort == 7)
        return sec_st(SEC_UNSUPPORTED);
    unsigned seen = 0;
    while (sec_cbor_map_next(&walk, &key)) {
        read_member(&rd, key, &record);
        if (sec_ok(rd.status))
            seen |= 1u << key;
    }
    SEC_TRY(sec_cbor_end(&rd));
    if ((seen & required_members(record.sort)) != required_members(record.sort))
        return sec_st(SEC_MISSING_FIELD);
    /* An outcome repeats its decision whole or not at all. */
    if (record.sort == KEEPER_OUTCOME && (seen & 0x1f00u) != 0 && (seen & 0x1f00u) != 0x1f00u)
        return sec_st(SEC_MISSING_FIELD);
    *ret_record = record;
    return sec_st(SEC_OK);
}
