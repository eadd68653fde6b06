/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For whom a statement is, as a person types it: "group=hall 3,model=CPC-200", or a device.
 *
 * Memory: the writer's. Threads: one. Demand: F2.2.
 */
#ifndef CLI_AUDIENCE_H
#define CLI_AUDIENCE_H

#include "material.h"

/** Writes equality tests of product, model, name, site, group and tag, separated by commas. */
int audience_encode_match(const char *text, struct sec_wr *wr);
/** Writes a list of devices: ids or state directories. */
int audience_encode_devices(struct cli *cli, const char *const *devices, size_t count, struct sec_wr *wr);

#endif
