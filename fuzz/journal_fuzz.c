/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile storage into open and verify.
 *
 * First byte: 0: the rest is segment 1 as it lies on the flash. Else: the rest is a list of frames (u16 length, content) that
 * are put into whole blocks with right checksums, so that what lies behind the checksums is reached; bit 2 leaves the last block as
 * a tail, bit 3 puts the first listed piece into the segment header in place of a good one.
 */
#include "fake_crypto.h"
#include "fake_keystore.h"

#include "../baseline/eventlog/crc32c.h"
#include "../baseline/eventlog/segment.h"

#include <stdlib.h>

#define BLOCK 512u
#define BYTES (64u * BLOCK)
#define SEGMENTS 3u
#define BUILT 1u
#define AS_TAIL 2u
#define OWN_HEADER 4u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t segments[SEGMENTS][BYTES];
static bool present[SEGMENTS];
static uint8_t work[SEC_JOURNAL_WORK_BYTES];

/* --- storage --------------------------------------------------------------------- */

static sec_status next_segment(void *ctx, uint32_t after, uint32_t *ret_segment, uint64_t *ret_bytes)
{
    (void)ctx;
    for (uint32_t i = after; i < SEGMENTS; i++) {
        if (present[i]) {
            *ret_segment = i + 1;
            *ret_bytes = BYTES;
            return sec_st(SEC_OK);
        }
    }
    return sec_st(SEC_NOT_FOUND);
}

static sec_status create(void *ctx, uint32_t segment, uint64_t bytes)
{
    (void)ctx;
    if (segment == 0 || segment > SEGMENTS || bytes != BYTES)
        return sec_st(SEC_STORAGE_FULL);
    sec_zero(segments[segment - 1], BYTES);
    present[segment - 1] = true;
    return sec_st(SEC_OK);
}

static sec_status remove_segment(void *ctx, uint32_t segment)
{
    (void)ctx;
    present[segment - 1] = false;
    return sec_st(SEC_OK);
}

static sec_status read_bytes(void *ctx, uint32_t segment, uint64_t offset, struct sec_room to)
{
    (void)ctx;
    if (offset > BYTES || to.len > BYTES - offset)
        return sec_st(SEC_TRUNCATED);
    sec_copy(to.data, &segments[segment - 1][offset], to.len);
    return sec_st(SEC_OK);
}

static sec_status write_bytes(void *ctx, uint32_t segment, uint64_t offset, struct sec_bytes bytes)
{
    (void)ctx;
    if (offset % BLOCK != 0 || bytes.len % BLOCK != 0 || offset > BYTES || bytes.len > BYTES - offset)
        abort();
    sec_copy(&segments[segment - 1][offset], bytes.data, bytes.len);
    return sec_st(SEC_OK);
}

static sec_status sync_segment(void *ctx, uint32_t segment)
{
    (void)ctx;
    (void)segment;
    return sec_st(SEC_OK);
}

static const struct sec_storage storage = {NULL,           BLOCK,      next_segment, create,
                                           remove_segment, read_bytes, write_bytes,  sync_segment};

/* --- building --------------------------------------------------------------------- */

static uint32_t build_header(struct sec_rd *rd, bool own)
{
    struct sec_room area = sec_room(segments[0], SEC_SEGMENT_HEADER_BYTES);
    struct sec_segment_header header = {.number = 1};
    uint32_t crc = 0;
    for (size_t i = 0; i < sizeof header.log_id.b; i++)
        header.log_id.b[i] = 0x11;
    if (!sec_ok(sec_segment_shape_of(BLOCK, BYTES, &header.shape)) || !sec_ok(sec_segment_header_encode(&header, area, &crc)))
        abort();
    if (!own)
        return crc;
    struct sec_bytes piece = sec_rd_bytes(rd, sec_rd_u16(rd) % 4000u);
    struct sec_wr wr = sec_wr(sec_room(&segments[0][12], SEC_SEGMENT_HEADER_BYTES - 12));
    sec_wr_u16(&wr, (uint16_t)piece.len);
    sec_wr_bytes(&wr, piece);
    crc = sec_crc32c_add(0, sec_bytes(&segments[0][12], SEC_SEGMENT_HEADER_BYTES - 12));
    wr = sec_wr(sec_room(&segments[0][8], 4));
    sec_wr_u32(&wr, crc);
    return crc;
}

static uint8_t stream[48u * (BLOCK - SEC_BLOCK_HEADER_BYTES)];

