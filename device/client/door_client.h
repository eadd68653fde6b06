/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Door client: speaks with a device's local socket, one request at a time.
 *
 * Each call sends a request and waits for its answer. The call's status is the device's word (also its refusals), or, when no answer
 * came, IO_FAILED with errno (ETIMEDOUT: it took too long; ECONNRESET: the door closed), or what the door's bytes did wrong.
 * sec_door_answered() tells the two apart.
 * Memory: the struct is the caller's, about 170 KB; results borrow from it until the next call. No heap.
 * Limits: door_api.h. Threads: one a struct. Demand: S40, S67.
 */
#ifndef SECURABLE_DEVICE_DOOR_CLIENT_H
#define SECURABLE_DEVICE_DOOR_CLIENT_H

#include "door_api.h"

#define SEC_DOOR_NOTICES_MAX_COUNT 8u
#define SEC_DOOR_TOPIC_MAX_BYTES 64u

struct sec_door_notice {
    size_t len;
    uint8_t b[SEC_DOOR_TOPIC_MAX_BYTES];
};

struct sec_door {
    int fd;
    bool answered; /* the last call's status is the device's own */
    struct sec_door_notice notices[SEC_DOOR_NOTICES_MAX_COUNT]; /* that came while an answer was awaited */
    size_t notices_count;
    uint8_t out_b[DOOR_HEADER_BYTES + DOOR_REQUEST_MAX_BYTES];
    uint8_t in_b[DOOR_ANSWER_MAX_BYTES];
};

/** Connects. `timeout_s` bounds each sending and receiving; 0: none. NOT_FOUND (no such socket), NOT_OPEN (nobody listens), TOO_LARGE (path), IO_FAILED. */
sec_status sec_door_open(struct sec_door *door, const char *path, unsigned timeout_s);
/** Closes and wipes; may be repeated. */
void sec_door_close(struct sec_door *door);
/** True when the last call's status came from the device. */
static inline bool sec_door_answered(const struct sec_door *door)
{
    return door->answered;
}

/**
 * Hands a statement over, with what travels `beside` it (may be empty) and a release's payload (-1: none; a regular file or memfd, read from its
 * present offset). The status is the verdict; `ret_receipt` may be empty.
 */
sec_status sec_door_submit(struct sec_door *door, struct sec_bytes statement, struct sec_bytes beside, int payload_fd,
                           struct sec_bytes *ret_receipt);
/** An EAT report that answers `nonce` (8 to 64 bytes). */
sec_status sec_door_report(struct sec_door *door, struct sec_bytes nonce, struct sec_bytes *ret_report);
/** Records an application's event, a deterministic CBOR map. */
sec_status sec_door_event(struct sec_door *door, struct sec_bytes event);
sec_status sec_door_secret_put(struct sec_door *door, struct sec_bytes name, struct sec_bytes value);
sec_status sec_door_secret_get(struct sec_door *door, struct sec_bytes name, struct sec_bytes *ret_value);
sec_status sec_door_secret_delete(struct sec_door *door, struct sec_bytes name);
/** The effective settings as JSON. */
sec_status sec_door_settings(struct sec_door *door, struct sec_bytes *ret_json);
/** A page of the log from record `from` on (keeper.h has the form). */
sec_status sec_door_log_read(struct sec_door *door, uint64_t from, struct sec_bytes *ret_entries);
/** {1: API version, 2: program version, 3: device id, 4: confinement, 5: "ready" / "tampered"}; needs no right. */
sec_status sec_door_device_status(struct sec_door *door, struct sec_bytes *ret_status);
/** From now on notices come. */
sec_status sec_door_subscribe(struct sec_door *door);
/** Waits for the next notice ("settings", "update"). */
sec_status sec_door_notice_next(struct sec_door *door, struct sec_bytes *ret_topic);

#endif
