/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hub client: calls of a hub's API, by its Unix socket or by TLS (libcurl).
 *
 * A hub is named by its directory or socket (local: the kernel says who asks), or by https://HOST:PORT; then its CA certificate must be at hand, and the
 * caller signs in with a key (a `login` statement that names hub and time) or brings a token. What a hub says is never taken for a device's word: who uses an
 * answer verifies the statement, receipt or report in it.
 * Memory: the subcommand's; answers live until the client is closed. Threads: one. Serves promise 1, S38.
 */
#ifndef CLI_HUB_CLIENT_H
#define CLI_HUB_CLIENT_H

#include "cli.h"

struct hub_client;

struct hub_login {
    const char *url;   /* https://HOST:PORT, a hub's directory, or its socket */
    const char *ca;    /* file of the hub's CA certificate (PEM); null: $SECURABLE_HUB_CA, or DIR/keys/ca.pem for a directory */
    const char *key;   /* private key to sign in with; null: none */
    const char *token; /* null: $SECURABLE_HUB_TOKEN, or none */
};

struct hub_answer {
    unsigned status;
    struct sec_bytes body;
    const char *content_type; /* never null */
    cJSON *json;              /* parsed when it is JSON; belongs to the client */
};

int hub_client_open(struct cli *cli, const struct hub_login *login, struct hub_client **ret_client);
void hub_client_close(struct hub_client *client);
/** The bearer token in use; empty text for a local hub. */
const char *hub_client_token(const struct hub_client *client);
/**
 * One call. `path` begins with /api/v1/. An answer of any status is an answer (0); 3 after saying so when none came. `accept` null: application/json.
 */
int hub_client_call(struct hub_client *client, const char *method, const char *path, const char *accept, const char *content_type,
                    struct sec_bytes body, struct hub_answer *ret_answer);
/** As a call whose answer must be of class 2xx: else says the problem in the hub's words and gives 1 (refused) or 3. */
int hub_client_ask(struct hub_client *client, const char *method, const char *path, const char *accept, const char *content_type,
                   struct sec_bytes body, struct hub_answer *ret_answer);
/** Sends a file as body with a progress line when standard error is a terminal. */
int hub_client_upload(struct hub_client *client, const char *path, int fd, uint64_t size, struct hub_answer *ret_answer);
/** An answer without known end, piece by piece; `piece` and `alive` (asked about once a second) end it by false. */
struct hub_stream {
    void *ctx;
    bool (*piece)(void *ctx, unsigned status, struct sec_bytes piece);
    bool (*alive)(void *ctx);
};
/** GET for at most `max_s`. 0 when it ended, whoever ended it; 3 after saying that no answer came. */
int hub_client_stream(struct hub_client *client, const char *path, const char *accept, long max_s, const struct hub_stream *stream);
/**
 * Asks a device for a report with this nonce through the hub and waits at most `wait_s` for it: verified, as material.h does. 3 after saying that the device
 * did not answer: withheld, or away.
 */
struct material_report;
int hub_client_report(struct hub_client *client, const char *device, struct sec_bytes nonce, const char *ca, unsigned wait_s,
                      struct material_report **ret_report);

#endif
