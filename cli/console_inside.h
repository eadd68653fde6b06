/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the subcommand `console` share: the console, one request, and what all its processes see.
 *
 * One process listens and answers nothing; each connection is one request and has a process of its own, so that a hub's answer that breaks a parser breaks
 * one page load, and what the shared code tells on stderr is told to the page. The private key is read by the process that signs, after a person said so.
 * Memory: a process's, which ends with its answer; `struct console_shared` lies in memory that all of them see. Limits: below. Threads: one a process.
 * Serves promise 1, S38.
 */
#ifndef CLI_CONSOLE_INSIDE_H
#define CLI_CONSOLE_INSIDE_H

#include "hub_send.h"
#include "material.h"

#include "http.h"

#include <stdatomic.h>

#define CONSOLE_CONNECTIONS_MAX_COUNT 48u
#define CONSOLE_BODY_MAX_BYTES 65536u
#define CONSOLE_HEAD_TIMEOUT_MS 10000
/** A device that sleeps between two polls answers within it. */
#define CONSOLE_REPORT_WAIT_S 40u
#define CONSOLE_STREAM_S 600
/** Devices of one preview; each gets a statement of its own, made from its own report. */
#define CONSOLE_DEVICES_MAX_COUNT 16u
#define CONSOLE_PREVIEWS_MAX_COUNT 16u
#define CONSOLE_PREVIEW_BYTES 262144u
#define CONSOLE_PREVIEW_S 300
#define CONSOLE_SECRET_CHARS 64u

/** The next body of a preview stands behind the one before. */
struct console_body {
    enum sec_statement_kind kind;
    size_t len;
};

/** What was shown and may be signed once, exactly so. */
struct console_preview {
    atomic_uint state; /* enum console_preview_state */
    char id[CONSOLE_SECRET_CHARS + 1];
    int64_t until_s;
    size_t count;
    struct console_body bodies[CONSOLE_DEVICES_MAX_COUNT];
    uint8_t b[CONSOLE_PREVIEW_BYTES];
};
enum console_preview_state { CONSOLE_PREVIEW_FREE, CONSOLE_PREVIEW_BUSY, CONSOLE_PREVIEW_SHOWN };

struct console_shared {
    char session[CONSOLE_SECRET_CHARS + 1]; /* the cookie: this browser */
    char page[CONSOLE_SECRET_CHARS + 1];    /* the header: this page. A cookie is seen by every port of the machine, this is not */
    char enter[CONSOLE_SECRET_CHARS + 1];   /* in the printed address, once */
    atomic_uint entering;
    char token[512];
    struct console_preview previews[CONSOLE_PREVIEWS_MAX_COUNT];
};

struct console {
    struct cli *cli;
    const char *hub;
    const char *hub_ca;
    const char *key;
    const char *ca;
    const char *trust; /* null: releases are not checked here */
    const char *outbox;
    char folder[CLI_PATH_MAX_BYTES]; /* of the page's files */
    uint16_t port;
    int listener;
    struct sec_public_key operator_key;
    struct console_shared *shared;
};

struct console_request {
    struct console *console;
    struct cli *cli;
    int fd;
    int said; /* what was told on stderr while this request was worked on */
    struct http_reader reader;
    const struct http_head *head;
    struct sec_bytes body;
    struct hub_client *hub; /* null until it is asked */
};

/* --- console_gate.c: who may come in ---------------------------------------------------------------------------- */

/** 64 random hex digits. */
int console_secret(struct cli *cli, char ret_text[CONSOLE_SECRET_CHARS + 1]);
/** Answers what may not come in, and the first visit by the printed address; true when the request may go on. */
bool console_gate(struct console_request *r);
/** True when the request brings the page's own secret, as scripts of other pages cannot. */
bool console_of_page(const struct console_request *r);
void console_print_address(const struct console *console);

/* --- console_answer.c ---------------------------------------------------------------------------------------------- */

void console_answer(struct console_request *r, unsigned status, const char *content_type, const char *fields, struct sec_bytes body);
/** Deletes `json`. */
void console_json(struct console_request *r, unsigned status, cJSON *json);
/** RFC 9457. */
void console_problem(struct console_request *r, unsigned status, const char *title, const char *detail);
/** The problem of an exit code, in the words that were told on stderr. */
void console_failed(struct console_request *r, int code);
/** What was told on stderr since the last call. */
const char *console_said(struct console_request *r);
void console_file(struct console_request *r, struct sec_bytes name);
bool console_send(int fd, struct sec_bytes bytes);

/* --- what is asked -------------------------------------------------------------------------------------------------- */

/** The hub, signed in. */
int console_hub(struct console_request *r, struct hub_client **ret_hub);
/** GET /api/v1/...: the hub's word, passed on. */
void console_proxy(struct console_request *r);
/** A device's report with a nonce of ours, verified. */
int console_report(struct console_request *r, const char *device, struct material_report **ret_report);
/** GET /console/devices/ID/facts */
void console_facts(struct console_request *r, const char *device);
cJSON *console_facts_json(struct console_request *r, const struct material_report *report);
/** POST /console/preview, POST /console/sign */
void console_preview(struct console_request *r);
void console_sign(struct console_request *r);
/** GET /console/sent */
void console_sent(struct console_request *r);

/* --- console_preview.c: building, for both kinds of statement --------------------------------------------------------- */

struct console_building {
    struct console_request *r;
    const cJSON *asked;
    cJSON *devices; /* what is shown */
    size_t count;
    struct console_body bodies[CONSOLE_DEVICES_MAX_COUNT];
    struct sec_wr wr; /* bodies, one behind the other */
};
/** A statement that the hub brings, whose digest is the one that was asked for. */
int console_statement(struct console_request *r, const char *digest, struct sec_bytes *ret_bytes);
int console_keep(struct console_building *b, enum sec_statement_kind kind, struct sec_bytes body);
/** What is shown of one device besides the statement; deleted by who gets it. */
cJSON *console_device_json(struct console_request *r, const struct material_report *report);
/** {"name": [old, new]} as a list with units and effects. */
cJSON *console_changes_json(struct console_request *r, const struct material_report *report, const cJSON *changes);
int console_build_approval(struct console_building *b);

#endif
