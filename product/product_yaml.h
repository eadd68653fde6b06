/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Product, as its manufacturer writes it: product.yaml, format 1, to a product record.
 *
 * For tools only: heap and libyaml. All faults of a file are reported, not only the first, each as
 * `file:line: object, clause: fact`. Anchors, aliases, tags and a second document are refused: the file says what it says.
 * Memory: nothing is kept; the record goes to the caller's room. Threads: safe, no shared state.
 * Limits: the file 1 MiB; those of product.h. The text of product.yaml is described in product.yaml(5).
 * Serves S24, S28, S57, S59-S65, S73-S98.
 */
#ifndef SECURABLE_PRODUCT_YAML_H
#define SECURABLE_PRODUCT_YAML_H

#include <securable/product.h>

/** One fault: where, in what, and what is wrong. The texts are valid during the call. */
struct sec_product_fault {
    const char *file;
    unsigned line; /* from 1; 0: the file as a whole */
    const char *object; /* "settings.pump.speed" */
    const char *clause; /* "default" */
    const char *fact;   /* "at most 80" */
};

struct sec_product_faults {
    void *ctx;
    void (*report)(void *ctx, const struct sec_product_fault *fault);
};

/** Writes "file:line: object, clause: fact", without what is empty; the length as snprintf() gives it. */
int sec_product_fault_text(const struct sec_product_fault *fault, char *text, size_t size);

/**
 * Compiles `yaml`, the content of `file` (a name for the faults). The record is checked by sec_product_parse() before it is given.
 * BAD_VALUE when faults were reported, MALFORMED when it is no YAML (reported too), TOO_LARGE (reported), ROOM_FULL, INTERNAL (no memory).
 */
sec_status sec_product_yaml_compile(struct sec_bytes yaml, const char *file, const struct sec_product_faults *faults,
                                    struct sec_room room, struct sec_bytes *ret_record);

/** UUIDv5 (RFC 9562, 5.5) of a name in a namespace. INTERNAL when SHA-1 is not to be had. */
sec_status sec_product_uuid5(const struct sec_uuid *space, struct sec_bytes name, struct sec_uuid *ret_uuid);
/** The vendor id: UUIDv5 of the domain in the DNS namespace; the class id: UUIDv5 of the model in the vendor id. */
sec_status sec_product_ids(struct sec_bytes domain, struct sec_bytes model, struct sec_uuid *ret_vendor, struct sec_uuid *ret_class);

#endif
