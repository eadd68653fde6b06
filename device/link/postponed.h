/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Postponed: payloads that cannot be had now, and when each is tried again, so that what does not need them goes on meanwhile.
 *
 * A payload that the hub does not have, or for which there is no room, is put off at once; one whose way breaks, after POSTPONED_BREAKS_COUNT attempts that
 * brought nothing. Each is tried again after back-off of its own.
 * Memory: the caller's, fixed; when it is full, what is due last makes way and is only tried sooner. Threads: one; pure. Demand: S39, S40.
 */
#ifndef SECURABLE_DEVICE_LINK_POSTPONED_H
#define SECURABLE_DEVICE_LINK_POSTPONED_H

#include <securable/bytes.h>
#include <securable/status.h>

#define POSTPONED_MAX_COUNT 16u
#define POSTPONED_BREAKS_COUNT 3u

struct postponed_payload {
    struct sec_digest digest;
    uint16_t why; /* status */
    uint64_t failures;
    uint64_t due_ms; /* 0: not put off (yet) */
};
/** All zeros: nothing is put off. */
struct postponed {
    size_t count;
    struct postponed_payload payloads[POSTPONED_MAX_COUNT];
};

/** True when it is not to be tried now. `missing_too`: one that the hub had not is asked for again before its time. */
bool postponed_holds(const struct postponed *postponed, const struct sec_digest *digest, uint64_t now_ms, bool missing_too);
/**
 * An attempt failed: true when the payload is put off, false when it is to be tried with the next round. `gained`: the attempt brought a part of it.
 * `ret_news`: it failed otherwise than before, which is to be told.
 */
bool postponed_failed(struct postponed *postponed, const struct sec_digest *digest, sec_status why, bool gained, uint64_t now_ms, uint32_t random, bool *ret_news);
/** It came, or is not wanted any more. */
void postponed_forget(struct postponed *postponed, const struct sec_digest *digest);

#endif
