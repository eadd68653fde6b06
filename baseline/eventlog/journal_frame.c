/* SPDX-License-Identifier: Apache-2.0 */
#include "crc32c.h"
#include "journal_inside.h"

#define FRAME_FORMAT 1u
#define FRAME_FIELDS 4u
/* Five integers of up to 9 bytes, the digest with its head, the array's head; and the record's own bstr head. */
#define RECORD_HEADER_MAX_BYTES 96u
#define RECORD_WRAPPING_BYTES (RECORD_HEADER_MAX_BYTES + 5u + SEC_AEAD_TAG_BYTES)
#define HEAD_BODY_MAX_BYTES 192u

size_t sec_frame_record_bytes(size_t body_len)
{
    return body_len + RECORD_WRAPPING_BYTES;
}

/* Length and CRC, array heads, format, sequence, head with its bstr head. */
size_t sec_frame_wrapping_bytes(void)
{
    return SEC_FRAME_HEADER_BYTES + 1u + 1u + 9u + 9u + 3u + SEC_JOURNAL_HEAD_MAX_BYTES;
}

void sec_frame_begin(struct sec_frame_builder *builder, struct sec_journal *journal, size_t records_count)
{
    builder->journal = journal;
    builder->wr = sec_wr(journal->rooms.frame);
    builder->frontier = journal->frontier;
    builder->sequence = journal->end.sequence + 1;
    builder->head_len = 0;
    sec_wr_u64(&builder->wr, 0); /* length and CRC come at the end */
    sec_cbor_put_array(&builder->wr, FRAME_FIELDS);
    sec_cbor_put_uint(&builder->wr, FRAME_FORMAT);
    sec_cbor_put_uint(&builder->wr, builder->sequence);
    sec_cbor_put_array(&builder->wr, records_count);
}

static sec_status commit_to(const struct sec_hasher *hasher, struct sec_bytes body, struct sec_record_header *header)
{
    header->committed = true;
    return hasher->digest(hasher->ctx, &body, 1, &header->commitment);
}

static sec_status put_body(struct sec_frame_builder *builder, const struct sec_record_header *header,
                           struct sec_bytes header_bytes, struct sec_bytes body)
{
    if (header->seal != SEC_SEAL_CLEAR)
        return sec_keyring_seal(&builder->journal->keys, &builder->journal->config, header, header_bytes, body, &builder->wr);
    sec_wr_bytes(&builder->wr, body);
    return sec_st(SEC_OK);
}

static sec_status add_leaf(struct sec_frame_builder *builder, struct sec_bytes header_bytes, struct sec_bytes body)
{
    const struct sec_hasher *hasher = &builder->journal->config.crypto->hasher;
    struct sec_digest body_digest, leaf;
    SEC_TRY(hasher->digest(hasher->ctx, &body, 1, &body_digest));
    SEC_TRY(sec_record_leaf(hasher, header_bytes, &body_digest, &leaf));
    return sec_merkle_append(&builder->frontier, hasher, &leaf);
}

sec_status sec_frame_record(struct sec_frame_builder *builder, const struct sec_record_draft *draft)
{
    uint8_t header_room[RECORD_HEADER_MAX_BYTES];
    struct sec_bytes header_bytes, body;
    struct sec_record_header header = {
        .index = builder->frontier.size,
        .boot = builder->journal->boot,
        .epoch = draft->epoch,
        .record_class = draft->record_class,
        .seal = draft->seal,
    };
    if (draft->salted)
        SEC_TRY(commit_to(&builder->journal->config.crypto->hasher, draft->body, &header));
    struct sec_wr header_wr = sec_wr(SEC_ROOM(header_room));
    sec_record_header_encode(&header, &header_wr);
    SEC_TRY(sec_wr_end(&header_wr, &header_bytes));
    size_t body_len = draft->body.len + (draft->seal != SEC_SEAL_CLEAR ? SEC_AEAD_TAG_BYTES : 0);
    sec_cbor_put_bstr_head(&builder->wr, header_bytes.len + body_len);
    sec_wr_bytes(&builder->wr, header_bytes);
    size_t body_at = builder->wr.len;
    SEC_TRY(put_body(builder, &header, header_bytes, draft->body));
    if (builder->wr.bad)
        return sec_st(SEC_ROOM_FULL);
    body = sec_bytes_part(sec_wr_done(&builder->wr), body_at, body_len);
    return add_leaf(builder, header_bytes, body);
}

