/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CA: the hub's own, which opens TLS and nothing else. Reads certificate requests, issues transport certificates, and writes the forms of EST.
 *
 * A transport certificate: subject common name = device id in hex, organizational unit = "epoch N" (of the device's ownership), P-256, for TLS clients alone, random serial of 127 bits, valid from an hour ago.
 * Memory: rooms are the caller's; libcrypto uses its heap. Threads: all, the CA's key is only read. Serves S36, S80; RFC 7030, RFC 2986.
 */
#ifndef SECURABLE_HUB_CA_H
#define SECURABLE_HUB_CA_H

#include <securable/identity.h>

#include <openssl/types.h>

/** A certificate request, or a certificate that we issue. */
#define HUB_CA_MAX_BYTES 2048u
/** A challengePassword that we would read: 32 bytes in base64 are 44. */
#define HUB_CHALLENGE_MAX_BYTES 128u

struct hub_csr {
    struct sec_public_key key; /* type 0: neither P-256 nor Ed25519 */
    bool proof_good;           /* signed, with ECDSA-SHA256, by that key */
    bool has_challenge;
    size_t challenge_bytes;
    uint8_t challenge[HUB_CHALLENGE_MAX_BYTES];
};
/** Reads a PKCS#10 request (DER). MALFORMED, LEFTOVER, TOO_LARGE (request or challenge), DUPLICATE_KEY (two challenges). */
sec_status hub_csr_parse(struct sec_bytes der, struct hub_csr *ret_csr);

struct hub_ca {
    X509 *certificate;
    EVP_PKEY *key;
};
struct hub_transport_facts {
    struct sec_device_id device;
    uint64_t epoch;
    struct sec_public_key key; /* P-256 */
    int64_t now_s;
    uint64_t days;
};
struct hub_issued {
    int64_t not_before_s;
    int64_t not_after_s;
    size_t len;
    uint8_t der[HUB_CA_MAX_BYTES];
};
/** Issues a transport certificate. BAD_KEY, IO_FAILED. */
sec_status hub_ca_issue(const struct hub_ca *ca, const struct hub_transport_facts *facts, struct hub_issued *ret_issued);

/** The epoch in which a transport certificate was issued; 0: it names none. */
uint64_t hub_ca_epoch(const X509 *certificate);

/** Writes certificates (DER) as a certs-only CMS SignedData (DER): the answers of EST. MALFORMED, IO_FAILED, ROOM_FULL. */
sec_status hub_ca_bundle(const struct sec_bytes *ders, size_t count, struct sec_wr *wr);
/** What a request should have (RFC 7030, 4.5.2), DER: a challengePassword, a P-256 key, ECDSA with SHA-256. */
struct sec_bytes hub_ca_wishes(void);

#endif
