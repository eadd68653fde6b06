/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_crypto.h"

#include "fake_power.h"
#include "fake_sha256.h"

static void add_u64(struct fake_sha256 *state, uint64_t value)
{
    uint8_t b[8];
    for (unsigned i = 0; i < 8; i++)
        b[i] = (uint8_t)(value >> (56 - 8 * i));
    fake_sha256_add(state, SEC_BYTES(b));
}

static uint64_t u64_at(const uint8_t *b, size_t at)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | b[at + i];
    return value;
}

static sec_status digest(void *ctx, const struct sec_bytes *parts, size_t parts_count, struct sec_digest *ret_digest)
{
    (void)ctx;
    struct fake_sha256 state;
    fake_sha256_init(&state);
    for (size_t i = 0; i < parts_count; i++)
        fake_sha256_add(&state, parts[i]);
    fake_sha256_end(&state, ret_digest);
    return sec_st(SEC_OK);
}

/* --- pair log ------------------------------------------------------------ */

sec_status fake_pair_log_init(struct fake_pair_log *log, struct fake_pair *pairs, size_t pairs_max, uint32_t *index,
                              size_t index_count)
{
    bool power_of_two = index_count != 0 && (index_count & (index_count - 1)) == 0;
    if (!power_of_two || index_count / 2 < pairs_max || pairs_max >= UINT32_MAX)
        return sec_st(SEC_BAD_ARGUMENT);
    for (size_t i = 0; i < index_count; i++)
        index[i] = 0;
    *log = (struct fake_pair_log){.pairs = pairs, .index = index, .pairs_max = pairs_max, .index_count = index_count};
    return sec_st(SEC_OK);
}

/* The place of the pair with this id, or the free place where it would go. */
static size_t pair_place(const struct fake_pair_log *log, const uint64_t *id)
{
    size_t place = (size_t)id[0] & (log->index_count - 1);
    while (log->index[place] != 0) {
        const struct fake_pair *pair = &log->pairs[log->index[place] - 1];
        if (pair->id[0] == id[0] && pair->id[1] == id[1])
            break;
        place = (place + 1) & (log->index_count - 1);
    }
    return place;
}

static void pair_add(struct fake_pair_log *log, const struct fake_pair *pair)
{
    size_t place = pair_place(log, pair->id);
    if (log->index[place] != 0) {
        const struct fake_pair *old = &log->pairs[log->index[place] - 1];
        if (old->tag[0] == pair->tag[0] && old->tag[1] == pair->tag[1])
            log->again++;
        else
            log->repeated++;
    } else if (log->count == log->pairs_max) {
        log->lost++;
    } else {
        log->pairs[log->count++] = *pair;
        log->index[place] = (uint32_t)log->count;
    }
}

void fake_pair_log_rewind(struct fake_pair_log *log, size_t count)
{
    /* Last in, first out: no later pair was ever displaced by the one that leaves. */
    while (log->count > count) {
        log->index[pair_place(log, log->pairs[log->count - 1].id)] = 0;
        log->count--;
    }
}

/* --- seal and open ------------------------------------------------------- */

/* What stands for (key, nonce): the stream starts from it, the pair log knows it by it. */
static void stream_seed(const struct sec_aead_key *key, const struct sec_aead_nonce *nonce, struct sec_digest *ret_seed)
{
    struct sec_bytes parts[] = {SEC_LIT("stream"), SEC_BYTES(key->b), SEC_BYTES(nonce->b)};
    digest(NULL, parts, 3, ret_seed);
}

static void stream_xor(const struct sec_digest *seed, struct sec_bytes from, uint8_t *to)
{
    uint64_t start = u64_at(seed->b, 16), stir = u64_at(seed->b, 24), word = 0;
    for (size_t i = 0; i < from.len; i++) {
        if (i % 8 == 0)
            word = fake_mix(start + i, stir);
        to[i] = from.data[i] ^ (uint8_t)(word >> (8 * (i % 8)));
    }
}

