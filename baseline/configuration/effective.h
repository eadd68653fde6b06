/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Effective values: what the declarations and the state together give. The room's own header.
 *
 * Memory: results borrow from state and product.
 */
#ifndef SECURABLE_CONFIGURATION_EFFECTIVE_H
#define SECURABLE_CONFIGURATION_EFFECTIVE_H

#include "reserved.h"
#include "values.h"

/** The effective value of a setting whose declaration is at hand. */
struct sec_value sec_configuration_value_of(const struct sec_configuration *conf, struct sec_bytes key,
                                            const struct sec_product_setting *setting);
/** True when configuration.reset brings the setting to its safe default. */
bool sec_configuration_key_resets(struct sec_bytes key);

#endif
