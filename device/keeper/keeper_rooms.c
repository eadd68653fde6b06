/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_rooms.h"

enum product_change {
    PRODUCT_PENDING = 1,
    PRODUCT_PROMOTE = 2,
};
enum intent_change {
    INTENT_BEGIN = 1,
    INTENT_END = 2,
};

static sec_status statement_set(struct keeper_statement *to, struct sec_bytes from)
{
    if (!sec_bytes_copy(SEC_ROOM(to->b), from))
        return sec_st(SEC_TOO_LARGE);
    to->len = (uint32_t)from.len;
    return sec_st(SEC_OK);
}

static struct sec_bytes statement_bytes(const struct keeper_statement *statement)
{
    return sec_bytes(statement->b, statement->len);
}

static void all_stale(struct keeper_rooms *rooms)
{
    for (size_t i = 0; i < KEEPER_ROOMS_COUNT; i++)
        rooms->stale[i] = true;
}

sec_status keeper_rooms_init(struct keeper_rooms *rooms, struct sec_bytes product)
{
    sec_zero(rooms, sizeof *rooms);
    sec_access_init(&rooms->access);
    sec_configuration_init(&rooms->configuration);
    sec_protection_init(&rooms->protection);
    sec_update_init(&rooms->update);
    all_stale(rooms);
    return statement_set(&rooms->product, product);
}

/* --- room product: [1, in force, pending / null] --------------------------------------------------------- */

static void product_encode(const struct keeper_rooms *rooms, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 3);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_bstr(wr, statement_bytes(&rooms->product));
    if (rooms->pending.len)
        sec_cbor_put_bstr(wr, statement_bytes(&rooms->pending));
    else
        sec_cbor_put_null(wr);
}

static sec_status product_parse(struct sec_bytes in, struct keeper_rooms *rooms)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    sec_cbor_array_of(&rd, 3);
    if (sec_cbor_uint(&rd) != 1)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FORMAT);
    struct sec_bytes product = sec_cbor_bstr(&rd);
    struct sec_bytes pending = {NULL, 0};
    if (sec_cbor_is_null(&rd))
        sec_cbor_null(&rd);
    else
        pending = sec_cbor_bstr(&rd);
    SEC_TRY(sec_cbor_end(&rd));
    SEC_TRY(statement_set(&rooms->product, product));
    return statement_set(&rooms->pending, pending);
}

static sec_status product_apply(struct keeper_rooms *rooms, struct sec_bytes change)
{
    SEC_TRY(sec_cbor_check(change, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(change);
    size_t pairs = sec_cbor_map(&rd);
    if (sec_cbor_int(&rd) != 1)
        sec_cbor_fail(&rd, SEC_MISSING_FIELD);
    uint64_t kind = sec_cbor_uint(&rd);
    struct sec_bytes statement = {NULL, 0};
    if (kind == PRODUCT_PENDING && pairs == 2 && sec_cbor_int(&rd) == 2)
        statement = sec_cbor_bstr(&rd);
    SEC_TRY(sec_cbor_end(&rd));
    if (kind == PRODUCT_PENDING && statement.len)
        return statement_set(&rooms->pending, statement);
    if (kind != PRODUCT_PROMOTE || rooms->pending.len == 0)
        return sec_st(SEC_BAD_VALUE);
    rooms->product = rooms->pending;
    rooms->pending.len = 0;
    return sec_st(SEC_OK);
}

void keeper_product_change_pending(struct sec_bytes statement, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_int(wr, 1);
    sec_cbor_put_uint(wr, PRODUCT_PENDING);
    sec_cbor_put_int(wr, 2);
    sec_cbor_put_bstr(wr, statement);
}

void keeper_product_change_promote(struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 1);
    sec_cbor_put_int(wr, 1);
    sec_cbor_put_uint(wr, PRODUCT_PROMOTE);
}

/* --- room keeper: [1, [index, action, digest] / null] ----------------------------------------------------- */

static void intent_encode(const struct keeper_intent *intent, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_uint(wr, 1);
    if (!intent->there) {
        sec_cbor_put_null(wr);
        return;
    }
    sec_cbor_put_array(wr, 3);
    sec_cbor_put_uint(wr, intent->index);
    sec_cbor_put_uint(wr, intent->action);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&intent->digest));
}