static void seal_tag(const struct sec_aead_key *key, const struct sec_aead_nonce *nonce, struct sec_bytes aad,
                     struct sec_bytes cipher, struct sec_digest *ret_tag)
{
    struct fake_sha256 state;
    fake_sha256_init(&state);
    fake_sha256_add(&state, SEC_BYTES(key->b));
    fake_sha256_add(&state, SEC_BYTES(nonce->b));
    add_u64(&state, aad.len);
    fake_sha256_add(&state, aad);
    fake_sha256_add(&state, cipher);
    fake_sha256_end(&state, ret_tag);
}

static sec_status seal(void *ctx, const struct sec_aead_key *key, const struct sec_aead_nonce *nonce,
                       struct sec_bytes aad, struct sec_bytes plain, struct sec_room to, size_t *ret_len)
{
    struct fake_crypto *crypto = ctx;
    struct sec_digest seed, tag;
    if (to.len < SEC_AEAD_TAG_BYTES || to.len - SEC_AEAD_TAG_BYTES < plain.len)
        return sec_st(SEC_ROOM_FULL);
    stream_seed(key, nonce, &seed);
    stream_xor(&seed, plain, to.data);
    seal_tag(key, nonce, aad, sec_bytes(to.data, plain.len), &tag);
    sec_copy(&to.data[plain.len], tag.b, SEC_AEAD_TAG_BYTES);
    if (crypto->pairs) {
        struct fake_pair pair = {{u64_at(seed.b, 0), u64_at(seed.b, 8)}, {u64_at(tag.b, 0), u64_at(tag.b, 8)}};
        pair_add(crypto->pairs, &pair);
    }
    *ret_len = plain.len + SEC_AEAD_TAG_BYTES;
    return sec_st(SEC_OK);
}

static sec_status open_sealed(void *ctx, const struct sec_aead_key *key, const struct sec_aead_nonce *nonce,
                              struct sec_bytes aad, struct sec_bytes sealed, struct sec_room to, size_t *ret_len)
{
    (void)ctx;
    struct sec_digest seed, tag;
    if (sealed.len < SEC_AEAD_TAG_BYTES) {
        sec_wipe(to.data, to.len);
        return sec_st(SEC_AEAD_FAILED);
    }
    struct sec_bytes cipher = sec_bytes_part(sealed, 0, sealed.len - SEC_AEAD_TAG_BYTES);
    if (to.len < cipher.len)
        return sec_st(SEC_ROOM_FULL);
    seal_tag(key, nonce, aad, cipher, &tag);
    if (!sec_bytes_equal_secret(sec_bytes(tag.b, SEC_AEAD_TAG_BYTES),
                                sec_bytes_part(sealed, cipher.len, SEC_AEAD_TAG_BYTES))) {
        sec_wipe(to.data, to.len);
        return sec_st(SEC_AEAD_FAILED);
    }
    stream_seed(key, nonce, &seed);
    stream_xor(&seed, cipher, to.data);
    *ret_len = cipher.len;
    return sec_st(SEC_OK);
}

/* --- derive and random --------------------------------------------------- */

static sec_status derive(void *ctx, struct sec_bytes secret, struct sec_bytes salt, struct sec_bytes info,
                         struct sec_room to)
{
    (void)ctx;
    struct sec_digest extracted, block;
    if (to.len > 255 * sizeof block.b)
        return sec_st(SEC_BAD_ARGUMENT);
    fake_hmac(salt, &secret, 1, &extracted);
    uint8_t turn = 1;
    for (size_t at = 0; at < to.len; turn++) {
        struct sec_bytes parts[] = {sec_bytes(block.b, at == 0 ? 0 : sizeof block.b), info, {&turn, 1}};
        struct sec_digest next;
        fake_hmac(SEC_BYTES(extracted.b), parts, 3, &next);
        block = next;
        size_t n = to.len - at < sizeof block.b ? to.len - at : sizeof block.b;
        sec_copy(&to.data[at], block.b, n);
        at += n;
    }
    return sec_st(SEC_OK);
}

static sec_status random_fill(void *ctx, struct sec_room to)
{
    struct fake_crypto *crypto = ctx;
    for (size_t at = 0; at < to.len;) {
        struct fake_sha256 state;
        struct sec_digest block;
        fake_sha256_init(&state);
        fake_sha256_add(&state, SEC_LIT("random"));
        add_u64(&state, crypto->seed);
        add_u64(&state, crypto->boot);
        add_u64(&state, crypto->counter++);
        fake_sha256_end(&state, &block);
        size_t n = to.len - at < sizeof block.b ? to.len - at : sizeof block.b;
        sec_copy(&to.data[at], block.b, n);
        at += n;
    }
    return sec_st(SEC_OK);
}

