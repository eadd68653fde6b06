/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include "ca.h"
#include "gate.h"
#include "say.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct hub_tls {
    SSL_CTX *device, *api;
    BIO_METHOD *socket;
    EVP_MD *sha256;
    int session_index; /* of struct session_owner in a session */
};

/** Whom a session's certificate belongs to, and until when it is good. */
struct session_owner {
    struct sec_device_id device;
    uint64_t epoch;
    int64_t until_s;
};

/* --- bytes: a BIO that tells the connection when its socket is empty ----------------------------------------------- */

static int bio_read(BIO *bio, char *data, int len)
{
    struct hub_connection *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = recv(c->fd, data, (size_t)len, 0);
    c->drained = got < len;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    return (int)got;
}

static int bio_write(BIO *bio, const char *data, int len)
{
    struct hub_connection *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t put = send(c->fd, data, (size_t)len, MSG_NOSIGNAL);
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)put;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP || command == BIO_CTRL_PUSH || command == BIO_CTRL_POP;
}

/* --- whom a certificate belongs to ------------------------------------------------------------------------------------ */

static void owner_free(void *parent, void *owner, CRYPTO_EX_DATA *data, int index, long number, void *pointer)
{
    (void)parent, (void)data, (void)index, (void)number, (void)pointer;
    free(owner);
}

/** Resuming makes a new session from the old one: it has the same owner, in memory of its own. */
static int owner_copy(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **from_owner, int index, long number, void *pointer)
{
    (void)to, (void)from, (void)index, (void)number, (void)pointer;
    if (!*from_owner)
        return 1;
    struct session_owner *owner = malloc(sizeof *owner);
    if (!owner)
        return 0;
    *owner = *(struct session_owner *)*from_owner;
    *from_owner = owner;
    return 1;
}

static bool fingerprint_of(const struct hub_tls *tls, X509 *certificate, struct sec_digest *ret_fingerprint)
{
    unsigned len = 0;
    return X509_digest(certificate, tls->sha256, ret_fingerprint->b, &len) == 1 && len == sizeof ret_fingerprint->b;
}