static size_t build_stream(struct sec_rd *rd)
{
    struct sec_wr wr = sec_wr(SEC_ROOM(stream));
    while (sec_rd_left(rd) > 2 && !wr.bad) {
        size_t want = sec_rd_u16(rd), left = sec_rd_left(rd);
        struct sec_bytes content = sec_rd_bytes(rd, want < left ? want : left);
        sec_wr_u32(&wr, (uint32_t)content.len);
        sec_wr_u32(&wr, sec_crc32c_add(0, content));
        sec_wr_bytes(&wr, content);
    }
    return wr.len;
}

static void build(const uint8_t *data, size_t len)
{
    struct sec_rd rd = sec_rd(sec_bytes(data, len));
    uint8_t mode = sec_rd_u8(&rd);
    struct sec_block_header header = {.chain = build_header(&rd, (mode & OWN_HEADER) != 0)};
    size_t payload = BLOCK - SEC_BLOCK_HEADER_BYTES, stream_len = build_stream(&rd);
    for (size_t at = 0; at < stream_len; at += payload) {
        size_t left = stream_len - at;
        bool tail = left < payload && (mode & AS_TAIL) != 0;
        size_t where = SEC_SEGMENT_HEADER_BYTES + (tail ? 0 : (2u + header.number) * BLOCK);
        header.used = (uint16_t)(left < payload ? left : payload);
        header.sequence = header.number + 8u;
        sec_copy(&segments[0][where + SEC_BLOCK_HEADER_BYTES], &stream[at], header.used);
        header.chain = sec_block_seal(sec_room(&segments[0][where], BLOCK), &header);
        header.number++;
    }
}

/* --- running ------------------------------------------------------------------------- */

static sec_status ignore(void *ctx, const struct sec_journal_record *record)
{
    (void)ctx;
    if (record->content.len > 0 && !record->content.data)
        abort();
    return sec_st(SEC_OK);
}

static void verify(const struct sec_crypto *crypto, const struct sec_public_key *key, struct sec_verify_result *ret_result)
{
    const struct sec_journal_visitor visitor = {NULL, ignore, NULL};
    sec_status status = sec_log_verify(&storage, key, crypto, NULL, SEC_ROOM(work), &visitor, ret_result);
    if (!sec_ok(status) && !sec_is(status, SEC_UNKNOWN_FORMAT))
        abort();
}

/* What opens takes a commit, verifies, and opens again. */
static void use(struct sec_journal *journal, const struct sec_journal_config *config)
{
    const struct sec_journal_visitor visitor = {NULL, ignore, NULL};
    const struct sec_journal_head_facts facts = {.time_s = 1};
    struct sec_verify_result result;
    struct sec_journal_found found;
    if (!sec_ok(sec_journal_stage(journal, SEC_RECORD_SNAPSHOT, 0, false, SEC_LIT("state"), NULL)))
        abort();
    sec_status status = sec_journal_commit(journal, &facts, NULL);
    (void)sec_journal_walk(journal, 0, &visitor);
    sec_journal_close(journal);
    if (!sec_ok(status))
        return;
    verify(config->crypto, &config->keystore->identity.key, &result);
    if (!sec_ok(sec_journal_open(journal, config, SEC_ROOM(work), &visitor, &found)))
        abort();
    sec_journal_close(journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct sec_journal journal;
    const struct sec_journal_visitor visitor = {NULL, ignore, NULL};
    struct fake_crypto fake;
    struct fake_power power;
    struct fake_key key;
    struct fake_keystore fake_keystore;
    struct sec_verify_result result;
    struct sec_journal_found found;
    if (len < 2)
        return 0;
    fake_power_init(&power, 1);
    fake_crypto_init(&fake, 1);
    fake_key_init(&key, SEC_KEY_P256, 7);
    struct sec_crypto crypto = fake_crypto_port(&fake);
    fake_keystore_init(&fake_keystore, &power, &crypto, fake_key_signer(&key));
    struct sec_keystore keystore = fake_keystore_port(&fake_keystore);
    struct sec_journal_config config = {&storage, &keystore, &crypto, {{0}}, BYTES};
    for (size_t i = 0; i < sizeof config.log_id.b; i++)
        config.log_id.b[i] = 0x11;
    sec_zero(segments, sizeof segments);
    sec_zero(present, sizeof present);
    present[0] = true;
    if (data[0] & BUILT)
        build(data, len);
    else
        sec_copy(segments[0], &data[1], len - 1 < BYTES ? len - 1 : BYTES);
    verify(&crypto, &key.key, &result);
    if (sec_ok(sec_journal_open(&journal, &config, SEC_ROOM(work), &visitor, &found)))
        use(&journal, &config);
    return 0;
}
