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
    SEC_FOLLOW_ROLLED_BACK = 1, /* a later head of fewer records: the log was put back */
    SEC_FOLLOW_FORKED = 2,      /* two heads of one log that cannot both be true */
    SEC_FOLLOW_UNPROVEN = 3,    /* entries that do not lead to a signed head, given twice: a fork, or a lie on the way */
};
/** "none", "rolled-back", "forked", "unproven". NUL-terminated constants. */
const char *sec_follow_alarm_word(uint64_t alarm);
/** Does `next` say more than what was raised already? An alarm stands until one that weighs more: unproven, rolled back, forked. So none hides a heavier one, and a
 * device that contradicts itself in turns is told of three times at most. */
bool sec_follow_alarm_outranks(uint64_t next, uint64_t raised);

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
/** Hashes one entry onto `frontier`: BAD_VALUE (its index is not the frontier's size, or no record header), DIGEST_MISMATCH (the disclosed content is not the one
 * committed to). The frontier is untouched by a failure. */
sec_status sec_follow_entry(struct sec_merkle_frontier *frontier, const struct sec_follow_entry *entry, const struct sec_hasher *hasher);

/**
 * Judges `next`, whose signature and log id are the device's, against what was followed. `frontier` holds the leaves so far: those of `follow` and the entries
 * that came along. `least`: the device signed `next` after it had signed a head of so many records (`next` came in a report, and so many were followed when its
 * nonce was made); 0: nothing is known of when, and an old head that somebody replays proves nothing.
 * OK: `next` is the new last head, or the same. BUSY: more entries are needed to get there (the frontier is shorter). PROOF_FAILED: the entries do not lead to
 * its root: to be asked for again. BAD_VALUE: entries beyond the head. NOT_YET: an older head than the last one: nothing follows from it.
 * TAMPERED, with the reason in `ret_alarm` (which is set to NONE by all others): ROLLED_BACK (fewer records than `least`); FORKED (as many records as followed and another
 * root); UNPROVEN (the entries do not lead to its root though they were given a second time, from the followed head on: `again`. Entries are not signed, so
 * who lies, the device or the way, is not known).
 */
sec_status sec_follow_judge(const struct sec_follow *follow, const struct sec_head *next, const struct sec_merkle_frontier *frontier, uint64_t least, bool again,
                            const struct sec_hasher *hasher, enum sec_follow_alarm *ret_alarm);

#endif