static sec_status intent_parse(struct sec_bytes in, struct keeper_intent *ret_intent)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct keeper_intent intent = {0};
    struct sec_cbor rd = sec_cbor(in);
    sec_cbor_array_of(&rd, 2);
    if (sec_cbor_uint(&rd) != 1)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FORMAT);
    if (sec_cbor_is_null(&rd)) {
        sec_cbor_null(&rd);
    } else {
        intent.there = true;
        sec_cbor_array_of(&rd, 3);
        intent.index = sec_cbor_uint(&rd);
        intent.action = sec_cbor_uint(&rd);
        sec_cbor_bstr_into(&rd, SEC_ROOM(intent.digest.b));
    }
    SEC_TRY(sec_cbor_end(&rd));
    *ret_intent = intent;
    return sec_st(SEC_OK);
}

static sec_status intent_apply(struct keeper_intent *intent, struct sec_bytes change, uint64_t index)
{
    SEC_TRY(sec_cbor_check(change, SEC_CBOR_OURS));
    struct keeper_intent next = {0};
    struct sec_cbor rd = sec_cbor(change);
    size_t pairs = sec_cbor_map(&rd);
    if (sec_cbor_int(&rd) != 1)
        sec_cbor_fail(&rd, SEC_MISSING_FIELD);
    uint64_t kind = sec_cbor_uint(&rd);
    if (kind == INTENT_BEGIN && pairs == 3) {
        next.there = true;
        next.index = index;
        if (sec_cbor_int(&rd) != 2)
            sec_cbor_fail(&rd, SEC_MISSING_FIELD);
        next.action = sec_cbor_uint(&rd);
        if (sec_cbor_int(&rd) != 3)
            sec_cbor_fail(&rd, SEC_MISSING_FIELD);
        sec_cbor_bstr_into(&rd, SEC_ROOM(next.digest.b));
    } else if (kind != INTENT_END || pairs != 1) {
        sec_cbor_fail(&rd, SEC_BAD_VALUE);
    }
    SEC_TRY(sec_cbor_end(&rd));
    *intent = next;
    return sec_st(SEC_OK);
}

void keeper_intent_change_begin(uint64_t action, const struct sec_digest *digest, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 3);
    sec_cbor_put_int(wr, 1);
    sec_cbor_put_uint(wr, INTENT_BEGIN);
    sec_cbor_put_int(wr, 2);
    sec_cbor_put_uint(wr, action);
    sec_cbor_put_int(wr, 3);
    sec_cbor_put_bstr(wr, sec_digest_bytes(digest));
}

void keeper_intent_change_end(struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 1);
    sec_cbor_put_int(wr, 1);
    sec_cbor_put_uint(wr, INTENT_END);
}

/* --- all rooms ---------------------------------------------------------------------------------------------- */

static void room_encode(const struct keeper_rooms *rooms, enum keeper_room room, struct sec_wr *wr)
{
    switch (room) {
    case KEEPER_ROOM_ACCESS:
        sec_access_encode(&rooms->access, wr);
        break;
    case KEEPER_ROOM_CONFIGURATION:
        sec_configuration_encode(&rooms->configuration, wr);
        break;
    case KEEPER_ROOM_PROTECTION:
        sec_protection_encode(&rooms->protection, wr);
        break;
    case KEEPER_ROOM_UPDATE:
        sec_update_encode(&rooms->update, wr);
        break;
    case KEEPER_ROOM_PRODUCT:
        product_encode(rooms, wr);
        break;
    case KEEPER_ROOM_KEEPER:
        intent_encode(&rooms->intent, wr);
        break;
    }
}

static sec_status room_parse(struct keeper_rooms *rooms, enum keeper_room room, struct sec_bytes in)
{
    switch (room) {
    case KEEPER_ROOM_ACCESS:
        return sec_access_parse(in, &rooms->access);
    case KEEPER_ROOM_CONFIGURATION:
        return sec_configuration_parse(in, &rooms->configuration);
    case KEEPER_ROOM_PROTECTION:
        return sec_protection_parse(in, &rooms->protection);
    case KEEPER_ROOM_UPDATE:
        return sec_update_parse(in, &rooms->update);
    case KEEPER_ROOM_PRODUCT:
        return product_parse(in, rooms);
    case KEEPER_ROOM_KEEPER:
        return intent_parse(in, &rooms->intent);
    }
    return sec_st(SEC_BAD_VALUE);
}

