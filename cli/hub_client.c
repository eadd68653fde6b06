/* SPDX-License-Identifier: Apache-2.0 */
#include "hub_client.h"

#include "material.h"

#include <securable/access_hub.h>

#include <curl/curl.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** An answer whole: a page of entries, a report, a statement. */
#define ANSWER_MAX_BYTES (8u << 20)
#define CONNECT_TIMEOUT_S 10L
#define CALL_TIMEOUT_S 60L
/** An upload that moves less than this many bytes a second for this long is over. */
#define SLOW_BYTES 100L
#define SLOW_S 60L
#define POLL_US 200000u

struct hub_client {
    struct cli *cli;
    CURL *curl;
    const char *name; /* as it was given */
    const char *base; /* https://HOST:PORT, or http://hub for a socket */
    const char *socket; /* null: TLS */
    const char *ca;
    const char *token;
    cJSON *json; /* of the last answer */
};

/** Where an answer's bytes gather. */
struct gathering {
    uint8_t *data;
    size_t len;
    size_t size;
    bool too_large;
};

static size_t gather(char *data, size_t size, size_t count, void *ctx)
{
    struct gathering *got = ctx;
    size_t len = size * count;
    if (got->len + len > ANSWER_MAX_BYTES) {
        got->too_large = true;
        return 0;
    }
    if (got->len + len > got->size) {
        size_t grown = 2 * (got->len + len);
        uint8_t *more = realloc(got->data, grown);
        if (!more)
            return 0;
        got->data = more;
        got->size = grown;
    }
    sec_copy(&got->data[got->len], data, len);
    got->len += len;
    return len;
}

/* --- opening ------------------------------------------------------------------------------------------------ */

static int find_place(struct hub_client *client, const struct hub_login *login)
{
    struct cli *cli = client->cli;
    const char *url = login->url, *environment = getenv("SECURABLE_HUB_CA");
    client->ca = login->ca ? login->ca : environment;
    if (strncmp(url, "https://", 8) == 0) {
        size_t len = strlen(url);
        while (len > 8 && url[len - 1] == '/')
            len--;
        client->base = cli_text(cli, sec_bytes((const uint8_t *)url, len));
        if (!client->ca)
            return cli_usage(url, "hub", "its CA certificate is wanted: --hub-ca FILE, or $SECURABLE_HUB_CA");
        return files_exists(client->ca) ? CLI_DONE : cli_environment(client->ca, "hub's CA", "there is no such file");
    }
    if (strncmp(url, "http://", 7) == 0)
        return cli_usage(url, "hub", "a hub is spoken with by https, or by its socket");
    client->socket = files_is_dir(url) ? files_join(cli, url, "run/hub.sock") : url;
    client->base = "http://hub";
    return files_exists(client->socket) ? CLI_DONE
                                        : cli_environment(url, "hub", "there is no socket %s: the hub is not running", client->socket);
}

static int sign_in(struct hub_client *client, const char *key_path);

int hub_client_open(struct cli *cli, const struct hub_login *login, struct hub_client **ret_client)
{
    struct hub_client *client = (struct hub_client *)(void *)cli_room(cli, sizeof *client).data;
    client->cli = cli;
    client->name = login->url;
    client->token = login->token ? login->token : getenv("SECURABLE_HUB_TOKEN");
    if (!client->token)
        client->token = "";
    CLI_TRY(find_place(client, login));
    client->curl = curl_easy_init();
    if (!client->curl)
        return cli_environment(login->url, "hub", "libcurl does not start");
    *ret_client = client;
    if (!client->socket && client->token[0] == '\0' && login->key) {
        int code = sign_in(client, login->key);
        if (code != CLI_DONE)
            hub_client_close(client);
        return code;
    }
    return CLI_DONE;
}

void hub_client_close(struct hub_client *client)
{
    cJSON_Delete(client->json);
    client->json = NULL;
    curl_easy_cleanup(client->curl);
    client->curl = NULL;
}

const char *hub_client_token(const struct hub_client *client)
{
    return client->token;
}

/* --- calls --------------------------------------------------------------------------------------------------- */

