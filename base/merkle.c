/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/merkle.h>

#define LEAF_MAX_PARTS 7u

sec_status sec_merkle_leaf(const struct sec_hasher *hasher, const struct sec_bytes *parts, size_t parts_count,
                           struct sec_digest *ret_leaf)
{
    static const uint8_t prefix = 0x00;
    struct sec_bytes all[1 + LEAF_MAX_PARTS] = {{&prefix, 1}};
    if (parts_count > LEAF_MAX_PARTS)
        return sec_st(SEC_BAD_ARGUMENT);
    for (size_t i = 0; i < parts_count; i++)
        all[1 + i] = parts[i];
    return hasher->digest(hasher->ctx, all, 1 + parts_count, ret_leaf);
}

sec_status sec_merkle_node(const struct sec_hasher *hasher, const struct sec_digest *left, const struct sec_digest *right,
                           struct sec_digest *ret_node)
{
    static const uint8_t prefix = 0x01;
    const struct sec_bytes parts[3] = {{&prefix, 1}, sec_digest_bytes(left), sec_digest_bytes(right)};
    struct sec_digest node; /* callers put the node in place of a child, which the provider still reads */
    SEC_TRY(hasher->digest(hasher->ctx, parts, 3, &node));
    *ret_node = node;
    return sec_st(SEC_OK);
}

/* --- the frontier -------------------------------------------------------- */

static bool has_node(const struct sec_merkle_frontier *frontier, size_t level)
{
    return (frontier->size >> level & 1) != 0;
}

void sec_merkle_frontier_init(struct sec_merkle_frontier *frontier)
{
    sec_zero(frontier, sizeof *frontier);
}

/* Adding 1 to the size carries through its low 1-bits, and joins their nodes on the way. */
sec_status sec_merkle_append(struct sec_merkle_frontier *frontier, const struct sec_hasher *hasher,
                             const struct sec_digest *leaf)
{
    if (frontier->size == UINT64_MAX)
        return sec_st(SEC_TOO_LARGE);
    struct sec_digest node = *leaf;
    size_t level = 0;
    for (; has_node(frontier, level); level++)
        SEC_TRY(sec_merkle_node(hasher, &frontier->nodes[level], &node, &node));
    frontier->nodes[level] = node;
    frontier->size++;
    return sec_st(SEC_OK);
}

sec_status sec_merkle_root(const struct sec_merkle_frontier *frontier, const struct sec_hasher *hasher,
                           struct sec_digest *ret_root)
{
    if (frontier->size == 0) {
        const struct sec_bytes nothing = SEC_LIT("");
        return hasher->digest(hasher->ctx, &nothing, 1, ret_root);
    }
    size_t level = 0;
    while (!has_node(frontier, level))
        level++;
    struct sec_digest root = frontier->nodes[level];
    while (++level < 64)
        if (has_node(frontier, level))
            SEC_TRY(sec_merkle_node(hasher, &frontier->nodes[level], &root, &root));
    *ret_root = root;
    return sec_st(SEC_OK);
}

static size_t nodes_count(const struct sec_merkle_frontier *frontier)
{
    size_t count = 0;
    for (size_t level = 0; level < 64; level++)
        count += has_node(frontier, level);
    return count;
}

void sec_merkle_frontier_encode(const struct sec_merkle_frontier *frontier, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_uint(wr, frontier->size);
    sec_cbor_put_array(wr, nodes_count(frontier));
    for (size_t level = 64; level-- > 0;)
        if (has_node(frontier, level))
            sec_cbor_put_bstr(wr, sec_digest_bytes(&frontier->nodes[level]));
}

void sec_merkle_frontier_read(struct sec_cbor *rd, struct sec_merkle_frontier *ret_frontier)
{
    struct sec_merkle_frontier frontier;
    sec_merkle_frontier_init(&frontier);
    sec_cbor_array_of(rd, 2);
    frontier.size = sec_cbor_uint(rd);
    sec_cbor_array_of(rd, nodes_count(&frontier));
    for (size_t level = 64; level-- > 0;)
        if (has_node(&frontier, level))
            sec_cbor_bstr_into(rd, SEC_ROOM(frontier.nodes[level].b));
    if (sec_ok(rd->status))
        *ret_frontier = frontier;
}

/* --- making proofs ------------------------------------------------------- */

