/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_hub.h"

#include <http.h>

#include <securable/statement.h>
#include <securable/suit.h>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void must(bool good, const char *what)
{
    if (!good) {
        printf("fake hub, cannot: %s\n", what);
        abort();
    }
}

/* --- certificates ---------------------------------------------------------------------------------------- */

static void extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(extension && X509_add_ext(certificate, extension, -1) == 1, "an extension");
    X509_EXTENSION_free(extension);
}

static X509 *issue(struct fake_hub *hub, EVP_PKEY *key, const char *name, long life_s, bool is_ca)
{
    X509 *certificate = X509_new();
    must(certificate && X509_set_version(certificate, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++hub->serial) == 1 &&
             X509_gmtime_adj(X509_getm_notBefore(certificate), 0) && X509_gmtime_adj(X509_getm_notAfter(certificate), life_s) &&
             X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) == 1 &&
             X509_set_issuer_name(certificate, X509_get_subject_name(hub->ca ? hub->ca : certificate)) == 1 && X509_set_pubkey(certificate, key) == 1,
         "a certificate");
    if (is_ca)
        extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    else if (strcmp(name, "hub") == 0)
        extend(certificate, hub->ca, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    must(X509_sign(certificate, hub->ca_key, EVP_sha256()) > 0, "sign a certificate");
    return certificate;
}

void fake_hub_make(struct fake_hub *hub)
{
    unsigned len = sizeof hub->ca_digest.b;
    sec_zero(hub, sizeof *hub);
    pthread_mutex_init(&hub->lock, NULL);
    hub->listen_fd = -1;
    hub->certificate_life_s = 86400;
    hub->wait_most_s = 3600;
    must(sec_ok(sec_openssl_init(&hub->openssl)), "libcrypto");
    hub->ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    hub->ca = issue(hub, hub->ca_key, "hub CA", 864000, true);
    must(X509_digest(hub->ca, EVP_sha256(), hub->ca_digest.b, &len) == 1, "digest");
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *certificate = issue(hub, key, "hub", 864000, false);
    hub->ctx = SSL_CTX_new(TLS_server_method());
    X509_up_ref(hub->ca);
    must(hub->ctx && SSL_CTX_set_min_proto_version(hub->ctx, TLS1_3_VERSION) == 1 && SSL_CTX_use_certificate(hub->ctx, certificate) == 1 &&
             SSL_CTX_use_PrivateKey(hub->ctx, key) == 1 && SSL_CTX_add_extra_chain_cert(hub->ctx, hub->ca) == 1 &&
             X509_STORE_add_cert(SSL_CTX_get_cert_store(hub->ctx), hub->ca) == 1 && SSL_CTX_set_session_id_context(hub->ctx, (const unsigned char *)"h", 1) == 1,
         "TLS");
    SSL_CTX_set_options(hub->ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_verify(hub->ctx, SSL_VERIFY_PEER, NULL);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void fake_hub_done(struct fake_hub *hub)
{
    SSL_CTX_free(hub->ctx);
    X509_free(hub->ca);
    EVP_PKEY_free(hub->ca_key);
    sec_openssl_done(&hub->openssl);
}

/* --- one connection --------------------------------------------------------------------------------------- */

struct connection {
    struct fake_hub *hub;
    SSL *ssl;
    int fd;
    struct http_reader http;
    uint8_t head_b[HTTP_HEAD_MAX_BYTES];
    uint8_t body_b[SEC_SYNC_MAX_BYTES];
    size_t body_len;
    uint8_t out_b[SEC_SYNC_MAX_BYTES];
};

static bool send_all(struct connection *c, struct sec_bytes bytes)
{
    size_t sent;
    return bytes.len == 0 || SSL_write_ex(c->ssl, bytes.data, bytes.len, &sent) == 1;
}

static bool answer(struct connection *c, unsigned status, const char *fields, struct sec_bytes body)
{
    char head[512];
    int n = snprintf(head, sizeof head, "HTTP/1.1 %u X\r\nContent-Length: %zu\r\n%s\r\n", status, body.len, fields);
    return send_all(c, sec_bytes(head, (size_t)n)) && send_all(c, body);
}

/* --- enrolment */

static bool is_bound(struct connection *c, X509_REQ *request)
{
    uint8_t binding[32], got[64];
    struct sec_bytes bytes = {NULL, 0};
    int at = X509_REQ_get_attr_by_NID(request, NID_pkcs9_challengePassword, -1);
    const ASN1_TYPE *value = at < 0 ? NULL : X509_ATTRIBUTE_get0_type(X509_REQ_get_attr(request, at), 0);
    if (!value || SSL_export_keying_material(c->ssl, binding, sizeof binding, "EXPORTER-Channel-Binding", 24, NULL, 0, 0) != 1)
        return false;
    const ASN1_STRING *text = value->value.asn1_string;
    return sec_ok(http_base64_decode(sec_bytes(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text)), false, SEC_ROOM(got), &bytes)) &&
           sec_bytes_equal(bytes, SEC_BYTES(binding));
}

static bool answer_certificate(struct connection *c, X509_REQ *request)
{
    PKCS7 *bag = PKCS7_new();
    uint8_t *der = NULL;
    X509 *certificate = issue(c->hub, X509_REQ_get0_pubkey(request), "device", c->hub->certificate_life_s, false);
    must(bag && PKCS7_set_type(bag, NID_pkcs7_signed) == 1 && PKCS7_content_new(bag, NID_pkcs7_data) == 1 && PKCS7_add_certificate(bag, certificate) == 1, "a bag");
    PKCS7_set_detached(bag, 1);
    int len = i2d_PKCS7(bag, &der);
    struct sec_wr wr = sec_wr(SEC_ROOM(c->out_b));
    http_base64_encode(sec_bytes(der, (size_t)len), false, &wr);
    OPENSSL_free(der);
    X509_free(certificate);
    PKCS7_free(bag);
    return answer(c, 200, "Content-Type: application/pkcs7-mime\r\n", sec_wr_done(&wr));
}

static bool enrol(struct connection *c, bool renew)
{
    static uint8_t der_b[8192];
    struct fake_hub *hub = c->hub;
    struct sec_bytes der = {NULL, 0};
    if (renew ? hub->no_renewal : hub->no_enrolment)
        return answer(c, renew ? 503 : 403, "", SEC_LIT("no"));
    bool stated = http_field_of(&c->http.head, "Securable-Transport").len > 0 && http_field_of(&c->http.head, "Securable-IDevID").len > 0;
    if (!sec_ok(http_base64_decode(sec_bytes(c->body_b, c->body_len), false, SEC_ROOM(der_b), &der)) || (!renew && !stated))
        return answer(c, 400, "", SEC_LIT("no"));
    const uint8_t *at = der.data;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)der.len);
    must(request && X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1, "a good request");
    hub->unbound += !is_bound(c, request);
    hub->enrolled += !renew;
    hub->renewed += renew;
    bool sent = answer_certificate(c, request);
    X509_REQ_free(request);
    return sent;
}

