/* SPDX-License-Identifier: Apache-2.0 */
#include "product_yaml.h"

#include <openssl/evp.h>

/* 6ba7b810-9dad-11d1-80b4-00c04fd430c8: domain names (RFC 9562, 6.6). */
static const struct sec_uuid space_dns = {
    {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}};

/* SHA-1 names here, it protects nothing: the ids are signed with the record. */
static bool sha1(struct sec_bytes space, struct sec_bytes name, uint8_t ret_digest[20])
{
    unsigned len = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) && EVP_DigestUpdate(ctx, space.data, space.len) &&
                EVP_DigestUpdate(ctx, name.data, name.len) && EVP_DigestFinal_ex(ctx, ret_digest, &len);
    EVP_MD_CTX_free(ctx);
    return done && len == 20;
}

sec_status sec_product_uuid5(const struct sec_uuid *space, struct sec_bytes name, struct sec_uuid *ret_uuid)
{
    uint8_t digest[20];
    if (!sha1(SEC_BYTES(space->b), name, digest))
        return sec_st(SEC_INTERNAL);
    sec_copy(ret_uuid->b, digest, sizeof ret_uuid->b);
    ret_uuid->b[6] = (uint8_t)((ret_uuid->b[6] & 0x0fu) | 0x50u);
    ret_uuid->b[8] = (uint8_t)((ret_uuid->b[8] & 0x3fu) | 0x80u);
    return sec_st(SEC_OK);
}

sec_status sec_product_ids(struct sec_bytes domain, struct sec_bytes model, struct sec_uuid *ret_vendor, struct sec_uuid *ret_class)
{
    struct sec_uuid vendor, class_id;
    SEC_TRY(sec_product_uuid5(&space_dns, domain, &vendor));
    SEC_TRY(sec_product_uuid5(&vendor, model, &class_id));
    *ret_vendor = vendor;
    *ret_class = class_id;
    return sec_st(SEC_OK);
}
