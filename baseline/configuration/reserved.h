/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reserved settings: the baseline's own switches, declared like a product's settings.
 *
 * Memory: constants. Threads: any. The switches `securable.interface.<name>.enabled` are not in the table: there is one for each interface
 * that the product declares.
 * Serves F3.2, F4.3, F5.4, F5.5, F5.6, F6.5.
 */
#ifndef SECURABLE_CONFIGURATION_RESERVED_H
#define SECURABLE_CONFIGURATION_RESERVED_H

#include <securable/product.h>

struct sec_configuration_reserved {
    struct sec_product_setting setting;
    bool resets; /* configuration.reset brings it back to its safe default; otherwise it is the owner's and stays */
};

/** The table, in the order of a deterministic map's keys. */
extern const struct sec_configuration_reserved sec_configuration_reserved[];
extern const size_t sec_configuration_reserved_count;

/** Whether the text of a reserved setting has the form that its reader wants (times of a window): OK, or BAD_VALUE. */
sec_status sec_configuration_reserved_form_check(struct sec_bytes key, const struct sec_value *value);

/** The key whose default is the product's update policy. */
#define SEC_CONFIGURATION_UPDATE_MODE "securable.update.mode"
/** The key whose text is two times of day, "22:30-05:00". */
#define SEC_CONFIGURATION_UPDATE_WINDOW "securable.update.window"

#endif