/* --- signatures ---------------------------------------------------------- */

/* A fake point is on the fake curve when y is this function of x. */
static uint8_t point_y(uint8_t x)
{
    return (uint8_t)(x ^ 0xa5);
}

static bool on_curve(const struct sec_public_key *key)
{
    for (size_t i = 0; key->type == SEC_KEY_P256 && i < sizeof key->y; i++)
        if (key->y[i] != point_y(key->x[i]))
            return false;
    return true;
}

/* r is a digest of key and message, s follows from r; s has its last bit free for P-256: the twin. */
static void sign_with(const struct sec_public_key *key, const struct sec_bytes *parts, size_t parts_count,
                      struct sec_signature *ret_signature)
{
    struct fake_sha256 state;
    struct sec_digest r;
    fake_sha256_init(&state);
    fake_sha256_add(&state, SEC_LIT("sign"));
    fake_sha256_add(&state, SEC_BYTES(key->x));
    for (size_t i = 0; i < parts_count; i++)
        fake_sha256_add(&state, parts[i]);
    fake_sha256_end(&state, &r);
    for (size_t i = 0; i < 32; i++) {
        ret_signature->b[i] = r.b[i];
        ret_signature->b[32 + i] = r.b[31 - i] ^ key->x[i];
    }
    ret_signature->b[63] &= 0x7f;
}

static sec_status verify(void *ctx, const struct sec_public_key *key, int64_t alg, const struct sec_bytes *parts,
                         size_t parts_count, struct sec_bytes signature)
{
    (void)ctx;
    struct sec_signature got, want;
    if (!sec_key_accepts(key->type, alg))
        return sec_st(SEC_BAD_ALGORITHM);
    if (!on_curve(key))
        return sec_st(SEC_BAD_KEY);
    if (!sec_bytes_copy(SEC_ROOM(got.b), signature) || signature.len != sizeof got.b)
        return sec_st(SEC_BAD_SIGNATURE);
    sign_with(key, parts, parts_count, &want);
    if (key->type == SEC_KEY_P256)
        got.b[63] &= 0x7f;
    return sec_st(sec_bytes_equal(SEC_BYTES(got.b), SEC_BYTES(want.b)) ? SEC_OK : SEC_BAD_SIGNATURE);
}

static sec_status sign(void *ctx, const struct sec_bytes *parts, size_t parts_count,
                       struct sec_signature *ret_signature)
{
    const struct fake_key *key = ctx;
    sign_with(&key->key, parts, parts_count, ret_signature);
    return sec_st(SEC_OK);
}

void fake_signature_twin(struct sec_signature *signature)
{
    signature->b[63] ^= 0x80;
}

void fake_key_init(struct fake_key *key, enum sec_key_type type, uint64_t seed)
{
    struct fake_sha256 state;
    struct sec_digest x;
    fake_sha256_init(&state);
    fake_sha256_add(&state, SEC_LIT("public"));
    add_u64(&state, seed);
    fake_sha256_end(&state, &x);
    *key = (struct fake_key){.key = {.type = type}};
    for (size_t i = 0; i < sizeof x.b; i++) {
        key->key.x[i] = x.b[i];
        key->key.y[i] = type == SEC_KEY_P256 ? point_y(x.b[i]) : 0;
    }
}

struct sec_signer fake_key_signer(struct fake_key *key)
{
    return (struct sec_signer){key, key->key, sign};
}

/* --- the port ------------------------------------------------------------ */

void fake_crypto_init(struct fake_crypto *crypto, uint64_t seed)
{
    *crypto = (struct fake_crypto){.seed = seed, .boot = 1};
}

void fake_crypto_raise_boot(struct fake_crypto *crypto)
{
    crypto->boot++;
}

struct sec_crypto fake_crypto_port(struct fake_crypto *crypto)
{
    return (struct sec_crypto){
        .ctx = crypto,
        .hasher = {crypto, digest},
        .verifier = {crypto, verify},
        .seal = seal,
        .open = open_sealed,
        .derive = derive,
        .random = random_fill,
    };
}