/* Who makes a proof. Nodes come in from the root downwards and are turned round at the end. */
struct maker {
    const struct sec_merkle_leaves *leaves;
    const struct sec_hasher *hasher;
    const struct sec_merkle_frontier *start; /* may be null */
    struct sec_merkle_proof proof;
};

/* The leaves of the left subtree: the largest power of two below `count`, which is at least 2. */
static uint64_t split(uint64_t count)
{
    uint64_t left = 1;
    while (left < count - left)
        left <<= 1;
    return left;
}

/*
 * Seeds `range` with what `start` knows of the leaves from `from` to `to`. Such a range is a left sibling of a leaf at or
 * behind start->size: a perfect subtree, aligned to its own size. So it is either whole in the frontier's node
 * of its level, or the frontier's lower nodes are its beginning.
 */
static void seed_range(const struct sec_merkle_frontier *start, uint64_t from, uint64_t to,
                       struct sec_merkle_frontier *range)
{
    sec_merkle_frontier_init(range);
    if (!start || from >= start->size)
        return;
    range->size = (to < start->size ? to : start->size) - from;
    for (size_t level = 0; level < 64; level++)
        if (has_node(range, level))
            range->nodes[level] = start->nodes[level];
}

static sec_status add_range(struct maker *maker, uint64_t from, uint64_t to)
{
    struct sec_merkle_frontier range;
    if (maker->proof.count == SEC_MERKLE_MAX_PROOF)
        return sec_st(SEC_TOO_LARGE);
    seed_range(maker->start, from, to, &range);
    while (range.size < to - from) {
        struct sec_digest leaf;
        SEC_TRY(maker->leaves->leaf(maker->leaves->ctx, from + range.size, &leaf));
        SEC_TRY(sec_merkle_append(&range, maker->hasher, &leaf));
    }
    SEC_TRY(sec_merkle_root(&range, maker->hasher, &maker->proof.path[maker->proof.count]));
    maker->proof.count++;
    return sec_st(SEC_OK);
}

static void give_reversed(const struct sec_merkle_proof *proof, struct sec_merkle_proof *ret_proof)
{
    ret_proof->count = proof->count;
    for (size_t i = 0; i < proof->count; i++)
        ret_proof->path[i] = proof->path[proof->count - 1 - i];
}

sec_status sec_merkle_inclusion(const struct sec_merkle_leaves *leaves, const struct sec_hasher *hasher,
                                const struct sec_merkle_frontier *start, uint64_t index, uint64_t size,
                                struct sec_merkle_proof *ret_proof)
{
    if (index >= size || (start && index < start->size))
        return sec_st(SEC_BAD_ARGUMENT);
    struct maker maker = {.leaves = leaves, .hasher = hasher, .start = start};
    uint64_t from = 0, to = size;
    while (to - from > 1) {
        uint64_t middle = from + split(to - from);
        if (index < middle) {
            SEC_TRY(add_range(&maker, middle, to));
            to = middle;
        } else {
            SEC_TRY(add_range(&maker, from, middle));
            from = middle;
        }
    }
    give_reversed(&maker.proof, ret_proof);
    return sec_st(SEC_OK);
}

sec_status sec_merkle_consistency(const struct sec_merkle_leaves *leaves, const struct sec_hasher *hasher, uint64_t first,
                                  uint64_t second, struct sec_merkle_proof *ret_proof)
{
    if (first == 0 || first > second)
        return sec_st(SEC_BAD_ARGUMENT);
    struct maker maker = {.leaves = leaves, .hasher = hasher};
    uint64_t from = 0, to = second;
    while (to != first) {
        uint64_t middle = from + split(to - from);
        if (first <= middle) {
            SEC_TRY(add_range(&maker, middle, to));
            to = middle;
        } else {
            SEC_TRY(add_range(&maker, from, middle));
            from = middle;
        }
    }
    if (from > 0) /* else the rest is the first tree itself, whose root the checker has */
        SEC_TRY(add_range(&maker, from, to));
    give_reversed(&maker.proof, ret_proof);
    return sec_st(SEC_OK);
}

/* --- checking proofs ----------------------------------------------------- */

/*
 * A climb from a node to the root. `at` is the node's place on its level, `last` that of the level's last node.
 * A last node on the left has no sibling and moves up as it is.
 */
