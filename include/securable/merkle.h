/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merkle tree hashing with inclusion and consistency proofs (RFC 9162, 2.1).
 *
 * The tree is kept as a *frontier*: the roots of the perfect subtrees that make up
 * its leaves so far (one for each 1-bit of the size), which is all that appending
 * and the root need. Proofs ask the caller for the hashes of leaves.
 * Units: sizes and indices count leaves from 0. A proof has at most 64 digests.
 * Memory: none.
 */
#ifndef SECURABLE_MERKLE_H
#define SECURABLE_MERKLE_H

#include <securable/key.h>

#define SEC_MERKLE_MAX_PROOF 64u

struct sec_merkle_frontier {
    uint64_t size;
    struct sec_digest nodes[64]; /* nodes[i] is the root of the perfect subtree of 2^i leaves, where bit i of size is 1 */
};

struct sec_merkle_proof {
    size_t count;
    struct sec_digest path[SEC_MERKLE_MAX_PROOF];
};

/** Who gives the hash of leaf `index`. NOT_FOUND ends the making of a proof. */
struct sec_merkle_leaves {
    void *ctx;
    sec_status (*leaf)(void *ctx, uint64_t index, struct sec_digest *ret_digest);
};

/** Leaf hash: SHA-256(0x00 || parts). At most 7 parts. */
sec_status sec_merkle_leaf(const struct sec_hasher *hasher, const struct sec_bytes *parts, size_t parts_count,
                           struct sec_digest *ret_leaf);
/** Node hash: SHA-256(0x01 || left || right). */
sec_status sec_merkle_node(const struct sec_hasher *hasher, const struct sec_digest *left, const struct sec_digest *right,
                           struct sec_digest *ret_node);

void sec_merkle_frontier_init(struct sec_merkle_frontier *frontier);
sec_status sec_merkle_append(struct sec_merkle_frontier *frontier, const struct sec_hasher *hasher,
                             const struct sec_digest *leaf);
/** The root; of an empty tree SHA-256 of nothing. */
sec_status sec_merkle_root(const struct sec_merkle_frontier *frontier, const struct sec_hasher *hasher,
                           struct sec_digest *ret_root);
/** Wire form: [size, [+ node of 32 bytes, largest subtree first]]. */
void sec_merkle_frontier_encode(const struct sec_merkle_frontier *frontier, struct sec_wr *wr);
void sec_merkle_frontier_read(struct sec_cbor *rd, struct sec_merkle_frontier *ret_frontier);

/**
 * Inclusion proof of leaf `index` in the tree of `size` leaves (RFC 9162, 2.1.3.1). `start` (may be null) is the frontier of the
 * first `start->size` leaves, whose hashes need not be given any more (a trimmed log); index >= start->size then.
 */
sec_status sec_merkle_inclusion(const struct sec_merkle_leaves *leaves, const struct sec_hasher *hasher,
                                const struct sec_merkle_frontier *start, uint64_t index, uint64_t size,
                                struct sec_merkle_proof *ret_proof);
/** OK or PROOF_FAILED (RFC 9162, 2.1.3.2). */
sec_status sec_merkle_inclusion_check(const struct sec_hasher *hasher, const struct sec_digest *leaf, uint64_t index,
                                      uint64_t size, const struct sec_merkle_proof *proof, const struct sec_digest *root);
/** Consistency proof from `first` to `second` leaves, 0 < first <= second (RFC 9162, 2.1.4.1). */
sec_status sec_merkle_consistency(const struct sec_merkle_leaves *leaves, const struct sec_hasher *hasher, uint64_t first,
                                  uint64_t second, struct sec_merkle_proof *ret_proof);
/** OK or PROOF_FAILED (RFC 9162, 2.1.4.2). */
sec_status sec_merkle_consistency_check(const struct sec_hasher *hasher, uint64_t first, uint64_t second,
                                        const struct sec_merkle_proof *proof, const struct sec_digest *first_root,
                                        const struct sec_digest *second_root);
/** Wire form of a proof: [* digest]. */
void sec_merkle_proof_encode(const struct sec_merkle_proof *proof, struct sec_wr *wr);
void sec_merkle_proof_read(struct sec_cbor *rd, struct sec_merkle_proof *ret_proof);

#endif