static sec_status room_apply(struct keeper_rooms *rooms, uint64_t room, struct sec_bytes change, uint64_t index)
{
    switch (room) {
    case KEEPER_ROOM_ACCESS:
        return sec_access_apply(&rooms->access, change, index);
    case KEEPER_ROOM_CONFIGURATION:
        return sec_configuration_apply(&rooms->configuration, change, index);
    case KEEPER_ROOM_PROTECTION:
        return sec_protection_apply(&rooms->protection, change, index);
    case KEEPER_ROOM_UPDATE:
        return sec_update_apply(&rooms->update, change, index);
    case KEEPER_ROOM_PRODUCT:
        return product_apply(rooms, change);
    case KEEPER_ROOM_KEEPER:
        return intent_apply(&rooms->intent, change, index);
    default:
        return sec_st(SEC_UNSUPPORTED);
    }
}

void keeper_rooms_encode(const struct keeper_rooms *rooms, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 1 + KEEPER_ROOMS_COUNT);
    sec_cbor_put_uint(wr, 1);
    for (unsigned room = 1; room <= KEEPER_ROOMS_COUNT; room++) {
        size_t mark = sec_cbor_put_bstr_begin(wr);
        room_encode(rooms, (enum keeper_room)room, wr);
        sec_cbor_put_bstr_end(wr, mark);
    }
}

sec_status keeper_rooms_parse(struct sec_bytes in, struct keeper_rooms *ret_rooms)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    sec_cbor_array_of(&rd, 1 + KEEPER_ROOMS_COUNT);
    if (sec_cbor_uint(&rd) != 1)
        sec_cbor_fail(&rd, SEC_UNKNOWN_FORMAT);
    for (unsigned room = 1; room <= KEEPER_ROOMS_COUNT && sec_ok(rd.status); room++) {
        struct sec_bytes state = sec_cbor_bstr(&rd);
        SEC_TRY(rd.status);
        SEC_TRY(room_parse(ret_rooms, (enum keeper_room)room, state));
    }
    all_stale(ret_rooms);
    return sec_cbor_end(&rd);
}

sec_status keeper_rooms_apply(struct keeper_rooms *rooms, struct sec_bytes changes, uint64_t index)
{
    struct sec_cbor rd = sec_cbor(changes);
    size_t count = sec_cbor_array(&rd);
    for (size_t i = 0; i < count && sec_ok(rd.status); i++) {
        sec_cbor_array_of(&rd, 2);
        uint64_t room = sec_cbor_uint(&rd);
        struct sec_bytes change = sec_cbor_bstr(&rd);
        SEC_TRY(rd.status);
        SEC_TRY(room_apply(rooms, room, change, index));
        rooms->stale[room - 1] = true;
    }
    return sec_cbor_end(&rd);
}

void keeper_rooms_survive(struct keeper_rooms *rooms)
{
    sec_access_survive(&rooms->access);
    sec_configuration_survive(&rooms->configuration);
    sec_protection_survive(&rooms->protection);
    sec_update_survive(&rooms->update);
    rooms->pending.len = 0;
    all_stale(rooms);
}

sec_status keeper_rooms_root(struct keeper_rooms *rooms, const struct sec_hasher *hasher, struct sec_room scratch,
                             struct sec_digest *ret_root)
{
    for (unsigned room = 1; room <= KEEPER_ROOMS_COUNT; room++) {
        if (!rooms->stale[room - 1])
            continue;
        struct sec_wr wr = sec_wr(scratch);
        struct sec_bytes encoded;
        room_encode(rooms, (enum keeper_room)room, &wr);
        SEC_TRY(sec_wr_end(&wr, &encoded));
        SEC_TRY(hasher->digest(hasher->ctx, &encoded, 1, &rooms->digests[room - 1]));
        rooms->stale[room - 1] = false;
    }
    struct sec_bytes all = SEC_BYTES(rooms->digests);
    return hasher->digest(hasher->ctx, &all, 1, ret_root);
}