/* --- sync */

static void take_verdicts(struct fake_hub *hub, struct sec_sync_list list)
{
    struct sec_sync_verdict verdict;
    while (sec_sync_verdict_next(&list, &verdict)) {
        for (size_t i = 0; i < hub->deliveries_count; i++) {
            struct fake_delivery *d = &hub->deliveries[i];
            if (!sec_digest_equal(&d->digest, &verdict.statement))
                continue;
            d->answered = true;
            d->code = verdict.code;
            d->receipt_len = sec_bytes_copy(SEC_ROOM(d->receipt), verdict.receipt) ? verdict.receipt.len : 0;
        }
    }
}

/* True: the entries lead elsewhere. */
static bool take_entries(struct fake_hub *hub, const struct sec_sync_request *request)
{
    struct sec_statement statement;
    struct sec_head head;
    struct sec_sync_list list = request->entries;
    struct sec_sync_entry entry;
    struct sec_hasher hasher = sec_openssl_crypto(&hub->openssl).hasher;
    enum sec_follow_alarm alarm;
    if (request->head.len == 0)
        return false;
    must(sec_ok(sec_statement_parse(request->head, &statement)) && sec_ok(sec_head_parse(statement.msg.payload, &head)), "a head");
    if (request->entries.count > 0 && request->entries_first == hub->follow.frontier.size)
        hub->run = hub->follow.frontier;
    if (request->entries.count > 0 && request->entries_first != hub->run.size)
        return true;
    while (sec_sync_entry_next(&list, &entry)) {
        const struct sec_follow_entry one = {entry.header, entry.body, entry.disclosed, entry.salt, entry.content};
        if (!sec_ok(sec_follow_entry(&hub->run, &one, &hasher)))
            return true;
    }
    sec_status judged = sec_follow_judge(&hub->follow, &head, &hub->run, false, false, &hasher, &alarm);
    if (sec_ok(judged))
        hub->follow = (struct sec_follow){true, head, hub->run};
    return !sec_ok(judged) && !sec_is(judged, SEC_BUSY) && !sec_is(judged, SEC_NOT_YET);
}

