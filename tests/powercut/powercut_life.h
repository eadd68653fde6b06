/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scripted life of a device: from its first start over four owners to a fifth, each step one thing that somebody asks.
 *
 * A step is prepared (a statement is written, a payload is spooled, time passes; nothing durable of the device changes), then
 * acted. What is prepared is kept, so that the very statement that was in flight at a cut can be sent again.
 * Memory: static, one statement. Threads: one.
 */
#ifndef POWERCUT_LIFE_H
#define POWERCUT_LIFE_H

#include <fake_device.h>

/** What a step does with the device. */
enum life_act {
    LIFE_START,   /* a new boot; the first one, or after a clean stop */
    LIFE_SUBMIT,  /* the prepared statement */
    LIFE_EVENTS,  /* events of an application, and the tick that writes them */
    LIFE_LEAVE,   /* events that nobody writes before a clean restart */
    LIFE_REFUSED, /* strangers' statements, and the ticks that record them */
    LIFE_TICK,    /* time has passed */
    LIFE_PUT,
    LIFE_DELETE,
};

struct life_step {
    const char *name;
    enum life_act act;
    void (*prepare)(struct fake_device *d, const struct life_step *step); /* null: nothing to prepare */
    enum fake_person signer;
    enum sec_action action;
    const char *text; /* setting, version, secret */
    int64_t number;   /* value, sequence, seconds */
    uint64_t within_s;
    enum sec_status_code want; /* verdict on an undisturbed device */
};

extern const struct life_step life_steps[];
extern const size_t life_steps_count;

/** What the last prepared step sends; kept and put back together with the device. */
extern struct fake_statement life_statement;

/** A device before its first start: everything that the life will call for is in place. */
void life_init(struct fake_device *d);
void life_prepare(struct fake_device *d, const struct life_step *step);
/** OK, the failure of the device, or, for secrets, the refusal. `d->verdict` tells what became of a statement. */
sec_status life_act(struct fake_device *d, const struct life_step *step);
/** How many events a step gives to the device. */
unsigned life_events(const struct life_step *step);
/** The value that a secret of this name and user has at a given length. */
bool life_secret_is(struct sec_bytes name, struct sec_bytes value);

#endif
