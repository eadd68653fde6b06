/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold after a power cut, as numbers that two histories of the same life can be compared by.
 *
 * The folded state is compared without what may differ between two good histories: the places of records in the log, and how
 * often a trial was begun. The values of all secrets are part of it. Memory: static work rooms. Threads: one.
 */
#ifndef POWERCUT_JUDGE_H
#define POWERCUT_JUDGE_H

#include <fake_device.h>

struct outlook {
    uint64_t state;
    uint64_t effects;
};

/** State and effects of a started device. The device's failure when a secret does not open; INTERNAL when it has another value. */
sec_status judge_look(struct fake_device *d, struct outlook *ret_outlook);
/** True when what runs, the settings file and the interfaces are what the folded state says. */
bool judge_effects_agree(struct fake_device *d);
bool judge_same(const struct outlook *a, const struct outlook *b);

struct judge_log {
    enum sec_verdict verdict;
    const char *why;
    uint64_t events;  /* of applications, under a head */
    uint64_t trimmed; /* records that went with the oldest segments */
};
/** Verifies the log with the device's public key. */
sec_status judge_log(struct fake_device *d, struct judge_log *ret_log);

/** Digest of what survives without power: storage and slot keys. */
uint64_t judge_survivors(struct fake_device *d);

#endif