static bool something_for(const struct fake_hub *hub, const struct sec_sync_request *request)
{
    for (size_t i = 0; i < hub->deliveries_count; i++) {
        if (!hub->deliveries[i].answered)
            return true;
    }
    bool same = request->has_known == hub->follow.has_head && (!request->has_known || sec_digest_equal(&request->known, &hub->follow.head.root));
    return hub->nonce_asked || !same;
}

static void write_answer(struct fake_hub *hub, bool again, struct sec_wr *wr)
{
    static uint8_t items_b[SEC_SYNC_MAX_BYTES];
    uint8_t nonce_b[32];
    struct sec_wr items = sec_wr(SEC_ROOM(items_b)), nonces = sec_wr(SEC_ROOM(nonce_b));
    struct sec_sync_answer out = {.has_head = hub->follow.has_head, .size = hub->follow.head.size, .root = hub->follow.head.root, .again = again};
    for (size_t i = 0; i < hub->deliveries_count; i++) {
        const struct fake_delivery *d = &hub->deliveries[i];
        if (d->answered)
            continue;
        const struct sec_sync_delivery one = {.statement = sec_bytes(d->statement, d->statement_len), .has_payload = d->has_payload, .payload = d->payload, .payload_bytes = d->payload_bytes};
        sec_sync_delivery_encode(&one, &items);
        out.deliveries.count++;
    }
    if (hub->nonce_asked) {
        sec_sync_bytes_encode(SEC_BYTES(hub->nonce), &nonces);
        out.nonces = (struct sec_sync_list){1, sec_wr_done(&nonces)};
    }
    out.deliveries.items = sec_wr_done(&items);
    sec_sync_answer_encode(&out, wr);
    must(!wr->bad, "an answer");
}

/* Called under the lock, which it gives up while it waits. False: the client went away. */
static bool wait_for_something(struct connection *c, const struct sec_sync_request *request)
{
    struct fake_hub *hub = c->hub;
    uint64_t most_s = request->wait_s < hub->wait_most_s ? request->wait_s : hub->wait_most_s;
    for (uint64_t i = 0; i < most_s * 20 && !something_for(hub, request); i++) {
        struct pollfd poll_fd = {c->fd, POLLIN, 0};
        pthread_mutex_unlock(&hub->lock);
        int n = poll(&poll_fd, 1, 50);
        pthread_mutex_lock(&hub->lock);
        if (n != 0 || hub->stopping)
            return false;
    }
    return true;
}

