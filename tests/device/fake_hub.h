/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hub for tests of link: real TLS, certificates, HTTP and sync, in threads of the test; and it can misbehave.
 *
 * It follows the log as a hub does (every entry is hashed, every head must be led to), keeps what comes back, and counts.
 * Memory: static. Threads: one a connection; the test reads the counts through fake_hub_wait() or after fake_hub_stop().
 */
#ifndef TESTS_FAKE_HUB_H
#define TESTS_FAKE_HUB_H

#include <openssl_crypto.h>

#include <securable/eventlog_follow.h>
#include <securable/sync.h>

#include <openssl/ssl.h>
#include <pthread.h>

#define FAKE_HUB_DELIVERIES_MAX_COUNT 16u
#define FAKE_HUB_RECEIPT_MAX_BYTES 16384u

struct fake_delivery {
    size_t statement_len;
    uint8_t statement[SEC_STATEMENT_MAX_BYTES];
    struct sec_digest digest;
    bool has_payload;
    struct sec_digest payload;
    uint64_t payload_bytes;
    bool answered;
    uint16_t code;
    size_t receipt_len;
    uint8_t receipt[FAKE_HUB_RECEIPT_MAX_BYTES];
};

struct fake_hub {
    /* how it behaves; set before, or under the lock */
    long certificate_life_s;
    bool no_renewal;       /* simplereenroll answers 503 */
    bool no_enrolment;     /* simpleenroll answers 403 */
    uint64_t payload_cut;  /* the connection ends behind so many bytes of a payload; 0: not */
    unsigned payload_fault; /* 1: it has no payload (404), 2: the connection ends unanswered; 0: it gives them */
    unsigned wait_most_s;  /* a poll ends after so long */
    unsigned nonsense;     /* answers to sync: 1 no CBOR, 2 status 500, 3 no HTTP, 4 far too long, 5 half an answer; 0: good ones */
    struct sec_bytes payload;
    uint8_t nonce[16];
    bool nonce_asked;

    /* what it saw */
    unsigned connections, resumed, refused, enrolled, renewed, unbound, syncs, payloads, ranges, agains;
    uint64_t last_range;
    struct sec_follow follow;
    struct sec_merkle_frontier run; /* of a head that is not led to yet */
    size_t report_len;
    struct fake_delivery deliveries[FAKE_HUB_DELIVERIES_MAX_COUNT];
    size_t deliveries_count;

    /* inside */
    pthread_mutex_t lock;
    pthread_t acceptor;
    volatile bool stopping;
    unsigned busy; /* connection threads */
    int listen_fd;
    uint16_t port;
    EVP_PKEY *ca_key;
    X509 *ca;
    struct sec_digest ca_digest;
    SSL_CTX *ctx;
    struct sec_openssl openssl; /* under the lock */
    long serial;
};

/** Makes CA and certificate. `hub` is then ready to be started and stopped, also again. */
void fake_hub_make(struct fake_hub *hub);
/** Listens at its port (the first time at any). */
void fake_hub_start(struct fake_hub *hub);
/** Ends listening and all connections. */
void fake_hub_stop(struct fake_hub *hub);
void fake_hub_done(struct fake_hub *hub);
/** Puts a statement in line; with a payload, or null. Its number. */
size_t fake_hub_deliver(struct fake_hub *hub, struct sec_bytes statement, const struct sec_bytes *payload);
/** Waits until `holds` is true, under the lock; false after `seconds`. */
bool fake_hub_wait(struct fake_hub *hub, bool (*holds)(const struct fake_hub *hub), unsigned seconds);

#endif
