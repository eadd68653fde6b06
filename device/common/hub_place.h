/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hub place: where the owner's hub is and by which CA it is known, in its three forms: address text, configuration line, start message.
 *
 * An address is https://HOST or https://HOST:PORT and nothing more; HOST is a name, an IPv4 address, or an IPv6 address in brackets.
 * Memory: fixed. Limits: an address has at most HUB_ADDRESS_MAX_BYTES. Threads: any. Demand: S36, S80.
 */
#ifndef SECURABLE_DEVICE_HUB_PLACE_H
#define SECURABLE_DEVICE_HUB_PLACE_H

#include <securable/cbor.h>

#define HUB_ADDRESS_MAX_BYTES 256u
#define HUB_PORT_DEFAULT 443u

struct hub_place {
    char address[HUB_ADDRESS_MAX_BYTES + 1]; /* empty: no hub */
    bool pinned;                             /* by the digest below; else any certificate is taken */
    struct sec_digest ca;                    /* SHA-256 of the CA's certificate in DER */
    uint64_t failures;                       /* how often link ended without having reached it; of the start message alone */
};

/** An address taken apart. */
struct hub_host {
    char name[HUB_ADDRESS_MAX_BYTES + 1]; /* without brackets */
    uint16_t port;
    bool literal; /* an IP address: there is nothing to resolve */
};

/** Takes an address apart. BAD_VALUE, TOO_LARGE. */
sec_status hub_host_read(struct sec_bytes address, struct hub_host *ret_host);
/** Makes a place of the owner's word; zeros as digest say any CA. BAD_VALUE, TOO_LARGE. An empty address: no hub. */
sec_status hub_place_make(struct sec_bytes address, const struct sec_digest *ca, struct hub_place *ret_place);
/** Reads "ADDRESS" or "ADDRESS sha256:HEX". BAD_VALUE, TOO_LARGE. */
sec_status hub_place_read(struct sec_bytes text, struct hub_place *ret_place);
/** The start message's form: [address, digest / nil, failures]. */
void hub_place_encode(const struct hub_place *place, struct sec_wr *wr);
sec_status hub_place_parse(struct sec_bytes in, struct hub_place *ret_place);
/** True when address and CA are the same. */
bool hub_place_equal(const struct hub_place *a, const struct hub_place *b);

#endif
