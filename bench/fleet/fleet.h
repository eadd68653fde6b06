/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fleet: N played devices in one process, with real keys, TLS, EST, statements and logs, against a real hub.
 *
 * They can lag, vanish, storm and lie, and they keep book of what the hub acknowledged: a head that it answered with, a statement that it took. What was
 * acknowledged must be there ever after, whatever is killed meanwhile.
 * Memory: from the heap, about 20 KiB a device with its connection. Threads: one loop, and one for the operator in `play`.
 */
#ifndef BENCH_FLEET_H
#define BENCH_FLEET_H

#include "certificate.h"
#include "key_file.h"

#include <securable/access_forms.h>
#include <securable/eventlog.h>
#include <securable/identity.h>
#include <securable/sync.h>

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>

#define FLEET_IDEVID_MAX_BYTES 1024u
#define FLEET_HEADER_MAX_BYTES 128u
#define FLEET_VERDICTS_MAX_COUNT 16u

/** One record of a played log: what an entry tells. */
struct record {
    uint8_t header[FLEET_HEADER_MAX_BYTES];
    uint8_t header_len;
    struct sec_digest body;
    uint8_t salt[32];
    uint8_t *content; /* null: not disclosed */
    size_t content_len;
};

struct verdict {
    struct sec_digest statement;
    uint16_t code;
    uint8_t *receipt;
    size_t receipt_len;
};

enum phase {
    AWAY,       /* not connected; wakes at wake_ms */
    CONNECTING, /* TCP and TLS */
    WRITING,
    READING,
    RESTING, /* connected, nothing under way; wakes at wake_ms */
    OUT,     /* taken out of the play */
};

enum asking { ASK_NOTHING, ASK_ENROL, ASK_SYNC };

struct member {
    struct fleet *fleet;
    size_t number;
    struct sec_private_key identity;
    struct sec_private_key transport;
    struct sec_device_id id;
    uint8_t idevid[FLEET_IDEVID_MAX_BYTES];
    size_t idevid_len;
    X509 *certificate; /* transport; null: not enrolled */
    bool lies;         /* its heads do not follow from its entries */
    /* log */
    struct record *records;
    uint64_t base; /* records before it were acknowledged in an earlier run and are not kept */
    size_t records_count, records_room; /* from base on */
    struct sec_merkle_frontier frontier, base_frontier;
    uint8_t head[512];
    size_t head_len;
    uint64_t head_size;
    struct sec_digest head_root;
    uint64_t generations[SEC_TOPICS_COUNT + 1];
    /* what the hub said */
    bool told; /* it has said in this connection's life what it holds */
    bool hub_has_head;
    uint64_t hub_size;
    struct sec_digest hub_root;
    uint64_t away_ms; /* how long it is to stay away now */
    uint64_t acknowledged; /* the greatest size it ever answered with */
    struct verdict verdicts[FLEET_VERDICTS_MAX_COUNT];
    size_t verdicts_count, verdicts_sent;
    /* wire */
    int fd;
    SSL *ssl;
    SSL_SESSION *session;
    enum phase phase;
    enum asking asking;
    uint8_t *out;
    size_t out_len, out_done;
    uint8_t *in;
    size_t in_len, in_room, in_want, in_body;
    unsigned status;
    unsigned failures; /* in a row */
    uint64_t wake_ms;
};

struct counts {
    uint64_t connects, resumed, syncs, entries, statements, refused, failures, lost;
};

struct fleet {
    const char *dir;
    struct sockaddr_in address;
    char hub_socket[108];
    struct sec_openssl openssl;
    struct sec_crypto crypto;
    SSL_CTX *ctx;
    int epoll;
    struct member *members;
    size_t count;
    struct counts counts;
    /* play */
    unsigned wait_s;        /* of an idle sync */
    bool resume;            /* keep sessions */
    double events_per_s;    /* of one device; 0: none */
    double vanish;          /* chance that a device drops the line after an answer */
    double lag;             /* chance that it stays silent for seconds first */
    bool always;            /* ten records and a head with every sync */
    bool once;              /* one answered idle sync, then rest */
    size_t rested;          /* members that are done, with `once` */
    volatile bool over;
    bool log_failures;
};

uint64_t fleet_now_ms(void);
/** A number in 0..1, the same in every run. */
double fleet_chance(void);
void fleet_die(const char *what);

/* member.c: keys, logs, statements */
void member_make(struct member *m, struct sec_private_key *ca, struct sec_bytes ca_der);
/** Appends a record; with content it is a committed decision. Gives its index. */
uint64_t member_record(struct member *m, enum sec_record_class record_class, struct sec_bytes content);
void member_head(struct member *m);
/** Judges a statement as a device that believes everything would: records, and notes its verdict with a receipt. */
void member_take(struct member *m, struct sec_bytes statement);
/** Writes the body of the next sync; false when there is nothing to say but being there. */
bool member_sync_body(struct member *m, struct sec_wr *wr);
/** Takes the answer; counts what was acknowledged and is gone as lost. */
void member_sync_answer(struct member *m, struct sec_bytes body);
sec_status member_transport_statement(struct member *m, struct sec_wr *wr);
void member_save(const struct member *m, FILE *file);
bool member_load(struct member *m, struct fleet *fleet, FILE *file);

/* enrol.c: EST */
void enrol_request(struct member *m, const char *host);
void enrol_answer(struct member *m, struct sec_bytes body);

/* wire.c: one connection a member, one request at a time */
void wire_prepare(struct fleet *fleet);
void wire_open(struct member *m);
void wire_close(struct member *m, uint64_t wake_ms);
void wire_send(struct member *m, const char *head, struct sec_bytes body);
/** Runs the loop until `until_ms`, or until `fleet->over`. */
void wire_run(struct fleet *fleet, uint64_t until_ms);

/* play.c: what a member does next; called by the wire */
void play_connected(struct member *m);
void play_answered(struct member *m, struct sec_bytes body);
void play_rested(struct member *m);
void play_broken(struct member *m);

/* evidence.c */
int evidence_pem(struct fleet *fleet);
int evidence_idle_body(struct fleet *fleet);
int evidence_push(struct fleet *fleet, double seconds);
int evidence_floor(struct fleet *fleet, const char *path);

/* main.c */
void fleet_save(const struct fleet *fleet);

/* hub.c: the API by its Unix socket, blocking. Gives the status code; 0: no answer. */
unsigned hub_call(const struct fleet *fleet, const char *method, const char *path, const char *type, struct sec_bytes body, char *answer, size_t answer_room);

#endif
