/* SPDX-License-Identifier: Apache-2.0 */
/* The signing console: a page on this machine's own address, the hub behind it, and a key that never leaves it. */
#include "commands.h"
#include "console_inside.h"
#include "outbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/** A request that is not a stream is over by then, whatever hub and device do. */
#define REQUEST_S 600
#define SEND_TIMEOUT_S 10

static volatile sig_atomic_t stopping;

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

/* --- one request ---------------------------------------------------------------------------------------------------- */

static bool is_text(struct sec_bytes bytes, const char *text)
{
    return sec_bytes_equal(bytes, sec_bytes_of_str(text));
}

static struct sec_bytes behind(struct sec_bytes path, const char *prefix)
{
    size_t len = strlen(prefix);
    if (path.len < len || !is_text(sec_bytes_part(path, 0, len), prefix))
        return sec_bytes(NULL, 0);
    return sec_bytes_part(path, len, path.len - len);
}

/* Which page may sign, by its key's id; whether this page may ask, it learns from the header that it sends. */
static void answer_config(struct console_request *r)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "mode", "console");
    cJSON_AddBoolToObject(json, "let_in", console_of_page(r));
    cJSON_AddStringToObject(json, "hub", r->console->hub);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(json, "operator"), "key", material_key_id_text(r->cli, &r->console->operator_key));
    cJSON_AddBoolToObject(json, "checks_releases", r->console->trust != NULL);
    console_json(r, 200, json);
}

static const char *device_of(struct console_request *r)
{
    struct sec_device_id id;
    struct sec_bytes rest = behind(r->head->path, "/console/devices/");
    if (rest.len != 64 + 6 || !is_text(sec_bytes_part(rest, 64, 6), "/facts") || !sec_ok(sec_device_id_parse(sec_bytes_part(rest, 0, 64), &id)))
        return NULL;
    return cli_text(r->cli, sec_bytes_part(rest, 0, 64));
}

static void answer_get(struct console_request *r)
{
    struct sec_bytes path = r->head->path, file = behind(path, "/page/");
    if (is_text(path, "/")) {
        console_file(r, SEC_LIT("index.html"));
    } else if (file.len) {
        console_file(r, file);
    } else if (is_text(path, "/console/config.json")) {
        answer_config(r);
    } else if (!console_of_page(r)) {
        console_problem(r, 403, "Not this page", "The page's own secret is missing: open the address that the console printed last.");
    } else if (behind(path, "/api/v1/").len) {
        console_proxy(r);
    } else if (is_text(path, "/console/sent")) {
        console_sent(r);
    } else if (device_of(r)) {
        console_facts(r, device_of(r));
    } else {
        console_problem(r, 404, "Not found", "There is no such page.");
    }
}

static void answer_post(struct console_request *r)
{
    struct sec_bytes path = r->head->path;
    if (!console_of_page(r))
        console_problem(r, 403, "Not this page", "The page's own secret is missing.");
    else if (!is_text(http_field_of(r->head, "Content-Type"), "application/json"))
        console_problem(r, 415, "Not understood", "A body of type application/json is wanted.");
    else if (is_text(path, "/console/preview"))
        console_preview(r);
    else if (is_text(path, "/console/sign"))
        console_sign(r);
    else
        console_problem(r, 404, "Not found", "There is no such call.");
}

static void answer(struct console_request *r)
{
    if (!console_gate(r))
        return;
    if (is_text(r->head->method, "GET"))
        answer_get(r);
    else if (is_text(r->head->method, "POST"))
        answer_post(r);
    else
        console_problem(r, 405, "Not allowed", "GET and POST alone.");
}

/* --- reading it ------------------------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static ssize_t read_some(int fd, struct sec_room room, int64_t until_ms)
{
    struct pollfd one = {fd, POLLIN, 0};
    int64_t left = until_ms - now_ms();
    if (left <= 0 || poll(&one, 1, (int)left) <= 0)
        return 0;
    return recv(fd, room.data, room.len, 0);
}

/* Takes what came; true when the message is whole. */
static sec_status take(struct console_request *r, struct sec_bytes in, struct sec_wr *body, bool *ret_whole)
{
    for (enum http_event event = HTTP_GOT_HEAD; event != HTTP_NEED_MORE;) {
        size_t used = 0;
        sec_status status = http_feed(&r->reader, in, &used, &event);
        if (!sec_ok(status))
            return status;
        in = sec_bytes_part(in, used, in.len - used);
        if (event == HTTP_GOT_BODY)
            sec_wr_bytes(body, r->reader.body);
        if (event == HTTP_GOT_END) {
            *ret_whole = true;
            return sec_st(SEC_OK);
        }
    }
    return sec_st(SEC_OK);
}

static void serve(struct console_request *r)
{
    struct sec_wr body = sec_wr(cli_room(r->cli, CONSOLE_BODY_MAX_BYTES));
    struct sec_room piece = cli_room(r->cli, 8192);
    int64_t until_ms = now_ms() + CONSOLE_HEAD_TIMEOUT_MS;
    bool whole = false;
    http_reader_init(&r->reader, false, cli_room(r->cli, HTTP_HEAD_MAX_BYTES), CONSOLE_BODY_MAX_BYTES);
    while (!whole) {
        ssize_t n = read_some(r->fd, piece, until_ms);
        if (n <= 0)
            return;
        if (!sec_ok(take(r, sec_bytes(piece.data, (size_t)n), &body, &whole))) {
            console_problem(r, 400, "Not understood", "This is not a request that the console reads.");
            return;
        }
    }
    r->head = &r->reader.head;
    r->body = sec_wr_done(&body);
    answer(r);
    (void)shutdown(r->fd, SHUT_WR);
}

