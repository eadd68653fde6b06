/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include "../cli/json_cbor.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- writing --------------------------------------------------------------------------------------------------- */

const char *hub_json_time_text(int64_t time_s, char ret_text[HUB_JSON_TIME_BYTES])
{
    const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z */
    time_t at = (time_t)(time_s < 0 ? 0 : time_s > last ? last : time_s);
    struct tm tm;
    if (!gmtime_r(&at, &tm) || strftime(ret_text, HUB_JSON_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        ret_text[0] = '\0';
    return ret_text;
}

void hub_json_add_number(cJSON *object, const char *name, uint64_t value)
{
    cJSON_AddItemToObject(object, name, json_uint(value));
}

void hub_json_add_int(cJSON *object, const char *name, int64_t value)
{
    cJSON_AddItemToObject(object, name, json_int(value));
}

void hub_json_add_hex(cJSON *object, const char *name, struct sec_bytes bytes)
{
    cJSON_AddItemToObject(object, name, json_hex(bytes));
}

void hub_json_add_text(cJSON *object, const char *name, struct sec_bytes text)
{
    cJSON_AddItemToObject(object, name, json_text(text));
}

void hub_json_add_time(cJSON *object, const char *name, int64_t time_s)
{
    char text[HUB_JSON_TIME_BYTES];
    cJSON_AddStringToObject(object, name, hub_json_time_text(time_s, text));
}

void hub_json_add_text_or_null(cJSON *object, const char *name, struct sec_bytes text)
{
    if (text.len)
        hub_json_add_text(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

void hub_json_add_time_or_null(cJSON *object, const char *name, int64_t time_s)
{
    if (time_s)
        hub_json_add_time(object, name, time_s);
    else
        cJSON_AddNullToObject(object, name);
}

/* --- reading --------------------------------------------------------------------------------------------------- */

void hub_json_fail(struct hub_json_fault *fault, enum sec_status_code code, const char *clause, const char *format, ...)
{
    if (!sec_ok(fault->status))
        return;
    va_list list;
    va_start(list, format);
    vsnprintf(fault->fact, sizeof fault->fact, format, list);
    va_end(list);
    fault->status = sec_st(code);
    fault->clause = clause;
}

/* Where a scan stands inside of a string: behind a backslash the next byte is content. */
struct scan {
    bool string;
    bool escape;
    unsigned depth;
    unsigned values;
};

static void scan_byte(struct scan *scan, uint8_t c)
{
    if (scan->string) {
        bool end = c == '"' && !scan->escape;
        scan->escape = c == '\\' && !scan->escape;
        scan->string = !end;
        return;
    }
    scan->string = c == '"';
    if (c == '{' || c == '[')
        scan->depth++;
    if ((c == '}' || c == ']') && scan->depth > 0)
        scan->depth--;
    if (c == ',' || c == '{' || c == '[')
        scan->values++;
}

/* cJSON reads an escaped NUL as the end of a text: two texts would be read as one. */
static bool has_escaped_nul(struct sec_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\\')
            continue;
        if (sec_bytes_equal(sec_bytes_part(text, i + 1, 5), SEC_LIT("u0000")))
            return true;
        i++;
    }
    return false;
}

/* Before any memory is taken: size, depth and count. */
static void scan_text(struct sec_bytes text, struct hub_json_fault *fault)
{
    struct scan scan = {0};
    if (text.len > HUB_JSON_MAX_BYTES)
        hub_json_fail(fault, SEC_TOO_LARGE, "body", "more than %u bytes", HUB_JSON_MAX_BYTES);
    if (text.len == 0)
        hub_json_fail(fault, SEC_TRUNCATED, "body", "a JSON object is wanted");
    for (size_t i = 0; i < text.len && sec_ok(fault->status); i++) {
        scan_byte(&scan, text.data[i]);
        if (text.data[i] == 0)
            hub_json_fail(fault, SEC_MALFORMED, "body", "holds a NUL");
        if (scan.depth > HUB_JSON_MAX_DEPTH)
            hub_json_fail(fault, SEC_TOO_DEEP, "body", "nested deeper than %u", HUB_JSON_MAX_DEPTH);
        if (scan.values > HUB_JSON_MAX_VALUES)
            hub_json_fail(fault, SEC_TOO_LARGE, "body", "more than %u values", HUB_JSON_MAX_VALUES);
    }
    if (sec_ok(fault->status) && !sec_ok(sec_utf8_check(text)))
        hub_json_fail(fault, SEC_NOT_UTF8, "body", "is not UTF-8");
    if (sec_ok(fault->status) && has_escaped_nul(text))
        hub_json_fail(fault, SEC_MALFORMED, "body", "a text holds a NUL");
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void check_members(const cJSON *object, const char *const *members, struct hub_json_fault *fault)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        size_t n = 0;
        while (members[n] && strcmp(members[n], item->string) != 0)
            n++;
        if (!members[n])
            hub_json_fail(fault, SEC_UNKNOWN_FIELD, "member", "\"%.64s\" is not known here", item->string);
    }
}

/* The tree is bounded by the scan, so the recursion is, and the square of the number of members. */
static void check_duplicates(const cJSON *tree, struct hub_json_fault *fault)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, tree)
    {
        if (cJSON_IsObject(tree))
            for (const cJSON *other = item->next; other; other = other->next)
                if (strcmp(item->string, other->string) == 0)
                    hub_json_fail(fault, SEC_DUPLICATE_KEY, "member", "\"%.64s\" stands twice", item->string);
        check_duplicates(item, fault);
    }
}

