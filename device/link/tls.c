/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "../common/say.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* RFC 8446, 6: alerts by which a server says that it does not take our certificate. libssl's reason for a received alert is 1000 and its number. */
#define REASON_ALERT 1000
static const int certificate_alerts[] = {42, 43, 44, 45, 46, 48, 49, 116};

/* --- who is there --------------------------------------------------------------------------------------- */

static bool is_pinned(const struct link *link, X509 *certificate)
{
    struct sec_digest digest;
    unsigned len = sizeof digest.b;
    return X509_digest(certificate, link->openssl.sha256, digest.b, &len) == 1 && sec_digest_equal(&digest, &link->place.ca);
}

static X509 *find_pinned(const struct link *link, STACK_OF(X509) *chain, X509 *leaf)
{
    if (is_pinned(link, leaf))
        return leaf;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        if (is_pinned(link, sk_X509_value(chain, i)))
            return sk_X509_value(chain, i);
    }
    return NULL;
}

static bool set_rules(const struct link *link, X509_STORE_CTX *check)
{
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(check);
    /* The clock may be the one thing that is wrong; and whoever the owner pinned need not be a root. */
    return X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
           X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER) == 1 &&
           (link->host.literal ? X509_VERIFY_PARAM_set1_ip_asc(rules, link->host.name)
                               : X509_VERIFY_PARAM_set1_host(rules, link->host.name, 0)) == 1;
}

/* The leaf must lead to the pinned certificate, and be for this host. */
static bool leads_to(const struct link *link, X509 *leaf, STACK_OF(X509) *chain, X509 *anchor)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    bool good = store && check && X509_STORE_add_cert(store, anchor) == 1 && X509_STORE_CTX_init(check, store, leaf, chain) == 1 &&
                set_rules(link, check) && X509_verify_cert(check) == 1;
    if (!good && check)
        say("hub %s, certificate: %s", link->host.name, X509_verify_cert_error_string(X509_STORE_CTX_get_error(check)));
    X509_STORE_CTX_free(check);
    X509_STORE_free(store);
    return good;
}

static int verify(X509_STORE_CTX *given, void *ctx)
{
    struct link *link = ctx;
    X509 *leaf = X509_STORE_CTX_get0_cert(given);
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(given);
    if (!link->place.pinned) {
        if (!link->tls.told_unpinned)
            say("hub %s, certificate: any is taken, since no CA is pinned; statements carry their own signatures", link->host.name);
        link->tls.told_unpinned = true;
        X509_STORE_CTX_set_error(given, X509_V_OK);
        return 1;
    }
    X509 *anchor = leaf ? find_pinned(link, chain, leaf) : NULL;
    if (!anchor)
        say("hub %s, certificate: does not come with the pinned CA", link->host.name);
    link->tls.refused = !anchor || !leads_to(link, leaf, chain, anchor);
    X509_STORE_CTX_set_error(given, link->tls.refused ? X509_V_ERR_CERT_UNTRUSTED : X509_V_OK);
    return link->tls.refused ? 0 : 1;
}

/* --- sessions ------------------------------------------------------------------------------------------- */

/* Sessions of connections without certificate would be resumed without one. */
static int new_session(SSL *ssl, SSL_SESSION *session)
{
    struct link *link = SSL_get_app_data(ssl);
    if (!link->tls.with_certificate)
        return 0;
    SSL_SESSION_free(link->tls.session);
    link->tls.session = session;
    return 1; /* it is ours now */
}

void link_tls_forget(struct link *link)
{
    SSL_SESSION_free(link->tls.session);
    link->tls.session = NULL;
}

bool link_tls_init(struct link *link)
{
    const uint64_t options = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_SSL_STRINGS | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
    SSL_CTX *ctx = OPENSSL_init_ssl(options, NULL) == 1 ? SSL_CTX_new(TLS_client_method()) : NULL;
    link->tls.fd = -1;
    link->tls.ctx = ctx;
    if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1) {
        say("libssl, init: failed");
        return false;
    }
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, new_session);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify, link);
    return true;
}

/* --- connecting ----------------------------------------------------------------------------------------- */

static int connect_one(struct link *link, const struct link_address *address)
{
    int fd = socket(address->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0, yes = 1;
    socklen_t len = sizeof error;
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address->at, address->len) != 0 &&
        (errno != EINPROGRESS ||
         link_wait(link, fd, POLLOUT, link_now_ms() + LINK_CONNECT_MS, false, false, 0) != LINK_READY ||
         getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)) {
        close(fd);
        errno = error ? error : errno == EINPROGRESS ? ETIMEDOUT : errno;
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    return fd;
}

static bool connect_any(struct link *link)
{
    int error = 0;
    for (size_t i = 0; i < link->addresses_count && link->tls.fd < 0; i++) {
        link->tls.fd = connect_one(link, &link->addresses[i]);
        error = errno;
    }
    if (link->tls.fd < 0 && link->unreached == 0)
        say("hub %s port %u, connect: %s", link->host.name, (unsigned)link->host.port, strerror(error));
    link->unreached = link->tls.fd < 0 ? link->unreached + 1 : 0;
    return link->tls.fd >= 0;
}

