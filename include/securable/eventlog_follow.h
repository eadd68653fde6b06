/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event log, following: what a hub (or anyone) that keeps a device's last head may conclude from its next one.
 *
 * Pure. The follower holds the frontier of the leaves under the last head; entries that come with a newer head are hashed onto it, and must lead to the
 * newer head's root. A way between may lie or mix things up, so a mismatch alone accuses nobody; two heads that the device signed and that cannot both be true do.
 * Memory: the caller's. Threads: pure functions. Serves S39, F6.4, promise 1: withholding and rewriting show.
 */
#ifndef SECURABLE_EVENTLOG_FOLLOW_H
#define SECURABLE_EVENTLOG_FOLLOW_H

#include <securable/eventlog.h>

enum sec_follow_alarm {
    SEC_FOLLOW_NONE = 0,
    SEC_FOLLOW_ROLLED_BACK = 1, /* a fresh head of fewer records: the log was put back */
    SEC_FOLLOW_FORKED = 2,      /* two heads of one log that cannot both be true */
};
/** "none", "rolled-back", "forked". NUL-terminated constants. */
const char *sec_follow_alarm_word(uint64_t alarm);

struct sec_follow {
    bool has_head;
    struct sec_head head;                 /* the newest that was followed */
    struct sec_merkle_frontier frontier;  /* of head.size leaves */
};

/** One entry: a record's clear header and the digest of its sealed body; for decisions also salt and content. */
struct sec_follow_entry {
    struct sec_bytes header;
    struct sec_digest body;
    bool disclosed;
    struct sec_bytes salt;
    struct sec_bytes content;
};
/** Hashes one entry onto `frontier`: BAD_VALUE (its index is not the frontier's size, or no record header), DIGEST_MISMATCH (the disclosed content is not the one committed to). */
sec_status sec_follow_entry(struct sec_merkle_frontier *frontier, const struct sec_follow_entry *entry, const struct sec_hasher *hasher);

/**
 * Judges `next`, whose signature and log id are the device's, against what was followed. `frontier` holds the leaves so far: those of `follow` and the entries that came
 * along. `fresh`: the device signed it just now (it came in a report with our nonce); an old head that somebody replays proves nothing.
 * OK: `next` is the new last head (or the same). BUSY: more entries are needed to get there (the frontier is shorter). PROOF_FAILED: the entries do not lead to
 * its root: to be asked for again; with `again` true (a second time, from the followed head on) it is FORKED.
 * `ret_alarm`: ROLLED_BACK (fresh, fewer records than were followed), FORKED (same size and another root; or entries given twice lead elsewhere).
 * NOT_YET: an older head than the last one, not fresh: nothing follows from it.
 */
sec_status sec_follow_judge(const struct sec_follow *follow, const struct sec_head *next, const struct sec_merkle_frontier *frontier, bool fresh, bool again,
                            const struct sec_hasher *hasher, enum sec_follow_alarm *ret_alarm);

#endif
