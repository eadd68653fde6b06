/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub's read-only page: the files of console/, from the configured folder, by a closed list of names.
 *
 * The page reads the API with the token of whoever looks; it signs nothing and is given nothing to sign with.
 * Memory: the exchange's. Limits: PAGE_FILE_MAX_BYTES. Threads: handlers run on their exchange's loop. Serves S38.
 */
#ifndef SECURABLE_HUB_PAGE_H
#define SECURABLE_HUB_PAGE_H

#include "exchange.h"

void hub_page_index(struct hub_exchange *x);
void hub_page_file(struct hub_exchange *x);
/** {"mode":"hub"}: tells the page that it cannot sign. */
void hub_page_config(struct hub_exchange *x);

/* clang-format off */
#define HUB_PAGE_ENTRANCES (HUB_ENTRANCE_API | HUB_ENTRANCE_LOCAL)
/** Rows of the table in routes.c. */
#define HUB_PAGE_ROUTES \
    {"GET", "/",                    HUB_PAGE_ENTRANCES, 0, false, 0, hub_page_index,  NULL}, \
    {"GET", "/console/config.json", HUB_PAGE_ENTRANCES, 0, false, 0, hub_page_config, NULL}, \
    {"GET", "/page/*",              HUB_PAGE_ENTRANCES, 0, false, 0, hub_page_file,   NULL},
/* clang-format on */

#endif