static bool prepare(struct link *link, bool with_certificate)
{
    SSL *ssl = link->tls.ssl = SSL_new(link->tls.ctx);
    if (!ssl || SSL_set_fd(ssl, link->tls.fd) != 1 || SSL_set_app_data(ssl, link) != 1)
        return false;
    if (!link->host.literal && SSL_set_tlsext_host_name(ssl, link->host.name) != 1)
        return false;
    if (!with_certificate)
        return true;
    if (link->tls.session && SSL_set_session(ssl, link->tls.session) != 1)
        return false;
    return SSL_use_certificate(ssl, link->identity.certificate) == 1 && SSL_use_PrivateKey(ssl, link->identity.key.pkey) == 1;
}

/* What libssl wants to wait for; 0: it has failed, or ended. */
static short wanted(SSL *ssl, int rc)
{
    int error = SSL_get_error(ssl, rc);
    return error == SSL_ERROR_WANT_READ ? POLLIN : error == SSL_ERROR_WANT_WRITE ? POLLOUT : 0;
}

static bool is_certificate_alert(void)
{
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_REASON(error);
    for (size_t i = 0; ERR_GET_LIB(error) == ERR_LIB_SSL && i < sizeof certificate_alerts / sizeof certificate_alerts[0]; i++) {
        if (reason == REASON_ALERT + certificate_alerts[i])
            return true;
    }
    return false;
}

static sec_status shake_hands(struct link *link)
{
    uint64_t due_ms = link_now_ms() + LINK_SILENCE_MS;
    for (;;) {
        ERR_clear_error();
        int rc = SSL_connect(link->tls.ssl);
        if (rc == 1)
            return sec_st(SEC_OK);
        short events = wanted(link->tls.ssl, rc);
        if (link->tls.refused)
            return sec_st(SEC_UNKNOWN_KEY);
        if (events == 0)
            return sec_st(is_certificate_alert() ? SEC_NOT_PERMITTED : SEC_IO_FAILED);
        if (link_wait(link, link->tls.fd, events, due_ms, false, false, 0) != LINK_READY)
            return sec_st(SEC_IO_FAILED);
    }
}

sec_status link_tls_open(struct link *link, bool with_certificate)
{
    link_tls_close(link);
    link->tls.with_certificate = with_certificate;
    link->tls.used = link->tls.refused = false;
    if (!connect_any(link))
        return sec_st(SEC_NOT_OPEN);
    sec_status status = prepare(link, with_certificate) ? shake_hands(link) : sec_st(SEC_IO_FAILED);
    if (!sec_ok(status)) {
        say("hub %s, handshake: %s", link->host.name, sec_status_text(status));
        link_tls_forget(link);
        link_tls_close(link);
    }
    ERR_clear_error();
    return status;
}

void link_tls_close(struct link *link)
{
    if (link->tls.ssl) {
        if (SSL_is_init_finished(link->tls.ssl))
            (void)SSL_shutdown(link->tls.ssl); /* one word, no waiting; the session stays good */
        SSL_free(link->tls.ssl);
        link->tls.ssl = NULL;
    }
    if (link->tls.fd >= 0)
        close(link->tls.fd);
    link->tls.fd = -1;
    ERR_clear_error();
}

/* --- talking -------------------------------------------------------------------------------------------- */

sec_status link_tls_write(struct link *link, struct sec_bytes bytes)
{
    uint64_t due_ms = link_now_ms() + LINK_SILENCE_MS;
    for (size_t at = 0; at < bytes.len;) {
        size_t sent = 0;
        ERR_clear_error();
        int rc = SSL_write_ex(link->tls.ssl, &bytes.data[at], bytes.len - at, &sent);
        if (rc == 1) {
            at += sent;
            due_ms = link_now_ms() + LINK_SILENCE_MS;
            continue;
        }
        short events = wanted(link->tls.ssl, rc);
        if (events == 0 || link_wait(link, link->tls.fd, events, due_ms, false, false, 0) != LINK_READY)
            return sec_st(SEC_IO_FAILED);
    }
    return sec_st(SEC_OK);
}

static sec_status read_failure(struct link *link, int rc)
{
    if (SSL_get_error(link->tls.ssl, rc) == SSL_ERROR_ZERO_RETURN)
        return sec_st(SEC_NOT_OPEN);
    return sec_st(link->tls.with_certificate && is_certificate_alert() ? SEC_NOT_PERMITTED : SEC_IO_FAILED);
}

sec_status link_tls_read(struct link *link, struct sec_room room, uint64_t due_ms, bool for_news, uint64_t records_known, size_t *ret_len)
{
    for (;;) {
        ERR_clear_error();
        int rc = SSL_read_ex(link->tls.ssl, room.data, room.len, ret_len);
        if (rc == 1)
            return sec_st(SEC_OK);
        short events = wanted(link->tls.ssl, rc);
        if (events == 0)
            return read_failure(link, rc);
        switch (link_wait(link, link->tls.fd, events, due_ms, for_news, for_news, records_known)) {
        case LINK_READY:
            break;
        case LINK_NEWS:
            return sec_st(SEC_PENDING);
        case LINK_TIMEOUT:
            return sec_st(SEC_BUSY);
        case LINK_STOP:
            return sec_st(SEC_NOT_OPEN);
        }
    }
}

sec_status link_tls_binding(struct link *link, struct sec_room to)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    return SSL_export_keying_material(link->tls.ssl, to.data, to.len, label, sizeof label - 1, NULL, 0, 0) == 1 ? sec_st(SEC_OK)
                                                                                                               : sec_st(SEC_IO_FAILED);
}
