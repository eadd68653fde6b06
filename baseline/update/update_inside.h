/* SPDX-License-Identifier: Apache-2.0 */
/* What policy, state machine and wire form of the update room share: the changes. */
#ifndef UPDATE_UPDATE_INSIDE_H
#define UPDATE_UPDATE_INSIDE_H

#include <securable/update.h>

/** Numbers are part of the journal's format; 0 is none. */
enum sec_update_change_kind {
    SEC_UPDATE_CHANGE_AVAILABLE = 1,
    SEC_UPDATE_CHANGE_INTENDED = 2,
    SEC_UPDATE_CHANGE_ATTEMPT = 3,
    SEC_UPDATE_CHANGE_WAITING = 4,
    SEC_UPDATE_CHANGE_CONFIRMED = 5,
    SEC_UPDATE_CHANGE_REVERTED = 6,
};

/** A change; which members count depends on the kind. */
struct sec_update_change {
    enum sec_update_change_kind kind;
    struct sec_update_image image; /* AVAILABLE; its index is not written, it is the record's own */
    enum sec_slot slot;            /* INTENDED */
    struct sec_digest command;     /* INTENDED */
    uint32_t confirm_within_s;     /* INTENDED, WAITING */
    enum sec_update_stage stage;   /* CONFIRMED, REVERTED */
    sec_status status;             /* REVERTED */
};

/** Writes a change. */
void sec_update_change_encode(const struct sec_update_change *change, struct sec_wr *wr);
/** The inverse: exactly the members of the kind. BAD_VALUE, MISSING_FIELD, UNKNOWN_FIELD, and what the grammar refuses. */
sec_status sec_update_change_parse(struct sec_bytes in, struct sec_update_change *ret_change);

/** True for a state that changes can lead to: parse and apply both end with this question. */
bool sec_update_is_sound(const struct sec_update *update);

/** The slot that does not hold the installed release. */
static inline enum sec_slot sec_update_other_slot(enum sec_slot slot)
{
    return slot == SEC_SLOT_A ? SEC_SLOT_B : SEC_SLOT_A;
}

#endif
