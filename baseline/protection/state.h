/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the protection state, as they are journaled, and the search for a secret. Used within this room alone.
 *
 * Memory: none. Serves S69.
 */
#ifndef SECURABLE_BASELINE_PROTECTION_STATE_H
#define SECURABLE_BASELINE_PROTECTION_STATE_H

#include <securable/protection.h>

/** Kinds of change; numbers are part of the journal's format. */
enum sec_protection_change {
    SEC_PROTECTION_CLAIMED = 1,  /* {1: 1, 2: epoch key, 3: secret key} */
    SEC_PROTECTION_PUT = 2,      /* {1: 2, 2: uid, 3: name, 4: length, 5: seal, 6: record} */
    SEC_PROTECTION_DELETED = 3,  /* {1: 3, 2: uid, 3: name} */
    SEC_PROTECTION_ROTATE = 4,   /* {1: 4, 2: new key} */
    SEC_PROTECTION_MOVED = 5,    /* {1: 5, 2: uid, 3: name, 4: record} */
    SEC_PROTECTION_RESEALED = 6, /* {1: 6} */
    SEC_PROTECTION_RETIRED = 7,  /* {1: 7} */
    SEC_PROTECTION_WIPING = 8,   /* {1: 8} */
    SEC_PROTECTION_WIPED = 9,    /* {1: 9} */
};

/** The head of a change with that many members, `kind` written. */
void sec_protection_change_begin(enum sec_protection_change kind, size_t members_count, struct sec_wr *change);

/** Where the secret is, or where it belongs in the sorted table. True when it is there. */
bool sec_protection_locate(const struct sec_protection *state, uint32_t uid, struct sec_bytes name, size_t *ret_at);

/** BAD_VALUE unless 1 to SEC_NAME_MAX_BYTES of UTF-8. */
sec_status sec_protection_name_check(struct sec_bytes name);

static inline struct sec_bytes sec_protection_name(const struct sec_protection_secret *secret)
{
    return (struct sec_bytes){secret->name, secret->name_len};
}

#endif
