/* SPDX-License-Identifier: Apache-2.0 */
/* Roots: the manufacturer's anchors by role, both directions, and finding a key in them. */
#include "form.h"

void sec_roots_encode(const struct sec_roots *roots, struct sec_wr *wr)
{
    size_t roles_count = 0;
    for (size_t i = 0; i < SEC_ROOT_ROLES_COUNT; i++)
        roles_count += roots->roles[i].keys.count != 0;
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_uint(wr, roots->version);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_map(wr, roles_count);
    for (size_t i = 0; i < SEC_ROOT_ROLES_COUNT; i++) {
        if (roots->roles[i].keys.count == 0)
            continue;
        sec_cbor_put_uint(wr, i + 1);
        sec_cbor_put_map(wr, 2);
        sec_cbor_put_uint(wr, 1);
        sec_form_keys_put(&roots->roles[i].keys, wr);
        sec_cbor_put_uint(wr, 2);
        sec_cbor_put_uint(wr, roots->roles[i].required);
    }
}

static void read_role(struct sec_cbor *rd, struct sec_key_list *keys, uint64_t *required)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            sec_form_keys_read(rd, keys);
        else if (key == 2)
            *required = sec_form_positive(rd);
        else
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
        seen |= sec_form_bit(key);
    }
    sec_form_need(rd, seen, sec_form_bit(1) | sec_form_bit(2));
    if (*required > keys->count)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

static void read_roles(struct sec_cbor *rd, struct sec_roots *roots)
{
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(rd);
    size_t count = 0;
    int64_t role;
    while (sec_cbor_map_next(&walk, &role)) {
        if (role < 1 || role > (int64_t)SEC_ROOT_ROLES_COUNT) {
            sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
            return;
        }
        read_role(rd, &roots->roles[role - 1].keys, &roots->roles[role - 1].required);
        count++;
    }
    if (count == 0)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
}

sec_status sec_roots_parse(struct sec_bytes body, struct sec_roots *ret_roots)
{
    SEC_TRY(sec_cbor_check(body, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(body);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    struct sec_roots roots;
    sec_zero(&roots, sizeof roots);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            roots.version = sec_form_positive(&rd);
        else if (key == 2)
            read_roles(&rd, &roots);
        else
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1) | sec_form_bit(2));
    SEC_TRY(sec_cbor_end(&rd));
    *ret_roots = roots;
    return sec_st(SEC_OK);
}

sec_status sec_roots_find(const struct sec_roots *roots, enum sec_root_role role, const struct sec_key_id *kid,
                          const struct sec_hasher *hasher, struct sec_public_key *ret_key)
{
    if (role < SEC_ROOT_ROOT || role > SEC_ROOT_DEVICE_CA)
        return sec_st(SEC_BAD_ARGUMENT);
    const struct sec_key_list *keys = &roots->roles[role - 1].keys;
    for (size_t i = 0; i < keys->count; i++) {
        struct sec_key_id id;
        SEC_TRY(sec_key_id_of(&keys->keys[i], hasher, &id));
        if (!sec_key_id_equal(&id, kid))
            continue;
        if (roots->roles[role - 1].required > 1)
            return sec_st(SEC_UNSUPPORTED);
        *ret_key = keys->keys[i];
        return sec_st(SEC_OK);
    }
    return sec_st(SEC_UNKNOWN_KEY);
}
