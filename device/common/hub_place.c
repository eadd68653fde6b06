/* SPDX-License-Identifier: Apache-2.0 */
#include "hub_place.h"

#include <arpa/inet.h>
#include <string.h>

#define SCHEME "https://"

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters, digits, dots and hyphens, with a letter or digit at both ends. */
static bool is_name(struct sec_bytes name)
{
    if (name.len == 0 || !is_alnum(name.data[0]) || !is_alnum(name.data[name.len - 1]))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!is_alnum(name.data[i]) && name.data[i] != '.' && name.data[i] != '-')
            return false;
    }
    return true;
}

static bool read_port(struct sec_bytes text, uint16_t *ret_port)
{
    uint32_t port = 0;
    if (text.len == 0 || text.len > 5 || text.data[0] == '0')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    *ret_port = (uint16_t)port;
    return port <= UINT16_MAX;
}

static size_t find(struct sec_bytes text, uint8_t c)
{
    size_t at = 0;
    while (at < text.len && text.data[at] != c)
        at++;
    return at;
}

static void copy_name(char *to, struct sec_bytes name)
{
    sec_copy(to, name.data, name.len);
    to[name.len] = '\0';
}

/* What stands between "https://" and the port. */
static bool read_host(struct sec_bytes text, struct hub_host *host, struct sec_bytes *ret_rest)
{
    uint8_t address_b[16];
    bool bracket = text.len > 0 && text.data[0] == '[';
    size_t end = find(text, bracket ? ']' : ':');
    struct sec_bytes name = bracket ? sec_bytes_part(text, 1, end - 1) : sec_bytes_part(text, 0, end);
    if (bracket && (end == text.len || end == 1))
        return false;
    copy_name(host->name, name);
    *ret_rest = sec_bytes_part(text, bracket ? end + 1 : end, text.len);
    host->literal = inet_pton(bracket ? AF_INET6 : AF_INET, host->name, address_b) == 1;
    return bracket ? host->literal : is_name(name);
}

sec_status hub_host_read(struct sec_bytes address, struct hub_host *ret_host)
{
    struct hub_host host = {.port = HUB_PORT_DEFAULT};
    struct sec_bytes rest;
    const size_t scheme = sizeof SCHEME - 1;
    if (address.len > HUB_ADDRESS_MAX_BYTES)
        return sec_st(SEC_TOO_LARGE);
    if (!sec_bytes_equal(sec_bytes_part(address, 0, scheme), SEC_LIT(SCHEME)) ||
        !read_host(sec_bytes_part(address, scheme, address.len), &host, &rest))
        return sec_st(SEC_BAD_VALUE);
    if (rest.len > 0 && (rest.data[0] != ':' || !read_port(sec_bytes_part(rest, 1, rest.len), &host.port)))
        return sec_st(SEC_BAD_VALUE);
    *ret_host = host;
    return sec_st(SEC_OK);
}

sec_status hub_place_make(struct sec_bytes address, const struct sec_digest *ca, struct hub_place *ret_place)
{
    static const struct sec_digest zeros = {{0}};
    struct hub_place place = {.pinned = !sec_digest_equal(ca, &zeros), .ca = *ca};
    struct hub_host host;
    if (address.len > 0) {
        SEC_TRY(hub_host_read(address, &host));
        copy_name(place.address, address);
    }
    *ret_place = place;
    return sec_st(SEC_OK);
}

sec_status hub_place_read(struct sec_bytes text, struct hub_place *ret_place)
{
    struct sec_digest ca = {{0}};
    size_t blank = find(text, ' ');
    struct sec_bytes rest = sec_bytes_part(text, blank, text.len);
    size_t prefix = 0, len = 0;
    while (prefix < rest.len && rest.data[prefix] == ' ')
        prefix++;
    rest = sec_bytes_part(rest, prefix, rest.len);
    if (blank == 0)
        return sec_st(SEC_BAD_VALUE);
    if (blank < text.len) {
        if (!sec_bytes_equal(sec_bytes_part(rest, 0, 7), SEC_LIT("sha256:")) ||
            !sec_ok(sec_hex_parse(sec_bytes_part(rest, 7, rest.len), SEC_ROOM(ca.b), &len)) || len != sizeof ca.b)
            return sec_st(SEC_BAD_VALUE);
    }
    return hub_place_make(sec_bytes_part(text, 0, blank), &ca, ret_place);
}

void hub_place_encode(const struct hub_place *place, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 3);
    sec_cbor_put_tstr(wr, sec_bytes_of_str(place->address));
    if (place->pinned)
        sec_cbor_put_bstr(wr, sec_digest_bytes(&place->ca));
    else
        sec_cbor_put_null(wr);
    sec_cbor_put_uint(wr, place->failures);
}

sec_status hub_place_parse(struct sec_bytes in, struct hub_place *ret_place)
{
    struct sec_digest ca = {{0}};
    struct sec_cbor rd = sec_cbor(in);
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    sec_cbor_array_of(&rd, 3);
    struct sec_bytes address = sec_cbor_tstr(&rd);
    if (sec_cbor_is_null(&rd))
        sec_cbor_null(&rd);
    else
        sec_cbor_bstr_into(&rd, SEC_ROOM(ca.b));
    uint64_t failures = sec_cbor_uint(&rd);
    SEC_TRY(sec_cbor_end(&rd));
    SEC_TRY(hub_place_make(address, &ca, ret_place));
    ret_place->failures = failures;
    return sec_st(SEC_OK);
}

bool hub_place_equal(const struct hub_place *a, const struct hub_place *b)
{
    return strcmp(a->address, b->address) == 0 && a->pinned == b->pinned && (!a->pinned || sec_digest_equal(&a->ca, &b->ca));
}
