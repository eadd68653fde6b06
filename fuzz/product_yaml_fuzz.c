/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as product.yaml: faults are said, or a record is given that parses; never both, never neither. */
#include "product_yaml.h"

#include <stdlib.h>

static void count_fault(void *ctx, const struct sec_product_fault *fault)
{
    char text[700];
    unsigned *count = ctx;
    int len = sec_product_fault_text(fault, text, sizeof text);
    for (int i = 0; i < len && i < (int)sizeof text - 1; i++)
        if ((unsigned char)text[i] < 0x20)
            abort();
    ++*count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t room[SEC_PRODUCT_MAX_BYTES];
    unsigned count = 0;
    const struct sec_product_faults faults = {&count, count_fault};
    struct sec_bytes record;
    struct sec_product product;
    sec_status status = sec_product_yaml_compile(sec_bytes(data, len), "f", &faults, SEC_ROOM(room), &record);
    if (sec_ok(status) && (count > 0 || !sec_ok(sec_product_parse(record, &product))))
        abort();
    if (!sec_ok(status) && count == 0 && !sec_is(status, SEC_ROOM_FULL) && !sec_is(status, SEC_INTERNAL))
        abort();
    return 0;
}