static void prepare(struct hub_client *client, const char *url)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "securable");
    if (client->socket) {
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
        return;
    }
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
    curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca);
    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

static struct curl_slist *fields_of(const struct hub_client *client, const char *accept, const char *content_type)
{
    struct cli *cli = client->cli;
    struct curl_slist *fields = curl_slist_append(NULL, cli_format(cli, "Accept: %s", accept ? accept : "application/json"));
    fields = curl_slist_append(fields, "Expect:");
    if (content_type)
        fields = curl_slist_append(fields, cli_format(cli, "Content-Type: %s", content_type));
    if (client->token[0] != '\0')
        fields = curl_slist_append(fields, cli_format(cli, "Authorization: Bearer %s", client->token));
    return fields;
}

static int take_answer(struct hub_client *client, struct gathering *got, struct hub_answer *ret_answer)
{
    struct hub_answer answer = {0};
    long status = 0;
    char *type = NULL;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type);
    struct sec_room kept = cli_room(client->cli, got->len);
    (void)sec_bytes_copy(kept, sec_bytes(got->data, got->len));
    answer.status = (unsigned)status;
    answer.body = sec_bytes(kept.data, got->len);
    answer.content_type = type ? cli_text(client->cli, sec_bytes_of_str(type)) : "";
    cJSON_Delete(client->json);
    client->json = NULL;
    if (strncmp(answer.content_type, "application/json", 16) == 0 || strncmp(answer.content_type, "application/problem+json", 24) == 0)
        client->json = cJSON_ParseWithLength((const char *)answer.body.data, answer.body.len);
    answer.json = client->json;
    *ret_answer = answer;
    return CLI_DONE;
}

static int perform(struct hub_client *client, struct curl_slist *fields, struct hub_answer *ret_answer)
{
    struct gathering got = {0};
    char why[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, gather);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &got);
    curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, why);
    CURLcode code = curl_easy_perform(client->curl);
    curl_slist_free_all(fields);
    int exit_code = CLI_DONE;
    if (code == CURLE_OK)
        exit_code = take_answer(client, &got, ret_answer);
    else if (got.too_large)
        exit_code = cli_environment(client->name, "hub", "its answer is longer than %u bytes", ANSWER_MAX_BYTES);
    else
        exit_code = cli_environment(client->name, "hub", "no answer: %s", why[0] ? why : curl_easy_strerror(code));
    free(got.data);
    curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, NULL);
    return exit_code;
}

int hub_client_call(struct hub_client *client, const char *method, const char *path, const char *accept, const char *content_type,
                    struct sec_bytes body, struct hub_answer *ret_answer)
{
    prepare(client, cli_format(client->cli, "%s%s", client->base, path));
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, CALL_TIMEOUT_S);
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
    if (body.len || strcmp(method, "POST") == 0) {
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        curl_easy_setopt(client->curl, CURLOPT_COPYPOSTFIELDS, body.len ? (const char *)body.data : "");
    }
    return perform(client, fields_of(client, accept, content_type), ret_answer);
}

static const char *member(const struct hub_answer *answer, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer->json, name));
    return text ? text : "";
}

int hub_client_ask(struct hub_client *client, const char *method, const char *path, const char *accept, const char *content_type,
                   struct sec_bytes body, struct hub_answer *ret_answer)
{
    CLI_TRY(hub_client_call(client, method, path, accept, content_type, body, ret_answer));
    if (ret_answer->status >= 200 && ret_answer->status < 300)
        return CLI_DONE;
    const char *object = member(ret_answer, "object"), *clause = member(ret_answer, "clause"), *fact = member(ret_answer, "detail");
    /* Texts of the hub go to a terminal: they are shown by the one function that makes them harmless. */
    fputs(client->name, stderr);
    fputs(": the hub refuses: ", stderr);
    cli_put_text(stderr, object);
    fputs(*object ? ": " : "", stderr);
    cli_put_text(stderr, clause);
    fputs(*clause ? ": " : "", stderr);
    cli_put_text(stderr, *fact ? fact : member(ret_answer, "title"));
    fprintf(stderr, " (%u)\n", ret_answer->status);
    return ret_answer->status >= 500 ? CLI_ENVIRONMENT : CLI_REFUSED;
}

