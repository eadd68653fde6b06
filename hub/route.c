/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#include "connection.h"

#include <openssl/ssl.h>

/** The segment from `*at` on; `*at` moves behind it. */
static struct sec_bytes next_segment(struct sec_bytes path, size_t *at)
{
    size_t from = *at + 1, end = from;
    while (end < path.len && path.data[end] != '/')
        end++;
    struct sec_bytes segment = sec_bytes_part(path, from, end - from);
    *at = end;
    return segment;
}

static bool is_plain(struct sec_bytes segment)
{
    if (segment.len == 0 || sec_bytes_equal(segment, SEC_LIT(".")) || sec_bytes_equal(segment, SEC_LIT("..")))
        return false;
    for (size_t i = 0; i < segment.len; i++)
        if (segment.data[i] == '%' || segment.data[i] == '\\')
            return false;
    return true;
}

static bool rest_is_plain(struct sec_bytes path, size_t at)
{
    while (at < path.len)
        if (!is_plain(next_segment(path, &at)))
            return at == path.len && path.data[path.len - 1] == '/';
    return true;
}

static bool fits(const char *pattern_text, struct sec_bytes path, struct sec_bytes *ret_rest)
{
    struct sec_bytes pattern = sec_bytes_of_str(pattern_text);
    size_t p = 0, at = 0;
    while (p < pattern.len && at < path.len) {
        size_t before = at;
        struct sec_bytes want = next_segment(pattern, &p), got = next_segment(path, &at);
        if (sec_bytes_equal(want, SEC_LIT("**"))) {
            *ret_rest = sec_bytes_part(path, before + 1, path.len);
            return rest_is_plain(path, before);
        }
        if (sec_bytes_equal(want, SEC_LIT("*")) ? !is_plain(got) : !sec_bytes_equal(want, got))
            return false;
    }
    return p == pattern.len && at == path.len;
}

struct sec_bytes hub_segment(const struct hub_exchange *x, size_t n)
{
    struct sec_bytes segment = {0};
    size_t at = 0;
    if (!x->head)
        return segment;
    for (size_t i = 0; i <= n; i++) {
        if (at >= x->head->path.len)
            return sec_bytes(NULL, 0);
        segment = next_segment(x->head->path, &at);
    }
    return segment;
}

static const struct hub_route *find(struct hub_exchange *x, unsigned entrance, bool *ret_path_known)
{
    struct sec_bytes method = x->head->method;
    for (size_t i = 0; i < hub_routes_count; i++) {
        const struct hub_route *route = &hub_routes[i];
        if (!(route->entrances & entrance) || !fits(route->pattern, x->head->path, &x->rest))
            continue;
        *ret_path_known = true;
        if (sec_bytes_equal(method, sec_bytes_of_str(route->method)))
            return route;
    }
    return NULL;
}

/** What a route wants of who asks is a fact of its row; who has which scope is baseline/access's to say. */
static bool may(struct connection_request *r, const struct hub_route *route)
{
    struct hub_exchange *x = &r->x;
    if (route->device_only && x->who.who != HUB_DEVICE) {
        hub_problem(x, 401, "connection", "certificate", "a transport certificate is needed here", "not-permitted");
        return false;
    }
    if (r->x.connection->entrance != HUB_ENTRANCE_DEVICE && hub_route_principal && !hub_route_principal(x))
        return false;
    if ((route->scope & ~x->who.scope) == 0)
        return true;
    if (x->who.who == HUB_NOBODY) {
        hub_field(x, "WWW-Authenticate", "Bearer");
        hub_problem(x, 401, "request", "authorization", "a token is needed here", "not-permitted");
    } else {
        hub_problem(x, 403, "request", "scope", "the token, or the local user, may not do this", "not-permitted");
    }
    return false;
}

bool route_begin(struct connection_request *r)
{
    struct hub_exchange *x = &r->x;
    struct hub_connection *c = x->connection;
    bool path_known = false;
    const struct hub_route *route = find(x, c->entrance, &path_known);
    if (!route) {
        hub_problem(x, path_known ? 405 : 404, "request", path_known ? "method" : "path", path_known ? "no such method here" : "no such thing here", "not-found");
        return false;
    }
    x->route = route;
    if (!may(r, route))
        return false;
    if (x->who.who == HUB_PERSON)
        connection_prove(c); /* a token proves as well as a certificate */
    return true;
}

void route_call(struct connection_request *r)
{
    r->x.route->handler(&r->x);
}

sec_status hub_exporter(const struct hub_exchange *x, uint8_t ret_value[32])
{
    static const char label[] = "EXPORTER-Channel-Binding";
    uint8_t value[32];
    SSL *ssl = x->connection->ssl;
    if (!ssl || SSL_export_keying_material(ssl, value, sizeof value, label, sizeof label - 1, NULL, 0, 0) != 1)
        return sec_st(SEC_UNSUPPORTED);
    sec_copy(ret_value, value, sizeof value);
    return sec_st(SEC_OK);
}
