/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes written as hex digits in a test; blanks may stand between them. Valid until sixteen calls later. */
#ifndef TESTS_BASE_HEX_H
#define TESTS_BASE_HEX_H

#include "test.h"

__attribute__((unused)) static struct sec_bytes hex(const char *digits)
{
    static uint8_t places[16][4096];
    static size_t next;
    uint8_t *place = places[next++ % 16];
    size_t len = 0;
    for (size_t half = 0; *digits; digits++) {
        char digit[2] = {*digits, 0};
        if (*digits == ' ')
            continue;
        unsigned long value = strtoul(digit, NULL, 16);
        if (half++ % 2 == 0)
            place[len] = (uint8_t)(value << 4);
        else
            place[len++] |= (uint8_t)value;
    }
    return sec_bytes(place, len);
}

#endif
