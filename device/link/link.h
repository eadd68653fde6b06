/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link: the device's network process: what its files share.
 *
 * It carries: statements down to the keeper, verdicts, entries and reports up to the hub. It decides nothing about them; whether a statement counts,
 * its signature says, and the keeper judges. What link has of its own is a transport key, its certificate, and half-loaded payloads.
 * One thread, one connection: work goes on one step after the other, and wherever it waits, link_wait() listens to parent and keeper too.
 * Memory: one static struct; large rooms are mapped for the moment of their use (scratch). Threads: one.
 * Demand: S29, S36, S38, S39, S40, S80.
 */
#ifndef SECURABLE_DEVICE_LINK_H
#define SECURABLE_DEVICE_LINK_H

#include "../common/child.h"
#include "../common/hub_place.h"

#include "http.h"
#include "key_file.h"

#include <securable/identity.h>
#include <securable/sync.h>

#include <openssl/ssl.h>
#include <sys/socket.h>

#define LINK_ADDRESSES_MAX_COUNT 8u
#define LINK_IDEVID_MAX_BYTES 2048u
/** A hub that says nothing for so long, beyond what was agreed, is gone. */
#define LINK_SILENCE_MS UINT64_C(30000)
#define LINK_CONNECT_MS UINT64_C(10000)
/** How long a sync request waits at the hub when there is nothing new. */
#define LINK_POLL_S 60u
/** What is still to be said when the parent says stop, is said within this time. */
#define LINK_STOP_WITHIN_MS UINT64_C(2000)
/** After so many attempts in a row that did not reach the hub, its name is resolved anew by a new process. */
#define LINK_UNREACHED_MAX_COUNT 6u

struct link_address {
    socklen_t len;
    struct sockaddr_storage at;
};

/** The transport key and its certificate. */
struct link_identity {
    struct sec_private_key key;
    X509 *certificate; /* null: none */
    uint64_t epoch;    /* that both belong to */
    int64_t from_s;
    int64_t until_s;
    uint64_t got_ms;     /* steady: when we got or loaded it */
    uint64_t renewed_ms; /* steady: when renewal was last tried; 0: never */
};

/** The one connection. */
struct link_tls {
    SSL_CTX *ctx;
    SSL *ssl; /* null: not connected */
    int fd;
    SSL_SESSION *session; /* to resume; of connections with certificate */
    bool with_certificate;
    bool used;          /* an answer came over it */
    bool told_unpinned; /* the log knows that any certificate is taken */
    bool refused;       /* the server's certificate was not as it must be */
};

struct link {
    struct child_start start;
    struct confinement confinement;
    struct ipc_channel keeper;
    uint32_t last_ask;
    struct hub_place place;
    struct hub_host host;
    struct link_address addresses[LINK_ADDRESSES_MAX_COUNT];
    size_t addresses_count;
    int dir_fd;

    struct sec_openssl openssl;
    struct sec_crypto crypto;
    struct link_identity identity;
    struct link_tls tls;

    /* what the keeper said of the device */
    struct sec_device_id device_id;
    uint64_t epoch;
    bool owned;
    uint64_t records; /* committed, as last heard */
    size_t idevid_len;
    uint8_t idevid_b[LINK_IDEVID_MAX_BYTES];

    bool stopping;
    uint64_t stop_ms; /* when waiting ends */
    bool broken;      /* a peer broke the form: the process ends */
    uint64_t interrupted_ms;
    unsigned unreached; /* attempts in a row */
};

/* --- wait.c ----------------------------------------------------------------------------------------------- */

enum link_wait {
    LINK_READY,
    LINK_TIMEOUT,
    LINK_NEWS, /* more records are committed than `records_known` */
    LINK_STOP,
};

/** Milliseconds of the steady clock. */
uint64_t link_now_ms(void);
uint32_t link_random(struct link *link);
/**
 * Waits for `events` at `fd` (-1: for nothing) until `due_ms`, and takes what parent and keeper say. With `idle` a stop ends it at once, else
 * within LINK_STOP_WITHIN_MS; with `for_news` also the keeper's news of records from `records_known` on.
 */
enum link_wait link_wait(struct link *link, int fd, short events, uint64_t due_ms, bool idle, bool for_news, uint64_t records_known);

/* --- keeper_ask.c ------------------------------------------------------------------------------------------- */

/** Room for any answer of the keeper. */
#define LINK_TOLD_BYTES (IPC_HEADER_BYTES + 64u + IPC_A_MAX_BYTES)

struct link_told {
    sec_status status;
    bool decided; /* the status is the keeper's verdict on a statement */
    struct sec_bytes content; /* in the room */
};