static int64_t time_of(const ASN1_TIME *time)
{
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/** The common name of a transport certificate is its device's id in hex. */
static bool device_of(X509 *certificate, struct sec_device_id *ret_device)
{
    char text[2 * sizeof ret_device->b + 2];
    size_t len = 0;
    int count = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
    return count == 2 * (int)sizeof ret_device->b && sec_ok(sec_hex_parse(sec_bytes(text, (size_t)count), SEC_ROOM(ret_device->b), &len)) &&
           len == sizeof ret_device->b;
}

static sec_status remember_work(struct hub_store *store, void *arg)
{
    return hub_certificate_put(store, arg);
}

static void remember_done(struct hub_exchange *x, void *arg, sec_status status)
{
    (void)x;
    if (!sec_ok(status))
        hub_say("certificate: remember: %s", sec_status_text(status));
    free(arg);
}

static void remember(struct hub *hub, const struct hub_certificate *certificate)
{
    struct hub_certificate *kept = malloc(sizeof *kept);
    (void)hub_fleet_certificate_put(hub->fleet, certificate); /* no room: it is checked in full the next time, too */
    if (!kept)
        return;
    *kept = *certificate;
    hub_write(NULL, hub, remember_work, remember_done, kept);
}

/** A certificate that the fleet does not know: the whole chain, to the hub's own CA, in its time, of a device that is not revoked, of no epoch that is over. */
static bool check_unknown(struct hub *hub, X509_STORE_CTX *ctx, X509 *certificate, const struct sec_digest *fingerprint, struct hub_certificate *ret_row)
{
    struct hub_certificate row = {.fingerprint = *fingerprint, .epoch = hub_ca_epoch(certificate), .not_before_s = time_of(X509_get0_notBefore(certificate)),
                                  .not_after_s = time_of(X509_get0_notAfter(certificate))};
    if (X509_verify_cert(ctx) != 1 || !device_of(certificate, &row.device) || hub_fleet_ended(hub->fleet, &row.device, row.epoch))
        return false;
    remember(hub, &row);
    *ret_row = row;
    return true;
}

static int verify(X509_STORE_CTX *ctx, void *arg)
{
    struct hub *hub = arg;
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct hub_connection *c = SSL_get_app_data(ssl);
    X509 *certificate = X509_STORE_CTX_get0_cert(ctx);
    struct sec_digest fingerprint;
    struct hub_certificate row;
    struct session_owner *owner = malloc(sizeof *owner);
    bool good = owner && certificate && fingerprint_of(hub->tls, certificate, &fingerprint) &&
                (hub_fleet_certificate(hub->fleet, &fingerprint, hub_now_s(), &row) ||
                 check_unknown(hub, ctx, certificate, &fingerprint, &row));
    if (good)
        *owner = (struct session_owner){row.device, row.epoch, time_of(X509_get0_notAfter(certificate))};
    if (!good || SSL_SESSION_set_ex_data(SSL_get_session(ssl), hub->tls->session_index, owner) != 1) {
        free(owner);
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_REJECTED);
        hub_say_of_strangers("connections: certificate: not one that opens anything here");
        return 0;
    }
    c->device = owner->device;
    c->epoch = owner->epoch;
    c->has_device = true;
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

/** A resumed session's device, unless its certificate's time or epoch is over or it is revoked. */
static bool resumed_owner(struct hub_connection *c)
{
    struct hub *hub = c->loop->hub;
    const struct session_owner *owner = SSL_SESSION_get_ex_data(SSL_get_session(c->ssl), hub->tls->session_index);
    if (!owner)
        return true; /* a session without a certificate: nobody */
    if (owner->until_s < hub_now_s() || hub_fleet_ended(hub->fleet, &owner->device, owner->epoch))
        return false;
    c->device = owner->device;
    c->epoch = owner->epoch;
    c->has_device = true;
    return true;
}

/* --- connections ---------------------------------------------------------------------------------------------------------- */

bool tls_accept(struct hub_connection *c)
{
    struct hub_tls *tls = c->loop->hub->tls;
    BIO *bio = BIO_new(tls->socket);
    c->ssl = SSL_new(c->entrance == HUB_ENTRANCE_DEVICE ? tls->device : tls->api);
    if (!bio || !c->ssl) {
        BIO_free(bio);
        return false;
    }
    BIO_set_data(bio, c);
    BIO_set_init(bio, 1);
    SSL_set_bio(c->ssl, bio, bio);
    SSL_set_app_data(c->ssl, c);
    SSL_set_accept_state(c->ssl);
    return true;
}

bool tls_handshake(struct hub_connection *c)
{
    int done = SSL_do_handshake(c->ssl);
    if (done != 1) {
        int why = SSL_get_error(c->ssl, done);
        unsigned long error = ERR_peek_error();
        const char *reason = error ? ERR_reason_error_string(error) : NULL;
        bool wait = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
        if (!wait && reason)
            hub_say_of_strangers("connections: handshake: %s", reason);
        ERR_clear_error();
        c->readable = false;
        if (why == SSL_ERROR_WANT_WRITE)
            connection_watch_out(c);
        return wait;
    }
    ERR_clear_error();
    if (SSL_session_reused(c->ssl) && !resumed_owner(c)) {
        SSL_CTX_remove_session(SSL_get_SSL_CTX(c->ssl), SSL_get_session(c->ssl));
        return false;
    }
    if (c->has_device && !(c->of_device = hub_peers_enter_device(c->loop->hub->gate->devices, &c->device))) {
        hub_say_of_strangers("connections: too many of one device");
        return false;
    }
    c->state = CONNECTION_OPEN;
    hub_say_more("connections: handshake: %s%s", c->has_device ? "a device" : "nobody", SSL_session_reused(c->ssl) ? ", resumed" : "");
    c->readable = true; /* the request may have come with the handshake's last bytes */
    if (c->has_device)
        connection_prove(c);
    return true;
}

void tls_bye(struct hub_connection *c)
{
    if (c->ssl && SSL_is_init_finished(c->ssl))
        (void)SSL_shutdown(c->ssl);
    ERR_clear_error();
}

void tls_close(struct hub_connection *c)
{
    if (!c->ssl)
        return;
    if (SSL_is_init_finished(c->ssl))
        SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* else SSL_free() would drop the session from the cache */
    SSL_free(c->ssl);
    c->ssl = NULL;
    ERR_clear_error();
}

/* --- contexts --------------------------------------------------------------------------------------------------------------- */

static bool use_certificate(SSL_CTX *ctx, struct hub_place *place)
{
    return SSL_CTX_use_certificate(ctx, place->tls) == 1 && SSL_CTX_use_PrivateKey(ctx, place->tls_key.pkey) == 1 &&
           SSL_CTX_add1_chain_cert(ctx, place->ca) == 1 && SSL_CTX_check_private_key(ctx) == 1;
}

static SSL_CTX *new_context(struct hub *hub, const char *id)
{
    char groups[] = "X25519:P-256"; /* the library's macro casts a constant's const away */
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    bool done = ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 && SSL_CTX_set1_groups_list(ctx, groups) == 1 &&
                SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1 &&
                SSL_CTX_set_session_id_context(ctx, (const unsigned char *)id, (unsigned)strlen(id)) == 1 && SSL_CTX_set_num_tickets(ctx, 1) == 1 &&
                use_certificate(ctx, &hub->place);
    if (!done) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_AUTO_CLEAR); /* tls_tick() clears */
    SSL_CTX_sess_set_cache_size(ctx, TLS_SESSIONS_COUNT);
    SSL_CTX_set_timeout(ctx, TLS_SESSION_S);
    return ctx;
}

