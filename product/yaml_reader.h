/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the fields of product.yaml: one call a field, faults gathered on the way.
 *
 * A reader holds what the compiler needs to name a fault, and the heap of what does not stand in the tree. A field
 * that is wrong gives a harmless value and one fault, so that the rest of the file is still looked at.
 * Memory: heap, freed by sec_reader_done(). Threads: one a reader.
 */
#ifndef SECURABLE_PRODUCT_YAML_READER_H
#define SECURABLE_PRODUCT_YAML_READER_H

#include "product_yaml.h"
#include "yaml_tree.h"

#define SEC_READER_FAULTS_MAX_COUNT 100u

struct sec_reader_fault {
    unsigned line;
    char object[160];
    char clause[160];
    char fact[320];
};

struct sec_reader_block;

struct sec_reader {
    struct sec_reader_fault *faults; /* SEC_READER_FAULTS_MAX_COUNT of them */
    size_t faults_count;
    struct sec_reader_block *blocks;
    bool no_memory;
};

/** One map of the file, with the name under which faults speak of it. */
struct sec_reader_map {
    struct sec_reader *reader;
    const struct sec_yaml_node *node; /* null: not there */
    char object[160];
};

struct sec_reader_word {
    const char *word;
    int64_t number;
};

/** False without memory. */
bool sec_reader_init(struct sec_reader *reader);
void sec_reader_done(struct sec_reader *reader);
/** Reports all faults in the order of lines. */
void sec_reader_report(struct sec_reader *reader, const char *file, const struct sec_product_faults *faults);
/** Zeroed memory that lives as long as the reader; null without memory. */
void *sec_reader_new(struct sec_reader *reader, size_t count, size_t size);

__attribute__((format(printf, 5, 6))) void sec_reader_fault(struct sec_reader *reader, unsigned line, const char *object,
                                                             const char *clause, const char *format, ...);

/** A map as a whole: it must be one, without unknown or double keys. `keys` null: any keys. */
struct sec_reader_map sec_reader_map_of(struct sec_reader *reader, const struct sec_yaml_node *node, const char *object,
                                        const char *const *keys, size_t keys_count);
/** The map under a key; its node is null when it is not there, which is a fault when required. */
struct sec_reader_map sec_reader_map_in(const struct sec_reader_map *map, const char *key, bool required, const char *const *keys,
                                        size_t keys_count);
/** The entry of a key; null when it is not there, which is a fault when required. */
const struct sec_yaml_node *sec_reader_entry(const struct sec_reader_map *map, const char *key, bool required);
/** How many entries a map has; more than `max` is a fault, and gives 0. */
size_t sec_reader_count(const struct sec_reader_map *map, size_t max);

struct sec_bytes sec_reader_text(const struct sec_reader_map *map, const char *key, bool required, size_t max);
/** A text that `check` accepts; `must` says what it should be. */
struct sec_bytes sec_reader_checked(const struct sec_reader_map *map, const char *key, bool required,
                                    sec_status (*check)(struct sec_bytes), const char *must);
bool sec_reader_bool(const struct sec_reader_map *map, const char *key, bool required, bool otherwise);
int64_t sec_reader_integer(const struct sec_reader_map *map, const char *key, bool required, int64_t min, int64_t max, int64_t otherwise);
/** The number of one of the words. */
int64_t sec_reader_word(const struct sec_reader_map *map, const char *key, bool required, const struct sec_reader_word *words,
                        size_t words_count, int64_t otherwise);
/** A list of texts as CBOR text strings one behind the other. */
struct sec_bytes sec_reader_texts(const struct sec_reader_map *map, const char *key, bool required, size_t max,
                                  sec_status (*check)(struct sec_bytes), const char *must, size_t *ret_count);
/** A scalar as a value for a setting of `type`; a text when it is not written like one. */
struct sec_value sec_reader_value(const struct sec_yaml_node *node, enum sec_setting_type type);
/** The text of a scalar without the newline that folded texts end in. */
struct sec_bytes sec_reader_scalar(const struct sec_yaml_node *node);

#endif
