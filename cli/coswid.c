/* SPDX-License-Identifier: Apache-2.0 */
#include "coswid.h"

#include <securable/cbor.h>

/* Numbers of RFC 9393, section 2. */
enum {
    TAG_ID = 0,
    SOFTWARE_NAME = 1,
    ENTITY = 2,
    PAYLOAD = 6,
    HASH = 7,
    CORPUS = 8,
    PATCH = 9,
    SUPPLEMENTAL = 11,
    TAG_VERSION = 12,
    SOFTWARE_VERSION = 13,
    FILE_ENTRY = 17,
    SIZE = 20,
    FS_NAME = 24,
    ENTITY_NAME = 31,
    REG_ID = 32,
    ROLE = 33,
};
#define ROLE_TAG_CREATOR 1u
#define ROLE_SOFTWARE_CREATOR 2u
#define HASH_SHA256 1u

static void put_text(struct sec_wr *wr, unsigned key, struct sec_bytes text)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_tstr(wr, text);
}

static void put_flag(struct sec_wr *wr, unsigned key, bool value)
{
    sec_cbor_put_uint(wr, key);
    sec_cbor_put_bool(wr, value);
}

static void put_entity(const struct coswid *tag, struct sec_wr *wr)
{
    sec_cbor_put_uint(wr, ENTITY);
    sec_cbor_put_map(wr, 3);
    put_text(wr, ENTITY_NAME, tag->entity_name);
    put_text(wr, REG_ID, tag->entity_domain);
    sec_cbor_put_uint(wr, ROLE);
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_uint(wr, ROLE_TAG_CREATOR);
    sec_cbor_put_uint(wr, ROLE_SOFTWARE_CREATOR);
}

static void put_payload(const struct coswid *tag, struct sec_wr *wr)
{
    sec_cbor_put_uint(wr, PAYLOAD);
    sec_cbor_put_map(wr, 1);
    sec_cbor_put_uint(wr, FILE_ENTRY);
    sec_cbor_put_map(wr, 3);
    sec_cbor_put_uint(wr, HASH);
    sec_cbor_put_array(wr, 2);
    sec_cbor_put_uint(wr, HASH_SHA256);
    sec_cbor_put_bstr(wr, sec_digest_bytes(&tag->file_digest));
    sec_cbor_put_uint(wr, SIZE);
    sec_cbor_put_uint(wr, tag->file_size_bytes);
    put_text(wr, FS_NAME, tag->file_name);
}

void coswid_encode(const struct coswid *tag, struct sec_wr *wr)
{
    sec_cbor_put_map(wr, 9);
    sec_cbor_put_uint(wr, TAG_ID);
    sec_cbor_put_bstr(wr, SEC_BYTES(tag->tag_id));
    put_text(wr, SOFTWARE_NAME, tag->software_name);
    put_entity(tag, wr);
    put_payload(tag, wr);
    put_flag(wr, CORPUS, false);
    put_flag(wr, PATCH, false);
    put_flag(wr, SUPPLEMENTAL, false);
    sec_cbor_put_uint(wr, TAG_VERSION);
    sec_cbor_put_uint(wr, 0);
    put_text(wr, SOFTWARE_VERSION, tag->software_version);
}
