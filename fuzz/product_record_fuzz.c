/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a product record: refused, or every declaration can be read, and encoded again gives the same bytes. */
#include <securable/product.h>

#include <stdlib.h>

#define READ_ALL(noun, list, draft_list, max)                                                                                    \
    static struct sec_product_##noun noun##_list[max];                                                                           \
    for (size_t i = 0; i < product.list.count; i++)                                                                              \
        if (!sec_ok(sec_product_##noun##_at(&product, i, &noun##_list[i])) ||                                                    \
            !sec_bytes_equal(noun##_list[i].name, sec_product_name_at(&product, &product.list, i)))                              \
            abort();                                                                                                             \
    draft.draft_list = noun##_list;                                                                                              \
    draft.draft_list##_count = product.list.count

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t again[SEC_PRODUCT_MAX_BYTES];
    struct sec_product product;
    struct sec_product_draft draft = {0};
    if (!sec_ok(sec_product_parse(sec_bytes(data, len), &product)))
        return 0;
    draft.facts = product.facts;
    READ_ALL(component, components, components, SEC_PRODUCT_LIST_MAX_COUNT);
    READ_ALL(setting, settings, settings, SEC_PRODUCT_SETTINGS_MAX_COUNT);
    READ_ALL(interface, interfaces, interfaces, SEC_PRODUCT_INTERFACES_MAX_COUNT);
    READ_ALL(role, roles, roles, SEC_PRODUCT_LIST_MAX_COUNT);
    READ_ALL(element, elements, elements, SEC_PRODUCT_LIST_MAX_COUNT);
    READ_ALL(function, functions, functions, SEC_PRODUCT_LIST_MAX_COUNT);
    READ_ALL(contact, contacts, contacts, SEC_PRODUCT_LIST_MAX_COUNT);
    struct sec_wr wr = sec_wr(SEC_ROOM(again));
    sec_product_encode(&draft, &wr);
    if (wr.bad || !sec_bytes_equal(sec_wr_done(&wr), sec_bytes(data, len)))
        abort();
    return 0;
}
