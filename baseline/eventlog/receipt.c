/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/eventlog.h>

#define RECEIPT_FORMAT 1u
#define RECEIPT_FIELDS 8u
#define SALT_BYTES 32u

enum receipt_key {
    RECEIPT_KEY_FORMAT = 0,
    RECEIPT_KEY_HEAD = 1,
    RECEIPT_KEY_INDEX = 2,
    RECEIPT_KEY_PROOF = 3,
    RECEIPT_KEY_HEADER = 4,
    RECEIPT_KEY_BODY_DIGEST = 5,
    RECEIPT_KEY_SALT = 6,
    RECEIPT_KEY_CONTENT = 7,
};

static void read_field(struct sec_cbor *rd, int64_t key, struct sec_receipt *receipt)
{
    switch (key) {
    case RECEIPT_KEY_FORMAT:
        if (sec_cbor_uint(rd) != RECEIPT_FORMAT)
            sec_cbor_fail(rd, SEC_UNKNOWN_FORMAT);
        break;
    case RECEIPT_KEY_HEAD:
        receipt->head_statement = sec_cbor_bstr(rd);
        break;
    case RECEIPT_KEY_INDEX:
        receipt->index = sec_cbor_uint(rd);
        break;
    case RECEIPT_KEY_PROOF:
        sec_merkle_proof_read(rd, &receipt->proof);
        break;
    case RECEIPT_KEY_HEADER:
        receipt->record_header = sec_cbor_bstr(rd);
        break;
    case RECEIPT_KEY_BODY_DIGEST:
        sec_cbor_bstr_into(rd, SEC_ROOM(receipt->body_digest.b));
        break;
    case RECEIPT_KEY_SALT:
        receipt->salt = sec_cbor_bstr(rd);
        if (receipt->salt.len != SALT_BYTES)
            sec_cbor_fail(rd, SEC_BAD_VALUE);
        break;
    case RECEIPT_KEY_CONTENT:
        receipt->content = sec_cbor_bstr(rd);
        break;
    default:
        sec_cbor_fail(rd, SEC_UNKNOWN_FIELD);
    }
}

static sec_status head_of(struct sec_bytes statement_bytes, struct sec_head *ret_head)
{
    struct sec_statement statement;
    SEC_TRY(sec_statement_parse(statement_bytes, &statement));
    if (statement.kind != SEC_STATEMENT_HEAD)
        return sec_st(SEC_WRONG_KIND);
    return sec_head_parse(statement.msg.payload, ret_head);
}

sec_status sec_receipt_parse(struct sec_bytes in, struct sec_receipt *ret_receipt)
{
    struct sec_receipt receipt = {0};
    SEC_TRY(sec_cbor_check(in, SEC_CBOR_OURS));
    struct sec_cbor rd = sec_cbor(in);
    struct sec_cbor_map_walk walk = sec_cbor_map_begin(&rd);
    size_t fields = 0;
    for (int64_t key; sec_cbor_map_next(&walk, &key); fields++)
        read_field(&rd, key, &receipt);
    SEC_TRY(sec_cbor_end(&rd));
    if (fields != RECEIPT_FIELDS)
        return sec_st(SEC_MISSING_FIELD);
    SEC_TRY(head_of(receipt.head_statement, &receipt.head));
    *ret_receipt = receipt;
    return sec_st(SEC_OK);
}

void sec_receipt_encode(const struct sec_receipt *receipt, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, RECEIPT_FIELDS);
    sec_cbor_put_uint(wr, RECEIPT_KEY_FORMAT);
    sec_cbor_put_uint(wr, RECEIPT_FORMAT);
    sec_cbor_put_uint(wr, RECEIPT_KEY_HEAD);
    sec_cbor_put_bstr(wr, receipt->head_statement);
    sec_cbor_put_uint(wr, RECEIPT_KEY_INDEX);
    sec_cbor_put_uint(wr, receipt->index);
    sec_cbor_put_uint(wr, RECEIPT_KEY_PROOF);
    sec_merkle_proof_encode(&receipt->proof, wr);
    sec_cbor_put_uint(wr, RECEIPT_KEY_HEADER);
    sec_cbor_put_bstr(wr, receipt->record_header);
    sec_cbor_put_uint(wr, RECEIPT_KEY_BODY_DIGEST);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&receipt->body_digest));
    sec_cbor_put_uint(wr, RECEIPT_KEY_SALT);
    sec_cbor_put_bstr(wr, receipt->salt);
    sec_cbor_put_uint(wr, RECEIPT_KEY_CONTENT);
    sec_cbor_put_bstr(wr, receipt->content);
}

static sec_status check_header(const struct sec_receipt *receipt, struct sec_record_header *ret_header)
{
    struct sec_record_header header;
    struct sec_bytes header_bytes, body;
    SEC_TRY(sec_record_parse(receipt->record_header, &header, &header_bytes, &body));
    if (body.len != 0)
        return sec_st(SEC_LEFTOVER);
    if (header.record_class != SEC_RECORD_DECISION || !header.committed)
        return sec_st(SEC_WRONG_KIND);
    if (header.index != receipt->index)
        return sec_st(SEC_PROOF_FAILED);
    *ret_header = header;
    return sec_st(SEC_OK);
}

sec_status sec_receipt_check(const struct sec_receipt *receipt, const struct sec_public_key *key, const struct sec_crypto *crypto)
{
    struct sec_head head;
    struct sec_record_header header;
    struct sec_digest leaf, commitment;
    const struct sec_bytes disclosed[2] = {receipt->salt, receipt->content};
    SEC_TRY(sec_head_check(receipt->head_statement, key, crypto, &head));
    SEC_TRY(check_header(receipt, &header));
    SEC_TRY(sec_record_leaf(&crypto->hasher, receipt->record_header, &receipt->body_digest, &leaf));
    SEC_TRY(sec_merkle_inclusion_check(&crypto->hasher, &leaf, receipt->index, head.size, &receipt->proof, &head.root));
    SEC_TRY(crypto->hasher.digest(crypto->hasher.ctx, disclosed, 2, &commitment));
    return sec_st(sec_digest_equal(&commitment, &header.commitment) ? SEC_OK : SEC_DIGEST_MISMATCH);
}
