/* SPDX-License-Identifier: Apache-2.0 */
/* What merkle.c makes is compared with the definitions of RFC 9162, 2.1, followed word by word over an array. */
#include "hex.h"

#include <fake_crypto.h>
#include <securable/merkle.h>

#define LEAVES_MAX 70u

static struct fake_crypto fake;
static struct sec_hasher hasher;
static struct sec_digest leaf_hashes[LEAVES_MAX];
static struct sec_digest roots[LEAVES_MAX + 1];
static struct sec_merkle_frontier frontiers[LEAVES_MAX + 1];

/* --- the definitions ----------------------------------------------------- */

static uint64_t plain_split(uint64_t n)
{
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

static struct sec_digest plain_root(const struct sec_digest *d, uint64_t n)
{
    struct sec_digest root;
    if (n == 1)
        return d[0];
    uint64_t k = plain_split(n);
    uint8_t joined[65] = {0x01};
    struct sec_digest left = plain_root(d, k), right = plain_root(&d[k], n - k);
    sec_copy(&joined[1], left.b, 32);
    sec_copy(&joined[33], right.b, 32);
    struct sec_bytes part = SEC_BYTES(joined);
    CHECK_OK(hasher.digest(hasher.ctx, &part, 1, &root));
    return root;
}

static void plain_push(struct sec_merkle_proof *proof, struct sec_digest node)
{
    proof->path[proof->count++] = node;
}

static void plain_path(uint64_t m, const struct sec_digest *d, uint64_t n, struct sec_merkle_proof *proof)
{
    if (n == 1)
        return;
    uint64_t k = plain_split(n);
    if (m < k) {
        plain_path(m, d, k, proof);
        plain_push(proof, plain_root(&d[k], n - k));
    } else {
        plain_path(m - k, &d[k], n - k, proof);
        plain_push(proof, plain_root(d, k));
    }
}

static void plain_subproof(uint64_t m, const struct sec_digest *d, uint64_t n, bool known, struct sec_merkle_proof *proof)
{
    if (m == n) {
        if (!known)
            plain_push(proof, plain_root(d, n));
        return;
    }
    uint64_t k = plain_split(n);
    if (m <= k) {
        plain_subproof(m, d, k, known, proof);
        plain_push(proof, plain_root(&d[k], n - k));
    } else {
        plain_subproof(m - k, &d[k], n - k, false, proof);
        plain_push(proof, plain_root(d, k));
    }
}

/* --- the leaves, counting who asks --------------------------------------- */

static unsigned asked[LEAVES_MAX];
static uint64_t leaves_from, leaves_to;

static sec_status give_leaf(void *ctx, uint64_t index, struct sec_digest *ret_digest)
{
    (void)ctx;
    if (index < leaves_from || index >= leaves_to)
        return sec_st(SEC_NOT_FOUND);
    asked[index]++;
    *ret_digest = leaf_hashes[index];
    return sec_st(SEC_OK);
}

static const struct sec_merkle_leaves leaves = {NULL, give_leaf};

static void expect_leaves(uint64_t from, uint64_t to)
{
    leaves_from = from;
    leaves_to = to;
    sec_zero(asked, sizeof asked);
}

static void nobody_was_asked_twice(void)
{
    for (size_t i = 0; i < LEAVES_MAX; i++)
        CHECK(asked[i] <= 1);
}

static void prepare(void)
{
    static struct sec_crypto crypto;
    fake_crypto_init(&fake, 1);
    crypto = fake_crypto_port(&fake);
    hasher = crypto.hasher;
    struct sec_merkle_frontier frontier;
    sec_merkle_frontier_init(&frontier);
    frontiers[0] = frontier;
    for (uint8_t i = 0; i < LEAVES_MAX; i++) {
        struct sec_bytes part = {&i, 1};
        CHECK_OK(sec_merkle_leaf(&hasher, &part, 1, &leaf_hashes[i]));
        CHECK_OK(sec_merkle_append(&frontier, &hasher, &leaf_hashes[i]));
        frontiers[i + 1] = frontier;
        roots[i + 1] = plain_root(leaf_hashes, i + 1u);
    }
    expect_leaves(0, LEAVES_MAX);
}

static bool proofs_equal(const struct sec_merkle_proof *a, const struct sec_merkle_proof *b)
{
    return a->count == b->count && memcmp(a->path, b->path, a->count * sizeof a->path[0]) == 0;
}

/* --- trees --------------------------------------------------------------- */

static void roots_are_those_that_others_compute(void)
{
    static const struct {
        uint64_t size;
        const char *root;
    } rows[] = {{0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                {1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
                {2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
                {3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
                {5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
                {8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}};
    static const char *contents[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
    struct sec_merkle_frontier frontier;
    prepare();
    sec_merkle_frontier_init(&frontier);
    for (uint64_t size = 0, row = 0; size <= 8; size++) {
        struct sec_digest digest;
        if (rows[row].size == size) {
            CHECK_OK(sec_merkle_root(&frontier, &hasher, &digest));
            CHECK_BYTES(sec_digest_bytes(&digest), hex(rows[row++].root));
        }
        if (size == 8)
            break;
        struct sec_bytes part = hex(contents[size]);
        CHECK_OK(sec_merkle_leaf(&hasher, &part, 1, &digest));
        CHECK_OK(sec_merkle_append(&frontier, &hasher, &digest));
    }
}

static void a_leaf_is_hashed_as_its_joined_parts(void)
{
    prepare();
    struct sec_bytes whole = SEC_LIT("abcdefg");
    struct sec_bytes parts[8];
    struct sec_digest a, b;
    for (size_t i = 0; i < 8; i++)
        parts[i] = sec_bytes_part(whole, i, 1);
    CHECK_OK(sec_merkle_leaf(&hasher, &whole, 1, &a));
    CHECK_OK(sec_merkle_leaf(&hasher, parts, 7, &b));
    CHECK(sec_digest_equal(&a, &b));
    CHECK_STATUS(sec_merkle_leaf(&hasher, parts, 8, &b), SEC_BAD_ARGUMENT);
    CHECK_OK(sec_merkle_leaf(&hasher, NULL, 0, &b));
    CHECK_BYTES(sec_digest_bytes(&b), hex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
}

static void every_root_is_that_of_the_definition(void)
{
    prepare();
    for (uint64_t size = 1; size <= LEAVES_MAX; size++) {
        struct sec_digest root;
        CHECK_OK(sec_merkle_root(&frontiers[size], &hasher, &root));
        CHECK(sec_digest_equal(&root, &roots[size]));
    }
}

static void a_frontier_is_written_and_read_back(void)
{
    prepare();
    for (uint64_t size = 0; size <= LEAVES_MAX; size++) {
        uint8_t room[512], again[512];
        struct sec_merkle_frontier back;
        struct sec_wr wr = sec_wr(SEC_ROOM(room)), wr_again = sec_wr(SEC_ROOM(again));
        sec_merkle_frontier_encode(&frontiers[size], &wr);
        CHECK_OK(sec_cbor_check(sec_wr_done(&wr), SEC_CBOR_OURS));
        struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
        sec_merkle_frontier_read(&rd, &back);
        CHECK_OK(sec_cbor_end(&rd));
        CHECK(back.size == size);
        sec_merkle_frontier_encode(&back, &wr_again);
        CHECK_BYTES(sec_wr_done(&wr_again), sec_wr_done(&wr));
        if (size > 0) {
            struct sec_digest root;
            CHECK_OK(sec_merkle_root(&back, &hasher, &root));
            CHECK(sec_digest_equal(&root, &roots[size]));
        }
    }
}

#define NODE "5820 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"

static sec_status read_frontier(const char *digits)
{
    struct sec_merkle_frontier frontier;
    frontier.size = 77;
    struct sec_cbor rd = sec_cbor(hex(digits));
    sec_merkle_frontier_read(&rd, &frontier);
    CHECK(sec_ok(rd.status) || frontier.size == 77);
    return sec_cbor_end(&rd);
}

static void a_frontier_of_another_shape_is_refused(void)
{
    CHECK_OK(read_frontier("82 00 80"));
    CHECK_OK(read_frontier("82 03 82" NODE NODE));
    CHECK_STATUS(read_frontier("82 03 81" NODE), SEC_BAD_VALUE);
    CHECK_STATUS(read_frontier("82 04 82" NODE NODE), SEC_BAD_VALUE);
    CHECK_STATUS(read_frontier("82 00 81" NODE), SEC_BAD_VALUE);
    CHECK_STATUS(read_frontier("82 01 81 4101"), SEC_BAD_VALUE);
    CHECK_STATUS(read_frontier("82 20 80"), SEC_UNEXPECTED_TYPE);
    CHECK_STATUS(read_frontier("83 00 80 00"), SEC_BAD_VALUE);
    CHECK_STATUS(read_frontier("82 01 81 5820 01"), SEC_TRUNCATED);
}

static void a_full_tree_takes_no_leaf(void)
{
    prepare();
    struct sec_merkle_frontier frontier;
    sec_merkle_frontier_init(&frontier);
    frontier.size = UINT64_MAX;
    CHECK_STATUS(sec_merkle_append(&frontier, &hasher, &leaf_hashes[0]), SEC_TOO_LARGE);
    frontier.size = UINT64_MAX - 1;
    CHECK_OK(sec_merkle_append(&frontier, &hasher, &leaf_hashes[0]));
    uint8_t room[4096];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_merkle_frontier_encode(&frontier, &wr);
    struct sec_merkle_frontier back;
    struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
    sec_merkle_frontier_read(&rd, &back);
    CHECK_OK(sec_cbor_end(&rd));
    CHECK(back.size == UINT64_MAX);
}

static sec_status digest_fails(void *ctx, const struct sec_bytes *parts, size_t parts_count, struct sec_digest *ret_digest)
{
    (void)ctx, (void)parts, (void)parts_count, (void)ret_digest;
    return sec_st(SEC_IO_FAILED);
}

static void a_hasher_that_fails_leaves_everything_as_it_was(void)
{
    prepare();
    struct sec_hasher broken = {NULL, digest_fails};
    struct sec_merkle_frontier frontier = frontiers[3];
    struct sec_merkle_proof proof = {.count = 9};
    struct sec_digest root = leaf_hashes[9];
    CHECK_STATUS(sec_merkle_append(&frontier, &broken, &leaf_hashes[3]), SEC_IO_FAILED);
    CHECK(memcmp(&frontier, &frontiers[3], sizeof frontier) == 0);
    CHECK_STATUS(sec_merkle_root(&frontier, &broken, &root), SEC_IO_FAILED);
    CHECK(sec_digest_equal(&root, &leaf_hashes[9]));
    CHECK_STATUS(sec_merkle_inclusion(&leaves, &broken, NULL, 1, 5, &proof), SEC_IO_FAILED);
    CHECK_STATUS(sec_merkle_consistency(&leaves, &broken, 3, 5, &proof), SEC_IO_FAILED);
    CHECK_INT(proof.count, 9);
    CHECK_OK(sec_merkle_inclusion(&leaves, &hasher, NULL, 1, 5, &proof));
    CHECK_STATUS(sec_merkle_inclusion_check(&broken, &leaf_hashes[1], 1, 5, &proof, &roots[5]), SEC_IO_FAILED);
}

/* --- inclusion ----------------------------------------------------------- */

static void every_inclusion_proof_is_that_of_the_definition_and_holds(void)
{
    prepare();
    for (uint64_t size = 1; size <= LEAVES_MAX; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct sec_merkle_proof got, want = {.count = 0};
            expect_leaves(0, size);
            CHECK_OK(sec_merkle_inclusion(&leaves, &hasher, NULL, index, size, &got));
            nobody_was_asked_twice();
            plain_path(index, leaf_hashes, size, &want);
            CHECK(proofs_equal(&got, &want));
            CHECK_OK(sec_merkle_inclusion_check(&hasher, &leaf_hashes[index], index, size, &got, &roots[size]));
        }
    }
}

static void a_trimmed_log_gives_the_same_inclusion_proofs(void)
{
    prepare();
    for (uint64_t size = 1; size <= LEAVES_MAX; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct sec_merkle_proof got, want = {.count = 0};
            plain_path(index, leaf_hashes, size, &want);
            for (uint64_t start = 0; start <= index; start++) {
                expect_leaves(start, size);
                CHECK_OK(sec_merkle_inclusion(&leaves, &hasher, &frontiers[start], index, size, &got));
                nobody_was_asked_twice();
                CHECK(proofs_equal(&got, &want));
            }
        }
    }
}

static void an_inclusion_proof_of_anything_else_fails(void)
{
    prepare();
    for (uint64_t size = 1; size <= 20; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct sec_merkle_proof proof;
            CHECK_OK(sec_merkle_inclusion(&leaves, &hasher, NULL, index, size, &proof));
            for (uint64_t other = 0; other < size + 2; other++)
                if (other != index)
                    CHECK_STATUS(sec_merkle_inclusion_check(&hasher, &leaf_hashes[index], other, size, &proof, &roots[size]),
                                 SEC_PROOF_FAILED);
            CHECK_STATUS(sec_merkle_inclusion_check(&hasher, &leaf_hashes[size], index, size, &proof, &roots[size]),
                         SEC_PROOF_FAILED);
            CHECK_STATUS(sec_merkle_inclusion_check(&hasher, &leaf_hashes[index], index, size, &proof, &roots[size + 1]),
                         SEC_PROOF_FAILED);
            for (size_t i = 0; i < proof.count; i++) {
                struct sec_merkle_proof bent = proof;
                bent.path[i].b[i % 32] ^= 1;
                CHECK_STATUS(sec_merkle_inclusion_check(&hasher, &leaf_hashes[index], index, size, &bent, &roots[size]),
                             SEC_PROOF_FAILED);
            }
        }
    }
}

static void an_inclusion_proof_too_short_or_too_long_fails(void)
{
    prepare();
    struct sec_merkle_proof proof;
    CHECK_OK(sec_merkle_inclusion(&leaves, &hasher, NULL, 5, 13, &proof));
    size_t count = proof.count;
    for (proof.count = 0; proof.count < count; proof.count++)
        CHECK_STATUS(sec_merkle_inclusion_check(&hasher, &leaf_hashes[5], 5, 13, &proof, &roots[13]), SEC_PROOF_FAILED);
    proof.path[count] = roots[1];
    proof.count = count + 1;
    CHECK_STATUS(sec_merkle_inclusion_check(&hasher, &leaf_hashes[5], 5, 13, &proof, &roots[13]), SEC_PROOF_FAILED);
    proof.count = SEC_MERKLE_MAX_PROOF + 1;
    CHECK_STATUS(sec_merkle_inclusion_check(&hasher, &leaf_hashes[5], 5, 13, &proof, &roots[13]), SEC_PROOF_FAILED);
    CHECK_STATUS(sec_merkle_inclusion_check(&hasher, &leaf_hashes[5], 0, 0, &proof, &roots[13]), SEC_PROOF_FAILED);
}

static void an_inclusion_proof_that_cannot_be_made_says_why(void)
{
    prepare();
    struct sec_merkle_proof proof = {.count = 9};
    CHECK_STATUS(sec_merkle_inclusion(&leaves, &hasher, NULL, 5, 5, &proof), SEC_BAD_ARGUMENT);
    CHECK_STATUS(sec_merkle_inclusion(&leaves, &hasher, NULL, 0, 0, &proof), SEC_BAD_ARGUMENT);
    CHECK_STATUS(sec_merkle_inclusion(&leaves, &hasher, &frontiers[4], 3, 8, &proof), SEC_BAD_ARGUMENT);
    expect_leaves(3, 8);
    CHECK_STATUS(sec_merkle_inclusion(&leaves, &hasher, NULL, 5, 8, &proof), SEC_NOT_FOUND);
    CHECK_INT(proof.count, 9);
}

/* --- consistency --------------------------------------------------------- */

static void every_consistency_proof_is_that_of_the_definition_and_holds(void)
{
    prepare();
    for (uint64_t second = 1; second <= LEAVES_MAX; second++) {
        for (uint64_t first = 1; first <= second; first++) {
            struct sec_merkle_proof got, want = {.count = 0};
            expect_leaves(0, second);
            CHECK_OK(sec_merkle_consistency(&leaves, &hasher, first, second, &got));
            nobody_was_asked_twice();
            plain_subproof(first, leaf_hashes, second, true, &want);
            CHECK(proofs_equal(&got, &want));
            CHECK_OK(sec_merkle_consistency_check(&hasher, first, second, &got, &roots[first], &roots[second]));
        }
    }
}

static void a_consistency_proof_of_anything_else_fails(void)
{
    prepare();
    for (uint64_t second = 2; second <= 20; second++) {
        for (uint64_t first = 1; first < second; first++) {
            struct sec_merkle_proof proof;
            CHECK_OK(sec_merkle_consistency(&leaves, &hasher, first, second, &proof));
            for (uint64_t other = 1; other <= second + 2; other++) {
                if (other != first)
                    CHECK_STATUS(sec_merkle_consistency_check(&hasher, first, second, &proof, &roots[other], &roots[second]),
                                 SEC_PROOF_FAILED);
                if (other != second)
                    CHECK_STATUS(sec_merkle_consistency_check(&hasher, first, second, &proof, &roots[first], &roots[other]),
                                 SEC_PROOF_FAILED);
            }
            for (size_t i = 0; i < proof.count; i++) {
                struct sec_merkle_proof bent = proof;
                bent.path[i].b[i % 32] ^= 0x80;
                CHECK_STATUS(sec_merkle_consistency_check(&hasher, first, second, &bent, &roots[first], &roots[second]),
                             SEC_PROOF_FAILED);
                bent = proof;
                bent.count = i;
                CHECK_STATUS(sec_merkle_consistency_check(&hasher, first, second, &bent, &roots[first], &roots[second]),
                             SEC_PROOF_FAILED);
            }
            proof.path[proof.count++] = roots[1];
            CHECK_STATUS(sec_merkle_consistency_check(&hasher, first, second, &proof, &roots[first], &roots[second]),
                         SEC_PROOF_FAILED);
        }
    }
}

static void equal_trees_are_consistent_with_an_empty_proof_alone(void)
{
    prepare();
    struct sec_merkle_proof proof = {.count = 0};
    CHECK_OK(sec_merkle_consistency_check(&hasher, 7, 7, &proof, &roots[7], &roots[7]));
    CHECK_STATUS(sec_merkle_consistency_check(&hasher, 7, 7, &proof, &roots[7], &roots[6]), SEC_PROOF_FAILED);
    proof.count = 1;
    CHECK_STATUS(sec_merkle_consistency_check(&hasher, 7, 7, &proof, &roots[7], &roots[7]), SEC_PROOF_FAILED);
}

static void sizes_that_make_no_sense_are_refused(void)
{
    prepare();
    struct sec_merkle_proof proof = {.count = 0};
    CHECK_STATUS(sec_merkle_consistency(&leaves, &hasher, 0, 5, &proof), SEC_BAD_ARGUMENT);
    CHECK_STATUS(sec_merkle_consistency(&leaves, &hasher, 6, 5, &proof), SEC_BAD_ARGUMENT);
    CHECK_STATUS(sec_merkle_consistency_check(&hasher, 0, 5, &proof, &roots[1], &roots[5]), SEC_PROOF_FAILED);
    CHECK_STATUS(sec_merkle_consistency_check(&hasher, 6, 5, &proof, &roots[6], &roots[5]), SEC_PROOF_FAILED);
    proof.count = SEC_MERKLE_MAX_PROOF + 1;
    CHECK_STATUS(sec_merkle_consistency_check(&hasher, 3, 5, &proof, &roots[3], &roots[5]), SEC_PROOF_FAILED);
    expect_leaves(0, 2);
    CHECK_STATUS(sec_merkle_consistency(&leaves, &hasher, 3, 5, &proof), SEC_NOT_FOUND);
}

/* --- wire form ----------------------------------------------------------- */

static void a_proof_is_written_and_read_back(void)
{
    static struct sec_merkle_proof proof, back;
    static uint8_t room[4096];
    static const size_t counts[] = {0, 1, 23, 24, 64};
    prepare();
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (size_t k = 0; k < counts[i]; k++)
            proof.path[k] = leaf_hashes[k];
        proof.count = counts[i];
        struct sec_wr wr = sec_wr(SEC_ROOM(room));
        sec_merkle_proof_encode(&proof, &wr);
        CHECK_OK(sec_cbor_check(sec_wr_done(&wr), SEC_CBOR_OURS));
        struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
        sec_merkle_proof_read(&rd, &back);
        CHECK_OK(sec_cbor_end(&rd));
        CHECK(proofs_equal(&proof, &back));
    }
}

static void a_proof_of_another_shape_is_refused(void)
{
    static struct sec_merkle_proof proof;
    static uint8_t room[4096];
    struct sec_wr wr = sec_wr(SEC_ROOM(room));
    sec_cbor_put_array(&wr, 65);
    for (size_t i = 0; i < 65; i++)
        sec_wr_bytes(&wr, hex(NODE));
    proof.count = 9;
    struct sec_cbor rd = sec_cbor(sec_wr_done(&wr));
    sec_merkle_proof_read(&rd, &proof);
    CHECK_STATUS(rd.status, SEC_TOO_LARGE);
    rd = sec_cbor(hex("81 4101"));
    sec_merkle_proof_read(&rd, &proof);
    CHECK_STATUS(rd.status, SEC_BAD_VALUE);
    rd = sec_cbor(hex("81 00"));
    sec_merkle_proof_read(&rd, &proof);
    CHECK_STATUS(rd.status, SEC_UNEXPECTED_TYPE);
    CHECK_INT(proof.count, 9);
}

static const struct test tests[] = {
    TEST(roots_are_those_that_others_compute),
    TEST(a_leaf_is_hashed_as_its_joined_parts),
    TEST(every_root_is_that_of_the_definition),
    TEST(a_frontier_is_written_and_read_back),
    TEST(a_frontier_of_another_shape_is_refused),
    TEST(a_full_tree_takes_no_leaf),
    TEST(a_hasher_that_fails_leaves_everything_as_it_was),
    TEST(every_inclusion_proof_is_that_of_the_definition_and_holds),
    TEST(a_trimmed_log_gives_the_same_inclusion_proofs),
    TEST(an_inclusion_proof_of_anything_else_fails),
    TEST(an_inclusion_proof_too_short_or_too_long_fails),
    TEST(an_inclusion_proof_that_cannot_be_made_says_why),
    TEST(every_consistency_proof_is_that_of_the_definition_and_holds),
    TEST(a_consistency_proof_of_anything_else_fails),
    TEST(equal_trees_are_consistent_with_an_empty_proof_alone),
    TEST(sizes_that_make_no_sense_are_refused),
    TEST(a_proof_is_written_and_read_back),
    TEST(a_proof_of_another_shape_is_refused),
};
TEST_MAIN(tests)
