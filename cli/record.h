/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal record for people and programs: who, what, from which value to which, and how it ended.
 *
 * Memory: items are cJSON's; whoever receives one deletes it. Threads: one. Demand: F6.2, F6.3.
 */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "cli.h"

#include <securable/eventlog.h>

/** Where a record stands: its clear header. */
struct record_place {
    uint64_t index;
    uint64_t boot;
    uint64_t epoch;
    uint64_t record_class;
    uint64_t seal;
};

/** The content of a decision or outcome, as a receipt discloses it: members "sort", "who", "what", "code", "detail" ...
 */
cJSON *record_content_json(struct cli *cli, struct sec_bytes content);
/** A whole record; `opened` false: its content cannot be read. */
cJSON *record_json(struct cli *cli, const struct record_place *place, bool opened, struct sec_bytes content);
/** One line for people, made of record_json()'s object. */
void record_put_line(FILE *to, const cJSON *record);
/** The code and the statement's digest of a decision or outcome; false for other contents. */
bool record_decided(struct sec_bytes content, sec_status *ret_code, struct sec_digest *ret_digest);

#endif
