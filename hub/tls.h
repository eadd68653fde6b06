/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS: version 1.3 alone, P-256 certificates, sessions kept here (not in tickets) and shared between threads.
 *
 * On the device entrance a client certificate is asked for, not demanded: a first enrolment has none. One that is shown is looked up by its SHA-256 in the fleet; an unknown
 * one must chain to the hub's own CA and be in its time, and is remembered then (after a restored backup); otherwise the handshake fails. Whom a session belongs to is kept
 * with it, so that resuming costs no certificate work; a revoked device does not resume, nor does an epoch that is over.
 * Inside the hub's core only. Memory: two contexts; at most TLS_SESSIONS_COUNT sessions. Threads: tls_open() and tls_done() the main one, the rest each connection's.
 * Serves S36, S69, S80.
 */
#ifndef SECURABLE_HUB_TLS_H
#define SECURABLE_HUB_TLS_H

#include "connection.h"

#define TLS_SESSIONS_COUNT 20480
#define TLS_SESSION_S 86400
#define TLS_CLEAR_S 600u

/** Fills hub->tls from hub->place. IO_FAILED (told). */
sec_status tls_open(struct hub *hub);
void tls_done(struct hub *hub);
/** Forgets sessions whose time is over: every TLS_CLEAR_S seconds, instead of in the middle of handshakes. */
void tls_tick(struct hub *hub);

/** Gives an accepted connection its TLS state. False: no memory. */
bool tls_accept(struct hub_connection *c);
/** Goes on with the handshake; when it is done the connection is open. False: it failed. */
bool tls_handshake(struct hub_connection *c);
/** Tells the client that no more comes, if it can be told at once. */
void tls_bye(struct hub_connection *c);
/** Frees; the session stays good for resuming. */
void tls_close(struct hub_connection *c);

#endif
