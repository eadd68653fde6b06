/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as a tree with lines: what product.yaml is read into before its meaning is asked.
 *
 * Memory: heap, all of it freed by sec_yaml_done(). Depth, nodes and bytes are bounded. Refused: anchors, aliases, tags, keys that are not
 * plain words, a second document. Threads: one a tree.
 */
#ifndef SECURABLE_PRODUCT_YAML_TREE_H
#define SECURABLE_PRODUCT_YAML_TREE_H

#include <securable/bytes.h>

#define SEC_YAML_MAX_BYTES 1048576u
#define SEC_YAML_MAX_DEPTH 16u
#define SEC_YAML_MAX_NODES 20000u

enum sec_yaml_kind {
    SEC_YAML_SCALAR,
    SEC_YAML_LIST,
    SEC_YAML_MAP,
};

struct sec_yaml_node {
    enum sec_yaml_kind kind;
    unsigned line;        /* of the key in a map, of the node elsewhere; from 1 */
    char *key;            /* in a map; NUL-terminated */
    char *text;           /* of a scalar; NUL-terminated, may hold NULs: use text_len */
    size_t text_len;
    bool plain;           /* a scalar without quotes */
    struct sec_yaml_node *first;
    struct sec_yaml_node *last;
    struct sec_yaml_node *next;
    struct sec_yaml_node *made_before; /* of all nodes, to free them without recursion */
};

struct sec_yaml {
    struct sec_yaml_node *root; /* null: an empty document */
    struct sec_yaml_node *made;
    unsigned nodes;
};

/** Where and why a text is no tree of ours. */
struct sec_yaml_problem {
    unsigned line;
    char fact[128];
};

/** OK, MALFORMED (`ret_problem` says why), TOO_LARGE (so too), INTERNAL (no memory). sec_yaml_done() is due in every case. */
sec_status sec_yaml_load(struct sec_bytes text, struct sec_yaml *ret_yaml, struct sec_yaml_problem *ret_problem);
void sec_yaml_done(struct sec_yaml *yaml);

#endif
