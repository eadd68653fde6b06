/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Declarations: the entries of a product record's lists, both directions of each.
 *
 * A reader checks what it reads and fails the cursor (BAD_VALUE, TOO_LARGE, MISSING_FIELD, UNKNOWN_FIELD ...); what it gives borrows from
 * the input. A writer writes what it is given. Memory: none. The room's own header; others use <securable/product.h>.
 * Serves S59-S65, S82-S98.
 */
#ifndef SECURABLE_PRODUCT_DECLARATION_H
#define SECURABLE_PRODUCT_DECLARATION_H

#include <securable/product.h>

void sec_product_component_put(struct sec_wr *wr, const struct sec_product_component *component);
void sec_product_component_read(struct sec_cbor *rd, struct sec_product_component *ret_component);
void sec_product_setting_put(struct sec_wr *wr, const struct sec_product_setting *setting);
void sec_product_setting_read(struct sec_cbor *rd, struct sec_product_setting *ret_setting);
void sec_product_interface_put(struct sec_wr *wr, const struct sec_product_interface *interface);
void sec_product_interface_read(struct sec_cbor *rd, struct sec_product_interface *ret_interface);
void sec_product_role_put(struct sec_wr *wr, const struct sec_product_role *role);
void sec_product_role_read(struct sec_cbor *rd, struct sec_product_role *ret_role);
void sec_product_element_put(struct sec_wr *wr, const struct sec_product_element *element);
void sec_product_element_read(struct sec_cbor *rd, struct sec_product_element *ret_element);
void sec_product_function_put(struct sec_wr *wr, const struct sec_product_function *function);
void sec_product_function_read(struct sec_cbor *rd, struct sec_product_function *ret_function);
void sec_product_contact_put(struct sec_wr *wr, const struct sec_product_contact *contact);
void sec_product_contact_read(struct sec_cbor *rd, struct sec_product_contact *ret_contact);

/* Fields, shared with record.c. */

/** The next text, checked as sec_product_text_check(). */
struct sec_bytes sec_product_read_text(struct sec_cbor *rd, size_t max);
/** The next text, checked by `check`. */
struct sec_bytes sec_product_read_checked(struct sec_cbor *rd, sec_status (*check)(struct sec_bytes));
/** The next integer, between the bounds; BAD_VALUE otherwise. */
int64_t sec_product_read_integer(struct sec_cbor *rd, int64_t min, int64_t max);
/** An array of `min` to `max` texts, each good for `check`, none twice; gives them one behind the other. */
struct sec_bytes sec_product_read_texts(struct sec_cbor *rd, size_t min, size_t max, sec_status (*check)(struct sec_bytes),
                                        size_t *ret_count);
/** Fails with MISSING_FIELD unless all bits of `need` are in `seen`. */
void sec_product_read_need(struct sec_cbor *rd, uint32_t seen, uint32_t need);
/** Fails with BAD_VALUE unless `good`. */
void sec_product_read_must(struct sec_cbor *rd, bool good);

void sec_product_put_text(struct sec_wr *wr, uint64_t key, struct sec_bytes text);
void sec_product_put_optional(struct sec_wr *wr, uint64_t key, struct sec_bytes text);
void sec_product_put_integer(struct sec_wr *wr, uint64_t key, int64_t value);
void sec_product_put_flag(struct sec_wr *wr, uint64_t key, bool value);
void sec_product_put_texts(struct sec_wr *wr, uint64_t key, struct sec_bytes texts, size_t count);
/** 1 for a text that is there, to count pairs. */
size_t sec_product_one_if(struct sec_bytes text);

#endif
