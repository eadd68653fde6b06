/* SPDX-License-Identifier: Apache-2.0 */
/* What the hub says, passed on to the page: never as anything that a browser would run or show by itself. */
#include "console_inside.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int sign_in(struct console_request *r, struct hub_client **ret_hub)
{
    struct console *console = r->console;
    const struct hub_login login = {console->hub, console->hub_ca, console->key, ""};
    CLI_TRY(hub_client_open(r->cli, &login, ret_hub));
    const char *token = hub_client_token(*ret_hub);
    if (strlen(token) < sizeof console->shared->token)
        (void)snprintf(console->shared->token, sizeof console->shared->token, "%s", token);
    return CLI_DONE;
}

int console_hub(struct console_request *r, struct hub_client **ret_hub)
{
    struct hub_answer answer;
    struct console *console = r->console;
    if (!r->hub && console->shared->token[0] == '\0') {
        CLI_TRY(sign_in(r, &r->hub));
    } else if (!r->hub) {
        const struct hub_login login = {console->hub, console->hub_ca, console->key, cli_format(r->cli, "%s", console->shared->token)};
        CLI_TRY(hub_client_open(r->cli, &login, &r->hub));
        /* A hub that was set up anew, or a working day that is over: the token is not known any more. */
        CLI_TRY(hub_client_call(r->hub, "GET", "/api/v1/devices?limit=1", NULL, NULL, sec_bytes(NULL, 0), &answer));
        if (answer.status == 401) {
            hub_client_close(r->hub);
            CLI_TRY(sign_in(r, &r->hub));
        }
    }
    *ret_hub = r->hub;
    return CLI_DONE;
}

static bool all_of(struct sec_bytes text, const char *characters)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\0' || !strchr(characters, text.data[i]))
            return false;
    }
    return true;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const char *target_of(const struct console_request *r)
{
    struct sec_bytes path = r->head->path, query = r->head->query;
    const char *text = cli_text(r->cli, path);
    if (!all_of(path, LETTERS "/_.-") || strstr(text, "..") || strstr(text, "//") || !all_of(query, LETTERS "=&%_.:-"))
        return NULL;
    return query.len ? cli_format(r->cli, "%s?%s", text, cli_text(r->cli, query)) : text;
}

/* --- events ----------------------------------------------------------------------------------------------------- */

struct streaming {
    struct console_request *r;
    bool begun;
};

static bool pass_piece(void *ctx, unsigned status, struct sec_bytes piece)
{
    struct streaming *s = ctx;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
                               "Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n";
    if (status != 200)
        return false;
    if (!s->begun && !console_send(s->r->fd, sec_bytes_of_str(head)))
        return false;
    s->begun = true;
    return console_send(s->r->fd, piece);
}

static bool page_listens(void *ctx)
{
    struct streaming *s = ctx;
    char byte;
    ssize_t n = recv(s->r->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n != 0;
}

static void stream(struct console_request *r, const char *path)
{
    struct streaming s = {r, false};
    struct hub_client *hub;
    const struct hub_stream to = {&s, pass_piece, page_listens};
    int code = console_hub(r, &hub);
    alarm(CONSOLE_STREAM_S + 5);
    if (code == CLI_DONE)
        code = hub_client_stream(hub, path, "text/event-stream", CONSOLE_STREAM_S, &to);
    if (!s.begun)
        console_failed(r, code == CLI_DONE ? CLI_ENVIRONMENT : code);
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

static const char *type_of(const struct hub_answer *answer)
{
    if (answer->json)
        return answer->status >= 400 ? "application/problem+json" : "application/json";
    return "application/octet-stream";
}

void console_proxy(struct console_request *r)
{
    struct hub_client *hub;
    struct hub_answer answer;
    const char *target = target_of(r);
    struct sec_bytes accept = http_field_of(r->head, "Accept");
    if (!target) {
        console_problem(r, 400, "Not understood", "the path or query has a character that the API does not use");
        return;
    }
    if (sec_bytes_equal(accept, sec_bytes_of_str("text/event-stream"))) {
        stream(r, target);
        return;
    }
    const char *wanted = sec_bytes_equal(accept, sec_bytes_of_str("application/octet-stream")) ? "*/*" : "application/json";
    int code = console_hub(r, &hub);
    if (code == CLI_DONE)
        code = hub_client_call(hub, "GET", target, wanted, NULL, sec_bytes(NULL, 0), &answer);
    if (code != CLI_DONE) {
        console_failed(r, code);
        return;
    }
    console_answer(r, answer.status, type_of(&answer), NULL, answer.body);
}
