/* SPDX-License-Identifier: Apache-2.0 */
#include "console_inside.h"

#include "json_cbor.h"

#include <string.h>

int console_secret(struct cli *cli, char ret_text[CONSOLE_SECRET_CHARS + 1])
{
    uint8_t bytes[CONSOLE_SECRET_CHARS / 2];
    static const char digits[] = "0123456789abcdef";
    CLI_TRY(cli_failed("random", "secret", cli->crypto.random(cli->crypto.ctx, SEC_ROOM(bytes))));
    for (size_t i = 0; i < sizeof bytes; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_text[CONSOLE_SECRET_CHARS] = '\0';
    sec_wipe(bytes, sizeof bytes);
    return CLI_DONE;
}

void console_print_address(const struct console *console)
{
    printf("http://127.0.0.1:%u/?enter=%s\n", console->port, console->shared->enter);
    fflush(stdout);
}

static bool is_secret(struct sec_bytes given, const char *secret)
{
    return sec_bytes_equal_secret(given, sec_bytes_of_str(secret));
}

static bool is_text(struct sec_bytes bytes, const char *text)
{
    return sec_bytes_equal(bytes, sec_bytes_of_str(text));
}

bool console_of_page(const struct console_request *r)
{
    return is_secret(http_field_of(r->head, "X-Securable-Page"), r->console->shared->page);
}

/* A name that resolves to this machine is another origin's: only the address itself, and localhost, are ours. */
static const char *own_host(const struct console_request *r)
{
    struct sec_bytes host = http_field_of(r->head, "Host");
    const char *number = cli_format(r->cli, "127.0.0.1:%u", r->console->port), *name = cli_format(r->cli, "localhost:%u", r->console->port);
    return is_text(host, number) ? number : is_text(host, name) ? name : NULL;
}

/* What a browser says of where a request comes from; other programs of this user may leave it out when they only ask. */
static bool own_origin(const struct console_request *r, const char *host)
{
    struct sec_bytes origin = http_field_of(r->head, "Origin"), site = http_field_of(r->head, "Sec-Fetch-Site");
    bool asks = is_text(r->head->method, "GET") || is_text(r->head->method, "HEAD");
    if (origin.len && !is_text(origin, cli_format(r->cli, "http://%s", host)))
        return false;
    if (site.len && !is_text(site, "same-origin") && !(asks && is_text(site, "none")))
        return false;
    return asks || origin.len;
}

static bool has_cookie(const struct console_request *r)
{
    struct sec_bytes cookies = http_field_of(r->head, "Cookie");
    const char *name = cli_format(r->cli, "securable-%u=", r->console->port);
    size_t name_len = strlen(name);
    for (size_t at = 0; at < cookies.len;) {
        size_t len = 0;
        while (at + len < cookies.len && cookies.data[at + len] != ';')
            len++;
        struct sec_bytes one = sec_bytes_part(cookies, at, len);
        if (one.len > name_len && is_text(sec_bytes_part(one, 0, name_len), name) &&
            is_secret(sec_bytes_part(one, name_len, one.len - name_len), r->console->shared->session))
            return true;
        at += len + 1;
        while (at < cookies.len && cookies.data[at] == ' ')
            at++;
    }
    return false;
}

/* The printed address works once; the next browser needs the next address, which is printed then. */
static bool enter(struct console_request *r)
{
    struct console_shared *shared = r->console->shared;
    uint8_t room[CONSOLE_SECRET_CHARS];
    struct sec_bytes given;
    unsigned open = 0;
    if (!sec_ok(http_query(r->head->query, "enter", SEC_ROOM(room), &given)) || !is_text(r->head->path, "/"))
        return false;
    if (!atomic_compare_exchange_strong(&shared->entering, &open, 1))
        return false;
    bool good = is_secret(given, shared->enter);
    if (good && console_secret(r->cli, shared->enter) == CLI_DONE)
        console_print_address(r->console);
    atomic_store(&shared->entering, 0);
    if (!good)
        return false;
    const char *fields = cli_format(r->cli, "Location: /#page=%s\r\nSet-Cookie: securable-%u=%s; HttpOnly; SameSite=Strict; Path=/\r\n", shared->page,
                                    r->console->port, shared->session);
    console_answer(r, 303, "text/plain; charset=utf-8", fields, sec_bytes(NULL, 0));
    return true;
}

bool console_gate(struct console_request *r)
{
    const char *host = own_host(r);
    if (!host) {
        console_problem(r, 421, "This is not the console's address", "The console answers to 127.0.0.1 and localhost with its port alone.");
        return false;
    }
    if (!own_origin(r, host)) {
        console_problem(r, 403, "Another page asks", "The console answers its own page alone.");
        return false;
    }
    if (is_text(r->head->method, "GET") && enter(r))
        return false;
    if (!has_cookie(r)) {
        console_problem(r, 403, "Not let in", "Open the address that the console printed last in its terminal; each address works once.");
        return false;
    }
    return true;
}
