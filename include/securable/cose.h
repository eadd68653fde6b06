/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COSE_Sign1 (RFC 9052, 4.2): the envelope of every statement, and of others' messages.
 *
 * Two readers. sec_cose_sign1_parse() is the device profile: tag 18, deterministic,
 * protected header exactly {1: alg, 4: kid (32 bytes), 16: typ}, unprotected empty,
 * signature 64 bytes. sec_cose_sign1_parse_foreign() takes any well-formed COSE_Sign1, tagged or
 * not, and is for inspection alone.
 * Memory: none; slices borrow from the input.
 */
#ifndef SECURABLE_COSE_H
#define SECURABLE_COSE_H

#include <securable/key.h>

#define SEC_COSE_TAG_SIGN1 18u
#define SEC_COSE_HEADER_ALG 1
#define SEC_COSE_HEADER_CRIT 2
#define SEC_COSE_HEADER_KID 4
#define SEC_COSE_HEADER_TYP 16

struct sec_cose_sign1 {
    struct sec_bytes protected_header; /* content of the bstr; may be empty */
    int64_t alg;                       /* SEC_ALG_NONE when absent or not an integer */
    bool alg_protected;                /* foreign: false when alg stood in the unprotected header alone */
    struct sec_bytes kid;              /* empty when absent */
    struct sec_bytes typ;              /* text; empty when absent */
    bool detached;                     /* the payload is null: the caller supplies it */
    bool crit_unknown;                 /* foreign: `crit` names a header that we do not understand */
    struct sec_bytes payload;
    struct sec_bytes signature;
};

/** Parts of a Sig_structure, ready to be hashed, verified or signed. Holds its own heads; borrows the rest. */
#define SEC_COSE_TBS_PARTS 7u
struct sec_cose_tbs {
    uint8_t heads[4][16];
    size_t heads_len[4];
    struct sec_bytes protected_header;
    struct sec_bytes aad;
    struct sec_bytes payload;
};

/**
 * Device profile. `detached_ok` allows a null payload (SUIT).
 * UNSIGNED for an empty signature; UNKNOWN_FIELD (another header, anything unprotected), MISSING_FIELD (a header, or a
 * payload that may not be detached), BAD_VALUE (a wrong length or count), UNEXPECTED_TYPE (another tag or type), TOO_LARGE
 * (beyond SEC_STATEMENT_MAX_BYTES or SEC_PROTECTED_MAX_BYTES), and what sec_cbor_check() refuses in *ours*.
 */
sec_status sec_cose_sign1_parse(struct sec_bytes in, bool detached_ok, struct sec_cose_sign1 *ret_msg);

/**
 * Foreign profile: any well-formed COSE_Sign1, tag 18 or none, arrays and maps of indefinite length included.
 * MALFORMED (not four elements; `crit` empty, unprotected, or naming an absent header), UNEXPECTED_TYPE, DUPLICATE_KEY (a
 * label twice, in one header or over both), TOO_LARGE (more than 64 labels), UNSUPPORTED (a string in chunks, where it
 * would have to be given as a slice), and what sec_cbor_check() refuses in *foreign*.
 */
sec_status sec_cose_sign1_parse_foreign(struct sec_bytes in, struct sec_cose_sign1 *ret_msg);

/** Makes the Sig_structure ["Signature1", protected, aad, payload] (RFC 9052, 4.4). */
void sec_cose_tbs_init(struct sec_cose_tbs *tbs, struct sec_bytes protected_header, struct sec_bytes aad,
                       struct sec_bytes payload);
/** Its parts in order; gives their number, at most SEC_COSE_TBS_PARTS. */
size_t sec_cose_tbs_parts(const struct sec_cose_tbs *tbs, struct sec_bytes parts[SEC_COSE_TBS_PARTS]);

/** Writes the device profile's protected header (content of the bstr). */
void sec_cose_protected_encode(int64_t alg, const struct sec_key_id *kid, struct sec_bytes typ, struct sec_wr *wr);

/**
 * Signs and writes a tagged COSE_Sign1 of the device profile.
 * `detached`: the payload is signed but null is written in its place.
 */
sec_status sec_cose_sign1_encode(struct sec_bytes typ, const struct sec_key_id *kid, const struct sec_signer *signer,
                                 struct sec_bytes payload, bool detached, struct sec_wr *wr);

#endif
