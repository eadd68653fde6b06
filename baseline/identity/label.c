/* SPDX-License-Identifier: Apache-2.0 */
/* What the label carries: a code that a person can read aloud, and the whole id for a machine. */
#include <securable/identity.h>

#define SYMBOLS_COUNT 16u /* 80 bits, 5 a symbol */
#define START_BYTES 10u

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/*
 * The check symbol is a weighted sum in GF(32), x^5 + x^2 + 1, with the weights x^16 ... x^1 and x^0 for the check
 * symbol itself. x has order 31, so all 17 weights differ and none is zero: any one wrong symbol and any two exchanged
 * ones change the sum.
 */
static unsigned check_step(unsigned sum, unsigned symbol)
{
    unsigned shifted = (sum ^ symbol) << 1;
    return (shifted & 32u) != 0 ? shifted ^ 0x25u : shifted;
}

void sec_label_code_encode(const struct sec_device_id *id, struct sec_wr *wr)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < SYMBOLS_COUNT; i++) {
        unsigned symbol = 0;
        for (unsigned bit = i * 5; bit < i * 5 + 5; bit++)
            symbol = symbol << 1 | (((unsigned)id->b[bit / 8] >> (7 - bit % 8)) & 1u);
        sum = check_step(sum, symbol);
        sec_wr_u8(wr, (uint8_t)alphabet[symbol]);
        if (i % 4 == 3)
            sec_wr_u8(wr, '-');
    }
    sec_wr_u8(wr, (uint8_t)alphabet[sum]);
}

/* The value of a symbol as people write it; 32 for a foreign one. */
static unsigned symbol_of(uint8_t c)
{
    if (c >= 'a' && c <= 'z')
        c = (uint8_t)(c - 'a' + 'A');
    if (c == 'I' || c == 'L')
        c = '1';
    if (c == 'O')
        c = '0';
    unsigned value = 0;
    while (value < 32 && (uint8_t)alphabet[value] != c)
        value++;
    return value;
}

sec_status sec_label_code_parse(struct sec_bytes text, uint8_t ret_start[10])
{
    uint8_t start[START_BYTES] = {0};
    unsigned count = 0, sum = 0, check = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '-' || text.data[i] == ' ')
            continue;
        unsigned symbol = symbol_of(text.data[i]);
        if (symbol >= 32)
            return sec_st(SEC_BAD_VALUE);
        if (count > SYMBOLS_COUNT)
            return sec_st(SEC_LEFTOVER);
        if (count == SYMBOLS_COUNT) {
            check = symbol;
        } else {
            sum = check_step(sum, symbol);
            for (unsigned bit = 0; bit < 5; bit++) {
                unsigned at = count * 5 + bit;
                start[at / 8] = (uint8_t)(start[at / 8] | ((symbol >> (4 - bit)) & 1u) << (7 - at % 8));
            }
        }
        count++;
    }
    if (count <= SYMBOLS_COUNT)
        return sec_st(SEC_TRUNCATED);
    if (check != sum)
        return sec_st(SEC_BAD_VALUE);
    sec_copy(ret_start, start, sizeof start);
    return sec_st(SEC_OK);
}

bool sec_label_code_matches(struct sec_bytes text, const struct sec_device_id *id)
{
    uint8_t start[START_BYTES];
    return sec_ok(sec_label_code_parse(text, start)) &&
           sec_bytes_equal(SEC_BYTES(start), sec_bytes_part(sec_device_id_bytes(id), 0, START_BYTES));
}

void sec_label_encode(struct sec_bytes model, const struct sec_device_id *id, struct sec_wr *wr)
{
    sec_wr_bytes(wr, SEC_LIT("model: "));
    sec_wr_bytes(wr, model);
    sec_wr_bytes(wr, SEC_LIT("\nid: "));
    sec_label_code_encode(id, wr);
    sec_wr_bytes(wr, SEC_LIT("\ntag:securable,2026:device:"));
    sec_device_id_text(id, wr);
    sec_wr_bytes(wr, SEC_LIT("\n"));
}