/** Asks one question and waits for its answer. NOT_OPEN: the keeper is not there (now). The answer's status is in `ret_told`. */
sec_status link_ask(struct link *link, const struct ipc_message *question, int fd, struct sec_room room, struct link_told *ret_told);
/** Asks who the device is and in which epoch. */
sec_status link_ask_facts(struct link *link);

/* --- scratch.c ---------------------------------------------------------------------------------------------- */

/** Maps a room of zeros; `data` null when there is no memory. */
struct sec_room scratch_take(size_t bytes);
/** Gives it back to the kernel: nothing of it stays in this process. */
void scratch_drop(struct sec_room *room);

/* --- resolve.c ---------------------------------------------------------------------------------------------- */

/** Finds the hub's addresses; a name in a process of its own, so that what that loads is gone with it. False after saying why. */
bool link_resolve(struct link *link);

/* --- tls.c -------------------------------------------------------------------------------------------------- */

/** Prepares libssl; before confinement. */
bool link_tls_init(struct link *link);
/**
 * Connects, with the transport certificate or without. NOT_OPEN: not reached, or stopping; UNKNOWN_KEY: whoever is there has not the pinned CA;
 * IO_FAILED: the handshake failed otherwise.
 */
sec_status link_tls_open(struct link *link, bool with_certificate);
void link_tls_close(struct link *link);
/** Forgets the session: the certificate is another. */
void link_tls_forget(struct link *link);
sec_status link_tls_write(struct link *link, struct sec_bytes bytes);
/**
 * Reads what is there. NOT_OPEN: ended, or stopping; NOT_PERMITTED: the hub does not take our certificate; PENDING: there is news; BUSY: time is
 * over; IO_FAILED.
 */
sec_status link_tls_read(struct link *link, struct sec_room room, uint64_t due_ms, bool for_news, uint64_t records_known, size_t *ret_len);
/** 32 bytes that bind a request to this connection (RFC 9266). */
sec_status link_tls_binding(struct link *link, struct sec_room to);

/* --- exchange.c --------------------------------------------------------------------------------------------- */

struct link_request {
    const char *method;
    const char *path;
    const char *fields; /* further lines, each ended; "" for none */
    struct sec_bytes body;
    uint64_t wait_ms;     /* the hub may take so long */
    bool for_news;        /* while it waits, the keeper's news may end it */
    uint64_t records_known;
    uint64_t body_max;
    /* Takes the answer's pieces; null: the whole body goes to `room`. */
    sec_status (*piece)(void *ctx, const struct http_head *head, struct sec_bytes piece);
    void *ctx;
    struct sec_room room;
};

struct link_response {
    unsigned status;
    struct sec_bytes body;
    bool answered; /* a head came: the connection, and our certificate, were taken */
};

/** One request and its answer over the open connection, which is closed when it cannot be used again. Statuses of link_tls_read() and of the framing; the piece's. */
sec_status link_exchange(struct link *link, const struct link_request *request, struct link_response *ret_response);

/* --- identity.c --------------------------------------------------------------------------------------------- */

/** Loads key and certificate of this place and epoch, or makes a new key. False after saying what failed. */
bool link_identity_load(struct link *link);
/** Takes a certificate for the key. BAD_KEY, STORAGE_FULL, IO_FAILED. */
sec_status link_identity_take(struct link *link, X509 *certificate);
/** Forgets the certificate. */
void link_identity_drop(struct link *link);
/** True when two thirds of the certificate's life are over, by the clock or by the time that passed. */
bool link_identity_due(const struct link *link);

/* --- est.c -------------------------------------------------------------------------------------------------- */

/** Enrols the key: by the keeper's statement, or (`renew`) by the certificate. NOT_PERMITTED: refused; else why it failed. */
sec_status link_enrol(struct link *link, bool renew);

/* --- payload.c ---------------------------------------------------------------------------------------------- */

/**
 * Fetches a payload, going on where an earlier attempt ended; `ret_gained`: a part of it came and is kept, also of a failed attempt. OK: `ret_fd` is open for reading, its digest is right. TOO_LARGE: more than
 * may be; STORAGE_FULL: there is no room for it, and no part is left to take any; NOT_FOUND: the hub has it not (yet); DIGEST_MISMATCH; statuses of link_exchange().
 */
sec_status link_payload_fetch(struct link *link, const struct sec_digest *digest, uint64_t size, bool *ret_gained, int *ret_fd);
/** Forgets all parts but that of `keep` (null: all). */
void link_payload_clean(struct link *link, const struct sec_digest *keep);

/* --- sync_client.c ------------------------------------------------------------------------------------------ */

/** Works until told to stop; the process' exit code. */
int link_run(struct link *link);

#endif
