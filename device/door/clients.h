/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of the door: reads one frame at a time from each, hands it to the keeper in parts, writes the answer.
 *
 * Hostile bytes end here: a frame that breaks the form ends its client. A client that is slow in the middle of a frame or
 * does not read its answer is ended after CLIENT_SLOW_MS; one that idles, after CLIENT_IDLE_MS, unless it subscribed.
 * Memory: one static table, and a mapping for each client that is there. Limits: CLIENTS_MAX_COUNT, CLIENTS_OF_USER_MAX_COUNT of one user. Threads: one.
 * Demand: S40, S67.
 */
#ifndef SECURABLE_DEVICE_CLIENTS_H
#define SECURABLE_DEVICE_CLIENTS_H

#include "../common/door_api.h"
#include "../common/ipc_channel.h"

#define CLIENTS_MAX_COUNT 32u
#define CLIENTS_OF_USER_MAX_COUNT 12u
#define CLIENT_SLOW_MS UINT64_C(10000)
#define CLIENT_IDLE_MS UINT64_C(60000)
/** Notices that may wait behind an answer. */
#define CLIENT_NOTICES_BYTES 1024u

enum client_state {
    CLIENT_FREE,
    CLIENT_READING, /* a request, from its first byte on; idle before that */
    CLIENT_HANDING, /* the request is whole; the keeper's channel was full */
    CLIENT_WAITING, /* for the keeper's answer */
    CLIENT_GONE,    /* closed; the keeper is still to be told */
};

/** What its bytes need; mapped while it is there, so that nothing of a client stays when it is gone. */
struct client_room {
    uint8_t body_b[DOOR_REQUEST_MAX_BYTES];
    uint8_t out_b[DOOR_HEADER_BYTES + DOOR_ANSWER_MAX_BYTES + CLIENT_NOTICES_BYTES];
};

struct client {
    enum client_state state;
    int fd;
    uint32_t id;
    uint32_t user;
    bool subscribed;
    int payload_fd; /* -1: none */
    unsigned kind;
    size_t in_len;
    size_t body_len;
    size_t out_len;
    size_t out_at;
    uint64_t since_ms; /* of the frame's first byte, of the answer, or of the last sign of life */
    uint8_t header_b[DOOR_HEADER_BYTES];
    struct client_room *room; /* null: the place is free, or its client is gone */
};

struct clients {
    struct ipc_channel keeper;
    uint32_t last_id;
    struct client list[CLIENTS_MAX_COUNT];
};

void clients_init(struct clients *clients);
/** True when another may be accepted. */
bool clients_have_place(const struct clients *clients);
/** Takes an accepted connection and tells the keeper; closes it when there is no place or the keeper's channel is full. */
void clients_add(struct clients *clients, int fd, uint64_t now_ms);
/** What to wait for: events of poll(2) for one client; 0 for nothing but its end. */
short clients_events(const struct client *client);
/** Something happened at a client. */
void clients_serve(struct clients *clients, struct client *client, short revents, uint64_t now_ms);
/** A message of the keeper. WRONG_KIND: not one for the door. */
sec_status clients_take(struct clients *clients, const struct ipc_message *message, uint64_t now_ms);
/** Hands on what the keeper's channel had no room for; ends who was too slow. */
void clients_tick(struct clients *clients, uint64_t now_ms);
/** Milliseconds until tick has something to do; -1: never. */
int clients_timeout_ms(const struct clients *clients, uint64_t now_ms);
/** True while something waits for room in the keeper's channel. */
bool clients_handing(const struct clients *clients);
void clients_end_all(struct clients *clients);

#endif
