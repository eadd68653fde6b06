/* SPDX-License-Identifier: Apache-2.0 */
#include "json_cbor.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cJSON *json_uint(uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return cJSON_CreateRaw(text);
}

cJSON *json_int(int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    return cJSON_CreateRaw(text);
}

/* "<before>hex<after>" */
static cJSON *hex_between(const char *before, struct sec_bytes bytes, const char *after)
{
    size_t size = strlen(before) + 2 * bytes.len + strlen(after) + 1;
    char *text = calloc(1, size);
    if (!text)
        return NULL;
    struct sec_wr wr = sec_wr(sec_room(text, size - 1));
    sec_wr_bytes(&wr, sec_bytes_of_str(before));
    sec_wr_hex(&wr, bytes);
    sec_wr_bytes(&wr, sec_bytes_of_str(after));
    cJSON *json = cJSON_CreateString(text);
    free(text);
    return json;
}

cJSON *json_hex(struct sec_bytes bytes)
{
    return hex_between("", bytes, "");
}

static bool text_is_clean(struct sec_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == 0)
            return false;
    return sec_ok(sec_utf8_check(text));
}

static char *text_copy(struct sec_bytes text)
{
    char *copy = calloc(1, text.len + 1);
    if (copy)
        sec_bytes_copy(sec_room(copy, text.len), text);
    return copy;
}

cJSON *json_text(struct sec_bytes text)
{
    if (!text_is_clean(text))
        return hex_between("h'", text, "'");
    char *copy = text_copy(text);
    cJSON *json = copy ? cJSON_CreateString(copy) : NULL;
    free(copy);
    return json;
}

static double half_value(uint16_t half)
{
    int exponent = half >> 10 & 31;
    double mantissa = half & 1023;
    double value = exponent == 0    ? ldexp(mantissa, -24)
                   : exponent == 31 ? (mantissa == 0 ? INFINITY : NAN)
                                    : ldexp(mantissa + 1024, exponent - 25);
    return half & 0x8000 ? -value : value;
}

static double float_value(struct sec_bytes item)
{
    struct sec_rd rd = sec_rd(sec_bytes_part(item, 1, item.len));
    float single;
    double value;
    if (item.len == 3)
        return half_value(sec_rd_u16(&rd));
    if (item.len == 5) {
        uint32_t bits = sec_rd_u32(&rd);
        sec_copy(&single, &bits, sizeof single);
        return (double)single;
    }
    uint64_t bits = sec_rd_u64(&rd);
    sec_copy(&value, &bits, sizeof value);
    return value;
}

static cJSON *json_simple(struct sec_bytes item)
{
    uint8_t first = item.len > 0 ? item.data[0] : 0;
    if (first == 0xf4 || first == 0xf5)
        return cJSON_CreateBool(first == 0xf5);
    if (first >= 0xf9 && first <= 0xfb && isfinite(float_value(item)))
        return cJSON_CreateNumber(float_value(item));
    return cJSON_CreateNull();
}

/* -1 - n for n beyond int64_t, or any other. */
static cJSON *json_negative(struct sec_bytes item)
{
    struct sec_cbor rd = sec_cbor(item);
    int64_t value = sec_cbor_int(&rd);
    return sec_ok(rd.status) ? json_int(value) : hex_between("cbor'", item, "'");
}

static void add_pair(cJSON *object, struct sec_cbor *rd)
{
    cJSON *key = json_cbor_next(rd);
    cJSON *value = json_cbor_next(rd);
    char *printed = cJSON_IsString(key) ? NULL : cJSON_PrintUnformatted(key);
    const char *name = cJSON_IsString(key) ? key->valuestring : printed;
    if (!name || !cJSON_AddItemToObject(object, name, value))
        cJSON_Delete(value);
    cJSON_free(printed);
    cJSON_Delete(key);
}

static cJSON *json_map(struct sec_cbor *rd)
{
    cJSON *object = cJSON_CreateObject();
    size_t count = sec_cbor_map(rd);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++)
        add_pair(object, rd);
    return object;
}

static cJSON *json_array(struct sec_cbor *rd)
{
    cJSON *array = cJSON_CreateArray();
    size_t count = sec_cbor_array(rd);
    for (size_t i = 0; i < count && sec_ok(rd->status); i++)
        cJSON_AddItemToArray(array, json_cbor_next(rd));
    return array;
}

static cJSON *json_tag(struct sec_cbor *rd)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToObject(object, "tag", json_uint(sec_cbor_tag(rd)));
    cJSON_AddItemToObject(object, "value", json_cbor_next(rd));
    return object;
}

static cJSON *json_item(struct sec_bytes item)
{
    struct sec_cbor rd = sec_cbor(item);
    switch (sec_cbor_peek(&rd)) {
    case SEC_CBOR_UINT:
        return json_uint(sec_cbor_uint(&rd));
    case SEC_CBOR_NINT:
        return json_negative(item);
    case SEC_CBOR_BSTR:
        return hex_between("h'", sec_cbor_bstr(&rd), "'");
    case SEC_CBOR_TSTR:
        return json_text(sec_cbor_tstr(&rd));
    case SEC_CBOR_ARRAY:
        return json_array(&rd);
    case SEC_CBOR_MAP:
        return json_map(&rd);
    case SEC_CBOR_TAG:
        return json_tag(&rd);
    case SEC_CBOR_SIMPLE:
        return json_simple(item);
    case SEC_CBOR_NOTHING:
        break;
    }
    return cJSON_CreateNull();
}

/* True for a head of indefinite length: the reader gives no slices of those, so they are shown as they are encoded. */
static bool is_indefinite(struct sec_bytes item)
{
    return item.len > 0 && (item.data[0] & 31) == 31 && item.data[0] >> 5 >= SEC_CBOR_BSTR;
}

cJSON *json_cbor_next(struct sec_cbor *rd)
{
    struct sec_bytes item = sec_cbor_item(rd);
    return is_indefinite(item) ? hex_between("cbor'", item, "'") : json_item(item);
}

cJSON *json_cbor(struct sec_bytes item)
{
    struct sec_cbor rd = sec_cbor(item);
    return json_cbor_next(&rd);
}

size_t json_unsafe_bytes(const char *text)
{
    const unsigned char c = (unsigned char)text[0];
    const unsigned char d = c ? (unsigned char)text[1] : 0, e = d ? (unsigned char)text[2] : 0;
    if (c < 0x20 || c == 0x7f)
        return 1;
    if ((c == 0xc2 && d >= 0x80 && d <= 0x9f) || (c == 0xd8 && d == 0x9c))
        return 2;
    bool mark = c == 0xe2 && d == 0x80 && (e == 0x8e || e == 0x8f || (e >= 0xa8 && e <= 0xae));
    bool isolate = c == 0xe2 && d == 0x81 && e >= 0xa6 && e <= 0xa9;
    return mark || isolate ? 3 : 0;
}

bool json_put(FILE *to, const char *json)
{
    for (size_t i = 0; json[i];) {
        const unsigned char c = (unsigned char)json[i];
        size_t unsafe = c < 0x20 ? 0 : json_unsafe_bytes(&json[i]); /* in strings these stand escaped already */
        unsigned code = unsafe == 2 ? c & 0x1fu : unsafe == 3 ? c & 0x0fu : c;
        for (size_t k = 1; k < unsafe; k++)
            code = code << 6 | ((unsigned char)json[i + k] & 0x3fu);
        if (unsafe)
            fprintf(to, "\\u%04x", code);
        else
            fputc(c, to);
        i += unsafe ? unsafe : 1;
    }
    return fputc('\n', to) >= 0 && !ferror(to);
}
