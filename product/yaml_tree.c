/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* The way from the root to where the next node belongs. */
struct loader {
    yaml_parser_t parser;
    struct sec_yaml *yaml;
    struct sec_yaml_problem *problem;
    struct sec_yaml_node *path[SEC_YAML_MAX_DEPTH];
    size_t depth;
    char *key; /* read, waits for its value */
    unsigned key_line;
};

static sec_status refuse(struct loader *loader, unsigned line, enum sec_status_code code, const char *fact)
{
    loader->problem->line = line;
    snprintf(loader->problem->fact, sizeof loader->problem->fact, "%s", fact);
    return sec_st(code);
}

static char *text_dup(const void *text, size_t len)
{
    char *copy = malloc(len + 1);
    if (!copy)
        return NULL;
    if (len > 0)
        sec_copy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static struct sec_yaml_node *parent_of(struct loader *loader)
{
    return loader->depth > 0 ? loader->path[loader->depth - 1] : NULL;
}

static sec_status node_add(struct loader *loader, enum sec_yaml_kind kind, unsigned line, struct sec_yaml_node **ret_node)
{
    struct sec_yaml_node *parent = parent_of(loader);
    if (++loader->yaml->nodes > SEC_YAML_MAX_NODES)
        return refuse(loader, line, SEC_TOO_LARGE, "more entries than any product has");
    struct sec_yaml_node *node = calloc(1, sizeof *node);
    if (!node)
        return sec_st(SEC_INTERNAL);
    node->made_before = loader->yaml->made;
    loader->yaml->made = node;
    node->kind = kind;
    node->line = loader->key ? loader->key_line : line;
    node->key = loader->key;
    loader->key = NULL;
    if (!parent)
        loader->yaml->root = node;
    else if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    if (parent)
        parent->last = node;
    *ret_node = node;
    return sec_st(SEC_OK);
}

static sec_status scalar_take(struct loader *loader, const yaml_event_t *event, unsigned line)
{
    struct sec_yaml_node *parent = parent_of(loader);
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    if (parent && parent->kind == SEC_YAML_MAP && !loader->key) {
        if (memchr(value, '\0', len))
            return refuse(loader, line, SEC_MALFORMED, "a key with a NUL in it");
        loader->key = text_dup(value, len);
        loader->key_line = line;
        return sec_st(loader->key ? SEC_OK : SEC_INTERNAL);
    }
    struct sec_yaml_node *node;
    SEC_TRY(node_add(loader, SEC_YAML_SCALAR, line, &node));
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = text_dup(value, len);
    node->text_len = len;
    return sec_st(node->text ? SEC_OK : SEC_INTERNAL);
}

static sec_status collection_begin(struct loader *loader, enum sec_yaml_kind kind, unsigned line)
{
    struct sec_yaml_node *parent = parent_of(loader);
    struct sec_yaml_node *node;
    if (parent && parent->kind == SEC_YAML_MAP && !loader->key)
        return refuse(loader, line, SEC_MALFORMED, "a key that is no word");
    if (loader->depth == SEC_YAML_MAX_DEPTH)
        return refuse(loader, line, SEC_TOO_LARGE, "nested too deep");
    SEC_TRY(node_add(loader, kind, line, &node));
    loader->path[loader->depth++] = node;
    return sec_st(SEC_OK);
}

static sec_status plainness_check(struct loader *loader, const void *anchor, const void *tag, unsigned line)
{
    if (anchor)
        return refuse(loader, line, SEC_MALFORMED, "anchors are not accepted here");
    if (tag)
        return refuse(loader, line, SEC_MALFORMED, "tags are not accepted here");
    return sec_st(SEC_OK);
}

static sec_status event_take(struct loader *loader, const yaml_event_t *event, bool *ret_end)
{
    unsigned line = (unsigned)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_STREAM_END_EVENT:
        *ret_end = true;
        return sec_st(SEC_OK);
    case YAML_DOCUMENT_START_EVENT:
        if (loader->yaml->made)
            return refuse(loader, line, SEC_MALFORMED, "a second document");
        return sec_st(SEC_OK);
    case YAML_ALIAS_EVENT:
        return refuse(loader, line, SEC_MALFORMED, "aliases are not accepted here");
    case YAML_SCALAR_EVENT:
        SEC_TRY(plainness_check(loader, event->data.scalar.anchor, event->data.scalar.tag, line));
        return scalar_take(loader, event, line);
    case YAML_SEQUENCE_START_EVENT:
        SEC_TRY(plainness_check(loader, event->data.sequence_start.anchor, event->data.sequence_start.tag, line));
        return collection_begin(loader, SEC_YAML_LIST, line);
    case YAML_MAPPING_START_EVENT:
        SEC_TRY(plainness_check(loader, event->data.mapping_start.anchor, event->data.mapping_start.tag, line));
        return collection_begin(loader, SEC_YAML_MAP, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        loader->depth--;
        return sec_st(SEC_OK);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return sec_st(SEC_OK);
}

static sec_status events_take(struct loader *loader)
{
    bool end = false;
    while (!end) {
        yaml_event_t event;
        if (!yaml_parser_parse(&loader->parser, &event)) {
            const char *problem = loader->parser.problem ? loader->parser.problem : "no YAML";
            return refuse(loader, (unsigned)loader->parser.problem_mark.line + 1, SEC_MALFORMED, problem);
        }
        sec_status status = event_take(loader, &event, &end);
        yaml_event_delete(&event);
        SEC_TRY(status);
    }
    return sec_st(SEC_OK);
}

sec_status sec_yaml_load(struct sec_bytes text, struct sec_yaml *ret_yaml, struct sec_yaml_problem *ret_problem)
{
    struct loader loader = {.yaml = ret_yaml, .problem = ret_problem};
    *ret_yaml = (struct sec_yaml){NULL, NULL, 0};
    *ret_problem = (struct sec_yaml_problem){0, ""};
    if (text.len > SEC_YAML_MAX_BYTES)
        return refuse(&loader, 0, SEC_TOO_LARGE, "larger than 1 MiB");
    if (!yaml_parser_initialize(&loader.parser))
        return sec_st(SEC_INTERNAL);
    yaml_parser_set_encoding(&loader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&loader.parser, text.len > 0 ? text.data : (const uint8_t *)"", text.len);
    sec_status status = events_take(&loader);
    yaml_parser_delete(&loader.parser);
    free(loader.key);
    return status;
}

void sec_yaml_done(struct sec_yaml *yaml)
{
    for (struct sec_yaml_node *node = yaml->made; node;) {
        struct sec_yaml_node *before = node->made_before;
        free(node->key);
        free(node->text);
        free(node);
        node = before;
    }
    *yaml = (struct sec_yaml){NULL, NULL, 0};
}
