/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The detail of a decision or outcome for people: each room's numbers by their names. Command line and hub show the same.
 *
 * Memory: items are cJSON's; whoever receives one deletes it. Threads: pure functions. Demand: F6.2, F6.3.
 */
#ifndef CLI_RECORD_DETAIL_H
#define CLI_RECORD_DETAIL_H

#include "../device/keeper/keeper_records.h"

#include <cjson/cJSON.h>

/** The detail of a record that has one. */
cJSON *record_detail_json(const struct keeper_record *record);
/** What an observation saw. */
cJSON *record_seen_json(const struct keeper_record *record);

#endif
