/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes: what the judges write to the journal and apply() folds. Grammar: docs/formats/configuration.cddl.
 *
 * Memory: slices borrow from the change's bytes. The room's own header.
 */
#ifndef SECURABLE_CONFIGURATION_CHANGE_H
#define SECURABLE_CONFIGURATION_CHANGE_H

#include "values.h"

enum sec_configuration_kind {
    SEC_CHANGE_SET = 1,     /* values, command, within: SETTLED -> EFFECT */
    SEC_CHANGE_EFFECTED = 2, /* EFFECT -> WAITING or SETTLED */
    SEC_CHANGE_CONFIRM = 3, /* WAITING -> SETTLED */
    SEC_CHANGE_REVERT = 4,  /* values: EFFECT or WAITING -> SETTLED */
    SEC_CHANGE_PRODUCT = 5, /* values, keys: any phase, which stays */
};

struct sec_configuration_change {
    enum sec_configuration_kind kind;
    struct sec_bytes values; /* pairs; null: no value of its own any more */
    size_t values_count;
    struct sec_digest command;
    uint32_t within_s;
    struct sec_bytes keys; /* of old values that become null: text strings, one behind the other */
    size_t keys_count;
};

void sec_configuration_change_head(struct sec_wr *wr, enum sec_configuration_kind kind, size_t members);
/** Parses a change; what sec_configuration_apply() says of its form. */
sec_status sec_configuration_change_parse(struct sec_bytes in, struct sec_configuration_change *ret_change);
/** Tells whether the change fits the phase and the room: NOTHING_PENDING, CONFIRM_PENDING, TABLE_FULL. */
sec_status sec_configuration_change_check(const struct sec_configuration *conf, const struct sec_configuration_change *change);

#endif
