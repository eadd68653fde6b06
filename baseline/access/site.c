/* SPDX-License-Identifier: Apache-2.0 */
/* Site: the hub's address and its CA's digest, both directions, its rules, and the one that this device has. */
#include "state.h"

void sec_site_encode(const struct sec_site *site, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 2);
    sec_cbor_put_uint(wr, 1);
    sec_cbor_put_tstr(wr, site->address);
    sec_cbor_put_uint(wr, 2);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&site->ca));
}

static struct sec_bytes read_address(struct sec_cbor *rd)
{
    struct sec_bytes address = sec_cbor_tstr(rd);
    if (address.len == 0 || address.len > SEC_SETTING_TEXT_MAX_BYTES)
        sec_cbor_fail(rd, SEC_BAD_VALUE);
    return address;
}

sec_status sec_site_parse(struct sec_bytes args, struct sec_site *ret_site)
{
    SEC_TRY(sec_cbor_check(args, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(args);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    struct sec_site site;
    sec_zero(&site, sizeof site);
    uint32_t seen = 0;
    int64_t key;
    while (sec_cbor_map_next(&walk, &key)) {
        if (key == 1)
            site.address = read_address(&rd);
        else if (key == 2)
            sec_cbor_bstr_into(&rd, SEC_ROOM(site.ca.b));
        else
            sec_cbor_fail(&rd, SEC_UNKNOWN_FIELD);
        seen |= sec_form_bit(key);
    }
    sec_form_need(&rd, seen, sec_form_bit(1) | sec_form_bit(2));
    SEC_TRY(sec_cbor_end(&rd));
    *ret_site = site;
    return sec_st(SEC_OK);
}

/* --- what an address may be -------------------------------------------------------------------------- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex_or_colon(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

static bool host_is_name(struct sec_bytes host)
{
    if (host.len == 0 || !is_letter_or_digit(host.data[0]) || !is_letter_or_digit(host.data[host.len - 1]))
        return false;
    for (size_t i = 0; i < host.len; i++) {
        bool mark = host.data[i] == '.' || host.data[i] == '-';
        if (!mark && !is_letter_or_digit(host.data[i]))
            return false;
        if (host.data[i] == '.' && host.data[i - 1] == '.')
            return false;
    }
    return true;
}

static bool host_is_ipv6(struct sec_bytes inside)
{
    for (size_t i = 0; i < inside.len; i++)
        if (!is_hex_or_colon(inside.data[i]))
            return false;
    return inside.len >= 2 && inside.len <= 45;
}

/* The rest behind the host: nothing, or a colon and a port. */
static bool port_holds(struct sec_bytes rest)
{
    uint64_t port = 0;
    if (rest.len == 0)
        return true;
    if (rest.len < 2 || rest.len > 6 || rest.data[0] != ':' || rest.data[1] == '0')
        return false;
    for (size_t i = 1; i < rest.len; i++) {
        if (!is_digit(rest.data[i]))
            return false;
        port = port * 10 + (uint64_t)(rest.data[i] - '0');
    }
    return port <= 65535;
}

static size_t index_of(struct sec_bytes text, uint8_t c)
{
    size_t at = 0;
    while (at < text.len && text.data[at] != c)
        at++;
    return at;
}

sec_status sec_site_check(const struct sec_site *site)
{
    struct sec_bytes scheme = SEC_LIT("https://");
    struct sec_bytes text = site->address;
    if (!sec_bytes_equal(sec_bytes_part(text, 0, scheme.len), scheme))
        return sec_st(SEC_BAD_VALUE);
    text = sec_bytes_part(text, scheme.len, text.len);
    bool bracketed = text.len > 0 && text.data[0] == '[';
    size_t end = index_of(text, bracketed ? ']' : ':');
    if (bracketed && end == text.len)
        return sec_st(SEC_BAD_VALUE);
    bool host = bracketed ? host_is_ipv6(sec_bytes_part(text, 1, end - 1)) : host_is_name(sec_bytes_part(text, 0, end));
    struct sec_bytes rest = sec_bytes_part(text, bracketed ? end + 1 : end, text.len);
    return sec_st(host && port_holds(rest) ? SEC_OK : SEC_BAD_VALUE);
}

/* --- the device's site ------------------------------------------------------------------------------- */

bool sec_access_site(const struct sec_access *state, struct sec_site *ret_site)
{
    if (state->home.address_len == 0)
        return false;
    *ret_site = (struct sec_site){sec_bytes(state->home.address, state->home.address_len), state->home.ca};
    return true;
}

sec_status sec_access_judge_site(const struct sec_access *state, struct sec_bytes args, struct sec_wr *change,
                                 struct sec_wr *detail)
{
    struct sec_site site;
    SEC_TRY(sec_site_parse(args, &site));
    SEC_TRY(sec_site_check(&site));
    sec_cbor_put_map(change, 2);
    sec_cbor_put_uint(change, 1);
    sec_cbor_put_uint(change, SEC_ACCESS_SITE);
    sec_cbor_put_uint(change, 2);
    sec_cbor_put_bstr(change, args);
    sec_cbor_put_map(detail, 2);
    sec_cbor_put_uint(detail, 1);
    sec_cbor_put_tstr(detail, sec_bytes(state->home.address, state->home.address_len));
    sec_cbor_put_uint(detail, 2);
    sec_cbor_put_tstr(detail, site.address);
    return sec_access_written(change);
}

sec_status sec_access_home_set(struct sec_access *state, const struct sec_site *site)
{
    struct sec_access_home home;
    sec_zero(&home, sizeof home);
    SEC_TRY(sec_site_check(site));
    if (!sec_bytes_copy(SEC_ROOM(home.address), site->address))
        return sec_st(SEC_TOO_LARGE);
    home.address_len = site->address.len;
    home.ca = site->ca;
    state->home = home;
    return sec_st(SEC_OK);
}

sec_status sec_access_apply_site(struct sec_access *state, struct sec_cbor *rd)
{
    struct sec_site site;
    sec_access_expect(rd, 2);
    struct sec_bytes args = sec_cbor_bstr(rd);
    SEC_TRY(sec_cbor_end(rd));
    SEC_TRY(sec_site_parse(args, &site));
    if (!state->owned)
        return sec_st(SEC_NO_OWNER);
    return sec_access_home_set(state, &site);
}
