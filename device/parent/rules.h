/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules: what the parent itself knows of the product, to re-validate each request of the keeper.
 *
 * From the signed product record come the hooks of settings and data elements, the interfaces, the health check. A name that
 * the record does not have is refused. Signatures are not judged here: the file is the administrator's, and a
 * record that the keeper brings is verified by the installer first.
 * Memory: the record's bytes are kept in the struct, which must not move. Threads: one. Demand: S40, F4.1.
 */
#ifndef SECURABLE_DEVICE_RULES_H
#define SECURABLE_DEVICE_RULES_H

#include <securable/product.h>

#define RULES_HOOK_MAX_BYTES (SEC_NAME_MAX_BYTES + 1u)

struct rules {
    uint8_t statement_b[SEC_STATEMENT_MAX_BYTES];
    size_t statement_len;
    struct sec_product product;
    bool enabled[SEC_PRODUCT_INTERFACES_MAX_COUNT]; /* by the interface's index */
};

/** A hook's file name, NUL-terminated; empty: none. */
struct rules_hook {
    char name[RULES_HOOK_MAX_BYTES];
};

/** Takes a signed record; interfaces get their defaults. What the parsers say; TOO_LARGE. The rules are as before then. */
sec_status rules_load(struct rules *rules, struct sec_bytes statement);
/** The apply hook of a setting. REFUSED_BY_PORT: neither the product's nor reserved. */
sec_status rules_setting_hook(const struct rules *rules, struct sec_bytes key, struct rules_hook *ret_hook);
/** The erase hook of a data element. REFUSED_BY_PORT. */
sec_status rules_erase_hook(const struct rules *rules, struct sec_bytes element, struct rules_hook *ret_hook);
struct rules_hook rules_health_hook(const struct rules *rules);
/** Notes an interface's state. REFUSED_BY_PORT. */
sec_status rules_interface_set(struct rules *rules, struct sec_bytes name, bool enabled);
/** Writes {"securable_format": 1, "interfaces": {name: bool}} and a newline. */
void rules_interfaces_json(const struct rules *rules, struct sec_wr *wr);
/** Takes the states back from such a file of ours; what it does not name keeps its default. */
void rules_interfaces_restore(struct rules *rules, struct sec_bytes json);
/** True when an enabled interface declares that this port is listened at. `protocol` is "tcp" or "udp". */
bool rules_listens(const struct rules *rules, const char *protocol, uint16_t port);

/** Walks over every hook that the record names: gives the one at `index`, which may repeat; false at the end. */
bool rules_hook_at(const struct rules *rules, size_t index, struct rules_hook *ret_hook);

#endif