/* --- uploads --------------------------------------------------------------------------------------------------- */

struct upload {
    int fd;
    uint64_t sent;
    uint64_t size;
    bool show;
    unsigned shown;
};

static size_t read_piece(char *to, size_t size, size_t count, void *ctx)
{
    struct upload *upload = ctx;
    ssize_t got = read(upload->fd, to, size * count);
    if (got < 0)
        return CURL_READFUNC_ABORT;
    upload->sent += (uint64_t)got;
    unsigned percent = upload->size ? (unsigned)(100u * upload->sent / upload->size) : 100u;
    if (upload->show && percent != upload->shown) {
        upload->shown = percent;
        fprintf(stderr, "\rpayload: %3u %%%s", percent, percent == 100 ? "\n" : "");
    }
    return (size_t)got;
}

int hub_client_upload(struct hub_client *client, const char *path, int fd, uint64_t size, struct hub_answer *ret_answer)
{
    struct upload upload = {fd, 0, size, isatty(STDERR_FILENO) == 1, 101};
    prepare(client, cli_format(client->cli, "%s%s", client->base, path));
    curl_easy_setopt(client->curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(client->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
    curl_easy_setopt(client->curl, CURLOPT_READFUNCTION, read_piece);
    curl_easy_setopt(client->curl, CURLOPT_READDATA, &upload);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, SLOW_S);
    CLI_TRY(perform(client, fields_of(client, NULL, "application/octet-stream"), ret_answer));
    if (ret_answer->status >= 200 && ret_answer->status < 300)
        return CLI_DONE;
    (void)cli_refused(client->name, "payload", "the hub answers %u", ret_answer->status);
    return ret_answer->status >= 500 ? CLI_ENVIRONMENT : CLI_REFUSED;
}

/* --- streams -------------------------------------------------------------------------------------------------------- */

struct streaming {
    struct hub_client *client;
    const struct hub_stream *stream;
    bool ended; /* by us */
};

static size_t pass_on(char *data, size_t size, size_t count, void *ctx)
{
    struct streaming *s = ctx;
    long status = 0;
    curl_easy_getinfo(s->client->curl, CURLINFO_RESPONSE_CODE, &status);
    s->ended = !s->stream->piece(s->stream->ctx, (unsigned)status, sec_bytes((const uint8_t *)data, size * count));
    return s->ended ? 0 : size * count;
}

static int still_wanted(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    struct streaming *s = ctx;
    (void)down_all, (void)down, (void)up_all, (void)up;
    s->ended = s->ended || !s->stream->alive(s->stream->ctx);
    return s->ended;
}

int hub_client_stream(struct hub_client *client, const char *path, const char *accept, long max_s, const struct hub_stream *stream)
{
    struct streaming s = {client, stream, false};
    prepare(client, cli_format(client->cli, "%s%s", client->base, path));
    struct curl_slist *fields = fields_of(client, accept, NULL);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, max_s);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, pass_on);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &s);
    curl_easy_setopt(client->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(client->curl, CURLOPT_XFERINFOFUNCTION, still_wanted);
    curl_easy_setopt(client->curl, CURLOPT_XFERINFODATA, &s);
    CURLcode code = curl_easy_perform(client->curl);
    curl_slist_free_all(fields);
    if (code == CURLE_OK || code == CURLE_OPERATION_TIMEDOUT || s.ended)
        return CLI_DONE;
    return cli_environment(client->name, "hub", "no answer: %s", curl_easy_strerror(code));
}

/* --- signing in -------------------------------------------------------------------------------------------------- */

/* The statement names the hub by the CA that this side pins, never by what the hub calls itself: a hub that passes it on to another gains nothing. */
static int name_of_hub(struct hub_client *client, const char **ret_name)
{
    struct sec_bytes der;
    struct sec_digest digest;
    CLI_TRY(material_certificate(client->cli, client->ca, &der));
    CLI_TRY(cli_failed(client->ca, "digest", client->cli->crypto.hasher.digest(client->cli->crypto.hasher.ctx, &der, 1, &digest)));
    *ret_name = cli_format(client->cli, "sha256:%s", material_hex(client->cli, sec_digest_bytes(&digest)));
    return CLI_DONE;
}