struct climb {
    uint64_t at;
    uint64_t last;
};

static bool climb_sibling_is_left(const struct climb *climb)
{
    return (climb->at & 1) != 0 || climb->at == climb->last;
}

static void climb_up(struct climb *climb)
{
    climb->at >>= 1;
    climb->last >>= 1;
}

static void climb_to_right_child(struct climb *climb)
{
    while ((climb->at & 1) == 0 && climb->at != 0)
        climb_up(climb);
}

static sec_status proof_verdict(bool holds)
{
    return sec_st(holds ? SEC_OK : SEC_PROOF_FAILED);
}

sec_status sec_merkle_inclusion_check(const struct sec_hasher *hasher, const struct sec_digest *leaf, uint64_t index,
                                      uint64_t size, const struct sec_merkle_proof *proof, const struct sec_digest *root)
{
    if (index >= size || proof->count > SEC_MERKLE_MAX_PROOF)
        return sec_st(SEC_PROOF_FAILED);
    struct climb climb = {index, size - 1};
    struct sec_digest node = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        if (climb.last == 0)
            return sec_st(SEC_PROOF_FAILED);
        if (climb_sibling_is_left(&climb)) {
            SEC_TRY(sec_merkle_node(hasher, &proof->path[i], &node, &node));
            climb_to_right_child(&climb);
        } else {
            SEC_TRY(sec_merkle_node(hasher, &node, &proof->path[i], &node));
        }
        climb_up(&climb);
    }
    return proof_verdict(climb.last == 0 && sec_digest_equal(&node, root));
}

sec_status sec_merkle_consistency_check(const struct sec_hasher *hasher, uint64_t first, uint64_t second,
                                        const struct sec_merkle_proof *proof, const struct sec_digest *first_root,
                                        const struct sec_digest *second_root)
{
    if (first == 0 || first > second || proof->count > SEC_MERKLE_MAX_PROOF)
        return sec_st(SEC_PROOF_FAILED);
    if (first == second)
        return proof_verdict(proof->count == 0 && sec_digest_equal(first_root, second_root));
    /* A first tree that is perfect is a node of the second; its root is not repeated in the proof. */
    bool perfect = (first & (first - 1)) == 0;
    if (!perfect && proof->count == 0)
        return sec_st(SEC_PROOF_FAILED);
    struct climb climb = {first - 1, second - 1};
    while ((climb.at & 1) != 0)
        climb_up(&climb);
    struct sec_digest old_node = perfect ? *first_root : proof->path[0];
    struct sec_digest new_node = old_node;
    for (size_t i = perfect ? 0 : 1; i < proof->count; i++) {
        if (climb.last == 0)
            return sec_st(SEC_PROOF_FAILED);
        if (climb_sibling_is_left(&climb)) {
            SEC_TRY(sec_merkle_node(hasher, &proof->path[i], &old_node, &old_node));
            SEC_TRY(sec_merkle_node(hasher, &proof->path[i], &new_node, &new_node));
            climb_to_right_child(&climb);
        } else {
            SEC_TRY(sec_merkle_node(hasher, &new_node, &proof->path[i], &new_node));
        }
        climb_up(&climb);
    }
    return proof_verdict(climb.last == 0 && sec_digest_equal(&old_node, first_root) &&
                         sec_digest_equal(&new_node, second_root));
}

/* --- wire form of proofs ------------------------------------------------- */

void sec_merkle_proof_encode(const struct sec_merkle_proof *proof, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, proof->count);
    for (size_t i = 0; i < proof->count; i++)
        sec_cbor_put_bstr(wr, sec_digest_bytes(&proof->path[i]));
}

void sec_merkle_proof_read(struct sec_cbor *rd, struct sec_merkle_proof *ret_proof)
{
    struct sec_merkle_proof proof;
    proof.count = sec_cbor_array(rd);
    if (proof.count > SEC_MERKLE_MAX_PROOF)
        sec_cbor_fail(rd, SEC_TOO_LARGE);
    for (size_t i = 0; i < proof.count && sec_ok(rd->status); i++)
        sec_cbor_bstr_into(rd, SEC_ROOM(proof.path[i].b));
    if (!sec_ok(rd->status))
        return;
    ret_proof->count = proof.count;
    for (size_t i = 0; i < proof.count; i++)
        ret_proof->path[i] = proof.path[i];
}
