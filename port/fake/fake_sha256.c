/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_sha256.h"

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned by)
{
    return (x >> by) | (x << (32 - by));
}

static uint32_t word_at(const uint8_t *block, size_t i)
{
    return (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
           block[4 * i + 3];
}

/* The message schedule's next word, in a window of sixteen. */
static uint32_t schedule(uint32_t *w, size_t t)
{
    uint32_t w15 = w[(t + 1) & 15], w2 = w[(t + 14) & 15];
    uint32_t s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >> 3);
    uint32_t s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >> 10);
    w[t & 15] += s0 + w[(t + 9) & 15] + s1;
    return w[t & 15];
}

static void compress(uint32_t *h, const uint8_t *block)
{
    uint32_t w[16];
    for (size_t t = 0; t < 16; t++)
        w[t] = word_at(block, t);
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
    for (size_t t = 0; t < 64; t++) {
        uint32_t wt = t < 16 ? w[t] : schedule(w, t);
        uint32_t t1 =
            k + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + round_constants[t] + wt;
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        k = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
    h[5] += f;
    h[6] += g;
    h[7] += k;
}

void fake_sha256_init(struct fake_sha256 *state)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (size_t i = 0; i < 8; i++)
        state->h[i] = start[i];
    state->len = 0;
}

void fake_sha256_add(struct fake_sha256 *state, struct sec_bytes bytes)
{
    size_t at = 0;
    while (at < bytes.len) {
        size_t used = (size_t)(state->len % 64);
        size_t n = bytes.len - at < 64 - used ? bytes.len - at : 64 - used;
        if (n == 64) {
            compress(state->h, &bytes.data[at]);
        } else {
            sec_copy(&state->block[used], &bytes.data[at], n);
            if (used + n == 64)
                compress(state->h, state->block);
        }
        state->len += n;
        at += n;
    }
}

void fake_sha256_end(struct fake_sha256 *state, struct sec_digest *ret_digest)
{
    uint64_t bits = state->len * 8;
    size_t used = (size_t)(state->len % 64);
    state->block[used++] = 0x80;
    if (used > 56) {
        sec_zero(&state->block[used], used < 64 ? 64 - used : 0);
        compress(state->h, state->block);
        used = 0;
    }
    sec_zero(&state->block[used], 56 - used);
    for (unsigned i = 0; i < 8; i++)
        state->block[56 + i] = (uint8_t)(bits >> (56 - 8 * i));
    compress(state->h, state->block);
    for (size_t i = 0; i < 32; i++)
        ret_digest->b[i] = (uint8_t)(state->h[i / 4] >> (24 - 8 * (i % 4)));
}

/* Starts a hash with the key's block, xored with `pad` (RFC 2104). */
static void hmac_begin(struct fake_sha256 *state, const uint8_t *key_block, uint8_t pad)
{
    uint8_t block[64];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = key_block[i] ^ pad;
    fake_sha256_init(state);
    fake_sha256_add(state, SEC_BYTES(block));
}

void fake_hmac(struct sec_bytes key, const struct sec_bytes *parts, size_t parts_count, struct sec_digest *ret_mac)
{
    struct fake_sha256 state;
    struct sec_digest digest;
    uint8_t key_block[64] = {0};
    if (key.len > sizeof key_block) {
        fake_sha256_init(&state);
        fake_sha256_add(&state, key);
        fake_sha256_end(&state, &digest);
        sec_copy(key_block, digest.b, sizeof digest.b);
    } else if (key.len > 0) {
        sec_copy(key_block, key.data, key.len);
    }
    hmac_begin(&state, key_block, 0x36);
    for (size_t i = 0; i < parts_count; i++)
        fake_sha256_add(&state, parts[i]);
    fake_sha256_end(&state, &digest);
    hmac_begin(&state, key_block, 0x5c);
    fake_sha256_add(&state, SEC_BYTES(digest.b));
    fake_sha256_end(&state, ret_mac);
}