static cJSON *parse_whole(struct sec_bytes text, struct hub_json_fault *fault)
{
    const char *end = NULL;
    const char *start = (const char *)text.data;
    cJSON *tree = cJSON_ParseWithLengthOpts(start, text.len, &end, 0);
    if (!tree) {
        hub_json_fail(fault, SEC_MALFORMED, "body", "is not JSON");
        return NULL;
    }
    for (size_t i = (size_t)(end - start); i < text.len; i++)
        if (!is_space(text.data[i]))
            hub_json_fail(fault, SEC_LEFTOVER, "body", "bytes follow behind the object");
    if (!cJSON_IsObject(tree))
        hub_json_fail(fault, SEC_UNEXPECTED_TYPE, "body", "a JSON object is wanted");
    return tree;
}

cJSON *hub_json_read(struct sec_bytes text, const char *const *members, struct hub_json_fault *ret_fault)
{
    *ret_fault = (struct hub_json_fault){.status = {SEC_OK}, .clause = ""};
    scan_text(text, ret_fault);
    if (!sec_ok(ret_fault->status))
        return NULL;
    cJSON *tree = parse_whole(text, ret_fault);
    if (sec_ok(ret_fault->status))
        check_duplicates(tree, ret_fault);
    if (sec_ok(ret_fault->status))
        check_members(tree, members, ret_fault);
    if (sec_ok(ret_fault->status))
        return tree;
    cJSON_Delete(tree);
    return NULL;
}

static const cJSON *member_of(const cJSON *object, const char *name, struct hub_json_fault *fault)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!item)
        hub_json_fail(fault, SEC_MISSING_FIELD, name, "is wanted");
    return item;
}

struct sec_bytes hub_json_text(const cJSON *object, const char *name, size_t max, struct hub_json_fault *fault)
{
    const struct sec_bytes none = {NULL, 0};
    const cJSON *item = member_of(object, name, fault);
    if (!item)
        return none;
    const char *text = cJSON_GetStringValue(item);
    if (!text) {
        hub_json_fail(fault, SEC_UNEXPECTED_TYPE, name, "a text is wanted");
        return none;
    }
    struct sec_bytes bytes = sec_bytes_of_str(text);
    if (bytes.len > max)
        hub_json_fail(fault, SEC_TOO_LARGE, name, "more than %zu bytes", max);
    if (bytes.len == 0)
        hub_json_fail(fault, SEC_BAD_VALUE, name, "is empty");
    return bytes.len > max ? none : bytes;
}

uint64_t hub_json_number(const cJSON *object, const char *name, uint64_t max, struct hub_json_fault *fault)
{
    const cJSON *item = member_of(object, name, fault);
    if (!item)
        return 0;
    if (!cJSON_IsNumber(item)) {
        hub_json_fail(fault, SEC_UNEXPECTED_TYPE, name, "a number is wanted");
        return 0;
    }
    double value = item->valuedouble;
    bool whole = value >= 0 && value <= 9007199254740992.0 && floor(value) >= value;
    if (!whole || (uint64_t)value > max) {
        hub_json_fail(fault, SEC_BAD_VALUE, name, "a whole number of at most %llu is wanted", (unsigned long long)max);
        return 0;
    }
    return (uint64_t)value;
}

struct sec_bytes hub_json_bytes(const cJSON *object, const char *name, struct sec_room room, struct hub_json_fault *fault)
{
    const struct sec_bytes none = {NULL, 0};
    struct sec_bytes text = hub_json_text(object, name, 2 * room.len, fault);
    size_t len = 0;
    if (text.len == 0)
        return none;
    if (text.len % 2 != 0 || !sec_ok(sec_hex_parse(text, sec_room(room.data, text.len / 2), &len))) {
        hub_json_fail(fault, SEC_BAD_VALUE, name, "an even number of hex digits is wanted");
        return none;
    }
    return sec_bytes(room.data, len);
}
