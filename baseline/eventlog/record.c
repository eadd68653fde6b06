/* SPDX-License-Identifier: Apache-2.0 */
#include <securable/eventlog.h>

#define HEADER_FIELDS 6u

const char *sec_record_class_word(enum sec_record_class record_class)
{
    switch (record_class) {
#define CLASS_WORD(name, number, word)                                                                                 \
    case SEC_RECORD_##name:                                                                                            \
        return word;
        SEC_CLASS_TABLE(CLASS_WORD)
#undef CLASS_WORD
    }
    return "unknown";
}

void sec_record_header_encode(const struct sec_record_header *header, struct sec_wr *wr)
{
    sec_cbor_put_array(wr, HEADER_FIELDS);
    sec_cbor_put_uint(wr, header->index);
    sec_cbor_put_uint(wr, header->boot);
    sec_cbor_put_uint(wr, header->epoch);
    sec_cbor_put_uint(wr, (uint64_t)header->record_class);
    sec_cbor_put_uint(wr, header->seal);
    if (header->committed)
        sec_cbor_put_bstr(wr, sec_digest_bytes(&header->commitment));
    else
        sec_cbor_put_null(wr);
}

static sec_status header_read(struct sec_bytes bytes, struct sec_record_header *ret_header)
{
    struct sec_cbor rd = sec_cbor(bytes);
    struct sec_record_header header = {0};
    sec_cbor_array_of(&rd, HEADER_FIELDS);
    header.index = sec_cbor_uint(&rd);
    uint64_t boot = sec_cbor_uint(&rd);
    header.epoch = sec_cbor_uint(&rd);
    uint64_t record_class = sec_cbor_uint(&rd);
    header.seal = sec_cbor_uint(&rd);
    header.committed = !sec_cbor_is_null(&rd);
    if (header.committed)
        sec_cbor_bstr_into(&rd, SEC_ROOM(header.commitment.b));
    else
        sec_cbor_null(&rd);
    /* A class is one byte in the keys' derivation. */
    if (boot > UINT32_MAX || record_class == 0 || record_class > UINT8_MAX || header.index == UINT64_MAX)
        sec_cbor_fail(&rd, SEC_BAD_VALUE);
    SEC_TRY(sec_cbor_end(&rd));
    header.boot = (uint32_t)boot;
    header.record_class = (enum sec_record_class)record_class;
    *ret_header = header;
    return sec_st(SEC_OK);
}

sec_status sec_record_parse(struct sec_bytes record, struct sec_record_header *ret_header, struct sec_bytes *ret_header_bytes,
                            struct sec_bytes *ret_body)
{
    size_t header_len = 0;
    struct sec_record_header header;
    SEC_TRY(sec_cbor_check_first(record, SEC_CBOR_OURS, &header_len));
    struct sec_bytes header_bytes = sec_bytes_part(record, 0, header_len);
    SEC_TRY(header_read(header_bytes, &header));
    *ret_header = header;
    *ret_header_bytes = header_bytes;
    *ret_body = sec_bytes_part(record, header_len, record.len - header_len);
    return sec_st(SEC_OK);
}

sec_status sec_record_leaf(const struct sec_hasher *hasher, struct sec_bytes header_bytes, const struct sec_digest *body_digest,
                           struct sec_digest *ret_leaf)
{
    const struct sec_bytes parts[2] = {header_bytes, sec_digest_bytes(body_digest)};
    return sec_merkle_leaf(hasher, parts, 2, ret_leaf);
}