sec_status sec_frame_key(struct sec_frame_builder *builder, uint64_t seal)
{
    uint8_t content[SEC_WRAPPED_KEY_BYTES + 16];
    struct sec_wr wr = sec_wr(SEC_ROOM(content));
    const struct sec_journal_key *key = sec_keyring_find(&builder->journal->keys, seal);
    struct sec_record_draft draft = {.record_class = SEC_RECORD_KEY, .epoch = builder->journal->epoch};
    if (!key)
        return sec_st(SEC_INTERNAL);
    sec_key_record_encode(seal, &key->wrapped, &wr);
    SEC_TRY(sec_wr_end(&wr, &draft.body));
    return sec_frame_record(builder, &draft);
}

static sec_status sign_head(struct sec_frame_builder *builder, const struct sec_journal_head_facts *facts)
{
    const struct sec_journal *journal = builder->journal;
    const struct sec_crypto *crypto = journal->config.crypto;
    uint8_t room[HEAD_BODY_MAX_BYTES];
    struct sec_wr body_wr = sec_wr(SEC_ROOM(room)), wr = sec_wr(SEC_ROOM(builder->head));
    struct sec_bytes body;
    struct sec_head head = {
        .log_id = journal->config.log_id,
        .size = builder->frontier.size,
        .state_root = facts->state_root,
        .boot = journal->boot,
        .epoch = journal->epoch,
        .has_counter = facts->has_counter,
        .counter = facts->counter,
        .time_s = facts->time_s,
    };
    SEC_TRY(sec_merkle_root(&builder->frontier, &crypto->hasher, &head.root));
    sec_head_encode(&head, &body_wr);
    SEC_TRY(sec_wr_end(&body_wr, &body));
    SEC_TRY(sec_statement_sign(SEC_STATEMENT_HEAD, &journal->config.keystore->identity, &crypto->hasher, body, &wr));
    builder->head_len = wr.len;
    return sec_st(wr.bad ? SEC_ROOM_FULL : SEC_OK);
}

sec_status sec_frame_end(struct sec_frame_builder *builder, const struct sec_journal_head_facts *facts,
                         struct sec_bytes *ret_frame)
{
    struct sec_bytes frame;
    if (facts) {
        SEC_TRY(sign_head(builder, facts));
        sec_cbor_put_bstr(&builder->wr, sec_bytes(builder->head, builder->head_len));
    } else {
        sec_cbor_put_null(&builder->wr);
    }
    SEC_TRY(sec_wr_end(&builder->wr, &frame));
    struct sec_bytes content = sec_bytes_part(frame, SEC_FRAME_HEADER_BYTES, frame.len);
    struct sec_wr prefix = sec_wr(builder->journal->rooms.frame);
    sec_wr_u32(&prefix, (uint32_t)content.len);
    sec_wr_u32(&prefix, sec_crc32c_add(0, content));
    *ret_frame = frame;
    return sec_st(SEC_OK);
}

void sec_frame_settle(const struct sec_frame_builder *builder, uint32_t segment, const struct sec_stream_place *start)
{
    struct sec_journal *journal = builder->journal;
    if (builder->head_len > 0) {
        sec_copy(journal->head, builder->head, builder->head_len);
        journal->head_len = builder->head_len;
        journal->head_size = builder->frontier.size;
    }
    if (builder->head_len > 0 && builder->frontier.size > journal->frontier.size) {
        journal->mark = journal->frontier;
        journal->mark_place = *start;
        journal->mark_segment = segment;
    }
    journal->frontier = builder->frontier;
}
