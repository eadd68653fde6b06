/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makers: whether a device's IDevID chains to a manufacturer that the owner trusts.
 *
 * Memory: none kept. Threads: that of the store. Serves S36, F1.1.
 */
#ifndef SECURABLE_HUB_MAKERS_H
#define SECURABLE_HUB_MAKERS_H

#include "certificate.h"
#include "store.h"

/**
 * Looks for the maker whose CA issued this IDevID (DER). UNKNOWN_KEY when there is none; else what the CA whose name it carries says of it
 * (sec_certificate_check()); the store's failure.
 */
sec_status hub_makers_check(struct hub_store *store, struct sec_bytes idevid, uint64_t *ret_maker, struct sec_certificate_facts *ret_facts);

#endif