/* The process of one connection. What shared code tells on stderr is kept for the page. */
static void serve_and_end(struct console *console, int fd)
{
    struct console_request *r = (struct console_request *)(void *)cli_room(console->cli, sizeof *r).data;
    const struct timeval limit = {SEND_TIMEOUT_S, 0};
    close(console->listener);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    alarm(REQUEST_S);
    r->console = console;
    r->cli = console->cli;
    r->fd = fd;
    r->said = memfd_create("said", MFD_CLOEXEC);
    if (r->said >= 0 && dup2(r->said, STDERR_FILENO) >= 0)
        serve(r);
    close(fd);
    fflush(stdout);
    _exit(0);
}

/* --- listening ------------------------------------------------------------------------------------------------------- */

static int listen_here(struct console *console)
{
    uint64_t port = 0;
    int yes = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof here;
    CLI_TRY(cli_get_number(console->cli, "port", 1, 65535, &port));
    here.sin_port = htons((uint16_t)port);
    console->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool good = console->listener >= 0 && setsockopt(console->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                bind(console->listener, (struct sockaddr *)&here, sizeof here) == 0 && listen(console->listener, 64) == 0 &&
                getsockname(console->listener, (struct sockaddr *)&here, &len) == 0;
    if (!good)
        return cli_environment("127.0.0.1", "listen", "%s", strerror(errno));
    console->port = ntohs(here.sin_port);
    return CLI_DONE;
}

static unsigned reap(unsigned children)
{
    while (children > 0 && waitpid(-1, NULL, WNOHANG) > 0)
        children--;
    return children;
}

static int accept_all(struct console *console)
{
    unsigned children = 0;
    while (!stopping) {
        struct pollfd one = {console->listener, POLLIN, 0};
        children = reap(children);
        bool full = children == CONSOLE_CONNECTIONS_MAX_COUNT;
        int ready = poll(&one, full ? 0 : 1, full ? 50 : 1000);
        if (ready <= 0)
            continue;
        int fd = accept4(console->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        pid_t pid = fork();
        if (pid == 0)
            serve_and_end(console, fd);
        close(fd);
        children += pid > 0;
    }
    return CLI_DONE;
}

/* --- beginning --------------------------------------------------------------------------------------------------------- */

static int find_page(struct console *console)
{
    char self[CLI_PATH_MAX_BYTES];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *name = strrchr(self, '/');
    if (!name)
        return cli_environment("console", "page", "this program's own folder is not known");
    *name = '\0';
    int len = snprintf(console->folder, sizeof console->folder, "%s/../share/securable/console", self);
    if (len < 0 || (size_t)len >= sizeof console->folder || !files_is_dir(console->folder))
        return cli_environment(console->folder, "page", "the page's files are not there; they are installed with the program");
    return CLI_DONE;
}

static int make_shared(struct console *console)
{
    void *memory = mmap(NULL, sizeof *console->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return cli_environment("console", "memory", "%s", strerror(errno));
    console->shared = memory;
    CLI_TRY(console_secret(console->cli, console->shared->session));
    CLI_TRY(console_secret(console->cli, console->shared->page));
    return console_secret(console->cli, console->shared->enter);
}

/* Signs in once, so that a wrong hub, CA or key is told here and not on a page. */
static int try_hub(struct console *console)
{
    struct hub_client *client;
    const struct hub_login login = {console->hub, console->hub_ca, console->key, ""};
    CLI_TRY(hub_client_open(console->cli, &login, &client));
    const char *token = hub_client_token(client);
    if (strlen(token) < sizeof console->shared->token)
        (void)snprintf(console->shared->token, sizeof console->shared->token, "%s", token);
    hub_client_close(client);
    return CLI_DONE;
}

static int take_material(struct console *console)
{
    struct sec_bytes der;
    struct sec_public_key maker;
    bool private_half;
    CLI_TRY(material_any_key(console->cli, console->key, &console->operator_key, &private_half));
    if (!private_half)
        return cli_refused(console->key, "key", "is the public half; the console signs with the private one");
    CLI_TRY(material_certificate(console->cli, console->ca, &der));
    if (console->trust)
        CLI_TRY(material_public_key(console->cli, console->trust, &maker));
    return outbox_open(console->cli, &console->outbox);
}

static void on_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int cmd_console(struct cli *cli)
{
    struct console console = {.cli = cli, .listener = -1};
    console.hub = cli_get(cli, "hub");
    console.hub_ca = cli_get(cli, "hub-ca");
    console.key = cli_get(cli, "key");
    console.ca = cli_get(cli, "ca");
    console.trust = cli_get(cli, "trust");
    CLI_TRY(find_page(&console));
    CLI_TRY(take_material(&console));
    CLI_TRY(make_shared(&console));
    CLI_TRY(try_hub(&console));
    CLI_TRY(listen_here(&console));
    on_signals();
    console_print_address(&console);
    int code = accept_all(&console);
    close(console.listener);
    sec_wipe(console.shared, sizeof *console.shared);
    (void)munmap(console.shared, sizeof *console.shared);
    return code;
}
