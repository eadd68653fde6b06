/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hub with rows of its own, to test what serves requests apart from what they ask for. `core_server DIR`; `core_server DIR issue NAME ID` writes a client's key and
 * certificate by the hub's CA to DIR/NAME.pem.
 */
#include "loop.h"
#include "pages.h"
#include "route.h"
#include "run.h"
#include "tick.h"
#include "writer.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct hub hub;

static void echo(struct hub_exchange *x)
{
    hub_answer(x, 200, "application/octet-stream", x->body);
}

static void who(struct hub_exchange *x)
{
    uint8_t exporter[32];
    char *text = hub_format(x, "who=%d uid=%u device=%02x%02x segment=%.*s rest=%.*s exporter=%d\n", (int)x->who.who, x->who.uid, x->who.device.b[0], x->who.device.b[1],
                            (int)hub_segment(x, 1).len, (const char *)hub_segment(x, 1).data, (int)x->rest.len, (const char *)x->rest.data,
                            sec_ok(hub_exporter(x, exporter)));
    hub_field(x, "X-Evil", "a\r\nInjected: b");
    hub_answer(x, 200, "text/plain", sec_bytes_of_str(text));
}

static void parked_over(struct hub_exchange *x)
{
    hub_answer(x, 200, "text/plain", SEC_LIT("waited\n"));
}

static unsigned gone_count;

static void parked_gone(struct hub_exchange *x)
{
    (void)x;
    __atomic_add_fetch(&gone_count, 1, __ATOMIC_SEQ_CST);
}

static void park(struct hub_exchange *x)
{
    uint64_t ms = 1000;
    (void)http_query_number(x->head->query, "ms", 1000, &ms);
    x->timeout = parked_over;
    x->gone = parked_gone;
    hub_park(x, ms);
}

static void gone(struct hub_exchange *x)
{
    char *text = hub_format(x, "%u\n", __atomic_load_n(&gone_count, __ATOMIC_SEQ_CST));
    hub_answer(x, 200, "text/plain", sec_bytes_of_str(text));
}

struct counted {
    size_t bytes;
};

static void piece(struct hub_exchange *x)
{
    if (!x->own)
        x->own = hub_alloc(x, sizeof(struct counted));
    struct counted *counted = x->own;
    counted->bytes += x->body.len;
}

static void pieces_done(struct hub_exchange *x)
{
    struct counted *counted = x->own;
    hub_answer(x, 200, "text/plain", sec_bytes_of_str(hub_format(x, "%zu\n", counted ? counted->bytes : 0)));
}

static void file(struct hub_exchange *x)
{
    FILE *made = tmpfile();
    uint64_t size = 3000000;
    (void)http_query_number(x->head->query, "size", size, &size);
    if (!made || ftruncate(fileno(made), (off_t)size) != 0) {
        hub_problem(x, 500, "file", "make", "no file", NULL);
        return;
    }
    hub_file(x, dup(fileno(made)), 1, size - 1, true, size, "application/octet-stream");
    (void)fclose(made);
}

static void stream_on(struct hub_exchange *x)
{
    uint64_t *left = x->own;
    (void)hub_stream_write(x, SEC_LIT("data: x\n\n"));
    if (--*left == 0)
        hub_stream_end(x);
    else
        hub_park(x, 100);
}

static void stream(struct hub_exchange *x)
{
    uint64_t *left = hub_alloc(x, sizeof *left);
    *left = 3;
    x->own = left;
    x->timeout = stream_on;
    x->gone = parked_gone;
    hub_stream_begin(x, "text/event-stream");
    hub_park(x, 100);
}

static sec_status put_work(struct hub_store *store, void *arg)
{
    struct sec_bytes *value = arg;
    return value->len == 4 && value->data[0] == 'f' ? sec_st(SEC_BAD_VALUE) : hub_meta_put(store, "core-test", *value);
}

static void put_done(struct hub_exchange *x, void *arg, sec_status status)
{
    (void)arg;
    if (sec_ok(status))
        hub_answer(x, 201, NULL, sec_bytes(NULL, 0));
    else
        hub_problem_status(x, "value", "put", status);
}

static void put(struct hub_exchange *x)
{
    struct sec_bytes *value = hub_alloc(x, sizeof *value);
    *value = x->body;
    hub_write(x, x->hub, put_work, put_done, value);
}

static void get(struct hub_exchange *x)
{
    struct sec_bytes value = {0};
    sec_status status = hub_meta_get(hub_reader(x), "core-test", &value);
    if (sec_ok(status))
        hub_answer(x, 200, "text/plain", value);
    else
        hub_problem_status(x, "value", "get", status);
}

