/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sec_reader_block {
    struct sec_reader_block *next;
    max_align_t memory[];
};

bool sec_reader_init(struct sec_reader *reader)
{
    *reader = (struct sec_reader){0};
    reader->faults = calloc(SEC_READER_FAULTS_MAX_COUNT, sizeof *reader->faults);
    return reader->faults != NULL;
}

void sec_reader_done(struct sec_reader *reader)
{
    while (reader->blocks) {
        struct sec_reader_block *next = reader->blocks->next;
        free(reader->blocks);
        reader->blocks = next;
    }
    free(reader->faults);
    *reader = (struct sec_reader){0};
}

void *sec_reader_new(struct sec_reader *reader, size_t count, size_t size)
{
    if (count > 0 && size > SEC_YAML_MAX_BYTES / count) {
        reader->no_memory = true;
        return NULL;
    }
    struct sec_reader_block *block = calloc(1, sizeof *block + count * size);
    if (!block) {
        reader->no_memory = true;
        return NULL;
    }
    block->next = reader->blocks;
    reader->blocks = block;
    return block->memory;
}

/* --- faults ------------------------------------------------------------------------------------------ */

/* What a file says must not steer a terminal. */
static void make_printable(char *text)
{
    for (size_t i = 0; text[i]; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = '?';
}

void sec_reader_fault(struct sec_reader *reader, unsigned line, const char *object, const char *clause, const char *format, ...)
{
    if (reader->faults_count == SEC_READER_FAULTS_MAX_COUNT)
        return;
    struct sec_reader_fault *fault = &reader->faults[reader->faults_count++];
    va_list arguments;
    va_start(arguments, format);
    fault->line = line;
    snprintf(fault->object, sizeof fault->object, "%s", object);
    snprintf(fault->clause, sizeof fault->clause, "%s", clause);
    vsnprintf(fault->fact, sizeof fault->fact, format, arguments);
    va_end(arguments);
    make_printable(fault->object);
    make_printable(fault->clause);
    make_printable(fault->fact);
}

/* Stable, so that faults of one line keep the order in which they were found. */
static void sort_faults(struct sec_reader *reader)
{
    for (size_t i = 1; i < reader->faults_count; i++) {
        struct sec_reader_fault fault = reader->faults[i];
        size_t at = i;
        for (; at > 0 && reader->faults[at - 1].line > fault.line; at--)
            reader->faults[at] = reader->faults[at - 1];
        reader->faults[at] = fault;
    }
}

void sec_reader_report(struct sec_reader *reader, const char *file, const struct sec_product_faults *faults)
{
    sort_faults(reader);
    for (size_t i = 0; i < reader->faults_count; i++) {
        const struct sec_reader_fault *from = &reader->faults[i];
        struct sec_product_fault fault = {file, from->line, from->object, from->clause, from->fact};
        faults->report(faults->ctx, &fault);
    }
}

int sec_product_fault_text(const struct sec_product_fault *fault, char *text, size_t size)
{
    char line[16] = "";
    bool object = fault->object[0] != '\0', clause = fault->clause[0] != '\0';
    if (fault->line > 0)
        snprintf(line, sizeof line, "%u:", fault->line);
    return snprintf(text, size, "%s:%s %s%s%s%s%s", fault->file, line, fault->object, object && clause ? ", " : "", fault->clause,
                    object || clause ? ": " : "", fault->fact);
}

/* --- maps -------------------------------------------------------------------------------------------- */

static bool is_known(const char *key, const char *const *keys, size_t keys_count)
{
    for (size_t i = 0; i < keys_count; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return keys == NULL;
}

static void entries_check(const struct sec_reader_map *map, const char *const *keys, size_t keys_count)
{
    for (const struct sec_yaml_node *entry = map->node->first; entry; entry = entry->next) {
        if (!is_known(entry->key, keys, keys_count))
            sec_reader_fault(map->reader, entry->line, map->object, entry->key, "unknown key");
        for (const struct sec_yaml_node *other = map->node->first; other != entry; other = other->next)
            if (strcmp(other->key, entry->key) == 0) {
                sec_reader_fault(map->reader, entry->line, map->object, entry->key, "given twice, first in line %u", other->line);
                break;
            }
    }
}

struct sec_reader_map sec_reader_map_of(struct sec_reader *reader, const struct sec_yaml_node *node, const char *object,
                                        const char *const *keys, size_t keys_count)
{
    struct sec_reader_map map = {reader, node, ""};
    snprintf(map.object, sizeof map.object, "%s", object);
    if (!node)
        return map;
    if (node->kind != SEC_YAML_MAP) {
        sec_reader_fault(reader, node->line, object, "", "must be a map");
        map.node = NULL;
        return map;
    }
    /* A map of thousands of keys is refused by its count: comparing them all pairwise would take long. */
    if (sec_reader_count(&map, 1000) > 0)
        entries_check(&map, keys, keys_count);
    else if (node->first)
        map.node = NULL;
    return map;
}

struct sec_reader_map sec_reader_map_in(const struct sec_reader_map *map, const char *key, bool required, const char *const *keys,
                                        size_t keys_count)
{
    char object[160];
    bool top = map->object[0] == '\0';
    if (snprintf(object, sizeof object, "%s%s%s", map->object, top ? "" : ".", key) >= (int)sizeof object)
        object[sizeof object - 1] = '\0';
    return sec_reader_map_of(map->reader, sec_reader_entry(map, key, required), object, keys, keys_count);
}

const struct sec_yaml_node *sec_reader_entry(const struct sec_reader_map *map, const char *key, bool required)
{
    if (!map->node)
        return NULL;
    for (const struct sec_yaml_node *entry = map->node->first; entry; entry = entry->next)
        if (strcmp(entry->key, key) == 0)
            return entry;
    if (required)
        sec_reader_fault(map->reader, map->node->line, map->object, key, "missing");
    return NULL;
}

size_t sec_reader_count(const struct sec_reader_map *map, size_t max)
{
    size_t count = 0;
    if (!map->node)
        return 0;
    for (const struct sec_yaml_node *entry = map->node->first; entry; entry = entry->next)
        count++;
    if (count <= max)
        return count;
    sec_reader_fault(map->reader, map->node->line, map->object, "", "at most %zu entries", max);
    return 0;
}

/* --- fields ------------------------------------------------------------------------------------------ */

struct sec_bytes sec_reader_scalar(const struct sec_yaml_node *node)
{
    size_t len = node->text_len;
    while (!node->plain && len > 0 && node->text[len - 1] == '\n')
        len--;
    return sec_bytes(node->text, len);
}

/* The scalar of a key; null, with a fault, when it is a list or map, or empty. */
static const struct sec_yaml_node *scalar_entry(const struct sec_reader_map *map, const char *key, bool required)
{
    const struct sec_yaml_node *entry = sec_reader_entry(map, key, required);
    if (!entry)
        return NULL;
    if (entry->kind != SEC_YAML_SCALAR) {
        sec_reader_fault(map->reader, entry->line, map->object, key, "must be one value");
        return NULL;
    }
    if (entry->text_len == 0 && entry->plain) {
        sec_reader_fault(map->reader, entry->line, map->object, key, "empty");
        return NULL;
    }
    return entry;
}

struct sec_bytes sec_reader_text(const struct sec_reader_map *map, const char *key, bool required, size_t max)
{
    const struct sec_yaml_node *entry = scalar_entry(map, key, required);
    if (!entry)
        return (struct sec_bytes){NULL, 0};
    struct sec_bytes text = sec_reader_scalar(entry);
    sec_status status = sec_product_text_check(text, max);
    if (sec_ok(status))
        return text;
    if (sec_is(status, SEC_TOO_LARGE))
        sec_reader_fault(map->reader, entry->line, map->object, key, "%zu bytes, at most %zu", text.len, max);
    else
        sec_reader_fault(map->reader, entry->line, map->object, key, "%s", text.len ? "control character or line break" : "empty");
    return (struct sec_bytes){NULL, 0};
}

struct sec_bytes sec_reader_checked(const struct sec_reader_map *map, const char *key, bool required,
                                    sec_status (*check)(struct sec_bytes), const char *must)
{
    const struct sec_yaml_node *entry = scalar_entry(map, key, required);
    if (!entry)
        return (struct sec_bytes){NULL, 0};
    struct sec_bytes text = sec_reader_scalar(entry);
    if (sec_ok(check(text)))
        return text;
    sec_reader_fault(map->reader, entry->line, map->object, key, "must be %s", must);
    return (struct sec_bytes){NULL, 0};
}

static bool parse_bool(const struct sec_yaml_node *node, bool *ret_value)
{
    bool is_true = strcmp(node->text, "true") == 0;
    if (!node->plain || (!is_true && strcmp(node->text, "false") != 0))
        return false;
    *ret_value = is_true;
    return true;
}

static bool parse_integer(const struct sec_yaml_node *node, int64_t *ret_value)
{
    bool negative = node->text[0] == '-';
    const size_t first = negative ? 1 : 0;
    int64_t value = 0;
    if (!node->plain || node->text_len == first)
        return false;
    for (size_t i = first; i < node->text_len; i++) {
        int digit = node->text[i] - '0';
        if (digit < 0 || digit > 9 || value > (INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = negative ? -value : value;
    return true;
}

bool sec_reader_bool(const struct sec_reader_map *map, const char *key, bool required, bool otherwise)
{
    const struct sec_yaml_node *entry = scalar_entry(map, key, required);
    bool value = otherwise;
    if (entry && !parse_bool(entry, &value))
        sec_reader_fault(map->reader, entry->line, map->object, key, "must be true or false");
    return value;
}

int64_t sec_reader_integer(const struct sec_reader_map *map, const char *key, bool required, int64_t min, int64_t max, int64_t otherwise)
{
    const struct sec_yaml_node *entry = scalar_entry(map, key, required);
    int64_t value = otherwise;
    if (!entry)
        return otherwise;
    if (parse_integer(entry, &value) && value >= min && value <= max)
        return value;
    sec_reader_fault(map->reader, entry->line, map->object, key, "must be an integer from %lld to %lld", (long long)min, (long long)max);
    return otherwise;
}

static void words_fault(const struct sec_reader_map *map, const struct sec_yaml_node *entry, const char *key,
                        const struct sec_reader_word *words, size_t words_count)
{
    char list[200] = "";
    for (size_t i = 0, at = 0; i < words_count && at < sizeof list; i++) {
        struct sec_room rest = {(uint8_t *)&list[at], sizeof list - at};
        at += (size_t)snprintf((char *)rest.data, rest.len, "%s%s", i == 0 ? "" : ", ", words[i].word);
    }
    sec_reader_fault(map->reader, entry->line, map->object, key, "must be one of %s", list);
}

int64_t sec_reader_word(const struct sec_reader_map *map, const char *key, bool required, const struct sec_reader_word *words,
                        size_t words_count, int64_t otherwise)
{
    const struct sec_yaml_node *entry = scalar_entry(map, key, required);
    if (!entry)
        return otherwise;
    for (size_t i = 0; i < words_count; i++)
        if (strcmp(entry->text, words[i].word) == 0)
            return words[i].number;
    words_fault(map, entry, key, words, words_count);
    return otherwise;
}

static bool text_is_before(const struct sec_yaml_node *list, const struct sec_yaml_node *item)
{
    for (const struct sec_yaml_node *other = list->first; other != item; other = other->next)
        if (other->kind == SEC_YAML_SCALAR && sec_bytes_equal(sec_reader_scalar(other), sec_reader_scalar(item)))
            return true;
    return false;
}

/* How many texts a list has; 0, with a fault, when it is no list of at most `max` different good ones. `ret_bytes` is what they take as CBOR. */
static size_t texts_check(const struct sec_reader_map *map, const struct sec_yaml_node *list, const char *key, size_t max,
                          sec_status (*check)(struct sec_bytes), const char *must, size_t *ret_bytes)
{
    size_t count = 0, bytes = 0, bad = 0;
    for (const struct sec_yaml_node *item = list->first; item && count <= max; item = item->next) {
        count++;
        bytes += item->text_len + 9;
        if (item->kind != SEC_YAML_SCALAR || !sec_ok(check(sec_reader_scalar(item)))) {
            sec_reader_fault(map->reader, item->line, map->object, key, "each must be %s", must);
            bad++;
        } else if (text_is_before(list, item)) {
            sec_reader_fault(map->reader, item->line, map->object, key, "the same twice");
            bad++;
        }
    }
    if (count > max)
        sec_reader_fault(map->reader, list->line, map->object, key, "at most %zu entries", max);
    *ret_bytes = bytes;
    return bad == 0 && count <= max ? count : 0;
}

struct sec_bytes sec_reader_texts(const struct sec_reader_map *map, const char *key, bool required, size_t max,
                                  sec_status (*check)(struct sec_bytes), const char *must, size_t *ret_count)
{
    const struct sec_yaml_node *list = sec_reader_entry(map, key, required);
    *ret_count = 0;
    if (!list)
        return (struct sec_bytes){NULL, 0};
    if (list->kind != SEC_YAML_LIST || (required && !list->first)) {
        sec_reader_fault(map->reader, list->line, map->object, key, "must be a list");
        return (struct sec_bytes){NULL, 0};
    }
    size_t bytes = 0, count = texts_check(map, list, key, max, check, must, &bytes);
    void *memory = count > 0 ? sec_reader_new(map->reader, bytes, 1) : NULL;
    if (!memory)
        return (struct sec_bytes){NULL, 0};
    struct sec_wr wr = sec_wr(sec_room(memory, bytes));
    for (const struct sec_yaml_node *item = list->first; item; item = item->next)
        sec_cbor_put_tstr(&wr, sec_reader_scalar(item));
    *ret_count = count;
    return sec_wr_done(&wr);
}

struct sec_value sec_reader_value(const struct sec_yaml_node *node, enum sec_setting_type type)
{
    bool boolean;
    int64_t integer;
    if (type == SEC_SETTING_BOOL && parse_bool(node, &boolean))
        return sec_value_bool(boolean);
    if (type == SEC_SETTING_INTEGER && parse_integer(node, &integer))
        return sec_value_integer(integer);
    return sec_value_text(sec_reader_scalar(node));
}
