/* SPDX-License-Identifier: Apache-2.0 */
/* The graded items of a wipe's receipt, both directions, and where grades come from. */
#include "state.h"

const char *sec_wipe_grade_word(uint64_t grade)
{
#define WORD(name, number, word) word,
    static const char *const words[] = {SEC_WIPE_GRADE_TABLE(WORD)};
#undef WORD
    return grade < sizeof words / sizeof words[0] ? words[grade] : "unknown";
}

enum sec_wipe_grade sec_wipe_grade_of_key(enum sec_destroy_grade grade, bool resumed)
{
    switch (grade) {
    case SEC_DESTROY_OVERWRITTEN:
        return SEC_WIPE_OVERWRITTEN;
    case SEC_DESTROY_HARDWARE:
        return SEC_WIPE_HARDWARE;
    case SEC_DESTROY_NOT_COVERED:
        return resumed ? SEC_WIPE_FOUND_GONE : SEC_WIPE_NOT_COVERED;
    }
    return SEC_WIPE_NOT_COVERED;
}

enum sec_wipe_grade sec_wipe_grade_of_hook(sec_status hook)
{
    return sec_ok(hook) ? SEC_WIPE_BY_HOOK : SEC_WIPE_NOT_COVERED;
}

void sec_wipe_items_encode(const struct sec_wipe_items *items, struct sec_wr *wr)
{
    if (items->count > SEC_WIPE_ITEMS_MAX_COUNT) {
        wr->bad = true;
        return;
    }
    sec_cbor_put_array(wr, items->count);
    for (size_t i = 0; i < items->count; i++) {
        sec_cbor_put_array(wr, 2);
        sec_cbor_put_tstr(wr, items->items[i].name);
        sec_cbor_put_uint(wr, (uint64_t)items->items[i].grade);
    }
}

static void read_item(struct sec_cbor *rd, struct sec_wipe_item *item)
{
    sec_cbor_array_of(rd, 2);
    item->name = sec_cbor_tstr(rd);
    uint64_t grade = sec_cbor_uint(rd);
    /* "data." stands before the element's name. */
    if (item->name.len == 0 || item->name.len > SEC_NAME_MAX_BYTES + 8u || grade > SEC_WIPE_FOUND_GONE) {
        sec_cbor_fail(rd, SEC_BAD_VALUE);
        return;
    }
    item->grade = (enum sec_wipe_grade)grade;
}

sec_status sec_wipe_items_parse(struct sec_bytes in, struct sec_wipe_items *ret_items)
{
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_wipe_items items;
    sec_zero(&items, sizeof items);
    items.count = sec_cbor_array(&rd);
    if (items.count > SEC_WIPE_ITEMS_MAX_COUNT)
        return sec_st(SEC_TOO_LARGE);
    for (size_t i = 0; i < items.count && sec_ok(rd.status); i++)
        read_item(&rd, &items.items[i]);
    SEC_TRY(sec_cbor_end(&rd));
    *ret_items = items;
    return sec_st(SEC_OK);
}
