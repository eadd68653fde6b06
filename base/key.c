/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/key.h>

#include <string.h>

/* COSE_Key: labels, and the values that we know (RFC 9053, 7). */
enum {
    KEY_LABEL_KTY = 1,
    KEY_LABEL_CRV = -1,
    KEY_LABEL_X = -2,
    KEY_LABEL_Y = -3,
    KTY_OKP = 1,
    KTY_EC2 = 2,
    CRV_P256 = 1,
    CRV_ED25519 = 6,
    KEY_MAX_BYTES = 80,
};

bool sec_key_equal(const struct sec_public_key *a, const struct sec_public_key *b)
{
    if (a->type != b->type || memcmp(a->x, b->x, sizeof a->x) != 0)
        return false;
    return a->type == SEC_KEY_ED25519 || memcmp(a->y, b->y, sizeof a->y) == 0;
}

bool sec_key_id_equal(const struct sec_key_id *a, const struct sec_key_id *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

int64_t sec_key_alg(enum sec_key_type type)
{
    switch (type) {
    case SEC_KEY_P256:
        return SEC_ALG_ESP256;
    case SEC_KEY_ED25519:
        return SEC_ALG_ED25519;
    }
    return SEC_ALG_NONE;
}

bool sec_key_accepts(enum sec_key_type type, int64_t alg)
{
    switch (type) {
    case SEC_KEY_P256:
        return alg == SEC_ALG_ESP256 || alg == SEC_ALG_ES256;
    case SEC_KEY_ED25519:
        return alg == SEC_ALG_ED25519 || alg == SEC_ALG_EDDSA;
    }
    return false;
}

void sec_key_encode(const struct sec_public_key *key, struct sec_wr *wr)
{
    bool ec2 = key->type == SEC_KEY_P256;
    if (!ec2 && key->type != SEC_KEY_ED25519) {
        wr->bad = true;
        return;
    }
    sec_cbor_put_map(wr, ec2 ? 4 : 3);
    sec_cbor_put_int(wr, KEY_LABEL_KTY);
    sec_cbor_put_int(wr, ec2 ? KTY_EC2 : KTY_OKP);
    sec_cbor_put_int(wr, KEY_LABEL_CRV);
    sec_cbor_put_int(wr, ec2 ? CRV_P256 : CRV_ED25519);
    sec_cbor_put_int(wr, KEY_LABEL_X);
    sec_cbor_put_bstr(wr, SEC_BYTES(key->x));
    if (ec2) {
        sec_cbor_put_int(wr, KEY_LABEL_Y);
        sec_cbor_put_bstr(wr, SEC_BYTES(key->y));
    }
}

/* What a COSE_Key said; a member that was not there is 0. */
struct key_members {
    int64_t kty;
    int64_t crv;
    bool has_x;
    bool has_y;
};

static void read_once(struct sec_cbor *rd, int64_t *member, int64_t low, int64_t high)
{
    if (*member != 0)
        sec_cbor_fail(rd, SEC_DUPLICATE_KEY);
    *member = sec_cbor_int(rd);
    if (*member != low && *member != high)
        sec_cbor_fail(rd, SEC_UNSUPPORTED);
}

static void read_coordinate(struct sec_cbor *rd, bool *has, struct sec_room to)
{
    if (*has)
        sec_cbor_fail(rd, SEC_DUPLICATE_KEY);
    *has = true;
    sec_cbor_bstr_into(rd, to);
}

static void check_members(struct sec_cbor *rd, const struct key_members *members, struct sec_public_key *key)
{
    if (members->kty == 0 || members->crv == 0 || !members->has_x)
        sec_cbor_fail(rd, SEC_MISSING_FIELD);
    if (members->kty == KTY_EC2 && members->crv == CRV_P256) {
        key->type = SEC_KEY_P256;
        if (!members->has_y)
            sec_cbor_fail(rd, SEC_MISSING_FIELD);
    } else if (members->kty == KTY_OKP && members->crv == CRV_ED25519) {
        key->type = SEC_KEY_ED25519;
        if (members->has_y)
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    } else {
        sec_cbor_fail(rd, SEC_UNSUPPORTED);
    }
}

void sec_key_read(struct sec_cbor *rd, struct sec_public_key *ret_key)
{
    struct key_members members = {0, 0, false, false};
    struct sec_public_key key = {.type = SEC_KEY_P256};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    for (int64_t label; sec_cbor_map_next(&walk, &label);) {
        if (label == KEY_LABEL_KTY)
            read_once(rd, &members.kty, KTY_OKP, KTY_EC2);
        else if (label == KEY_LABEL_CRV)
            read_once(rd, &members.crv, CRV_P256, CRV_ED25519);
        else if (label == KEY_LABEL_X)
            read_coordinate(rd, &members.has_x, SEC_ROOM(key.x));
        else if (label == KEY_LABEL_Y)
            read_coordinate(rd, &members.has_y, SEC_ROOM(key.y));
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
    check_members(rd, &members, &key);
    if (sec_ok(rd->status))
        *ret_key = key;
}

sec_status sec_key_id_of(const struct sec_public_key *key, const struct sec_hasher *hasher, struct sec_key_id *ret_id)
{
    uint8_t room[KEY_MAX_BYTES];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_key_encode(key, &wr);
    if (wr.bad)
        return sec_st(SEC_BAD_ARGUMENT);
    struct sec_bytes encoded = sec_wr_done(&wr);
    struct sec_digest digest;
    SEC_TRY(hasher->digest(hasher->ctx, &encoded, 1, &digest));
    sec_copy(ret_id->b, digest.b, sizeof ret_id->b);
    return sec_st(SEC_OK);
}