static int make_login(struct hub_client *client, const char *key_path, const struct hub_answer *offer, struct sec_bytes *ret_statement)
{
    struct cli *cli = client->cli;
    struct sec_private_key *key;
    const char *hub, *nonce = member(offer, "nonce");
    uint8_t nonce_b[64];
    size_t nonce_len = 0;
    CLI_TRY(name_of_hub(client, &hub));
    struct sec_login login = {.hub = sec_bytes_of_str(hub), .time_s = (int64_t)time(NULL)};
    if (strlen(nonce) > 2 * sizeof nonce_b || !sec_ok(sec_hex_parse(sec_bytes_of_str(nonce), sec_room(nonce_b, strlen(nonce) / 2), &nonce_len)))
        return cli_environment(client->name, "sign in", "the hub's nonce is none");
    login.nonce = sec_bytes(nonce_b, nonce_len);
    CLI_TRY(material_private_key(cli, key_path, 0, &key));
    struct sec_wr body = sec_wr(cli_room(cli, 1024));
    struct sec_wr out = sec_wr(cli_room(cli, 4096));
    struct sec_bytes encoded;
    sec_login_encode(&login, &body);
    CLI_TRY(cli_failed(client->name, "sign in", sec_wr_end(&body, &encoded)));
    struct sec_signer signer = sec_private_key_signer(key);
    CLI_TRY(cli_failed(key_path, "sign in", sec_statement_sign(SEC_STATEMENT_LOGIN, &signer, &cli->crypto.hasher, encoded, &out)));
    *ret_statement = sec_wr_done(&out);
    return CLI_DONE;
}

static int sign_in(struct hub_client *client, const char *key_path)
{
    struct hub_answer answer;
    struct sec_bytes statement;
    CLI_TRY(hub_client_ask(client, "POST", "/api/v1/login/nonce", NULL, NULL, sec_bytes(NULL, 0), &answer));
    CLI_TRY(make_login(client, key_path, &answer, &statement));
    CLI_TRY(hub_client_ask(client, "POST", "/api/v1/login", NULL, "application/cose", statement, &answer));
    client->token = cli_text(client->cli, sec_bytes_of_str(member(&answer, "token")));
    return client->token[0] ? CLI_DONE : cli_environment(client->name, "sign in", "the hub gave no token");
}

/* --- reports ------------------------------------------------------------------------------------------------------- */

int hub_client_report(struct hub_client *client, const char *device, struct sec_bytes nonce, const char *ca, unsigned wait_s,
                      struct material_report **ret_report)
{
    struct cli *cli = client->cli;
    struct hub_answer answer;
    struct sec_device_id id;
    CLI_TRY(material_device_id(cli, device, &id));
    const char *hex = material_hex(cli, nonce), *id_hex = material_hex(cli, SEC_BYTES(id.b));
    const char *body = cli_format(cli, "{\"nonce\":\"%s\"}", hex);
    const char *path = cli_format(cli, "/api/v1/devices/%s/reports", id_hex);
    CLI_TRY(hub_client_ask(client, "POST", path, NULL, "application/json", sec_bytes_of_str(body), &answer));
    path = cli_format(cli, "%s/%s", path, hex);
    for (time_t until = time(NULL) + (time_t)wait_s; answer.status != 200;) {
        CLI_TRY(hub_client_ask(client, "GET", path, "application/cose", NULL, sec_bytes(NULL, 0), &answer));
        if (answer.status == 200)
            break;
        if (time(NULL) >= until)
            return cli_environment(device, "report", "no answer within %u s: the device is away, or the hub withholds", wait_s);
        usleep(POLL_US);
    }
    CLI_TRY(material_report_of(cli, device, answer.body, ca, nonce, ret_report));
    if (!sec_device_id_equal(&(*ret_report)->report.device_id, &id))
        return cli_refused(device, "report", "the hub brought another device's report");
    return CLI_DONE;
}