/** Devices may show a certificate; only the hub's CA may have issued it. The CA's name is told, so that a client with several chooses. */
static bool ask_for_certificate(SSL_CTX *ctx, struct hub *hub)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify, hub);
    return X509_STORE_add_cert(store, hub->place.ca) == 1 && SSL_CTX_add_client_CA(ctx, hub->place.ca) == 1 &&
           X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT) == 1;
}

sec_status tls_open(struct hub *hub)
{
    struct hub_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return sec_st(SEC_IO_FAILED);
    hub->tls = tls;
    tls->session_index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, owner_copy, owner_free);
    tls->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    tls->socket = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");
    bool done = tls->session_index >= 0 && tls->sha256 && tls->socket && BIO_meth_set_read(tls->socket, bio_read) == 1 &&
                BIO_meth_set_write(tls->socket, bio_write) == 1 && BIO_meth_set_ctrl(tls->socket, bio_control) == 1 &&
                (tls->device = new_context(hub, "device")) != NULL && (tls->api = new_context(hub, "api")) != NULL &&
                ask_for_certificate(tls->device, hub);
    if (done)
        return sec_st(SEC_OK);
    hub_say("tls: start: %s", ERR_reason_error_string(ERR_peek_error()) ? ERR_reason_error_string(ERR_peek_error()) : "no memory");
    tls_done(hub);
    return sec_st(SEC_IO_FAILED);
}

void tls_tick(struct hub *hub)
{
    SSL_CTX_flush_sessions(hub->tls->device, (long)hub_now_s());
    SSL_CTX_flush_sessions(hub->tls->api, (long)hub_now_s());
}

void tls_done(struct hub *hub)
{
    struct hub_tls *tls = hub->tls;
    if (!tls)
        return;
    SSL_CTX_free(tls->device);
    SSL_CTX_free(tls->api);
    BIO_meth_free(tls->socket);
    EVP_MD_free(tls->sha256);
    free(tls);
    hub->tls = NULL;
}