static void revoke_it(struct hub_exchange *x)
{
    struct sec_device_id id;
    size_t len = 0;
    (void)sec_hex_parse(hub_segment(x, 1), SEC_ROOM(id.b), &len);
    hub_fleet_revoke(x->hub->fleet, &id);
    hub_answer(x, 204, NULL, sec_bytes(NULL, 0));
}

#define ALL (HUB_ENTRANCE_DEVICE | HUB_ENTRANCE_API | HUB_ENTRANCE_LOCAL)
const struct hub_route hub_routes[] = {
    {"POST", "/echo", ALL, 0, false, 65536, echo, NULL},
    {"GET", "/who/*", ALL, 0, false, 0, who, NULL},
    {"GET", "/files/**", ALL, 0, false, 0, who, NULL},
    {"GET", "/device", HUB_ENTRANCE_DEVICE, 0, true, 0, who, NULL},
    {"GET", "/admin", ALL, HUB_SCOPE_ADMIN, false, 0, who, NULL},
    {"GET", "/park", ALL, 0, false, 0, park, NULL},
    {"GET", "/gone", ALL, 0, false, 0, gone, NULL},
    {"PUT", "/pieces", ALL, 0, false, UINT64_MAX, pieces_done, piece},
    {"GET", "/file", ALL, 0, false, 0, file, NULL},
    {"GET", "/stream", ALL, 0, false, 0, stream, NULL},
    {"PUT", "/value", ALL, 0, false, 1024, put, NULL},
    {"GET", "/value", ALL, 0, false, 0, get, NULL},
    {"POST", "/revoke/*", HUB_ENTRANCE_LOCAL, 0, false, 0, revoke_it, NULL},
};
const size_t hub_routes_count = sizeof hub_routes / sizeof hub_routes[0];

static bool principal(struct hub_exchange *x)
{
    if (x->who.who == HUB_LOCAL && x->who.uid == geteuid())
        x->who.scope = HUB_SCOPE_READ | HUB_SCOPE_SEND | HUB_SCOPE_ADMIN;
    return true;
}
bool (*const hub_route_principal)(struct hub_exchange *x) = principal;

static void nothing(struct hub *of, struct hub_store *reader)
{
    (void)of;
    (void)reader;
}
const struct hub_tick hub_ticks[] = {{1, nothing}};
const size_t hub_ticks_count = 1;

static sec_status start_nothing(struct hub *of)
{
    (void)of;
    return sec_st(SEC_OK);
}
const struct hub_room hub_rooms[] = {{start_nothing, NULL}};
const size_t hub_rooms_count = 1;

/** A client's certificate as the hub's enrolment would issue it; `days` may lie in the past. */
static int issue(const char *dir, const char *name, const char *id, int days)
{
    char path[600];
    struct hub_config config;
    (void)snprintf(path, sizeof path, "%s/none.conf", dir);
    if (!sec_ok(hub_config_read(path, STDERR_FILENO, &config)) || !sec_ok(hub_place_open(dir, &config, &hub.place)))
        return 1;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    X509_gmtime_adj(X509_getm_notBefore(cert), -100 * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L);
    X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, MBSTRING_ASC, (const unsigned char *)id, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(hub.place.ca));
    X509_set_pubkey(cert, key);
    X509_sign(cert, hub.place.ca_key.pkey, EVP_sha256());
    (void)snprintf(path, sizeof path, "%s/%s.pem", dir, name);
    FILE *to = fopen(path, "w");
    bool done = to && PEM_write_PrivateKey(to, key, NULL, NULL, 0, NULL, NULL) == 1 && PEM_write_X509(to, cert) == 1;
    if (to)
        (void)fclose(to);
    X509_free(cert);
    EVP_PKEY_free(key);
    hub_place_close(&hub.place);
    return done ? 0 : 1;
}

int main(int argc, char **argv)
{
    char path[600];
    (void)umask(077);
    if (argc == 6 && strcmp(argv[2], "issue") == 0)
        return issue(argv[1], argv[3], argv[4], (int)strtol(argv[5], NULL, 10));
    if (argc != 2)
        return 2;
    (void)snprintf(path, sizeof path, "%s/securable-hub.conf", argv[1]);
    if (!sec_ok(hub_config_read(path, STDERR_FILENO, &hub.config)))
        return 1;
    sec_status status = run_start(&hub, argv[1]);
    if (sec_ok(status)) {
        run_ready(&hub);
        run_until_signal();
    }
    run_stop(&hub);
    return sec_ok(status) ? 0 : 3;
}