static bool talk_nonsense(struct connection *c)
{
    switch (c->hub->nonsense) {
    case 1:
        return answer(c, 200, "", SEC_LIT("hello"));
    case 2:
        return answer(c, 500, "", SEC_LIT("no"));
    case 3:
        return send_all(c, SEC_LIT("220 mail.example ESMTP\r\n\r\n"));
    case 4:
        return send_all(c, SEC_LIT("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"));
    default:
        (void)send_all(c, SEC_LIT("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
        return false;
    }
}

static bool sync_once(struct connection *c)
{
    struct fake_hub *hub = c->hub;
    struct sec_sync_request request;
    must(sec_ok(sec_sync_request_parse(sec_bytes(c->body_b, c->body_len), &request)), "a sync request");
    must(SSL_get0_peer_certificate(c->ssl) != NULL, "a certificate");
    hub->syncs++;
    if (hub->nonsense)
        return talk_nonsense(c);
    bool again = take_entries(hub, &request);
    hub->agains += again;
    take_verdicts(hub, request.verdicts);
    struct sec_bytes report;
    if (sec_sync_bytes_next(&request.reports, &report)) {
        hub->report_len = report.len;
        hub->nonce_asked = false;
    }
    if (!again && !wait_for_something(c, &request))
        return false;
    struct sec_wr wr = sec_wr(SEC_ROOM(c->out_b));
    write_answer(hub, again, &wr);
    return answer(c, 200, "Content-Type: application/cbor\r\n", sec_wr_done(&wr));
}

/* --- payloads */

static bool send_payload(struct connection *c)
{
    struct fake_hub *hub = c->hub;
    char fields[128] = "";
    uint64_t first = 0, count = 0;
    struct sec_bytes body = hub->payload;
    unsigned status = 200;
    hub->payloads++;
    if (hub->payload_fault)
        return hub->payload_fault == 1 && answer(c, 404, "", SEC_LIT("no"));
    if (sec_ok(http_range(http_field_of(&c->http.head, "Range"), body.len, &first, &count))) {
        hub->ranges++;
        hub->last_range = first;
        status = 206;
        snprintf(fields, sizeof fields, "Content-Range: bytes %llu-%llu/%zu\r\n", (unsigned long long)first, (unsigned long long)(first + count - 1), body.len);
        body = sec_bytes_part(body, (size_t)first, (size_t)count);
    }
    if (hub->payload_cut > 0 && hub->payload_cut < body.len) {
        char head[256];
        int n = snprintf(head, sizeof head, "HTTP/1.1 %u X\r\nContent-Length: %zu\r\n%s\r\n", status, body.len, fields);
        if (send_all(c, sec_bytes(head, (size_t)n)))
            (void)send_all(c, sec_bytes_part(body, 0, (size_t)hub->payload_cut));
        return false;
    }
    return answer(c, status, fields, body);
}

static bool route(struct connection *c)
{
    struct sec_bytes path = c->http.head.path;
    if (sec_bytes_equal(path, SEC_LIT("/.well-known/est/simpleenroll")))
        return enrol(c, false);
    if (sec_bytes_equal(path, SEC_LIT("/.well-known/est/simplereenroll")))
        return enrol(c, true);
    if (sec_bytes_equal(path, SEC_LIT("/sync")))
        return sync_once(c);
    if (sec_bytes_equal(sec_bytes_part(path, 0, 9), SEC_LIT("/payload/")))
        return send_payload(c);
    return answer(c, 404, "", SEC_LIT("no"));
}

static bool serve_request(struct connection *c)
{
    uint8_t chunk_b[4096];
    enum http_event event = HTTP_NEED_MORE;
    c->body_len = 0;
    http_reader_init(&c->http, false, SEC_ROOM(c->head_b), sizeof c->body_b);
    while (event != HTTP_GOT_END) {
        size_t len = 0, used = 0;
        struct pollfd poll_fd = {c->fd, POLLIN, 0};
        if (SSL_pending(c->ssl) == 0 && poll(&poll_fd, 1, 100) == 0) {
            if (c->hub->stopping)
                return false;
            continue;
        }
        if (SSL_read_ex(c->ssl, chunk_b, sizeof chunk_b, &len) != 1)
            return false;
        struct sec_bytes bytes = sec_bytes(chunk_b, len);
        do {
            if (!sec_ok(http_feed(&c->http, bytes, &used, &event)))
                return false;
            bytes = sec_bytes_part(bytes, used, bytes.len);
            if (event == HTTP_GOT_BODY) {
                sec_copy(&c->body_b[c->body_len], c->http.body.data, c->http.body.len);
                c->body_len += c->http.body.len;
            }
        } while (event != HTTP_NEED_MORE && event != HTTP_GOT_END);
    }
    pthread_mutex_lock(&c->hub->lock);
    bool more = route(c);
    pthread_mutex_unlock(&c->hub->lock);
    return more;
}

static void *serve(void *ctx)
{
    struct connection *c = ctx;
    struct fake_hub *hub = c->hub;
    bool good = SSL_accept(c->ssl) == 1;
    pthread_mutex_lock(&hub->lock);
    hub->connections += good;
    hub->refused += !good;
    hub->resumed += good && SSL_session_reused(c->ssl);
    pthread_mutex_unlock(&hub->lock);
    while (good && !hub->stopping && serve_request(c))
        ;
    SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* the session stays */
    SSL_free(c->ssl);
    ERR_clear_error();
    close(c->fd);
    free(c);
    pthread_mutex_lock(&hub->lock);
    hub->busy--;
    pthread_mutex_unlock(&hub->lock);
    return NULL;
}

/* --- listening --------------------------------------------------------------------------------------------- */

static void begin_connection(struct fake_hub *hub, int fd)
{
    const struct timeval patience = {5, 0};
    pthread_t thread;
    struct connection *c = calloc(1, sizeof *c);
    must(c != NULL, "memory");
    c->hub = hub;
    c->fd = fd;
    c->ssl = SSL_new(hub->ctx);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    pthread_mutex_lock(&hub->lock);
    hub->busy++;
    pthread_mutex_unlock(&hub->lock);
    must(c->ssl && SSL_set_fd(c->ssl, fd) == 1 && pthread_create(&thread, NULL, serve, c) == 0 && pthread_detach(thread) == 0, "a thread");
}

static void *accept_all(void *ctx)
{
    struct fake_hub *hub = ctx;
    while (!hub->stopping) {
        struct pollfd poll_fd = {hub->listen_fd, POLLIN, 0};
        int fd = poll(&poll_fd, 1, 50) == 1 ? accept4(hub->listen_fd, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd >= 0)
            begin_connection(hub, fd);
    }
    return NULL;
}

void fake_hub_start(struct fake_hub *hub)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(hub->port)};
    socklen_t len = sizeof at;
    int yes = 1;
    hub->stopping = false;
    hub->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(hub->listen_fd >= 0 && setsockopt(hub->listen_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
             bind(hub->listen_fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(hub->listen_fd, 16) == 0 &&
             getsockname(hub->listen_fd, (struct sockaddr *)&at, &len) == 0,
         "listen");
    hub->port = ntohs(at.sin_port);
    must(pthread_create(&hub->acceptor, NULL, accept_all, hub) == 0, "a thread");
}

static bool is_idle(const struct fake_hub *hub)
{
    return hub->busy == 0;
}

void fake_hub_stop(struct fake_hub *hub)
{
    if (hub->listen_fd < 0)
        return;
    hub->stopping = true;
    pthread_join(hub->acceptor, NULL);
    close(hub->listen_fd);
    hub->listen_fd = -1;
    (void)fake_hub_wait(hub, is_idle, 10);
}

/* --- for the test -------------------------------------------------------------------------------------------- */

size_t fake_hub_deliver(struct fake_hub *hub, struct sec_bytes statement, const struct sec_bytes *payload)
{
    struct sec_statement parsed;
    struct sec_suit_release_envelope envelope;
    pthread_mutex_lock(&hub->lock);
    struct sec_hasher hasher = sec_openssl_crypto(&hub->openssl).hasher;
    struct fake_delivery *d = &hub->deliveries[hub->deliveries_count];
    must(hub->deliveries_count < FAKE_HUB_DELIVERIES_MAX_COUNT && sec_bytes_copy(SEC_ROOM(d->statement), statement), "a delivery");
    d->statement_len = statement.len;
    if (payload) {
        d->has_payload = true;
        d->payload_bytes = payload->len;
        hub->payload = *payload;
        must(sec_ok(hasher.digest(hasher.ctx, payload, 1, &d->payload)) && sec_ok(sec_suit_release_open(statement, &envelope)) &&
                 sec_ok(sec_statement_digest(&envelope.statement, envelope.authentication.signed_bytes, &hasher, &d->digest)),
             "a digest");
    } else {
        must(sec_ok(sec_statement_parse(statement, &parsed)) && sec_ok(sec_statement_digest(&parsed, parsed.msg.payload, &hasher, &d->digest)), "a digest");
    }
    size_t number = hub->deliveries_count++;
    pthread_mutex_unlock(&hub->lock);
    return number;
}

bool fake_hub_wait(struct fake_hub *hub, bool (*holds)(const struct fake_hub *hub), unsigned seconds)
{
    const struct timespec pause = {0, 50000000};
    for (unsigned i = 0; i < seconds * 20; i++) {
        pthread_mutex_lock(&hub->lock);
        bool good = holds(hub);
        pthread_mutex_unlock(&hub->lock);
        if (good)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}
