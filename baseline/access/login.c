/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in at a hub: the statement in both directions, and what follows from it. */
#include "form.h"

#include <securable/access_hub.h>

#define NONCE_MIN_BYTES 16u
#define NONCE_MAX_BYTES 64u
/* How far the clocks of a person's machine and a hub may differ. */
#define TIME_SLACK_S 300

enum scope {
    SEE = 1,
    HAND_IN = 2,
    ADMINISTER = 4,
};

void sec_login_encode(const struct sec_login *login, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 3);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_tstr(wr, login->hub);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_int(wr, login->time_s);
    sec_cbor_put_uint(wr, 3);
    sec_cbor_put_bstr(wr, login->nonce);
}

static void read_member(struct sec_cbor *rd, int64_t key, struct sec_login *login)
{
    switch (key) {
    case 1:
        login->hub = sec_cbor_tstr(rd);
        if (login->hub.len == 0 || login->hub.len > SEC_SETTING_TEXT_MAX_BYTES)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        break;
    case 2:
        login->time_s = sec_cbor_int(rd);
        break;
    case 3:
        login->nonce = sec_cbor_bstr(rd);
        if (login->nonce.len < NONCE_MIN_BYTES || login->nonce.len > NONCE_MAX_BYTES)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

sec_status sec_login_parse(struct sec_bytes body, struct sec_login *ret_login)
{
    SEC_TRY(sec_cbor_check(body, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(body);
    struct sec_login login = {0};
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        read_member(&rd, key, &login);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1) | sec_form_bit(2) | sec_form_bit(3));
    SEC_TRY(sec_cbor_end(&rd));
    *ret_login = login;
    return sec_st(SEC_OK);
}

static bool in_time(int64_t time_s, int64_t now_s)
{
    return now_s >= 0 && time_s >= 0 && (time_s > now_s ? time_s - now_s : now_s - time_s) <= TIME_SLACK_S;
}

sec_status sec_login_judge(const struct sec_login *login, struct sec_bytes hub, int64_t now_s, bool nonce_known)
{
    if (!sec_bytes_equal(login->hub, hub))
        return sec_st(SEC_WRONG_AUDIENCE);
    if (!in_time(login->time_s, now_s))
        return sec_st(SEC_EXPIRED);
    return sec_st(nonce_known ? SEC_OK : SEC_NOT_FOUND);
}

unsigned sec_hub_scope_of_role(uint64_t role)
{
    switch (role) {
    case SEC_ROLE_OWNER:
    case SEC_ROLE_ADMINISTRATOR:
        return SEE | HAND_IN | ADMINISTER;
    case SEC_ROLE_OPERATOR:
        return SEE | HAND_IN;
    case SEC_ROLE_AUDITOR:
        return SEE;
    default:
        return 0;
    }
}
